/* to_char of times and intervals. Names are English ones. Of zones there is the offset, and UTC by name. */
#include "engine/worker/pg/token.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- writing ---- */
struct moment {
    struct pg_civil c;
    int64_t epoch_days;
    bool span; /* an interval: a count, no day of the calendar */
    bool zoned, utc;
    int64_t offset;
};

static bool is_lower(char ch)
{
    return ch >= 'a' && ch <= 'z';
}

/* Month, MONTH or month, filled up to nine. */
static void add_name(struct hs_buf *b, const struct token *t, const char *name, size_t len, bool padded)
{
    size_t all = len ? len : strlen(name);
    for (size_t i = 0; i < all; i++) {
        char ch = name[i];
        bool low = is_lower(t->text.at[0]) || (i && t->text.len > 1 && is_lower(t->text.at[1]));
        if (ch >= 'a' && ch <= 'z' && !low)
            ch = (char)(ch - 32);
        else if (ch >= 'A' && ch <= 'Z' && low)
            ch = (char)(ch + 32);
        hs_buf_addc(b, ch);
    }
    for (size_t i = all; padded && t->fill && i < 9; i++)
        hs_buf_addc(b, ' ');
}

static void add_words(struct hs_buf *b, const struct token *t, const char *upper, bool dots)
{
    for (const char *p = upper; *p; p++) {
        hs_buf_addc(b, is_lower(t->text.at[0]) ? (char)(*p + 32) : *p);
        hs_buf_addz(b, dots ? "." : "");
    }
}

static void add_th(struct hs_buf *b, const struct token *t, int64_t n)
{
    static const char *const ends[] = {"th", "st", "nd", "rd"};
    int64_t last = n % 10;
    if (!t->th)
        return;
    const char *end = ends[n % 100 / 10 == 1 || last > 3 ? 0 : last];
    hs_buf_addf(b, "%c%c", t->upper_th ? end[0] - 32 : end[0], t->upper_th ? end[1] - 32 : end[1]);
}

static void add_number(struct hs_buf *b, const struct token *t, int64_t n, int width)
{
    int64_t shown = n < 0 ? -n : n;
    hs_buf_addf(b, "%s%0*lld", n < 0 ? "-" : "", t->fill ? width - (n < 0 && width > 2) : 0, (long long)shown);
    add_th(b, t, shown);
}

int pg_day_of_week(int64_t epoch_days) /* Sunday 0 */
{
    return (int)(((epoch_days + 4) % 7 + 7) % 7);
}

struct iso {
    int64_t year;
    int week, day_of_year;
};

/* Weeks begin on Monday; the first has the year's first Thursday. */
static struct iso iso_of(int64_t epoch_days)
{
    struct pg_civil c;
    int weekday = (pg_day_of_week(epoch_days) + 6) % 7;
    int64_t thursday = epoch_days - weekday + 3;
    pg_civil_of_days(thursday, &c);
    int64_t first = pg_days_of_civil(c.year, 1, 1), start = pg_days_of_civil(c.year, 1, 4);
    start -= (pg_day_of_week(start) + 6) % 7;
    return (struct iso){c.year, (int)((thursday - first) / 7) + 1, (int)(epoch_days - start) + 1};
}

static int64_t shown_year(const struct moment *m, int64_t year)
{
    return m->span ? year : year > 0 ? year : 1 - year;
}

static void add_year(struct hs_buf *b, const struct token *t, int64_t year, int digits)
{
    int64_t by = digits == 3 ? 1000 : digits == 2 ? 100 : 10;
    add_number(b, t, digits == 4 ? year : year % by, digits);
}

static void add_roman(struct hs_buf *b, const struct token *t, int month)
{
    static const char *const roman[] = {"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"};
    if (month < 1)
        return;
    const char *r = roman[month - 1];
    add_words(b, t, r, false);
    for (size_t i = strlen(r); t->fill && i < 4; i++)
        hs_buf_addc(b, ' ');
}

static void add_offset(struct hs_buf *b, const struct moment *m)
{
    int64_t away = m->offset < 0 ? -m->offset : m->offset;
    hs_buf_addf(b, "%c%02d", m->offset < 0 ? '-' : '+', (int)(away / 3600));
    if (away % 3600)
        hs_buf_addf(b, ":%02d", (int)(away / 60 % 60));
}

