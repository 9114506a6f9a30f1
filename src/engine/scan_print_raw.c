/* The raw layer of a scan: the files of each group projected by field id to columns "f<id>" of the table's types,
 * without the rows that row-level deletes take away. All of it is below the fence.
 *
 * What a file does not hold, but its partition or the table's metadata say of it, is a list with a value for each file,
 * looked up by the ordinal of the file that the engine gives with every row. */
#include "engine/scan_print_in.h"
#include "engine/gone.h"
#include "engine/message.h"

#include <ctype.h>

/* Field ids that the format reserves for row lineage. */
enum { ROW_ID = 2147483540, LAST_UPDATED = 2147483539 };
enum { MARKS = 8192 };

static const char file_index[] = "file_index", row_number[] = "file_row_number";

static bool is_place(hs_str name)
{
    return hs_str_eq_nocase(name, hs_str_of(file_index)) || hs_str_eq_nocase(name, hs_str_of(row_number));
}

static unsigned mark_of(hs_str name)
{
    unsigned hash = 2166136261u;
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned)tolower((unsigned char)name.at[i])) * 16777619u;
    return hash % MARKS;
}

/* Asked for every column, and tables may have thousands: only names with a mark that was seen are compared. */
static bool is_plain(const struct hs_type *physical)
{
    uint8_t seen[MARKS / 8] = {0};
    for (size_t i = 0; i < physical->field_count; i++) {
        unsigned mark = mark_of(physical->fields[i].name);
        bool again = seen[mark / 8] >> (mark % 8) & 1;
        seen[mark / 8] |= (uint8_t)(1 << (mark % 8));
        if (is_place(physical->fields[i].name))
            return false;
        for (size_t k = 0; again && k < i; k++)
            if (hs_str_eq_nocase(physical->fields[i].name, physical->fields[k].name))
                return false;
    }
    return true;
}

/* The engine finds a file's columns without regard to case and calls the second of two that differ in nothing else by a
 * name of its own making; one that is called as the engine calls a row's place hides it. Where a file has such columns,
 * all of them get names by their places, "c1" and so on. */
static bool by_place(const struct hs_scan_group *g)
{
    return !is_plain(g->physical);
}

void hs_scan_column_name(struct hs_buf *out, const struct hs_scan_group *g, size_t at)
{
    if (by_place(g))
        hs_buf_addf(out, "\"c%zu\"", at + 1);
    else
        hs_buf_add_sql_name(out, g->physical->fields[at].name);
}

static void name_columns(struct hs_buf *out, const struct hs_scan_group *g)
{
    for (size_t i = 0; i < g->physical->field_count; i++)
        hs_buf_addf(out, "%s\"c%zu\"", i ? ", " : " AS \"file\"(", i + 1);
    if (g->format == HS_SCAN_AVRO) /* there a row's place is in ordinary columns, the last two */
        hs_buf_addf(out, ", \"%s\", \"%s\"", file_index, row_number);
    hs_buf_addc(out, ')');
}

/* ---- files ---- */
/* A listed path is still a pattern to the engine, and a pattern would make it list directories. */
static hs_rc add_paths(struct hs_buf *out, const struct hs_scan_group *g, struct hs_err *err)
{
    hs_buf_addc(out, '[');
    for (size_t i = 0; i < g->file_count; i++) {
        hs_str path = g->files[i].path;
        if (!path.len || memchr(path.at, '*', path.len) || memchr(path.at, '?', path.len) ||
            memchr(path.at, '[', path.len) || memchr(path.at, 0, path.len))
            return hs_fail(err, HS_UNSUPPORTED, "a data file's name holds one of * ? [ and cannot be read");
        if (i)
            hs_buf_addz(out, ", ");
        hs_buf_add_sql_text(out, path);
    }
    hs_buf_addc(out, ']');
    return HS_OK;
}

