/* A client of nghttp2 joined to hs_front_flight by memory: messages in, messages out, everything it sent kept. */
#ifndef HS_FLIGHT_TEST_RIG_H
#define HS_FLIGHT_TEST_RIG_H

#include "fake.h"
#include "front/flight/settings.h"
#include "front/frontend.h"
#include "wire/proto.h"

#include <nghttp2/nghttp2.h>
#include <sys/uio.h>

enum { RIG_STREAMS = 64, RIG_MESSAGES = 64 };

struct rig_stream {
    struct hs_buf in, out; /* received DATA; to send */
    size_t sent;
    bool end, closed; /* end: half-close after out */
    int status;       /* grpc-status, -1 none */
    char words[256], token[256], trailer_token[256], request_id[64];
    bool trailers;
};

struct rig {
    void *session;
    bool session_open;
    struct hs_front_env env;
    struct hs_out out;
    nghttp2_session *client;
    struct rig_stream streams[RIG_STREAMS];
    struct hs_buf sent;
    bool woken, hold, broken;
    struct hs_err err;
};

static inline void rig_wake(void *waker)
{
    ((struct rig *)waker)->woken = true;
}

static inline struct rig_stream *rig_stream(struct rig *r, int32_t id)
{
    return &r->streams[(id / 2) % RIG_STREAMS];
}

static inline int rig_on_header(nghttp2_session *s, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                                const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
    (void)s, (void)flags;
    struct rig_stream *t = rig_stream(user, frame->hd.stream_id);
    hs_str n = hs_str_n(name, name_len), v = hs_str_n(value, value_len);
    bool trailer = frame->headers.cat == NGHTTP2_HCAT_HEADERS;
    char text[256];
    snprintf(text, sizeof text, "%.*s", HS_FMT(v));
    if (hs_str_is(n, "grpc-status"))
        t->status = atoi(text);
    else if (hs_str_is(n, "grpc-message"))
        snprintf(t->words, sizeof t->words, "%s", text);
    else if (hs_str_is(n, "authorization"))
        snprintf(trailer ? t->trailer_token : t->token, sizeof t->token, "%s", text);
    else if (hs_str_is(n, "x-request-id"))
        snprintf(t->request_id, sizeof t->request_id, "%.63s", text);
    return 0;
}

static inline int rig_on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *at, size_t len, void *user)
{
    (void)s, (void)flags;
    hs_buf_add(&rig_stream(user, id)->in, at, len);
    return 0;
}

static inline int rig_on_close(nghttp2_session *s, int32_t id, uint32_t code, void *user)
{
    (void)s, (void)code;
    rig_stream(user, id)->closed = true;
    return 0;
}

