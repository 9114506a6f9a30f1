/* Table metadata (spec: "Table Metadata Fields", Appendix C). Versions 1 to 3 in one reader: what a version leaves out
 * is filled in as the spec's "Reading v1 metadata for v2" says. */
#include "base/alloc.h"
#include "avro/codec.h"
#include "iceberg/json.h"

#include <limits.h>
#include <stdlib.h>

enum { MAX_METADATA_MIB = 256, NEWEST_VERSION = 3, FIRST_PARTITION_ID = 1000 };

/* v1 with "schemas" that do not say which one is current: "schema" is (spec: "Reading v1 metadata for v2"). */
static hs_rc parse_v1_current(struct hs_json *j, yyjson_val *root, struct hs_iceberg_table *t)
{
    yyjson_val *only = NULL;
    size_t mark = hs_json_enter(j, "schema");
    HS_TRY(hs_json_object(j, root, "schema", false, &only));
    hs_json_leave(j, mark);
    if (!only || t->format_version > 1)
        return hs_json_int(j, root, "current-schema-id", true, &t->current_schema_id);
    struct hs_schema *extra = &t->schemas[t->schema_count];
    mark = hs_json_enter(j, "schema");
    HS_TRY(hs_schema_parse(j, only, &extra->type));
    HS_TRY(hs_json_int(j, only, "schema-id", false, &extra->id));
    hs_json_leave(j, mark);
    t->current_schema_id = extra->id;
    t->schema_count += hs_table_schema(t, extra->id) == NULL;
    return HS_OK;
}

static hs_rc parse_schemas(struct hs_json *j, yyjson_val *root, struct hs_iceberg_table *t)
{
    yyjson_val *list, *value;
    size_t i, count;
    HS_TRY(hs_json_array(j, root, "schemas", t->format_version > 1, &list));
    size_t n = list ? yyjson_arr_size(list) : 0;
    HS_TRY(hs_json_new(j, n + 1, sizeof *t->schemas, &t->schemas));
    if (n == 0) { /* v1: one schema, often without an id */
        size_t mark = hs_json_enter(j, "schema");
        yyjson_val *only = yyjson_obj_get(root, "schema");
        HS_TRY(hs_schema_parse(j, only, &t->schemas[0].type));
        HS_TRY(hs_json_int(j, only, "schema-id", false, &t->schemas[0].id));
        hs_json_leave(j, mark);
        t->schema_count = 1;
        t->current_schema_id = t->schemas[0].id;
        return HS_OK;
    }
    size_t outer = hs_json_enter(j, "schemas");
    if (list)
        yyjson_arr_foreach(list, i, count, value)
        {
            size_t mark = hs_json_enter_index(j, i);
            HS_TRY(hs_schema_parse(j, value, &t->schemas[i].type));
            HS_TRY(hs_json_int(j, value, "schema-id", true, &t->schemas[i].id));
            t->schema_count = i + 1;
            hs_json_leave(j, mark);
        }
    hs_json_leave(j, outer);
    if (yyjson_obj_get(root, "current-schema-id"))
        HS_TRY(hs_json_int(j, root, "current-schema-id", true, &t->current_schema_id));
    else
        HS_TRY(parse_v1_current(j, root, t));
    if (!hs_table_schema(t, t->current_schema_id))
        return hs_json_bad(j, "\"current-schema-id\" %d names no schema", t->current_schema_id);
    return HS_OK;
}

/* "bucket[16]"; a parameter that cannot be makes the transform one that we do not know. */
static bool bracketed(hs_str text, hs_str name, int *out)
{
    int64_t n;
    if (!hs_str_starts(text, name) || !hs_str_ends(text, HS_S("]")))
        return false;
    hs_str inside = {text.at + name.len, text.len - name.len - 1};
    if (!hs_str_to_i64(hs_str_trim(inside), &n) || n < 1 || n > INT32_MAX)
        return false;
    *out = (int)n;
    return true;
}

