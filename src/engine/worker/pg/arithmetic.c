/* Shifts, powers, rounding, digits of numbers, and the check that raises a state. */
#include "arrow/quotient.h"
#include "engine/worker/pg/number.h"

#include <math.h>
#include <stdio.h>

/* The count of a shift is taken by the width, as the processor does for PostgreSQL. */
static bool shift(struct pg_call *c, size_t row)
{
    int64_t n = pg_whole_at(c->types[0].id, &c->in[0], row);
    unsigned by = (unsigned)PG_AT(c, int32_t, 1, row);
    bool left = strcmp(c->native->name, "hs_pg_shift_left") == 0;
    by &= c->native->result == DUCKDB_TYPE_BIGINT ? 63 : 31;
    if (c->native->result == DUCKDB_TYPE_BIGINT)
        PG_PUT(c, int64_t, row, left ? (int64_t)((uint64_t)n << by) : n >> by);
    else if (c->native->result == DUCKDB_TYPE_INTEGER)
        PG_PUT(c, int32_t, row, left ? (int32_t)((uint32_t)n << by) : (int32_t)(n >> by));
    else
        PG_PUT(c, int16_t, row, left ? (int16_t)((uint32_t)n << by) : (int16_t)(n >> by));
    return true;
}

/* ---- others ---- */
static bool power(struct pg_call *c, size_t row)
{
    double a = PG_AT(c, double, 0, row), b = PG_AT(c, double, 1, row), p = pow(a, b);
    if (isnan(a) || isnan(b))
        return pg_put_real(c, row, a == 1 || b == 0 ? 1 : NAN);
    if ((a == 0 && b < 0) || (a < 0 && floor(b) != b))
        return pg_raise(c, "2201F");
    if ((isinf(p) && !isinf(a) && !isinf(b)) || (p == 0 && a != 0 && !isinf(a) && !isinf(b)))
        return pg_raise(c, "22003");
    return pg_put_real(c, row, p);
}

static bool exponential(struct pg_call *c, size_t row)
{
    double a = PG_AT(c, double, 0, row), e = exp(a);
    if ((isinf(e) || e == 0) && !isinf(a))
        return pg_raise(c, "22003");
    return pg_put_real(c, row, e);
}

/* true, or the letters of the second argument are raised. Nothing but our own letters: states.def is asked. */
static bool check(struct pg_call *c, size_t row)
{
    static const char *const states[] = {
#define STATE(sqlstate, words) sqlstate,
#include "engine/states.def"
#undef STATE
    };
    if (pg_is_null(c, 0, row) || pg_is_null(c, 1, row))
        return pg_put_null(c, row);
    if (PG_AT(c, bool, 0, row)) {
        PG_PUT(c, bool, row, true);
        return true;
    }
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (hs_str_is(pg_text_at(c, 1, row), states[i]))
            return pg_raise(c, states[i]);
    return pg_raise(c, "22023");
}

/* round and trunc to a number of digits that is not a constant: shows what it needs. */
static bool round_to(struct pg_call *c, size_t row)
{
    struct pg_number n;
    int32_t places = PG_AT(c, int32_t, 1, row);
    bool cut = strcmp(c->native->name, "hs_pg_trunc") == 0;
    if (!pg_argument(c, 0, row, &n) || n.real)
        return pg_raise(c, "22023");
    uwide m = pg_magnitude(n.units);
    int drop = n.scale - places;
    if (drop > 38)
        m = 0;
    else if (drop > 0) {
        uwide by = pg_power10(drop), left = m % by;
        m = (m / by + (!cut && left >= by - left)) * by;
    }
    int more = HS_BARE_SCALE - n.scale;
    for (; more < 0; more++)
        m /= 10;
    if (m >= pg_power10(38) / pg_power10(more))
        return pg_raise(c, "22003");
    m *= pg_power10(more);
    PG_PUT(c, wide, row, n.units < 0 ? -(wide)m : (wide)m);
    return true;
}

