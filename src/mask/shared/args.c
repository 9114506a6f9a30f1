/* Arguments of masks: reading them, and numbers of the policy's brought exactly to a column's type. */
#include "mask/mask.h"
#include "mask/sql.h"

#include <stdlib.h>

const struct hs_value *hs_mask_arg(const struct hs_mask_call *call, const char *name)
{
    for (size_t i = 0; i < call->arg_count; i++)
        if (hs_str_is(call->args[i].name, name))
            return &call->args[i].value;
    return NULL;
}

hs_str hs_mask_arg_text(const struct hs_mask_call *call, const char *name, const char *otherwise)
{
    const struct hs_value *v = hs_mask_arg(call, name);
    return v && v->kind == HS_V_TEXT ? v->text : hs_str_of(otherwise);
}

int64_t hs_mask_arg_int(const struct hs_mask_call *call, const char *name, int64_t otherwise)
{
    const struct hs_value *v = hs_mask_arg(call, name);
    return v && v->kind == HS_V_INT ? v->i : otherwise;
}

bool hs_mask_arg_is(const struct hs_mask_call *call, const char *name, const char *text)
{
    const struct hs_value *v = hs_mask_arg(call, name);
    return v && v->kind == HS_V_TEXT && hs_str_is(v->text, text);
}

bool hs_mask_text_fits(const struct hs_value *v, size_t max)
{
    return v && v->kind == HS_V_TEXT && v->text.len <= max && hs_utf8_valid(v->text) &&
           !(v->text.len && memchr(v->text.at, 0, v->text.len));
}

/* ---- numbers ---- */

hs_whole hs_mask_ten_to(int n)
{
    hs_whole p = 1;
    for (int i = 0; i < n && i < 38; i++)
        p *= 10;
    return p;
}

hs_whole hs_mask_most(const struct hs_type *type)
{
    return type->id == HS_T_INT ? INT32_MAX : type->id == HS_T_LONG ? INT64_MAX : hs_mask_ten_to(type->precision) - 1;
}

hs_whole hs_mask_least(const struct hs_type *type)
{
    return type->id == HS_T_INT ? INT32_MIN : type->id == HS_T_LONG ? INT64_MIN : -hs_mask_most(type);
}

/* Digits as written: [-]digits[.digits]. The shape does not count zeros at either end, so what is written behind the
 * last place that the type has is zeros, and at most 38 digits are taken. */
static bool read_digits(hs_str text, int scale, hs_whole *out)
{
    int whole, decimals, written = -1;
    hs_whole v = 0;
    if (!hs_number_shape(text, &whole, &decimals) || decimals > scale || whole + scale > 38)
        return false;
    for (size_t i = 0; i < text.len && written < scale; i++) {
        bool digit = text.at[i] >= '0' && text.at[i] <= '9';
        if (text.at[i] == '.')
            written = 0;
        else if (digit) {
            v = v * 10 + (text.at[i] - '0');
            written += written >= 0;
        }
    }
    v *= hs_mask_ten_to(scale - (written > 0 ? written : 0));
    *out = text.len && text.at[0] == '-' ? -v : v;
    return true;
}

bool hs_mask_scaled(const struct hs_value *v, const struct hs_type *type, hs_whole *out)
{
    int scale = type->id == HS_T_DECIMAL ? type->scale : 0;
    struct hs_buf text;
    hs_whole n;
    if (!v || (v->kind != HS_V_INT && v->kind != HS_V_NUMBER) || !hs_mask_is_whole(type->id))
        return false;
    hs_buf_init(&text, 256);
    hs_buf_add_value(&text, v);
    bool ok = !text.failed && read_digits(hs_buf_str(&text), scale, &n);
    hs_buf_fini(&text);
    if (!ok || n > hs_mask_most(type) || n < hs_mask_least(type))
        return false;
    *out = n;
    return true;
}

void hs_buf_add_digits(struct hs_buf *b, hs_whole value, int scale)
{
    char digits[48];
    int at = sizeof digits, written = 0;
    unsigned __int128 v = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    do {
        if (written == scale && scale)
            digits[--at] = '.';
        digits[--at] = (char)('0' + (int)(v % 10));
        v /= 10;
        written++;
    } while (v || written <= scale);
    hs_buf_addz(b, value < 0 ? "-" : "");
    hs_buf_add(b, digits + at, sizeof digits - (size_t)at);
}

void hs_buf_add_scaled(struct hs_buf *b, hs_whole value, const struct hs_type *type)
{
    hs_buf_addz(b, "CAST('");
    hs_buf_add_digits(b, value, type->id == HS_T_DECIMAL ? type->scale : 0);
    hs_buf_addz(b, "' AS ");
    hs_buf_add_duckdb_type(b, type);
    hs_buf_addc(b, ')');
}

double hs_mask_double(const struct hs_value *v)
{
    char text[96]; /* hs_number_shape takes fewer */
    if (v && v->kind == HS_V_INT)
        return (double)v->i;
    if (!v || v->kind != HS_V_NUMBER || v->text.len >= sizeof text)
        return 0;
    memcpy(text, v->text.at, v->text.len);
    text[v->text.len] = 0;
    return strtod(text, NULL);
}
