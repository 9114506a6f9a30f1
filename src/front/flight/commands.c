/* Flight SQL commands: statements are described, then run by ticket (get.c); facts come from catalogs.c. Where workers
 * are free a description begins what it describes, and what has begun lies aside until its ticket comes. */
#include "front/flight/catalogs.h"
#include "front/flight/handles.h"
#include "front/flight/runs.h"

#include "base/clock.h"
#include "wire/proto.h"

/* ---- which command ---- */

typedef hs_rc (*command_fn)(struct flight_call *c, hs_str value, struct hs_err *err);

static hs_rc no_transaction(hs_str id, struct hs_err *err)
{
    return id.len ? hs_fail(err, HS_UNSUPPORTED, "transactions are not supported") : HS_OK;
}

static hs_rc new_statement(struct flight_call *c, hs_str sql, struct hs_err *err)
{
    c->handle = HS_NEW(c->arena, struct flight_handle);
    if (!c->handle)
        return hs_fail(err, HS_NOMEM, "out of memory");
    c->handle->sql = sql.at ? sql : HS_S("");
    return HS_OK;
}

hs_rc hs_flight_statement(struct flight_call *c, hs_str value, struct hs_err *err)
{
    hs_str sql = {0}, transaction = {0};
    HS_TRY(HS_PICK(value, err, {1, PICK_TEXT, &sql}, {2, PICK_BYTES, &transaction}));
    HS_TRY(no_transaction(transaction, err));
    return new_statement(c, sql, err);
}

static hs_rc opened(struct flight_call *c, enum flight_handle_kind kind, hs_str value, struct hs_err *err)
{
    hs_str sealed = {0};
    HS_TRY(HS_PICK(value, err, {1, PICK_BYTES, &sealed}));
    return hs_flight_handle_open(c, kind, sealed, &c->handle, err);
}

static hs_rc prepared_query(struct flight_call *c, hs_str value, struct hs_err *err)
{
    return opened(c, FLIGHT_PREPARED, value, err);
}

/* What PollFlightInfo said to poll with: whoever describes it instead begins the same statement anew. */
static hs_rc polled(struct flight_call *c, hs_str value, struct hs_err *err)
{
    return opened(c, FLIGHT_POLLED, value, err);
}

static hs_rc no_substrait(struct flight_call *c, hs_str value, struct hs_err *err)
{
    (void)c;
    (void)value;
    return hs_fail(err, HS_UNSUPPORTED, "Substrait plans are not supported; send SQL");
}

static hs_rc no_update(struct flight_call *c, hs_str value, struct hs_err *err)
{
    (void)c;
    (void)value;
    return hs_fail(err, HS_UNSUPPORTED, "this door only reads; updates and ingestion are not supported");
}

static const struct {
    const char *name;
    command_fn run;
} COMMANDS[] = {
    {"CommandStatementQuery", hs_flight_statement},
    {"CommandPreparedStatementQuery", prepared_query},
    {FLIGHT_POLL_COMMAND, polled},
    {"CommandStatementSubstraitPlan", no_substrait},
    {"CommandStatementUpdate", no_update},
    {"CommandPreparedStatementUpdate", no_update},
    {"CommandStatementIngest", no_update},
};

hs_rc hs_flight_unknown(hs_str name, struct hs_err *err)
{
    return hs_fail(err, HS_UNSUPPORTED, "command %.*s is not supported", (int)(name.len > 64 ? 64 : name.len), name.at);
}

static hs_rc run_command(struct flight_call *c, const struct flight_any *any, struct hs_err *err)
{
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
        if (hs_str_is(any->name, COMMANDS[i].name))
            return COMMANDS[i].run(c, any->value, err);
    return hs_flight_unknown(any->name, err);
}

/* A path names a table: [mesh,] domain, table. So a client without SQL reads it whole. */
static hs_rc path_statement(struct flight_call *c, struct hs_err *err)
{
    const struct flight_descriptor *d = &c->descriptor;
    if (d->path_count < 2)
        return hs_fail(err, HS_NOT_FOUND, "a path is [mesh,] domain, table");
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    hs_buf_addz(&b, "SELECT * FROM ");
    for (size_t i = 0; i < d->path_count; i++) {
        if (i)
            hs_buf_addc(&b, '.');
        hs_buf_add_sql_name(&b, d->path[i]);
    }
    hs_str sql = b.failed ? (hs_str){0} : hs_flight_keep(c, hs_buf_str(&b));
    hs_rc rc = sql.at ? new_statement(c, sql, err) : hs_fail(err, HS_LIMIT, "the path is too long");
    hs_buf_fini(&b);
    return rc;
}

