/* Small mutable state in one SQLite file (later PostgreSQL): handles too long to travel, sessions ended early.
 * Thread-safe; calls may block on disk. */
#ifndef HS_STATE_STATE_H
#define HS_STATE_STATE_H

#include "base/arena.h"

struct hs_state;
struct hs_quotas; /* state/quota.h */
HS_MUST hs_rc hs_state_open(hs_str path, struct hs_state **out, struct hs_err *err);
void hs_state_close(struct hs_state *s);
struct hs_quotas *hs_state_quotas(struct hs_state *s); /* kept beside the file, as FILE.quota */

/* What somebody has asked of something, newest first: the statements of an aggregate-only person over one snapshot. Of
 * each subject the last `keep` are kept, each text once. */
typedef hs_rc (*hs_asked_fn)(void *arg, hs_str text, struct hs_err *err);
HS_MUST hs_rc hs_state_asked(struct hs_state *s, hs_str subject, hs_asked_fn fn, void *arg, struct hs_err *err);
HS_MUST hs_rc hs_state_put_asked(struct hs_state *s, hs_str subject, hs_str text, int keep, struct hs_err *err);

/* Long handles: bytes under a random 16-byte id until expires_us; the caller seals the id. HS_LIMIT when the owner's
 * would be more than 16 MiB together. */
HS_MUST hs_rc hs_state_put_handle(struct hs_state *s, hs_str owner, hs_str id, hs_str bytes, int64_t expires_us,
                                  struct hs_err *err);
HS_MUST hs_rc hs_state_get_handle(struct hs_state *s, hs_str id, struct hs_buf *out, struct hs_err *err);
HS_MUST hs_rc hs_state_drop_handle(struct hs_state *s, hs_str id, struct hs_err *err);

HS_MUST hs_rc hs_state_end_session(struct hs_state *s, hs_str session_id, int64_t expires_us, struct hs_err *err);
HS_MUST hs_rc hs_state_session_ended(struct hs_state *s, hs_str session_id, bool *out, struct hs_err *err);

#endif
