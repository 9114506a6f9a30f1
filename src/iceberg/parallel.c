#include "iceberg/parallel.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4, WAITING_THREADS = 16 };

struct run { /* what the threads share */
    const struct hs_parallel *of;
    atomic_size_t next;
    atomic_bool failed;
    pthread_mutex_t lock; /* over the rest */
    size_t failed_at;
    hs_rc rc;
    struct hs_err err;
};

static void note_failure(struct run *r, size_t at, hs_rc rc, const struct hs_err *err)
{
    pthread_mutex_lock(&r->lock);
    if (r->rc == HS_OK || at < r->failed_at) {
        r->rc = rc;
        r->err = *err;
        r->failed_at = at;
    }
    pthread_mutex_unlock(&r->lock);
    atomic_store(&r->failed, true);
}

/* What was begun is ended: so all before a failure are done, or have failed themselves. */
static void work_some(struct run *r, bool calling)
{
    const struct hs_parallel *p = r->of;
    struct hs_err err = {0};
    size_t i;
    while (!atomic_load(&r->failed) && (i = atomic_fetch_add(&r->next, 1)) < p->count) {
        hs_rc rc = calling ? p->go_on(p->go_on_ctx, &err) : HS_OK;
        if (rc == HS_OK)
            rc = p->work(p->ctx, i, &err);
        if (rc != HS_OK)
            note_failure(r, i, rc, &err);
    }
}

static void *help(void *run)
{
    work_some(run, false);
    return NULL;
}

static size_t helpers(const struct hs_parallel *p)
{
    size_t share = p->waits ? p->count : p->count / p->share, most = p->waits ? WAITING_THREADS : THREADS;
    return share < 2 ? 0 : (share < most ? share : most) - 1;
}

/* The calling thread works too: should no other one start, it does everything. */
hs_rc hs_parallel_run(const struct hs_parallel *p, size_t *out_done, struct hs_err *err)
{
    pthread_t threads[WAITING_THREADS];
    size_t started = 0, wanted = helpers(p);
    struct run r = {.of = p, .failed_at = p->count};
    if (pthread_mutex_init(&r.lock, NULL) != 0)
        return hs_fail(err, HS_NOMEM, "out of memory");
    while (started < wanted && pthread_create(&threads[started], NULL, help, &r) == 0)
        started++;
    work_some(&r, true);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&r.lock);
    if (r.rc != HS_OK && err)
        *err = r.err;
    *out_done = r.failed_at;
    return r.rc;
}
