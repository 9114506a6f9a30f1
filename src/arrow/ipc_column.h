/* A flat column as a client's schema states it, and the reading of one value of it. Inner to ipc_reader. */
#ifndef HS_ARROW_IPC_COLUMN_H
#define HS_ARROW_IPC_COLUMN_H

#include "arrow/flat.h"
#include "arrow/param.h"

enum hs_column_form {
    HS_FORM_NULL = 1, /* no buffers */
    HS_FORM_BITS,
    HS_FORM_INT,     /* width 1, 2, 4, 8 */
    HS_FORM_FLOAT,   /* width 4, 8 */
    HS_FORM_DECIMAL, /* width 4, 8, 16 */
    HS_FORM_FIXED,   /* width bytes */
    HS_FORM_BYTES,   /* offsets of width 4 or 8 */
    HS_FORM_VIEW
};

struct hs_column {
    enum hs_column_form form;
    enum hs_type_id type;
    int width;
    bool is_unsigned;
    int precision, scale;
    int64_t multiply, divide; /* time units to ours; 1 when nothing is to do */
    bool dictionary;          /* the column itself holds indices; the above describes the dictionary's values */
    int64_t dictionary_id;
    int index_width;
    bool index_unsigned;
};

/* One column of one batch; slices borrow from the batch's private body. */
struct hs_column_data {
    int64_t length;
    hs_str validity, data, offsets; /* VIEW: the views are in `offsets` */
    const hs_str *variadic;         /* VIEW: data buffers */
    size_t variadic_count;
    const struct hs_column_data *values; /* dictionary: its values */
};

HS_MUST hs_rc hs_column_of_field(const struct hs_flat_table *field, struct hs_column *out, struct hs_err *err);
/* How the data of such a column lies when it holds dictionary indices. */
struct hs_column hs_column_indices(const struct hs_column *c);
size_t hs_column_buffers(const struct hs_column *c); /* without variadic ones */
/* Buffers long enough for `length` values? */
bool hs_column_fits(const struct hs_column *c, const struct hs_column_data *d);
HS_MUST hs_rc hs_column_value(const struct hs_column *c, const struct hs_column_data *d, size_t row, struct hs_arena *a,
                              struct hs_param *out, struct hs_err *err);

#endif
