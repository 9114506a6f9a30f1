#include "iceberg/transform.h"

struct hs_type hs_transform_result(const struct hs_partition_field *f, const struct hs_type *source)
{
    struct hs_type out = {.id = HS_T_UNKNOWN};
    switch (f->transform) {
    case HS_TR_IDENTITY:
    case HS_TR_TRUNCATE:
        if (source && !hs_type_is_nested(source->id))
            out = *source;
        return out;
    case HS_TR_BUCKET:
    case HS_TR_YEAR:
    case HS_TR_MONTH:
    case HS_TR_HOUR:
        out.id = HS_T_INT;
        return out;
    case HS_TR_DAY:
        out.id = HS_T_DATE;
        return out;
    case HS_TR_VOID:
    case HS_TR_UNKNOWN:
        return out;
    }
    return out;
}
