/* What the table cannot say about one node: numbers of operands, names from the allow lists, parts that go together. */
#include "base/fault.h"
#include "engine/guard_in.h"

#include <ctype.h>
#include <stdlib.h>

static hs_rc no_memory(struct hs_err *err)
{
    return hs_fail(err, HS_NOMEM, "out of memory");
}

/* ---- grouping sets: numbered anew in the order they will be printed and parsed again ---- */
struct renumber {
    size_t *to;
    struct hs_nodes kept;
};

static hs_rc renumber_set(struct hs_guard *g, struct hs_n_SELECT *s, struct hs_set *set, struct renumber *r,
                          struct hs_err *err)
{
    for (size_t i = 0; i < set->len; i++) {
        size_t old = set->at[i];
        if (old >= s->group_expressions.len || (i && old <= set->at[i - 1]))
            return hs_guard_odd(g, err, "a grouping set out of range");
    }
    for (size_t i = 0; i < set->len; i++) {
        size_t old = set->at[i];
        if (!r->to[old]) {
            struct hs_node **slot = hs_vec_add(g->arena, &r->kept);
            if (!slot)
                return no_memory(err);
            *slot = s->group_expressions.at[old];
            r->to[old] = r->kept.len;
        }
    }
    return HS_OK;
}

static void sort_set(struct hs_set *set, const size_t *to)
{
    for (size_t i = 0; i < set->len; i++) {
        size_t n = to[set->at[i]] - 1, k = i;
        for (; k && set->at[k - 1] > n; k--)
            set->at[k] = set->at[k - 1];
        set->at[k] = n;
    }
}

static hs_rc renumber_groups(struct hs_guard *g, struct hs_n_SELECT *s, struct hs_err *err)
{
    struct renumber r = {hs_arena_array(g->arena, s->group_expressions.len + 1, sizeof(size_t)), {0}};
    if (!r.to)
        return no_memory(err);
    for (size_t i = 0; i < s->group_sets.len; i++)
        HS_TRY(renumber_set(g, s, &s->group_sets.at[i], &r, err));
    if (r.kept.len != s->group_expressions.len)
        return hs_guard_odd(g, err, "a grouping expression in no set");
    for (size_t i = 0; i < s->group_sets.len; i++)
        sort_set(&s->group_sets.at[i], r.to);
    s->group_expressions = r.kept;
    return HS_OK;
}

/* VALUES is a query of its own: SELECT * FROM (the list), and nothing beside it. */
static bool is_plain_values(const struct hs_n_SELECT *s)
{
    const struct hs_n_STAR *star =
        s->select_list.len == 1 && HS_IS(STAR, s->select_list.at[0]) ? HS_AS(STAR, s->select_list.at[0]) : NULL;
    return star && !star->relation_name.len && !star->columns && !star->exclude_list.len && !star->replace_list.len &&
           !star->rename_list.len && !star->qualified_exclude_list.len && !star->head.alias.len && !s->where_clause &&
           !s->group_sets.len && s->aggregate_handling == HS_W_GROUP_STANDARD && !s->having && !s->sample &&
           !s->qualify;
}

static hs_rc check_select(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    struct hs_n_SELECT *s = HS_AS(SELECT, *node);
    if (!s->select_list.len)
        return hs_guard_odd(g, err, "nothing selected");
    if (s->aggregate_handling == HS_W_GROUP_ALL && s->group_sets.len)
        return hs_guard_odd(g, err, "two kinds of grouping");
    if (HS_IS(VALUES, s->from_table) && !is_plain_values(s))
        return hs_guard_odd(g, err, "VALUES with other parts");
    return renumber_groups(g, s, err);
}

static hs_rc check_set_operation(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    struct hs_n_SET_OPERATION *s = HS_AS(SET_OPERATION, *node);
    if ((s->left || s->right) && (!s->left || !s->right || s->children.len))
        return hs_guard_odd(g, err, "a set operation with odd sides");
    if (s->left) { /* older trees: two sides */
        struct hs_node **sides = hs_arena_array(g->arena, 2, sizeof *sides);
        if (!sides)
            return no_memory(err);
        sides[0] = s->left;
        sides[1] = s->right;
        s->children = (struct hs_nodes){sides, 2, 2};
        s->left = s->right = NULL;
    }
    return s->children.len >= 2 ? HS_OK : hs_guard_odd(g, err, "a set operation of one side");
}

/* ---- relations ---- */
static hs_rc check_base_table(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    const struct hs_n_BASE_TABLE *t = HS_AS(BASE_TABLE, *node);
    if (!t->table_name.len || (t->catalog_name.len && !t->schema_name.len))
        return hs_guard_odd(g, err, "a table without a name");
    return HS_OK;
}

