/* bytea out of text and as text: hex, base64, escapes. */
#include "engine/worker/pg/natives.h"

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

#define T DUCKDB_TYPE_VARCHAR
#define X DUCKDB_TYPE_BLOB
#define B DUCKDB_TYPE_BIGINT
const struct pg_native hs_pg_bytes[] = {
    {"hs_pg_bytea", {T}, X, .row = bytea_of_text},
    {"hs_pg_encode", {X, T}, T, .row = encode},
    {"hs_pg_decode", {T, T}, X, .row = decode},
    {"hs_pg_get_byte", {X, B}, DUCKDB_TYPE_INTEGER, .row = get_byte},
    {0},
};
