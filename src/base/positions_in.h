/* Private to positions: is this a well-formed 32-bit bitmap? */
#ifndef HS_BASE_POSITIONS_IN_H
#define HS_BASE_POSITIONS_IN_H

#include "base/cursor.h"

/* One bitmap in the portable format (https://github.com/RoaringBitmap/RoaringFormatSpec) at the cursor, which moves
 * behind it. The library checks lengths alone; a bitmap whose values are out of order would answer wrongly ever after.
 */
HS_MUST hs_rc hs_bitmap_check(struct hs_cursor *c, hs_str *out, struct hs_err *err);

#endif
