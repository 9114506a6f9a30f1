/* Private to applying deletes: one delete file, read. */
#ifndef HS_ICEBERG_DELETED_IN_H
#define HS_ICEBERG_DELETED_IN_H

#include "iceberg/plan_in.h"

struct hs_deleted_rows { /* of one data file, by the name that the delete file has for it */
    hs_str path;
    struct hs_positions *rows;
};
/* A position delete file or a deletion vector: immutable, counted, kept by path. What it says is kept as it is written,
 * for what a path means is the table's affair, and two tables may share a file. */
struct hs_delete_file {
    struct hs_deleted_rows *of; /* a vector: one, without a path */
    size_t count;
    int64_t row_count; /* rows of the file; of a vector its cardinality */
};
struct hs_delete_file *hs_delete_file_ref(struct hs_delete_file *f);
void hs_delete_file_unref(struct hs_delete_file *f); /* takes NULL */
/* What was read is held against the entry, as hs_delete_file_agrees does. */
HS_MUST hs_rc hs_delete_file_open(const struct hs_store *store, const struct hs_row_reader *reader,
                                  const struct hs_entry *entry, struct hs_delete_file **out, struct hs_err *err);
/* What was read is what the entry says: how many rows, of which files, where in them. HS_CORRUPT. */
HS_MUST hs_rc hs_delete_file_agrees(const struct hs_delete_file *f, const struct hs_entry *entry, struct hs_err *err);

/* ---- reading ---- */
struct hs_delete_rows; /* being gathered */
/* The next row; a path NULL together with its position is no row. */
HS_MUST hs_rc hs_delete_rows_add(struct hs_delete_rows *to, const hs_str *path, const int64_t *position,
                                 struct hs_err *err);
/* Every row of a position delete file; *out_rows how many there were, NULL ones counted. */
HS_MUST hs_rc hs_delete_parquet(const struct hs_row_reader *reader, hs_str local, struct hs_delete_rows *to,
                                int64_t *out_rows, struct hs_err *err);
HS_MUST hs_rc hs_delete_avro(hs_str local, struct hs_delete_rows *to, int64_t *out_rows, struct hs_err *err);

enum { HS_ID_DELETE_PATH = 2147483546, HS_ID_DELETE_POS = 2147483545 }; /* spec, "Reserved Field IDs" */

#endif
