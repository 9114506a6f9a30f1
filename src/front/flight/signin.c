/* Who asks. Basic (RFC 7617; clients send base64 padded and unpadded) costs a PBKDF2, so it runs on the pool for that,
 * few at a time; bearer tokens are checked on the spot at every call. */
#include "front/flight/runs.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "wire/proto.h"

#include <pthread.h>

enum { CREDENTIALS_MAX = 4096, TOKEN_MAX = 8192 };
enum job_kind { JOB_PASSWORD = 1, JOB_END_SESSION };

/* Work on the pool. Two hold it: the call, which may go first, and the work. */
struct flight_job {
    atomic_int refs;
    pthread_mutex_t lock; /* guards done and waker */
    bool done;
    void *waker; /* NULL once the call is gone */
    void (*wake)(void *waker);
    struct hs_access *access;
    enum job_kind kind;
    bool want_token;
    struct hs_buf name, secret; /* secret: password or token */
    struct hs_buf peer;
    struct hs_buf token; /* out, and so is what follows */
    uint8_t standing[32];
    hs_rc rc;
    struct hs_err err;
    void (*proceed)(struct flight_call *c);
};

static void job_unref(struct flight_job *j)
{
    if (atomic_fetch_sub(&j->refs, 1) != 1)
        return;
    if (j->secret.at)
        hs_wipe(j->secret.at, j->secret.cap);
    hs_buf_fini(&j->name);
    hs_buf_fini(&j->secret);
    hs_buf_fini(&j->peer);
    hs_buf_fini(&j->token);
    pthread_mutex_destroy(&j->lock);
    hs_free(j);
}

void hs_flight_job_abandon(struct flight_job *j)
{
    if (!j)
        return;
    pthread_mutex_lock(&j->lock);
    j->waker = NULL;
    pthread_mutex_unlock(&j->lock);
    job_unref(j);
}

bool hs_flight_job_is_done(struct flight_job *j)
{
    pthread_mutex_lock(&j->lock);
    bool done = j->done;
    pthread_mutex_unlock(&j->lock);
    return done;
}

static hs_rc check_password(struct flight_job *j)
{
    struct hs_auth *auth = hs_access_auth(j->access);
    struct hs_model *model = hs_access_model(j->access);
    hs_str name = hs_buf_str(&j->name);
    hs_rc rc = hs_auth_password(auth, model, name, hs_buf_str(&j->peer), hs_buf_str(&j->secret), &j->err);
    if (rc == HS_OK)
        rc = hs_auth_standing(model, name, j->standing, &j->err);
    if (rc == HS_OK && j->want_token)
        rc = hs_auth_session_new(auth, model, name, &j->token, &j->err);
    hs_model_unref(model);
    return rc;
}

/* A call that has gone needs no answer: its password is not worth the work. */
static bool is_abandoned(struct flight_job *j)
{
    pthread_mutex_lock(&j->lock);
    bool gone = !j->waker;
    pthread_mutex_unlock(&j->lock);
    return gone;
}

static void run_job(void *arg)
{
    struct flight_job *j = arg;
    if (j->kind == JOB_PASSWORD)
        j->rc = is_abandoned(j) ? hs_fail(&j->err, HS_CANCELLED, "cancelled") : check_password(j);
    else
        j->rc = hs_auth_session_end(hs_access_auth(j->access), hs_buf_str(&j->secret), &j->err);
    pthread_mutex_lock(&j->lock);
    j->done = true;
    if (j->waker)
        j->wake(j->waker); /* under the lock: the waker dies only after abandon has had it */
    pthread_mutex_unlock(&j->lock);
    job_unref(j);
}

static struct flight_job *job_new(struct flight_call *c, enum job_kind kind, hs_str name, hs_str secret)
{
    struct flight_job *j = hs_calloc(1, sizeof *j);
    if (!j)
        return NULL;
    atomic_store(&j->refs, 1);
    pthread_mutex_init(&j->lock, NULL);
    j->waker = c->session->waker;
    j->wake = c->session->env->wake;
    j->access = c->session->env->access;
    j->kind = kind;
    hs_buf_init(&j->name, CREDENTIALS_MAX);
    hs_buf_init(&j->secret, TOKEN_MAX);
    hs_buf_init(&j->token, TOKEN_MAX);
    hs_buf_init(&j->peer, CREDENTIALS_MAX);
    hs_buf_adds(&j->peer, c->session->peer);
    hs_buf_adds(&j->name, name);
    hs_buf_adds(&j->secret, secret);
    return j;
}

