/* Queries and relations as text, over the checked tree alone. */
#include "engine/print_in.h"

#include <stdio.h>

void hs_scan_view_name(size_t i, char out[32])
{
    snprintf(out, 32, "hs_scan_%zu", i);
}

void hs_print_statement(struct hs_print *p, const struct hs_node *statement)
{
    hs_buf_addc(p->out, '(');
    hs_print_query(p, HS_AS(STATEMENT, statement)->node);
    hs_buf_addc(p->out, ')');
}

/* ---- relations ---- */
static void print_sample(struct hs_print *p, const char *words, const struct hs_node *sample)
{
    const struct hs_n_SAMPLE *s = HS_AS(SAMPLE, sample);
    if (!s)
        return;
    hs_buf_addf(p->out, " %s %s(%.*s %s)", words, hs_word_sql(s->method), HS_FMT(s->sample_size.text),
                s->is_percentage ? "PERCENT" : "ROWS");
    if (s->seed >= 0)
        hs_buf_addf(p->out, " REPEATABLE (%lld)", (long long)s->seed);
}

static void print_alias(struct hs_print *p, hs_str alias, const struct hs_names *columns)
{
    if (alias.len) {
        hs_buf_addz(p->out, " AS ");
        hs_buf_add_sql_name(p->out, alias);
    }
    if (columns->len) {
        hs_buf_addc(p->out, '(');
        hs_print_names(p, columns);
        hs_buf_addc(p->out, ')');
    }
}

static void print_base_table(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_n_BASE_TABLE *t = HS_AS(BASE_TABLE, n);
    hs_buf_add_sql_name(p->out, t->table_name); /* ours: hs_scan_N or hs_cte_N */
    print_alias(p, n->alias, &t->column_name_alias);
    print_sample(p, "TABLESAMPLE", t->sample);
}

static void print_join(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_n_JOIN *j = HS_AS(JOIN, n);
    bool bare = j->ref_type == HS_W_JOIN_CROSS || j->ref_type == HS_W_JOIN_POSITIONAL;
    hs_buf_addc(p->out, '(');
    hs_print_table(p, j->left);
    hs_buf_addf(p->out, " %s%s%sJOIN ", hs_word_sql(j->ref_type), bare ? "" : hs_word_sql(j->join_type),
                bare ? "" : " ");
    hs_print_table(p, j->right);
    if (j->condition) {
        hs_buf_addz(p->out, " ON ");
        hs_print_expr(p, j->condition);
    } else if (j->using_columns.len) {
        hs_buf_addz(p->out, " USING (");
        hs_print_names(p, &j->using_columns);
        hs_buf_addc(p->out, ')');
    }
    hs_buf_addc(p->out, ')');
}

static void print_subquery_ref(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_n_SUBQUERY_REF *s = HS_AS(SUBQUERY_REF, n);
    hs_print_statement(p, s->subquery);
    print_alias(p, n->alias, &s->column_name_alias);
    print_sample(p, "TABLESAMPLE", s->sample);
}

static void print_table_function(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_n_TABLE_FUNCTION *t = HS_AS(TABLE_FUNCTION, n);
    hs_print_expr(p, t->function);
    hs_buf_addz(p->out, hs_word_sql(t->with_ordinality));
    print_alias(p, n->alias, &t->column_name_alias);
    print_sample(p, "TABLESAMPLE", t->sample);
}

void hs_print_table(struct hs_print *p, const struct hs_node *n)
{
    if (HS_IS(BASE_TABLE, n))
        print_base_table(p, n);
    else if (HS_IS(JOIN, n))
        print_join(p, n);
    else if (HS_IS(SUBQUERY_REF, n))
        print_subquery_ref(p, n);
    else if (HS_IS(TABLE_FUNCTION, n))
        print_table_function(p, n);
    else
        p->failed = true;
}

/* ---- WITH and modifiers ---- */
static void print_recursive(struct hs_print *p, const struct hs_n_RECURSIVE *r)
{
    hs_buf_addc(p->out, '(');
    hs_print_query(p, r->left);
    hs_buf_addz(p->out, r->union_all ? ") UNION ALL (" : ") UNION (");
    hs_print_query(p, r->right);
    hs_buf_addc(p->out, ')');
}

