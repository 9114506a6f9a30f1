/* '{1,NULL,"a b"}': PostgreSQL's text of an array, read as its input function does, and written for the engine. */
#include "pgsql/pgsql_in.h"

#include <ctype.h>
#include <strings.h>

struct element {
    hs_str text;
    bool null;
};

struct array_reader {
    struct hs_arena *arena;
    hs_str rest;
    HS_VEC(struct element) elements;
    char *to; /* room for all of them: never longer than the literal */
};

enum array_fault { ARRAY_FINE, ARRAY_MALFORMED, ARRAY_NESTED, ARRAY_MEMORY };

static void skip_blanks(struct array_reader *a)
{
    while (a->rest.len && isspace((unsigned char)a->rest.at[0]))
        a->rest = hs_str_n(a->rest.at + 1, a->rest.len - 1);
}

static char next(struct array_reader *a)
{
    if (!a->rest.len)
        return 0;
    char c = a->rest.at[0];
    a->rest = hs_str_n(a->rest.at + 1, a->rest.len - 1);
    return c;
}

static enum array_fault read_quoted(struct array_reader *a, char *to, size_t *len)
{
    for (;;) {
        if (!a->rest.len)
            return ARRAY_MALFORMED;
        char c = next(a);
        if (c == '"')
            return ARRAY_FINE;
        if (c == '\\') {
            if (!a->rest.len)
                return ARRAY_MALFORMED;
            c = next(a);
        }
        to[(*len)++] = c;
    }
}

static enum array_fault read_element(struct array_reader *a)
{
    struct element *e = hs_vec_add(a->arena, &a->elements);
    char *to = a->to;
    size_t len = 0, kept = 0;
    bool quoted = false;
    if (!e)
        return ARRAY_MEMORY;
    skip_blanks(a);
    while (a->rest.len && a->rest.at[0] != ',' && a->rest.at[0] != '}') {
        char c = next(a);
        if (c == '{')
            return ARRAY_NESTED;
        if (c == '"') {
            quoted = true;
            if (read_quoted(a, to, &len) != ARRAY_FINE)
                return ARRAY_MALFORMED;
            kept = len;
            continue;
        }
        bool escaped = c == '\\';
        if (escaped && !a->rest.len)
            return ARRAY_MALFORMED;
        to[len++] = escaped ? next(a) : c;
        if (escaped || !isspace((unsigned char)c))
            kept = len;
    }
    if (kept == 0 && !quoted)
        return ARRAY_MALFORMED;
    a->to += len;
    e->text = hs_str_n(to, kept);
    e->null = !quoted && kept == 4 && strncasecmp(to, "null", 4) == 0;
    return ARRAY_FINE;
}

static enum array_fault read_array(struct array_reader *a)
{
    a->to = hs_arena_alloc(a->arena, a->rest.len + 1);
    if (!a->to)
        return ARRAY_MEMORY;
    skip_blanks(a);
    if (next(a) != '{')
        return ARRAY_MALFORMED;
    skip_blanks(a);
    if (a->rest.len && a->rest.at[0] == '}') {
        next(a);
    } else {
        for (char c = ','; c == ',';) {
            enum array_fault fault = read_element(a);
            if (fault != ARRAY_FINE)
                return fault;
            c = next(a);
            if (c != ',' && c != '}')
                return ARRAY_MALFORMED;
        }
    }
    skip_blanks(a);
    return a->rest.len ? ARRAY_MALFORMED : ARRAY_FINE;
}

hs_rc array_constant(struct reader *r, hs_str literal, struct kind array, int location, struct piece *out)
{
    struct array_reader a = {.arena = r->arena, .rest = literal};
    switch (read_array(&a)) {
    case ARRAY_FINE:
        break;
    case ARRAY_MEMORY:
        return no_memory(r);
    case ARRAY_NESTED:
        return refuse(r, location, "0A000", "arrays of several dimensions are not supported");
    case ARRAY_MALFORMED:
        return refuse(r, location, "22P02", "malformed array literal: \"%.*s\"", HS_FMT(literal));
    }
    const struct pg_type *element = hs_pgsql_type_by_array(array.oid);
    if (a.elements.len == 0) {
        put(r, out, "CAST([] AS ");
        HS_TRY(type_print(r, array, location, out));
        put(r, out, ")");
        return HS_OK;
    }
    for (size_t i = 0; i < a.elements.len; i++) {
        struct piece value = {.kind = KIND_OF(HS_OID_unknown), .form = PIECE_LITERAL}, cast = {0};
        value.literal = a.elements.at[i].text;
        value.is_null = a.elements.at[i].null;
        if (!value.is_null)
            put(r, &value, "%L%T", location, &value.literal);
        HS_TRY(cast_to(r, &value, (struct kind){element->oid, array.typmod, NULL}, location, &cast));
        put(r, out, i ? ", %P" : "[%P", &cast);
    }
    put(r, out, "]");
    return HS_OK;
}

hs_rc hs_pgsql_array_text(struct hs_arena *arena, hs_str literal, hs_str *out, struct hs_err *err)
{
    struct array_reader a = {.arena = arena, .rest = literal};
    switch (read_array(&a)) {
    case ARRAY_FINE:
        break;
    case ARRAY_MEMORY:
        return hs_fail(err, HS_NOMEM, "out of memory");
    case ARRAY_NESTED:
        return hs_fail(err, HS_UNSUPPORTED, "arrays of several dimensions are not supported");
    case ARRAY_MALFORMED:
        return hs_fail(err, HS_INVALID, "malformed array literal");
    }
    struct hs_buf b;
    hs_buf_init(&b, literal.len * 4 + 64);
    hs_buf_addc(&b, '[');
    for (size_t i = 0; i < a.elements.len; i++) {
        hs_buf_addz(&b, i ? ", " : "");
        if (a.elements.at[i].null) {
            hs_buf_addz(&b, "NULL");
            continue;
        }
        hs_buf_addc(&b, '"');
        for (size_t j = 0; j < a.elements.at[i].text.len; j++) {
            char c = a.elements.at[i].text.at[j];
            if (c == '"' || c == '\\')
                hs_buf_addc(&b, '\\');
            hs_buf_addc(&b, c);
        }
        hs_buf_addc(&b, '"');
    }
    hs_buf_addc(&b, ']');
    *out = b.failed ? (hs_str){NULL, 0} : hs_arena_str(arena, hs_buf_str(&b));
    hs_buf_fini(&b);
    return out->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}
