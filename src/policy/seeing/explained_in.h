/* Private to policy/seeing/: what is found out about a decision once, and written as text or as JSON. */
#ifndef HS_POLICY_EXPLAINED_IN_H
#define HS_POLICY_EXPLAINED_IN_H

#include "policy/policy_in.h"
#include "policy/seeing.h"

struct explained_rows { /* a grant or row rule, and what it says for this person; NULL: every row */
    const struct hs_policy *by;
    const struct hs_rule *rule;
};
struct explained_hidden { /* a field that is not shown, though what it lies in is; no denies: no grant opens it */
    size_t node;
    const struct hs_policy **denies;
    size_t deny_count;
};
struct explained_near { /* a grant on this table that opens nothing for this person */
    const struct hs_policy *grant;
    hs_str why;
};
enum explained_fit { EXPLAINED_EXACT = 0, EXPLAINED_STAND_IN, EXPLAINED_REFUSED };
struct explained_said { /* in another engine's words */
    hs_str column;      /* empty: the row predicate */
    hs_str text;        /* why it is refused, where it is */
    hs_str note;        /* what of the decision the words do not carry; empty: nothing */
    enum explained_fit fit;
};
struct hs_explained {
    struct hs_explain_request ask;
    struct hs_decision *decision; /* NULL: refused */
    hs_str refused;
    struct hs_tree tree;
    HS_VEC(struct explained_rows) rows;
    HS_VEC(struct explained_hidden) hidden;
    HS_VEC(struct explained_near) near;
    HS_VEC(struct explained_said) said;
};

const char *hs_policy_kind_word(enum hs_policy_kind kind); /* "Grant" */
/* near.c */
HS_MUST hs_rc hs_explain_near(struct hs_arena *a, struct hs_explained *e, struct hs_err *err);
/* said.c */
HS_MUST hs_rc hs_explain_said(struct hs_arena *a, struct hs_explained *e, struct hs_err *err);
/* "items[].price" of ids from the column down */
void hs_buf_add_id_path(struct hs_buf *b, const struct hs_type *in, const int *ids, size_t len);

#endif
