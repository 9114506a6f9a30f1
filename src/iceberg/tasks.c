/* All row groups in a row, by bytes, cut at equal distances: a group goes to the task in whose share its middle lies.
 * So no task has more than its share and half a group at either end, and which group is where depends on the plan
 * alone. */
#include "iceberg/tasks.h"
#include "iceberg/damage.h"

struct cutter {
    struct hs_arena *arena;
    const struct hs_plan *plan;
    struct hs_task *tasks;
    size_t most, current;  /* tasks; the one being filled */
    int64_t total, passed; /* bytes */
    struct {
        HS_VEC(struct hs_task_part) list;
    } parts; /* of all tasks, one after the other */
};

/* Row groups whose begin the writer states are as long as the way to the next one; others are taken to be equal. */
static int64_t group_bytes(const struct hs_data_file *f, int64_t group)
{
    int64_t groups = f->row_group_count > 0 ? f->row_group_count : 1;
    int64_t equal = f->size_bytes / groups + (group < f->size_bytes % groups);
    size_t at = (size_t)group;
    if (f->split_count != (size_t)groups || f->split_offsets[f->split_count - 1] >= f->size_bytes)
        return equal;
    int64_t end = at + 1 < f->split_count ? f->split_offsets[at + 1] : f->size_bytes;
    return end - (at == 0 ? 0 : f->split_offsets[at]);
}

static size_t task_of(const struct cutter *c, int64_t bytes)
{
    __int128 middle = (__int128)c->passed + bytes / 2;
    size_t at = c->total > 0 ? (size_t)(middle * (__int128)c->most / c->total) : 0;
    return at < c->most ? at : c->most - 1;
}

static hs_rc add_group(struct cutter *c, size_t file, int64_t group, int64_t groups, struct hs_err *err)
{
    int64_t bytes = group_bytes(&c->plan->files[file], group);
    size_t task = task_of(c, bytes);
    struct hs_task_part *last = c->parts.list.len ? &c->parts.list.at[c->parts.list.len - 1] : NULL;
    bool same_task = last && task == c->current;
    c->current = task;
    c->tasks[task].bytes += bytes;
    c->passed += bytes;
    if (same_task && last->file == file) {
        last->group_count++;
        last->bytes += bytes;
        return HS_OK;
    }
    struct hs_task_part *part = hs_vec_add(c->arena, &c->parts.list);
    if (!part)
        return hs_no_memory(err);
    *part = (struct hs_task_part){file, group, groups > 0, bytes};
    c->tasks[task].part_count++;
    return HS_OK;
}

static hs_rc cut(struct cutter *c, struct hs_err *err)
{
    for (size_t i = 0; i < c->plan->file_count; i++) {
        int64_t groups = c->plan->files[i].row_group_count;
        for (int64_t g = 0; g < groups || g == 0; g++)
            HS_TRY(add_group(c, i, g, groups, err));
    }
    return HS_OK;
}

/* Tasks that got nothing fall away; the others get their parts, which lie in order. */
static size_t settle(struct cutter *c)
{
    size_t count = 0, part = 0;
    for (size_t i = 0; i < c->most; i++) {
        if (c->tasks[i].part_count == 0)
            continue;
        c->tasks[count] = c->tasks[i];
        c->tasks[count].parts = &c->parts.list.at[part];
        part += c->tasks[count++].part_count;
    }
    return count;
}

hs_rc hs_plan_tasks(struct hs_arena *a, const struct hs_plan *plan, size_t most, int64_t least_bytes,
                    struct hs_task **out, size_t *out_count, struct hs_err *err)
{
    struct cutter c = {.arena = a, .plan = plan, .most = most ? most : 1};
    for (size_t i = 0; i < plan->file_count; i++)
        if (__builtin_add_overflow(c.total, plan->files[i].size_bytes, &c.total))
            return hs_damaged(err, "more bytes than a number can hold");
    if (least_bytes > 0 && c.total / least_bytes < (int64_t)(c.most < INT64_MAX ? c.most : INT64_MAX))
        c.most = c.total >= least_bytes ? (size_t)(c.total / least_bytes) : 1;
    c.tasks = hs_arena_array(a, c.most, sizeof *c.tasks);
    if (!c.tasks)
        return hs_no_memory(err);
    HS_TRY(cut(&c, err));
    *out = c.tasks;
    *out_count = settle(&c);
    return HS_OK;
}
