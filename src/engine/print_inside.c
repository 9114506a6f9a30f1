/* Predicates that may also stand inside the fence, where they prune files and row groups: comparisons of one unmasked
 * column with constants of its own type, joined by AND, OR, NOT. They cannot raise an error, so they cannot tell
 * anything of a row that the policy hides; and they stay outside as well, so that leaving one out is never wrong. */
#include "engine/print_in.h"

#include "base/fault.h"

#include "base/alloc.h"

struct source { /* a relation of one FROM, joins taken apart */
    hs_str alias;
    const struct hs_scan *scan; /* NULL: a sub-query, a WITH query, a function */
    size_t index;
    bool open; /* a predicate of WHERE may be taken to it: no outer join may still invent rows of it */
};
struct sources {
    struct source at[64];
    size_t len;
    bool overflow, natural;
    const struct hs_names *merged[64]; /* USING columns */
    size_t merged_count;
};
struct inside {
    const struct hs_scan *scans;
    size_t scan_count;
    struct hs_buf *out;
};
struct predicate {
    const struct sources *from;
    struct hs_buf text;
    const struct source *source; /* the one all columns belong to */
};

/* ---- FROM ---- */
static void add_table(struct inside *in, struct sources *from, const struct hs_n_BASE_TABLE *t, bool open)
{
    struct source s = {.alias = t->head.alias};
    uint64_t index = 0;
    hs_str name = t->table_name;
    if (hs_str_starts(name, HS_S("hs_scan_")) && hs_str_to_u64(hs_str_n(name.at + 8, name.len - 8), &index) &&
        index < in->scan_count) {
        s.scan = &in->scans[index];
        s.index = (size_t)index;
        /* other names hide which column is meant; a sample is taken of all rows, not of those that fit */
        s.open = open && !t->column_name_alias.len && !t->sample;
    }
    if (from->len == sizeof from->at / sizeof from->at[0])
        from->overflow = true;
    else
        from->at[from->len++] = s;
}

