/* A batch into private memory, checked whole. What is copied first is what is checked: the body may be memory that its
 * writer still holds, so nothing is read from it twice. */
#include "arrow/batch.h"

#include <errno.h>
#include <nanoarrow/nanoarrow.h>

#include "arrow/layout.h"

struct import {
    const struct hs_batch *batch;
    size_t node, buffer; /* next */
    struct hs_err *err;
};

static hs_rc failed(struct hs_err *err, int code, const char *what)
{
    return hs_fail_hidden(err, code == ENOMEM ? HS_NOMEM : HS_CORRUPT, "batch import, %s: %d", what, code);
}

static hs_rc copy_buffer(struct import *m, struct ArrowArray *array, int64_t i)
{
    const struct hs_batch_buffer *b = &m->batch->buffers[m->buffer++];
    struct ArrowBuffer *out = ArrowArrayBuffer(array, i);
    if (b->length == 0 && i == 0) /* no validity: none is NULL */
        return HS_OK;
    /* An empty buffer has an address, too: whoever follows an empty text adds 0 to it. */
    int code = b->length ? ArrowBufferAppend(out, m->batch->body + b->offset, b->length) : ArrowBufferReserve(out, 8);
    return code == NANOARROW_OK ? HS_OK : failed(m->err, code, "copy");
}

/* Lengths and validity of one node. The writer's null count is not believed. */
static hs_rc copy_node(struct import *m, struct ArrowArray *array)
{
    array->length = m->batch->nodes[m->node++].length;
    array->null_count = 0;
    if (array->n_buffers == 0) { /* the null type: nothing but NULLs */
        array->null_count = array->length;
        return HS_OK;
    }
    HS_TRY(copy_buffer(m, array, 0));
    const struct ArrowBuffer *bits = ArrowArrayBuffer(array, 0);
    if (bits->size_bytes)
        array->null_count = array->length - ArrowBitCountSet(bits->data, 0, array->length);
    return HS_OK;
}

/* Offsets of an empty column may be absent in a message, but readers of an array look at the first. */
static hs_rc fill_offsets(struct import *m, struct ArrowArray *array)
{
    HS_TRY(copy_buffer(m, array, 1));
    struct ArrowBuffer *offsets = ArrowArrayBuffer(array, 1);
    int code = offsets->size_bytes == 0 ? ArrowBufferAppendInt32(offsets, 0) : NANOARROW_OK;
    return code == NANOARROW_OK ? HS_OK : failed(m->err, code, "offsets");
}

/* An ArrowArray does not say how long its buffers are, so this is the last moment to hold offsets against them. */
static hs_rc check_offsets(struct import *m, struct ArrowArray *array, int64_t limit)
{
    const int32_t *offsets = (const int32_t *)ArrowArrayBuffer(array, 1)->data;
    int32_t last = offsets[0];
    bool fine = last >= 0;
    for (int64_t i = 1; i <= array->length; i++) {
        fine = fine && offsets[i] >= last;
        last = offsets[i];
    }
    return fine && last <= limit ? HS_OK : failed(m->err, 0, "offsets fall or lead outside");
}

static hs_rc fill(struct import *m, const struct hs_type *type, struct ArrowArray *array);

static hs_rc fill_children(struct import *m, const struct hs_type *type, struct ArrowArray *array)
{
    for (size_t i = 0; i < type->field_count; i++)
        HS_TRY(fill(m, type->fields[i].type, array->children[i]));
    return HS_OK;
}

static hs_rc fill(struct import *m, const struct hs_type *type, struct ArrowArray *array)
{
    HS_TRY(copy_node(m, array));
    switch (hs_layout_of(type).kind) {
    case HS_LAYOUT_ABSENT:
    case HS_LAYOUT_NULL:
        return HS_OK;
    case HS_LAYOUT_BITS:
    case HS_LAYOUT_FIXED:
        return copy_buffer(m, array, 1);
    case HS_LAYOUT_BYTES:
        HS_TRY(fill_offsets(m, array));
        HS_TRY(copy_buffer(m, array, 2));
        return check_offsets(m, array, ArrowArrayBuffer(array, 2)->size_bytes);
    case HS_LAYOUT_STRUCT:
        return fill_children(m, type, array);
    case HS_LAYOUT_LIST:
        HS_TRY(fill_offsets(m, array));
        HS_TRY(fill_children(m, type, array));
        return check_offsets(m, array, array->children[0]->length);
    case HS_LAYOUT_MAP:
        HS_TRY(fill_offsets(m, array));
        HS_TRY(copy_node(m, array->children[0]));
        HS_TRY(fill_children(m, type, array->children[0]));
        return check_offsets(m, array, array->children[0]->length);
    }
    return HS_OK;
}

/* The whole stretch is UTF-8 and no value begins inside a character. */
static bool text_valid(const struct ArrowArray *array)
{
    const int32_t *offsets = (const int32_t *)array->buffers[1];
    const char *data = (const char *)array->buffers[2];
    if (array->length == 0 || offsets[array->length] == offsets[0])
        return true;
    int32_t end = offsets[array->length];
    if (!hs_utf8_valid(hs_str_n(data + offsets[0], (size_t)(end - offsets[0]))))
        return false;
    for (int64_t i = 0; i < array->length; i++)
        if (offsets[i] < end && ((unsigned char)data[offsets[i]] & 0xC0) == 0x80)
            return false;
    return true;
}

static bool texts_valid(const struct hs_type *type, const struct ArrowArray *array)
{
    if (type->id == HS_T_STRING)
        return text_valid(array);
    const struct ArrowArray *parent = type->id == HS_T_MAP ? array->children[0] : array;
    for (size_t i = 0; i < type->field_count; i++)
        if (!texts_valid(type->fields[i].type, parent->children[i]))
            return false;
    return true;
}

static hs_rc build(const struct hs_type *type, const struct hs_batch *batch, struct ArrowArray *array,
                   struct hs_err *err)
{
    struct import m = {.batch = batch, .err = err};
    array->length = batch->rows;
    array->null_count = 0;
    HS_TRY(fill_children(&m, type, array));
    int code = ArrowArrayFinishBuilding(array, NANOARROW_VALIDATION_LEVEL_NONE, NULL);
    if (code != NANOARROW_OK)
        return failed(err, code, "finish");
    if (!texts_valid(type, array))
        return hs_fail_hidden(err, HS_CORRUPT, "batch import: text is not UTF-8");
    return HS_OK;
}

hs_rc hs_batch_import(const struct hs_type *type, const struct hs_batch *batch, struct ArrowArray *out,
                      struct hs_err *err)
{
    HS_TRY(hs_batch_check(type, batch, err));
    struct ArrowSchema schema;
    HS_TRY(hs_type_to_arrow(type, false, &schema, err));
    struct ArrowArray array = {.release = NULL};
    int code = ArrowArrayInitFromSchema(&array, &schema, NULL);
    hs_rc rc = code == NANOARROW_OK ? build(type, batch, &array, err) : failed(err, code, "init");
    ArrowSchemaRelease(&schema);
    if (rc == HS_OK)
        ArrowArrayMove(&array, out);
    else if (array.release)
        ArrowArrayRelease(&array);
    return rc;
}
