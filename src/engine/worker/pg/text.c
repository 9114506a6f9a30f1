/* PostgreSQL's functions of text and bytes where the engine has none or counts otherwise: places are characters, from
 * 1, and may lie in front of the first one. */
#include "engine/worker/pg/natives.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- characters ---- */
static size_t char_bytes(char c)
{
    unsigned char u = (unsigned char)c;
    return u < 0xc0 ? 1 : u < 0xe0 ? 2 : u < 0xf0 ? 3 : 4;
}

static size_t next_char(hs_str s, size_t at)
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
        at = next_char(s, at);
    return at;
}

static int64_t chars_of(hs_str s)
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
    int64_t len = c->args > 3 ? PG_AT(c, int64_t, 3, row) : is_bytes(c) ? (int64_t)with.len : chars_of(with);
    if (from < 1)
        return pg_raise(c, "22011");
    if (__builtin_add_overflow(from, len, &after))
        return pg_raise(c, "22003");
    hs_buf_adds(&c->text, part(s, 1, from, is_bytes(c)));
    hs_buf_adds(&c->text, with);
    hs_buf_adds(&c->text, part(s, after, INT64_MAX, is_bytes(c)));
    return pg_put_buf(c, row);
}

static const char *find(hs_str s, hs_str what)
{
    return what.len && s.len >= what.len ? memmem(s.at, s.len, what.at, what.len) : NULL;
}

static bool split_part(struct pg_call *c, size_t row)
{
    hs_str s = pg_text_at(c, 0, row), by = pg_text_at(c, 1, row), rest = s, piece = s;
    int64_t n = PG_AT(c, int64_t, 2, row), count = 1;
    const char *at;
    if (n == 0)
        return pg_raise(c, "22023");
    for (rest = s; n < 0 && (at = find(rest, by)); count++)
        rest = hs_str_n(at + by.len, (size_t)(s.at + s.len - at) - by.len);
    if (n < 0)
        n = count + n + 1;
    if (n < 1)
        return pg_put_text(c, row, HS_S(""));
    for (rest = s; n > 1 && (at = find(rest, by)); n--)
        rest = hs_str_n(at + by.len, (size_t)(s.at + s.len - at) - by.len);
    piece = n > 1 ? HS_S("") : rest;
    if (n == 1 && (at = find(rest, by)))
        piece.len = (size_t)(at - rest.at);
    return pg_put_text(c, row, piece);
}

/* lpad and rpad: the text is cut at the end in both. */
static bool pad(struct pg_call *c, size_t row)
{
    hs_str s = pg_text_at(c, 0, row), with = pg_text_at(c, 2, row);
    int64_t wanted = PG_AT(c, int64_t, 1, row), have = chars_of(s);
    bool left = c->native->name[6] == 'l';
    wanted = wanted < 0 ? 0 : wanted;
    if (wanted > PG_TEXT_MAX)
        return pg_raise(c, "54000");
    if (wanted <= have || !with.len)
        return pg_put_text(c, row, part(s, 1, wanted < have ? wanted + 1 : INT64_MAX, false));
    if (!left)
        hs_buf_adds(&c->text, s);
    for (int64_t more = wanted - have, all = chars_of(with); more > 0 && !c->text.failed; more -= all)
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

static bool is_word_byte(char ch)
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
        inside = is_word_byte(ch) && !picture;
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

/* ---- bytes ---- */
static int hex_digit(char ch)
{
    return ch >= '0' && ch <= '9'   ? ch - '0'
           : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10
           : ch >= 'A' && ch <= 'F' ? ch - 'A' + 10
                                    : -1;
}

static bool add_from_hex(struct hs_buf *b, hs_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (strchr(" \n\t\r", s.at[i]) && s.at[i])
            continue;
        int high = hex_digit(s.at[i]), low = i + 1 < s.len ? hex_digit(s.at[i + 1]) : -1;
        if (high < 0 || low < 0)
            return false;
        hs_buf_addc(b, (char)(high << 4 | low));
        i++;
    }
    return true;
}

