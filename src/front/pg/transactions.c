/* Transactions that only read: one snapshot of every table from the first statement on, changes of parameters that
 * ROLLBACK takes back, and cursors that end with them. */
#include "front/pg/parameters.h"

#include "base/alloc.h"

bool hs_pg_in_block(const struct pg_session *s)
{
    return s->tx.status != 'I';
}

struct hs_pins *hs_pg_pins(struct pg_session *s)
{
    if (s->tx.status != 'T')
        return NULL;
    if (!s->tx.pins)
        s->tx.pins = hs_pins_new();
    return s->tx.pins;
}

static void drop_savepoints(struct pg_session *s, size_t keep)
{
    struct pg_transaction *t = &s->tx;
    while (t->savepoint_count > keep)
        hs_free(t->savepoints[--t->savepoint_count].name);
    if (keep == 0) {
        hs_free(t->savepoints);
        t->savepoints = NULL;
    }
}

static void end(struct pg_session *s, bool committed)
{
    hs_pg_portals_end(s, committed);
    if (!committed)
        hs_pg_changes_undo(s, 0);
    hs_pg_changes_commit(s);
    drop_savepoints(s, 0);
    hs_pins_unref(s->tx.pins);
    s->tx = (struct pg_transaction){.status = 'I', .in_script = s->tx.in_script};
}

void hs_pg_transaction_free(struct pg_session *s)
{
    drop_savepoints(s, 0);
    hs_pins_unref(s->tx.pins);
    s->tx.pins = NULL;
}

void hs_pg_transaction_failed(struct pg_session *s)
{
    if (s->tx.status == 'I')
        end(s, false);
    else
        s->tx.status = 'E';
}

void hs_pg_transaction_implicit_end(struct pg_session *s, bool committed)
{
    if (s->tx.status == 'I')
        end(s, committed);
}

static bool leaves_failed(enum hs_pgsql_kind k)
{
    return k == HS_PGSQL_COMMIT || k == HS_PGSQL_ROLLBACK || k == HS_PGSQL_ROLLBACK_TO || k == HS_PGSQL_EMPTY;
}

bool hs_pg_transaction_allows(struct pg_session *s, const struct pg_statement *st)
{
    if (s->tx.status != 'E' || leaves_failed(st->kind))
        return true;
    hs_pg_fail(s, "25P02", "current transaction is aborted, commands ignored until end of transaction block");
    return false;
}

/* ---- what is said of it ---- */

static bool set_mode(struct pg_session *s, const char *name, const char *value, bool local)
{
    struct hs_err err;
    const char *state;
    if (hs_pg_parameter_set(s, hs_str_of(name), value, local, &state, &err) == HS_OK)
        return true;
    hs_pg_fail_err(s, state, &err);
    return false;
}

static bool set_modes(struct pg_session *s, const struct hs_pgsql_transaction *t, bool local)
{
    char level[32];
    if (t->snapshot.len) {
        hs_pg_fail(s, "0A000", "a transaction's snapshot cannot be exported or imported here");
        return false;
    }
    if (t->has_isolation && t->isolation.len < sizeof level) {
        memcpy(level, t->isolation.at, t->isolation.len);
        level[t->isolation.len] = 0;
        if (!set_mode(s, t->session ? "default_transaction_isolation" : "transaction_isolation", level, local))
            return false;
    }
    return true; /* READ WRITE and DEFERRABLE change nothing: every statement that writes is refused by itself */
}

static void begin(struct pg_session *s, const struct hs_pgsql_statement *st)
{
    if (hs_pg_in_block(s)) {
        hs_pg_notice(s, "WARNING", "25001", "there is already a transaction in progress");
    } else {
        s->tx.status = 'T';
        s->tx.began_us = s->statement_us;
        hs_str level = hs_pg_parameter(s, PG_PARAM_DEFAULT_ISOLATION);
        char text[32];
        memcpy(text, level.at, level.len < 31 ? level.len : 31);
        text[level.len < 31 ? level.len : 31] = 0;
        if (!set_mode(s, "transaction_isolation", text, true))
            return;
    }
    if (set_modes(s, &st->transaction, true))
        hs_pg_complete(s, "%s", st->tag);
}

static void chain(struct pg_session *s, const struct hs_pgsql_statement *st)
{
    if (!st->transaction.chain)
        return;
    s->tx.status = 'T';
    s->tx.began_us = s->statement_us;
}

static bool may_chain(struct pg_session *s, const struct hs_pgsql_statement *st)
{
    if (!st->transaction.chain || hs_pg_in_block(s))
        return true;
    hs_pg_fail(s, "25P01", "%s AND CHAIN can only be used in transaction blocks", st->tag);
    return false;
}

