/* A batch into private memory, checked whole. What is copied first is what is checked: the body may be memory that its
 * writer still holds, so nothing is read from it twice. */
#include "arrow/batch.h"

#include <errno.h>
#include <nanoarrow/nanoarrow.h>

#include "arrow/compress.h"
#include "arrow/layout.h"

enum { PLAIN_MAX = 1 << 30 }; /* bytes of one batch, decompressed */

struct import {
    const struct hs_batch *batch;
    size_t node, buffer;                       /* next */
    size_t dictionary_node, dictionary_buffer; /* next, behind the columns' */
    size_t plain;                              /* bytes so far */
    struct hs_buf frame;                       /* private copy of what is decompressed */
    struct hs_err *err;
};

static hs_rc failed(struct hs_err *err, int code, const char *what)
{
    return hs_fail_hidden(err, code == ENOMEM ? HS_NOMEM : HS_CORRUPT, "batch import, %s: %d", what, code);
}

static hs_rc decompress(struct import *m, const struct hs_batch_buffer *b, struct ArrowBuffer *out)
{
    size_t len;
    hs_buf_clear(&m->frame);
    hs_buf_add(&m->frame, m->batch->body + b->offset, (size_t)b->length);
    HS_TRY(hs_buf_done(&m->frame, m->err));
    HS_TRY(hs_compressed_length(m->batch->compression, hs_buf_str(&m->frame), &len, m->err));
    if (len > PLAIN_MAX - m->plain)
        return hs_fail(m->err, HS_LIMIT, "a compressed batch is too large");
    m->plain += len;
    int code = ArrowBufferReserve(out, (int64_t)len + 8);
    if (code != NANOARROW_OK)
        return failed(m->err, code, "decompress");
    HS_TRY(hs_decompress(m->batch->compression, hs_buf_str(&m->frame), out->data, len, m->err));
    out->size_bytes = (int64_t)len;
    return HS_OK;
}

/* Into private memory; afterwards there are at least `least` bytes. Of a plain one the check has seen to that. */
static hs_rc load(struct import *m, const struct hs_batch_buffer *b, struct ArrowBuffer *out, int64_t least)
{
    if (m->batch->compression && b->length) {
        HS_TRY(decompress(m, b, out));
    } else {
        /* An empty buffer has an address, too: whoever follows an empty text adds 0 to it. */
        int code =
            b->length ? ArrowBufferAppend(out, m->batch->body + b->offset, b->length) : ArrowBufferReserve(out, 8);
        if (code != NANOARROW_OK)
            return failed(m->err, code, "copy");
    }
    return out->size_bytes < least ? failed(m->err, 0, "buffer too short") : HS_OK;
}

static hs_rc copy_buffer(struct import *m, struct ArrowArray *array, int64_t i, int64_t least)
{
    const struct hs_batch_buffer *b = &m->batch->buffers[m->buffer++];
    if (b->length == 0 && i == 0) /* no validity: none is NULL */
        return HS_OK;
    return load(m, b, ArrowArrayBuffer(array, i), least);
}

static int64_t bit_bytes(int64_t length)
{
    return length / 8 + (length % 8 != 0);
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
    HS_TRY(copy_buffer(m, array, 0, bit_bytes(array->length)));
    const struct ArrowBuffer *bits = ArrowArrayBuffer(array, 0);
    if (bits->size_bytes)
        array->null_count = array->length - ArrowBitCountSet(bits->data, 0, array->length);
    return HS_OK;
}

