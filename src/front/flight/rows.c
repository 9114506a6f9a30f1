#include "front/flight/rows.h"

#include <errno.h>

static hs_rc failed(int code, struct hs_err *err)
{
    return hs_fail_hidden(err, code == ENOMEM ? HS_NOMEM : HS_INTERNAL, "metadata rows: nanoarrow says %d", code);
}

hs_rc hs_rows_schema(const struct rows_column *columns, size_t count, struct ArrowSchema *out, struct hs_err *err)
{
    struct hs_type leaf[HS_T_COUNT_], text = {.id = HS_T_STRING};
    struct hs_field fields[32], element = {.id = -1, .required = true, .type = &text};
    if (count > sizeof fields / sizeof fields[0])
        return hs_fail_hidden(err, HS_INTERNAL, "%zu metadata columns", count);
    for (int i = 0; i < HS_T_COUNT_; i++)
        leaf[i] = (struct hs_type){.id = (enum hs_type_id)i};
    leaf[HS_T_LIST].fields = &element;
    leaf[HS_T_LIST].field_count = 1;
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct hs_field){.id = -1,
                                      .name = hs_str_of(columns[i].name),
                                      .required = columns[i].required,
                                      .type = &leaf[columns[i].type]};
    struct hs_type all = {.id = HS_T_STRUCT, .fields = fields, .field_count = count};
    return hs_type_to_arrow(&all, false, out, err);
}

hs_rc hs_rows_open(struct ArrowSchema *schema, struct rows *out, struct hs_err *err)
{
    struct rows r = {.code = NANOARROW_OK};
    ArrowSchemaMove(schema, &r.schema);
    r.array.release = NULL;
    int code = ArrowArrayInitFromSchema(&r.array, &r.schema, NULL);
    if (code == NANOARROW_OK)
        code = ArrowArrayStartAppending(&r.array);
    if (code != NANOARROW_OK) {
        hs_rows_close(&r);
        return failed(code, err);
    }
    *out = r;
    return HS_OK;
}

void hs_rows_close(struct rows *r)
{
    if (r->array.release)
        ArrowArrayRelease(&r->array);
    if (r->schema.release)
        ArrowSchemaRelease(&r->schema);
}

void hs_rows_text(struct rows *r, int column, hs_str text)
{
    struct ArrowBufferView v = {.data.data = text.at, .size_bytes = (int64_t)text.len};
    if (r->code != NANOARROW_OK)
        return;
    struct ArrowArray *child = r->array.children[column];
    r->code = text.at ? ArrowArrayAppendBytes(child, v) : ArrowArrayAppendNull(child, 1);
}

void hs_rows_words(struct rows *r, int column, const char *text)
{
    hs_rows_text(r, column, hs_str_of(text));
}

void hs_rows_int(struct rows *r, int column, int64_t value)
{
    if (r->code == NANOARROW_OK)
        r->code = ArrowArrayAppendInt(r->array.children[column], value);
}

void hs_rows_null(struct rows *r, int column)
{
    if (r->code == NANOARROW_OK)
        r->code = ArrowArrayAppendNull(r->array.children[column], 1);
}

void hs_rows_end(struct rows *r)
{
    if (r->code == NANOARROW_OK)
        r->code = ArrowArrayFinishElement(&r->array);
}

hs_rc hs_rows_done(struct rows *r, struct hs_batch *out, struct hs_err *err)
{
    if (r->code == NANOARROW_OK)
        r->code = ArrowArrayFinishBuildingDefault(&r->array, NULL);
    return r->code == NANOARROW_OK ? hs_batch_of_array(&r->schema, &r->array, out, err) : failed(r->code, err);
}
