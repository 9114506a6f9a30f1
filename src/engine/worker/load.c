/* Laying a batch out and writing it: see load.h. Every buffer has its exact place before a value is written, and each
 * value is copied once, from the engine's vector to where the server reads it; where buffers are compressed, to memory
 * of the writer's own, and from there. */
#include "engine/worker/load.h"
#include "base/alloc.h"

#include <sys/mman.h>

enum { ALIGN = 64, KEEP_PLAIN = 8 << 20 };

void hs_held_unref(struct held *h)
{
    if (!h || atomic_fetch_sub(&h->refs, 1) != 1)
        return;
    duck()->destroy_data_chunk(&h->chunk);
    hs_free(h);
}

/* ---- layout ---- */
struct layout {
    struct load *load; /* NULL: only the size is wanted */
    bool compressed;   /* the size that it may have at most then */
    uint8_t *base;
    uint64_t at;
};

static uint64_t aligned(uint64_t at)
{
    return (at + ALIGN - 1) / ALIGN * ALIGN;
}

static uint8_t *place(struct layout *l, uint64_t bytes)
{
    uint64_t from = l->at;
    l->at = aligned(from + (l->compressed ? hs_compress_room(bytes) : bytes));
    if (!l->load)
        return NULL;
    l->load->buffers[l->load->buffer_count++] = (struct hs_batch_buffer){(int64_t)from, (int64_t)bytes};
    memset(l->base + from + bytes, 0, l->at - from - bytes);
    return l->base + from;
}

static void add_node(struct layout *l, int64_t length, int64_t nulls)
{
    if (l->load)
        l->load->nodes[l->load->node_count++] = (struct hs_batch_node){length, nulls};
}

static uint8_t *place_zeros(struct layout *l, uint64_t bytes)
{
    uint8_t *at = place(l, bytes);
    if (at)
        memset(at, 0, bytes);
    return at;
}

static int32_t *place_offsets(struct layout *l, int64_t length)
{
    int32_t *at = (int32_t *)(void *)place(l, (uint64_t)(length + 1) * 4);
    if (at)
        at[0] = 0;
    return at;
}

static uint64_t bit_bytes(int64_t length)
{
    return (uint64_t)(length + 7) / 8;
}

static void lay_out_buffers(struct layout *l, struct column *c, enum hs_layout_kind kind)
{
    uint8_t *validity = place_zeros(l, c->size.nulls ? bit_bytes(c->size.length) : 0);
    c->validity = c->size.nulls ? validity : NULL;
    switch (kind) {
    case HS_LAYOUT_BITS:
        c->data = place_zeros(l, bit_bytes(c->size.length));
        return;
    case HS_LAYOUT_FIXED:
        c->data = place(l, (uint64_t)c->size.length * c->width);
        return;
    case HS_LAYOUT_BYTES:
        c->offsets = place_offsets(l, c->size.length);
        c->data = place(l, (uint64_t)c->size.bytes);
        return;
    case HS_LAYOUT_VIEW:
        c->views = place(l, (uint64_t)c->size.length * 16);
        c->data = place(l, (uint64_t)c->size.bytes);
        return;
    case HS_LAYOUT_LIST:
    case HS_LAYOUT_MAP:
        c->offsets = place_offsets(l, c->size.length);
        return;
    case HS_LAYOUT_STRUCT:
    case HS_LAYOUT_NULL:
    case HS_LAYOUT_ABSENT:
        return;
    }
}

static void lay_out(struct layout *l, struct column *c)
{
    enum hs_layout_kind kind = hs_layout_of(c->type).kind;
    c->written = c->used = 0;
    add_node(l, c->size.length, c->size.nulls);
    if (kind != HS_LAYOUT_NULL)
        lay_out_buffers(l, c, kind);
    for (size_t i = 0; i < c->child_count; i++)
        lay_out(l, &c->children[i]);
}

/* Behind the columns; of a batch without rows, too. */
static void lay_out_dictionary(struct layout *l, const struct column *c)
{
    add_node(l, c->size.distinct, 0);
    place(l, 0);
    int32_t *offsets = place_offsets(l, c->size.distinct);
    uint8_t *data = place(l, (uint64_t)c->size.distinct_bytes);
    if (l->load)
        hs_dictionary_write(c, offsets, data);
}

static void lay_out_all(struct layout *l, const struct column_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        lay_out(l, &set->at[i]);
    for (size_t i = 0; i < set->count; i++)
        if (set->at[i].dictionary)
            lay_out_dictionary(l, &set->at[i]);
}

static uint64_t size_of(const struct load *load, bool compressed)
{
    struct layout l = {.compressed = compressed};
    lay_out_all(&l, &load->set);
    return l.at;
}

