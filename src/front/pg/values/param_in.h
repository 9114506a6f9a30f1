/* Reading values that a client sent: each kind's text and binary, of any bytes. */
#ifndef HS_FRONT_PG_PARAM_IN_H
#define HS_FRONT_PG_PARAM_IN_H

#include "front/pg/values/values_in.h"

struct hs_pg_reader {
    struct hs_arena *arena;
    const struct hs_pg_style *style;
    struct hs_err *err;
};

/* The value as its sender wrote it stands in the words, cut where it is long: it is his own. */
HS_MUST hs_rc hs_pg_read_failed(struct hs_pg_reader *r, const char *state, const char *format, ...) HS_PRINTF(3, 4);
HS_MUST hs_rc hs_pg_read_syntax(struct hs_pg_reader *r, const char *type, hs_str text); /* 22P02 */
HS_MUST hs_rc hs_pg_read_length(struct hs_pg_reader *r);                                /* 22P03 */

/* ---- numbers ---- */
HS_MUST hs_rc hs_pg_read_int(struct hs_pg_reader *r, const char *type, hs_str text, int64_t from, int64_t to,
                             int64_t *out);
HS_MUST hs_rc hs_pg_read_bool(struct hs_pg_reader *r, hs_str text, int64_t *out);
HS_MUST hs_rc hs_pg_read_float(struct hs_pg_reader *r, bool wide, hs_str text, double *out);
/* DECIMAL of as many digits as were written; NaN and the infinities are refused. */
HS_MUST hs_rc hs_pg_read_numeric(struct hs_pg_reader *r, hs_str text, struct hs_param *out);
HS_MUST hs_rc hs_pg_read_numeric_binary(struct hs_pg_reader *r, hs_str bytes, struct hs_param *out);

/* ---- times, counted as hs_param counts them ---- */
HS_MUST hs_rc hs_pg_read_date(struct hs_pg_reader *r, hs_str text, int64_t *out);
HS_MUST hs_rc hs_pg_read_time(struct hs_pg_reader *r, hs_str text, int64_t *out);
HS_MUST hs_rc hs_pg_read_timestamp(struct hs_pg_reader *r, bool zoned, hs_str text, int64_t *out);
struct hs_pg_interval {
    int32_t months, days;
    int64_t us;
};
HS_MUST hs_rc hs_pg_read_interval(struct hs_pg_reader *r, hs_str text, struct hs_pg_interval *out);

/* ---- one value of a type, and arrays of them ---- */
HS_MUST hs_rc hs_pg_read_scalar(struct hs_pg_reader *r, uint32_t oid, enum hs_pg_format format, hs_str bytes,
                                struct hs_param *out);
/* out becomes the engine's text of a list. */
HS_MUST hs_rc hs_pg_read_array(struct hs_pg_reader *r, uint32_t element, enum hs_pg_format format, hs_str bytes,
                               struct hs_param *out);
hs_str hs_pg_read_trim(hs_str s); /* the six spaces of C */

#endif
