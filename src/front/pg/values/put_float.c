/* The shortest decimal that reads back as the same number, by Raffaello Giulietti's Schubfach ("The Schubfach way to
 * render doubles", 2020), in the form in which PostgreSQL 12 and later print it. PostgreSQL takes no decimal that lies
 * on the very border between two numbers (it would read back by round-half-even), so the intervals here are open on
 * both sides; of several shortest the nearest is taken. */
#include "front/pg/values/put.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>

/* 10^k, k from LOWEST on, as 128 bits of which the highest is set, rounded up. */
enum { LOWEST = -292, HIGHEST = 324, LIMBS = 20 };
struct power {
    uint64_t high, low;
};
static struct power powers[HIGHEST - LOWEST + 1];

/* ---- making the table ---- */
struct big { /* least significant first */
    uint64_t limb[LIMBS];
};

static void times_five(struct big *b)
{
    unsigned __int128 carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (unsigned __int128)b->limb[i] * 5;
        b->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

static void over_five(struct big *b)
{
    unsigned __int128 rest = 0;
    for (int i = LIMBS - 1; i >= 0; i--) {
        rest = rest << 64 | b->limb[i];
        b->limb[i] = (uint64_t)(rest / 5);
        rest %= 5;
    }
}

/* The highest 128 bits; *rest tells whether anything is below them. */
static struct power top_of(const struct big *b, bool *rest)
{
    int i = LIMBS - 1;
    while (i > 0 && !b->limb[i])
        i--;
    int shift = __builtin_clzll(b->limb[i] | 1);
    uint64_t limb[3] = {b->limb[i], i > 0 ? b->limb[i - 1] : 0, i > 1 ? b->limb[i - 2] : 0};
    struct power out = {limb[0], limb[1]};
    if (shift) {
        out.high = limb[0] << shift | limb[1] >> (64 - shift);
        out.low = limb[1] << shift | limb[2] >> (64 - shift);
    }
    *rest = limb[2] << shift != 0;
    for (int k = 0; k < i - 2; k++)
        *rest = *rest || b->limb[k];
    return out;
}

static struct power rounded_up(struct power p, bool rest)
{
    p.low += rest;
    p.high += rest && !p.low;
    return p;
}

/* Floors of floors are floors, so dividing by five again and again loses nothing; what is left after the last is long
 * enough: 1216 bits less 678. */
static void make_powers(void)
{
    struct big up = {.limb = {1}}, down = {.limb = {[LIMBS - 1] = 1}};
    bool rest;
    for (int k = 0; k <= HIGHEST; k++, times_five(&up)) {
        struct power p = top_of(&up, &rest);
        powers[k - LOWEST] = rounded_up(p, rest);
    }
    for (int k = -1; k >= LOWEST; k--) {
        over_five(&down);
        powers[k - LOWEST] = rounded_up(top_of(&down, &rest), true); /* never exact */
    }
}

void hs_pg_float_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_powers);
}

/* ---- the algorithm ---- */
static int floor_log10_pow2(int e)
{
    return (e * 1262611) >> 22;
}
static int floor_log10_three_quarters_pow2(int e)
{
    return (e * 1262611 - 524031) >> 22;
}
static int floor_log2_pow10(int e)
{
    return (e * 1741647) >> 19;
}

