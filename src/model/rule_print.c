/* The tree as text again, canonical: parse(print(x)) equals x, and equal trees print alike. Parentheses stand
 * exactly where the parser would otherwise build another tree. */
#include "model/rule_internal.h"

static void add_name(struct hs_buf *b, hs_str name)
{
    if (hs_rule_is_bare_name(name))
        hs_buf_adds(b, name);
    else
        hs_buf_add_sql_name(b, name);
}

static void add_list(struct hs_buf *b, const struct hs_value *v)
{
    hs_buf_addc(b, '[');
    for (size_t i = 0; i < v->item_count; i++) {
        if (i)
            hs_buf_addz(b, ", ");
        if (v->items[i].kind != HS_V_LIST) /* a list of lists is refused wherever one is used */
            hs_buf_add_value(b, &v->items[i]);
    }
    hs_buf_addc(b, ']');
}

void hs_buf_add_value(struct hs_buf *b, const struct hs_value *v)
{
    switch (v->kind) {
    case HS_V_NULL:
        hs_buf_addz(b, "null");
        return;
    case HS_V_BOOL:
        hs_buf_addz(b, v->i ? "true" : "false");
        return;
    case HS_V_INT:
        hs_buf_addf(b, "%lld", (long long)v->i);
        return;
    case HS_V_NUMBER:
        hs_buf_adds(b, v->text);
        return;
    case HS_V_TEXT:
        hs_buf_add_sql_text(b, v->text);
        return;
    case HS_V_DATE:
        hs_buf_addz(b, "date '");
        hs_buf_add_date(b, v->i);
        hs_buf_addc(b, '\'');
        return;
    case HS_V_TIMESTAMP:
        hs_buf_addz(b, "timestamp '");
        hs_buf_add_timestamp(b, v->i, v->utc);
        hs_buf_addc(b, '\'');
        return;
    case HS_V_LIST:
        add_list(b, v);
        return;
    case HS_V_TIME:
        hs_buf_addz(b, "time '");
        hs_buf_add_time(b, v->i);
        hs_buf_addc(b, '\'');
        return;
    }
}

static bool is_operand(const struct hs_rule *r)
{
    return r->op == HS_RULE_LITERAL || r->op == HS_RULE_FIELD || r->op == HS_RULE_PRINCIPAL;
}

static void add_in_parens(struct hs_buf *b, const struct hs_rule *r, bool parens)
{
    if (parens)
        hs_buf_addc(b, '(');
    hs_buf_add_rule(b, r);
    if (parens)
        hs_buf_addc(b, ')');
}

static void add_operand(struct hs_buf *b, const struct hs_rule *r)
{
    add_in_parens(b, r, !is_operand(r));
}

static void add_chain(struct hs_buf *b, const struct hs_rule *r, const char *word)
{
    for (size_t i = 0; i < r->arg_count; i++) {
        enum hs_rule_op op = r->args[i]->op;
        if (i)
            hs_buf_addz(b, word);
        add_in_parens(b, r->args[i], op == HS_RULE_OR || (op == HS_RULE_AND && r->op == HS_RULE_AND));
    }
}

static void add_path(struct hs_buf *b, const struct hs_rule *r)
{
    if (!r->path_names) {
        hs_buf_adds(b, r->text);
        return;
    }
    for (size_t i = 0; i < r->path_len; i++) {
        if (i)
            hs_buf_addc(b, '.');
        add_name(b, r->path_names[i]);
    }
}

static void add_principal(struct hs_buf *b, const struct hs_rule *r)
{
    hs_buf_addz(b, "principal.");
    add_name(b, r->text);
}

/* The tests that take "not" into their middle. */
static bool takes_not(enum hs_rule_op op)
{
    return op == HS_RULE_IN || op == HS_RULE_BETWEEN || op == HS_RULE_IS_NULL || op == HS_RULE_STARTS_WITH ||
           op == HS_RULE_ENDS_WITH;
}

