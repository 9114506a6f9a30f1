/* Iceberg REST read-restrictions: what a trusted reader is told to do itself. The row filter has two truth values, and
 * a row passes when it is true; so a rule is written as "is TRUE", and under `not` as "is FALSE", each part with the
 * test for NULL that makes it so. What has no words there is false in both: fewer rows pass, never more.
 *
 * Projections have nine actions and no condition. A field gets one of them where it is exactly the mask; otherwise it
 * becomes NULL, or the fixed value where it may not be NULL. */
#include "policy/dialect/iceberg_in.h"

struct printer {
    enum hs_fit fit;
    size_t max;
    int depth;
    struct hs_err *err;
};

static hs_rc add_rule(struct printer *p, struct hs_buf *b, const struct hs_rule *r, bool want);

static hs_rc unsaid(struct printer *p, struct hs_buf *b)
{
    p->fit = HS_FIT_STRICTER;
    hs_buf_addz(b, "false");
    return HS_OK;
}

static hs_rc add_pair(struct printer *p, struct hs_buf *b, const char *word, const struct hs_rule *x, bool want_x,
                      const struct hs_rule *y, bool want_y)
{
    struct hs_buf left, right;
    hs_buf_init(&left, p->max);
    hs_buf_init(&right, p->max);
    hs_rc rc = add_rule(p, &left, x, want_x);
    if (rc == HS_OK)
        rc = add_rule(p, &right, y, want_y);
    if (rc == HS_OK)
        hs_iceberg_join(b, word, hs_buf_str(&left), hs_buf_str(&right));
    b->failed |= left.failed || right.failed;
    hs_buf_fini(&left);
    hs_buf_fini(&right);
    return rc;
}

/* Halves, so that a long chain does not nest deep. */
static hs_rc add_chain(struct printer *p, struct hs_buf *b, struct hs_rule **args, size_t count, enum hs_rule_op op,
                       bool want)
{
    const char *word = (op == HS_RULE_AND) == want ? "and" : "or";
    if (count == 0) {
        hs_buf_addz(b, (op == HS_RULE_AND) == want ? "true" : "false");
        return HS_OK;
    }
    if (count == 1)
        return add_rule(p, b, args[0], want);
    const struct hs_rule left = {.op = op, .args = args, .arg_count = count / 2};
    const struct hs_rule right = {.op = op, .args = args + count / 2, .arg_count = count - count / 2};
    return add_pair(p, b, word, &left, want, &right, want);
}

static bool is_condition(const struct hs_rule *r)
{
    return r->op != HS_RULE_FIELD && r->op != HS_RULE_LITERAL;
}

/* Two conditions: equal when both are TRUE or both FALSE. */
static hs_rc add_same(struct printer *p, struct hs_buf *b, const struct hs_rule *x, const struct hs_rule *y, bool same)
{
    struct hs_buf both, none;
    hs_buf_init(&both, p->max);
    hs_buf_init(&none, p->max);
    hs_rc rc = add_pair(p, &both, "and", x, true, y, same);
    if (rc == HS_OK)
        rc = add_pair(p, &none, "and", x, false, y, !same);
    if (rc == HS_OK)
        hs_iceberg_join(b, "or", hs_buf_str(&both), hs_buf_str(&none));
    b->failed |= both.failed || none.failed;
    hs_buf_fini(&both);
    hs_buf_fini(&none);
    return rc;
}

static bool is_row_field(const struct hs_rule *r)
{
    return r->op == HS_RULE_FIELD && r->scope == 0 && r->path_len > 0 && r->path_ids && r->type;
}

static enum hs_rule_op mirrored(enum hs_rule_op op)
{
    if (op == HS_RULE_LT || op == HS_RULE_GT)
        return op == HS_RULE_LT ? HS_RULE_GT : HS_RULE_LT;
    if (op == HS_RULE_LE || op == HS_RULE_GE)
        return op == HS_RULE_LE ? HS_RULE_GE : HS_RULE_LE;
    return op;
}

static hs_rc add_two(struct printer *p, struct hs_buf *b, enum hs_rule_op op, const struct hs_rule *x,
                     const struct hs_rule *y, const struct hs_type *as, bool want)
{
    size_t before = b->len;
    if ((x->op == HS_RULE_LITERAL && x->value.kind == HS_V_NULL) ||
        (y->op == HS_RULE_LITERAL && y->value.kind == HS_V_NULL)) {
        hs_buf_addz(b, "false"); /* unknown is neither */
        return HS_OK;
    }
    if (as->id == HS_T_BOOLEAN && (is_condition(x) || is_condition(y) || x->op == y->op) &&
        (op == HS_RULE_EQ || op == HS_RULE_NE))
        return add_same(p, b, x, y, (op == HS_RULE_EQ) == want);
    if (x->op == HS_RULE_LITERAL && is_row_field(y) && op != HS_RULE_STARTS_WITH)
        return add_two(p, b, mirrored(op), y, x, as, want);
    if (is_row_field(x) && y->op == HS_RULE_LITERAL) {
        if (hs_iceberg_compare(b, x, op, &y->value, as, want))
            return HS_OK;
        b->len = before;
    }
    return unsaid(p, b);
}

