/* Whose name is it? Every relation becomes either a view of ours (hs_scan_N, with the person's own name as alias) or a
 * WITH query under a name of ours (hs_cte_N), so that no name a person wrote is ever looked up by the engine: should
 * our idea of scope and the engine's differ, the answer is "no such table", never another table or a file. */
#include "engine/guard_in.h"

#include <stdio.h>

struct source {                   /* a relation in a FROM */
    hs_str catalog, schema, name; /* a base table named without alias; empty otherwise */
    hs_str written;               /* what columns are qualified with: the alias, or the table's name */
    struct hs_node *table;        /* its alias is the one that is printed */
};
struct frame { /* a FROM and those around it */
    const struct frame *outer;
    HS_VEC(struct source) sources;
};
struct cte {
    const struct cte *outer;
    hs_str name, printed;
};
struct scope {
    struct hs_guard *g;
    const struct frame *frame;
    const struct cte *ctes;
    size_t cte_count;
    HS_VEC(struct hs_table_ref) refs;
};

static hs_rc visit(struct hs_node *n, void *arg, struct hs_err *err);

static hs_rc no_memory(struct hs_err *err)
{
    return hs_fail(err, HS_NOMEM, "out of memory");
}

/* ---- columns ---- */
static size_t qualifier_of(const struct source *s, const struct hs_names *path)
{
    size_t n = path->len;
    if (!s->name.len || !s->schema.len)
        return 0;
    if (n >= 3 && hs_str_eq_nocase(path->at[0], s->schema) && hs_str_eq_nocase(path->at[1], s->name))
        return 2;
    if (n >= 4 && hs_str_eq_nocase(path->at[1], s->schema) && hs_str_eq_nocase(path->at[2], s->name) &&
        (!s->catalog.len || hs_str_eq_nocase(path->at[0], s->catalog)))
        return 3;
    return 0;
}

/* The relation a qualified column means and how many parts of its path name it: the nearest one, as the engine looks.
 * NULL where none is meant or two are. schema.table.column loses its schema, for the view stands in none; a path whose
 * first part is an alias in reach is alias.column.member. */
static const struct source *find_source(const struct frame *f, const struct hs_names *path, size_t *out_parts)
{
    for (; f; f = f->outer) {
        const struct source *found = NULL;
        size_t fitting = 0;
        for (size_t i = 0; i < f->sources.len; i++)
            if (path->len >= 2 && hs_str_eq_nocase(f->sources.at[i].written, path->at[0])) {
                found = &f->sources.at[i];
                fitting++;
            }
        *out_parts = 1;
        if (fitting)
            return fitting == 1 ? found : NULL;
        for (size_t i = 0; i < f->sources.len; i++)
            if ((*out_parts = qualifier_of(&f->sources.at[i], path)))
                return &f->sources.at[i];
    }
    return NULL;
}

static void visit_column(struct scope *s, struct hs_n_COLUMN *c)
{
    size_t parts = 0;
    const struct source *source = find_source(s->frame, &c->column_names, &parts);
    if (!source)
        return;
    c->column_names.at += parts - 1;
    c->column_names.len -= parts - 1;
    c->column_names.at[0] = source->table->alias;
}

static void visit_star(struct scope *s, struct hs_n_STAR *star)
{
    hs_str names[2] = {star->relation_name, HS_S("*")};
    struct hs_names path = {names, 2, 2};
    size_t parts = 0;
    const struct source *source = star->relation_name.len ? find_source(s->frame, &path, &parts) : NULL;
    if (source)
        star->relation_name = source->table->alias;
}

static void visit_path(struct scope *s, struct hs_n_COLUMN_PATH *p)
{
    hs_str names[4] = {p->catalog, p->schema, p->table, p->column};
    size_t first = p->catalog.len ? 0 : p->schema.len ? 1 : 2, parts = 0;
    struct hs_names path = {names + first, 4 - first, 4 - first};
    const struct source *source = p->table.len ? find_source(s->frame, &path, &parts) : NULL;
    if (!source || parts + 1 != path.len)
        return;
    p->catalog = p->schema = (hs_str){NULL, 0};
    p->table = source->table->alias;
}

/* ---- FROM ---- */
static const struct cte *find_cte(const struct scope *s, const struct hs_n_BASE_TABLE *t)
{
    if (t->schema_name.len || t->catalog_name.len)
        return NULL;
    for (const struct cte *c = s->ctes; c; c = c->outer)
        if (hs_str_eq_nocase(c->name, t->table_name))
            return c;
    return NULL;
}

