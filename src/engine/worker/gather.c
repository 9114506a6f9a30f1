/* Gathers the engine's chunks of 2,048 rows into batches of a few megabytes, which writers write straight into the
 * ring.
 *
 * Chunks are measured when they come and kept until a batch is full; then it gets its place and is given to a writer.
 *
 * A batch ends at the row that fills it, wherever in a chunk that is. A chunk of a scan holds what a row rule leaves of
 * 2,048 rows of a file, so batches that ended with chunks would tell how many hidden rows lie between visible ones. */
#include "base/alloc.h"
#include "base/fault.h"
#include "engine/worker/load.h"

#include <sys/mman.h>
#include <unistd.h>

enum {
    FIRST_TARGET = 256 << 10, /* the first batches are small: the reader starts while the scan warms up */
    TARGET = 2 << 20,
    /* Many clients take messages of 4 MiB at most. One row that is longer goes alone all the same. */
    MOST = 7 << 19,
    SPARE_LOADS = 1, /* beside those that writers are at: one that is being gathered */
};

struct gather {
    struct hs_arena *arena;
    const struct column_set *set;
    struct ring_view ring;
    uint32_t statement;
    enum hs_compression compression;
    unsigned writers;
    struct load *load;         /* NULL: the next has not begun */
    struct column_size *saved; /* sizes before the piece that is being measured */
    int64_t all_rows;
    uint64_t target, most;
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
        to = save_column(&g->load->set.at[i], to);
}

static void restore(struct gather *g)
{
    const struct column_size *from = g->saved;
    for (size_t i = 0; i < g->set->count; i++)
        from = restore_column(&g->load->set.at[i], from);
}

static size_t count_columns(const struct column *c)
{
    size_t n = 1;
    for (size_t i = 0; i < c->child_count; i++)
        n += count_columns(&c->children[i]);
    return n;
}

/* 32-bit offsets end at two gigabytes, indices at what they reach. */
static bool reaches(const struct column *c)
{
    bool fit = c->size.bytes <= INT32_MAX && c->size.distinct_bytes <= INT32_MAX && c->size.length < INT32_MAX &&
               !c->size.overrun;
    for (size_t i = 0; i < c->child_count && fit; i++)
        fit = reaches(&c->children[i]);
    return fit;
}

/* ---- one batch ---- */
static hs_rc place_in_segment(struct gather *g, uint64_t room, struct hs_err *err)
{
    struct segment s;
    char ask[8];
    memcpy(ask, &room, sizeof ask);
    hs_reply(HS_MSG_SEGMENT_ASK, g->statement, hs_str_n(ask, sizeof ask));
    HS_TRY(hs_inbox_segment(&s, err));
    if (s.fd < 0 || s.bytes < room)
        return hs_fail(err, HS_LIMIT, "a value or row is too large for what may be kept in memory now");
    uint8_t *at = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED, s.fd, 0);
    close(s.fd);
    if (at == MAP_FAILED)
        return hs_fail(err, HS_NOMEM, "out of memory");
    g->load->at = at;
    g->load->segment_bytes = room;
    g->load->place = HS_PLACE_SEGMENT | s.id;
    return HS_OK;
}

static hs_rc place_in_slot(struct gather *g, struct hs_err *err)
{
    unsigned slot;
    HS_TRY(hs_inbox_slot(&slot, err));
    g->load->at = g->ring.at + slot * g->ring.slot_bytes;
    g->load->segment_bytes = 0;
    g->load->place = slot;
    return HS_OK;
}

/* The load is the writers' from here on. A whole answer of one batch needs nobody else. */
static hs_rc flush(struct gather *g, bool is_last, struct hs_err *err)
{
    struct load *l = g->load;
    if (!l || !l->rows)
        return HS_OK;
    uint64_t room = hs_load_room(l);
    HS_TRY(room <= g->ring.slot_bytes ? place_in_slot(g, err) : place_in_segment(g, room, err));
    HS_TRY(hs_writers_error(err));
    g->all_rows += l->rows;
    if (g->target < TARGET)
        g->target *= 2;
    g->load = NULL;
    if (!g->writers || (is_last && hs_writers_idle()))
        return hs_writers_write_here(l, err);
    hs_rc rc = hs_writers_put(l, err);
    if (rc != HS_OK)
        hs_load_drop(l);
    return rc;
}

