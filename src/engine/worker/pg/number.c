/* Numbers of any type of the engine's as one, their text, and numbers out of text. See arrow/quotient.h for the types
 * that numeric results have. */
#include "arrow/quotient.h"
#include "engine/worker/pg/number.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- reading ---- */
uwide pg_power10(int n)
{
    uwide p = 1;
    for (; n > 0; n--)
        p *= 10;
    return p;
}

int64_t pg_whole_at(duckdb_type id, const struct cells *v, size_t row)
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
        out->units = pg_whole_at(id, v, row);
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

bool pg_argument(const struct pg_call *c, size_t arg, size_t row, struct pg_number *out)
{
    return pg_number_at(&c->types[arg], &c->in[arg], row, out);
}

uwide pg_magnitude(wide n)
{
    return n < 0 ? -(uwide)n : (uwide)n;
}

double pg_as_double(const struct pg_number *n)
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
    uwide m = pg_magnitude(units);
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

/* ---- answers ---- */
int pg_shown_of(const struct pg_number *n, const struct pg_type *t)
{
    return t->id == DUCKDB_TYPE_DECIMAL ? hs_decimal_shown(pg_magnitude(n->units), t->width, t->scale) : 0;
}

bool pg_put_real(struct pg_call *c, size_t row, double d)
{
    if (c->native->result == DUCKDB_TYPE_FLOAT)
        PG_PUT(c, float, row, (float)d);
    else
        PG_PUT(c, double, row, d);
    return true;
}

bool pg_put_whole(struct pg_call *c, size_t row, int64_t n)
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

bool pg_is_number_text(hs_str s)
{
    struct digits d;
    return read_digits(s, &d);
}
