#include "iceberg/shared_caches.h"
#include "iceberg/deleted_in.h"
#include "iceberg/iceberg.h"
#include "iceberg/manifest.h"
#include "iceberg/parquet.h"

#include <pthread.h>

static const int64_t METADATA_BYTES = 128 << 20, MANIFEST_BYTES = 256 << 20, LIST_BYTES = 32 << 20,
                     FOOTER_BYTES = 64 << 20, DELETED_BYTES = 128 << 20, FOUND_BYTES = 32 << 20,
                     MAX_AGE_US = 600 * 1000000LL, FOUND_AGE_US = 1000000;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct hs_cache *metadata, *found, *manifests, *lists, *footers, *deleted;

static void *table_ref(void *t)
{
    return hs_iceberg_ref(t);
}

static void table_unref(void *t)
{
    hs_iceberg_unref(t);
}

static void *manifest_ref(void *m)
{
    return hs_manifest_ref(m);
}

static void manifest_unref(void *m)
{
    hs_manifest_unref(m);
}

static void *list_ref(void *l)
{
    return hs_manifest_list_ref(l);
}

static void list_unref(void *l)
{
    hs_manifest_list_unref(l);
}

static void *footer_ref(void *f)
{
    return hs_footer_ref(f);
}

static void footer_unref(void *f)
{
    hs_footer_unref(f);
}

static void *deleted_ref(void *f)
{
    return hs_delete_file_ref(f);
}

static void deleted_unref(void *f)
{
    hs_delete_file_unref(f);
}

static struct hs_cache *get_aged(struct hs_cache **slot, struct hs_cache_kind kind, int64_t max_bytes, int64_t age_us)
{
    pthread_mutex_lock(&lock);
    if (!*slot)
        *slot = hs_cache_new(kind, max_bytes, age_us);
    struct hs_cache *c = *slot;
    pthread_mutex_unlock(&lock);
    return c;
}

static struct hs_cache *get(struct hs_cache **slot, struct hs_cache_kind kind, int64_t max_bytes)
{
    return get_aged(slot, kind, max_bytes, MAX_AGE_US);
}

struct hs_cache *hs_found_cache(void)
{
    return get_aged(&found, (struct hs_cache_kind){table_ref, table_unref}, FOUND_BYTES, FOUND_AGE_US);
}

struct hs_cache *hs_metadata_cache(void)
{
    return get(&metadata, (struct hs_cache_kind){table_ref, table_unref}, METADATA_BYTES);
}

struct hs_cache *hs_manifest_cache(void)
{
    return get(&manifests, (struct hs_cache_kind){manifest_ref, manifest_unref}, MANIFEST_BYTES);
}

struct hs_cache *hs_manifest_list_cache(void)
{
    return get(&lists, (struct hs_cache_kind){list_ref, list_unref}, LIST_BYTES);
}

struct hs_cache *hs_footer_cache(void)
{
    return get(&footers, (struct hs_cache_kind){footer_ref, footer_unref}, FOOTER_BYTES);
}

struct hs_cache *hs_deleted_cache(void)
{
    return get(&deleted, (struct hs_cache_kind){deleted_ref, deleted_unref}, DELETED_BYTES);
}

void hs_iceberg_cache_limits(int64_t metadata_bytes, int64_t manifest_bytes, int64_t footer_bytes, int64_t max_age_ms)
{
    hs_cache_limit(hs_metadata_cache(), metadata_bytes, max_age_ms * 1000);
    hs_cache_limit(hs_manifest_cache(), manifest_bytes, max_age_ms * 1000);
    hs_cache_limit(hs_manifest_list_cache(), manifest_bytes / 8, max_age_ms * 1000);
    hs_cache_limit(hs_footer_cache(), footer_bytes, max_age_ms * 1000);
    hs_cache_limit(hs_deleted_cache(), DELETED_BYTES, max_age_ms * 1000);
}

void hs_iceberg_cache_clear(void)
{
    hs_cache_clear(hs_metadata_cache());
    hs_cache_clear(hs_found_cache());
    hs_cache_clear(hs_manifest_cache());
    hs_cache_clear(hs_manifest_list_cache());
    hs_cache_clear(hs_footer_cache());
    hs_cache_clear(hs_deleted_cache());
}
