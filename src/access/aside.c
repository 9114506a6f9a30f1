/* Answers that were begun before anybody asked for their rows, and lie aside until somebody does. They are a courtesy:
 * begun only where two workers are free and nobody waits, and ended as soon as a worker or a place among a person's
 * statements is wanted for something that is being read. Who takes one up is looked at like whoever asks anew: the same
 * person stating the same, under the model it was decided by. */
#include "access/access_in.h"

#include "base/alloc.h"
#include "base/clock.h"

bool hs_call_may_run_now(struct hs_call *c)
{
    struct hs_engine_room room;
    hs_engine_room(c->access->engine, c->name, &room);
    return room.queued == 0 && room.own >= 1 && room.all >= 2;
}

/* ---- making way ---- */

/* One more reference, unless the last one has gone already. */
static bool ref_if_alive(struct hs_call *c)
{
    int refs = atomic_load(&c->refs);
    while (refs > 0)
        if (atomic_compare_exchange_weak(&c->refs, &refs, refs + 1))
            return true;
    return false;
}

static bool holds_a_worker(struct hs_call *c)
{
    struct hs_stream_look look = {0};
    pthread_mutex_lock(&c->lock);
    if (c->stream)
        hs_stream_look(c->stream, &look);
    pthread_mutex_unlock(&c->lock);
    return look.busy;
}

enum { AT_ONCE = 64 };

/* Those that lie aside, each counted: of this person, or of anybody (name .at NULL). */
static size_t list_asides(struct hs_access *a, hs_str name, struct hs_call *out[AT_ONCE])
{
    size_t n = 0;
    pthread_mutex_lock(&a->lock);
    for (struct hs_call *c = a->calls; c && n < AT_ONCE; c = c->next)
        if (atomic_load(&c->aside) && (!name.at || hs_str_eq(c->name, name)) && ref_if_alive(c))
            out[n++] = c;
    pthread_mutex_unlock(&a->lock);
    return n;
}

static void drop(struct hs_access *a, hs_str name, bool busy_alone)
{
    struct hs_call *list[AT_ONCE];
    size_t n = list_asides(a, name, list);
    for (size_t i = 0; i < n; i++) {
        if (!busy_alone || holds_a_worker(list[i])) {
            atomic_store(&list[i]->aside, false); /* whoever keeps it finds it failed */
            hs_call_cancel(list[i]);
        }
        hs_call_unref(list[i]);
    }
}

void hs_asides_drop(struct hs_access *a, hs_str name)
{
    drop(a, name, false);
}

void hs_asides_yield(struct hs_call *c)
{
    struct hs_engine_room room;
    hs_engine_room(c->access->engine, c->name, &room);
    if (room.all <= room.queued)
        drop(c->access, (hs_str){0}, true);
    else if (room.own < 1)
        drop(c->access, c->name, true);
}

/* ---- lying aside ---- */

void hs_call_set_aside(struct hs_call *c)
{
    pthread_mutex_lock(&c->notify_lock);
    c->notify = NULL;
    pthread_mutex_unlock(&c->notify_lock);
    atomic_store(&c->aside, true);
}

static bool same_model(struct hs_call *c)
{
    struct generation *g = hs_access_generation(c->access);
    bool same = g->model == c->generation->model;
    hs_generation_unref(g);
    return same;
}

static bool has_ended_badly(struct hs_call *c)
{
    struct hs_stream_look look = {0};
    if (c->stream)
        hs_stream_look(c->stream, &look);
    bool late = c->phase != PHASE_WORKING && c->deadline_mono_us && hs_mono_us() > c->deadline_mono_us;
    return c->failed || c->cancelled || look.failed || late;
}

/* Who takes it up has a time of his own, beside what the decisions allow; while it is worked on, its deadline is the
 * pool's alone. */
static void shorten(struct hs_call *c, int64_t deadline_mono_us)
{
    if (!deadline_mono_us || c->phase == PHASE_WORKING)
        return;
    if (!c->deadline_mono_us || deadline_mono_us < c->deadline_mono_us)
        c->deadline_mono_us = deadline_mono_us;
    if (c->stream)
        hs_stream_shorten(c->stream, deadline_mono_us);
}

bool hs_call_take_up(struct hs_call *c, const struct hs_asker *who, void (*notify)(void *arg), void *arg)
{
    bool same = hs_str_eq(c->name, who->name) && hs_str_eq(c->purpose, who->purpose) &&
                hs_str_eq(c->workspace, who->workspace) && same_model(c);
    atomic_store(&c->aside, false);
    pthread_mutex_lock(&c->lock);
    bool good = same && !has_ended_badly(c);
    if (good)
        shorten(c, who->deadline_mono_us);
    pthread_mutex_unlock(&c->lock);
    if (!good)
        return false;
    pthread_mutex_lock(&c->notify_lock);
    c->notify = notify;
    c->notify_arg = arg;
    pthread_mutex_unlock(&c->notify_lock);
    return true;
}

bool hs_call_has_news(struct hs_call *c)
{
    pthread_mutex_lock(&c->lock);
    struct hs_stream_look look = {.news = true};
    bool runs = c->phase == PHASE_RUNNING || c->phase == PHASE_CLOSING;
    if (c->stream)
        hs_stream_look(c->stream, &look);
    bool news = c->phase == PHASE_READY || c->phase == PHASE_DONE || (runs && look.news);
    pthread_mutex_unlock(&c->lock);
    return news;
}

const char *hs_call_request_id(const struct hs_call *c)
{
    return c->request_id.at;
}
