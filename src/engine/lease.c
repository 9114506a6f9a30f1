/* A caller's way in: wait for a worker, put its walls up, parse, run. These functions block; they belong on a pool
 * thread. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/fault.h"
#include "engine/engine_in.h"
#include "engine/conditions.h"
#include "engine/objects.h"
#include "engine/given.h"
#include "engine/gone.h"
#include "engine/sandbox.h"
#include "engine/statement_in.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- waiting for answers ---- */
void hs_lease_answer(struct hs_lease *l, unsigned kind, hs_str payload)
{
    l->answered = true;
    l->answer = kind;
    hs_buf_clear(&l->reply);
    hs_buf_adds(&l->reply, payload);
    pthread_cond_broadcast(&l->changed);
}

void hs_lease_lost(struct hs_lease *l, const struct hs_err *err)
{
    if (l->answered)
        return;
    l->answered = true;
    l->answer = HS_MSG_ERROR;
    l->err = *err;
    pthread_cond_broadcast(&l->changed);
}

static struct timespec at_mono(int64_t us)
{
    return (struct timespec){us / 1000000, us % 1000000 * 1000};
}

static void init_cond(pthread_cond_t *c)
{
    pthread_condattr_t a;
    pthread_condattr_init(&a);
    pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
    pthread_cond_init(c, &a);
    pthread_condattr_destroy(&a);
}

static int64_t earlier(int64_t a_us, int64_t b_us) /* 0: never */
{
    return !a_us ? b_us : !b_us || a_us < b_us ? a_us : b_us;
}

static void give_up(struct hs_lease *l)
{
    struct hs_err err;
    hs_ignore(hs_fail(&err, HS_TIMEOUT, "the statement took longer than its limit"));
    if (l->worker)
        hs_worker_ended(l->worker, &err);
    hs_lease_lost(l, &err);
}

struct question {
    enum hs_channel_kind kind;
    enum hs_expect expect;
    hs_str payload;
    int passed, gone, given;    /* descriptors, -1: none; the latter go ahead in messages of their own */
    struct hs_objects *objects; /* likewise; NULL: none */
};

static hs_rc send_question(struct hs_worker *w, const struct question *q, uint32_t statement, struct hs_err *err)
{
    hs_rc rc = HS_OK;
    pthread_mutex_lock(&w->send_lock);
    if (q->objects && q->objects->fd >= 0)
        rc = hs_channel_send(w->channel, HS_MSG_OBJECTS, statement, hs_buf_str(&q->objects->said), q->objects->fd,
                             SEND_MS, err);
    if (rc == HS_OK && q->gone >= 0)
        rc = hs_channel_send(w->channel, HS_MSG_GONE, statement, hs_str_n("", 0), q->gone, SEND_MS, err);
    if (rc == HS_OK && q->given >= 0)
        rc = hs_channel_send(w->channel, HS_MSG_GIVEN, statement, hs_str_n("", 0), q->given, SEND_MS, err);
    if (rc == HS_OK)
        rc = hs_channel_send(w->channel, q->kind, statement, q->payload, q->passed, SEND_MS, err);
    pthread_mutex_unlock(&w->send_lock);
    return rc;
}

/* Sends without the lock, waits for the one answer; with the lock held at both ends. */
static hs_rc ask(struct hs_lease *l, const struct question *q, int64_t until_us, struct hs_err *err)
{
    struct hs_engine *e = l->engine;
    struct hs_worker *w = l->worker;
    if (!w)
        return *err = l->err, l->err.kind ? l->err.kind : hs_fail(err, HS_UNAVAILABLE, "the engine worker has ended");
    l->answered = false;
    w->expect = q->expect;
    w->statement = ++e->next_statement ? e->next_statement : ++e->next_statement;
    uint32_t statement = w->statement;
    w->users++;
    pthread_mutex_unlock(&e->lock);
    hs_rc rc = send_question(w, q, statement, err);
    pthread_mutex_lock(&e->lock);
    w->users--;
    if (rc == HS_UNAVAILABLE && !l->answered) /* it ended meanwhile; the reactor says how */
        rc = HS_OK;
    if (rc != HS_OK && l->worker)
        hs_worker_ended(l->worker, err);
    struct timespec until = at_mono(until_us);
    while (!l->answered)
        if (pthread_cond_timedwait(&l->changed, &e->lock, &until) == ETIMEDOUT)
            give_up(l);
    if (l->answer == HS_MSG_ERROR)
        *err = l->err;
    return l->answer == HS_MSG_ERROR ? l->err.kind : HS_OK;
}