static hs_rc from_parquet(struct hs_buf *out, const struct hs_scan_group *g, struct hs_err *err)
{
    hs_buf_addz(out, "read_parquet(");
    HS_TRY(add_paths(out, g, err));
    hs_buf_addz(out, ", union_by_name := false, hive_partitioning := false, filename := false, "
                     "file_row_number := false, binary_as_string := false");
    if (g->told_rows > 0)
        hs_buf_addf(out, ", explicit_cardinality := %lld", (long long)g->told_rows);
    hs_buf_addc(out, ')');
    return HS_OK;
}

static hs_rc add_type(struct hs_buf *out, const struct hs_type *type, struct hs_err *err)
{
    struct hs_buf bytes;
    hs_buf_init(&bytes, HS_SCAN_TEXT);
    hs_put_type(&bytes, type);
    hs_rc rc = hs_buf_done(&bytes, err);
    hs_buf_addc(out, '\'');
    if (rc == HS_OK)
        hs_buf_add_hex(out, bytes.at, bytes.len);
    hs_buf_addc(out, '\'');
    hs_buf_fini(&bytes);
    return rc;
}

/* Types, files and their rows, as worker/avro.c takes them. */
static hs_rc from_avro(struct hs_buf *out, const struct hs_scan_group *g, struct hs_err *err)
{
    hs_buf_addz(out, "hs_avro(");
    HS_TRY(add_type(out, g->physical, err));
    hs_buf_addz(out, ", ");
    HS_TRY(add_paths(out, g, err));
    for (size_t i = 0; i < g->file_count; i++)
        hs_buf_addf(out, "%s%lld", i ? ", " : ", [", (long long)g->files[i].record_count);
    hs_buf_addz(out, "])");
    return HS_OK;
}

/* One a format: a table function that has the columns of `physical` by name, and file_index (the place in the list) and
 * file_row_number beside them. */
static hs_rc (*const sources[])(struct hs_buf *, const struct hs_scan_group *, struct hs_err *) = {
    [HS_SCAN_PARQUET] = from_parquet,
    [HS_SCAN_AVRO] = from_avro,
};

hs_rc hs_scan_from(struct hs_buf *out, const struct hs_scan_group *g, struct hs_err *err)
{
    if ((size_t)g->format >= sizeof sources / sizeof sources[0])
        return hs_fail_hidden(err, HS_INTERNAL, "files of format %d", (int)g->format);
    hs_buf_addz(out, " FROM ");
    HS_TRY(sources[g->format](out, g, err));
    if (by_place(g))
        name_columns(out, g);
    return HS_OK;
}

/* ---- values that a file has as a whole ---- */
static bool same_param(const struct hs_param *a, const struct hs_param *b)
{
    if (a->type != b->type || a->null != b->null)
        return false;
    uint64_t x, y; /* the bits: -0.0 is not 0.0, and NaN is itself */
    memcpy(&x, &a->d, sizeof x);
    memcpy(&y, &b->d, sizeof y);
    return a->null || (a->precision == b->precision && a->scale == b->scale && a->i == b->i && x == y &&
                       hs_str_eq(a->text, b->text));
}

struct of_files { /* what is printed: one of the constants, or a number */
    size_t constant;
    int64_t (*get)(const struct hs_scan_file *file);
    bool null_below_0;
};

static struct hs_param value_of(const struct hs_scan_file *file, const struct of_files *what)
{
    if (!what->get)
        return file->constants[what->constant];
    int64_t n = what->get(file);
    return (struct hs_param){.type = HS_T_LONG, .i = n, .null = what->null_below_0 && n < 0};
}

