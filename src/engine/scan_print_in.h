/* Private to the scan printer. */
#ifndef HS_ENGINE_SCAN_PRINT_IN_H
#define HS_ENGINE_SCAN_PRINT_IN_H

#include "engine/statement_in.h"

/* The engine's name of a type, "DECIMAL(15, 2)"; false: it has none that keeps every value. */
bool hs_scan_type(struct hs_buf *out, const struct hs_type *type);
/* The same names, ids and types all the way down: nothing to do. */
bool hs_scan_same(const struct hs_type *a, const struct hs_type *b);
/* Text that turns the value `from`, of type physical, into type raw. HS_UNSUPPORTED where Iceberg knows no such change.
 */
HS_MUST hs_rc hs_scan_value(struct hs_buf *out, hs_str from, const struct hs_type *physical, const struct hs_type *raw,
                            int depth, struct hs_err *err);
/* A value that is in no file: an expression of `type`, its own or one that its own may become. */
HS_MUST hs_rc hs_scan_literal(struct hs_buf *out, const struct hs_param *p, const struct hs_type *type,
                              struct hs_err *err);
/* A column or member that a file lacks: its default, else CAST(NULL AS type) */
HS_MUST hs_rc hs_scan_missing(struct hs_buf *out, const struct hs_field *raw, struct hs_err *err);

enum { HS_SCAN_DEPTH = 32, HS_SCAN_TEXT = 256 * 1024 * 1024 };

#endif
