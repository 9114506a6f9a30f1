/* redact: a fixed value for each type, the same in every column. */
#include "mask/dialect.h"
#include "mask/mask.h"
#include "mask/sql.h"

#include "base/alloc.h"

enum { MAX_FIXED = 1024 }; /* zero bytes that we are willing to write into a statement */

static hs_rc check(const struct hs_mask_call *call, struct hs_err *err)
{
    if (call->type && call->type->id == HS_T_FIXED && (call->type->length < 0 || call->type->length > MAX_FIXED))
        return hs_fail(err, HS_INVALID, "redact does not mask fixed values longer than %d bytes (nullify does)",
                       MAX_FIXED);
    return HS_OK;
}

static const char *fixed_value(enum hs_type_id id)
{
    static const char *const values[HS_T_COUNT_] = {
        [HS_T_BOOLEAN] = "FALSE",
        [HS_T_DATE] = "DATE '1970-01-01'",
        [HS_T_TIME] = "TIME '00:00:00'",
        [HS_T_TIMESTAMP] = "TIMESTAMP '1970-01-01 00:00:00'",
        [HS_T_TIMESTAMPTZ] = "TIMESTAMPTZ '1970-01-01 00:00:00+00:00'",
        [HS_T_TIMESTAMP_NS] = "CAST('1970-01-01 00:00:00' AS TIMESTAMP_NS)",
        [HS_T_STRING] = "CAST('[redacted]' AS VARCHAR)",
        [HS_T_UUID] = "CAST('00000000-0000-0000-0000-000000000000' AS UUID)",
        [HS_T_BINARY] = "CAST('' AS BLOB)",
    };
    return values[id];
}

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    static const struct hs_value zero = {.kind = HS_V_INT};
    const char *fixed = fixed_value(call->type->id);
    hs_buf_addf(out, "CASE WHEN %.*s IS NOT NULL THEN ", HS_FMT(call->x));
    if (call->type->id == HS_T_FIXED) {
        hs_buf_addz(out, "CAST('");
        for (int i = 0; i < call->type->length; i++)
            hs_buf_addz(out, "\\x00");
        hs_buf_addz(out, "' AS BLOB)");
    } else if (fixed) {
        hs_buf_addz(out, fixed);
    } else {
        hs_buf_add_duckdb_literal(out, &zero, call->type);
    }
    hs_buf_addz(out, " END");
}

/* The same values for the other engines; a kind that is not here is a number. */
static void add_fixed(struct hs_buf *out, const struct hs_type *type, const struct hs_dialect *sql)
{
    static const enum hs_value_kind kinds[HS_T_COUNT_] = {
        [HS_T_BOOLEAN] = HS_V_BOOL,
        [HS_T_DATE] = HS_V_DATE,
        [HS_T_TIME] = HS_V_TIME,
        [HS_T_TIMESTAMP] = HS_V_TIMESTAMP,
        [HS_T_TIMESTAMPTZ] = HS_V_TIMESTAMP,
        [HS_T_TIMESTAMP_NS] = HS_V_TIMESTAMP,
        [HS_T_STRING] = HS_V_TEXT,
        [HS_T_UUID] = HS_V_TEXT,
    };
    struct hs_value v = {.kind = kinds[type->id] ? kinds[type->id] : HS_V_INT, .utc = type->id == HS_T_TIMESTAMPTZ};
    if (v.kind == HS_V_TEXT)
        v.text = type->id == HS_T_UUID ? HS_S("00000000-0000-0000-0000-000000000000") : HS_S("[redacted]");
    if (type->id == HS_T_FIXED || type->id == HS_T_BINARY)
        sql->add_zero_bytes(out, type->id == HS_T_FIXED ? type->length : 0);
    else
        sql->add_literal(out, &v, type);
}

static void print_in(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql)
{
    hs_buf_addf(out, "CASE WHEN %.*s IS NOT NULL THEN ", HS_FMT(call->x));
    add_fixed(out, call->type, sql);
    hs_buf_addz(out, " END");
}

static void print_trino(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_trino);
}

static void print_postgres(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_postgres);
}

/* The format's fixed values are ours, but for texts: theirs is XXXXXXXX. */
static const char *iceberg_action(const struct hs_mask_call *call)
{
    return call->type->id == HS_T_STRING ? NULL : "mask-to-fixed-value";
}

/* ---- the same over text at a path inside JSON ---- */

static void *open_state(const struct hs_native_setup *setup)
{
    (void)setup;
    return hs_calloc(1, 1);
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    (void)state, (void)work, (void)kind;
    (void)out;
    v->bytes = HS_S("[redacted]");
    return true;
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_TEXT, .open = open_state, .close = hs_free, .mask = mask};

static const struct hs_mask_example examples[] = {
    {"string", NULL, "ana@example.org", "[redacted]"},
    {"string", NULL, "", "[redacted]"},
    {"string", NULL, NULL, NULL},
    {"boolean", NULL, "true", "false"},
    {"int", NULL, "42", "0"},
    {"long", NULL, "42", "0"},
    {"float", NULL, "nan", "0.0"},
    {"double", NULL, "1.5", "0.0"},
    {"decimal(10, 2)", NULL, "12.50", "0.00"},
    {"decimal(38, 38)", NULL, "0.5", "0"},
    {"date", NULL, "2026-11-21", "1970-01-01"},
    {"time", NULL, "10:55:00", "00:00:00"},
    {"timestamp", NULL, "2026-11-21 10:55:00", "1970-01-01 00:00:00"},
    {"timestamptz", NULL, "2026-11-21 10:55:00+00", "1970-01-01 00:00:00+00"},
    {"timestamp_ns", NULL, "2026-11-21 10:55:00.123456789", "1970-01-01 00:00:00"},
    {"uuid", NULL, "f79c3e09-677c-4bbd-a479-3f349cb785e7", "00000000-0000-0000-0000-000000000000"},
    {"binary", NULL, "abc", ""},
    {"fixed[4]", NULL, "abcd", "\\x00\\x00\\x00\\x00"},
};

const struct hs_mask_function hs_mask_redact = {
    .name = "redact",
    .text =
        "A fixed value for each type: '[redacted]', 0, false, 1970-01-01, 00:00, empty or zero bytes. Objects, lists "
        "and maps are refused: use nullify there.",
    .accepts = HS_ON(HS_T_BOOLEAN) | HS_ON(HS_T_INT) | HS_ON(HS_T_LONG) | HS_ON(HS_T_FLOAT) | HS_ON(HS_T_DOUBLE) |
               HS_ON(HS_T_DECIMAL) | HS_ON(HS_T_DATE) | HS_ON(HS_T_TIME) | HS_ON(HS_T_TIMESTAMP) |
               HS_ON(HS_T_TIMESTAMPTZ) | HS_ON(HS_T_TIMESTAMP_NS) | HS_ON(HS_T_STRING) | HS_ON(HS_T_UUID) |
               HS_ON(HS_T_BINARY) | HS_ON(HS_T_FIXED),
    .check = check,
    .print_duckdb = print,
    .print_trino = print_trino,
    .print_postgres = print_postgres,
    .iceberg_action_of = iceberg_action,
    .native = &native,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
