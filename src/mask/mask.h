/* Mask functions, one file each: src/mask/NAME.c defines hs_mask_NAME and is registered by being there. A function
 * keeps its type, keeps NULL as NULL and is total: no input makes the engine raise an error, also not while it plans
 * (DuckDB computes some functions over a column's minimum and maximum then). Its examples are run by the tests and
 * printed in the documentation. How to add one: CONTRIBUTING.md. */
#ifndef HS_MASK_MASK_H
#define HS_MASK_MASK_H

#include "mask/native.h"
#include "model/model.h"

struct hs_mask_function;
struct hs_mask_call {
    const struct hs_mask_function *function; /* set by hs_buf_add_mask_call */
    const struct hs_type *type;              /* of the field; NULL: not known yet (load) */
    hs_str x;                                /* the SQL expression of the raw value; may be repeated */
    const struct hs_mask_arg *args;
    size_t arg_count;
    hs_str domain;    /* whose table it is: a keyed mask has a key a domain */
    hs_str key_id;    /* which of the domain's keys; empty: the one it has by default */
    hs_str masked_if; /* by_element: SQL over e1, the element, that is FALSE where it stays; empty: no condition */
    hs_str viewer;    /* a pseudonym of the person, for functions that are `per_person` */
    /* The place of use, for those that differ from column to column. */
    hs_str product, table;
    int field_id;
    int variable; /* in other engines: the number of a variable that is nobody else's (mask/dialect.h) */
};

struct hs_mask_arg_spec {
    const char *name;
    const char *takes; /* for messages and documentation: "a whole number from 0 to 1000" */
    bool optional;
};

struct hs_mask_example { /* texts as DuckDB would cast them; NULL is NULL */
    const char *type;    /* Iceberg's name: "decimal(10, 2)" */
    const char *arg; /* the first argument's value as a rule literal, or "name: literal; name: [list]"; NULL: none */
    const char *input, *output;
};

typedef void (*hs_mask_print)(struct hs_buf *out, const struct hs_mask_call *call);

struct hs_mask_function {
    const char *name, *text;
    uint64_t accepts; /* HS_ON(type id) | ... */
    const struct hs_mask_arg_spec *args;
    size_t arg_count;
    bool may_null;      /* can answer NULL for a value that is not NULL */
    bool keyed;         /* needs the mask key; takes the argument `key` */
    bool per_person;    /* differs from person to person */
    bool keeps_inside;  /* what it shows of a nested value still is to be cut to what the person may see */
    bool null_elements; /* puts NULL among a list's elements */
    bool by_element;    /* takes the policy's `elements`, a condition on each element of the list or entry of the map */
    bool hashes;        /* equal values stay equal and all of them are kept apart: no mask for a few possible values */
    /* Values of the arguments, against the type where it is known; err->shown gets the words. May be NULL. */
    hs_rc (*check)(const struct hs_mask_call *call, struct hs_err *err);
    hs_mask_print print_duckdb;
    /* Its own fields of a setup, where it takes text and has any: for the native at a path inside JSON. */
    void (*add_setup)(struct hs_buf *setup, const struct hs_mask_call *call);
    const struct hs_native *native; /* what print_duckdb calls, where SQL cannot say it totally or fast */
    /* The other engines. NULL: there is no exact form; `instead` then names the mask that stands there and shows no
     * more ("stand-in: nullify"). Iceberg's read-restrictions know nine actions, some for certain arguments alone. */
    hs_mask_print print_trino, print_postgres;
    /* NULL: those two are exact for every argument; said_where: otherwise for which, in words for the table. */
    hs_rc (*said_elsewhere)(const struct hs_mask_call *call, bool *out, struct hs_err *err);
    const char *said_where;
    const char *iceberg_action;
    const char *(*iceberg_action_of)(const struct hs_mask_call *call);
    const char *trino_instead, *postgres_instead, *iceberg_instead;
    const struct hs_mask_example *examples;
    size_t example_count;
};

#define HS_ON(type_id) (UINT64_C(1) << (type_id))
#define HS_COUNT(array) (sizeof(array) / sizeof(array)[0])

