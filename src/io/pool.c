/* The pool: one lock, one ring of jobs, threads that wait on it. */
#include "io/pool.h"

#include "base/alloc.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct job {
    void (*fn)(void *arg);
    void *arg;
};

struct hs_pool {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct job *ring;
    size_t head, count, max;
    pthread_t *threads;
    int thread_count;
    bool closing;
};

static bool take_job(struct hs_pool *p, struct job *out)
{
    pthread_mutex_lock(&p->lock);
    while (p->count == 0 && !p->closing)
        pthread_cond_wait(&p->work, &p->lock);
    bool any = p->count > 0;
    if (any) {
        *out = p->ring[p->head];
        p->head = (p->head + 1) % p->max;
        p->count--;
    }
    pthread_mutex_unlock(&p->lock);
    return any;
}

static void *run(void *arg)
{
    struct job job;
    while (take_job(arg, &job))
        job.fn(job.arg);
    return NULL;
}

/* Signals are for the main thread: a worker must not be the one that a SIGTERM interrupts. */
static bool start_threads(struct hs_pool *p, int threads)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (p->thread_count < threads && pthread_create(&p->threads[p->thread_count], NULL, run, p) == 0)
        p->thread_count++;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return p->thread_count == threads;
}

hs_rc hs_pool_open(int threads, size_t queue_max, struct hs_pool **out, struct hs_err *err)
{
    if (threads <= 0 || queue_max == 0 || queue_max > SIZE_MAX / sizeof(struct job))
        return hs_fail(err, HS_INVALID, "a pool needs at least one thread and one place in its queue");
    struct hs_pool *p = hs_calloc(1, sizeof *p);
    if (!p)
        return hs_fail(err, HS_NOMEM, "out of memory");
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    p->max = queue_max;
    p->ring = hs_calloc(queue_max, sizeof *p->ring);
    p->threads = hs_calloc((size_t)threads, sizeof *p->threads);
    if (!p->ring || !p->threads || !start_threads(p, threads)) {
        hs_pool_close(p);
        return hs_fail(err, HS_NOMEM, "out of memory or threads");
    }
    *out = p;
    return HS_OK;
}

hs_rc hs_pool_submit(struct hs_pool *p, void (*fn)(void *arg), void *arg, struct hs_err *err)
{
    pthread_mutex_lock(&p->lock);
    bool room = !p->closing && p->count < p->max;
    if (room) {
        p->ring[(p->head + p->count) % p->max] = (struct job){fn, arg};
        p->count++;
        pthread_cond_signal(&p->work);
    }
    pthread_mutex_unlock(&p->lock);
    return room ? HS_OK : hs_fail(err, HS_LIMIT, "too much is waiting to run");
}

void hs_pool_close(struct hs_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->thread_count; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    hs_free(p->threads);
    hs_free(p->ring);
    hs_free(p);
}

size_t hs_pool_queued(struct hs_pool *p)
{
    pthread_mutex_lock(&p->lock);
    size_t count = p->count;
    pthread_mutex_unlock(&p->lock);
    return count;
}
