/* Private to auth/: the key ring and the seal. */
#ifndef HS_AUTH_KEYS_IN_H
#define HS_AUTH_KEYS_IN_H

#include "auth/auth.h"

enum { HS_KEY_ID = 4, HS_KEY_BYTES = 32, HS_KEYS_MAX = 16 };

struct hs_key {
    uint8_t id[HS_KEY_ID];
    uint8_t bytes[HS_KEY_BYTES];
};
/* The first key is the current one: it seals; all of them open. Never logged, wiped at the end. */
struct hs_keys {
    struct hs_key at[HS_KEYS_MAX];
    size_t count;
    char current_id[2 * HS_KEY_ID + 1];
};
/* Reads the file, or makes it (0600) with one fresh key. A file that others can read is refused. */
HS_MUST hs_rc hs_keys_load(struct hs_keys *k, const char *path, struct hs_err *err);
HS_MUST hs_rc hs_keys_seal(const struct hs_keys *k, hs_str purpose, hs_str plain, struct hs_buf *out,
                           struct hs_err *err);
HS_MUST hs_rc hs_keys_unseal(const struct hs_keys *k, hs_str purpose, hs_str sealed, struct hs_buf *out,
                             struct hs_err *err);

/* SCRAM (RFC 5802) verifiers in PostgreSQL's form. */
HS_MUST hs_rc hs_scram_make(hs_str password, struct hs_buf *out, struct hs_err *err);
/* The work is that of `rounds` iterations, or of the verifier's own when those are more; for a malformed or empty one
 * just the same, so that time does not tell which names exist. */
HS_MUST hs_rc hs_scram_check(hs_str verifier, hs_str password, int rounds, bool *out_same, struct hs_err *err);
int hs_scram_rounds(hs_str verifier); /* 0: malformed */

/* Wrong passwords, counted in bounded memory whatever names are tried. */
struct hs_guesses;
HS_MUST hs_rc hs_guesses_new(int most, struct hs_guesses **out, struct hs_err *err);
void hs_guesses_free(struct hs_guesses *g); /* takes NULL */
/* HS_LIMIT: this name has to wait at this address. */
HS_MUST hs_rc hs_guesses_may(struct hs_guesses *g, hs_str name, hs_str peer, struct hs_err *err);
void hs_guesses_wrong(struct hs_guesses *g, hs_str name, hs_str peer);

#endif
