/* Private to engine/: shared memory in which a worker writes batches and the server reads them.
 *
 * The server makes it and seals its size before the worker sees it, so neither side's page can vanish below the other
 * (no SIGBUS). It is a row of equal slots; a segment for one large batch is a ring of one slot. Who may write a slot is
 * said over the channel, never in the memory itself. */
#ifndef HS_ENGINE_RING_H
#define HS_ENGINE_RING_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct hs_ring;

HS_MUST hs_rc hs_ring_new(unsigned slots, uint64_t slot_bytes, struct hs_ring **out, struct hs_err *err);
struct hs_ring *hs_ring_ref(struct hs_ring *r);
void hs_ring_unref(struct hs_ring *r); /* takes NULL; the last one gives the memory back */
int hs_ring_fd(const struct hs_ring *r);
void hs_ring_close_fd(struct hs_ring *r); /* handed over: the mapping stays */
unsigned hs_ring_slots(const struct hs_ring *r);
uint64_t hs_ring_slot_bytes(const struct hs_ring *r);
const uint8_t *hs_ring_slot(const struct hs_ring *r, unsigned slot); /* NULL: no such slot */
/* Gives a slot's pages past its first `keep` bytes (whole pages) back to the system; what was there is then zero. */
void hs_ring_drop(struct hs_ring *r, unsigned slot, uint64_t keep);

#endif
