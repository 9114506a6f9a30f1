/* Small answers, built row by row over nanoarrow. */
#ifndef HS_FRONT_FLIGHT_ROWS_H
#define HS_FRONT_FLIGHT_ROWS_H

#include "arrow/ipc.h"

#include <nanoarrow/nanoarrow.h>

struct rows_column {
    const char *name;
    enum hs_type_id type; /* LIST: of text */
    bool required;
};

struct rows {
    struct ArrowSchema schema;
    struct ArrowArray array;
    int code; /* sticky; hs_rows_done tells */
};

HS_MUST hs_rc hs_rows_schema(const struct rows_column *columns, size_t count, struct ArrowSchema *out,
                             struct hs_err *err);
/* Takes the schema, whatever happens. */
HS_MUST hs_rc hs_rows_open(struct ArrowSchema *schema, struct rows *out, struct hs_err *err);
void hs_rows_close(struct rows *r);
/* Cells by column number, each exactly once, then hs_rows_end. .at NULL is NULL. */
void hs_rows_text(struct rows *r, int column, hs_str text);
void hs_rows_words(struct rows *r, int column, const char *text); /* NULL is NULL */
void hs_rows_int(struct rows *r, int column, int64_t value);
void hs_rows_null(struct rows *r, int column);
void hs_rows_end(struct rows *r);
/* The batch is independent of r. */
HS_MUST hs_rc hs_rows_done(struct rows *r, struct hs_batch *out, struct hs_err *err);

#endif
