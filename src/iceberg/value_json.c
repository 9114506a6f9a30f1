/* Default values in a schema (spec, Appendix D "Single-value serialization", JSON): what a field's type can hold, and
 * nothing else. A default that we cannot hold ourselves, one of a list or map, is kept by its type alone, so that
 * only a file that needs it is refused. */
#include "arrow/param.h"
#include "base/clock.h"
#include "iceberg/json.h"
#include "iceberg/value.h"

#include <math.h>
#include <stdlib.h>

struct text { /* what is left to read */
    const char *at, *end;
};

static bool take(struct text *t, char c)
{
    if (t->at == t->end || *t->at != c)
        return false;
    t->at++;
    return true;
}

static bool take_digits(struct text *t, int least, int most, int64_t *out)
{
    int count = 0;
    for (*out = 0; t->at < t->end && *t->at >= '0' && *t->at <= '9' && count < most; t->at++, count++)
        *out = *out * 10 + (*t->at - '0');
    return count >= least;
}

/* [+-]YYYY[YY]-MM-DD */
static bool take_date(struct text *t, int64_t *out)
{
    int64_t year, month, day, back;
    unsigned back_month, back_day;
    bool negative = take(t, '-');
    if (!negative)
        take(t, '+');
    if (!take_digits(t, 4, 6, &year) || !take(t, '-') || !take_digits(t, 2, 2, &month) || !take(t, '-') ||
        !take_digits(t, 2, 2, &day) || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    year = negative ? -year : year;
    *out = hs_days_from_civil(year, (unsigned)month, (unsigned)day);
    hs_civil_from_days(*out, &back, &back_month, &back_day);
    return back == year && back_month == month && back_day == day;
}

/* HH:MM[:SS[.fraction]] in units of 10^-digits seconds; what is finer must be zero. */
static bool take_time(struct text *t, int digits, int64_t *out)
{
    int64_t hour, minute, second = 0, fraction = 0;
    if (!take_digits(t, 2, 2, &hour) || !take(t, ':') || !take_digits(t, 2, 2, &minute) || hour > 23 || minute > 59)
        return false;
    if (take(t, ':') && (!take_digits(t, 2, 2, &second) || second > 59))
        return false;
    int64_t seconds = hour * 3600 + minute * 60 + second;
    bool more = take(t, '.');
    if (more && (t->at == t->end || *t->at < '0' || *t->at > '9'))
        return false;
    for (int i = 0; i < digits; i++) {
        int64_t digit = 0;
        if (more && !take_digits(t, 1, 1, &digit))
            digit = 0;
        fraction = fraction * 10 + digit;
        seconds *= 10;
    }
    while (more && take(t, '0'))
        ;
    *out = seconds + fraction;
    return true;
}

static bool take_stamp(struct text *t, int digits, bool zone, int64_t *out)
{
    int64_t days, time, day = 86400;
    if (!take_date(t, &days) || !take(t, 'T') || !take_time(t, digits, &time))
        return false;
    for (int i = 0; i < digits; i++)
        day *= 10;
    if (__builtin_mul_overflow(days, day, out) || __builtin_add_overflow(*out, time, out))
        return false;
    if (!zone)
        return true;
    hs_str rest = hs_str_n(t->at, (size_t)(t->end - t->at)); /* spec: the offset is always +00:00 */
    t->at = t->end;
    return hs_str_is(rest, "+00:00") || hs_str_is(rest, "Z");
}

static bool date_or_time(hs_str text, const struct hs_type *type, int64_t *out)
{
    struct text t = {text.at, text.at + text.len};
    bool nanos = type->id == HS_T_TIMESTAMP_NS || type->id == HS_T_TIMESTAMPTZ_NS, ok;
    if (type->id == HS_T_DATE)
        ok = take_date(&t, out);
    else if (type->id == HS_T_TIME)
        ok = take_time(&t, 6, out);
    else
        ok = take_stamp(&t, nanos ? 9 : 6, type->id == HS_T_TIMESTAMPTZ || type->id == HS_T_TIMESTAMPTZ_NS, out);
    return ok && t.at == t.end;
}

/* "-14.20": exactly the type's scale, and no more digits than its precision. */
static bool decimal_fits(hs_str text, const struct hs_type *type)
{
    size_t at = text.len && text.at[0] == '-', whole = 0, after = 0;
    bool point = false, leading = true;
    for (; at < text.len; at++) {
        if (text.at[at] == '.' && !point) {
            point = true;
            continue;
        }
        if (text.at[at] < '0' || text.at[at] > '9')
            return false;
        leading = leading && !point && text.at[at] == '0';
        after += point;
        whole += !point && !leading;
    }
    return after == (size_t)type->scale && whole + after <= (size_t)type->precision && (!point || after) &&
           text.len > 0 && text.at[text.len - 1] != '-';
}

static hs_rc take_uuid(struct hs_json *j, hs_str text, struct hs_param *out, bool *ok)
{
    uint8_t *bytes;
    HS_TRY(hs_json_new(j, 16, 1, &bytes));
    *ok = hs_uuid_of_text(text, bytes);
    out->text = hs_str_n(bytes, 16);
    return HS_OK;
}

static hs_rc take_bytes(struct hs_json *j, hs_str text, const struct hs_type *type, struct hs_param *out, bool *ok)
{
    uint8_t *bytes;
    size_t count = text.len / 2;
    if (type->id == HS_T_UUID)
        return take_uuid(j, text, out, ok);
    HS_TRY(hs_json_new(j, count + 1, 1, &bytes));
    *ok = text.len % 2 == 0 && (type->id != HS_T_FIXED || count == (size_t)type->length);
    for (size_t i = 0; *ok && i < count; i++) {
        int high = hs_hex_digit(text.at[2 * i]), low = hs_hex_digit(text.at[2 * i + 1]);
        *ok = high >= 0 && low >= 0;
        bytes[i] = *ok ? (uint8_t)(high * 16 + low) : 0;
    }
    out->text = hs_str_n(bytes, count);
    return HS_OK;
}

static bool take_number(yyjson_val *value, const struct hs_type *type, struct hs_param *out)
{
    if (type->id == HS_T_BOOLEAN) {
        out->i = yyjson_get_bool(value);
        return yyjson_is_bool(value);
    }
    if (type->id == HS_T_INT || type->id == HS_T_LONG) {
        out->i = yyjson_get_sint(value);
        if (!yyjson_is_int(value) || (yyjson_is_uint(value) && yyjson_get_uint(value) > INT64_MAX))
            return false;
        return type->id == HS_T_LONG || (out->i >= INT32_MIN && out->i <= INT32_MAX);
    }
    out->d = yyjson_get_num(value);
    return yyjson_is_num(value) && (type->id == HS_T_DOUBLE || isfinite((float)out->d));
}

static hs_rc take_text(struct hs_json *j, hs_str text, const struct hs_type *type, struct hs_param *out, bool *ok)
{
    switch ((int)type->id) {
    case HS_T_UUID:
    case HS_T_FIXED:
    case HS_T_BINARY:
        return take_bytes(j, text, type, out, ok);
    case HS_T_STRING:
    case HS_T_DECIMAL:
        *ok = type->id == HS_T_STRING || decimal_fits(text, type);
        out->text = hs_arena_str(j->arena, text);
        return out->text.at ? HS_OK : hs_no_memory(j->err);
    default:
        *ok = date_or_time(text, type, &out->i);
        return HS_OK;
    }
}

static hs_rc take_value(struct hs_json *j, yyjson_val *value, const struct hs_type *type, struct hs_param *out,
                        bool *ok)
{
    switch ((int)type->id) {
    case HS_T_BOOLEAN:
    case HS_T_INT:
    case HS_T_LONG:
    case HS_T_FLOAT:
    case HS_T_DOUBLE:
        *ok = take_number(value, type, out);
        return HS_OK;
    case HS_T_STRUCT: /* spec, "Default values": members have theirs, so this one is null or has none */
        *ok = yyjson_is_obj(value) && yyjson_obj_size(value) == 0;
        return HS_OK;
    case HS_T_LIST:
        *ok = yyjson_is_arr(value);
        return HS_OK;
    case HS_T_MAP:
        *ok = yyjson_is_obj(value);
        return HS_OK;
    case HS_T_UNKNOWN: /* spec: these must default to null */
    case HS_T_VARIANT:
    case HS_T_GEOMETRY:
    case HS_T_GEOGRAPHY:
        *ok = false;
        return HS_OK;
    default:
        *ok = yyjson_is_str(value);
        return *ok ? take_text(j, hs_str_n(yyjson_get_str(value), yyjson_get_len(value)), type, out, ok) : HS_OK;
    }
}

hs_rc hs_default_parse(struct hs_json *j, yyjson_val *field, const char *key, const struct hs_type *type,
                       const struct hs_param **out)
{
    yyjson_val *value = yyjson_obj_get(field, key);
    struct hs_param *p;
    bool ok = false;
    if (!value || yyjson_is_null(value))
        return HS_OK;
    HS_TRY(hs_json_new(j, 1, sizeof *p, &p));
    *p = (struct hs_param){.type = type->id, .precision = type->precision, .scale = type->scale};
    HS_TRY(take_value(j, value, type, p, &ok));
    if (!ok)
        return hs_json_bad(j, "\"%s\" is no value of type %s", key, hs_type_name(type->id));
    *out = p;
    return HS_OK;
}
