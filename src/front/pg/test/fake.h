/* A fake of access and auth for tests of this door: everything the front calls there is defined here, so the archive's
 * own objects are not pulled in. The translator, values and system relations are the real ones. Header-only: one test,
 * one program, one fake.
 *
 * A statement says what it does by a text in it: 'rows N batches B', 'fail KIND', 'late' (one batch, then an error),
 * 'wait' (until fake_release), 'slow' (described at once, no rows until fake_release), 'hidden'. Parameters: as many as
 * the highest $n; the value of $1 comes back in the column `text`. Passwords: 'secret' is ana's and ben's. */
#ifndef HS_PG_TEST_FAKE_H
#define HS_PG_TEST_FAKE_H

#include "access/access.h"
#include "auth/auth.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#include <nanoarrow/nanoarrow.h>
#include <stdio.h>
#include <stdlib.h>

#include "arrow/ipc.h"

struct hs_call {
    struct hs_arena *arena;
    void (*notify)(void *);
    void *arg;
    int step, batches, rows;
    bool describe, waits, cancelled, late, slow, catalog_call;
    hs_rc fails;
    struct hs_type *schema, *params;
    size_t param_count;
    const struct hs_catalog *catalog;
    char text[256];
};
struct hs_pins {
    int refs;
};

static struct {
    void (*jobs[64])(void *);
    void *job_args[64];
    size_t job_count;
    bool jobs_refused;
    int open_calls, made_calls, queries, describes, catalogs, closed_batches, made_batches, pins;
    bool hold;  /* every call waits until fake_release */
    bool async; /* every call waits for one fake_go_on */
    bool removed;
    int password_changes;
    struct hs_call *waiting[256];
    size_t waiting_count;
    char last_asker[64], last_purpose[64], last_sql[4096];
    bool last_pinned;
    size_t last_given;
} fake;

/* ---- the model ---- */

static struct hs_product fake_product = {.id = {"sales", 5}, .name = {"sales", 5}, .domain = {"sales", 5}};
static struct hs_table fake_table = {.product = &fake_product, .name = {"orders", 6}};
static struct hs_user fake_users[] = {{.name = {"ana", 3}}, {.name = {"ben", 3}}};
static struct hs_model fake_model = {.mesh_name = {"mesh", 4}};

struct hs_model *hs_access_model(struct hs_access *a)
{
    (void)a;
    fake_product.tables = &fake_table;
    fake_product.table_count = 1;
    fake_model.users = fake_users;
    fake_model.user_count = 2;
    fake_model.products = &fake_product;
    fake_model.product_count = 1;
    return &fake_model;
}

void hs_model_unref(struct hs_model *m)
{
    (void)m;
}

struct hs_auth *hs_access_auth(struct hs_access *a)
{
    return (struct hs_auth *)a;
}

/* ---- auth: SCRAM whose proof is the password itself ---- */

struct hs_scram {
    char name[64];
    bool begun, plus;
};

hs_str hs_scram_mechanism(bool plus)
{
    return plus ? HS_S("SCRAM-SHA-256-PLUS") : HS_S("SCRAM-SHA-256");
}

hs_rc hs_scram_open(struct hs_auth *a, const struct hs_model *model, const struct hs_scram_offer *offer,
                    struct hs_scram **out, struct hs_err *err)
{
    (void)a, (void)model;
    *out = hs_calloc(1, sizeof **out);
    if (!*out)
        return hs_fail(err, HS_NOMEM, "out of memory");
    snprintf((*out)->name, sizeof(*out)->name, "%.*s", HS_FMT(offer->name));
    (*out)->plus = offer->end_point.len > 0;
    return HS_OK;
}

hs_rc hs_scram_first(struct hs_scram *s, hs_str mechanism, hs_str first, struct hs_buf *out, struct hs_err *err)
{
    bool known = hs_str_is(mechanism, "SCRAM-SHA-256") || (s->plus && hs_str_is(mechanism, "SCRAM-SHA-256-PLUS"));
    if (!known)
        return hs_fail(err, HS_UNAUTHENTICATED, "no such mechanism");
    if (!hs_str_starts(first, HS_S("n,,")))
        return hs_fail(err, HS_INVALID, "malformed");
    hs_buf_addz(out, "r=nonce,s=c2FsdA==,i=4096");
    return hs_buf_done(out, err);
}

