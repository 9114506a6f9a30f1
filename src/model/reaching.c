/* Which policies may reach which table: made once when a model is loaded, so that a decision looks at the few that are
 * about its table and not at the thousands of a whole bank. Too many do no harm here, one too few would: whether a
 * policy reaches a table is asked again of each (policy/select.c). */
#include "model/load.h"

struct list {
    HS_VEC(uint32_t) at;
};
struct tagged { /* tables that carry a tag somewhere */
    HS_VEC(struct hs_table *) at;
};
struct reaching {
    struct hs_load *l;
    struct hs_map *lists; /* a table's address to its list */
    struct hs_map *tags;
};

static hs_str address(struct hs_table *const *t)
{
    return hs_str_n(t, sizeof *t);
}

static hs_rc add(struct reaching *k, struct hs_table *t, uint32_t policy)
{
    struct list *list = hs_map_get(k->lists, address(&t));
    if (!list) {
        list = HS_NEW(k->l->scratch, struct list);
        if (!list)
            return hs_load_no_memory(k->l);
        HS_TRY(hs_map_put(k->lists, address(&t), list, k->l->err));
    }
    if (list->at.len && list->at.at[list->at.len - 1] == policy)
        return HS_OK;
    uint32_t *place = hs_vec_add(k->l->scratch, &list->at);
    if (!place)
        return hs_load_no_memory(k->l);
    *place = policy;
    return HS_OK;
}

/* ---- tags ---- */
static hs_rc add_tag(struct reaching *k, struct hs_table *t, hs_str tag)
{
    struct tagged *all = hs_map_get(k->tags, tag);
    if (!all) /* no policy asks for it */
        return HS_OK;
    if (all->at.len && all->at.at[all->at.len - 1] == t)
        return HS_OK;
    struct hs_table **place = hs_vec_add(k->l->scratch, &all->at);
    if (!place)
        return hs_load_no_memory(k->l);
    *place = t;
    return HS_OK;
}

static hs_rc add_property_tags(struct reaching *k, struct hs_table *t, const struct hs_property *p, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < p[i].tag_count; j++)
            HS_TRY(add_tag(k, t, p[i].tags[j]));
        HS_TRY(add_property_tags(k, t, p[i].properties, p[i].property_count));
    }
    return HS_OK;
}

static hs_rc find_tagged(struct reaching *k)
{
    struct hs_model *m = k->l->model;
    for (size_t i = 0; i < m->policy_count; i++)
        if (m->policies[i].on.kind == HS_ON_TAG && !hs_map_get(k->tags, m->policies[i].on.text)) {
            struct tagged *all = HS_NEW(k->l->scratch, struct tagged);
            if (!all)
                return hs_load_no_memory(k->l);
            HS_TRY(hs_map_put(k->tags, m->policies[i].on.text, all, k->l->err));
        }
    for (size_t i = 0; i < m->product_count && hs_map_len(k->tags); i++)
        for (size_t t = 0; t < m->products[i].table_count; t++) {
            struct hs_table *table = &m->products[i].tables[t];
            for (size_t j = 0; j < m->products[i].tag_count; j++)
                HS_TRY(add_tag(k, table, m->products[i].tags[j]));
            for (size_t j = 0; j < table->tag_count; j++)
                HS_TRY(add_tag(k, table, table->tags[j]));
            HS_TRY(add_property_tags(k, table, table->properties, table->property_count));
        }
    return HS_OK;
}

/* ---- policies ---- */
static hs_rc add_domain(struct reaching *k, hs_str domain, uint32_t policy)
{
    struct hs_model *m = k->l->model;
    for (size_t i = 0; i < m->product_count; i++)
        for (size_t t = 0; t < m->products[i].table_count && hs_str_eq(m->products[i].domain, domain); t++)
            HS_TRY(add(k, &m->products[i].tables[t], policy));
    return HS_OK;
}

static hs_rc add_policy(struct reaching *k, uint32_t i)
{
    const struct hs_target *on = &k->l->model->policies[i].on;
    const struct tagged *tagged;
    switch (on->kind) {
    case HS_ON_TABLE:
    case HS_ON_COLUMN:
        return add(k, (struct hs_table *)(uintptr_t)on->table, i);
    case HS_ON_PRODUCT:
        for (size_t t = 0; t < on->product->table_count; t++)
            HS_TRY(add(k, &on->product->tables[t], i));
        return HS_OK;
    case HS_ON_TAG:
        tagged = hs_map_get(k->tags, on->text);
        for (size_t t = 0; t < tagged->at.len; t++)
            HS_TRY(add(k, tagged->at.at[t], i));
        return HS_OK;
    case HS_ON_DOMAIN:
        return add_domain(k, on->text, i);
    }
    return hs_fail(k->l->err, HS_INTERNAL, "a policy without a target");
}

static hs_rc keep(struct reaching *k, struct hs_table *t)
{
    const struct list *list = hs_map_get(k->lists, address(&t));
    size_t n = list ? list->at.len : 0;
    uint32_t *at = hs_arena_array(k->l->arena, n + 1, sizeof *at);
    if (!at)
        return hs_load_no_memory(k->l);
    if (n)
        memcpy(at, list->at.at, n * sizeof *at);
    t->reaching = at;
    t->reaching_count = n;
    return HS_OK;
}

hs_rc hs_load_reaching(struct hs_load *l)
{
    struct reaching k = {l, hs_map_new(l->scratch), hs_map_new(l->scratch)};
    if (!k.lists || !k.tags)
        return hs_load_no_memory(l);
    HS_TRY(find_tagged(&k));
    for (size_t i = 0; i < l->model->policy_count; i++)
        HS_TRY(add_policy(&k, (uint32_t)i));
    for (size_t i = 0; i < l->model->product_count; i++)
        for (size_t t = 0; t < l->model->products[i].table_count; t++)
            HS_TRY(keep(&k, &l->model->products[i].tables[t]));
    return HS_OK;
}
