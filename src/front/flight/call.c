/* The life of a call: from its headers to the moment the wire lets it go. All of it runs on the connection's thread,
 * but hs_flight_notify. */
#include "front/flight/flight.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "front/flight/errors.h"
#include "front/flight/runs.h"

enum { CALL_ARENA = 256 << 20, TEXT_HEADER_MAX = 256, STRANGER_MESSAGE_MAX = 16384, STRANGERS_TOLD = 3 };

/* Which states may follow which; one word a state, bits are successors. */
#define TO(name) (1u << FLIGHT_##name)
static const unsigned FOLLOWS[FLIGHT_STATE_COUNT] = {
    [FLIGHT_NEW] = TO(SIGNING_IN) | TO(LISTENING) | TO(FINISHED),
    [FLIGHT_SIGNING_IN] = TO(LISTENING) | TO(FINISHED),
    [FLIGHT_LISTENING] = TO(SIGNING_IN) | TO(ASKING) | TO(STREAMING) | TO(WORKING) | TO(FINISHED),
    [FLIGHT_ASKING] = TO(STREAMING) | TO(POLLING) | TO(FINISHED),
    [FLIGHT_POLLING] = TO(FINISHED),
    [FLIGHT_STREAMING] = TO(ASKING) | TO(FINISHED), /* ASKING: for the next row of parameters */
    [FLIGHT_WORKING] = TO(FINISHED),
    [FLIGHT_FINISHED] = 0,
};

static const char *const STATE_NAMES[] = {
#define STATE(name, text) #name,
#include "front/flight/states.def"
#undef STATE
};

void hs_flight_become(struct flight_call *c, enum flight_state state)
{
    if (!(FOLLOWS[c->state] & (1u << state))) /* ours alone to get wrong; the call goes on, the log tells */
        hs_log(HS_LOG_ERROR, "flight-state", "from", STATE_NAMES[c->state], "to", STATE_NAMES[state], NULL);
    c->state = state;
}

hs_str hs_flight_keep(struct flight_call *c, hs_str s)
{
    return hs_arena_str(c->arena, s.at ? s : HS_S(""));
}

/* ---- answering ---- */

enum { PAIRS_MAX = 3 };

static size_t own_pairs(const struct flight_call *c, struct hs_grpc_pair *pairs)
{
    size_t n = 0;
    pairs[n++] = (struct hs_grpc_pair){HS_S("x-request-id"), hs_str_of(c->request_id)};
    if (c->new_token.len) /* some clients look in the headers, others in the trailers */
        pairs[n++] = (struct hs_grpc_pair){HS_S("authorization"), c->new_token};
    if (c->set_cookie.len)
        pairs[n++] = (struct hs_grpc_pair){HS_S("set-cookie"), c->set_cookie};
    return n;
}

void hs_flight_headers(struct flight_call *c)
{
    struct hs_grpc_pair pairs[PAIRS_MAX];
    if (c->headers_sent)
        return;
    c->headers_sent = true;
    hs_grpc_send_headers(c->grpc, pairs, own_pairs(c, pairs));
}

void hs_flight_send(struct flight_call *c, const struct hs_buf *message)
{
    hs_flight_headers(c);
    hs_grpc_send_bytes(c->grpc, hs_buf_str(message));
}

static void end(struct flight_call *c, enum hs_grpc_status status, hs_str words)
{
    struct hs_grpc_pair pairs[PAIRS_MAX];
    if (c->state == FLIGHT_FINISHED)
        return;
    if (c->who.name.len)
        hs_http2_known(c->session->http2);
    hs_grpc_finish(c->grpc, status, words, pairs, own_pairs(c, pairs));
    hs_flight_become(c, FLIGHT_FINISHED);
    hs_flight_drop_access(c);
}

void hs_flight_finish(struct flight_call *c)
{
    hs_flight_headers(c);
    end(c, HS_GRPC_OK, HS_S(""));
}

void hs_flight_fail(struct flight_call *c, const struct hs_err *err)
{
    bool known = c->who.name.len > 0;
    c->session->refused += !known;
    if (known || c->session->refused <= STRANGERS_TOLD) /* or a stranger writes the log full */
        hs_log_err(HS_LOG_INFO, "flight refused", c->request_id, err);
    end(c, hs_flight_status(err->kind), hs_str_of(err->shown));
}

/* ---- access ---- */

void hs_flight_notify(void *call)
{
    struct flight_call *c = call;
    atomic_store(&c->news, true);
    c->session->env->wake(c->session->waker);
}

void hs_flight_drop_access(struct flight_call *c)
{
    struct hs_call *access = c->access;
    hs_flight_runs_leave(c); /* nobody finds it any more */
    c->access = NULL;
    hs_call_close(access);
}

void hs_flight_asked(struct flight_call *c, void (*on_ready)(struct flight_call *c))
{
    struct hs_err err;
    c->on_ready = on_ready;
    if (!c->access) {
        hs_ignore(hs_fail(&err, HS_NOMEM, "out of memory"));
        hs_flight_fail(c, &err);
        return;
    }
    hs_flight_become(c, FLIGHT_ASKING);
    hs_flight_pump(c);
}

