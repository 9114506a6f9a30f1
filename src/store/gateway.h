/* The way of planned objects into a worker: one gateway a statement. It holds the plan's names; the worker has numbers
 * and one socket, so it can ask for nothing that was not planned, and never sees a key of the store. */
#ifndef HS_STORE_GATEWAY_H
#define HS_STORE_GATEWAY_H

#include "store/store.h"

struct hs_gateway;

HS_MUST hs_rc hs_gateways_open(struct hs_err *err); /* their threads; part of hs_store_open */
void hs_gateways_close(void);                       /* waits for those that are open to end */

/* `names` are remote, as hs_store_resolve gave them; they are copied. *out_fd is the worker's end, the taker's. */
HS_MUST hs_rc hs_gateway_open(const hs_str *names, size_t count, struct hs_gateway **out, int *out_fd,
                              struct hs_err *err);
/* Does not wait: what still runs for it is told to stop. Takes NULL. */
void hs_gateway_close(struct hs_gateway *g);

#endif
