/* Private to the Iceberg printer: a comparison of one field with one constant, in the words of the format. */
#ifndef HS_POLICY_DIALECT_ICEBERG_IN_H
#define HS_POLICY_DIALECT_ICEBERG_IN_H

#include "policy/dialect/dialect_in.h"

/* Writes an expression that is true exactly where `field op constant` is TRUE (want) or FALSE. op: EQ to GE or
 * STARTS_WITH. False: there is none; nothing is written then. */
bool hs_iceberg_compare(struct hs_buf *b, const struct hs_rule *field, enum hs_rule_op op, const struct hs_value *v,
                        const struct hs_type *as, bool want);
/* Can the constant stand in a set of the field's own values as it is? And a test for such a set, out of the constants
 * of an `in`: a lookup may have made thousands of them. */
bool hs_iceberg_in_set(const struct hs_rule *field, const struct hs_rule *constant, const struct hs_type *as);
void hs_iceberg_set(struct hs_buf *b, const struct hs_rule *in, bool want);
/* {"type": "is-null", "child": ...} and its like. */
void hs_iceberg_unary(struct hs_buf *b, const char *what, int id);
/* Two expressions joined, constants folded. */
void hs_iceberg_join(struct hs_buf *b, const char *word, hs_str left, hs_str right);

#endif
