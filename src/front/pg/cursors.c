/* DECLARE, FETCH, MOVE. A cursor goes forward as its rows come; one that is declared SCROLL keeps what it has read, up
 * to scroll_bytes, so that going back gives the very rows that were there. */
#include "front/pg/pg.h"

static hs_rc copy_params(const struct hs_params *from, struct pg_portal *to, struct hs_err *err)
{
    to->params.at = hs_arena_array(to->arena, from->count + 1, sizeof *to->params.at);
    if (!to->params.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < from->count; i++) {
        to->params.at[i] = from->at[i];
        if (from->at[i].text.at)
            to->params.at[i].text = hs_arena_str(to->arena, from->at[i].text);
        if (from->at[i].text.at && !to->params.at[i].text.at)
            return hs_fail(err, HS_NOMEM, "out of memory");
    }
    to->params.count = from->count;
    return HS_OK;
}

static hs_rc make(struct pg_session *s, struct pg_portal *p, struct hs_err *err)
{
    const struct hs_pgsql_cursor *d = &p->statement->parsed->cursor;
    struct pg_portal *c;
    HS_TRY(hs_pg_portal_new(s, d->name, p->statement, &c, err));
    c->cursor = true;
    c->binary = d->binary;
    c->scroll = d->scroll;
    c->hold = d->hold;
    hs_rc rc = copy_params(&p->params, c, err);
    if (rc == HS_OK)
        rc = hs_pg_portal_recount(c, err);
    if (rc == HS_OK)
        p->makes = c;
    else
        hs_pg_portal_free(c);
    return rc;
}

bool hs_pg_declare(struct pg_session *s, struct pg_portal *p)
{
    const struct hs_pgsql_cursor *d = &p->statement->parsed->cursor;
    struct hs_err err;
    if (!p->makes && !d->hold && !hs_pg_in_block(s) && !s->tx.in_script) {
        hs_pg_fail(s, "25P01", "DECLARE CURSOR can only be used in transaction blocks");
        return false;
    }
    if (!p->makes && hs_pg_portal_find(s, d->name)) {
        hs_pg_fail(s, "42P03", "cursor \"%.*s\" already exists", HS_FMT(d->name));
        return false;
    }
    if (!p->makes && make(s, p, &err) != HS_OK) {
        hs_pg_fail_err(s, NULL, &err);
        return false;
    }
    if (!hs_pg_portal_started(s, p->makes))
        return false;
    p->makes = NULL;
    p->done = true;
    hs_pg_complete(s, "DECLARE CURSOR");
    return true;
}

/* ---- FETCH ---- */

struct pg_portal *hs_pg_fetch_cursor(struct pg_session *s, const struct pg_portal *p)
{
    return hs_pg_portal_find(s, p->statement->parsed->fetch.name);
}

static bool cannot_go_back(struct pg_session *s)
{
    hs_pg_error(s, &(struct pg_notice){.sqlstate = "55000",
                                       .message = HS_S("cursor can only scan forward"),
                                       .hint = HS_S("Declare it with SCROLL option to enable backward scan.")});
    return false;
}

static int64_t added(int64_t a, int64_t b) /* both at least 0 */
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* Where there is no going back. */
static bool aim_forward(struct pg_session *s, const struct hs_pgsql_fetch *f, struct pg_run *r)
{
    int64_t at = r->from->position, ahead = f->count;
    if (f->direction == HS_PGSQL_ABSOLUTE)
        ahead = f->count > at ? f->count - at : 0;
    if (f->direction == HS_PGSQL_BACKWARD || ahead <= 0)
        return cannot_go_back(s);
    if (f->direction == HS_PGSQL_FORWARD) {
        r->limit = ahead == INT64_MAX ? -1 : ahead;
    } else {
        r->limit = 1;
        r->skip = ahead - 1;
    }
    return true;
}

static void aim_at(struct pg_run *r, int64_t row)
{
    r->next = r->end_position = row;
    r->limit = row > 0 ? 1 : 0;
}

static void aim_absolute(struct pg_run *r, int64_t count)
{
    aim_at(r, count > 0 ? count : 0);
    if (count < 0) {
        r->from_end = count == INT64_MIN ? INT64_MAX : -count;
        r->limit = 1;
    }
}

static void aim_ahead(struct pg_run *r, int64_t at, int64_t count)
{
    r->next = at + 1;
    r->limit = count == INT64_MAX ? -1 : count;
    r->end_position = added(at, count);
}

static void aim_back(struct pg_run *r, int64_t at, int64_t count)
{
    r->step = -1;
    r->next = at - 1;
    r->limit = count == INT64_MAX ? -1 : count;
    r->end_position = count < at ? at - count : 0;
}

static void aim_relative(struct pg_run *r, int64_t at, int64_t count)
{
    if (count >= 0)
        aim_at(r, added(at, count));
    else
        aim_at(r, count > -at ? at + count : 0);
}

/* The row it stands on, once more; in front of the first and behind the last there is none. */
static void aim_again(struct pg_run *r, int64_t at)
{
    aim_at(r, at);
    if (at > r->from->given)
        r->limit = 0;
}

static void aim_scroll(const struct hs_pgsql_fetch *f, struct pg_run *r)
{
    int64_t at = r->from->position;
    bool forward = f->direction == HS_PGSQL_FORWARD, backward = f->direction == HS_PGSQL_BACKWARD;
    int64_t back = f->count == INT64_MIN ? INT64_MAX : -f->count;
    r->scrolls = true;
    r->step = 1;
    if (f->direction == HS_PGSQL_ABSOLUTE)
        aim_absolute(r, f->count);
    else if (f->count == 0)
        aim_again(r, at);
    else if (f->direction == HS_PGSQL_RELATIVE)
        aim_relative(r, at, f->count);
    else if ((forward && f->count > 0) || (backward && f->count < 0))
        aim_ahead(r, at, forward ? f->count : back);
    else
        aim_back(r, at, backward ? f->count : back);
}

static struct pg_portal *find_cursor(struct pg_session *s, const struct pg_portal *p)
{
    struct pg_portal *c = hs_pg_fetch_cursor(s, p);
    bool reads = c && c != p && (c->cursor || c->statement->kind == HS_PGSQL_SELECT);
    if (!reads)
        hs_pg_fail(s, "34000", "cursor \"%.*s\" does not exist", HS_FMT(p->statement->parsed->fetch.name));
    return reads ? c : NULL;
}

bool hs_pg_fetch_begin(struct pg_session *s, struct pg_portal *p)
{
    const struct hs_pgsql_fetch *f = &p->statement->parsed->fetch;
    bool describe = s->run.describe;
    struct pg_portal *c = find_cursor(s, p);
    s->run = (struct pg_run){0};
    if (!c || !hs_pg_portal_writable(s, c))
        return false;
    p->source = PG_FROM_CURSOR;
    bool moves = p->statement->kind == HS_PGSQL_MOVE;
    struct pg_run r = {.portal = p, .from = c, .discard = moves, .describe = describe && !moves};
    if (c->scroll)
        aim_scroll(f, &r);
    else if (!aim_forward(s, f, &r))
        return false;
    s->run = r;
    hs_pg_stream(s);
    return !s->refused;
}
