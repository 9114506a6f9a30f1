/* Conditions that cannot be true for any row: almost always a slip, and one that nobody notices, for a grant then opens
 * nothing and a row rule hides everything. Looked for are two tests of one column that exclude each other, an empty
 * list, limits in the wrong order, and a comparison with null; all of it before anybody asks.
 *
 * Under a `not` the same slips open everything (not (time between 22:00 and 06:00) holds around the clock), and so do
 * two tests of which one is true for every value: region <> 'EU' or region <> 'US'. */
#include "policy/policy_in.h"

#include <stdio.h>
#include <stdlib.h>

struct search {
    struct hs_arena *arena;
    hs_str file;
    struct hs_err *err;
};

static hs_rc say(struct search *s, const char *what, const struct hs_rule *one, const char *join,
                 const struct hs_rule *other, const char *advice)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    hs_buf_add_rule(&b, one);
    if (other) {
        hs_buf_addz(&b, join);
        hs_buf_add_rule(&b, other);
    }
    hs_str text = hs_buf_str(&b);
    hs_rc rc = hs_fail(s->err, HS_INVALID, "%.*s:%d:%d: %s: %.*s%s%s", HS_FMT(s->file), one->line, one->column, what,
                       (int)(text.len < 200 ? text.len : 200), text.at, text.len < 200 ? "" : "...", advice);
    hs_buf_fini(&b);
    return rc;
}

static hs_rc tell(struct search *s, const struct hs_rule *one, const struct hs_rule *other, const char *advice)
{
    return say(s, "this can never be true", one, " and ", other, advice);
}

/* ---- tests of one column ---- */

static bool is_range(enum hs_rule_op op)
{
    return op == HS_RULE_LT || op == HS_RULE_LE || op == HS_RULE_GT || op == HS_RULE_GE || op == HS_RULE_BETWEEN;
}

static bool is_literal(const struct hs_rule *r)
{
    return r->op == HS_RULE_LITERAL && r->value.kind != HS_V_NULL;
}

static bool is_tested(const struct hs_rule *r)
{
    return r->op == HS_RULE_FIELD || r->op == HS_RULE_REQUEST;
}

/* A column or fact, then constants; `5 < x` is not looked at. */
static bool is_plain(const struct hs_rule *r)
{
    bool test = r->op == HS_RULE_EQ || r->op == HS_RULE_IN || is_range(r->op);
    if (!test || r->arg_count < 2 || !is_tested(r->args[0]))
        return false;
    for (size_t i = 1; i < r->arg_count; i++)
        if (!is_literal(r->args[i]))
            return false;
    return true;
}

static bool low_of(const struct hs_rule *r, const struct hs_value **out, bool *open)
{
    *out = &r->args[1]->value;
    *open = r->op == HS_RULE_GT;
    return r->op == HS_RULE_GT || r->op == HS_RULE_GE || r->op == HS_RULE_BETWEEN;
}

static bool high_of(const struct hs_rule *r, const struct hs_value **out, bool *open)
{
    *out = &r->args[r->op == HS_RULE_BETWEEN ? 2 : 1]->value;
    *open = r->op == HS_RULE_LT;
    return r->op == HS_RULE_LT || r->op == HS_RULE_LE || r->op == HS_RULE_BETWEEN;
}

static bool double_of(const struct hs_value *v, double *out)
{
    char text[80];
    if (v->kind == HS_V_INT)
        *out = (double)v->i;
    if (v->kind != HS_V_NUMBER || v->text.len >= sizeof text)
        return v->kind == HS_V_INT;
    memcpy(text, v->text.at, v->text.len);
    text[v->text.len] = '\0';
    *out = strtod(text, NULL);
    return true;
}

static bool crossed_doubles(const struct hs_value *low, const struct hs_value *high, bool open)
{
    double x, y;
    return double_of(low, &x) && double_of(high, &y) && (open ? y <= x : y < x);
}

/* As the test compares: two decimals may be one double. */
static bool by_doubles(const struct hs_rule *r)
{
    return r->type && (r->type->id == HS_T_DOUBLE || r->type->id == HS_T_FLOAT);
}

static hs_rc crossed(struct search *s, const struct hs_rule *a, const struct hs_rule *b, bool *out)
{
    struct hs_rule less = {.op = HS_RULE_LT, .arg_count = 2};
    struct hs_value result = {0}, pair[2];
    const struct hs_value *low, *high;
    bool low_open, high_open, known = false;
    if (!low_of(a, &low, &low_open) || !high_of(b, &high, &high_open))
        return HS_OK;
    if (by_doubles(a) || by_doubles(b)) {
        *out |= crossed_doubles(low, high, low_open || high_open);
        return HS_OK;
    }
    if (low_open || high_open)
        less.op = HS_RULE_LE;
    pair[0] = *high;
    pair[1] = *low;
    HS_TRY(hs_rule_compute(s->arena, &less, pair, &known, &result, s->err));
    *out |= known && result.kind == HS_V_BOOL && result.i;
    return HS_OK;
}

/* No value that `a` lists passes `b`. */
static hs_rc none_passes(struct search *s, const struct hs_rule *a, const struct hs_rule *b, bool *out)
{
    struct hs_value *values = hs_arena_array(s->arena, b->arg_count, sizeof *values);
    bool passes = false;
    if (!values)
        return hs_no_memory(s->err);
    for (size_t i = 1; i < b->arg_count; i++)
        values[i] = b->args[i]->value;
    for (size_t i = 1; i < a->arg_count && !passes; i++) {
        struct hs_value result = {0};
        bool known = false;
        values[0] = a->args[i]->value;
        HS_TRY(hs_rule_compute(s->arena, b, values, &known, &result, s->err));
        passes = !known || (result.kind == HS_V_BOOL && result.i);
    }
    *out |= !passes;
    return HS_OK;
}

