/* What a client carries for us: a statement with everything needed to run it, sealed for one person. */
#ifndef HS_FRONT_FLIGHT_HANDLES_H
#define HS_FRONT_FLIGHT_HANDLES_H

#include "front/flight/flight.h"

/* POLL: a statement that PollFlightInfo has begun. */
enum flight_handle_kind { FLIGHT_TICKET = 1, FLIGHT_PREPARED, FLIGHT_POLLED };

struct flight_handle {
    hs_str sql, bound, name;
    struct hs_params *rows; /* of parameters: the statement is run with each */
    size_t row_count;       /* 0: none was bound */
    int64_t expires_us;
    hs_str id;          /* of the answer, in all of its tickets: FLIGHT_RUN_ID bytes; prepared: empty */
    size_t part, parts; /* parts 0: all of it */
    struct hs_answer_form form;
    int64_t begun_us; /* POLLED: since when */
    hs_str kept;      /* opened: the id of the long form in state; empty: it travelled whole */
};

/* Sealed text; HS_LIMIT past settings.handle_bytes. */
HS_MUST hs_rc hs_flight_handle_seal(struct flight_call *c, enum flight_handle_kind kind, const struct flight_handle *h,
                                    hs_str *out, struct hs_err *err);
/* What is kept of it goes; nothing for one that travels whole. */
void hs_flight_handle_forget(struct flight_call *c, const struct flight_handle *h);
/* Everything in the call's arena. Another person's, an expired or a damaged handle is refused. */
HS_MUST hs_rc hs_flight_handle_open(struct flight_call *c, enum flight_handle_kind kind, hs_str sealed,
                                    struct flight_handle **out, struct hs_err *err);
/* A new id for an answer, in the call's arena. */
HS_MUST hs_rc hs_flight_handle_name(struct flight_call *c, hs_str *out_id, struct hs_err *err);

/* What travels: Any(TicketStatementQuery{1: sealed}). */
HS_MUST hs_rc hs_flight_ticket_seal(struct flight_call *c, const struct flight_handle *h, hs_str *out,
                                    struct hs_err *err);
HS_MUST hs_rc hs_flight_ticket_open(struct flight_call *c, hs_str ticket, struct flight_handle **out,
                                    struct hs_err *err);

#endif
