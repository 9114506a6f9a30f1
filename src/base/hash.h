/* Digests and randomness over OpenSSL's EVP. SHA-256 throughout: one hash to reason about. */
#ifndef HS_BASE_HASH_H
#define HS_BASE_HASH_H

#include "base/str.h"

struct hs_sha256; /* streaming */
struct hs_sha256 *hs_sha256_new(void);
void hs_sha256_add(struct hs_sha256 *h, const void *at, size_t len);
/* Adds a length-prefixed field, so that ("ab","c") and ("a","bc") differ: digests of structures use this. */
void hs_sha256_field(struct hs_sha256 *h, hs_str s);
HS_MUST hs_rc hs_sha256_end(struct hs_sha256 *h, uint8_t out[32], struct hs_err *err); /* frees h */
void hs_sha256_free(struct hs_sha256 *h);

HS_MUST hs_rc hs_sha256_once(hs_str bytes, uint8_t out[32], struct hs_err *err);
HS_MUST hs_rc hs_hmac_sha256(hs_str key, hs_str bytes, uint8_t out[32], struct hs_err *err);
HS_MUST hs_rc hs_random(void *out, size_t len, struct hs_err *err);
bool hs_same_bytes(const void *a, const void *b, size_t len); /* constant time */

#endif
