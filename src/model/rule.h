/* The rule language: what stands in `where:` and `when:`. Parsed when the model loads (text -> tree with positions),
 * bound to field ids and typed when the table's schema is known, and filled in with one person's attributes, the
 * request's facts and the lookups' values when deciding (constants from then on). No sub-query and no open call:
 * everything in it is total. doc/rules.md is the page for people; each construct there has an example that is run.
 *
 * NULL semantics are SQL's three-valued ones. A row is visible only when its predicate is TRUE. A cell mask with
 * `when` applies unless the condition is FALSE: UNKNOWN masks. A missing attribute is NULL.
 *
 *   expr   := or;  or := and ("or" and)*;  and := not ("and" not)*;  not := "not" not | test
 *   test   := sum (cmp sum | ["not"] "in" set | ["not"] "between" sum "and" sum | "is" ["not"] "null"
 *             | ["not"] ("starts with" | "ends with" | "contains") sum)?
 *   set    := "(" (sum ("," sum)*)? ")" | "principal" "." name | name "." name ["." name] ["where" or]
 *   cmp    := = | <> | != | < | <= | > | >=
 *   sum    := product (("+" | "-") product)*;  product := sign (("*" | "/" | "%") sign)*;  sign := "-" sign | operand
 *   operand:= literal | path | "principal" "." name | "request" "." fact | "(" expr ")" | span
 *             | ("any" | "all") "(" path "," expr ")"
 *   span   := ("years" | "months" | "days" | "hours" | "minutes") "(" sum ")"     beside + or - after a moment
 *   path   := name ("." name)*          names may be "double quoted"; inside any and all they are the element's
 *             members, `element` is the element itself (of a map: `key` and `value`), `row.name` a column
 *   literal:= number | 'text' | true | false | null | date 'Y-M-D' | time 'H:M[:S]' | timestamp 'Y-M-D H:M:S[+zone]'
 */
#ifndef HS_MODEL_RULE_H
#define HS_MODEL_RULE_H

#include "arrow/type.h"

enum hs_rule_op {
    HS_RULE_LITERAL = 1,
    HS_RULE_FIELD,
    HS_RULE_PRINCIPAL, /* attribute name in `text` (roles, name: built in); gone after hs_policy fills it in */
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
    HS_RULE_CONTAINS, /* text args[0] has args[1] in it, byte for byte; the empty text is in every text */

    HS_RULE_REQUEST, /* a fact, by enum hs_rule_fact in `unit`; gone after hs_policy fills it in */

    /* Arithmetic. `type` is the result's type; a NULL operand makes NULL; nothing raises.
     * Exact (INT, LONG, DECIMAL), never rounded unless said, never out of range, for the binder saw to it:
     *   ADD SUB MUL NEG   LONG or DECIMAL(p, s); operands are widened first (hs_rule_operand_type)
     *   DIV               DECIMAL(p, s): the quotient cut off (toward zero) after s decimals; by zero: NULL
     *   MOD               what is left of that division in whole numbers of args[1]: the sign of args[0]; by zero: NULL
     * DOUBLE, once an operand is FLOAT or DOUBLE (no MOD): every operand as double; an operand that is not 0 and whose
     * size lies outside 1e-150 to 1e150 counts as NULL (NaN and infinities, too), so no engine meets an overflow or
     * an underflow; by zero: NULL.
     * DATE minus DATE: INT, days; both must lie in the years 1 to 9999, else NULL.
     * DATE, TIMESTAMP, TIMESTAMPTZ plus or minus a SPAN (args[1]): hs_rule_shift says by how much and for which values;
     * others give NULL. */
    HS_RULE_ADD,
    HS_RULE_SUB,
    HS_RULE_MUL,
    HS_RULE_DIV,
    HS_RULE_MOD,
    HS_RULE_NEG,
    HS_RULE_SPAN, /* days(args[0]): enum hs_rule_unit in `unit`; the amount is a whole number, constant once filled */

    /* args[0]: a FIELD that is a list or map; args[1]: the condition on each element. ANY is the OR over the elements,
     * ALL the AND, three-valued: of none FALSE and TRUE, of a NULL list UNKNOWN. A FIELD inside has its `scope`. */
    HS_RULE_ANY,
    HS_RULE_ALL,

    HS_RULE_LOOKUP, /* args[0] in the values that path_names (lookup, column) has where args[1] (if there) is true;
                     * hs_policy makes an IN of it */
};

enum hs_rule_fact {
    HS_FACT_PURPOSE = 1, /* text; NULL when none is stated */
    HS_FACT_WORKSPACE,
    HS_FACT_TODAY,       /* date, UTC */
    HS_FACT_NOW,         /* timestamp with zone, cut to the minute */
    HS_FACT_TIME_OF_DAY, /* time, UTC, cut to the minute */
    HS_FACT_WEEKDAY,     /* 1 Monday to 7 Sunday, UTC */
};

enum hs_rule_unit { HS_UNIT_YEARS = 1, HS_UNIT_MONTHS, HS_UNIT_DAYS, HS_UNIT_HOURS, HS_UNIT_MINUTES };