hs_rc hs_scram_final(struct hs_scram *s, hs_str final, struct hs_buf *out, uint8_t standing[32], struct hs_err *err)
{
    bool known = strcmp(s->name, "ana") == 0 || strcmp(s->name, "ben") == 0;
    if (!known || !hs_str_is(final, "secret"))
        return hs_fail(err, HS_UNAUTHENTICATED, "user name or password is wrong");
    hs_buf_addz(out, "v=done");
    memset(standing, fake.password_changes, 32);
    return hs_buf_done(out, err);
}

void hs_scram_close(struct hs_scram *s)
{
    hs_free(s);
}

hs_rc hs_auth_standing(const struct hs_model *model, hs_str name, uint8_t out[32], struct hs_err *err)
{
    (void)model, (void)name;
    memset(out, fake.password_changes, 32);
    return fake.removed ? hs_fail(err, HS_NOT_FOUND, "nobody of that name") : HS_OK;
}

hs_rc hs_auth_bearer(struct hs_auth *a, const struct hs_model *model, hs_str token, struct hs_arena *arena,
                     struct hs_principal **out, struct hs_err *err)
{
    (void)a, (void)model;
    if (fake.removed || !hs_str_is(token, "hst_ana"))
        return hs_fail(err, HS_UNAUTHENTICATED, "not signed in");
    *out = HS_NEW(arena, struct hs_principal);
    if (!*out)
        return hs_fail(err, HS_NOMEM, "out of memory");
    (*out)->name = HS_S("ana");
    return HS_OK;
}

/* ---- access ---- */

hs_rc hs_access_run(struct hs_access *a, void (*fn)(void *), void *arg, struct hs_err *err)
{
    (void)a;
    if (fake.job_count == 64 || fake.jobs_refused)
        return hs_fail(err, HS_LIMIT, "the server is busy; try again soon");
    fake.jobs[fake.job_count] = fn;
    fake.job_args[fake.job_count++] = arg;
    return HS_OK;
}

static inline bool fake_run_jobs(void)
{
    bool any = fake.job_count > 0;
    for (size_t i = 0; i < fake.job_count; i++)
        fake.jobs[i](fake.job_args[i]);
    fake.job_count = 0;
    return any;
}

void hs_access_request_id(struct hs_access *a, char out[33])
{
    (void)a;
    snprintf(out, 33, "%032d", ++fake.made_calls);
}

struct hs_pins *hs_pins_new(void)
{
    struct hs_pins *p = hs_calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->refs = 1;
    fake.pins++;
    return p;
}

struct hs_pins *hs_pins_ref(struct hs_pins *p)
{
    p->refs++;
    return p;
}

void hs_pins_unref(struct hs_pins *p)
{
    if (!p || --p->refs)
        return;
    fake.pins--;
    hs_free(p);
}

static struct hs_type *fake_schema(struct hs_arena *a)
{
    struct hs_type *t = hs_type_new(a, HS_T_STRUCT);
    struct hs_field *f = hs_arena_array(a, 2, sizeof *f);
    if (!t || !f)
        return NULL;
    f[0] = (struct hs_field){.id = 1, .name = HS_S("id"), .required = true, .type = hs_type_new(a, HS_T_LONG)};
    f[1] = (struct hs_field){.id = 2, .name = HS_S("text"), .type = hs_type_new(a, HS_T_STRING)};
    t->fields = f;
    t->field_count = 2;
    return f[0].type && f[1].type ? t : NULL;
}

static inline bool fake_params(struct hs_call *c, hs_str sql)
{
    for (size_t i = 0; i + 1 < sql.len; i++)
        if (sql.at[i] == '$' && sql.at[i + 1] >= '1' && sql.at[i + 1] <= '9' &&
            (size_t)(sql.at[i + 1] - '0') > c->param_count)
            c->param_count = (size_t)(sql.at[i + 1] - '0');
    c->params = hs_type_new(c->arena, HS_T_STRUCT);
    if (!c->params)
        return false;
    c->params->fields = hs_arena_array(c->arena, c->param_count + 1, sizeof *c->params->fields);
    c->params->field_count = c->params->fields ? c->param_count : 0;
    for (size_t i = 0; i < c->params->field_count; i++) {
        c->params->fields[i].name = HS_S("p");
        c->params->fields[i].type = hs_type_new(c->arena, HS_T_LONG);
        if (!c->params->fields[i].type)
            return false;
    }
    return c->params->fields != NULL;
}

