/* to_char of numbers and to_number: PostgreSQL's patterns of 9 and 0, points, groups and signs. The locale is C: a
 * point, a comma, no sign of money. */
#include "arrow/quotient.h"
#include "engine/worker/pg/natives.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct shape {         /* what a pattern says as a whole */
    int before, after; /* digits in front of the point and behind it */
    int zero_from;     /* from this digit on zeros are written; -1: blanks */
    bool point, fill, exponent, roman, sign_first, sign_last, minus_last, brackets, own_sign, scaled;
    int scale; /* V: digits behind it count as whole ones */
};

static bool starts(hs_str s, const char *word)
{
    size_t len = strlen(word);
    return s.len >= len && hs_str_eq_nocase(hs_str_n(s.at, len), hs_str_n(word, len));
}

static void skip(hs_str *s, size_t n)
{
    *s = hs_str_n(s->at + n, s->len - n);
}

enum mark {
    MARK_LITERAL,
    MARK_NINE,
    MARK_ZERO,
    MARK_POINT,
    MARK_GROUP,
    MARK_SIGN,
    MARK_MINUS,
    MARK_PLUS,
    MARK_EITHER,
    MARK_BRACKETS,
    MARK_FILL,
    MARK_MONEY,
    MARK_ROMAN,
    MARK_TH,
    MARK_V,
    MARK_E
};

static enum mark next_mark(hs_str *f, hs_str *out_text)
{
    static const struct {
        const char *word;
        enum mark mark;
    } marks[] = {{"EEEE", MARK_E},      {"FM", MARK_FILL},  {"MI", MARK_MINUS}, {"PL", MARK_PLUS}, {"SG", MARK_EITHER},
                 {"PR", MARK_BRACKETS}, {"RN", MARK_ROMAN}, {"TH", MARK_TH},    {"9", MARK_NINE},  {"0", MARK_ZERO},
                 {".", MARK_POINT},     {"D", MARK_POINT},  {",", MARK_GROUP},  {"G", MARK_GROUP}, {"S", MARK_SIGN},
                 {"L", MARK_MONEY},     {"V", MARK_V}};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (starts(*f, marks[i].word)) {
            *out_text = hs_str_n(f->at, strlen(marks[i].word));
            skip(f, out_text->len);
            return marks[i].mark;
        }
    if (f->at[0] == '"') {
        const char *end = memchr(f->at + 1, '"', f->len - 1);
        size_t len = end ? (size_t)(end - f->at) - 1 : f->len - 1;
        *out_text = hs_str_n(f->at + 1, len);
        skip(f, len + 1 + (end ? 1 : 0));
        return MARK_LITERAL;
    }
    if (f->len > 1 && f->at[0] == '\\' && f->at[1] == '"')
        skip(f, 1);
    *out_text = hs_str_n(f->at, 1);
    skip(f, 1);
    return MARK_LITERAL;
}

/* NULL, or letters to raise. */
static const char *read_shape(hs_str f, struct shape *s)
{
    hs_str text;
    *s = (struct shape){.zero_from = -1, .fill = true};
    while (f.len) {
        enum mark m = next_mark(&f, &text);
        switch ((int)m) {
        case MARK_ZERO:
            if (s->zero_from < 0 && !s->point)
                s->zero_from = s->before;
            __attribute__((fallthrough));
        case MARK_NINE:
            if (s->brackets)
                return "42601";
            if (s->scaled)
                s->scale++;
            if (s->point)
                s->after++;
            else
                s->before++;
            break;
        case MARK_POINT:
            if (s->point || s->scaled)
                return "42601";
            s->point = true;
            break;
        case MARK_FILL:
            s->fill = false;
            break;
        case MARK_SIGN:
            if (s->sign_first || s->sign_last || s->own_sign || s->brackets)
                return "42601";
            *(s->before || s->after ? &s->sign_last : &s->sign_first) = true;
            break;
        case MARK_MINUS:
            if (s->sign_first || s->sign_last)
                return "42601";
            s->minus_last = s->own_sign = true;
            break;
        case MARK_PLUS:
        case MARK_EITHER:
            if (s->sign_first || s->sign_last)
                return "42601";
            s->own_sign = true;
            break;
        case MARK_BRACKETS:
            if (s->sign_first || s->sign_last || s->own_sign)
                return "42601";
            s->brackets = true;
            break;
        case MARK_ROMAN:
            s->roman = true;
            break;
        case MARK_E:
            s->exponent = true;
            break;
        case MARK_V:
            s->scaled = true;
            break;
        default:
            break;
        }
    }
    return NULL;
}

