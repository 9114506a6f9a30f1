/* Private to access/: the service, one model generation with its caches, a call, the audit. */
#ifndef HS_ACCESS_ACCESS_IN_H
#define HS_ACCESS_ACCESS_IN_H

#include "access/service.h"
#include "auth/auth.h"
#include "engine/engine.h"
#include "iceberg/iceberg.h"
#include "io/pool.h"
#include "policy/policy.h"
#include "state/quota.h"

#include <pthread.h>

struct hs_audit;

/* ---- a generation: one loaded model and everything derived from it; counted, dropped whole after a reload ---- */
struct described;
struct seen_schema {
    const struct hs_table *table;
    const struct hs_type *real;
};
struct generation {
    atomic_int refs;
    atomic_int decided; /* decisions made; those that ended stay in the arena, too */
    struct hs_model *model;
    struct described *described; /* has its own lock */
    pthread_mutex_t lock;        /* guards what follows */
    struct hs_arena *arena;
    HS_VEC(struct seen_schema) schemas; /* of tables that were opened */
    struct hs_map *bound;               /* table + metadata path -> struct hs_type * */
    struct hs_map *decisions; /* person + table + metadata path + purpose + workspace -> struct cached_decision * */
};
struct cached_decision {
    struct hs_decision *decision;
    int64_t decided_us;
};
/* May it be used now? Not after its end, and not before it was made: a clock that was set back brings back what had
 * ended by then. */
bool hs_decision_holds(const struct cached_decision *c, int64_t now_us);

/* ---- what statements answer with: described.c ---- */
struct described *hs_described_new(void);
void hs_described_free(struct described *d);
struct described_copy {            /* in the call's arena */
    struct hs_statement statement; /* refs and param_count; no tree: it cannot be run */
    const struct hs_type *schema, *param_types;
    const struct hs_seen_column *origins;
    uint8_t (*digests)[32];
    size_t digest_count;
};
void hs_described_put(struct described *d, const struct hs_call *c, const struct hs_statement *s);
bool hs_described_get(struct described *d, struct hs_call *c, struct described_copy *out);
/* After the tables were opened and decided anew: do all decisions still have the digests of then? */
bool hs_described_holds(const struct described_copy *copy, const struct hs_call *c);

struct generation *hs_generation_new(struct hs_model *model); /* takes the reference */
struct generation *hs_generation_ref(struct generation *g);
void hs_generation_unref(struct generation *g);
/* What a newer model's policies say of the tables that this one has opened: types that do not fit, rules that can never
 * match. Tables that nobody has opened are left to `hailstorm check`. */
HS_MUST hs_rc hs_generation_check(struct generation *g, const struct hs_model *newer, struct hs_err *err);
bool hs_generation_is_worn(struct generation *g); /* it has made so many decisions that another should take over */

/* A table found, opened and pinned. `store` borrows from the model. */
struct opened {
    const struct hs_table *table;
    struct hs_store store;
    struct hs_iceberg_table *iceberg; /* counted */
    struct hs_pin pin;
    bool current;                /* not by time travel: every mention in one statement reads this same snapshot */
    const struct hs_type *bound; /* in the generation */
    const struct hs_decision *decision; /* in the generation */
};
/* Like hs_opened_table, for what a transaction reads: `as_of` that the table no longer has is HS_CONFLICT. */
HS_MUST hs_rc hs_opened_again(struct hs_arena *arena, struct generation *g, const struct hs_table *t,
                              const struct hs_as_of *as_of, struct opened *out, struct hs_err *err);
void hs_opened_be_empty(struct opened *o); /* it had no snapshot when it was read first */
struct hs_store hs_store_of(const struct hs_table *table);
HS_MUST hs_rc hs_opened_table(struct hs_access *a, struct hs_arena *arena, struct generation *g,
                              const struct hs_table *t, const struct hs_as_of *as_of, struct opened *out,
                              struct hs_err *err);
/* As it was bound by a handle or ticket. */
HS_MUST hs_rc hs_opened_pinned(struct hs_arena *arena, struct generation *g, const struct hs_table *t,
                               int64_t snapshot_id, struct opened *out, struct hs_err *err);
HS_MUST hs_rc hs_opened_decide(struct generation *g, const struct hs_principal *who, const struct hs_facts *facts,
                               struct opened *o, struct hs_err *err);