/* ---- GetFlightInfo, GetSchema, PollFlightInfo ---- */

struct hs_query hs_flight_query_of(const struct flight_handle *h, size_t row)
{
    return (struct hs_query){.sql = h->sql,
                             .params = row < h->row_count ? &h->rows[row] : NULL,
                             .bound = h->bound,
                             .form = h->form,
                             .part = h->part,
                             .parts = h->parts};
}

/* Which columns get dictionaries is known when there are rows: such a statement is run to be described, and cannot be
 * in parts, each of which would find others. */
static void ask_to_describe(struct flight_call *c, struct hs_query *q)
{
    const struct hs_flight_settings *s = &c->session->settings;
    q->describe_only = true;
    if (c->method->use == FLIGHT_SCHEMA || c->handle->row_count > 1)
        return;
    q->parts_max = q->form.dictionaries || s->endpoints_max < 0 ? 0 : (size_t)s->endpoints_max;
    q->part_bytes = s->endpoint_bytes;
    bool may_begin = hs_flight_runs_room(c->session->door->runs, c->who.name);
    q->if_free = may_begin && !q->form.dictionaries;
    q->describe_only = !q->if_free && !q->form.dictionaries;
}

void hs_flight_begin(struct flight_call *c, void (*on_ready)(struct flight_call *c))
{
    struct hs_query q = hs_flight_query_of(c->handle, 0);
    int64_t deadline_us = c->who.deadline_mono_us;
    ask_to_describe(c, &q);
    if (!q.describe_only) { /* the request's time is for the description, not for what it begins */
        c->answer_by_us = deadline_us;
        c->who.deadline_mono_us = 0;
    }
    hs_flight_ask(c, &q, on_ready);
    c->who.deadline_mono_us = deadline_us;
}

static hs_rc seal_tickets(struct flight_call *c, struct flight_info *info, struct hs_err *err)
{
    struct flight_handle h = *c->handle;
    size_t count = hs_call_parts(c->access);
    hs_str *tickets = hs_arena_array(c->arena, count, sizeof *tickets);
    if (!tickets)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (!h.id.len)
        HS_TRY(hs_flight_handle_name(c, &h.id, err));
    h.bound = hs_call_bound(c->access);
    h.expires_us = hs_wall_us() + c->session->settings.ticket_ms * 1000;
    h.parts = count > 1 ? count : 0;
    for (h.part = 0; h.part < count; h.part++)
        HS_TRY(hs_flight_ticket_seal(c, &h, &tickets[h.part], err));
    c->handle->id = h.id;
    info->tickets = tickets;
    info->ticket_count = count;
    info->expires_us = h.expires_us;
    info->total_records = h.row_count > 1 ? -1 : hs_call_total_rows(c->access);
    info->ordered = true; /* the second endpoint's rows come after the first one's */
    return HS_OK;
}

/* What has begun is kept before the client knows its ticket. */
void hs_flight_described(struct flight_call *c)
{
    struct hs_err err;
    struct hs_buf schema;
    struct flight_info info = {.raw_descriptor = c->descriptor.raw, .total_records = -1};
    hs_buf_init(&schema, FLIGHT_SCHEMA_MAX);
    hs_rc rc = hs_flight_answer_schema(c, true, &schema, &err);
    if (rc == HS_OK && c->method->use != FLIGHT_SCHEMA)
        rc = seal_tickets(c, &info, &err);
    info.schema = hs_buf_str(&schema);
    if (rc == HS_OK && hs_call_runs(c->access) && c->method->use != FLIGHT_SCHEMA)
        hs_flight_runs_keep(c, c->handle->id, c->session->settings.kept_ms, true);
    if (rc == HS_OK)
        hs_flight_reply_info(c, &info);
    else
        hs_flight_fail(c, &err);
    hs_buf_fini(&schema);
}

