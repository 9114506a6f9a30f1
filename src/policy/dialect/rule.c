/* Rules in Trino's and PostgreSQL's SQL: one walk, the engine's spellings from its record (mask/dialect.h). As in the
 * printer for our own engine every literal carries its type and every operand is brought to the type that the binder
 * chose; every cast widens. */
#include "policy/dialect/dialect_in.h"

#include "base/clock.h"

/* ---- operands ---- */

static hs_rc say_not(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_type *type)
{
    p->unsaid = true;
    hs_buf_add_dialect_null(b, p->sql, type);
    return HS_OK;
}

static bool same_shape(const struct hs_type *a, const struct hs_type *b)
{
    return a->id == b->id && a->precision == b->precision && a->scale == b->scale;
}

static bool has_type(const struct hs_rule_printer *p, struct hs_buf *b, const struct hs_type *t)
{
    struct hs_buf text;
    hs_buf_init(&text, p->max);
    bool ok = p->sql->add_type(&text, t);
    b->failed |= text.failed; /* which is no answer */
    hs_buf_fini(&text);
    return ok;
}

/* Past 15 digits engines round a decimal to a double in different ways. */
static bool can_cast(const struct hs_rule_printer *p, struct hs_buf *b, const struct hs_type *from,
                     const struct hs_type *to)
{
    if (to->id == HS_T_DOUBLE && from->id == HS_T_DECIMAL && from->precision > 15)
        return false;
    return has_type(p, b, from) && has_type(p, b, to);
}

static hs_rc add_path(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    struct hs_buf x, next;
    if (r->scope < 0 || r->scope > p->scope_count || (r->scope == 0 && r->path_len == 0))
        return hs_fail_hidden(p->err, HS_INTERNAL, "a field outside every scope");
    hs_buf_init(&x, p->max);
    hs_buf_init(&next, p->max);
    if (r->scope)
        hs_buf_adds(&x, p->scopes[r->scope - 1]);
    else
        hs_buf_add_sql_name(&x, r->path_names[0]);
    for (size_t i = r->scope ? 0 : 1; i < r->path_len; i++) {
        hs_buf_clear(&next);
        p->sql->add_member(&next, hs_buf_str(&x), r->path_names[i]);
        hs_buf_clear(&x);
        hs_buf_adds(&x, hs_buf_str(&next));
    }
    hs_buf_adds(b, hs_buf_str(&x));
    b->failed |= x.failed || next.failed;
    hs_buf_fini(&x);
    hs_buf_fini(&next);
    return HS_OK;
}

/* What is no number is compared as NULL, whatever order the engine gives it. */
static hs_rc add_field(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r, const struct hs_type *as)
{
    if (!r->path_ids && r->path_len)
        return hs_fail_hidden(p->err, HS_INTERNAL, "an unbound field reached the printer");
    if (!r->type || !can_cast(p, b, r->type, as))
        return say_not(p, b, as);
    bool guard = p->sql->nan_types & HS_ON(r->type->id), cast = !same_shape(r->type, as);
    if (guard) {
        hs_buf_addf(b, "CASE WHEN %s", p->sql->is_number[0]);
        HS_TRY(add_path(p, b, r));
        hs_buf_addf(b, "%s THEN ", p->sql->is_number[1]);
    }
    hs_buf_addz(b, cast ? "CAST(" : "");
    HS_TRY(add_path(p, b, r));
    if (cast) {
        hs_buf_addz(b, " AS ");
        p->sql->add_type(b, as);
        hs_buf_addc(b, ')');
    }
    hs_buf_addz(b, guard ? " END" : "");
    return HS_OK;
}

static bool is_text_safe(hs_str s)
{
    return hs_utf8_valid(s) && !(s.len && memchr(s.at, 0, s.len));
}

static hs_rc add_number(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r, const struct hs_type *as)
{
    if (!r->type || !can_cast(p, b, r->type, as))
        return say_not(p, b, as);
    bool cast = !same_shape(r->type, as);
    hs_buf_addz(b, cast ? "CAST(" : "");
    HS_TRY(hs_print_arithmetic(p, b, r));
    if (cast) {
        hs_buf_addz(b, " AS ");
        p->sql->add_type(b, as);
        hs_buf_addc(b, ')');
    }
    return HS_OK;
}