/* \ooo and \\ */
static bool add_from_escape(struct hs_buf *b, hs_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] != '\\') {
            hs_buf_addc(b, s.at[i]);
        } else if (i + 1 < s.len && s.at[i + 1] == '\\') {
            hs_buf_addc(b, s.at[++i]);
        } else if (i + 3 < s.len && s.at[i + 1] >= '0' && s.at[i + 1] <= '3' && s.at[i + 2] >= '0' &&
                   s.at[i + 2] <= '7' && s.at[i + 3] >= '0' && s.at[i + 3] <= '7') {
            hs_buf_addc(b, (char)((s.at[i + 1] - '0') << 6 | (s.at[i + 2] - '0') << 3 | (s.at[i + 3] - '0')));
            i += 3;
        } else
            return false;
    }
    return true;
}

static bool bytea_of_text(struct pg_call *c, size_t row)
{
    hs_str s = pg_text_at(c, 0, row);
    bool hex = s.len >= 2 && s.at[0] == '\\' && s.at[1] == 'x';
    if (!(hex ? add_from_hex(&c->text, hs_str_n(s.at + 2, s.len - 2)) : add_from_escape(&c->text, s)))
        return pg_raise(c, hex ? "22023" : "22P02");
    return pg_put_buf(c, row);
}

static void add_escaped(struct hs_buf *b, hs_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char u = (unsigned char)s.at[i];
        if (u == '\\')
            hs_buf_addz(b, "\\\\");
        else if (u == 0 || u >= 0x80)
            hs_buf_addf(b, "\\%03o", u);
        else
            hs_buf_addc(b, (char)u);
    }
}

/* A line of base64 has 76 letters. */
static void add_base64_lines(struct hs_buf *b, hs_str s)
{
    for (size_t i = 0; i < s.len; i += 57) {
        if (i)
            hs_buf_addc(b, '\n');
        hs_buf_add_base64(b, s.at + i, s.len - i < 57 ? s.len - i : 57);
    }
}

static bool encode(struct pg_call *c, size_t row)
{
    hs_str s = pg_text_at(c, 0, row), how = pg_text_at(c, 1, row);
    if (hs_str_eq_nocase(how, HS_S("hex")))
        hs_buf_add_hex(&c->text, s.at, s.len);
    else if (hs_str_eq_nocase(how, HS_S("base64")))
        add_base64_lines(&c->text, s);
    else if (hs_str_eq_nocase(how, HS_S("escape")))
        add_escaped(&c->text, s);
    else
        return pg_raise(c, "22023");
    return pg_put_buf(c, row);
}

static bool add_from_base64(struct hs_buf *b, hs_str s)
{
    struct hs_buf dense;
    hs_buf_init(&dense, PG_TEXT_MAX);
    for (size_t i = 0; i < s.len; i++)
        if (!strchr(" \n\t\r", s.at[i]) || !s.at[i])
            hs_buf_addc(&dense, s.at[i]);
    bool ok = !dense.failed && hs_buf_add_base64_decoded(b, hs_buf_str(&dense));
    hs_buf_fini(&dense);
    return ok;
}

static bool decode(struct pg_call *c, size_t row)
{
    hs_str s = pg_text_at(c, 0, row), how = pg_text_at(c, 1, row);
    bool ok;
    if (hs_str_eq_nocase(how, HS_S("hex")))
        ok = add_from_hex(&c->text, s);
    else if (hs_str_eq_nocase(how, HS_S("base64")))
        ok = add_from_base64(&c->text, s);
    else if (hs_str_eq_nocase(how, HS_S("escape")))
        ok = add_from_escape(&c->text, s);
    else
        return pg_raise(c, "22023");
    return ok ? pg_put_buf(c, row) : pg_raise(c, "22023");
}

static bool get_byte(struct pg_call *c, size_t row)
{
    hs_str s = pg_text_at(c, 0, row);
    int64_t n = PG_AT(c, int64_t, 1, row);
    if (n < 0 || n >= (int64_t)s.len)
        return pg_raise(c, "2202E");
    PG_PUT(c, int32_t, row, (unsigned char)s.at[n]);
    return true;
}

