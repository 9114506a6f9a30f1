/* Can a file with this physical schema be read as the wanted columns (spec: "Column Projection", "Schema Evolution")?
 * Whatever is not certain is refused, by column. */
#ifndef HS_ICEBERG_PROJECTION_H
#define HS_ICEBERG_PROJECTION_H

#include "iceberg/parquet.h"
#include "iceberg/table.h"

struct hs_projection {
    const struct hs_type *physical;  /* with ids, by whatever rule they came */
    const struct hs_field **missing; /* wanted members, at any depth, that the file does not have; as the schema says */
    size_t missing_count;
};
/* `wanted` is a part of the pinned snapshot's schema or of the table's current one. `spec`: the file's, or NULL; of a
 * file without ids of its own, the columns that the partition states are missing by the order of the rules. */
HS_MUST hs_rc hs_projection_make(struct hs_arena *a, const struct hs_pin *pin, const struct hs_partition_spec *spec,
                                 const struct hs_type *wanted, const struct hs_physical *file,
                                 struct hs_projection *out, struct hs_err *err);
/* Spec, "Column Projection", rules 3 and 4: a missing column reads as its default, of a struct that of each member,
 * else as NULL. False: it is required and has none, which is damage. */
bool hs_missing_is_known(const struct hs_field *missing);

#endif