/* What a FIELD's first name is looked up in. */
enum hs_rule_base {
    HS_BASE_NEAREST = 0, /* the element of the nearest any or all around it, else the row */
    HS_BASE_ELEMENT,     /* `element`: path_names are what follows it, perhaps nothing */
    HS_BASE_ROW,         /* `row.x` inside any or all */
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
    HS_V_TIME,      /* i: microseconds since midnight */
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
    enum hs_rule_base base;
    /* FIELD, after binding. 0: of the row, path_ids[0] is a column. k: of the element of the k-th any or all around it,
     * counted from the outside; path_ids then begin below the element (of a map: with its key or value), and
     * path_len 0 is the element itself. */
    int scope;                      /* ANY, ALL: the number that their own elements have */
    int unit;                       /* REQUEST: enum hs_rule_fact; SPAN: enum hs_rule_unit */
    const struct hs_lookup *lookup; /* LOOKUP: resolved when the model is loaded */
    /* After binding. FIELD: its type. Comparisons, IN, BETWEEN: the one type in which all operands are compared exactly
     * (NULL when every operand is NULL or principal). Arithmetic: the result's (NULL while an attribute is unknown).
     * NULL for literals, principal, and/or/not, is null, any/all, spans. */
    const struct hs_type *type;
    int line, column; /* position in the model file, 1-based */
};

/* Parses; err->shown says "file:line:column: ..." with a suggestion. line/column: where the text begins in the file.
 * Bounds: 64 KiB of text, depth 64, 4,096 nodes. */
HS_MUST hs_rc hs_rule_parse(struct hs_arena *a, hs_str text, hs_str file, int line, int column, struct hs_rule **out,
                            struct hs_err *err);
/* The same for a condition on each element of a list or entry of a map: names are the element's, as inside any(...). */
HS_MUST hs_rc hs_rule_parse_element(struct hs_arena *a, hs_str text, hs_str file, int line, int column,
                                    struct hs_rule **out, struct hs_err *err);
/* Binds a *copy* of the rule to a table's type: `type` is a STRUCT with contract names and ids. Unknown column ->
 * error with suggestion; ill-typed comparison (text against number ...) -> error; nested through list or map -> error.
 */
HS_MUST hs_rc hs_rule_bind(struct hs_arena *a, const struct hs_rule *rule, const struct hs_type *type, hs_str file,
                           struct hs_rule **out, struct hs_err *err);
/* A condition on the elements of `list`, a LIST or MAP of that table; its own elements have scope 1. */
HS_MUST hs_rc hs_rule_bind_element(struct hs_arena *a, const struct hs_rule *rule, const struct hs_type *type,
                                   const struct hs_type *list, hs_str file, struct hs_rule **out, struct hs_err *err);
bool hs_rule_is_arithmetic(enum hs_rule_op op); /* ADD to NEG */
/* A lookup's condition against the lookup's columns; whether it has the column that is asked for. */
HS_MUST hs_rc hs_rule_bind_lookup(struct hs_arena *a, const struct hs_rule *rule, const struct hs_lookup *lookup,
                                  hs_str file, struct hs_rule **out, struct hs_err *err);
HS_MUST hs_rc hs_rule_check_lookup_column(struct hs_arena *a, const struct hs_rule *rule, hs_str file,
                                          struct hs_err *err);
/* The type that operand i of a bound arithmetic node is brought to before the operation; widening only. ADD and SUB of
 * DECIMAL(p, s): one digit less than the result, which is what SQL's own rule makes of it; MUL, DIV, MOD, NEG: the
 * operand's own width, as a decimal where the result is one. */
struct hs_type hs_rule_operand_type(const struct hs_rule *arithmetic, size_t i);
/* A moment plus or minus a span, bound and filled: by how many of which unit (signed), and between which values of
 * args[0] (both inclusive; days for a DATE, else microseconds) value and result lie in the years 1 to 9999. Months and
 * years keep the day of the month, or take the last one there is (31 January + months(1) = 28 or 29 February); zoned
 * values in UTC. low > high: no value fits. False: no such node. */
struct hs_rule_shift {
    enum hs_rule_unit unit; /* MONTHS, DAYS, or MINUTES: years and hours are counted in these */
    int64_t count;
    int64_t low, high;
};
bool hs_rule_shift(const struct hs_rule *r, struct hs_rule_shift *out);
/* One operation on constants, exact: args[i] stands for operand i. *out_known false: it cannot be computed here. */
HS_MUST hs_rc hs_rule_compute(struct hs_arena *a, const struct hs_rule *r, const struct hs_value *args, bool *out_known,
                              struct hs_value *out, struct hs_err *err);
/* What does not depend on a row becomes a constant, in place; the rule is bound and filled. */
HS_MUST hs_rc hs_rule_fold(struct hs_arena *a, struct hs_rule *r, struct hs_err *err);
/* A lookup's condition, bound to its columns and filled, for one of its rows: TRUE, FALSE or NULL. */
HS_MUST hs_rc hs_rule_ask(struct hs_arena *a, const struct hs_rule *r, const struct hs_value *row, struct hs_value *out,
                          struct hs_err *err);
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
bool hs_time_of_day_parse(hs_str text, int64_t *out_us); /* "10:55[:00[.123456]]" */
void hs_buf_add_time_of_day(struct hs_buf *b, int64_t us);
void hs_buf_add_date(struct hs_buf *b, int64_t days);
void hs_buf_add_timestamp(struct hs_buf *b, int64_t us, bool utc); /* with "+00:00" when utc */
/* "-10.50" -> 2 whole digits, 1 decimal: what an exact type must hold. False: not [-]digits[.digits], or over 38. */
bool hs_number_shape(hs_str text, int *out_whole, int *out_scale);
bool hs_uuid_valid(hs_str text); /* 8-4-4-4-12 hex digits */

#endif
