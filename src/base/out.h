/* Bytes on their way out: a queue of segments that point into memory owned elsewhere, each told when it is written.
 * Large bodies travel from an Arrow buffer to the socket without being copied; small framing bytes are copied into
 * chunks of the queue's own. One thread at a time. */
#ifndef HS_BASE_OUT_H
#define HS_BASE_OUT_H

#include "base/str.h"

struct iovec;

/* release(arg) is called exactly once, when the bytes are written or given up; NULL: nothing to tell. It runs on the
 * thread that owns the queue and must not touch the queue. */
struct hs_slice {
    const void *at;
    size_t len;
    void (*release)(void *arg);
    void *arg;
};

struct hs_out_segment;
struct hs_out_chunk;

struct hs_out {
    struct hs_out_segment *ring; /* cap is a power of two */
    size_t head, count, cap;
    size_t bytes;               /* not yet consumed */
    struct hs_out_chunk *chunk; /* where copied bytes go */
};

void hs_out_init(struct hs_out *o); /* takes no memory until used */
void hs_out_fini(struct hs_out *o); /* releases what was never written; takes NULL */
static inline size_t hs_out_len(const struct hs_out *o)
{
    return o->bytes;
}
/* Both: false when there is no memory; hs_out_add has then released the slice, and the queue is as it was. */
bool hs_out_add(struct hs_out *o, struct hs_slice slice);
bool hs_out_copy(struct hs_out *o, const void *at, size_t len);
/* Moves the first n bytes (n <= hs_out_len(from)) to the end of `to`. A segment cut in two is released when both
 * parts are gone. false: no memory, nothing moved. */
bool hs_out_move(struct hs_out *to, struct hs_out *from, size_t n);
/* Fills up to `most` entries with the front of the queue; returns how many. They stay valid until consumed. */
int hs_out_iov(const struct hs_out *o, struct iovec *iov, int most);
void hs_out_consumed(struct hs_out *o, size_t bytes);

#endif
