/* Bound arrays, in PostgreSQL's text or binary, to the engine's own text of a list: ["1", NULL, "3"], which it casts.
 * Every element is read as a value of its type first, so what does not fit is refused here with the right words, and
 * what reaches the engine has one form. */
#include "front/pg/values/param_in.h"
#include "front/pg/values/put.h"

#include <ctype.h>
#include <stdio.h>

enum { DIMENSIONS_MAX = 6, LIST_MOST = 64 << 20 };

struct list {
    struct hs_pg_reader *reader;
    uint32_t element;
    struct hs_buf *out;
};

/* ---- elements ---- */
static void add_escaped(struct hs_buf *out, hs_str text)
{
    hs_buf_addc(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"' || text.at[i] == '\\')
            hs_buf_addc(out, '\\');
        hs_buf_addc(out, text.at[i]);
    }
    hs_buf_addc(out, '"');
}

/* The engine's text of bytes: \xAB, each. */
static void add_blob(struct hs_buf *out, hs_str bytes)
{
    hs_buf_addc(out, '"');
    for (size_t i = 0; i < bytes.len; i++) {
        hs_buf_addz(out, "\\\\x");
        hs_buf_add_hex(out, bytes.at + i, 1);
    }
    hs_buf_addc(out, '"');
}

/* The engine writes an era in brackets, and before the time. */
static char *put_day(char *p, int32_t day)
{
    struct hs_pg_civil c = hs_pg_civil_of(day);
    p = hs_pg_put_iso_day(p, c);
    return c.year <= 0 ? HS_PG_PUT_WORDS(p, " (BC)") : p;
}

static char *put_moment(char *p, const struct hs_param *v)
{
    int64_t us;
    bool infinite =
        v->type == HS_T_DATE ? v->i >= INT32_MAX || v->i <= -INT32_MAX : v->i == INT64_MAX || v->i <= -INT64_MAX;
    if (infinite)
        return v->i > 0 ? HS_PG_PUT_WORDS(p, "infinity") : HS_PG_PUT_WORDS(p, "-infinity");
    if (v->type == HS_T_DATE)
        return put_day(p, (int32_t)v->i);
    p = put_day(p, hs_pg_day_of(v->i, &us));
    *p = ' ';
    p = hs_pg_put_clock(p + 1, us);
    return v->type == HS_T_TIMESTAMPTZ ? HS_PG_PUT_WORDS(p, "+00") : p;
}

static char *put_float(char *p, double d)
{
    return p + snprintf(p, 40, "%.17g", d);
}

static char *put_value(char *p, const struct hs_param *v)
{
    switch ((int)v->type) {
    case HS_T_BOOLEAN:
        return v->i ? HS_PG_PUT_WORDS(p, "true") : HS_PG_PUT_WORDS(p, "false");
    case HS_T_FLOAT:
    case HS_T_DOUBLE:
        return put_float(p, v->d);
    case HS_T_DATE:
    case HS_T_TIMESTAMP:
    case HS_T_TIMESTAMPTZ:
        return put_moment(p, v);
    case HS_T_TIME:
        return hs_pg_put_clock(p, v->i);
    case HS_T_UUID:
        return hs_pg_put_uuid(p, (const uint8_t *)v->text.at);
    case HS_T_INTERVAL:
        return p + snprintf(p, 100, "%d months %d days %lld microseconds", v->months, v->days, (long long)v->i);
    default:
        return hs_pg_put_i64(p, v->i);
    }
}

static void add_value(struct hs_buf *out, const struct hs_param *v)
{
    char text[HS_PG_PUT_MOST] = "";
    if (v->type == HS_T_STRING || v->type == HS_T_DECIMAL)
        add_escaped(out, v->text);
    else if (v->type == HS_T_BINARY)
        add_blob(out, v->text);
    else
        add_escaped(out, hs_str_n(text, (size_t)(put_value(text, v) - text)));
}

/* Lists of numerics are cast to one scale (src/pgsql/types.def), and the engine would round without a word. */
static hs_rc check_scale(struct list *l, const struct hs_param *v)
{
    enum { SCALE_MOST = 10 };
    size_t len = v->text.len;
    int scale = v->scale;
    for (; scale > SCALE_MOST && v->text.at[len - 1] == '0'; len--)
        scale--;
    return scale <= SCALE_MOST
               ? HS_OK
               : hs_pg_read_failed(l->reader, "22003", "a numeric in an array may have %d digits behind the point",
                                   SCALE_MOST);
}