/* ---- the queue ---- */
static void leave_queue(struct hs_engine *e, struct hs_waiter *q)
{
    for (struct hs_waiter **at = &e->queue; *at; at = &(*at)->next)
        if (*at == q) {
            *at = q->next;
            break;
        }
    e->counts.queued--;
}

static hs_rc enter_queue(struct hs_engine *e, struct hs_waiter *q, struct hs_err *err)
{
    if (e->closing)
        return hs_fail(err, HS_UNAVAILABLE, "the server is closing");
    if (e->counts.queued >= e->settings.queue_max)
        return hs_fail(err, HS_LIMIT, "too many statements are waiting; try again later");
    struct hs_waiter **at = &e->queue;
    while (*at)
        at = &(*at)->next;
    *at = q;
    e->counts.queued++;
    hs_pool_serve(e); /* an idle worker of his is given without a change of hands */
    if (!q->worker || !q->worker->identity || e->resting)
        hs_engine_poke(e);
    return HS_OK;
}

static hs_rc no_worker(struct hs_engine *e, struct hs_err *err)
{
    hs_ignore(hs_fail_hidden(err, HS_UNAVAILABLE, "workers do not start: %s", e->start_err.detail));
    return hs_err_show(err, "the engine's workers do not start");
}

/* What was given may have died before it was taken; then the wait goes on. */
static bool is_given(struct hs_waiter *q)
{
    if (q->worker && q->worker->state == HS_W_DYING) {
        q->worker->users--;
        q->worker = NULL;
    }
    return q->worker != NULL;
}

static hs_rc wait_in_queue(struct hs_engine *e, struct hs_waiter *q, int64_t until_us, struct hs_err *err)
{
    HS_TRY(enter_queue(e, q, err));
    struct timespec until = at_mono(until_us);
    int waited = 0;
    while (!is_given(q) && !q->failed && !e->closing && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&e->changed, &e->lock, &until);
    leave_queue(e, q);
    if (is_given(q)) {
        q->worker->users--;
        return HS_OK;
    }
    if (q->failed == HS_CANCELLED)
        return hs_fail(err, HS_CANCELLED, "cancelled");
    if (q->failed)
        return no_worker(e, err);
    if (e->closing)
        return hs_fail(err, HS_UNAVAILABLE, "the server is closing");
    return hs_fail(err, HS_TIMEOUT, "no engine worker became free in time; try again later");
}

/* ---- opening ---- */
static int compare_texts(const void *a, const void *b)
{
    return hs_str_cmp(*(const hs_str *)a, *(const hs_str *)b);
}

/* Whose a worker is and what it may read: both are part of who may get it again. Directories are a set. */
static hs_rc make_identity(const struct hs_lease_request *r, struct hs_buf *out, struct hs_err *err)
{
    hs_str *sorted = hs_calloc(r->directory_count + 1, sizeof *sorted);
    if (!sorted)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < r->directory_count; i++)
        sorted[i] = r->directories[i];
    qsort(sorted, r->directory_count, sizeof *sorted, compare_texts);
    hs_put_str(out, r->owner);
    for (size_t i = 0; i < r->directory_count; i++)
        hs_put_str(out, sorted[i]);
    hs_free(sorted);
    return hs_buf_done(out, err);
}

