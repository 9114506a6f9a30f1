/* PolicyTest documents. What is compared with a column's values stays YAML here: which values fit is known when the
 * table's type is. */
#include "model/cases.h"
#include "model/load.h"

bool hs_is_case_file(hs_str path)
{
    return hs_str_ends(path, HS_S(".test.yaml")) && path.len > 10;
}

/* ---- given ---- */

static hs_rc read_rows(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    HS_TRY(hs_read_list(l, node, "rows"));
    for (const struct hs_yaml *item = node->first; item; item = item->next)
        HS_TRY(hs_read_map(l, item, "a row"));
    *(const struct hs_yaml **)record = node;
    return HS_OK;
}

static const struct hs_key GIVEN_KEYS[] = {
    HS_KEY("table", TEXT, .required = true, .at = HS_INTO(struct hs_case_test, table)),
    HS_KEY("rows", READ, .required = true, .at = HS_INTO(struct hs_case_test, rows), .read = read_rows),
};
static const struct hs_form GIVEN = HS_FORM("'given'", GIVEN_KEYS);

static hs_rc read_given(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    return hs_form_read(l, node, &GIVEN, record);
}

/* ---- as ---- */

static hs_rc read_attributes(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_user *u = record;
    return hs_read_attributes(l, node, true, &u->attributes, &u->attribute_count);
}

static const struct hs_key WHO_KEYS[] = {
    HS_KEY("name", TEXT, .at = HS_INTO(struct hs_user, name)),
    HS_KEY("roles", TEXTS, HS_TEXTS_INTO(struct hs_user, roles, role_count)),
    HS_KEY("attributes", READ, .read = read_attributes),
};
static const struct hs_form WHO = HS_FORM("'as'", WHO_KEYS);

static hs_rc read_as(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_case *c = record;
    struct hs_user u = {0};
    if (node->kind == HS_YAML_SCALAR)
        return hs_read_text(l, node, "as", &c->as);
    HS_TRY(hs_form_read(l, node, &WHO, &u));
    c->who = (struct hs_principal){u.name, u.roles, u.role_count, u.attributes, u.attribute_count};
    return HS_OK;
}

/* ---- then ---- */

static hs_rc read_columns(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_case *c = record;
    c->has_columns = true;
    return hs_read_texts(l, node, "columns", false, &c->columns, &c->column_count);
}

static hs_rc read_count(struct hs_load *l, const struct hs_yaml *node, int64_t *out)
{
    if (node->kind != HS_YAML_SCALAR || !hs_str_to_i64(node->text, out) || *out < 0)
        return hs_load_fail(l, hs_load_at(l, node), "this must be a whole number");
    return HS_OK;
}

static hs_rc read_visible(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    return read_count(l, node, &((struct hs_case *)record)->visible);
}

static hs_rc read_minimum(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    return read_count(l, node, &((struct hs_case *)record)->minimum);
}

static hs_rc read_row_number(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    return read_count(l, node, &((struct hs_case_cell *)record)->row);
}

static hs_rc read_is(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    (void)l;
    ((struct hs_case_cell *)record)->is = node;
    return HS_OK;
}

static const struct hs_key CELL_KEYS[] = {
    HS_KEY("row", READ, .required = true, .read = read_row_number),
    HS_KEY("column", TEXT, .required = true, .at = HS_INTO(struct hs_case_cell, column)),
    HS_KEY("is", READ, .read = read_is),
};
static const struct hs_form CELL = HS_FORM("a cell", CELL_KEYS);

static hs_rc read_cell(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_case *c = record;
    struct hs_case_cell *cell = hs_vec_add(l->arena, &c->cells);
    if (!cell)
        return hs_load_no_memory(l);
    cell->at = hs_load_at(l, node);
    HS_TRY(hs_form_read(l, node, &CELL, cell));
    cell->is = hs_yaml_get(node, "is"); /* also where it is null, which a form takes for nothing */
    return cell->is ? HS_OK : hs_load_fail(l, cell->at, "a cell needs 'is': the value that is expected");
}

static hs_rc read_cells(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    HS_TRY(hs_read_list(l, node, "cells"));
    for (const struct hs_yaml *item = node->first; item; item = item->next)
        HS_TRY(read_cell(l, item, record));
    return HS_OK;
}

