/* hs_given(n): the nth relation that came with the plan (engine/given.h), as columns "f0", "f1" and so on. Columns that
 * nobody asks for are not looked at. Offsets and text are checked as they are read: the file is sealed, so what was
 * checked stays so. */
#include "engine/given.h"
#include "engine/worker/worker_in.h"

#include "base/alloc.h"
#include "base/damage.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct givens { /* the function's, as long as the instance; what it holds is a statement's */
    const struct hs_given_place *at;
    size_t count;
    void *map;
    size_t bytes;
};

struct scan {
    int64_t next;
    size_t count;
    size_t *columns; /* one an output vector; past the relation's: nobody looks at it */
};

/* A column's place in the batch, and what its rows are put into. */
struct source {
    const struct hs_batch *batch;
    const struct hs_type *type;
    size_t node, buffer;
};

/* ---- where a column lies ---- */

static size_t buffers_of(const struct hs_type *t)
{
    return t->id == HS_T_LIST ? 4 : t->id == HS_T_STRING ? 3 : 2;
}

static void list_buffers(const struct hs_type *t, size_t *nodes, size_t *buffers)
{
    *nodes += t->id == HS_T_LIST ? 2 : 1;
    *buffers += t->id == HS_T_LIST ? 2 + buffers_of(t->fields[0].type) : buffers_of(t);
}

static struct source column_at(const struct hs_given_place *p, size_t column)
{
    struct source s = {.batch = &p->batch, .type = p->type->fields[column].type};
    for (size_t i = 0; i < column; i++)
        list_buffers(p->type->fields[i].type, &s.node, &s.buffer);
    return s;
}

static const void *buffer(const struct source *s, size_t which)
{
    return s->batch->body + s->batch->buffers[s->buffer + which].offset;
}

static int64_t length_of(const struct source *s, size_t which)
{
    return s->batch->buffers[s->buffer + which].length;
}

/* ---- values ---- */

static size_t width_of(enum hs_type_id id)
{
    switch ((int)id) {
    case HS_T_INT16:
        return 2;
    case HS_T_INT:
    case HS_T_UINT32:
    case HS_T_FLOAT:
    case HS_T_DATE:
        return 4;
    default:
        return 8;
    }
}

static bool bit(const uint8_t *bits, int64_t i)
{
    return bits[i / 8] >> (i % 8) & 1;
}

static void put_validity(duckdb_vector v, const struct source *s, int64_t from, int64_t count)
{
    if (!length_of(s, 0))
        return;
    const uint8_t *valid = buffer(s, 0);
    duck()->vector_ensure_validity_writable(v);
    uint64_t *out = duck()->vector_get_validity(v);
    for (int64_t i = 0; i < count; i++)
        if (!bit(valid, from + i))
            out[i / 64] &= ~(UINT64_C(1) << (i % 64));
}

/* The two offsets around value i; false: they point nowhere. */
static bool range(const struct source *s, int64_t i, int64_t end, int32_t *from, int32_t *to)
{
    int32_t at[2];
    memcpy(at, (const uint8_t *)buffer(s, 1) + 4 * i, sizeof at);
    *from = at[0];
    *to = at[1];
    return at[0] >= 0 && at[0] <= at[1] && at[1] <= end;
}

static bool put_text(duckdb_vector v, const struct source *s, int64_t from, int64_t count)
{
    const char *bytes = buffer(s, 2);
    int32_t begin, end;
    for (int64_t i = 0; i < count; i++) {
        if (!range(s, from + i, length_of(s, 2), &begin, &end))
            return false;
        hs_str text = hs_str_n(bytes + begin, (size_t)(end - begin));
        if (!hs_utf8_valid(text))
            return false;
        duck()->vector_assign_string_element_len(v, (idx_t)i, text.at, text.len);
    }
    return true;
}

