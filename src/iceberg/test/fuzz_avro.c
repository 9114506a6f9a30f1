/* Any bytes as a manifest list and as a manifest. */
#include "base/err.h"
#include "iceberg/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hs_rc use_entry(void *ctx, const struct hs_manifest_entry *entry, struct hs_err *err)
{
    (void)err;
    size_t *total = ctx;
    for (size_t i = 0; i < entry->path.len; i++) /* a sanitizer sees a path outside the file */
        *total += (unsigned char)entry->path.at[i];
    return HS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_manifest_file *files, manifest = {.spec_id = -1, .content = HS_MANIFEST_DATA};
    size_t count, total = 0;
    struct hs_err err;
    hs_ignore(hs_manifest_list_read(a, hs_str_n(data, size), &files, &count, &err));
    hs_ignore(hs_manifest_read(hs_str_n(data, size), &manifest, use_entry, &total, &err));
    hs_arena_free(a);
    return 0;
}
