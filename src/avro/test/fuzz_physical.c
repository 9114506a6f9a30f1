/* Any text as a schema: a tree of bounded size whose every leaf has a kind, or words. */
#include "avro/avro.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(const struct hs_type *type)
{
    size_t n = 1;
    if (type->id < HS_T_BOOLEAN || type->id >= HS_T_COUNT_)
        abort();
    for (size_t i = 0; i < type->field_count; i++)
        n += walk(type->fields[i].type);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_avro_type *schema;
    struct hs_type *type;
    struct hs_err err;
    if (hs_avro_schema_parse(a, hs_str_n(data, size), &schema, &err) == HS_OK &&
        hs_avro_physical(a, schema, &type, &err) == HS_OK && walk(type) > 200 * 1000)
        abort();
    hs_arena_free(a);
    return 0;
}
