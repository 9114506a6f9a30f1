/* The request half of a call: headers are kept, bytes become messages, and everything held is charged to somebody. */
#include "wire/http2_in.h"

#include "base/alloc.h"
#include "base/cursor.h"

enum { PREFIX = 5, KEEP_CAPACITY = 16384, GROSS = 4 };

struct hs_grpc_call *call_new(struct hs_http2 *h, int32_t stream_id)
{
    struct hs_grpc_call *call = hs_calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->session = h;
    call->stream_id = stream_id;
    call->message_max = h->set.message_max;
    call->timeout_ms = -1;
    call->deadline_ms = INT64_MAX;
    call->moved_ms = h->now_ms;
    hs_buf_init(&call->headers, 2 * (size_t)h->set.header_max + 8 * (size_t)h->set.headers_max);
    hs_buf_init(&call->in, SIZE_MAX - 1); /* bounded by what may be charged */
    hs_buf_init(&call->trailers, 65536);
    hs_out_init(&call->pending);
    call->next = h->calls;
    if (h->calls)
        h->calls->prev = call;
    h->calls = call;
    h->call_count++;
    return call;
}

static void uncharge(struct hs_grpc_call *call, size_t bytes)
{
    call->charged -= bytes;
    call->session->request_bytes -= bytes;
    atomic_fetch_sub(&call->session->set.budget->used, bytes);
}

static bool charge(struct hs_grpc_call *call, size_t bytes)
{
    struct hs_http2 *h = call->session;
    struct hs_http2_budget *budget = h->set.budget;
    if (bytes > h->set.request_max - h->request_bytes)
        return false;
    size_t before = atomic_fetch_add(&budget->used, bytes);
    if (before > budget->max || bytes > budget->max - before) {
        atomic_fetch_sub(&budget->used, bytes);
        return false;
    }
    h->request_bytes += bytes;
    call->charged += bytes;
    return true;
}

void call_end(struct hs_grpc_call *call, hs_rc why)
{
    struct hs_http2 *h = call->session;
    if (call->next)
        call->next->prev = call->prev;
    if (call->prev)
        call->prev->next = call->next;
    else
        h->calls = call->next;
    h->call_count--;
    h->idle_since_ms = h->now_ms;
    hs_out_fini(&call->pending);
    if (call->started)
        h->server->closed(call, why);
    uncharge(call, call->charged);
    hs_buf_fini(&call->headers);
    hs_buf_fini(&call->in);
    hs_buf_fini(&call->trailers);
    hs_free(call);
}

/* Past the maximum nothing more is stored, but the block is read on: HPACK needs it, and the client gets an answer. Far
 * past it the stream is reset instead, and nghttp2 reads on without a look at each field: one byte may name an entry
 * of 4 KiB, so a small block can be a list of gigabytes. */
int call_add_header(struct hs_grpc_call *call, hs_str name, hs_str value)
{
    const struct hs_http2_settings *set = &call->session->set;
    call->header_bytes += name.len + value.len + 32;
    if (++call->header_count > set->headers_max || call->header_bytes > set->header_max)
        call->headers_over = true;
    if (call->header_bytes > (size_t)GROSS * set->header_max || call->header_count > (size_t)GROSS * set->headers_max)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (call->headers_over)
        return 0;
    pairs_add(&call->headers, name, value);
    return call->headers.failed ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE : 0;
}

/* "100m" and the like: at most eight digits and a unit. -1: malformed. */
static int64_t parse_timeout(hs_str text)
{
    uint64_t amount;
    if (text.len < 2 || text.len > 9 || !hs_str_to_u64((hs_str){text.at, text.len - 1}, &amount))
        return -1;
    switch (text.at[text.len - 1]) {
    case 'H':
        return (int64_t)amount * 3600000;
    case 'M':
        return (int64_t)amount * 60000;
    case 'S':
        return (int64_t)amount * 1000;
    case 'm':
        return (int64_t)amount;
    case 'u':
        return (int64_t)(amount + 999) / 1000;
    case 'n':
        return (int64_t)(amount + 999999) / 1000000;
    default:
        return -1;
    }
}

