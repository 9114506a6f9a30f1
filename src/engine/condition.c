/* What a statement asks of each row of a scan, for whoever plans the scan's files: a condition that a row meets (is
 * TRUE of) when it can count for anything in the answer. The engine applies the statement to every row all the same, so
 * what cannot be said here exactly becomes "any", which may be TRUE and whose negation may be; only a conjunct of which
 * nothing else is left is dropped. Columns of other scans are "any", too: one conjunct may ask something of each.
 *
 * Values are compared as the engine's binder compares them: only constants and parameters that surely arrive as the
 * column's own type are taken (print_inside_value.c). */
#include "engine/inside_in.h"

#include "engine/conditions.h"

enum { DEPTH = 100 };

struct asked {
    struct hs_arena *arena;
    const struct hs_params *params;
    struct hs_condition **out; /* one a scan */
    const struct hs_sources *from;
    const struct hs_source *source; /* whose condition is made */
    int depth;
    bool no_memory;
};

static const struct hs_condition any = {.op = HS_ASK_ANY};

static struct hs_condition test(enum hs_ask op, const struct asked *a, const struct hs_scan_column *c)
{
    return (struct hs_condition){.op = op, .column = (size_t)(c - a->source->scan->columns)};
}

static const struct hs_scan_column *column(const struct asked *a, const struct hs_node *n)
{
    const struct hs_source *s = NULL;
    const struct hs_scan_column *c = hs_inside_column(a->from, n, &s);
    return s == a->source ? c : NULL;
}

/* ---- tests ---- */
static struct hs_condition with_values(struct asked *a, enum hs_ask op, const struct hs_scan_column *c,
                                       struct hs_node *const *at, size_t count)
{
    struct hs_param *values = hs_arena_array(a->arena, count + 1, sizeof *values);
    a->no_memory |= !values;
    for (size_t i = 0; values && i < count; i++)
        if (!hs_inside_value(a->arena, at[i], c->type, a->params, &values[i]))
            return any;
    if (!values || op == HS_ASK_ANY)
        return any;
    struct hs_condition out = test(op, a, c);
    out.values = values;
    out.value_count = count;
    return out;
}

static enum hs_ask comparison_of(hs_word type, bool turned)
{
    switch ((int)type) {
    case HS_W_EQUAL:
        return HS_ASK_EQ;
    case HS_W_NOT_EQUAL:
        return HS_ASK_NE;
    case HS_W_LESS:
        return turned ? HS_ASK_GT : HS_ASK_LT;
    case HS_W_LESS_EQUAL:
        return turned ? HS_ASK_GE : HS_ASK_LE;
    case HS_W_GREATER:
        return turned ? HS_ASK_LT : HS_ASK_GT;
    case HS_W_GREATER_EQUAL:
        return turned ? HS_ASK_LE : HS_ASK_GE;
    default: /* IS [NOT] DISTINCT FROM */
        return HS_ASK_ANY;
    }
}

static struct hs_condition of_comparison(struct asked *a, const struct hs_n_COMPARISON *n)
{
    bool turned = !HS_IS(COLUMN, n->left);
    const struct hs_scan_column *c = column(a, turned ? n->right : n->left);
    struct hs_node *const value = turned ? n->left : n->right;
    return c ? with_values(a, comparison_of(n->head.type, turned), c, &value, 1) : any;
}

/* ---- joined ---- */
static struct hs_condition make(struct asked *a, const struct hs_node *n);

static struct hs_condition joined(struct asked *a, enum hs_ask op, const struct hs_condition *parts, size_t count)
{
    struct hs_condition *kept = hs_arena_array(a->arena, count + 1, sizeof *kept);
    a->no_memory |= !kept;
    if (!kept)
        return any;
    for (size_t i = 0; i < count; i++)
        kept[i] = parts[i];
    return (struct hs_condition){.op = op, .parts = kept, .part_count = count};
}

