/* From characters to symbols: what looks like a digit, a dash or a space is one. */
#include "mask/shared/find.h"
#include "mask/shared/letters.h"

#include "base/alloc.h"

/* The noughts of every script that has digits of its own (Unicode's Nd); nine more follow each. */
static const uint32_t noughts[] = {
    0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,  0x0C66,  0x0CE6,  0x0D66,  0x0DE6,
    0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,  0x17E0,  0x1810,  0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,
    0x1C40,  0x1C50,  0xA620,  0xA8D0,  0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x10D40,
    0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0,
    0x11950, 0x11BF0, 0x11C50, 0x11D50, 0x11DA0, 0x11F50, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0, 0x1D7CE, 0x1D7D8,
    0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0};

static const struct {
    uint32_t first, last;
    char to; /* of the first; 'a' and 'A' and '1' count on */
} letters[] = {{0xFF21, 0xFF3A, 'A'}, {0xFF41, 0xFF5A, 'a'}, {0x2460, 0x2468, '1'}};

/* One by one: dashes, spaces, signs, and Cyrillic and Greek letters that look like those of an IBAN. */
static const struct {
    uint32_t code;
    char to;
} singles[] = {
    {0x00A0, ' '}, {0x202F, ' '}, {0x205F, ' '}, {0x3000, ' '}, {0x1680, ' '}, {0x00B7, '.'}, {0x2212, '-'},
    {0xFE58, '-'}, {0xFE63, '-'}, {0xFF0D, '-'}, {0x02D7, '-'}, {0x058A, '-'}, {0xFF0B, '+'}, {0xFF0E, '.'},
    {0x3002, '.'}, {0xFF61, '.'}, {0x2024, '.'}, {0xFF20, '@'}, {0xFE6B, '@'}, {0xFF1A, ':'}, {0xFF08, '('},
    {0xFF09, ')'}, {0xFF0F, '/'}, {0x2044, '/'}, {0x2215, '/'}, {0xFF3F, '_'}, {0x0410, 'A'}, {0x0412, 'B'},
    {0x0415, 'E'}, {0x041A, 'K'}, {0x041C, 'M'}, {0x041D, 'H'}, {0x041E, 'O'}, {0x0420, 'P'}, {0x0421, 'C'},
    {0x0422, 'T'}, {0x0425, 'X'}, {0x0405, 'S'}, {0x0406, 'I'}, {0x0391, 'A'}, {0x0392, 'B'}, {0x0395, 'E'},
    {0x0396, 'Z'}, {0x0397, 'H'}, {0x0399, 'I'}, {0x039A, 'K'}, {0x039C, 'M'}, {0x039D, 'N'}, {0x039F, 'O'},
    {0x03A1, 'P'}, {0x03A4, 'T'}, {0x03A7, 'X'},
};

static bool has_no_width(uint32_t c)
{
    return (c >= 0x200B && c <= 0x200F) || (c >= 0x2060 && c <= 0x2064) || (c >= 0x202A && c <= 0x202E) ||
           c == 0x00AD || c == 0xFEFF || c == 0x034F || c == 0x180E || (c >= 0xFE00 && c <= 0xFE0F);
}

/* Letters of the scripts that put spaces between words, and numbers apart from them: Latin, Greek, Cyrillic, and the
 * accents over them. In others (Chinese, Thai, Arabic and so on) a number may follow a word directly. */
static bool ends_apart(uint32_t c)
{
    return c < 0x0530 || (c >= 0x1C80 && c <= 0x1C8F) || (c >= 0x1D00 && c <= 0x1DBF) || (c >= 0x1E00 && c <= 0x1FFF) ||
           (c >= 0x2C60 && c <= 0x2C7F) || (c >= 0x2DE0 && c <= 0x2DFF) || (c >= 0xA640 && c <= 0xA69F) ||
           (c >= 0xA720 && c <= 0xA7FF) || (c >= 0xAB30 && c <= 0xAB6F) || (c >= 0xFB00 && c <= 0xFB06);
}

/* '0' to '9', or 0. */
static char digit_of(uint32_t c)
{
    size_t low = 0, high = sizeof noughts / sizeof *noughts;
    while (low < high) { /* the last that is not after c stands before `low` */
        size_t middle = (low + high) / 2;
        if (noughts[middle] <= c)
            low = middle + 1;
        else
            high = middle;
    }
    return low && c - noughts[low - 1] < 10 ? (char)('0' + (c - noughts[low - 1])) : 0;
}

/* Signs of all kinds end a word; everything else is taken for a letter. */
static bool is_sign(uint32_t c)
{
    return (c >= 0x80 && c <= 0xBF && c != 0xAA && c != 0xB5 && c != 0xBA) || c == 0xD7 || c == 0xF7 ||
           (c >= 0x2000 && c <= 0x206F) || (c >= 0x20A0 && c <= 0x20CF) || (c >= 0x2190 && c <= 0x2BFF) ||
           (c >= 0x3000 && c <= 0x3004) || (c >= 0x3008 && c <= 0x3020) || (c >= 0xFF00 && c <= 0xFF0F) ||
           (c >= 0xFF1A && c <= 0xFF20) || (c >= 0xFF3B && c <= 0xFF40) || (c >= 0xFF5B && c <= 0xFF65) ||
           (c >= 0x1F000 && c <= 0x1FAFF);
}

static char symbol_of(uint32_t c)
{
    if (c < 0x20) /* 1 to 3 are symbols of their own here */
        return c == '\t' ? ' ' : c == '\n' || c == '\r' ? (char)c : 2;
    if (c < 0x80)
        return (char)c;
    if (c >= 0x2000 && c <= 0x200A)
        return ' ';
    if (c >= 0x2010 && c <= 0x2015)
        return '-';
    char found = digit_of(c);
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (c >= letters[i].first && c <= letters[i].last)
            found = (char)(letters[i].to + (char)(c - letters[i].first));
    if (found)
        return found;
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++)
        if (c == singles[i].code)
            return singles[i].to;
    return is_sign(c) ? 2 : ends_apart(c) ? 1 : 3;
}

static bool make_room(struct hs_symbols *s, size_t room)
{
    if (room <= s->room)
        return true;
    hs_symbols_fini(s);
    s->at = hs_malloc(room);
    s->from = hs_malloc(room * sizeof *s->from);
    s->found = hs_malloc(room);
    s->room = s->at && s->from && s->found ? room : 0;
    return s->room > 0;
}

bool hs_symbols_read(struct hs_symbols *s, hs_str text)
{
    if (text.len > UINT32_MAX / 8 || !make_room(s, text.len + 1))
        return false;
    s->count = 0;
    for (size_t at = 0, len; at < text.len; at += len) {
        uint32_t code = hs_letter_code(text, at, &len);
        if (has_no_width(code) && s->count)
            continue;
        s->from[s->count] = (uint32_t)at;
        s->at[s->count++] = symbol_of(code);
    }
    s->from[s->count] = (uint32_t)text.len;
    memset(s->found, 0, s->count);
    return true;
}

void hs_symbols_fini(struct hs_symbols *s)
{
    hs_free(s->at);
    hs_free(s->from);
    hs_free(s->found);
    *s = (struct hs_symbols){0};
}

/* Everything has a digit or an '@'; in other scripts one is not looked for here. */
bool hs_may_hold(hs_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if ((c >= '0' && c <= '9') || c == '@' || c >= 0x80)
            return true;
    }
    return false;
}
