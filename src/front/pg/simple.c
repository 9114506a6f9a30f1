/* The simple query: a text of several statements, one after the other, and ReadyForQuery at its end. Together they are
 * one transaction, unless they say otherwise. */
#include "front/pg/pg.h"

#include "base/alloc.h"
#include "base/clock.h"

enum { STATEMENT_TURN = 4 }; /* of TURN_MAX (session.c): a text may have ten thousand statements */

static void finish(struct pg_session *s, bool good)
{
    hs_pg_portal_free(s->simple.portal);
    hs_pg_text_unref(s->simple.text);
    hs_free((char *)(uintptr_t)s->simple.source.at);
    s->simple.source = (hs_str){0};
    s->simple.portal = NULL;
    s->simple.text = NULL;
    s->simple.active = s->simple.running = false;
    hs_pg_transaction_implicit_end(s, good);
    s->tx.in_script = false;
    s->quiet_since_ms = s->now_ms;
    hs_pg_ready(s);
}

enum pg_handled hs_pg_query(struct pg_session *s, hs_str body)
{
    struct hs_cursor c = hs_cursor_of(body);
    hs_str text = hs_pg_text(&c);
    if (!hs_pg_all_read(&c)) {
        hs_pg_fatal(s, "08P01", "invalid message format");
        return PG_HANDLED;
    }
    struct pg_portal *unnamed = hs_pg_portal_find(s, HS_S(""));
    struct pg_statement *last = hs_pg_statement_find(s, HS_S(""));
    hs_pg_portal_free(unnamed);
    if (last)
        hs_pg_statement_leave(s, last);
    s->statement_since_ms = s->now_ms;
    s->statement_us = hs_wall_us();
    s->simple.active = true;
    s->simple.next = 0;
    s->simple.source = (hs_str){hs_strndup(text.at, text.len), text.len};
    if (!s->simple.source.at)
        hs_pg_fail(s, "53200", "out of memory");
    return PG_HANDLED;
}

/* False: it waits, or has failed. */
static bool read_script(struct pg_session *s)
{
    struct hs_err err;
    if (!hs_pg_text_ready(s, s->simple.source))
        return false;
    if (hs_pg_text_read(s, s->simple.source, &s->simple.text, &err) != HS_OK) {
        hs_pg_fail_err(s, NULL, &err);
        return false;
    }
    s->tx.in_script = s->simple.text->script.count > 1;
    return true;
}

static bool make_portal(struct pg_session *s)
{
    struct pg_statement *st = NULL;
    struct hs_err err;
    hs_rc rc = hs_pg_statement_new(s, HS_S(""), s->simple.text, s->simple.next, NULL, 0, &st, &err);
    if (rc == HS_OK && st->param_count && st->kind != HS_PGSQL_PREPARE) {
        hs_pg_fail(s, "42P02", "there is no parameter $1");
        hs_pg_statement_unref(st);
        return false;
    }
    if (rc == HS_OK)
        rc = hs_pg_portal_new(s, HS_S(""), st, &s->simple.portal, &err);
    if (rc != HS_OK)
        hs_pg_fail_err(s, NULL, &err);
    hs_pg_statement_unref(st);
    return rc == HS_OK;
}

bool hs_pg_simple_step(struct pg_session *s)
{
    if (s->refused) {
        finish(s, false);
        return true;
    }
    if (s->simple.running) { /* it has come to its end */
        hs_pg_portal_free(s->simple.portal);
        s->simple.portal = NULL;
        s->simple.running = false;
        s->simple.next++;
        s->turn += STATEMENT_TURN;
        return true;
    }
    if (!s->simple.text && !read_script(s))
        return s->refused || s->state == PG_ENDED;
    if (s->simple.next == s->simple.text->script.count) {
        finish(s, true);
        return true;
    }
    if (!s->simple.portal && !make_portal(s))
        return true;
    s->simple.running = hs_pg_run(s, s->simple.portal, -1, true);
    return s->simple.running || s->refused || s->state == PG_ENDED;
}
