/* The rule parser: recursive descent over the grammar in rule.h, one function a line of it. Depth and nodes are
 * bounded, so that a policy file cannot take the server down. */
#include "model/rule_internal.h"

#include <stdarg.h>
#include <stdio.h>

hs_rc hs_rule_advance(struct hs_rule_parser *p)
{
    return hs_rule_next_token(&p->lex, &p->tok, p->err);
}

bool hs_rule_at_word(const struct hs_rule_parser *p, const char *word)
{
    return p->tok.kind == HS_TOK_NAME && hs_str_eq_nocase(p->tok.text, hs_str_of(word));
}

bool hs_rule_at_mark(const struct hs_rule_parser *p, const char *mark)
{
    return p->tok.kind == HS_TOK_MARK && hs_str_is(p->tok.text, mark);
}

hs_rc hs_rule_fail_here_(struct hs_rule_parser *p, const char *format, ...)
{
    char words[300];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    return hs_rule_fail(p->err, p->lex.file, p->tok.line, p->tok.column, "%s", words);
}

/* "expected X, found Y (did you mean Z?)" */
hs_rc hs_rule_fail_expected(struct hs_rule_parser *p, const char *what, const hs_str *words, size_t count)
{
    const struct hs_rule_token *t = &p->tok;
    if (t->kind == HS_TOK_END)
        return hs_rule_fail_here(p, "expected %s, but the rule ends here", what);
    hs_str shown = hs_str_n(t->text.at, t->text.len > 40 ? 40 : t->text.len);
    hs_str near = t->kind == HS_TOK_NAME && count ? hs_str_nearest(t->text, words, count) : (hs_str){0};
    if (near.len)
        return hs_rule_fail_here(p, "expected %s, found '%.*s' (did you mean '%.*s'?)", what, HS_FMT(shown),
                                 HS_FMT(near));
    return hs_rule_fail_here(p, "expected %s, found '%.*s'", what, HS_FMT(shown));
}

static hs_rc take_word(struct hs_rule_parser *p, const char *word)
{
    hs_str name = hs_str_of(word);
    char what[32];
    snprintf(what, sizeof what, "'%s'", word);
    return hs_rule_at_word(p, word) ? hs_rule_advance(p) : hs_rule_fail_expected(p, what, &name, 1);
}

hs_rc hs_rule_take_mark(struct hs_rule_parser *p, const char *mark)
{
    char what[32];
    snprintf(what, sizeof what, "'%s'", mark);
    return hs_rule_at_mark(p, mark) ? hs_rule_advance(p) : hs_rule_fail_expected(p, what, NULL, 0);
}

hs_rc hs_rule_new_node(struct hs_rule_parser *p, enum hs_rule_op op, int line, int column, struct hs_rule **out)
{
    *out = NULL;
    if (++p->nodes > HS_RULE_MAX_NODES)
        return hs_rule_fail_here(p, "the rule has more than %d parts", HS_RULE_MAX_NODES);
    struct hs_rule *r = HS_NEW(p->lex.arena, struct hs_rule);
    if (!r)
        return hs_fail(p->err, HS_NOMEM, "out of memory");
    r->op = op;
    r->line = line;
    r->column = column;
    *out = r;
    return HS_OK;
}

hs_rc hs_rule_add_arg(struct hs_rule_parser *p, struct hs_rule *r, struct hs_rule *arg, size_t *cap)
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

hs_rc hs_rule_enter(struct hs_rule_parser *p)
{
    if (++p->depth > HS_RULE_MAX_DEPTH)
        return hs_rule_fail_here(p, "nested deeper than %d levels", HS_RULE_MAX_DEPTH);
    return HS_OK;
}

/* ---- tests ---- */

/* lookup.column, or domain.lookup.column, and perhaps which of its rows: everything after `where` is about the lookup,
 * as far as it goes. */
static hs_rc parse_lookup(struct hs_rule_parser *p, struct hs_rule *r, size_t *cap)
{
    struct hs_rule *condition = NULL;
    hs_str first;
    if (p->lookup)
        return hs_rule_fail_here(p, "a lookup's condition cannot ask another lookup: give the lookup 'from' instead");
    HS_TRY(hs_rule_parse_name(p, "'(', principal.x or LOOKUP.COLUMN after 'in'", &first));
    r->op = HS_RULE_FIELD; /* as long as its path is read */
    HS_TRY(hs_rule_parse_path(p, first, r));
    r->op = HS_RULE_LOOKUP;
    if (r->path_len != 2 && r->path_len != 3)
        return hs_rule_fail(p->err, p->lex.file, r->line, r->column,
                            "after 'in' comes a list in parentheses, principal.x, or a lookup and its column: "
                            "in entitlements.region");
    if (!hs_rule_at_word(p, "where"))
        return HS_OK;
    HS_TRY(hs_rule_enter(p));
    HS_TRY(hs_rule_advance(p));
    int lists = p->lists;
    p->lists = 0;
    p->lookup = true;
    HS_TRY(hs_rule_parse_or(p, &condition));
    p->lookup = false;
    p->lists = lists;
    p->depth--;
    return hs_rule_add_arg(p, r, condition, cap);
}

