/* truncate-time: the start of the value's hour, minute or second. A native over the stored number: DuckDB's own
 * functions over times raise errors near the ends of their range, some already over a file's statistics. */
#include "mask/dialect.h"
#include "mask/mask.h"

#include "base/alloc.h"

static int64_t unit_us(hs_str unit)
{
    return hs_str_is(unit, "hour")     ? INT64_C(3600000000)
           : hs_str_is(unit, "minute") ? INT64_C(60000000)
           : hs_str_is(unit, "second") ? INT64_C(1000000)
                                       : 0;
}

static hs_rc check(const struct hs_mask_call *call, struct hs_err *err)
{
    return unit_us(hs_mask_arg_text(call, "unit", ""))
               ? HS_OK
               : hs_fail(err, HS_INVALID, "unit is one of hour, minute, second");
}

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    static const enum hs_native_kind kinds[HS_T_COUNT_] = {[HS_T_TIME] = HS_NATIVE_TIME,
                                                           [HS_T_TIMESTAMP] = HS_NATIVE_TIMESTAMP,
                                                           [HS_T_TIMESTAMPTZ] = HS_NATIVE_TIMESTAMPTZ,
                                                           [HS_T_TIMESTAMP_NS] = HS_NATIVE_TIMESTAMP_NS};
    struct hs_native_call c;
    hs_native_call_begin(&c, out, call);
    hs_setup_add_int(&c.setup, unit_us(hs_mask_arg_text(call, "unit", "hour")) *
                                   (call->type->id == HS_T_TIMESTAMP_NS ? 1000 : 1));
    hs_native_call_end(&c, kinds[call->type->id], call->x);
}

static void *open_state(const struct hs_native_setup *setup)
{
    hs_str rest = setup->fields;
    int64_t step, *state = hs_calloc(1, sizeof *state);
    if (!state || !hs_setup_next_int(&rest, &step) || step <= 0) {
        hs_free(state);
        return NULL;
    }
    *state = step;
    return state;
}

/* Infinities stay; what would fall below the least number becomes -infinity. */
static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    int64_t step = *(const int64_t *)state, rest = v->whole % step;
    (void)work, (void)out;
    if (kind != HS_NATIVE_TIME && (v->whole == INT64_MAX || v->whole == -INT64_MAX))
        return true;
    if (__builtin_sub_overflow(v->whole, rest < 0 ? rest + step : rest, &v->whole))
        v->whole = -INT64_MAX;
    return true;
}

static const struct hs_native native = {
    .kinds =
        1u << HS_NATIVE_TIME | 1u << HS_NATIVE_TIMESTAMP | 1u << HS_NATIVE_TIMESTAMPTZ | 1u << HS_NATIVE_TIMESTAMP_NS,
    .open = open_state,
    .close = hs_free,
    .mask = mask,
};

static void print_trino(struct hs_buf *out, const struct hs_mask_call *call)
{
    hs_str unit = hs_mask_arg_text(call, "unit", "hour"), x = call->x;
    if (call->type->id == HS_T_TIMESTAMPTZ)
        hs_buf_addf(out, "with_timezone(date_trunc('%.*s', CAST(%.*s AT TIME ZONE 'UTC' AS TIMESTAMP(6))), 'UTC')",
                    HS_FMT(unit), HS_FMT(x));
    else
        hs_buf_addf(out, "date_trunc('%.*s', %.*s)", HS_FMT(unit), HS_FMT(x));
}

/* A zoned value in UTC, whose hours no zone of the session cuts into halves. */
static void print_postgres(struct hs_buf *out, const struct hs_mask_call *call)
{
    hs_str unit = hs_mask_arg_text(call, "unit", "hour"), x = call->x;
    if (call->type->id == HS_T_TIMESTAMPTZ)
        hs_buf_addf(out, "date_trunc('%.*s', %.*s, 'UTC')", HS_FMT(unit), HS_FMT(x));
    else if (call->type->id == HS_T_TIME)
        hs_buf_addf(out, "CAST(date_trunc('%.*s', CAST(%.*s AS interval)) AS time without time zone)", HS_FMT(unit),
                    HS_FMT(x));
    else
        hs_buf_addf(out, "date_trunc('%.*s', %.*s)", HS_FMT(unit), HS_FMT(x));
}

static const struct hs_mask_arg_spec args[] = {{"unit", "hour, minute or second", false}};

static const struct hs_mask_example examples[] = {
    {"time", "'hour'", "10:55:12.5", "10:00:00"},
    {"time", "'minute'", "23:59:59.999999", "23:59:00"},
    {"time", "'hour'", NULL, NULL},
    {"timestamp", "'hour'", "2026-11-21 10:55:00.123456", "2026-11-21 10:00:00"},
    {"timestamp", "'minute'", "1969-12-31 23:59:59.999999", "1969-12-31 23:59:00"},
    {"timestamp", "'second'", "infinity", "infinity"},
    {"timestamp", "'hour'", "290309-12-22 (BC) 00:00:00", "290309-12-22 (BC) 00:00:00"},
    {"timestamptz", "'hour'", "2026-11-30 23:30:00-01:30", "2026-12-01 01:00:00+00"},
    {"timestamp_ns", "'second'", "2026-11-21 10:55:00.123456789", "2026-11-21 10:55:00"},
};

const struct hs_mask_function hs_mask_truncate_time = {
    .name = "truncate-time",
    .text = "The start of the value's hour, minute or second; with a zone, in UTC.",
    .accepts = HS_ON(HS_T_TIME) | HS_ON(HS_T_TIMESTAMP) | HS_ON(HS_T_TIMESTAMPTZ) | HS_ON(HS_T_TIMESTAMP_NS),
    .args = args,
    .arg_count = HS_COUNT(args),
    .check = check,
    .print_duckdb = print,
    .print_trino = print_trino,
    .print_postgres = print_postgres,
    .native = &native,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
