/* Constants and type names out of the engine's JSON. Numbers are kept as the text that parses to the same number again.
 */
#include "engine/guard_in.h"

#include <math.h>
#include <stdio.h>

static hs_rc no_memory(struct hs_err *err)
{
    return hs_fail(err, HS_NOMEM, "out of memory");
}

hs_rc hs_guard_text(struct hs_guard *g, yyjson_val *v, hs_str *out, struct hs_err *err)
{
    if (!yyjson_is_str(v))
        return hs_guard_odd(g, err, "a text expected");
    hs_str text = hs_str_n(yyjson_get_str(v), yyjson_get_len(v));
    if (memchr(text.at, 0, text.len))
        return hs_guard_odd(g, err, "a zero byte in a text");
    *out = hs_arena_str(g->arena, text);
    return out->at ? HS_OK : no_memory(err);
}

/* Only these keys, each at most once. */
static bool only_keys(yyjson_val *v, const char *const *keys, size_t count)
{
    unsigned seen = 0;
    if (!yyjson_is_obj(v))
        return false;
    yyjson_obj_iter it = yyjson_obj_iter_with(v);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
        size_t i = 0;
        while (i < count && !yyjson_equals_str(key, keys[i]))
            i++;
        if (i == count || (seen & (1u << i)))
            return false;
        seen |= 1u << i;
    }
    return true;
}
#define ONLY(v, ...) \
    only_keys((v), (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static hs_str str_at(yyjson_val *v, const char *key)
{
    yyjson_val *s = yyjson_obj_get(v, key);
    return hs_str_n(yyjson_is_str(s) ? yyjson_get_str(s) : "", yyjson_is_str(s) ? yyjson_get_len(s) : 0);
}

/* ---- numbers ---- */
struct whole {
    unsigned __int128 size;
    bool negative;
};

static bool whole_of(yyjson_val *v, bool is_signed, struct whole *out)
{
    if (yyjson_is_uint(v)) {
        *out = (struct whole){yyjson_get_uint(v), false};
        return true;
    }
    if (yyjson_is_sint(v)) {
        int64_t n = yyjson_get_sint(v);
        *out = (struct whole){n < 0 ? -(unsigned __int128)n : (unsigned __int128)n, n < 0};
        return true;
    }
    yyjson_val *upper = yyjson_obj_get(v, "upper"), *lower = yyjson_obj_get(v, "lower");
    if (!ONLY(v, "upper", "lower") || !yyjson_is_int(upper) || !yyjson_is_uint(lower))
        return false;
    unsigned __int128 n = (unsigned __int128)yyjson_get_uint(upper) << 64 | yyjson_get_uint(lower);
    bool negative = is_signed && (int64_t)yyjson_get_uint(upper) < 0;
    *out = (struct whole){negative ? -n : n, negative};
    return true;
}

/* Digits, at least `least` of them; returns the length. */
static size_t put_digits(char out[64], unsigned __int128 n, size_t least)
{
    char back[64];
    size_t len = 0;
    while (n || len < least) {
        back[len++] = (char)('0' + (int)(n % 10));
        n /= 10;
    }
    for (size_t i = 0; i < len; i++)
        out[i] = back[len - 1 - i];
    return len;
}

static hs_rc whole_text(struct hs_guard *g, yyjson_val *v, bool is_signed, struct hs_value *out, struct hs_err *err)
{
    struct whole n;
    char digits[64];
    if (!whole_of(v, is_signed, &n))
        return hs_guard_odd(g, err, "a whole number expected");
    size_t len = put_digits(digits, n.size, 1);
    out->kind = HS_V_INTEGER;
    out->text = hs_arena_printf(g->arena, "%s%.*s", n.negative ? "-" : "", (int)len, digits);
    return out->text.at ? HS_OK : no_memory(err);
}

/* The parser takes a decimal's width from the digits written, so 0.5, .5 and 00.5 are three types. */
static hs_rc decimal_text(struct hs_guard *g, yyjson_val *info, yyjson_val *v, struct hs_value *out, struct hs_err *err)
{
    yyjson_val *width = yyjson_obj_get(info, "width"), *scale = yyjson_obj_get(info, "scale");
    struct whole n;
    char digits[64];
    if (!hs_str_is(str_at(info, "type"), "DECIMAL_TYPE_INFO") || !yyjson_is_uint(width) || !yyjson_is_uint(scale) ||
        yyjson_get_uint(width) > 38 || yyjson_get_uint(scale) > yyjson_get_uint(width) || !whole_of(v, true, &n))
        return hs_guard_odd(g, err, "a decimal expected");
    size_t after = (size_t)yyjson_get_uint(scale);
    size_t len = put_digits(digits, n.size, (size_t)yyjson_get_uint(width));
    size_t before = len - after;
    out->kind = HS_V_DECIMAL;
    out->text = hs_arena_printf(g->arena, "%s%.*s.%.*s", n.negative ? "-" : "", (int)before, digits, (int)after,
                                digits + before);
    return out->text.at ? HS_OK : no_memory(err);
}

/* Seventeen digits name a double exactly; the exponent makes the parser read a double and not a decimal. */
static hs_rc double_text(struct hs_guard *g, yyjson_val *v, struct hs_value *out, struct hs_err *err)
{
    char text[64];
    if (!yyjson_is_num(v) || isnan(yyjson_get_num(v)))
        return hs_guard_odd(g, err, "a number expected");
    double d = yyjson_get_num(v);
    if (isinf(d))
        snprintf(text, sizeof text, "%s1e400", d < 0 ? "-" : "");
    else
        snprintf(text, sizeof text, "%.16e", d);
    out->kind = HS_V_DOUBLE;
    out->text = hs_arena_str(g->arena, hs_str_of(text));
    return out->text.at ? HS_OK : no_memory(err);
}

hs_rc hs_guard_value(struct hs_guard *g, yyjson_val *v, struct hs_value *out, struct hs_err *err)
{
    yyjson_val *type = yyjson_obj_get(v, "type"), *value = yyjson_obj_get(v, "value");
    yyjson_val *info = yyjson_obj_get(type, "type_info");
    if (!ONLY(v, "type", "is_null", "value") || !ONLY(type, "id", "type_info"))
        return hs_guard_odd(g, err, "a constant expected");
    hs_str id = str_at(type, "id");
    if (yyjson_is_true(yyjson_obj_get(v, "is_null"))) {
        out->kind = HS_V_NULL;
        return hs_str_is(id, "NULL") ? HS_OK : hs_guard_odd(g, err, "a typed null constant");
    }
    if (hs_str_is(id, "INTEGER") || hs_str_is(id, "BIGINT"))
        return whole_text(g, value, true, out, err);
    if (hs_str_is(id, "HUGEINT") || hs_str_is(id, "UHUGEINT"))
        return whole_text(g, value, hs_str_is(id, "HUGEINT"), out, err);
    if (hs_str_is(id, "DECIMAL"))
        return decimal_text(g, info, value, out, err);
    if (hs_str_is(id, "DOUBLE"))
        return double_text(g, value, out, err);
    if (hs_str_is(id, "VARCHAR")) {
        out->kind = HS_V_TEXT;
        return hs_guard_text(g, value, &out->text, err);
    }
    if (hs_str_is(id, "BOOLEAN") && yyjson_is_bool(value)) {
        /* IS TRUE and its kin; written out again as the parser writes TRUE: CAST('t' AS BOOLEAN) (hs_guard_check) */
        out->kind = HS_V_BOOLEAN;
        out->text = yyjson_get_bool(value) ? HS_S("t") : HS_S("f");
        return HS_OK;
    }
    if (hs_str_is(id, "LIST") && hs_str_is(str_at(info, "type"), "LIST_TYPE_INFO") &&
        yyjson_get_len(yyjson_obj_get(value, "children")) == 0) {
        out->kind = HS_V_OPEN;
        return HS_OK;
    }
    return hs_guard_odd(g, err, "a kind of constant that is not known");
}

/* ---- types ---- */
static hs_rc read_type(struct hs_guard *g, yyjson_val *v, struct hs_type_name *out, struct hs_err *err);
static hs_rc read_type_expression(struct hs_guard *g, yyjson_val *v, struct hs_type_name *out, struct hs_err *err);

static hs_rc name_type(struct hs_guard *g, hs_str name, struct hs_type_name *out, struct hs_err *err)
{
    size_t numbers = 0;
    out->name = hs_guard_type_word(name, &numbers);
    if (out->name)
        return HS_OK;
    hs_str shown = hs_guard_quotable(g, name);
    return hs_guard_refuse(g, -1, err, "type %.*s is not supported", HS_FMT(shown));
}

static hs_rc make_args(struct hs_guard *g, struct hs_type_name *out, size_t count, struct hs_err *err)
{
    out->args = hs_arena_array(g->arena, count, sizeof *out->args);
    return out->args ? HS_OK : no_memory(err);
}

/* What belongs in the brackets of each type. */
static hs_rc check_type(struct hs_guard *g, struct hs_type_name *t, struct hs_err *err)
{
    size_t numbers = 0, args = 0;
    hs_guard_type_word(hs_str_of(t->name), &numbers);
    bool is_struct = strcmp(t->name, "STRUCT") == 0;
    if (strcmp(t->name, "LIST") == 0 || strcmp(t->name, "ARRAY") == 0)
        args = 1;
    if (strcmp(t->name, "MAP") == 0)
        args = 2;
    if (strcmp(t->name, "BIT") == 0)
        t->number_count = 0; /* the parser adds a length nobody wrote */
    bool ok = is_struct ? t->arg_count > 0 && !t->number_count : t->arg_count == args && t->number_count <= numbers;
    if (strcmp(t->name, "ARRAY") == 0)
        ok &= t->number_count == 1;
    for (size_t i = 0; i < t->arg_count; i++)
        ok &= (t->args[i].label.len > 0) == is_struct;
    for (size_t i = 0; i < t->number_count; i++)
        ok &= t->numbers[i] >= 0;
    return ok ? HS_OK : hs_guard_odd(g, err, "a type with unexpected parts");
}

/* A bound type's description. */
static hs_rc read_members(struct hs_guard *g, yyjson_val *list, struct hs_type_name *out, struct hs_err *err)
{
    size_t i, max;
    yyjson_val *item;
    HS_TRY(make_args(g, out, yyjson_arr_size(list) + 1, err));
    yyjson_arr_foreach(list, i, max, item)
    {
        struct hs_type_name *arg = &out->args[out->arg_count++];
        if (!ONLY(item, "first", "second"))
            return hs_guard_odd(g, err, "a struct type expected");
        HS_TRY(read_type(g, yyjson_obj_get(item, "second"), arg, err));
        HS_TRY(hs_guard_text(g, yyjson_obj_get(item, "first"), &arg->label, err));
    }
    return HS_OK;
}

static hs_rc read_info(struct hs_guard *g, yyjson_val *info, struct hs_type_name *out, struct hs_err *err)
{
    yyjson_val *child = yyjson_obj_get(info, "child_type");
    hs_str kind = str_at(info, "type");
    if (str_at(info, "alias").len || yyjson_is_ctn(yyjson_obj_get(info, "extension_info")))
        return hs_guard_odd(g, err, "a type with an alias");
    if (hs_str_is(kind, "DECIMAL_TYPE_INFO")) {
        out->numbers[0] = yyjson_get_sint(yyjson_obj_get(info, "width"));
        out->numbers[1] = yyjson_get_sint(yyjson_obj_get(info, "scale"));
        out->number_count = 2;
        return HS_OK;
    }
    if (hs_str_is(kind, "STRUCT_TYPE_INFO"))
        return read_members(g, yyjson_obj_get(info, "child_types"), out, err);
    if (hs_str_is(kind, "ARRAY_TYPE_INFO")) {
        out->numbers[0] = yyjson_get_sint(yyjson_obj_get(info, "size"));
        out->number_count = 1;
    } else if (!hs_str_is(kind, "LIST_TYPE_INFO")) {
        return hs_guard_odd(g, err, "a kind of type that is not known");
    }
    if (strcmp(out->name, "MAP") == 0) {
        yyjson_val *pair = yyjson_obj_get(yyjson_obj_get(child, "type_info"), "child_types");
        HS_TRY(read_members(g, pair, out, err));
        for (size_t i = 0; i < out->arg_count; i++)
            out->args[i].label = (hs_str){NULL, 0};
        return HS_OK;
    }
    HS_TRY(make_args(g, out, 1, err));
    out->arg_count = 1;
    return read_type(g, child, out->args, err);
}

/* A type still by name: as an expression (newer trees) or as texts (older ones). */
static hs_rc read_unbound(struct hs_guard *g, yyjson_val *info, struct hs_type_name *out, struct hs_err *err)
{
    yyjson_val *expression = yyjson_obj_get(info, "expr");
    if (!hs_str_is(str_at(info, "type"), "UNBOUND_TYPE_INFO"))
        return hs_guard_odd(g, err, "an unbound type without a name");
    if (expression)
        return ONLY(info, "type", "alias", "extension_info", "expr")
                   ? read_type_expression(g, expression, out, err)
                   : hs_guard_odd(g, err, "an unbound type with unknown parts");
    if (!ONLY(info, "type", "alias", "extension_info", "name", "catalog", "schema", "user_type_modifiers") ||
        str_at(info, "catalog").len || str_at(info, "schema").len ||
        yyjson_get_len(yyjson_obj_get(info, "user_type_modifiers")))
        return hs_guard_refuse(g, -1, err, "types made by somebody are not supported");
    return name_type(g, str_at(info, "name"), out, err);
}

static hs_rc read_argument(struct hs_guard *g, yyjson_val *v, struct hs_type_name *out, struct hs_err *err)
{
    yyjson_val *value = yyjson_obj_get(v, "value"), *number = yyjson_obj_get(value, "value");
    if (hs_str_is(str_at(v, "class"), "TYPE")) {
        struct hs_type_name *arg = &out->args[out->arg_count++];
        return read_type_expression(g, v, arg, err);
    }
    bool plain = ONLY(v, "class", "type", "alias", "query_location", "value") &&
                 hs_str_is(str_at(v, "class"), "CONSTANT") && hs_str_is(str_at(v, "type"), "VALUE_CONSTANT") &&
                 ONLY(value, "type", "is_null", "value") && !str_at(v, "alias").len;
    if (!plain || !yyjson_is_uint(number) || out->number_count == 2 || yyjson_get_uint(number) > INT32_MAX)
        return hs_guard_odd(g, err, "a type with an unknown argument");
    out->numbers[out->number_count++] = yyjson_get_sint(number);
    return HS_OK;
}

static hs_rc read_type_expression(struct hs_guard *g, yyjson_val *v, struct hs_type_name *out, struct hs_err *err)
{
    yyjson_val *children = yyjson_obj_get(v, "children"), *item;
    size_t i, max;
    if (!ONLY(v, "class", "type", "alias", "query_location", "catalog", "schema", "type_name", "children") ||
        !hs_str_is(str_at(v, "class"), "TYPE") || !hs_str_is(str_at(v, "type"), "TYPE"))
        return hs_guard_odd(g, err, "a type expected");
    if (str_at(v, "catalog").len || str_at(v, "schema").len)
        return hs_guard_refuse(g, -1, err, "types made by somebody are not supported");
    if (++g->depth > HS_GUARD_DEPTH || ++g->nodes > HS_GUARD_NODES)
        return hs_fail(err, HS_LIMIT, "the statement is nested too deeply");
    HS_TRY(name_type(g, str_at(v, "type_name"), out, err));
    if (str_at(v, "alias").len)
        HS_TRY(hs_guard_text(g, yyjson_obj_get(v, "alias"), &out->label, err));
    HS_TRY(make_args(g, out, yyjson_arr_size(children) + 1, err));
    yyjson_arr_foreach(children, i, max, item) HS_TRY(read_argument(g, item, out, err));
    g->depth--;
    return check_type(g, out, err);
}

static hs_rc read_type(struct hs_guard *g, yyjson_val *v, struct hs_type_name *out, struct hs_err *err)
{
    yyjson_val *info = yyjson_obj_get(v, "type_info");
    hs_str id = str_at(v, "id");
    if (!ONLY(v, "id", "type_info"))
        return hs_guard_odd(g, err, "a type expected");
    if (++g->depth > HS_GUARD_DEPTH || ++g->nodes > HS_GUARD_NODES)
        return hs_fail(err, HS_LIMIT, "the statement is nested too deeply");
    hs_rc rc;
    if (hs_str_is(id, "UNBOUND"))
        rc = read_unbound(g, info, out, err);
    else if ((rc = name_type(g, id, out, err)) == HS_OK && yyjson_is_obj(info))
        rc = read_info(g, info, out, err);
    g->depth--;
    return rc == HS_OK ? check_type(g, out, err) : rc;
}

hs_rc hs_guard_type(struct hs_guard *g, yyjson_val *v, struct hs_type_name *out, struct hs_err *err)
{
    HS_TRY(read_type(g, v, out, err));
    return out->label.len ? hs_guard_odd(g, err, "a named type") : HS_OK;
}
