/* Which manifests and files a filter leaves out: what the rest of the planner asks. */
#ifndef HS_ICEBERG_PLAN_PRUNE_H
#define HS_ICEBERG_PLAN_PRUNE_H

#include "iceberg/filter.h"
#include "iceberg/manifest.h"

struct hs_pruner;
/* *out: NULL when there is no filter. */
HS_MUST hs_rc hs_pruner_new(struct hs_arena *a, const struct hs_iceberg_table *table, const struct hs_filter *filter,
                            struct hs_pruner **out, struct hs_err *err);
/* May it hold a row for which the filter is TRUE? A manifest of deletes and a position delete are always kept: what
 * they apply to is a question of paths. An equality delete goes by its partition alone: it applies to files of that
 * partition, which are asked the same, or, without one, to every file. p may be NULL. */
bool hs_pruner_manifest(const struct hs_pruner *p, const struct hs_manifest_file *listed);
bool hs_pruner_entry(const struct hs_pruner *p, int spec_id, const struct hs_entry *entry);
/* The same of a data file, by the values of its partition alone. */
bool hs_pruner_partition(const struct hs_pruner *p, int spec_id, const struct hs_entry *entry);
/* Adds those whose metrics it looks at. p may be NULL. */
void hs_pruner_columns(const struct hs_pruner *p, struct hs_columns *out);

#endif
