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
#include "front/pg/system.h"
#include "front/pg/values.h"
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
    const struct hs_type *schema; /* ours to compare by; the statement's arena */
    bool known;                   /* it was described */
};
struct pg_statement {
    struct pg_statement *next, **link;
    int refs;
    hs_str name;
    struct hs_arena *arena;
    struct hs_pgsql_script script;
    size_t index;
    const struct hs_pgsql_statement *parsed;
    enum hs_pgsql_kind kind; /* parsed's; of what PREPARE named: SELECT */
    bool from_sql;           /* PREPARE */
    int64_t prepared_us;
    /* Declared by Parse or PREPARE; 0: not said. As many as it has parameters. */
    uint32_t *declared;
    size_t param_count;
    /* For the engine; made anew (in an arena of its own) when what the caller may see or a setting has changed. */
    struct hs_arena *made;
    struct hs_pgsql_translation translation;
    bool translated;
    uint64_t made_for; /* mark of the catalog and of the settings it was made for */
    /* What a describe has told. */
    bool described;
    const struct hs_type **wanted; /* of parameters; NULL: the engine does not know */
    uint32_t *told;                /* OIDs of parameters, as ParameterDescription says them */
    struct pg_columns columns;
    bool columns_promised; /* a client has been told them: other ones are an error */
};

/* ---- portals and cursors (portals.c) ---- */
enum pg_source {
    PG_NO_ROWS = 0,
    PG_FROM_CALL,  /* access answers */
    PG_FROM_TEXTS, /* rows of ours: SHOW */
    PG_FROM_CURSOR /* FETCH: another portal's */
};
struct pg_kept_batch {
    struct hs_batch batch;
    int64_t first; /* number of its first row */
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

    bool cursor, binary, scroll, hold; /* DECLARE */
    bool held;                         /* its transaction has been committed */
    size_t depth;                      /* savepoints there were when it was made */
    int64_t opened_us;

    struct hs_call *call;
    char request_id[33];
    atomic_bool news;
    bool ready, ended; /* the schema is known; access has given all its rows */
    bool done;         /* all was sent: another Execute gives none */
    struct pg_columns columns;
    struct hs_arena *columns_arena;
    struct hs_pg_rows *rows;
    enum hs_pg_rows_kind rows_kind;
    enum hs_pg_format *rows_formats;
    bool rows_batch; /* the writer has one */
    HS_VEC(struct pg_kept_batch) batches; /* one, or of a scrollable cursor all until now */
    size_t batch_at;                      /* the one that the writer has */
    size_t kept_bytes;
    int64_t position; /* rows before the cursor: the next one forward is position + 1 */
    int64_t seen;     /* rows that access has given */

    hs_str *texts; /* PG_FROM_TEXTS: row by row */
    size_t text_rows, text_at;
    size_t bytes; /* that count against portal_memory */
};

/* What is being executed: one at a time. */
struct pg_run {
    struct pg_portal *portal;             /* NULL: nothing */
    struct pg_portal *from;               /* whose rows: itself, or a cursor */
    bool describe;                        /* RowDescription before the first row (simple query) */
    bool begun;                           /* that, or CopyOutResponse, was sent */
    bool skip;                            /* MOVE */
    int64_t limit, count;                 /* rows wanted (-1: all), rows sent */
    bool suspends;                        /* Execute with a limit */
    bool backward;                        /* of kept rows, the last first */
    void (*then)(struct pg_session *s);   /* when it has been completed */
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

    struct hs_buf in; /* read and not yet handled, from in_at on */
    size_t in_at;
    struct hs_buf reply;
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
    struct pg_job *job;
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
    void (*looked)(struct pg_session *s);
    uint64_t model_mark;

    struct pg_statement *statements;
    size_t statement_count, statement_bytes;
    struct pg_portal *portals;
    size_t portal_count, portal_bytes;
    struct pg_transaction tx;
    struct pg_run run;
    /* ASKING: whose schema; NULL with `describing`: a statement's description alone */
    struct pg_portal *asking;
    void (*asked)(struct pg_session *s);

    struct { /* a simple query under way */
        struct hs_arena *arena;
        struct hs_pgsql_script script;
        size_t next;
        bool active;
        struct pg_portal *portal;
    } simple;
    struct { /* an extended message that had to wait: its words, in an arena of its own */
        struct hs_arena *arena;
        struct pg_message message;
        bool active;
    } waiting;
};

#endif