static hs_rc add_element(struct list *l, enum hs_pg_format format, hs_str bytes)
{
    struct hs_param v = {.null = false};
    HS_TRY(hs_pg_read_scalar(l->reader, l->element, format, bytes, &v));
    if (v.type == HS_T_DECIMAL)
        HS_TRY(check_scale(l, &v));
    add_value(l->out, &v);
    return hs_buf_done(l->out, l->reader->err);
}

/* ---- text ---- */
struct text {
    hs_str rest, all;
    struct hs_buf word; /* an element without its quotes */
    int depth, deepest;
};

static hs_rc malformed(struct list *l, const struct text *t)
{
    int shown = (int)(t->all.len < 80 ? t->all.len : 80);
    return hs_pg_read_failed(l->reader, "22P02", "malformed array literal: \"%.*s\"",
                             hs_utf8_valid(hs_str_n(t->all.at, (size_t)shown)) ? shown : 0, t->all.at);
}

static char peek(const struct text *t)
{
    return t->rest.len ? t->rest.at[0] : 0;
}

static void pass(struct text *t)
{
    t->rest.at++;
    t->rest.len--;
}

static void pass_spaces(struct text *t)
{
    while (t->rest.len && isspace((unsigned char)t->rest.at[0]))
        pass(t);
}

static hs_rc take_quoted(struct list *l, struct text *t)
{
    for (pass(t); t->rest.len && peek(t) != '"'; pass(t)) {
        if (peek(t) == '\\') {
            pass(t);
            if (!t->rest.len)
                break;
        }
        hs_buf_addc(&t->word, peek(t));
    }
    if (!t->rest.len)
        return malformed(l, t);
    pass(t);
    return hs_buf_done(&t->word, l->reader->err);
}

/* Up to a comma or a brace; spaces at its ends are not of it, but those that were escaped are. */
static hs_rc take_bare(struct list *l, struct text *t)
{
    size_t kept = 0;
    for (; t->rest.len && !strchr(",{}\"", peek(t)); pass(t)) {
        bool escaped = peek(t) == '\\';
        if (escaped)
            pass(t);
        if (!t->rest.len)
            return malformed(l, t);
        hs_buf_addc(&t->word, peek(t));
        if (escaped || !isspace((unsigned char)peek(t)))
            kept = t->word.len;
    }
    HS_TRY(hs_buf_done(&t->word, l->reader->err));
    t->word.len = kept;
    return kept ? HS_OK : malformed(l, t);
}

static hs_rc text_element(struct list *l, struct text *t)
{
    bool quoted = peek(t) == '"';
    hs_buf_clear(&t->word);
    HS_TRY(quoted ? take_quoted(l, t) : take_bare(l, t));
    hs_str word = hs_buf_str(&t->word);
    if (!quoted && hs_str_eq_nocase(word, HS_S("NULL"))) {
        hs_buf_addz(l->out, "NULL");
        return HS_OK;
    }
    return add_element(l, HS_PG_TEXT, word);
}

/* Braces follow one another as a counter says, so that depth costs no stack. All elements lie at one depth. */
static hs_rc text_elements(struct list *l, struct text *t)
{
    bool wants = true; /* an element or an opening brace */
    do {
        pass_spaces(t);
        char c = peek(t);
        if (!t->rest.len)
            return malformed(l, t);
        if (c == '{' && wants) {
            if (++t->depth > DIMENSIONS_MAX || (t->deepest && t->depth > t->deepest))
                return malformed(l, t);
            hs_buf_addc(l->out, '[');
            pass(t);
            pass_spaces(t);
            if (peek(t) == '}' && t->depth == 1)
                wants = false; /* {} */
        } else if (c == '}' && !wants) {
            t->depth--;
            hs_buf_addc(l->out, ']');
            pass(t);
        } else if (c == ',' && !wants && t->depth) {
            hs_buf_addz(l->out, ", ");
            pass(t);
            wants = true;
        } else if (wants && t->depth && c != '}' && c != ',') {
            if (t->deepest && t->deepest != t->depth)
                return malformed(l, t);
            t->deepest = t->depth;
            HS_TRY(text_element(l, t));
            wants = false;
        } else {
            return malformed(l, t);
        }
    } while (t->depth);
    pass_spaces(t);
    return t->rest.len ? malformed(l, t) : HS_OK;
}

/* "[2:4]={1,2,3}": where the numbers begin is lost on lists. */
static hs_rc pass_bounds(struct list *l, struct text *t)
{
    pass_spaces(t);
    if (peek(t) != '[')
        return HS_OK;
    while (t->rest.len && peek(t) != '=') {
        if (!isdigit((unsigned char)peek(t)) && !strchr("[]:+- ", peek(t)))
            return malformed(l, t);
        pass(t);
    }
    if (!t->rest.len)
        return malformed(l, t);
    pass(t);
    return HS_OK;
}