static hs_rc check_join(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    const struct hs_n_JOIN *j = HS_AS(JOIN, *node);
    bool on = j->condition != NULL, with_using = j->using_columns.len > 0, inner = j->join_type == HS_W_JOIN_INNER;
    bool ok = false;
    if (HS_IS(VALUES, j->left) || HS_IS(VALUES, j->right) || HS_IS(EMPTY, j->left) || HS_IS(EMPTY, j->right))
        return hs_guard_odd(g, err, "a join of what cannot be joined");
    if (j->ref_type == HS_W_JOIN_REGULAR || j->ref_type == HS_W_JOIN_ASOF)
        ok = on != with_using;
    else if (j->ref_type == HS_W_JOIN_NATURAL)
        ok = !on && !with_using;
    else
        ok = !on && !with_using && inner;
    return ok ? HS_OK : hs_guard_odd(g, err, "a join with odd parts");
}

static bool plain_schema(hs_str catalog, hs_str schema)
{
    return (!schema.len || hs_str_is(schema, "main")) && (!catalog.len || hs_str_is(catalog, "system"));
}

static hs_rc check_table_function(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    const struct hs_n_TABLE_FUNCTION *t = HS_AS(TABLE_FUNCTION, *node);
    const struct hs_n_FUNCTION *f = HS_AS(FUNCTION, t->function);
    if (!HS_IS(FUNCTION, t->function))
        return hs_guard_odd(g, err, "a table function that is none");
    if (!plain_schema(f->catalog, f->schema) || !hs_guard_function(f->function_name, HS_USE_TABLE)) {
        hs_str shown = hs_guard_quotable(g, f->function_name);
        return hs_guard_refuse(g, t->function->position, err, "table function %.*s is not allowed", HS_FMT(shown));
    }
    if (f->is_operator || f->distinct || f->filter || f->order_bys)
        return hs_guard_odd(g, err, "a table function with odd parts");
    return HS_OK;
}

static hs_rc check_at(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    const struct hs_n_AT *at = HS_AS(AT, *node);
    bool version = hs_str_eq_nocase(at->unit, HS_S("VERSION")), time = hs_str_eq_nocase(at->unit, HS_S("TIMESTAMP"));
    const struct hs_n_CONSTANT *c = HS_AS(CONSTANT, at->expr);
    if (HS_IS(CAST, at->expr) && time) {
        const char *type = HS_AS(CAST, at->expr)->cast_type.name;
        if (strncmp(type, "TIMESTAMP", 9) == 0 || strcmp(type, "DATE") == 0)
            c = HS_AS(CONSTANT, HS_AS(CAST, at->expr)->child);
    }
    bool ok = HS_IS(CONSTANT, &c->head) && (c->value.kind == HS_V_TEXT || (version && c->value.kind == HS_V_INTEGER));
    if (!(version || time) || !ok)
        return hs_guard_refuse(g, at->expr->position, err,
                               "AT takes VERSION => number or name, or TIMESTAMP => time, as constants");
    return HS_OK;
}

/* SYSTEM drops whole pieces of the files: how visible rows fall into pieces would tell how many hidden ones lie
 * between. BERNOULLI asks row by row. */
static hs_rc check_sample(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    struct hs_n_SAMPLE *s = HS_AS(SAMPLE, *node);
    if (s->method == HS_W_SAMPLE_SYSTEM && s->is_percentage && hs_defence("row-samples"))
        s->method = HS_W_SAMPLE_BERNOULLI;
    bool number = s->sample_size.kind == HS_V_INTEGER || s->sample_size.kind == HS_V_DOUBLE;
    bool ok = number && s->sample_size.text.at[0] != '-' && s->seed >= -1;
    return ok ? HS_OK : hs_guard_odd(g, err, "a sample of odd size");
}

/* ---- expressions ---- */
static hs_rc check_column(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    size_t n = HS_AS(COLUMN, *node)->column_names.len;
    return n >= 1 && n <= 100 ? HS_OK : hs_guard_odd(g, err, "a column without a name");
}

/* IS TRUE makes a boolean constant; it has no spelling that parses to the same, TRUE itself is a cast. */
static hs_rc check_constant(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    struct hs_n_CONSTANT *c = HS_AS(CONSTANT, *node);
    if (c->value.kind != HS_V_BOOLEAN)
        return HS_OK;
    struct hs_n_CAST *cast = HS_AS(CAST, hs_node_new(g->arena, HS_N_CAST));
    size_t numbers = 0;
    if (!cast)
        return no_memory(err);
    cast->head.type = HS_W_CAST;
    cast->head.alias = c->head.alias;
    cast->head.position = c->head.position;
    cast->child = &c->head;
    cast->cast_type.name = hs_guard_type_word(HS_S("BOOLEAN"), &numbers);
    c->head.alias = (hs_str){NULL, 0};
    c->value.kind = HS_V_TEXT;
    *node = &cast->head;
    return HS_OK;
}

