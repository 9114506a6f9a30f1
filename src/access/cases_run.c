/* What is shown over the given rows, and what is expected to be: both by the engine, so that they are written by one
 * hand and can be compared as texts. Keyed masks have keys of the tests' own: an expected token is the same on every
 * machine, and no key of a mesh is needed to write it down. */
#include "access/cases_in.h"

#include "arrow/value_text.h"
#include "base/hash.h"
#include "policy/seeing.h"

#include <nanoarrow/nanoarrow.h>
#include <stdlib.h>
#include <time.h>

enum { RELATION_MAX = 64 << 20 };

#define no_memory(err) hs_fail((err), HS_NOMEM, "out of memory")

/* ---- running ---- */

static hs_rc keep_batch(struct testing *t, struct shown *shown, const struct hs_batch *batch,
                        const struct ArrowArrayView *view, struct hs_err *err)
{
    const struct hs_type *schema = shown->schema;
    struct hs_buf cell;
    hs_buf_init(&cell, RELATION_MAX);
    for (int64_t i = 0; i < batch->rows; i++) {
        struct shown_row *row = hs_vec_add(t->arena, &shown->rows);
        hs_str *cells = row ? hs_arena_array(t->arena, schema->field_count, sizeof *cells) : NULL;
        for (size_t k = 0; cells && k < schema->field_count; k++) {
            hs_buf_clear(&cell);
            hs_buf_add_arrow_value(&cell, view->children[k], schema->fields[k].type, i, true);
            cells[k] = cell.failed ? (hs_str){0} : hs_arena_str(t->arena, hs_buf_str(&cell));
            cells = cells[k].at ? cells : NULL;
        }
        if (!cells) {
            hs_buf_fini(&cell);
            return no_memory(err);
        }
        row->cells = cells;
        row->number = ArrowArrayViewGetIntUnsafe(view->children[0], i);
    }
    hs_buf_fini(&cell);
    return HS_OK;
}

static hs_rc take_batch(struct testing *t, struct shown *shown, const struct hs_batch *batch, struct hs_err *err)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowArrayView view;
    struct ArrowError why;
    HS_TRY(hs_type_to_arrow(shown->schema, false, &schema, err));
    hs_rc rc = hs_batch_import(shown->schema, batch, &array, err);
    if (rc == HS_OK) {
        if (ArrowArrayViewInitFromSchema(&view, &schema, &why) != NANOARROW_OK ||
            ArrowArrayViewSetArray(&view, &array, &why) != NANOARROW_OK)
            rc = hs_fail(err, HS_INTERNAL, "cannot view the batch: %s", why.message);
        if (rc == HS_OK)
            rc = keep_batch(t, shown, batch, &view, err);
        ArrowArrayViewReset(&view);
        ArrowArrayRelease(&array);
    }
    ArrowSchemaRelease(&schema);
    return rc;
}

static hs_rc drain(struct testing *t, struct hs_stream *s, struct shown *shown, struct hs_err *err)
{
    for (;;) {
        struct hs_batch b;
        hs_rc rc;
        switch (hs_stream_poll(s, &b, err)) {
        case HS_STREAM_WAIT: /* nobody else waits for this process */
            nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
            break;
        case HS_STREAM_BATCH:
            rc = take_batch(t, shown, &b, err);
            hs_batch_release(&b);
            HS_TRY(rc);
            break;
        case HS_STREAM_END:
            return HS_OK;
        case HS_STREAM_ERROR:
            return HS_FAILED(err->kind);
        }
    }
}

static int by_number(const void *a, const void *b)
{
    int64_t x = ((const struct shown_row *)a)->number, y = ((const struct shown_row *)b)->number;
    return (x > y) - (x < y);
}

