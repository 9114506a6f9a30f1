#include "iceberg/cache.h"
#include "base/alloc.h"
#include "base/clock.h"

#include <pthread.h>

enum { BUCKETS = 1024, ENTRY_OVERHEAD = 160 };

struct entry {
    struct entry *next;          /* in the bucket */
    struct entry *newer, *older; /* in order of use */
    uint64_t hash;
    struct hs_stamp stamp;
    void *value;
    int64_t bytes, born_us;
    size_t key_len;
    char key[];
};

struct hs_cache {
    pthread_mutex_t lock;
    struct hs_cache_kind kind;
    int64_t max_bytes, max_age_us;
    struct entry *buckets[BUCKETS];
    struct entry *newest, *oldest;
    struct hs_cache_stats stats;
};

struct hs_cache *hs_cache_new(struct hs_cache_kind kind, int64_t max_bytes, int64_t max_age_us)
{
    struct hs_cache *c = hs_calloc(1, sizeof *c);
    if (!c)
        return NULL;
    if (pthread_mutex_init(&c->lock, NULL) != 0) {
        hs_free(c);
        return NULL;
    }
    c->kind = kind;
    c->max_bytes = max_bytes;
    c->max_age_us = max_age_us;
    return c;
}

/* FNV-1a: keys are paths of our own warehouse, and a bucket is only a list. */
static uint64_t hash_of(hs_str key)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < key.len; i++)
        h = (h ^ (uint8_t)key.at[i]) * 1099511628211u;
    return h;
}

static void unlink_use(struct hs_cache *c, struct entry *e)
{
    if (e->newer)
        e->newer->older = e->older;
    else
        c->newest = e->older;
    if (e->older)
        e->older->newer = e->newer;
    else
        c->oldest = e->newer;
}

static void push_use(struct hs_cache *c, struct entry *e)
{
    e->newer = NULL;
    e->older = c->newest;
    if (c->newest)
        c->newest->newer = e;
    else
        c->oldest = e;
    c->newest = e;
}

static struct entry **find(struct hs_cache *c, hs_str key, uint64_t hash)
{
    struct entry **at = &c->buckets[hash % BUCKETS];
    while (*at && !((*at)->hash == hash && hs_str_eq((hs_str){(*at)->key, (*at)->key_len}, key)))
        at = &(*at)->next;
    return at;
}

static void drop(struct hs_cache *c, struct entry **at)
{
    struct entry *e = *at;
    *at = e->next;
    unlink_use(c, e);
    c->stats.bytes -= e->bytes;
    c->stats.entries--;
    c->stats.dropped++;
    c->kind.unref(e->value);
    hs_free(e);
}

static void drop_oldest(struct hs_cache *c)
{
    struct entry *e = c->oldest;
    drop(c, find(c, (hs_str){e->key, e->key_len}, e->hash));
}

static bool stale(const struct hs_cache *c, const struct entry *e, const struct hs_stamp *stamp)
{
    return !hs_stamp_same(&e->stamp, stamp) || hs_mono_us() - e->born_us > c->max_age_us;
}

void *hs_cache_get(struct hs_cache *c, hs_str key, const struct hs_stamp *stamp)
{
    if (!c)
        return NULL;
    pthread_mutex_lock(&c->lock);
    struct entry **at = find(c, key, hash_of(key));
    void *value = NULL;
    if (*at && stale(c, *at, stamp)) {
        drop(c, at);
    } else if (*at) {
        struct entry *e = *at;
        unlink_use(c, e);
        push_use(c, e);
        value = c->kind.ref(e->value);
    }
    if (value)
        c->stats.hits++;
    else
        c->stats.misses++;
    pthread_mutex_unlock(&c->lock);
    return value;
}

static struct entry *entry_new(hs_str key, const struct hs_stamp *stamp, int64_t bytes)
{
    struct entry *e = hs_malloc(sizeof *e + key.len);
    if (!e)
        return NULL;
    *e = (struct entry){.hash = hash_of(key), .stamp = *stamp, .born_us = hs_mono_us(), .key_len = key.len};
    e->bytes = bytes + ENTRY_OVERHEAD + (int64_t)key.len;
    memcpy(e->key, key.at, key.len);
    return e;
}

void hs_cache_put(struct hs_cache *c, hs_str key, const struct hs_stamp *stamp, void *value, int64_t bytes)
{
    struct entry *e = c ? entry_new(key, stamp, bytes) : NULL;
    if (!e)
        return;
    pthread_mutex_lock(&c->lock);
    struct entry **old = find(c, key, e->hash);
    if (*old)
        drop(c, old);
    if (e->bytes > c->max_bytes) {
        hs_free(e);
    } else {
        e->value = c->kind.ref(value);
        e->next = c->buckets[e->hash % BUCKETS];
        c->buckets[e->hash % BUCKETS] = e;
        push_use(c, e);
        c->stats.bytes += e->bytes;
        c->stats.entries++;
        while (c->stats.bytes > c->max_bytes)
            drop_oldest(c);
    }
    pthread_mutex_unlock(&c->lock);
}

void hs_cache_limit(struct hs_cache *c, int64_t max_bytes, int64_t max_age_us)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->max_bytes = max_bytes;
    c->max_age_us = max_age_us;
    while (c->oldest && c->stats.bytes > c->max_bytes)
        drop_oldest(c);
    pthread_mutex_unlock(&c->lock);
}

void hs_cache_clear(struct hs_cache *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    while (c->oldest)
        drop_oldest(c);
    pthread_mutex_unlock(&c->lock);
}

struct hs_cache_stats hs_cache_stats(struct hs_cache *c)
{
    if (!c)
        return (struct hs_cache_stats){0};
    pthread_mutex_lock(&c->lock);
    struct hs_cache_stats stats = c->stats;
    pthread_mutex_unlock(&c->lock);
    return stats;
}

void hs_cache_free(struct hs_cache *c)
{
    if (!c)
        return;
    hs_cache_clear(c);
    pthread_mutex_destroy(&c->lock);
    hs_free(c);
}
