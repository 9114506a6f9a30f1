/* The rule parser: recursive descent over the grammar in rule.h, one function a line of it. Depth and nodes are
 * bounded, so that a policy file cannot take the server down. */
#include "model/rule_internal.h"

#include <stdarg.h>
#include <stdio.h>

struct parser {
    struct hs_rule_lexer lex;
    struct hs_rule_token tok; /* the one not yet used */
    size_t nodes;
    int depth;
    struct hs_err *err;
};

static hs_rc parse_or(struct parser *p, struct hs_rule **out);

static hs_rc advance(struct parser *p)
{
    return hs_rule_next_token(&p->lex, &p->tok, p->err);
}

static bool at_word(const struct parser *p, const char *word)
{
    return p->tok.kind == HS_TOK_NAME && hs_str_eq_nocase(p->tok.text, hs_str_of(word));
}

static bool at_mark(const struct parser *p, const char *mark)
{
    return p->tok.kind == HS_TOK_MARK && hs_str_is(p->tok.text, mark);
}

#define fail_here(p, ...) HS_FAILED(fail_here_((p), __VA_ARGS__))
static HS_PRINTF(2, 3) hs_rc fail_here_(struct parser *p, const char *format, ...)
{
    char words[300];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    return hs_rule_fail(p->err, p->lex.file, p->tok.line, p->tok.column, "%s", words);
}

/* "expected X, found Y (did you mean Z?)" */
static hs_rc fail_expected(struct parser *p, const char *what, const hs_str *words, size_t count)
{
    const struct hs_rule_token *t = &p->tok;
    if (t->kind == HS_TOK_END)
        return fail_here(p, "expected %s, but the rule ends here", what);
    hs_str shown = hs_str_n(t->text.at, t->text.len > 40 ? 40 : t->text.len);
    hs_str near = t->kind == HS_TOK_NAME && count ? hs_str_nearest(t->text, words, count) : (hs_str){0};
    if (near.len)
        return fail_here(p, "expected %s, found '%.*s' (did you mean '%.*s'?)", what, HS_FMT(shown), HS_FMT(near));
    return fail_here(p, "expected %s, found '%.*s'", what, HS_FMT(shown));
}

static hs_rc take_word(struct parser *p, const char *word)
{
    hs_str name = hs_str_of(word);
    char what[32];
    snprintf(what, sizeof what, "'%s'", word);
    return at_word(p, word) ? advance(p) : fail_expected(p, what, &name, 1);
}

static hs_rc take_mark(struct parser *p, const char *mark)
{
    char what[32];
    snprintf(what, sizeof what, "'%s'", mark);
    return at_mark(p, mark) ? advance(p) : fail_expected(p, what, NULL, 0);
}

static hs_rc new_node(struct parser *p, enum hs_rule_op op, int line, int column, struct hs_rule **out)
{
    *out = NULL;
    if (++p->nodes > HS_RULE_MAX_NODES)
        return fail_here(p, "the rule has more than %d parts", HS_RULE_MAX_NODES);
    struct hs_rule *r = HS_NEW(p->lex.arena, struct hs_rule);
    if (!r)
        return hs_fail(p->err, HS_NOMEM, "out of memory");
    r->op = op;
    r->line = line;
    r->column = column;
    *out = r;
    return HS_OK;
}

static hs_rc add_arg(struct parser *p, struct hs_rule *r, struct hs_rule *arg, size_t *cap)
{
    if (r->arg_count == *cap) {
        size_t grown = *cap ? *cap * 2 : 4;
        struct hs_rule **args = hs_arena_array(p->lex.arena, grown, sizeof *args);
        if (!args)
            return hs_fail(p->err, HS_NOMEM, "out of memory");
        if (r->arg_count)
            memcpy(args, r->args, r->arg_count * sizeof *args);
        r->args = args;
        *cap = grown;
    }
    r->args[r->arg_count++] = arg;
    return HS_OK;
}

static hs_rc enter(struct parser *p)
{
    if (++p->depth > HS_RULE_MAX_DEPTH)
        return fail_here(p, "nested deeper than %d levels", HS_RULE_MAX_DEPTH);
    return HS_OK;
}

/* ---- operands ---- */

static hs_rc parse_number(struct parser *p, struct hs_rule *r)
{
    int64_t i;
    if (!memchr(p->tok.text.at, '.', p->tok.text.len) && hs_str_to_i64(p->tok.text, &i))
        r->value = (struct hs_value){.kind = HS_V_INT, .i = i};
    else
        r->value = (struct hs_value){.kind = HS_V_NUMBER, .text = p->tok.text};
    return advance(p);
}