static hs_rc run(struct testing *t, struct hs_run_request *r, struct shown *out, struct hs_err *err)
{
    struct hs_lease_request request = {
        .owner = HS_S("policy test"), .fair_key = HS_S("policy test"), .request_id = HS_S("policy-test")};
    struct hs_lease *l;
    struct hs_stream *s;
    HS_TRY(hs_lease_open(t->engine, &request, &l, err));
    hs_rc rc = hs_lease_run(l, r, &s, err);
    if (rc != HS_OK) {
        hs_lease_close(l);
        return rc;
    }
    *out = (struct shown){.schema = hs_type_copy(t->arena, hs_stream_schema(s))};
    rc = out->schema ? drain(t, s, out, err) : no_memory(err);
    hs_stream_close(s);
    if (rc == HS_OK && out->rows.len)
        qsort(out->rows.at, out->rows.len, sizeof *out->rows.at, by_number);
    return rc;
}

/* ---- the decision over the given rows ---- */

static hs_rc keep_buf(struct testing *t, struct hs_buf *b, hs_str *out, struct hs_err *err)
{
    hs_rc rc = hs_buf_done(b, err);
    if (rc == HS_OK) {
        *out = hs_arena_str(t->arena, hs_buf_str(b));
        rc = out->at ? HS_OK : no_memory(err);
    }
    hs_buf_fini(b);
    return rc;
}

static hs_rc relation(struct testing *t, const struct hs_yaml *const *rows, size_t count, const struct hs_type *type,
                      hs_str *out, struct hs_err *err)
{
    struct hs_buf b;
    hs_buf_init(&b, RELATION_MAX);
    hs_rc rc = hs_case_relation(&b, t->file, rows, count, type, err);
    if (rc == HS_OK)
        return keep_buf(t, &b, out, err);
    hs_buf_fini(&b);
    return rc;
}

/* The number of the row, and then `count` columns for the caller to fill in. */
static hs_rc new_columns(struct testing *t, size_t count, struct hs_scan *scan, struct hs_scan_column **out,
                         struct hs_err *err)
{
    static const struct hs_type number = {.id = HS_T_LONG};
    struct hs_scan_column *columns = hs_arena_array(t->arena, count + 1, sizeof *columns);
    if (!columns)
        return no_memory(err);
    columns[0] = (struct hs_scan_column){HS_S(HS_ROW_NUMBER), HS_S("\"" HS_ROW_NUMBER "\""), &number, true};
    scan->columns = columns;
    scan->column_count = count + 1;
    *out = columns + 1;
    return HS_OK;
}

static hs_rc test_keys(struct testing *t, const struct hs_decision *d, struct hs_run_request *r, struct hs_err *err)
{
    struct hs_mask_key *keys = hs_arena_array(t->arena, d->mask_count + 1, sizeof *keys);
    hs_str domain = t->table->product->domain, id;
    if (!keys)
        return no_memory(err);
    r->mask_keys = keys;
    for (size_t i = 0; i < d->mask_count; i++) {
        bool known = false;
        if (!hs_decision_mask_key(d, i, &id))
            continue;
        for (size_t k = 0; k < r->mask_key_count; k++)
            known |= hs_str_eq(keys[k].id, id);
        uint8_t *key = hs_arena_array(t->arena, 32, 1);
        struct hs_sha256 *h = known || !key ? NULL : hs_sha256_new();
        if (known)
            continue;
        if (!h)
            return no_memory(err);
        hs_sha256_field(h, HS_S("hailstorm policy test"));
        hs_sha256_field(h, domain);
        hs_sha256_field(h, id);
        HS_TRY(hs_sha256_end(h, key, err));
        keys[r->mask_key_count++] = (struct hs_mask_key){.domain = domain, .id = id, .key = hs_str_n(key, 32)};
    }
    return HS_OK;
}

static size_t list_of(struct hs_arena *a, const struct hs_yaml *list, const struct hs_yaml ***out)
{
    size_t n = 0;
    *out = hs_arena_array(a, (list ? list->count : 0) + 1, sizeof **out);
    for (const struct hs_yaml *item = list ? list->first : NULL; *out && item; item = item->next)
        (*out)[n++] = item;
    return n;
}

