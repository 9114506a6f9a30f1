/* The engine's JSON tree read by the table in tree.def: a node, field, word or shape that is not in the table ends the
 * statement. Nothing is skipped over and nothing of the JSON outlives the call. */
#include "engine/guard_in.h"

#include "base/alloc.h"
#include "base/fault.h"

#include <stdio.h>

/* ---- refusals ---- */
static bool stands_in(hs_str text, hs_str word)
{
    for (size_t i = 0; word.len && i + word.len <= text.len; i++)
        if (hs_str_eq_nocase(hs_str_n(text.at + i, word.len), word))
            return true;
    return false;
}

hs_str hs_guard_quotable(const struct hs_guard *g, hs_str name)
{
    return name.len < 100 && stands_in(g->sql, name) ? name : HS_S("?");
}

hs_rc hs_guard_refuse(const struct hs_guard *g, int64_t position, struct hs_err *err, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (position < 0)
        position = g->near;
    if (position >= 0 && (uint64_t)position <= g->sql.len)
        return hs_fail(err, HS_UNSUPPORTED, "%s (position %lld)", text, (long long)position + 1);
    return hs_fail(err, HS_UNSUPPORTED, "%s", text);
}

hs_rc hs_guard_odd(const struct hs_guard *g, struct hs_err *err, const char *what)
{
    (void)g;
    hs_rc rc = hs_fail(err, HS_UNSUPPORTED, "this statement is not supported");
    return err ? hs_err_note(err, "guard: %s", what) : rc;
}

/* What people do write and why it stops here; anything else gets general words. */
static const struct {
    enum hs_family family;
    const char *tag, *words;
} refusals[] = {
    {HS_FAMILY_TABLE, "PIVOT", "PIVOT and UNPIVOT are not supported"},
    {HS_FAMILY_TABLE, "SHOW_REF",
     "SHOW, DESCRIBE and SUMMARIZE are not supported; ask the catalog calls of the protocol"},
    {HS_FAMILY_TABLE, "COLUMN_DATA", "this kind of table is not supported"},
    {HS_FAMILY_EXPR, "DEFAULT", "DEFAULT is not supported in a query"},
    {HS_FAMILY_EXPR, "TYPE", "a type is not a value here"},
    {HS_FAMILY_QUERY, "STATEMENT_NODE", "only queries are supported"},
};

static hs_rc refuse_kind(const struct hs_guard *g, enum hs_family family, hs_str tag, struct hs_err *err)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (refusals[i].family == family && hs_str_is(tag, refusals[i].tag))
            return hs_guard_refuse(g, -1, err, "%s", refusals[i].words);
    return hs_guard_odd(g, err, "unknown kind of node");
}

/* ---- fields ---- */
static hs_rc read_node(struct hs_guard *g, yyjson_val *v, enum hs_family family, struct hs_node **out,
                       struct hs_err *err);

static bool is_nothing(yyjson_val *v)
{
    return !v || yyjson_is_null(v);
}

static hs_rc read_nodes(struct hs_guard *g, yyjson_val *v, enum hs_family family, struct hs_nodes *out,
                        struct hs_err *err)
{
    if (!yyjson_is_arr(v))
        return hs_guard_odd(g, err, "a list expected");
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(v, i, max, item)
    {
        struct hs_node *n = NULL;
        HS_TRY(read_node(g, item, family, &n, err));
        if (!n)
            return hs_guard_odd(g, err, "null in a list of nodes");
        struct hs_node **slot = hs_vec_add(g->arena, out);
        if (!slot)
            return hs_fail(err, HS_NOMEM, "out of memory");
        *slot = n;
    }
    return HS_OK;
}

static hs_rc read_names(struct hs_guard *g, yyjson_val *v, struct hs_names *out, struct hs_err *err)
{
    if (!yyjson_is_arr(v))
        return hs_guard_odd(g, err, "a list of names expected");
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(v, i, max, item)
    {
        hs_str *slot = hs_vec_add(g->arena, out);
        if (!slot)
            return hs_fail(err, HS_NOMEM, "out of memory");
        HS_TRY(hs_guard_text(g, item, slot, err));
        if (!slot->len)
            return hs_guard_odd(g, err, "an empty name");
    }
    return HS_OK;
}

static hs_rc read_lists(struct hs_guard *g, yyjson_val *v, enum hs_family family, struct hs_lists *out,
                        struct hs_err *err)
{
    if (!yyjson_is_arr(v))
        return hs_guard_odd(g, err, "a list of lists expected");
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(v, i, max, item)
    {
        struct hs_nodes *slot = hs_vec_add(g->arena, out);
        if (!slot)
            return hs_fail(err, HS_NOMEM, "out of memory");
        HS_TRY(read_nodes(g, item, family, slot, err));
    }
    return HS_OK;
}

