/* Which elements of a list, or entries of a map, are masked: by their value, by that of one member, or by a condition
 * of the rule language, which the policy's printer has written. What cannot be compared (a NULL) is masked. */
#include "mask/shared/elements.h"
#include "mask/dialect.h"
#include "mask/sql.h"

enum { MAX_VALUES = 1000 };

const struct hs_mask_arg_spec hs_element_args[3] = {
    {"values", "only elements that have one of these values", true},
    {"keep", "or all but those that have one of these values", true},
    {"member", "the member of the elements whose value is meant, where they are objects", true},
};

/* What is compared: the element, or a member of it. NULL: no such member, or nothing that can be compared. */
static const struct hs_type *compared(const struct hs_mask_call *call)
{
    const struct hs_type *t = call->type->field_count == 1 ? call->type->fields[0].type : NULL;
    hs_str member = hs_mask_arg_text(call, "member", "");
    const struct hs_type *found = member.len ? NULL : t;
    for (size_t i = 0; t && t->id == HS_T_STRUCT && i < t->field_count; i++)
        if (member.len && hs_str_eq(t->fields[i].name, member))
            found = t->fields[i].type;
    return found;
}

hs_rc hs_check_elements(const struct hs_mask_call *call, struct hs_err *err)
{
    const struct hs_value *values = hs_mask_arg(call, "values"), *keep = hs_mask_arg(call, "keep"),
                          *list = values ? values : keep;
    if (values && keep)
        return hs_fail(err, HS_INVALID, "give either 'values' or 'keep'");
    if (!list)
        return hs_mask_arg(call, "member") ? hs_fail(err, HS_INVALID, "'member' needs 'values' or 'keep'") : HS_OK;
    if (list->kind != HS_V_LIST || !list->item_count || list->item_count > MAX_VALUES)
        return hs_fail(err, HS_INVALID, "'%s' is a list of 1 to %d values", values ? "values" : "keep", MAX_VALUES);
    if (!call->type)
        return HS_OK;
    const struct hs_type *t = compared(call);
    if (call->type->id == HS_T_MAP)
        return hs_fail(err, HS_INVALID, "a map's entries are told apart by a condition: elements: key = 'x'");
    if (!t || hs_type_is_nested(t->id) || t->id == HS_T_FLOAT || t->id == HS_T_DOUBLE)
        return hs_fail(err, HS_INVALID,
                       "elements are told apart by a text, a whole number, a decimal, a date or a time%s",
                       t && t->id == HS_T_STRUCT ? ": name the 'member'" : "");
    for (size_t i = 0; i < list->item_count; i++)
        if (!hs_mask_value_fits(&list->items[i], t))
            return hs_fail(err, HS_INVALID, "value %zu is no %s", i + 1, hs_type_name(t->id));
    return HS_OK;
}

void hs_buf_add_element_stays(struct hs_buf *b, const struct hs_mask_call *call)
{
    const struct hs_value *values = hs_mask_arg(call, "values"), *keep = hs_mask_arg(call, "keep"),
                          *list = values ? values : keep;
    const struct hs_type *t = list ? compared(call) : NULL;
    hs_str member = hs_mask_arg_text(call, "member", "");
    if (call->masked_if.len) {
        hs_buf_addf(b, "(e1 IS NOT NULL AND (%.*s) IS FALSE)", HS_FMT(call->masked_if));
        return;
    }
    if (!t) {
        hs_buf_addz(b, "FALSE");
        return;
    }
    hs_buf_addz(b, values ? "coalesce(NOT (" : "coalesce((");
    if (member.len) {
        hs_buf_addz(b, "struct_extract(e1, ");
        hs_buf_add_sql_text(b, member);
        hs_buf_addc(b, ')');
    } else
        hs_buf_addz(b, "e1");
    hs_buf_addz(b, " IN (");
    for (size_t i = 0; i < list->item_count; i++) {
        hs_buf_addz(b, i ? ", " : "");
        hs_buf_add_duckdb_literal(b, &list->items[i], t);
    }
    hs_buf_addz(b, ")), FALSE)");
}

void hs_buf_add_element(struct hs_buf *b, const struct hs_mask_call *call, const struct hs_dialect *sql)
{
    if (call->type->id == HS_T_MAP)
        sql->add_entry(b, call->variable, call->type);
    else
        sql->add_variable(b, call->x, call->variable);
}

static void add_condition_stays(struct hs_buf *b, const struct hs_mask_call *call, const struct hs_dialect *sql,
                                hs_str element)
{
    hs_buf_addf(b, "(NOT %s%.*s%s AND coalesce(%s", sql->is_null[0], HS_FMT(element), sql->is_null[1],
                sql->is_false[0]);
    hs_buf_addf(b, "%.*s%s, FALSE))", HS_FMT(call->masked_if), sql->is_false[1]);
}

static void add_value_stays(struct hs_buf *b, const struct hs_mask_call *call, const struct hs_dialect *sql,
                            hs_str element, const struct hs_type *t)
{
    const struct hs_value *values = hs_mask_arg(call, "values"), *list = values ? values : hs_mask_arg(call, "keep");
    hs_str member = hs_mask_arg_text(call, "member", "");
    hs_buf_addz(b, values ? "coalesce(NOT ((" : "coalesce(((");
    if (member.len)
        sql->add_member(b, element, member);
    else
        hs_buf_adds(b, element);
    hs_buf_addf(b, ")%s IN (", t->id == HS_T_STRING ? sql->text_order : "");
    for (size_t i = 0; i < list->item_count; i++) {
        hs_buf_addz(b, i ? ", " : "");
        sql->add_literal(b, &list->items[i], t);
    }
    hs_buf_addz(b, ")), FALSE)");
}

void hs_buf_add_element_stays_in(struct hs_buf *b, const struct hs_mask_call *call, const struct hs_dialect *sql)
{
    bool by_value = hs_mask_arg(call, "values") || hs_mask_arg(call, "keep");
    const struct hs_type *t = by_value ? compared(call) : NULL;
    struct hs_buf element;
    hs_buf_init(&element, b->max);
    hs_buf_add_element(&element, call, sql);
    if (call->masked_if.len)
        add_condition_stays(b, call, sql, hs_buf_str(&element));
    else if (t)
        add_value_stays(b, call, sql, hs_buf_str(&element), t);
    else
        hs_buf_addz(b, "FALSE");
    b->failed |= element.failed;
    hs_buf_fini(&element);
}