uint64_t hs_load_room(const struct load *l)
{
    return size_of(l, l->compression != HS_COMPRESSION_NONE);
}

/* ---- writing ---- */
static void write_rows(struct load *load, uint8_t *base)
{
    struct layout l = {load, false, base, 0};
    load->node_count = load->buffer_count = 0;
    lay_out_all(&l, &load->set);
    load->body_len = l.at;
    for (size_t i = 0; i < load->set.count; i++) {
        struct column *c = &load->set.at[i];
        for (size_t p = 0; p < load->piece_count; p++) {
            struct piece *piece = &load->pieces[p];
            struct cells v = hs_cells_of(duck()->data_chunk_get_vector(piece->held->chunk, i));
            c->ops->write(c, &v, piece->from, piece->count);
        }
    }
}

static hs_rc make_ready(struct bench *b, enum hs_compression how, size_t bytes, struct hs_err *err)
{
    if (b->how != how || !b->compressor) {
        hs_compressor_free(b->compressor);
        b->compressor = hs_compressor_new(how);
        b->how = how;
    }
    if (b->plain_cap < bytes) {
        hs_free(b->plain);
        b->plain = hs_malloc(bytes);
        b->plain_cap = b->plain ? bytes : 0;
    }
    return b->compressor && b->plain ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

/* Each buffer from its place in plain memory to the next free one in the body. */
static void compress(struct load *l, struct bench *b)
{
    uint64_t at = 0;
    for (size_t i = 0; i < l->buffer_count; i++) {
        struct hs_batch_buffer *buffer = &l->buffers[i];
        size_t n = hs_compress(b->compressor, b->plain + buffer->offset, (size_t)buffer->length, l->at + at);
        *buffer = (struct hs_batch_buffer){(int64_t)at, (int64_t)n};
        uint64_t end = aligned(at + n);
        memset(l->at + at + n, 0, end - at - n);
        at = end;
    }
    l->body_len = at;
}

static hs_rc write_compressed(struct load *l, struct bench *b, struct hs_err *err)
{
    HS_TRY(make_ready(b, l->compression, size_of(l, false) + ALIGN, err));
    write_rows(l, b->plain);
    compress(l, b);
    if (b->plain_cap > KEEP_PLAIN) {
        hs_free(b->plain);
        b->plain = NULL;
        b->plain_cap = 0;
    }
    return HS_OK;
}

hs_rc hs_load_write(struct load *l, struct bench *b, struct hs_err *err)
{
    hs_rc rc = HS_OK;
    int64_t rows = l->rows;
    if (l->compression)
        rc = write_compressed(l, b, err);
    else
        write_rows(l, l->at);
    if (rc == HS_OK && l->set.trouble)
        rc = hs_fail(err, HS_INVALID, "the result holds %s", l->set.trouble);
    hs_load_drop(l);
    l->rows = rows; /* to be told */
    return rc;
}

void hs_bench_fini(struct bench *b)
{
    hs_compressor_free(b->compressor);
    hs_free(b->plain);
    *b = (struct bench){.compressor = NULL};
}

/* ---- life ---- */
static void clear_sizes(struct column *c)
{
    c->size = (struct column_size){0};
    for (size_t i = 0; i < c->child_count; i++)
        clear_sizes(&c->children[i]);
}

void hs_load_drop(struct load *l)
{
    for (size_t i = 0; i < l->piece_count; i++)
        hs_held_unref(l->pieces[i].held);
    if (l->segment_bytes)
        munmap(l->at, l->segment_bytes);
    l->segment_bytes = 0;
    l->piece_count = 0;
    l->rows = 0;
    for (size_t i = 0; i < l->set.count; i++)
        clear_sizes(&l->set.at[i]);
}

static void free_message(void *message)
{
    hs_buf_fini(message);
}

hs_rc hs_load_new(struct hs_arena *a, const struct column_set *set, enum hs_compression compression, uint32_t statement,
                  struct load **out, struct hs_err *err)
{
    struct load *l = HS_NEW(a, struct load);
    if (!l)
        return hs_fail(err, HS_NOMEM, "out of memory");
    l->compression = compression;
    l->statement = statement;
    HS_TRY(hs_columns_clone(a, set, &l->set, err));
    hs_batch_shape(set->type, &l->node_count, &l->buffer_count);
    l->nodes = hs_arena_array(a, l->node_count + 1, sizeof *l->nodes);
    l->buffers = hs_arena_array(a, l->buffer_count + 1, sizeof *l->buffers);
    hs_buf_init(&l->message, HS_CHANNEL_MAX);
    if (!l->nodes || !l->buffers || !hs_arena_defer(a, free_message, &l->message))
        return hs_fail(err, HS_NOMEM, "out of memory");
    *out = l;
    return HS_OK;
}