void hs_opened_close(struct opened *o);

/* ---- pins.c: what a transaction has read already ---- */
struct hs_pin_note {
    bool empty;
    int64_t snapshot_id;
};
/* The time that all of its statements read the tables of, but for the first one's: that one reads what is current, and
 * what it finds is kept. True: this is the first. */
bool hs_pins_begin(struct hs_pins *p, int64_t *out_since_us);
bool hs_pins_find(struct hs_pins *p, const struct hs_table *t, struct hs_pin_note *out);
/* What is kept of this table already goes before, and *note becomes that. */
HS_MUST hs_rc hs_pins_keep(struct hs_pins *p, const struct hs_table *t, struct hs_pin_note *note, struct hs_err *err);

/* ---- given.c: relations of the door's own ---- */
/* What a reference of the statement means: one of c->opened, or given. */
struct call_ref {
    const struct hs_given *given; /* NULL: a table */
    size_t at;                    /* in c->opened, or in c->given */
};
HS_MUST hs_rc hs_call_keep_given(struct hs_call *c, const struct hs_query *query, struct hs_err *err);
void hs_call_drop_given(struct hs_call *c);
const struct hs_given *hs_call_find_given(const struct hs_call *c, const struct hs_table_ref *ref);
HS_MUST hs_rc hs_given_scan(struct hs_arena *a, const struct hs_given *given, size_t at, struct hs_scan *out,
                            struct hs_err *err);

/* ---- the service ---- */
struct hs_access {
    struct hs_access_settings settings;
    struct hs_engine *engine;
    pthread_mutex_t rows_lock;
    struct hs_engine *rows_engine; /* of rows.c; NULL until it is needed */
    struct hs_state *state;
    struct hs_auth *auth;
    struct hs_pool *pool, *sign_in_pool;
    struct hs_audit *audit;
    uint8_t mask_key[32];
    char mask_key_id[9];
    char model_directory[4096];
    _Atomic int64_t given_bytes; /* of all open calls */

    pthread_mutex_t lock; /* guards what follows */
    struct generation *generation;
    struct hs_call *calls; /* all that are open */
    int call_count;
    int64_t calls_total, denied_total;
    struct person *people; /* who has work on the pool: turns.c */
    struct sign_in *sign_ins;
};
struct generation *hs_access_generation(struct hs_access *a); /* counted */
/* Would the model of the moment decide this call otherwise than the one it was decided by? */
bool hs_access_outdated(struct hs_access *a, struct hs_call *c);
HS_MUST hs_rc hs_sign_ins_open(struct hs_access *a, struct hs_err *err);

/* ---- parts.c: a scan that is read in parts ---- */
struct hs_cut {
    bool may;           /* read in parts at all */
    int64_t rows;       /* of all files */
    int64_t pieces;     /* row groups, and files that have none */
    uint8_t digest[32]; /* of the files in their order, and their rows */
};
/* At least 1; 1 where it may not be cut, or is not worth it. */
size_t hs_parts_of(const struct hs_cut *cut, int64_t row_width, size_t most, int64_t part_bytes);
/* cut->rows and cut->digest. */
HS_MUST hs_rc hs_cut_of(const struct hs_scan *scan, struct hs_cut *cut, struct hs_err *err);
/* Leaves of the scan's `rows` rows those of this part. */
HS_MUST hs_rc hs_scan_part(struct hs_arena *a, struct hs_scan *scan, int64_t rows, size_t part, size_t parts,
                           struct hs_err *err);
/* What there is to cut, total_rows, and of a call for one part its rows alone. */
HS_MUST hs_rc hs_call_cut(struct hs_call *c, const struct hs_statement *s, const struct hs_plan *plan,
                          struct hs_scan *scan, struct hs_err *err);
bool hs_call_worth_running(struct hs_call *c, const struct hs_scan *scans);
/* When the answer's schema is known: parts_out, and what was cut into bound_out. */
HS_MUST hs_rc hs_call_tell_parts(struct hs_call *c, struct hs_err *err);

/* ---- a call ---- */
/* The parts of a statement's way to its first row, for the debug log and the bench. */
enum call_step { STEP_LEASE, STEP_PARSE, STEP_DECIDE, STEP_PLAN, STEP_INTENT, STEP_RUN, STEP_COUNT };