/* ---- the digits ---- */
struct figure {
    bool minus, hashes;
    char whole[420], part[64];
    int whole_len, part_len;
};

static void split(struct figure *g, const char *text)
{
    const char *point = strchr(text, '.');
    g->whole_len = (int)(point ? point - text : (ptrdiff_t)strlen(text));
    if (g->whole_len > (int)sizeof g->whole - 1)
        g->whole_len = sizeof g->whole - 1;
    memcpy(g->whole, text, (size_t)g->whole_len);
    g->part_len = point ? (int)strnlen(point + 1, sizeof g->part - 1) : 0;
    if (g->part_len)
        memcpy(g->part, point + 1, (size_t)g->part_len);
}

/* Half away from zero for numbers of decimal digits; floating point as it is printed. */
static bool figure_of(const struct pg_number *n, int places, int scale, struct figure *g)
{
    char text[512];
    *g = (struct figure){0};
    if (n->real) {
        if (!isfinite(n->d))
            return false;
        g->minus = n->d < 0;
        snprintf(text, sizeof text, "%.*f", places > 60 ? 60 : places, fabs(n->d) * pow(10, scale));
        split(g, text);
        return true;
    }
    unsigned __int128 m = n->units < 0 ? -(unsigned __int128)n->units : (unsigned __int128)n->units;
    int have = n->scale - scale;
    g->minus = n->units < 0;
    for (; have < 0 && m < pg_power10(37); have++)
        m *= 10;
    if (have > places) {
        unsigned __int128 by = pg_power10(have - places > 38 ? 38 : have - places), left = m % by;
        m = m / by + (left >= by - left);
        have = places;
    }
    struct hs_buf b;
    hs_buf_init(&b, sizeof text);
    pg_add_decimal(&b, (__int128)m, have < 0 ? 0 : have, have < 0 ? 0 : have);
    snprintf(text, sizeof text, "%.*s", (int)b.len, b.at ? b.at : "0");
    hs_buf_fini(&b);
    split(g, text);
    for (; g->part_len < places && g->part_len < (int)sizeof g->part - 1; g->part_len++)
        g->part[g->part_len] = '0';
    return true;
}

static bool is_zero(const struct figure *g)
{
    for (int i = 0; i < g->whole_len; i++)
        if (g->whole[i] != '0')
            return false;
    for (int i = 0; i < g->part_len; i++)
        if (g->part[i] != '0')
            return false;
    return true;
}

/* ---- writing ---- */
struct pen {
    struct hs_buf *b;
    const struct shape *s;
    const struct figure *g;
    int at;     /* digits of the pattern passed */
    int blanks; /* of those in front of the point: how many the number does not need */
    bool signed_yet, behind, digits_yet;
    int last_part; /* without filling: up to this digit behind the point */
};

static void put_sign(struct pen *p)
{
    if (p->signed_yet)
        return;
    p->signed_yet = true;
    if (p->s->sign_first)
        hs_buf_addc(p->b, p->g->minus ? '-' : '+');
    else if (p->s->brackets) {
        if (p->g->minus || p->s->fill)
            hs_buf_addc(p->b, p->g->minus ? '<' : ' ');
    } else if (!p->s->own_sign && !p->s->sign_last) {
        if (p->g->minus)
            hs_buf_addc(p->b, '-');
        else if (p->s->fill)
            hs_buf_addc(p->b, ' ');
    }
}

