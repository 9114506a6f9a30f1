/* Private to the printer: its files print into one state. */
#ifndef HS_ENGINE_PRINT_IN_H
#define HS_ENGINE_PRINT_IN_H

#include "engine/statement_in.h"
#include "engine/tree.h"

struct hs_print {
    struct hs_buf *out;
    bool failed; /* a node that has no spelling; hs_statement_print refuses */
};

void hs_print_query(struct hs_print *p, const struct hs_node *query);         /* no brackets around it */
void hs_print_statement(struct hs_print *p, const struct hs_node *statement); /* "(query)" */
void hs_print_table(struct hs_print *p, const struct hs_node *table);
void hs_print_expr(struct hs_print *p, const struct hs_node *expr);
void hs_print_type(struct hs_buf *out, const struct hs_type_name *type);
void hs_print_orders(struct hs_print *p, const struct hs_nodes *orders); /* "ORDER BY a, b" */
void hs_print_exprs(struct hs_print *p, const struct hs_nodes *exprs);   /* "a, b" */
void hs_print_names(struct hs_print *p, const struct hs_names *names);   /* "a", "b" */

/* print_inside.c: copies what may be copied into inside[i]. */
HS_MUST hs_rc hs_print_inside(const struct hs_statement *s, const struct hs_scan *scans, const struct hs_params *params,
                              struct hs_buf *inside, struct hs_err *err);
/* print_inside_value.c: the constant as a value of exactly this type; false when it is none, or not surely the same
 * value. */
bool hs_print_same_typed(struct hs_buf *out, const struct hs_node *constant, const struct hs_type *type);
/* print_inside_param.c: likewise the value that is bound to a parameter. */
bool hs_print_bound(struct hs_buf *out, const struct hs_param *value, const struct hs_type *type);

#endif
