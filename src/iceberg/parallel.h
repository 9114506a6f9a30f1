/* Many objects of one plan, read by a few threads at once: each is a round trip to a store and a piece to decode, and
 * they know nothing of each other. */
#ifndef HS_ICEBERG_PARALLEL_H
#define HS_ICEBERG_PARALLEL_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct hs_parallel {
    hs_rc (*work)(void *ctx, size_t at, struct hs_err *err); /* on any thread */
    void *ctx;
    size_t count;
    size_t share; /* so many are worth a thread, where only this machine's disk and processors are waited for */
    bool waits;   /* for a store: a thread for each, and more of them */
    hs_rc (*go_on)(void *ctx, struct hs_err *err); /* between two of them, on the calling thread */
    void *go_on_ctx;
};
/* Calls `work` for 0 to count - 1, begun in that order, the calling thread among those that do. The first failure in
 * order is told, whichever was first in time, so that a table fails the same way each time: all before *out_done
 * are done, which is count, or where it failed. */
HS_MUST hs_rc hs_parallel_run(const struct hs_parallel *p, size_t *out_done, struct hs_err *err);

#endif
