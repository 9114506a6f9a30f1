/* Workers: started ahead, given to waiters fairly, never to a second owner, ended when they are too many, too old or
 * broken. */
#include "engine/engine_in.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- start ---- */
/* Nothing of the server's environment but what is named here. */
static char **make_environment(struct hs_engine *e, char *space, size_t size, char *out[8])
{
    size_t n = 0;
    snprintf(space, size, "HS_WORKER_LIBRARY=%s", e->library);
    out[n++] = space;
    out[n++] = (char *)"TZ=UTC";
    out[n++] = (char *)"LC_ALL=C";
#ifdef HS_FAULTS
    const char *faults = getenv("HS_FAULTS");
    static _Thread_local char passed[1024];
    if (faults && snprintf(passed, sizeof passed, "HS_FAULTS=%s", faults) < (int)sizeof passed)
        out[n++] = passed;
    const char *sanitizer = getenv("ASAN_OPTIONS"); /* a sanitized test build */
    static _Thread_local char options[1024];
    if (sanitizer && snprintf(options, sizeof options, "ASAN_OPTIONS=%s", sanitizer) < (int)sizeof options)
        out[n++] = options;
#endif
#if defined(__SANITIZE_THREAD__)
    out[n++] = (char *)"TSAN_OPTIONS=report_bugs=0"; /* the engine's library is not instrumented */
#endif
    out[n] = NULL;
    return out;
}

static hs_rc spawn_process(struct hs_engine *e, int channel, pid_t *out, struct hs_err *err)
{
    char space[1100], *environment[8], *argv[] = {(char *)"hailstorm", (char *)"worker", NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, channel, 3);
    posix_spawn_file_actions_addclosefrom_np(&files, 4);
    int failed =
        posix_spawn(out, e->program, &files, &attributes, argv, make_environment(e, space, sizeof space, environment));
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return failed ? hs_fail_hidden(err, HS_UNAVAILABLE, "worker %s: %s", e->program, strerror(failed)) : HS_OK;
}

static hs_rc start_process(struct hs_worker *w, struct hs_err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return hs_fail_hidden(err, HS_UNAVAILABLE, "socketpair: %s", strerror(errno));
    if (pair[1] == 3) { /* dup2 onto itself would keep close-on-exec */
        int moved = fcntl(pair[1], F_DUPFD_CLOEXEC, 10);
        close(pair[1]);
        pair[1] = moved;
    }
    hs_rc rc = spawn_process(w->engine, pair[1], &w->pid, err);
    close(pair[1]);
    w->channel = pair[0];
    if (rc == HS_OK)
        w->pidfd = pidfd_open(w->pid, 0);
    return rc;
}

static void free_worker(struct hs_worker *w)
{
    if (w->directory[0])
        hs_scratch_remove(w->directory);
    if (w->channel >= 0)
        close(w->channel);
    if (w->pidfd >= 0)
        close(w->pidfd);
    hs_channel_reader_fini(&w->in);
    for (size_t i = 0; i < READ_MOST; i++)
        hs_free(w->read[i].text);
    pthread_mutex_destroy(&w->send_lock);
    hs_free(w->identity);
    hs_free(w);
}

/* On the reactor's thread only: a worker is told to die with the thread that started it. */
struct hs_worker *hs_pool_spawn(struct hs_engine *e, struct hs_err *err)
{
    struct hs_worker *w = hs_calloc(1, sizeof *w);
    if (!w) {
        hs_ignore(hs_fail(err, HS_NOMEM, "out of memory"));
        return NULL;
    }
    w->engine = e;
    w->channel = w->pidfd = -1;
    w->number = ++e->next_worker;
    w->since_us = hs_mono_us();
    pthread_mutex_init(&w->send_lock, NULL);
    hs_channel_reader_init(&w->in, HS_CHANNEL_MAX);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = w};
    if (hs_scratch_worker(e, w, err) != HS_OK || start_process(w, err) != HS_OK ||
        epoll_ctl(e->epoll, EPOLL_CTL_ADD, w->channel, &ev) != 0) {
        if (w->pid > 0) {
            kill(w->pid, SIGKILL);
            waitpid(w->pid, NULL, 0);
        }
        free_worker(w);
        return NULL;
    }
    w->next = e->workers;
    e->workers = w;
    e->counts.started++;
    return w;
}

