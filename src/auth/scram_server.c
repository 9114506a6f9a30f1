/* The server's half of SCRAM-SHA-256 (RFC 5802, RFC 7677) with tls-server-end-point (RFC 5929): four messages and
 * nothing else, no socket, no names, no clock.
 *
 *     client-first   n,,n=user,r=nonce      or y,, or p=tls-server-end-point,,
 *     server-first   r=nonce+ours,s=salt,i=rounds
 *     client-final   c=base64(gs2-header + binding),r=nonces,p=proof
 *     server-final   v=signature
 *
 * The user name in it is not looked at: the wire said before who he is, and PostgreSQL's clients leave it empty.
 * Somebody who does not exist takes the same steps; only the last answer differs, and says no more than a wrong
 * password. */
#include "auth/keys_in.h"

#include "base/alloc.h"
#include "base/hash.h"

static const char BINDING[] = "tls-server-end-point";

hs_str hs_scram_mechanism(bool plus)
{
    return plus ? HS_S("SCRAM-SHA-256-PLUS") : HS_S("SCRAM-SHA-256");
}

hs_rc hs_scram_messages_init(struct hs_scram_messages *m, struct hs_err *err)
{
    uint8_t random[HS_SCRAM_NONCE];
    struct hs_buf text;
    *m = (struct hs_scram_messages){0};
    hs_buf_init(&m->header, HS_SCRAM_MESSAGE_MAX);
    hs_buf_init(&m->said, 4 * HS_SCRAM_MESSAGE_MAX);
    HS_TRY(hs_random(random, sizeof random, err));
    hs_buf_init(&text, 256);
    hs_buf_add_base64(&text, random, sizeof random);
    hs_rc rc = hs_buf_done(&text, err);
    if (rc == HS_OK)
        memcpy(m->nonce, text.at, text.len < sizeof m->nonce ? text.len : sizeof m->nonce - 1);
    hs_buf_fini(&text);
    return rc;
}

void hs_scram_messages_fini(struct hs_scram_messages *m)
{
    hs_wipe(&m->verifier, sizeof m->verifier);
    hs_buf_fini(&m->header);
    hs_buf_fini(&m->said);
}

static hs_rc malformed(const char *what, struct hs_err *err)
{
    return hs_fail(err, HS_INVALID, "malformed SCRAM message: %s", what);
}

/* ---- client-first ---- */

/* The channel binding flag against what was chosen and what was offered. Where the client could bind and says that we
 * did not offer it, somebody has taken the offer away on its way (RFC 5802 section 6). */
static hs_rc check_flag(const struct hs_scram_messages *m, hs_str flag, bool plus, struct hs_err *err)
{
    bool binds = hs_str_starts(flag, HS_S("p="));
    if (plus && !m->end_point_len)
        return hs_fail(err, HS_UNAUTHENTICATED, "channel binding is not offered on this connection");
    if (binds && !plus)
        return malformed("channel binding without SCRAM-SHA-256-PLUS", err);
    if (binds)
        return hs_str_is((hs_str){flag.at + 2, flag.len - 2}, BINDING)
                   ? HS_OK
                   : hs_fail(err, HS_UNAUTHENTICATED, "the one channel binding here is %s", BINDING);
    if (!hs_str_is(flag, "n") && !hs_str_is(flag, "y"))
        return malformed("unknown channel binding flag", err);
    if (plus)
        return malformed("SCRAM-SHA-256-PLUS without channel binding", err);
    if (m->end_point_len && hs_str_is(flag, "y"))
        return hs_fail(err, HS_UNAUTHENTICATED,
                       "channel binding was offered, and the client was told otherwise: somebody stands in between");
    return HS_OK;
}

/* "=2C" and "=3D" stand for the comma and the equals sign; nothing else may follow one. */
static bool is_name(hs_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == 0)
            return false;
        if (name.at[i] != '=')
            continue;
        if (name.len - i < 3 || (memcmp(name.at + i, "=2C", 3) != 0 && memcmp(name.at + i, "=3D", 3) != 0))
            return false;
    }
    return true;
}

static bool is_nonce(hs_str nonce)
{
    for (size_t i = 0; i < nonce.len; i++)
        if (nonce.at[i] < 0x21 || nonce.at[i] > 0x7e)
            return false;
    return nonce.len > 0;
}

