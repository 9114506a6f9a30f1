/* Literals: dates, timestamps, numbers and uuids checked by the calendar and by shape, and written back.
 * Strict on purpose: what two engines might read differently is refused here, at load. */
#include "base/clock.h"
#include "model/rule_internal.h"

#include <stdio.h>

enum { MIN_YEAR = 1, MAX_YEAR = 9999 };
static const int64_t second_us = 1000000, day_us = 86400 * INT64_C(1000000);

/* Exactly n digits at *at. */
static bool take_digits(const char **at, const char *end, int n, int *out)
{
    int value = 0;
    if (end - *at < n)
        return false;
    for (int i = 0; i < n; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *at += n;
    *out = value;
    return true;
}

static bool take_char(const char **at, const char *end, char c)
{
    if (*at == end || **at != c)
        return false;
    ++*at;
    return true;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(const char **at, const char *end, int64_t *out_days)
{
    int y, m, d;
    if (!take_digits(at, end, 4, &y) || !take_char(at, end, '-') || !take_digits(at, end, 2, &m) ||
        !take_char(at, end, '-') || !take_digits(at, end, 2, &d))
        return false;
    if (y < MIN_YEAR || m < 1 || m > 12 || d < 1 || d > month_days(y, m))
        return false;
    *out_days = hs_days_from_civil(y, (unsigned)m, (unsigned)d);
    return true;
}

bool hs_date_parse(hs_str text, int64_t *out_days)
{
    const char *at = text.at, *end = text.at + text.len;
    int64_t days;
    if (text.len == 0 || !take_date(&at, end, &days) || at != end)
        return false;
    *out_days = days;
    return true;
}

static bool take_time(const char **at, const char *end, int64_t *out_us)
{
    int h, m, s, digit;
    if (!take_digits(at, end, 2, &h) || !take_char(at, end, ':') || !take_digits(at, end, 2, &m) ||
        !take_char(at, end, ':') || !take_digits(at, end, 2, &s) || h > 23 || m > 59 || s > 59)
        return false;
    int64_t us = ((int64_t)h * 3600 + m * 60 + s) * second_us;
    if (take_char(at, end, '.')) {
        int64_t unit = 100000;
        if (!take_digits(at, end, 1, &digit))
            return false;
        do
            us += digit * unit;
        while ((unit /= 10) > 0 && take_digits(at, end, 1, &digit));
    }
    *out_us = us;
    return true;
}

/* Nothing, Z, +HH or +HH:MM. */
static bool take_zone(const char **at, const char *end, int64_t *out_us, bool *out_given)
{
    int h, m = 0;
    *out_us = 0;
    *out_given = *at != end;
    if (*at == end || take_char(at, end, 'Z'))
        return true;
    bool minus = **at == '-';
    if (!minus && **at != '+')
        return false;
    ++*at;
    if (!take_digits(at, end, 2, &h) || (take_char(at, end, ':') && !take_digits(at, end, 2, &m)))
        return false;
    if (h > 14 || m > 59)
        return false;
    *out_us = ((int64_t)h * 3600 + m * 60) * second_us * (minus ? -1 : 1);
    return true;
}

bool hs_timestamp_parse(hs_str text, int64_t *out_us, bool *out_utc)
{
    const char *at = text.at, *end = text.at + text.len;
    int64_t days, time_us, zone_us, year;
    unsigned month, day;
    bool utc;
    if (text.len == 0 || !take_date(&at, end, &days))
        return false;
    if (!take_char(&at, end, ' ') && !take_char(&at, end, 'T'))
        return false;
    if (!take_time(&at, end, &time_us) || !take_zone(&at, end, &zone_us, &utc) || at != end)
        return false;
    int64_t us = days * day_us + time_us - zone_us;
    int64_t utc_days = us / day_us - (us % day_us < 0);
    hs_civil_from_days(utc_days, &year, &month, &day);
    if (year < MIN_YEAR || year > MAX_YEAR)
        return false;
    *out_us = us;
    *out_utc = utc;
    return true;
}

void hs_buf_add_date(struct hs_buf *b, int64_t days)
{
    int64_t year;
    unsigned month, day;
    hs_civil_from_days(days, &year, &month, &day);
    hs_buf_addf(b, "%04lld-%02u-%02u", (long long)year, month, day);
}

bool hs_time_of_day_parse(hs_str text, int64_t *out_us)
{
    const char *at = text.at, *end = text.at + text.len;
    char padded[16];
    if (text.len == 5) { /* 10:55 */
        snprintf(padded, sizeof padded, "%.5s:00", text.at);
        at = padded;
        end = padded + 8;
    }
    return text.len && take_time(&at, end, out_us) && at == end;
}

static void add_time(struct hs_buf *b, int64_t us)
{
    int64_t second = us / second_us;
    hs_buf_addf(b, "%02d:%02d:%02d", (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
    if (us % second_us)
        hs_buf_addf(b, ".%06d", (int)(us % second_us));
}

void hs_buf_add_time_of_day(struct hs_buf *b, int64_t us)
{
    add_time(b, us >= 0 && us < day_us ? us : 0);
}

void hs_buf_add_timestamp(struct hs_buf *b, int64_t us, bool utc)
{
    int64_t days = us / day_us - (us % day_us < 0);
    hs_buf_add_date(b, days);
    hs_buf_addc(b, ' ');
    add_time(b, us - days * day_us);
    if (utc)
        hs_buf_addz(b, "+00:00");
}

bool hs_number_shape(hs_str text, int *out_whole, int *out_scale)
{
    if (text.len == 0 || text.len > 2 * HS_NUMBER_MAX_DIGITS)
        return false;
    if (text.at[0] == '-')
        text = hs_str_n(text.at + 1, text.len - 1);
    size_t whole = 0, scale = 0, zeros = 0;
    while (whole < text.len && text.at[whole] >= '0' && text.at[whole] <= '9')
        whole++;
    if (whole == 0)
        return false;
    if (whole < text.len) {
        if (text.at[whole] != '.' || whole + 1 == text.len)
            return false;
        for (size_t i = whole + 1; i < text.len; i++) {
            if (text.at[i] < '0' || text.at[i] > '9')
                return false;
            zeros = text.at[i] == '0' ? zeros + 1 : 0;
        }
        scale = text.len - whole - 1 - zeros;
    }
    size_t front = 0;
    while (front < whole && text.at[front] == '0')
        front++;
    if (whole - front + scale > HS_NUMBER_MAX_DIGITS)
        return false;
    *out_whole = (int)(whole - front);
    *out_scale = (int)scale;
    return true;
}

bool hs_uuid_valid(hs_str text)
{
    if (text.len != 36)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (i == 8 || i == 13 || i == 18 || i == 23 ? c != '-' : !hex)
            return false;
    }
    return true;
}

/* INT 3, NUMBER "3.0", NUMBER "-0": the digits that count, as one text. */
static void number_core(const struct hs_value *v, char out[64])
{
    char text[96];
    int whole, scale;
    if (v->kind == HS_V_INT)
        snprintf(text, sizeof text, "%lld", (long long)v->i);
    else
        snprintf(text, sizeof text, "%.*s", (int)(v->text.len < 90 ? v->text.len : 90), v->text.at ? v->text.at : "");
    bool minus = text[0] == '-';
    const char *at = text + minus;
    out[0] = 0;
    if (v->text.len >= 90 || !hs_number_shape(hs_str_of(at), &whole, &scale))
        return;
    while (*at == '0')
        at++;
    if (whole + scale == 0)
        minus = false;
    int len = whole + (scale ? 1 + scale : 0);
    snprintf(out, 64, "%s%.*s", minus ? "-" : "", len, at);
    if (whole + scale == 0)
        snprintf(out, 64, "0");
}

static bool same_number(const struct hs_value *a, const struct hs_value *b)
{
    char x[64], y[64];
    number_core(a, x);
    number_core(b, y);
    return x[0] && strcmp(x, y) == 0;
}

static bool is_number(const struct hs_value *v)
{
    return v->kind == HS_V_INT || v->kind == HS_V_NUMBER;
}

bool hs_value_same(const struct hs_value *a, const struct hs_value *b)
{
    if (is_number(a) && is_number(b))
        return same_number(a, b);
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case HS_V_BOOL:
    case HS_V_DATE:
    case HS_V_TIME:
        return a->i == b->i;
    case HS_V_TIMESTAMP:
        return a->i == b->i && a->utc == b->utc;
    case HS_V_TEXT:
        return hs_str_eq(a->text, b->text);
    case HS_V_NULL:
    case HS_V_INT:
    case HS_V_NUMBER:
    case HS_V_LIST:
        return false;
    }
    return false;
}