static void put_digit(struct pen *p)
{
    int at = p->at++;
    if (p->behind) {
        int i = at - p->s->before;
        if (p->g->hashes)
            hs_buf_addc(p->b, '#');
        else if (p->s->fill || i < p->last_part)
            hs_buf_addc(p->b, i < p->g->part_len ? p->g->part[i] : '0');
        return;
    }
    int i = at - p->blanks;
    bool zeros = p->s->zero_from >= 0 && p->s->zero_from <= at;
    if (p->g->hashes) {
        put_sign(p);
        hs_buf_addc(p->b, '#');
        return;
    }
    /* 0.5 by 9.9 has nothing in front of the point; 0 by 9 has its zero */
    bool lone_zero =
        i == p->g->whole_len - 1 && p->g->whole_len == 1 && p->g->whole[0] == '0' && p->s->after > 0 && !zeros;
    if (i < 0 && !zeros) {
        if (p->s->fill)
            hs_buf_addc(p->b, ' ');
        return;
    }
    if (lone_zero) { /* a blank, and the sign behind it */
        if (p->s->fill)
            hs_buf_addc(p->b, ' ');
        if (!p->s->fill && is_zero(p->g)) {
            put_sign(p);
            hs_buf_addc(p->b, '0');
        } else
            put_sign(p);
        p->digits_yet = true;
        return;
    }
    put_sign(p);
    p->digits_yet = true;
    hs_buf_addc(p->b, i < 0 ? '0' : p->g->whole[i]);
}

static void put_mark(struct pen *p, enum mark m, hs_str text)
{
    switch ((int)m) {
    case MARK_NINE:
    case MARK_ZERO:
        put_digit(p);
        break;
    case MARK_POINT:
        put_sign(p);
        p->behind = true;
        hs_buf_addc(p->b, '.');
        break;
    case MARK_GROUP:
        if (p->digits_yet)
            hs_buf_addc(p->b, ',');
        else if (p->s->fill)
            hs_buf_addc(p->b, ' ');
        break;
    case MARK_SIGN:
        if (p->s->sign_last)
            hs_buf_addc(p->b, p->g->minus ? '-' : '+');
        break;
    case MARK_MINUS:
        if (p->g->minus)
            hs_buf_addc(p->b, '-');
        else if (p->s->fill)
            hs_buf_addc(p->b, ' ');
        break;
    case MARK_PLUS:
        if (!p->g->minus)
            hs_buf_addc(p->b, '+');
        else if (p->s->fill)
            hs_buf_addc(p->b, ' ');
        break;
    case MARK_EITHER:
        hs_buf_addc(p->b, p->g->minus ? '-' : '+');
        break;
    case MARK_BRACKETS:
        if (p->g->minus || p->s->fill)
            hs_buf_addc(p->b, p->g->minus ? '>' : ' ');
        break;
    case MARK_MONEY:
        hs_buf_addz(p->b, p->s->fill ? " " : "");
        break;
    case MARK_TH: {
        static const char *const ends[] = {"th", "st", "nd", "rd"};
        int n = p->g->whole_len ? p->g->whole[p->g->whole_len - 1] - '0' : 0;
        bool teen = p->g->whole_len > 1 && p->g->whole[p->g->whole_len - 2] == '1';
        const char *end = ends[teen || n < 0 || n > 3 || p->g->minus ? 0 : n];
        bool upper = text.at[0] == 'T';
        if (!p->g->minus && !p->s->point)
            hs_buf_addf(p->b, "%c%c", upper ? end[0] - 32 : end[0], upper ? end[1] - 32 : end[1]);
        break;
    }
    case MARK_LITERAL:
        hs_buf_adds(p->b, text);
        break;
    default:
        break;
    }
}

