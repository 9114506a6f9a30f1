/* Names and literals quoted, format(), and texts that become lists of texts. */
#include "engine/worker/pg/text.h"

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
    int64_t fill = (width < 0 ? -width : width) - pg_chars_of(hs_buf_str(&out));
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
static bool string_to_array(struct pg_call *c, size_t row)
{
    size_t from = c->listed;
    if (pg_is_null(c, 0, row))
        return pg_put_null(c, row);
    hs_str s = pg_text_at(c, 0, row), by = pg_is_null(c, 1, row) ? HS_S("") : pg_text_at(c, 1, row);
    bool each = pg_is_null(c, 1, row), nulls = !pg_is_null(c, 2, row);
    hs_str as_null = nulls ? pg_text_at(c, 2, row) : HS_S("");
    while (s.len || c->listed > from) {
        const char *at = each || !by.len ? NULL : pg_find(s, by);
        size_t len = each && s.len ? pg_next_char(s, 0) : at ? (size_t)(at - s.at) : s.len;
        if (each && !s.len)
            break;
        hs_str piece = hs_str_n(s.at, len);
        if (!pg_list_add(c, piece, nulls && hs_str_eq(piece, as_null)))
            return false;
        if (!each && !at)
            break;
        size_t gone = len + (each ? 0 : by.len);
        s = hs_str_n(s.at + gone, s.len - gone);
        if (!each && !s.len) {
            if (!pg_list_add(c, s, nulls && !as_null.len))
                return false;
            break;
        }
    }
    return pg_list_end(c, row, from);
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
            else if (pg_is_word_byte(s.at[i]) || s.at[i] == '_' || s.at[i] == '$')
                hs_buf_addc(&c->text, s.at[i] >= 'A' && s.at[i] <= 'Z' ? (char)(s.at[i] + 32) : s.at[i]);
            else
                break;
        }
        bool digit = !quoted && c->text.len && c->text.at[0] >= '0' && c->text.at[0] <= '9';
        if (!c->text.len || digit || quoted != closed)
            return pg_raise(c, "22023");
        if (!pg_list_add(c, hs_buf_str(&c->text), false))
            return false;
    } while (i < s.len && s.at[i++] == '.');
    return i < s.len ? pg_raise(c, "22023") : pg_list_end(c, row, from);
}

#define T DUCKDB_TYPE_VARCHAR
const struct pg_native hs_pg_quotes[] = {
    {"hs_pg_quote_ident", {T}, T, .row = quote_ident},
    {"hs_pg_quote_literal", {T}, T, .row = quote_literal},
    {"hs_pg_format", {T}, T, .more = true, .nulls = true, .row = format},
    {"hs_pg_string_to_array", {T, T, T}, DUCKDB_TYPE_LIST, .nulls = true, .row = string_to_array},
    {"hs_pg_parse_ident", {T}, DUCKDB_TYPE_LIST, .row = parse_ident},
    {0},
};
