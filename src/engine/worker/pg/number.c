/* PostgreSQL's numbers: division that keeps integers whole, raises for zero and makes numeric of numeric; casts from
 * text that take what PostgreSQL takes and nothing more; numeric of floating point. See arrow/quotient.h for the types
 * that numeric results have. */
#include "arrow/quotient.h"
#include "engine/worker/pg/natives.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef __int128 wide;
typedef unsigned __int128 uwide;

/* ---- reading ---- */
uwide pg_power10(int n)
{
    uwide p = 1;
    for (; n > 0; n--)
        p *= 10;
    return p;
}

static int64_t whole_at(duckdb_type id, const struct cells *v, size_t row)
{
    switch ((int)id) {
    case DUCKDB_TYPE_TINYINT:
        return ((const int8_t *)v->data)[row];
    case DUCKDB_TYPE_SMALLINT:
        return ((const int16_t *)v->data)[row];
    case DUCKDB_TYPE_INTEGER:
        return ((const int32_t *)v->data)[row];
    case DUCKDB_TYPE_UTINYINT:
        return ((const uint8_t *)v->data)[row];
    case DUCKDB_TYPE_USMALLINT:
        return ((const uint16_t *)v->data)[row];
    case DUCKDB_TYPE_UINTEGER:
        return ((const uint32_t *)v->data)[row];
    default:
        return ((const int64_t *)v->data)[row];
    }
}

static bool is_whole(duckdb_type id)
{
    return id == DUCKDB_TYPE_TINYINT || id == DUCKDB_TYPE_SMALLINT || id == DUCKDB_TYPE_INTEGER ||
           id == DUCKDB_TYPE_BIGINT || id == DUCKDB_TYPE_UTINYINT || id == DUCKDB_TYPE_USMALLINT ||
           id == DUCKDB_TYPE_UINTEGER;
}

static wide huge_at(const struct cells *v, size_t row)
{
    wide n;
    memcpy(&n, (const char *)v->data + row * sizeof n, sizeof n);
    return n;
}

bool pg_number_at(const struct pg_type *t, const struct cells *v, size_t row, struct pg_number *out)
{
    duckdb_type id = t->id == DUCKDB_TYPE_DECIMAL ? t->stored : t->id;
    *out = (struct pg_number){.scale = t->id == DUCKDB_TYPE_DECIMAL ? t->scale : 0};
    if (is_whole(id))
        out->units = whole_at(id, v, row);
    else if (id == DUCKDB_TYPE_UBIGINT)
        out->units = ((const uint64_t *)v->data)[row];
    else if (id == DUCKDB_TYPE_HUGEINT)
        out->units = huge_at(v, row);
    else if (id == DUCKDB_TYPE_DOUBLE || id == DUCKDB_TYPE_FLOAT) {
        out->real = true;
        out->d = id == DUCKDB_TYPE_DOUBLE ? ((const double *)v->data)[row] : (double)((const float *)v->data)[row];
    } else
        return false;
    return true;
}

static bool argument(const struct pg_call *c, size_t arg, size_t row, struct pg_number *out)
{
    return pg_number_at(&c->types[arg], &c->in[arg], row, out);
}

static uwide magnitude(wide n)
{
    return n < 0 ? -(uwide)n : (uwide)n;
}

static double as_double(const struct pg_number *n)
{
    return n->real ? n->d : (double)((long double)n->units / (long double)pg_power10(n->scale));
}