static bool same_table(const struct source *a, const struct source *b)
{
    return hs_str_eq_nocase(a->schema, b->schema) && hs_str_eq_nocase(a->catalog, b->catalog);
}

static hs_rc add_source(struct scope *s, struct frame *f, struct hs_node *table, struct hs_err *err)
{
    if (HS_IS(JOIN, table)) {
        HS_TRY(add_source(s, f, HS_AS(JOIN, table)->left, err));
        return add_source(s, f, HS_AS(JOIN, table)->right, err);
    }
    struct source *source = hs_vec_add(s->g->arena, &f->sources);
    if (!source)
        return no_memory(err);
    source->table = table;
    source->written = table->alias;
    if (HS_IS(BASE_TABLE, table) && !table->alias.len) {
        const struct hs_n_BASE_TABLE *t = HS_AS(BASE_TABLE, table);
        table->alias = source->written = t->table_name;
        if (!find_cte(s, t)) {
            source->catalog = t->catalog_name;
            source->schema = t->schema_name;
            source->name = t->table_name;
        }
    }
    return HS_OK;
}

/* Another schema's table of the same name in reach, without alias as this one? */
static bool has_namesake(const struct frame *f, const struct source *s)
{
    for (; f && s->name.len; f = f->outer)
        for (size_t i = 0; i < f->sources.len; i++)
            if (hs_str_eq_nocase(f->sources.at[i].name, s->name) && !same_table(&f->sources.at[i], s))
                return true;
    return false;
}

/* a.t and b.t become views beside each other or one inside the other: each gets an alias that says which. */
static hs_rc tell_apart(struct scope *s, struct frame *f, struct hs_err *err)
{
    for (size_t i = 0; i < f->sources.len; i++) {
        struct source *source = &f->sources.at[i];
        if (!has_namesake(f, source))
            continue;
        source->table->alias = hs_arena_printf(s->g->arena, "%.*s.%.*s", HS_FMT(source->schema), HS_FMT(source->name));
        if (!source->table->alias.at)
            return no_memory(err);
    }
    return HS_OK;
}

static bool looks_like_file(hs_str name)
{
    static const char *const endings[] = {".parquet", ".csv", ".tsv",    ".json", ".jsonl", ".ndjson", ".gz",
                                          ".zst",     ".db",  ".duckdb", ".xlsx", ".avro",  ".arrow",  ".txt"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        hs_str end = hs_str_of(endings[i]);
        if (name.len > end.len && hs_str_eq_nocase(hs_str_n(name.at + name.len - end.len, end.len), end))
            return true;
    }
    return memchr(name.at, '/', name.len) || memchr(name.at, '*', name.len);
}

static void read_at(const struct hs_n_AT *at, struct hs_table_ref *ref)
{
    const struct hs_node *e = HS_IS(CAST, at->expr) ? HS_AS(CAST, at->expr)->child : at->expr;
    ref->at_kind = hs_str_eq_nocase(at->unit, HS_S("VERSION")) ? HS_AT_VERSION : HS_AT_TIMESTAMP;
    ref->at = HS_AS(CONSTANT, e)->value.text;
}

static hs_rc rename_table(struct scope *s, struct hs_n_BASE_TABLE *t, const struct cte *cte, struct hs_err *err)
{
    char view[32];
    hs_scan_view_name(s->refs.len, view);
    t->table_name = cte ? cte->printed : hs_arena_str(s->g->arena, hs_str_of(view));
    t->catalog_name = t->schema_name = (hs_str){NULL, 0};
    t->at_clause = NULL;
    return t->table_name.at ? HS_OK : no_memory(err);
}

static hs_rc visit_table(struct scope *s, struct hs_n_BASE_TABLE *t, struct hs_err *err)
{
    const struct cte *cte = find_cte(s, t);
    if (t->sample)
        HS_TRY(visit(t->sample, s, err));
    if (cte && t->at_clause)
        return hs_guard_refuse(s->g, t->head.position, err, "AT is for tables, not for WITH queries");
    if (cte)
        return rename_table(s, t, cte, err);
    if (!t->schema_name.len && looks_like_file(t->table_name))
        return hs_guard_refuse(s->g, t->head.position, err, "a file is not a table here; name a table of the catalog");
    struct hs_table_ref ref = {t->catalog_name, t->schema_name, t->table_name, HS_AT_NONE, {"", 0}, t->head.position};
    if (t->at_clause)
        read_at(HS_AS(AT, t->at_clause), &ref);
    HS_TRY(rename_table(s, t, NULL, err));
    struct hs_table_ref *slot = hs_vec_add(s->g->arena, &s->refs);
    if (!slot)
        return no_memory(err);
    *slot = ref;
    return HS_OK;
}

