/* What JDBC and ODBC call our types, and what column metadata says of them. */
#ifndef HS_FRONT_FLIGHT_TYPES_H
#define HS_FRONT_FLIGHT_TYPES_H

#include "access/access.h"

struct ArrowSchema;
struct hs_flight_origin { /* the table column that a column is; table empty: none, as an expression */
    hs_str mesh, domain, table, remarks;
};
/* Adds ARROW:FLIGHT:SQL:* metadata to each column of a schema. origins: one a column, or NULL. */
HS_MUST hs_rc hs_flight_describe_columns(struct ArrowSchema *schema, const struct hs_type *type,
                                         const struct hs_flight_origin *origins, struct hs_err *err);

#endif
