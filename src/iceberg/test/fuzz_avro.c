/* Any bytes as a manifest list and as a manifest. */
#include "base/err.h"
#include "iceberg/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t use(hs_str s)
{
    size_t total = 0;
    for (size_t i = 0; i < s.len; i++) /* a sanitizer sees text outside the file */
        total += (unsigned char)s.at[i];
    return total;
}

static size_t use_entry(const struct hs_entry *e, const struct hs_manifest_file *listed)
{
    struct hs_numbers numbers = {0};
    size_t total = use(e->path) + use(e->referenced_file);
    for (size_t i = 0; i < e->metric_count; i++)
        total += use(e->metrics[i].lower) + use(e->metrics[i].upper);
    for (size_t i = 0; i < e->partition_count; i++)
        total += use(e->partition[i].text);
    for (size_t i = 0; i < e->split_count; i++)
        total += (size_t)e->split_offsets[i];
    hs_ignore(hs_entry_numbers(e, listed, &numbers, NULL));
    return total + (size_t)numbers.sequence_number;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_type text = {.id = HS_T_STRING}, root = {.id = HS_T_STRUCT, .field_count = 1};
    struct hs_field column = {.id = 2, .type = &text};
    struct hs_partition_field identity = {.field_id = 1000, .source_id = 2, .transform = HS_TR_IDENTITY};
    struct hs_partition_spec spec = {.fields = &identity, .field_count = 1};
    struct hs_schema schema = {.type = &root};
    const struct hs_iceberg_table table = {.schemas = &schema, .schema_count = 1, .specs = &spec, .spec_count = 1};
    struct hs_manifest_file *files, listed = {.spec_id = -1, .content = HS_MANIFEST_DATA};
    struct hs_arena *a = hs_arena_new(0);
    const struct hs_manifest *m;
    size_t count;
    volatile size_t total = 0;
    struct hs_err err;
    root.fields = &column;
    if (hs_manifest_list_read(a, hs_str_n(data, size), &files, &count, &err) == HS_OK)
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < files[i].summary_count; k++)
                total += use(files[i].summaries[k].lower) + use(files[i].summaries[k].upper);
    if (hs_manifest_parse(hs_str_n(data, size), &table, &listed, NULL, &m, &err) == HS_OK) {
        for (size_t i = 0; i < m->entry_count; i++)
            total += use_entry(&m->entries[i], &listed);
        hs_manifest_unref(m);
    }
    hs_arena_free(a);
    return 0;
}
