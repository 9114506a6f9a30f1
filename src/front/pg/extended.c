/* The extended query: Parse, Bind, Describe, Execute, Close, Sync. Each handler may be begun anew (pg.h): what it
 * changes, it changes when it knows all it needs. */
#include "front/pg/parameters.h"

#include "base/clock.h"

enum { NAME_MAX_ = 255, PARAMS_MAX = 65535 };

static enum pg_handled malformed(struct pg_session *s)
{
    hs_pg_fatal(s, "08P01", "invalid message format");
    return PG_HANDLED;
}

static void begin(struct pg_session *s)
{
    if (!s->statement_since_ms || s->tx.status == 'I')
        s->statement_since_ms = s->now_ms;
    s->statement_us = hs_wall_us();
}

/* A name that is not its own to end: longer ones would be kept for nothing. */
static bool check_name(struct pg_session *s, hs_str name)
{
    if (name.len <= NAME_MAX_ && hs_utf8_valid(name))
        return true;
    hs_pg_fail(s, "42622", "a name is too long or no text");
    return false;
}

/* ---- Parse ---- */

static bool check_one(struct pg_session *s, const struct pg_text *t)
{
    if (t->script.count <= 1)
        return true;
    hs_pg_fail(s, "42601", "cannot insert multiple commands into a prepared statement");
    return false;
}

static bool check_free(struct pg_session *s, hs_str name)
{
    if (!name.len || !hs_pg_statement_find(s, name))
        return true;
    hs_pg_fail(s, "42P05", "prepared statement \"%.*s\" already exists", HS_FMT(name));
    return false;
}

static bool accept(struct pg_session *s, struct pg_statement *st)
{
    if (!hs_pg_transaction_allows(s, st))
        return false;
    if (st->kind == HS_PGSQL_REFUSED) {
        hs_pg_refuse(s, &st->parsed->refused);
        return false;
    }
    return hs_pg_statement_translated(s, st);
}

static void enter(struct pg_session *s, struct pg_statement *st)
{
    struct hs_err err;
    struct pg_statement *before = st->name.len ? NULL : hs_pg_statement_find(s, st->name);
    if (before)
        hs_pg_statement_leave(s, before);
    if (hs_pg_statement_enter(s, st, &err) == HS_OK)
        hs_pg_say(s, '1');
    else
        hs_pg_fail_err(s, NULL, &err);
}

static bool read_statement(struct pg_session *s, hs_str name, hs_str text, const uint32_t *types, size_t count)
{
    struct pg_text *t = NULL;
    struct hs_err err;
    hs_rc rc = hs_pg_text_read(s, text, &t, &err);
    if (rc == HS_OK && !check_one(s, t)) {
        hs_pg_text_unref(t);
        return false;
    }
    if (rc == HS_OK)
        rc = hs_pg_statement_new(s, name, t, 0, types, count, &s->parsing, &err);
    hs_pg_text_unref(t);
    if (rc != HS_OK)
        hs_pg_fail_err(s, NULL, &err);
    return rc == HS_OK;
}

static void read_types(struct pg_session *s, hs_str name, hs_str text, struct hs_cursor *c, size_t count)
{
    struct hs_arena *a = hs_arena_new(0);
    uint32_t *types = a ? hs_arena_array(a, count + 1, sizeof *types) : NULL;
    for (size_t i = 0; types && i < count; i++)
        types[i] = hs_cursor_u32be(c);
    if (types)
        read_statement(s, name, text, types, count);
    else
        hs_pg_fail(s, "53200", "out of memory");
    hs_arena_free(a);
}

