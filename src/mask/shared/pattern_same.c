/* Does every engine find the same matches of a pattern? PostgreSQL takes the longest match at a place, RE2 and Trino
 * the first in the order of trying. They agree where a pattern can go on in one way only: at each place of it, no two
 * of the characters that may come next are one and the same, and no alternative can match nothing. A text then has one
 * way through the pattern; whatever can go on is tried before stopping, so the first match is the longest. An
 * engine that tries and goes back has one way to try from each place of the text.
 *
 * The places are those of Glushkov's automaton over the normal form, repetitions written out. */
#include "mask/shared/pattern.h"
#include "mask/shared/letters.h"

#include "base/alloc.h"

enum { MAX_PLACES = 256, WORDS = MAX_PLACES / 64, MAX_RANGES = 1024, ENDLESS = -1 };

struct places {
    uint64_t bits[WORDS];
};

struct range {
    uint32_t from, to;
};

struct walk {
    hs_str text; /* the normal form: what hs_pattern_normal writes, and nothing else */
    size_t at;
    size_t place_count, range_count;
    size_t first_range[MAX_PLACES + 1];
    struct range ranges[MAX_RANGES]; /* of each place, those of the next begin where its own end */
    struct places follow[MAX_PLACES];
    bool failed; /* too large, or two ways */
};

struct part {
    struct places first, last;
    bool empty; /* it can match nothing */
};

static struct part read_alternatives(struct walk *w);

static int peek(const struct walk *w)
{
    return w->at < w->text.len ? (unsigned char)w->text.at[w->at] : -1;
}

static void join(struct places *into, const struct places *other)
{
    for (size_t i = 0; i < WORDS; i++)
        into->bits[i] |= other->bits[i];
}

static bool has(const struct places *p, size_t i)
{
    return p->bits[i / 64] >> (i % 64) & 1;
}

static void link(struct walk *w, const struct places *from, const struct places *to)
{
    for (size_t i = 0; i < w->place_count; i++)
        if (has(from, i))
            join(&w->follow[i], to);
}

static struct part behind(struct walk *w, struct part a, struct part b)
{
    link(w, &a.last, &b.first);
    struct part out = {.first = a.first, .last = b.last, .empty = a.empty && b.empty};
    if (a.empty)
        join(&out.first, &b.first);
    if (b.empty)
        join(&out.last, &a.last);
    return out;
}

/* ---- characters ---- */

static uint32_t read_character(struct walk *w)
{
    size_t len;
    bool escaped = peek(w) == '\\';
    w->at += escaped;
    uint32_t code = hs_letter_code(w->text, w->at, &len);
    w->at += len;
    if (escaped && (code == 'n' || code == 't' || code == 'r'))
        return code == 'n' ? '\n' : code == 't' ? '\t' : '\r';
    return code;
}

static void add_range(struct walk *w, uint32_t from, uint32_t to)
{
    if (w->range_count == MAX_RANGES)
        w->failed = true;
    else
        w->ranges[w->range_count++] = (struct range){from, to};
}

/* In place of the ranges from `first` on, what lies between them. */
static void turn_round(struct walk *w, size_t first)
{
    enum { LAST = 0x10FFFF };
    struct range *r = w->ranges + first;
    size_t count = w->range_count - first;
    struct range own[MAX_RANGES];
    memcpy(own, r, count * sizeof *r);
    w->range_count = first;
    for (uint32_t next = 0; next <= LAST && !w->failed;) {
        uint32_t begin = LAST + 1, end = next;
        for (size_t i = 0; i < count; i++)
            if (own[i].to >= next && own[i].from < begin) {
                begin = own[i].from;
                end = own[i].to;
            }
        if (begin > next)
            add_range(w, next, begin - 1);
        next = begin > LAST ? LAST + 1 : end + 1;
    }
}

static void read_class(struct walk *w)
{
    size_t first = w->range_count;
    w->at++;
    bool turned = peek(w) == '^';
    w->at += turned;
    while (peek(w) >= 0 && peek(w) != ']' && !w->failed) {
        uint32_t from = read_character(w), to = from;
        if (peek(w) == '-') { /* as a character it has a backslash */
            w->at++;
            to = read_character(w);
        }
        add_range(w, from, to);
    }
    w->at++;
    if (turned)
        turn_round(w, first);
}

