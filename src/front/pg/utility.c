/* Statements that the door does itself: parameters, prepared statements, cursors' ends, and what is accepted because
 * clients say it and there is nothing to do. */
#include "front/pg/parameters.h"

#include "base/alloc.h"

#include <stdio.h>

/* ---- parameters ---- */

static bool is_plain(hs_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.at[i] >= 'a' && s.at[i] <= 'z') || s.at[i] == '_' || (i && s.at[i] >= '0' && s.at[i] <= '9')))
            return false;
    return s.len > 0;
}

/* A list of names keeps its quotes; of anything else the words as they are. */
static void add_value(struct hs_buf *b, hs_str name, hs_str value)
{
    bool names = hs_str_eq_nocase(name, HS_S("search_path"));
    if (names && !is_plain(value))
        hs_buf_add_sql_name(b, value);
    else
        hs_buf_adds(b, value);
}

static void set_text(struct pg_session *s, hs_str name, const char *value, bool local)
{
    struct hs_err err;
    const char *state;
    if (hs_pg_parameter_set(s, name, value, local, &state, &err) != HS_OK)
        hs_pg_fail_err(s, state, &err);
}

static void set(struct pg_session *s, const struct hs_pgsql_statement *st)
{
    const struct hs_pgsql_set *set = &st->set;
    struct hs_buf b;
    if (set->local && !hs_pg_in_block(s) && !s->tx.in_script)
        hs_pg_notice(s, "WARNING", "25P01", "SET LOCAL can only be used in transaction blocks");
    hs_buf_init(&b, 1 << 20);
    for (size_t i = 0; i < set->value_count; i++) {
        hs_buf_addz(&b, i ? ", " : "");
        add_value(&b, set->name, set->values[i]);
    }
    if (!b.at)
        hs_buf_addz(&b, "");
    bool own_user = hs_str_eq_nocase(set->name, HS_S("session_authorization")) &&
                    (set->to_default || hs_str_eq(hs_buf_str(&b), s->principal));
    if (b.failed)
        hs_pg_fail(s, "53200", "out of memory");
    else if (hs_str_eq_nocase(set->name, HS_S("session_authorization")) && !own_user)
        hs_pg_fail(s, "42501", "permission denied to set session authorization");
    else if (!own_user)
        set_text(s, set->name, set->to_default ? NULL : b.at ? b.at : "", set->local);
    hs_buf_fini(&b);
    if (!s->refused)
        hs_pg_complete(s, "SET");
}

static void reset(struct pg_session *s, const struct hs_pgsql_statement *st)
{
    if (st->set.all)
        hs_pg_parameters_reset(s);
    else if (!hs_str_eq_nocase(st->set.name, HS_S("session_authorization")))
        set_text(s, st->set.name, NULL, false);
    if (!s->refused)
        hs_pg_complete(s, "RESET");
}

