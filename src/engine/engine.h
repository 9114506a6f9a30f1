/* The engine as a guest: a pool of worker processes that parse and run statements over decided scans, each in a
 * sandbox. The engine knows no person, no policy and no wire: what arrives here is already decided, what leaves is
 * batches.
 *
 * A request: lease -> parse (the worker prints the statement's tree; the guard checks it here) -> the caller turns
 * every table reference into a scan -> run (our printer writes the statement over views; the worker runs it) -> poll
 * batches. Lease, parse and run block and belong on a pool thread; poll never blocks. */
#ifndef HS_ENGINE_ENGINE_H
#define HS_ENGINE_ENGINE_H

#include "engine/mask_key.h"
#include "arrow/batch.h"
#include "arrow/param.h"
#include "base/positions.h"

#include <stdatomic.h>

struct hs_engine;
struct hs_given_rows;
struct hs_lease;
struct hs_stream;

/* How planned objects that are not files come into a worker; the engine knows no store. None of these waits. */
struct hs_object_gate {
    bool (*is_remote)(hs_str path);
    /* *out_fd: the worker's end of a socket that speaks base/object_wire.h, an object's number being its index here. */
    hs_rc (*open)(const hs_str *names, size_t count, void **out, int *out_fd, struct hs_err *err);
    void (*close)(void *open);
};

struct hs_engine_settings { /* zero means the default in [] */
    const char *program;    /* path of this binary; workers are `program worker` [/proc/self/exe] */
    const char *library;    /* libduckdb.so [beside the binary, else HAILSTORM_DUCKDB] */
    const char *scratch;    /* directory for spill and spool, 0700; made when absent */
    int warm;               /* idle workers kept ready [1]; -1: none */
    int workers_max;        /* [4]; one principal holds all but one of them at most */
    int threads;            /* engine threads per statement [number of cores] */
    int64_t memory_bytes;   /* per worker [1 GiB]; DuckDB's memory_limit, with RLIMIT_AS/cgroup-free head room above */
    int64_t spill_bytes;    /* per statement on disk [4 GiB] */
    int slots;              /* per ring [4] */
    int64_t slot_bytes;     /* [4 MiB]; larger batches travel in a segment of their own */
    int64_t rings_bytes;    /* all rings and segments together [512 MiB] */
    int slow_reader_ms;     /* unread this long: spool and free the worker [10000] */
    int64_t spool_bytes;    /* all spools together [2 GiB] */
    int queue_max;          /* statements waiting for a worker [256] */
    int queue_ms;           /* longest wait [30000] */
    const struct hs_object_gate *objects; /* NULL: every planned file is a file */
    bool allow_missing_walls;             /* start although Landlock or seccomp is not there */
};

HS_MUST hs_rc hs_engine_open(const struct hs_engine_settings *s, struct hs_engine **out, struct hs_err *err);
/* A second one with the settings of the first, few workers and none ahead: for what must not wait for the first's. */
HS_MUST hs_rc hs_engine_open_beside(const struct hs_engine *first, int workers_max, struct hs_engine **out,
                                    struct hs_err *err);
void hs_engine_close(struct hs_engine *e); /* ends every worker; takes NULL */
/* "landlock, seccomp, rlimits" or what is missing: for the log and /readyz. */
void hs_engine_walls(const struct hs_engine *e, struct hs_buf *out);
struct hs_engine_counts {
    int workers, idle, leased, queued;
    int64_t started, died, ring_bytes, spool_bytes;
    int64_t parsed; /* texts that a worker was asked to read */
};
void hs_engine_count(const struct hs_engine *e, struct hs_engine_counts *out);

/* How many workers could be had at this moment: by this principal, by anybody; and who waits for one already. */
struct hs_engine_room {
    int own, all, queued;
};
void hs_engine_room(struct hs_engine *e, hs_str fair_key, struct hs_engine_room *out);
/* How many one principal may have at a time. */
int hs_engine_share(const struct hs_engine *e);

struct hs_lease_request {
    hs_str owner;              /* who the worker belongs to for its whole life: principal and policy version */
    hs_str fair_key;           /* the queue is fair between these: principal */
    hs_str request_id;         /* for the log */
    const hs_str *directories; /* what this owner's tables need opened: Landlock's rules */
    size_t directory_count;
    int64_t memory_bytes, time_ms; /* limits for this statement; 0: settings, none */
    const atomic_bool *gave_up; /* its asker needs it no more: waiting ends. NULL: never. Outlives lease and stream */
};
/* Waits in the queue; HS_LIMIT when it is full, HS_TIMEOUT when the wait was too long. A worker that is already
 * narrowed to other directories is not used. */
HS_MUST hs_rc hs_lease_open(struct hs_engine *e, const struct hs_lease_request *r, struct hs_lease **out,
                            struct hs_err *err);
void hs_lease_close(struct hs_lease *l); /* takes NULL; a lease that became a stream is closed by it */

