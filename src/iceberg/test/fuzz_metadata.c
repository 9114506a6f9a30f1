/* Any bytes as a metadata file, plain or packed; what parses is pinned and described. */
#include "base/err.h"
#include "iceberg/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_iceberg_table *t;
    struct hs_pin pin;
    struct hs_err err;
    struct hs_buf text;
    if (hs_iceberg_parse(hs_str_n(data, size), HS_S("/w/t/metadata/v1.metadata.json"), &t, &err) != HS_OK)
        return 0;
    const struct hs_as_of at = {.kind = HS_AS_OF_TIME, .time_us = INT64_MAX};
    hs_ignore(hs_iceberg_pin(NULL, t, NULL, &pin, &err));
    hs_ignore(hs_iceberg_pin(NULL, t, &at, &pin, &err));
    hs_buf_init(&text, 1 << 20);
    hs_ignore(hs_iceberg_describe(&text, NULL, t, &err));
    hs_buf_fini(&text);
    hs_iceberg_unref(t);
    return 0;
}