static hs_rc check_sign_ins(const struct flight_session *s, struct hs_err *err)
{
    int64_t waiting = 0;
    for (const struct flight_call *c = s->calls; c; c = c->next)
        waiting += c->job && c->job->kind == JOB_PASSWORD;
    return waiting < s->settings.sign_ins
               ? HS_OK
               : hs_fail(err, HS_LIMIT, "%lld sign-ins are waiting on this connection; sign in once and use its token",
                         (long long)waiting);
}

static hs_rc submit(struct flight_call *c, struct flight_job *j, struct hs_err *err)
{
    struct hs_access *access = c->session->env->access;
    if (j->kind != JOB_PASSWORD)
        return hs_access_run(access, run_job, j, err);
    HS_TRY(check_sign_ins(c->session, err));
    return hs_access_sign_in(access, c->session->peer, run_job, j, err);
}

static hs_rc job_start(struct flight_call *c, struct flight_job *j, struct hs_err *err)
{
    if (!j || j->name.failed || j->secret.failed || j->peer.failed) {
        if (j)
            job_unref(j);
        return hs_fail(err, HS_NOMEM, "out of memory");
    }
    atomic_fetch_add(&j->refs, 1);
    hs_rc rc = submit(c, j, err);
    if (rc != HS_OK) {
        job_unref(j);
        job_unref(j);
        return rc;
    }
    c->job = j;
    return HS_OK;
}

static hs_rc refused(struct hs_err *err)
{
    return hs_fail(err, HS_UNAUTHENTICATED, "not signed in");
}

/* ---- what was proved on this connection a moment ago ---- */

static bool digest_of(const struct flight_session *s, hs_str header, uint8_t out[32])
{
    struct hs_err err;
    return hs_hmac_sha256(hs_str_n(s->salt, sizeof s->salt), header, out, &err) == HS_OK;
}

static bool still_stands(const struct flight_session *s)
{
    uint8_t standing[32];
    struct hs_model *model = hs_access_model(s->env->access);
    hs_rc rc = hs_auth_standing(model, s->proof.name, standing, NULL);
    hs_model_unref(model);
    return rc == HS_OK && hs_same_bytes(standing, s->proof.standing, sizeof standing);
}

static bool proved(const struct flight_session *s, hs_str header)
{
    uint8_t digest[32];
    return s->proof.there && s->proof.until_us > hs_mono_us() && digest_of(s, header, digest) &&
           hs_same_bytes(digest, s->proof.digest, sizeof digest) && still_stands(s);
}

static void remember(struct flight_session *s, hs_str header, hs_str name, const uint8_t standing[32])
{
    struct flight_proof p = {.until_us = hs_mono_us() + s->settings.proof_ms * 1000};
    memcpy(p.standing, standing, sizeof p.standing);
    p.arena = hs_arena_new(CREDENTIALS_MAX * 4);
    p.name = p.arena ? hs_arena_str(p.arena, name) : (hs_str){0};
    p.there = p.name.at && digest_of(s, header, p.digest);
    hs_arena_free(s->proof.arena);
    s->proof = p;
}

/* ---- the headers ---- */

static hs_str after_scheme(hs_str header, const char *scheme)
{
    size_t n = strlen(scheme);
    if (header.len <= n || !hs_str_eq_nocase(hs_str_n(header.at, n), hs_str_of(scheme)) || header.at[n] != ' ')
        return (hs_str){0};
    return hs_str_trim(hs_str_n(header.at + n, header.len - n));
}

