#include "iceberg/transform.h"

static const int64_t DAY_US = 86400 * 1000000LL, HOUR_US = 3600 * 1000000LL;

static bool is_date_or_timestamp(enum hs_type_id id)
{
    return id == HS_T_DATE || id == HS_T_TIMESTAMP || id == HS_T_TIMESTAMPTZ || id == HS_T_TIMESTAMP_NS ||
           id == HS_T_TIMESTAMPTZ_NS;
}

static bool truncates(enum hs_type_id id)
{
    return id == HS_T_INT || id == HS_T_LONG || id == HS_T_DECIMAL || id == HS_T_STRING || id == HS_T_BINARY;
}

static bool buckets(enum hs_type_id id)
{
    return truncates(id) || is_date_or_timestamp(id) || id == HS_T_TIME || id == HS_T_UUID || id == HS_T_FIXED;
}

struct hs_type hs_transform_result(const struct hs_partition_field *f, const struct hs_type *source)
{
    struct hs_type out = {.id = HS_T_UNKNOWN};
    switch (f->transform) {
    case HS_TR_IDENTITY:
        return source && !hs_type_is_nested(source->id) ? *source : out;
    case HS_TR_TRUNCATE:
        return source && truncates(source->id) ? *source : out;
    case HS_TR_BUCKET:
        out.id = source && buckets(source->id) ? HS_T_INT : HS_T_UNKNOWN;
        return out;
    case HS_TR_YEAR:
    case HS_TR_MONTH:
        out.id = source && is_date_or_timestamp(source->id) ? HS_T_INT : HS_T_UNKNOWN;
        return out;
    case HS_TR_HOUR:
        out.id = source && is_date_or_timestamp(source->id) && source->id != HS_T_DATE ? HS_T_INT : HS_T_UNKNOWN;
        return out;
    case HS_TR_DAY:
        out.id = source && is_date_or_timestamp(source->id) ? HS_T_DATE : HS_T_UNKNOWN;
        return out;
    case HS_TR_VOID:
    case HS_TR_UNKNOWN:
        return out;
    }
    return out;
}

/* ---- bucket ---- */

static uint32_t rotate(uint32_t x, int by)
{
    return x << by | x >> (32 - by);
}

/* MurmurHash3's x86 variant of 32 bits with seed 0, as the spec's Appendix B asks for. */
static uint32_t murmur3(hs_str bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.at;
    const uint32_t c1 = 0xcc9e2d51, c2 = 0x1b873593;
    uint32_t h = 0, k = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        k |= (uint32_t)at[i] << 8 * (i & 3);
        if ((i & 3) != 3 && i + 1 < bytes.len)
            continue;
        h ^= rotate(k * c1, 15) * c2;
        if ((i & 3) == 3)
            h = rotate(h, 13) * 5 + 0xe6546b64;
        k = 0;
    }
    h ^= (uint32_t)bytes.len;
    h = (h ^ h >> 16) * 0x85ebca6b;
    h = (h ^ h >> 13) * 0xc2b2ae35;
    return h ^ h >> 16;
}

static uint32_t hash_long(int64_t v)
{
    char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)((uint64_t)v >> 8 * i);
    return murmur3(hs_str_n(bytes, sizeof bytes));
}

/* The least number of bytes that hold it. */
static uint32_t hash_decimal(__int128 v)
{
    char bytes[16];
    size_t len = 16;
    for (size_t i = 0; i < 16; i++)
        bytes[i] = (char)((unsigned __int128)v >> 8 * (15 - i));
    const char *at = bytes, fill = v < 0 ? (char)0xff : 0;
    while (len > 1 && at[0] == fill && ((at[1] ^ fill) & 0x80) == 0) {
        at++;
        len--;
    }
    return murmur3(hs_str_n(at, len));
}

static int64_t floor_div(int64_t v, int64_t by)
{
    return v / by - (v % by < 0);
}

