/* One value, as hs_avro_next decoded it, into a row of a vector of the type that hs_avro_physical gave its column. The
 * bytes are somebody else's: what the type does not allow is damage and ends the statement. */
#include "base/alloc.h"
#include "base/damage.h"
#include "engine/worker/avro.h"

struct put {
    struct hs_err *err;
    int64_t *weight;
};

/* ---- types ---- */

static duckdb_logical_type struct_type(const struct hs_type *type)
{
    size_t n = type->field_count, made = 0;
    duckdb_logical_type *types = hs_calloc(n + 1, sizeof(duckdb_logical_type));
    const char **names = hs_calloc(n + 1, sizeof *names);
    duckdb_logical_type all = NULL;
    while (types && names && made < n && (types[made] = hs_avro_duck_type(type->fields[made].type))) {
        names[made] = type->fields[made].name.at;
        made++;
    }
    if (made == n && n)
        all = duck()->create_struct_type(types, names, n);
    for (size_t i = 0; i < made; i++)
        duck()->destroy_logical_type(&types[i]);
    hs_free(types);
    hs_free(names);
    return all;
}

static duckdb_logical_type list_type(const struct hs_type *type)
{
    duckdb_logical_type element = hs_avro_duck_type(type->fields[0].type), all = NULL;
    if (element)
        all = duck()->create_list_type(element);
    duck()->destroy_logical_type(&element);
    return all;
}

static duckdb_logical_type map_type(const struct hs_type *type)
{
    duckdb_logical_type key = hs_avro_duck_type(type->fields[0].type), value = hs_avro_duck_type(type->fields[1].type);
    duckdb_logical_type all = key && value ? duck()->create_map_type(key, value) : NULL;
    duck()->destroy_logical_type(&key);
    duck()->destroy_logical_type(&value);
    return all;
}

duckdb_logical_type hs_avro_duck_type(const struct hs_type *type)
{
    static const duckdb_type plain[HS_T_COUNT_] = {
        [HS_T_BOOLEAN] = DUCKDB_TYPE_BOOLEAN,
        [HS_T_INT] = DUCKDB_TYPE_INTEGER,
        [HS_T_LONG] = DUCKDB_TYPE_BIGINT,
        [HS_T_FLOAT] = DUCKDB_TYPE_FLOAT,
        [HS_T_DOUBLE] = DUCKDB_TYPE_DOUBLE,
        [HS_T_DATE] = DUCKDB_TYPE_DATE,
        [HS_T_TIME] = DUCKDB_TYPE_TIME,
        [HS_T_TIMESTAMP] = DUCKDB_TYPE_TIMESTAMP,
        [HS_T_TIMESTAMPTZ] = DUCKDB_TYPE_TIMESTAMP_TZ,
        [HS_T_TIMESTAMP_NS] = DUCKDB_TYPE_TIMESTAMP_NS,
        [HS_T_TIMESTAMPTZ_NS] = DUCKDB_TYPE_TIMESTAMP_NS,
        [HS_T_STRING] = DUCKDB_TYPE_VARCHAR,
        [HS_T_UUID] = DUCKDB_TYPE_UUID,
        [HS_T_FIXED] = DUCKDB_TYPE_BLOB,
        [HS_T_BINARY] = DUCKDB_TYPE_BLOB,
        [HS_T_UNKNOWN] = DUCKDB_TYPE_SQLNULL,
    };
    if (type->id == HS_T_STRUCT)
        return struct_type(type);
    if (type->id == HS_T_LIST)
        return list_type(type);
    if (type->id == HS_T_MAP)
        return map_type(type);
    if (type->id == HS_T_DECIMAL)
        return duck()->create_decimal_type((uint8_t)type->precision, (uint8_t)type->scale);
    return plain[type->id] ? duck()->create_logical_type(plain[type->id]) : NULL;
}

/* ---- values ---- */

static hs_rc put(struct put *p, duckdb_vector v, idx_t row, const struct hs_type *type,
                 const struct hs_avro_value *value);

static hs_rc unfit(struct put *p, const char *what)
{
    return hs_damaged(p->err, "avro value: %s", what);
}

static void put_null(duckdb_vector v, idx_t row, const struct hs_type *type)
{
    duck()->vector_ensure_validity_writable(v);
    duck()->vector_get_validity(v)[row >> 6] &= ~(UINT64_C(1) << (row & 63));
    if (type->id == HS_T_LIST || type->id == HS_T_MAP)
        ((duckdb_list_entry *)duck()->vector_get_data(v))[row] = (duckdb_list_entry){0, 0};
    for (size_t i = 0; type->id == HS_T_STRUCT && i < type->field_count; i++)
        put_null(duck()->struct_vector_get_child(v, i), row, type->fields[i].type);
}