hs_rc hs_print_operand(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r, const struct hs_type *as)
{
    bool text = as->id == HS_T_STRING && *p->sql->text_order;
    hs_buf_addz(b, text ? "(" : "");
    if (r->op == HS_RULE_FIELD)
        HS_TRY(add_field(p, b, r, as));
    else if (r->op == HS_RULE_LITERAL && (!has_type(p, b, as) || !is_text_safe(r->value.text)))
        HS_TRY(say_not(p, b, as));
    else if (r->op == HS_RULE_LITERAL)
        p->sql->add_literal(b, &r->value, as);
    else if (as->id == HS_T_BOOLEAN)
        HS_TRY(hs_print_rule(p, b, r));
    else
        HS_TRY(add_number(p, b, r, as));
    if (text)
        hs_buf_addf(b, "%s)", p->sql->text_order);
    return HS_OK;
}

/* ---- tests ---- */

static hs_rc add_between(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    static const char *const words[] = {"(", " BETWEEN ", " AND "};
    for (size_t i = 0; i < 3; i++) {
        hs_buf_addz(b, words[i]);
        HS_TRY(hs_print_operand(p, b, r->args[i], r->type));
    }
    hs_buf_addc(b, ')');
    return HS_OK;
}

static hs_rc add_compared(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r, const char *mark)
{
    hs_buf_addc(b, '(');
    HS_TRY(hs_print_operand(p, b, r->args[0], r->type));
    hs_buf_addz(b, mark);
    HS_TRY(hs_print_operand(p, b, r->args[1], r->type));
    hs_buf_addc(b, ')');
    return HS_OK;
}

static hs_rc add_match(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    struct hs_buf x, y;
    hs_buf_init(&x, p->max);
    hs_buf_init(&y, p->max);
    hs_rc rc = hs_print_operand(p, &x, r->args[0], r->type);
    if (rc == HS_OK)
        rc = hs_print_operand(p, &y, r->args[1], r->type);
    if (rc == HS_OK)
        p->sql->add_match(b, r->op, hs_buf_str(&x), hs_buf_str(&y));
    b->failed |= x.failed || y.failed;
    hs_buf_fini(&x);
    hs_buf_fini(&y);
    return rc;
}

static bool is_null_literal(const struct hs_rule *r)
{
    return r->op == HS_RULE_LITERAL && r->value.kind == HS_V_NULL;
}

/* Constants in one list, everything else beside it, joined by OR, which is what IN means. A NULL never stands in the
 * list: Trino 476 takes `x in (1, 2, NULL)` for `x is null or x between 1 and 2` (trinodb/trino#31068). */
static hs_rc add_in_parts(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    size_t constants = 0, parts = 0;
    bool null = false;
    for (size_t i = 1; i < r->arg_count; i++) {
        const struct hs_rule *arg = r->args[i];
        null |= is_null_literal(arg);
        if (arg->op != HS_RULE_LITERAL || is_null_literal(arg))
            continue;
        if (constants++ == 0) {
            HS_TRY(hs_print_operand(p, b, r->args[0], r->type));
            hs_buf_addz(b, " IN (");
            parts++;
        } else
            hs_buf_addz(b, ", ");
        HS_TRY(hs_print_operand(p, b, arg, r->type));
    }
    hs_buf_addz(b, constants ? ")" : "");
    for (size_t i = 1; i < r->arg_count; i++) {
        if (r->args[i]->op == HS_RULE_LITERAL)
            continue;
        hs_buf_addz(b, parts++ ? " OR " : "");
        HS_TRY(hs_print_operand(p, b, r->args[0], r->type));
        hs_buf_addz(b, " = ");
        HS_TRY(hs_print_operand(p, b, r->args[i], r->type));
    }
    if (null)
        hs_buf_addz(b, parts ? " OR CAST(NULL AS BOOLEAN)" : "CAST(NULL AS BOOLEAN)");
    return HS_OK;
}

static hs_rc add_in(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    hs_buf_addz(b, r->arg_count == 1 ? "(CASE WHEN " : "(");
    if (r->arg_count == 1) {
        HS_TRY(hs_print_operand(p, b, r->args[0], r->type));
        hs_buf_addz(b, " IS NOT NULL THEN FALSE END");
    } else
        HS_TRY(add_in_parts(p, b, r));
    hs_buf_addc(b, ')');
    return HS_OK;
}

