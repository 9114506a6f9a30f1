/* One value of a client's column. Buffers were measured when the batch came; offsets are looked at here, where they are
 * followed, each time. The body is the reader's own copy, perhaps unaligned: everything is read by memcpy. */
#include "arrow/ipc_column.h"

#include <endian.h>

static uint64_t bits_of(hs_str data, size_t at, int width)
{
    uint8_t bytes[8] = {0};
    uint64_t v;
    memcpy(bytes, data.at + at, (size_t)width);
    memcpy(&v, bytes, sizeof v);
    return le64toh(v);
}

static int64_t int_at(hs_str data, size_t row, int width, bool is_unsigned)
{
    uint64_t v = bits_of(data, row * (size_t)width, width);
    int unused = 64 - 8 * width;
    return is_unsigned ? (int64_t)v : (int64_t)(v << unused) >> unused;
}

static bool bit_at(hs_str bits, size_t row)
{
    return ((uint8_t)bits.at[row / 8] >> (row % 8)) & 1;
}

size_t hs_column_buffers(const struct hs_column *c)
{
    return c->form == HS_FORM_NULL ? 0 : c->form == HS_FORM_BYTES ? 3 : 2;
}

static bool holds(hs_str buffer, int64_t length, int64_t width, int64_t extra)
{
    int64_t need;
    return !__builtin_mul_overflow(length, width, &need) && !__builtin_add_overflow(need, extra, &need) &&
           (uint64_t)need <= buffer.len;
}

bool hs_column_fits(const struct hs_column *c, const struct hs_column_data *d)
{
    int64_t n = d->length, bits = n / 8 + (n % 8 != 0);
    if (c->form == HS_FORM_NULL || n == 0)
        return true;
    if (d->validity.len && !holds(d->validity, bits, 1, 0))
        return false;
    switch (c->form) {
    case HS_FORM_NULL:
        return true;
    case HS_FORM_BITS:
        return holds(d->data, bits, 1, 0);
    case HS_FORM_INT:
    case HS_FORM_FLOAT:
    case HS_FORM_DECIMAL:
    case HS_FORM_FIXED:
        return holds(d->data, n, c->width, 0);
    case HS_FORM_BYTES:
        return holds(d->offsets, n, c->width, c->width);
    case HS_FORM_VIEW:
        return holds(d->offsets, n, 16, 0);
    }
    return false;
}

static hs_rc bad(struct hs_err *err, const char *what)
{
    return hs_fail(err, HS_INVALID, "the parameter batch is damaged: %s", what);
}

static hs_rc scaled(const struct hs_column *c, int64_t v, struct hs_param *out, struct hs_err *err)
{
    if (__builtin_mul_overflow(v, c->multiply, &v))
        return hs_fail(err, HS_INVALID, "a time parameter is out of range");
    int64_t rest = v % c->divide;
    if (rest && c->type == HS_T_TIME)
        return hs_fail(err, HS_UNSUPPORTED, "a time parameter finer than microseconds is not supported");
    out->i = v / c->divide - (rest < 0); /* floor: a date64 before 1970 */
    return HS_OK;
}

static double float_at(const struct hs_column *c, hs_str data, size_t row)
{
    uint64_t v = bits_of(data, row * (size_t)c->width, c->width);
    uint32_t narrow = (uint32_t)v;
    float f;
    double d;
    memcpy(&f, &narrow, sizeof f);
    memcpy(&d, &v, sizeof d);
    return c->width == 4 ? (double)f : d;
}

static __int128 decimal_at(const struct hs_column *c, hs_str data, size_t row)
{
    if (c->width < 16)
        return int_at(data, row, c->width, false);
    uint64_t low = bits_of(data, row * 16, 8), high = bits_of(data, row * 16 + 8, 8);
    return (__int128)(((unsigned __int128)high << 64) | low);
}

