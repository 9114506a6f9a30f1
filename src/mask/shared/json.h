/* Masks on paths inside JSON text: one native, hs_mask_json(rules, text, which), for all the paths of a column.
 * The rules are one constant; which of them apply to a row is a bit each, from the first at the lowest. */
#ifndef HS_MASK_SHARED_JSON_H
#define HS_MASK_SHARED_JSON_H

#include "mask/mask.h"
#include "mask/shared/json_path.h"

enum { HS_JSON_RULES = 32, HS_JSON_DEPTH = 64 };
#define HS_JSON_HIDDEN "\"[redacted]\"" /* in place of what is no JSON document */

extern const struct hs_native hs_native_json;
/* Can this function stand at a path? Those that take and give text, and nullify. */
bool hs_mask_fits_json(const struct hs_mask_function *f);
/* One rule of the setup; rules follow each other in any number. */
void hs_buf_add_json_rule(struct hs_buf *setup, hs_str path, const struct hs_mask_function *f,
                          const struct hs_mask_call *call);

#endif
