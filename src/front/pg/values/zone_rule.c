/* POSIX's words for a zone: "CET-1CEST,M3.5.0,M10.5.0/3" (IEEE Std 1003.1, 8.3 "TZ"; RFC 8536, 3.3.1). */
#include "base/clock.h"
#include "front/pg/values/zone_in.h"

#include <ctype.h>

enum { HOURS_MAX = 167, ABBREVIATION_MAX = 30 };

struct text {
    hs_str rest;
};

static bool take(struct text *t, char c)
{
    if (!t->rest.len || t->rest.at[0] != c)
        return false;
    t->rest.at++;
    t->rest.len--;
    return true;
}

static bool take_number(struct text *t, int from, int to, int *out)
{
    int v = 0;
    size_t digits = 0;
    while (t->rest.len && isdigit((unsigned char)t->rest.at[0])) {
        v = v * 10 + (t->rest.at[0] - '0');
        t->rest.at++;
        t->rest.len--;
        if (++digits > 4)
            return false;
    }
    *out = v;
    return digits && v >= from && v <= to;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct text *t, int hours_max, int32_t *out)
{
    int hour, minute = 0, second = 0;
    bool negative = take(t, '-');
    if (!negative)
        take(t, '+');
    if (!take_number(t, 0, hours_max, &hour))
        return false;
    if (take(t, ':') && !take_number(t, 0, 59, &minute))
        return false;
    if (t->rest.len && t->rest.at[0] == ':' && take(t, ':') && !take_number(t, 0, 59, &second))
        return false;
    int32_t v = hour * 3600 + minute * 60 + second;
    *out = negative ? -v : v;
    return true;
}

static bool take_name(struct text *t, struct hs_arena *a, const char **out)
{
    bool quoted = take(t, '<');
    size_t n = 0;
    for (; n < t->rest.len; n++) {
        char c = t->rest.at[n];
        if (quoted ? !(isalnum((unsigned char)c) || c == '+' || c == '-') : !isalpha((unsigned char)c))
            break;
    }
    if (n < (quoted ? 1 : 3) || n > ABBREVIATION_MAX)
        return false;
    hs_str name = hs_arena_str(a, hs_str_n(t->rest.at, n));
    t->rest.at += n;
    t->rest.len -= n;
    *out = name.at;
    return name.at && (!quoted || take(t, '>'));
}

static bool take_day(struct text *t, struct zone_day *out)
{
    *out = (struct zone_day){.kind = ZONE_NUMBER, .second = 7200};
    if (take(t, 'M')) {
        out->kind = ZONE_WEEK;
        if (!take_number(t, 1, 12, &out->month) || !take(t, '.') || !take_number(t, 1, 5, &out->week) ||
            !take(t, '.') || !take_number(t, 0, 6, &out->day))
            return false;
    } else if (take(t, 'J')) {
        out->kind = ZONE_JULIAN;
        if (!take_number(t, 1, 365, &out->day))
            return false;
    } else if (!take_number(t, 0, 365, &out->day)) {
        return false;
    }
    return !take(t, '/') || take_time(t, HOURS_MAX, &out->second);
}

static bool take_days(struct text *t, struct zone_rule *out)
{
    static const struct zone_day march = {ZONE_WEEK, 3, 2, 0, 7200}, november = {ZONE_WEEK, 11, 1, 0, 7200};
    out->begins = march;
    out->ends = november;
    if (!t->rest.len)
        return true;
    return take(t, ',') && take_day(t, &out->begins) && take(t, ',') && take_day(t, &out->ends);
}

bool hs_pg_zone_rule_parse(hs_str text, struct hs_arena *a, struct zone_rule *out)
{
    struct text t = {text};
    int32_t west;
    *out = (struct zone_rule){.has_summer = false};
    if (!take_name(&t, a, &out->standard.abbreviation) || !take_time(&t, HOURS_MAX, &west))
        return false;
    out->standard.offset = -west;
    if (!t.rest.len)
        return true;
    if (!take_name(&t, a, &out->summer.abbreviation))
        return false;
    out->has_summer = out->summer.summer = true;
    out->summer.offset = out->standard.offset + 3600;
    if (t.rest.len && t.rest.at[0] != ',') {
        if (!take_time(&t, HOURS_MAX, &west))
            return false;
        out->summer.offset = -west;
    }
    return take_days(&t, out) && !t.rest.len;
}

/* ---- when it changes ---- */
static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_of(int64_t year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

static int64_t week_day(const struct zone_day *d, int64_t year)
{
    int64_t first = hs_days_from_civil(year, (unsigned)d->month, 1);
    int64_t of_first = ((first + 4) % 7 + 7) % 7; /* 0: Sunday */
    int64_t day = (d->day - of_first + 7) % 7 + 7 * (d->week - 1);
    if (day >= days_of(year, d->month))
        day -= 7;
    return first + day;
}

/* In seconds of local time, as it was before the change. */
static int64_t change_of(const struct zone_day *d, int64_t year)
{
    int64_t day = 0;
    switch (d->kind) {
    case ZONE_WEEK:
        day = week_day(d, year);
        break;
    case ZONE_JULIAN: /* February 29 is not counted */
        day = hs_days_from_civil(year, 1, 1) + d->day - 1 + (is_leap(year) && d->day >= 60);
        break;
    case ZONE_NUMBER:
        day = hs_days_from_civil(year, 1, 1) + d->day;
        break;
    }
    return day * 86400 + d->second;
}

struct hs_pg_zone_type hs_pg_zone_rule_at(const struct zone_rule *rule, int64_t second, int64_t *out_from,
                                          int64_t *out_to)
{
    int64_t year, local = second + rule->standard.offset;
    unsigned month, day;
    *out_from = INT64_MIN;
    *out_to = INT64_MAX;
    if (!rule->has_summer)
        return rule->standard;
    hs_civil_from_days(local / 86400 - (local % 86400 < 0), &year, &month, &day);
    bool summer = false;
    for (int64_t y = year - 1; y <= year + 1; y++) {
        int64_t begin = change_of(&rule->begins, y) - rule->standard.offset;
        int64_t end = change_of(&rule->ends, y) - rule->summer.offset;
        const int64_t changes[] = {begin, end};
        for (int i = 0; i < 2; i++) {
            if (changes[i] <= second && changes[i] >= *out_from) {
                *out_from = changes[i];
                summer = i == 0;
            }
            if (changes[i] > second && changes[i] < *out_to)
                *out_to = changes[i];
        }
    }
    return summer ? rule->summer : rule->standard;
}
