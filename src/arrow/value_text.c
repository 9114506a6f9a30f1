/* One value of an Arrow array as text, the same for everyone who prints answers or compares them. */
#include "arrow/value_text.h"

#include "base/clock.h"

#include <nanoarrow/nanoarrow.h>

static hs_str text_of(const struct ArrowArrayView *v, int64_t i)
{
    struct ArrowStringView s = ArrowArrayViewGetStringUnsafe(v, i);
    return hs_str_n(s.data, (size_t)s.size_bytes);
}

static void add_decimal(struct hs_buf *b, const struct ArrowArrayView *v, const struct hs_type *t, int64_t i)
{
    struct ArrowDecimal d;
    ArrowDecimalInit(&d, t->narrow ? t->narrow : 128, t->precision, t->scale);
    ArrowArrayViewGetDecimalUnsafe(v, i, &d);
    struct ArrowBuffer text;
    ArrowBufferInit(&text);
    if (ArrowDecimalAppendStringToBuffer(&d, &text) == NANOARROW_OK)
        hs_buf_add(b, text.data, (size_t)text.size_bytes);
    ArrowBufferReset(&text);
}

static void add_date(struct hs_buf *b, int64_t days)
{
    int64_t year;
    unsigned month, day;
    hs_civil_from_days(days, &year, &month, &day);
    hs_buf_addf(b, "%04lld-%02u-%02u", (long long)year, month, day);
}

static void add_time_of_day(struct hs_buf *b, int64_t us)
{
    hs_buf_addf(b, "%02lld:%02lld:%02lld", (long long)(us / 3600000000), (long long)(us / 60000000 % 60),
                (long long)(us / 1000000 % 60));
    if (us % 1000000)
        hs_buf_addf(b, ".%06lld", (long long)(us % 1000000));
}

static void add_timestamp(struct hs_buf *b, int64_t us, bool utc)
{
    int64_t days = us / 86400000000 - (us % 86400000000 < 0);
    add_date(b, days);
    hs_buf_addc(b, ' ');
    add_time_of_day(b, us - days * 86400000000);
    if (utc)
        hs_buf_addc(b, 'Z');
}

static void add_struct(struct hs_buf *b, const struct ArrowArrayView *v, const struct hs_type *t, int64_t i)
{
    hs_buf_addc(b, '{');
    for (size_t k = 0; k < t->field_count; k++) {
        if (k)
            hs_buf_addz(b, ", ");
        hs_buf_add_json(b, t->fields[k].name);
        hs_buf_addz(b, ": ");
        hs_buf_add_arrow_value(b, v->children[k], t->fields[k].type, i + v->offset, true);
    }
    hs_buf_addc(b, '}');
}

static void add_list(struct hs_buf *b, const struct ArrowArrayView *v, const struct hs_type *t, int64_t i)
{
    int64_t from = ArrowArrayViewListChildOffset(v, i), to = ArrowArrayViewListChildOffset(v, i + 1);
    bool map = t->id == HS_T_MAP;
    const struct ArrowArrayView *child = v->children[0];
    hs_buf_addc(b, '[');
    for (int64_t k = from; k < to; k++) {
        hs_buf_addz(b, k > from ? ", " : "");
        if (!map) {
            hs_buf_add_arrow_value(b, child, t->fields[0].type, k, true);
            continue;
        }
        hs_buf_addc(b, '[');
        hs_buf_add_arrow_value(b, child->children[0], t->fields[0].type, k, true);
        hs_buf_addz(b, ", ");
        hs_buf_add_arrow_value(b, child->children[1], t->fields[1].type, k, true);
        hs_buf_addc(b, ']');
    }
    hs_buf_addc(b, ']');
}