hs_str pg_trim(hs_str s)
{
    while (s.len && strchr(" \t\n\r\f\v", s.at[0]) && s.at[0])
        s = hs_str_n(s.at + 1, s.len - 1);
    while (s.len && strchr(" \t\n\r\f\v", s.at[s.len - 1]) && s.at[s.len - 1])
        s.len--;
    return s;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- writing ---- */
void pg_add_decimal(struct hs_buf *b, wide units, int scale, int shown)
{
    char digits[48];
    int at = sizeof digits, written = 0;
    uwide m = magnitude(units);
    for (; scale > shown; scale--)
        m /= 10;
    do {
        digits[--at] = (char)('0' + (int)(m % 10));
        m /= 10;
        if (++written == scale && scale)
            digits[--at] = '.';
    } while (m || written <= scale);
    if (units < 0)
        hs_buf_addc(b, '-');
    hs_buf_add(b, digits + at, sizeof digits - (size_t)at);
}

/* Fixed digits between 1e-4 and 1e15 (1e6 for float4), else an exponent of two digits at least. */
void pg_add_real(struct hs_buf *b, double d, bool single)
{
    char text[64], plain[64];
    if (isnan(d) || isinf(d))
        return hs_buf_addz(b, isnan(d) ? "NaN" : d < 0 ? "-Infinity" : "Infinity");
    int least = fabs(d) < (single ? FLT_MIN : DBL_MIN) ? 1 : single ? 6 : 15; /* subnormal ones have few */
    for (int digits = least; digits <= (single ? 9 : 17); digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, d);
        if (single ? strtof(text, NULL) == (float)d : strtod(text, NULL) == d)
            break;
    }
    char *e = strchr(text, 'e'), *end = e;
    int exponent = (int)strtol(e + 1, NULL, 10);
    while (end > text && end[-1] == '0')
        end--;
    if (end > text && end[-1] == '.')
        end--;
    if (d != 0 && (exponent < -4 || exponent >= (single ? 6 : 15))) {
        hs_buf_add(b, text, (size_t)(end - text));
        return hs_buf_addf(b, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
    }
    int behind =
        (int)(end - text) - (text[0] == '-') - 1 - exponent - (memchr(text, '.', (size_t)(end - text)) ? 1 : 0);
    /* digits in front of the point that are not significant are zeros: as %f would write them exactly, so by hand */
    if (behind >= 0) {
        snprintf(plain, sizeof plain, "%.*f", behind, d);
        return hs_buf_addz(b, plain);
    }
    for (char *p = text; p < end; p++)
        if (*p != '.')
            hs_buf_addc(b, *p);
    for (; behind < 0; behind++)
        hs_buf_addc(b, '0');
}

/* ---- decimals from text ---- */
struct digits { /* 0.d1d2d3... * 10^point */
    uwide units;
    int kept, point; /* digits in units; where the point is, counted from the first kept */
    bool negative, dropped_half, any;
};

/* Digits after the 38th only say how to round. */
static bool read_digits(hs_str s, struct digits *out)
{
    size_t i = 0;
    bool point = false, seen = false;
    long exponent = 0;
    *out = (struct digits){0};
    if (s.len && (s.at[0] == '-' || s.at[0] == '+'))
        out->negative = s.at[i++] == '-';
    for (; i < s.len && (is_digit(s.at[i]) || (s.at[i] == '.' && !point)); i++) {
        if (s.at[i] == '.') {
            point = true;
            continue;
        }
        seen = true;
        int digit = s.at[i] - '0';
        if (out->kept < 38 && (digit || out->any)) {
            out->units = out->units * 10 + (unsigned)digit;
            out->kept++;
            out->any = true;
        } else if (out->any && out->kept == 38) {
            out->dropped_half = digit >= 5;
            out->kept++;
        }
        if (!point && out->any)
            out->point++;
        if (point && !out->any)
            out->point--;
    }
    if (out->kept == 39)
        out->kept = 38;
    if (seen && i < s.len && (s.at[i] == 'e' || s.at[i] == 'E')) {
        size_t begin = ++i;
        bool minus = false;
        if (i < s.len && (s.at[i] == '-' || s.at[i] == '+'))
            minus = s.at[i++] == '-', begin++;
        for (; i < s.len && is_digit(s.at[i]); i++)
            exponent = exponent < 100000 ? exponent * 10 + (s.at[i] - '0') : exponent;
        if (i == begin)
            return false;
        out->point += (int)(minus ? -exponent : exponent);
    }
    return seen && i == s.len;
}

const char *pg_read_decimal(hs_str s, int scale, wide *out)
{
    struct digits d;
    if (!read_digits(pg_trim(s), &d))
        return "22P02";
    int shift = scale - (d.kept - d.point); /* digits to add, or to cut */
    uwide units = d.units;
    if (!d.any || shift < -d.kept) {
        *out = 0;
        return NULL;
    }
    if (shift >= 0) {
        if (shift + d.kept > 38)
            return "22003";
        units = units * pg_power10(shift) + (shift == 0 && d.dropped_half ? 1 : 0);
    } else {
        uwide by = pg_power10(-shift);
        units = units / by + (units % by >= by - units % by && units % by ? 1 : 0);
    }
    if (units >= pg_power10(38))
        return "22003";
    *out = d.negative ? -(wide)units : (wide)units;
    return NULL;
}

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

static int shown_of(const struct pg_number *n, const struct pg_type *t)
{
    return t->id == DUCKDB_TYPE_DECIMAL ? hs_decimal_shown(magnitude(n->units), t->width, t->scale) : 0;
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
    uwide m = magnitude(a->units), n = magnitude(b->units), q;
    if (!n)
        return pg_raise(c, "22012");
    int scale = quotient_scale(m, a->scale, shown_of(a, &c->types[0]), n, b->scale, shown_of(b, &c->types[1]));
    if (!divide_to(m, n, scale + b->scale - a->scale, &q))
        return pg_raise(c, "22003");
    uwide zeros = pg_power10(HS_QUOTIENT_SCALE - scale);
    if (q >= pg_power10(38) / zeros)
        return pg_raise(c, "22003");
    q *= zeros;
    PG_PUT(c, wide, row, (a->units < 0) != (b->units < 0) ? -(wide)q : (wide)q);
    return true;
}

static bool put_real(struct pg_call *c, size_t row, double d)
{
    if (c->native->result == DUCKDB_TYPE_FLOAT)
        PG_PUT(c, float, row, (float)d);
    else
        PG_PUT(c, double, row, d);
    return true;
}

static bool put_whole(struct pg_call *c, size_t row, int64_t n)
{
    switch ((int)c->native->result) {
    case DUCKDB_TYPE_SMALLINT:
        if (n != (int16_t)n)
            return pg_raise(c, "22003");
        PG_PUT(c, int16_t, row, (int16_t)n);
        return true;
    case DUCKDB_TYPE_INTEGER:
        if (n != (int32_t)n)
            return pg_raise(c, "22003");
        PG_PUT(c, int32_t, row, (int32_t)n);
        return true;
    default:
        PG_PUT(c, int64_t, row, n);
        return true;
    }
}

static bool div_whole(struct pg_call *c, size_t row)
{
    int64_t a = whole_at(c->types[0].id, &c->in[0], row), b = whole_at(c->types[1].id, &c->in[1], row);
    if (b == 0)
        return pg_raise(c, "22012");
    if (b == -1 && a == INT64_MIN)
        return pg_raise(c, "22003");
    return put_whole(c, row, a / b);
}

static bool mod_whole(struct pg_call *c, size_t row)
{
    int64_t a = whole_at(c->types[0].id, &c->in[0], row), b = whole_at(c->types[1].id, &c->in[1], row);
    if (b == 0)
        return pg_raise(c, "22012");
    return put_whole(c, row, b == -1 ? 0 : a % b);
}

static bool div_real(struct pg_call *c, size_t row)
{
    struct pg_number a, b;
    if (!argument(c, 0, row, &a) || !argument(c, 1, row, &b))
        return pg_raise(c, "22023");
    double x = as_double(&a), y = as_double(&b), q = x / y;
    if (y == 0 && !isnan(x))
        return pg_raise(c, "22012");
    if (c->native->result == DUCKDB_TYPE_FLOAT)
        q = (double)(float)q;
    if ((isinf(q) && !isinf(x)) || (q == 0 && x != 0 && !isinf(y)))
        return pg_raise(c, "22003");
    return put_real(c, row, q);
}

static bool div_numeric(struct pg_call *c, size_t row)
{
    struct pg_number a, b;
    if (!argument(c, 0, row, &a) || !argument(c, 1, row, &b) || a.real || b.real)
        return pg_raise(c, "22023");
    return put_quotient(c, row, &a, &b);
}

/* Interval by number: what is left of months goes to days of which a month has thirty, of days to time. */
static bool div_interval(struct pg_call *c, size_t row)
{
    const duckdb_interval *v = &PG_AT(c, duckdb_interval, 0, row);
    struct pg_number n;
    if (!argument(c, 1, row, &n))
        return pg_raise(c, "22023");
    double by = as_double(&n);
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
    if (!argument(c, 0, row, &a) || !argument(c, 1, row, &b) || a.real || b.real)
        return pg_raise(c, "22023");
    uwide m = magnitude(a.units), n = magnitude(b.units);
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
    if (!argument(c, 0, row, &n))
        return pg_raise(c, "22023");
    double d = as_double(&n);
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
    return put_whole(c, row, minus ? (int64_t)-n : (int64_t)n);
}

static bool is_number_text(hs_str s)
{
    struct digits d;
    return read_digits(s, &d);
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
        return put_real(c, row, d);
    if (!is_number_text(s) || s.len >= sizeof text)
        return pg_raise(c, "22P02");
    memcpy(text, s.at, s.len);
    text[s.len] = 0;
    errno = 0;
    d = c->native->result == DUCKDB_TYPE_FLOAT ? (double)strtof(text, NULL) : strtod(text, NULL);
    if (errno == ERANGE && (d == 0 || isinf(d)))
        return pg_raise(c, "22003");
    return put_real(c, row, d);
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

/* The count of a shift is taken by the width, as the processor does for PostgreSQL. */
static bool shift(struct pg_call *c, size_t row)
{
    int64_t n = whole_at(c->types[0].id, &c->in[0], row);
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
        return put_real(c, row, a == 1 || b == 0 ? 1 : NAN);
    if ((a == 0 && b < 0) || (a < 0 && floor(b) != b))
        return pg_raise(c, "2201F");
    if ((isinf(p) && !isinf(a) && !isinf(b)) || (p == 0 && a != 0 && !isinf(a) && !isinf(b)))
        return pg_raise(c, "22003");
    return put_real(c, row, p);
}

static bool exponential(struct pg_call *c, size_t row)
{
    double a = PG_AT(c, double, 0, row), e = exp(a);
    if ((isinf(e) || e == 0) && !isinf(a))
        return pg_raise(c, "22003");
    return put_real(c, row, e);
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
    if (!argument(c, 0, row, &n) || n.real)
        return pg_raise(c, "22023");
    uwide m = magnitude(n.units);
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
    if (!argument(c, 0, row, &n) || n.real)
        return pg_raise(c, "22023");
    int scale = shown_of(&n, &c->types[0]);
    if (strcmp(c->native->name, "hs_pg_min_scale") == 0) {
        uwide m = magnitude(n.units);
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
    if (!argument(c, 0, row, &n) || n.real)
        return pg_raise(c, "22023");
    wide units = n.units;
    for (; n.scale > HS_BARE_SCALE; n.scale--)
        units /= 10;
    uwide by = pg_power10(HS_BARE_SCALE - n.scale);
    if (magnitude(units) >= pg_power10(38) / by)
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
    return bucket > INT32_MAX ? pg_raise(c, "22003") : put_whole(c, row, bucket);
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
#define F DUCKDB_TYPE_FLOAT
#define D DUCKDB_TYPE_DOUBLE
#define T DUCKDB_TYPE_VARCHAR
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
const struct pg_native hs_pg_numbers[] = {
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
    {"hs_pg_shift_left", {S, I}, S, .row = shift},
    {"hs_pg_shift_left", {I, I}, I, .row = shift},
    {"hs_pg_shift_left", {B, I}, B, .row = shift},
    {"hs_pg_shift_right", {S, I}, S, .row = shift},
    {"hs_pg_shift_right", {I, I}, I, .row = shift},
    {"hs_pg_shift_right", {B, I}, B, .row = shift},
    {"hs_pg_quot", {ANY, ANY}, N, 0, .row = quot},
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