/* "x=value" in front of *rest, up to the next comma. */
static bool take(hs_str *rest, char letter, hs_str *out)
{
    hs_str field = hs_str_cut(rest, ',');
    if (field.len < 2 || field.at[0] != letter || field.at[1] != '=')
        return false;
    *out = (hs_str){field.at + 2, field.len - 2};
    return true;
}

/* Extensions behind what is known are to be left alone, but for "m=", which says that they are not. */
static bool are_extensions(hs_str rest)
{
    while (rest.at) {
        hs_str field = hs_str_cut(&rest, ',');
        bool letter = field.len >= 2 && field.at[1] == '=' && field.at[0] != 'm' &&
                      ((field.at[0] >= 'a' && field.at[0] <= 'z') || (field.at[0] >= 'A' && field.at[0] <= 'Z'));
        if (!letter)
            return false;
    }
    return true;
}

static hs_rc read_first(struct hs_scram_messages *m, hs_str message, bool plus, hs_str *out_bare, hs_str *out_nonce,
                        struct hs_err *err)
{
    hs_str rest = message, flag = hs_str_cut(&rest, ','), on_behalf = hs_str_cut(&rest, ','), name;
    HS_TRY(check_flag(m, flag, plus, err));
    if (!rest.at)
        return malformed("it ends too early", err);
    if (on_behalf.len)
        return hs_fail(err, HS_UNSUPPORTED, "signing in on behalf of somebody else is not done here");
    hs_buf_add(&m->header, message.at, (size_t)(rest.at - message.at));
    *out_bare = rest;
    if (!take(&rest, 'n', &name) || !is_name(name))
        return malformed("no user name", err);
    if (!take(&rest, 'r', out_nonce) || !is_nonce(*out_nonce))
        return malformed("no nonce", err);
    return are_extensions(rest) ? HS_OK : malformed("unknown extension", err);
}

hs_rc hs_scram_messages_first(struct hs_scram_messages *m, hs_str mechanism, hs_str message, struct hs_buf *out,
                              struct hs_err *err)
{
    enum hs_scram_step step = m->step;
    bool plus = hs_str_eq(mechanism, hs_scram_mechanism(true));
    hs_str bare, nonce;
    m->step = HS_SCRAM_OVER; /* until it is understood */
    if (step != HS_SCRAM_WANTS_FIRST)
        return malformed("not expected now", err);
    if (!plus && !hs_str_eq(mechanism, hs_scram_mechanism(false)))
        return hs_fail(err, HS_UNAUTHENTICATED, "this mechanism is not offered");
    if (message.len > HS_SCRAM_MESSAGE_MAX)
        return malformed("it is too long", err);
    HS_TRY(read_first(m, message, plus, &bare, &nonce, err));
    hs_buf_adds(&m->said, bare);
    hs_buf_addc(&m->said, ',');
    m->server_first = m->said.len;
    m->nonces_len = nonce.len + strlen(m->nonce);
    hs_buf_addz(&m->said, "r=");
    hs_buf_adds(&m->said, nonce);
    hs_buf_addz(&m->said, m->nonce);
    hs_buf_addz(&m->said, ",s=");
    hs_buf_add_base64(&m->said, m->verifier.salt, m->verifier.salt_len);
    hs_buf_addf(&m->said, ",i=%d", m->verifier.iterations);
    HS_TRY(hs_buf_done(&m->header, err));
    HS_TRY(hs_buf_done(&m->said, err));
    hs_buf_add(out, m->said.at + m->server_first, m->said.len - m->server_first);
    HS_TRY(hs_buf_done(out, err));
    m->step = HS_SCRAM_WANTS_FINAL;
    return HS_OK;
}

/* ---- client-final ---- */

static bool binds(const struct hs_scram_messages *m)
{
    return m->header.len && m->header.at[0] == 'p';
}

/* c= repeats the first message's header, and says which channel the client believes to speak on. */
static hs_rc check_binding(const struct hs_scram_messages *m, hs_str said, struct hs_err *err)
{
    struct hs_buf plain, text;
    hs_buf_init(&plain, 2 * HS_SCRAM_MESSAGE_MAX);
    hs_buf_init(&text, 4 * HS_SCRAM_MESSAGE_MAX);
    hs_buf_adds(&plain, hs_buf_str(&m->header));
    if (binds(m))
        hs_buf_add(&plain, m->end_point, m->end_point_len);
    hs_buf_add_base64(&text, plain.at, plain.len);
    hs_rc rc = plain.failed ? hs_buf_done(&plain, err) : hs_buf_done(&text, err);
    if (rc == HS_OK && !(said.len == text.len && hs_same_bytes(said.at, text.at, text.len)))
        rc = hs_fail(err, HS_UNAUTHENTICATED, "channel binding failed: this is not the connection the client means");
    hs_buf_fini(&plain);
    hs_buf_fini(&text);
    return rc;
}

