/* Which columns of an answer are columns of which table: told to clients beside the answer's schema. Whoever may see
 * the answer may know it, for it names what the statement names. */
#include "access/access_in.h"
#include "engine/conditions.h"

hs_rc hs_call_tell_origins(struct hs_call *c, const struct hs_statement *s, const struct hs_scan *scans,
                           struct hs_err *err)
{
    struct hs_origin *found;
    size_t count;
    HS_TRY(hs_statement_origins(c->arena, s, scans, &found, &count, err));
    if (count != c->schema->field_count) /* one expression may be several columns, and what was counted is not so */
        return HS_OK;
    struct hs_seen_column *all = hs_arena_array(c->arena, count + 1, sizeof *all);
    if (!all)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        if (found[i].scan < s->ref_count && !c->refs_of[found[i].scan].given)
            all[i] = (struct hs_seen_column){c->opened[c->refs_of[found[i].scan].at].table,
                                             scans[found[i].scan].columns[found[i].column].name};
    c->origins = all;
    return HS_OK;
}

struct hs_seen_column *hs_seen_columns_copy(struct hs_arena *a, const struct hs_seen_column *all, size_t count)
{
    struct hs_seen_column *copy = hs_arena_array(a, count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = (struct hs_seen_column){all[i].table, hs_arena_str(a, all[i].column)};
        if (!copy[i].column.at)
            return NULL;
    }
    return copy;
}

const struct hs_seen_column *hs_call_origins(const struct hs_call *c)
{
    return c->origins;
}