/* ---- quoting ---- */
static bool is_plain_name(hs_str s)
{
    static const char keywords[] =
        " all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean"
        " both case cast char character check coalesce collate collation column concurrently constraint create"
        " cross current_catalog current_date current_role current_schema current_time current_timestamp"
        " current_user dec decimal default deferrable desc distinct do else end except exists extract false"
        " fetch float for foreign freeze from full grant greatest group grouping having ilike in initially"
        " inner inout int integer intersect interval into is isnull join lateral leading least left like limit"
        " localtime localtimestamp national natural nchar none normalize not notnull null nullif numeric"
        " offset on only or order out outer overlaps overlay placing position precision primary real"
        " references returning right row select session_user setof similar smallint some substring symmetric"
        " table tablesample then time timestamp to trailing treat trim true union unique user using values"
        " varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists"
        " xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable"
        " ";
    char padded[40] = " ";
    if (!s.len || !((s.at[0] >= 'a' && s.at[0] <= 'z') || s.at[0] == '_'))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!(s.at[i] >= 'a' && s.at[i] <= 'z') && !(s.at[i] >= '0' && s.at[i] <= '9') && s.at[i] != '_')
            return false;
    if (s.len > sizeof padded - 3)
        return true;
    memcpy(padded + 1, s.at, s.len);
    memcpy(padded + 1 + s.len, " ", 2);
    return !strstr(keywords, padded);
}

static void add_ident(struct hs_buf *b, hs_str s)
{
    if (is_plain_name(s))
        hs_buf_adds(b, s);
    else
        hs_buf_add_sql_name(b, s);
}

static void add_literal(struct hs_buf *b, hs_str s)
{
    bool backslash = memchr(s.at ? s.at : "", '\\', s.len) != NULL;
    hs_buf_addz(b, backslash ? "E'" : "'");
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '\'' || s.at[i] == '\\')
            hs_buf_addc(b, s.at[i]);
        hs_buf_addc(b, s.at[i]);
    }
    hs_buf_addc(b, '\'');
}

static bool quote_ident(struct pg_call *c, size_t row)
{
    add_ident(&c->text, pg_text_at(c, 0, row));
    return pg_put_buf(c, row);
}

static bool quote_literal(struct pg_call *c, size_t row)
{
    add_literal(&c->text, pg_text_at(c, 0, row));
    return pg_put_buf(c, row);
}

/* ---- format: %[n$][-][width]{s,I,L,%}; a width may be *, or *n$ ---- */
struct field {
    int64_t place, width; /* place 0: the next; width -1: none */
    bool left, star;
    int64_t star_place;
    char type;
};

static int64_t take_number(hs_str s, size_t *i)
{
    int64_t n = 0;
    for (; *i < s.len && s.at[*i] >= '0' && s.at[*i] <= '9'; ++*i)
        n = n < 100000000 ? n * 10 + (s.at[*i] - '0') : n;
    return n;
}

static bool is_digit_at(hs_str s, size_t i)
{
    return i < s.len && s.at[i] >= '0' && s.at[i] <= '9';
}

static bool read_field(hs_str s, size_t *i, struct field *f)
{
    *f = (struct field){.width = -1};
    size_t begin = *i;
    if (is_digit_at(s, *i)) {
        int64_t n = take_number(s, i);
        if (*i < s.len && s.at[*i] == '$') {
            f->place = n;
            ++*i;
            if (!n)
                return false;
        } else
            *i = begin;
    }
    while (*i < s.len && s.at[*i] == '-') {
        f->left = true;
        ++*i;
    }
    if (is_digit_at(s, *i))
        f->width = take_number(s, i);
    else if (*i < s.len && s.at[*i] == '*') {
        f->star = true;
        ++*i;
        if (is_digit_at(s, *i)) {
            f->star_place = take_number(s, i);
            if (!f->star_place || *i >= s.len || s.at[(*i)++] != '$')
                return false;
        }
    }
    if (*i >= s.len)
        return false;
    f->type = s.at[(*i)++];
    return f->type == 's' || f->type == 'I' || f->type == 'L';
}

