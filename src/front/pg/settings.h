/* What may be set for this door; hs_front_env.settings points to it, or is NULL. Zero means the default. */
#ifndef HS_FRONT_PG_SETTINGS_H
#define HS_FRONT_PG_SETTINGS_H

#include <stdint.h>

struct hs_pg_settings {
#define SETTING(name, otherwise, text) int64_t name;
#include "front/pg/settings.def"
#undef SETTING
};
/* Defaults filled in. */
struct hs_pg_settings hs_pg_settings_of(const struct hs_pg_settings *given);

#endif
