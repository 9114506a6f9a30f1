/* Walks over JSON's text (document.h). A value is skipped by counting brackets outside of strings. */
#include "engine/worker/pg/document.h"

#include "base/str.h"

#include <string.h>

enum { DEEPEST = 500 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static hs_str after(hs_str s, size_t n)
{
    return hs_str_n(s.at + n, s.len - n);
}

static hs_str skip_blanks(hs_str s)
{
    size_t i = 0;
    while (i < s.len && is_blank(s.at[i]))
        i++;
    return after(s, i);
}

char pg_document_kind(hs_str text)
{
    text = skip_blanks(text);
    return text.len && strchr("{[\"tfn-0123456789", text.at[0]) ? text.at[0] : 0;
}

/* Bytes of the string that begins here, with both of its marks; 0: it does not end. */
static size_t string_bytes(hs_str s)
{
    for (size_t i = 1; i < s.len; i++) {
        if (s.at[i] == '\\')
            i++;
        else if (s.at[i] == '"')
            return i + 1;
    }
    return 0;
}

/* Bytes of the value that begins here; 0: there is none, or it does not end. */
static size_t value_bytes(hs_str s)
{
    size_t i = 0, open = 0;
    if (!s.len || !pg_document_kind(s) || is_blank(s.at[0]))
        return 0;
    if (s.at[0] != '{' && s.at[0] != '[' && s.at[0] != '"') {
        while (i < s.len && !is_blank(s.at[i]) && !(s.at[i] && strchr(",]}:", s.at[i])))
            i++;
        return i;
    }
    do {
        if (s.at[i] == '"') {
            size_t len = string_bytes(after(s, i));
            if (!len)
                return 0;
            i += len;
            continue;
        }
        open += s.at[i] == '{' || s.at[i] == '[';
        open -= s.at[i] == '}' || s.at[i] == ']';
        i++;
    } while (open && i < s.len);
    return open ? 0 : i;
}

/* ---- walks ---- */

bool pg_walk_open(hs_str text, struct pg_walk *w)
{
    text = skip_blanks(text);
    *w = (struct pg_walk){.rest = text, .object = text.len && text.at[0] == '{'};
    if (!text.len || (text.at[0] != '{' && text.at[0] != '['))
        return false;
    w->rest = after(text, 1);
    return true;
}

static bool take(struct pg_walk *w, hs_str *out)
{
    w->rest = skip_blanks(w->rest);
    size_t len = value_bytes(w->rest);
    *out = hs_str_n(w->rest.at, len);
    w->rest = skip_blanks(after(w->rest, len));
    return len > 0;
}

static bool damaged(struct pg_walk *w)
{
    w->damaged = true;
    w->rest.len = 0;
    return false;
}

bool pg_walk_next(struct pg_walk *w, hs_str *key, hs_str *value)
{
    w->rest = skip_blanks(w->rest);
    if (!w->rest.len)
        return damaged(w);
    if (w->rest.at[0] == (w->object ? '}' : ']'))
        return false;
    if (w->begun) {
        if (w->rest.at[0] != ',')
            return damaged(w);
        w->rest = after(w->rest, 1);
    }
    w->begun = true;
    *key = HS_S("");
    if (w->object) {
        if (!take(w, key) || key->at[0] != '"' || !w->rest.len || w->rest.at[0] != ':')
            return damaged(w);
        w->rest = after(w->rest, 1);
    }
    return take(w, value) || damaged(w);
}

/* ---- strings ---- */

static bool hex4(hs_str s, size_t at, uint32_t *out)
{
    *out = 0;
    if (at + 4 > s.len)
        return false;
    for (size_t i = at; i < at + 4; i++) {
        int digit = hs_hex_digit(s.at[i]);
        if (digit < 0)
            return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

static void add_utf8(struct hs_buf *b, uint32_t c)
{
    if (c >= 0x10000) {
        hs_buf_addc(b, (char)(0xf0 | c >> 18));
        hs_buf_addc(b, (char)(0x80 | (c >> 12 & 63)));
    } else if (c >= 0x800) {
        hs_buf_addc(b, (char)(0xe0 | c >> 12));
    }
    if (c >= 0x800)
        hs_buf_addc(b, (char)(0x80 | (c >> 6 & 63)));
    else if (c >= 0x80)
        hs_buf_addc(b, (char)(0xc0 | c >> 6));
    hs_buf_addc(b, (char)(c >= 0x80 ? 0x80 | (c & 63) : c));
}

/* \uXXXX, and its second half where it is the first of a pair; *at on the u, then on the last digit. */
static bool add_escape(hs_str s, size_t *at, struct hs_buf *out)
{
    uint32_t c, low;
    if (!hex4(s, *at + 1, &c) || c == 0 || (c >= 0xdc00 && c < 0xe000))
        return false;
    *at += 4;
    if (c >= 0xd800 && c < 0xdc00) {
        if (*at + 2 >= s.len || s.at[*at + 1] != '\\' || s.at[*at + 2] != 'u' || !hex4(s, *at + 3, &low) ||
            low < 0xdc00 || low > 0xdfff)
            return false;
        *at += 6;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    add_utf8(out, c);
    return true;
}

bool pg_document_unquote(hs_str quoted, struct hs_buf *out)
{
    static const char FROM[] = "\"\\/bfnrt", TO[] = "\"\\/\b\f\n\r\t";
    if (quoted.len < 2 || quoted.at[0] != '"' || quoted.at[quoted.len - 1] != '"')
        return false;
    hs_str s = hs_str_n(quoted.at + 1, quoted.len - 2);
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] != '\\') {
            hs_buf_addc(out, s.at[i]);
            continue;
        }
        if (++i >= s.len)
            return false;
        const char *which = s.at[i] ? strchr(FROM, s.at[i]) : NULL;
        if (which)
            hs_buf_addc(out, TO[which - FROM]);
        else if (s.at[i] != 'u' || !add_escape(s, &i, out))
            return false;
    }
    return true;
}

bool pg_document_text(hs_str value, struct hs_buf *out, bool *null)
{
    *null = hs_str_is(value, "null");
    if (*null)
        return true;
    if (value.len && value.at[0] == '"')
        return pg_document_unquote(value, out);
    hs_buf_adds(out, value);
    return true;
}

static bool key_is(hs_str quoted, hs_str key)
{
    if (!memchr(quoted.at, '\\', quoted.len))
        return quoted.len == key.len + 2 && memcmp(quoted.at + 1, key.at ? key.at : "", key.len) == 0;
    struct hs_buf own;
    hs_buf_init(&own, quoted.len + 16);
    bool same = pg_document_unquote(quoted, &own) && !own.failed && hs_str_eq(hs_buf_str(&own), key);
    hs_buf_fini(&own);
    return same;
}

/* ---- one of them ---- */

bool pg_document_member(hs_str text, hs_str key, hs_str *value)
{
    struct pg_walk w;
    hs_str name, each;
    bool found = false;
    if (!pg_walk_open(text, &w) || !w.object)
        return false;
    while (pg_walk_next(&w, &name, &each)) {
        if (key_is(name, key)) {
            *value = each;
            found = true;
        }
    }
    return found;
}

int64_t pg_document_length(hs_str text)
{
    struct pg_walk w;
    hs_str name, each;
    int64_t count = 0;
    if (!pg_walk_open(text, &w) || w.object)
        return -1;
    while (pg_walk_next(&w, &name, &each))
        count++;
    return count;
}

bool pg_document_element(hs_str text, int64_t n, hs_str *value)
{
    struct pg_walk w;
    hs_str name;
    if (n < 0)
        n = n < -INT64_MAX ? n : n + pg_document_length(text);
    if (n < 0 || !pg_walk_open(text, &w) || w.object)
        return false;
    while (pg_walk_next(&w, &name, value)) {
        if (n-- == 0)
            return true;
    }
    return false;
}

bool pg_document_step(hs_str text, hs_str step, hs_str *value)
{
    int64_t n;
    char kind = pg_document_kind(text);
    if (kind == '{')
        return pg_document_member(text, step, value);
    return kind == '[' && step.len < 12 && hs_str_to_i64(step, &n) && pg_document_element(text, n, value);
}

/* ---- written anew ---- */

static void add_bare_number(hs_str digits, struct hs_buf *out)
{
    if (memchr(digits.at, '.', digits.len)) {
        while (digits.at[digits.len - 1] == '0')
            digits.len--;
        digits.len -= digits.at[digits.len - 1] == '.';
    }
    hs_buf_adds(out, digits);
}

void pg_document_bare(hs_str text, struct hs_buf *out)
{
    for (size_t i = 0; i < text.len && !out->failed;) {
        char c = text.at[i];
        size_t len = c == '"' ? string_bytes(after(text, i)) : 1;
        bool number = c == '-' || (c >= '0' && c <= '9');
        while (number && i + len < text.len && text.at[i + len] && strchr("0123456789.", text.at[i + len]))
            len++;
        len = len ? len : text.len - i;
        if (number)
            add_bare_number(hs_str_n(text.at + i, len), out);
        else
            hs_buf_add(out, text.at + i, len);
        i += len;
    }
}

static void indent(struct hs_buf *out, int depth)
{
    hs_buf_addc(out, '\n');
    for (int i = 0; i < depth; i++)
        hs_buf_addz(out, "    ");
}

static bool add_pretty(hs_str text, struct hs_buf *out, int depth)
{
    struct pg_walk w;
    hs_str key, value;
    if (depth > DEEPEST || out->failed)
        return false;
    if (!pg_walk_open(text, &w)) {
        hs_buf_adds(out, text);
        return true;
    }
    hs_buf_addc(out, w.object ? '{' : '[');
    for (bool first = true; pg_walk_next(&w, &key, &value); first = false) {
        hs_buf_addz(out, first ? "" : ",");
        indent(out, depth + 1);
        hs_buf_adds(out, key);
        hs_buf_addz(out, w.object ? ": " : "");
        if (!add_pretty(value, out, depth + 1))
            return false;
    }
    indent(out, depth);
    hs_buf_addc(out, w.object ? '}' : ']');
    return !w.damaged;
}

bool pg_document_pretty(hs_str text, struct hs_buf *out)
{
    return add_pretty(hs_str_trim(text), out, 0);
}

static bool add_stripped(hs_str text, bool settled, struct hs_buf *out, int depth)
{
    struct pg_walk w;
    hs_str key, value;
    bool first = true;
    if (depth > DEEPEST || out->failed)
        return false;
    if (!pg_walk_open(text, &w)) {
        hs_buf_adds(out, text);
        return true;
    }
    hs_buf_addc(out, w.object ? '{' : '[');
    while (pg_walk_next(&w, &key, &value)) {
        if (w.object && hs_str_is(value, "null"))
            continue;
        hs_buf_addz(out, first ? "" : settled ? ", " : ",");
        first = false;
        hs_buf_adds(out, key);
        hs_buf_addz(out, !w.object ? "" : settled ? ": " : ":");
        if (!add_stripped(value, settled, out, depth + 1))
            return false;
    }
    hs_buf_addc(out, w.object ? '}' : ']');
    return !w.damaged;
}

bool pg_document_strip(hs_str text, bool settled, struct hs_buf *out)
{
    return add_stripped(hs_str_trim(text), settled, out, 0);
}
