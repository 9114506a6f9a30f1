/* What all sessions of the door share: who can be cancelled by which key, and views of the catalog. */
#include "front/pg/pg.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"

#include <pthread.h>

struct pg_door {
    struct hs_pg_settings settings;
    pthread_mutex_t lock; /* guards the tickets */
    struct pg_ticket *tickets;
    int32_t last_pid;
    size_t left; /* sessions that their jobs will free */
    pthread_cond_t none_left;
    struct pg_catalogs *catalogs;
    struct pg_people *people;
};

hs_rc hs_pg_share(const struct hs_front_env *env, void **out, struct hs_err *err)
{
    struct pg_door *d = hs_calloc(1, sizeof *d);
    if (!d)
        return hs_fail(err, HS_NOMEM, "out of memory");
    d->settings = hs_pg_settings_of(env->settings);
    struct hs_err zones; /* without them there is UTC, and what POSIX words say */
    if (hs_pg_zones_load("/usr/share/zoneinfo", &zones) != HS_OK)
        hs_log_err(HS_LOG_WARN, "pg-zones", "", &zones);
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->none_left, NULL);
    hs_rc rc = hs_random(&d->last_pid, sizeof d->last_pid, err);
    d->last_pid &= 0xFFFF; /* where it begins is nobody's business, and there are as many as anybody needs */
    if (rc == HS_OK)
        rc = hs_pg_catalogs_new(&d->settings, &d->catalogs, err);
    if (rc == HS_OK)
        rc = hs_pg_people_new(&d->people, err);
    if (rc == HS_OK)
        *out = d;
    else
        hs_pg_unshare(d);
    return rc;
}

void hs_pg_share_tick(void *shared)
{
    struct pg_door *d = shared;
    hs_pg_catalogs_tick(d->catalogs);
}

void hs_pg_unshare(void *shared)
{
    struct pg_door *d = shared;
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    while (d->left)
        pthread_cond_wait(&d->none_left, &d->lock);
    pthread_mutex_unlock(&d->lock);
    hs_pg_catalogs_free(d->catalogs);
    hs_pg_people_free(d->people);
    pthread_cond_destroy(&d->none_left);
    pthread_mutex_destroy(&d->lock);
    hs_free(d);
}

void hs_pg_door_left(struct pg_door *d)
{
    pthread_mutex_lock(&d->lock);
    d->left++;
    pthread_mutex_unlock(&d->lock);
}

void hs_pg_door_gone(struct pg_door *d)
{
    pthread_mutex_lock(&d->lock);
    if (--d->left == 0)
        pthread_cond_broadcast(&d->none_left);
    pthread_mutex_unlock(&d->lock);
}

struct pg_catalogs *hs_pg_door_catalogs(struct pg_door *d)
{
    return d->catalogs;
}

struct pg_people *hs_pg_door_people(struct pg_door *d)
{
    return d->people;
}

/* ---- tickets ---- */

static bool is_taken(const struct pg_door *d, int32_t pid)
{
    for (const struct pg_ticket *t = d->tickets; t; t = t->next)
        if (t->pid == pid)
            return true;
    return false;
}

static void enter(struct pg_door *d, struct pg_ticket *t)
{
    pthread_mutex_lock(&d->lock);
    do
        d->last_pid = d->last_pid == INT32_MAX ? 1 : d->last_pid + 1;
    while (is_taken(d, d->last_pid));
    t->pid = d->last_pid;
    t->next = d->tickets;
    t->link = &d->tickets;
    if (t->next)
        t->next->link = &t->next;
    d->tickets = t;
    pthread_mutex_unlock(&d->lock);
}

hs_rc hs_pg_ticket_new(struct pg_session *s, size_t key_len, struct hs_err *err)
{
    struct pg_ticket *t = hs_calloc(1, sizeof *t);
    if (!t)
        return hs_fail(err, HS_NOMEM, "out of memory");
    t->key_len = key_len;
    t->waker = s->waker;
    t->wake = s->env->wake;
    hs_rc rc = hs_random(t->key, t->key_len, err);
    if (rc != HS_OK) {
        hs_free(t);
        return rc;
    }
    enter(s->door, t);
    s->ticket = t;
    return HS_OK;
}

hs_rc hs_pg_ticket_of(struct pg_session *s, struct hs_err *err)
{
    int64_t mine = 0;
    pthread_mutex_lock(&s->door->lock);
    for (const struct pg_ticket *t = s->door->tickets; t; t = t->next)
        mine += t->user.len && hs_str_eq(t->user, s->principal);
    bool room = mine < s->settings.sessions_each;
    if (room)
        s->ticket->user = s->principal;
    pthread_mutex_unlock(&s->door->lock);
    return room ? HS_OK : hs_fail(err, HS_LIMIT, "too many connections for role \"%.*s\"", HS_FMT(s->principal));
}

void hs_pg_ticket_leave(struct pg_session *s)
{
    struct pg_ticket *t = s->ticket;
    if (!t || !t->link)
        return;
    pthread_mutex_lock(&s->door->lock); /* whoever cancels holds it while it wakes */
    *t->link = t->next;
    if (t->next)
        t->next->link = t->link;
    t->link = NULL;
    pthread_mutex_unlock(&s->door->lock);
}

void hs_pg_ticket_free(struct pg_session *s)
{
    struct pg_ticket *t = s->ticket;
    if (!t)
        return;
    hs_pg_ticket_leave(s);
    hs_wipe(t->key, sizeof t->key);
    hs_free(t);
    s->ticket = NULL;
}

/* Nothing is told of whether the key was right. Every ticket is looked at, and each key in constant time. */
void hs_pg_cancel_other(struct pg_door *d, int32_t pid, hs_str key)
{
    pthread_mutex_lock(&d->lock);
    for (struct pg_ticket *t = d->tickets; t; t = t->next) {
        bool same = t->pid == pid && t->key_len == key.len && hs_same_bytes(t->key, key.at, key.len);
        if (!same)
            continue;
        atomic_store(&t->cancel, true);
        t->wake(t->waker);
    }
    pthread_mutex_unlock(&d->lock);
}
