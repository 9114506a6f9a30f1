/* One thread that listens to every worker, keeps time, and wakes readers. What a worker says is checked here: whatever
 * does not fit the moment ends that worker and its statement, nothing else. */
#include "engine/engine_in.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 32, MESSAGES_AT_ONCE = 16, TICK_MS = 20, REST_MS = 1000, REST_AFTER_MS = 200, WAKE_AT_ONCE = 64 };

static _Thread_local const struct hs_engine *reactor_of;

bool hs_on_reactor(const struct hs_engine *e)
{
    return reactor_of == e;
}

/* ---- ends ---- */
void hs_worker_close_objects(struct hs_worker *w)
{
    if (w->objects)
        w->engine->settings.objects->close(w->objects);
    w->objects = NULL;
}

void hs_worker_detach(struct hs_worker *w)
{
    hs_worker_close_objects(w);
    for (size_t i = 0; i < SEGMENTS_MAX; i++) {
        hs_memory_detach(w->segments[i]);
        w->segments[i] = NULL;
    }
    hs_memory_detach(w->ring);
    w->ring = NULL;
    if (w->stream) {
        struct hs_stream *s = w->stream;
        w->stream = NULL;
        s->worker = NULL;
        hs_stream_unref(s);
    }
    if (w->lease)
        w->lease->worker = NULL;
    w->lease = NULL;
    w->cancel_us = 0;
}

void hs_worker_ended(struct hs_worker *w, const struct hs_err *why)
{
    if (w->stream)
        hs_stream_fail(w->stream, why);
    if (w->lease)
        hs_lease_lost(w->lease, why);
    hs_worker_detach(w);
    hs_pool_kill(w);
}

void hs_worker_cancel(struct hs_worker *w, int64_t now_us)
{
    if (w->state != HS_W_LEASED || w->cancel_us)
        return;
    w->cancel_us = now_us;
    hs_worker_close_objects(w);
    if (!hs_worker_send(w, HS_MSG_CANCEL, hs_str_n("", 0), -1))
        w->cancel_us = 1; /* long ago: the next tick ends it */
}

static void violation(struct hs_worker *w, const char *what)
{
    struct hs_err err;
    hs_ignore(hs_fail_hidden(&err, HS_UNAVAILABLE, "worker %u (pid %d): %s", w->number, (int)w->pid, what));
    hs_err_show(&err, "the engine worker broke its protocol; the statement was ended");
    hs_log_err(HS_LOG_ERROR, "worker_violation", w->lease ? w->lease->request_id : "", &err);
    hs_worker_ended(w, &err);
}

static void gone(struct hs_worker *w)
{
    struct hs_err err;
    if (w->state == HS_W_DYING)
        return;
    hs_ignore(hs_fail_hidden(&err, HS_UNAVAILABLE, "worker %u (pid %d) ended by itself", w->number, (int)w->pid));
    hs_err_show(&err, "the engine worker ended unexpectedly; the statement may be tried again");
    if (w->state == HS_W_STARTING) {
        w->engine->failed_starts++;
        w->engine->start_again_us = hs_mono_us() + 200000 * (int64_t)w->engine->failed_starts;
    }
    hs_log_err(HS_LOG_WARN, "worker_gone", w->lease ? w->lease->request_id : "", &err);
    hs_worker_ended(w, &err);
}

/* The statement is over and the worker whole: the reader keeps what has arrived, the worker goes on. */
static void statement_over(struct hs_worker *w)
{
    hs_worker_detach(w);
    w->state = HS_W_CLEANING;
    w->expect = HS_EXPECT_NOTHING;
    w->since_us = hs_mono_us();
}

/* ---- messages ---- */
static void take_ready(struct hs_worker *w)
{
    if (w->state == HS_W_STARTING) {
        w->state = HS_W_WARM;
        w->engine->failed_starts = 0;
    } else if (w->state == HS_W_CLEANING) {
        hs_pool_idle(w);
    } else {
        violation(w, "READY out of turn");
    }
}

static void take_answer(struct hs_worker *w, const struct hs_channel_message *m, enum hs_expect expected)
{
    if (w->expect != expected || m->statement != w->statement)
        return violation(w, "an answer to nothing");
    w->expect = HS_EXPECT_NOTHING;
    if (w->lease)
        hs_lease_answer(w->lease, m->kind, m->payload);
}

