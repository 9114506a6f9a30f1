/* Private to engine/: the statement as the guard lets it through. Every struct, the guard's reader, the comparison and
 * the walk come out of the same table, tree.def, so that what is not in the table cannot be read, kept or printed. */
#ifndef HS_ENGINE_TREE_H
#define HS_ENGINE_TREE_H

#include "base/arena.h"

enum hs_node_kind {
    HS_N_NONE_ = 0,
#define NODE(kind, family, tag) HS_N_##kind,
#define FIELD(kind, name, how, what)
#define END(kind)
#include "engine/tree.def"
#undef NODE
#undef FIELD
#undef END
    HS_N_COUNT_
};

enum hs_family {
    HS_FAMILY_NOTHING = 0,
    HS_FAMILY_QUERY,
    HS_FAMILY_TABLE,
    HS_FAMILY_EXPR,
    HS_FAMILY_MODIFIER,
    HS_FAMILY_STATEMENT,
    HS_FAMILY_CTE_MAP,
    HS_FAMILY_CTE,
    HS_FAMILY_CTE_BODY,
    HS_FAMILY_ORDER_BY,
    HS_FAMILY_ORDER,
    HS_FAMILY_CASE_CHECK,
    HS_FAMILY_SAMPLE,
    HS_FAMILY_AT,
    HS_FAMILY_COLUMN_PATH,
    HS_FAMILY_REPLACEMENT,
    HS_FAMILY_RENAMING,
};

/* Sets of words; an expression's types are the set named like its node. */
enum hs_word_set {
    HS_SET_NOTHING = 0,
    HS_SET_COLUMN,
    HS_SET_CONSTANT,
    HS_SET_PARAMETER,
    HS_SET_FUNCTION,
    HS_SET_CASE,
    HS_SET_CAST,
    HS_SET_COLLATE,
    HS_SET_BETWEEN,
    HS_SET_SUBQUERY,
    HS_SET_LAMBDA,
    HS_SET_POSITION,
    HS_SET_STAR,
    HS_SET_COMPARISON,
    HS_SET_CONJUNCTION,
    HS_SET_OPERATOR,
    HS_SET_WINDOW,
    HS_SET_GROUPING,
    HS_SET_SET_OPERATION,
    HS_SET_JOIN_TYPE,
    HS_SET_JOIN_FORM,
    HS_SET_ORDINALITY,
    HS_SET_FRAME_EDGE,
    HS_SET_FRAME_EXCLUDE,
    HS_SET_SUBQUERY_FORM,
    HS_SET_SUBQUERY_COMPARISON,
    HS_SET_LAMBDA_FORM,
    HS_SET_MATERIALIZED,
    HS_SET_ORDER_TYPE,
    HS_SET_ORDER_NULLS,
    HS_SET_SAMPLE_METHOD,
};

typedef enum hs_word {
    HS_W_NONE_ = 0,
#define WORD(set, id, json, sql) HS_W_##id,
#include "engine/tree_words.def"
#undef WORD
    HS_W_COUNT_
} hs_word;

hs_word hs_word_find(enum hs_word_set set, hs_str json);
const char *hs_word_sql(hs_word word);

/* ---- nodes ---- */
struct hs_node {
    enum hs_node_kind kind;
    hs_word type;     /* expressions: the type within the class */
    hs_str alias;     /* expressions and tables */
    int64_t position; /* byte offset in the statement, -1 unknown */
};

struct hs_nodes {
    struct hs_node **at;
    size_t len, cap;
};
struct hs_names {
    hs_str *at;
    size_t len, cap;
};
struct hs_lists {
    struct hs_nodes *at;
    size_t len, cap;
};
struct hs_set {
    size_t *at;
    size_t len, cap;
};
struct hs_sets {
    struct hs_set *at;
    size_t len, cap;
};

enum hs_value_kind {
    HS_V_NULL = 1,
    HS_V_INTEGER, /* any whole number that fits 128 bits; text is what the parser reads as the same type again */
    HS_V_DECIMAL,
    HS_V_DOUBLE,
    HS_V_TEXT,
    HS_V_BOOLEAN, /* only until its node is checked */
    HS_V_OPEN,    /* the missing end of a slice */
};
struct hs_value {
    enum hs_value_kind kind;
    hs_str text; /* numbers: as printed; TEXT: the text itself */
};

