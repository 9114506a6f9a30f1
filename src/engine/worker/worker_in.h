/* Private to engine/worker/: the parts of a worker process.
 *
 * Threads of ours: the main one runs statements, helpers run what takes long with it (helpers.c), writers write their
 * batches (load.h), and the listener receives, so that a cancel or a freed slot arrives while the engine is busy. */
#ifndef HS_ENGINE_WORKER_IN_H
#define HS_ENGINE_WORKER_IN_H

#include "engine/gone.h"
#include "engine/message.h"
#include "engine/worker/column.h"
#include "engine/worker/duck.h"

enum { CHANNEL_FD = 3, HS_PG_NATIVES_MOST = 256 };

/* ---- inbox.c ---- */
struct request { /* owned copy of a message for the main thread */
    unsigned kind;
    uint32_t statement;
    struct hs_buf payload;
    int passed;
};
/* Before the walls there is no listener: the main thread receives by itself. Ends the process when the server is gone.
 */
void hs_inbox_take_alone(struct request *out);
HS_MUST hs_rc hs_inbox_start(struct hs_err *err); /* the listener */
void hs_inbox_take(struct request *out);
void hs_request_fini(struct request *r); /* wipes: a RUN held a mask key */

/* From begin to end of a statement: which slots are free, what a cancel interrupts. */
HS_MUST hs_rc hs_inbox_begin(uint32_t statement, unsigned slots, struct hs_err *err);
void hs_inbox_end(void);
void hs_inbox_interruptible(duckdb_connection connection); /* NULL: nothing runs now */
bool hs_inbox_cancelled(void);
int hs_inbox_gone(void);                                             /* what GONE brought; the taker's. -1: nothing */
int hs_inbox_given(void);                                            /* what GIVEN brought; likewise */
HS_MUST hs_rc hs_inbox_slot(unsigned *out_slot, struct hs_err *err); /* waits; HS_CANCELLED */
void hs_inbox_return_slot(unsigned slot);                            /* taken, and not sent after all */
struct segment {
    uint32_t id;
    uint64_t bytes;
    int fd; /* the taker's; -1: refused */
};
HS_MUST hs_rc hs_inbox_segment(struct segment *out, struct hs_err *err); /* waits for the answer to SEGMENT_ASK */

/* Sends or ends the process: without its server a worker has no reason to be. */
void hs_reply(enum hs_channel_kind kind, uint32_t statement, hs_str payload);
void hs_reply_error(uint32_t statement, const struct hs_err *err);

/* ---- instance.c ---- */
struct avro_trouble;
struct natives;
struct givens;
struct instance {
    duckdb_database database;
    duckdb_connection connection;
    duckdb_prepared_statement parse;
    struct avro_trouble *avro;
    struct natives *natives;                      /* NULL: none yet */
    struct givens *givens;                        /* NULL: hs_given is not registered yet */
    uint64_t pg_natives[HS_PG_NATIVES_MOST / 64]; /* which of pg/natives.c's it has */
    unsigned statements;                          /* begun in it */
    struct hs_buf narrowed;                       /* the words that narrowed it, since the first of them */
    struct hs_buf drops;                          /* words that drop the last one's views */
};
HS_MUST hs_rc hs_instance_open(struct instance *out, struct hs_err *err);
void hs_instance_close(struct instance *i);
/* One statement of ours; an engine error becomes err as hs_engine_fail says. */
HS_MUST hs_rc hs_instance_do(struct instance *i, const char *sql, struct hs_err *err);
/* The error of the engine as it is, in err->detail: "Binder Error: ...". */
HS_MUST hs_rc hs_engine_fail(struct hs_err *err, const char *text);
hs_str hs_engine_kind(hs_str text); /* "Binder", or empty when the words are not the engine's */
/* Answers with PARSED. */
HS_MUST hs_rc hs_instance_parse(struct instance *i, uint32_t statement, hs_str sql, struct hs_err *err);
/* Own walls of the engine: planned files only, nothing else, and no way back. One that was narrowed to the same files
 * and limits before stays as it is; one that was narrowed otherwise is set aside, and *i is another: one that was set
 * aside before and is narrowed so, or a new one. */
HS_MUST hs_rc hs_instance_narrow(struct instance *i, const struct hs_msg_lease *lease, const struct hs_msg_run *run,
                                 struct hs_err *err);
