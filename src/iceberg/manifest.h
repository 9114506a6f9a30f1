/* Manifest lists and manifests (spec: "Manifests", "Manifest Lists"). Both are immutable once written, so each is
 * parsed once into compact rows and kept by path; what a snapshot says of a manifest (numbers to inherit) is applied
 * when an entry is looked at, never stored in what is shared. */
#ifndef HS_ICEBERG_MANIFEST_H
#define HS_ICEBERG_MANIFEST_H

#include "avro/avro.h"
#include "iceberg/table.h"

enum hs_manifest_content { HS_MANIFEST_DATA = 0, HS_MANIFEST_DELETES = 1 };

struct hs_field_summary { /* of one partition field, over a manifest's live entries */
    bool contains_null, has_contains_nan, contains_nan;
    hs_str lower, upper; /* single-value serialization; .at == NULL: not stated */
};
struct hs_manifest_file {
    hs_str path;
    int64_t length; /* -1: not stated */
    int spec_id;    /* -1: in the manifest's own header (v1, listed in place) */
    enum hs_manifest_content content;
    int64_t sequence_number, min_sequence_number, added_snapshot_id;
    int64_t added_files, existing_files, deleted_files; /* -1: not stated */
    int64_t first_row_id;                               /* v3; -1: none */
    const struct hs_field_summary *summaries;
    size_t summary_count; /* may be fewer or more than the spec has fields: trust by position only when equal */
    bool has_key;         /* key_metadata is there; not a sign that it is encrypted: the file's first bytes are */
};
HS_MUST hs_rc hs_manifest_list_read(struct hs_arena *a, hs_str bytes, struct hs_manifest_file **out, size_t *out_count,
                                    struct hs_err *err);

struct hs_manifest_list { /* a parsed list: immutable, counted, shared */
    const struct hs_manifest_file *files;
    size_t count;
};
/* By path, cached. Close with hs_manifest_list_unref. */
HS_MUST hs_rc hs_manifest_list_open(const struct hs_store *store, hs_str path, const struct hs_manifest_list **out,
                                    struct hs_err *err);
struct hs_manifest_list *hs_manifest_list_ref(const struct hs_manifest_list *l);
void hs_manifest_list_unref(const struct hs_manifest_list *l); /* takes NULL */

enum hs_entry_status { HS_ENTRY_EXISTING = 0, HS_ENTRY_ADDED = 1, HS_ENTRY_DELETED = 2 };
enum hs_entry_content { HS_CONTENT_DATA = 0, HS_CONTENT_POSITION_DELETES = 1, HS_CONTENT_EQUALITY_DELETES = 2 };

/* Whose metrics are kept of a manifest: there are as many as columns for each file, and plans ask for a few. */
enum { HS_COLUMNS_MAX = 16 };
struct hs_columns {
    bool all;
    size_t count;
    int ids[HS_COLUMNS_MAX];
};
void hs_columns_add(struct hs_columns *c, int id); /* one too many: all */
bool hs_columns_cover(const struct hs_columns *have, const struct hs_columns *asked);

struct hs_column_metrics { /* -1 and .at == NULL: not stated */
    int field_id;
    int64_t value_count, null_count, nan_count;
    hs_str lower,
        upper; /* single-value serialization, possibly truncated; typed by the schema the file was written in */
};
struct hs_entry { /* one file, immutable, in its manifest's memory */
    enum hs_entry_status status;
    enum hs_entry_content content;
    enum hs_file_format format;
    hs_str path; /* as written */
    int64_t record_count, size_bytes;
    int64_t snapshot_id, sequence_number, file_sequence_number; /* -1: inherit */
    int64_t first_row_id;                                       /* -1: none of its own; then: */
    int64_t row_offset; /* how many rows the files before it hold that have none of their own either */
    /* One a spec field, by the transform's result type; void is always null. A value that is not of that type, or of
     * an unknown transform: HS_T_UNKNOWN with .i, .d or .text as it was written, and not null. */
    const struct hs_param *partition;
    size_t partition_count;
    const int *equality_ids;
    size_t equality_id_count;
    hs_str referenced_file;                  /* deletes of one data file only; .at == NULL: not stated */
    int64_t content_offset, content_len;     /* deletion vector in a puffin file; -1: none */
    const struct hs_column_metrics *metrics; /* by rising field id, of the manifest's columns */
    size_t metric_count;
    const int64_t *split_offsets;
    size_t split_count;
    bool has_key; /* key_metadata is there; some writers state it of plain files */
};
struct hs_manifest { /* a parsed manifest: counted, shared */
    int spec_id;
    struct hs_columns columns;      /* whose metrics are there, at least those that were asked for */
    const struct hs_entry *entries; /* all, DELETED ones too */
    size_t entry_count;
};
/* By path, cached. The partition's types come from the table's spec and schemas. Close with hs_manifest_unref. `store`
 * resolves paths as the planner's does: its root and fallback are the table's. `columns` NULL: all. Any thread. */
HS_MUST hs_rc hs_manifest_open(const struct hs_store *store, const struct hs_iceberg_table *table,
                               const struct hs_manifest_file *listed, const struct hs_columns *columns,
                               const struct hs_manifest **out, struct hs_err *err);
/* The same, but only from the cache, and without asking a store: *out is NULL when it is not there. */
HS_MUST hs_rc hs_manifest_cached(const struct hs_store *store, const struct hs_iceberg_table *table,
                                 const struct hs_manifest_file *listed, const struct hs_columns *columns,
                                 const struct hs_manifest **out, struct hs_err *err);
struct hs_manifest *hs_manifest_ref(const struct hs_manifest *m);
void hs_manifest_unref(const struct hs_manifest *m); /* takes NULL */
/* The bytes of a manifest, outside the cache: one reference. */
HS_MUST hs_rc hs_manifest_parse(hs_str bytes, const struct hs_iceberg_table *table,
                                const struct hs_manifest_file *listed, const struct hs_columns *columns,
                                const struct hs_manifest **out, struct hs_err *err);

struct hs_numbers { /* an entry's own, with what it inherits; -1: none */
    int64_t snapshot_id, sequence_number, file_sequence_number, first_row_id;
};
/* Spec: "Sequence Number Inheritance", "First Row ID Inheritance". */
HS_MUST hs_rc hs_entry_numbers(const struct hs_entry *entry, const struct hs_manifest_file *listed,
                               struct hs_numbers *out, struct hs_err *err);

#endif
