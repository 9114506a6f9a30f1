/* The response half of a call: headers, messages that point into memory of others, trailers. */
#include "wire/http2_in.h"

#include "base/alloc.h"

#include <stdio.h>

enum { RESPONSE_HEADERS_MAX = 32768 };

/* Bytes outside printable ASCII may not travel in a gRPC header: '?' for each, so that a front's mistake cannot become
 * a protocol error for the whole connection. */
static void add_clean(struct hs_buf *b, hs_str name, hs_str value)
{
    size_t at = b->len + 8 + name.len;
    pairs_add(b, name, value);
    for (; !b->failed && at < b->len; at++) {
        unsigned char c = (unsigned char)b->at[at];
        if (c < 0x20 || c > 0x7e)
            b->at[at] = '?';
    }
}

static void add_binary(struct hs_buf *b, hs_str name, hs_str value)
{
    struct hs_buf text;
    hs_buf_init(&text, RESPONSE_HEADERS_MAX);
    hs_buf_add_base64(&text, value.at, value.len);
    hs_str encoded = hs_buf_str(&text);
    while (hs_str_ends(encoded, HS_S("=")))
        encoded.len--;
    if (text.failed)
        b->failed = true;
    else
        pairs_add(b, name, encoded);
    hs_buf_fini(&text);
}

static void add_all(struct hs_buf *b, const struct hs_grpc_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (hs_str_ends(pairs[i].name, HS_S("-bin")))
            add_binary(b, pairs[i].name, pairs[i].value);
        else
            add_clean(b, pairs[i].name, pairs[i].value);
    }
}

/* Asks for a reset and remembers why; a call asks at most once. */
void call_reset(struct hs_grpc_call *call, uint32_t code, hs_rc why)
{
    if (call->given_up || call->session->no_memory)
        return;
    call->given_up = call->finished = true;
    if (call->why == HS_OK)
        call->why = why;
    if (nghttp2_submit_rst_stream(call->session->ng, NGHTTP2_FLAG_NONE, call->stream_id, code) != 0)
        session_is_out_of_memory(call->session);
}

static void resume(struct hs_grpc_call *call)
{
    if (!call->deferred || call->session->no_memory)
        return;
    call->deferred = false;
    if (nghttp2_session_resume_data(call->session->ng, call->stream_id) == NGHTTP2_ERR_NOMEM)
        session_is_out_of_memory(call->session);
}

/* A failure inside a function of the front's: the stream is reset when nghttp2 next asks for its data. */
static void break_call(struct hs_grpc_call *call, hs_rc why)
{
    call->broken = call->finished = true;
    if (call->why == HS_OK)
        call->why = why;
    if (call->headers_sent)
        resume(call);
    else
        call_reset(call, NGHTTP2_INTERNAL_ERROR, why);
}

static ssize_t read_response(nghttp2_session *ng, int32_t stream_id, uint8_t *buf, size_t length, uint32_t *flags,
                             nghttp2_data_source *source, void *user_data)
{
    (void)ng, (void)stream_id, (void)buf, (void)user_data;
    return call_read(source->ptr, length, flags);
}

/* Submits response headers; with `end` they are all there is. */
static bool submit(struct hs_grpc_call *call, const struct hs_buf *pairs, bool end)
{
    size_t count = 0;
    nghttp2_nv *nv = pairs->failed ? NULL : pairs_nv(hs_buf_str(pairs), &count);
    nghttp2_data_provider provider = {.source.ptr = call, .read_callback = read_response};
    int rc = NGHTTP2_ERR_NOMEM;
    if (nv && !call->session->no_memory)
        rc = nghttp2_submit_response(call->session->ng, call->stream_id, nv, count, end ? NULL : &provider);
    hs_free(nv);
    call->headers_sent = true;
    if (rc == 0)
        call->trailers_out = end;
    return rc == 0;
}

static void add_fixed(struct hs_buf *b)
{
    hs_buf_init(b, RESPONSE_HEADERS_MAX);
    pairs_add(b, HS_S(":status"), HS_S("200"));
    pairs_add(b, HS_S("content-type"), HS_S("application/grpc"));
}

void hs_grpc_send_headers(struct hs_grpc_call *call, const struct hs_grpc_pair *pairs, size_t count)
{
    if (call->headers_sent || call->finished)
        return;
    struct hs_buf all;
    add_fixed(&all);
    pairs_add(&all, HS_S("grpc-accept-encoding"), HS_S("identity"));
    add_all(&all, pairs, count);
    if (!submit(call, &all, false))
        call_reset(call, NGHTTP2_INTERNAL_ERROR, HS_NOMEM);
    hs_buf_fini(&all);
}

/* For who speaks HTTP but not gRPC: words to read, beside those that a gRPC client looks for. */
void call_http_error(struct hs_grpc_call *call)
{
    static const char MESSAGE[] = "only gRPC is spoken here";
    struct hs_buf all;
    hs_buf_init(&all, RESPONSE_HEADERS_MAX);
    pairs_add(&all, HS_S(":status"), hs_str_of(call->plain));
    pairs_add(&all, HS_S("content-type"), HS_S("text/plain"));
    pairs_add(&all, HS_S("grpc-status"), HS_S("2"));
    pairs_add(&all, HS_S("grpc-message"), HS_S(MESSAGE));
    bool body = !hs_str_is(pairs_find(hs_buf_str(&call->headers), HS_S(":method")), "HEAD");
    call->finished = true;
    if (body && !hs_out_copy(&call->pending, MESSAGE, sizeof MESSAGE - 1))
        all.failed = true;
    if (!submit(call, &all, !body))
        call_reset(call, NGHTTP2_INTERNAL_ERROR, HS_NOMEM);
    hs_buf_fini(&all);
}

