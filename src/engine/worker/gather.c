/* Gathers the engine's chunks of 2,048 rows into batches of a few megabytes and writes them straight into the ring.
 *
 * Chunks are measured when they come and kept until a batch is full; then every buffer has its exact place and each
 * value is copied once, from the engine's vector to where the server reads it.
 *
 * A batch ends at the row that fills it, wherever in a chunk that is. A chunk of a scan holds what a row rule leaves of
 * 2,048 rows of a file, so batches that ended with chunks would tell how many hidden rows lie between visible ones. */
#include "base/fault.h"
#include "engine/worker/worker_in.h"

#include <sys/mman.h>
#include <unistd.h>

enum {
    PIECES = 4096, /* reached only where a chunk has 32 rows or fewer: doc/threat-model.md */
    ROWS = 131072,
    ALIGN = 64,
    FIRST_TARGET = 256 << 10, /* the first batches are small: the reader starts while the scan warms up */
    TARGET = 2 << 20,
};

struct piece {
    duckdb_data_chunk chunk;
    size_t from, count;
    bool last; /* of its chunk */
};

struct gather {
    struct column_set *set;
    struct ring_view ring;
    uint32_t statement;
    size_t node_count, buffer_count;
    struct hs_batch_node *nodes;
    struct hs_batch_buffer *buffers;
    struct column_size *saved; /* sizes before the piece that is being measured */
    struct piece pieces[PIECES];
    size_t piece_count;
    int64_t rows, all_rows;
    uint64_t target, batches;
    struct hs_buf message;
};

/* ---- sizes ---- */
static struct column_size *save_column(const struct column *c, struct column_size *to)
{
    *to++ = c->size;
    for (size_t i = 0; i < c->child_count; i++)
        to = save_column(&c->children[i], to);
    return to;
}

static const struct column_size *restore_column(struct column *c, const struct column_size *from)
{
    c->size = *from++;
    for (size_t i = 0; i < c->child_count; i++)
        from = restore_column(&c->children[i], from);
    return from;
}

static void save(struct gather *g)
{
    struct column_size *to = g->saved;
    for (size_t i = 0; i < g->set->count; i++)
        to = save_column(&g->set->at[i], to);
}

static void restore(struct gather *g)
{
    const struct column_size *from = g->saved;
    for (size_t i = 0; i < g->set->count; i++)
        from = restore_column(&g->set->at[i], from);
}

static void clear_sizes(struct column *c)
{
    c->size = (struct column_size){0, 0, 0};
    for (size_t i = 0; i < c->child_count; i++)
        clear_sizes(&c->children[i]);
}

static size_t count_columns(const struct column *c)
{
    size_t n = 1;
    for (size_t i = 0; i < c->child_count; i++)
        n += count_columns(&c->children[i]);
    return n;
}

/* ---- layout ---- */
struct layout {
    struct hs_batch_node *nodes; /* NULL: only the size is wanted */
    struct hs_batch_buffer *buffers;
    size_t node_count, buffer_count;
    uint8_t *base;
    uint64_t at;
};

static uint8_t *place(struct layout *l, uint64_t bytes)
{
    uint64_t from = l->at, to = (from + bytes + ALIGN - 1) / ALIGN * ALIGN;
    l->at = to;
    if (!l->buffers)
        return NULL;
    l->buffers[l->buffer_count++] = (struct hs_batch_buffer){(int64_t)from, (int64_t)bytes};
    memset(l->base + from + bytes, 0, to - from - bytes);
    return l->base + from;
}

static uint64_t data_bytes(const struct column *c)
{
    if (c->type->id == HS_T_BOOLEAN)
        return (uint64_t)(c->size.length + 7) / 8;
    return c->width ? (uint64_t)c->size.length * c->width : (uint64_t)c->size.bytes;
}

static bool has_offsets(const struct column *c)
{
    enum hs_type_id id = c->type->id;
    return id == HS_T_STRING || id == HS_T_BINARY || id == HS_T_LIST || id == HS_T_MAP;
}

static void lay_out_buffers(struct layout *l, struct column *c)
{
    uint64_t bitmap = c->size.nulls ? (uint64_t)(c->size.length + 7) / 8 : 0;
    uint8_t *validity = place(l, bitmap);
    c->validity = bitmap ? validity : NULL;
    if (c->validity)
        memset(c->validity, 0, bitmap);
    if (has_offsets(c)) {
        c->offsets = (int32_t *)(void *)place(l, (uint64_t)(c->size.length + 1) * 4);
        if (c->offsets)
            c->offsets[0] = 0;
    }
    if (c->child_count || c->type->id == HS_T_STRUCT)
        return;
    c->data = place(l, data_bytes(c));
    if (c->data && c->type->id == HS_T_BOOLEAN)
        memset(c->data, 0, data_bytes(c));
}