static hs_rc read_set(struct hs_guard *g, yyjson_val *v, struct hs_set *out, struct hs_err *err)
{
    if (!yyjson_is_arr(v))
        return hs_guard_odd(g, err, "a grouping set expected");
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(v, i, max, item)
    {
        size_t *slot = hs_vec_add(g->arena, out);
        if (!slot)
            return hs_fail(err, HS_NOMEM, "out of memory");
        if (!yyjson_is_uint(item))
            return hs_guard_odd(g, err, "a grouping set of numbers expected");
        *slot = (size_t)yyjson_get_uint(item);
    }
    return HS_OK;
}

static hs_rc read_sets(struct hs_guard *g, yyjson_val *v, struct hs_sets *out, struct hs_err *err)
{
    if (!yyjson_is_arr(v))
        return hs_guard_odd(g, err, "grouping sets expected");
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(v, i, max, item)
    {
        struct hs_set *slot = hs_vec_add(g->arena, out);
        if (!slot)
            return hs_fail(err, HS_NOMEM, "out of memory");
        HS_TRY(read_set(g, item, slot, err));
    }
    return HS_OK;
}

static hs_rc read_word(struct hs_guard *g, yyjson_val *v, enum hs_word_set set, hs_word *out, struct hs_err *err)
{
    if (!yyjson_is_str(v))
        return hs_guard_odd(g, err, "a word expected");
    *out = hs_word_find(set, hs_str_n(yyjson_get_str(v), yyjson_get_len(v)));
    if (*out == HS_W_NONE_)
        return hs_guard_odd(g, err, "a word that is not allowed here");
    return HS_OK;
}

static hs_rc read_number(struct hs_guard *g, yyjson_val *v, int64_t *out, struct hs_err *err)
{
    if (!yyjson_is_int(v) || (yyjson_is_uint(v) && yyjson_get_uint(v) > INT64_MAX))
        return hs_guard_odd(g, err, "a number expected");
    *out = yyjson_get_sint(v);
    return HS_OK;
}

static hs_rc read_none(struct hs_guard *g, yyjson_val *v, struct hs_err *err)
{
    bool empty = is_nothing(v) || yyjson_is_false(v) || (yyjson_is_int(v) && yyjson_get_uint(v) == 0) ||
                 (yyjson_is_str(v) && yyjson_get_len(v) == 0) || (yyjson_is_ctn(v) && unsafe_yyjson_get_len(v) == 0);
    return empty ? HS_OK : hs_guard_odd(g, err, "a part of the tree that is not supported");
}

static hs_rc read_field(struct hs_guard *g, yyjson_val *v, const struct hs_field_rule *f, void *out, struct hs_err *err)
{
    switch (f->how) {
    case HS_HOW_NEED:
    case HS_HOW_ONE:
        return read_node(g, v, (enum hs_family)f->what, out, err);
    case HS_HOW_MANY:
    case HS_HOW_SOME:
        return read_nodes(g, v, (enum hs_family)f->what, out, err);
    case HS_HOW_LISTS:
        return read_lists(g, v, (enum hs_family)f->what, out, err);
    case HS_HOW_TEXT:
        return hs_guard_text(g, v, out, err);
    case HS_HOW_NAMES:
        return read_names(g, v, out, err);
    case HS_HOW_FLAG:
        if (!yyjson_is_bool(v))
            return hs_guard_odd(g, err, "a flag expected");
        *(bool *)out = yyjson_get_bool(v);
        return HS_OK;
    case HS_HOW_NUMBER:
        return read_number(g, v, out, err);
    case HS_HOW_WORD:
    case HS_HOW_MAYBE:
        return read_word(g, v, (enum hs_word_set)f->what, out, err);
    case HS_HOW_VALUE:
        return hs_guard_value(g, v, out, err);
    case HS_HOW_TYPE:
        return hs_guard_type(g, v, out, err);
    case HS_HOW_SETS:
        return read_sets(g, v, out, err);
    case HS_HOW_NONE:
        return read_none(g, v, err);
    case HS_HOW_SKIP:
        return HS_OK;
    case HS_HOW_COUNT_:
        break;
    }
    return hs_guard_odd(g, err, "unknown kind of field");
}

/* ---- nodes ---- */
static const char *tag_key(enum hs_family family)
{
    if (family == HS_FAMILY_EXPR)
        return "class";
    return family == HS_FAMILY_QUERY || family == HS_FAMILY_TABLE || family == HS_FAMILY_MODIFIER ? "type" : NULL;
}

/* Nodes may be left out as null; a list or text may not: with skip_empty the engine drops the empty set of GROUPING
 * SETS and the empty text alike, and the rest would still look like a statement. */
