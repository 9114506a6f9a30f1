/* One connection: from its arrival to its end, and everything that is only a matter of time. */
#include "io/io_in.h"

#include "base/alloc.h"
#include "base/log.h"

#include <unistd.h>

enum { LINGER_MS = 1000 };

static void drop(struct conn *c, const char *why)
{
    hs_log(HS_LOG_INFO, "connection_dropped", "peer", c->peer, "why", why, NULL);
    conn_close(c);
}

static bool is_over(int64_t since, int64_t limit, int64_t now, int64_t *next)
{
    if (since + limit <= now)
        return true;
    if (since + limit < *next)
        *next = since + limit;
    return false;
}

size_t conn_unsent(const struct conn *c)
{
    return hs_out_len(&c->out) + c->rest.len;
}

bool conn_owes(const struct conn *c)
{
    return conn_unsent(c) || c->read_wants_write;
}

/* The first limit that has passed, or NULL and the time of the next one. */
static const char *late(struct conn *c, int64_t *next)
{
    const struct hs_io_settings *set = &c->loop->io->set;
    int64_t now = loop_now(c->loop);
    if (c->linger_ms >= 0)
        return is_over(c->linger_ms, LINGER_MS, now, next) ? "" : NULL;
    if (!c->session && is_over(c->opened_ms, set->handshake_ms, now, next))
        return c->greeting ? "nothing was sent in time" : "no TLS handshake in time";
    if (c->shaking && is_over(c->shaking_ms, set->handshake_ms, now, next))
        return "no TLS handshake in time";
    if (c->session && !c->fed && is_over(c->opened_ms, set->first_byte_ms, now, next))
        return "nothing was sent in time";
    if (conn_owes(c) && is_over(c->wrote_ms, set->write_ms, now, next))
        return "it takes no bytes";
    if (is_over(c->moved_ms, set->idle_ms, now, next))
        return "idle";
    return NULL;
}

static void on_timer(uv_timer_t *timer)
{
    struct conn *c = timer->data;
    int64_t next = INT64_MAX;
    c->armed_ms = INT64_MAX;
    const char *why = late(c, &next);
    if (why && *why)
        drop(c, why);
    else if (why)
        conn_close(c);
    else
        conn_turn(c);
}

/* Timers are only ever moved forward; one that fires early finds nothing to do and is set again. */
void conn_arm(struct conn *c)
{
    int64_t next = c->session_ms, now = loop_now(c->loop);
    if (late(c, &next))
        next = now;
    if (next == INT64_MAX || next >= c->armed_ms)
        return;
    c->armed_ms = next;
    uv_timer_start(&c->timer, on_timer, next > now ? (uint64_t)(next - now) : 0, 0);
}

/* Tells the session the time. */
void conn_tick(struct conn *c)
{
    if (!c->session)
        return;
    int64_t now = loop_now(c->loop);
    int64_t wait = c->listener->set.ops->tick(c->session, now);
    c->session_ms = wait < 0 || wait > INT64_MAX - now ? INT64_MAX : now + wait;
}

/* Time passed, or somebody woke the session: look what it has to say. */
void conn_turn(struct conn *c)
{
    conn_tick(c);
    conn_pump(c);
}

void conn_woken(struct conn *c)
{
    if (c->dead || !c->session || c->linger_ms >= 0)
        return;
    conn_tick(c);
    c->listener->set.ops->wake(c->session);
    conn_pump(c);
}

void conn_shutdown(struct conn *c)
{
    if (c->shut || c->linger_ms >= 0)
        return;
    c->shut = true;
    if (!c->session || c->shaking) {
        conn_close(c); /* in the middle of a handshake: nothing to finish */
        return;
    }
    conn_tick(c);
    c->listener->set.ops->shutdown(c->session);
    conn_pump(c);
}

static struct hs_io_peer peer_of(struct conn *c)
{
    struct hs_io_peer peer = {.address = hs_str_of(c->peer), .tls = c->ssl != NULL};
    peer.may_upgrade = !c->ssl && c->listener->certificate != NULL;
    peer.must_upgrade = peer.may_upgrade && c->listener->must_upgrade;
    if (c->ssl)
        tls_end_point(c);
    peer.end_point = hs_str_n(c->end_point, c->end_point_len);
    return peer;
}

hs_rc conn_secured(struct conn *c, struct hs_err *err)
{
    struct hs_io_peer peer = peer_of(c);
    conn_tick(c);
    return c->listener->set.ops->secured(c->session, &peer, err);
}

hs_rc conn_start_session(struct conn *c, struct hs_err *err)
{
    struct hs_io_peer peer = peer_of(c);
    if (c->direct && !tls_has_protocol(c))
        return hs_fail(err, HS_INVALID, "it began with TLS and named no protocol");
    HS_TRY(c->listener->set.ops->open(c->listener->set.arg, &peer, c->waker, &c->session, err));
    if (c->loop->draining) {
        c->shut = true;
        c->listener->set.ops->shutdown(c->session);
    }
    return HS_OK;
}

static void free_conn(struct conn *c)
{
    close(c->fd);
    address_leave(c->loop->io, &c->from);
    atomic_fetch_sub(&c->loop->io->connections, 1);
    hs_free(c);
}

static void on_closed(uv_handle_t *handle)
{
    struct conn *c = handle->data;
    if (--c->handles == 0)
        free_conn(c);
}

void conn_close(struct conn *c)
{
    if (c->dead)
        return;
    c->dead = true;
    struct loop *l = c->loop;
    if (c->next)
        c->next->prev = c->prev;
    if (c->prev)
        c->prev->next = c->next;
    else
        l->conns = c->next;
    hs_out_fini(&c->out);
    if (c->session)
        c->listener->set.ops->close(c->session);
    if (c->waker)
        c->waker->conn = NULL;
    hs_waker_unref(c->waker);
    SSL_free(c->ssl);
    hs_buf_fini(&c->rest);
    uv_close((uv_handle_t *)&c->poll, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
    loop_conn_gone(l);
}

static bool join_loop(struct conn *c, struct loop *l)
{
    c->waker = waker_new(l->mailbox, c);
    c->greeting = c->listener->certificate && c->listener->set.upgrade;
    if (c->listener->certificate && !c->greeting && c->waker && !tls_begin(c))
        return false;
    if (!c->waker || uv_poll_init(&l->uv, &c->poll, c->fd) != 0)
        return false;
    uv_timer_init(&l->uv, &c->timer);
    c->poll.data = c->timer.data = c;
    c->handles = 2;
    c->next = l->conns;
    if (l->conns)
        l->conns->prev = c;
    l->conns = c;
    return true;
}

void conn_open(struct loop *l, const struct arrival *a)
{
    struct conn *c = hs_calloc(1, sizeof *c);
    if (!c) {
        close(a->fd);
        address_leave(l->io, &a->from);
        atomic_fetch_sub(&l->io->connections, 1);
        return;
    }
    c->loop = l;
    c->listener = a->listener;
    c->fd = a->fd;
    c->from = a->from;
    c->opened_ms = c->moved_ms = c->wrote_ms = loop_now(l);
    c->session_ms = c->armed_ms = INT64_MAX;
    c->linger_ms = -1;
    hs_out_init(&c->out);
    address_print(&a->from, c->peer, sizeof c->peer);
    if (!join_loop(c, l)) {
        hs_waker_unref(c->waker);
        SSL_free(c->ssl);
        free_conn(c);
        return;
    }
    conn_begin(c);
}
