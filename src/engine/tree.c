/* The table of nodes made into data, and what follows from it alone: finding, walking, comparing. */
#include "engine/tree.h"

#include <stddef.h>

#define WHAT_NEED(what) HS_FAMILY_##what
#define WHAT_ONE(what) HS_FAMILY_##what
#define WHAT_MANY(what) HS_FAMILY_##what
#define WHAT_SOME(what) HS_FAMILY_##what
#define WHAT_LISTS(what) HS_FAMILY_##what
#define WHAT_MAYBE(what) HS_SET_##what
#define WHAT_WORD(what) HS_SET_##what
#define WHAT_TEXT(what) 0
#define WHAT_NAMES(what) 0
#define WHAT_FLAG(what) 0
#define WHAT_NUMBER(what) 0
#define WHAT_VALUE(what) 0
#define WHAT_TYPE(what) 0
#define WHAT_SETS(what) 0
#define WHAT_NONE(what) 0
#define WHAT_SKIP(what) 0

#define NODE(kind, family, tag) static const struct hs_field_rule fields_##kind[] = {
#define FIELD(kind, name, how, what) {#name, HS_HOW_##how, WHAT_##how(what), offsetof(struct hs_n_##kind, name)},
#define END(kind)               \
    {                           \
        NULL, HS_HOW_NONE, 0, 0 \
    }                           \
    }                           \
    ;
#include "engine/tree.def"
#undef NODE
#undef FIELD
#undef END

/* The words an expression's "type" may be: the set named like the node, where there is one. */
enum hs_word_set hs_node_types(enum hs_node_kind kind)
{
    static const unsigned char sets[HS_N_COUNT_] = {
        [HS_N_COLUMN] = HS_SET_COLUMN,
        [HS_N_CONSTANT] = HS_SET_CONSTANT,
        [HS_N_PARAMETER] = HS_SET_PARAMETER,
        [HS_N_FUNCTION] = HS_SET_FUNCTION,
        [HS_N_WINDOW] = HS_SET_WINDOW,
        [HS_N_CASE] = HS_SET_CASE,
        [HS_N_CAST] = HS_SET_CAST,
        [HS_N_COLLATE] = HS_SET_COLLATE,
        [HS_N_COMPARISON] = HS_SET_COMPARISON,
        [HS_N_CONJUNCTION] = HS_SET_CONJUNCTION,
        [HS_N_BETWEEN] = HS_SET_BETWEEN,
        [HS_N_OPERATOR] = HS_SET_OPERATOR,
        [HS_N_SUBQUERY] = HS_SET_SUBQUERY,
        [HS_N_LAMBDA] = HS_SET_LAMBDA,
        [HS_N_POSITION] = HS_SET_POSITION,
        [HS_N_STAR] = HS_SET_STAR,
    };
    return (enum hs_word_set)sets[kind];
}

