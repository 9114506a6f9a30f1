/* The rule parser's lower half: what stands on either side of a test. Arithmetic binds as everywhere (sign, product,
 * sum, to the left); a sign directly before a number is part of the number, so that the smallest one can be written. */
#include "model/rule_internal.h"

#include <stdio.h>

const hs_str hs_rule_facts[HS_FACT_COUNT] = {
    [HS_FACT_PURPOSE] = {"purpose", 7}, [HS_FACT_WORKSPACE] = {"workspace", 9},
    [HS_FACT_TODAY] = {"today", 5},     [HS_FACT_NOW] = {"now", 3},
    [HS_FACT_WEEKDAY] = {"weekday", 7}, [HS_FACT_TIME_OF_DAY] = {"time_of_day", 11},
};
const hs_str hs_rule_units[HS_UNIT_COUNT] = {
    [HS_UNIT_YEARS] = {"years", 5}, [HS_UNIT_MONTHS] = {"months", 6},   [HS_UNIT_DAYS] = {"days", 4},
    [HS_UNIT_HOURS] = {"hours", 5}, [HS_UNIT_MINUTES] = {"minutes", 7},
};

static hs_rc no_memory(struct hs_rule_parser *p)
{
    return hs_fail(p->err, HS_NOMEM, "out of memory");
}

/* ---- literals ---- */

static hs_rc parse_number(struct hs_rule_parser *p, bool minus, struct hs_rule *r)
{
    int64_t i;
    hs_str text = p->tok.text;
    if (minus) {
        text = hs_arena_printf(p->lex.arena, "-%.*s", HS_FMT(text));
        if (!text.at)
            return no_memory(p);
    }
    if (!memchr(text.at, '.', text.len) && hs_str_to_i64(text, &i))
        r->value = (struct hs_value){.kind = HS_V_INT, .i = i};
    else
        r->value = (struct hs_value){.kind = HS_V_NUMBER, .text = text};
    return hs_rule_advance(p);
}

static enum hs_value_kind kind_of_word(hs_str word)
{
    return hs_str_eq_nocase(word, HS_S("date"))        ? HS_V_DATE
           : hs_str_eq_nocase(word, HS_S("time"))      ? HS_V_TIME
           : hs_str_eq_nocase(word, HS_S("timestamp")) ? HS_V_TIMESTAMP
                                                       : HS_V_NULL;
}

/* The keyword is used up and a text literal is at hand. */
static hs_rc parse_moment(struct hs_rule_parser *p, enum hs_value_kind kind, struct hs_rule *r)
{
    struct hs_value v = {.kind = kind};
    if (kind == HS_V_DATE && !hs_date_parse(p->tok.text, &v.i))
        return hs_rule_fail_here(p, "not a date of the calendar: write date '2026-11-21'");
    if (kind == HS_V_TIME && !hs_time_of_day_parse(p->tok.text, &v.i))
        return hs_rule_fail_here(p, "not a time of day: write time '09:30' or time '09:30:00'");
    if (kind == HS_V_TIMESTAMP && !hs_timestamp_parse(p->tok.text, &v.i, &v.utc))
        return hs_rule_fail_here(p,
                                 "not a timestamp: write timestamp '2026-11-21 10:55:00', with '+00:00' or 'Z' at its "
                                 "end where the column has a zone");
    r->value = v;
    return hs_rule_advance(p);
}

/* ---- names ---- */

hs_rc hs_rule_parse_name(struct hs_rule_parser *p, const char *what, hs_str *out)
{
    if (p->tok.kind != HS_TOK_NAME && p->tok.kind != HS_TOK_QUOTED)
        return hs_rule_fail_expected(p, what, NULL, 0);
    *out = p->tok.text;
    return hs_rule_advance(p);
}

