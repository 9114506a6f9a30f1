/* Executing a portal: its rows to the client, a quarter of a mebibyte at a time and only as the socket asks for more.
 */
#include "front/pg/pg.h"

#include "base/alloc.h"

enum {
    KEEP_MAX = 16 << 20
}; /* a batch that waits for the next Execute is copied up to here, so that its slot is free */

/* ---- batches ---- */

struct kept_memory {
    struct pg_portal *portal;
    size_t bytes;
};

static void release_kept(struct hs_batch *b)
{
    struct kept_memory *m = b->owner;
    hs_pg_portal_discharge(m->portal, m->bytes);
    hs_free(m);
}

/* The batch in memory of our own, in one block with its descriptor. */
static hs_rc copy_batch(struct pg_portal *p, const struct hs_batch *from, struct hs_batch *out, struct hs_err *err)
{
    size_t nodes = from->node_count * sizeof *from->nodes, buffers = from->buffer_count * sizeof *from->buffers;
    size_t bytes = sizeof(struct kept_memory) + nodes + buffers + from->body_len + 64;
    struct kept_memory *m = hs_malloc(bytes);
    if (!m)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_rc rc = hs_pg_portal_charge(p, bytes, err);
    if (rc != HS_OK) {
        hs_free(m);
        return rc;
    }
    *m = (struct kept_memory){p, bytes};
    char *at = (char *)(m + 1);
    *out = *from;
    out->nodes = memcpy(at, from->nodes, nodes);
    out->buffers = memcpy(at + nodes, from->buffers, buffers);
    size_t pad = (64 - ((uintptr_t)(at + nodes + buffers) & 63)) & 63;
    char *body = at + nodes + buffers + pad;
    if (from->body_len)
        memcpy(body, from->body, from->body_len);
    out->body = (const uint8_t *)body;
    out->release = release_kept;
    out->owner = m;
    return HS_OK;
}

/* Takes the batch. What waits between two messages is copied: a slot of the worker's is not for waiting in. */
static hs_rc keep_batch(struct pg_portal *p, struct hs_batch *batch, bool waits, struct hs_err *err)
{
    struct pg_kept *k = hs_vec_add(p->arena, &p->batches);
    hs_rc rc = k ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
    if (rc == HS_OK && p->scroll && (int64_t)(p->bytes + batch->body_len) > p->session->settings.scroll_bytes) {
        rc = hs_fail(err, HS_LIMIT, "a scrollable cursor keeps no more rows than this; declare it NO SCROLL");
        hs_err_state(err, "53400");
    }
    if (rc == HS_OK && (p->scroll || (waits && batch->body_len <= KEEP_MAX))) {
        rc = copy_batch(p, batch, &k->batch, err);
        hs_batch_release(batch);
    } else if (rc == HS_OK) {
        k->batch = *batch;
    } else {
        hs_batch_release(batch);
    }
    if (rc != HS_OK) {
        p->batches.len -= k != NULL;
        return rc;
    }
    k->first = p->given + 1;
    p->given += k->batch.rows;
    if (k->batch.rows == 0) {
        hs_batch_release(&k->batch);
        p->batches.len--;
    }
    return HS_OK;
}

static void drop_batches(struct pg_portal *p)
{
    for (size_t i = 0; i < p->batches.len; i++)
        hs_batch_release(&p->batches.at[i].batch);
    p->batches.len = 0;
    p->written = -1;
}

/* ---- the writer ---- */

static hs_rc fill_formats(const struct pg_portal *asks, struct pg_portal *from, enum hs_pg_format *out,
                          struct hs_err *err)
{
    size_t columns = from->columns.count;
    if (asks->format_count > 1 && asks->format_count != columns) {
        hs_ignore(hs_fail(err, HS_INVALID, "bind message has %zu result formats but query has %zu columns",
                          asks->format_count, columns));
        hs_err_state(err, "08P01");
        return HS_INVALID;
    }
    for (size_t i = 0; i < columns; i++) {
        int16_t f = asks->format_count == 0 ? 0 : asks->formats[asks->format_count == 1 ? 0 : i];
        out[i] = f == 1 || from->binary ? HS_PG_BINARY : HS_PG_TEXT;
    }
    return HS_OK;
}