static void release(const struct hs_slice *slices, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slices[i].release)
            slices[i].release(slices[i].arg);
    }
}

static bool add_slice(struct hs_out *out, struct hs_slice slice)
{
    if (!slice.release && slice.len <= HS_GRPC_COPY)
        return hs_out_copy(out, slice.at, slice.len);
    return hs_out_add(out, slice); /* releases by itself when it fails */
}

static bool add_prefix(struct hs_out *out, size_t len)
{
    uint8_t prefix[5] = {0, (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
    return hs_out_copy(out, prefix, sizeof prefix);
}

void hs_grpc_send_message(struct hs_grpc_call *call, const struct hs_slice *slices, size_t count)
{
    if (!call->headers_sent)
        hs_grpc_send_headers(call, NULL, 0);
    uint64_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += slices[i].len;
    if (call->finished || len > UINT32_MAX || !add_prefix(&call->pending, (size_t)len)) {
        release(slices, count);
        if (!call->finished)
            break_call(call, len > UINT32_MAX ? HS_LIMIT : HS_NOMEM);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (!add_slice(&call->pending, slices[i])) {
            release(slices + i + 1, count - i - 1);
            break_call(call, HS_NOMEM);
            return;
        }
    }
    call->waiting = false;
    resume(call);
}

void hs_grpc_send_bytes(struct hs_grpc_call *call, hs_str bytes)
{
    char *copy = bytes.len > HS_GRPC_COPY ? hs_strndup(bytes.at, bytes.len) : NULL;
    if (bytes.len <= HS_GRPC_COPY)
        hs_grpc_send_message(call, &(struct hs_slice){bytes.at, bytes.len, NULL, NULL}, 1);
    else if (copy)
        hs_grpc_send_message(call, &(struct hs_slice){copy, bytes.len, hs_free, copy}, 1);
    else if (!call->finished)
        break_call(call, HS_NOMEM);
}

size_t hs_grpc_pending(const struct hs_grpc_call *call)
{
    return hs_out_len(&call->pending);
}

void hs_grpc_resume(struct hs_grpc_call *call)
{
    call->waiting = false;
    if (call->headers_sent && !call->given_up)
        resume(call);
}

/* Percent-encoded as the gRPC specification says: everything but printable ASCII, and '%'. */
static void add_message(struct hs_buf *b, hs_str message)
{
    struct hs_buf text;
    hs_buf_init(&text, 3 * 2048);
    for (size_t i = 0; i < message.len && i < 2048; i++) {
        unsigned char c = (unsigned char)message.at[i];
        if (c < 0x20 || c > 0x7e || c == '%')
            hs_buf_addf(&text, "%%%02X", c);
        else
            hs_buf_addc(&text, (char)c);
    }
    if (text.failed)
        b->failed = true;
    else if (text.len)
        pairs_add(b, HS_S("grpc-message"), hs_buf_str(&text));
    hs_buf_fini(&text);
}

static void add_status(struct hs_buf *b, enum hs_grpc_status status, hs_str message, const struct hs_grpc_pair *pairs,
                       size_t count)
{
    char number[16];
    snprintf(number, sizeof number, "%d", (int)status);
    pairs_add(b, HS_S("grpc-status"), hs_str_of(number));
    add_message(b, message);
    add_all(b, pairs, count);
}

void hs_grpc_finish(struct hs_grpc_call *call, enum hs_grpc_status status, hs_str message,
                    const struct hs_grpc_pair *trailers, size_t count)
{
    if (call->finished)
        return;
    call->finished = true;
    if (call->headers_sent) {
        add_status(&call->trailers, status, message, trailers, count);
        if (call->trailers.failed)
            break_call(call, HS_NOMEM);
        else
            resume(call);
        return;
    }
    struct hs_buf all;
    add_fixed(&all);
    add_status(&all, status, message, trailers, count);
    if (!submit(call, &all, true))
        call_reset(call, NGHTTP2_INTERNAL_ERROR, HS_NOMEM);
    hs_buf_fini(&all);
}

void call_refuse(struct hs_grpc_call *call, enum hs_grpc_status status, hs_rc why, const char *message)
{
    if (call->finished)
        return;
    call->why = why;
    hs_grpc_finish(call, status, hs_str_of(message), NULL, 0);
}

/* Asks the front for more while little is pending. */
void call_fill(struct hs_grpc_call *call)
{
    if (call->finished || call->waiting || !call->started || hs_out_len(&call->pending) >= call->session->set.low_water)
        return;
    size_t before = hs_out_len(&call->pending);
    call->session->server->writable(call);
    if (!call->finished && hs_out_len(&call->pending) == before)
        call->waiting = true;
}

static ssize_t submit_trailers(struct hs_grpc_call *call, uint32_t *flags)
{
    size_t count = 0;
    nghttp2_nv *nv = pairs_nv(hs_buf_str(&call->trailers), &count);
    int rc = nv ? nghttp2_submit_trailer(call->session->ng, call->stream_id, nv, count) : NGHTTP2_ERR_NOMEM;
    hs_free(nv);
    if (rc != 0) {
        call->why = call->why == HS_OK ? HS_NOMEM : call->why;
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    call->trailers_out = true;
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    return 0;
}

/* How much of a DATA frame there is; the bytes themselves are moved when nghttp2 calls for the frame. */
ssize_t call_read(struct hs_grpc_call *call, size_t length, uint32_t *flags)
{
    call_fill(call);
    if (call->broken)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    size_t ready = hs_out_len(&call->pending);
    if (ready == 0 && call->finished && !call->plain)
        return submit_trailers(call, flags);
    if (ready == 0) {
        call->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (call->plain && ready <= length)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)(ready < length ? ready : length);
}
