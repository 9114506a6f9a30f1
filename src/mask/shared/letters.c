/* Alphabets. ASCII is looked up in a table, the rest by halving. */
#include "mask/shared/letters.h"

#include "base/alloc.h"

#include <stdlib.h>

struct letter {
    uint32_t code;
    uint16_t place;
};
struct hs_letters {
    int16_t ascii[128];
    unsigned count;
    struct letter *sorted;
    hs_str *texts;
    char *bytes;
};

uint32_t hs_letter_code(hs_str text, size_t at, size_t *out_len)
{
    const uint8_t *s = (const uint8_t *)text.at + at;
    size_t left = text.len - at, len = s[0] < 0x80 ? 1 : s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : s[0] >= 0xC0 ? 2 : 0;
    *out_len = 1;
    if (len == 1)
        return s[0];
    if (len == 0 || len > left)
        return 0xFFFD;
    uint32_t code = s[0] & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0xFFFD;
        code = code << 6 | (s[i] & 0x3F);
    }
    *out_len = len;
    return code;
}

size_t hs_letter_len(hs_str text, size_t at)
{
    size_t len;
    hs_letter_code(text, at, &len);
    return len;
}

static int by_code(const void *a, const void *b)
{
    uint32_t x = ((const struct letter *)a)->code, y = ((const struct letter *)b)->code;
    return (x > y) - (x < y);
}

static bool fill(struct hs_letters *l, hs_str letters, unsigned most)
{
    l->sorted = hs_calloc(most, sizeof *l->sorted);
    l->texts = hs_calloc(most, sizeof *l->texts);
    l->bytes = hs_calloc(letters.len + 1, 1);
    if (!l->sorted || !l->texts || !l->bytes)
        return false;
    if (letters.len)
        memcpy(l->bytes, letters.at, letters.len);
    for (size_t at = 0, len; at < letters.len; at += len) {
        uint32_t code = hs_letter_code(letters, at, &len);
        if (l->count == most)
            return false;
        l->texts[l->count] = hs_str_n(l->bytes + at, len);
        l->sorted[l->count] = (struct letter){code, (uint16_t)l->count};
        if (code < 128)
            l->ascii[code] = (int16_t)l->count;
        l->count++;
    }
    qsort(l->sorted, l->count, sizeof *l->sorted, by_code);
    for (unsigned i = 1; i < l->count; i++)
        if (l->sorted[i].code == l->sorted[i - 1].code)
            return false;
    return l->count >= 2;
}

struct hs_letters *hs_letters_new(hs_str letters, unsigned most)
{
    struct hs_letters *l = hs_calloc(1, sizeof *l);
    if (!l)
        return NULL;
    memset(l->ascii, -1, sizeof l->ascii);
    if (fill(l, letters, most))
        return l;
    hs_letters_free(l);
    return NULL;
}

void hs_letters_free(struct hs_letters *l)
{
    if (!l)
        return;
    hs_free(l->sorted);
    hs_free(l->texts);
    hs_free(l->bytes);
    hs_free(l);
}

unsigned hs_letters_count(const struct hs_letters *l)
{
    return l->count;
}

int hs_letter_place(const struct hs_letters *l, hs_str text, size_t at, size_t *out_len)
{
    struct letter wanted = {.code = (uint8_t)text.at[at]};
    *out_len = 1;
    if (wanted.code < 128)
        return l->ascii[wanted.code];
    wanted.code = hs_letter_code(text, at, out_len);
    const struct letter *found = bsearch(&wanted, l->sorted, l->count, sizeof wanted, by_code);
    return found ? found->place : -1;
}

hs_str hs_letter_at(const struct hs_letters *l, unsigned place)
{
    return l->texts[place];
}
