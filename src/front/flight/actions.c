/* DoAction and ListActions. Flight SQL's own action bodies are wrapped in Any, Flight's core ones are not. */
#include "front/flight/catalogs.h"
#include "front/flight/handles.h"
#include "front/flight/runs.h"

#include "base/clock.h"
#include "wire/proto.h"

enum { SMALL = 1 << 16, ENDPOINTS_MAX = 4096 };
enum { CANCELLED = 1, NOT_CANCELLABLE = 3 }; /* CancelStatus, and CancelResult alike */

static void reply(struct flight_call *c, struct hs_buf *body)
{
    struct hs_err err;
    if (hs_buf_done(body, &err) != HS_OK)
        hs_flight_fail(c, &err);
    else
        hs_flight_reply_result(c, hs_buf_str(body));
    hs_buf_fini(body);
}

static void fail_with(struct flight_call *c, hs_rc kind, const char *words)
{
    struct hs_err err;
    hs_ignore(hs_fail(&err, kind, "%s", words));
    hs_flight_fail(c, &err);
}

/* ---- prepared statements ---- */

/* A handle carries itself, and closing it is a polite answer but for a long one, which is kept. A handle that is gone,
 * or another person's, is closed in the same words: there is nothing to be learned. Result without a body. */
static void close_prepared(struct flight_call *c, hs_str value)
{
    hs_str sealed = {0};
    struct flight_handle *h;
    struct hs_err err;
    if (HS_PICK(value, &err, {1, PICK_BYTES, &sealed}) == HS_OK &&
        hs_flight_handle_open(c, FLIGHT_PREPARED, sealed, &h, &err) == HS_OK)
        hs_flight_handle_forget(c, h);
    hs_flight_finish(c);
}

static void no_transactions(struct flight_call *c, hs_str value)
{
    (void)value;
    fail_with(c, HS_UNSUPPORTED, "transactions are not supported");
}

static void no_plans(struct flight_call *c, hs_str value)
{
    (void)value;
    fail_with(c, HS_UNSUPPORTED, "Substrait plans are not supported; send SQL");
}

/* ---- cancelling ---- */

static bool cancel(struct flight_call *c, const struct flight_handle *h)
{
    return hs_flight_runs_cancel(c->session->door->runs, c->who.name, h->id);
}

/* FlightInfo{endpoint 3{ticket 1{ticket 1}}} */
static bool cancel_endpoint(struct flight_call *c, hs_str endpoint)
{
    hs_str ticket = {0}, bytes = {0};
    struct flight_handle *h;
    struct hs_err err;
    return HS_PICK(endpoint, &err, {1, PICK_BYTES, &ticket}) == HS_OK &&
           HS_PICK(ticket, &err, {1, PICK_BYTES, &bytes}) == HS_OK &&
           hs_flight_ticket_open(c, bytes, &h, &err) == HS_OK && cancel(c, h);
}

/* FlightInfo{app_metadata 7}: of a statement that is polled, which has no endpoint yet. */
static bool cancel_polled(struct flight_call *c, hs_str sealed)
{
    struct flight_handle *h;
    struct hs_err err;
    return hs_flight_handle_open(c, FLIGHT_POLLED, sealed, &h, &err) == HS_OK && cancel(c, h);
}

static hs_rc cancel_all(struct flight_call *c, hs_str info, int *out_status, struct hs_err *err)
{
    struct hs_cursor cursor = hs_cursor_of(info);
    struct hs_proto_field f;
    bool found = false;
    for (int count = 0; count < ENDPOINTS_MAX && hs_proto_next(&cursor, &f);) {
        count += f.number == 3;
        if (f.number == 3 && f.type == HS_PROTO_BYTES)
            found = cancel_endpoint(c, f.bytes) || found;
        else if (f.number == 7 && f.type == HS_PROTO_BYTES)
            found = cancel_polled(c, f.bytes) || found;
    }
    *out_status = found ? CANCELLED : NOT_CANCELLABLE;
    return hs_proto_done(&cursor, err);
}

static hs_rc cancelled(struct flight_call *c, hs_str value, struct hs_buf *out, struct hs_err *err)
{
    hs_str info = {0};
    int status;
    HS_TRY(HS_PICK(value, err, {1, PICK_BYTES, &info}));
    HS_TRY(cancel_all(c, info, &status, err));
    hs_proto_add_varint(out, 1, (uint64_t)status);
    return HS_OK;
}

