/* One column of a batch in the making. A batch is gathered in two passes over the engine's vectors: measure() adds up
 * rows, NULLs and bytes, then the buffers are laid out exactly, then write() fills them where they will be read.
 *
 * What lies under a NULL is never copied: the engine's vectors hold leftovers there, of the cell before it was masked
 * or of another row. So values under NULLs are written as zeros, and the children of a NULL struct as NULL. */
#ifndef HS_ENGINE_WORKER_COLUMN_H
#define HS_ENGINE_WORKER_COLUMN_H

#include "arrow/batch.h"
#include "arrow/layout.h"
#include "engine/worker/duck.h"

struct column;

struct cells { /* a flat vector of the engine */
    duckdb_vector vector;
    const void *data;
    const uint64_t *validity; /* NULL: all valid */
};

struct column_ops {
    void (*measure)(struct column *c, const struct cells *v, size_t from, size_t count);
    void (*write)(struct column *c, const struct cells *v, size_t from, size_t count);
    void (*write_nulls)(struct column *c, size_t count);
};

struct column_size {
    int64_t length, nulls, bytes;
    int64_t distinct, distinct_bytes; /* of a dictionary */
    bool overrun;                     /* more distinct values than its indices reach */
};

struct column {
    const struct column_ops *ops;
    const struct hs_type *type;
    duckdb_type from; /* what the engine calls it; physical integer for DECIMAL and ENUM in `stored` */
    duckdb_type stored;
    size_t width;        /* bytes a value here, 0 when not fixed */
    size_t stored_width; /* bytes a value in the engine's vector */
    size_t array_size;   /* ARRAY */
    hs_str *labels;      /* ENUM */
    size_t label_count;
    struct column *children;
    size_t child_count;
    const char **trouble;          /* set to static words when a value cannot be expressed */
    struct dictionary *dictionary; /* where the type has index_bits */

    struct column_size size; /* measured */

    uint8_t *validity; /* NULL: no NULLs */
    int32_t *offsets;
    uint8_t *views;
    uint8_t *data;
    int64_t written; /* values */
    int64_t used;    /* bytes of data */
};

/* The type in our words and the columns that write it; *out_type a STRUCT. HS_UNSUPPORTED names the column and type. */
struct column_set {
    struct column *at; /* top-level columns */
    size_t count;
    struct hs_type *type;
    const char *trouble;
};
struct column_source { /* a result or a prepared statement */
    void *of;
    size_t count;
    duckdb_logical_type (*type)(void *of, size_t i);
    const char *(*name)(void *of, size_t i);
};
HS_MUST hs_rc hs_columns_new(struct hs_arena *a, const struct column_source *source, const struct hs_answer_form *form,
                             struct column_set *out, struct hs_err *err);
/* Columns of the same types with sizes, places and trouble of their own: for another batch at the same time. */
HS_MUST hs_rc hs_columns_clone(struct hs_arena *a, const struct column_set *set, struct column_set *out,
                               struct hs_err *err);

/* ---- column_dictionary.c ---- */
/* Which top-level columns get a dictionary, by the first `rows`: their types' index_bits and their operations are set.
 */
HS_MUST hs_rc hs_dictionaries_decide(struct column_set *set, const duckdb_data_chunk *chunks, size_t count, size_t rows,
                                     struct hs_err *err);
HS_MUST hs_rc hs_dictionary_new(struct hs_arena *a, struct column *c, struct hs_err *err); /* its tables */
/* Offsets and data of the values, laid out for them. */
void hs_dictionary_write(const struct column *c, int32_t *offsets, uint8_t *data);

struct cells hs_cells_of(duckdb_vector v);
/* The operations for a type (column_fixed.c, column_text.c, column_nested.c). */
extern const struct column_ops hs_ops_bool, hs_ops_plain, hs_ops_decimal, hs_ops_huge, hs_ops_scaled_time, hs_ops_uuid,
    hs_ops_interval, hs_ops_text, hs_ops_view, hs_ops_dictionary, hs_ops_enum, hs_ops_bits, hs_ops_null, hs_ops_struct,
    hs_ops_list, hs_ops_array;

/* Shared between the kinds. */
static inline bool hs_cell_valid(const struct cells *v, size_t i)
{
    return !v->validity || (v->validity[i >> 6] >> (i & 63) & 1);
}
/* Rows of a batch: a measured chunk may go past it. */
enum { HS_BATCH_ROWS = 131072 };
static inline hs_str hs_text_at(const struct cells *v, size_t i)
{
    const duckdb_string_t *s = (const duckdb_string_t *)v->data + i;
    uint32_t len = s->value.inlined.length;
    return (hs_str){len <= 12 ? s->value.inlined.inlined : s->value.pointer.ptr, len};
}
size_t hs_count_nulls(const struct cells *v, size_t from, size_t count);
void hs_measure_validity(struct column *c, const struct cells *v, size_t from, size_t count);
/* Appends validity bits for `count` values at c->written (which the caller then moves). */
void hs_write_validity(struct column *c, const struct cells *v, size_t from, size_t count);

#endif
