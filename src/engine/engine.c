/* Opening and closing the engine, and its figures. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "engine/engine_in.h"
#include "engine/sandbox.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

void hs_engine_poke(struct hs_engine *e)
{
    uint64_t one = 1;
    (void)!write(e->poke, &one, sizeof one); /* full: it is already poked */
}

#define DEFAULT(field, value)   \
    do {                        \
        if (!s->field)          \
            s->field = (value); \
    } while (0)

static void set_defaults(struct hs_engine_settings *s)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    DEFAULT(warm, 1);
    s->warm = s->warm == -1 ? 0 : s->warm;
    DEFAULT(workers_max, 4);
    DEFAULT(threads, cores > 0 ? (int)cores : 1);
    DEFAULT(memory_bytes, INT64_C(1) << 30);
    DEFAULT(spill_bytes, INT64_C(4) << 30);
    DEFAULT(slots, 4);
    DEFAULT(slot_bytes, INT64_C(4) << 20);
    DEFAULT(rings_bytes, INT64_C(512) << 20);
    DEFAULT(slow_reader_ms, 10000);
    DEFAULT(spool_bytes, INT64_C(2) << 30);
    DEFAULT(queue_max, 256);
    DEFAULT(queue_ms, 30000);
    s->slot_bytes = (s->slot_bytes + 4095) / 4096 * 4096;
}

static hs_rc check_settings(const struct hs_engine_settings *s, struct hs_err *err)
{
    if (s->warm < 0 || s->workers_max < 1 || s->warm > s->workers_max || s->threads < 1 || s->threads > 1024)
        return hs_fail(err, HS_INVALID, "engine: workers and threads must be positive, and no more warm than allowed");
    if (s->slots < 1 || s->slots > SLOTS_MAX || s->slot_bytes < 65536 || s->slot_bytes > (INT64_C(1) << 30))
        return hs_fail(err, HS_INVALID, "engine: 1 to %d slots of 64 KiB to 1 GiB", SLOTS_MAX);
    if (s->rings_bytes < s->slots * s->slot_bytes)
        return hs_fail(err, HS_INVALID, "engine: the budget for rings does not hold one ring");
    if (s->memory_bytes < (INT64_C(16) << 20) || s->spill_bytes < 0 || s->spool_bytes < 0)
        return hs_fail(err, HS_INVALID, "engine: at least 16 MiB of memory for a worker");
    return HS_OK;
}

static hs_rc copy_text(char **out, const char *text, struct hs_err *err)
{
    *out = hs_strndup(text, strlen(text));
    return *out ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static hs_rc find_library(struct hs_engine *e, struct hs_err *err)
{
    char beside[PATH_MAX];
    const char *library = e->settings.library;
    ssize_t n = readlink("/proc/self/exe", beside, sizeof beside - 32);
    if (!library && n > 0) {
        beside[n] = 0;
        char *slash = strrchr(beside, '/');
        memcpy(slash ? slash + 1 : beside, "libduckdb.so", sizeof "libduckdb.so"); /* 32 bytes were left free */
        library = access(beside, R_OK) == 0 ? beside : NULL;
    }
    if (!library)
        library = getenv("HAILSTORM_DUCKDB");
    if (!library || access(library, R_OK) != 0)
        return hs_fail(err, HS_UNAVAILABLE, "the engine library %s is not there: set HAILSTORM_DUCKDB",
                       library ? library : "libduckdb.so");
    return copy_text(&e->library, library, err);
}

static hs_rc find_walls(struct hs_engine *e, struct hs_err *err)
{
    unsigned all = HS_WALL_LANDLOCK | HS_WALL_SECCOMP | HS_WALL_RLIMITS;
    e->walls = hs_sandbox_offered();
    if (e->walls == all || e->settings.allow_missing_walls)
        return HS_OK;
    struct hs_buf b;
    hs_buf_init(&b, 512);
    hs_sandbox_words(e->walls, &b);
    hs_rc rc = hs_fail(err, HS_UNSUPPORTED, "this kernel cannot close the engine in (%s); a setting allows it", b.at);
    hs_buf_fini(&b);
    return rc;
}

static hs_rc start_threads(struct hs_engine *e, struct hs_err *err)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL};
    e->epoll = epoll_create1(EPOLL_CLOEXEC);
    e->poke = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (e->epoll < 0 || e->poke < 0 || epoll_ctl(e->epoll, EPOLL_CTL_ADD, e->poke, &ev) != 0)
        return hs_fail_hidden(err, HS_UNAVAILABLE, "epoll: %s", strerror(errno));
    e->running_reactor = pthread_create(&e->reactor, NULL, hs_reactor_run, e) == 0;
    e->running_spooler = e->running_reactor && pthread_create(&e->spooler, NULL, hs_spooler_run, e) == 0;
    return e->running_spooler ? HS_OK : hs_fail(err, HS_NOMEM, "the engine's threads do not start");
}

