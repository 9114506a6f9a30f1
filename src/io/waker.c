/* Waking a session from another thread. What travels is a counted waker, never the connection: a waker whose connection
 * is gone points at nothing and does nothing. */
#include "io/io_in.h"

#include "base/alloc.h"

struct hs_waker *waker_new(struct mailbox *m, struct conn *c)
{
    struct hs_waker *w = hs_calloc(1, sizeof *w);
    if (!w)
        return NULL;
    atomic_init(&w->refs, 1);
    w->mailbox = mailbox_ref(m);
    w->conn = c;
    return w;
}

struct hs_waker *hs_waker_ref(struct hs_waker *w)
{
    atomic_fetch_add(&w->refs, 1);
    return w;
}

void hs_waker_unref(struct hs_waker *w)
{
    if (!w || atomic_fetch_sub(&w->refs, 1) != 1)
        return;
    mailbox_unref(w->mailbox);
    hs_free(w);
}

void hs_waker_wake(struct hs_waker *w)
{
    struct mailbox *m = w->mailbox;
    pthread_mutex_lock(&m->lock);
    if (m->open && !w->queued) {
        w->queued = true;
        w->next = m->woken;
        m->woken = hs_waker_ref(w);
        uv_async_send(&m->async);
    }
    pthread_mutex_unlock(&m->lock);
}

void hs_io_wake(void *waker)
{
    hs_waker_wake(waker);
}
