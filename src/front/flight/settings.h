/* What may be set for this door; hs_front_env.settings points to it, or is NULL. Zero means the default. */
#ifndef HS_FRONT_FLIGHT_SETTINGS_H
#define HS_FRONT_FLIGHT_SETTINGS_H

#include "wire/http2.h"

struct hs_flight_settings {
#define SETTING(name, otherwise, text) int64_t name;
#include "front/flight/settings.def"
#undef SETTING
    const struct hs_http2_settings *http2; /* NULL: its defaults */
};
/* Defaults filled in. */
struct hs_flight_settings hs_flight_settings_of(const struct hs_flight_settings *given);

#endif
