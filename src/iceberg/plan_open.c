/* The manifests of a snapshot, opened: those that are not cached by a few threads at once. */
#include "iceberg/parallel.h"
#include "iceberg/plan_in.h"
#include "iceberg/plan_prune.h"

struct cold { /* not cached */
    const struct hs_store *store;
    const struct hs_iceberg_table *table;
    struct hs_columns columns; /* whose metrics files of data are chosen by; deletes say there which file they are of */
    const struct hs_manifest_file **listed;
    const struct hs_manifest ***slots;
    size_t count;
};

static const struct hs_columns *columns_of(const struct cold *c, const struct hs_manifest_file *listed)
{
    return listed->content == HS_MANIFEST_DATA ? &c->columns : NULL;
}

static hs_rc open_one(void *ctx, size_t at, struct hs_err *err)
{
    struct cold *c = ctx;
    return hs_manifest_open(c->store, c->table, c->listed[at], columns_of(c, c->listed[at]), c->slots[at], err);
}

static hs_rc open_cold(struct hs_planner *p, struct cold *c, struct hs_err *err)
{
    size_t done;
    struct hs_parallel all = {.work = open_one, .ctx = c, .count = c->count, .go_on = hs_plan_go_on, .go_on_ctx = p};
    all.share = 1;
    all.waits = hs_store_is_remote(p->store.root);
    return hs_parallel_run(&all, &done, err);
}

static void unref_manifest(void *m)
{
    hs_manifest_unref(*(const struct hs_manifest **)m);
}

hs_rc hs_plan_open(struct hs_planner *p, const struct hs_manifest_file *const *listed, size_t count,
                   const struct hs_manifest ***out, struct hs_err *err)
{
    const struct hs_manifest **opened = hs_arena_array(p->scratch, count, sizeof(const struct hs_manifest *));
    struct cold cold = {.store = &p->store, .table = p->pin->table};
    cold.listed = hs_arena_array(p->scratch, count, sizeof *cold.listed);
    cold.slots = hs_arena_array(p->scratch, count, sizeof(const struct hs_manifest **));
    hs_pruner_columns(p->pruner, &cold.columns);
    hs_pruner_columns(p->asked, &cold.columns);
    if (!opened || !cold.listed || !cold.slots)
        return hs_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        if (!hs_arena_defer(p->scratch, unref_manifest, &opened[i]))
            return hs_no_memory(err);
        if (count > 1) /* else there is nothing to do beside it */
            HS_TRY(
                hs_manifest_cached(&p->store, p->pin->table, listed[i], columns_of(&cold, listed[i]), &opened[i], err));
        if (opened[i])
            continue;
        cold.listed[cold.count] = listed[i];
        cold.slots[cold.count++] = &opened[i];
    }
    *out = opened;
    return cold.count ? open_cold(p, &cold, err) : HS_OK;
}
