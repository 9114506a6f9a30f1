/* A decision's row predicate in the words of the table format, for leaving out files that hold nothing for this person.
 * The engine applies the predicate to every row all the same; here it only has to be TRUE wherever the printed one is
 * (print_rule.c), so what has no exact counterpart becomes "any". Printed, NaN compares as NULL: TRUE less often than
 * the format's filter, which is as it may be. */
#include "access/access_in.h"
#include "access/filter.h"
#include "base/fault.h"
#include "iceberg/value.h"

#include <stdlib.h>

enum { MAX_TEXT = 64 };

struct translation {
    struct hs_arena *arena;
    bool no_memory;
};

static const struct hs_filter *any(void)
{
    return hs_filter_constant(HS_FILTER_ANY);
}

static const struct hs_filter *checked(struct translation *t, const struct hs_filter *f)
{
    t->no_memory |= f == NULL;
    return f ? f : any();
}

/* ---- literals ---- */

/* As CAST(text AS DOUBLE): both round to the nearest. */
static bool double_of(const struct hs_value *v, double *out)
{
    char text[MAX_TEXT];
    if (v->kind == HS_V_INT) {
        *out = (double)v->i;
        return true;
    }
    if (v->kind != HS_V_NUMBER || v->text.len >= sizeof text)
        return false;
    memcpy(text, v->text.at, v->text.len);
    text[v->text.len] = '\0';
    *out = strtod(text, NULL);
    return true;
}

static bool uuid_of(struct translation *t, hs_str text, struct hs_param *out)
{
    uint8_t bytes[16];
    if (!hs_uuid_of_text(text, bytes))
        return false;
    out->type = HS_T_UUID;
    out->text = hs_arena_str(t->arena, hs_str_n(bytes, sizeof bytes));
    t->no_memory |= !out->text.at;
    return out->text.at != NULL;
}

/* `as`: the type that the binder compares in; NULL: nothing but NULLs. */
static bool literal(struct translation *t, const struct hs_rule *r, const struct hs_type *as, struct hs_param *out)
{
    const struct hs_value *v = &r->value;
    *out = (struct hs_param){.i = v->i, .text = v->text};
    if (r->op != HS_RULE_LITERAL || !as)
        return false;
    out->null = v->kind == HS_V_NULL;
    if (out->null)
        return true;
    if (as->id == HS_T_DOUBLE || as->id == HS_T_FLOAT) {
        out->type = HS_T_DOUBLE;
        return as->id == HS_T_DOUBLE && double_of(v, &out->d);
    }
    switch (v->kind) {
    case HS_V_BOOL:
        out->type = HS_T_BOOLEAN;
        return true;
    case HS_V_INT:
        out->type = HS_T_LONG;
        out->text = (hs_str){0};
        return true;
    case HS_V_NUMBER:
        out->type = HS_T_DECIMAL;
        return true;
    case HS_V_TEXT:
        out->type = HS_T_STRING;
        return as->id == HS_T_STRING || (as->id == HS_T_UUID && uuid_of(t, v->text, out));
    case HS_V_DATE:
        out->type = HS_T_DATE;
        return true;
    case HS_V_TIMESTAMP:
        out->type = v->utc ? HS_T_TIMESTAMPTZ : HS_T_TIMESTAMP;
        return true;
    case HS_V_TIME:
        out->type = HS_T_TIME;
        return true;
    case HS_V_NULL:
    case HS_V_LIST:
        break;
    }
    return false;
}

/* ---- tests ---- */

static bool column(const struct hs_rule *r, int *out)
{
    if (r->op != HS_RULE_FIELD || r->path_len != 1 || !r->path_ids)
        return false;
    *out = r->path_ids[0];
    return true;
}

static const struct hs_filter *test(struct translation *t, enum hs_filter_op op, int id, const struct hs_param *values,
                                    size_t count)
{
    return checked(t, hs_filter_test(t->arena, op, id, values, count));
}

static enum hs_filter_op op_of(enum hs_rule_op op, bool turned)
{
    switch ((int)op) {
    case HS_RULE_EQ:
        return HS_FILTER_EQ;
    case HS_RULE_NE:
        return HS_FILTER_NE;
    case HS_RULE_LT:
        return turned ? HS_FILTER_GT : HS_FILTER_LT;
    case HS_RULE_LE:
        return turned ? HS_FILTER_GE : HS_FILTER_LE;
    case HS_RULE_GT:
        return turned ? HS_FILTER_LT : HS_FILTER_GT;
    case HS_RULE_GE:
        return turned ? HS_FILTER_LE : HS_FILTER_GE;
    case HS_RULE_STARTS_WITH:
        return turned ? HS_FILTER_ANY : HS_FILTER_STARTS_WITH;
    default:
        return HS_FILTER_ANY;
    }
}

/* column + days(30) > date is column > date - days(30), where the left side is not NULL because it would leave the
 * calendar; there the printed test is UNKNOWN, which is neither what is looked for nor its contrary. Months are not:
 * they cut days off. */
static bool unshift(const struct hs_rule *shifted, struct hs_param *value, const struct hs_rule **out_column)
{
    const int64_t day_us = 86400 * INT64_C(1000000), most_us = 400000 * INT64_C(1000000) * 86400 * 10;
    struct hs_rule_shift s;
    bool date = value->type == HS_T_DATE, moment = value->type == HS_T_TIMESTAMP || value->type == HS_T_TIMESTAMPTZ;
    if (!hs_rule_shift(shifted, &s) || s.unit == HS_UNIT_MONTHS || value->null || (!date && !moment))
        return false;
    int64_t step = date ? 1 : s.unit == HS_UNIT_DAYS ? day_us : day_us / 1440;
    int64_t to = value->i - s.count * step;
    if (to > (date ? most_us / day_us : most_us) || to < -(date ? most_us / day_us : most_us))
        return false;
    value->i = to;
    *out_column = shifted->args[0];
    return true;
}

