/* Decisions for whoever keeps the policies: why is it so, for this person, and what would change. All of this names
 * policies, hidden columns and files, so it is for those who may read the model's directory and for nobody else: no
 * door may use it. */
#ifndef HS_POLICY_SEEING_H
#define HS_POLICY_SEEING_H

#include "policy/policy.h"

/* ---- hailstorm explain ---- */
struct hs_explain_request {
    const struct hs_model *model;
    const struct hs_principal *who;
    const struct hs_table *table;
    const struct hs_type *bound;
    const struct hs_facts *facts;
    hs_str default_key; /* id of the key of masks that name none; never a key */
    hs_str assumed;     /* why the types are the contract's, where the table could not be opened */
    hs_str dialect;     /* duckdb, trino, postgres, iceberg; empty: none */
};
struct hs_explained;
/* *out lives in the arena. A decision that is refused is explained, too; what fails is memory, or no such dialect. */
HS_MUST hs_rc hs_explain(struct hs_arena *a, const struct hs_explain_request *r, struct hs_explained **out,
                         struct hs_err *err);
void hs_buf_add_explained(struct hs_buf *b, const struct hs_explained *e);
/* One object, by doc/reference/explain.schema.json. */
void hs_buf_add_explained_json(struct hs_buf *b, const struct hs_explained *e);

/* ---- hailstorm policy test ---- */
/* What stands in YAML as a relation of typed literals, SELECT ... FROM VALUES: a number for each row, from
 * 1, named HS_ROW_NUMBER, and the type's columns, named "f<id>". `where` says which file in messages. */
#define HS_ROW_NUMBER "hs row"
struct hs_yaml;
HS_MUST hs_rc hs_case_relation(struct hs_buf *out, hs_str file, const struct hs_yaml *const *rows, size_t count,
                               const struct hs_type *type, struct hs_err *err);

/* ---- hailstorm policy diff ---- */
struct hs_seen_as { /* what one person is decided, for one table in one version of the model */
    const struct hs_model *model;
    const struct hs_table *table; /* NULL: not there */
    const struct hs_type *bound;
    const struct hs_principal *who; /* NULL: not there */
};
/* A line for every difference, in `out`, none of which names the person; equal digests cost nothing more. */
HS_MUST hs_rc hs_policy_compare(struct hs_arena *a, const struct hs_seen_as *before, const struct hs_seen_as *after,
                                const struct hs_facts *facts, struct hs_buf *out, struct hs_err *err);

/* What the policies that reach one table can tell people apart by: who has the same of it is decided the same. */
struct hs_features {
    HS_VEC(hs_str) roles;
    HS_VEC(hs_str) users;
    HS_VEC(hs_str) attributes;
    bool all_roles, name; /* a rule reads them, or a mask differs from person to person */
};
HS_MUST hs_rc hs_features_of(struct hs_arena *a, const struct hs_model *model, const struct hs_table *table,
                             struct hs_features *out, struct hs_err *err);
void hs_buf_add_features(struct hs_buf *b, const struct hs_features *f);
void hs_buf_add_features_had(struct hs_buf *b, const struct hs_features *f, const struct hs_principal *who);

#endif
