/* Matching in time linear in the text: the pattern is a program of a few hundred steps, and all the ways through it
 * that are open at one place of the text are followed at once, the preferred ones first. No way is followed twice from
 * one place, so nothing that a text holds can make it slow.
 *
 * Repetitions are written out, which pattern.c bounds; a program is written twice, once to know how long it is. */
#include "mask/shared/pattern_match.h"
#include "mask/shared/letters.h"

#include "base/alloc.h"

enum { MAX_STEPS = 1 << 16, MAX_RANGES = 1 << 17, MAX_DEPTH = 64, MAX_COUNT = 255, ENDLESS = -1 };

enum op {
    OP_SET,   /* one character of the set: ranges from x, y of them */
    OP_SPLIT, /* first x, then y */
    OP_JUMP,  /* to x */
    OP_BEGIN,
    OP_END,
    OP_MATCH,
};
struct step {
    enum op op;
    bool negated;
    uint32_t x, y;
};
struct range {
    uint32_t from, to;
};
struct hs_pattern {
    struct step *steps;
    struct range *ranges;
    size_t step_count, range_count;
    bool may_begin[128]; /* an ASCII character that a match may begin with */
};

/* ---- writing the program ---- */

struct writer {
    hs_str text;
    size_t at;
    struct hs_pattern *p; /* its arrays are NULL while it is measured */
    int depth;
    bool failed;
};

static void write_alternatives(struct writer *w);

static int peek(const struct writer *w)
{
    return w->at < w->text.len ? (unsigned char)w->text.at[w->at] : -1;
}

static bool take(struct writer *w, const char *word)
{
    hs_str rest = hs_str_n(w->text.at + w->at, w->text.len - w->at);
    if (!hs_str_starts(rest, hs_str_of(word)))
        return false;
    w->at += strlen(word);
    return true;
}

static size_t emit(struct writer *w, enum op op, size_t x, size_t y)
{
    size_t at = w->p->step_count;
    w->failed |= at >= MAX_STEPS;
    if (w->failed)
        return 0;
    if (w->p->steps)
        w->p->steps[at] = (struct step){.op = op, .x = (uint32_t)x, .y = (uint32_t)y};
    w->p->step_count++;
    return at;
}

static struct step *step_at(struct writer *w, size_t at)
{
    static _Thread_local struct step nowhere;
    return w->p->steps && !w->failed ? &w->p->steps[at] : &nowhere;
}

static void add_range(struct writer *w, uint32_t from, uint32_t to)
{
    w->failed |= w->p->range_count >= MAX_RANGES;
    if (w->failed)
        return;
    if (w->p->ranges)
        w->p->ranges[w->p->range_count] = (struct range){from, to};
    w->p->range_count++;
}

static uint32_t read_character(struct writer *w)
{
    size_t len = 0;
    bool escaped = take(w, "\\");
    if (w->at >= w->text.len) {
        w->failed = true;
        return 0;
    }
    uint32_t code = hs_letter_code(w->text, w->at, &len);
    w->at += len;
    if (escaped && (code == 'n' || code == 't' || code == 'r'))
        return code == 'n' ? '\n' : code == 't' ? '\t' : '\r';
    return code;
}

static void write_class(struct writer *w)
{
    size_t at = emit(w, OP_SET, w->p->range_count, 0), first = w->p->range_count;
    step_at(w, at)->negated = take(w, "^");
    while (!w->failed && !take(w, "]")) {
        uint32_t from = read_character(w);
        add_range(w, from, take(w, "-") ? read_character(w) : from);
    }
    step_at(w, at)->y = (uint32_t)(w->p->range_count - first);
}

static void write_atom(struct writer *w)
{
    int c = peek(w);
    if (take(w, "(?:")) {
        write_alternatives(w);
        w->failed |= !take(w, ")");
    } else if (take(w, "[")) {
        write_class(w);
    } else if (c < 0 || strchr("()|*+?{}", c)) {
        w->failed = true;
    } else {
        emit(w, OP_SET, w->p->range_count, 1);
        uint32_t code = read_character(w);
        add_range(w, code, code);
    }
}

static int read_number(struct writer *w)
{
    int n = -1;
    for (; peek(w) >= '0' && peek(w) <= '9' && n <= MAX_COUNT; w->at++)
        n = (n < 0 ? 0 : n) * 10 + (peek(w) - '0');
    w->failed |= n < 0 || n > MAX_COUNT;
    return n;
}

static void read_repeat(struct writer *w, int *least, int *most)
{
    *least = *most = 1;
    if (take(w, "*") || take(w, "+")) {
        *least = w->text.at[w->at - 1] == '+';
        *most = ENDLESS;
    } else if (take(w, "?")) {
        *least = 0;
    } else if (take(w, "{")) {
        *least = *most = read_number(w);
        if (take(w, ","))
            *most = peek(w) == '}' ? ENDLESS : read_number(w);
        w->failed |= !take(w, "}") || (*most != ENDLESS && *most < *least);
    }
}

