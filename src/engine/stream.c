/* Batches on their way out: queued descriptors, the memory they lie in, and what the reader sees. */
#include "engine/engine_in.h"
#include "base/alloc.h"
#include "base/clock.h"

#include <unistd.h>

/* ---- memory ---- */
static uint64_t page_up(uint64_t bytes)
{
    return (bytes + 4095) / 4096 * 4096;
}

hs_rc hs_memory_new(struct hs_engine *e, struct hs_worker *w, unsigned slots, uint64_t slot_bytes, uint32_t segment,
                    struct hs_memory **out, struct hs_err *err)
{
    int64_t budget = e->settings.rings_bytes - e->counts.ring_bytes;
    if (slots > SLOTS_MAX || budget <= 0 || slot_bytes > (uint64_t)budget / slots)
        return hs_fail(err, HS_LIMIT, "too much is being read at the same time; try again later");
    struct hs_memory *m = hs_calloc(1, sizeof *m);
    if (!m)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_rc rc = hs_ring_new(slots, page_up(slot_bytes), &m->ring, err);
    if (rc != HS_OK) {
        hs_free(m);
        return rc;
    }
    m->refs = 1;
    m->engine = e;
    e->refs++;
    m->worker = w;
    m->segment = segment;
    m->charged = (int64_t)(slots * page_up(slot_bytes));
    e->counts.ring_bytes += m->charged;
    *out = m;
    return HS_OK;
}

static void uncharge(struct hs_memory *m, int64_t bytes)
{
    m->charged -= bytes;
    m->engine->counts.ring_bytes -= bytes;
    pthread_cond_broadcast(&m->engine->changed);
}

/* The engine itself goes with the last batch when it was closed before: the caller of the last unref sees to that. */
void hs_memory_unref(struct hs_memory *m)
{
    if (!m || --m->refs)
        return;
    uncharge(m, m->charged);
    m->engine->refs--;
    hs_ring_unref(m->ring);
    hs_free(m);
}

/* Its statement is over: empty slots, and what full ones have past their batch, go back to the system now; a reader
 * that sleeps on a batch holds that batch and no more. */
void hs_memory_detach(struct hs_memory *m)
{
    if (!m)
        return;
    m->worker = NULL;
    for (unsigned i = 0; i < hs_ring_slots(m->ring) && m->refs > 1; i++) {
        uint64_t keep = m->busy[i] ? m->used[i] : 0;
        hs_ring_drop(m->ring, i, keep);
        uncharge(m, (int64_t)(hs_ring_slot_bytes(m->ring) - keep));
    }
    hs_memory_unref(m);
}

void hs_memory_free_slot(struct hs_memory *m, unsigned slot)
{
    m->busy[slot] = false;
    if (m->worker && !m->segment) {
        uint32_t word = slot;
        if (!hs_worker_send(m->worker, HS_MSG_FREE, hs_str_n(&word, sizeof word), -1))
            m->worker->broken = true; /* it does not read: the reactor ends it */
    } else if (!m->worker && m->refs > 1) {
        hs_ring_drop(m->ring, slot, 0);
        uncharge(m, (int64_t)m->used[slot]);
    }
}

/* ---- entries ---- */
void hs_entry_free(struct hs_entry *entry)
{
    if (entry->memory) {
        hs_memory_free_slot(entry->memory, entry->slot);
        hs_memory_unref(entry->memory);
    }
    hs_free(entry->batch.nodes);
    hs_free(entry);
}

void hs_stream_wake(struct hs_stream *s)
{
    s->wake = true;
    if (!hs_on_reactor(s->engine)) /* it looks for these last of all */
        hs_engine_poke(s->engine);
}

void hs_stream_take(struct hs_stream *s, struct hs_msg_batch *batch, struct hs_memory *m, unsigned slot)
{
    struct hs_entry *entry = hs_calloc(1, sizeof *entry);
    if (!entry) {
        struct hs_err err;
        hs_ignore(hs_fail(&err, HS_NOMEM, "out of memory"));
        m->used[slot] = 0;
        hs_memory_free_slot(m, slot);
        hs_free(batch->nodes);
        hs_stream_fail(s, &err);
        if (s->worker)
            hs_worker_cancel(s->worker, hs_mono_us());
        return;
    }
    uint64_t used = page_up((uint64_t)batch->body_len);
    m->used[slot] = used < hs_ring_slot_bytes(m->ring) ? used : hs_ring_slot_bytes(m->ring);
    entry->batch = *batch;
    entry->memory = m;
    m->refs++;
    entry->slot = slot;
    entry->arrived_us = hs_mono_us();
    *s->tail = entry;
    s->tail = &entry->next;
    hs_stream_wake(s);
}