/* ---- WITH ---- */
static hs_rc push_cte(struct scope *s, hs_str name, struct cte **out, struct hs_err *err)
{
    struct cte *c = HS_NEW(s->g->arena, struct cte);
    if (!c)
        return no_memory(err);
    *c = (struct cte){s->ctes, name, hs_arena_printf(s->g->arena, "hs_cte_%zu", s->cte_count++)};
    *out = c;
    return c->printed.at ? HS_OK : no_memory(err);
}

/* The name is in reach of its own right side alone. */
static hs_rc visit_recursive(struct scope *s, struct hs_n_RECURSIVE *r, struct cte *self, struct hs_err *err)
{
    const struct cte *before = s->ctes;
    if (r->cte_map && HS_AS(CTE_MAP, r->cte_map)->map.len)
        return hs_guard_refuse(s->g, r->head.position, err, "WITH inside a recursive query is not supported");
    if (!hs_str_eq_nocase(r->cte_name, self->name))
        return hs_guard_odd(s->g, err, "a recursive query under another name");
    r->cte_name = self->printed;
    HS_TRY(visit(r->left, s, err));
    self->outer = before;
    s->ctes = self;
    HS_TRY(visit(r->right, s, err));
    s->ctes = before;
    return HS_OK;
}

static hs_rc visit_with(struct scope *s, struct hs_node *map, struct hs_err *err)
{
    struct hs_nodes *ctes = map ? &HS_AS(CTE_MAP, map)->map : NULL;
    for (size_t i = 0; ctes && i < ctes->len; i++) {
        struct hs_n_CTE *c = HS_AS(CTE, ctes->at[i]);
        struct hs_n_CTE_BODY *body = HS_AS(CTE_BODY, c->value);
        struct hs_node *query = HS_AS(STATEMENT, body->query)->node;
        struct cte *self = NULL;
        HS_TRY(push_cte(s, c->key, &self, err));
        if (HS_IS(RECURSIVE, query))
            HS_TRY(visit_recursive(s, HS_AS(RECURSIVE, query), self, err));
        else
            HS_TRY(visit(query, s, err));
        c->key = self->printed;
        s->ctes = self;
    }
    return HS_OK;
}

/* ---- queries ---- */
static hs_rc visit_rest(struct hs_node *n, void *arg, struct hs_err *err)
{
    return HS_IS(CTE_MAP, n) ? HS_OK : visit(n, arg, err);
}

static hs_rc visit_query(struct scope *s, struct hs_node *n, struct hs_err *err)
{
    const struct cte *ctes = s->ctes;
    struct frame frame = {.outer = s->frame};
    hs_rc rc;
    if (HS_IS(SELECT, n)) {
        struct hs_n_SELECT *q = HS_AS(SELECT, n);
        HS_TRY(visit_with(s, q->cte_map, err));
        HS_TRY(add_source(s, &frame, q->from_table, err));
        HS_TRY(tell_apart(s, &frame, err));
        s->frame = &frame;
    } else {
        HS_TRY(visit_with(s, HS_AS(SET_OPERATION, n)->cte_map, err));
    }
    rc = hs_node_each(n, visit_rest, s, err);
    s->frame = frame.outer;
    s->ctes = ctes;
    return rc;
}

static hs_rc visit(struct hs_node *n, void *arg, struct hs_err *err)
{
    struct scope *s = arg;
    if (HS_IS(SELECT, n) || HS_IS(SET_OPERATION, n))
        return visit_query(s, n, err);
    if (HS_IS(RECURSIVE, n))
        return hs_guard_odd(s->g, err, "a recursive query outside WITH");
    if (HS_IS(BASE_TABLE, n))
        return visit_table(s, HS_AS(BASE_TABLE, n), err);
    if (HS_IS(COLUMN, n))
        visit_column(s, HS_AS(COLUMN, n));
    if (HS_IS(STAR, n))
        visit_star(s, HS_AS(STAR, n));
    if (HS_IS(COLUMN_PATH, n))
        visit_path(s, HS_AS(COLUMN_PATH, n));
    return hs_node_each(n, visit, s, err);
}

hs_rc hs_guard_scope(struct hs_guard *g, struct hs_node *root, struct hs_statement *s, struct hs_err *err)
{
    struct scope scope = {.g = g};
    HS_TRY(visit(root, &scope, err));
    s->refs = scope.refs.at;
    s->ref_count = scope.refs.len;
    return HS_OK;
}