void hs_lease_free(struct hs_lease *l)
{
    struct hs_engine *e = l->engine;
    for (struct hs_lease **at = &e->leases; *at; at = &(*at)->next)
        if (*at == l) {
            *at = l->next;
            break;
        }
    if (l->worker)
        l->worker->lease = NULL;
    pthread_cond_destroy(&l->changed);
    hs_buf_fini(&l->reply);
    hs_free(l->fair_key);
    hs_free(l->sql);
    hs_free(l);
}

static hs_rc new_lease(struct hs_engine *e, const struct hs_lease_request *r, struct hs_lease **out, struct hs_err *err)
{
    struct hs_lease *l = hs_calloc(1, sizeof *l);
    if (l)
        l->fair_key = hs_strndup(r->fair_key.at ? r->fair_key.at : "", r->fair_key.len);
    if (!l || !l->fair_key) {
        hs_free(l);
        return hs_fail(err, HS_NOMEM, "out of memory");
    }
    l->engine = e;
    l->fair_len = r->fair_key.len;
    snprintf(l->request_id, sizeof l->request_id, "%.*s", HS_FMT(r->request_id));
    l->memory_bytes = r->memory_bytes;
    l->gave_up = r->gave_up;
    l->deadline_us = r->time_ms ? hs_mono_us() + r->time_ms * 1000 : 0;
    hs_buf_init(&l->reply, HS_CHANNEL_MAX);
    init_cond(&l->changed);
    *out = l;
    return HS_OK;
}

static hs_rc check_walls(struct hs_lease *l, struct hs_err *err)
{
    struct hs_engine *e = l->engine;
    struct hs_cursor c = hs_cursor_of(hs_buf_str(&l->reply));
    unsigned stand = hs_cursor_u32le(&c), needed = e->walls;
    if (!hs_defence("landlock"))
        needed &= ~(unsigned)HS_WALL_LANDLOCK;
    if (!hs_defence("seccomp"))
        needed &= ~(unsigned)HS_WALL_SECCOMP;
    if (c.bad || (needed & ~stand)) {
        hs_ignore(hs_fail_hidden(err, HS_UNAVAILABLE, "walls that stand: %x, needed: %x", stand, needed));
        hs_worker_ended(l->worker, err);
        return err->kind;
    }
    return HS_OK;
}

static hs_rc put_walls_up(struct hs_lease *l, const struct hs_lease_request *r, struct hs_buf *identity,
                          struct hs_err *err)
{
    struct hs_worker *w = l->worker;
    const struct hs_engine_settings *s = &l->engine->settings;
    struct hs_msg_lease m = {r->directories,  r->directory_count, hs_str_of(w->directory),
                             s->memory_bytes, s->spill_bytes,     (uint32_t)s->threads};
    struct hs_buf b;
    w->identity_len = identity->len;
    w->identity = hs_strndup(identity->at, identity->len);
    hs_buf_init(&b, HS_CHANNEL_MAX);
    hs_put_lease(&b, &m);
    hs_rc rc = w->identity ? hs_buf_done(&b, err) : hs_fail(err, HS_NOMEM, "out of memory");
    struct question q = {HS_MSG_LEASE, HS_EXPECT_WALLS, hs_buf_str(&b), -1, -1, -1, NULL};
    if (rc == HS_OK)
        rc = ask(l, &q, hs_mono_us() + PARSE_MS * 1000, err);
    hs_buf_fini(&b);
    return rc == HS_OK ? check_walls(l, err) : rc;
}

/* With the lock held. */
static hs_rc open_lease(struct hs_engine *e, const struct hs_lease_request *r, struct hs_lease *l,
                        struct hs_buf *identity, struct hs_err *err)
{
    struct hs_waiter q = {.identity = hs_buf_str(identity), .fair_key = r->fair_key, .gave_up = r->gave_up};
    q.since_us = hs_mono_us();
    int64_t until = q.since_us + (int64_t)e->settings.queue_ms * 1000;
    HS_TRY(wait_in_queue(e, &q, earlier(until, l->deadline_us), err));
    l->worker = q.worker;
    l->since_us = hs_mono_us();
    l->next = e->leases;
    e->leases = l;
    q.worker->lease = l;
    return q.worker->identity ? HS_OK : put_walls_up(l, r, identity, err);
}

