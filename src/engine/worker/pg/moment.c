/* to_date and to_timestamp: a text read by PostgreSQL's patterns (token.h). */
#include "engine/worker/pg/token.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- reading ---- */
struct read {
    hs_str s;
    const char *wrong;
    int64_t year, julian;
    int month, day, hour, minute, second, micro, of_year, week, iso_week, iso_day, century;
    bool has_year, iso, pm, am, twelve, bc, has_century, has_day, has_month;
    int64_t offset;
};

static void blanks(struct read *r)
{
    while (r->s.len && strchr(" \t\n", r->s.at[0]) && r->s.at[0])
        pg_skip(&r->s, 1);
}

/* Up to `most` digits, or as many as there are where what follows in the pattern is no number. */
static int64_t read_int(struct read *r, int most, bool open, int *out_digits)
{
    int64_t n = 0;
    int digits = 0;
    bool minus = false;
    blanks(r);
    if (r->s.len > 1 && (r->s.at[0] == '-' || r->s.at[0] == '+') && r->s.at[1] >= '0' && r->s.at[1] <= '9') {
        minus = r->s.at[0] == '-';
        pg_skip(&r->s, 1);
    }
    for (; r->s.len && r->s.at[0] >= '0' && r->s.at[0] <= '9' && (open ? digits < 9 : digits < most); digits++) {
        n = n * 10 + (r->s.at[0] - '0');
        pg_skip(&r->s, 1);
    }
    if (!digits)
        r->wrong = "22007";
    if (out_digits)
        *out_digits = digits;
    return minus ? -n : n;
}

static int read_name(struct read *r, const char *const *names, int count, size_t len)
{
    blanks(r);
    for (int i = 0; i < count; i++) {
        char word[16];
        snprintf(word, sizeof word, "%.*s", len ? (int)len : 15, names[i]);
        if (pg_starts(r->s, word)) {
            pg_skip(&r->s, strlen(word));
            return i;
        }
    }
    r->wrong = "22007";
    return 0;
}

static bool is_number_piece(const struct token *t)
{
    return t->piece != P_LITERAL && t->piece != P_AD && t->piece != P_ADD && t->piece != P_AM && t->piece != P_AMD &&
           t->piece != P_DAY && t->piece != P_DY && t->piece != P_MONTH && t->piece != P_MON && t->piece != P_RM &&
           t->piece != P_TZ && t->piece != P_OF;
}

static void read_half(struct read *r)
{
    blanks(r);
    bool dots = pg_starts(r->s, "a.m.") || pg_starts(r->s, "p.m.");
    if (!pg_starts(r->s, "am") && !pg_starts(r->s, "pm") && !dots) {
        r->wrong = "22007";
        return;
    }
    r->pm = r->s.at[0] == 'p' || r->s.at[0] == 'P';
    r->am = !r->pm;
    r->twelve = true;
    pg_skip(&r->s, dots ? 4 : 2);
}

static void read_era(struct read *r)
{
    blanks(r);
    bool dots = pg_starts(r->s, "b.c.") || pg_starts(r->s, "a.d.");
    if (!pg_starts(r->s, "bc") && !pg_starts(r->s, "ad") && !dots) {
        r->wrong = "22007";
        return;
    }
    r->bc = r->s.at[0] == 'b' || r->s.at[0] == 'B';
    pg_skip(&r->s, dots ? 4 : 2);
}

static void read_year(struct read *r, int most, bool open)
{
    int digits;
    int64_t n = read_int(r, most, open, &digits);
    r->has_year = true;
    r->year = n;
    if (most < 4 && digits <= 2 && n >= 0)
        r->year += n < 70 ? 2000 : 1900;
    else if (most < 4 && digits == 3 && n >= 0)
        r->year += n < 520 ? 2000 : 1000;
}

/* What lies behind the point, of as many digits as are there. */
static void read_fraction(struct read *r, int most)
{
    int digits;
    int64_t n = read_int(r, most, false, &digits);
    for (; digits < 6; digits++)
        n *= 10;
    for (; digits > 6; digits--)
        n /= 10;
    r->micro += (int)n;
}

