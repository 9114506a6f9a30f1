/* How much work a statement is for the engine's planner. Depth and size do not tell: the engine binds the body of a
 * lambda twice, writes the input of BETWEEN out twice, pushes filters twice through whatever groups, ranks or is one
 * value, and each of these inside another does so again, so that twenty-five sub-queries inside one another, ten lines
 * of text, keep a worker busy for minutes before the first row (measured on DuckDB 1.5.5: README.md, "Planning").
 *
 * So steps are counted here as the engine would do them: a node is one step, what is planned k times counts k times,
 * and a WITH query that is not kept counts wherever it is named. One walk, each node seen once; the arithmetic is in
 * doubles because the numbers have no bound. It is an estimate, a statement's time limit stands behind it. */
#include "engine/guard_in.h"

#include <stdio.h>

enum {
    TABLE_STEPS = 16, /* a scan is a view of ours with a raw layer, a row rule and a fence in it */
    INPUT_TIMES = 4,  /* of BETWEEN: written out twice, and both are simplified over and over */
    WHEN_TIMES = 2,
    LIMIT_TIMES = 3,    /* what stands in LIMIT and OFFSET */
    EXPANDED_PART = 64, /* what is written out costs more than its size: size^2 / 64 beside it */
    COPIES_MAX = 256,   /* of a table's columns in one result, by stars over stars */
    NAMES_A_STEP = 10,
};

struct with { /* a WITH query, by the number in its printed name */
    double steps, copies, relations;
    size_t mentions;
    bool inlined;
};
struct alias { /* a name that the same SELECT gave */
    hs_str name;
    double size;
};
struct planner {
    const struct hs_guard *g;
    HS_VEC(struct with) with;
};
struct cost {
    double steps;
    double copies;    /* of the columns of tables, among those of a relation */
    double relations; /* that are put in order together with those beside it */
};
struct query { /* the SELECT whose expressions are looked at */
    struct planner *p;
    HS_VEC(struct alias) aliases;
    bool groups, ranks;
    double steps;    /* the sum */
    double size;     /* of the expression that is looked at, written out */
    double expanded; /* as far as it comes from aliases and from being written out more than once */
};

static hs_rc cost_query(struct planner *p, const struct hs_node *n, struct cost *out, struct hs_err *err);
static hs_rc add_expression(struct query *q, const struct hs_node *n, double times, struct hs_err *err);

static hs_rc no_memory(struct hs_err *err)
{
    return hs_fail(err, HS_NOMEM, "out of memory");
}

static hs_rc too_much(const struct hs_node *n, struct hs_err *err, double steps)
{
    char where[48] = "";
    if (n->position >= 0)
        snprintf(where, sizeof where, " (position %lld)", (long long)n->position + 1);
    return hs_fail(err, HS_LIMIT,
                   "planning this statement would take too long: some %.0f steps, %d are allowed; sub-queries, groups, "
                   "windows, lambdas, BETWEEN and joins multiply inside one another; WITH ... AS MATERIALIZED keeps a "
                   "part by itself%s",
                   steps < 1e15 ? steps : 1e15, HS_GUARD_STEPS, where);
}

static hs_rc charge(double *to, double steps, const struct hs_node *n, struct hs_err *err)
{
    *to += steps;
    return *to > HS_GUARD_STEPS ? too_much(n, err, *to) : HS_OK;
}

/* ---- WITH: guard_scope.c has numbered them ---- */
static bool number_of(hs_str name, size_t *out)
{
    uint64_t number = 0;
    hs_str prefix = HS_S("hs_cte_");
    if (!hs_str_starts(name, prefix) || !hs_str_to_u64(hs_str_n(name.at + prefix.len, name.len - prefix.len), &number))
        return false;
    *out = (size_t)number;
    return true;
}

static struct with *find_with(struct planner *p, hs_str name)
{
    size_t number;
    return number_of(name, &number) && number < p->with.len ? &p->with.at[number] : NULL;
}

static hs_rc count_mentions(struct hs_node *n, void *arg, struct hs_err *err)
{
    struct planner *p = arg;
    size_t number;
    if (HS_IS(BASE_TABLE, n) && number_of(HS_AS(BASE_TABLE, n)->table_name, &number) && number < HS_GUARD_NODES) {
        while (p->with.len <= number) {
            struct with *w = hs_vec_add(p->g->arena, &p->with);
            if (!w)
                return no_memory(err);
            *w = (struct with){0};
        }
        p->with.at[number].mentions++;
    }
    return hs_node_each(n, count_mentions, p, err);
}

