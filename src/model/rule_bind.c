/* Binding and typing: names to field ids, and for every comparison the one type in which its operands are compared
 * exactly. What is well-typed here is total in every printer: no operand is ever cast in a way that can fail.
 *
 * Classes compare only with themselves; a literal takes its class from how it is written, null and an attribute not
 * yet known fit any. Numbers meet in the narrowest of int, long, an exact decimal and double that holds them all. */
#include "model/rule_internal.h"

#include <stdarg.h>
#include <stdio.h>

struct binder {
    struct hs_arena *arena;
    const struct hs_type *table;
    hs_str file;
    int depth;
    struct hs_err *err;
};

enum kinship {
    CLASS_ANY, /* null, or an attribute whose value is not known yet */
    CLASS_BOOL,
    CLASS_NUMBER,
    CLASS_TEXT,
    CLASS_UUID,
    CLASS_DATE,
    CLASS_TIME,
    CLASS_TIMESTAMP,
    CLASS_TIMESTAMPTZ,
    CLASS_TIMESTAMP_NS,
    CLASS_NONE, /* may only be tested for null */
    CLASS_LIST,
};

static const char *const class_words[] = {"null",
                                          "a boolean",
                                          "a number",
                                          "text",
                                          "a uuid",
                                          "a date",
                                          "a time",
                                          "a timestamp",
                                          "a timestamp with zone",
                                          "a timestamp in nanoseconds",
                                          "something that only 'is null' applies to",
                                          "a list of values"};

#define fail_at(b, at, ...) HS_FAILED(fail_at_((b), (at), __VA_ARGS__))
static HS_PRINTF(3, 4) hs_rc fail_at_(struct binder *b, const struct hs_rule *at, const char *format, ...)
{
    char words[300];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    return hs_rule_fail(b->err, b->file, at->line, at->column, "%s", words);
}

static hs_rc no_memory(struct binder *b)
{
    return hs_fail(b->err, HS_NOMEM, "out of memory");
}

/* ---- names to ids ---- */

static hs_rc fail_unknown(struct binder *b, const struct hs_rule *r, const struct hs_type *in, hs_str name)
{
    hs_str *names = hs_arena_array(b->arena, in->field_count + 1, sizeof *names);
    if (!names)
        return no_memory(b);
    for (size_t i = 0; i < in->field_count; i++)
        names[i] = in->fields[i].name;
    names[in->field_count] = HS_S("principal");
    hs_str near = hs_str_nearest(name, names, in->field_count + (in == b->table));
    const char *what = in == b->table ? "column" : "member";
    if (near.len)
        return fail_at(b, r, "unknown %s '%.*s' (did you mean '%.*s'?)", what, (int)(name.len > 60 ? 60 : name.len),
                       name.at, (int)(near.len > 60 ? 60 : near.len), near.at);
    return fail_at(b, r, "unknown %s '%.*s'", what, (int)(name.len > 60 ? 60 : name.len), name.at);
}

static hs_rc bind_field(struct binder *b, const struct hs_rule *from, struct hs_rule *r)
{
    const struct hs_type *in = b->table;
    r->path_ids = hs_arena_array(b->arena, from->path_len, sizeof *r->path_ids);
    if (!r->path_ids)
        return no_memory(b);
    for (size_t i = 0; i < from->path_len; i++) {
        if (in->id == HS_T_LIST || in->id == HS_T_MAP)
            return fail_at(b, r, "a rule cannot look inside a %s: it has many values", hs_type_name(in->id));
        if (in->id != HS_T_STRUCT)
            return fail_at(b, r, "'%.*s' has no members", HS_FMT(from->path_names[i - 1]));
        const struct hs_field *f = hs_type_field_by_name(in, from->path_names[i]);
        if (!f)
            return fail_unknown(b, r, in, from->path_names[i]);
        if (f->id < 0)
            return fail_at(b, r, "'%.*s' has no field id", HS_FMT(f->name));
        r->path_ids[i] = f->id;
        in = f->type;
    }
    r->type = in;
    return HS_OK;
}

/* ---- classes ---- */

