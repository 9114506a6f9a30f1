/* Files of src/iceberg/test, and the small table among them. */
#ifndef HS_ICEBERG_TEST_SEEDS_H
#define HS_ICEBERG_TEST_SEEDS_H

#define SEEDS "src/iceberg/test/"
#include "avro/test/seeds.h"

#include <unistd.h>

static inline hs_str mini_root(void)
{
    static char path[1024];
    char cwd[512];
    snprintf(path, sizeof path, "%s/" SEEDS "data/mini", getcwd(cwd, sizeof cwd) ? cwd : "");
    return hs_str_of(path);
}

#endif
