/* What a manifest says of a delete file, held against what was read from it. A data file that was damaged gives a wrong
 * value at worst; a delete file brings rows back. Bounds may be wider than the values and cut short, never narrower
 * (specification, "Data File Fields"), so whatever lies outside is damage, in the file or in the manifest. */
#include "iceberg/deleted_in.h"
#include "iceberg/value.h"

static const struct hs_column_metrics *metrics_of(const struct hs_entry *e, int id)
{
    for (size_t i = 0; i < e->metric_count; i++)
        if (e->metrics[i].field_id == id)
            return &e->metrics[i];
    return NULL;
}

/* A Parquet file counts its rows itself, and some manifest counts too few; too many, and a damaged footer would bring
 * deleted rows back. An Avro file that was cut between two blocks looks whole, and a vector's count is what the
 * specification has it checked by. */
static hs_rc check_count(const struct hs_delete_file *f, const struct hs_entry *e, struct hs_err *err)
{
    if (f->row_count == e->record_count || (e->format == HS_FILE_PARQUET && f->row_count > e->record_count))
        return HS_OK;
    return hs_damaged(err, "%lld deleted rows, the manifest says %lld", (long long)f->row_count,
                      (long long)e->record_count);
}

/* Without scheme and authority, as paths are compared everywhere; .at == NULL where a bound was cut before its path. */
static hs_str without_place(hs_str uri)
{
    const char *scheme = uri.at ? memmem(uri.at, uri.len, "://", 3) : NULL;
    if (!scheme)
        return uri;
    size_t skipped = (size_t)(scheme + 3 - uri.at);
    const char *path = memchr(uri.at + skipped, '/', uri.len - skipped);
    return path ? hs_str_n(path, uri.len - (size_t)(path - uri.at)) : (hs_str){0};
}

/* By unsigned bytes, which for UTF-8 is by code point: an upper bound that was cut is greater than what it was cut
 * from. */
static bool below(hs_str a, hs_str b)
{
    a = without_place(a);
    b = without_place(b);
    return a.at && b.at && hs_str_cmp(a, b) < 0;
}

static hs_rc check_paths(const struct hs_delete_file *f, const struct hs_column_metrics *stated, struct hs_err *err)
{
    for (size_t i = 0; stated && i < f->count; i++) {
        hs_str path = f->of[i].path;
        if (below(path, stated->lower) || below(stated->upper, path))
            return hs_damaged(err, "deleted rows of %.*s, the manifest says from %.*s to %.*s", HS_FMT(path),
                              HS_FMT(stated->lower), HS_FMT(stated->upper));
    }
    return HS_OK;
}

static bool bound(hs_str bytes, int64_t *out)
{
    static const struct hs_type number = {.id = HS_T_LONG};
    struct hs_comparable value;
    if (!bytes.at || !hs_comparable_of_bound(&number, bytes, &value))
        return false;
    *out = value.i;
    return true;
}

static hs_rc check_positions(const struct hs_delete_file *f, const struct hs_column_metrics *stated, struct hs_err *err)
{
    int64_t least = 0, greatest = INT64_MAX;
    if (!stated)
        return HS_OK;
    bool from = bound(stated->lower, &least), to = bound(stated->upper, &greatest);
    for (size_t i = 0; (from || to) && i < f->count; i++) {
        int64_t first = hs_positions_first(f->of[i].rows), last = hs_positions_last(f->of[i].rows);
        if (first >= 0 && (first < least || last > greatest))
            return hs_damaged(err, "deleted positions from %lld to %lld, the manifest says from %lld to %lld",
                              (long long)first, (long long)last, (long long)least, (long long)greatest);
    }
    return HS_OK;
}

hs_rc hs_delete_file_agrees(const struct hs_delete_file *f, const struct hs_entry *e, struct hs_err *err)
{
    HS_TRY(check_count(f, e, err));
    if (e->format == HS_FILE_PUFFIN)
        return HS_OK;
    HS_TRY(check_paths(f, metrics_of(e, HS_ID_DELETE_PATH), err));
    return check_positions(f, metrics_of(e, HS_ID_DELETE_POS), err);
}
