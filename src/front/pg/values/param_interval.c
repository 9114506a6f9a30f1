/* Intervals as they are written: "1 year 2 mons -3 days 04:05:06", "@ 1 hour ago", "1-2 3 4:05:06" and ISO 8601's
 * "P1Y2M3DT4H5M6S". Fractions go down as in PostgreSQL 15: of years into months, of months into days of which 30 make
 * one, of days into time. */
#include "front/pg/values/param_in.h"

#include <ctype.h>
#include <math.h>

enum unit { MICROSECOND, MILLISECOND, SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, YEAR, DECADE, CENTURY, MILLENNIUM };

static const struct {
    const char *name;
    enum unit unit;
} UNITS[] = {
    {"us", MICROSECOND},
    {"usec", MICROSECOND},
    {"usecs", MICROSECOND},
    {"microsecond", MICROSECOND},
    {"microseconds", MICROSECOND},
    {"ms", MILLISECOND},
    {"msec", MILLISECOND},
    {"msecs", MILLISECOND},
    {"millisecond", MILLISECOND},
    {"milliseconds", MILLISECOND},
    {"s", SECOND},
    {"sec", SECOND},
    {"secs", SECOND},
    {"second", SECOND},
    {"seconds", SECOND},
    {"m", MINUTE},
    {"min", MINUTE},
    {"mins", MINUTE},
    {"minute", MINUTE},
    {"minutes", MINUTE},
    {"h", HOUR},
    {"hr", HOUR},
    {"hrs", HOUR},
    {"hour", HOUR},
    {"hours", HOUR},
    {"d", DAY},
    {"day", DAY},
    {"days", DAY},
    {"w", WEEK},
    {"week", WEEK},
    {"weeks", WEEK},
    {"mon", MONTH},
    {"mons", MONTH},
    {"month", MONTH},
    {"months", MONTH},
    {"y", YEAR},
    {"yr", YEAR},
    {"yrs", YEAR},
    {"year", YEAR},
    {"years", YEAR},
    {"dec", DECADE},
    {"decade", DECADE},
    {"decades", DECADE},
    {"c", CENTURY},
    {"cent", CENTURY},
    {"century", CENTURY},
    {"centuries", CENTURY},
    {"mil", MILLENNIUM},
    {"millennium", MILLENNIUM},
    {"millennia", MILLENNIUM},
};

struct sum {
    int64_t months, days, us;
    bool over;
};

struct scan {
    const char *at, *end;
    struct sum sum;
    unsigned said; /* units, one bit each: none comes twice */
    bool any;
};

struct amount {
    int64_t whole;
    double part; /* of one, with the sign */
    bool negative;
};

static void add_to(struct sum *s, int64_t *to, int64_t count, int64_t size)
{
    int64_t product;
    s->over = s->over || __builtin_mul_overflow(count, size, &product) || __builtin_add_overflow(*to, product, to);
}

static void add_us(struct sum *s, double us)
{
    if (!(us > -9e18 && us < 9e18))
        s->over = true;
    else
        add_to(s, &s->us, (int64_t)rint(us), 1);
}

static void add_days(struct sum *s, double days)
{
    if (!(days > -1e12 && days < 1e12)) {
        s->over = true;
        return;
    }
    int64_t whole = (int64_t)days;
    add_to(s, &s->days, whole, 1);
    add_us(s, (days - (double)whole) * 86400e6);
}

static void add_amount(struct sum *s, const struct amount *a, enum unit unit)
{
    static const int64_t sizes[] = {
        [MICROSECOND] = 1, [MILLISECOND] = 1000, [SECOND] = 1000000, [MINUTE] = 60000000, [HOUR] = 3600000000,
        [DAY] = 1,         [WEEK] = 7,           [MONTH] = 1,        [YEAR] = 12,         [DECADE] = 120,
        [CENTURY] = 1200,  [MILLENNIUM] = 12000};
    if (unit < DAY) {
        add_to(s, &s->us, a->whole, sizes[unit]);
        add_us(s, a->part * (double)sizes[unit]);
    } else if (unit <= WEEK) {
        add_to(s, &s->days, a->whole, sizes[unit]);
        add_days(s, a->part * (double)sizes[unit]);
    } else {
        add_to(s, &s->months, a->whole, sizes[unit]);
        if (unit == MONTH)
            add_days(s, a->part * 30);
        else
            add_to(s, &s->months, (int64_t)rint(a->part * (double)sizes[unit]), 1);
    }
}

