/* Inside the PostgreSQL door: a session (one connection), what it has prepared and opened, and who does what.
 *
 * Messages are handled in the order they came, one at a time: while access works for one, those behind it wait in `in`,
 * and once enough of them wait nothing more is read. What is to be sent gathers in `reply`; rows are written into it
 * only as the socket asks for more. */
#ifndef HS_FRONT_PG_PG_H
#define HS_FRONT_PG_PG_H

#include "auth/auth.h"
#include "front/frontend.h"
#include "front/pg/codec.h"
#include "front/pg/errors.h"
#include "front/pg/settings.h"
#include "front/pg/system/system.h"
#include "front/pg/values/values.h"
#include "pgsql/pgsql.h"

#include <stdatomic.h>

enum pg_state {
#define STATE(name, text) PG_##name,
#include "front/pg/states.def"
#undef STATE
    PG_STATE_COUNT
};

enum pg_parameter_id {
#define PARAMETER(id, name, ...) PG_PARAM_##id,
#include "front/pg/parameters.def"
#undef PARAMETER
    PG_PARAMETER_COUNT
};

struct pg_session;
struct pg_job;
struct pg_person;
struct pg_people;
struct pg_custom;
struct pg_catalog;

/* ---- what all sessions share: hs_front_env.shared (door.c) ---- */
struct pg_door;
struct pg_ticket { /* a session as CancelRequest finds it; in the door's list while the session is open */
    struct pg_ticket *next, **link;
    int32_t pid;
    uint8_t key[PG_CANCEL_KEY_MAX];
    size_t key_len;
    atomic_bool cancel; /* somebody showed the key */
    void *waker;
    void (*wake)(void *waker);
    hs_str user; /* empty until it is known */
};

/* ---- what was prepared (statements.c). Counted: a portal keeps its statement past Close. ---- */
struct pg_column {
    hs_str name;
    struct hs_pg_type type;
    uint32_t table; /* 0: of no table */
    int16_t number;
};
struct pg_columns {
    struct pg_column *at;
    size_t count;
    bool known;
};
struct pg_text { /* a message's text, read; statements of it hold it */
    int refs;
    struct pg_session *session;
    size_t bytes; /* that count against statement_memory */
    struct hs_arena *arena;
    struct hs_pgsql_script script;
};
struct pg_statement {
    struct pg_statement *next, **link; /* NULL link: in no list */
    struct pg_session *session;
    int refs;
    hs_str name;
    struct hs_arena *arena;
    struct pg_text *text; /* held */
    size_t index;
    const struct hs_pgsql_statement *parsed;
    enum hs_pgsql_kind kind; /* parsed's; of what PREPARE named: SELECT */
    bool from_sql;           /* PREPARE */
    int64_t prepared_us;
    uint32_t *declared; /* by Parse or PREPARE; 0: not said. As many as it has parameters */
    size_t param_count;
    /* For the engine; made anew, in an arena of its own, for each use: it says who asks, where and when. */
    struct hs_arena *made;
    struct hs_pgsql_translation translation;
    bool translated;
    uint64_t made_for; /* mark of the catalog and of the settings it was made for */
    /* What a describe has told, in an arena of its own. */
    struct hs_arena *told_arena;
    bool described;
    hs_str described_sql;
    const struct hs_type **wanted; /* of parameters; NULL: the engine does not know */
    uint32_t *told;                /* OIDs of parameters, as ParameterDescription says them */
    struct pg_columns columns;     /* count 0 and known: it gives no rows */
    bool promised;                 /* a client was told the columns: others are an error */
    size_t bytes;                  /* that count against statement_memory, its text's aside, until it is freed */
};

struct pg_lookup { /* what a row writer asks, and outlives it (columns.c) */
    struct hs_pg_system *system;
    const struct hs_seen_column *seen; /* the call's; NULL: not known */
    size_t count;
    struct hs_pg_resolver resolver;
};

/* ---- portals and cursors (portals.c) ---- */
enum pg_source {
    PG_NO_ROWS = 0,
    PG_FROM_CALL,  /* access answers */
    PG_FROM_TEXTS, /* rows of ours: SHOW */
    PG_FROM_CURSOR /* FETCH: another portal's */
};
struct pg_kept { /* a batch that is ours */
    struct hs_batch batch;
    int64_t first; /* number of its first row, from 1 */
};
struct pg_portal {
    struct pg_portal *next, **link;
    struct pg_session *session;
    hs_str name;
    struct hs_arena *arena;
    struct pg_statement *statement; /* held */
    enum pg_source source;
    struct hs_params params;
    int16_t *formats; /* of the answer, as Bind gave them: none, one for all, one a column */
    size_t format_count;
    size_t bytes; /* that count against portal_memory; of them its arena's */
    size_t arena_bytes;

