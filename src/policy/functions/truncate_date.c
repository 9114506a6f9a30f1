/* truncate-date: the first moment of the value's year, month or day.
 *
 * Not by date_trunc: DuckDB 1.5 computes it while planning over the column's minimum and maximum, and a date near the
 * end of its range then raises an error that quotes it, whatever CASE stands around it. make_date over a guarded value
 * is total. Values outside the years 1 to 9999 (and the infinities) are moved to the nearest of them. */
#include "policy/functions/functions.h"

static hs_rc check(const struct hs_mask_call *call, struct hs_err *err)
{
    const struct hs_value *unit = hs_mask_arg(call, "unit");
    if (!unit || unit->kind != HS_V_TEXT ||
        !(hs_str_is(unit->text, "year") || hs_str_is(unit->text, "month") || hs_str_is(unit->text, "day")))
        return hs_fail(err, HS_INVALID, "unit is one of year, month, day");
    return HS_OK;
}

static void add_day(struct hs_buf *b, const struct hs_mask_call *call)
{
    if (call->type->id == HS_T_DATE)
        hs_buf_adds(b, call->x);
    else if (call->type->id == HS_T_TIMESTAMPTZ) /* the session's zone is UTC */
        hs_buf_addf(b, "CAST(CAST(%.*s AS TIMESTAMP) AS DATE)", HS_FMT(call->x));
    else
        hs_buf_addf(b, "CAST(%.*s AS DATE)", HS_FMT(call->x));
}

static void add_first_day(struct hs_buf *out, hs_str day, hs_str unit)
{
    bool year = hs_str_is(unit, "year"), month = hs_str_is(unit, "month");
    hs_buf_addf(out, "CASE WHEN %.*s < DATE '0001-01-01' THEN DATE '0001-01-01' ", HS_FMT(day));
    hs_buf_addf(out, "WHEN %.*s > DATE '9999-12-31' THEN DATE '%s' ELSE ", HS_FMT(day),
                year    ? "9999-01-01"
                : month ? "9999-12-01"
                        : "9999-12-31");
    if (year)
        hs_buf_addf(out, "make_date(year(%.*s), 1, 1)", HS_FMT(day));
    else if (month)
        hs_buf_addf(out, "make_date(year(%.*s), month(%.*s), 1)", HS_FMT(day), HS_FMT(day));
    else
        hs_buf_adds(out, day);
    hs_buf_addz(out, " END");
}

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    const struct hs_value *unit = hs_mask_arg(call, "unit");
    struct hs_buf day;
    hs_buf_init(&day, out->max);
    add_day(&day, call);
    if (call->type->id == HS_T_TIMESTAMPTZ)
        hs_buf_addz(out, "CAST(");
    if (call->type->id != HS_T_DATE)
        hs_buf_addz(out, "CAST(");
    add_first_day(out, hs_buf_str(&day), unit ? unit->text : HS_S("year"));
    if (call->type->id != HS_T_DATE)
        hs_buf_addz(out, " AS TIMESTAMP)");
    if (call->type->id == HS_T_TIMESTAMPTZ)
        hs_buf_addz(out, " AS TIMESTAMPTZ)");
    out->failed |= day.failed;
    hs_buf_fini(&day);
}

static const struct hs_mask_arg_spec args[] = {{"unit", "year, month or day", false}};

static const struct hs_mask_example examples[] = {
    {"date", "'year'", "1984-07-15", "1984-01-01"},
    {"date", "'month'", "1984-07-15", "1984-07-01"},
    {"date", "'day'", "1984-07-15", "1984-07-15"},
    {"date", "'month'", NULL, NULL},
    {"date", "'year'", "5877642-06-25 (BC)", "0001-01-01"},
    {"date", "'month'", "infinity", "9999-12-01"},
    {"timestamp", "'year'", "2026-11-21 10:55:00.123456", "2026-01-01 00:00:00"},
    {"timestamp", "'month'", "2026-11-21 10:55:00.123456", "2026-11-01 00:00:00"},
    {"timestamp", "'day'", "1969-12-31 23:59:59.999999", "1969-12-31 00:00:00"},
    {"timestamp", "'day'", "290309-12-22 (BC) 00:00:00", "0001-01-01 00:00:00"},
    {"timestamp", "'day'", "-infinity", "0001-01-01 00:00:00"},
    {"timestamptz", "'month'", "2026-11-30 23:30:00-01:00", "2026-12-01 00:00:00+00"},
    {"timestamptz", "'day'", "2026-11-21 10:55:00+00", "2026-11-21 00:00:00+00"},
    {"timestamptz", "'year'", "infinity", "9999-01-01 00:00:00+00"},
    {"timestamptz", "'year'", NULL, NULL},
};

const struct hs_mask_function hs_mask_truncate_date = {
    .name = "truncate-date",
    .text =
        "The first day (at 00:00) of the value's year, month or day; with a zone, in UTC. Dates outside the years 1 "
        "to 9999 become the nearest that is inside.",
    .accepts = HS_ON(HS_T_DATE) | HS_ON(HS_T_TIMESTAMP) | HS_ON(HS_T_TIMESTAMPTZ),
    .args = args,
    .arg_count = HS_COUNT(args),
    .check = check,
    .print_duckdb = print,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
