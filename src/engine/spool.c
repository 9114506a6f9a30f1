/* Slow readers. What a reader has not taken within slow_reader_ms is copied to a file without a name, so that the
 * worker runs to its end and goes free, and the ring's memory with it. While others queue for a worker, a tenth of that
 * time is enough.
 *
 * Over the budget of all spools a statement simply waits, holding its worker, unless somebody queues for one: then it
 * ends with HS_LIMIT, because one reader who sleeps must not keep others out. */
#include "engine/engine_in.h"
#include "base/alloc.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <unistd.h>

static bool others_wait(const struct hs_engine *e)
{
    for (struct hs_waiter *q = e->queue; q; q = q->next)
        if (!q->worker)
            return true;
    return false;
}

static struct hs_entry *next_to_spool(const struct hs_stream *s)
{
    if (!s->spooling || s->failed || s->closed)
        return NULL;
    for (struct hs_entry *entry = s->head; entry; entry = entry->next)
        if (entry->memory)
            return entry->moving ? NULL : entry;
    return NULL;
}

static void too_slow(struct hs_stream *s)
{
    struct hs_err err;
    hs_ignore(hs_fail(&err, HS_LIMIT,
                      "the result was read too slowly while others waited, and the space for "
                      "unread results is used up"));
    hs_stream_fail(s, &err);
    if (s->worker)
        hs_worker_cancel(s->worker, hs_mono_us());
}

static bool within_budget(struct hs_engine *e, struct hs_stream *s, const struct hs_entry *entry)
{
    if (e->counts.spool_bytes + (int64_t)entry->batch.body_len <= e->settings.spool_bytes)
        return true;
    if (others_wait(e) && s->worker)
        too_slow(s);
    return false;
}

void hs_spool_look(struct hs_engine *e, int64_t now_us)
{
    bool work = false;
    int64_t patience = (int64_t)e->settings.slow_reader_ms * (others_wait(e) ? 100 : 1000);
    for (struct hs_stream *s = e->streams; s; s = s->next) {
        bool urgent = e->ring_short && !s->worker;
        if (s->head && (urgent || now_us - s->head->arrived_us > patience))
            s->spooling = true;
        struct hs_entry *entry = next_to_spool(s);
        work |= entry && within_budget(e, s, entry);
    }
    if (work)
        pthread_cond_signal(&e->spool_work);
}

static hs_rc write_all(int fd, const uint8_t *at, uint64_t len, int64_t to, struct hs_err *err)
{
    while (len) {
        ssize_t n = pwrite(fd, at, len, to);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return hs_fail_hidden(err, HS_LIMIT, "spool: %s", n < 0 ? strerror(errno) : "nothing written");
        at += n;
        to += n;
        len -= (uint64_t)n;
    }
    return HS_OK;
}

static hs_rc copy_out(struct hs_stream *s, const struct hs_entry *entry, int64_t to, struct hs_err *err)
{
    if (s->spool_fd < 0)
        HS_TRY(hs_scratch_file(s->engine, &s->spool_fd, err));
    return write_all(s->spool_fd, hs_ring_slot(entry->memory->ring, entry->slot), entry->batch.body_len, to, err);
}

/* The entry keeps its place in the queue while it is copied; the reader meets it as "not yet". */
static void spool_one(struct hs_engine *e, struct hs_stream *s, struct hs_entry *entry)
{
    struct hs_err err;
    int64_t bytes = (int64_t)entry->batch.body_len, to = s->spool_end;
    entry->moving = true;
    s->refs++;
    s->spool_end += bytes;
    s->spool_used += bytes;
    e->counts.spool_bytes += bytes;
    pthread_mutex_unlock(&e->lock);
    hs_rc rc = copy_out(s, entry, to, &err);
    pthread_mutex_lock(&e->lock);
    struct hs_memory *m = entry->memory;
    entry->moving = false;
    entry->memory = NULL;
    entry->spool_at = to;
    hs_memory_free_slot(m, entry->slot);
    hs_memory_unref(m);
    if (rc != HS_OK) {
        hs_stream_fail(s, &err);
        if (s->worker)
            hs_worker_cancel(s->worker, hs_mono_us());
    }
    hs_stream_wake(s);
    hs_stream_unref(s);
}

void *hs_spooler_run(void *engine)
{
    struct hs_engine *e = engine;
    pthread_mutex_lock(&e->lock);
    while (!e->closing) {
        bool worked = false;
        for (struct hs_stream *s = e->streams; s && !worked; s = s->next) {
            struct hs_entry *entry = next_to_spool(s);
            if (entry && within_budget(e, s, entry)) {
                spool_one(e, s, entry); /* the list may have changed meanwhile: begin again */
                worked = true;
            }
        }
        if (!worked)
            pthread_cond_wait(&e->spool_work, &e->lock);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

/* ---- reading back ---- */
static void release_copy(struct hs_batch *b)
{
    hs_free(b->owner);
    hs_free(b->nodes);
    b->nodes = NULL;
    b->buffers = NULL;
}

static hs_rc read_all(int fd, uint8_t *at, uint64_t len, int64_t from, struct hs_err *err)
{
    while (len) {
        ssize_t n = pread(fd, at, len, from);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return hs_fail_hidden(err, HS_UNAVAILABLE, "spool: %s", n < 0 ? strerror(errno) : "cut short");
        at += n;
        from += n;
        len -= (uint64_t)n;
    }
    return HS_OK;
}

hs_rc hs_spool_read(struct hs_stream *s, struct hs_entry *entry, struct hs_batch *out, struct hs_err *err)
{
    const struct hs_msg_batch *m = &entry->batch;
    uint8_t *body = hs_malloc(m->body_len + 1);
    if (!body)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_rc rc = read_all(s->spool_fd, body, m->body_len, entry->spool_at, err);
    if (rc != HS_OK) {
        hs_free(body);
        return rc;
    }
    /* Read once, never again: the blocks go back. Ignored where the file system cannot. */
    (void)!fallocate(s->spool_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, entry->spool_at, (off_t)m->body_len);
    *out = hs_batch_of_message(m, body, s);
    out->release = release_copy;
    out->owner = body;
    return HS_OK;
}
