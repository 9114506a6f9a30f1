/* Folding: what does not depend on a row becomes a constant, so that files can still be left out by what remains and
 * nobody prints what is known. Three-valued: UNKNOWN is kept where it can make a difference. */
#include "model/rule_internal.h"

static bool is_literal(const struct hs_rule *r, enum hs_value_kind kind)
{
    return r->op == HS_RULE_LITERAL && r->value.kind == kind;
}

static void become(struct hs_rule *r, struct hs_value v)
{
    *r = (struct hs_rule){.op = HS_RULE_LITERAL, .value = v, .line = r->line, .column = r->column};
}

/* TRUE says nothing in an AND, FALSE says everything; in an OR the other way round. */
static void fold_chain(struct hs_rule *r)
{
    bool all = r->op == HS_RULE_AND;
    size_t kept = 0;
    for (size_t i = 0; i < r->arg_count; i++) {
        struct hs_rule *arg = r->args[i];
        if (is_literal(arg, HS_V_BOOL) && (arg->value.i != 0) != all) {
            become(r, arg->value);
            return;
        }
        if (!is_literal(arg, HS_V_BOOL))
            r->args[kept++] = arg;
    }
    r->arg_count = kept;
    if (kept == 0)
        become(r, (struct hs_value){.kind = HS_V_BOOL, .i = all});
    else if (kept == 1)
        *r = *r->args[0];
}

static hs_rc fold_test(struct hs_arena *a, struct hs_rule *r, struct hs_err *err)
{
    struct hs_value few[8], *values = few, result;
    bool known = false;
    for (size_t i = 0; i < r->arg_count; i++)
        if (r->args[i]->op != HS_RULE_LITERAL)
            return HS_OK;
    if (r->arg_count > sizeof few / sizeof few[0])
        values = hs_arena_array(a, r->arg_count, sizeof *values);
    if (!values)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < r->arg_count; i++)
        values[i] = r->args[i]->value;
    HS_TRY(hs_rule_compute(a, r, values, &known, &result, err));
    if (known)
        become(r, result);
    return HS_OK;
}

hs_rc hs_rule_fold(struct hs_arena *a, struct hs_rule *r, struct hs_err *err)
{
    if (r->op == HS_RULE_SPAN || r->op == HS_RULE_LOOKUP || hs_rule_is_arithmetic(r->op))
        return HS_OK; /* binding folded these, and what a lookup says is not known yet */
    for (size_t i = 0; i < r->arg_count; i++)
        HS_TRY(hs_rule_fold(a, r->args[i], err));
    if (r->op == HS_RULE_AND || r->op == HS_RULE_OR)
        fold_chain(r);
    else if (r->arg_count && r->op != HS_RULE_ANY && r->op != HS_RULE_ALL)
        return fold_test(a, r, err);
    return HS_OK;
}
