/* Two neighbouring snapshots are listed and compared by what is live in each. That asks less of writers than the status
 * of entries does: some keep no trace of what they dropped, and some rewrite entries under another snapshot's id. */
#include "iceberg/changes.h"
#include "iceberg/plan_in.h"
#include "iceberg/plan_prune.h"

enum { MAX_CHANGES = 100 * 1000 };

struct side { /* one of the two snapshots */
    struct hs_planner p;
    struct hs_map *data, *deletes; /* by path (and place in a puffin file) */
};
struct pair {
    const struct hs_plan_request *request;
    struct hs_arena *arena, *scratch;
    struct hs_map *partitions;
    struct side before, after;
    bool *touched; /* by partition */
    bool all;      /* a global delete came or went */
};

/* ---- listing ---- */

static hs_rc key_of(struct hs_arena *a, const struct hs_entry *e, hs_str *out, struct hs_err *err)
{
    *out = e->content_offset < 0 ? e->path
                                 : hs_arena_printf(a, "%.*s\n%lld", HS_FMT(e->path), (long long)e->content_offset);
    return out->at ? HS_OK : hs_no_memory(err);
}

static hs_rc index_entries(struct hs_arena *a, struct hs_planned *list, size_t count, struct hs_map *into,
                           struct hs_err *err)
{
    hs_str key;
    for (size_t i = 0; i < count; i++) {
        HS_TRY(key_of(a, list[i].entry, &key, err));
        HS_TRY(hs_map_put(into, key, &list[i], err));
    }
    return HS_OK;
}

static hs_rc list_side(struct pair *x, const struct hs_snapshot *s, struct side *side, struct hs_err *err)
{
    const struct hs_pin *pin = x->request->pin;
    struct hs_planner *p = &side->p;
    *p = (struct hs_planner){.arena = x->arena, .scratch = x->scratch, .request = x->request, .pin = pin};
    p->store = *x->request->store;
    p->store.root = pin->table->root;
    if (p->store.fallback_from.len == 0)
        p->store.fallback_from = pin->table->location;
    p->wanted = x->request->wanted ? x->request->wanted : pin->schema;
    p->partitions = x->partitions;
    side->data = hs_map_new(x->scratch);
    side->deletes = hs_map_new(x->scratch);
    if (!side->data || !side->deletes)
        return hs_no_memory(err);
    HS_TRY(hs_pruner_new(x->scratch, pin->table, x->request->filter, &p->pruner, err));
    if (s)
        HS_TRY(hs_plan_list(p, s, err));
    HS_TRY(index_entries(x->scratch, p->data.list.at, p->data.list.len, side->data, err));
    return index_entries(x->scratch, p->deletes.list.at, p->deletes.list.len, side->deletes, err);
}

/* ---- comparing ---- */

static hs_rc touch(struct pair *x, const struct side *here, const struct side *there, struct hs_err *err)
{
    hs_str key;
    for (size_t i = 0; i < here->p.deletes.list.len; i++) {
        const struct hs_planned *d = &here->p.deletes.list.at[i];
        HS_TRY(key_of(x->scratch, d->entry, &key, err));
        if (hs_map_get(there->deletes, key))
            continue;
        x->touched[d->partition] = true;
        x->all |= hs_spec_is_global(x->request->pin->table, d->spec_id);
    }
    return HS_OK;
}

static hs_rc compare_deletes(struct pair *x, struct hs_err *err)
{
    x->touched = hs_arena_array(x->scratch, hs_map_len(x->partitions), sizeof *x->touched);
    if (!x->touched)
        return hs_no_memory(err);
    HS_TRY(touch(x, &x->before, &x->after, err));
    return touch(x, &x->after, &x->before, err);
}

/* The files of `here` that the other side lacks, or those it shares whose deletes may differ. */
static hs_rc choose(struct pair *x, const struct side *here, const struct side *there, bool shared,
                    struct hs_planner *out, struct hs_err *err)
{
    hs_str key;
    *out = here->p;
    out->data.list.at = NULL;
    out->data.list.len = out->data.list.cap = 0;
    out->seen_directories = hs_map_new(x->scratch);
    if (!out->seen_directories)
        return hs_no_memory(err);
    for (size_t i = 0; i < here->p.data.list.len; i++) {
        const struct hs_planned *d = &here->p.data.list.at[i];
        HS_TRY(key_of(x->scratch, d->entry, &key, err));
        bool in_both = hs_map_get(there->data, key) != NULL;
        if (in_both != shared || (shared && !x->all && !x->touched[d->partition]))
            continue;
        struct hs_planned *slot = hs_vec_add(x->scratch, &out->data.list);
        if (!slot)
            return hs_no_memory(err);
        *slot = *d;
    }
    return HS_OK;
}