static hs_rc add_list(struct hs_buf *out, const struct hs_scan_group *g, const struct hs_field *raw,
                      const struct of_files *what, struct hs_err *err)
{
    for (size_t i = 0; i < g->file_count; i++) {
        struct hs_param p = value_of(&g->files[i], what);
        hs_buf_addz(out, i ? ", " : "list_extract(CAST([");
        HS_TRY(hs_scan_literal(out, &p, raw->type, err));
    }
    hs_buf_addz(out, "] AS ");
    if (!hs_scan_type(out, raw->type))
        return hs_fail(err, HS_UNSUPPORTED, "a column's constant value cannot be expressed");
    hs_buf_addf(out, "[]), CAST(\"%s\" AS BIGINT) + 1)", file_index);
    return HS_OK;
}

static hs_rc add_of_files(struct hs_buf *out, const struct hs_scan_group *g, const struct hs_field *raw,
                          const struct of_files *what, struct hs_err *err)
{
    struct hs_param first = value_of(&g->files[0], what);
    for (size_t i = 1; i < g->file_count; i++) {
        struct hs_param p = value_of(&g->files[i], what);
        if (!same_param(&first, &p))
            return add_list(out, g, raw, what, err);
    }
    return hs_scan_literal(out, &first, raw->type, err);
}

hs_rc hs_scan_number(struct hs_buf *out, const struct hs_scan_group *g, int64_t (*get)(const struct hs_scan_file *file),
                     bool null_below_0, struct hs_err *err)
{
    static struct hs_type number = {.id = HS_T_LONG};
    static const struct hs_field raw = {.id = -1, .type = &number};
    struct of_files what = {.get = get, .null_below_0 = null_below_0};
    return add_of_files(out, g, &raw, &what, err);
}

/* ---- columns ---- */
static const struct hs_field *stored(const struct hs_type *physical, int id)
{
    for (size_t i = 0; id >= 0 && i < physical->field_count; i++)
        if (physical->fields[i].id == id)
            return &physical->fields[i];
    return NULL;
}

static hs_rc add_stored(struct hs_buf *out, const struct hs_scan_group *g, const struct hs_field *physical,
                        const struct hs_field *raw, struct hs_err *err)
{
    struct hs_buf name;
    hs_buf_init(&name, HS_SCAN_TEXT);
    hs_scan_column_name(&name, g, (size_t)(physical - g->physical->fields));
    hs_rc rc = hs_buf_done(&name, err);
    if (rc == HS_OK)
        rc = hs_scan_value(out, hs_buf_str(&name), physical->type, raw->type, 0, err);
    hs_buf_fini(&name);
    return rc;
}

static int64_t first_row_id(const struct hs_scan_file *file)
{
    return file->first_row_id;
}

static int64_t sequence_where_known(const struct hs_scan_file *file)
{
    return file->first_row_id < 0 ? -1 : file->sequence_number;
}

/* "Row Lineage" in the specification: what the file holds, where it is NULL what follows from the manifest; NULL for a
 * file without a first row id. */
static hs_rc add_lineage(struct hs_buf *out, const struct hs_scan_group *g, const struct hs_field *raw,
                         const struct hs_field *physical, struct hs_err *err)
{
    hs_buf_addz(out, "CASE WHEN ");
    HS_TRY(hs_scan_number(out, g, first_row_id, true, err));
    hs_buf_addz(out, " IS NOT NULL THEN coalesce(");
    if (physical) {
        HS_TRY(add_stored(out, g, physical, raw, err));
        hs_buf_addz(out, ", ");
    }
    HS_TRY(hs_scan_number(out, g, raw->id == ROW_ID ? first_row_id : sequence_where_known, true, err));
    if (raw->id == ROW_ID)
        hs_buf_addf(out, " + \"%s\"", row_number);
    hs_buf_addz(out, ") END");
    return HS_OK;
}

