/* Flight SQL commands: statements are described, then run by ticket; facts come from catalogs.c. */
#include "front/flight/catalogs.h"
#include "front/flight/handles.h"

#include "base/clock.h"
#include "wire/proto.h"

enum { SCHEMA_MAX = 16 << 20 };

static void fail_rc(struct flight_call *c, hs_rc rc, const struct hs_err *err)
{
    if (rc != HS_OK)
        hs_flight_fail(c, err);
}

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

static hs_rc statement_query(struct flight_call *c, hs_str value, struct hs_err *err)
{
    hs_str sql = {0}, transaction = {0};
    HS_TRY(HS_PICK(value, err, {1, PICK_TEXT, &sql}, {2, PICK_BYTES, &transaction}));
    HS_TRY(no_transaction(transaction, err));
    return new_statement(c, sql, err);
}

static hs_rc prepared_query(struct flight_call *c, hs_str value, struct hs_err *err)
{
    hs_str sealed = {0};
    HS_TRY(HS_PICK(value, err, {1, PICK_BYTES, &sealed}));
    return hs_flight_handle_open(c, FLIGHT_PREPARED, sealed, &c->handle, err);
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
    {"CommandStatementQuery", statement_query},      {"CommandPreparedStatementQuery", prepared_query},
    {"CommandStatementSubstraitPlan", no_substrait}, {"CommandStatementUpdate", no_update},
    {"CommandPreparedStatementUpdate", no_update},   {"CommandStatementIngest", no_update},
};

static hs_rc unknown(hs_str name, struct hs_err *err)
{
    return hs_fail(err, HS_UNSUPPORTED, "command %.*s is not supported", (int)(name.len > 64 ? 64 : name.len), name.at);
}