static enum hs_transform transform_of(hs_str text, int *parameter)
{
    static const struct {
        const char *name;
        enum hs_transform transform;
    } plain[] = {{"identity", HS_TR_IDENTITY}, {"year", HS_TR_YEAR}, {"month", HS_TR_MONTH},
                 {"day", HS_TR_DAY},           {"hour", HS_TR_HOUR}, {"void", HS_TR_VOID}};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (hs_str_is(text, plain[i].name))
            return plain[i].transform;
    if (bracketed(text, HS_S("bucket["), parameter))
        return HS_TR_BUCKET;
    if (bracketed(text, HS_S("truncate["), parameter))
        return HS_TR_TRUNCATE;
    return HS_TR_UNKNOWN;
}

static hs_rc parse_spec_fields(struct hs_json *j, yyjson_val *list, struct hs_partition_spec *out)
{
    yyjson_val *value;
    size_t i, count;
    HS_TRY(hs_json_new(j, yyjson_arr_size(list), sizeof *out->fields, &out->fields));
    out->field_count = yyjson_arr_size(list);
    if (list)
        yyjson_arr_foreach(list, i, count, value)
        {
            struct hs_partition_field *f = &out->fields[i];
            size_t mark = hs_json_enter_index(j, i);
            if (!yyjson_is_obj(value))
                return hs_json_bad(j, "not an object");
            *f = (struct hs_partition_field){.field_id = FIRST_PARTITION_ID + (int)i, .source_id = -1};
            HS_TRY(hs_json_int(j, value, "field-id", false, &f->field_id));   /* v1 assigns them in order from 1000 */
            HS_TRY(hs_json_int(j, value, "source-id", false, &f->source_id)); /* absent for v3's "source-ids" */
            HS_TRY(hs_json_text(j, value, "name", true, &f->name));
            HS_TRY(hs_json_text(j, value, "transform", true, &f->text));
            f->transform = f->source_id < 0 ? HS_TR_UNKNOWN : transform_of(f->text, &f->parameter);
            hs_json_leave(j, mark);
        }
    return HS_OK;
}

static hs_rc parse_specs(struct hs_json *j, yyjson_val *root, struct hs_iceberg_table *t)
{
    yyjson_val *list, *value, *fields;
    size_t i, count;
    HS_TRY(hs_json_array(j, root, "partition-specs", t->format_version > 1, &list));
    size_t n = list ? yyjson_arr_size(list) : 0;
    HS_TRY(hs_json_new(j, n + 1, sizeof *t->specs, &t->specs));
    if (n == 0) {
        HS_TRY(hs_json_array(j, root, "partition-spec", false, &list));
        t->spec_count = list ? 1 : 0;
        size_t mark = hs_json_enter(j, "partition-spec");
        HS_TRY(list ? parse_spec_fields(j, list, &t->specs[0]) : HS_OK);
        hs_json_leave(j, mark);
        return HS_OK;
    }
    size_t outer = hs_json_enter(j, "partition-specs");
    if (list)
        yyjson_arr_foreach(list, i, count, value)
        {
            size_t mark = hs_json_enter_index(j, i);
            HS_TRY(hs_json_int(j, value, "spec-id", true, &t->specs[i].id));
            HS_TRY(hs_json_array(j, value, "fields", true, &fields));
            HS_TRY(parse_spec_fields(j, fields, &t->specs[i]));
            hs_json_leave(j, mark);
        }
    t->spec_count = n;
    hs_json_leave(j, outer);
    for (size_t k = 0; k < n; k++) /* v1 may leave it out: the newest one */
        t->default_spec_id = t->specs[k].id > t->default_spec_id ? t->specs[k].id : t->default_spec_id;
    return hs_json_int(j, root, "default-spec-id", t->format_version > 1, &t->default_spec_id);
}

static hs_rc parse_inline_manifests(struct hs_json *j, yyjson_val *list, struct hs_snapshot *s)
{
    yyjson_val *value;
    size_t i, count;
    HS_TRY(hs_json_new(j, yyjson_arr_size(list), sizeof *s->manifests, &s->manifests));
    if (list)
        yyjson_arr_foreach(list, i, count, value)
        {
            if (!yyjson_is_str(value))
                return hs_json_bad(j, "\"manifests\" holds something that is not text");
            s->manifests[i] = hs_arena_str(j->arena, hs_str_n(yyjson_get_str(value), yyjson_get_len(value)));
            if (!s->manifests[i].at)
                return hs_no_memory(j->err);
        }
    s->manifest_count = yyjson_arr_size(list);
    return HS_OK;
}