/* ---- statements ---- */
enum hs_at_kind { HS_AT_NONE = 0, HS_AT_VERSION, HS_AT_TIMESTAMP };
struct hs_table_ref {             /* a relation named in the statement that is neither CTE nor sub-query */
    hs_str catalog, schema, name; /* empty where not written */
    enum hs_at_kind at_kind;
    hs_str at;        /* constant as text: snapshot id or ref name; RFC 3339-like time */
    int64_t position; /* byte offset in the statement */
};
struct hs_statement {
    struct hs_table_ref *refs; /* each distinct mention, in order */
    size_t ref_count;
    size_t param_count; /* highest $n or number of ? */
    void *tree;         /* the checked tree; engine's own */
    hs_str as_is;       /* test builds with select-only switched off: what runs unread; else empty */
};
/* The worker parses, the guard checks every node kind, function and table function (default deny). Errors tell position
 * and kind, never a value nor a hidden name. */
HS_MUST hs_rc hs_lease_parse(struct hs_lease *l, struct hs_arena *a, hs_str sql, struct hs_statement **out,
                             struct hs_err *err);

/* ---- people who may see nothing but aggregates: aggregate.c ---- */
enum hs_aggregate_use { HS_AGGREGATE_NOT = 0, HS_AGGREGATE_BY /* dimension */, HS_AGGREGATE_OF /* measure */ };
struct hs_aggregate_column {
    hs_str name;
    const struct hs_type *type;
    enum hs_aggregate_use use;
};
struct hs_aggregate_request {
    const struct hs_aggregate_column *columns; /* of the one table, as the person sees them */
    size_t column_count;
    int minimum;                    /* rows of a group */
    const struct hs_params *params; /* written into the text; NULL: not bound yet, for a describe */
};
struct hs_aggregate {
    hs_str statement; /* what runs: hs_run_request.printed, without parameters */
    hs_str set;       /* the rows and groups it is about, to be compared with others by hs_aggregate_sets_print */
};
/* HS_DENIED with words and position where the statement is none that aggregates alone, of this table alone. */
HS_MUST hs_rc hs_statement_aggregate(struct hs_arena *a, const struct hs_statement *s,
                                     const struct hs_aggregate_request *r, struct hs_aggregate *out,
                                     struct hs_err *err);

enum { HS_AGGREGATE_ATOMS = 200000 };
struct hs_aggregate_names {
    hs_str *at;
    size_t len, cap;
};
struct hs_aggregate_set {
    uint64_t measures, counted; /* bits of hs_aggregate_sets.measures: in any aggregate; in count or avg */
};
struct hs_aggregate_sets {
    /* One row for each combination of groups: a text for each set (NULL: not among its rows), the number of rows, and
     * for each measure how many of them have a value. More than HS_AGGREGATE_ATOMS rows: too many. */
    hs_str statement;
    struct hs_aggregate_set *sets;
    size_t count;
    struct hs_aggregate_names measures;
};
HS_MUST hs_rc hs_aggregate_sets_print(struct hs_arena *a, const hs_str *texts, size_t count,
                                      struct hs_aggregate_sets *out, struct hs_err *err);

/* ---- decided scans ---- */
enum hs_scan_format { HS_SCAN_PARQUET = 0, HS_SCAN_AVRO };
struct hs_scan_file {
    hs_str path;
    int64_t sequence_number;          /* equality deletes with a greater one apply */
    int partition;                    /* equal numbers: equal specs and values. -1 in a delete file: every partition */
    int64_t first_row_id;             /* of row lineage; -1: none */
    int64_t record_count;             /* as the table says; an Avro file that holds another number is damaged */
    const struct hs_positions *gone;  /* rows that position deletes or a deletion vector take away; NULL: none */
    const struct hs_param *constants; /* one a group->constant_ids; NULL when there is none */
};
struct hs_scan_group { /* files with one format and physical schema */
    enum hs_scan_format format;
    const struct hs_type *physical;
    const struct hs_scan_file *files;
    size_t file_count;
    const int *constant_ids; /* top-level columns that the files lack and whose value each file's partition states */
    size_t constant_count;
    int64_t told_rows; /* what the engine is to guess that these files hold; 0: it may guess by them */
    /* Of each file the rows from first_row on, before end_row: for a part of a scan. 0, 0: all of them; end_row 0: to
     * the end, however long the file is. */
    int64_t first_row, end_row;
};
struct hs_scan_equality { /* a row whose values under `ids` are among the files' is gone; NULL equals NULL */
    struct hs_scan_group files;
    const int *ids; /* columns of hs_scan.keys */
    size_t id_count;
};
struct hs_scan_column {
    hs_str name;       /* as the person sees it */
    hs_str expression; /* DuckDB SQL over the raw layer's "f<id>" columns, from policy's printer */
    const struct hs_type *type;
    bool leakproof; /* unmasked: a simple predicate on it may be copied inside the fence */
};
struct hs_scan {
    const struct hs_type *raw; /* STRUCT: contract names and ids: the raw layer's columns "f<id>" of these types */
    const struct hs_scan_group *groups;
    size_t group_count; /* 0: no rows */
    /* Instead of groups: rows that no file holds, as a relation with the raw columns in DuckDB SQL of our own printing
     * (`hailstorm policy test`). Empty: none. */
    hs_str given;
    /* Or rows of hs_run_request.given_rows: 1 + the place there, 0: none. Columns are those of that relation, in its
     * order; nothing else here counts for anything: whoever gave them wants all of it seen. */
    size_t given_place;
    const struct hs_type *keys; /* STRUCT: what equality deletes compare, as table types. NULL: none */
    const struct hs_scan_equality *equality;
    size_t equality_count;
    hs_str rows; /* predicate over the raw layer; empty: all rows */
    const struct hs_scan_column *columns;
    size_t column_count;
    int64_t row_count_estimate;
    bool estimate_is_fixed; /* the engine is told so, and goes by no statistics: rows are hidden, and files were left
                             * out by what the statement asks */
};