/* `text` keeps the path as one could write it again. */
static hs_rc keep_text(struct hs_rule_parser *p, struct hs_rule *r)
{
    struct hs_buf b;
    hs_buf_init(&b, HS_RULE_MAX_TEXT * 2);
    hs_buf_add_rule(&b, r);
    hs_rc rc = hs_buf_done(&b, p->err);
    if (rc == HS_OK) {
        r->text = hs_arena_str(p->lex.arena, hs_buf_str(&b));
        if (!r->text.at)
            rc = no_memory(p);
    }
    hs_buf_fini(&b);
    return rc;
}

hs_rc hs_rule_parse_path(struct hs_rule_parser *p, hs_str first, struct hs_rule *r)
{
    HS_VEC(hs_str) names = {0};
    hs_str name = first;
    while (name.at || hs_rule_at_mark(p, ".")) {
        if (!name.at) {
            if (names.len == HS_RULE_MAX_DEPTH)
                return hs_rule_fail_here(p, "a path has at most %d names", HS_RULE_MAX_DEPTH);
            HS_TRY(hs_rule_advance(p));
            HS_TRY(hs_rule_parse_name(p, "a name after '.'", &name));
        }
        hs_str *slot = hs_vec_add(p->lex.arena, &names);
        if (!slot)
            return no_memory(p);
        *slot = name;
        name = (hs_str){0};
    }
    r->path_names = names.at;
    r->path_len = names.len;
    return keep_text(p, r);
}

hs_rc hs_rule_parse_attribute(struct hs_rule_parser *p, struct hs_rule *r)
{
    r->op = HS_RULE_PRINCIPAL;
    HS_TRY(hs_rule_take_mark(p, "."));
    HS_TRY(hs_rule_parse_name(p, "an attribute name after 'principal.'", &r->text));
    if (hs_rule_at_mark(p, "."))
        return hs_rule_fail_here(p, "an attribute has no parts");
    return HS_OK;
}

static hs_rc parse_fact(struct hs_rule_parser *p, struct hs_rule *r)
{
    HS_TRY(hs_rule_advance(p));
    for (int i = 1; i < HS_FACT_COUNT && p->tok.kind == HS_TOK_NAME; i++)
        if (hs_str_eq(p->tok.text, hs_rule_facts[i])) {
            r->op = HS_RULE_REQUEST;
            r->unit = i;
            return hs_rule_advance(p);
        }
    return hs_rule_fail_expected(p,
                                 "request.purpose, workspace, today, now, time_of_day or weekday (a column named "
                                 "request is written \"request\")",
                                 hs_rule_facts + 1, HS_FACT_COUNT - 1);
}

/* ---- what looks like a call ---- */

static hs_rc parse_list_test(struct hs_rule_parser *p, enum hs_rule_op op, struct hs_rule *r)
{
    size_t cap = 0;
    struct hs_rule *list = NULL, *condition = NULL;
    const char *word = op == HS_RULE_ANY ? "any" : "all";
    r->op = op;
    if (p->lookup)
        return hs_rule_fail_here(p, "a lookup has no lists to look into");
    HS_TRY(hs_rule_enter(p));
    HS_TRY(hs_rule_advance(p));
    HS_TRY(hs_rule_parse_sum(p, &list));
    if (list->op != HS_RULE_FIELD)
        return hs_rule_fail(p->err, p->lex.file, list->line, list->column,
                            "%s begins with a list: %s(items, price > 5)", word, word);
    HS_TRY(hs_rule_add_arg(p, r, list, &cap));
    HS_TRY(hs_rule_take_mark(p, ","));
    p->lists++;
    HS_TRY(hs_rule_parse_or(p, &condition));
    p->lists--;
    p->depth--;
    HS_TRY(hs_rule_add_arg(p, r, condition, &cap));
    return hs_rule_take_mark(p, ")");
}

static hs_rc parse_span(struct hs_rule_parser *p, int unit, struct hs_rule *r)
{
    size_t cap = 0;
    struct hs_rule *amount = NULL;
    r->op = HS_RULE_SPAN;
    r->unit = unit;
    HS_TRY(hs_rule_enter(p));
    HS_TRY(hs_rule_advance(p));
    HS_TRY(hs_rule_parse_sum(p, &amount));
    p->depth--;
    HS_TRY(hs_rule_add_arg(p, r, amount, &cap));
    return hs_rule_take_mark(p, ")");
}

