/* Prepared statements: read once, translated for each use, described at most once for what they are now. */
#include "front/pg/parameters.h"

#include "base/alloc.h"
#include "base/clock.h"

enum { LONG_TEXT = 4096 }; /* longer ones are not for the loop */

/* ---- texts ---- */

static hs_rc read_text(struct pg_session *s, hs_str text, struct pg_text **out, struct hs_err *err)
{
    struct pg_text *t = hs_calloc(1, sizeof *t);
    if (!t)
        return hs_fail(err, HS_NOMEM, "out of memory");
    t->refs = 1;
    t->session = s;
    t->arena = hs_arena_new((size_t)s->settings.statement_memory);
    hs_rc rc = t->arena ? hs_pgsql_read(t->arena, text, &t->script, err) : hs_fail(err, HS_NOMEM, "out of memory");
    if (rc == HS_OK && (int64_t)text.len > s->settings.statement_bytes) {
        rc = hs_fail(err, HS_LIMIT, "the statement is longer than this server takes");
        hs_err_state(err, "54000");
    }
    if (rc == HS_OK)
        *out = t;
    else
        hs_pg_text_unref(t);
    return rc;
}

/* The session holds no hs_err for good: there are thousands of them, and each is two kilobytes. */
static void keep_outcome(struct pg_session *s, hs_rc rc, const struct hs_err *err)
{
    s->ahead.rc = rc;
    s->ahead.err = rc == HS_OK ? NULL : hs_malloc(sizeof *err);
    if (s->ahead.err)
        *s->ahead.err = *err;
    s->ahead.there = true;
}

static hs_rc take_outcome(struct pg_session *s, struct hs_err *err)
{
    hs_rc rc = s->ahead.rc;
    if (rc != HS_OK && s->ahead.err)
        *err = *s->ahead.err;
    else if (rc != HS_OK)
        rc = hs_fail(err, HS_NOMEM, "out of memory");
    hs_pg_ahead_drop(s);
    return rc;
}

static void read_ahead(struct pg_session *s) /* on the pool */
{
    struct hs_err err;
    hs_rc rc = read_text(s, s->ahead.text, &s->ahead.read, &err);
    keep_outcome(s, rc, &err);
}

void hs_pg_ahead_drop(struct pg_session *s)
{
    hs_free((char *)(uintptr_t)s->ahead.text.at);
    hs_pg_text_unref(s->ahead.read);
    hs_pg_statement_unref(s->ahead.st);
    hs_free(s->ahead.err);
    memset(&s->ahead, 0, sizeof s->ahead);
}

static bool hold(struct pg_session *s, size_t *held, size_t bytes)
{
    size_t before = *held;
    s->statement_bytes += bytes - before;
    *held = bytes;
    return hs_pg_person_hold(s, before, bytes);
}

bool hs_pg_text_ready(struct pg_session *s, hs_str text)
{
    if (text.len <= LONG_TEXT || s->ahead.there)
        return true;
    hs_pg_ahead_drop(s);
    s->ahead.text = (hs_str){hs_strndup(text.at, text.len), text.len}; /* what was fed may move meanwhile */
    if (s->ahead.text.at)
        hs_pg_job_start(s, read_ahead);
    else
        hs_pg_fail(s, "53200", "out of memory");
    return false;
}

hs_rc hs_pg_text_read(struct pg_session *s, hs_str text, struct pg_text **out, struct hs_err *err)
{
    struct pg_text *read = s->ahead.there ? s->ahead.read : NULL;
    bool ahead = s->ahead.there;
    s->ahead.read = NULL;
    hs_rc rc = ahead ? take_outcome(s, err) : read_text(s, text, &read, err);
    if (rc != HS_OK) {
        hs_pg_text_unref(read);
        return rc;
    }
    hold(s, &read->bytes, hs_arena_used(read->arena));
    *out = read;
    return HS_OK;
}

void hs_pg_text_unref(struct pg_text *t)
{
    if (!t || --t->refs)
        return;
    hold(t->session, &t->bytes, 0);
    hs_arena_free(t->arena);
    hs_free(t);
}

/* ---- statements ---- */

void hs_pg_statement_unref(struct pg_statement *st)
{
    if (!st || --st->refs)
        return;
    hold(st->session, &st->bytes, 0);
    hs_pg_text_unref(st->text);
    hs_arena_free(st->made);
    hs_arena_free(st->told_arena);
    hs_arena_free(st->arena);
    hs_free(st);
}

struct pg_statement *hs_pg_statement_ref(struct pg_statement *st)
{
    st->refs++;
    return st;
}

