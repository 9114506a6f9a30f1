/* `hailstorm query "SQL" --as NAME`: the same path as every door, printed for people (table), programs (csv) or both
 * (json). */
#include "app/app.h"

#include "arrow/value_text.h"

#include <nanoarrow/nanoarrow.h>
#include <pthread.h>
#include <stdio.h>

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
        hs_buf_add_arrow_value(&cell, v->children[k], p->schema->fields[k].type, i, json);
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
