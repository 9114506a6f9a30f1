/* hs_avro(type, paths, rows): the rows of Avro data files, with file_index and file_row_number as read_parquet has
 * them.
 *
 * The scan printer writes all of it into the view: the columns' physical types as the plan knows them (message.h's
 * encoding, in hex), the files, and how many rows the table says each one holds. A file that holds other columns or
 * another number of rows is damaged: the container alone cannot tell that blocks are missing at its end. Files are read
 * through the engine, so its own walls stand around them, too; one thread a file. */
#include "avro/avro.h"
#include "base/alloc.h"
#include "base/damage.h"
#include "engine/worker/avro.h"
#include "engine/worker/worker_in.h"

#include <pthread.h>
#include <stdatomic.h>

enum { CHUNK_WEIGHT = 16 << 20 };

struct avro_trouble { /* the first failure in a statement, in our words: the engine passes only text on */
    pthread_mutex_t lock;
    struct hs_err err;
};

struct bound { /* what the printer wrote; read by all threads */
    struct hs_arena *arena;
    struct hs_type *type;
    hs_str *paths;
    int64_t *rows;
    size_t file_count;
    duckdb_client_context context;
};

struct scan { /* shared between the threads */
    atomic_size_t next_file;
    bool *wanted;    /* one a field */
    size_t *columns; /* one an output vector: a field, or field_count + 0 or 1, or none of these */
    size_t column_count;
};

struct reader { /* one thread */
    duckdb_file_system files;
    duckdb_file_handle handle;
    struct hs_avro_file *file;
    size_t index; /* of the file */
    int64_t row;  /* the next one's number in it */
};

/* ---- failures ---- */

static void remember(struct avro_trouble *t, const struct hs_err *err)
{
    pthread_mutex_lock(&t->lock);
    if (t->err.kind == HS_OK)
        t->err = *err;
    pthread_mutex_unlock(&t->lock);
}

hs_rc hs_avro_explain(struct avro_trouble *t, hs_rc rc, struct hs_err *err)
{
    if (!t || rc == HS_OK || rc == HS_CANCELLED || t->err.kind == HS_OK)
        return rc;
    *err = t->err;
    return err->kind;
}

void hs_avro_forget(struct avro_trouble *t)
{
    if (t)
        pthread_mutex_destroy(&t->lock);
    hs_free(t);
}

/* ---- bind: what the printer wrote ---- */

static void drop_bound(void *at)
{
    struct bound *b = at;
    if (!b)
        return;
    if (b->context)
        duck()->destroy_client_context(&b->context);
    hs_arena_free(b->arena);
    hs_free(b);
}

static hs_rc read_type(struct bound *b, const char *hex, struct hs_err *err)
{
    size_t len = hex ? strlen(hex) / 2 : 0;
    char *bytes = hs_arena_alloc(b->arena, len + 1);
    if (!bytes)
        return hs_no_memory(err);
    for (size_t i = 0; i < len; i++) {
        int high = hs_hex_digit(hex[2 * i]), low = hs_hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return hs_fail_hidden(err, HS_INTERNAL, "types of a data file that are no hex");
        bytes[i] = (char)(high * 16 + low);
    }
    return hs_get_type(b->arena, hs_str_n(bytes, len), &b->type, err);
}

static hs_rc read_file(struct bound *b, size_t i, duckdb_value path, duckdb_value rows, struct hs_err *err)
{
    char *text = duck()->get_varchar(path);
    b->paths[i] = hs_arena_str(b->arena, hs_str_of(text ? text : ""));
    duck()->free(text);
    b->rows[i] = duck()->get_int64(rows);
    return b->paths[i].at ? HS_OK : hs_no_memory(err);
}