static bool put_roman(struct pg_call *c, size_t row, const struct pg_number *n, const struct shape *s, bool lower)
{
    static const struct {
        int value;
        const char *letters;
    } roman[] = {{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"},
                 {40, "XL"},  {10, "X"},   {9, "IX"},  {5, "V"},    {4, "IV"},  {1, "I"}};
    char text[24] = ""; /* MMMDCCCLXXXVIII is the longest: 15 */
    size_t len = 0;
    struct figure g;
    int value = 0;
    if (figure_of(n, 0, 0, &g) && !g.minus && g.whole_len <= 4)
        for (int i = 0; i < g.whole_len; i++)
            value = value * 10 + (g.whole[i] - '0');
    if (value < 1 || value > 3999) {
        hs_buf_addz(&c->text, "###############");
        return pg_put_buf(c, row);
    }
    for (size_t i = 0; i < sizeof roman / sizeof roman[0]; i++)
        for (; value >= roman[i].value; value -= roman[i].value)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s", roman[i].letters);
    for (char *p = text; lower && *p; p++)
        *p = (char)(*p + 32);
    hs_buf_addf(&c->text, "%*s", s->fill ? 15 : 0, text);
    return pg_put_buf(c, row);
}

static bool to_char(struct pg_call *c, size_t row)
{
    hs_str f = pg_text_at(c, 1, row), text;
    struct pg_number n;
    struct shape s;
    struct figure g;
    const char *wrong = read_shape(f, &s);
    if (wrong)
        return pg_raise(c, wrong);
    if (!pg_number_at(&c->types[0], &c->in[0], row, &n))
        return pg_raise(c, "22023");
    if (s.roman)
        return put_roman(c, row, &n, &s, memmem(f.at, f.len, "rn", 2) != NULL);
    if (s.exponent)
        return pg_raise(c, "0A000");
    if (s.after > 60 || s.before > 300)
        return pg_raise(c, "54000");
    if (!figure_of(&n, s.after, s.scale, &g))
        return pg_raise(c, "22003");
    g.minus &= !is_zero(&g);
    bool lone = g.whole_len == 1 && g.whole[0] == '0';
    g.hashes = g.whole_len > s.before && !(lone && s.after > 0);
    struct pen p = {.b = &c->text, .s = &s, .g = &g, .blanks = s.before - g.whole_len};
    for (p.last_part = g.part_len; p.last_part > 0 && g.part[p.last_part - 1] == '0';)
        p.last_part--;
    if (!s.fill) { /* zeros that the pattern asks for stay */
        hs_str rest = f;
        int at = 0;
        bool behind = false;
        while (rest.len) {
            enum mark m = next_mark(&rest, &text);
            behind |= m == MARK_POINT;
            at += behind && (m == MARK_NINE || m == MARK_ZERO);
            if (behind && m == MARK_ZERO && at > p.last_part)
                p.last_part = at;
        }
    }
    while (f.len) {
        enum mark m = next_mark(&f, &text);
        put_mark(&p, m, text);
    }
    return pg_put_buf(c, row);
}

/* ---- to_number: digits are taken where the pattern has some, marks where it has marks ---- */
static bool to_number(struct pg_call *c, size_t row)
{
    hs_str s = pg_trim(pg_text_at(c, 0, row)), f = pg_text_at(c, 1, row), text;
    bool minus = false, point = false;
    struct shape shape;
    const char *wrong = read_shape(f, &shape);
    if (wrong)
        return pg_raise(c, wrong);
    for (size_t i = 0; i < s.len; i++)
        minus |= s.at[i] == '-' || (shape.brackets && s.at[i] == '<');
    if (minus)
        hs_buf_addc(&c->text, '-');
    while (f.len && s.len) {
        enum mark m = next_mark(&f, &text);
        while ((m == MARK_NINE || m == MARK_ZERO) && s.len &&
               (s.at[0] == ' ' || s.at[0] == '-' || s.at[0] == '+' || s.at[0] == '<'))
            skip(&s, 1);
        bool digit = s.len && s.at[0] >= '0' && s.at[0] <= '9';
        if (m == MARK_NINE || m == MARK_ZERO) {
            if (digit || (s.len && s.at[0] == '.' && shape.point && !point)) {
                point |= s.at[0] == '.';
                hs_buf_addc(&c->text, s.at[0]);
                skip(&s, 1);
            }
        } else if (m == MARK_MONEY && s.len && !digit) {
            skip(&s, 1);
        } else if (m == MARK_POINT && s.len && s.at[0] == '.' && !point) {
            point = true;
            hs_buf_addc(&c->text, '.');
            skip(&s, 1);
        } else if (m == MARK_GROUP && s.len && s.at[0] == ',')
            skip(&s, 1);
        else if (m == MARK_LITERAL && s.len)
            skip(&s, text.len < s.len ? text.len : s.len);
    }
    __int128 units;
    wrong = pg_read_decimal(hs_buf_str(&c->text), c->native->scale, &units);
    if (wrong)
        return pg_raise(c, wrong);
    PG_PUT(c, __int128, row, units);
    return true;
}

#define T DUCKDB_TYPE_VARCHAR
const struct pg_native hs_pg_formats[] = {
    {"hs_pg_number_to_char", {DUCKDB_TYPE_ANY, T}, T, .row = to_char},
    {"hs_pg_to_number", {T, T}, DUCKDB_TYPE_DECIMAL, HS_BARE_SCALE, .row = to_number},
    {0},
};
