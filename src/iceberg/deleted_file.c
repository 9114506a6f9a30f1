/* One delete file to sets of positions by data file, read once and kept. A run of rows of one data file, which is how
 * they are sorted, costs one comparison of texts a row. */
#include "iceberg/deleted_in.h"
#include "base/alloc.h"
#include "iceberg/puffin.h"
#include "iceberg/shared_caches.h"

#include <stdatomic.h>
#include <stdio.h>

enum { PENDING = 1024, MAX_PATH = 4096, MAX_FILE_MIB = 1024, WEIGH_EVERY = 1 << 20 };

struct counted_file {
    struct hs_delete_file file;
    struct hs_arena *arena; /* of the paths; holds this too */
    atomic_int refs;
};

struct hs_delete_rows {
    struct hs_arena *arena;
    struct hs_map *known; /* path to index + 1 */
    HS_VEC(struct hs_deleted_rows) of;
    size_t last; /* index of the pending rows' file */
    int64_t pending[PENDING];
    size_t pending_count;
    int64_t added;
};

struct hs_delete_file *hs_delete_file_ref(struct hs_delete_file *f)
{
    atomic_fetch_add_explicit(&((struct counted_file *)f)->refs, 1, memory_order_relaxed);
    return f;
}

void hs_delete_file_unref(struct hs_delete_file *f)
{
    struct counted_file *counted = (struct counted_file *)f;
    if (!f || atomic_fetch_sub_explicit(&counted->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < f->count; i++)
        hs_positions_unref(f->of[i].rows);
    hs_arena_free(counted->arena);
}

static int64_t weight(const struct hs_deleted_rows *of, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += hs_positions_bytes(of[i].rows);
    return sum;
}

/* ---- gathering rows ---- */

static hs_rc flush(struct hs_delete_rows *to, struct hs_err *err)
{
    int64_t before = to->added;
    if (to->pending_count == 0)
        return HS_OK;
    HS_TRY(hs_positions_add(to->of.at[to->last].rows, to->pending, to->pending_count, err));
    to->added += (int64_t)to->pending_count;
    to->pending_count = 0;
    if (before / WEIGH_EVERY != to->added / WEIGH_EVERY &&
        weight(to->of.at, to->of.len) > MAX_FILE_MIB * (int64_t)HS_MIB)
        return hs_fail_hidden(err, HS_LIMIT, "a delete file's positions take more than %d MiB", MAX_FILE_MIB);
    return HS_OK;
}

static hs_rc add_path(struct hs_delete_rows *to, hs_str path, struct hs_err *err)
{
    if (path.len > MAX_PATH)
        return hs_damaged(err, "a delete file names a path of %zu bytes", path.len);
    hs_str copy = hs_arena_str(to->arena, path);
    struct hs_deleted_rows *rows = copy.at ? hs_vec_add(to->arena, &to->of) : NULL;
    if (rows)
        *rows = (struct hs_deleted_rows){copy, hs_positions_new()};
    if (!rows || !rows->rows) {
        to->of.len -= rows != NULL;
        return hs_no_memory(err);
    }
    return hs_map_put(to->known, path, (void *)(uintptr_t)to->of.len, err);
}

static hs_rc turn_to(struct hs_delete_rows *to, hs_str path, struct hs_err *err)
{
    HS_TRY(flush(to, err));
    uintptr_t index = (uintptr_t)hs_map_get(to->known, path);
    if (!index) {
        HS_TRY(add_path(to, path, err));
        index = to->of.len;
    }
    to->last = index - 1;
    return HS_OK;
}

hs_rc hs_delete_rows_add(struct hs_delete_rows *to, const hs_str *path, const int64_t *position, struct hs_err *err)
{
    if (!path && !position) /* some writers leave such rows; they delete nothing */
        return HS_OK;
    if (!path || !position || *position < 0 || *position == INT64_MAX)
        return hs_damaged(err, "a delete file's row without path or position, or with a negative one");
    if (to->of.len == 0 || !hs_str_eq(to->of.at[to->last].path, *path))
        HS_TRY(turn_to(to, *path, err));
    to->pending[to->pending_count++] = *position;
    return to->pending_count == PENDING ? flush(to, err) : HS_OK;
}

/* ---- kinds of files ---- */

static hs_rc read_vector(const struct hs_entry *e, hs_str local, struct hs_delete_rows *to, int64_t *out_rows,
                         struct hs_err *err)
{
    struct hs_positions *rows;
    HS_TRY(hs_vector_read(local, e->content_offset, e->content_len, &rows, err));
    struct hs_deleted_rows *slot = hs_vec_add(to->arena, &to->of);
    if (!slot) {
        hs_positions_unref(rows);
        return hs_no_memory(err);
    }
    *slot = (struct hs_deleted_rows){HS_S(""), rows};
    *out_rows = hs_positions_count(rows);
    return HS_OK;
}

static hs_rc read_file(const struct hs_row_reader *reader, const struct hs_entry *e, hs_str local,
                       struct hs_delete_rows *to, int64_t *out_rows, struct hs_err *err)
{
    switch (e->format) {
    case HS_FILE_PUFFIN:
        return read_vector(e, local, to, out_rows, err);
    case HS_FILE_PARQUET:
        return hs_delete_parquet(reader, local, to, out_rows, err);
    case HS_FILE_AVRO:
        return hs_delete_avro(local, to, out_rows, err);
    case HS_FILE_ORC:
        return hs_refused(err, "the table has deletes in ORC files, which are not supported", "an ORC file");
    case HS_FILE_OTHER:
        break;
    }
    return hs_refused(err, "the table has deletes in a format that is not supported", "format %d", (int)e->format);
}

static hs_rc gather(const struct hs_row_reader *reader, const struct hs_entry *e, hs_str local,
                    struct counted_file *out, struct hs_err *err)
{
    struct hs_arena *scratch = hs_arena_new(0);
    struct hs_delete_rows to = {.arena = out->arena, .known = scratch ? hs_map_new(scratch) : NULL};
    hs_rc rc = to.known ? read_file(reader, e, local, &to, &out->file.row_count, err) : hs_no_memory(err);
    if (rc == HS_OK)
        rc = flush(&to, err);
    out->file.of = to.of.at; /* after a failure too: unref frees them */
    out->file.count = to.of.len;
    hs_arena_free(scratch);
    return rc;
}

static hs_rc read_fresh(const struct hs_row_reader *reader, const struct hs_entry *e, hs_str local,
                        struct hs_delete_file **out, struct hs_err *err)
{
    struct hs_arena *a = hs_arena_new(MAX_FILE_MIB * HS_MIB);
    struct counted_file *f = a ? HS_NEW(a, struct counted_file) : NULL;
    if (!f) {
        hs_arena_free(a);
        return hs_no_memory(err);
    }
    f->arena = a;
    atomic_init(&f->refs, 1);
    hs_rc rc = gather(reader, e, local, f, err);
    if (rc == HS_OK)
        *out = &f->file;
    else
        hs_delete_file_unref(&f->file);
    return rc;
}

/* ---- by path ---- */

/* A Puffin file holds many vectors. */
static hs_rc key_of(struct hs_buf *key, const struct hs_entry *e, hs_str local, struct hs_err *err)
{
    hs_buf_adds(key, local);
    if (e->format == HS_FILE_PUFFIN)
        hs_buf_addf(key, "//%lld,%lld", (long long)e->content_offset, (long long)e->content_len);
    return hs_buf_done(key, err);
}

static hs_rc open_cached(const struct hs_row_reader *reader, const struct hs_entry *e, hs_str local, hs_str key,
                         struct hs_delete_file **out, struct hs_err *err)
{
    struct hs_stamp stamp;
    HS_TRY(hs_object_stamp(local, &stamp, err));
    struct hs_delete_file *f = hs_cache_get(hs_deleted_cache(), key, &stamp);
    if (!f) {
        HS_TRY(read_fresh(reader, e, local, &f, err));
        int64_t bytes = (int64_t)hs_arena_used(((struct counted_file *)f)->arena) + weight(f->of, f->count);
        hs_cache_put(hs_deleted_cache(), key, &stamp, f, bytes);
    }
    hs_rc rc = hs_delete_file_agrees(f, e, err);
    if (rc == HS_OK)
        *out = f;
    else
        hs_delete_file_unref(f);
    return rc;
}

static hs_rc open_in(struct hs_arena *scratch, const struct hs_store *store, const struct hs_row_reader *reader,
                     const struct hs_entry *e, struct hs_delete_file **out, struct hs_err *err)
{
    hs_str local;
    struct hs_buf key;
    HS_TRY(hs_plan_resolve(scratch, store, e->path, &local, err));
    hs_buf_init(&key, 2 * MAX_PATH);
    hs_rc rc = key_of(&key, e, local, err);
    if (rc == HS_OK)
        rc = open_cached(reader, e, local, hs_buf_str(&key), out, err);
    hs_buf_fini(&key);
    return rc;
}

hs_rc hs_delete_file_open(const struct hs_store *store, const struct hs_row_reader *reader,
                          const struct hs_entry *entry, struct hs_delete_file **out, struct hs_err *err)
{
    struct hs_arena *scratch = hs_arena_new(0);
    if (!scratch)
        return hs_no_memory(err);
    hs_rc rc = open_in(scratch, store, reader, entry, out, err);
    if (rc != HS_OK)
        hs_ignore(hs_err_note(err, "delete file %.*s", HS_FMT(entry->path)));
    hs_arena_free(scratch);
    return rc;
}
