/* The session: nghttp2's callbacks, joined to the calls. nghttp2 answers PING and SETTINGS, checks frames and header
 * fields, keeps both kinds of windows; what it does not bound itself is counted in patience.c. */
#include "wire/http2_in.h"

#include "base/alloc.h"

enum { FRAME_HEADER = 9, OUTBOUND_FRAMES_MAX = 500, RESET_COST = 10 };

static struct hs_http2_budget process_budget = {0, (size_t)1 << 30};

static void set_default(uint32_t *value, uint32_t otherwise)
{
    if (*value == 0)
        *value = otherwise;
}

static void set_default_ms(int32_t *value, int32_t otherwise)
{
    if (*value <= 0)
        *value = otherwise;
}

static void set_most(uint32_t *value, uint32_t most)
{
    if (*value > most)
        *value = most;
}

static void fill_settings(struct hs_http2_settings *s)
{
    set_default(&s->streams_max, 128);
    set_default(&s->header_max, 32 << 10);
    set_default(&s->headers_max, 128);
    set_default(&s->message_max, 16 << 20);
    set_default(&s->request_max, 64 << 20);
    set_default(&s->stream_window, 4 << 20);
    set_default(&s->session_window, 16 << 20);
    set_default(&s->frame_max, 1 << 20);
    set_default(&s->out_high, 512 << 10);
    set_default(&s->low_water, 256 << 10);
    set_default(&s->nuisance_burst, 4000);
    set_default(&s->nuisance_rate, 200);
    set_most(&s->stream_window, INT32_MAX); /* what HTTP/2 can say */
    set_most(&s->session_window, INT32_MAX);
    set_most(&s->frame_max, (1 << 24) - 1);
    set_most(&s->header_max, 1 << 24);
    set_default_ms(&s->preface_ms, 10000);
    set_default_ms(&s->header_ms, 10000);
    set_default_ms(&s->idle_ms, 600000);
    set_default_ms(&s->stall_ms, 300000);
    set_default_ms(&s->stranger_ms, 60000);
    set_default_ms(&s->drain_notice_ms, 200);
    if (!s->budget)
        s->budget = &process_budget;
}

/* Inside nghttp2 nothing can be repaired after a failed allocation: the connection ends without another word. */
void session_is_out_of_memory(struct hs_http2 *h)
{
    h->no_memory = h->input_over = true;
}

static struct hs_grpc_call *call_of(nghttp2_session *ng, int32_t stream_id)
{
    return stream_id > 0 ? nghttp2_session_get_stream_user_data(ng, stream_id) : NULL;
}

static int on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
    struct hs_http2 *h = user_data;
    h->header_since_ms = h->now_ms < 0 ? 0 : h->now_ms;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct hs_grpc_call *call = call_new(h, frame->hd.stream_id);
    if (!call)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (nghttp2_session_set_stream_user_data(ng, frame->hd.stream_id, call) != 0) {
        call_end(call, HS_INTERNAL);
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    /* Streams take turns: without this one huge answer would keep the later calls of its connection waiting. */
    nghttp2_extpri turns = {NGHTTP2_EXTPRI_DEFAULT_URGENCY, 1};
    nghttp2_session_change_extpri_stream_priority(ng, frame->hd.stream_id, &turns, 1);
    return 0;
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                     const uint8_t *value, size_t value_len, uint8_t flags, void *user_data)
{
    (void)flags, (void)user_data;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0; /* gRPC clients send no trailers */
    struct hs_grpc_call *call = call_of(ng, frame->hd.stream_id);
    return call ? call_add_header(call, hs_str_n(name, name_len), hs_str_n(value, value_len)) : 0;
}