/* ---- end ---- */
void hs_pool_kill(struct hs_worker *w)
{
    if (w->state == HS_W_DYING)
        return;
    w->state = HS_W_DYING;
    epoll_ctl(w->engine->epoll, EPOLL_CTL_DEL, w->channel, NULL);
    if (w->pidfd >= 0)
        pidfd_send_signal(w->pidfd, SIGKILL, NULL, 0);
    else if (w->pid > 0)
        kill(w->pid, SIGKILL); /* our own child, not yet waited for: the number is still its */
    w->engine->counts.died++;
    hs_engine_poke(w->engine);
}

static bool reap(struct hs_worker *w)
{
    int status;
    if (w->users || w->lease || w->stream || w->ring || waitpid(w->pid, &status, WNOHANG) == 0)
        return false;
    free_worker(w);
    return true;
}

static void reap_all(struct hs_engine *e)
{
    for (struct hs_worker **at = &e->workers; *at;) {
        struct hs_worker *w = *at, *next = w->next;
        if (w->state == HS_W_DYING && reap(w))
            *at = next;
        else
            at = &w->next;
    }
}

void hs_pool_idle(struct hs_worker *w)
{
    w->expect = HS_EXPECT_NOTHING;
    w->state = HS_W_IDLE;
    w->since_us = hs_mono_us();
}

bool hs_worker_send(struct hs_worker *w, enum hs_channel_kind kind, hs_str payload, int passed)
{
    struct hs_err err;
    if (pthread_mutex_trylock(&w->send_lock) != 0)
        return false;
    hs_rc rc = hs_channel_send(w->channel, kind, w->statement, payload, passed, 0, &err);
    pthread_mutex_unlock(&w->send_lock);
    return rc == HS_OK;
}

/* ---- counts ---- */
static int count_state(const struct hs_engine *e, enum hs_worker_state state)
{
    int n = 0;
    for (struct hs_worker *w = e->workers; w; w = w->next)
        n += w->state == state;
    return n;
}

static int count_living(const struct hs_engine *e)
{
    int n = 0;
    for (struct hs_worker *w = e->workers; w; w = w->next)
        n += w->state != HS_W_DYING;
    return n;
}

static int count_queue(const struct hs_engine *e)
{
    int n = 0;
    for (struct hs_waiter *q = e->queue; q; q = q->next)
        n += !q->worker && !q->failed;
    return n;
}

/* ---- giving ---- */
static bool same_owner(const struct hs_worker *w, hs_str identity)
{
    return !hs_defence("one-owner") || hs_str_eq(hs_str_n(w->identity, w->identity_len), identity);
}

static struct hs_worker *find_worker(struct hs_engine *e, hs_str identity)
{
    struct hs_worker *warm = NULL;
    for (struct hs_worker *w = e->workers; w; w = w->next) {
        if (w->state == HS_W_IDLE && same_owner(w, identity))
            return w;
        if (w->state == HS_W_WARM)
            warm = w;
    }
    return warm;
}

static bool is_of(const struct hs_lease *l, hs_str fair_key)
{
    return l->worker && hs_str_eq(hs_str_n(l->fair_key, l->fair_len), fair_key);
}

/* Workers this principal has, and those that were given to him a moment ago. */
static int held_by(const struct hs_engine *e, hs_str fair_key)
{
    int held = 0;
    for (struct hs_lease *l = e->leases; l; l = l->next)
        held += is_of(l, fair_key);
    for (struct hs_waiter *q = e->queue; q; q = q->next)
        held += q->worker && hs_str_eq(q->fair_key, fair_key);
    return held;
}

/* The last worker is never one principal's alone: whoever else comes finds a place at once. */
int hs_engine_share(const struct hs_engine *e)
{
    return e->settings.workers_max == 1 ? 1 : e->settings.workers_max - 1;
}

static bool may_have(const struct hs_engine *e, const struct hs_waiter *q)
{
    return held_by(e, q->fair_key) < hs_engine_share(e);
}

