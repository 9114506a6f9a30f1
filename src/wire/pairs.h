/* Header lists in one buffer: two lengths, name, value, and again. Kept so because a call's headers come one by one,
 * are looked up rarely and die together. */
#ifndef HS_WIRE_PAIRS_H
#define HS_WIRE_PAIRS_H

#include "base/str.h"

#include <nghttp2/nghttp2.h>

void pairs_add(struct hs_buf *b, hs_str name, hs_str value);
/* Reads one from the front of *rest; false at the end. */
bool pairs_next(hs_str *rest, hs_str *out_name, hs_str *out_value);
hs_str pairs_find(hs_str all, hs_str name);
/* As nghttp2 wants them, pointing into `all`. NULL: no memory; else hs_free. */
nghttp2_nv *pairs_nv(hs_str all, size_t *out_count);

#endif
