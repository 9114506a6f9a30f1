/* Dates, times and intervals as PostgreSQL writes them. The calendar is the proleptic Gregorian one, years before 1 are
 * written as BC. What reads them is pg/read.c. */
#include "engine/worker/pg/natives.h"

enum { DAYS_OF_400_YEARS = 146097, DAYS_TO_1970 = 719468 };

/* ---- the calendar: eras of 400 years that begin in March, so that the leap day is the last ---- */
int64_t pg_days_of_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * DAYS_OF_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

void pg_civil_of_days(int64_t days, struct pg_civil *out)
{
    days += DAYS_TO_1970;
    int64_t era = (days >= 0 ? days : days - DAYS_OF_400_YEARS + 1) / DAYS_OF_400_YEARS;
    int64_t of_era = days - era * DAYS_OF_400_YEARS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = (int)(of_era - (365 * year + year / 4 - year / 100)), month = (5 * of_year + 2) / 153;
    *out = (struct pg_civil){.year = year + era * 400};
    out->day = of_year - (153 * month + 2) / 5 + 1;
    out->month = month < 10 ? month + 3 : month - 9;
    out->year += out->month <= 2;
}

static void put_time(struct pg_civil *t, int64_t us)
{
    t->micro = (int)(us % 1000000);
    t->second = (int)(us / 1000000 % 60);
    t->minute = (int)(us / 60000000 % 60);
    t->hour = (int)(us / 3600000000);
}

void pg_civil_of_micros(int64_t us, struct pg_civil *out)
{
    int64_t days = us / PG_DAY_US, left = us % PG_DAY_US;
    if (left < 0) {
        left += PG_DAY_US;
        days--;
    }
    pg_civil_of_days(days, out);
    put_time(out, left);
}

bool pg_days_in_range(int64_t days)
{
    return days >= -2440588 && days < 2145042906;
}

/* ---- writing ---- */
static void add_day(struct hs_buf *b, const struct pg_civil *t)
{
    hs_buf_addf(b, "%04lld-%02d-%02d", (long long)(t->year > 0 ? t->year : 1 - t->year), t->month, t->day);
}

static void add_clock(struct hs_buf *b, const struct pg_civil *t)
{
    char fraction[8];
    int len = 6;
    hs_buf_addf(b, "%02d:%02d:%02d", t->hour, t->minute, t->second);
    if (!t->micro)
        return;
    for (int i = 5, left = t->micro; i >= 0; i--, left /= 10)
        fraction[i] = (char)('0' + left % 10);
    while (fraction[len - 1] == '0')
        len--;
    hs_buf_addc(b, '.');
    hs_buf_add(b, fraction, (size_t)len);
}

void pg_add_date(struct hs_buf *b, int32_t days)
{
    struct pg_civil t;
    if (days == PG_INFINITE_DAYS || days <= -PG_INFINITE_DAYS)
        return hs_buf_addz(b, days > 0 ? "infinity" : "-infinity");
    pg_civil_of_days(days, &t);
    add_day(b, &t);
    hs_buf_addz(b, t.year > 0 ? "" : " BC");
}

void pg_add_time(struct hs_buf *b, int64_t us)
{
    struct pg_civil t = {0};
    put_time(&t, us < 0 ? 0 : us);
    add_clock(b, &t);
}

void pg_add_timestamp(struct hs_buf *b, int64_t us, bool zoned)
{
    struct pg_civil t;
    if (us == PG_INFINITE_US || us <= -PG_INFINITE_US)
        return hs_buf_addz(b, us > 0 ? "infinity" : "-infinity");
    pg_civil_of_micros(us, &t);
    add_day(b, &t);
    hs_buf_addc(b, ' ');
    add_clock(b, &t);
    hs_buf_addz(b, zoned ? "+00" : "");
    hs_buf_addz(b, t.year > 0 ? "" : " BC");
}

struct parts {
    bool any, minus; /* something is written; the last of it was negative */
};

static void add_part(struct hs_buf *b, struct parts *p, int64_t n, const char *unit)
{
    if (!n)
        return;
    hs_buf_addf(b, "%s%s%lld %s%s", p->any ? " " : "", p->minus && n > 0 ? "+" : "", (long long)n, unit,
                n == 1 ? "" : "s");
    *p = (struct parts){true, n < 0};
}

void pg_add_interval(struct hs_buf *b, const duckdb_interval *v)
{
    struct parts p = {false, false};
    struct pg_civil t = {0};
    add_part(b, &p, v->months / 12, "year");
    add_part(b, &p, v->months % 12, "mon");
    add_part(b, &p, v->days, "day");
    if (p.any && !v->micros)
        return;
    uint64_t us = v->micros < 0 ? -(uint64_t)v->micros : (uint64_t)v->micros;
    hs_buf_addf(b, "%s%s", p.any ? " " : "", v->micros < 0 ? "-" : p.minus ? "+" : "");
    t.micro = (int)(us % 1000000);
    t.second = (int)(us / 1000000 % 60);
    t.minute = (int)(us / 60000000 % 60);
    t.hour = (int)(us / 3600000000);
    add_clock(b, &t);
}

/* ---- intervals ---- */
static bool put_interval(struct pg_call *c, size_t row, int64_t months, int64_t days, int64_t micros)
{
    if (months != (int32_t)months || days != (int32_t)days)
        return pg_raise(c, "22008");
    duckdb_interval v = {(int32_t)months, (int32_t)days, micros};
    PG_PUT(c, duckdb_interval, row, v);
    return true;
}

