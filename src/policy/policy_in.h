/* Private to policy/: what its files share. */
#ifndef HS_POLICY_IN_H
#define HS_POLICY_IN_H

#include "mask/sql.h"
#include "policy/policy.h"

enum {
    HS_TREE_MAX_NODES = 20000, /* fields of one table, nested ones counted */
    HS_TREE_MAX_DEPTH = 64,
    HS_MAX_WHERES = 256,       /* different `where`s of the grants that match one person on one table */
    HS_FILL_MAX_NODES = 65536, /* of one rule, with the person's lists spread out */
};

/* ---- tree.c: a table's fields, flat, in pre-order, each beside what the contract says of it ---- */
enum hs_step { HS_STEP_TOP = 1, HS_STEP_MEMBER, HS_STEP_ELEMENT, HS_STEP_KEY, HS_STEP_VALUE };
struct hs_node {
    const struct hs_field *field;
    const struct hs_property *property; /* NULL: an element, key or value that the contract does not describe */
    enum hs_step step;
    int parent; /* -1: a column */
    size_t end; /* one past the last node below */
};
struct hs_tree {
    const struct hs_table *table;
    const struct hs_type *bound;
    struct hs_node *nodes;
    size_t count;
};
HS_MUST hs_rc hs_tree_build(struct hs_arena *a, const struct hs_table *table, const struct hs_type *bound,
                            struct hs_tree *out, struct hs_err *err);
/* "customer.street", "items[].price", "map.value.x", names may be "double quoted". HS_INVALID with a suggestion; the
 * caller adds the position. */
HS_MUST hs_rc hs_tree_find(struct hs_arena *a, const struct hs_tree *tree, hs_str path, size_t *out_node,
                           struct hs_err *err);
bool hs_tree_in_key(const struct hs_tree *tree, size_t node); /* is it a map's key, or below one? */
/* Ids from the column down to the node. */
int *hs_tree_path(struct hs_arena *a, const struct hs_tree *tree, size_t node, size_t *out_len);
void hs_buf_add_node(struct hs_buf *b, const struct hs_tree *tree, size_t node); /* "items[].price" */

/* ---- select.c: to whom and to what a policy applies ---- */
bool hs_selector_matches(const struct hs_selector *s, const struct hs_principal *who, const struct hs_facts *facts);
/* to, unless and expiry; a restriction without `to` is for everyone, a grant without one for nobody. */
bool hs_policy_applies(const struct hs_policy *p, const struct hs_principal *who, const struct hs_facts *facts);
/* Does the policy's target take in this table, or something in it? */
bool hs_policy_reaches(const struct hs_policy *p, const struct hs_table *table);
bool hs_policy_is_foreign(const struct hs_policy *p,
                          const struct hs_table *table); /* another domain's, not the mesh's */
bool hs_tags_have(const hs_str *tags, size_t count, hs_str tag);
/* A grant that lets this person read something of this table now. */
bool hs_grant_matches(const struct hs_policy *p, const struct hs_principal *who, const struct hs_table *table,
                      const struct hs_facts *facts);
/* Takes it something of this table from this person? */
bool hs_deny_matches(const struct hs_policy *p, const struct hs_principal *who, const struct hs_table *table,
                     const struct hs_facts *facts);
/* out[node] = true for the fields a mask or a deny is laid on; outermost ones only. */
HS_MUST hs_rc hs_mask_targets(struct hs_arena *a, const struct hs_policy *p, const struct hs_tree *tree, bool *out,
                              struct hs_err *err);

/* ---- fill.c: attributes, facts and lookups -> constants; bound, typed and folded afterwards ---- */
struct hs_asker { /* for whom, and under which circumstances */
    const struct hs_principal *who;
    const struct hs_facts *facts;
};
/* *until: when what came out would be another, if that is earlier than what stands there (0: nothing yet). */
HS_MUST hs_rc hs_rule_fill(struct hs_arena *a, const struct hs_rule *rule, struct hs_asker asker,
                           const struct hs_type *bound, const struct hs_policy *p, struct hs_rule **out, int64_t *until,
                           struct hs_err *err);

/* The same for a mask's condition on the elements of `list`. */
HS_MUST hs_rc hs_rule_fill_element(struct hs_arena *a, const struct hs_rule *rule, struct hs_asker asker,
                                   const struct hs_type *bound, const struct hs_type *list, const struct hs_policy *p,
                                   struct hs_rule **out, int64_t *until, struct hs_err *err);

/* ---- never.c ---- */
/* HS_INVALID with place and words: the condition, or a part of it that was meant to say something, is true for no row.
 */
HS_MUST hs_rc hs_rule_check_possible(struct hs_arena *a, const struct hs_rule *bound, hs_str file, struct hs_err *err);

/* ---- facts.c ---- */
struct hs_value hs_fact_value(enum hs_rule_fact fact, const struct hs_facts *facts);
/* When the fact itself changes. */
void hs_fact_until(enum hs_rule_fact fact, const struct hs_facts *facts, int64_t *until);
/* When a comparison of facts (literals with their `unit`) and constants comes out otherwise; not known: no such test.
 */
HS_MUST hs_rc hs_fact_flip(struct hs_arena *a, const struct hs_rule *test, const struct hs_facts *facts, int64_t *until,
                           bool *out_known, struct hs_err *err);