static bool needs_calendar(enum piece p)
{
    switch ((int)p) {
    case P_AD:
    case P_ADD:
    case P_DAY:
    case P_DY:
    case P_D:
    case P_ID:
    case P_IW:
    case P_IYYY:
    case P_IYY:
    case P_IY:
    case P_I:
    case P_IDDD:
    case P_TZ:
    case P_TZH:
    case P_TZM:
    case P_OF:
        return true;
    default:
        return false;
    }
}

static void add_zone(struct hs_buf *b, const struct token *t, const struct moment *m)
{
    if (!m->zoned)
        return;
    if (m->utc)
        add_words(b, t, "UTC", false);
    else
        add_offset(b, m);
}

static void add_token(struct hs_buf *b, const struct token *t, const struct moment *m)
{
    const struct pg_civil *c = &m->c;
    struct iso iso = m->span ? (struct iso){0} : iso_of(m->epoch_days);
    int of_year = m->span ? 0 : (int)(m->epoch_days - pg_days_of_civil(c->year, 1, 1)) + 1;
    int weekday = pg_day_of_week(m->epoch_days), hour = c->hour % 12 ? c->hour % 12 : 12;
    int64_t year = shown_year(m, c->year), iso_year = shown_year(m, iso.year);
    switch ((int)t->piece) {
    case P_LITERAL:
        hs_buf_adds(b, t->text);
        return;
    case P_AD:
    case P_ADD:
        add_words(b, t, c->year > 0 ? "AD" : "BC", t->piece == P_ADD);
        return;
    case P_AM:
    case P_AMD:
        add_words(b, t, c->hour % 24 >= 12 ? "PM" : "AM", t->piece == P_AMD);
        return;
    case P_CC:
        add_number(b, t, m->span ? year / 100 : c->year > 0 ? (year - 1) / 100 + 1 : -(year - 1) / 100 - 1, 2);
        return;
    case P_DAY:
        add_name(b, t, pg_days[weekday], 0, true);
        return;
    case P_DY:
        add_name(b, t, pg_days[weekday], 3, false);
        return;
    case P_DDD:
        add_number(b, t, m->span ? year * 360 + c->month * 30 + c->day : of_year, 3);
        return;
    case P_IDDD:
        add_number(b, t, iso.day_of_year, 3);
        return;
    case P_DD:
        add_number(b, t, c->day, 2);
        return;
    case P_D:
        add_number(b, t, weekday + 1, 0);
        return;
    case P_ID:
        add_number(b, t, weekday ? weekday : 7, 0);
        return;
    case P_FF: {
        int digits = t->text.at[2] - '0', value = c->micro;
        for (int i = digits; i < 6; i++)
            value /= 10;
        hs_buf_addf(b, "%0*d", digits, value);
        return;
    }
    case P_HH24:
        add_number(b, t, c->hour, 2);
        return;
    case P_HH12:
        add_number(b, t, c->hour < 0 ? c->hour % 12 : hour, 2);
        return;
    case P_IW:
        add_number(b, t, iso.week, 2);
        return;
    case P_IYYY:
        add_year(b, t, iso_year, 4);
        return;
    case P_IYY:
        add_year(b, t, iso_year, 3);
        return;
    case P_IY:
        add_year(b, t, iso_year, 2);
        return;
    case P_I:
        add_year(b, t, iso_year, 1);
        return;
    case P_J:
        add_number(b, t, m->epoch_days + 2440588, 0);
        return;
    case P_MI:
        add_number(b, t, c->minute, 2);
        return;
    case P_MM:
        add_number(b, t, c->month, 2);
        return;
    case P_MONTH:
    case P_MON:
        if (c->month >= 1)
            add_name(b, t, pg_months[c->month - 1], t->piece == P_MON ? 3 : 0, t->piece == P_MONTH);
        return;
    case P_MS:
        add_number(b, t, c->micro / 1000, 3);
        return;
    case P_US:
        add_number(b, t, c->micro, 6);
        return;
    case P_OF:
        add_offset(b, m);
        return;
    case P_TZH:
        hs_buf_addf(b, "%c%02d", m->offset < 0 ? '-' : '+', abs((int)(m->offset / 3600)));
        return;
    case P_TZM:
        hs_buf_addf(b, "%02d", abs((int)(m->offset / 60 % 60)));
        return;
    case P_TZ:
        add_zone(b, t, m);
        return;
    case P_Q:
        if (c->month >= 1)
            add_number(b, t, (c->month - 1) / 3 + 1, 0);
        return;
    case P_RM:
        add_roman(b, t, c->month);
        return;
    case P_SSSS:
        add_number(b, t, (int64_t)c->hour * 3600 + c->minute * 60 + c->second, 0);
        return;
    case P_SS:
        add_number(b, t, c->second, 2);
        return;
    case P_WW:
        add_number(b, t, (of_year - 1) / 7 + 1, 2);
        return;
    case P_W:
        add_number(b, t, (c->day - 1) / 7 + 1, 0);
        return;
    case P_YCYYY:
        hs_buf_addf(b, "%d,%03d", (int)(year / 1000), (int)(year % 1000));
        return;
    case P_YYYY:
        add_year(b, t, year, 4);
        return;
    case P_YYY:
        add_year(b, t, year, 3);
        return;
    case P_YY:
        add_year(b, t, year, 2);
        return;
    case P_Y:
        add_year(b, t, year, 1);
        return;
    default:
        return;
    }
}

