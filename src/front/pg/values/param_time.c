/* Dates and times as people and drivers write them ("Date/Time Input" of the manual). A text is words: parts of a date,
 * a time of day, a zone, BC, AM, PM; in nearly any order. Words that stand for the present (now, today) are refused: a
 * session has no clock, and a bound value should not change with one. */
#include "front/pg/values/param_in.h"

#include "base/clock.h"

#include <ctype.h>
#include <math.h>

enum { FIELDS = 3, WORD_MOST = 40, TEXT_MOST = 256 };

struct field { /* of a date: a number or a month's name */
    int64_t number;
    size_t digits;
    int month; /* 1 to 12: it was a name */
};

struct moment {
    struct field fields[FIELDS];
    size_t field_count;
    bool bc, am, pm, has_time, has_zone;
    int infinite; /* 1, -1 */
    bool epoch;
    int64_t us; /* of the day */
    int32_t offset;
    const struct hs_pg_zone *zone; /* instead of an offset */
};

struct scan {
    const char *at, *end;
    const struct hs_pg_style *style;
    struct moment m;
};

enum outcome { FINE = 0, SYNTAX, RANGE, NO_ZONE, NO_OFFSET };

static bool at_digit(const struct scan *s)
{
    return s->at < s->end && isdigit((unsigned char)*s->at);
}

