/* Flight messages from an untrusted peer: schema first, then dictionaries and batches (Message.fbs). */
#include "arrow/ipc.h"

#include "arrow/flat.h"
#include "arrow/ipc_column.h"

enum { METADATA_V4 = 3, METADATA_V5 = 4, COLUMNS_MAX = 4096, BATCHES_MAX = 65536 };
enum { HEADER_SCHEMA = 1, HEADER_DICTIONARY = 2, HEADER_BATCH = 3 };

struct dictionary {
    int64_t id;
    struct hs_column_data *values;
};
struct chunk {
    size_t first, rows;
    struct hs_column_data *columns;
};

struct hs_ipc_reader {
    struct hs_arena *arena;
    size_t rows_max, bytes_max, rows, bytes;
    bool have_schema;
    struct hs_column *columns;
    size_t column_count;
    HS_VEC(struct chunk) chunks;
    HS_VEC(struct dictionary) dictionaries;
};

struct hs_ipc_reader *hs_ipc_reader_new(size_t rows_max, size_t bytes_max)
{
    struct hs_arena *a = hs_arena_new(0); /* what goes in is counted against bytes_max */
    struct hs_ipc_reader *r = a ? HS_NEW(a, struct hs_ipc_reader) : NULL;
    if (!r) {
        hs_arena_free(a);
        return NULL;
    }
    r->arena = a;
    r->rows_max = rows_max;
    r->bytes_max = bytes_max;
    return r;
}

void hs_ipc_reader_free(struct hs_ipc_reader *r)
{
    if (r)
        hs_arena_free(r->arena);
}

size_t hs_ipc_reader_rows(const struct hs_ipc_reader *r)
{
    return r->rows;
}

size_t hs_ipc_reader_columns(const struct hs_ipc_reader *r)
{
    return r->column_count;
}

static hs_rc bad(struct hs_err *err, const char *what)
{
    return hs_fail(err, HS_INVALID, "the parameter stream is damaged: %s", what);
}

static hs_rc nomem(struct hs_err *err)
{
    return hs_fail(err, HS_NOMEM, "out of memory");
}

static hs_rc read_schema(struct hs_ipc_reader *r, struct hs_flat *f, const struct hs_flat_table *schema,
                         struct hs_err *err)
{
    struct hs_flat_vector fields = hs_flat_vector(schema, 1, 4);
    if (r->have_schema)
        return bad(err, "a second schema");
    if (hs_flat_int(schema, 0, 2, 0) != 0)
        return hs_fail(err, HS_UNSUPPORTED, "big-endian parameters are not supported");
    if (fields.count > COLUMNS_MAX)
        return hs_fail(err, HS_LIMIT, "more than %d parameters", COLUMNS_MAX);
    r->columns = hs_arena_array(r->arena, fields.count + 1, sizeof *r->columns);
    if (!r->columns)
        return nomem(err);
    for (size_t i = 0; i < fields.count; i++) {
        struct hs_flat_table field = hs_flat_element_table(f, &fields, i);
        HS_TRY(f->bad ? bad(err, "schema") : hs_column_of_field(&field, &r->columns[i], err));
    }
    if (f->bad || !schema->at)
        return bad(err, "schema");
    r->column_count = fields.count;
    r->have_schema = true;
    return HS_OK;
}

/* A RecordBatch table while its columns are cut out of the body. */
struct cut {
    struct hs_flat *flat;
    hs_str body; /* private */
    struct hs_flat_vector nodes, buffers, variadic;
    size_t node, buffer, variadic_next;
    struct hs_arena *arena;
    struct hs_err *err;
};

static bool cut_buffer(struct cut *c, hs_str *out)
{
    if (c->buffer >= c->buffers.count)
        return false;
    size_t at = c->buffers.at + 16 * c->buffer++;
    int64_t offset = hs_flat_i64_at(c->flat, at), length = hs_flat_i64_at(c->flat, at + 8);
    if (offset < 0 || length < 0 || (uint64_t)offset > c->body.len || (uint64_t)length > c->body.len - (uint64_t)offset)
        return false;
    *out = hs_str_n(c->body.at + offset, (size_t)length);
    return true;
}

static bool cut_variadic(struct cut *c, struct hs_column_data *d)
{
    if (c->variadic_next >= c->variadic.count)
        return false;
    int64_t count = hs_flat_i64_at(c->flat, c->variadic.at + 8 * c->variadic_next++);
    if (count < 0 || (uint64_t)count > c->buffers.count - c->buffer)
        return false;
    hs_str *all = hs_arena_array(c->arena, (size_t)count + 1, sizeof *all);
    if (!all)
        return false;
    for (int64_t i = 0; i < count; i++)
        if (!cut_buffer(c, &all[i]))
            return false;
    d->variadic = all;
    d->variadic_count = (size_t)count;
    return true;
}