static inline void fake_parse(struct hs_call *c, hs_str sql)
{
    static const struct {
        const char *word;
        hs_rc kind;
    } kinds[] = {{"fail denied", HS_DENIED},
                 {"fail not_found", HS_NOT_FOUND},
                 {"fail invalid", HS_INVALID},
                 {"hidden", HS_INTERNAL}};
    char text[4096];
    snprintf(text, sizeof text, "%.*s", HS_FMT(sql));
    snprintf(fake.last_sql, sizeof fake.last_sql, "%s", text);
    c->batches = 1;
    c->rows = 3;
    const char *rows = strstr(text, "rows ");
    if (rows)
        sscanf(rows, "rows %d batches %d", &c->rows, &c->batches);
    c->waits = strstr(text, "'wait'") != NULL;
    c->late = strstr(text, "'late'") != NULL;
    c->slow = strstr(text, "'slow'") != NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strstr(text, kinds[i].word))
            c->fails = kinds[i].kind;
}

static struct hs_call *fake_call(const struct hs_asker *who, void (*notify)(void *), void *arg)
{
    struct hs_call *c = hs_calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->arena = hs_arena_new(0);
    c->schema = c->arena ? fake_schema(c->arena) : NULL;
    c->notify = notify;
    c->arg = arg;
    if (!c->schema) {
        hs_arena_free(c->arena);
        hs_free(c);
        return NULL;
    }
    snprintf(fake.last_asker, sizeof fake.last_asker, "%.*s", HS_FMT(who->name));
    snprintf(fake.last_purpose, sizeof fake.last_purpose, "%.*s", HS_FMT(who->purpose));
    fake.open_calls++;
    if (fake.waiting_count < 256)
        fake.waiting[fake.waiting_count++] = c;
    return c;
}

static inline bool fake_go_on(bool every)
{
    bool any = false;
    for (size_t i = 0; i < fake.waiting_count; i++) {
        struct hs_call *c = fake.waiting[i];
        bool goes = (c->waits || c->slow) && (every || fake.async);
        if (goes) {
            c->waits = c->slow = false;
            any = true;
            if (c->notify)
                c->notify(c->arg);
        }
    }
    return any;
}

/* What waited may go on, and says so. */
static inline void fake_release(void)
{
    fake.hold = false;
    fake_go_on(true);
}

struct hs_call *hs_access_query(struct hs_access *a, const struct hs_asker *who, const struct hs_query *query,
                                void (*notify)(void *), void *arg)
{
    (void)a;
    struct hs_call *c = fake_call(who, notify, arg);
    if (!c)
        return NULL;
    fake_parse(c, query->sql);
    if (!fake_params(c, query->sql))
        c->fails = HS_NOMEM;
    c->describe = query->describe_only;
    fake.queries += !c->describe;
    fake.describes += c->describe;
    fake.last_pinned = query->pins != NULL;
    fake.last_given = query->given_count;
    c->waits = (c->waits && !c->describe) || fake.hold || fake.async;
    if (query->params && query->params->count) {
        const struct hs_param *v = &query->params->at[0];
        if (v->null)
            snprintf(c->text, sizeof c->text, "NULL");
        else if (v->text.at)
            snprintf(c->text, sizeof c->text, "%.*s", HS_FMT(v->text));
        else
            snprintf(c->text, sizeof c->text, "%lld", (long long)v->i);
    }
    return c;
}

struct hs_call *hs_access_catalog(struct hs_access *a, const struct hs_asker *who, const struct hs_catalog_query *query,
                                  void (*notify)(void *), void *arg)
{
    (void)a;
    struct hs_call *c = fake_call(who, notify, arg);
    struct hs_catalog *k = c ? HS_NEW(c->arena, struct hs_catalog) : NULL;
    fake.catalogs++;
    if (!k) {
        hs_call_close(c);
        return NULL;
    }
    static hs_str domains[] = {{"sales", 5}};
    k->mesh = HS_S("mesh");
    k->domains = domains;
    k->domain_count = 1;
    k->tables = hs_arena_array(c->arena, 1, sizeof *k->tables);
    if (k->tables) {
        k->tables[0] = (struct hs_seen_table){.domain = domains[0],
                                              .name = HS_S("orders"),
                                              .description = HS_S(""),
                                              .type = query->with_schema ? c->schema : NULL,
                                              .table = &fake_table};
        static const bool masked[2];
        k->tables[0].masked = masked;
        k->table_count = 1;
    }
    c->catalog = k;
    c->catalog_call = true;
    c->describe = true;
    c->waits = fake.hold || fake.async;
    return c;
}