static const struct hs_key THEN_KEYS[] = {
    HS_KEY("rows", READ, .at = HS_INTO(struct hs_case, rows), .read = read_rows),
    HS_KEY("columns", READ, .read = read_columns),
    HS_KEY("visible", READ, .read = read_visible),
    HS_KEY("refused", BOOL, .at = HS_INTO(struct hs_case, refused)),
    HS_KEY("minimum", READ, .read = read_minimum),
    HS_KEY("cell", READ, .read = read_cell),
    HS_KEY("cells", READ, .read = read_cells),
};
static const struct hs_form THEN = HS_FORM("'then'", THEN_KEYS);

static hs_rc read_then(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    const struct hs_case *c = record;
    HS_TRY(hs_form_read(l, node, &THEN, record));
    bool other = c->rows || c->has_columns || c->visible >= 0 || c->minimum >= 0 || c->cells.len;
    if (!c->refused && !other)
        return hs_load_fail(l, hs_load_at(l, node),
                            "'then' expects nothing: give rows, columns, visible, cells, "
                            "minimum or refused: true");
    if (c->refused && other)
        return hs_load_fail(l, hs_load_at(l, node), "what is refused has no answer that could be expected");
    return HS_OK;
}

/* ---- a document ---- */

static const struct hs_key CASE_KEYS[] = {
    HS_KEY("as", READ, .required = true, .read = read_as),
    HS_KEY("purpose", TEXT, .at = HS_INTO(struct hs_case, purpose)),
    HS_KEY("workspace", TEXT, .at = HS_INTO(struct hs_case, workspace)),
    HS_KEY("at", READ, .at = HS_INTO(struct hs_case, now_us), .read = hs_read_time),
    HS_KEY("then", READ, .required = true, .read = read_then),
};
static const struct hs_form CASE = HS_FORM("a case", CASE_KEYS);

static hs_rc read_cases(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_case_test *t = record;
    HS_TRY(hs_read_list(l, node, "cases"));
    for (const struct hs_yaml *item = node->first; item; item = item->next) {
        struct hs_case *c = hs_vec_add(l->arena, &t->cases);
        if (!c)
            return hs_load_no_memory(l);
        c->at = hs_load_at(l, item);
        c->visible = c->minimum = -1;
        HS_TRY(hs_form_read(l, item, &CASE, c));
    }
    return t->cases.len ? HS_OK : hs_load_fail(l, hs_load_at(l, node), "'cases' is empty");
}

static const char *const POLICY_TEST[] = {"PolicyTest", NULL};
static const struct hs_key TEST_KEYS[] = {
    HS_KEY("kind", TEXT, .required = true, .words = POLICY_TEST),
    HS_KEY("name", TEXT, .required = true, .at = HS_INTO(struct hs_case_test, name)),
    HS_KEY("description", TEXT),
    HS_KEY("given", READ, .required = true, .read = read_given),
    HS_KEY("cases", READ, .required = true, .read = read_cases),
};
static const struct hs_form TEST = HS_FORM("a PolicyTest", TEST_KEYS);

static hs_rc read_all(struct hs_load *l, struct hs_case_file *out)
{
    struct hs_yaml_documents documents;
    HS_TRY(hs_yaml_parse(l->arena, l->arena, l->file->path, l->file->bytes, &documents, l->err));
    for (size_t i = 0; i < documents.roots.len; i++) {
        const struct hs_yaml *root = documents.roots.at[i];
        struct hs_case_test *t = hs_vec_add(l->arena, &out->tests);
        if (!t)
            return hs_load_no_memory(l);
        t->at = hs_load_at(l, root);
        HS_TRY(hs_read_map(l, root, "a document"));
        HS_TRY(hs_form_read(l, root, &TEST, t));
    }
    return HS_OK;
}

hs_rc hs_cases_read(struct hs_arena *a, hs_str file, hs_str bytes, struct hs_case_file *out, struct hs_err *err)
{
    struct hs_model_file read = {.path = file, .bytes = bytes};
    struct hs_load l = {.arena = a, .scratch = a, .err = err, .file = &read};
    *out = (struct hs_case_file){0};
    return read_all(&l, out);
}