static hs_rc add_between(struct printer *p, struct hs_buf *b, const struct hs_rule *r, bool want)
{
    struct hs_rule low = {.op = HS_RULE_GE, .args = (struct hs_rule *[]){r->args[0], r->args[1]}, .arg_count = 2},
                   high = {.op = HS_RULE_LE, .args = (struct hs_rule *[]){r->args[0], r->args[2]}, .arg_count = 2};
    low.type = high.type = r->type;
    struct hs_rule *both[] = {&low, &high};
    return add_chain(p, b, both, 2, HS_RULE_AND, want);
}

static bool in_set(const struct hs_rule *r, size_t i)
{
    return is_row_field(r->args[0]) && hs_iceberg_in_set(r->args[0], r->args[i], r->type);
}

/* The members that can stand in a set together, and a test for each of the others, in halves. */
static hs_rc add_members(struct printer *p, struct hs_buf *b, const struct hs_rule *r, size_t from, size_t to,
                         bool want)
{
    if (to - from == 1 && in_set(r, from)) {
        hs_buf_addz(b, want ? "false" : "true"); /* is in the set */
        return HS_OK;
    }
    if (to - from == 1)
        return add_two(p, b, HS_RULE_EQ, r->args[0], r->args[from], r->type, want);
    struct hs_buf left, right;
    hs_buf_init(&left, p->max);
    hs_buf_init(&right, p->max);
    hs_rc rc = add_members(p, &left, r, from, from + (to - from) / 2, want);
    if (rc == HS_OK)
        rc = add_members(p, &right, r, from + (to - from) / 2, to, want);
    if (rc == HS_OK)
        hs_iceberg_join(b, want ? "or" : "and", hs_buf_str(&left), hs_buf_str(&right));
    b->failed |= left.failed || right.failed;
    hs_buf_fini(&left);
    hs_buf_fini(&right);
    return rc;
}

static hs_rc add_in(struct printer *p, struct hs_buf *b, const struct hs_rule *r, bool want)
{
    struct hs_buf set, others;
    bool any = false;
    for (size_t i = 1; i < r->arg_count; i++)
        any |= in_set(r, i);
    if (!any)
        return add_members(p, b, r, 1, r->arg_count, want);
    hs_buf_init(&set, p->max);
    hs_buf_init(&others, p->max);
    hs_iceberg_set(&set, r, want);
    hs_rc rc = add_members(p, &others, r, 1, r->arg_count, want);
    if (rc == HS_OK)
        hs_iceberg_join(b, want ? "or" : "and", hs_buf_str(&set), hs_buf_str(&others));
    b->failed |= set.failed || others.failed;
    hs_buf_fini(&set);
    hs_buf_fini(&others);
    return rc;
}

/* In nothing: FALSE where the value is known. */
static hs_rc add_in_nothing(struct printer *p, struct hs_buf *b, const struct hs_rule *x, bool want)
{
    if (want) {
        hs_buf_addz(b, "false");
        return HS_OK;
    }
    if (x->op == HS_RULE_LITERAL) {
        hs_buf_addz(b, x->value.kind == HS_V_NULL ? "false" : "true");
        return HS_OK;
    }
    if (!is_row_field(x) || hs_type_is_nested(x->type->id) || x->type->id == HS_T_FLOAT || x->type->id == HS_T_DOUBLE)
        return unsaid(p, b);
    hs_iceberg_unary(b, "not-null", x->path_ids[x->path_len - 1]);
    return HS_OK;
}

/* A condition is unknown where it is neither TRUE nor FALSE; that may be said only where both are exact. */
static hs_rc add_condition_is_null(struct printer *p, struct hs_buf *b, const struct hs_rule *r, bool want)
{
    struct hs_buf known;
    enum hs_fit outer = p->fit;
    hs_buf_init(&known, p->max);
    p->fit = HS_FIT_EXACT;
    hs_rc rc = add_pair(p, &known, "or", r, true, r, false);
    bool exact = p->fit == HS_FIT_EXACT;
    hs_str e = hs_buf_str(&known);
    if (rc == HS_OK && (!want || !exact))
        hs_buf_adds(b, want ? HS_S("false") : e);
    else if (rc == HS_OK && (hs_str_is(e, "true") || hs_str_is(e, "false")))
        hs_buf_addz(b, hs_str_is(e, "true") ? "false" : "true");
    else if (rc == HS_OK) {
        hs_buf_addz(b, "{\"type\": \"not\", \"child\": ");
        hs_buf_adds(b, e);
        hs_buf_addc(b, '}');
    }
    p->fit = exact ? outer : HS_FIT_STRICTER;
    b->failed |= known.failed;
    hs_buf_fini(&known);
    return rc;
}

