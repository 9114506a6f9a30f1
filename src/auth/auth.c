/* Who is it? Passwords by verifier, bearer tokens by hash, sessions by seal. A name that does not exist, a wrong
 * password and a disabled user get the same words and the same work. */
#include "auth/keys_in.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "state/state.h"

#include <pthread.h>

enum { NAMES = 4096, MINUTE_US = 60000000, SESSION_ID = 16, TOKEN_BYTES = 24 };

/* Wrong passwords per name, counted in a fixed table by the name's hash: bounded memory whatever names are tried. Two
 * names in one cell wait together; nobody is let in earlier by that. */
struct failures {
    int64_t since_us;
    int count;
};

struct hs_auth {
    struct hs_keys keys;
    struct hs_state *state;
    int64_t session_us;
    int failures_max;
    pthread_mutex_t lock; /* guards failed */
    struct failures failed[NAMES];
};

static const char REFUSED[] = "user name or password is wrong";

hs_rc hs_auth_open(const struct hs_auth_settings *s, struct hs_state *state, struct hs_auth **out, struct hs_err *err)
{
    struct hs_auth *a = hs_calloc(1, sizeof *a);
    if (!a)
        return hs_fail(err, HS_NOMEM, "out of memory");
    pthread_mutex_init(&a->lock, NULL);
    a->state = state;
    a->session_us = (int64_t)(s->session_minutes > 0 ? s->session_minutes : 720) * MINUTE_US;
    a->failures_max = s->failures_max > 0 ? s->failures_max : 10;
    hs_rc rc = hs_keys_load(&a->keys, s->key_file, err);
    if (rc != HS_OK)
        hs_auth_close(a);
    else
        *out = a;
    return rc;
}

void hs_auth_close(struct hs_auth *a)
{
    if (!a)
        return;
    hs_wipe(&a->keys, sizeof a->keys);
    pthread_mutex_destroy(&a->lock);
    hs_free(a);
}

static struct failures *cell(struct hs_auth *a, hs_str name)
{
    uint32_t h = 2166136261u; /* FNV-1a: only spreads names over cells */
    for (size_t i = 0; i < name.len; i++)
        h = (h ^ (uint8_t)name.at[i]) * 16777619u;
    return &a->failed[h % NAMES];
}

static bool must_wait(struct hs_auth *a, hs_str name)
{
    pthread_mutex_lock(&a->lock);
    struct failures *f = cell(a, name);
    if (hs_mono_us() - f->since_us > MINUTE_US)
        *f = (struct failures){hs_mono_us(), 0};
    bool wait = f->count >= a->failures_max;
    pthread_mutex_unlock(&a->lock);
    return wait;
}

static void count_failure(struct hs_auth *a, hs_str name)
{
    pthread_mutex_lock(&a->lock);
    cell(a, name)->count++;
    pthread_mutex_unlock(&a->lock);
}

hs_rc hs_auth_password(struct hs_auth *a, const struct hs_model *model, hs_str name, hs_str password,
                       struct hs_err *err)
{
    if (must_wait(a, name))
        return hs_fail(err, HS_LIMIT, "too many wrong passwords; wait a minute");
    const struct hs_user *user = hs_model_user(model, name);
    bool same = false;
    HS_TRY(hs_scram_check(user ? user->scram : (hs_str){0}, password, &same, err));
    if (same && user && !user->disabled)
        return HS_OK;
    count_failure(a, name);
    return hs_fail(err, HS_UNAUTHENTICATED, REFUSED);
}

hs_rc hs_auth_session_new(struct hs_auth *a, hs_str name, struct hs_buf *out_token, struct hs_err *err)
{
    uint8_t id[SESSION_ID];
    HS_TRY(hs_random(id, sizeof id, err));
    struct hs_buf plain, sealed;
    hs_buf_init(&plain, 4096);
    hs_buf_init(&sealed, 8192);
    int64_t expires = hs_wall_us() + a->session_us;
    hs_buf_add(&plain, id, sizeof id);
    hs_buf_add(&plain, &expires, sizeof expires);
    hs_buf_adds(&plain, name);
    hs_rc rc = hs_buf_done(&plain, err);
    if (rc == HS_OK)
        rc = hs_keys_seal(&a->keys, HS_S("session"), hs_buf_str(&plain), &sealed, err);
    if (rc == HS_OK) {
        hs_buf_addz(out_token, "hss_");
        hs_buf_add_base64(out_token, sealed.at, sealed.len);
        rc = hs_buf_done(out_token, err);
    }
    hs_buf_fini(&plain);
    hs_buf_fini(&sealed);
    return rc;
}

struct session {
    uint8_t id[SESSION_ID];
    int64_t expires_us;
};

/* Opens a session token into its parts; name goes into `name`. */
static hs_rc session_open(struct hs_auth *a, hs_str token, struct session *s, struct hs_buf *name, struct hs_err *err)
{
    struct hs_buf sealed, plain;
    hs_buf_init(&sealed, 8192);
    hs_buf_init(&plain, 8192);
    hs_str text = {token.at + 4, token.len - 4};
    hs_rc rc = HS_OK;
    if (!hs_buf_add_base64_decoded(&sealed, text) || sealed.failed ||
        hs_keys_unseal(&a->keys, HS_S("session"), hs_buf_str(&sealed), &plain, NULL) != HS_OK || plain.len < sizeof *s)
        rc = hs_fail(err, HS_UNAUTHENTICATED, "the session token is not valid");
    if (rc == HS_OK) {
        memcpy(s->id, plain.at, SESSION_ID);
        memcpy(&s->expires_us, plain.at + SESSION_ID, sizeof s->expires_us);
        hs_buf_add(name, plain.at + SESSION_ID + sizeof s->expires_us, plain.len - SESSION_ID - sizeof s->expires_us);
        rc = hs_buf_done(name, err);
    }
    hs_buf_fini(&sealed);
    hs_buf_fini(&plain);
    return rc;
}

