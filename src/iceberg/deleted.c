/* Positions of one data file out of the delete files that apply to it. What names one file is opened for it; what a
 * partition shares is opened once in a plan and turned around, from delete file by data file to data file by delete
 * file, so that a thousand delete files cost a thousand readings and each data file one look. */
#include "iceberg/deleted_in.h"

struct row_set { /* what one shared delete file says of one data file */
    int64_t sequence_number;
    const struct hs_positions *rows;
};
struct pool {               /* of a partition */
    struct hs_paths *paths; /* struct row_set */
    size_t loaded;          /* of the shared files, from the youngest */
};
struct hs_deleted {
    struct hs_arena *arena;
    const struct hs_store *store;
    const struct hs_row_reader *reader;
    HS_VEC(struct pool) pools; /* by partition */
};

hs_rc hs_deleted_new(struct hs_arena *a, const struct hs_store *store, const struct hs_row_reader *reader,
                     struct hs_deleted **out, struct hs_err *err)
{
    struct hs_deleted *d = HS_NEW(a, struct hs_deleted);
    if (!d)
        return hs_no_memory(err);
    *d = (struct hs_deleted){.arena = a, .store = store, .reader = reader};
    *out = d;
    return HS_OK;
}

/* ---- a set that is the one there is until a second comes ---- */

struct sum {
    struct hs_positions *rows; /* one reference */
    bool own;
    int64_t sequence_number; /* of the data file */
};

static hs_rc add(struct sum *s, const struct hs_positions *rows, struct hs_err *err)
{
    if (!s->rows) {
        s->rows = hs_positions_ref((struct hs_positions *)(uintptr_t)rows);
        return HS_OK;
    }
    if (!s->own) {
        struct hs_positions *copy = hs_positions_new();
        hs_rc rc = copy ? hs_positions_merge(copy, s->rows, err) : hs_no_memory(err);
        if (rc != HS_OK) {
            hs_positions_unref(copy);
            return rc;
        }
        hs_positions_unref(s->rows);
        s->rows = copy;
        s->own = true;
    }
    return hs_positions_merge(s->rows, rows, err);
}

static hs_rc add_item(void *ctx, const void *item, struct hs_err *err)
{
    struct sum *s = ctx;
    const struct row_set *set = item;
    return set->sequence_number >= s->sequence_number ? add(s, set->rows, err) : HS_OK;
}

/* ---- what a partition shares ---- */

static void unref_file(void *f)
{
    hs_delete_file_unref(f);
}

static hs_rc load(struct hs_deleted *d, struct hs_paths *paths, const struct hs_planned *deletes, struct hs_err *err)
{
    struct hs_delete_file *f;
    HS_TRY(hs_delete_file_open(d->store, d->reader, deletes->entry, &f, err));
    if (!hs_arena_defer(d->arena, unref_file, f))
        return hs_no_memory(err);
    for (size_t i = 0; i < f->count; i++) {
        struct row_set *set = HS_NEW(d->arena, struct row_set);
        if (!set)
            return hs_no_memory(err);
        *set = (struct row_set){deletes->numbers.sequence_number, f->of[i].rows};
        HS_TRY(hs_paths_add(paths, f->of[i].path, set, err));
    }
    return HS_OK;
}

static hs_rc pool_of(struct hs_deleted *d, int partition, struct pool **out, struct hs_err *err)
{
    if (partition < 0)
        return hs_fail(err, HS_INTERNAL, "partition %d", partition);
    while (d->pools.len <= (size_t)partition)
        if (!hs_vec_add(d->arena, &d->pools))
            return hs_no_memory(err);
    struct pool *p = &d->pools.at[partition];
    if (!p->paths)
        HS_TRY(hs_paths_new(d->arena, d->store, &p->paths, err));
    *out = p;
    return HS_OK;
}

