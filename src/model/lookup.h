/* A lookup: a small table inside the model, which rules ask when a decision is made. */
#ifndef HS_MODEL_LOOKUP_H
#define HS_MODEL_LOOKUP_H

#include "model/model.h"

enum {
    HS_LOOKUP_MAX_COLUMNS = 32,
    HS_LOOKUP_MAX_ROWS = 1000000, /* of one lookup */
    HS_LOOKUP_MAX_VALUES = 10000, /* that one rule may get from one */
};

struct hs_lookup_rows; /* numbers of rows, ascending */
struct hs_lookup {
    struct hs_at at;
    hs_str domain, name;
    struct hs_type *type; /* STRUCT; string, long, decimal, boolean, date, timestamp, timestamptz, time; ids from 1 */
    struct hs_value *values; /* row_count times the columns, row by row; NULL where nothing is */
    size_t row_count;
    /* Per row: nobody knows whether it is one, for the `where` that took it is unknown for it. NULL: all are known. */
    bool *unsure;
    struct hs_map **index; /* per column; NULL: not indexed. A value's key (hs_lookup_key) to struct hs_lookup_rows */
};
struct hs_lookup_rows {
    size_t *at, len, cap;
};

/* The rows whose `column` (from 0) holds the value, by the index; NULL: none. Of a NULL those that hold nothing: no
 * test of it is true for them, but it is unknown, which may have to be told from false. */
HS_MUST hs_rc hs_lookup_find(const struct hs_lookup *l, size_t column, const struct hs_value *value,
                             const struct hs_lookup_rows **out, struct hs_err *err);

#endif
