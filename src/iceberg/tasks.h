/* A plan cut into tasks of about equal bytes, for endpoints that are read side by side. */
#ifndef HS_ICEBERG_TASKS_H
#define HS_ICEBERG_TASKS_H

#include "iceberg/iceberg.h"

struct hs_task_part {                 /* of one file: some of its row groups, or all of it */
    size_t file;                      /* in plan->files */
    int64_t first_group, group_count; /* group_count 0: the whole file, which has no row groups that are known */
    int64_t bytes;                    /* about */
};
struct hs_task {
    const struct hs_task_part *parts; /* in the plan's order */
    size_t part_count;
    int64_t bytes;
};

/* At most `most` tasks, of about the same bytes and none much smaller than `least_bytes`; every row group of every file
 * is in exactly one, in order. A plan without files has no tasks. */
HS_MUST hs_rc hs_plan_tasks(struct hs_arena *a, const struct hs_plan *plan, size_t most, int64_t least_bytes,
                            struct hs_task **out, size_t *out_count, struct hs_err *err);

#endif
