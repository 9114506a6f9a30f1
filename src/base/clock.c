/* Clocks and the civil calendar (proleptic Gregorian, the usual era arithmetic on days since 1970). */
#include "base/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    if (clock_gettime(id, &t) != 0)
        return 0;
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t hs_wall_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t hs_mono_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* Years begin in March, so that the leap day is the last of its year. */
int64_t hs_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + (int64_t)day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void hs_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    *day = (unsigned)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *month = (unsigned)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

void hs_buf_add_time(struct hs_buf *b, int64_t wall_us)
{
    int64_t days = wall_us / 86400000000;
    int64_t rest = wall_us % 86400000000;
    if (rest < 0) {
        rest += 86400000000;
        days--;
    }
    int64_t year;
    unsigned month, day;
    hs_civil_from_days(days, &year, &month, &day);
    int64_t seconds = rest / 1000000;
    hs_buf_addf(b, "%04lld-%02u-%02uT%02d:%02d:%02d.%06dZ", (long long)year, month, day, (int)(seconds / 3600),
                (int)(seconds / 60 % 60), (int)(seconds % 60), (int)(rest % 1000000));
}

/* Exactly `digits` digits at the front of s. */
static bool take_number(hs_str *s, size_t digits, unsigned low, unsigned high, unsigned *out)
{
    uint64_t value;
    if (s->len < digits || !hs_str_to_u64((hs_str){s->at, digits}, &value) || value < low || value > high)
        return false;
    s->at += digits;
    s->len -= digits;
    *out = (unsigned)value;
    return true;
}

static bool take_char(hs_str *s, const char *any_of)
{
    if (s->len == 0 || s->at[0] == 0 || !strchr(any_of, s->at[0]))
        return false;
    s->at++;
    s->len--;
    return true;
}

static bool take_date(hs_str *s, int64_t *out_days)
{
    static const uint8_t LENGTHS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year, month, day;
    if (!take_number(s, 4, 0, 9999, &year) || !take_char(s, "-") || !take_number(s, 2, 1, 12, &month) ||
        !take_char(s, "-") || !take_number(s, 2, 1, 31, &day))
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day > LENGTHS[month - 1] + (unsigned)(leap && month == 2))
        return false;
    *out_days = hs_days_from_civil(year, month, day);
    return true;
}

/* ".123456"; digits past the sixth are read and dropped. */
static bool take_fraction(hs_str *s, int64_t *out_us)
{
    *out_us = 0;
    if (!take_char(s, "."))
        return true;
    int64_t unit = 100000;
    size_t digits = 0;
    while (s->len && s->at[0] >= '0' && s->at[0] <= '9') {
        *out_us += unit * (s->at[0] - '0');
        unit /= 10;
        s->at++;
        s->len--;
        digits++;
    }
    return digits > 0;
}

static bool take_zone(hs_str *s, int64_t *out_us)
{
    *out_us = 0;
    if (s->len == 0 || take_char(s, "Zz"))
        return true;
    int sign = s->at[0] == '-' ? -1 : 1;
    unsigned hours, minutes;
    if (!take_char(s, "+-") || !take_number(s, 2, 0, 23, &hours) || !take_char(s, ":") ||
        !take_number(s, 2, 0, 59, &minutes))
        return false;
    *out_us = sign * ((int64_t)hours * 60 + minutes) * 60000000;
    return true;
}

bool hs_time_parse(hs_str text, int64_t *out_us)
{
    int64_t days;
    if (!take_date(&text, &days))
        return false;
    if (text.len == 0) {
        *out_us = days * 86400000000;
        return true;
    }
    unsigned hours, minutes, seconds;
    int64_t fraction, zone;
    if (!take_char(&text, "Tt ") || !take_number(&text, 2, 0, 23, &hours) || !take_char(&text, ":") ||
        !take_number(&text, 2, 0, 59, &minutes) || !take_char(&text, ":") || !take_number(&text, 2, 0, 59, &seconds) ||
        !take_fraction(&text, &fraction) || !take_zone(&text, &zone) || text.len)
        return false;
    int64_t second_of_day = ((int64_t)hours * 60 + minutes) * 60 + seconds;
    *out_us = days * 86400000000 + second_of_day * 1000000 + fraction - zone;
    return true;
}
