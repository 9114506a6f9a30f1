/* The recognisers. Each is asked at every symbol where its kind could begin and looks at a bounded number of those that
 * follow, so a text costs what its length is. What has a checksum is believed by it; what has none needs a form that
 * dates, times, versions and order numbers do not have, and stands alone: a checksum does not come about because a
 * letter was written before it. */
#include "mask/shared/find.h"

#include <stdlib.h>

enum { LOCAL_MAX = 64, HOST_MAX = 253, GAP_MAX = 3, CARD_MAX = 19, PHONE_MAX = 15, IBAN_MAX = 34, WORD_BACK = 16 };

static char sym(const struct hs_symbols *s, size_t i)
{
    return i < s->count ? s->at[i] : 0; /* also before the first: (size_t)-1 */
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* With this beside it, a number is part of something else. */
static bool alnum(char c)
{
    return digit(c) || letter(c) || c == 1;
}

/* In names any script's letters can be. */
static bool named(char c)
{
    return alnum(c) || c == 3;
}

static void mark(struct hs_symbols *s, size_t from, size_t to, enum hs_found kind)
{
    for (size_t i = from; i < to; i++)
        s->found[i] = (uint8_t)kind;
    s->found[from] |= 0x80;
}

static bool is_free(const struct hs_symbols *s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (s->found[i])
            return false;
    return true;
}

/* ---- e-mail: asked at '@' ---- */

static bool local_part(char c)
{
    return named(c) || (c && strchr("!#$%&'*+/=?^_`{|}~.-", c));
}

/* "john smith"@example.org: where the quotation mark before '@' was opened; `i` where it was not. */
static size_t quoted_part(const struct hs_symbols *s, size_t i)
{
    if (sym(s, i - 1) != '"')
        return i;
    for (size_t at = i - 1; at > 0 && i - at <= LOCAL_MAX + 1; at--)
        if (s->at[at - 1] == '"' && sym(s, at - 2) != '\\')
            return at - 1;
    return i;
}

static bool find_email(struct hs_symbols *s, size_t i)
{
    size_t from = i, to = i + 1, dot = 0;
    while (from > 0 && i - from < LOCAL_MAX && local_part(s->at[from - 1]))
        from--;
    while (from < i && strchr("./'=", s->at[from])) /* a sentence's, not the address's */
        from++;
    from = from == i ? quoted_part(s, i) : from;
    for (; to < s->count && to - i < HOST_MAX && (named(s->at[to]) || s->at[to] == '-' || s->at[to] == '.'); to++)
        if (s->at[to] == '.' && named(sym(s, to + 1)))
            dot = to;
    while (to > i + 1 && (s->at[to - 1] == '.' || s->at[to - 1] == '-'))
        to--;
    if (from == i || !dot || dot == i + 1 || to - dot < 3 || digit(sym(s, dot + 1)))
        return false;
    mark(s, from, to, HS_FOUND_EMAIL);
    return true;
}

/* ---- IBAN ---- */

static const struct {
    char country[3];
    uint8_t len;
} ibans[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22},
    {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DJ", 27},
    {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27},
    {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22},
    {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32},
    {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19},
    {"MN", 20}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24},
    {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24}, {"SC", 31},
    {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28}, {"TL", 23},
    {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30},
};

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static unsigned iban_length(char a, char b)
{
    for (size_t i = 0; i < sizeof ibans / sizeof *ibans; i++)
        if (ibans[i].country[0] == upper(a) && ibans[i].country[1] == upper(b))
            return ibans[i].len;
    return 0;
}

static unsigned mod_97(unsigned rest, char c)
{
    return digit(c) ? (rest * 10 + (unsigned)(c - '0')) % 97 : (rest * 100 + (unsigned)(upper(c) - 'A') + 10) % 97;
}