/* A worker writes the form that was asked for; what was not asked for, a client need not know how to read. */
static bool is_asked_for(const struct hs_type *type, const struct hs_answer_form *form)
{
    bool fine = (!type->narrow || form->narrow_decimals) && (!type->view || form->string_views) &&
                (!type->index_bits || form->dictionaries);
    for (size_t i = 0; i < type->field_count && fine; i++)
        fine = is_asked_for(type->fields[i].type, form);
    return fine;
}

static void take_schema(struct hs_worker *w, const struct hs_channel_message *m)
{
    struct hs_err err;
    if (w->expect != HS_EXPECT_SCHEMA || m->statement != w->statement)
        return violation(w, "SCHEMA out of turn");
    w->expect = HS_EXPECT_BATCHES;
    if (!w->stream)
        return;
    if (hs_get_schema(w->stream->arena, m->payload, &w->stream->schema, &w->stream->param_types, &err) != HS_OK)
        return violation(w, err.detail);
    if (!is_asked_for(w->stream->schema, &w->stream->form))
        return violation(w, "SCHEMA in a form that nobody asked for");
    if (w->lease)
        hs_lease_answer(w->lease, HS_MSG_SCHEMA, hs_str_n("", 0));
}

static struct hs_memory *find_place(struct hs_worker *w, uint32_t place, unsigned *out_slot)
{
    *out_slot = 0;
    if (!(place & HS_PLACE_SEGMENT)) {
        *out_slot = place;
        return w->ring && place < hs_ring_slots(w->ring->ring) ? w->ring : NULL;
    }
    for (size_t i = 0; i < SEGMENTS_MAX; i++)
        if (w->segments[i] && w->segments[i]->segment == (place & ~HS_PLACE_SEGMENT))
            return w->segments[i];
    return NULL;
}

/* A segment carries one batch: from here on only that batch holds it. */
static void retire_segment(struct hs_worker *w, struct hs_memory *m)
{
    for (size_t i = 0; i < SEGMENTS_MAX; i++)
        if (w->segments[i] == m) {
            hs_memory_detach(m);
            w->segments[i] = NULL;
        }
}

static const char *check_batch(struct hs_worker *w, struct hs_msg_batch *b, struct hs_memory *m, unsigned slot,
                               struct hs_err *err)
{
    if (!m || m->busy[slot])
        return "BATCH in a place that is not its to give";
    if (b->body_len > hs_ring_slot_bytes(m->ring))
        return "BATCH longer than its place";
    struct hs_batch view = hs_batch_of_message(b, hs_ring_slot(m->ring, slot), w->stream);
    if (hs_defence("ring-check") && hs_batch_check(w->stream->schema, &view, err) != HS_OK)
        return err->detail;
    return NULL;
}

static void take_batch(struct hs_worker *w, const struct hs_channel_message *msg)
{
    struct hs_msg_batch b;
    struct hs_err err;
    unsigned slot;
    if (w->expect != HS_EXPECT_BATCHES || msg->statement != w->statement)
        return violation(w, "BATCH out of turn");
    if (!w->stream)
        return; /* its reader has left; the worker will hear of the cancel where it waits for a slot */
    if (hs_get_batch(msg->payload, &b, &err) != HS_OK)
        return violation(w, err.detail);
    struct hs_memory *m = find_place(w, b.place, &slot);
    const char *wrong = check_batch(w, &b, m, slot, &err);
    if (wrong) {
        hs_free(b.nodes);
        return violation(w, wrong);
    }
    m->busy[slot] = true;
    hs_stream_take(w->stream, &b, m, slot);
    if (m->segment)
        retire_segment(w, m);
}

static void refuse_segment(struct hs_worker *w, uint32_t id)
{
    struct hs_buf b;
    hs_buf_init(&b, 64);
    hs_put_u32(&b, id);
    hs_put_u64(&b, 0);
    if (!hs_worker_send(w, HS_MSG_SEGMENT, hs_buf_str(&b), -1))
        violation(w, "does not read its channel");
    hs_buf_fini(&b);
}

static void grant_segment(struct hs_worker *w, struct hs_memory *m, uint64_t bytes)
{
    struct hs_buf b;
    hs_buf_init(&b, 64);
    hs_put_u32(&b, m->segment);
    hs_put_u64(&b, bytes);
    bool sent = hs_worker_send(w, HS_MSG_SEGMENT, hs_buf_str(&b), hs_ring_fd(m->ring));
    hs_buf_fini(&b);
    if (!sent)
        violation(w, "does not read its channel");
}

