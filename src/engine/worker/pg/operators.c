/* PostgreSQL's operators and functions of json and jsonb: -> ->> #> #>> ? ?| ?& || -, and what makes rows of a
 * document. The text is walked as it stands (document.h); what comes out of jsonb's text is jsonb's text. */
#include "engine/worker/pg/document.h"
#include "engine/worker/pg/natives.h"

static bool put_part(struct pg_call *c, size_t row, bool found, hs_str value)
{
    bool null, as_text = c->native->json == false;
    if (!found)
        return pg_put_null(c, row);
    if (!as_text)
        return pg_put_text(c, row, value);
    if (!pg_document_text(value, &c->text, &null))
        return pg_raise(c, "22P05");
    return null ? pg_put_null(c, row) : pg_put_buf(c, row);
}

static bool member(struct pg_call *c, size_t row)
{
    hs_str value;
    bool found = pg_document_member(pg_text_at(c, 0, row), pg_text_at(c, 1, row), &value);
    return put_part(c, row, found, value);
}

static bool element(struct pg_call *c, size_t row)
{
    hs_str value;
    bool found = pg_document_element(pg_text_at(c, 0, row), PG_AT(c, int64_t, 1, row), &value);
    return put_part(c, row, found, value);
}

/* Along a list of steps; a NULL among them finds nothing. */
static bool along(struct pg_call *c, size_t row)
{
    hs_str value = hs_str_trim(pg_text_at(c, 0, row));
    struct cells child = hs_cells_of(duck()->list_vector_get_child(c->in[1].vector));
    const duckdb_list_entry e = PG_AT(c, duckdb_list_entry, 1, row);
    bool found = true;
    for (size_t i = e.offset; found && i < e.offset + e.length; i++)
        found = hs_cell_valid(&child, i) && pg_document_step(value, hs_text_at(&child, i), &value);
    return put_part(c, row, found, value);
}

/* ---- rows ---- */

static bool add_part(struct pg_call *c, hs_str value, bool as_text)
{
    bool null = false;
    if (!as_text)
        return pg_list_add(c, value, false);
    hs_buf_clear(&c->text);
    if (!pg_document_text(value, &c->text, &null))
        return pg_raise(c, "22P05");
    return !c->text.failed ? pg_list_add(c, hs_buf_str(&c->text), null) : pg_raise(c, "54000");
}

enum { ELEMENTS, KEYS, VALUES };

static bool list_of(struct pg_call *c, size_t row, int what)
{
    struct pg_walk w;
    hs_str key, value;
    size_t from = c->listed;
    if (!pg_walk_open(pg_text_at(c, 0, row), &w) || w.object != (what != ELEMENTS))
        return pg_raise(c, "22023");
    while (pg_walk_next(&w, &key, &value)) {
        if (!add_part(c, what == KEYS ? key : value, !c->native->json))
            return false;
    }
    return pg_list_end(c, row, from);
}

static bool elements(struct pg_call *c, size_t row)
{
    return list_of(c, row, ELEMENTS);
}

static bool keys(struct pg_call *c, size_t row)
{
    return list_of(c, row, KEYS);
}

static bool values(struct pg_call *c, size_t row)
{
    return list_of(c, row, VALUES);
}

static bool length(struct pg_call *c, size_t row)
{
    int64_t n = pg_document_length(pg_text_at(c, 0, row));
    if (n < 0)
        return pg_raise(c, "22023");
    PG_PUT(c, int32_t, row, (int32_t)n);
    return true;
}

static bool type_of(struct pg_call *c, size_t row)
{
    char kind = pg_document_kind(pg_text_at(c, 0, row));
    return pg_put_text(c, row,
                       hs_str_of(kind == '{'                  ? "object"
                                 : kind == '['                ? "array"
                                 : kind == '"'                ? "string"
                                 : kind == 't' || kind == 'f' ? "boolean"
                                 : kind == 'n'                ? "null"
                                                              : "number"));
}

/* ---- jsonb ---- */

/* A key of an object, a string among an array's elements, or the string itself. */
static bool has(hs_str text, hs_str key)
{
    struct pg_walk w;
    hs_str name, value;
    struct hs_buf own;
    bool found = false, open = pg_walk_open(text, &w);
    if (open && w.object)
        return pg_document_member(text, key, &value);
    hs_buf_init(&own, PG_TEXT_MAX);
    value = hs_str_trim(text);
    while (!found && (!open || pg_walk_next(&w, &name, &value))) {
        hs_buf_clear(&own);
        found = pg_document_unquote(value, &own) && !own.failed && hs_str_eq(hs_buf_str(&own), key);
        if (!open)
            break;
    }
    hs_buf_fini(&own);
    return found;
}

static bool has_key(struct pg_call *c, size_t row)
{
    PG_PUT(c, bool, row, has(pg_text_at(c, 0, row), pg_text_at(c, 1, row)));
    return true;
}

/* ?| and ?&: NULLs among the keys are passed over. */
static bool has_keys(struct pg_call *c, size_t row)
{
    bool all = strcmp(c->native->name, "hs_pg_jsonb_has_all") == 0, answer = all;
    struct cells child = hs_cells_of(duck()->list_vector_get_child(c->in[1].vector));
    const duckdb_list_entry e = PG_AT(c, duckdb_list_entry, 1, row);
    for (size_t i = e.offset; i < e.offset + e.length && answer == all; i++)
        if (hs_cell_valid(&child, i))
            answer = has(pg_text_at(c, 0, row), hs_text_at(&child, i));
    PG_PUT(c, bool, row, answer);
    return true;
}