void hs_flight_ask(struct flight_call *c, const struct hs_query *query, void (*on_ready)(struct flight_call *c))
{
    c->access = hs_access_query(c->session->env->access, &c->who, query, hs_flight_notify, c);
    hs_flight_asked(c, on_ready);
}

void hs_flight_ask_catalog(struct flight_call *c, const struct hs_catalog_query *query,
                           void (*on_ready)(struct flight_call *c))
{
    c->access = hs_access_catalog(c->session->env->access, &c->who, query, hs_flight_notify, c);
    hs_flight_asked(c, on_ready);
}

/* access has logged it already */
static void fail_from_access(struct flight_call *c, const struct hs_err *err)
{
    end(c, hs_flight_status(err->kind), hs_str_of(err->shown));
}

static void take_batch(struct flight_call *c, struct hs_batch *batch)
{
    struct hs_err err;
    if (hs_flight_send_batch(c, batch, &err) != HS_OK)
        hs_flight_fail(c, &err);
}

/* One step: at most one batch, so that a call never gets ahead of its client. */
void hs_flight_pump(struct flight_call *c)
{
    struct hs_err err;
    struct hs_batch batch;
    hs_err_clear(&err);
    switch (hs_call_poll(c->access, &batch, &err)) {
    case HS_CALL_WAIT:
        return;
    case HS_CALL_READY:
        c->on_ready(c);
        return;
    case HS_CALL_BATCH:
        take_batch(c, &batch);
        return;
    case HS_CALL_END:
        hs_flight_read_on(c);
        return;
    case HS_CALL_ERROR:
        fail_from_access(c, &err);
        return;
    }
}

/* ---- what the wire calls ---- */

static void unlink_call(struct flight_call *c)
{
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
}

static void link_call(struct flight_session *s, struct flight_call *c)
{
    c->next = s->calls;
    c->link = &s->calls;
    if (c->next)
        c->next->link = &c->next;
    s->calls = c;
}

static struct flight_call *call_new(struct flight_session *s, struct hs_grpc_call *grpc)
{
    struct flight_call *c = hs_calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->arena = hs_arena_new(CALL_ARENA);
    if (!c->arena) {
        hs_free(c);
        return NULL;
    }
    c->session = s;
    c->grpc = grpc;
    link_call(s, c);
    hs_grpc_set_data(grpc, c);
    hs_access_request_id(s->env->access, c->request_id);
    return c;
}

static hs_rc text_header(struct flight_call *c, const char *name, hs_str *out, struct hs_err *err)
{
    hs_str v = hs_grpc_header(c->grpc, name);
    if (v.len > TEXT_HEADER_MAX || !hs_utf8_valid(v))
        return hs_fail(err, HS_INVALID, "header %s is too long or no text", name);
    *out = v;
    return HS_OK;
}

/* Names of clients are shown to whoever reads the audit: no control characters, and not long. */
static hs_str agent_of(const struct flight_call *c)
{
    hs_str v = hs_grpc_header(c->grpc, "user-agent");
    if (!hs_utf8_valid(v))
        return (hs_str){0};
    for (size_t i = 0; i < v.len; i++)
        if (v.at[i] < ' ' || v.at[i] > '~')
            return (hs_str){0};
    return hs_str_n(v.at, v.len < TEXT_HEADER_MAX ? v.len : TEXT_HEADER_MAX);
}

/* W3C Trace Context, version 00: 00-{32 hex}-{16 hex}-{2 hex}, lower case. One that is malformed counts as none. */
static hs_str trace_of(const struct flight_call *c)
{
    enum { LENGTH = 55 };
    static const char FORM[] = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
    hs_str v = hs_grpc_header(c->grpc, "traceparent");
    for (size_t i = 0; v.len == LENGTH && i < LENGTH; i++) {
        bool hex = (v.at[i] >= '0' && v.at[i] <= '9') || (v.at[i] >= 'a' && v.at[i] <= 'f');
        if (FORM[i] == 'x' ? !hex : v.at[i] != FORM[i])
            return (hs_str){0};
    }
    return v.len == LENGTH ? v : (hs_str){0};
}

static hs_rc fill_asker(struct flight_call *c, struct hs_err *err)
{
    int64_t timeout_ms = hs_grpc_timeout_ms(c->grpc);
    c->who.door = "flight";
    c->who.request_id = hs_str_of(c->request_id);
    c->who.peer = c->session->peer;
    if (timeout_ms >= 0)
        c->who.deadline_mono_us = hs_mono_us() + timeout_ms * 1000;
    c->who.agent = agent_of(c);
    c->who.trace = trace_of(c);
    HS_TRY(text_header(c, "x-hailstorm-purpose", &c->who.purpose, err));
    return text_header(c, "x-hailstorm-workspace", &c->who.workspace, err);
}

