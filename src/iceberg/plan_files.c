/* Live data files to what the engine scans: where each is, what its footer says, and whether it can be read as the
 * wanted columns. Footers that are not cached are read by a few threads at once; what they say is taken in the order of
 * the files, so that a plan, and what is wrong with it, is the same each time. */
#include "iceberg/parallel.h"
#include "iceberg/plan_in.h"

enum {
    WINDOW = 1024, /* files at once: what is wrong with the first of many is told before the others are read */
    SHARE = 64,    /* a footer on disk takes a few tens of microseconds, as a thread does until it runs */
};

struct known_schema { /* what was found out about one physical schema in one partition spec */
    struct hs_footer_schema *schema;
    int spec_id;
    struct hs_projection projection;
    struct hs_constants constants;
};

struct opened {
    hs_str local;
    struct hs_footer *footer; /* NULL: not yet */
};
struct plan_files {
    struct hs_planner *p;
    const struct hs_planned *at; /* the window: its files, what is known of each, and which have to be read */
    struct opened *opened;
    size_t *missing, missing_count;
    bool waits;
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

static hs_rc take_place(struct hs_planner *p, hs_str local, struct hs_err *err)
{
    if (hs_is_pattern(local))
        return hs_refused(err, "a data file's name holds one of * ? [, which is not supported", "by the engine");
    return add_directory(p, local, err);
}

hs_rc hs_plan_place(struct hs_planner *p, hs_str written, hs_str *out_local, struct hs_err *err)
{
    HS_TRY(hs_plan_resolve(p->arena, &p->store, written, out_local, err));
    return take_place(p, *out_local, err);
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

/* ---- a window of files ---- */

/* Where it is, and what is cached of it. */
static hs_rc find_file(struct plan_files *p, size_t at, struct hs_err *err)
{
    const struct hs_entry *e = p->at[at].entry;
    struct opened *o = &p->opened[at];
    struct hs_found found;
    HS_TRY(hs_plan_find(p->p->arena, &p->p->store, e->path, &found, err));
    HS_TRY(take_place(p->p, found.name, err));
    o->local = found.name;
    if (found.known && (e->format == HS_FILE_PARQUET || e->format == HS_FILE_AVRO))
        o->footer = hs_footer_cached(found.name, &found.stamp);
    if (o->footer)
        return HS_OK;
    p->missing[p->missing_count++] = at;
    p->waits |= hs_store_is_remote(found.name);
    return HS_OK;
}

static hs_rc read_file(void *ctx, size_t at, struct hs_err *err)
{
    const struct plan_files *p = ctx;
    size_t file = p->missing[at];
    return hs_plan_footer(p->at[file].entry->format, p->opened[file].local, &p->opened[file].footer, err);
}

/* *out_done: so many are open, fewer than there are only when something failed. */
static hs_rc read_files(struct plan_files *p, size_t *out_done, struct hs_err *err)
{
    size_t done = 0;
    struct hs_parallel all = {.work = read_file, .ctx = p, .count = p->missing_count, .waits = p->waits};
    all.share = SHARE;
    all.go_on = hs_plan_go_on;
    all.go_on_ctx = p->p;
    hs_rc rc = p->missing_count ? hs_parallel_run(&all, &done, err) : HS_OK;
    if (rc != HS_OK)
        *out_done = done < p->missing_count ? p->missing[done] : 0;
    return rc;
}

static hs_rc note_file(const struct plan_files *p, size_t at, hs_rc rc, struct hs_err *err)
{
    if (rc != HS_OK)
        hs_ignore(hs_err_note(err, "data file %.*s", HS_FMT(p->at[at].entry->path)));
    return rc;
}

static hs_rc find_files(struct plan_files *p, size_t count, size_t *out_done, struct hs_err *err)
{
    hs_rc rc = HS_OK;
    p->missing_count = 0;
    p->waits = false;
    for (*out_done = 0; *out_done < count && rc == HS_OK; *out_done += rc == HS_OK)
        rc = find_file(p, *out_done, err);
    return rc;
}

/* One that cannot be found or read is told after what is wrong with those before it. */
static hs_rc add_files(struct plan_files *p, size_t count, struct hs_err *err)
{
    struct hs_err failed = {0}, *of = err ? &failed : NULL;
    size_t done;
    hs_rc rc = find_files(p, count, &done, of), read = read_files(p, &done, of);
    rc = read != HS_OK ? read : rc;
    for (size_t i = 0; i < done; i++)
        HS_TRY(note_file(p, i, add_footer(p, &p->at[i], p->opened[i].local, p->opened[i].footer, err), err));
    if (rc != HS_OK && err)
        *err = failed;
    return note_file(p, done, rc, err);
}

static hs_rc add_all(struct plan_files *p, struct hs_err *err)
{
    size_t left = p->p->data.list.len, count;
    hs_rc rc = HS_OK;
    for (p->at = p->p->data.list.at; left && rc == HS_OK; p->at += count, left -= count) {
        count = left < WINDOW ? left : WINDOW;
        memset(p->opened, 0, count * sizeof *p->opened);
        rc = hs_plan_go_on(p->p, err);
        if (rc == HS_OK)
            rc = add_files(p, count, err);
        for (size_t i = 0; i < count; i++)
            hs_footer_unref(p->opened[i].footer);
    }
    return rc;
}

hs_rc hs_plan_files(struct hs_planner *planner, struct hs_plan *out, struct hs_err *err)
{
    struct plan_files p = {.p = planner};
    size_t most = planner->data.list.len < WINDOW ? planner->data.list.len : WINDOW;
    p.opened = hs_arena_array(planner->scratch, most, sizeof *p.opened);
    p.missing = hs_arena_array(planner->scratch, most, sizeof *p.missing);
    if (!p.opened || !p.missing)
        return hs_no_memory(err);
    HS_TRY(add_all(&p, err));
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