static bool find_iban(struct hs_symbols *s, size_t i)
{
    char text[IBAN_MAX];
    unsigned want = letter(s->at[i]) && letter(sym(s, i + 1)) ? iban_length(s->at[i], s->at[i + 1]) : 0, have = 0,
             rest = 0;
    size_t at = i, gap = 0;
    if (want <= 4 || digit(sym(s, i - 1))) /* the country and two digits are four of them */
        return false;
    for (; have < want && at < s->count; at++) {
        char c = s->at[at];
        if (digit(c) || letter(c)) {
            text[have++] = c;
            gap = 0;
        } else if ((c != ' ' && c != '-' && c != '.') || have < 2 || ++gap > GAP_MAX)
            return false;
    }
    if (have < want || digit(sym(s, at)) || !digit(text[2]) || !digit(text[3]))
        return false;
    for (unsigned k = 0; k < want; k++)
        rest = mod_97(rest, text[(k + 4) % want]);
    if (rest != 1)
        return false;
    mark(s, i, at, HS_FOUND_IBAN);
    return true;
}

/* ---- numbers in groups ---- */

struct number {
    char digits[CARD_MAX + 1];
    size_t end[CARD_MAX + 1];     /* behind the n-th digit, counted from 1 */
    uint8_t groups[CARD_MAX + 1]; /* digits in each */
    char gaps[CARD_MAX + 1];      /* the sign before each group but the first */
    unsigned count, group_count;
    bool more; /* digits follow that are too many */
};

/* Digits from i on, with up to GAP_MAX of these signs between them. */
static void read_number(const struct hs_symbols *s, size_t i, const char *signs, unsigned most, struct number *n)
{
    size_t gap = 0;
    char sign = 0;
    *n = (struct number){0};
    for (size_t at = i; at < s->count; at++) {
        char c = s->at[at];
        if (digit(c)) {
            if (n->count == most) {
                n->more = gap == 0;
                return;
            }
            if (!n->count || gap) {
                n->gaps[n->group_count] = sign;
                n->groups[n->group_count++] = 0;
            }
            n->digits[n->count++] = c;
            n->end[n->count] = at + 1;
            n->groups[n->group_count - 1]++;
            gap = 0;
            sign = 0;
        } else if (c && strchr(signs, c) && ++gap <= GAP_MAX)
            sign = sign && sign != ' ' ? sign : c;
        else
            return;
    }
}

static bool luhn(const char *digits, unsigned count)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned d = (unsigned)(digits[count - 1 - i] - '0');
        sum += i % 2 ? (d > 4 ? 2 * d - 9 : 2 * d) : d;
    }
    return sum % 10 == 0;
}

/* Who issues cards that begin so, and how long they are. */
static bool is_issued(const char *digits, unsigned count)
{
    static const struct {
        uint16_t first, last; /* of the first four digits */
        uint8_t least, most;
    } issuers[] = {{4000, 4999, 13, 13}, {4000, 4999, 16, 16}, {4000, 4999, 19, 19}, {5100, 5599, 16, 16},
                   {2221, 2720, 16, 16}, {3400, 3499, 15, 15}, {3700, 3799, 15, 15}, {6011, 6011, 16, 19},
                   {6440, 6599, 16, 19}, {3528, 3589, 16, 19}, {3000, 3059, 14, 19}, {3095, 3095, 14, 19},
                   {3600, 3699, 14, 19}, {3800, 3999, 14, 19}, {6200, 6299, 16, 19}, {2200, 2204, 16, 19},
                   {5000, 5099, 13, 19}, {5600, 5999, 13, 19}, {6300, 6439, 13, 19}, {6600, 6999, 13, 19}};
    unsigned four = 0;
    for (int i = 0; i < 4; i++)
        four = four * 10 + (unsigned)(digits[i] - '0');
    for (size_t i = 0; i < sizeof issuers / sizeof *issuers; i++)
        if (four >= issuers[i].first && four <= issuers[i].last && count >= issuers[i].least &&
            count <= issuers[i].most)
            return true;
    return false;
}