/* By the request id this is found again in whatever else is said of the call. */
static void log_call(struct flight_call *c)
{
    hs_str agent = hs_flight_keep(c, c->who.agent), trace = hs_flight_keep(c, c->who.trace);
    if (agent.at && trace.at)
        hs_log(HS_LOG_DEBUG, "flight call", "request", c->request_id, "method", c->method->name, "client", agent.at,
               "trace", trace.at, NULL);
}

static void listen(struct flight_call *c)
{
    struct hs_err err;
    hs_flight_become(c, FLIGHT_LISTENING);
    if (c->who.name.len) {
        hs_http2_known(c->session->http2);
        log_call(c);
        if (hs_flight_session_enter(c, &err) != HS_OK) {
            hs_flight_fail(c, &err);
            return;
        }
    }
    if (c->method->start)
        c->method->start(c);
}

/* Small for whom we do not know yet; parameters come with the handle they are for. */
static size_t message_limit(const struct flight_call *c)
{
    const struct hs_flight_settings *s = &c->session->settings;
    if (c->method->open)
        return STRANGER_MESSAGE_MAX;
    return (size_t)(c->method->message ? s->params_bytes + 2 * s->handle_bytes : s->message_bytes);
}

static void start(void *session, struct hs_grpc_call *grpc, hs_str path)
{
    struct flight_session *s = session;
    struct hs_err err;
    struct flight_call *c = call_new(s, grpc);
    if (!c) {
        hs_grpc_finish(grpc, HS_GRPC_RESOURCE_EXHAUSTED, HS_S("out of memory"), NULL, 0);
        return;
    }
    c->method = hs_flight_method_find(path);
    hs_rc rc = c->method ? fill_asker(c, &err) : hs_fail(&err, HS_UNSUPPORTED, "this server has no such method");
    if (rc != HS_OK) {
        hs_flight_fail(c, &err);
        return;
    }
    hs_grpc_limit_message(grpc, message_limit(c));
    if (c->method->open)
        listen(c);
    else
        hs_flight_sign_in(c, listen);
}

/* Bytes that the call keeps, counted over the whole connection. */
static hs_rc hold(struct flight_call *c, size_t bytes, struct hs_err *err)
{
    struct flight_session *s = c->session;
    if (bytes > (size_t)s->settings.held_bytes - s->held)
        return hs_fail(err, HS_LIMIT, "this connection has too many requests in flight");
    c->held += bytes;
    s->held += bytes;
    return HS_OK;
}

static void keep_message(struct flight_call *c, hs_str bytes)
{
    struct hs_err err;
    hs_rc rc = c->have_message ? hs_fail(&err, HS_INVALID, "one request message is enough") : hold(c, bytes.len, &err);
    if (rc == HS_OK) {
        c->message = hs_flight_keep(c, bytes);
        c->have_message = true;
        if (!c->message.at)
            rc = hs_fail(&err, HS_NOMEM, "out of memory");
    }
    if (rc != HS_OK)
        hs_flight_fail(c, &err);
}

static void message(struct hs_grpc_call *grpc, hs_str bytes)
{
    struct flight_call *c = hs_grpc_data(grpc);
    struct hs_err err;
    if (!c || c->state == FLIGHT_FINISHED)
        return;
    if (!c->method->message)
        keep_message(c, bytes);
    else if (hold(c, bytes.len, &err) != HS_OK)
        hs_flight_fail(c, &err);
    else
        c->method->message(c, bytes);
}

static void half_close(struct hs_grpc_call *grpc)
{
    struct flight_call *c = hs_grpc_data(grpc);
    struct hs_err err;
    if (!c || c->state != FLIGHT_LISTENING)
        return;
    c->half_closed = true;
    if (!c->method->message && !c->have_message) {
        hs_ignore(hs_fail(&err, HS_INVALID, "the request message is missing"));
        hs_flight_fail(c, &err);
    } else {
        c->method->ask(c);
    }
}

static void writable(struct hs_grpc_call *grpc)
{
    struct flight_call *c = hs_grpc_data(grpc);
    if (!c || c->state != FLIGHT_STREAMING)
        return;
    if (c->have_batch) {
        c->have_batch = false;
        take_batch(c, &c->batch);
    } else if (c->access) {
        hs_flight_pump(c);
    } else {
        hs_flight_finish(c);
    }
}

static void closed(struct hs_grpc_call *grpc, hs_rc why)
{
    struct flight_call *c = hs_grpc_data(grpc);
    (void)why; /* what ended a running statement is in access's outcome */
    if (!c)
        return;
    hs_flight_drop_access(c);
    hs_flight_job_abandon(c->job);
    if (c->have_batch)
        hs_batch_release(&c->batch);
    hs_ipc_reader_free(c->reader);
    c->session->held -= c->held;
    unlink_call(c);
    hs_arena_free(c->arena);
    hs_free(c);
}

const struct hs_grpc_server hs_flight_grpc = {start, message, half_close, writable, closed};
