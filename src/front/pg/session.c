/* hs_front_pg: a connection's life. What to do next is decided in one place (`step`); whatever waits for access leaves
 * the message at hand where it lies, and handles it anew when the answer has come. */
#include "front/pg/parameters.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>

enum {
    IN_HIGH = 64 << 10,   /* behind what waits, no more than this is read */
    IN_SLACK = 1 << 20,   /* a turn of reads is fed whole */
    REPLY_MAX = 64 << 20, /* one batch's widest row, and what was said before it */
    KEEP_CAP = 4096,      /* an idle connection holds no more than this of a buffer */
    GIVE_AWAY = 16384,    /* longer replies leave as they lie */
    SMALL_MAX = 8192,     /* names, counts and proofs */
    TURN_MAX = 64,        /* messages handled before the neighbours' turn; statements and values count for more */
    TURN_BYTES = 1024,
    TURN_DEAR = 4,
};

void hs_pg_become(struct pg_session *s, enum pg_state state)
{
    if (state == PG_IDLE && s->state != PG_IDLE)
        s->quiet_since_ms = s->now_ms;
    s->state = state;
}

bool hs_pg_is_busy(const struct pg_session *s)
{
    return s->state == PG_WORKING || s->state == PG_LOOKING || s->state == PG_ASKING || s->state == PG_STREAMING;
}

void hs_pg_notify(void *session)
{
    struct pg_session *s = session;
    atomic_store(&s->news, true);
    s->env->wake(s->waker);
}

void hs_pg_drop_work(struct pg_session *s)
{
    hs_pg_job_end(s);
    hs_pg_ahead_drop(s);
    hs_pg_statement_unref(s->parsing);
    s->parsing = NULL;
    hs_call_close(s->look);
    s->look = NULL;
    hs_call_close(s->ask);
    s->ask = NULL;
    hs_pg_statement_unref(s->asking);
    s->asking = NULL;
    struct pg_portal *at_work[2] = {s->run.portal, s->run.from}, *starting = s->starting;
    s->starting = NULL;
    s->run = (struct pg_run){0};
    for (size_t i = 0; i < 2; i++)
        if (at_work[i])
            hs_pg_portal_fail(at_work[i]);
    if (starting && starting->cursor)
        hs_pg_portal_free(starting); /* it was never there */
    else if (starting)
        hs_pg_portal_fail(starting);
    if (hs_pg_is_busy(s))
        hs_pg_become(s, PG_IDLE);
}

/* ---- messages ---- */

enum { PROOF = 1, QUERY, ANY, SMALL = 1, LARGE };
static const struct kind {
    char code;
    size_t least;
    int most, when;
    enum pg_handled (*handle)(struct pg_session *s, hs_str body);
} KINDS[] = {
#define MESSAGE(code, name, least, most, when, handler) {code, least, most, when, handler},
#include "front/pg/messages.def"
#undef MESSAGE
};

static const struct kind *find_kind(char code)
{
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (KINDS[i].code == code)
            return &KINDS[i];
    return NULL;
}

static hs_str rest(const struct pg_session *s)
{
    return hs_str_n(s->in.at ? s->in.at + s->in_at : "", s->in.len - s->in_at);
}

void hs_pg_consume(struct pg_session *s, size_t n)
{
    s->in_at += n;
    s->part_since_ms = 0;
    if (s->in_at < s->in.len) {
        if (s->in_at < IN_HIGH)
            return;
        hs_buf_drop(&s->in, s->in_at);
    } else if (s->in.cap > KEEP_CAP) {
        hs_buf_fini(&s->in);
    } else {
        hs_buf_clear(&s->in);
    }
    s->in_at = 0;
}

static bool may_come_now(const struct pg_session *s, const struct kind *k)
{
    return k->when == ANY || (k->when == PROOF) == (s->state == PG_PROVING);
}

/* What the head alone says is wrong; NULL: nothing. All of it ends the connection: where the next message begins is not
 * known any more, or who it is that writes. */
static const char *check_head(const struct pg_session *s, const struct kind *k, size_t len)
{
    size_t most = k && k->most == LARGE ? (size_t)s->settings.message_bytes : SMALL_MAX;
    if (!k)
        return "invalid frontend message type";
    if (!may_come_now(s, k))
        return s->state == PG_PROVING ? "expected password response, got another message" : "a proof was not asked for";
    if (len < k->least)
        return "invalid message length";
    return len > most ? "the message is longer than this server takes" : NULL;
}