static bool may_be_missing(enum hs_how how)
{
    return how == HS_HOW_ONE || how == HS_HOW_SOME || how == HS_HOW_MAYBE || how == HS_HOW_NONE || how == HS_HOW_SKIP;
}

static int64_t position_of(yyjson_val *v)
{
    yyjson_val *at = yyjson_obj_get(v, "query_location");
    uint64_t n = yyjson_is_uint(at) ? yyjson_get_uint(at) : UINT64_MAX;
    return n < INT32_MAX ? (int64_t)n : -1; /* the engine writes 2^64-1 for none */
}

/* Keys every expression or table has beside the table's own; `*out` tells whether this was one. */
static hs_rc read_common(struct hs_guard *g, struct hs_node *n, enum hs_family family, hs_str key, yyjson_val *v,
                         bool *out, struct hs_err *err)
{
    const char *tag = tag_key(family);
    bool expression = family == HS_FAMILY_EXPR;
    *out = true;
    if (tag && hs_str_is(key, tag))
        return HS_OK;
    if (expression && hs_str_is(key, "type"))
        return read_word(g, v, hs_node_types(n->kind), &n->type, err);
    if ((expression || family == HS_FAMILY_TABLE) && hs_str_is(key, "alias"))
        return hs_guard_text(g, v, &n->alias, err);
    if ((expression || family == HS_FAMILY_TABLE) && hs_str_is(key, "query_location"))
        return HS_OK;
    *out = false;
    return HS_OK;
}

static hs_rc read_key(struct hs_guard *g, struct hs_node *n, enum hs_family family, hs_str key, yyjson_val *v,
                      uint64_t *seen, struct hs_err *err)
{
    const struct hs_node_rule *rule = hs_node_rule(n->kind);
    bool common = false;
    HS_TRY(read_common(g, n, family, key, v, &common, err));
    if (common)
        return HS_OK;
    for (size_t i = 0; i < rule->field_count; i++) {
        const struct hs_field_rule *f = &rule->fields[i];
        if (!hs_str_is(key, f->name))
            continue;
        if (*seen & (1ull << i))
            return hs_guard_odd(g, err, "a field twice");
        *seen |= 1ull << i;
        if (is_nothing(v) && may_be_missing(f->how))
            return HS_OK;
        return read_field(g, v, f, hs_node_at(n, f->offset), err);
    }
    return hs_guard_odd(g, err, "a field that is not known");
}

static hs_rc read_keys(struct hs_guard *g, struct hs_node *n, enum hs_family family, yyjson_val *v, struct hs_err *err)
{
    const struct hs_node_rule *rule = hs_node_rule(n->kind);
    uint64_t seen = 0;
    yyjson_obj_iter it = yyjson_obj_iter_with(v);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));)
        HS_TRY(read_key(g, n, family, hs_str_n(yyjson_get_str(key), yyjson_get_len(key)), yyjson_obj_iter_get_val(key),
                        &seen, err));
    for (size_t i = 0; i < rule->field_count; i++) {
        bool there = seen & (1ull << i);
        if (!may_be_missing(rule->fields[i].how) && !there)
            return hs_guard_odd(g, err, "a field is missing (json_serialize_sql must not skip empty parts)");
        if (rule->fields[i].how == HS_HOW_NEED && !*(struct hs_node **)hs_node_at(n, rule->fields[i].offset))
            return hs_guard_odd(g, err, "a node is missing");
    }
    if (family == HS_FAMILY_EXPR && n->type == HS_W_NONE_)
        return hs_guard_odd(g, err, "an expression without a type");
    return HS_OK;
}

static hs_rc read_node_inner(struct hs_guard *g, yyjson_val *v, enum hs_family family, struct hs_node **out,
                             struct hs_err *err)
{
    const char *key = tag_key(family);
    yyjson_val *tag = key ? yyjson_obj_get(v, key) : NULL;
    if (key && !yyjson_is_str(tag))
        return hs_guard_odd(g, err, "a node without a kind");
    hs_str text = key ? hs_str_n(yyjson_get_str(tag), yyjson_get_len(tag)) : HS_S("");
    enum hs_node_kind kind = hs_node_find(family, text);
    if (kind == HS_N_NONE_)
        return refuse_kind(g, family, text, err);
    struct hs_node *n = hs_node_new(g->arena, kind);
    if (!n)
        return hs_fail(err, HS_NOMEM, "out of memory");
    n->position = position_of(v);
    HS_TRY(read_keys(g, n, family, v, err));
    *out = n;
    return hs_guard_check(g, out, err);
}

