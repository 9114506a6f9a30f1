/* Which session a call belongs to, and the actions on it. A client that sends our cookie is bound to it; one that sends
 * none to its bearer token; one that proves itself with every call, to its connection. Setting an option without a
 * cookie answers with one: it begins as what the token's session is, and counts from when it comes back. */
#include "front/flight/options.h"
#include "front/flight/runs.h"

#include "base/hash.h"
#include "wire/proto.h"

#include <stdio.h>

#define COOKIE "arrow_flight_session_id"
enum { SMALL = 1 << 16, OPTIONS_MAX = 256, COOKIE_BYTES = 16, COOKIE_TEXT = 2 * COOKIE_BYTES };
enum { CLOSED = 1, NOT_CLOSEABLE = 3 }; /* CloseSessionResult.Status */

static struct flight_options *options_of(const struct flight_call *c)
{
    return c->session->door->options;
}

/* ---- which session ---- */

/* "a=b; arrow_flight_session_id=...; c=d": the value, where it is one that we could have given out. */
static hs_str our_cookie(hs_str header)
{
    while (header.at && header.len) {
        hs_str value = hs_str_trim(hs_str_cut(&header, ';')), name = hs_str_trim(hs_str_cut(&value, '='));
        value = value.at ? hs_str_trim(value) : value;
        if (value.len > 2 && value.at[0] == '"' && value.at[value.len - 1] == '"') /* some quote it on its way back */
            value = hs_str_n(value.at + 1, value.len - 2);
        if (value.len == COOKIE_TEXT && hs_str_is(name, COOKIE))
            return value;
    }
    return (hs_str){0};
}

static hs_str find_cookie(const struct flight_call *c)
{
    hs_str name, value, found = {0};
    for (size_t i = 0; !found.at && hs_grpc_header_at(c->grpc, i, &name, &value); i++)
        if (hs_str_is(name, "cookie")) /* clients may send several */
            found = our_cookie(value);
    return found;
}

static hs_rc own_session(const struct flight_call *c, struct flight_session_id *out, struct hs_err *err)
{
    return c->token.len
               ? hs_flight_session_id("token", c->token, out, err)
               : hs_flight_session_id("connection", hs_str_n(c->session->salt, sizeof c->session->salt), out, err);
}

/* *out_cookie: empty when the client sent none. */
static hs_rc session_of(const struct flight_call *c, struct flight_session_id *out, hs_str *out_cookie,
                        struct hs_err *err)
{
    *out_cookie = find_cookie(c);
    return out_cookie->at ? hs_flight_session_id("cookie", *out_cookie, out, err) : own_session(c, out, err);
}

/* x-hailstorm-compression: lz4, and so on; a header counts for more than the session. */
static hs_rc headers_say(struct flight_call *c, struct hs_err *err)
{
    for (size_t i = 0; hs_form_name(i); i++) {
        char header[64];
        hs_str word, name = hs_str_of(hs_form_name(i));
        snprintf(header, sizeof header, "x-hailstorm-%s", hs_form_name(i));
        word = hs_grpc_header(c->grpc, header);
        if (word.len && hs_form_set(&c->form, name, word) != HS_FORM_TAKEN)
            return hs_fail(err, HS_INVALID, "header %s is one of %s", header, hs_form_words(name));
    }
    return HS_OK;
}

hs_rc hs_flight_session_enter(struct flight_call *c, struct hs_err *err)
{
    struct flight_session_id id;
    hs_str cookie;
    HS_TRY(session_of(c, &id, &cookie, err));
    c->form = hs_flight_options_form(options_of(c), &id, c->who.name);
    return headers_say(c, err);
}

/* ---- SetSessionOptions ---- */

static void mesh_name(struct flight_call *c, hs_str *out)
{
    struct hs_model *model = hs_access_model(c->session->env->access);
    *out = hs_flight_keep(c, model->mesh_name);
    hs_model_unref(model);
}