static bool is_grpc(hs_str type)
{
    static const hs_str GRPC = {"application/grpc", 16};
    if (!hs_str_starts(type, GRPC))
        return false;
    type.at += GRPC.len;
    type.len -= GRPC.len;
    return type.len == 0 || type.at[0] == ';' || hs_str_is(type, "+proto") || hs_str_starts(type, HS_S("+proto;"));
}

/* Refusals that need no front. false: answered, or (plain) will be at its end: HTTP clients do not like less. */
static bool is_acceptable(struct hs_grpc_call *call)
{
    hs_str all = hs_buf_str(&call->headers);
    if (call->headers_over) {
        call_refuse(call, HS_GRPC_RESOURCE_EXHAUSTED, HS_LIMIT, "the request headers are too large");
    } else if (!hs_str_is(pairs_find(all, HS_S(":method")), "POST")) {
        call->plain = "405";
    } else if (!is_grpc(pairs_find(all, HS_S("content-type")))) {
        call->plain = "415";
    } else if (!charge(call, call->headers.len)) {
        call_refuse(call, HS_GRPC_RESOURCE_EXHAUSTED, HS_LIMIT, "too many requests are held in memory");
    } else {
        return true;
    }
    return false;
}

void call_start(struct hs_grpc_call *call)
{
    if (!is_acceptable(call))
        return;
    hs_str timeout = hs_grpc_header(call, "grpc-timeout");
    if (timeout.at) {
        call->timeout_ms = parse_timeout(timeout);
        if (call->timeout_ms < 0) {
            call_refuse(call, HS_GRPC_INVALID_ARGUMENT, HS_INVALID, "grpc-timeout is malformed");
            return;
        }
        call->deadline_ms = call->session->now_ms + call->timeout_ms;
    }
    call->started = true;
    call->session->server->start(call->session->front_session, call, hs_grpc_header(call, ":path"));
}

/* The length of the message at `at`, or -1 when it has to be refused (then it is). */
static int64_t message_len(struct hs_grpc_call *call, const char *at)
{
    struct hs_cursor c = hs_cursor_of(hs_str_n(at, PREFIX));
    uint8_t flag = hs_cursor_u8(&c);
    uint32_t len = hs_cursor_u32be(&c);
    if (flag == 1)
        call_refuse(call, HS_GRPC_UNIMPLEMENTED, HS_UNSUPPORTED, "compressed messages are not supported");
    else if (flag)
        call_refuse(call, HS_GRPC_INTERNAL, HS_INVALID, "a message has an unknown flag");
    else if (len > call->message_max)
        call_refuse(call, HS_GRPC_RESOURCE_EXHAUSTED, HS_LIMIT, "the request message is too large");
    else
        return (int64_t)len;
    return -1;
}

static void give_window(struct hs_grpc_call *call, size_t bytes)
{
    call->unconsumed -= bytes;
    if (bytes && !call->session->no_memory &&
        nghttp2_session_consume_stream(call->session->ng, call->stream_id, bytes) == NGHTTP2_ERR_NOMEM)
        session_is_out_of_memory(call->session);
}

/* The client may send as much again as was delivered; a part of a message that nobody holds back is no reason to wait,
 * or a message larger than the window would never arrive. */
static void drop_input(struct hs_grpc_call *call, size_t bytes)
{
    hs_buf_drop(&call->in, bytes);
    uncharge(call, bytes);
    if (call->in.len == 0 && call->in.cap > KEEP_CAPACITY)
        hs_buf_fini(&call->in);
    bool held = call->paused && !call->finished;
    give_window(call, held && bytes < call->unconsumed ? bytes : call->unconsumed);
}

static void progress(struct hs_grpc_call *call)
{
    call->moved_ms = call->session->now_ms;
    call->trickle = 0;
}