void hs_engine_room(struct hs_engine *e, hs_str fair_key, struct hs_engine_room *out)
{
    pthread_mutex_lock(&e->lock);
    int leased = count_state(e, HS_W_LEASED);
    out->all = e->settings.workers_max - leased;
    out->own = hs_engine_share(e) - held_by(e, fair_key);
    out->queued = count_queue(e);
    pthread_mutex_unlock(&e->lock);
}

/* How many statements this principal already has: running, and waiting before this one. */
static int turn_of(const struct hs_engine *e, const struct hs_waiter *q)
{
    int turn = 0;
    for (struct hs_lease *l = e->leases; l; l = l->next)
        turn += is_of(l, q->fair_key);
    for (struct hs_waiter *before = e->queue; before != q; before = before->next)
        turn += !before->failed && hs_str_eq(before->fair_key, q->fair_key);
    return turn;
}

static uint64_t key_of(hs_str s)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a; two that collide share a turn, no more */
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (uint8_t)s.at[i]) * 1099511628211u;
    return h;
}

static int64_t last_served(const struct hs_engine *e, hs_str fair_key)
{
    uint64_t key = key_of(fair_key);
    for (size_t i = 0; i < SERVED_MAX; i++)
        if (e->served[i].at && e->served[i].key == key)
            return e->served[i].at;
    return 0;
}

static void note_served(struct hs_engine *e, hs_str fair_key)
{
    uint64_t key = key_of(fair_key);
    size_t oldest = 0;
    for (size_t i = 0; i < SERVED_MAX; i++) {
        if (e->served[i].at && e->served[i].key == key) {
            oldest = i;
            break;
        }
        if (e->served[i].at < e->served[oldest].at)
            oldest = i;
    }
    e->served[oldest].key = key;
    e->served[oldest].at = ++e->serves;
}

static bool goes_before(const struct hs_waiter *a, const struct hs_waiter *b)
{
    return a->turn != b->turn ? a->turn < b->turn : a->last_served < b->last_served;
}

/* Who is next: fewest of their own first, then whose last turn is longest ago, then who came first. */
static struct hs_waiter *next_waiter(const struct hs_engine *e)
{
    struct hs_waiter *best = NULL;
    for (struct hs_waiter *q = e->queue; q; q = q->next)
        if (!q->worker && !q->failed && !q->tried && (!best || goes_before(q, best)))
            best = q;
    return best;
}

static void give(struct hs_engine *e, struct hs_waiter *q, struct hs_worker *w)
{
    w->state = HS_W_LEASED;
    w->users++; /* the waiter's, until it takes it: a worker that dies before that is not freed under it */
    q->worker = w;
    note_served(e, q->fair_key);
    pthread_cond_broadcast(&e->changed);
}

/* A worker that belongs to somebody who does not use it now; the longest idle. */
static struct hs_worker *find_idle(struct hs_engine *e)
{
    struct hs_worker *oldest = NULL;
    for (struct hs_worker *w = e->workers; w; w = w->next)
        if (w->state == HS_W_IDLE && (!oldest || w->since_us < oldest->since_us))
            oldest = w;
    return oldest;
}

/* Whoever's turn it is gets a place even when the only idle worker is somebody else's: that one is ended rather than
 * given to its owner's next statement, or one busy principal would keep its workers for good. */
static void make_room(struct hs_engine *e, int needed)
{
    int room = count_state(e, HS_W_STARTING) + e->settings.workers_max - count_living(e);
    struct hs_worker *idle = needed > room ? find_idle(e) : NULL;
    if (idle)
        hs_pool_kill(idle);
}

void hs_pool_serve(struct hs_engine *e)
{
    int needed = 0;
    if (!e->queue || !(count_state(e, HS_W_IDLE) + count_state(e, HS_W_WARM)))
        return;
    for (struct hs_waiter *q = e->queue; q; q = q->next) {
        q->turn = turn_of(e, q);
        q->last_served = last_served(e, q->fair_key);
        q->tried = false;
    }
    for (struct hs_waiter *q; (q = next_waiter(e));) {
        q->tried = true;
        if (!may_have(e, q))
            continue;
        struct hs_worker *w = find_worker(e, q->identity);
        if (w)
            give(e, q, w);
        else
            make_room(e, ++needed);
    }
}

