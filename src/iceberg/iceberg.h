/* The table format, reading half (https://iceberg.apache.org/spec/): find the current metadata, pin a snapshot, plan
 * its data files. Whatever would be answered wrongly is refused with HS_UNSUPPORTED and words that say what. */
#ifndef HS_ICEBERG_ICEBERG_H
#define HS_ICEBERG_ICEBERG_H

#include "arrow/type.h"
#include "store/store.h"

struct hs_iceberg_table; /* parsed metadata.json; immutable, counted, cached by path */

enum hs_as_of_kind { HS_AS_OF_CURRENT = 0, HS_AS_OF_SNAPSHOT, HS_AS_OF_TIME, HS_AS_OF_REF };
struct hs_as_of {
    enum hs_as_of_kind kind;
    int64_t snapshot_id;
    int64_t time_us;
    hs_str ref;
};

/* Current metadata: version hint, else highest version (vN, NNNNN-uuid; .gz before or after .metadata.json, zstd). A
 * location that is itself a metadata file is taken as it is. */
HS_MUST hs_rc hs_iceberg_open(const struct hs_store *store, struct hs_iceberg_table **out, struct hs_err *err);
struct hs_iceberg_table *hs_iceberg_ref(struct hs_iceberg_table *t);
void hs_iceberg_unref(struct hs_iceberg_table *t);

int hs_iceberg_format_version(const struct hs_iceberg_table *t);
hs_str hs_iceberg_metadata_path(const struct hs_iceberg_table *t);

struct hs_pin { /* one snapshot of one table */
    const struct hs_iceberg_table *table;
    bool empty; /* no snapshot at all: a table without rows */
    int64_t snapshot_id, sequence_number, timestamp_ms;
    int schema_id;
    const struct hs_type *schema; /* STRUCT; the snapshot's schema under time travel, else the current one */
};
HS_MUST hs_rc hs_iceberg_pin(struct hs_arena *a, const struct hs_iceberg_table *t, const struct hs_as_of *as_of,
                             struct hs_pin *out, struct hs_err *err);

struct hs_data_file {
    hs_str path; /* local, resolved */
    int64_t record_count, size_bytes;
    const struct hs_type *physical; /* the Parquet file's own schema with its field ids; shared between equal files */
    int64_t row_group_count;
};
struct hs_plan {
    struct hs_data_file *files;
    size_t file_count;
    int64_t record_count, size_bytes;
    hs_str *directories; /* distinct parent directories of the files: what a worker may open */
    size_t directory_count;
};
/* Manifest list -> manifests -> live data files, sequence numbers inherited, footers read once per file and cached.
 * Refuses: delete files that may apply, deletion vectors, non-Parquet data, columns it cannot read, encrypted files. */
HS_MUST hs_rc hs_iceberg_plan(struct hs_arena *a, const struct hs_store *store, const struct hs_pin *pin,
                              struct hs_plan *out, struct hs_err *err);

/* The same for some columns only: `wanted` is a STRUCT whose ids are the table's (a bound contract), at any depth a
 * subset of pin->schema, or of the table's current schema: a column added after the snapshot is missing in its files,
 * and read as such. A column that we cannot read stops the plan only if it is wanted. */
HS_MUST hs_rc hs_iceberg_plan_columns(struct hs_arena *a, const struct hs_store *store, const struct hs_pin *pin,
                                      const struct hs_type *wanted, struct hs_plan *out, struct hs_err *err);
/* Why a field's type cannot be read, at any depth ("variant is not supported yet"), or NULL. */
const char *hs_iceberg_unreadable(const struct hs_field *field);

/* Parsed metadata and Parquet footers are kept by path within these bounds (128 MiB, 64 MiB, 10 minutes). */
void hs_iceberg_cache_limits(int64_t metadata_bytes, int64_t footer_bytes, int64_t max_age_ms);
void hs_iceberg_cache_clear(void);

/* Facts for `hailstorm table PATH`. */
HS_MUST hs_rc hs_iceberg_describe(struct hs_buf *out, const struct hs_iceberg_table *t, struct hs_err *err);

#endif