static hs_rc read_files(struct bound *b, duckdb_value paths, duckdb_value rows, struct hs_err *err)
{
    b->file_count = duck()->get_list_size(paths);
    b->paths = hs_arena_array(b->arena, b->file_count + 1, sizeof *b->paths);
    b->rows = hs_arena_array(b->arena, b->file_count + 1, sizeof *b->rows);
    if (!b->paths || !b->rows)
        return hs_no_memory(err);
    if (duck()->get_list_size(rows) != b->file_count)
        return hs_fail_hidden(err, HS_INTERNAL, "hs_avro: as many numbers of rows as files, please");
    hs_rc rc = HS_OK;
    for (size_t i = 0; rc == HS_OK && i < b->file_count; i++) {
        duckdb_value path = duck()->get_list_child(paths, i), count = duck()->get_list_child(rows, i);
        rc = read_file(b, i, path, count, err);
        duck()->destroy_value(&path);
        duck()->destroy_value(&count);
    }
    return rc;
}

static hs_rc read_arguments(duckdb_bind_info info, struct bound *b, struct hs_err *err)
{
    duckdb_value given[3];
    for (idx_t i = 0; i < 3; i++)
        given[i] = duck()->bind_get_parameter(info, i);
    char *hex = duck()->get_varchar(given[0]);
    hs_rc rc = read_type(b, hex, err);
    if (rc == HS_OK)
        rc = read_files(b, given[1], given[2], err);
    duck()->free(hex);
    for (idx_t i = 0; i < 3; i++)
        duck()->destroy_value(&given[i]);
    return rc;
}

static hs_rc add_columns(duckdb_bind_info info, const struct bound *b, struct hs_err *err)
{
    static const char *const places[] = {"file_index", "file_row_number"};
    for (size_t i = 0; i < b->type->field_count + 2; i++) {
        size_t place = i - b->type->field_count;
        bool is_place = i >= b->type->field_count;
        duckdb_logical_type type = is_place
                                       ? duck()->create_logical_type(place ? DUCKDB_TYPE_BIGINT : DUCKDB_TYPE_UBIGINT)
                                       : hs_avro_duck_type(b->type->fields[i].type);
        if (!type)
            return hs_fail_hidden(err, HS_UNSUPPORTED, "avro column %zu: a type that the engine does not have", i);
        duck()->bind_add_result_column(info, is_place ? places[place] : b->type->fields[i].name.at, type);
        duck()->destroy_logical_type(&type);
    }
    return HS_OK;
}

static void bind(duckdb_bind_info info)
{
    struct hs_err err;
    struct bound *b = hs_calloc(1, sizeof *b);
    hs_rc rc = b && (b->arena = hs_arena_new(0)) ? HS_OK : hs_no_memory(&err);
    if (rc == HS_OK)
        rc = read_arguments(info, b, &err);
    if (rc == HS_OK)
        rc = add_columns(info, b, &err);
    if (rc != HS_OK) {
        remember(duck()->bind_get_extra_info(info), &err);
        duck()->bind_set_error(info, "hs_avro");
        drop_bound(b);
        return;
    }
    duck()->table_function_get_client_context(info, &b->context);
    duck()->bind_set_bind_data(info, b, drop_bound);
}

/* ---- init ---- */

static void drop_scan(void *at)
{
    struct scan *s = at;
    if (!s)
        return;
    hs_free(s->wanted);
    hs_free(s->columns);
    hs_free(s);
}

static void init(duckdb_init_info info)
{
    const struct bound *b = duck()->init_get_bind_data(info);
    struct scan *s = hs_calloc(1, sizeof *s);
    size_t count = duck()->init_get_column_count(info);
    if (s) {
        s->wanted = hs_calloc(b->type->field_count + 1, sizeof *s->wanted);
        s->columns = hs_calloc(count + 1, sizeof *s->columns);
    }
    if (!s || !s->wanted || !s->columns) {
        drop_scan(s);
        duck()->init_set_error(info, "out of memory");
        return;
    }
    s->column_count = count;
    for (size_t i = 0; i < count; i++) {
        s->columns[i] = duck()->init_get_column_index(info, i);
        if (s->columns[i] < b->type->field_count)
            s->wanted[s->columns[i]] = true;
    }
    duck()->init_set_max_threads(info, b->file_count ? b->file_count : 1);
    duck()->init_set_init_data(info, s, drop_scan);
}

static void close_file(struct reader *r)
{
    hs_avro_close(r->file);
    r->file = NULL;
    if (r->handle)
        duck()->destroy_file_handle(&r->handle);
    r->handle = NULL;
}

