/* What the files of values share. */
#ifndef HS_FRONT_PG_VALUES_IN_H
#define HS_FRONT_PG_VALUES_IN_H

#include "front/pg/values/values.h"

enum hs_pg_family {
    HS_PG_F_LATER = 0,
    HS_PG_F_BOOL,
    HS_PG_F_BYTEA,
    HS_PG_F_TEXT,
    HS_PG_F_INT2,
    HS_PG_F_INT4,
    HS_PG_F_INT8,
    HS_PG_F_OID,
    HS_PG_F_VECTOR,
    HS_PG_F_FLOAT4,
    HS_PG_F_FLOAT8,
    HS_PG_F_DATE,
    HS_PG_F_TIME,
    HS_PG_F_TIMESTAMP,
    HS_PG_F_TIMESTAMPTZ,
    HS_PG_F_INTERVAL,
    HS_PG_F_NUMERIC,
    HS_PG_F_RECORD,
    HS_PG_F_UUID,
    HS_PG_F_JSONB,
    HS_PG_F_TIMETZ, /* as text alone: CURRENT_TIME */
    HS_PG_F_BITS
};

enum {
    HS_PG_OID_TEXT = 25,
    HS_PG_OID_JSON = 114,
    HS_PG_OID_RECORD = 2249,
    HS_PG_OID_RECORDS = 2287 /* record[] */
};

enum hs_pg_family hs_pg_family_of(uint32_t oid);
/* A list of lists is one value of json; its elements are not columns of their own. */
bool hs_pg_is_json(const struct hs_type *type);

/* A numeric whose values have their own numbers of digits (arrow/quotient.h): PostgreSQL declares none for them. */
bool hs_pg_is_quotient(const struct hs_type *type);

/* Between our epoch, 1970, and PostgreSQL's, 2000. */
#define HS_PG_EPOCH_DAYS 10957
#define HS_PG_EPOCH_US INT64_C(946684800000000)
/* What PostgreSQL can hold, by our epoch: from Julian day 0; dates below 5874898. Of timestamps all that end in our 64
 * bits lie below its own end. */
#define HS_PG_DATE_MIN INT32_C(-2440588)
#define HS_PG_DATE_END INT32_C(2145042906)
#define HS_PG_TIMESTAMP_MIN INT64_C(-210866803200000000)
#define HS_PG_DAY_US INT64_C(86400000000)

#endif
