/* Field numbers are those of Arrow's Schema.fbs. */
#include "arrow/ipc_column.h"

enum { FIELD_TYPE_TYPE = 2, FIELD_TYPE = 3, FIELD_DICTIONARY = 4, FIELD_METADATA = 6 };
enum { UNIT_SECOND, UNIT_MILLI, UNIT_MICRO, UNIT_NANO };
enum {
    T_NULL = 1,
    T_INT,
    T_FLOAT,
    T_BINARY,
    T_UTF8,
    T_BOOL,
    T_DECIMAL,
    T_DATE,
    T_TIME,
    T_TIMESTAMP,
    T_INTERVAL,
    T_LIST,
    T_STRUCT,
    T_UNION,
    T_FIXED_BINARY,
    T_FIXED_LIST,
    T_MAP,
    T_DURATION,
    T_LARGE_BINARY,
    T_LARGE_UTF8,
    T_LARGE_LIST,
    T_RUN_END,
    T_BINARY_VIEW,
    T_UTF8_VIEW,
    T_LIST_VIEW,
    T_LARGE_LIST_VIEW,
    T_COUNT
};

static const char *const WORDS[T_COUNT] = {
    [T_INTERVAL] = "interval",
    [T_LIST] = "list",
    [T_STRUCT] = "struct",
    [T_UNION] = "union",
    [T_FIXED_LIST] = "list",
    [T_MAP] = "map",
    [T_DURATION] = "duration",
    [T_LARGE_LIST] = "list",
    [T_RUN_END] = "run-end encoded",
    [T_LIST_VIEW] = "list view",
    [T_LARGE_LIST_VIEW] = "list view",
};

static hs_rc unsupported(struct hs_err *err, const char *what)
{
    return hs_fail(err, HS_UNSUPPORTED, "a parameter of type %s is not supported", what);
}

static hs_rc int_of(const struct hs_flat_table *t, struct hs_column *c, struct hs_err *err)
{
    static const enum hs_type_id ids[2][9] = {
        {[1] = HS_T_UINT8, [2] = HS_T_UINT16, [4] = HS_T_UINT32, [8] = HS_T_UINT64},
        {[1] = HS_T_INT8, [2] = HS_T_INT16, [4] = HS_T_INT, [8] = HS_T_LONG},
    };
    int64_t bits = hs_flat_int(t, 0, 4, 0);
    bool is_signed = hs_flat_int(t, 1, 1, 0) != 0;
    if (bits != 8 && bits != 16 && bits != 32 && bits != 64)
        return hs_fail(err, HS_INVALID, "integer of %lld bits", (long long)bits);
    c->form = HS_FORM_INT;
    c->width = (int)(bits / 8);
    c->is_unsigned = !is_signed;
    c->type = ids[is_signed][c->width];
    return HS_OK;
}

static hs_rc float_of(const struct hs_flat_table *t, struct hs_column *c, struct hs_err *err)
{
    int64_t precision = hs_flat_int(t, 0, 2, 0);
    if (precision != 1 && precision != 2)
        return unsupported(err, "half float");
    c->form = HS_FORM_FLOAT;
    c->width = precision == 1 ? 4 : 8;
    c->type = precision == 1 ? HS_T_FLOAT : HS_T_DOUBLE;
    return HS_OK;
}

static hs_rc decimal_of(const struct hs_flat_table *t, struct hs_column *c, struct hs_err *err)
{
    int64_t precision = hs_flat_int(t, 0, 4, 0), scale = hs_flat_int(t, 1, 4, 0), bits = hs_flat_int(t, 2, 4, 128);
    if (bits == 256 || precision > 38)
        return unsupported(err, "decimal of more than 38 digits");
    if ((bits != 32 && bits != 64 && bits != 128) || precision < 1 || scale < 0 || scale > precision)
        return hs_fail(err, HS_INVALID, "decimal precision or scale");
    *c = (struct hs_column){.form = HS_FORM_DECIMAL, .type = HS_T_DECIMAL, .width = (int)(bits / 8)};
    c->precision = (int)precision;
    c->scale = (int)scale;
    return HS_OK;
}

static void set_time(struct hs_column *c, enum hs_type_id type, int width, int64_t multiply, int64_t divide)
{
    c->form = HS_FORM_INT;
    c->type = type;
    c->width = width;
    c->multiply = multiply;
    c->divide = divide;
}

static hs_rc time_of(int64_t kind, const struct hs_flat_table *t, struct hs_column *c, struct hs_err *err)
{
    static const int64_t to_us[] = {1000000, 1000, 1, 1};
    int64_t unit = hs_flat_int(t, 0, 2, kind == T_TIMESTAMP ? UNIT_SECOND : UNIT_MILLI);
    if (unit < UNIT_SECOND || unit > UNIT_NANO)
        return hs_fail(err, HS_INVALID, "time unit");
    if (kind == T_DATE)
        set_time(c, HS_T_DATE, unit == 0 ? 4 : 8, 1, unit == 0 ? 1 : 86400000);
    else if (kind == T_TIME)
        set_time(c, HS_T_TIME, unit <= UNIT_MILLI ? 4 : 8, to_us[unit], unit == UNIT_NANO ? 1000 : 1);
    else {
        bool zone = hs_flat_string(t, 1).len > 0;
        enum hs_type_id nano = zone ? HS_T_TIMESTAMPTZ_NS : HS_T_TIMESTAMP_NS;
        set_time(c, unit == UNIT_NANO ? nano : zone ? HS_T_TIMESTAMPTZ : HS_T_TIMESTAMP, 8, to_us[unit], 1);
    }
    return HS_OK;
}

