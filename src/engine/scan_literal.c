/* A plain value as an expression of exactly one type and value: defaults of columns, values of partitions. Nothing goes
 * through a text that the engine could read in two ways: times are counted from the epoch, bytes are hex. */
#include "engine/scan_print_in.h"

#include <math.h>
#include <stdio.h>

static hs_rc refuse(struct hs_err *err, enum hs_type_id id)
{
    return hs_fail(err, HS_UNSUPPORTED, "a value of type %s that no data file holds is not supported",
                   hs_type_name(id));
}

static void add_number(struct hs_buf *out, double d, bool single, const char *type)
{
    if (isnan(d))
        hs_buf_addf(out, "CAST('nan' AS %s)", type);
    else if (isinf(d))
        hs_buf_addf(out, "CAST('%sinfinity' AS %s)", d < 0 ? "-" : "", type);
    else
        hs_buf_addf(out, "CAST('%.*g' AS %s)", single ? 9 : 17, d, type);
}

/* The engine has two values of its own at the ends, "infinity", which the table format does not have. */
static hs_rc add_stamp(struct hs_buf *out, const struct hs_param *p, const char *function, struct hs_err *err)
{
    if (p->i == INT64_MAX || p->i <= -INT64_MAX)
        return refuse(err, p->type);
    hs_buf_addf(
        out, p->type == HS_T_TIMESTAMPTZ ? "timezone('UTC', %s(CAST('%lld' AS BIGINT)))" : "%s(CAST('%lld' AS BIGINT))",
        function, (long long)p->i);
    return HS_OK;
}

static hs_rc add_time(struct hs_buf *out, const struct hs_param *p, struct hs_err *err)
{
    const int64_t day = INT64_C(86400000000);
    if (p->i < 0 || p->i >= day)
        return refuse(err, p->type);
    int64_t seconds = p->i / 1000000;
    hs_buf_addf(out, "CAST('%02lld:%02lld:%02lld.%06lld' AS TIME)", (long long)(seconds / 3600),
                (long long)(seconds / 60 % 60), (long long)(seconds % 60), (long long)(p->i % 1000000));
    return HS_OK;
}

static void add_bytes(struct hs_buf *out, hs_str bytes)
{
    hs_buf_addz(out, "from_hex('");
    hs_buf_add_hex(out, bytes.at, bytes.len);
    hs_buf_addz(out, "')");
}

/* A NUL ends a statement's text for the engine. */
static hs_rc add_text(struct hs_buf *out, hs_str text, struct hs_err *err)
{
    if (!hs_utf8_valid(text))
        return hs_fail(err, HS_CORRUPT, "a text of the table's metadata is not UTF-8");
    if (text.len && memchr(text.at, 0, text.len)) {
        hs_buf_addz(out, "decode(");
        add_bytes(out, text);
        hs_buf_addc(out, ')');
    } else {
        hs_buf_addz(out, "CAST(");
        hs_buf_add_sql_text(out, text);
        hs_buf_addz(out, " AS VARCHAR)");
    }
    return HS_OK;
}

static hs_rc add_decimal(struct hs_buf *out, const struct hs_param *p, struct hs_err *err)
{
    size_t digits = 0, after = 0;
    for (size_t i = p->text.len && p->text.at[0] == '-', point = 0; i < p->text.len; i++) {
        char c = p->text.at[i];
        if (c == '.' && !point++)
            continue;
        if (c < '0' || c > '9')
            return refuse(err, p->type);
        digits++;
        after += point;
    }
    if (!digits || digits > 39 || after > (size_t)p->scale || p->precision < 1 || p->precision > 38 || p->scale < 0 ||
        p->scale > p->precision)
        return refuse(err, p->type);
    hs_buf_addf(out, "CAST('%.*s' AS DECIMAL(%d, %d))", HS_FMT(p->text), p->precision, p->scale);
    return HS_OK;
}

static hs_rc add_uuid(struct hs_buf *out, hs_str bytes, struct hs_err *err)
{
    if (bytes.len != 16)
        return refuse(err, HS_T_UUID);
    hs_buf_addz(out, "CAST('");
    hs_buf_add_hex(out, bytes.at, bytes.len);
    hs_buf_addz(out, "' AS UUID)");
    return HS_OK;
}

/* In the value's own type. */
static hs_rc add_value(struct hs_buf *out, const struct hs_param *p, struct hs_err *err)
{
    switch ((int)p->type) {
    case HS_T_BOOLEAN:
        hs_buf_addz(out, p->i ? "true" : "false");
        return HS_OK;
    case HS_T_INT:
    case HS_T_LONG:
        hs_buf_addf(out, "CAST('%lld' AS %s)", (long long)p->i, p->type == HS_T_INT ? "INTEGER" : "BIGINT");
        return HS_OK;
    case HS_T_FLOAT:
    case HS_T_DOUBLE:
        add_number(out, p->d, p->type == HS_T_FLOAT, p->type == HS_T_FLOAT ? "FLOAT" : "DOUBLE");
        return HS_OK;
    case HS_T_DECIMAL:
        return add_decimal(out, p, err);
    case HS_T_DATE:
        hs_buf_addf(out, "CAST(DATE '1970-01-01' + CAST('%lld' AS INTEGER) AS DATE)", (long long)p->i);
        return HS_OK;
    case HS_T_TIME:
        return add_time(out, p, err);
    case HS_T_TIMESTAMP:
    case HS_T_TIMESTAMPTZ:
        return add_stamp(out, p, "make_timestamp", err);
    case HS_T_TIMESTAMP_NS:
    case HS_T_TIMESTAMPTZ_NS:
        return add_stamp(out, p, "make_timestamp_ns", err);
    case HS_T_STRING:
        return add_text(out, p->text, err);
    case HS_T_UUID:
        return add_uuid(out, p->text, err);
    case HS_T_FIXED:
    case HS_T_BINARY:
        add_bytes(out, p->text);
        return HS_OK;
    default:
        return refuse(err, p->type);
    }
}

hs_rc hs_scan_literal(struct hs_buf *out, const struct hs_param *p, const struct hs_type *type, struct hs_err *err)
{
    struct hs_type own = {.id = p->type, .precision = p->precision, .scale = p->scale, .length = (int)p->text.len};
    struct hs_buf value;
    if (own.id == HS_T_TIMESTAMPTZ_NS)
        own.id = HS_T_TIMESTAMP_NS; /* what make_timestamp_ns is to the engine */
    if (p->null) {
        hs_buf_addz(out, "CAST(NULL AS ");
        bool ok = hs_scan_type(out, type);
        hs_buf_addc(out, ')');
        return ok ? HS_OK : refuse(err, type->id);
    }
    hs_buf_init(&value, HS_SCAN_TEXT);
    hs_rc rc = add_value(&value, p, err);
    if (rc == HS_OK)
        rc = hs_buf_done(&value, err);
    if (rc == HS_OK) /* a partition's value may be older than its column's type */
        rc = hs_scan_value(out, hs_buf_str(&value), &own, type, 0, err);
    hs_buf_fini(&value);
    return rc;
}
