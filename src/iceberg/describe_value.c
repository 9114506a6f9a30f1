/* A value as a report shows it. */
#include "base/clock.h"
#include "iceberg/describe_in.h"

static void add_days(struct hs_buf *out, int64_t days)
{
    int64_t year;
    unsigned month, day;
    hs_civil_from_days(days, &year, &month, &day);
    hs_buf_addf(out, "%04lld-%02u-%02u", (long long)year, month, day);
}

static void add_clock(struct hs_buf *out, int64_t of_day, int digits)
{
    int64_t second = 1;
    for (int i = 0; i < digits; i++)
        second *= 10;
    int64_t s = of_day / second;
    hs_buf_addf(out, "%02lld:%02lld:%02lld", (long long)(s / 3600), (long long)(s / 60 % 60), (long long)(s % 60));
    if (of_day % second)
        hs_buf_addf(out, ".%0*lld", digits, (long long)(of_day % second));
}

static void add_stamp(struct hs_buf *out, int64_t v, int digits, bool utc)
{
    int64_t day = 86400;
    for (int i = 0; i < digits; i++)
        day *= 10;
    int64_t days = v / day - (v % day < 0);
    add_days(out, days);
    hs_buf_addc(out, 'T');
    add_clock(out, v - days * day, digits);
    hs_buf_addz(out, utc ? "Z" : "");
}

void hs_buf_add_plain_value(struct hs_buf *out, const struct hs_param *v)
{
    if (v->null) {
        hs_buf_addz(out, "NULL");
        return;
    }
    switch ((int)v->type) {
    case HS_T_BOOLEAN:
        hs_buf_addz(out, v->i ? "true" : "false");
        return;
    case HS_T_INT:
    case HS_T_LONG:
        hs_buf_addf(out, "%lld", (long long)v->i);
        return;
    case HS_T_FLOAT:
    case HS_T_DOUBLE:
        hs_buf_addf(out, "%.*g", v->type == HS_T_FLOAT ? 9 : 17, v->d);
        return;
    case HS_T_DATE:
        add_days(out, v->i);
        return;
    case HS_T_TIME:
        add_clock(out, v->i, 6);
        return;
    case HS_T_TIMESTAMP:
    case HS_T_TIMESTAMPTZ:
        add_stamp(out, v->i, 6, v->type == HS_T_TIMESTAMPTZ);
        return;
    case HS_T_TIMESTAMP_NS:
    case HS_T_TIMESTAMPTZ_NS:
        add_stamp(out, v->i, 9, v->type == HS_T_TIMESTAMPTZ_NS);
        return;
    case HS_T_DECIMAL:
        hs_buf_adds(out, v->text);
        return;
    case HS_T_STRING:
        hs_buf_add_json(out, v->text);
        return;
    case HS_T_STRUCT:
        hs_buf_addz(out, "{}");
        return;
    default:
        hs_buf_addz(out, "0x");
        hs_buf_add_hex(out, v->text.at, v->text.len);
    }
}
