/* Rows of a system relation, cell by cell, over nanoarrow. Makers write hundreds of cells in a row; a mistake in their
 * order is noticed where it is made (a cell of another type, a row of another length) and told once, at the end. */
#include "front/pg/system/system_in.h"

#include <errno.h>

static hs_rc failed(const struct hs_pg_cells *c, int code, struct hs_err *err)
{
    return hs_fail_hidden(err, code == ENOMEM ? HS_NOMEM : HS_INTERNAL, "rows of %s.%s: nanoarrow says %d",
                          c->relation->schema, c->relation->name, code);
}

hs_rc hs_pg_cells_open(const struct hs_pg_relation *r, struct hs_pg_cells *out, struct hs_err *err)
{
    struct hs_pg_cells c = {.relation = r, .code = NANOARROW_OK};
    HS_TRY(hs_type_to_arrow(r->row, false, &c.schema, err));
    int code = ArrowArrayInitFromSchema(&c.array, &c.schema, NULL);
    if (code == NANOARROW_OK)
        code = ArrowArrayStartAppending(&c.array);
    if (code != NANOARROW_OK) {
        hs_pg_cells_close(&c);
        return failed(&c, code, err);
    }
    *out = c;
    return HS_OK;
}

void hs_pg_cells_close(struct hs_pg_cells *c)
{
    if (c->array.release)
        ArrowArrayRelease(&c->array);
    if (c->schema.release)
        ArrowSchemaRelease(&c->schema);
}

/* The column whose cell comes next, and its type; NULL: there is none, or something was wrong before. */
static struct ArrowArray *next(struct hs_pg_cells *c, const struct hs_type **out)
{
    if (c->next >= c->relation->row->field_count)
        c->wrong = true;
    if (c->wrong || c->code != NANOARROW_OK)
        return NULL;
    *out = c->relation->row->fields[c->next].type;
    return c->array.children[c->next++];
}

void hs_pg_cell_null(struct hs_pg_cells *c)
{
    const struct hs_type *type;
    struct ArrowArray *child = next(c, &type);
    if (child)
        c->code = ArrowArrayAppendNull(child, 1);
}

void hs_pg_cells_nulls(struct hs_pg_cells *c, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hs_pg_cell_null(c);
}

void hs_pg_cell_text(struct hs_pg_cells *c, hs_str text)
{
    struct ArrowBufferView v = {.data.data = text.at, .size_bytes = (int64_t)text.len};
    const struct hs_type *type;
    struct ArrowArray *child = next(c, &type);
    if (!child)
        return;
    c->wrong = type->id != HS_T_STRING;
    c->code = text.at ? ArrowArrayAppendBytes(child, v) : ArrowArrayAppendNull(child, 1);
}

void hs_pg_cell_words(struct hs_pg_cells *c, const char *text)
{
    hs_pg_cell_text(c, hs_str_of(text));
}

static bool is_integer(enum hs_type_id id)
{
    return id == HS_T_INT || id == HS_T_LONG || id == HS_T_INT16 || id == HS_T_UINT32 || id == HS_T_TIMESTAMPTZ;
}

void hs_pg_cell_int(struct hs_pg_cells *c, int64_t value)
{
    const struct hs_type *type;
    struct ArrowArray *child = next(c, &type);
    if (!child)
        return;
    c->wrong = !is_integer(type->id) && type->id != HS_T_FLOAT && type->id != HS_T_DOUBLE;
    c->code = is_integer(type->id) ? ArrowArrayAppendInt(child, value) : ArrowArrayAppendDouble(child, (double)value);
}

void hs_pg_cell_bool(struct hs_pg_cells *c, bool value)
{
    const struct hs_type *type;
    struct ArrowArray *child = next(c, &type);
    if (!child)
        return;
    c->wrong = type->id != HS_T_BOOLEAN;
    c->code = ArrowArrayAppendInt(child, value);
}

void hs_pg_cell_yes(struct hs_pg_cells *c, bool value)
{
    hs_pg_cell_words(c, value ? "YES" : "NO");
}

/* ---- lists ---- */

static struct ArrowArray *next_list(struct hs_pg_cells *c, bool of_text)
{
    const struct hs_type *type;
    struct ArrowArray *child = next(c, &type);
    if (child && (type->id != HS_T_LIST || (type->fields[0].type->id == HS_T_STRING) != of_text))
        c->wrong = true;
    return child && !c->wrong ? child : NULL;
}

void hs_pg_cell_numbers(struct hs_pg_cells *c, const int64_t *at, size_t count)
{
    struct ArrowArray *list = next_list(c, false);
    for (size_t i = 0; list && i < count && c->code == NANOARROW_OK; i++)
        c->code = ArrowArrayAppendInt(list->children[0], at[i]);
    if (list && c->code == NANOARROW_OK)
        c->code = ArrowArrayFinishElement(list);
}

