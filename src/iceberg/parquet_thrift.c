/* Thrift's compact protocol, only as far as a Parquet footer needs it
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). */
#include "base/cursor.h"
#include "iceberg/damage.h"
#include "iceberg/parquet.h"

enum { MAX_DEPTH = 32, MAX_ELEMENTS = 200 * 1000 };

enum wire { /* compact type ids */
            W_STOP = 0,
            W_TRUE = 1,
            W_FALSE = 2,
            W_BYTE = 3,
            W_I16 = 4,
            W_I32 = 5,
            W_I64 = 6,
            W_DOUBLE = 7,
            W_BINARY = 8,
            W_LIST = 9,
            W_SET = 10,
            W_MAP = 11,
            W_STRUCT = 12,
            W_UUID = 13,
};

struct field {
    int id;
    uint8_t wire;
};

/* The next field header of a struct; false at its end or when the bytes are bad. */
static bool next_field(struct hs_cursor *c, struct field *f)
{
    uint8_t head = hs_cursor_u8(c);
    f->wire = head & 0x0f;
    if (c->bad || f->wire == W_STOP)
        return false;
    int delta = head >> 4;
    int64_t id = delta ? f->id + delta : hs_cursor_zigzag(c);
    if (id < INT16_MIN || id > INT16_MAX)
        c->bad = true;
    f->id = (int)id;
    return !c->bad;
}

static uint64_t list_header(struct hs_cursor *c, uint8_t *out_wire)
{
    uint8_t head = hs_cursor_u8(c);
    *out_wire = head & 0x0f;
    uint64_t count = head >> 4;
    if (count == 15)
        count = hs_cursor_varint(c);
    if (count > hs_cursor_left(c)) /* every element of every type takes a byte here */
        c->bad = true;
    return c->bad ? 0 : count;
}

static void skip(struct hs_cursor *c, uint8_t wire, int depth);

static void skip_struct(struct hs_cursor *c, int depth)
{
    struct field f = {0};
    while (next_field(c, &f))
        skip(c, f.wire, depth + 1);
}

static void skip_map(struct hs_cursor *c, int depth)
{
    uint64_t count = hs_cursor_varint(c);
    uint8_t kinds = count ? hs_cursor_u8(c) : 0;
    if (count > hs_cursor_left(c))
        c->bad = true;
    for (uint64_t i = 0; i < count && !c->bad; i++) {
        skip(c, kinds >> 4, depth + 1);
        skip(c, kinds & 0x0f, depth + 1);
    }
}

static void skip_list(struct hs_cursor *c, int depth)
{
    uint8_t wire;
    uint64_t count = list_header(c, &wire);
    for (uint64_t i = 0; i < count && !c->bad; i++) {
        if (wire == W_TRUE || wire == W_FALSE)
            hs_cursor_skip(c, 1); /* a bool in a list is a byte, in a struct it is in the header */
        else
            skip(c, wire, depth + 1);
    }
}

static void skip(struct hs_cursor *c, uint8_t wire, int depth)
{
    if (depth > MAX_DEPTH) {
        c->bad = true;
        return;
    }
    switch (wire) {
    case W_TRUE:
    case W_FALSE:
        return;
    case W_BYTE:
        hs_cursor_skip(c, 1);
        return;
    case W_I16:
    case W_I32:
    case W_I64:
        (void)hs_cursor_varint(c);
        return;
    case W_DOUBLE:
        hs_cursor_skip(c, 8);
        return;
    case W_BINARY:
        hs_cursor_skip(c, hs_cursor_varint(c));
        return;
    case W_UUID:
        hs_cursor_skip(c, 16);
        return;
    case W_LIST:
    case W_SET:
        skip_list(c, depth);
        return;
    case W_MAP:
        skip_map(c, depth);
        return;
    case W_STRUCT:
        skip_struct(c, depth);
        return;
    default:
        c->bad = true;
    }
}

static int64_t integer(struct hs_cursor *c, uint8_t wire)
{
    if (wire == W_BYTE)
        return (int8_t)hs_cursor_u8(c);
    if (wire != W_I16 && wire != W_I32 && wire != W_I64)
        c->bad = true;
    return c->bad ? 0 : hs_cursor_zigzag(c);
}