static int on_frame_recv(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
    struct hs_http2 *h = user_data;
    if (frame->hd.type == NGHTTP2_SETTINGS)
        h->greeted = true;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
        return 0;
    struct hs_grpc_call *call = call_of(ng, frame->hd.stream_id);
    if (frame->hd.type == NGHTTP2_HEADERS) {
        h->header_since_ms = -1;
        if (call && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
            call_start(call);
    }
    if (call && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        call_remote_done(call);
    return h->no_memory ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_data_chunk(nghttp2_session *ng, uint8_t flags, int32_t stream_id, const uint8_t *at, size_t len,
                         void *user_data)
{
    (void)flags;
    struct hs_http2 *h = user_data;
    struct hs_grpc_call *call = call_of(ng, stream_id);
    if (nghttp2_session_consume_connection(ng, len) == NGHTTP2_ERR_NOMEM)
        session_is_out_of_memory(h);
    if (call)
        call_data(call, at, len);
    return h->no_memory ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_invalid_frame(nghttp2_session *ng, const nghttp2_frame *frame, int code, void *user_data)
{
    (void)ng, (void)frame, (void)code;
    struct hs_http2 *h = user_data;
    patience_cost(h, RESET_COST);
    return h->impatient ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* What ended the call; its header block may have ended with it. */
static int on_stream_close(nghttp2_session *ng, int32_t stream_id, uint32_t code, void *user_data)
{
    (void)code;
    struct hs_http2 *h = user_data;
    struct hs_grpc_call *call = call_of(ng, stream_id);
    h->header_since_ms = -1;
    if (!call)
        return 0;
    nghttp2_session_set_stream_user_data(ng, stream_id, NULL);
    call_end(call, call->why != HS_OK ? call->why : call->end_sent ? HS_OK : HS_CANCELLED);
    return 0;
}

/* A finished call whose client still sends is reset without blame, or it would hold its place. */
static int on_frame_send(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
    struct hs_http2 *h = user_data;
    if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR &&
        frame->rst_stream.error_code != NGHTTP2_CANCEL)
        patience_cost(h, RESET_COST); /* a client may also make us do the resetting */
    bool can_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!can_end || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        return 0;
    struct hs_grpc_call *call = call_of(ng, frame->hd.stream_id);
    if (!call)
        return 0;
    call->end_sent = true;
    if (!call->remote_done)
        call_reset(call, NGHTTP2_NO_ERROR, HS_OK);
    return 0;
}

/* Headers that nghttp2 would not send: too large for it. The client must not wait for them. */
static int on_frame_not_send(nghttp2_session *ng, const nghttp2_frame *frame, int code, void *user_data)
{
    (void)code, (void)user_data;
    struct hs_grpc_call *call = frame->hd.type == NGHTTP2_HEADERS ? call_of(ng, frame->hd.stream_id) : NULL;
    if (call)
        call_reset(call, NGHTTP2_INTERNAL_ERROR, HS_INTERNAL);
    return 0;
}

static ssize_t on_send(nghttp2_session *ng, const uint8_t *at, size_t len, int flags, void *user_data)
{
    (void)ng, (void)flags;
    struct hs_http2 *h = user_data;
    return hs_out_copy(h->out, at, len) ? (ssize_t)len : NGHTTP2_ERR_CALLBACK_FAILURE;
}

/* No more than is there (nghttp2 makes room for what is named here) and no less than one ordinary frame. */
static ssize_t on_read_length(nghttp2_session *ng, uint8_t type, int32_t stream_id, int32_t session_window,
                              int32_t stream_window, uint32_t peer_max, void *user_data)
{
    (void)type, (void)session_window, (void)stream_window;
    struct hs_http2 *h = user_data;
    struct hs_grpc_call *call = call_of(ng, stream_id);
    if (!call)
        return 16384;
    call_fill(call);
    size_t len = hs_out_len(&call->pending);
    if (len > h->set.frame_max)
        len = h->set.frame_max;
    if (len < 16384)
        len = 16384;
    return (ssize_t)(len < peer_max ? len : peer_max);
}

/* One whole DATA frame: its header copied, its body moved. PAUSE past the high mark returns between frames, so that
 * a PING answered later never waits behind a body that was only planned. */
static int on_send_data(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head, size_t len,
                        nghttp2_data_source *source, void *user_data)
{
    (void)ng, (void)frame;
    struct hs_http2 *h = user_data;
    struct hs_grpc_call *call = source->ptr;
    if (!hs_out_copy(h->out, head, FRAME_HEADER) || !hs_out_move(h->out, &call->pending, len))
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (len >= MOVED || hs_out_len(&call->pending) == 0) { /* else a window that is opened by the byte */
        call->moved_ms = h->now_ms;
        patience_give(h, 2 + (int)(len / 16384));
    }
    return hs_out_len(h->out) >= h->set.out_high ? NGHTTP2_ERR_PAUSE : 0;
}

static nghttp2_session_callbacks *make_callbacks(void)
{
    nghttp2_session_callbacks *c;
    if (nghttp2_session_callbacks_new(&c) != 0)
        return NULL;
    nghttp2_session_callbacks_set_on_begin_headers_callback(c, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(c, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data_chunk);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(c, on_invalid_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(c, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(c, on_frame_send);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(c, on_frame_not_send);
    nghttp2_session_callbacks_set_send_callback(c, on_send);
    nghttp2_session_callbacks_set_send_data_callback(c, on_send_data);
    nghttp2_session_callbacks_set_data_source_read_length_callback(c, on_read_length);
    return c;
}

static bool make_session(struct hs_http2 *h)
{
    nghttp2_mem memory = memory_of(h);
    nghttp2_session_callbacks *callbacks = make_callbacks();
    nghttp2_option *option = NULL;
    bool good = callbacks && nghttp2_option_new(&option) == 0;
    if (good) {
        nghttp2_option_set_no_auto_window_update(option, 1);
        nghttp2_option_set_no_closed_streams(option, 1); /* order.c knows what matters of them */
        good = nghttp2_session_server_new3(&h->ng, callbacks, h, option, &memory) == 0;
    }
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return good;
}

static bool greet(struct hs_http2 *h)
{
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, h->set.streams_max},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, h->set.stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, h->set.header_max},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    return nghttp2_submit_settings(h->ng, NGHTTP2_FLAG_NONE, settings, sizeof settings / sizeof *settings) == 0 &&
           nghttp2_session_set_local_window_size(h->ng, NGHTTP2_FLAG_NONE, 0, (int32_t)h->set.session_window) == 0;
}

hs_rc hs_http2_open(const struct hs_http2_settings *settings, const struct hs_grpc_server *server, void *front_session,
                    struct hs_http2 **out, struct hs_err *err)
{
    struct hs_http2 *h = hs_calloc(1, sizeof *h);
    if (!h)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (settings)
        h->set = *settings;
    fill_settings(&h->set);
    h->server = server;
    h->front_session = front_session;
    h->now_ms = h->header_since_ms = h->notice_ms = -1;
    patience_open(h);
    if (!make_session(h) || !greet(h)) {
        hs_http2_close(h);
        return hs_fail(err, HS_NOMEM, "out of memory");
    }
    *out = h;
    return HS_OK;
}

void hs_http2_close(struct hs_http2 *h)
{
    if (!h)
        return;
    while (h->calls)
        call_end(h->calls, HS_CANCELLED);
    if (!h->no_memory)
        nghttp2_session_del(h->ng);
    memory_free_all(h);
    hs_free(h);
}

static hs_rc tell_no_memory(struct hs_http2 *h, struct hs_err *err)
{
    session_is_out_of_memory(h);
    if (h->told_no_memory)
        return HS_OK;
    h->told_no_memory = true;
    return hs_fail(err, HS_NOMEM, "out of memory");
}

/* Ends the input side for good and says why, to the peer by GOAWAY and to our log by err. */
static hs_rc give_up(struct hs_http2 *h, int code, struct hs_err *err)
{
    h->input_over = true;
    if (h->no_memory || code == NGHTTP2_ERR_NOMEM)
        return tell_no_memory(h, err);
    bool calm = h->impatient || code == NGHTTP2_ERR_FLOODED;
    if (nghttp2_session_terminate_session(h->ng, calm       ? NGHTTP2_ENHANCE_YOUR_CALM
                                                 : h->fault ? h->fault
                                                            : NGHTTP2_PROTOCOL_ERROR) != 0)
        return tell_no_memory(h, err);
    if (calm)
        return hs_fail(err, HS_LIMIT, "the client makes too much work that carries nothing");
    return hs_fail(err, HS_INVALID, "the client broke HTTP/2: %s",
                   h->fault ? "stream order or PRIORITY" : nghttp2_strerror(code));
}

hs_rc hs_http2_feed(struct hs_http2 *h, hs_str bytes, struct hs_err *err)
{
    if (h->input_over)
        return HS_OK; /* already told why */
    patience_scan(h, bytes);
    if (h->impatient || h->fault)
        return give_up(h, 0, err);
    ssize_t took = nghttp2_session_mem_recv(h->ng, (const uint8_t *)bytes.at, bytes.len);
    return took < 0 || h->no_memory ? give_up(h, (int)took, err) : HS_OK;
}

static void send_frames(struct hs_http2 *h, struct hs_out *out)
{
    if (h->no_memory || hs_out_len(out) >= h->set.out_high)
        return;
    h->out = out;
    if (nghttp2_session_send(h->ng) != 0)
        session_is_out_of_memory(h); /* the one reason for which our callbacks and nghttp2 fail here */
    h->out = NULL;
}

hs_rc hs_http2_produce(struct hs_http2 *h, struct hs_out *out, struct hs_err *err)
{
    call_deliver_due(h);
    send_frames(h, out);
    hs_rc rc = HS_OK;
    if (h->impatient && !h->input_over) { /* it was made to reset one stream too many */
        rc = give_up(h, 0, err);
        send_frames(h, out);
    }
    return h->no_memory ? tell_no_memory(h, err) : rc;
}

void hs_http2_known(struct hs_http2 *h)
{
    h->known = true;
}

void hs_http2_shutdown(struct hs_http2 *h)
{
    if (h->notice_ms >= 0 || h->no_memory)
        return;
    h->notice_ms = h->now_ms < 0 ? 0 : h->now_ms;
    if (nghttp2_submit_shutdown_notice(h->ng) != 0)
        session_is_out_of_memory(h);
}

bool hs_http2_done(const struct hs_http2 *h)
{
    return h->no_memory || !(nghttp2_session_want_read(h->ng) || nghttp2_session_want_write(h->ng));
}

bool hs_http2_wants_input(const struct hs_http2 *h)
{
    return nghttp2_session_get_outbound_queue_size(h->ng) < OUTBOUND_FRAMES_MAX;
}

size_t hs_http2_calls(const struct hs_http2 *h)
{
    return h->call_count;
}
