/* Division, remainders and what is left of them: integers stay whole, zero is raised, numeric by numeric has the digits
 * that PostgreSQL would count (arrow/quotient.h). */
#include "arrow/quotient.h"
#include "engine/worker/pg/number.h"

#include <math.h>

/* ---- division ---- */
/* 10 * r divided by b, r below b: the digit, and what is left. Doubling twice stays below 2 * 10^38. */
static unsigned next_digit(uwide *r, uwide b)
{
    uwide two = *r * 2, four, eight;
    unsigned q2 = two >= b, q4, q8;
    two -= q2 ? b : 0;
    four = two * 2;
    q4 = q2 * 2 + (four >= b);
    four -= four >= b ? b : 0;
    eight = four * 2;
    q8 = q4 * 2 + (eight >= b);
    eight -= eight >= b ? b : 0;
    uwide sum = eight + two;
    unsigned digit = q8 + q2 + (sum >= b);
    *r = sum >= b ? sum - b : sum;
    return digit;
}

/* Of a value, as PostgreSQL counts: the place of its first group of four digits, and that group. */
static void first_group(uwide m, int scale, int *weight, int *group)
{
    int exponent = -scale - 1;
    *weight = *group = 0;
    if (!m)
        return;
    for (uwide n = m; n; n /= 10)
        exponent++;
    *weight = exponent >= 0 ? exponent / 4 : -((3 - exponent) / 4);
    int cut = scale + 4 * *weight; /* digits below the group */
    *group = cut >= 0 ? (int)(m / pg_power10(cut)) : (int)(m * pg_power10(-cut));
}

static int quotient_scale(uwide a, int a_scale, int a_shown, uwide b, int b_scale, int b_shown)
{
    int weight_a, group_a, weight_b, group_b;
    first_group(a, a_scale, &weight_a, &group_a);
    first_group(b, b_scale, &weight_b, &group_b);
    int weight = weight_a - weight_b - (group_a <= group_b);
    int scale = 16 - 4 * weight;
    scale = scale < a_shown ? a_shown : scale;
    scale = scale < b_shown ? b_shown : scale;
    return scale < 0 ? 0 : scale > HS_QUOTIENT_SCALE ? HS_QUOTIENT_SCALE : scale;
}

/* a / b * 10^places, half away from zero; false: more than 38 digits. */
static bool divide_to(uwide a, uwide b, int places, uwide *out)
{
    const uwide most = pg_power10(38);
    uwide q = a / b, r = a % b;
    for (; places > 0; places--) {
        unsigned digit = next_digit(&r, b);
        if (q > (most - digit) / 10)
            return false;
        q = q * 10 + digit;
    }
    if (places < 0) {
        uwide by = pg_power10(-places), left = q % by;
        *out = q / by + (left >= by - left);
        return true;
    }
    *out = q + (r >= b - r);
    return true;
}

static bool put_quotient(struct pg_call *c, size_t row, const struct pg_number *a, const struct pg_number *b)
{
    uwide m = pg_magnitude(a->units), n = pg_magnitude(b->units), q;
    if (!n)
        return pg_raise(c, "22012");
    int scale = quotient_scale(m, a->scale, pg_shown_of(a, &c->types[0]), n, b->scale, pg_shown_of(b, &c->types[1]));
    if (!divide_to(m, n, scale + b->scale - a->scale, &q))
        return pg_raise(c, "22003");
    uwide zeros = pg_power10(HS_QUOTIENT_SCALE - scale);
    if (q >= pg_power10(38) / zeros)
        return pg_raise(c, "22003");
    q *= zeros;
    PG_PUT(c, wide, row, (a->units < 0) != (b->units < 0) ? -(wide)q : (wide)q);
    return true;
}

static bool div_whole(struct pg_call *c, size_t row)
{
    int64_t a = pg_whole_at(c->types[0].id, &c->in[0], row), b = pg_whole_at(c->types[1].id, &c->in[1], row);
    if (b == 0)
        return pg_raise(c, "22012");
    if (b == -1 && a == INT64_MIN)
        return pg_raise(c, "22003");
    return pg_put_whole(c, row, a / b);
}

static bool mod_whole(struct pg_call *c, size_t row)
{
    int64_t a = pg_whole_at(c->types[0].id, &c->in[0], row), b = pg_whole_at(c->types[1].id, &c->in[1], row);
    if (b == 0)
        return pg_raise(c, "22012");
    return pg_put_whole(c, row, b == -1 ? 0 : a % b);
}

static bool div_real(struct pg_call *c, size_t row)
{
    struct pg_number a, b;
    if (!pg_argument(c, 0, row, &a) || !pg_argument(c, 1, row, &b))
        return pg_raise(c, "22023");
    double x = pg_as_double(&a), y = pg_as_double(&b), q = x / y;
    if (y == 0 && !isnan(x))
        return pg_raise(c, "22012");
    if (c->native->result == DUCKDB_TYPE_FLOAT)
        q = (double)(float)q;
    if ((isinf(q) && !isinf(x)) || (q == 0 && x != 0 && !isinf(y)))
        return pg_raise(c, "22003");
    return pg_put_real(c, row, q);
}

