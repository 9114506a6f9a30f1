/* to_char of times and intervals, to_date and to_timestamp: PostgreSQL's patterns (YYYY-MM-DD HH24:MI:SS, FMMonth,
 * "text", DDth ...). Names are English ones. Of zones there is the offset, and UTC by name. */
#include "engine/worker/pg/natives.h"

#include <stdio.h>
#include <stdlib.h>

enum piece {
    P_LITERAL,
    P_AD,
    P_ADD,
    P_AM,
    P_AMD,
    P_CC,
    P_DAY,
    P_DDD,
    P_DD,
    P_DY,
    P_D,
    P_FF,
    P_HH24,
    P_HH12,
    P_IDDD,
    P_ID,
    P_IW,
    P_IYYY,
    P_IYY,
    P_IY,
    P_I,
    P_J,
    P_MI,
    P_MM,
    P_MONTH,
    P_MON,
    P_MS,
    P_OF,
    P_Q,
    P_RM,
    P_SSSS,
    P_SS,
    P_TZH,
    P_TZM,
    P_TZ,
    P_US,
    P_WW,
    P_W,
    P_YCYYY,
    P_YYYY,
    P_YYY,
    P_YY,
    P_Y
};

static const struct keyword {
    const char *word;
    enum piece piece;
} keywords[] = {
    /* longer ones first */
    {"Y,YYY", P_YCYYY}, {"MONTH", P_MONTH}, {"SSSSS", P_SSSS}, {"A.D.", P_ADD},  {"B.C.", P_ADD},  {"A.M.", P_AMD},
    {"P.M.", P_AMD},    {"HH24", P_HH24},   {"HH12", P_HH12},  {"IDDD", P_IDDD}, {"IYYY", P_IYYY}, {"SSSS", P_SSSS},
    {"YYYY", P_YYYY},   {"DAY", P_DAY},     {"DDD", P_DDD},    {"FF1", P_FF},    {"FF2", P_FF},    {"FF3", P_FF},
    {"FF4", P_FF},      {"FF5", P_FF},      {"FF6", P_FF},     {"IYY", P_IYY},   {"MON", P_MON},   {"TZH", P_TZH},
    {"TZM", P_TZM},     {"YYY", P_YYY},     {"AD", P_AD},      {"BC", P_AD},     {"AM", P_AM},     {"PM", P_AM},
    {"CC", P_CC},       {"DD", P_DD},       {"DY", P_DY},      {"HH", P_HH12},   {"ID", P_ID},     {"IW", P_IW},
    {"IY", P_IY},       {"MI", P_MI},       {"MM", P_MM},      {"MS", P_MS},     {"OF", P_OF},     {"RM", P_RM},
    {"SS", P_SS},       {"TZ", P_TZ},       {"US", P_US},      {"WW", P_WW},     {"YY", P_YY},     {"D", P_D},
    {"I", P_I},         {"J", P_J},         {"Q", P_Q},        {"W", P_W},       {"Y", P_Y},
};

struct token {
    enum piece piece;
    hs_str text; /* as it stands there: its letters say the case; of a literal what it is */
    bool fill, th, upper_th;
};

static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

static bool starts(hs_str s, const char *word)
{
    size_t len = strlen(word);
    return s.len >= len && hs_str_eq_nocase(hs_str_n(s.at, len), hs_str_n(word, len));
}

static void skip(hs_str *s, size_t n)
{
    *s = hs_str_n(s->at + n, s->len - n);
}

/* The next piece of a pattern, off its front. */
static struct token next_token(hs_str *f)
{
    struct token t = {.fill = true};
    if (starts(*f, "FM") || starts(*f, "FX") || starts(*f, "TM")) {
        t.fill = !starts(*f, "FM");
        skip(f, 2);
    }
    for (size_t i = 0; f->len && i < sizeof keywords / sizeof keywords[0]; i++)
        if (starts(*f, keywords[i].word)) {
            size_t len = strlen(keywords[i].word);
            t.piece = keywords[i].piece;
            t.text = hs_str_n(f->at, len);
            skip(f, len);
            if (starts(*f, "TH")) {
                t.th = true;
                t.upper_th = f->at[0] == 'T';
                skip(f, 2);
            }
            return t;
        }
    if (f->len && f->at[0] == '"') {
        const char *end = memchr(f->at + 1, '"', f->len - 1);
        size_t len = end ? (size_t)(end - f->at) - 1 : f->len - 1;
        t.text = hs_str_n(f->at + 1, len);
        skip(f, len + 1 + (end ? 1 : 0));
        return t;
    }
    if (f->len > 1 && f->at[0] == '\\' && f->at[1] == '"')
        skip(f, 1);
    t.text = hs_str_n(f->at, f->len ? 1 : 0);
    skip(f, t.text.len);
    return t;
}

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

