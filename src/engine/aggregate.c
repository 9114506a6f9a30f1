/* Statements of people who may see nothing but aggregates: read from the checked tree by a grammar of their own, of
 * which everything else is refused, and printed anew with the rows of every group counted and small groups withheld.
 *
 *   SELECT dimension | aggregate, ... FROM table [WHERE conditions on dimensions] [GROUP BY dimensions]
 *   [ORDER BY of the output] [LIMIT number] [OFFSET number]
 *
 * A dimension is a column that the rule names, or year, quarter, month or date_trunc of one. Constants are cast to the
 * dimension's own type (print_inside_value.c), so that no value in a row can make a comparison fail.
 *
 * A group's size is the least number of rows that went into any of its aggregates: one salary among ten rows is a group
 * of one. count(x) and avg(x) also tell how many have no x, which is a group, too. When one group is too small it is
 * withheld with the next smallest ones, until they are two and large enough together to hide it in any total. Which
 * these are depends on sizes alone, ties going together, so that whoever counts again (access/differences.c) finds the
 * same. */
#include "engine/aggregate_in.h"
#include "engine/aggregate_read.h"

#include "base/clock.h"

static const struct hs_type whole = {.id = HS_T_LONG};

hs_rc hs_aggregate_refuse_(struct hs_aggregate_reading *k, const struct hs_node *at, const char *words)
{
    if (at && at->position >= 0)
        return hs_fail(k->err, HS_DENIED, "only aggregates of this table are open to you: %s (position %lld)", words,
                       (long long)at->position + 1);
    return hs_fail(k->err, HS_DENIED, "only aggregates of this table are open to you: %s", words);
}

static hs_rc keep(struct hs_aggregate_reading *k, struct hs_buf *b, hs_str *out)
{
    hs_rc rc = hs_buf_done(b, k->err);
    if (rc == HS_OK) {
        *out = hs_arena_str(k->arena, hs_buf_str(b));
        rc = out->at ? HS_OK : hs_fail(k->err, HS_NOMEM, "out of memory");
    }
    hs_buf_fini(b);
    return rc;
}

/* ---- columns and dimensions ---- */
static const struct hs_aggregate_column *column_of(const struct hs_aggregate_reading *k, const struct hs_node *n)
{
    const struct hs_names *path = HS_IS(COLUMN, n) ? &HS_AS(COLUMN, n)->column_names : NULL;
    bool qualified = path && path->len == 2 && hs_str_eq_nocase(path->at[0], k->select->from_table->alias);
    if (!path || (path->len != 1 && !qualified))
        return NULL;
    for (size_t i = 0; i < k->r->column_count; i++)
        if (hs_str_eq_nocase(k->r->columns[i].name, path->at[path->len - 1]))
            return &k->r->columns[i];
    return NULL;
}

static bool is_dimension(struct hs_aggregate_reading *k, const struct hs_node *n,
                         const struct hs_aggregate_column **out)
{
    const struct hs_aggregate_column *c = column_of(k, n);
    if (!c || c->use != HS_AGGREGATE_BY)
        return false;
    k->used[c - k->r->columns] = true;
    *out = c;
    return true;
}

static bool is_moment(const struct hs_type *t)
{
    return t->id == HS_T_DATE || t->id == HS_T_TIMESTAMP || t->id == HS_T_TIMESTAMPTZ;
}

static bool is_plain_call(const struct hs_n_FUNCTION *f)
{
    return !f->is_operator && !f->distinct && !f->filter && !f->order_bys && !f->schema.len && !f->catalog.len;
}

static const hs_str *text_constant(const struct hs_node *n)
{
    const struct hs_n_CONSTANT *c = HS_AS(CONSTANT, n);
    return HS_IS(CONSTANT, n) && c->value.kind == HS_V_TEXT ? &c->value.text : NULL;
}