static void deliver_messages(struct hs_grpc_call *call)
{
    size_t at = 0;
    while (!call->paused && !call->finished && call->in.len - at >= PREFIX) {
        int64_t len = message_len(call, call->in.at + at);
        if (len < 0 || (size_t)len > call->in.len - at - PREFIX)
            break;
        const char *message = call->in.at + at + PREFIX;
        at += PREFIX + (size_t)len;
        patience_give(call->session, 1);
        progress(call);
        call->session->server->message(call, hs_str_n(message, (size_t)len));
    }
    drop_input(call, call->finished ? call->in.len : at);
}

static void deliver_end(struct hs_grpc_call *call)
{
    if (!call->remote_done || call->half_told || call->paused || call->finished)
        return;
    call->half_told = true;
    if (call->in.len)
        call_refuse(call, HS_GRPC_INTERNAL, HS_INVALID, "the request ended inside a message");
    else
        call->session->server->half_close(call);
}

static void deliver(struct hs_grpc_call *call)
{
    if (!call->started)
        return;
    deliver_messages(call);
    deliver_end(call);
}

void call_data(struct hs_grpc_call *call, const uint8_t *at, size_t len)
{
    call->trickle += len;
    if (call->trickle >= MOVED)
        progress(call);
    call->unconsumed += len;
    if (!call->started || call->finished) {
        give_window(call, call->unconsumed);
        return;
    }
    bool charged = charge(call, len);
    if (charged)
        hs_buf_add(&call->in, at, len);
    if (!charged) {
        call_refuse(call, HS_GRPC_RESOURCE_EXHAUSTED, HS_LIMIT, "too much of requests is held in memory");
    } else if (call->in.failed) {
        uncharge(call, len);
        call_refuse(call, HS_GRPC_RESOURCE_EXHAUSTED, HS_NOMEM, "out of memory");
    }
    deliver(call);
}

void call_remote_done(struct hs_grpc_call *call)
{
    call->remote_done = true;
    progress(call);
    patience_give(call->session, 1);
    if (call->plain && !call->finished)
        call_http_error(call);
    deliver(call);
}

void hs_grpc_pause(struct hs_grpc_call *call, bool paused)
{
    call->paused = paused;
    if (paused)
        return;
    call->moved_ms = call->session->now_ms;
    call->due = call->session->due = true; /* not now: we may be inside a function of the front's */
}

void call_deliver_due(struct hs_http2 *h)
{
    while (h->due && !h->no_memory) {
        h->due = false;
        for (struct hs_grpc_call *call = h->calls; call; call = call->next) {
            if (call->due) {
                call->due = false;
                deliver(call);
            }
        }
    }
}

void hs_grpc_limit_message(struct hs_grpc_call *call, size_t max_bytes)
{
    if (max_bytes < call->message_max)
        call->message_max = max_bytes;
}

void hs_grpc_set_data(struct hs_grpc_call *call, void *data)
{
    call->data = data;
}

void *hs_grpc_data(const struct hs_grpc_call *call)
{
    return call->data;
}

void *hs_grpc_session(const struct hs_grpc_call *call)
{
    return call->session->front_session;
}

hs_str hs_grpc_header(const struct hs_grpc_call *call, const char *name)
{
    return pairs_find(hs_buf_str(&call->headers), hs_str_of(name));
}

bool hs_grpc_header_at(const struct hs_grpc_call *call, size_t index, hs_str *out_name, hs_str *out_value)
{
    hs_str all = hs_buf_str(&call->headers), name, value;
    while (pairs_next(&all, &name, &value)) {
        if (index-- == 0) {
            *out_name = name;
            *out_value = value;
            return true;
        }
    }
    return false;
}

hs_str hs_grpc_authority(const struct hs_grpc_call *call)
{
    hs_str authority = hs_grpc_header(call, ":authority");
    return authority.at ? authority : hs_grpc_header(call, "host");
}

int64_t hs_grpc_timeout_ms(const struct hs_grpc_call *call)
{
    return call->timeout_ms;
}