static void read_zone(struct read *r)
{
    blanks(r);
    int64_t sign = r->s.len && r->s.at[0] == '-' ? -1 : 1;
    if (r->s.len && (r->s.at[0] == '-' || r->s.at[0] == '+'))
        pg_skip(&r->s, 1);
    r->offset = sign * read_int(r, 2, false, NULL) * 3600;
    if (r->s.len && r->s.at[0] == ':')
        pg_skip(&r->s, 1);
    if (r->s.len && r->s.at[0] >= '0' && r->s.at[0] <= '9')
        r->offset += sign * read_int(r, 2, false, NULL) * 60;
}

static void read_token(struct read *r, const struct token *t, bool open)
{
    switch ((int)t->piece) {
    case P_LITERAL: /* blanks and marks stand for any */
        for (size_t i = 0; i < t->text.len && r->s.len; i++) {
            char mark = t->text.at[i], have = r->s.at[0];
            bool word = (mark >= 'a' && mark <= 'z') || (mark >= 'A' && mark <= 'Z') || (mark >= '0' && mark <= '9');
            bool digit = (have >= '0' && have <= '9') || (have >= 'a' && have <= 'z') || (have >= 'A' && have <= 'Z');
            if (word || !digit)
                pg_skip(&r->s, 1);
        }
        return;
    case P_AD:
    case P_ADD:
        read_era(r);
        return;
    case P_AM:
    case P_AMD:
        read_half(r);
        return;
    case P_CC:
        r->century = (int)read_int(r, 2, open, NULL);
        r->has_century = true;
        return;
    case P_DAY:
        read_name(r, pg_days, 7, 0);
        return;
    case P_DY:
        read_name(r, pg_days, 7, 3);
        return;
    case P_DDD:
        r->of_year = (int)read_int(r, 3, open, NULL);
        return;
    case P_IDDD:
        r->of_year = (int)read_int(r, 3, open, NULL);
        r->iso = true;
        return;
    case P_DD:
        r->day = (int)read_int(r, 2, open, NULL);
        r->has_day = true;
        return;
    case P_D:
        read_int(r, 1, false, NULL);
        return;
    case P_ID:
        r->iso_day = (int)read_int(r, 1, false, NULL);
        r->iso = true;
        return;
    case P_FF:
        read_fraction(r, t->text.at[2] - '0');
        return;
    case P_HH24:
        r->hour = (int)read_int(r, 2, open, NULL);
        return;
    case P_HH12:
        r->hour = (int)read_int(r, 2, open, NULL);
        r->twelve = true;
        return;
    case P_IW:
        r->iso_week = (int)read_int(r, 2, open, NULL);
        r->iso = true;
        return;
    case P_IYYY:
        read_year(r, 4, open);
        r->iso = true;
        return;
    case P_IYY:
        read_year(r, 3, open);
        r->iso = true;
        return;
    case P_IY:
        read_year(r, 2, open);
        r->iso = true;
        return;
    case P_I:
        read_year(r, 1, open);
        r->iso = true;
        return;
    case P_J:
        r->julian = read_int(r, 9, true, NULL);
        return;
    case P_MI:
        r->minute = (int)read_int(r, 2, open, NULL);
        return;
    case P_MM:
        r->month = (int)read_int(r, 2, open, NULL);
        r->has_month = true;
        return;
    case P_MONTH:
        r->month = read_name(r, pg_months, 12, 0) + 1;
        r->has_month = true;
        return;
    case P_MON:
        r->month = read_name(r, pg_months, 12, 3) + 1;
        r->has_month = true;
        return;
    case P_MS:
        read_fraction(r, 3);
        return;
    case P_US:
        read_fraction(r, 6);
        return;
    case P_Q:
        read_int(r, 1, false, NULL);
        return;
    case P_SSSS:
        r->second = (int)read_int(r, 5, open, NULL);
        r->hour = r->second / 3600;
        r->minute = r->second / 60 % 60;
        r->second %= 60;
        return;
    case P_SS:
        r->second = (int)read_int(r, 2, open, NULL);
        return;
    case P_TZH:
    case P_OF:
        read_zone(r);
        return;
    case P_TZM:
        r->offset += read_int(r, 2, false, NULL) * (r->offset < 0 ? -60 : 60);
        return;
    case P_WW:
        r->week = (int)read_int(r, 2, open, NULL);
        return;
    case P_W:
        read_int(r, 1, false, NULL);
        return;
    case P_YCYYY:
    case P_RM:
    case P_TZ:
        r->wrong = "0A000";
        return;
    case P_YYYY:
        read_year(r, 4, open);
        return;
    case P_YYY:
        read_year(r, 3, open);
        return;
    case P_YY:
        read_year(r, 2, open);
        return;
    case P_Y:
        read_year(r, 1, open);
        return;
    default:
        return;
    }
}