static hs_rc check_parameter(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    uint64_t n = 0;
    if (!hs_str_to_u64(HS_AS(PARAMETER, *node)->identifier, &n))
        return hs_guard_refuse(g, (*node)->position, err, "named parameters are not supported; write ? or $1");
    if (n < 1 || n > HS_GUARD_PARAMS)
        return hs_guard_refuse(g, (*node)->position, err, "parameters are numbered from 1 to %d", HS_GUARD_PARAMS);
    if (n > g->params)
        g->params = (size_t)n;
    return HS_OK;
}

static hs_rc check_name(struct hs_guard *g, hs_str name, int64_t position, struct hs_err *err)
{
    if (hs_guard_function(name, HS_USE_EXPRESSION))
        return HS_OK;
    hs_str shown = hs_guard_quotable(g, name);
    return hs_guard_refuse(g, position, err, "function %.*s is not allowed", HS_FMT(shown));
}

/* name.upper() arrives with the column as a schema; the engine's binder would put it first, so it is put there now. */
static hs_rc method_call(struct hs_guard *g, struct hs_n_FUNCTION *f, struct hs_err *err)
{
    struct hs_n_COLUMN *column = HS_AS(COLUMN, hs_node_new(g->arena, HS_N_COLUMN));
    struct hs_nodes children = {0};
    if (!column)
        return no_memory(err);
    column->head.type = HS_W_COLUMN;
    column->head.position = f->head.position;
    for (int i = 0; i < 2; i++) {
        hs_str part = i ? f->schema : f->catalog;
        hs_str *name = part.len ? hs_vec_add(g->arena, &column->column_names) : NULL;
        if (name)
            *name = part;
        else if (part.len)
            return no_memory(err);
    }
    for (size_t i = 0; i <= f->children.len; i++) {
        struct hs_node **slot = hs_vec_add(g->arena, &children);
        if (!slot)
            return no_memory(err);
        *slot = i ? f->children.at[i - 1] : &column->head;
    }
    f->children = children;
    f->schema = f->catalog = (hs_str){NULL, 0};
    return HS_OK;
}

/* list_aggregate(list, 'name') calls an aggregate by name: the name has to be written out and be on the list itself. */
static hs_rc check_named_call(struct hs_guard *g, const struct hs_n_FUNCTION *f, struct hs_err *err)
{
    static const char *const callers[] = {"aggregate", "array_aggr", "array_aggregate", "list_aggr", "list_aggregate"};
    bool calls = false;
    for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++)
        calls |= hs_str_is(f->function_name, callers[i]);
    if (!calls)
        return HS_OK;
    const struct hs_n_CONSTANT *name = f->children.len >= 2 ? HS_AS(CONSTANT, f->children.at[1]) : NULL;
    if (!HS_IS(CONSTANT, (const struct hs_node *)name) || name->value.kind != HS_V_TEXT)
        return hs_guard_refuse(g, f->head.position, err, "list_aggregate takes the name of an aggregate as a constant");
    char lower[64];
    if (name->value.text.len >= sizeof lower)
        return hs_guard_refuse(g, f->head.position, err, "list_aggregate: no such aggregate");
    for (size_t i = 0; i < name->value.text.len; i++)
        lower[i] = (char)tolower((unsigned char)name->value.text.at[i]);
    return check_name(g, hs_str_n(lower, name->value.text.len), f->head.position, err);
}

static hs_rc check_function(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    struct hs_n_FUNCTION *f = HS_AS(FUNCTION, *node);
    HS_TRY(check_name(g, f->function_name, f->head.position, err));
    if (f->order_bys && !HS_AS(ORDER_BY, f->order_bys)->orders.len)
        f->order_bys = NULL;
    if (!plain_schema(f->catalog, f->schema) && hs_guard_function(f->function_name, HS_USE_TABLE))
        return hs_guard_refuse(g, f->head.position, err, "%.*s is called without a schema", HS_FMT(f->function_name));
    if (!plain_schema(f->catalog, f->schema))
        HS_TRY(method_call(g, f, err));
    HS_TRY(check_named_call(g, f, err));
    f->catalog = (hs_str){NULL, 0};
    if (!f->is_operator)
        return HS_OK;
    bool ok = hs_guard_operator(f->function_name, f->children.len) && !f->distinct && !f->filter && !f->order_bys &&
              !f->schema.len;
    return ok ? HS_OK : hs_guard_odd(g, err, "an operator with odd parts");
}