static int day_of_week(int64_t epoch_days) /* Sunday 0 */
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
    int weekday = (day_of_week(epoch_days) + 6) % 7;
    int64_t thursday = epoch_days - weekday + 3;
    pg_civil_of_days(thursday, &c);
    int64_t first = pg_days_of_civil(c.year, 1, 1), start = pg_days_of_civil(c.year, 1, 4);
    start -= (day_of_week(start) + 6) % 7;
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
    int weekday = day_of_week(m->epoch_days), hour = c->hour % 12 ? c->hour % 12 : 12;
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
        add_name(b, t, days[weekday], 0, true);
        return;
    case P_DY:
        add_name(b, t, days[weekday], 3, false);
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
            add_name(b, t, months[c->month - 1], t->piece == P_MON ? 3 : 0, t->piece == P_MONTH);
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
        struct token t = next_token(&format);
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
        skip(&r->s, 1);
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
        skip(&r->s, 1);
    }
    for (; r->s.len && r->s.at[0] >= '0' && r->s.at[0] <= '9' && (open ? digits < 9 : digits < most); digits++) {
        n = n * 10 + (r->s.at[0] - '0');
        skip(&r->s, 1);
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
        if (starts(r->s, word)) {
            skip(&r->s, strlen(word));
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
    bool dots = starts(r->s, "a.m.") || starts(r->s, "p.m.");
    if (!starts(r->s, "am") && !starts(r->s, "pm") && !dots) {
        r->wrong = "22007";
        return;
    }
    r->pm = r->s.at[0] == 'p' || r->s.at[0] == 'P';
    r->am = !r->pm;
    r->twelve = true;
    skip(&r->s, dots ? 4 : 2);
}

static void read_era(struct read *r)
{
    blanks(r);
    bool dots = starts(r->s, "b.c.") || starts(r->s, "a.d.");
    if (!starts(r->s, "bc") && !starts(r->s, "ad") && !dots) {
        r->wrong = "22007";
        return;
    }
    r->bc = r->s.at[0] == 'b' || r->s.at[0] == 'B';
    skip(&r->s, dots ? 4 : 2);
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
        skip(&r->s, 1);
    r->offset = sign * read_int(r, 2, false, NULL) * 3600;
    if (r->s.len && r->s.at[0] == ':')
        skip(&r->s, 1);
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
                skip(&r->s, 1);
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
        read_name(r, days, 7, 0);
        return;
    case P_DY:
        read_name(r, days, 7, 3);
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
        r->month = read_name(r, months, 12, 0) + 1;
        r->has_month = true;
        return;
    case P_MON:
        r->month = read_name(r, months, 12, 3) + 1;
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
        start -= (day_of_week(start) + 6) % 7;
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
        struct token t = next_token(&format);
        hs_str ahead = format;
        struct token next = ahead.len ? next_token(&ahead) : (struct token){0};
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
const struct pg_native hs_pg_chars[] = {
    {"hs_pg_to_char", {TS, T}, T, .row = char_of_timestamp},
    {"hs_pg_to_char", {DUCKDB_TYPE_TIMESTAMP_TZ, TS, T, T}, T, .row = char_of_zoned},
    {"hs_pg_to_char", {DUCKDB_TYPE_INTERVAL, T}, T, .row = char_of_interval},
    {"hs_pg_to_date", {T, T}, DUCKDB_TYPE_DATE, .row = to_date},
    {"hs_pg_to_timestamp", {T, T}, TS, .row = to_timestamp},
    {0},
};