static void add_fault(struct hs_buf *out, hs_str name, enum flight_option_fault fault)
{
    size_t entry = hs_proto_open(out, 1);
    hs_proto_add_bytes(out, 1, name);
    size_t error = hs_proto_open(out, 2);
    hs_proto_add_varint(out, 1, (uint64_t)fault);
    hs_proto_close(out, error);
    hs_proto_close(out, entry);
}

/* One option's fault is told with its name, and the others are set all the same. */
static hs_rc set_one(struct flight_call *c, const struct flight_session_id *id, hs_str mesh, hs_str entry,
                     struct hs_buf *out, struct hs_err *err)
{
    struct flight_option o = {{0}, {0}};
    HS_TRY(HS_PICK(entry, err, {1, PICK_TEXT, &o.name}, {2, PICK_BYTES, &o.value}));
    enum flight_option_fault fault = hs_flight_option_check(mesh, &o);
    if (fault == FLIGHT_OPTION_FINE && !hs_str_is(o.name, "catalog")) { /* which is what it is */
        hs_rc rc = hs_flight_options_set(options_of(c), id, c->who.name, &o, err);
        if (rc == HS_LIMIT)
            fault = FLIGHT_OPTION_ERROR;
        else if (rc != HS_OK)
            return rc;
    }
    if (fault != FLIGHT_OPTION_FINE)
        add_fault(out, o.name, fault);
    return HS_OK;
}

static hs_rc set_all(struct flight_call *c, const struct flight_session_id *id, hs_str value, struct hs_buf *out,
                     struct hs_err *err)
{
    struct hs_cursor cursor = hs_cursor_of(value);
    struct hs_proto_field f;
    hs_str mesh;
    int count = 0;
    mesh_name(c, &mesh);
    while (hs_proto_next(&cursor, &f)) {
        if (f.number != 1 || f.type != HS_PROTO_BYTES)
            continue;
        if (++count > OPTIONS_MAX)
            return hs_fail(err, HS_LIMIT, "more than %d session options", OPTIONS_MAX);
        HS_TRY(set_one(c, id, mesh, f.bytes, out, err));
    }
    return hs_proto_done(&cursor, err);
}