static hs_rc run_command(struct flight_call *c, const struct flight_any *any, struct hs_err *err)
{
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
        if (hs_str_is(any->name, COMMANDS[i].name))
            return COMMANDS[i].run(c, any->value, err);
    return unknown(any->name, err);
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

static hs_rc wire_ticket(struct flight_call *c, hs_str sealed, hs_str *out, struct hs_err *err)
{
    struct hs_buf inner, any;
    hs_buf_init(&inner, 1 << 20);
    hs_buf_init(&any, 1 << 20);
    hs_proto_add_bytes(&inner, 1, sealed);
    hs_codec_add_any(&any, "TicketStatementQuery", hs_buf_str(&inner));
    *out = inner.failed || any.failed ? (hs_str){0} : hs_flight_keep(c, hs_buf_str(&any));
    hs_buf_fini(&inner);
    hs_buf_fini(&any);
    return out->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static hs_rc seal_ticket(struct flight_call *c, hs_str bound, hs_str *out, int64_t *out_expires_us, struct hs_err *err)
{
    struct flight_handle h = *c->handle;
    hs_str sealed;
    h.bound = bound;
    h.expires_us = *out_expires_us = hs_wall_us() + c->session->settings.ticket_ms * 1000;
    HS_TRY(hs_flight_handle_seal(c, FLIGHT_TICKET, &h, &sealed, err));
    return wire_ticket(c, sealed, out, err);
}

static void described(struct flight_call *c)
{
    struct hs_err err;
    struct hs_buf schema;
    hs_str ticket = {0};
    int64_t expires_us = 0;
    hs_buf_init(&schema, SCHEMA_MAX);
    hs_rc rc = hs_flight_schema_bytes(hs_call_schema(c->access), true, &schema, &err);
    if (rc == HS_OK && c->method->use != FLIGHT_SCHEMA)
        rc = seal_ticket(c, hs_call_bound(c->access), &ticket, &expires_us, &err);
    if (rc == HS_OK)
        hs_flight_reply_schema(c, hs_buf_str(&schema), ticket, expires_us);
    else
        hs_flight_fail(c, &err);
    hs_buf_fini(&schema);
}

static struct hs_query query_of(const struct flight_handle *h, bool describe_only)
{
    return (struct hs_query){
        .sql = h->sql, .params = h->has_params ? &h->params : NULL, .describe_only = describe_only, .bound = h->bound};
}

/* The command itself is the ticket: it is decided again for whoever brings it. */
static hs_rc describe_table(struct flight_call *c, const struct flight_table *t, hs_str value, struct hs_err *err)
{
    struct ArrowSchema schema;
    struct hs_buf b;
    HS_TRY(hs_flight_table_schema(t, value, &schema, err));
    hs_buf_init(&b, SCHEMA_MAX);
    hs_rc rc = hs_ipc_schema(&schema, true, &b, err);
    if (rc == HS_OK)
        hs_flight_reply_schema(c, hs_buf_str(&b), c->descriptor.cmd, 0);
    hs_buf_fini(&b);
    ArrowSchemaRelease(&schema);
    return rc;
}

static hs_rc describe(struct flight_call *c, struct hs_err *err)
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
    struct hs_query q = query_of(c->handle, true);
    hs_flight_ask(c, &q, described);
    return HS_OK;
}

void hs_flight_describe(struct flight_call *c)
{
    struct hs_err err;
    fail_rc(c, describe(c, &err), &err);
}

/* ---- DoGet ---- */

static hs_rc start_stream(struct flight_call *c, const struct hs_buf *schema, struct hs_err *err)
{
    HS_TRY(hs_buf_done(schema, err));
    HS_TRY(hs_flight_send_schema(c, hs_buf_str(schema), err));
    hs_flight_become(c, FLIGHT_STREAMING);
    hs_grpc_resume(c->grpc);
    return HS_OK;
}

static void running(struct flight_call *c)
{
    struct hs_err err;
    struct hs_buf schema;
    hs_buf_init(&schema, SCHEMA_MAX);
    hs_rc rc = hs_flight_schema_bytes(hs_call_schema(c->access), false, &schema, &err);
    if (rc == HS_OK)
        rc = start_stream(c, &schema, &err);
    hs_buf_fini(&schema);
    fail_rc(c, rc, &err);
}

static hs_rc get_statement(struct flight_call *c, hs_str value, struct hs_err *err)
{
    hs_str sealed = {0};
    HS_TRY(HS_PICK(value, err, {1, PICK_BYTES, &sealed}));
    c->ticket = sealed;
    HS_TRY(hs_flight_handle_open(c, FLIGHT_TICKET, sealed, &c->handle, err));
    struct hs_query q = query_of(c->handle, false);
    hs_flight_ask(c, &q, running);
    return HS_OK;
}

static hs_rc stream_table(struct flight_call *c, const struct hs_catalog *catalog, struct hs_err *err)
{
    struct ArrowSchema schema;
    struct hs_buf b;
    HS_TRY(hs_flight_table_rows(c->table, c, c->command.value, catalog, &c->batch, err));
    c->have_batch = true;
    HS_TRY(hs_flight_table_schema(c->table, c->command.value, &schema, err));
    hs_buf_init(&b, SCHEMA_MAX);
    hs_rc rc = hs_ipc_schema(&schema, false, &b, err);
    ArrowSchemaRelease(&schema);
    if (rc == HS_OK)
        rc = start_stream(c, &b, err);
    hs_buf_fini(&b);
    return rc;
}

static void catalog_ready(struct flight_call *c)
{
    struct hs_err err;
    hs_rc rc = stream_table(c, hs_call_catalog(c->access), &err);
    hs_flight_drop_access(c);
    fail_rc(c, rc, &err);
}

static hs_rc get_table(struct flight_call *c, const struct flight_table *t, const struct flight_any *any,
                       struct hs_err *err)
{
    struct hs_catalog_query q = {.with_schema = false};
    c->table = t;
    c->command = *any;
    if (!t->query)
        return stream_table(c, NULL, err);
    HS_TRY(t->query(c, any->value, &q, err));
    hs_flight_ask_catalog(c, &q, catalog_ready);
    return HS_OK;
}

static hs_rc get(struct flight_call *c, struct hs_err *err)
{
    hs_str ticket = {0};
    struct flight_any any;
    HS_TRY(HS_PICK(c->message, err, {1, PICK_BYTES, &ticket}));
    HS_TRY(hs_codec_any(ticket, &any, err));
    const struct flight_table *t = hs_flight_table_find(any.name);
    if (t)
        return get_table(c, t, &any, err);
    if (hs_str_is(any.name, "TicketStatementQuery"))
        return get_statement(c, any.value, err);
    return unknown(any.name, err);
}

void hs_flight_get(struct flight_call *c)
{
    struct hs_err err;
    fail_rc(c, get(c, &err), &err);
}

/* ---- CreatePreparedStatement ---- */

/* The types are not known before values are bound: null, as ADBC's GetParameterSchema asks for unknown types. */
static hs_rc param_schema(struct flight_call *c, size_t count, struct hs_buf *out, struct hs_err *err)
{
    struct hs_type *all = hs_type_new(c->arena, HS_T_STRUCT), *null = hs_type_new(c->arena, HS_T_UNKNOWN);
    struct hs_field *fields = hs_arena_array(c->arena, count + 1, sizeof *fields);
    if (!all || !null || !fields)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct hs_field){.id = -1, .name = hs_arena_printf(c->arena, "%zu", i + 1), .type = null};
    all->fields = fields;
    all->field_count = count;
    return hs_flight_schema_bytes(all, true, out, err);
}