/* ---- lookups.c ---- */
HS_MUST hs_rc hs_lookup_values(struct hs_arena *a, const struct hs_lookup *lookup, const struct hs_rule *condition,
                               hs_str column, struct hs_value **out, size_t *out_count, struct hs_err *err);
/* Turns whatever went wrong into a refusal whose shown words tell nothing; lack of memory stays what it is. */
HS_MUST hs_rc hs_refuse(struct hs_err *err, hs_rc rc, const struct hs_policy *p);
/* HS_INVALID, shown "file:line:column: words". */
HS_MUST hs_rc hs_fail_policy(struct hs_err *err, const struct hs_policy *p, const char *format, ...) HS_PRINTF(3, 4);
#define hs_no_memory(err) hs_fail((err), HS_NOMEM, "out of memory")
struct hs_rule *hs_rule_join(struct hs_arena *a, enum hs_rule_op op, struct hs_rule **args,
                             size_t count); /* NULL: memory */

/* ---- grants.c: which fields, on which rows ---- */
struct hs_bits {
    uint64_t at[HS_MAX_WHERES / 64];
};
struct hs_coverage {
    struct hs_rule **wheres; /* different ones; bit i of a node's set */
    size_t where_count;
    bool *open;           /* per node: some grant without `where` covers it */
    struct hs_bits *some; /* per node: those `where`s whose grants cover it */
    bool any_open;
    size_t grant_count; /* matching ones that cover anything */
    int64_t valid_until_us;
    struct hs_limits limits;
};
HS_MUST hs_rc hs_grants_cover(struct hs_arena *a, const struct hs_model *model, const struct hs_principal *who,
                              const struct hs_tree *tree, const struct hs_facts *facts,
                              const struct hs_policy **reasons, size_t *reason_count, struct hs_coverage *out,
                              struct hs_err *err);
static inline bool hs_covers(const struct hs_coverage *c, size_t node)
{
    const uint64_t *w = c->some[node].at;
    return c->open[node] || w[0] || w[1] || w[2] || w[3];
}
/* The condition under which a cell of this node is visible beyond what rows and parent already say; NULL: none. */
HS_MUST hs_rc hs_cell_condition(struct hs_arena *a, const struct hs_coverage *c, const struct hs_tree *tree,
                                size_t node, struct hs_rule **out, struct hs_err *err);
/* OR over the grants' wheres; NULL when some grant shows every row. */
HS_MUST hs_rc hs_grant_rows(struct hs_arena *a, const struct hs_coverage *c, struct hs_rule **out, struct hs_err *err);

/* What one grant opens, whoever has it: out[node]. */
HS_MUST hs_rc hs_grant_opens(struct hs_arena *a, const struct hs_policy *p, const struct hs_tree *tree, bool *out,
                             struct hs_err *err);

/* ---- whole.c, check.c ---- */
/* A table's fields by its contract alone; every type without members is text. */
HS_MUST hs_rc hs_contract_tree(struct hs_arena *a, const struct hs_table *table, struct hs_tree *out,
                               struct hs_err *err);
/* Masks that meet on a field of somebody who can be named. */
HS_MUST hs_rc hs_policy_check_conflicts(struct hs_arena *a, const struct hs_model *model, const struct hs_tree *tree,
                                        struct hs_err *err);

/* No other engine is told how to count groups and to remember what was asked: it gets no rows either. */
#define HS_ONLY_AGGREGATES "only aggregates are open to this person, which no engine but ours can keep to"
/* ---- aggregate.c: d->minimum and the columns' roles ---- */
HS_MUST hs_rc hs_decide_aggregate(struct hs_arena *a, const struct hs_model *model, const struct hs_tree *tree,
                                  struct hs_asker asker, struct hs_decision *d, struct hs_err *err);
bool hs_may_be_dimension(const struct hs_type *t);
bool hs_may_be_measure(const struct hs_type *t);

/* ---- digest.c ---- */
HS_MUST hs_rc hs_decision_digest(struct hs_decision *d, struct hs_err *err);

/* The path inside JSON text that a mask is on; empty: none. */
hs_str hs_mask_json(const struct hs_policy *p);
/* hs_mask_fits for this field, or for the values inside it. */
HS_MUST hs_rc hs_mask_fits_node(const struct hs_policy *p, const struct hs_tree *tree, size_t node, struct hs_err *err);
bool hs_masks_meet(const struct hs_policy *a, const struct hs_policy *b); /* of two on one field */

/* ---- keys.c ---- */
/* d->viewer, where a mask differs from person to person. */
HS_MUST hs_rc hs_decide_viewer(struct hs_arena *a, const struct hs_principal *who, struct hs_decision *d,
                               struct hs_err *err);

/* ---- printers ---- */
HS_MUST hs_rc hs_print_duckdb_rule(struct hs_buf *b, const struct hs_rule *rule, struct hs_err *err);
/* A field, literal or arithmetic in the type `as`; NULL: in its own. */
HS_MUST hs_rc hs_print_duckdb_operand(struct hs_buf *b, const struct hs_rule *r, const struct hs_type *as,
                                      struct hs_err *err);
HS_MUST hs_rc hs_print_duckdb_arithmetic(struct hs_buf *b, const struct hs_rule *r, struct hs_err *err);

_Static_assert(HS_MAX_WHERES == 256, "hs_covers looks at four words");

#endif
