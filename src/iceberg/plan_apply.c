/* Deletes into a plan: the index over them, what it says of each data file, and the positions that this takes away. */
#include "iceberg/plan_in.h"

static hs_rc fill_index(struct hs_planner *p, struct hs_delete_index **out, struct hs_err *err)
{
    struct hs_delete_index *x;
    HS_TRY(hs_delete_index_new(p->scratch, p->pin->table, &p->store, &x, err));
    for (size_t i = 0; i < p->deletes.list.len; i++)
        HS_TRY(hs_delete_index_add(x, &p->deletes.list.at[i], err));
    hs_delete_index_ready(x);
    for (size_t i = 0; i < p->data.list.len; i++)
        HS_TRY(hs_delete_index_equality(x, &p->data.list.at[i], err));
    *out = x;
    return HS_OK;
}

hs_rc hs_plan_deletes(struct hs_planner *p, struct hs_plan *out, struct hs_err *err)
{
    struct hs_applying equality;
    p->index = NULL;
    if (p->deletes.list.len == 0 || p->data.list.len == 0)
        return HS_OK;
    HS_TRY(fill_index(p, &p->index, err));
    HS_TRY(hs_delete_index_marked(p->index, &equality, err));
    return hs_plan_equality(p, &equality, out, err);
}

static void unref_positions(void *p)
{
    hs_positions_unref(p);
}

static hs_rc file_gone(struct hs_planner *p, struct hs_deleted *deleted, const struct hs_planned *data,
                       struct hs_data_file *file, struct hs_err *err)
{
    struct hs_position_deletes deletes;
    struct hs_positions *gone;
    HS_TRY(hs_delete_index_positions(p->index, data, file->path, &deletes, err));
    HS_TRY(hs_deleted_positions(deleted, &deletes, data, file->path, &gone, err));
    if (gone && hs_positions_last(gone) >= data->entry->record_count) {
        int64_t last = hs_positions_last(gone);
        hs_positions_unref(gone);
        return hs_damaged(err, "position %lld is deleted, of %lld rows", (long long)last,
                          (long long)data->entry->record_count);
    }
    if (gone && !hs_arena_defer(p->arena, unref_positions, gone))
        return hs_no_memory(err);
    file->gone = gone;
    return HS_OK;
}

hs_rc hs_plan_gone(struct hs_planner *p, struct hs_plan *out, struct hs_err *err)
{
    struct hs_deleted *deleted;
    if (!p->index)
        return HS_OK;
    if (out->file_count != p->data.list.len)
        return hs_fail(err, HS_INTERNAL, "%zu files planned of %zu", out->file_count, p->data.list.len);
    HS_TRY(hs_deleted_new(p->scratch, &p->store, p->request->reader, &deleted, err));
    for (size_t i = 0; i < out->file_count; i++) {
        hs_rc rc = file_gone(p, deleted, &p->data.list.at[i], &out->files[i], err);
        if (rc != HS_OK) {
            hs_ignore(hs_err_note(err, "data file %.*s", HS_FMT(p->data.list.at[i].entry->path)));
            return rc;
        }
    }
    return HS_OK;
}