hs_rc hs_case_show(struct testing *t, const struct hs_decision *d, struct shown *out, struct hs_err *err)
{
    struct hs_scan scan = {.raw = t->bound};
    struct hs_run_request r = {.scans = &scan, .scan_count = 1};
    struct hs_scan_column *columns;
    const struct hs_yaml **rows;
    struct hs_buf b;
    size_t count = list_of(t->arena, t->test->rows, &rows);
    if (!rows)
        return no_memory(err);
    HS_TRY(relation(t, rows, count, t->bound, &scan.given, err));
    HS_TRY(new_columns(t, d->column_count, &scan, &columns, err));
    for (size_t i = 0; i < d->column_count; i++) {
        columns[i] = (struct hs_scan_column){.name = d->columns[i].field->name, .type = d->columns[i].type};
        hs_buf_init(&b, RELATION_MAX);
        hs_rc rc = hs_print_duckdb_column(&b, d, i, err);
        if (rc != HS_OK)
            hs_buf_fini(&b);
        HS_TRY(rc);
        HS_TRY(keep_buf(t, &b, &columns[i].expression, err));
    }
    hs_buf_init(&b, RELATION_MAX);
    hs_rc rc = hs_print_duckdb_rows(&b, d, err);
    if (rc != HS_OK)
        hs_buf_fini(&b);
    HS_TRY(rc);
    HS_TRY(keep_buf(t, &b, &scan.rows, err));
    HS_TRY(test_keys(t, d, &r, err));
    return run(t, &r, out, err);
}

/* ---- what is expected ---- */

static struct hs_type *answer_type(struct testing *t, const struct hs_decision *d)
{
    struct hs_type *type = hs_type_new(t->arena, HS_T_STRUCT);
    struct hs_field *fields = hs_arena_array(t->arena, d->column_count + 1, sizeof *fields);
    if (!type || !fields)
        return NULL;
    for (size_t i = 0; i < d->column_count; i++) {
        fields[i] = *d->columns[i].field;
        fields[i].type = (struct hs_type *)d->columns[i].type;
    }
    type->fields = fields;
    type->field_count = d->column_count;
    return type;
}

/* A cell's expectation as a row with that column alone. */
static struct hs_yaml *row_of_cell(struct hs_arena *a, const struct hs_case_cell *cell)
{
    struct hs_yaml *nodes = hs_arena_array(a, 3, sizeof *nodes);
    if (!nodes)
        return NULL;
    nodes[2] = *cell->is;
    nodes[2].next = NULL;
    nodes[1] = (struct hs_yaml){.kind = HS_YAML_SCALAR,
                                .style = HS_YAML_QUOTED,
                                .line = cell->at.line,
                                .column = cell->at.column,
                                .text = cell->column,
                                .next = &nodes[2]};
    nodes[0] = (struct hs_yaml){
        .kind = HS_YAML_MAP, .line = cell->at.line, .column = cell->at.column, .first = &nodes[1], .count = 1};
    return nodes;
}

hs_rc hs_case_expect(struct testing *t, const struct hs_case *c, const struct hs_decision *d, struct shown *out,
                     struct hs_err *err)
{
    const struct hs_type *type = answer_type(t, d);
    size_t count = c->rows ? c->rows->count : 0, n = 0;
    const struct hs_yaml **rows = hs_arena_array(t->arena, count + c->cells.len + 1, sizeof *rows);
    struct hs_scan scan = {.raw = type};
    struct hs_run_request r = {.scans = &scan, .scan_count = 1};
    struct hs_scan_column *columns;
    if (!type || !rows)
        return no_memory(err);
    for (const struct hs_yaml *item = c->rows ? c->rows->first : NULL; item; item = item->next)
        rows[n++] = item;
    for (size_t i = 0; i < c->cells.len; i++)
        if (!(rows[n++] = row_of_cell(t->arena, &c->cells.at[i])))
            return no_memory(err);
    HS_TRY(relation(t, rows, n, type, &scan.given, err));
    HS_TRY(new_columns(t, type->field_count, &scan, &columns, err));
    for (size_t i = 0; i < type->field_count; i++) {
        hs_str name = hs_arena_printf(t->arena, "\"f%d\"", type->fields[i].id);
        if (!name.at)
            return no_memory(err);
        columns[i] = (struct hs_scan_column){type->fields[i].name, name, type->fields[i].type, true};
    }
    return run(t, &r, out, err);
}
