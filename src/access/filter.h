/* Predicates that the decision allows, in the words of the table format: what a plan may leave files out by. */
#ifndef HS_ACCESS_FILTER_H
#define HS_ACCESS_FILTER_H

#include "iceberg/filter.h"
#include "model/rule.h"

/* *out: TRUE on every row on which the bound, filled-in rule is; NULL for NULL. */
HS_MUST hs_rc hs_filter_of_rule(struct hs_arena *a, const struct hs_rule *rule, const struct hs_filter **out,
                                struct hs_err *err);

#endif
