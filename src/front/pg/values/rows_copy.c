/* What COPY puts around text ("File Formats" of the manual's page on COPY). */
#include "front/pg/values/rows_in.h"

static char short_of(unsigned char c)
{
    switch (c) {
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '\v':
        return 'v';
    default:
        return 0;
    }
}

void hs_pg_add_copy_text(struct hs_buf *out, hs_str text, char delimiter)
{
    char *p = text.len < SIZE_MAX / 2 ? hs_buf_room(out, text.len * 2) : NULL, *from = p;
    for (size_t i = 0; p && i < text.len; i++) {
        char c = text.at[i], as = short_of((unsigned char)c);
        if (as || c == '\\' || c == delimiter)
            *p++ = '\\';
        *p++ = as ? as : c;
    }
    if (p) {
        out->len += (size_t)(p - from);
        out->at[out->len] = 0;
    }
}

static bool needs_quotes(hs_str text, const struct hs_pg_copy *copy, bool sole)
{
    if (hs_str_eq(text, copy->null) || (sole && hs_str_is(text, "\\.")))
        return true;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == copy->delimiter || text.at[i] == copy->quote || text.at[i] == '\n' || text.at[i] == '\r')
            return true;
    return false;
}

void hs_pg_add_copy_csv(struct hs_buf *out, hs_str text, const struct hs_pg_copy *copy, bool force, bool sole)
{
    if (!force && !needs_quotes(text, copy, sole)) {
        hs_buf_adds(out, text);
        return;
    }
    char *p = text.len < SIZE_MAX / 2 - 1 ? hs_buf_room(out, text.len * 2 + 2) : NULL, *from = p;
    if (!p)
        return;
    *p++ = copy->quote;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == copy->quote || text.at[i] == copy->escape)
            *p++ = copy->escape;
        *p++ = text.at[i];
    }
    *p++ = copy->quote;
    out->len += (size_t)(p - from);
    out->at[out->len] = 0;
}