static bool put_values(duckdb_vector v, const struct source *s, int64_t from, int64_t count)
{
    put_validity(v, s, from, count);
    if (s->type->id == HS_T_STRING)
        return put_text(v, s, from, count);
    uint8_t *out = duck()->vector_get_data(v);
    if (s->type->id == HS_T_BOOLEAN)
        for (int64_t i = 0; i < count; i++)
            out[i] = bit(buffer(s, 1), from + i);
    else if (count)
        memcpy(out, (const uint8_t *)buffer(s, 1) + (size_t)from * width_of(s->type->id),
               (size_t)count * width_of(s->type->id));
    return true;
}

/* Elements of `count` lists are one run of the child's rows. */
static bool put_lists(duckdb_vector v, const struct source *s, int64_t from, int64_t count)
{
    struct source child = {s->batch, s->type->fields[0].type, s->node + 1, s->buffer + 2};
    int64_t rows = s->batch->nodes[child.node].length;
    duckdb_list_entry *out = duck()->vector_get_data(v);
    int32_t first = 0, begin, end = 0;
    put_validity(v, s, from, count);
    for (int64_t i = 0; i < count; i++) {
        int32_t last = end;
        if (!range(s, from + i, rows, &begin, &end) || (i && begin != last))
            return false;
        first = i ? first : begin;
        out[i] = (duckdb_list_entry){(uint64_t)(begin - first), (uint64_t)(end - begin)};
    }
    idx_t total = (idx_t)(count ? end - first : 0);
    if (duck()->list_vector_reserve(v, total) != DuckDBSuccess ||
        duck()->list_vector_set_size(v, total) != DuckDBSuccess)
        return false;
    return put_values(duck()->list_vector_get_child(v), &child, first, (int64_t)total);
}

/* ---- the function ---- */

static duckdb_logical_type duck_type(const struct hs_type *type)
{
    static const duckdb_type PLAIN[HS_T_COUNT_] = {
        [HS_T_BOOLEAN] = DUCKDB_TYPE_BOOLEAN,
        [HS_T_INT16] = DUCKDB_TYPE_SMALLINT,
        [HS_T_INT] = DUCKDB_TYPE_INTEGER,
        [HS_T_LONG] = DUCKDB_TYPE_BIGINT,
        [HS_T_UINT32] = DUCKDB_TYPE_UINTEGER,
        [HS_T_FLOAT] = DUCKDB_TYPE_FLOAT,
        [HS_T_DOUBLE] = DUCKDB_TYPE_DOUBLE,
        [HS_T_STRING] = DUCKDB_TYPE_VARCHAR,
        [HS_T_DATE] = DUCKDB_TYPE_DATE,
        [HS_T_TIMESTAMP] = DUCKDB_TYPE_TIMESTAMP,
        [HS_T_TIMESTAMPTZ] = DUCKDB_TYPE_TIMESTAMP_TZ,
    };
    if (type->id != HS_T_LIST)
        return duck()->create_logical_type(PLAIN[type->id]);
    duckdb_logical_type element = duck_type(type->fields[0].type), all = duck()->create_list_type(element);
    duck()->destroy_logical_type(&element);
    return all;
}

static void bind(duckdb_bind_info info)
{
    const struct givens *g = duck()->bind_get_extra_info(info);
    duckdb_value place = duck()->bind_get_parameter(info, 0);
    int64_t n = duck()->get_int64(place);
    duck()->destroy_value(&place);
    if (n < 0 || (uint64_t)n >= g->count)
        return duck()->bind_set_error(info, "hs_given: there is no such relation");
    const struct hs_given_place *p = &g->at[n];
    for (size_t i = 0; i < p->type->field_count; i++) {
        char name[32];
        duckdb_logical_type type = duck_type(p->type->fields[i].type);
        snprintf(name, sizeof name, "f%zu", i);
        duck()->bind_add_result_column(info, name, type);
        duck()->destroy_logical_type(&type);
    }
    duck()->bind_set_cardinality(info, (idx_t)p->batch.rows, true);
    duck()->bind_set_bind_data(info, (void *)(uintptr_t)p, NULL);
}

static void drop_scan(void *at)
{
    struct scan *s = at;
    if (s)
        hs_free(s->columns);
    hs_free(s);
}