/* A type as written: a name from guard_types.def and its arguments. */
struct hs_type_name {
    const char *name; /* static: the printed form, "DECIMAL" */
    hs_str label;     /* a struct member's name */
    struct hs_type_name *args;
    size_t arg_count;
    int64_t numbers[2]; /* DECIMAL's width and scale, ARRAY's length, VARCHAR's ignored length */
    size_t number_count;
};

#define HS_FIELD_ONE(name) struct hs_node *name;
#define HS_FIELD_NEED(name) struct hs_node *name;
#define HS_FIELD_MANY(name) struct hs_nodes name;
#define HS_FIELD_SOME(name) struct hs_nodes name;
#define HS_FIELD_TEXT(name) hs_str name;
#define HS_FIELD_NAMES(name) struct hs_names name;
#define HS_FIELD_FLAG(name) bool name;
#define HS_FIELD_NUMBER(name) int64_t name;
#define HS_FIELD_WORD(name) hs_word name;
#define HS_FIELD_MAYBE(name) hs_word name;
#define HS_FIELD_VALUE(name) struct hs_value name;
#define HS_FIELD_TYPE(name) struct hs_type_name name;
#define HS_FIELD_SETS(name) struct hs_sets name;
#define HS_FIELD_LISTS(name) struct hs_lists name;
#define HS_FIELD_NONE(name) char name;
#define HS_FIELD_SKIP(name) char name;

/* struct hs_n_SELECT { struct hs_node head; struct hs_nodes modifiers; ... }; */
#define NODE(kind, family, tag) \
    struct hs_n_##kind {        \
        struct hs_node head;
#define FIELD(kind, name, how, what) HS_FIELD_##how(name)
#define END(kind) \
    }             \
    ;
#include "engine/tree.def"
#undef NODE
#undef FIELD
#undef END

#define HS_AS(kind_, node) ((struct hs_n_##kind_ *)(node))
#define HS_IS(kind_, node) ((node) && (node)->kind == HS_N_##kind_)

/* ---- the table ---- */
enum hs_how {
    HS_HOW_NEED,
    HS_HOW_ONE,
    HS_HOW_MANY,
    HS_HOW_SOME,
    HS_HOW_TEXT,
    HS_HOW_NAMES,
    HS_HOW_FLAG,
    HS_HOW_NUMBER,
    HS_HOW_WORD,
    HS_HOW_MAYBE,
    HS_HOW_VALUE,
    HS_HOW_TYPE,
    HS_HOW_SETS,
    HS_HOW_LISTS,
    HS_HOW_NONE,
    HS_HOW_SKIP,
    HS_HOW_COUNT_
};
struct hs_field_rule {
    const char *name;
    enum hs_how how;
    int what; /* a family (NEED, ONE, MANY, SOME, LISTS) or a set of words (WORD, MAYBE) */
    size_t offset;
};
struct hs_node_rule {
    const char *tag;
    enum hs_family family;
    size_t size;
    const struct hs_field_rule *fields;
    size_t field_count;
};
const struct hs_node_rule *hs_node_rule(enum hs_node_kind kind);
enum hs_word_set hs_node_types(enum hs_node_kind kind); /* of an expression */
/* HS_N_NONE_ when the family has no such node. A family without tags takes tag "". */
enum hs_node_kind hs_node_find(enum hs_family family, hs_str tag);

struct hs_node *hs_node_new(struct hs_arena *a, enum hs_node_kind kind);
static inline void *hs_node_at(const struct hs_node *n, size_t offset)
{
    return (char *)(uintptr_t)n + offset;
}

/* Calls fn for every child in the table's order; stops at the first failure. */
typedef hs_rc (*hs_node_fn)(struct hs_node *child, void *arg, struct hs_err *err);
HS_MUST hs_rc hs_node_each(const struct hs_node *n, hs_node_fn fn, void *arg, struct hs_err *err);

/* The same statement, positions aside? */
bool hs_node_same(const struct hs_node *a, const struct hs_node *b);

#endif