/* ---- reading ---- */
static void pass_spaces(struct scan *s)
{
    while (s->at < s->end && isspace((unsigned char)*s->at))
        s->at++;
}

static bool next_is(struct scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool digits(struct scan *s, int64_t *out)
{
    const char *from = s->at;
    *out = 0;
    for (; s->at < s->end && isdigit((unsigned char)*s->at); s->at++)
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, *s->at - '0', out))
            s->sum.over = true;
    return s->at > from;
}

static double part(struct scan *s)
{
    double v = 0, unit = 0.1;
    for (; s->at < s->end && isdigit((unsigned char)*s->at); s->at++, unit /= 10)
        v += (*s->at - '0') * unit;
    return v;
}

static bool amount(struct scan *s, struct amount *out)
{
    *out = (struct amount){0, 0, false};
    out->negative = next_is(s, '-');
    if (out->negative || next_is(s, '+'))
        pass_spaces(s);
    bool whole = digits(s, &out->whole), point = next_is(s, '.');
    if (point)
        out->part = part(s);
    if (!whole && !(point && isdigit((unsigned char)s->at[-1])))
        return false;
    if (out->negative) {
        out->whole = -out->whole;
        out->part = -out->part;
    }
    return true;
}

static bool first_time(struct scan *s, unsigned units)
{
    bool first = !(s->said & units);
    s->said |= units;
    return first;
}

/* After "hours:" */
static bool clock_time(struct scan *s, const struct amount *hours)
{
    struct amount second = {0, 0, false};
    int64_t minute, sign = hours->negative ? -1 : 1;
    if (!first_time(s, 1u << HOUR | 1u << MINUTE | 1u << SECOND) || !digits(s, &minute))
        return false;
    s->sum.over = s->sum.over || minute > 59;
    if (next_is(s, ':')) {
        if (!digits(s, &second.whole))
            return false;
        s->sum.over = s->sum.over || second.whole > 60;
        if (next_is(s, '.'))
            second.part = part(s);
    } else if (next_is(s, '.')) { /* "mm:ss.fff": what seemed hours was minutes */
        second.whole = minute;
        second.part = part(s);
        minute = hours->whole * sign;
        add_to(&s->sum, &s->sum.us, sign * minute, 60000000);
        add_to(&s->sum, &s->sum.us, sign * second.whole, 1000000);
        add_us(&s->sum, (double)sign * second.part * 1e6);
        return true;
    }
    add_to(&s->sum, &s->sum.us, hours->whole, 3600000000);
    add_to(&s->sum, &s->sum.us, sign * minute, 60000000);
    add_to(&s->sum, &s->sum.us, sign * second.whole, 1000000);
    add_us(&s->sum, (double)sign * second.part * 1e6);
    return true;
}

static bool unit_named(hs_str name, enum unit *out)
{
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++)
        if (hs_str_eq_nocase(name, hs_str_of(UNITS[i].name))) {
            *out = UNITS[i].unit;
            return true;
        }
    return false;
}

static hs_str word(struct scan *s)
{
    const char *from = s->at;
    while (s->at < s->end && isalpha((unsigned char)*s->at))
        s->at++;
    return hs_str_n(from, (size_t)(s->at - from));
}

/* A number alone is days where a time follows, else seconds. */
static bool time_follows(struct scan s)
{
    struct amount ignored;
    pass_spaces(&s);
    return s.at < s.end && amount(&s, &ignored) && s.at < s.end && *s.at == ':';
}

