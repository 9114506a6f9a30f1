/* What PostgreSQL's clients write, as statements: what each is, and for those that run in the engine its text.
 *
 * Pure: text in, text out. It knows no socket, engine or policy; what it prints is parsed and guarded like any text.
 * Two steps, because a statement may change what the next one means (SET search_path; SELECT ...): `hs_pgsql_read`
 * parses and classifies a whole message, `hs_pgsql_translate` prints one statement when its turn comes.
 *
 * What a client wrote and cannot have is no failure of these calls: it is a statement of kind REFUSED (of the whole
 * script: a syntax error), or a translation with `refused.sqlstate` set. A failure is no memory, or our own mistake.
 * Everything lives in the arena that was given. */
#ifndef HS_PGSQL_PGSQL_H
#define HS_PGSQL_PGSQL_H

#include "arrow/type.h"

#define HS_PGSQL_TEXT_MAX ((size_t)1 << 20) /* bytes of one message's text, where no setting says less */

enum hs_pgsql_kind {
    HS_PGSQL_EMPTY = 1,       /* no statement at all: EmptyQueryResponse */
    HS_PGSQL_SELECT,          /* SELECT, VALUES, TABLE, WITH: translate it */
    HS_PGSQL_SET,             /* SET [LOCAL] name = values | DEFAULT; SET TIME ZONE; .set */
    HS_PGSQL_SET_TRANSACTION, /* SET TRANSACTION, SET SESSION CHARACTERISTICS; .transaction */
    HS_PGSQL_RESET,           /* RESET name | ALL; .set */
    HS_PGSQL_SHOW,            /* SHOW name | ALL; .set.name */
    HS_PGSQL_BEGIN,           /* BEGIN, START TRANSACTION; .transaction */
    HS_PGSQL_COMMIT,          /* COMMIT, END; .transaction.chain */
    HS_PGSQL_ROLLBACK,        /* ROLLBACK, ABORT; .transaction.chain */
    HS_PGSQL_SAVEPOINT,       /* .name */
    HS_PGSQL_RELEASE,         /* .name */
    HS_PGSQL_ROLLBACK_TO,     /* .name */
    HS_PGSQL_DECLARE,         /* .cursor, and its query: translate it */
    HS_PGSQL_FETCH,           /* .fetch */
    HS_PGSQL_MOVE,            /* .fetch */
    HS_PGSQL_CLOSE,           /* .name, or .all */
    HS_PGSQL_COPY,            /* COPY (query) | table TO STDOUT; .copy, and its query: translate it */
    HS_PGSQL_PREPARE,         /* .name, .prepare, and its query: translate it */
    HS_PGSQL_EXECUTE,         /* .name, .execute */
    HS_PGSQL_DEALLOCATE,      /* .name, or .all */
    HS_PGSQL_DISCARD,         /* .discard */
    HS_PGSQL_EXPLAIN,         /* .explain, and its query: translate it */
    HS_PGSQL_LISTEN,          /* .name */
    HS_PGSQL_UNLISTEN,        /* .name, or .all */
    HS_PGSQL_NOTIFY,          /* .name */
    HS_PGSQL_LOCK,            /* LOCK TABLE ... IN ACCESS SHARE MODE, CHECKPOINT and the like: accepted, does nothing */
    HS_PGSQL_REFUSED,         /* .refused says why */
};

/* Why not. `message` may be shown: it is made of what the client wrote and of our own words. */
struct hs_pgsql_refusal {
    char sqlstate[6]; /* "": nothing was refused */
    hs_str message;
    hs_str hint;  /* empty: none */
    int position; /* in characters from 1, of the text given to hs_pgsql_read; 0: none */
};

/* One constant of SET, of EXECUTE, of an option. */
struct hs_pgsql_constant {
    enum { HS_PGSQL_TEXT = 1, HS_PGSQL_NUMBER, HS_PGSQL_BOOLEAN, HS_PGSQL_NULL } form;
    hs_str text; /* number and boolean as written: "8", "1.5", "true" */
};