static void fail_queue(struct hs_engine *e)
{
    for (struct hs_waiter *q = e->queue; q; q = q->next)
        if (!q->worker)
            q->failed = HS_UNAVAILABLE;
    pthread_cond_broadcast(&e->changed);
}

/* Enough for those who wait, and some ahead. */
static void start_workers(struct hs_engine *e, int64_t now_us)
{
    int waiting = count_queue(e), coming = count_state(e, HS_W_STARTING) + count_state(e, HS_W_WARM);
    int wanted = waiting + e->settings.warm - coming;
    if (e->closing || now_us < e->start_again_us)
        return;
    for (; wanted > 0; wanted--) {
        if (count_living(e) >= e->settings.workers_max)
            return;
        if (!hs_pool_spawn(e, &e->start_err)) {
            e->failed_starts++;
            e->start_again_us = now_us + 1000000;
            fail_queue(e);
            return;
        }
    }
}

/* ---- those who wait ---- */
static void let_leavers_go(struct hs_engine *e)
{
    for (struct hs_waiter *q = e->queue; q; q = q->next)
        if (!q->worker && !q->failed && q->gave_up && atomic_load(q->gave_up)) {
            q->failed = HS_CANCELLED;
            pthread_cond_broadcast(&e->changed);
        }
}

/* Somebody who has nothing has waited half of what he may. */
static bool somebody_starves(const struct hs_engine *e, int64_t now_us)
{
    for (const struct hs_waiter *q = e->queue; q; q = q->next)
        if (!q->worker && !q->failed && now_us - q->since_us > (int64_t)e->settings.queue_ms * 500 &&
            !held_by(e, q->fair_key))
            return true;
    return false;
}

/* Of the principal who holds most, and at least two, the statement that has run longest. */
static struct hs_lease *find_longest(const struct hs_engine *e)
{
    struct hs_lease *longest = NULL;
    int most = 1;
    for (struct hs_lease *l = e->leases; l; l = l->next) {
        int held = l->worker ? held_by(e, hs_str_n(l->fair_key, l->fair_len)) : 0;
        if (held < 2 || held < most || (held == most && l->since_us > longest->since_us))
            continue;
        most = held;
        longest = l;
    }
    return longest;
}

static void make_way(struct hs_engine *e, int64_t now_us)
{
    struct hs_err err;
    for (struct hs_worker *w = e->workers; w; w = w->next)
        if (w->cancel_us || w->state == HS_W_CLEANING || w->state == HS_W_DYING || w->state == HS_W_STARTING)
            return; /* room is coming */
    if (count_living(e) < e->settings.workers_max)
        return;
    struct hs_lease *l = somebody_starves(e, now_us) ? find_longest(e) : NULL;
    if (!l)
        return;
    hs_ignore(hs_fail(&err, HS_LIMIT, "ended to let others run; ask again later"));
    hs_log_err(HS_LOG_WARN, "statement ended for others", l->request_id, &err);
    if (l->worker->stream && l->worker->expect == HS_EXPECT_BATCHES) {
        hs_stream_fail(l->worker->stream, &err);
        hs_worker_cancel(l->worker, now_us);
    } else {
        hs_worker_ended(l->worker, &err);
    }
}

static void expire(struct hs_engine *e, int64_t now_us)
{
    for (struct hs_worker *w = e->workers; w; w = w->next) {
        int64_t age_ms = (now_us - w->since_us) / 1000;
        if (w->state == HS_W_IDLE && age_ms > IDLE_MS)
            hs_pool_kill(w);
        if (w->state == HS_W_STARTING && age_ms > START_MS)
            hs_pool_kill(w);
    }
}

void hs_pool_tend(struct hs_engine *e, int64_t now_us)
{
    reap_all(e);
    expire(e, now_us);
    let_leavers_go(e);
    hs_pool_serve(e);
    make_way(e, now_us);
    if (e->failed_starts >= 3 && !count_state(e, HS_W_WARM) && !count_state(e, HS_W_STARTING))
        fail_queue(e);
    start_workers(e, now_us);
}
