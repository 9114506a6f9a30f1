/* One HTTP/2 connection, server side, over nghttp2: bytes in, bytes out. No socket, no thread, no clock: the owner
 * feeds bytes, passes the time, and takes output. Shaped so that a front's functions forward to it one to one. */
#ifndef HS_WIRE_HTTP2_H
#define HS_WIRE_HTTP2_H

#include "wire/grpc.h"

#include <stdatomic.h>

/* Request bytes held in memory by all connections that share it: what bounds a crowd where each member is modest. */
struct hs_http2_budget {
    _Atomic size_t used;
    size_t max;
};

/* Zero means the default in []. */
struct hs_http2_settings {
    uint32_t streams_max;    /* calls open at once on one connection [128] */
    uint32_t header_max;     /* a request's headers: names + values + 32 each [32 KiB]; more: RESOURCE_EXHAUSTED */
    uint32_t headers_max;    /* how many of them [128] */
    uint32_t message_max;    /* one request message [16 MiB]; more: RESOURCE_EXHAUSTED */
    uint32_t request_max;    /* request bytes held for one connection [64 MiB]; more: RESOURCE_EXHAUSTED */
    uint32_t stream_window;  /* what a client may send on one call unasked [4 MiB] */
    uint32_t session_window; /* and on the whole connection [16 MiB] */
    uint32_t frame_max;      /* largest DATA frame sent, when the peer allows it [1 MiB] */
    uint32_t out_high;       /* stop adding DATA while this much waits at the socket [512 KiB] */
    uint32_t low_water;      /* ask a call's front for more below this [256 KiB] */
    uint32_t
        nuisance_burst; /* PING, SETTINGS, PRIORITY, WINDOW_UPDATE, unknown and tiny DATA frames cost 1, a reset costs
                         * 10; 16 KiB sent or a request message gives back; beyond: ENHANCE_YOUR_CALM [4000] */
    uint32_t nuisance_rate;  /* given back per second [200] */
    int32_t preface_ms;      /* until the client's preface and SETTINGS [10 s] */
    int32_t header_ms;       /* from the first to the last byte of a header block [10 s] */
    int32_t idle_ms;         /* without a call: graceful GOAWAY [10 min] */
    int32_t stall_ms;        /* a call that waits for its client (to send or to read) and sees less than a whole message
                              * or 1 KiB move [5 min] */
    int32_t stranger_ms;     /* a connection on which the front has known nobody: GOAWAY [1 min] */
    int32_t drain_notice_ms; /* between the first and the last GOAWAY of a shutdown [200 ms] */
    struct hs_http2_budget *budget; /* [one for the process, 1 GiB] */
};

struct hs_http2;

/* settings may be NULL and are copied; server and front_session outlive the connection. */
HS_MUST hs_rc hs_http2_open(const struct hs_http2_settings *settings, const struct hs_grpc_server *server,
                            void *front_session, struct hs_http2 **out, struct hs_err *err);
/* Takes all bytes. An error ends the connection after what produce still gives (a GOAWAY) was sent. */
HS_MUST hs_rc hs_http2_feed(struct hs_http2 *h, hs_str bytes, struct hs_err *err);
/* Adds what should be sent, up to the high mark; asked after feed, tick and wake, and when the socket took bytes. */
HS_MUST hs_rc hs_http2_produce(struct hs_http2 *h, struct hs_out *out, struct hs_err *err);
/* The time, before each feed and when the last answer says so. Returns ms from now to the next wanted call, -1: never.
 */
int64_t hs_http2_tick(struct hs_http2 *h, int64_t now_ms);
void hs_http2_known(struct hs_http2 *h);      /* somebody has signed in: no stranger's connection any more */
void hs_http2_shutdown(struct hs_http2 *h);   /* no new calls, running ones may finish */
bool hs_http2_done(const struct hs_http2 *h); /* nothing left to say: the connection may close */
/* false: read nothing more for now, the peer is ahead of what it takes itself. */
bool hs_http2_wants_input(const struct hs_http2 *h);
size_t hs_http2_calls(const struct hs_http2 *h); /* open now */
void hs_http2_close(struct hs_http2 *h);         /* closed(HS_CANCELLED) for every open call; frees; takes NULL */

#endif
