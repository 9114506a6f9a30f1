/* SCRAM-SHA-256 verifiers (RFC 5802, RFC 7677) as PostgreSQL writes them:
 * SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>. A password is checked by making StoredKey again; the same
 * verifier serves a wire that speaks SCRAM itself. */
#include "auth/keys_in.h"

#include "base/hash.h"

#include <openssl/evp.h>

enum { ITERATIONS_MAX = 1000000 };

static hs_rc stretch(hs_str password, const struct hs_scram_verifier *v, int iterations, uint8_t out[32],
                     struct hs_err *err)
{
    return PKCS5_PBKDF2_HMAC(password.at ? password.at : "", (int)password.len, v->salt, (int)v->salt_len, iterations,
                             EVP_sha256(), 32, out)
               ? HS_OK
               : hs_fail_hidden(err, HS_INTERNAL, "PBKDF2 failed");
}

static hs_rc derive(hs_str password, const struct hs_scram_verifier *v, uint8_t stored[32], uint8_t server[32],
                    struct hs_err *err)
{
    uint8_t salted[32], client[32];
    HS_TRY(stretch(password, v, v->iterations, salted, err));
    hs_str key = hs_str_n(salted, 32);
    HS_TRY(hs_hmac_sha256(key, HS_S("Client Key"), client, err));
    HS_TRY(hs_sha256_once(hs_str_n(client, 32), stored, err));
    return hs_hmac_sha256(key, HS_S("Server Key"), server, err);
}

static bool read_base64(hs_str text, uint8_t *out, size_t least, size_t most, size_t *out_len)
{
    struct hs_buf b;
    hs_buf_init(&b, 256);
    bool ok = hs_buf_add_base64_decoded(&b, text) && !b.failed && b.len >= least && b.len <= most;
    if (ok) {
        memcpy(out, b.at, b.len);
        *out_len = b.len;
    }
    hs_buf_fini(&b);
    return ok;
}

bool hs_scram_parse(hs_str text, struct hs_scram_verifier *v)
{
    *v = (struct hs_scram_verifier){.iterations = hs_scram_rounds(text)};
    hs_str_cut(&text, '$');
    hs_str head = hs_str_cut(&text, '$'), stored = hs_str_cut(&text, ':');
    size_t len;
    hs_str_cut(&head, ':');
    return v->iterations && read_base64(head, v->salt, 1, HS_SCRAM_SALT_MAX, &v->salt_len) &&
           read_base64(stored, v->stored, 32, 32, &len) && read_base64(text, v->server, 32, 32, &len);
}

int hs_scram_rounds(hs_str verifier)
{
    hs_str kind = hs_str_cut(&verifier, '$'), head = hs_str_cut(&verifier, '$');
    int64_t n;
    bool fits = hs_str_is(kind, "SCRAM-SHA-256") && hs_str_to_i64(hs_str_cut(&head, ':'), &n);
    return fits && n >= 1 && n <= ITERATIONS_MAX ? (int)n : 0;
}

hs_rc hs_scram_check(hs_str verifier, hs_str password, int rounds, bool *out_same, struct hs_err *err)
{
    struct hs_scram_verifier v;
    uint8_t stored[32], server[32], nothing[32];
    bool real = hs_scram_parse(verifier, &v);
    if (!real)
        v = (struct hs_scram_verifier){.iterations = rounds > HS_SCRAM_ROUNDS ? rounds : HS_SCRAM_ROUNDS,
                                       .salt_len = HS_SCRAM_SALT};
    HS_TRY(derive(password, &v, stored, server, err));
    if (v.iterations < rounds) /* a cheaper verifier takes as long as the dearest */
        HS_TRY(stretch(password, &v, rounds - v.iterations, nothing, err));
    *out_same = hs_same_bytes(stored, v.stored, 32) && real;
    return HS_OK;
}

hs_rc hs_scram_make(hs_str password, struct hs_buf *out, struct hs_err *err)
{
    struct hs_scram_verifier v = {.iterations = HS_SCRAM_ROUNDS, .salt_len = HS_SCRAM_SALT};
    uint8_t stored[32], server[32];
    if (!password.len)
        return hs_fail(err, HS_INVALID, "the password is empty");
    if (!hs_scram_is_prepared(password))
        return hs_fail(err, HS_INVALID,
                       "the password has characters that programs write in more than one way (combining "
                       "marks, ligatures, wide or special spaces ...); choose others");
    HS_TRY(hs_random(v.salt, HS_SCRAM_SALT, err));
    HS_TRY(derive(password, &v, stored, server, err));
    hs_buf_addf(out, "SCRAM-SHA-256$%d:", HS_SCRAM_ROUNDS);
    hs_buf_add_base64(out, v.salt, HS_SCRAM_SALT);
    hs_buf_addc(out, '$');
    hs_buf_add_base64(out, stored, 32);
    hs_buf_addc(out, ':');
    hs_buf_add_base64(out, server, 32);
    return hs_buf_done(out, err);
}
