/* Values that can be compared. In doubt a value is not comparable, and then nothing is concluded from it. */
#include "iceberg/value.h"

#include <math.h>

static const int64_t DAY_US = 86400 * 1000000LL, DAY_NS = 86400 * 1000000000LL;

/* ---- out of parameters ---- */

static bool whole_of(const struct hs_param *p, int64_t *out)
{
    __int128 v;
    *out = p->i;
    switch ((int)p->type) {
    case HS_T_INT:
    case HS_T_LONG:
    case HS_T_INT8:
    case HS_T_INT16:
    case HS_T_UINT8:
    case HS_T_UINT16:
    case HS_T_UINT32:
        return true;
    case HS_T_UINT64:
        return p->i >= 0;
    case HS_T_DECIMAL:
        if (!hs_decimal_of_text(p->text, 0, &v) || v > INT64_MAX || v < INT64_MIN)
            return false;
        *out = (int64_t)v;
        return true;
    default:
        return false;
    }
}

/* A whole number beside a float: only where every engine turns it into the same float. */
static bool float_of(const struct hs_param *p, int64_t exact_to, double *out)
{
    int64_t i;
    *out = p->d;
    if (p->type == HS_T_FLOAT || p->type == HS_T_DOUBLE)
        return true;
    if (p->type == HS_T_DECIMAL || !whole_of(p, &i) || i > exact_to || i < -exact_to)
        return false;
    *out = (double)i;
    return true;
}

static bool decimal_of(const struct hs_type *column, const struct hs_param *p, __int128 *out)
{
    int64_t i;
    if (p->type == HS_T_DECIMAL)
        return hs_decimal_of_text(p->text, column->scale, out);
    if (!whole_of(p, &i))
        return false;
    *out = i;
    for (int k = 0; k < column->scale; k++)
        if (__builtin_mul_overflow(*out, (__int128)10, out))
            return false;
    return true;
}

static bool same_form(const struct hs_param *p, enum hs_type_id a, enum hs_type_id b, struct hs_comparable *out)
{
    out->i = p->i;
    out->bytes = p->text;
    return p->type == a || p->type == b;
}

static bool nanos_of(const struct hs_param *p, enum hs_type_id own, enum hs_type_id micros, struct hs_comparable *out)
{
    if (p->type == micros)
        return !__builtin_mul_overflow(p->i, (int64_t)1000, &out->i);
    return same_form(p, own, own, out);
}

static enum hs_comparable_kind kind_of(enum hs_type_id type)
{
    switch ((int)type) {
    case HS_T_FLOAT:
    case HS_T_DOUBLE:
        return HS_C_FLOAT;
    case HS_T_DECIMAL:
        return HS_C_DECIMAL;
    case HS_T_STRING:
    case HS_T_UUID:
    case HS_T_FIXED:
    case HS_T_BINARY:
        return HS_C_BYTES;
    default:
        return HS_C_WHOLE;
    }
}

bool hs_comparable_of_param(const struct hs_type *column, const struct hs_param *p, struct hs_comparable *out)
{
    *out = (struct hs_comparable){.kind = kind_of(column->id)};
    if (p->null)
        return false;
    switch ((int)column->id) {
    case HS_T_INT:
    case HS_T_LONG:
        return whole_of(p, &out->i);
    case HS_T_FLOAT:
        return float_of(p, 1 << 24, &out->f);
    case HS_T_DOUBLE:
        return float_of(p, (int64_t)1 << 53, &out->f);
    case HS_T_DECIMAL:
        return decimal_of(column, p, &out->decimal);
    case HS_T_TIMESTAMP_NS:
        return nanos_of(p, HS_T_TIMESTAMP_NS, HS_T_TIMESTAMP, out);
    case HS_T_TIMESTAMPTZ_NS:
        return nanos_of(p, HS_T_TIMESTAMPTZ_NS, HS_T_TIMESTAMPTZ, out);
    case HS_T_BOOLEAN:
    case HS_T_DATE:
    case HS_T_TIME:
    case HS_T_TIMESTAMP:
    case HS_T_TIMESTAMPTZ:
    case HS_T_STRING:
    case HS_T_UUID:
        return same_form(p, column->id, column->id, out);
    case HS_T_FIXED:
    case HS_T_BINARY:
        return same_form(p, HS_T_FIXED, HS_T_BINARY, out);
    default:
        return false;
    }
}

