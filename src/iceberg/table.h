/* A parsed metadata.json, as the rest of the room sees it. Immutable once built, in its own arena. */
#ifndef HS_ICEBERG_TABLE_H
#define HS_ICEBERG_TABLE_H

#include "iceberg/iceberg.h"

#include <stdatomic.h>

/* Spec: "Partition Transforms". UNKNOWN: read on, prune nothing. */
enum hs_transform {
    HS_TR_IDENTITY = 1,
    HS_TR_BUCKET,
    HS_TR_TRUNCATE,
    HS_TR_YEAR,
    HS_TR_MONTH,
    HS_TR_DAY,
    HS_TR_HOUR,
    HS_TR_VOID,
    HS_TR_UNKNOWN,
};
struct hs_partition_field {
    int field_id, source_id;
    hs_str name, text; /* text: "bucket[16]" */
    enum hs_transform transform;
    int parameter; /* of bucket and truncate: at least 1 */
};
struct hs_partition_spec {
    int id;
    struct hs_partition_field *fields;
    size_t field_count;
};
/* Spec, "Reserved Field IDs": of row lineage, which data files may hold beside the table's columns. */
enum { HS_ROW_ID = 2147483540, HS_LAST_UPDATED = 2147483539 };
struct hs_schema {
    int id;
    struct hs_type *type; /* STRUCT */
};
struct hs_snapshot {
    int64_t id, parent_id, sequence_number, timestamp_ms;
    int schema_id;        /* -1: none written */
    int64_t first_row_id; /* v3; -1: none */
    hs_str key_id;        /* v3: of the key that the manifest list is encrypted with; empty: none */
    hs_str manifest_list, operation;
    hs_str *manifests; /* v1: listed in place */
    size_t manifest_count;
};
struct hs_blob { /* of a statistics file (spec: "Table Statistics") */
    hs_str type;
    int *fields;
    size_t field_count;
    int64_t distinct; /* of apache-datasketches-theta-v1; -1: not stated */
};
struct hs_statistics {
    int64_t snapshot_id, size_bytes;
    hs_str path;
    bool of_partitions; /* "partition-statistics": no blobs */
    struct hs_blob *blobs;
    size_t blob_count;
};
struct hs_log_entry {
    int64_t timestamp_ms, snapshot_id;
};
struct hs_ref {
    hs_str name;
    int64_t snapshot_id;
    bool tag;
};
/* schema.name-mapping.default (spec: "Name Mapping Serialization"). */
struct hs_name_mapping {
    hs_str *names;
    size_t name_count;
    int field_id; /* -1: none */
    struct hs_name_mapping *fields;
    size_t field_count;
};

struct hs_iceberg_table {
    struct hs_arena *arena;
    atomic_int refs;
    hs_str path;           /* of the metadata file, local */
    struct hs_stamp stamp; /* of what was read there */
    hs_str root;           /* the table's directory */
    hs_str uuid, location;
    int format_version;
    int64_t last_sequence_number, last_updated_ms;
    struct hs_schema *schemas;
    size_t schema_count;
    int current_schema_id;
    struct hs_partition_spec *specs;
    size_t spec_count;
    int default_spec_id;
    struct hs_snapshot *snapshots;
    size_t snapshot_count;
    uint32_t *snapshots_by_id; /* places in it, by rising id */
    struct hs_statistics *statistics;
    size_t statistics_count;
    int64_t next_row_id;         /* v3; -1: none */
    size_t key_count;            /* v3: "encryption-keys"; in the way only of snapshots that name one */
    int64_t current_snapshot_id; /* -1: none */
    struct hs_log_entry *log;
    size_t log_count;
    struct hs_ref *named; /* branches and tags */
    size_t named_count;
    bool has_name_mapping;
    struct hs_name_mapping name_mapping; /* its fields are the top level */
};

const struct hs_schema *hs_table_schema(const struct hs_iceberg_table *t, int id); /* NULL: none */
/* By id at any depth: as the current schema has it, else as the last schema that had it. NULL: none has. */
const struct hs_field *hs_table_newest_field(const struct hs_iceberg_table *t, int id);
const struct hs_partition_spec *hs_table_spec(const struct hs_iceberg_table *t, int id);   /* NULL: none */
const struct hs_snapshot *hs_table_snapshot(const struct hs_iceberg_table *t, int64_t id); /* NULL: none */

/* The bytes of a metadata file (compressed or not) to a table with one reference. `path` is kept for messages. */
HS_MUST hs_rc hs_iceberg_parse(hs_str bytes, hs_str path, struct hs_iceberg_table **out, struct hs_err *err);

/* Finds the current metadata file's local path. */
HS_MUST hs_rc hs_metadata_find(struct hs_arena *a, const struct hs_store *store, struct hs_found *out,
                               struct hs_err *err);

#endif
