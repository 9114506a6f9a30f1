/* A batch of rows as it crosses rooms: the body of an Arrow IPC RecordBatch message, laid out where the engine worker
 * wrote it (shared memory), and a descriptor that says where each buffer lies. A front whose wire is Arrow sends the
 * body as it is; one that must follow offsets imports it first, which copies and checks.
 *
 * Layout rules (Arrow columnar format, "Recursive IPC record batch"): nodes depth-first, pre-order; per node the
 * buffers validity, [offsets], [data]; every buffer starts at a multiple of 8 and is padded to it; strings and binary
 * use 32-bit offsets; booleans are bits; lists 32-bit offsets; maps as list<entries: struct<key, value>>; decimal is
 * 128 bit; uuid is 16 fixed bytes; a validity buffer of length 0 means no NULLs.
 *
 * Other forms (form.h), as the type tree says: narrow decimals of 32 or 64 bits; views with exactly one variadic
 * buffer; indices into a dictionary. A batch carries all of its dictionaries, so it can be read without those before
 * it: their nodes and buffers (validity, offsets, data) follow the columns', depth-first, and so do their bytes in the
 * body: each part lies behind the one before, and begins where the first buffer of its own is said to lie. With
 * compression every buffer that is not empty begins with 8 bytes, its plain length, or -1 where plain bytes follow. */
#ifndef HS_ARROW_BATCH_H
#define HS_ARROW_BATCH_H

#include "arrow/form.h"
#include "arrow/type.h"

struct hs_batch_node {
    int64_t length, null_count;
};
struct hs_batch_buffer {
    int64_t offset, length;
};

struct hs_batch {
    int64_t rows;
    struct hs_batch_node *nodes;
    size_t node_count;
    struct hs_batch_buffer *buffers;
    size_t buffer_count;
    const uint8_t *body; /* may be shared memory that its writer can still change: never read it twice and trust */
    size_t body_len;
    /* Gives body, nodes and buffers back; called once, by the last holder, from any thread. NULL after release. */
    void (*release)(struct hs_batch *batch);
    void *owner;
    /* What the schema and the form asked for say of it; zeros: plain. hs_batch_of_form fills them. */
    enum hs_compression compression;
    size_t dictionary_count, view_count;
};
static inline void hs_batch_release(struct hs_batch *b)
{
    if (b && b->release) {
        void (*fn)(struct hs_batch *) = b->release;
        b->release = NULL;
        fn(b);
    }
}

/* How many nodes and buffers a batch of this schema (a STRUCT; its fields are the columns) has, dictionaries' too. */
void hs_batch_shape(const struct hs_type *schema, size_t *out_nodes, size_t *out_buffers);
void hs_batch_of_form(struct hs_batch *batch, const struct hs_type *schema, enum hs_compression compression);

/* A batch leaves as messages of its own for each part: its dictionaries in their order (the i-th has the id i), at last
 * the columns. Only of a batch that passed the check. */
struct hs_batch_part {
    int64_t rows;
    const struct hs_batch_node *nodes;
    size_t node_count;
    const struct hs_batch_buffer *buffers; /* offsets as in the body, from which `at` is to be taken */
    size_t buffer_count;
    size_t at, len; /* in the body */
};
static inline size_t hs_batch_part_count(const struct hs_batch *batch)
{
    return batch->dictionary_count + 1;
}
struct hs_batch_part hs_batch_part(const struct hs_batch *batch, size_t i);

/* Structural check, reading only the descriptor (which must be the caller's private copy): counts fit the schema, every
 * buffer lies in the body, is aligned, and is long enough for its node's length; lengths of struct children agree.
 * Values are not read. HS_CORRUPT otherwise. */
HS_MUST hs_rc hs_batch_check(const struct hs_type *schema, const struct hs_batch *batch, struct hs_err *err);

struct ArrowSchema;
struct ArrowArray;
/* The Arrow schema (C data interface) of a STRUCT: metadata PARQUET:field_id kept when id >= 0 and with_ids. */
HS_MUST hs_rc hs_type_to_arrow(const struct hs_type *schema, bool with_ids, struct ArrowSchema *out,
                               struct hs_err *err);
/* Copies the body into private memory and checks it whole: offsets rising and in range, UTF-8 valid. Afterwards every
 * encoder may follow it. */
HS_MUST hs_rc hs_batch_import(const struct hs_type *schema, const struct hs_batch *batch, struct ArrowArray *out,
                              struct hs_err *err);

#endif
