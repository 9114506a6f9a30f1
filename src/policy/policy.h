/* Request + facts -> decision. Pure: no I/O, no clock (time is a fact). In doubt: not allowed. */
#ifndef HS_POLICY_POLICY_H
#define HS_POLICY_POLICY_H

#include "model/decision.h"

struct hs_facts {
    int64_t now_us;
    hs_str purpose, workspace; /* empty: none stated */
};

/* Deny by default. Grants that each carry `where` OR; row rules AND; masks by column, tag (also through nesting) and
 * nested path; several masks on one field that apply to one person: refused here too, should the load have let it by.
 * `bound` from hs_table_bind. *out is always a whole decision on HS_OK; allowed=false when no grant matches. */
HS_MUST hs_rc hs_policy_decide(struct hs_arena *a, const struct hs_model *model, const struct hs_principal *who,
                               const struct hs_table *table, const struct hs_type *bound, const struct hs_facts *facts,
                               struct hs_decision **out, struct hs_err *err);

/* May this person see that the table exists at all? Cheap: grants only, needs no schema. */
bool hs_policy_visible(const struct hs_model *model, const struct hs_principal *who, const struct hs_table *table,
                       const struct hs_facts *facts);

/* The Deny that takes the whole table from this person, whatever is granted; NULL: none. */
const struct hs_policy *hs_policy_denies(const struct hs_model *model, const struct hs_principal *who,
                                         const struct hs_table *table, const struct hs_facts *facts);

/* Everything about policies that can be checked without a person: conflicting masks for one field (names both files),
 * unknown column paths, mask functions that do not fit the column's type. `hailstorm check` and reload call it. */
HS_MUST hs_rc hs_policy_check_table(struct hs_arena *a, const struct hs_model *model, const struct hs_table *table,
                                    const struct hs_type *bound, struct hs_err *err);
/* What is no error but worth a word, a line each: hashes over columns with few possible values, rules that make
 * another decision each minute. */
HS_MUST hs_rc hs_policy_warnings(struct hs_arena *a, const struct hs_model *model, const struct hs_table *table,
                                 const struct hs_type *bound, struct hs_buf *out, struct hs_err *err);
/* The whole model without its tables: conflicting masks. A server that reloads keeps the model it has when this fails.
 */
HS_MUST hs_rc hs_policy_check_model(const struct hs_model *model, struct hs_err *err);
/* Products without a grant, masks on columns that no grant opens, grants that have expired; a line each. */
HS_MUST hs_rc hs_policy_model_warnings(const struct hs_model *model, int64_t now_us, struct hs_buf *out,
                                       struct hs_err *err);
/* For hs_model_load. */
hs_rc hs_policy_check_mask(const struct hs_policy *mask, struct hs_err *err);

/* ---- DuckDB printer ----
 * The raw layer that the expressions read has one column per top-level contract field, named "f<id>" (so no stored
 * name can collide or inject), struct members named as in `bound`. Keyed masks and others print calls of
 * hs_mask_NAME(setup, value), functions that the worker registers, with the keys outside SQL. */
HS_MUST hs_rc hs_print_duckdb_rows(struct hs_buf *out, const struct hs_decision *d,
                                   struct hs_err *err); /* "" if none */
/* The output expression of column i, type unchanged apart from hidden members. */
HS_MUST hs_rc hs_print_duckdb_column(struct hs_buf *out, const struct hs_decision *d, size_t i, struct hs_err *err);
/* Is the i-th mask a keyed one? Then the worker is handed the key of that id; empty: the domain's default. */
bool hs_decision_mask_key(const struct hs_decision *d, size_t i, hs_str *out_id);
/* Does any mask use the default key? Ids that masks name are in the digest, the default's is not. */
bool hs_decision_needs_key(const struct hs_decision *d);

/* The table of mask functions as Markdown, from the same records: `make docs`. */
void hs_buf_add_mask_docs(struct hs_buf *out);

#endif
