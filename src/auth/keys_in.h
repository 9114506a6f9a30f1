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

/* Whatever was wrong: the name, the word, or that he may not come in. */
#define HS_AUTH_REFUSED "user name or password is wrong"

struct hs_guesses;
struct hs_auth {
    struct hs_keys keys;
    struct hs_state *state;
    int64_t session_us;
    struct hs_guesses *guesses;
};

/* SCRAM (RFC 5802) verifiers in PostgreSQL's form. */
enum { HS_SCRAM_ROUNDS = 4096, HS_SCRAM_SALT = 16, HS_SCRAM_SALT_MAX = 128 };
struct hs_scram_verifier {
    int iterations;
    uint8_t salt[HS_SCRAM_SALT_MAX];
    size_t salt_len;
    uint8_t stored[32], server[32];
};
/* False: malformed; *out is then of no use. */
bool hs_scram_parse(hs_str text, struct hs_scram_verifier *out);
HS_MUST hs_rc hs_scram_make(hs_str password, struct hs_buf *out, struct hs_err *err);
/* The work is that of `rounds` iterations, or of the verifier's own when those are more; for a malformed or empty one
 * just the same, so that time does not tell which names exist. */
HS_MUST hs_rc hs_scram_check(hs_str verifier, hs_str password, int rounds, bool *out_same, struct hs_err *err);
int hs_scram_rounds(hs_str verifier); /* 0: malformed */

/* The messages of one sign-in by SCRAM, over a verifier: scram_server.c. */
enum { HS_SCRAM_MESSAGE_MAX = 4096, HS_SCRAM_NONCE = 18, HS_SCRAM_BINDING_MAX = 64 };
enum hs_scram_step { HS_SCRAM_WANTS_FIRST = 0, HS_SCRAM_WANTS_FINAL, HS_SCRAM_OVER };
struct hs_scram_messages {
    enum hs_scram_step step;
    struct hs_scram_verifier verifier;
    bool doomed; /* nobody's verifier, or that of one who may not come in */
    uint8_t end_point[HS_SCRAM_BINDING_MAX];
    size_t end_point_len;           /* 0: -PLUS is not offered */
    char nonce[2 * HS_SCRAM_NONCE]; /* ours, base64: filled before the first message, and only then random */
    struct hs_buf header;           /* gs2-header of the first message */
    struct hs_buf said;             /* client-first-bare "," server-first */
    size_t server_first;            /* where that begins in `said` */
    size_t nonces_len;              /* the client's and ours, from server_first + 2 on */
};
HS_MUST hs_rc hs_scram_messages_init(struct hs_scram_messages *m, struct hs_err *err);
void hs_scram_messages_fini(struct hs_scram_messages *m);
HS_MUST hs_rc hs_scram_messages_first(struct hs_scram_messages *m, hs_str mechanism, hs_str message, struct hs_buf *out,
                                      struct hs_err *err);
/* *out_same: the proof is that of the verifier, and it is somebody's. */
HS_MUST hs_rc hs_scram_messages_final(struct hs_scram_messages *m, hs_str message, struct hs_buf *out, bool *out_same,
                                      struct hs_err *err);
/* Is this text the same before and after SASLprep (RFC 4013), whoever prepares it? Says no where it is not sure. */
bool hs_scram_is_prepared(hs_str password);

/* Wrong passwords, counted in bounded memory whatever names are tried. */
HS_MUST hs_rc hs_guesses_new(int most, struct hs_guesses **out, struct hs_err *err);
void hs_guesses_free(struct hs_guesses *g); /* takes NULL */
/* HS_LIMIT: this name has to wait at this address. */
HS_MUST hs_rc hs_guesses_may(struct hs_guesses *g, hs_str name, hs_str peer, struct hs_err *err);
void hs_guesses_wrong(struct hs_guesses *g, hs_str name, hs_str peer);

#endif