static enum kinship class_of_type(const struct hs_type *t)
{
    switch (t->id) {
    case HS_T_BOOLEAN:
        return CLASS_BOOL;
    case HS_T_INT:
    case HS_T_LONG:
    case HS_T_FLOAT:
    case HS_T_DOUBLE:
    case HS_T_DECIMAL:
        return CLASS_NUMBER;
    case HS_T_DATE:
        return CLASS_DATE;
    case HS_T_TIME:
        return CLASS_TIME;
    case HS_T_TIMESTAMP:
        return CLASS_TIMESTAMP;
    case HS_T_TIMESTAMPTZ:
        return CLASS_TIMESTAMPTZ;
    case HS_T_TIMESTAMP_NS:
        return CLASS_TIMESTAMP_NS;
    case HS_T_STRING:
        return CLASS_TEXT;
    case HS_T_UUID:
        return CLASS_UUID;
    case HS_T_TIMESTAMPTZ_NS: /* no engine behind us compares these exactly yet */
    case HS_T_FIXED:
    case HS_T_BINARY:
    case HS_T_STRUCT:
    case HS_T_LIST:
    case HS_T_MAP:
    case HS_T_UNKNOWN:
    case HS_T_VARIANT:
    case HS_T_GEOMETRY:
    case HS_T_GEOGRAPHY:
    case HS_T_INT8: /* these are answers of expressions, never columns of a table */
    case HS_T_INT16:
    case HS_T_UINT8:
    case HS_T_UINT16:
    case HS_T_UINT32:
    case HS_T_UINT64:
    case HS_T_INTERVAL:
    case HS_T_COUNT_:
        return CLASS_NONE;
    }
    return CLASS_NONE;
}

static enum kinship class_of_value(const struct hs_value *v)
{
    static const enum kinship of[] = {[HS_V_NULL] = CLASS_ANY,
                                      [HS_V_BOOL] = CLASS_BOOL,
                                      [HS_V_INT] = CLASS_NUMBER,
                                      [HS_V_NUMBER] = CLASS_NUMBER,
                                      [HS_V_TEXT] = CLASS_TEXT,
                                      [HS_V_DATE] = CLASS_DATE,
                                      [HS_V_TIMESTAMP] = CLASS_TIMESTAMP,
                                      [HS_V_LIST] = CLASS_LIST};
    return v->kind == HS_V_TIMESTAMP && v->utc ? CLASS_TIMESTAMPTZ : of[v->kind];
}

static enum kinship class_of(const struct hs_rule *r)
{
    if (r->op == HS_RULE_FIELD)
        return class_of_type(r->type);
    if (r->op == HS_RULE_LITERAL)
        return class_of_value(&r->value);
    return r->op == HS_RULE_PRINCIPAL ? CLASS_ANY : CLASS_BOOL;
}

/* May a literal of class `from` stand where `to` is compared? Beyond equal classes: a uuid is written as text, and a
 * nanosecond column is compared with a timestamp that it can hold. */
static bool literal_becomes(const struct hs_rule *r, enum kinship from, enum kinship to)
{
    const int64_t ns_limit_us = INT64_MAX / 1000;
    if (r->op != HS_RULE_LITERAL)
        return false;
    if (to == CLASS_UUID && from == CLASS_TEXT)
        return hs_uuid_valid(r->value.text);
    return to == CLASS_TIMESTAMP_NS && from == CLASS_TIMESTAMP && r->value.i < ns_limit_us && r->value.i > -ns_limit_us;
}

static hs_rc fail_mix(struct binder *b, const struct hs_rule *r, enum kinship first, enum kinship other)
{
    if (r->op == HS_RULE_LITERAL && first == CLASS_UUID && other == CLASS_TEXT)
        return fail_at(b, r, "this text is not a uuid");
    if (first == CLASS_TIMESTAMPTZ && other == CLASS_TIMESTAMP)
        return fail_at(b, r,
                       "a column with a zone is compared with a timestamp that has one: write '+00:00' at its end");
    if (first == CLASS_TIMESTAMP && other == CLASS_TIMESTAMPTZ)
        return fail_at(b, r, "a timestamp with zone cannot be compared with one that has none");
    return fail_at(b, r, "%s cannot be compared with %s", class_words[first], class_words[other]);
}