/* The command itself is the ticket: it is decided again for whoever brings it. */
static hs_rc describe_table(struct flight_call *c, const struct flight_table *t, hs_str value, struct hs_err *err)
{
    struct hs_catalog_query unused = {.with_schema = false};
    struct ArrowSchema schema;
    struct hs_buf b;
    if (t->query) /* what is wrong with the request is said now */
        HS_TRY(t->query(c, value, &unused, err));
    HS_TRY(hs_flight_table_schema(t, value, &schema, err));
    hs_buf_init(&b, FLIGHT_SCHEMA_MAX);
    hs_rc rc = hs_ipc_schema(&schema, true, &b, err);
    if (rc == HS_OK)
        hs_flight_reply_info(c, &(struct flight_info){.schema = hs_buf_str(&b),
                                                      .raw_descriptor = c->descriptor.raw,
                                                      .tickets = &c->descriptor.cmd,
                                                      .ticket_count = 1,
                                                      .total_records = -1});
    hs_buf_fini(&b);
    ArrowSchemaRelease(&schema);
    return rc;
}

/* c->handle is the statement; without one the answer has been sent. */
hs_rc hs_flight_understand(struct flight_call *c, struct hs_err *err)
{
    HS_TRY(hs_codec_descriptor(c->message, &c->descriptor, err));
    if (c->descriptor.is_path) {
        HS_TRY(path_statement(c, err));
    } else {
        struct flight_any any;
        HS_TRY(hs_codec_any(c->descriptor.cmd, &any, err));
        const struct flight_table *t = hs_flight_table_find(any.name);
        if (t)
            return describe_table(c, t, any.value, err);
        HS_TRY(run_command(c, &any, err));
    }
    c->handle->form = c->form;
    return HS_OK;
}

static hs_rc describe(struct flight_call *c, struct hs_err *err)
{
    HS_TRY(hs_flight_understand(c, err));
    if (c->handle)
        hs_flight_begin(c, hs_flight_described);
    return HS_OK;
}

void hs_flight_describe(struct flight_call *c)
{
    struct hs_err err;
    if (describe(c, &err) != HS_OK)
        hs_flight_fail(c, &err);
}

/* ---- ListFlights: the tables the caller sees, each by its path ---- */

static void add_listed(struct hs_buf *b, hs_str schema, hs_str mesh, const struct hs_seen_table *t)
{
    struct hs_buf d;
    hs_buf_init(&d, 1 << 16);
    hs_proto_add_varint(&d, 1, 1); /* PATH */
    hs_proto_add_bytes(&d, 3, mesh);
    hs_proto_add_bytes(&d, 3, t->domain);
    hs_proto_add_bytes(&d, 3, t->name);
    struct flight_info info = {.schema = schema, .raw_descriptor = hs_buf_str(&d), .total_records = -1};
    hs_codec_add_info(b, &info);
    b->failed |= d.failed;
    hs_buf_fini(&d);
}

static hs_rc send_listed(struct flight_call *c, hs_str mesh, const struct hs_seen_table *t, struct hs_err *err)
{
    struct hs_buf schema, b;
    hs_buf_init(&schema, FLIGHT_SCHEMA_MAX);
    hs_buf_init(&b, FLIGHT_SCHEMA_MAX * 2);
    hs_rc rc = hs_flight_schema_bytes(t->type, true, &schema, err);
    if (rc == HS_OK) {
        add_listed(&b, hs_buf_str(&schema), mesh, t);
        rc = hs_buf_done(&b, err);
    }
    if (rc == HS_OK)
        hs_flight_send(c, &b);
    hs_buf_fini(&schema);
    hs_buf_fini(&b);
    return rc;
}

static void listed(struct flight_call *c)
{
    const struct hs_catalog *catalog = hs_call_catalog(c->access);
    struct hs_err err;
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct hs_seen_table *t = &catalog->tables[i];
        if (t->type && send_listed(c, catalog->mesh, t, &err) != HS_OK) {
            hs_flight_fail(c, &err);
            return;
        }
    }
    hs_flight_finish(c);
}

void hs_flight_list(struct flight_call *c)
{
    struct hs_catalog_query q = {.with_schema = true};
    hs_flight_ask_catalog(c, &q, listed);
}