static hs_rc put_time(struct put *p, duckdb_vector v, idx_t row, const struct hs_avro_value *value)
{
    bool millis = value->type->logical == HS_AVRO_TIME_MILLIS;
    int64_t us = 0;
    if (__builtin_mul_overflow(value->i, millis ? 1000 : 1, &us) || us < 0 || us > INT64_C(86400000000))
        return unfit(p, "a time outside of a day");
    ((int64_t *)duck()->vector_get_data(v))[row] = us;
    return HS_OK;
}

static hs_rc put_timestamp(struct put *p, duckdb_vector v, idx_t row, const struct hs_avro_value *value)
{
    enum hs_avro_logical logical = value->type->logical;
    bool millis = logical == HS_AVRO_TIMESTAMP_MILLIS || logical == HS_AVRO_LOCAL_TIMESTAMP_MILLIS;
    int64_t at = 0;
    if (__builtin_mul_overflow(value->i, millis ? 1000 : 1, &at))
        return unfit(p, "a timestamp that does not fit");
    ((int64_t *)duck()->vector_get_data(v))[row] = at;
    return HS_OK;
}

/* Big-endian two's complement of any length, which has to be a number of that many digits. */
static bool decimal_of(hs_str bytes, int precision, __int128 *out)
{
    const uint8_t *at = (const uint8_t *)bytes.at;
    uint8_t sign = bytes.len && at[0] & 0x80 ? 0xff : 0;
    size_t from = bytes.len > 16 ? bytes.len - 16 : 0;
    unsigned __int128 u = sign ? ~(unsigned __int128)0 : 0, limit = 1;
    for (size_t i = 0; i < from; i++)
        if (at[i] != sign)
            return false;
    if (from && (at[from] & 0x80) != (sign & 0x80))
        return false;
    for (size_t i = from; i < bytes.len; i++)
        u = u << 8 | at[i];
    for (int i = 0; i < precision; i++)
        limit *= 10;
    *out = (__int128)u;
    return bytes.len > 0 && *out<(__int128)limit && * out> - (__int128)limit;
}

static hs_rc put_decimal(struct put *p, duckdb_vector v, idx_t row, const struct hs_type *type, hs_str bytes)
{
    void *data = duck()->vector_get_data(v);
    __int128 number;
    if (!decimal_of(bytes, type->precision, &number))
        return unfit(p, "a decimal with more digits than its type");
    if (type->precision <= 4)
        ((int16_t *)data)[row] = (int16_t)number;
    else if (type->precision <= 9)
        ((int32_t *)data)[row] = (int32_t)number;
    else if (type->precision <= 18)
        ((int64_t *)data)[row] = (int64_t)number;
    else
        memcpy((char *)data + 16 * row, &number, 16); /* low word first, as the engine has it */
    return HS_OK;
}

/* The engine's uuid is a number whose top bit is flipped, so that it sorts. */
static hs_rc put_uuid(struct put *p, duckdb_vector v, idx_t row, hs_str bytes)
{
    uint64_t *out = (uint64_t *)duck()->vector_get_data(v) + 2 * row, high, low;
    if (bytes.len != 16)
        return unfit(p, "a uuid that is not 16 bytes long");
    memcpy(&high, bytes.at, 8);
    memcpy(&low, bytes.at + 8, 8);
    out[0] = __builtin_bswap64(low);
    out[1] = __builtin_bswap64(high) ^ UINT64_C(1) << 63;
    return HS_OK;
}

static hs_rc put_bytes(struct put *p, duckdb_vector v, idx_t row, const struct hs_type *type,
                       const struct hs_avro_value *value)
{
    hs_str s = value->kind == HS_AVRO_ENUM ? value->type->symbols[value->i] : value->s;
    if (type->id == HS_T_STRING && !hs_utf8_valid(s))
        return unfit(p, "a text that is not UTF-8"); /* the engine would make it NULL */
    if (s.len > UINT32_MAX / 2)
        return hs_fail_hidden(p->err, HS_LIMIT, "a value of %zu bytes", s.len);
    duck()->vector_assign_string_element_len(v, row, s.len ? s.at : "", s.len);
    *p->weight += (int64_t)s.len;
    return HS_OK;
}

static hs_rc put_struct(struct put *p, duckdb_vector v, idx_t row, const struct hs_type *type,
                        const struct hs_avro_value *value)
{
    if (value->kind != HS_AVRO_RECORD || value->count != type->field_count)
        return unfit(p, "a struct of another shape");
    for (size_t i = 0; i < type->field_count; i++)
        HS_TRY(put(p, duck()->struct_vector_get_child(v, i), row, type->fields[i].type, &value->items[i]));
    return HS_OK;
}

