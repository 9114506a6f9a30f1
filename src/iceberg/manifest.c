#include "iceberg/manifest.h"
#include "iceberg/damage.h"

enum { MAX_MANIFESTS = 1000 * 1000 };

enum list_id { /* manifest_file */
               ID_MANIFEST_PATH = 500,
               ID_MANIFEST_LENGTH = 501,
               ID_SPEC_ID = 502,
               ID_ADDED_SNAPSHOT = 503,
               ID_SEQUENCE = 515,
               ID_CONTENT = 517,
};
enum entry_id { /* manifest_entry */
                ID_STATUS = 0,
                ID_SNAPSHOT = 1,
                ID_DATA_FILE = 2,
                ID_ENTRY_SEQUENCE = 3,
};
enum data_file_id { /* data_file */
                    ID_PATH = 100,
                    ID_FORMAT = 101,
                    ID_PARTITION = 102,
                    ID_RECORD_COUNT = 103,
                    ID_SIZE = 104,
                    ID_FILE_CONTENT = 134,
                    ID_REFERENCED_FILE = 143,
                    ID_CONTENT_OFFSET = 144,
};

/* An integer member; `fallback` where it is absent or null. */
static hs_rc number(const struct hs_avro_value *record, int id, bool need, int64_t fallback, int64_t *out,
                    struct hs_err *err)
{
    const struct hs_avro_value *v = hs_avro_member(record, id);
    *out = fallback;
    if (!v && need)
        return hs_damaged(err, "member %d is missing", id);
    if (v && v->kind != HS_AVRO_INT && v->kind != HS_AVRO_LONG)
        return hs_damaged(err, "member %d is not an integer", id);
    if (v)
        *out = v->i;
    return HS_OK;
}

static hs_rc text(const struct hs_avro_value *record, int id, hs_str *out, struct hs_err *err)
{
    const struct hs_avro_value *v = hs_avro_member(record, id);
    if (!v || v->kind != HS_AVRO_STRING)
        return hs_damaged(err, "member %d is missing or not text", id);
    *out = v->s;
    return HS_OK;
}

static hs_rc list_row(struct hs_arena *a, const struct hs_avro_value *row, struct hs_manifest_file *out,
                      struct hs_err *err)
{
    int64_t content, spec;
    HS_TRY(text(row, ID_MANIFEST_PATH, &out->path, err));
    HS_TRY(number(row, ID_MANIFEST_LENGTH, false, -1, &out->length, err));
    HS_TRY(number(row, ID_SPEC_ID, false, 0, &spec, err));
    HS_TRY(number(row, ID_CONTENT, false, HS_MANIFEST_DATA, &content, err)); /* v1: data */
    HS_TRY(number(row, ID_SEQUENCE, false, 0, &out->sequence_number, err));  /* v1: 0 */
    HS_TRY(number(row, ID_ADDED_SNAPSHOT, false, -1, &out->added_snapshot_id, err));
    if (content != HS_MANIFEST_DATA && content != HS_MANIFEST_DELETES)
        return hs_damaged(err, "manifest content %lld", (long long)content);
    if (spec < 0 || spec > INT32_MAX)
        return hs_damaged(err, "partition spec %lld", (long long)spec);
    out->content = (enum hs_manifest_content)content;
    out->spec_id = (int)spec;
    out->path = hs_arena_str(a, out->path);
    return out->path.at ? HS_OK : hs_no_memory(err);
}

struct manifest_files {
    HS_VEC(struct hs_manifest_file) list;
};

static hs_rc list_rows(struct hs_arena *a, struct hs_avro_file *file, struct manifest_files *out, struct hs_err *err)
{
    const struct hs_avro_value *row;
    for (;;) {
        HS_TRY(hs_avro_next(file, &row, err));
        if (!row)
            return HS_OK;
        if (out->list.len >= MAX_MANIFESTS)
            return hs_fail_hidden(err, HS_LIMIT, "more than %d manifests", MAX_MANIFESTS);
        struct hs_manifest_file *m = hs_vec_add(a, &out->list);
        if (!m)
            return hs_no_memory(err);
        HS_TRY(list_row(a, row, m, err));
    }
}

hs_rc hs_manifest_list_read(struct hs_arena *a, hs_str bytes, struct hs_manifest_file **out, size_t *out_count,
                            struct hs_err *err)
{
    static const int wanted[] = {ID_MANIFEST_PATH,  ID_MANIFEST_LENGTH, ID_SPEC_ID,
                                 ID_ADDED_SNAPSHOT, ID_SEQUENCE,        ID_CONTENT};
    struct hs_avro_file *file;
    struct manifest_files files = {0};
    HS_TRY(hs_avro_open(bytes, wanted, sizeof wanted / sizeof *wanted, &file, err));
    hs_rc rc = list_rows(a, file, &files, err);
    hs_avro_close(file);
    HS_TRY(rc);
    *out = files.list.at;
    *out_count = files.list.len;
    return HS_OK;
}

/* Spec, "Sequence Number Inheritance" and "Snapshot ID Inheritance": null in an added entry means the manifest's own;
 * a manifest without numbers is of version 1, where everything has number 0. */