static bool is_dropped(const struct pg_session *s, const struct kind *k)
{
    return !k->handle || (s->skipping && k->code != 'S' && k->code != 'X');
}

static bool message(struct pg_session *s)
{
    char code;
    size_t len;
    hs_str in = rest(s);
    enum pg_frame frame = hs_pg_message_head(in, &code, &len);
    if (frame == PG_FRAME_PART)
        return false;
    const struct kind *k = frame == PG_FRAME_WHOLE ? find_kind(code) : NULL;
    const char *wrong = frame == PG_FRAME_WHOLE ? check_head(s, k, len) : "invalid message length";
    if (wrong) {
        hs_pg_fatal(s, k && len > SMALL_MAX ? "54000" : "08P01", "%s", wrong);
        return false;
    }
    if (in.len < 5 + len)
        return false;
    if (is_dropped(s, k)) {
        hs_pg_consume(s, 5 + len);
        s->turn++;
        return true;
    }
    s->refused = false;
    enum pg_handled handled = k->handle(s, hs_str_n(in.at + 5, len));
    if (handled == PG_AGAIN && !s->skipping) {
        if (s->state == PG_IDLE)
            hs_pg_fatal(s, "XX000", "internal error");
        return s->state == PG_PROVING; /* or it waits */
    }
    hs_pg_consume(s, 5 + len);
    s->turn += k->most == LARGE ? TURN_DEAR + (int)(len / TURN_BYTES) : 1;
    return true;
}

/* One thing; false: nothing can be done now. */
static bool step(struct pg_session *s)
{
    switch (s->state) {
    case PG_START:
        return hs_pg_start(s, rest(s));
    case PG_IDLE:
        return s->simple.active ? hs_pg_simple_step(s) : message(s);
    case PG_PROVING:
        return message(s);
    case PG_SECURING:
    case PG_WORKING:
    case PG_LOOKING:
    case PG_ASKING:
    case PG_STREAMING:
    case PG_ENDED:
    case PG_STATE_COUNT:
        return false;
    }
    return false;
}

static void yield(struct pg_session *s)
{
    if (!s->busy_turn)
        s->env->wake(s->waker);
    s->busy_turn = true;
}

static bool is_at_rest(const struct pg_session *s)
{
    return s->state == PG_IDLE && !s->simple.active && !s->skipping && rest(s).len == 0;
}

static bool keeps_catalog(const struct pg_session *s)
{
    bool writes = s->state == PG_STREAMING && s->run.from && s->run.from->looks_up;
    return writes || s->state == PG_ASKING || s->state == PG_WORKING;
}

void hs_pg_advance(struct pg_session *s)
{
    while ((int64_t)s->reply.len < s->settings.output_bytes) {
        if (s->turn >= TURN_MAX && s->state == PG_IDLE) {
            yield(s);
            break;
        }
        if (!step(s))
            break;
    }
    if (s->catalog && !keeps_catalog(s))
        hs_pg_catalog_give(s);
    if (s->stops && is_at_rest(s))
        hs_pg_fatal(s, "57P01", "terminating connection due to administrator command");
    if (rest(s).len && !s->part_since_ms && !hs_pg_is_busy(s))
        s->part_since_ms = s->now_ms;
}

/* ---- hs_frontend ---- */

static void session_free(struct pg_session *s)
{
    hs_pg_ticket_leave(s); /* first: nobody wakes it for a cancel any more */
    hs_scram_close(s->scram);
    hs_pg_drop_work(s);
    hs_pg_ticket_free(s);
    hs_pg_catalog_give(s);
    while (s->portals)
        hs_pg_portal_free(s->portals);
    hs_pg_statements_drop(s);
    hs_pg_text_unref(s->simple.text);
    hs_free((char *)(uintptr_t)s->simple.source.at);
    hs_pg_person_leave(s); /* nothing is held any more */
    hs_pg_parameters_free(s);
    hs_pg_transaction_free(s);
    if (s->token)
        hs_wipe(s->token, strlen(s->token));
    hs_free(s->token);
    if (s->in.at)
        hs_wipe(s->in.at, s->in.cap); /* a password may have lain there */
    hs_buf_fini(&s->in);
    hs_buf_fini(&s->reply);
    hs_arena_free(s->arena);
    hs_free(s);
}