/* Kept, it is planned where it stands; else wherever it is named. The engine keeps what is named twice. */
static hs_rc add_with(struct planner *p, const struct hs_node *map, double *steps, struct hs_err *err)
{
    const struct hs_nodes *ctes = map ? &HS_AS(CTE_MAP, map)->map : NULL;
    for (size_t i = 0; ctes && i < ctes->len; i++) {
        const struct hs_n_CTE *c = HS_AS(CTE, ctes->at[i]);
        const struct hs_n_CTE_BODY *body = HS_AS(CTE_BODY, c->value);
        struct cost cost;
        HS_TRY(cost_query(p, HS_AS(STATEMENT, body->query)->node, &cost, err));
        struct with *w = find_with(p, c->key);
        bool never = body->materialized == HS_W_MATERIALIZED_NEVER,
             always = body->materialized == HS_W_MATERIALIZED_ALWAYS;
        if (w && (never || (!always && w->mentions == 1)))
            *w = (struct with){cost.steps, cost.copies, cost.relations, w->mentions, true};
        else
            HS_TRY(charge(steps, cost.steps, c->value, err));
        if (w && !w->inlined)
            w->copies = cost.copies;
    }
    return HS_OK;
}

/* ---- expressions ---- */
/* Macros of the engine that write an argument out more than once. */
static double times_written(hs_str name)
{
    static const struct {
        const char *name;
        double times;
    } macros[] = {
        {"array_pop_back", 2}, {"array_to_string", 2},    {"array_to_string_comma_default", 2},
        {"fmod", 2},           {"json_group_array", 2},   {"json_group_object", 2},
        {"nullif", 2},         {"map_contains_entry", 2}, {"round_even", 3},
        {"roundbankers", 3},   {"split_part", 2},         {"weighted_avg", 2},
        {"wavg", 2},
    };
    for (size_t i = 0; i < sizeof macros / sizeof macros[0]; i++)
        if (hs_str_is(name, macros[i].name))
            return macros[i].times;
    return 1;
}

/* A name that the SELECT gave before is that expression once more, unless a column has it, too. */
static hs_rc add_column(struct query *q, const struct hs_n_COLUMN *c, double times, struct hs_err *err)
{
    double size = 0;
    for (size_t i = 0; i < q->aliases.len && c->column_names.len == 1; i++)
        if (hs_str_eq_nocase(q->aliases.at[i].name, c->column_names.at[0]))
            size = q->aliases.at[i].size;
    q->size += times * size;
    q->expanded += times * size;
    return charge(&q->steps, times * (1 + size) + (double)q->aliases.len / NAMES_A_STEP, &c->head, err);
}

struct child {
    struct query *q;
    double times;
};

/* What is written out `more` times is also expanded. */
static hs_rc add_written(struct query *q, const struct hs_node *n, double times, double more, struct hs_err *err)
{
    double before = q->size;
    HS_TRY(add_expression(q, n, times * more, err));
    if (more > 1)
        q->expanded += q->size - before;
    return HS_OK;
}

static hs_rc add_child(struct hs_node *n, void *arg, struct hs_err *err)
{
    const struct child *c = arg;
    return add_expression(c->q, n, c->times, err);
}

/* EXISTS and a single value are groups to the planner; IN is a join like any other. */
static hs_rc add_subquery(struct query *q, const struct hs_n_SUBQUERY *s, double times, struct hs_err *err)
{
    struct cost cost;
    HS_TRY(cost_query(q->p, HS_AS(STATEMENT, s->subquery)->node, &cost, err));
    if (s->child)
        HS_TRY(add_expression(q, s->child, times, err));
    return charge(&q->steps, times * cost.steps * (s->subquery_type == HS_W_ANY ? 1 : 2), &s->head, err);
}

static hs_rc add_between(struct query *q, const struct hs_n_BETWEEN *b, double times, struct hs_err *err)
{
    HS_TRY(add_written(q, b->input, times, INPUT_TIMES, err));
    HS_TRY(add_expression(q, b->lower, times, err));
    return add_expression(q, b->upper, times, err);
}

/* CASE x WHEN ... is CASE WHEN x = ... already in the tree: x stands in it as often as there are WHENs. */
static hs_rc add_check(struct query *q, const struct hs_n_CASE_CHECK *c, double times, struct hs_err *err)
{
    HS_TRY(add_expression(q, c->when_expr, times * WHEN_TIMES, err));
    return add_expression(q, c->then_expr, times, err);
}