static hs_rc principal_of(const struct hs_user *u, struct hs_arena *arena, struct hs_principal **out,
                          struct hs_err *err)
{
    if (!u || u->disabled)
        return hs_fail(err, HS_UNAUTHENTICATED, "not signed in");
    struct hs_principal *p = HS_NEW(arena, struct hs_principal);
    if (!p)
        return hs_fail(err, HS_NOMEM, "out of memory");
    p->name = u->name;
    p->roles = u->roles;
    p->role_count = u->role_count;
    p->attributes = u->attributes;
    p->attribute_count = u->attribute_count;
    *out = p;
    return HS_OK;
}

static hs_rc by_session(struct hs_auth *a, const struct hs_model *model, hs_str token, struct hs_arena *arena,
                        struct hs_principal **out, struct hs_err *err)
{
    struct session s;
    struct hs_buf name;
    hs_buf_init(&name, 4096);
    hs_rc rc = session_open(a, token, &s, &name, err);
    bool ended = false;
    if (rc == HS_OK && s.expires_us < hs_wall_us())
        rc = hs_fail(err, HS_UNAUTHENTICATED, "the session has expired; sign in again");
    if (rc == HS_OK)
        rc = hs_state_session_ended(a->state, hs_str_n(s.id, SESSION_ID), &ended, err);
    if (rc == HS_OK && ended)
        rc = hs_fail(err, HS_UNAUTHENTICATED, "the session was closed; sign in again");
    if (rc == HS_OK)
        rc = principal_of(hs_model_user(model, hs_buf_str(&name)), arena, out, err);
    hs_buf_fini(&name);
    return rc;
}

/* Every token of every user is compared, in constant time each: which one fits does not show in the time. */
static const struct hs_user *token_owner(const struct hs_model *model, const uint8_t hash[32])
{
    const struct hs_user *found = NULL;
    int64_t now = hs_wall_us();
    for (size_t i = 0; i < model->user_count; i++)
        for (size_t j = 0; j < model->users[i].token_count; j++) {
            const struct hs_token *t = &model->users[i].tokens[j];
            if (hs_same_bytes(t->hash, hash, 32) && (t->expires_us == 0 || t->expires_us > now))
                found = &model->users[i];
        }
    return found;
}

hs_rc hs_auth_bearer(struct hs_auth *a, const struct hs_model *model, hs_str token, struct hs_arena *arena,
                     struct hs_principal **out, struct hs_err *err)
{
    if (token.len > 8192)
        return hs_fail(err, HS_UNAUTHENTICATED, "not signed in");
    if (hs_str_starts(token, HS_S("hss_")))
        return by_session(a, model, token, arena, out, err);
    uint8_t hash[32];
    HS_TRY(hs_sha256_once(token, hash, err));
    return principal_of(token_owner(model, hash), arena, out, err);
}

hs_rc hs_auth_session_end(struct hs_auth *a, hs_str token, struct hs_err *err)
{
    if (!hs_str_starts(token, HS_S("hss_")))
        return HS_OK; /* an API token is no session: nothing to end */
    struct session s;
    struct hs_buf name;
    hs_buf_init(&name, 4096);
    hs_rc rc = session_open(a, token, &s, &name, err);
    hs_buf_fini(&name);
    return rc == HS_OK ? hs_state_end_session(a->state, hs_str_n(s.id, SESSION_ID), s.expires_us, err) : rc;
}

hs_rc hs_auth_assume(const struct hs_model *model, hs_str name, struct hs_arena *arena, struct hs_principal **out,
                     struct hs_err *err)
{
    const struct hs_user *u = hs_model_user(model, name);
    if (!u)
        return hs_fail(err, HS_NOT_FOUND, "there is no user '%.*s' in principals.yaml", HS_FMT(name));
    return principal_of(u, arena, out, err);
}

hs_rc hs_auth_scram_verifier(hs_str password, struct hs_buf *out, struct hs_err *err)
{
    return hs_scram_make(password, out, err);
}

hs_rc hs_auth_api_token(struct hs_buf *out_text, uint8_t out_hash[32], struct hs_err *err)
{
    uint8_t bytes[TOKEN_BYTES];
    HS_TRY(hs_random(bytes, sizeof bytes, err));
    hs_buf_clear(out_text);
    hs_buf_addz(out_text, "hst_");
    hs_buf_add_hex(out_text, bytes, sizeof bytes);
    HS_TRY(hs_buf_done(out_text, err));
    return hs_sha256_once(hs_buf_str(out_text), out_hash, err);
}

hs_rc hs_seal(struct hs_auth *a, hs_str purpose, hs_str plain, struct hs_buf *out, struct hs_err *err)
{
    return hs_keys_seal(&a->keys, purpose, plain, out, err);
}

hs_rc hs_unseal(struct hs_auth *a, hs_str purpose, hs_str sealed, struct hs_buf *out, struct hs_err *err)
{
    return hs_keys_unseal(&a->keys, purpose, sealed, out, err);
}

hs_rc hs_auth_derive(struct hs_auth *a, hs_str use, uint8_t out[32], hs_str *out_key_id, struct hs_err *err)
{
    *out_key_id = hs_str_of(a->keys.current_id);
    return hs_hmac_sha256(hs_str_n(a->keys.at[0].bytes, HS_KEY_BYTES), use, out, err);
}
