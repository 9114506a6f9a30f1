#include "front/pg/settings.h"

#include <stddef.h>

struct hs_pg_settings hs_pg_settings_of(const struct hs_pg_settings *given)
{
    struct hs_pg_settings s = given ? *given : (struct hs_pg_settings){0};
#define SETTING(name, otherwise, text) \
    if (s.name == 0)                   \
        s.name = (otherwise);
#include "front/pg/settings.def"
#undef SETTING
    return s;
}
