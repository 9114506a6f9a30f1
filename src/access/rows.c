/* Rows of a table's own files for whoever plans it: position deletes in Parquet are rows, and only the engine reads
 * those. It is a bare scan of one file in a worker of a second, small pool: the caller holds a lease of the first, and
 * who waits there for another would wait for himself. */
#include "access/access_in.h"

#include "base/damage.h"

#include <errno.h>
#include <time.h>

enum { WORKERS = 2, LOOK_MS = 50 };

struct rows { /* one table, for one call */
    struct hs_call *call;
    const struct opened *opened;
};

/* ---- waiting for news ---- */
struct news {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool there;
};

static void news_init(struct news *n)
{
    pthread_condattr_t mono;
    pthread_condattr_init(&mono);
    pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    pthread_mutex_init(&n->lock, NULL);
    pthread_cond_init(&n->changed, &mono);
    pthread_condattr_destroy(&mono);
    n->there = false;
}

static void news_fini(struct news *n)
{
    pthread_cond_destroy(&n->changed);
    pthread_mutex_destroy(&n->lock);
}

static void bring_news(void *arg)
{
    struct news *n = arg;
    pthread_mutex_lock(&n->lock);
    n->there = true;
    pthread_cond_signal(&n->changed);
    pthread_mutex_unlock(&n->lock);
}

/* For a moment at most: who gives up does not say so here. */
static void wait_for_news(struct news *n)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&n->lock);
    while (!n->there && pthread_cond_timedwait(&n->changed, &n->lock, &until) != ETIMEDOUT)
        ;
    n->there = false;
    pthread_mutex_unlock(&n->lock);
}

/* ---- the scan ---- */
static hs_rc engine_of_rows(struct hs_access *a, struct hs_engine **out, struct hs_err *err)
{
    pthread_mutex_lock(&a->rows_lock);
    hs_rc rc = a->rows_engine ? HS_OK : hs_engine_open_beside(a->engine, WORKERS, &a->rows_engine, err);
    *out = a->rows_engine;
    pthread_mutex_unlock(&a->rows_lock);
    return rc;
}

/* "f<id>" as it is, for each column. */
static hs_rc bare_columns(struct hs_arena *a, const struct hs_type *wanted, struct hs_scan *scan, struct hs_err *err)
{
    struct hs_scan_column *columns = hs_arena_array(a, wanted->field_count + 1, sizeof *columns);
    if (!columns)
        return hs_no_memory(err);
    for (size_t i = 0; i < wanted->field_count; i++) {
        const struct hs_field *f = &wanted->fields[i];
        columns[i] = (struct hs_scan_column){f->name, hs_arena_printf(a, "\"f%d\"", f->id), f->type, true};
        if (!columns[i].expression.at)
            return hs_no_memory(err);
    }
    scan->raw = wanted;
    scan->columns = columns;
    scan->column_count = wanted->field_count;
    return HS_OK;
}

static hs_rc lease_for(const struct rows *r, struct hs_arena *a, struct hs_lease **out, struct hs_err *err)
{
    const struct hs_table *t = r->opened->table;
    size_t max = t->prefix_count + 1, count = 0;
    hs_str *directories = hs_arena_array(a, max, sizeof *directories);
    struct hs_engine *engine;
    if (!directories)
        return hs_no_memory(err);
    if (!hs_add_table_directories(a, t, directories, &count, max))
        return hs_no_memory(err);
    struct hs_lease_request request = {
        .owner = HS_S("planning"), /* and the directories, which are part of whose a worker is */
        .fair_key = r->call->name,
        .request_id = r->call->request_id,
        .directories = directories,
        .directory_count = count,
        .gave_up = &r->call->gave_up,
    };
    HS_TRY(engine_of_rows(r->call->access, &engine, err));
    return hs_lease_open(engine, &request, out, err);
}

