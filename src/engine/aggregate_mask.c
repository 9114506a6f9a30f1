/* Coarser dates by the mask that makes them: DuckDB's own date_trunc fails while planning over a column's extremes. */
#include "engine/aggregate_in.h"
#include "mask/mask.h"

void hs_add_truncated(struct hs_buf *out, const struct hs_type *type, hs_str unit, hs_str x)
{
    struct hs_mask_arg arg = {.name = HS_S("unit"), .value = {.kind = HS_V_TEXT, .text = unit}};
    struct hs_mask_call call = {.type = type, .x = x, .args = &arg, .arg_count = 1};
    const struct hs_mask_function *f = hs_mask_function(HS_S("truncate-date"));
    if (!f)
        out->failed = true;
    else
        hs_buf_add_mask_call(out, f, &call);
}
