/* Cases that a producer keeps beside his policies, NAME.test.yaml: given these rows, this person, then that answer.
 * The model's loader leaves such files alone; `hailstorm policy test` reads and runs them. doc/policies.md. */
#ifndef HS_MODEL_CASES_H
#define HS_MODEL_CASES_H

#include "model/model.h"
#include "model/yaml.h"

struct hs_case_cell {
    struct hs_at at;
    int64_t row; /* of the given ones, from 1 */
    hs_str column;
    const struct hs_yaml *is;
};
struct hs_case { /* one entry of `cases` */
    struct hs_at at;
    hs_str as; /* a user of the model; empty: `who` */
    struct hs_principal who;
    hs_str purpose, workspace;
    int64_t now_us;             /* 0: now */
    const struct hs_yaml *rows; /* NULL where not stated, as the others */
    hs_str *columns;
    size_t column_count;
    bool has_columns, refused;
    int64_t visible, minimum; /* -1: not stated */
    HS_VEC(struct hs_case_cell) cells;
};
struct hs_case_test { /* a PolicyTest document */
    struct hs_at at;
    hs_str name, table; /* "sales.orders" */
    const struct hs_yaml *rows;
    HS_VEC(struct hs_case) cases;
};
struct hs_case_file {
    HS_VEC(struct hs_case_test) tests;
};

/* Everything lives in the arena. err->shown: "file:line:column: words". */
HS_MUST hs_rc hs_cases_read(struct hs_arena *a, hs_str file, hs_str bytes, struct hs_case_file *out,
                            struct hs_err *err);
bool hs_is_case_file(hs_str path); /* by its name */

#endif
