/* What a file is, by where it lies: DESIGN's layout in one place. */
#ifndef HS_MODEL_PLACE_H
#define HS_MODEL_PLACE_H

#include "base/str.h"

enum hs_place {
    HS_PLACE_NONE, /* not part of the layout */
    HS_PLACE_MESH,
    HS_PLACE_PRINCIPALS,
    HS_PLACE_CONTRACT,
    HS_PLACE_POLICY,
    HS_PLACE_MESH_POLICY, /* policies/ beside domains/: the mesh owner's, about any table */
    HS_PLACE_LOOKUP,
    HS_PLACE_LOOKUP_ROWS, /* a .csv beside lookups */
};
/* *out_domain: the domain's folder, or empty. */
enum hs_place hs_place_of(hs_str path, hs_str *out_domain);

#endif
