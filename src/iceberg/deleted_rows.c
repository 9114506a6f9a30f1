/* Rows of position delete files: of Parquet by whoever reads Parquet for us, of Avro by ourselves (specification,
 * "Position Delete Files"). Two columns matter, by their reserved ids, or by name where a file states none. */
#include "iceberg/deleted_in.h"
#include "avro/avro.h"
#include "iceberg/parquet.h"

#include <nanoarrow/nanoarrow.h>

enum { MAX_AVRO_MIB = 1024 };

/* ---- Parquet ---- */

static struct hs_type path_type = {.id = HS_T_STRING}, pos_type = {.id = HS_T_LONG};
static struct hs_field wanted_fields[] = {
    {.id = HS_ID_DELETE_PATH, .name = {"file_path", 9}, .type = &path_type},
    {.id = HS_ID_DELETE_POS, .name = {"pos", 3}, .type = &pos_type},
};
static const struct hs_type wanted_type = {.id = HS_T_STRUCT, .fields = wanted_fields, .field_count = 2};

static const struct hs_field *find(const struct hs_type *file, const struct hs_field *wanted)
{
    for (size_t i = 0; i < file->field_count; i++)
        if (file->fields[i].id == wanted->id)
            return &file->fields[i];
    const struct hs_field *f = hs_type_field_by_name(file, wanted->name);
    return f && f->id < 0 ? f : NULL;
}

/* The two columns as the file has them, with their ids. */
static hs_rc delete_columns(const struct hs_type *file, struct hs_field out[2], struct hs_err *err)
{
    for (size_t i = 0; i < 2; i++) {
        const struct hs_field *f = find(file, &wanted_fields[i]);
        if (!f)
            return hs_damaged(err, "a position delete file without the column %.*s", HS_FMT(wanted_fields[i].name));
        bool fits = f->type->id == wanted_fields[i].type->id || (i == 1 && f->type->id == HS_T_INT);
        if (!fits)
            return hs_damaged(err, "column %.*s of a position delete file is a %s", HS_FMT(f->name),
                              hs_type_name(f->type->id));
        out[i] = *f;
        out[i].id = wanted_fields[i].id;
    }
    return HS_OK;
}

struct gathering {
    struct hs_delete_rows *to;
    int64_t rows;
};

static bool is_valid(const struct ArrowArray *column, int64_t i)
{
    const uint8_t *bits = column->buffers[0];
    return !bits || ArrowBitGet(bits, i);
}

static hs_rc add_rows(struct hs_delete_rows *to, const struct ArrowArray *rows, struct hs_err *err)
{
    const struct ArrowArray *paths = rows->children[0], *positions = rows->children[1];
    const int32_t *offsets = paths->buffers[1];
    const char *text = paths->buffers[2];
    const int64_t *values = positions->buffers[1];
    for (int64_t i = 0; i < rows->length; i++) {
        hs_str path = {text + offsets[i], (size_t)(offsets[i + 1] - offsets[i])};
        HS_TRY(
            hs_delete_rows_add(to, is_valid(paths, i) ? &path : NULL, is_valid(positions, i) ? &values[i] : NULL, err));
    }
    return HS_OK;
}

static hs_rc on_batch(void *arg, const struct hs_batch *batch, struct hs_err *err)
{
    struct gathering *g = arg;
    struct ArrowArray rows = {0};
    HS_TRY(hs_batch_import(&wanted_type, batch, &rows, err));
    g->rows += rows.length;
    hs_rc rc = add_rows(g->to, &rows, err);
    ArrowArrayRelease(&rows);
    return rc;
}

static hs_rc read_columns(const struct hs_row_reader *reader, hs_str local, const struct hs_footer *footer,
                          struct hs_delete_rows *to, struct hs_err *err)
{
    struct hs_field columns[2];
    struct gathering g = {.to = to};
    struct hs_type physical = {.id = HS_T_STRUCT, .fields = columns, .field_count = 2};
    HS_TRY(delete_columns(hs_footer_physical(footer->schema)->type, columns, err));
    HS_TRY(reader->read(reader->ctx, local, &physical, &wanted_type, on_batch, &g, err));
    if (g.rows != footer->row_count)
        return hs_damaged(err, "%lld rows were read of %lld", (long long)g.rows, (long long)footer->row_count);
    return HS_OK;
}

