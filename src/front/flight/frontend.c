/* hs_front_flight: a session is an HTTP/2 connection with its calls; bytes go straight through to the wire. */
#include "front/flight/flight.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"

enum { REFUSED_MAX = 256 };

static void session_free(struct flight_session *s)
{
    hs_http2_close(s->http2); /* closes every call */
    hs_arena_free(s->proof.arena);
    hs_wipe(s->salt, sizeof s->salt);
    hs_arena_free(s->arena);
    hs_free(s);
}

static hs_rc session_fill(struct flight_session *s, const struct hs_peer *peer, struct hs_err *err)
{
    s->arena = hs_arena_new(1 << 16);
    s->peer = s->arena ? hs_arena_str(s->arena, peer->address) : (hs_str){0};
    if (!s->peer.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    HS_TRY(hs_random(s->salt, sizeof s->salt, err));
    return hs_http2_open(s->settings.http2, &hs_flight_grpc, s, &s->http2, err);
}

static hs_rc open_session(const struct hs_front_env *env, const struct hs_peer *peer, void *waker, void **out,
                          struct hs_err *err)
{
    struct flight_session *s = hs_calloc(1, sizeof *s);
    if (!s)
        return hs_fail(err, HS_NOMEM, "out of memory");
    s->env = env;
    s->door = env->shared;
    s->settings = hs_flight_settings_of(env->settings);
    s->waker = waker;
    hs_rc rc = session_fill(s, peer, err);
    if (rc != HS_OK)
        session_free(s);
    else
        *out = s;
    return rc;
}

static hs_rc feed(void *session, hs_str bytes, struct hs_err *err)
{
    struct flight_session *s = session;
    if (s->refused > REFUSED_MAX)
        return hs_fail(err, HS_LIMIT, "too many refused sign-ins on one connection");
    return hs_http2_feed(s->http2, bytes, err);
}

static hs_rc produce(void *session, struct hs_out *out, struct hs_err *err)
{
    struct flight_session *s = session;
    return hs_http2_produce(s->http2, out, err);
}

static void news(struct flight_call *c)
{
    if (c->job && hs_flight_job_is_done(c->job))
        hs_flight_job_ended(c);
    if (!atomic_exchange(&c->news, false))
        return;
    if (c->state == FLIGHT_ASKING)
        hs_flight_pump(c);
    else if (c->state == FLIGHT_POLLING)
        hs_flight_poll_news(c);
    else if (c->state == FLIGHT_STREAMING)
        hs_grpc_resume(c->grpc);
}

static void wake(void *session)
{
    struct flight_session *s = session;
    for (struct flight_call *c = s->calls; c; c = c->next) /* none is freed here: `closed` comes from the wire alone */
        news(c);
}

static bool waits(const struct flight_call *c)
{
    return c->state == FLIGHT_ASKING || c->state == FLIGHT_POLLING;
}

static void out_of_time(struct flight_call *c)
{
    struct hs_err err;
    hs_ignore(hs_fail(&err, HS_TIMEOUT, "the time for this request ran out"));
    hs_flight_fail(c, &err);
}

static int64_t sooner(int64_t a_us, int64_t b_us) /* 0: never */
{
    return !a_us || (b_us && b_us < a_us) ? b_us : a_us;
}

/* Polls that have waited long enough, and calls whose client waits no more; when the next has, 0: none. */
static int64_t answer_waiting(struct flight_session *s, int64_t now_us)
{
    int64_t next_us = 0;
    for (struct flight_call *c = s->calls; c; c = c->next) {
        if (waits(c) && c->poll_until_us && c->poll_until_us <= now_us)
            hs_flight_poll_news(c);
        if (waits(c) && c->answer_by_us && c->answer_by_us <= now_us)
            out_of_time(c);
        if (waits(c))
            next_us = sooner(next_us, sooner(c->poll_until_us, c->answer_by_us));
    }
    return next_us;
}

static int64_t tick(void *session, int64_t now_ms)
{
    struct flight_session *s = session;
    int64_t now_us = hs_mono_us(), next_us = answer_waiting(s, now_us), wire_ms = hs_http2_tick(s->http2, now_ms);
    int64_t own_ms = next_us ? (next_us - now_us) / 1000 + 1 : -1;
    return wire_ms < 0 || (own_ms >= 0 && own_ms < wire_ms) ? own_ms : wire_ms;
}

static void shut_down(void *session)
{
    struct flight_session *s = session;
    hs_http2_shutdown(s->http2);
}

static bool done(void *session)
{
    struct flight_session *s = session;
    return hs_http2_done(s->http2);
}

static bool wants_input(void *session)
{
    struct flight_session *s = session;
    return hs_http2_wants_input(s->http2);
}

static void close_session(void *session)
{
    session_free(session);
}

const struct hs_frontend hs_front_flight = {
    .name = "flight",
    .text = "Arrow Flight SQL over gRPC",
    .alpn = "h2",
    .share = hs_flight_share,
    .share_tick = hs_flight_share_tick,
    .unshare = hs_flight_unshare,
    .open = open_session,
    .feed = feed,
    .produce = produce,
    .wake = wake,
    .tick = tick,
    .shutdown = shut_down,
    .done = done,
    .wants_input = wants_input,
    .close = close_session,
};