static bool div_numeric(struct pg_call *c, size_t row)
{
    struct pg_number a, b;
    if (!pg_argument(c, 0, row, &a) || !pg_argument(c, 1, row, &b) || a.real || b.real)
        return pg_raise(c, "22023");
    return put_quotient(c, row, &a, &b);
}

/* Interval by number: what is left of months goes to days of which a month has thirty, of days to time. */
static bool div_interval(struct pg_call *c, size_t row)
{
    const duckdb_interval *v = &PG_AT(c, duckdb_interval, 0, row);
    struct pg_number n;
    if (!pg_argument(c, 1, row, &n))
        return pg_raise(c, "22023");
    double by = pg_as_double(&n);
    if (by == 0)
        return pg_raise(c, "22012");
    double months = v->months / by, days = v->days / by;
    if (!(fabs(months) < INT32_MAX) || !(fabs(days) < INT32_MAX))
        return pg_raise(c, "22008");
    duckdb_interval out = {(int32_t)months, (int32_t)days, 0};
    double left = rint((months - out.months) * 30 * 1e6) / 1e6;
    double seconds = rint((days - out.days + left - (int)left) * 86400 * 1e6) / 1e6;
    if (fabs(seconds) >= 86400) {
        out.days += (int)(seconds / 86400);
        seconds -= (int)(seconds / 86400) * 86400.0;
    }
    double micros = rint((double)v->micros / by + seconds * 1e6);
    int64_t total = (int64_t)out.days + (int)left;
    if (!(fabs(micros) < 9.2e18) || total != (int32_t)total)
        return pg_raise(c, "22008");
    out.days = (int32_t)total;
    out.micros = (int64_t)micros;
    PG_PUT(c, duckdb_interval, row, out);
    return true;
}

/* div(numeric, numeric): towards zero. */
static bool quot(struct pg_call *c, size_t row)
{
    struct pg_number a, b;
    if (!pg_argument(c, 0, row, &a) || !pg_argument(c, 1, row, &b) || a.real || b.real)
        return pg_raise(c, "22023");
    uwide m = pg_magnitude(a.units), n = pg_magnitude(b.units);
    if (!n)
        return pg_raise(c, "22012");
    int more = b.scale - a.scale;
    uwide q = m / n, r = m % n;
    for (; more > 0; more--) {
        unsigned digit = next_digit(&r, n);
        if (q > (pg_power10(38) - digit) / 10)
            return pg_raise(c, "22003");
        q = q * 10 + digit;
    }
    for (; more < 0; more++)
        q /= 10;
    PG_PUT(c, wide, row, (a.units < 0) != (b.units < 0) ? -(wide)q : (wide)q);
    return true;
}

#define S DUCKDB_TYPE_SMALLINT
#define I DUCKDB_TYPE_INTEGER
#define B DUCKDB_TYPE_BIGINT
#define F DUCKDB_TYPE_FLOAT
#define D DUCKDB_TYPE_DOUBLE
#define N DUCKDB_TYPE_DECIMAL
#define ANY DUCKDB_TYPE_ANY
#define V DUCKDB_TYPE_INTERVAL
#define WHOLE(n, f)                                                                                             \
    {n, {S, S}, S, .row = f}, {n, {S, I}, I, .row = f}, {n, {I, S}, I, .row = f}, {n, {I, I}, I, .row = f},     \
        {n, {S, B}, B, .row = f}, {n, {B, S}, B, .row = f}, {n, {I, B}, B, .row = f}, {n, {B, I}, B, .row = f}, \
    {                                                                                                           \
        n, {B, B}, B, .row = f                                                                                  \
    }
#define REAL(x, y, r)                           \
    {                                           \
        "hs_pg_div", {x, y}, r, .row = div_real \
    }
const struct pg_native hs_pg_divisions[] = {
    WHOLE("hs_pg_div", div_whole),
    REAL(F, F, F),
    REAL(D, D, D),
    REAL(F, D, D),
    REAL(D, F, D),
    REAL(S, D, D),
    REAL(D, S, D),
    REAL(I, D, D),
    REAL(D, I, D),
    REAL(B, D, D),
    REAL(D, B, D),
    REAL(ANY, D, D),
    REAL(D, ANY, D),
    REAL(ANY, F, D),
    REAL(F, ANY, D),
    {"hs_pg_div", {V, ANY}, V, .row = div_interval},
    {"hs_pg_div", {ANY, ANY}, N, HS_QUOTIENT_SCALE, .row = div_numeric},
    {"hs_pg_numeric_div", {ANY, ANY}, N, HS_QUOTIENT_SCALE, .row = div_numeric},
    WHOLE("hs_pg_mod", mod_whole),
    {"hs_pg_quot", {ANY, ANY}, N, 0, .row = quot},
    {0},
};