static hs_rc inherit(const struct hs_avro_value *row, const struct hs_manifest_file *m, struct hs_manifest_entry *out,
                     struct hs_err *err)
{
    HS_TRY(number(row, ID_SNAPSHOT, false, m->added_snapshot_id, &out->snapshot_id, err));
    HS_TRY(number(row, ID_ENTRY_SEQUENCE, false, -1, &out->sequence_number, err));
    if (out->sequence_number >= 0)
        return HS_OK;
    if (out->status != HS_ENTRY_ADDED && m->sequence_number != 0)
        return hs_damaged(err, "an existing entry has no sequence number");
    out->sequence_number = m->sequence_number;
    return HS_OK;
}

static hs_rc read_content(const struct hs_avro_value *file, const struct hs_manifest_file *m,
                          struct hs_manifest_entry *out, struct hs_err *err)
{
    int64_t content;
    HS_TRY(number(file, ID_FILE_CONTENT, false, HS_CONTENT_DATA, &content, err)); /* v1: data */
    bool deletes = content == HS_CONTENT_POSITION_DELETES || content == HS_CONTENT_EQUALITY_DELETES;
    if (deletes != (m->content == HS_MANIFEST_DELETES) || (!deletes && content != HS_CONTENT_DATA))
        return hs_damaged(err, "file content %lld in a manifest of content %d", (long long)content, (int)m->content);
    out->content = (enum hs_entry_content)content;
    out->deletion_vector = hs_avro_member(file, ID_CONTENT_OFFSET) != NULL;
    return HS_OK;
}

static hs_rc read_entry(const struct hs_avro_value *row, const struct hs_manifest_file *m,
                        struct hs_manifest_entry *out, struct hs_err *err)
{
    int64_t status;
    *out = (struct hs_manifest_entry){.spec_id = m->spec_id};
    HS_TRY(number(row, ID_STATUS, true, 0, &status, err));
    if (status < HS_ENTRY_EXISTING || status > HS_ENTRY_DELETED)
        return hs_damaged(err, "entry status %lld", (long long)status);
    out->status = (enum hs_entry_status)status;
    if (out->status == HS_ENTRY_DELETED)
        return HS_OK;
    HS_TRY(inherit(row, m, out, err));
    const struct hs_avro_value *file = hs_avro_member(row, ID_DATA_FILE);
    HS_TRY(text(file, ID_PATH, &out->path, err));
    HS_TRY(text(file, ID_FORMAT, &out->format, err));
    HS_TRY(number(file, ID_RECORD_COUNT, true, 0, &out->record_count, err));
    HS_TRY(number(file, ID_SIZE, false, -1, &out->size_bytes, err));
    out->partition = hs_avro_member(file, ID_PARTITION);
    if (out->record_count < 0)
        return hs_damaged(err, "%.*s: record_count %lld", HS_FMT(out->path), (long long)out->record_count);
    return read_content(file, m, out, err);
}

/* v1 manifests that a snapshot lists in place state their spec only in their own header. */
static hs_rc complete(const struct hs_avro_file *file, struct hs_manifest_file *m, struct hs_err *err)
{
    int64_t spec = 0;
    hs_str written = hs_avro_meta(file, "partition-spec-id");
    if (m->spec_id >= 0)
        return HS_OK;
    if (written.at && (!hs_str_to_i64(written, &spec) || spec < 0 || spec > INT32_MAX))
        return hs_damaged(err, "partition-spec-id in the header is not a number");
    m->spec_id = (int)spec;
    return HS_OK;
}

static hs_rc entries(struct hs_avro_file *file, const struct hs_manifest_file *m, hs_entry_fn fn, void *ctx,
                     struct hs_err *err)
{
    const struct hs_avro_value *row;
    struct hs_manifest_entry entry;
    for (;;) {
        HS_TRY(hs_avro_next(file, &row, err));
        if (!row)
            return HS_OK;
        HS_TRY(read_entry(row, m, &entry, err));
        if (entry.status != HS_ENTRY_DELETED)
            HS_TRY(fn(ctx, &entry, err));
    }
}

hs_rc hs_manifest_read(hs_str bytes, const struct hs_manifest_file *manifest, hs_entry_fn fn, void *ctx,
                       struct hs_err *err)
{
    static const int wanted[] = {ID_STATUS,    ID_SNAPSHOT,     ID_DATA_FILE,       ID_ENTRY_SEQUENCE,
                                 ID_PATH,      ID_FORMAT,       ID_RECORD_COUNT,    ID_SIZE,
                                 ID_PARTITION, ID_FILE_CONTENT, ID_REFERENCED_FILE, ID_CONTENT_OFFSET};
    struct hs_avro_file *file;
    struct hs_manifest_file own = *manifest;
    HS_TRY(hs_avro_open(bytes, wanted, sizeof wanted / sizeof *wanted, &file, err));
    hs_rc rc = complete(file, &own, err);
    if (rc == HS_OK)
        rc = entries(file, &own, fn, ctx, err);
    hs_avro_close(file);
    return rc;
}
