/* PostgreSQL's functions of text where the engine has none or counts otherwise: places are characters, from
 * 1, and may lie in front of the first one. */
#include "engine/worker/pg/text.h"

/* ---- characters ---- */
static size_t char_bytes(char c)
{
    unsigned char u = (unsigned char)c;
    return u < 0xc0 ? 1 : u < 0xe0 ? 2 : u < 0xf0 ? 3 : 4;
}

size_t pg_next_char(hs_str s, size_t at)
{
    size_t to = at + char_bytes(s.at[at]);
    return to > s.len ? s.len : to;
}

/* Bytes in front of the nth character (from 0); all of them when there are fewer. */
static size_t offset_of(hs_str s, int64_t n, bool bytes)
{
    size_t at = 0;
    if (bytes)
        return n > (int64_t)s.len ? s.len : (size_t)n;
    while (n-- > 0 && at < s.len)
        at = pg_next_char(s, at);
    return at;
}

int64_t pg_chars_of(hs_str s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.at[i] & 0xc0) != 0x80;
    return n;
}

static bool is_bytes(const struct pg_call *c)
{
    return c->types[0].id == DUCKDB_TYPE_BLOB;
}

/* ---- parts ---- */
static hs_str part(hs_str s, int64_t from, int64_t to, bool bytes) /* [from, to), from 1 */
{
    from = from < 1 ? 1 : from;
    if (to <= from)
        return hs_str_n("", 0);
    size_t begin = offset_of(s, from - 1, bytes);
    hs_str rest = hs_str_n(s.at + begin, s.len - begin);
    return hs_str_n(rest.at, offset_of(rest, to - from, bytes));
}

static bool substring(struct pg_call *c, size_t row)
{
    int64_t from = PG_AT(c, int64_t, 1, row), to = INT64_MAX;
    if (c->args > 2) {
        int64_t len = PG_AT(c, int64_t, 2, row);
        if (len < 0)
            return pg_raise(c, "22011");
        if (__builtin_add_overflow(from, len, &to))
            to = INT64_MAX;
    }
    return pg_put_text(c, row, part(pg_text_at(c, 0, row), from, to, is_bytes(c)));
}

static bool overlay(struct pg_call *c, size_t row)
{
    hs_str s = pg_text_at(c, 0, row), with = pg_text_at(c, 1, row);
    int64_t from = PG_AT(c, int64_t, 2, row), after;
    int64_t len = c->args > 3 ? PG_AT(c, int64_t, 3, row) : is_bytes(c) ? (int64_t)with.len : pg_chars_of(with);
    if (from < 1)
        return pg_raise(c, "22011");
    if (__builtin_add_overflow(from, len, &after))
        return pg_raise(c, "22003");
    hs_buf_adds(&c->text, part(s, 1, from, is_bytes(c)));
    hs_buf_adds(&c->text, with);
    hs_buf_adds(&c->text, part(s, after, INT64_MAX, is_bytes(c)));
    return pg_put_buf(c, row);
}

const char *pg_find(hs_str s, hs_str what)
{
    return what.len && s.len >= what.len ? memmem(s.at, s.len, what.at, what.len) : NULL;
}

static bool split_part(struct pg_call *c, size_t row)
{
    hs_str s = pg_text_at(c, 0, row), by = pg_text_at(c, 1, row), rest, piece;
    int64_t n = PG_AT(c, int64_t, 2, row), count = 1;
    const char *at;
    if (n == 0)
        return pg_raise(c, "22023");
    for (rest = s; n < 0 && (at = pg_find(rest, by)); count++)
        rest = hs_str_n(at + by.len, (size_t)(s.at + s.len - at) - by.len);
    if (n < 0)
        n = count + n + 1;
    if (n < 1)
        return pg_put_text(c, row, HS_S(""));
    for (rest = s; n > 1 && (at = pg_find(rest, by)); n--)
        rest = hs_str_n(at + by.len, (size_t)(s.at + s.len - at) - by.len);
    piece = n > 1 ? HS_S("") : rest;
    if (n == 1 && (at = pg_find(rest, by)))
        piece.len = (size_t)(at - rest.at);
    return pg_put_text(c, row, piece);
}