static hs_rc add_is_null(struct printer *p, struct hs_buf *b, const struct hs_rule *x, bool want)
{
    if (x->op == HS_RULE_LITERAL) {
        hs_buf_addz(b, (x->value.kind == HS_V_NULL) == want ? "true" : "false");
        return HS_OK;
    }
    if (is_row_field(x) && !hs_type_is_nested(x->type->id)) {
        hs_iceberg_unary(b, want ? "is-null" : "not-null", x->path_ids[x->path_len - 1]);
        return HS_OK;
    }
    if (is_condition(x) && x->op < HS_RULE_REQUEST)
        return add_condition_is_null(p, b, x, want);
    return unsaid(p, b);
}

static hs_rc add_test(struct printer *p, struct hs_buf *b, const struct hs_rule *r, bool want)
{
    if (!r->type) {
        hs_buf_addz(b, "false");
        return HS_OK;
    }
    if (r->op == HS_RULE_BETWEEN)
        return add_between(p, b, r, want);
    if (r->op == HS_RULE_IN && r->arg_count == 1)
        return add_in_nothing(p, b, r->args[0], want);
    if (r->op == HS_RULE_IN)
        return add_in(p, b, r, want);
    if (r->op == HS_RULE_ENDS_WITH || r->op == HS_RULE_CONTAINS)
        return unsaid(p, b);
    return add_two(p, b, r->op, r->args[0], r->args[1], r->type, want);
}

static hs_rc add_node(struct printer *p, struct hs_buf *b, const struct hs_rule *r, bool want)
{
    static const struct hs_type boolean = {.id = HS_T_BOOLEAN};
    static const struct hs_value yes = {.kind = HS_V_BOOL, .i = 1};
    switch (r->op) {
    case HS_RULE_LITERAL:
        hs_buf_addz(b, r->value.kind == HS_V_BOOL && (r->value.i != 0) == want ? "true" : "false");
        return HS_OK;
    case HS_RULE_FIELD:
        if (is_row_field(r) && r->type->id == HS_T_BOOLEAN &&
            hs_iceberg_compare(b, r, HS_RULE_EQ, &yes, &boolean, want))
            return HS_OK;
        return unsaid(p, b);
    case HS_RULE_AND:
    case HS_RULE_OR:
        return add_chain(p, b, r->args, r->arg_count, r->op, want);
    case HS_RULE_NOT:
        return add_rule(p, b, r->args[0], !want);
    case HS_RULE_IS_NULL:
        return add_is_null(p, b, r->args[0], want);
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
        return add_test(p, b, r, want);
    case HS_RULE_ANY:
    case HS_RULE_ALL:
        return unsaid(p, b);
    case HS_RULE_PRINCIPAL:
    case HS_RULE_REQUEST:
    case HS_RULE_LOOKUP:
    case HS_RULE_ADD:
    case HS_RULE_SUB:
    case HS_RULE_MUL:
    case HS_RULE_DIV:
    case HS_RULE_MOD:
    case HS_RULE_NEG:
    case HS_RULE_SPAN:
        break;
    }
    return hs_fail_hidden(p->err, HS_INTERNAL, "what is no condition reached the printer");
}

static hs_rc add_rule(struct printer *p, struct hs_buf *b, const struct hs_rule *r, bool want)
{
    if (b->failed)
        return hs_buf_done(b, p->err);
    if (++p->depth > 1024)
        return hs_fail_hidden(p->err, HS_INTERNAL, "a rule nested too deep");
    HS_TRY(add_node(p, b, r, want));
    p->depth--;
    return HS_OK;
}

/* ---- projections ---- */

struct projections {
    const struct hs_decision *d;
    struct hs_buf *out;
    size_t count;
    enum hs_fit fit;
    struct hs_err *err;
};

/* Lists and maps become empty ones; an object has the fixed value of each member. */
static bool has_fixed_value(const struct hs_type *t)
{
    for (size_t i = 0; i < t->field_count; i++)
        if (t->id == HS_T_STRUCT && !has_fixed_value(t->fields[i].type))
            return false;
    return t->id != HS_T_UNKNOWN && t->id != HS_T_GEOMETRY && t->id != HS_T_GEOGRAPHY;
}

static hs_rc add_action(struct projections *p, const struct hs_field *f, const char *action)
{
    hs_buf_addf(p->out, "%s{\"field-id\": %d, \"action\": \"%s\"}", p->count++ ? ", " : "", f->id, action);
    return HS_OK;
}

