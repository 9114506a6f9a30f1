/* Borrowed text: comparing, cutting, numbers, UTF-8, and the nearest of several names. */
#include "base/str.h"

static unsigned char lower(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? (unsigned char)(u + 32) : u;
}

bool hs_str_eq_nocase(hs_str a, hs_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    }
    return true;
}

int hs_str_cmp(hs_str a, hs_str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.at, b.at, common) : 0;
    if (order)
        return order < 0 ? -1 : 1;
    return (a.len > b.len) - (a.len < b.len);
}

bool hs_str_starts(hs_str s, hs_str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.at, prefix.at, prefix.len) == 0);
}

bool hs_str_ends(hs_str s, hs_str suffix)
{
    return s.len >= suffix.len && (suffix.len == 0 || memcmp(s.at + (s.len - suffix.len), suffix.at, suffix.len) == 0);
}

hs_str hs_str_cut(hs_str *s, char c)
{
    const char *found = s->len ? memchr(s->at, c, s->len) : NULL;
    hs_str head = *s;
    if (!found) {
        *s = (hs_str){NULL, 0};
        return head;
    }
    head.len = (size_t)(found - s->at);
    *s = (hs_str){found + 1, s->len - head.len - 1};
    return head;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

hs_str hs_str_trim(hs_str s)
{
    while (s.len && is_space(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len && is_space(s.at[s.len - 1]))
        s.len--;
    return s;
}

bool hs_str_to_u64(hs_str s, uint64_t *out)
{
    if (s.len == 0)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.at[i] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

bool hs_str_to_i64(hs_str s, int64_t *out)
{
    bool minus = s.len && s.at[0] == '-';
    if (minus || (s.len && s.at[0] == '+')) {
        s.at++;
        s.len--;
    }
    uint64_t size;
    if (!hs_str_to_u64(s, &size) || size > (uint64_t)INT64_MAX + (minus ? 1u : 0u))
        return false;
    *out = minus ? (int64_t)(0 - size) : (int64_t)size;
    return true;
}

/* Bytes of the well-formed sequence at p (Unicode table 3-7: no overlong forms, no surrogates), or 0. */
static size_t utf8_step(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    size_t size = p[0] >= 0xC2 && p[0] <= 0xDF ? 2 : (p[0] & 0xF0) == 0xE0 ? 3 : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4 : 0;
    if (size == 0 || size > left)
        return 0;
    unsigned char low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    }
    return size;
}

bool hs_utf8_valid(hs_str s)
{
    const unsigned char *p = (const unsigned char *)s.at;
    for (size_t at = 0; at < s.len;) {
        uint64_t eight;
        if (s.len - at >= sizeof eight) { /* next to all text there is: bytes of ASCII */
            memcpy(&eight, p + at, sizeof eight);
            if (!(eight & 0x8080808080808080u)) {
                at += sizeof eight;
                continue;
            }
        }
        size_t step = utf8_step(p + at, s.len - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

enum { NEAR_MAX = 64 }; /* names longer than this get no suggestion */

/* Levenshtein over bytes with one row; both at most NEAR_MAX long. */
static size_t distance(hs_str a, hs_str b)
{
    size_t row[NEAR_MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t change = diagonal + (lower(a.at[i - 1]) != lower(b.at[j - 1]));
            diagonal = row[j];
            size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
            row[j] = change < shorter + 1 ? change : shorter + 1;
        }
    }
    return row[b.len];
}

hs_str hs_str_nearest(hs_str wanted, const hs_str *names, size_t count)
{
    hs_str best = {"", 0};
    size_t best_distance = 3;
    if (wanted.len == 0 || wanted.len > NEAR_MAX)
        return best;
    for (size_t i = 0; i < count; i++) {
        size_t gap = names[i].len > wanted.len ? names[i].len - wanted.len : wanted.len - names[i].len;
        if (names[i].len > NEAR_MAX || gap > 2)
            continue;
        size_t far = distance(wanted, names[i]);
        if (far < best_distance && far * 2 < wanted.len) {
            best = names[i];
            best_distance = far;
        }
    }
    return best;
}