/* The unit (ROWS, RANGE, GROUPS) has to be one for both ends. */
static hs_rc check_frame(struct hs_guard *g, const struct hs_n_WINDOW *w, struct hs_err *err)
{
    bool start_value = w->start >= HS_W_PRECEDING_ROWS && w->start <= HS_W_FOLLOWING_GROUPS;
    bool end_value = w->end >= HS_W_PRECEDING_ROWS && w->end <= HS_W_FOLLOWING_GROUPS;
    bool start_unit = w->start >= HS_W_CURRENT_RANGE, end_unit = w->end >= HS_W_CURRENT_RANGE;
    if (start_value != (w->start_expr != NULL) || end_value != (w->end_expr != NULL) ||
        w->start == HS_W_UNBOUNDED_FOLLOWING || w->end == HS_W_UNBOUNDED_PRECEDING)
        return hs_guard_odd(g, err, "a window frame with odd ends");
    if (start_unit && end_unit && strcmp(hs_word_sql(w->start), hs_word_sql(w->end)) != 0)
        return hs_guard_odd(g, err, "a window frame of two units");
    return HS_OK;
}

static hs_rc check_window(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    struct hs_n_WINDOW *w = HS_AS(WINDOW, *node);
    HS_TRY(check_name(g, w->function_name, w->head.position, err));
    if (!plain_schema(w->catalog, w->schema))
        return hs_guard_refuse(g, w->head.position, err, "window functions are called without a schema");
    w->catalog = w->schema = (hs_str){NULL, 0};
    if (w->default_expr && !w->offset_expr)
        return hs_guard_odd(g, err, "a window function with a default and no offset");
    return check_frame(g, w, err);
}

static hs_rc check_collate(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    hs_str name = HS_AS(COLLATE, *node)->collation;
    if (hs_guard_collation(name))
        return HS_OK;
    hs_str shown = hs_guard_quotable(g, name);
    return hs_guard_refuse(g, (*node)->position, err, "collation %.*s is not supported", HS_FMT(shown));
}

static hs_rc check_conjunction(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    return HS_AS(CONJUNCTION, *node)->children.len >= 2 ? HS_OK : hs_guard_odd(g, err, "AND or OR of one");
}

static hs_rc check_operator(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    static const struct {
        hs_word type;
        size_t fewest, most;
    } operands[] = {
        {HS_W_IN, 2, SIZE_MAX},
        {HS_W_NOT_IN, 2, SIZE_MAX},
        {HS_W_NOT, 1, 1},
        {HS_W_IS_NULL, 1, 1},
        {HS_W_IS_NOT_NULL, 1, 1},
        {HS_W_COALESCE, 1, SIZE_MAX},
        {HS_W_TRY, 1, 1},
        {HS_W_UNPACK, 1, 1},
        {HS_W_ELEMENT, 2, 2},
        {HS_W_SLICE, 3, 4},
        {HS_W_MEMBER, 2, 2},
        {HS_W_ARRAY, 0, SIZE_MAX},
        {HS_W_GROUPING_OF, 1, SIZE_MAX},
    };
    const struct hs_n_OPERATOR *o = HS_AS(OPERATOR, *node);
    const struct hs_n_CONSTANT *member;
    for (size_t i = 0; i < sizeof operands / sizeof operands[0]; i++)
        if (operands[i].type == o->head.type &&
            (o->children.len < operands[i].fewest || o->children.len > operands[i].most))
            return hs_guard_odd(g, err, "an operator with odd operands");
    if (o->head.type == HS_W_MEMBER) {
        member = HS_AS(CONSTANT, o->children.at[1]);
        if (!HS_IS(CONSTANT, &member->head) || member->value.kind != HS_V_TEXT || !member->value.text.len)
            return hs_guard_odd(g, err, "a member without a name");
    }
    if (o->head.type == HS_W_UNPACK && !(HS_IS(STAR, o->children.at[0]) && HS_AS(STAR, o->children.at[0])->columns))
        return hs_guard_odd(g, err, "unpacking what is not COLUMNS");
    return HS_OK;
}

static hs_rc check_subquery(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    const struct hs_n_SUBQUERY *s = HS_AS(SUBQUERY, *node);
    bool any = s->subquery_type == HS_W_ANY;
    bool ok = any ? s->child && s->comparison_type != HS_W_ANY_NONE : !s->child && s->comparison_type == HS_W_ANY_NONE;
    return ok ? HS_OK : hs_guard_odd(g, err, "a sub-query with odd parts");
}

