/* What a person learns by subtracting: of every group that was shown he knows a number of rows and sums over them, so
 * of groups that do not overlap he knows the union, and of any two unions the difference. All three questions below are
 * asked of rows, and for each measure of those rows that have one (and, where it was counted, of those that have
 * none): fifteen rows of which one has a bonus are one row where bonuses are summed.
 *
 * Against each earlier statement: is there a group of one of them and a union of groups of the other that differ by
 * some rows, but by fewer than the minimum? Groups of one statement are disjoint, so the closest union to a group is
 * found by taking each that lies in it for more than half. And are there unions that overlap nothing else and differ
 * so?
 *
 * Against several at once (the general tracker: this plus that less those): the shown groups are vectors over the
 * atoms, and whatever can be computed from them lies in their span. The reduced echelon form shows every single atom
 * that is in it. That costs the cube of the groups, so it is done for the latest statements that fit a bound; what
 * combines still more is named in doc/threat-model.md. */
#include "access/differences.h"

#include <stdlib.h>
#include <string.h>

enum { SPAN_GROUPS = 320, SPAN_CELLS = 1 << 18 };
static const uint64_t PRIME =
    2147483647; /* arithmetic of fractions, without them; wrong once in two thousand million */

struct pair {
    int32_t g, h;
    int64_t weight;
};
struct check {
    struct hs_arena *arena;
    const struct hs_differences *d;
    int64_t *weight; /* of each atom, in the question at hand */
    struct hs_err *err;
};

static hs_rc no_memory(struct check *k)
{
    return hs_fail(k->err, HS_NOMEM, "out of memory");
}

static hs_rc too_close(struct check *k)
{
    return hs_fail(
        k->err, HS_DENIED,
        "beside what you asked before of the same snapshot this would tell of fewer than %lld rows; ask with "
        "the same conditions as before, or with ones that differ by more",
        (long long)k->d->minimum);
}

static bool is_few(const struct check *k, int64_t n)
{
    return n > 0 && n < k->d->minimum;
}

/* ---- which groups are shown: the same rule as the printed statement's ---- */
struct group {
    int64_t rows, size;
    int64_t below, fewer;
};

static int by_size(const void *a, const void *b)
{
    const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;
    return x->size < y->size ? -1 : x->size > y->size;
}

static int64_t size_of(const struct check *k, const struct hs_row_set *set, int64_t rows, const int64_t *values)
{
    int64_t size = rows;
    for (size_t m = 0; m < k->d->measure_count; m++) {
        uint64_t bit = UINT64_C(1) << m;
        int64_t has = set->counted & bit && is_few(k, rows - values[m]) ? 0 : values[m];
        if (set->measures & bit && has < size)
            size = has;
    }
    return size;
}

static hs_rc measure_groups(struct check *k, size_t s, struct group *groups)
{
    const struct hs_row_set *set = &k->d->sets[s];
    size_t n = (size_t)set->group_count, m = k->d->measure_count;
    int64_t *values = hs_arena_array(k->arena, n * m + 1, sizeof *values);
    if (!values)
        return no_memory(k);
    for (size_t i = 0; i < k->d->atom_count; i++) {
        const struct hs_atom *a = &k->d->atoms[i];
        if (a->groups[s] < 0)
            continue;
        size_t g = (size_t)a->groups[s];
        groups[g].rows += a->rows;
        for (size_t v = 0; v < m; v++)
            values[g * m + v] += a->values[v];
    }
    for (size_t g = 0; g < n; g++)
        groups[g].size = size_of(k, set, groups[g].rows, values + g * m);
    return HS_OK;
}

static hs_rc withhold(struct check *k, size_t s)
{
    size_t n = (size_t)k->d->sets[s].group_count;
    struct group *groups = hs_arena_array(k->arena, n + 1, sizeof *groups);
    struct group **sorted = hs_arena_array(k->arena, n + 1, sizeof *sorted);
    if (!groups || !sorted)
        return no_memory(k);
    HS_TRY(measure_groups(k, s, groups));
    for (size_t g = 0; g < n; g++)
        sorted[g] = &groups[g];
    qsort(sorted, n, sizeof *sorted, by_size);
    int64_t sum = 0, least = n ? sorted[0]->size : 0;
    for (size_t g = 0; g < n; g++) {
        bool tie = g && sorted[g]->size == sorted[g - 1]->size;
        sorted[g]->below = tie ? sorted[g - 1]->below : sum;
        sorted[g]->fewer = tie ? sorted[g - 1]->fewer : (int64_t)g;
        sum += sorted[g]->size;
    }
    for (size_t i = 0; i < k->d->atom_count && least < k->d->minimum; i++) {
        int32_t *at = &k->d->atoms[i].groups[s];
        if (*at >= 0 &&
            (groups[*at].size < k->d->minimum || groups[*at].below < k->d->minimum || groups[*at].fewer < 2))
            *at = -1;
    }
    return HS_OK;
}

