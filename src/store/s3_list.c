/* The names below a prefix, as a directory has them (ListObjectsV2 with a delimiter). Its answer is XML of a known
 * shape written by a program; what is not found where it belongs is damage, and never a shorter list. */
#include "store/store_in.h"

#include <stdlib.h>

enum { PAGE_MAX = 16 << 20, PAGES_MAX = 4000 };

typedef HS_VEC(struct hs_s3_listed) names_vec;

/* The text of the next <TAG>...</TAG> in *rest, which then goes on behind it. */
static bool next_element(hs_str *rest, const char *open, const char *close, hs_str *out)
{
    size_t open_len = strlen(open);
    const char *from = rest->len ? memmem(rest->at, rest->len, open, open_len) : NULL;
    if (!from)
        return false;
    hs_str behind = {from + open_len, rest->len - (size_t)(from + open_len - rest->at)};
    const char *to = behind.len ? memmem(behind.at, behind.len, close, strlen(close)) : NULL;
    if (!to)
        return false;
    *out = (hs_str){behind.at, (size_t)(to - behind.at)};
    *rest = (hs_str){to + strlen(close), behind.len - out->len - strlen(close)};
    return true;
}

static void add_code_point(struct hs_buf *b, unsigned long v)
{
    if (v < 0x80) {
        hs_buf_addc(b, (char)v);
    } else if (v < 0x800) {
        hs_buf_addc(b, (char)(0xc0 | v >> 6));
        hs_buf_addc(b, (char)(0x80 | (v & 63)));
    } else if (v < 0x10000) {
        hs_buf_addc(b, (char)(0xe0 | v >> 12));
        hs_buf_addc(b, (char)(0x80 | (v >> 6 & 63)));
        hs_buf_addc(b, (char)(0x80 | (v & 63)));
    } else {
        hs_buf_addc(b, (char)(0xf0 | v >> 18));
        hs_buf_addc(b, (char)(0x80 | (v >> 12 & 63)));
        hs_buf_addc(b, (char)(0x80 | (v >> 6 & 63)));
        hs_buf_addc(b, (char)(0x80 | (v & 63)));
    }
}

static bool add_entity(struct hs_buf *b, hs_str name)
{
    static const struct {
        const char *name;
        char c;
    } known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    for (size_t i = 0; i < 5; i++)
        if (hs_str_is(name, known[i].name))
            return hs_buf_addc(b, known[i].c), true;
    char digits[12] = "", *end;
    bool hex = name.len > 2 && (name.at[1] == 'x' || name.at[1] == 'X');
    if (name.len < 2 || name.at[0] != '#' || name.len >= sizeof digits)
        return false;
    memcpy(digits, name.at + 1 + hex, name.len - 1 - hex);
    unsigned long v = strtoul(digits, &end, hex ? 16 : 10);
    if (*end || !v || v > 0x10ffff)
        return false;
    return add_code_point(b, v), true;
}

static bool decode(struct hs_arena *a, hs_str raw, hs_str *out)
{
    struct hs_buf b;
    bool good = true;
    hs_buf_init(&b, 65536);
    while (good && raw.len) {
        const char *amp = memchr(raw.at, '&', raw.len), *end = NULL;
        size_t plain = amp ? (size_t)(amp - raw.at) : raw.len;
        hs_buf_add(&b, raw.at, plain);
        raw = (hs_str){raw.at + plain, raw.len - plain};
        if (!raw.len)
            break;
        end = memchr(raw.at, ';', raw.len < 12 ? raw.len : 12);
        good = end && add_entity(&b, (hs_str){raw.at + 1, (size_t)(end - raw.at) - 1});
        if (good)
            raw = (hs_str){end + 1, raw.len - (size_t)(end + 1 - raw.at)};
    }
    good = good && !b.failed;
    if (good)
        *out = hs_arena_str(a, hs_buf_str(&b));
    hs_buf_fini(&b);
    return good && out->at;
}

/* Where a list does not say them, or in no way we know, they are asked for as before. */
static void take_facts(struct hs_arena *a, hs_str contents, struct hs_s3_listed *out)
{
    hs_str at = contents, size, etag;
    if (!next_element(&at, "<Size>", "</Size>", &size) || !hs_str_to_i64(size, &out->size) || out->size < 0)
        return;
    at = contents;
    if (next_element(&at, "<ETag>", "</ETag>", &etag) && etag.len < HS_ETAG_MAX && !decode(a, etag, &out->etag))
        out->etag = (hs_str){0};
}

