/* Things parsed from immutable files, by path: bounded in bytes and in age, shared between threads. An entry whose
 * file now has another stamp is dropped: immutable is what the format promises, not what a disk guarantees. */
#ifndef HS_ICEBERG_CACHE_H
#define HS_ICEBERG_CACHE_H

#include "store/store.h"

struct hs_cache;

struct hs_cache_kind { /* how a cached thing is counted; both must be thread-safe */
    void *(*ref)(void *value);
    void (*unref)(void *value);
};
struct hs_cache_stats {
    int64_t hits, misses, dropped, entries, bytes;
};

/* NULL: no memory. */
struct hs_cache *hs_cache_new(struct hs_cache_kind kind, int64_t max_bytes, int64_t max_age_us);
void hs_cache_free(struct hs_cache *c);
void hs_cache_limit(struct hs_cache *c, int64_t max_bytes, int64_t max_age_us);
/* A new reference, or NULL. */
void *hs_cache_get(struct hs_cache *c, hs_str key, const struct hs_stamp *stamp);
/* Takes a reference of its own; when there is no memory for the entry, nothing is kept. */
void hs_cache_put(struct hs_cache *c, hs_str key, const struct hs_stamp *stamp, void *value, int64_t bytes);
void hs_cache_clear(struct hs_cache *c);
struct hs_cache_stats hs_cache_stats(struct hs_cache *c);

#endif