static void let_worker_go(struct hs_lease *l)
{
    struct hs_worker *w = l->worker;
    if (!w)
        return;
    l->worker = NULL;
    w->lease = NULL;
    if (w->state == HS_W_LEASED && w->expect == HS_EXPECT_NOTHING && w->identity)
        hs_pool_idle(w);
    else if (w->state == HS_W_LEASED)
        w->broken = true; /* in the middle of something nobody waits for any more */
    if (w->broken || l->engine->queue)
        hs_engine_poke(l->engine);
}

hs_rc hs_lease_open(struct hs_engine *e, const struct hs_lease_request *r, struct hs_lease **out, struct hs_err *err)
{
    struct hs_buf identity;
    struct hs_lease *l = NULL;
    hs_buf_init(&identity, HS_CHANNEL_MAX);
    hs_rc rc = make_identity(r, &identity, err);
    if (rc == HS_OK)
        rc = new_lease(e, r, &l, err);
    if (rc == HS_OK) {
        pthread_mutex_lock(&e->lock);
        rc = open_lease(e, r, l, &identity, err);
        if (rc == HS_OK) {
            e->refs++;
            *out = l;
        } else {
            let_worker_go(l);
            hs_lease_free(l);
        }
        pthread_mutex_unlock(&e->lock);
    }
    hs_buf_fini(&identity);
    return rc;
}

void hs_lease_close(struct hs_lease *l)
{
    if (!l)
        return;
    struct hs_engine *e = l->engine;
    pthread_mutex_lock(&e->lock);
    let_worker_go(l);
    hs_lease_free(l);
    hs_engine_unref_locked(e);
}

/* ---- parse ---- */
/* The reply stays in l->reply until the next question. */
static hs_rc parse_text(struct hs_lease *l, hs_str sql, struct hs_err *err)
{
    pthread_mutex_lock(&l->engine->lock);
    int64_t until = earlier(hs_mono_us() + PARSE_MS * 1000, l->deadline_us);
    struct question q = {HS_MSG_PARSE, HS_EXPECT_PARSED, sql, -1, -1, -1, NULL};
    l->engine->counts.parsed++;
    hs_rc rc = ask(l, &q, until, err);
    pthread_mutex_unlock(&l->engine->lock);
    return rc == HS_OK ? hs_buf_done(&l->reply, err) : rc;
}

/* ---- what was read before ---- */
static bool read_before(struct hs_lease *l, hs_str sql)
{
    struct hs_worker *w = l->worker;
    for (size_t i = 0; w && i < READ_MOST; i++) {
        struct hs_read *r = &w->read[i];
        if (!r->text || !hs_str_eq(hs_str_n(r->text, r->text_len), sql))
            continue;
        r->at = ++w->reads;
        hs_buf_clear(&l->reply);
        hs_buf_add(&l->reply, r->text + r->text_len, r->tree_len);
        return true;
    }
    return false;
}

static void keep_read(struct hs_lease *l, hs_str sql)
{
    struct hs_worker *w = l->worker;
    size_t len = sql.len + l->reply.len;
    char *text = w && len <= READ_BYTES && !l->reply.failed ? hs_malloc(len + 1) : NULL;
    if (!text)
        return;
    struct hs_read *r = &w->read[0];
    for (size_t i = 1; i < READ_MOST; i++)
        if (w->read[i].at < r->at)
            r = &w->read[i];
    memcpy(text, sql.at, sql.len);
    memcpy(text + sql.len, l->reply.at, l->reply.len);
    hs_free(r->text);
    *r = (struct hs_read){text, sql.len, l->reply.len, ++w->reads};
}