static bool same_formats(const struct pg_portal *p, enum hs_pg_rows_kind kind, const enum hs_pg_format *formats)
{
    return p->rows && p->rows_kind == kind && memcmp(p->rows_formats, formats, p->columns.count * sizeof *formats) == 0;
}

static hs_rc fill_copy(struct pg_portal *p, struct hs_pg_copy *out, enum hs_pg_rows_kind *kind, struct hs_err *err)
{
    const struct hs_pgsql_copy *c = &p->statement->parsed->copy;
    bool *quoted = hs_arena_array(p->arena, p->columns.count + 1, sizeof *quoted);
    if (!quoted)
        return hs_fail(err, HS_NOMEM, "out of memory");
    *kind = c->format == HS_PGSQL_COPY_BINARY ? HS_PG_COPY_BINARY
            : c->format == HS_PGSQL_COPY_CSV  ? HS_PG_COPY_CSV
                                              : HS_PG_COPY_TEXT;
    *out = (struct hs_pg_copy){.delimiter = c->delimiter,
                               .quote = c->quote,
                               .escape = c->escape,
                               .header = c->header,
                               .force_quote_all = c->force_quote_all,
                               .force_quote = c->force_quote_count ? quoted : NULL};
    if (c->has_null)
        out->null = c->null.at ? c->null : HS_S("");
    for (size_t i = 0; i < c->force_quote_count; i++) {
        bool found = false;
        for (size_t k = 0; k < p->columns.count; k++)
            if (hs_str_eq(c->force_quote[i], p->columns.at[k].name))
                found = quoted[k] = true;
        if (!found) {
            hs_ignore(hs_fail(err, HS_INVALID, "column \"%.*s\" does not exist", HS_FMT(c->force_quote[i])));
            hs_err_state(err, "42703");
            return HS_INVALID;
        }
    }
    return HS_OK;
}

/* Room for one a column, kept with the portal: it may be executed a million times. NULL: no memory. */
static enum hs_pg_format *formats_for(struct pg_portal *asks, size_t count)
{
    if (!asks->asked || asks->asked_count < count) {
        asks->asked = hs_arena_array(asks->arena, count + 1, sizeof *asks->asked);
        asks->asked_count = count;
    }
    return asks->asked;
}

/* A writer as `asks` wants the rows of `from`: the one that is there, if it writes them so. */
static hs_rc open_writer(struct pg_session *s, struct pg_portal *asks, struct pg_portal *from, struct hs_err *err)
{
    enum hs_pg_rows_kind kind = HS_PG_DATA_ROW;
    struct hs_pg_copy copy;
    bool copies = from->statement->kind == HS_PGSQL_COPY;
    enum hs_pg_format *formats = formats_for(asks, from->columns.count);
    if (!formats)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (copies)
        HS_TRY(fill_copy(from, &copy, &kind, err));
    else
        HS_TRY(fill_formats(asks, from, formats, err));
    if (same_formats(from, kind, formats))
        return HS_OK;
    hs_pg_rows_close(from->rows);
    from->rows = NULL;
    from->written = -1;
    struct hs_pg_rows_spec spec = {.kind = kind, .formats = copies ? NULL : formats, .copy = copies ? &copy : NULL};
    HS_TRY(hs_pg_writer_open(s, from->oids, hs_call_schema(from->call), spec, &from->lookup, &from->rows, err));
    from->rows_kind = kind;
    if (!from->rows_formats)
        from->rows_formats = hs_arena_array(from->arena, from->columns.count + 1, sizeof *formats);
    if (!from->rows_formats)
        return hs_fail(err, HS_NOMEM, "out of memory");
    memcpy(from->rows_formats, formats, from->columns.count * sizeof *formats);
    return HS_OK;
}

static hs_rc write_rows(struct pg_portal *from, int64_t most, struct hs_buf *out, size_t bytes, int64_t *rows,
                        struct hs_err *err)
{
    HS_TRY(hs_pg_rows_write(from->rows, most, bytes, out, rows, err));
    from->written += *rows;
    return HS_OK;
}

/* Rows that are passed over: written aside, and forgotten. */
static hs_rc pass(struct pg_portal *from, int64_t rows, struct hs_err *err)
{
    enum { ASIDE = 64 << 10 };
    struct hs_buf aside;
    hs_rc rc = HS_OK;
    hs_buf_init(&aside, 64 << 20);
    while (rows > 0 && rc == HS_OK) {
        int64_t n = 0;
        hs_buf_clear(&aside);
        rc = write_rows(from, rows, &aside, ASIDE, &n, err);
        rows -= n;
        if (rc == HS_OK && n == 0)
            rc = hs_fail(err, HS_INTERNAL, "internal error");
    }
    hs_buf_fini(&aside);
    return rc;
}