/* The keyword is used up and a text literal is at hand. */
static hs_rc parse_time(struct parser *p, bool date, struct hs_rule *r)
{
    struct hs_value v = {.kind = date ? HS_V_DATE : HS_V_TIMESTAMP};
    if (date && !hs_date_parse(p->tok.text, &v.i))
        return fail_here(p, "not a date of the calendar: write date '2026-11-21'");
    if (!date && !hs_timestamp_parse(p->tok.text, &v.i, &v.utc))
        return fail_here(p, "not a timestamp: write timestamp '2026-11-21 10:55:00', with '+00:00' or 'Z' at its end "
                            "where the column has a zone");
    r->value = v;
    return advance(p);
}

static hs_rc parse_name_part(struct parser *p, const char *what, hs_str *out)
{
    if (p->tok.kind != HS_TOK_NAME && p->tok.kind != HS_TOK_QUOTED)
        return fail_expected(p, what, NULL, 0);
    *out = p->tok.text;
    return advance(p);
}

/* name ("." name)*; the first name is used up. `text` keeps the path as one could write it again. */
static hs_rc parse_path(struct parser *p, hs_str first, struct hs_rule *r)
{
    HS_VEC(hs_str) names = {0};
    hs_str name = first;
    for (;;) {
        hs_str *slot = hs_vec_add(p->lex.arena, &names);
        if (!slot)
            return hs_fail(p->err, HS_NOMEM, "out of memory");
        *slot = name;
        if (!at_mark(p, "."))
            break;
        if (names.len == HS_RULE_MAX_DEPTH)
            return fail_here(p, "a path has at most %d names", HS_RULE_MAX_DEPTH);
        HS_TRY(advance(p));
        HS_TRY(parse_name_part(p, "a name after '.'", &name));
    }
    r->path_names = names.at;
    r->path_len = names.len;
    struct hs_buf b;
    hs_buf_init(&b, HS_RULE_MAX_TEXT * 2);
    hs_buf_add_rule(&b, r);
    hs_rc rc = hs_buf_done(&b, p->err);
    if (rc == HS_OK) {
        r->text = hs_arena_str(p->lex.arena, hs_buf_str(&b));
        if (!r->text.at)
            rc = hs_fail(p->err, HS_NOMEM, "out of memory");
    }
    hs_buf_fini(&b);
    return rc;
}

static hs_rc parse_principal(struct parser *p, struct hs_rule *r)
{
    HS_TRY(take_mark(p, "."));
    HS_TRY(parse_name_part(p, "an attribute name after 'principal.'", &r->text));
    if (at_mark(p, "."))
        return fail_here(p, "an attribute has no parts");
    return HS_OK;
}

/* A bare word that opens an operand. */
static hs_rc parse_word(struct parser *p, struct hs_rule *r)
{
    hs_str word = p->tok.text;
    struct hs_rule_token at = p->tok;
    HS_TRY(advance(p));
    bool date = hs_str_eq_nocase(word, HS_S("date"));
    if ((date || hs_str_eq_nocase(word, HS_S("timestamp"))) && p->tok.kind == HS_TOK_TEXT)
        return parse_time(p, date, r);
    if (hs_str_eq_nocase(word, HS_S("principal")) && at_mark(p, ".")) {
        r->op = HS_RULE_PRINCIPAL;
        return parse_principal(p, r);
    }
    if (hs_str_eq_nocase(word, HS_S("true")) || hs_str_eq_nocase(word, HS_S("false"))) {
        r->value = (struct hs_value){.kind = HS_V_BOOL, .i = word.len == 4};
        return HS_OK;
    }
    if (hs_str_eq_nocase(word, HS_S("null")))
        return HS_OK; /* a zeroed value is NULL */
    if (hs_rule_is_keyword(word))
        return hs_rule_fail(p->err, p->lex.file, at.line, at.column,
                            "expected a value or a column, found '%.*s' (a column of that name is written \"%.*s\")",
                            HS_FMT(word), HS_FMT(word));
    r->op = HS_RULE_FIELD;
    return parse_path(p, word, r);
}

