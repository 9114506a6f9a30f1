/* Lookups: small tables inside the model, written in their own YAML file, in a CSV file beside it, or taken from
 * another lookup. Read strictly: a cell that does not fit its column's type is an error with its place. */
#include "model/lookup.h"
#include "model/csv.h"
#include "model/load.h"

#include <stdio.h>

struct draft {
    struct hs_lookup lookup;
    const struct hs_yaml *columns, *rows;
    hs_str file, from;
    const struct hs_model_file *rows_file;
    struct hs_at from_at;
    struct hs_rule *where;
};

/* ---- columns ---- */

static const struct {
    const char *name;
    enum hs_type_id id;
} TYPES[] = {
    {"string", HS_T_STRING}, {"long", HS_T_LONG},           {"boolean", HS_T_BOOLEAN},        {"date", HS_T_DATE},
    {"time", HS_T_TIME},     {"timestamp", HS_T_TIMESTAMP}, {"timestamptz", HS_T_TIMESTAMPTZ}};
enum { TYPE_COUNT = sizeof TYPES / sizeof TYPES[0] };

static hs_rc read_type(struct hs_load *l, const struct hs_yaml *node, struct hs_type **out)
{
    hs_str text, names[TYPE_COUNT + 1];
    struct hs_hint hint;
    int precision, scale, used = 0;
    HS_TRY(hs_read_text(l, node, "a column's type", &text));
    struct hs_type *t = hs_type_new(l->arena, HS_T_DECIMAL);
    if (!t)
        return hs_load_no_memory(l);
    *out = t;
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        names[i] = hs_str_of(TYPES[i].name);
        if (hs_str_eq(text, names[i])) {
            t->id = TYPES[i].id;
            return HS_OK;
        }
    }
    char copy[32];
    snprintf(copy, sizeof copy, "%.*s", (int)(text.len < 31 ? text.len : 31), text.at);
    if (sscanf(copy, "decimal(%2d,%2d)%n", &precision, &scale, &used) == 2 && (size_t)used == text.len &&
        precision > 0 && precision <= 38 && scale >= 0 && scale <= precision) {
        t->precision = precision;
        t->scale = scale;
        return HS_OK;
    }
    names[TYPE_COUNT] = HS_S("decimal(10, 2)");
    return hs_load_fail(l, hs_load_at(l, node),
                        "a lookup's column is string, long, decimal(P, S), boolean, date, time, timestamp or "
                        "timestamptz, not '%.*s'%s",
                        (int)(text.len < 60 ? text.len : 60), text.at, hs_hint(&hint, text, names, TYPE_COUNT + 1));
}

static hs_rc read_columns(struct hs_load *l, const struct hs_yaml *node, struct hs_lookup *out)
{
    struct hs_type *t = hs_type_new(l->arena, HS_T_STRUCT);
    HS_TRY(hs_read_map(l, node, "columns"));
    if (!node->count || node->count > HS_LOOKUP_MAX_COLUMNS)
        return hs_load_fail(l, hs_load_at(l, node), "a lookup has 1 to %d columns", HS_LOOKUP_MAX_COLUMNS);
    if (t)
        t->fields = hs_arena_array(l->arena, node->count, sizeof *t->fields);
    if (!t || !t->fields)
        return hs_load_no_memory(l);
    for (const struct hs_yaml *key = node->first; key; key = key->next->next) {
        struct hs_field *f = &t->fields[t->field_count++];
        *f = (struct hs_field){.id = (int)t->field_count, .name = key->text};
        HS_TRY(read_type(l, key->next, &f->type));
    }
    out->type = t;
    return HS_OK;
}

/* ---- cells ---- */

static bool fits_decimal(hs_str text, const struct hs_type *t)
{
    int whole, scale;
    return hs_number_shape(text, &whole, &scale) && scale <= t->scale && whole <= t->precision - t->scale;
}