static bool take_names(struct hs_arena *a, hs_str page, hs_str prefix, names_vec *names)
{
    hs_str contents, raw, key;
    while (next_element(&page, "<Contents>", "</Contents>", &contents)) {
        hs_str at = contents;
        if (!next_element(&at, "<Key>", "</Key>", &raw) || !decode(a, raw, &key) || !hs_str_starts(key, prefix))
            return false;
        key = (hs_str){key.at + prefix.len, key.len - prefix.len};
        if (!key.len) /* the prefix itself is what some write for a directory */
            continue;
        struct hs_s3_listed *one = hs_vec_add(a, names);
        if (!one)
            return false;
        *one = (struct hs_s3_listed){.name = key};
        take_facts(a, contents, one);
    }
    return true;
}

/* Parameters in the order of their names: the signature wants them so. */
static void add_query(struct hs_buf *b, hs_str prefix, hs_str token)
{
    if (token.len) {
        hs_buf_addz(b, "continuation-token=");
        hs_add_uri_encoded(b, token, false);
        hs_buf_addc(b, '&');
    }
    hs_buf_addz(b, "delimiter=%2F&list-type=2&prefix=");
    hs_add_uri_encoded(b, prefix, false);
}

static hs_rc damaged(hs_str dir, struct hs_err *err)
{
    return hs_fail_hidden(err, HS_UNAVAILABLE, "the store: what it lists below %.*s cannot be understood", HS_FMT(dir));
}

static hs_rc one_page(struct hs_arena *a, const struct hs_s3_uri *uri, hs_str dir, hs_str *token, names_vec *names,
                      struct hs_err *err)
{
    struct hs_buf query, text;
    hs_buf_init(&query, 16384);
    hs_buf_init(&text, PAGE_MAX);
    add_query(&query, uri->key, *token);
    hs_rc rc = hs_buf_done(&query, err);
    if (rc == HS_OK)
        rc = hs_s3_page(uri->bucket, hs_buf_str(&query), &text, err);
    if (rc == HS_OK) {
        hs_str page = hs_buf_str(&text), more = {0}, raw = {0};
        bool good = next_element(&page, "<IsTruncated>", "</IsTruncated>", &more);
        bool cut = good && hs_str_is(more, "true");
        page = hs_buf_str(&text);
        if (cut)
            good = next_element(&page, "<NextContinuationToken>", "</NextContinuationToken>", &raw) &&
                   decode(a, raw, token) && token->len;
        else
            *token = (hs_str){0};
        good = good && memmem(text.at, text.len, "</ListBucketResult>", 19) &&
               take_names(a, hs_buf_str(&text), uri->key, names);
        rc = good ? HS_OK : damaged(dir, err);
    }
    hs_buf_fini(&query);
    hs_buf_fini(&text);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return hs_str_cmp(((const struct hs_s3_listed *)a)->name, ((const struct hs_s3_listed *)b)->name);
}

hs_rc hs_s3_list(struct hs_arena *a, hs_str dir, struct hs_s3_listed **out, size_t *out_count, struct hs_err *err)
{
    hs_str slashed = hs_arena_printf(a, "%.*s/", HS_FMT(dir)), token = {0};
    struct hs_s3_uri uri;
    names_vec names = {0};
    if (!slashed.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (!hs_s3_split(slashed, &uri))
        return hs_fail_hidden(err, HS_INVALID, "not an object's name: %.*s", HS_FMT(dir));
    for (int pages = 0; pages == 0 || token.len; pages++) {
        if (pages == PAGES_MAX)
            return hs_fail_hidden(err, HS_LIMIT, "%.*s holds more than %d pages of names", HS_FMT(dir), PAGES_MAX);
        HS_TRY(one_page(a, &uri, dir, &token, &names, err));
    }
    if (!names.len)
        return hs_fail_hidden(err, HS_NOT_FOUND, "nothing below %.*s", HS_FMT(dir));
    qsort(names.at, names.len, sizeof *names.at, by_name);
    *out = names.at;
    *out_count = names.len;
    return HS_OK;
}
