/* The table format, reading half (https://iceberg.apache.org/spec/): find the current metadata, pin a snapshot, plan
 * its data files. Whatever would be answered wrongly is refused with HS_UNSUPPORTED and words that say what. */
#ifndef HS_ICEBERG_ICEBERG_H
#define HS_ICEBERG_ICEBERG_H

#include "arrow/batch.h"
#include "arrow/param.h"
#include "base/positions.h"
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
/* For a statement that was pinned to this snapshot a moment ago: of a table in a store, what was found to be current in
 * the last second will do, where it has the snapshot. Otherwise as above. */
HS_MUST hs_rc hs_iceberg_open_pinned(const struct hs_store *store, int64_t snapshot_id, struct hs_iceberg_table **out,
                                     struct hs_err *err);
struct hs_iceberg_table *hs_iceberg_ref(struct hs_iceberg_table *t);
void hs_iceberg_unref(struct hs_iceberg_table *t);

int hs_iceberg_format_version(const struct hs_iceberg_table *t);
hs_str hs_iceberg_metadata_path(const struct hs_iceberg_table *t);
/* Of the file when it was read: whoever keeps what he concluded from a table keeps it by path and stamp, for some
 * writers, and whoever repairs a table, put another file in the same place. */
struct hs_stamp hs_iceberg_metadata_stamp(const struct hs_iceberg_table *t);

struct hs_pin { /* one snapshot of one table */
    const struct hs_iceberg_table *table;
    bool empty; /* no snapshot at all: a table without rows */
    int64_t snapshot_id, sequence_number, timestamp_ms;
    int schema_id;
    const struct hs_type *schema; /* STRUCT; the snapshot's schema under time travel, else the current one */
};
HS_MUST hs_rc hs_iceberg_pin(struct hs_arena *a, const struct hs_iceberg_table *t, const struct hs_as_of *as_of,
                             struct hs_pin *out, struct hs_err *err);

/* OTHER: a name we do not know. PUFFIN: holds deletion vectors, never data. */
enum hs_file_format { HS_FILE_OTHER = 0, HS_FILE_PARQUET = 1, HS_FILE_AVRO, HS_FILE_ORC, HS_FILE_PUFFIN };

/* What the plan names lives in the arena it was made in. */
struct hs_data_file {
    hs_str path; /* local, resolved */
    enum hs_file_format format;
    int64_t record_count, size_bytes;
    const struct hs_type *physical; /* the file's own schema with its field ids; shared between equal files */
    int64_t row_group_count;        /* Parquet */
    const int64_t *split_offsets;   /* where its row groups begin, if the writer says so: rising */
    size_t split_count;
    int64_t sequence_number;         /* data sequence number: equality deletes with a greater one apply */
    int64_t first_row_id;            /* row lineage; -1: none */
    int partition;                   /* files with one number have one spec and equal partition values */
    const struct hs_positions *gone; /* by position deletes or a deletion vector; NULL: no row */
    const int *constant_ids;         /* top-level columns the file lacks, whose value its partition states */
    const struct hs_param *constants;
    size_t constant_count;
};
struct hs_equality_delete { /* an equality delete file that may apply to a planned data file */
    hs_str path;
    enum hs_file_format format;
    const struct hs_type *physical;
    int64_t record_count, size_bytes, sequence_number;
    int partition; /* as above; -1: every partition */
    const int *ids;
    size_t id_count;
};
struct hs_plan {
    struct hs_data_file *files;
    size_t file_count;
    int64_t record_count, size_bytes; /* of the data files, deleted rows counted */
    bool estimate_is_fixed;           /* rows are hidden, and files were left out beside them: whoever guesses how many
                                       * rows there are guesses record_estimate, for all files there were */
    int64_t record_estimate;
    bool has_deletes; /* of any kind, of any file of the snapshot: also where what is asked left that file out */
    size_t left_out;  /* data files that did not fit what was asked, as far as they were looked at one by one */
    struct hs_equality_delete *equality;
    size_t equality_count;
    const struct hs_type
        *keys;           /* STRUCT: every column that equality deletes compare, of the newest schema that has it */
    hs_str *directories; /* distinct parent directories of the files: what a worker may open */
    size_t directory_count;
};

/* The format itself needs rows of Parquet files: those of position deletes. Values are the engine's business, so
 * whoever plans hands in a way to have them read; columns arrive as `wanted` says, in batches, on the calling thread.
 */
struct hs_row_reader {
    hs_rc (*read)(void *ctx, hs_str local_path, const struct hs_type *physical, const struct hs_type *wanted,
                  hs_rc (*on_batch)(void *arg, const struct hs_batch *batch, struct hs_err *err), void *arg,
                  struct hs_err *err);
    void *ctx;
};
struct hs_filter; /* iceberg/filter.h */

struct hs_plan_request {
    const struct hs_store *store;
    const struct hs_pin *pin;
    /* STRUCT whose ids are the table's (a bound contract), at any depth a subset of pin->schema, or of the table's
     * current schema: a column added after the snapshot is missing in its files, and read as such. A column that we
     * cannot read stops the plan only if it is wanted. NULL: all of pin->schema. */
    const struct hs_type *wanted;
    const struct hs_filter *filter;     /* NULL: every file. Files that hold no row it lets through are left out */
    const struct hs_row_reader *reader; /* NULL: position deletes in Parquet are refused */
    /* What a statement asks of each row, beside `filter`, which is the decision's. It leaves out files, too, as far as
     * that tells nothing of hidden rows (plan_asked.c). NULL: nothing. */
    const struct hs_filter *asked;
    bool rows_hidden; /* the decision hides rows (those that deletes take away need not be said) */
    bool asked_plain; /* the statement leaves nobody a choice by how many rows there may be */
    /* Asked again and again on the calling thread while objects are read; what it fails with ends the plan. NULL: it
     * goes on. */
    hs_rc (*go_on)(void *ctx, struct hs_err *err);
    void *go_on_ctx;
};
/* Manifest list -> manifests -> live data files with the deletes that apply to each; manifests, footers and deleted
 * positions are read once and cached. Refuses what it cannot read rightly: columns, formats, encrypted files. */
HS_MUST hs_rc hs_iceberg_plan(struct hs_arena *a, const struct hs_plan_request *request, struct hs_plan *out,
                              struct hs_err *err);
/* Why a field's type cannot be read, at any depth ("variant is not supported yet"), or NULL. */
const char *hs_iceberg_unreadable(const struct hs_field *field);

/* Parsed metadata, manifests and Parquet footers are kept by path within these bounds (128 MiB, 256 MiB, 64 MiB, 10
 * minutes). */
void hs_iceberg_cache_limits(int64_t metadata_bytes, int64_t manifest_bytes, int64_t footer_bytes, int64_t max_age_ms);
void hs_iceberg_cache_clear(void);

/* Facts for `hailstorm table PATH`, with file names: for people who debug. `store` NULL: of the metadata alone. */
HS_MUST hs_rc hs_iceberg_describe(struct hs_buf *out, const struct hs_store *store, const struct hs_iceberg_table *t,
                                  struct hs_err *err);

#endif
