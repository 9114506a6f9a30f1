/* Session options: what SetSessionOptions keeps for a client between its calls. A session is a bearer token's, or a
 * cookie's where the client sends cookies, or else the connection's; it belongs to one person, lives in this server
 * alone, and goes with CloseSession or when nobody has come for a while. All functions may be called from any thread.
 */
#ifndef HS_FRONT_FLIGHT_OPTIONS_H
#define HS_FRONT_FLIGHT_OPTIONS_H

#include "arrow/form.h"
#include "base/arena.h"

struct hs_flight_settings;
struct flight_options; /* all sessions of a door */

enum { FLIGHT_SESSION_ID = 32 };
struct flight_session_id { /* a digest of what the client proves itself by: never the token itself */
    uint8_t at[FLIGHT_SESSION_ID];
};
/* `kind` keeps tokens, cookies and connections apart. */
HS_MUST hs_rc hs_flight_session_id(const char *kind, hs_str proof, struct flight_session_id *out, struct hs_err *err);

HS_MUST hs_rc hs_flight_options_new(const struct hs_flight_settings *settings, struct flight_options **out,
                                    struct hs_err *err);
void hs_flight_options_free(struct flight_options *all); /* takes NULL */
void hs_flight_options_tick(struct flight_options *all); /* drops sessions that nobody came for */

struct flight_option { /* value: a SessionOptionValue of Flight.proto, checked */
    hs_str name, value;
};
/* Sets or (value empty) takes away one; a session that is not there is made. HS_LIMIT: no room. */
HS_MUST hs_rc hs_flight_options_set(struct flight_options *all, const struct flight_session_id *id, hs_str owner,
                                    const struct flight_option *option, struct hs_err *err);
/* All of a session, in the order of their names; copied. None when there is no such session of this person. */
HS_MUST hs_rc hs_flight_options_get(struct flight_options *all, const struct flight_session_id *id, hs_str owner,
                                    struct hs_arena *a, struct flight_option **out, size_t *out_count,
                                    struct hs_err *err);
/* A session becomes what another one is; the other may be none. */
HS_MUST hs_rc hs_flight_options_copy(struct flight_options *all, const struct flight_session_id *from,
                                     const struct flight_session_id *to, hs_str owner, struct hs_err *err);
bool hs_flight_options_has(struct flight_options *all, const struct flight_session_id *id, hs_str owner);
/* The form of answers that the session asks for; plain when there is none. */
struct hs_answer_form hs_flight_options_form(struct flight_options *all, const struct flight_session_id *id,
                                             hs_str owner);
bool hs_flight_options_close(struct flight_options *all, const struct flight_session_id *id, hs_str owner);

/* ---- which options there are ---- */
enum flight_option_fault { FLIGHT_OPTION_FINE = 0, FLIGHT_OPTION_NAME, FLIGHT_OPTION_VALUE, FLIGHT_OPTION_ERROR };
/* Flight.proto's SetSessionOptionsResult.ErrorValue for an option as it came. mesh: the one value of `catalog`. */
enum flight_option_fault hs_flight_option_check(hs_str mesh, const struct flight_option *option);
/* The word of a form in a session option that was checked. */
void hs_flight_option_form(const struct flight_option *option, struct hs_answer_form *form);

#endif
