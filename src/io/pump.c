/* The pump: bytes from the socket into the session, segments from the session into the socket, and never more of either
 * than fits. Each turn has an end, so that one busy connection leaves time for its neighbours. */
#include "io/io_in.h"

#include "base/log.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

enum { READS_A_TURN = 4, WRITE_A_TURN = 4 << 20, IOV = 64 };

static const struct hs_session_ops *ops(const struct conn *c)
{
    return c->listener->set.ops;
}

static void log_failure(const struct conn *c, enum hs_log_level level, const char *event, const struct hs_err *err)
{
    hs_log(level, event, "peer", c->peer, "kind", hs_kind_name(err->kind), "why", err->detail, NULL);
}

/* The session or its peer failed: logged here, once; what is queued (a GOAWAY, say) still goes out. */
static void session_failed(struct conn *c, const struct hs_err *err)
{
    if (!c->input_over)
        log_failure(c, HS_LOG_INFO, "connection_ended", err);
    c->input_over = true;
}

/* >0 bytes, 0: the peer ended, -1: nothing now, -2: broken. */
static ssize_t read_some(struct conn *c, void *at, size_t len)
{
    if (c->ssl)
        return tls_read(c, at, len);
    ssize_t n = read(c->fd, at, len);
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EINTR ? -1 : -2;
}

static ssize_t write_plain(struct conn *c)
{
    struct iovec iov[IOV];
    struct msghdr message = {.msg_iov = iov};
    message.msg_iovlen = (size_t)hs_out_iov(&c->out, iov, IOV);
    ssize_t n = sendmsg(c->fd, &message, MSG_NOSIGNAL);
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EINTR ? -1 : -2;
}

/* One record: straight from a large segment, or small ones gathered, so that a frame header is not a record of its own.
 * What was offered once stays at the front of the queue, as OpenSSL wants it for the second try. */
static ssize_t write_record(struct conn *c)
{
    struct iovec iov[IOV];
    int count = hs_out_iov(&c->out, iov, IOV);
    if (iov[0].iov_len >= TLS_RECORD)
        return tls_write(c, iov[0].iov_base, TLS_RECORD);
    char *to = c->loop->buffer;
    size_t len = 0;
    for (int i = 0; i < count && len < TLS_RECORD; i++) {
        size_t part = iov[i].iov_len < TLS_RECORD - len ? iov[i].iov_len : TLS_RECORD - len;
        memcpy(to + len, iov[i].iov_base, part);
        len += part;
    }
    return tls_write(c, to, len);
}

/* As many records as go out together. >0: bytes taken from the queue, and whether the socket took them all. */
static ssize_t write_tls(struct conn *c)
{
    ssize_t n = tls_flush(c), taken = 0;
    if (n < 0)
        return n;
    tls_gather(c);
    while (hs_out_len(&c->out) && tls_has_room(c) && (n = write_record(c)) > 0) {
        hs_out_consumed(&c->out, (size_t)n);
        taken += n;
    }
    int sent = tls_send(c);
    if (sent == -2 || n == -2)
        return -2;
    c->write_blocked = sent == -1 || n == -1;
    return taken ? taken : -1;
}

static ssize_t write_some(struct conn *c)
{
    c->write_blocked = false;
    if (c->ssl)
        return write_tls(c);
    ssize_t n = write_plain(c);
    if (n > 0)
        hs_out_consumed(&c->out, (size_t)n);
    return n;
}

/* false: the connection broke. */
static bool write_all(struct conn *c, size_t *written)
{
    while (conn_unsent(c) && *written < WRITE_A_TURN && !c->write_blocked) {
        ssize_t n = write_some(c);
        if (n == -2)
            return false;
        if (n == -1) {
            c->write_blocked = conn_unsent(c) > 0;
            return true;
        }
        *written += (size_t)n;
        c->wrote_ms = c->moved_ms = loop_now(c->loop);
        if (hs_out_len(&c->out) < c->loop->io->set.out_low)
            return true; /* ask for more before going on: the socket still has room */
    }
    return true;
}

static void ask_session(struct conn *c)
{
    struct hs_err err;
    if (!conn_owes(c))
        c->wrote_ms = loop_now(c->loop); /* the peer owes us nothing yet */
    if (hs_out_len(&c->out) < c->loop->io->set.out_low && ops(c)->produce(c->session, &c->out, &err) != HS_OK)
        session_failed(c, &err);
}

static bool wants_input(const struct conn *c)
{
    if (c->linger_ms >= 0 || !c->session || c->shaking)
        return true;
    if (c->input_over || c->upgrading || hs_out_len(&c->out) >= c->loop->io->set.out_pause)
        return false;
    return !ops(c)->wants_input || ops(c)->wants_input(c->session);
}

static void on_event(uv_poll_t *poll, int status, int events);

static void poll_again(struct conn *c)
{
    int events = 0;
    /* Where reading wants to write first (an answer to a request for new keys) what lies in the socket is no news. */
    if ((wants_input(c) && !c->read_wants_write) || c->write_wants_read)
        events |= UV_READABLE;
    if ((conn_unsent(c) && !c->write_wants_read) || c->read_wants_write)
        events |= UV_WRITABLE;
    if (events == c->polled)
        return;
    c->polled = events;
    if (events)
        uv_poll_start(&c->poll, events, on_event);
    else
        uv_poll_stop(&c->poll);
}