static hs_rc add_prepared(struct flight_call *c, struct hs_buf *inner, struct hs_err *err)
{
    struct flight_handle h = {.sql = c->handle->sql, .bound = HS_S("")};
    struct hs_buf dataset, params;
    hs_str sealed;
    size_t count = hs_call_param_count(c->access);
    h.expires_us = hs_wall_us() + c->session->settings.ticket_ms * 1000;
    HS_TRY(hs_flight_handle_seal(c, FLIGHT_PREPARED, &h, &sealed, err));
    hs_buf_init(&dataset, SCHEMA_MAX);
    hs_buf_init(&params, SCHEMA_MAX);
    hs_rc rc = hs_flight_schema_bytes(hs_call_schema(c->access), true, &dataset, err);
    if (rc == HS_OK && count)
        rc = param_schema(c, count, &params, err);
    hs_proto_add_bytes(inner, 1, sealed);
    hs_proto_add_bytes(inner, 2, hs_buf_str(&dataset));
    hs_proto_add_bytes(inner, 3, hs_buf_str(&params));
    hs_buf_fini(&dataset);
    hs_buf_fini(&params);
    return rc == HS_OK ? hs_buf_done(inner, err) : rc;
}

static void prepared(struct flight_call *c)
{
    struct hs_err err;
    struct hs_buf inner, any;
    hs_buf_init(&inner, SCHEMA_MAX * 3);
    hs_buf_init(&any, SCHEMA_MAX * 3);
    hs_rc rc = add_prepared(c, &inner, &err);
    if (rc == HS_OK) {
        hs_codec_add_any(&any, "ActionCreatePreparedStatementResult", hs_buf_str(&inner));
        rc = hs_buf_done(&any, &err);
    }
    if (rc == HS_OK)
        hs_flight_reply_result(c, hs_buf_str(&any));
    else
        hs_flight_fail(c, &err);
    hs_buf_fini(&inner);
    hs_buf_fini(&any);
}

void hs_flight_prepare(struct flight_call *c, hs_str value)
{
    struct hs_err err;
    hs_rc rc = statement_query(c, value, &err); /* the same fields */
    if (rc != HS_OK) {
        hs_flight_fail(c, &err);
        return;
    }
    struct hs_query q = query_of(c->handle, true);
    hs_flight_ask(c, &q, prepared);
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
    struct flight_info info = {.schema = schema, .raw_descriptor = hs_buf_str(&d)};
    hs_codec_add_info(b, &info);
    b->failed |= d.failed;
    hs_buf_fini(&d);
}

static hs_rc send_listed(struct flight_call *c, hs_str mesh, const struct hs_seen_table *t, struct hs_err *err)
{
    struct hs_buf schema, b;
    hs_buf_init(&schema, SCHEMA_MAX);
    hs_buf_init(&b, SCHEMA_MAX * 2);
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