/* The writer stands before row `row`, which has come from access and is still here. */
static hs_rc seek(struct pg_portal *from, int64_t row, struct hs_err *err)
{
    struct pg_kept *k = NULL;
    if (from->written == row - 1 && hs_pg_rows_left(from->rows) > 0)
        return HS_OK;
    for (size_t i = 0; i < from->batches.len && !k; i++)
        if (row >= from->batches.at[i].first && row < from->batches.at[i].first + from->batches.at[i].batch.rows)
            k = &from->batches.at[i];
    if (!k)
        return hs_fail(err, HS_INTERNAL, "internal error");
    HS_TRY(hs_pg_rows_batch(from->rows, &k->batch, err));
    from->written = k->first - 1;
    return pass(from, row - k->first, err);
}

/* ---- beginning ---- */

static void copy_out(struct pg_session *s, const struct pg_portal *p)
{
    bool binary = p->rows_kind == HS_PG_COPY_BINARY;
    size_t at = hs_pg_begin(&s->reply, 'H');
    hs_buf_addc(&s->reply, binary);
    hs_pg_add_i16(&s->reply, (int16_t)p->columns.count);
    for (size_t i = 0; i < p->columns.count; i++)
        hs_pg_add_i16(&s->reply, binary);
    hs_pg_end(&s->reply, at);
}

/* In the memory of who asks: a cursor may be fetched from a million times. */
static int16_t *formats_told(struct pg_portal *asks, const struct pg_portal *from, size_t *count)
{
    *count = from->columns.count;
    int16_t *f = hs_arena_array(asks->arena, *count + 1, sizeof *f);
    for (size_t i = 0; f && i < *count; i++)
        f[i] = (int16_t)from->rows_formats[i];
    return f;
}

/* What goes before the first row. */
static hs_rc begin_rows(struct pg_session *s, struct hs_err *err)
{
    struct pg_run *r = &s->run;
    size_t count;
    r->from->lookup.system = r->from->looks_up && s->catalog ? hs_pg_catalog_system(s->catalog) : NULL;
    HS_TRY(open_writer(s, r->portal, r->from, err));
    r->begun = true;
    if (r->from->statement->kind == HS_PGSQL_COPY && r->from == r->portal) {
        copy_out(s, r->from);
        return hs_pg_rows_head(r->from->rows, &s->reply, err);
    }
    if (!r->describe)
        return HS_OK;
    int16_t *formats = formats_told(r->portal, r->from, &count);
    if (!formats)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_pg_row_description(s, &r->from->columns, formats, count);
    return HS_OK;
}

void hs_pg_stream(struct pg_session *s)
{
    struct hs_err err;
    if (begin_rows(s, &err) != HS_OK)
        hs_pg_fail_err(s, NULL, &err);
    else
        hs_pg_become(s, PG_STREAMING);
}

/* ---- SHOW ---- */

static void texts(struct pg_session *s, struct pg_portal *p, int64_t limit, bool describe)
{
    size_t columns = p->columns.count, sent = 0;
    if (describe)
        hs_pg_row_description(s, &p->columns, p->formats, p->format_count);
    for (; p->text_at < p->text_rows && (limit < 0 || (int64_t)sent < limit); p->text_at++, sent++) {
        size_t at = hs_pg_begin(&s->reply, 'D');
        hs_pg_add_i16(&s->reply, (int16_t)columns);
        for (size_t i = 0; i < columns; i++) {
            hs_str text = p->texts[p->text_at * columns + i];
            hs_pg_add_i32(&s->reply, (int32_t)text.len);
            hs_buf_adds(&s->reply, text);
        }
        hs_pg_end(&s->reply, at);
    }
    if (limit >= 0 && (int64_t)sent == limit && p->text_at < p->text_rows) {
        hs_pg_say(s, 's');
        return;
    }
    p->done = true;
    hs_pg_complete(s, "SHOW");
}

