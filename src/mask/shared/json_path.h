/* Paths into JSON documents that stand in text columns: payload.$.customer["full name"].cards[*].number */
#ifndef HS_MASK_SHARED_JSON_PATH_H
#define HS_MASK_SHARED_JSON_PATH_H

#include "base/str.h"

enum { HS_JSON_STEPS = 16 };
struct hs_json_step {
    hs_str name;   /* a member; borrowed from the path */
    int64_t index; /* where there is no name: an element, or -1 for all of them */
};
struct hs_json_path {
    struct hs_json_step steps[HS_JSON_STEPS];
    unsigned count;
};

/* "payload.$.ssn" -> "payload" and "$.ssn"; without a '$' *json is empty. */
void hs_json_split(hs_str path, hs_str *column, hs_str *json);
HS_MUST hs_rc hs_json_path_read(hs_str json, struct hs_json_path *out, struct hs_err *err);
/* Can both name one value, or one a value inside the other's? */
bool hs_json_paths_meet(const struct hs_json_path *a, const struct hs_json_path *b);
/* Does a member (index below 0) or an element take this step? */
static inline bool hs_json_step_is(const struct hs_json_step *s, hs_str name, int64_t index)
{
    return index < 0 ? s->name.at && hs_str_eq(s->name, name) : !s->name.at && (s->index < 0 || s->index == index);
}

#endif
