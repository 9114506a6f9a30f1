/* Trees of the real engine (json_serialize_sql of 1.5.5), shared by the tests and the fuzz target's corpus. */
#ifndef HS_ENGINE_TEST_GUARD_SAMPLES_H
#define HS_ENGINE_TEST_GUARD_SAMPLES_H

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>

#define SAMPLES "src/engine/test/corpus/fuzz_guard/"

/* NUL-terminated; the caller frees. */
static inline char *sample(const char *name, size_t *out_len)
{
    char path[256];
    snprintf(path, sizeof path, SAMPLES "%s.json", name);
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 1 << 16);
    if (!f || !text) {
        fprintf(stderr, "%s is missing\n", path);
        exit(1);
    }
    *out_len = fread(text, 1, (1 << 16) - 1, f);
    fclose(f);
    return text;
}

static const char *const good_samples[] = {"select", "joins",      "groups",   "with",    "window",  "nested",
                                           "stars",  "subqueries", "distinct", "tpch_06", "tpch_13", "old_form"};

#endif
