/* One batch in the making. The main thread gathers it: which rows of which chunks, and how large everything is
 * (gather.c); a writer lays it out and writes it to its place (load.c, writers.c), beside other writers with theirs. */
#ifndef HS_ENGINE_WORKER_LOAD_H
#define HS_ENGINE_WORKER_LOAD_H

#include "arrow/compress.h"
#include "engine/worker/worker_in.h"

#include <stdatomic.h>

enum { PIECES = 4096 }; /* reached only where a chunk has 32 rows or fewer: doc/threat-model.md */

struct held { /* a chunk of the engine, as long as a batch in the making has rows of it */
    duckdb_data_chunk chunk;
    atomic_int refs;
};
void hs_held_unref(struct held *h); /* takes NULL */

struct piece {
    struct held *held; /* one reference */
    size_t from, count;
};

struct load {
    struct load *next;     /* writers.c */
    struct column_set set; /* its own */
    enum hs_compression compression;
    uint32_t statement;
    struct piece pieces[PIECES];
    size_t piece_count;
    int64_t rows;
    uint8_t *at;            /* where the body is written, with room for hs_load_room */
    uint64_t segment_bytes; /* mapped at `at`, to be unmapped; 0: a slot */
    uint32_t place;
    /* as written */
    struct hs_batch_node *nodes;
    struct hs_batch_buffer *buffers;
    size_t node_count, buffer_count;
    uint64_t body_len;
    bool written;
    struct hs_buf message;
};

/* What a writer has for itself. */
struct bench {
    struct hs_compressor *compressor;
    enum hs_compression how;
    uint8_t *plain;
    size_t plain_cap;
};
void hs_bench_fini(struct bench *b);

HS_MUST hs_rc hs_load_new(struct hs_arena *a, const struct column_set *set, enum hs_compression compression,
                          uint32_t statement, struct load **out, struct hs_err *err);
uint64_t hs_load_room(const struct load *l); /* the most that the body may take */
/* Writes the body and what is said of it; its chunks are let go. HS_INVALID: the result holds what cannot be sent. */
HS_MUST hs_rc hs_load_write(struct load *l, struct bench *b, struct hs_err *err);
void hs_load_drop(struct load *l); /* lets chunks go and forgets sizes: as new */

/* ---- writers.c: loads are written beside one another and sent in the order in which they were put ---- */
void hs_writers_begin(unsigned threads);                          /* at most; 0: all is written by who calls */
HS_MUST hs_rc hs_writers_put(struct load *l, struct hs_err *err); /* takes the load */
/* Nobody else is at work: written and sent at once, by who calls. */
bool hs_writers_idle(void);
HS_MUST hs_rc hs_writers_write_here(struct load *l, struct hs_err *err);
/* A load that has been sent; waits for one when `most` are on their way. NULL: none yet, a new one may be made. */
struct load *hs_writers_take(unsigned most);
/* What a writer failed with; nothing was sent since then. */
HS_MUST hs_rc hs_writers_error(struct hs_err *err);
/* Waits until all were sent; the first error of any. */
HS_MUST hs_rc hs_writers_end(struct hs_err *err);
/* Nothing more is sent; waits until nothing is being written. */
void hs_writers_stop(void);

#endif
