/* Constants of a predicate that is copied inside the fence, cast to the column's own type: the copy compares values of
 * one type, so that it cannot raise anything about a row that is not to be seen. Only what is exact is taken; all else
 * stays outside alone. condition_value.c takes the same constants as plain values. */
#include "engine/inside_in.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- digits ---- */
static bool number_at(hs_str s, size_t at, size_t len, unsigned *out)
{
    *out = 0;
    for (size_t i = at; i < at + len; i++) {
        if (i >= s.len || s.at[i] < '0' || s.at[i] > '9')
            return false;
        *out = *out * 10 + (unsigned)(s.at[i] - '0');
    }
    return true;
}

/* "1994-01-31", and nothing else the engine would also take for a date. */
bool hs_inside_date(hs_str text, int64_t *out_days)
{
    unsigned year, month, day;
    if (text.len != 10 || text.at[4] != '-' || text.at[7] != '-' || !number_at(text, 0, 4, &year) ||
        !number_at(text, 5, 2, &month) || !number_at(text, 8, 2, &day) || year < 1 || month < 1 || month > 12 ||
        day < 1)
        return false;
    *out_days = hs_days_from_civil(year, month, day);
    int64_t y;
    unsigned m, d;
    hs_civil_from_days(*out_days, &y, &m, &d);
    return y == (int64_t)year && m == month && d == day;
}

/* "1994-01-31 10:00:00", "...T10:00:00.123456" */
bool hs_inside_moment(hs_str text, int64_t *out_us)
{
    int64_t days;
    unsigned h, m, s, fraction = 0;
    if (text.len < 19 || !hs_inside_date(hs_str_n(text.at, 10), &days) || (text.at[10] != ' ' && text.at[10] != 'T') ||
        text.at[13] != ':' || text.at[16] != ':' || !number_at(text, 11, 2, &h) || !number_at(text, 14, 2, &m) ||
        !number_at(text, 17, 2, &s) || h > 23 || m > 59 || s > 59)
        return false;
    if (text.len != 19 &&
        (text.at[19] != '.' || text.len < 21 || text.len > 26 || !number_at(text, 20, text.len - 20, &fraction)))
        return false;
    for (size_t digits = text.len > 20 ? text.len - 20 : 0; digits < 6; digits++)
        fraction *= 10;
    *out_us = days * INT64_C(86400000000) + ((h * 60 + m) * 60 + s) * INT64_C(1000000) + fraction;
    return true;
}

bool hs_inside_is_uuid(hs_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        char c = text.at[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (dash ? c != '-' : !hex)
            return false;
    }
    return text.len == 36;
}

/* ---- what the constant is ---- */
const struct hs_value *hs_inside_constant(const struct hs_node *n)
{
    return HS_IS(CONSTANT, n) ? &HS_AS(CONSTANT, n)->value : NULL;
}

/* CAST('text' AS name) */
const hs_str *hs_inside_text_as(const struct hs_node *n, const char *name)
{
    const struct hs_n_CAST *c = HS_AS(CAST, n);
    if (!HS_IS(CAST, n) || c->try_cast || c->cast_type.number_count || strcmp(c->cast_type.name, name) != 0)
        return NULL;
    const struct hs_value *v = hs_inside_constant(c->child);
    return v && v->kind == HS_V_TEXT ? &v->text : NULL;
}

/* to_days(CAST(trunc(CAST(3 AS DOUBLE)) AS INTEGER)), which is how INTERVAL 3 DAY arrives. */
static bool interval_of(const struct hs_node *n, int64_t *out_months, int64_t *out_days)
{
    static const struct {
        const char *name;
        int months, days;
    } units[] = {{"to_days", 0, 1}, {"to_weeks", 0, 7}, {"to_months", 1, 0}, {"to_years", 12, 0}};
    const struct hs_n_FUNCTION *f = HS_AS(FUNCTION, n), *trunc;
    if (!HS_IS(FUNCTION, n) || f->children.len != 1 || !HS_IS(CAST, f->children.at[0]))
        return false;
    trunc = HS_AS(FUNCTION, HS_AS(CAST, f->children.at[0])->child);
    if (!HS_IS(FUNCTION, &trunc->head) || !hs_str_is(trunc->function_name, "trunc") || trunc->children.len != 1 ||
        !HS_IS(CAST, trunc->children.at[0]))
        return false;
    const struct hs_value *v = hs_inside_constant(HS_AS(CAST, trunc->children.at[0])->child);
    int64_t count;
    if (!v || (v->kind != HS_V_TEXT && v->kind != HS_V_INTEGER) || !hs_str_to_i64(v->text, &count) || count < -100000 ||
        count > 100000)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (hs_str_is(f->function_name, units[i].name)) {
            *out_months = count * units[i].months;
            *out_days = count * units[i].days;
            return true;
        }
    return false;
}

