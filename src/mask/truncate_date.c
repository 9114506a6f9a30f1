/* truncate-date: the first moment of the value's year, month or day.
 *
 * Not by date_trunc: DuckDB 1.5 computes it while planning over the column's minimum and maximum, and a date near the
 * end of its range then raises an error that quotes it, whatever CASE stands around it. make_date over a guarded value
 * is total. Values outside the years 1 to 9999 (and the infinities) are moved to the nearest of them. */
#include "mask/dialect.h"
#include "mask/mask.h"

static hs_rc check(const struct hs_mask_call *call, struct hs_err *err)
{
    const struct hs_value *unit = hs_mask_arg(call, "unit");
    if (!unit || unit->kind != HS_V_TEXT ||
        !(hs_str_is(unit->text, "year") || hs_str_is(unit->text, "month") || hs_str_is(unit->text, "day")))
        return hs_fail(err, HS_INVALID, "unit is one of year, month, day");
    return HS_OK;
}

/* A literal of the column's own type: the guard must not need a cast, which may itself fail at the ends of the range.
 */
static void add_moment(struct hs_buf *b, enum hs_type_id id, const char *day, const char *time)
{
    if (id == HS_T_DATE)
        hs_buf_addf(b, "DATE '%s'", day);
    else
        hs_buf_addf(b, "%s '%s %s%s'", id == HS_T_TIMESTAMPTZ ? "TIMESTAMPTZ" : "TIMESTAMP", day, time,
                    id == HS_T_TIMESTAMPTZ ? "+00:00" : "");
}

/* The value's day; in UTC, which is the session's zone. */
static void add_day(struct hs_buf *b, const struct hs_mask_call *call)
{
    if (call->type->id == HS_T_DATE)
        hs_buf_adds(b, call->x);
    else if (call->type->id == HS_T_TIMESTAMPTZ)
        hs_buf_addf(b, "CAST(CAST(%.*s AS TIMESTAMP) AS DATE)", HS_FMT(call->x));
    else
        hs_buf_addf(b, "CAST(%.*s AS DATE)", HS_FMT(call->x));
}

static void add_first_day(struct hs_buf *out, const struct hs_mask_call *call, hs_str unit)
{
    struct hs_buf day;
    hs_buf_init(&day, out->max);
    add_day(&day, call);
    if (hs_str_is(unit, "day"))
        hs_buf_adds(out, hs_buf_str(&day));
    else if (hs_str_is(unit, "month"))
        hs_buf_addf(out, "make_date(year(%.*s), month(%.*s), 1)", HS_FMT(hs_buf_str(&day)), HS_FMT(hs_buf_str(&day)));
    else
        hs_buf_addf(out, "make_date(year(%.*s), 1, 1)", HS_FMT(hs_buf_str(&day)));
    out->failed |= day.failed;
    hs_buf_fini(&day);
}

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    const struct hs_value *arg = hs_mask_arg(call, "unit");
    hs_str unit = arg ? arg->text : HS_S("year");
    enum hs_type_id id = call->type->id;
    const char *last = hs_str_is(unit, "day") ? "9999-12-31" : hs_str_is(unit, "month") ? "9999-12-01" : "9999-01-01";
    hs_buf_addf(out, "CASE WHEN %.*s < ", HS_FMT(call->x));
    add_moment(out, id, "0001-01-01", "00:00:00");
    hs_buf_addz(out, " THEN ");
    add_moment(out, id, "0001-01-01", "00:00:00");
    hs_buf_addf(out, " WHEN %.*s > ", HS_FMT(call->x));
    add_moment(out, id, "9999-12-31", "23:59:59.999999");
    hs_buf_addz(out, " THEN ");
    add_moment(out, id, last, "00:00:00");
    hs_buf_addz(out, id == HS_T_TIMESTAMPTZ ? " ELSE CAST(CAST(" : id == HS_T_TIMESTAMP ? " ELSE CAST(" : " ELSE ");
    add_first_day(out, call, unit);
    hs_buf_addz(out, id == HS_T_DATE ? " END" : " AS TIMESTAMP)");
    if (id != HS_T_DATE)
        hs_buf_addz(out, id == HS_T_TIMESTAMPTZ ? " AS TIMESTAMPTZ) END" : " END");
}

/* The other engines: the same guards, so that what lies outside the years 1 to 9999 comes out the same; then by
 * date_trunc over a value without zone, or by make_date. */
static void add_moment_in(struct hs_buf *b, const struct hs_dialect *sql, const struct hs_type *type, const char *text)
{
    struct hs_value v = {.kind = type->id == HS_T_DATE ? HS_V_DATE : HS_V_TIMESTAMP,
                         .utc = type->id == HS_T_TIMESTAMPTZ};
    bool utc, ok = type->id == HS_T_DATE ? hs_date_parse(hs_str_n(text, 10), &v.i)
                                         : hs_timestamp_parse(hs_str_of(text), &v.i, &utc);
    b->failed |= !ok;
    sql->add_literal(b, &v, type);
}

static void print_in(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql)
{
    const struct hs_value *arg = hs_mask_arg(call, "unit");
    hs_str unit = arg ? arg->text : HS_S("year"), x = call->x;
    enum hs_type_id id = call->type->id;
    hs_buf_addf(out, "CASE WHEN %.*s < ", HS_FMT(x));
    add_moment_in(out, sql, call->type, "0001-01-01 00:00:00");
    hs_buf_addz(out, " THEN ");
    add_moment_in(out, sql, call->type, "0001-01-01 00:00:00");
    hs_buf_addf(out, " WHEN %.*s > ", HS_FMT(x));
    add_moment_in(out, sql, call->type, "9999-12-31 23:59:59.999999");
    hs_buf_addz(out, " THEN ");
    add_moment_in(out, sql, call->type,
                  hs_str_is(unit, "day")     ? "9999-12-31 00:00:00"
                  : hs_str_is(unit, "month") ? "9999-12-01 00:00:00"
                                             : "9999-01-01 00:00:00");
    hs_buf_addz(out, " ELSE ");
    if (sql == &hs_trino && id == HS_T_TIMESTAMPTZ)
        hs_buf_addf(out, "with_timezone(date_trunc('%.*s', CAST(%.*s AT TIME ZONE 'UTC' AS TIMESTAMP(6))), 'UTC') END",
                    HS_FMT(unit), HS_FMT(x));
    else if (id == HS_T_TIMESTAMPTZ)
        hs_buf_addf(out, "date_trunc('%.*s', %.*s, 'UTC') END", HS_FMT(unit), HS_FMT(x));
    else if (sql == &hs_trino || id == HS_T_TIMESTAMP)
        hs_buf_addf(out, "date_trunc('%.*s', %.*s) END", HS_FMT(unit), HS_FMT(x));
    else
        hs_buf_addf(out, "CAST(date_trunc('%.*s', CAST(%.*s AS timestamp without time zone)) AS date) END",
                    HS_FMT(unit), HS_FMT(x));
}

static void print_trino(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_trino);
}

static void print_postgres(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_postgres);
}

/* Iceberg's truncation does not stop at the years 1 and 9999; both say the year or month, and no more. */
static const char *iceberg_action(const struct hs_mask_call *call)
{
    const struct hs_value *unit = hs_mask_arg(call, "unit");
    if (unit && hs_str_is(unit->text, "year"))
        return "truncate-to-year";
    return unit && hs_str_is(unit->text, "month") ? "truncate-to-month" : NULL;
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
    .print_trino = print_trino,
    .print_postgres = print_postgres,
    .iceberg_action_of = iceberg_action,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
