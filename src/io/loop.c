/* A loop thread: its mailbox, its connections, its end. */
#include "io/io_in.h"

#include "base/alloc.h"
#include "base/log.h"

#include <signal.h>
#include <unistd.h>

int64_t loop_now(struct loop *l)
{
    return (int64_t)uv_now(&l->uv);
}

struct mailbox *mailbox_ref(struct mailbox *m)
{
    atomic_fetch_add(&m->refs, 1);
    return m;
}

void mailbox_unref(struct mailbox *m)
{
    if (!m || atomic_fetch_sub(&m->refs, 1) != 1)
        return;
    pthread_mutex_destroy(&m->lock);
    hs_free(m);
}

static void mailbox_closed(uv_handle_t *handle)
{
    mailbox_unref(handle->data);
}

static void stop_every(struct loop *l)
{
    for (struct every *e = l->io->everies; e && l == l->io->loops; e = e->next) {
        if (!uv_is_closing((uv_handle_t *)&e->timer))
            uv_close((uv_handle_t *)&e->timer, NULL);
    }
}

/* The last connection is gone and no new one will come: without handles the loop's run returns. */
static void finish(struct loop *l)
{
    struct mailbox *m = l->mailbox;
    pthread_mutex_lock(&m->lock);
    m->open = false;
    pthread_mutex_unlock(&m->lock);
    if (uv_is_closing((uv_handle_t *)&m->async))
        return;
    m->async.data = mailbox_ref(m);
    uv_close((uv_handle_t *)&m->async, mailbox_closed);
    uv_close((uv_handle_t *)&l->drain_timer, NULL);
    stop_every(l);
}

void loop_conn_gone(struct loop *l)
{
    if (l->draining && !l->conns)
        finish(l);
}

static void drain_is_over(uv_timer_t *timer)
{
    struct loop *l = timer->data;
    for (struct conn *c = l->conns, *next; c; c = next) {
        next = c->next;
        conn_close(c);
    }
    loop_conn_gone(l);
}

static void begin_drain(struct loop *l)
{
    if (l->draining)
        return;
    l->draining = true;
    for (struct listener *i = l->io->listeners; i && l == l->io->loops; i = i->next)
        listener_stop(i);
    uv_timer_start(&l->drain_timer, drain_is_over, (uint64_t)l->io->set.drain_ms, 0);
    for (struct conn *c = l->conns, *next; c; c = next) {
        next = c->next;
        conn_shutdown(c);
    }
    loop_conn_gone(l);
}

/* The order of arrival, from a list that grew at its head. */
static struct hs_waker *reversed(struct hs_waker *list)
{
    struct hs_waker *out = NULL;
    while (list) {
        struct hs_waker *next = list->next;
        list->next = out;
        out = list;
        list = next;
    }
    return out;
}

static void wake_all(struct mailbox *m, struct hs_waker *list)
{
    for (struct hs_waker *w = reversed(list), *next; w; w = next) {
        pthread_mutex_lock(&m->lock);
        next = w->next;
        w->queued = false; /* before the session looks: a wake from now on counts again */
        pthread_mutex_unlock(&m->lock);
        if (w->conn)
            conn_woken(w->conn);
        hs_waker_unref(w);
    }
}

static void take_arrivals(struct loop *l, struct arrival *list)
{
    for (struct arrival *a = list, *next; a; a = next) {
        next = a->next;
        conn_open(l, a);
        hs_free(a);
    }
}

static void on_mail(uv_async_t *async)
{
    struct loop *l = async->data;
    struct mailbox *m = l->mailbox;
    pthread_mutex_lock(&m->lock);
    struct arrival *arrivals = m->arrivals;
    struct hs_waker *woken = m->woken;
    bool drain = m->drain;
    m->arrivals = NULL;
    m->woken = NULL;
    pthread_mutex_unlock(&m->lock);
    take_arrivals(l, arrivals);
    wake_all(m, woken);
    if (drain)
        begin_drain(l);
}

/* false: the loop has ended; the arrival stays the caller's. */
bool loop_arrive(struct loop *l, struct arrival *a)
{
    struct mailbox *m = l->mailbox;
    pthread_mutex_lock(&m->lock);
    bool open = m->open;
    if (open) {
        a->next = m->arrivals;
        m->arrivals = a;
        uv_async_send(&m->async);
    }
    pthread_mutex_unlock(&m->lock);
    return open;
}

void loop_drain(struct loop *l)
{
    struct mailbox *m = l->mailbox;
    pthread_mutex_lock(&m->lock);
    m->drain = true;
    if (m->open)
        uv_async_send(&m->async);
    pthread_mutex_unlock(&m->lock);
}

hs_rc loop_open(struct hs_io *io, struct loop *l, struct hs_err *err)
{
    l->io = io;
    struct mailbox *m = l->mailbox = hs_calloc(1, sizeof *m);
    if (!m)
        return hs_fail(err, HS_NOMEM, "out of memory");
    atomic_init(&m->refs, 1);
    pthread_mutex_init(&m->lock, NULL);
    l->buffer = hs_malloc(io->set.read_bytes);
    l->sealed = hs_malloc(SEALED);
    if (!l->buffer || !l->sealed)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (uv_loop_init(&l->uv) != 0)
        return hs_fail(err, HS_NOMEM, "an event loop could not be made");
    if (uv_async_init(&l->uv, &m->async, on_mail) != 0) {
        uv_loop_close(&l->uv);
        return hs_fail(err, HS_NOMEM, "an event loop could not be made");
    }
    m->async.data = l;
    m->open = true;
    uv_timer_init(&l->uv, &l->drain_timer);
    l->drain_timer.data = l;
    l->made = true;
    return HS_OK;
}

static void *run(void *arg)
{
    struct loop *l = arg;
    uv_run(&l->uv, UV_RUN_DEFAULT);
    return NULL;
}

/* Signals belong to the main thread. */
hs_rc loop_start(struct loop *l, struct hs_err *err)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    l->started = pthread_create(&l->thread, NULL, run, l) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return l->started ? HS_OK : hs_fail(err, HS_NOMEM, "a thread could not be made");
}

void loop_close(struct loop *l)
{
    if (l->made) {
        loop_drain(l);
        if (l->started)
            pthread_join(l->thread, NULL);
        else
            uv_run(&l->uv, UV_RUN_DEFAULT);
        if (uv_loop_close(&l->uv) != 0)
            hs_log(HS_LOG_ERROR, "loop_not_empty", NULL);
    }
    for (struct arrival *a = l->mailbox ? l->mailbox->arrivals : NULL, *next; a; a = next) {
        next = a->next;
        arrival_refuse(l->io, a);
    }
    for (struct hs_waker *w = l->mailbox ? l->mailbox->woken : NULL, *next; w; w = next) {
        next = w->next;
        hs_waker_unref(w);
    }
    mailbox_unref(l->mailbox);
    hs_free(l->buffer);
    hs_free(l->sealed);
}