/* ---- out of bounds ---- */

static uint64_t little(hs_str bytes)
{
    uint64_t v = 0;
    for (size_t i = bytes.len; i > 0; i--)
        v = v << 8 | (uint8_t)bytes.at[i - 1];
    return v;
}

static bool whole_bound(hs_str bytes, bool may_be_short, int64_t short_unit, int64_t *out)
{
    if (bytes.len == 8) {
        *out = (int64_t)little(bytes);
        return true;
    }
    return bytes.len == 4 && may_be_short &&
           !__builtin_mul_overflow((int64_t)(int32_t)(uint32_t)little(bytes), short_unit, out);
}

static bool int_bound(hs_str bytes, int64_t *out)
{
    return bytes.len == 4 && whole_bound(bytes, true, 1, out);
}

static bool float_bound(hs_str bytes, bool wide, double *out)
{
    float f;
    uint32_t bits = (uint32_t)little(bytes);
    uint64_t long_bits = little(bytes);
    if (bytes.len == 4) {
        memcpy(&f, &bits, sizeof f);
        *out = (double)f;
    } else {
        memcpy(out, &long_bits, sizeof *out);
    }
    return (bytes.len == 4 || (wide && bytes.len == 8)) && !isnan(*out);
}

bool hs_comparable_of_bound(const struct hs_type *column, hs_str bytes, struct hs_comparable *out)
{
    *out = (struct hs_comparable){.kind = kind_of(column->id), .bytes = bytes};
    if (!bytes.at)
        return false;
    switch ((int)column->id) {
    case HS_T_BOOLEAN:
        out->i = bytes.len == 1 && bytes.at[0] != 0;
        return bytes.len == 1;
    case HS_T_INT:
    case HS_T_DATE:
        return int_bound(bytes, &out->i);
    case HS_T_LONG:
        return whole_bound(bytes, true, 1, &out->i);
    case HS_T_TIME:
        return whole_bound(bytes, false, 1, &out->i);
    case HS_T_TIMESTAMP: /* of four bytes: a date, before it was widened */
    case HS_T_TIMESTAMPTZ:
        return whole_bound(bytes, true, DAY_US, &out->i);
    case HS_T_TIMESTAMP_NS:
    case HS_T_TIMESTAMPTZ_NS:
        return whole_bound(bytes, true, DAY_NS, &out->i);
    case HS_T_FLOAT:
    case HS_T_DOUBLE:
        return float_bound(bytes, column->id == HS_T_DOUBLE, &out->f);
    case HS_T_DECIMAL:
        return hs_decimal_of_bytes(bytes, &out->decimal);
    case HS_T_UUID:
        return bytes.len == 16;
    case HS_T_STRING:
    case HS_T_FIXED:
    case HS_T_BINARY:
        return true;
    default:
        return false;
    }
}

/* ---- order ---- */

bool hs_comparable_is_nan(const struct hs_comparable *v)
{
    return v->kind == HS_C_FLOAT && isnan(v->f);
}

static int compare_floats(double a, double b)
{
    if (isnan(a) || isnan(b))
        return (isnan(a) != 0) - (isnan(b) != 0);
    return (a > b) - (a < b);
}

int hs_compare(const struct hs_comparable *a, const struct hs_comparable *b)
{
    switch (a->kind) {
    case HS_C_WHOLE:
        return (a->i > b->i) - (a->i < b->i);
    case HS_C_FLOAT:
        return compare_floats(a->f, b->f);
    case HS_C_DECIMAL:
        return (a->decimal > b->decimal) - (a->decimal < b->decimal);
    case HS_C_BYTES:
        break;
    }
    return hs_str_cmp(a->bytes, b->bytes);
}