static hs_rc note_peer(struct pg_session *s, const struct hs_peer *peer, struct hs_err *err)
{
    s->tls = peer->tls;
    s->may_upgrade = peer->may_upgrade;
    s->peer = hs_arena_str(s->arena, peer->address);
    s->end_point = hs_arena_str(s->arena, peer->end_point);
    return s->peer.at && s->end_point.at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static hs_rc open_session(const struct hs_front_env *env, const struct hs_peer *peer, void *waker, void **out,
                          struct hs_err *err)
{
    struct pg_session *s = hs_calloc(1, sizeof *s);
    if (!s)
        return hs_fail(err, HS_NOMEM, "out of memory");
    s->env = env;
    s->door = env->shared;
    s->settings = hs_pg_settings_of(env->settings);
    s->waker = waker;
    s->state = PG_START;
    s->tx.status = 'I';
    s->started_us = hs_wall_us();
    hs_buf_init(&s->in, (size_t)s->settings.message_bytes + IN_SLACK);
    hs_buf_init(&s->reply, REPLY_MAX);
    hs_pg_style_init(&s->style);
    snprintf(s->version, sizeof s->version, "15.0 (hailstorm %s)", env->server_version);
    s->arena = hs_arena_new(1 << 16);
    hs_rc rc = s->arena ? note_peer(s, peer, err) : hs_fail(err, HS_NOMEM, "out of memory");
    if (rc != HS_OK)
        session_free(s);
    else
        *out = s;
    return rc;
}

static hs_rc feed(void *session, hs_str bytes, struct hs_err *err)
{
    struct pg_session *s = session;
    if (s->state == PG_ENDED)
        return HS_OK;
    hs_buf_adds(&s->in, bytes);
    if (s->in.failed)
        return hs_fail(err, HS_LIMIT, "more was sent than this connection may keep");
    s->turn = 0;
    hs_pg_advance(s);
    return HS_OK;
}

static void release_bytes(void *at)
{
    hs_free(at);
}

/* What was said moves on. A long reply leaves as it lies, and the next one begins anew. */
static bool flush(struct pg_session *s, struct hs_out *out)
{
    struct hs_buf *b = &s->reply;
    size_t len = b->len;
    if (len == 0)
        return true;
    if (len < GIVE_AWAY) {
        bool copied = hs_out_copy(out, b->at, len);
        if (b->cap > KEEP_CAP)
            hs_buf_fini(b);
        hs_buf_clear(b);
        return copied;
    }
    char *at = b->at;
    *b = (struct hs_buf){.max = b->max};
    return hs_out_add(out, (struct hs_slice){at, len, release_bytes, at});
}

static hs_rc produce(void *session, struct hs_out *out, struct hs_err *err)
{
    struct pg_session *s = session;
    bool went_on = true;
    while (went_on && (int64_t)s->reply.len < s->settings.output_bytes) {
        went_on = s->state == PG_STREAMING && hs_pg_pump(s);
        hs_pg_advance(s);
    }
    if (s->reply.failed) {
        s->reply.failed = false;
        hs_buf_clear(&s->reply);
        hs_pg_drop_work(s);
        s->state = PG_ENDED;
        return hs_fail(err, HS_NOMEM, "no memory for an answer");
    }
    return flush(s, out) ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static void cancelled(struct pg_session *s, const char *sqlstate, const char *words)
{
    if (s->state == PG_WORKING && hs_pg_job_runs(s)) { /* a loop waits for nobody: it is told when the job has ended */
        s->ends_with.sqlstate = sqlstate;
        s->ends_with.words = words;
    } else if (hs_pg_is_busy(s))
        hs_pg_fail(s, sqlstate, "canceling statement due to %s", words);
}

static void wake(void *session)
{
    struct pg_session *s = session;
    s->turn = 0;
    s->busy_turn = false;
    if (s->ticket && atomic_exchange(&s->ticket->cancel, false))
        cancelled(s, "57014", "user request");
    if (s->state == PG_WORKING && hs_pg_job_is_done(s)) {
        hs_pg_job_end(s);
        hs_pg_become(s, PG_IDLE); /* what waited for it is handled anew, and finds it done */
        if (s->ends_with.words)
            hs_pg_fail(s, s->ends_with.sqlstate, "canceling statement due to %s", s->ends_with.words);
        s->ends_with.words = NULL;
    }
    bool news = atomic_exchange(&s->news, false);
    if (news && s->state == PG_LOOKING)
        hs_pg_looked(s);
    else if (news && s->state == PG_ASKING)
        hs_pg_asked(s);
    hs_pg_advance(s);
}

/* ---- time ---- */

struct timer {
    int64_t since_ms, after_ms; /* since 0 or after <= 0: never */
    const char *sqlstate, *words;
    bool statement; /* ends the statement, not the connection */
};

static size_t timers(const struct pg_session *s, struct timer out[6])
{
    size_t n = 0;
    if (s->state < PG_IDLE)
        out[n++] = (struct timer){s->opened_ms, s->settings.stranger_ms, "57014",
                                  "canceling authentication due to timeout", false};
    if (s->part_since_ms && !hs_pg_is_busy(s))
        out[n++] =
            (struct timer){s->part_since_ms, s->settings.stall_ms, "08P01", "a message did not come to its end", false};
    if (hs_pg_is_busy(s))
        out[n++] = (struct timer){s->statement_since_ms, hs_pg_parameter_number(s, PG_PARAM_STATEMENT_TIMEOUT), "57014",
                                  "statement timeout", true};
    if (s->state != PG_IDLE || s->simple.active)
        return n;
    if (s->tx.status != 'I')
        out[n++] = (struct timer){s->quiet_since_ms, hs_pg_parameter_number(s, PG_PARAM_IDLE_IN_TRANSACTION), "25P03",
                                  "terminating connection due to idle-in-transaction timeout", false};
    else
        out[n++] = (struct timer){s->quiet_since_ms, hs_pg_parameter_number(s, PG_PARAM_IDLE_SESSION), "57P05",
                                  "terminating connection due to idle-session timeout", false};
    out[n++] = (struct timer){s->quiet_since_ms, s->settings.idle_ms, "57P05",
                              "terminating connection due to idle-session timeout", false};
    return n;
}

static int64_t tick(void *session, int64_t now_ms)
{
    struct pg_session *s = session;
    struct timer t[6];
    int64_t next = -1;
    s->now_ms = now_ms;
    if (!s->opened_ms)
        s->opened_ms = s->quiet_since_ms = now_ms;
    size_t n = timers(s, t);
    for (size_t i = 0; i < n; i++) {
        if (!t[i].since_ms || t[i].after_ms <= 0)
            continue;
        int64_t left = t[i].since_ms + t[i].after_ms - now_ms;
        if (left <= 0 && t[i].statement)
            cancelled(s, t[i].sqlstate, t[i].words);
        else if (left <= 0)
            hs_pg_fatal(s, t[i].sqlstate, "%s", t[i].words);
        else if (next < 0 || left < next)
            next = left;
    }
    return next;
}

static void shut_down(void *session)
{
    struct pg_session *s = session;
    s->stops = true;
    if (s->state < PG_IDLE)
        hs_pg_fatal(s, "57P01", "terminating connection due to administrator command");
    hs_pg_advance(s);
}

static bool done(void *session)
{
    struct pg_session *s = session;
    return s->state == PG_ENDED && s->reply.len == 0;
}

static bool wants_input(void *session)
{
    struct pg_session *s = session;
    if (s->state == PG_ENDED)
        return false;
    bool waits =
        hs_pg_is_busy(s) || s->busy_turn || s->simple.active || (int64_t)s->reply.len >= s->settings.output_bytes;
    return !waits || rest(s).len < IN_HIGH;
}

static bool wants_tls(void *session)
{
    struct pg_session *s = session;
    return s->state == PG_SECURING;
}

static hs_rc secured(void *session, const struct hs_peer *peer, struct hs_err *err)
{
    struct pg_session *s = session;
    HS_TRY(note_peer(s, peer, err));
    hs_pg_become(s, PG_START);
    return HS_OK;
}

static void free_last(struct pg_session *s) /* on the pool */
{
    struct pg_door *d = s->door;
    session_free(s);
    hs_pg_door_gone(d);
}

/* A job that runs uses the session: what else knows of it goes now, the rest when the job has ended. */
static void close_session(void *session)
{
    struct pg_session *s = session;
    hs_pg_ticket_leave(s);
    while (s->portals)
        hs_pg_portal_free(s->portals);
    hs_pg_door_left(s->door);
    if (hs_pg_job_inherits(s, free_last))
        return;
    hs_pg_door_gone(s->door);
    session_free(s);
}

const struct hs_frontend hs_front_pg = {
    .name = "pg",
    .text = "PostgreSQL's frontend/backend protocol",
    .alpn = "postgresql",
    .upgrade = true,
    .share = hs_pg_share,
    .share_tick = hs_pg_share_tick,
    .unshare = hs_pg_unshare,
    .open = open_session,
    .feed = feed,
    .produce = produce,
    .wake = wake,
    .tick = tick,
    .shutdown = shut_down,
    .done = done,
    .wants_input = wants_input,
    .wants_tls = wants_tls,
    .secured = secured,
    .close = close_session,
};