static void add_plain(struct hs_buf *b, const struct ArrowArrayView *v, const struct hs_type *t, int64_t i)
{
    int64_t n;
    switch (t->id) {
    case HS_T_BOOLEAN:
        hs_buf_addz(b, ArrowArrayViewGetIntUnsafe(v, i) ? "true" : "false");
        return;
    case HS_T_FLOAT:
        hs_buf_addf(b, "%.9g", ArrowArrayViewGetDoubleUnsafe(v, i));
        return;
    case HS_T_DOUBLE:
        hs_buf_addf(b, "%.17g", ArrowArrayViewGetDoubleUnsafe(v, i));
        return;
    case HS_T_DECIMAL:
        add_decimal(b, v, t, i);
        return;
    case HS_T_DATE:
        add_date(b, ArrowArrayViewGetIntUnsafe(v, i));
        return;
    case HS_T_TIME:
        add_time_of_day(b, ArrowArrayViewGetIntUnsafe(v, i));
        return;
    case HS_T_TIMESTAMP:
    case HS_T_TIMESTAMPTZ:
        add_timestamp(b, ArrowArrayViewGetIntUnsafe(v, i), t->id == HS_T_TIMESTAMPTZ);
        return;
    case HS_T_TIMESTAMP_NS:
    case HS_T_TIMESTAMPTZ_NS:
        n = ArrowArrayViewGetIntUnsafe(v, i);
        add_timestamp(b, n / 1000 - (n % 1000 < 0), t->id == HS_T_TIMESTAMPTZ_NS);
        return;
    case HS_T_UINT64:
        hs_buf_addf(b, "%llu", (unsigned long long)ArrowArrayViewGetUIntUnsafe(v, i));
        return;
    case HS_T_INT:
    case HS_T_LONG:
    case HS_T_INT8:
    case HS_T_INT16:
    case HS_T_UINT8:
    case HS_T_UINT16:
    case HS_T_UINT32:
        hs_buf_addf(b, "%lld", (long long)ArrowArrayViewGetIntUnsafe(v, i));
        return;
    case HS_T_STRUCT:
        add_struct(b, v, t, i);
        return;
    case HS_T_LIST:
    case HS_T_MAP:
        add_list(b, v, t, i);
        return;
    case HS_T_INTERVAL: {
        struct ArrowInterval interval;
        ArrowIntervalInit(&interval, NANOARROW_TYPE_INTERVAL_MONTH_DAY_NANO);
        ArrowArrayViewGetIntervalUnsafe(v, i, &interval);
        hs_buf_addf(b, "%d months %d days %lld us", interval.months, interval.days, (long long)(interval.ns / 1000));
        return;
    }
    case HS_T_STRING:
    case HS_T_UUID:
    case HS_T_FIXED:
    case HS_T_BINARY:
    case HS_T_VARIANT:
    case HS_T_GEOMETRY:
    case HS_T_GEOGRAPHY:
    case HS_T_UNKNOWN:
    case HS_T_COUNT_:
        break;
    }
}

void hs_buf_add_arrow_value(struct hs_buf *b, const struct ArrowArrayView *v, const struct hs_type *t, int64_t i,
                            bool json)
{
    if (t->id == HS_T_UNKNOWN || ArrowArrayViewIsNull(v, i)) {
        hs_buf_addz(b, json ? "null" : "");
        return;
    }
    if (t->index_bits) {
        i = ArrowArrayViewGetIntUnsafe(v, i);
        v = v->dictionary;
    }
    bool quote = json && !hs_type_is_number(t->id) && t->id != HS_T_BOOLEAN && !hs_type_is_nested(t->id);
    if (t->id == HS_T_STRING) {
        if (json)
            hs_buf_add_json(b, text_of(v, i));
        else
            hs_buf_adds(b, text_of(v, i));
        return;
    }
    if (quote)
        hs_buf_addc(b, '"');
    if (t->id == HS_T_BINARY || t->id == HS_T_FIXED || t->id == HS_T_UUID)
        hs_buf_add_hex(b, text_of(v, i).at, text_of(v, i).len);
    else
        add_plain(b, v, t, i);
    if (quote)
        hs_buf_addc(b, '"');
}
