/* Rules in DuckDB's dialect (types and literals: mask/sql.h). Every literal carries its type and every operand is
 * brought to the type that the binder chose, so that nothing hangs on the engine's implicit casts. Every cast here
 * widens: it cannot fail. */
#include "mask/sql.h"
#include "policy/policy_in.h"

/* A field as stored. "f7", and inside it members by name; in any and all the element is a lambda's e1, e2, ...: raw
 * columns are called f<id> and masks' lambdas v<n>, so that no two names meet. */
static void add_path(struct hs_buf *b, const struct hs_rule *r)
{
    size_t first = r->scope ? 0 : 1;
    for (size_t i = first; i < r->path_len; i++)
        hs_buf_addz(b, "struct_extract(");
    if (r->scope)
        hs_buf_addf(b, "e%d", r->scope);
    else
        hs_buf_addf(b, "\"f%d\"", r->path_ids[0]);
    for (size_t i = first; i < r->path_len; i++) {
        hs_buf_addz(b, ", ");
        hs_buf_add_sql_text(b, r->path_names[i]);
        hs_buf_addc(b, ')');
    }
}

static bool same_shape(const struct hs_type *a, const struct hs_type *b)
{
    return a->id == b->id && a->precision == b->precision && a->scale == b->scale;
}

static void end_cast(struct hs_buf *b, const struct hs_type *as)
{
    hs_buf_addz(b, " AS ");
    hs_buf_add_duckdb_type(b, as);
    hs_buf_addc(b, ')');
}

/* A field in the type of its comparison. NaN is no number: compared as NULL, so that "unknown" hides it in every
 * engine, whatever order that engine gives it. */
static void add_field(struct hs_buf *b, const struct hs_rule *r, const struct hs_type *as)
{
    bool nan = r->type->id == HS_T_FLOAT || r->type->id == HS_T_DOUBLE;
    if (nan) {
        hs_buf_addz(b, "CASE WHEN NOT isnan(");
        add_path(b, r);
        hs_buf_addz(b, ") THEN ");
    }
    bool cast = !same_shape(r->type, as);
    hs_buf_addz(b, cast ? "CAST(" : "");
    add_path(b, r);
    if (cast)
        end_cast(b, as);
    if (nan)
        hs_buf_addz(b, " END");
}

hs_rc hs_print_duckdb_operand(struct hs_buf *b, const struct hs_rule *r, const struct hs_type *as, struct hs_err *err)
{
    if (b->failed)
        return hs_buf_done(b, err);
    if (r->op == HS_RULE_FIELD) {
        if (!r->path_ids || !r->type)
            return hs_fail_hidden(err, HS_INTERNAL, "an unbound field reached the printer");
        add_field(b, r, as ? as : r->type);
        return HS_OK;
    }
    if (r->op == HS_RULE_LITERAL) {
        hs_buf_add_duckdb_literal(b, &r->value, as);
        return HS_OK;
    }
    bool cast = as && r->type && hs_rule_is_arithmetic(r->op) && !same_shape(r->type, as);
    hs_buf_addz(b, cast ? "CAST(" : "");
    HS_TRY(hs_rule_is_arithmetic(r->op) ? hs_print_duckdb_arithmetic(b, r, err) : hs_print_duckdb_rule(b, r, err));
    if (cast)
        end_cast(b, as);
    return HS_OK;
}

static hs_rc add_chain(struct hs_buf *b, const struct hs_rule *r, const char *word, struct hs_err *err)
{
    hs_buf_addc(b, '(');
    for (size_t i = 0; i < r->arg_count; i++) {
        if (i)
            hs_buf_addz(b, word);
        HS_TRY(hs_print_duckdb_rule(b, r->args[i], err));
    }
    hs_buf_addc(b, ')');
    return HS_OK;
}

static hs_rc add_two(struct hs_buf *b, const struct hs_rule *r, const char *before, const char *between,
                     struct hs_err *err)
{
    hs_buf_addz(b, before);
    HS_TRY(hs_print_duckdb_operand(b, r->args[0], r->type, err));
    hs_buf_addz(b, between);
    HS_TRY(hs_print_duckdb_operand(b, r->args[1], r->type, err));
    if (r->op == HS_RULE_BETWEEN) {
        hs_buf_addz(b, " AND ");
        HS_TRY(hs_print_duckdb_operand(b, r->args[2], r->type, err));
    }
    hs_buf_addc(b, ')');
    return HS_OK;
}

/* In nothing: FALSE, but UNKNOWN for NULL as in every other comparison, so that "not in ()" does not open NULLs. */
static hs_rc add_in(struct hs_buf *b, const struct hs_rule *r, struct hs_err *err)
{
    hs_buf_addz(b, r->arg_count == 1 ? "(CASE WHEN " : "(");
    HS_TRY(hs_print_duckdb_operand(b, r->args[0], r->type, err));
    hs_buf_addz(b, r->arg_count == 1 ? " IS NOT NULL THEN FALSE END" : " IN (");
    for (size_t i = 1; i < r->arg_count; i++) {
        if (i > 1)
            hs_buf_addz(b, ", ");
        HS_TRY(hs_print_duckdb_operand(b, r->args[i], r->type, err));
    }
    hs_buf_addz(b, r->arg_count == 1 ? ")" : "))");
    return HS_OK;
}