/* Past an atom, without writing it: how often it stands there is said behind it. */
static void skip_atom(struct writer *w)
{
    int groups = 0;
    bool in_class = false;
    do {
        if (!in_class && take(w, "(?:"))
            groups++;
        else if (!in_class && take(w, ")"))
            groups--;
        else if (take(w, in_class ? "]" : "["))
            in_class = !in_class;
        else
            read_character(w);
    } while ((groups > 0 || in_class) && !w->failed);
}

/* The atom that begins there. */
static void write_again(struct writer *w, size_t from)
{
    size_t after = w->at;
    w->at = from;
    write_atom(w);
    w->at = after;
}

static void write_endless(struct writer *w, size_t from, int least)
{
    if (least > 0) { /* once more, and back to it */
        size_t again = w->p->step_count;
        write_again(w, from);
        emit(w, OP_SPLIT, again, w->p->step_count + 1);
        return;
    }
    size_t split = emit(w, OP_SPLIT, w->p->step_count + 1, 0);
    write_again(w, from);
    emit(w, OP_JUMP, split, 0);
    step_at(w, split)->y = (uint32_t)w->p->step_count;
}

/* x{2,4}: x x (x (x)?)? ; what is repeated never matches nothing. */
static void write_repeated(struct writer *w)
{
    int least, most;
    size_t from = w->at;
    skip_atom(w);
    read_repeat(w, &least, &most);
    for (int i = 0; i < least - (most == ENDLESS) && !w->failed; i++)
        write_again(w, from);
    if (most == ENDLESS)
        write_endless(w, from, least);
    size_t last = 0;
    for (int i = least; i < most && !w->failed; i++) {
        last = emit(w, OP_SPLIT, w->p->step_count + 1, last);
        write_again(w, from);
    }
    while (last && !w->failed) { /* all of them end here */
        struct step *s = step_at(w, last);
        last = w->p->steps ? s->y : 0;
        s->y = (uint32_t)w->p->step_count;
    }
}

/* Each alternative begins with a choice between it and the next, and ends with a jump. */
static void write_alternatives(struct writer *w)
{
    size_t jump = 0, choice;
    w->failed |= ++w->depth > MAX_DEPTH;
    do {
        choice = emit(w, OP_SPLIT, w->p->step_count + 1, 0);
        do
            write_repeated(w);
        while (!w->failed && peek(w) >= 0 && peek(w) != '|' && peek(w) != ')');
        jump = emit(w, OP_JUMP, 0, jump);
        step_at(w, choice)->y = (uint32_t)w->p->step_count;
    } while (!w->failed && take(w, "|"));
    step_at(w, choice)->op = OP_JUMP;
    while (jump && !w->failed) {
        struct step *s = step_at(w, jump);
        jump = w->p->steps ? s->y : 0;
        s->x = (uint32_t)w->p->step_count;
    }
    w->depth--;
}

static bool write_all(struct hs_pattern *p, hs_str normal)
{
    struct writer w = {.text = normal, .p = p};
    p->step_count = p->range_count = 0;
    emit(&w, OP_JUMP, 1, 0); /* so that no jump and no choice is step 0, which ends their chains */
    if (take(&w, "\\A"))
        emit(&w, OP_BEGIN, 0, 0);
    w.failed |= !take(&w, "(?:");
    write_alternatives(&w);
    w.failed |= !take(&w, ")");
    if (take(&w, "\\z"))
        emit(&w, OP_END, 0, 0);
    emit(&w, OP_MATCH, 0, 0);
    return !w.failed && w.at == normal.len;
}

/* ---- following it ---- */

struct way {
    uint32_t step;
    size_t from; /* where the match began */
};
struct ways { /* those open at one place, each step once */
    struct way *at;
    size_t count;
    uint32_t *seen, now; /* seen[step] == now: it is among them, or was passed */
};
struct hs_pattern_work {
    struct ways lists[2];
    uint32_t *stack;
};

static bool is_in(const struct hs_pattern *p, const struct step *s, uint32_t code)
{
    for (size_t i = 0; i < s->y; i++)
        if (code >= p->ranges[s->x + i].from && code <= p->ranges[s->x + i].to)
            return !s->negated;
    return s->negated;
}

static void clear(struct ways *l, size_t steps)
{
    l->count = 0;
    if (++l->now == 0) {
        memset(l->seen, 0, steps * sizeof *l->seen);
        l->now = 1;
    }
}

/* The step and all that is reached from it without a character, in the order of preference. */
static void open_way(const struct hs_pattern *p, struct hs_pattern_work *w, struct ways *l, struct way way, hs_str text,
                     size_t place)
{
    size_t depth = 0;
    w->stack[depth++] = way.step;
    while (depth) {
        uint32_t at = w->stack[--depth];
        const struct step *s = &p->steps[at];
        if (l->seen[at] == l->now)
            continue;
        l->seen[at] = l->now;
        if (s->op == OP_SPLIT)
            w->stack[depth++] = s->y;
        if (s->op == OP_SPLIT || s->op == OP_JUMP)
            w->stack[depth++] = s->x;
        else if (s->op == OP_SET || s->op == OP_MATCH)
            l->at[l->count++] = (struct way){at, way.from};
        else if (s->op == OP_BEGIN ? place == 0 : place == text.len)
            w->stack[depth++] = at + 1;
    }
}