static void print_cte(struct hs_print *p, const struct hs_n_CTE *c)
{
    const struct hs_n_CTE_BODY *body = HS_AS(CTE_BODY, c->value);
    const struct hs_node *query = HS_AS(STATEMENT, body->query)->node;
    hs_buf_add_sql_name(p->out, c->key);
    print_alias(p, (hs_str){NULL, 0}, &body->aliases);
    hs_buf_addf(p->out, " AS %s(", hs_word_sql(body->materialized));
    if (HS_IS(RECURSIVE, query))
        print_recursive(p, HS_AS(RECURSIVE, query));
    else
        hs_print_query(p, query);
    hs_buf_addc(p->out, ')');
}

static void print_with(struct hs_print *p, const struct hs_node *map)
{
    const struct hs_nodes *ctes = map ? &HS_AS(CTE_MAP, map)->map : NULL;
    bool recursive = false;
    for (size_t i = 0; ctes && i < ctes->len; i++) {
        const struct hs_n_CTE_BODY *body = HS_AS(CTE_BODY, HS_AS(CTE, ctes->at[i])->value);
        recursive |= HS_IS(RECURSIVE, HS_AS(STATEMENT, body->query)->node);
    }
    for (size_t i = 0; ctes && i < ctes->len; i++) {
        hs_buf_addz(p->out, i ? ", " : recursive ? "WITH RECURSIVE " : "WITH ");
        print_cte(p, HS_AS(CTE, ctes->at[i]));
    }
    if (ctes && ctes->len)
        hs_buf_addc(p->out, ' ');
}

static void print_limit(struct hs_print *p, const struct hs_node *limit, bool percent, const struct hs_node *offset)
{
    if (limit) {
        hs_buf_addz(p->out, percent ? " LIMIT (" : " LIMIT ");
        hs_print_expr(p, limit);
        hs_buf_addz(p->out, percent ? ") %" : "");
    }
    if (offset) {
        hs_buf_addz(p->out, " OFFSET ");
        hs_print_expr(p, offset);
    }
}

static void print_modifiers(struct hs_print *p, const struct hs_nodes *modifiers)
{
    for (size_t i = 0; i < modifiers->len; i++) {
        const struct hs_node *m = modifiers->at[i];
        if (HS_IS(ORDER_MODIFIER, m)) {
            hs_buf_addc(p->out, ' ');
            hs_print_orders(p, &HS_AS(ORDER_MODIFIER, m)->orders);
        } else if (HS_IS(LIMIT, m)) {
            print_limit(p, HS_AS(LIMIT, m)->limit, false, HS_AS(LIMIT, m)->offset);
        } else if (HS_IS(LIMIT_PERCENT, m)) {
            print_limit(p, HS_AS(LIMIT_PERCENT, m)->limit, true, HS_AS(LIMIT_PERCENT, m)->offset);
        }
    }
}

/* ---- SELECT ---- */
static void print_distinct(struct hs_print *p, const struct hs_nodes *modifiers)
{
    for (size_t i = 0; i < modifiers->len; i++) {
        if (!HS_IS(DISTINCT, modifiers->at[i]))
            continue;
        const struct hs_nodes *on = &HS_AS(DISTINCT, modifiers->at[i])->distinct_on_targets;
        hs_buf_addz(p->out, "DISTINCT ");
        if (on->len) {
            hs_buf_addz(p->out, "ON (");
            hs_print_exprs(p, on);
            hs_buf_addz(p->out, ") ");
        }
    }
}

static void print_list(struct hs_print *p, const struct hs_nodes *items)
{
    for (size_t i = 0; i < items->len; i++) {
        if (i)
            hs_buf_addz(p->out, ", ");
        hs_print_expr(p, items->at[i]);
        if (items->at[i]->alias.len) {
            hs_buf_addz(p->out, " AS ");
            hs_buf_add_sql_name(p->out, items->at[i]->alias);
        }
    }
}

static void print_set(struct hs_print *p, const struct hs_n_SELECT *s, const struct hs_set *set)
{
    hs_buf_addc(p->out, '(');
    for (size_t i = 0; i < set->len; i++) {
        if (i)
            hs_buf_addz(p->out, ", ");
        hs_print_expr(p, s->group_expressions.at[set->at[i]]);
    }
    hs_buf_addc(p->out, ')');
}

