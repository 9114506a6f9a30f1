/* Whose verifier a sign-in by SCRAM is about, and what becomes of it: names that do not exist, limits on guessing.
 *
 * A name that cannot come in is answered with a salt and a number of rounds of its own, the same each time (they follow
 * from the name and the oldest key of the ring), in the form of one of the mesh's verifiers: else asking twice, or
 * looking at the rounds, would tell which names there are. */
#include "auth/keys_in.h"

#include "base/alloc.h"
#include "base/hash.h"

struct hs_scram {
    struct hs_auth *auth;
    struct hs_buf name, peer;
    struct hs_scram_messages messages;
    uint8_t standing[32];
};

/* Rounds and length of salt of one verifier there is: picked by the name, so that among several kinds unknown names are
 * as mixed as known ones. */
static void borrow_form(const struct hs_model *model, const uint8_t pick[32], struct hs_scram_verifier *out)
{
    size_t from, count = model->user_count;
    memcpy(&from, pick, sizeof from);
    *out = (struct hs_scram_verifier){.iterations = HS_SCRAM_ROUNDS, .salt_len = HS_SCRAM_SALT};
    for (size_t i = 0; i < count; i++) {
        struct hs_scram_verifier v;
        if (!hs_scram_parse(model->users[(from % count + i) % count].scram, &v))
            continue;
        out->iterations = v.iterations;
        out->salt_len = v.salt_len;
        return;
    }
}

static hs_rc nobodys(struct hs_auth *a, const struct hs_model *model, hs_str name, struct hs_scram_verifier *out,
                     struct hs_err *err)
{
    uint8_t key[32], block[32];
    char id[9];
    HS_TRY(hs_auth_derive_oldest(a, HS_S("scram salt"), key, id, err));
    HS_TRY(hs_hmac_sha256(hs_str_n(key, 32), name, block, err));
    borrow_form(model, block, out);
    for (size_t at = 0; at < out->salt_len; at += 32) {
        HS_TRY(hs_hmac_sha256(hs_str_n(key, 32), hs_str_n(block, 32), block, err));
        memcpy(out->salt + at, block, out->salt_len - at < 32 ? out->salt_len - at : 32);
    }
    return hs_random(out->stored, sizeof out->stored, err);
}

/* Both are made for every name: the work is the same. */
static hs_rc verifier_of(struct hs_scram *s, const struct hs_model *model, hs_str name, struct hs_err *err)
{
    struct hs_scram_verifier real, fake;
    const struct hs_user *user = hs_model_user(model, name);
    HS_TRY(nobodys(s->auth, model, name, &fake, err));
    bool has = hs_scram_parse(user ? user->scram : (hs_str){0}, &real);
    s->messages.verifier = has ? real : fake;
    s->messages.doomed = !has || !user || user->disabled;
    return user ? hs_auth_standing(model, name, s->standing, err) : HS_OK;
}

static hs_rc fill(struct hs_scram *s, const struct hs_model *model, const struct hs_scram_offer *offer,
                  struct hs_err *err)
{
    HS_TRY(hs_scram_messages_init(&s->messages, err));
    if (offer->end_point.len > HS_SCRAM_BINDING_MAX)
        return hs_fail_hidden(err, HS_INTERNAL, "an end point of %zu bytes", offer->end_point.len);
    if (offer->end_point.len)
        memcpy(s->messages.end_point, offer->end_point.at, offer->end_point.len);
    s->messages.end_point_len = offer->end_point.len;
    hs_buf_adds(&s->name, offer->name);
    hs_buf_adds(&s->peer, offer->peer);
    HS_TRY(hs_buf_done(&s->name, err));
    HS_TRY(hs_buf_done(&s->peer, err));
    return verifier_of(s, model, offer->name, err);
}

hs_rc hs_scram_open(struct hs_auth *a, const struct hs_model *model, const struct hs_scram_offer *offer,
                    struct hs_scram **out, struct hs_err *err)
{
    struct hs_scram *s = hs_calloc(1, sizeof *s);
    if (!s)
        return hs_fail(err, HS_NOMEM, "out of memory");
    s->auth = a;
    hs_buf_init(&s->name, 4096);
    hs_buf_init(&s->peer, 4096);
    hs_rc rc = fill(s, model, offer, err);
    if (rc == HS_OK)
        *out = s;
    else
        hs_scram_close(s);
    return rc;
}

void hs_scram_close(struct hs_scram *s)
{
    if (!s)
        return;
    hs_scram_messages_fini(&s->messages);
    hs_buf_fini(&s->name);
    hs_buf_fini(&s->peer);
    hs_free(s);
}

hs_rc hs_scram_first(struct hs_scram *s, hs_str mechanism, hs_str client_first, struct hs_buf *out, struct hs_err *err)
{
    return hs_scram_messages_first(&s->messages, mechanism, client_first, out, err);
}

/* Limits are asked where the guess is made: whoever has opened a hundred connections guesses ten times. */
hs_rc hs_scram_final(struct hs_scram *s, hs_str client_final, struct hs_buf *out, uint8_t out_standing[32],
                     struct hs_err *err)
{
    bool same;
    HS_TRY(hs_guesses_may(s->auth->guesses, hs_buf_str(&s->name), hs_buf_str(&s->peer), err));
    HS_TRY(hs_scram_messages_final(&s->messages, client_final, out, &same, err));
    if (!same) {
        hs_guesses_wrong(s->auth->guesses, hs_buf_str(&s->name), hs_buf_str(&s->peer));
        return hs_fail(err, HS_UNAUTHENTICATED, HS_AUTH_REFUSED);
    }
    memcpy(out_standing, s->standing, sizeof s->standing);
    return HS_OK;
}
