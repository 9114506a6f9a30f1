/* The shape of a batch and its structural check. The walk goes over the schema, which is ours; node and buffer numbers
 * come from the descriptor, which another process wrote. */
#include "arrow/batch.h"

#include "arrow/layout.h"

static void add_shape(const struct hs_type *type, size_t *nodes, size_t *buffers)
{
    struct hs_layout layout = hs_layout_of(type);
    *nodes += 1;
    *buffers += (size_t)layout.buffers;
    if (layout.kind == HS_LAYOUT_MAP) { /* the entries struct, which the type tree does not spell out */
        *nodes += 1;
        *buffers += 1;
    }
    for (size_t i = 0; i < type->field_count; i++)
        add_shape(type->fields[i].type, nodes, buffers);
}

void hs_batch_shape(const struct hs_type *schema, size_t *out_nodes, size_t *out_buffers)
{
    *out_nodes = 0;
    *out_buffers = 0;
    for (size_t i = 0; i < schema->field_count; i++)
        add_shape(schema->fields[i].type, out_nodes, out_buffers);
}

struct walk {
    const struct hs_batch *batch;
    size_t node, buffer; /* next */
    struct hs_err *err;
};

static hs_rc bad(struct walk *w, const char *words)
{
    return hs_fail_hidden(w->err, HS_CORRUPT, "batch node %zu, buffer %zu: %s", w->node, w->buffer, words);
}

/* The next buffer, when it lies in the body and holds at least `least` bytes. */
static hs_rc take_buffer(struct walk *w, int64_t least, bool may_be_absent)
{
    const struct hs_batch_buffer *b = &w->batch->buffers[w->buffer];
    int64_t body = (int64_t)w->batch->body_len;
    if (b->offset < 0 || b->length < 0 || b->offset > body || b->length > body - b->offset)
        return bad(w, "buffer outside the body");
    if (b->offset % 8 != 0)
        return bad(w, "buffer not aligned");
    if (b->length < least && !(may_be_absent && b->length == 0))
        return bad(w, "buffer too short");
    w->buffer++;
    return HS_OK;
}

static hs_rc take_node(struct walk *w, int64_t want_length, int64_t *out_length, int64_t *out_nulls)
{
    const struct hs_batch_node *n = &w->batch->nodes[w->node];
    if (n->length < 0 || n->null_count < 0 || n->null_count > n->length)
        return bad(w, "node lengths");
    if (want_length >= 0 && n->length != want_length)
        return bad(w, "node length differs from its parent's");
    *out_length = n->length;
    *out_nulls = n->null_count;
    w->node++;
    return HS_OK;
}

static int64_t bits(int64_t length)
{
    return length / 8 + (length % 8 != 0);
}

/* length * width + extra, or -1 when no body could be that long. */
static int64_t bytes(const struct walk *w, int64_t length, int64_t width, int64_t extra)
{
    int64_t out;
    if (width < 0 || __builtin_mul_overflow(length, width, &out) || __builtin_add_overflow(out, extra, &out) ||
        out > (int64_t)w->batch->body_len)
        return -1;
    return out;
}

static hs_rc take_sized(struct walk *w, int64_t length, int64_t width, int64_t extra, bool may_be_absent)
{
    int64_t least = bytes(w, length, width, extra);
    if (least < 0 && !may_be_absent)
        return bad(w, "more values than the body can hold");
    return take_buffer(w, least < 0 ? INT64_MAX : least, may_be_absent);
}

static hs_rc check_field(struct walk *w, const struct hs_type *type, int64_t want_length);

static hs_rc check_children(struct walk *w, const struct hs_type *type, int64_t want_length)
{
    for (size_t i = 0; i < type->field_count; i++)
        HS_TRY(check_field(w, type->fields[i].type, want_length));
    return HS_OK;
}

static hs_rc check_entries(struct walk *w, const struct hs_type *map)
{
    int64_t length, nulls;
    HS_TRY(take_node(w, -1, &length, &nulls));
    if (nulls)
        return bad(w, "NULL among map entries");
    HS_TRY(take_buffer(w, bits(length), true));
    if (map->field_count && w->batch->nodes[w->node].null_count) /* clients refuse it, and damaged files hold it */
        return bad(w, "NULL as a map key");
    return check_children(w, map, length);
}

static hs_rc check_field(struct walk *w, const struct hs_type *type, int64_t want_length)
{
    struct hs_layout layout = hs_layout_of(type);
    int64_t length, nulls;
    HS_TRY(take_node(w, want_length, &length, &nulls));
    if (layout.buffers)
        HS_TRY(take_buffer(w, bits(length), nulls == 0));
    switch (layout.kind) {
    case HS_LAYOUT_ABSENT:
        return hs_fail(w->err, HS_UNSUPPORTED, "type %s has no Arrow form here yet", hs_type_name(type->id));
    case HS_LAYOUT_NULL:
        return HS_OK;
    case HS_LAYOUT_BITS:
        return take_buffer(w, bits(length), false);
    case HS_LAYOUT_FIXED:
        return take_sized(w, length, layout.width, 0, false);
    case HS_LAYOUT_BYTES:
        HS_TRY(take_sized(w, length, 4, 4, length == 0));
        return take_buffer(w, 0, false);
    case HS_LAYOUT_STRUCT:
        return check_children(w, type, length);
    case HS_LAYOUT_LIST:
        HS_TRY(take_sized(w, length, 4, 4, length == 0));
        return check_children(w, type, -1);
    case HS_LAYOUT_MAP:
        HS_TRY(take_sized(w, length, 4, 4, length == 0));
        return check_entries(w, type);
    }
    return bad(w, "layout");
}

hs_rc hs_batch_check(const struct hs_type *schema, const struct hs_batch *batch, struct hs_err *err)
{
    struct walk w = {.batch = batch, .err = err};
    size_t nodes, buffers;
    hs_batch_shape(schema, &nodes, &buffers);
    if (nodes != batch->node_count || buffers != batch->buffer_count)
        return bad(&w, "counts differ from the schema's");
    if (batch->rows < 0 || batch->body_len > INT64_MAX / 2 || (batch->body_len && !batch->body))
        return bad(&w, "rows or body");
    return check_children(&w, schema, batch->rows);
}