static hs_rc add_test(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    static const char *const marks[] = {
        [HS_RULE_EQ] = " = ",  [HS_RULE_NE] = " <> ", [HS_RULE_LT] = " < ",
        [HS_RULE_LE] = " <= ", [HS_RULE_GT] = " > ",  [HS_RULE_GE] = " >= ",
    };
    size_t before = b->len;
    bool outer = p->unsaid;
    hs_rc rc;
    if (!r->type) { /* nothing but NULLs on either side */
        hs_buf_addz(b, "CAST(NULL AS BOOLEAN)");
        return HS_OK;
    }
    p->unsaid = false;
    if (r->op == HS_RULE_IN)
        rc = add_in(p, b, r);
    else if (r->op == HS_RULE_BETWEEN)
        rc = add_between(p, b, r);
    else if (r->op == HS_RULE_STARTS_WITH || r->op == HS_RULE_ENDS_WITH || r->op == HS_RULE_CONTAINS)
        rc = add_match(p, b, r);
    else
        rc = add_compared(p, b, r, marks[r->op]);
    if (rc == HS_OK && p->unsaid && !b->failed) {
        b->len = before;
        hs_buf_addz(b, "CAST(NULL AS BOOLEAN)");
        p->fit = HS_FIT_STRICTER;
    }
    p->unsaid = outer;
    return rc;
}

/* The one test that answers unknown with something else: what is not exact inside it stays unknown here, too. */
static hs_rc add_is_null(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    const struct hs_rule *arg = r->args[0];
    enum hs_fit fit = p->fit;
    size_t before = b->len;
    if (arg->op == HS_RULE_LITERAL) {
        hs_buf_addz(b, arg->value.kind == HS_V_NULL ? "TRUE" : "FALSE");
        return HS_OK;
    }
    bool object = arg->op == HS_RULE_FIELD && arg->type && arg->type->id == HS_T_STRUCT;
    bool outer = p->unsaid;
    p->fit = HS_FIT_EXACT;
    p->unsaid = false;
    hs_buf_addz(b, object ? p->sql->is_null[0] : "(");
    if (arg->op == HS_RULE_FIELD)
        HS_TRY(add_path(p, b, arg)); /* as stored: what is no number is not NULL here */
    else if (hs_rule_is_arithmetic(arg->op) && arg->type)
        HS_TRY(hs_print_operand(p, b, arg, arg->type));
    else
        HS_TRY(hs_print_rule(p, b, arg));
    hs_buf_addz(b, object ? p->sql->is_null[1] : " IS NULL)");
    p->fit = p->unsaid ? HS_FIT_STRICTER : p->fit;
    p->unsaid = outer;
    if (p->fit == HS_FIT_STRICTER && !b->failed) {
        b->len = before;
        hs_buf_addz(b, "CAST(NULL AS BOOLEAN)");
    } else
        p->fit = fit;
    return HS_OK;
}

/* ---- any and all ---- */

static hs_rc add_condition(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r, hs_str list)
{
    struct hs_buf element, condition;
    int n = ++p->variables;
    hs_buf_init(&element, p->max);
    hs_buf_init(&condition, p->max);
    p->sql->add_variable(&element, list, n);
    p->scopes[p->scope_count++] = hs_buf_str(&element);
    hs_rc rc = hs_print_rule(p, &condition, r->args[1]);
    p->scope_count--;
    if (rc == HS_OK)
        p->sql->add_any(b, r->op == HS_RULE_ALL, list, n, hs_buf_str(&condition));
    b->failed |= element.failed || condition.failed;
    hs_buf_fini(&element);
    hs_buf_fini(&condition);
    return rc;
}

static hs_rc add_any(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    const struct hs_rule *field = r->args[0];
    struct hs_buf list;
    if (field->op != HS_RULE_FIELD || !field->type || field->type->id != HS_T_LIST || !has_type(p, b, field->type) ||
        p->scope_count == HS_MAX_SCOPES) {
        p->fit = HS_FIT_STRICTER;
        hs_buf_addz(b, "CAST(NULL AS BOOLEAN)");
        return HS_OK;
    }
    hs_buf_init(&list, p->max);
    hs_buf_addc(b, '(');
    hs_rc rc = add_path(p, &list, field);
    if (rc == HS_OK)
        rc = add_condition(p, b, r, hs_buf_str(&list));
    hs_buf_addc(b, ')');
    b->failed |= list.failed;
    hs_buf_fini(&list);
    return rc;
}

