/* One bound value to a parameter of the engine. What the client declared decides how bytes are read; only where it
 * declared nothing does the engine's wish. */
#include "front/pg/values/param_in.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

/* ---- failing ---- */
hs_rc hs_pg_read_failed(struct hs_pg_reader *r, const char *state, const char *format, ...)
{
    char words[400];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    hs_rc rc = hs_fail(r->err, HS_INVALID, "%s", words);
    hs_err_state(r->err, state);
    return rc;
}

enum { SHOWN_MOST = 80 };

hs_rc hs_pg_read_syntax(struct hs_pg_reader *r, const char *type, hs_str text)
{
    hs_str shown = text;
    if (shown.len > SHOWN_MOST)
        shown.len = SHOWN_MOST;
    while (shown.len < text.len && shown.len && (text.at[shown.len] & 0xC0) == 0x80)
        shown.len--;
    if (!hs_utf8_valid(shown))
        shown = HS_S("?");
    return hs_pg_read_failed(r, "22P02", "invalid input syntax for type %s: \"%.*s\"", type, HS_FMT(shown));
}

hs_rc hs_pg_read_length(struct hs_pg_reader *r)
{
    return hs_pg_read_failed(r, "22P03", "incorrect binary data format in a bound value");
}

hs_str hs_pg_read_trim(hs_str s)
{
    while (s.len && isspace((unsigned char)s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len && isspace((unsigned char)s.at[s.len - 1]))
        s.len--;
    return s;
}

/* ---- texts and bytes ---- */
static hs_rc keep(struct hs_pg_reader *r, enum hs_type_id type, hs_str bytes, struct hs_param *out)
{
    out->type = type;
    out->text = hs_arena_str(r->arena, bytes);
    return out->text.at ? HS_OK : hs_fail(r->err, HS_NOMEM, "out of memory");
}

static hs_rc read_text(struct hs_pg_reader *r, hs_str text, struct hs_param *out)
{
    if ((text.len && memchr(text.at, 0, text.len)) || !hs_utf8_valid(text))
        return hs_pg_read_failed(r, "22021", "invalid byte sequence for encoding \"UTF8\" in a bound value");
    return keep(r, HS_T_STRING, text, out);
}

static hs_rc read_jsonb(struct hs_pg_reader *r, hs_str bytes, struct hs_param *out)
{
    if (!bytes.len || bytes.at[0] != 1)
        return hs_pg_read_failed(r, "22P03", "unsupported jsonb version number in a bound value");
    return read_text(r, hs_str_n(bytes.at + 1, bytes.len - 1), out);
}

/* Digits in pairs; spaces between pairs. */
static bool add_hex(struct hs_buf *out, hs_str text)
{
    for (size_t i = 0; i < text.len;) {
        if (isspace((unsigned char)text.at[i])) {
            i++;
            continue;
        }
        int high = hs_hex_digit(text.at[i]), low = i + 1 < text.len ? hs_hex_digit(text.at[i + 1]) : -1;
        if (high < 0 || low < 0)
            return false;
        hs_buf_addc(out, (char)(high << 4 | low));
        i += 2;
    }
    return true;
}

static bool is_octal(char c, char most)
{
    return c >= '0' && c <= most;
}

static bool add_escaped(struct hs_buf *out, hs_str text)
{
    for (size_t i = 0; i < text.len;) {
        const char *at = text.at + i;
        size_t left = text.len - i;
        if (*at != '\\') {
            hs_buf_addc(out, *at);
            i++;
        } else if (left >= 2 && at[1] == '\\') {
            hs_buf_addc(out, '\\');
            i += 2;
        } else if (left >= 4 && is_octal(at[1], '3') && is_octal(at[2], '7') && is_octal(at[3], '7')) {
            hs_buf_addc(out, (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0')));
            i += 4;
        } else {
            return false;
        }
    }
    return true;
}

static hs_rc read_bytea(struct hs_pg_reader *r, hs_str text, struct hs_param *out)
{
    struct hs_buf bytes;
    hs_buf_init(&bytes, text.len + 64);
    bool hex = text.len >= 2 && text.at[0] == '\\' && text.at[1] == 'x';
    bool fine = hex ? add_hex(&bytes, hs_str_n(text.at + 2, text.len - 2)) : add_escaped(&bytes, text);
    hs_rc rc = HS_OK;
    if (fine)
        rc = hs_buf_done(&bytes, r->err);
    else if (hex)
        rc = hs_pg_read_failed(r, "22023", "invalid hexadecimal data in a bytea");
    else
        rc = hs_pg_read_syntax(r, "bytea", text);
    if (rc == HS_OK)
        rc = keep(r, HS_T_BINARY, hs_buf_str(&bytes), out);
    hs_buf_fini(&bytes);
    return rc;
}

/* 32 digits, hyphens after any group of four, all of it in braces or not. */
static hs_rc read_uuid(struct hs_pg_reader *r, hs_str text, struct hs_param *out)
{
    hs_str s = text;
    char bytes[16];
    size_t n = 0;
    if (s.len >= 2 && s.at[0] == '{' && s.at[s.len - 1] == '}')
        s = hs_str_n(s.at + 1, s.len - 2);
    for (; n < 16; n++) {
        if (s.len && s.at[0] == '-' && n && n % 2 == 0)
            s = hs_str_n(s.at + 1, s.len - 1);
        int high = s.len >= 2 ? hs_hex_digit(s.at[0]) : -1, low = s.len >= 2 ? hs_hex_digit(s.at[1]) : -1;
        if (high < 0 || low < 0)
            break;
        bytes[n] = (char)(high << 4 | low);
        s = hs_str_n(s.at + 2, s.len - 2);
    }
    if (n < 16 || s.len)
        return hs_pg_read_syntax(r, "uuid", text);
    return keep(r, HS_T_UUID, hs_str_n(bytes, 16), out);
}

/* ---- by family ---- */
static const struct kind {
    const char *name;
    enum hs_type_id type;
    size_t width; /* in binary; 0: any */
    int64_t from, to;
} KINDS[] = {
    [HS_PG_F_LATER] = {"", HS_T_UNKNOWN, 0, 0, 0},
    [HS_PG_F_BOOL] = {"boolean", HS_T_BOOLEAN, 1, 0, 0},
    [HS_PG_F_BYTEA] = {"bytea", HS_T_BINARY, 0, 0, 0},
    [HS_PG_F_TEXT] = {"text", HS_T_STRING, 0, 0, 0},
    [HS_PG_F_INT2] = {"smallint", HS_T_INT16, 2, INT16_MIN, INT16_MAX},
    [HS_PG_F_INT4] = {"integer", HS_T_INT, 4, INT32_MIN, INT32_MAX},
    [HS_PG_F_INT8] = {"bigint", HS_T_LONG, 8, INT64_MIN, INT64_MAX},
    [HS_PG_F_OID] = {"oid", HS_T_UINT32, 4, INT32_MIN, UINT32_MAX},
    [HS_PG_F_VECTOR] = {"vector", HS_T_STRING, 0, 0, 0},
    [HS_PG_F_FLOAT4] = {"real", HS_T_FLOAT, 4, 0, 0},
    [HS_PG_F_FLOAT8] = {"double precision", HS_T_DOUBLE, 8, 0, 0},
    [HS_PG_F_DATE] = {"date", HS_T_DATE, 4, 0, 0},
    [HS_PG_F_TIME] = {"time", HS_T_TIME, 8, 0, 0},
    [HS_PG_F_TIMESTAMP] = {"timestamp", HS_T_TIMESTAMP, 8, 0, 0},
    [HS_PG_F_TIMESTAMPTZ] = {"timestamp with time zone", HS_T_TIMESTAMPTZ, 8, 0, 0},
    [HS_PG_F_INTERVAL] = {"interval", HS_T_INTERVAL, 16, 0, 0},
    [HS_PG_F_NUMERIC] = {"numeric", HS_T_DECIMAL, 0, 0, 0},
    [HS_PG_F_RECORD] = {"record", HS_T_UNKNOWN, 0, 0, 0},
    [HS_PG_F_UUID] = {"uuid", HS_T_UUID, 16, 0, 0},
    [HS_PG_F_JSONB] = {"jsonb", HS_T_STRING, 0, 0, 0},
    [HS_PG_F_TIMETZ] = {"time with time zone", HS_T_UNKNOWN, 0, 0, 0},
    [HS_PG_F_BITS] = {"bit", HS_T_UNKNOWN, 0, 0, 0},
};

static hs_rc refused(struct hs_pg_reader *r, const char *what)
{
    hs_rc rc = hs_fail(r->err, HS_UNSUPPORTED, "parameters of type %s cannot be bound", what);
    hs_err_state(r->err, "0A000");
    return rc;
}

static hs_rc read_interval(struct hs_pg_reader *r, hs_str text, struct hs_param *out)
{
    struct hs_pg_interval v;
    HS_TRY(hs_pg_read_interval(r, text, &v));
    out->months = v.months;
    out->days = v.days;
    out->i = v.us;
    return HS_OK;
}

static hs_rc read_by_text(struct hs_pg_reader *r, enum hs_pg_family family, hs_str text, struct hs_param *out)
{
    const struct kind *kind = &KINDS[family];
    out->type = kind->type;
    switch (family) {
    case HS_PG_F_BOOL:
        return hs_pg_read_bool(r, text, &out->i);
    case HS_PG_F_INT2:
    case HS_PG_F_INT4:
    case HS_PG_F_INT8:
        return hs_pg_read_int(r, kind->name, text, kind->from, kind->to, &out->i);
    case HS_PG_F_OID:
        HS_TRY(hs_pg_read_int(r, kind->name, text, kind->from, kind->to, &out->i));
        out->i = (uint32_t)out->i; /* -1 is the last of them */
        return HS_OK;
    case HS_PG_F_FLOAT4:
    case HS_PG_F_FLOAT8:
        return hs_pg_read_float(r, family == HS_PG_F_FLOAT8, text, &out->d);
    case HS_PG_F_NUMERIC:
        return hs_pg_read_numeric(r, text, out);
    case HS_PG_F_DATE:
        return hs_pg_read_date(r, text, &out->i);
    case HS_PG_F_TIME:
        return hs_pg_read_time(r, text, &out->i);
    case HS_PG_F_TIMESTAMP:
    case HS_PG_F_TIMESTAMPTZ:
        return hs_pg_read_timestamp(r, family == HS_PG_F_TIMESTAMPTZ, text, &out->i);
    case HS_PG_F_INTERVAL:
        return read_interval(r, text, out);
    case HS_PG_F_BYTEA:
        return read_bytea(r, text, out);
    case HS_PG_F_UUID:
        return read_uuid(r, text, out);
    case HS_PG_F_TEXT:
    case HS_PG_F_JSONB:
        return read_text(r, text, out);
    case HS_PG_F_LATER:
    case HS_PG_F_VECTOR:
    case HS_PG_F_RECORD:
    case HS_PG_F_TIMETZ:
    case HS_PG_F_BITS:
        break;
    }
    return refused(r, kind->name);
}

/* ---- binary ---- */
static uint64_t big_endian(hs_str bytes)
{
    uint64_t v = 0;
    for (size_t i = 0; i < bytes.len && i < 8; i++)
        v = v << 8 | (uint8_t)bytes.at[i];
    return v;
}

static hs_rc out_of_range(struct hs_pg_reader *r, const char *type)
{
    return hs_pg_read_failed(r, "22008", "%s out of range", type);
}

static hs_rc binary_date(struct hs_pg_reader *r, int32_t days, int64_t *out)
{
    *out = (int64_t)days + HS_PG_EPOCH_DAYS;
    if (days == INT32_MAX || days == INT32_MIN)
        *out = days > 0 ? INT32_MAX : -INT32_MAX;
    else if (*out < HS_PG_DATE_MIN || *out >= HS_PG_DATE_END)
        return out_of_range(r, "date");
    return HS_OK;
}

static hs_rc binary_timestamp(struct hs_pg_reader *r, int64_t us, int64_t *out)
{
    if (us == INT64_MAX || us == INT64_MIN)
        *out = us > 0 ? INT64_MAX : -INT64_MAX;
    else if (__builtin_add_overflow(us, HS_PG_EPOCH_US, out) || *out == INT64_MAX || *out < HS_PG_TIMESTAMP_MIN)
        return out_of_range(r, "timestamp");
    return HS_OK;
}

static hs_rc binary_time(struct hs_pg_reader *r, int64_t us, int64_t *out)
{
    *out = us;
    return us < 0 || us > HS_PG_DAY_US ? out_of_range(r, "time") : HS_OK;
}

static hs_rc binary_interval(hs_str bytes, struct hs_param *out)
{
    out->i = (int64_t)big_endian(hs_str_n(bytes.at, 8));
    out->days = (int32_t)big_endian(hs_str_n(bytes.at + 8, 4));
    out->months = (int32_t)big_endian(hs_str_n(bytes.at + 12, 4));
    return HS_OK;
}

static double double_of(uint64_t bits, bool wide)
{
    double d;
    float f;
    uint32_t low = (uint32_t)bits;
    memcpy(&d, &bits, sizeof d);
    memcpy(&f, &low, sizeof f);
    return wide ? d : (double)f;
}

static hs_rc read_by_binary(struct hs_pg_reader *r, enum hs_pg_family family, hs_str bytes, struct hs_param *out)
{
    const struct kind *kind = &KINDS[family];
    out->type = kind->type;
    if (kind->width && bytes.len != kind->width)
        return hs_pg_read_length(r);
    uint64_t bits = big_endian(bytes);
    switch (family) {
    case HS_PG_F_BOOL:
        out->i = bits != 0;
        return HS_OK;
    case HS_PG_F_INT2:
        out->i = (int16_t)bits;
        return HS_OK;
    case HS_PG_F_INT4:
        out->i = (int32_t)bits;
        return HS_OK;
    case HS_PG_F_INT8:
    case HS_PG_F_OID:
        out->i = (int64_t)bits;
        return HS_OK;
    case HS_PG_F_FLOAT4:
    case HS_PG_F_FLOAT8:
        out->d = double_of(bits, family == HS_PG_F_FLOAT8);
        return HS_OK;
    case HS_PG_F_NUMERIC:
        return hs_pg_read_numeric_binary(r, bytes, out);
    case HS_PG_F_DATE:
        return binary_date(r, (int32_t)bits, &out->i);
    case HS_PG_F_TIME:
        return binary_time(r, (int64_t)bits, &out->i);
    case HS_PG_F_TIMESTAMP:
    case HS_PG_F_TIMESTAMPTZ:
        return binary_timestamp(r, (int64_t)bits, &out->i);
    case HS_PG_F_INTERVAL:
        return binary_interval(bytes, out);
    case HS_PG_F_BYTEA:
        return keep(r, HS_T_BINARY, bytes, out);
    case HS_PG_F_UUID:
        return keep(r, HS_T_UUID, bytes, out);
    case HS_PG_F_TEXT:
        return read_text(r, bytes, out);
    case HS_PG_F_JSONB:
        return read_jsonb(r, bytes, out);
    case HS_PG_F_LATER:
    case HS_PG_F_VECTOR:
    case HS_PG_F_RECORD:
    case HS_PG_F_TIMETZ:
    case HS_PG_F_BITS:
        break;
    }
    return refused(r, kind->name);
}

hs_rc hs_pg_read_scalar(struct hs_pg_reader *r, uint32_t oid, enum hs_pg_format format, hs_str bytes,
                        struct hs_param *out)
{
    const struct hs_pg_type *type = hs_pg_type_by_oid(oid);
    enum hs_pg_family family = hs_pg_family_of(oid);
    if (!type || family == HS_PG_F_LATER)
        return refused(r, type ? type->name : "that is not known here");
    return format == HS_PG_BINARY ? read_by_binary(r, family, bytes, out) : read_by_text(r, family, bytes, out);
}

/* ---- what is wanted ---- */
/* The OID to read by: as declared, or of what the engine would like. 705 is "unknown". */
static uint32_t oid_of(const struct hs_pg_param_spec *spec)
{
    struct hs_pg_type type;
    if (spec->oid && spec->oid != 705)
        return spec->oid;
    if (!spec->wanted || spec->wanted->id == HS_T_UNKNOWN)
        return HS_PG_OID_TEXT;
    hs_pg_type_of(spec->wanted, &type);
    return type.oid;
}

static hs_rc null_of(uint32_t oid, struct hs_param *out)
{
    enum hs_pg_family family = hs_pg_family_of(oid);
    out->null = true;
    out->type = hs_pg_type_by_array_oid(oid) || family == HS_PG_F_LATER ? HS_T_STRING : KINDS[family].type;
    if (out->type == HS_T_DECIMAL) { /* the engine asks how wide */
        out->precision = 38;
        out->scale = 9;
    }
    return HS_OK;
}

hs_rc hs_pg_param_read(const struct hs_pg_param_spec *spec, hs_str bytes, struct hs_arena *arena, struct hs_param *out,
                       const char **out_state, struct hs_err *err)
{
    struct hs_pg_style style;
    struct hs_pg_reader r = {arena, spec->style ? spec->style : &style, err};
    struct hs_param p = {.null = false};
    uint32_t oid = oid_of(spec);
    const struct hs_pg_type *element = hs_pg_type_by_array_oid(oid);
    hs_pg_style_init(&style);
    hs_rc rc;
    if (!bytes.at)
        rc = null_of(oid, &p);
    else if (element)
        rc = hs_pg_read_array(&r, element->oid, spec->format, bytes, &p);
    else
        rc = hs_pg_read_scalar(&r, oid, spec->format, bytes, &p);
    if (rc == HS_OK)
        *out = p;
    else if (out_state)
        *out_state = err && err->sqlstate ? err->sqlstate : "22023";
    return rc;
}