static double times_inside(struct query *q, const struct hs_node *n)
{
    if (HS_IS(LAMBDA, n))
        return 2;
    if (HS_IS(WINDOW, n))
        q->ranks = true;
    if (!HS_IS(FUNCTION, n))
        return 1;
    q->groups |= hs_guard_aggregate(HS_AS(FUNCTION, n)->function_name);
    return times_written(HS_AS(FUNCTION, n)->function_name);
}

static hs_rc add_expression(struct query *q, const struct hs_node *n, double times, struct hs_err *err)
{
    q->size += times;
    if (HS_IS(COLUMN, n))
        return add_column(q, HS_AS(COLUMN, n), times, err);
    HS_TRY(charge(&q->steps, times, n, err));
    if (HS_IS(SUBQUERY, n))
        return add_subquery(q, HS_AS(SUBQUERY, n), times, err);
    if (HS_IS(BETWEEN, n))
        return add_between(q, HS_AS(BETWEEN, n), times, err);
    if (HS_IS(CASE_CHECK, n))
        return add_check(q, HS_AS(CASE_CHECK, n), times, err);
    double before = q->size, inside_times = times_inside(q, n);
    struct child inside = {q, times * inside_times};
    HS_TRY(hs_node_each(n, add_child, &inside, err));
    if (HS_IS(FUNCTION, n) && inside_times > 1)
        q->expanded += q->size - before;
    return HS_OK;
}

/* A whole expression, not a part of one. */
static hs_rc add_whole(struct hs_node *n, void *arg, struct hs_err *err)
{
    struct query *q = arg;
    q->size = q->expanded = 0;
    HS_TRY(add_expression(q, n, 1, err));
    return charge(&q->steps, q->expanded * q->expanded / EXPANDED_PART, n, err);
}

static hs_rc add_wholes(struct query *q, const struct hs_nodes *nodes, struct hs_err *err)
{
    for (size_t i = 0; i < nodes->len; i++)
        HS_TRY(add_whole(nodes->at[i], q, err));
    return HS_OK;
}

static hs_rc add_select_list(struct query *q, const struct hs_nodes *list, struct hs_err *err)
{
    for (size_t i = 0; i < list->len; i++) {
        HS_TRY(add_whole(list->at[i], q, err));
        if (!list->at[i]->alias.len)
            continue;
        struct alias *a = hs_vec_add(q->p->g->arena, &q->aliases);
        if (!a)
            return no_memory(err);
        *a = (struct alias){list->at[i]->alias, q->size};
    }
    return HS_OK;
}

static hs_rc add_modifiers(struct query *q, const struct hs_nodes *modifiers, struct hs_err *err)
{
    for (size_t i = 0; i < modifiers->len; i++) {
        const struct hs_node *n = modifiers->at[i];
        bool limit = HS_IS(LIMIT, n) || HS_IS(LIMIT_PERCENT, n);
        struct child inside = {q, LIMIT_TIMES};
        HS_TRY(limit ? hs_node_each(n, add_child, &inside, err) : hs_node_each(n, add_whole, q, err));
    }
    return HS_OK;
}

/* ---- FROM ---- */
static hs_rc cost_base_table(struct planner *p, const struct hs_n_BASE_TABLE *t, struct cost *out)
{
    const struct with *w = find_with(p, t->table_name);
    *out = (struct cost){TABLE_STEPS, 1, 1};
    if (w)
        *out = w->inlined ? (struct cost){1 + w->steps, w->copies, w->relations} : (struct cost){1, w->copies, 1};
    return HS_OK;
}

static hs_rc cost_from(struct query *q, const struct hs_node *n, struct cost *out, struct hs_err *err);

/* Relations of inner joins are put in order together, which takes the fourth power of how many there are. */
static hs_rc cost_join(struct query *q, const struct hs_n_JOIN *j, struct cost *out, struct hs_err *err)
{
    struct cost left, right;
    HS_TRY(cost_from(q, j->left, &left, err));
    HS_TRY(cost_from(q, j->right, &right, err));
    *out = (struct cost){left.steps + right.steps + 1, left.copies + right.copies, 1};
    if (j->join_type == HS_W_JOIN_INNER && j->ref_type != HS_W_JOIN_ASOF)
        out->relations = left.relations + right.relations;
    if (out->relations > HS_GUARD_JOINED)
        return hs_fail(err, HS_LIMIT, "at most %d tables are joined in one query; this one joins more",
                       HS_GUARD_JOINED);
    if (j->condition)
        HS_TRY(add_whole(j->condition, q, err));
    return charge(&out->steps, 0, &j->head, err);
}

