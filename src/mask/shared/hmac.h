/* HMAC-SHA256 whose key is already in: a value costs two copies and two short updates. */
#ifndef HS_MASK_SHARED_HMAC_H
#define HS_MASK_SHARED_HMAC_H

#include "base/str.h"

enum { HS_HMAC_BYTES = 32 };

struct hs_hmac_start;                                /* shared by threads */
struct hs_hmac_start *hs_hmac_start_new(hs_str key); /* 1 to 64 bytes; NULL: no memory, or no key */
void hs_hmac_start_free(void *start);                /* takes NULL; wipes */

/* A function's own key: HMAC of the byte FF and its name under the domain's. No text has that byte, so no value that
 * hmac-token answers for (under the domain's key itself) tells anything of another function's. False: it has failed. */
bool hs_hmac_function_key(hs_str domain_key, const char *function, uint8_t out[HS_HMAC_BYTES]);

void *hs_hmac_work_new(const void *unused); /* one a thread */
void hs_hmac_work_free(void *work);
bool hs_hmac_of(const struct hs_hmac_start *start, void *work, hs_str value, uint8_t out[HS_HMAC_BYTES]);

#endif
