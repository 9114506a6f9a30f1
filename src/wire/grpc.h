/* gRPC as a server hears it: calls over one HTTP/2 connection, as a machine without sockets, threads or clock.
 *
 * All functions run on the connection's own thread. Nothing here calls the front back from inside a function that the
 * front called: hs_grpc_finish and the others only note what is wanted, `closed` comes later. So a front may call any
 * of them from any of its own functions. */
#ifndef HS_WIRE_GRPC_H
#define HS_WIRE_GRPC_H

#include "base/out.h"
#include "base/str.h"

struct hs_grpc_call;

enum hs_grpc_status {
    HS_GRPC_OK = 0,
    HS_GRPC_CANCELLED = 1,
    HS_GRPC_UNKNOWN = 2,
    HS_GRPC_INVALID_ARGUMENT = 3,
    HS_GRPC_DEADLINE_EXCEEDED = 4,
    HS_GRPC_NOT_FOUND = 5,
    HS_GRPC_ALREADY_EXISTS = 6,
    HS_GRPC_PERMISSION_DENIED = 7,
    HS_GRPC_RESOURCE_EXHAUSTED = 8,
    HS_GRPC_FAILED_PRECONDITION = 9,
    HS_GRPC_ABORTED = 10,
    HS_GRPC_OUT_OF_RANGE = 11,
    HS_GRPC_UNIMPLEMENTED = 12,
    HS_GRPC_INTERNAL = 13,
    HS_GRPC_UNAVAILABLE = 14,
    HS_GRPC_DATA_LOSS = 15,
    HS_GRPC_UNAUTHENTICATED = 16
};

/* The front's functions. For each call: start, then any of message/half_close/writable, then closed exactly once. */
struct hs_grpc_server {
    /* Request headers are complete. `path` ("/package.Service/Method") lives as long as the call. */
    void (*start)(void *front_session, struct hs_grpc_call *call, hs_str path);
    /* One whole message; the bytes die when this returns. Not called after hs_grpc_finish. */
    void (*message)(struct hs_grpc_call *call, hs_str bytes);
    /* The client will send no more. Not called after hs_grpc_finish. */
    void (*half_close)(struct hs_grpc_call *call);
    /* Room for more: send one message, finish, or return without either, which means "nothing yet": then this is not
     * called again before hs_grpc_resume. First called after hs_grpc_send_headers. */
    void (*writable)(struct hs_grpc_call *call);
    /* The call is over and its pointer dies with this. HS_OK: finished and handed to the socket. HS_CANCELLED: reset by
     * the client or the connection ended. HS_TIMEOUT: its grpc-timeout passed or the peer stood still too long.
     * HS_LIMIT, HS_INVALID, HS_NOMEM: ended by this room for that reason. */
    void (*closed)(struct hs_grpc_call *call, hs_rc why);
};

/* The front's own thing about a call; NULL at start. */
void hs_grpc_set_data(struct hs_grpc_call *call, void *data);
void *hs_grpc_data(const struct hs_grpc_call *call);
void *hs_grpc_session(const struct hs_grpc_call *call); /* front_session */

/* The first value of a request header, by its lower-case name; .at is NULL when absent. Lives as long as the call. */
hs_str hs_grpc_header(const struct hs_grpc_call *call, const char *name);
/* Walks all of them in order; false past the last. */
bool hs_grpc_header_at(const struct hs_grpc_call *call, size_t index, hs_str *out_name, hs_str *out_value);
hs_str hs_grpc_authority(const struct hs_grpc_call *call);
/* What is left of grpc-timeout when the call started, in ms; -1: none was asked for. This room ends the call itself
 * when it has passed. */
int64_t hs_grpc_timeout_ms(const struct hs_grpc_call *call);
/* Lowers the maximum of a request message for this call (say, before the caller is known). */
void hs_grpc_limit_message(struct hs_grpc_call *call, size_t max_bytes);
/* Backpressure on requests: while paused no message is delivered, and the client's window closes. half_close waits too.
 */
void hs_grpc_pause(struct hs_grpc_call *call, bool paused);

struct hs_grpc_pair { /* name in lower case; a name ending in "-bin" takes raw bytes, encoded here */
    hs_str name, value;
};

/* Response headers; at most once, before any message (sent without extra pairs when left out). */
void hs_grpc_send_headers(struct hs_grpc_call *call, const struct hs_grpc_pair *pairs, size_t count);
/* One message made of the slices in order, not copied; each slice is released exactly once, whatever happens. Small
 * pieces (release == NULL, up to HS_GRPC_COPY bytes) are copied, so they may live on the stack. */
#define HS_GRPC_COPY 1024
void hs_grpc_send_message(struct hs_grpc_call *call, const struct hs_slice *slices, size_t count);
/* A message copied from `bytes`, of any length. */
void hs_grpc_send_bytes(struct hs_grpc_call *call, hs_str bytes);
/* Bytes accepted for this call and not yet handed to the connection. */
size_t hs_grpc_pending(const struct hs_grpc_call *call);
/* There is data again, after `writable` returned with nothing. The loop then asks `writable`. */
void hs_grpc_resume(struct hs_grpc_call *call);
/* Ends the call once what was sent before is out. The message is percent-encoded here. Further sends are dropped. */
void hs_grpc_finish(struct hs_grpc_call *call, enum hs_grpc_status status, hs_str message,
                    const struct hs_grpc_pair *trailers, size_t count);

#endif
