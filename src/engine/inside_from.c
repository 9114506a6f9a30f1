/* Which predicates of a statement belong to one scan alone: each has to be TRUE of every row of a FROM that goes on,
 * and no outer join stands between it and the scan. Whose a column is, is told as the engine tells it; in doubt it is
 * nobody's. */
#include "engine/inside_in.h"

#include "base/alloc.h"
#include "base/fault.h"

struct walk {
    const struct hs_scan *scans;
    size_t scan_count;
    hs_conjunct_fn fn;
    void *arg;
};

/* ---- FROM ---- */
static void add_table(const struct walk *w, struct hs_sources *from, const struct hs_n_BASE_TABLE *t, bool open)
{
    struct hs_source s = {.alias = t->head.alias};
    uint64_t index = 0;
    hs_str name = t->table_name;
    if (hs_str_starts(name, HS_S("hs_scan_")) && hs_str_to_u64(hs_str_n(name.at + 8, name.len - 8), &index) &&
        index < w->scan_count) {
        s.scan = &w->scans[index];
        s.index = (size_t)index;
        /* other names hide which column is meant; a sample is taken of all rows, not of those that fit */
        s.open = open && !t->column_name_alias.len && !t->sample;
    }
    if (from->len == sizeof from->at / sizeof from->at[0])
        from->overflow = true;
    else
        from->at[from->len++] = s;
}

static void add_relation(const struct walk *w, struct hs_sources *from, const struct hs_node *n, bool open)
{
    static const struct hs_n_BASE_TABLE other = {0};
    if (HS_IS(BASE_TABLE, n)) {
        add_table(w, from, HS_AS(BASE_TABLE, n), open);
    } else if (HS_IS(JOIN, n)) {
        const struct hs_n_JOIN *j = HS_AS(JOIN, n);
        bool by_row = j->ref_type == HS_W_JOIN_POSITIONAL || j->ref_type == HS_W_JOIN_ASOF;
        bool left = j->join_type == HS_W_JOIN_INNER || j->join_type == HS_W_JOIN_LEFT ||
                    j->join_type == HS_W_JOIN_SEMI || j->join_type == HS_W_JOIN_ANTI;
        bool right = j->join_type == HS_W_JOIN_INNER || j->join_type == HS_W_JOIN_RIGHT;
        from->natural |= j->ref_type == HS_W_JOIN_NATURAL;
        if (j->using_columns.len && from->merged_count < sizeof from->merged / sizeof from->merged[0])
            from->merged[from->merged_count++] = &j->using_columns;
        else if (j->using_columns.len)
            from->overflow = true;
        add_relation(w, from, j->left, open && left && !by_row);
        add_relation(w, from, j->right, open && right && !by_row);
    } else {
        struct hs_n_BASE_TABLE unknown = other;
        unknown.head.alias = n->alias;
        add_table(w, from, &unknown, false);
    }
}

/* ---- columns ---- */
static const struct hs_scan_column *column_of(const struct hs_scan *scan, hs_str name)
{
    const struct hs_scan_column *found = NULL;
    for (size_t i = 0; scan && i < scan->column_count; i++) {
        if (!hs_str_eq_nocase(scan->columns[i].name, name))
            continue;
        if (found)
            return NULL;
        found = &scan->columns[i];
    }
    return found;
}

static bool is_merged(const struct hs_sources *from, hs_str name)
{
    for (size_t i = 0; i < from->merged_count; i++)
        for (size_t k = 0; k < from->merged[i]->len; k++)
            if (hs_str_eq_nocase(from->merged[i]->at[k], name))
                return true;
    return from->natural;
}

/* The one relation a column belongs to. Without a qualifier: the one that has it; did another have it too, the engine
 * would call it ambiguous, but for USING. */
static const struct hs_source *source_of(const struct hs_sources *from, const struct hs_names *path)
{
    const struct hs_source *found = NULL;
    if (path->len > 2 || (path->len == 1 && is_merged(from, path->at[0])))
        return NULL;
    for (size_t i = 0; i < from->len; i++) {
        const struct hs_source *s = &from->at[i];
        bool fits = path->len == 2 ? hs_str_eq_nocase(s->alias, path->at[0]) : column_of(s->scan, path->at[0]) != NULL;
        if (fits && found)
            return NULL;
        if (fits)
            found = s;
    }
    return found;
}

const struct hs_scan_column *hs_inside_column(const struct hs_sources *from, const struct hs_node *n,
                                              const struct hs_source **out_source)
{
    if (!HS_IS(COLUMN, n))
        return NULL;
    const struct hs_names *path = &HS_AS(COLUMN, n)->column_names;
    const struct hs_source *s = source_of(from, path);
    if (!s || !s->open)
        return NULL;
    const struct hs_scan_column *c = column_of(s->scan, path->at[path->len - 1]);
    if (!c || (!c->leakproof && hs_defence("mask-predicate")))
        return NULL;
    *out_source = s;
    return c;
}

/* ---- the statement ---- */
static hs_rc each_conjunct(const struct walk *w, const struct hs_sources *from, const struct hs_node *n,
                           struct hs_err *err)
{
    if (!n)
        return HS_OK;
    if (!HS_IS(CONJUNCTION, n) || n->type != HS_W_AND)
        return w->fn(w->arg, from, n, err);
    const struct hs_nodes *children = &HS_AS(CONJUNCTION, n)->children;
    for (size_t i = 0; i < children->len; i++)
        HS_TRY(each_conjunct(w, from, children->at[i], err));
    return HS_OK;
}

static hs_rc walk_from(const struct walk *w, const struct hs_node *relation, const struct hs_node *condition,
                       struct hs_err *err)
{
    struct hs_sources *from = hs_calloc(1, sizeof *from);
    if (!from)
        return hs_fail(err, HS_NOMEM, "out of memory");
    add_relation(w, from, relation, true);
    hs_rc rc = from->overflow ? HS_OK : each_conjunct(w, from, condition, err);
    hs_free(from);
    return rc;
}

static hs_rc visit(struct hs_node *n, void *arg, struct hs_err *err)
{
    const struct walk *w = arg;
    if (HS_IS(SELECT, n)) {
        const struct hs_n_SELECT *s = HS_AS(SELECT, n);
        if (s->where_clause && !s->sample) /* a sample is taken before WHERE */
            HS_TRY(walk_from(w, s->from_table, s->where_clause, err));
    }
    if (HS_IS(JOIN, n)) { /* ON of an inner join is a WHERE of its two sides */
        const struct hs_n_JOIN *j = HS_AS(JOIN, n);
        if (j->condition && j->ref_type == HS_W_JOIN_REGULAR && j->join_type == HS_W_JOIN_INNER)
            HS_TRY(walk_from(w, n, j->condition, err));
    }
    return hs_node_each(n, visit, arg, err);
}

hs_rc hs_each_conjunct(const struct hs_statement *s, const struct hs_scan *scans, hs_conjunct_fn fn, void *arg,
                       struct hs_err *err)
{
    struct walk w = {scans, s->ref_count, fn, arg};
    return hs_fault("no-pruning") ? HS_OK : visit(s->tree, &w, err);
}
