/* Values as people read them: `hailstorm query`, `hailstorm policy test`. */
#ifndef HS_ARROW_VALUE_TEXT_H
#define HS_ARROW_VALUE_TEXT_H

#include "arrow/type.h"

struct ArrowArrayView;
/* json: quoted as JSON wants it, and null for NULL; else bare text, and nothing for NULL. Bytes are hex. */
void hs_buf_add_arrow_value(struct hs_buf *b, const struct ArrowArrayView *v, const struct hs_type *t, int64_t i,
                            bool json);

#endif