static void print_groups(struct hs_print *p, const struct hs_n_SELECT *s)
{
    if (s->aggregate_handling == HS_W_GROUP_ALL)
        hs_buf_addz(p->out, " GROUP BY ALL");
    if (!s->group_sets.len)
        return;
    hs_buf_addz(p->out, " GROUP BY ");
    if (s->group_sets.len == 1 && s->group_sets.at[0].len) {
        hs_print_exprs(p, &s->group_expressions);
        return;
    }
    hs_buf_addz(p->out, s->group_sets.len > 1 ? "GROUPING SETS (" : "");
    for (size_t i = 0; i < s->group_sets.len; i++) {
        if (i)
            hs_buf_addz(p->out, ", ");
        print_set(p, s, &s->group_sets.at[i]);
    }
    hs_buf_addz(p->out, s->group_sets.len > 1 ? ")" : "");
}

static void print_clause(struct hs_print *p, const char *word, const struct hs_node *expr)
{
    if (expr) {
        hs_buf_addz(p->out, word);
        hs_print_expr(p, expr);
    }
}

static void print_values(struct hs_print *p, const struct hs_lists *rows)
{
    hs_buf_addz(p->out, "VALUES ");
    for (size_t i = 0; i < rows->len; i++) {
        hs_buf_addz(p->out, i ? ", (" : "(");
        hs_print_exprs(p, &rows->at[i]);
        hs_buf_addc(p->out, ')');
    }
}

static void print_select(struct hs_print *p, const struct hs_n_SELECT *s)
{
    print_with(p, s->cte_map);
    if (HS_IS(VALUES, s->from_table)) {
        print_values(p, &HS_AS(VALUES, s->from_table)->values);
        print_modifiers(p, &s->modifiers);
        return;
    }
    hs_buf_addz(p->out, "SELECT ");
    print_distinct(p, &s->modifiers);
    print_list(p, &s->select_list);
    if (!HS_IS(EMPTY, s->from_table)) {
        hs_buf_addz(p->out, " FROM ");
        hs_print_table(p, s->from_table);
    }
    print_clause(p, " WHERE ", s->where_clause);
    print_groups(p, s);
    print_clause(p, " HAVING ", s->having);
    print_clause(p, " QUALIFY ", s->qualify);
    print_sample(p, "USING SAMPLE", s->sample);
    print_modifiers(p, &s->modifiers);
}

static void print_set_operation(struct hs_print *p, const struct hs_n_SET_OPERATION *s)
{
    print_with(p, s->cte_map);
    for (size_t i = 0; i < s->children.len; i++) {
        if (i)
            hs_buf_addf(p->out, " %s%s%s ", hs_word_sql(s->setop_type), s->setop_all ? " ALL" : "",
                        s->setop_type == HS_W_UNION_BY_NAME ? " BY NAME" : "");
        hs_buf_addc(p->out, '(');
        hs_print_query(p, s->children.at[i]);
        hs_buf_addc(p->out, ')');
    }
    print_modifiers(p, &s->modifiers);
}

void hs_print_query(struct hs_print *p, const struct hs_node *query)
{
    if (HS_IS(SELECT, query))
        print_select(p, HS_AS(SELECT, query));
    else if (HS_IS(SET_OPERATION, query))
        print_set_operation(p, HS_AS(SET_OPERATION, query));
    else
        p->failed = true;
}

hs_rc hs_statement_print(const struct hs_statement *s, const struct hs_scan *scans, const struct hs_params *params,
                         struct hs_buf *inside, struct hs_buf *out, struct hs_err *err)
{
    struct hs_print p = {out, false};
    if (s->as_is.len) {
        hs_buf_adds(out, s->as_is);
        return hs_buf_done(out, err);
    }
    hs_print_query(&p, HS_AS(STATEMENT, s->tree)->node);
    if (p.failed)
        return hs_fail(err, HS_UNSUPPORTED, "this statement is not supported");
    HS_TRY(hs_buf_done(out, err));
    return scans && inside ? hs_print_inside(s, scans, params, inside, err) : HS_OK;
}