enum pg_handled hs_pg_parse(struct pg_session *s, hs_str body)
{
    struct hs_cursor c = hs_cursor_of(body);
    hs_str name = hs_pg_text(&c), text = hs_pg_text(&c);
    size_t count = hs_cursor_u16be(&c);
    if (c.bad || hs_cursor_left(&c) != count * 4)
        return malformed(s);
    if (!s->parsing) {
        begin(s);
        if (!check_name(s, name) || !check_free(s, name))
            return PG_HANDLED;
        if (!hs_pg_text_ready(s, text) || !hs_pg_look(s)) /* a short text is read when nothing waits any more */
            return PG_AGAIN;
        read_types(s, name, text, &c, count);
    }
    if (!s->parsing || !accept(s, s->parsing))
        return PG_AGAIN;
    struct pg_statement *st = s->parsing;
    s->parsing = NULL;
    enter(s, st);
    hs_pg_statement_unref(st);
    return PG_HANDLED;
}

/* ---- Bind ---- */

struct bind {
    hs_str portal, statement;
    size_t format_count, value_count, result_count;
    struct hs_cursor formats, values, results;
};

static bool read_bind(hs_str body, struct bind *b)
{
    struct hs_cursor c = hs_cursor_of(body);
    b->portal = hs_pg_text(&c);
    b->statement = hs_pg_text(&c);
    b->format_count = hs_cursor_u16be(&c);
    b->formats = hs_cursor_of(hs_cursor_bytes(&c, b->format_count * 2));
    b->value_count = hs_cursor_u16be(&c);
    const uint8_t *from = c.at;
    for (size_t i = 0; i < b->value_count && !c.bad; i++) {
        uint32_t len = hs_cursor_u32be(&c);
        if (len != UINT32_MAX)
            hs_cursor_skip(&c, len);
    }
    if (c.bad)
        return false;
    b->values = hs_cursor_of(hs_str_n(from, (size_t)(c.at - from)));
    b->result_count = hs_cursor_u16be(&c);
    b->results = hs_cursor_of(hs_cursor_bytes(&c, b->result_count * 2));
    return hs_pg_all_read(&c);
}

static bool check_counts(struct pg_session *s, const struct bind *b, const struct pg_statement *st)
{
    if (b->format_count > 1 && b->format_count != b->value_count)
        hs_pg_fail(s, "08P01", "bind message has %zu parameter formats but %zu parameters", b->format_count,
                   b->value_count);
    else if (b->value_count != st->param_count)
        hs_pg_fail(s, "08P01", "bind message supplies %zu parameters, but prepared statement \"%.*s\" requires %zu",
                   b->value_count, HS_FMT(st->name), st->param_count);
    return !s->refused;
}

/* Is each type known without asking the engine? A value in text of a type that nobody has said must be asked for. */
static bool types_known(const struct pg_statement *st)
{
    for (size_t i = 0; i < st->param_count; i++)
        if (!st->declared[i] && !(st->parsed->runs && st->translation.param_types && i < st->parsed->param_count &&
                                  st->translation.param_types[i]))
            return false;
    return true;
}

static uint32_t param_oid(const struct pg_statement *st, size_t i)
{
    if (st->declared[i])
        return st->declared[i];
    if (st->translation.param_types && i < st->parsed->param_count)
        return st->translation.param_types[i];
    return 0;
}

static hs_rc read_value(struct pg_session *s, const struct pg_statement *st, struct pg_portal *p, size_t i,
                        int16_t format, hs_str bytes, const char **state, struct hs_err *err)
{
    struct hs_pg_param_spec spec = {.oid = param_oid(st, i), .format = (enum hs_pg_format)format, .style = &s->style};
    *state = "22023";
    if (format != 0 && format != 1)
        return hs_fail(err, HS_INVALID, "unsupported format code: %d", format);
    if (st->described && st->wanted && !spec.oid)
        spec.wanted = st->wanted[i];
    *state = NULL;
    return hs_pg_param_read(&spec, bytes, p->arena, &p->params.at[i], state, err);
}

static hs_rc read_values(struct pg_session *s, struct bind *b, const struct pg_statement *st, struct pg_portal *p,
                         const char **state, struct hs_err *err)
{
    int16_t format = 0;
    p->params.at = hs_arena_array(p->arena, b->value_count + 1, sizeof *p->params.at);
    if (!p->params.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < b->value_count; i++) {
        uint32_t len = hs_cursor_u32be(&b->values);
        hs_str bytes = len == UINT32_MAX ? (hs_str){0} : hs_cursor_bytes(&b->values, len);
        if (len == 0)
            bytes = HS_S("");
        if (i < b->format_count)
            format = (int16_t)hs_cursor_u16be(&b->formats);
        HS_TRY(read_value(s, st, p, i, format, bytes, state, err));
    }
    p->params.count = st->parsed->param_count;
    return HS_OK;
}