static hs_rc hand_on(struct hs_call *c, struct hs_stream *s, struct news *n,
                     hs_rc (*on_batch)(void *arg, const struct hs_batch *batch, struct hs_err *err), void *arg,
                     struct hs_err *err)
{
    for (;;) {
        struct hs_batch b;
        switch (hs_stream_poll(s, &b, err)) {
        case HS_STREAM_BATCH: {
            hs_rc rc = on_batch(arg, &b, err);
            hs_batch_release(&b);
            HS_TRY(rc);
            break;
        }
        case HS_STREAM_WAIT:
            wait_for_news(n);
            break;
        case HS_STREAM_END:
            return HS_OK;
        case HS_STREAM_ERROR:
            return HS_FAILED(err->kind);
        }
        if (hs_call_is_cancelled(c, err))
            return HS_FAILED(err->kind);
    }
}

hs_rc hs_call_read(struct hs_call *c, struct hs_stream *s,
                   hs_rc (*on_batch)(void *arg, const struct hs_batch *batch, struct hs_err *err), void *arg,
                   struct hs_err *err)
{
    struct news news;
    news_init(&news);
    hs_stream_notify(s, bring_news, &news);
    hs_rc rc = hand_on(c, s, &news, on_batch, arg, err);
    hs_stream_notify(s, NULL, NULL); /* the news go; the stream is closed by its owner */
    news_fini(&news);
    return rc;
}

/* Nothing here is the statement's: what the engine takes for a fault of it is one of the file. */
static hs_rc as_damage(hs_str path, struct hs_err *err)
{
    struct hs_err said = *err;
    switch ((int)said.kind) {
    case HS_INVALID:
    case HS_NOT_FOUND:
    case HS_DENIED:
    case HS_CORRUPT:
        return hs_damaged(err, "%.*s: %s", HS_FMT(path), said.detail);
    default:
        hs_err_note(err, "while reading %.*s", HS_FMT(path));
        return HS_FAILED(said.kind);
    }
}

/* Who takes the batches follows his own types into them. */
static bool as_wanted(const struct hs_type *schema, const struct hs_type *wanted)
{
    bool same = schema->field_count == wanted->field_count;
    for (size_t i = 0; same && i < wanted->field_count; i++)
        same = schema->fields[i].type->id == wanted->fields[i].type->id;
    return same;
}

static hs_rc run(const struct rows *r, struct hs_lease **l, const struct hs_scan *scan, struct hs_stream **out,
                 struct hs_err *err)
{
    struct hs_run_request request = {.scans = scan, .scan_count = 1, .deadline_mono_us = r->call->deadline_mono_us};
    HS_TRY(hs_lease_run(*l, &request, out, err));
    *l = NULL; /* the stream's */
    return as_wanted(hs_stream_schema(*out), scan->raw)
               ? HS_OK
               : hs_fail_hidden(err, HS_INTERNAL, "rows arrive in other types than asked for");
}

static hs_rc read_rows(void *ctx, hs_str path, const struct hs_type *physical, const struct hs_type *wanted,
                       hs_rc (*on_batch)(void *arg, const struct hs_batch *batch, struct hs_err *err), void *arg,
                       struct hs_err *err)
{
    const struct rows *r = ctx;
    struct hs_scan_file file = {.path = path, .first_row_id = -1};
    struct hs_scan_group group = {.physical = physical, .files = &file, .file_count = 1};
    struct hs_scan scan = {.groups = &group, .group_count = 1};
    struct hs_lease *l = NULL;
    struct hs_stream *s = NULL;
    struct news news;
    struct hs_arena *a = hs_arena_new(0);
    news_init(&news);
    hs_rc rc = a ? bare_columns(a, wanted, &scan, err) : hs_no_memory(err);
    if (rc == HS_OK)
        rc = lease_for(r, a, &l, err);
    if (rc == HS_OK)
        rc = run(r, &l, &scan, &s, err);
    if (rc == HS_OK) {
        hs_stream_notify(s, bring_news, &news);
        rc = hand_on(r->call, s, &news, on_batch, arg, err);
    }
    hs_stream_close(s);
    hs_lease_close(l);
    news_fini(&news);
    hs_arena_free(a);
    return rc == HS_OK ? HS_OK : as_damage(path, err);
}

hs_rc hs_row_reader_of(struct hs_call *c, const struct opened *o, struct hs_row_reader *out, struct hs_err *err)
{
    struct rows *r = HS_NEW(c->arena, struct rows);
    if (!r)
        return hs_no_memory(err);
    *r = (struct rows){c, o};
    *out = (struct hs_row_reader){read_rows, r};
    return HS_OK;
}
