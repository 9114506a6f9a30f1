/* DoGet: the answer of a ticket. A statement's may have begun when the ticket was made, and is read on then; several
 * rows of parameters are so many statements, whose answers follow one another in one stream. */
#include "front/flight/catalogs.h"
#include "front/flight/handles.h"
#include "front/flight/runs.h"

#include <stdio.h>

static void fail_rc(struct flight_call *c, hs_rc rc, const struct hs_err *err)
{
    if (rc != HS_OK)
        hs_flight_fail(c, err);
}

static hs_rc start_stream(struct flight_call *c, const struct hs_buf *schema, struct hs_err *err)
{
    HS_TRY(hs_buf_done(schema, err));
    HS_TRY(hs_flight_send_schema(c, hs_buf_str(schema), err));
    hs_flight_become(c, FLIGHT_STREAMING);
    hs_grpc_resume(c->grpc);
    return HS_OK;
}

/* ---- a statement ---- */

/* One stream has one schema; a parameter's value may decide a column's type (SELECT ?). */
static hs_rc next_answer(struct flight_call *c, hs_str schema, struct hs_err *err)
{
    if (!hs_str_eq(schema, c->answer_schema))
        return hs_fail(err, HS_INVALID, "row %zu of the parameters makes an answer of other types than the first",
                       c->row + 1);
    hs_flight_become(c, FLIGHT_STREAMING);
    hs_grpc_resume(c->grpc);
    return HS_OK;
}

static hs_rc first_answer(struct flight_call *c, const struct hs_buf *schema, struct hs_err *err)
{
    HS_TRY(hs_buf_done(schema, err));
    if (c->handle->row_count > 1 && !(c->answer_schema = hs_flight_keep(c, hs_buf_str(schema))).at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    return start_stream(c, schema, err);
}

static void running(struct flight_call *c)
{
    struct hs_err err;
    struct hs_buf schema;
    hs_buf_init(&schema, FLIGHT_SCHEMA_MAX);
    hs_rc rc = hs_flight_answer_schema(c, false, &schema, &err);
    if (rc == HS_OK)
        rc = c->row ? next_answer(c, hs_buf_str(&schema), &err) : first_answer(c, &schema, &err);
    hs_buf_fini(&schema);
    fail_rc(c, rc, &err);
}

static void ask_row(struct flight_call *c)
{
    struct hs_query q = hs_flight_query_of(c->handle, c->row);
    hs_flight_ask(c, &q, running);
    if (c->access)
        hs_flight_runs_enter(c, c->handle->id);
}

/* Its request is the one that began it: so log and audit call it. */
static void read_begun(struct flight_call *c, bool began)
{
    snprintf(c->request_id, sizeof c->request_id, "%s", hs_call_request_id(c->access));
    hs_flight_runs_enter(c, c->handle->id);
    if (!began) {
        hs_flight_asked(c, running);
        return;
    }
    hs_flight_become(c, FLIGHT_ASKING);
    running(c);
}

static bool may_have_begun(const struct flight_handle *h)
{
    return h->row_count < 2 && h->parts < 2;
}

static hs_rc get_statement(struct flight_call *c, hs_str ticket, struct hs_err *err)
{
    bool began = false;
    HS_TRY(hs_flight_ticket_open(c, ticket, &c->handle, err));
    if (may_have_begun(c->handle) && hs_flight_runs_take(c, c->handle->id, &began))
        read_begun(c, began);
    else
        ask_row(c);
    return HS_OK;
}

void hs_flight_read_on(struct flight_call *c)
{
    if (c->handle && c->row + 1 < c->handle->row_count) {
        hs_flight_drop_access(c);
        c->row++;
        ask_row(c);
        return;
    }
    if (c->handle) /* read to its end: what was kept for it has served */
        hs_flight_handle_forget(c, c->handle);
    hs_flight_finish(c);
}

/* ---- metadata ---- */

static hs_rc stream_table(struct flight_call *c, const struct hs_catalog *catalog, struct hs_err *err)
{
    struct ArrowSchema schema;
    struct hs_buf b;
    HS_TRY(hs_flight_table_rows(c->table, c, c->command.value, catalog, &c->batch, err));
    c->have_batch = true;
    HS_TRY(hs_flight_table_schema(c->table, c->command.value, &schema, err));
    hs_buf_init(&b, FLIGHT_SCHEMA_MAX);
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
        return get_statement(c, ticket, err);
    return hs_flight_unknown(any.name, err);
}

void hs_flight_get(struct flight_call *c)
{
    struct hs_err err;
    fail_rc(c, get(c, &err), &err);
}
