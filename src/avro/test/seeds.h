/* Files of a room's test folder (SEEDS, this one's where nobody says another), whole, in exact allocations so that a
 * sanitizer sees one byte too far. */
#ifndef HS_AVRO_TEST_SEEDS_H
#define HS_AVRO_TEST_SEEDS_H

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>

#ifndef SEEDS
#define SEEDS "src/avro/test/"
#endif

static inline hs_str seed(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, SEEDS "%s", name);
    FILE *f = fopen(path, "rb");
    if (!f) {
        fprintf(stderr, "no %s (run in the repository's root)\n", path);
        abort();
    }
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    char *at = malloc((size_t)size + 1);
    size_t got = fread(at, 1, (size_t)size, f);
    fclose(f);
    return (hs_str){at, got};
}

/* The first `len` bytes in an allocation of their own. */
static inline hs_str seed_cut(hs_str whole, size_t len)
{
    char *at = malloc(len ? len : 1);
    memcpy(at, whole.at, len);
    return (hs_str){at, len};
}

static inline void seed_free(hs_str s)
{
    free((char *)(uintptr_t)s.at);
}

#endif