    bool cursor, binary, scroll, hold; /* DECLARE */
    struct pg_portal *makes;           /* of DECLARE itself: the cursor that is being made */
    bool held;                         /* its transaction has been committed */
    size_t depth;                      /* savepoints there were when it was made */
    int64_t opened_us;

    struct hs_call *call;
    char request_id[33];
    bool ready, ended, failed; /* the schema is known; access has given all its rows; it gives nothing any more */
    bool done;                 /* all was sent: another Execute gives none */
    struct pg_columns columns;
    uint32_t *oids;          /* of its columns, as the statement declared them when it was begun */
    bool looks_up;           /* its values are written with the catalog's help: regclass, composites */
    struct pg_lookup lookup; /* .system is the session's catalog, while rows are written and no longer */

    struct hs_pg_rows *rows; /* the writer */
    enum hs_pg_rows_kind rows_kind;
    enum hs_pg_format *rows_formats; /* as the writer has them */
    enum hs_pg_format *asked;        /* for those that its Bind asks for */
    size_t asked_count;
    HS_VEC(struct pg_kept) batches; /* one, or of a scrollable cursor all that came */
    int64_t given;                  /* rows that came from access */
    int64_t position;               /* the row the cursor stands on: 0 before the first, given + 1 behind the last */
    int64_t written;                /* the row that the writer has written last: it goes on behind it; -1: no batch */

    hs_str *texts; /* PG_FROM_TEXTS: row by row */
    size_t text_rows, text_at;
};

/* What is being executed: one at a time. */
struct pg_run {
    struct pg_portal *portal; /* NULL: nothing */
    struct pg_portal *from;   /* whose rows: itself, or a cursor */
    bool begun;               /* RowDescription or CopyOutResponse was sent, where one is */
    bool describe;            /* RowDescription before the first row (simple query) */
    bool discard;             /* MOVE */
    bool suspends;            /* Execute with a limit */
    int64_t limit, count;     /* rows wanted (-1: all), rows sent */
    int64_t skip;             /* rows to pass over first */
    /* Of a scrollable cursor: row by row from `next`, by `step`; from_end: counted from behind the last one. */
    bool scrolls;
    int64_t next, step, from_end, end_position;
};

/* ---- transactions (transactions.c) ---- */
struct pg_change { /* of a parameter, to be undone */
    hs_str name;
    char *before, *after; /* NULL: the default */
    bool local;
    size_t depth;
};
struct pg_savepoint {
    char *name;
    size_t changes; /* there were */
};
struct pg_transaction {
    char status; /* 'I', 'T', 'E': as ReadyForQuery says it */
    struct hs_pins *pins;
    int64_t began_us;
    struct pg_savepoint *savepoints;
    size_t savepoint_count;
    struct pg_change *changes;
    size_t change_count;
    bool in_script; /* several statements of one message: an implicit block */
};

struct pg_session {
    const struct hs_front_env *env;
    struct pg_door *door;
    struct hs_pg_settings settings;
    void *waker;
    struct hs_arena *arena;
    hs_str peer;
    bool tls, may_upgrade;
    hs_str end_point;
    enum pg_state state;
    struct pg_ticket *ticket;
    struct pg_person *person; /* NULL until it is known who asks */

    struct hs_buf in; /* read and not yet handled, from in_at on */
    size_t in_at;
    struct hs_buf reply;
    char version[96]; /* server_version */
    bool wished_tls, wished_gss, proof_begun;
    bool stops;    /* no new statements: the server goes down */
    bool skipping; /* until Sync */
    bool yielded;  /* others had their turn before the next message */

    /* who asks */
    uint32_t protocol;
    hs_str user, principal, database; /* user: as he called himself; principal: whom access is told of */
    struct hs_scram *scram;
    bool by_token;
    char *token; /* looked at again when the model changes */
    uint8_t standing[32];
    int64_t opened_ms, now_ms, quiet_since_ms, part_since_ms, statement_since_ms;
    int64_t started_us, statement_us;