static void cancel_info(struct flight_call *c, hs_str value)
{
    struct hs_err err;
    struct hs_buf b;
    hs_buf_init(&b, SMALL);
    if (cancelled(c, value, &b, &err) == HS_OK)
        reply(c, &b);
    else
        hs_flight_fail(c, &err);
}

static void cancel_query(struct flight_call *c, hs_str value)
{
    struct hs_err err;
    struct hs_buf inner, b;
    hs_buf_init(&inner, SMALL);
    hs_buf_init(&b, SMALL);
    if (cancelled(c, value, &inner, &err) == HS_OK) {
        hs_codec_add_any(&b, "ActionCancelQueryResult", hs_buf_str(&inner));
        reply(c, &b);
    } else {
        hs_flight_fail(c, &err);
    }
    hs_buf_fini(&inner);
}

/* ---- RenewFlightEndpoint ---- */

/* The same statement, snapshots, decision and part, good for as long as a new ticket; what is its own ticket does not
 * end. */
static hs_rc renewed(struct flight_call *c, hs_str value, struct hs_buf *out, struct hs_err *err)
{
    hs_str endpoint = {0}, ticket = {0}, bytes = {0};
    struct flight_any any;
    struct flight_handle *h;
    HS_TRY(HS_PICK(value, err, {1, PICK_BYTES, &endpoint}));
    HS_TRY(HS_PICK(endpoint, err, {1, PICK_BYTES, &ticket}));
    HS_TRY(HS_PICK(ticket, err, {1, PICK_BYTES, &bytes}));
    HS_TRY(hs_codec_any(bytes, &any, err));
    if (hs_flight_table_find(any.name)) {
        hs_codec_add_endpoint(out, bytes, 0);
        return HS_OK;
    }
    HS_TRY(hs_flight_ticket_open(c, bytes, &h, err));
    h->expires_us = hs_wall_us() + c->session->settings.ticket_ms * 1000;
    HS_TRY(hs_flight_ticket_seal(c, h, &bytes, err));
    hs_codec_add_endpoint(out, bytes, h->expires_us);
    return HS_OK;
}

static void renew_endpoint(struct flight_call *c, hs_str value)
{
    struct hs_err err;
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    if (renewed(c, value, &b, &err) == HS_OK) {
        reply(c, &b);
        return;
    }
    hs_flight_fail(c, &err);
    hs_buf_fini(&b);
}

/* ---- the table ---- */

static const struct {
    const char *type;
    bool wrapped;
    void (*run)(struct flight_call *c, hs_str value);
    const char *text;
} ACTIONS[] = {
#define ACTION(type, wrapped, run, text) {type, wrapped, run, text},
#include "front/flight/actions.def"
#undef ACTION
};
enum { ACTION_COUNT = sizeof ACTIONS / sizeof ACTIONS[0] };

static hs_rc act(struct flight_call *c, struct hs_err *err)
{
    hs_str type = {0}, body = {0};
    struct flight_any any;
    HS_TRY(HS_PICK(c->message, err, {1, PICK_TEXT, &type}, {2, PICK_BYTES, &body}));
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (!hs_str_is(type, ACTIONS[i].type))
            continue;
        if (ACTIONS[i].wrapped)
            HS_TRY(hs_codec_any(body, &any, err));
        ACTIONS[i].run(c, ACTIONS[i].wrapped ? any.value : body);
        return HS_OK;
    }
    return hs_fail(err, HS_UNSUPPORTED, "action %.*s is not supported", (int)(type.len > 64 ? 64 : type.len), type.at);
}

void hs_flight_action(struct flight_call *c)
{
    struct hs_err err;
    if (act(c, &err) != HS_OK)
        hs_flight_fail(c, &err);
}

void hs_flight_list_actions(struct flight_call *c)
{
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        struct hs_buf b;
        hs_buf_init(&b, SMALL);
        hs_proto_add_bytes(&b, 1, hs_str_of(ACTIONS[i].type));
        hs_proto_add_bytes(&b, 2, hs_str_of(ACTIONS[i].text));
        if (!b.failed)
            hs_flight_send(c, &b);
        hs_buf_fini(&b);
    }
    hs_flight_finish(c);
}
