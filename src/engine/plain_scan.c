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
    return !s->group_expressions.len && !s->group_sets.len && s->aggregate_handling != HS_W_GROUP_ALL && !s->having &&
           !s->sample && !s->qualify;
}

/* Of one table, ending in whatever modifiers; NULL: it is none. */
static const struct hs_n_SELECT *bare_select(const struct hs_statement *s)
{
    const struct hs_n_STATEMENT *root = s->tree;
    if (!root || s->as_is.len || s->ref_count != 1 || !HS_IS(STATEMENT, &root->head) || !HS_IS(SELECT, root->node))
        return NULL;
    const struct hs_n_SELECT *select = HS_AS(SELECT, root->node);
    if (!is_bare(select) || !HS_IS(BASE_TABLE, select->from_table) || HS_AS(BASE_TABLE, select->from_table)->sample)
        return NULL;
    return select;
}

enum hs_scan_kind hs_statement_scan(const struct hs_statement *s)
{
    const struct hs_n_SELECT *select = bare_select(s);
    bool fits = select && !select->modifiers.len;
    if (!fits || look(s->tree, &fits, NULL) != HS_OK || !fits)
        return HS_SCAN_NOT;
    return select->where_clause ? HS_SCAN_SOME_ROWS : HS_SCAN_ALL_ROWS;
}

enum { FEW_ROWS = 2048 }; /* one vector of the engine's */

static bool is_few(const struct hs_node *n)
{
    const struct hs_value *v = HS_IS(CONSTANT, n) ? &HS_AS(CONSTANT, n)->value : NULL;
    uint64_t rows;
    return v && v->kind == HS_V_INTEGER && hs_str_to_u64(v->text, &rows) && rows <= FEW_ROWS;
}

bool hs_statement_wants_few(const struct hs_statement *s)
{
    const struct hs_n_SELECT *select = bare_select(s);
    if (!select || select->where_clause || select->modifiers.len != 1 || !HS_IS(LIMIT, select->modifiers.at[0]))
        return false;
    const struct hs_n_LIMIT *limit = HS_AS(LIMIT, select->modifiers.at[0]);
    bool fits = limit->limit && is_few(limit->limit) && (!limit->offset || is_few(limit->offset));
    fits = fits && (!select->cte_map || !HS_AS(CTE_MAP, select->cte_map)->map.len);
    for (size_t i = 0; i < select->select_list.len && fits; i++)
        fits = look(select->select_list.at[i], &fits, NULL) == HS_OK && fits;
    return fits;
}
