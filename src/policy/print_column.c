/* The output expression of a column: untouched columns as they are; otherwise the value is rebuilt from the top down,
 * member by member, with masks in their places and hidden members left out. Sizes stay linear in the number of fields
 * times their depth: a raw value's expression is written once to test it for NULL and once for each member. */
#include "mask/mask.h"
#include "mask/shared/json.h"
#include "policy/policy_in.h"

#include "base/fault.h"

#include <stdio.h>

struct column_printer {
    const struct hs_decided_column *column;
    hs_str domain, product, table, viewer;
    size_t max;
    int depth, lambdas;
    struct hs_err *err;
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

/* Field ids are unique in a table (tree.c sees to it), so the last one of a path says which field is meant. */
static const struct hs_mask_use *mask_on(const struct column_printer *p, int id, bool by_grant)
{
    for (size_t i = 0; i < p->column->mask_count; i++) {
        const struct hs_mask_use *m = p->column->masks[i];
        if (m->by_grant == by_grant && m->path_ids[m->path_len - 1] == id)
            return m;
    }
    return NULL;
}

static bool is_touched(const struct column_printer *p, const struct hs_type *t)
{
    for (size_t i = 0; i < t->field_count; i++) {
        int id = t->fields[i].id;
        if (is_hidden(p, id) || mask_on(p, id, true) || mask_on(p, id, false) || is_touched(p, t->fields[i].type))
            return true;
    }
    return false;
}

/* ---- rebuilding ---- */

static hs_rc print_member(struct column_printer *p, struct hs_buf *b, const struct hs_field *raw,
                          const struct hs_type *out, hs_str x)
{
    struct hs_buf inner;
    hs_buf_init(&inner, p->max);
    hs_buf_addf(&inner, "struct_extract(%.*s, ", HS_FMT(x));
    hs_buf_add_sql_text(&inner, raw->name);
    hs_buf_addc(&inner, ')');
    hs_rc rc = hs_buf_done(&inner, p->err);
    if (rc == HS_OK)
        rc = print_value(p, b, raw, out, hs_buf_str(&inner), false);
    hs_buf_fini(&inner);
    return rc;
}

static hs_rc print_struct(struct column_printer *p, struct hs_buf *b, const struct hs_type *raw,
                          const struct hs_type *out, hs_str x)
{
    size_t k = 0;
    hs_buf_addf(b, "CASE WHEN %.*s IS NULL THEN NULL ELSE struct_pack(", HS_FMT(x));
    for (size_t i = 0; i < raw->field_count; i++) {
        if (is_hidden(p, raw->fields[i].id))
            continue;
        if (k == out->field_count || out->fields[k].id != raw->fields[i].id)
            return hs_fail_hidden(p->err, HS_INTERNAL, "output type does not follow from the hidden members");
        if (k)
            hs_buf_addz(b, ", ");
        hs_buf_add_sql_name(b, raw->fields[i].name);
        hs_buf_addz(b, " := ");
        HS_TRY(print_member(p, b, &raw->fields[i], out->fields[k++].type, x));
    }
    if (k == 0)
        return hs_fail_hidden(p->err, HS_INTERNAL, "an object without a visible member");
    hs_buf_addz(b, ") END");
    return HS_OK;
}

/* `body` gets the element as v1, v2, ...: raw columns are all called f<id>, so the names cannot meet. */
static hs_rc print_list(struct column_printer *p, struct hs_buf *b, const struct hs_type *raw,
                        const struct hs_type *out, hs_str x)
{
    char name[24];
    hs_str element = hs_str_n(name, (size_t)snprintf(name, sizeof name, "v%d", ++p->lambdas));
    if (out->field_count != 1)
        return hs_fail_hidden(p->err, HS_INTERNAL, "a list without a visible element");
    hs_buf_addf(b, "list_transform(%.*s, lambda %s: ", HS_FMT(x), name);
    HS_TRY(print_value(p, b, &raw->fields[0], out->fields[0].type, element, false));
    hs_buf_addc(b, ')');
    return HS_OK;
}

/* Keys are never masked: two keys could become one, and the engine would raise an error about them. */
static hs_rc print_map(struct column_printer *p, struct hs_buf *b, const struct hs_type *raw, const struct hs_type *out,
                       hs_str x)
{
    char name[24], value[64];
    snprintf(name, sizeof name, "v%d", ++p->lambdas);
    snprintf(value, sizeof value, "struct_extract(%s, 'value')", name);
    if (out->field_count != 2 || is_touched(p, raw->fields[0].type) || mask_on(p, raw->fields[0].id, true) ||
        mask_on(p, raw->fields[0].id, false))
        return hs_fail_hidden(p->err, HS_INTERNAL, "a map's key cannot be masked");
    hs_buf_addf(b, "CASE WHEN %.*s IS NULL THEN NULL ELSE ", HS_FMT(x));
    hs_buf_addf(b, "map_from_entries(list_transform(map_entries(%.*s), lambda %s: ", HS_FMT(x), name);
    hs_buf_addf(b, "struct_pack(\"key\" := struct_extract(%s, 'key'), \"value\" := ", name);
    HS_TRY(print_value(p, b, &raw->fields[1], out->fields[1].type, hs_str_of(value), false));
    hs_buf_addz(b, "))) END");
    return HS_OK;
}

static hs_rc print_inside(struct column_printer *p, struct hs_buf *b, const struct hs_type *raw,
                          const struct hs_type *out, hs_str x)
{
    if (!is_touched(p, raw)) {
        hs_buf_adds(b, x);
        return HS_OK;
    }
    if (raw->id == HS_T_STRUCT)
        return print_struct(p, b, raw, out, x);
    if (raw->id == HS_T_LIST && raw->field_count == 1)
        return print_list(p, b, raw, out, x);
    if (raw->id == HS_T_MAP && raw->field_count == 2)
        return print_map(p, b, raw, out, x);
    return hs_fail_hidden(p->err, HS_INTERNAL, "a mask inside a value that has no inside");
}

/* ---- masks ---- */

static hs_rc print_mask(struct column_printer *p, struct hs_buf *b, const struct hs_mask_use *m,
                        const struct hs_type *out, hs_str x)
{
    const struct hs_mask_function *f = hs_mask_function(m->policy->with);
    struct hs_mask_call call = {.type = out,
                                .x = x,
                                .args = m->policy->args,
                                .arg_count = m->policy->arg_count,
                                .domain = p->domain,
                                .product = p->product,
                                .table = p->table,
                                .field_id = m->path_ids[m->path_len - 1],
                                .viewer = p->viewer};
    if (!f || !(f->accepts & HS_ON(out->id)))
        return hs_fail_hidden(p->err, HS_INTERNAL, "mask function does not fit");
    if (m->elements && !f->by_element)
        return hs_fail_hidden(p->err, HS_INTERNAL, "a condition on elements for a mask that has none");
    if (!f->keeps_inside) {
        hs_buf_add_mask_call(b, f, &call);
        return HS_OK;
    }
    struct hs_buf masked;
    struct hs_buf condition;
    hs_buf_init(&masked, p->max);
    hs_buf_init(&condition, p->max);
    call.type = m->type;
    hs_rc rc = m->elements ? hs_print_duckdb_rule(&condition, m->elements, p->err) : HS_OK;
    call.masked_if = hs_buf_str(&condition);
    if (rc == HS_OK)
        hs_buf_add_mask_call(&masked, f, &call);
    b->failed |= masked.failed | condition.failed;
    if (rc == HS_OK)
        rc = print_inside(p, b, m->type, out, hs_buf_str(&masked));
    hs_buf_fini(&condition);
    hs_buf_fini(&masked);
    return rc;
}

/* One bit of the rules that apply: unless the condition is FALSE. */
static hs_rc print_json_bit(struct column_printer *p, struct hs_buf *b, size_t bit, const struct hs_mask_use *m)
{
    unsigned long long value = 1ull << bit;
    hs_buf_addz(b, bit ? " | " : "");
    if (!m->when) {
        hs_buf_addf(b, "CAST(%llu AS BIGINT)", value);
        return HS_OK;
    }
    hs_buf_addz(b, "(CASE WHEN (");
    HS_TRY(hs_print_duckdb_rule(b, m->when, p->err));
    hs_buf_addf(b, ") IS FALSE THEN CAST(0 AS BIGINT) ELSE CAST(%llu AS BIGINT) END)", value);
    return HS_OK;
}

/* All the masks inside one JSON text are one call: its setup is put together from their rules and is a constant, and
 * what has a condition applies unless that is FALSE, a bit each. The document is read once, and no expression is
 * written twice. */
static hs_rc print_json_rules(struct column_printer *p, struct hs_buf *setup, struct hs_buf *bits, int id)
{
    size_t count = 0;
    for (size_t i = 0; i < p->column->mask_count; i++) {
        const struct hs_mask_use *m = p->column->masks[i];
        const struct hs_mask_function *f = hs_mask_function(m->policy->with);
        struct hs_mask_call call = {.type = m->type,
                                    .args = m->policy->args,
                                    .arg_count = m->policy->arg_count,
                                    .domain = p->domain,
                                    .product = p->product,
                                    .table = p->table,
                                    .field_id = id,
                                    .viewer = p->viewer};
        if (!m->json.len || m->path_ids[m->path_len - 1] != id)
            continue;
        if (!f || !hs_mask_fits_json(f) || count == HS_JSON_RULES)
            return hs_fail_hidden(p->err, HS_INTERNAL, "mask function does not fit");
        hs_buf_add_json_rule(setup, m->json, f, &call);
        HS_TRY(print_json_bit(p, bits, count++, m));
    }
    return HS_OK;
}

static hs_rc print_json(struct column_printer *p, struct hs_buf *b, int id, hs_str x)
{
    struct hs_buf setup, bits;
    hs_buf_init(&setup, p->max);
    hs_buf_init(&bits, p->max);
    hs_rc rc = print_json_rules(p, &setup, &bits, id);
    if (rc == HS_OK) {
        hs_buf_addz(b, "hs_mask_json(");
        hs_buf_add_sql_text(b, hs_buf_str(&setup));
        hs_buf_addf(b, ", %.*s, %.*s)", HS_FMT(x), HS_FMT(hs_buf_str(&bits)));
    }
    b->failed |= setup.failed | bits.failed;
    hs_buf_fini(&setup);
    hs_buf_fini(&bits);
    return rc;
}

/* Applies unless the condition is FALSE: UNKNOWN masks. */
static hs_rc print_masked(struct column_printer *p, struct hs_buf *b, const struct hs_mask_use *m,
                          const struct hs_field *raw, const struct hs_type *out, hs_str x)
{
    if (!m->when)
        return print_mask(p, b, m, out, x);
    hs_buf_addz(b, "CASE WHEN (");
    HS_TRY(hs_print_duckdb_rule(b, m->when, p->err));
    hs_buf_addz(b, ") IS FALSE THEN ");
    if (m->by_grant)
        HS_TRY(print_value(p, b, raw, out, x, true));
    else
        HS_TRY(print_inside(p, b, raw->type, out, x));
    hs_buf_addz(b, " ELSE ");
    HS_TRY(print_mask(p, b, m, out, x));
    hs_buf_addz(b, " END");
    return HS_OK;
}

/* edge: the grant's condition on this field is already written around us. */
static hs_rc print_value(struct column_printer *p, struct hs_buf *b, const struct hs_field *raw,
                         const struct hs_type *out, hs_str x, bool edge)
{
    if (p->depth > 2 * HS_TREE_MAX_DEPTH)
        return hs_fail_hidden(p->err, HS_INTERNAL, "nested too deep");
    if (b->failed)
        return hs_buf_done(b, p->err);
    const struct hs_mask_use *m = edge ? NULL : mask_on(p, raw->id, true);
    if (!m)
        m = mask_on(p, raw->id, false);
    if (!hs_defence("mask"))
        m = NULL;
    p->depth++;
    hs_rc rc = !m            ? print_inside(p, b, raw->type, out, x)
               : m->json.len ? print_json(p, b, raw->id, x)
                             : print_masked(p, b, m, raw, out, x);
    p->depth--;
    return rc;
}

hs_rc hs_print_duckdb_column(struct hs_buf *out, const struct hs_decision *d, size_t i, struct hs_err *err)
{
    if (!d->allowed || i >= d->column_count)
        return hs_fail_hidden(err, HS_INTERNAL, "no such column in the decision");
    const struct hs_decided_column *c = &d->columns[i];
    struct column_printer p = {.column = c, .viewer = d->viewer, .max = out->max, .err = err};
    if (d->table) {
        p.table = d->table->name;
        p.product = d->table->product ? d->table->product->id : (hs_str){0};
        p.domain = d->table->product ? d->table->product->domain : (hs_str){0};
    }
    char name[24];
    snprintf(name, sizeof name, "\"f%d\"", c->field->id);
    HS_TRY(print_value(&p, out, c->field, c->type, hs_str_of(name), false));
    return hs_buf_done(out, err);
}

hs_rc hs_print_duckdb_rows(struct hs_buf *out, const struct hs_decision *d, struct hs_err *err)
{
    if (!d->allowed)
        return hs_fail_hidden(err, HS_INTERNAL, "rows of a table that is not allowed");
    if (!d->rows)
        return hs_buf_done(out, err);
    /* a rule that cannot be told, for want of an attribute or of a value, lets no row through: WHERE takes only true */
    hs_buf_addz(out, hs_defence("unknown-attribute") ? "" : "coalesce(");
    HS_TRY(hs_print_duckdb_rule(out, d->rows, err));
    hs_buf_addz(out, hs_defence("unknown-attribute") ? "" : ", true)");
    return hs_buf_done(out, err);
}
