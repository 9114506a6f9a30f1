/* Private to the Avro table function: a decoded value into a row of an engine's vector (avro_value.c). */
#ifndef HS_ENGINE_WORKER_AVRO_H
#define HS_ENGINE_WORKER_AVRO_H

#include "avro/avro.h"
#include "engine/worker/duck.h"

/* The engine's type of a column; the caller destroys it. NULL: no memory, or a type no file has. */
duckdb_logical_type hs_avro_duck_type(const struct hs_type *type);
/* `weight` grows by what the value takes: a chunk of rows is ended before it takes too much. */
HS_MUST hs_rc hs_avro_put(duckdb_vector v, idx_t row, const struct hs_type *type, const struct hs_avro_value *value,
                          int64_t *weight, struct hs_err *err);

#endif
