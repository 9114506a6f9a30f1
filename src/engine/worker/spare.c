/* The next statement's instance, opened by a thread of its own: about ten milliseconds that a person who asks one small
 * question after the other would otherwise wait each time. */
#include "engine/worker/worker_in.h"

#include <pthread.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool have, started;
static struct instance spare;

static void *open_spares(void *unused)
{
    for (;;) {
        struct instance fresh;
        struct hs_err err;
        if (hs_instance_open(&fresh, &err) != HS_OK)
            _exit(5); /* no engine, no worker; the server starts another */
        pthread_mutex_lock(&lock);
        spare = fresh;
        have = true;
        pthread_cond_broadcast(&changed);
        while (have)
            pthread_cond_wait(&changed, &lock);
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

hs_rc hs_spare_take(struct instance *out, struct hs_err *err)
{
    pthread_t thread;
    if (!started && pthread_create(&thread, NULL, open_spares, NULL) != 0)
        return hs_fail_hidden(err, HS_NOMEM, "the thread for spare instances does not start");
    if (!started)
        pthread_detach(thread);
    started = true;
    pthread_mutex_lock(&lock);
    while (!have)
        pthread_cond_wait(&changed, &lock);
    *out = spare;
    have = false;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return HS_OK;
}
