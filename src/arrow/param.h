/* One statement parameter, as a plain value: what a client bound, on its way to the engine. */
#ifndef HS_ARROW_PARAM_H
#define HS_ARROW_PARAM_H

#include "arrow/type.h"

struct hs_param {
    enum hs_type_id type; /* scalars only: never nested */
    bool null;
    int precision, scale; /* DECIMAL */
    int64_t i;   /* BOOLEAN, all integers (UINT64 by its bits), DATE days, TIME us, TIMESTAMP* us or ns, INTERVAL us */
    double d;    /* FLOAT, DOUBLE */
    hs_str text; /* STRING, BINARY, FIXED, UUID (16 bytes), DECIMAL (digits as text) */
    int32_t months, days; /* INTERVAL */
};

struct hs_params { /* one row */
    struct hs_param *at;
    size_t count;
};

#endif
