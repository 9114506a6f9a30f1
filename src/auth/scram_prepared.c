/* Clients of PostgreSQL prepare a password before they prove it (SASLprep, RFC 4013: Unicode's form KC, some characters
 * dropped), as far as it can be prepared at all, and use its bytes else; Flight's send its bytes. Both mean the same
 * verifier only for texts that preparing leaves alone. Whoever makes a verifier is therefore asked for one of those:
 * the ranges below are of characters that form KC never changes, alone or beside one another. Left out is what is not
 * sure: marks that combine, ligatures, forms of width, special spaces, conjoining letters. What SASLprep forbids
 * (control characters, say) clients use as it is, and so it may stay. */
#include "auth/keys_in.h"

struct range {
    uint32_t from, to;
};
static const struct range STABLE[] = {
    {0x01, 0x7f},       {0xa1, 0xa7},       {0xa9, 0xa9},       {0xab, 0xac},       {0xae, 0xae},     {0xb0, 0xb1},
    {0xb6, 0xb7},       {0xbb, 0xbb},       {0xbf, 0x131},      {0x134, 0x13e},     {0x141, 0x148},   {0x14a, 0x17e},
    {0x386, 0x386},     {0x388, 0x3ce},     {0x400, 0x481},     {0x48a, 0x52f},     {0x561, 0x586},   {0x5d0, 0x5ea},
    {0x621, 0x64a},     {0x904, 0x928},     {0x92a, 0x930},     {0xe01, 0xe32},     {0x10d0, 0x10fa}, {0x1e00, 0x1e99},
    {0x1ea0, 0x1ef9},   {0x2010, 0x2010},   {0x2012, 0x2016},   {0x2018, 0x2023},   {0x20a0, 0x20a7}, {0x20a9, 0x20bf},
    {0x2190, 0x21ff},   {0x2600, 0x27bf},   {0x3041, 0x3094},   {0x30a1, 0x30fa},   {0x4e00, 0x9fff}, {0xac00, 0xd7a3},
    {0x1f300, 0x1f5ff}, {0x1f600, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff},
};

static bool is_stable(uint32_t c)
{
    size_t low = 0, high = sizeof STABLE / sizeof *STABLE;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c > STABLE[middle].to)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sizeof STABLE / sizeof *STABLE && c >= STABLE[low].from;
}

/* Of text that is UTF-8. */
static uint32_t next(hs_str *text)
{
    const uint8_t *at = (const uint8_t *)text->at;
    int more = *at < 0x80 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
    uint32_t c = more ? *at & (0x3fu >> more) : *at;
    for (int i = 1; i <= more; i++)
        c = c << 6 | (at[i] & 0x3fu);
    *text = hs_str_n(text->at + more + 1, text->len - (size_t)more - 1);
    return c;
}

bool hs_scram_is_prepared(hs_str password)
{
    if (!hs_utf8_valid(password))
        return true; /* nothing that could be prepared: its bytes */
    while (password.len)
        if (!is_stable(next(&password)))
            return false;
    return true;
}
