/* Private to access/: what cases.c compares and cases_run.c brings. */
#ifndef HS_ACCESS_CASES_IN_H
#define HS_ACCESS_CASES_IN_H

#include "access/look_in.h"
#include "model/cases.h"

struct shown_row {
    int64_t number; /* of the given row */
    hs_str *cells;  /* as JSON */
};
struct shown {
    const struct hs_type *schema;
    HS_VEC(struct shown_row) rows;
};

struct testing {
    struct hs_engine *engine;
    struct hs_model *model;
    struct hs_arena *arena; /* of the file at hand */
    hs_str file;
    struct hs_buf *out;
    struct hs_policy_tested *tested;
    const struct hs_case_test *test;
    const struct hs_table *table;
    const struct hs_type *bound;
    struct hs_buf complaints; /* of the case at hand, a line each */
};

/* The given rows as this decision shows them; column 0 is the number of the given row, by which they are sorted. */
HS_MUST hs_rc hs_case_show(struct testing *t, const struct hs_decision *d, struct shown *out, struct hs_err *err);
/* A row for each of the case's rows, then one for each of its cells. */
HS_MUST hs_rc hs_case_expect(struct testing *t, const struct hs_case *c, const struct hs_decision *d, struct shown *out,
                             struct hs_err *err);

#endif