/* Relations that no file holds, made by whoever asks: copied once into a sealed memory file, which the worker reads
 * (given.c). Plain batches of booleans, integers of 16, 32 and 64 bits, uint32, float, double, string, date, timestamp
 * and timestamptz, and lists of those. */
struct hs_given_relation {
    const struct hs_type *type; /* STRUCT */
    const struct hs_batch *batch;
};
/* HS_LIMIT over bytes_max. */
HS_MUST hs_rc hs_given_rows_new(const struct hs_given_relation *relations, size_t count, int64_t bytes_max,
                                struct hs_given_rows **out, struct hs_err *err);
int64_t hs_given_rows_bytes(const struct hs_given_rows *g); /* takes NULL */
void hs_given_rows_free(struct hs_given_rows *g);           /* takes NULL */

struct hs_run_request {
    const struct hs_statement
        *statement;              /* or NULL: engine_scan, all columns of scans[0] in order, no SQL of the user's */
    hs_str printed;              /* ours, over hs_scan_N, in place of the statement's own text; empty: none */
    const struct hs_scan *scans; /* one a ref, same order */
    size_t scan_count;
    const struct hs_params *params;      /* may be NULL */
    const struct hs_mask_key *mask_keys; /* of the domains whose scans have keyed masks, and of no other */
    size_t mask_key_count;
    const struct hs_given_rows *given_rows; /* NULL: none */
    bool describe_only; /* stop after the schema; which columns get dictionaries is not known then: none is said */
    struct hs_answer_form form;
    int64_t deadline_mono_us; /* 0: none */
};
/* Prints, checks the print again, hands views, parameters and statement to the worker, waits until its schema is known.
 * On HS_OK the stream owns the lease. */
HS_MUST hs_rc hs_lease_run(struct hs_lease *l, const struct hs_run_request *r, struct hs_stream **out,
                           struct hs_err *err);

/* STRUCT: the result's columns. Valid until close. */
const struct hs_type *hs_stream_schema(const struct hs_stream *s);
/* Of a describe: STRUCT of what the engine takes the parameters for, UNKNOWN where it does not know before it has their
 * values. NULL: not said. */
const struct hs_type *hs_stream_param_types(const struct hs_stream *s);

enum hs_stream_state { HS_STREAM_WAIT = 1, HS_STREAM_BATCH, HS_STREAM_END, HS_STREAM_ERROR };
/* Never blocks. BATCH: *out is the caller's until hs_batch_release (descriptor checked and private, body shared).
 * ERROR: err is filled: shown texts are already rewritten (position and kind; no value, no hidden name). */
enum hs_stream_state hs_stream_poll(struct hs_stream *s, struct hs_batch *out, struct hs_err *err);
/* fn(arg) is called from an engine thread whenever poll may answer anew; it must only wake somebody. Never called after
 * hs_stream_close has returned. */
void hs_stream_notify(struct hs_stream *s, void (*fn)(void *arg), void *arg);
struct hs_stream_look {
    bool news; /* poll would not answer WAIT, but for batches that the reader holds */
    bool busy; /* a worker is still at it */
    bool failed;
};
void hs_stream_look(struct hs_stream *s, struct hs_stream_look *out);
void hs_stream_shorten(struct hs_stream *s, int64_t deadline_mono_us); /* never makes it longer */
/* Asks, then kills after a moment. Poll then answers ERROR/CANCELLED. */
void hs_stream_cancel(struct hs_stream *s, hs_rc why);
void hs_stream_close(struct hs_stream *s); /* takes NULL; cancels what still runs; batches still held stay valid */

/* main() of `hailstorm worker`. */
int hs_worker_main(int argc, char **argv);

#endif
