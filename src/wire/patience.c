/* Time, and what a peer may cost us: deadlines, peers that stand still, and frames that make work and carry nothing. */
#include "wire/http2_in.h"

enum { RESET_COST = 10, TINY = 64, FRAME_HEADER = 9, DEPENDENCY = 4 };

void patience_open(struct hs_http2 *h)
{
    h->patience = (int64_t)h->set.nuisance_burst * 1000;
    h->frame_left = NGHTTP2_CLIENT_MAGIC_LEN; /* the preface is passed over like a payload */
}

void patience_cost(struct hs_http2 *h, int tokens)
{
    h->patience -= (int64_t)tokens * 1000;
    if (h->patience < 0)
        h->impatient = true;
}

static uint32_t stream_at(const uint8_t *at)
{
    return ((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]) & INT32_MAX;
}

/* What is left of the rules for PRIORITY, which says nothing to us: nghttp2 does not look at it then. */
static void check_priority(struct hs_http2 *h)
{
    uint32_t stream = stream_at(h->frame_head + 5);
    bool whole = h->frame_head_len == FRAME_HEADER + DEPENDENCY;
    if (stream == 0 || (whole && stream_at(h->frame_head + FRAME_HEADER) == stream))
        h->fault = NGHTTP2_PROTOCOL_ERROR;
    if (whole)
        h->frame_left -= DEPENDENCY;
}

/* Of a PRIORITY frame the dependency belongs to the head. */
static size_t head_len(const struct hs_http2 *h)
{
    const uint8_t *head = h->frame_head;
    bool longer = h->frame_head_len >= FRAME_HEADER && head[3] == NGHTTP2_PRIORITY &&
                  (head[0] || head[1] || head[2] >= DEPENDENCY);
    return longer ? FRAME_HEADER + DEPENDENCY : FRAME_HEADER;
}

static void count_frame(struct hs_http2 *h)
{
    const uint8_t *head = h->frame_head;
    h->frame_left = (uint32_t)head[0] << 16 | (uint32_t)head[1] << 8 | head[2];
    bool tiny = h->frame_left < TINY || (head[4] & NGHTTP2_FLAG_PADDED); /* what it says gives back: request.c */
    if (head[3] == NGHTTP2_RST_STREAM)
        patience_cost(h, RESET_COST);
    else if (head[3] != NGHTTP2_HEADERS && (head[3] != NGHTTP2_DATA || tiny))
        patience_cost(h, 1);
    if (head[3] == NGHTTP2_PRIORITY)
        check_priority(h);
    else
        h->fault = order_check(&h->order, head[3], head[4], stream_at(head + 5));
}

/* Counts frames by their headers. nghttp2 does not show the ones it ignores (unknown types, frames for streams that are
 * gone), and those are what a flood would be made of. */
void patience_scan(struct hs_http2 *h, hs_str bytes)
{
    while (bytes.len && !h->impatient && !h->fault) {
        size_t want = h->frame_left ? h->frame_left : head_len(h) - h->frame_head_len;
        size_t step = bytes.len < want ? bytes.len : want;
        if (h->frame_left) {
            h->frame_left -= (uint32_t)step;
        } else {
            memcpy(h->frame_head + h->frame_head_len, bytes.at, step);
            h->frame_head_len += (uint8_t)step;
            if (h->frame_head_len == head_len(h)) {
                count_frame(h);
                h->frame_head_len = 0;
            }
        }
        bytes.at += step;
        bytes.len -= step;
    }
}

static void give_thousandths(struct hs_http2 *h, int64_t amount)
{
    int64_t full = (int64_t)h->set.nuisance_burst * 1000;
    h->patience = amount >= full - h->patience ? full : h->patience + amount;
}

void patience_give(struct hs_http2 *h, int tokens)
{
    give_thousandths(h, (int64_t)tokens * 1000);
}

static void refill(struct hs_http2 *h)
{
    int64_t passed = h->now_ms - h->refilled_ms;
    h->refilled_ms = h->now_ms;
    if (passed > 0)
        give_thousandths(h, (passed < 3600000 ? passed : 3600000) * (int64_t)h->set.nuisance_rate);
}

