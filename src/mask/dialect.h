/* How the other SQL engines spell what we print: one record an engine, read by one walk over rules and one over columns
 * (policy/dialect/) and by the masks. An engine is worse than another in few places; each of them is a line here. */
#ifndef HS_MASK_DIALECT_H
#define HS_MASK_DIALECT_H

#include "model/model.h"

struct hs_dialect {
    const char *name;
    /* False: it has no type that holds exactly these values. */
    bool (*add_type)(struct hs_buf *b, const struct hs_type *type);
    void (*add_literal)(struct hs_buf *b, const struct hs_value *v, const struct hs_type *type);
    void (*add_zero_bytes)(struct hs_buf *b, int count);
    void (*add_member)(struct hs_buf *b, hs_str x, hs_str name); /* of an object */
    uint64_t nan_types;                                          /* types that have a value which is no number */
    const char *is_number[2]; /* true for all other values of such a type: around x */
    const char *is_null[2];   /* around an object; of any other value IS NULL tells */
    const char *is_false[2];  /* around a condition; unknown is not false */
    const char *text_order;   /* behind a text that is compared: order by code point */
    const char *stars[2];     /* around a count: so many '*' */
    /* True when the text x (y) begins with, ends with, has in it y. */
    void (*add_match)(struct hs_buf *b, enum hs_rule_op op, hs_str x, hs_str y);
    /* An object, list or map built anew from x: what stands before and after its parts. Between the parts of an object
     * are commas; an element or a value is written once, about the variable number n (add_variable). */
    void (*open_object)(struct hs_buf *b, hs_str x);
    void (*close_object)(struct hs_buf *b, const struct hs_type *out);
    void (*open_list)(struct hs_buf *b, hs_str x, int n);
    void (*close_list)(struct hs_buf *b, hs_str x, int n, const struct hs_type *element);
    void (*open_map)(struct hs_buf *b, hs_str x, int n); /* NULL: it has no maps */
    void (*close_map)(struct hs_buf *b);
    void (*add_variable)(struct hs_buf *b, hs_str x, int n);               /* the element of x, or the value */
    void (*add_entry)(struct hs_buf *b, int n, const struct hs_type *map); /* key and value of a map as an object */
    /* Behind an expression over the variable number n: what the variable is. NULL: x may as well stand in its place. */
    void (*close_let)(struct hs_buf *b, hs_str x, int n);
    /* Is the condition true of any (all) elements of the list x? Three-valued, like a chain of OR (AND). */
    void (*add_any)(struct hs_buf *b, bool all, hs_str x, int n, hs_str condition);
};

extern const struct hs_dialect hs_trino, hs_postgres;

/* Variables are called hs_v1, hs_v2, ...; a column whose name begins like this would be taken for one. */
#define HS_DIALECT_VARIABLE "hs_v"

void hs_buf_add_dialect_null(struct hs_buf *b, const struct hs_dialect *sql, const struct hs_type *type);

#endif
