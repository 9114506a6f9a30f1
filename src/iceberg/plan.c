/* From a pinned snapshot to the files that hold its rows (spec: "Scan Planning"): the steps in order. What we cannot
 * read rightly stops the plan. */
#include "iceberg/plan_in.h"
#include "iceberg/plan_prune.h"

static hs_rc check_wanted(const struct hs_type *wanted, struct hs_err *err)
{
    for (size_t i = 0; i < wanted->field_count; i++) {
        const char *why = hs_iceberg_unreadable(&wanted->fields[i]);
        if (why)
            return hs_refused(err, why, "column %.*s (id %d)", HS_FMT(wanted->fields[i].name), wanted->fields[i].id);
    }
    return HS_OK;
}

hs_rc hs_plan_go_on(void *planner, struct hs_err *err)
{
    const struct hs_plan_request *r = ((const struct hs_planner *)planner)->request;
    return r && r->go_on ? r->go_on(r->go_on_ctx, err) : HS_OK;
}

static hs_rc run(struct hs_planner *p, struct hs_plan *out, struct hs_err *err)
{
    HS_TRY(check_wanted(p->wanted, err));
    if (p->pin->empty) {
        *out = (struct hs_plan){0};
        return HS_OK;
    }
    const struct hs_snapshot *s = hs_table_snapshot(p->pin->table, p->pin->snapshot_id);
    if (!s)
        return hs_fail(err, HS_NOT_FOUND, "snapshot %lld is not in the table", (long long)p->pin->snapshot_id);
    p->scratch = hs_arena_new(0);
    p->seen_directories = p->scratch ? hs_map_new(p->scratch) : NULL;
    p->partitions = p->scratch ? hs_map_new(p->scratch) : NULL;
    if (!p->seen_directories || !p->partitions)
        return hs_no_memory(err);
    HS_TRY(hs_pruner_new(p->scratch, p->pin->table, p->request->filter, &p->pruner, err));
    p->ask = p->request->asked;
    HS_TRY(hs_plan_list(p, s, err));
    HS_TRY(hs_plan_asked_beside_hidden(p, out, err));
    HS_TRY(hs_plan_deletes(p, out, err));
    HS_TRY(hs_plan_files(p, out, err));
    out->left_out = p->left_out;
    out->has_deletes = p->has_deletes;
    return hs_plan_gone(p, out, err);
}

hs_rc hs_iceberg_plan(struct hs_arena *a, const struct hs_plan_request *request, struct hs_plan *out,
                      struct hs_err *err)
{
    const struct hs_pin *pin = request->pin;
    struct hs_planner p = {.arena = a, .store = *request->store, .request = request, .pin = pin};
    p.wanted = request->wanted ? request->wanted : pin->schema;
    p.store.root = pin->table->root;
    if (p.store.fallback_from.len == 0)
        p.store.fallback_from = pin->table->location;
    struct hs_plan plan = {0};
    struct hs_near near;
    hs_near_init(&near);
    p.store.near = &near;
    hs_rc rc = run(&p, &plan, err);
    if (rc == HS_OK)
        *out = plan;
    else
        hs_ignore(hs_err_note(err, "table %.*s", HS_FMT(pin->table->path)));
    hs_arena_free(p.scratch);
    hs_near_close(&near);
    return rc;
}
