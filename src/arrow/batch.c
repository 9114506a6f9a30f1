/* The shape of a batch and its structural check. The walk goes over the schema, which is ours; node and buffer numbers
 * come from the descriptor, which another process wrote. */
#include "arrow/batch.h"

#include "arrow/compress.h"
#include "arrow/layout.h"

static void add_shape(const struct hs_type *type, size_t *nodes, size_t *buffers)
{
    struct hs_layout layout = hs_layout_of(type);
    *nodes += 1;
    *buffers += (size_t)layout.buffers;
    if (type->index_bits) {
        *nodes += 1;
        *buffers += HS_DICTIONARY_BUFFERS;
    }
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

static void count_forms(const struct hs_type *type, struct hs_batch *batch)
{
    batch->dictionary_count += type->index_bits != 0;
    batch->view_count += hs_layout_of(type).kind == HS_LAYOUT_VIEW;
    for (size_t i = 0; i < type->field_count; i++)
        count_forms(type->fields[i].type, batch);
}

void hs_batch_of_form(struct hs_batch *batch, const struct hs_type *schema, enum hs_compression compression)
{
    batch->compression = compression;
    batch->dictionary_count = batch->view_count = 0;
    for (size_t i = 0; i < schema->field_count; i++)
        count_forms(schema->fields[i].type, batch);
}

struct hs_batch_part hs_batch_part(const struct hs_batch *b, size_t i)
{
    size_t own_nodes = b->node_count - b->dictionary_count;
    size_t own_buffers = b->buffer_count - HS_DICTIONARY_BUFFERS * b->dictionary_count;
    const struct hs_batch_buffer *first = b->buffers + own_buffers; /* of the dictionaries */
    if (i == b->dictionary_count) {
        size_t end = i ? (size_t)first->offset : b->body_len;
        return (struct hs_batch_part){b->rows, b->nodes, own_nodes, b->buffers, own_buffers, 0, end};
    }
    size_t from = (size_t)first[HS_DICTIONARY_BUFFERS * i].offset;
    size_t to = i + 1 < b->dictionary_count ? (size_t)first[HS_DICTIONARY_BUFFERS * (i + 1)].offset : b->body_len;
    const struct hs_batch_node *node = b->nodes + own_nodes + i;
    return (struct hs_batch_part){node->length,          node, 1,        first + HS_DICTIONARY_BUFFERS * i,
                                  HS_DICTIONARY_BUFFERS, from, to - from};
}

struct walk {
    const struct hs_batch *batch;
    size_t node, buffer; /* next */
    int64_t from, to;    /* where the part that is walked lies in the body */
    struct hs_err *err;
};

static hs_rc bad(struct walk *w, const char *words)
{
    return hs_fail_hidden(w->err, HS_CORRUPT, "batch node %zu, buffer %zu: %s", w->node, w->buffer, words);
}

/* The next buffer, when it lies in its part and can hold `least` bytes. How long a compressed one is when it is plain
 * stands in the body, which is not read here; but nothing comes of nothing. */
static hs_rc take_buffer(struct walk *w, int64_t least, bool may_be_absent)
{
    const struct hs_batch_buffer *b = &w->batch->buffers[w->buffer];
    bool compressed = w->batch->compression != HS_COMPRESSION_NONE;
    if (b->offset < w->from || b->length < 0 || b->offset > w->to || b->length > w->to - b->offset)
        return bad(w, "buffer outside the body");
    if (b->offset % 8 != 0)
        return bad(w, "buffer not aligned");
    if (compressed && least > HS_COMPRESSED_PLAIN_MAX && b->length)
        return bad(w, "more values than a buffer can hold");
    if (compressed && b->length)
        least = HS_COMPRESSED_PREFIX + (least > 0);
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
    int64_t out, most = w->batch->compression ? HS_COMPRESSED_PLAIN_MAX : (int64_t)w->batch->body_len;
    if (width < 0 || __builtin_mul_overflow(length, width, &out) || __builtin_add_overflow(out, extra, &out) ||
        out > most)
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
    case HS_LAYOUT_VIEW:
        HS_TRY(take_sized(w, length, layout.width, 0, false));
        return take_buffer(w, 0, false);
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

/* One dictionary, which begins where its first buffer is said to lie, and not before the part ahead of it has ended. */
static hs_rc check_dictionary(struct walk *w, size_t i)
{
    const struct hs_batch *b = w->batch;
    int64_t length, nulls;
    bool last = i + 1 == b->dictionary_count;
    w->from = w->to;
    w->to = last ? (int64_t)b->body_len : b->buffers[w->buffer + HS_DICTIONARY_BUFFERS].offset;
    if (w->to < w->from || w->to > (int64_t)b->body_len)
        return bad(w, "dictionaries out of order");
    HS_TRY(take_node(w, -1, &length, &nulls));
    if (nulls)
        return bad(w, "NULL in a dictionary"); /* what is NULL has no index */
    HS_TRY(take_buffer(w, bits(length), true));
    HS_TRY(take_sized(w, length, 4, 4, length == 0));
    return take_buffer(w, 0, false);
}

static hs_rc check_dictionaries(struct walk *w)
{
    for (size_t i = 0; i < w->batch->dictionary_count; i++)
        HS_TRY(check_dictionary(w, i));
    return HS_OK;
}

/* The columns' part ends where the first dictionary begins. */
static hs_rc check_columns(struct walk *w, const struct hs_type *schema)
{
    const struct hs_batch *b = w->batch;
    w->to = (int64_t)b->body_len;
    if (b->dictionary_count)
        w->to = b->buffers[b->buffer_count - HS_DICTIONARY_BUFFERS * b->dictionary_count].offset;
    if (w->to < 0 || w->to > (int64_t)b->body_len || w->to % 8 != 0)
        return bad(w, "dictionaries outside the body");
    return check_children(w, schema, b->rows);
}

hs_rc hs_batch_check(const struct hs_type *schema, const struct hs_batch *batch, struct hs_err *err)
{
    struct walk w = {.batch = batch, .err = err};
    struct hs_batch forms = {0};
    size_t nodes, buffers;
    hs_batch_shape(schema, &nodes, &buffers);
    hs_batch_of_form(&forms, schema, batch->compression);
    if (nodes != batch->node_count || buffers != batch->buffer_count)
        return bad(&w, "counts differ from the schema's");
    if (forms.dictionary_count != batch->dictionary_count || forms.view_count != batch->view_count)
        return bad(&w, "forms differ from the schema's");
    if (batch->rows < 0 || batch->body_len > INT64_MAX / 2 || (batch->body_len && !batch->body))
        return bad(&w, "rows or body");
    HS_TRY(check_columns(&w, schema));
    return check_dictionaries(&w);
}