static struct part read_place(struct walk *w)
{
    struct part out = {0};
    size_t place = w->place_count;
    if (place == MAX_PLACES) {
        w->failed = true;
        return out;
    }
    if (peek(w) == '[')
        read_class(w);
    else {
        uint32_t code = read_character(w);
        add_range(w, code, code);
    }
    w->place_count++;
    w->first_range[w->place_count] = w->range_count;
    out.first.bits[place / 64] |= UINT64_C(1) << (place % 64);
    out.last = out.first;
    return out;
}

/* ---- the tree ---- */

static struct part read_atom(struct walk *w)
{
    if (peek(w) != '(')
        return read_place(w);
    w->at += 3; /* (?: */
    struct part out = read_alternatives(w);
    w->at++;
    return out;
}

static int read_number(struct walk *w)
{
    int n = 0;
    for (; peek(w) >= '0' && peek(w) <= '9' && n < 10000; w->at++)
        n = n * 10 + (peek(w) - '0');
    return n;
}

static void read_counts(struct walk *w, int *least, int *most)
{
    int c = peek(w);
    *least = c == '+' || (c != '*' && c != '?' && c != '{');
    *most = c == '*' || c == '+' ? ENDLESS : 1;
    w->at += c == '*' || c == '+' || c == '?' || c == '{';
    if (c != '{')
        return;
    *least = *most = read_number(w);
    if (peek(w) == ',') {
        w->at++;
        *most = peek(w) == '}' ? ENDLESS : read_number(w);
    }
    w->at++;
}

static struct part copy(struct walk *w, size_t from)
{
    size_t end = w->at;
    w->at = from;
    struct part out = read_atom(w);
    w->at = end;
    return out;
}

/* x{2,4} is xx(x(x)?)?, and the last x of x{2,} may come again. */
static struct part read_repeated(struct walk *w)
{
    size_t from = w->at;
    int least, most;
    struct part out = read_atom(w), rest = {.empty = true}, one;
    read_counts(w, &least, &most);
    if (w->failed)
        return out;
    for (int i = 1; i < least && !w->failed; i++) {
        one = copy(w, from);
        if (i + 1 == least && most == ENDLESS)
            link(w, &one.last, &one.first);
        out = behind(w, out, one);
    }
    if (least < 2 && most == ENDLESS)
        link(w, &out.last, &out.first);
    for (int i = least ? least : 1; i < most && !w->failed; i++) {
        rest = behind(w, copy(w, from), rest);
        rest.empty = true;
    }
    out = behind(w, out, rest);
    out.empty |= least == 0;
    return out;
}

static struct part read_sequence(struct walk *w)
{
    struct part out = {.empty = true};
    while (peek(w) >= 0 && peek(w) != '|' && peek(w) != ')' && !w->failed)
        out = behind(w, out, read_repeated(w));
    return out;
}

static struct part read_alternatives(struct walk *w)
{
    struct part out = read_sequence(w);
    bool nothing = out.empty, several = false;
    while (peek(w) == '|' && !w->failed) {
        w->at++;
        struct part one = read_sequence(w);
        join(&out.first, &one.first);
        join(&out.last, &one.last);
        nothing |= one.empty;
        several = true;
    }
    out.empty = nothing;
    w->failed |= several && nothing;
    return out;
}

/* ---- two ways? ---- */

static bool overlap(const struct walk *w, size_t a, size_t b)
{
    for (size_t i = w->first_range[a]; i < w->first_range[a + 1]; i++)
        for (size_t k = w->first_range[b]; k < w->first_range[b + 1]; k++)
            if (w->ranges[i].from <= w->ranges[k].to && w->ranges[k].from <= w->ranges[i].to)
                return true;
    return false;
}

static bool one_way(const struct walk *w, const struct places *next)
{
    for (size_t a = 0; a < w->place_count; a++)
        for (size_t b = a + 1; has(next, a) && b < w->place_count; b++)
            if (has(next, b) && overlap(w, a, b))
                return false;
    return true;
}

hs_rc hs_pattern_is_same(hs_str normal, bool *out, struct hs_err *err)
{
    struct walk *w = hs_calloc(1, sizeof *w);
    if (!w)
        return hs_fail_hidden(err, HS_NOMEM, "no memory for a pattern");
    w->text = normal;
    w->at = hs_str_starts(normal, HS_S("\\A")) ? 2 : 0;
    struct part all = read_atom(w);
    bool same = !w->failed && one_way(w, &all.first);
    for (size_t i = 0; same && i < w->place_count; i++)
        same = one_way(w, &w->follow[i]);
    hs_free(w);
    *out = same;
    return HS_OK;
}
