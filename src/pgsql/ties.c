/* FETCH FIRST n ROWS WITH TIES: the rows and all that the order cannot tell from the last of them. The engine has no
 * such thing; a rank over the same order says it:
 *
 *   SELECT c1 AS a, c2 AS b FROM (SELECT *, rank() OVER (ORDER BY k) AS hs_rank, row_number() OVER (ORDER BY k) AS
 * hs_place FROM (the query, its keys behind its columns) AS hs_ties(c1, c2, hs_k0)) AS hs_ranked WHERE hs_rank <= n +
 * offset AND hs_place > offset ORDER BY k */
#include "pgsql/pgsql_in.h"

/* Which column of the answer an item of ORDER BY is, from 0; -1: none of them. */
static int64_t output_of(struct reader *r, yyjson_val *node, yyjson_val *targets, const struct columns *columns)
{
    int64_t number;
    size_t first = 0, found = 0;
    bool after_star;
    if (node_constant_number(r, node, &number))
        return number - 1;
    hs_str name = lone_name(node);
    if (!name.len)
        return -1;
    if (targets && count_targets(targets, name, &first, &after_star) && !after_star)
        return (int64_t)first;
    for (size_t i = 0; !targets && i < columns->list.len; i++) {
        if (hs_str_eq(columns->list.at[i].name, name) && !found++)
            first = i;
    }
    return found ? (int64_t)first : -1;
}

hs_rc ties_keys(struct reader *r, yyjson_val *sorts, yyjson_val *body, const struct columns *columns,
                struct piece *list)
{
    yyjson_val *targets = yyjson_obj_get(body, "targetList");
    EACH(i, item, sorts)
    {
        yyjson_val *node = yyjson_obj_get(node_only(item, "SortBy"), "node");
        struct piece key = {0};
        if (output_of(r, node, targets, columns) >= 0)
            continue;
        if (yyjson_obj_get(body, "distinctClause"))
            return refuse(r, node_location(node), "0A000",
                          "WITH TIES beside DISTINCT orders by columns of the list alone");
        HS_TRY(expr(r, node, &key));
        put(r, list, ", %P AS \"hs_k%d\"", &key, (int64_t)i);
    }
    return HS_OK;
}

static hs_rc put_key(struct reader *r, yyjson_val *sort, int64_t number, int64_t output, struct piece *out)
{
    HS_TRY(node_check(r, "SortBy", sort));
    hs_str operator= node_last_name(yyjson_obj_get(sort, "useOp"), NULL);
    bool descending = node_is(sort, "sortby_dir", "SORTBY_DESC") || hs_str_is(operator, ">");
    bool first = node_is(sort, "sortby_nulls", "SORTBY_NULLS_FIRST") ||
                 (descending && !node_is(sort, "sortby_nulls", "SORTBY_NULLS_LAST"));
    if (operator.len && !hs_str_is(operator, "<") && !hs_str_is(operator, ">"))
        return refuse(r, node_location(sort), "42809", "operator %.*s is not a valid ordering operator",
                      HS_FMT(operator));
    put(r, out, output >= 0 ? "\"c%d\"" : "\"hs_k%d\"", output >= 0 ? output : number);
    put(r, out, "%s%s", descending ? " DESC" : " ASC", first ? " NULLS FIRST" : " NULLS LAST");
    return HS_OK;
}

static hs_rc count_of(struct reader *r, yyjson_val *node, struct piece *out)
{
    struct piece value = {0};
    if (!node) {
        put(r, out, "0");
        return HS_OK;
    }
    HS_TRY(expr(r, node, &value));
    if (value.is_null)
        return refuse(r, -1, "0A000", "WITH TIES wants a number of rows");
    if (value.form == PIECE_PARAM || value.form == PIECE_LITERAL)
        return cast_to(r, &value, KIND_OF(HS_OID_int8), -1, out);
    *out = value;
    return HS_OK;
}

hs_rc ties_print(struct reader *r, yyjson_val *body, const struct columns *columns, struct piece *inner,
                 struct piece *out)
{
    yyjson_val *sorts = yyjson_obj_get(body, "sortClause");
    bool plain = node_is(body, "op", "SETOP_NONE") && !yyjson_obj_get(body, "valuesLists");
    yyjson_val *targets = plain ? yyjson_obj_get(body, "targetList") : NULL;
    struct piece keys = {0}, names = {0}, shown = {0}, limit = {0}, offset = {0};
    if (columns->open)
        return refuse(r, -1, "0A000", "WITH TIES is supported only where all columns are known");
    for (size_t i = 0; i < columns->list.len; i++) {
        put(r, &names, i ? ", \"c%d\"" : "\"c%d\"", (int64_t)i);
        put(r, &shown, i ? ", \"c%d\" AS %N" : "\"c%d\" AS %N", (int64_t)i, &columns->list.at[i].name);
    }
    EACH(i, item, sorts)
    {
        yyjson_val *sort = node_only(item, "SortBy"), *node = yyjson_obj_get(sort, "node");
        int64_t output = output_of(r, node, targets, columns);
        if (output >= (int64_t)columns->list.len || (output < 0 && !plain))
            return refuse(r, node_location(node), "42P10", "ORDER BY names no column of the list");
        put(r, &keys, i ? ", " : "");
        HS_TRY(put_key(r, sort, (int64_t)i, output, &keys));
        if (output < 0)
            put(r, &names, ", \"hs_k%d\"", (int64_t)i);
    }
    HS_TRY(count_of(r, yyjson_obj_get(body, "limitCount"), &limit));
    HS_TRY(count_of(r, yyjson_obj_get(body, "limitOffset"), &offset));
    struct piece again = piece_copy(r, &keys), third = piece_copy(r, &keys), offset_again = piece_copy(r, &offset);
    put(r, out,
        "SELECT %P FROM (SELECT *, rank() OVER (ORDER BY %P) AS \"hs_rank\", row_number() OVER (ORDER BY %P) AS "
        "\"hs_place\" FROM (%P) AS \"hs_ties\"(%P)) AS \"hs_ranked\" WHERE \"hs_rank\" <= %P + %P AND \"hs_place\" > "
        "%P "
        "ORDER BY %P",
        &shown, &keys, &again, inner, &names, &limit, &offset, &offset_again, &third);
    return HS_OK;
}