enum call_phase { PHASE_WORKING = 1, PHASE_READY, PHASE_RUNNING, PHASE_CLOSING, PHASE_DONE };

struct hs_call {
    struct hs_access *access;
    struct hs_call *prev, *next; /* in access->calls, under its lock; and so the next two */
    struct hs_call *behind;      /* in its person's line */
    bool in_line;
    atomic_int refs;     /* the front's one, and one for whatever still works for it */
    atomic_bool gave_up; /* cancelled: whoever waits for it may stop */
    atomic_bool aside;   /* nobody reads it yet: aside.c */
    struct hs_arena *arena;
    struct generation *generation;
    /* copies */
    const char *door;
    hs_str name, purpose, workspace, request_id, peer, agent, trace, sql, bound_in;
    struct hs_params params;
    bool has_params, describe_only, if_free;
    struct hs_answer_form form;
    size_t part, parts; /* as asked; parts 0: all of it */
    size_t parts_max;   /* as asked, and then as the limits allow */
    int64_t part_bytes;
    hs_str bound_cut; /* of bound_in: the digest of what was cut, in hex; empty: nothing was */
    int64_t deadline_mono_us;
    int64_t decided_until_us; /* wall clock: the first end of its decisions; 0: none */
    struct hs_catalog_query catalog_query;
    void (*work)(struct hs_call *c); /* runs once on the pool */

    /* Guards notify alone and is always the innermost lock: the engine may call stream_news under its own. */
    pthread_mutex_t notify_lock;
    void (*notify)(void *arg);
    void *notify_arg;

    pthread_mutex_t lock;           /* guards what follows */
    _Atomic(enum call_phase) phase; /* set under the lock; who counts the calls of a person looks without it */
    bool cancelled;
    hs_rc cancel_why;
    bool failed;
    struct hs_err err;
    struct hs_stream *stream;
    const struct hs_type *schema;
    size_t param_count;
    const struct hs_type *param_types; /* STRUCT; NULL: not known */
    const struct hs_seen_column *origins;
    struct hs_cut cut;
    size_t parts_out;   /* into how many parts it may be read */
    int64_t total_rows; /* -1: not told */
    struct hs_buf bound_out;
    struct hs_catalog *catalog;
    struct opened *opened; /* what it reads; also compared on reload */
    size_t opened_count;
    struct call_ref *refs_of; /* one a reference of its statement, once all are opened */
    struct hs_given *given;   /* names and types; the rows are in given_rows */
    size_t given_count;
    struct hs_given_rows *given_rows;
    struct hs_pins *pins;  /* its own reference; NULL: none */
    bool pins_first;       /* its is the first statement under them */
    int64_t pins_since_us; /* else: when that began */
    bool intent_written, outcome_sent;
    int64_t rows, bytes, rows_max;
    struct hs_quota *quotas; /* of the products it reads; charged as batches leave */
    size_t quota_count;
    int64_t step_us[STEP_COUNT];          /* where the time to READY went; written by the pool thread alone */
    size_t files_planned, files_left_out; /* left out by what the statement asks, as far as it was looked at */
};
struct hs_call *hs_call_new(struct hs_access *a, const struct hs_asker *who, void (*notify)(void *), void *arg);
void hs_call_start(struct hs_call *c, void (*work)(struct hs_call *c));
void hs_call_renew(struct hs_call *c); /* before its work: decided by the model of this moment */
/* A turn on the pool, now or when one of this person's ends; the reference is the turn's, unless it fails. */
HS_MUST hs_rc hs_turn_take(struct hs_call *c, struct hs_err *err);
bool hs_turn_leave(struct hs_call *c); /* true: it stood in line and has left, and its reference is the caller's */
/* HS_LIMIT when this person, or all together, have too many calls. most 0: whatever the model could allow. */
HS_MUST hs_rc hs_call_admit(struct hs_call *c, int64_t most, struct hs_err *err);
void hs_call_unref(struct hs_call *c);
void hs_call_fail(struct hs_call *c, const struct hs_err *err); /* to ERROR, with one audit record */
void hs_call_ready(struct hs_call *c);
HS_MUST hs_rc hs_call_intent(struct hs_call *c,
                             struct hs_err *err); /* on disk when it returns: before anything is shown */