static int integer32(struct hs_cursor *c, uint8_t wire)
{
    int64_t wide = integer(c, wire);
    if (wide < INT32_MIN || wide > INT32_MAX)
        c->bad = true;
    return c->bad ? 0 : (int)wide;
}

static bool boolean(struct hs_cursor *c, uint8_t wire)
{
    if (wire != W_TRUE && wire != W_FALSE)
        c->bad = true;
    return wire == W_TRUE;
}

/* TimeUnit: a union of empty structs. */
static enum hs_parquet_unit time_unit(struct hs_cursor *c)
{
    struct field f = {0};
    int unit = 0;
    while (next_field(c, &f)) {
        unit = f.id;
        skip(c, f.wire, 0);
    }
    if (unit < HS_PQ_MILLIS || unit > HS_PQ_NANOS)
        c->bad = true;
    return (enum hs_parquet_unit)unit;
}

/* The parameters of DECIMAL, TIME, TIMESTAMP and INTEGER. */
static void logical_parameters(struct hs_cursor *c, struct hs_parquet_element *e)
{
    struct field f = {0};
    while (next_field(c, &f)) {
        bool timed = e->logical == HS_PQ_TIME || e->logical == HS_PQ_TIMESTAMP;
        if (e->logical == HS_PQ_DECIMAL && f.id == 1)
            e->scale = integer32(c, f.wire);
        else if (e->logical == HS_PQ_DECIMAL && f.id == 2)
            e->precision = integer32(c, f.wire);
        else if (timed && f.id == 1)
            e->utc = boolean(c, f.wire);
        else if (timed && f.id == 2 && f.wire == W_STRUCT)
            e->unit = time_unit(c);
        else if (e->logical == HS_PQ_INTEGER && f.id == 1)
            e->bit_width = integer32(c, f.wire);
        else if (e->logical == HS_PQ_INTEGER && f.id == 2)
            e->is_signed = boolean(c, f.wire);
        else
            skip(c, f.wire, 0);
    }
}

static void logical_type(struct hs_cursor *c, struct hs_parquet_element *e)
{
    struct field f = {0};
    while (next_field(c, &f)) {
        e->logical = (enum hs_parquet_logical)f.id;
        if (f.wire != W_STRUCT)
            c->bad = true;
        else
            logical_parameters(c, e);
    }
}

/* ConvertedType, the older way to say the same; LogicalType wins where both stand. */
static void converted_type(struct hs_parquet_element *e, int converted)
{
    static const enum hs_parquet_logical plain[] = {
        HS_PQ_STRING,  HS_PQ_MAP,     HS_PQ_MAP,     HS_PQ_LIST,      HS_PQ_ENUM,      HS_PQ_DECIMAL,
        HS_PQ_DATE,    HS_PQ_TIME,    HS_PQ_TIME,    HS_PQ_TIMESTAMP, HS_PQ_TIMESTAMP, HS_PQ_INTEGER,
        HS_PQ_INTEGER, HS_PQ_INTEGER, HS_PQ_INTEGER, HS_PQ_INTEGER,   HS_PQ_INTEGER,   HS_PQ_INTEGER,
        HS_PQ_INTEGER, HS_PQ_JSON,    HS_PQ_BSON,    HS_PQ_INTERVAL};
    if (converted < 0 || (size_t)converted >= sizeof plain / sizeof *plain)
        return;
    e->logical = plain[converted];
    if (e->logical == HS_PQ_TIME || e->logical == HS_PQ_TIMESTAMP) {
        e->unit = converted == 7 || converted == 9 ? HS_PQ_MILLIS : HS_PQ_MICROS;
        e->utc = true; /* LogicalTypes.md: the converted types mean adjusted to UTC */
    }
    if (e->logical == HS_PQ_INTEGER) { /* UINT_8..UINT_64 are 11..14, INT_8..INT_64 15..18 */
        e->is_signed = converted >= 15;
        e->bit_width = 8 << ((converted - 11) % 4);
    }
}

