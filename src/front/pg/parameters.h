/* Parameters of a session: SET, SHOW, RESET, the start-up packet, ParameterStatus. The table is parameters.def. */
#ifndef HS_FRONT_PG_PARAMETERS_H
#define HS_FRONT_PG_PARAMETERS_H

#include "front/pg/pg.h"

struct pg_custom { /* "x.y": anything, for the client itself */
    char *name, *value;
};

/* Why a value was not taken: a SQLSTATE, and the words in err. */
HS_MUST hs_rc hs_pg_parameter_set(struct pg_session *s, hs_str name, const char *value, bool local,
                                  const char **out_state, struct hs_err *err); /* value NULL: the default */
/* Of the start-up packet: becomes what RESET gives. */
HS_MUST hs_rc hs_pg_parameter_start(struct pg_session *s, hs_str name, hs_str value, const char **out_state,
                                    struct hs_err *err);
void hs_pg_parameters_reset(struct pg_session *s); /* RESET ALL */
/* As SHOW says it, in the arena; false: there is none of that name. */
bool hs_pg_parameter_show(struct pg_session *s, hs_str name, struct hs_arena *a, hs_str *out);
/* The table's own spelling of the name ("TimeZone"); as it was given when it is not in the table. */
hs_str hs_pg_parameter_name(hs_str name);
bool hs_pg_parameter_at(struct pg_session *s, struct hs_arena *a, size_t i, struct hs_pg_setting *out);
hs_str hs_pg_parameter(const struct pg_session *s, enum pg_parameter_id id);
int64_t hs_pg_parameter_number(const struct pg_session *s, enum pg_parameter_id id);
/* ParameterStatus: of all that are reported, or of those that have changed. */
void hs_pg_parameters_tell(struct pg_session *s, bool all);
/* Back to how things were when there were `keep` changes. */
void hs_pg_changes_undo(struct pg_session *s, size_t keep);
/* What was not LOCAL stays; the rest ends. */
void hs_pg_changes_commit(struct pg_session *s);
void hs_pg_parameters_free(struct pg_session *s);

#endif
