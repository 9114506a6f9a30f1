/* A rule as JSON, for the oracles of tests/policy and tests/dialects: ["and", ...], ["field", PATH, BASE], ["literal",
 * KIND, TEXT], ["request", FACT], ["span", UNIT, AMOUNT], ["lookup", PATH, LEFT, CONDITION?]. */
#ifndef HS_POLICY_TEST_RULE_JSON_H
#define HS_POLICY_TEST_RULE_JSON_H

#include "model/rule_internal.h"
#include "policy/test/world.h"

static void put_literal(struct hs_buf *b, const struct hs_value *v)
{
    struct hs_buf text;
    hs_buf_init(&text, 1 << 12);
    hs_buf_add_value(&text, v);
    hs_buf_addf(b, ", %d, ", (int)v->kind);
    hs_buf_add_json(b, v->kind == HS_V_TEXT ? v->text : hs_buf_str(&text));
    hs_buf_fini(&text);
}

static void put_rule(struct hs_buf *b, const struct hs_rule *r)
{
    static const char *const names[] = {
        [HS_RULE_LITERAL] = "literal",
        [HS_RULE_FIELD] = "field",
        [HS_RULE_PRINCIPAL] = "principal",
        [HS_RULE_AND] = "and",
        [HS_RULE_OR] = "or",
        [HS_RULE_NOT] = "not",
        [HS_RULE_EQ] = "=",
        [HS_RULE_NE] = "<>",
        [HS_RULE_LT] = "<",
        [HS_RULE_LE] = "<=",
        [HS_RULE_GT] = ">",
        [HS_RULE_GE] = ">=",
        [HS_RULE_IN] = "in",
        [HS_RULE_BETWEEN] = "between",
        [HS_RULE_IS_NULL] = "is null",
        [HS_RULE_STARTS_WITH] = "starts",
        [HS_RULE_ENDS_WITH] = "ends",
        [HS_RULE_CONTAINS] = "contains",
        [HS_RULE_REQUEST] = "request",
        [HS_RULE_ADD] = "+",
        [HS_RULE_SUB] = "-",
        [HS_RULE_MUL] = "*",
        [HS_RULE_DIV] = "/",
        [HS_RULE_MOD] = "%",
        [HS_RULE_NEG] = "neg",
        [HS_RULE_SPAN] = "span",
        [HS_RULE_ANY] = "any",
        [HS_RULE_ALL] = "all",
        [HS_RULE_LOOKUP] = "lookup",
    };
    if (!r) {
        hs_buf_addz(b, "null");
        return;
    }
    hs_buf_addf(b, "[\"%s\"", names[r->op]);
    if (r->op == HS_RULE_FIELD || r->op == HS_RULE_PRINCIPAL || r->op == HS_RULE_LOOKUP) {
        hs_buf_addz(b, ", ");
        hs_buf_add_json(b, r->text);
        if (r->op == HS_RULE_FIELD)
            hs_buf_addf(b, ", %d", (int)r->base);
    } else if (r->op == HS_RULE_LITERAL) {
        put_literal(b, &r->value);
    } else if (r->op == HS_RULE_REQUEST || r->op == HS_RULE_SPAN) {
        hs_buf_addz(b, ", ");
        hs_buf_add_json(b, r->op == HS_RULE_SPAN ? hs_rule_units[r->unit] : hs_rule_facts[r->unit]);
    }
    for (size_t i = 0; i < r->arg_count; i++) {
        hs_buf_addz(b, ", ");
        put_rule(b, r->args[i]);
    }
    hs_buf_addc(b, ']');
}

#endif