static inline ssize_t rig_read(nghttp2_session *s, int32_t id, uint8_t *buf, size_t len, uint32_t *flags,
                               nghttp2_data_source *source, void *user)
{
    (void)s, (void)source;
    struct rig_stream *t = rig_stream(user, id);
    size_t left = t->out.len - t->sent, n = left < len ? left : len;
    if (n == 0 && !t->end)
        return NGHTTP2_ERR_DEFERRED;
    if (n)
        memcpy(buf, t->out.at + t->sent, n);
    t->sent += n;
    if (t->sent == t->out.len && t->end)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

static inline void rig_client(struct rig *r)
{
    nghttp2_session_callbacks *c;
    nghttp2_session_callbacks_new(&c);
    nghttp2_session_callbacks_set_on_header_callback(c, rig_on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, rig_on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(c, rig_on_close);
    nghttp2_session_client_new(&r->client, c, r);
    nghttp2_session_callbacks_del(c);
    nghttp2_submit_settings(r->client, 0, NULL, 0);
}

static inline bool rig_open_server(struct rig *r)
{
    struct hs_peer peer = {.address = HS_S("127.0.0.1:5")};
    static const struct hs_flight_settings settings = {.poll_ms = -1}; /* polls are answered at once */
    r->env = (struct hs_front_env){
        .access = (struct hs_access *)r, .wake = rig_wake, .server_version = "9.9", .settings = &settings};
    if (hs_front_flight.share(&r->env, &r->env.shared, &r->err) != HS_OK)
        return false;
    r->session_open = hs_front_flight.open(&r->env, &peer, r, &r->session, &r->err) == HS_OK;
    return r->session_open;
}

static inline void rig_open(struct rig *r)
{
    memset(r, 0, sizeof *r);
    memset(&fake, 0, sizeof fake);
    hs_log_setup(HS_LOG_ERROR + 1, false, 2);
    hs_out_init(&r->out);
    hs_buf_init(&r->sent, 1 << 26);
    for (int i = 0; i < RIG_STREAMS; i++) {
        r->streams[i].status = -1;
        hs_buf_init(&r->streams[i].in, 1 << 26);
        hs_buf_init(&r->streams[i].out, 1 << 26);
    }
    rig_client(r);
}

static inline void rig_close(struct rig *r)
{
    if (r->session_open)
        hs_front_flight.close(r->session);
    fake_run_jobs();
    hs_front_flight.unshare(r->env.shared);
    nghttp2_session_del(r->client);
    hs_out_fini(&r->out);
    hs_buf_fini(&r->sent);
    for (int i = 0; i < RIG_STREAMS; i++) {
        hs_buf_fini(&r->streams[i].in);
        hs_buf_fini(&r->streams[i].out);
    }
}

static inline void rig_feed(struct rig *r, hs_str bytes)
{
    hs_front_flight.tick(r->session, 1000);
    if (!r->broken && hs_front_flight.feed(r->session, bytes, &r->err) != HS_OK)
        r->broken = true;
}

static inline bool rig_up(struct rig *r)
{
    const uint8_t *at;
    bool any = false;
    for (ssize_t n; (n = nghttp2_session_mem_send(r->client, &at)) > 0; any = true) {
        hs_buf_add(&r->sent, at, (size_t)n);
        rig_feed(r, hs_str_n(at, (size_t)n));
    }
    return any;
}

static inline bool rig_down(struct rig *r)
{
    struct iovec iov;
    bool any = false;
    for (;;) {
        if (hs_front_flight.produce(r->session, &r->out, &r->err) != HS_OK)
            r->broken = true;
        if (r->hold || hs_out_iov(&r->out, &iov, 1) == 0)
            return any;
        nghttp2_session_mem_recv(r->client, iov.iov_base, iov.iov_len);
        hs_out_consumed(&r->out, iov.iov_len);
        any = true;
    }
}

static inline bool rig_wake_up(struct rig *r)
{
    bool any = fake_run_jobs() || r->woken;
    if (any)
        hs_front_flight.wake(r->session);
    r->woken = false;
    return any;
}

static inline void rig_run(struct rig *r)
{
    for (bool any = true; any;) {
        any = rig_up(r);
        any |= rig_down(r);
        any |= rig_wake_up(r);
    }
}

#define RIG_NV(n, v)                                                                                     \
    {                                                                                                    \
        (uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), strlen(n), strlen(v), NGHTTP2_NV_FLAG_NONE \
    }

/* A call is opened; messages follow by rig_say, rig_end closes the client's side. */
static inline int32_t rig_call(struct rig *r, const char *method, const char *authorization)
{
    char path[128];
    snprintf(path, sizeof path, "/arrow.flight.protocol.FlightService/%s", method);
    nghttp2_nv nv[] = {RIG_NV(":method", "POST"),
                       RIG_NV(":scheme", "http"),
                       RIG_NV(":authority", "localhost"),
                       RIG_NV(":path", path),
                       RIG_NV("content-type", "application/grpc"),
                       RIG_NV("te", "trailers"),
                       RIG_NV("x-hailstorm-purpose", "testing"),
                       RIG_NV("authorization", authorization ? authorization : "")};
    nghttp2_data_provider p = {.read_callback = rig_read};
    return nghttp2_submit_request(r->client, NULL, nv, authorization ? 8 : 7, &p, NULL);
}

static inline void rig_say(struct rig *r, int32_t id, hs_str message)
{
    struct rig_stream *t = rig_stream(r, id);
    uint32_t n = (uint32_t)message.len;
    uint8_t prefix[5] = {0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    hs_buf_add(&t->out, prefix, sizeof prefix);
    hs_buf_adds(&t->out, message);
    nghttp2_session_resume_data(r->client, id);
}

static inline void rig_end(struct rig *r, int32_t id)
{
    rig_stream(r, id)->end = true;
    nghttp2_session_resume_data(r->client, id);
}

/* The nth message of an answer; .at NULL past the last. */
static inline hs_str rig_message(struct rig *r, int32_t id, int n)
{
    hs_str rest = hs_buf_str(&rig_stream(r, id)->in);
    while (rest.len >= 5) {
        const uint8_t *p = (const uint8_t *)rest.at;
        size_t len = ((size_t)p[1] << 24) | ((size_t)p[2] << 16) | ((size_t)p[3] << 8) | p[4];
        if (len > rest.len - 5)
            break;
        if (n-- == 0)
            return hs_str_n(rest.at + 5, len);
        rest = hs_str_n(rest.at + 5 + len, rest.len - 5 - len);
    }
    return (hs_str){0};
}

static inline int rig_message_count(struct rig *r, int32_t id)
{
    int n = 0;
    while (rig_message(r, id, n).at)
        n++;
    return n;
}

static inline int32_t rig_unary(struct rig *r, const char *method, const char *authorization, hs_str message)
{
    int32_t id = rig_call(r, method, authorization);
    rig_say(r, id, message);
    rig_end(r, id);
    return id;
}

/* ---- requests ---- */

struct rig_bytes {
    struct hs_buf b;
};

static inline void rig_any(struct hs_buf *out, const char *name, hs_str value)
{
    size_t mark = hs_proto_open(out, 1);
    hs_buf_addf(out, "type.googleapis.com/arrow.flight.protocol.sql.%s", name);
    hs_proto_close(out, mark);
    hs_proto_add_bytes(out, 2, value);
}

/* FlightDescriptor{CMD, Any{name{1: text}}} */
static inline void rig_descriptor(struct hs_buf *out, const char *name, hs_str text)
{
    struct hs_buf value, any;
    hs_buf_init(&value, 1 << 20);
    hs_buf_init(&any, 1 << 20);
    if (text.len)
        hs_proto_add_bytes(&value, 1, text);
    rig_any(&any, name, hs_buf_str(&value));
    hs_proto_add_varint(out, 1, 2);
    hs_proto_add_bytes(out, 2, hs_buf_str(&any));
    hs_buf_fini(&value);
    hs_buf_fini(&any);
}

/* Bytes of field `number` of a message, following the path of numbers. */
static inline hs_str rig_dig(hs_str message, const int *path)
{
    for (; *path; path++) {
        struct hs_cursor c = hs_cursor_of(message);
        struct hs_proto_field f;
        hs_str found = {0};
        while (hs_proto_next(&c, &f))
            if ((int)f.number == *path && !found.at)
                found = f.bytes;
        message = found;
    }
    return message;
}
#define RIG_DIG(message, ...) rig_dig((message), (const int[]){__VA_ARGS__, 0})

#endif
