/* The rule language: what stands in `where:` and `when:`. Parsed when the model loads (text -> tree with positions),
 * bound to field ids and typed when the table's schema is known, and filled in with one person's attributes when
 * deciding (principal.x -> constant). The tree has no function call and no sub-query: everything in it is total.
 *
 * NULL semantics are SQL's three-valued ones. A row is visible only when its predicate is TRUE. A cell mask with
 * `when` applies unless the condition is FALSE: UNKNOWN masks. A missing attribute is NULL.
 *
 *   expr   := or;  or := and ("or" and)*;  and := not ("and" not)*;  not := "not" not | test
 *   test   := operand (cmp operand | ["not"] "in" "(" operand,* ")" | ["not"] "between" operand "and" operand
 *             | "is" ["not"] "null" | ["not"] "starts with" operand | ["not"] "ends with" operand)?
 *   cmp    := = | <> | != | < | <= | > | >=
 *   operand:= literal | path | "principal" "." name | "(" expr ")"
 *   path   := name ("." name)*          names may be "double quoted"
 *   literal:= number | 'text' | true | false | null | date 'Y-M-D' | timestamp 'Y-M-D H:M:S[+zone]'
 */
#ifndef HS_MODEL_RULE_H
#define HS_MODEL_RULE_H

#include "arrow/type.h"

enum hs_rule_op {
    HS_RULE_LITERAL = 1,
    HS_RULE_FIELD,
    HS_RULE_PRINCIPAL, /* attribute name in `text`; gone after hs_policy fills it in */
    HS_RULE_AND,       /* args[0..n) */
    HS_RULE_OR,
    HS_RULE_NOT,
    HS_RULE_EQ,
    HS_RULE_NE,
    HS_RULE_LT,
    HS_RULE_LE,
    HS_RULE_GT,
    HS_RULE_GE,
    HS_RULE_IN,      /* args[0] in args[1..n) */
    HS_RULE_BETWEEN, /* args[0] between args[1] and args[2] */
    HS_RULE_IS_NULL,
    HS_RULE_STARTS_WITH,
    HS_RULE_ENDS_WITH,
};

enum hs_value_kind {
    HS_V_NULL = 0,
    HS_V_BOOL,      /* i */
    HS_V_INT,       /* i */
    HS_V_NUMBER,    /* text: decimal digits as written ("10.50"): never through a double */
    HS_V_TEXT,      /* text */
    HS_V_DATE,      /* i: days since 1970 */
    HS_V_TIMESTAMP, /* i: microseconds since 1970; utc says whether a zone was given */
    HS_V_LIST,      /* items: an attribute with several values; only as right side of `in` */
};

struct hs_value {
    enum hs_value_kind kind;
    int64_t i;
    bool utc;
    hs_str text;
    struct hs_value *items;
    size_t item_count;
};

struct hs_rule {
    enum hs_rule_op op;
    struct hs_rule **args;
    size_t arg_count;
    hs_str text;           /* PRINCIPAL: attribute; FIELD: dotted contract path as written */
    struct hs_value value; /* LITERAL */
    /* FIELD, after binding: ids from the top-level column down to the member; names are the contract's. */
    int *path_ids;
    hs_str *path_names;
    size_t path_len;
    /* After binding. FIELD: its type. Comparisons, IN, BETWEEN: the one type in which all operands are compared exactly
     * (NULL when every operand is NULL or principal). NULL for literals, principal, and/or/not, is null. */
    const struct hs_type *type;
    int line, column; /* position in the model file, 1-based */
};

/* Parses; err->shown says "file:line:column: ..." with a suggestion. line/column: where the text begins in the file.
 * Bounds: 64 KiB of text, depth 64, 4,096 nodes. */
HS_MUST hs_rc hs_rule_parse(struct hs_arena *a, hs_str text, hs_str file, int line, int column, struct hs_rule **out,
                            struct hs_err *err);
/* Binds a *copy* of the rule to a table's type: `type` is a STRUCT with contract names and ids. Unknown column ->
 * error with suggestion; ill-typed comparison (text against number ...) -> error; nested through list or map -> error.
 */
HS_MUST hs_rc hs_rule_bind(struct hs_arena *a, const struct hs_rule *rule, const struct hs_type *type, hs_str file,
                           struct hs_rule **out, struct hs_err *err);
/* The text again, canonical: for explain, digests and tests (parse(print(x)) == x). */
void hs_buf_add_rule(struct hs_buf *b, const struct hs_rule *rule);
void hs_buf_add_value(struct hs_buf *b, const struct hs_value *value);
bool hs_rule_same(const struct hs_rule *a, const struct hs_rule *b); /* op, operands, values, ids; not positions */
bool hs_value_same(const struct hs_value *a,
                   const struct hs_value *b); /* 3 and 3.0 are the same; NULL equals nothing */

/* The literals' own forms, for whoever else reads or prints them. Years 1 to 9999, calendar checked.
 * "2026-11-21"; "2026-11-21 10:55:00[.123456][Z|+01|+01:00]" (or with T): `utc` says whether a zone was given. */
bool hs_date_parse(hs_str text, int64_t *out_days);
bool hs_timestamp_parse(hs_str text, int64_t *out_us, bool *out_utc);
void hs_buf_add_date(struct hs_buf *b, int64_t days);
void hs_buf_add_timestamp(struct hs_buf *b, int64_t us, bool utc); /* with "+00:00" when utc */
/* "-10.50" -> 2 whole digits, 1 decimal: what an exact type must hold. False: not [-]digits[.digits], or over 38. */
bool hs_number_shape(hs_str text, int *out_whole, int *out_scale);
bool hs_uuid_valid(hs_str text); /* 8-4-4-4-12 hex digits */

#endif