static const struct hs_node_rule rules[HS_N_COUNT_] = {
#define NODE(kind, family, tag)                                                          \
    [HS_N_##kind] = {tag, HS_FAMILY_##family, sizeof(struct hs_n_##kind), fields_##kind, \
                     sizeof fields_##kind / sizeof fields_##kind[0] - 1},
#define FIELD(kind, name, how, what)
#define END(kind)
#include "engine/tree.def"
#undef NODE
#undef FIELD
#undef END
};

static const struct {
    enum hs_word_set set;
    const char *json, *sql;
} words[HS_W_COUNT_] = {
#define WORD(set, id, json, sql) [HS_W_##id] = {HS_SET_##set, json, sql},
#include "engine/tree_words.def"
#undef WORD
};

hs_word hs_word_find(enum hs_word_set set, hs_str json)
{
    for (int i = 1; i < HS_W_COUNT_; i++)
        if (words[i].set == set && hs_str_is(json, words[i].json))
            return (hs_word)i;
    return HS_W_NONE_;
}

const char *hs_word_sql(hs_word word)
{
    return words[word].sql ? words[word].sql : "";
}

const struct hs_node_rule *hs_node_rule(enum hs_node_kind kind)
{
    return &rules[kind];
}

enum hs_node_kind hs_node_find(enum hs_family family, hs_str tag)
{
    for (int i = 1; i < HS_N_COUNT_; i++)
        if (rules[i].family == family && hs_str_is(tag, rules[i].tag))
            return (enum hs_node_kind)i;
    return HS_N_NONE_;
}

struct hs_node *hs_node_new(struct hs_arena *a, enum hs_node_kind kind)
{
    struct hs_node *n = hs_arena_alloc(a, rules[kind].size);
    if (n) {
        n->kind = kind;
        n->position = -1;
    }
    return n;
}

static hs_rc each_of(const struct hs_nodes *nodes, hs_node_fn fn, void *arg, struct hs_err *err)
{
    for (size_t i = 0; i < nodes->len; i++)
        HS_TRY(fn(nodes->at[i], arg, err));
    return HS_OK;
}

hs_rc hs_node_each(const struct hs_node *n, hs_node_fn fn, void *arg, struct hs_err *err)
{
    const struct hs_node_rule *rule = &rules[n->kind];
    for (size_t i = 0; i < rule->field_count; i++) {
        const struct hs_field_rule *f = &rule->fields[i];
        const void *at = hs_node_at(n, f->offset);
        if ((f->how == HS_HOW_ONE || f->how == HS_HOW_NEED) && *(struct hs_node *const *)at)
            HS_TRY(fn(*(struct hs_node *const *)at, arg, err));
        if (f->how == HS_HOW_MANY || f->how == HS_HOW_SOME)
            HS_TRY(each_of(at, fn, arg, err));
        if (f->how == HS_HOW_LISTS) {
            const struct hs_lists *lists = at;
            for (size_t k = 0; k < lists->len; k++)
                HS_TRY(each_of(&lists->at[k], fn, arg, err));
        }
    }
    return HS_OK;
}

/* ---- sameness ---- */
static bool same_nodes(const struct hs_nodes *a, const struct hs_nodes *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (!hs_node_same(a->at[i], b->at[i]))
            return false;
    return true;
}

static bool same_names(const struct hs_names *a, const struct hs_names *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (!hs_str_eq(a->at[i], b->at[i]))
            return false;
    return true;
}

static bool same_lists(const struct hs_lists *a, const struct hs_lists *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (!same_nodes(&a->at[i], &b->at[i]))
            return false;
    return true;
}

static bool same_sets(const struct hs_sets *a, const struct hs_sets *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++) {
        const struct hs_set *x = &a->at[i], *y = &b->at[i];
        if (x->len != y->len || (x->len && memcmp(x->at, y->at, x->len * sizeof x->at[0]) != 0))
            return false;
    }
    return true;
}

static bool same_type(const struct hs_type_name *a, const struct hs_type_name *b)
{
    if (a->name != b->name || !hs_str_eq(a->label, b->label) || a->arg_count != b->arg_count ||
        a->number_count != b->number_count)
        return false;
    for (size_t i = 0; i < a->number_count; i++)
        if (a->numbers[i] != b->numbers[i])
            return false;
    for (size_t i = 0; i < a->arg_count; i++)
        if (!same_type(&a->args[i], &b->args[i]))
            return false;
    return true;
}

static bool same_value(const struct hs_value *a, const struct hs_value *b)
{
    return a->kind == b->kind && hs_str_eq(a->text, b->text);
}

static bool same_field(const struct hs_field_rule *f, const void *a, const void *b)
{
    switch (f->how) {
    case HS_HOW_NEED:
    case HS_HOW_ONE:
        return hs_node_same(*(struct hs_node *const *)a, *(struct hs_node *const *)b);
    case HS_HOW_MANY:
    case HS_HOW_SOME:
        return same_nodes(a, b);
    case HS_HOW_TEXT:
        return hs_str_eq(*(const hs_str *)a, *(const hs_str *)b);
    case HS_HOW_NAMES:
        return same_names(a, b);
    case HS_HOW_FLAG:
        return *(const bool *)a == *(const bool *)b;
    case HS_HOW_NUMBER:
        return *(const int64_t *)a == *(const int64_t *)b;
    case HS_HOW_WORD:
    case HS_HOW_MAYBE:
        return *(const hs_word *)a == *(const hs_word *)b;
    case HS_HOW_VALUE:
        return same_value(a, b);
    case HS_HOW_TYPE:
        return same_type(a, b);
    case HS_HOW_SETS:
        return same_sets(a, b);
    case HS_HOW_LISTS:
        return same_lists(a, b);
    case HS_HOW_NONE:
    case HS_HOW_SKIP:
        return true;
    case HS_HOW_COUNT_:
        break;
    }
    return false;
}

bool hs_node_same(const struct hs_node *a, const struct hs_node *b)
{
    if (!a || !b)
        return a == b;
    if (a->kind != b->kind || a->type != b->type || !hs_str_eq(a->alias, b->alias))
        return false;
    const struct hs_node_rule *rule = &rules[a->kind];
    for (size_t i = 0; i < rule->field_count; i++) {
        const struct hs_field_rule *f = &rule->fields[i];
        if (!same_field(f, hs_node_at(a, f->offset), hs_node_at(b, f->offset)))
            return false;
    }
    return true;
}
