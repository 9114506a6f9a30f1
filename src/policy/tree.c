/* A table's fields laid flat, each beside its property in the contract. Nodes, not names, are what policies are
 * resolved to: one walk here, and everything after it is index arithmetic. */
#include "policy/policy_in.h"

#include <stdlib.h>

struct builder {
    struct hs_arena *arena;
    struct hs_tree *tree;
    size_t cap;
    struct hs_err *err;
};

static size_t count_fields(const struct hs_type *t, int depth)
{
    size_t n = 0;
    if (depth > HS_TREE_MAX_DEPTH)
        return HS_TREE_MAX_NODES + 1;
    for (size_t i = 0; i < t->field_count && n <= HS_TREE_MAX_NODES; i++)
        n += 1 + (t->fields[i].type ? count_fields(t->fields[i].type, depth + 1) : HS_TREE_MAX_NODES);
    return n;
}

static enum hs_step step_of(const struct hs_type *in, size_t i, int parent)
{
    if (parent < 0)
        return HS_STEP_TOP;
    if (in->id == HS_T_LIST)
        return HS_STEP_ELEMENT;
    if (in->id == HS_T_MAP)
        return i == 0 ? HS_STEP_KEY : HS_STEP_VALUE;
    return HS_STEP_MEMBER;
}

/* A bound type mostly has the contract's order, so a look at the same place saves the search. */
static const struct hs_property *property_named(const struct hs_property *all, size_t count, hs_str name, size_t place)
{
    if (place < count && hs_str_eq(all[place].name, name))
        return &all[place];
    for (size_t i = 0; i < count; i++)
        if (hs_str_eq(all[i].name, name))
            return &all[i];
    return NULL;
}

static const struct hs_property *property_for(struct builder *b, int parent, enum hs_step step, hs_str name,
                                              size_t place)
{
    const struct hs_table *t = b->tree->table;
    if (parent < 0)
        return property_named(t->properties, t->property_count, name, place);
    const struct hs_property *p = b->tree->nodes[parent].property;
    if (!p)
        return NULL;
    if (step == HS_STEP_ELEMENT)
        return p->property_count == 1 ? p->properties
                                      : property_named(p->properties, p->property_count, HS_S("items"), 0);
    if (step == HS_STEP_KEY || step == HS_STEP_VALUE)
        name = step == HS_STEP_KEY ? HS_S("key") : HS_S("value");
    return property_named(p->properties, p->property_count, name, place);
}

static hs_rc add_fields(struct builder *b, const struct hs_type *in, int parent)
{
    for (size_t i = 0; i < in->field_count; i++) {
        const struct hs_field *f = &in->fields[i];
        enum hs_step step = step_of(in, i, parent);
        size_t at = b->tree->count++;
        struct hs_node *n = &b->tree->nodes[at];
        *n = (struct hs_node){f, property_for(b, parent, step, f->name, i), step, parent, 0};
        /* What is in no contract is invisible, so it may not even be laid out here: its tags would be unknown. */
        if (!n->property && (step == HS_STEP_TOP || step == HS_STEP_MEMBER))
            return hs_fail_hidden(b->err, HS_INTERNAL, "bound field %d ('%.*s') is not in the contract", f->id,
                                  HS_FMT(f->name));
        HS_TRY(add_fields(b, f->type, (int)at));
        b->tree->nodes[at].end = b->tree->count;
    }
    return HS_OK;
}