static hs_rc parse_snapshot(struct hs_json *j, yyjson_val *value, struct hs_snapshot *s)
{
    yyjson_val *manifests, *summary;
    if (!yyjson_is_obj(value))
        return hs_json_bad(j, "a snapshot is not an object");
    *s = (struct hs_snapshot){.parent_id = -1,
                              .schema_id = -1,
                              .first_row_id = -1,
                              .key_id = HS_S(""),
                              .manifest_list = HS_S(""),
                              .operation = HS_S("")};
    HS_TRY(hs_json_i64(j, value, "snapshot-id", true, &s->id));
    HS_TRY(hs_json_i64(j, value, "parent-snapshot-id", false, &s->parent_id));
    HS_TRY(hs_json_i64(j, value, "sequence-number", false, &s->sequence_number));
    HS_TRY(hs_json_i64(j, value, "timestamp-ms", true, &s->timestamp_ms));
    HS_TRY(hs_json_int(j, value, "schema-id", false, &s->schema_id));
    HS_TRY(hs_json_i64(j, value, "first-row-id", false, &s->first_row_id));
    HS_TRY(hs_json_text(j, value, "key-id", false, &s->key_id));
    HS_TRY(hs_json_text(j, value, "manifest-list", false, &s->manifest_list));
    HS_TRY(hs_json_object(j, value, "summary", false, &summary));
    if (summary)
        HS_TRY(hs_json_text(j, summary, "operation", false, &s->operation));
    HS_TRY(hs_json_array(j, value, "manifests", false, &manifests));
    if (s->manifest_list.len == 0 && !manifests)
        return hs_json_bad(j, "neither \"manifest-list\" nor \"manifests\"");
    return s->manifest_list.len == 0 ? parse_inline_manifests(j, manifests, s) : HS_OK;
}

static int by_snapshot_id(const void *a, const void *b, void *ctx)
{
    const struct hs_snapshot *all = ctx, *x = &all[*(const uint32_t *)a], *y = &all[*(const uint32_t *)b];
    return (x->id > y->id) - (x->id < y->id);
}

static hs_rc sort_snapshots(struct hs_json *j, struct hs_iceberg_table *t)
{
    if (t->snapshot_count > UINT32_MAX)
        return hs_json_bad(j, "more snapshots than can be");
    HS_TRY(hs_json_new(j, t->snapshot_count, sizeof *t->snapshots_by_id, &t->snapshots_by_id));
    for (size_t i = 0; i < t->snapshot_count; i++)
        t->snapshots_by_id[i] = (uint32_t)i;
    if (t->snapshot_count)
        qsort_r(t->snapshots_by_id, t->snapshot_count, sizeof *t->snapshots_by_id, by_snapshot_id, t->snapshots);
    for (size_t i = 1; i < t->snapshot_count; i++)
        if (t->snapshots[t->snapshots_by_id[i]].id == t->snapshots[t->snapshots_by_id[i - 1]].id)
            return hs_json_bad(j, "snapshot %lld stands twice", (long long)t->snapshots[t->snapshots_by_id[i]].id);
    return HS_OK;
}

static hs_rc parse_snapshots(struct hs_json *j, yyjson_val *root, struct hs_iceberg_table *t)
{
    yyjson_val *list, *value;
    size_t i, count;
    HS_TRY(hs_json_array(j, root, "snapshots", false, &list));
    size_t n = list ? yyjson_arr_size(list) : 0;
    HS_TRY(hs_json_new(j, n, sizeof *t->snapshots, &t->snapshots));
    size_t outer = hs_json_enter(j, "snapshots");
    if (list)
        yyjson_arr_foreach(list, i, count, value)
        {
            size_t mark = hs_json_enter_index(j, i);
            HS_TRY(parse_snapshot(j, value, &t->snapshots[i]));
            hs_json_leave(j, mark);
        }
    t->snapshot_count = n;
    HS_TRY(sort_snapshots(j, t));
    hs_json_leave(j, outer);
    t->current_snapshot_id = -1;
    HS_TRY(hs_json_i64(j, root, "current-snapshot-id", false, &t->current_snapshot_id));
    if (t->current_snapshot_id != -1 && !hs_table_snapshot(t, t->current_snapshot_id))
        return hs_json_bad(j, "\"current-snapshot-id\" names no snapshot");
    return HS_OK;
}