/* year(d), quarter(d), month(d), date_trunc('month', d) */
static hs_rc read_coarser(struct hs_aggregate_reading *k, const struct hs_node *n, struct hs_aggregate_key *out)
{
    static const char *const parts[] = {"year", "quarter", "month"}, *const units[] = {"year", "month", "day"};
    const struct hs_n_FUNCTION *f = HS_AS(FUNCTION, n);
    const struct hs_aggregate_column *c;
    bool truncates = hs_str_is(f->function_name, "date_trunc");
    if (!is_plain_call(f) || f->children.len != (truncates ? 2 : 1) ||
        !is_dimension(k, f->children.at[f->children.len - 1], &c) || !is_moment(c->type))
        return hs_aggregate_refuse(k, n, "a group is a dimension, or year, quarter, month or date_trunc of one");
    struct hs_buf b, name;
    hs_buf_init(&b, 1 << 16);
    hs_buf_init(&name, 1 << 12);
    hs_buf_add_sql_name(&name, c->name);
    const hs_str *unit = truncates ? text_constant(f->children.at[0]) : NULL;
    for (size_t i = 0; i < 3; i++) {
        if (unit && hs_str_is(*unit, units[i]))
            hs_add_truncated(&b, c->type, hs_str_of(units[i]), hs_buf_str(&name));
        else if (!truncates && hs_str_is(f->function_name, parts[i]))
            hs_buf_addf(&b, "\"%s\"(%.*s)", parts[i], HS_FMT(hs_buf_str(&name)));
    }
    out->type = truncates ? c->type : &whole;
    hs_buf_fini(&name);
    if (!b.len && !b.failed) {
        hs_buf_fini(&b);
        return hs_aggregate_refuse(
            k, n, "a dimension is made coarser by year, quarter, month, or date_trunc to 'year', 'month', 'day'");
    }
    return keep(k, &b, &out->sql);
}

static hs_rc read_dimension(struct hs_aggregate_reading *k, const struct hs_node *n, struct hs_aggregate_key *out)
{
    const struct hs_aggregate_column *c;
    struct hs_buf b;
    if (HS_IS(FUNCTION, n))
        return read_coarser(k, n, out);
    if (!is_dimension(k, n, &c))
        return hs_aggregate_refuse(k, n, "this is not one of its dimensions");
    hs_buf_init(&b, 1 << 12);
    hs_buf_add_sql_name(&b, c->name);
    out->type = c->type;
    return keep(k, &b, &out->sql);
}

/* ---- constants ---- */
static struct hs_node *constant(struct hs_aggregate_reading *k, enum hs_value_kind kind, hs_str text)
{
    struct hs_n_CONSTANT *c = HS_AS(CONSTANT, hs_node_new(k->arena, HS_N_CONSTANT));
    if (!c || !text.at)
        return NULL;
    c->head.type = HS_W_CONSTANT;
    c->value = (struct hs_value){kind, text};
    return &c->head;
}

static struct hs_node *text_cast(struct hs_aggregate_reading *k, hs_str text, const char *type)
{
    struct hs_n_CAST *c = HS_AS(CAST, hs_node_new(k->arena, HS_N_CAST));
    if (!c)
        return NULL;
    c->head.type = HS_W_CAST;
    c->cast_type.name = type;
    c->child = constant(k, HS_V_TEXT, text);
    return c->child ? &c->head : NULL;
}

/* A bound value as the constant that somebody could have written in its place. */
hs_rc hs_aggregate_bound(struct hs_aggregate_reading *k, const struct hs_node *n, struct hs_node **out)
{
    uint64_t number = 0;
    const struct hs_param *p = NULL;
    struct hs_buf b;
    hs_str text = {0};
    if (hs_str_to_u64(HS_AS(PARAMETER, n)->identifier, &number) && number >= 1 && number <= k->r->params->count)
        p = &k->r->params->at[number - 1];
    if (!p || p->null)
        return hs_aggregate_refuse(k, n, "a condition compares a dimension with a value");
    *out = NULL;
    hs_buf_init(&b, 1 << 20);
    switch ((int)p->type) {
    case HS_T_STRING:
        *out = constant(k, HS_V_TEXT, hs_arena_str(k->arena, p->text));
        break;
    case HS_T_BOOLEAN:
        *out = text_cast(k, p->i ? HS_S("t") : HS_S("f"), "BOOLEAN");
        break;
    case HS_T_INT:
    case HS_T_LONG:
        *out = constant(k, HS_V_INTEGER, hs_arena_printf(k->arena, "%lld", (long long)p->i));
        break;
    case HS_T_DATE:
        if (p->i > -700000 && p->i < 2900000) {
            hs_buf_add_time(&b, p->i * INT64_C(86400000000));
            text = hs_arena_str(k->arena, hs_str_n(b.at, b.len < 10 ? b.len : 10));
            *out = text_cast(k, text, "DATE");
        }
        break;
    default:
        break;
    }
    hs_buf_fini(&b);
    return *out ? HS_OK : hs_aggregate_refuse(k, n, "a bound value is a text, a boolean, a whole number or a date");
}