static bool show(struct pg_session *s, struct pg_portal *p, int64_t limit, bool describe)
{
    struct hs_err err;
    const char *state = NULL;
    if (!p->texts && hs_pg_show_texts(s, p, &state, &err) != HS_OK) {
        hs_pg_fail_err(s, state, &err);
        return false;
    }
    texts(s, p, limit, describe);
    return true;
}

/* ---- running ---- */

static bool select_rows(struct pg_session *s, struct pg_portal *p, int64_t limit, bool describe)
{
    if (p->done) {
        hs_pg_complete(s, "SELECT 0");
        return true;
    }
    if (!hs_pg_portal_writable(s, p))
        return false;
    bool copies = p->statement->kind == HS_PGSQL_COPY;
    s->run = (struct pg_run){.portal = p, .from = p, .limit = copies ? -1 : limit, .describe = describe && !copies};
    s->run.suspends = s->run.limit >= 0;
    hs_pg_stream(s);
    return !s->refused;
}

bool hs_pg_run(struct pg_session *s, struct pg_portal *p, int64_t limit, bool describe)
{
    if (!hs_pg_transaction_allows(s, p->statement))
        return false;
    if (p->statement->kind == HS_PGSQL_EXECUTE && !hs_pg_execute_resolved(s, p))
        return false;
    enum hs_pgsql_kind kind = p->cursor ? HS_PGSQL_SELECT : p->statement->kind;
    if (p->done && kind != HS_PGSQL_SELECT) {
        hs_pg_fail(s, "55000", "portal \"%.*s\" cannot be run", HS_FMT(p->name));
        return false;
    }
    if (kind == HS_PGSQL_SELECT || kind == HS_PGSQL_COPY)
        return select_rows(s, p, limit, describe);
    if (kind == HS_PGSQL_SHOW)
        return hs_pg_look(s) && show(s, p, limit, describe); /* the search path is made of what he sees */
    if (kind == HS_PGSQL_DECLARE)
        return hs_pg_declare(s, p);
    if (kind == HS_PGSQL_FETCH || kind == HS_PGSQL_MOVE) {
        s->run.describe = describe;
        return hs_pg_fetch_begin(s, p);
    }
    if (kind == HS_PGSQL_PREPARE && !hs_pg_statement_translated(s, p->statement))
        return false; /* the one of these that may have to wait: for the catalog, or for the pool */
    p->done = true;
    hs_pg_utility(s, p);
    return !s->refused;
}

/* ---- rows, as the socket asks for them ---- */

static void completed(struct pg_session *s)
{
    struct pg_run r = s->run;
    struct hs_err err;
    enum hs_pgsql_kind kind = r.portal->cursor ? HS_PGSQL_SELECT : r.portal->statement->kind;
    long long count = (long long)r.count;
    s->run = (struct pg_run){0};
    hs_pg_become(s, PG_IDLE);
    if (kind == HS_PGSQL_COPY) {
        if (hs_pg_rows_tail(r.from->rows, &s->reply, &err) != HS_OK) {
            hs_pg_fail_err(s, NULL, &err);
            return;
        }
        hs_pg_say(s, 'c');
    }
    if (kind == HS_PGSQL_SELECT && !hs_pg_set_configs(s, r.portal))
        return;
    r.portal->done = !r.portal->cursor;
    hs_pg_complete(s, "%s %lld", kind == HS_PGSQL_SELECT ? "SELECT" : r.portal->statement->parsed->tag, count);
}

static void suspended(struct pg_session *s)
{
    s->run = (struct pg_run){0};
    hs_pg_become(s, PG_IDLE);
    hs_pg_say(s, 's');
}

/* The cursor's row when this run has ended: FETCH says beforehand where that is. */
static void settle_cursor(struct pg_run *r)
{
    struct pg_portal *c = r->from;
    c->position = r->end_position < 0 ? 0 : r->end_position > c->given + 1 ? c->given + 1 : r->end_position;
}

static void fail_rows(struct pg_session *s, const struct hs_err *err)
{
    hs_pg_fail_err(s, NULL, err);
}

