/* Owned, growing bytes (str.h) and the texts written into them: JSON, SQL, hex, base64. */
#include "base/str.h"

#include "base/alloc.h"

#include <stdio.h>

void hs_buf_init(struct hs_buf *b, size_t max)
{
    *b = (struct hs_buf){.max = max < SIZE_MAX ? max : SIZE_MAX - 1}; /* one byte stays free for the final NUL */
}

void hs_buf_fini(struct hs_buf *b)
{
    if (!b)
        return;
    hs_free(b->at);
    *b = (struct hs_buf){.max = b->max};
}

void hs_buf_clear(struct hs_buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->at)
        b->at[0] = 0;
}

static bool grow(struct hs_buf *b, size_t need)
{
    size_t cap = b->cap < 32 ? 64 : b->cap;
    while (cap < need)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    if (cap > b->max)
        cap = b->max;
    char *at = hs_realloc(b->at, cap + 1);
    if (!at)
        return false;
    if (!b->at)
        at[0] = 0;
    b->at = at;
    b->cap = cap;
    return true;
}

char *hs_buf_room(struct hs_buf *b, size_t n)
{
    if (b->failed)
        return NULL;
    if (n > b->max - b->len || ((b->at == NULL || b->cap - b->len < n) && !grow(b, b->len + n))) {
        b->failed = true;
        return NULL;
    }
    b->at[b->len + n] = 0; /* the caller's len += n then keeps the invariant */
    return b->at + b->len;
}

void hs_buf_add(struct hs_buf *b, const void *at, size_t len)
{
    char *room = hs_buf_room(b, len);
    if (!room)
        return;
    if (len)
        memcpy(room, at, len);
    b->len += len;
}

void hs_buf_addc(struct hs_buf *b, char c)
{
    hs_buf_add(b, &c, 1);
}

void hs_buf_adds(struct hs_buf *b, hs_str s)
{
    hs_buf_add(b, s.at, s.len);
}

void hs_buf_addz(struct hs_buf *b, const char *text)
{
    hs_buf_add(b, text, strlen(text));
}

void hs_buf_addf(struct hs_buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *room = size < 0 ? NULL : hs_buf_room(b, (size_t)size);
    if (room) {
        vsnprintf(room, (size_t)size + 1, format, again);
        b->len += (size_t)size;
    } else {
        b->failed = true;
    }
    va_end(again);
}

void hs_buf_drop(struct hs_buf *b, size_t n)
{
    if (n > b->len)
        n = b->len;
    if (n == 0)
        return;
    memmove(b->at, b->at + n, b->len - n);
    b->len -= n;
    b->at[b->len] = 0;
}

hs_rc hs_buf_done(const struct hs_buf *b, struct hs_err *err)
{
    if (!b->failed)
        return HS_OK;
    if (b->max - b->len < 64 || b->cap == b->max)
        return hs_fail(err, HS_LIMIT, "a text or message is larger than %zu bytes", b->max);
    return hs_fail(err, HS_NOMEM, "out of memory");
}

/* The length of the well-formed sequence at the front of s, or 0. */
static size_t utf8_len(hs_str s)
{
    for (size_t n = 1; n <= 4 && n <= s.len; n++) {
        if (hs_utf8_valid((hs_str){s.at, n}))
            return n;
    }
    return 0;
}

static void add_json_ascii(struct hs_buf *b, unsigned char c)
{
    static const char SHORT[] = {
        ['"'] = '"', ['\\'] = '\\', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['\b'] = 'b', ['\f'] = 'f'};
    if (c < sizeof SHORT && SHORT[c]) {
        hs_buf_addc(b, '\\');
        hs_buf_addc(b, SHORT[c]);
    } else if (c < 0x20 || c == 0x7f) {
        hs_buf_addf(b, "\\u%04x", c);
    } else {
        hs_buf_addc(b, (char)c);
    }
}

