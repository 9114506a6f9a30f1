/* A client made of nghttp2 and a front made of a script, joined to the machine under test by memory. Header-only, so
 * that each test stays one file. */
#ifndef HS_WIRE_TEST_RIG_H
#define HS_WIRE_TEST_RIG_H

#include "base/alloc.h"
#include "wire/http2.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>

enum { RIG_CALLS = 600 };

/* The scripted front: what to do is in the path. */
struct rig_call {
    struct hs_grpc_call *call;
    char path[64];
    int messages, half_closes, closes, writables;
    size_t bytes;
    hs_rc why;
    int left; /* messages still to send */
    size_t size;
    bool later; /* "nothing yet" until the test resumes */
};

struct rig_answer { /* what the client saw of one stream */
    int status, grpc_status;
    char grpc_message[256], extra[256];
    size_t bytes, frames, largest_frame;
    bool closed, ended;
    uint32_t reset;
    uint64_t sum; /* of the body */
};

struct rig {
    struct hs_http2 *server;
    struct hs_out out;
    nghttp2_session *client;
    struct rig_call calls[RIG_CALLS];
    int call_count, open, released, added;
    struct rig_answer answers[2 * RIG_CALLS + 8];
    struct hs_buf to_server; /* everything the client ever sent */
    bool record, hold;       /* hold: the client does not read */
    bool goaway;
    uint32_t goaway_code;
    int pongs;
    size_t pong_after; /* bytes of DATA seen when the pong came */
    size_t data_bytes;
    int64_t now;
    hs_rc feed_rc;
    struct hs_err err;
};

static inline void rig_release(void *arg)
{
    struct rig *r = arg;
    r->released++;
}

static const char RIG_BODY[4 << 20] = {7, 1, 2, 3};

static inline struct rig_call *rig_of(struct hs_grpc_call *call)
{
    return hs_grpc_data(call);
}

static inline void rig_send(struct rig *r, struct rig_call *c)
{
    char head[16] = "0123456789abcde";
    struct hs_slice slices[] = {{head, sizeof head, NULL, NULL}, {RIG_BODY, c->size, rig_release, r}};
    r->added++;
    c->left--;
    hs_grpc_send_message(c->call, slices, 2);
}

static inline void front_start(void *front, struct hs_grpc_call *call, hs_str path)
{
    struct rig *r = front;
    if (r->call_count == RIG_CALLS)
        return hs_grpc_finish(call, HS_GRPC_UNAVAILABLE, HS_S("rig is full"), NULL, 0);
    struct rig_call *c = &r->calls[r->call_count++];
    *c = (struct rig_call){.call = call};
    snprintf(c->path, sizeof c->path, "%.*s", HS_FMT(path));
    hs_grpc_set_data(call, c);
    r->open++;
    struct hs_grpc_pair pair = {HS_S("x-extra"), HS_S("va\nlue")};
    struct hs_grpc_pair binary = {HS_S("x-raw-bin"), HS_S("\x01\xff")};
    if (hs_str_starts(path, HS_S("/denied")))
        hs_grpc_finish(call, HS_GRPC_PERMISSION_DENIED, HS_S("n\xc3\xb6 50%\n"), (struct hs_grpc_pair[]){pair, binary},
                       2);
    else if (sscanf(c->path, "/stream/%d/%zu", &c->left, &c->size) == 2 ||
             sscanf(c->path, "/later/%d/%zu", &c->left, &c->size) == 2)
        hs_grpc_send_headers(call, &pair, 1);
    c->later = hs_str_starts(path, HS_S("/later"));
    if (hs_str_starts(path, HS_S("/paused")))
        hs_grpc_pause(call, true);
    if (hs_str_starts(path, HS_S("/small")))
        hs_grpc_limit_message(call, 100);
}

static inline void front_message(struct hs_grpc_call *call, hs_str bytes)
{
    struct rig_call *c = rig_of(call);
    if (!c)
        return;
    c->messages++;
    c->bytes += bytes.len;
    for (size_t i = 0; i < bytes.len; i += 97)
        c->size += 0 * (size_t)bytes.at[i]; /* touched, for the sanitizer */
    if (hs_str_starts(hs_str_of(c->path), HS_S("/echo")))
        hs_grpc_send_bytes(call, bytes);
    if (hs_str_starts(hs_str_of(c->path), HS_S("/one")))
        hs_grpc_pause(call, true);
}

