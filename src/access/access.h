/* The one way to data: find, pin, decide, plan, run, audit. This header is all that a front sees.
 *
 * A front makes a *call* with one of the verbs and polls it; nothing here blocks (work runs on a pool, `notify` wakes
 * the front). What a person may not see answers HS_NOT_FOUND, exactly as if it were not there. */
#ifndef HS_ACCESS_ACCESS_H
#define HS_ACCESS_ACCESS_H

#include "arrow/batch.h"
#include "arrow/form.h"
#include "arrow/param.h"
#include "model/model.h"

struct hs_access;
struct hs_call;
struct hs_auth;

/* Who asks, and how: filled by the front, copied by the call. */
struct hs_asker {
    const char *door; /* "flight"; static */
    hs_str name;      /* the principal; looked up again in the model of the moment */
    hs_str purpose, workspace;
    hs_str request_id;        /* made by hs_access_request_id; through every room and into the audit */
    hs_str peer;              /* address, for the audit */
    hs_str agent, trace;      /* what the client calls itself, and its W3C traceparent; for the audit, may be empty */
    int64_t deadline_mono_us; /* 0: none */
};
void hs_access_request_id(struct hs_access *a, char out[33]);

/* The model of the moment; give it back with hs_model_unref. For `auth`. */
struct hs_model *hs_access_model(struct hs_access *a);
struct hs_auth *hs_access_auth(struct hs_access *a);
/* Runs fn(arg) on the pool for blocking work of people who are known; HS_LIMIT when its queue is full. */
HS_MUST hs_rc hs_access_run(struct hs_access *a, void (*fn)(void *arg), void *arg, struct hs_err *err);
/* Runs fn(arg) on the small pool for password checks; HS_LIMIT when too many wait, all together or from peer's host. */
HS_MUST hs_rc hs_access_sign_in(struct hs_access *a, hs_str peer, void (*fn)(void *arg), void *arg, struct hs_err *err);

/* Bytes too long to travel in a handle (past 64 KiB), kept in state/ for a person under an id until expires_us;
 * HS_LIMIT when his would be too many. All may wait for the disk: for the rare long statement, not for the common path.
 * The caller seals what it keeps. */
HS_MUST hs_rc hs_access_keep(struct hs_access *a, hs_str name, hs_str bytes, int64_t expires_us, uint8_t out_id[16],
                             struct hs_err *err);
HS_MUST hs_rc hs_access_kept(struct hs_access *a, const uint8_t id[16], struct hs_buf *out, struct hs_err *err);
void hs_access_forget(struct hs_access *a, const uint8_t id[16]);

/* ---- query: SQL ---- */
/* A relation of the door's own (a system catalog, say) that a statement may name like a table: it goes before any table
 * of that name, in any case of letters. Plain layout; types: boolean, the integers of 16, 32 and 64 bits and uint32,
 * float, double, string, date, timestamp, timestamptz, and lists of string, int, long and uint32. Only needed until
 * hs_access_query returns: the call keeps a sealed copy. */
struct hs_given {
    hs_str schema, name; /* a reference without schema means it by its name alone when has_bare_name */
    bool has_bare_name;
    const struct hs_type *type; /* STRUCT */
    const struct hs_batch *batch;
};
enum { HS_GIVEN_MAX = 64 };
#define HS_GIVEN_BYTES (INT64_C(64) << 20) /* of one statement */

/* A transaction's view: statements with the same pins read each table at the snapshot that was current when the first
 * statement under them began, whatever is committed meanwhile. What may be seen is decided anew each time. Where the
 * table no longer has that snapshot: HS_CONFLICT "snapshot too old". A statement's own AT goes before. Any thread. */
struct hs_pins;
struct hs_pins *hs_pins_new(void); /* NULL: no memory */
struct hs_pins *hs_pins_ref(struct hs_pins *p);
void hs_pins_unref(struct hs_pins *p); /* takes NULL */

struct hs_query {
    hs_str sql;
    const struct hs_params *params; /* NULL: none */
    bool describe_only;             /* schema, parameters and pins, no rows */
    bool if_free; /* rows as well, where nobody has to wait for it and it is one answer: see hs_call_runs */
    struct hs_answer_form form;
    /* Of a statement that is read in parts: this one of so many. parts 0 or 1: all of it. Wants `bound`. */
    size_t part, parts;
    /* Where it may be read in parts: into how many at most, of how many bytes each at least. 0: in one. */
    size_t parts_max;
    int64_t part_bytes;
    /* What an earlier describe said, carried by a sealed handle or ticket: the same snapshots are read again, and
     * another decision refuses with HS_CONFLICT "policy changed, ask again". Empty: decide and pin now. */
    hs_str bound;
    const struct hs_given *given; /* relations of the door's own; those that no reference names cost a copy alone */
    size_t given_count;
    struct hs_pins *pins; /* NULL: none. The call keeps its own reference */
};
/* fn(arg) may be called from any thread until hs_call_close has returned; it must only wake. Never fails: errors are
 * polled. */