static bool cell_value(hs_str text, const struct hs_type *t, struct hs_value *out)
{
    bool utc = false;
    *out = (struct hs_value){0};
    switch ((int)t->id) {
    case HS_T_STRING:
        out->kind = HS_V_TEXT;
        out->text = text;
        return hs_utf8_valid(text) && !(text.len && memchr(text.at, 0, text.len));
    case HS_T_LONG:
        out->kind = HS_V_INT;
        return hs_str_to_i64(text, &out->i);
    case HS_T_DECIMAL:
        out->kind = HS_V_NUMBER;
        out->text = text;
        return fits_decimal(text, t);
    case HS_T_BOOLEAN:
        out->kind = HS_V_BOOL;
        out->i = hs_str_is(text, "true");
        return out->i || hs_str_is(text, "false");
    case HS_T_DATE:
        out->kind = HS_V_DATE;
        return hs_date_parse(text, &out->i);
    case HS_T_TIME:
        out->kind = HS_V_TIME;
        return hs_time_of_day_parse(text, &out->i);
    default:
        out->kind = HS_V_TIMESTAMP;
        out->utc = t->id == HS_T_TIMESTAMPTZ;
        return hs_timestamp_parse(text, &out->i, &utc) && utc == out->utc;
    }
}

static hs_rc set_cell(struct hs_load *l, struct hs_lookup *k, size_t row, size_t column, hs_str text, struct hs_at at)
{
    const struct hs_field *f = &k->type->fields[column];
    if (cell_value(text, f->type, &k->values[row * k->type->field_count + column]))
        return HS_OK;
    struct hs_buf type;
    hs_buf_init(&type, 64);
    hs_buf_add_type(&type, f->type);
    hs_rc rc = hs_load_fail(l, at, "'%.*s' is no %.*s, which column '%.*s' holds", (int)(text.len < 60 ? text.len : 60),
                            text.at, HS_FMT(hs_buf_str(&type)), HS_FMT(f->name));
    hs_buf_fini(&type);
    return rc;
}

static hs_rc new_values(struct hs_load *l, struct hs_lookup *k, size_t rows)
{
    k->row_count = rows;
    k->values = hs_arena_array(l->arena, (rows ? rows : 1) * k->type->field_count, sizeof *k->values);
    return k->values ? HS_OK : hs_load_no_memory(l);
}

hs_rc hs_load_lookup_column(struct hs_load *l, const struct hs_lookup *k, hs_str name, struct hs_at at, size_t *out)
{
    hs_str names[HS_LOOKUP_MAX_COLUMNS];
    struct hs_hint hint;
    for (size_t i = 0; i < k->type->field_count; i++) {
        names[i] = k->type->fields[i].name;
        *out = i;
        if (hs_str_eq(names[i], name))
            return HS_OK;
    }
    return hs_load_fail(l, at, "the lookup has no column '%.*s'%s", (int)(name.len < 60 ? name.len : 60), name.at,
                        hs_hint(&hint, name, names, k->type->field_count));
}

/* ---- rows in the file itself ---- */

static hs_rc read_row(struct hs_load *l, struct hs_lookup *k, size_t row, const struct hs_yaml *node)
{
    HS_TRY(hs_read_map(l, node, "a row"));
    for (const struct hs_yaml *key = node->first; key; key = key->next->next) {
        size_t column;
        const struct hs_yaml *cell = key->next;
        HS_TRY(hs_load_lookup_column(l, k, key->text, hs_load_at(l, key), &column));
        if (cell->kind != HS_YAML_SCALAR)
            return hs_load_fail(l, hs_load_at(l, cell), "a cell is one value");
        if (hs_yaml_meaning(cell) != HS_YAML_NULL)
            HS_TRY(set_cell(l, k, row, column, cell->text, hs_load_at(l, cell)));
    }
    return HS_OK;
}