/* ---- two statements ---- */
static int by_pair(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->g != y->g)
        return x->g < y->g ? -1 : 1;
    return x->h < y->h ? -1 : x->h > y->h;
}

struct overlap { /* of the shown groups of two statements */
    struct pair *pairs;
    size_t count;
    int64_t *g, *h; /* their weights */
    size_t g_count, h_count;
};

static hs_rc find_overlap(struct check *k, size_t s, size_t t, struct overlap *out)
{
    size_t n = 0;
    out->g_count = (size_t)k->d->sets[s].group_count;
    out->h_count = (size_t)k->d->sets[t].group_count;
    out->g = hs_arena_array(k->arena, out->g_count + 1, sizeof *out->g);
    out->h = hs_arena_array(k->arena, out->h_count + 1, sizeof *out->h);
    out->pairs = hs_arena_array(k->arena, k->d->atom_count + 1, sizeof *out->pairs);
    if (!out->g || !out->h || !out->pairs)
        return no_memory(k);
    for (size_t i = 0; i < k->d->atom_count; i++) {
        int32_t g = k->d->atoms[i].groups[s], h = k->d->atoms[i].groups[t];
        if (g >= 0)
            out->g[g] += k->weight[i];
        if (h >= 0)
            out->h[h] += k->weight[i];
        if (g >= 0 && h >= 0 && k->weight[i])
            out->pairs[n++] = (struct pair){g, h, k->weight[i]};
    }
    qsort(out->pairs, n, sizeof *out->pairs, by_pair);
    for (size_t i = 0; i < n; i++) {
        struct pair *last = out->count ? &out->pairs[out->count - 1] : NULL;
        if (last && by_pair(last, &out->pairs[i]) == 0)
            last->weight += out->pairs[i].weight;
        else
            out->pairs[out->count++] = out->pairs[i];
    }
    return HS_OK;
}

/* Each group against the union of the other's that is closest to it. */
static hs_rc check_unions(struct check *k, const struct overlap *o)
{
    int64_t *g = hs_arena_array(k->arena, o->g_count + 1, sizeof *g);
    int64_t *h = hs_arena_array(k->arena, o->h_count + 1, sizeof *h);
    if (!g || !h)
        return no_memory(k);
    memcpy(g, o->g, o->g_count * sizeof *g);
    memcpy(h, o->h, o->h_count * sizeof *h);
    for (size_t i = 0; i < o->count; i++) {
        const struct pair *p = &o->pairs[i];
        int64_t gain_g = 2 * p->weight - o->h[p->h], gain_h = 2 * p->weight - o->g[p->g];
        g[p->g] -= gain_g > 0 ? gain_g : 0;
        h[p->h] -= gain_h > 0 ? gain_h : 0;
        if (is_few(k, o->g[p->g] + o->h[p->h] - 2 * p->weight))
            return too_close(k);
    }
    for (size_t i = 0; i < o->g_count; i++)
        if (is_few(k, g[i]))
            return too_close(k);
    for (size_t i = 0; i < o->h_count; i++)
        if (is_few(k, h[i]))
            return too_close(k);
    return HS_OK;
}