/* What we printed ourselves, by the worker's tree of the same text where it has given one before. */
static hs_rc parse_printed(struct hs_lease *l, hs_str sql, struct hs_err *err)
{
    pthread_mutex_lock(&l->engine->lock);
    bool before = read_before(l, sql);
    pthread_mutex_unlock(&l->engine->lock);
    if (before)
        return hs_buf_done(&l->reply, err);
    HS_TRY(parse_text(l, sql, err));
    pthread_mutex_lock(&l->engine->lock);
    keep_read(l, sql);
    pthread_mutex_unlock(&l->engine->lock);
    return HS_OK;
}

hs_rc hs_lease_parse(struct hs_lease *l, struct hs_arena *a, hs_str sql, struct hs_statement **out, struct hs_err *err)
{
    if (!hs_utf8_valid(sql) || memchr(sql.at ? sql.at : "", 0, sql.len))
        return hs_fail(err, HS_INVALID, "the statement is not valid UTF-8");
    char *copy = hs_strndup(sql.at ? sql.at : "", sql.len);
    if (!copy)
        return hs_fail(err, HS_NOMEM, "out of memory");
    pthread_mutex_lock(&l->engine->lock);
    hs_free(l->sql);
    l->sql = copy;
    l->sql_len = sql.len;
    pthread_mutex_unlock(&l->engine->lock);
    HS_TRY(parse_text(l, sql, err));
    return hs_guard_statement(a, sql, hs_buf_str(&l->reply), out, err);
}

/* ---- run ---- */
struct job { /* what is printed for one run */
    struct hs_arena *arena;
    struct hs_msg_view *views;
    hs_str *paths;
    size_t path_count;
    struct hs_buf sql, payload;
    struct hs_buf *inside; /* one a scan */
    size_t scan_count;
    struct hs_gone gone;
    struct hs_objects objects;
};

static void job_fini(struct job *j)
{
    for (size_t i = 0; j->inside && i < j->scan_count; i++)
        hs_buf_fini(&j->inside[i]);
    hs_buf_fini(&j->sql);
    hs_wipe(j->payload.at, j->payload.len); /* held the mask key */
    hs_buf_fini(&j->payload);
    hs_gone_fini(&j->gone);
    hs_objects_fini(&j->objects);
    hs_arena_free(j->arena);
}

static hs_rc job_init(struct job *j, const struct hs_run_request *r, struct hs_err *err)
{
    *j = (struct job){.arena = hs_arena_new(0), .scan_count = r->scan_count};
    hs_buf_init(&j->sql, HS_CHANNEL_MAX);
    hs_buf_init(&j->payload, HS_CHANNEL_MAX);
    hs_gone_init(&j->gone);
    hs_objects_init(&j->objects);
    if (j->arena) {
        j->views = hs_arena_array(j->arena, r->scan_count + 1, sizeof *j->views);
        j->inside = hs_arena_array(j->arena, r->scan_count + 1, sizeof *j->inside);
    }
    if (!j->views || !j->inside)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < r->scan_count; i++)
        hs_buf_init(&j->inside[i], HS_CHANNEL_MAX);
    return HS_OK;
}

static hs_rc print_statement(struct job *j, const struct hs_run_request *r, struct hs_err *err)
{
    if (r->printed.len) {
        hs_buf_adds(&j->sql, r->printed);
        return HS_OK;
    }
    if (r->statement)
        return hs_statement_print(r->statement, r->scans, r->params, j->inside, &j->sql, err);
    if (r->scan_count != 1)
        return hs_fail_hidden(err, HS_INTERNAL, "a scan without a statement needs exactly one table");
    hs_buf_addz(&j->sql, "SELECT * FROM hs_scan_0");
    return HS_OK;
}

