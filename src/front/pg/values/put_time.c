/* Dates, timestamps and intervals in all of PostgreSQL's styles ("Date/Time Output" and "Interval Output" of its
 * manual). The ISO date is inline in put.h. */
#include "front/pg/values/put.h"

static const char *const DAYS[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"}; /* 1970-01-01 was a Thursday */
static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static char *put_three(char *p, uint32_t first, uint32_t second, char between, int32_t year)
{
    p = hs_pg_put_pair(p, first);
    *p = between;
    p = hs_pg_put_pair(p + 1, second);
    *p = between;
    return hs_pg_put_year(p + 1, year);
}

/* Without the era. Only ISO has the year first; YMD means month first elsewhere. */
static char *put_day(char *p, struct hs_pg_civil c, const struct hs_pg_style *style)
{
    bool day_first = style->date_order == HS_PG_DMY || style->date_style == HS_PG_DATE_GERMAN;
    uint32_t first = day_first ? c.day : c.month, second = day_first ? c.month : c.day;
    switch (style->date_style) {
    case HS_PG_DATE_ISO:
        return hs_pg_put_iso_day(p, c);
    case HS_PG_DATE_SQL:
        return put_three(p, first, second, '/', c.year);
    case HS_PG_DATE_GERMAN:
        return put_three(p, first, second, '.', c.year);
    case HS_PG_DATE_POSTGRES:
        break;
    }
    return put_three(p, first, second, '-', c.year);
}

char *hs_pg_put_date(char *p, int32_t days, const struct hs_pg_style *style)
{
    struct hs_pg_civil c = hs_pg_civil_of(days);
    return hs_pg_put_era(put_day(p, c, style), c.year);
}

char *hs_pg_put_offset(char *p, int32_t seconds_east)
{
    uint32_t s = (uint32_t)(seconds_east < 0 ? -seconds_east : seconds_east);
    *p = seconds_east < 0 ? '-' : '+';
    p = hs_pg_put_pair(p + 1, s / 3600 % 100);
    if (s % 3600) {
        *p = ':';
        p = hs_pg_put_pair(p + 1, s / 60 % 60);
    }
    if (s % 60) {
        *p = ':';
        p = hs_pg_put_pair(p + 1, s % 60);
    }
    return p;
}

/* All styles but ISO name the zone where it has a name. */
static char *put_zone(char *p, const struct hs_pg_zone_type *zone, const struct hs_pg_style *style)
{
    enum { NAME_MOST = 10 };
    if (!zone)
        return p;
    if (style->date_style == HS_PG_DATE_ISO)
        return hs_pg_put_offset(p, zone->offset);
    *p++ = ' ';
    if (!zone->abbreviation || !*zone->abbreviation)
        return hs_pg_put_offset(p, zone->offset);
    return hs_pg_put_words(p, zone->abbreviation, strnlen(zone->abbreviation, NAME_MOST));
}

/* "Wed Dec 17 07:37:16 1997 PST" */
static char *put_long(char *p, int32_t day, int64_t us, const struct hs_pg_style *style,
                      const struct hs_pg_zone_type *zone)
{
    struct hs_pg_civil c = hs_pg_civil_of(day);
    p = hs_pg_put_words(p, DAYS[((day % 7) + 7) % 7], 3);
    *p++ = ' ';
    if (style->date_order == HS_PG_DMY) {
        p = hs_pg_put_pair(p, c.day);
        *p++ = ' ';
        p = hs_pg_put_words(p, MONTHS[c.month - 1], 3);
    } else {
        p = hs_pg_put_words(p, MONTHS[c.month - 1], 3);
        *p++ = ' ';
        p = hs_pg_put_pair(p, c.day);
    }
    *p++ = ' ';
    p = hs_pg_put_clock(p, us);
    *p++ = ' ';
    p = hs_pg_put_year(p, c.year);
    return hs_pg_put_era(put_zone(p, zone, style), c.year);
}

char *hs_pg_put_timestamp(char *p, int64_t local_us, const struct hs_pg_style *style,
                          const struct hs_pg_zone_type *zone)
{
    int64_t us;
    int32_t day = hs_pg_day_of(local_us, &us);
    if (style->date_style == HS_PG_DATE_POSTGRES)
        return put_long(p, day, us, style, zone);
    struct hs_pg_civil c = hs_pg_civil_of(day);
    p = put_day(p, c, style);
    *p++ = ' ';
    p = hs_pg_put_clock(p, us);
    return hs_pg_put_era(put_zone(p, zone, style), c.year);
}

/* ---- intervals ---- */
struct parts {
    int64_t year, month, day, hour, minute, second, us; /* seconds and below have one sign */
};

static struct parts parts_of(int32_t months, int32_t days, int64_t us)
{
    return (struct parts){months / 12,        months % 12,       days,        us / 3600000000,
                          us / 60000000 % 60, us / 1000000 % 60, us % 1000000};
}

static uint64_t size_of(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static char *put_seconds(char *p, const struct parts *t, bool two_digits)
{
    p = two_digits ? hs_pg_put_pair(p, (uint32_t)size_of(t->second)) : hs_pg_put_u64(p, size_of(t->second));
    return hs_pg_put_fraction(p, (uint32_t)size_of(t->us));
}

static char *put_time_of(char *p, const struct parts *t, unsigned hour_digits)
{
    uint64_t hour = size_of(t->hour);
    p = hour_digits > 1 && hour < 10 ? hs_pg_put_pair(p, (uint32_t)hour) : hs_pg_put_u64(p, hour);
    *p = ':';
    p = hs_pg_put_pair(p + 1, (uint32_t)size_of(t->minute));
    *p = ':';
    return put_seconds(p + 1, t, true);
}

static bool time_negative(const struct parts *t)
{
    return t->hour < 0 || t->minute < 0 || t->second < 0 || t->us < 0;
}
static bool has_time(const struct parts *t)
{
    return t->hour || t->minute || t->second || t->us;
}

/* "1 year 2 mons -3 days +04:05:06": a part after a negative one carries its plus. */
static char *put_postgres(char *p, const struct parts *t)
{
    const int64_t values[] = {t->year, t->month, t->day};
    static const char *const names[] = {" year", " mon", " day"};
    char *from = p;
    bool negative = false;
    for (int i = 0; i < 3; i++) {
        if (!values[i])
            continue;
        if (p > from)
            *p++ = ' ';
        if (negative && values[i] > 0)
            *p++ = '+';
        p = hs_pg_put_i64(p, values[i]);
        p = hs_pg_put_words(p, names[i], strlen(names[i]));
        if (values[i] != 1)
            *p++ = 's';
        negative = values[i] < 0;
    }
    if (p > from && !has_time(t))
        return p;
    if (p > from)
        *p++ = ' ';
    if (time_negative(t))
        *p++ = '-';
    else if (negative)
        *p++ = '+';
    return put_time_of(p, t, 2);
}

/* "@ 1 year 2 mons -3 days 4 hours 5 mins 6 secs ago": the first part's sign goes into "ago", and turns the others'. */
static char *put_verbose(char *p, const struct parts *t)
{
    const int64_t values[] = {t->year, t->month, t->day, t->hour, t->minute};
    static const char *const names[] = {" year", " mon", " day", " hour", " min"};
    bool any = false, ago = false;
    *p++ = '@';
    for (int i = 0; i < 5; i++) {
        if (!values[i])
            continue;
        if (!any)
            ago = values[i] < 0;
        int64_t shown = ago ? -values[i] : values[i];
        any = true;
        *p++ = ' ';
        p = hs_pg_put_i64(p, shown);
        p = hs_pg_put_words(p, names[i], strlen(names[i]));
        if (shown != 1)
            *p++ = 's';
    }
    if (t->second || t->us) {
        bool negative = t->second < 0 || t->us < 0;
        if (!any)
            ago = negative;
        *p++ = ' ';
        if (negative != ago)
            *p++ = '-';
        p = HS_PG_PUT_WORDS(put_seconds(p, t, false), " sec");
        if (size_of(t->second) != 1 || t->us)
            *p++ = 's';
        any = true;
    }
    if (!any)
        p = HS_PG_PUT_WORDS(p, " 0");
    return ago ? HS_PG_PUT_WORDS(p, " ago") : p;
}

static char *put_iso_part(char *p, int64_t v, char unit)
{
    if (!v)
        return p;
    p = hs_pg_put_i64(p, v);
    *p = unit;
    return p + 1;
}

static char *put_iso(char *p, const struct parts *t)
{
    if (!t->year && !t->month && !t->day && !has_time(t))
        return HS_PG_PUT_WORDS(p, "PT0S");
    *p = 'P';
    p = put_iso_part(p + 1, t->year, 'Y');
    p = put_iso_part(p, t->month, 'M');
    p = put_iso_part(p, t->day, 'D');
    if (!has_time(t))
        return p;
    *p = 'T';
    p = put_iso_part(p + 1, t->hour, 'H');
    p = put_iso_part(p, t->minute, 'M');
    if (!t->second && !t->us)
        return p;
    if (t->second < 0 || t->us < 0)
        *p++ = '-';
    p = put_seconds(p, t, false);
    *p = 'S';
    return p + 1;
}

static char *put_sql_mixed(char *p, const struct parts *t)
{
    *p++ = t->year < 0 || t->month < 0 ? '-' : '+';
    p = hs_pg_put_u64(p, size_of(t->year));
    *p++ = '-';
    p = hs_pg_put_u64(p, size_of(t->month));
    *p++ = ' ';
    *p++ = t->day < 0 ? '-' : '+';
    p = hs_pg_put_u64(p, size_of(t->day));
    *p++ = ' ';
    *p++ = time_negative(t) ? '-' : '+';
    return put_time_of(p, t, 1);
}

/* The standard has one sign for all, and either years and months or days and time; what has more gets a sign each. */
static char *put_sql(char *p, const struct parts *t)
{
    bool negative = t->year < 0 || t->month < 0 || t->day < 0 || time_negative(t);
    bool positive =
        t->year > 0 || t->month > 0 || t->day > 0 || t->hour > 0 || t->minute > 0 || t->second > 0 || t->us > 0;
    bool long_part = t->year || t->month, short_part = t->day || has_time(t);
    if (!negative && !positive)
        return HS_PG_PUT_WORDS(p, "0");
    if ((negative && positive) || (long_part && short_part))
        return put_sql_mixed(p, t);
    *p = '-';
    p += negative;
    if (long_part) {
        p = hs_pg_put_u64(p, size_of(t->year));
        *p = '-';
        return hs_pg_put_u64(p + 1, size_of(t->month));
    }
    if (t->day) {
        p = hs_pg_put_u64(p, size_of(t->day));
        *p++ = ' ';
    }
    return put_time_of(p, t, 1);
}

char *hs_pg_put_interval(char *p, int32_t months, int32_t days, int64_t us, enum hs_pg_interval_style style)
{
    struct parts t = parts_of(months, days, us);
    switch (style) {
    case HS_PG_INTERVAL_VERBOSE:
        return put_verbose(p, &t);
    case HS_PG_INTERVAL_SQL:
        return put_sql(p, &t);
    case HS_PG_INTERVAL_ISO:
        return put_iso(p, &t);
    case HS_PG_INTERVAL_POSTGRES:
        break;
    }
    return put_postgres(p, &t);
}
