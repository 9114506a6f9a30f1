/* A loaded model: its life, and looking things up in it. */
#include "model/index.h"

hs_str hs_index_key(struct hs_index_key *key, char kind, hs_str a, hs_str b)
{
    size_t len = a.len + b.len + 2;
    if (a.len > sizeof key->text || b.len > sizeof key->text || len > sizeof key->text)
        return HS_S("");
    key->text[0] = kind;
    if (a.len)
        memcpy(key->text + 1, a.at, a.len);
    key->text[1 + a.len] = 0;
    if (b.len)
        memcpy(key->text + 2 + a.len, b.at, b.len);
    return (hs_str){key->text, len};
}

static void *find(const struct hs_model *m, char kind, hs_str a, hs_str b)
{
    struct hs_index_key key;
    return m && m->index ? hs_map_get(m->index, hs_index_key(&key, kind, a, b)) : NULL;
}

const struct hs_user *hs_model_user(const struct hs_model *m, hs_str name)
{
    return find(m, 'u', name, HS_S(""));
}

const struct hs_product *hs_model_product(const struct hs_model *m, hs_str id)
{
    return find(m, 'p', id, HS_S(""));
}

const struct hs_table *hs_model_table(const struct hs_model *m, hs_str domain, hs_str name)
{
    return find(m, 't', domain, name);
}

bool hs_model_has_domain(const struct hs_model *m, hs_str domain)
{
    return find(m, 'd', domain, HS_S("")) != NULL;
}

struct hs_model *hs_model_ref(struct hs_model *m)
{
    atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
    return m;
}

void hs_model_unref(struct hs_model *m)
{
    if (m && atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) == 1)
        hs_arena_free(m->arena); /* the model lies in it */
}