static hs_rc read_rows(struct hs_load *l, struct hs_lookup *k, const struct hs_yaml *node)
{
    size_t row = 0;
    HS_TRY(hs_read_list(l, node, "rows"));
    HS_TRY(new_values(l, k, node->count));
    for (const struct hs_yaml *item = node->first; item; item = item->next)
        HS_TRY(read_row(l, k, row++, item));
    return HS_OK;
}

/* ---- rows in a CSV file ---- */

struct table_file {
    struct hs_load *l;
    struct hs_lookup *lookup;
    struct hs_csv csv;
    hs_str path;
    size_t columns[HS_LOOKUP_MAX_COLUMNS], column_count; /* as its first line names them */
};

static hs_rc next_cell(struct table_file *t, struct hs_csv_cell *cell, struct hs_at *at)
{
    struct hs_err inner = {0};
    hs_rc rc = hs_csv_next(t->l->arena, &t->csv, cell, &inner);
    *at = (struct hs_at){t->path, cell->line, cell->column};
    if (rc == HS_NOMEM)
        return hs_load_no_memory(t->l);
    return rc == HS_OK ? rc : hs_load_fail(t->l, *at, "%s", inner.shown);
}

/* One that is missing would be NULL in every row, which nobody who declares it means. */
static hs_rc check_header(const struct table_file *t)
{
    const struct hs_at at = {t->path, 1, 1};
    for (size_t i = 0; i < t->lookup->type->field_count; i++) {
        bool named = false;
        for (size_t k = 0; k < t->column_count; k++)
            named |= t->columns[k] == i;
        if (!named)
            return hs_load_fail(t->l, at,
                                "column '%.*s' is not in the first line; name it there, or take it out of 'columns'",
                                HS_FMT(t->lookup->type->fields[i].name));
    }
    return HS_OK;
}

static hs_rc read_header(struct table_file *t)
{
    struct hs_csv_cell cell = {0};
    struct hs_at at;
    while (!cell.last) {
        size_t column;
        HS_TRY(next_cell(t, &cell, &at));
        HS_TRY(hs_load_lookup_column(t->l, t->lookup, cell.text, at, &column));
        for (size_t i = 0; i < t->column_count; i++)
            if (t->columns[i] == column)
                return hs_load_fail(t->l, at, "column '%.*s' stands here twice", HS_FMT(cell.text));
        t->columns[t->column_count++] = column;
    }
    return check_header(t);
}

static size_t count_lines(hs_str bytes)
{
    size_t n = 1;
    for (size_t i = 0; i < bytes.len; i++)
        n += bytes.at[i] == '\n';
    return n;
}

static hs_rc read_line(struct table_file *t, size_t row)
{
    struct hs_csv_cell cell = {0};
    struct hs_at at;
    size_t n = 0;
    while (!cell.last) {
        HS_TRY(next_cell(t, &cell, &at));
        if (n == t->column_count)
            return hs_load_fail(t->l, at, "this line has more values than the first line has columns");
        if (cell.text.len || cell.quoted)
            HS_TRY(set_cell(t->l, t->lookup, row, t->columns[n], cell.text, at));
        n++;
    }
    if (n != t->column_count)
        return hs_load_fail(t->l, at, "this line has %zu values, and the first line %zu columns", n, t->column_count);
    return HS_OK;
}

static const struct hs_model_file *beside(const struct hs_load *l, hs_str name)
{
    hs_str path = l->file->path;
    size_t folder = path.len;
    while (folder && path.at[folder - 1] != '/')
        folder--;
    for (size_t i = 0; i < l->file_count; i++) {
        hs_str other = l->files[i].path;
        if (other.len == folder + name.len && memcmp(other.at, path.at, folder) == 0 &&
            memcmp(other.at + folder, name.at, name.len) == 0)
            return &l->files[i];
    }
    return NULL;
}

