/* The text that runs for somebody who may see aggregates alone (aggregate.c): groups with their sizes inside, what is
 * withheld around them, order and limit outside. */
#include "engine/aggregate_read.h"

static void add_size(struct hs_aggregate_reading *k, struct hs_buf *b)
{
    hs_buf_addz(b, "least(count(*)");
    for (size_t i = 0; i < k->r->column_count; i++) {
        struct hs_buf name;
        if (!k->summed[i] && !k->counted[i])
            continue;
        hs_buf_init(&name, 1 << 12);
        hs_buf_add_sql_name(&name, k->r->columns[i].name);
        hs_str n = hs_buf_str(&name);
        if (k->counted[i])
            hs_buf_addf(b, ", CASE WHEN count(*) - count(%.*s) BETWEEN 1 AND %d THEN 0 ELSE count(%.*s) END", HS_FMT(n),
                        k->r->minimum - 1, HS_FMT(n));
        else
            hs_buf_addf(b, ", count(%.*s)", HS_FMT(n));
        b->failed |= name.failed;
        hs_buf_fini(&name);
    }
    hs_buf_addc(b, ')');
}

static void add_groups(struct hs_aggregate_reading *k, struct hs_buf *b)
{
    hs_buf_addz(b, "SELECT ");
    for (size_t i = 0; i < k->key_count; i++)
        hs_buf_addf(b, "%.*s AS hs_k%zu, ", HS_FMT(k->keys[i].sql), i);
    for (size_t i = 0; i < k->aggregate_count; i++)
        hs_buf_addf(b, "%.*s AS hs_a%zu, ", HS_FMT(k->aggregates[i]), i);
    add_size(k, b);
    hs_buf_addz(b, " AS hs_size FROM hs_scan_0");
    if (k->where.len)
        hs_buf_addf(b, " WHERE %.*s", HS_FMT(k->where));
    for (size_t i = 0; i < k->key_count; i++)
        hs_buf_addf(b, "%s%.*s", i ? ", " : " GROUP BY ", HS_FMT(k->keys[i].sql));
}

static void add_withholding(struct hs_aggregate_reading *k, struct hs_buf *b)
{
    static const char UP_TO[] = "OVER (ORDER BY hs_size RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)";
    static const char SAME[] = "OVER (PARTITION BY hs_size)";
    hs_buf_addf(b,
                "SELECT *, min(hs_size) OVER () AS hs_least, sum(hs_size) %s - sum(hs_size) %s AS hs_below, "
                "count(*) %s - count(*) %s AS hs_fewer FROM (",
                UP_TO, SAME, UP_TO, SAME);
    add_groups(k, b);
    hs_buf_addz(b, ") AS hs_groups");
}

static bool find_output(const struct hs_aggregate_reading *k, const struct hs_node *n, size_t *out)
{
    if (hs_aggregate_number(n, k->output_count, out))
        return true;
    const struct hs_names *path = HS_IS(COLUMN, n) ? &HS_AS(COLUMN, n)->column_names : NULL;
    for (size_t i = 0; i < k->output_count; i++) {
        struct hs_node *mine = (struct hs_node *)(uintptr_t)k->outputs[i].node;
        hs_str alias = mine->alias;
        if (path && path->len == 1 && hs_str_eq_nocase(path->at[0], k->outputs[i].name)) {
            *out = i;
            return true;
        }
        mine->alias = n->alias;
        bool same = hs_node_same(mine, n);
        mine->alias = alias;
        if (same) {
            *out = i;
            return true;
        }
    }
    return false;
}

static void add_output(const struct hs_aggregate_reading *k, size_t i, struct hs_buf *b)
{
    hs_buf_addf(b, "hs_%c%zu", k->outputs[i].key ? 'k' : 'a', k->outputs[i].index);
}

static hs_rc add_orders(struct hs_aggregate_reading *k, const struct hs_nodes *orders, struct hs_buf *b)
{
    for (size_t i = 0; orders && i < orders->len; i++) {
        const struct hs_n_ORDER *o = HS_AS(ORDER, orders->at[i]);
        size_t at;
        if (!find_output(k, o->expression, &at))
            return hs_aggregate_refuse(k, o->expression, "it is ordered by what it selects");
        hs_buf_addz(b, i ? ", " : " ORDER BY ");
        add_output(k, at, b);
        hs_buf_addf(b, "%s%s", hs_word_sql(o->type), hs_word_sql(o->null_order));
    }
    /* The order in which groups come to be tells of rows; the order of what is shown does not. */
    for (size_t i = 0; i < k->key_count; i++)
        hs_buf_addf(b, "%shs_k%zu", i || (orders && orders->len) ? ", " : " ORDER BY ", i);
    return HS_OK;
}

static hs_rc add_number(struct hs_aggregate_reading *k, const char *word, const struct hs_node *n, struct hs_buf *b)
{
    struct hs_node *value = (struct hs_node *)(uintptr_t)n;
    int64_t number;
    if (!n || (HS_IS(PARAMETER, n) && !k->r->params))
        return HS_OK;
    if (HS_IS(PARAMETER, n))
        HS_TRY(hs_aggregate_bound(k, n, &value));
    const struct hs_n_CONSTANT *c = HS_AS(CONSTANT, value);
    if (!HS_IS(CONSTANT, value) || c->value.kind != HS_V_INTEGER || !hs_str_to_i64(c->value.text, &number) ||
        number < 0)
        return hs_aggregate_refuse(k, n, "LIMIT and OFFSET are numbers");
    hs_buf_addf(b, " %s %lld", word, (long long)number);
    return HS_OK;
}

static hs_rc add_modifiers(struct hs_aggregate_reading *k, struct hs_buf *b)
{
    const struct hs_nodes *orders = NULL, *all = &k->select->modifiers;
    const struct hs_n_LIMIT *limit = NULL;
    for (size_t i = 0; i < all->len; i++) {
        if (HS_IS(ORDER_MODIFIER, all->at[i]) && !orders)
            orders = &HS_AS(ORDER_MODIFIER, all->at[i])->orders;
        else if (HS_IS(LIMIT, all->at[i]) && !limit)
            limit = HS_AS(LIMIT, all->at[i]);
        else
            return hs_aggregate_refuse(k, all->at[i], "DISTINCT and LIMIT of a share are not");
    }
    HS_TRY(add_orders(k, orders, b));
    if (limit) {
        HS_TRY(add_number(k, "LIMIT", limit->limit, b));
        HS_TRY(add_number(k, "OFFSET", limit->offset, b));
    }
    return HS_OK;
}

hs_rc hs_aggregate_print(struct hs_aggregate_reading *k, struct hs_buf *b)
{
    hs_buf_addz(b, "SELECT ");
    for (size_t i = 0; i < k->output_count; i++) {
        hs_buf_addz(b, i ? ", " : "");
        add_output(k, i, b);
        hs_buf_addz(b, " AS ");
        hs_buf_add_sql_name(b, k->outputs[i].name);
    }
    hs_buf_addz(b, " FROM (");
    add_withholding(k, b);
    int n = k->r->minimum;
    hs_buf_addf(b,
                ") AS hs_shown WHERE NOT ((hs_least < %d) AND ((hs_size < %d) OR (hs_below < %d) OR (hs_fewer < 2)))",
                n, n, n);
    return add_modifiers(k, b);
}