static const struct hs_filter *comparison(struct translation *t, const struct hs_rule *r)
{
    struct hs_param value;
    int id;
    bool turned = r->arg_count == 2 && r->args[0]->op == HS_RULE_LITERAL;
    enum hs_filter_op op = op_of(r->op, turned);
    if (r->arg_count != 2 || op == HS_FILTER_ANY || !literal(t, r->args[!turned], r->type, &value))
        return any();
    const struct hs_rule *of = r->args[turned];
    if (of->op != HS_RULE_FIELD && !unshift(of, &value, &of))
        return any();
    if (!column(of, &id))
        return any();
    return test(t, op, id, &value, 1);
}

static const struct hs_filter *in_list(struct translation *t, const struct hs_rule *r)
{
    struct hs_param *values = hs_arena_array(t->arena, r->arg_count, sizeof *values);
    int id;
    if (!values)
        return checked(t, NULL);
    if (r->arg_count == 0 || !column(r->args[0], &id))
        return any();
    for (size_t i = 1; i < r->arg_count; i++)
        if (!literal(t, r->args[i], r->type, &values[i - 1]))
            return any();
    return test(t, HS_FILTER_IN, id, values, r->arg_count - 1);
}

static const struct hs_filter *between(struct translation *t, const struct hs_rule *r)
{
    struct hs_param low, high;
    int id;
    if (r->arg_count != 3 || !column(r->args[0], &id) || !literal(t, r->args[1], r->type, &low) ||
        !literal(t, r->args[2], r->type, &high))
        return any();
    const struct hs_filter *both[] = {test(t, HS_FILTER_GE, id, &low, 1), test(t, HS_FILTER_LE, id, &high, 1)};
    return checked(t, hs_filter_and(t->arena, both, 2));
}

static const struct hs_filter *translate(struct translation *t, const struct hs_rule *r);

static const struct hs_filter *chain(struct translation *t, const struct hs_rule *r)
{
    const struct hs_filter **parts = hs_arena_array(t->arena, r->arg_count, sizeof *parts);
    if (!parts)
        return checked(t, NULL);
    for (size_t i = 0; i < r->arg_count; i++)
        parts[i] = translate(t, r->args[i]);
    return checked(t, r->op == HS_RULE_AND ? hs_filter_and(t->arena, parts, r->arg_count)
                                           : hs_filter_or(t->arena, parts, r->arg_count));
}

static const struct hs_filter *alone(struct translation *t, const struct hs_rule *r)
{
    const struct hs_param yes = {.type = HS_T_BOOLEAN, .i = 1};
    int id;
    if (r->op == HS_RULE_FIELD)
        return column(r, &id) ? test(t, HS_FILTER_EQ, id, &yes, 1) : any();
    if (r->value.kind == HS_V_BOOL)
        return hs_filter_constant(r->value.i ? HS_FILTER_TRUE : HS_FILTER_FALSE);
    return r->value.kind == HS_V_NULL ? hs_filter_constant(HS_FILTER_UNKNOWN) : any();
}

static const struct hs_filter *translate(struct translation *t, const struct hs_rule *r)
{
    int id;
    switch (r->op) {
    case HS_RULE_LITERAL:
    case HS_RULE_FIELD:
        return alone(t, r);
    case HS_RULE_AND:
    case HS_RULE_OR:
        return chain(t, r);
    case HS_RULE_NOT:
        return checked(t, hs_filter_not(t->arena, translate(t, r->args[0])));
    case HS_RULE_EQ:
    case HS_RULE_NE:
    case HS_RULE_LT:
    case HS_RULE_LE:
    case HS_RULE_GT:
    case HS_RULE_GE:
    case HS_RULE_STARTS_WITH:
        return comparison(t, r);
    case HS_RULE_IN:
        return in_list(t, r);
    case HS_RULE_BETWEEN:
        return between(t, r);
    case HS_RULE_IS_NULL:
        return column(r->args[0], &id) ? test(t, HS_FILTER_IS_NULL, id, NULL, 0) : any();
    case HS_RULE_PRINCIPAL: /* filled in before */
    case HS_RULE_ENDS_WITH:
    case HS_RULE_CONTAINS:
    case HS_RULE_REQUEST:
    case HS_RULE_ADD:
    case HS_RULE_SUB:
    case HS_RULE_MUL:
    case HS_RULE_DIV:
    case HS_RULE_MOD:
    case HS_RULE_NEG:
    case HS_RULE_SPAN:
    case HS_RULE_ANY:
    case HS_RULE_ALL:
    case HS_RULE_LOOKUP:
        break;
    }
    return any();
}

hs_rc hs_filter_of_rule(struct hs_arena *a, const struct hs_rule *rule, const struct hs_filter **out,
                        struct hs_err *err)
{
    struct translation t = {.arena = a};
    /* as the printed rule: with that defence off what cannot be told lets rows through, and so must this */
    *out = rule && hs_defence("unknown-attribute") ? translate(&t, rule) : NULL;
    return t.no_memory ? hs_fail(err, HS_NOMEM, "out of memory") : HS_OK;
}
