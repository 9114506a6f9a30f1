/* Partition transforms (spec: "Partition Transforms", Appendix B for the hash of bucket), and what a test of a column
 * says about its transformed values. */
#ifndef HS_ICEBERG_TRANSFORM_H
#define HS_ICEBERG_TRANSFORM_H

#include "iceberg/known.h"
#include "iceberg/table.h"

/* The type of the transform's values: HS_T_UNKNOWN when the transform is, or cannot be of that source. `source`: NULL
 * when no schema has the column any more. */
struct hs_type hs_transform_result(const struct hs_partition_field *f, const struct hs_type *source);

/* Spec, Appendix B: 32-bit hash of a value of that type; false when such a value has none. */
bool hs_bucket_hash(const struct hs_type *source, const struct hs_comparable *v, uint32_t *out);
/* The transform of one value; false when it has none (unknown, void, out of range). */
bool hs_transform_value(const struct hs_partition_field *f, const struct hs_type *source, const struct hs_comparable *v,
                        struct hs_comparable *out);

/* A test that every transformed value passes whose row passes `leaf`; HS_FILTER_ANY: nothing can be said. */
HS_MUST hs_rc hs_transform_project(struct hs_arena *a, const struct hs_partition_field *f, const struct hs_type *source,
                                   const struct hs_leaf *leaf, struct hs_leaf *out, struct hs_err *err);

#endif
