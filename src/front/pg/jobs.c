/* Long statements are read and translated on the pool: a loop has other connections to look after, and a hundred
 * kilobytes of SQL take a tenth of a second. One job a session; while it runs the session touches nothing that it uses.
 * One that has not begun is abandoned by whoever needs it no more. One that runs is bounded, but a loop waits for
 * nobody: a cancel is answered when it has ended, and a connection that is closed leaves the session to it. */
#include "front/pg/pg.h"

#include "base/alloc.h"

#include <pthread.h>

enum phase { QUEUED = 1, RUNNING, DONE, GONE };

struct pg_job {
    atomic_int refs; /* the session's and the pool's */
    pthread_mutex_t lock;
    pthread_cond_t ended;
    enum phase phase; /* under the lock */
    void (*work)(struct pg_session *s);
    struct pg_session *session;         /* valid while QUEUED or RUNNING */
    void (*last)(struct pg_session *s); /* the session has been left to it; under the lock */
};

static void job_unref(struct pg_job *j)
{
    if (atomic_fetch_sub(&j->refs, 1) != 1)
        return;
    pthread_cond_destroy(&j->ended);
    pthread_mutex_destroy(&j->lock);
    hs_free(j);
}

static bool begin(struct pg_job *j)
{
    pthread_mutex_lock(&j->lock);
    bool wanted = j->phase == QUEUED;
    if (wanted)
        j->phase = RUNNING;
    pthread_mutex_unlock(&j->lock);
    return wanted;
}

static void run(void *arg)
{
    struct pg_job *j = arg;
    if (begin(j)) {
        struct pg_session *s = j->session;
        j->work(s);
        pthread_mutex_lock(&j->lock);
        j->phase = DONE;
        void (*last)(struct pg_session *) = j->last;
        if (!last)
            s->env->wake(s->waker); /* under the lock: whoever ends the session waits for it */
        pthread_cond_broadcast(&j->ended);
        pthread_mutex_unlock(&j->lock);
        if (last)
            last(s);
    }
    job_unref(j);
}

bool hs_pg_job_start(struct pg_session *s, void (*work)(struct pg_session *s))
{
    struct hs_err err;
    struct pg_job *j = hs_calloc(1, sizeof *j);
    if (!j) {
        hs_pg_fail(s, "53200", "out of memory");
        return false;
    }
    atomic_store(&j->refs, 2);
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->ended, NULL);
    j->phase = QUEUED;
    j->work = work;
    j->session = s;
    s->job = j;
    hs_pg_become(s, PG_WORKING);
    if (hs_access_run(s->env->access, run, j, &err) == HS_OK)
        return true;
    job_unref(j);
    hs_pg_job_end(s);
    hs_pg_become(s, PG_IDLE);
    hs_pg_fail_err(s, NULL, &err);
    return false;
}

static bool is_in(struct pg_session *s, enum phase phase)
{
    struct pg_job *j = s->job;
    if (!j)
        return false;
    pthread_mutex_lock(&j->lock);
    bool is = j->phase == phase;
    pthread_mutex_unlock(&j->lock);
    return is;
}

bool hs_pg_job_is_done(struct pg_session *s)
{
    return is_in(s, DONE);
}

bool hs_pg_job_runs(struct pg_session *s)
{
    return is_in(s, RUNNING);
}

bool hs_pg_job_inherits(struct pg_session *s, void (*last)(struct pg_session *s))
{
    struct pg_job *j = s->job;
    if (!j)
        return false;
    pthread_mutex_lock(&j->lock);
    bool runs = j->phase == RUNNING;
    if (runs)
        j->last = last;
    pthread_mutex_unlock(&j->lock);
    return runs;
}

void hs_pg_job_end(struct pg_session *s)
{
    struct pg_job *j = s->job;
    if (!j)
        return;
    pthread_mutex_lock(&j->lock);
    if (j->phase == QUEUED)
        j->phase = GONE;
    while (j->phase == RUNNING)
        pthread_cond_wait(&j->ended, &j->lock);
    pthread_mutex_unlock(&j->lock);
    s->job = NULL;
    job_unref(j);
}