static void drop_reader(void *at)
{
    struct reader *r = at;
    if (!r)
        return;
    close_file(r);
    if (r->files)
        duck()->destroy_file_system(&r->files);
    hs_free(r);
}

static void init_thread(duckdb_init_info info)
{
    const struct bound *b = duck()->init_get_bind_data(info);
    struct reader *r = hs_calloc(1, sizeof *r);
    if (r)
        r->files = duck()->client_context_get_file_system(b->context);
    if (!r || !r->files) {
        drop_reader(r);
        duck()->init_set_error(info, "out of memory");
        return;
    }
    duck()->init_set_init_data(info, r, drop_reader);
}

/* ---- reading ---- */

/* The engine's words, which begin with its own kind of error. */
static hs_rc engine_failed(duckdb_error_data data, struct hs_err *err)
{
    const char *words = data ? duck()->error_data_message(data) : NULL;
    hs_rc rc = hs_fail_hidden(err, HS_UNAVAILABLE, "a data file could not be read: %s", words ? words : "no words");
    if (data)
        duck()->destroy_error_data(&data);
    return rc;
}

static hs_rc read_bytes(void *ctx, void *to, size_t len, size_t *out_len, struct hs_err *err)
{
    duckdb_file_handle handle = ctx;
    int64_t got = duck()->file_handle_read(handle, to, (int64_t)len);
    if (got < 0 || (uint64_t)got > len)
        return engine_failed(duck()->file_handle_error_data(handle), err);
    *out_len = (size_t)got;
    return HS_OK;
}

static bool same_shape(const struct hs_type *a, const struct hs_type *b)
{
    if (a->id != b->id || a->field_count != b->field_count || a->precision != b->precision || a->scale != b->scale ||
        a->length != b->length)
        return false;
    for (size_t i = 0; i < a->field_count; i++)
        if (!hs_str_eq(a->fields[i].name, b->fields[i].name) || !same_shape(a->fields[i].type, b->fields[i].type))
            return false;
    return true;
}

static hs_rc check_columns(const struct bound *b, const struct hs_avro_file *file, struct hs_err *err)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_type *type;
    if (!a)
        return hs_no_memory(err);
    hs_rc rc = hs_avro_physical(a, hs_avro_schema(file), &type, err);
    if (rc == HS_OK && !same_shape(type, b->type))
        rc = hs_damaged(err, "the file's columns are not those that were planned");
    hs_arena_free(a);
    return rc;
}

static hs_rc open_file(const struct bound *b, const struct scan *s, struct reader *r, struct hs_err *err)
{
    duckdb_file_open_options options = duck()->create_file_open_options();
    bool ok = duck()->file_open_options_set_flag(options, DUCKDB_FILE_FLAG_READ, true) == DuckDBSuccess &&
              duck()->file_system_open(r->files, b->paths[r->index].at, options, &r->handle) == DuckDBSuccess;
    duck()->destroy_file_open_options(&options);
    if (!ok) {
        r->handle = NULL;
        return engine_failed(duck()->file_system_error_data(r->files), err);
    }
    struct hs_avro_input input = {read_bytes, r->handle};
    HS_TRY(hs_avro_open_input(&input, &r->file, err));
    HS_TRY(check_columns(b, r->file, err));
    hs_avro_project(r->file, s->wanted);
    r->row = 0;
    return HS_OK;
}

static hs_rc put_row(const struct bound *b, const struct scan *s, const struct reader *r, duckdb_data_chunk chunk,
                     idx_t at, const struct hs_avro_value *record, int64_t *weight, struct hs_err *err)
{
    size_t fields = b->type->field_count;
    for (size_t i = 0; i < s->column_count; i++) {
        size_t column = s->columns[i];
        if (column > fields + 1)
            continue; /* asked for to count rows: nobody looks at it */
        duckdb_vector v = duck()->data_chunk_get_vector(chunk, i);
        if (column < fields)
            HS_TRY(hs_avro_put(v, at, b->type->fields[column].type, &record->items[column], weight, err));
        else
            ((int64_t *)duck()->vector_get_data(v))[at] = column == fields ? (int64_t)r->index : r->row;
    }
    return HS_OK;
}