/* The value in the dimension's own type. While nothing is bound yet only the shape is looked at. */
static hs_rc read_constant(struct hs_aggregate_reading *k, const struct hs_node *n, const struct hs_type *type,
                           struct hs_buf *b)
{
    struct hs_node *value = (struct hs_node *)(uintptr_t)n;
    if (HS_IS(PARAMETER, n)) {
        if (!k->r->params) {
            hs_buf_addz(b, "NULL");
            return HS_OK;
        }
        HS_TRY(hs_aggregate_bound(k, n, &value));
    }
    return hs_print_same_typed(b, value, type)
               ? HS_OK
               : hs_aggregate_refuse(k, n, "a condition compares a dimension with a constant of its own type");
}

/* ---- conditions ---- */
static hs_rc read_condition(struct hs_aggregate_reading *k, const struct hs_node *n, struct hs_buf *b, int depth);

static bool is_value(const struct hs_node *n)
{
    return HS_IS(CONSTANT, n) || HS_IS(PARAMETER, n) || HS_IS(CAST, n);
}

static hs_rc read_comparison(struct hs_aggregate_reading *k, const struct hs_node *n, struct hs_buf *b)
{
    static const struct {
        hs_word is, turned;
    } turns[] = {{HS_W_LESS, HS_W_GREATER},
                 {HS_W_GREATER, HS_W_LESS},
                 {HS_W_LESS_EQUAL, HS_W_GREATER_EQUAL},
                 {HS_W_GREATER_EQUAL, HS_W_LESS_EQUAL}};
    const struct hs_n_COMPARISON *c = HS_AS(COMPARISON, n);
    const struct hs_node *left = c->left, *right = c->right;
    hs_word word = n->type;
    struct hs_aggregate_key e;
    if (is_value(left)) {
        left = c->right;
        right = c->left;
        for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++)
            if (n->type == turns[i].is)
                word = turns[i].turned;
    }
    HS_TRY(read_dimension(k, left, &e));
    hs_buf_addf(b, "(%.*s %s ", HS_FMT(e.sql), hs_word_sql(word));
    HS_TRY(read_constant(k, right, e.type, b));
    hs_buf_addc(b, ')');
    return HS_OK;
}

static hs_rc read_conjunction(struct hs_aggregate_reading *k, const struct hs_node *n, struct hs_buf *b, int depth)
{
    const struct hs_nodes *all = &HS_AS(CONJUNCTION, n)->children;
    hs_buf_addc(b, '(');
    for (size_t i = 0; i < all->len; i++) {
        if (i)
            hs_buf_addf(b, " %s ", hs_word_sql(n->type));
        HS_TRY(read_condition(k, all->at[i], b, depth + 1));
    }
    hs_buf_addc(b, ')');
    return HS_OK;
}

static hs_rc read_list(struct hs_aggregate_reading *k, const struct hs_node *n, const struct hs_nodes *all,
                       struct hs_buf *b)
{
    struct hs_aggregate_key e;
    HS_TRY(read_dimension(k, all->at[0], &e));
    hs_buf_addf(b, "(%.*s %s (", HS_FMT(e.sql), hs_word_sql(n->type));
    for (size_t i = 1; i < all->len; i++) {
        hs_buf_addz(b, i > 1 ? ", " : "");
        HS_TRY(read_constant(k, all->at[i], e.type, b));
    }
    hs_buf_addz(b, "))");
    return HS_OK;
}

static hs_rc read_operator(struct hs_aggregate_reading *k, const struct hs_node *n, struct hs_buf *b, int depth)
{
    const struct hs_nodes *all = &HS_AS(OPERATOR, n)->children;
    struct hs_aggregate_key e;
    switch ((int)n->type) {
    case HS_W_NOT:
        hs_buf_addz(b, "(NOT ");
        HS_TRY(read_condition(k, all->at[0], b, depth + 1));
        hs_buf_addc(b, ')');
        return HS_OK;
    case HS_W_IS_NULL:
    case HS_W_IS_NOT_NULL:
        HS_TRY(read_dimension(k, all->at[0], &e));
        hs_buf_addf(b, "(%.*s %s)", HS_FMT(e.sql), hs_word_sql(n->type));
        return HS_OK;
    case HS_W_IN:
    case HS_W_NOT_IN:
        return read_list(k, n, all, b);
    default:
        return hs_aggregate_refuse(k, n, "its conditions compare dimensions with constants");
    }
}