/* Offsets of an empty column may be absent in a message, but readers of an array look at the first. */
static hs_rc fill_offsets(struct import *m, struct ArrowArray *array)
{
    HS_TRY(copy_buffer(m, array, 1, array->length ? (array->length + 1) * 4 : 0));
    struct ArrowBuffer *offsets = ArrowArrayBuffer(array, 1);
    if (offsets->size_bytes && offsets->size_bytes < 4)
        return failed(m->err, 0, "offsets");
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

static bool is_valid(const struct ArrowArray *array, int64_t i)
{
    const uint8_t *bits = ArrowArrayBuffer((struct ArrowArray *)(uintptr_t)array, 0)->data;
    return !array->null_count || ArrowBitGet(bits, i);
}

/* ---- views ---- */
enum { INLINE = 12 };

/* Short values stand in the view and are followed by zeros; of long ones the first four bytes do. */
static bool view_fits(const union ArrowBinaryView *v, const struct ArrowBuffer *data)
{
    static const uint8_t zeros[INLINE];
    int32_t len = v->inlined.size;
    if (len < 0)
        return false;
    if (len <= INLINE)
        return memcmp(v->inlined.data + len, zeros, (size_t)(INLINE - len)) == 0;
    if (v->ref.buffer_index != 0 || v->ref.offset < 0 || (int64_t)v->ref.offset + len > data->size_bytes)
        return false;
    return memcmp(data->data + v->ref.offset, v->ref.prefix, sizeof v->ref.prefix) == 0;
}

/* What stands under a NULL is cleared: nobody is to follow it. */
static hs_rc check_views(struct import *m, struct ArrowArray *array)
{
    union ArrowBinaryView *views = (union ArrowBinaryView *)(void *)ArrowArrayBuffer(array, 1)->data;
    const struct ArrowBuffer *data = ArrowArrayBuffer(array, 2);
    for (int64_t i = 0; i < array->length; i++)
        if (!is_valid(array, i))
            memset(&views[i], 0, sizeof views[i]);
        else if (!view_fits(&views[i], data))
            return failed(m->err, 0, "a view leads outside");
    return HS_OK;
}

static hs_rc fill_views(struct import *m, struct ArrowArray *array)
{
    HS_TRY(copy_buffer(m, array, 1, array->length * 16));
    int code = ArrowArrayAddVariadicBuffers(array, 1);
    if (code != NANOARROW_OK)
        return failed(m->err, code, "views");
    HS_TRY(copy_buffer(m, array, 2, 0));
    return check_views(m, array);
}

/* ---- dictionaries ---- */
static bool in_range(int64_t *index, bool valid, int64_t count)
{
    if (!valid)
        *index = 0;
    return !valid || (*index >= 0 && *index < count);
}

static hs_rc check_indices(struct import *m, const struct hs_type *type, struct ArrowArray *array)
{
    uint8_t *at = ArrowArrayBuffer(array, 1)->data;
    for (int64_t i = 0; i < array->length; i++) {
        int64_t index = type->index_bits == 8 ? ((int8_t *)at)[i] : ((int16_t *)(void *)at)[i];
        if (!in_range(&index, is_valid(array, i), array->dictionary->length))
            return failed(m->err, 0, "an index outside the dictionary");
        if (type->index_bits == 8)
            at[i] = (uint8_t)index;
        else
            ((int16_t *)(void *)at)[i] = (int16_t)index;
    }
    return HS_OK;
}

/* The values' node and buffers lie behind those of all columns. */
static hs_rc fill_dictionary(struct import *m, const struct hs_type *type, struct ArrowArray *array)
{
    struct import values = *m;
    values.node = m->dictionary_node++;
    values.buffer = m->dictionary_buffer;
    m->dictionary_buffer += HS_DICTIONARY_BUFFERS;
    hs_rc rc = copy_node(&values, array->dictionary);
    if (rc == HS_OK)
        rc = fill_offsets(&values, array->dictionary);
    if (rc == HS_OK)
        rc = copy_buffer(&values, array->dictionary, 2, 0);
    m->plain = values.plain;
    m->frame = values.frame;
    HS_TRY(rc);
    if (array->dictionary->null_count)
        return failed(m->err, 0, "NULL in a dictionary");
    HS_TRY(check_offsets(m, array->dictionary, ArrowArrayBuffer(array->dictionary, 2)->size_bytes));
    return check_indices(m, type, array);
}

/* ---- all of it ---- */
static hs_rc fill(struct import *m, const struct hs_type *type, struct ArrowArray *array);

static hs_rc fill_children(struct import *m, const struct hs_type *type, struct ArrowArray *array)
{
    for (size_t i = 0; i < type->field_count; i++)
        HS_TRY(fill(m, type->fields[i].type, array->children[i]));
    return HS_OK;
}

static hs_rc fill(struct import *m, const struct hs_type *type, struct ArrowArray *array)
{
    struct hs_layout layout = hs_layout_of(type);
    HS_TRY(copy_node(m, array));
    switch (layout.kind) {
    case HS_LAYOUT_ABSENT:
    case HS_LAYOUT_NULL:
        return HS_OK;
    case HS_LAYOUT_BITS:
        return copy_buffer(m, array, 1, bit_bytes(array->length));
    case HS_LAYOUT_FIXED:
        HS_TRY(copy_buffer(m, array, 1, array->length * layout.width));
        return type->index_bits ? fill_dictionary(m, type, array) : HS_OK;
    case HS_LAYOUT_VIEW:
        return fill_views(m, array);
    case HS_LAYOUT_BYTES:
        HS_TRY(fill_offsets(m, array));
        HS_TRY(copy_buffer(m, array, 2, 0));
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

static bool views_valid(const struct ArrowArray *array)
{
    const union ArrowBinaryView *v = array->buffers[1];
    for (int64_t i = 0; i < array->length; i++, v++) {
        const uint8_t *at =
            v->inlined.size <= INLINE ? v->inlined.data : (const uint8_t *)array->buffers[2] + v->ref.offset;
        if (!hs_utf8_valid(hs_str_n(at, (size_t)v->inlined.size)))
            return false;
    }
    return true;
}

static bool texts_valid(const struct hs_type *type, const struct ArrowArray *array)
{
    if (type->id == HS_T_STRING)
        return type->view ? views_valid(array) : text_valid(type->index_bits ? array->dictionary : array);
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
    m.dictionary_node = batch->node_count - batch->dictionary_count;
    m.dictionary_buffer = batch->buffer_count - HS_DICTIONARY_BUFFERS * batch->dictionary_count;
    array->length = batch->rows;
    array->null_count = 0;
    hs_buf_init(&m.frame, PLAIN_MAX);
    hs_rc rc = fill_children(&m, type, array);
    hs_buf_fini(&m.frame);
    HS_TRY(rc);
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