static inline void front_half_close(struct hs_grpc_call *call)
{
    struct rig_call *c = rig_of(call);
    if (!c)
        return;
    c->half_closes++;
    if (hs_str_starts(hs_str_of(c->path), HS_S("/echo")) || hs_str_starts(hs_str_of(c->path), HS_S("/take")) ||
        hs_str_starts(hs_str_of(c->path), HS_S("/paused")))
        hs_grpc_finish(call, HS_GRPC_OK, HS_S(""), NULL, 0);
}

static inline void front_writable(struct hs_grpc_call *call)
{
    struct rig_call *c = rig_of(call);
    struct rig *r = hs_grpc_session(call);
    c->writables++;
    if (c->later || hs_str_starts(hs_str_of(c->path), HS_S("/echo")))
        return;
    if (c->left > 0)
        rig_send(r, c);
    else
        hs_grpc_finish(call, HS_GRPC_OK, HS_S(""), NULL, 0);
}

static inline void front_closed(struct hs_grpc_call *call, hs_rc why)
{
    struct rig_call *c = rig_of(call);
    struct rig *r = hs_grpc_session(call);
    if (!c)
        return;
    c->closes++;
    c->why = why;
    c->call = NULL;
    r->open--;
}

static const struct hs_grpc_server RIG_FRONT = {front_start, front_message, front_half_close, front_writable,
                                                front_closed};

static inline struct rig_answer *rig_answer(struct rig *r, int32_t stream)
{
    return &r->answers[(size_t)stream % (2 * RIG_CALLS + 8)];
}

static inline int client_header(nghttp2_session *s, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                                const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
    (void)s, (void)flags;
    struct rig_answer *a = rig_answer(user, frame->hd.stream_id);
    hs_str n = hs_str_n(name, name_len), v = hs_str_n(value, value_len);
    char text[256];
    snprintf(text, sizeof text, "%.*s", HS_FMT(v));
    if (hs_str_is(n, ":status"))
        a->status = atoi(text);
    else if (hs_str_is(n, "grpc-status"))
        a->grpc_status = atoi(text);
    else if (hs_str_is(n, "grpc-message"))
        snprintf(a->grpc_message, sizeof a->grpc_message, "%s", text);
    else if (hs_str_starts(n, HS_S("x-")))
        snprintf(a->extra + strlen(a->extra), sizeof a->extra - strlen(a->extra), "%.*s=%s;", HS_FMT(n), text);
    return 0;
}

static inline int client_frame(nghttp2_session *s, const nghttp2_frame *frame, void *user)
{
    (void)s;
    struct rig *r = user;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        r->goaway = true;
        r->goaway_code = frame->goaway.error_code;
    } else if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK)) {
        r->pongs++;
        r->pong_after = r->data_bytes;
    } else if (frame->hd.type == NGHTTP2_DATA) {
        struct rig_answer *a = rig_answer(r, frame->hd.stream_id);
        a->frames++;
        if (frame->hd.length > a->largest_frame)
            a->largest_frame = frame->hd.length;
    }
    if (frame->hd.stream_id && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        rig_answer(r, frame->hd.stream_id)->ended = true;
    return 0;
}

static inline int client_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *at, size_t len, void *user)
{
    (void)s, (void)flags;
    struct rig *r = user;
    struct rig_answer *a = rig_answer(r, id);
    a->bytes += len;
    r->data_bytes += len;
    for (size_t i = 0; i < len; i++)
        a->sum += at[i];
    return 0;
}

static inline int client_close(nghttp2_session *s, int32_t id, uint32_t code, void *user)
{
    (void)s;
    struct rig_answer *a = rig_answer(user, id);
    a->closed = true;
    a->reset = code;
    return 0;
}