static void add_element(struct hs_pg_cells *c, struct ArrowArray *list, hs_str text)
{
    struct ArrowBufferView v = {.data.data = text.at, .size_bytes = (int64_t)text.len};
    if (c->code == NANOARROW_OK)
        c->code = ArrowArrayAppendBytes(list->children[0], v);
}

void hs_pg_cell_texts(struct hs_pg_cells *c, const hs_str *at, size_t count)
{
    struct ArrowArray *list = next_list(c, true);
    for (size_t i = 0; list && i < count; i++)
        add_element(c, list, at[i]);
    if (list && c->code == NANOARROW_OK)
        c->code = ArrowArrayFinishElement(list);
}

/* ---- COPY's text form ---- */

/* {a,"",c}: names as built-ins have them, without quotes or escapes inside. */
static void copy_texts(struct hs_pg_cells *c, hs_str cell)
{
    struct ArrowArray *list = next_list(c, true);
    hs_str rest = {cell.at + 1, cell.len >= 2 ? cell.len - 2 : 0};
    while (list && rest.len) {
        hs_str word = hs_str_cut(&rest, ',');
        if (word.len >= 2 && word.at[0] == '"')
            word = hs_str_n(word.at + 1, word.len - 2);
        add_element(c, list, word);
    }
    if (list && c->code == NANOARROW_OK)
        c->code = ArrowArrayFinishElement(list);
}

/* {1,2}, and a vector's "1 2". */
static void copy_numbers(struct hs_pg_cells *c, hs_str cell)
{
    int64_t numbers[HS_PG_RELATIONS_MAX];
    size_t count = 0;
    bool braces = cell.len && cell.at[0] == '{';
    hs_str rest = braces ? hs_str_n(cell.at + 1, cell.len - 2) : cell;
    while (rest.len && count < HS_PG_RELATIONS_MAX)
        if (!hs_str_to_i64(hs_str_cut(&rest, braces ? ',' : ' '), &numbers[count++]))
            c->wrong = true;
    hs_pg_cell_numbers(c, numbers, count);
}

static void copy_cell(struct hs_pg_cells *c, hs_str cell)
{
    if (c->next >= c->relation->row->field_count) {
        c->wrong = true;
        return;
    }
    const struct hs_type *type = c->relation->row->fields[c->next].type;
    int64_t value = 0;
    if (hs_str_is(cell, "\\N")) {
        hs_pg_cell_null(c);
    } else if (type->id == HS_T_STRING) {
        hs_pg_cell_text(c, cell);
    } else if (type->id == HS_T_BOOLEAN) {
        hs_pg_cell_bool(c, hs_str_is(cell, "t"));
    } else if (type->id == HS_T_LIST && type->fields[0].type->id == HS_T_STRING) {
        copy_texts(c, cell);
    } else if (type->id == HS_T_LIST) {
        copy_numbers(c, cell);
    } else if (hs_str_to_i64(cell, &value)) {
        hs_pg_cell_int(c, value);
    } else {
        c->wrong = true;
    }
}

void hs_pg_cells_copy(struct hs_pg_cells *c, const char *text)
{
    hs_str rest = hs_str_of(text);
    bool more = true;
    while (more && !c->wrong && c->code == NANOARROW_OK) {
        const char *tab = memchr(rest.at, '\t', rest.len);
        size_t len = tab ? (size_t)(tab - rest.at) : rest.len;
        copy_cell(c, hs_str_n(rest.at, len));
        more = tab != NULL;
        if (more)
            rest = hs_str_n(tab + 1, rest.len - len - 1);
    }
}

void hs_pg_cells_end(struct hs_pg_cells *c)
{
    if (c->next != c->relation->row->field_count)
        c->wrong = true;
    c->next = 0;
    if (!c->wrong && c->code == NANOARROW_OK)
        c->code = ArrowArrayFinishElement(&c->array);
}

hs_rc hs_pg_cells_done(struct hs_pg_cells *c, struct hs_batch *out, struct hs_err *err)
{
    if (c->wrong)
        return hs_fail_hidden(err, HS_INTERNAL, "rows of %s.%s: cells that do not fit the columns", c->relation->schema,
                              c->relation->name);
    if (c->code == NANOARROW_OK)
        c->code = ArrowArrayFinishBuildingDefault(&c->array, NULL);
    return c->code == NANOARROW_OK ? hs_batch_of_array(&c->schema, &c->array, out, err) : failed(c, c->code, err);
}
