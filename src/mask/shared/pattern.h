/* Regular expressions that RE2, Joni and PostgreSQL read alike: literals, explicit ranges, \d and \w, alternation,
 * groups, bounded repetition. Whatever reads differently somewhere is refused with words. */
#ifndef HS_MASK_SHARED_PATTERN_H
#define HS_MASK_SHARED_PATTERN_H

#include "base/str.h"

enum { HS_PATTERN_MAX = 1000 /* bytes */ };

/* Appends the pattern in a form that leaves nothing to an engine's defaults: classes as ranges, anchors as \A and \z.
 * HS_INVALID says what is wrong and where. */
HS_MUST hs_rc hs_pattern_normal(hs_str pattern, struct hs_buf *out, struct hs_err *err);
/* Of a normal form: do RE2, Trino and PostgreSQL find the same matches in every text? False: not for certain. */
HS_MUST hs_rc hs_pattern_is_same(hs_str normal, bool *out, struct hs_err *err);

#endif
