/* Private to app/: the settings every command reads, and the commands. */
#ifndef HS_APP_APP_H
#define HS_APP_APP_H

#include "access/service.h"
#include "engine/engine.h"

struct settings { /* filled from the table in settings.def: defaults, then HAILSTORM_X, then --x */
    const char *model, *state, *listen, *listen_pg, *tls_certificate, *tls_key, *log_format, *log_level, *library, *as,
        *format;
    const char *s3_endpoint, *s3_region, *s3_credential_command, *s3_credential_file, *s3_ca, *cache_directory;
    const char *purpose, *workspace, *at, *dialect;
    int64_t s3_timeout, s3_retries, s3_patience, cache_size;
    int64_t threads, workers, warm, memory, slot, slots, batch_memory, spill, spool, slow_reader, loops, connections,
        idle_timeout;
    int64_t connections_per_address, greeting_time, stranger_time, stall_time, write_time, calls_per_connection;
    int64_t endpoints, endpoint_size, kept_answers, kept_per_person, kept_time, poll_time, polled_time;
    int64_t option_sessions, option_sessions_each, session_options, session_size, session_time;
    int64_t pg_statement_size, pg_statements, pg_statement_memory, pg_portals, pg_portal_memory, pg_scroll_size,
        pg_per_person, pg_person_memory, pg_idle_time, pg_catalog_time, pg_catalogs, pg_catalog_memory;
    int64_t header_size, header_count, message_size, parameter_size, parameter_rows, request_memory, connection_memory,
        upload_window, nuisances, nuisances_per_second;
    int64_t statements_per_person, statement_time, staleness, drain, queue, queue_wait;
    bool plain_text_anywhere, let_statements_finish, allow_missing_walls, bind, s3_path_style, json, check,
        pg_plain_tokens;
};

struct arguments { /* what is left after the settings */
    const char **at;
    int count;
};
/* Prints to stderr and returns false on an unknown or malformed setting. Unknown names get a suggestion. */
bool hs_settings_read(struct settings *s, int argc, char **argv, struct arguments *out_rest);
void hs_settings_help(void);
void hs_settings_markdown(void);

/* The object store that tables may lie in; nothing is asked of it before a table is read. */
HS_MUST hs_rc hs_open_store(const struct settings *s, struct hs_err *err);

/* Everything a command needs to ask for data. */
struct service {
    struct hs_state *state;
    struct hs_auth *auth;
    struct hs_engine *engine;
    struct hs_access *access;
};
/* Without engine no statement can run: for commands that only look at decisions. */
HS_MUST hs_rc hs_service_open(const struct settings *s, bool engine, struct service *out, struct hs_err *err);
void hs_service_close(struct service *v); /* reverse order */
/* state directory + name, into a static-length buffer */
HS_MUST hs_rc hs_state_path(const struct settings *s, const char *name, char *out, size_t cap, struct hs_err *err);

HS_MUST hs_rc hs_open_engine(const struct settings *s, struct hs_engine **out, struct hs_err *err);

/* Writes the files that `directory` had in a git revision into INTO/model, which is there and empty. */
HS_MUST hs_rc hs_git_tree(const char *directory, const char *ref, const char *into, struct hs_err *err);

struct command {
    const char *name, *usage, *text;
    int (*run)(const struct settings *s, const struct arguments *args);
};
int hs_command_serve(const struct settings *s, const struct arguments *args);
int hs_command_check(const struct settings *s, const struct arguments *args);
int hs_command_query(const struct settings *s, const struct arguments *args);
int hs_command_explain(const struct settings *s, const struct arguments *args);
int hs_command_policy(const struct settings *s, const struct arguments *args);
int hs_command_table(const struct settings *s, const struct arguments *args);
int hs_command_audit(const struct settings *s, const struct arguments *args);
int hs_command_user(const struct settings *s, const struct arguments *args);
int hs_command_docs(const struct settings *s, const struct arguments *args);

int hs_fail_command(const struct hs_err *err); /* prints "hailstorm: words", returns 1 */

#endif