static void take_segment_ask(struct hs_worker *w, const struct hs_channel_message *msg)
{
    struct hs_cursor c = hs_cursor_of(msg->payload);
    uint64_t bytes = hs_cursor_u64le(&c);
    struct hs_err err;
    if (w->expect != HS_EXPECT_BATCHES || msg->statement != w->statement || c.bad || !bytes)
        return violation(w, "SEGMENT_ASK out of turn");
    uint32_t id = ++w->last_segment & ~HS_PLACE_SEGMENT;
    for (size_t i = 0; i < SEGMENTS_MAX && w->stream; i++) {
        if (w->segments[i])
            continue;
        if (hs_memory_new(w->engine, w, 1, bytes, id, &w->segments[i], &err) != HS_OK)
            break;
        return grant_segment(w, w->segments[i], bytes);
    }
    refuse_segment(w, id);
}

static void take_done(struct hs_worker *w, const struct hs_channel_message *m)
{
    if (w->expect != HS_EXPECT_BATCHES || m->statement != w->statement)
        return violation(w, "DONE out of turn");
    if (w->stream) {
        w->stream->done = true;
        hs_stream_wake(w->stream);
    }
    statement_over(w);
}

static void take_error(struct hs_worker *w, const struct hs_channel_message *msg)
{
    struct hs_msg_error m;
    struct hs_err err;
    if (hs_get_error(msg->payload, &m, &err) != HS_OK)
        return violation(w, err.detail);
    const struct hs_lease *l = w->lease ? w->lease : w->stream ? w->stream->lease : NULL;
    hs_ignore(hs_engine_said(&err, &m, l && l->sql ? hs_str_n(l->sql, l->sql_len) : (hs_str){0}));
    bool broken = hs_str_is(m.kind, "INTERNAL") || hs_str_is(m.kind, "FATAL");
    if (broken || w->state == HS_W_STARTING || w->expect == HS_EXPECT_WALLS) {
        hs_log_err(HS_LOG_ERROR, "worker_error", w->lease ? w->lease->request_id : "", &err);
        w->engine->failed_starts += w->state == HS_W_STARTING;
        if (w->state == HS_W_STARTING)
            w->engine->start_err = err;
        return hs_worker_ended(w, &err);
    }
    if (m.kind.len == 0 || w->expect == HS_EXPECT_NOTHING || msg->statement != w->statement)
        return violation(w, "ERROR out of turn");
    if (w->stream && w->stream->failed)
        err = w->stream->err; /* it was told to stop: what matters is why */
    if (w->lease && w->expect != HS_EXPECT_BATCHES)
        hs_lease_lost(w->lease, &err);
    if (w->expect == HS_EXPECT_PARSED) {
        w->expect = HS_EXPECT_NOTHING;
        return;
    }
    if (w->stream)
        hs_stream_fail(w->stream, &err);
    statement_over(w);
}

void hs_worker_says(struct hs_worker *w, const struct hs_channel_message *m)
{
    if (m->passed >= 0)
        close(m->passed); /* workers have nothing to hand over */
    switch (m->kind) {
    case HS_MSG_READY:
        return take_ready(w);
    case HS_MSG_WALLS:
        return take_answer(w, m, HS_EXPECT_WALLS);
    case HS_MSG_PARSED:
        return take_answer(w, m, HS_EXPECT_PARSED);
    case HS_MSG_SCHEMA:
        return take_schema(w, m);
    case HS_MSG_BATCH:
        return take_batch(w, m);
    case HS_MSG_SEGMENT_ASK:
        return take_segment_ask(w, m);
    case HS_MSG_DONE:
        return take_done(w, m);
    case HS_MSG_ERROR:
        return take_error(w, m);
    default:
        return violation(w, "a message of an unknown kind");
    }
}

static void listen_to(struct hs_worker *w)
{
    struct hs_channel_message m;
    enum hs_channel_got got = HS_GOT_MESSAGE;
    struct hs_err err;
    for (int i = 0; i < MESSAGES_AT_ONCE && w->state != HS_W_DYING; i++) {
        if (hs_channel_receive(w->channel, &w->in, false, &m, &got, &err) != HS_OK)
            return violation(w, err.detail);
        if (got == HS_GOT_END)
            return gone(w);
        if (got == HS_GOT_MESSAGE)
            hs_worker_says(w, &m);
        else if (!w->in.partial)
            return;
    }
}

/* ---- time ---- */
static void out_of_time(struct hs_worker *w)
{
    struct hs_err err;
    if (w->cancel_us > 1 && w->stream == NULL && w->lease == NULL)
        hs_ignore(hs_fail(&err, HS_CANCELLED, "cancelled"));
    else
        hs_ignore(hs_fail(&err, HS_TIMEOUT, "the statement took longer than its limit"));
    hs_worker_ended(w, &err);
}

