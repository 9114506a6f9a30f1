/* What a scan is for, as far as it is known before any row is read: predicates over columns by field id. A filter
 * leaves out files that hold no row for which it is TRUE; rows are never its business, so whoever hands one in still
 * applies the predicate itself.
 *
 * Logic is SQL's three-valued one. NULL compares as UNKNOWN; NaN equals itself and is greater than every number; text
 * compares by its bytes. A predicate of an engine that answers TRUE on fewer rows (NaN as NULL) may be handed in as
 * well. Trees are immutable and live in the arena they were made in. Constructors answer NULL when there is no memory,
 * and when a part that they are handed is NULL. */
#ifndef HS_ICEBERG_FILTER_H
#define HS_ICEBERG_FILTER_H

#include "arrow/param.h"

enum hs_filter_op {
    HS_FILTER_ANY = 0, /* whatever it is, it cannot be said here: may be TRUE, and its negation may be TRUE */
    HS_FILTER_TRUE,
    HS_FILTER_FALSE,
    HS_FILTER_UNKNOWN, /* never TRUE, nor is its negation */
    HS_FILTER_AND,
    HS_FILTER_OR,
    HS_FILTER_EQ,
    HS_FILTER_NE,
    HS_FILTER_LT,
    HS_FILTER_LE,
    HS_FILTER_GT,
    HS_FILTER_GE,
    HS_FILTER_IN,
    HS_FILTER_NOT_IN,
    HS_FILTER_IS_NULL,
    HS_FILTER_NOT_NULL,
    HS_FILTER_IS_NAN,
    HS_FILTER_NOT_NAN, /* TRUE for numbers, UNKNOWN for NULL */
    HS_FILTER_STARTS_WITH,
    HS_FILTER_NOT_STARTS_WITH,
};
struct hs_filter {
    enum hs_filter_op op;
    int field_id; /* of a top-level column */
    const struct hs_param *values;
    size_t value_count;
    const struct hs_filter *const *parts; /* AND, OR */
    size_t part_count;
};

const struct hs_filter *hs_filter_constant(enum hs_filter_op op); /* ANY, TRUE, FALSE, UNKNOWN */
/* EQ .. GE and [NOT_]STARTS_WITH take one value, [NOT_]IN any number, the others none. A NULL among them does what it
 * does in SQL. Values are copied. */
const struct hs_filter *hs_filter_test(struct hs_arena *a, enum hs_filter_op op, int field_id,
                                       const struct hs_param *values, size_t count);
const struct hs_filter *hs_filter_and(struct hs_arena *a, const struct hs_filter *const *parts, size_t count);
const struct hs_filter *hs_filter_or(struct hs_arena *a, const struct hs_filter *const *parts, size_t count);
const struct hs_filter *hs_filter_not(struct hs_arena *a, const struct hs_filter *f); /* pushed down to the tests */

/* For tests and logs: "(f1 = 5 and not (f2 is null))". */
void hs_buf_add_filter(struct hs_buf *b, const struct hs_filter *f);

#endif