/* The value gone. A required field may not be NULL: it gets the fixed value of its type, which says as little. */
static hs_rc add_gone(struct projections *p, const struct hs_field *f)
{
    if (!f->required)
        return add_action(p, f, "replace-with-null");
    if (has_fixed_value(f->type))
        return add_action(p, f, "mask-to-fixed-value");
    hs_rc rc = hs_fail_hidden(p->err, HS_UNSUPPORTED, "no action hides '%.*s', which is required and %s",
                              HS_FMT(f->name), hs_type_name(f->type->id));
    hs_err_show(p->err, "read-restrictions cannot hide a column that is required and has a type without an action");
    return rc;
}

static const char *action_of(const struct hs_mask_use *m, const struct hs_field *f)
{
    const struct hs_mask_function *fn = hs_mask_function(m->policy->with);
    struct hs_mask_call call = {
        .function = fn, .type = f->type, .args = m->policy->args, .arg_count = m->policy->arg_count};
    const char *action = !fn || m->json.len      ? NULL
                         : fn->iceberg_action_of ? fn->iceberg_action_of(&call)
                                                 : fn->iceberg_action;
    return action && f->required && strcmp(action, "replace-with-null") == 0 ? NULL : action;
}

/* The fixed value stands for NULL, too, and a mask of ours leaves NULL as it is: the same only where there is none. */
static bool is_same(const char *action, bool required)
{
    return required || strcmp(action, "mask-to-fixed-value") != 0;
}

/* A grant's edge makes the value NULL on some rows; without a condition that is all rows. required: all around it. */
static hs_rc add_field(struct projections *p, const struct hs_decided_column *c, const struct hs_field *f,
                       bool required)
{
    const struct hs_mask_use *mask = NULL;
    bool edge = false;
    for (size_t i = 0; i < c->hidden_count; i++)
        if (c->hidden_ids[i] == f->id)
            return add_gone(p, f);
    for (size_t i = 0; i < c->mask_count; i++) {
        const struct hs_mask_use *m = c->masks[i];
        if (m->path_ids[m->path_len - 1] != f->id)
            continue;
        edge |= m->by_grant;
        mask = mask && mask->by_grant ? mask : m;
    }
    if (mask) {
        const char *action = edge ? NULL : action_of(mask, f);
        p->fit = action && !mask->when && is_same(action, required && f->required) ? p->fit : HS_FIT_STRICTER;
        return action ? add_action(p, f, action) : add_gone(p, f);
    }
    for (size_t i = 0; i < f->type->field_count; i++)
        HS_TRY(add_field(p, c, &f->type->fields[i], required && f->required));
    return HS_OK;
}

/* Columns that the person does not see at all are no part of the schema that we hand out; should a reader have another
 * one, they are gone here, too. */
static hs_rc add_columns(struct projections *p)
{
    const struct hs_decision *d = p->d;
    for (size_t i = 0; i < d->bound->field_count; i++) {
        const struct hs_field *f = &d->bound->fields[i];
        const struct hs_decided_column *c = NULL;
        for (size_t k = 0; k < d->column_count; k++)
            if (d->columns[k].field->id == f->id)
                c = &d->columns[k];
        HS_TRY(c ? add_field(p, c, f, true) : add_gone(p, f));
    }
    return HS_OK;
}

hs_rc hs_print_read_restrictions(struct hs_buf *out, const struct hs_decision *d, enum hs_fit *out_fit,
                                 struct hs_err *err)
{
    struct printer rows = {.max = out->max, .err = err};
    struct hs_buf list;
    if (!d->allowed)
        return hs_fail_hidden(err, HS_INTERNAL, "restrictions of a table that is not allowed");
    if (d->minimum)
        return hs_fail(err, HS_UNSUPPORTED, HS_ONLY_AGGREGATES);
    hs_buf_addc(out, '{');
    if (d->rows) {
        hs_buf_addz(out, "\"required-row-filter\": ");
        HS_TRY(add_rule(&rows, out, d->rows, true));
    }
    hs_buf_init(&list, out->max);
    struct projections p = {.d = d, .out = &list, .err = err};
    hs_rc rc = add_columns(&p);
    if (rc == HS_OK && p.count)
        hs_buf_addf(out, "%s\"required-column-projections\": [", d->rows ? ", " : "");
    if (rc == HS_OK && p.count)
        hs_buf_adds(out, hs_buf_str(&list));
    hs_buf_addz(out, p.count ? "]}" : "}");
    out->failed |= list.failed;
    hs_buf_fini(&list);
    HS_TRY(rc);
    HS_TRY(hs_buf_done(out, err));
    *out_fit = rows.fit > p.fit ? rows.fit : p.fit;
    return HS_OK;
}
