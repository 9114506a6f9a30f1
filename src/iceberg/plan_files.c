/* Live data files to what the engine scans: where each is, what its footer says, and whether it can be read as the
 * wanted columns. */
#include "iceberg/plan_in.h"

struct known_schema { /* what was found out about one physical schema in one partition spec */
    struct hs_footer_schema *schema;
    int spec_id;
    struct hs_projection projection;
    struct hs_constants constants;
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

static const struct known_schema *known_of(struct plan_files *p, const struct hs_footer_schema *schema, int spec_id)
{
    for (size_t i = p->known.len; i > 0; i--)
        if (p->known.at[i - 1].schema == schema && p->known.at[i - 1].spec_id == spec_id)
            return &p->known.at[i - 1];
    return NULL;
}

/* Each physical schema is checked once; equal files share the answer. */
static hs_rc look_at_schema(struct plan_files *p, struct hs_footer_schema *schema, int spec_id,
                            const struct known_schema **out, struct hs_err *err)
{
    struct known_schema found = {.schema = schema, .spec_id = spec_id};
    *out = known_of(p, schema, spec_id);
    if (*out)
        return HS_OK;
    HS_TRY(hs_projection_make(p->p->arena, p->p->pin, hs_table_spec(p->p->pin->table, spec_id), p->p->wanted,
                              hs_footer_physical(schema), &found.projection, err));
    HS_TRY(hs_constants_find(p->p, &found.projection, spec_id, &found.constants, err));
    if (!hs_arena_defer(p->p->arena, unref_schema, hs_footer_schema_ref(schema)))
        return hs_no_memory(err);
    struct known_schema *known = hs_vec_add(p->p->scratch, &p->known);
    if (!known)
        return hs_no_memory(err);
    *known = found;
    *out = known;
    return HS_OK;
}

static hs_rc add_directory(struct hs_planner *p, hs_str path, struct hs_err *err)
{
    hs_str dir = path;
    while (dir.len > 1 && dir.at[dir.len - 1] != '/')
        dir.len--;
    if (dir.len > 1)
        dir.len--;
    if (hs_map_get(p->seen_directories, dir))
        return HS_OK;
    hs_str *slot = hs_vec_add(p->arena, &p->directories.list);
    if (!slot || !(*slot = hs_arena_str(p->arena, dir)).at)
        return hs_no_memory(err);
    return hs_map_put(p->seen_directories, dir, p, err);
}

/* The engine expands these in file names, and would then read other files than the one we mean. */
bool hs_is_pattern(hs_str local)
{
    for (size_t i = 0; i < local.len; i++)
        if (local.at[i] == '*' || local.at[i] == '?' || local.at[i] == '[')
            return true;
    return false;
}

hs_rc hs_plan_place(struct hs_planner *p, hs_str written, hs_str *out_local, struct hs_err *err)
{
    hs_str local;
    HS_TRY(hs_plan_resolve(p->arena, &p->store, written, &local, err));
    if (hs_is_pattern(local))
        return hs_refused(err, "a data file's name holds one of * ? [, which is not supported", "by the engine");
    *out_local = local;
    return add_directory(p, local, err);
}

static hs_rc add_footer(struct plan_files *p, const struct hs_planned *file, hs_str local,
                        const struct hs_footer *footer, struct hs_err *err)
{
    const struct known_schema *known = NULL;
    const struct hs_param *constants = NULL;
    if (footer->row_count >= 0 && footer->row_count != file->entry->record_count)
        return hs_damaged(err, "%lld rows, the manifest says %lld", (long long)footer->row_count,
                          (long long)file->entry->record_count);
    HS_TRY(look_at_schema(p, footer->schema, file->spec_id, &known, err));
    if (known->constants.count)
        HS_TRY(hs_constants_read(p->p, &known->constants, file, &constants, err));
    struct hs_data_file *out = hs_vec_add(p->p->arena, &p->files);
    int64_t *splits = hs_arena_array(p->p->arena, file->entry->split_count, sizeof *splits);
    if (!out || !splits)
        return hs_no_memory(err);
    if (file->entry->split_count)
        memcpy(splits, file->entry->split_offsets, file->entry->split_count * sizeof *splits);
    *out = (struct hs_data_file){.path = local,
                                 .format = file->entry->format,
                                 .record_count = file->entry->record_count,
                                 .size_bytes = footer->size_bytes,
                                 .physical = known->projection.physical,
                                 .row_group_count = footer->row_group_count,
                                 .split_offsets = splits,
                                 .split_count = file->entry->split_count,
                                 .sequence_number = file->numbers.sequence_number,
                                 .first_row_id = file->numbers.first_row_id,
                                 .partition = file->partition,
                                 .constant_ids = known->constants.ids,
                                 .constants = constants,
                                 .constant_count = known->constants.count};
    return HS_OK;
}

hs_rc hs_plan_footer(enum hs_file_format format, hs_str local, struct hs_footer **out, struct hs_err *err)
{
    switch (format) {
    case HS_FILE_PARQUET:
        return hs_footer_open(local, out, err);
    case HS_FILE_AVRO:
        return hs_avro_header_open(local, out, err);
    case HS_FILE_ORC:
        return hs_refused(err, "the table has ORC files, which are not supported: rewrite them as Parquet",
                          "doc/adr/0008-orc-refused.md");
    case HS_FILE_PUFFIN:
    case HS_FILE_OTHER:
        break;
    }
    return hs_refused(err, "the table has files of a format that is not supported", "format %d", (int)format);
}

static hs_rc open_file(struct plan_files *p, const struct hs_planned *file, struct hs_err *err)
{
    hs_str local;
    struct hs_footer *footer;
    HS_TRY(hs_plan_place(p->p, file->entry->path, &local, err));
    HS_TRY(hs_plan_footer(file->entry->format, local, &footer, err));
    hs_rc rc = add_footer(p, file, local, footer, err);
    hs_footer_unref(footer);
    return rc;
}

static hs_rc open_file_of(struct plan_files *p, const struct hs_planned *file, struct hs_err *err)
{
    hs_rc rc = open_file(p, file, err);
    if (rc != HS_OK)
        hs_ignore(hs_err_note(err, "data file %.*s", HS_FMT(file->entry->path)));
    return rc;
}

hs_rc hs_plan_files(struct hs_planner *planner, struct hs_plan *out, struct hs_err *err)
{
    struct plan_files p = {.p = planner};
    for (size_t i = 0; i < planner->data.list.len; i++)
        HS_TRY(open_file_of(&p, &planner->data.list.at[i], err));
    out->files = p.files.at;
    out->file_count = p.files.len;
    out->directories = planner->directories.list.at;
    out->directory_count = planner->directories.list.len;
    for (size_t i = 0; i < out->file_count; i++) {
        bool over = __builtin_add_overflow(out->record_count, out->files[i].record_count, &out->record_count);
        if (over || __builtin_add_overflow(out->size_bytes, out->files[i].size_bytes, &out->size_bytes))
            return hs_damaged(err, "more rows than a number can hold");
    }
    return HS_OK;
}