static hs_rc parse_operand(struct parser *p, struct hs_rule **out)
{
    if (at_mark(p, "(")) {
        HS_TRY(enter(p));
        HS_TRY(advance(p));
        HS_TRY(parse_or(p, out));
        p->depth--;
        return take_mark(p, ")");
    }
    struct hs_rule *r = NULL;
    hs_str first = p->tok.text;
    HS_TRY(new_node(p, HS_RULE_LITERAL, p->tok.line, p->tok.column, &r));
    *out = r;
    switch (p->tok.kind) {
    case HS_TOK_NUMBER:
        return parse_number(p, r);
    case HS_TOK_TEXT:
        r->value = (struct hs_value){.kind = HS_V_TEXT, .text = first};
        return advance(p);
    case HS_TOK_QUOTED:
        r->op = HS_RULE_FIELD;
        HS_TRY(advance(p));
        return parse_path(p, first, r);
    case HS_TOK_NAME:
        return parse_word(p, r);
    case HS_TOK_END:
    case HS_TOK_MARK:
        break;
    }
    return fail_expected(p, "a value or a column", NULL, 0);
}

/* ---- tests ---- */

static hs_rc parse_in(struct parser *p, struct hs_rule *left, struct hs_rule **out)
{
    size_t cap = 0;
    struct hs_rule *r = NULL, *item = NULL;
    HS_TRY(new_node(p, HS_RULE_IN, left->line, left->column, &r));
    HS_TRY(add_arg(p, r, left, &cap));
    HS_TRY(take_mark(p, "("));
    while (!at_mark(p, ")")) {
        if (r->arg_count > 1)
            HS_TRY(take_mark(p, ","));
        HS_TRY(parse_operand(p, &item));
        HS_TRY(add_arg(p, r, item, &cap));
    }
    *out = r;
    return advance(p);
}

static hs_rc parse_two(struct parser *p, enum hs_rule_op op, struct hs_rule *left, struct hs_rule **out)
{
    size_t cap = 0;
    struct hs_rule *r = NULL, *right = NULL;
    HS_TRY(new_node(p, op, left->line, left->column, &r));
    HS_TRY(parse_operand(p, &right));
    HS_TRY(add_arg(p, r, left, &cap));
    HS_TRY(add_arg(p, r, right, &cap));
    if (op == HS_RULE_BETWEEN) {
        HS_TRY(take_word(p, "and"));
        HS_TRY(parse_operand(p, &right));
        HS_TRY(add_arg(p, r, right, &cap));
    }
    *out = r;
    return HS_OK;
}

static hs_rc negate(struct parser *p, struct hs_rule **rule)
{
    size_t cap = 0;
    struct hs_rule *r = NULL;
    HS_TRY(new_node(p, HS_RULE_NOT, (*rule)->line, (*rule)->column, &r));
    HS_TRY(add_arg(p, r, *rule, &cap));
    *rule = r;
    return HS_OK;
}

static hs_rc parse_is(struct parser *p, struct hs_rule *left, struct hs_rule **out)
{
    size_t cap = 0;
    struct hs_rule *r = NULL;
    HS_TRY(advance(p));
    bool no = at_word(p, "not");
    if (no)
        HS_TRY(advance(p));
    HS_TRY(take_word(p, "null"));
    HS_TRY(new_node(p, HS_RULE_IS_NULL, left->line, left->column, &r));
    HS_TRY(add_arg(p, r, left, &cap));
    *out = r;
    return no ? negate(p, out) : HS_OK;
}

static bool comparison_at(const struct parser *p, enum hs_rule_op *op)
{
    static const struct {
        const char *mark;
        enum hs_rule_op op;
    } marks[] = {{"=", HS_RULE_EQ},  {"<>", HS_RULE_NE}, {"!=", HS_RULE_NE}, {"<", HS_RULE_LT},
                 {"<=", HS_RULE_LE}, {">", HS_RULE_GT},  {">=", HS_RULE_GE}};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (at_mark(p, marks[i].mark)) {
            *op = marks[i].op;
            return true;
        }
    return false;
}

/* in, between, starts with, ends with: those that "not" may stand before. */
static hs_rc parse_word_test(struct parser *p, struct hs_rule *left, struct hs_rule **out)
{
    bool no = at_word(p, "not");
    if (no)
        HS_TRY(advance(p));
    if (at_word(p, "in")) {
        HS_TRY(advance(p));
        HS_TRY(parse_in(p, left, out));
    } else if (at_word(p, "between")) {
        HS_TRY(advance(p));
        HS_TRY(parse_two(p, HS_RULE_BETWEEN, left, out));
    } else if (at_word(p, "starts") || at_word(p, "ends")) {
        enum hs_rule_op op = at_word(p, "starts") ? HS_RULE_STARTS_WITH : HS_RULE_ENDS_WITH;
        HS_TRY(advance(p));
        HS_TRY(take_word(p, "with"));
        HS_TRY(parse_two(p, op, left, out));
    } else {
        static const hs_str words[] = {{"in", 2}, {"between", 7}, {"starts", 6}, {"ends", 4}};
        return fail_expected(p, "'in', 'between', 'starts with' or 'ends with' after 'not'", words, 4);
    }
    return no ? negate(p, out) : HS_OK;
}