struct match {
    bool found;
    size_t from, to;
};

/* One place further. A way that has come to its end ends all that are less preferred. */
static void go_on(const struct hs_pattern *p, struct hs_pattern_work *w, const struct ways *now, struct ways *next,
                  hs_str text, size_t place, uint32_t code, size_t len, struct match *m)
{
    for (size_t i = 0; i < now->count; i++) {
        const struct step *s = &p->steps[now->at[i].step];
        if (s->op == OP_MATCH) {
            *m = (struct match){true, now->at[i].from, place};
            return;
        }
        if (len && is_in(p, s, code))
            open_way(p, w, next, (struct way){now->at[i].step + 1, now->at[i].from}, text, place + len);
    }
}

static struct match find(const struct hs_pattern *p, struct hs_pattern_work *w, hs_str text, size_t place)
{
    struct match m = {0};
    struct ways *now = &w->lists[0], *next = &w->lists[1];
    clear(now, p->step_count);
    for (;;) {
        size_t len = 0;
        while (!m.found && !now->count && place < text.len && (unsigned char)text.at[place] < 128 &&
               !p->may_begin[(unsigned char)text.at[place]])
            place++;
        uint32_t code = place < text.len ? hs_letter_code(text, place, &len) : 0;
        if (!m.found)
            open_way(p, w, now, (struct way){0, place}, text, place);
        clear(next, p->step_count);
        go_on(p, w, now, next, text, place, code, len, &m);
        if (place >= text.len || (m.found && !next->count))
            return m;
        place += len;
        struct ways *other = now;
        now = next;
        next = other;
    }
}

void hs_pattern_replace(const struct hs_pattern *p, struct hs_pattern_work *w, hs_str text, hs_str with,
                        struct hs_buf *out)
{
    size_t at = 0;
    while (at < text.len) {
        struct match m = find(p, w, text, at);
        if (!m.found || m.to <= m.from) /* a pattern of ours matches something, or not at all */
            break;
        hs_buf_add(out, text.at + at, m.from - at);
        hs_buf_adds(out, with);
        at = m.to;
    }
    hs_buf_add(out, text.at + at, text.len - at);
}

/* ---- lifecycles ---- */

static void find_beginnings(struct hs_pattern *p, struct hs_pattern_work *w)
{
    struct ways *l = &w->lists[0];
    clear(l, p->step_count);
    open_way(p, w, l, (struct way){0}, (hs_str){"", 0}, 0);
    for (size_t i = 0; i < l->count; i++)
        for (uint32_t c = 0; c < 128; c++)
            p->may_begin[c] |= p->steps[l->at[i].step].op == OP_MATCH || is_in(p, &p->steps[l->at[i].step], c);
}

struct hs_pattern *hs_pattern_new(hs_str normal)
{
    struct hs_pattern *p = hs_calloc(1, sizeof *p);
    if (!p || !write_all(p, normal)) {
        hs_free(p);
        return NULL;
    }
    p->steps = hs_calloc(p->step_count, sizeof *p->steps);
    p->ranges = hs_calloc(p->range_count + 1, sizeof *p->ranges);
    struct hs_pattern_work *w = p->steps && p->ranges && write_all(p, normal) ? hs_pattern_work_new(p) : NULL;
    if (w)
        find_beginnings(p, w);
    else {
        hs_pattern_free(p);
        p = NULL;
    }
    hs_pattern_work_free(w);
    return p;
}

void hs_pattern_free(struct hs_pattern *p)
{
    if (!p)
        return;
    hs_free(p->steps);
    hs_free(p->ranges);
    hs_free(p);
}

struct hs_pattern_work *hs_pattern_work_new(const struct hs_pattern *p)
{
    struct hs_pattern_work *w = hs_calloc(1, sizeof *w);
    bool ok = w != NULL;
    for (int i = 0; i < 2 && ok; i++) {
        w->lists[i].at = hs_calloc(p->step_count, sizeof *w->lists[i].at);
        w->lists[i].seen = hs_calloc(p->step_count, sizeof *w->lists[i].seen);
        ok = w->lists[i].at && w->lists[i].seen;
    }
    /* each step is passed once and leaves at most two behind it */
    if (ok)
        w->stack = hs_calloc(2 * p->step_count + 2, sizeof *w->stack);
    if (ok && w->stack)
        return w;
    hs_pattern_work_free(w);
    return NULL;
}

void hs_pattern_work_free(struct hs_pattern_work *w)
{
    for (int i = 0; w && i < 2; i++) {
        hs_free(w->lists[i].at);
        hs_free(w->lists[i].seen);
    }
    if (w)
        hs_free(w->stack);
    hs_free(w);
}
