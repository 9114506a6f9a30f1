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

/* ---- manifest_metrics.c ---- */
enum {
    HS_METRIC_VALUES,
    HS_METRIC_NULLS,
    HS_METRIC_NANS,
    HS_METRIC_LOWER,
    HS_METRIC_UPPER,
    HS_METRIC_SIZES, /* passed over in the same quick way, and dropped */
    HS_METRIC_LISTS,
};
struct hs_metric_pair {
    int64_t key, i;
    hs_str s; /* .at == NULL: a number */
};
struct hs_metric_list { /* of one row; its memory serves the next one */
    HS_VEC(struct hs_metric_pair) pairs;
    bool unsorted;
};
/* Of the pairs of `columns` alone. */
HS_MUST hs_rc hs_metric_list_decode(struct hs_arena *a, struct hs_cursor *c, const struct hs_avro_type *type,
                                    const struct hs_columns *columns, struct hs_metric_list *out, int64_t *fuel,
                                    struct hs_err *err);
struct hs_metrics_found { /* likewise */
    struct hs_column_metrics *at;
    size_t len, cap;
};
HS_MUST hs_rc hs_metrics_merge(struct hs_arena *a, struct hs_arena *lists, struct hs_metric_list from[HS_METRIC_LISTS],
                               struct hs_metrics_found *found, struct hs_entry *out, struct hs_err *err);

/* ---- manifest_entry.c ---- */
/* What a header says of the format's version; 1 where it says nothing. */
int hs_header_version(const struct hs_avro_file *file);
/* Everything an entry names is in a's memory; the reader itself lives in `lists`. `columns`: whose metrics it keeps. */
struct hs_entry_reader;
HS_MUST hs_rc hs_entry_reader_new(struct hs_arena *a, struct hs_arena *lists, const struct hs_avro_type *record,
                                  int version, const struct hs_partition_shape *shape, const struct hs_columns *columns,
                                  struct hs_entry_reader **out, struct hs_err *err);
/* The format's own library for Java, 1.8 to 1.11, puts a length before fixed partition values, where Avro has none
 * (https://github.com/apache/iceberg/issues/17501): from here on they are read so. HS_CORRUPT: there are none. */
HS_MUST hs_rc hs_entry_reader_lengths(struct hs_entry_reader *r, struct hs_err *err);
/* The record at the cursor; `scratch` is for this call. */
HS_MUST hs_rc hs_entry_read(struct hs_entry_reader *r, struct hs_arena *scratch, struct hs_cursor *c,
                            struct hs_entry *out, struct hs_err *err);

#endif
