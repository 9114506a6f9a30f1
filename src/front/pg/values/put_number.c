/* Wide numbers: what does not fit 64 bits, and the tables of the narrow ones. */
#include "front/pg/values/put.h"

const char hs_pg_pairs[201] = "00010203040506070809101112131415161718192021222324"
                              "25262728293031323334353637383940414243444546474849"
                              "50515253545556575859606162636465666768697071727374"
                              "75767778798081828384858687888990919293949596979899";

const uint64_t hs_pg_powers[20] = {1ull,
                                   10ull,
                                   100ull,
                                   1000ull,
                                   10000ull,
                                   100000ull,
                                   1000000ull,
                                   10000000ull,
                                   100000000ull,
                                   1000000000ull,
                                   10000000000ull,
                                   100000000000ull,
                                   1000000000000ull,
                                   10000000000000ull,
                                   100000000000000ull,
                                   1000000000000000ull,
                                   10000000000000000ull,
                                   100000000000000000ull,
                                   1000000000000000000ull,
                                   10000000000000000000ull};

unsigned __int128 hs_pg_power128(unsigned n)
{
    if (n < 20)
        return hs_pg_powers[n];
    return (unsigned __int128)hs_pg_powers[19] * hs_pg_powers[n < 38 ? n - 19 : 19];
}

enum { HALF = 19 }; /* digits that fit 64 bits */

static char *put_u128(char *p, unsigned __int128 v)
{
    uint64_t unit = hs_pg_powers[HALF];
    if (v < unit)
        return hs_pg_put_u64(p, (uint64_t)v);
    p = put_u128(p, v / unit);
    return hs_pg_put_padded(p, (uint64_t)(v % unit), HALF);
}

static char *put_padded128(char *p, unsigned __int128 v, unsigned n)
{
    uint64_t unit = hs_pg_powers[HALF];
    if (n <= HALF)
        return hs_pg_put_padded(p, (uint64_t)v, n);
    p = hs_pg_put_padded(p, (uint64_t)(v / unit), n - HALF);
    return hs_pg_put_padded(p, (uint64_t)(v % unit), HALF);
}

char *hs_pg_put_decimal128(char *p, __int128 v, unsigned scale)
{
    if (v == (int64_t)v && scale <= HALF)
        return hs_pg_put_decimal64(p, (int64_t)v, scale);
    unsigned __int128 all = v < 0 ? 0 - (unsigned __int128)v : (unsigned __int128)v, unit = hs_pg_power128(scale);
    *p = '-';
    p = put_u128(p + (v < 0), all / unit);
    if (!scale)
        return p;
    *p = '.';
    return put_padded128(p + 1, all % unit, scale);
}

/* Whole part and fraction apart, for together they may pass 128 bits once the fraction is filled to groups of four. */
char *hs_pg_put_numeric128(char *p, __int128 v, unsigned scale)
{
    static const unsigned fill[] = {1, 1000, 100, 10};
    unsigned __int128 all = v < 0 ? 0 - (unsigned __int128)v : (unsigned __int128)v, unit = hs_pg_power128(scale);
    unsigned __int128 whole = all / unit;
    uint16_t digits[24]; /* from the last on */
    int n = 0, from = 0, groups = (int)(scale + 3) / 4;
    unsigned __int128 rest = all % unit;
    /* Of the fraction only the last group is filled: 38 digits and two more pass 128 bits. */
    if (groups) {
        unsigned of_last = scale % 4 ? scale % 4 : 4;
        uint64_t last = hs_pg_powers[of_last];
        digits[n++] = (uint16_t)((uint64_t)(rest % last) * fill[scale % 4]);
        for (rest /= last; n < groups; rest /= 10000)
            digits[n++] = (uint16_t)(rest % 10000);
    }
    for (; whole; whole /= 10000)
        digits[n++] = (uint16_t)(whole % 10000);
    while (n && !digits[n - 1])
        n--;
    while (from < n && !digits[from])
        from++;
    hs_pg_put16(p, (uint16_t)(n - from));
    hs_pg_put16(p + 2, (uint16_t)(n ? n - 1 - groups : 0));
    hs_pg_put16(p + 4, v < 0 ? 0x4000 : 0);
    hs_pg_put16(p + 6, (uint16_t)scale);
    p += 8;
    for (int i = n; i > from; i--)
        p = hs_pg_put16(p, digits[i - 1]);
    return p;
}
