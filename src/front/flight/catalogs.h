/* The commands that answer with facts about the server and its catalog: each a table of columns and a function that
 * fills rows. Only what the caller may see, since rows come from access's describe. */
#ifndef HS_FRONT_FLIGHT_CATALOGS_H
#define HS_FRONT_FLIGHT_CATALOGS_H

#include "front/flight/flight.h"
#include "front/flight/rows.h"

struct flight_table {
    const char *command; /* the Flight SQL message */
    const struct rows_column *columns;
    size_t column_count;
    /* How many of the columns this request wants; NULL: all. */
    size_t (*wanted)(hs_str value);
    /* Another schema than the columns'; NULL: theirs. */
    hs_rc (*schema)(struct ArrowSchema *out, struct hs_err *err);
    /* What access is to be asked; NULL: nothing. */
    hs_rc (*query)(struct flight_call *c, hs_str value, struct hs_catalog_query *out, struct hs_err *err);
    hs_rc (*fill)(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                  struct hs_err *err);
};
const struct flight_table *hs_flight_table_find(hs_str command);
HS_MUST hs_rc hs_flight_table_schema(const struct flight_table *t, hs_str value, struct ArrowSchema *out,
                                     struct hs_err *err);
/* All rows as one batch. */
HS_MUST hs_rc hs_flight_table_rows(const struct flight_table *t, struct flight_call *c, hs_str value,
                                   const struct hs_catalog *catalog, struct hs_batch *out, struct hs_err *err);

/* sqlinfo.c */
hs_rc hs_sqlinfo_schema(struct ArrowSchema *out, struct hs_err *err);
hs_rc hs_sqlinfo_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                      struct hs_err *err);
/* keys.c: whose query says which tables take part, and whose fill what of them is a key */
extern const struct rows_column hs_primary_key_columns[6], hs_foreign_key_columns[13];
hs_rc hs_primary_keys_query(struct flight_call *c, hs_str value, struct hs_catalog_query *out, struct hs_err *err);
hs_rc hs_exported_keys_query(struct flight_call *c, hs_str value, struct hs_catalog_query *out, struct hs_err *err);
hs_rc hs_imported_keys_query(struct flight_call *c, hs_str value, struct hs_catalog_query *out, struct hs_err *err);
hs_rc hs_cross_reference_query(struct flight_call *c, hs_str value, struct hs_catalog_query *out, struct hs_err *err);
hs_rc hs_primary_keys_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                           struct hs_err *err);
hs_rc hs_exported_keys_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                            struct hs_err *err);
hs_rc hs_imported_keys_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                            struct hs_err *err);
hs_rc hs_cross_reference_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                              struct hs_err *err);
/* types.c */
extern const struct rows_column hs_xdbc_columns[19];
hs_rc hs_xdbc_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                   struct hs_err *err);

#endif
