/* Manifest lists (spec: "Manifest Lists"; the numbers are its field ids). */
#include "base/alloc.h"
#include "iceberg/manifest_in.h"
#include "iceberg/plan_in.h"
#include "iceberg/shared_caches.h"

enum { MAX_MANIFESTS = 1000 * 1000, MAX_SUMMARIES = 1000, MAX_LIST_MIB = 256 };

enum list_id {
    ID_PATH = 500,
    ID_LENGTH = 501,
    ID_SPEC_ID = 502,
    ID_ADDED_SNAPSHOT = 503,
    ID_ADDED_FILES = 504,
    ID_EXISTING_FILES = 505,
    ID_DELETED_FILES = 506,
    ID_SUMMARIES = 507,
    ID_CONTAINS_NULL = 509,
    ID_LOWER = 510,
    ID_UPPER = 511,
    ID_SEQUENCE = 515,
    ID_MIN_SEQUENCE = 516,
    ID_CONTENT = 517,
    ID_CONTAINS_NAN = 518,
    ID_KEY = 519,
    ID_FIRST_ROW = 520,
};

hs_rc hs_member_number(const struct hs_avro_value *record, int id, bool need, int64_t fallback, int64_t *out,
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

hs_rc hs_member_text(const struct hs_avro_value *record, int id, bool need, hs_str *out, struct hs_err *err)
{
    const struct hs_avro_value *v = hs_avro_member(record, id);
    *out = (hs_str){0};
    if (!v && !need)
        return HS_OK;
    if (!v || (v->kind != HS_AVRO_STRING && v->kind != HS_AVRO_BYTES && v->kind != HS_AVRO_FIXED))
        return hs_damaged(err, "member %d is missing or not text", id);
    *out = v->s;
    return HS_OK;
}

static hs_rc keep(struct hs_arena *a, hs_str *s, struct hs_err *err)
{
    if (!s->at)
        return HS_OK;
    *s = hs_arena_str(a, *s);
    return s->at ? HS_OK : hs_no_memory(err);
}

/* A summary says what a manifest may be left out for, so one that does not say whether there are nulls says that there
 * are. */
static hs_rc summary(struct hs_arena *a, const struct hs_avro_value *row, struct hs_field_summary *out,
                     struct hs_err *err)
{
    const struct hs_avro_value *null = hs_avro_member(row, ID_CONTAINS_NULL);
    const struct hs_avro_value *nan = hs_avro_member(row, ID_CONTAINS_NAN);
    out->contains_null = !null || null->kind != HS_AVRO_BOOLEAN || null->i != 0;
    out->has_contains_nan = nan && nan->kind == HS_AVRO_BOOLEAN;
    out->contains_nan = out->has_contains_nan && nan->i != 0;
    HS_TRY(hs_member_text(row, ID_LOWER, false, &out->lower, err));
    HS_TRY(hs_member_text(row, ID_UPPER, false, &out->upper, err));
    HS_TRY(keep(a, &out->lower, err));
    return keep(a, &out->upper, err);
}

static hs_rc summaries(struct hs_arena *a, const struct hs_avro_value *row, struct hs_manifest_file *out,
                       struct hs_err *err)
{
    const struct hs_avro_value *list = hs_avro_member(row, ID_SUMMARIES);
    if (!list || list->kind != HS_AVRO_ARRAY || list->count == 0)
        return HS_OK;
    if (list->count > MAX_SUMMARIES)
        return hs_damaged(err, "%zu partition summaries", list->count);
    struct hs_field_summary *at = hs_arena_array(a, list->count, sizeof *at);
    if (!at)
        return hs_no_memory(err);
    for (size_t i = 0; i < list->count; i++)
        HS_TRY(summary(a, &list->items[i], &at[i], err));
    out->summaries = at;
    out->summary_count = list->count;
    return HS_OK;
}

static hs_rc counts(const struct hs_avro_value *row, struct hs_manifest_file *out, struct hs_err *err)
{
    HS_TRY(hs_member_number(row, ID_ADDED_FILES, false, -1, &out->added_files, err));
    HS_TRY(hs_member_number(row, ID_EXISTING_FILES, false, -1, &out->existing_files, err));
    HS_TRY(hs_member_number(row, ID_DELETED_FILES, false, -1, &out->deleted_files, err));
    HS_TRY(hs_member_number(row, ID_MIN_SEQUENCE, false, 0, &out->min_sequence_number, err));
    return hs_member_number(row, ID_FIRST_ROW, false, -1, &out->first_row_id, err);
}

/* Version 1 has neither number nor content. One of them alone, or none where the header says otherwise, is damage: a
 * default in its place would have deletes apply to other files. */
static hs_rc check_version(const struct hs_avro_value *row, int version, struct hs_err *err)
{
    bool numbered = hs_avro_member(row, ID_SEQUENCE), kind = hs_avro_member(row, ID_CONTENT);
    if (numbered != kind || (version >= 2 && !numbered))
        return hs_damaged(err, "a manifest of version %d without sequence number or content", version);
    return HS_OK;
}

static hs_rc list_row(struct hs_arena *a, const struct hs_avro_value *row, struct hs_manifest_file *out,
                      struct hs_err *err)
{
    int64_t content, spec;
    hs_str key;
    HS_TRY(hs_member_text(row, ID_PATH, true, &out->path, err));
    HS_TRY(hs_member_number(row, ID_LENGTH, false, -1, &out->length, err));
    HS_TRY(hs_member_number(row, ID_SPEC_ID, true, 0, &spec, err));
    HS_TRY(hs_member_number(row, ID_CONTENT, false, HS_MANIFEST_DATA, &content, err)); /* v1: data */
    HS_TRY(hs_member_number(row, ID_SEQUENCE, false, 0, &out->sequence_number, err));  /* v1: 0 */
    HS_TRY(hs_member_number(row, ID_ADDED_SNAPSHOT, false, -1, &out->added_snapshot_id, err));
    HS_TRY(hs_member_text(row, ID_KEY, false, &key, err));
    HS_TRY(counts(row, out, err));
    if (content != HS_MANIFEST_DATA && content != HS_MANIFEST_DELETES)
        return hs_damaged(err, "manifest content %lld", (long long)content);
    if (spec < 0 || spec > INT32_MAX)
        return hs_damaged(err, "partition spec %lld", (long long)spec);
    out->content = (enum hs_manifest_content)content;
    out->spec_id = (int)spec;
    out->has_key = key.len > 0;
    HS_TRY(summaries(a, row, out, err));
    return keep(a, &out->path, err);
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
        HS_TRY(check_version(row, hs_header_version(file), err));
        HS_TRY(list_row(a, row, m, err));
    }
}