/* The argument of a place, or the next one: its index among the call's. 0: there is none. */
static size_t argument_of(const struct pg_call *c, int64_t place, int64_t *next)
{
    int64_t at = place ? place : *next;
    *next = at + 1;
    return at < (int64_t)c->args ? (size_t)at : 0;
}

static bool add_field(struct pg_call *c, size_t row, const struct field *f, size_t arg, int64_t width)
{
    struct hs_buf own, out;
    hs_buf_init(&own, PG_TEXT_MAX);
    hs_buf_init(&out, PG_TEXT_MAX);
    bool null = pg_is_null(c, arg, row);
    bool ok = null || pg_add_value(&own, &c->types[arg], &c->in[arg], row);
    if (null && f->type == 'I')
        ok = false;
    if (ok && f->type == 's')
        hs_buf_adds(&out, hs_buf_str(&own));
    else if (ok && f->type == 'I')
        add_ident(&out, hs_buf_str(&own));
    else if (ok && null)
        hs_buf_addz(&out, "NULL");
    else if (ok)
        add_literal(&out, hs_buf_str(&own));
    bool left = f->left || width < 0;
    int64_t fill = (width < 0 ? -width : width) - chars_of(hs_buf_str(&out));
    for (int64_t n = fill; ok && !left && n > 0 && !c->text.failed; n--)
        hs_buf_addc(&c->text, ' ');
    hs_buf_adds(&c->text, hs_buf_str(&out));
    for (int64_t n = fill; ok && left && n > 0 && !c->text.failed; n--)
        hs_buf_addc(&c->text, ' ');
    ok &= !own.failed && !out.failed;
    hs_buf_fini(&own);
    hs_buf_fini(&out);
    return ok;
}

static bool star_width(const struct pg_call *c, size_t arg, size_t row, int64_t *out)
{
    struct pg_number n;
    *out = 0;
    if (pg_is_null(c, arg, row))
        return true;
    if (!pg_number_at(&c->types[arg], &c->in[arg], row, &n) || n.real || n.units != (int32_t)n.units)
        return false;
    *out = (int64_t)n.units;
    return true;
}

static bool format(struct pg_call *c, size_t row)
{
    int64_t next = 1;
    if (pg_is_null(c, 0, row))
        return pg_put_null(c, row);
    hs_str s = pg_text_at(c, 0, row);
    for (size_t i = 0; i < s.len;) {
        char ch = s.at[i++];
        if (ch != '%') {
            hs_buf_addc(&c->text, ch);
            continue;
        }
        if (i < s.len && s.at[i] == '%') {
            hs_buf_addc(&c->text, s.at[i++]);
            continue;
        }
        struct field f;
        if (!read_field(s, &i, &f))
            return pg_raise(c, "22023");
        int64_t width = f.width < 0 ? 0 : f.width;
        if (f.star) {
            size_t at = argument_of(c, f.star_place, &next);
            if (!at || !star_width(c, at, row, &width))
                return pg_raise(c, "22023");
        }
        size_t arg = argument_of(c, f.place, &next);
        if (!arg)
            return pg_raise(c, "22023");
        if (f.type == 'I' && pg_is_null(c, arg, row))
            return pg_raise(c, "22004");
        if (!add_field(c, row, &f, arg, width))
            return pg_raise(c, "22023");
    }
    return pg_put_buf(c, row);
}

/* ---- lists of texts ---- */
static bool list_add(struct pg_call *c, hs_str s, bool null)
{
    if (c->listed >= (size_t)PG_TEXT_MAX || duck()->list_vector_reserve(c->out, c->listed + 1) != DuckDBSuccess)
        return pg_raise(c, "54000");
    duckdb_vector child = duck()->list_vector_get_child(c->out);
    if (null) {
        duck()->vector_ensure_validity_writable(child);
        duck()->vector_get_validity(child)[c->listed >> 6] &= ~(UINT64_C(1) << (c->listed & 63));
    } else
        duck()->vector_assign_string_element_len(child, c->listed, s.at ? s.at : "", s.len);
    c->listed++;
    return duck()->list_vector_set_size(c->out, c->listed) == DuckDBSuccess;
}

