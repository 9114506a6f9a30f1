/* Writers of single values into room that the caller has made, each returning where it ended. Those that a wide answer
 * is made of are inline; none needs more than HS_PG_PUT_MOST bytes. */
#ifndef HS_FRONT_PG_PUT_H
#define HS_FRONT_PG_PUT_H

#include "front/pg/values/values_in.h"

enum { HS_PG_PUT_MOST = 128 };

extern const char hs_pg_pairs[201];           /* "00" to "99" */
extern const uint64_t hs_pg_powers[20];       /* of ten */
unsigned __int128 hs_pg_power128(unsigned n); /* of ten, n up to 38 */

static inline char *hs_pg_put16(char *p, uint16_t v)
{
    v = __builtin_bswap16(v);
    memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

static inline char *hs_pg_put32(char *p, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

static inline char *hs_pg_put64(char *p, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

static inline char *hs_pg_put_words(char *p, const char *text, size_t len)
{
    memcpy(p, text, len);
    return p + len;
}
#define HS_PG_PUT_WORDS(p, literal) hs_pg_put_words((p), (literal), sizeof(literal) - 1)

static inline char *hs_pg_put_pair(char *p, uint32_t v)
{
    memcpy(p, hs_pg_pairs + (size_t)2 * v, 2);
    return p + 2;
}

static inline unsigned hs_pg_digit_count(uint64_t v)
{
    unsigned guess = (unsigned)(64 - __builtin_clzll(v | 1)) * 1233 >> 12;
    return guess + 1 - ((v | 1) < hs_pg_powers[guess]);
}

static inline char *hs_pg_put_u64(char *p, uint64_t v)
{
    char *end = p + hs_pg_digit_count(v), *at = end;
    while (v > UINT32_MAX) {
        at = hs_pg_put_pair(at - 2, (uint32_t)(v % 100)) - 2;
        v /= 100;
    }
    uint32_t small = (uint32_t)v;
    while (small >= 100) {
        at = hs_pg_put_pair(at - 2, small % 100) - 2;
        small /= 100;
    }
    if (small >= 10)
        hs_pg_put_pair(at - 2, small);
    else
        at[-1] = (char)('0' + small);
    return end;
}

static inline char *hs_pg_put_i64(char *p, int64_t v)
{
    *p = '-';
    return hs_pg_put_u64(p + (v < 0), v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

/* Exactly n digits, n >= 1. */
static inline char *hs_pg_put_padded(char *p, uint64_t v, unsigned n)
{
    char *at = p + n;
    for (; at - p >= 2; v /= 100)
        at = hs_pg_put_pair(at - 2, (uint32_t)(v % 100)) - 2;
    if (at > p)
        *p = (char)('0' + v % 10);
    return p + n;
}

/* ---- numeric ---- */
/* scale 0 to 19 */
static inline char *hs_pg_put_decimal64(char *p, int64_t v, unsigned scale)
{
    uint64_t all = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    *p = '-';
    p += v < 0;
    if (scale == 2) {
        p = hs_pg_put_u64(p, all / 100);
        *p = '.';
        return hs_pg_put_pair(p + 1, (uint32_t)(all % 100));
    }
    if (!scale)
        return hs_pg_put_u64(p, all);
    uint64_t unit = hs_pg_powers[scale];
    p = hs_pg_put_u64(p, all / unit);
    *p = '.';
    return hs_pg_put_padded(p + 1, all % unit, scale);
}
char *hs_pg_put_decimal128(char *p, __int128 v, unsigned scale);

/* Digits of base 10000 around the point, none of them a zero at either end. */
char *hs_pg_put_numeric128(char *p, __int128 v, unsigned scale);

/* The four words before the digits: how many, the power of 10000 of the first, the sign, digits to show. */
static inline char *hs_pg_put_numeric_head(char *p, unsigned count, int weight, bool negative, unsigned scale)
{
    return hs_pg_put64(p,
                       (uint64_t)count << 48 | (uint64_t)(uint16_t)weight << 32 | (negative ? 0x40000000u : 0) | scale);
}

/* Four digits of base 10000 make one word of 64 bits, in which zeros at either end are counted and not looked for.
 * `groups`: of them behind the point. */
static inline char *hs_pg_put_numeric_four(char *p, uint64_t v, bool negative, int groups, unsigned scale)
{
    uint32_t high = (uint32_t)(v / 100000000), low = (uint32_t)(v % 100000000);
    uint64_t x = (uint64_t)(high / 10000) << 48 | (uint64_t)(high % 10000) << 32 | (low / 10000) << 16 | low % 10000;
    if (__builtin_expect(!x, 0))
        return hs_pg_put_numeric_head(p, 0, 0, false, scale);
    unsigned above = (unsigned)__builtin_clzll(x) / 16, below = (unsigned)__builtin_ctzll(x) / 16;
    unsigned count = 4 - above - below;
    p = hs_pg_put_numeric_head(p, count, 3 - (int)above - groups, negative, scale);
    hs_pg_put64(p, x << (16 * above));
    return p + (size_t)2 * count;
}

static inline char *hs_pg_put_numeric64(char *p, int64_t v, unsigned scale)
{
    static const uint64_t align[] = {1, 1000, 100, 10};
    uint64_t all = v < 0 ? 0 - (uint64_t)v : (uint64_t)v, aligned;
    if (__builtin_expect(__builtin_mul_overflow(all, align[scale % 4], &aligned) || aligned >= 10000000000000000u, 0))
        return hs_pg_put_numeric128(p, v, scale);
    return hs_pg_put_numeric_four(p, aligned, v < 0, (int)((scale + 3) / 4), scale);
}

/* ---- dates ---- */
struct hs_pg_civil {
    int32_t year; /* 0: 1 BC */
    uint32_t month, day;
};

/* Days from 8000 BC on: unsigned arithmetic in eras of 400 years that begin in March. */
static inline struct hs_pg_civil hs_pg_civil_of(int32_t days)
{
    uint32_t z = (uint32_t)days + 719468u + 20u * 146097u;
    uint32_t era = z / 146097, doe = z % 146097;
    uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    uint32_t mp = (5 * doy + 2) / 153;
    uint32_t month = mp < 10 ? mp + 3 : mp - 9;
    return (struct hs_pg_civil){(int32_t)(yoe + era * 400) - 8000 + (month <= 2), month, doy - (153 * mp + 2) / 5 + 1};
}

static inline bool hs_pg_date_fits(int32_t days)
{
    return days >= HS_PG_DATE_MIN && days < HS_PG_DATE_END;
}

static inline char *hs_pg_put_year(char *p, int32_t year)
{
    uint32_t shown = (uint32_t)(year > 0 ? year : 1 - year);
    if (__builtin_expect(shown > 9999, 0))
        return hs_pg_put_u64(p, shown);
    return hs_pg_put_pair(hs_pg_put_pair(p, shown / 100), shown % 100);
}

static inline char *hs_pg_put_iso_day(char *p, struct hs_pg_civil c)
{
    p = hs_pg_put_year(p, c.year);
    *p = '-';
    p = hs_pg_put_pair(p + 1, c.month);
    *p = '-';
    return hs_pg_put_pair(p + 1, c.day);
}

static inline char *hs_pg_put_era(char *p, int32_t year)
{
    return __builtin_expect(year <= 0, 0) ? HS_PG_PUT_WORDS(p, " BC") : p;
}

static inline char *hs_pg_put_fraction(char *p, uint32_t us)
{
    if (!us)
        return p;
    *p = '.';
    p = hs_pg_put_padded(p + 1, us, 6);
    while (p[-1] == '0')
        p--;
    return p;
}

/* Microseconds of a day, up to and with 24:00:00. */
static inline char *hs_pg_put_clock(char *p, int64_t us)
{
    uint32_t second = (uint32_t)((uint64_t)us / 1000000), fraction = (uint32_t)((uint64_t)us % 1000000);
    p = hs_pg_put_pair(p, second / 3600);
    *p = ':';
    p = hs_pg_put_pair(p + 1, second / 60 % 60);
    *p = ':';
    return hs_pg_put_fraction(hs_pg_put_pair(p + 1, second % 60), fraction);
}

/* A local time since 1970; floor division. */
static inline int32_t hs_pg_day_of(int64_t us, int64_t *out_rest)
{
    int64_t day = us / HS_PG_DAY_US - (us % HS_PG_DAY_US < 0);
    *out_rest = us - day * HS_PG_DAY_US;
    return (int32_t)day;
}

/* Any style; days and times that fit. zone: NULL for a timestamp without one. */
char *hs_pg_put_date(char *p, int32_t days, const struct hs_pg_style *style);
char *hs_pg_put_timestamp(char *p, int64_t local_us, const struct hs_pg_style *style,
                          const struct hs_pg_zone_type *zone);
char *hs_pg_put_offset(char *p, int32_t seconds_east);
char *hs_pg_put_interval(char *p, int32_t months, int32_t days, int64_t us, enum hs_pg_interval_style style);

/* ---- floats ---- */
void hs_pg_float_init(void); /* once before the two; thread-safe */
char *hs_pg_put_double(char *p, double v, int extra_float_digits);
char *hs_pg_put_float(char *p, float v, int extra_float_digits);

/* ---- others ---- */
static inline char *hs_pg_put_uuid(char *p, const uint8_t *bytes)
{
    static const char hex[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = hex[bytes[i] >> 4];
        *p++ = hex[bytes[i] & 15];
    }
    return p;
}

#endif