static hs_rc fill(struct pg_statement *st, hs_str name, const uint32_t *types, size_t type_count, struct hs_err *err)
{
    st->arena = hs_arena_new(0);
    st->name = st->arena ? hs_arena_str(st->arena, name) : (hs_str){0};
    st->param_count = st->parsed->param_count > type_count ? st->parsed->param_count : type_count;
    st->declared = st->name.at ? hs_arena_array(st->arena, st->param_count + 1, sizeof *st->declared) : NULL;
    if (!st->declared)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (type_count)
        memcpy(st->declared, types, type_count * sizeof *types);
    return HS_OK;
}

hs_rc hs_pg_statement_new(struct pg_session *s, hs_str name, struct pg_text *text, size_t index, const uint32_t *types,
                          size_t type_count, struct pg_statement **out, struct hs_err *err)
{
    struct pg_statement *st = hs_calloc(1, sizeof *st);
    if (!st)
        return hs_fail(err, HS_NOMEM, "out of memory");
    text->refs++;
    st->refs = 1;
    st->session = s;
    st->text = text;
    st->index = index;
    st->parsed = &text->script.at[index];
    st->kind = st->parsed->kind;
    st->prepared_us = s->statement_us;
    hs_rc rc = fill(st, name, types, type_count, err);
    if (rc == HS_OK)
        *out = st;
    else
        hs_pg_statement_unref(st);
    return rc;
}

struct pg_statement *hs_pg_statement_find(struct pg_session *s, hs_str name)
{
    for (struct pg_statement *st = s->statements; st; st = st->next)
        if (hs_str_eq(st->name, name))
            return st;
    return NULL;
}

static size_t used(const struct hs_arena *a)
{
    return a ? hs_arena_used(a) : 0;
}

static hs_rc too_much(struct hs_err *err)
{
    hs_ignore(hs_fail(err, HS_LIMIT, "this connection has prepared too much; close some of it"));
    hs_err_state(err, "53400");
    return HS_LIMIT;
}

/* Counted anew whenever it has grown: it was printed for another search path, or described. What a portal holds past
 * Close counts until the portal is gone. */
static hs_rc recount(struct pg_session *s, struct pg_statement *st, struct hs_err *err)
{
    bool fits = hold(s, &st->bytes, sizeof *st + used(st->arena) + used(st->made) + used(st->told_arena));
    if ((int64_t)s->statement_bytes > s->settings.statement_memory)
        return too_much(err);
    return fits ? HS_OK : hs_pg_person_full(err);
}

hs_rc hs_pg_statement_enter(struct pg_session *s, struct pg_statement *st, struct hs_err *err)
{
    if ((int64_t)s->statement_count >= s->settings.statements_max)
        return too_much(err);
    HS_TRY(recount(s, st, err));
    st->refs++;
    st->next = s->statements;
    st->link = &s->statements;
    if (st->next)
        st->next->link = &st->next;
    s->statements = st;
    s->statement_count++;
    return HS_OK;
}

void hs_pg_statement_leave(struct pg_session *s, struct pg_statement *st)
{
    *st->link = st->next;
    if (st->next)
        st->next->link = st->link;
    st->link = NULL;
    s->statement_count--;
    hs_pg_statement_unref(st);
}

void hs_pg_statements_drop(struct pg_session *s)
{
    while (s->statements)
        hs_pg_statement_leave(s, s->statements);
}

bool hs_pg_gives_rows(enum hs_pgsql_kind kind)
{
    return kind == HS_PGSQL_SELECT || kind == HS_PGSQL_SHOW || kind == HS_PGSQL_FETCH || kind == HS_PGSQL_EXPLAIN;
}

/* ---- translating ---- */

static uint64_t mark_now(const struct pg_session *s)
{
    return hs_pg_catalog_mark(s->catalog) ^ (s->settings_mark * UINT64_C(0x9E3779B97F4A7C15));
}

static hs_rc print(struct pg_session *s, struct pg_statement *st, struct hs_arena *a, struct hs_err *err)
{
    struct hs_pgsql_context context;
    HS_TRY(hs_pg_context(s, a, &context, err));
    context.param_types = st->declared;
    context.param_type_count = st->param_count;
    return hs_pgsql_translate(a, &st->text->script, st->index, &context, &st->translation, err);
}

static hs_rc translate(struct pg_session *s, struct pg_statement *st, struct hs_err *err)
{
    struct hs_arena *a = hs_arena_new((size_t)s->settings.statement_memory);
    st->translated = false;
    st->translation = (struct hs_pgsql_translation){0};
    hs_rc rc = a ? print(s, st, a, err) : hs_fail(err, HS_NOMEM, "out of memory");
    hs_arena_free(st->made);
    st->made = a;
    return rc;
}

