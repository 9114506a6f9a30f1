/* Private to the manifest reader: what its parts hand each other. */
#ifndef HS_ICEBERG_MANIFEST_IN_H
#define HS_ICEBERG_MANIFEST_IN_H

#include "iceberg/damage.h"
#include "iceberg/manifest.h"

/* An integer member; `fallback` where it is absent or null. */
HS_MUST hs_rc hs_member_number(const struct hs_avro_value *record, int id, bool need, int64_t fallback, int64_t *out,
                               struct hs_err *err);
/* A text or bytes member; .at == NULL where it is absent or null. */
HS_MUST hs_rc hs_member_text(const struct hs_avro_value *record, int id, bool need, hs_str *out, struct hs_err *err);

struct hs_partition_shape { /* of one spec, types by the newest schema that has the source column */
    const struct hs_partition_field *fields;
    struct hs_type *types;
    size_t count;
};
HS_MUST hs_rc hs_partition_shape_make(struct hs_arena *a, const struct hs_iceberg_table *table, int spec_id,
                                      struct hs_partition_shape *out, struct hs_err *err);
/* "identity:int,bucket:int": what a parsed manifest depends on beside its bytes. */
void hs_buf_add_shape(struct hs_buf *b, const struct hs_partition_shape *shape);
/* `record`: may be NULL. *out: one value a field of the shape, in a's memory. */
HS_MUST hs_rc hs_partition_read(struct hs_arena *a, const struct hs_partition_shape *shape,
                                const struct hs_avro_value *record, struct hs_param **out, struct hs_err *err);

/* The members of entry and data_file that hs_entry_read looks at. */
extern const int hs_entry_members[];
extern const size_t hs_entry_member_count;
/* Everything *out names is in a's memory; `scratch` is for this call. */
HS_MUST hs_rc hs_entry_read(struct hs_arena *a, struct hs_arena *scratch, const struct hs_partition_shape *shape,
                            const struct hs_avro_value *row, struct hs_entry *out, struct hs_err *err);

#endif