/* `shared` is a tail of the partition's files: those that another data file needed are its end, and read already. */
static hs_rc add_shared(struct hs_deleted *d, struct hs_applying shared, const struct hs_planned *data, hs_str local,
                        struct sum *s, struct hs_err *err)
{
    struct pool *p;
    if (shared.count == 0)
        return HS_OK;
    HS_TRY(pool_of(d, data->partition, &p, err));
    while (p->loaded < shared.count) {
        HS_TRY(load(d, p->paths, shared.files[shared.count - 1 - p->loaded], err));
        p->loaded++;
    }
    return hs_paths_find(p->paths, data->entry->path, local, add_item, s, err);
}

/* ---- what names the file ---- */

static hs_rc add_vector(struct hs_deleted *d, const struct hs_planned *vector, struct sum *s, struct hs_err *err)
{
    struct hs_delete_file *f;
    HS_TRY(hs_delete_file_open(d->store, d->reader, vector->entry, &f, err));
    hs_rc rc = f->count == 1 ? add(s, f->of[0].rows, err) : hs_fail(err, HS_INTERNAL, "vector of %zu", f->count);
    hs_delete_file_unref(f);
    return rc;
}

struct named {
    struct sum *sum;
    size_t found;
};

static hs_rc add_named_item(void *ctx, const void *item, struct hs_err *err)
{
    struct named *n = ctx;
    n->found++;
    return add_item(n->sum, item, err);
}

/* What says that it is of one data file has rows of no other (specification, "referenced_data_file"). */
static hs_rc add_named_rows(struct hs_arena *scratch, struct hs_deleted *d, const struct hs_delete_file *f,
                            const struct hs_entry *deletes, const struct hs_planned *data, hs_str local, struct sum *s,
                            struct hs_err *err)
{
    struct hs_paths *paths;
    struct named named = {.sum = s};
    struct row_set *sets = hs_arena_array(scratch, f->count, sizeof *sets);
    if (!sets)
        return hs_no_memory(err);
    HS_TRY(hs_paths_new(scratch, d->store, &paths, err));
    for (size_t i = 0; i < f->count; i++) {
        sets[i] = (struct row_set){INT64_MAX, f->of[i].rows};
        HS_TRY(hs_paths_add(paths, f->of[i].path, &sets[i], err));
    }
    HS_TRY(hs_paths_find(paths, data->entry->path, local, add_named_item, &named, err));
    if (deletes->referenced_file.len && named.found != f->count)
        return hs_damaged(err, "deletes of %.*s name %zu files beside it", HS_FMT(deletes->referenced_file),
                          f->count - named.found);
    return HS_OK;
}

static hs_rc add_named(struct hs_deleted *d, const struct hs_planned *deletes, const struct hs_planned *data,
                       hs_str local, struct sum *s, struct hs_err *err)
{
    struct hs_delete_file *f;
    HS_TRY(hs_delete_file_open(d->store, d->reader, deletes->entry, &f, err));
    struct hs_arena *scratch = hs_arena_new(0);
    hs_rc rc = scratch ? add_named_rows(scratch, d, f, deletes->entry, data, local, s, err) : hs_no_memory(err);
    hs_arena_free(scratch);
    hs_delete_file_unref(f);
    return rc;
}

static hs_rc add_all(struct hs_deleted *d, const struct hs_position_deletes *deletes, const struct hs_planned *data,
                     hs_str local, struct sum *s, struct hs_err *err)
{
    if (deletes->vector)
        return add_vector(d, deletes->vector, s, err);
    for (size_t i = 0; i < deletes->named.count; i++)
        HS_TRY(add_named(d, deletes->named.files[i], data, local, s, err));
    return add_shared(d, deletes->shared, data, local, s, err);
}

hs_rc hs_deleted_positions(struct hs_deleted *d, const struct hs_position_deletes *deletes,
                           const struct hs_planned *data, hs_str local, struct hs_positions **out, struct hs_err *err)
{
    struct sum s = {.sequence_number = data->numbers.sequence_number};
    hs_rc rc = add_all(d, deletes, data, local, &s, err);
    if (rc != HS_OK) {
        hs_positions_unref(s.rows);
        return rc;
    }
    *out = s.rows;
    return HS_OK;
}
