/* Stars in place of characters. */
#ifndef HS_MASK_SHARED_STARS_H
#define HS_MASK_SHARED_STARS_H

#include "mask/native.h"

/* The first and last so many characters stay; a text of no more than both is hidden whole. */
void hs_buf_add_stars(struct hs_buf *out, hs_str text, size_t first, size_t last);
void *hs_stars_open(const struct hs_native_setup *setup); /* a size_t: the one field */

#endif