bool hs_call_is_cancelled(struct hs_call *c, struct hs_err *err);
void hs_query_work(struct hs_call *c);
/* admit.c; calls of this person that are open and not done, and how many there may be when this is one of them. */
int hs_calls_of(struct hs_access *a, hs_str name);
int64_t hs_call_most_running(const struct hs_call *c);
HS_MUST hs_rc hs_call_limits(struct hs_call *c, struct hs_err *err); /* when its tables are opened */
/* origins.c: c->origins, when the schema is known. */
HS_MUST hs_rc hs_call_tell_origins(struct hs_call *c, const struct hs_statement *s, const struct hs_scan *scans,
                                   struct hs_err *err);
struct hs_seen_column *hs_seen_columns_copy(struct hs_arena *a, const struct hs_seen_column *all, size_t count);
/* mask_keys.c: one for every domain and key that a mask here uses. */
HS_MUST hs_rc hs_call_mask_keys(struct hs_call *c, struct hs_run_request *r, struct hs_err *err);
/* aside.c: answers that nobody reads yet make way. */
void hs_asides_drop(struct hs_access *a, hs_str name); /* this person's */
void hs_asides_yield(struct hs_call *c);               /* before it waits for a worker */
bool hs_call_may_run_now(struct hs_call *c);           /* without anybody waiting for it */
/* limits.c: what the decisions of the opened tables allow this statement; checked after the intent is on disk. */
HS_MUST hs_rc hs_call_quotas(struct hs_call *c, struct hs_err *err);
/* aggregate.c: where a decision allows nothing but aggregates, checks and prints the statement anew and compares it
 * with what this person asked before; that may use up the lease (*l is then NULL). */
HS_MUST hs_rc hs_call_aggregate(struct hs_call *c, const struct hs_statement *s, struct hs_lease **l,
                                struct hs_run_request *r, struct hs_err *err);
/* rows.c: every batch of a stream, waited for. */
HS_MUST hs_rc hs_call_read(struct hs_call *c, struct hs_stream *s,
                           hs_rc (*on_batch)(void *arg, const struct hs_batch *batch, struct hs_err *err), void *arg,
                           struct hs_err *err);
HS_MUST hs_rc hs_call_charge(struct hs_call *c, int64_t rows, int64_t bytes, struct hs_err *err);
/* query.c: what a worker has to be let into to read this table; false: no room, or no memory. */
bool hs_add_table_directories(struct hs_arena *a, const struct hs_table *t, hs_str *at, size_t *count, size_t max);
/* scan.c: files and deletes; raw, columns and rows are the caller's. */
HS_MUST hs_rc hs_scan_of_plan(struct hs_arena *a, const struct hs_plan *plan, struct hs_scan *scan, struct hs_err *err);
/* rows.c: reads rows of this table's files for its planner, while the call lasts and the table is open. */
HS_MUST hs_rc hs_row_reader_of(struct hs_call *c, const struct opened *o, struct hs_row_reader *out,
                               struct hs_err *err);
void hs_catalog_work(struct hs_call *c);

HS_MUST hs_rc hs_call_principal(struct hs_call *c, struct hs_principal **out, struct hs_err *err);
/* May this person state that purpose (workspace)? `attribute` is "purposes" ("workspaces"). */
HS_MUST hs_rc hs_may_state(const struct hs_principal *who, const char *attribute, hs_str stated, struct hs_err *err);
struct hs_facts hs_call_facts(const struct hs_call *c);

/* ---- audit ---- */
#define AUDIT_HEAD ",\"head\":\"" /* what stands before the signature of a head line */
struct audit_record {
    const char *phase; /* "intent", "outcome", "refused" */
    const struct hs_call *call;
    const struct hs_err *err; /* refused, or an outcome that failed */
};
HS_MUST hs_rc hs_audit_open(hs_str directory, struct hs_auth *auth, struct hs_audit **out, struct hs_err *err);
void hs_audit_close(struct hs_audit *a);
/* Blocks until the record is on disk. */
HS_MUST hs_rc hs_audit_write(struct hs_audit *a, const struct audit_record *r, struct hs_err *err);
/* Returns at once; done(arg, failed) is called from the audit's thread. */
HS_MUST hs_rc hs_audit_write_later(struct hs_audit *a, const struct audit_record *r,
                                   void (*done)(void *arg, bool failed), void *arg, struct hs_err *err);
bool hs_audit_broken(struct hs_audit *a); /* a record could not be written: no new calls */

#endif
