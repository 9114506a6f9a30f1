/* `hailstorm query "SQL" --as NAME`: the same path as every door, printed for people (table), programs (csv) or both
 * (json). */
#include "app/app.h"

#include "base/clock.h"

#include <nanoarrow/nanoarrow.h>
#include <pthread.h>
#include <stdio.h>

/* ---- one Arrow value as text ---- */

static void add_value(struct hs_buf *b, const struct ArrowArrayView *v, const struct hs_type *t, int64_t i, bool json);

static hs_str text_of(const struct ArrowArrayView *v, int64_t i)
{
    struct ArrowStringView s = ArrowArrayViewGetStringUnsafe(v, i);
    return hs_str_n(s.data, (size_t)s.size_bytes);
}

static void add_decimal(struct hs_buf *b, const struct ArrowArrayView *v, const struct hs_type *t, int64_t i)
{
    struct ArrowDecimal d;
    ArrowDecimalInit(&d, 128, t->precision, t->scale);
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
        add_value(b, v->children[k], t->fields[k].type, i + v->offset, true);
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
            add_value(b, child, t->fields[0].type, k, true);
            continue;
        }
        hs_buf_addc(b, '[');
        add_value(b, child->children[0], t->fields[0].type, k, true);
        hs_buf_addz(b, ", ");
        add_value(b, child->children[1], t->fields[1].type, k, true);
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

static void add_value(struct hs_buf *b, const struct ArrowArrayView *v, const struct hs_type *t, int64_t i, bool json)
{
    if (t->id == HS_T_UNKNOWN || ArrowArrayViewIsNull(v, i)) {
        hs_buf_addz(b, json ? "null" : "");
        return;
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

/* ---- rows ---- */

struct printing {
    const char *format;
    const struct hs_type *schema;
    int64_t rows;
};

static void add_csv(struct hs_buf *b, hs_str text)
{
    bool quote = false;
    for (size_t i = 0; i < text.len; i++)
        quote |= strchr(",\"\r\n", text.at[i]) != NULL;
    if (!quote) {
        hs_buf_adds(b, text);
        return;
    }
    hs_buf_addc(b, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"')
            hs_buf_addc(b, '"');
        hs_buf_addc(b, text.at[i]);
    }
    hs_buf_addc(b, '"');
}

static void print_header(const struct printing *p)
{
    if (strcmp(p->format, "json") == 0)
        return;
    const char *separator = strcmp(p->format, "csv") == 0 ? "," : " | ";
    for (size_t k = 0; k < p->schema->field_count; k++)
        printf("%s%.*s", k ? separator : "", HS_FMT(p->schema->fields[k].name));
    printf("\n");
}

static void print_row(struct printing *p, const struct ArrowArrayView *v, int64_t i)
{
    struct hs_buf line, cell;
    hs_buf_init(&line, 64 << 20);
    hs_buf_init(&cell, 64 << 20);
    bool json = strcmp(p->format, "json") == 0, csv = strcmp(p->format, "csv") == 0;
    for (size_t k = 0; k < p->schema->field_count; k++) {
        hs_buf_addz(&line, json ? (k ? ", " : "{") : k ? (csv ? "," : " | ") : "");
        hs_buf_clear(&cell);
        add_value(&cell, v->children[k], p->schema->fields[k].type, i, json);
        if (json) {
            hs_buf_add_json(&line, p->schema->fields[k].name);
            hs_buf_addz(&line, ": ");
        }
        if (csv)
            add_csv(&line, hs_buf_str(&cell));
        else
            hs_buf_adds(&line, hs_buf_str(&cell));
    }
    printf("%.*s%s\n", (int)line.len, line.at ? line.at : "", json ? "}" : "");
    hs_buf_fini(&line);
    hs_buf_fini(&cell);
}

static hs_rc print_batch(struct printing *p, const struct hs_batch *batch, struct hs_err *err)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowArrayView view;
    HS_TRY(hs_type_to_arrow(p->schema, false, &schema, err));
    hs_rc rc = hs_batch_import(p->schema, batch, &array, err);
    if (rc == HS_OK) {
        struct ArrowError why;
        if (ArrowArrayViewInitFromSchema(&view, &schema, &why) != NANOARROW_OK ||
            ArrowArrayViewSetArray(&view, &array, &why) != NANOARROW_OK)
            rc = hs_fail(err, HS_INTERNAL, "cannot view the batch: %s", why.message);
        for (int64_t i = 0; rc == HS_OK && i < batch->rows; i++)
            print_row(p, &view, i);
        ArrowArrayViewReset(&view);
        ArrowArrayRelease(&array);
    }
    ArrowSchemaRelease(&schema);
    p->rows += batch->rows;
    return rc;
}

/* ---- waiting ---- */

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool woken;
};

static void wake(void *arg)
{
    struct waiter *w = arg;
    pthread_mutex_lock(&w->lock);
    w->woken = true;
    pthread_cond_signal(&w->news);
    pthread_mutex_unlock(&w->lock);
}

static void wait_for(struct waiter *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->woken)
        pthread_cond_wait(&w->news, &w->lock);
    w->woken = false;
    pthread_mutex_unlock(&w->lock);
}

static hs_rc drain(struct hs_call *c, struct waiter *w, struct printing *p, struct hs_err *err)
{
    for (;;) {
        struct hs_batch batch;
        hs_rc rc;
        switch (hs_call_poll(c, &batch, err)) {
        case HS_CALL_WAIT:
            wait_for(w);
            break;
        case HS_CALL_READY:
            p->schema = hs_call_schema(c);
            print_header(p);
            break;
        case HS_CALL_BATCH:
            rc = print_batch(p, &batch, err);
            hs_batch_release(&batch);
            HS_TRY(rc);
            break;
        case HS_CALL_END:
            return HS_OK;
        case HS_CALL_ERROR:
            return err->kind;
        }
    }
}

int hs_command_query(const struct settings *s, const struct arguments *args)
{
    if (args->count != 1 || !s->as[0]) {
        fprintf(stderr, "usage: hailstorm query \"SQL\" --as NAME [--model DIR] [--format table|csv|json]\n");
        return 2;
    }
    struct service v;
    struct hs_err err;
    if (hs_service_open(s, true, &v, &err) != HS_OK)
        return hs_fail_command(&err);
    char id[33];
    hs_access_request_id(v.access, id);
    struct waiter w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    struct printing p = {.format = s->format};
    struct hs_asker who = {
        .door = "command", .name = hs_str_of(s->as), .request_id = hs_str_of(id), .peer = HS_S("local")};
    struct hs_query q = {.sql = hs_str_of(args->at[0])};
    struct hs_call *c = hs_access_query(v.access, &who, &q, wake, &w);
    hs_rc rc = drain(c, &w, &p, &err);
    hs_call_close(c);
    hs_service_close(&v);
    if (rc != HS_OK)
        return hs_fail_command(&err);
    if (strcmp(s->format, "table") == 0)
        printf("(%lld rows)\n", (long long)p.rows);
    return 0;
}
