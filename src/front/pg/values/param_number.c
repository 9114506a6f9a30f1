/* Numbers as PostgreSQL takes them. */
#include "front/pg/values/param_in.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

hs_rc hs_pg_read_int(struct hs_pg_reader *r, const char *type, hs_str text, int64_t from, int64_t to, int64_t *out)
{
    hs_str s = hs_pg_read_trim(text);
    bool negative = s.len && s.at[0] == '-', over = false;
    size_t i = negative || (s.len && s.at[0] == '+');
    uint64_t v = 0, most = (uint64_t)INT64_MAX + negative;
    if (i == s.len)
        return hs_pg_read_syntax(r, type, text);
    for (; i < s.len; i++) {
        if (!isdigit((unsigned char)s.at[i]))
            return hs_pg_read_syntax(r, type, text);
        over = over || __builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(s.at[i] - '0'), &v);
    }
    over = over || v > most;
    int64_t value = negative ? (int64_t)(0 - v) : (int64_t)v;
    if (over || value < from || value > to)
        return hs_pg_read_failed(r, "22003", "value \"%.*s\" is out of range for type %s",
                                 (int)(s.len < 80 ? s.len : 80), s.at, type);
    *out = value;
    return HS_OK;
}

/* Any beginning of a word that is no beginning of another. */
hs_rc hs_pg_read_bool(struct hs_pg_reader *r, hs_str text, int64_t *out)
{
    static const struct {
        const char *word;
        size_t least;
        int64_t value;
    } words[] = {{"true", 1, 1}, {"false", 1, 0}, {"yes", 1, 1}, {"no", 1, 0},
                 {"on", 2, 1},   {"off", 2, 0},   {"1", 1, 1},   {"0", 1, 0}};
    hs_str s = hs_pg_read_trim(text);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        hs_str word = hs_str_of(words[i].word);
        if (s.len >= words[i].least && s.len <= word.len && hs_str_eq_nocase(s, hs_str_n(word.at, s.len))) {
            *out = words[i].value;
            return HS_OK;
        }
    }
    return hs_pg_read_syntax(r, "boolean", text);
}

/* ---- floats ---- */
enum { FLOAT_TEXT_MAX = 4096 };

static bool special_float(hs_str s, double *out)
{
    bool negative = s.len && s.at[0] == '-';
    hs_str word = s;
    if (s.len && (s.at[0] == '-' || s.at[0] == '+'))
        word = hs_str_n(s.at + 1, s.len - 1);
    if (hs_str_eq_nocase(s, HS_S("nan")))
        *out = (double)NAN;
    else if (hs_str_eq_nocase(word, HS_S("infinity")) || hs_str_eq_nocase(word, HS_S("inf")))
        *out = negative ? (double)-INFINITY : (double)INFINITY;
    else
        return false;
    return true;
}

hs_rc hs_pg_read_float(struct hs_pg_reader *r, bool wide, hs_str text, double *out)
{
    const char *type = wide ? "double precision" : "real";
    hs_str s = hs_pg_read_trim(text);
    if (special_float(s, out))
        return HS_OK;
    if (!s.len || s.len > FLOAT_TEXT_MAX || memchr(s.at, 0, s.len))
        return hs_pg_read_syntax(r, type, text);
    for (size_t i = 0; i < s.len; i++) /* neither words nor digits of base 16 */
        if (!isdigit((unsigned char)s.at[i]) && !strchr("+-.eE", s.at[i]))
            return hs_pg_read_syntax(r, type, text);
    hs_str copy = hs_arena_str(r->arena, s);
    if (!copy.at)
        return hs_fail(r->err, HS_NOMEM, "out of memory");
    char *end;
    errno = 0;
    double v = wide ? strtod(copy.at, &end) : (double)strtof(copy.at, &end);
    if (end != copy.at + copy.len)
        return hs_pg_read_syntax(r, type, text);
    if (errno == ERANGE && (v == 0 || isinf(v)))
        return hs_pg_read_failed(r, "22003", "\"%.*s\" is out of range for type %s", (int)(s.len < 80 ? s.len : 80),
                                 s.at, type);
    *out = v;
    return HS_OK;
}

/* ---- numeric ---- */
enum { DIGITS_MAX = 38, SHORT_SCALE = 6, NUMERIC_TEXT_MAX = 200000 };

static hs_rc too_wide(struct hs_pg_reader *r)
{
    return hs_pg_read_failed(r, "22003", "a numeric of more than %d digits cannot be bound", DIGITS_MAX);
}

/* The engine's decimals have none of them. */
static hs_rc no_number(struct hs_pg_reader *r)
{
    hs_rc rc = hs_fail(r->err, HS_UNSUPPORTED, "NaN and infinities of type numeric are not supported; bind a float");
    hs_err_state(r->err, "0A000");
    return rc;
}

static char *put(char *p, const char *at, size_t n)
{
    memcpy(p, at, n);
    return p + n;
}

static char *put_zeros(char *p, size_t n)
{
    memset(p, '0', n);
    return p + n;
}

/* Digits without a sign, of which the last `scale` stand behind the point (below 0: zeros are missing). What is zero at
 * either end goes where it must for the rest to fit. */
