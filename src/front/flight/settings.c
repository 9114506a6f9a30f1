#include "front/flight/settings.h"

struct hs_flight_settings hs_flight_settings_of(const struct hs_flight_settings *given)
{
    struct hs_flight_settings s = given ? *given : (struct hs_flight_settings){0};
#define SETTING(name, otherwise, text) \
    if (s.name == 0)                   \
        s.name = (otherwise);
#include "front/flight/settings.def"
#undef SETTING
    return s;
}
