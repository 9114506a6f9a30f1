/* Beside what the fence keeps from the optimizer, there is what the executor does on its own: a column read from Parquet
 * is a dictionary and a list of places in it, and rows that are filtered away leave the dictionary whole. What the engine
 * takes for infallible it runs over all of it, also over values of hidden rows, and some of that does fail: every lambda,
 * regexp_replace, epoch_ms, chr... The list of those is the engine's to change, so it is turned round here: a statement
 * made only of what was seen to tell the truth (HONEST in guard_functions.def) reads columns as they come; for any other
 * the values are taken out of their dictionaries above the fence (scan_print.c). Lists keep the elements of hidden rows
 * beside them in the same way, and a cast or a CASE takes those along, so nested columns come apart sooner. */
#include "engine/guard_in.h"

/* What cannot fail on a nested value, whatever types the engine makes equal around it. */
static bool only_names(const struct hs_node *n)
{
    switch (n->kind) {
    case HS_N_STATEMENT:
    case HS_N_SELECT:
    case HS_N_BASE_TABLE:
    case HS_N_COLUMN:
    case HS_N_CONSTANT:
    case HS_N_ORDER_MODIFIER:
    case HS_N_ORDER:
    case HS_N_LIMIT:
        return true;
    case HS_N_STAR:
        return !HS_AS(STAR, n)->columns;
    default:
        return false;
    }
}

static bool honest_cast(const struct hs_n_CAST *c)
{
    static const char *const types[] = {"BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "VARCHAR", "DATE", "TIMESTAMP"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(c->cast_type.name, types[i]) == 0)
            return true;
    return false;
}

static bool honest_operator(hs_word type)
{
    switch ((int)type) {
    case HS_W_IN:
    case HS_W_NOT_IN:
    case HS_W_NOT:
    case HS_W_IS_NULL:
    case HS_W_IS_NOT_NULL:
    case HS_W_COALESCE:
    case HS_W_GROUPING_OF:
        return true;
    default:
        return false;
    }
}

static bool is_honest(const struct hs_node *n)
{
    switch (n->kind) {
    case HS_N_FUNCTION:
        return hs_guard_honest(HS_AS(FUNCTION, n)->function_name);
    case HS_N_WINDOW:
        return hs_guard_honest(HS_AS(WINDOW, n)->function_name);
    case HS_N_CAST:
        return honest_cast(HS_AS(CAST, n));
    case HS_N_OPERATOR:
        return honest_operator(n->type);
    case HS_N_STAR:
        return !HS_AS(STAR, n)->columns;
    case HS_N_LAMBDA:
    case HS_N_COLLATE:
    case HS_N_TABLE_FUNCTION:
    case HS_N_NONE_:
    case HS_N_COUNT_:
        return false;
    default: /* parts of queries, comparisons, CASE: they run nothing by themselves */
        return true;
    }
}

static hs_rc look(struct hs_node *n, void *arg, struct hs_err *err)
{
    enum hs_apart *apart = arg, wanted = only_names(n) ? HS_APART_NOTHING : is_honest(n) ? HS_APART_NESTED : HS_APART_ALL;
    if (wanted > *apart)
        *apart = wanted;
    return *apart == HS_APART_ALL ? HS_OK : hs_node_each(n, look, arg, err);
}

enum hs_apart hs_statement_apart(const struct hs_statement *s)
{
    enum hs_apart apart = HS_APART_NOTHING;
    return look(s->tree, &apart, NULL) == HS_OK ? apart : HS_APART_ALL;
}