static hs_rc parse_log(struct hs_json *j, yyjson_val *root, struct hs_iceberg_table *t)
{
    yyjson_val *list, *value;
    size_t i, count;
    HS_TRY(hs_json_array(j, root, "snapshot-log", false, &list));
    size_t n = list ? yyjson_arr_size(list) : 0;
    HS_TRY(hs_json_new(j, n, sizeof *t->log, &t->log));
    size_t outer = hs_json_enter(j, "snapshot-log");
    if (list)
        yyjson_arr_foreach(list, i, count, value)
        {
            size_t mark = hs_json_enter_index(j, i);
            HS_TRY(hs_json_i64(j, value, "timestamp-ms", true, &t->log[i].timestamp_ms));
            HS_TRY(hs_json_i64(j, value, "snapshot-id", true, &t->log[i].snapshot_id));
            hs_json_leave(j, mark);
        }
    t->log_count = n;
    hs_json_leave(j, outer);
    return HS_OK;
}

static hs_rc parse_refs(struct hs_json *j, yyjson_val *root, struct hs_iceberg_table *t)
{
    yyjson_val *refs, *key, *value;
    size_t i, count;
    HS_TRY(hs_json_object(j, root, "refs", false, &refs));
    size_t n = refs ? yyjson_obj_size(refs) : 0;
    HS_TRY(hs_json_new(j, n, sizeof *t->named, &t->named));
    size_t mark = hs_json_enter(j, "refs");
    if (refs)
        yyjson_obj_foreach(refs, i, count, key, value)
        {
            struct hs_ref *ref = &t->named[i];
            hs_str type = HS_S("");
            ref->name = hs_arena_str(j->arena, hs_str_n(yyjson_get_str(key), yyjson_get_len(key)));
            if (!ref->name.at)
                return hs_no_memory(j->err);
            HS_TRY(hs_json_i64(j, value, "snapshot-id", true, &ref->snapshot_id));
            HS_TRY(hs_json_text(j, value, "type", true, &type));
            ref->tag = hs_str_is(type, "tag");
        }
    t->named_count = n;
    hs_json_leave(j, mark);
    return HS_OK;
}

static hs_rc parse_properties(struct hs_json *j, yyjson_val *root, struct hs_iceberg_table *t)
{
    yyjson_val *properties;
    hs_str mapping = {0};
    HS_TRY(hs_json_object(j, root, "properties", false, &properties));
    if (properties)
        HS_TRY(hs_json_text(j, properties, "schema.name-mapping.default", false, &mapping));
    if (!mapping.at)
        return HS_OK;
    t->has_name_mapping = true;
    return hs_name_mapping_parse(j, mapping, &t->name_mapping);
}

/* What a reader has no use for, but without which it is no metadata of its version. */
static hs_rc check_complete(struct hs_json *j, yyjson_val *root, const struct hs_iceberg_table *t)
{
    yyjson_val *list;
    int unused = 0;
    if (t->format_version < 2)
        return HS_OK;
    HS_TRY(hs_json_int(j, root, "last-partition-id", true, &unused));
    return hs_json_array(j, root, "sort-orders", true, &list);
}

static hs_rc parse_third(struct hs_json *j, yyjson_val *root, struct hs_iceberg_table *t)
{
    yyjson_val *keys;
    t->next_row_id = -1;
    HS_TRY(hs_json_i64(j, root, "next-row-id", false, &t->next_row_id));
    HS_TRY(hs_json_array(j, root, "encryption-keys", false, &keys));
    t->key_count = keys ? yyjson_arr_size(keys) : 0;
    return HS_OK;
}