static hs_rc read_between(struct hs_aggregate_reading *k, const struct hs_node *n, struct hs_buf *b)
{
    const struct hs_n_BETWEEN *w = HS_AS(BETWEEN, n);
    struct hs_aggregate_key e;
    HS_TRY(read_dimension(k, w->input, &e));
    hs_buf_addf(b, "(%.*s BETWEEN ", HS_FMT(e.sql));
    HS_TRY(read_constant(k, w->lower, e.type, b));
    hs_buf_addz(b, " AND ");
    HS_TRY(read_constant(k, w->upper, e.type, b));
    hs_buf_addc(b, ')');
    return HS_OK;
}

static hs_rc read_condition(struct hs_aggregate_reading *k, const struct hs_node *n, struct hs_buf *b, int depth)
{
    struct hs_aggregate_key e;
    if (depth > NESTED_MAX)
        return hs_aggregate_refuse(k, n, "its conditions are nested too deeply");
    if (HS_IS(CONJUNCTION, n))
        return read_conjunction(k, n, b, depth);
    if (HS_IS(OPERATOR, n))
        return read_operator(k, n, b, depth);
    if (HS_IS(BETWEEN, n))
        return read_between(k, n, b);
    if (HS_IS(COMPARISON, n))
        return read_comparison(k, n, b);
    if (!HS_IS(COLUMN, n))
        return hs_aggregate_refuse(k, n, "its conditions compare dimensions with constants");
    HS_TRY(read_dimension(k, n, &e));
    if (e.type->id != HS_T_BOOLEAN)
        return hs_aggregate_refuse(k, n, "its conditions compare dimensions with constants");
    hs_buf_adds(b, e.sql);
    return HS_OK;
}

/* ---- aggregates ---- */
static bool is_aggregate(const struct hs_node *n)
{
    static const char *const names[] = {"count_star", "count", "sum", "avg"};
    bool is = false;
    for (size_t i = 0; HS_IS(FUNCTION, n) && i < sizeof names / sizeof names[0]; i++)
        is |= hs_str_is(HS_AS(FUNCTION, n)->function_name, names[i]);
    return is;
}

static hs_rc read_aggregate(struct hs_aggregate_reading *k, const struct hs_node *n, struct hs_aggregate_output *out)
{
    const struct hs_n_FUNCTION *f = HS_AS(FUNCTION, n);
    struct hs_buf b, name;
    out->index = k->aggregate_count;
    if (!is_plain_call(f))
        return hs_aggregate_refuse(k, n, "aggregates stand there without DISTINCT, FILTER, ORDER BY or a schema");
    if (!f->children.len && (hs_str_is(f->function_name, "count_star") || hs_str_is(f->function_name, "count"))) {
        out->name = HS_S("count_star()");
        k->aggregates[k->aggregate_count++] = HS_S("\"count_star\"()");
        return HS_OK;
    }
    const struct hs_aggregate_column *c = f->children.len == 1 ? column_of(k, f->children.at[0]) : NULL;
    if (!c || c->use != HS_AGGREGATE_OF || f->children.at[0]->alias.len)
        return hs_aggregate_refuse(k, n, "sum, avg and count are of one of its measures, as it is");
    bool *kind = hs_str_is(f->function_name, "sum") ? k->summed : k->counted;
    kind[c - k->r->columns] = true;
    hs_buf_init(&b, 1 << 12);
    hs_buf_init(&name, 1 << 12);
    hs_buf_add_sql_name(&b, f->function_name);
    hs_buf_addc(&b, '(');
    hs_buf_add_sql_name(&b, c->name);
    hs_buf_addc(&b, ')');
    hs_buf_addf(&name, "%.*s(%.*s)", HS_FMT(f->function_name), HS_FMT(c->name));
    hs_rc rc = keep(k, &name, &out->name);
    if (rc != HS_OK)
        hs_buf_fini(&b);
    return rc == HS_OK ? keep(k, &b, &k->aggregates[k->aggregate_count++]) : rc;
}