/* The class that all operands share. Fields lead: a literal adapts to them, never they to it. */
static hs_rc common_class(struct binder *b, const struct hs_rule *r, enum kinship *out)
{
    enum kinship all = CLASS_ANY;
    for (int fields = 1; fields >= 0; fields--)
        for (size_t i = 0; i < r->arg_count; i++) {
            const struct hs_rule *arg = r->args[i];
            enum kinship one = class_of(arg);
            if ((arg->op == HS_RULE_FIELD) != fields || one == CLASS_ANY)
                continue;
            if (one == CLASS_NONE)
                return fail_at(b, arg, "values of type %s cannot be compared", hs_type_name(arg->type->id));
            if (one == CLASS_LIST)
                return fail_at(b, arg, "a list of values can only stand in 'in (...)'");
            if (all == CLASS_ANY)
                all = one;
            else if (one != all && !literal_becomes(arg, one, all))
                return fail_mix(b, arg, all, one);
        }
    *out = all;
    return HS_OK;
}

/* ---- numbers ---- */

struct width {
    bool inexact, decimal, wide; /* a float or double; needs an exact decimal; needs 64 bits */
    int whole, scale;
};

static bool widen(struct width *w, int whole, int scale)
{
    if (whole > w->whole)
        w->whole = whole;
    if (scale > w->scale)
        w->scale = scale;
    return true;
}

static bool widen_by_type(struct width *w, const struct hs_type *t)
{
    if (t->id == HS_T_FLOAT || t->id == HS_T_DOUBLE) {
        w->inexact = true;
        return true;
    }
    if (t->id == HS_T_DECIMAL) {
        w->decimal = true;
        return widen(w, t->precision - t->scale, t->scale);
    }
    w->wide |= t->id == HS_T_LONG;
    return widen(w, t->id == HS_T_LONG ? 19 : 10, 0);
}

static bool widen_by_value(struct width *w, const struct hs_value *v)
{
    int whole, scale;
    char digits[24];
    hs_str text = v->text;
    if (v->kind == HS_V_INT) {
        w->wide |= v->i > INT32_MAX || v->i < INT32_MIN;
        text = hs_str_n(digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)v->i));
    }
    if (!hs_number_shape(text, &whole, &scale))
        return false;
    w->decimal |= v->kind == HS_V_NUMBER;
    return widen(w, whole, scale);
}

static hs_rc number_type(struct binder *b, const struct hs_rule *r, const struct hs_type **out)
{
    struct width w = {0};
    for (size_t i = 0; i < r->arg_count; i++) {
        const struct hs_rule *arg = r->args[i];
        bool ok = true;
        if (arg->op == HS_RULE_FIELD)
            ok = widen_by_type(&w, arg->type);
        else if (arg->op == HS_RULE_LITERAL && arg->value.kind != HS_V_NULL)
            ok = widen_by_value(&w, &arg->value);
        if (!ok)
            return fail_at(b, arg, "a number is written with digits and one point only");
    }
    if (!w.inexact && w.decimal && w.whole + w.scale > HS_NUMBER_MAX_DIGITS)
        return fail_at(b, r, "these numbers need more than %d digits to be compared exactly", HS_NUMBER_MAX_DIGITS);
    struct hs_type *t = hs_type_new(b->arena, w.inexact   ? HS_T_DOUBLE
                                              : w.decimal ? HS_T_DECIMAL
                                              : w.wide    ? HS_T_LONG
                                                          : HS_T_INT);
    if (!t)
        return no_memory(b);
    if (t->id == HS_T_DECIMAL) {
        t->precision = w.whole + w.scale ? w.whole + w.scale : 1;
        t->scale = w.scale;
    }
    *out = t;
    return HS_OK;
}

static hs_rc common_type(struct binder *b, const struct hs_rule *r, enum kinship all, const struct hs_type **out)
{
    static const enum hs_type_id of[] = {[CLASS_BOOL] = HS_T_BOOLEAN,
                                         [CLASS_TEXT] = HS_T_STRING,
                                         [CLASS_UUID] = HS_T_UUID,
                                         [CLASS_DATE] = HS_T_DATE,
                                         [CLASS_TIME] = HS_T_TIME,
                                         [CLASS_TIMESTAMP] = HS_T_TIMESTAMP,
                                         [CLASS_TIMESTAMPTZ] = HS_T_TIMESTAMPTZ,
                                         [CLASS_TIMESTAMP_NS] = HS_T_TIMESTAMP_NS};
    *out = NULL;
    if (all == CLASS_ANY)
        return HS_OK;
    if (all == CLASS_NUMBER)
        return number_type(b, r, out);
    *out = hs_type_new(b->arena, of[all]);
    return *out ? HS_OK : no_memory(b);
}

/* ---- the tree ---- */