static hs_rc check_lambda(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    struct hs_n_LAMBDA *l = HS_AS(LAMBDA, *node);
    const struct hs_n_FUNCTION *row = HS_AS(FUNCTION, l->lhs);
    if (l->syntax_type == HS_W_NONE_)
        l->syntax_type = HS_W_ARROW_STORED;
    if (l->syntax_type != HS_W_KEYWORD || HS_IS(COLUMN, l->lhs))
        return HS_OK;
    if (!HS_IS(FUNCTION, l->lhs) || !hs_str_is(row->function_name, "row"))
        return hs_guard_odd(g, err, "a lambda without parameters");
    for (size_t i = 0; i < row->children.len; i++)
        if (!HS_IS(COLUMN, row->children.at[i]) || HS_AS(COLUMN, row->children.at[i])->column_names.len != 1)
            return hs_guard_odd(g, err, "a lambda with odd parameters");
    return HS_OK;
}

static hs_rc check_position(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    return HS_AS(POSITION, *node)->index >= 1 ? HS_OK : hs_guard_odd(g, err, "column number zero");
}

/* The engine keeps these in hash tables: sorted, the same star is the same tree again. */
static hs_str star_key(const struct hs_node *n)
{
    if (HS_IS(REPLACEMENT, n))
        return HS_AS(REPLACEMENT, n)->key;
    if (HS_IS(RENAMING, n))
        return HS_AS(COLUMN_PATH, HS_AS(RENAMING, n)->key)->column;
    return HS_AS(COLUMN_PATH, n)->column;
}

static int by_star_key(const void *a, const void *b)
{
    return hs_str_cmp(star_key(*(struct hs_node *const *)a), star_key(*(struct hs_node *const *)b));
}

static int by_text(const void *a, const void *b)
{
    return hs_str_cmp(*(const hs_str *)a, *(const hs_str *)b);
}

static void sort_nodes(struct hs_nodes *nodes)
{
    if (nodes->len)
        qsort(nodes->at, nodes->len, sizeof nodes->at[0], by_star_key);
}

static hs_rc check_star(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    struct hs_n_STAR *s = HS_AS(STAR, *node);
    sort_nodes(&s->replace_list);
    sort_nodes(&s->rename_list);
    sort_nodes(&s->qualified_exclude_list);
    if (s->exclude_list.len)
        qsort(s->exclude_list.at, s->exclude_list.len, sizeof s->exclude_list.at[0], by_text);
    bool lists = s->exclude_list.len || s->qualified_exclude_list.len || s->replace_list.len || s->rename_list.len;
    if (s->expr && (!s->columns || s->relation_name.len || lists))
        return hs_guard_odd(g, err, "a star with odd parts");
    return HS_OK;
}

static hs_rc check_cte(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    return HS_AS(CTE, *node)->key.len ? HS_OK : hs_guard_odd(g, err, "WITH without a name");
}

static hs_rc check_path(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    return HS_AS(COLUMN_PATH, *node)->column.len ? HS_OK : hs_guard_odd(g, err, "a column without a name");
}

hs_rc hs_guard_check(struct hs_guard *g, struct hs_node **node, struct hs_err *err)
{
    static hs_rc (*const checks[HS_N_COUNT_])(struct hs_guard *, struct hs_node **, struct hs_err *) = {
        [HS_N_SELECT] = check_select,
        [HS_N_SET_OPERATION] = check_set_operation,
        [HS_N_BASE_TABLE] = check_base_table,
        [HS_N_JOIN] = check_join,
        [HS_N_TABLE_FUNCTION] = check_table_function,
        [HS_N_AT] = check_at,
        [HS_N_SAMPLE] = check_sample,
        [HS_N_COLUMN] = check_column,
        [HS_N_CONSTANT] = check_constant,
        [HS_N_PARAMETER] = check_parameter,
        [HS_N_FUNCTION] = check_function,
        [HS_N_WINDOW] = check_window,
        [HS_N_COLLATE] = check_collate,
        [HS_N_CONJUNCTION] = check_conjunction,
        [HS_N_OPERATOR] = check_operator,
        [HS_N_SUBQUERY] = check_subquery,
        [HS_N_LAMBDA] = check_lambda,
        [HS_N_POSITION] = check_position,
        [HS_N_STAR] = check_star,
        [HS_N_CTE] = check_cte,
        [HS_N_COLUMN_PATH] = check_path,
    };
    return checks[(*node)->kind] ? checks[(*node)->kind](g, node, err) : HS_OK;
}
