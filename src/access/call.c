/* A call: made by a front, worked on by the pool, polled until it ends. Two sides hold it (the front until
 * hs_call_close, the work until it is done), so neither can pull it from under the other. Every change of phase is in
 * this file.
 *
 *   WORKING -> READY -> RUNNING -> CLOSING (outcome on its way to the audit) -> DONE
 *        \______________________________failure_______________/  */
#include "access/access_in.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"

static void link_call(struct hs_access *a, struct hs_call *c)
{
    pthread_mutex_lock(&a->lock);
    c->next = a->calls;
    if (a->calls)
        a->calls->prev = c;
    a->calls = c;
    a->call_count++;
    a->calls_total++;
    pthread_mutex_unlock(&a->lock);
}

static void unlink_call(struct hs_access *a, struct hs_call *c)
{
    pthread_mutex_lock(&a->lock);
    if (c->prev)
        c->prev->next = c->next;
    else
        a->calls = c->next;
    if (c->next)
        c->next->prev = c->prev;
    a->call_count--;
    pthread_mutex_unlock(&a->lock);
}

static bool copy_asker(struct hs_call *c, const struct hs_asker *who)
{
    c->door = who->door;
    c->name = hs_arena_str(c->arena, who->name);
    c->purpose = hs_arena_str(c->arena, who->purpose);
    c->workspace = hs_arena_str(c->arena, who->workspace);
    c->request_id = hs_arena_str(c->arena, who->request_id);
    c->peer = hs_arena_str(c->arena, who->peer);
    c->agent = hs_arena_str(c->arena, who->agent);
    c->trace = hs_arena_str(c->arena, who->trace);
    c->deadline_mono_us = who->deadline_mono_us;
    return c->name.at && c->purpose.at && c->workspace.at && c->request_id.at && c->peer.at && c->agent.at &&
           c->trace.at;
}

struct hs_call *hs_call_new(struct hs_access *a, const struct hs_asker *who, void (*notify)(void *), void *arg)
{
    struct hs_call *c = hs_calloc(1, sizeof *c);
    if (!c)
        return NULL;
    atomic_store(&c->refs, 1);
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->notify_lock, NULL);
    hs_buf_init(&c->bound_out, 1 << 20);
    c->access = a;
    c->phase = PHASE_WORKING;
    c->notify = notify;
    c->notify_arg = arg;
    c->arena = hs_arena_new((size_t)1 << 30);
    c->generation = hs_access_generation(a);
    bool named = c->arena && copy_asker(c, who);
    link_call(a, c); /* others count by its name from now on */
    if (!named) {
        hs_call_close(c);
        return NULL;
    }
    return c;
}

void hs_call_unref(struct hs_call *c)
{
    if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    unlink_call(c->access, c);
    hs_stream_close(c->stream);
    for (size_t i = 0; i < c->opened_count; i++)
        hs_opened_close(&c->opened[i]);
    hs_generation_unref(c->generation);
    hs_call_drop_given(c);
    hs_pins_unref(c->pins);
    hs_buf_fini(&c->bound_out);
    hs_arena_free(c->arena);
    pthread_mutex_destroy(&c->notify_lock);
    pthread_mutex_destroy(&c->lock);
    hs_free(c);
}

/* Its own lock, so that close can wait for a notify in progress. */
static void wake_front(struct hs_call *c)
{
    pthread_mutex_lock(&c->notify_lock);
    if (c->notify)
        c->notify(c->notify_arg);
    pthread_mutex_unlock(&c->notify_lock);
}

void hs_call_renew(struct hs_call *c)
{
    struct generation *before = c->generation;
    c->generation = hs_access_generation(c->access);
    hs_generation_unref(before);
}

void hs_call_start(struct hs_call *c, void (*work)(struct hs_call *c))
{
    struct hs_err err;
    c->work = work;
    atomic_fetch_add(&c->refs, 1);
    hs_rc rc = hs_audit_broken(c->access->audit)
                   ? hs_fail(&err, HS_UNAVAILABLE, "the audit cannot be written; no data is served until it can")
                   : hs_call_admit(c, 0, &err);
    if (rc == HS_OK)
        rc = hs_turn_take(c, &err);
    if (rc == HS_OK)
        return;
    hs_call_fail(c, &err);
    hs_call_unref(c);
}

static bool is_denial(hs_rc kind)
{
    return kind == HS_DENIED || kind == HS_NOT_FOUND || kind == HS_UNAUTHENTICATED || kind == HS_CONFLICT;
}

static void outcome_done(void *arg, bool failed)
{
    struct hs_call *c = arg;
    pthread_mutex_lock(&c->lock);
    if (failed && !c->failed) {
        c->failed = true;
        hs_ignore(hs_fail(&c->err, HS_UNAVAILABLE, "the audit of this answer could not be written"));
    }
    c->phase = PHASE_DONE;
    wake_front(c);
    pthread_mutex_unlock(&c->lock);
    hs_call_unref(c);
}