static int days_in(int64_t year, int month)
{
    return (int)(pg_days_of_civil(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) -
                 pg_days_of_civil(year, month, 1));
}

static int64_t settle_days(struct read *r)
{
    if (r->julian)
        return r->julian - 2440588;
    if (r->has_century && !r->has_year)
        r->year = (r->century - 1) * INT64_C(100) + 1;
    if (r->bc)
        r->year = 1 - r->year;
    else if (r->has_year && r->year < 0)
        r->year++;
    if (r->iso) {
        int64_t start = pg_days_of_civil(r->year, 1, 4);
        start -= (pg_day_of_week(start) + 6) % 7;
        return r->of_year
                   ? start + r->of_year - 1
                   : start + (r->iso_week ? r->iso_week - 1 : 0) * INT64_C(7) + (r->iso_day ? r->iso_day - 1 : 0);
    }
    if (r->of_year && !r->has_month) {
        if (r->of_year < 1 || r->of_year > 366)
            r->wrong = "22008";
        return pg_days_of_civil(r->year, 1, 1) + r->of_year - 1;
    }
    if (r->week)
        return pg_days_of_civil(r->year, 1, 1) + (r->week - 1) * INT64_C(7);
    int month = r->has_month ? r->month : 1, day = r->has_day ? r->day : 1;
    if (month < 1 || month > 12 || day < 1 || day > days_in(r->year, month)) {
        r->wrong = "22008";
        return 0;
    }
    return pg_days_of_civil(r->year, month, day);
}

static bool read_all(struct pg_call *c, size_t row, struct read *r, int64_t *out_days)
{
    hs_str format = pg_text_at(c, 1, row);
    *r = (struct read){.s = pg_text_at(c, 0, row)};
    while (format.len && !r->wrong && r->s.len) {
        struct token t = pg_next_token(&format);
        hs_str ahead = format;
        struct token next = ahead.len ? pg_next_token(&ahead) : (struct token){0};
        read_token(r, &t, !ahead.at || !format.len || !is_number_piece(&next));
    }
    if (!r->wrong && r->twelve && (r->hour < 1 || r->hour > 12))
        r->wrong = "22007";
    if (r->pm && r->hour < 12)
        r->hour += 12;
    if (r->am && r->hour == 12)
        r->hour = 0;
    *out_days = r->wrong ? 0 : settle_days(r);
    if (!r->wrong &&
        (r->hour > 23 || r->minute > 59 || r->second > 59 || r->hour < 0 || r->minute < 0 || r->second < 0))
        r->wrong = "22008";
    return !r->wrong || pg_raise(c, r->wrong);
}

static bool to_date(struct pg_call *c, size_t row)
{
    struct read r;
    int64_t day;
    if (!read_all(c, row, &r, &day))
        return false;
    if (!pg_days_in_range(day))
        return pg_raise(c, "22008");
    PG_PUT(c, int32_t, row, (int32_t)day);
    return true;
}

static bool to_timestamp(struct pg_call *c, size_t row)
{
    struct read r;
    int64_t day, us;
    if (!read_all(c, row, &r, &day))
        return false;
    int64_t clock = ((int64_t)r.hour * 3600 + r.minute * 60 + r.second - r.offset) * 1000000 + r.micro;
    if (__builtin_mul_overflow(day, PG_DAY_US, &us) || __builtin_add_overflow(us, clock, &us))
        return pg_raise(c, "22008");
    PG_PUT(c, int64_t, row, us);
    return true;
}

#define T DUCKDB_TYPE_VARCHAR
#define TS DUCKDB_TYPE_TIMESTAMP
const struct pg_native hs_pg_dates[] = {
    {"hs_pg_to_date", {T, T}, DUCKDB_TYPE_DATE, .row = to_date},
    {"hs_pg_to_timestamp", {T, T}, TS, .row = to_timestamp},
    {0},
};
