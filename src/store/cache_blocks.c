/* The blocks of an object: fetched once however many ask, in few large pieces and several at a time; compared with
 * their checksums before they are given out, once for each time that the object's files are opened. What a block is
 * changes with the cache's lock held; a store is waited for, and bytes are read, without it. Good blocks stay good
 * while anybody has the object open: on that rests what a worker is told with OPEN. */
#include "base/alloc.h"
#include "base/log.h"
#include "io/pool.h"
#include "store/cache_in.h"

#include <time.h>

enum { PIECE = HS_BLOCKS_ONCE, FETCHERS = 16, QUEUE = 4096, WAIT_MS = 50, ROUNDS = 8, COMPARE = 16 };

static pthread_cond_t changed = PTHREAD_COND_INITIALIZER; /* a piece has come, or failed */
static struct hs_pool *fetchers;

hs_rc hs_fetchers_open(struct hs_err *err)
{
    return hs_pool_open(FETCHERS, QUEUE, &fetchers, err);
}

void hs_fetchers_close(void)
{
    hs_pool_close(fetchers);
    fetchers = NULL;
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
    hs_cache_give_up_all(); /* the disk is full: what nobody reads goes first */
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
    pthread_mutex_lock(&hs_cache_lock);
    for (uint32_t i = 0; i < p->count; i++)
        o->state[p->first + i] = rc == HS_OK ? HS_BLOCK_GOOD : HS_BLOCK_ABSENT;
    if (rc == HS_OK) {
        hs_object_count_locked(o, piece_bytes(p));
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
    hs_object_unref_locked(o);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&hs_cache_lock);
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
    if (hs_pool_submit(fetchers, fetch_piece, copy, NULL) == HS_OK)
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
    pthread_mutex_lock(&hs_cache_lock);
    while (next_piece(o, &from, end, &p)) {
        p.waiter = &w;
        p.gave_up = gave_up;
        w.pending++;
        if (have) {
            pthread_mutex_unlock(&hs_cache_lock);
            if (!hand_over(&last))
                do_here(&last);
            pthread_mutex_lock(&hs_cache_lock);
        }
        last = p;
        have = true;
    }
    pthread_mutex_unlock(&hs_cache_lock);
    if (!have)
        return HS_OK;
    do_here(&last);
    pthread_mutex_lock(&hs_cache_lock);
    while (w.pending)
        pthread_cond_wait(&changed, &hs_cache_lock);
    pthread_mutex_unlock(&hs_cache_lock);
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
        pthread_cond_timedwait(&changed, &hs_cache_lock, &until);
    }
    return true;
}

/* ---- comparing ---- */

/* The next run of blocks from *from on that were kept and not compared yet; 0: none. */
static uint32_t next_kept(struct hs_object *o, uint32_t *from, uint32_t end)
{
    uint32_t count = 0;
    pthread_mutex_lock(&hs_cache_lock);
    while (*from < end && o->state[*from] != HS_BLOCK_KEPT)
        ++*from;
    while (*from + count < end && count < COMPARE && o->state[*from + count] == HS_BLOCK_KEPT)
        count++;
    pthread_mutex_unlock(&hs_cache_lock);
    return count;
}

static void compare(struct hs_object *o, uint32_t first, uint32_t count, char *room)
{
    bool good[COMPARE], damaged = false;
    hs_object_blocks_good(o, first, count, room, good);
    pthread_mutex_lock(&hs_cache_lock);
    for (uint32_t i = 0; i < count; i++) {
        if (o->state[first + i] == HS_BLOCK_KEPT)
            o->state[first + i] = good[i] ? HS_BLOCK_GOOD : HS_BLOCK_ABSENT;
        if (!good[i])
            hs_object_block_forget(o, first + i);
        damaged |= !good[i];
    }
    pthread_mutex_unlock(&hs_cache_lock);
    if (damaged)
        hs_log(HS_LOG_WARN, "cache_block_damaged", "object", o->uri, NULL);
}