/* More rows from access: 1 there are some, 0 none yet, -1 it has ended or failed. */
static int next_batch(struct pg_session *s, struct pg_portal *from, bool waits)
{
    struct hs_err err;
    struct hs_batch batch;
    hs_err_clear(&err);
    if (from->ended)
        return -1;
    switch (hs_call_poll(from->call, &batch, &err)) {
    case HS_CALL_WAIT:
    case HS_CALL_READY:
        return 0;
    case HS_CALL_BATCH:
        if (!from->scroll)
            drop_batches(from);
        if (keep_batch(from, &batch, waits, &err) == HS_OK)
            return 1;
        fail_rows(s, &err);
        return -1;
    case HS_CALL_END:
        from->ended = true;
        return -1;
    case HS_CALL_ERROR:
        hs_pg_fail_call(s, from->statement, from->request_id, &err);
        return -1;
    }
    return -1;
}

static int64_t wanted_now(const struct pg_run *r)
{
    return r->limit < 0 ? -1 : r->limit - r->count;
}

/* What is passed over before, or instead of, being sent. */
static hs_rc pass_now(struct pg_run *r, int64_t *rows, struct hs_err *err)
{
    struct pg_portal *from = r->from;
    int64_t left = hs_pg_rows_left(from->rows), most = r->skip ? r->skip : wanted_now(r);
    *rows = most >= 0 && most < left ? most : left;
    return pass(from, *rows, err);
}

static hs_rc write_now(struct pg_session *s, int64_t most, int64_t *rows, struct hs_err *err)
{
    size_t room = (size_t)s->settings.output_bytes - s->reply.len;
    return write_rows(s->run.from, most, &s->reply, room, rows, err);
}

/* The rows at hand. */
static void forward_rows(struct pg_session *s)
{
    struct pg_run *r = &s->run;
    struct pg_portal *from = r->from;
    struct hs_err err;
    int64_t rows = 0;
    hs_rc rc = seek(from, from->position + 1, &err);
    if (rc == HS_OK && (r->skip || r->discard))
        rc = pass_now(r, &rows, &err);
    else if (rc == HS_OK)
        rc = write_now(s, wanted_now(r), &rows, &err);
    if (rc != HS_OK) {
        fail_rows(s, &err);
        return;
    }
    from->position += rows;
    if (r->skip)
        r->skip -= rows;
    else
        r->count += rows;
}

static void forward_ended(struct pg_session *s)
{
    struct pg_portal *from = s->run.from;
    if (from->cursor)
        from->position = from->given + 1;
    completed(s);
}

/* Forward, as rows come: whatever is passed need not be kept. */
static bool pump_forward(struct pg_session *s)
{
    struct pg_run *r = &s->run;
    if (wanted_now(r) == 0 && r->suspends) {
        suspended(s);
    } else if (wanted_now(r) == 0) {
        completed(s);
    } else if (r->from->position < r->from->given) {
        forward_rows(s);
    } else {
        int there = next_batch(s, r->from, r->suspends || r->from->cursor);
        if (there < 0 && s->state == PG_STREAMING)
            forward_ended(s);
        return there != 0;
    }
    return true;
}

/* A scrollable cursor, whose rows are all kept. */
static bool pump_scroll(struct pg_session *s)
{
    struct pg_run *r = &s->run;
    struct pg_portal *from = r->from;
    struct hs_err err;
    int64_t rows = 1;
    if (!from->ended && (r->from_end || (wanted_now(r) != 0 && from->given < r->next))) {
        int there = next_batch(s, from, true);
        return there > 0 || (there < 0 && s->state == PG_STREAMING);
    }
    if (r->from_end) {
        r->next = r->end_position = from->given + 1 - r->from_end;
        r->from_end = 0;
    }
    if (wanted_now(r) == 0 || r->next < 1 || r->next > from->given) {
        settle_cursor(r);
        completed(s);
        return true;
    }
    hs_rc rc = r->discard ? HS_OK : seek(from, r->next, &err);
    if (rc == HS_OK && !r->discard)
        rc = write_now(s, r->step > 0 ? wanted_now(r) : 1, &rows, &err);
    if (rc != HS_OK)
        fail_rows(s, &err);
    r->count += rc == HS_OK ? rows : 0;
    r->next += r->step > 0 ? rows : -rows;
    return true;
}

bool hs_pg_pump(struct pg_session *s)
{
    bool any = false;
    while (s->state == PG_STREAMING && (int64_t)s->reply.len < s->settings.output_bytes) {
        bool more = s->run.scrolls ? pump_scroll(s) : pump_forward(s);
        if (!more)
            break;
        any = true;
    }
    return any;
}