static struct hs_condition of_conjunction(struct asked *a, const struct hs_n_CONJUNCTION *n)
{
    struct hs_condition *parts = hs_arena_array(a->arena, n->children.len + 1, sizeof *parts);
    bool all = n->head.type == HS_W_AND, says = false;
    a->no_memory |= !parts;
    if (!parts)
        return any;
    for (size_t i = 0; i < n->children.len; i++) {
        parts[i] = make(a, n->children.at[i]);
        if (parts[i].op == HS_ASK_ANY && !all)
            return any;
        says |= parts[i].op != HS_ASK_ANY;
    }
    if (!says)
        return any;
    return (struct hs_condition){.op = all ? HS_ASK_AND : HS_ASK_OR, .parts = parts, .part_count = n->children.len};
}

static struct hs_condition of_between(struct asked *a, const struct hs_n_BETWEEN *n)
{
    const struct hs_scan_column *c = column(a, n->input);
    if (!c)
        return any;
    struct hs_condition ends[] = {with_values(a, HS_ASK_GE, c, &n->lower, 1),
                                  with_values(a, HS_ASK_LE, c, &n->upper, 1)};
    bool says = ends[0].op != HS_ASK_ANY || ends[1].op != HS_ASK_ANY;
    return says ? joined(a, HS_ASK_AND, ends, 2) : any;
}

static struct hs_condition of_operator(struct asked *a, const struct hs_n_OPERATOR *n)
{
    hs_word type = n->head.type;
    if (!n->children.len)
        return any;
    if (type == HS_W_NOT) {
        struct hs_condition part = make(a, n->children.at[0]);
        return part.op == HS_ASK_ANY ? any : joined(a, HS_ASK_NOT, &part, 1);
    }
    const struct hs_scan_column *c = column(a, n->children.at[0]);
    if (!c)
        return any;
    if (type == HS_W_IS_NULL || type == HS_W_IS_NOT_NULL)
        return test(type == HS_W_IS_NULL ? HS_ASK_IS_NULL : HS_ASK_NOT_NULL, a, c);
    if (type == HS_W_IN || type == HS_W_NOT_IN)
        return with_values(a, type == HS_W_IN ? HS_ASK_IN : HS_ASK_NOT_IN, c, n->children.at + 1, n->children.len - 1);
    return any;
}

/* ---- text ---- */
/* Up to what LIKE gives a meaning; a backslash has none there, but who looks for one may think so. */
static size_t plain_length(hs_str pattern)
{
    size_t len = 0;
    while (len < pattern.len && pattern.at[len] != '%' && pattern.at[len] != '_' && pattern.at[len] != '\\')
        len++;
    return len;
}

/* 'abc%' is just that; of every other pattern what it begins with is necessary and no more, so that its negation has to
 * stay open. */
static struct hs_condition of_prefix(struct asked *a, const struct hs_scan_column *c, struct hs_node *pattern,
                                     bool is_like)
{
    struct hs_condition begins = with_values(a, HS_ASK_STARTS_WITH, c, &pattern, 1);
    if (begins.op == HS_ASK_ANY || c->type->id != HS_T_STRING)
        return any;
    struct hs_param *value = (struct hs_param *)(uintptr_t)begins.values;
    if (value->null)
        return any;
    size_t len = is_like ? plain_length(value->text) : value->text.len;
    bool exact = !is_like || (len + 1 == value->text.len && value->text.at[len] == '%');
    struct hs_condition both[] = {begins, any};
    value->text.len = len;
    return !len ? any : exact ? begins : joined(a, HS_ASK_AND, both, 2);
}

static struct hs_condition of_function(struct asked *a, const struct hs_n_FUNCTION *f)
{
    bool like = hs_str_is(f->function_name, "~~");
    bool prefix = hs_str_is(f->function_name, "starts_with") || hs_str_is(f->function_name, "prefix") ||
                  hs_str_is(f->function_name, "^@");
    if ((!like && !prefix) || f->children.len != 2 || f->filter || f->order_bys || f->distinct)
        return any;
    const struct hs_scan_column *c = column(a, f->children.at[0]);
    return c ? of_prefix(a, c, f->children.at[1], like) : any;
}

