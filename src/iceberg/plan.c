/* From a pinned snapshot to the files that hold its rows (spec: "Scan Planning"). Nothing is pruned yet: every live
 * data file is named, and what we cannot read rightly stops the plan. */
#include "iceberg/damage.h"
#include "iceberg/iceberg.h"
#include "iceberg/manifest.h"
#include "iceberg/projection.h"

enum { MAX_AVRO_MIB = 256, MAX_FILES = 10 * 1000 * 1000 };

struct live_file {
    hs_str path;
    int64_t record_count;
    int *identity_ids; /* source columns of identity partition fields that are not null here */
    size_t identity_count;
};

struct known_schema { /* what was found out about one physical schema */
    struct hs_footer_schema *schema;
    struct hs_projection projection;
};

struct planner {
    struct hs_arena *arena;   /* of the request: what the plan keeps */
    struct hs_arena *scratch; /* of this call */
    struct hs_store store;
    const struct hs_pin *pin;
    const struct hs_type *wanted;
    HS_VEC(struct live_file) live;
    HS_VEC(struct known_schema) known;
    HS_VEC(struct hs_data_file) files;
    HS_VEC(hs_str) directories;
    struct hs_map *seen_directories;
    int64_t oldest_data, newest_position_delete, newest_equality_delete; /* sequence numbers */
    size_t delete_files, deletion_vectors;
};

/* To whoever asks, a table with a hole is damaged; "not found" would speak of the table. */
static hs_rc missing_is_damage(hs_rc rc, struct hs_err *err)
{
    if (rc != HS_NOT_FOUND)
        return rc;
    if (!err)
        return HS_CORRUPT;
    struct hs_err first = *err;
    rc = hs_fail_hidden(err, HS_CORRUPT, "%s", first.detail);
    hs_ignore(hs_err_show(err, "a file of the table is missing"));
    return rc;
}

static hs_rc read_object(struct planner *p, struct hs_arena *a, hs_str path, hs_str *out, struct hs_err *err)
{
    hs_str local;
    HS_TRY(missing_is_damage(hs_store_resolve(a, &p->store, path, &local, err), err));
    return hs_object_read(a, local, MAX_AVRO_MIB * HS_MIB, out, err);
}

/* ---- entries ---- */

static const struct hs_partition_spec *spec_of(struct planner *p, int id)
{
    return hs_table_spec(p->pin->table, id);
}

/* Which columns does this file have in its partition alone, should they be missing inside? */
static hs_rc note_identity(struct planner *p, const struct hs_manifest_entry *e, struct live_file *file,
                           struct hs_err *err)
{
    const struct hs_partition_spec *spec = spec_of(p, e->spec_id);
    if (!spec)
        return hs_damaged(err, "partition spec %d is missing", e->spec_id);
    file->identity_ids = hs_arena_array(p->scratch, spec->field_count + 1, sizeof *file->identity_ids);
    if (!file->identity_ids)
        return hs_no_memory(err);
    for (size_t i = 0; i < spec->field_count; i++) {
        const struct hs_partition_field *f = &spec->fields[i];
        if (f->transform == HS_TR_IDENTITY && hs_avro_member(e->partition, f->field_id))
            file->identity_ids[file->identity_count++] = f->source_id;
    }
    return HS_OK;
}

static hs_rc add_data(struct planner *p, const struct hs_manifest_entry *e, struct hs_err *err)
{
    if (!hs_str_eq_nocase(e->format, HS_S("parquet")))
        return hs_refused(err, "the table has data files that are not Parquet, which is not supported yet",
                          "%.*s file %.*s", HS_FMT(e->format), HS_FMT(e->path));
    if (p->live.len >= MAX_FILES)
        return hs_fail_hidden(err, HS_LIMIT, "more than %d data files", MAX_FILES);
    struct live_file *file = hs_vec_add(p->scratch, &p->live);
    if (!file)
        return hs_no_memory(err);
    file->path = hs_arena_str(p->scratch, e->path);
    file->record_count = e->record_count;
    if (!file->path.at)
        return hs_no_memory(err);
    if (e->sequence_number < p->oldest_data)
        p->oldest_data = e->sequence_number;
    return note_identity(p, e, file, err);
}

static void add_delete(struct planner *p, const struct hs_manifest_entry *e)
{
    int64_t *newest =
        e->content == HS_CONTENT_EQUALITY_DELETES ? &p->newest_equality_delete : &p->newest_position_delete;
    if (e->sequence_number > *newest)
        *newest = e->sequence_number;
    p->delete_files++;
    p->deletion_vectors += e->deletion_vector;
}

static hs_rc on_entry(void *ctx, const struct hs_manifest_entry *e, struct hs_err *err)
{
    struct planner *p = ctx;
    if (e->content == HS_CONTENT_DATA)
        return add_data(p, e, err);
    add_delete(p, e);
    return HS_OK;
}

/* Spec, "Scan Planning": a position delete applies to data of its own or an older sequence number, an equality delete
 * only to older data. Partitions and paths, which narrow this further, come with applying deletes. */