/* The name is settled; the person is looked up again in the model of the moment, now and by access at each use. */
static hs_rc accept_name(struct flight_call *c, hs_str name, struct hs_err *err)
{
    struct hs_model *model = hs_access_model(c->session->env->access);
    struct hs_principal *who;
    hs_rc rc = hs_auth_assume(model, name, c->arena, &who, err);
    hs_model_unref(model);
    if (rc != HS_OK)
        return rc == HS_NOMEM ? rc : refused(err);
    c->who.name = hs_flight_keep(c, name);
    return c->who.name.at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static hs_rc accept_bearer(struct flight_call *c, hs_str token, struct hs_err *err)
{
    struct hs_access *access = c->session->env->access;
    struct hs_model *model = hs_access_model(access);
    struct hs_principal *who = NULL;
    hs_rc rc = hs_auth_bearer(hs_access_auth(access), model, token, c->arena, &who, err);
    if (rc == HS_OK) {
        c->who.name = hs_flight_keep(c, who->name);
        c->token = token;
        rc = c->who.name.at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
    }
    hs_model_unref(model);
    return rc;
}

/* "name:password"; the name holds no colon (RFC 7617). */
static hs_rc decode_basic(hs_str text, struct hs_buf *out, hs_str *out_name, hs_str *out_password, struct hs_err *err)
{
    hs_buf_init(out, CREDENTIALS_MAX);
    if (!hs_buf_add_base64_decoded(out, text) || out->failed)
        return hs_fail(err, HS_UNAUTHENTICATED, "the authorization header is malformed");
    hs_str rest = hs_buf_str(out);
    *out_name = hs_str_cut(&rest, ':');
    if (!rest.at || out_name->len == 0 || !hs_utf8_valid(*out_name))
        return hs_fail(err, HS_UNAUTHENTICATED, "the authorization header is malformed");
    *out_password = rest;
    return HS_OK;
}

static hs_rc ask_pool(struct flight_call *c, hs_str name, hs_str password, bool want_token,
                      void (*proceed)(struct flight_call *c), struct hs_err *err)
{
    struct flight_job *j = job_new(c, JOB_PASSWORD, name, password);
    if (j) {
        j->want_token = want_token;
        j->proceed = proceed;
    }
    HS_TRY(job_start(c, j, err));
    hs_flight_become(c, FLIGHT_SIGNING_IN);
    hs_grpc_pause(c->grpc, true);
    return HS_OK;
}

static hs_rc start_basic(struct flight_call *c, hs_str text, bool want_token, void (*proceed)(struct flight_call *c),
                         struct hs_err *err)
{
    struct hs_buf plain;
    hs_str name, password;
    hs_rc rc = decode_basic(text, &plain, &name, &password, err);
    if (rc == HS_OK)
        rc = ask_pool(c, name, password, want_token, proceed, err);
    if (plain.at)
        hs_wipe(plain.at, plain.cap);
    hs_buf_fini(&plain);
    return rc;
}

/* Older clients (pyarrow's authenticate) give the handshake's payload back in this header. */
static hs_rc accept_binary_header(struct flight_call *c, hs_str value, struct hs_err *err)
{
    struct hs_buf plain;
    hs_buf_init(&plain, TOKEN_MAX);
    bool encoded = hs_buf_add_base64_decoded(&plain, value) && !plain.failed;
    hs_str token = hs_flight_keep(c, encoded ? hs_buf_str(&plain) : value);
    hs_buf_fini(&plain);
    return token.at ? accept_bearer(c, token, err) : hs_fail(err, HS_NOMEM, "out of memory");
}

/* *out_now: settled here; otherwise the pool has it. */
static hs_rc sign_in(struct flight_call *c, void (*proceed)(struct flight_call *c), bool *out_now, struct hs_err *err)
{
    hs_str header = hs_grpc_header(c->grpc, "authorization"), old = hs_grpc_header(c->grpc, "auth-token-bin");
    hs_str bearer = after_scheme(header, "Bearer"), basic = after_scheme(header, "Basic");
    *out_now = true;
    if (bearer.len)
        return accept_bearer(c, bearer, err);
    if (basic.len && proved(c->session, header))
        return accept_name(c, c->session->proof.name, err);
    if (basic.len) {
        *out_now = false;
        return start_basic(c, basic, false, proceed, err);
    }
    return old.len ? accept_binary_header(c, old, err) : refused(err);
}

void hs_flight_sign_in(struct flight_call *c, void (*proceed)(struct flight_call *c))
{
    struct hs_err err;
    bool now;
    if (sign_in(c, proceed, &now, &err) != HS_OK)
        hs_flight_fail(c, &err);
    else if (now)
        proceed(c);
}

/* ---- Handshake ---- */

static hs_rc give_token(struct flight_call *c, hs_str token, struct hs_err *err)
{
    c->new_token = hs_arena_printf(c->arena, "Bearer %.*s", HS_FMT(token));
    return c->new_token.at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static void shake(struct flight_call *c)
{
    hs_flight_finish(c);
}

/* With credentials in the header the answer does not wait for a message: the Go driver sends none before it reads. */
void hs_flight_handshake(struct flight_call *c)
{
    struct hs_err err;
    hs_str header = hs_grpc_header(c->grpc, "authorization");
    hs_str bearer = after_scheme(header, "Bearer"), basic = after_scheme(header, "Basic");
    hs_rc rc = HS_OK;
    if (basic.len)
        rc = start_basic(c, basic, true, shake, &err);
    else if (bearer.len) {
        rc = accept_bearer(c, bearer, &err);
        if (rc == HS_OK)
            rc = give_token(c, bearer, &err);
        if (rc == HS_OK)
            shake(c);
    }
    if (rc != HS_OK)
        hs_flight_fail(c, &err);
}

/* HandshakeResponse{payload 2}: for those who sent BasicAuth in the payload. */
static void shake_with_payload(struct flight_call *c)
{
    struct hs_buf b;
    hs_buf_init(&b, TOKEN_MAX * 2);
    hs_proto_add_bytes(&b, 2, after_scheme(c->new_token, "Bearer"));
    hs_flight_send(c, &b);
    hs_buf_fini(&b);
    hs_flight_finish(c);
}

void hs_flight_handshake_message(struct flight_call *c, hs_str bytes)
{
    struct hs_err err;
    hs_str payload = {0}, name = {0}, password = {0};
    if (c->job || c->state != FLIGHT_LISTENING)
        return;
    hs_rc rc = HS_PICK(bytes, &err, {2, PICK_BYTES, &payload});
    if (rc == HS_OK)
        rc = HS_PICK(payload, &err, {2, PICK_TEXT, &name}, {3, PICK_TEXT, &password});
    if (rc != HS_OK || !name.len)
        rc = refused(&err);
    if (rc == HS_OK)
        rc = ask_pool(c, name, password.at ? password : HS_S(""), true, shake_with_payload, &err);
    if (rc != HS_OK)
        hs_flight_fail(c, &err);
}

/* The client has ended without credentials of any kind. */
void hs_flight_handshake_end(struct flight_call *c)
{
    struct hs_err err;
    if (refused(&err) != HS_OK && !c->job)
        hs_flight_fail(c, &err);
}

/* ---- when a job has ended ---- */

static hs_rc settle(struct flight_call *c, struct flight_job *j, struct hs_err *err)
{
    hs_str header = hs_grpc_header(c->grpc, "authorization");
    if (j->rc != HS_OK) {
        *err = j->err;
        return j->rc;
    }
    HS_TRY(accept_name(c, hs_buf_str(&j->name), err));
    if (j->want_token)
        return give_token(c, hs_buf_str(&j->token), err);
    remember(c->session, header, c->who.name, j->standing);
    return HS_OK;
}

void hs_flight_job_ended(struct flight_call *c)
{
    struct flight_job *j = c->job;
    struct hs_err err;
    if (j->kind == JOB_END_SESSION) {
        c->on_job(c);
        return;
    }
    c->job = NULL;
    hs_grpc_pause(c->grpc, false);
    if (settle(c, j, &err) != HS_OK)
        hs_flight_fail(c, &err);
    else
        j->proceed(c);
    hs_flight_job_abandon(j);
}

/* ---- CloseSession ---- */

static void session_ended(struct flight_call *c)
{
    struct flight_job *j = c->job;
    struct hs_err err = j->err;
    hs_rc rc = j->rc;
    struct hs_buf b;
    c->job = NULL;
    hs_flight_job_abandon(j);
    if (rc != HS_OK) {
        hs_flight_fail(c, &err);
        return;
    }
    hs_flight_runs_end(c->session->door->runs, c->token); /* whichever connection reads it */
    hs_buf_init(&b, 64);
    hs_proto_add_varint(&b, 1, 1); /* CloseSessionResult.status = CLOSED */
    hs_flight_reply_result(c, hs_buf_str(&b));
    hs_buf_fini(&b);
}

void hs_flight_close_session(struct flight_call *c)
{
    struct hs_err err;
    struct flight_job *j = job_new(c, JOB_END_SESSION, HS_S(""), c->token.at ? c->token : HS_S(""));
    c->session->proof.there = false;
    c->on_job = session_ended;
    if (job_start(c, j, &err) != HS_OK)
        hs_flight_fail(c, &err);
    else
        hs_flight_become(c, FLIGHT_WORKING);
}
