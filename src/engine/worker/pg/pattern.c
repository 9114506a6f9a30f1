/* PostgreSQL's regular expressions in the words of the engine's (RE2). What RE2 has not, back references and looking
 * ahead or behind, is refused (0A000), never approximated. One difference stays: where several alternatives fit at one
 * place PostgreSQL takes the longest, RE2 the first; whether there is a match is the same. */
#include "engine/worker/pg/natives.h"

#include <stdlib.h>

struct pattern {
    hs_str s;
    size_t at;
    struct hs_buf *out;
    const char *wrong;
    bool expanded;
    bool after_word; /* what was written last is a letter, a digit or a class of them */
    int groups;
};

static void fail(struct pattern *p, const char *state)
{
    if (!p->wrong)
        p->wrong = state;
}

static bool has(const struct pattern *p, size_t ahead)
{
    return p->at + ahead < p->s.len;
}

static char peek(const struct pattern *p, size_t ahead)
{
    return has(p, ahead) ? p->s.at[p->at + ahead] : 0;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word_char(char c)
{
    return is_alnum(c) || c == '_';
}

/* Digits of a base, at most `most`, as a code point. */
static void add_code(struct pattern *p, int base, size_t least, size_t most)
{
    unsigned long n = 0;
    size_t digits = 0;
    for (; digits < most && has(p, 0); digits++, p->at++) {
        char c = peek(p, 0);
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : 99;
        if (d >= base)
            break;
        n = n * (unsigned)base + (unsigned)d;
        if (n > 0x10ffff)
            return fail(p, "2201B");
    }
    if (digits < least || !n)
        return fail(p, "2201B");
    hs_buf_addf(p->out, "\\x{%lx}", n);
}

/* The beginning of a word is a boundary with a letter behind it: said only where one stands there. */
static void word_edge(struct pattern *p, bool beginning)
{
    bool next_word = is_word_char(peek(p, 0)) || (peek(p, 0) == '\\' && (peek(p, 1) == 'w' || peek(p, 1) == 'd'));
    if (beginning ? !next_word : !p->after_word)
        return fail(p, "0A000");
    hs_buf_addz(p->out, "\\b");
}

/* Behind a backslash. in_class: inside brackets. */
static void escape(struct pattern *p, bool in_class)
{
    char c = peek(p, 0);
    p->at++;
    p->after_word = false;
    switch (c) {
    case 'd':
    case 'w':
        p->after_word = true;
        hs_buf_addf(p->out, "\\%c", c);
        break;
    case 'D':
    case 'W':
    case 's':
    case 'S':
    case 'n':
    case 't':
    case 'r':
    case 'f':
    case 'v':
    case 'a':
        hs_buf_addf(p->out, "\\%c", c);
        break;
    case 'b':
        hs_buf_addz(p->out, "\\x08");
        break;
    case 'e':
        hs_buf_addz(p->out, "\\x1b");
        break;
    case 'B':
        hs_buf_addz(p->out, "\\\\");
        break;
    case 'x':
        add_code(p, 16, 1, 8);
        break;
    case 'u':
        add_code(p, 16, 4, 4);
        break;
    case 'U':
        add_code(p, 16, 8, 8);
        break;
    case 'y':
    case 'Y':
        hs_buf_addz(p->out, c == 'y' ? "\\b" : "\\B");
        if (in_class)
            fail(p, "2201B");
        break;
    case 'A':
    case 'Z':
        hs_buf_addz(p->out, c == 'A' ? "\\A" : "\\z");
        if (in_class)
            fail(p, "2201B");
        break;
    case 'm':
    case 'M':
        if (in_class)
            return fail(p, "2201B");
        p->after_word = c == 'M';
        word_edge(p, c == 'm');
        break;
    default:
        if (c >= '1' && c <= '9' && !in_class)
            return fail(p, "0A000");
        if (is_alnum(c) || !c)
            return fail(p, "2201B");
        hs_buf_addf(p->out, "%s%c", (unsigned char)c < 0x80 ? "\\" : "", c);
    }
}

static void copy(struct pattern *p)
{
    hs_buf_addc(p->out, p->s.at[p->at++]);
}

/* [[:alpha:]] is known to both; [[=a=]], [[.x.]] and [[:<:]] are not. */
static void named_class(struct pattern *p)
{
    char kind = peek(p, 1);
    if (kind != ':' || peek(p, 2) == '<' || peek(p, 2) == '>')
        return fail(p, "0A000");
    while (has(p, 0) && !(peek(p, 0) == ':' && peek(p, 1) == ']' && p->s.at[p->at - 1] != '['))
        copy(p);
    if (!has(p, 1))
        return fail(p, "2201B");
    copy(p);
    copy(p);
}

static void bracket(struct pattern *p)
{
    copy(p);
    if (peek(p, 0) == '^')
        copy(p);
    if (peek(p, 0) == ']') {
        hs_buf_addz(p->out, "\\]");
        p->at++;
    }
    while (!p->wrong && has(p, 0) && peek(p, 0) != ']') {
        if (peek(p, 0) == '[' && (peek(p, 1) == ':' || peek(p, 1) == '=' || peek(p, 1) == '.'))
            named_class(p);
        else if (peek(p, 0) == '\\') {
            p->at++;
            escape(p, true);
        } else {
            if (peek(p, 0) == '[')
                hs_buf_addc(p->out, '\\');
            copy(p);
        }
    }
    if (!has(p, 0))
        return fail(p, "2201B");
    copy(p);
    p->after_word = false;
}

static void group(struct pattern *p)
{
    p->after_word = false;
    if (peek(p, 1) != '?') {
        p->groups++;
        return copy(p);
    }
    if (peek(p, 2) == '#') { /* (?# a remark ) */
        while (has(p, 0) && peek(p, 0) != ')')
            p->at++;
        p->at += has(p, 0);
        return;
    }
    if (peek(p, 2) != ':')
        return fail(p, peek(p, 2) == '=' || peek(p, 2) == '!' || peek(p, 2) == '<' ? "0A000" : "2201B");
    copy(p);
    copy(p);
    copy(p);
}

static void atom(struct pattern *p)
{
    char c = peek(p, 0);
    if (p->expanded && strchr(" \t\n\r\f\v", c) && c) {
        p->at++;
        return;
    }
    if (p->expanded && c == '#') {
        while (has(p, 0) && peek(p, 0) != '\n')
            p->at++;
        return;
    }
    if (c == '\\') {
        p->at++;
        return escape(p, false);
    }
    if (c == '[')
        return bracket(p);
    if (c == '(')
        return group(p);
    if (!c)
        return fail(p, "2201B");
    if (!strchr("*+?{}0123456789,", c) || is_alnum(c)) /* a quantifier says nothing of what it is behind */
        p->after_word = is_word_char(c);
    if (c == '{' && !(peek(p, 1) >= '0' && peek(p, 1) <= '9'))
        hs_buf_addc(p->out, '\\');
    copy(p);
}

struct flags {
    bool fold, newline_dot, newline_anchor, expanded, literal;
};

static const char *read_flags(hs_str s, struct flags *f)
{
    for (size_t i = 0; i < s.len; i++)
        switch (s.at[i]) {
        case 'i':
            f->fold = true;
            break;
        case 'c':
            f->fold = false;
            break;
        case 'n':
        case 'm':
            f->newline_dot = f->newline_anchor = true;
            break;
        case 'p':
            f->newline_dot = true;
            break;
        case 'w':
            f->newline_anchor = true;
            break;
        case 's':
            f->newline_dot = f->newline_anchor = false;
            break;
        case 'x':
            f->expanded = true;
            break;
        case 't':
            f->expanded = false;
            break;
        case 'q':
            f->literal = true;
            break;
        case 'g':
            break;
        default:
            return "22023";
        }
    return NULL;
}

static void add_quoted(struct hs_buf *b, hs_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] && strchr("\\.+*?()|[]{}^$", s.at[i]))
            hs_buf_addc(b, '\\');
        hs_buf_addc(b, s.at[i]);
    }
}