static void first_tick(struct hs_http2 *h, int64_t now_ms)
{
    h->now_ms = h->opened_ms = h->idle_since_ms = h->refilled_ms = now_ms;
    for (struct hs_grpc_call *call = h->calls; call; call = call->next)
        call->moved_ms = now_ms;
}

static void end_session(struct hs_http2 *h, uint32_t code)
{
    h->input_over = h->acted = true;
    if (nghttp2_session_terminate_session(h->ng, code) != 0)
        session_is_out_of_memory(h);
}

/* The earlier of two; a deadline that has passed acts and asks to be called no more. */
static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t tick_session(struct hs_http2 *h)
{
    int64_t next = INT64_MAX;
    if (!h->greeted)
        next = sooner(next, h->opened_ms + h->set.preface_ms);
    if (h->header_since_ms >= 0)
        next = sooner(next, h->header_since_ms + h->set.header_ms);
    if (next <= h->now_ms) {
        end_session(h, NGHTTP2_PROTOCOL_ERROR);
        return INT64_MAX;
    }
    if (!h->known)
        next = sooner(next, h->opened_ms + h->set.stranger_ms);
    if (next <= h->now_ms) {
        end_session(h, NGHTTP2_NO_ERROR);
        return INT64_MAX;
    }
    int64_t idle = INT64_MAX;
    if (h->notice_ms >= 0)
        idle = h->drain_final ? INT64_MAX : h->notice_ms + h->set.drain_notice_ms;
    else if (h->call_count == 0)
        idle = h->idle_since_ms + h->set.idle_ms;
    if (idle > h->now_ms)
        return sooner(next, idle);
    h->acted = true;
    if (h->notice_ms < 0) {
        hs_http2_shutdown(h);
        return sooner(next, h->now_ms + h->set.drain_notice_ms);
    }
    h->drain_final = true;
    int32_t last = nghttp2_session_get_last_proc_stream_id(h->ng);
    if (nghttp2_submit_goaway(h->ng, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0) != 0)
        session_is_out_of_memory(h);
    return next;
}

static void call_is_late(struct hs_grpc_call *call)
{
    call->deadline_ms = INT64_MAX;
    call->session->acted = true;
    if (call->started && !call->finished && hs_out_len(&call->pending) == 0)
        call_refuse(call, HS_GRPC_DEADLINE_EXCEEDED, HS_TIMEOUT, "took too long");
    else
        call_reset(call, NGHTTP2_CANCEL, HS_TIMEOUT);
}

/* Whose turn is it? Only the peer can stand still; a front that thinks is bounded by its own limits. */
static bool waits_for_peer(const struct hs_grpc_call *call)
{
    bool trailers_wait = call->finished && !call->end_sent; /* nghttp2 sends them only when the window is open */
    return hs_out_len(&call->pending) > 0 || trailers_wait || (!call->remote_done && !call->paused);
}

static int64_t tick_call(struct hs_grpc_call *call)
{
    struct hs_http2 *h = call->session;
    if (call->given_up)
        return INT64_MAX;
    if (call->deadline_ms <= h->now_ms) {
        call_is_late(call);
        call->moved_ms = h->now_ms; /* as long again for the peer to take the answer */
    }
    if (!waits_for_peer(call))
        return call->deadline_ms;
    if (call->moved_ms + h->set.stall_ms <= h->now_ms) {
        call_is_late(call);
        call->moved_ms = h->now_ms;
    }
    return sooner(call->deadline_ms, call->moved_ms + h->set.stall_ms);
}

int64_t hs_http2_tick(struct hs_http2 *h, int64_t now_ms)
{
    if (h->now_ms < 0)
        first_tick(h, now_ms);
    if (now_ms > h->now_ms)
        h->now_ms = now_ms;
    refill(h);
    h->acted = false;
    if (h->input_over)
        return -1;
    int64_t next = tick_session(h);
    if (h->input_over)
        return 0;
    for (struct hs_grpc_call *call = h->calls; call; call = call->next)
        next = sooner(next, tick_call(call));
    if (h->acted)
        return 0; /* there may be something to send: come again and ask */
    if (next == INT64_MAX)
        return -1;
    return next > h->now_ms ? next - h->now_ms : 0;
}
