/* A mask's mapping taken from a lookup: `table: LOOKUP`, `from: COLUMN`, `to: COLUMN` among its arguments become the
 * argument `map`, as if somebody had written the pairs there. So whoever reads arguments (the checks, the digest, each
 * printer) sees constants and knows nothing of lookups.
 *
 * A pair must be certain: a row without one of the two, one that the lookup's own `where` is unknown for, or two rows
 * that map one value to different ones would each leave it to chance what is shown. */
#include "model/load.h"
#include "model/lookup.h"

#include <stdlib.h>

struct pair {
    struct hs_value from, to;
};
struct mapping {
    struct hs_load *l;
    struct hs_at at;
    const struct hs_lookup *lookup;
    size_t from, to; /* columns */
    struct pair *pairs;
    size_t count;
};

static struct hs_mask_arg *argument(const struct hs_policy *p, const char *name)
{
    for (size_t i = 0; i < p->arg_count; i++)
        if (hs_str_is(p->args[i].name, name))
            return &p->args[i];
    return NULL;
}

static hs_rc text_of(const struct mapping *m, const struct hs_policy *p, const char *name, hs_str *out)
{
    const struct hs_mask_arg *arg = argument(p, name);
    if (!arg || arg->value.kind != HS_V_TEXT || !arg->value.text.len)
        return hs_load_fail(m->l, m->at,
                            "a mapping from a lookup is written {table: LOOKUP, from: COLUMN, to: COLUMN}, and '%s' %s",
                            name, arg ? "is a name" : "is missing");
    *out = arg->value.text;
    return HS_OK;
}

static int by_value(const void *one, const void *other)
{
    const struct pair *x = one, *y = other;
    const struct hs_value *a = &x->from, *b = &y->from;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->kind == HS_V_TEXT || a->kind == HS_V_NUMBER)
        return hs_str_cmp(a->text, b->text);
    return a->i < b->i ? -1 : a->i > b->i;
}

static hs_rc collect(struct mapping *m)
{
    const struct hs_lookup *k = m->lookup;
    size_t width = k->type->field_count;
    m->pairs = hs_arena_array(m->l->scratch, k->row_count ? k->row_count : 1, sizeof *m->pairs);
    if (!m->pairs)
        return hs_load_no_memory(m->l);
    for (size_t i = 0; i < k->row_count; i++) {
        struct pair p = {k->values[i * width + m->from], k->values[i * width + m->to]};
        if (k->unsure && k->unsure[i])
            return hs_load_fail(m->l, m->at, "the 'where' of lookup '%.*s' is unknown for some rows", HS_FMT(k->name));
        if (p.from.kind == HS_V_NULL || p.to.kind == HS_V_NULL)
            return hs_load_fail(m->l, m->at, "row %zu of lookup '%.*s' maps from nothing or to nothing", i + 1,
                                HS_FMT(k->name));
        m->pairs[m->count++] = p;
    }
    return HS_OK;
}

/* In order, so that the same mapping makes the same decision however its rows lie. */
static hs_rc each_once(struct mapping *m)
{
    size_t n = 0;
    if (m->count)
        qsort(m->pairs, m->count, sizeof *m->pairs, by_value);
    for (size_t i = 0; i < m->count; i++) {
        if (n == 0 || by_value(&m->pairs[n - 1], &m->pairs[i]) != 0)
            m->pairs[n++] = m->pairs[i];
        else if (!hs_value_same(&m->pairs[n - 1].to, &m->pairs[i].to))
            return hs_load_fail(m->l, m->at, "lookup '%.*s' maps one value to two different ones",
                                HS_FMT(m->lookup->name));
    }
    m->count = n;
    if (n > HS_LOOKUP_MAX_VALUES)
        return hs_load_fail(m->l, m->at, "lookup '%.*s' maps more than %d values", HS_FMT(m->lookup->name),
                            HS_LOOKUP_MAX_VALUES);
    return HS_OK;
}

static hs_rc put(const struct mapping *m, struct hs_policy *p)
{
    struct hs_value map = {.kind = HS_V_LIST};
    struct hs_mask_arg *args = hs_arena_array(m->l->arena, p->arg_count, sizeof *args);
    map.items = hs_arena_array(m->l->arena, 2 * m->count + 1, sizeof *map.items);
    if (!args || !map.items)
        return hs_load_no_memory(m->l);
    for (size_t i = 0; i < m->count; i++) {
        map.items[map.item_count++] = m->pairs[i].from;
        map.items[map.item_count++] = m->pairs[i].to;
    }
    size_t n = 0;
    args[n++] = (struct hs_mask_arg){.name = HS_S("map"), .value = map};
    for (size_t i = 0; i < p->arg_count; i++)
        if (!hs_str_is(p->args[i].name, "table") && !hs_str_is(p->args[i].name, "from") &&
            !hs_str_is(p->args[i].name, "to"))
            args[n++] = p->args[i];
    p->args = args;
    p->arg_count = n;
    return HS_OK;
}

hs_rc hs_load_lookup_map(struct hs_load *l, struct hs_policy *p, struct hs_at at)
{
    struct mapping m = {.l = l, .at = at};
    struct hs_err inner = {0};
    hs_str table = {0}, from = {0}, to = {0};
    if (p->kind != HS_MASK || !argument(p, "table"))
        return HS_OK;
    HS_TRY(text_of(&m, p, "table", &table));
    HS_TRY(text_of(&m, p, "from", &from));
    HS_TRY(text_of(&m, p, "to", &to));
    HS_TRY(hs_load_find_lookup(l, p->domain, at, table, &m.lookup));
    HS_TRY(hs_load_lookup_column(l, m.lookup, from, at, &m.from));
    HS_TRY(hs_load_lookup_column(l, m.lookup, to, at, &m.to));
    HS_TRY(collect(&m));
    HS_TRY(each_once(&m));
    HS_TRY(put(&m, p));
    hs_rc rc = l->check ? l->check(p, &inner) : HS_OK;
    return rc == HS_OK ? HS_OK : hs_load_fail_(l, rc, at, __FILE__, __LINE__, "%s", inner.shown);
}
