/* The validator of patterns: one pass of recursive descent that writes the normal form as it reads.
 *
 *   pattern := '^'? sequence '$'? | alternatives       alternatives := sequence ('|' sequence)*
 *   sequence := (atom repeat?)+             repeat := '*' | '+' | '?' | '{n}' | '{n,}' | '{n,m}'
 *   atom := literal | '.' | class | escape | '(' '?:'? alternatives ')'
 *
 * Everywhere else an anchor beside a top-level '|' belongs to one alternative alone, and who writes it mostly means all
 * of them: it is refused rather than read in either way.
 *
 * Repetitions multiply when they are nested, in RE2 into the size of the program: the product is bounded. */
#include "mask/shared/pattern.h"
#include "mask/shared/letters.h"

enum { MAX_DEPTH = 16, MAX_COUNT = 255, MAX_PRODUCT = 1000, MAX_RANGES = 64 };

struct reader {
    hs_str text;
    size_t at;
    struct hs_buf *out;
    int depth;
    struct hs_err *err;
};

struct size {    /* of what an expression matches, and of what it costs */
    bool empty;  /* it can match nothing */
    bool either; /* alternatives, not within a group */
    unsigned cost;
};

static HS_MUST hs_rc read_alternatives(struct reader *r, struct size *out);

static int peek(const struct reader *r, size_t ahead)
{
    return r->at + ahead < r->text.len ? (unsigned char)r->text.at[r->at + ahead] : -1;
}

static hs_rc fail(struct reader *r, const char *words)
{
    return hs_fail(r->err, HS_INVALID, "pattern, character %zu: %s", r->at + 1, words);
}

static bool is_punctuation(int c)
{
    return c > ' ' && c < 127 && !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
}

static void add_code(struct hs_buf *b, uint32_t code, hs_str bytes)
{
    if (code == '\n' || code == '\t' || code == '\r')
        hs_buf_addz(b, code == '\n' ? "\\n" : code == '\t' ? "\\t" : "\\r");
    else {
        hs_buf_addz(b, is_punctuation((int)code) && code != '_' ? "\\" : "");
        hs_buf_adds(b, bytes);
    }
}

/* \n \t \r and \punctuation: one character. */
static hs_rc read_escaped(struct reader *r, uint32_t *out)
{
    int c = peek(r, 1);
    if (c == 'n' || c == 't' || c == 'r')
        *out = c == 'n' ? '\n' : c == 't' ? '\t' : '\r';
    else if (is_punctuation(c))
        *out = (uint32_t)c;
    else if (c == 's' || c == 'S')
        return fail(r, "\\s differs from engine to engine: write the characters, as in [ \\t]");
    else if (c == 'b' || c == 'B')
        return fail(r, "word boundaries differ from engine to engine");
    else if (c == 'p' || c == 'P')
        return fail(r, "\\p differs from engine to engine: write ranges");
    else if (c >= '1' && c <= '9')
        return fail(r, "references back are not supported: they cannot be matched in linear time");
    else
        return fail(r, "this escape is not supported");
    r->at += 2;
    return HS_OK;
}

/* ---- classes ---- */

static const char *shorthand(int c)
{
    return c == 'd' || c == 'D' ? "0-9" : c == 'w' || c == 'W' ? "0-9A-Z_a-z" : NULL;
}

static hs_rc read_end(struct reader *r, uint32_t *out, hs_str *bytes, char store[2])
{
    if (peek(r, 0) == '\\') {
        HS_TRY(read_escaped(r, out));
        store[0] = (char)*out;
        *bytes = hs_str_n(store, 1);
        return HS_OK;
    }
    size_t len;
    *out = hs_letter_code(r->text, r->at, &len);
    *bytes = hs_str_n(r->text.at + r->at, len);
    r->at += len;
    return HS_OK;
}