/* ---- GROUP BY and the select list ---- */
static bool find_key(const struct hs_aggregate_reading *k, hs_str sql, size_t *out)
{
    for (size_t i = 0; i < k->key_count; i++)
        if (hs_str_eq(k->keys[i].sql, sql)) {
            *out = i;
            return true;
        }
    return false;
}

static hs_rc add_key(struct hs_aggregate_reading *k, const struct hs_node *n, size_t *out)
{
    struct hs_aggregate_key e;
    HS_TRY(read_dimension(k, n, &e));
    if (find_key(k, e.sql, out))
        return HS_OK;
    if (k->key_count == KEYS_MAX)
        return hs_aggregate_refuse(k, n, "it groups by too many");
    *out = k->key_count;
    k->keys[k->key_count++] = e;
    return HS_OK;
}

bool hs_aggregate_number(const struct hs_node *n, size_t count, size_t *out)
{
    int64_t number;
    const struct hs_n_CONSTANT *c = HS_AS(CONSTANT, n);
    if (!HS_IS(CONSTANT, n) || c->value.kind != HS_V_INTEGER || !hs_str_to_i64(c->value.text, &number) || number < 1 ||
        (uint64_t)number > count)
        return false;
    *out = (size_t)number - 1;
    return true;
}

/* GROUP BY 1, or by the name that the select list gives. */
static const struct hs_node *group_meant(const struct hs_aggregate_reading *k, const struct hs_node *n)
{
    const struct hs_nodes *list = &k->select->select_list;
    size_t at;
    if (hs_aggregate_number(n, list->len, &at))
        return list->at[at];
    if (!HS_IS(COLUMN, n) || HS_AS(COLUMN, n)->column_names.len != 1 || column_of(k, n))
        return n;
    for (size_t i = 0; i < list->len; i++)
        if (list->at[i]->alias.len && hs_str_eq_nocase(list->at[i]->alias, HS_AS(COLUMN, n)->column_names.at[0]))
            return list->at[i];
    return n;
}

static hs_rc read_groups(struct hs_aggregate_reading *k)
{
    const struct hs_n_SELECT *s = k->select;
    size_t unused;
    if (s->group_sets.len > 1 || (s->group_sets.len == 1 && s->group_sets.at[0].len != s->group_expressions.len))
        return hs_aggregate_refuse(k, &s->head, "grouping sets, ROLLUP and CUBE are not");
    for (size_t i = 0; i < s->group_expressions.len; i++)
        HS_TRY(add_key(k, group_meant(k, s->group_expressions.at[i]), &unused));
    return HS_OK;
}

static hs_rc key_name(struct hs_aggregate_reading *k, const struct hs_node *n, struct hs_aggregate_output *out)
{
    const struct hs_aggregate_column *c = column_of(k, n);
    if (c) {
        out->name = c->name;
        return HS_OK;
    }
    const struct hs_n_FUNCTION *f = HS_AS(FUNCTION, n);
    c = column_of(k, f->children.at[f->children.len - 1]);
    const hs_str *unit = f->children.len == 2 ? text_constant(f->children.at[0]) : NULL;
    out->name = unit ? hs_arena_printf(k->arena, "date_trunc('%.*s', %.*s)", HS_FMT(*unit), HS_FMT(c->name))
                     : hs_arena_printf(k->arena, "%.*s(%.*s)", HS_FMT(f->function_name), HS_FMT(c->name));
    return out->name.at ? HS_OK : hs_fail(k->err, HS_NOMEM, "out of memory");
}

static hs_rc read_output(struct hs_aggregate_reading *k, const struct hs_node *n)
{
    struct hs_aggregate_output *out = &k->outputs[k->output_count];
    struct hs_aggregate_key e;
    if (k->output_count == OUTPUTS_MAX)
        return hs_aggregate_refuse(k, n, "it selects too many");
    *out = (struct hs_aggregate_output){.node = n};
    if (is_aggregate(n)) {
        HS_TRY(read_aggregate(k, n, out));
    } else {
        out->key = true;
        HS_TRY(read_dimension(k, n, &e));
        if (k->select->aggregate_handling == HS_W_GROUP_ALL)
            HS_TRY(add_key(k, n, &out->index));
        else if (!find_key(k, e.sql, &out->index))
            return hs_aggregate_refuse(k, n, "a dimension that is selected is also grouped by");
        HS_TRY(key_name(k, n, out));
    }
    if (n->alias.len)
        out->name = n->alias;
    k->output_count++;
    return HS_OK;
}

