/* Decisions in the words of other engines: Trino SQL 476, PostgreSQL 15, Iceberg REST read-restrictions. What these
 * are told is advice to an engine that we trust to follow it; what we enforce ourselves goes by policy.h.
 *
 * Everything printed is total there as here, carries no key, and shows the same cells or fewer: `fit` says which. A
 * part of a rule that cannot be said exactly is unknown, a mask that cannot be said is the stricter one named in
 * doc/dialects.md, and a column that cannot be said at all is refused (HS_UNSUPPORTED with words). */
#ifndef HS_POLICY_DIALECT_H
#define HS_POLICY_DIALECT_H

#include "mask/dialect.h"
#include "model/decision.h"

enum hs_fit { /* of the cells and rows, as long as the decision holds: see hs_buf_add_not_carried */
              HS_FIT_EXACT = 0,
              HS_FIT_STRICTER, /* at some places it shows less */
};

/* What no words for another engine carry, whatever their fit: "until 2026-12-31T00:00:00Z; quota not carried"; nothing
 * where the decision has no end and counts nothing. */
void hs_buf_add_not_carried(struct hs_buf *b, const struct hs_decision *d);

/* The row predicate, or "" for every row; columns are called by their contract names. */
HS_MUST hs_rc hs_print_dialect_rows(struct hs_buf *out, const struct hs_dialect *sql, const struct hs_decision *d,
                                    enum hs_fit *out_fit, struct hs_err *err);
/* The expression of column i. */
HS_MUST hs_rc hs_print_dialect_column(struct hs_buf *out, const struct hs_dialect *sql, const struct hs_decision *d,
                                      size_t i, enum hs_fit *out_fit, struct hs_err *err);

/* For PostgreSQL: the composite types that the table and what is shown of it need, one statement a line, before use. */
HS_MUST hs_rc hs_print_postgres_types(struct hs_buf *out, const struct hs_decision *d, struct hs_err *err);
/* What makes a decision hold for one role there: a row security policy on `table`, and a view `view` with the masks,
 * which the role may read instead of the table. Names as they are, unquoted, of things on the search path; each role
 * has its own policy, so that the scripts of several run one after another. */
HS_MUST hs_rc hs_print_postgres_script(struct hs_buf *out, const struct hs_decision *d, hs_str table, hs_str view,
                                       hs_str role, enum hs_fit *out_fit, struct hs_err *err);

/* {"required-row-filter": ..., "required-column-projections": [...]}, or {} when nothing is restricted. */
HS_MUST hs_rc hs_print_read_restrictions(struct hs_buf *out, const struct hs_decision *d, enum hs_fit *out_fit,
                                         struct hs_err *err);

#endif