static size_t root_of(size_t *parent, size_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* All groups of both that hang together, against each other: what only one of them covers. */
static hs_rc check_components(struct check *k, const struct overlap *o)
{
    size_t n = o->g_count + o->h_count;
    size_t *parent = hs_arena_array(k->arena, n + 1, sizeof *parent);
    int64_t *alone = hs_arena_array(k->arena, n + 1, sizeof *alone);
    if (!parent || !alone)
        return no_memory(k);
    for (size_t i = 0; i < n; i++)
        parent[i] = i;
    for (size_t i = 0; i < o->count; i++)
        parent[root_of(parent, (size_t)o->pairs[i].g)] = root_of(parent, o->g_count + (size_t)o->pairs[i].h);
    for (size_t i = 0; i < n; i++)
        alone[root_of(parent, i)] += i < o->g_count ? o->g[i] : o->h[i - o->g_count];
    for (size_t i = 0; i < o->count; i++)
        alone[root_of(parent, (size_t)o->pairs[i].g)] -= 2 * o->pairs[i].weight;
    for (size_t i = 0; i < n; i++)
        if (parent[i] == i && is_few(k, alone[i]))
            return too_close(k);
    return HS_OK;
}

static hs_rc check_two_in(struct check *k, size_t other)
{
    struct overlap o = {0};
    HS_TRY(find_overlap(k, 0, other, &o));
    HS_TRY(check_unions(k, &o));
    return check_components(k, &o);
}

/* In memory of its own: there may be sixty-four of them, for many measures. */
static hs_rc check_two(struct check *k, size_t other)
{
    struct check own = *k;
    own.arena = hs_arena_new(0);
    hs_rc rc = own.arena ? check_two_in(&own, other) : no_memory(k);
    hs_arena_free(own.arena);
    return rc;
}

/* ---- all of them ---- */
struct span {
    uint32_t *cells; /* rows: shown groups; columns: atoms with equal groups, together */
    int64_t *weight; /* of a column */
    size_t rows, columns;
    size_t *first; /* a set's first row; SIZE_MAX: not taken */
};

/* The new statement and the latest ones before it, as many as fit. */
static hs_rc choose_sets(struct check *k, const bool *asked, struct span *s)
{
    s->first = hs_arena_array(k->arena, k->d->set_count + 1, sizeof *s->first);
    if (!s->first)
        return no_memory(k);
    for (size_t i = 0; i < k->d->set_count; i++) {
        size_t n = (size_t)k->d->sets[i].group_count;
        s->first[i] = SIZE_MAX;
        if (!asked[i] || s->rows + n > SPAN_GROUPS)
            continue;
        s->first[i] = s->rows;
        s->rows += n;
    }
    return HS_OK;
}

static _Thread_local const struct check *sorting;
static _Thread_local const struct span *sorting_span;

static int by_groups(const void *a, const void *b)
{
    const struct hs_atom *x = &sorting->d->atoms[*(const uint32_t *)a], *y = &sorting->d->atoms[*(const uint32_t *)b];
    for (size_t s = 0; s < sorting->d->set_count; s++)
        if (sorting_span->first[s] != SIZE_MAX && x->groups[s] != y->groups[s])
            return x->groups[s] < y->groups[s] ? -1 : 1;
    return 0;
}

static hs_rc fill_span(struct check *k, struct span *s, bool *out_fits)
{
    uint32_t *order = hs_arena_array(k->arena, k->d->atom_count + 1, sizeof *order);
    size_t n = 0;
    if (!order)
        return no_memory(k);
    for (size_t i = 0; i < k->d->atom_count; i++)
        if (k->weight[i])
            order[n++] = (uint32_t)i;
    sorting = k;
    sorting_span = s;
    qsort(order, n, sizeof *order, by_groups);
    for (size_t i = 0; i < n; i++)
        s->columns += i == 0 || by_groups(&order[i - 1], &order[i]) != 0;
    *out_fits = s->rows && s->columns && s->rows * s->columns <= SPAN_CELLS;
    if (!*out_fits)
        return HS_OK;
    s->cells = hs_arena_array(k->arena, s->rows * s->columns, sizeof *s->cells);
    s->weight = hs_arena_array(k->arena, s->columns, sizeof *s->weight);
    if (!s->cells || !s->weight)
        return no_memory(k);
    for (size_t i = 0, c = 0; i < n; i++) {
        c += i && by_groups(&order[i - 1], &order[i]) != 0;
        s->weight[c] += k->weight[order[i]];
        for (size_t t = 0; t < k->d->set_count; t++) {
            int32_t g = k->d->atoms[order[i]].groups[t];
            if (s->first[t] != SIZE_MAX && g >= 0)
                s->cells[(s->first[t] + (size_t)g) * s->columns + c] = 1;
        }
    }
    return HS_OK;
}

static uint64_t inverse(uint64_t x)
{
    uint64_t out = 1;
    for (uint64_t e = PRIME - 2; e; e >>= 1, x = x * x % PRIME)
        if (e & 1)
            out = out * x % PRIME;
    return out;
}

static void subtract_row(struct span *s, size_t from, size_t row, size_t column)
{
    uint32_t *to = s->cells + from * s->columns, *what = s->cells + row * s->columns;
    uint64_t times = PRIME - to[column];
    for (size_t c = 0; c < s->columns; c++)
        if (what[c])
            to[c] = (uint32_t)((to[c] + times * what[c]) % PRIME);
}

/* To the reduced echelon form; returns the rank. */
static size_t reduce(struct span *s)
{
    size_t rank = 0;
    for (size_t column = 0; column < s->columns && rank < s->rows; column++) {
        size_t pivot = rank;
        while (pivot < s->rows && !s->cells[pivot * s->columns + column])
            pivot++;
        if (pivot == s->rows)
            continue;
        uint32_t *a = s->cells + rank * s->columns, *b = s->cells + pivot * s->columns;
        uint64_t scale = inverse(b[column]);
        for (size_t c = 0; c < s->columns; c++) {
            uint32_t keep = a[c];
            a[c] = (uint32_t)(b[c] * scale % PRIME);
            if (a != b)
                b[c] = keep;
        }
        for (size_t r = 0; r < s->rows; r++)
            if (r != rank && s->cells[r * s->columns + column])
                subtract_row(s, r, rank, column);
        rank++;
    }
    return rank;
}

static hs_rc check_span_in(struct check *k, const bool *asked)
{
    struct span s = {0};
    bool fits;
    HS_TRY(choose_sets(k, asked, &s));
    hs_rc rc = fill_span(k, &s, &fits);
    sorting = NULL; /* what they pointed at ends with this call */
    sorting_span = NULL;
    HS_TRY(rc);
    size_t rank = fits ? reduce(&s) : 0;
    for (size_t r = 0; r < rank; r++) {
        int64_t weight = 0;
        for (size_t c = 0; c < s.columns; c++)
            weight += s.cells[r * s.columns + c] ? s.weight[c] : 0;
        if (is_few(k, weight))
            return too_close(k);
    }
    return HS_OK;
}

static hs_rc check_span(struct check *k, const bool *asked)
{
    struct check own = *k;
    own.arena = hs_arena_new(0);
    hs_rc rc = own.arena ? check_span_in(&own, asked) : no_memory(k);
    hs_arena_free(own.arena);
    return rc;
}

/* ---- the questions ---- */
static hs_rc ask(struct check *k, uint64_t measure, bool none)
{
    const struct hs_differences *d = k->d;
    bool *asked = hs_arena_array(k->arena, d->set_count + 1, sizeof *asked);
    if (!asked)
        return no_memory(k);
    for (size_t s = 0; s < d->set_count; s++)
        asked[s] = !measure || (none ? d->sets[s].counted : d->sets[s].measures) & measure;
    if (!asked[0])
        return HS_OK;
    for (size_t i = 0; i < d->atom_count; i++) {
        const struct hs_atom *a = &d->atoms[i];
        int64_t has = measure ? a->values[__builtin_ctzll(measure)] : a->rows;
        k->weight[i] = none ? a->rows - has : has;
    }
    for (size_t s = 1; s < d->set_count; s++)
        if (asked[s])
            HS_TRY(check_two(k, s));
    return check_span(k, asked);
}

hs_rc hs_differences_check(struct hs_arena *a, const struct hs_differences *d, struct hs_err *err)
{
    struct check k = {.arena = a, .d = d, .err = err};
    k.weight = hs_arena_array(a, d->atom_count + 1, sizeof *k.weight);
    if (!k.weight)
        return no_memory(&k);
    for (size_t s = 0; s < d->set_count; s++)
        HS_TRY(withhold(&k, s));
    HS_TRY(ask(&k, 0, false));
    for (size_t m = 0; m < d->measure_count; m++) {
        HS_TRY(ask(&k, UINT64_C(1) << m, false));
        HS_TRY(ask(&k, UINT64_C(1) << m, true));
    }
    return HS_OK;
}