/* A month later is the same day, or the month's last where it has no such day. */
static int64_t add_months(int64_t days, int64_t months)
{
    int64_t year;
    unsigned month, day, longest = 31;
    hs_civil_from_days(days, &year, &month, &day);
    int64_t total = year * 12 + (int64_t)month - 1 + months;
    year = total / 12;
    month = (unsigned)(total % 12) + 1;
    for (;; longest--) {
        int64_t y;
        unsigned m, d;
        int64_t last = hs_days_from_civil(year, month, longest);
        hs_civil_from_days(last, &y, &m, &d);
        if (m == month)
            break;
    }
    return hs_days_from_civil(year, month, day < longest ? day : longest);
}

/* DATE '...', '...' beside a date, DATE '...' + INTERVAL n DAY/WEEK/MONTH/YEAR: midnight of a day. */
bool hs_inside_day(const struct hs_node *n, int64_t *out_days)
{
    const struct hs_n_FUNCTION *f = HS_AS(FUNCTION, n);
    const hs_str *text = hs_inside_text_as(n, "DATE");
    int64_t months, days;
    if (text)
        return hs_inside_date(*text, out_days);
    if (!HS_IS(FUNCTION, n) || !f->is_operator || f->children.len != 2)
        return false;
    bool minus = hs_str_is(f->function_name, "-");
    if ((!minus && !hs_str_is(f->function_name, "+")) || !interval_of(f->children.at[1], &months, &days) ||
        !hs_inside_day(f->children.at[0], out_days))
        return false;
    *out_days = add_months(*out_days, minus ? -months : months) + (minus ? -days : days);
    return *out_days > hs_days_from_civil(1, 1, 1) && *out_days < hs_days_from_civil(9999, 12, 31);
}

/* ---- by the column's type ---- */
static bool add_cast(struct hs_buf *out, const char *text, int len, const char *type)
{
    hs_buf_addf(out, "CAST('%.*s' AS %s)", len, text, type);
    return true;
}

static bool add_day(struct hs_buf *out, int64_t days, const char *tail, const char *type)
{
    int64_t year;
    unsigned month, day;
    char text[64];
    hs_civil_from_days(days, &year, &month, &day);
    int len = snprintf(text, sizeof text, "%04lld-%02u-%02u%s", (long long)year, month, day, tail);
    return add_cast(out, text, len, type);
}

static bool as_whole(struct hs_buf *out, const struct hs_node *n, int64_t least, int64_t most, const char *type)
{
    const struct hs_value *v = hs_inside_constant(n);
    int64_t number;
    if (!v || v->kind != HS_V_INTEGER || !hs_str_to_i64(v->text, &number) || number < least || number > most)
        return false;
    return add_cast(out, v->text.at, (int)v->text.len, type);
}

const hs_str *hs_inside_decimal(const struct hs_node *n, const struct hs_type *type)
{
    const struct hs_value *v = hs_inside_constant(n);
    if (!v || (v->kind != HS_V_INTEGER && v->kind != HS_V_DECIMAL) || !v->text.len)
        return NULL;
    const char *point = memchr(v->text.at, '.', v->text.len);
    size_t sign = v->text.at[0] == '-';
    size_t before = (point ? (size_t)(point - v->text.at) : v->text.len) - sign;
    size_t after = point ? v->text.len - sign - before - 1 : 0;
    for (size_t i = sign; before && v->text.at[i] == '0'; i++)
        before--;
    return before <= (size_t)(type->precision - type->scale) && after <= (size_t)type->scale ? &v->text : NULL;
}

