/* What the rule files share and nobody else needs. */
#ifndef HS_MODEL_RULE_INTERNAL_H
#define HS_MODEL_RULE_INTERNAL_H

#include "model/rule.h"

enum {
    HS_RULE_MAX_TEXT = 64 * 1024,
    HS_RULE_MAX_DEPTH = 64,
    HS_RULE_MAX_NODES = 4096,
    HS_RULE_MAX_CHAIN = 64,    /* signs of arithmetic in a row */
    HS_NUMBER_MAX_DIGITS = 38, /* the widest decimal any engine behind us holds exactly */
};

enum hs_rule_token_kind {
    HS_TOK_END = 0,
    HS_TOK_NAME,   /* bare; may be a keyword */
    HS_TOK_QUOTED, /* "name": never a keyword */
    HS_TOK_NUMBER,
    HS_TOK_TEXT,
    HS_TOK_MARK, /* punctuation, as written */
};

struct hs_rule_token {
    enum hs_rule_token_kind kind;
    hs_str text; /* NAME, MARK: as written; QUOTED, TEXT: without quotes; NUMBER: without needless zeros */
    int line, column;
};

struct hs_rule_lexer {
    struct hs_arena *arena;
    const char *at, *end;
    hs_str file;
    int line, column;
};

/* The parser's state; rule.c reads tests and what joins them, rule_operand.c what stands on either side of a test. */
struct hs_rule_parser {
    struct hs_rule_lexer lex;
    struct hs_rule_token tok; /* the one not yet used */
    size_t nodes;
    int depth;
    int lists;   /* any and all around this place */
    bool lookup; /* inside a lookup's condition: names are its columns */
    struct hs_err *err;
};

HS_MUST hs_rc hs_rule_advance(struct hs_rule_parser *p);
bool hs_rule_at_word(const struct hs_rule_parser *p, const char *word);
bool hs_rule_at_mark(const struct hs_rule_parser *p, const char *mark);
HS_MUST hs_rc hs_rule_fail_here_(struct hs_rule_parser *p, const char *format, ...) HS_PRINTF(2, 3);
#define hs_rule_fail_here(p, ...) HS_FAILED(hs_rule_fail_here_((p), __VA_ARGS__))
/* "expected X, found Y (did you mean Z?)" */
HS_MUST hs_rc hs_rule_fail_expected(struct hs_rule_parser *p, const char *what, const hs_str *words, size_t count);
HS_MUST hs_rc hs_rule_take_mark(struct hs_rule_parser *p, const char *mark);
HS_MUST hs_rc hs_rule_new_node(struct hs_rule_parser *p, enum hs_rule_op op, int line, int column,
                               struct hs_rule **out);
HS_MUST hs_rc hs_rule_add_arg(struct hs_rule_parser *p, struct hs_rule *r, struct hs_rule *arg, size_t *cap);
HS_MUST hs_rc hs_rule_enter(struct hs_rule_parser *p);
HS_MUST hs_rc hs_rule_parse_or(struct hs_rule_parser *p, struct hs_rule **out);
HS_MUST hs_rc hs_rule_parse_sum(struct hs_rule_parser *p, struct hs_rule **out);
HS_MUST hs_rc hs_rule_parse_name(struct hs_rule_parser *p, const char *what, hs_str *out);
/* name ("." name)*; the first name is used up, unless there is none. */
HS_MUST hs_rc hs_rule_parse_path(struct hs_rule_parser *p, hs_str first, struct hs_rule *r);
HS_MUST hs_rc hs_rule_parse_attribute(struct hs_rule_parser *p, struct hs_rule *r); /* what follows "principal" */

/* The words for facts and units, by their number; [0] is empty. */
enum { HS_FACT_COUNT = HS_FACT_WEEKDAY + 1, HS_UNIT_COUNT = HS_UNIT_MINUTES + 1 };
extern const hs_str hs_rule_facts[HS_FACT_COUNT], hs_rule_units[HS_UNIT_COUNT];

/* ---- binding ---- */
struct hs_rule_binder {
    struct hs_arena *arena;
    const struct hs_type *table;
    hs_str file;
    int depth;
    const struct hs_type *lists[HS_RULE_MAX_DEPTH]; /* the lists and maps of the any and all around this place */
    int scope;
    const struct hs_lookup *lookup; /* inside its condition; `table` is then its columns */
    struct hs_err *err;
};

enum hs_rule_class {
    HS_CLASS_ANY, /* null, or an attribute whose value is not known yet */
    HS_CLASS_BOOL,
    HS_CLASS_NUMBER,
    HS_CLASS_TEXT,
    HS_CLASS_UUID,
    HS_CLASS_DATE,
    HS_CLASS_TIME,
    HS_CLASS_TIMESTAMP,
    HS_CLASS_TIMESTAMPTZ,
    HS_CLASS_TIMESTAMP_NS,
    HS_CLASS_NONE, /* may only be tested for null */
    HS_CLASS_LIST,
    HS_CLASS_SPAN,
    HS_CLASS_COUNT_,
};
extern const char *const hs_rule_class_words[HS_CLASS_COUNT_];
enum hs_rule_class hs_rule_class_of(const struct hs_rule *bound);
enum hs_rule_class hs_rule_class_of_type(const struct hs_type *t);

HS_MUST hs_rc hs_rule_fail_at_(struct hs_rule_binder *b, const struct hs_rule *at, const char *format, ...)
    HS_PRINTF(3, 4);
#define hs_rule_fail_at(b, at, ...) HS_FAILED(hs_rule_fail_at_((b), (at), __VA_ARGS__))

/* Types arithmetic whose operands are bound, and computes it where they are constants. */
HS_MUST hs_rc hs_rule_bind_arithmetic(struct hs_rule_binder *b, struct hs_rule *r);
/* What an exact number can need: digits in front of the point and after it. False: not an exact number. */
struct hs_rule_digits {
    int whole, scale;
    bool decimal; /* neither INT nor LONG */
};
bool hs_rule_digits_of(const struct hs_rule *number, struct hs_rule_digits *out);

HS_MUST hs_rc hs_rule_next_token(struct hs_rule_lexer *lex, struct hs_rule_token *out, struct hs_err *err);
/* Is this bare word one that the language means something by? In any case. */
bool hs_rule_is_keyword(hs_str word);
/* May this name be written without quotes? */
bool hs_rule_is_bare_name(hs_str name);

/* HS_INVALID, shown "file:line:column: words". */
HS_MUST hs_rc hs_rule_fail_(struct hs_err *err, hs_str file, int line, int column, const char *format, ...)
    HS_PRINTF(5, 6);
#define hs_rule_fail(...) HS_FAILED(hs_rule_fail_(__VA_ARGS__))

#endif