static hs_rc read_range(struct reader *r)
{
    uint32_t from, to;
    hs_str a, b;
    char one[2], two[2];
    if (peek(r, 0) == '[')
        return fail(r, "inside a class write \\[ ; [:classes:] differ from engine to engine");
    if (peek(r, 0) == '&' && peek(r, 1) == '&')
        return fail(r, "&& means something else in one engine");
    if (peek(r, 0) == '\\' && shorthand(peek(r, 1))) {
        if (peek(r, 1) == 'D' || peek(r, 1) == 'W')
            return fail(r, "a class inside a class cannot be turned round");
        hs_buf_addz(r->out, shorthand(peek(r, 1)));
        r->at += 2;
        return HS_OK;
    }
    HS_TRY(read_end(r, &from, &a, one));
    add_code(r->out, from, a);
    if (peek(r, 0) != '-' || peek(r, 1) == ']' || peek(r, 1) < 0)
        return HS_OK;
    r->at++;
    if (peek(r, 0) == '[' || (peek(r, 0) == '\\' && shorthand(peek(r, 1))))
        return fail(r, "a range ends with one character");
    HS_TRY(read_end(r, &to, &b, two));
    if (to < from)
        return fail(r, "this range ends before it begins");
    hs_buf_addc(r->out, '-');
    add_code(r->out, to, b);
    return HS_OK;
}

static hs_rc read_class(struct reader *r)
{
    int ranges = 0;
    hs_buf_addc(r->out, '[');
    r->at++;
    if (peek(r, 0) == '^') {
        hs_buf_addc(r->out, '^');
        r->at++;
    }
    if (peek(r, 0) == ']')
        return fail(r, "write \\] for this character in a class");
    while (peek(r, 0) >= 0 && peek(r, 0) != ']') {
        if (++ranges > MAX_RANGES)
            return fail(r, "this class has too many ranges");
        HS_TRY(read_range(r));
    }
    if (peek(r, 0) != ']')
        return fail(r, "']' is missing");
    r->at++;
    hs_buf_addc(r->out, ']');
    return HS_OK;
}

/* ---- atoms ---- */

static hs_rc read_group(struct reader *r, struct size *out)
{
    r->at++;
    if (peek(r, 0) == '?') {
        if (peek(r, 1) != ':')
            return fail(r, "of the groups with '?' only (?: ...) is supported: no looking ahead or behind, no flags");
        r->at += 2;
    }
    if (++r->depth > MAX_DEPTH)
        return fail(r, "groups are nested too deep");
    hs_buf_addz(r->out, "(?:");
    HS_TRY(read_alternatives(r, out));
    if (peek(r, 0) != ')')
        return fail(r, "')' is missing");
    r->at++;
    r->depth--;
    hs_buf_addc(r->out, ')');
    return HS_OK;
}

static hs_rc read_atom(struct reader *r, struct size *out)
{
    int c = peek(r, 0);
    uint32_t code;
    *out = (struct size){.cost = 1};
    if (c == '(')
        return read_group(r, out);
    if (c == '[')
        return read_class(r);
    if (c == '.') {
        hs_buf_addz(r->out, "[^\\n]");
        r->at++;
        return HS_OK;
    }
    if (c == '\\' && shorthand(peek(r, 1))) {
        hs_buf_addf(r->out, "[%s%s]", peek(r, 1) == 'D' || peek(r, 1) == 'W' ? "^" : "", shorthand(peek(r, 1)));
        r->at += 2;
        return HS_OK;
    }
    if (c == '\\') {
        HS_TRY(read_escaped(r, &code));
        add_code(r->out, code, hs_str_n(&(char){(char)code}, 1));
        return HS_OK;
    }
    if (c == '^' || c == '$')
        return fail(r, "^ stands at the beginning and $ at the end of the pattern");
    if (c == '*' || c == '+' || c == '?' || c == '{')
        return fail(r, "there is nothing to repeat");
    if (c == ']' || c == '}')
        return fail(r, "write a backslash before this character");
    size_t len;
    code = hs_letter_code(r->text, r->at, &len);
    add_code(r->out, code, hs_str_n(r->text.at + r->at, len));
    r->at += len;
    return HS_OK;
}

static hs_rc read_number(struct reader *r, unsigned *out)
{
    unsigned n = 0, digits = 0;
    for (; peek(r, 0) >= '0' && peek(r, 0) <= '9' && digits < 4; r->at++, digits++)
        n = n * 10 + (unsigned)(peek(r, 0) - '0');
    if (!digits || n > MAX_COUNT)
        return fail(r, "a repetition counts from 0 to 255");
    *out = n;
    return HS_OK;
}

