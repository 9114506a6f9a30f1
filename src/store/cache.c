/* Objects that never change, as the cache knows them: which there are, who reads them, and what of them is given up,
 * least recently used first, to stay within a number of bytes. One lock; nothing waits for a store or reads a block
 * while holding it. Their blocks are cache_blocks.c.
 *
 * An object is known by URI and ETag. What stands under a URI now is asked again after a while; within it, the ETag
 * that goes with every range sees to it that a statement never reads of two versions. */
#include "base/alloc.h"
#include "base/clock.h"
#include "store/cache_in.h"

enum { PLACES = 1 << 14, OBJECTS_MAX = 1 << 18 };
static const int64_t TRUST_US = 600 * INT64_C(1000000);

pthread_mutex_t hs_cache_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    struct hs_object **table;
    struct hs_object *newest, *oldest;
    int64_t bytes, max_bytes;
    size_t count;
    bool open;
} own;

bool hs_is_immutable(hs_str uri)
{
    /* metadata, packed or not, and the hint; data files may have any name, or no ending at all */
    static const char *const ENDS[] = {".json", ".gz", ".zst", ".zstd", ".text"};
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++)
        if (hs_str_ends(uri, hs_str_of(ENDS[i])))
            return false;
    return true;
}

/* ---- the table and the order of use; with the lock held ---- */

static struct hs_object **place_of(hs_str uri)
{
    uint64_t h = 1469598103934665603u; /* the URIs are ours or a table's: at worst this is slow */
    for (size_t i = 0; i < uri.len; i++)
        h = (h ^ (unsigned char)uri.at[i]) * 1099511628211u;
    return &own.table[(h ^ h >> 32) % PLACES];
}

static struct hs_object *find(hs_str uri)
{
    struct hs_object *o = *place_of(uri);
    while (o && !hs_str_eq(uri, (hs_str){o->uri, o->uri_len}))
        o = o->next_same_place;
    return o;
}

static void take_out_of_order(struct hs_object *o)
{
    *(o->newer ? &o->newer->older : &own.newest) = o->older;
    *(o->older ? &o->older->newer : &own.oldest) = o->newer;
    o->newer = o->older = NULL;
}

static void make_newest(struct hs_object *o)
{
    o->older = own.newest;
    o->newer = NULL;
    *(own.newest ? &own.newest->newer : &own.oldest) = o;
    own.newest = o;
}

static void free_object(struct hs_object *o)
{
    hs_object_forget_rest(o);
    hs_object_files_close(o);
    hs_free(o->uri);
    hs_free(o);
}

/* Whoever reads it goes on with what it has open. */
static void drop(struct hs_object *o)
{
    struct hs_object **at = place_of((hs_str){o->uri, o->uri_len});
    while (*at != o)
        at = &(*at)->next_same_place;
    *at = o->next_same_place;
    take_out_of_order(o);
    hs_object_files_remove(o);
    own.bytes -= o->bytes;
    own.count--;
    o->gone = true;
    if (!o->refs)
        free_object(o);
}

static void evict_to(int64_t bytes)
{
    for (struct hs_object *o = own.oldest, *newer; o && (own.bytes > bytes || own.count > OBJECTS_MAX); o = newer) {
        newer = o->newer;
        if (!o->refs && (o->bytes || own.count > OBJECTS_MAX))
            drop(o);
    }
}

static struct hs_object *add(hs_str uri, const struct hs_s3_facts *facts, const char *name)
{
    struct hs_object *o = hs_calloc(1, sizeof *o);
    struct hs_err err;
    if (!o || !(o->uri = hs_strndup(uri.at, uri.len))) {
        hs_free(o);
        return NULL;
    }
    o->uri_len = uri.len;
    o->facts = *facts;
    o->data = o->sums = o->resting = -1;
    if (hs_object_files_name(o, &err) != HS_OK || (name && strcmp(name, o->name) != 0)) {
        free_object(o);
        return NULL;
    }
    struct hs_object **at = place_of(uri);
    o->next_same_place = *at;
    *at = o;
    make_newest(o);
    own.count++;
    return o;
}

static void take_left(hs_str uri, const struct hs_s3_facts *facts, const char *name, int64_t bytes)
{
    struct hs_object *o = find(uri) ? NULL : add(uri, facts, name);
    if (o) {
        o->bytes = bytes;
        own.bytes += bytes;
    }
}

/* ---- open, close ---- */

