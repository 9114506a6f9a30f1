/* Equality deletes ("Scan Planning" and "Equality Delete Files" in the specification): a row is gone when a delete file
 * of a later commit holds its values in the delete's columns, NULL equal to NULL, in the same partition or in all of
 * them. One anti-join for each set of columns; the engine makes hash joins of them.
 *
 * Floating point values compare as the reference implementation compares them, which tells 0.0 from -0.0 and no NaN
 * from another: the engine's text of a value does just that. */
#include "engine/scan_print_in.h"
#include "base/alloc.h"
#include "base/damage.h"

static int64_t sequence_number(const struct hs_scan_file *file)
{
    return file->sequence_number;
}

static int64_t partition(const struct hs_scan_file *file)
{
    return file->partition;
}

/* ---- a row's values ---- */
/* Members of structs may be keys too. *out_type NULL: not there; else `out` holds the way to it. */
static void find_member(struct hs_buf *out, const struct hs_scan_group *g, const struct hs_type *physical, int id,
                        int depth, const struct hs_type **out_type)
{
    for (size_t i = 0; depth < HS_SCAN_DEPTH && i < physical->field_count && !*out_type; i++) {
        const struct hs_field *f = &physical->fields[i];
        struct hs_buf way;
        hs_buf_init(&way, HS_SCAN_TEXT);
        if (depth)
            hs_buf_addf(&way, "struct_extract_at(%.*s, %zu)", HS_FMT(hs_buf_str(out)), i + 1);
        else
            hs_scan_column_name(&way, g, i);
        if (f->id == id)
            *out_type = f->type;
        else if (f->type->id == HS_T_STRUCT)
            find_member(&way, g, f->type, id, depth + 1, out_type);
        if (*out_type) {
            hs_buf_clear(out);
            hs_buf_adds(out, hs_buf_str(&way));
            out->failed |= way.failed;
        }
        hs_buf_fini(&way);
    }
}

static bool is_top(const struct hs_scan_group *g, int id)
{
    bool found = false;
    for (size_t i = 0; i < g->physical->field_count; i++)
        found |= g->physical->fields[i].id == id;
    for (size_t i = 0; i < g->constant_count; i++)
        found |= g->constant_ids[i] == id;
    return found;
}

/* must: a delete file that lacks a column it deletes by says nothing. */
static hs_rc add_value(struct hs_buf *out, const struct hs_scan_group *g, const struct hs_field *key, bool must,
                       struct hs_err *err)
{
    if (is_top(g, key->id))
        return hs_scan_column(out, g, key, err);
    const struct hs_type *type = NULL;
    struct hs_buf way;
    hs_buf_init(&way, HS_SCAN_TEXT);
    find_member(&way, g, g->physical, key->id, 0, &type);
    hs_rc rc = hs_buf_done(&way, err);
    if (rc == HS_OK && type)
        rc = hs_scan_value(out, hs_buf_str(&way), type, key->type, 0, err);
    else if (rc == HS_OK && must)
        rc = hs_damaged(err, "an equality delete file lacks the column %d that it deletes by", key->id);
    else if (rc == HS_OK)
        rc = hs_scan_missing(out, key, err);
    hs_buf_fini(&way);
    return rc;
}

static hs_rc add_key(struct hs_buf *out, const struct hs_scan_group *g, const struct hs_field *key, bool must,
                     struct hs_err *err)
{
    bool real = key->type->id == HS_T_FLOAT || key->type->id == HS_T_DOUBLE;
    if (hs_type_is_nested(key->type->id))
        return hs_fail(err, HS_UNSUPPORTED, "equality deletes by a nested column are not supported");
    struct hs_buf value;
    hs_buf_init(&value, HS_SCAN_TEXT);
    hs_rc rc = add_value(&value, g, key, must, err);
    if (rc == HS_OK)
        rc = hs_buf_done(&value, err);
    if (rc == HS_OK && real)
        hs_buf_addf(out, "CASE WHEN isnan(%.*s) THEN 'nan' ELSE CAST(", HS_FMT(hs_buf_str(&value)));
    hs_buf_adds(out, hs_buf_str(&value));
    hs_buf_addf(out, real ? " AS VARCHAR) END AS \"k%d\"" : " AS \"k%d\"", key->id);
    hs_buf_fini(&value);
    return rc;
}

static hs_rc add_place(struct hs_buf *out, const struct hs_scan_group *g, struct hs_err *err)
{
    hs_buf_addz(out, ", ");
    HS_TRY(hs_scan_number(out, g, sequence_number, false, err));
    hs_buf_addz(out, " AS \"s\", ");
    HS_TRY(hs_scan_number(out, g, partition, false, err));
    hs_buf_addz(out, " AS \"p\"");
    return HS_OK;
}

hs_rc hs_scan_keys(struct hs_buf *out, const struct hs_scan *scan, const struct hs_scan_group *g, struct hs_err *err)
{
    for (size_t i = 0; scan->keys && i < scan->keys->field_count; i++) {
        hs_buf_addz(out, ", ");
        HS_TRY(add_key(out, g, &scan->keys->fields[i], false, err));
    }
    return add_place(out, g, err);
}

/* ---- delete files ---- */
struct deletes { /* those by one set of columns, of all partitions or of one each */
    const struct hs_scan *scan;
    const struct hs_scan_equality *first;
    bool everywhere;
    unsigned number; /* its name: "d<number>" */
};

