/* What JDBC and ODBC call our types, and what column metadata says of them. */
#ifndef HS_FRONT_FLIGHT_TYPES_H
#define HS_FRONT_FLIGHT_TYPES_H

#include "access/access.h"

struct ArrowSchema;
/* Adds ARROW:FLIGHT:SQL:* metadata to each column of a table's schema. */
HS_MUST hs_rc hs_flight_describe_columns(struct ArrowSchema *schema, const struct hs_type *type, hs_str mesh,
                                         const struct hs_seen_table *table, struct hs_err *err);

#endif