static void schema_element(struct hs_cursor *c, struct hs_parquet_element *e)
{
    struct field f = {0};
    struct hs_parquet_element logical = {0};
    int converted = -1;
    *e = (struct hs_parquet_element){.physical = HS_PQ_GROUP, .field_id = -1};
    while (next_field(c, &f)) {
        switch (f.id) {
        case 1:
            e->physical = (enum hs_parquet_physical)integer32(c, f.wire);
            break;
        case 2:
            e->type_length = integer32(c, f.wire);
            break;
        case 3:
            e->repetition = (enum hs_parquet_repetition)integer32(c, f.wire);
            break;
        case 4:
            if (f.wire != W_BINARY)
                c->bad = true;
            e->name = hs_cursor_bytes(c, hs_cursor_varint(c));
            if (!hs_utf8_valid(e->name) || (e->name.len && memchr(e->name.at, 0, e->name.len)))
                c->bad = true; /* the engine is handed names in text, which ends at a NUL */
            break;
        case 5:
            e->child_count = integer32(c, f.wire);
            break;
        case 6:
            converted = integer32(c, f.wire);
            break;
        case 7:
            e->scale = integer32(c, f.wire);
            break;
        case 8:
            e->precision = integer32(c, f.wire);
            break;
        case 9:
            e->field_id = integer32(c, f.wire);
            break;
        case 10:
            if (f.wire == W_STRUCT)
                logical_type(c, &logical);
            else
                c->bad = true;
            break;
        default:
            skip(c, f.wire, 0);
        }
    }
    converted_type(e, converted);
    if (logical.logical == HS_PQ_NONE)
        return;
    e->logical = logical.logical;
    e->unit = logical.unit;
    e->utc = logical.utc;
    e->is_signed = logical.is_signed;
    e->bit_width = logical.bit_width;
    if (logical.logical == HS_PQ_DECIMAL) {
        e->scale = logical.scale;
        e->precision = logical.precision;
    }
}

static hs_rc schema_list(struct hs_arena *a, struct hs_cursor *c, uint8_t wire, struct hs_parquet_footer *out,
                         struct hs_err *err)
{
    uint8_t item = W_STOP;
    uint64_t count = wire == W_LIST ? list_header(c, &item) : 0;
    if (c->bad || item != W_STRUCT || count == 0 || count > MAX_ELEMENTS || out->elements)
        return hs_damaged(err, "parquet footer: schema of %llu elements", (unsigned long long)count);
    out->elements = hs_arena_array(a, count, sizeof *out->elements);
    if (!out->elements)
        return hs_no_memory(err);
    for (uint64_t i = 0; i < count && !c->bad; i++)
        schema_element(c, &out->elements[i]);
    out->element_count = count;
    return HS_OK;
}

static int64_t row_group_rows(struct hs_cursor *c)
{
    struct field f = {0};
    int64_t rows = -1;
    while (next_field(c, &f)) {
        if (f.id == 3)
            rows = integer(c, f.wire);
        else
            skip(c, f.wire, 0);
    }
    if (rows < 0)
        c->bad = true;
    return rows;
}

static int64_t row_groups(struct hs_cursor *c, uint8_t wire, struct hs_parquet_footer *out)
{
    uint8_t item = W_STOP;
    uint64_t count = wire == W_LIST ? list_header(c, &item) : 0;
    int64_t rows = 0;
    if (count && item != W_STRUCT)
        c->bad = true;
    for (uint64_t i = 0; i < count && !c->bad; i++)
        if (__builtin_add_overflow(rows, row_group_rows(c), &rows))
            c->bad = true;
    out->row_group_count = (int64_t)count;
    return rows;
}

hs_rc hs_parquet_thrift(struct hs_arena *a, hs_str bytes, struct hs_parquet_footer *out, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(bytes);
    struct field f = {0};
    int64_t rows_in_groups = 0;
    bool encrypted = false;
    *out = (struct hs_parquet_footer){.row_count = -1};
    while (next_field(&c, &f)) {
        if (f.id == 2)
            HS_TRY(schema_list(a, &c, f.wire, out, err));
        else if (f.id == 3)
            out->row_count = integer(&c, f.wire);
        else if (f.id == 4)
            rows_in_groups = row_groups(&c, f.wire, out);
        else
            skip(&c, f.wire, 0);
        encrypted = encrypted || f.id == 8;
    }
    if (c.bad || !out->elements || out->row_count < 0)
        return hs_damaged(err, "parquet footer is cut short or not Thrift");
    if (encrypted)
        return hs_refused(err, "a data file is encrypted, which is not supported", "plain footer, encrypted columns");
    if (rows_in_groups != out->row_count)
        return hs_damaged(err, "parquet footer: num_rows %lld, row groups hold %lld", (long long)out->row_count,
                          (long long)rows_in_groups);
    return HS_OK;
}