static hs_rc print_view(struct job *j, const struct hs_scan *scan, const struct hs_scan_place *place, size_t i,
                        struct hs_err *err)
{
    struct hs_buf b;
    char name[32];
    hs_scan_view_name(i, name);
    hs_buf_init(&b, HS_CHANNEL_MAX);
    hs_rc rc = hs_scan_print(scan, place, &b, err);
    if (rc == HS_OK)
        rc = hs_buf_done(&b, err);
    if (rc == HS_OK) {
        j->views[i] =
            (struct hs_msg_view){hs_arena_str(j->arena, hs_str_of(name)), hs_arena_str(j->arena, hs_buf_str(&b))};
        if (!j->views[i].name.at || !j->views[i].sql.at)
            rc = hs_fail(err, HS_NOMEM, "out of memory");
    }
    hs_buf_fini(&b);
    return rc;
}

static size_t file_count(const struct hs_scan *scan)
{
    size_t n = 0;
    for (size_t g = 0; g < scan->group_count; g++)
        n += scan->groups[g].file_count;
    for (size_t e = 0; e < scan->equality_count; e++)
        n += scan->equality[e].files.file_count;
    return n;
}

static void add_paths(struct job *j, const struct hs_scan_group *g)
{
    for (size_t p = 0; p < g->file_count; p++)
        j->paths[j->path_count++] = g->files[p].path;
}

static hs_rc gather_paths(struct job *j, const struct hs_run_request *r, struct hs_err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < r->scan_count; i++)
        n += file_count(&r->scans[i]);
    j->paths = hs_arena_array(j->arena, n + 1, sizeof *j->paths);
    if (!j->paths)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < r->scan_count; i++) {
        for (size_t g = 0; g < r->scans[i].group_count; g++)
            add_paths(j, &r->scans[i].groups[g]);
        for (size_t e = 0; e < r->scans[i].equality_count; e++)
            add_paths(j, &r->scans[i].equality[e].files);
    }
    return HS_OK;
}

/* What was printed is read again by the engine's own parser and passes the guard once more: the printer is checked, not
 * believed. */
static hs_rc check_print(struct hs_lease *l, const struct hs_run_request *r, struct job *j, struct hs_err *err)
{
    HS_TRY(hs_buf_done(&j->sql, err));
    HS_TRY(parse_printed(l, hs_buf_str(&j->sql), err));
    if (r->printed.len) /* made of pieces: any statement that the guard lets through, over our views alone */
        return hs_guard_printed(j->arena, hs_buf_str(&j->sql), hs_buf_str(&l->reply), r->scan_count, err);
    /* node for node the tree that was checked, over our views alone */
    return hs_guard_printed_as(j->arena, r->statement, hs_buf_str(&j->sql), hs_buf_str(&l->reply), err);
}

/* Deleted rows are hidden rows. */
static bool restricts(const struct hs_scan *scan)
{
    bool any = scan->rows.len > 0 || scan->equality_count > 0 || scan->estimate_is_fixed;
    for (size_t i = 0; i < scan->group_count; i++)
        any |= hs_group_has_gone(&scan->groups[i]);
    for (size_t i = 0; i < scan->column_count; i++)
        any |= !scan->columns[i].leakproof;
    return any;
}

static bool has_floats(const struct hs_type *type)
{
    bool any = type->id == HS_T_FLOAT || type->id == HS_T_DOUBLE;
    for (size_t i = 0; i < type->field_count; i++)
        any |= has_floats(type->fields[i].type);
    return any;
}

/* NaN has no part in a file's bounds, yet to the engine it is the greatest number: believing them it would take d > 5
 * for false of a file whose other values are less. */
static bool misleads(const struct hs_scan *scan)
{
    bool any = false;
    for (size_t i = 0; i < scan->column_count; i++)
        any |= has_floats(scan->columns[i].type);
    return any;
}

static bool any_restricts(const struct hs_run_request *r)
{
    bool any = false;
    for (size_t i = 0; i < r->scan_count; i++)
        any |= !r->scans[i].given_place && (restricts(&r->scans[i]) || misleads(&r->scans[i]));
    return any;
}

