/* Files left out by what a statement asks, beside those that a decision leaves out. Bounds and counts of a file are
 * about all of its rows. Where every row may be seen, that is nothing that the asker may not know. Where some are
 * hidden (by a row rule, by deletes), which files are read must not depend on what hidden rows hold any further than it
 * shows in time: then a file goes by the values of its partition alone, only in a statement whose plan offers the
 * engine no choice that a count of files could sway, and only where nothing but Parquet data and deletes by position is
 * met, so that what is refused is refused whatever is asked. The engine is told the rows of all files that there were.
 */
#include "iceberg/plan_in.h"
#include "iceberg/plan_prune.h"

#include "base/fault.h"

static bool has_deletes(const struct hs_manifest_file *manifests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (manifests[i].content == HS_MANIFEST_DELETES && hs_plan_holds_files(&manifests[i]))
            return true;
    return false;
}

hs_rc hs_plan_asked(struct hs_planner *p, const struct hs_manifest_file *manifests, size_t count, struct hs_err *err)
{
    const struct hs_plan_request *r = p->request;
    p->has_deletes = has_deletes(manifests, count);
    bool hidden = (r->rows_hidden || p->has_deletes) && hs_defence("hidden-bounds");
    struct hs_pruner *asked;
    HS_TRY(hs_pruner_new(p->scratch, p->pin->table, p->ask, &asked, err));
    p->asked = hidden ? NULL : asked;
    p->asked_beside_hidden = hidden && r->asked_plain ? asked : NULL;
    return HS_OK;
}

static bool is_simple(const struct hs_planner *p)
{
    for (size_t i = 0; i < p->data.list.len; i++)
        if (p->data.list.at[i].entry->format != HS_FILE_PARQUET)
            return false;
    for (size_t i = 0; i < p->deletes.list.len; i++)
        if (p->deletes.list.at[i].entry->content != HS_CONTENT_POSITION_DELETES)
            return false;
    return true;
}

hs_rc hs_plan_asked_beside_hidden(struct hs_planner *p, struct hs_plan *out, struct hs_err *err)
{
    size_t kept = 0;
    if (!p->asked_beside_hidden || !is_simple(p))
        return HS_OK;
    for (size_t i = 0; i < p->data.list.len; i++) {
        const struct hs_planned *file = &p->data.list.at[i];
        if (__builtin_add_overflow(out->record_estimate, file->entry->record_count, &out->record_estimate))
            return hs_damaged(err, "more rows than a number can hold");
        if (hs_pruner_partition(p->asked_beside_hidden, file->spec_id, file->entry))
            p->data.list.at[kept++] = *file;
        else
            p->left_out++;
    }
    p->data.list.len = kept;
    out->estimate_is_fixed = true;
    return HS_OK;
}