struct hs_call *hs_access_query(struct hs_access *a, const struct hs_asker *who, const struct hs_query *query,
                                void (*notify)(void *arg), void *arg);

enum hs_call_state { HS_CALL_WAIT = 1, HS_CALL_READY, HS_CALL_BATCH, HS_CALL_END, HS_CALL_ERROR };
/* First READY once (schema known; describe_only ends there with END next), then BATCH*, then END; or ERROR. *out is the
 * caller's until hs_batch_release. NULL call (no memory): ERROR. */
enum hs_call_state hs_call_poll(struct hs_call *c, struct hs_batch *out, struct hs_err *err);
const struct hs_type *hs_call_schema(const struct hs_call *c); /* STRUCT; after READY */
size_t hs_call_param_count(const struct hs_call *c);           /* after READY */
/* STRUCT of as many; UNKNOWN where the engine does not know before values are bound. NULL: of none. */
const struct hs_type *hs_call_param_types(const struct hs_call *c);
struct hs_seen_column {
    const struct hs_table *table; /* the model's of the call; NULL: no column of a table, or not known */
    hs_str column;
};
/* After READY: one a column of the schema. NULL: not known. */
const struct hs_seen_column *hs_call_origins(const struct hs_call *c);
bool hs_call_runs(const struct hs_call *c); /* after READY: rows follow (if_free) */
/* After READY: into how many parts the answer may be read; with bound each of them is the same rows whoever reads it,
 * and one after the other they are the answer. */
size_t hs_call_parts(const struct hs_call *c);
int64_t hs_call_total_rows(const struct hs_call *c); /* after READY; -1: not known, or not this person's to know */
hs_str hs_call_bound(const struct hs_call *c);       /* after READY: pins and digests, to carry in a handle */
void hs_call_cancel(struct hs_call *c);
/* From READY on. Nobody reads it for now: fn is not called any more, and it ends where somebody waits for what it
 * holds. */
void hs_call_set_aside(struct hs_call *c);
/* Reads on, whoever it was that began; fn as for hs_access_query. False: it is not for `who`, or the model it was
 * decided by is not that of this moment, or it has failed: close it and ask anew. */
bool hs_call_take_up(struct hs_call *c, const struct hs_asker *who, void (*notify)(void *arg), void *arg);
bool hs_call_has_news(struct hs_call *c); /* rows lie ready, or it has ended: poll would not answer WAIT */
const char *hs_call_request_id(const struct hs_call *c);
void hs_call_close(struct hs_call *c); /* takes NULL; writes the audit outcome when it was not written */

/* ---- describe: what this person may see of the catalog ---- */
struct hs_seen_table {
    hs_str domain, name, description;
    const struct hs_type *type; /* STRUCT of the visible columns as they will be answered; NULL unless with_schema */
    const struct hs_table *table;
    const bool *masked; /* one a column of type, with it: a mask lies on it or on what is in it */
};
struct hs_catalog_query {
    bool with_schema;
    /* Beside the tables that fit the patterns: those that their foreign keys lead to, and those that lead to them. */
    bool with_referenced, with_referencing;
    bool has_domain_pattern, has_table_pattern;
    hs_str domain_pattern, table_pattern; /* SQL LIKE: % and _ ; a backslash escapes */
};
struct hs_catalog {
    hs_str mesh;
    hs_str *domains; /* those with a visible table, sorted */
    size_t domain_count;
    struct hs_seen_table *tables; /* sorted by domain, then name */
    size_t table_count;
};
/* A call that ends READY then END; hs_call_catalog after READY, valid until close. */
struct hs_call *hs_access_catalog(struct hs_access *a, const struct hs_asker *who, const struct hs_catalog_query *query,
                                  void (*notify)(void *arg), void *arg);
const struct hs_catalog *hs_call_catalog(const struct hs_call *c);

/* Verbs named now and built as they come: scan, changes, read_object, write, commit. */

#endif
