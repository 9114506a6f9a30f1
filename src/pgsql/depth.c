/* How deep a text may nest, before the parser sees it.
 *
 * The parser builds its tree without recursion but walks it with, and so does our printer: a long chain `1+1+1...` or
 * fifty thousand brackets would end the process. So a small reader of tokens computes a bound that the tree's depth
 * cannot pass: at one level of brackets every step down needs a token of its own (an operator, or one of the words
 * below). Commas, AND, OR and `;` stand between things that lie beside one another; set operations and joins nest to
 * the left across all of those and are counted apart. CASE ... END is a pair of brackets.
 *
 * It has to cut strings, names and comments exactly as the parser does (standard_conforming_strings is on there).
 *
 * How often the parser's scanner reads a byte again is counted, too: where a comment or an operator begins it takes the
 * whole run of operator characters, puts all but the first back and goes on from there. A mebibyte of empty comments
 * would keep it busy for minutes. */
#include "pgsql/pgsql_in.h"

#include <ctype.h>
#include <strings.h>

struct level {
    char close;                /* ')' ']' or 'E' for CASE; 0: the statement */
    size_t steps, child, most; /* of the segment; most: over the segments before */
    size_t across;             /* set operations and joins */
    size_t betweens;           /* BETWEEN whose AND is yet to come */
};

struct measure {
    struct hs_arena *arena;
    hs_str text;
    size_t i;
    HS_VEC(struct level) levels;
    struct hs_pgsql_measure *out;
    size_t run_end; /* of the run of operator characters looked at last */
    bool after_dot;
};

static void end_segment(struct level *l)
{
    if (l->steps + l->child > l->most)
        l->most = l->steps + l->child;
    l->steps = l->child = l->betweens = 0;
}

static struct level *top(struct measure *m)
{
    return &m->levels.at[m->levels.len - 1];
}

/* The depth so far: of every open level, what stands in its segment by now. */
static void look(struct measure *m, size_t depth)
{
    if (depth > m->out->depth) {
        if (m->out->depth <= HS_PGSQL_DEPTH && depth > HS_PGSQL_DEPTH)
            m->out->deepest_at = m->i;
        m->out->depth = depth;
    }
}

static bool push(struct measure *m, char close)
{
    struct level *l = hs_vec_add(m->arena, &m->levels);
    if (!l)
        return false;
    l->close = close;
    look(m, m->levels.len);
    return true;
}

static void pop(struct measure *m)
{
    struct level *l = top(m);
    end_segment(l);
    size_t depth = l->most + l->across + 1;
    look(m, depth);
    if (m->levels.len > 1)
        m->levels.len--;
    if (depth > top(m)->child)
        top(m)->child = depth;
}

/* A closing bracket takes unfinished CASEs with it; one that fits nothing is the parser's to refuse. */
static void close_bracket(struct measure *m, char c)
{
    while (m->levels.len > 1 && top(m)->close == 'E')
        pop(m);
    if (m->levels.len > 1 && top(m)->close == c)
        pop(m);
}

static void finish_statement(struct measure *m)
{
    while (m->levels.len > 1)
        pop(m);
    pop(m);
    m->levels.at[0] = (struct level){0};
}

static bool is_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_name_more(char c)
{
    return is_name_start(c) || isdigit((unsigned char)c) || c == '$';
}

static char peek(const struct measure *m, size_t ahead)
{
    return m->i + ahead < m->text.len ? m->text.at[m->i + ahead] : 0;
}

/* After the opening quote; doubled quotes are inside it, and with `escapes` what follows a backslash. */
static void skip_quoted(struct measure *m, char quote, bool escapes)
{
    while (m->i < m->text.len) {
        char c = m->text.at[m->i++];
        if (escapes && c == '\\') {
            m->i += m->i < m->text.len;
        } else if (c == quote) {
            if (peek(m, 0) != quote)
                return;
            m->i++;
        }
    }
}

