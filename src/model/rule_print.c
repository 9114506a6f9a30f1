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
        hs_buf_add_time_of_day(b, v->i);
        hs_buf_addc(b, '\'');
        return;
    }
}

/* How tightly a node holds together: what stands in a place for something tighter gets parentheses. */
enum level { LEVEL_TEST, LEVEL_SUM, LEVEL_PRODUCT, LEVEL_SIGN, LEVEL_OPERAND };

static enum level level_of(const struct hs_rule *r)
{
    const struct hs_value *v = &r->value;
    switch ((int)r->op) {
    case HS_RULE_LITERAL:
        return (v->kind == HS_V_INT && v->i < 0) || (v->kind == HS_V_NUMBER && v->text.at[0] == '-') ? LEVEL_SIGN
                                                                                                     : LEVEL_OPERAND;
    case HS_RULE_FIELD:
    case HS_RULE_PRINCIPAL:
    case HS_RULE_REQUEST:
    case HS_RULE_SPAN:
    case HS_RULE_ANY:
    case HS_RULE_ALL:
        return LEVEL_OPERAND;
    case HS_RULE_NEG:
        return LEVEL_SIGN;
    case HS_RULE_MUL:
    case HS_RULE_DIV:
    case HS_RULE_MOD:
        return LEVEL_PRODUCT;
    case HS_RULE_ADD:
    case HS_RULE_SUB:
        return LEVEL_SUM;
    default:
        return LEVEL_TEST;
    }
}

static void add_in_parens(struct hs_buf *b, const struct hs_rule *r, bool parens)
{
    if (parens)
        hs_buf_addc(b, '(');
    hs_buf_add_rule(b, r);
    if (parens)
        hs_buf_addc(b, ')');
}

static void add_operand_of(struct hs_buf *b, const struct hs_rule *r, enum level at_least)
{
    add_in_parens(b, r, level_of(r) < at_least);
}

static void add_operand(struct hs_buf *b, const struct hs_rule *r)
{
    add_operand_of(b, r, LEVEL_SUM);
}

static void add_arithmetic(struct hs_buf *b, const struct hs_rule *r, const char *sign)
{
    enum level own = level_of(r);
    if (r->op == HS_RULE_NEG) { /* a number after the sign would be read as one literal */
        hs_buf_addc(b, '-');
        add_in_parens(b, r->args[0], r->args[0]->op == HS_RULE_LITERAL || level_of(r->args[0]) < LEVEL_OPERAND);
        return;
    }
    add_operand_of(b, r->args[0], own);
    hs_buf_addf(b, " %s ", sign);
    add_operand_of(b, r->args[1], own + 1);
}

/* A lookup's condition takes in whatever follows it. */
static bool is_open_ended(const struct hs_rule *r)
{
    while (r->op == HS_RULE_NOT)
        r = r->args[0];
    return r->op == HS_RULE_LOOKUP && r->arg_count > 1;
}

static void add_chain(struct hs_buf *b, const struct hs_rule *r, const char *word)
{
    for (size_t i = 0; i < r->arg_count; i++) {
        enum hs_rule_op op = r->args[i]->op;
        if (i)
            hs_buf_addz(b, word);
        add_in_parens(b, r->args[i],
                      op == HS_RULE_OR || (op == HS_RULE_AND && r->op == HS_RULE_AND) || is_open_ended(r->args[i]));
    }
}

static void add_path(struct hs_buf *b, const struct hs_rule *r)
{
    if (!r->path_names && !r->base) {
        hs_buf_adds(b, r->text);
        return;
    }
    if (r->base)
        hs_buf_addz(b, r->base == HS_BASE_ROW ? "row" : "element");
    for (size_t i = 0; i < r->path_len; i++) {
        if (i || r->base)
            hs_buf_addc(b, '.');
        add_name(b, r->path_names[i]);
    }
}

static void add_call(struct hs_buf *b, const struct hs_rule *r, hs_str word)
{
    hs_buf_addf(b, "%.*s(", HS_FMT(word));
    for (size_t i = 0; i < r->arg_count; i++) {
        hs_buf_addz(b, i ? ", " : "");
        add_in_parens(b, r->args[i], i == 0 && level_of(r->args[i]) < LEVEL_SUM);
    }
    hs_buf_addc(b, ')');
}

static void add_lookup(struct hs_buf *b, const struct hs_rule *r)
{
    add_path(b, r);
    if (r->arg_count > 1) {
        hs_buf_addz(b, " where ");
        hs_buf_add_rule(b, r->args[1]);
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
           op == HS_RULE_ENDS_WITH || op == HS_RULE_CONTAINS || op == HS_RULE_LOOKUP;
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
    } else if (r->op == HS_RULE_LOOKUP) {
        hs_buf_addf(b, " %sin ", not );
        add_lookup(b, r);
    } else {
        hs_buf_addf(b, " %s%s ", not,
                    r->op == HS_RULE_CONTAINS      ? "contains"
                    : r->op == HS_RULE_STARTS_WITH ? "starts with"
                                                   : "ends with");
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
    case HS_RULE_CONTAINS:
    case HS_RULE_LOOKUP:
        add_word_test(b, r, false);
        return;
    case HS_RULE_REQUEST:
        hs_buf_addf(b, "request.%.*s", HS_FMT(hs_rule_facts[r->unit]));
        return;
    case HS_RULE_SPAN:
        add_call(b, r, hs_rule_units[r->unit]);
        return;
    case HS_RULE_ANY:
        add_call(b, r, HS_S("any"));
        return;
    case HS_RULE_ALL:
        add_call(b, r, HS_S("all"));
        return;
    case HS_RULE_ADD:
        add_arithmetic(b, r, "+");
        return;
    case HS_RULE_SUB:
        add_arithmetic(b, r, "-");
        return;
    case HS_RULE_MUL:
        add_arithmetic(b, r, "*");
        return;
    case HS_RULE_DIV:
        add_arithmetic(b, r, "/");
        return;
    case HS_RULE_MOD:
        add_arithmetic(b, r, "%");
        return;
    case HS_RULE_NEG:
        add_arithmetic(b, r, "-");
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
    if (a->path_len != b->path_len || a->base != b->base || a->scope != b->scope ||
        (a->path_ids == NULL) != (b->path_ids == NULL))
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
    if ((a->op == HS_RULE_FIELD || a->op == HS_RULE_LOOKUP) && !same_path(a, b))
        return false;
    if (a->unit != b->unit || a->lookup != b->lookup)
        return false;
    for (size_t i = 0; i < a->arg_count; i++)
        if (!hs_rule_same(a->args[i], b->args[i]))
            return false;
    return true;
}
