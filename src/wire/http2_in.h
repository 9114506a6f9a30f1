/* What the files of this machine share; fronts see http2.h and grpc.h alone.
 * http2.c: the session and nghttp2's callbacks. request.c: headers and messages in. reply.c: headers, messages and
 * trailers out. patience.c: time, and what a peer may cost us. order.c: the
 * streams of a client by its own words. memory.c: nghttp2's heap. */
#ifndef HS_WIRE_HTTP2_IN_H
#define HS_WIRE_HTTP2_IN_H

#include "wire/http2.h"
#include "wire/pairs.h"

struct memory_block;

struct hs_grpc_call {
    struct hs_http2 *session;
    struct hs_grpc_call *next, *prev;
    int32_t stream_id;
    void *data;

    struct hs_buf headers; /* pairs, pseudo headers too */
    size_t header_bytes;   /* as RFC 9113 counts them */
    uint32_t header_count;
    struct hs_buf in;  /* frames not yet made into messages */
    size_t charged;    /* of the budget */
    size_t unconsumed; /* bytes for which no window was given back, while paused */
    size_t message_max;
    int64_t timeout_ms;  /* as asked, -1: none */
    int64_t deadline_ms; /* on the session's clock; INT64_MAX: none */
    int64_t moved_ms;    /* when something worth the name last moved for it */
    size_t trickle;      /* bytes in since then */
    bool headers_over;   /* more or larger headers than allowed */
    bool started, remote_done, half_told, paused;
    bool due; /* was unpaused: deliver what waits */

    struct hs_out pending;  /* response bytes not yet in DATA frames */
    struct hs_buf trailers; /* pairs */
    bool headers_sent, finished, trailers_out, end_sent, broken;
    const char *plain; /* the status of an answer in HTTP's own words, without trailers */
    bool waiting;      /* the front said "nothing yet" */
    bool deferred;     /* nghttp2 will not ask before we resume the stream */
    bool given_up;     /* reset asked */
    hs_rc why;         /* for closed(): what ended it, HS_OK when nothing went wrong */
};

enum { ORDER_OPEN = 128, ORDER_SKIPPED = 8 };

struct stream_range {
    uint32_t from, to;
};

struct stream_order {                           /* by the client's words alone */
    uint32_t highest;                           /* that a header block named */
    struct stream_range skipped[ORDER_SKIPPED]; /* below it and never opened; the last few */
    uint32_t open[ORDER_OPEN];                  /* opened, and not ended by the client */
    size_t skipped_count, open_count;
    uint32_t unjudged; /* up to here some were forgotten */
};

struct hs_http2 {
    nghttp2_session *ng;
    struct memory_block *blocks; /* all that ng allocated */
    struct hs_http2_settings set;
    const struct hs_grpc_server *server;
    void *front_session;
    struct hs_grpc_call *calls;
    size_t call_count;
    size_t request_bytes; /* charged by its calls */
    struct hs_out *out;   /* only while producing */

    int64_t now_ms; /* -1 before the first tick */
    int64_t opened_ms, idle_since_ms, refilled_ms;
    int64_t header_since_ms; /* -1: no header block is open */
    int64_t notice_ms;       /* when the first GOAWAY was asked for, -1: not draining */
    int64_t patience;        /* nuisance tokens left, in thousandths */
    uint32_t frame_left;     /* payload bytes still to come of the frame that is read */
    uint8_t frame_head[13], frame_head_len;
    struct stream_order order;
    bool due;         /* some call is */
    bool greeted;     /* the client's SETTINGS came */
    bool drain_final; /* the last GOAWAY was asked for */
    bool input_over;  /* nothing more is read */
    bool no_memory;   /* an allocation failed: ng is not to be touched again */
    bool told_no_memory;
    bool acted;     /* this tick did something */
    bool impatient; /* tokens ran out */
    uint32_t fault; /* the client broke a rule that nghttp2 does not look at: the GOAWAY's code */
    bool known;     /* somebody has signed in */
};

/* request.c */
struct hs_grpc_call *call_new(struct hs_http2 *h, int32_t stream_id);
void call_end(struct hs_grpc_call *call, hs_rc why);                       /* tells the front, frees */
int call_add_header(struct hs_grpc_call *call, hs_str name, hs_str value); /* 0 or NGHTTP2_ERR_* */
void call_start(struct hs_grpc_call *call);
void call_data(struct hs_grpc_call *call, const uint8_t *at, size_t len);
void call_deliver_due(struct hs_http2 *h);
void call_remote_done(struct hs_grpc_call *call);
/* Ends the call with a status of this room's own. */
void call_refuse(struct hs_grpc_call *call, enum hs_grpc_status status, hs_rc why, const char *message);

/* reply.c */
void call_reset(struct hs_grpc_call *call, uint32_t code, hs_rc why);
void call_http_error(struct hs_grpc_call *call);
enum { MOVED = 1024 }; /* fewer bytes than this are no progress, unless they are all there is */
void call_fill(struct hs_grpc_call *call);
ssize_t call_read(struct hs_grpc_call *call, size_t length, uint32_t *flags);

/* order.c */
uint32_t order_check(struct stream_order *o, uint8_t type, uint8_t flags, uint32_t stream);

/* patience.c */
void patience_open(struct hs_http2 *h);
void patience_scan(struct hs_http2 *h, hs_str bytes); /* before nghttp2 sees them */
void patience_cost(struct hs_http2 *h, int tokens);
void patience_give(struct hs_http2 *h, int tokens);

/* memory.c */
nghttp2_mem memory_of(struct hs_http2 *h);
void memory_free_all(struct hs_http2 *h);

/* http2.c */
void session_is_out_of_memory(struct hs_http2 *h);

#endif
