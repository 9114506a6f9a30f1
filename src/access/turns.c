/* Who may have work on the pool. A turn there may wait for an engine worker, so each person has few of them; the rest
 * of his calls stand in a line of his own and go on as turns end. However many one person starts, somebody else's call
 * finds a thread.
 *
 * Likewise sign-ins: they are work for people nobody knows yet, so they have a pool of their own and never stand before
 * a statement; what one address may have waiting there is bounded too. */
#include "access/access_in.h"

#include "base/alloc.h"

#include <sys/resource.h>
#include <unistd.h>

enum { SIGN_IN_THREADS = 2, SIGN_INS_MAX = 1024, SIGN_INS_OF_ONE_HOST = 512, SIGN_IN_NICE = 5 };

/* ---- turns ---- */

struct person { /* there while he has work on the pool */
    struct person *next;
    int working;
    struct hs_call *first, **last; /* by call->behind */
    size_t name_len;
    char name[];
};

static struct person **find(struct hs_access *a, hs_str name)
{
    struct person **at = &a->people;
    while (*at && !hs_str_eq(hs_str_n((*at)->name, (*at)->name_len), name))
        at = &(*at)->next;
    return at;
}

static struct person *find_or_make(struct hs_access *a, hs_str name)
{
    struct person **at = find(a, name);
    if (!*at && (*at = hs_calloc(1, sizeof **at + name.len))) {
        (*at)->last = &(*at)->first;
        (*at)->name_len = name.len;
        memcpy((*at)->name, name.at, name.len);
    }
    return *at;
}

/* The turn goes to the next in line, or comes to an end. */
static struct hs_call *pass_on(struct hs_access *a, hs_str name)
{
    pthread_mutex_lock(&a->lock);
    struct person **at = find(a, name), *p = *at;
    struct hs_call *next = p->first;
    if (next) {
        p->first = next->behind;
        if (!p->first)
            p->last = &p->first;
        next->in_line = false;
    } else if (--p->working == 0) {
        *at = p->next;
        hs_free(p);
    }
    pthread_mutex_unlock(&a->lock);
    return next;
}

static void run_turn(void *arg);

static void end_turn(struct hs_access *a, hs_str name)
{
    struct hs_err err;
    for (struct hs_call *next; (next = pass_on(a, name));) {
        if (hs_pool_submit(a->pool, run_turn, next, &err) == HS_OK)
            return;
        hs_call_fail(next, &err);
        hs_call_unref(next);
    }
}

static void run_turn(void *arg)
{
    struct hs_call *c = arg;
    hs_call_renew(c);
    c->work(c);
    end_turn(c->access, c->name);
    hs_call_unref(c);
}

hs_rc hs_turn_take(struct hs_call *c, struct hs_err *err)
{
    struct hs_access *a = c->access;
    pthread_mutex_lock(&a->lock);
    struct person *p = find_or_make(a, c->name);
    bool now = p && p->working < a->settings.turns_per_principal;
    if (now) {
        p->working++;
    } else if (p) {
        c->in_line = true;
        c->behind = NULL;
        *p->last = c;
        p->last = &c->behind;
    }
    pthread_mutex_unlock(&a->lock);
    if (!p)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_rc rc = now ? hs_pool_submit(a->pool, run_turn, c, err) : HS_OK;
    if (rc != HS_OK)
        end_turn(a, c->name);
    return rc;
}

bool hs_turn_leave(struct hs_call *c)
{
    struct hs_access *a = c->access;
    pthread_mutex_lock(&a->lock);
    bool stood = c->in_line;
    if (stood) {
        struct person *p = *find(a, c->name);
        struct hs_call **at = &p->first;
        while (*at != c)
            at = &(*at)->behind;
        *at = c->behind;
        if (p->last == &c->behind)
            p->last = at;
        c->in_line = false;
    }
    pthread_mutex_unlock(&a->lock);
    return stood;
}

/* ---- sign-ins ---- */

struct sign_in {
    struct sign_in *next;
    struct hs_access *access;
    uint8_t host[16];
    void (*fn)(void *arg);
    void *arg;
};

hs_rc hs_sign_ins_open(struct hs_access *a, struct hs_err *err)
{
    return hs_pool_open(SIGN_IN_THREADS, SIGN_INS_MAX, &a->sign_in_pool, err);
}

static bool has_room(const struct hs_access *a, const uint8_t host[16])
{
    int all = 0, of_host = 0;
    for (const struct sign_in *s = a->sign_ins; s; s = s->next) {
        all++;
        of_host += memcmp(s->host, host, 16) == 0;
    }
    return all < SIGN_INS_MAX && of_host < SIGN_INS_OF_ONE_HOST;
}

static bool enter(struct sign_in *s)
{
    struct hs_access *a = s->access;
    pthread_mutex_lock(&a->lock);
    bool room = has_room(a, s->host);
    if (room) {
        s->next = a->sign_ins;
        a->sign_ins = s;
    }
    pthread_mutex_unlock(&a->lock);
    return room;
}

static void leave(struct sign_in *s)
{
    struct hs_access *a = s->access;
    pthread_mutex_lock(&a->lock);
    struct sign_in **at = &a->sign_ins;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    pthread_mutex_unlock(&a->lock);
    hs_free(s);
}

/* Strangers' work yields to that of people who are in. */
static void be_nice(void)
{
    static _Thread_local bool nice_already;
    if (!nice_already)
        setpriority(PRIO_PROCESS, (id_t)gettid(), SIGN_IN_NICE);
    nice_already = true;
}

static void run_sign_in(void *arg)
{
    struct sign_in *s = arg;
    be_nice();
    s->fn(s->arg);
    leave(s);
}

hs_rc hs_access_sign_in(struct hs_access *a, hs_str peer, void (*fn)(void *arg), void *arg, struct hs_err *err)
{
    struct sign_in *s = hs_calloc(1, sizeof *s);
    if (!s)
        return hs_fail(err, HS_NOMEM, "out of memory");
    s->access = a;
    s->fn = fn;
    s->arg = arg;
    hs_auth_host(peer, s->host);
    if (!enter(s)) {
        hs_free(s);
        return hs_fail(err, HS_LIMIT, "too many are signing in; try again in a moment");
    }
    hs_rc rc = hs_pool_submit(a->sign_in_pool, run_sign_in, s, err);
    if (rc != HS_OK)
        leave(s);
    return rc;
}
