/* Portals: a statement with its values, from its beginning until all its rows are sent. A cursor is a portal that SQL
 * has made and reads from. */
#include "front/pg/pg.h"

#include "base/alloc.h"
#include "base/clock.h"

struct pg_portal *hs_pg_portal_find(struct pg_session *s, hs_str name)
{
    for (struct pg_portal *p = s->portals; p; p = p->next)
        if (hs_str_eq(p->name, name))
            return p;
    return NULL;
}

static void link_portal(struct pg_session *s, struct pg_portal *p)
{
    p->next = s->portals;
    p->link = &s->portals;
    if (p->next)
        p->next->link = &p->next;
    s->portals = p;
    s->portal_count++;
}

hs_rc hs_pg_portal_charge(struct pg_portal *p, size_t bytes, struct hs_err *err)
{
    struct pg_session *s = p->session;
    if ((int64_t)(s->portal_bytes + bytes) > s->settings.portal_memory) {
        hs_ignore(hs_fail(err, HS_LIMIT, "this connection's portals and cursors hold too much; close some of them"));
        hs_err_state(err, "53400");
        return HS_LIMIT;
    }
    if (!hs_pg_person_hold(s, 0, bytes)) {
        hs_pg_person_hold(s, bytes, 0);
        return hs_pg_person_full(err);
    }
    p->bytes += bytes;
    s->portal_bytes += bytes;
    return HS_OK;
}

void hs_pg_portal_discharge(struct pg_portal *p, size_t bytes)
{
    hs_pg_person_hold(p->session, bytes, 0);
    p->bytes -= bytes;
    p->session->portal_bytes -= bytes;
}

hs_rc hs_pg_portal_recount(struct pg_portal *p, struct hs_err *err)
{
    size_t bytes = hs_arena_used(p->arena);
    HS_TRY(hs_pg_portal_charge(p, bytes - p->arena_bytes, err));
    p->arena_bytes = bytes;
    return HS_OK;
}

hs_rc hs_pg_portal_new(struct pg_session *s, hs_str name, struct pg_statement *st, struct pg_portal **out,
                       struct hs_err *err)
{
    if ((int64_t)s->portal_count >= s->settings.portals_max) {
        hs_ignore(hs_fail(err, HS_LIMIT, "this connection has too many portals and cursors open"));
        hs_err_state(err, "53400");
        return HS_LIMIT;
    }
    struct pg_portal *p = hs_calloc(1, sizeof *p);
    if (!p)
        return hs_fail(err, HS_NOMEM, "out of memory");
    p->session = s;
    p->statement = hs_pg_statement_ref(st);
    p->depth = s->tx.savepoint_count;
    p->opened_us = s->statement_us;
    p->written = -1;
    link_portal(s, p);
    p->arena = hs_arena_new(0);
    p->name = p->arena ? hs_arena_str(p->arena, name) : (hs_str){0};
    if (!p->name.at) {
        hs_pg_portal_free(p);
        return hs_fail(err, HS_NOMEM, "out of memory");
    }
    *out = p;
    return HS_OK;
}

/* What access and its rows hold. */
static void let_go(struct pg_portal *p)
{
    hs_pg_rows_close(p->rows); /* it borrows from a batch */
    p->rows = NULL;
    p->written = -1;
    for (size_t i = 0; i < p->batches.len; i++)
        hs_batch_release(&p->batches.at[i].batch);
    p->batches.len = 0;
    if (p->ended)
        hs_pg_call_ended(p->call);
    else
        hs_call_close(p->call);
    p->call = NULL;
}

void hs_pg_portal_fail(struct pg_portal *p)
{
    let_go(p);
    p->failed = true;
}

void hs_pg_portal_free(struct pg_portal *p)
{
    if (!p)
        return;
    struct pg_session *s = p->session;
    if (s->simple.portal == p)
        s->simple.portal = NULL;
    if (s->starting == p)
        s->starting = NULL;
    if (s->run.portal == p || s->run.from == p)
        s->run = (struct pg_run){0};
    for (struct pg_portal *other = s->portals; other; other = other->next)
        if (other->makes == p)
            other->makes = NULL;
    let_go(p);
    *p->link = p->next;
    if (p->next)
        p->next->link = p->link;
    s->portal_count--;
    hs_pg_portal_discharge(p, p->bytes);
    hs_pg_statement_unref(p->statement);
    hs_arena_free(p->arena);
    hs_free(p);
}

/* Cursors WITH HOLD outlive the transaction that has been committed: their rows are of its snapshot. */
void hs_pg_portals_end(struct pg_session *s, bool committed)
{
    for (struct pg_portal *p = s->portals, *next; p; p = next) {
        next = p->next;
        if (p->hold && committed && !p->failed)
            p->held = true;
        if (!p->held)
            hs_pg_portal_free(p);
    }
}

/* ---- beginning ---- */