static hs_rc end_file(const struct bound *b, struct reader *r, struct hs_err *err)
{
    if (r->row != b->rows[r->index])
        return hs_damaged(err, "%lld rows, the table says %lld", (long long)r->row, (long long)b->rows[r->index]);
    close_file(r);
    return HS_OK;
}

/* Rows of the open file, as many as fit into a chunk or fewer. */
static hs_rc fill(const struct bound *b, const struct scan *s, struct reader *r, duckdb_data_chunk chunk,
                  idx_t *out_rows, struct hs_err *err)
{
    idx_t most = duck()->vector_size();
    int64_t weight = 0;
    while (*out_rows < most && weight < CHUNK_WEIGHT) {
        const struct hs_avro_value *record;
        HS_TRY(hs_avro_next(r->file, &record, err));
        if (!record)
            return end_file(b, r, err);
        HS_TRY(put_row(b, s, r, chunk, *out_rows, record, &weight, err));
        r->row++;
        ++*out_rows;
    }
    return HS_OK;
}

static hs_rc next_chunk(const struct bound *b, struct scan *s, struct reader *r, duckdb_data_chunk chunk,
                        idx_t *out_rows, struct hs_err *err)
{
    while (*out_rows == 0) {
        if (!r->file) {
            r->index = atomic_fetch_add(&s->next_file, 1);
            if (r->index >= b->file_count)
                return HS_OK;
            HS_TRY(open_file(b, s, r, err));
        }
        HS_TRY(fill(b, s, r, chunk, out_rows, err));
    }
    return HS_OK;
}

static void scan_rows(duckdb_function_info info, duckdb_data_chunk chunk)
{
    const struct bound *b = duck()->function_get_bind_data(info);
    struct reader *r = duck()->function_get_local_init_data(info);
    struct hs_err err;
    idx_t rows = 0;
    if (next_chunk(b, duck()->function_get_init_data(info), r, chunk, &rows, &err) != HS_OK) {
        if (r->index < b->file_count)
            hs_ignore(hs_err_note(&err, "data file %.*s", HS_FMT(b->paths[r->index])));
        remember(duck()->function_get_extra_info(info), &err);
        duck()->function_set_error(info, "hs_avro");
        rows = 0;
    }
    duck()->data_chunk_set_size(chunk, rows);
}

/* ---- registration ---- */

static void add_parameter(duckdb_table_function f, duckdb_type id, bool list)
{
    duckdb_logical_type type = duck()->create_logical_type(id), all = list ? duck()->create_list_type(type) : NULL;
    duck()->table_function_add_parameter(f, list ? all : type);
    duck()->destroy_logical_type(&type);
    duck()->destroy_logical_type(&all);
}

hs_rc hs_avro_register(struct instance *i, struct avro_trouble **out, struct hs_err *err)
{
    struct avro_trouble *t = hs_calloc(1, sizeof *t);
    if (!t)
        return hs_no_memory(err);
    pthread_mutex_init(&t->lock, NULL);
    duckdb_table_function f = duck()->create_table_function();
    duck()->table_function_set_name(f, "hs_avro");
    add_parameter(f, DUCKDB_TYPE_VARCHAR, false);
    add_parameter(f, DUCKDB_TYPE_VARCHAR, true);
    add_parameter(f, DUCKDB_TYPE_BIGINT, true);
    duck()->table_function_set_extra_info(f, t, NULL);
    duck()->table_function_set_bind(f, bind);
    duck()->table_function_set_init(f, init);
    duck()->table_function_set_local_init(f, init_thread);
    duck()->table_function_set_function(f, scan_rows);
    duck()->table_function_supports_projection_pushdown(f, true);
    bool ok = duck()->register_table_function(i->connection, f) == DuckDBSuccess;
    duck()->destroy_table_function(&f);
    *out = t;
    return ok ? HS_OK : hs_fail_hidden(err, HS_INTERNAL, "hs_avro cannot be registered");
}