/* (?i) and its like at the beginning. */
static hs_str embedded(hs_str s, struct flags *f)
{
    if (s.len < 4 || memcmp(s.at, "(?", 2) != 0 || s.at[2] < 'a' || s.at[2] > 'z')
        return s;
    const char *end = memchr(s.at, ')', s.len);
    if (!end || read_flags(hs_str_n(s.at + 2, (size_t)(end - s.at) - 2), f))
        return s;
    return hs_str_n(end + 1, (size_t)(s.at + s.len - end) - 1);
}

static const char *translate(hs_str s, struct flags f, struct hs_buf *out, int *out_groups)
{
    if (s.len >= 4 && memcmp(s.at, "***", 3) == 0 && (s.at[3] == '=' || s.at[3] == ':')) {
        f.literal = s.at[3] == '=';
        s = hs_str_n(s.at + 4, s.len - 4);
    }
    if (!f.literal)
        s = embedded(s, &f);
    hs_buf_addf(out, "(?%s%s%s%s)", f.fold ? "i" : "", f.newline_anchor ? "m" : "", f.newline_dot ? "" : "s",
                !f.fold && !f.newline_anchor && f.newline_dot ? "-s" : "");
    struct pattern p = {.s = s, .out = out, .expanded = f.expanded};
    if (f.literal)
        add_quoted(out, s);
    while (!f.literal && !p.wrong && p.at < s.len)
        atom(&p);
    if (out_groups)
        *out_groups = p.groups;
    return p.wrong;
}

static bool regex(struct pg_call *c, size_t row)
{
    struct flags f = {0};
    const char *wrong = c->args > 1 ? read_flags(pg_text_at(c, 1, row), &f) : NULL;
    if (!wrong)
        wrong = translate(pg_text_at(c, 0, row), f, &c->text, NULL);
    return wrong ? pg_raise(c, wrong) : pg_put_buf(c, row);
}

/* May a group that is taken out have no part in a match, as in (a)? and (a)|b? PostgreSQL has NULL for it, the engine
 * an empty text. Where it is not plain, it may. */