static hs_rc read_text(struct list *l, hs_str bytes)
{
    struct text t = {.rest = bytes, .all = bytes};
    hs_buf_init(&t.word, LIST_MOST);
    hs_rc rc = pass_bounds(l, &t);
    if (rc == HS_OK)
        rc = text_elements(l, &t);
    hs_buf_fini(&t.word);
    return rc;
}

/* ---- binary ---- */
struct binary {
    hs_str rest;
    uint32_t sizes[DIMENSIONS_MAX], dimensions;
};

static bool take_u32(struct binary *b, uint32_t *out)
{
    if (b->rest.len < 4)
        return false;
    memcpy(out, b->rest.at, 4);
    *out = __builtin_bswap32(*out);
    b->rest.at += 4;
    b->rest.len -= 4;
    return true;
}

static hs_rc binary_element(struct list *l, struct binary *b)
{
    uint32_t len;
    if (!take_u32(b, &len))
        return hs_pg_read_length(l->reader);
    if (len == UINT32_MAX) {
        hs_buf_addz(l->out, "NULL");
        return HS_OK;
    }
    if (len > b->rest.len)
        return hs_pg_read_length(l->reader);
    hs_str value = hs_str_n(b->rest.at, len);
    b->rest.at += len;
    b->rest.len -= len;
    return add_element(l, HS_PG_BINARY, value);
}

static hs_rc binary_elements(struct list *l, struct binary *b, uint32_t dimension)
{
    hs_buf_addc(l->out, '[');
    for (uint32_t i = 0; i < b->sizes[dimension]; i++) {
        if (i)
            hs_buf_addz(l->out, ", ");
        HS_TRY(dimension + 1 < b->dimensions ? binary_elements(l, b, dimension + 1) : binary_element(l, b));
    }
    hs_buf_addc(l->out, ']');
    return hs_buf_done(l->out, l->reader->err);
}

/* Each element takes four bytes at least, so the sizes are held against what is there before anything is read. An empty
 * array has no dimensions, or one of no elements, as some clients write it. */
static hs_rc take_sizes(struct list *l, struct binary *b, uint64_t *out_elements)
{
    uint64_t all = b->dimensions ? 1 : 0;
    uint32_t lower;
    for (uint32_t i = 0; i < b->dimensions; i++) {
        if (!take_u32(b, &b->sizes[i]) || !take_u32(b, &lower))
            return hs_pg_read_length(l->reader);
        all *= b->sizes[i];
        if (all > UINT32_MAX)
            return hs_pg_read_length(l->reader);
    }
    *out_elements = all;
    return all > b->rest.len / 4 ? hs_pg_read_length(l->reader) : HS_OK;
}

static hs_rc read_binary(struct list *l, hs_str bytes)
{
    struct binary b = {.rest = bytes};
    uint32_t nulls, element;
    uint64_t elements = 0;
    if (!take_u32(&b, &b.dimensions) || !take_u32(&b, &nulls) || !take_u32(&b, &element) || nulls > 1 ||
        b.dimensions > DIMENSIONS_MAX)
        return hs_pg_read_length(l->reader);
    if (element != l->element && hs_pg_family_of(element) != hs_pg_family_of(l->element))
        return hs_pg_read_failed(l->reader, "42804", "wrong element type in a bound array");
    HS_TRY(take_sizes(l, &b, &elements));
    if (elements)
        HS_TRY(binary_elements(l, &b, 0));
    else
        hs_buf_addz(l->out, "[]");
    return b.rest.len ? hs_pg_read_length(l->reader) : HS_OK;
}

hs_rc hs_pg_read_array(struct hs_pg_reader *r, uint32_t element, enum hs_pg_format format, hs_str bytes,
                       struct hs_param *out)
{
    struct hs_buf text;
    struct list l = {r, element, &text};
    hs_buf_init(&text, LIST_MOST);
    hs_rc rc = format == HS_PG_BINARY ? read_binary(&l, bytes) : read_text(&l, bytes);
    if (rc == HS_OK)
        rc = hs_buf_done(&text, r->err);
    if (rc == HS_OK) {
        out->type = HS_T_STRING;
        out->text = hs_arena_str(r->arena, hs_buf_str(&text));
        if (!out->text.at)
            rc = hs_fail(r->err, HS_NOMEM, "out of memory");
    }
    hs_buf_fini(&text);
    return rc;
}