static bool read_proof(hs_str text, uint8_t out[32])
{
    struct hs_buf b;
    hs_buf_init(&b, 256);
    bool ok = text.len == 44 && hs_buf_add_base64_decoded(&b, text) && !b.failed && b.len == 32;
    if (ok)
        memcpy(out, b.at, 32);
    hs_buf_fini(&b);
    return ok;
}

/* *out_unproved: all before ",p=", which the proof is over. */
static hs_rc read_final(const struct hs_scram_messages *m, hs_str message, hs_str *out_unproved, uint8_t out_proof[32],
                        struct hs_err *err)
{
    hs_str rest = message, binding, nonces, ours = {m->said.at + m->server_first + 2, m->nonces_len};
    size_t at = message.len;
    if (!take(&rest, 'c', &binding))
        return malformed("no channel binding", err);
    HS_TRY(check_binding(m, binding, err));
    if (!take(&rest, 'r', &nonces) || !hs_str_eq(nonces, ours))
        return malformed("it is not the nonce of this sign-in", err);
    while (at && message.at[at - 1] != ',')
        at--;
    hs_str proof = {message.at + at, message.len - at};
    if (!rest.at || at < (size_t)(rest.at - message.at) || !hs_str_starts(proof, HS_S("p=")))
        return malformed("no proof at its end", err);
    rest.len = proof.at > rest.at ? (size_t)(proof.at - rest.at) - 1 : 0;
    if (rest.len && !are_extensions(rest))
        return malformed("unknown extension", err);
    *out_unproved = (hs_str){message.at, at - 1};
    return read_proof((hs_str){proof.at + 2, proof.len - 2}, out_proof) ? HS_OK : malformed("the proof is none", err);
}

/* proof = ClientKey XOR HMAC(StoredKey, all that was said), and StoredKey = SHA-256(ClientKey). */
static hs_rc check_proof(const struct hs_scram_messages *m, const uint8_t proof[32], bool *out_same, struct hs_err *err)
{
    uint8_t signature[32], key[32], stored[32];
    HS_TRY(hs_hmac_sha256(hs_str_n(m->verifier.stored, 32), hs_buf_str(&m->said), signature, err));
    for (int i = 0; i < 32; i++)
        key[i] = (uint8_t)(proof[i] ^ signature[i]);
    hs_rc rc = hs_sha256_once(hs_str_n(key, 32), stored, err);
    bool same = hs_same_bytes(stored, m->verifier.stored, 32);
    *out_same = rc == HS_OK && same && !m->doomed;
    hs_wipe(key, sizeof key);
    return rc;
}

hs_rc hs_scram_messages_final(struct hs_scram_messages *m, hs_str message, struct hs_buf *out, bool *out_same,
                              struct hs_err *err)
{
    enum hs_scram_step step = m->step;
    uint8_t proof[32], signature[32];
    hs_str unproved;
    *out_same = false;
    m->step = HS_SCRAM_OVER;
    if (step != HS_SCRAM_WANTS_FINAL)
        return malformed("not expected now", err);
    if (message.len > HS_SCRAM_MESSAGE_MAX)
        return malformed("it is too long", err);
    HS_TRY(read_final(m, message, &unproved, proof, err));
    hs_buf_addc(&m->said, ',');
    hs_buf_adds(&m->said, unproved);
    HS_TRY(hs_buf_done(&m->said, err));
    bool same;
    HS_TRY(check_proof(m, proof, &same, err));
    HS_TRY(hs_hmac_sha256(hs_str_n(m->verifier.server, 32), hs_buf_str(&m->said), signature, err));
    if (!same)
        return HS_OK;
    hs_buf_addz(out, "v=");
    hs_buf_add_base64(out, signature, 32);
    HS_TRY(hs_buf_done(out, err));
    *out_same = true;
    return HS_OK;
}