static hs_rc plan_chosen(struct pair *x, const struct side *here, const struct side *there, bool shared,
                         struct hs_plan *out, struct hs_err *err)
{
    struct hs_planner p;
    *out = (struct hs_plan){0};
    HS_TRY(choose(x, here, there, shared, &p, err));
    if (p.data.list.len == 0)
        return HS_OK;
    HS_TRY(hs_plan_deletes(&p, out, err));
    HS_TRY(hs_plan_files(&p, out, err));
    return hs_plan_gone(&p, out, err);
}

static hs_rc compare(struct pair *x, const struct hs_snapshot *parent, const struct hs_snapshot *s,
                     struct hs_change *out, struct hs_err *err)
{
    *out = (struct hs_change){
        .snapshot_id = s->id, .sequence_number = s->sequence_number, .timestamp_ms = s->timestamp_ms};
    x->partitions = hs_map_new(x->scratch);
    if (!x->partitions)
        return hs_no_memory(err);
    HS_TRY(list_side(x, parent, &x->before, err));
    HS_TRY(list_side(x, s, &x->after, err));
    HS_TRY(compare_deletes(x, err));
    HS_TRY(plan_chosen(x, &x->after, &x->before, false, &out->appended, err));
    HS_TRY(plan_chosen(x, &x->before, &x->after, false, &out->removed, err));
    HS_TRY(plan_chosen(x, &x->before, &x->after, true, &out->before, err));
    return plan_chosen(x, &x->after, &x->before, true, &out->after, err);
}

static hs_rc compare_alone(struct hs_arena *a, const struct hs_plan_request *request, const struct hs_snapshot *parent,
                           const struct hs_snapshot *s, struct hs_change *out, struct hs_err *err)
{
    struct pair x = {.request = request, .arena = a, .scratch = hs_arena_new(0)};
    if (!x.scratch)
        return hs_no_memory(err);
    hs_rc rc = compare(&x, parent, s, out, err);
    hs_arena_free(x.scratch);
    return rc;
}

/* ---- the line of descent ---- */

struct line {
    HS_VEC(const struct hs_snapshot *) newest_first;
};

static hs_rc find_line(struct hs_arena *a, const struct hs_pin *pin, int64_t from, struct line *out, struct hs_err *err)
{
    int64_t id = pin->snapshot_id;
    while (id != from) {
        const struct hs_snapshot *s = id >= 0 ? hs_table_snapshot(pin->table, id) : NULL;
        if (!s && id < 0)
            return hs_refused(err, "the table's current state does not descend from that snapshot",
                              "%lld is no ancestor of %lld", (long long)from, (long long)pin->snapshot_id);
        if (!s || out->newest_first.len >= MAX_CHANGES)
            return hs_refused(err, "the changes since then are no longer known: snapshots between have been removed",
                              "snapshot %lld, on the way from %lld back to %lld", (long long)id,
                              (long long)pin->snapshot_id, (long long)from);
        const struct hs_snapshot **slot = hs_vec_add(a, &out->newest_first);
        if (!slot)
            return hs_no_memory(err);
        *slot = s;
        id = s->parent_id;
    }
    if (from >= 0 && !hs_table_snapshot(pin->table, from))
        return hs_refused(err, "the changes since then are no longer known: snapshots between have been removed",
                          "snapshot %lld itself", (long long)from);
    return HS_OK;
}

hs_rc hs_iceberg_changes(struct hs_arena *a, const struct hs_plan_request *request, int64_t from_snapshot,
                         struct hs_change **out, size_t *out_count, struct hs_err *err)
{
    const struct hs_pin *pin = request->pin;
    struct line line = {0};
    size_t count = 0;
    *out = NULL;
    *out_count = 0;
    if (pin->empty)
        return from_snapshot < 0 ? HS_OK : hs_fail(err, HS_NOT_FOUND, "the table has no snapshots");
    HS_TRY(find_line(a, pin, from_snapshot < 0 ? -1 : from_snapshot, &line, err));
    struct hs_change *changes = hs_arena_array(a, line.newest_first.len, sizeof *changes);
    if (!changes)
        return hs_no_memory(err);
    for (size_t i = line.newest_first.len; i > 0; i--) {
        const struct hs_snapshot *s = line.newest_first.at[i - 1];
        if (hs_str_is(s->operation, "replace"))
            continue;
        hs_rc rc = compare_alone(a, request, hs_table_snapshot(pin->table, s->parent_id), s, &changes[count++], err);
        if (rc != HS_OK) {
            hs_ignore(hs_err_note(err, "changes of snapshot %lld of %.*s", (long long)s->id, HS_FMT(pin->table->path)));
            return rc;
        }
    }
    *out = changes;
    *out_count = count;
    return HS_OK;
}
