/* What PostgreSQL calls a column that was given no name. */
#include "pgsql/pgsql_in.h"

/* Strength: 0 none, 1 a word for want of a better one (a cast's type, "case"), 2 a name. */
static int figure(yyjson_val *node, hs_str *out);

static int fixed(const char *word, hs_str *out)
{
    *out = hs_str_of(word);
    return 2;
}

static int figure_last_string(yyjson_val *list, hs_str *out)
{
    int found = 0;
    EACH(i, item, list)
    {
        yyjson_val *string = node_only(item, "String");
        if (string) {
            *out = node_text(string, "sval");
            found = 2;
        }
    }
    return found;
}

static int figure_cast(yyjson_val *body, hs_str *out)
{
    int strength = figure(yyjson_obj_get(body, "arg"), out);
    if (strength > 1)
        return strength;
    *out = node_last_name(yyjson_obj_get(yyjson_obj_get(body, "typeName"), "names"), NULL);
    return 1;
}

static int figure_case(yyjson_val *body, hs_str *out)
{
    int strength = figure(yyjson_obj_get(body, "defresult"), out);
    if (strength > 1)
        return strength;
    *out = HS_S("case");
    return 1;
}

static int figure_sublink(yyjson_val *body, hs_str *out)
{
    if (node_is(body, "subLinkType", "EXISTS_SUBLINK"))
        return fixed("exists", out);
    if (node_is(body, "subLinkType", "ARRAY_SUBLINK"))
        return fixed("array", out);
    if (!node_is(body, "subLinkType", "EXPR_SUBLINK"))
        return 0;
    yyjson_val *select = node_only(yyjson_obj_get(body, "subselect"), "SelectStmt");
    while (yyjson_obj_get(select, "larg"))
        select = yyjson_obj_get(select, "larg");
    yyjson_val *target = node_only(yyjson_arr_get_first(yyjson_obj_get(select, "targetList")), "ResTarget");
    if (node_text(target, "name").len) {
        *out = node_text(target, "name");
        return 2;
    }
    return figure(yyjson_obj_get(target, "val"), out);
}

static int figure_value(yyjson_val *body, hs_str *out)
{
    static const char *const NAMES[][2] = {{"SVFOP_CURRENT_DATE", "current_date"},
                                           {"SVFOP_CURRENT_TIME", "current_time"},
                                           {"SVFOP_CURRENT_TIME_N", "current_time"},
                                           {"SVFOP_CURRENT_TIMESTAMP", "current_timestamp"},
                                           {"SVFOP_CURRENT_TIMESTAMP_N", "current_timestamp"},
                                           {"SVFOP_LOCALTIME", "localtime"},
                                           {"SVFOP_LOCALTIME_N", "localtime"},
                                           {"SVFOP_LOCALTIMESTAMP", "localtimestamp"},
                                           {"SVFOP_LOCALTIMESTAMP_N", "localtimestamp"},
                                           {"SVFOP_CURRENT_ROLE", "current_role"},
                                           {"SVFOP_CURRENT_USER", "current_user"},
                                           {"SVFOP_USER", "user"},
                                           {"SVFOP_SESSION_USER", "session_user"},
                                           {"SVFOP_CURRENT_CATALOG", "current_catalog"},
                                           {"SVFOP_CURRENT_SCHEMA", "current_schema"}};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (node_is(body, "op", NAMES[i][0]))
            return fixed(NAMES[i][1], out);
    }
    return 0;
}

static int figure_indirection(yyjson_val *body, hs_str *out)
{
    int strength = figure_last_string(yyjson_obj_get(body, "indirection"), out);
    return strength ? strength : figure(yyjson_obj_get(body, "arg"), out);
}

static int figure(yyjson_val *node, hs_str *out)
{
    yyjson_val *body;
    hs_str kind = hs_str_of(node_kind(node, &body));
    if (hs_str_is(kind, "ColumnRef"))
        return figure_last_string(yyjson_obj_get(body, "fields"), out);
    if (hs_str_is(kind, "FuncCall"))
        return figure_last_string(yyjson_obj_get(body, "funcname"), out);
    if (hs_str_is(kind, "A_Indirection"))
        return figure_indirection(body, out);
    if (hs_str_is(kind, "TypeCast"))
        return figure_cast(body, out);
    if (hs_str_is(kind, "CaseExpr"))
        return figure_case(body, out);
    if (hs_str_is(kind, "CollateClause"))
        return figure(yyjson_obj_get(body, "arg"), out);
    if (hs_str_is(kind, "SubLink"))
        return figure_sublink(body, out);
    if (hs_str_is(kind, "SQLValueFunction"))
        return figure_value(body, out);
    if (hs_str_is(kind, "A_Expr") && node_is(body, "kind", "AEXPR_NULLIF"))
        return fixed("nullif", out);
    if (hs_str_is(kind, "GroupingFunc"))
        return fixed("grouping", out);
    if (hs_str_is(kind, "A_ArrayExpr"))
        return fixed("array", out);
    if (hs_str_is(kind, "RowExpr"))
        return fixed("row", out);
    if (hs_str_is(kind, "CoalesceExpr"))
        return fixed("coalesce", out);
    if (hs_str_is(kind, "MinMaxExpr"))
        return fixed(node_is(body, "op", "IS_GREATEST") ? "greatest" : "least", out);
    return 0;
}

hs_str figure_name(yyjson_val *node)
{
    hs_str name = HS_S("?column?");
    hs_str found;
    if (figure(node, &found) && found.len)
        name = found;
    return name;
}