static hs_rc cost_from(struct query *q, const struct hs_node *n, struct cost *out, struct hs_err *err)
{
    if (HS_IS(BASE_TABLE, n))
        return cost_base_table(q->p, HS_AS(BASE_TABLE, n), out);
    if (HS_IS(JOIN, n))
        return cost_join(q, HS_AS(JOIN, n), out, err);
    if (HS_IS(SUBQUERY_REF, n))
        return cost_query(q->p, HS_AS(STATEMENT, HS_AS(SUBQUERY_REF, n)->subquery)->node, out, err);
    *out = (struct cost){1, 1, 1};
    return hs_node_each(n, add_whole, q, err); /* VALUES and functions: expressions */
}

/* ---- queries ---- */
/* How often a table's columns come out, where stars stand over stars. */
static hs_rc count_copies(const struct hs_n_SELECT *s, double copies, double *out, struct hs_err *err)
{
    double stars = 0;
    for (size_t i = 0; i < s->select_list.len; i++)
        stars += HS_IS(STAR, s->select_list.at[i]);
    *out = stars ? stars * copies : 1;
    if (*out <= COPIES_MAX)
        return HS_OK;
    return hs_fail(err, HS_LIMIT, "the stars of this statement repeat a table's columns more than %d times",
                   COPIES_MAX);
}

static hs_rc cost_select(struct planner *p, const struct hs_n_SELECT *s, struct cost *out, struct hs_err *err)
{
    struct query q = {.p = p};
    struct cost from;
    double with = 0;
    HS_TRY(add_with(p, s->cte_map, &with, err));
    HS_TRY(cost_from(&q, s->from_table, &from, err));
    HS_TRY(add_select_list(&q, &s->select_list, err));
    if (s->where_clause)
        HS_TRY(add_whole(s->where_clause, &q, err));
    HS_TRY(add_wholes(&q, &s->group_expressions, err));
    if (s->having)
        HS_TRY(add_whole(s->having, &q, err));
    if (s->qualify)
        HS_TRY(add_whole(s->qualify, &q, err));
    HS_TRY(add_modifiers(&q, &s->modifiers, err));
    bool groups = q.groups || s->having || s->group_sets.len || s->aggregate_handling == HS_W_GROUP_ALL;
    double times = (groups ? 2 : 1) * (q.ranks ? 2 : 1);
    double steps = (q.steps + from.steps) * times + with + 1;
    *out = (struct cost){steps, 1, times > 1 || s->modifiers.len ? 1 : from.relations};
    HS_TRY(count_copies(s, from.copies, &out->copies, err));
    return charge(&out->steps, 0, &s->head, err);
}

static hs_rc cost_set(struct planner *p, const struct hs_n_SET_OPERATION *s, struct cost *out, struct hs_err *err)
{
    struct query q = {.p = p};
    HS_TRY(add_with(p, s->cte_map, &q.steps, err));
    *out = (struct cost){1, 1, 1};
    for (size_t i = 0; i < s->children.len; i++) {
        struct cost side;
        HS_TRY(cost_query(p, s->children.at[i], &side, err));
        out->steps += side.steps;
        out->copies = side.copies > out->copies ? side.copies : out->copies;
    }
    HS_TRY(add_modifiers(&q, &s->modifiers, err));
    return charge(&out->steps, q.steps, &s->head, err);
}

static hs_rc cost_recursive(struct planner *p, const struct hs_n_RECURSIVE *r, struct cost *out, struct hs_err *err)
{
    struct cost left, right;
    double steps = 0;
    HS_TRY(add_with(p, r->cte_map, &steps, err));
    HS_TRY(cost_query(p, r->left, &left, err));
    HS_TRY(cost_query(p, r->right, &right, err));
    *out = (struct cost){steps + left.steps + right.steps, left.copies, 1};
    return charge(&out->steps, 0, &r->head, err);
}

static hs_rc cost_query(struct planner *p, const struct hs_node *n, struct cost *out, struct hs_err *err)
{
    if (HS_IS(SELECT, n))
        return cost_select(p, HS_AS(SELECT, n), out, err);
    if (HS_IS(SET_OPERATION, n))
        return cost_set(p, HS_AS(SET_OPERATION, n), out, err);
    return cost_recursive(p, HS_AS(RECURSIVE, n), out, err);
}

hs_rc hs_guard_work(struct hs_guard *g, struct hs_node *root, struct hs_err *err)
{
    struct planner p = {.g = g};
    struct cost cost;
    HS_TRY(count_mentions(root, &p, err));
    return cost_query(&p, HS_AS(STATEMENT, root)->node, &cost, err);
}