static hs_rc read_results(struct bind *b, struct pg_portal *p, const char **state, struct hs_err *err)
{
    p->formats = hs_arena_array(p->arena, b->result_count + 1, sizeof *p->formats);
    if (!p->formats)
        return hs_fail(err, HS_NOMEM, "out of memory");
    p->format_count = b->result_count;
    for (size_t i = 0; i < b->result_count; i++) {
        p->formats[i] = (int16_t)hs_cursor_u16be(&b->results);
        *state = "22023";
        if (p->formats[i] != 0 && p->formats[i] != 1)
            return hs_fail(err, HS_INVALID, "unsupported format code: %d", p->formats[i]);
    }
    *state = NULL;
    return HS_OK;
}

static void bind(struct pg_session *s, struct bind *b, struct pg_statement *st)
{
    struct pg_portal *p = NULL, *before = b->portal.len ? NULL : hs_pg_portal_find(s, b->portal);
    struct hs_err err;
    const char *state = NULL;
    hs_pg_portal_free(before);
    hs_rc rc = hs_pg_portal_new(s, b->portal, st, &p, &err);
    if (rc == HS_OK)
        rc = read_values(s, b, st, p, &state, &err);
    if (rc == HS_OK)
        rc = read_results(b, p, &state, &err);
    if (rc == HS_OK)
        rc = hs_pg_portal_recount(p, &err);
    if (rc == HS_OK) {
        hs_pg_say(s, '2');
        return;
    }
    hs_pg_portal_free(p);
    hs_pg_fail_err(s, state, &err);
}

enum pg_handled hs_pg_bind(struct pg_session *s, hs_str body)
{
    struct bind b;
    begin(s);
    if (!read_bind(body, &b))
        return malformed(s);
    struct pg_statement *st = hs_pg_statement_find(s, b.statement);
    if (!st) {
        hs_pg_fail(s, "26000",
                   b.statement.len ? "prepared statement \"%.*s\" does not exist"
                                   : "unnamed prepared statement does not exist%.*s",
                   HS_FMT(b.statement));
        return PG_HANDLED;
    }
    if (!check_name(s, b.portal) || !hs_pg_transaction_allows(s, st) || !check_counts(s, &b, st))
        return PG_HANDLED;
    if (b.portal.len && hs_pg_portal_find(s, b.portal)) {
        hs_pg_fail(s, "42P03", "cursor \"%.*s\" already exists", HS_FMT(b.portal));
        return PG_HANDLED;
    }
    if (!types_known(st) && !st->described && !hs_pg_statement_described(s, st))
        return PG_AGAIN;
    bind(s, &b, st);
    return PG_HANDLED;
}

/* ---- Describe ---- */

static enum pg_handled describe_statement(struct pg_session *s, hs_str name)
{
    struct pg_statement *st = hs_pg_statement_find(s, name);
    if (!st) {
        hs_pg_fail(s, "26000", "prepared statement \"%.*s\" does not exist", HS_FMT(name));
        return PG_HANDLED;
    }
    if (!hs_pg_transaction_allows(s, st))
        return PG_HANDLED;
    if (st->parsed->runs && (!hs_pg_look(s) || !hs_pg_statement_translated(s, st)))
        return PG_AGAIN;
    struct pg_statement *target = st->kind == HS_PGSQL_EXECUTE ? hs_pg_statement_find(s, st->parsed->name) : NULL;
    if (!hs_pg_statement_described(s, st) || (target && !hs_pg_statement_described(s, target)))
        return PG_AGAIN;
    const struct pg_columns *columns = hs_pg_statement_columns(s, st);
    hs_pg_param_description(s, st);
    if (columns)
        hs_pg_row_description(s, columns, NULL, 0);
    else
        hs_pg_say(s, 'n');
    st->promised = columns == &st->columns;
    return PG_HANDLED;
}

