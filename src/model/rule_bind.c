/* Binding and typing: names to field ids, and for every comparison the one type in which its operands are compared
 * exactly. What is well-typed here is total in every printer: no operand is ever cast in a way that can fail.
 *
 * Classes compare only with themselves; a literal takes its class from how it is written, null and an attribute not
 * yet known fit any. Numbers meet in the narrowest of int, long, an exact decimal and double that holds them all. */
#include "model/lookup.h"
#include "model/rule_internal.h"

#include <stdarg.h>
#include <stdio.h>

const char *const hs_rule_class_words[HS_CLASS_COUNT_] = {
    "null",
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
    "a list of values",
    "a span of time",
};

hs_rc hs_rule_fail_at_(struct hs_rule_binder *b, const struct hs_rule *at, const char *format, ...)
{
    char words[300];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    return hs_rule_fail(b->err, b->file, at->line, at->column, "%s", words);
}

static hs_rc no_memory(struct hs_rule_binder *b)
{
    return hs_fail(b->err, HS_NOMEM, "out of memory");
}

/* ---- names to ids ---- */

static const struct hs_type *inner_list(const struct hs_rule_binder *b)
{
    return b->scope ? b->lists[b->scope - 1] : NULL;
}

static const char *noun(const struct hs_rule_binder *b, const struct hs_type *in)
{
    return in != b->table ? "member" : b->lookup ? "column of the lookup" : "column";
}

static hs_rc fail_unknown(struct hs_rule_binder *b, const struct hs_rule *r, const struct hs_type *in, hs_str name)
{
    hs_str *names = hs_arena_array(b->arena, in->field_count + 2, sizeof *names);
    if (!names)
        return no_memory(b);
    for (size_t i = 0; i < in->field_count; i++)
        names[i] = in->fields[i].name;
    names[in->field_count] = HS_S("principal");
    names[in->field_count + 1] = HS_S("request");
    hs_str near = hs_str_nearest(name, names, in->field_count + (in == b->table ? 2 : 0));
    hs_str shown = hs_str_n(name.at, name.len > 60 ? 60 : name.len);
    if (b->scope && r->base == HS_BASE_NEAREST && in != b->table && hs_type_field_by_name(b->table, name))
        return hs_rule_fail_at(b, r, "an element has no member '%.*s'; the row's column is row.%.*s", HS_FMT(shown),
                               HS_FMT(shown));
    if (near.len)
        return hs_rule_fail_at(b, r, "unknown %s '%.*s' (did you mean '%.*s'?)", noun(b, in), HS_FMT(shown),
                               (int)(near.len > 60 ? 60 : near.len), near.at);
    if (in == b->table && b->lookup)
        return hs_rule_fail_at(b, r,
                               "the lookup has no column '%.*s'; what is not about the lookup stands outside: "
                               "(x in a.b where ...) and ...",
                               HS_FMT(shown));
    return hs_rule_fail_at(b, r, "unknown %s '%.*s'", noun(b, in), HS_FMT(shown));
}

/* Where the first of the path's names is looked up. */
static hs_rc open_path(struct hs_rule_binder *b, struct hs_rule *r, const struct hs_type **out)
{
    const struct hs_type *list = r->base == HS_BASE_ROW ? NULL : inner_list(b);
    r->scope = list ? b->scope : 0;
    *out = list ? list : b->table;
    if (!list)
        return r->base == HS_BASE_ELEMENT ? hs_rule_fail_at(b, r, "'element' stands inside any(...) and all(...)")
                                          : HS_OK;
    bool map = list->id == HS_T_MAP;
    if (map && r->base == HS_BASE_ELEMENT)
        return hs_rule_fail_at(b, r, "a map's entries have a key and a value: write 'key' or 'value'");
    if (!map)
        *out = list->fields[0].type;
    if (r->base == HS_BASE_NEAREST && !map && (*out)->id != HS_T_STRUCT)
        return hs_rule_fail_at(b, r, "the elements of this list are values without members: write 'element'");
    return HS_OK;
}

static const struct hs_field *member(const struct hs_type *in, hs_str name, bool entry)
{
    if (!entry)
        return in->id == HS_T_STRUCT ? hs_type_field_by_name(in, name) : NULL;
    return hs_str_is(name, "key") ? &in->fields[0] : hs_str_is(name, "value") ? &in->fields[1] : NULL;
}