static hs_rc check_shape(struct hs_aggregate_reading *k, const struct hs_n_SELECT *s)
{
    const struct hs_n_BASE_TABLE *t = HS_AS(BASE_TABLE, s->from_table);
    if (!HS_IS(BASE_TABLE, s->from_table) || t->sample || t->column_name_alias.len || s->sample)
        return hs_aggregate_refuse(k, s->from_table,
                                   "it stands in FROM alone, without joins, sub-queries, samples or column names");
    if (s->cte_map && HS_AS(CTE_MAP, s->cte_map)->map.len)
        return hs_aggregate_refuse(k, &s->head, "WITH is not");
    if (s->having)
        return hs_aggregate_refuse(k, s->having, "HAVING is not");
    return s->qualify ? hs_aggregate_refuse(k, s->qualify, "QUALIFY is not") : HS_OK;
}

static hs_rc read_select(struct hs_aggregate_reading *k)
{
    const struct hs_n_SELECT *s = k->select;
    struct hs_buf b;
    HS_TRY(check_shape(k, s));
    HS_TRY(read_groups(k));
    for (size_t i = 0; i < s->select_list.len; i++)
        HS_TRY(read_output(k, s->select_list.at[i]));
    if (!k->aggregate_count && !k->key_count)
        return hs_aggregate_refuse(k, &s->head, "it selects aggregates, or groups");
    if (!s->where_clause)
        return HS_OK;
    hs_buf_init(&b, 1 << 20);
    hs_rc rc = read_condition(k, s->where_clause, &b, 0);
    if (rc != HS_OK)
        hs_buf_fini(&b);
    return rc == HS_OK ? keep(k, &b, &k->where) : rc;
}

/* ---- what is kept of it: which rows, in which groups, and what went into them ---- */
static void add_part(struct hs_buf *b, char what, hs_str text)
{
    hs_buf_addf(b, "%c%zu:", what, text.len);
    hs_buf_adds(b, text);
}

static void add_set(const struct hs_aggregate_reading *k, struct hs_buf *b)
{
    add_part(b, 'w', k->where);
    for (size_t i = 0; i < k->key_count; i++)
        add_part(b, 'k', k->keys[i].sql);
    for (size_t i = 0; i < k->r->column_count; i++) {
        if (k->used[i])
            add_part(b, 'd', k->r->columns[i].name);
        if (k->counted[i] || k->summed[i])
            add_part(b, k->counted[i] ? 'c' : 's', k->r->columns[i].name);
    }
}

hs_rc hs_statement_aggregate(struct hs_arena *a, const struct hs_statement *s, const struct hs_aggregate_request *r,
                             struct hs_aggregate *out, struct hs_err *err)
{
    struct hs_aggregate_reading *k = HS_NEW(a, struct hs_aggregate_reading);
    struct hs_buf b, set;
    bool *flags = hs_arena_array(a, 3 * r->column_count + 1, sizeof *flags);
    if (!k || !flags)
        return hs_fail(err, HS_NOMEM, "out of memory");
    *k = (struct hs_aggregate_reading){.arena = a, .r = r, .err = err, .used = flags};
    k->summed = flags + r->column_count;
    k->counted = k->summed + r->column_count;
    const struct hs_node *query = s->as_is.len ? NULL : HS_AS(STATEMENT, s->tree)->node;
    if (s->ref_count != 1 || !HS_IS(SELECT, query) || s->refs[0].at_kind != HS_AT_NONE)
        return hs_aggregate_refuse(k, NULL, "a statement is one SELECT of it alone, as it is now");
    k->select = HS_AS(SELECT, query);
    HS_TRY(read_select(k));
    hs_buf_init(&b, 1 << 22);
    hs_rc rc = hs_aggregate_print(k, &b);
    if (rc != HS_OK) {
        hs_buf_fini(&b);
        return rc;
    }
    HS_TRY(keep(k, &b, &out->statement));
    hs_buf_init(&set, 1 << 22);
    add_set(k, &set);
    return keep(k, &set, &out->set);
}
