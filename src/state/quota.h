/* Rows and bytes taken by one person of one product, from midnight to midnight (UTC). Kept in a file of its own, so
 * that neither a restart nor a crash gives them back. */
#ifndef HS_STATE_QUOTA_H
#define HS_STATE_QUOTA_H

#include "base/arena.h"

enum { HS_QUOTA_LINES = 256 }; /* products with a quota in one statement */

struct hs_quotas;
struct hs_quota {
    uint8_t key[32];                     /* hs_quota_key */
    hs_str product;                      /* for messages */
    int64_t rows_per_day, bytes_per_day; /* 0: none */
};

HS_MUST hs_rc hs_quotas_open(hs_str path, struct hs_quotas **out, struct hs_err *err);
void hs_quotas_close(struct hs_quotas *q); /* takes NULL */
HS_MUST hs_rc hs_quota_key(hs_str person, hs_str product, uint8_t out[32], struct hs_err *err);
/* Adds to all of them, or to none: HS_LIMIT where one would be over. With nothing to add: is any used up? Waits for no
 * disk. */
HS_MUST hs_rc hs_quotas_charge(struct hs_quotas *q, const struct hs_quota *lines, size_t count, int64_t rows,
                               int64_t bytes, int64_t now_us, struct hs_err *err);
void hs_quotas_sync(struct hs_quotas *q); /* waits for the disk */

#endif
