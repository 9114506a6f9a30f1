/* Private to engine/: planned objects that are not files, on their way to a worker. Before anything is printed their
 * names are replaced by paths that only this statement's worker can open, so no name of a store ever enters it. */
#ifndef HS_ENGINE_OBJECTS_H
#define HS_ENGINE_OBJECTS_H

#include "engine/engine.h"

#define HS_OBJECTS_ROOT "/hailstorm-objects/"

struct hs_objects {
    const struct hs_object_gate *gate;
    void *open;         /* the gate's; NULL: every planned file is a file */
    int fd;             /* the worker's end; -1: none, or handed over */
    struct hs_buf said; /* payload of OBJECTS: u32 length and prefix, u32 count */
};

void hs_objects_init(struct hs_objects *o);
void hs_objects_fini(struct hs_objects *o); /* closes what was not handed over */
/* *out is *r, or a copy in the arena with paths under HS_OBJECTS_ROOT where the gate says that a name is remote. */
HS_MUST hs_rc hs_objects_map(struct hs_objects *o, const struct hs_object_gate *gate, struct hs_arena *a,
                             const struct hs_run_request *r, struct hs_run_request *out, struct hs_err *err);

#endif