static bool all_good(struct hs_object *o, uint32_t from, uint32_t end)
{
    pthread_mutex_lock(&hs_cache_lock);
    while (from < end && o->state[from] == HS_BLOCK_GOOD)
        from++;
    pthread_mutex_unlock(&hs_cache_lock);
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

/* ---- what is asked ---- */

static hs_rc open_files(struct hs_object *o, struct hs_err *err)
{
    pthread_mutex_lock(&hs_cache_lock);
    bool was_open = o->data >= 0;
    hs_rc rc = o->gone && !was_open /* its files are removed, and nobody would count them */
                   ? hs_fail_hidden(err, HS_CONFLICT, "%s was replaced while it was read", o->uri)
                   : hs_object_files_open(o, err);
    if (rc == HS_OK && !was_open) {
        int64_t kept = 0;
        for (uint32_t i = 0; i < o->block_count; i++)
            kept += o->state[i] == HS_BLOCK_KEPT ? (int64_t)hs_block_len(o, i) : 0;
        hs_object_count_locked(o, kept - o->bytes);
    }
    pthread_mutex_unlock(&hs_cache_lock);
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
        pthread_mutex_lock(&hs_cache_lock);
        bool patient = wait_for_others(o, from, end, gave_up);
        pthread_mutex_unlock(&hs_cache_lock);
        if (!patient)
            return hs_fail(err, HS_CANCELLED, "cancelled");
        HS_TRY(compare_kept(o, from, end, &good, err));
        if (good)
            return HS_OK;
    }
    return len ? hs_fail_hidden(err, HS_UNAVAILABLE, "cache: blocks of %s do not stay as they were written", o->uri)
               : HS_OK;
}

bool hs_object_has(struct hs_object *o, int64_t offset, int64_t len)
{
    if (check_bounds(o, offset, len, NULL) != HS_OK)
        return false;
    uint32_t end = hs_block_count(offset + len);
    pthread_mutex_lock(&hs_cache_lock);
    bool has = o->data >= 0;
    for (uint32_t i = (uint32_t)(offset / HS_BLOCK); has && i < end; i++)
        has = o->state[i] == HS_BLOCK_GOOD;
    pthread_mutex_unlock(&hs_cache_lock);
    return has;
}

size_t hs_object_good_bits(struct hs_object *o, uint8_t *bits, size_t room)
{
    memset(bits, 0, room);
    pthread_mutex_lock(&hs_cache_lock);
    size_t blocks = o->data < 0 ? 0 : o->block_count;
    if (blocks > room * 8)
        blocks = room * 8;
    for (size_t i = 0; i < blocks; i++)
        bits[i / 8] |= (uint8_t)((o->state[i] == HS_BLOCK_GOOD) << i % 8);
    pthread_mutex_unlock(&hs_cache_lock);
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
    pthread_mutex_lock(&hs_cache_lock);
    while (next_piece(o, &from, end, &p)) {
        pthread_mutex_unlock(&hs_cache_lock);
        if (!hand_over(&p))
            settle(&p, HS_LIMIT, &err); /* too busy to look ahead */
        pthread_mutex_lock(&hs_cache_lock);
    }
    pthread_mutex_unlock(&hs_cache_lock);
}

/* No harm where it fails: it is then fetched like others. */
void hs_object_keep_end(struct hs_object *o, const char *end, size_t got)
{
    struct hs_err err;
    int64_t from = o->facts.size - (int64_t)got;
    uint32_t block = (uint32_t)((from + HS_BLOCK - 1) / HS_BLOCK), last = hs_block_count(o->facts.size);
    struct piece p;
    if (open_files(o, &err) != HS_OK)
        return;
    pthread_mutex_lock(&hs_cache_lock);
    while (next_piece(o, &block, last, &p)) {
        pthread_mutex_unlock(&hs_cache_lock);
        settle(&p, write_blocks(&p, end + ((int64_t)p.first * HS_BLOCK - from), &err), &err);
        pthread_mutex_lock(&hs_cache_lock);
    }
    pthread_mutex_unlock(&hs_cache_lock);
}
