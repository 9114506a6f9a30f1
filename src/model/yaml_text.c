/* Quoted scalars, decoded here: libfyaml 0.7.12 leaks memory for each quoted text with more than a few escapes
 * (fy_token_get_text), also in valid files, and a server that reloads its model must not grow. libfyaml has checked the
 * form already; what is left is taking off escapes and folding lines (YAML 1.2.2, 7.3.1 and 7.3.2). */
#include "model/yaml_text.h"

struct decoder {
    const char *at, *end;
    char *out;    /* room for twice the input: no escape is longer decoded than twice its text */
    size_t len;   /* written */
    size_t solid; /* what stood in the text on purpose: blanks behind it go when the line ends */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(struct decoder *d)
{
    while (d->at < d->end && is_blank(*d->at))
        d->at++;
}

static bool take_break(struct decoder *d)
{
    const char *p = d->at;
    if (p < d->end && *p == '\r')
        p++;
    if (p >= d->end || *p != '\n')
        return false;
    d->at = p + 1;
    return true;
}

/* One line break is a space, each more a line end; blanks around them are layout. An escaped first one is nothing. */
static void fold(struct decoder *d, bool escaped)
{
    size_t more = 0;
    if (!escaped)
        d->len = d->solid;
    skip_blanks(d);
    while (take_break(d)) {
        more++;
        skip_blanks(d);
    }
    if (!more && !escaped)
        d->out[d->len++] = ' ';
    while (more--)
        d->out[d->len++] = '\n';
    d->solid = d->len;
}

static void put_utf8(struct decoder *d, uint32_t c)
{
    char *to = d->out + d->len;
    if (c < 0x80) {
        to[0] = (char)c;
        d->len += 1;
    } else if (c < 0x800) {
        to[0] = (char)(0xC0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3F));
        d->len += 2;
    } else if (c < 0x10000) {
        to[0] = (char)(0xE0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3F));
        to[2] = (char)(0x80 | (c & 0x3F));
        d->len += 3;
    } else {
        to[0] = (char)(0xF0 | c >> 18);
        to[1] = (char)(0x80 | (c >> 12 & 0x3F));
        to[2] = (char)(0x80 | (c >> 6 & 0x3F));
        to[3] = (char)(0x80 | (c & 0x3F));
        d->len += 4;
    }
    d->solid = d->len;
}

static bool take_hex(struct decoder *d, size_t digits, uint32_t *out)
{
    *out = 0;
    for (; digits; digits--) {
        if (d->at == d->end)
            return false;
        char c = *d->at++;
        uint32_t value = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (value == 16)
            return false;
        *out = *out << 4 | value;
    }
    return true;
}

/* \x41 \u00e9 \U0001F600, and JSON's pair of surrogates. No NUL, no half pair, nothing past Unicode. */
static bool take_code(struct decoder *d, size_t digits)
{
    uint32_t code, low;
    if (!take_hex(d, digits, &code))
        return false;
    if (code >= 0xD800 && code < 0xDC00) {
        if (digits != 4 || d->end - d->at < 6 || d->at[0] != '\\' || d->at[1] != 'u')
            return false;
        d->at += 2;
        if (!take_hex(d, 4, &low) || low < 0xDC00 || low > 0xDFFF)
            return false;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    if (code == 0 || (code >= 0xDC00 && code < 0xE000) || code > 0x10FFFF)
        return false;
    put_utf8(d, code);
    return true;
}

static bool take_escape(struct decoder *d)
{
    static const char FROM[] = "abt\tnvfre \"/\\N_LP";
    static const uint32_t TO[] = {7, 8, 9, 9, 10, 11, 12, 13, 27, ' ', '"', '/', '\\', 0x85, 0xA0, 0x2028, 0x2029};
    if (take_break(d)) {
        d->solid = d->len; /* blanks in front of the escape are meant */
        fold(d, true);
        return true;
    }
    char c = d->at < d->end ? *d->at++ : 0;
    const char *known = c ? strchr(FROM, c) : NULL;
    if (known)
        put_utf8(d, TO[known - FROM]);
    return known || (c == 'x' && take_code(d, 2)) || (c == 'u' && take_code(d, 4)) || (c == 'U' && take_code(d, 8));
}

bool hs_yaml_unquote(hs_str inside, bool twice, char *out, size_t *out_len)
{
    struct decoder d = {.at = inside.at, .end = inside.at + inside.len, .out = out};
    while (d.at < d.end) {
        char c = *d.at;
        if (take_break(&d)) {
            fold(&d, false);
            continue;
        }
        d.at++;
        if (twice && c == '\\') {
            if (!take_escape(&d))
                return false;
            continue;
        }
        if (!twice && c == '\'') /* '' */
            d.at++;
        d.out[d.len++] = c;
        if (!is_blank(c))
            d.solid = d.len;
    }
    *out_len = d.len;
    return d.at == d.end;
}