static hs_rc begin_load(struct gather *g, struct hs_err *err)
{
    if (g->load)
        return HS_OK;
    g->load = hs_writers_take(g->writers + SPARE_LOADS);
    return g->load ? HS_OK : hs_load_new(g->arena, g->set, g->compression, g->statement, &g->load, err);
}

static void measure(struct gather *g, duckdb_data_chunk chunk, size_t from, size_t count)
{
    for (size_t i = 0; i < g->set->count; i++) {
        struct column *c = &g->load->set.at[i];
        struct cells v = hs_cells_of(duck()->data_chunk_get_vector(chunk, i));
        c->ops->measure(c, &v, from, count);
    }
}

static bool too_large(struct gather *g)
{
    for (size_t i = 0; i < g->set->count; i++)
        if (!reaches(&g->load->set.at[i]))
            return true;
    return hs_load_room(g->load) > g->most;
}

/* How many rows a batch takes, and whether it is at its end with them. */
struct fit {
    size_t rows;
    bool full;
};

static bool is_full(struct gather *g, size_t more)
{
    return hs_load_room(g->load) >= g->target || g->load->rows + (int64_t)more >= HS_BATCH_ROWS || too_large(g);
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
    if (too_large(g) && (last > 1 || g->load->rows)) {
        restore(g);
        measure(g, chunk, from, --last);
    }
    return (struct fit){last, true};
}

static void take(struct gather *g, struct held *held, size_t from, size_t count)
{
    if (!count)
        return;
    atomic_fetch_add(&held->refs, 1);
    g->load->pieces[g->load->piece_count++] = (struct piece){held, from, count};
    g->load->rows += (int64_t)count;
}

static hs_rc add_rows(struct gather *g, struct held *held, struct hs_err *err)
{
    size_t size = duck()->data_chunk_get_size(held->chunk), from = 0;
    while (from < size) {
        HS_TRY(begin_load(g, err));
        struct fit fit = fit_rows(g, held->chunk, from, size - from);
        take(g, held, from, fit.rows);
        from += fit.rows;
        if (fit.full || g->load->piece_count == PIECES)
            HS_TRY(flush(g, false, err));
    }
    return HS_OK;
}

hs_rc hs_gather_add(struct gather *g, duckdb_data_chunk chunk, struct hs_err *err)
{
    struct held *held = hs_malloc(sizeof *held);
    if (!held) {
        duck()->destroy_data_chunk(&chunk);
        return hs_fail(err, HS_NOMEM, "out of memory");
    }
    *held = (struct held){.chunk = chunk, .refs = 1};
    hs_rc rc = add_rows(g, held, err);
    hs_held_unref(held);
    return rc;
}

hs_rc hs_gather_end(struct gather *g, int64_t *out_rows, struct hs_err *err)
{
    HS_TRY(flush(g, true, err));
    HS_TRY(hs_writers_end(err));
    *out_rows = g->all_rows;
    return HS_OK;
}

void hs_gather_drop(struct gather *g)
{
    hs_writers_stop();
    if (g->load)
        hs_load_drop(g->load);
    g->load = NULL;
}

struct gather *hs_gather_new(struct hs_arena *a, const struct column_set *set, const struct gather_plan *plan)
{
    struct gather *g = HS_NEW(a, struct gather);
    if (!g)
        return NULL;
    uint64_t slot = plan->ring.slot_bytes;
    *g = (struct gather){.arena = a,
                         .set = set,
                         .ring = plan->ring,
                         .statement = plan->statement,
                         .compression = plan->compression,
                         .writers = plan->writers,
                         .target = FIRST_TARGET < slot / 2 ? FIRST_TARGET : slot / 2,
                         .most = MOST < slot ? MOST : slot};
    size_t columns = 0;
    for (size_t i = 0; i < set->count; i++)
        columns += count_columns(&set->at[i]);
    g->saved = hs_arena_array(a, columns + 1, sizeof *g->saved);
    hs_writers_begin(plan->writers);
    return g->saved ? g : NULL;
}
