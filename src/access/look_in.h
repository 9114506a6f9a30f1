/* Private to access/: looking at decisions without a server. Everything here says policies, files and hidden columns
 * aloud, and is reached by commands alone. */
#ifndef HS_ACCESS_LOOK_IN_H
#define HS_ACCESS_LOOK_IN_H

#include "access/access_in.h"

/* The contract laid over the real table, or, where that cannot be opened, over what the contract itself says; *out_why
 * then says why, and is empty otherwise. A contract that does not fit its table is an error all the same. */
HS_MUST hs_rc hs_look_at_type(struct hs_arena *a, const struct hs_table *t, struct hs_type **out, hs_str *out_why,
                              struct hs_err *err);
/* "sales.orders" */
HS_MUST hs_rc hs_look_for_table(const struct hs_model *m, hs_str what, const struct hs_table **out, struct hs_err *err);
HS_MUST hs_rc hs_look_facts(struct hs_arena *a, const struct hs_look *look, struct hs_facts *out, struct hs_err *err);

#endif
