/* Objects that never change, by blocks: fetched once however many ask, in few large pieces and several at a time, kept
 * within a number of bytes, the least recently used given up first. One lock; nothing waits for a store or reads a
 * block while holding it.
 *
 * An object is known by URI and ETag. What stands under a URI now is asked again after a while; within it, the ETag
 * that goes with every range sees to it that a statement never reads of two versions. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "io/pool.h"
#include "store/cache_in.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

enum { PLACES = 1 << 14, OBJECTS_MAX = 1 << 18, PIECE = HS_BLOCKS_ONCE, FETCHERS = 16, QUEUE = 4096, WAIT_MS = 50 };
enum { ROUNDS = 8, COMPARE = 16 };
/* A footer is looked for in the last 64 KiB, which begin in the middle of a block. */
enum { MANIFEST_BYTES = 256 << 10, FOOTER_BYTES = (64 << 10) + HS_BLOCK };
static const int64_t TRUST_US = 600 * INT64_C(1000000);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct {
    struct hs_object **table;
    struct hs_object *newest, *oldest;
    int64_t bytes, max_bytes;
    size_t count;
    struct hs_pool *fetchers;
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

hs_rc hs_cache_open(const char *directory, int64_t max_bytes, struct hs_err *err)
{
    HS_TRY(hs_cache_directory_open(directory, err));
    own.open = true;
    own.max_bytes = max_bytes;
    own.table = hs_calloc(PLACES, sizeof *own.table);
    if (!own.table)
        return hs_fail(err, HS_NOMEM, "out of memory");
    HS_TRY(hs_pool_open(FETCHERS, QUEUE, &own.fetchers, err));
    pthread_mutex_lock(&lock);
    hs_cache_directory_scan(take_left);
    evict_to(own.max_bytes);
    pthread_mutex_unlock(&lock);
    return HS_OK;
}

void hs_cache_close(void)
{
    if (!own.open)
        return;
    hs_pool_close(own.fetchers);
    for (struct hs_object *o = own.oldest, *newer; o; o = newer) {
        newer = o->newer;
        free_object(o); /* the files stay for the next process */
    }
    hs_free(own.table);
    memset(&own, 0, sizeof own);
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

bool hs_cache_take_known(hs_str uri, struct hs_object **out)
{
    pthread_mutex_lock(&lock);
    struct hs_object *o = find(uri);
    bool known = o && o->known_us && hs_mono_us() - o->known_us < TRUST_US;
    if (known) {
        use(o);
        *out = o;
    }
    pthread_mutex_unlock(&lock);
    return known;
}

struct hs_object *hs_object_ref(struct hs_object *o)
{
    pthread_mutex_lock(&lock);
    o->refs++;
    pthread_mutex_unlock(&lock);
    return o;
}

static void unref_locked(struct hs_object *o)
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
    pthread_mutex_lock(&lock);
    unref_locked(o);
    pthread_mutex_unlock(&lock);
}

const struct hs_s3_facts *hs_object_facts(const struct hs_object *o)
{
    return &o->facts;
}

/* ---- fetching ---- */

struct waiter { /* on the stack of who waits for pieces */
    int pending;
    hs_rc rc;
    struct hs_err err;
};
struct piece {                /* blocks that one exchange brings; they are FETCHING */
    struct hs_object *object; /* counted */
    uint32_t first, count;
    const atomic_bool *gave_up;
    struct waiter *waiter; /* NULL: nobody waits */
};

static int64_t piece_bytes(const struct piece *p)
{
    int64_t from = (int64_t)p->first * HS_BLOCK, to = from + (int64_t)p->count * HS_BLOCK;
    return (to < p->object->facts.size ? to : p->object->facts.size) - from;
}

static hs_rc write_blocks(const struct piece *p, const char *bytes, struct hs_err *err)
{
    hs_rc rc = hs_object_blocks_write(p->object, p->first, p->count, bytes, err);
    if (rc != HS_LIMIT)
        return rc;
    pthread_mutex_lock(&lock); /* the disk is full: what nobody reads goes first */
    evict_to(0);
    pthread_mutex_unlock(&lock);
    return hs_object_blocks_write(p->object, p->first, p->count, bytes, err);
}

static hs_rc fetch(const struct piece *p, struct hs_err *err)
{
    struct hs_object *o = p->object;
    int64_t len = piece_bytes(p);
    char *bytes = hs_malloc((size_t)len + 1);
    if (!bytes)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_rc rc = hs_s3_range((hs_str){o->uri, o->uri_len}, &o->facts, (int64_t)p->first * HS_BLOCK, (size_t)len, bytes,
                           p->gave_up, err);
    if (rc == HS_OK)
        rc = write_blocks(p, bytes, err);
    hs_free(bytes);
    return rc;
}

static void settle(const struct piece *p, hs_rc rc, const struct hs_err *err)
{
    struct hs_object *o = p->object;
    pthread_mutex_lock(&lock);
    for (uint32_t i = 0; i < p->count; i++)
        o->state[p->first + i] = rc == HS_OK ? HS_BLOCK_GOOD : HS_BLOCK_ABSENT;
    if (rc == HS_OK) {
        o->bytes += piece_bytes(p);
        own.bytes += o->gone ? 0 : piece_bytes(p);
        evict_to(own.max_bytes);
    } else if (rc == HS_CONFLICT || rc == HS_NOT_FOUND) {
        o->known_us = 0; /* the next reader asks what stands there now */
    }
    if (p->waiter) {
        p->waiter->pending--;
        if (rc != HS_OK && p->waiter->rc == HS_OK) {
            p->waiter->rc = rc;
            p->waiter->err = *err;
        }
    }
    unref_locked(o);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void fetch_piece(void *arg)
{
    struct piece p = *(struct piece *)arg;
    struct hs_err err;
    hs_free(arg);
    hs_err_clear(&err);
    settle(&p, fetch(&p, &err), &err);
}

/* The next run of absent blocks from *from on, marked as being fetched. With the lock held. */
static bool next_piece(struct hs_object *o, uint32_t *from, uint32_t end, struct piece *out)
{
    uint32_t i = *from;
    while (i < end && o->state[i] != HS_BLOCK_ABSENT)
        i++;
    uint32_t first = i;
    while (i < end && i - first < PIECE && o->state[i] == HS_BLOCK_ABSENT)
        o->state[i++] = HS_BLOCK_FETCHING;
    *from = i;
    if (i == first)
        return false;
    o->refs++;
    *out = (struct piece){.object = o, .first = first, .count = i - first};
    return true;
}

static bool hand_over(const struct piece *p)
{
    struct piece *copy = hs_malloc(sizeof *copy);
    if (!copy)
        return false;
    *copy = *p;
    if (hs_pool_submit(own.fetchers, fetch_piece, copy, NULL) == HS_OK)
        return true;
    hs_free(copy);
    return false;
}

static void do_here(const struct piece *p)
{
    struct hs_err err;
    hs_err_clear(&err);
    settle(p, fetch(p, &err), &err);
}

/* Fetches what is absent of these blocks: all pieces but the last by others. */
static hs_rc fetch_absent(struct hs_object *o, uint32_t from, uint32_t end, const atomic_bool *gave_up,
                          struct hs_err *err)
{
    struct waiter w = {.rc = HS_OK};
    struct piece p, last;
    bool have = false;
    pthread_mutex_lock(&lock);
    while (next_piece(o, &from, end, &p)) {
        p.waiter = &w;
        p.gave_up = gave_up;
        w.pending++;
        if (have) {
            pthread_mutex_unlock(&lock);
            if (!hand_over(&last))
                do_here(&last);
            pthread_mutex_lock(&lock);
        }
        last = p;
        have = true;
    }
    pthread_mutex_unlock(&lock);
    if (!have)
        return HS_OK;
    do_here(&last);
    pthread_mutex_lock(&lock);
    while (w.pending)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    if (w.rc != HS_OK)
        *err = w.err;
    return w.rc;
}

/* Others may be fetching some of it. With the lock held. */
static bool wait_for_others(struct hs_object *o, uint32_t from, uint32_t end, const atomic_bool *gave_up)
{
    for (uint32_t i = from; i < end;) {
        struct timespec until;
        if (o->state[i] != HS_BLOCK_FETCHING) {
            i++;
            continue;
        }
        if (gave_up && atomic_load(gave_up))
            return false;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += WAIT_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&changed, &lock, &until);
    }
    return true;
}

/* The next run of blocks from *from on that were kept and not compared yet; 0: none. */
static uint32_t next_kept(struct hs_object *o, uint32_t *from, uint32_t end)
{
    uint32_t count = 0;
    pthread_mutex_lock(&lock);
    while (*from < end && o->state[*from] != HS_BLOCK_KEPT)
        ++*from;
    while (*from + count < end && count < COMPARE && o->state[*from + count] == HS_BLOCK_KEPT)
        count++;
    pthread_mutex_unlock(&lock);
    return count;
}

static void compare(struct hs_object *o, uint32_t first, uint32_t count, char *room)
{
    bool good[COMPARE], damaged = false;
    hs_object_blocks_good(o, first, count, room, good);
    pthread_mutex_lock(&lock);
    for (uint32_t i = 0; i < count; i++) {
        if (o->state[first + i] == HS_BLOCK_KEPT)
            o->state[first + i] = good[i] ? HS_BLOCK_GOOD : HS_BLOCK_ABSENT;
        if (!good[i])
            hs_object_block_forget(o, first + i);
        damaged |= !good[i];
    }
    pthread_mutex_unlock(&lock);
    if (damaged)
        hs_log(HS_LOG_WARN, "cache_block_damaged", "object", o->uri, NULL);
}

static bool all_good(struct hs_object *o, uint32_t from, uint32_t end)
{
    pthread_mutex_lock(&lock);
    while (from < end && o->state[from] == HS_BLOCK_GOOD)
        from++;
    pthread_mutex_unlock(&lock);
    return from == end;
}

static hs_rc compare_kept(struct hs_object *o, uint32_t from, uint32_t end, bool *out_all_good, struct hs_err *err)
{
    char *room = NULL;
    uint32_t at = from, count;
    while ((count = next_kept(o, &at, end))) {
        if (!room && !(room = hs_malloc((size_t)COMPARE * HS_BLOCK)))
            return hs_fail(err, HS_NOMEM, "out of memory");
        compare(o, at, count, room);
        at += count;
    }
    hs_free(room);
    *out_all_good = all_good(o, from, end);
    return HS_OK;
}

static hs_rc open_files(struct hs_object *o, struct hs_err *err)
{
    pthread_mutex_lock(&lock);
    bool was_open = o->data >= 0;
    hs_rc rc = hs_object_files_open(o, err);
    if (rc == HS_OK && !was_open) {
        int64_t kept = 0;
        for (uint32_t i = 0; i < o->block_count; i++)
            kept += o->state[i] == HS_BLOCK_KEPT ? (int64_t)hs_block_len(o, i) : 0;
        own.bytes += o->gone ? 0 : kept - o->bytes;
        o->bytes = kept;
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

static hs_rc check_bounds(const struct hs_object *o, int64_t offset, int64_t len, struct hs_err *err)
{
    if (offset < 0 || len < 0 || offset > o->facts.size || len > o->facts.size - offset)
        return hs_fail_hidden(err, HS_CORRUPT, "%s: bytes %lld+%lld asked for, it has %lld", o->uri, (long long)offset,
                              (long long)len, (long long)o->facts.size);
    return HS_OK;
}

hs_rc hs_object_ensure(struct hs_object *o, int64_t offset, int64_t len, const atomic_bool *gave_up, struct hs_err *err)
{
    HS_TRY(check_bounds(o, offset, len, err));
    HS_TRY(open_files(o, err));
    uint32_t from = (uint32_t)(offset / HS_BLOCK), end = hs_block_count(offset + len);
    for (int round = 0; len && round < ROUNDS; round++) { /* what others failed to fetch is fetched here */
        bool good = false;
        HS_TRY(fetch_absent(o, from, end, gave_up, err));
        pthread_mutex_lock(&lock);
        bool patient = wait_for_others(o, from, end, gave_up);
        pthread_mutex_unlock(&lock);
        if (!patient)
            return hs_fail(err, HS_CANCELLED, "cancelled");
        HS_TRY(compare_kept(o, from, end, &good, err));
        if (good)
            return HS_OK;
    }
    return len ? hs_fail_hidden(err, HS_UNAVAILABLE, "cache: blocks of %s do not stay as they were written", o->uri)
               : HS_OK;
}

bool hs_object_is_known(hs_str uri)
{
    pthread_mutex_lock(&lock);
    struct hs_object *o = own.table ? find(uri) : NULL; /* asked by name alone, before anything remote was read */
    bool known = o && o->known_us && hs_mono_us() - o->known_us < TRUST_US;
    pthread_mutex_unlock(&lock);
    return known;
}

bool hs_object_has(struct hs_object *o, int64_t offset, int64_t len)
{
    if (check_bounds(o, offset, len, NULL) != HS_OK)
        return false;
    uint32_t end = hs_block_count(offset + len);
    pthread_mutex_lock(&lock);
    bool has = o->data >= 0;
    for (uint32_t i = (uint32_t)(offset / HS_BLOCK); has && i < end; i++)
        has = o->state[i] == HS_BLOCK_GOOD;
    pthread_mutex_unlock(&lock);
    return has;
}

size_t hs_object_good_bits(struct hs_object *o, uint8_t *bits, size_t room)
{
    memset(bits, 0, room);
    pthread_mutex_lock(&lock);
    size_t blocks = o->data < 0 ? 0 : o->block_count;
    if (blocks > room * 8)
        blocks = room * 8;
    for (size_t i = 0; i < blocks; i++)
        bits[i / 8] |= (uint8_t)((o->state[i] == HS_BLOCK_GOOD) << i % 8);
    pthread_mutex_unlock(&lock);
    return (blocks + 7) / 8;
}

void hs_object_expect(struct hs_object *o, int64_t offset, int64_t len)
{
    if (offset < 0 || offset >= o->facts.size || len <= 0 || open_files(o, NULL) != HS_OK)
        return;
    if (len > o->facts.size - offset)
        len = o->facts.size - offset;
    uint32_t from = (uint32_t)(offset / HS_BLOCK), end = hs_block_count(offset + len);
    struct piece p;
    struct hs_err err;
    hs_err_clear(&err);
    pthread_mutex_lock(&lock);
    while (next_piece(o, &from, end, &p)) {
        pthread_mutex_unlock(&lock);
        if (!hand_over(&p))
            settle(&p, HS_LIMIT, &err); /* too busy to look ahead */
        pthread_mutex_lock(&lock);
    }
    pthread_mutex_unlock(&lock);
}

/* ---- first contact ---- */

/* No harm where it fails: it is then fetched like others. */
static void keep_end(struct hs_object *o, const char *end, size_t got)
{
    struct hs_err err;
    int64_t from = o->facts.size - (int64_t)got;
    uint32_t block = (uint32_t)((from + HS_BLOCK - 1) / HS_BLOCK), last = hs_block_count(o->facts.size);
    struct piece p;
    if (open_files(o, &err) != HS_OK)
        return;
    pthread_mutex_lock(&lock);
    while (next_piece(o, &block, last, &p)) {
        pthread_mutex_unlock(&lock);
        settle(&p, write_blocks(&p, end + ((int64_t)p.first * HS_BLOCK - from), &err), &err);
        pthread_mutex_lock(&lock);
    }
    pthread_mutex_unlock(&lock);
}

/* Size and ETag come by a HEAD where only they are news, else with the last bytes: that is where a Parquet file's
 * footer is, and a manifest is seldom longer. */
static size_t end_bytes(hs_str uri)
{
    return hs_str_ends(uri, HS_S(".avro")) ? MANIFEST_BYTES : FOOTER_BYTES;
}

static hs_rc ask_facts(hs_str uri, bool seen, char *end, size_t *out_got, struct hs_s3_facts *out, struct hs_err *err)
{
    *out_got = 0;
    hs_rc rc = seen ? hs_s3_head(uri, out, err) : hs_s3_end(uri, end, end_bytes(uri), out_got, out, err);
    if (rc == HS_NOT_FOUND) /* a table's metadata names it: so its files are not what they should be */
        return hs_fail_hidden(err, HS_CORRUPT, "missing object: %.*s", HS_FMT(uri));
    return rc;
}

static struct hs_object *take_facts(hs_str uri, const struct hs_s3_facts *facts)
{
    pthread_mutex_lock(&lock);
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
    pthread_mutex_unlock(&lock);
    return o;
}

hs_rc hs_cache_ask(hs_str uri, struct hs_object **out, struct hs_err *err)
{
    struct hs_s3_facts facts;
    size_t got;
    pthread_mutex_lock(&lock);
    bool seen = find(uri) != NULL;
    pthread_mutex_unlock(&lock);
    char *end = seen ? NULL : hs_malloc(end_bytes(uri));
    hs_rc rc = seen || end ? ask_facts(uri, seen, end, &got, &facts, err) : hs_fail(err, HS_NOMEM, "out of memory");
    if (rc == HS_OK && (facts.size > HS_OBJECT_BYTES_MAX || uri.len > HS_OBJECT_URI))
        rc = hs_fail_hidden(err, HS_UNSUPPORTED, "an object of %lld bytes: %.*s", (long long)facts.size, HS_FMT(uri));
    if (rc == HS_OK && !(*out = take_facts(uri, &facts)))
        rc = hs_fail(err, HS_NOMEM, "out of memory");
    if (rc == HS_OK && got)
        keep_end(*out, end, got);
    hs_free(end);
    return rc;
}
