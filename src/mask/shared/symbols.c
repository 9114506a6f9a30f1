/* From characters to symbols: what looks like a digit, a dash or a space is one. */
#include "mask/shared/find.h"
#include "mask/shared/letters.h"

#include "base/alloc.h"

static const struct {
    uint32_t first, last;
    char to; /* of the first; '0' and 'a' and 'A' count on */
} digits_and_letters[] = {
    {0x0660, 0x0669, '0'},   {0x06F0, 0x06F9, '0'},   {0x07C0, 0x07C9, '0'},   {0x0966, 0x096F, '0'},
    {0x09E6, 0x09EF, '0'},   {0x0A66, 0x0A6F, '0'},   {0x0AE6, 0x0AEF, '0'},   {0x0BE6, 0x0BEF, '0'},
    {0x0C66, 0x0C6F, '0'},   {0x0CE6, 0x0CEF, '0'},   {0x0D66, 0x0D6F, '0'},   {0x0E50, 0x0E59, '0'},
    {0x0ED0, 0x0ED9, '0'},   {0x1040, 0x1049, '0'},   {0x17E0, 0x17E9, '0'},   {0x1810, 0x1819, '0'},
    {0xFF10, 0xFF19, '0'},   {0xFF21, 0xFF3A, 'A'},   {0xFF41, 0xFF5A, 'a'},   {0x2460, 0x2468, '1'},
    {0x1D7CE, 0x1D7D7, '0'}, {0x1D7D8, 0x1D7E1, '0'}, {0x1D7E2, 0x1D7EB, '0'}, {0x1D7EC, 0x1D7F5, '0'},
    {0x1D7F6, 0x1D7FF, '0'},
};

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
    if (c < 0x80)
        return c == '\t' ? ' ' : (char)(c ? c : 1);
    if (c >= 0x2000 && c <= 0x200A)
        return ' ';
    if (c >= 0x2010 && c <= 0x2015)
        return '-';
    for (size_t i = 0; i < sizeof digits_and_letters / sizeof *digits_and_letters; i++)
        if (c >= digits_and_letters[i].first && c <= digits_and_letters[i].last)
            return (char)(digits_and_letters[i].to + (char)(c - digits_and_letters[i].first));
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++)
        if (c == singles[i].code)
            return singles[i].to;
    return is_sign(c) ? 2 : 1;
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