static bool may_be_absent(hs_str s)
{
    enum { NESTED = 64 };
    bool holds[NESTED] = {false}, split[NESTED] = {false}, takes[NESTED] = {false}, in_class = false;
    size_t depth = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i], next = i + 1 < s.len ? s.at[i + 1] : 0;
        if (c == '\\') {
            i++;
        } else if (in_class) {
            in_class = c != ']';
        } else if (c == '[') {
            in_class = true;
            i += next == ']' ? 1 : next == '^' && i + 2 < s.len && s.at[i + 2] == ']' ? 2 : 0;
        } else if (c == '|') {
            split[depth] = true;
        } else if (c == '(') {
            if (++depth == NESTED)
                return true;
            split[depth] = false;
            holds[depth] = false;
            takes[depth] = next != '?';
        } else if (c == ')' && depth) {
            bool held = holds[depth] || takes[depth];
            if ((holds[depth] && split[depth]) || (held && next && strchr("?*{", next)))
                return true;
            depth--;
            holds[depth] = holds[depth] || held;
        }
    }
    return depth || (holds[0] && split[0]);
}

/* As hs_pg_regex, of a pattern whose groups all take part in every match. */
static bool regex_sure(struct pg_call *c, size_t row)
{
    if (may_be_absent(pg_text_at(c, 0, row)))
        return pg_raise(c, "0A000");
    return regex(c, row);
}

/* The group that substring(s from pattern) and regexp_match answer with: the only one, or 0 for the whole. */
static bool regex_group(struct pg_call *c, size_t row)
{
    int groups = 0;
    bool only = strcmp(c->native->name, "hs_pg_regex_only") == 0;
    const char *wrong = translate(pg_text_at(c, 0, row), (struct flags){0}, &c->text, &groups);
    if (wrong || (only && groups > 1) || (groups && may_be_absent(pg_text_at(c, 0, row))))
        return pg_raise(c, wrong ? wrong : "0A000");
    PG_PUT(c, int32_t, row, groups ? 1 : 0);
    return true;
}

/* \& is the whole match and \1 a group, as \0 and \1 there; any other backslash stands for itself. */
static bool replacement(struct pg_call *c, size_t row)
{
    hs_str s = pg_text_at(c, 0, row);
    for (size_t i = 0; i < s.len; i++) {
        char next = i + 1 < s.len ? s.at[i + 1] : 0;
        if (s.at[i] != '\\') {
            hs_buf_addc(&c->text, s.at[i]);
        } else if (next == '&' || (next >= '1' && next <= '9') || next == '\\') {
            hs_buf_addf(&c->text, "\\%c", next == '&' ? '0' : next);
            i++;
        } else
            hs_buf_addz(&c->text, "\\\\");
    }
    return pg_put_buf(c, row);
}

/* SIMILAR TO: % and _ as in LIKE, | * + ? {} () [] as in an expression, the whole text. */
static bool similar(struct pg_call *c, size_t row)
{
    hs_str s = pg_text_at(c, 0, row), mark = c->args > 1 ? pg_text_at(c, 1, row) : HS_S("\\");
    bool in_class = false;
    if (mark.len > 1)
        return pg_raise(c, "22023");
    hs_buf_addz(&c->text, "(?s)\\A(?:");
    for (size_t i = 0; i < s.len; i++) {
        char ch = s.at[i];
        if (mark.len && ch == mark.at[0]) {
            if (++i == s.len)
                return pg_raise(c, "22023");
            add_quoted(&c->text, hs_str_n(s.at + i, 1));
        } else if (in_class) {
            hs_buf_addf(&c->text, "%s%c", ch == '\\' ? "\\" : "", ch);
            in_class = ch != ']' || s.at[i - 1] == '[' || (i > 1 && s.at[i - 1] == '^' && s.at[i - 2] == '[');
        } else if (ch == '%') {
            hs_buf_addz(&c->text, ".*");
        } else if (ch == '_') {
            hs_buf_addc(&c->text, '.');
        } else if (ch == '(') {
            hs_buf_addz(&c->text, "(?:");
        } else if (ch && strchr("\\.^$", ch)) {
            hs_buf_addf(&c->text, "\\%c", ch);
        } else {
            in_class = ch == '[';
            hs_buf_addc(&c->text, ch);
        }
    }
    hs_buf_addz(&c->text, ")\\z");
    return pg_put_buf(c, row);
}

#define T DUCKDB_TYPE_VARCHAR
const struct pg_native hs_pg_patterns[] = {
    {"hs_pg_regex_group", {T}, DUCKDB_TYPE_INTEGER, .row = regex_group},
    {"hs_pg_regex_only", {T}, DUCKDB_TYPE_INTEGER, .row = regex_group},
    {"hs_pg_regex_sure", {T}, T, .row = regex_sure},
    {"hs_pg_regex", {T}, T, .row = regex},
    {"hs_pg_regex", {T, T}, T, .row = regex},
    {"hs_pg_replacement", {T}, T, .row = replacement},
    {"hs_pg_similar", {T}, T, .row = similar},
    {"hs_pg_similar", {T, T}, T, .row = similar},
    {0},
};
