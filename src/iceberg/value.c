#include "iceberg/value.h"

bool hs_decimal_of_bytes(hs_str bytes, __int128 *out)
{
    const uint8_t *at = (const uint8_t *)bytes.at;
    if (bytes.len == 0)
        return false;
    uint8_t sign = at[0] & 0x80 ? 0xff : 0;
    unsigned __int128 v = sign ? ~(unsigned __int128)0 : 0;
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.len - i > 16 && at[i] != sign)
            return false;
        v = v << 8 | at[i];
    }
    *out = (__int128)v;
    return bytes.len <= 16 || ((*out < 0) == (sign != 0));
}

hs_str hs_decimal_text(struct hs_arena *a, __int128 unscaled, int scale)
{
    char text[64], *end = text + sizeof text, *at = end;
    unsigned __int128 rest = unscaled < 0 ? -(unsigned __int128)unscaled : (unsigned __int128)unscaled;
    int digits = 0;
    do {
        if (scale > 0 && digits == scale)
            *--at = '.';
        *--at = (char)('0' + (int)(rest % 10));
        rest /= 10;
        digits++;
    } while (rest || digits <= scale);
    if (unscaled < 0)
        *--at = '-';
    return hs_arena_str(a, hs_str_n(at, (size_t)(end - at)));
}

static bool add_digit(__int128 *v, char c)
{
    return c >= '0' && c <= '9' && !__builtin_mul_overflow(*v, (__int128)10, v) &&
           !__builtin_add_overflow(*v, (__int128)(c - '0'), v);
}

bool hs_decimal_of_text(hs_str text, int scale, __int128 *out)
{
    __int128 v = 0;
    int after = -1; /* digits behind the point */
    size_t i = text.len && (text.at[0] == '-' || text.at[0] == '+');
    if (i == text.len)
        return false;
    for (size_t from = i; i < text.len; i++) {
        if (text.at[i] == '.' && after < 0 && (i > from || i + 1 < text.len)) {
            after = 0;
        } else if (after >= scale && text.at[i] == '0') {
            continue; /* 1.500 with scale 1 */
        } else if (after >= scale || !add_digit(&v, text.at[i])) {
            return false;
        } else if (after >= 0) {
            after++;
        }
    }
    for (after = after < 0 ? 0 : after; after < scale; after++)
        if (!add_digit(&v, '0'))
            return false;
    *out = text.at[0] == '-' ? -v : v;
    return true;
}

bool hs_uuid_of_text(hs_str text, uint8_t out[16])
{
    size_t digit = 0;
    if (text.len != 36)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        int n = hs_hex_digit(text.at[i]);
        if (dash ? text.at[i] != '-' : n < 0)
            return false;
        if (dash)
            continue;
        out[digit / 2] = (uint8_t)(digit % 2 ? out[digit / 2] | n : n << 4);
        digit++;
    }
    return true;
}