static void translate_ahead(struct pg_session *s) /* on the pool */
{
    struct hs_err err;
    hs_rc rc = translate(s, s->ahead.st, &err);
    keep_outcome(s, rc, &err);
}

/* True: `rc` and `err` say how it went. False: it is on the pool, or that has failed. */
static bool translated_now(struct pg_session *s, struct pg_statement *st, hs_rc *rc, struct hs_err *err)
{
    if (st->text->script.text.len <= LONG_TEXT) {
        *rc = translate(s, st, err);
        return true;
    }
    if (s->ahead.st == st && s->ahead.there) {
        *rc = take_outcome(s, err);
        return true;
    }
    hs_pg_ahead_drop(s);
    s->ahead.st = hs_pg_statement_ref(st);
    hs_pg_job_start(s, translate_ahead);
    return false;
}

bool hs_pg_statement_translated(struct pg_session *s, struct pg_statement *st)
{
    struct hs_err err;
    hs_rc rc;
    if (!st->parsed->runs)
        return true;
    if (!hs_pg_look(s) || !translated_now(s, st, &rc, &err))
        return false;
    if (rc == HS_OK)
        rc = recount(s, st, &err);
    if (rc != HS_OK) {
        hs_pg_fail_err(s, NULL, &err);
        return false;
    }
    if (st->translation.refused.sqlstate[0]) {
        hs_pg_refuse(s, &st->translation.refused);
        return false;
    }
    st->translated = true;
    st->described = st->described && st->made_for == mark_now(s);
    st->made_for = mark_now(s);
    return true;
}

/* ---- asking ---- */

void hs_pg_call_ended(struct hs_call *c)
{
    struct hs_batch batch;
    struct hs_err err;
    if (c && hs_call_poll(c, &batch, &err) == HS_CALL_BATCH)
        hs_batch_release(&batch);
    hs_call_close(c);
}

hs_rc hs_pg_start_query(struct pg_session *s, struct pg_statement *st, const struct hs_params *params, bool describe,
                        char request_id[33], struct hs_call **out, const char **state, struct hs_err *err)
{
    struct hs_query q = {.sql = st->translation.sql, .params = params, .describe_only = describe};
    struct hs_arena *a = hs_arena_new(0);
    hs_rc rc =
        a ? hs_pg_given(s, st, a, &q.given, &q.given_count, state, err) : hs_fail(err, HS_NOMEM, "out of memory");
    hs_access_request_id(s->env->access, request_id);
    struct hs_asker who = hs_pg_asker(s, request_id);
    q.form.narrow_decimals = true;
    q.pins = hs_pg_pins(s);
    if (rc == HS_OK) {
        *out = hs_access_query(s->env->access, &who, &q, hs_pg_notify, s);
        rc = *out ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
    }
    hs_arena_free(a);
    return rc;
}

static void ask(struct pg_session *s, struct pg_statement *st)
{
    struct hs_err err;
    const char *state = NULL;
    if (hs_pg_start_query(s, st, NULL, true, s->ask_id, &s->ask, &state, &err) != HS_OK) {
        hs_pg_fail_err(s, state, &err);
        return;
    }
    s->asking = hs_pg_statement_ref(st);
    hs_pg_become(s, PG_ASKING);
    hs_pg_statement_news(s);
}

/* What a parameter is told to be: as declared, as the words around it say, as the engine takes it, else text. */
static uint32_t told_type(const struct pg_statement *st, size_t i)
{
    struct hs_pg_type t = {.oid = 25};
    if (st->declared[i])
        return st->declared[i];
    if (st->translation.param_types && i < st->parsed->param_count && st->translation.param_types[i])
        return st->translation.param_types[i];
    if (st->wanted[i] && st->wanted[i]->id != HS_T_UNKNOWN)
        hs_pg_type_of(st->wanted[i], &t);
    return t.oid;
}

static hs_rc tell_params(struct pg_statement *st, const struct hs_call *call, struct hs_err *err)
{
    const struct hs_type *types = call ? hs_call_param_types(call) : NULL;
    st->wanted = hs_arena_array(st->told_arena, st->param_count + 1, sizeof *st->wanted);
    st->told = hs_arena_array(st->told_arena, st->param_count + 1, sizeof *st->told);
    if (!st->wanted || !st->told)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < st->param_count; i++) {
        if (types && i < types->field_count && !(st->wanted[i] = hs_type_copy(st->told_arena, types->fields[i].type)))
            return hs_fail(err, HS_NOMEM, "out of memory");
        st->told[i] = told_type(st, i);
    }
    return HS_OK;
}

