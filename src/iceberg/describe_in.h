/* Private to `hailstorm table PATH`. */
#ifndef HS_ICEBERG_DESCRIBE_IN_H
#define HS_ICEBERG_DESCRIBE_IN_H

#include "iceberg/plan_in.h"

/* For people: 1969-12-31, 'text', 0xff, NULL. */
void hs_buf_add_plain_value(struct hs_buf *out, const struct hs_param *v);
/* The files of the current snapshot, its deletes and partitions, and what would be refused. */
HS_MUST hs_rc hs_describe_files(struct hs_buf *out, const struct hs_store *store, const struct hs_iceberg_table *t,
                                struct hs_err *err);

#endif
