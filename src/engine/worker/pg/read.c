/* Dates, times and intervals from text, by PostgreSQL's rules for its own and the ISO forms: 2024-03-15, 20240315,
 * 3/15/2024 (the month first), March 15, 2024, 15-Mar-2024, each with a time, a zone that is an offset, AD or BC;
 * '1 year 2 mons 3 days 04:05:06.789', '1-2', 'P1Y2M', '@ 1 day ago'. Words that ask a clock (now, today) and zones
 * with names are not read: what is wrong with a text must not depend on anything else. */
#include "engine/worker/pg/natives.h"

#include <math.h>
#include <stdlib.h>

struct reading {
    const char *at, *end;
    const char *wrong; /* letters to raise; NULL: fine so far */
    bool has_date, has_time, has_zone, before_christ, afternoon, forenoon;
    int64_t year, written_year; /* with its century; as it stands there */
    int month, day, numbers[3], digits[3], number_count;
    int64_t us;
    int64_t offset; /* seconds east */
    int infinite;   /* -1, 1 */
    bool epoch;
};

static const char *const month_names[] = {"january", "february", "march",     "april",   "may",      "june",
                                          "july",    "august",   "september", "october", "november", "december"};

static bool digit_at(const struct reading *r, size_t i)
{
    return (size_t)(r->end - r->at) > i && r->at[i] >= '0' && r->at[i] <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void wrong(struct reading *r, const char *state)
{
    if (!r->wrong)
        r->wrong = state;
}

/* At most nine digits, so that nothing overflows. */
static int number(struct reading *r, int *out_digits)
{
    int n = 0, digits = 0;
    for (; digit_at(r, 0) && digits < 9; r->at++, digits++)
        n = n * 10 + (*r->at - '0');
    if (!digits || digit_at(r, 0))
        wrong(r, "22007");
    if (out_digits)
        *out_digits = digits;
    return n;
}

/* .123456789 in microseconds, rounded. */
static int64_t fraction(struct reading *r)
{
    int64_t n = 0;
    int digits = 0;
    for (r->at++; digit_at(r, 0); r->at++, digits++)
        if (digits < 6)
            n = n * 10 + (*r->at - '0');
        else if (digits == 6)
            n += *r->at >= '5';
    for (; digits < 6; digits++)
        n *= 10;
    return n;
}

static bool next_is(const struct reading *r, char c)
{
    return r->at < r->end && *r->at == c;
}

/* hour:minute[:second[.fraction]] */
static void read_clock(struct reading *r, int hour)
{
    int minute, second = 0;
    int64_t us = 0;
    r->at++;
    minute = number(r, NULL);
    if (next_is(r, ':')) {
        r->at++;
        second = number(r, NULL);
    }
    if (next_is(r, '.'))
        us = fraction(r);
    if (hour > 24 || minute > 59 || second > 60 || (hour == 24 && (minute || second || us)))
        wrong(r, "22008");
    else
        r->us = (hour * 3600 + minute * 60 + second) * INT64_C(1000000) + us;
    r->has_time = true;
}

/* +02, +0200, +02:00, -05:30:15 */
static void read_offset(struct reading *r)
{
    bool minus = *r->at++ == '-';
    int digits, n = number(r, &digits);
    int64_t seconds = digits <= 2 ? n * 3600 : (int64_t)(n / 100) * 3600 + n % 100 * 60;
    for (int unit = 60; unit && digits <= 2 && next_is(r, ':'); unit /= 60) {
        r->at++;
        seconds += (int64_t)number(r, NULL) * unit;
    }
    if (seconds > 15 * 3600 + 59 * 60 + 59)
        wrong(r, "22008");
    r->offset = minus ? -seconds : seconds;
    r->has_zone = true;
}

static int month_of(hs_str word)
{
    if (word.len < 3)
        return 0;
    for (int i = 0; i < 12; i++)
        if (hs_str_eq_nocase(word, hs_str_of(month_names[i])) ||
            (word.len == 3 && hs_str_eq_nocase(word, hs_str_n(month_names[i], 3))))
            return i + 1;
    return hs_str_eq_nocase(word, HS_S("sept")) ? 9 : 0;
}

static bool is_weekday(hs_str word)
{
    static const char *const names[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    for (size_t i = 0; i < 7; i++)
        if (hs_str_eq_nocase(word, hs_str_of(names[i])) ||
            (word.len == 3 && hs_str_eq_nocase(word, hs_str_n(names[i], 3))))
            return true;
    return false;
}

static hs_str take_word(struct reading *r)
{
    const char *from = r->at;
    while (r->at < r->end && is_letter(*r->at))
        r->at++;
    return hs_str_n(from, (size_t)(r->at - from));
}

static void read_word(struct reading *r)
{
    hs_str w = take_word(r);
    int month = month_of(w);
    if (month && !r->month)
        r->month = month;
    else if (hs_str_eq_nocase(w, HS_S("am")))
        r->forenoon = true;
    else if (hs_str_eq_nocase(w, HS_S("pm")))
        r->afternoon = true;
    else if (hs_str_eq_nocase(w, HS_S("bc")))
        r->before_christ = true;
    else if (hs_str_eq_nocase(w, HS_S("z")) || hs_str_eq_nocase(w, HS_S("utc")) || hs_str_eq_nocase(w, HS_S("gmt")) ||
             hs_str_eq_nocase(w, HS_S("zulu")))
        r->has_zone = true;
    else if (hs_str_eq_nocase(w, HS_S("infinity")))
        r->infinite = 1;
    else if (hs_str_eq_nocase(w, HS_S("epoch")))
        r->epoch = true;
    else if (!hs_str_eq_nocase(w, HS_S("t")) && !hs_str_eq_nocase(w, HS_S("ad")) && !is_weekday(w))
        wrong(r, "22007");
}

static void set_year(struct reading *r, int year, int digits)
{
    r->written_year = year;
    r->year = digits <= 2 ? year + (year < 70 ? 2000 : 1900) : year;
}

/* a-b-c, of numbers and at most one month's name. */
static void read_parts(struct reading *r, int first, int digits)
{
    int n[3] = {first, 0, 0}, d[3] = {digits, 0, 0}, named = -1;
    char mark = *r->at;
    for (int i = 1; i < 3; i++) {
        if (!next_is(r, mark))
            return wrong(r, "22007");
        r->at++;
        if (r->at < r->end && is_letter(*r->at)) {
            n[i] = month_of(take_word(r));
            named = i;
            if (!n[i])
                return wrong(r, "22007");
        } else
            n[i] = number(r, &d[i]);
    }
    bool year_first = d[0] > 2;
    int year = year_first ? 0 : 2, month = named >= 0 ? named : year_first ? 1 : 0;
    int day = 3 - year - month;
    if (day < 0 || day > 2)
        return wrong(r, "22007");
    set_year(r, n[year], d[year]);
    r->month = n[month];
    r->day = n[day];
    r->has_date = true;
}

static void read_digits(struct reading *r)
{
    int digits, n = number(r, &digits);
    char mark = r->at < r->end ? *r->at : 0;
    if (mark == ':')
        return read_clock(r, n);
    if (!r->has_date && (mark == '-' || mark == '/' || mark == '.') && !r->number_count)
        return read_parts(r, n, digits);
    if (!r->has_date && digits == 8) {
        r->year = n / 10000;
        r->month = n / 100 % 100;
        r->day = n % 100;
        r->has_date = true;
    } else if (r->has_date && digits == 6) {
        r->us = ((int64_t)(n / 10000) * 3600 + n / 100 % 100 * 60 + n % 100) * 1000000;
        r->us += next_is(r, '.') ? fraction(r) : 0;
        r->has_time = true;
    } else if (r->number_count < 2) { /* day and year of a named month; hours of "3 pm" */
        r->numbers[r->number_count] = n;
        r->digits[r->number_count++] = digits;
    } else
        wrong(r, "22007");
}

/* A month's name stood alone: the year is the longer number, else the second. */
static void settle_named(struct reading *r)
{
    if (r->number_count != 2)
        return wrong(r, "22007");
    int year = r->digits[0] > 2 ? 0 : 1;
    set_year(r, r->numbers[year], r->digits[year]);
    r->day = r->numbers[1 - year];
    r->has_date = true;
}

static int days_of_month(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static void settle(struct reading *r)
{
    int64_t hour = r->us / 3600000000;
    if (r->month && !r->has_date)
        settle_named(r);
    if (r->before_christ)
        r->year = 1 - (r->written_year ? r->written_year : r->year);
    if (r->has_date && !r->before_christ && r->year == 0)
        wrong(r, "22008");
    if (r->has_date && (r->month < 1 || r->month > 12 || r->day < 1 || r->day > days_of_month(r->year, r->month)))
        wrong(r, "22008");
    if ((r->afternoon || r->forenoon) && (hour < 1 || hour > 12))
        wrong(r, "22008");
    if (r->afternoon && hour < 12)
        r->us += INT64_C(12) * 3600000000;
    if (r->forenoon && hour == 12)
        r->us -= INT64_C(12) * 3600000000;
}

static void read_moment(hs_str s, struct reading *r)
{
    s = pg_trim(s);
    *r = (struct reading){.at = s.at, .end = s.at + s.len};
    if (!s.len)
        wrong(r, "22007");
    while (!r->wrong && r->at < r->end) {
        char c = *r->at;
        if (c == ' ' || c == ',' || c == '\t')
            r->at++;
        else if (digit_at(r, 0))
            read_digits(r);
        else if (is_letter(c))
            read_word(r);
        else if ((c == '+' || c == '-') && r->has_time && !r->has_zone)
            read_offset(r);
        else if (c == '-' && (size_t)(r->end - r->at) == 9) {
            r->at++;
            read_word(r);
            r->infinite = -r->infinite;
        } else
            wrong(r, "22007");
    }
    if (!r->wrong)
        settle(r);
}

static bool date_of_text(struct pg_call *c, size_t row)
{
    struct reading r;
    read_moment(pg_text_at(c, 0, row), &r);
    if (r.wrong || (!r.has_date && !r.infinite && !r.epoch))
        return pg_raise(c, r.wrong ? r.wrong : "22007");
    int64_t days = r.epoch      ? 0
                   : r.infinite ? (int64_t)r.infinite * PG_INFINITE_DAYS
                                : pg_days_of_civil(r.year, r.month, r.day);
    if (!r.infinite && !pg_days_in_range(days))
        return pg_raise(c, "22008");
    PG_PUT(c, int32_t, row, (int32_t)days);
    return true;
}

static bool time_of_text(struct pg_call *c, size_t row)
{
    struct reading r;
    read_moment(pg_text_at(c, 0, row), &r);
    if (r.wrong || !r.has_time)
        return pg_raise(c, r.wrong ? r.wrong : "22007");
    PG_PUT(c, int64_t, row, r.us);
    return true;
}

/* A zone counts for timestamptz alone; timestamptz of a text without one is NULL here, the session's zone then says. */
static bool timestamp_of_text(struct pg_call *c, size_t row)
{
    struct reading r;
    bool zoned = c->native->result == DUCKDB_TYPE_TIMESTAMP_TZ;
    read_moment(pg_text_at(c, 0, row), &r);
    if (r.wrong || (!r.has_date && !r.infinite && !r.epoch))
        return pg_raise(c, r.wrong ? r.wrong : "22007");
    if (zoned && !r.has_zone && !r.infinite && !r.epoch)
        return pg_put_null(c, row);
    int64_t days = r.has_date ? pg_days_of_civil(r.year, r.month, r.day) : 0, us = 0;
    if (r.infinite)
        us = r.infinite * PG_INFINITE_US;
    else if (__builtin_mul_overflow(days, PG_DAY_US, &us) || __builtin_add_overflow(us, r.us, &us) ||
             (zoned && __builtin_sub_overflow(us, r.offset * 1000000, &us)) || days < -2440588)
        return pg_raise(c, "22008");
    PG_PUT(c, int64_t, row, us);
    return true;
}

static bool time_of_interval(struct pg_call *c, size_t row)
{
    int64_t us = PG_AT(c, duckdb_interval, 0, row).micros % PG_DAY_US;
    PG_PUT(c, int64_t, row, us < 0 ? us + PG_DAY_US : us);
    return true;
}

/* ---- intervals ---- */
struct span {
    const char *at, *end, *wrong;
    double months, days, us; /* sums; whole as far as the fields are */
    bool ago, any;
};

static const struct unit {
    const char *names; /* with a blank around each */
    double months, days, us;
} units[] = {
    {" us usec usecs microsecond microseconds useconds microsecon ", 0, 0, 1},
    {" ms msec msecs millisecond milliseconds mseconds ", 0, 0, 1e3},
    {" s sec secs second seconds ", 0, 0, 1e6},
    {" m min mins minute minutes ", 0, 0, 6e7},
    {" h hr hrs hour hours ", 0, 0, 36e8},
    {" d day days ", 0, 1, 0},
    {" w week weeks ", 0, 7, 0},
    {" mon mons month months ", 1, 0, 0},
    {" y yr yrs year years ", 12, 0, 0},
    {" dec decs decade decades ", 120, 0, 0},
    {" c cent century centuries ", 1200, 0, 0},
    {" mil mils millennium millennia ", 12000, 0, 0},
};

static const struct unit *unit_of(hs_str word)
{
    char padded[24] = " ";
    if (!word.len || word.len > 20)
        return NULL;
    for (size_t i = 0; i < word.len; i++)
        padded[1 + i] = (char)(word.at[i] | 32);
    memcpy(padded + 1 + word.len, " ", 2);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strstr(units[i].names, padded))
            return &units[i];
    return NULL;
}

/* What is left of a month are days of which it has thirty, what is left of a day is time. */
static void add_amount(struct span *s, double n, const struct unit *u)
{
    double months = n * u->months, days = n * u->days, whole = trunc(months);
    if (u->months > 1) /* of a year: to whole months */
        whole = trunc(n) * u->months + rint((n - trunc(n)) * u->months), months = whole;
    s->months += whole;
    days += (months - whole) * 30;
    days = fabs(days - rint(days)) < 1e-9 ? rint(days) : days;
    s->days += trunc(days);
    s->us += rint((days - trunc(days)) * 86400e6) + rint(n * u->us);
    s->any = true;
}

static bool span_number(struct span *s, double *out, bool *out_minus)
{
    char text[64];
    size_t len = 0;
    bool digits = false;
    *out_minus = s->at < s->end && *s->at == '-';
    if (s->at < s->end && (*s->at == '-' || *s->at == '+'))
        s->at++;
    for (; s->at < s->end && len < sizeof text - 1 && ((*s->at >= '0' && *s->at <= '9') || *s->at == '.'); s->at++) {
        digits |= *s->at != '.';
        text[len++] = *s->at;
    }
    text[len] = 0;
    char *end = NULL;
    *out = strtod(text, &end);
    return digits && *end == 0;
}

static void span_blanks(struct span *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n'))
        s->at++;
}

/* The rest of hh:mm[:ss[.f]], the hours being read; its sign is the field's. */
static bool span_clock(struct span *s, double hours, bool minus)
{
    double n[2] = {0, 0};
    bool sign;
    for (int i = 0; i < 2 && s->at < s->end && *s->at == ':'; i++) {
        s->at++;
        if (!span_number(s, &n[i], &sign) || sign)
            return false;
    }
    if (n[0] >= 60 || n[1] >= 61)
        return false;
    double us = hours * 36e8 + n[0] * 6e7 + rint(n[1] * 1e6);
    s->us += minus ? -us : us;
    s->any = true;
    return true;
}

static hs_str span_word(struct span *s)
{
    const char *from = s->at;
    while (s->at < s->end && is_letter(*s->at))
        s->at++;
    return hs_str_n(from, (size_t)(s->at - from));
}

static bool span_field(struct span *s)
{
    static const struct unit seconds = {"", 0, 0, 1e6}, day = {"", 0, 1, 0}, year = {"", 12, 0, 0},
                             month = {"", 1, 0, 0};
    double n, months;
    bool minus, sign;
    if (!span_number(s, &n, &minus))
        return false;
    if (s->at < s->end && *s->at == ':')
        return span_clock(s, n, minus);
    if (s->at < s->end && *s->at == '-') { /* years-months */
        s->at++;
        if (!span_number(s, &months, &sign) || sign || months >= 12)
            return false;
        add_amount(s, minus ? -n : n, &year);
        add_amount(s, minus ? -months : months, &month);
        return true;
    }
    span_blanks(s);
    const char *here = s->at;
    hs_str word = span_word(s);
    const struct unit *u = unit_of(word);
    if (!u && word.len && !hs_str_eq_nocase(word, HS_S("ago")))
        return false;
    if (!u)
        s->at = here;
    bool clock_follows = !u && s->at < s->end && !is_letter(*s->at); /* "3 04:05:06" */
    add_amount(s, minus ? -n : n, u ? u : clock_follows ? &day : &seconds);
    return true;
}

/* P1Y2M3DT4H5M6.5S, P2W; the letters M before T are months. */
static bool span_iso(struct span *s)
{
    static const char letters[] = "YMWDHMS";
    static const int of[] = {8, 7, 6, 5, 4, 3, 2}; /* rows of units */
    bool clock = false, minus;
    double n;
    for (s->at++; s->at < s->end;) {
        if (*s->at == 'T') {
            clock = true;
            s->at++;
            continue;
        }
        if (!span_number(s, &n, &minus) || s->at == s->end)
            return false;
        const char *found = strchr(clock ? letters + 4 : letters, *s->at);
        if (!found || !*found || (!clock && found - letters > 3))
            return false;
        add_amount(s, minus ? -n : n, &units[of[found - letters]]);
        s->at++;
    }
    return s->any;
}

static bool read_span(hs_str text, struct span *s)
{
    text = pg_trim(text);
    *s = (struct span){.at = text.at, .end = text.at + text.len};
    if (text.len && text.at[0] == 'P')
        return span_iso(s);
    if (text.len && text.at[0] == '@')
        s->at++;
    for (;;) {
        span_blanks(s);
        if (s->at == s->end)
            break;
        if (is_letter(*s->at)) {
            if (!hs_str_eq_nocase(span_word(s), HS_S("ago")))
                return false;
            s->ago = true;
            span_blanks(s);
            return s->any && s->at == s->end;
        }
        if (!span_field(s))
            return false;
    }
    return s->any;
}

static bool interval_of_text(struct pg_call *c, size_t row)
{
    struct span s;
    if (!read_span(pg_text_at(c, 0, row), &s))
        return pg_raise(c, "22007");
    if (!(fabs(s.months) <= INT32_MAX) || !(fabs(s.days) <= INT32_MAX) || !(fabs(s.us) < 9.2e18))
        return pg_raise(c, "22008");
    int sign = s.ago ? -1 : 1;
    duckdb_interval v = {sign * (int32_t)s.months, sign * (int32_t)s.days, sign * (int64_t)s.us};
    PG_PUT(c, duckdb_interval, row, v);
    return true;
}

#define T DUCKDB_TYPE_VARCHAR
const struct pg_native hs_pg_moments[] = {
    {"hs_pg_date", {T}, DUCKDB_TYPE_DATE, .row = date_of_text},
    {"hs_pg_time", {T}, DUCKDB_TYPE_TIME, .row = time_of_text},
    {"hs_pg_time", {DUCKDB_TYPE_INTERVAL}, DUCKDB_TYPE_TIME, .row = time_of_interval},
    {"hs_pg_timestamp", {T}, DUCKDB_TYPE_TIMESTAMP, .row = timestamp_of_text},
    {"hs_pg_timestamptz", {T}, DUCKDB_TYPE_TIMESTAMP_TZ, .row = timestamp_of_text},
    {"hs_pg_interval", {T}, DUCKDB_TYPE_INTERVAL, .row = interval_of_text},
    {0},
};
