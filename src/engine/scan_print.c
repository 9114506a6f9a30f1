/* One scan as a view: files -> raw layer by field id -> rows that may be seen -> columns as they may be seen, a fence
 * through which the engine pushes nothing of the person's statement down, and values apart from what lies beside them.
 */
#include "engine/scan_print_in.h"

#include "base/fault.h"

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
static hs_rc add_fenced(struct hs_buf *out, const struct hs_scan *scan, const struct hs_scan_place *place,
                        struct hs_err *err)
{
    bool wrap = place->inside.len && hs_defence("mask-predicate");
    hs_buf_addz(out, wrap ? "SELECT * FROM (" : "");
    add_visible(out, scan);
    hs_buf_addz(out, " FROM (");
    HS_TRY(hs_scan_raw(out, scan, place->slot, err));
    hs_buf_addz(out, ") AS \"raw\"");
    add_condition(out, " WHERE ", scan->rows);
    if (wrap)
        hs_buf_addz(out, ") AS \"seen\"");
    add_condition(out, wrap || !scan->rows.len ? " WHERE " : " AND ", place->inside);
    if (hs_defence("fence"))
        hs_buf_addz(out, " LIMIT 9223372036854775807");
    return HS_OK;
}

static bool is_nested(const struct hs_type *type)
{
    return type->id > HS_T_BINARY; /* and what is neither: it is treated as the worse of the two */
}

/* Of two that are the same, the greater one: what goes by two columns is run for the rows there are and written to a
 * vector of its own. greatest turns -0.0 into 0.0, so floating point and nested values go through a list of two
 * (array_value would make each value by hand, which takes twenty times as long). */
static void add_apart(struct hs_buf *out, const struct hs_scan *scan, enum hs_apart apart)
{
    for (size_t i = 0; i < scan->column_count; i++) {
        const struct hs_type *type = scan->columns[i].type;
        bool nested = is_nested(type), leave = apart == HS_APART_NESTED && !nested;
        bool list = nested || type->id == HS_T_FLOAT || type->id == HS_T_DOUBLE;
        hs_buf_addz(out, i ? ", " : "SELECT ");
        hs_buf_addz(out, leave ? "" : list ? "list_value(" : "greatest(");
        hs_buf_add_sql_name(out, scan->columns[i].name);
        if (!leave) {
            hs_buf_addz(out, ", ");
            hs_buf_add_sql_name(out, scan->columns[i].name);
            hs_buf_addz(out, list ? ")[1] AS " : ") AS ");
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

/* A view would give the second of two another name, and a statement that means it would get the first. */
static hs_rc check_visible(const struct hs_scan *scan, struct hs_err *err)
{
    for (size_t i = 0; i < scan->column_count; i++)
        for (size_t k = 0; k < i; k++)
            if (hs_str_eq_nocase(scan->columns[i].name, scan->columns[k].name))
                return hs_fail(err, HS_UNSUPPORTED,
                               "two columns of a table have names that differ in case alone, which is not supported; "
                               "its contract can call one of them otherwise");
    return HS_OK;
}

/* Nothing is hidden in them: no fence, and no values apart. */
static hs_rc add_given(struct hs_buf *out, const struct hs_scan *scan, struct hs_err *err)
{
    HS_TRY(check_visible(scan, err));
    for (size_t i = 0; i < scan->column_count; i++) {
        hs_buf_addf(out, "%s\"f%zu\" AS ", i ? ", " : "SELECT ", i);
        hs_buf_add_sql_name(out, scan->columns[i].name);
    }
    hs_buf_addf(out, " FROM hs_given(%zu)", scan->given_place - 1);
    return hs_buf_done(out, err);
}

hs_rc hs_scan_print(const struct hs_scan *scan, const struct hs_scan_place *place, struct hs_buf *out,
                    struct hs_err *err)
{
    bool around = comes_apart(scan, place->apart);
    if (scan->given_place)
        return add_given(out, scan, err);
    if (!scan->column_count)
        return hs_fail(err, HS_DENIED, "no column of this table may be read");
    HS_TRY(check_visible(scan, err));
    if (around) {
        add_apart(out, scan, place->apart);
        hs_buf_addz(out, " FROM (");
    }
    HS_TRY(add_fenced(out, scan, place, err));
    hs_buf_addz(out, around ? ") AS \"fenced\"" : "");
    return hs_buf_done(out, err);
}
