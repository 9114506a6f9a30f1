#include "engine/statement_in.h"
hs_rc hs_scan_print(const struct hs_scan *scan, hs_str inside, struct hs_buf *out, struct hs_err *err)
{
    (void)scan;
    (void)inside;
    (void)out;
    return hs_fail(err, HS_INTERNAL, "later");
}