    /* parameters */
    char *values[PG_PARAMETER_COUNT]; /* NULL: the default */
    char *starts[PG_PARAMETER_COUNT]; /* what RESET gives: of the start-up packet; NULL: the table's */
    struct pg_custom *customs;
    size_t custom_count;
    bool unreported[PG_PARAMETER_COUNT];
    struct hs_pg_style style;
    uint64_t settings_mark; /* grows with every change */

    /* the catalog */
    struct hs_call *look; /* LOOKING */
    atomic_bool news;
    struct pg_catalog *catalog; /* the door's, borrowed for as long as one message is being handled */
    size_t catalog_bytes;       /* of it, when it was borrowed */
    uint64_t catalog_serial;    /* of the last one borrowed */

    struct pg_statement *statements;
    size_t statement_count, statement_bytes;
    struct pg_portal *portals;
    size_t portal_count, portal_bytes;
    struct pg_transaction tx;
    struct pg_run run;
    /* ASKING: whose schema; NULL with `describing`: a statement's description alone */
    struct pg_statement *asking; /* ASKING for a statement's description alone: held */
    struct hs_call *ask;
    char ask_id[33];
    struct pg_job *job; /* WORKING: on the pool */
    struct {
        const char *sqlstate, *words; /* NULL: nothing */
    } ends_with;                      /* what the statement was cancelled for, while its job still ran */
    struct {                          /* what it was given, and what came of it */
        hs_str text;                  /* ours */
        struct pg_text *read;         /* taken by hs_pg_text_read */
        struct pg_statement *st;      /* held: to be translated, or translated a moment ago */
        bool there;
        hs_rc rc;
        struct hs_err *err; /* where it failed; NULL: no memory for it */
    } ahead;
    struct pg_portal *starting; /* ASKING for a portal's schema */
    bool refused;               /* the message at hand has failed while it waited */
    int turn;                   /* messages handled in this turn */
    bool busy_turn;             /* the rest waits for the next turn */

    struct pg_statement *parsing; /* Parse has read it, and waits for its translation: held */
    struct {                      /* a simple query under way */
        hs_str source;            /* its text, ours */
        struct pg_text *text;     /* read */
        size_t next;
        bool active, running;
        struct pg_portal *portal; /* of the statement that is next */
    } simple;
};

/* Handlers of messages. AGAIN: it waits for access; the message stays where it is and is handled anew from its
 * beginning when the answer is there, so a handler does nothing twice before it knows all it needs. */
enum pg_handled { PG_HANDLED = 0, PG_AGAIN };
#define PG_HANDLERS(name) enum pg_handled name(struct pg_session *s, hs_str body)
PG_HANDLERS(hs_pg_proof);
PG_HANDLERS(hs_pg_query);
PG_HANDLERS(hs_pg_parse);
PG_HANDLERS(hs_pg_bind);
PG_HANDLERS(hs_pg_describe);
PG_HANDLERS(hs_pg_execute);
PG_HANDLERS(hs_pg_close);
PG_HANDLERS(hs_pg_sync);
PG_HANDLERS(hs_pg_function_call);
PG_HANDLERS(hs_pg_terminate);
#undef PG_HANDLERS

/* ---- door.c ---- */
HS_MUST hs_rc hs_pg_share(const struct hs_front_env *env, void **out, struct hs_err *err);
void hs_pg_share_tick(void *shared);
void hs_pg_unshare(void *shared);
/* Enters the session, so that it can be cancelled; gives it a number and a key. */
HS_MUST hs_rc hs_pg_ticket_new(struct pg_session *s, size_t key_len, struct hs_err *err);
/* HS_LIMIT: this person has too many connections. */
HS_MUST hs_rc hs_pg_ticket_of(struct pg_session *s, struct hs_err *err);
void hs_pg_ticket_leave(struct pg_session *s); /* nobody wakes it for a cancel any more */
void hs_pg_ticket_free(struct pg_session *s);
/* A session that has ended while its job ran; unsharing waits until the last of them is gone. */
void hs_pg_door_left(struct pg_door *d);
void hs_pg_door_gone(struct pg_door *d);
void hs_pg_cancel_other(struct pg_door *d, int32_t pid, hs_str key);
struct pg_people *hs_pg_door_people(struct pg_door *d);