hs_rc hs_manifest_list_read(struct hs_arena *a, hs_str bytes, struct hs_manifest_file **out, size_t *out_count,
                            struct hs_err *err)
{
    static const int wanted[] = {ID_PATH,           ID_LENGTH,        ID_SPEC_ID,   ID_ADDED_SNAPSHOT, ID_ADDED_FILES,
                                 ID_EXISTING_FILES, ID_DELETED_FILES, ID_SUMMARIES, ID_SEQUENCE,       ID_MIN_SEQUENCE,
                                 ID_CONTENT,        ID_KEY,           ID_FIRST_ROW};
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

/* ---- cached ---- */

struct counted_list {
    struct hs_manifest_list list;
    struct hs_arena *arena;
    atomic_int refs;
};

static struct counted_list *counted(const struct hs_manifest_list *l)
{
    return (struct counted_list *)(uintptr_t)l;
}

struct hs_manifest_list *hs_manifest_list_ref(const struct hs_manifest_list *l)
{
    atomic_fetch_add_explicit(&counted(l)->refs, 1, memory_order_relaxed);
    return &counted(l)->list;
}

void hs_manifest_list_unref(const struct hs_manifest_list *l)
{
    if (l && atomic_fetch_sub_explicit(&counted(l)->refs, 1, memory_order_acq_rel) == 1) {
        hs_arena_free(counted(l)->arena);
        hs_free(counted(l));
    }
}

static hs_rc parse_list(hs_str bytes, const struct hs_manifest_list **out, struct hs_err *err)
{
    struct counted_list *l = hs_calloc(1, sizeof *l);
    struct hs_manifest_file *files = NULL;
    if (!l)
        return hs_no_memory(err);
    atomic_init(&l->refs, 1);
    l->arena = hs_arena_new(0);
    hs_rc rc = l->arena ? hs_manifest_list_read(l->arena, bytes, &files, &l->list.count, err) : hs_no_memory(err);
    l->list.files = files;
    if (rc == HS_OK)
        *out = &l->list;
    else
        hs_manifest_list_unref(&l->list);
    return rc;
}

static hs_rc open_list(struct hs_arena *scratch, const struct hs_store *store, hs_str path,
                       const struct hs_manifest_list **out, struct hs_err *err)
{
    struct hs_cache *cache = hs_manifest_list_cache();
    struct hs_found found;
    hs_str bytes;
    HS_TRY(hs_plan_find(scratch, store, path, &found, err));
    if (!found.known)
        HS_TRY(hs_object_stamp(found.name, &found.stamp, err));
    *out = hs_cache_get(cache, found.name, &found.stamp);
    if (*out)
        return HS_OK;
    HS_TRY(hs_object_read(scratch, found.name, MAX_LIST_MIB * HS_MIB, &bytes, err));
    HS_TRY(parse_list(bytes, out, err));
    struct counted_list *l = counted(*out);
    hs_cache_put(cache, found.name, &found.stamp, &l->list, (int64_t)(sizeof *l + hs_arena_used(l->arena)));
    return HS_OK;
}

hs_rc hs_manifest_list_open(const struct hs_store *store, hs_str path, const struct hs_manifest_list **out,
                            struct hs_err *err)
{
    struct hs_arena *scratch = hs_arena_new(0);
    const struct hs_manifest_list *l = NULL;
    if (!scratch)
        return hs_no_memory(err);
    hs_rc rc = open_list(scratch, store, path, &l, err);
    hs_arena_free(scratch);
    if (rc == HS_OK)
        *out = l;
    else
        hs_ignore(hs_err_note(err, "manifest list %.*s", HS_FMT(path)));
    return rc;
}