static hs_rc fail_inside(struct hs_rule_binder *b, const struct hs_rule *r, const struct hs_type *in, size_t i)
{
    if (in->id == HS_T_LIST || in->id == HS_T_MAP)
        return hs_rule_fail_at(b, r,
                               "a rule cannot look inside a %s like that: it has many values. Use any(...) or all(...)",
                               hs_type_name(in->id));
    if (i == 0)
        return hs_rule_fail_at(b, r, "'element' has no members");
    return hs_rule_fail_at(b, r, "'%.*s' has no members", HS_FMT(r->path_names[i - 1]));
}

static hs_rc bind_field(struct hs_rule_binder *b, const struct hs_rule *from, struct hs_rule *r)
{
    const struct hs_type *in = NULL;
    HS_TRY(open_path(b, r, &in));
    r->path_ids = hs_arena_array(b->arena, from->path_len ? from->path_len : 1, sizeof *r->path_ids);
    if (!r->path_ids)
        return no_memory(b);
    for (size_t i = 0; i < from->path_len; i++) {
        bool entry = i == 0 && r->scope && in == inner_list(b) && in->id == HS_T_MAP;
        if (in->id != HS_T_STRUCT && !entry)
            return fail_inside(b, r, in, i);
        const struct hs_field *f = member(in, from->path_names[i], entry);
        if (!f && entry)
            return hs_rule_fail_at(b, r, "a map's entries have a key and a value: write 'key' or 'value'");
        if (!f)
            return fail_unknown(b, r, in, from->path_names[i]);
        if (f->id < 0)
            return hs_rule_fail_at(b, r, "'%.*s' has no field id", HS_FMT(f->name));
        r->path_ids[i] = f->id;
        in = f->type;
    }
    r->type = in;
    return HS_OK;
}

/* ---- classes ---- */

enum hs_rule_class hs_rule_class_of_type(const struct hs_type *t)
{
    switch (t->id) {
    case HS_T_BOOLEAN:
        return HS_CLASS_BOOL;
    case HS_T_INT:
    case HS_T_LONG:
    case HS_T_FLOAT:
    case HS_T_DOUBLE:
    case HS_T_DECIMAL:
        return HS_CLASS_NUMBER;
    case HS_T_DATE:
        return HS_CLASS_DATE;
    case HS_T_TIME:
        return HS_CLASS_TIME;
    case HS_T_TIMESTAMP:
        return HS_CLASS_TIMESTAMP;
    case HS_T_TIMESTAMPTZ:
        return HS_CLASS_TIMESTAMPTZ;
    case HS_T_TIMESTAMP_NS:
        return HS_CLASS_TIMESTAMP_NS;
    case HS_T_STRING:
        return HS_CLASS_TEXT;
    case HS_T_UUID:
        return HS_CLASS_UUID;
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
        return HS_CLASS_NONE;
    }
    return HS_CLASS_NONE;
}

static enum hs_rule_class class_of_value(const struct hs_value *v)
{
    static const enum hs_rule_class of[] = {[HS_V_NULL] = HS_CLASS_ANY,
                                            [HS_V_BOOL] = HS_CLASS_BOOL,
                                            [HS_V_INT] = HS_CLASS_NUMBER,
                                            [HS_V_NUMBER] = HS_CLASS_NUMBER,
                                            [HS_V_TEXT] = HS_CLASS_TEXT,
                                            [HS_V_DATE] = HS_CLASS_DATE,
                                            [HS_V_TIMESTAMP] = HS_CLASS_TIMESTAMP,
                                            [HS_V_LIST] = HS_CLASS_LIST,
                                            [HS_V_TIME] = HS_CLASS_TIME};
    return v->kind == HS_V_TIMESTAMP && v->utc ? HS_CLASS_TIMESTAMPTZ : of[v->kind];
}

