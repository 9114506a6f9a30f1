/* Proofs to principals, once for all wires; and the key ring with what it seals.
 *
 * A session (made by sign-in) binds a principal to a bearer secret: HMAC-sealed, self-contained, so any node that
 * shares the keys accepts it; `auth` keeps only which were closed early. Every check looks the person up again in the
 * current model: a user removed or disabled is refused at the next request. */
#ifndef HS_AUTH_AUTH_H
#define HS_AUTH_AUTH_H

#include "model/model.h"

struct hs_state;
struct hs_auth;

struct hs_auth_settings {
    const char *key_file; /* 0600; made with fresh keys when absent */
    int session_minutes;  /* [720] */
    int failures_max;     /* wrong passwords a minute for one name from one address before that pair waits [10] */
};

HS_MUST hs_rc hs_auth_open(const struct hs_auth_settings *s, struct hs_state *state, struct hs_auth **out,
                           struct hs_err *err);
void hs_auth_close(struct hs_auth *a);

/* Checks a password against the user's SCRAM verifier: the same time and words for a name that does not exist. `peer`
 * is the address it comes from. Slow on purpose (PBKDF2): call it on a pool thread. */
HS_MUST hs_rc hs_auth_password(struct hs_auth *a, const struct hs_model *model, hs_str name, hs_str peer,
                               hs_str password, struct hs_err *err);
/* ---- SCRAM-SHA-256 on the wire, the server's half (RFC 5802, 7677): a machine that sees messages and no socket ----
 *
 *     hs_scram_open -> hs_scram_first -> hs_scram_final -> hs_scram_close; a refusal ends it.
 *
 * Cheap (no PBKDF2 on this side): on the loop. A name that does not exist goes the same steps with a salt that is
 * always the same for it, and is refused at the end in the same words as a wrong password. */
struct hs_scram;
struct hs_scram_offer {
    hs_str name, peer; /* who he says he is, to the wire's own words: the name inside SCRAM is not looked at */
    hs_str end_point;  /* tls-server-end-point (RFC 5929) of this connection; empty: no -PLUS is offered */
};
/* Everything of the offer and the model that is needed later is copied. */
HS_MUST hs_rc hs_scram_open(struct hs_auth *a, const struct hs_model *model, const struct hs_scram_offer *offer,
                            struct hs_scram **out, struct hs_err *err);
/* "SCRAM-SHA-256-PLUS" when `plus`, else "SCRAM-SHA-256". */
hs_str hs_scram_mechanism(bool plus);
/* HS_INVALID: malformed; HS_UNAUTHENTICATED: refused, the channel was tampered with or the mechanism was not offered;
 * HS_LIMIT: he has guessed too often. */
HS_MUST hs_rc hs_scram_first(struct hs_scram *s, hs_str mechanism, hs_str client_first, struct hs_buf *out_server_first,
                             struct hs_err *err);
/* HS_OK: it is him. out_standing is hs_auth_standing's of the verifier that he proved himself by. */
HS_MUST hs_rc hs_scram_final(struct hs_scram *s, hs_str client_final, struct hs_buf *out_server_final,
                             uint8_t out_standing[32], struct hs_err *err);
void hs_scram_close(struct hs_scram *s); /* takes NULL */

/* What a proof of this person's is worth something for: changes with the password. For whoever remembers a proof. */
HS_MUST hs_rc hs_auth_standing(const struct hs_model *model, hs_str name, uint8_t out[32], struct hs_err *err);
/* Whom an address counts as: "127.0.0.1:5" and "[::1]:5" without the port, and of IPv6 the /64, which is what one host
 * commonly has. Zeros for what is no address. */
void hs_auth_host(hs_str peer, uint8_t out[16]);
/* A new session for a person who has proved who he is under this model: text to give out as bearer token. */
HS_MUST hs_rc hs_auth_session_new(struct hs_auth *a, const struct hs_model *model, hs_str name,
                                  struct hs_buf *out_token, struct hs_err *err);
/* Who presents this bearer token: an API token from principals.yaml or one of our session tokens. Fast: on the loop.
 * The principal is allocated in `arena` and borrows from `model`. */
HS_MUST hs_rc hs_auth_bearer(struct hs_auth *a, const struct hs_model *model, hs_str token, struct hs_arena *arena,
                             struct hs_principal **out, struct hs_err *err);
HS_MUST hs_rc hs_auth_session_end(struct hs_auth *a, hs_str token, struct hs_err *err);
/* For the command line: acts as a user without proof. */
HS_MUST hs_rc hs_auth_assume(const struct hs_model *model, hs_str name, struct hs_arena *arena,
                             struct hs_principal **out, struct hs_err *err);
/* "SCRAM-SHA-256$4096:salt$stored:server" for principals.yaml. */
HS_MUST hs_rc hs_auth_scram_verifier(hs_str password, struct hs_buf *out, struct hs_err *err);
/* A new API token text "hst_..." and its SHA-256. */
HS_MUST hs_rc hs_auth_api_token(struct hs_buf *out_text, uint8_t out_hash[32], struct hs_err *err);

/* ---- sealed texts (tickets, prepared handles): AES-256-GCM under the ring's current key; `purpose` is authenticated
 * with it, so that a ticket is never taken for a handle. Opening takes any key still in the ring. ---- */
HS_MUST hs_rc hs_seal(struct hs_auth *a, hs_str purpose, hs_str plain, struct hs_buf *out, struct hs_err *err);
HS_MUST hs_rc hs_unseal(struct hs_auth *a, hs_str purpose, hs_str sealed, struct hs_buf *out, struct hs_err *err);
/* 32 bytes derived from the ring for one use ("audit"); key_id is what a digest may name. */
HS_MUST hs_rc hs_auth_derive(struct hs_auth *a, hs_str use, uint8_t out[32], hs_str *out_key_id, struct hs_err *err);
/* The same from the oldest key in the ring: for what must outlive a new key at the top (pseudonyms), until the last
 * line goes. */
HS_MUST hs_rc hs_auth_derive_oldest(struct hs_auth *a, hs_str use, uint8_t out[32], char out_key_id[9],
                                    struct hs_err *err);
/* From the key with this id (8 hex digits); HS_NOT_FOUND: the ring has none. */
HS_MUST hs_rc hs_auth_derive_from(struct hs_auth *a, hs_str use, hs_str key_id, uint8_t out[32], struct hs_err *err);

#endif
