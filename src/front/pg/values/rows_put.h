/* One value of the kinds that fit in HS_PG_PUT_MOST bytes, inlined into the loops over rows: a jump by the column's op,
 * which a processor learns, instead of a call by pointer. */
#ifndef HS_FRONT_PG_ROWS_PUT_H
#define HS_FRONT_PG_ROWS_PUT_H

#include "arrow/quotient.h"
#include "front/pg/values/rows_in.h"

#define HS_PG_AT(type, c, i) (((const type *)(const void *)(c)->data)[i])
#define HS_PG_INLINE static inline __attribute__((always_inline))

char *hs_pg_put_stamp(struct hs_pg_rows *r, char *p, int64_t us, bool zoned, bool binary);
char *hs_pg_put_odd_date(struct hs_pg_rows *r, char *p, int32_t days, bool binary);

HS_PG_INLINE bool hs_pg_bit(const struct hs_pg_column *c, size_t i)
{
    size_t bit = i + c->shift;
    return c->data[bit >> 3] >> (bit & 7) & 1;
}

HS_PG_INLINE char *hs_pg_put_day(struct hs_pg_rows *r, char *p, int32_t days, bool binary)
{
    if (__builtin_expect(!hs_pg_date_fits(days), 0))
        return hs_pg_put_odd_date(r, p, days, binary);
    if (binary)
        return hs_pg_put32(p, (uint32_t)(days - HS_PG_EPOCH_DAYS));
    if (r->style.date_style != HS_PG_DATE_ISO)
        return hs_pg_put_date(p, days, &r->style);
    struct hs_pg_civil c = hs_pg_civil_of(days);
    return hs_pg_put_era(hs_pg_put_iso_day(p, c), c.year);
}

HS_PG_INLINE char *hs_pg_put_time(struct hs_pg_rows *r, char *p, int64_t us, bool binary)
{
    if (us < 0 || us > HS_PG_DAY_US) {
        r->trouble = "a time is outside the day";
        us = 0;
    }
    return binary ? hs_pg_put64(p, (uint64_t)us) : hs_pg_put_clock(p, us);
}

HS_PG_INLINE int64_t hs_pg_us_of(int64_t ns)
{
    if (ns == INT64_MAX || ns <= -INT64_MAX)
        return ns; /* infinite */
    return ns / 1000 - (ns % 1000 < 0);
}

HS_PG_INLINE __int128 hs_pg_i128(const struct hs_pg_column *c, size_t i)
{
    __int128 v;
    memcpy(&v, c->data + i * 16, sizeof v);
    return v;
}

/* A quotient or a number out of a text shows as many digits as PostgreSQL would: arrow/quotient.h. */
HS_PG_INLINE __int128 hs_pg_shown(const struct hs_pg_column *c, size_t i, unsigned *scale)
{
    __int128 v = hs_pg_i128(c, i);
    if (__builtin_expect(!c->quotient, 1))
        return v;
    unsigned __int128 magnitude = v < 0 ? 0 - (unsigned __int128)v : (unsigned __int128)v;
    int shown = hs_decimal_shown(magnitude, HS_QUOTIENT_PRECISION, (int)*scale);
    for (; (int)*scale > shown; --*scale)
        v /= 10;
    return v;
}

HS_PG_INLINE char *hs_pg_put_u64_numeric(char *p, uint64_t v)
{
    return v <= INT64_MAX ? hs_pg_put_numeric64(p, (int64_t)v, 0) : hs_pg_put_numeric128(p, (__int128)v, 0);
}

HS_PG_INLINE char *hs_pg_put_span(const struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, char *p,
                                  bool binary)
{
    int32_t months, days;
    int64_t ns;
    memcpy(&months, c->data + i * 16, 4);
    memcpy(&days, c->data + i * 16 + 4, 4);
    memcpy(&ns, c->data + i * 16 + 8, 8);
    if (!binary)
        return hs_pg_put_interval(p, months, days, ns / 1000, r->style.interval_style);
    return hs_pg_put32(hs_pg_put32(hs_pg_put64(p, (uint64_t)(ns / 1000)), (uint32_t)days), (uint32_t)months);
}

HS_PG_INLINE char *hs_pg_put_f32_bits(char *p, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return hs_pg_put32(p, bits);
}

HS_PG_INLINE char *hs_pg_put_f64_bits(char *p, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return hs_pg_put64(p, bits);
}

