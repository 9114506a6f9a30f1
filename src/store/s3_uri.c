/* "s3://bucket/key": what a name may be before it becomes part of a URL or a host's name. */
#include "store/store_in.h"

static bool is_unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

/* Also the older forms with capitals and underscores; never what would end a host's name. */
static bool is_bucket(hs_str name)
{
    bool good = name.len >= 1 && name.len <= 255 && name.at[0] != '.' && name.at[0] != '-';
    for (size_t i = 0; good && i < name.len; i++)
        good = is_unreserved(name.at[i]) && name.at[i] != '~';
    return good;
}

bool hs_is_s3_scheme(hs_str scheme)
{
    return hs_str_eq_nocase(scheme, HS_S("s3")) || hs_str_eq_nocase(scheme, HS_S("s3a")) ||
           hs_str_eq_nocase(scheme, HS_S("s3n"));
}

bool hs_store_is_remote(hs_str name)
{
    return hs_str_starts(name, HS_S("s3://"));
}

bool hs_s3_split(hs_str text, struct hs_s3_uri *out)
{
    if (!hs_store_is_remote(text))
        return false;
    hs_str rest = {text.at + 5, text.len - 5};
    hs_str bucket = hs_str_cut(&rest, '/');
    if (!is_bucket(bucket) || rest.len > 1024)
        return false;
    *out = (struct hs_s3_uri){bucket, rest.at ? rest : HS_S("")};
    return true;
}

void hs_add_uri_encoded(struct hs_buf *b, hs_str text, bool keep_slashes)
{
    for (size_t i = 0; i < text.len; i++)
        if (is_unreserved(text.at[i]) || (keep_slashes && text.at[i] == '/'))
            hs_buf_addc(b, text.at[i]);
        else
            hs_buf_addf(b, "%%%02X", (unsigned char)text.at[i]);
}