/* An entry that the spooler is copying stays at the head until it is done. */
static void drop_entries(struct hs_stream *s)
{
    struct hs_entry **at = &s->head;
    while (*at) {
        struct hs_entry *entry = *at;
        if (entry->moving) {
            at = &entry->next;
            continue;
        }
        *at = entry->next;
        hs_entry_free(entry);
    }
    s->tail = at;
}

void hs_stream_fail(struct hs_stream *s, const struct hs_err *err)
{
    if (s->failed || s->closed)
        return;
    s->failed = true;
    s->err = *err;
    drop_entries(s);
    hs_stream_wake(s);
}

static void free_stream(struct hs_stream *s)
{
    struct hs_engine *e = s->engine;
    for (struct hs_stream **at = &e->streams; *at; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            break;
        }
    drop_entries(s);
    if (s->spool_fd >= 0)
        close(s->spool_fd);
    e->counts.spool_bytes -= s->spool_used;
    e->refs--;
    pthread_mutex_destroy(&s->notify_lock);
    hs_arena_free(s->arena);
    hs_free(s);
}

void hs_stream_unref(struct hs_stream *s)
{
    if (s && --s->refs == 0)
        free_stream(s);
}

/* ---- the reader's side ---- */
struct hold { /* a batch in the reader's hands */
    struct hs_memory *memory;
    unsigned slot;
    struct hs_stream *stream;
};

static void release_batch(struct hs_batch *b)
{
    struct hold *h = b->owner;
    struct hs_engine *e = h->memory->engine;
    pthread_mutex_lock(&e->lock);
    hs_memory_free_slot(h->memory, h->slot);
    if (h->stream->out-- == h->stream->out_max)
        hs_stream_wake(h->stream); /* the limit held the next one back */
    hs_memory_unref(h->memory);
    hs_stream_unref(h->stream);
    hs_engine_unref_locked(e);
    hs_free(b->nodes);
    hs_free(h);
    b->nodes = NULL;
    b->buffers = NULL;
}

struct hs_batch hs_batch_of_message(const struct hs_msg_batch *m, const uint8_t *body, const struct hs_stream *s)
{
    struct hs_batch b = {m->rows,         m->nodes, m->node_count, m->buffers,
                         m->buffer_count, body,     m->body_len,   .release = NULL};
    hs_batch_of_form(&b, s->schema, s->form.compression);
    return b;
}

static bool hand_out(struct hs_stream *s, struct hs_entry *entry, struct hs_batch *out)
{
    struct hold *h = hs_malloc(sizeof *h);
    if (!h)
        return false;
    *h = (struct hold){entry->memory, entry->slot, s};
    s->refs++;
    s->out++;
    s->engine->refs++;
    *out = hs_batch_of_message(&entry->batch, hs_ring_slot(entry->memory->ring, entry->slot), s);
    out->release = release_batch;
    out->owner = h;
    hs_free(entry);
    return true;
}

static struct hs_entry *take_head(struct hs_stream *s)
{
    struct hs_entry *entry = s->head;
    s->head = entry->next;
    if (!s->head) {
        s->tail = &s->head;
        s->spooling = false; /* the reader has caught up */
    }
    return entry;
}

static enum hs_stream_state fail_poll(struct hs_stream *s, const struct hs_err *why, struct hs_err *err)
{
    hs_stream_fail(s, why);
    *err = s->err;
    if (s->worker)
        hs_worker_cancel(s->worker, hs_mono_us());
    return HS_STREAM_ERROR;
}

static enum hs_stream_state poll_memory(struct hs_stream *s, struct hs_batch *out, struct hs_err *err)
{
    struct hs_err why;
    if (s->out >= s->out_max)
        return HS_STREAM_WAIT; /* one slot stays the worker's, or a reader that holds on would stop it for good */
    struct hs_entry *entry = take_head(s);
    if (hand_out(s, entry, out))
        return HS_STREAM_BATCH;
    hs_ignore(hs_fail(&why, HS_NOMEM, "out of memory"));
    hs_entry_free(entry);
    return fail_poll(s, &why, err);
}

