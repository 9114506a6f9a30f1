/* What metadata says of one column in a set of rows (a file, a partition, a manifest), and whether a test may be TRUE
 * for one of them. The answer errs towards "may": false is a proof. */
#ifndef HS_ICEBERG_KNOWN_H
#define HS_ICEBERG_KNOWN_H

#include "iceberg/filter.h"
#include "iceberg/manifest.h"
#include "iceberg/value.h"

struct hs_known {
    bool may_null, may_nan;
    bool may_value;            /* neither null nor NaN */
    bool has_lower, has_upper; /* of those values */
    bool soft_upper;           /* may be a prefix of the greatest value, cut by a writer that did not round up */
    bool loose_order;          /* bounds by one of two orders, we do not know which: uuid */
    struct hs_comparable lower, upper; /* borrow */
};
struct hs_leaf { /* a test whose values are of the column's type */
    enum hs_filter_op op;
    const struct hs_comparable *values;
    size_t count;
};

bool hs_leaf_may(const struct hs_leaf *leaf, const struct hs_known *known);

struct hs_known hs_known_nothing(const struct hs_type *column);
struct hs_known hs_known_of_metrics(const struct hs_type *column, const struct hs_entry *file, int field_id);
struct hs_known hs_known_of_summary(const struct hs_type *column, const struct hs_field_summary *summary);
struct hs_known hs_known_of_value(const struct hs_type *column, const struct hs_param *value); /* that one alone */

#endif
