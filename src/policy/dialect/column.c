/* A column in Trino's or PostgreSQL's SQL: untouched ones by their name; otherwise the value is rebuilt from the top
 * down, as in print_column.c, with the engine's own words for objects, lists and maps. */
#include "policy/dialect/dialect_in.h"

#include <stdio.h>

struct column_printer {
    struct hs_rule_printer rule; /* its variables are ours, too: no two of an expression have one name */
    const struct hs_decision *d;
    const struct hs_decided_column *column;
    int depth;
};

static hs_rc print_value(struct column_printer *p, struct hs_buf *b, const struct hs_field *raw,
                         const struct hs_type *out, hs_str x, bool edge);

static bool is_hidden(const struct column_printer *p, int id)
{
    for (size_t i = 0; i < p->column->hidden_count; i++)
        if (p->column->hidden_ids[i] == id)
            return true;
    return false;
}

static const struct hs_mask_use *mask_on(const struct column_printer *p, int id, bool by_grant)
{
    for (size_t i = 0; i < p->column->mask_count; i++) {
        const struct hs_mask_use *m = p->column->masks[i];
        if (m->by_grant == by_grant && m->path_ids[m->path_len - 1] == id)
            return m;
    }
    return NULL;
}

static bool is_touched_field(const struct column_printer *p, const struct hs_field *f)
{
    if (is_hidden(p, f->id) || mask_on(p, f->id, true) || mask_on(p, f->id, false))
        return true;
    for (size_t i = 0; i < f->type->field_count; i++)
        if (is_touched_field(p, &f->type->fields[i]))
            return true;
    return false;
}

static bool is_touched_inside(const struct column_printer *p, const struct hs_type *t)
{
    for (size_t i = 0; i < t->field_count; i++)
        if (is_touched_field(p, &t->fields[i]))
            return true;
    return false;
}

/* ---- rebuilding ---- */

static hs_rc print_part(struct column_printer *p, struct hs_buf *b, const struct hs_field *raw,
                        const struct hs_type *out, struct hs_buf *x)
{
    hs_rc rc = hs_buf_done(x, p->rule.err);
    if (rc == HS_OK)
        rc = print_value(p, b, raw, out, hs_buf_str(x), false);
    hs_buf_fini(x);
    return rc;
}

static hs_rc print_object(struct column_printer *p, struct hs_buf *b, const struct hs_type *raw,
                          const struct hs_type *out, hs_str x)
{
    size_t k = 0;
    p->rule.sql->open_object(b, x);
    for (size_t i = 0; i < raw->field_count; i++) {
        struct hs_buf member;
        if (is_hidden(p, raw->fields[i].id))
            continue;
        if (k >= out->field_count)
            return hs_fail_hidden(p->rule.err, HS_INTERNAL, "an object with more visible members than its type");
        hs_buf_addz(b, k ? ", " : "");
        hs_buf_init(&member, p->rule.max);
        p->rule.sql->add_member(&member, x, raw->fields[i].name);
        HS_TRY(print_part(p, b, &raw->fields[i], out->fields[k++].type, &member));
    }
    p->rule.sql->close_object(b, out);
    return HS_OK;
}

static hs_rc print_list(struct column_printer *p, struct hs_buf *b, const struct hs_type *raw,
                        const struct hs_type *out, hs_str x)
{
    int n = ++p->rule.variables;
    struct hs_buf element;
    if (out->field_count != 1)
        return hs_fail_hidden(p->rule.err, HS_INTERNAL, "a list without a visible element");
    hs_buf_init(&element, p->rule.max);
    p->rule.sql->add_variable(&element, x, n);
    p->rule.sql->open_list(b, x, n);
    HS_TRY(print_part(p, b, &raw->fields[0], out->fields[0].type, &element));
    p->rule.sql->close_list(b, x, n, out->fields[0].type);
    return HS_OK;
}

static hs_rc print_map(struct column_printer *p, struct hs_buf *b, const struct hs_type *raw, const struct hs_type *out,
                       hs_str x)
{
    int n = ++p->rule.variables;
    struct hs_buf value;
    if (out->field_count != 2 || is_touched_field(p, &raw->fields[0]))
        return hs_fail_hidden(p->rule.err, HS_INTERNAL, "a map's key cannot be masked");
    if (!p->rule.sql->open_map)
        return hs_fail(p->rule.err, HS_UNSUPPORTED, "%s has no maps", p->rule.sql->name);
    hs_buf_init(&value, p->rule.max);
    p->rule.sql->add_variable(&value, x, n);
    p->rule.sql->open_map(b, x, n);
    HS_TRY(print_part(p, b, &raw->fields[1], out->fields[1].type, &value));
    p->rule.sql->close_map(b);
    return HS_OK;
}