static hs_rc parse_test(struct parser *p, struct hs_rule **out)
{
    enum hs_rule_op op;
    struct hs_rule *left;
    HS_TRY(parse_operand(p, &left));
    *out = left;
    if (comparison_at(p, &op)) {
        HS_TRY(advance(p));
        return parse_two(p, op, left, out);
    }
    if (at_word(p, "is"))
        return parse_is(p, left, out);
    if (at_word(p, "not") || at_word(p, "in") || at_word(p, "between") || at_word(p, "starts") || at_word(p, "ends"))
        return parse_word_test(p, left, out);
    return HS_OK;
}

static hs_rc parse_not(struct parser *p, struct hs_rule **out)
{
    if (!at_word(p, "not"))
        return parse_test(p, out);
    int line = p->tok.line, column = p->tok.column;
    HS_TRY(enter(p));
    HS_TRY(advance(p));
    HS_TRY(parse_not(p, out));
    p->depth--;
    HS_TRY(negate(p, out));
    (*out)->line = line;
    (*out)->column = column;
    return HS_OK;
}

/* One level of `a word b word c`, flat; a single part stays itself. */
static hs_rc parse_chain(struct parser *p, const char *word, enum hs_rule_op op,
                         hs_rc (*part)(struct parser *, struct hs_rule **), struct hs_rule **out)
{
    size_t cap = 0;
    struct hs_rule *first = NULL, *r = NULL, *next = NULL;
    HS_TRY(part(p, &first));
    *out = first;
    if (!at_word(p, word))
        return HS_OK;
    HS_TRY(new_node(p, op, first->line, first->column, &r));
    HS_TRY(add_arg(p, r, first, &cap));
    while (at_word(p, word)) {
        HS_TRY(advance(p));
        HS_TRY(part(p, &next));
        HS_TRY(add_arg(p, r, next, &cap));
    }
    *out = r;
    return HS_OK;
}

static hs_rc parse_and(struct parser *p, struct hs_rule **out)
{
    return parse_chain(p, "and", HS_RULE_AND, parse_not, out);
}

static hs_rc parse_or(struct parser *p, struct hs_rule **out)
{
    return parse_chain(p, "or", HS_RULE_OR, parse_and, out);
}

static hs_rc check_text(hs_str text, hs_str file, int line, int column, struct hs_err *err)
{
    if (text.len > HS_RULE_MAX_TEXT)
        return hs_rule_fail(err, file, line, column, "a rule has at most %d bytes", HS_RULE_MAX_TEXT);
    if (!hs_utf8_valid(text))
        return hs_rule_fail(err, file, line, column, "the rule is not valid UTF-8");
    if (text.len && memchr(text.at, 0, text.len))
        return hs_rule_fail(err, file, line, column, "the rule holds a NUL byte");
    return HS_OK;
}

hs_rc hs_rule_parse(struct hs_arena *a, hs_str text, hs_str file, int line, int column, struct hs_rule **out,
                    struct hs_err *err)
{
    static const hs_str joins[] = {{"and", 3}, {"or", 2},      {"not", 3},    {"in", 2},
                                   {"is", 2},  {"between", 7}, {"starts", 6}, {"ends", 4}};
    HS_TRY(check_text(text, file, line, column, err));
    /* The tree borrows from the text: a copy in the arena lives as long as it does. */
    hs_str copy = hs_arena_str(a, text);
    if (!copy.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    struct parser p = {.lex = {a, copy.at, copy.at + copy.len, file, line, column}, .err = err};
    struct hs_rule *rule;
    HS_TRY(advance(&p));
    if (p.tok.kind == HS_TOK_END)
        return fail_here(&p, "the rule is empty");
    HS_TRY(parse_or(&p, &rule));
    if (p.tok.kind != HS_TOK_END)
        return fail_expected(&p, "'and', 'or', a comparison or the end of the rule", joins,
                             sizeof joins / sizeof joins[0]);
    *out = rule;
    return HS_OK;
}