static void lay_out(struct layout *l, struct column *c)
{
    c->written = c->used = 0;
    if (l->nodes)
        l->nodes[l->node_count++] = (struct hs_batch_node){c->size.length, c->size.nulls};
    if (c->type->id != HS_T_UNKNOWN)
        lay_out_buffers(l, c);
    for (size_t i = 0; i < c->child_count; i++)
        lay_out(l, &c->children[i]);
}

static uint64_t body_size(struct gather *g)
{
    struct layout l = {0};
    for (size_t i = 0; i < g->set->count; i++)
        lay_out(&l, &g->set->at[i]);
    return l.at;
}

/* 32-bit offsets end at two gigabytes. */
static bool offsets_fit(const struct column *c)
{
    bool fit = c->size.bytes <= INT32_MAX && c->size.length < INT32_MAX;
    for (size_t i = 0; i < c->child_count && fit; i++)
        fit = offsets_fit(&c->children[i]);
    return fit;
}

/* ---- one batch ---- */
static void write_rows(struct gather *g, uint8_t *base)
{
    struct layout l = {g->nodes, g->buffers, 0, 0, base, 0};
    for (size_t i = 0; i < g->set->count; i++)
        lay_out(&l, &g->set->at[i]);
    for (size_t i = 0; i < g->set->count; i++) {
        struct column *c = &g->set->at[i];
        for (size_t p = 0; p < g->piece_count; p++) {
            struct cells v = hs_cells_of(duck()->data_chunk_get_vector(g->pieces[p].chunk, i));
            c->ops->write(c, &v, g->pieces[p].from, g->pieces[p].count);
        }
    }
}

static void send_batch(struct gather *g, uint32_t at, uint64_t body_len)
{
    struct hs_msg_batch m = {at, g->rows, body_len, g->nodes, g->node_count, g->buffers, g->buffer_count};
    hs_buf_clear(&g->message);
    hs_put_batch(&g->message, &m);
    hs_reply(HS_MSG_BATCH, g->statement, hs_buf_str(&g->message));
}

static hs_rc write_segment(struct gather *g, uint64_t body_len, struct hs_err *err)
{
    struct segment s;
    char ask[8];
    memcpy(ask, &body_len, sizeof ask);
    hs_reply(HS_MSG_SEGMENT_ASK, g->statement, hs_str_n(ask, sizeof ask));
    HS_TRY(hs_inbox_segment(&s, err));
    if (s.fd < 0 || s.bytes < body_len)
        return hs_fail(err, HS_LIMIT, "a value or row is too large for what may be kept in memory now");
    uint8_t *at = mmap(NULL, body_len, PROT_READ | PROT_WRITE, MAP_SHARED, s.fd, 0);
    close(s.fd);
    if (at == MAP_FAILED)
        return hs_fail(err, HS_NOMEM, "out of memory");
    write_rows(g, at);
    munmap(at, body_len);
    if (!g->set->trouble)
        send_batch(g, HS_PLACE_SEGMENT | s.id, body_len);
    return HS_OK;
}

static hs_rc write_slot(struct gather *g, uint64_t body_len, struct hs_err *err)
{
    unsigned slot;
    HS_TRY(hs_inbox_slot(&slot, err));
    write_rows(g, g->ring.at + slot * g->ring.slot_bytes);
    if (!g->set->trouble)
        send_batch(g, slot, body_len);
    return HS_OK;
}

void hs_gather_drop(struct gather *g)
{
    for (size_t i = 0; i < g->piece_count; i++)
        if (g->pieces[i].last)
            duck()->destroy_data_chunk(&g->pieces[i].chunk);
    g->piece_count = 0;
    g->rows = 0;
    for (size_t i = 0; i < g->set->count; i++)
        clear_sizes(&g->set->at[i]);
}

static hs_rc flush(struct gather *g, struct hs_err *err)
{
    if (!g->rows)
        return HS_OK;
    uint64_t body_len = body_size(g);
    hs_rc rc = body_len <= g->ring.slot_bytes ? write_slot(g, body_len, err) : write_segment(g, body_len, err);
    HS_TRY(rc);
    if (g->set->trouble)
        return hs_fail(err, HS_INVALID, "the result holds %s", g->set->trouble);
    g->all_rows += g->rows;
    if (g->target < TARGET)
        g->target *= 2;
    /* Pieces of a chunk that goes on in the next batch keep it alive: only its last piece gives it back. */
    hs_gather_drop(g);
    return HS_OK;
}