static hs_rc parse_in(struct hs_rule_parser *p, struct hs_rule *left, struct hs_rule **out)
{
    size_t cap = 0;
    struct hs_rule *r = NULL, *item = NULL;
    HS_TRY(hs_rule_new_node(p, HS_RULE_IN, left->line, left->column, &r));
    HS_TRY(hs_rule_add_arg(p, r, left, &cap));
    *out = r;
    if (hs_rule_at_word(p, "principal")) {
        HS_TRY(hs_rule_new_node(p, HS_RULE_PRINCIPAL, p->tok.line, p->tok.column, &item));
        HS_TRY(hs_rule_advance(p));
        HS_TRY(hs_rule_parse_attribute(p, item));
        return hs_rule_add_arg(p, r, item, &cap);
    }
    if (p->tok.kind == HS_TOK_NAME || p->tok.kind == HS_TOK_QUOTED)
        return parse_lookup(p, r, &cap);
    HS_TRY(hs_rule_take_mark(p, "("));
    while (!hs_rule_at_mark(p, ")")) {
        if (r->arg_count > 1)
            HS_TRY(hs_rule_take_mark(p, ","));
        HS_TRY(hs_rule_parse_sum(p, &item));
        HS_TRY(hs_rule_add_arg(p, r, item, &cap));
    }
    return hs_rule_advance(p);
}

static hs_rc parse_two(struct hs_rule_parser *p, enum hs_rule_op op, struct hs_rule *left, struct hs_rule **out)
{
    size_t cap = 0;
    struct hs_rule *r = NULL, *right = NULL;
    HS_TRY(hs_rule_new_node(p, op, left->line, left->column, &r));
    HS_TRY(hs_rule_parse_sum(p, &right));
    HS_TRY(hs_rule_add_arg(p, r, left, &cap));
    HS_TRY(hs_rule_add_arg(p, r, right, &cap));
    if (op == HS_RULE_BETWEEN) {
        HS_TRY(take_word(p, "and"));
        HS_TRY(hs_rule_parse_sum(p, &right));
        HS_TRY(hs_rule_add_arg(p, r, right, &cap));
    }
    *out = r;
    return HS_OK;
}

static hs_rc negate(struct hs_rule_parser *p, struct hs_rule **rule)
{
    size_t cap = 0;
    struct hs_rule *r = NULL;
    HS_TRY(hs_rule_new_node(p, HS_RULE_NOT, (*rule)->line, (*rule)->column, &r));
    HS_TRY(hs_rule_add_arg(p, r, *rule, &cap));
    *rule = r;
    return HS_OK;
}

static hs_rc parse_is(struct hs_rule_parser *p, struct hs_rule *left, struct hs_rule **out)
{
    size_t cap = 0;
    struct hs_rule *r = NULL;
    HS_TRY(hs_rule_advance(p));
    bool no = hs_rule_at_word(p, "not");
    if (no)
        HS_TRY(hs_rule_advance(p));
    HS_TRY(take_word(p, "null"));
    HS_TRY(hs_rule_new_node(p, HS_RULE_IS_NULL, left->line, left->column, &r));
    HS_TRY(hs_rule_add_arg(p, r, left, &cap));
    *out = r;
    return no ? negate(p, out) : HS_OK;
}

static bool comparison_at(const struct hs_rule_parser *p, enum hs_rule_op *op)
{
    static const struct {
        const char *mark;
        enum hs_rule_op op;
    } marks[] = {{"=", HS_RULE_EQ},  {"<>", HS_RULE_NE}, {"!=", HS_RULE_NE}, {"<", HS_RULE_LT},
                 {"<=", HS_RULE_LE}, {">", HS_RULE_GT},  {">=", HS_RULE_GE}};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (hs_rule_at_mark(p, marks[i].mark)) {
            *op = marks[i].op;
            return true;
        }
    return false;
}

/* in, between, starts with, ends with, contains: those that "not" may stand before. */
static hs_rc parse_word_test(struct hs_rule_parser *p, struct hs_rule *left, struct hs_rule **out)
{
    bool no = hs_rule_at_word(p, "not");
    if (no)
        HS_TRY(hs_rule_advance(p));
    if (hs_rule_at_word(p, "in")) {
        HS_TRY(hs_rule_advance(p));
        HS_TRY(parse_in(p, left, out));
    } else if (hs_rule_at_word(p, "between")) {
        HS_TRY(hs_rule_advance(p));
        HS_TRY(parse_two(p, HS_RULE_BETWEEN, left, out));
    } else if (hs_rule_at_word(p, "starts") || hs_rule_at_word(p, "ends")) {
        enum hs_rule_op op = hs_rule_at_word(p, "starts") ? HS_RULE_STARTS_WITH : HS_RULE_ENDS_WITH;
        HS_TRY(hs_rule_advance(p));
        HS_TRY(take_word(p, "with"));
        HS_TRY(parse_two(p, op, left, out));
    } else if (hs_rule_at_word(p, "contains")) {
        HS_TRY(hs_rule_advance(p));
        HS_TRY(parse_two(p, HS_RULE_CONTAINS, left, out));
    } else {
        static const hs_str words[] = {{"in", 2}, {"between", 7}, {"starts", 6}, {"ends", 4}, {"contains", 8}};
        return hs_rule_fail_expected(p, "'in', 'between', 'starts with', 'ends with' or 'contains' after 'not'", words,
                                     5);
    }
    return no ? negate(p, out) : HS_OK;
}

