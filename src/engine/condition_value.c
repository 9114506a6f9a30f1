/* Constants and bound parameters of a condition as plain values of the column's own type. The same constants count as
 * in print_inside_value.c, and a few more, since nothing is printed: the engine casts a text beside a time to that
 * type, and its session's time zone is UTC, always. Only what is exact is taken. */
#include "engine/inside_in.h"

#include <stdlib.h>

static bool whole(const struct hs_node *n, int64_t least, int64_t most, struct hs_param *out)
{
    const struct hs_value *v = hs_inside_constant(n);
    out->type = HS_T_LONG;
    return v && v->kind == HS_V_INTEGER && hs_str_to_i64(v->text, &out->i) && out->i >= least && out->i <= most;
}

static bool decimal(const struct hs_node *n, const struct hs_type *type, struct hs_param *out)
{
    const hs_str *text = hs_inside_decimal(n, type);
    if (!text)
        return false;
    *out = (struct hs_param){.type = HS_T_DECIMAL, .precision = type->precision, .scale = type->scale, .text = *text};
    return true;
}

/* Up to 15 digits every way to a double gives the nearest one. */
static bool number(const struct hs_node *n, struct hs_param *out)
{
    const struct hs_value *v = hs_inside_constant(n);
    char text[64];
    out->type = HS_T_DOUBLE;
    if (!v || (v->kind != HS_V_INTEGER && v->kind != HS_V_DECIMAL && v->kind != HS_V_DOUBLE) || v->text.len > 16)
        return false;
    memcpy(text, v->text.at, v->text.len);
    text[v->text.len] = '\0';
    char *end;
    out->d = strtod(text, &end);
    return end == text + v->text.len;
}

static bool flag(const struct hs_node *n, struct hs_param *out)
{
    const hs_str *text = hs_inside_text_as(n, "BOOLEAN");
    *out = (struct hs_param){.type = HS_T_BOOLEAN, .i = text && hs_str_is(*text, "t")};
    return text && (out->i || hs_str_is(*text, "f"));
}

static bool day(const struct hs_node *n, struct hs_param *out)
{
    const struct hs_value *v = hs_inside_constant(n);
    out->type = HS_T_DATE;
    return v && v->kind == HS_V_TEXT ? hs_inside_date(v->text, &out->i) : hs_inside_day(n, &out->i);
}

static bool without_zone(hs_str *text)
{
    static const char *const utc[] = {"+00:00", "+00", "Z"};
    for (size_t i = 0; i < sizeof utc / sizeof utc[0]; i++) {
        hs_str end = hs_str_of(utc[i]);
        if (text->len > end.len && hs_str_eq(hs_str_n(text->at + text->len - end.len, end.len), end)) {
            text->len -= end.len;
            return true;
        }
    }
    return false;
}

/* A day is its midnight. */
static bool moment(const struct hs_node *n, bool zoned, struct hs_param *out)
{
    const struct hs_value *v = hs_inside_constant(n);
    const hs_str *written = hs_inside_text_as(n, "TIMESTAMP");
    const hs_str *with_zone = zoned ? hs_inside_text_as(n, "TIMESTAMP WITH TIME ZONE") : NULL;
    bool is_text = v && v->kind == HS_V_TEXT;
    hs_str text = is_text ? v->text : written ? *written : with_zone ? *with_zone : HS_S("");
    int64_t days;
    out->type = zoned ? HS_T_TIMESTAMPTZ : HS_T_TIMESTAMP;
    if (zoned && !written && without_zone(&text))
        return hs_inside_moment(text, &out->i);
    if (text.len ? hs_inside_moment(text, &out->i) : false)
        return true;
    if (text.len ? !hs_inside_date(text, &days) : !hs_inside_day(n, &days))
        return false;
    out->i = days * INT64_C(86400000000);
    return true;
}

static bool uuid(struct hs_arena *a, const struct hs_node *n, struct hs_param *out)
{
    const hs_str *text = hs_inside_text_as(n, "UUID");
    char *bytes = hs_arena_array(a, 16, 1);
    size_t len = 0;
    out->type = HS_T_UUID;
    if (!text || !hs_inside_is_uuid(*text) || !bytes)
        return false;
    for (size_t i = 0; i < text->len; i++) {
        if (text->at[i] == '-')
            continue;
        bytes[len / 2] = (char)((unsigned char)bytes[len / 2] << 4 | hs_hex_digit(text->at[i]));
        len++;
    }
    out->text = hs_str_n(bytes, 16);
    return true;
}

static bool is_whole(enum hs_type_id id)
{
    return id == HS_T_INT || id == HS_T_LONG || id == HS_T_INT8 || id == HS_T_INT16 || id == HS_T_UINT8 ||
           id == HS_T_UINT16 || id == HS_T_UINT32;
}

/* A parameter is bound as what it is. Of another type than the column, the engine may cast either; whole numbers it
 * widens. */
static bool parameter(hs_str identifier, const struct hs_type *type, const struct hs_params *params,
                      struct hs_param *out)
{
    uint64_t n;
    if (!params || !hs_str_to_u64(identifier, &n) || n < 1 || n > params->count)
        return false;
    *out = params->at[n - 1];
    switch ((int)type->id) {
    case HS_T_INT:
    case HS_T_LONG:
        return is_whole(out->type);
    case HS_T_DECIMAL:
        return out->type == HS_T_DECIMAL && out->precision == type->precision && out->scale == type->scale;
    case HS_T_DOUBLE:
    case HS_T_STRING:
    case HS_T_BOOLEAN:
    case HS_T_DATE:
    case HS_T_TIMESTAMP:
    case HS_T_TIMESTAMPTZ:
    case HS_T_UUID:
        return out->type == type->id;
    default:
        return false;
    }
}

static bool constant(struct hs_arena *a, const struct hs_node *n, const struct hs_type *type, struct hs_param *out)
{
    const struct hs_value *v = hs_inside_constant(n);
    switch ((int)type->id) {
    case HS_T_INT:
        return whole(n, INT32_MIN, INT32_MAX, out);
    case HS_T_LONG:
        return whole(n, INT64_MIN, INT64_MAX, out);
    case HS_T_DECIMAL:
        return decimal(n, type, out);
    case HS_T_DOUBLE:
        return number(n, out);
    case HS_T_STRING:
        *out = (struct hs_param){.type = HS_T_STRING, .text = v ? v->text : HS_S("")};
        return v && v->kind == HS_V_TEXT;
    case HS_T_BOOLEAN:
        return flag(n, out);
    case HS_T_DATE:
        return day(n, out);
    case HS_T_TIMESTAMP:
    case HS_T_TIMESTAMPTZ:
        return moment(n, type->id == HS_T_TIMESTAMPTZ, out);
    case HS_T_UUID:
        return uuid(a, n, out);
    default: /* floats (their comparison widens), times, bytes, nested */
        return false;
    }
}

bool hs_inside_value(struct hs_arena *a, const struct hs_node *n, const struct hs_type *type,
                     const struct hs_params *params, struct hs_param *out)
{
    *out = (struct hs_param){0};
    if (HS_IS(PARAMETER, n))
        return parameter(HS_AS(PARAMETER, n)->identifier, type, params, out);
    return constant(a, n, type, out);
}
