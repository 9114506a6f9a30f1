/* Manifest lists and manifests as typed rows (spec: "Manifests", "Manifest Lists"; the numbers are its field ids). */
#ifndef HS_ICEBERG_MANIFEST_H
#define HS_ICEBERG_MANIFEST_H

#include "avro/avro.h"
#include "iceberg/table.h"

enum hs_manifest_content { HS_MANIFEST_DATA = 0, HS_MANIFEST_DELETES = 1 };

struct hs_manifest_file {
    hs_str path;
    int64_t length; /* -1: not stated */
    int spec_id;    /* -1: in the manifest's own header (v1, listed in place) */
    enum hs_manifest_content content;
    int64_t sequence_number, added_snapshot_id;
};

enum hs_entry_status { HS_ENTRY_EXISTING = 0, HS_ENTRY_ADDED = 1, HS_ENTRY_DELETED = 2 };
enum hs_entry_content { HS_CONTENT_DATA = 0, HS_CONTENT_POSITION_DELETES = 1, HS_CONTENT_EQUALITY_DELETES = 2 };

struct hs_manifest_entry { /* borrowed: lives as long as the call it is handed to */
    enum hs_entry_status status;
    int64_t snapshot_id, sequence_number; /* inherited where the file says null */
    enum hs_entry_content content;
    hs_str path, format;
    int64_t record_count, size_bytes;
    int spec_id;
    const struct hs_avro_value *partition; /* record, members by partition field id; may be NULL */
    bool deletion_vector;
};
typedef hs_rc (*hs_entry_fn)(void *ctx, const struct hs_manifest_entry *entry, struct hs_err *err);

HS_MUST hs_rc hs_manifest_list_read(struct hs_arena *a, hs_str bytes, struct hs_manifest_file **out, size_t *out_count,
                                    struct hs_err *err);
/* Every entry that is not DELETED, in order. */
HS_MUST hs_rc hs_manifest_read(hs_str bytes, const struct hs_manifest_file *manifest, hs_entry_fn fn, void *ctx,
                               struct hs_err *err);

#endif
