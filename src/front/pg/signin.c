/* Who asks. SCRAM is cheap on this side and runs on the loop. The user `token` shows a bearer token in the place of a
 * password, in TLS alone: the token says who he is. */
#include "front/pg/parameters.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"

enum { AUTH_CLEARTEXT = 3, AUTH_SASL = 10, AUTH_SASL_CONTINUE = 11, AUTH_SASL_FINAL = 12, TOKEN_MAX = 8000 };

static void begin_auth(struct pg_session *s, int32_t what, size_t *out_at)
{
    *out_at = hs_pg_begin(&s->reply, 'R');
    hs_pg_add_i32(&s->reply, what);
}

/* The same words whatever was wrong. */
static void refused(struct pg_session *s, const struct hs_err *err)
{
    hs_log(HS_LOG_INFO, "pg sign-in refused", "peer", s->peer.at, "why", err->detail, NULL);
    if (err->kind == HS_LIMIT)
        hs_pg_fatal(s, "53300", "%s", err->shown);
    else if (err->kind == HS_INVALID)
        hs_pg_fatal(s, "08P01", "malformed SCRAM message");
    else if (err->kind == HS_UNAUTHENTICATED || err->kind == HS_NOT_FOUND)
        hs_pg_fatal(s, "28P01", "password authentication failed for user \"%.*s\"",
                    s->user.len > 200 ? 200 : (int)s->user.len, s->user.at);
    else
        hs_pg_fatal(s, hs_pg_sqlstate(err), "%s", err->shown);
}

static bool is_loopback(hs_str peer)
{
    return hs_str_starts(peer, HS_S("127.")) || hs_str_starts(peer, HS_S("[::1]"));
}

static void ask_token(struct pg_session *s)
{
    size_t at;
    if (!s->tls && !(s->settings.token_plain == 1 && is_loopback(s->peer))) {
        hs_pg_fatal(s, "28000", "a token is only taken over TLS");
        return;
    }
    s->by_token = true;
    begin_auth(s, AUTH_CLEARTEXT, &at);
    hs_pg_end(&s->reply, at);
    hs_pg_become(s, PG_PROVING);
}

static void ask_scram(struct pg_session *s)
{
    struct hs_err err;
    size_t at;
    struct hs_model *model = hs_access_model(s->env->access);
    struct hs_scram_offer offer = {s->user, s->peer, s->end_point};
    hs_rc rc = hs_scram_open(hs_access_auth(s->env->access), model, &offer, &s->scram, &err);
    hs_model_unref(model);
    if (rc != HS_OK) {
        refused(s, &err);
        return;
    }
    begin_auth(s, AUTH_SASL, &at);
    if (s->end_point.len)
        hs_pg_add_text(&s->reply, hs_scram_mechanism(true));
    hs_pg_add_text(&s->reply, hs_scram_mechanism(false));
    hs_buf_addc(&s->reply, 0);
    hs_pg_end(&s->reply, at);
    hs_pg_become(s, PG_PROVING);
}

/* Where TLS can be had, what goes over a network goes in it: io lets every connection begin in plain text, so that it
 * may ask. Where it cannot, io listens on loopback alone, unless it was told otherwise. */
void hs_pg_ask_proof(struct pg_session *s)
{
    if (!s->tls && s->may_upgrade && s->settings.plain_anywhere != 1 && !is_loopback(s->peer))
        hs_pg_fatal(s, "28000", "connections from other machines want TLS: sslmode=require or more");
    else if (hs_str_is(s->user, "token"))
        ask_token(s);
    else
        ask_scram(s);
}

/* ---- tokens ---- */

static hs_rc check_token(struct pg_session *s, hs_str token, hs_str *out_name, struct hs_err *err)
{
    struct hs_access *access = s->env->access;
    struct hs_model *model = hs_access_model(access);
    struct hs_arena *a = hs_arena_new(1 << 16);
    struct hs_principal *who = NULL;
    hs_rc rc = a ? hs_auth_bearer(hs_access_auth(access), model, token, a, &who, err)
                 : hs_fail(err, HS_NOMEM, "out of memory");
    if (rc == HS_OK && out_name) {
        *out_name = hs_arena_str(s->arena, who->name);
        rc = out_name->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
    } else if (rc == HS_OK && !hs_str_eq(who->name, s->principal)) {
        rc = hs_fail(err, HS_UNAUTHENTICATED, "not signed in");
    }
    hs_arena_free(a);
    hs_model_unref(model);
    return rc;
}

static void token_shown(struct pg_session *s, hs_str body)
{
    struct hs_cursor c = hs_cursor_of(body);
    hs_str token = hs_pg_text(&c);
    struct hs_err err;
    if (!hs_pg_all_read(&c) || token.len > TOKEN_MAX) {
        hs_pg_fatal(s, "08P01", "invalid password packet");
        return;
    }
    if (check_token(s, token, &s->principal, &err) != HS_OK) {
        refused(s, &err);
        return;
    }
    s->token = hs_strndup(token.at, token.len);
    if (s->token)
        hs_pg_admitted(s);
    else
        hs_pg_fatal(s, "53200", "out of memory");
}

/* ---- SCRAM ---- */

static void send_sasl(struct pg_session *s, int32_t what, const struct hs_buf *text)
{
    size_t at;
    begin_auth(s, what, &at);
    hs_buf_adds(&s->reply, hs_buf_str(text));
    hs_pg_end(&s->reply, at);
}

/* SASLInitialResponse: the mechanism, and the first message with its length. */
static hs_rc first(struct pg_session *s, hs_str body, struct hs_buf *answer, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(body);
    hs_str mechanism = hs_pg_text(&c);
    uint32_t len = hs_cursor_u32be(&c);
    hs_str text = hs_cursor_bytes(&c, len);
    if (!hs_pg_all_read(&c))
        return hs_fail(err, HS_INVALID, "malformed SCRAM message");
    HS_TRY(hs_scram_first(s->scram, mechanism, text, answer, err));
    send_sasl(s, AUTH_SASL_CONTINUE, answer);
    s->proof_begun = true;
    return HS_OK;
}

static hs_rc final(struct pg_session *s, hs_str body, struct hs_buf *answer, struct hs_err *err)
{
    HS_TRY(hs_scram_final(s->scram, body, answer, s->standing, err));
    send_sasl(s, AUTH_SASL_FINAL, answer);
    hs_scram_close(s->scram);
    s->scram = NULL;
    s->principal = s->user;
    hs_pg_admitted(s);
    return HS_OK;
}

enum pg_handled hs_pg_proof(struct pg_session *s, hs_str body)
{
    struct hs_err err;
    struct hs_buf answer;
    if (s->by_token) {
        token_shown(s, body);
        return PG_HANDLED;
    }
    hs_buf_init(&answer, 4096);
    hs_rc rc = s->proof_begun ? final(s, body, &answer, &err) : first(s, body, &answer, &err);
    if (rc != HS_OK)
        refused(s, &err);
    hs_buf_fini(&answer);
    return PG_HANDLED;
}

bool hs_pg_still_stands(struct pg_session *s)
{
    struct hs_err err;
    uint8_t standing[32];
    if (s->by_token)
        return check_token(s, hs_str_of(s->token), NULL, &err) == HS_OK;
    struct hs_model *model = hs_access_model(s->env->access);
    hs_rc rc = hs_auth_standing(model, s->principal, standing, &err);
    hs_model_unref(model);
    return rc == HS_OK && hs_same_bytes(standing, s->standing, sizeof standing);
}