static inline void rig_open(struct rig *r, const struct hs_http2_settings *settings, uint32_t window,
                            uint32_t frame_max)
{
    memset(r, 0, sizeof *r);
    r->now = 1000;
    hs_out_init(&r->out);
    hs_buf_init(&r->to_server, 1 << 28);
    nghttp2_session_callbacks *c;
    nghttp2_session_callbacks_new(&c);
    nghttp2_session_callbacks_set_on_header_callback(c, client_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(c, client_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, client_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(c, client_close);
    nghttp2_option *o;
    nghttp2_option_new(&o);
    nghttp2_option_set_no_auto_window_update(o, window == 1);
    nghttp2_session_client_new2(&r->client, c, r, o);
    nghttp2_option_del(o);
    nghttp2_session_callbacks_del(c);
    nghttp2_settings_entry entries[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window > 1 ? window : 65535},
                                        {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, frame_max}};
    nghttp2_submit_settings(r->client, 0, entries, 2);
    if (window > 65535)
        nghttp2_session_set_local_window_size(r->client, 0, 0, (int32_t)window);
    r->feed_rc = hs_http2_open(settings, &RIG_FRONT, r, &r->server, &r->err);
    if (r->feed_rc == HS_OK)
        hs_http2_known(r->server);
}

static inline void rig_close(struct rig *r)
{
    hs_http2_close(r->server);
    hs_out_fini(&r->out);
    nghttp2_session_del(r->client);
    hs_buf_fini(&r->to_server);
}

static inline void rig_feed(struct rig *r, const void *at, size_t len)
{
    hs_http2_tick(r->server, r->now);
    hs_rc rc = hs_http2_feed(r->server, hs_str_n(at, len), &r->err);
    if (rc != HS_OK && r->feed_rc == HS_OK)
        r->feed_rc = rc;
}

static inline bool rig_client_to_server(struct rig *r)
{
    const uint8_t *at;
    bool any = false;
    for (ssize_t n; (n = nghttp2_session_mem_send(r->client, &at)) > 0; any = true) {
        if (r->record)
            hs_buf_add(&r->to_server, at, (size_t)n);
        rig_feed(r, at, (size_t)n);
    }
    return any;
}

static inline bool rig_server_to_client(struct rig *r)
{
    bool any = false;
    for (;;) {
        hs_rc rc = hs_http2_produce(r->server, &r->out, &r->err);
        if (rc != HS_OK && r->feed_rc == HS_OK)
            r->feed_rc = rc;
        struct iovec iov;
        if (r->hold || hs_out_iov(&r->out, &iov, 1) == 0)
            return any;
        nghttp2_session_mem_recv(r->client, iov.iov_base, iov.iov_len);
        hs_out_consumed(&r->out, iov.iov_len);
        any = true;
    }
}

/* Until neither side has anything to say. */
static inline void rig_run(struct rig *r)
{
    bool any = true;
    while (any) {
        any = rig_client_to_server(r);
        any |= rig_server_to_client(r);
    }
}

struct rig_body {
    const char *at;
    size_t len;
    bool open; /* keep the request open after the body */
};

static inline ssize_t client_read(nghttp2_session *s, int32_t id, uint8_t *buf, size_t len, uint32_t *flags,
                                  nghttp2_data_source *source, void *user)
{
    (void)s, (void)id, (void)user;
    struct rig_body *b = source->ptr;
    size_t n = b->len < len ? b->len : len;
    if (n)
        memcpy(buf, b->at, n);
    b->at += n;
    b->len -= n;
    if (b->len == 0 && b->open && n == 0)
        return NGHTTP2_ERR_DEFERRED;
    if (b->len == 0 && !b->open)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

#define NV(n, v)                                                                                         \
    {                                                                                                    \
        (uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), strlen(n), strlen(v), NGHTTP2_NV_FLAG_NONE \
    }

static inline int32_t rig_request(struct rig *r, const char *path, struct rig_body *body, const char *name,
                                  const char *value)
{
    nghttp2_nv nv[] = {NV(":method", "POST"),
                       NV(":scheme", "http"),
                       NV(":authority", "localhost"),
                       NV(":path", path),
                       NV("content-type", "application/grpc"),
                       NV("te", "trailers"),
                       NV(name ? name : "user-agent", name ? value : "rig")};
    nghttp2_data_provider p = {.source.ptr = body, .read_callback = client_read};
    return nghttp2_submit_request(r->client, NULL, nv, 7, body ? &p : NULL, NULL);
}

/* A gRPC message of n bytes appended to b. */
static inline void rig_message(struct hs_buf *b, size_t n)
{
    uint8_t prefix[5] = {0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    hs_buf_add(b, prefix, 5);
    char *room = hs_buf_room(b, n);
    memset(room, 'm', n);
    b->len += n;
}

#endif
