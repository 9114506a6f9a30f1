/* Threads for work that blocks: a fixed number, and a queue with an end. A full queue is an answer, not a wait. */
#ifndef HS_IO_POOL_H
#define HS_IO_POOL_H

#include "base/err.h"

struct hs_pool;

HS_MUST hs_rc hs_pool_open(int threads, size_t queue_max, struct hs_pool **out, struct hs_err *err);
/* From any thread. HS_LIMIT when the queue is full or the pool is closing; fn then never runs. */
HS_MUST hs_rc hs_pool_submit(struct hs_pool *p, void (*fn)(void *arg), void *arg, struct hs_err *err);
/* Runs what is queued, waits for it, ends the threads. Takes NULL. */
void hs_pool_close(struct hs_pool *p);
size_t hs_pool_queued(struct hs_pool *p);

#endif