static hs_rc open_table(int64_t max_bytes, struct hs_err *err)
{
    pthread_mutex_lock(&hs_cache_lock); /* whether a name is known may be asked at any time */
    own.open = true;
    own.max_bytes = max_bytes;
    own.table = hs_calloc(PLACES, sizeof *own.table);
    hs_rc rc = own.table ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
    if (rc == HS_OK) {
        hs_cache_directory_scan(take_left);
        evict_to(own.max_bytes);
    }
    pthread_mutex_unlock(&hs_cache_lock);
    return rc;
}

hs_rc hs_cache_open(const char *directory, int64_t max_bytes, struct hs_err *err)
{
    HS_TRY(hs_cache_directory_open(directory, err));
    HS_TRY(open_table(max_bytes, err));
    return hs_fetchers_open(err);
}

void hs_cache_close(void)
{
    if (!own.open)
        return;
    hs_fetchers_close();
    pthread_mutex_lock(&hs_cache_lock);
    for (struct hs_object *o = own.oldest, *newer; o; o = newer) {
        newer = o->newer;
        free_object(o); /* the files stay for the next process */
    }
    hs_free(own.table);
    memset(&own, 0, sizeof own);
    pthread_mutex_unlock(&hs_cache_lock);
    hs_cache_directory_close();
}

static void use(struct hs_object *o)
{
    if (o->refs++ == 0)
        hs_object_wake(o);
    take_out_of_order(o);
    make_newest(o);
}

static bool same_facts(const struct hs_s3_facts *a, const struct hs_s3_facts *b)
{
    return a->size == b->size && strcmp(a->etag, b->etag) == 0;
}

static bool is_known(const struct hs_object *o)
{
    return o && o->known_us && hs_mono_us() - o->known_us < TRUST_US;
}

bool hs_object_is_known(hs_str uri)
{
    pthread_mutex_lock(&hs_cache_lock);
    bool known = own.table && is_known(find(uri)); /* asked by name alone, before anything remote was read */
    pthread_mutex_unlock(&hs_cache_lock);
    return known;
}

bool hs_cache_take_known(hs_str uri, struct hs_object **out)
{
    pthread_mutex_lock(&hs_cache_lock);
    struct hs_object *o = find(uri);
    bool known = is_known(o);
    if (known) {
        use(o);
        *out = o;
    }
    pthread_mutex_unlock(&hs_cache_lock);
    return known;
}

bool hs_cache_has_seen(hs_str uri)
{
    pthread_mutex_lock(&hs_cache_lock);
    bool seen = find(uri) != NULL;
    pthread_mutex_unlock(&hs_cache_lock);
    return seen;
}

struct hs_object *hs_cache_take(hs_str uri, const struct hs_s3_facts *facts)
{
    pthread_mutex_lock(&hs_cache_lock);
    struct hs_object *o = find(uri);
    if (o && !same_facts(&o->facts, facts)) {
        drop(o);
        o = NULL;
    }
    o = o ? o : add(uri, facts, NULL);
    if (o) {
        use(o);
        o->known_us = hs_mono_us();
        evict_to(own.max_bytes);
    }
    pthread_mutex_unlock(&hs_cache_lock);
    return o;
}

struct hs_object *hs_object_ref(struct hs_object *o)
{
    pthread_mutex_lock(&hs_cache_lock);
    o->refs++;
    pthread_mutex_unlock(&hs_cache_lock);
    return o;
}

void hs_object_unref_locked(struct hs_object *o)
{
    if (--o->refs)
        return;
    if (o->gone) {
        free_object(o);
        return;
    }
    hs_object_rest(o);
    evict_to(own.max_bytes);
}

void hs_object_close(struct hs_object *o)
{
    if (!o)
        return;
    pthread_mutex_lock(&hs_cache_lock);
    hs_object_unref_locked(o);
    pthread_mutex_unlock(&hs_cache_lock);
}

const struct hs_s3_facts *hs_object_facts(const struct hs_object *o)
{
    return &o->facts;
}

void hs_object_count_locked(struct hs_object *o, int64_t more)
{
    o->bytes += more;
    own.bytes += o->gone ? 0 : more;
    evict_to(own.max_bytes);
}

void hs_cache_give_up_all(void)
{
    pthread_mutex_lock(&hs_cache_lock);
    evict_to(0);
    pthread_mutex_unlock(&hs_cache_lock);
}
