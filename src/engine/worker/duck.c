/* Resolves libduckdb.so: see duck.h. */
#include "engine/worker/duck.h"
#include "engine/worker/objects.h"

#include <dlfcn.h>

static struct duck table;

const struct duck *duck(void)
{
    return &table;
}

hs_rc hs_duck_load(const char *library, struct hs_err *err)
{
    void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
    if (!handle)
        return hs_fail_hidden(err, HS_UNAVAILABLE, "engine library: %s", dlerror());
#define F(name)                                                                 \
    if (!(table.name = (__typeof__(table.name))dlsym(handle, "duckdb_" #name))) \
        return hs_fail_hidden(err, HS_UNAVAILABLE, "engine library %s has no duckdb_" #name, library);
    DUCK_FUNCTIONS(F)
#undef F
    return hs_objects_hook(handle, err);
}
