/* A set of row positions in one data file: what is deleted. Positions are those of the table format, 0 to 2^63 - 2.
 * Serialized it is the portable 64-bit roaring format that deletion vectors hold (the format's puffin specification,
 * "deletion-vector-v1", without its frame): a count of 32-bit bitmaps, then key and bitmap each. Immutable once shared;
 * counted. */
#ifndef HS_BASE_POSITIONS_H
#define HS_BASE_POSITIONS_H

#include "base/str.h"

struct hs_positions;

struct hs_positions *hs_positions_new(void); /* one reference; NULL: no memory */
struct hs_positions *hs_positions_ref(struct hs_positions *p);
void hs_positions_unref(struct hs_positions *p); /* takes NULL */
HS_MUST hs_rc hs_positions_add(struct hs_positions *p, const int64_t *at, size_t count, struct hs_err *err);
HS_MUST hs_rc hs_positions_merge(struct hs_positions *into, const struct hs_positions *from, struct hs_err *err);
bool hs_positions_has(const struct hs_positions *p, int64_t at);
/* out[i] = first + i is not in the set, for i < count. *all: none of them is. */
void hs_positions_live(const struct hs_positions *p, int64_t first, size_t count, bool *out, bool *all);
int64_t hs_positions_count(const struct hs_positions *p);
int64_t hs_positions_first(const struct hs_positions *p); /* -1: empty */
int64_t hs_positions_last(const struct hs_positions *p);  /* -1: empty */
int64_t hs_positions_bytes(const struct hs_positions *p); /* about, in memory */
void hs_buf_add_positions(struct hs_buf *b, const struct hs_positions *p);
/* Bytes that somebody else wrote: every length and order is checked, and the whole is used up. HS_CORRUPT. */
HS_MUST hs_rc hs_positions_parse(hs_str bytes, struct hs_positions **out, struct hs_err *err);

#endif