/* ---- people.c: what one person's connections hold together ---- */
HS_MUST hs_rc hs_pg_people_new(struct pg_people **out, struct hs_err *err);
void hs_pg_people_free(struct pg_people *all); /* takes NULL; nobody is in */
HS_MUST hs_rc hs_pg_person_enter(struct pg_session *s, struct hs_err *err);
void hs_pg_person_leave(struct pg_session *s); /* when nothing of the session is held any more */
/* What was `before` is `after` bytes now. False: that is more than person_memory, and is counted nevertheless. */
bool hs_pg_person_hold(struct pg_session *s, size_t before, size_t after);
HS_MUST hs_rc hs_pg_person_full(struct hs_err *err); /* 53400 */
/* A view of the catalog. False: with it he would have more than catalog_memory; nothing is counted. */
bool hs_pg_person_borrow(struct pg_session *s, size_t bytes);
void hs_pg_person_return(struct pg_session *s, size_t bytes);

/* ---- session.c: the life of a connection ---- */
void hs_pg_become(struct pg_session *s, enum pg_state state);
void hs_pg_notify(void *session); /* from any thread: news of `look` or `ask` */
/* Everything that was under way for the message at hand is dropped. */
void hs_pg_drop_work(struct pg_session *s);
bool hs_pg_is_busy(const struct pg_session *s);
void hs_pg_advance(struct pg_session *s);
void hs_pg_consume(struct pg_session *s, size_t n);
void hs_pg_asked(struct pg_session *s); /* ASKING: news */

/* ---- jobs.c ---- */
bool hs_pg_job_start(struct pg_session *s, void (*work)(struct pg_session *s)); /* false: it has failed */
bool hs_pg_job_is_done(struct pg_session *s);
bool hs_pg_job_runs(struct pg_session *s);
void hs_pg_job_end(struct pg_session *s); /* abandoned, or waited for; nothing when there is none */
/* True: a job runs, and calls `last` when it has ended; the session is the pool's until then. */
bool hs_pg_job_inherits(struct pg_session *s, void (*last)(struct pg_session *s));

/* ---- startup.c ---- */
bool hs_pg_start(struct pg_session *s, hs_str in); /* takes a first packet, if it is there whole */
void hs_pg_admitted(struct pg_session *s);

/* ---- signin.c ---- */
void hs_pg_ask_proof(struct pg_session *s);
/* Is he who signed in still somebody, with that password or token? */
bool hs_pg_still_stands(struct pg_session *s);

/* ---- reply.c ---- */
void hs_pg_ready(struct pg_session *s);          /* ReadyForQuery, and what goes before it */
void hs_pg_say(struct pg_session *s, char kind); /* a message without a body */
void hs_pg_complete(struct pg_session *s, const char *format, ...) HS_PRINTF(2, 3);
void hs_pg_notice(struct pg_session *s, const char *severity, const char *sqlstate, const char *format, ...)
    HS_PRINTF(4, 5);
/* An ERROR ends what is under way: the simple query, or everything until Sync; and the transaction is marked. */
void hs_pg_error(struct pg_session *s, const struct pg_notice *n);
void hs_pg_fail(struct pg_session *s, const char *sqlstate, const char *format, ...) HS_PRINTF(3, 4);
void hs_pg_fail_err(struct pg_session *s, const char *sqlstate, const struct hs_err *err); /* NULL: the error's */
/* What access says of a statement: positions are mapped to what the client wrote. */
void hs_pg_fail_call(struct pg_session *s, const struct pg_statement *st, const char *request_id,
                     const struct hs_err *err);
void hs_pg_refuse(struct pg_session *s, const struct hs_pgsql_refusal *r);
/* FATAL: and the connection ends. */
void hs_pg_fatal(struct pg_session *s, const char *sqlstate, const char *format, ...) HS_PRINTF(3, 4);
void hs_pg_row_description(struct pg_session *s, const struct pg_columns *c, const int16_t *formats, size_t count);
void hs_pg_param_description(struct pg_session *s, const struct pg_statement *st);

