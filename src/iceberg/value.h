/* Single values as the format serializes them (spec: Appendix D, "Single-value serialization"), and values that can be
 * compared: literals, bounds and partition values of one column, whatever form each came in. */
#ifndef HS_ICEBERG_VALUE_H
#define HS_ICEBERG_VALUE_H

#include "arrow/param.h"

enum hs_comparable_kind {
    HS_C_WHOLE,   /* boolean, int, long, date, time, timestamps */
    HS_C_FLOAT,   /* -0.0 equals 0.0; NaN equals itself and is the greatest */
    HS_C_DECIMAL, /* unscaled */
    HS_C_BYTES,   /* string, uuid, fixed, binary: unsigned bytewise, which for UTF-8 is by code point */
};
struct hs_comparable {
    enum hs_comparable_kind kind;
    int64_t i;
    double f;
    __int128 decimal;
    hs_str bytes; /* borrowed */
};

/* A value as one of that column; false when it is null or has no exact place in the column's type. */
bool hs_comparable_of_param(const struct hs_type *column, const struct hs_param *p, struct hs_comparable *out);
/* A bound as written, possibly before the column was widened (spec: "Schema Evolution"): a long's may have 4 bytes.
 * False when it cannot be one, and for NaN, which old writers took for a bound. */
bool hs_comparable_of_bound(const struct hs_type *column, hs_str bytes, struct hs_comparable *out);
int hs_compare(const struct hs_comparable *a, const struct hs_comparable *b); /* of one kind */
bool hs_comparable_is_nan(const struct hs_comparable *v);

/* Two's complement, big-endian, 1 to 16 bytes, or more whose first ones only repeat the sign. */
bool hs_decimal_of_bytes(hs_str bytes, __int128 *out);
/* "-12.50" for -1250 with scale 2; .at == NULL: no memory. */
hs_str hs_decimal_text(struct hs_arena *a, __int128 unscaled, int scale);
/* "-12.5" to -1250 with scale 2; false when it is no plain number or does not fit without rounding. */
bool hs_decimal_of_text(hs_str text, int scale, __int128 *out);
bool hs_uuid_of_text(hs_str text, uint8_t out[16]); /* 8-4-4-4-12 hexadecimal digits */

#endif
