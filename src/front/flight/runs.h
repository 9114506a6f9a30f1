/* Statements under way, by ticket, whichever connection they are read on: what CancelFlightInfo finds, and what DoGet
 * finds begun. One list a door, under one lock. */
#ifndef HS_FRONT_FLIGHT_RUNS_H
#define HS_FRONT_FLIGHT_RUNS_H

#include "front/flight/flight.h"

enum { FLIGHT_RUN_ID = 16 };

struct flight_runs;
HS_MUST hs_rc hs_flight_runs_new(const struct hs_flight_settings *settings, struct flight_runs **out,
                                 struct hs_err *err);
void hs_flight_runs_free(struct flight_runs *r); /* ends what is kept; takes NULL */
void hs_flight_runs_tick(struct flight_runs *r); /* ends what was kept long enough */

/* May this person have one more kept? Asked before it is begun, so as not to begin in vain. */
bool hs_flight_runs_room(struct flight_runs *r, hs_str owner);

/* c->access is read by c from now on, under the ticket id. Without memory it is read all the same, and cannot be
 * cancelled from elsewhere. */
void hs_flight_runs_enter(struct flight_call *c, hs_str id);
void hs_flight_runs_leave(struct flight_call *c);

/* c->access is c's no more: it lies aside until it is taken, or for_ms are over. `began`: READY was seen. When there is
 * no room it is closed. */
void hs_flight_runs_keep(struct flight_call *c, hs_str id, int64_t for_ms, bool began);
/* What lies aside under the id for c's person becomes c->access; false: nothing does, or it may not be read. */
bool hs_flight_runs_take(struct flight_call *c, hs_str id, bool *out_began);

/* Ends what is read or kept under the id for this person: was there anything? */
bool hs_flight_runs_cancel(struct flight_runs *r, hs_str owner, hs_str id);
/* Ends whatever this token has under way. */
void hs_flight_runs_end(struct flight_runs *r, hs_str token);

#endif
