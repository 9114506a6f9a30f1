/* Values of parameters as constants of exactly the column's type, for the copies of predicates inside the fence. What
 * is taken can be cast without an error, whatever the rows are: a copy raises nothing. All else stays outside alone.
 * Which parameters the engine compares in the column's own type, condition_value.c has said before. */
#include "engine/inside_in.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>

enum { TEXT_MOST = 4096 }; /* longer ones prune no better, and the view is planned with them */

#define DAY_US INT64_C(86400000000)

static bool add_whole(struct hs_buf *out, int64_t i, int64_t least, int64_t most, const char *type)
{
    hs_buf_addf(out, "CAST('%lld' AS %s)", (long long)i, type);
    return i >= least && i <= most;
}

/* Digits and one point, and all of them have room; the worker would refuse others when it binds them. */
static bool add_decimal(struct hs_buf *out, hs_str text, const struct hs_type *type)
{
    size_t sign = text.len && text.at[0] == '-', before = 0, after = 0;
    bool point = false;
    for (size_t i = sign; i < text.len; i++) {
        char c = text.at[i];
        if (c == '.' ? point : c < '0' || c > '9')
            return false;
        point |= c == '.';
        before += !point && (before || c != '0');
        after += point && c != '.';
    }
    hs_buf_addf(out, "CAST('%.*s' AS DECIMAL(%d, %d))", HS_FMT(text), type->precision, type->scale);
    return text.len > sign + point && before <= (size_t)(type->precision - type->scale) && after <= (size_t)type->scale;
}

static bool add_double(struct hs_buf *out, double d)
{
    hs_buf_addf(out, "CAST('%.17g' AS DOUBLE)", d);
    return isfinite(d);
}

static bool add_text(struct hs_buf *out, hs_str text)
{
    if (text.len > TEXT_MOST || memchr(text.at ? text.at : "", 0, text.len) || !hs_utf8_valid(text))
        return false;
    hs_buf_add_sql_text(out, text);
    return true;
}

/* Of years that are written with four digits. */
static bool add_moment(struct hs_buf *out, int64_t us, const char *tail, const char *type)
{
    int64_t days = us / DAY_US - (us % DAY_US < 0), year;
    unsigned month, day;
    if (days < hs_days_from_civil(1, 1, 1) || days > hs_days_from_civil(9999, 12, 31))
        return false;
    hs_civil_from_days(days, &year, &month, &day);
    int64_t rest = us - days * DAY_US, s = rest / 1000000;
    hs_buf_addf(out, "CAST('%04lld-%02u-%02u", (long long)year, month, day);
    if (tail)
        hs_buf_addf(out, " %02d:%02d:%02d.%06d%s", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60),
                    (int)(rest % 1000000), tail);
    hs_buf_addf(out, "' AS %s)", type);
    return true;
}

static bool add_day(struct hs_buf *out, int64_t days)
{
    return days > -4000000 && days < 4000000 && add_moment(out, days * DAY_US, NULL, "DATE");
}

static bool add_uuid(struct hs_buf *out, hs_str bytes)
{
    hs_buf_addz(out, "CAST('");
    hs_buf_add_hex(out, (const uint8_t *)bytes.at, bytes.len);
    hs_buf_addz(out, "' AS UUID)");
    return bytes.len == 16;
}

bool hs_print_bound(struct hs_buf *out, const struct hs_param *value, const struct hs_type *type)
{
    if (value->null)
        return false;
    switch ((int)type->id) {
    case HS_T_INT:
        return add_whole(out, value->i, INT32_MIN, INT32_MAX, "INTEGER");
    case HS_T_LONG:
        return add_whole(out, value->i, INT64_MIN, INT64_MAX, "BIGINT");
    case HS_T_DECIMAL:
        return add_decimal(out, value->text, type);
    case HS_T_DOUBLE:
        return add_double(out, value->d);
    case HS_T_STRING:
        return add_text(out, value->text);
    case HS_T_BOOLEAN:
        hs_buf_addz(out, value->i ? "true" : "false");
        return true;
    case HS_T_DATE:
        return add_day(out, value->i);
    case HS_T_TIMESTAMP:
        return add_moment(out, value->i, "", "TIMESTAMP");
    case HS_T_TIMESTAMPTZ:
        return add_moment(out, value->i, "+00", "TIMESTAMP WITH TIME ZONE");
    case HS_T_UUID:
        return add_uuid(out, value->text);
    default:
        return false;
    }
}
