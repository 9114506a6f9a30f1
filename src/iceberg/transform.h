/* Partition transforms (spec: "Partition Transforms", Appendix B for the hash of bucket). */
#ifndef HS_ICEBERG_TRANSFORM_H
#define HS_ICEBERG_TRANSFORM_H

#include "iceberg/table.h"

/* The type of the transform's values: HS_T_UNKNOWN when the transform is, or cannot be of that source. `source`: NULL
 * when no schema has the column any more. */
struct hs_type hs_transform_result(const struct hs_partition_field *f, const struct hs_type *source);

#endif
