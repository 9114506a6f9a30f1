/* Who is it? Passwords by verifier, bearer tokens by hash, sessions by seal. A name that does not exist, a wrong
 * password and a disabled user get the same words and the same work. */
#include "auth/keys_in.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "state/state.h"

#include <stdio.h>

enum { MINUTE_US = 60000000, SESSION_ID = 16, TOKEN_BYTES = 24 };

hs_rc hs_auth_open(const struct hs_auth_settings *s, struct hs_state *state, struct hs_auth **out, struct hs_err *err)
{
    struct hs_auth *a = hs_calloc(1, sizeof *a);
    if (!a)
        return hs_fail(err, HS_NOMEM, "out of memory");
    a->state = state;
    a->session_us = (int64_t)(s->session_minutes > 0 ? s->session_minutes : 720) * MINUTE_US;
    hs_rc rc = hs_guesses_new(s->failures_max > 0 ? s->failures_max : 10, &a->guesses, err);
    if (rc == HS_OK)
        rc = hs_keys_load(&a->keys, s->key_file, err);
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
    hs_guesses_free(a->guesses);
    hs_free(a);
}

/* Every name costs what the dearest verifier of the mesh costs: neither whether it exists nor how it was made shows in
 * the time. */
static int rounds_of(const struct hs_model *model)
{
    int most = 0;
    for (size_t i = 0; i < model->user_count; i++) {
        int n = hs_scram_rounds(model->users[i].scram);
        most = n > most ? n : most;
    }
    return most;
}

hs_rc hs_auth_password(struct hs_auth *a, const struct hs_model *model, hs_str name, hs_str peer, hs_str password,
                       struct hs_err *err)
{
    HS_TRY(hs_guesses_may(a->guesses, name, peer, err));
    const struct hs_user *user = hs_model_user(model, name);
    bool same = false;
    HS_TRY(hs_scram_check(user ? user->scram : (hs_str){0}, password, rounds_of(model), &same, err));
    if (same && user && !user->disabled)
        return HS_OK;
    hs_guesses_wrong(a->guesses, name, peer);
    return hs_fail(err, HS_UNAUTHENTICATED, HS_AUTH_REFUSED);
}

hs_rc hs_auth_standing(const struct hs_model *model, hs_str name, uint8_t out[32], struct hs_err *err)
{
    const struct hs_user *user = hs_model_user(model, name);
    struct hs_sha256 *h = user ? hs_sha256_new() : NULL;
    if (!h)
        return user ? hs_fail(err, HS_NOMEM, "out of memory") : hs_fail(err, HS_UNAUTHENTICATED, "not signed in");
    hs_sha256_field(h, user->name);
    hs_sha256_field(h, user->scram.at ? user->scram : HS_S(""));
    return hs_sha256_end(h, out, err);
}

hs_rc hs_auth_session_new(struct hs_auth *a, const struct hs_model *model, hs_str name, struct hs_buf *out_token,
                          struct hs_err *err)
{
    uint8_t id[SESSION_ID], standing[32];
    HS_TRY(hs_random(id, sizeof id, err));
    HS_TRY(hs_auth_standing(model, name, standing, err));
    struct hs_buf plain, sealed;
    hs_buf_init(&plain, 4096);
    hs_buf_init(&sealed, 8192);
    int64_t expires = hs_wall_us() + a->session_us;
    hs_buf_add(&plain, id, sizeof id);
    hs_buf_add(&plain, &expires, sizeof expires);
    hs_buf_add(&plain, standing, sizeof standing);
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
    uint8_t standing[32]; /* of the person when he signed in */
};

_Static_assert(sizeof(struct session) == SESSION_ID + 8 + 32, "a session is copied as it lies");

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
        memcpy(s, plain.at, sizeof *s); /* its parts have no room between them */
        hs_buf_add(name, plain.at + sizeof *s, plain.len - sizeof *s);
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

/* A session ends with the password it was given for, and with the person: another one of the same name is another. */
static hs_rc still_stands(const struct session *s, const struct hs_model *model, hs_str name, struct hs_err *err)
{
    uint8_t now[32];
    HS_TRY(hs_auth_standing(model, name, now, err));
    return hs_same_bytes(now, s->standing, sizeof now)
               ? HS_OK
               : hs_fail(err, HS_UNAUTHENTICATED, "the password has changed since; sign in again");
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
        rc = still_stands(&s, model, hs_buf_str(&name), err);
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

hs_rc hs_auth_derive_oldest(struct hs_auth *a, hs_str use, uint8_t out[32], char out_key_id[9], struct hs_err *err)
{
    const struct hs_key *k = &a->keys.at[a->keys.count - 1];
    snprintf(out_key_id, 9, "%02x%02x%02x%02x", k->id[0], k->id[1], k->id[2], k->id[3]);
    return hs_hmac_sha256(hs_str_n(k->bytes, HS_KEY_BYTES), use, out, err);
}

hs_rc hs_auth_derive_from(struct hs_auth *a, hs_str use, hs_str key_id, uint8_t out[32], struct hs_err *err)
{
    char id[2 * HS_KEY_ID + 1];
    for (size_t i = 0; i < a->keys.count; i++) {
        const struct hs_key *k = &a->keys.at[i];
        snprintf(id, sizeof id, "%02x%02x%02x%02x", k->id[0], k->id[1], k->id[2], k->id[3]);
        if (hs_str_is(key_id, id))
            return hs_hmac_sha256(hs_str_n(k->bytes, HS_KEY_BYTES), use, out, err);
    }
    return hs_fail_hidden(err, HS_NOT_FOUND, "the keys file has no key '%.*s'", (int)(key_id.len > 8 ? 8 : key_id.len),
                          key_id.at);
}

hs_rc hs_auth_derive(struct hs_auth *a, hs_str use, uint8_t out[32], hs_str *out_key_id, struct hs_err *err)
{
    *out_key_id = hs_str_of(a->keys.current_id);
    return hs_hmac_sha256(hs_str_n(a->keys.at[0].bytes, HS_KEY_BYTES), use, out, err);
}