/* Both of one sign: what is left of the smaller unit borrows from the larger. */
static void same_sign(int64_t *large, int64_t *small, int64_t of_one)
{
    if (*large > 0 && *small < 0) {
        *small += of_one;
        --*large;
    } else if (*large < 0 && *small > 0) {
        *small -= of_one;
        ++*large;
    }
}

static void carry(int64_t *large, int64_t *small, int64_t of_one)
{
    *large += *small / of_one;
    *small %= of_one;
}

static bool justify_hours(struct pg_call *c, size_t row)
{
    duckdb_interval v = PG_AT(c, duckdb_interval, 0, row);
    int64_t days = v.days, micros = v.micros;
    carry(&days, &micros, PG_DAY_US);
    same_sign(&days, &micros, PG_DAY_US);
    return put_interval(c, row, v.months, days, micros);
}

static bool justify_days(struct pg_call *c, size_t row)
{
    duckdb_interval v = PG_AT(c, duckdb_interval, 0, row);
    int64_t months = v.months, days = v.days;
    carry(&months, &days, 30);
    same_sign(&months, &days, 30);
    return put_interval(c, row, months, days, v.micros);
}

static bool justify_interval(struct pg_call *c, size_t row)
{
    duckdb_interval v = PG_AT(c, duckdb_interval, 0, row);
    int64_t months = v.months, days = v.days, micros = v.micros;
    carry(&days, &micros, PG_DAY_US);
    carry(&months, &days, 30);
    if (months > 0 && (days < 0 || (days == 0 && micros < 0))) {
        days += 30;
        months--;
    } else if (months < 0 && (days > 0 || (days == 0 && micros > 0))) {
        days -= 30;
        months++;
    }
    same_sign(&days, &micros, PG_DAY_US);
    return put_interval(c, row, months, days, micros);
}

static bool make_interval(struct pg_call *c, size_t row)
{
    int64_t n[6];
    double seconds = PG_AT(c, double, 6, row);
    for (size_t i = 0; i < 6; i++)
        n[i] = PG_AT(c, int32_t, i, row);
    if (!(seconds > -9e12 && seconds < 9e12))
        return pg_raise(c, "22008");
    double whole = seconds * 1e6;
    int64_t micros = (int64_t)(whole < 0 ? whole - 0.5 : whole + 0.5);
    if (__builtin_add_overflow(micros, n[4] * 3600000000, &micros) ||
        __builtin_add_overflow(micros, n[5] * 60000000, &micros))
        return pg_raise(c, "22008");
    return put_interval(c, row, n[0] * 12 + n[1], n[2] * 7 + n[3], micros);
}

static bool interval_of(struct pg_call *c, size_t row)
{
    struct pg_number n[3];
    for (size_t i = 0; i < 3; i++)
        if (!pg_number_at(&c->types[i], &c->in[i], row, &n[i]) || n[i].real || n[i].units != (int64_t)n[i].units)
            return pg_raise(c, "22008");
    return put_interval(c, row, (int64_t)n[0].units, (int64_t)n[1].units, (int64_t)n[2].units);
}

static bool part_of(struct pg_call *c, size_t row)
{
    const duckdb_interval *v = &PG_AT(c, duckdb_interval, 0, row);
    const char *which = c->native->name + strlen("hs_pg_");
    PG_PUT(c, int64_t, row, which[1] == 'o' ? v->months : which[1] == 'a' ? v->days : v->micros); /* mOnths, dAys */
    return true;
}

/* A year of an interval has 365.25 days, a month thirty. */
static bool epoch(struct pg_call *c, size_t row)
{
    const duckdb_interval *v = &PG_AT(c, duckdb_interval, 0, row);
    int64_t quarter_days = (int64_t)(v->months / 12) * 1461 + ((int64_t)(v->months % 12) * 30 + v->days) * 4;
    __int128 us = (__int128)quarter_days * (PG_DAY_US / 4) + v->micros;
    PG_PUT(c, __int128, row, us);
    return true;
}

static bool zone_offset(struct pg_call *c, size_t row)
{
    uint64_t at = (uint64_t)PG_AT(c, int64_t, 0, row), local = (uint64_t)PG_AT(c, int64_t, 1, row);
    PG_PUT(c, int64_t, row, (int64_t)(local - at) / 1000000);
    return true;
}

#define V DUCKDB_TYPE_INTERVAL
#define I DUCKDB_TYPE_INTEGER
#define ANY DUCKDB_TYPE_ANY
const struct pg_native hs_pg_times[] = {
    {"hs_pg_justify_hours", {V}, V, .row = justify_hours},
    {"hs_pg_justify_days", {V}, V, .row = justify_days},
    {"hs_pg_justify_interval", {V}, V, .row = justify_interval},
    {"hs_pg_make_interval", {I, I, I, I, I, I, DUCKDB_TYPE_DOUBLE}, V, .row = make_interval},
    {"hs_pg_interval_of", {ANY, ANY, ANY}, V, .row = interval_of},
    {"hs_pg_months", {V}, DUCKDB_TYPE_BIGINT, .row = part_of},
    {"hs_pg_days", {V}, DUCKDB_TYPE_BIGINT, .row = part_of},
    {"hs_pg_micros", {V}, DUCKDB_TYPE_BIGINT, .row = part_of},
    {"hs_pg_epoch", {V}, DUCKDB_TYPE_DECIMAL, 6, .row = epoch},
    {"hs_pg_zone_offset", {DUCKDB_TYPE_TIMESTAMP_TZ, DUCKDB_TYPE_TIMESTAMP}, DUCKDB_TYPE_BIGINT, .row = zone_offset},
    {0},
};