static hs_rc fixed_of(const struct hs_flat_table *t, struct hs_column *c, struct hs_err *err)
{
    int64_t width = hs_flat_int(t, 0, 4, 0);
    if (width < 0 || width > 1 << 20)
        return hs_fail(err, HS_INVALID, "width of fixed-size binary");
    c->form = HS_FORM_FIXED;
    c->type = HS_T_FIXED;
    c->width = (int)width;
    return HS_OK;
}

static void set_bytes(struct hs_column *c, enum hs_column_form form, enum hs_type_id type, int width)
{
    c->form = form;
    c->type = type;
    c->width = width;
}

static hs_rc type_of(int64_t kind, const struct hs_flat_table *t, struct hs_column *c, struct hs_err *err)
{
    c->multiply = c->divide = 1;
    switch (kind) {
    case T_NULL:
        set_bytes(c, HS_FORM_NULL, HS_T_UNKNOWN, 0);
        return HS_OK;
    case T_BOOL:
        set_bytes(c, HS_FORM_BITS, HS_T_BOOLEAN, 0);
        return HS_OK;
    case T_INT:
        return int_of(t, c, err);
    case T_FLOAT:
        return float_of(t, c, err);
    case T_DECIMAL:
        return decimal_of(t, c, err);
    case T_DATE:
    case T_TIME:
    case T_TIMESTAMP:
        return time_of(kind, t, c, err);
    case T_FIXED_BINARY:
        return fixed_of(t, c, err);
    case T_BINARY:
    case T_LARGE_BINARY:
        set_bytes(c, HS_FORM_BYTES, HS_T_BINARY, kind == T_BINARY ? 4 : 8);
        return HS_OK;
    case T_UTF8:
    case T_LARGE_UTF8:
        set_bytes(c, HS_FORM_BYTES, HS_T_STRING, kind == T_UTF8 ? 4 : 8);
        return HS_OK;
    case T_BINARY_VIEW:
    case T_UTF8_VIEW:
        set_bytes(c, HS_FORM_VIEW, kind == T_UTF8_VIEW ? HS_T_STRING : HS_T_BINARY, 16);
        return HS_OK;
    default:
        return unsupported(err, kind > 0 && kind < T_COUNT && WORDS[kind] ? WORDS[kind] : "unknown");
    }
}

static hs_rc dictionary_of(const struct hs_flat_table *encoding, struct hs_column *c, struct hs_err *err)
{
    struct hs_flat_table index = hs_flat_table(encoding, 1);
    struct hs_column indices = {.width = 4};
    if (index.at) /* absent: signed 32 bit */
        HS_TRY(int_of(&index, &indices, err));
    if (hs_flat_int(encoding, 3, 2, 0) != 0)
        return hs_fail(err, HS_UNSUPPORTED, "this kind of dictionary is not supported");
    c->dictionary = true;
    c->dictionary_id = hs_flat_int(encoding, 0, 8, 0);
    c->index_width = indices.width;
    c->index_unsigned = indices.is_unsigned;
    return HS_OK;
}

/* Extension types are notes on a field; of those that answers have, this one alone is not what it lies in. */
static bool is_uuid(const struct hs_flat_table *field)
{
    struct hs_flat_vector notes = hs_flat_vector(field, FIELD_METADATA, 4);
    bool found = false;
    for (size_t i = 0; i < notes.count && !found; i++) {
        struct hs_flat_table note = hs_flat_element_table(field->flat, &notes, i);
        found = hs_str_is(hs_flat_string(&note, 0), "ARROW:extension:name") &&
                hs_str_is(hs_flat_string(&note, 1), "arrow.uuid");
    }
    return found;
}

hs_rc hs_column_of_field(const struct hs_flat_table *field, struct hs_column *out, struct hs_err *err)
{
    struct hs_column c = {0};
    struct hs_flat_table type = hs_flat_table(field, FIELD_TYPE);
    struct hs_flat_table dictionary = hs_flat_table(field, FIELD_DICTIONARY);
    HS_TRY(type_of(hs_flat_int(field, FIELD_TYPE_TYPE, 1, 0) & 0xFF, &type, &c, err));
    if (c.multiply == 0) /* decimal_of starts afresh */
        c.multiply = c.divide = 1;
    if (c.type == HS_T_FIXED && c.width == 16 && is_uuid(field))
        c.type = HS_T_UUID;
    if (dictionary.at)
        HS_TRY(dictionary_of(&dictionary, &c, err));
    *out = c;
    return HS_OK;
}

struct hs_column hs_column_indices(const struct hs_column *c)
{
    return (struct hs_column){.form = HS_FORM_INT,
                              .type = HS_T_LONG,
                              .width = c->index_width,
                              .is_unsigned = c->index_unsigned,
                              .multiply = 1,
                              .divide = 1};
}