static hs_rc open_engine(struct hs_engine *e, struct hs_err *err)
{
    set_defaults(&e->settings);
    HS_TRY(check_settings(&e->settings, err));
    HS_TRY(copy_text(&e->program, e->settings.program ? e->settings.program : "/proc/self/exe", err));
    HS_TRY(find_library(e, err));
    if (!e->settings.scratch)
        return hs_fail(err, HS_INVALID, "engine: no scratch directory is set");
    HS_TRY(copy_text(&e->scratch, e->settings.scratch, err));
    HS_TRY(find_walls(e, err));
    HS_TRY(hs_scratch_open(e, err));
    return start_threads(e, err);
}

hs_rc hs_engine_open(const struct hs_engine_settings *s, struct hs_engine **out, struct hs_err *err)
{
    struct hs_engine *e = hs_calloc(1, sizeof *e);
    if (!e)
        return hs_fail(err, HS_NOMEM, "out of memory");
    pthread_condattr_t mono;
    pthread_condattr_init(&mono);
    pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    e->settings = *s;
    e->refs = 1;
    e->epoll = e->poke = e->own_lock = -1;
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->changed, &mono);
    pthread_cond_init(&e->spool_work, NULL);
    pthread_condattr_destroy(&mono);
    hs_rc rc = open_engine(e, err);
    if (rc == HS_OK)
        *out = e;
    else
        hs_engine_close(e);
    return rc;
}

hs_rc hs_engine_open_beside(const struct hs_engine *first, int workers_max, struct hs_engine **out, struct hs_err *err)
{
    struct hs_engine_settings s = first->settings;
    s.program = first->program;
    s.library = first->library;
    s.scratch = first->scratch;
    s.warm = -1;
    s.workers_max = workers_max;
    s.rings_bytes = 2 * workers_max * s.slots * s.slot_bytes;
    return hs_engine_open(&s, out, err);
}

static void free_engine(struct hs_engine *e)
{
    if (e->epoll >= 0)
        close(e->epoll);
    if (e->poke >= 0)
        close(e->poke);
    pthread_cond_destroy(&e->changed);
    pthread_cond_destroy(&e->spool_work);
    pthread_mutex_destroy(&e->lock);
    hs_free(e->program);
    hs_free(e->library);
    hs_free(e->scratch);
    hs_free(e);
}

void hs_engine_unref_locked(struct hs_engine *e)
{
    bool last = --e->refs == 0;
    pthread_mutex_unlock(&e->lock);
    if (last)
        free_engine(e);
}

static void end_workers(struct hs_engine *e)
{
    struct hs_err err;
    hs_ignore(hs_fail(&err, HS_UNAVAILABLE, "the server is closing"));
    for (struct hs_worker *w = e->workers; w; w = w->next)
        hs_worker_ended(w, &err);
    for (int i = 0; (e->workers || e->queue) && i < 1000; i++) {
        hs_pool_tend(e, hs_mono_us());
        pthread_mutex_unlock(&e->lock); /* callers that were sending come back */
        usleep(1000);
        pthread_mutex_lock(&e->lock);
    }
}

void hs_engine_close(struct hs_engine *e)
{
    if (!e)
        return;
    pthread_mutex_lock(&e->lock);
    e->closing = true;
    pthread_cond_broadcast(&e->changed);
    pthread_cond_broadcast(&e->spool_work);
    hs_engine_poke(e);
    pthread_mutex_unlock(&e->lock);
    if (e->running_reactor)
        pthread_join(e->reactor, NULL);
    if (e->running_spooler)
        pthread_join(e->spooler, NULL);
    pthread_mutex_lock(&e->lock);
    end_workers(e);
    hs_scratch_close(e);
    hs_engine_unref_locked(e);
}

void hs_engine_walls(const struct hs_engine *e, struct hs_buf *out)
{
    hs_sandbox_words(e->walls, out);
}

void hs_engine_count(const struct hs_engine *e, struct hs_engine_counts *out)
{
    struct hs_engine *mine = (struct hs_engine *)e;
    pthread_mutex_lock(&mine->lock);
    *out = e->counts;
    out->workers = out->idle = out->leased = 0;
    for (const struct hs_worker *w = e->workers; w; w = w->next) {
        out->workers += w->state != HS_W_DYING;
        out->idle += w->state == HS_W_WARM || w->state == HS_W_IDLE;
        out->leased += w->state == HS_W_LEASED || w->state == HS_W_CLEANING;
    }
    pthread_mutex_unlock(&mine->lock);
}
