/* Two kinds of entries: answers that a call reads, which borrow its hs_call until the call leaves, and answers that
 * nobody reads, which are the list's own. A kept answer is a courtesy, bounded in number for all and for each person,
 * and in time; what it holds of memory is in the engine's budget, and access ends it where its worker is wanted.
 *
 * Nothing here calls back under the lock: whoever is woken by access is woken through his connection. */
#include "front/flight/runs.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"

#include <pthread.h>

struct flight_run {
    struct flight_run *next, **link;
    struct flight_runs *runs;
    struct hs_call *access;
    bool kept, began, has_token;
    int64_t until_us; /* kept: ends then */
    uint8_t id[FLIGHT_RUN_ID];
    uint8_t token[32]; /* its digest; none: signed in by password */
    size_t owner_len;
    char owner[];
};

struct flight_runs {
    pthread_mutex_t lock; /* guards the list */
    struct flight_run *first;
    int64_t kept_max, kept_per_person;
};

hs_rc hs_flight_runs_new(const struct hs_flight_settings *settings, struct flight_runs **out, struct hs_err *err)
{
    struct flight_runs *r = hs_calloc(1, sizeof *r);
    if (!r)
        return hs_fail(err, HS_NOMEM, "out of memory");
    pthread_mutex_init(&r->lock, NULL);
    r->kept_max = settings->kept_max;
    r->kept_per_person = settings->kept_per_person;
    *out = r;
    return HS_OK;
}

static void link_run(struct flight_runs *r, struct flight_run *run)
{
    run->runs = r;
    run->next = r->first;
    run->link = &r->first;
    if (run->next)
        run->next->link = &run->next;
    r->first = run;
}

static void unlink_run(struct flight_run *run)
{
    *run->link = run->next;
    if (run->next)
        run->next->link = run->link;
}

static bool is_of(const struct flight_run *run, hs_str owner)
{
    return hs_str_eq(hs_str_n(run->owner, run->owner_len), owner);
}

static bool is_called(const struct flight_run *run, hs_str owner, hs_str id)
{
    return id.len == FLIGHT_RUN_ID && memcmp(run->id, id.at, FLIGHT_RUN_ID) == 0 && is_of(run, owner);
}

/* False, and zeros: there is none. */
static bool digest_token(hs_str token, uint8_t out[32])
{
    struct hs_err err;
    memset(out, 0, 32);
    return token.len && hs_sha256_once(token, out, &err) == HS_OK;
}

static struct flight_run *run_new(const struct flight_call *c, hs_str id)
{
    struct flight_run *run = id.len == FLIGHT_RUN_ID ? hs_calloc(1, sizeof *run + c->who.name.len) : NULL;
    if (!run)
        return NULL;
    run->access = c->access;
    memcpy(run->id, id.at, FLIGHT_RUN_ID);
    run->has_token = digest_token(c->token, run->token);
    run->owner_len = c->who.name.len;
    memcpy(run->owner, c->who.name.at, run->owner_len);
    return run;
}

/* ---- read ---- */

void hs_flight_runs_enter(struct flight_call *c, hs_str id)
{
    struct flight_runs *r = c->session->door->runs;
    struct flight_run *run = run_new(c, id);
    if (!run)
        return;
    pthread_mutex_lock(&r->lock);
    link_run(r, run);
    pthread_mutex_unlock(&r->lock);
    c->run = run;
}

void hs_flight_runs_leave(struct flight_call *c)
{
    struct flight_run *run = c->run;
    if (!run)
        return;
    pthread_mutex_lock(&run->runs->lock);
    unlink_run(run);
    pthread_mutex_unlock(&run->runs->lock);
    hs_free(run);
    c->run = NULL;
}

/* ---- kept ---- */

static void end_run(struct flight_run *run)
{
    hs_call_close(run->access);
    hs_free(run);
}