/* name "(": one of the few words that take something in parentheses. */
static hs_rc parse_call(struct hs_rule_parser *p, const struct hs_rule_token *word, struct hs_rule *r)
{
    static const hs_str words[] = {{"any", 3},  {"all", 3},   {"years", 5},  {"months", 6},
                                   {"days", 4}, {"hours", 5}, {"minutes", 7}};
    if (hs_str_eq_nocase(word->text, words[0]) || hs_str_eq_nocase(word->text, words[1]))
        return parse_list_test(p, word->text.at[1] == 'n' || word->text.at[1] == 'N' ? HS_RULE_ANY : HS_RULE_ALL, r);
    for (int i = 1; i < HS_UNIT_COUNT; i++)
        if (hs_str_eq_nocase(word->text, hs_rule_units[i]))
            return parse_span(p, i, r);
    hs_str near = hs_str_nearest(word->text, words, sizeof words / sizeof words[0]);
    hs_str shown = hs_str_n(word->text.at, word->text.len > 40 ? 40 : word->text.len);
    if (near.len)
        return hs_rule_fail(p->err, p->lex.file, word->line, word->column,
                            "there is no '%.*s(...)' (did you mean '%.*s'?)", HS_FMT(shown), HS_FMT(near));
    return hs_rule_fail(
        p->err, p->lex.file, word->line, word->column,
        "there is no '%.*s(...)': only any, all, years, months, days, hours and minutes take parentheses",
        HS_FMT(shown));
}

/* ---- operands ---- */

static hs_rc parse_constant_word(struct hs_rule_parser *p, const struct hs_rule_token *word, struct hs_rule *r)
{
    if (hs_str_eq_nocase(word->text, HS_S("true")) || hs_str_eq_nocase(word->text, HS_S("false")))
        r->value = (struct hs_value){.kind = HS_V_BOOL, .i = word->text.len == 4};
    else if (!hs_str_eq_nocase(word->text, HS_S("null"))) /* a zeroed value is NULL */
        return hs_rule_fail(p->err, p->lex.file, word->line, word->column,
                            "expected a value or a column, found '%.*s' (a column of that name is written \"%.*s\")",
                            HS_FMT(word->text), HS_FMT(word->text));
    return HS_OK;
}

/* A bare word that opens an operand. */
static hs_rc parse_word(struct hs_rule_parser *p, struct hs_rule *r)
{
    struct hs_rule_token word = p->tok;
    HS_TRY(hs_rule_advance(p));
    enum hs_value_kind kind = kind_of_word(word.text);
    if (kind != HS_V_NULL && p->tok.kind == HS_TOK_TEXT)
        return parse_moment(p, kind, r);
    if (hs_rule_at_mark(p, "(") && !hs_rule_is_keyword(word.text))
        return parse_call(p, &word, r);
    bool point = hs_rule_at_mark(p, ".");
    if (point && hs_str_eq_nocase(word.text, HS_S("principal")))
        return hs_rule_parse_attribute(p, r);
    if (point && hs_str_eq_nocase(word.text, HS_S("request")))
        return parse_fact(p, r);
    if (hs_rule_is_keyword(word.text))
        return parse_constant_word(p, &word, r);
    r->op = HS_RULE_FIELD;
    if (p->lists && hs_str_is(word.text, "element"))
        r->base = HS_BASE_ELEMENT;
    else if (p->lists && point && hs_str_is(word.text, "row"))
        r->base = HS_BASE_ROW;
    return hs_rule_parse_path(p, r->base ? (hs_str){0} : word.text, r);
}

