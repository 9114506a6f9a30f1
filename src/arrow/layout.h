/* How each type lies in a record batch: the one place where shape, check, import and encoders learn it. */
#ifndef HS_ARROW_LAYOUT_H
#define HS_ARROW_LAYOUT_H

#include "arrow/type.h"

enum hs_layout_kind {
    HS_LAYOUT_ABSENT = 0, /* variant: in results it is a struct of its two parts */
    HS_LAYOUT_NULL,       /* no buffers at all */
    HS_LAYOUT_BITS,
    HS_LAYOUT_FIXED, /* width bytes a value */
    HS_LAYOUT_BYTES, /* 32-bit offsets and data */
    HS_LAYOUT_VIEW,  /* views of 16 bytes and exactly one variadic buffer */
    HS_LAYOUT_STRUCT,
    HS_LAYOUT_LIST, /* 32-bit offsets and one child */
    HS_LAYOUT_MAP   /* 32-bit offsets and a struct<key, value> child */
};

struct hs_layout {
    enum hs_layout_kind kind;
    int width;
    int buffers; /* of the node itself; for MAP without those of its entries */
};

/* Of a column; where it holds indices into a dictionary, of those. */
struct hs_layout hs_layout_of(const struct hs_type *type);
/* How a dictionary's values lie, its node's buffers in the same order. */
enum { HS_DICTIONARY_BUFFERS = 3 };
struct hs_layout hs_layout_of_dictionary(void);

#endif