/* ---- catalogs.c: what the caller may see ---- */
/* True: s->catalog is there. False: it is being asked for (LOOKING), or that has failed. */
bool hs_pg_look(struct pg_session *s);
void hs_pg_looked(struct pg_session *s); /* LOOKING: news */
void hs_pg_catalog_give(struct pg_session *s);
void hs_pg_catalog_give_back(struct pg_door *d, struct pg_catalog *c); /* takes NULL */
uint64_t hs_pg_catalog_mark(const struct pg_catalog *c);
struct hs_pg_system *hs_pg_catalog_system(const struct pg_catalog *c);
hs_str hs_pg_search_path_text(struct pg_session *s, struct hs_arena *a);
/* For the translator; borrows from the session and the arena. */
HS_MUST hs_rc hs_pg_context(struct pg_session *s, struct hs_arena *a, struct hs_pgsql_context *out, struct hs_err *err);
HS_MUST hs_rc hs_pg_given(struct pg_session *s, const struct pg_statement *st, struct hs_arena *a,
                          const struct hs_given **out, size_t *out_count, const char **out_state, struct hs_err *err);
struct hs_asker hs_pg_asker(struct pg_session *s, const char *request_id);
struct pg_catalogs;
HS_MUST hs_rc hs_pg_catalogs_new(const struct hs_pg_settings *set, struct pg_catalogs **out, struct hs_err *err);
void hs_pg_catalogs_tick(struct pg_catalogs *c);
void hs_pg_catalogs_free(struct pg_catalogs *c);
struct pg_catalogs *hs_pg_door_catalogs(struct pg_door *d);

/* ---- statements.c ---- */
struct pg_statement *hs_pg_statement_find(struct pg_session *s, hs_str name);
/* A long text is read on the pool first. False: it waits, or has failed. */
bool hs_pg_text_ready(struct pg_session *s, hs_str text);
void hs_pg_ahead_drop(struct pg_session *s);
/* Reads a text. HS_OK with a first statement that is REFUSED: it is no statement. Held once. */
HS_MUST hs_rc hs_pg_text_read(struct pg_session *s, hs_str text, struct pg_text **out, struct hs_err *err);
void hs_pg_text_unref(struct pg_text *t); /* takes NULL */
/* Of one statement of a text; it holds the text. Held once by whoever gets it, in no list. */
HS_MUST hs_rc hs_pg_statement_new(struct pg_session *s, hs_str name, struct pg_text *text, size_t index,
                                  const uint32_t *types, size_t type_count, struct pg_statement **out,
                                  struct hs_err *err);
struct pg_statement *hs_pg_statement_ref(struct pg_statement *st);
void hs_pg_statement_unref(struct pg_statement *st); /* takes NULL */
/* Into the session's list, which holds it. */
HS_MUST hs_rc hs_pg_statement_enter(struct pg_session *s, struct pg_statement *st, struct hs_err *err);
void hs_pg_statement_leave(struct pg_session *s, struct pg_statement *st);
void hs_pg_statements_drop(struct pg_session *s);
/* Translated for what the caller sees now. False: it waits, or has failed (s->refused). */
bool hs_pg_statement_translated(struct pg_session *s, struct pg_statement *st);
/* Parameters and columns are known. Likewise. */
bool hs_pg_statement_described(struct pg_session *s, struct pg_statement *st);
void hs_pg_statement_news(struct pg_session *s); /* ASKING for a description */
HS_MUST hs_rc hs_pg_start_query(struct pg_session *s, struct pg_statement *st, const struct hs_params *params,
                                bool describe, char request_id[33], struct hs_call **out, const char **out_state,
                                struct hs_err *err);
/* Polled to its end, so that the audit does not call it cancelled. */
void hs_pg_call_ended(struct hs_call *c);

/* ---- columns.c: what RowDescription says, and the look-ups that values need ---- */
/* One a column; 0 where the engine's type is all that is known. NULL: no memory. */
uint32_t *hs_pg_declared_types(const struct hs_pgsql_translation *t, size_t count, struct hs_arena *a);
bool hs_pg_needs_lookup(const struct hs_type *schema, const uint32_t *oids); /* when its rows are written */
void hs_pg_lookup_init(struct pg_lookup *l, struct hs_pg_system *system, const struct hs_call *call);
/* A writer for an answer. oids: NULL says that there was no memory for them. */
HS_MUST hs_rc hs_pg_writer_open(struct pg_session *s, const uint32_t *oids, const struct hs_type *schema,
                                struct hs_pg_rows_spec spec, struct pg_lookup *lookup, struct hs_pg_rows **out,
                                struct hs_err *err);
HS_MUST hs_rc hs_pg_columns_of(const struct pg_statement *st, const struct hs_type *schema,
                               const struct hs_pg_rows *writer, const struct pg_lookup *lookup, struct hs_arena *a,
                               struct pg_columns *out, struct hs_err *err);