static bool find_card(struct hs_symbols *s, size_t i)
{
    struct number n;
    if (digit(sym(s, i - 1)) || sym(s, i - 1) == '+' || (sym(s, i - 1) == '.' && digit(sym(s, i - 2))))
        return false;
    read_number(s, i, " -._", CARD_MAX, &n);
    for (unsigned count = n.count; count >= 13; count--) {
        size_t to = n.end[count];
        if (digit(sym(s, to)) || !is_free(s, i, to) || !is_issued(n.digits, count) || !luhn(n.digits, count))
            continue;
        mark(s, i, to, HS_FOUND_CARD);
        return true;
    }
    return false;
}

/* ---- words before ---- */

static bool word_before(const struct hs_symbols *s, size_t i, const char *const *words, size_t count)
{
    char back[WORD_BACK + 1];
    size_t from = i > WORD_BACK ? i - WORD_BACK : 0, len = i - from;
    for (size_t k = 0; k < len; k++)
        back[k] = (char)(letter(s->at[from + k]) ? s->at[from + k] | 32 : s->at[from + k]);
    back[len] = 0;
    for (size_t k = 0; k < count; k++) {
        const char *found = strstr(back, words[k]);
        if (found && (found == back || !letter(found[-1])))
            return true;
    }
    return false;
}

/* ---- IP addresses ---- */

static size_t ipv4_end(const struct hs_symbols *s, size_t i)
{
    size_t at = i;
    for (int part = 0; part < 4; part++) {
        unsigned value = 0, len = 0;
        for (; digit(sym(s, at)) && len < 4; at++, len++)
            value = value * 10 + (unsigned)(s->at[at] - '0');
        bool padded = len > 1 && s->at[at - len] == '0'; /* 1.000.000 is an amount */
        if (!len || len > 3 || value > 255 || padded || (part < 3 && sym(s, at++) != '.'))
            return 0;
    }
    bool goes_on = alnum(sym(s, at)) || (sym(s, at) == '.' && digit(sym(s, at + 1)));
    return goes_on ? 0 : at;
}