/* How many threads the engine may use for it: LIMIT 1 on two of them reads what it needs twice. */
unsigned hs_instance_threads(const struct hs_msg_lease *lease, const struct hs_msg_run *run);
/* After a statement that ended well: may the next one run here? Not where functions were registered for this one. */
bool hs_instance_may_stay(const struct instance *i, const struct hs_msg_run *run);
/* Another one that is open, for *i, which is closed. */
HS_MUST hs_rc hs_instance_another(struct instance *i, struct hs_err *err);
HS_MUST hs_rc hs_instance_views(struct instance *i, const struct hs_msg_run *run, struct hs_err *err);

/* ---- avro.c ---- */
/* Registers hs_avro; *out lives until hs_avro_forget, after the instance. */
HS_MUST hs_rc hs_avro_register(struct instance *i, struct avro_trouble **out, struct hs_err *err);
/* A statement failed with rc: if it was hs_avro that failed, *err becomes what it said. */
hs_rc hs_avro_explain(struct avro_trouble *t, hs_rc rc, struct hs_err *err);
void hs_avro_forget(struct avro_trouble *t); /* takes NULL */

/* ---- spare.c ---- */
/* An instance that was opened ahead, waiting for it when it is not there yet. Only after the walls are up. */
HS_MUST hs_rc hs_spare_take(struct instance *out, struct hs_err *err);

/* ---- helpers.c ---- */
/* Threads that help with the engine's tasks when a statement takes long; `threads` are those of its lease, the main one
 * included. Between begin and wait the database stays open. */
void hs_helpers_begin(duckdb_database database, unsigned threads);
bool hs_helpers_step(duckdb_pending_result pending); /* to the first rows; false: it has failed */
void hs_helpers_call_off(void);                      /* takes up nothing more; does not wait */
void hs_helpers_wait(void);                          /* none of them is in the engine any more */

/* ---- natives.c ---- */
/* Registers the natives of masks that the plan's views name, if this instance has them not; the plan's keys are theirs
 * until hs_natives_rest, which wipes what was made of them. */
HS_MUST hs_rc hs_natives_register(struct instance *i, const struct hs_msg_run *run, struct hs_err *err);
void hs_natives_rest(struct natives *n);   /* takes NULL */
void hs_natives_forget(struct natives *n); /* takes NULL; after the instance */

/* ---- pg/natives.c ---- */
/* Registers those hs_pg_ functions that the statement names and `have` (a bit each, at first zeros) has not. */
HS_MUST hs_rc hs_pg_natives_register(duckdb_connection connection, uint64_t *have, hs_str sql, struct hs_err *err);

/* ---- live.c ---- */
/* Registers hs_live over the positions that came with the plan; they live in the arena, as long as the instance. */
HS_MUST hs_rc hs_live_register(struct instance *i, struct hs_arena *a, const struct hs_msg_run *run, int gone_fd,
                               struct hs_err *err);

/* ---- given.c ---- */
/* Registers hs_given, if this instance has it not, over the relations that came with the plan; they last until
 * hs_givens_rest, the function as long as the instance. */
HS_MUST hs_rc hs_givens_take(struct instance *i, struct hs_arena *a, const struct hs_msg_run *run, int fd,
                             struct hs_err *err);
void hs_givens_rest(struct givens *g);   /* takes NULL */
void hs_givens_forget(struct givens *g); /* takes NULL; after the instance */

/* ---- run.c, params.c, gather.c ---- */
HS_MUST hs_rc hs_bind_params(duckdb_prepared_statement prepared, const struct hs_params *params, struct hs_err *err);
/* What the engine takes them for before they have values: UNKNOWN where it does not know, or has no type of ours. */
HS_MUST hs_rc hs_param_types(struct hs_arena *a, duckdb_prepared_statement prepared, const struct hs_type **out,
                             struct hs_err *err);
/* Afterwards i is open for the next statement, or closed (no database) when that one must have another. */
HS_MUST hs_rc hs_run(struct instance *i, const struct hs_msg_lease *lease, uint32_t statement, hs_str payload,
                     int ring_fd, struct hs_err *err);

struct ring_view { /* the ring as the worker sees it */
    uint8_t *at;
    uint32_t slots;
    uint64_t slot_bytes;
};
struct gather_plan {
    struct ring_view ring;
    uint32_t statement;
    enum hs_compression compression;
    unsigned writers;
};
struct gather;
/* NULL: no memory. The columns' operations are settled. */
struct gather *hs_gather_new(struct hs_arena *a, const struct column_set *set, const struct gather_plan *plan);
HS_MUST hs_rc hs_gather_add(struct gather *g, duckdb_data_chunk chunk, struct hs_err *err); /* takes the chunk */
HS_MUST hs_rc hs_gather_end(struct gather *g, int64_t *out_rows, struct hs_err *err);       /* all is sent */
/* Nothing more is sent; gives back what was not. */
void hs_gather_drop(struct gather *g);

#endif