static hs_rc read_counts(struct reader *r, unsigned *least, unsigned *most)
{
    r->at++;
    HS_TRY(read_number(r, least));
    *most = *least;
    if (peek(r, 0) == ',') {
        r->at++;
        *most = 0; /* without end */
        if (peek(r, 0) != '}')
            HS_TRY(read_number(r, most));
        if (peek(r, -1) != ',' && *most < *least)
            return fail(r, "this repetition ends before it begins");
    }
    if (peek(r, 0) != '}' || (*most == 0 && peek(r, -1) != ','))
        return fail(r, "a repetition is written {3}, {3,} or {3,5}, and not nothing times");
    r->at++;
    return HS_OK;
}

static hs_rc read_repeat(struct reader *r, struct size *s)
{
    size_t from = r->at;
    int c = peek(r, 0);
    unsigned least = c == '+', most = 0;
    if (c != '*' && c != '+' && c != '?' && c != '{')
        return HS_OK;
    if (c == '{')
        HS_TRY(read_counts(r, &least, &most));
    else
        r->at++;
    int next = peek(r, 0);
    if (next == '?' || next == '+' || next == '*' || next == '{')
        return fail(r, "lazy, possessive and double repetitions differ from engine to engine");
    if (s->empty)
        return fail(r, "what is repeated can match nothing");
    hs_buf_add(r->out, r->text.at + from, r->at - from);
    s->empty = least == 0;
    s->cost *= most > least ? most : least ? least : 1;
    return s->cost > MAX_PRODUCT ? fail(r, "repetitions multiply to more than 1000") : HS_OK;
}

static hs_rc read_sequence(struct reader *r, struct size *out)
{
    struct size all = {.empty = true};
    bool any = false;
    while (r->at < r->text.len && peek(r, 0) != '|' && peek(r, 0) != ')' &&
           !(peek(r, 0) == '$' && r->at + 1 == r->text.len)) {
        struct size one;
        HS_TRY(read_atom(r, &one));
        HS_TRY(read_repeat(r, &one));
        all.empty &= one.empty;
        all.cost += one.cost;
        any = true;
    }
    if (!any)
        return fail(r, "something to match is missing here");
    *out = all;
    return HS_OK;
}

static hs_rc read_alternatives(struct reader *r, struct size *out)
{
    HS_TRY(read_sequence(r, out));
    while (peek(r, 0) == '|') {
        struct size one;
        hs_buf_addc(r->out, '|');
        r->at++;
        HS_TRY(read_sequence(r, &one));
        out->either = true;
        out->empty |= one.empty;
        out->cost += one.cost;
    }
    return out->cost > MAX_PRODUCT ? fail(r, "the pattern is too large") : HS_OK;
}

hs_rc hs_pattern_normal(hs_str pattern, struct hs_buf *out, struct hs_err *err)
{
    struct reader r = {.text = pattern, .out = out, .err = err};
    struct size size;
    if (!pattern.len || pattern.len > HS_PATTERN_MAX || !hs_utf8_valid(pattern) || memchr(pattern.at, 0, pattern.len))
        return hs_fail(err, HS_INVALID, "a pattern is a text of 1 to %d bytes", HS_PATTERN_MAX);
    bool start = peek(&r, 0) == '^';
    r.at += start;
    hs_buf_addz(out, start ? "\\A(?:" : "(?:");
    HS_TRY(read_alternatives(&r, &size));
    hs_buf_addc(out, ')');
    bool end = peek(&r, 0) == '$' && r.at + 1 == pattern.len;
    hs_buf_addz(out, end ? "\\z" : "");
    r.at += end;
    if (r.at != pattern.len)
        return fail(&r, "this ')' closes nothing");
    if (size.either && (start || end))
        return hs_fail(err, HS_INVALID,
                       "the pattern has ^ or $ beside |, where it belongs to one alternative alone: put parentheses "
                       "around the alternatives, as in ^(a|b)$");
    if (size.empty)
        return hs_fail(err, HS_INVALID, "the pattern can match nothing at all, and then engines differ");
    return hs_buf_done(out, err);
}