static hs_rc add_is_null(struct hs_buf *b, const struct hs_rule *r, struct hs_err *err)
{
    const struct hs_rule *arg = r->args[0];
    if (arg->op == HS_RULE_LITERAL) {
        hs_buf_addz(b, arg->value.kind == HS_V_NULL ? "TRUE" : "FALSE");
        return HS_OK;
    }
    hs_buf_addc(b, '(');
    if (arg->op == HS_RULE_FIELD && arg->path_ids)
        add_path(b, arg); /* as stored: NaN is not NULL here */
    else
        HS_TRY(hs_print_duckdb_operand(b, arg, NULL, err));
    hs_buf_addz(b, " IS NULL)");
    return HS_OK;
}

/* Each element's outcome as a number, and the greatest (any: FALSE, UNKNOWN, TRUE) or the least (all) of them back as
 * an outcome: three-valued, and with the condition written once, so that nesting does not multiply the text. */
static hs_rc add_elements(struct hs_buf *b, const struct hs_rule *r, struct hs_err *err)
{
    const struct hs_rule *list = r->args[0];
    bool any = r->op == HS_RULE_ANY, map = list->type && list->type->id == HS_T_MAP;
    if (list->op != HS_RULE_FIELD || !list->path_ids || !list->type)
        return hs_fail_hidden(err, HS_INTERNAL, "a list that is no column reached the printer");
    hs_buf_addz(b, "CASE WHEN ");
    add_path(b, list);
    hs_buf_addf(b, " IS NOT NULL THEN list_extract([FALSE, NULL, TRUE], 1 + coalesce(%s(list_transform(%s",
                any ? "list_max" : "list_min", map ? "map_entries(" : "");
    add_path(b, list);
    hs_buf_addf(b, "%s, lambda e%d: coalesce(2 * CAST(", map ? ")" : "", r->scope);
    HS_TRY(hs_print_duckdb_rule(b, r->args[1], err));
    hs_buf_addf(b, " AS INTEGER), 1))), %d)) END", any ? 0 : 2);
    return HS_OK;
}

static hs_rc add_test(struct hs_buf *b, const struct hs_rule *r, struct hs_err *err)
{
    static const char *const marks[] = {
        [HS_RULE_EQ] = " = ",  [HS_RULE_NE] = " <> ", [HS_RULE_LT] = " < ",
        [HS_RULE_LE] = " <= ", [HS_RULE_GT] = " > ",  [HS_RULE_GE] = " >= ",
    };
    if (!r->type) { /* nothing but NULLs on either side */
        hs_buf_addz(b, "CAST(NULL AS BOOLEAN)");
        return HS_OK;
    }
    if (r->op == HS_RULE_IN)
        return add_in(b, r, err);
    if (r->op == HS_RULE_STARTS_WITH)
        return add_two(b, r, "starts_with(", ", ", err);
    if (r->op == HS_RULE_ENDS_WITH)
        return add_two(b, r, "ends_with(", ", ", err);
    if (r->op == HS_RULE_CONTAINS)
        return add_two(b, r, "contains(", ", ", err);
    return add_two(b, r, "(", r->op == HS_RULE_BETWEEN ? " BETWEEN " : marks[r->op], err);
}

hs_rc hs_print_duckdb_rule(struct hs_buf *b, const struct hs_rule *r, struct hs_err *err)
{
    static const struct hs_type boolean = {.id = HS_T_BOOLEAN};
    switch (r->op) {
    case HS_RULE_LITERAL:
    case HS_RULE_FIELD:
        return hs_print_duckdb_operand(b, r, &boolean, err);
    case HS_RULE_PRINCIPAL:
    case HS_RULE_REQUEST:
    case HS_RULE_LOOKUP:
        return hs_fail_hidden(err, HS_INTERNAL, "an attribute, fact or lookup without its value reached the printer");
    case HS_RULE_ANY:
    case HS_RULE_ALL:
        return add_elements(b, r, err);
    case HS_RULE_ADD:
    case HS_RULE_SUB:
    case HS_RULE_MUL:
    case HS_RULE_DIV:
    case HS_RULE_MOD:
    case HS_RULE_NEG:
    case HS_RULE_SPAN:
        return hs_fail_hidden(err, HS_INTERNAL, "a number stands where a condition should");
    case HS_RULE_AND:
        return add_chain(b, r, " AND ", err);
    case HS_RULE_OR:
        return add_chain(b, r, " OR ", err);
    case HS_RULE_NOT:
        hs_buf_addz(b, "(NOT ");
        HS_TRY(hs_print_duckdb_rule(b, r->args[0], err));
        hs_buf_addc(b, ')');
        return HS_OK;
    case HS_RULE_IS_NULL:
        return add_is_null(b, r, err);
    case HS_RULE_EQ:
    case HS_RULE_NE:
    case HS_RULE_LT:
    case HS_RULE_LE:
    case HS_RULE_GT:
    case HS_RULE_GE:
    case HS_RULE_IN:
    case HS_RULE_BETWEEN:
    case HS_RULE_STARTS_WITH:
    case HS_RULE_ENDS_WITH:
    case HS_RULE_CONTAINS:
        return add_test(b, r, err);
    }
    return hs_fail_hidden(err, HS_INTERNAL, "unknown rule node");
}