static hs_rc refuse_deletes(struct planner *p, struct hs_err *err)
{
    if (p->live.len == 0 || p->delete_files == 0)
        return HS_OK;
    if (p->oldest_data > p->newest_position_delete && p->oldest_data >= p->newest_equality_delete)
        return HS_OK;
    return hs_refused(err, "the table has row-level deletes, which are not supported yet",
                      "%zu delete files, %zu of them deletion vectors", p->delete_files, p->deletion_vectors);
}

/* ---- manifests ---- */

static hs_rc read_manifest(struct planner *p, const struct hs_manifest_file *m, struct hs_err *err)
{
    struct hs_arena *a = hs_arena_new(0);
    hs_str bytes;
    if (!a)
        return hs_no_memory(err);
    hs_rc rc = read_object(p, a, m->path, &bytes, err);
    if (rc == HS_OK)
        rc = hs_manifest_read(bytes, m, on_entry, p, err);
    if (rc != HS_OK)
        hs_ignore(hs_err_note(err, "manifest %.*s", HS_FMT(m->path)));
    hs_arena_free(a);
    return rc;
}

static hs_rc inline_manifests(struct planner *p, const struct hs_snapshot *s, struct hs_manifest_file **out,
                              size_t *out_count, struct hs_err *err)
{
    struct hs_manifest_file *list = hs_arena_array(p->scratch, s->manifest_count + 1, sizeof *list);
    if (!list)
        return hs_no_memory(err);
    for (size_t i = 0; i < s->manifest_count; i++)
        list[i] = (struct hs_manifest_file){s->manifests[i], -1, -1, HS_MANIFEST_DATA, 0, s->id};
    *out = list;
    *out_count = s->manifest_count;
    return HS_OK;
}

static hs_rc list_manifests(struct planner *p, const struct hs_snapshot *s, struct hs_manifest_file **out,
                            size_t *out_count, struct hs_err *err)
{
    hs_str bytes;
    if (s->manifest_list.len == 0)
        return inline_manifests(p, s, out, out_count, err);
    hs_rc rc = read_object(p, p->scratch, s->manifest_list, &bytes, err);
    if (rc == HS_OK)
        rc = hs_manifest_list_read(p->scratch, bytes, out, out_count, err);
    if (rc != HS_OK)
        hs_ignore(hs_err_note(err, "manifest list %.*s", HS_FMT(s->manifest_list)));
    return rc;
}

static hs_rc collect(struct planner *p, const struct hs_snapshot *s, struct hs_err *err)
{
    struct hs_manifest_file *manifests;
    size_t count;
    HS_TRY(list_manifests(p, s, &manifests, &count, err));
    for (size_t i = 0; i < count; i++)
        HS_TRY(read_manifest(p, &manifests[i], err));
    return refuse_deletes(p, err);
}

/* ---- files ---- */

static void unref_schema(void *schema)
{
    hs_footer_schema_unref(schema);
}

/* Each physical schema is checked once; equal files share the answer. */
static hs_rc look_at_schema(struct planner *p, struct hs_footer_schema *schema, const struct hs_projection **out,
                            struct hs_err *err)
{
    for (size_t i = p->known.len; i > 0; i--) {
        if (p->known.at[i - 1].schema == schema) {
            *out = &p->known.at[i - 1].projection;
            return HS_OK;
        }
    }
    struct hs_projection projection;
    HS_TRY(hs_projection_make(p->arena, p->pin->table, p->pin->schema, p->wanted, hs_footer_physical(schema),
                              &projection, err));
    if (!hs_arena_defer(p->arena, unref_schema, hs_footer_schema_ref(schema)))
        return hs_no_memory(err);
    struct known_schema *known = hs_vec_add(p->scratch, &p->known);
    if (!known)
        return hs_no_memory(err);
    *known = (struct known_schema){schema, projection};
    *out = &known->projection;
    return HS_OK;
}

/* Spec, "Column Projection", rule 1: such a column has its value from the partition. Until we hand that value to the
 * engine, reading NULL would be wrong. Any other missing column is NULL, if it may be. */
static hs_rc check_missing(const struct live_file *file, const struct hs_projection *projection, struct hs_err *err)
{
    for (size_t i = 0; i < projection->missing_count; i++) {
        const struct hs_field *f = projection->missing[i];
        for (size_t k = 0; k < file->identity_count; k++)
            if (file->identity_ids[k] == f->id)
                return hs_refused(err, "a data file has a column only as its partition value, not supported yet",
                                  "column %.*s (id %d)", HS_FMT(f->name), f->id);
        if (!hs_missing_is_known(f))
            return hs_damaged(err, "required column %.*s (id %d) is missing", HS_FMT(f->name), f->id);
    }
    return HS_OK;
}

static hs_rc add_directory(struct planner *p, hs_str path, struct hs_err *err)
{
    hs_str dir = path;
    while (dir.len > 1 && dir.at[dir.len - 1] != '/')
        dir.len--;
    if (dir.len > 1)
        dir.len--;
    if (hs_map_get(p->seen_directories, dir))
        return HS_OK;
    hs_str *slot = hs_vec_add(p->arena, &p->directories);
    if (!slot || !(*slot = hs_arena_str(p->arena, dir)).at)
        return hs_no_memory(err);
    return hs_map_put(p->seen_directories, dir, p, err);
}

