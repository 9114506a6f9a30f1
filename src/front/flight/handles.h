/* What a client carries for us: a statement with everything needed to run it, sealed for one person. */
#ifndef HS_FRONT_FLIGHT_HANDLES_H
#define HS_FRONT_FLIGHT_HANDLES_H

#include "front/flight/flight.h"

enum flight_handle_kind { FLIGHT_TICKET = 1, FLIGHT_PREPARED };

struct flight_handle {
    hs_str sql, bound, name;
    struct hs_params params;
    bool has_params;
    int64_t expires_us;
    hs_str kept; /* opened: the id of the long form in state; empty: it travelled whole */
};

/* Sealed text; HS_LIMIT past settings.handle_bytes. */
HS_MUST hs_rc hs_flight_handle_seal(struct flight_call *c, enum flight_handle_kind kind, const struct flight_handle *h,
                                    hs_str *out, struct hs_err *err);
/* What is kept of it goes; nothing for one that travels whole. */
void hs_flight_handle_forget(struct flight_call *c, const struct flight_handle *h);
/* Everything in the call's arena. Another person's, an expired or a damaged handle is refused. */
HS_MUST hs_rc hs_flight_handle_open(struct flight_call *c, enum flight_handle_kind kind, hs_str sealed,
                                    struct flight_handle **out, struct hs_err *err);

#endif