/* A caller may wait for long in hs_lease_run, where planning takes its time and, with parameters bound, the schema
 * comes with the first rows; and in hs_lease_parse, which nothing interrupts. */
static bool is_left(const struct hs_worker *w)
{
    const struct hs_lease *l = w->lease;
    bool waits = w->expect == HS_EXPECT_PARSED || (w->stream && w->expect == HS_EXPECT_SCHEMA);
    return l && l->gave_up && waits && !w->cancel_us && atomic_load(l->gave_up);
}

static void watch_worker(struct hs_worker *w, int64_t now_us)
{
    struct hs_err err;
    if (w->broken && w->state != HS_W_DYING)
        violation(w, "does not read its channel");
    else if (w->state == HS_W_LEASED && w->cancel_us && now_us - w->cancel_us > CANCEL_MS * 1000)
        out_of_time(w);
    else if (w->state == HS_W_CLEANING && now_us - w->since_us > SEND_MS * 1000)
        violation(w, "does not come back from its statement");
    else if (is_left(w)) {
        hs_ignore(hs_fail(&err, HS_CANCELLED, "cancelled"));
        if (!w->stream)
            return hs_worker_ended(w, &err);
        hs_stream_fail(w->stream, &err);
        hs_worker_cancel(w, now_us);
    } else if (w->stream && w->stream->deadline_us && now_us > w->stream->deadline_us && !w->cancel_us) {
        struct hs_stream *s = w->stream;
        hs_ignore(hs_fail(&err, HS_TIMEOUT, "the statement took longer than its limit"));
        hs_stream_fail(s, &err);
        hs_worker_cancel(w, now_us);
    }
}

static int keep_time(struct hs_engine *e)
{
    int64_t now = hs_mono_us();
    bool active = e->queue || e->ring_short;
    for (struct hs_worker *w = e->workers; w; w = w->next) {
        watch_worker(w, now);
        if (w->ring)
            hs_scratch_unname(w);
    }
    hs_pool_tend(e, now);
    hs_spool_look(e, now);
    for (struct hs_worker *w = e->workers; w; w = w->next)
        active |= w->state != HS_W_WARM && w->state != HS_W_IDLE;
    for (struct hs_stream *s = e->streams; s; s = s->next)
        active |= s->head != NULL;
    if (active)
        e->active_us = now;
    /* Whoever takes a worker that is there need not wake this thread: it ticks on for a while. */
    e->resting = now - e->active_us > REST_AFTER_MS * 1000;
    return e->resting ? REST_MS : TICK_MS;
}

/* ---- waking ---- */
static size_t collect(struct hs_engine *e, struct hs_stream *out[WAKE_AT_ONCE])
{
    size_t n = 0;
    for (struct hs_stream *s = e->streams; s && n < WAKE_AT_ONCE; s = s->next)
        if (s->wake) {
            s->wake = false;
            s->refs++;
            out[n++] = s;
        }
    return n;
}

/* Called with the lock held; lets it go while readers are told, so that they may take whatever locks they like. */
static void wake_readers(struct hs_engine *e)
{
    struct hs_stream *woken[WAKE_AT_ONCE];
    for (size_t n; (n = collect(e, woken));) {
        pthread_mutex_unlock(&e->lock);
        for (size_t i = 0; i < n; i++) {
            pthread_mutex_lock(&woken[i]->notify_lock);
            if (woken[i]->fn)
                woken[i]->fn(woken[i]->arg);
            pthread_mutex_unlock(&woken[i]->notify_lock);
        }
        pthread_mutex_lock(&e->lock);
        for (size_t i = 0; i < n; i++)
            hs_stream_unref(woken[i]);
    }
}

void *hs_reactor_run(void *engine)
{
    struct hs_engine *e = engine;
    struct epoll_event events[EVENTS];
    int timeout = 0;
    reactor_of = e;
    pthread_mutex_lock(&e->lock);
    while (!e->closing) {
        pthread_mutex_unlock(&e->lock);
        int n = epoll_wait(e->epoll, events, EVENTS, timeout);
        pthread_mutex_lock(&e->lock);
        for (int i = 0; i < n; i++) {
            uint64_t count;
            if (events[i].data.ptr)
                listen_to(events[i].data.ptr); /* workers are freed only below, in keep_time */
            else
                (void)!read(e->poke, &count, sizeof count);
        }
        timeout = keep_time(e);
        wake_readers(e);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}
