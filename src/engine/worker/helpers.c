/* The engine's threads beside the main one, which are ours: they come to a statement's help when it has taken a while.
 *
 * Its own threads take up tasks at once: a second one then reads a row group that nobody needs any more, while the main
 * thread turns in the engine's loop until it has; a point read took one and a half times the processor that it takes
 * alone. So an instance has no threads of its own (external_threads), the main thread begins alone, and
 * these enter after JOIN_MS.
 *
 * A statement has a state of the engine's by which its helpers are called off. They are called off before its result is
 * destroyed, which stops what they do, and waited for afterwards: the state and the instance outlive them. */
#include "engine/worker/worker_in.h"

#include "base/clock.h"

#include <pthread.h>
#include <time.h>

enum { HELPERS_MOST = 255, JOIN_MS = 4, NAP_LEAST_US = 20, NAP_MOST_US = 500 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t begun, joined, left; /* a statement; the first helper has entered; one has left */
static struct {
    unsigned threads;         /* that there are */
    unsigned wanted;          /* of this statement */
    unsigned number;          /* of this statement */
    duckdb_task_state state;  /* NULL: none runs */
    bool called_off, entered; /* entered: its time has come */
    unsigned inside;
    int64_t join_us;
} all;

static struct timespec at_mono(int64_t us)
{
    return (struct timespec){us / 1000000, us % 1000000 * 1000};
}

static bool is_wanted(unsigned number, unsigned me)
{
    return all.state && !all.called_off && all.number == number && me < all.wanted;
}

static void help(void)
{
    duckdb_task_state state = all.state;
    all.inside++;
    pthread_mutex_unlock(&lock);
    duck()->execute_tasks_state(state);
    pthread_mutex_lock(&lock);
    all.inside--;
    pthread_cond_broadcast(&left);
}

/* Only the first is woken by each statement; it wakes the others when the time has come. */
static void wait_first(unsigned number)
{
    struct timespec until = at_mono(all.join_us);
    while (is_wanted(number, 0) && hs_mono_us() < all.join_us)
        pthread_cond_timedwait(&begun, &lock, &until);
    if (!is_wanted(number, 0))
        return;
    all.entered = true;
    pthread_cond_broadcast(&joined);
}

static void *stand_by(void *which)
{
    unsigned me = (unsigned)(uintptr_t)which, seen = 0;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (seen == all.number || !all.state || (me && !all.entered))
            pthread_cond_wait(me ? &joined : &begun, &lock);
        seen = all.number;
        if (!me)
            wait_first(seen);
        if (is_wanted(seen, me))
            help();
    }
    return NULL;
}

static void init_conds(void)
{
    pthread_condattr_t a;
    pthread_condattr_init(&a);
    pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
    pthread_cond_init(&begun, &a);
    pthread_cond_init(&joined, &a);
    pthread_cond_init(&left, &a);
    pthread_condattr_destroy(&a);
}

/* A thread that does not start is one fewer. */
static void start_threads(unsigned count)
{
    pthread_t thread;
    if (!all.threads)
        init_conds();
    while (all.threads < count && pthread_create(&thread, NULL, stand_by, (void *)(uintptr_t)all.threads) == 0) {
        pthread_detach(thread);
        all.threads++;
    }
}

void hs_helpers_begin(duckdb_database database, unsigned threads)
{
    unsigned count = threads > HELPERS_MOST ? HELPERS_MOST : threads ? threads - 1 : 0;
    if (!count)
        return;
    pthread_mutex_lock(&lock);
    start_threads(count);
    all.state = duck()->create_task_state(database);
    all.wanted = count;
    all.number++;
    all.called_off = all.entered = false;
    all.join_us = hs_mono_us() + JOIN_MS * 1000;
    pthread_cond_broadcast(&begun);
    pthread_mutex_unlock(&lock);
}

/* The engine has a task that a helper works on, and no other: its own loop would turn until that is done. */
bool hs_helpers_step(duckdb_pending_result pending)
{
    for (int64_t nap_us = NAP_LEAST_US;;) {
        duckdb_pending_state state = duck()->pending_execute_task(pending);
        if (state == DUCKDB_PENDING_RESULT_READY || state == DUCKDB_PENDING_ERROR)
            return state == DUCKDB_PENDING_RESULT_READY;
        if (state != DUCKDB_PENDING_NO_TASKS_AVAILABLE) {
            nap_us = NAP_LEAST_US;
            continue;
        }
        struct timespec nap = {0, nap_us * 1000};
        nanosleep(&nap, NULL);
        nap_us = nap_us < NAP_MOST_US ? nap_us * 2 : NAP_MOST_US;
    }
}

void hs_helpers_call_off(void)
{
    pthread_mutex_lock(&lock);
    all.called_off = true;
    if (all.state)
        duck()->finish_execution(all.state);
    pthread_mutex_unlock(&lock);
}

void hs_helpers_wait(void)
{
    pthread_mutex_lock(&lock);
    while (all.inside)
        pthread_cond_wait(&left, &lock);
    if (all.state)
        duck()->destroy_task_state(all.state);
    all.state = NULL;
    pthread_mutex_unlock(&lock);
}
