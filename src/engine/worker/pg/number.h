/* What the files of numbers share: arguments and answers of a call, and integers of 128 bits. */
#ifndef HS_ENGINE_WORKER_PG_NUMBER_H
#define HS_ENGINE_WORKER_PG_NUMBER_H

#include "engine/worker/pg/natives.h"

typedef __int128 wide;
typedef unsigned __int128 uwide;

int64_t pg_whole_at(duckdb_type id, const struct cells *v, size_t row); /* of an integer of at most 64 bits */
bool pg_argument(const struct pg_call *c, size_t arg, size_t row, struct pg_number *out);
uwide pg_magnitude(wide n);
double pg_as_double(const struct pg_number *n);
bool pg_is_number_text(hs_str s);
/* Answers of the call's own type; an integer that is too large for it is raised. */
bool pg_put_real(struct pg_call *c, size_t row, double d);
bool pg_put_whole(struct pg_call *c, size_t row, int64_t n);
/* Digits behind the point that a numeric of this type shows. */
int pg_shown_of(const struct pg_number *n, const struct pg_type *t);

#endif
