/* The arena's map: open addressing over stored hashes. Keys may come from a peer, so the hash is seeded per map:
 * nobody outside can choose names that all fall into one place. */
#include "base/arena.h"

#include "base/hash.h"

struct entry {
    hs_str key; /* .at NULL: free */
    uint64_t hash;
    void *value;
};

struct hs_map {
    struct hs_arena *arena;
    struct entry *entries;
    size_t len, cap; /* cap is a power of two, at least a quarter free */
    uint64_t seed;
};

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    return x ^ x >> 32;
}

static uint64_t hash_of(const struct hs_map *m, hs_str key)
{
    uint64_t h = m->seed ^ key.len;
    while (key.len >= 8) {
        uint64_t eight;
        memcpy(&eight, key.at, 8);
        h = mix(h ^ eight);
        key.at += 8;
        key.len -= 8;
    }
    uint64_t tail = 0;
    if (key.len)
        memcpy(&tail, key.at, key.len);
    return mix(h ^ tail);
}

struct hs_map *hs_map_new(struct hs_arena *a)
{
    struct hs_map *m = HS_NEW(a, struct hs_map);
    if (!m)
        return NULL;
    m->arena = a;
    return m;
}

/* The key's entry, or the free one where it belongs. */
static struct entry *slot(struct entry *entries, size_t cap, hs_str key, uint64_t hash)
{
    size_t i = hash & (cap - 1);
    while (entries[i].key.at && !(entries[i].hash == hash && hs_str_eq(entries[i].key, key)))
        i = (i + 1) & (cap - 1);
    return &entries[i];
}

void *hs_map_get(const struct hs_map *m, hs_str key)
{
    return m->cap ? slot(m->entries, m->cap, key, hash_of(m, key))->value : NULL;
}

/* The seed is made with the first entry: many a map stays empty. */
static bool widen(struct hs_map *m)
{
    size_t cap = m->cap ? m->cap * 2 : 16;
    if (!m->cap && hs_random(&m->seed, sizeof m->seed, NULL) != HS_OK)
        m->seed = (uintptr_t)m; /* only the spread of the entries is at stake */
    struct entry *entries = hs_arena_array(m->arena, cap, sizeof *entries);
    if (!entries)
        return false;
    for (size_t i = 0; i < m->cap; i++) {
        if (m->entries[i].key.at)
            *slot(entries, cap, m->entries[i].key, m->entries[i].hash) = m->entries[i];
    }
    m->entries = entries;
    m->cap = cap;
    return true;
}

hs_rc hs_map_put(struct hs_map *m, hs_str key, void *value, struct hs_err *err)
{
    if (m->len >= m->cap / 4 * 3 && !widen(m))
        return hs_fail(err, HS_NOMEM, "out of memory");
    uint64_t hash = hash_of(m, key);
    struct entry *e = slot(m->entries, m->cap, key, hash);
    if (!e->key.at) {
        hs_str copy = hs_arena_str(m->arena, key);
        if (!copy.at)
            return hs_fail(err, HS_NOMEM, "out of memory");
        e->key = copy;
        e->hash = hash;
        m->len++;
    }
    e->value = value;
    return HS_OK;
}

size_t hs_map_len(const struct hs_map *m)
{
    return m->len;
}
