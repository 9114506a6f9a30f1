/* A client's parameters, bound as typed values. */
#include "engine/worker/column.h"
#include "engine/worker/worker_in.h"

#include <stdio.h>

static hs_rc bad(struct hs_err *err, size_t i, const char *what)
{
    return hs_fail(err, HS_INVALID, "parameter %zu: %s", i + 1, what);
}

/* "-123.45" to an integer of its last digits; false when it has other characters, or too many of either part. */
static bool parse_decimal(const struct hs_param *p, duckdb_decimal *out)
{
    bool negative = p->text.len && p->text.at[0] == '-', point = false;
    unsigned __int128 value = 0;
    int scale = 0, digits = 0;
    for (size_t i = p->text.len && (negative || p->text.at[0] == '+'); i < p->text.len; i++) {
        char c = p->text.at[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9' || ++digits > 38)
            return false;
        value = value * 10 + (unsigned)(c - '0');
        scale += point;
    }
    for (; scale < p->scale && digits < 38; scale++, digits++)
        value *= 10;
    if (!digits || scale != p->scale || p->precision < 1 || p->precision > 38 || p->scale > p->precision)
        return false;
    __int128 of = negative ? -(__int128)value : (__int128)value;
    out->width = (uint8_t)p->precision;
    out->scale = (uint8_t)p->scale;
    out->value = (duckdb_hugeint){(uint64_t)of, (int64_t)(of >> 64)};
    return true;
}

static duckdb_value uuid_value(hs_str bytes)
{
    uint64_t high, low;
    memcpy(&high, bytes.at, 8);
    memcpy(&low, bytes.at + 8, 8);
    return duck()->create_uuid((duckdb_uhugeint){__builtin_bswap64(low), __builtin_bswap64(high)});
}

static duckdb_value decimal_value(const struct hs_param *p)
{
    duckdb_decimal d;
    return parse_decimal(p, &d) ? duck()->create_decimal(d) : NULL;
}

static duckdb_value interval_value(const struct hs_param *p)
{
    return duck()->create_interval((duckdb_interval){p->months, p->days, p->i});
}

static duckdb_value value_of(const struct hs_param *p)
{
    const struct duck *d = duck();
    switch (p->type) {
    case HS_T_BOOLEAN:
        return d->create_bool(p->i != 0);
    case HS_T_INT8:
        return d->create_int8((int8_t)p->i);
    case HS_T_INT16:
        return d->create_int16((int16_t)p->i);
    case HS_T_INT:
        return d->create_int32((int32_t)p->i);
    case HS_T_LONG:
        return d->create_int64(p->i);
    case HS_T_UINT8:
        return d->create_uint8((uint8_t)p->i);
    case HS_T_UINT16:
        return d->create_uint16((uint16_t)p->i);
    case HS_T_UINT32:
        return d->create_uint32((uint32_t)p->i);
    case HS_T_UINT64:
        return d->create_uint64((uint64_t)p->i);
    case HS_T_FLOAT:
        return d->create_float((float)p->d);
    case HS_T_DOUBLE:
        return d->create_double(p->d);
    case HS_T_DECIMAL:
        return decimal_value(p);
    case HS_T_DATE:
        return d->create_date((duckdb_date){(int32_t)p->i});
    case HS_T_TIME:
        return d->create_time((duckdb_time){p->i});
    case HS_T_TIMESTAMP:
        return d->create_timestamp((duckdb_timestamp){p->i});
    case HS_T_TIMESTAMPTZ:
        return d->create_timestamp_tz((duckdb_timestamp){p->i});
    case HS_T_TIMESTAMP_NS:
        return d->create_timestamp_ns((duckdb_timestamp_ns){p->i});
    case HS_T_STRING:
        return d->create_varchar_length(p->text.at, p->text.len);
    case HS_T_BINARY:
    case HS_T_FIXED:
        return d->create_blob((const uint8_t *)p->text.at, p->text.len);
    case HS_T_UUID:
        return p->text.len == 16 ? uuid_value(p->text) : NULL;
    case HS_T_INTERVAL:
        return interval_value(p);
    case HS_T_TIMESTAMPTZ_NS:
    case HS_T_STRUCT:
    case HS_T_LIST:
    case HS_T_MAP:
    case HS_T_UNKNOWN:
    case HS_T_VARIANT:
    case HS_T_GEOMETRY:
    case HS_T_GEOGRAPHY:
    case HS_T_COUNT_:
        break;
    }
    return NULL;
}

static const duckdb_type null_types[HS_T_COUNT_] = {
    [HS_T_BOOLEAN] = DUCKDB_TYPE_BOOLEAN,
    [HS_T_INT8] = DUCKDB_TYPE_TINYINT,
    [HS_T_INT16] = DUCKDB_TYPE_SMALLINT,
    [HS_T_INT] = DUCKDB_TYPE_INTEGER,
    [HS_T_LONG] = DUCKDB_TYPE_BIGINT,
    [HS_T_UINT8] = DUCKDB_TYPE_UTINYINT,
    [HS_T_UINT16] = DUCKDB_TYPE_USMALLINT,
    [HS_T_UINT32] = DUCKDB_TYPE_UINTEGER,
    [HS_T_UINT64] = DUCKDB_TYPE_UBIGINT,
    [HS_T_FLOAT] = DUCKDB_TYPE_FLOAT,
    [HS_T_DOUBLE] = DUCKDB_TYPE_DOUBLE,
    [HS_T_DATE] = DUCKDB_TYPE_DATE,
    [HS_T_TIME] = DUCKDB_TYPE_TIME,
    [HS_T_TIMESTAMP] = DUCKDB_TYPE_TIMESTAMP,
    [HS_T_TIMESTAMPTZ] = DUCKDB_TYPE_TIMESTAMP_TZ,
    [HS_T_TIMESTAMP_NS] = DUCKDB_TYPE_TIMESTAMP_NS,
    [HS_T_STRING] = DUCKDB_TYPE_VARCHAR,
    [HS_T_BINARY] = DUCKDB_TYPE_BLOB,
    [HS_T_FIXED] = DUCKDB_TYPE_BLOB,
    [HS_T_UUID] = DUCKDB_TYPE_UUID,
    [HS_T_INTERVAL] = DUCKDB_TYPE_INTERVAL,
};

static duckdb_logical_type null_type(const struct hs_param *p)
{
    if (p->type == HS_T_DECIMAL && p->precision >= 1 && p->precision <= 38 && p->scale >= 0 && p->scale <= p->precision)
        return duck()->create_decimal_type((uint8_t)p->precision, (uint8_t)p->scale);
    return null_types[p->type] ? duck()->create_logical_type(null_types[p->type]) : NULL;
}

/* NULL of its column's type, so that all rows of parameters make answers of one type: an element of a list knows what
 * it is. NULL: its type has no such. */
static duckdb_value null_value(const struct hs_param *p)
{
    const struct duck *d = duck();
    duckdb_logical_type type = null_type(p);
    duckdb_value null = type ? d->create_null_value() : NULL, list = null ? d->create_list_value(type, &null, 1) : NULL;
    duckdb_value of = list ? d->get_list_child(list, 0) : NULL;
    if (list)
        duck()->destroy_value(&list);
    if (null)
        duck()->destroy_value(&null);
    if (type)
        duck()->destroy_logical_type(&type);
    return of;
}

static hs_rc bind_one(duckdb_prepared_statement prepared, const struct hs_param *p, size_t i, struct hs_err *err)
{
    duckdb_value v = p->null ? null_value(p) : value_of(p);
    if (!v && p->null)
        return duck()->bind_null(prepared, i + 1) == DuckDBSuccess ? HS_OK : bad(err, i, "is not expected");
    if (!v)
        return bad(err, i, "the value does not fit its type, or the type is not supported");
    bool ok = duck()->bind_value(prepared, i + 1, v) == DuckDBSuccess;
    duck()->destroy_value(&v);
    return ok ? HS_OK : bad(err, i, "is not expected");
}

hs_rc hs_bind_params(duckdb_prepared_statement prepared, const struct hs_params *params, struct hs_err *err)
{
    size_t wanted = duck()->nparams(prepared);
    if (wanted != params->count)
        return hs_fail(err, HS_INVALID, "the statement has %zu parameters, %zu were bound", wanted, params->count);
    for (size_t i = 0; i < params->count; i++)
        HS_TRY(bind_one(prepared, &params->at[i], i, err));
    return HS_OK;
}

struct one_param {
    duckdb_prepared_statement prepared;
    size_t at;
};

static duckdb_logical_type type_of_param(void *of, size_t i)
{
    const struct one_param *p = of;
    return duck()->param_logical_type(p->prepared, p->at + i + 1);
}

static const char *name_of_param(void *of, size_t i)
{
    (void)of;
    (void)i;
    return "p";
}

/* Each by itself: a type that no answer may have makes one unknown, and not all. */
static struct hs_type *type_of(struct hs_arena *a, duckdb_prepared_statement prepared, size_t i)
{
    static const struct hs_answer_form plain = {HS_COMPRESSION_NONE, false, false, false};
    struct one_param one = {prepared, i};
    struct column_source source = {&one, 1, type_of_param, name_of_param};
    struct column_set set;
    struct hs_err err;
    duckdb_logical_type known = type_of_param(&one, 0);
    bool there = known != NULL;
    if (there)
        duck()->destroy_logical_type(&known);
    if (there && hs_columns_new(a, &source, &plain, &set, &err) == HS_OK)
        return set.type->fields[0].type;
    return hs_type_new(a, HS_T_UNKNOWN);
}

hs_rc hs_param_types(struct hs_arena *a, duckdb_prepared_statement prepared, const struct hs_type **out,
                     struct hs_err *err)
{
    size_t count = duck()->nparams(prepared);
    struct hs_type *all = hs_type_new(a, HS_T_STRUCT);
    if (!all || !(all->fields = hs_arena_array(a, count + 1, sizeof *all->fields)))
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        all->fields[i] = (struct hs_field){.id = -1, .name = HS_S("p"), .type = type_of(a, prepared, i)};
        if (!all->fields[i].type)
            return hs_fail(err, HS_NOMEM, "out of memory");
    }
    all->field_count = count;
    *out = all;
    return HS_OK;
}