static hs_rc parse_test(struct hs_rule_parser *p, struct hs_rule **out)
{
    enum hs_rule_op op;
    struct hs_rule *left;
    static const char *const words[] = {"not", "in", "between", "starts", "ends", "contains"};
    HS_TRY(hs_rule_parse_sum(p, &left));
    *out = left;
    if (comparison_at(p, &op)) {
        HS_TRY(hs_rule_advance(p));
        return parse_two(p, op, left, out);
    }
    if (hs_rule_at_word(p, "is"))
        return parse_is(p, left, out);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (hs_rule_at_word(p, words[i]))
            return parse_word_test(p, left, out);
    return HS_OK;
}

static hs_rc parse_not(struct hs_rule_parser *p, struct hs_rule **out)
{
    if (!hs_rule_at_word(p, "not"))
        return parse_test(p, out);
    int line = p->tok.line, column = p->tok.column;
    HS_TRY(hs_rule_enter(p));
    HS_TRY(hs_rule_advance(p));
    HS_TRY(parse_not(p, out));
    p->depth--;
    HS_TRY(negate(p, out));
    (*out)->line = line;
    (*out)->column = column;
    return HS_OK;
}

/* One level of `a word b word c`, flat; a single part stays itself. */
static hs_rc parse_chain(struct hs_rule_parser *p, const char *word, enum hs_rule_op op,
                         hs_rc (*part)(struct hs_rule_parser *, struct hs_rule **), struct hs_rule **out)
{
    size_t cap = 0;
    struct hs_rule *first = NULL, *r = NULL, *next = NULL;
    HS_TRY(part(p, &first));
    *out = first;
    if (!hs_rule_at_word(p, word))
        return HS_OK;
    HS_TRY(hs_rule_new_node(p, op, first->line, first->column, &r));
    HS_TRY(hs_rule_add_arg(p, r, first, &cap));
    while (hs_rule_at_word(p, word)) {
        HS_TRY(hs_rule_advance(p));
        HS_TRY(part(p, &next));
        HS_TRY(hs_rule_add_arg(p, r, next, &cap));
    }
    *out = r;
    return HS_OK;
}

static hs_rc parse_and(struct hs_rule_parser *p, struct hs_rule **out)
{
    return parse_chain(p, "and", HS_RULE_AND, parse_not, out);
}

hs_rc hs_rule_parse_or(struct hs_rule_parser *p, struct hs_rule **out)
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

static hs_rc parse(struct hs_arena *a, hs_str text, hs_str file, int line, int column, int lists, struct hs_rule **out,
                   struct hs_err *err)
{
    static const hs_str joins[] = {{"and", 3},     {"or", 2},     {"not", 3},  {"in", 2},       {"is", 2},
                                   {"between", 7}, {"starts", 6}, {"ends", 4}, {"contains", 8}, {"where", 5}};
    HS_TRY(check_text(text, file, line, column, err));
    /* The tree borrows from the text: a copy in the arena lives as long as it does. */
    hs_str copy = hs_arena_str(a, text);
    if (!copy.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    struct hs_rule_parser p = {.lex = {a, copy.at, copy.at + copy.len, file, line, column}, .lists = lists, .err = err};
    struct hs_rule *rule;
    HS_TRY(hs_rule_advance(&p));
    if (p.tok.kind == HS_TOK_END)
        return hs_rule_fail_here(&p, "the rule is empty");
    HS_TRY(hs_rule_parse_or(&p, &rule));
    if (p.tok.kind != HS_TOK_END)
        return hs_rule_fail_expected(&p, "'and', 'or', a comparison or the end of the rule", joins,
                                     sizeof joins / sizeof joins[0]);
    *out = rule;
    return HS_OK;
}

hs_rc hs_rule_parse(struct hs_arena *a, hs_str text, hs_str file, int line, int column, struct hs_rule **out,
                    struct hs_err *err)
{
    return parse(a, text, file, line, column, 0, out, err);
}

hs_rc hs_rule_parse_element(struct hs_arena *a, hs_str text, hs_str file, int line, int column, struct hs_rule **out,
                            struct hs_err *err)
{
    return parse(a, text, file, line, column, 1, out, err);
}
