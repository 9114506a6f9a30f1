/* Is a statement a scan, row by row: SELECT expressions FROM one table WHERE an expression? Then the rows of its answer
 * are those of the table's files one after the other, each by itself, and whoever reads the files in parts and puts the
 * parts one behind the other has the answer. What is not known here to go by the values of one row alone (aggregates,
 * windows, UNNEST, the clock, chance...) makes it none: that costs a second reader and is never wrong. */
#include "engine/conditions.h"
#include "engine/guard_in.h"

/* Kinds of nodes that may stand in such a statement, anywhere. */
static const bool kinds[HS_N_COUNT_] = {
    [HS_N_STATEMENT] = true,   [HS_N_SELECT] = true,   [HS_N_CTE_MAP] = true,     [HS_N_BASE_TABLE] = true,
    [HS_N_AT] = true,          [HS_N_COLUMN] = true,   [HS_N_CONSTANT] = true,    [HS_N_PARAMETER] = true,
    [HS_N_CAST] = true,        [HS_N_CASE] = true,     [HS_N_CASE_CHECK] = true,  [HS_N_COMPARISON] = true,
    [HS_N_CONJUNCTION] = true, [HS_N_BETWEEN] = true,  [HS_N_OPERATOR] = true,    [HS_N_STAR] = true,
    [HS_N_COLUMN_PATH] = true, [HS_N_FUNCTION] = true, [HS_N_REPLACEMENT] = true, [HS_N_RENAMING] = true,
};

/* Functions of one row: the operators, and what reports select and ask for. None of them aggregates under any
 * arguments, none looks at the clock. */
static const char *const functions[] = {
    "!~~",      "%",        "*",         "+",          "-",       "/",     "abs",   "ceil",
    "concat",   "contains", "date_part", "date_trunc", "day",     "floor", "left",  "length",
    "lower",    "month",    "nullif",    "prefix",     "replace", "right", "round", "starts_with",
    "strftime", "substr",   "substring", "trim",       "upper",   "year",  "||",    "~~",
};

static bool is_of_one_row(const struct hs_n_FUNCTION *f)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (hs_str_is(f->function_name, functions[i]))
            return !f->filter && !f->order_bys && !f->distinct;
    return false;
}

static hs_rc look(struct hs_node *n, void *arg, struct hs_err *err)
{
    bool *fits = arg;
    *fits = *fits && kinds[n->kind];
    if (HS_IS(FUNCTION, n))
        *fits = *fits && is_of_one_row(HS_AS(FUNCTION, n));
    if (HS_IS(OPERATOR, n))
        *fits = *fits && n->type != HS_W_UNPACK && n->type != HS_W_GROUPING_OF;
    if (HS_IS(STAR, n))
        *fits = *fits && !HS_AS(STAR, n)->columns && !HS_AS(STAR, n)->expr;
    if (HS_IS(CTE_MAP, n))
        *fits = *fits && !HS_AS(CTE_MAP, n)->map.len;
    return *fits ? hs_node_each(n, look, arg, err) : HS_OK;
}

static bool is_bare(const struct hs_n_SELECT *s)
{
    return !s->modifiers.len && !s->group_expressions.len && !s->group_sets.len &&
           s->aggregate_handling != HS_W_GROUP_ALL && !s->having && !s->sample && !s->qualify;
}

enum hs_scan_kind hs_statement_scan(const struct hs_statement *s)
{
    const struct hs_n_STATEMENT *root = s->tree;
    bool fits = true;
    if (!root || s->as_is.len || s->ref_count != 1 || !HS_IS(STATEMENT, &root->head) || !HS_IS(SELECT, root->node))
        return HS_SCAN_NOT;
    const struct hs_n_SELECT *select = HS_AS(SELECT, root->node);
    if (!is_bare(select) || !HS_IS(BASE_TABLE, select->from_table) || HS_AS(BASE_TABLE, select->from_table)->sample)
        return HS_SCAN_NOT;
    if (look(s->tree, &fits, NULL) != HS_OK || !fits)
        return HS_SCAN_NOT;
    return select->where_clause ? HS_SCAN_SOME_ROWS : HS_SCAN_ALL_ROWS;
}