/* A portal's rows are begun with its description: most clients execute it next. */
static enum pg_handled describe_portal(struct pg_session *s, hs_str name)
{
    struct pg_portal *p = hs_pg_portal_find(s, name);
    if (!p) {
        hs_pg_fail(s, "34000", "portal \"%.*s\" does not exist", HS_FMT(name));
        return PG_HANDLED;
    }
    if (!hs_pg_transaction_allows(s, p->statement))
        return PG_HANDLED;
    if (p->statement->kind == HS_PGSQL_EXECUTE && !hs_pg_execute_resolved(s, p))
        return PG_AGAIN;
    if (!hs_pg_portal_described(s, p))
        return PG_AGAIN;
    const struct pg_columns *columns = hs_pg_portal_columns(s, p);
    if (columns)
        hs_pg_row_description(s, columns, p->formats, p->format_count);
    else
        hs_pg_say(s, 'n');
    return PG_HANDLED;
}

enum pg_handled hs_pg_describe(struct pg_session *s, hs_str body)
{
    struct hs_cursor c = hs_cursor_of(body);
    char what = (char)hs_cursor_u8(&c);
    hs_str name = hs_pg_text(&c);
    if (!hs_pg_all_read(&c) || (what != 'S' && what != 'P'))
        return malformed(s);
    begin(s);
    return what == 'S' ? describe_statement(s, name) : describe_portal(s, name);
}

/* ---- Execute, Close, Sync ---- */

enum pg_handled hs_pg_execute(struct pg_session *s, hs_str body)
{
    struct hs_cursor c = hs_cursor_of(body);
    hs_str name = hs_pg_text(&c);
    int32_t limit = (int32_t)hs_cursor_u32be(&c);
    if (!hs_pg_all_read(&c))
        return malformed(s);
    begin(s);
    struct pg_portal *p = hs_pg_portal_find(s, name);
    if (!p) {
        hs_pg_fail(s, "34000", "portal \"%.*s\" does not exist", HS_FMT(name));
        return PG_HANDLED;
    }
    return hs_pg_run(s, p, limit > 0 ? limit : -1, false) ? PG_HANDLED : PG_AGAIN;
}

enum pg_handled hs_pg_close(struct pg_session *s, hs_str body)
{
    struct hs_cursor c = hs_cursor_of(body);
    char what = (char)hs_cursor_u8(&c);
    hs_str name = hs_pg_text(&c);
    if (!hs_pg_all_read(&c) || (what != 'S' && what != 'P'))
        return malformed(s);
    struct pg_statement *st = what == 'S' ? hs_pg_statement_find(s, name) : NULL;
    if (st)
        hs_pg_statement_leave(s, st);
    if (what == 'P')
        hs_pg_portal_free(hs_pg_portal_find(s, name));
    hs_pg_say(s, '3');
    return PG_HANDLED;
}

enum pg_handled hs_pg_sync(struct pg_session *s, hs_str body)
{
    (void)body;
    hs_pg_transaction_implicit_end(s, !s->skipping);
    s->skipping = false;
    s->statement_since_ms = 0;
    s->quiet_since_ms = s->now_ms;
    hs_pg_ready(s);
    return PG_HANDLED;
}

enum pg_handled hs_pg_function_call(struct pg_session *s, hs_str body)
{
    (void)body;
    hs_pg_fail(s, "0A000", "function calls by message are not supported; use SELECT");
    hs_pg_transaction_implicit_end(s, false);
    s->skipping = false; /* this message ends with ReadyForQuery of its own */
    hs_pg_ready(s);
    return PG_HANDLED;
}

enum pg_handled hs_pg_terminate(struct pg_session *s, hs_str body)
{
    (void)body;
    hs_pg_drop_work(s);
    hs_pg_become(s, PG_ENDED);
    return PG_HANDLED;
}
