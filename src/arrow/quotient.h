/* How many digits PostgreSQL shows of a numeric that a division, an average or a root made. There a numeric carries its
 * own number of digits; our columns have one scale. So what makes such numbers (engine/worker/pg/number.c)
 * answers with DECIMAL(38, 20), rounded as PostgreSQL rounds, zeros behind; and who writes it (front/pg, and casts to
 * text) leaves zeros away by this rule, never another digit. DECIMAL(38, 19) is a number that shows what it needs: of a
 * text, of floating point. A table's column of these types loses zeros on the wire of PostgreSQL, nothing else. */
#ifndef HS_ARROW_QUOTIENT_H
#define HS_ARROW_QUOTIENT_H

enum { HS_QUOTIENT_SCALE = 20, HS_BARE_SCALE = 19, HS_QUOTIENT_PRECISION = 38 };

/* Digits behind the point that a quotient has at least: 16 in all, counted in PostgreSQL's groups of four from the
 * first one that is not zero. */
static inline int hs_quotient_digits(unsigned __int128 magnitude)
{
    int exponent = -HS_QUOTIENT_SCALE - 1;
    if (!magnitude)
        return HS_QUOTIENT_SCALE;
    for (; magnitude; magnitude /= 10)
        exponent++;
    int group = exponent >= 0 ? exponent / 4 : -((3 - exponent) / 4);
    int digits = 16 - 4 * group;
    return digits < 0 ? 0 : digits > HS_QUOTIENT_SCALE ? HS_QUOTIENT_SCALE : digits;
}

/* Digits to show behind the point, at most `scale`: all of a plain decimal. */
static inline int hs_decimal_shown(unsigned __int128 magnitude, int precision, int scale)
{
    if (precision != HS_QUOTIENT_PRECISION || (scale != HS_QUOTIENT_SCALE && scale != HS_BARE_SCALE))
        return scale;
    int least = scale == HS_BARE_SCALE ? 0 : hs_quotient_digits(magnitude), needed = scale;
    for (; magnitude && needed && magnitude % 10 == 0; magnitude /= 10)
        needed--;
    if (!magnitude)
        needed = 0;
    if (scale == HS_QUOTIENT_SCALE && needed > least) /* the divisor began with the same group: one group more */
        least = least + 4 < needed ? needed : least + 4;
    return least > scale ? scale : needed > least ? needed : least;
}

#endif
