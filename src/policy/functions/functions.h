/* Mask functions, one file each. A function keeps its type, keeps NULL as NULL and is total: no input makes the engine
 * raise an error, also not while it plans (DuckDB computes some functions over a column's minimum and maximum then).
 * To add one: write the file, add its line in functions.c; its examples are then run by the tests and printed in the
 * documentation. */
#ifndef HS_POLICY_FUNCTIONS_H
#define HS_POLICY_FUNCTIONS_H

#include "model/model.h"

struct hs_mask_call {
    const struct hs_type *type; /* of the field; NULL: not known yet (load) */
    hs_str x;                   /* the SQL expression of the raw value; may be repeated */
    const struct hs_mask_arg *args;
    size_t arg_count;
    hs_str domain; /* whose table it is: a keyed mask has a key a domain */
};

struct hs_mask_arg_spec {
    const char *name;
    const char *takes; /* for messages and documentation: "a whole number from 0 to 1000" */
    bool optional;
};

struct hs_mask_example { /* texts as DuckDB would cast them; NULL is NULL */
    const char *type;    /* Iceberg's name: "decimal(10, 2)" */
    const char *arg;     /* the argument's value as a rule literal; NULL: the function has none */
    const char *input, *output;
};

struct hs_mask_function {
    const char *name, *text;
    uint64_t accepts; /* HS_ON(type id) | ... */
    const struct hs_mask_arg_spec *args;
    size_t arg_count;
    bool may_null; /* can answer NULL for a value that is not NULL */
    bool keyed;    /* needs the mask key */
    /* Values of the arguments, against the type where it is known; err->shown gets the words. May be NULL. */
    hs_rc (*check)(const struct hs_mask_call *call, struct hs_err *err);
    void (*print_duckdb)(struct hs_buf *out, const struct hs_mask_call *call);
    const struct hs_mask_example *examples;
    size_t example_count;
};

#define HS_ON(type_id) (UINT64_C(1) << (type_id))
#define HS_COUNT(array) (sizeof(array) / sizeof(array)[0])

extern const struct hs_mask_function hs_mask_nullify, hs_mask_constant, hs_mask_redact, hs_mask_show_first_n,
    hs_mask_show_last_n, hs_mask_keep_domain, hs_mask_truncate_date, hs_mask_hmac_token;

const struct hs_mask_function *hs_mask_function(hs_str name); /* NULL: unknown */
const struct hs_mask_function *hs_mask_function_at(size_t i); /* NULL: past the last */
/* Name, arguments and, where `type` is given, whether they fit it. */
HS_MUST hs_rc hs_mask_fits(const struct hs_policy *mask, const struct hs_type *type, struct hs_err *err);
const struct hs_value *hs_mask_arg(const struct hs_mask_call *call, const char *name); /* NULL: not given */
/* show-first-n, show-last-n: their n. */
HS_MUST hs_rc hs_mask_check_n(const struct hs_mask_call *call, struct hs_err *err);
long long
hs_mask_too_short(long long n); /* up to this length a value of which n characters would show is hidden whole */
void hs_buf_add_mask_call(struct hs_buf *out, const struct hs_mask_function *f, const struct hs_mask_call *call);

#endif
