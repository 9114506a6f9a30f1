/* What one person's connections hold together. Each connection has bounds of its own (statement_memory, portal_memory);
 * a thousand connections of one person would be a thousand times those. */
#include "front/pg/pg.h"

#include "base/alloc.h"

#include <pthread.h>

struct pg_person {
    struct pg_person *next, **link;
    char *name;
    size_t sessions;                 /* guarded by the lock */
    _Atomic int64_t bytes, catalogs; /* of statements and portals; of views of the catalog that are lent */
};

struct pg_people {
    pthread_mutex_t lock; /* guards the list */
    struct pg_person *first;
};

hs_rc hs_pg_people_new(struct pg_people **out, struct hs_err *err)
{
    struct pg_people *all = hs_calloc(1, sizeof *all);
    if (!all)
        return hs_fail(err, HS_NOMEM, "out of memory");
    pthread_mutex_init(&all->lock, NULL);
    *out = all;
    return HS_OK;
}

void hs_pg_people_free(struct pg_people *all)
{
    if (!all)
        return;
    pthread_mutex_destroy(&all->lock);
    hs_free(all);
}

static struct pg_person *find(struct pg_people *all, hs_str name)
{
    for (struct pg_person *p = all->first; p; p = p->next)
        if (hs_str_eq(hs_str_of(p->name), name))
            return p;
    return NULL;
}

static struct pg_person *add(struct pg_people *all, hs_str name)
{
    struct pg_person *p = hs_calloc(1, sizeof *p);
    if (p)
        p->name = hs_strndup(name.at, name.len);
    if (!p || !p->name) {
        hs_free(p);
        return NULL;
    }
    p->next = all->first;
    p->link = &all->first;
    if (p->next)
        p->next->link = &p->next;
    all->first = p;
    return p;
}

hs_rc hs_pg_person_enter(struct pg_session *s, struct hs_err *err)
{
    struct pg_people *all = hs_pg_door_people(s->door);
    pthread_mutex_lock(&all->lock);
    struct pg_person *p = find(all, s->principal);
    if (!p)
        p = add(all, s->principal);
    if (p)
        p->sessions++;
    pthread_mutex_unlock(&all->lock);
    s->person = p;
    return p ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

void hs_pg_person_leave(struct pg_session *s)
{
    struct pg_people *all = hs_pg_door_people(s->door);
    struct pg_person *p = s->person;
    if (!p)
        return;
    s->person = NULL;
    pthread_mutex_lock(&all->lock);
    bool last = --p->sessions == 0;
    if (last) {
        *p->link = p->next;
        if (p->next)
            p->next->link = p->link;
    }
    pthread_mutex_unlock(&all->lock);
    if (!last)
        return;
    hs_free(p->name);
    hs_free(p);
}

bool hs_pg_person_hold(struct pg_session *s, size_t before, size_t after)
{
    if (!s->person)
        return true;
    int64_t more = (int64_t)after - (int64_t)before;
    int64_t now = atomic_fetch_add(&s->person->bytes, more) + more;
    return more <= 0 || now <= s->settings.person_memory;
}

hs_rc hs_pg_person_full(struct hs_err *err)
{
    hs_ignore(
        hs_fail(err, HS_LIMIT, "your connections together hold too much; close some of what is prepared or open"));
    hs_err_state(err, "53400");
    return HS_LIMIT;
}

bool hs_pg_person_borrow(struct pg_session *s, size_t bytes)
{
    if (!s->person)
        return true;
    int64_t now = atomic_fetch_add(&s->person->catalogs, (int64_t)bytes) + (int64_t)bytes;
    if (now == (int64_t)bytes || now <= s->settings.catalog_memory) /* the first may have any size */
        return true;
    atomic_fetch_sub(&s->person->catalogs, (int64_t)bytes);
    return false;
}

void hs_pg_person_return(struct pg_session *s, size_t bytes)
{
    if (s->person)
        atomic_fetch_sub(&s->person->catalogs, (int64_t)bytes);
}
