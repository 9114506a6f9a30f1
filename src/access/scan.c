/* A plan's files as the engine's scan: files that are read alike make a group, and so do delete files. */
#include "access/access_in.h"

#include "base/damage.h"

static hs_rc scan_format(enum hs_file_format format, enum hs_scan_format *out, struct hs_err *err)
{
    if (format != HS_FILE_PARQUET && format != HS_FILE_AVRO)
        return hs_refused(err, "a data file's format is not supported", "file format %d in a plan", (int)format);
    *out = format == HS_FILE_AVRO ? HS_SCAN_AVRO : HS_SCAN_PARQUET;
    return HS_OK;
}

static bool same_ids(const int *a, size_t a_count, const int *b, size_t b_count)
{
    return a_count == b_count && (a == b || !a_count || memcmp(a, b, a_count * sizeof *a) == 0);
}

/* Room for the files of each group, once it is known how many there are; file_count then starts anew. */
static bool make_room(struct hs_arena *a, struct hs_scan_group *g)
{
    g->files = hs_arena_array(a, g->file_count, sizeof *g->files);
    g->file_count = 0;
    return g->files != NULL;
}

static void add_file(struct hs_scan_group *g, struct hs_scan_file file)
{
    ((struct hs_scan_file *)g->files)[g->file_count++] = file;
}

/* ---- data files ---- */
struct groups {
    HS_VEC(struct hs_scan_group) at;
    size_t *of; /* a file's group */
};

/* The plan shares type trees between equal files, so pointers compare. */
static size_t find_group(const struct groups *groups, const struct hs_data_file *f, enum hs_scan_format format)
{
    size_t i = groups->at.len; /* neighbours are most often alike */
    while (i > 0) {
        const struct hs_scan_group *g = &groups->at.at[i - 1];
        if (g->physical == f->physical && g->format == format &&
            same_ids(g->constant_ids, g->constant_count, f->constant_ids, f->constant_count))
            break;
        i--;
    }
    return i;
}

static hs_rc sort_files(struct hs_arena *a, const struct hs_plan *plan, struct groups *groups, struct hs_err *err)
{
    groups->of = hs_arena_array(a, plan->file_count + 1, sizeof *groups->of);
    if (!groups->of)
        return hs_no_memory(err);
    for (size_t i = 0; i < plan->file_count; i++) {
        const struct hs_data_file *f = &plan->files[i];
        enum hs_scan_format format;
        HS_TRY(scan_format(f->format, &format, err));
        size_t found = find_group(groups, f, format);
        struct hs_scan_group *g = found ? &groups->at.at[found - 1] : hs_vec_add(a, &groups->at);
        if (!g)
            return hs_no_memory(err);
        if (!found)
            *g = (struct hs_scan_group){.format = format,
                                        .physical = f->physical,
                                        .constant_ids = f->constant_ids,
                                        .constant_count = f->constant_count};
        groups->of[i] = (size_t)(g - groups->at.at);
        g->file_count++;
    }
    return HS_OK;
}

/* All of it in the first group, and next to nothing in the others. */
static void tell_rows(struct groups *groups, int64_t rows)
{
    int64_t others = groups->at.len ? (int64_t)groups->at.len - 1 : 0;
    for (size_t i = 0; i < groups->at.len; i++)
        groups->at.at[i].told_rows = i || rows <= others ? 1 : rows - others;
}

static hs_rc add_files(struct hs_arena *a, const struct hs_plan *plan, struct hs_scan *scan, struct hs_err *err)
{
    struct groups groups = {0};
    HS_TRY(sort_files(a, plan, &groups, err));
    for (size_t i = 0; i < groups.at.len; i++)
        if (!make_room(a, &groups.at.at[i]))
            return hs_no_memory(err);
    for (size_t i = 0; i < plan->file_count; i++) {
        const struct hs_data_file *f = &plan->files[i];
        add_file(&groups.at.at[groups.of[i]], (struct hs_scan_file){.path = f->path,
                                                                    .sequence_number = f->sequence_number,
                                                                    .partition = f->partition,
                                                                    .first_row_id = f->first_row_id,
                                                                    .record_count = f->record_count,
                                                                    .gone = f->gone,
                                                                    .constants = f->constants});
    }
    if (plan->estimate_is_fixed)
        tell_rows(&groups, plan->record_estimate);
    scan->groups = groups.at.at;
    scan->group_count = groups.at.len;
    return HS_OK;
}

/* ---- equality deletes ---- */
static bool read_alike(const struct hs_equality_delete *a, const struct hs_equality_delete *b)
{
    return a->physical == b->physical && a->format == b->format && same_ids(a->ids, a->id_count, b->ids, b->id_count);
}

/* The first of those that are read like this one. */
static size_t first_alike(const struct hs_plan *plan, size_t i)
{
    size_t k = 0;
    while (!read_alike(&plan->equality[k], &plan->equality[i]))
        k++;
    return k;
}

static hs_rc add_equality(struct hs_arena *a, const struct hs_plan *plan, size_t first, const size_t *of,
                          struct hs_scan_equality *out, struct hs_err *err)
{
    const struct hs_equality_delete *like = &plan->equality[first];
    *out = (struct hs_scan_equality){.files.physical = like->physical, .ids = like->ids, .id_count = like->id_count};
    HS_TRY(scan_format(like->format, &out->files.format, err));
    for (size_t i = first; i < plan->equality_count; i++)
        out->files.file_count += of[i] == first;
    if (!make_room(a, &out->files))
        return hs_no_memory(err);
    for (size_t i = first; i < plan->equality_count; i++) {
        const struct hs_equality_delete *e = &plan->equality[i];
        if (of[i] == first)
            add_file(&out->files, (struct hs_scan_file){.path = e->path,
                                                        .sequence_number = e->sequence_number,
                                                        .partition = e->partition,
                                                        .record_count = e->record_count,
                                                        .first_row_id = -1});
    }
    return HS_OK;
}

static hs_rc add_deletes(struct hs_arena *a, const struct hs_plan *plan, struct hs_scan *scan, struct hs_err *err)
{
    struct hs_scan_equality *at = hs_arena_array(a, plan->equality_count + 1, sizeof *at);
    size_t *of = hs_arena_array(a, plan->equality_count + 1, sizeof *of), count = 0;
    if (!at || !of)
        return hs_no_memory(err);
    for (size_t i = 0; i < plan->equality_count; i++)
        of[i] = first_alike(plan, i);
    for (size_t i = 0; i < plan->equality_count; i++)
        if (of[i] == i)
            HS_TRY(add_equality(a, plan, i, of, &at[count++], err));
    scan->equality = at;
    scan->equality_count = count;
    scan->keys = plan->keys;
    return HS_OK;
}

hs_rc hs_scan_of_plan(struct hs_arena *a, const struct hs_plan *plan, struct hs_scan *scan, struct hs_err *err)
{
    HS_TRY(add_files(a, plan, scan, err));
    HS_TRY(add_deletes(a, plan, scan, err));
    scan->estimate_is_fixed = plan->estimate_is_fixed;
    scan->row_count_estimate = plan->estimate_is_fixed ? plan->record_estimate : plan->record_count;
    return HS_OK;
}