static bool list_end(struct pg_call *c, size_t row, size_t from)
{
    duckdb_list_entry e = {from, c->listed - from};
    PG_PUT(c, duckdb_list_entry, row, e);
    return true;
}

static bool string_to_array(struct pg_call *c, size_t row)
{
    size_t from = c->listed;
    if (pg_is_null(c, 0, row))
        return pg_put_null(c, row);
    hs_str s = pg_text_at(c, 0, row), by = pg_is_null(c, 1, row) ? HS_S("") : pg_text_at(c, 1, row);
    bool each = pg_is_null(c, 1, row), nulls = !pg_is_null(c, 2, row);
    hs_str as_null = nulls ? pg_text_at(c, 2, row) : HS_S("");
    while (s.len || c->listed > from) {
        const char *at = each || !by.len ? NULL : find(s, by);
        size_t len = each && s.len ? next_char(s, 0) : at ? (size_t)(at - s.at) : s.len;
        if (each && !s.len)
            break;
        hs_str piece = hs_str_n(s.at, len);
        if (!list_add(c, piece, nulls && hs_str_eq(piece, as_null)))
            return false;
        if (!each && !at)
            break;
        size_t gone = len + (each ? 0 : by.len);
        s = hs_str_n(s.at + gone, s.len - gone);
        if (!each && !s.len) {
            if (!list_add(c, s, nulls && !as_null.len))
                return false;
            break;
        }
    }
    return list_end(c, row, from);
}

/* a.b."C d": folded to lower case but for what is quoted. */
static bool parse_ident(struct pg_call *c, size_t row)
{
    hs_str s = pg_trim(pg_text_at(c, 0, row));
    size_t from = c->listed, i = 0;
    do {
        hs_buf_clear(&c->text);
        bool quoted = i < s.len && s.at[i] == '"', closed = false;
        for (i += quoted; i < s.len && !closed; i++) {
            if (quoted && s.at[i] == '"' && i + 1 < s.len && s.at[i + 1] == '"')
                hs_buf_addc(&c->text, s.at[i++]);
            else if (quoted && s.at[i] == '"')
                closed = true;
            else if (quoted)
                hs_buf_addc(&c->text, s.at[i]);
            else if (is_word_byte(s.at[i]) || s.at[i] == '_' || s.at[i] == '$')
                hs_buf_addc(&c->text, s.at[i] >= 'A' && s.at[i] <= 'Z' ? (char)(s.at[i] + 32) : s.at[i]);
            else
                break;
        }
        bool digit = !quoted && c->text.len && c->text.at[0] >= '0' && c->text.at[0] <= '9';
        if (!c->text.len || digit || quoted != closed)
            return pg_raise(c, "22023");
        if (!list_add(c, hs_buf_str(&c->text), false))
            return false;
    } while (i < s.len && s.at[i++] == '.');
    return i < s.len ? pg_raise(c, "22023") : list_end(c, row, from);
}

#define T DUCKDB_TYPE_VARCHAR
#define X DUCKDB_TYPE_BLOB
#define B DUCKDB_TYPE_BIGINT
#define ANY DUCKDB_TYPE_ANY
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
    {"hs_pg_bytea", {T}, X, .row = bytea_of_text},
    {"hs_pg_encode", {X, T}, T, .row = encode},
    {"hs_pg_decode", {T, T}, X, .row = decode},
    {"hs_pg_get_byte", {X, B}, DUCKDB_TYPE_INTEGER, .row = get_byte},
    {"hs_pg_quote_ident", {T}, T, .row = quote_ident},
    {"hs_pg_quote_literal", {T}, T, .row = quote_literal},
    {"hs_pg_format", {T}, T, .more = true, .nulls = true, .row = format},
    {"hs_pg_string_to_array", {T, T, T}, DUCKDB_TYPE_LIST, .nulls = true, .row = string_to_array},
    {"hs_pg_parse_ident", {T}, DUCKDB_TYPE_LIST, .row = parse_ident},
    {0},
};