static bool as_decimal(struct hs_buf *out, const struct hs_node *n, const struct hs_type *type)
{
    const hs_str *text = hs_inside_decimal(n, type);
    char name[64];
    snprintf(name, sizeof name, "DECIMAL(%d, %d)", type->precision, type->scale);
    return text && add_cast(out, text->at, (int)text->len, name);
}

/* The engine itself turns the literal into a double; said outright it is the same cast of the same literal. */
static bool as_double(struct hs_buf *out, const struct hs_node *n)
{
    const struct hs_value *v = hs_inside_constant(n);
    int64_t number;
    if (!v || (v->kind != HS_V_INTEGER && v->kind != HS_V_DECIMAL && v->kind != HS_V_DOUBLE))
        return false;
    if (v->kind == HS_V_INTEGER && (!hs_str_to_i64(v->text, &number) || llabs(number) > 1ll << 53))
        return false;
    if (v->kind == HS_V_DECIMAL && v->text.len > 16) /* more digits than a double keeps */
        return false;
    hs_buf_addf(out, "CAST((%.*s) AS DOUBLE)", HS_FMT(v->text));
    return true;
}

static bool as_text(struct hs_buf *out, const struct hs_node *n)
{
    const struct hs_value *v = hs_inside_constant(n);
    if (!v || v->kind != HS_V_TEXT)
        return false;
    hs_buf_add_sql_text(out, v->text);
    return true;
}

static bool as_boolean(struct hs_buf *out, const struct hs_node *n)
{
    const hs_str *text = hs_inside_text_as(n, "BOOLEAN");
    if (!text || (!hs_str_is(*text, "t") && !hs_str_is(*text, "f")))
        return false;
    hs_buf_addz(out, text->at[0] == 't' ? "true" : "false");
    return true;
}

static bool as_date(struct hs_buf *out, const struct hs_node *n)
{
    const struct hs_value *v = hs_inside_constant(n);
    int64_t days;
    if (v && v->kind == HS_V_TEXT ? hs_inside_date(v->text, &days) : hs_inside_day(n, &days))
        return add_day(out, days, "", "DATE");
    return false;
}

static bool as_timestamp(struct hs_buf *out, const struct hs_node *n)
{
    const hs_str *text = hs_inside_text_as(n, "TIMESTAMP");
    int64_t days, us;
    if (text && hs_inside_moment(*text, &us))
        return add_cast(out, text->at, (int)text->len, "TIMESTAMP");
    if (text ? hs_inside_date(*text, &days) : hs_inside_day(n, &days))
        return add_day(out, days, " 00:00:00", "TIMESTAMP");
    return false;
}

static bool as_uuid(struct hs_buf *out, const struct hs_node *n)
{
    const hs_str *text = hs_inside_text_as(n, "UUID");
    return text && hs_inside_is_uuid(*text) && add_cast(out, text->at, (int)text->len, "UUID");
}

bool hs_print_same_typed(struct hs_buf *out, const struct hs_node *n, const struct hs_type *type)
{
    if (type->id == HS_T_INT)
        return as_whole(out, n, INT32_MIN, INT32_MAX, "INTEGER");
    if (type->id == HS_T_LONG)
        return as_whole(out, n, INT64_MIN, INT64_MAX, "BIGINT");
    if (type->id == HS_T_DECIMAL)
        return as_decimal(out, n, type);
    if (type->id == HS_T_DOUBLE)
        return as_double(out, n);
    if (type->id == HS_T_STRING)
        return as_text(out, n);
    if (type->id == HS_T_BOOLEAN)
        return as_boolean(out, n);
    if (type->id == HS_T_DATE)
        return as_date(out, n);
    if (type->id == HS_T_TIMESTAMP)
        return as_timestamp(out, n);
    if (type->id == HS_T_UUID)
        return as_uuid(out, n);
    return false; /* floats (their comparison widens), zones, times, bytes, nested: outside alone */
}