static hs_rc read_node(struct hs_guard *g, yyjson_val *v, enum hs_family family, struct hs_node **out,
                       struct hs_err *err)
{
    *out = NULL;
    if (is_nothing(v))
        return HS_OK;
    if (!yyjson_is_obj(v))
        return hs_guard_odd(g, err, "a node expected");
    if (++g->nodes > HS_GUARD_NODES)
        return hs_fail(err, HS_LIMIT, "the statement is too large");
    if (g->depth >= HS_GUARD_DEPTH)
        return hs_fail(err, HS_LIMIT, "the statement is nested too deeply");
    int64_t near = g->near, here = position_of(v);
    if (here >= 0)
        g->near = here;
    g->depth++;
    hs_rc rc = read_node_inner(g, v, family, out, err);
    g->depth--;
    g->near = near;
    return rc;
}

/* ---- the document ---- */
static void *json_malloc(void *ctx, size_t size)
{
    (void)ctx;
    return hs_malloc(size);
}
static void *json_realloc(void *ctx, void *p, size_t old_size, size_t size)
{
    (void)ctx;
    (void)old_size;
    return hs_realloc(p, size);
}
static void json_free(void *ctx, void *p)
{
    (void)ctx;
    hs_free(p);
}

/* The parser's own complaint. Its words quote the statement and nothing else could be in them, but they come from a
 * worker: only the position is kept. */
static hs_rc syntax_error(const struct hs_guard *g, yyjson_val *root, struct hs_err *err)
{
    const char *type = yyjson_get_str(yyjson_obj_get(root, "error_type"));
    const char *words = yyjson_get_str(yyjson_obj_get(root, "error_message"));
    const char *at = yyjson_get_str(yyjson_obj_get(root, "position"));
    int64_t position = -1;
    if (at && !hs_str_to_i64(hs_str_of(at), &position))
        position = -1;
    hs_rc rc;
    if (type && strcmp(type, "not implemented") == 0)
        rc = hs_fail(err, HS_UNSUPPORTED, "only queries (SELECT, VALUES, WITH, set operations) are supported");
    else if (position >= 0 && (uint64_t)position <= g->sql.len)
        rc = hs_fail(err, HS_INVALID, "syntax error (position %lld)", (long long)position + 1);
    else
        rc = hs_fail(err, HS_INVALID, "syntax error");
    return err ? hs_err_note(err, "%s", words ? words : "no message") : rc;
}

static hs_rc read_document(struct hs_guard *g, yyjson_val *root, struct hs_node **out, struct hs_err *err)
{
    yyjson_val *failed = yyjson_obj_get(root, "error");
    yyjson_val *statements = yyjson_obj_get(root, "statements");
    if (yyjson_is_true(failed))
        return syntax_error(g, root, err);
    if (!yyjson_is_false(failed) || !yyjson_is_arr(statements))
        return hs_guard_odd(g, err, "not a parsed statement");
    if (yyjson_arr_size(statements) == 0)
        return hs_fail(err, HS_INVALID, "the statement is empty");
    if (yyjson_arr_size(statements) != 1)
        return hs_fail(err, HS_UNSUPPORTED, "one statement at a time");
    struct hs_node *n = NULL;
    HS_TRY(read_node(g, yyjson_arr_get_first(statements), HS_FAMILY_STATEMENT, &n, err));
    if (!n)
        return hs_guard_odd(g, err, "no statement");
    *out = n;
    return HS_OK;
}

hs_rc hs_guard_read(struct hs_guard *g, hs_str json, struct hs_node **out, struct hs_err *err)
{
    static const yyjson_alc heap = {json_malloc, json_realloc, json_free, NULL};
    yyjson_read_err why;
    if (json.len > HS_GUARD_JSON)
        return hs_fail(err, HS_LIMIT, "the statement is too large");
    yyjson_doc *doc =
        yyjson_read_opts((char *)(uintptr_t)json.at, json.len, YYJSON_READ_ALLOW_INF_AND_NAN, &heap, &why);
    if (!doc && why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (!doc)
        return hs_guard_odd(g, err, "the worker's answer is not JSON");
    hs_rc rc = read_document(g, yyjson_doc_get_root(doc), out, err);
    yyjson_doc_free(doc);
    return rc;
}

/* ---- the two doors ---- */
hs_rc hs_guard_statement(struct hs_arena *a, hs_str sql, hs_str json, struct hs_statement **out, struct hs_err *err)
{
    struct hs_guard g = {.arena = a, .sql = sql, .near = -1};
    struct hs_node *root = NULL;
    struct hs_statement *s = HS_NEW(a, struct hs_statement);
    if (!s)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_rc rc = hs_guard_read(&g, json, &root, err);
    if (rc == HS_UNSUPPORTED && !hs_defence("select-only")) {
        s->as_is = sql;
        *out = s;
        return HS_OK;
    }
    if (rc != HS_OK)
        return rc;
    HS_TRY(hs_guard_scope(&g, root, s, err));
    HS_TRY(hs_guard_work(&g, root, err));
    s->tree = root;
    s->param_count = g.params;
    *out = s;
    return HS_OK;
}