struct hs_pgsql_set {
    hs_str name;        /* lower case, "timezone", "search_path"; empty with `all` */
    bool local;         /* SET LOCAL */
    bool all;           /* RESET ALL, SHOW ALL */
    bool to_default;    /* SET name TO DEFAULT */
    hs_str *values;     /* as words, numbers as written */
    size_t value_count; /* a list as search_path's has several */
};

struct hs_pgsql_transaction {
    bool session;       /* SET SESSION CHARACTERISTICS */
    bool has_isolation; /* `isolation`: "serializable", "repeatable read", "read committed", "read uncommitted" */
    hs_str isolation;
    bool has_read_only, read_only;
    bool has_deferrable, deferrable;
    bool chain;      /* COMMIT AND CHAIN */
    hs_str snapshot; /* SET TRANSACTION SNAPSHOT 'x' */
};

struct hs_pgsql_cursor {
    hs_str name;
    bool binary, scroll, no_scroll, hold, insensitive;
};

struct hs_pgsql_fetch {
    hs_str name;
    enum { HS_PGSQL_FORWARD = 1, HS_PGSQL_BACKWARD, HS_PGSQL_ABSOLUTE, HS_PGSQL_RELATIVE } direction;
    int64_t count; /* INT64_MAX: ALL */
};

struct hs_pgsql_copy {
    enum { HS_PGSQL_COPY_TEXT = 1, HS_PGSQL_COPY_CSV, HS_PGSQL_COPY_BINARY } format;
    bool header;
    char delimiter, quote, escape; /* 0: the format's own */
    bool has_null;
    hs_str null; /* what stands for NULL, when has_null */
    bool force_quote_all;
    hs_str *force_quote; /* column names */
    size_t force_quote_count;
    hs_str encoding; /* empty: the client's */
};

struct hs_pgsql_discard {
    enum { HS_PGSQL_DISCARD_ALL = 1, HS_PGSQL_DISCARD_PLANS, HS_PGSQL_DISCARD_TEMP, HS_PGSQL_DISCARD_SEQUENCES } what;
};

struct hs_pgsql_explain {
    bool analyze, verbose;
    enum { HS_PGSQL_EXPLAIN_TEXT = 1, HS_PGSQL_EXPLAIN_JSON, HS_PGSQL_EXPLAIN_XML, HS_PGSQL_EXPLAIN_YAML } format;
};

struct hs_pgsql_statement {
    enum hs_pgsql_kind kind;
    const char *tag;  /* CommandComplete's first words: "SELECT", "SET", "BEGIN", "FETCH" ...; static */
    hs_str source;    /* the bytes of this statement in the text, without `;` and blanks around; for logs, pg_cursors */
    size_t source_at; /* its offset there */
    bool runs;        /* it has a query that hs_pgsql_translate prints */
    size_t param_count; /* the highest $n */

    hs_str name; /* of a savepoint, cursor, prepared statement, channel */
    bool all;    /* CLOSE ALL, DEALLOCATE ALL, UNLISTEN * */
    union {
        struct hs_pgsql_set set;
        struct hs_pgsql_transaction transaction;
        struct hs_pgsql_cursor cursor;
        struct hs_pgsql_fetch fetch;
        struct hs_pgsql_copy copy;
        struct hs_pgsql_discard discard;
        struct hs_pgsql_explain explain;
        struct {
            uint32_t *types; /* OIDs of PREPARE name (types); 0: not said */
            size_t count;
        } prepare;
        struct {
            struct hs_pgsql_constant *values;
            size_t count;
        } execute;
        struct {
            hs_str payload;
        } notify;
    };
    struct hs_pgsql_refusal refused; /* of REFUSED */

    const void *tree; /* ours */
};

struct hs_pgsql_script {
    struct hs_pgsql_statement *at; /* at least one; EMPTY when there was none */
    size_t count;
    hs_str text; /* a copy */
};

/* Text of a client: any bytes. Never more than HS_PGSQL_TEXT_MAX (54000 is the answer). */
HS_MUST hs_rc hs_pgsql_read(struct hs_arena *a, hs_str text, struct hs_pgsql_script *out, struct hs_err *err);

/* ---- translation ---- */