static hs_rc keep_numeric(struct hs_pg_reader *r, bool negative, const char *digits, size_t count, int64_t scale,
                          struct hs_param *out)
{
    while (count && *digits == '0') {
        digits++;
        count--;
    }
    while (scale > 0 && (scale > DIGITS_MAX || count > DIGITS_MAX) && (!count || digits[count - 1] == '0')) {
        scale--;
        count -= count != 0;
    }
    int64_t zeros = scale < 0 ? -scale : 0;
    scale = scale < 0 ? 0 : scale;
    if (!count)
        zeros = 0;
    if (scale > DIGITS_MAX || zeros > DIGITS_MAX || (int64_t)count + zeros > DIGITS_MAX)
        return too_wide(r);
    char text[2 * DIGITS_MAX + 8], *p = text;
    size_t behind = (size_t)scale < count ? (size_t)scale : count, before = count - behind;
    if (negative && count)
        *p++ = '-';
    p = put(p, digits, before);
    p = put_zeros(p, (size_t)zeros + (!before && !scale));
    if (scale) {
        *p++ = '.'; /* without a zero before it: that would be one digit more */
        p = put_zeros(p, (size_t)scale - behind);
        p = put(p, digits + before, behind);
    }
    out->type = HS_T_DECIMAL;
    out->scale = (int)scale;
    out->precision = (int)((int64_t)count + zeros > scale ? (int64_t)count + zeros : scale);
    out->precision = out->precision ? out->precision : 1;
    if (scale > SHORT_SCALE) /* else there is no room before the point for what it is added to */
        out->precision = DIGITS_MAX;
    out->text = hs_arena_str(r->arena, hs_str_n(text, (size_t)(p - text)));
    return out->text.at ? HS_OK : hs_fail(r->err, HS_NOMEM, "out of memory");
}

/* digits [. digits] [e [sign] digits] */
struct written {
    char *digits;
    size_t count;
    int64_t scale;
};

static bool take_digits(hs_str s, struct written *out)
{
    size_t i = 0;
    bool point = false;
    for (; i < s.len; i++) {
        if (s.at[i] == '.' && !point) {
            point = true;
        } else if (isdigit((unsigned char)s.at[i])) {
            out->digits[out->count++] = s.at[i];
            out->scale += point;
        } else {
            break;
        }
    }
    if (!out->count)
        return false;
    if (i == s.len)
        return true;
    hs_str exponent = hs_str_n(s.at + i + 1, s.len - i - 1);
    int64_t e;
    if ((s.at[i] != 'e' && s.at[i] != 'E') || !exponent.len || exponent.len > 8)
        return false;
    if (exponent.at[0] == '+')
        exponent = hs_str_n(exponent.at + 1, exponent.len - 1);
    if (!exponent.len || !(isdigit((unsigned char)exponent.at[exponent.len - 1])) || !hs_str_to_i64(exponent, &e))
        return false;
    out->scale -= e;
    return true;
}

hs_rc hs_pg_read_numeric(struct hs_pg_reader *r, hs_str text, struct hs_param *out)
{
    hs_str s = hs_pg_read_trim(text);
    struct written w = {NULL, 0, 0};
    if (special_float(s, &out->d))
        return no_number(r);
    bool negative = s.len && s.at[0] == '-';
    if (s.len && (s.at[0] == '-' || s.at[0] == '+'))
        s = hs_str_n(s.at + 1, s.len - 1);
    if (s.len > NUMERIC_TEXT_MAX)
        return hs_pg_read_syntax(r, "numeric", text);
    w.digits = hs_arena_alloc(r->arena, s.len + 1);
    if (!w.digits)
        return hs_fail(r->err, HS_NOMEM, "out of memory");
    if (!take_digits(s, &w))
        return hs_pg_read_syntax(r, "numeric", text);
    return keep_numeric(r, negative, w.digits, w.count, w.scale, out);
}

static uint16_t u16_at(hs_str bytes, size_t at)
{
    return (uint16_t)((uint8_t)bytes.at[at] << 8 | (uint8_t)bytes.at[at + 1]);
}

/* Count of digits of base 10000, weight of the first, sign, digits to show behind the point. */
hs_rc hs_pg_read_numeric_binary(struct hs_pg_reader *r, hs_str bytes, struct hs_param *out)
{
    enum { HEAD = 8, COUNT_MAX = 64, NEGATIVE = 0x4000, NAN_ = 0xC000, PLUS = 0xD000, MINUS = 0xF000, SCALE = 0x3FFF };
    if (bytes.len < HEAD)
        return hs_pg_read_length(r);
    size_t count = u16_at(bytes, 0), shown = u16_at(bytes, 6);
    int weight = (int16_t)u16_at(bytes, 2), sign = u16_at(bytes, 4);
    if (bytes.len != HEAD + 2 * count || shown > SCALE)
        return hs_pg_read_length(r);
    if (sign == NAN_ || sign == PLUS || sign == MINUS)
        return no_number(r);
    if (sign != 0 && sign != NEGATIVE)
        return hs_pg_read_length(r);
    if (count > COUNT_MAX)
        return too_wide(r);
    char digits[COUNT_MAX * 4 + DIGITS_MAX];
    for (size_t i = 0; i < count; i++) {
        unsigned v = u16_at(bytes, HEAD + 2 * i);
        if (v > 9999)
            return hs_pg_read_length(r);
        for (int k = 3; k >= 0; k--, v /= 10)
            digits[4 * i + (size_t)k] = (char)('0' + v % 10);
    }
    int64_t scale = ((int64_t)count - 1 - weight) * 4;
    size_t all = count * 4;
    /* Groups of four have more zeros at the end than are to be shown, or fewer. */
    while (all && scale > (int64_t)shown && digits[all - 1] == '0') {
        scale--;
        all--;
    }
    if (!count)
        scale = shown > DIGITS_MAX ? DIGITS_MAX : (int64_t)shown;
    for (; count && scale < (int64_t)shown && all < COUNT_MAX * 4 + DIGITS_MAX; scale++)
        digits[all++] = '0';
    return keep_numeric(r, sign == NEGATIVE, digits, all, scale, out);
}