static void add_relation(struct inside *in, struct sources *from, const struct hs_node *n, bool open)
{
    static const struct hs_n_BASE_TABLE other = {0};
    if (HS_IS(BASE_TABLE, n)) {
        add_table(in, from, HS_AS(BASE_TABLE, n), open);
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
        add_relation(in, from, j->left, open && left && !by_row);
        add_relation(in, from, j->right, open && right && !by_row);
    } else {
        struct hs_n_BASE_TABLE unknown = other;
        unknown.head.alias = n->alias;
        add_table(in, from, &unknown, false);
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

static bool is_merged(const struct sources *from, hs_str name)
{
    for (size_t i = 0; i < from->merged_count; i++)
        for (size_t k = 0; k < from->merged[i]->len; k++)
            if (hs_str_eq_nocase(from->merged[i]->at[k], name))
                return true;
    return from->natural;
}

/* The one relation a column belongs to. Without a qualifier: the one that has it; did another have it too, the engine
 * would call it ambiguous, but for USING. */
static const struct source *source_of(const struct sources *from, const struct hs_names *path)
{
    const struct source *found = NULL;
    if (path->len > 2 || (path->len == 1 && is_merged(from, path->at[0])))
        return NULL;
    for (size_t i = 0; i < from->len; i++) {
        const struct source *s = &from->at[i];
        bool fits = path->len == 2 ? hs_str_eq_nocase(s->alias, path->at[0]) : column_of(s->scan, path->at[0]) != NULL;
        if (fits && found)
            return NULL;
        if (fits)
            found = s;
    }
    return found;
}

/* What attack 3 needs to succeed: predicates that see the value below the mask (hs_scan_print puts them there). */
static void add_raw_name(struct predicate *p, const struct hs_scan_column *c)
{
    const char *at = memmem(c->expression.at, c->expression.len, "\"f", 2);
    size_t left = at ? c->expression.len - (size_t)(at - c->expression.at) : 0;
    const char *end = at ? memchr(at + 1, '"', left - 1) : NULL;
    if (end)
        hs_buf_add(&p->text, at, (size_t)(end - at) + 1);
    else
        p->text.failed = true;
}

static const struct hs_scan_column *add_column(struct predicate *p, const struct hs_node *n)
{
    const struct hs_names *path = &HS_AS(COLUMN, n)->column_names;
    if (!HS_IS(COLUMN, n))
        return NULL;
    const struct source *s = source_of(p->from, path);
    if (!s || !s->open || (p->source && p->source != s))
        return NULL;
    const struct hs_scan_column *c = column_of(s->scan, path->at[path->len - 1]);
    if (!c || (!c->leakproof && hs_defence("mask-predicate")))
        return NULL;
    p->source = s;
    if (hs_defence("mask-predicate"))
        hs_buf_add_sql_name(&p->text, c->name);
    else
        add_raw_name(p, c);
    return c;
}

/* ---- predicates ---- */
static bool add_predicate(struct predicate *p, const struct hs_node *n);

static bool add_comparison(struct predicate *p, const struct hs_n_COMPARISON *c)
{
    bool turned = !HS_IS(COLUMN, c->left);
    const struct hs_node *column = turned ? c->right : c->left, *constant = turned ? c->left : c->right;
    struct hs_buf value;
    hs_buf_init(&value, 1 << 16);
    size_t start = p->text.len;
    const struct hs_scan_column *known = add_column(p, column);
    bool ok = known && hs_print_same_typed(&value, constant, known->type) && !value.failed;
    if (ok && turned) { /* constant < column */
        p->text.len = start;
        hs_buf_adds(&p->text, hs_buf_str(&value));
        hs_buf_addf(&p->text, " %s ", hs_word_sql(c->head.type));
        add_column(p, column);
    } else if (ok) {
        hs_buf_addf(&p->text, " %s ", hs_word_sql(c->head.type));
        hs_buf_adds(&p->text, hs_buf_str(&value));
    }
    hs_buf_fini(&value);
    return ok;
}

static bool add_constants(struct predicate *p, const struct hs_scan_column *c, struct hs_node *const *at, size_t count,
                          const char *between)
{
    for (size_t i = 0; i < count; i++) {
        hs_buf_addz(&p->text, i ? between : "");
        if (!hs_print_same_typed(&p->text, at[i], c->type))
            return false;
    }
    return true;
}

static bool add_between(struct predicate *p, const struct hs_n_BETWEEN *b)
{
    struct hs_node *const ends[] = {b->lower, b->upper};
    const struct hs_scan_column *c = add_column(p, b->input);
    hs_buf_addz(&p->text, " BETWEEN ");
    return c && add_constants(p, c, ends, 2, " AND ");
}

static bool add_all(struct predicate *p, const struct hs_nodes *children, const char *word)
{
    for (size_t i = 0; i < children->len; i++) {
        if (i)
            hs_buf_addf(&p->text, " %s ", word);
        if (!add_predicate(p, children->at[i]))
            return false;
    }
    return true;
}

static bool add_operator(struct predicate *p, const struct hs_n_OPERATOR *o)
{
    hs_word type = o->head.type;
    const struct hs_scan_column *c;
    if (type == HS_W_NOT) {
        hs_buf_addz(&p->text, "NOT ");
        return add_predicate(p, o->children.at[0]);
    }
    if (type == HS_W_IS_NULL || type == HS_W_IS_NOT_NULL) {
        c = add_column(p, o->children.at[0]);
        hs_buf_addf(&p->text, " %s", hs_word_sql(type));
        return c != NULL;
    }
    if (type != HS_W_IN && type != HS_W_NOT_IN)
        return false;
    c = add_column(p, o->children.at[0]);
    hs_buf_addf(&p->text, " %s (", hs_word_sql(type));
    bool ok = c && add_constants(p, c, o->children.at + 1, o->children.len - 1, ", ");
    hs_buf_addc(&p->text, ')');
    return ok;
}

static bool add_flag(struct predicate *p, const struct hs_node *n)
{
    const struct hs_scan_column *c = add_column(p, n);
    return c && c->type->id == HS_T_BOOLEAN;
}

static bool add_predicate(struct predicate *p, const struct hs_node *n)
{
    bool ok = false;
    hs_buf_addc(&p->text, '(');
    if (HS_IS(COMPARISON, n))
        ok = add_comparison(p, HS_AS(COMPARISON, n));
    else if (HS_IS(BETWEEN, n))
        ok = add_between(p, HS_AS(BETWEEN, n));
    else if (HS_IS(CONJUNCTION, n))
        ok = add_all(p, &HS_AS(CONJUNCTION, n)->children, hs_word_sql(n->type));
    else if (HS_IS(OPERATOR, n))
        ok = add_operator(p, HS_AS(OPERATOR, n));
    else if (HS_IS(COLUMN, n))
        ok = add_flag(p, n);
    hs_buf_addc(&p->text, ')');
    return ok;
}

static void copy_one(struct inside *in, const struct sources *from, const struct hs_node *n)
{
    struct predicate p = {.from = from};
    hs_buf_init(&p.text, 1 << 20);
    if (add_predicate(&p, n) && p.source && !p.text.failed) {
        struct hs_buf *out = &in->out[p.source->index];
        hs_buf_addz(out, out->len ? " AND " : "");
        hs_buf_adds(out, hs_buf_str(&p.text));
    }
    hs_buf_fini(&p.text);
}

static void copy_conjuncts(struct inside *in, const struct sources *from, const struct hs_node *n)
{
    if (HS_IS(CONJUNCTION, n) && n->type == HS_W_AND) {
        const struct hs_nodes *children = &HS_AS(CONJUNCTION, n)->children;
        for (size_t i = 0; i < children->len; i++)
            copy_conjuncts(in, from, children->at[i]);
    } else if (n) {
        copy_one(in, from, n);
    }
}

/* ---- the statement ---- */
static hs_rc copy_from(struct inside *in, const struct hs_node *relation, const struct hs_node *condition,
                       struct hs_err *err)
{
    struct sources *from = hs_calloc(1, sizeof *from);
    if (!from)
        return hs_fail(err, HS_NOMEM, "out of memory");
    add_relation(in, from, relation, true);
    if (!from->overflow)
        copy_conjuncts(in, from, condition);
    hs_free(from);
    return HS_OK;
}

static hs_rc visit(struct hs_node *n, void *arg, struct hs_err *err)
{
    struct inside *in = arg;
    if (HS_IS(SELECT, n)) {
        const struct hs_n_SELECT *s = HS_AS(SELECT, n);
        if (s->where_clause && !s->sample) /* a sample is taken before WHERE */
            HS_TRY(copy_from(in, s->from_table, s->where_clause, err));
    }
    if (HS_IS(JOIN, n)) { /* ON of an inner join is a WHERE of its two sides */
        const struct hs_n_JOIN *j = HS_AS(JOIN, n);
        if (j->condition && j->ref_type == HS_W_JOIN_REGULAR && j->join_type == HS_W_JOIN_INNER)
            HS_TRY(copy_from(in, n, j->condition, err));
    }
    return hs_node_each(n, visit, arg, err);
}

hs_rc hs_print_inside(const struct hs_statement *s, const struct hs_scan *scans, struct hs_buf *inside,
                      struct hs_err *err)
{
    struct inside in = {scans, s->ref_count, inside};
    if (hs_fault("no-pruning"))
        return HS_OK;
    HS_TRY(visit(s->tree, &in, err));
    for (size_t i = 0; i < s->ref_count; i++)
        HS_TRY(hs_buf_done(&inside[i], err));
    return HS_OK;
}