/* What stands between the brackets; of anything else than an array itself, as the one element of an array. */
static hs_str inside(hs_str text, char kind)
{
    text = hs_str_trim(text);
    return text.len > 1 && text.at[0] == kind ? hs_str_trim(hs_str_n(text.at + 1, text.len - 2)) : text;
}

/* Two objects are one with the later members, anything else an array of both's elements. */
static bool joined(struct pg_call *c, size_t row)
{
    hs_str a = pg_text_at(c, 0, row), b = pg_text_at(c, 1, row);
    bool objects = pg_document_kind(a) == '{' && pg_document_kind(b) == '{';
    a = inside(a, objects ? '{' : '[');
    b = inside(b, objects ? '{' : '[');
    hs_buf_addc(&c->text, objects ? '{' : '[');
    hs_buf_adds(&c->text, a);
    hs_buf_addz(&c->text, a.len && b.len ? ", " : "");
    hs_buf_adds(&c->text, b);
    hs_buf_addc(&c->text, objects ? '}' : ']');
    return pg_put_buf(c, row);
}

static bool is_gone(hs_str key, hs_str value, bool object, hs_str gone)
{
    struct hs_buf own;
    hs_buf_init(&own, PG_TEXT_MAX);
    bool same = pg_document_unquote(object ? key : value, &own) && !own.failed && hs_str_eq(hs_buf_str(&own), gone);
    hs_buf_fini(&own);
    return same;
}

/* jsonb - 'key', jsonb - number. */
static bool without(struct pg_call *c, size_t row)
{
    struct pg_walk w;
    hs_str text = pg_text_at(c, 0, row), key, value;
    bool number = c->native->params[1] == DUCKDB_TYPE_BIGINT, first = true;
    int64_t n = number ? PG_AT(c, int64_t, 1, row) : 0, at = 0;
    if (!pg_walk_open(text, &w) || (number && w.object))
        return pg_raise(c, "22023");
    n += n < 0 && number ? pg_document_length(text) : 0;
    hs_buf_addc(&c->text, w.object ? '{' : '[');
    for (; pg_walk_next(&w, &key, &value); at++) {
        if (number ? at == n : is_gone(key, value, w.object, pg_text_at(c, 1, row)))
            continue;
        hs_buf_addz(&c->text, first ? "" : ", ");
        first = false;
        hs_buf_adds(&c->text, key);
        hs_buf_addz(&c->text, w.object ? ": " : "");
        hs_buf_adds(&c->text, value);
    }
    hs_buf_addc(&c->text, w.object ? '}' : ']');
    return pg_put_buf(c, row);
}

static bool pretty(struct pg_call *c, size_t row)
{
    return pg_document_pretty(pg_text_at(c, 0, row), &c->text) ? pg_put_buf(c, row) : pg_raise(c, "54000");
}

static bool bare(struct pg_call *c, size_t row)
{
    pg_document_bare(pg_text_at(c, 0, row), &c->text);
    return pg_put_buf(c, row);
}

static bool strip(struct pg_call *c, size_t row)
{
    bool settled = strcmp(c->native->name, "hs_pg_jsonb_strip") == 0;
    return pg_document_strip(pg_text_at(c, 0, row), settled, &c->text) ? pg_put_buf(c, row) : pg_raise(c, "54000");
}

#define T DUCKDB_TYPE_VARCHAR
#define B DUCKDB_TYPE_BIGINT
#define L DUCKDB_TYPE_LIST
#define BOOL DUCKDB_TYPE_BOOLEAN
const struct pg_native hs_pg_operators[] = {
    {"hs_pg_json_get", {T, T}, T, .json = true, .row = member},
    {"hs_pg_json_get_text", {T, T}, T, .row = member},
    {"hs_pg_json_at", {T, B}, T, .json = true, .row = element},
    {"hs_pg_json_at_text", {T, B}, T, .row = element},
    {"hs_pg_json_along", {T, L}, T, .json = true, .row = along},
    {"hs_pg_json_along_text", {T, L}, T, .row = along},
    {"hs_pg_json_elements", {T}, L, .json = true, .row = elements},
    {"hs_pg_json_elements_text", {T}, L, .row = elements},
    {"hs_pg_json_keys", {T}, L, .row = keys},
    {"hs_pg_json_values", {T}, L, .json = true, .row = values},
    {"hs_pg_json_values_text", {T}, L, .row = values},
    {"hs_pg_json_length", {T}, DUCKDB_TYPE_INTEGER, .row = length},
    {"hs_pg_json_typeof", {T}, T, .row = type_of},
    {"hs_pg_jsonb_has", {T, T}, BOOL, .row = has_key},
    {"hs_pg_jsonb_has_any", {T, L}, BOOL, .row = has_keys},
    {"hs_pg_jsonb_has_all", {T, L}, BOOL, .row = has_keys},
    {"hs_pg_jsonb_joined", {T, T}, T, .row = joined},
    {"hs_pg_jsonb_without", {T, T}, T, .json = true, .row = without},
    {"hs_pg_jsonb_without", {T, B}, T, .json = true, .row = without},
    {"hs_pg_jsonb_bare", {T}, T, .row = bare},
    {"hs_pg_jsonb_pretty", {T}, T, .row = pretty},
    {"hs_pg_json_strip", {T}, T, .json = true, .row = strip},
    {"hs_pg_jsonb_strip", {T}, T, .json = true, .row = strip},
    {0},
};
