/* hs_live(slot, file_index, file_row_number): is this row of this data file still in the table? Position deletes and
 * deletion vectors came over the channel as sets of positions (engine/gone.h); the raw layer asks for every row, so the
 * cost has to stay near that of a bitmap test. The engine numbers rows upwards, a vector at a time: runs of consecutive
 * ones are asked for at once. */
#include "engine/worker/worker_in.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHORT_RUN = 8, BLOCK = 64 };

struct live_rows { /* flat columns of one chunk: DuckDB flattens what it hands to a function like this */
    const int32_t *slot;
    const uint64_t *file;
    const int64_t *row;
    size_t count;
    bool *out;
};

/* A block at once, without a branch: most chunks are one run. */
static bool runs_on(const struct live_rows *r, size_t i, size_t k)
{
    uint64_t other = 0, first = (uint64_t)r->row[i] + (k - i);
    if ((uint64_t)r->row[k + BLOCK - 1] - first != BLOCK - 1)
        return false;
    for (size_t n = 0; n < BLOCK; n++)
        other |= (r->file[k + n] ^ r->file[i]) | ((uint64_t)r->row[k + n] - first - n) |
                 (uint32_t)(r->slot[k + n] ^ r->slot[i]);
    return !other;
}

static size_t run_at(const struct live_rows *r, size_t i)
{
    size_t k = i;
    while (k + BLOCK <= r->count && runs_on(r, i, k))
        k += BLOCK;
    k += k == i;
    while (k < r->count && r->file[k] == r->file[i] && r->row[k] == r->row[k - 1] + 1 && r->slot[k] == r->slot[i])
        k++;
    return k - i;
}

/* A place that the plan does not know means that the engine's numbering is not ours: no answer is better than a wrong
 * one. */
static bool test_run(const struct hs_gone_slots *s, const struct live_rows *r, size_t i, size_t count)
{
    uint64_t slot = (uint32_t)r->slot[i];
    if (slot >= s->count || r->file[i] >= s->at[slot].file_count || r->row[i] < 0)
        return false;
    const struct hs_positions *gone = s->at[slot].files[r->file[i]];
    bool all;
    if (!gone)
        memset(r->out + i, true, count);
    else if (count >= SHORT_RUN)
        hs_positions_live(gone, r->row[i], count, r->out + i, &all);
    else
        for (size_t k = 0; k < count; k++)
            r->out[i + k] = !hs_positions_has(gone, r->row[i + k]);
    return true;
}

static void live_rows(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    const struct hs_gone_slots *s = duck()->scalar_function_get_extra_info(info);
    struct cells cells[3];
    bool nulls = false, ok = true;
    struct live_rows r = {.count = duck()->data_chunk_get_size(input), .out = duck()->vector_get_data(output)};
    for (int i = 0; i < 3; i++) {
        cells[i] = hs_cells_of(duck()->data_chunk_get_vector(input, (idx_t)i));
        nulls |= cells[i].validity != NULL;
    }
    r.slot = cells[0].data;
    r.file = cells[1].data;
    r.row = cells[2].data;
    for (size_t i = 0; nulls && i < r.count; i++) /* a mask without a NULL in it is possible */
        if (!hs_cell_valid(&cells[0], i) || !hs_cell_valid(&cells[1], i) || !hs_cell_valid(&cells[2], i))
            return duck()->scalar_function_set_error(info, "a row without its place");
    for (size_t i = 0, count; ok && i < r.count; i += count) {
        count = run_at(&r, i);
        ok = test_run(s, &r, i, count);
    }
    if (!ok)
        duck()->scalar_function_set_error(info, "a row's place is not in the plan");
}

/* Parsed into memory of our own; the mapping is not kept. */
static hs_rc read_beside(struct hs_arena *a, int fd, uint64_t bytes, struct hs_gone_slots *out, struct hs_err *err)
{
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0 || (uint64_t)st.st_size != bytes)
        return hs_fail_hidden(err, HS_INTERNAL, "no deleted positions came with the plan");
    void *at = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_rc rc = hs_gone_read(a, hs_str_n(at, bytes), out, err);
    munmap(at, bytes);
    return rc;
}

hs_rc hs_live_register(struct instance *i, struct hs_arena *a, const struct hs_msg_run *run, int gone_fd,
                       struct hs_err *err)
{
    static const duckdb_type types[] = {DUCKDB_TYPE_INTEGER, DUCKDB_TYPE_UBIGINT, DUCKDB_TYPE_BIGINT};
    struct hs_gone_slots *slots = HS_NEW(a, struct hs_gone_slots);
    if (!slots)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (run->gone_bytes)
        HS_TRY(read_beside(a, gone_fd, run->gone_bytes, slots, err));
    else
        HS_TRY(hs_gone_read(a, run->gone, slots, err));
    duckdb_scalar_function f = duck()->create_scalar_function();
    duckdb_logical_type answer = duck()->create_logical_type(DUCKDB_TYPE_BOOLEAN);
    duck()->scalar_function_set_name(f, "hs_live");
    for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
        duckdb_logical_type type = duck()->create_logical_type(types[k]);
        duck()->scalar_function_add_parameter(f, type);
        duck()->destroy_logical_type(&type);
    }
    duck()->scalar_function_set_return_type(f, answer);
    duck()->scalar_function_set_extra_info(f, slots, NULL);
    duck()->scalar_function_set_function(f, live_rows);
    bool ok = duck()->register_scalar_function(i->connection, f) == DuckDBSuccess;
    duck()->destroy_logical_type(&answer);
    duck()->destroy_scalar_function(&f);
    return ok ? HS_OK : hs_fail_hidden(err, HS_INTERNAL, "hs_live cannot be registered");
}