bool hs_bucket_hash(const struct hs_type *source, const struct hs_comparable *v, uint32_t *out)
{
    if (!buckets(source->id))
        return false;
    if (source->id == HS_T_DECIMAL)
        *out = hash_decimal(v->decimal);
    else if (v->kind == HS_C_BYTES)
        *out = murmur3(v->bytes);
    else if (source->id == HS_T_TIMESTAMP_NS || source->id == HS_T_TIMESTAMPTZ_NS)
        *out = hash_long(floor_div(v->i, 1000)); /* as microseconds, so that widening keeps the bucket */
    else
        *out = hash_long(v->i);
    return true;
}

/* ---- the others ---- */

/* Years since 1970 and months since 1970-01 of a day (civil calendar, proleptic). */
static int64_t months_of_day(int64_t day)
{
    int64_t z = day + 719468, era = floor_div(z, 146097), in_era = z - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100), from_march = (5 * in_year + 2) / 153;
    int64_t month = from_march < 10 ? from_march + 2 : from_march - 10; /* 0: January */
    return (year + era * 400 + (month <= 1) - 1970) * 12 + month;
}

static bool time_part(enum hs_transform transform, const struct hs_type *source, int64_t v, int64_t *out)
{
    bool date = source->id == HS_T_DATE;
    if (source->id == HS_T_TIMESTAMP_NS || source->id == HS_T_TIMESTAMPTZ_NS)
        v = floor_div(v, 1000);
    int64_t day = date ? v : floor_div(v, DAY_US);
    if (transform == HS_TR_HOUR)
        *out = floor_div(v, HOUR_US);
    else if (transform == HS_TR_DAY)
        *out = day;
    else if (transform == HS_TR_MONTH)
        *out = months_of_day(day);
    else
        *out = floor_div(months_of_day(day), 12);
    return is_date_or_timestamp(source->id) && !(date && transform == HS_TR_HOUR);
}

/* The first `count` code points; whole when there are no more. */
static hs_str first_points(hs_str text, size_t count)
{
    size_t i = 0;
    for (; i < text.len; i++) {
        bool starts = ((uint8_t)text.at[i] & 0xc0) != 0x80;
        if (starts && count-- == 0)
            break;
    }
    return (hs_str){text.at, i};
}

static bool truncated(int width, const struct hs_type *source, const struct hs_comparable *v, struct hs_comparable *out)
{
    *out = *v;
    if (source->id == HS_T_INT || source->id == HS_T_LONG) {
        int64_t rest = v->i % width;
        return !__builtin_sub_overflow(v->i, rest < 0 ? rest + width : rest, &out->i);
    }
    if (source->id == HS_T_DECIMAL) {
        __int128 rest = v->decimal % width;
        return !__builtin_sub_overflow(v->decimal, rest < 0 ? rest + width : rest, &out->decimal);
    }
    if (source->id == HS_T_STRING)
        out->bytes = first_points(v->bytes, (size_t)width);
    else if (v->bytes.len > (size_t)width)
        out->bytes.len = (size_t)width;
    return source->id == HS_T_STRING || source->id == HS_T_BINARY;
}

bool hs_transform_value(const struct hs_partition_field *f, const struct hs_type *source, const struct hs_comparable *v,
                        struct hs_comparable *out)
{
    uint32_t hash;
    *out = (struct hs_comparable){.kind = HS_C_WHOLE};
    switch (f->transform) {
    case HS_TR_IDENTITY:
        *out = *v;
        return true;
    case HS_TR_BUCKET:
        if (!hs_bucket_hash(source, v, &hash))
            return false;
        out->i = (int64_t)(hash & INT32_MAX) % f->parameter;
        return true;
    case HS_TR_TRUNCATE:
        return truncated(f->parameter, source, v, out);
    case HS_TR_YEAR:
    case HS_TR_MONTH:
    case HS_TR_DAY:
    case HS_TR_HOUR:
        return time_part(f->transform, source, v->i, &out->i);
    case HS_TR_VOID:
    case HS_TR_UNKNOWN:
        return false;
    }
    return false;
}
