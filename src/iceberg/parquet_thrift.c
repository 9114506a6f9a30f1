/* A Parquet footer's schema and row counts, out of its Thrift (parquet.thrift: FileMetaData). */
#include "iceberg/damage.h"
#include "iceberg/parquet.h"
#include "iceberg/thrift.h"

enum { MAX_ELEMENTS = 200 * 1000 };

/* TimeUnit: a union of empty structs. */
static enum hs_parquet_unit time_unit(struct hs_cursor *c)
{
    struct hs_thrift_field f = {0};
    int unit = 0;
    while (hs_thrift_next(c, &f)) {
        unit = f.id;
        hs_thrift_skip(c, f.wire);
    }
    if (unit < HS_PQ_MILLIS || unit > HS_PQ_NANOS)
        c->bad = true;
    return (enum hs_parquet_unit)unit;
}

/* The parameters of DECIMAL, TIME, TIMESTAMP and INTEGER. */
static void logical_parameters(struct hs_cursor *c, struct hs_parquet_element *e)
{
    struct hs_thrift_field f = {0};
    while (hs_thrift_next(c, &f)) {
        bool timed = e->logical == HS_PQ_TIME || e->logical == HS_PQ_TIMESTAMP;
        if (e->logical == HS_PQ_DECIMAL && f.id == 1)
            e->scale = hs_thrift_i32(c, f.wire);
        else if (e->logical == HS_PQ_DECIMAL && f.id == 2)
            e->precision = hs_thrift_i32(c, f.wire);
        else if (timed && f.id == 1)
            e->utc = hs_thrift_bool(c, f.wire);
        else if (timed && f.id == 2 && f.wire == HS_W_STRUCT)
            e->unit = time_unit(c);
        else if (e->logical == HS_PQ_INTEGER && f.id == 1)
            e->bit_width = hs_thrift_i32(c, f.wire);
        else if (e->logical == HS_PQ_INTEGER && f.id == 2)
            e->is_signed = hs_thrift_bool(c, f.wire);
        else
            hs_thrift_skip(c, f.wire);
    }
}

static void logical_type(struct hs_cursor *c, struct hs_parquet_element *e)
{
    struct hs_thrift_field f = {0};
    while (hs_thrift_next(c, &f)) {
        e->logical = (enum hs_parquet_logical)f.id;
        if (f.wire != HS_W_STRUCT)
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
    struct hs_thrift_field f = {0};
    struct hs_parquet_element logical = {0};
    int converted = -1;
    *e = (struct hs_parquet_element){.physical = HS_PQ_GROUP, .field_id = -1};
    while (hs_thrift_next(c, &f)) {
        switch (f.id) {
        case 1:
            e->physical = (enum hs_parquet_physical)hs_thrift_i32(c, f.wire);
            break;
        case 2:
            e->type_length = hs_thrift_i32(c, f.wire);
            break;
        case 3:
            e->repetition = (enum hs_parquet_repetition)hs_thrift_i32(c, f.wire);
            break;
        case 4:
            if (f.wire != HS_W_BINARY)
                c->bad = true;
            e->name = hs_cursor_bytes(c, hs_cursor_varint(c));
            if (!hs_utf8_valid(e->name) || (e->name.len && memchr(e->name.at, 0, e->name.len)))
                c->bad = true; /* the engine is handed names in text, which ends at a NUL */
            break;
        case 5:
            e->child_count = hs_thrift_i32(c, f.wire);
            break;
        case 6:
            converted = hs_thrift_i32(c, f.wire);
            break;
        case 7:
            e->scale = hs_thrift_i32(c, f.wire);
            break;
        case 8:
            e->precision = hs_thrift_i32(c, f.wire);
            break;
        case 9:
            e->field_id = hs_thrift_i32(c, f.wire);
            break;
        case 10:
            if (f.wire == HS_W_STRUCT)
                logical_type(c, &logical);
            else
                c->bad = true;
            break;
        default:
            hs_thrift_skip(c, f.wire);
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
    uint8_t item = HS_W_STOP;
    uint64_t count = wire == HS_W_LIST ? hs_thrift_list(c, &item) : 0;
    if (c->bad || item != HS_W_STRUCT || count == 0 || count > MAX_ELEMENTS || out->elements)
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
    struct hs_thrift_field f = {0};
    int64_t rows = -1;
    while (hs_thrift_next(c, &f)) {
        if (f.id == 3)
            rows = hs_thrift_i64(c, f.wire);
        else
            hs_thrift_skip(c, f.wire);
    }
    if (rows < 0)
        c->bad = true;
    return rows;
}

static int64_t row_groups(struct hs_cursor *c, uint8_t wire, struct hs_parquet_footer *out)
{
    uint8_t item = HS_W_STOP;
    uint64_t count = wire == HS_W_LIST ? hs_thrift_list(c, &item) : 0;
    int64_t rows = 0;
    if (count && item != HS_W_STRUCT)
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
    struct hs_thrift_field f = {0};
    int64_t rows_in_groups = 0;
    bool encrypted = false;
    *out = (struct hs_parquet_footer){.row_count = -1};
    while (hs_thrift_next(&c, &f)) {
        if (f.id == 2)
            HS_TRY(schema_list(a, &c, f.wire, out, err));
        else if (f.id == 3)
            out->row_count = hs_thrift_i64(&c, f.wire);
        else if (f.id == 4)
            rows_in_groups = row_groups(&c, f.wire, out);
        else
            hs_thrift_skip(&c, f.wire);
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