/* c->op is below HS_PG_OP_TEXT(HS_PG_V_TEXT). */
HS_PG_INLINE char *hs_pg_put_fixed(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, char *p)
{
#define CASES(value, text, binary) \
    case HS_PG_OP_TEXT(value):     \
        return text;               \
    case HS_PG_OP_BINARY(value):   \
        return binary;
#define AT(type) HS_PG_AT(type, c, i)
    switch (c->op) {
        CASES(HS_PG_V_I32, hs_pg_put_i64(p, AT(int32_t)), hs_pg_put32(p, AT(uint32_t)))
        CASES(HS_PG_V_I64, hs_pg_put_i64(p, AT(int64_t)), hs_pg_put64(p, AT(uint64_t)))
        CASES(HS_PG_V_D64, hs_pg_put_decimal64(p, AT(int64_t), c->scale), hs_pg_put_numeric64(p, AT(int64_t), c->scale))
        CASES(HS_PG_V_D32, hs_pg_put_decimal64(p, AT(int32_t), c->scale), hs_pg_put_numeric64(p, AT(int32_t), c->scale))
        CASES(HS_PG_V_DATE, hs_pg_put_day(r, p, AT(int32_t), false), hs_pg_put_day(r, p, AT(int32_t), true))
    case HS_PG_OP_TEXT(HS_PG_V_D128): {
        unsigned scale = c->scale;
        __int128 v = hs_pg_shown(c, i, &scale);
        if (v == (int64_t)v && scale < 19)
            return hs_pg_put_decimal64(p, (int64_t)v, scale);
        return hs_pg_put_decimal128(p, v, scale);
    }
    case HS_PG_OP_BINARY(HS_PG_V_D128): {
        unsigned scale = c->scale;
        __int128 v = hs_pg_shown(c, i, &scale);
        if (v == (int64_t)v)
            return hs_pg_put_numeric64(p, (int64_t)v, scale);
        return hs_pg_put_numeric128(p, v, scale);
    }
    case HS_PG_OP_TEXT(HS_PG_V_BOOL):
        *p = hs_pg_bit(c, i) ? 't' : 'f';
        return p + 1;
    case HS_PG_OP_BINARY(HS_PG_V_BOOL):
        *p = (char)hs_pg_bit(c, i);
        return p + 1;
        CASES(HS_PG_V_I8, hs_pg_put_i64(p, AT(int8_t)), hs_pg_put16(p, (uint16_t)AT(int8_t)))
        CASES(HS_PG_V_U8, hs_pg_put_u64(p, AT(uint8_t)), hs_pg_put16(p, AT(uint8_t)))
        CASES(HS_PG_V_I16, hs_pg_put_i64(p, AT(int16_t)), hs_pg_put16(p, AT(uint16_t)))
        CASES(HS_PG_V_U16, hs_pg_put_u64(p, AT(uint16_t)), hs_pg_put32(p, AT(uint16_t)))
        CASES(HS_PG_V_U32, hs_pg_put_u64(p, AT(uint32_t)), hs_pg_put32(p, AT(uint32_t)))
        CASES(HS_PG_V_U64, hs_pg_put_u64(p, AT(uint64_t)), hs_pg_put_u64_numeric(p, AT(uint64_t)))
        CASES(HS_PG_V_F32, hs_pg_put_float(p, AT(float), r->style.extra_float_digits), hs_pg_put_f32_bits(p, AT(float)))
        CASES(HS_PG_V_F64, hs_pg_put_double(p, AT(double), r->style.extra_float_digits),
              hs_pg_put_f64_bits(p, AT(double)))
        CASES(HS_PG_V_TIME, hs_pg_put_time(r, p, AT(int64_t), false), hs_pg_put_time(r, p, AT(int64_t), true))
        CASES(HS_PG_V_STAMP, hs_pg_put_stamp(r, p, AT(int64_t), false, false),
              hs_pg_put_stamp(r, p, AT(int64_t), false, true))
        CASES(HS_PG_V_STAMP_TZ, hs_pg_put_stamp(r, p, AT(int64_t), true, false),
              hs_pg_put_stamp(r, p, AT(int64_t), true, true))
        CASES(HS_PG_V_STAMP_NS, hs_pg_put_stamp(r, p, hs_pg_us_of(AT(int64_t)), false, false),
              hs_pg_put_stamp(r, p, hs_pg_us_of(AT(int64_t)), false, true))
        CASES(HS_PG_V_STAMP_TZ_NS, hs_pg_put_stamp(r, p, hs_pg_us_of(AT(int64_t)), true, false),
              hs_pg_put_stamp(r, p, hs_pg_us_of(AT(int64_t)), true, true))
        CASES(HS_PG_V_INTERVAL, hs_pg_put_span(r, c, i, p, false), hs_pg_put_span(r, c, i, p, true))
        CASES(HS_PG_V_UUID, hs_pg_put_uuid(p, c->data + i * 16), hs_pg_put_words(p, (const char *)c->data + i * 16, 16))
    default:
        __builtin_unreachable(); /* rows.c chose it, from these */
    }
#undef AT
#undef CASES
}

#endif