/* A session of its own for a client that keeps cookies; whether it does shows when it comes again. */
static hs_rc give_cookie(struct flight_call *c, const struct flight_session_id *from, struct hs_err *err)
{
    uint8_t bytes[COOKIE_BYTES];
    struct flight_session_id id;
    struct hs_buf text;
    HS_TRY(hs_random(bytes, sizeof bytes, err));
    hs_buf_init(&text, 256);
    hs_buf_addz(&text, COOKIE "=");
    hs_buf_add_hex(&text, bytes, sizeof bytes);
    c->set_cookie = hs_flight_keep(c, hs_buf_str(&text));
    hs_buf_fini(&text);
    if (!c->set_cookie.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    size_t name = strlen(COOKIE) + 1;
    HS_TRY(hs_flight_session_id("cookie", hs_str_n(c->set_cookie.at + name, c->set_cookie.len - name), &id, err));
    hs_rc rc = hs_flight_options_copy(options_of(c), from, &id, c->who.name, err);
    if (rc == HS_LIMIT) /* no room for a second one: the token's will do */
        c->set_cookie = (hs_str){0};
    return rc == HS_LIMIT ? HS_OK : rc;
}

static hs_rc set_options(struct flight_call *c, hs_str value, struct hs_buf *out, struct hs_err *err)
{
    struct flight_session_id id;
    hs_str cookie;
    HS_TRY(session_of(c, &id, &cookie, err));
    HS_TRY(set_all(c, &id, value, out, err));
    return cookie.at ? HS_OK : give_cookie(c, &id, err);
}

static void reply(struct flight_call *c, struct hs_buf *body)
{
    struct hs_err err;
    if (hs_buf_done(body, &err) != HS_OK)
        hs_flight_fail(c, &err);
    else
        hs_flight_reply_result(c, hs_buf_str(body));
    hs_buf_fini(body);
}

void hs_flight_set_options(struct flight_call *c, hs_str value)
{
    struct hs_err err;
    struct hs_buf b;
    hs_buf_init(&b, 2 << 20);
    if (set_options(c, value, &b, &err) == HS_OK) {
        reply(c, &b);
        return;
    }
    hs_flight_fail(c, &err);
    hs_buf_fini(&b);
}

/* ---- GetSessionOptions ---- */

static void add_option(struct hs_buf *b, hs_str name, hs_str value)
{
    size_t entry = hs_proto_open(b, 1);
    hs_proto_add_bytes(b, 1, name);
    hs_proto_add_bytes(b, 2, value);
    hs_proto_close(b, entry);
}

static void add_text(struct hs_buf *b, hs_str name, hs_str text)
{
    size_t entry = hs_proto_open(b, 1);
    hs_proto_add_bytes(b, 1, name);
    size_t value = hs_proto_open(b, 2);
    hs_proto_add_bytes(b, 1, text);
    hs_proto_close(b, value);
    hs_proto_close(b, entry);
}

/* What is not set is told as what it is without: what is there to be set, too. */
static hs_rc get_options(struct flight_call *c, struct hs_buf *b, struct hs_err *err)
{
    struct flight_session_id id;
    struct flight_option *all;
    hs_str mesh, cookie;
    size_t count;
    HS_TRY(session_of(c, &id, &cookie, err));
    HS_TRY(hs_flight_options_get(options_of(c), &id, c->who.name, c->arena, &all, &count, err));
    mesh_name(c, &mesh);
    add_text(b, HS_S("catalog"), mesh);
    for (size_t i = 0; i < count; i++)
        if (hs_str_starts(all[i].name, HS_S("client.")))
            add_option(b, all[i].name, all[i].value);
    struct hs_answer_form form = hs_flight_options_form(options_of(c), &id, c->who.name);
    for (size_t i = 0; hs_form_name(i); i++) {
        hs_str name = hs_arena_printf(c->arena, "hailstorm.%s", hs_form_name(i));
        if (!name.at)
            return hs_fail(err, HS_NOMEM, "out of memory");
        add_text(b, name, hs_str_of(hs_form_word(&form, hs_str_of(hs_form_name(i)))));
    }
    return HS_OK;
}

void hs_flight_get_options(struct flight_call *c, hs_str value)
{
    struct hs_err err;
    struct hs_buf b;
    (void)value;
    hs_buf_init(&b, 1 << 20);
    if (get_options(c, &b, &err) == HS_OK) {
        reply(c, &b);
        return;
    }
    hs_flight_fail(c, &err);
    hs_buf_fini(&b);
}

/* ---- CloseSession ---- */

static hs_rc forget_options(struct flight_call *c, bool *out_there, struct hs_err *err)
{
    struct flight_session_id id;
    hs_str cookie;
    HS_TRY(session_of(c, &id, &cookie, err));
    *out_there = hs_flight_options_close(options_of(c), &id, c->who.name);
    if (cookie.at)
        c->set_cookie = HS_S(COOKIE "=; Max-Age=0");
    if (cookie.at && hs_str_starts(c->token, HS_S("hss_"))) { /* the token ends, and so does what hangs on it */
        HS_TRY(own_session(c, &id, err));
        *out_there = hs_flight_options_close(options_of(c), &id, c->who.name) || *out_there;
    }
    return HS_OK;
}

/* A token that sign-in gave out is a session, and so is a cookie; an API token and a password are not ended from here.
 */
void hs_flight_end_session(struct flight_call *c, hs_str value)
{
    struct hs_err err;
    struct hs_buf b;
    bool there = false;
    (void)value;
    c->session->proof.there = false;
    if (forget_options(c, &there, &err) != HS_OK) {
        hs_flight_fail(c, &err);
        return;
    }
    if (hs_str_starts(c->token, HS_S("hss_"))) {
        hs_flight_runs_end(c->session->door->runs, c->token);
        hs_flight_close_session(c);
        return;
    }
    hs_buf_init(&b, SMALL);
    hs_proto_add_varint(&b, 1, there ? CLOSED : NOT_CLOSEABLE);
    reply(c, &b);
}