static hs_rc expect_bool(struct binder *b, const struct hs_rule *r)
{
    enum kinship c = class_of(r);
    if (c == CLASS_BOOL || c == CLASS_ANY)
        return HS_OK;
    if (r->op == HS_RULE_FIELD)
        return fail_at(b, r, "a condition is expected, and '%.*s' is not a boolean", HS_FMT(r->text));
    return fail_at(b, r, "a condition is expected, not %s", class_words[c]);
}

static hs_rc check_comparison(struct binder *b, struct hs_rule *r)
{
    enum kinship all = CLASS_ANY;
    HS_TRY(common_class(b, r, &all));
    bool ordered = r->op != HS_RULE_EQ && r->op != HS_RULE_NE && r->op != HS_RULE_IN;
    if (ordered && all == CLASS_BOOL)
        return fail_at(b, r, "booleans have no order: use = or <>");
    if ((r->op == HS_RULE_STARTS_WITH || r->op == HS_RULE_ENDS_WITH) && all != CLASS_TEXT && all != CLASS_ANY)
        return fail_at(b, r, "'%s with' is for text, not for %s", r->op == HS_RULE_STARTS_WITH ? "starts" : "ends",
                       class_words[all]);
    return common_type(b, r, all, &r->type);
}

static hs_rc check_node(struct binder *b, struct hs_rule *r)
{
    switch (r->op) {
    case HS_RULE_LITERAL:
    case HS_RULE_FIELD:
    case HS_RULE_PRINCIPAL:
        return HS_OK;
    case HS_RULE_AND:
    case HS_RULE_OR:
    case HS_RULE_NOT:
        for (size_t i = 0; i < r->arg_count; i++)
            HS_TRY(expect_bool(b, r->args[i]));
        return HS_OK;
    case HS_RULE_IS_NULL:
        return class_of(r->args[0]) == CLASS_LIST ? fail_at(b, r, "a list of values can only stand in 'in (...)'")
                                                  : HS_OK;
    case HS_RULE_EQ:
    case HS_RULE_NE:
    case HS_RULE_LT:
    case HS_RULE_LE:
    case HS_RULE_GT:
    case HS_RULE_GE:
    case HS_RULE_IN:
    case HS_RULE_BETWEEN:
    case HS_RULE_STARTS_WITH:
    case HS_RULE_ENDS_WITH:
        return check_comparison(b, r);
    case HS_RULE_CONTAINS:
    case HS_RULE_REQUEST:
    case HS_RULE_ADD:
    case HS_RULE_SUB:
    case HS_RULE_MUL:
    case HS_RULE_DIV:
    case HS_RULE_MOD:
    case HS_RULE_NEG:
    case HS_RULE_SPAN:
    case HS_RULE_ANY:
    case HS_RULE_ALL:
    case HS_RULE_LOOKUP:
        break;
    }
    return fail_at(b, r, "unknown kind of rule node");
}

static hs_rc bind_node(struct binder *b, const struct hs_rule *from, struct hs_rule **out)
{
    struct hs_rule *r = HS_NEW(b->arena, struct hs_rule);
    if (!r)
        return no_memory(b);
    *r = *from;
    r->type = NULL;
    /* Deciding may wrap a parsed rule a few levels deeper than the parser lets anyone write. */
    if (++b->depth > 4 * HS_RULE_MAX_DEPTH)
        return fail_at(b, r, "nested too deep");
    if (r->op == HS_RULE_FIELD)
        HS_TRY(bind_field(b, from, r));
    if (from->arg_count) {
        r->args = hs_arena_array(b->arena, from->arg_count, sizeof *r->args);
        if (!r->args)
            return no_memory(b);
        for (size_t i = 0; i < from->arg_count; i++)
            HS_TRY(bind_node(b, from->args[i], &r->args[i]));
    }
    HS_TRY(check_node(b, r));
    b->depth--;
    *out = r;
    return HS_OK;
}

hs_rc hs_rule_bind(struct hs_arena *a, const struct hs_rule *rule, const struct hs_type *type, hs_str file,
                   struct hs_rule **out, struct hs_err *err)
{
    struct binder b = {.arena = a, .table = type, .file = file, .err = err};
    struct hs_rule *bound;
    HS_TRY(bind_node(&b, rule, &bound));
    HS_TRY(expect_bool(&b, bound));
    *out = bound;
    return HS_OK;
}