/* A relation as this caller may see it. */
struct hs_pgsql_relation {
    hs_str schema, name; /* as the engine is to be asked for it */
    uint32_t oid;
    const struct hs_type *row; /* STRUCT: the visible columns; UINT32 is an oid. NULL: not known */
    /* One a column: what it is to PostgreSQL (name 19, "char" 18, regproc 24, int2vector 22 with subscripts from 0, a
     * table's composite). NULL: what `row` says. reg* columns hold OIDs; their text is made where they are shown. */
    const uint32_t *types;
    bool system; /* of pg_catalog or information_schema: the door makes its rows */
};
enum hs_pgsql_found { HS_PGSQL_ABSENT, HS_PGSQL_FOUND, HS_PGSQL_SEVERAL };

/* Who asks, where, and what he may see. All callbacks may be NULL: then nothing is known, and names are passed on. */
struct hs_pgsql_context {
    void *arg; /* of the callbacks */
    /* schema empty: pg_catalog first, then the search path. SEVERAL: in more than one domain of the path. */
    enum hs_pgsql_found (*relation)(void *arg, hs_str schema, hs_str name, struct hs_pgsql_relation *out);
    bool (*setting)(void *arg, hs_str name, hs_str *out); /* current_setting, lower case */
    bool (*schema_oid)(void *arg, hs_str name, uint32_t *out);
    bool (*role_oid)(void *arg, hs_str name, uint32_t *out);
    /* Of types that only the caller's catalog has (composites and their arrays): by name. */
    bool (*type_oid)(void *arg, hs_str schema, hs_str name, uint32_t *out);
    bool (*proc_oid)(void *arg, hs_str name, uint32_t *out);

    hs_str user, session_user, database;
    const hs_str *search_path; /* what current_schemas(false) answers */
    size_t search_path_count;
    hs_str version;                        /* version() */
    hs_str client_address, server_address; /* empty: NULL */
    int client_port, server_port;
    int32_t backend_pid;
    int64_t transaction_us, statement_us,
        started_us; /* since 1970, UTC: now(), statement_timestamp(), pg_postmaster_start_time() */
    hs_str time_zone;
    bool in_transaction;

    const uint32_t *param_types; /* OIDs of Parse, 0: not said */
    size_t param_type_count;
};

/* set_config('name', 'value', is_local) at the top of a target list takes effect when the statement is done. */
struct hs_pgsql_set_config {
    hs_str name, value;
    size_t param; /* the value is this parameter's, from 1; 0: it is `value` */
    bool local;
};

struct hs_pgsql_system {
    hs_str schema, name; /* "pg_catalog", "pg_class": its rows are to be given with the statement */
};

struct hs_pgsql_translation {
    hs_str sql;            /* for the engine */
    uint32_t *param_types; /* statement's param_count of them; 0: whatever the engine says. An array's OID: the value
                            * has to be handed to the engine as text, see hs_pgsql_array_text */
    struct hs_pgsql_system *systems;
    size_t system_count;
    struct hs_pgsql_set_config *set_configs;
    size_t set_config_count;
    /* Of the answer's columns where we know better than the engine's types; 0: as the engine says. By position; shorter
     * than the answer when a star stands in the list. ("name", "char", regclass, json, varchar(n) ...) */
    uint32_t *column_types;
    int32_t *column_typmods;
    size_t column_count;
    struct hs_pgsql_refusal refused; /* sqlstate "": nothing was */

    struct hs_pgsql_place *places; /* ours: printed offset -> source offset, ascending */
    size_t place_count;
};

HS_MUST hs_rc hs_pgsql_translate(struct hs_arena *a, const struct hs_pgsql_script *script, size_t index,
                                 const struct hs_pgsql_context *context, struct hs_pgsql_translation *out,
                                 struct hs_err *err);

/* ErrorResponse's position (characters from 1) for a byte offset of the printed text; 0: none. */
int hs_pgsql_position(const struct hs_pgsql_script *script, const struct hs_pgsql_translation *t, size_t printed_at);

/* '{1,NULL,"a b"}' -> the engine's text of a list, as it is bound to a parameter of array type. */
HS_MUST hs_rc hs_pgsql_array_text(struct hs_arena *a, hs_str literal, hs_str *out, struct hs_err *err);

#endif
