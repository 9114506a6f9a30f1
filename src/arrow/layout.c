/* Arrow columnar format, "Physical Memory Layout" and the buffer listing of "Recordbatch message". */
#include "arrow/layout.h"

static const struct hs_layout LAYOUTS[HS_T_COUNT_] = {
    [HS_T_BOOLEAN] = {HS_LAYOUT_BITS, 0, 2},
    [HS_T_INT] = {HS_LAYOUT_FIXED, 4, 2},
    [HS_T_LONG] = {HS_LAYOUT_FIXED, 8, 2},
    [HS_T_FLOAT] = {HS_LAYOUT_FIXED, 4, 2},
    [HS_T_DOUBLE] = {HS_LAYOUT_FIXED, 8, 2},
    [HS_T_DECIMAL] = {HS_LAYOUT_FIXED, 16, 2},
    [HS_T_DATE] = {HS_LAYOUT_FIXED, 4, 2},
    [HS_T_TIME] = {HS_LAYOUT_FIXED, 8, 2},
    [HS_T_TIMESTAMP] = {HS_LAYOUT_FIXED, 8, 2},
    [HS_T_TIMESTAMPTZ] = {HS_LAYOUT_FIXED, 8, 2},
    [HS_T_TIMESTAMP_NS] = {HS_LAYOUT_FIXED, 8, 2},
    [HS_T_TIMESTAMPTZ_NS] = {HS_LAYOUT_FIXED, 8, 2},
    [HS_T_STRING] = {HS_LAYOUT_BYTES, 0, 3},
    [HS_T_UUID] = {HS_LAYOUT_FIXED, 16, 2},
    [HS_T_FIXED] = {HS_LAYOUT_FIXED, 0, 2},
    [HS_T_BINARY] = {HS_LAYOUT_BYTES, 0, 3},
    [HS_T_STRUCT] = {HS_LAYOUT_STRUCT, 0, 1},
    [HS_T_LIST] = {HS_LAYOUT_LIST, 0, 2},
    [HS_T_MAP] = {HS_LAYOUT_MAP, 0, 2},
    [HS_T_UNKNOWN] = {HS_LAYOUT_NULL, 0, 0},
    [HS_T_GEOMETRY] = {HS_LAYOUT_BYTES, 0, 3},
    [HS_T_GEOGRAPHY] = {HS_LAYOUT_BYTES, 0, 3},
    [HS_T_INT8] = {HS_LAYOUT_FIXED, 1, 2},
    [HS_T_INT16] = {HS_LAYOUT_FIXED, 2, 2},
    [HS_T_UINT8] = {HS_LAYOUT_FIXED, 1, 2},
    [HS_T_UINT16] = {HS_LAYOUT_FIXED, 2, 2},
    [HS_T_UINT32] = {HS_LAYOUT_FIXED, 4, 2},
    [HS_T_UINT64] = {HS_LAYOUT_FIXED, 8, 2},
    [HS_T_INTERVAL] = {HS_LAYOUT_FIXED, 16, 2},
};

struct hs_layout hs_layout_of(const struct hs_type *type)
{
    if (!type || (unsigned)type->id >= HS_T_COUNT_)
        return (struct hs_layout){HS_LAYOUT_ABSENT, 0, 0};
    if (type->index_bits)
        return (struct hs_layout){HS_LAYOUT_FIXED, type->index_bits / 8, 2};
    if (type->view)
        return (struct hs_layout){HS_LAYOUT_VIEW, 16, 3};
    struct hs_layout layout = LAYOUTS[type->id];
    if (type->id == HS_T_FIXED)
        layout.width = type->length;
    if (type->narrow)
        layout.width = type->narrow / 8;
    return layout;
}

struct hs_layout hs_layout_of_dictionary(void)
{
    return (struct hs_layout){HS_LAYOUT_BYTES, 0, HS_DICTIONARY_BUFFERS};
}