static bool next_is(struct scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool number(struct scan *s, size_t most, int64_t *out, size_t *digits)
{
    *out = 0;
    for (*digits = 0; at_digit(s) && *digits < most; ++*digits)
        *out = *out * 10 + (*s->at++ - '0');
    return *digits && !at_digit(s);
}

static hs_str word(struct scan *s)
{
    const char *from = s->at;
    while (s->at < s->end && (isalpha((unsigned char)*s->at)))
        s->at++;
    return hs_str_n(from, (size_t)(s->at - from));
}

/* ---- time of day ---- */
/* Microseconds behind the point: the digits as a double, and that rounded, for so it is done there. */
static int64_t fraction(struct scan *s)
{
    enum { EXACT = 15 };
    double digits = 0, unit = 1;
    for (int i = 0; at_digit(s); i++, s->at++) {
        if (i >= EXACT)
            continue;
        digits = digits * 10 + (*s->at - '0');
        unit *= 10;
    }
    return (int64_t)rint(digits / unit * 1e6);
}

static enum outcome set_time(struct scan *s, int64_t hour, int64_t minute, int64_t second, int64_t us)
{
    if (s->m.has_time)
        return SYNTAX;
    s->m.has_time = true;
    s->m.us = ((hour * 60 + minute) * 60 + second) * 1000000 + us;
    return hour > 24 || minute > 59 || second > 60 || s->m.us > HS_PG_DAY_US ? RANGE : FINE;
}

/* After the hour and its colon. */
static enum outcome rest_of_time(struct scan *s, int64_t hour)
{
    int64_t minute, second = 0, us = 0;
    size_t digits;
    if (!number(s, 2, &minute, &digits))
        return SYNTAX;
    if (next_is(s, ':')) {
        if (!number(s, 2, &second, &digits))
            return SYNTAX;
        if (next_is(s, '.'))
            us = fraction(s);
    }
    return set_time(s, hour, minute, second, us);
}

/* 040506, 0405 */
static enum outcome packed_time(struct scan *s, int64_t v, size_t digits)
{
    int64_t us = next_is(s, '.') ? fraction(s) : 0;
    if (digits == 6)
        return set_time(s, v / 10000, v / 100 % 100, v % 100, us);
    return digits == 4 ? set_time(s, v / 100, v % 100, 0, us) : SYNTAX;
}

static enum outcome time_after_t(struct scan *s)
{
    int64_t v;
    size_t digits;
    if (!number(s, 6, &v, &digits))
        return SYNTAX;
    return digits <= 2 && next_is(s, ':') ? rest_of_time(s, v) : packed_time(s, v, digits);
}

/* ---- zones ---- */
/* +hh, +hhmm, +hh:mm, +hh:mm:ss */
static enum outcome offset(struct scan *s)
{
    bool west = *s->at++ == '-';
    int64_t hour, minute = 0, second = 0;
    size_t digits, ignored;
    if (s->m.has_zone || !number(s, 6, &hour, &digits))
        return SYNTAX;
    if (digits == 4 || digits == 3) {
        minute = hour % 100;
        hour /= 100;
    } else if (digits > 4) {
        second = hour % 100;
        minute = hour / 100 % 100;
        hour /= 10000;
    } else if (next_is(s, ':')) {
        if (!number(s, 2, &minute, &ignored) || (next_is(s, ':') && !number(s, 2, &second, &ignored)))
            return SYNTAX;
    }
    if (hour > 15 || minute > 59 || second > 59)
        return NO_OFFSET;
    int32_t east = (int32_t)((hour * 60 + minute) * 60 + second);
    s->m.has_zone = true;
    s->m.offset = west ? -east : east;
    return FINE;
}

/* What the session's own zone calls its times, before zones by name: "CEST" is no zone's name. */
static bool own_abbreviation(struct scan *s, hs_str name)
{
    int64_t from, to, at[] = {1736942400, 1752580800}; /* a January and a July */
    for (int i = 0; i < 2; i++) {
        struct hs_pg_zone_type type = hs_pg_zone_at(s->style->zone, at[i], &from, &to);
        if (type.abbreviation && hs_str_eq_nocase(name, hs_str_of(type.abbreviation))) {
            s->m.offset = type.offset;
            return true;
        }
    }
    return false;
}

static bool abbreviation(struct scan *s, hs_str name)
{
    static const struct {
        const char *name;
        int minutes;
    } known[] = {
#define ABBREVIATION(name, minutes) {name, minutes},
#include "front/pg/values/abbreviations.def"
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (hs_str_eq_nocase(name, hs_str_of(known[i].name))) {
            s->m.offset = known[i].minutes * 60;
            return true;
        }
    return false;
}

static enum outcome named_zone(struct scan *s, hs_str name)
{
    if (s->m.has_zone)
        return SYNTAX;
    s->m.has_zone = true;
    if (own_abbreviation(s, name) || abbreviation(s, name))
        return FINE;
    s->m.zone = hs_pg_zone_find(name);
    if (s->m.zone)
        return FINE;
    return name.len && memchr(name.at, '/', name.len) ? NO_ZONE : SYNTAX;
}

/* ---- words ---- */
static int month_of(hs_str name)
{
    static const char *const names[] = {"january", "february", "march",     "april",   "may",      "june",
                                        "july",    "august",   "september", "october", "november", "december"};
    for (int i = 0; i < 12; i++) {
        hs_str full = hs_str_of(names[i]);
        if (hs_str_eq_nocase(name, full) || (name.len == 3 && hs_str_eq_nocase(name, hs_str_n(full.at, 3))))
            return i + 1;
    }
    return hs_str_eq_nocase(name, HS_S("sept")) ? 9 : 0;
}

static bool is_weekday(hs_str name)
{
    static const char *const names[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    for (int i = 0; i < 7; i++) {
        hs_str full = hs_str_of(names[i]);
        if (hs_str_eq_nocase(name, full) || (name.len == 3 && hs_str_eq_nocase(name, hs_str_n(full.at, 3))))
            return true;
    }
    return false;
}

static enum outcome add_field(struct scan *s, struct field f)
{
    if (s->m.field_count == FIELDS)
        return SYNTAX;
    s->m.fields[s->m.field_count++] = f;
    return FINE;
}

static bool known_word(struct scan *s, hs_str name)
{
    if (hs_str_eq_nocase(name, HS_S("bc")))
        s->m.bc = true;
    else if (hs_str_eq_nocase(name, HS_S("am")))
        s->m.am = true;
    else if (hs_str_eq_nocase(name, HS_S("pm")))
        s->m.pm = true;
    else if (hs_str_eq_nocase(name, HS_S("infinity")))
        s->m.infinite = 1;
    else if (hs_str_eq_nocase(name, HS_S("epoch")))
        s->m.epoch = true;
    else
        return hs_str_eq_nocase(name, HS_S("ad")) || is_weekday(name);
    return true;
}

static enum outcome joined_date(struct scan *s);

static enum outcome one_word(struct scan *s)
{
    const char *from = s->at;
    hs_str name = word(s);
    int month = month_of(name);
    if (hs_str_eq_nocase(name, HS_S("t")) && at_digit(s))
        return time_after_t(s);
    if (month) {
        enum outcome o = add_field(s, (struct field){.month = month});
        return o == FINE && s->m.field_count == 1 ? joined_date(s) : o;
    }
    if (known_word(s, name))
        return FINE;
    while (s->at < s->end && !isspace((unsigned char)*s->at) && *s->at != ',')
        s->at++; /* "Europe/Berlin", "Etc/GMT+1" */
    return named_zone(s, hs_str_n(from, (size_t)(s->at - from)));
}

/* ---- dates ---- */
static bool is_between(char c)
{
    return c == '-' || c == '/' || c == '.';
}

static enum outcome packed_date(struct scan *s, int64_t v, size_t digits)
{
    size_t year_digits = digits - 4;
    enum outcome o = add_field(s, (struct field){v / 10000, year_digits < 3 ? 3 : year_digits, 0});
    if (digits == 6) { /* yymmdd */
        s->m.fields[s->m.field_count - 1].number += v / 10000 < 70 ? 2000 : 1900;
    }
    if (o == FINE)
        o = add_field(s, (struct field){v / 100 % 100, 2, 0});
    return o == FINE ? add_field(s, (struct field){v % 100, 2, 0}) : o;
}

/* 2020-01-31, 31.1.2020, 31-Jan-2020: after the first number. */
static enum outcome joined_date(struct scan *s)
{
    while (s->at + 1 < s->end && is_between(*s->at) && s->m.field_count < FIELDS && isalnum((unsigned char)s->at[1])) {
        struct field f = {0, 0, 0};
        s->at++;
        if (at_digit(s)) {
            if (!number(s, 7, &f.number, &f.digits))
                return SYNTAX;
        } else if (!(f.month = month_of(word(s)))) {
            return SYNTAX;
        }
        enum outcome o = add_field(s, f);
        if (o != FINE)
            return o;
    }
    return s->m.field_count == FIELDS && s->at < s->end && is_between(*s->at) ? SYNTAX : FINE;
}

static enum outcome one_number(struct scan *s)
{
    int64_t v;
    size_t digits;
    if (!number(s, 9, &v, &digits))
        return SYNTAX;
    if (digits <= 2 && next_is(s, ':'))
        return rest_of_time(s, v);
    bool joined = s->at < s->end && is_between(*s->at);
    if (!s->m.field_count && !joined && (digits == 8 || digits == 6))
        return packed_date(s, v, digits);
    if (s->m.field_count == FIELDS && !s->m.has_time)
        return packed_time(s, v, digits);
    enum outcome o = digits <= 7 ? add_field(s, (struct field){v, digits, 0}) : SYNTAX;
    return o == FINE && s->m.field_count == 1 ? joined_date(s) : o;
}

static enum outcome scan_all(struct scan *s)
{
    while (s->at < s->end) {
        enum outcome o = FINE;
        if (isspace((unsigned char)*s->at) || *s->at == ',')
            s->at++;
        else if (isdigit((unsigned char)*s->at))
            o = one_number(s);
        else if (isalpha((unsigned char)*s->at))
            o = one_word(s);
        else if ((*s->at == '+' || *s->at == '-') && (s->m.has_time || s->m.field_count))
            o = offset(s);
        else if (*s->at == '-' && s->end - s->at == 9) /* -infinity */
            s->at++, o = one_word(s), s->m.infinite = -s->m.infinite;
        else
            return SYNTAX;
        if (o != FINE)
            return o;
    }
    if ((s->m.am || s->m.pm) && s->m.has_time) {
        int64_t hour = s->m.us / 3600000000;
        if (hour > 12)
            return RANGE;
        s->m.us += s->m.pm && hour < 12 ? HS_PG_DAY_US / 2 : s->m.am && hour == 12 ? -HS_PG_DAY_US / 2 : 0;
    }
    return FINE;
}

/* Which field is what: a year is known by its digits, a month by its name, else DateStyle's order tells. */
static void order_fields(struct scan *s, struct field *year, struct field *month, struct field *day)
{
    const struct field *f = s->m.fields;
    static const uint8_t orders[][3] = {[HS_PG_MDY] = {2, 0, 1}, [HS_PG_DMY] = {2, 1, 0}, [HS_PG_YMD] = {0, 1, 2}};
    uint8_t at[3];
    memcpy(at, orders[s->style->date_order], sizeof at);
    bool year_first = f[0].digits >= 3;
    if (year_first)
        memcpy(at, orders[HS_PG_YMD], sizeof at);
    if (f[0].month)
        memcpy(at, orders[HS_PG_MDY], sizeof at); /* Jan 8 1999 */
    if (f[1].month && !year_first)
        memcpy(at, orders[HS_PG_DMY], sizeof at); /* 8 Jan 1999 */
    if (f[0].month && f[1].digits >= 3) {         /* Jan 1999 8 */
        at[0] = 1;
        at[2] = 2;
    }
    *year = f[at[0]];
    *month = f[at[1]];
    *day = f[at[2]];
    if (month->month)
        month->number = month->month;
}

static unsigned days_in(int64_t year, int64_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static enum outcome date_of(struct scan *s, int64_t *out)
{
    struct field year, month, day;
    if (s->m.field_count != FIELDS)
        return SYNTAX;
    order_fields(s, &year, &month, &day);
    if (year.month || day.month)
        return SYNTAX;
    int64_t y = year.number;
    if (year.digits <= 2 && !s->m.bc)
        y += y < 70 ? 2000 : 1900;
    if (y == 0)
        return RANGE;
    y = s->m.bc ? 1 - y : y;
    if (month.number < 1 || month.number > 12 || day.number < 1 || day.number > days_in(y, month.number))
        return RANGE;
    *out = hs_days_from_civil(y, (unsigned)month.number, (unsigned)day.number);
    return *out < HS_PG_DATE_MIN || *out >= HS_PG_DATE_END ? RANGE : FINE;
}

/* ---- the three types ---- */
static hs_rc told(struct hs_pg_reader *r, enum outcome o, const char *type, hs_str text)
{
    int shown = (int)(text.len < 80 ? text.len : 80);
    if (o == FINE)
        return HS_OK;
    if (!hs_utf8_valid(hs_str_n(text.at, (size_t)shown)))
        shown = 0;
    if (o == RANGE)
        return hs_pg_read_failed(r, "22008", "date/time field value out of range: \"%.*s\"", shown, text.at);
    if (o == NO_OFFSET)
        return hs_pg_read_failed(r, "22009", "time zone displacement out of range: \"%.*s\"", shown, text.at);
    if (o == NO_ZONE)
        return hs_pg_read_failed(r, "22023", "time zone not recognized in \"%.*s\"", shown, text.at);
    return hs_pg_read_failed(r, "22007", "invalid input syntax for type %s: \"%.*s\"", type, shown, text.at);
}

static enum outcome scan(struct hs_pg_reader *r, hs_str text, struct scan *s)
{
    *s = (struct scan){.at = text.at, .end = text.at + text.len, .style = r->style};
    return text.len > TEXT_MOST ? SYNTAX : scan_all(s);
}

hs_rc hs_pg_read_date(struct hs_pg_reader *r, hs_str text, int64_t *out)
{
    struct scan s;
    enum outcome o = scan(r, hs_pg_read_trim(text), &s);
    if (o == FINE && s.m.infinite)
        *out = s.m.infinite > 0 ? INT32_MAX : -INT32_MAX;
    else if (o == FINE && s.m.epoch)
        *out = 0;
    else if (o == FINE)
        o = date_of(&s, out);
    return told(r, o, "date", text);
}

hs_rc hs_pg_read_time(struct hs_pg_reader *r, hs_str text, int64_t *out)
{
    struct scan s;
    hs_str trimmed = hs_pg_read_trim(text);
    enum outcome o = FINE;
    int64_t v;
    size_t digits;
    s = (struct scan){.at = trimmed.at, .end = trimmed.at + trimmed.len, .style = r->style};
    if (number(&s, 6, &v, &digits) && (digits == 6 || digits == 4) && s.at == s.end)
        o = packed_time(&s, v, digits);
    else
        o = scan(r, trimmed, &s);
    if (o == FINE && (!s.m.has_time || s.m.infinite || s.m.epoch || s.m.field_count % FIELDS))
        o = SYNTAX;
    *out = s.m.us;
    return told(r, o, "time", text);
}

/* Of a local time to UTC: by the zone it was written with, else by the session's. */
static enum outcome to_utc(const struct scan *s, int64_t local, int64_t *out)
{
    int32_t east = s->m.offset;
    const struct hs_pg_zone *zone = s->m.has_zone ? s->m.zone : s->style->zone;
    if (zone)
        east = hs_pg_zone_offset_of_local(zone, local / 1000000 - (local % 1000000 < 0));
    return __builtin_sub_overflow(local, (int64_t)east * 1000000, out) ? RANGE : FINE;
}

hs_rc hs_pg_read_timestamp(struct hs_pg_reader *r, bool zoned, hs_str text, int64_t *out)
{
    struct scan s;
    int64_t day;
    enum outcome o = scan(r, hs_pg_read_trim(text), &s);
    const char *type = zoned ? "timestamp with time zone" : "timestamp";
    if (o != FINE)
        return told(r, o, type, text);
    if (s.m.infinite || s.m.epoch) {
        *out = s.m.epoch ? 0 : s.m.infinite > 0 ? INT64_MAX : -INT64_MAX;
        return HS_OK;
    }
    o = date_of(&s, &day);
    if (o == FINE && (__builtin_mul_overflow(day, HS_PG_DAY_US, out) || __builtin_add_overflow(*out, s.m.us, out)))
        o = RANGE;
    if (o == FINE && zoned)
        o = to_utc(&s, *out, out);
    if (o == FINE && (*out < HS_PG_TIMESTAMP_MIN || *out == INT64_MAX))
        o = RANGE;
    return told(r, o, type, text);
}
