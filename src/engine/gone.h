/* Private to engine/: which rows of a statement's files row-level deletes take away, on their way to the worker.
 *
 * Every group of files with such rows has a slot: its number among all groups of all scans, in order. The printed raw
 * layer names the slot (hs_live, worker/live.c). What is small rides in RUN; what is not, in a sealed memfd of its own
 * that message GONE brings just before: a message is bounded, and deleted positions grow with the table. */
#ifndef HS_ENGINE_GONE_H
#define HS_ENGINE_GONE_H

#include "engine/engine.h"

struct hs_gone { /* the server's end */
    struct hs_buf block;
    int fd; /* -1: all of it is in `block`; else all of it is there and `block` is empty */
    uint64_t bytes;
};
void hs_gone_init(struct hs_gone *g);
void hs_gone_fini(struct hs_gone *g);
HS_MUST hs_rc hs_gone_write(struct hs_gone *g, const struct hs_scan *scans, size_t scan_count, struct hs_err *err);
bool hs_group_has_gone(const struct hs_scan_group *group);

struct hs_gone_slot { /* the worker's end */
    const struct hs_positions **files;
    size_t file_count; /* 0: no such slot */
};
struct hs_gone_slots {
    struct hs_gone_slot *at;
    size_t count;
};
/* Positions are the arena's. The block is the server's word, and checked all the same. */
HS_MUST hs_rc hs_gone_read(struct hs_arena *a, hs_str block, struct hs_gone_slots *out, struct hs_err *err);

#endif