bool hs_pg_columns_same(const struct pg_columns *a, const struct pg_columns *b);
HS_MUST hs_rc hs_pg_columns_text(struct hs_arena *a, const char *const *names, size_t count, struct pg_columns *out,
                                 struct hs_err *err);

bool hs_pg_gives_rows(enum hs_pgsql_kind kind);
/* Of a described statement; NULL: it gives no rows. FETCH and EXECUTE: those of what they name. */
const struct pg_columns *hs_pg_statement_columns(struct pg_session *s, struct pg_statement *st);

/* ---- simple.c ---- */
bool hs_pg_simple_step(struct pg_session *s);

/* ---- portals.c ---- */
struct pg_portal *hs_pg_portal_find(struct pg_session *s, hs_str name);
HS_MUST hs_rc hs_pg_portal_new(struct pg_session *s, hs_str name, struct pg_statement *st, struct pg_portal **out,
                               struct hs_err *err);
HS_MUST hs_rc hs_pg_portal_charge(struct pg_portal *p, size_t bytes, struct hs_err *err);
void hs_pg_portal_discharge(struct pg_portal *p, size_t bytes);
HS_MUST hs_rc hs_pg_portal_recount(struct pg_portal *p, struct hs_err *err); /* its arena has grown */
void hs_pg_portal_free(struct pg_portal *p);                                 /* takes NULL */
void hs_pg_portal_fail(struct pg_portal *p);                                 /* it gives nothing any more */
void hs_pg_portals_end(struct pg_session *s, bool committed);                /* with their transaction */
/* Its call is begun, or it was already. False: it waits, or has failed. */
bool hs_pg_portal_started(struct pg_session *s, struct pg_portal *p);
/* Started, and the catalog is there where its rows need it. Likewise. */
bool hs_pg_portal_writable(struct pg_session *s, struct pg_portal *p);
void hs_pg_portal_news(struct pg_session *s);                           /* ASKING for a portal's schema */
bool hs_pg_portal_described(struct pg_session *s, struct pg_portal *p); /* started, where it gives rows */
/* Its columns; NULL: it gives no rows. Of a portal that was started, of text or of a cursor. */
const struct pg_columns *hs_pg_portal_columns(struct pg_session *s, struct pg_portal *p);

/* ---- run.c: executing a portal ---- */
/* False: it waits (AGAIN). True: it was begun, or it failed. Utilities are done when it returns. */
bool hs_pg_run(struct pg_session *s, struct pg_portal *p, int64_t limit, bool describe);
void hs_pg_stream(struct pg_session *s); /* s->run is set, and its rows are known */
bool hs_pg_pump(struct pg_session *s);   /* STREAMING: rows into reply; whether anything was done */

/* ---- utility.c ---- */
void hs_pg_utility(struct pg_session *s, struct pg_portal *p);
/* EXECUTE becomes what it names. False: it waits, or has failed. */
bool hs_pg_execute_resolved(struct pg_session *s, struct pg_portal *p);
bool hs_pg_set_configs(struct pg_session *s, const struct pg_portal *p); /* set_config(), when it is done */
HS_MUST hs_rc hs_pg_show_texts(struct pg_session *s, struct pg_portal *p, const char **out_state, struct hs_err *err);

/* ---- cursors.c ---- */
bool hs_pg_declare(struct pg_session *s, struct pg_portal *p); /* false: it waits, or has failed */
bool hs_pg_fetch_begin(struct pg_session *s, struct pg_portal *p);
struct pg_portal *hs_pg_fetch_cursor(struct pg_session *s, const struct pg_portal *p); /* NULL: there is none */

/* ---- transactions.c ---- */
void hs_pg_transaction_statement(struct pg_session *s, const struct hs_pgsql_statement *st);
bool hs_pg_transaction_allows(struct pg_session *s, const struct pg_statement *st); /* 25P02 */
void hs_pg_transaction_failed(struct pg_session *s);
void hs_pg_transaction_implicit_end(struct pg_session *s, bool committed); /* Sync, or the end of a simple query */
bool hs_pg_in_block(const struct pg_session *s);
struct hs_pins *hs_pg_pins(struct pg_session *s); /* NULL: none outside a block */
void hs_pg_transaction_free(struct pg_session *s);

#endif
