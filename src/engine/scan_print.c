/* One scan as a view: files -> raw layer by field id -> rows that may be seen -> columns as they may be seen, a fence
 * through which the engine pushes nothing of the person's statement down, and values apart from what lies beside them.
 */
#include "engine/scan_print_in.h"

#include "base/fault.h"

static hs_rc add_column(struct hs_buf *out, const struct hs_type *physical, const struct hs_field *raw,
                        struct hs_err *err)
{
    size_t i = 0;
    while (i < physical->field_count && (raw->id < 0 || physical->fields[i].id != raw->id))
        i++;
    if (i == physical->field_count)
        return hs_scan_missing(out, raw, err);
    struct hs_buf name;
    hs_buf_init(&name, HS_SCAN_TEXT);
    hs_buf_add_sql_name(&name, physical->fields[i].name);
    hs_rc rc = hs_buf_done(&name, err);
    if (rc == HS_OK)
        rc = hs_scan_value(out, hs_buf_str(&name), physical->fields[i].type, raw->type, 0, err);
    hs_buf_fini(&name);
    return rc;
}

/* The engine finds a file's columns without regard to case, so two that differ in nothing else cannot be told apart. */
static hs_rc check_names(const struct hs_type *physical, struct hs_err *err)
{
    for (size_t i = 0; i < physical->field_count; i++)
        for (size_t k = 0; k < i; k++)
            if (hs_str_eq_nocase(physical->fields[i].name, physical->fields[k].name))
                return hs_fail(err, HS_UNSUPPORTED, "a data file has two columns whose names differ in case alone");
    return HS_OK;
}

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

static hs_rc add_columns(struct hs_buf *out, const struct hs_scan *scan, const struct hs_type *physical,
                         struct hs_err *err)
{
    static const struct hs_type nothing = {.id = HS_T_STRUCT};
    for (size_t i = 0; i < scan->raw->field_count; i++) {
        const struct hs_field *raw = &scan->raw->fields[i];
        hs_buf_addz(out, i ? ", " : "SELECT ");
        HS_TRY(add_column(out, physical ? physical : &nothing, raw, err));
        hs_buf_addf(out, " AS \"f%d\"", raw->id);
    }
    if (!scan->raw->field_count)
        hs_buf_addz(out, "SELECT 1 AS \"f\"");
    return HS_OK;
}

static hs_rc add_group(struct hs_buf *out, const struct hs_scan *scan, const struct hs_scan_group *g,
                       struct hs_err *err)
{
    HS_TRY(check_names(g->physical, err));
    HS_TRY(add_columns(out, scan, g->physical, err));
    hs_buf_addz(out, " FROM read_parquet(");
    HS_TRY(add_paths(out, g, err));
    hs_buf_addz(out, ", union_by_name := false, hive_partitioning := false, filename := false, "
                     "file_row_number := false, binary_as_string := false)");
    return HS_OK;
}

static hs_rc add_raw(struct hs_buf *out, const struct hs_scan *scan, struct hs_err *err)
{
    size_t printed = 0;
    for (size_t i = 0; i < scan->group_count; i++) {
        if (!scan->groups[i].file_count)
            continue;
        hs_buf_addz(out, printed++ ? " UNION ALL " : "");
        HS_TRY(add_group(out, scan, &scan->groups[i], err));
    }
    if (printed)
        return HS_OK;
    HS_TRY(add_columns(out, scan, NULL, err));
    hs_buf_addz(out, " WHERE false");
    return HS_OK;
}

static void add_visible(struct hs_buf *out, const struct hs_scan *scan)
{
    for (size_t i = 0; i < scan->column_count; i++) {
        hs_buf_addz(out, i ? ", (" : "SELECT (");
        hs_buf_adds(out, scan->columns[i].expression);
        hs_buf_addz(out, ") AS ");
        hs_buf_add_sql_name(out, scan->columns[i].name);
    }
}

static void add_condition(struct hs_buf *out, const char *word, hs_str condition)
{
    if (!condition.len)
        return;
    hs_buf_addz(out, word);
    hs_buf_addc(out, '(');
    hs_buf_adds(out, condition);
    hs_buf_addc(out, ')');
}

/* SELECT columns FROM (raw) WHERE (rows), and around it WHERE (inside) where there is any: what was copied from the
 * statement names columns as the person sees them. */
static hs_rc add_fenced(struct hs_buf *out, const struct hs_scan *scan, hs_str inside, struct hs_err *err)
{
    bool wrap = inside.len && hs_defence("mask-predicate");
    hs_buf_addz(out, wrap ? "SELECT * FROM (" : "");
    add_visible(out, scan);
    hs_buf_addz(out, " FROM (");
    HS_TRY(add_raw(out, scan, err));
    hs_buf_addz(out, ") AS \"raw\"");
    add_condition(out, " WHERE ", scan->rows);
    if (wrap)
        hs_buf_addz(out, ") AS \"seen\"");
    add_condition(out, wrap || !scan->rows.len ? " WHERE " : " AND ", inside);
    if (hs_defence("fence"))
        hs_buf_addz(out, " LIMIT 9223372036854775807");
    return HS_OK;
}

static bool is_nested(const struct hs_type *type)
{
    return type->id > HS_T_BINARY; /* and what is neither: it is treated as the worse of the two */
}

/* Of two that are the same, the greater one: what goes by two columns is run for the rows there are and written to a
 * vector of its own. In nested values greatest would turn -0.0 into 0.0, so they go through an array of two. */
static void add_apart(struct hs_buf *out, const struct hs_scan *scan, enum hs_apart apart)
{
    for (size_t i = 0; i < scan->column_count; i++) {
        bool nested = is_nested(scan->columns[i].type), leave = apart == HS_APART_NESTED && !nested;
        hs_buf_addz(out, i ? ", " : "SELECT ");
        hs_buf_addz(out, leave ? "" : nested ? "array_value(" : "greatest(");
        hs_buf_add_sql_name(out, scan->columns[i].name);
        if (!leave) {
            hs_buf_addz(out, ", ");
            hs_buf_add_sql_name(out, scan->columns[i].name);
            hs_buf_addz(out, nested ? ")[1] AS " : ") AS ");
            hs_buf_add_sql_name(out, scan->columns[i].name);
        }
    }
}

static bool comes_apart(const struct hs_scan *scan, enum hs_apart apart)
{
    bool any = apart == HS_APART_ALL;
    for (size_t i = 0; apart == HS_APART_NESTED && i < scan->column_count; i++)
        any |= is_nested(scan->columns[i].type);
    return any && hs_defence("apart");
}

hs_rc hs_scan_print(const struct hs_scan *scan, hs_str inside, enum hs_apart apart, struct hs_buf *out,
                    struct hs_err *err)
{
    bool around = comes_apart(scan, apart);
    if (!scan->column_count)
        return hs_fail(err, HS_DENIED, "no column of this table may be read");
    if (around) {
        add_apart(out, scan, apart);
        hs_buf_addz(out, " FROM (");
    }
    HS_TRY(add_fenced(out, scan, inside, err));
    hs_buf_addz(out, around ? ") AS \"fenced\"" : "");
    return hs_buf_done(out, err);
}