/* ---- the tree ---- */

static hs_rc add_chain(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r, const char *word)
{
    hs_buf_addc(b, '(');
    for (size_t i = 0; i < r->arg_count; i++) {
        hs_buf_addz(b, i ? word : "");
        HS_TRY(hs_print_rule(p, b, r->args[i]));
    }
    hs_buf_addc(b, ')');
    return HS_OK;
}

static hs_rc add_node(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    static const struct hs_type boolean = {.id = HS_T_BOOLEAN};
    switch (r->op) {
    case HS_RULE_LITERAL:
    case HS_RULE_FIELD:
        return hs_print_operand(p, b, r, &boolean);
    case HS_RULE_AND:
        return add_chain(p, b, r, " AND ");
    case HS_RULE_OR:
        return add_chain(p, b, r, " OR ");
    case HS_RULE_NOT:
        hs_buf_addz(b, "(NOT ");
        HS_TRY(hs_print_rule(p, b, r->args[0]));
        hs_buf_addc(b, ')');
        return HS_OK;
    case HS_RULE_IS_NULL:
        return add_is_null(p, b, r);
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
        return add_test(p, b, r);
    case HS_RULE_ANY:
    case HS_RULE_ALL:
        return add_any(p, b, r);
    case HS_RULE_PRINCIPAL:
    case HS_RULE_REQUEST:
    case HS_RULE_LOOKUP:
        return hs_fail_hidden(p->err, HS_INTERNAL,
                              "an attribute, fact or lookup without its value reached the printer");
    case HS_RULE_ADD:
    case HS_RULE_SUB:
    case HS_RULE_MUL:
    case HS_RULE_DIV:
    case HS_RULE_MOD:
    case HS_RULE_NEG:
    case HS_RULE_SPAN:
        break;
    }
    return hs_fail_hidden(p->err, HS_INTERNAL, "a number where a condition is expected");
}

hs_rc hs_print_rule(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    if (b->failed)
        return hs_buf_done(b, p->err);
    if (++p->depth > 512)
        return hs_fail_hidden(p->err, HS_INTERNAL, "a rule nested too deep");
    HS_TRY(add_node(p, b, r));
    p->depth--;
    return HS_OK;
}

void hs_buf_add_not_carried(struct hs_buf *b, const struct hs_decision *d)
{
    const struct hs_limits *l = &d->limits;
    bool quota = l->rows_per_day || l->bytes_per_day, ends = d->valid_until_us != 0;
    if (ends) {
        hs_buf_addz(b, "until ");
        hs_buf_add_time(b, d->valid_until_us);
    }
    hs_buf_addz(b, ends && quota ? "; " : "");
    hs_buf_addz(b, quota ? "quota not carried" : "");
}

bool hs_dialect_names_clash(const struct hs_decision *d)
{
    const hs_str ours = HS_S(HS_DIALECT_VARIABLE);
    for (size_t i = 0; i < d->bound->field_count; i++) {
        hs_str name = d->bound->fields[i].name;
        if (name.len >= ours.len && hs_str_eq_nocase(hs_str_n(name.at, ours.len), ours))
            return true;
    }
    return false;
}

hs_rc hs_print_dialect_rows(struct hs_buf *out, const struct hs_dialect *sql, const struct hs_decision *d,
                            enum hs_fit *out_fit, struct hs_err *err)
{
    struct hs_rule_printer p = {.sql = sql, .max = out->max, .err = err};
    if (!d->allowed)
        return hs_fail_hidden(err, HS_INTERNAL, "rows of a table that is not allowed");
    if (d->minimum)
        return hs_fail(err, HS_UNSUPPORTED, HS_ONLY_AGGREGATES);
    if (hs_dialect_names_clash(d))
        return hs_fail(err, HS_UNSUPPORTED, "a column is named like a variable (" HS_DIALECT_VARIABLE "...)");
    if (d->rows)
        HS_TRY(hs_print_rule(&p, out, d->rows));
    HS_TRY(hs_buf_done(out, err));
    *out_fit = p.fit;
    return HS_OK;
}