static int by_number(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* The last id of a path names its field alone, and hidden ids cannot be taken for others: only if ids are unique. */
static hs_rc check_ids(struct builder *b)
{
    size_t n = b->tree->count;
    int *ids = hs_arena_array(b->arena, n ? n : 1, sizeof *ids);
    if (!ids)
        return hs_no_memory(b->err);
    for (size_t i = 0; i < n; i++)
        ids[i] = b->tree->nodes[i].field->id;
    qsort(ids, n, sizeof *ids, by_number);
    for (size_t i = 0; i < n; i++)
        if (ids[i] < 0 || (i && ids[i] == ids[i - 1]))
            return hs_fail_hidden(b->err, HS_UNSUPPORTED, "field id %d is missing or used twice", ids[i]);
    return HS_OK;
}

hs_rc hs_tree_build(struct hs_arena *a, const struct hs_table *table, const struct hs_type *bound, struct hs_tree *out,
                    struct hs_err *err)
{
    struct hs_tree tree = {.table = table, .bound = bound};
    struct builder b = {.arena = a, .tree = &tree, .err = err};
    b.cap = count_fields(bound, 0);
    if (bound->id != HS_T_STRUCT || b.cap > HS_TREE_MAX_NODES)
        return hs_fail_hidden(err, HS_LIMIT, "a table has at most %d fields, nested at most %d deep", HS_TREE_MAX_NODES,
                              HS_TREE_MAX_DEPTH);
    tree.nodes = hs_arena_array(a, b.cap ? b.cap : 1, sizeof *tree.nodes);
    if (!tree.nodes)
        return hs_no_memory(err);
    HS_TRY(add_fields(&b, bound, -1));
    HS_TRY(check_ids(&b));
    *out = tree;
    return HS_OK;
}

/* ---- paths ---- */

static bool next_name(hs_str *rest, char *copy, hs_str *out)
{
    size_t len = 0;
    if (rest->len && rest->at[0] == '"') {
        for (size_t i = 1; i < rest->len; i++) {
            if (rest->at[i] == '"' && (i + 1 == rest->len || rest->at[i + 1] != '"')) {
                *rest = hs_str_n(rest->at + i + 1, rest->len - i - 1);
                *out = hs_str_n(copy, len);
                return len > 0;
            }
            i += rest->at[i] == '"';
            copy[len++] = rest->at[i];
        }
        return false;
    }
    while (len < rest->len && rest->at[len] != '.' && rest->at[len] != '[')
        len++;
    *out = hs_str_n(rest->at, len);
    *rest = hs_str_n(rest->at + len, rest->len - len);
    return len > 0;
}

static hs_rc fail_member(struct hs_arena *a, const struct hs_tree *tree, size_t from, size_t end, hs_str name,
                         struct hs_err *err)
{
    int parent = from ? (int)from - 1 : -1;
    hs_str *names = hs_arena_array(a, end - from + 1, sizeof *names);
    size_t count = 0;
    if (!names)
        return hs_no_memory(err);
    for (size_t i = from; i < end; i = tree->nodes[i].end)
        if (tree->nodes[i].parent == parent)
            names[count++] = tree->nodes[i].field->name;
    hs_str near = hs_str_nearest(name, names, count);
    name.len = name.len > 60 ? 60 : name.len;
    if (near.len)
        return hs_fail(err, HS_INVALID, "unknown column '%.*s' (did you mean '%.*s'?)", HS_FMT(name), HS_FMT(near));
    return hs_fail(err, HS_INVALID, "unknown column '%.*s'", HS_FMT(name));
}

/* One name below `at` (-1: a column). */
static hs_rc find_member(struct hs_arena *a, const struct hs_tree *tree, int at, hs_str name, size_t *out,
                         struct hs_err *err)
{
    size_t from = at < 0 ? 0 : (size_t)at + 1, end = at < 0 ? tree->count : tree->nodes[at].end;
    enum hs_type_id id = at < 0 ? HS_T_STRUCT : tree->nodes[at].field->type->id;
    if (id == HS_T_LIST)
        return hs_fail(err, HS_INVALID, "'%.*s' is a list: write '%.*s[].%.*s'", HS_FMT(tree->nodes[at].field->name),
                       HS_FMT(tree->nodes[at].field->name), (int)(name.len > 60 ? 60 : name.len), name.at);
    for (size_t i = from; i < end; i = tree->nodes[i].end) {
        hs_str called = tree->nodes[i].field->name;
        if (id == HS_T_MAP)
            called = tree->nodes[i].step == HS_STEP_KEY ? HS_S("key") : HS_S("value");
        if (hs_str_eq(called, name)) {
            *out = i;
            return HS_OK;
        }
    }
    if (id == HS_T_MAP)
        return hs_fail(err, HS_INVALID, "a map has 'key' and 'value', not '%.*s'", (int)(name.len > 60 ? 60 : name.len),
                       name.at);
    return fail_member(a, tree, from, end, name, err);
}

static hs_rc take_elements(const struct hs_tree *tree, hs_str *rest, size_t *at, struct hs_err *err)
{
    while (rest->len >= 2 && rest->at[0] == '[' && rest->at[1] == ']') {
        if (tree->nodes[*at].field->type->id != HS_T_LIST)
            return hs_fail(err, HS_INVALID, "'%.*s' is not a list: '[]' does not apply",
                           HS_FMT(tree->nodes[*at].field->name));
        ++*at; /* a list's element is the node after it */
        *rest = hs_str_n(rest->at + 2, rest->len - 2);
    }
    return HS_OK;
}

hs_rc hs_tree_find(struct hs_arena *a, const struct hs_tree *tree, hs_str path, size_t *out_node, struct hs_err *err)
{
    hs_str rest = path, name;
    char *copy = hs_arena_alloc(a, path.len + 1);
    int at = -1;
    size_t found = 0;
    if (!copy)
        return hs_no_memory(err);
    for (;;) {
        if (rest.len && rest.at[0] == '$')
            return hs_fail(err, HS_UNSUPPORTED, "paths inside JSON text are not supported yet");
        if (!next_name(&rest, copy, &name))
            return hs_fail(err, HS_INVALID, "'%.*s' is not a column path such as customer.street or items[].price",
                           (int)(path.len > 100 ? 100 : path.len), path.at);
        HS_TRY(find_member(a, tree, at, name, &found, err));
        HS_TRY(take_elements(tree, &rest, &found, err));
        at = (int)found;
        if (rest.len == 0)
            break;
        if (rest.at[0] != '.')
            return hs_fail(err, HS_INVALID, "'.' or '[]' is expected after '%.*s'", HS_FMT(name));
        rest = hs_str_n(rest.at + 1, rest.len - 1);
    }
    *out_node = found;
    return HS_OK;
}

bool hs_tree_in_key(const struct hs_tree *tree, size_t node)
{
    for (int i = (int)node; i >= 0; i = tree->nodes[i].parent)
        if (tree->nodes[i].step == HS_STEP_KEY)
            return true;
    return false;
}

int *hs_tree_path(struct hs_arena *a, const struct hs_tree *tree, size_t node, size_t *out_len)
{
    size_t len = 0;
    for (int i = (int)node; i >= 0; i = tree->nodes[i].parent)
        len++;
    int *ids = hs_arena_array(a, len, sizeof *ids);
    if (!ids)
        return NULL;
    *out_len = len;
    for (int i = (int)node; i >= 0; i = tree->nodes[i].parent)
        ids[--len] = tree->nodes[i].field->id;
    return ids;
}

void hs_buf_add_node(struct hs_buf *b, const struct hs_tree *tree, size_t node)
{
    const struct hs_node *n = &tree->nodes[node];
    if (n->parent >= 0)
        hs_buf_add_node(b, tree, (size_t)n->parent);
    switch (n->step) {
    case HS_STEP_TOP:
        hs_buf_adds(b, n->field->name);
        return;
    case HS_STEP_MEMBER:
        hs_buf_addf(b, ".%.*s", HS_FMT(n->field->name));
        return;
    case HS_STEP_ELEMENT:
        hs_buf_addz(b, "[]");
        return;
    case HS_STEP_KEY:
        hs_buf_addz(b, ".key");
        return;
    case HS_STEP_VALUE:
        hs_buf_addz(b, ".value");
        return;
    }
}