static hs_rc read_table_file(struct hs_load *l, struct hs_lookup *k, hs_str name, const struct hs_model_file **out)
{
    const struct hs_model_file *file = *out = beside(l, name);
    if (!hs_str_ends(name, HS_S(".csv")) || memchr(name.at, '/', name.len))
        return hs_load_fail(l, k->at, "'file' is the name of a .csv file beside this one");
    if (!file)
        return hs_load_fail(l, k->at, "there is no file '%.*s' beside this one", (int)(name.len < 120 ? name.len : 120),
                            name.at);
    struct table_file t = {.l = l, .lookup = k, .path = file->path};
    size_t row = 0, lines = count_lines(file->bytes);
    if (lines > HS_LOOKUP_MAX_ROWS + 1)
        return hs_load_fail(l, k->at, "a lookup has at most %d rows", HS_LOOKUP_MAX_ROWS);
    hs_csv_open(&t.csv, file->bytes);
    HS_TRY(read_header(&t));
    HS_TRY(new_values(l, k, lines));
    while (hs_csv_more(&t.csv))
        HS_TRY(read_line(&t, row++));
    k->row_count = row;
    return HS_OK;
}

/* ---- the document ---- */

static hs_rc keep_node(struct hs_load *l, const struct hs_yaml *node, void *into)
{
    (void)l;
    *(const struct hs_yaml **)into = node;
    return HS_OK;
}

static hs_rc read_from(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct draft *d = record;
    d->from_at = hs_load_at(l, node);
    return hs_read_text(l, node, "from", &d->from);
}

static const struct hs_key KEYS[] = {
    HS_KEY("kind", TEXT, .required = true),
    HS_KEY("name", NAME, .required = true, .at = HS_INTO(struct draft, lookup.name)),
    HS_KEY("description", TEXT),
    HS_KEY("columns", READ, .at = HS_INTO(struct draft, columns), .read = keep_node),
    HS_KEY("rows", READ, .at = HS_INTO(struct draft, rows), .read = keep_node),
    HS_KEY("file", TEXT, .at = HS_INTO(struct draft, file)),
    HS_KEY("from", READ, .read = read_from),
    HS_KEY("where", READ, .at = HS_INTO(struct draft, where), .read = hs_read_rule),
};
static const struct hs_form FORM = HS_FORM("a Lookup", KEYS);

static hs_rc read_source(struct hs_load *l, struct draft *d)
{
    int sources = (d->rows != NULL) + (d->file.len > 0) + (d->from.len > 0);
    if (sources != 1)
        return hs_load_fail(l, d->lookup.at, "a lookup has its rows from one of 'rows', 'file' and 'from'");
    if (d->from.len && d->columns)
        return hs_load_fail(l, d->lookup.at, "a lookup 'from' another has that one's columns");
    if (d->where && !d->from.len)
        return hs_load_fail(l, d->lookup.at, "'where' goes with 'from': rows that are not meant can be left out here");
    if (d->from.len)
        return HS_OK;
    if (!d->columns)
        return hs_load_fail(l, d->lookup.at, "a lookup needs 'columns': {user: string, region: string}");
    HS_TRY(read_columns(l, d->columns, &d->lookup));
    return d->rows ? read_rows(l, &d->lookup, d->rows) : read_table_file(l, &d->lookup, d->file, &d->rows_file);
}

hs_rc hs_read_lookup(struct hs_load *l, const struct hs_yaml *root)
{
    struct draft d = {.lookup = {.at = hs_load_at(l, root), .domain = l->domain}};
    HS_TRY(hs_form_read(l, root, &FORM, &d));
    HS_TRY(read_source(l, &d));
    struct hs_lookup *lookup = HS_NEW(l->arena, struct hs_lookup);
    struct hs_lookup_mark *mark = hs_vec_add(l->scratch, &l->lookups);
    if (!lookup || !mark)
        return hs_load_no_memory(l);
    *lookup = d.lookup;
    *mark = (struct hs_lookup_mark){
        .lookup = lookup, .rows = d.rows_file, .from = d.from, .from_at = d.from_at, .where = d.where};
    return HS_OK;
}