/* lpad and rpad: the text is cut at the end in both. */
static bool pad(struct pg_call *c, size_t row)
{
    hs_str s = pg_text_at(c, 0, row), with = pg_text_at(c, 2, row);
    int64_t wanted = PG_AT(c, int64_t, 1, row), have = pg_chars_of(s);
    bool left = c->native->name[6] == 'l';
    wanted = wanted < 0 ? 0 : wanted;
    if (wanted > PG_TEXT_MAX)
        return pg_raise(c, "54000");
    if (wanted <= have || !with.len)
        return pg_put_text(c, row, part(s, 1, wanted < have ? wanted + 1 : INT64_MAX, false));
    if (!left)
        hs_buf_adds(&c->text, s);
    for (int64_t more = wanted - have, all = pg_chars_of(with); more > 0 && !c->text.failed; more -= all)
        hs_buf_adds(&c->text, part(with, 1, more < all ? more + 1 : INT64_MAX, false));
    if (left)
        hs_buf_adds(&c->text, s);
    return pg_put_buf(c, row);
}

static bool repeat(struct pg_call *c, size_t row)
{
    hs_str s = pg_text_at(c, 0, row);
    int64_t n = PG_AT(c, int64_t, 1, row);
    if (n > 0 && s.len && n > PG_TEXT_MAX / (int64_t)s.len)
        return pg_raise(c, "54000");
    for (; n > 0 && s.len; n--)
        hs_buf_adds(&c->text, s);
    return pg_put_buf(c, row);
}

bool pg_is_word_byte(char ch)
{
    return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
           (unsigned char)ch >= 0x80;
}

/* Letters outside ASCII are parts of words and stay as they are; what has four bytes is hardly a letter. */
static bool initcap(struct pg_call *c, size_t row)
{
    hs_str s = pg_text_at(c, 0, row);
    bool inside = false, picture = false;
    for (size_t i = 0; i < s.len; i++) {
        char ch = s.at[i];
        picture = (unsigned char)ch >= 0xf0 || (picture && ((unsigned char)ch & 0xc0) == 0x80);
        if (ch >= 'a' && ch <= 'z' && !inside)
            ch = (char)(ch - 32);
        else if (ch >= 'A' && ch <= 'Z' && inside)
            ch = (char)(ch + 32);
        inside = pg_is_word_byte(ch) && !picture;
        hs_buf_addc(&c->text, ch);
    }
    return pg_put_buf(c, row);
}

static bool chr(struct pg_call *c, size_t row)
{
    int64_t n = PG_AT(c, int64_t, 0, row);
    if (n <= 0 || n > 0x10ffff || (n >= 0xd800 && n < 0xe000))
        return pg_raise(c, "54000");
    if (n >= 0x10000)
        hs_buf_addf(&c->text, "%c%c%c%c", (int)(0xf0 | n >> 18), (int)(0x80 | (n >> 12 & 63)),
                    (int)(0x80 | (n >> 6 & 63)), (int)(0x80 | (n & 63)));
    else if (n >= 0x800)
        hs_buf_addf(&c->text, "%c%c%c", (int)(0xe0 | n >> 12), (int)(0x80 | (n >> 6 & 63)), (int)(0x80 | (n & 63)));
    else if (n >= 0x80)
        hs_buf_addf(&c->text, "%c%c", (int)(0xc0 | n >> 6), (int)(0x80 | (n & 63)));
    else
        hs_buf_addc(&c->text, (char)n);
    return pg_put_buf(c, row);
}

#define T DUCKDB_TYPE_VARCHAR
#define X DUCKDB_TYPE_BLOB
#define B DUCKDB_TYPE_BIGINT
const struct pg_native hs_pg_texts[] = {
    {"hs_pg_substring", {T, B}, T, .row = substring},
    {"hs_pg_substring", {T, B, B}, T, .row = substring},
    {"hs_pg_substring", {X, B}, X, .row = substring},
    {"hs_pg_substring", {X, B, B}, X, .row = substring},
    {"hs_pg_overlay", {T, T, B}, T, .row = overlay},
    {"hs_pg_overlay", {T, T, B, B}, T, .row = overlay},
    {"hs_pg_overlay", {X, X, B}, X, .row = overlay},
    {"hs_pg_overlay", {X, X, B, B}, X, .row = overlay},
    {"hs_pg_split_part", {T, T, B}, T, .row = split_part},
    {"hs_pg_lpad", {T, B, T}, T, .row = pad},
    {"hs_pg_rpad", {T, B, T}, T, .row = pad},
    {"hs_pg_repeat", {T, B}, T, .row = repeat},
    {"hs_pg_initcap", {T}, T, .row = initcap},
    {"hs_pg_chr", {B}, T, .row = chr},
    {0},
};