static inline void fake_release_batch(struct hs_batch *b)
{
    fake.closed_batches++;
    b->release = (void (*)(struct hs_batch *))b->owner; /* the maker's own */
    b->owner = b->nodes; /* hs_batch_of_array has one block, and it starts with the nodes */
    hs_batch_release(b);
}

static inline bool fake_batch(const struct hs_call *c, struct hs_batch *out)
{
    struct ArrowSchema schema;
    struct ArrowArray array = {.release = NULL};
    struct hs_err err;
    if (hs_type_to_arrow(c->schema, false, &schema, &err) != HS_OK)
        return false;
    int code = ArrowArrayInitFromSchema(&array, &schema, NULL);
    if (code == NANOARROW_OK)
        code = ArrowArrayStartAppending(&array);
    for (int i = 0; i < c->rows && code == NANOARROW_OK; i++) {
        char text[32];
        snprintf(text, sizeof text, "row %d", i);
        ArrowArrayAppendInt(array.children[0], i);
        ArrowArrayAppendString(array.children[1], ArrowCharView(c->text[0] ? c->text : text));
        code = ArrowArrayFinishElement(&array);
    }
    if (code == NANOARROW_OK)
        code = ArrowArrayFinishBuildingDefault(&array, NULL);
    bool ok = code == NANOARROW_OK && hs_batch_of_array(&schema, &array, out, &err) == HS_OK;
    if (array.release)
        ArrowArrayRelease(&array);
    ArrowSchemaRelease(&schema);
    if (ok) {
        out->owner = (void *)out->release;
        out->release = fake_release_batch;
        fake.made_batches++;
    }
    return ok;
}

enum hs_call_state hs_call_poll(struct hs_call *c, struct hs_batch *out, struct hs_err *err)
{
    if (!c || c->cancelled) {
        hs_ignore(hs_fail(err, c ? HS_CANCELLED : HS_NOMEM, c ? "cancelled" : "out of memory"));
        return HS_CALL_ERROR;
    }
    if (c->waits || (c->slow && c->step))
        return HS_CALL_WAIT;
    if (c->fails) {
        hs_ignore(hs_fail(err, c->fails, "said so (position 8)"));
        hs_err_note(err, "the secret detail");
        return HS_CALL_ERROR;
    }
    if (c->step++ == 0)
        return HS_CALL_READY;
    if (c->late && c->step > 2) {
        hs_ignore(hs_fail(err, HS_LIMIT, "too late"));
        return HS_CALL_ERROR;
    }
    if (c->describe || c->batches-- <= 0)
        return HS_CALL_END;
    if (fake_batch(c, out))
        return HS_CALL_BATCH;
    hs_ignore(hs_fail(err, HS_NOMEM, "out of memory"));
    return HS_CALL_ERROR;
}

const struct hs_type *hs_call_schema(const struct hs_call *c)
{
    return c->schema;
}

size_t hs_call_param_count(const struct hs_call *c)
{
    return c->param_count;
}

const struct hs_seen_column *hs_call_origins(const struct hs_call *c)
{
    (void)c;
    return NULL;
}

const struct hs_type *hs_call_param_types(const struct hs_call *c)
{
    return c->params;
}

const struct hs_catalog *hs_call_catalog(const struct hs_call *c)
{
    return c->catalog;
}

void hs_call_cancel(struct hs_call *c)
{
    c->cancelled = true;
}

void hs_call_close(struct hs_call *c)
{
    if (!c)
        return;
    fake.open_calls--;
    for (size_t i = 0; i < fake.waiting_count; i++)
        if (fake.waiting[i] == c)
            fake.waiting[i] = fake.waiting[--fake.waiting_count];
    hs_arena_free(c->arena);
    hs_free(c);
}

#endif