static bool write_moment(struct pg_call *c, size_t row, const struct moment *m, hs_str format)
{
    if (!format.len)
        return pg_put_null(c, row);
    while (format.len) {
        struct token t = pg_next_token(&format);
        if (m->span && needs_calendar(t.piece))
            return pg_raise(c, "22007");
        add_token(&c->text, &t, m);
    }
    return pg_put_buf(c, row);
}

static void moment_of(int64_t us, struct moment *m)
{
    int64_t day = us / PG_DAY_US - (us % PG_DAY_US < 0);
    *m = (struct moment){.epoch_days = day};
    pg_civil_of_micros(us, &m->c);
}

static bool char_of_timestamp(struct pg_call *c, size_t row)
{
    struct moment m;
    int64_t us = PG_AT(c, int64_t, 0, row);
    if (us == PG_INFINITE_US || us <= -PG_INFINITE_US)
        return pg_put_null(c, row);
    moment_of(us, &m);
    return write_moment(c, row, &m, pg_text_at(c, 1, row));
}

/* (x, x in the zone, pattern, zone's name) */
static bool char_of_zoned(struct pg_call *c, size_t row)
{
    struct moment m;
    int64_t us = PG_AT(c, int64_t, 0, row), local = PG_AT(c, int64_t, 1, row);
    hs_str zone = pg_text_at(c, 3, row);
    if (us == PG_INFINITE_US || us <= -PG_INFINITE_US)
        return pg_put_null(c, row);
    moment_of(local, &m);
    m.offset = (int64_t)((uint64_t)local - (uint64_t)us) / 1000000;
    m.zoned = true;
    m.utc = hs_str_eq_nocase(zone, HS_S("UTC")) || hs_str_eq_nocase(zone, HS_S("Etc/UTC"));
    return write_moment(c, row, &m, pg_text_at(c, 2, row));
}

static bool char_of_interval(struct pg_call *c, size_t row)
{
    const duckdb_interval *v = &PG_AT(c, duckdb_interval, 0, row);
    struct moment m = {.span = true};
    int64_t seconds = v->micros / 1000000;
    m.c = (struct pg_civil){.year = v->months / 12, .month = v->months % 12, .day = v->days};
    m.c.micro = (int)(v->micros % 1000000);
    m.c.second = (int)(seconds % 60);
    m.c.minute = (int)(seconds / 60 % 60);
    m.c.hour = (int)(seconds / 3600);
    return write_moment(c, row, &m, pg_text_at(c, 1, row));
}

#define T DUCKDB_TYPE_VARCHAR
#define TS DUCKDB_TYPE_TIMESTAMP
const struct pg_native hs_pg_chars[] = {
    {"hs_pg_to_char", {TS, T}, T, .row = char_of_timestamp},
    {"hs_pg_to_char", {DUCKDB_TYPE_TIMESTAMP_TZ, TS, T, T}, T, .row = char_of_zoned},
    {"hs_pg_to_char", {DUCKDB_TYPE_INTERVAL, T}, T, .row = char_of_interval},
    {0},
};