static bool hex(char c)
{
    return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static size_t ipv6_end(const struct hs_symbols *s, size_t i)
{
    unsigned groups = 0, digits = 0;
    bool gap = false;
    size_t at = i;
    while (at < s->count && groups < 8) {
        size_t from = at, v4 = groups >= 1 && digit(s->at[at]) ? ipv4_end(s, at) : 0;
        if (v4 && (gap || groups == 6))
            return v4;
        for (; hex(sym(s, at)) && at - from < 5; at++)
            digits += digit(s->at[at]);
        if (at - from > 4)
            return 0;
        groups += at > from;
        if (sym(s, at) != ':' || (groups == 8 && !gap))
            break;
        if (sym(s, at + 1) == ':') {
            if (gap)
                return 0;
            gap = true;
            at += 2;
            if (!hex(sym(s, at)))
                break;
        } else if (at == from || !hex(sym(s, at + 1)))
            break;
        else
            at++;
    }
    bool whole = gap ? groups >= 2 && groups < 8 && digits > 0 : groups == 8;
    return whole && !alnum(sym(s, at)) && sym(s, at) != ':' ? at : 0;
}

static bool find_ip(struct hs_symbols *s, size_t i)
{
    static const char *const versions[] = {"version", "release", "ver.", "build", "firmware", "update", "v."};
    char before = sym(s, i - 1);
    if (alnum(before) || before == '.' || before == ':')
        return false;
    size_t to = digit(s->at[i]) ? ipv4_end(s, i) : 0;
    if (to && word_before(s, i, versions, sizeof versions / sizeof *versions))
        return false;
    if (!to)
        to = ipv6_end(s, i);
    if (!to)
        return false;
    mark(s, i, to, HS_FOUND_IP);
    return true;
}

/* ---- phone numbers ---- */

static unsigned two(const char *digits)
{
    return (unsigned)(digits[0] - '0') * 10 + (unsigned)(digits[1] - '0');
}

/* 21.11.2026, 21.11.26, 2026-11-21 and what comes behind it. */
static bool is_date(const struct number *n)
{
    const uint8_t *g = n->groups;
    if (n->group_count < 3 || n->gaps[1] != n->gaps[2] || !strchr("./-", n->gaps[1]))
        return false;
    if (g[0] == 4)
        return g[1] == 2 && g[2] == 2;
    return g[0] <= 2 && g[1] <= 2 && (g[2] == 4 || (g[2] == 2 && n->group_count == 3)) && g[0] == 2 && g[1] == 2 &&
           (two(n->digits) <= 31 && two(n->digits + 2) <= 31);
}

static bool is_american(const struct number *n)
{
    const uint8_t *g = n->groups;
    unsigned lead = n->count == 11 && g[0] == 1 && n->digits[0] == '1';
    return n->group_count == 3 + lead && g[lead] == 3 && g[lead + 1] == 3 && g[lead + 2] == 4 &&
           n->digits[lead] >= '2' && n->digits[lead + 3] >= '2';
}

/* 0316 4455-12, 0664/1234567, 01 23 45 67 89: a nought, an area that begins with none, and at least two groups. */
static bool is_national(const struct number *n)
{
    if (n->count < 9 || n->count > 13 || n->digits[0] != '0' || n->digits[1] == '0' || n->group_count < 2 || is_date(n))
        return false;
    if (n->gaps[1] == '.')
        return n->group_count >= 4;
    return n->groups[0] >= 2;
}

static bool is_international(const struct number *n, bool plus)
{
    if (plus)
        return n->count >= 8 && n->digits[0] != '0';
    return n->count >= 10 && n->digits[0] == '0' && n->digits[1] == '0' && n->digits[2] != '0' && n->groups[0] >= 2 &&
           n->group_count >= 2;
}

static bool find_phone(struct hs_symbols *s, size_t i)
{
    static const char *const words[] = {"tel", "phone", "mobil", "handy", "fax", "call", "whatsapp", "sms"};
    struct number n;
    char before = sym(s, i - 1);
    bool plus = s->at[i] == '+', bracket = s->at[i] == '(';
    size_t first = i + plus + (bracket || (plus && sym(s, i + 1) == '('));
    if (!digit(sym(s, first)) || alnum(before) || before == '+' ||
        (before && strchr("-./:,_#=", before) && alnum(sym(s, i - 2))))
        return false;
    read_number(s, first, " -./()", PHONE_MAX, &n);
    if (n.more || n.count < 7 || (bracket && sym(s, n.end[n.groups[0]]) != ')'))
        return false;
    size_t to = n.end[n.count];
    bool said = word_before(s, i, words, sizeof words / sizeof *words) && !is_date(&n);
    if (!(is_international(&n, plus) || (!plus && (is_national(&n) || is_american(&n) || said))) || alnum(sym(s, to)) ||
        (sym(s, to) == ':' && digit(sym(s, to + 1))) || !is_free(s, i, to))
        return false;
    mark(s, i, to, HS_FOUND_PHONE);
    return true;
}

/* ---- all of them ---- */

static bool find_at(struct hs_symbols *s, size_t i, enum hs_found kind)
{
    char c = s->at[i];
    switch (kind) {
    case HS_FOUND_EMAIL:
        return c == '@' && find_email(s, i);
    case HS_FOUND_IBAN:
        return letter(c) && find_iban(s, i);
    case HS_FOUND_IP:
        return (hex(c) || c == ':') && find_ip(s, i);
    case HS_FOUND_CARD:
        return digit(c) && find_card(s, i);
    case HS_FOUND_PHONE:
        return (digit(c) || c == '+' || c == '(') && find_phone(s, i);
    case HS_FOUND_KINDS_:
        break;
    }
    return false;
}

void hs_find(struct hs_symbols *s, unsigned kinds)
{
    for (int kind = HS_FOUND_EMAIL; kind < HS_FOUND_KINDS_; kind++)
        for (size_t i = 0; kinds & 1u << kind && i < s->count; i++)
            if (!s->found[i])
                find_at(s, i, (enum hs_found)kind);
}