enum hs_rule_class hs_rule_class_of(const struct hs_rule *r)
{
    if (r->op == HS_RULE_LITERAL)
        return class_of_value(&r->value);
    if (r->op == HS_RULE_FIELD || r->op == HS_RULE_REQUEST || hs_rule_is_arithmetic(r->op))
        return r->type ? hs_rule_class_of_type(r->type) : HS_CLASS_ANY;
    if (r->op == HS_RULE_SPAN)
        return HS_CLASS_SPAN;
    return r->op == HS_RULE_PRINCIPAL ? HS_CLASS_ANY : HS_CLASS_BOOL;
}

/* Its type is given, and others adapt to it. */
static bool is_typed(const struct hs_rule *r)
{
    return r->op == HS_RULE_FIELD || r->op == HS_RULE_REQUEST || (hs_rule_is_arithmetic(r->op) && r->type);
}

/* May a literal of class `from` stand where `to` is compared? Beyond equal classes: a uuid is written as text, and a
 * nanosecond column is compared with a timestamp that it can hold. */
static bool literal_becomes(const struct hs_rule *r, enum hs_rule_class from, enum hs_rule_class to)
{
    const int64_t ns_limit_us = INT64_MAX / 1000;
    if (r->op != HS_RULE_LITERAL)
        return false;
    if (to == HS_CLASS_UUID && from == HS_CLASS_TEXT)
        return hs_uuid_valid(r->value.text);
    return to == HS_CLASS_TIMESTAMP_NS && from == HS_CLASS_TIMESTAMP && r->value.i < ns_limit_us &&
           r->value.i > -ns_limit_us;
}

static hs_rc fail_mix(struct hs_rule_binder *b, const struct hs_rule *r, enum hs_rule_class first,
                      enum hs_rule_class other)
{
    if (r->op == HS_RULE_LITERAL && first == HS_CLASS_UUID && other == HS_CLASS_TEXT)
        return hs_rule_fail_at(b, r, "this text is not a uuid");
    if (first == HS_CLASS_TIMESTAMPTZ && other == HS_CLASS_TIMESTAMP)
        return hs_rule_fail_at(
            b, r, "a column with a zone is compared with a timestamp that has one: write '+00:00' at its end");
    if (first == HS_CLASS_TIMESTAMP && other == HS_CLASS_TIMESTAMPTZ)
        return hs_rule_fail_at(b, r, "a timestamp with zone cannot be compared with one that has none");
    return hs_rule_fail_at(b, r, "%s cannot be compared with %s", hs_rule_class_words[first],
                           hs_rule_class_words[other]);
}