static hs_rc show_all(struct pg_session *s, struct pg_portal *p, struct hs_err *err)
{
    struct hs_pg_setting one;
    p->texts = hs_arena_array(p->arena, PG_PARAMETER_COUNT * 3, sizeof *p->texts);
    for (size_t i = 0; p->texts && hs_pg_parameter_at(s, p->arena, i, &one); i++) {
        hs_str *row = &p->texts[p->text_rows++ * 3];
        row[0] = one.name;
        row[1] = hs_arena_str(p->arena, one.value);
        row[2] = one.text;
        hs_pg_parameter_show(s, one.name, p->arena, &row[1]);
        if (!row[1].at)
            return hs_fail(err, HS_NOMEM, "out of memory");
    }
    return p->texts ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

hs_rc hs_pg_show_texts(struct pg_session *s, struct pg_portal *p, const char **state, struct hs_err *err)
{
    static const char *const ALL[] = {"name", "setting", "description"};
    const struct hs_pgsql_set *set = &p->statement->parsed->set;
    hs_str shown;
    p->source = PG_FROM_TEXTS;
    if (set->all) {
        HS_TRY(hs_pg_columns_text(p->arena, ALL, 3, &p->columns, err));
        return show_all(s, p, err);
    }
    *state = "42704";
    if (!hs_pg_parameter_show(s, set->name, p->arena, &shown))
        return hs_fail(err, HS_INVALID, "unrecognized configuration parameter \"%.*s\"",
                       set->name.len > 100 ? 100 : (int)set->name.len, set->name.at);
    *state = NULL;
    hs_str name = hs_arena_str(p->arena, hs_pg_parameter_name(set->name));
    p->texts = HS_NEW(p->arena, hs_str);
    if (!name.at || !p->texts)
        return hs_fail(err, HS_NOMEM, "out of memory");
    HS_TRY(hs_pg_columns_text(p->arena, &name.at, 1, &p->columns, err));
    *p->texts = hs_arena_str(p->arena, shown);
    p->text_rows = 1;
    return p->texts->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

/* The value that a parameter has in this portal; .at NULL: NULL, which means the default. */
static hs_str config_value(const struct pg_portal *p, const struct hs_pgsql_set_config *c)
{
    if (!c->param)
        return c->value.at ? c->value : HS_S("");
    if (c->param > p->params.count || p->params.at[c->param - 1].null)
        return (hs_str){0};
    return p->params.at[c->param - 1].text;
}

bool hs_pg_set_configs(struct pg_session *s, const struct pg_portal *p)
{
    const struct hs_pgsql_translation *t = &p->statement->translation;
    for (size_t i = 0; i < t->set_config_count && !s->refused; i++) {
        hs_str text = config_value(p, &t->set_configs[i]);
        char *value = hs_strndup(text.at ? text.at : "", text.len);
        if (value)
            set_text(s, t->set_configs[i].name, text.at ? value : NULL, t->set_configs[i].local);
        else
            hs_pg_fail(s, "53200", "out of memory");
        hs_free(value);
    }
    return !s->refused;
}

/* ---- prepared statements ---- */

static void prepare(struct pg_session *s, struct pg_statement *st)
{
    const struct hs_pgsql_statement *parsed = st->parsed;
    struct pg_statement *made;
    struct hs_err err;
    if (hs_pg_statement_find(s, parsed->name)) {
        hs_pg_fail(s, "42P05", "prepared statement \"%.*s\" already exists", HS_FMT(parsed->name));
        return;
    }
    hs_rc rc = hs_pg_statement_new(s, parsed->name, st->text, st->index, parsed->prepare.types, parsed->prepare.count,
                                   &made, &err);
    if (rc == HS_OK) {
        made->kind = HS_PGSQL_SELECT;
        made->from_sql = true;
        rc = hs_pg_statement_enter(s, made, &err);
        hs_pg_statement_unref(made);
    }
    if (rc == HS_OK)
        hs_pg_complete(s, "PREPARE");
    else
        hs_pg_fail_err(s, NULL, &err);
}

static void deallocate(struct pg_session *s, const struct hs_pgsql_statement *st)
{
    struct pg_statement *found = st->all ? NULL : hs_pg_statement_find(s, st->name);
    if (st->all) {
        hs_pg_statements_drop(s);
    } else if (found) {
        hs_pg_statement_leave(s, found);
    } else {
        hs_pg_fail(s, "26000", "prepared statement \"%.*s\" does not exist", HS_FMT(st->name));
        return;
    }
    hs_pg_complete(s, "%s", st->all ? "DEALLOCATE ALL" : "DEALLOCATE");
}

/* One constant of EXECUTE, as the parameter's type reads it. */
static hs_rc read_constant(struct pg_session *s, const struct pg_statement *target, size_t i,
                           const struct hs_pgsql_constant *c, struct pg_portal *p, const char **state,
                           struct hs_err *err)
{
    bool null = c->form == HS_PGSQL_NULL;
    struct hs_pg_param_spec spec = {.oid = target->told[i], .wanted = target->wanted[i], .style = &s->style};
    return hs_pg_param_read(&spec,
                            null         ? (hs_str){0}
                            : c->text.at ? c->text
                                         : HS_S(""),
                            p->arena, &p->params.at[i], state, err);
}

static bool read_constants(struct pg_session *s, const struct pg_statement *target, struct pg_portal *p)
{
    const struct hs_pgsql_statement *st = p->statement->parsed;
    struct hs_err err;
    const char *state = "53200";
    p->params.at = hs_arena_array(p->arena, st->execute.count + 1, sizeof *p->params.at);
    hs_rc rc = p->params.at ? HS_OK : hs_fail(&err, HS_NOMEM, "out of memory");
    for (size_t i = 0; rc == HS_OK && i < st->execute.count; i++)
        rc = read_constant(s, target, i, &st->execute.values[i], p, &state, &err);
    p->params.count = target->parsed->param_count;
    if (rc == HS_OK) {
        state = NULL;
        rc = hs_pg_portal_recount(p, &err);
    }
    if (rc != HS_OK)
        hs_pg_fail_err(s, state, &err);
    return rc == HS_OK;
}

bool hs_pg_execute_resolved(struct pg_session *s, struct pg_portal *p)
{
    const struct hs_pgsql_statement *st = p->statement->parsed;
    struct pg_statement *target = hs_pg_statement_find(s, st->name);
    if (!target || target->kind != HS_PGSQL_SELECT) {
        hs_pg_fail(s, "26000", "prepared statement \"%.*s\" does not exist", HS_FMT(st->name));
        return false;
    }
    if (st->execute.count != target->param_count) {
        hs_pg_fail(s, "42601", "wrong number of parameters for prepared statement \"%.*s\"", HS_FMT(st->name));
        return false;
    }
    if ((target->param_count && !hs_pg_statement_described(s, target)) || !read_constants(s, target, p))
        return false;
    hs_pg_statement_ref(target);
    hs_pg_statement_unref(p->statement);
    p->statement = target;
    return true;
}

/* ---- the rest ---- */

static void close_cursor(struct pg_session *s, const struct hs_pgsql_statement *st, const struct pg_portal *self)
{
    struct pg_portal *found = st->all ? NULL : hs_pg_portal_find(s, st->name);
    if (!st->all && (!found || found == self)) {
        hs_pg_fail(s, "34000", "cursor \"%.*s\" does not exist", HS_FMT(st->name));
        return;
    }
    for (struct pg_portal *p = s->portals, *next; p; p = next) {
        next = p->next;
        if (p == found || (st->all && p->cursor))
            hs_pg_portal_free(p);
    }
    hs_pg_complete(s, "%s", st->all ? "CLOSE CURSOR ALL" : "CLOSE CURSOR");
}

static void discard(struct pg_session *s, const struct hs_pgsql_statement *st)
{
    static const char *const TAGS[] = {"", "DISCARD ALL", "DISCARD PLANS", "DISCARD TEMP", "DISCARD SEQUENCES"};
    bool all = st->discard.what == HS_PGSQL_DISCARD_ALL;
    const char *tag = TAGS[st->discard.what];
    if (all && (hs_pg_in_block(s) || s->tx.in_script)) {
        hs_pg_fail(s, "25001", "DISCARD ALL cannot run inside a transaction block");
        return;
    }
    if (all) {
        for (struct pg_portal *p = s->portals, *next; p; p = next) {
            next = p->next;
            if (p->cursor)
                hs_pg_portal_free(p);
        }
        hs_pg_parameters_reset(s);
        hs_pg_statements_drop(s);
    }
    hs_pg_complete(s, "%s", tag);
}

/* Nobody can NOTIFY here, so whoever listens is told all there is. */
static void unsupported(struct pg_session *s, const char *words)
{
    hs_pg_fail(s, "0A000", "%s", words);
}

static void do_statement(struct pg_session *s, struct pg_statement *st, const struct pg_portal *p)
{
    switch (st->kind) {
    case HS_PGSQL_EMPTY:
        hs_pg_say(s, 'I');
        return;
    case HS_PGSQL_SET:
        set(s, st->parsed);
        return;
    case HS_PGSQL_RESET:
        reset(s, st->parsed);
        return;
    case HS_PGSQL_SET_TRANSACTION:
    case HS_PGSQL_BEGIN:
    case HS_PGSQL_COMMIT:
    case HS_PGSQL_ROLLBACK:
    case HS_PGSQL_SAVEPOINT:
    case HS_PGSQL_RELEASE:
    case HS_PGSQL_ROLLBACK_TO:
        hs_pg_transaction_statement(s, st->parsed);
        return;
    case HS_PGSQL_CLOSE:
        close_cursor(s, st->parsed, p);
        return;
    case HS_PGSQL_PREPARE:
        prepare(s, st);
        return;
    case HS_PGSQL_DEALLOCATE:
        deallocate(s, st->parsed);
        return;
    case HS_PGSQL_DISCARD:
        discard(s, st->parsed);
        return;
    case HS_PGSQL_LISTEN:
    case HS_PGSQL_UNLISTEN:
    case HS_PGSQL_LOCK:
        hs_pg_complete(s, "%s", st->parsed->tag);
        return;
    case HS_PGSQL_NOTIFY:
        unsupported(s, "NOTIFY is not supported");
        return;
    case HS_PGSQL_EXPLAIN:
        unsupported(s, "EXPLAIN is not supported: a plan would tell of files and rows that are not shown");
        return;
    case HS_PGSQL_REFUSED:
        hs_pg_refuse(s, &st->parsed->refused);
        return;
    case HS_PGSQL_SELECT:
    case HS_PGSQL_SHOW:
    case HS_PGSQL_DECLARE:
    case HS_PGSQL_FETCH:
    case HS_PGSQL_MOVE:
    case HS_PGSQL_COPY:
    case HS_PGSQL_EXECUTE:
        break;
    }
    unsupported(s, "this statement is not supported");
}

void hs_pg_utility(struct pg_session *s, struct pg_portal *p)
{
    struct pg_statement *st = hs_pg_statement_ref(p->statement); /* COMMIT ends the portal it runs in, too */
    do_statement(s, st, p);
    hs_pg_statement_unref(st);
}