/* Ends what runs and writes the outcome once; under c->lock. */
static void finish_locked(struct hs_call *c)
{
    if (!c->intent_written || c->outcome_sent) {
        c->phase = PHASE_DONE;
        return;
    }
    c->outcome_sent = true;
    c->phase = PHASE_CLOSING;
    struct audit_record r = {"outcome", c, c->failed ? &c->err : NULL};
    struct hs_err err;
    atomic_fetch_add(&c->refs, 1);
    if (hs_audit_write_later(c->access->audit, &r, outcome_done, c, &err) == HS_OK)
        return;
    atomic_fetch_sub(&c->refs, 1); /* the front still holds one */
    if (!c->failed) {
        c->failed = true;
        c->err = err;
    }
    c->phase = PHASE_DONE;
}

void hs_call_fail(struct hs_call *c, const struct hs_err *err)
{
    hs_log_err(HS_LOG_INFO, "call failed", c->request_id.at, err);
    pthread_mutex_lock(&c->lock);
    if (c->phase == PHASE_DONE || c->phase == PHASE_CLOSING) {
        pthread_mutex_unlock(&c->lock);
        return;
    }
    c->failed = true;
    c->err = *err;
    if (c->stream)
        hs_stream_cancel(c->stream, err->kind);
    bool refused = !c->intent_written && is_denial(err->kind);
    finish_locked(c);
    wake_front(c);
    pthread_mutex_unlock(&c->lock);
    if (!refused)
        return;
    struct audit_record r = {"refused", c, err};
    hs_ignore(
        hs_audit_write_later(c->access->audit, &r, NULL, NULL, NULL)); /* a failure marks the audit broken itself */
    pthread_mutex_lock(&c->access->lock);
    c->access->denied_total++;
    pthread_mutex_unlock(&c->access->lock);
}

hs_rc hs_call_intent(struct hs_call *c, struct hs_err *err)
{
    struct audit_record r = {"intent", c, NULL};
    HS_TRY(hs_audit_write(c->access->audit, &r, err));
    pthread_mutex_lock(&c->lock);
    c->intent_written = true;
    pthread_mutex_unlock(&c->lock);
    return HS_OK;
}

static void stream_news(void *arg)
{
    wake_front(arg);
}

void hs_call_ready(struct hs_call *c)
{
    pthread_mutex_lock(&c->lock);
    if (c->phase == PHASE_WORKING)
        c->phase = PHASE_READY;
    if (c->stream) /* under the lock: once the front knows, it may read to the end and close the stream */
        hs_stream_notify(c->stream, stream_news, c);
    wake_front(c);
    pthread_mutex_unlock(&c->lock);
}

bool hs_call_is_cancelled(struct hs_call *c, struct hs_err *err)
{
    pthread_mutex_lock(&c->lock);
    bool yes = c->cancelled;
    pthread_mutex_unlock(&c->lock);
    if (yes)
        hs_ignore(hs_fail(err, HS_CANCELLED, "cancelled"));
    else if (c->deadline_mono_us && hs_mono_us() > c->deadline_mono_us) {
        hs_ignore(hs_fail(err, HS_TIMEOUT, "the time for this request ran out"));
        yes = true;
    }
    return yes;
}

static bool value_has(const struct hs_value *v, hs_str text)
{
    for (size_t i = 0; v->kind == HS_V_LIST && i < v->item_count; i++)
        if (v->items[i].kind == HS_V_TEXT && hs_str_eq(v->items[i].text, text))
            return true;
    return v->kind == HS_V_TEXT && hs_str_eq(v->text, text);
}

/* A purpose or workspace is the client's word; it counts only when the person's attribute of that name lists it. */
hs_rc hs_may_state(const struct hs_principal *who, const char *attribute, hs_str stated, struct hs_err *err)
{
    for (size_t i = 0; i < who->attribute_count && stated.len; i++)
        if (hs_str_is(who->attributes[i].name, attribute) && value_has(&who->attributes[i].value, stated))
            return HS_OK;
    return stated.len ? hs_fail(err, HS_DENIED, "'%.*s' is not among your %s", HS_FMT(stated), attribute) : HS_OK;
}

hs_rc hs_call_principal(struct hs_call *c, struct hs_principal **out, struct hs_err *err)
{
    struct hs_principal *who;
    HS_TRY(hs_auth_assume(c->generation->model, c->name, c->arena, &who, err));
    HS_TRY(hs_may_state(who, "purposes", c->purpose, err));
    HS_TRY(hs_may_state(who, "workspaces", c->workspace, err));
    *out = who;
    return HS_OK;
}

struct hs_facts hs_call_facts(const struct hs_call *c)
{
    return (struct hs_facts){hs_wall_us(), c->purpose, c->workspace};
}

/* ---- the front's side ---- */

static void fail_locked(struct hs_call *c, const struct hs_err *err)
{
    c->failed = true;
    c->err = *err;
    finish_locked(c);
}

/* May this batch leave? An answer that was worked out in time may lie here for a reader who takes his; what it was
 * decided on holds to its end and no longer. */
