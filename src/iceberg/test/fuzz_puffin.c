/* Any bytes as a Puffin file's end and as a deletion vector. */
#include "iceberg/puffin.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_arena *a = hs_arena_new((size_t)256 << 20);
    struct hs_puffin_blob *blobs = NULL;
    struct hs_positions *p;
    size_t count = 0;
    struct hs_err err;
    hs_str bytes = hs_str_n(data, size);
    if (hs_puffin_parse(a, bytes, (int64_t)size, HS_S("fuzz"), &blobs, &count, &err) != HS_OK)
        count = 0;
    for (size_t i = 0; i < count; i++) {
        hs_str blob = {bytes.at + blobs[i].offset, (size_t)blobs[i].length};
        if (blobs[i].offset < 0 || blobs[i].length < 0 || blobs[i].offset + blobs[i].length > (int64_t)size)
            abort();
        if (hs_vector_parse(blob, &p, &err) == HS_OK)
            hs_positions_unref(p);
    }
    if (hs_vector_parse(bytes, &p, &err) == HS_OK)
        hs_positions_unref(p);
    hs_arena_free(a);
    return 0;
}
