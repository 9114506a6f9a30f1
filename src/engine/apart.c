/* Beside what the fence keeps from the optimizer, there is what the executor does on its own: a column read from
 * Parquet is a dictionary and a list of places in it, and rows that are filtered away leave the dictionary whole. What
 * the engine takes for infallible it runs over all of it, also over values of hidden rows, and some of that does fail:
 * every lambda, regexp_replace, epoch_ms, chr... The list of those is the engine's to change, so it is turned round
 * here: a statement made only of what was seen to tell the truth (HONEST in guard_functions.def) reads columns as they
 * come; for any other the values are taken out of their dictionaries above the fence (scan_print.c). Lists keep the
 * elements of hidden rows beside them in the same way, and a cast or a CASE takes those along, so nested columns come
 * apart sooner. */
#include "engine/guard_in.h"

/* By kind of node; what is not named here is ALL. */
static const struct {
    enum hs_apart apart;
    bool named, look_closer;
} kinds[HS_N_COUNT_] = {
#define KIND(kind, level) [HS_N_##kind] = {HS_APART_##level, true, false}
#define LOOK(kind, level) [HS_N_##kind] = {HS_APART_##level, true, true}
    /* nothing happens to a value */
    KIND(STATEMENT, NOTHING),
    KIND(SELECT, NOTHING),
    KIND(BASE_TABLE, NOTHING),
    KIND(COLUMN, NOTHING),
    KIND(CONSTANT, NOTHING),
    KIND(ORDER_MODIFIER, NOTHING),
    KIND(ORDER, NOTHING),
    KIND(LIMIT, NOTHING),
    LOOK(STAR, NOTHING),
    /* values meet, and the engine may make their types equal */
    KIND(PARAMETER, NESTED),
    KIND(SET_OPERATION, NESTED),
    KIND(RECURSIVE, NESTED),
    KIND(JOIN, NESTED),
    KIND(SUBQUERY_REF, NESTED),
    KIND(VALUES, NESTED),
    KIND(EMPTY, NESTED),
    KIND(CASE, NESTED),
    KIND(CASE_CHECK, NESTED),
    KIND(COMPARISON, NESTED),
    KIND(CONJUNCTION, NESTED),
    KIND(BETWEEN, NESTED),
    KIND(SUBQUERY, NESTED),
    KIND(POSITION, NESTED),
    KIND(LIMIT_PERCENT, NESTED),
    KIND(DISTINCT, NESTED),
    KIND(CTE_MAP, NOTHING),
    KIND(CTE, NESTED),
    KIND(CTE_BODY, NESTED),
    KIND(ORDER_BY, NESTED),
    KIND(SAMPLE, NESTED),
    KIND(AT, NOTHING),
    KIND(COLUMN_PATH, NOTHING),
    KIND(REPLACEMENT, NESTED),
    KIND(RENAMING, NOTHING),
    LOOK(FUNCTION, NESTED),
    LOOK(WINDOW, NESTED),
    LOOK(CAST, NESTED),
    LOOK(OPERATOR, NESTED),
#undef KIND
#undef LOOK
};

static bool honest_cast(const struct hs_n_CAST *c)
{
    static const char *const types[] = {"BOOLEAN", "INTEGER", "BIGINT", "DOUBLE",
                                        "DECIMAL", "VARCHAR", "DATE",   "TIMESTAMP"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(c->cast_type.name, types[i]) == 0)
            return true;
    return false;
}

static bool honest_operator(hs_word type)
{
    static const hs_word types[] = {HS_W_IN,          HS_W_NOT_IN,   HS_W_NOT,        HS_W_IS_NULL,
                                    HS_W_IS_NOT_NULL, HS_W_COALESCE, HS_W_GROUPING_OF};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i] == type)
            return true;
    return false;
}

static bool is_honest(const struct hs_node *n)
{
    if (HS_IS(FUNCTION, n))
        return hs_guard_honest(HS_AS(FUNCTION, n)->function_name);
    if (HS_IS(WINDOW, n))
        return hs_guard_honest(HS_AS(WINDOW, n)->function_name);
    if (HS_IS(CAST, n))
        return honest_cast(HS_AS(CAST, n));
    if (HS_IS(OPERATOR, n))
        return honest_operator(n->type);
    return HS_IS(STAR, n) && !HS_AS(STAR, n)->columns;
}

static hs_rc look(struct hs_node *n, void *arg, struct hs_err *err)
{
    enum hs_apart *apart = arg, wanted = kinds[n->kind].apart;
    if (!kinds[n->kind].named || (kinds[n->kind].look_closer && !is_honest(n)))
        wanted = HS_APART_ALL;
    if (wanted > *apart)
        *apart = wanted;
    return *apart == HS_APART_ALL ? HS_OK : hs_node_each(n, look, arg, err);
}

enum hs_apart hs_statement_apart(const struct hs_statement *s)
{
    enum hs_apart apart = HS_APART_NOTHING;
    return !s->as_is.len && look(s->tree, &apart, NULL) == HS_OK ? apart : HS_APART_ALL;
}
