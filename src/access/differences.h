/* Do aggregate statements together tell of fewer rows than any of them may? Pure: sets of rows in, a verdict out. */
#ifndef HS_ACCESS_DIFFERENCES_H
#define HS_ACCESS_DIFFERENCES_H

#include "base/arena.h"

/* Rows that no statement tells apart. */
struct hs_atom {
    int32_t *groups; /* one a set: the group the rows are in, counted from 0, or -1 */
    int64_t rows;
    int64_t *values; /* one a measure: how many of the rows have one */
};
struct hs_row_set {
    int32_t group_count;
    uint64_t measures, counted; /* bits: summed up or counted; counted or averaged */
};
struct hs_differences {
    struct hs_atom *atoms;
    size_t atom_count;
    const struct hs_row_set *sets; /* the first is the new one */
    size_t set_count, measure_count;
    int64_t minimum;
};

/* HS_DENIED when the new statement's groups and an earlier one's, or several of theirs together, differ by some rows
 * but fewer than the minimum. */
HS_MUST hs_rc hs_differences_check(struct hs_arena *a, const struct hs_differences *d, struct hs_err *err);

#endif
