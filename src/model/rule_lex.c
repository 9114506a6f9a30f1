/* Text to tokens. Positions count characters (code points), as an editor does, and start where the model file says
 * the text begins. */
#include "model/rule_internal.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const keywords[] = {"and",   "or",   "not",       "in",        "between", "is",   "null", "true",
                                       "false", "date", "timestamp", "principal", "starts",  "ends", "with"};

hs_rc hs_rule_fail_(struct hs_err *err, hs_str file, int line, int column, const char *format, ...)
{
    char words[400];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    return hs_fail(err, HS_INVALID, "%.*s:%d:%d: %s", HS_FMT(file), line, column, words);
}

bool hs_rule_is_keyword(hs_str word)
{
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        if (hs_str_eq_nocase(word, hs_str_of(keywords[i])))
            return true;
    return false;
}

static bool starts_name(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool continues_name(unsigned char c)
{
    return starts_name(c) || is_digit(c);
}

/* Words that mean something in front of a point, or inside any and all. Read bare where they cannot mean that, always
 * written in quotes. */
static bool is_base(hs_str word)
{
    return hs_str_eq_nocase(word, HS_S("request")) || hs_str_eq_nocase(word, HS_S("element")) ||
           hs_str_eq_nocase(word, HS_S("row"));
}

bool hs_rule_is_bare_name(hs_str name)
{
    if (name.len == 0 || !starts_name((unsigned char)name.at[0]) || hs_rule_is_keyword(name) || is_base(name))
        return false;
    for (size_t i = 1; i < name.len; i++)
        if (!continues_name((unsigned char)name.at[i]))
            return false;
    return true;
}

static void step(struct hs_rule_lexer *lex)
{
    unsigned char c = (unsigned char)*lex->at++;
    if (c == '\n') {
        lex->line++;
        lex->column = 1;
    } else if ((c & 0xC0) != 0x80) {
        lex->column++;
    }
}

static unsigned char peek(const struct hs_rule_lexer *lex, size_t ahead)
{
    return (size_t)(lex->end - lex->at) > ahead ? (unsigned char)lex->at[ahead] : 0;
}

static void skip_space(struct hs_rule_lexer *lex)
{
    while (lex->at < lex->end && (*lex->at == ' ' || *lex->at == '\t' || *lex->at == '\n' || *lex->at == '\r'))
        step(lex);
}

/* A quoted name or text; the quote is doubled inside it. */
static hs_rc quoted(struct hs_rule_lexer *lex, char quote, struct hs_rule_token *tok, struct hs_err *err)
{
    step(lex);
    char *copy = hs_arena_alloc(lex->arena, (size_t)(lex->end - lex->at) + 1);
    size_t len = 0;
    if (!copy)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (;;) {
        if (lex->at == lex->end)
            return hs_rule_fail(err, lex->file, tok->line, tok->column, "%s is not closed",
                                quote == '\'' ? "this text" : "this quoted name");
        if (*lex->at == quote) {
            step(lex);
            if (lex->at == lex->end || *lex->at != quote)
                break;
        }
        copy[len++] = *lex->at;
        step(lex);
    }
    tok->text = hs_str_n(copy, len);
    if (quote == '"' && len == 0)
        return hs_rule_fail(err, lex->file, tok->line, tok->column, "a name cannot be empty");
    return HS_OK;
}

/* Needless zeros in front go, so that 007.5 and 7.5 print alike. */
static hs_rc tidy_number(struct hs_rule_lexer *lex, hs_str written, struct hs_rule_token *tok, struct hs_err *err)
{
    hs_str digits = written;
    while (digits.len > 1 && digits.at[0] == '0' && is_digit((unsigned char)digits.at[1]))
        digits = hs_str_n(digits.at + 1, digits.len - 1);
    size_t count = digits.len - (memchr(digits.at, '.', digits.len) != NULL);
    if (count > HS_NUMBER_MAX_DIGITS)
        return hs_rule_fail(err, lex->file, tok->line, tok->column, "a number has at most %d digits",
                            HS_NUMBER_MAX_DIGITS);
    tok->text = digits;
    return HS_OK;
}

static hs_rc number(struct hs_rule_lexer *lex, struct hs_rule_token *tok, struct hs_err *err)
{
    const char *from = lex->at;
    step(lex);
    while (is_digit(peek(lex, 0)))
        step(lex);
    if (peek(lex, 0) == '.' && is_digit(peek(lex, 1))) {
        step(lex);
        while (is_digit(peek(lex, 0)))
            step(lex);
    }
    unsigned char next = peek(lex, 0);
    if (next == '.' || continues_name(next))
        return hs_rule_fail(err, lex->file, tok->line, tok->column,
                            "a number is written with digits and one point only, such as 10 or -0.25");
    return tidy_number(lex, hs_str_n(from, (size_t)(lex->at - from)), tok, err);
}

static hs_rc mark(struct hs_rule_lexer *lex, struct hs_rule_token *tok, struct hs_err *err)
{
    static const char *const marks[] = {"<>", "!=", "<=", ">=", "=", "<", ">", "(",
                                        ")",  ",",  ".",  "+",  "-", "*", "/", "%"};
    hs_str rest = hs_str_n(lex->at, (size_t)(lex->end - lex->at));
    if (hs_str_starts(rest, HS_S("--"))) /* a comment elsewhere, and two signs for us: neither may be meant */
        return hs_rule_fail(err, lex->file, tok->line, tok->column,
                            "a rule has no comments, and two signs need a space");
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        hs_str m = hs_str_of(marks[i]);
        if (rest.len < m.len || memcmp(rest.at, m.at, m.len) != 0)
            continue;
        for (size_t k = 0; k < m.len; k++)
            step(lex);
        tok->text = m;
        return HS_OK;
    }
    unsigned char c = (unsigned char)rest.at[0];
    if (c < ' ' || c == 0x7F)
        return hs_rule_fail(err, lex->file, tok->line, tok->column, "byte 0x%02x cannot stand here", c);
    return hs_rule_fail(err, lex->file, tok->line, tok->column, "'%c' means nothing here", c);
}

hs_rc hs_rule_next_token(struct hs_rule_lexer *lex, struct hs_rule_token *out, struct hs_err *err)
{
    skip_space(lex);
    *out = (struct hs_rule_token){.line = lex->line, .column = lex->column};
    if (lex->at == lex->end)
        return HS_OK;
    unsigned char c = peek(lex, 0);
    if (starts_name(c)) {
        const char *from = lex->at;
        while (continues_name(peek(lex, 0)))
            step(lex);
        out->kind = HS_TOK_NAME;
        out->text = hs_str_n(from, (size_t)(lex->at - from));
        return HS_OK;
    }
    if (c == '\'' || c == '"') {
        out->kind = c == '"' ? HS_TOK_QUOTED : HS_TOK_TEXT;
        return quoted(lex, (char)c, out, err);
    }
    if (is_digit(c)) {
        out->kind = HS_TOK_NUMBER;
        return number(lex, out, err);
    }
    out->kind = HS_TOK_MARK;
    return mark(lex, out, err);
}
