/* Private to policy/dialect/: a rule in one of the other engines' SQL. */
#ifndef HS_POLICY_DIALECT_IN_H
#define HS_POLICY_DIALECT_IN_H

#include "mask/dialect.h"
#include "mask/mask.h"
#include "policy/dialect.h"
#include "policy/policy_in.h"

enum { HS_MAX_SCOPES = 3 /* PostgreSQL's any names its condition twice */ };

struct hs_rule_printer {
    const struct hs_dialect *sql;
    enum hs_fit fit;
    bool unsaid; /* the test being printed holds something that the engine has no exact word for */
    size_t max;  /* of every text */
    int depth, variables, repeated;
    hs_str scopes[HS_MAX_SCOPES]; /* the elements of the any and all around us */
    int scope_count;
    struct hs_err *err;
};

/* A bound and filled rule. What cannot be said is written as unknown, and the fit says so: by three-valued logic
 * whatever is TRUE (FALSE) with an unknown part is TRUE (FALSE) whatever that part is. */
HS_MUST hs_rc hs_print_rule(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r);
/* Any operand of a test, brought to `as`; p->unsaid where it cannot be. */
HS_MUST hs_rc hs_print_operand(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r,
                               const struct hs_type *as);
HS_MUST hs_rc hs_print_arithmetic(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r);
/* Would a column of this table be taken for one of our variables? */
bool hs_dialect_names_clash(const struct hs_decision *d);

#endif
