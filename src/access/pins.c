/* What the statements of one transaction read: each table at one snapshot, whatever is committed meanwhile.
 *
 * The first statement reads what is current and what it finds is kept. A table that a later one touches first is read
 * as it was when that first one began, by the table's own log; the log's times are its writers' clocks. Only notes are
 * kept here, no table: each statement opens its tables anew, is decided by today's policy, and finds out then whether
 * the snapshot is still there. */
#include "access/access_in.h"

#include "base/alloc.h"
#include "base/clock.h"

enum { NOTES_MAX = 4096 };

struct kept {
    hs_str domain, table;
    struct hs_pin_note note;
};

struct hs_pins {
    atomic_int refs;
    pthread_mutex_t lock; /* guards what follows */
    struct hs_arena *arena;
    int64_t since_us; /* 0: no statement has begun */
    HS_VEC(struct kept) kept;
};

struct hs_pins *hs_pins_new(void)
{
    struct hs_pins *p = hs_calloc(1, sizeof *p);
    struct hs_arena *arena = hs_arena_new(16 << 20);
    if (!p || !arena) {
        hs_free(p);
        hs_arena_free(arena);
        return NULL;
    }
    atomic_store(&p->refs, 1);
    pthread_mutex_init(&p->lock, NULL);
    p->arena = arena;
    return p;
}

struct hs_pins *hs_pins_ref(struct hs_pins *p)
{
    if (p)
        atomic_fetch_add(&p->refs, 1);
    return p;
}

void hs_pins_unref(struct hs_pins *p)
{
    if (!p || atomic_fetch_sub(&p->refs, 1) != 1)
        return;
    hs_arena_free(p->arena);
    pthread_mutex_destroy(&p->lock);
    hs_free(p);
}

bool hs_pins_begin(struct hs_pins *p, int64_t *out_since_us)
{
    pthread_mutex_lock(&p->lock);
    bool first = !p->since_us;
    if (first)
        p->since_us = hs_wall_us();
    *out_since_us = p->since_us;
    pthread_mutex_unlock(&p->lock);
    return first;
}

/* By name: where a reload has it point to another place, the snapshot is not found there. */
static const struct kept *find_locked(const struct hs_pins *p, const struct hs_table *t)
{
    for (size_t i = 0; i < p->kept.len; i++)
        if (hs_str_eq(p->kept.at[i].table, t->name) && hs_str_eq(p->kept.at[i].domain, t->product->domain))
            return &p->kept.at[i];
    return NULL;
}

bool hs_pins_find(struct hs_pins *p, const struct hs_table *t, struct hs_pin_note *out)
{
    pthread_mutex_lock(&p->lock);
    const struct kept *k = find_locked(p, t);
    if (k)
        *out = k->note;
    pthread_mutex_unlock(&p->lock);
    return k != NULL;
}

static hs_rc add_locked(struct hs_pins *p, const struct hs_table *t, const struct hs_pin_note *note, struct hs_err *err)
{
    if (p->kept.len >= NOTES_MAX)
        return hs_fail(err, HS_LIMIT, "a transaction reads %d tables at most", NOTES_MAX);
    struct kept k = {hs_arena_str(p->arena, t->product->domain), hs_arena_str(p->arena, t->name), *note};
    struct kept *at = k.domain.at && k.table.at ? hs_vec_add(p->arena, &p->kept) : NULL;
    if (!at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    *at = k;
    return HS_OK;
}

hs_rc hs_pins_keep(struct hs_pins *p, const struct hs_table *t, struct hs_pin_note *note, struct hs_err *err)
{
    hs_rc rc = HS_OK;
    pthread_mutex_lock(&p->lock);
    const struct kept *k = find_locked(p, t);
    if (k)
        *note = k->note;
    else
        rc = add_locked(p, t, note, err);
    pthread_mutex_unlock(&p->lock);
    return rc;
}