/* All is said. The write side ends and what still comes is read and dropped for a moment: closing at once would make
 * the kernel answer unread bytes with a reset, and the peer would lose our last words. */
static void linger(struct conn *c)
{
    if (c->ssl)
        tls_goodbye(c);
    shutdown(c->fd, SHUT_WR);
    c->linger_ms = loop_now(c->loop);
    c->read_wants_write = c->write_wants_read = false;
}

/* The session has asked for TLS. Nothing may lie in the socket before the request is granted: whoever speaks to us in
 * plain text must not be taken for who speaks in TLS afterwards. */
static void look_for_upgrade(struct conn *c)
{
    char byte;
    struct hs_err err;
    if (c->ssl || !c->listener->certificate || !c->listener->set.upgrade || !ops(c)->wants_tls ||
        !ops(c)->wants_tls(c->session))
        return;
    c->upgrading = true;
    if (recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
        return;
    hs_ignore(hs_fail(&err, HS_INVALID, "plain text behind the request for TLS"));
    session_failed(c, &err);
}

/* The grant is with the kernel. */
static bool begin_tls(struct conn *c)
{
    c->upgrading = false;
    c->shaking = true;
    c->shaking_ms = loop_now(c->loop);
    return tls_begin(c);
}

/* In the middle of a handshake nothing is said, whatever the session would like to. */
static bool may_speak(const struct conn *c)
{
    return c->session && c->linger_ms < 0 && !c->shaking;
}

void conn_pump(struct conn *c)
{
    size_t written = 0;
    c->write_blocked = false;
    while (may_speak(c) && !c->write_blocked && written < WRITE_A_TURN) {
        ask_session(c);
        if (conn_unsent(c) == 0)
            break;
        if (!write_all(c, &written)) {
            conn_close(c);
            return;
        }
    }
    if (written >= WRITE_A_TURN)
        ask_session(c); /* else an empty queue would look like the end of what it has to say */
    bool said = may_speak(c) && conn_unsent(c) == 0;
    if (said && (c->input_over || ops(c)->wants_close(c->session))) {
        linger(c);
    } else if (said && c->upgrading && !begin_tls(c)) {
        conn_close(c);
        return;
    }
    conn_tick(c);
    poll_again(c);
    conn_arm(c);
}

static void drop_input(struct conn *c)
{
    ssize_t n = read(c->fd, c->loop->buffer, c->loop->io->set.read_bytes);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        conn_close(c);
}

static void feed(struct conn *c, size_t len)
{
    struct hs_err err;
    c->fed = true;
    c->moved_ms = loop_now(c->loop);
    conn_tick(c);
    if (ops(c)->feed(c->session, hs_str_n(c->loop->buffer, len), &err) != HS_OK)
        session_failed(c, &err);
    else
        look_for_upgrade(c);
}

/* false: the connection is closed and gone. */
static bool read_turn(struct conn *c)
{
    for (int i = 0; i < READS_A_TURN && wants_input(c); i++) {
        ssize_t n = read_some(c, c->loop->buffer, c->loop->io->set.read_bytes);
        if (n == -1)
            return true;
        if (n <= 0) {
            conn_close(c);
            return false;
        }
        feed(c, (size_t)n);
        if (!c->ssl && (size_t)n < c->loop->io->set.read_bytes)
            return true; /* the socket is empty: no call needed to learn it */
    }
    return true;
}

enum { TLS_HANDSHAKE = 0x16 }; /* the first byte of a record that begins TLS; no protocol here begins so */

/* Of a listener where TLS is asked for inside the protocol: the first byte is looked at and stays where it is. -1: not
 * there yet, -2: none comes. */
static int greet(struct conn *c)
{
    unsigned char byte;
    ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return -1;
    if (n <= 0)
        return -2;
    c->greeting = false;
    c->direct = byte == TLS_HANDSHAKE;
    return !c->direct || tls_begin(c) ? 1 : -2;
}

static hs_rc on_handshake(struct conn *c, struct hs_err *err)
{
    if (!c->session)
        return conn_start_session(c, err);
    c->shaking = false;
    return conn_secured(c, err);
}

/* false: the connection is closed and gone. */
static bool handshake(struct conn *c)
{
    struct hs_err err;
    int state = c->greeting ? greet(c) : 1;
    if (state == 1 && c->ssl)
        state = tls_handshake(c);
    if (state == -1)
        return true;
    if (state == 1 && on_handshake(c, &err) == HS_OK)
        return true;
    if (state == 1)
        log_failure(c, HS_LOG_WARN, "connection_refused", &err);
    else if (!c->greeting)
        hs_log(HS_LOG_INFO, "connection_refused", "peer", c->peer, "why", "TLS handshake failed", NULL);
    conn_close(c);
    return false;
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct conn *c = poll->data;
    if (c->dead)
        return;
    if (status < 0) {
        conn_close(c);
        return;
    }
    if (c->linger_ms >= 0) {
        drop_input(c);
        return;
    }
    if ((!c->session || c->shaking) && !handshake(c))
        return;
    bool ready = c->session && !c->shaking;
    if (ready && ((events & UV_READABLE) || c->read_wants_write) && !read_turn(c))
        return;
    conn_pump(c);
}

/* Plain connections have a session at once; TLS ones after the handshake, whose first bytes are waited for here. */
void conn_begin(struct conn *c)
{
    if (!c->ssl && !c->greeting && !handshake(c))
        return;
    conn_pump(c);
}