static bool scale_of(struct pg_call *c, size_t row)
{
    struct pg_number n;
    if (!pg_argument(c, 0, row, &n) || n.real)
        return pg_raise(c, "22023");
    int scale = pg_shown_of(&n, &c->types[0]);
    if (strcmp(c->native->name, "hs_pg_min_scale") == 0) {
        uwide m = pg_magnitude(n.units);
        for (scale = n.scale; scale && m && m % 10 == 0; m /= 10)
            scale--;
        scale = m ? scale : 0;
    }
    PG_PUT(c, int32_t, row, scale);
    return true;
}

static bool trim_scale(struct pg_call *c, size_t row)
{
    struct pg_number n;
    if (!pg_argument(c, 0, row, &n) || n.real)
        return pg_raise(c, "22023");
    wide units = n.units;
    for (; n.scale > HS_BARE_SCALE; n.scale--)
        units /= 10;
    uwide by = pg_power10(HS_BARE_SCALE - n.scale);
    if (pg_magnitude(units) >= pg_power10(38) / by)
        return pg_raise(c, "22003");
    PG_PUT(c, wide, row, units * (wide)by);
    return true;
}

static bool width_bucket(struct pg_call *c, size_t row)
{
    double x = PG_AT(c, double, 0, row), low = PG_AT(c, double, 1, row), high = PG_AT(c, double, 2, row);
    int32_t count = PG_AT(c, int32_t, 3, row);
    if (count <= 0 || low == high || isnan(x) || !isfinite(low) || !isfinite(high))
        return pg_raise(c, "2201G");
    bool down = low > high;
    double from = down ? -low : low, to = down ? -high : high, at = down ? -x : x;
    int64_t bucket = at < from ? 0 : at >= to ? (int64_t)count + 1 : (int64_t)((at - from) / (to - from) * count) + 1;
    return bucket > INT32_MAX ? pg_raise(c, "22003") : pg_put_whole(c, row, bucket);
}

static bool to_hex(struct pg_call *c, size_t row)
{
    if (c->types[0].id == DUCKDB_TYPE_INTEGER)
        hs_buf_addf(&c->text, "%x", (unsigned)PG_AT(c, int32_t, 0, row));
    else
        hs_buf_addf(&c->text, "%llx", (unsigned long long)PG_AT(c, int64_t, 0, row));
    return pg_put_buf(c, row);
}

#define S DUCKDB_TYPE_SMALLINT
#define I DUCKDB_TYPE_INTEGER
#define B DUCKDB_TYPE_BIGINT
#define D DUCKDB_TYPE_DOUBLE
#define T DUCKDB_TYPE_VARCHAR
#define N DUCKDB_TYPE_DECIMAL
#define ANY DUCKDB_TYPE_ANY
const struct pg_native hs_pg_arithmetic[] = {
    {"hs_pg_shift_left", {S, I}, S, .row = shift},
    {"hs_pg_shift_left", {I, I}, I, .row = shift},
    {"hs_pg_shift_left", {B, I}, B, .row = shift},
    {"hs_pg_shift_right", {S, I}, S, .row = shift},
    {"hs_pg_shift_right", {I, I}, I, .row = shift},
    {"hs_pg_shift_right", {B, I}, B, .row = shift},
    {"hs_pg_power", {D, D}, D, .row = power},
    {"hs_pg_exp", {D}, D, .row = exponential},
    {"hs_pg_check", {DUCKDB_TYPE_BOOLEAN, T}, DUCKDB_TYPE_BOOLEAN, .nulls = true, .row = check},
    {"hs_pg_round", {ANY, I}, N, HS_BARE_SCALE, .row = round_to},
    {"hs_pg_trunc", {ANY, I}, N, HS_BARE_SCALE, .row = round_to},
    {"hs_pg_scale", {ANY}, I, .row = scale_of},
    {"hs_pg_min_scale", {ANY}, I, .row = scale_of},
    {"hs_pg_trim_scale", {ANY}, N, HS_BARE_SCALE, .row = trim_scale},
    {"hs_pg_width_bucket", {D, D, D, I}, I, .row = width_bucket},
    {"hs_pg_to_hex", {I}, T, .row = to_hex},
    {"hs_pg_to_hex", {B}, T, .row = to_hex},
    {0},
};