static bool is_operator(char c)
{
    return c && strchr("+-*/<>=~!@#%^&|`?", c);
}

/* The scanner has put back what follows `from`, up to the end of the run, comments or not. */
static void put_back(struct measure *m, size_t from)
{
    if (m->run_end < from)
        m->run_end = from;
    while (m->run_end < m->text.len && is_operator(m->text.at[m->run_end]))
        m->run_end++;
    m->out->again += m->run_end - from;
}

static void skip_line(struct measure *m)
{
    while (m->i < m->text.len && m->text.at[m->i] != '\n' && m->text.at[m->i] != '\r')
        m->i++;
}

/* E'...' goes on after blanks and comments with a line end in them: then the next part has escapes, too. */
static bool goes_on(struct measure *m)
{
    bool line = false;
    while (m->i < m->text.len) {
        char c = peek(m, 0);
        if (c == '-' && peek(m, 1) == '-')
            skip_line(m);
        else if (c && strchr(" \t\n\r\f", c))
            m->i++;
        else
            break;
        line = line || c == '\n' || c == '\r';
    }
    if (!line || peek(m, 0) != '\'')
        return false;
    m->i++;
    return true;
}

static void skip_escape_string(struct measure *m)
{
    do
        skip_quoted(m, '\'', true);
    while (goes_on(m));
}

static void skip_comment(struct measure *m)
{
    size_t open = 1;
    put_back(m, m->i + 2);
    for (m->i += 2; m->i < m->text.len && open;) {
        if (peek(m, 0) == '/' && peek(m, 1) == '*') {
            open++;
            m->i += 2;
            put_back(m, m->i);
        } else if (peek(m, 0) == '*' && peek(m, 1) == '/') {
            open--;
            m->i += 2;
        } else {
            m->i++;
        }
    }
}

/* $tag$ ... $tag$; false: it is none. */
static bool skip_dollars(struct measure *m)
{
    size_t end = m->i + 1;
    if (end < m->text.len && is_name_start(m->text.at[end])) {
        while (end < m->text.len && is_name_more(m->text.at[end]) && m->text.at[end] != '$')
            end++;
    }
    if (end >= m->text.len || m->text.at[end] != '$')
        return false;
    size_t len = end + 1 - m->i;
    const char *tag = m->text.at + m->i, *from = m->text.at + end + 1;
    const char *found = memmem(from, (size_t)(m->text.at + m->text.len - from), tag, len);
    m->i = found ? (size_t)(found - m->text.at) + len : m->text.len;
    return true;
}

static bool word_in(hs_str word, const char *const *list)
{
    for (; *list; list++) {
        if (strlen(*list) == word.len && strncasecmp(*list, word.at, word.len) == 0)
            return true;
    }
    return false;
}

static bool keyword(struct measure *m, hs_str word)
{
    static const char *const STEPS[] = {"NOT",   "IS",      "ISNULL", "NOTNULL", "COLLATE",  "AT",       "LIKE",
                                        "ILIKE", "SIMILAR", "ESCAPE", "IN",      "OVERLAPS", "OPERATOR", NULL};
    static const char *const ACROSS[] = {"UNION", "INTERSECT", "EXCEPT", "JOIN", NULL};
    static const char *const BESIDE[] = {"AND", "OR", NULL}, *const ARMS[] = {"WHEN", "THEN", "ELSE", NULL};
    static const char *const CASE[] = {"CASE", NULL}, *const END[] = {"END", NULL},
                             *const BETWEEN[] = {"BETWEEN", NULL};
    struct level *l = top(m);
    if (word_in(word, CASE))
        return push(m, 'E');
    if (word_in(word, END) && l->close == 'E') {
        pop(m);
    } else if (word_in(word, STEPS)) {
        l->steps++;
    } else if (word_in(word, ACROSS)) {
        end_segment(l);
        l->across++;
    } else if (l->close == 'E' && word_in(word, ARMS)) {
        end_segment(l);
    } else if (word_in(word, BETWEEN)) {
        l->steps++;
        l->betweens++;
    } else if (word_in(word, BESIDE)) {
        if (l->betweens && (word.at[0] | 0x20) == 'a')
            l->betweens--;
        else
            end_segment(l);
    }
    return true;
}