static void init(duckdb_init_info info)
{
    struct scan *s = hs_calloc(1, sizeof *s);
    size_t count = duck()->init_get_column_count(info);
    if (s)
        s->columns = hs_calloc(count + 1, sizeof *s->columns);
    if (!s || !s->columns) {
        drop_scan(s);
        return duck()->init_set_error(info, "out of memory");
    }
    s->count = count;
    for (size_t i = 0; i < count; i++)
        s->columns[i] = duck()->init_get_column_index(info, i);
    duck()->init_set_max_threads(info, 1);
    duck()->init_set_init_data(info, s, drop_scan);
}

static void scan_rows(duckdb_function_info info, duckdb_data_chunk chunk)
{
    const struct hs_given_place *p = duck()->function_get_bind_data(info);
    struct scan *s = duck()->function_get_init_data(info);
    int64_t count = p->batch.rows - s->next, most = (int64_t)duck()->vector_size();
    count = count < most ? count : most;
    bool good = true;
    for (size_t i = 0; good && i < s->count; i++) {
        if (s->columns[i] >= p->type->field_count)
            continue;
        struct source from = column_at(p, s->columns[i]);
        duckdb_vector v = duck()->data_chunk_get_vector(chunk, i);
        good = from.type->id == HS_T_LIST ? put_lists(v, &from, s->next, count) : put_values(v, &from, s->next, count);
    }
    if (!good) {
        duck()->function_set_error(info, "hs_given: the given rows are damaged");
        count = 0;
    }
    s->next += count;
    duck()->data_chunk_set_size(chunk, (idx_t)count);
}

/* ---- registration ---- */

static hs_rc add_function(struct instance *i, struct hs_err *err)
{
    struct givens *g = hs_calloc(1, sizeof *g);
    if (!g)
        return hs_no_memory(err);
    duckdb_table_function f = duck()->create_table_function();
    duckdb_logical_type number = duck()->create_logical_type(DUCKDB_TYPE_BIGINT);
    duck()->table_function_set_name(f, "hs_given");
    duck()->table_function_add_parameter(f, number);
    duck()->table_function_set_extra_info(f, g, NULL);
    duck()->table_function_set_bind(f, bind);
    duck()->table_function_set_init(f, init);
    duck()->table_function_set_function(f, scan_rows);
    duck()->table_function_supports_projection_pushdown(f, true);
    bool ok = duck()->register_table_function(i->connection, f) == DuckDBSuccess;
    duck()->destroy_logical_type(&number);
    duck()->destroy_table_function(&f);
    i->givens = g;
    return ok ? HS_OK : hs_fail_hidden(err, HS_INTERNAL, "hs_given cannot be registered");
}

static hs_rc map(struct givens *g, int fd, uint64_t bytes, struct hs_err *err)
{
    struct stat st;
    if (fd < 0 || !bytes || fstat(fd, &st) != 0 || (uint64_t)st.st_size != bytes)
        return hs_fail_hidden(err, HS_INTERNAL, "no given rows came with the plan");
    void *at = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return hs_no_memory(err);
    g->map = at;
    g->bytes = bytes;
    return HS_OK;
}

hs_rc hs_givens_take(struct instance *i, struct hs_arena *a, const struct hs_msg_run *run, int fd, struct hs_err *err)
{
    struct hs_given_place *at;
    size_t count;
    if (!i->givens)
        HS_TRY(add_function(i, err));
    struct givens *g = i->givens;
    HS_TRY(map(g, fd, run->given_bytes, err));
    HS_TRY(hs_given_read(a, run->given, hs_str_n(g->map, g->bytes), &at, &count, err));
    g->at = at;
    g->count = count;
    return HS_OK;
}

void hs_givens_rest(struct givens *g)
{
    if (!g)
        return;
    if (g->map)
        munmap(g->map, g->bytes);
    *g = (struct givens){0};
}

void hs_givens_forget(struct givens *g)
{
    hs_givens_rest(g);
    hs_free(g);
}