static bool cut_buffers(struct cut *c, const struct hs_column *column, struct hs_column_data *d)
{
    size_t count = hs_column_buffers(column);
    if (count == 0)
        return true;
    if (!cut_buffer(c, &d->validity))
        return false;
    if (column->form == HS_FORM_VIEW)
        return cut_buffer(c, &d->offsets) && cut_variadic(c, d);
    if (column->form == HS_FORM_BYTES && !cut_buffer(c, &d->offsets))
        return false;
    return cut_buffer(c, &d->data);
}

static hs_rc cut_column(struct cut *c, const struct hs_column *column, int64_t rows, struct hs_column_data *d)
{
    if (c->node >= c->nodes.count)
        return bad(c->err, "fewer nodes than columns");
    d->length = hs_flat_i64_at(c->flat, c->nodes.at + 16 * c->node++);
    if (d->length != rows)
        return bad(c->err, "column lengths");
    if (!cut_buffers(c, column, d) || !hs_column_fits(column, d))
        return bad(c->err, "buffers");
    return HS_OK;
}

static hs_rc cut_start(struct hs_ipc_reader *r, struct hs_flat *f, const struct hs_flat_table *batch, hs_str body,
                       struct cut *c, int64_t *out_rows, struct hs_err *err)
{
    struct hs_flat_table compression = hs_flat_table(batch, 3);
    *c = (struct cut){.flat = f, .arena = r->arena, .err = err};
    c->nodes = hs_flat_vector(batch, 1, 16);
    c->buffers = hs_flat_vector(batch, 2, 16);
    c->variadic = hs_flat_vector(batch, 4, 8);
    *out_rows = hs_flat_int(batch, 0, 8, 0);
    if (f->bad || !batch->at || *out_rows < 0)
        return bad(err, "batch header");
    if (compression.at)
        return hs_fail(err, HS_UNSUPPORTED, "compressed parameter batches are not supported");
    if ((uint64_t)*out_rows > r->rows_max - r->rows)
        return hs_fail(err, HS_LIMIT, "more than %zu rows of parameters", r->rows_max);
    c->body = hs_arena_str(r->arena, body.len ? body : HS_S(""));
    return c->body.at ? HS_OK : nomem(err);
}

static struct dictionary *find_dictionary(struct hs_ipc_reader *r, int64_t id)
{
    for (size_t i = 0; i < r->dictionaries.len; i++)
        if (r->dictionaries.at[i].id == id)
            return &r->dictionaries.at[i];
    return NULL;
}

static const struct hs_column *column_of_dictionary(const struct hs_ipc_reader *r, int64_t id)
{
    for (size_t i = 0; i < r->column_count; i++)
        if (r->columns[i].dictionary && r->columns[i].dictionary_id == id)
            return &r->columns[i];
    return NULL;
}

/* Two columns that name one dictionary with different value types: only a liar writes that. */
static bool dictionary_agrees(const struct hs_ipc_reader *r, const struct hs_column *a)
{
    for (size_t i = 0; i < r->column_count; i++) {
        const struct hs_column *b = &r->columns[i];
        if (b->dictionary && b->dictionary_id == a->dictionary_id &&
            (b->form != a->form || b->type != a->type || b->width != a->width))
            return false;
    }
    return true;
}

static hs_rc read_dictionary(struct hs_ipc_reader *r, struct hs_flat *f, const struct hs_flat_table *header,
                             hs_str body, struct hs_err *err)
{
    int64_t id = hs_flat_int(header, 0, 8, 0), rows;
    struct hs_flat_table batch = hs_flat_table(header, 1);
    const struct hs_column *column = column_of_dictionary(r, id);
    struct cut c;
    if (!column || !dictionary_agrees(r, column))
        return bad(err, "a dictionary that no column names");
    if (hs_flat_int(header, 2, 1, 0))
        return hs_fail(err, HS_UNSUPPORTED, "delta dictionaries are not supported");
    HS_TRY(cut_start(r, f, &batch, body, &c, &rows, err));
    struct hs_column_data *values = HS_NEW(r->arena, struct hs_column_data);
    struct dictionary *d = find_dictionary(r, id);
    d = d ? d : hs_vec_add(r->arena, &r->dictionaries);
    if (!values || !d)
        return nomem(err);
    d->id = id;
    d->values = NULL;
    HS_TRY(cut_column(&c, column, rows, values));
    d->values = values;
    return HS_OK;
}