static hs_rc add_footer(struct planner *p, const struct live_file *file, hs_str local, const struct hs_footer *footer,
                        struct hs_err *err)
{
    const struct hs_projection *projection = NULL;
    if (footer->row_count != file->record_count)
        return hs_damaged(err, "%lld rows, the manifest says %lld", (long long)footer->row_count,
                          (long long)file->record_count);
    HS_TRY(look_at_schema(p, footer->schema, &projection, err));
    HS_TRY(check_missing(file, projection, err));
    struct hs_data_file *out = hs_vec_add(p->arena, &p->files);
    if (!out)
        return hs_no_memory(err);
    *out = (struct hs_data_file){.path = local,
                                 .format = HS_FILE_PARQUET,
                                 .record_count = file->record_count,
                                 .size_bytes = footer->size_bytes,
                                 .physical = projection->physical,
                                 .row_group_count = footer->row_group_count,
                                 .first_row_id = -1};
    return add_directory(p, local, err);
}

/* The engine expands these in file names, and would then read other files than the one we mean. */
static bool looks_like_pattern(hs_str path)
{
    for (size_t i = 0; i < path.len; i++)
        if (path.at[i] == '*' || path.at[i] == '?' || path.at[i] == '[')
            return true;
    return false;
}

static hs_rc open_file(struct planner *p, const struct live_file *file, struct hs_err *err)
{
    hs_str local;
    struct hs_footer *footer;
    HS_TRY(missing_is_damage(hs_store_resolve(p->arena, &p->store, file->path, &local, err), err));
    if (looks_like_pattern(local))
        return hs_refused(err, "a data file's name holds one of * ? [, which is not supported", "by the engine");
    HS_TRY(hs_footer_open(local, &footer, err));
    hs_rc rc = add_footer(p, file, local, footer, err);
    hs_footer_unref(footer);
    return rc;
}

static hs_rc open_files(struct planner *p, struct hs_plan *out, struct hs_err *err)
{
    for (size_t i = 0; i < p->live.len; i++) {
        hs_rc rc = open_file(p, &p->live.at[i], err);
        if (rc != HS_OK) {
            hs_ignore(hs_err_note(err, "data file %.*s", HS_FMT(p->live.at[i].path)));
            return rc;
        }
    }
    *out = (struct hs_plan){.files = p->files.at,
                            .file_count = p->files.len,
                            .directories = p->directories.at,
                            .directory_count = p->directories.len};
    for (size_t i = 0; i < out->file_count; i++) {
        bool over = __builtin_add_overflow(out->record_count, out->files[i].record_count, &out->record_count);
        out->size_bytes += out->files[i].size_bytes;
        if (over)
            return hs_damaged(err, "more rows than a number can hold");
    }
    return HS_OK;
}

static hs_rc check_wanted(const struct hs_type *wanted, struct hs_err *err)
{
    for (size_t i = 0; i < wanted->field_count; i++) {
        const char *why = hs_iceberg_unreadable(&wanted->fields[i]);
        if (why)
            return hs_refused(err, why, "column %.*s (id %d)", HS_FMT(wanted->fields[i].name), wanted->fields[i].id);
    }
    return HS_OK;
}

static hs_rc run(struct planner *p, struct hs_plan *out, struct hs_err *err)
{
    HS_TRY(check_wanted(p->wanted, err));
    if (p->pin->empty) {
        *out = (struct hs_plan){0};
        return HS_OK;
    }
    const struct hs_snapshot *s = hs_table_snapshot(p->pin->table, p->pin->snapshot_id);
    if (!s)
        return hs_fail(err, HS_NOT_FOUND, "snapshot %lld is not in the table", (long long)p->pin->snapshot_id);
    p->scratch = hs_arena_new(0);
    p->seen_directories = p->scratch ? hs_map_new(p->scratch) : NULL;
    if (!p->seen_directories)
        return hs_no_memory(err);
    HS_TRY(collect(p, s, err));
    return open_files(p, out, err);
}

hs_rc hs_iceberg_plan(struct hs_arena *a, const struct hs_plan_request *request, struct hs_plan *out,
                      struct hs_err *err)
{
    const struct hs_pin *pin = request->pin;
    struct planner p = {.arena = a, .store = *request->store, .pin = pin, .oldest_data = INT64_MAX};
    p.wanted = request->wanted ? request->wanted : pin->schema;
    p.newest_position_delete = p.newest_equality_delete = -1;
    p.store.root = pin->table->root;
    if (p.store.fallback_from.len == 0)
        p.store.fallback_from = pin->table->location;
    struct hs_plan plan;
    hs_rc rc = run(&p, &plan, err);
    if (rc == HS_OK)
        *out = plan;
    else
        hs_ignore(hs_err_note(err, "table %.*s", HS_FMT(pin->table->path)));
    hs_arena_free(p.scratch);
    return rc;
}