static hs_rc print_inside(struct column_printer *p, struct hs_buf *b, const struct hs_type *raw,
                          const struct hs_type *out, hs_str x)
{
    if (!is_touched_inside(p, raw)) {
        hs_buf_adds(b, x);
        return HS_OK;
    }
    if (raw->id == HS_T_STRUCT)
        return print_object(p, b, raw, out, x);
    if (raw->id == HS_T_LIST && raw->field_count == 1)
        return print_list(p, b, raw, out, x);
    if (raw->id == HS_T_MAP && raw->field_count == 2)
        return print_map(p, b, raw, out, x);
    return hs_fail_hidden(p->rule.err, HS_INTERNAL, "a mask inside a value that has no inside");
}

/* ---- masks ---- */

/* A mask that the engine has no exact form of is the value gone: that shows no more than any mask does. */
static hs_rc print_gone(struct column_printer *p, struct hs_buf *b, const struct hs_type *out)
{
    p->rule.fit = HS_FIT_STRICTER;
    hs_buf_add_dialect_null(b, p->rule.sql, out);
    return HS_OK;
}

/* What is left of a list or map, cut to what the person may see inside of it. PostgreSQL names a list several times: it
 * is worked out once, under a name of its own. */
static hs_rc print_cut(struct column_printer *p, struct hs_buf *b, const struct hs_type *raw, const struct hs_type *out,
                       hs_str masked)
{
    char name[32];
    int n = ++p->rule.variables;
    if (!p->rule.sql->close_let || !is_touched_inside(p, raw))
        return print_inside(p, b, raw, out, masked);
    snprintf(name, sizeof name, HS_DIALECT_VARIABLE "%d", n);
    hs_buf_addz(b, "(SELECT ");
    HS_TRY(print_inside(p, b, raw, out, hs_str_of(name)));
    p->rule.sql->close_let(b, masked, n);
    return HS_OK;
}

/* The condition on the elements of this list, over the call's variable. False: it has no exact words, and what is not
 * exactly the same elements is not compared: the whole list is gone. */
static hs_rc print_element_condition(struct column_printer *p, struct hs_buf *b, const struct hs_mask_use *m,
                                     const struct hs_mask_call *call, bool *out_said)
{
    struct hs_buf element;
    enum hs_fit outer = p->rule.fit;
    hs_buf_init(&element, p->rule.max);
    hs_buf_add_element(&element, call, p->rule.sql);
    hs_rc rc = p->rule.scope_count ? hs_fail_hidden(p->rule.err, HS_INTERNAL, "a mask inside a condition")
                                   : hs_buf_done(&element, p->rule.err);
    p->rule.fit = HS_FIT_EXACT;
    p->rule.scopes[p->rule.scope_count++] = hs_buf_str(&element);
    if (rc == HS_OK)
        rc = hs_print_rule(&p->rule, b, m->elements);
    p->rule.scope_count--;
    *out_said = p->rule.fit == HS_FIT_EXACT;
    p->rule.fit = outer;
    hs_buf_fini(&element);
    return rc;
}

static hs_rc print_elements(struct column_printer *p, struct hs_buf *b, const struct hs_mask_use *m,
                            struct hs_mask_call *call, hs_mask_print print, const struct hs_type *out)
{
    struct hs_buf masked, condition;
    bool said = true;
    hs_buf_init(&masked, p->rule.max);
    hs_buf_init(&condition, p->rule.max);
    hs_rc rc = m->elements ? print_element_condition(p, &condition, m, call, &said) : HS_OK;
    call->masked_if = hs_buf_str(&condition);
    if (rc == HS_OK && said)
        print(&masked, call);
    b->failed |= masked.failed || condition.failed;
    if (rc == HS_OK)
        rc = said ? print_cut(p, b, m->type, out, hs_buf_str(&masked)) : print_gone(p, b, out);
    hs_buf_fini(&masked);
    hs_buf_fini(&condition);
    return rc;
}