static hs_rc read_column(struct hs_ipc_reader *r, struct cut *c, const struct hs_column *column, int64_t rows,
                         struct hs_column_data *data, struct hs_err *err)
{
    if (!column->dictionary)
        return cut_column(c, column, rows, data);
    struct hs_column indices = hs_column_indices(column);
    struct dictionary *d = find_dictionary(r, column->dictionary_id);
    if (!d || !d->values)
        return bad(err, "a dictionary is missing");
    data->values = d->values; /* the one in force now: a later one replaces it for later batches */
    return cut_column(c, &indices, rows, data);
}

static hs_rc read_batch(struct hs_ipc_reader *r, struct hs_flat *f, const struct hs_flat_table *batch, hs_str body,
                        struct hs_err *err)
{
    struct cut c;
    int64_t rows;
    if (r->chunks.len >= BATCHES_MAX)
        return hs_fail(err, HS_LIMIT, "more than %d parameter batches", BATCHES_MAX);
    HS_TRY(cut_start(r, f, batch, body, &c, &rows, err));
    struct hs_column_data *data = hs_arena_array(r->arena, r->column_count + 1, sizeof *data);
    if (!data)
        return nomem(err);
    for (size_t i = 0; i < r->column_count; i++)
        HS_TRY(read_column(r, &c, &r->columns[i], rows, &data[i], err));
    if (c.node != c.nodes.count || c.buffer != c.buffers.count || f->bad)
        return bad(err, "more buffers than columns");
    struct chunk *chunk = hs_vec_add(r->arena, &r->chunks);
    if (!chunk)
        return nomem(err);
    *chunk = (struct chunk){r->rows, (size_t)rows, data};
    r->rows += (size_t)rows;
    return HS_OK;
}

/* What a message may cost: its bytes and the arrays made for it. */
static hs_rc charge(struct hs_ipc_reader *r, hs_str header, hs_str body, struct hs_err *err)
{
    size_t arrays = (r->column_count + 1) * sizeof(struct hs_column_data);
    size_t left = r->bytes_max - r->bytes;
    if (header.len > left || body.len > left - header.len || arrays > left - header.len - body.len)
        return hs_fail(err, HS_LIMIT, "more than %zu bytes of parameters", r->bytes_max);
    r->bytes += header.len + body.len + arrays;
    return HS_OK;
}

hs_rc hs_ipc_reader_message(struct hs_ipc_reader *r, hs_str header, hs_str body, struct hs_err *err)
{
    struct hs_flat f = {.bytes = header};
    HS_TRY(charge(r, header, body, err));
    struct hs_flat_table message = hs_flat_root(&f);
    int64_t version = hs_flat_int(&message, 0, 2, 0), kind = hs_flat_int(&message, 1, 1, 0);
    int64_t body_len = hs_flat_int(&message, 3, 8, 0);
    struct hs_flat_table inner = hs_flat_table(&message, 2);
    if (f.bad || body_len < 0 || (uint64_t)body_len > body.len)
        return bad(err, "message header");
    if (version != METADATA_V4 && version != METADATA_V5)
        return hs_fail(err, HS_UNSUPPORTED, "this version of the Arrow format is not supported");
    if (kind == HEADER_SCHEMA)
        return read_schema(r, &f, &inner, err);
    if (!r->have_schema)
        return bad(err, "no schema");
    if (kind == HEADER_DICTIONARY)
        return read_dictionary(r, &f, &inner, body, err);
    if (kind == HEADER_BATCH)
        return read_batch(r, &f, &inner, body, err);
    return hs_fail(err, HS_UNSUPPORTED, "this kind of Arrow message is not supported");
}

hs_rc hs_ipc_reader_row(const struct hs_ipc_reader *r, size_t row, struct hs_arena *a, struct hs_params *out,
                        struct hs_err *err)
{
    const struct chunk *chunk = NULL;
    for (size_t i = 0; i < r->chunks.len && !chunk; i++)
        if (row >= r->chunks.at[i].first && row - r->chunks.at[i].first < r->chunks.at[i].rows)
            chunk = &r->chunks.at[i];
    if (!chunk)
        return hs_fail(err, HS_INVALID, "no row %zu of parameters", row);
    struct hs_params p = {.count = r->column_count};
    p.at = hs_arena_array(a, p.count + 1, sizeof *p.at);
    if (!p.at)
        return nomem(err);
    for (size_t i = 0; i < p.count; i++)
        HS_TRY(hs_column_value(&r->columns[i], &chunk->columns[i], row - chunk->first, a, &p.at[i], err));
    *out = p;
    return HS_OK;
}
