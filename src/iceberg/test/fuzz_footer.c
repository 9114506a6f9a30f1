/* Any bytes as a Parquet footer's Thrift, and as a column's pages. */
#include "base/err.h"
#include "iceberg/parquet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_arena *a = hs_arena_new(64 << 20);
    struct hs_parquet_footer footer;
    struct hs_physical physical;
    struct hs_err err;
    if (hs_parquet_thrift(a, hs_str_n(data, size), &footer, &err) == HS_OK)
        hs_ignore(hs_parquet_schema(a, &footer, &physical, &err));
    hs_ignore(hs_parquet_check_pages(a, HS_S("/nowhere"), INT64_MAX, hs_str_n(data, size), &err));
    hs_ignore(hs_parquet_check_chunk(hs_str_n(data, size), &err));
    hs_arena_free(a);
    return 0;
}
