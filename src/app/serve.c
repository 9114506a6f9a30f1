/* `hailstorm serve`: doors open, signals waited for, shutdown in reverse order. The main thread does nothing but wait:
 * for a signal, or for the model's files to change. */
#include "app/app.h"

#include "app/door.h"
#include "app/watch.h"
#include "base/clock.h"
#include "base/log.h"
#include "front/flight/settings.h"
#include "front/pg/settings.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

/* ---- waiting ---- */

static sigset_t waited_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

static void reload(struct service *v, struct hs_io *io, const char *why)
{
    struct hs_err err;
    bool changed = false;
    hs_err_clear(&err);
    if (hs_access_reload(v->access, &changed, &err) != HS_OK)
        hs_log_err(HS_LOG_ERROR, "model not reloaded; the one before stays", "", &err);
    else if (changed)
        hs_log(HS_LOG_INFO, "model reloaded", "because", why, NULL);
    if (strcmp(why, "signal") == 0 && hs_io_reload_tls(io, &err) != HS_OK)
        hs_log_err(HS_LOG_ERROR, "certificate not reloaded; the one before stays", "", &err);
}

enum { GIVE_BACK_S = 5, GIVE_BACK_BYTES = 16 << 20 };

/* What a crowd of connections took goes back to the system when it has gone; the allocator by itself would keep it. */
static void give_back(void)
{
    if (mallinfo2().fordblks > GIVE_BACK_BYTES)
        malloc_trim(0);
}

/* loaded: what the files were before they were read; a change while the server came up is one, too. */
static void wait_until_told(const struct settings *s, struct service *v, struct hs_io *io, uint64_t loaded)
{
    sigset_t set = waited_signals();
    uint64_t seen = loaded;
    for (unsigned turn = 1;; turn++) {
        struct timespec second = {1, 0};
        int sig = sigtimedwait(&set, NULL, &second);
        if (sig == SIGTERM || sig == SIGINT)
            return;
        if (turn % GIVE_BACK_S == 0)
            give_back();
        uint64_t mark = hs_watch_mark(s->model);
        if (sig == SIGHUP)
            reload(v, io, "signal");
        else if (mark != loaded && mark == seen) /* changed, and quiet for a second: nobody is still writing */
            reload(v, io, "files changed");
        if (sig == SIGHUP || mark == seen)
            loaded = mark;
        seen = mark;
    }
}

/* ---- serve ---- */

enum { DOORS = 2 };
struct entrance { /* a door, where it is, and where it turned out to be */
    struct door door;
    const char *address; /* empty: it stays shut */
    int port;
};

static bool has_tls(const struct settings *s)
{
    return s->tls_certificate[0] || s->tls_key[0];
}

static hs_rc listen_at(const struct settings *s, struct hs_io *io, struct entrance *e, struct hs_err *err)
{
    struct door *door = &e->door;
    bool tls = has_tls(s);
    struct hs_listen l = {
        .address = hs_str_of(e->address),
        .certificate = tls ? s->tls_certificate : NULL,
        .key = tls ? s->tls_key : NULL,
        .alpn = door->front->alpn,
        .plain_anywhere = s->plain_text_anywhere,
        .upgrade = door->front->upgrade,
        .ops = &hs_door_ops,
        .arg = door,
    };
    return hs_io_listen(io, &l, &e->port, err);
}

/* Flight's line comes last: whoever waits for it finds every door open. */
static void say_where(const struct settings *s, const struct entrance *e)
{
    hs_str host = hs_str_of(e->address);
    while (host.len && host.at[host.len - 1] != ':')
        host.len--;
    printf("listening %s %.*s%d%s\n", e->door.front->name, HS_FMT(host), e->port, has_tls(s) ? " tls" : "");
    fflush(stdout);
}

static hs_rc listen_all(const struct settings *s, struct hs_io *io, struct entrance doors[DOORS], struct hs_err *err)
{
    if (has_tls(s) && !(s->tls_certificate[0] && s->tls_key[0]))
        return hs_fail(err, HS_INVALID, "TLS wants both --tls-certificate and --tls-key");
    for (int i = 0; i < DOORS; i++) {
        if (!doors[i].address[0])
            continue;
        HS_TRY(hs_door_share(&doors[i].door, io, err));
        HS_TRY(listen_at(s, io, &doors[i], err));
    }
    HS_TRY(hs_io_start(io, err));
    for (int i = DOORS - 1; i >= 0; i--)
        if (doors[i].address[0])
            say_where(s, &doors[i]);
    return HS_OK;
}

static hs_rc open_io(const struct settings *s, struct hs_io **out, struct hs_err *err)
{
    struct hs_io_settings io = {
        .threads = (int)s->loops,
        .connections_max = (int)s->connections,
        .connections_per_ip = (int)s->connections_per_address,
        .handshake_ms = (int)s->greeting_time,
        .first_byte_ms = (int)s->greeting_time,
        .write_ms = (int)s->write_time,
        .idle_ms = INT32_MAX, /* a session knows what it waits for: a long statement is silent, too */
        .drain_ms = (int)s->drain,
    };
    return hs_io_open(&io, out, err);
}