/* Takes out of the list what `which` says, and ends it without the lock. */
static size_t end_all(struct flight_runs *r, bool (*which)(const struct flight_run *run, const void *arg),
                      const void *arg)
{
    struct flight_run *ended = NULL;
    size_t n = 0;
    pthread_mutex_lock(&r->lock);
    for (struct flight_run *run = r->first, *next; run; run = next) {
        next = run->next;
        if (!which(run, arg))
            continue;
        n++;
        if (run->kept) {
            unlink_run(run);
            run->next = ended;
            ended = run;
        } else { /* its reader closes it, and needs the lock for that: it is there as long as we have the lock */
            hs_call_cancel(run->access);
        }
    }
    pthread_mutex_unlock(&r->lock);
    for (struct flight_run *next; ended; ended = next) {
        next = ended->next;
        end_run(ended);
    }
    return n;
}

static bool is_over(const struct flight_run *run, const void *now_us)
{
    return run->kept && run->until_us <= *(const int64_t *)now_us;
}

void hs_flight_runs_tick(struct flight_runs *r)
{
    int64_t now_us = hs_mono_us();
    end_all(r, is_over, &now_us);
}

void hs_flight_runs_free(struct flight_runs *r)
{
    int64_t end_of_time = INT64_MAX;
    if (!r)
        return;
    end_all(r, is_over, &end_of_time);
    pthread_mutex_destroy(&r->lock);
    hs_free(r);
}

static bool has_room(struct flight_runs *r, hs_str owner)
{
    int64_t all = 0, own = 0;
    for (const struct flight_run *run = r->first; run; run = run->next) {
        all += run->kept;
        own += run->kept && is_of(run, owner);
    }
    return all < r->kept_max && own < r->kept_per_person;
}

bool hs_flight_runs_room(struct flight_runs *r, hs_str owner)
{
    pthread_mutex_lock(&r->lock);
    bool room = has_room(r, owner);
    pthread_mutex_unlock(&r->lock);
    return room;
}

void hs_flight_runs_keep(struct flight_call *c, hs_str id, int64_t for_ms, bool began)
{
    struct flight_runs *r = c->session->door->runs;
    struct flight_run *run = run_new(c, id);
    bool room = false;
    if (run) {
        run->kept = true;
        run->began = began;
        run->until_us = hs_mono_us() + for_ms * 1000;
        hs_call_set_aside(c->access);
        pthread_mutex_lock(&r->lock);
        room = has_room(r, c->who.name);
        if (room)
            link_run(r, run);
        pthread_mutex_unlock(&r->lock);
    }
    if (!room) {
        hs_free(run);
        hs_call_close(c->access);
    }
    c->access = NULL;
}

bool hs_flight_runs_take(struct flight_call *c, hs_str id, bool *out_began)
{
    struct flight_runs *r = c->session->door->runs;
    struct flight_run *found = NULL;
    pthread_mutex_lock(&r->lock);
    for (struct flight_run *run = r->first; run && !found; run = run->next)
        if (run->kept && is_called(run, c->who.name, id))
            found = run;
    if (found)
        unlink_run(found);
    pthread_mutex_unlock(&r->lock);
    if (!found)
        return false;
    if (!hs_call_take_up(found->access, &c->who, hs_flight_notify, c)) {
        end_run(found);
        return false;
    }
    c->access = found->access;
    *out_began = found->began;
    hs_free(found);
    return true;
}

/* ---- ended from elsewhere ---- */

struct called {
    hs_str owner, id;
};

static bool is_this(const struct flight_run *run, const void *called)
{
    const struct called *w = called;
    return is_called(run, w->owner, w->id);
}

bool hs_flight_runs_cancel(struct flight_runs *r, hs_str owner, hs_str id)
{
    return end_all(r, is_this, &(struct called){owner, id}) > 0;
}

static bool is_of_token(const struct flight_run *run, const void *digest)
{
    return run->has_token && memcmp(run->token, digest, sizeof run->token) == 0;
}

void hs_flight_runs_end(struct flight_runs *r, hs_str token)
{
    uint8_t digest[32];
    if (digest_token(token, digest))
        end_all(r, is_of_token, digest);
}
