/* Paths into a table's properties, with what is needed to say why one leads nowhere. */
#ifndef HS_MODEL_PATH_H
#define HS_MODEL_PATH_H

#include "model/model.h"

struct hs_path_failure {
    hs_str name;                        /* the step that was not found */
    const struct hs_property *siblings; /* what could have stood there; NULL: no step is possible there */
    size_t count;
};
/* NULL: *why is filled in (why may be NULL). */
const struct hs_property *hs_path_walk(const struct hs_table *table, hs_str path, struct hs_path_failure *why);
/* Does a step begin with '$', as paths into JSON do? */
bool hs_path_is_json(hs_str path);

#endif