static hs_rc parse_operand(struct hs_rule_parser *p, struct hs_rule **out)
{
    if (hs_rule_at_mark(p, "(")) {
        HS_TRY(hs_rule_enter(p));
        HS_TRY(hs_rule_advance(p));
        HS_TRY(hs_rule_parse_or(p, out));
        p->depth--;
        return hs_rule_take_mark(p, ")");
    }
    struct hs_rule *r = NULL;
    hs_str first = p->tok.text;
    HS_TRY(hs_rule_new_node(p, HS_RULE_LITERAL, p->tok.line, p->tok.column, &r));
    *out = r;
    switch (p->tok.kind) {
    case HS_TOK_NUMBER:
        return parse_number(p, false, r);
    case HS_TOK_TEXT:
        r->value = (struct hs_value){.kind = HS_V_TEXT, .text = first};
        return hs_rule_advance(p);
    case HS_TOK_QUOTED:
        r->op = HS_RULE_FIELD;
        HS_TRY(hs_rule_advance(p));
        return hs_rule_parse_path(p, first, r);
    case HS_TOK_NAME:
        return parse_word(p, r);
    case HS_TOK_END:
    case HS_TOK_MARK:
        break;
    }
    return hs_rule_fail_expected(p, "a value or a column", NULL, 0);
}

/* ---- arithmetic ---- */

static hs_rc parse_sign(struct hs_rule_parser *p, struct hs_rule **out)
{
    size_t cap = 0;
    struct hs_rule *inner = NULL, *r = NULL;
    int line = p->tok.line, column = p->tok.column;
    if (!hs_rule_at_mark(p, "-"))
        return parse_operand(p, out);
    HS_TRY(hs_rule_advance(p));
    HS_TRY(hs_rule_new_node(p, HS_RULE_NEG, line, column, &r));
    *out = r;
    if (p->tok.kind == HS_TOK_NUMBER) {
        r->op = HS_RULE_LITERAL;
        return parse_number(p, true, r);
    }
    HS_TRY(hs_rule_enter(p));
    HS_TRY(parse_sign(p, &inner));
    p->depth--;
    return hs_rule_add_arg(p, r, inner, &cap);
}

static bool sign_at(const struct hs_rule_parser *p, bool product, enum hs_rule_op *out)
{
    static const struct {
        const char *mark;
        bool product;
        enum hs_rule_op op;
    } marks[] = {{"+", false, HS_RULE_ADD},
                 {"-", false, HS_RULE_SUB},
                 {"*", true, HS_RULE_MUL},
                 {"/", true, HS_RULE_DIV},
                 {"%", true, HS_RULE_MOD}};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (marks[i].product == product && hs_rule_at_mark(p, marks[i].mark)) {
            *out = marks[i].op;
            return true;
        }
    return false;
}

/* a + b - c is (a + b) - c: each sign makes the tree one deeper, so their number is bounded, too. */
static hs_rc parse_signs(struct hs_rule_parser *p, bool product, struct hs_rule **out)
{
    enum hs_rule_op op;
    struct hs_rule *r = NULL, *right = NULL;
    HS_TRY(product ? parse_sign(p, out) : parse_signs(p, true, out));
    for (int count = 0; sign_at(p, product, &op); count++) {
        size_t cap = 0;
        if (count == HS_RULE_MAX_CHAIN)
            return hs_rule_fail_here(p, "more than %d signs in a row: use parentheses", HS_RULE_MAX_CHAIN);
        HS_TRY(hs_rule_advance(p));
        HS_TRY(product ? parse_sign(p, &right) : parse_signs(p, true, &right));
        HS_TRY(hs_rule_new_node(p, op, (*out)->line, (*out)->column, &r));
        HS_TRY(hs_rule_add_arg(p, r, *out, &cap));
        HS_TRY(hs_rule_add_arg(p, r, right, &cap));
        *out = r;
    }
    return HS_OK;
}

hs_rc hs_rule_parse_sum(struct hs_rule_parser *p, struct hs_rule **out)
{
    return parse_signs(p, false, out);
}
