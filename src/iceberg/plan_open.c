/* The manifests of a snapshot, opened: those that are not cached by a few threads at once, since each is an object to
 * fetch and a file to decode, and they know nothing of each other. */
#include "iceberg/plan_in.h"

#include <pthread.h>
#include <stdatomic.h>

enum { MAX_THREADS = 4 };

struct cold { /* what the threads share */
    const struct hs_store *store;
    const struct hs_iceberg_table *table;
    const struct hs_manifest_file *const *listed;
    const struct hs_manifest ***slots;
    size_t count;
    atomic_size_t next;
    atomic_bool failed;
    pthread_mutex_t lock; /* over the rest */
    size_t failed_at;
    hs_rc rc;
    struct hs_err err;
};

/* The first in the list's order is told, whichever was first in time, so that a table fails the same way each time. */
static void note_failure(struct cold *c, size_t at, hs_rc rc, const struct hs_err *err)
{
    pthread_mutex_lock(&c->lock);
    if (c->rc == HS_OK || at < c->failed_at) {
        c->rc = rc;
        c->err = *err;
        c->failed_at = at;
    }
    pthread_mutex_unlock(&c->lock);
    atomic_store(&c->failed, true);
}

static void *open_some(void *arg)
{
    struct cold *c = arg;
    struct hs_err err = {0};
    size_t i;
    while (!atomic_load(&c->failed) && (i = atomic_fetch_add(&c->next, 1)) < c->count) {
        hs_rc rc = hs_manifest_open(c->store, c->table, c->listed[i], c->slots[i], &err);
        if (rc != HS_OK)
            note_failure(c, i, rc, &err);
    }
    return NULL;
}

/* The calling thread works too: should no other one start, it does everything. */
static hs_rc open_cold(struct cold *c, struct hs_err *err)
{
    pthread_t threads[MAX_THREADS - 1];
    size_t started = 0;
    if (pthread_mutex_init(&c->lock, NULL) != 0)
        return hs_no_memory(err);
    while (started < MAX_THREADS - 1 && started + 1 < c->count &&
           pthread_create(&threads[started], NULL, open_some, c) == 0)
        started++;
    open_some(c);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&c->lock);
    if (c->rc != HS_OK && err)
        *err = c->err;
    return c->rc;
}

static void unref_manifest(void *m)
{
    hs_manifest_unref(*(const struct hs_manifest **)m);
}

hs_rc hs_plan_open(struct hs_planner *p, const struct hs_manifest_file *const *listed, size_t count,
                   const struct hs_manifest ***out, struct hs_err *err)
{
    const struct hs_manifest **opened = hs_arena_array(p->scratch, count, sizeof(const struct hs_manifest *));
    const struct hs_manifest_file **missing = hs_arena_array(p->scratch, count, sizeof *missing);
    const struct hs_manifest ***slots = hs_arena_array(p->scratch, count, sizeof(const struct hs_manifest **));
    struct cold cold = {.store = &p->store, .table = p->pin->table, .listed = missing, .slots = slots};
    if (!opened || !missing || !slots)
        return hs_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        if (!hs_arena_defer(p->scratch, unref_manifest, &opened[i]))
            return hs_no_memory(err);
        HS_TRY(hs_manifest_cached(&p->store, p->pin->table, listed[i], &opened[i], err));
        if (opened[i])
            continue;
        missing[cold.count] = listed[i];
        slots[cold.count++] = &opened[i];
    }
    *out = opened;
    return cold.count ? open_cold(&cold, err) : HS_OK;
}
