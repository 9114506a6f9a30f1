/* The decision: what one person may see of one table. Made by `policy`, applied by `engine` by way of `access`, named
 * everywhere by its digest. Immutable; lives in the arena it was made in. Field ids, never names, say what is meant. */
#ifndef HS_MODEL_DECISION_H
#define HS_MODEL_DECISION_H

#include "model/model.h"

/* A mask on one field: ids from the top-level column down; a list element or map value is one step like a member. */
struct hs_mask_use {
    int *path_ids;
    size_t path_len;
    const struct hs_type *type; /* of the masked field */
    bool nullable;              /* false: required; nullify then hides by making the output nullable */
    const struct hs_policy *policy;
    /* "$.customer.ssn": the mask is on this path inside the JSON text that the field holds; several may be on one
     * field, and together they are one mask of it. Empty: on the field itself. */
    hs_str json;
    /* true: no Mask of the model but the edge of a grant: the cell is NULL on rows that no grant covering this field
     * allows. `policy` is then a stand-in (nullify); it lies outside any Mask on the same field. */
    bool by_grant;
    struct hs_rule *when;     /* bound, principal filled in; NULL: always */
    struct hs_rule *elements; /* likewise, over each element (scope 1): it is masked unless this is FALSE; NULL: none */
};

/* For whom only aggregates are allowed: what a column may be used for. */
enum hs_column_role { HS_ROLE_NONE = 0, HS_ROLE_DIMENSION, HS_ROLE_MEASURE };

struct hs_decided_column {        /* a top-level column the person may see */
    const struct hs_field *field; /* in `bound`: contract name, id, type */
    /* ids of nested members that are not granted, at any depth: left out of the output type */
    int *hidden_ids;
    size_t hidden_count;
    const struct hs_type *type;       /* output type: `field->type` less the hidden members */
    const struct hs_mask_use **masks; /* those within this column */
    size_t mask_count;
    bool masked;              /* mask_count > 0 */
    bool nullable;            /* of the output: a mask may bring NULL into a required column */
    enum hs_column_role role; /* NONE where hs_decision.minimum is 0 */
};

struct hs_decision {
    const struct hs_table *table;
    const struct hs_type *bound; /* STRUCT over contract names; the raw layer that predicate and `when` read */
    bool allowed;                /* false: the table does not exist for this person */
    struct hs_decided_column *columns;
    size_t column_count;
    struct hs_rule *rows; /* bound, principal filled in; NULL: every row */
    struct hs_mask_use *masks;
    size_t mask_count;
    /* A pseudonym of the person where a mask differs from person to person, so that caches do, too; else empty. */
    hs_str viewer;
    /* More than 0: nothing but aggregates over groups of at least so many rows. Whoever hands out rows of this decision
     * without the guard for aggregates (engine/aggregate.c) hands out too much, and refuses. */
    int minimum;
    struct hs_limits limits;
    int64_t valid_until_us; /* 0: until the model changes */
    uint8_t digest[32];     /* over everything above that shapes the answer, and the model's mask keys' ids */
    /* which policies made it, for explain and audit */
    const struct hs_policy **reasons;
    size_t reason_count;
};

#endif
