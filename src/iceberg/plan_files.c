/* Live data files to what the engine scans: where each is, what its footer says, and whether it can be read as the
 * wanted columns. */
#include "iceberg/plan_in.h"

struct known_schema { /* what was found out about one physical schema */
    struct hs_footer_schema *schema;
    struct hs_projection projection;
};

struct plan_files {
    struct hs_planner *p;
    HS_VEC(struct known_schema) known;
    HS_VEC(struct hs_data_file) files;
};

static void unref_schema(void *schema)
{
    hs_footer_schema_unref(schema);
}

/* Each physical schema is checked once; equal files share the answer. */
static hs_rc look_at_schema(struct plan_files *p, struct hs_footer_schema *schema, const struct hs_projection **out,
                            struct hs_err *err)
{
    for (size_t i = p->known.len; i > 0; i--) {
        if (p->known.at[i - 1].schema == schema) {
            *out = &p->known.at[i - 1].projection;
            return HS_OK;
        }
    }
    struct hs_projection projection;
    HS_TRY(hs_projection_make(p->p->arena, p->p->pin->table, p->p->pin->schema, p->p->wanted,
                              hs_footer_physical(schema), &projection, err));
    if (!hs_arena_defer(p->p->arena, unref_schema, hs_footer_schema_ref(schema)))
        return hs_no_memory(err);
    struct known_schema *known = hs_vec_add(p->p->scratch, &p->known);
    if (!known)
        return hs_no_memory(err);
    *known = (struct known_schema){schema, projection};
    *out = &known->projection;
    return HS_OK;
}

/* Does the file's partition state this column's value (an identity field, not null)? */
static bool in_partition(struct plan_files *p, const struct hs_planned *file, int field_id)
{
    const struct hs_partition_spec *spec = hs_table_spec(p->p->pin->table, file->spec_id);
    for (size_t i = 0; spec && i < spec->field_count && i < file->entry->partition_count; i++)
        if (spec->fields[i].transform == HS_TR_IDENTITY && spec->fields[i].source_id == field_id &&
            !file->entry->partition[i].null)
            return true;
    return false;
}

/* Spec, "Column Projection", rule 1: such a column has its value from the partition. Until we hand that value to the
 * engine, reading NULL would be wrong. Any other missing column is NULL, if it may be. */
static hs_rc check_missing(struct plan_files *p, const struct hs_planned *file, const struct hs_projection *projection,
                           struct hs_err *err)
{
    for (size_t i = 0; i < projection->missing_count; i++) {
        const struct hs_field *f = projection->missing[i];
        if (in_partition(p, file, f->id))
            return hs_refused(err, "a data file has a column only as its partition value, not supported yet",
                              "column %.*s (id %d)", HS_FMT(f->name), f->id);
        if (!hs_missing_is_known(f))
            return hs_damaged(err, "required column %.*s (id %d) is missing", HS_FMT(f->name), f->id);
    }
    return HS_OK;
}

static hs_rc add_directory(struct plan_files *p, hs_str path, struct hs_err *err)
{
    hs_str dir = path;
    while (dir.len > 1 && dir.at[dir.len - 1] != '/')
        dir.len--;
    if (dir.len > 1)
        dir.len--;
    if (hs_map_get(p->p->seen_directories, dir))
        return HS_OK;
    hs_str *slot = hs_vec_add(p->p->arena, &p->p->directories.list);
    if (!slot || !(*slot = hs_arena_str(p->p->arena, dir)).at)
        return hs_no_memory(err);
    return hs_map_put(p->p->seen_directories, dir, p, err);
}

static hs_rc add_footer(struct plan_files *p, const struct hs_planned *file, hs_str local,
                        const struct hs_footer *footer, struct hs_err *err)
{
    const struct hs_projection *projection = NULL;
    if (footer->row_count != file->entry->record_count)
        return hs_damaged(err, "%lld rows, the manifest says %lld", (long long)footer->row_count,
                          (long long)file->entry->record_count);
    HS_TRY(look_at_schema(p, footer->schema, &projection, err));
    HS_TRY(check_missing(p, file, projection, err));
    struct hs_data_file *out = hs_vec_add(p->p->arena, &p->files);
    if (!out)
        return hs_no_memory(err);
    *out = (struct hs_data_file){.path = local,
                                 .format = HS_FILE_PARQUET,
                                 .record_count = file->entry->record_count,
                                 .size_bytes = footer->size_bytes,
                                 .physical = projection->physical,
                                 .row_group_count = footer->row_group_count,
                                 .sequence_number = file->numbers.sequence_number,
                                 .first_row_id = file->numbers.first_row_id,
                                 .partition = file->partition};
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

static hs_rc open_file(struct plan_files *p, const struct hs_planned *file, struct hs_err *err)
{
    hs_str local;
    struct hs_footer *footer;
    HS_TRY(hs_plan_resolve(p->p->arena, &p->p->store, file->entry->path, &local, err));
    if (looks_like_pattern(local))
        return hs_refused(err, "a data file's name holds one of * ? [, which is not supported", "by the engine");
    HS_TRY(hs_footer_open(local, &footer, err));
    hs_rc rc = add_footer(p, file, local, footer, err);
    hs_footer_unref(footer);
    return rc;
}

static hs_rc open_file_of(struct plan_files *p, const struct hs_planned *file, struct hs_err *err)
{
    hs_rc rc = HS_OK;
    if (file->entry->format != HS_FILE_PARQUET)
        rc = hs_refused(err, "the table has data files that are not Parquet, which is not supported yet", "format %d",
                        (int)file->entry->format);
    if (rc == HS_OK)
        rc = open_file(p, file, err);
    if (rc != HS_OK)
        hs_ignore(hs_err_note(err, "data file %.*s", HS_FMT(file->entry->path)));
    return rc;
}

hs_rc hs_plan_files(struct hs_planner *planner, struct hs_plan *out, struct hs_err *err)
{
    struct plan_files p = {.p = planner};
    for (size_t i = 0; i < planner->data.list.len; i++)
        HS_TRY(open_file_of(&p, &planner->data.list.at[i], err));
    *out = (struct hs_plan){.files = p.files.at,
                            .file_count = p.files.len,
                            .directories = planner->directories.list.at,
                            .directory_count = planner->directories.list.len};
    for (size_t i = 0; i < out->file_count; i++) {
        bool over = __builtin_add_overflow(out->record_count, out->files[i].record_count, &out->record_count);
        if (over || __builtin_add_overflow(out->size_bytes, out->files[i].size_bytes, &out->size_bytes))
            return hs_damaged(err, "more rows than a number can hold");
    }
    return HS_OK;
}
