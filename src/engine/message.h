/* Private to engine/: what the payloads of the channel's messages hold. Encoders and decoders stand side by side and
 * are used by both processes; those that the server decodes treat the bytes as hostile. */
#ifndef HS_ENGINE_MESSAGE_H
#define HS_ENGINE_MESSAGE_H

#include "engine/mask_key.h"
#include "arrow/batch.h"
#include "arrow/param.h"
#include "engine/channel.h"

/* Of a result's type. Arrow's own readers stop at 64 levels, where a map is two. */
enum { HS_RESULT_DEPTH = 60, HS_RESULT_FIELDS = 100000 };

enum hs_wall { HS_WALL_LANDLOCK = 1, HS_WALL_SECCOMP = 2, HS_WALL_RLIMITS = 4 };

struct hs_msg_lease { /* the walls of a worker, once in its life */
    const hs_str *directories;
    size_t directory_count;
    hs_str spill; /* its own directory; "" when it may not spill */
    int64_t memory_bytes, spill_bytes;
    uint32_t threads;
};
void hs_put_lease(struct hs_buf *b, const struct hs_msg_lease *m);
HS_MUST hs_rc hs_get_lease(struct hs_arena *a, hs_str payload, struct hs_msg_lease *out, struct hs_err *err);

struct hs_msg_view {
    hs_str name, sql;
};
struct hs_msg_run {
    hs_str sql;
    const struct hs_msg_view *views;
    size_t view_count;
    const hs_str *paths; /* the planned files, the only ones that may be opened */
    size_t path_count;
    const struct hs_params *params; /* may be NULL */
    const struct hs_mask_key *mask_keys;
    size_t mask_key_count;
    int64_t memory_bytes;
    uint32_t slots;
    uint64_t slot_bytes;
    bool describe_only;
    hs_str gone;          /* deleted positions, a block of gone.h; empty: none, or beside */
    uint64_t gone_bytes;  /* >0: the block came in the descriptor of GONE, so long */
    hs_str given;         /* what lies where in the descriptor of GIVEN (given.h); empty: nothing came */
    uint64_t given_bytes; /* how long that is */
    struct hs_answer_form form;
    bool restricted; /* a view hides rows or cells: what the planner knows of whole files must not show */
    bool wants_few;  /* the first few rows of one scan are all of its answer */
};
void hs_put_run(struct hs_buf *b, const struct hs_msg_run *m);
HS_MUST hs_rc hs_get_run(struct hs_arena *a, hs_str payload, struct hs_msg_run *out, struct hs_err *err);

/* A place is a slot of the ring, or a segment: HS_PLACE_SEGMENT + its number. */
#define HS_PLACE_SEGMENT 0x80000000u
struct hs_msg_batch {
    uint32_t place;
    int64_t rows;
    uint64_t body_len;
    struct hs_batch_node *nodes;
    size_t node_count;
    struct hs_batch_buffer *buffers;
    size_t buffer_count;
};
void hs_put_batch(struct hs_buf *b, const struct hs_msg_batch *m);
/* Nodes and buffers are one private hs_malloc block beginning at out->nodes. Nothing is checked against a schema. */
HS_MUST hs_rc hs_get_batch(hs_str payload, struct hs_msg_batch *out, struct hs_err *err);

void hs_put_type(struct hs_buf *b, const struct hs_type *type);
/* Bounded in depth and in number of fields. */
HS_MUST hs_rc hs_get_type(struct hs_arena *a, hs_str payload, struct hs_type **out, struct hs_err *err);
/* SCHEMA: the answer's type, and behind it, where it is a describe, that of the parameters; *out_params NULL: not said.
 */
HS_MUST hs_rc hs_get_schema(struct hs_arena *a, hs_str payload, struct hs_type **out, struct hs_type **out_params,
                            struct hs_err *err);

/* ERROR: a kind ("Out of Memory", "INTERNAL", ... as the engine calls it, or "hs:" and one of ours), its text, and of
 * ours the words that a client may see. */
struct hs_msg_error {
    hs_str kind, text, shown;
};
void hs_put_error(struct hs_buf *b, hs_str kind, hs_str text, hs_str shown);
HS_MUST hs_rc hs_get_error(hs_str payload, struct hs_msg_error *out, struct hs_err *err);

#endif