static void commit(struct pg_session *s, const struct hs_pgsql_statement *st)
{
    bool failed = s->tx.status == 'E';
    if (!may_chain(s, st))
        return;
    if (!hs_pg_in_block(s))
        hs_pg_notice(s, "WARNING", "25P01", "there is no transaction in progress");
    end(s, !failed);
    chain(s, st);
    hs_pg_complete(s, failed ? "ROLLBACK" : "COMMIT");
}

static void roll_back(struct pg_session *s, const struct hs_pgsql_statement *st)
{
    if (!may_chain(s, st))
        return;
    if (!hs_pg_in_block(s))
        hs_pg_notice(s, "WARNING", "25P01", "there is no transaction in progress");
    end(s, false);
    chain(s, st);
    hs_pg_complete(s, "ROLLBACK");
}

/* ---- savepoints ---- */

static bool in_block(struct pg_session *s, const char *what)
{
    if (hs_pg_in_block(s) || s->tx.in_script)
        return true;
    hs_pg_fail(s, "25P01", "%s can only be used in transaction blocks", what);
    return false;
}

static void savepoint(struct pg_session *s, hs_str name)
{
    struct pg_transaction *t = &s->tx;
    if (!in_block(s, "SAVEPOINT"))
        return;
    if ((int64_t)t->savepoint_count >= s->settings.savepoints_max) {
        hs_pg_fail(s, "53400", "this transaction has too many savepoints");
        return;
    }
    struct pg_savepoint *all = hs_realloc(t->savepoints, (t->savepoint_count + 1) * sizeof *all);
    t->savepoints = all ? all : t->savepoints;
    char *copy = all ? hs_strndup(name.at, name.len) : NULL;
    if (!copy) {
        hs_pg_fail(s, "53200", "out of memory");
        return;
    }
    all[t->savepoint_count++] = (struct pg_savepoint){copy, t->change_count};
    hs_pg_complete(s, "SAVEPOINT");
}

/* The newest of the name; false: an error was sent. */
static bool find(struct pg_session *s, hs_str name, size_t *out)
{
    for (size_t i = s->tx.savepoint_count; i > 0; i--)
        if (hs_str_is(name, s->tx.savepoints[i - 1].name)) {
            *out = i - 1;
            return true;
        }
    hs_pg_fail(s, "3B001", "savepoint \"%.*s\" does not exist", HS_FMT(name));
    return false;
}

static void release(struct pg_session *s, hs_str name)
{
    size_t i;
    if (!in_block(s, "RELEASE SAVEPOINT") || !find(s, name, &i))
        return;
    for (struct pg_portal *p = s->portals; p; p = p->next)
        p->depth = p->depth > i ? i : p->depth;
    drop_savepoints(s, i);
    hs_pg_complete(s, "RELEASE");
}

/* What was made since goes; the savepoint stays. */
static void roll_back_to(struct pg_session *s, hs_str name)
{
    size_t i;
    if (!in_block(s, "ROLLBACK TO SAVEPOINT") || !find(s, name, &i))
        return;
    for (struct pg_portal *p = s->portals, *next; p; p = next) {
        next = p->next;
        if (p->depth > i && p->cursor && !p->held)
            hs_pg_portal_free(p);
    }
    hs_pg_changes_undo(s, s->tx.savepoints[i].changes);
    drop_savepoints(s, i + 1);
    s->tx.status = s->tx.status == 'E' ? 'T' : s->tx.status;
    hs_pg_complete(s, "ROLLBACK");
}

static void set_transaction(struct pg_session *s, const struct hs_pgsql_statement *st)
{
    const struct hs_pgsql_transaction *t = &st->transaction;
    if (!t->session && !hs_pg_in_block(s) && !s->tx.in_script)
        hs_pg_notice(s, "WARNING", "25P01", "SET TRANSACTION can only be used in transaction blocks");
    if (set_modes(s, t, !t->session))
        hs_pg_complete(s, "SET");
}

void hs_pg_transaction_statement(struct pg_session *s, const struct hs_pgsql_statement *st)
{
    if (st->kind == HS_PGSQL_BEGIN)
        begin(s, st);
    else if (st->kind == HS_PGSQL_COMMIT)
        commit(s, st);
    else if (st->kind == HS_PGSQL_ROLLBACK)
        roll_back(s, st);
    else if (st->kind == HS_PGSQL_SAVEPOINT)
        savepoint(s, st->name);
    else if (st->kind == HS_PGSQL_RELEASE)
        release(s, st->name);
    else if (st->kind == HS_PGSQL_ROLLBACK_TO)
        roll_back_to(s, st->name);
    else
        set_transaction(s, st);
}
