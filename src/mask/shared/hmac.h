/* HMAC-SHA256 whose key is already in: a value costs two copies and two short updates. */
#ifndef HS_MASK_SHARED_HMAC_H
#define HS_MASK_SHARED_HMAC_H

#include "base/str.h"

#define OPENSSL_SUPPRESS_DEPRECATED /* hmac.c says why not EVP */
#include <openssl/sha.h>

enum { HS_HMAC_BYTES = 32 };

/* SHA-256 that has taken something; shared by threads, which go on from a copy. False: it has failed. */
struct hs_sha {
    SHA256_CTX context;
};
bool hs_sha_start(struct hs_sha *out, const void *at, size_t len);
bool hs_sha_of(const struct hs_sha *start, hs_str value, uint8_t out[HS_HMAC_BYTES]);

struct hs_hmac_start;                                /* shared by threads */
struct hs_hmac_start *hs_hmac_start_new(hs_str key); /* 1 to 64 bytes; NULL: no memory, or no key */
void hs_hmac_start_free(void *start);                /* takes NULL; wipes */

/* A function's own key: HMAC of the byte FF and its name under the domain's. No text has that byte, so no value that
 * hmac-token answers for (under the domain's key itself) tells anything of another function's. False: it has failed. */
bool hs_hmac_function_key(hs_str domain_key, const char *function, uint8_t out[HS_HMAC_BYTES]);

bool hs_hmac_of(const struct hs_hmac_start *start, hs_str value, uint8_t out[HS_HMAC_BYTES]);

#endif