void hs_buf_add_json(struct hs_buf *b, hs_str s)
{
    hs_buf_addc(b, '"');
    while (s.len) {
        size_t step = utf8_len(s);
        if (step == 1)
            add_json_ascii(b, (unsigned char)s.at[0]);
        else if (step)
            hs_buf_add(b, s.at, step);
        else
            hs_buf_addz(b, "\xEF\xBF\xBD");
        s.at += step ? step : 1;
        s.len -= step ? step : 1;
    }
    hs_buf_addc(b, '"');
}

static void add_quoted(struct hs_buf *b, hs_str s, char quote)
{
    hs_buf_addc(b, quote);
    while (s.len) {
        const char *found = memchr(s.at, quote, s.len);
        size_t plain = found ? (size_t)(found - s.at) + 1 : s.len;
        hs_buf_add(b, s.at, plain);
        if (found)
            hs_buf_addc(b, quote);
        s.at += plain;
        s.len -= plain;
    }
    hs_buf_addc(b, quote);
}

void hs_buf_add_sql_text(struct hs_buf *b, hs_str s)
{
    add_quoted(b, s, '\'');
}

void hs_buf_add_sql_name(struct hs_buf *b, hs_str s)
{
    add_quoted(b, s, '"');
}

int hs_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void hs_buf_add_hex(struct hs_buf *b, const void *at, size_t len)
{
    static const char DIGITS[] = "0123456789abcdef";
    const unsigned char *p = at;
    char *room = len > SIZE_MAX / 2 ? NULL : hs_buf_room(b, 2 * len);
    b->failed |= !room;
    for (size_t i = 0; room && i < len; i++) {
        room[2 * i] = DIGITS[p[i] >> 4];
        room[2 * i + 1] = DIGITS[p[i] & 15];
    }
    b->len += room ? 2 * len : 0;
}

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hs_buf_add_base64(struct hs_buf *b, const void *at, size_t len)
{
    const unsigned char *p = at;
    for (; len > 0; p += 3, len -= len < 3 ? len : 3) {
        uint32_t bits = (uint32_t)p[0] << 16 | (len > 1 ? (uint32_t)p[1] << 8 : 0) | (len > 2 ? p[2] : 0);
        char four[4] = {BASE64[bits >> 18], BASE64[bits >> 12 & 63], len > 1 ? BASE64[bits >> 6 & 63] : '=',
                        len > 2 ? BASE64[bits & 63] : '='};
        hs_buf_add(b, four, 4);
    }
}

static int base64_value(char c)
{
    const char *found = c ? strchr(BASE64, c) : NULL;
    return found ? (int)(found - BASE64) : -1;
}

/* Adds the bytes of a last group of 2 or 3 digits; the bits beyond them must be zero, so that each text has one form.
 */
static bool add_last_group(struct hs_buf *b, uint32_t bits, size_t digits)
{
    if (digits == 0)
        return true;
    if (digits == 1 || (bits & (digits == 2 ? 15u : 3u)))
        return false;
    bits <<= 6 * (4 - digits);
    char two[2] = {(char)(bits >> 16), (char)(bits >> 8)};
    hs_buf_add(b, two, digits - 1);
    return !b->failed;
}

bool hs_buf_add_base64_decoded(struct hs_buf *b, hs_str text)
{
    size_t before = b->len, padding = 0;
    while (padding < 2 && text.len > padding && text.at[text.len - 1 - padding] == '=')
        padding++;
    if (padding && text.len % 4)
        return false;
    text.len -= padding;
    uint32_t bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_value(text.at[i]);
        if (value < 0)
            goto bad;
        bits = (i % 4 ? bits << 6 : 0) | (uint32_t)value;
        if (i % 4 == 3)
            hs_buf_add(b, (char[]){(char)(bits >> 16), (char)(bits >> 8), (char)bits}, 3);
    }
    if (add_last_group(b, bits, text.len % 4) && !b->failed)
        return true;
bad:
    b->len = before;
    if (b->at)
        b->at[before] = 0;
    return false;
}