static void add_word_test(struct hs_buf *b, const struct hs_rule *r, bool no)
{
    add_operand(b, r->args[0]);
    const char *not = no ? "not " : "";
    if (r->op == HS_RULE_IS_NULL) {
        hs_buf_addf(b, " is %snull", not );
    } else if (r->op == HS_RULE_BETWEEN) {
        hs_buf_addf(b, " %sbetween ", not );
        add_operand(b, r->args[1]);
        hs_buf_addz(b, " and ");
        add_operand(b, r->args[2]);
    } else if (r->op == HS_RULE_IN) {
        hs_buf_addf(b, " %sin (", not );
        for (size_t i = 1; i < r->arg_count; i++) {
            if (i > 1)
                hs_buf_addz(b, ", ");
            add_operand(b, r->args[i]);
        }
        hs_buf_addc(b, ')');
    } else {
        hs_buf_addf(b, " %s%s with ", not, r->op == HS_RULE_STARTS_WITH ? "starts" : "ends");
        add_operand(b, r->args[1]);
    }
}

static void add_comparison(struct hs_buf *b, const struct hs_rule *r, const char *mark)
{
    add_operand(b, r->args[0]);
    hs_buf_addf(b, " %s ", mark);
    add_operand(b, r->args[1]);
}

static void add_not(struct hs_buf *b, const struct hs_rule *inner)
{
    if (takes_not(inner->op)) {
        add_word_test(b, inner, true);
        return;
    }
    hs_buf_addz(b, "not ");
    add_in_parens(b, inner, inner->op == HS_RULE_AND || inner->op == HS_RULE_OR);
}

void hs_buf_add_rule(struct hs_buf *b, const struct hs_rule *r)
{
    switch (r->op) {
    case HS_RULE_LITERAL:
        hs_buf_add_value(b, &r->value);
        return;
    case HS_RULE_FIELD:
        add_path(b, r);
        return;
    case HS_RULE_PRINCIPAL:
        add_principal(b, r);
        return;
    case HS_RULE_AND:
        add_chain(b, r, " and ");
        return;
    case HS_RULE_OR:
        add_chain(b, r, " or ");
        return;
    case HS_RULE_NOT:
        add_not(b, r->args[0]);
        return;
    case HS_RULE_EQ:
        add_comparison(b, r, "=");
        return;
    case HS_RULE_NE:
        add_comparison(b, r, "<>");
        return;
    case HS_RULE_LT:
        add_comparison(b, r, "<");
        return;
    case HS_RULE_LE:
        add_comparison(b, r, "<=");
        return;
    case HS_RULE_GT:
        add_comparison(b, r, ">");
        return;
    case HS_RULE_GE:
        add_comparison(b, r, ">=");
        return;
    case HS_RULE_IN:
    case HS_RULE_BETWEEN:
    case HS_RULE_IS_NULL:
    case HS_RULE_STARTS_WITH:
    case HS_RULE_ENDS_WITH:
        add_word_test(b, r, false);
        return;
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
        return;
    }
}

static bool same_literal(const struct hs_value *a, const struct hs_value *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == HS_V_NULL)
        return true;
    if (a->kind == HS_V_INT)
        return a->i == b->i;
    if (a->kind == HS_V_NUMBER)
        return hs_str_eq(a->text, b->text);
    return hs_value_same(a, b);
}

static bool same_path(const struct hs_rule *a, const struct hs_rule *b)
{
    if (a->path_len != b->path_len || (a->path_ids == NULL) != (b->path_ids == NULL))
        return false;
    for (size_t i = 0; i < a->path_len; i++)
        if (a->path_ids ? a->path_ids[i] != b->path_ids[i] : !hs_str_eq(a->path_names[i], b->path_names[i]))
            return false;
    return true;
}

bool hs_rule_same(const struct hs_rule *a, const struct hs_rule *b)
{
    if (a->op != b->op || a->arg_count != b->arg_count)
        return false;
    if (a->op == HS_RULE_LITERAL && !same_literal(&a->value, &b->value))
        return false;
    if (a->op == HS_RULE_PRINCIPAL && !hs_str_eq(a->text, b->text))
        return false;
    if (a->op == HS_RULE_FIELD && !same_path(a, b))
        return false;
    for (size_t i = 0; i < a->arg_count; i++)
        if (!hs_rule_same(a->args[i], b->args[i]))
            return false;
    return true;
}