hs_rc hs_scan_column(struct hs_buf *out, const struct hs_scan_group *g, const struct hs_field *raw, struct hs_err *err)
{
    const struct hs_field *physical = stored(g->physical, raw->id);
    if ((raw->id == ROW_ID || raw->id == LAST_UPDATED) && raw->type->id == HS_T_LONG)
        return add_lineage(out, g, raw, physical, err);
    if (physical)
        return add_stored(out, g, physical, raw, err);
    for (size_t i = 0; i < g->constant_count; i++)
        if (raw->id >= 0 && g->constant_ids[i] == raw->id)
            return add_of_files(out, g, raw, &(struct of_files){.constant = i}, err);
    return hs_scan_missing(out, raw, err);
}

/* ---- the layer ---- */
static hs_rc add_columns(struct hs_buf *out, const struct hs_scan *scan, const struct hs_scan_group *g,
                         struct hs_err *err)
{
    for (size_t i = 0; i < scan->raw->field_count; i++) {
        const struct hs_field *raw = &scan->raw->fields[i];
        hs_buf_addz(out, i ? ", " : "SELECT ");
        HS_TRY(g ? hs_scan_column(out, g, raw, err) : hs_scan_missing(out, raw, err));
        hs_buf_addf(out, " AS \"f%d\"", raw->id);
    }
    if (!scan->raw->field_count)
        hs_buf_addz(out, "SELECT 1 AS \"f\"");
    return HS_OK;
}

static hs_rc add_group(struct hs_buf *out, const struct hs_scan *scan, const struct hs_scan_group *g, size_t slot,
                       struct hs_err *err)
{
    HS_TRY(add_columns(out, scan, g, err));
    if (scan->equality_count)
        HS_TRY(hs_scan_keys(out, scan, g, err));
    HS_TRY(hs_scan_from(out, g, err));
    const char *word = " WHERE ";
    if (hs_group_has_gone(g)) {
        hs_buf_addf(out, "%shs_live(%zu, \"%s\", \"%s\")", word, slot, file_index, row_number);
        word = " AND ";
    }
    if (g->first_row > 0) { /* the engine leaves out row groups by it */
        hs_buf_addf(out, "%s\"%s\" >= %lld", word, row_number, (long long)g->first_row);
        word = " AND ";
    }
    if (g->end_row > 0)
        hs_buf_addf(out, "%s\"%s\" < %lld", word, row_number, (long long)g->end_row);
    return HS_OK;
}

static hs_rc add_groups(struct hs_buf *out, const struct hs_scan *scan, size_t slot, struct hs_err *err)
{
    const char *between = "";
    for (size_t i = 0; i < scan->group_count; i++) {
        if (!scan->groups[i].file_count)
            continue;
        hs_buf_addz(out, between);
        HS_TRY(add_group(out, scan, &scan->groups[i], slot + i, err));
        between = " UNION ALL ";
    }
    return HS_OK;
}

static bool has_files(const struct hs_scan *scan)
{
    bool any = false;
    for (size_t i = 0; i < scan->group_count; i++)
        any |= scan->groups[i].file_count > 0;
    return any;
}

hs_rc hs_scan_raw(struct hs_buf *out, const struct hs_scan *scan, size_t slot, struct hs_err *err)
{
    if (scan->given.len) {
        hs_buf_addf(out, "SELECT * FROM (%.*s) AS \"given\"", HS_FMT(scan->given));
        return HS_OK;
    }
    if (!has_files(scan)) {
        HS_TRY(add_columns(out, scan, NULL, err));
        hs_buf_addz(out, " WHERE false");
        return HS_OK;
    }
    if (!scan->equality_count)
        return add_groups(out, scan, slot, err);
    for (size_t i = 0; i < scan->raw->field_count; i++)
        hs_buf_addf(out, i ? ", \"f%d\"" : "SELECT \"f%d\"", scan->raw->fields[i].id);
    hs_buf_addz(out, scan->raw->field_count ? " FROM (" : "SELECT \"f\" FROM (");
    HS_TRY(add_groups(out, scan, slot, err));
    hs_buf_addz(out, ") AS \"all\"");
    return hs_scan_anti_joins(out, scan, err);
}
