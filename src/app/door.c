/* A front's session under the pump: `io` moves bytes and knows no front, a front knows no socket. */
#include "app/door.h"

#include "base/alloc.h"

struct joined { /* what the pump holds: which front, and its session */
    const struct hs_frontend *front;
    void *session;
};

static struct hs_peer peer_of(const struct hs_io_peer *p)
{
    return (struct hs_peer){p->address, p->tls, p->may_upgrade, p->must_upgrade, p->end_point};
}

static hs_rc door_open(void *arg, const struct hs_io_peer *peer, struct hs_waker *waker, void **out, struct hs_err *err)
{
    struct door *d = arg;
    struct joined *j = hs_calloc(1, sizeof *j);
    if (!j)
        return hs_fail(err, HS_NOMEM, "out of memory");
    struct hs_peer who = peer_of(peer);
    j->front = d->front;
    hs_rc rc = d->front->open(&d->env, &who, waker, &j->session, err);
    if (rc != HS_OK) {
        hs_free(j);
        return rc;
    }
    *out = j;
    return HS_OK;
}

static hs_rc door_feed(void *session, hs_str bytes, struct hs_err *err)
{
    struct joined *j = session;
    return j->front->feed(j->session, bytes, err);
}

static hs_rc door_produce(void *session, struct hs_out *out, struct hs_err *err)
{
    struct joined *j = session;
    return j->front->produce(j->session, out, err);
}

static void door_wake(void *session)
{
    struct joined *j = session;
    j->front->wake(j->session);
}

static int64_t door_tick(void *session, int64_t now_ms)
{
    struct joined *j = session;
    return j->front->tick(j->session, now_ms);
}

static void door_shutdown(void *session)
{
    struct joined *j = session;
    j->front->shutdown(j->session);
}

static bool door_done(void *session)
{
    struct joined *j = session;
    return j->front->done(j->session);
}

static bool door_wants_input(void *session)
{
    struct joined *j = session;
    return !j->front->wants_input || j->front->wants_input(j->session);
}

static bool door_wants_tls(void *session)
{
    struct joined *j = session;
    return j->front->wants_tls && j->front->wants_tls(j->session);
}

static hs_rc door_secured(void *session, const struct hs_io_peer *peer, struct hs_err *err)
{
    struct joined *j = session;
    struct hs_peer who = peer_of(peer);
    return j->front->secured(j->session, &who, err);
}

static void door_close(void *session)
{
    struct joined *j = session;
    j->front->close(j->session);
    hs_free(j);
}

const struct hs_session_ops hs_door_ops = {
    .open = door_open,
    .feed = door_feed,
    .produce = door_produce,
    .wake = door_wake,
    .tick = door_tick,
    .shutdown = door_shutdown,
    .wants_close = door_done,
    .wants_input = door_wants_input,
    .wants_tls = door_wants_tls,
    .secured = door_secured,
    .close = door_close,
};

/* ---- what a front's sessions share ---- */

enum { SHARE_TICK_MS = 250 };

static void share_tick(void *arg)
{
    struct door *d = arg;
    d->front->share_tick(d->env.shared);
}

hs_rc hs_door_share(struct door *d, struct hs_io *io, struct hs_err *err)
{
    if (!d->front->share)
        return HS_OK;
    HS_TRY(d->front->share(&d->env, &d->env.shared, err));
    return hs_io_every(io, SHARE_TICK_MS, share_tick, d, err);
}

void hs_door_unshare(struct door *d)
{
    if (d->front->unshare)
        d->front->unshare(d->env.shared);
}