hs_rc hs_delete_parquet(const struct hs_row_reader *reader, hs_str local, struct hs_delete_rows *to, int64_t *out_rows,
                        struct hs_err *err)
{
    struct hs_footer *footer;
    if (!reader)
        return hs_refused(err, "the table has row-level deletes, which cannot be read here",
                          "Parquet without a reader");
    if (hs_is_pattern(local))
        return hs_refused(err, "a delete file's name holds one of * ? [, which is not supported", "by the engine");
    HS_TRY(hs_footer_open(local, &footer, err));
    hs_rc rc = footer->row_count ? hs_footer_check_pages(footer, local, err) : HS_OK;
    if (rc == HS_OK && footer->row_count)
        rc = read_columns(reader, local, footer, to, err);
    *out_rows = footer->row_count;
    hs_footer_unref(footer);
    return rc;
}

/* ---- Avro ---- */

static hs_rc avro_column(const struct hs_avro_type *record, const struct hs_field *wanted, size_t *out,
                         struct hs_err *err)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (record->fields[i].id == wanted->id) {
            *out = i;
            return HS_OK;
        }
    for (size_t i = 0; i < record->field_count; i++)
        if (record->fields[i].id < 0 && hs_str_eq(record->fields[i].name, wanted->name)) {
            *out = i;
            return HS_OK;
        }
    return hs_damaged(err, "a position delete file without the column %.*s", HS_FMT(wanted->name));
}

static hs_rc add_record(struct hs_delete_rows *to, const struct hs_avro_value *path, const struct hs_avro_value *pos,
                        struct hs_err *err)
{
    bool has_path = path->kind != HS_AVRO_NULL, has_pos = pos->kind != HS_AVRO_NULL;
    if ((has_path && path->kind != HS_AVRO_STRING) ||
        (has_pos && pos->kind != HS_AVRO_LONG && pos->kind != HS_AVRO_INT))
        return hs_damaged(err, "a position delete file's columns are not text and number");
    return hs_delete_rows_add(to, has_path ? &path->s : NULL, has_pos ? &pos->i : NULL, err);
}

static hs_rc avro_rows(struct hs_avro_file *file, struct hs_delete_rows *to, int64_t *out_rows, struct hs_err *err)
{
    const struct hs_avro_value *row;
    size_t path = 0, pos = 0;
    for (*out_rows = 0;; ++*out_rows) {
        HS_TRY(hs_avro_next(file, &row, err));
        if (!row)
            return HS_OK;
        if (*out_rows == 0) {
            HS_TRY(avro_column(row->type, &wanted_fields[0], &path, err));
            HS_TRY(avro_column(row->type, &wanted_fields[1], &pos, err));
        }
        HS_TRY(add_record(to, &row->items[path], &row->items[pos], err));
    }
}

/* Members without ids have -1, as does nothing else: asking for it keeps those that are found by name. */
static hs_rc avro_bytes(hs_str bytes, struct hs_delete_rows *to, int64_t *out_rows, struct hs_err *err)
{
    static const int wanted[] = {HS_ID_DELETE_PATH, HS_ID_DELETE_POS, -1};
    struct hs_avro_file *file;
    HS_TRY(hs_avro_open(bytes, wanted, sizeof wanted / sizeof *wanted, &file, err));
    hs_rc rc = avro_rows(file, to, out_rows, err);
    hs_avro_close(file);
    return rc;
}

hs_rc hs_delete_avro(hs_str local, struct hs_delete_rows *to, int64_t *out_rows, struct hs_err *err)
{
    struct hs_arena *scratch = hs_arena_new(0);
    hs_str bytes;
    if (!scratch)
        return hs_no_memory(err);
    hs_rc rc = hs_object_read(scratch, local, MAX_AVRO_MIB * HS_MIB, &bytes, err);
    if (rc == HS_OK)
        rc = avro_bytes(bytes, to, out_rows, err);
    hs_arena_free(scratch);
    return rc;
}