static hs_rc prepare_job(struct hs_lease *l, const struct hs_run_request *r, struct job *j, struct hs_err *err)
{
    for (size_t i = 0; i < r->scan_count; i++)
        if (r->scans[i].given_place > hs_given_rows_count(r->given_rows))
            return hs_fail_hidden(err, HS_INTERNAL, "a scan of given rows that are not there");
    HS_TRY(print_statement(j, r, err));
    if (r->statement || r->printed.len)
        HS_TRY(check_print(l, r, j, err));
    struct hs_scan_place place = {.apart = r->printed.len ? HS_APART_ALL
                                           : r->statement ? hs_statement_apart(r->statement)
                                                          : HS_APART_NOTHING};
    for (size_t i = 0; i < r->scan_count; i++) {
        place.inside = hs_buf_str(&j->inside[i]);
        HS_TRY(print_view(j, &r->scans[i], &place, i, err));
        place.slot += r->scans[i].group_count;
    }
    HS_TRY(gather_paths(j, r, err));
    HS_TRY(hs_gone_write(&j->gone, r->scans, r->scan_count, err));
    const struct hs_engine_settings *s = &l->engine->settings;
    struct hs_msg_run m = {.sql = hs_buf_str(&j->sql),
                           .views = j->views,
                           .view_count = r->scan_count,
                           .paths = j->paths,
                           .path_count = j->path_count,
                           .params = r->params,
                           .mask_keys = r->mask_keys,
                           .mask_key_count = r->mask_key_count,
                           .memory_bytes = l->memory_bytes,
                           .slots = (uint32_t)s->slots,
                           .slot_bytes = (uint64_t)s->slot_bytes,
                           .describe_only = r->describe_only,
                           .restricted = any_restricts(r),
                           .wants_few = r->statement && hs_statement_wants_few(r->statement),
                           .form = r->form,
                           .gone = hs_buf_str(&j->gone.block),
                           .gone_bytes = j->gone.bytes,
                           .given = hs_given_rows_said(r->given_rows),
                           .given_bytes = (uint64_t)hs_given_rows_bytes(r->given_rows)};
    hs_put_run(&j->payload, &m);
    return hs_buf_done(&j->payload, err);
}

static hs_rc new_stream(struct hs_lease *l, const struct hs_run_request *r, int64_t deadline_us, struct hs_stream **out,
                        struct hs_err *err)
{
    struct hs_stream *s = hs_calloc(1, sizeof *s);
    if (s)
        s->arena = hs_arena_new(0);
    if (!s || !s->arena) {
        hs_free(s);
        return hs_fail(err, HS_NOMEM, "out of memory");
    }
    struct hs_engine *e = l->engine;
    s->refs = 1;
    s->engine = e;
    s->tail = &s->head;
    s->spool_fd = -1;
    s->deadline_us = deadline_us;
    s->form = r->form;
    s->out_max = e->settings.slots > 1 ? (unsigned)e->settings.slots - 1 : 1;
    pthread_mutex_init(&s->notify_lock, NULL);
    e->refs++;
    s->next = e->streams;
    e->streams = s;
    *out = s;
    return HS_OK;
}

/* Ring memory is one budget. When it is used up by results nobody has read yet, those go to disk, and we wait for that.
 */
static hs_rc get_ring(struct hs_lease *l, struct hs_memory **out, int64_t until_us, struct hs_err *err)
{
    struct hs_engine *e = l->engine;
    struct timespec until = at_mono(until_us);
    hs_rc rc;
    for (int waited = 0;;) {
        rc = hs_memory_new(e, l->worker, (unsigned)e->settings.slots, (uint64_t)e->settings.slot_bytes, 0, out, err);
        if (rc != HS_LIMIT || waited == ETIMEDOUT || !l->worker)
            break;
        e->ring_short = true;
        hs_engine_poke(e);
        waited = pthread_cond_timedwait(&e->changed, &e->lock, &until);
    }
    e->ring_short = false;
    if (rc == HS_OK && !l->worker) {
        hs_memory_detach(*out);
        rc = hs_fail(err, HS_UNAVAILABLE, "the engine worker has ended");
    }
    return rc;
}

