/* Comma-separated values (RFC 4180) cell by cell, with positions. */
#ifndef HS_MODEL_CSV_H
#define HS_MODEL_CSV_H

#include "base/arena.h"

struct hs_csv {
    const char *at, *end;
    int line; /* 1-based; of the cell to come */
    int column;
};
struct hs_csv_cell {
    hs_str text;
    bool quoted; /* "" is the empty text; nothing at all is NULL */
    bool last;   /* of its line */
    int line, column;
};

void hs_csv_open(struct hs_csv *csv, hs_str bytes);
bool hs_csv_more(const struct hs_csv *csv);
/* HS_INVALID: a quote that is not closed, or something behind a closed one. err->shown has the words alone; *out then
 * says where. */
HS_MUST hs_rc hs_csv_next(struct hs_arena *a, struct hs_csv *csv, struct hs_csv_cell *out, struct hs_err *err);

#endif