const struct hs_mask_function *hs_mask_function(hs_str name); /* NULL: unknown */
const struct hs_mask_function *hs_mask_function_at(size_t i); /* NULL: past the last; by name */
/* Name, arguments and, where `type` is given, whether they fit it. */
HS_MUST hs_rc hs_mask_fits(const struct hs_policy *mask, const struct hs_type *type, struct hs_err *err);
/* Which key of the domain a use is made with: its argument `key`, an id of the keys file; empty: the default. */
hs_str hs_mask_key_id(const struct hs_mask_function *f, const struct hs_mask_arg *args, size_t count);
void hs_buf_add_mask_call(struct hs_buf *out, const struct hs_mask_function *f, const struct hs_mask_call *call);

/* ---- what the functions share: shared/ ---- */
const struct hs_value *hs_mask_arg(const struct hs_mask_call *call, const char *name); /* NULL: not given */
hs_str hs_mask_arg_text(const struct hs_mask_call *call, const char *name, const char *otherwise);
int64_t hs_mask_arg_int(const struct hs_mask_call *call, const char *name, int64_t otherwise);
bool hs_mask_arg_is(const struct hs_mask_call *call, const char *name, const char *text); /* given, and that text */
bool hs_mask_value_fits(const struct hs_value *v, const struct hs_type *type);            /* is it one of the type's? */
/* Text that may stand in a statement: UTF-8 without NUL, at most `max` bytes. */
bool hs_mask_text_fits(const struct hs_value *v, size_t max);
/* show-first-n, show-last-n: their n. */
HS_MUST hs_rc hs_mask_check_n(const struct hs_mask_call *call, struct hs_err *err);
/* Up to this length a value of which n characters would show is hidden whole. */
long long hs_mask_too_short(long long n);

/* Numbers as whole multiples of their type's last place: 12.50 of decimal(10, 2) is 1250. */
typedef __int128 hs_whole;
bool hs_mask_scaled(const struct hs_value *v, const struct hs_type *type, hs_whole *out); /* false: does not fit */
hs_whole hs_mask_most(const struct hs_type *type); /* the greatest of an int, long or decimal */
hs_whole hs_mask_least(const struct hs_type *type);
void hs_buf_add_scaled(struct hs_buf *b, hs_whole value, const struct hs_type *type); /* a typed literal */
void hs_buf_add_digits(struct hs_buf *b, hs_whole value, int scale);
/* The same in another engine's words; NULL: in DuckDB's. */
struct hs_dialect;
/* An element of the list (an entry of the map) that the call is about, under the call's variable. */
void hs_buf_add_element(struct hs_buf *b, const struct hs_mask_call *call, const struct hs_dialect *sql);
void hs_buf_add_scaled_in(struct hs_buf *b, const struct hs_dialect *sql, hs_whole value, const struct hs_type *type);
void hs_buf_add_double_in(struct hs_buf *b, const struct hs_dialect *sql, double value);
/* The form of this call there; NULL: it has none that is exact. */
HS_MUST hs_rc hs_mask_print_in(const struct hs_mask_call *call, const struct hs_dialect *sql, hs_mask_print *out,
                               struct hs_err *err);
hs_whole hs_mask_ten_to(int n); /* n from 0 to 38 */
static inline bool hs_mask_is_whole(enum hs_type_id id)
{
    return id == HS_T_INT || id == HS_T_LONG || id == HS_T_DECIMAL;
}
double hs_mask_double(const struct hs_value *v); /* a number of the policy's; 0 for anything else */

/* A call of a native: opens with the name and begins the setup; the function adds its own fields with hs_setup_add and
 * ends with the value. Domain, key and person are written here for those that need them. */
struct hs_native_call {
    const struct hs_mask_function *function;
    struct hs_buf *out;
    struct hs_buf setup;
};
void hs_native_call_begin(struct hs_native_call *c, struct hs_buf *out, const struct hs_mask_call *call);
void hs_native_call_end(struct hs_native_call *c, enum hs_native_kind kind, hs_str value);
/* The same for a number of the call's type: INT goes through LONG and FLOAT through DOUBLE, where the native keeps to
 * the narrower range; a decimal through its text. */
void hs_native_call_end_number(struct hs_native_call *c, const struct hs_mask_call *call);

#endif
