/* Rows compared: PostgreSQL looks at the pairs of members from the left and stops at the first that tells, or is NULL.
 * The engine would compare structs, in which NULL equals NULL; so each comparison is written out over the members. */
#include "pgsql/pgsql_in.h"

struct members {
    struct piece *at;
    size_t count;
};

static hs_rc read_members(struct reader *r, yyjson_val *row, struct members *out)
{
    yyjson_val *args = yyjson_obj_get(row, "args");
    out->count = yyjson_arr_size(args);
    out->at = hs_arena_array(r->arena, out->count + 1, sizeof *out->at);
    if (!out->at)
        return no_memory(r);
    EACH(i, item, args)
    HS_TRY(expr(r, item, &out->at[i]));
    return HS_OK;
}

static hs_rc compare(struct reader *r, const char *name, const struct piece *left, const struct piece *right,
                     int location, struct piece *out)
{
    struct piece a = piece_copy(r, left), b = piece_copy(r, right), made = {.kind = NOT_KNOWN};
    HS_TRY(operator_print(r, hs_str_of(name), &a, &b, location, &made));
    *out = made;
    return HS_OK;
}

/* = is all of the pairs, <> one of them. */
static hs_rc equality(struct reader *r, const struct members *a, const struct members *b, bool not, int location,
                      struct piece *out)
{
    put(r, out, "(");
    for (size_t i = 0; i < a->count; i++) {
        struct piece pair;
        HS_TRY(compare(r, not ? "<>" : "=", &a->at[i], &b->at[i], location, &pair));
        put(r, out, "%s%P", i == 0 ? "" : not ? " OR " : " AND ", &pair);
    }
    put(r, out, ")");
    return HS_OK;
}

/* a < b OR a = b AND (the rest); the last pair has the operator itself. */
static hs_rc order(struct reader *r, const struct members *a, const struct members *b, hs_str name, int location,
                   struct piece *out)
{
    const char *strict = name.at[0] == '<' ? "<" : ">";
    char word[3] = {name.at[0], name.len > 1 ? name.at[1] : 0, 0};
    const char *last = hs_arena_str(r->arena, hs_str_of(word)).at;
    if (!last)
        return no_memory(r);
    for (size_t i = 0; i < a->count; i++) {
        struct piece less, same;
        bool end = i + 1 == a->count;
        HS_TRY(compare(r, end ? last : strict, &a->at[i], &b->at[i], location, &less));
        if (end) {
            put(r, out, "%P", &less);
            break;
        }
        HS_TRY(compare(r, "=", &a->at[i], &b->at[i], location, &same));
        put(r, out, "(%P OR (%P AND ", &less, &same);
    }
    for (size_t i = 1; i < a->count; i++)
        put(r, out, "))");
    return HS_OK;
}

hs_rc row_compare(struct reader *r, yyjson_val *left, yyjson_val *right, hs_str name, int location, struct piece *out)
{
    struct members a, b;
    HS_TRY(read_members(r, left, &a));
    HS_TRY(read_members(r, right, &b));
    if (a.count != b.count)
        return refuse(r, location, "42601", "unequal number of entries in row expressions");
    if (a.count == 0)
        return refuse(r, location, "0A000", "cannot compare rows of zero length");
    out->kind = KIND_OF(HS_OID_bool);
    if (hs_str_is(name, "=") || hs_str_is(name, "<>"))
        return equality(r, &a, &b, name.at[0] == '<', location, out);
    if (hs_str_is(name, "<") || hs_str_is(name, "<=") || hs_str_is(name, ">") || hs_str_is(name, ">="))
        return order(r, &a, &b, name, location, out);
    return refuse(r, location, "0A000", "operator %.*s is not supported for rows", HS_FMT(name));
}

/* (a, b) IN ((1, 2), (3, 4)) */
hs_rc row_in_list(struct reader *r, yyjson_val *left, yyjson_val *items, bool not, int location, struct piece *out)
{
    struct members a, b;
    HS_TRY(read_members(r, left, &a));
    put(r, out, not ? "(NOT (" : "((");
    EACH(i, item, items)
    {
        yyjson_val *row = node_only(item, "RowExpr");
        struct piece one = {0};
        if (!row)
            return refuse(r, location, "0A000", "a row is compared with rows only");
        HS_TRY(read_members(r, row, &b));
        if (a.count != b.count)
            return refuse(r, location, "42601", "unequal number of entries in row expressions");
        HS_TRY(equality(r, &a, &b, false, location, &one));
        put(r, out, "%s%P", i ? " OR " : "", &one);
    }
    put(r, out, "))");
    out->kind = KIND_OF(HS_OID_bool);
    return HS_OK;
}

/* (a, b) IN (SELECT ...): true where one is equal, NULL where one might be. */
hs_rc row_in_query(struct reader *r, yyjson_val *left, struct piece *text, const struct columns *columns, int location,
                   struct piece *out)
{
    struct members a, b;
    HS_TRY(read_members(r, left, &a));
    if (columns->open || columns->list.len != a.count)
        return refuse(r, location, columns->open ? "0A000" : "42601", "subquery has another number of columns");
    b.count = a.count;
    b.at = hs_arena_array(r->arena, a.count + 1, sizeof *b.at);
    if (!b.at)
        return no_memory(r);
    struct piece names = {0}, equal = {0}, again, text_again = piece_copy(r, text), names_again;
    for (size_t i = 0; i < a.count; i++) {
        put(r, &b.at[i], "hs_u.\"c%d\"", (int64_t)i + 1);
        b.at[i].kind = columns->list.at[i].kind;
        put(r, &names, i ? ", \"c%d\"" : "\"c%d\"", (int64_t)i + 1);
    }
    HS_TRY(equality(r, &a, &b, false, location, &equal));
    again = piece_copy(r, &equal);
    names_again = piece_copy(r, &names);
    put(r, out,
        "CASE WHEN EXISTS (SELECT 1 FROM (%P) AS hs_u(%P) WHERE %P) THEN true "
        "WHEN EXISTS (SELECT 1 FROM (%P) AS hs_u(%P) WHERE %P IS NULL) THEN NULL ELSE false END",
        text, &names, &equal, &text_again, &names_again, &again);
    out->kind = KIND_OF(HS_OID_bool);
    return HS_OK;
}
