/* The two calls of this room. Reading: bound the text, let PostgreSQL's own parser make its tree, classify.
 * Translating: print one statement's query. The parser is libpg_query: PostgreSQL 15's grammar and scanner as a
 * library. It keeps a memory context a thread, freed when the thread ends; its errors are results, not exits. */
#include "pgsql/pgsql_in.h"

#include "base/json_alc.h"

#include <ctype.h>
#include <pg_query.h>

static hs_rc refuse_all(struct hs_arena *a, struct hs_pgsql_script *out, const char *sqlstate, hs_str message,
                        int position, struct hs_err *err)
{
    out->at = HS_NEW(a, struct hs_pgsql_statement);
    if (!out->at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    out->count = 1;
    out->at->kind = HS_PGSQL_REFUSED;
    out->at->tag = "";
    out->at->source = out->text;
    memcpy(out->at->refused.sqlstate, sqlstate, 6);
    out->at->refused.message = hs_arena_str(a, message);
    out->at->refused.position = position;
    return out->at->refused.message.at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

/* What the parser says: its words go to the client, who wrote the text. */
static hs_rc refuse_parse(struct hs_arena *a, const PgQueryError *error, struct hs_pgsql_script *out,
                          struct hs_err *err)
{
    hs_str message = hs_str_of(error->message ? error->message : "syntax error");
    bool memory = hs_str_starts(message, HS_S("out of memory")), deep = strstr(message.at, "stack depth") != NULL;
    const char *state = memory ? "53200" : deep ? "54001" : "42601";
    if (hs_str_starts(message, HS_S("memory exhausted")))
        state = "54001"; /* the grammar's own stack */
    if (!hs_utf8_valid(message))
        message = HS_S("syntax error");
    return refuse_all(a, out, state, message, error->cursorpos, err);
}

static void free_doc(void *doc)
{
    yyjson_doc_free(doc);
}

/* NULL *root: `out` holds the refusal. */
static hs_rc parse(struct hs_arena *a, struct hs_pgsql_script *out, yyjson_val **root, struct hs_err *err)
{
    PgQueryParseResult result = pg_query_parse(out->text.at);
    *root = NULL;
    if (result.error) {
        hs_rc rc = refuse_parse(a, result.error, out, err);
        pg_query_free_parse_result(result);
        return rc;
    }
    yyjson_read_err fault;
    yyjson_doc *doc = yyjson_read_opts(result.parse_tree, strlen(result.parse_tree), 0, &hs_json_alc, &fault);
    pg_query_free_parse_result(result);
    if (!doc && fault.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (!doc) /* a name that the parser cut in the middle of a character */
        return refuse_all(a, out, "42622", HS_S("a name is too long"), 0, err);
    if (!hs_arena_defer(a, free_doc, doc))
        return hs_fail(err, HS_NOMEM, "out of memory");
    *root = yyjson_doc_get_root(doc);
    return HS_OK;
}

/* The parser's values lie one behind the other, so that looking at all of a statement's is a loop. */
static size_t highest_parameter(yyjson_val *stmt)
{
    size_t highest = 0;
    yyjson_val *end = unsafe_yyjson_get_next(stmt);
    for (yyjson_val *v = stmt; v + 1 < end; v++) {
        if (!yyjson_equals_str(v, "ParamRef") || !yyjson_is_obj(v + 1))
            continue;
        int64_t number = yyjson_get_sint(yyjson_obj_get(v + 1, "number"));
        if (number > 0 && (size_t)number > highest)
            highest = (size_t)number;
    }
    return highest;
}

static void place_statement(struct hs_pgsql_script *out, yyjson_val *item, struct hs_pgsql_statement *s)
{
    size_t at = (size_t)yyjson_get_uint(yyjson_obj_get(item, "stmt_location"));
    size_t len = (size_t)yyjson_get_uint(yyjson_obj_get(item, "stmt_len"));
    at = at < out->text.len ? at : out->text.len;
    if (len == 0 || len > out->text.len - at)
        len = out->text.len - at;
    s->source = hs_str_trim(hs_str_n(out->text.at + at, len));
    while (s->source.len && s->source.at[s->source.len - 1] == ';')
        s->source = hs_str_trim(hs_str_n(s->source.at, s->source.len - 1));
    s->source_at = s->source.len ? (size_t)(s->source.at - out->text.at) : at;
}

static hs_rc read_statement(struct hs_arena *a, struct hs_pgsql_script *out, yyjson_val *item,
                            struct hs_pgsql_statement *s, struct hs_err *err)
{
    static const struct hs_pgsql_context none;
    yyjson_val *stmt = yyjson_obj_get(item, "stmt");
    struct reader r = {.arena = a, .script = out, .context = &none, .err = err};
    place_statement(out, item, s);
    s->param_count = stmt ? highest_parameter(stmt) : 0;
    hs_rc rc =
        s->param_count > 65535 ? refuse(&r, -1, "54023", "there are at most 65535 parameters") : classify(&r, stmt, s);
    if (rc == HS_OK)
        return HS_OK;
    if (!r.refused.sqlstate[0])
        return rc;
    refusal_settle(out, &r.refused);
    *s = (struct hs_pgsql_statement){
        .kind = HS_PGSQL_REFUSED, .tag = "", .source = s->source, .source_at = s->source_at, .refused = r.refused};
    hs_err_clear(err);
    return HS_OK;
}

static hs_rc read_statements(struct hs_arena *a, struct hs_pgsql_script *out, yyjson_val *root, struct hs_err *err)
{
    yyjson_val *list = yyjson_obj_get(root, "stmts");
    size_t count = yyjson_arr_size(list);
    out->count = count ? count : 1;
    out->at = hs_arena_array(a, out->count, sizeof *out->at);
    if (!out->at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (!count) {
        out->at[0].kind = HS_PGSQL_EMPTY;
        out->at[0].tag = "";
    }
    EACH(i, item, list)
    HS_TRY(read_statement(a, out, item, &out->at[i], err));
    return HS_OK;
}

hs_rc hs_pgsql_read(struct hs_arena *a, hs_str text, struct hs_pgsql_script *out, struct hs_err *err)
{
    struct hs_pgsql_measure measure;
    yyjson_val *root;
    *out = (struct hs_pgsql_script){0};
    if (text.len > HS_PGSQL_TEXT_MAX)
        return refuse_all(a, out, "54000", HS_S("the text of a statement is longer than 1 MiB"), 0, err);
    out->text = hs_arena_str(a, text);
    if (!out->text.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (memchr(text.at ? text.at : "", 0, text.len) || !hs_utf8_valid(text))
        return refuse_all(a, out, "22021", HS_S("invalid byte sequence for encoding \"UTF8\""), 0, err);
    HS_TRY(hs_pgsql_measure_text(a, out->text, &measure, err));
    if (measure.depth > HS_PGSQL_DEPTH)
        return refuse_all(a, out, "54001", HS_S("statement is nested too deeply"), 0, err);
    if (measure.tokens > HS_PGSQL_TOKENS)
        return refuse_all(a, out, "54000", HS_S("statement has too many words"), 0, err);
    if (measure.again > HS_PGSQL_AGAIN)
        return refuse_all(a, out, "54000", HS_S("statement has too many comments in a row"), 0, err);
    HS_TRY(parse(a, out, &root, err));
    return root ? read_statements(a, out, root, err) : HS_OK;
}

/* ---- translating ---- */

/* COPY table (columns) TO STDOUT. */
static hs_rc copy_table(struct reader *r, yyjson_val *body, struct columns *columns, struct piece *out)
{
    struct scope scope;
    struct piece from = {0};
    struct columns all = {0};
    scope_open(r, &scope, NULL);
    HS_TRY(from_relation(r, yyjson_obj_get(body, "relation"), &from));
    HS_TRY(star_columns(r, HS_S(""), HS_S(""), -1, &all));
    yyjson_val *names = yyjson_obj_get(body, "attlist");
    put(r, out, names ? "SELECT " : "SELECT *");
    EACH(i, item, names)
    {
        hs_str name = node_string(item);
        struct column *c = columns_find(&all, name);
        if (!c && !all.open)
            return refuse(r, -1, "42703", "column \"%.*s\" does not exist", HS_FMT(name));
        put(r, out, i ? ", %N" : "%N", &name);
        HS_TRY(column_add(r, columns, name, c ? c->kind : NOT_KNOWN));
    }
    if (!names)
        *columns = all;
    put(r, out, " FROM %P", &from);
    r->scope = NULL;
    return HS_OK;
}

static hs_rc report(struct reader *r, const struct columns *columns, struct hs_pgsql_translation *out)
{
    size_t count = columns->open ? 0 : columns->list.len;
    out->column_types = hs_arena_array(r->arena, count + 1, sizeof *out->column_types);
    out->column_typmods = hs_arena_array(r->arena, count + 1, sizeof *out->column_typmods);
    if (!out->column_types || !out->column_typmods)
        return no_memory(r);
    out->column_count = count;
    for (size_t i = 0; i < count; i++) {
        struct kind kind = columns->list.at[i].kind;
        out->column_types[i] = kind.oid == HS_OID_record || kind.oid == HS_OID_unknown ? 0 : kind.oid;
        out->column_typmods[i] = kind.typmod;
    }
    out->param_types = r->param_types;
    out->systems = r->systems.at;
    out->system_count = r->systems.len;
    out->set_configs = r->set_configs.at;
    out->set_config_count = r->set_configs.len;
    return HS_OK;
}

static hs_rc translate(struct reader *r, const struct hs_pgsql_statement *s, struct hs_pgsql_translation *out)
{
    struct columns columns = {0};
    struct piece text = {0};
    yyjson_val *body = (yyjson_val *)s->tree;
    bool table = s->kind == HS_PGSQL_COPY && yyjson_obj_get(body, "relation");
    HS_TRY(table ? copy_table(r, body, &columns, &text) : query(r, body, &columns, &text));
    HS_TRY(flatten(r, &text, out));
    return report(r, &columns, out);
}

hs_rc hs_pgsql_translate(struct hs_arena *a, const struct hs_pgsql_script *script, size_t index,
                         const struct hs_pgsql_context *context, struct hs_pgsql_translation *out, struct hs_err *err)
{
    *out = (struct hs_pgsql_translation){0};
    const struct hs_pgsql_statement *s = &script->at[index];
    if (!s->runs)
        return hs_fail(err, HS_INTERNAL, "a statement without a query was to be translated");
    struct reader r = {.arena = a, .script = script, .context = context, .err = err, .param_count = s->param_count};
    r.param_types = hs_arena_array(a, s->param_count + 1, sizeof *r.param_types);
    if (!r.param_types)
        return hs_fail(err, HS_NOMEM, "out of memory");
    const uint32_t *given = s->kind == HS_PGSQL_PREPARE ? s->prepare.types : context->param_types;
    size_t count = s->kind == HS_PGSQL_PREPARE ? s->prepare.count : context->param_type_count;
    for (size_t i = 0; i < s->param_count && i < count; i++)
        r.param_types[i] = given[i] == HS_OID_unknown ? 0 : given[i];
    hs_rc rc = translate(&r, s, out);
    if (rc == HS_OK || !r.refused.sqlstate[0])
        return rc;
    refusal_settle(script, &r.refused);
    *out = (struct hs_pgsql_translation){.refused = r.refused};
    hs_err_clear(err);
    return HS_OK;
}
