/* A table's type from its contract alone, where the table cannot be opened. Nothing is answered by it. */
#ifndef HS_MODEL_ASSUME_H
#define HS_MODEL_ASSUME_H

#include "model/model.h"

enum { HS_ASSUME_DEPTH = 48 };

/* A STRUCT like hs_table_bind's: integer is long, number decimal(18, 4), timestamp timestamptz, unless a physicalType
 * says better; fields without hailstorm.fieldId get numbers past all that have one. */
HS_MUST hs_rc hs_table_assume(struct hs_arena *a, const struct hs_table *table, struct hs_type **out,
                              struct hs_err *err);

#endif
