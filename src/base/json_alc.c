#include "base/json_alc.h"
#include "base/alloc.h"

static void *alc_malloc(void *ctx, size_t size)
{
    (void)ctx;
    return hs_malloc(size);
}

static void *alc_realloc(void *ctx, void *old, size_t old_size, size_t size)
{
    (void)ctx;
    (void)old_size;
    return hs_realloc(old, size);
}

static void alc_free(void *ctx, void *p)
{
    (void)ctx;
    hs_free(p);
}

const yyjson_alc hs_json_alc = {alc_malloc, alc_realloc, alc_free, NULL};
