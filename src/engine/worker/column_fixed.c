/* Columns of one width: copied, widened or turned; zeros under NULLs. */
#include "engine/worker/column.h"

static void measure(struct column *c, const struct cells *v, size_t from, size_t count)
{
    hs_measure_validity(c, v, from, count);
}

static void advance(struct column *c, size_t count)
{
    c->written += (int64_t)count;
}

static void fixed_nulls(struct column *c, size_t count)
{
    memset(c->data + (size_t)c->written * c->width, 0, count * c->width);
    advance(c, count);
}

static void clear_under_nulls(struct column *c, const struct cells *v, size_t from, size_t count)
{
    if (!c->validity || !v->validity)
        return;
    uint8_t *to = c->data + (size_t)c->written * c->width;
    for (size_t i = 0; i < count; i++)
        if (!hs_cell_valid(v, from + i))
            memset(to + i * c->width, 0, c->width);
}

/* ---- as it is ---- */
static void plain_write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    memcpy(c->data + (size_t)c->written * c->width, (const uint8_t *)v->data + from * c->width, count * c->width);
    clear_under_nulls(c, v, from, count);
    hs_write_validity(c, v, from, count);
    advance(c, count);
}
const struct column_ops hs_ops_plain = {measure, plain_write, fixed_nulls};

/* ---- booleans: bytes to bits ---- */
static void bool_write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    const uint8_t *in = (const uint8_t *)v->data + from;
    for (size_t i = 0; i < count; i++) {
        size_t to = (size_t)c->written + i;
        if (hs_cell_valid(v, from + i) && in[i])
            c->data[to >> 3] |= (uint8_t)(1u << (to & 7)); /* zeroed when laid out */
    }
    hs_write_validity(c, v, from, count);
    advance(c, count);
}

static void bool_nulls(struct column *c, size_t count)
{
    advance(c, count);
}
const struct column_ops hs_ops_bool = {measure, bool_write, bool_nulls};

/* ---- decimals: int16/32/64/128 to 128, or to the narrowest of 32 and 64 that holds all their digits ---- */
#define WIDEN(type)                                    \
    {                                                  \
        const type *in = (const type *)v->data + from; \
        for (size_t i = 0; i < count; i++) {           \
            int64_t value = in[i];                     \
            to[2 * i] = value;                         \
            to[2 * i + 1] = value >> 63;               \
        }                                              \
    }

static void decimal_from_16(struct column *c, const struct cells *v, size_t from, size_t count)
{
    const int16_t *in = (const int16_t *)v->data + from;
    int32_t *to = (int32_t *)(void *)c->data + c->written;
    for (size_t i = 0; i < count; i++)
        to[i] = in[i];
    clear_under_nulls(c, v, from, count);
    hs_write_validity(c, v, from, count);
    advance(c, count);
}

static void decimal_write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    if (c->type->narrow) {
        if (c->stored_width == 2)
            decimal_from_16(c, v, from, count);
        else
            plain_write(c, v, from, count); /* they are stored so */
        return;
    }
    int64_t *to = (int64_t *)c->data + 2 * c->written;
    if (c->stored == DUCKDB_TYPE_SMALLINT)
        WIDEN(int16_t)
    else if (c->stored == DUCKDB_TYPE_INTEGER)
        WIDEN(int32_t)
    else if (c->stored == DUCKDB_TYPE_BIGINT)
        WIDEN(int64_t)
    else
        memcpy(to, (const uint8_t *)v->data + from * 16, count * 16);
    clear_under_nulls(c, v, from, count);
    hs_write_validity(c, v, from, count);
    advance(c, count);
}
const struct column_ops hs_ops_decimal = {measure, decimal_write, fixed_nulls};

/* ---- 128 bit integers as decimal(38, 0) ---- */
static bool fits_decimal(const void *at, bool is_signed)
{
    const unsigned __int128 most = (unsigned __int128)10000000000000000000ull * 10000000000000000000ull; /* 10^38 */
    __int128 value;
    memcpy(&value, at, sizeof value);
    if (is_signed && value < 0)
        return -(unsigned __int128)value < most;
    return (unsigned __int128)value < most;
}

static void huge_write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    const uint8_t *in = (const uint8_t *)v->data + from * 16;
    for (size_t i = 0; i < count; i++)
        if (hs_cell_valid(v, from + i) && !fits_decimal(in + i * 16, c->from == DUCKDB_TYPE_HUGEINT))
            *c->trouble = "an integer of more than 38 digits";
    plain_write(c, v, from, count);
}
const struct column_ops hs_ops_huge = {measure, huge_write, fixed_nulls};

/* ---- timestamps in seconds or milliseconds to microseconds; infinities stay ---- */
static void scaled_time_write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    const int64_t *in = (const int64_t *)v->data + from;
    int64_t *to = (int64_t *)c->data + c->written;
    int64_t factor = c->from == DUCKDB_TYPE_TIMESTAMP_S ? 1000000 : 1000;
    for (size_t i = 0; i < count; i++) {
        bool infinite = in[i] == INT64_MAX || in[i] == -INT64_MAX;
        to[i] = in[i];
        if (hs_cell_valid(v, from + i) && !infinite && __builtin_mul_overflow(in[i], factor, &to[i]))
            *c->trouble = "a timestamp outside the range of microseconds";
    }
    clear_under_nulls(c, v, from, count);
    hs_write_validity(c, v, from, count);
    advance(c, count);
}
const struct column_ops hs_ops_scaled_time = {measure, scaled_time_write, fixed_nulls};

/* ---- uuid: the engine keeps a 128 bit integer whose top bit is flipped so that it sorts ---- */
static void uuid_write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    const uint64_t *in = (const uint64_t *)v->data + 2 * from;
    uint8_t *to = c->data + (size_t)c->written * 16;
    for (size_t i = 0; i < count; i++) {
        uint64_t high = __builtin_bswap64(in[2 * i + 1] ^ (UINT64_C(1) << 63)), low = __builtin_bswap64(in[2 * i]);
        memcpy(to + 16 * i, &high, 8);
        memcpy(to + 16 * i + 8, &low, 8);
    }
    clear_under_nulls(c, v, from, count);
    hs_write_validity(c, v, from, count);
    advance(c, count);
}
const struct column_ops hs_ops_uuid = {measure, uuid_write, fixed_nulls};

/* ---- interval: months, days, microseconds to months, days, nanoseconds ---- */
static void interval_write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    const duckdb_interval *in = (const duckdb_interval *)v->data + from;
    uint8_t *to = c->data + (size_t)c->written * 16;
    for (size_t i = 0; i < count; i++) {
        int64_t ns = 0;
        if (hs_cell_valid(v, from + i) && __builtin_mul_overflow(in[i].micros, 1000, &ns))
            *c->trouble = "an interval outside the range of nanoseconds";
        memcpy(to + 16 * i, &in[i].months, 4);
        memcpy(to + 16 * i + 4, &in[i].days, 4);
        memcpy(to + 16 * i + 8, &ns, 8);
    }
    clear_under_nulls(c, v, from, count);
    hs_write_validity(c, v, from, count);
    advance(c, count);
}
const struct column_ops hs_ops_interval = {measure, interval_write, fixed_nulls};

/* ---- the type of a bare NULL: rows without buffers ---- */
static void null_measure(struct column *c, const struct cells *v, size_t from, size_t count)
{
    (void)v;
    (void)from;
    c->size.length += (int64_t)count;
    c->size.nulls += (int64_t)count;
}

static void null_write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    (void)v;
    (void)from;
    advance(c, count);
}
const struct column_ops hs_ops_null = {null_measure, null_write, bool_nulls};
