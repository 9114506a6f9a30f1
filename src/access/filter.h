/* Predicates in the words of the table format: what a plan may leave files out by. */
#ifndef HS_ACCESS_FILTER_H
#define HS_ACCESS_FILTER_H

#include "engine/conditions.h"
#include "iceberg/filter.h"
#include "model/decision.h"
#include "model/rule.h"

/* *out: TRUE on every row on which the bound, filled-in rule is; NULL for NULL. */
HS_MUST hs_rc hs_filter_of_rule(struct hs_arena *a, const struct hs_rule *rule, const struct hs_filter **out,
                                struct hs_err *err);
/* *out: TRUE on every row on which what a statement asks is; columns are the decision's. NULL for NULL. (asked.c) */
HS_MUST hs_rc hs_filter_of_condition(struct hs_arena *a, const struct hs_condition *condition,
                                     const struct hs_decision *d, const struct hs_filter **out, struct hs_err *err);

#endif