static hs_rc open_rows(struct pg_session *s, struct pg_portal *p, struct hs_err *err)
{
    const struct hs_type *schema = hs_call_schema(p->call);
    struct hs_pg_rows *writer;
    p->oids = hs_pg_declared_types(&p->statement->translation, schema->field_count, p->arena);
    hs_pg_lookup_init(&p->lookup, s->catalog ? hs_pg_catalog_system(s->catalog) : NULL, p->call);
    HS_TRY(hs_pg_writer_open(s, p->oids, schema, (struct hs_pg_rows_spec){0}, &p->lookup, &writer, err));
    hs_rc rc = hs_pg_columns_of(p->statement, schema, writer, &p->lookup, p->arena, &p->columns, err);
    hs_pg_rows_close(writer);
    p->looks_up = hs_pg_needs_lookup(schema, p->oids);
    p->lookup.system = NULL; /* it is lent for this message alone */
    return rc == HS_OK ? hs_pg_portal_recount(p, err) : rc;
}

/* What a client was told of the statement's columns holds, or it hears of it. */
static hs_rc check_promise(const struct pg_portal *p, struct hs_err *err)
{
    const struct pg_statement *st = p->statement;
    if (!st->promised || hs_pg_columns_same(&st->columns, &p->columns))
        return HS_OK;
    hs_ignore(hs_fail(err, HS_CONFLICT, "cached plan must not change result type"));
    hs_err_state(err, "0A000");
    return HS_CONFLICT;
}

static void take_schema(struct pg_session *s, struct pg_portal *p)
{
    struct hs_err err;
    hs_rc rc = open_rows(s, p, &err);
    if (rc == HS_OK)
        rc = check_promise(p, &err);
    s->starting = NULL;
    hs_pg_become(s, PG_IDLE);
    p->ready = rc == HS_OK;
    if (rc == HS_OK)
        return;
    hs_pg_portal_fail(p);
    hs_pg_fail_err(s, NULL, &err);
}

void hs_pg_portal_news(struct pg_session *s)
{
    struct pg_portal *p = s->starting;
    struct hs_err err;
    struct hs_batch batch;
    hs_err_clear(&err);
    switch (hs_call_poll(p->call, &batch, &err)) {
    case HS_CALL_WAIT:
        return;
    case HS_CALL_READY:
        take_schema(s, p);
        return;
    case HS_CALL_BATCH:
        hs_batch_release(&batch);
        return;
    case HS_CALL_END:
    case HS_CALL_ERROR:
        hs_pg_fail_call(s, p->statement, p->request_id, &err);
        return;
    }
}

void hs_pg_asked(struct pg_session *s)
{
    if (s->ask)
        hs_pg_statement_news(s);
    else if (s->starting)
        hs_pg_portal_news(s);
}

bool hs_pg_portal_started(struct pg_session *s, struct pg_portal *p)
{
    struct hs_err err;
    const char *state = NULL;
    if (p->failed) {
        hs_pg_fail(s, "55000", "portal \"%.*s\" cannot be run", HS_FMT(p->name));
        return false;
    }
    if (p->ready)
        return true;
    /* Printed for this use of it: of a statement that was described a moment ago that has been done. */
    if (!hs_pg_look(s) || !hs_pg_statement_translated(s, p->statement))
        return false;
    if (hs_pg_start_query(s, p->statement, &p->params, false, p->request_id, &p->call, &state, &err) != HS_OK) {
        hs_pg_fail_err(s, state, &err);
        return false;
    }
    s->starting = p;
    p->source = PG_FROM_CALL;
    hs_pg_become(s, PG_ASKING);
    hs_pg_portal_news(s);
    return !s->refused && p->ready; /* a portal that has failed may be gone */
}

bool hs_pg_portal_writable(struct pg_session *s, struct pg_portal *p)
{
    return hs_pg_portal_started(s, p) && (!p->looks_up || hs_pg_look(s));
}

const struct pg_columns *hs_pg_portal_columns(struct pg_session *s, struct pg_portal *p)
{
    const struct pg_portal *from = p->source == PG_FROM_CURSOR ? hs_pg_fetch_cursor(s, p) : p;
    bool gives = p->cursor || hs_pg_gives_rows(p->statement->kind);
    return from && from->columns.known && gives ? &from->columns : NULL;
}

bool hs_pg_portal_described(struct pg_session *s, struct pg_portal *p)
{
    struct hs_err err;
    const char *state = NULL;
    enum hs_pgsql_kind kind = p->cursor ? HS_PGSQL_SELECT : p->statement->kind;
    if (kind == HS_PGSQL_SELECT)
        return hs_pg_portal_started(s, p);
    if (kind == HS_PGSQL_FETCH)
        p->source = PG_FROM_CURSOR;
    if (kind != HS_PGSQL_SHOW || p->texts)
        return true;
    if (!hs_pg_look(s))
        return false;
    if (hs_pg_show_texts(s, p, &state, &err) == HS_OK)
        return true;
    hs_pg_fail_err(s, state, &err);
    return false;
}
