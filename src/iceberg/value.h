/* Single values as the format serializes them (spec: Appendix D, "Single-value serialization"). */
#ifndef HS_ICEBERG_VALUE_H
#define HS_ICEBERG_VALUE_H

#include "base/arena.h"

/* Two's complement, big-endian, 1 to 16 bytes, or more whose first ones only repeat the sign. */
bool hs_decimal_of_bytes(hs_str bytes, __int128 *out);
/* "-12.50" for -1250 with scale 2; .at == NULL: no memory. */
hs_str hs_decimal_text(struct hs_arena *a, __int128 unscaled, int scale);
/* "-12.5" to -1250 with scale 2; false when it is no plain number or does not fit without rounding. */
bool hs_decimal_of_text(hs_str text, int scale, __int128 *out);
bool hs_uuid_of_text(hs_str text, uint8_t out[16]); /* 8-4-4-4-12 hexadecimal digits */

#endif