static struct hs_condition of_flag(struct asked *a, const struct hs_node *n)
{
    static const struct hs_param yes = {.type = HS_T_BOOLEAN, .i = 1};
    const struct hs_scan_column *c = column(a, n);
    if (!c || c->type->id != HS_T_BOOLEAN)
        return any;
    struct hs_condition out = test(HS_ASK_EQ, a, c);
    out.values = &yes;
    out.value_count = 1;
    return out;
}

static struct hs_condition make(struct asked *a, const struct hs_node *n)
{
    struct hs_condition out = any;
    if (++a->depth <= DEPTH) {
        if (HS_IS(COMPARISON, n))
            out = of_comparison(a, HS_AS(COMPARISON, n));
        else if (HS_IS(BETWEEN, n))
            out = of_between(a, HS_AS(BETWEEN, n));
        else if (HS_IS(CONJUNCTION, n))
            out = of_conjunction(a, HS_AS(CONJUNCTION, n));
        else if (HS_IS(OPERATOR, n))
            out = of_operator(a, HS_AS(OPERATOR, n));
        else if (HS_IS(FUNCTION, n))
            out = of_function(a, HS_AS(FUNCTION, n));
        else if (HS_IS(COLUMN, n))
            out = of_flag(a, n);
    }
    a->depth--;
    return out;
}

/* ---- the statement ---- */
static void add(struct asked *a, const struct hs_condition *c)
{
    struct hs_condition **at = &a->out[a->source->index];
    struct hs_condition both[] = {*at ? **at : any, *c};
    struct hs_condition *kept = HS_NEW(a->arena, struct hs_condition);
    a->no_memory |= !kept;
    if (!kept)
        return;
    *kept = *at ? joined(a, HS_ASK_AND, both, 2) : *c;
    *at = kept;
}

static hs_rc ask(void *arg, const struct hs_sources *from, const struct hs_node *n, struct hs_err *err)
{
    struct asked *a = arg;
    a->from = from;
    for (size_t i = 0; i < from->len; i++) {
        a->source = &from->at[i];
        if (!a->source->open || !a->source->scan)
            continue;
        struct hs_condition c = make(a, n);
        if (c.op != HS_ASK_ANY)
            add(a, &c);
    }
    return a->no_memory ? hs_fail(err, HS_NOMEM, "out of memory") : HS_OK;
}

hs_rc hs_statement_conditions(struct hs_arena *arena, const struct hs_statement *s, const struct hs_scan *scans,
                              const struct hs_params *params, const struct hs_condition *const **out,
                              struct hs_err *err)
{
    struct asked a = {.arena = arena, .params = params};
    a.out = hs_arena_array(arena, s->ref_count + 1, sizeof *a.out);
    if (!a.out)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (s->tree && !s->as_is.len)
        HS_TRY(hs_each_conjunct(s, scans, ask, &a, err));
    *out = (const struct hs_condition *const *)a.out;
    return HS_OK;
}

/* ---- is there anything to choose? ---- */
struct relations {
    size_t tables, others;
};

static hs_rc count(struct hs_node *n, void *arg, struct hs_err *err)
{
    struct relations *r = arg;
    switch ((int)n->kind) {
    case HS_N_BASE_TABLE:
        r->tables++;
        break;
    case HS_N_JOIN:
    case HS_N_SET_OPERATION:
    case HS_N_RECURSIVE:
    case HS_N_TABLE_FUNCTION:
    case HS_N_VALUES:
    case HS_N_SUBQUERY:
    case HS_N_CTE:
        r->others++;
        break;
    default:
        break;
    }
    return hs_node_each(n, count, arg, err);
}

bool hs_statement_is_plain(const struct hs_statement *s)
{
    struct relations r = {0};
    return s->tree && !s->as_is.len && s->ref_count == 1 && count(s->tree, &r, NULL) == HS_OK && r.tables == 1 &&
           r.others == 0;
}