static hs_rc begin_telling(struct pg_statement *st, struct hs_err *err)
{
    hs_arena_free(st->told_arena);
    st->told = NULL;
    st->wanted = NULL;
    st->columns = (struct pg_columns){0};
    st->described = false;
    st->told_arena = hs_arena_new(0);
    return st->told_arena ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static hs_rc tell_columns(struct pg_session *s, struct pg_statement *st, const struct hs_call *call, struct hs_err *err)
{
    const struct hs_type *schema = hs_call_schema(call);
    struct pg_lookup lookup;
    struct hs_pg_rows *writer;
    hs_pg_lookup_init(&lookup, hs_pg_catalog_system(s->catalog), call);
    const uint32_t *oids = hs_pg_declared_types(&st->translation, schema->field_count, st->told_arena);
    HS_TRY(hs_pg_writer_open(s, oids, schema, (struct hs_pg_rows_spec){0}, &lookup, &writer, err));
    hs_rc rc = hs_pg_columns_of(st, schema, writer, &lookup, st->told_arena, &st->columns, err);
    hs_pg_rows_close(writer);
    return rc;
}

/* Of a statement with a query: also COPY and DECLARE, whose answers are no rows of theirs. */
static void take_description(struct pg_session *s)
{
    struct pg_statement *st = s->asking;
    struct hs_err err;
    hs_rc rc = begin_telling(st, &err);
    if (rc == HS_OK)
        rc = tell_params(st, s->ask, &err);
    if (rc == HS_OK && st->kind == HS_PGSQL_SELECT)
        rc = tell_columns(s, st, s->ask, &err);
    if (rc == HS_OK)
        rc = recount(s, st, &err);
    st->columns.known = st->described = rc == HS_OK;
    hs_pg_call_ended(s->ask);
    s->ask = NULL;
    s->asking = NULL;
    hs_pg_become(s, PG_IDLE);
    if (rc != HS_OK)
        hs_pg_fail_err(s, NULL, &err);
    hs_pg_statement_unref(st);
}

void hs_pg_statement_news(struct pg_session *s)
{
    struct hs_err err;
    struct hs_batch batch;
    hs_err_clear(&err);
    switch (hs_call_poll(s->ask, &batch, &err)) {
    case HS_CALL_WAIT:
        return;
    case HS_CALL_READY:
        take_description(s);
        return;
    case HS_CALL_BATCH:
        hs_batch_release(&batch);
        return;
    case HS_CALL_END:
    case HS_CALL_ERROR:
        hs_pg_fail_call(s, s->asking, s->ask_id, &err);
        return;
    }
}

/* ---- describing what does not run in the engine ---- */

static hs_rc describe_here(struct pg_session *s, struct pg_statement *st, struct hs_err *err)
{
    static const char *const ALL[] = {"name", "setting", "description"};
    HS_TRY(begin_telling(st, err));
    HS_TRY(tell_params(st, NULL, err));
    if (st->kind == HS_PGSQL_SHOW && st->parsed->set.all)
        HS_TRY(hs_pg_columns_text(st->told_arena, ALL, 3, &st->columns, err));
    if (st->kind == HS_PGSQL_SHOW && !st->parsed->set.all) {
        hs_str name = hs_arena_str(st->told_arena, hs_pg_parameter_name(st->parsed->set.name));
        HS_TRY(
            hs_pg_columns_text(st->told_arena, (const char *const[]){name.at ? name.at : "?"}, 1, &st->columns, err));
    }
    (void)s;
    st->columns.known = st->described = true;
    return HS_OK;
}

bool hs_pg_statement_described(struct pg_session *s, struct pg_statement *st)
{
    struct hs_err err;
    if (!st->parsed->runs) {
        if (describe_here(s, st, &err) == HS_OK && recount(s, st, &err) == HS_OK)
            return true;
        hs_pg_fail_err(s, NULL, &err);
        return false;
    }
    if (!st->translated && !hs_pg_statement_translated(s, st))
        return false;
    if (st->described)
        return true;
    if (!hs_pg_look(s))
        return false;
    ask(s, st);
    return st->described;
}

const struct pg_columns *hs_pg_statement_columns(struct pg_session *s, struct pg_statement *st)
{
    if (st->kind == HS_PGSQL_FETCH) {
        const struct pg_portal *c = hs_pg_portal_find(s, st->parsed->fetch.name);
        return c && c->columns.known ? &c->columns : NULL;
    }
    if (st->kind == HS_PGSQL_EXECUTE) {
        const struct pg_statement *target = hs_pg_statement_find(s, st->parsed->name);
        return target && target->described ? &target->columns : NULL;
    }
    return st->columns.known && hs_pg_gives_rows(st->kind) ? &st->columns : NULL;
}