/* With the lock held. */
static hs_rc start_job(struct hs_lease *l, const struct hs_run_request *r, struct job *j, struct hs_stream *s,
                       struct hs_err *err)
{
    struct hs_memory *ring;
    int64_t until = earlier(hs_mono_us() + (int64_t)l->engine->settings.queue_ms * 1000, s->deadline_us);
    if (!l->worker)
        return hs_fail(err, HS_UNAVAILABLE, "the engine worker has ended");
    HS_TRY(get_ring(l, &ring, until, err));
    struct hs_worker *w = l->worker;
    w->ring = ring;
    w->stream = s;
    s->worker = w;
    s->refs++;
    int64_t forever = hs_mono_us() + INT64_C(1000000) * 86400 * 365;
    int64_t patience = s->deadline_us ? s->deadline_us + 2 * CANCEL_MS * 1000 : forever;
    w->objects = j->objects.open; /* closed with its statement */
    j->objects.open = NULL;
    struct question q = {HS_MSG_RUN,
                         HS_EXPECT_SCHEMA,
                         hs_buf_str(&j->payload),
                         hs_ring_fd(ring->ring),
                         j->gone.fd,
                         hs_given_rows_fd(r->given_rows),
                         &j->objects};
    return ask(l, &q, patience, err);
}

static hs_rc run_job(struct hs_lease *l, const struct hs_run_request *r, struct job *j, struct hs_stream **out,
                     struct hs_err *err)
{
    struct hs_stream *s = NULL;
    pthread_mutex_lock(&l->engine->lock);
    hs_rc rc = new_stream(l, r, earlier(r->deadline_mono_us, l->deadline_us), &s, err);
    if (rc == HS_OK)
        rc = start_job(l, r, j, s, err);
    if (rc == HS_OK) {
        s->lease = l;
        *out = s;
    } else if (s) {
        s->closed = true;
        hs_stream_unref(s);
    }
    pthread_mutex_unlock(&l->engine->lock);
    return rc;
}

hs_rc hs_lease_run(struct hs_lease *l, const struct hs_run_request *r, struct hs_stream **out, struct hs_err *err)
{
    struct job j;
    hs_rc rc = job_init(&j, r, err);
    struct hs_run_request mapped;
    if (rc == HS_OK)
        rc = hs_objects_map(&j.objects, l->engine->settings.objects, j.arena, r, &mapped, err);
    if (rc == HS_OK)
        rc = prepare_job(l, &mapped, &j, err);
    if (rc == HS_OK)
        rc = run_job(l, r, &j, out, err);
    job_fini(&j);
    return rc;
}

/* ---- words ---- */
hs_rc hs_engine_said(struct hs_err *err, const struct hs_msg_error *m, hs_str sql)
{
    char kind[64], text[1200];
    snprintf(kind, sizeof kind, "%.*s", HS_FMT(m->kind));
    snprintf(text, sizeof text, "%.*s", HS_FMT(m->text));
    if (strncmp(kind, "hs:", 3) != 0)
        return hs_engine_error_in(err, kind, text, sql);
    hs_rc rc = HS_INTERNAL;
    for (int k = 1; k < HS_KIND_COUNT; k++)
        if (strcmp(hs_kind_name((hs_rc)k), kind + 3) == 0)
            rc = (hs_rc)k;
    /* Words of our own worker; but a worker is not believed, so only kinds whose words are for clients show them. */
    hs_rc said = hs_fail_hidden(err, rc, "%s", text);
    if (m->shown.len && (rc == HS_INVALID || rc == HS_UNSUPPORTED || rc == HS_LIMIT))
        hs_ignore(hs_err_show(err, "%.*s", HS_FMT(m->shown)));
    return said;
}