/* The product's part above 2^128, its lowest bit set where anything lies below. */
static uint64_t round_to_odd(struct power g, uint64_t c)
{
    unsigned __int128 x = (unsigned __int128)g.low * c;
    unsigned __int128 y = (unsigned __int128)g.high * c + (uint64_t)(x >> 64);
    return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

struct decimal { /* digits * 10^exponent */
    uint64_t digits;
    int exponent;
};

/* c * 2^q; uneven: the number below is nearer than the one above. */
static struct decimal shortest(uint64_t c, int q, bool uneven)
{
    int k = uneven ? floor_log10_three_quarters_pow2(q) : floor_log10_pow2(q);
    int h = q + floor_log2_pow10(-k) + 1;
    struct power g = powers[-k - LOWEST];
    uint64_t lower = round_to_odd(g, (4 * c - 2 + uneven) << h) + 1;
    uint64_t value = round_to_odd(g, (4 * c) << h);
    uint64_t upper = round_to_odd(g, (4 * c + 2) << h) - 1;
    uint64_t s = value / 4;
    if (s >= 10) {
        uint64_t tens = s / 10;
        bool below = lower <= 40 * tens, above = 40 * tens + 40 <= upper;
        if (below != above)
            return (struct decimal){tens + above, k + 1};
    }
    bool below = lower <= 4 * s, above = 4 * s + 4 <= upper;
    if (below != above)
        return (struct decimal){s + above, k};
    uint64_t mid = 4 * s + 2;
    return (struct decimal){s + (value > mid || (value == mid && (s & 1))), k};
}

/* Of a fraction of `bits` bits below a hidden one, with exponents counted from `bias`. */
static struct decimal decimal_of(uint64_t fraction, int exponent, int bits, int bias)
{
    uint64_t hidden = 1ull << bits;
    struct decimal d;
    uint64_t c = exponent ? hidden | fraction : fraction;
    int q = (exponent ? exponent : 1) - bias - bits;
    if (q <= 0 && q >= -bits && !(c & ((1ull << -q) - 1)))
        d = (struct decimal){c >> -q, 0}; /* a whole number */
    else
        d = shortest(c, q, !fraction && exponent > 1);
    while (d.digits >= 10 && d.digits % 10 == 0) {
        d.digits /= 10;
        d.exponent++;
    }
    return d;
}

/* ---- the form ---- */
static char *put_zeros(char *p, int n)
{
    for (; n > 0; n--)
        *p++ = '0';
    return p;
}

static char *put_scientific(char *p, const char *digits, int count, int exponent)
{
    *p++ = digits[0];
    if (count > 1) {
        *p++ = '.';
        p = hs_pg_put_words(p, digits + 1, (size_t)count - 1);
    }
    *p++ = 'e';
    *p++ = exponent < 0 ? '-' : '+';
    uint32_t e = (uint32_t)(exponent < 0 ? -exponent : exponent);
    return e < 100 ? hs_pg_put_pair(p, e) : hs_pg_put_u64(p, e);
}

/* Plain down to 0.0001 and below 10^plain_end, as %g with the digits that the type is sure of. */
static char *put_decimal(char *p, struct decimal d, int plain_end)
{
    char digits[20] = "0";
    int count = (int)(hs_pg_put_u64(digits, d.digits) - digits), exponent = d.exponent + count - 1;
    if (exponent < -4 || exponent >= plain_end)
        return put_scientific(p, digits, count, exponent);
    if (exponent < 0) {
        p = put_zeros(HS_PG_PUT_WORDS(p, "0."), -exponent - 1);
        return hs_pg_put_words(p, digits, (size_t)count);
    }
    if (d.exponent >= 0)
        return put_zeros(hs_pg_put_words(p, digits, (size_t)count), d.exponent);
    p = hs_pg_put_words(p, digits, (size_t)exponent + 1);
    *p++ = '.';
    return hs_pg_put_words(p, digits + exponent + 1, (size_t)(count - exponent - 1));
}

static char *put_special(char *p, double v)
{
    if (isnan(v))
        return HS_PG_PUT_WORDS(p, "NaN");
    return v < 0 ? HS_PG_PUT_WORDS(p, "-Infinity") : HS_PG_PUT_WORDS(p, "Infinity");
}

static char *put_rounded(char *p, double v, int digits)
{
    return p + snprintf(p, HS_PG_PUT_MOST, "%.*g", digits < 1 ? 1 : digits, v);
}

char *hs_pg_put_double(char *p, double v, int extra_float_digits)
{
    if (!isfinite(v))
        return put_special(p, v);
    if (extra_float_digits <= 0)
        return put_rounded(p, v, 15 + extra_float_digits);
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    *p = '-';
    p += bits >> 63;
    if (!(bits << 1))
        return HS_PG_PUT_WORDS(p, "0");
    return put_decimal(p, decimal_of(bits & 0xFFFFFFFFFFFFFull, (int)(bits >> 52 & 0x7FF), 52, 1023), 15);
}

char *hs_pg_put_float(char *p, float v, int extra_float_digits)
{
    if (!isfinite(v))
        return put_special(p, (double)v);
    if (extra_float_digits <= 0)
        return put_rounded(p, (double)v, 6 + extra_float_digits);
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    *p = '-';
    p += bits >> 31;
    if (!(bits << 1))
        return HS_PG_PUT_WORDS(p, "0");
    return put_decimal(p, decimal_of(bits & 0x7FFFFF, (int)(bits >> 23 & 0xFF), 23, 127), 6);
}
