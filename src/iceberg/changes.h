/* What came and went between two snapshots of one line of descent, snapshot by snapshot: for change streams. */
#ifndef HS_ICEBERG_CHANGES_H
#define HS_ICEBERG_CHANGES_H

#include "iceberg/iceberg.h"

struct hs_change { /* one snapshot against its parent */
    int64_t snapshot_id, sequence_number, timestamp_ms;
    struct hs_plan appended; /* files it added, less what it deletes of them itself: rows appended */
    struct hs_plan removed;  /* files it dropped, less what was deleted before: rows deleted */
    /* Files in both, of partitions whose delete files differ, as they were and as they are: a row of `before` that is
     * not in `after` was deleted (one of `after` that is not in `before` has come back). The same files in both. */
    struct hs_plan before, after;
};

/* Every snapshot after `from_snapshot` (-1: from the first one) up to request->pin, oldest first, each read with the
 * schema of the pin. What a snapshot of operation "replace" did (compaction) is no change and is left out. A row that
 * an overwrite carried over from one file to another is deleted and appended: whoever wants net changes compares.
 * Refused when from_snapshot is no ancestor of the pin, or a snapshot between them has been expired. */
HS_MUST hs_rc hs_iceberg_changes(struct hs_arena *a, const struct hs_plan_request *request, int64_t from_snapshot,
                                 struct hs_change **out, size_t *out_count, struct hs_err *err);

#endif