/* Room for `count` more in a list's child, which this row gets. *out_at: where they begin. */
static hs_rc put_entry(struct put *p, duckdb_vector v, idx_t row, size_t count, idx_t *out_at)
{
    idx_t at = duck()->list_vector_get_size(v);
    if (duck()->list_vector_reserve(v, at + count) != DuckDBSuccess ||
        duck()->list_vector_set_size(v, at + count) != DuckDBSuccess)
        return hs_no_memory(p->err);
    ((duckdb_list_entry *)duck()->vector_get_data(v))[row] = (duckdb_list_entry){at, count};
    *p->weight += (int64_t)count * 8;
    *out_at = at;
    return HS_OK;
}

static hs_rc put_list(struct put *p, duckdb_vector v, idx_t row, const struct hs_type *type,
                      const struct hs_avro_value *value)
{
    idx_t at;
    HS_TRY(put_entry(p, v, row, value->count, &at));
    duckdb_vector child = duck()->list_vector_get_child(v);
    for (size_t i = 0; i < value->count; i++)
        HS_TRY(put(p, child, at + i, type->fields[0].type, &value->items[i]));
    return HS_OK;
}

/* A map's entries: key and value in turn, or records of both. */
static hs_rc put_map(struct put *p, duckdb_vector v, idx_t row, const struct hs_type *type,
                     const struct hs_avro_value *value)
{
    bool pairs = value->kind == HS_AVRO_ARRAY;
    size_t count = pairs ? value->count : value->count / 2;
    idx_t at;
    HS_TRY(put_entry(p, v, row, count, &at));
    duckdb_vector entries = duck()->list_vector_get_child(v);
    duckdb_vector keys = duck()->struct_vector_get_child(entries, 0),
                  values = duck()->struct_vector_get_child(entries, 1);
    for (size_t i = 0; i < count; i++) {
        const struct hs_avro_value *pair = pairs ? value->items[i].items : &value->items[2 * i];
        if (!pair || pair[0].kind == HS_AVRO_NULL)
            return unfit(p, "a map entry without a key");
        HS_TRY(put(p, keys, at + i, type->fields[0].type, &pair[0]));
        HS_TRY(put(p, values, at + i, type->fields[1].type, &pair[1]));
    }
    return HS_OK;
}

static hs_rc put_number(struct put *p, duckdb_vector v, idx_t row, const struct hs_type *type,
                        const struct hs_avro_value *value)
{
    void *data = duck()->vector_get_data(v);
    switch ((int)type->id) {
    case HS_T_BOOLEAN:
        ((bool *)data)[row] = value->i != 0;
        return HS_OK;
    case HS_T_INT:
    case HS_T_DATE:
        ((int32_t *)data)[row] = (int32_t)value->i;
        return HS_OK;
    case HS_T_LONG:
        ((int64_t *)data)[row] = value->i;
        return HS_OK;
    case HS_T_FLOAT:
        ((float *)data)[row] = (float)value->f;
        return HS_OK;
    case HS_T_DOUBLE:
        ((double *)data)[row] = value->f;
        return HS_OK;
    default:
        return hs_fail_hidden(p->err, HS_INTERNAL, "avro value of type %s", hs_type_name(type->id));
    }
}

static hs_rc put(struct put *p, duckdb_vector v, idx_t row, const struct hs_type *type,
                 const struct hs_avro_value *value)
{
    *p->weight += 8;
    if (value->kind == HS_AVRO_NULL || type->id == HS_T_UNKNOWN) {
        put_null(v, row, type); /* nobody reads a column of a type that we cannot read */
        return HS_OK;
    }
    switch ((int)type->id) {
    case HS_T_TIME:
        return put_time(p, v, row, value);
    case HS_T_TIMESTAMP:
    case HS_T_TIMESTAMPTZ:
    case HS_T_TIMESTAMP_NS:
    case HS_T_TIMESTAMPTZ_NS:
        return put_timestamp(p, v, row, value);
    case HS_T_DECIMAL:
        return put_decimal(p, v, row, type, value->s);
    case HS_T_UUID:
        return put_uuid(p, v, row, value->s);
    case HS_T_STRING:
    case HS_T_FIXED:
    case HS_T_BINARY:
        return put_bytes(p, v, row, type, value);
    case HS_T_STRUCT:
        return put_struct(p, v, row, type, value);
    case HS_T_LIST:
        return put_list(p, v, row, type, value);
    case HS_T_MAP:
        return put_map(p, v, row, type, value);
    default:
        return put_number(p, v, row, type, value);
    }
}

hs_rc hs_avro_put(duckdb_vector v, idx_t row, const struct hs_type *type, const struct hs_avro_value *value,
                  int64_t *weight, struct hs_err *err)
{
    struct put p = {err, weight};
    return put(&p, v, row, type, value);
}
