/* Numbers out of text, which take what PostgreSQL takes and nothing more, and numeric of floating point. */
#include "arrow/quotient.h"
#include "engine/worker/pg/number.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- floating point to numeric ---- */
static bool put_decimal_text(struct pg_call *c, size_t row, const char *text)
{
    wide units;
    const char *wrong = pg_read_decimal(hs_str_of(text), c->native->scale, &units);
    if (wrong)
        return pg_raise(c, wrong);
    PG_PUT(c, wide, row, units);
    return true;
}

/* What a function of floating point says, as numeric: sixteen digits and the zeros that numeric would have. */
static bool ratio(struct pg_call *c, size_t row)
{
    double d = PG_AT(c, double, 0, row);
    char text[64];
    if (!isfinite(d) || fabs(d) >= 1e18)
        return pg_raise(c, "22003");
    snprintf(text, sizeof text, "%.15e", d);
    return put_decimal_text(c, row, text);
}

static bool numeric_of_real(struct pg_call *c, size_t row)
{
    struct pg_number n;
    char text[64];
    if (!pg_argument(c, 0, row, &n))
        return pg_raise(c, "22023");
    double d = pg_as_double(&n);
    if (!isfinite(d))
        return pg_raise(c, "22003");
    snprintf(text, sizeof text, "%.*g", c->types[0].id == DUCKDB_TYPE_FLOAT ? 6 : 15, d);
    return put_decimal_text(c, row, text);
}

static bool numeric_of_text(struct pg_call *c, size_t row)
{
    wide units;
    const char *wrong = pg_read_decimal(pg_text_at(c, 0, row), c->native->scale, &units);
    if (wrong)
        return pg_raise(c, wrong);
    PG_PUT(c, wide, row, units);
    return true;
}

/* ---- casts of text ---- */
static bool whole_of_text(struct pg_call *c, size_t row)
{
    hs_str s = pg_trim(pg_text_at(c, 0, row));
    size_t i = 0;
    bool minus = false, over = false;
    uint64_t n = 0;
    if (s.len && (s.at[0] == '-' || s.at[0] == '+'))
        minus = s.at[i++] == '-';
    if (i == s.len)
        return pg_raise(c, "22P02");
    for (; i < s.len; i++) {
        if (!is_digit(s.at[i]))
            return pg_raise(c, "22P02");
        over |= n > UINT64_MAX / 10 - 1;
        n = n * 10 + (unsigned)(s.at[i] - '0');
    }
    if (over || n > (uint64_t)INT64_MAX + minus)
        return pg_raise(c, "22003");
    return pg_put_whole(c, row, minus ? (int64_t)-n : (int64_t)n);
}

static bool special_real(hs_str s, double *out)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"NaN", NAN},      {"Infinity", INFINITY}, {"+Infinity", INFINITY}, {"-Infinity", -INFINITY},
                 {"inf", INFINITY}, {"+inf", INFINITY},     {"-inf", -INFINITY}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (hs_str_eq_nocase(s, hs_str_of(words[i].word))) {
            *out = words[i].value;
            return true;
        }
    return false;
}

static bool real_of_text(struct pg_call *c, size_t row)
{
    hs_str s = pg_trim(pg_text_at(c, 0, row));
    char text[512];
    double d;
    if (special_real(s, &d))
        return pg_put_real(c, row, d);
    if (!pg_is_number_text(s) || s.len >= sizeof text)
        return pg_raise(c, "22P02");
    memcpy(text, s.at, s.len);
    text[s.len] = 0;
    errno = 0;
    d = c->native->result == DUCKDB_TYPE_FLOAT ? (double)strtof(text, NULL) : strtod(text, NULL);
    if (errno == ERANGE && (d == 0 || isinf(d)))
        return pg_raise(c, "22003");
    return pg_put_real(c, row, d);
}

/* Any beginning of true, false, yes and no, at least two letters of on and off. */
static bool bool_of_text(struct pg_call *c, size_t row)
{
    static const struct {
        const char *word;
        size_t least;
        bool value;
    } words[] = {{"true", 1, true}, {"false", 1, false}, {"yes", 1, true}, {"no", 1, false},
                 {"on", 2, true},   {"off", 2, false},   {"1", 1, true},   {"0", 1, false}};
    hs_str s = pg_trim(pg_text_at(c, 0, row));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (s.len >= words[i].least && s.len <= strlen(words[i].word) &&
            hs_str_eq_nocase(s, hs_str_n(words[i].word, s.len))) {
            PG_PUT(c, bool, row, words[i].value);
            return true;
        }
    return pg_raise(c, "22P02");
}

#define S DUCKDB_TYPE_SMALLINT
#define I DUCKDB_TYPE_INTEGER
#define B DUCKDB_TYPE_BIGINT
#define F DUCKDB_TYPE_FLOAT
#define D DUCKDB_TYPE_DOUBLE
#define T DUCKDB_TYPE_VARCHAR
#define N DUCKDB_TYPE_DECIMAL
const struct pg_native hs_pg_casts[] = {
    {"hs_pg_ratio", {D}, N, HS_QUOTIENT_SCALE, .row = ratio},
    {"hs_pg_numeric", {T}, N, HS_BARE_SCALE, .row = numeric_of_text},
    {"hs_pg_numeric", {D}, N, HS_BARE_SCALE, .row = numeric_of_real},
    {"hs_pg_numeric", {F}, N, HS_BARE_SCALE, .row = numeric_of_real},
    {"hs_pg_int2", {T}, S, .row = whole_of_text},
    {"hs_pg_int4", {T}, I, .row = whole_of_text},
    {"hs_pg_int8", {T}, B, .row = whole_of_text},
    {"hs_pg_float4", {T}, F, .row = real_of_text},
    {"hs_pg_float8", {T}, D, .row = real_of_text},
    {"hs_pg_bool", {T}, DUCKDB_TYPE_BOOLEAN, .row = bool_of_text},
    {0},
};
