/* What a session may read of itself; of other sessions it reads nothing. */
#include "front/pg/system/system_in.h"

static void add_time(struct hs_pg_cells *c, int64_t us)
{
    if (us)
        hs_pg_cell_int(c, us);
    else
        hs_pg_cell_null(c);
}

static hs_str or_null(hs_str text)
{
    return text.len ? text : (hs_str){0};
}

/* ---- pg_settings ---- */

static void add_setting(struct hs_pg_cells *c, const struct hs_pg_setting *set)
{
    hs_pg_cell_text(c, set->name);
    hs_pg_cell_text(c, set->value.at ? set->value : HS_S(""));
    hs_pg_cell_text(c, or_null(set->unit));
    hs_pg_cell_text(c, set->category.at ? set->category : HS_S(""));
    hs_pg_cell_text(c, set->text.at ? set->text : HS_S(""));
    hs_pg_cell_null(c);
    hs_pg_cell_words(c, set->fixed ? "internal" : "user");
    hs_pg_cell_words(c, set->type ? set->type : "string");
    hs_pg_cell_words(c, hs_str_eq(set->value, set->start) ? "default" : "session");
    hs_pg_cells_nulls(c, 3);
    hs_pg_cell_text(c, set->start.at ? set->start : HS_S(""));
    hs_pg_cell_text(c, set->start.at ? set->start : HS_S(""));
    hs_pg_cells_nulls(c, 2);
    hs_pg_cell_bool(c, false);
    hs_pg_cells_end(c);
}

static hs_rc fill_settings(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                           struct hs_err *err)
{
    struct hs_pg_setting set;
    (void)s;
    (void)err;
    for (size_t i = 0; facts->setting && facts->setting(facts->arg, i, &set); i++)
        add_setting(c, &set);
    return HS_OK;
}

/* ---- pg_stat_activity, pg_stat_ssl ---- */

static hs_rc fill_activity(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                           struct hs_err *err)
{
    (void)err;
    hs_pg_cell_int(c, s->database_oid);
    hs_pg_cell_text(c, s->mesh);
    hs_pg_cell_int(c, facts->pid);
    hs_pg_cell_null(c);
    hs_pg_cell_int(c, s->user_oid);
    hs_pg_cell_text(c, s->user);
    hs_pg_cell_text(c, facts->application_name.at ? facts->application_name : HS_S(""));
    hs_pg_cell_text(c, or_null(facts->client_address));
    hs_pg_cell_null(c);
    hs_pg_cell_int(c, facts->client_port);
    add_time(c, facts->started_us);
    add_time(c, facts->transaction_us);
    add_time(c, facts->statement_us);
    add_time(c, facts->statement_us);
    hs_pg_cells_copy(c, "\\N\t\\N\tactive\t\\N\t\\N\t\\N");
    hs_pg_cell_text(c, facts->query.at ? facts->query : HS_S(""));
    hs_pg_cell_words(c, "client backend");
    hs_pg_cells_end(c);
    return HS_OK;
}

static hs_rc fill_tls(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                      struct hs_err *err)
{
    (void)s;
    (void)err;
    hs_pg_cell_int(c, facts->pid);
    hs_pg_cell_bool(c, facts->tls);
    hs_pg_cells_nulls(c, 6);
    hs_pg_cells_end(c);
    return HS_OK;
}

/* ---- statements and cursors ---- */

static hs_rc add_prepared(const struct hs_pg_system *s, struct hs_pg_cells *c, const struct hs_pg_prepared *p,
                          struct hs_err *err)
{
    struct hs_arena *a = hs_arena_new(0);
    hs_str *types = a ? hs_arena_array(a, p->type_count + 1, sizeof *types) : NULL;
    hs_rc rc = types ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; rc == HS_OK && i < p->type_count; i++)
        rc = hs_pg_system_reg_text(s, HS_PG_OID_REGTYPE, p->types[i], a, &types[i], err);
    if (rc == HS_OK) {
        hs_pg_cell_text(c, p->name);
        hs_pg_cell_text(c, p->statement);
        add_time(c, p->prepared_us);
        hs_pg_cell_texts(c, types, p->type_count);
        hs_pg_cell_bool(c, p->from_sql);
        hs_pg_cells_copy(c, "0\t0");
        hs_pg_cells_end(c);
    }
    hs_arena_free(a);
    return rc;
}

static hs_rc fill_prepared(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                           struct hs_err *err)
{
    struct hs_pg_prepared p;
    for (size_t i = 0; facts->prepared && facts->prepared(facts->arg, i, &p); i++)
        HS_TRY(add_prepared(s, c, &p, err));
    return HS_OK;
}

static hs_rc fill_cursors(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                          struct hs_err *err)
{
    struct hs_pg_open_cursor o;
    (void)s;
    (void)err;
    for (size_t i = 0; facts->cursor && facts->cursor(facts->arg, i, &o); i++) {
        hs_pg_cell_text(c, o.name);
        hs_pg_cell_text(c, o.statement);
        hs_pg_cell_bool(c, o.hold);
        hs_pg_cell_bool(c, o.binary);
        hs_pg_cell_bool(c, o.scrollable);
        add_time(c, o.opened_us);
        hs_pg_cells_end(c);
    }
    return HS_OK;
}

const struct hs_pg_making hs_pg_makes_session[] = {
    {"pg_catalog", "pg_settings", fill_settings, true}, {"pg_catalog", "pg_stat_activity", fill_activity, true},
    {"pg_catalog", "pg_stat_ssl", fill_tls, true},      {"pg_catalog", "pg_prepared_statements", fill_prepared, true},
    {"pg_catalog", "pg_cursors", fill_cursors, true},   {0},
};