static hs_rc print_mask(struct column_printer *p, struct hs_buf *b, const struct hs_mask_use *m,
                        const struct hs_type *out, hs_str x)
{
    const struct hs_mask_function *f = hs_mask_function(m->policy->with);
    struct hs_mask_call call = {.function = f,
                                .type = f && f->keeps_inside ? m->type : out,
                                .x = x,
                                .args = m->policy->args,
                                .arg_count = m->policy->arg_count,
                                .variable = ++p->rule.variables};
    if (!f || !(f->accepts & HS_ON(out->id)) || (m->elements && !f->by_element))
        return hs_fail_hidden(p->rule.err, HS_INTERNAL, "mask function does not fit");
    hs_mask_print print = NULL;
    if (!m->json.len)
        HS_TRY(hs_mask_print_in(&call, p->rule.sql, &print, p->rule.err));
    if (!print)
        return print_gone(p, b, out);
    if (f->keeps_inside)
        return print_elements(p, b, m, &call, print, out);
    print(b, &call);
    return HS_OK;
}

/* Applies unless the condition is FALSE: unknown masks, and so does what the engine cannot say. */
static hs_rc print_masked(struct column_printer *p, struct hs_buf *b, const struct hs_mask_use *m,
                          const struct hs_field *raw, const struct hs_type *out, hs_str x)
{
    /* Paths inside JSON text have no form here, nor may the condition of one of them show the others' values. */
    if (!m->when || m->json.len)
        return print_mask(p, b, m, out, x);
    hs_buf_addf(b, "CASE WHEN %s", p->rule.sql->is_false[0]);
    HS_TRY(hs_print_rule(&p->rule, b, m->when));
    hs_buf_addf(b, "%s THEN ", p->rule.sql->is_false[1]);
    if (m->by_grant)
        HS_TRY(print_value(p, b, raw, out, x, true));
    else
        HS_TRY(print_inside(p, b, raw->type, out, x));
    hs_buf_addz(b, " ELSE ");
    HS_TRY(print_mask(p, b, m, out, x));
    hs_buf_addz(b, " END");
    return HS_OK;
}

static hs_rc print_value(struct column_printer *p, struct hs_buf *b, const struct hs_field *raw,
                         const struct hs_type *out, hs_str x, bool edge)
{
    if (p->depth > 2 * HS_TREE_MAX_DEPTH)
        return hs_fail_hidden(p->rule.err, HS_INTERNAL, "nested too deep");
    if (b->failed)
        return hs_buf_done(b, p->rule.err);
    const struct hs_mask_use *m = edge ? NULL : mask_on(p, raw->id, true);
    if (!m)
        m = mask_on(p, raw->id, false);
    p->depth++;
    hs_rc rc = m ? print_masked(p, b, m, raw, out, x) : print_inside(p, b, raw->type, out, x);
    p->depth--;
    return rc;
}

/* The types of all that is seen or rebuilt must have a name there, also where only a part of a value is touched. */
static hs_rc check_types(const struct hs_dialect *sql, const struct hs_decided_column *c, struct hs_err *err)
{
    struct hs_buf text;
    hs_buf_init(&text, 1 << 20);
    bool ok = sql->add_type(&text, c->type) && sql->add_type(&text, c->field->type);
    hs_rc rc = hs_buf_done(&text, err);
    hs_buf_fini(&text);
    if (ok || rc != HS_OK)
        return rc;
    return hs_fail(err, HS_UNSUPPORTED, "%s has no type for the values of column '%.*s' (%s)", sql->name,
                   HS_FMT(c->field->name), hs_type_name(c->field->type->id));
}

hs_rc hs_print_dialect_column(struct hs_buf *out, const struct hs_dialect *sql, const struct hs_decision *d, size_t i,
                              enum hs_fit *out_fit, struct hs_err *err)
{
    if (!d->allowed || i >= d->column_count)
        return hs_fail_hidden(err, HS_INTERNAL, "no such column in the decision");
    if (d->minimum)
        return hs_fail(err, HS_UNSUPPORTED, HS_ONLY_AGGREGATES);
    const struct hs_decided_column *c = &d->columns[i];
    struct column_printer p = {.rule = {.sql = sql, .max = out->max, .err = err}, .d = d, .column = c};
    struct hs_buf name;
    if (hs_dialect_names_clash(d))
        return hs_fail(err, HS_UNSUPPORTED, "a column is named like a variable (" HS_DIALECT_VARIABLE "...)");
    HS_TRY(check_types(sql, c, err));
    bool touched = is_touched_field(&p, c->field);
    hs_buf_addz(out, touched ? "CAST(" : "");
    hs_buf_init(&name, 1024);
    hs_buf_add_sql_name(&name, c->field->name);
    HS_TRY(print_part(&p, out, c->field, c->type, &name));
    if (touched) {
        hs_buf_addz(out, " AS ");
        sql->add_type(out, c->type);
        hs_buf_addc(out, ')');
    }
    HS_TRY(hs_buf_done(out, err));
    *out_fit = p.rule.fit;
    return HS_OK;
}