/* Plain notation: "-12.50" for -1250 with scale 2. */
static hs_rc decimal_text(const struct hs_column *c, __int128 v, struct hs_arena *a, struct hs_param *out,
                          struct hs_err *err)
{
    char text[64], *at = text + sizeof text;
    unsigned __int128 rest = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
    int digits = 0;
    do {
        if (c->scale && digits == c->scale)
            *--at = '.';
        *--at = (char)('0' + (int)(rest % 10));
        rest /= 10;
        digits++;
    } while (rest || digits <= c->scale);
    if (digits > c->precision + (c->scale == c->precision))
        return hs_fail(err, HS_INVALID, "a decimal parameter has more digits than its type");
    if (v < 0)
        *--at = '-';
    out->text = hs_arena_str(a, hs_str_n(at, (size_t)(text + sizeof text - at)));
    return out->text.at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static hs_rc text_value(hs_str bytes, struct hs_arena *a, struct hs_param *out, struct hs_err *err)
{
    if (out->type == HS_T_STRING && !hs_utf8_valid(bytes))
        return bad(err, "text is not UTF-8");
    out->text = hs_arena_str(a, bytes.len ? bytes : HS_S(""));
    return out->text.at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static bool bytes_at(const struct hs_column *c, const struct hs_column_data *d, size_t row, hs_str *out)
{
    int64_t from = int_at(d->offsets, row, c->width, false), to = int_at(d->offsets, row + 1, c->width, false);
    if (from < 0 || to < from || (uint64_t)to > d->data.len)
        return false;
    *out = hs_str_n(d->data.at + from, (size_t)(to - from));
    return true;
}

/* Columnar format, "Variable-size Binary View Layout": 12 bytes and fewer lie in the view itself. */
static bool view_at(const struct hs_column_data *d, size_t row, hs_str *out)
{
    size_t at = row * 16;
    uint64_t len = bits_of(d->offsets, at, 4);
    if (len <= 12) {
        *out = hs_str_n(d->offsets.at + at + 4, (size_t)len);
        return true;
    }
    uint64_t buffer = bits_of(d->offsets, at + 8, 4), offset = bits_of(d->offsets, at + 12, 4);
    if (len > INT32_MAX || buffer >= d->variadic_count || offset > d->variadic[buffer].len ||
        len > d->variadic[buffer].len - offset)
        return false;
    *out = hs_str_n(d->variadic[buffer].at + offset, (size_t)len);
    return true;
}

static hs_rc plain_value(const struct hs_column *c, const struct hs_column_data *d, size_t row, struct hs_arena *a,
                         struct hs_param *out, struct hs_err *err)
{
    hs_str bytes = HS_S("");
    switch (c->form) {
    case HS_FORM_NULL:
        return HS_OK;
    case HS_FORM_BITS:
        out->i = bit_at(d->data, row);
        return HS_OK;
    case HS_FORM_INT:
        return scaled(c, int_at(d->data, row, c->width, c->is_unsigned), out, err);
    case HS_FORM_FLOAT:
        out->d = float_at(c, d->data, row);
        return HS_OK;
    case HS_FORM_DECIMAL:
        return decimal_text(c, decimal_at(c, d->data, row), a, out, err);
    case HS_FORM_FIXED:
        return text_value(hs_str_n(d->data.at + row * (size_t)c->width, (size_t)c->width), a, out, err);
    case HS_FORM_BYTES:
        if (!bytes_at(c, d, row, &bytes))
            return bad(err, "offsets");
        return text_value(bytes, a, out, err);
    case HS_FORM_VIEW:
        if (!view_at(d, row, &bytes))
            return bad(err, "views");
        return text_value(bytes, a, out, err);
    }
    return bad(err, "form");
}

static bool is_null(const struct hs_column *c, const struct hs_column_data *d, size_t row)
{
    return c->form == HS_FORM_NULL || (d->validity.len && !bit_at(d->validity, row));
}

hs_rc hs_column_value(const struct hs_column *c, const struct hs_column_data *d, size_t row, struct hs_arena *a,
                      struct hs_param *out, struct hs_err *err)
{
    struct hs_param p = {.type = c->type, .precision = c->precision, .scale = c->scale};
    if (c->dictionary) {
        struct hs_column indices = hs_column_indices(c);
        p.null = is_null(&indices, d, row);
        int64_t index = p.null ? 0 : int_at(d->data, row, c->index_width, c->index_unsigned);
        if (!p.null && (!d->values || index < 0 || index >= d->values->length))
            return bad(err, "dictionary index");
        d = d->values;
        row = (size_t)index;
    }
    p.null = p.null || is_null(c, d, row);
    if (!p.null)
        HS_TRY(plain_value(c, d, row, a, &p, err));
    *out = p;
    return HS_OK;
}