static hs_rc check_batch(struct hs_call *c, const struct hs_batch *b, struct hs_err *err)
{
    if (c->decided_until_us && hs_wall_us() >= c->decided_until_us && hs_defence("decision-end"))
        return hs_fail(err, HS_TIMEOUT, "what may be seen has changed while this was read; ask again");
    c->rows += b->rows;
    c->bytes += (int64_t)b->body_len;
    if (c->rows_max && c->rows > c->rows_max)
        return hs_fail(err, HS_LIMIT, "the answer has more than %lld rows, your limit", (long long)c->rows_max);
    hs_rc rc = hs_call_charge(c, b->rows, (int64_t)b->body_len, err);
    if (rc != HS_OK) {
        c->rows -= b->rows; /* this batch stays here */
        c->bytes -= (int64_t)b->body_len;
    }
    return rc;
}

static enum hs_call_state poll_running(struct hs_call *c, struct hs_batch *out)
{
    hs_rc rc;
    struct hs_err err;
    hs_err_clear(&err);
    if (!c->stream) { /* describe and catalog: no rows */
        finish_locked(c);
        return HS_CALL_WAIT;
    }
    switch (hs_stream_poll(c->stream, out, &err)) {
    case HS_STREAM_WAIT:
        return HS_CALL_WAIT;
    case HS_STREAM_BATCH:
        rc = check_batch(c, out, &err);
        if (rc == HS_OK)
            return HS_CALL_BATCH;
        hs_batch_release(out);
        hs_stream_cancel(c->stream, rc);
        fail_locked(c, &err);
        return HS_CALL_WAIT;
    case HS_STREAM_END:
        finish_locked(c);
        return HS_CALL_WAIT;
    case HS_STREAM_ERROR:
        hs_log_err(HS_LOG_INFO, "statement failed", c->request_id.at, &err);
        fail_locked(c, &err);
        return HS_CALL_WAIT;
    }
    return HS_CALL_ERROR;
}

static enum hs_call_state poll_locked(struct hs_call *c, struct hs_batch *out, struct hs_err *err)
{
    if (c->phase == PHASE_READY) {
        c->phase = PHASE_RUNNING;
        return HS_CALL_READY;
    }
    enum hs_call_state state = HS_CALL_WAIT;
    if (c->phase == PHASE_RUNNING)
        state = poll_running(c, out);
    if (c->phase != PHASE_DONE)
        return state;
    if (!c->failed)
        return HS_CALL_END;
    if (err)
        *err = c->err;
    return HS_CALL_ERROR;
}

enum hs_call_state hs_call_poll(struct hs_call *c, struct hs_batch *out, struct hs_err *err)
{
    if (!c) {
        hs_ignore(hs_fail(err, HS_NOMEM, "out of memory"));
        return HS_CALL_ERROR;
    }
    pthread_mutex_lock(&c->lock);
    enum hs_call_state state = poll_locked(c, out, err);
    pthread_mutex_unlock(&c->lock);
    return state;
}

const struct hs_type *hs_call_schema(const struct hs_call *c)
{
    return c->schema;
}

size_t hs_call_param_count(const struct hs_call *c)
{
    return c->param_count;
}

const struct hs_type *hs_call_param_types(const struct hs_call *c)
{
    return c->param_types;
}

bool hs_call_runs(const struct hs_call *c)
{
    return !c->describe_only;
}

size_t hs_call_parts(const struct hs_call *c)
{
    return c->parts_out;
}

int64_t hs_call_total_rows(const struct hs_call *c)
{
    return c->total_rows;
}

hs_str hs_call_bound(const struct hs_call *c)
{
    return hs_buf_str(&c->bound_out);
}

const struct hs_catalog *hs_call_catalog(const struct hs_call *c)
{
    return c->catalog;
}

void hs_call_cancel(struct hs_call *c)
{
    if (!c)
        return;
    struct hs_err why;
    hs_ignore(hs_fail(&why, HS_CANCELLED, "cancelled"));
    bool stood = hs_turn_leave(c);
    atomic_store(&c->gave_up, true);
    pthread_mutex_lock(&c->lock);
    c->cancelled = true;
    if (c->phase == PHASE_RUNNING || c->phase == PHASE_READY) {
        if (c->stream)
            hs_stream_cancel(c->stream, HS_CANCELLED);
        fail_locked(c, &why);
        wake_front(c);
    }
    pthread_mutex_unlock(&c->lock);
    if (!stood)
        return;
    hs_call_fail(c, &why);
    hs_call_unref(c); /* the line's; the caller still holds one */
}

void hs_call_close(struct hs_call *c)
{
    if (!c)
        return;
    hs_call_cancel(c); /* what is done already stays as it is */
    pthread_mutex_lock(&c->notify_lock);
    c->notify = NULL;
    pthread_mutex_unlock(&c->notify_lock);
    pthread_mutex_lock(&c->lock);
    struct hs_stream *s = c->stream;
    c->stream = NULL;
    pthread_mutex_unlock(&c->lock);
    hs_stream_close(s);
    hs_call_unref(c);
}