static bool is_list(const struct hs_rule *r)
{
    return r->op == HS_RULE_EQ || r->op == HS_RULE_IN;
}

static bool same_subject(const struct hs_rule *a, const struct hs_rule *b)
{
    return a->arg_count && b->arg_count && is_tested(a->args[0]) && hs_rule_same(a->args[0], b->args[0]);
}

static hs_rc exclude(struct search *s, const struct hs_rule *a, const struct hs_rule *b, bool *out)
{
    if (!is_plain(a) || !is_plain(b))
        return HS_OK;
    if (is_list(a))
        return none_passes(s, a, b, out);
    if (is_list(b))
        return none_passes(s, b, a, out);
    HS_TRY(crossed(s, a, b, out));
    return crossed(s, b, a, out);
}

static hs_rc check_both(struct search *s, const struct hs_rule *a, const struct hs_rule *b)
{
    bool never = false;
    bool null = (a->op == HS_RULE_IS_NULL && is_plain(b)) || (b->op == HS_RULE_IS_NULL && is_plain(a));
    if (!same_subject(a, b))
        return HS_OK;
    if (null)
        return tell(s, a, b, " (did you mean 'or'?)");
    HS_TRY(exclude(s, a, b, &never));
    return never ? tell(s, a, b, " (did you mean 'or'?)") : HS_OK;
}

/* What holds for every value that the test does not; false: no plain test says that. */
static bool deny(const struct hs_rule *r, struct hs_rule *out)
{
    static const enum hs_rule_op ops[] = {[HS_RULE_NE] = HS_RULE_EQ,
                                          [HS_RULE_LT] = HS_RULE_GE,
                                          [HS_RULE_LE] = HS_RULE_GT,
                                          [HS_RULE_GT] = HS_RULE_LE,
                                          [HS_RULE_GE] = HS_RULE_LT};
    *out = r->op == HS_RULE_NOT ? *r->args[0] : *r;
    if (r->op == HS_RULE_NOT)
        return true;
    if ((size_t)r->op >= sizeof ops / sizeof ops[0] || !ops[r->op])
        return false;
    out->op = ops[r->op];
    return true;
}

static hs_rc check_either(struct search *s, const struct hs_rule *a, const struct hs_rule *b)
{
    struct hs_rule x, y;
    bool always = false;
    if (!deny(a, &x) || !deny(b, &y) || !same_subject(&x, &y))
        return HS_OK;
    HS_TRY(exclude(s, &x, &y, &always));
    return always ? say(s, "this is true for every value", a, " or ", b, " (did you mean 'and'?)") : HS_OK;
}

/* ---- one test ---- */

/* An empty list, too, means nothing under a `not`, but says so: `not in ()`. */
static hs_rc check_test(struct search *s, const struct hs_rule *r, bool under_not)
{
    bool compares = r->op == HS_RULE_EQ || r->op == HS_RULE_NE || (is_range(r->op) && r->op != HS_RULE_BETWEEN);
    bool never = false;
    if (r->op == HS_RULE_IN && r->arg_count == 1 && !under_not)
        return tell(s, r, NULL, " (the list is empty)");
    for (size_t i = 0; compares && i < r->arg_count; i++)
        if (r->args[i]->op == HS_RULE_LITERAL && r->args[i]->value.kind == HS_V_NULL)
            return tell(s, r, NULL,
                        r->op == HS_RULE_NE ? " (did you mean 'is not null'?)" : " (did you mean 'is null'?)");
    bool limits = r->op == HS_RULE_BETWEEN && is_literal(r->args[1]) && is_literal(r->args[2]);
    if (limits) {
        HS_TRY(crossed(s, r, r, &never));
        return never ? tell(s, r, NULL, " (the smaller value comes first)") : HS_OK;
    }
    return HS_OK;
}

static hs_rc check_constant(struct search *s, const struct hs_rule *r)
{
    struct hs_value values[3], result = {0};
    bool known = false, constant = r->arg_count > 0 && r->arg_count <= 3;
    for (size_t i = 0; constant && i < r->arg_count; i++) {
        constant = r->args[i]->op == HS_RULE_LITERAL;
        values[i] = r->args[i]->value;
    }
    if (!constant || hs_rule_is_arithmetic(r->op) || r->op == HS_RULE_SPAN)
        return HS_OK;
    HS_TRY(hs_rule_compute(s->arena, r, values, &known, &result, s->err));
    return known && !(result.kind == HS_V_BOOL && result.i) ? tell(s, r, NULL, "") : HS_OK;
}

static hs_rc search(struct search *s, const struct hs_rule *r, bool under_not)
{
    if (r->op == HS_RULE_NOT)
        return search(s, r->args[0], !under_not);
    if (r->op == HS_RULE_ANY)
        return search(s, r->args[1], under_not);
    if (r->op != HS_RULE_AND && r->op != HS_RULE_OR) {
        HS_TRY(check_test(s, r, under_not));
        return under_not ? HS_OK : check_constant(s, r);
    }
    for (size_t i = 0; i < r->arg_count; i++) {
        HS_TRY(search(s, r->args[i], under_not));
        for (size_t j = 0; j < i && i < 256; j++)
            HS_TRY(r->op == HS_RULE_AND ? check_both(s, r->args[j], r->args[i])
                                        : check_either(s, r->args[j], r->args[i]));
    }
    return HS_OK;
}

hs_rc hs_rule_check_possible(struct hs_arena *a, const struct hs_rule *bound, hs_str file, struct hs_err *err)
{
    struct search s = {a, file, err};
    return search(&s, bound, false);
}