static hs_rc parse_root(struct hs_json *j, yyjson_val *root, struct hs_iceberg_table *t)
{
    if (!yyjson_is_obj(root))
        return hs_json_bad(j, "not a JSON object");
    HS_TRY(hs_json_int(j, root, "format-version", true, &t->format_version));
    if (t->format_version < 1)
        return hs_json_bad(j, "\"format-version\" %d", t->format_version);
    if (t->format_version > NEWEST_VERSION)
        return hs_refused(j->err, "the table's format version is newer than this reader", "%.*s: format-version %d",
                          HS_FMT(j->file), t->format_version);
    t->location = t->uuid = HS_S("");
    HS_TRY(hs_json_text(j, root, "location", true, &t->location));
    HS_TRY(hs_json_text(j, root, "table-uuid", false, &t->uuid));
    HS_TRY(hs_json_i64(j, root, "last-sequence-number", false, &t->last_sequence_number));
    HS_TRY(hs_json_i64(j, root, "last-updated-ms", false, &t->last_updated_ms));
    HS_TRY(parse_schemas(j, root, t));
    HS_TRY(parse_specs(j, root, t));
    HS_TRY(parse_snapshots(j, root, t));
    HS_TRY(parse_log(j, root, t));
    HS_TRY(parse_refs(j, root, t));
    HS_TRY(hs_statistics_parse(j, root, t));
    HS_TRY(parse_third(j, root, t));
    HS_TRY(check_complete(j, root, t));
    return parse_properties(j, root, t);
}

static hs_rc parse_text(hs_str text, hs_str path, struct hs_iceberg_table *t, struct hs_err *err)
{
    struct hs_json j = {.arena = t->arena, .err = err, .file = path};
    yyjson_read_err why;
    char *copy = (char *)(uintptr_t)text.at; /* not changed: no in-situ flag */
    yyjson_doc *doc = yyjson_read_opts(copy, text.len, YYJSON_READ_NOFLAG, &hs_json_alc, &why);
    if (!doc && why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return hs_no_memory(err);
    if (!doc)
        return hs_json_bad(&j, "byte %zu: %s", why.pos, why.msg);
    hs_rc rc = parse_root(&j, yyjson_doc_get_root(doc), t);
    yyjson_doc_free(doc);
    return rc;
}

static hs_rc parse_bytes(hs_str bytes, hs_str path, struct hs_iceberg_table *t, struct hs_err *err)
{
    enum hs_codec codec = hs_codec_sniff(bytes);
    if (codec == HS_CODEC_NONE)
        return parse_text(bytes, path, t, err);
    struct hs_buf plain;
    hs_buf_init(&plain, MAX_METADATA_MIB * HS_MIB);
    hs_rc rc = hs_codec_decode(codec, bytes, &plain, err);
    if (rc == HS_OK)
        rc = parse_text(hs_buf_str(&plain), path, t, err);
    else
        hs_ignore(hs_err_note(err, "in %.*s", HS_FMT(path)));
    hs_buf_fini(&plain);
    return rc;
}

static hs_str parent_of(hs_str path)
{
    while (path.len > 1 && path.at[path.len - 1] != '/')
        path.len--;
    if (path.len > 1)
        path.len--;
    return path;
}

hs_rc hs_iceberg_parse(hs_str bytes, hs_str path, struct hs_iceberg_table **out, struct hs_err *err)
{
    struct hs_arena *arena = hs_arena_new(0);
    struct hs_iceberg_table *t = arena ? HS_NEW(arena, struct hs_iceberg_table) : NULL;
    if (!t) {
        hs_arena_free(arena);
        return hs_no_memory(err);
    }
    t->arena = arena;
    atomic_init(&t->refs, 1);
    t->path = hs_arena_str(arena, path);
    t->root = parent_of(t->path.at ? t->path : HS_S(""));
    if (hs_str_ends(t->root, HS_S("/metadata")))
        t->root = parent_of(t->root);
    hs_rc rc = t->path.at ? parse_bytes(bytes, t->path, t, err) : hs_no_memory(err);
    if (rc != HS_OK) {
        hs_arena_free(arena);
        return rc;
    }
    *out = t;
    return HS_OK;
}

struct hs_iceberg_table *hs_iceberg_ref(struct hs_iceberg_table *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

void hs_iceberg_unref(struct hs_iceberg_table *t)
{
    if (t && atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) == 1)
        hs_arena_free(t->arena);
}