/* Reading the spool happens without the lock: the entry is out of the queue, and one thread polls a stream. */
static enum hs_stream_state poll_spool(struct hs_stream *s, struct hs_batch *out, struct hs_err *err)
{
    struct hs_engine *e = s->engine;
    struct hs_entry *entry = take_head(s);
    struct hs_err why;
    pthread_mutex_unlock(&e->lock);
    hs_rc rc = hs_spool_read(s, entry, out, &why);
    pthread_mutex_lock(&e->lock);
    int64_t bytes = (int64_t)entry->batch.body_len;
    s->spool_used -= bytes;
    e->counts.spool_bytes -= bytes;
    if (rc == HS_OK)
        entry->batch.nodes = NULL; /* *out's now */
    hs_entry_free(entry);
    return rc == HS_OK ? HS_STREAM_BATCH : fail_poll(s, &why, err);
}

enum hs_stream_state hs_stream_poll(struct hs_stream *s, struct hs_batch *out, struct hs_err *err)
{
    struct hs_engine *e = s->engine;
    enum hs_stream_state state = HS_STREAM_WAIT;
    pthread_mutex_lock(&e->lock);
    if (s->failed) {
        *err = s->err;
        state = HS_STREAM_ERROR;
    } else if (s->head && !s->head->moving) {
        state = s->head->memory ? poll_memory(s, out, err) : poll_spool(s, out, err);
    } else if (!s->head && s->done) {
        state = HS_STREAM_END;
    }
    pthread_mutex_unlock(&e->lock);
    return state;
}

const struct hs_type *hs_stream_param_types(const struct hs_stream *s)
{
    return s->param_types;
}

const struct hs_type *hs_stream_schema(const struct hs_stream *s)
{
    return s->schema;
}

void hs_stream_notify(struct hs_stream *s, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&s->notify_lock);
    s->fn = fn;
    s->arg = arg;
    pthread_mutex_unlock(&s->notify_lock);
    if (!fn)
        return;
    pthread_mutex_lock(&s->engine->lock);
    hs_stream_wake(s); /* what came before it was set */
    pthread_mutex_unlock(&s->engine->lock);
}

void hs_stream_look(struct hs_stream *s, struct hs_stream_look *out)
{
    pthread_mutex_lock(&s->engine->lock);
    *out = (struct hs_stream_look){s->failed || s->done || s->head, s->worker != NULL, s->failed};
    pthread_mutex_unlock(&s->engine->lock);
}

void hs_stream_shorten(struct hs_stream *s, int64_t deadline_mono_us)
{
    pthread_mutex_lock(&s->engine->lock);
    if (!s->deadline_us || deadline_mono_us < s->deadline_us)
        s->deadline_us = deadline_mono_us;
    hs_engine_poke(s->engine);
    pthread_mutex_unlock(&s->engine->lock);
}

static void stop(struct hs_stream *s, hs_rc why)
{
    struct hs_err err;
    if (!s->done || s->head) {
        hs_ignore(hs_fail(&err, why == HS_OK ? HS_CANCELLED : why, "%s", hs_kind_text(why ? why : HS_CANCELLED)));
        hs_stream_fail(s, &err);
    }
    if (s->worker)
        hs_worker_cancel(s->worker, hs_mono_us());
}

void hs_stream_cancel(struct hs_stream *s, hs_rc why)
{
    pthread_mutex_lock(&s->engine->lock);
    stop(s, why);
    pthread_mutex_unlock(&s->engine->lock);
}

void hs_stream_close(struct hs_stream *s)
{
    if (!s)
        return;
    hs_stream_notify(s, NULL, NULL); /* waits for a call that is under way */
    struct hs_engine *e = s->engine;
    pthread_mutex_lock(&e->lock);
    stop(s, HS_CANCELLED);
    s->closed = true;
    drop_entries(s);
    if (s->worker) { /* it winds up alone; what it still sends is for nobody */
        s->worker->stream = NULL;
        s->worker = NULL;
        s->refs--;
    }
    if (s->lease)
        hs_lease_free(s->lease);
    s->lease = NULL;
    hs_stream_unref(s);
    hs_engine_unref_locked(e);
}