/* The class that all operands share. Fields lead: a literal adapts to them, never they to it. */
static hs_rc common_class(struct hs_rule_binder *b, const struct hs_rule *r, enum hs_rule_class *out)
{
    enum hs_rule_class all = HS_CLASS_ANY;
    for (int fields = 1; fields >= 0; fields--)
        for (size_t i = 0; i < r->arg_count; i++) {
            const struct hs_rule *arg = r->args[i];
            enum hs_rule_class one = hs_rule_class_of(arg);
            if (is_typed(arg) != fields || one == HS_CLASS_ANY)
                continue;
            if (one == HS_CLASS_SPAN)
                return hs_rule_fail_at(b, arg, "a span of time stands beside + or -: created + days(30)");
            if (one == HS_CLASS_NONE)
                return hs_rule_fail_at(b, arg, "values of type %s cannot be compared", hs_type_name(arg->type->id));
            if (one == HS_CLASS_LIST)
                return hs_rule_fail_at(b, arg, "a list of values can only stand in 'in (...)'");
            if (all == HS_CLASS_ANY)
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

static hs_rc number_type(struct hs_rule_binder *b, const struct hs_rule *r, const struct hs_type **out)
{
    struct width w = {0};
    for (size_t i = 0; i < r->arg_count; i++) {
        const struct hs_rule *arg = r->args[i];
        bool ok = true;
        if (is_typed(arg))
            ok = widen_by_type(&w, arg->type);
        else if (arg->op == HS_RULE_LITERAL && arg->value.kind != HS_V_NULL)
            ok = widen_by_value(&w, &arg->value);
        if (!ok)
            return hs_rule_fail_at(b, arg, "a number is written with digits and one point only");
    }
    if (!w.inexact && w.decimal && w.whole + w.scale > HS_NUMBER_MAX_DIGITS)
        return hs_rule_fail_at(b, r, "these numbers need more than %d digits to be compared exactly",
                               HS_NUMBER_MAX_DIGITS);
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

static hs_rc common_type(struct hs_rule_binder *b, const struct hs_rule *r, enum hs_rule_class all,
                         const struct hs_type **out)
{
    static const enum hs_type_id of[] = {[HS_CLASS_BOOL] = HS_T_BOOLEAN,
                                         [HS_CLASS_TEXT] = HS_T_STRING,
                                         [HS_CLASS_UUID] = HS_T_UUID,
                                         [HS_CLASS_DATE] = HS_T_DATE,
                                         [HS_CLASS_TIME] = HS_T_TIME,
                                         [HS_CLASS_TIMESTAMP] = HS_T_TIMESTAMP,
                                         [HS_CLASS_TIMESTAMPTZ] = HS_T_TIMESTAMPTZ,
                                         [HS_CLASS_TIMESTAMP_NS] = HS_T_TIMESTAMP_NS};
    *out = NULL;
    if (all == HS_CLASS_ANY)
        return HS_OK;
    if (all == HS_CLASS_NUMBER)
        return number_type(b, r, out);
    *out = hs_type_new(b->arena, of[all]);
    return *out ? HS_OK : no_memory(b);
}

/* ---- the tree ---- */

static hs_rc expect_bool(struct hs_rule_binder *b, const struct hs_rule *r)
{
    enum hs_rule_class c = hs_rule_class_of(r);
    if (c == HS_CLASS_BOOL || c == HS_CLASS_ANY)
        return HS_OK;
    if (r->op == HS_RULE_FIELD)
        return hs_rule_fail_at(b, r, "a condition is expected, and '%.*s' is not a boolean", HS_FMT(r->text));
    return hs_rule_fail_at(b, r, "a condition is expected, not %s", hs_rule_class_words[c]);
}

static hs_rc check_comparison(struct hs_rule_binder *b, struct hs_rule *r)
{
    enum hs_rule_class all = HS_CLASS_ANY;
    static const char *const words[] = {
        [HS_RULE_STARTS_WITH] = "starts with", [HS_RULE_ENDS_WITH] = "ends with", [HS_RULE_CONTAINS] = "contains"};
    HS_TRY(common_class(b, r, &all));
    bool ordered = r->op != HS_RULE_EQ && r->op != HS_RULE_NE && r->op != HS_RULE_IN;
    if (ordered && all == HS_CLASS_BOOL)
        return hs_rule_fail_at(b, r, "booleans have no order: use = or <>");
    bool text = r->op == HS_RULE_STARTS_WITH || r->op == HS_RULE_ENDS_WITH || r->op == HS_RULE_CONTAINS;
    if (text && all != HS_CLASS_TEXT && all != HS_CLASS_ANY)
        return hs_rule_fail_at(b, r, "'%s' is for text, not for %s", words[r->op], hs_rule_class_words[all]);
    return common_type(b, r, all, &r->type);
}

static hs_rc check_is_null(struct hs_rule_binder *b, const struct hs_rule *r)
{
    enum hs_rule_class c = hs_rule_class_of(r->args[0]);
    if (c == HS_CLASS_LIST)
        return hs_rule_fail_at(b, r, "a list of values can only stand in 'in (...)'");
    return c == HS_CLASS_SPAN ? hs_rule_fail_at(b, r, "a span of time stands beside + or -: created + days(30)")
                              : HS_OK;
}

static hs_rc type_fact(struct hs_rule_binder *b, struct hs_rule *r)
{
    static const struct hs_type types[HS_FACT_COUNT] = {
        [HS_FACT_PURPOSE] = {.id = HS_T_STRING},   [HS_FACT_WORKSPACE] = {.id = HS_T_STRING},
        [HS_FACT_TODAY] = {.id = HS_T_DATE},       [HS_FACT_NOW] = {.id = HS_T_TIMESTAMPTZ},
        [HS_FACT_TIME_OF_DAY] = {.id = HS_T_TIME}, [HS_FACT_WEEKDAY] = {.id = HS_T_INT}};
    if (r->unit < 1 || r->unit >= HS_FACT_COUNT)
        return hs_rule_fail_at(b, r, "unknown fact");
    r->type = &types[r->unit];
    return HS_OK;
}

/* Compared as with the lookup's column, in the place of a list. */
static hs_rc fail_lookup_column(struct hs_rule_binder *b, const struct hs_rule *r, const struct hs_type *columns)
{
    hs_str *names = hs_arena_array(b->arena, columns->field_count + 1, sizeof *names);
    if (!names)
        return no_memory(b);
    for (size_t i = 0; i < columns->field_count; i++)
        names[i] = columns->fields[i].name;
    hs_str name = r->path_names[r->path_len - 1], near = hs_str_nearest(name, names, columns->field_count);
    hs_str lookup = r->path_names[r->path_len - 2];
    if (near.len)
        return hs_rule_fail_at(b, r, "the lookup '%.*s' has no column '%.*s' (did you mean '%.*s'?)", HS_FMT(lookup),
                               HS_FMT(name), HS_FMT(near));
    return hs_rule_fail_at(b, r, "the lookup '%.*s' has no column '%.*s'", HS_FMT(lookup), HS_FMT(name));
}

static hs_rc check_lookup(struct hs_rule_binder *b, struct hs_rule *r)
{
    if (!r->lookup)
        return hs_rule_fail_at(b, r, "there is no lookup '%.*s'", HS_FMT(r->path_names[r->path_len - 2]));
    const struct hs_type *columns = r->lookup->type;
    const struct hs_field *f = hs_type_field_by_name(columns, r->path_names[r->path_len - 1]);
    struct hs_rule value = {.op = HS_RULE_FIELD, .line = r->line, .column = r->column};
    struct hs_rule *args[2] = {r->args[0], &value};
    struct hs_rule both = {.op = HS_RULE_IN, .args = args, .arg_count = 2, .line = r->line, .column = r->column};
    if (!f)
        return fail_lookup_column(b, r, columns);
    value.type = f->type;
    HS_TRY(check_comparison(b, &both));
    r->type = both.type;
    return r->arg_count > 1 ? expect_bool(b, r->args[1]) : HS_OK;
}

static hs_rc check_node(struct hs_rule_binder *b, struct hs_rule *r)
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
        return check_is_null(b, r);
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
    case HS_RULE_CONTAINS:
        return check_comparison(b, r);
    case HS_RULE_REQUEST:
        return type_fact(b, r);
    case HS_RULE_ADD:
    case HS_RULE_SUB:
    case HS_RULE_MUL:
    case HS_RULE_DIV:
    case HS_RULE_MOD:
    case HS_RULE_NEG:
    case HS_RULE_SPAN:
        return hs_rule_bind_arithmetic(b, r);
    case HS_RULE_ANY:
    case HS_RULE_ALL:
        return expect_bool(b, r->args[1]);
    case HS_RULE_LOOKUP:
        return check_lookup(b, r);
    }
    return hs_rule_fail_at(b, r, "unknown kind of rule node");
}

static hs_rc bind_node(struct hs_rule_binder *b, const struct hs_rule *from, struct hs_rule **out);

/* The condition of any and all is about the list's elements. */
static hs_rc bind_elements(struct hs_rule_binder *b, const struct hs_rule *from, struct hs_rule *r)
{
    const struct hs_rule *list = r->args[0];
    const struct hs_type *t = list->type;
    if (list->op != HS_RULE_FIELD || !t || (t->id != HS_T_LIST && t->id != HS_T_MAP))
        return hs_rule_fail_at(b, list, "'%.*s' is no list: any and all look into lists and maps", HS_FMT(list->text));
    if (b->scope == HS_RULE_MAX_DEPTH || t->field_count != (t->id == HS_T_MAP ? 2 : 1))
        return hs_rule_fail_at(b, r, "nested too deep");
    b->lists[b->scope++] = t;
    r->scope = b->scope;
    HS_TRY(bind_node(b, from->args[1], &r->args[1]));
    b->scope--;
    return HS_OK;
}

static hs_rc bind_lookup_rows(struct hs_rule_binder *b, const struct hs_rule *from, struct hs_rule *r)
{
    const struct hs_type *table = b->table;
    int scope = b->scope;
    if (!from->lookup)
        return hs_rule_fail_at(b, r, "there is no lookup '%.*s'", HS_FMT(r->path_names[r->path_len - 2]));
    b->table = from->lookup->type;
    b->lookup = from->lookup;
    b->scope = 0;
    HS_TRY(bind_node(b, from->args[1], &r->args[1]));
    b->table = table;
    b->lookup = NULL;
    b->scope = scope;
    return HS_OK;
}

static hs_rc bind_args(struct hs_rule_binder *b, const struct hs_rule *from, struct hs_rule *r)
{
    bool list = r->op == HS_RULE_ANY || r->op == HS_RULE_ALL;
    r->args = hs_arena_array(b->arena, from->arg_count, sizeof *r->args);
    if (!r->args)
        return no_memory(b);
    for (size_t i = 0; i < from->arg_count; i++) {
        if (i == 1 && list)
            HS_TRY(bind_elements(b, from, r));
        else if (i == 1 && r->op == HS_RULE_LOOKUP)
            HS_TRY(bind_lookup_rows(b, from, r));
        else
            HS_TRY(bind_node(b, from->args[i], &r->args[i]));
    }
    return HS_OK;
}

static hs_rc bind_node(struct hs_rule_binder *b, const struct hs_rule *from, struct hs_rule **out)
{
    struct hs_rule *r = HS_NEW(b->arena, struct hs_rule);
    if (!r)
        return no_memory(b);
    *r = *from;
    r->type = NULL;
    /* Deciding may wrap a parsed rule a few levels deeper than the parser lets anyone write. */
    if (++b->depth > 4 * HS_RULE_MAX_DEPTH)
        return hs_rule_fail_at(b, r, "nested too deep");
    if (r->op == HS_RULE_FIELD)
        HS_TRY(bind_field(b, from, r));
    if (from->arg_count)
        HS_TRY(bind_args(b, from, r));
    HS_TRY(check_node(b, r));
    b->depth--;
    *out = r;
    return HS_OK;
}

hs_rc hs_rule_bind(struct hs_arena *a, const struct hs_rule *rule, const struct hs_type *type, hs_str file,
                   struct hs_rule **out, struct hs_err *err)
{
    struct hs_rule_binder b = {.arena = a, .table = type, .file = file, .err = err};
    struct hs_rule *bound;
    HS_TRY(bind_node(&b, rule, &bound));
    HS_TRY(expect_bool(&b, bound));
    *out = bound;
    return HS_OK;
}

hs_rc hs_rule_bind_element(struct hs_arena *a, const struct hs_rule *rule, const struct hs_type *type,
                           const struct hs_type *list, hs_str file, struct hs_rule **out, struct hs_err *err)
{
    struct hs_rule_binder b = {.arena = a, .table = type, .file = file, .err = err};
    struct hs_rule *bound;
    if ((list->id != HS_T_LIST && list->id != HS_T_MAP) || list->field_count != (list->id == HS_T_MAP ? 2 : 1))
        return hs_rule_fail_at(&b, rule, "a condition on elements is for lists and maps, not for %s",
                               hs_type_name(list->id));
    b.lists[b.scope++] = list;
    HS_TRY(bind_node(&b, rule, &bound));
    HS_TRY(expect_bool(&b, bound));
    *out = bound;
    return HS_OK;
}

hs_rc hs_rule_bind_lookup(struct hs_arena *a, const struct hs_rule *rule, const struct hs_lookup *lookup, hs_str file,
                          struct hs_rule **out, struct hs_err *err)
{
    struct hs_rule_binder b = {.arena = a, .table = lookup->type, .lookup = lookup, .file = file, .err = err};
    struct hs_rule *bound;
    HS_TRY(bind_node(&b, rule, &bound));
    HS_TRY(expect_bool(&b, bound));
    *out = bound;
    return HS_OK;
}

hs_rc hs_rule_check_lookup_column(struct hs_arena *a, const struct hs_rule *rule, hs_str file, struct hs_err *err)
{
    struct hs_rule_binder b = {.arena = a, .file = file, .err = err};
    const struct hs_type *columns = rule->lookup->type;
    bool found = hs_type_field_by_name(columns, rule->path_names[rule->path_len - 1]) != NULL;
    return found ? HS_OK : fail_lookup_column(&b, rule, columns);
}