static bool has_id(const struct hs_scan_equality *e, int id)
{
    bool found = false;
    for (size_t i = 0; i < e->id_count; i++)
        found |= e->ids[i] == id;
    return found;
}

static bool same_ids(const struct hs_scan_equality *a, const struct hs_scan_equality *b)
{
    bool same = true;
    for (size_t i = 0; i < a->id_count; i++)
        same &= has_id(b, a->ids[i]);
    for (size_t i = 0; i < b->id_count; i++)
        same &= has_id(a, b->ids[i]);
    return same;
}

static size_t count_files(const struct hs_scan_equality *e, bool everywhere)
{
    size_t n = 0;
    for (size_t i = 0; i < e->files.file_count; i++)
        n += (e->files.files[i].partition < 0) == everywhere;
    return n;
}

static const struct hs_field *key_of(const struct hs_scan *scan, int id)
{
    for (size_t i = 0; scan->keys && i < scan->keys->field_count; i++)
        if (scan->keys->fields[i].id == id)
            return &scan->keys->fields[i];
    return NULL;
}

static hs_rc add_arm(struct hs_buf *out, const struct deletes *d, const struct hs_scan_group *g, struct hs_err *err)
{
    for (size_t i = 0; i < d->first->id_count; i++) {
        const struct hs_field *key = key_of(d->scan, d->first->ids[i]);
        if (!key)
            return hs_fail_hidden(err, HS_INTERNAL, "equality deletes by column %d, which is no key", d->first->ids[i]);
        hs_buf_addz(out, i ? ", " : "SELECT ");
        HS_TRY(add_key(out, g, key, true, err));
    }
    HS_TRY(add_place(out, g, err));
    return hs_scan_from(out, g, err);
}

/* Those of the files that this join is about. */
static hs_rc add_part(struct hs_buf *out, const struct deletes *d, const struct hs_scan_equality *e, struct hs_err *err)
{
    struct hs_scan_file *files = hs_calloc(e->files.file_count, sizeof *files);
    struct hs_scan_group part = e->files;
    if (!files)
        return hs_no_memory(err);
    part.files = files;
    part.file_count = 0;
    for (size_t i = 0; i < e->files.file_count; i++)
        if ((e->files.files[i].partition < 0) == d->everywhere)
            files[part.file_count++] = e->files.files[i];
    hs_rc rc = add_arm(out, d, &part, err);
    hs_free(files);
    return rc;
}

static hs_rc add_arms(struct hs_buf *out, const struct deletes *d, struct hs_err *err)
{
    const char *between = "";
    for (size_t i = 0; i < d->scan->equality_count; i++) {
        const struct hs_scan_equality *e = &d->scan->equality[i];
        if (!same_ids(e, d->first) || !count_files(e, d->everywhere))
            continue;
        hs_buf_addz(out, between);
        HS_TRY(add_part(out, d, e, err));
        between = " UNION ALL ";
    }
    return HS_OK;
}

static void add_names(struct hs_buf *out, const struct deletes *d)
{
    for (size_t i = 0; i < d->first->id_count; i++)
        hs_buf_addf(out, "\"k%d\", ", d->first->ids[i]);
    hs_buf_addz(out, d->everywhere ? "" : "\"p\", ");
}

/* Many deletes of the same values are one, the latest: it applies wherever another does. */
static hs_rc add_join(struct hs_buf *out, const struct deletes *d, struct hs_err *err)
{
    hs_buf_addz(out, " ANTI JOIN (SELECT ");
    add_names(out, d);
    hs_buf_addz(out, "max(\"s\") AS \"s\" FROM (");
    HS_TRY(add_arms(out, d, err));
    hs_buf_addz(out, ") AS \"deletes\" GROUP BY ALL");
    hs_buf_addf(out, ") AS \"d%u\" ON ", d->number);
    for (size_t i = 0; i < d->first->id_count; i++)
        hs_buf_addf(out, "\"all\".\"k%d\" IS NOT DISTINCT FROM \"d%u\".\"k%d\" AND ", d->first->ids[i], d->number,
                    d->first->ids[i]);
    if (!d->everywhere)
        hs_buf_addf(out, "\"all\".\"p\" = \"d%u\".\"p\" AND ", d->number);
    hs_buf_addf(out, "\"all\".\"s\" < \"d%u\".\"s\"", d->number);
    return HS_OK;
}

/* Is it the first of its set that has such files? */
static bool opens(const struct hs_scan *scan, size_t i, bool everywhere)
{
    if (!count_files(&scan->equality[i], everywhere))
        return false;
    for (size_t k = 0; k < i; k++)
        if (same_ids(&scan->equality[k], &scan->equality[i]) && count_files(&scan->equality[k], everywhere))
            return false;
    return true;
}

hs_rc hs_scan_anti_joins(struct hs_buf *out, const struct hs_scan *scan, struct hs_err *err)
{
    unsigned number = 0;
    for (size_t i = 0; i < 2 * scan->equality_count; i++) {
        struct deletes d = {scan, &scan->equality[i / 2], i % 2, number};
        if (!d.first->id_count)
            return hs_damaged(err, "an equality delete file names no column");
        if (!opens(scan, i / 2, d.everywhere))
            continue;
        HS_TRY(add_join(out, &d, err));
        number++;
    }
    return HS_OK;
}
