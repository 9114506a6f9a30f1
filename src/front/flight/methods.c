#include "front/flight/flight.h"

#define SERVICE "/arrow.flight.protocol.FlightService/"

static void no_exchange(struct flight_call *c)
{
    struct hs_err err;
    hs_ignore(hs_fail(&err, HS_UNSUPPORTED, "DoExchange is not supported"));
    hs_flight_fail(c, &err);
}

static void no_message(struct flight_call *c, hs_str bytes)
{
    (void)bytes;
    no_exchange(c);
}

static const struct flight_method METHODS[] = {
#define METHOD(name, use, open, start, message, ask) {name, use, open, start, message, ask},
#include "front/flight/methods.def"
#undef METHOD
};

const struct flight_method *hs_flight_method_find(hs_str path)
{
    if (!hs_str_starts(path, HS_S(SERVICE)))
        return NULL;
    hs_str name = hs_str_n(path.at + strlen(SERVICE), path.len - strlen(SERVICE));
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++)
        if (hs_str_is(name, METHODS[i].name))
            return &METHODS[i];
    return NULL;
}
