/* Wiring, in the order of the rooms; closing is the reverse. No hidden globals: whoever needs a part is handed it. */
#include "app/app.h"

#include "auth/auth.h"
#include "state/state.h"
#include "store/gateway.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TURNS_MAX = 8 }; /* more than a person can have workers is only more threads asleep */

hs_rc hs_state_path(const struct settings *s, const char *name, char *out, size_t cap, struct hs_err *err)
{
    if (mkdir(s->state, 0700) != 0 && errno != EEXIST)
        return hs_fail(err, HS_UNAVAILABLE, "cannot make the state directory %s: %s", s->state, strerror(errno));
    if (snprintf(out, cap, "%s/%s", s->state, name) >= (int)cap)
        return hs_fail(err, HS_INVALID, "the state directory's name is too long");
    return HS_OK;
}

/* The engine's library: as told, else beside the binary, else where the build put it, else where a package would. */
static const char *find_library(const struct settings *s, char *out, size_t cap)
{
    static const char *const PLACES[] = {"libduckdb.so", "third_party/duckdb/libduckdb.so",
                                         "../lib/hailstorm/libduckdb.so"};
    char self[3000];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (s->library[0] || n <= 0)
        return s->library[0] ? s->library : NULL;
    self[n] = 0;
    *strrchr(self, '/') = 0;
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++)
        if (snprintf(out, cap, "%s/%s", self, PLACES[i]) < (int)cap && access(out, R_OK) == 0)
            return out;
    return NULL; /* the engine says what is missing */
}

hs_rc hs_open_store(const struct settings *s, struct hs_err *err)
{
    char cache[4096];
    if (snprintf(cache, sizeof cache, "%s/cache", s->state) >= (int)sizeof cache)
        return hs_fail(err, HS_INVALID, "the state directory's name is too long");
    struct hs_store_settings store = {
        .s3_endpoint = s->s3_endpoint,
        .s3_region = s->s3_region,
        .s3_path_style = s->s3_path_style,
        .credential_file = s->s3_credential_file,
        .credential_command = s->s3_credential_command,
        .ca_file = s->s3_ca,
        .answer_ms = (int)(s->s3_timeout > 0 && s->s3_timeout < INT_MAX ? s->s3_timeout : INT_MAX),
        .retries = (int)s->s3_retries,
        .patience_ms = (int)(s->s3_patience < INT_MAX ? s->s3_patience : INT_MAX),
        .cache_directory = s->cache_directory[0] ? s->cache_directory : cache,
        .cache_bytes = s->cache_size,
    };
    return hs_store_open(&store, err);
}

static hs_rc open_gateway(const hs_str *names, size_t count, void **out, int *out_fd, struct hs_err *err)
{
    struct hs_gateway *g;
    HS_TRY(hs_gateway_open(names, count, &g, out_fd, err));
    *out = g;
    return HS_OK;
}

static void close_gateway(void *open)
{
    hs_gateway_close(open);
}

static const struct hs_object_gate GATE = {hs_store_is_remote, open_gateway, close_gateway};

hs_rc hs_open_engine(const struct settings *s, struct hs_engine **out, struct hs_err *err)
{
    char scratch[4096], library[4096];
    HS_TRY(hs_state_path(s, "scratch", scratch, sizeof scratch, err));
    struct hs_engine_settings e = {
        .library = find_library(s, library, sizeof library),
        .scratch = scratch,
        .warm = (int)s->warm,
        .workers_max = (int)s->workers,
        .threads = (int)s->threads,
        .memory_bytes = s->memory,
        .spill_bytes = s->spill,
        .slots = (int)s->slots,
        .slot_bytes = s->slot,
        .rings_bytes = s->batch_memory,
        .slow_reader_ms = (int)s->slow_reader,
        .spool_bytes = s->spool,
        .queue_max = (int)s->queue,
        .queue_ms = (int)s->queue_wait,
        .objects = &GATE,
        .allow_missing_walls = s->allow_missing_walls,
    };
    return hs_engine_open(&e, out, err);
}

static hs_rc open_access(const struct settings *s, struct service *v, struct hs_err *err)
{
    char audit[4096];
    HS_TRY(hs_state_path(s, "audit", audit, sizeof audit, err));
    struct hs_access_settings a = {
        .model_directory = hs_str_of(s->model),
        .audit_directory = hs_str_of(audit),
        .staleness_ms = (int)s->staleness,
        .calls_per_principal = (int)s->statements_per_person,
        .turns_per_principal = (int)(s->workers < TURNS_MAX ? s->workers : TURNS_MAX),
        .statement_ms = s->statement_time,
        .let_statements_finish = s->let_statements_finish,
    };
    return hs_access_open(&a, v->engine, v->state, v->auth, &v->access, err);
}

hs_rc hs_service_open(const struct settings *s, bool engine, struct service *out, struct hs_err *err)
{
    struct service v = {0};
    char path[4096];
    hs_rc rc = hs_open_store(s, err);
    if (rc == HS_OK)
        rc = hs_state_path(s, "state.sqlite", path, sizeof path, err);
    if (rc == HS_OK)
        rc = hs_state_open(hs_str_of(path), &v.state, err);
    if (rc == HS_OK)
        rc = hs_state_path(s, "keys", path, sizeof path, err);
    if (rc == HS_OK)
        rc = hs_auth_open(&(struct hs_auth_settings){.key_file = path}, v.state, &v.auth, err);
    if (rc == HS_OK && engine)
        rc = hs_open_engine(s, &v.engine, err);
    if (rc == HS_OK)
        rc = open_access(s, &v, err);
    if (rc != HS_OK) {
        hs_service_close(&v);
        return rc;
    }
    *out = v;
    return HS_OK;
}

void hs_service_close(struct service *v)
{
    hs_access_close(v->access);
    hs_engine_close(v->engine);
    hs_auth_close(v->auth);
    hs_state_close(v->state);
    hs_store_close();
    *v = (struct service){0};
}
