/* Which columns of an answer are columns of a table, for clients that want to know: `SELECT o.id, *` of base tables and
 * joins of them. What is not certain is told as unknown, and where even the number of columns is not certain
 * (COLUMNS(), stars over joins that merge columns), nothing is told. It is a note beside the answer: nothing is decided
 * by it. */
#include "engine/conditions.h"
#include "engine/guard_in.h"

enum { SOURCES_MAX = 256, OUTPUTS_MAX = 1 << 16 };

struct source {
    hs_str alias;
    size_t scan; /* SIZE_MAX: columns that are not known here */
};
struct origins {
    const struct hs_scan *scans;
    size_t scan_count;
    struct source sources[SOURCES_MAX];
    size_t source_count;
    bool merged; /* USING or NATURAL: a star shows some columns once */
    struct hs_arena *arena;
    HS_VEC(struct hs_origin) out;
    bool lost;
};

static size_t scan_of(const struct origins *o, const struct hs_n_BASE_TABLE *t)
{
    char name[32];
    for (size_t i = 0; i < o->scan_count; i++) {
        hs_scan_view_name(i, name);
        if (hs_str_is(t->table_name, name))
            return t->column_name_alias.len ? SIZE_MAX : i;
    }
    return SIZE_MAX;
}

static void add_sources(struct origins *o, const struct hs_node *n)
{
    if (o->source_count == SOURCES_MAX) {
        o->lost = true;
    } else if (HS_IS(JOIN, n)) {
        const struct hs_n_JOIN *j = HS_AS(JOIN, n);
        o->merged = o->merged || j->using_columns.len || j->ref_type == HS_W_JOIN_NATURAL;
        add_sources(o, j->left);
        if (j->join_type != HS_W_JOIN_SEMI && j->join_type != HS_W_JOIN_ANTI) /* whose right side nobody sees */
            add_sources(o, j->right);
    } else if (!HS_IS(EMPTY, n)) {
        size_t scan = HS_IS(BASE_TABLE, n) ? scan_of(o, HS_AS(BASE_TABLE, n)) : SIZE_MAX;
        o->sources[o->source_count++] = (struct source){n->alias, scan};
    }
}

static void put(struct origins *o, size_t scan, size_t column)
{
    struct hs_origin *place = o->out.len < OUTPUTS_MAX ? hs_vec_add(o->arena, &o->out) : NULL;
    if (place)
        *place = (struct hs_origin){scan, column};
    else
        o->lost = true;
}

static size_t column_of(const struct origins *o, size_t scan, hs_str name)
{
    for (size_t i = 0; i < o->scans[scan].column_count; i++)
        if (hs_str_eq_nocase(o->scans[scan].columns[i].name, name))
            return i;
    return SIZE_MAX;
}

/* A name alone may be any source's: it is known when all of them are, and one has it. */
static void put_unqualified(struct origins *o, hs_str name)
{
    size_t scan = SIZE_MAX, column = SIZE_MAX, found = 0;
    for (size_t i = 0; i < o->source_count; i++) {
        size_t at = o->sources[i].scan == SIZE_MAX ? SIZE_MAX : column_of(o, o->sources[i].scan, name);
        found += o->sources[i].scan == SIZE_MAX ? 2 : at != SIZE_MAX;
        if (at != SIZE_MAX) {
            scan = o->sources[i].scan;
            column = at;
        }
    }
    put(o, found == 1 ? scan : SIZE_MAX, found == 1 ? column : SIZE_MAX);
}

static const struct source *find(const struct origins *o, hs_str alias)
{
    const struct source *found = NULL;
    for (size_t i = 0; i < o->source_count; i++)
        if (hs_str_eq_nocase(o->sources[i].alias, alias)) {
            if (found)
                return NULL;
            found = &o->sources[i];
        }
    return found;
}

static void put_column(struct origins *o, const struct hs_n_COLUMN *c)
{
    const struct hs_names *path = &c->column_names;
    const struct source *s = path->len == 2 ? find(o, path->at[0]) : NULL;
    size_t column = s && s->scan != SIZE_MAX ? column_of(o, s->scan, path->at[1]) : SIZE_MAX;
    if (path->len == 1)
        put_unqualified(o, path->at[0]);
    else
        put(o, column == SIZE_MAX ? SIZE_MAX : s->scan, column); /* also members of a struct */
}

static bool is_named(const struct hs_names *names, hs_str name)
{
    for (size_t i = 0; i < names->len; i++)
        if (hs_str_eq_nocase(names->at[i], name))
            return true;
    return false;
}

static bool is_replaced(const struct hs_n_STAR *star, hs_str name)
{
    for (size_t i = 0; i < star->replace_list.len; i++)
        if (hs_str_eq_nocase(HS_AS(REPLACEMENT, star->replace_list.at[i])->key, name))
            return true;
    return false;
}

static void put_all(struct origins *o, const struct hs_n_STAR *star, const struct source *s)
{
    if (s->scan == SIZE_MAX) {
        o->lost = true;
        return;
    }
    for (size_t i = 0; i < o->scans[s->scan].column_count; i++) {
        hs_str name = o->scans[s->scan].columns[i].name;
        if (!is_named(&star->exclude_list, name))
            put(o, is_replaced(star, name) ? SIZE_MAX : s->scan, i);
    }
}

static void put_star(struct origins *o, const struct hs_n_STAR *star)
{
    const struct source *one = star->relation_name.len ? find(o, star->relation_name) : NULL;
    if (star->columns || star->expr || star->qualified_exclude_list.len || o->merged ||
        (star->relation_name.len && !one)) {
        o->lost = true;
        return;
    }
    if (one)
        put_all(o, star, one);
    for (size_t i = 0; !one && i < o->source_count; i++)
        put_all(o, star, &o->sources[i]);
}

static void put_outputs(struct origins *o, const struct hs_n_SELECT *select)
{
    add_sources(o, select->from_table);
    for (size_t i = 0; i < select->select_list.len && !o->lost; i++) {
        const struct hs_node *n = select->select_list.at[i];
        if (HS_IS(COLUMN, n))
            put_column(o, HS_AS(COLUMN, n));
        else if (HS_IS(STAR, n))
            put_star(o, HS_AS(STAR, n));
        else
            put(o, SIZE_MAX, SIZE_MAX);
    }
}

hs_rc hs_statement_origins(struct hs_arena *a, const struct hs_statement *s, const struct hs_scan *scans,
                           struct hs_origin **out, size_t *out_count, struct hs_err *err)
{
    const struct hs_n_STATEMENT *root = s->tree;
    *out = NULL;
    *out_count = 0;
    if (!root || s->as_is.len || !HS_IS(STATEMENT, &root->head) || !HS_IS(SELECT, root->node))
        return HS_OK;
    struct origins *o = HS_NEW(a, struct origins);
    if (!o)
        return hs_fail(err, HS_NOMEM, "out of memory");
    o->arena = a;
    o->scans = scans;
    o->scan_count = s->ref_count;
    put_outputs(o, HS_AS(SELECT, root->node));
    if (!o->lost) {
        *out = o->out.at;
        *out_count = o->out.len;
    }
    return HS_OK;
}