static bool one_amount(struct scan *s)
{
    struct amount a;
    enum unit unit;
    int64_t months;
    if (!amount(s, &a))
        return false;
    if (next_is(s, ':'))
        return clock_time(s, &a);
    if (s->at + 1 < s->end && *s->at == '-' && isdigit((unsigned char)s->at[1])) { /* years-months */
        s->at++;
        if (!digits(s, &months) || months > 11)
            return false;
        add_amount(&s->sum, &a, YEAR);
        add_to(&s->sum, &s->sum.months, a.negative ? -months : months, 1);
        return true;
    }
    struct scan before = *s;
    pass_spaces(s);
    hs_str name = word(s);
    if (name.len && unit_named(name, &unit)) {
        add_amount(&s->sum, &a, unit);
        return first_time(s, 1u << unit);
    }
    *s = before;
    bool time = time_follows(*s);
    pass_spaces(s);
    if (!time && s->at < s->end && !isalpha((unsigned char)*s->at))
        return false;
    add_amount(&s->sum, &a, time ? DAY : SECOND);
    return true;
}

static void negate(struct sum *s)
{
    s->over = s->over || s->us == INT64_MIN;
    if (s->over)
        return;
    s->months = -s->months;
    s->days = -s->days;
    s->us = -s->us;
}

static bool iso(struct scan *s)
{
    static const char before[] = "YMWD", after[] = "HMS";
    static const enum unit of_before[] = {YEAR, MONTH, WEEK, DAY}, of_after[] = {HOUR, MINUTE, SECOND};
    bool time = false;
    s->at++;
    while (s->at < s->end) {
        struct amount a;
        if (!time && (next_is(s, 'T') || next_is(s, 't'))) {
            time = s->any = true;
            continue;
        }
        if (!amount(s, &a) || s->at == s->end)
            return false;
        char c = (char)toupper((unsigned char)*s->at++);
        const char *found = c ? strchr(time ? after : before, c) : NULL;
        if (!found)
            return false;
        add_amount(&s->sum, &a, time ? of_after[found - after] : of_before[found - before]);
        s->any = true;
    }
    return s->any;
}

/* In SQL's style one sign at the front is everybody's. */
static bool one_sign(const struct hs_pg_reader *r, hs_str s)
{
    if (r->style->interval_style != HS_PG_INTERVAL_SQL || !s.len || s.at[0] != '-')
        return false;
    for (size_t i = 1; i < s.len; i++)
        if ((s.at[i] == '-' || s.at[i] == '+') && isspace((unsigned char)s.at[i - 1]))
            return false;
    return true;
}

static bool words(struct scan *s)
{
    bool ago = false;
    while (pass_spaces(s), s->at < s->end) {
        if (ago)
            return false;
        if (s->any && isalpha((unsigned char)*s->at)) {
            if (!hs_str_eq_nocase(word(s), HS_S("ago")))
                return false;
            ago = true;
            continue;
        }
        if (!one_amount(s))
            return false;
        s->any = true;
    }
    if (ago)
        negate(&s->sum);
    return s->any;
}

hs_rc hs_pg_read_interval(struct hs_pg_reader *r, hs_str text, struct hs_pg_interval *out)
{
    hs_str t = hs_pg_read_trim(text);
    struct scan s = {.at = t.at, .end = t.at + t.len};
    bool all_negative = one_sign(r, t), fine;
    if (t.len && (t.at[0] == 'P' || t.at[0] == 'p')) {
        fine = iso(&s);
    } else {
        s.at += t.len && (t.at[0] == '@' || all_negative);
        fine = words(&s);
    }
    if (all_negative)
        negate(&s.sum);
    if (!fine) {
        int shown = (int)(text.len < 80 ? text.len : 80);
        return hs_pg_read_failed(r, "22007", "invalid input syntax for type interval: \"%.*s\"",
                                 hs_utf8_valid(hs_str_n(text.at, (size_t)shown)) ? shown : 0, text.at);
    }
    if (!s.sum.over && s.sum.months != (int32_t)s.sum.months)
        return hs_pg_read_failed(r, "22008", "interval out of range");
    if (s.sum.over || s.sum.days != (int32_t)s.sum.days)
        return hs_pg_read_failed(r, "22015", "interval field value out of range");
    *out = (struct hs_pg_interval){(int32_t)s.sum.months, (int32_t)s.sum.days, s.sum.us};
    return HS_OK;
}
