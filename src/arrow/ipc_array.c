/* A small ArrowArray that the server made itself (metadata answers) as a batch: header pieces and body in one
 * allocation. Follows the buffers that the array has, so unions work, too. */
#include "arrow/ipc.h"

#include <nanoarrow/nanoarrow.h>

#include "base/alloc.h"

struct counts {
    size_t nodes, buffers, body;
};

static size_t padded(int64_t length)
{
    return ((size_t)length + 7) & ~(size_t)7;
}

static void count(const struct ArrowArrayView *view, struct counts *c)
{
    for (int64_t i = 0; i < view->n_children; i++) {
        const struct ArrowArrayView *child = view->children[i];
        c->nodes++;
        c->buffers += (size_t)child->array->n_buffers;
        for (int64_t b = 0; b < child->array->n_buffers; b++)
            c->body += padded(child->buffer_views[b].size_bytes);
        count(child, c);
    }
}

static void put(const struct ArrowArrayView *view, struct hs_batch *out, uint8_t *body)
{
    for (int64_t i = 0; i < view->n_children; i++) {
        const struct ArrowArrayView *child = view->children[i];
        out->nodes[out->node_count++] = (struct hs_batch_node){child->length, child->null_count};
        for (int64_t b = 0; b < child->array->n_buffers; b++) {
            int64_t size = child->buffer_views[b].size_bytes;
            out->buffers[out->buffer_count++] = (struct hs_batch_buffer){(int64_t)out->body_len, size};
            if (size)
                memcpy(body + out->body_len, child->buffer_views[b].data.data, (size_t)size);
            out->body_len += padded(size);
        }
        put(child, out, body);
    }
}

static void release(struct hs_batch *b)
{
    hs_free(b->owner);
}

static hs_rc pack(const struct ArrowArrayView *view, struct hs_batch *out, struct hs_err *err)
{
    struct counts c = {0, 0, 0};
    count(view, &c);
    size_t nodes_size = c.nodes * sizeof *out->nodes, buffers_size = c.buffers * sizeof *out->buffers;
    uint8_t *all = hs_calloc(1, nodes_size + buffers_size + c.body + 8);
    if (!all)
        return hs_fail(err, HS_NOMEM, "out of memory");
    struct hs_batch b = {.rows = view->length, .release = release, .owner = all};
    b.nodes = (struct hs_batch_node *)all;
    b.buffers = (struct hs_batch_buffer *)(all + nodes_size);
    b.body = all + nodes_size + buffers_size;
    put(view, &b, all + nodes_size + buffers_size);
    *out = b;
    return HS_OK;
}

hs_rc hs_batch_of_array(const struct ArrowSchema *schema, const struct ArrowArray *array, struct hs_batch *out,
                        struct hs_err *err)
{
    struct ArrowArrayView view;
    struct ArrowError words = {{0}};
    int code = ArrowArrayViewInitFromSchema(&view, schema, &words);
    if (code == NANOARROW_OK)
        code = ArrowArrayViewSetArray(&view, array, &words);
    if (code == NANOARROW_OK)
        code = ArrowArrayViewValidate(&view, NANOARROW_VALIDATION_LEVEL_DEFAULT, &words);
    hs_rc rc = code == NANOARROW_OK ? pack(&view, out, err)
                                    : hs_fail_hidden(err, HS_INTERNAL, "batch of array: %s", words.message);
    ArrowArrayViewReset(&view);
    return rc;
}
