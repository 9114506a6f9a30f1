/* A pattern's matches in a text, for where no engine's own function can be called: inside JSON text. What is found is
 * what RE2 finds with the same normal form (pattern.h): the leftmost match, and of those the first in the order of
 * trying. */
#ifndef HS_MASK_SHARED_PATTERN_MATCH_H
#define HS_MASK_SHARED_PATTERN_MATCH_H

#include "base/str.h"

struct hs_pattern;
struct hs_pattern_work; /* of one thread */

/* NULL: no memory, or not what hs_pattern_normal writes. */
struct hs_pattern *hs_pattern_new(hs_str normal);
void hs_pattern_free(struct hs_pattern *p); /* takes NULL */
struct hs_pattern_work *hs_pattern_work_new(const struct hs_pattern *p);
void hs_pattern_work_free(struct hs_pattern_work *w); /* takes NULL */
/* Appends the text with every match replaced. */
void hs_pattern_replace(const struct hs_pattern *p, struct hs_pattern_work *w, hs_str text, hs_str with,
                        struct hs_buf *out);

#endif
