/* Frames over a SOCK_SEQPACKET pair: see channel.h. */
#include "engine/channel.h"
#include "base/alloc.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* On the wire: kind u8, more u8, zero u16, statement u32, length u32, then length bytes. */
enum { HEADER = 12 };

static void write_header(uint8_t out[HEADER], unsigned kind, bool more, uint32_t statement, uint32_t length)
{
    memset(out, 0, HEADER);
    out[0] = (uint8_t)kind;
    out[1] = more;
    memcpy(out + 4, &statement, 4);
    memcpy(out + 8, &length, 4);
}

static hs_rc wait_for_room(int fd, int64_t until_us, struct hs_err *err)
{
    int64_t left_ms = (until_us - hs_mono_us()) / 1000;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
        return hs_fail_hidden(err, HS_TIMEOUT, "the other side of the channel does not read");
    return HS_OK;
}

static hs_rc send_packet(int fd, const uint8_t header[HEADER], hs_str part, int passed, int64_t until_us,
                         struct hs_err *err)
{
    struct iovec iov[2] = {{(void *)header, HEADER}, {(void *)part.at, part.len}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = part.len ? 2 : 1};
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    if (passed >= 0) {
        memset(&control, 0, sizeof control);
        msg.msg_control = control.space;
        msg.msg_controllen = sizeof control.space;
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &passed, sizeof(int));
    }
    for (;;) {
        if (sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return HS_OK;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            HS_TRY(wait_for_room(fd, until_us, err));
        else if (errno != EINTR)
            return hs_fail_hidden(err, HS_UNAVAILABLE, "channel: %s", strerror(errno));
    }
}

hs_rc hs_channel_send(int fd, enum hs_channel_kind kind, uint32_t statement, hs_str payload, int passed, int timeout_ms,
                      struct hs_err *err)
{
    if (payload.len > HS_CHANNEL_MAX)
        return hs_fail(err, HS_LIMIT, "the statement and its plan are too large");
    int64_t until_us = hs_mono_us() + (int64_t)timeout_ms * 1000;
    for (size_t at = 0;;) {
        size_t part = payload.len - at < HS_CHANNEL_PACKET ? payload.len - at : HS_CHANNEL_PACKET;
        bool last = at + part == payload.len;
        uint8_t header[HEADER];
        write_header(header, kind, !last, statement, (uint32_t)part);
        HS_TRY(send_packet(fd, header, hs_str_n(payload.at + at, part), last ? passed : -1, until_us, err));
        at += part;
        if (last)
            return HS_OK;
    }
}

void hs_channel_reader_init(struct hs_channel_reader *r, size_t max)
{
    *r = (struct hs_channel_reader){0};
    hs_buf_init(&r->body, max);
}

void hs_channel_reader_fini(struct hs_channel_reader *r)
{
    hs_wipe(r->body.at, r->body.cap); /* may have held a mask key */
    hs_buf_fini(&r->body);
}

static hs_rc take_part(struct hs_channel_reader *r, unsigned kind, uint32_t statement, hs_str part, struct hs_err *err)
{
    if (r->partial && (kind != r->kind || statement != r->statement))
        return hs_fail_hidden(err, HS_CORRUPT, "channel: packets of two messages are mixed");
    if (!r->partial)
        hs_buf_clear(&r->body);
    r->kind = kind;
    r->statement = statement;
    hs_buf_adds(&r->body, part);
    if (r->body.failed)
        return hs_fail_hidden(err, HS_CORRUPT, "channel: message over %zu bytes", r->body.max);
    return HS_OK;
}

hs_rc hs_channel_feed(struct hs_channel_reader *r, hs_str packet, struct hs_channel_message *out,
                      enum hs_channel_got *out_got, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(packet);
    unsigned kind = hs_cursor_u8(&c), more = hs_cursor_u8(&c), zero = hs_cursor_u16le(&c);
    uint32_t statement = hs_cursor_u32le(&c);
    hs_str part = hs_cursor_bytes(&c, hs_cursor_u32le(&c));
    /* An empty packet that promises more would let a stranger keep us busy without ever reaching the maximum. */
    if (c.bad || hs_cursor_left(&c) || zero || more > 1 || (more && !part.len))
        return hs_fail_hidden(err, HS_CORRUPT, "channel: malformed packet of %zu bytes", packet.len);
    HS_TRY(take_part(r, kind, statement, part, err));
    r->partial = more;
    *out_got = HS_GOT_NOTHING;
    if (!more) {
        *out = (struct hs_channel_message){kind, statement, hs_buf_str(&r->body), -1};
        *out_got = HS_GOT_MESSAGE;
    }
    return HS_OK;
}

/* Descriptors in the control data: the first is kept, further ones are closed (nobody honest sends them). */
static int take_descriptor(struct msghdr *msg)
{
    int kept = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (kept < 0)
                kept = fd;
            else
                close(fd);
        }
    }
    return kept;
}

hs_rc hs_channel_receive(int fd, struct hs_channel_reader *r, bool wait, struct hs_channel_message *out,
                         enum hs_channel_got *out_got, struct hs_err *err)
{
    static _Thread_local uint8_t packet[HEADER + HS_CHANNEL_PACKET];
    union {
        char space[CMSG_SPACE(4 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iov = {packet, sizeof packet};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n;
    do
        n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        *out_got = HS_GOT_NOTHING;
        return HS_OK;
    }
    if (n == 0 || (n < 0 && errno == ECONNRESET)) { /* SEQPACKET: our packets are never empty */
        *out_got = HS_GOT_END;
        return HS_OK;
    }
    if (n < 0)
        return hs_fail_hidden(err, HS_UNAVAILABLE, "channel: %s", strerror(errno));
    int passed = take_descriptor(&msg);
    hs_rc rc = HS_OK;
    if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
        rc = hs_fail_hidden(err, HS_CORRUPT, "channel: packet too long");
    else
        rc = hs_channel_feed(r, hs_str_n(packet, (size_t)n), out, out_got, err);
    if (rc == HS_OK && *out_got == HS_GOT_MESSAGE)
        out->passed = passed;
    else if (passed >= 0)
        close(passed);
    return rc;
}

void hs_put_u8(struct hs_buf *b, uint8_t v)
{
    hs_buf_add(b, &v, 1);
}

void hs_put_u32(struct hs_buf *b, uint32_t v)
{
    hs_buf_add(b, &v, sizeof v); /* both sides are one binary on one machine: little-endian */
}

void hs_put_u64(struct hs_buf *b, uint64_t v)
{
    hs_buf_add(b, &v, sizeof v);
}

void hs_put_str(struct hs_buf *b, hs_str s)
{
    if (s.len > UINT32_MAX) {
        b->failed = true;
        return;
    }
    hs_put_u32(b, (uint32_t)s.len);
    hs_buf_adds(b, s);
}

hs_str hs_get_str(struct hs_cursor *c)
{
    return hs_cursor_bytes(c, hs_cursor_u32le(c));
}