/* HTTP/2 counts in 32 bits: a setting past them is as good as none. */
static uint32_t clamped(int64_t value)
{
    return value > INT32_MAX ? INT32_MAX : (uint32_t)value;
}

/* What is asked of clients on the wire; budget is the server's one. */
static struct hs_http2_settings wire_settings(const struct settings *s, struct hs_http2_budget *budget)
{
    budget->max = (size_t)s->request_memory;
    return (struct hs_http2_settings){
        .streams_max = clamped(s->calls_per_connection),
        .header_max = clamped(s->header_size),
        .headers_max = clamped(s->header_count),
        .request_max = clamped(s->connection_memory),
        .stream_window = clamped(s->upload_window),
        .session_window = clamped(4 * s->upload_window),
        .nuisance_burst = clamped(s->nuisances),
        .nuisance_rate = clamped(s->nuisances_per_second),
        .preface_ms = (int32_t)clamped(s->greeting_time),
        .header_ms = (int32_t)clamped(s->greeting_time),
        .idle_ms = (int32_t)clamped(s->idle_timeout),
        .stall_ms = (int32_t)clamped(s->stall_time),
        .stranger_ms = (int32_t)clamped(s->stranger_time),
        .budget = budget,
    };
}

static struct hs_flight_settings flight_settings(const struct settings *s, const struct hs_http2_settings *wire)
{
    return (struct hs_flight_settings){
        .message_bytes = s->message_size,
        .params_bytes = s->parameter_size,
        .params_rows = s->parameter_rows,
        .endpoints_max = s->endpoints,
        .endpoint_bytes = s->endpoint_size,
        .kept_max = s->kept_answers ? s->kept_answers : -1, /* to the door 0 is its default */
        .kept_per_person = s->kept_per_person,
        .kept_ms = s->kept_time,
        .poll_ms = s->poll_time ? s->poll_time : -1,
        .poll_keep_ms = s->polled_time,
        .sessions = s->option_sessions,
        .sessions_each = s->option_sessions_each,
        .session_options = s->session_options,
        .session_bytes = s->session_size,
        .session_ms = s->session_time,
        .http2 = wire,
    };
}

static struct hs_pg_settings pg_settings(const struct settings *s)
{
    return (struct hs_pg_settings){
        .message_bytes = 2 * s->pg_statement_size,
        .statement_bytes = s->pg_statement_size,
        .statements_max = s->pg_statements,
        .statement_memory = s->pg_statement_memory,
        .portals_max = s->pg_portals,
        .portal_memory = s->pg_portal_memory,
        .scroll_bytes = s->pg_scroll_size,
        .sessions_each = s->pg_per_person,
        .person_memory = s->pg_person_memory,
        .stranger_ms = s->stranger_time,
        .stall_ms = s->stall_time,
        .idle_ms = s->pg_idle_time,
        .catalog_ms = s->pg_catalog_time,
        .catalogs_max = s->pg_catalogs,
        .catalog_memory = s->pg_catalog_memory,
        .token_plain = s->pg_plain_tokens,
        .plain_anywhere = s->plain_text_anywhere,
    };
}

static void log_walls(const struct service *v)
{
    struct hs_buf walls;
    hs_buf_init(&walls, 4096);
    hs_engine_walls(v->engine, &walls);
    hs_log(HS_LOG_INFO, "ready", "walls", walls.at ? walls.at : "none", NULL);
    hs_buf_fini(&walls);
}

int hs_command_serve(const struct settings *s, const struct arguments *args)
{
    if (args->count) {
        fprintf(stderr, "hailstorm: serve takes settings only, not '%s'\n", args->at[0]);
        return 2;
    }
    sigset_t set = waited_signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* before any thread starts, so that all inherit it */
    struct service v = {0};
    struct hs_io *io = NULL;
    struct hs_err err;
    hs_err_clear(&err);
    uint64_t mark = hs_watch_mark(s->model);
    hs_rc rc = hs_service_open(s, true, &v, &err);
    struct hs_http2_budget budget = {0};
    struct hs_http2_settings wire = wire_settings(s, &budget);
    struct hs_flight_settings flight = flight_settings(s, &wire);
    struct hs_pg_settings pg = pg_settings(s);
    struct hs_front_env env = {.access = v.access, .wake = hs_io_wake, .server_version = "0.1.0"};
    struct entrance doors[DOORS] = {{{&hs_front_flight, env}, s->listen, 0}, {{&hs_front_pg, env}, s->listen_pg, 0}};
    doors[0].door.env.settings = &flight;
    doors[1].door.env.settings = &pg;
    if (rc == HS_OK)
        rc = open_io(s, &io, &err);
    if (rc == HS_OK)
        rc = listen_all(s, io, doors, &err);
    if (rc == HS_OK) {
        log_walls(&v);
        wait_until_told(s, &v, io, mark);
        hs_log(HS_LOG_INFO, "draining", NULL);
        hs_io_drain(io);
    }
    hs_io_close(io);
    for (int i = 0; i < DOORS; i++)
        hs_door_unshare(&doors[i].door);
    hs_service_close(&v);
    return rc == HS_OK ? 0 : hs_fail_command(&err);
}