static void measure(struct gather *g, duckdb_data_chunk chunk, size_t from, size_t count)
{
    for (size_t i = 0; i < g->set->count; i++) {
        struct cells v = hs_cells_of(duck()->data_chunk_get_vector(chunk, i));
        g->set->at[i].ops->measure(&g->set->at[i], &v, from, count);
    }
}

static bool too_large(struct gather *g)
{
    for (size_t i = 0; i < g->set->count; i++)
        if (!offsets_fit(&g->set->at[i]))
            return true;
    return body_size(g) > g->ring.slot_bytes;
}

/* How many rows a batch takes, and whether it is at its end with them. */
struct fit {
    size_t rows;
    bool full;
};

static bool is_full(struct gather *g, size_t more)
{
    return body_size(g) >= g->target || g->rows + (int64_t)more >= ROWS || too_large(g);
}

/* The first of `count` rows that fills the batch; one at least does. Sizes are left as saved. */
static size_t find_last(struct gather *g, duckdb_data_chunk chunk, size_t from, size_t count)
{
    size_t low = 1, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        measure(g, chunk, from, middle);
        if (is_full(g, middle))
            high = middle;
        else
            low = middle + 1;
        restore(g);
    }
    return low;
}

/* The rows from `from` that go into the batch as it stands; their sizes are then added. None: flush first. The row that
 * does not fit the slot any more begins the next batch; alone, it has a segment of its own. */
static struct fit fit_rows(struct gather *g, duckdb_data_chunk chunk, size_t from, size_t count)
{
    save(g);
    measure(g, chunk, from, count);
    if (!is_full(g, count))
        return (struct fit){count, false};
    bool whole = !hs_defence("batch-ends") && !too_large(g);
    if (whole)
        return (struct fit){count, true};
    restore(g);
    size_t last = find_last(g, chunk, from, count);
    measure(g, chunk, from, last);
    if (too_large(g) && (last > 1 || g->rows)) {
        restore(g);
        measure(g, chunk, from, --last);
    }
    return (struct fit){last, true};
}

static void take(struct gather *g, duckdb_data_chunk chunk, size_t from, size_t count, bool last)
{
    if (!count)
        return;
    g->pieces[g->piece_count++] = (struct piece){chunk, from, count, last};
    g->rows += (int64_t)count;
}

hs_rc hs_gather_add(struct gather *g, duckdb_data_chunk chunk, struct hs_err *err)
{
    size_t size = duck()->data_chunk_get_size(chunk), from = 0;
    while (from < size) {
        struct fit fit = fit_rows(g, chunk, from, size - from);
        take(g, chunk, from, fit.rows, from + fit.rows == size);
        from += fit.rows;
        hs_rc rc = fit.full || g->piece_count == PIECES ? flush(g, err) : HS_OK;
        if (rc != HS_OK) {
            if (from < size)
                duck()->destroy_data_chunk(&chunk);
            return rc;
        }
    }
    if (!size)
        duck()->destroy_data_chunk(&chunk);
    return HS_OK;
}

hs_rc hs_gather_end(struct gather *g, int64_t *out_rows, struct hs_err *err)
{
    HS_TRY(flush(g, err));
    *out_rows = g->all_rows;
    return HS_OK;
}

static void free_message(void *message)
{
    hs_buf_fini(message);
}

struct gather *hs_gather_new(struct hs_arena *a, struct column_set *set, const struct ring_view *ring,
                             uint32_t statement)
{
    struct gather *g = HS_NEW(a, struct gather);
    if (!g)
        return NULL;
    g->set = set;
    g->ring = *ring;
    g->statement = statement;
    g->target = FIRST_TARGET < ring->slot_bytes / 2 ? FIRST_TARGET : ring->slot_bytes / 2;
    size_t columns = 0;
    for (size_t i = 0; i < set->count; i++)
        columns += count_columns(&set->at[i]);
    hs_batch_shape(set->type, &g->node_count, &g->buffer_count);
    g->nodes = hs_arena_array(a, g->node_count + 1, sizeof *g->nodes);
    g->buffers = hs_arena_array(a, g->buffer_count + 1, sizeof *g->buffers);
    g->saved = hs_arena_array(a, columns + 1, sizeof *g->saved);
    hs_buf_init(&g->message, HS_CHANNEL_MAX);
    return g->nodes && g->buffers && g->saved && hs_arena_defer(a, free_message, &g->message) ? g : NULL;
}
