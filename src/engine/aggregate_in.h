/* What engine/aggregate.c needs of the masks: their values and the tree's have names in common, so no file sees both.
 */
#ifndef HS_ENGINE_AGGREGATE_IN_H
#define HS_ENGINE_AGGREGATE_IN_H

#include "arrow/type.h"

/* The first moment of x's year, month or day, total for every value. */
void hs_add_truncated(struct hs_buf *out, const struct hs_type *type, hs_str unit, hs_str x);

#endif