static bool name(struct measure *m)
{
    size_t from = m->i;
    char c = m->text.at[from], next = peek(m, 1);
    if (next == '\'' && strchr("eEbBxXnN", c)) {
        m->i += 2;
        if (c == 'e' || c == 'E')
            skip_escape_string(m);
        else
            skip_quoted(m, '\'', false);
        return true;
    }
    if ((c == 'u' || c == 'U') && next == '&' && (peek(m, 2) == '\'' || peek(m, 2) == '"')) {
        char quote = peek(m, 2);
        m->i += 3;
        skip_quoted(m, quote, false);
        return true;
    }
    while (m->i < m->text.len && is_name_more(m->text.at[m->i]))
        m->i++;
    return m->after_dot || keyword(m, hs_str_n(m->text.at + from, m->i - from));
}

/* A run of operator characters is one operator, up to where a comment begins in it. Two of them may stand in one run to
 * the parser (`+-`): each character counts. */
static void operator_run(struct measure *m)
{
    while (m->i < m->text.len && strchr("+-*/<>=~!@#%^&|`?:", m->text.at[m->i])) {
        if ((peek(m, 0) == '-' && peek(m, 1) == '-') || (peek(m, 0) == '/' && peek(m, 1) == '*'))
            break;
        top(m)->steps++;
        m->i++;
        put_back(m, m->i);
    }
}

static bool token(struct measure *m)
{
    char c = m->text.at[m->i];
    if (c == '(' || c == '[') {
        m->i++;
        return push(m, c == '(' ? ')' : ']');
    }
    if (c == ')' || c == ']') {
        m->i++;
        close_bracket(m, c);
    } else if (c == ',' || (c == ';' && m->levels.len > 1)) {
        m->i++;
        end_segment(top(m));
    } else if (c == ';') {
        m->i++;
        finish_statement(m);
    } else if (c == '\'' || c == '"') {
        m->i++;
        skip_quoted(m, c, false);
    } else if (is_name_start(c)) {
        return name(m);
    } else if (c == '$' && skip_dollars(m)) {
        return true;
    } else if (c && strchr("+-*/<>=~!@#%^&|`?:", c)) {
        operator_run(m);
    } else if (isdigit((unsigned char)c)) {
        /* `1and` is two tokens to the parser: digits end where a letter begins, but for what is a number's own. */
        while (isdigit((unsigned char)peek(m, 0)))
            m->i++;
        if (peek(m, 0) == '.' && peek(m, 1) != '.')
            m->i++; /* `1. is null`: no name stands before this dot */
    } else {
        m->i++;
    }
    return true;
}

hs_rc hs_pgsql_measure_text(struct hs_arena *a, hs_str text, struct hs_pgsql_measure *out, struct hs_err *err)
{
    *out = (struct hs_pgsql_measure){0};
    struct measure m = {.arena = a, .text = text, .out = out};
    if (!hs_vec_add(a, &m.levels))
        return hs_fail(err, HS_NOMEM, "out of memory");
    while (m.i < text.len) {
        char c = text.at[m.i];
        if (c == '-' && peek(&m, 1) == '-') {
            skip_line(&m);
        } else if (c == '/' && peek(&m, 1) == '*') {
            skip_comment(&m);
        } else if (isspace((unsigned char)c)) {
            m.i++;
        } else {
            out->tokens++;
            if (!token(&m))
                return hs_fail(err, HS_NOMEM, "out of memory");
            m.after_dot = c == '.';
        }
    }
    finish_statement(&m);
    return HS_OK;
}
