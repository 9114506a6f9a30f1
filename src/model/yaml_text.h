/* The text of a quoted scalar. */
#ifndef HS_MODEL_YAML_TEXT_H
#define HS_MODEL_YAML_TEXT_H

#include "base/str.h"

/* `inside`: what stands between the quotes; `twice`: double quotes. `out` has room for 2 * inside.len bytes.
 * false: an escape that is not one, or that would give a NUL or half a surrogate pair. */
bool hs_yaml_unquote(hs_str inside, bool twice, char *out, size_t *out_len);

#endif
