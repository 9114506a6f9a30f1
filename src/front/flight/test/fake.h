/* A fake of access and auth for tests of this door: everything the front calls is defined here, so the archive's own
 * objects are not pulled in. Header-only: one test, one program, one fake. Work on the pool waits until fake_run_jobs.
 *
 * A statement says what it does: "rows N batches B", "echo", "fail KIND", "late" (one batch, then an error), "wait"
 * (until fake_release), "hidden" (an error that must not show its detail), "parts N" (so many endpoints), "slow"
 * (described at once, no rows until fake_release). */
#ifndef HS_FLIGHT_TEST_FAKE_H
#define HS_FLIGHT_TEST_FAKE_H

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
    int step, batches, rows, params, parts;
    bool describe, waits, cancelled, late, slow;
    hs_rc fails;
    struct hs_type *schema;
    const struct hs_catalog *catalog;
    char text[256];
};

static struct {
    int open_calls, made_calls, closed_batches, made_batches, passwords;
    bool hold;     /* every call waits until fake_release */
    bool begins;   /* if_free: there is room, and it runs */
    bool outdated; /* nothing may be taken up */
    int begun, taken_up;
    size_t last_part, last_parts;
    const char *pin; /* what a describe says is bound; another one at a run is a conflict */
    struct hs_call *waiting[64];
    size_t waiting_count;
    void (*jobs[64])(void *);
    void *job_args[64];
    size_t job_count;
    bool disabled; /* ana has been removed */
    int password_changes;
    char kept[1 << 18];
    size_t kept_len;
    char last_asker[64], last_purpose[64];
} fake;

/* ---- auth ---- */

static struct hs_model fake_model = {.mesh_name = {"mesh", 4}};
static struct hs_user fake_users[] = {{.name = {"ana", 3}}, {.name = {"ben", 3}}};

struct hs_model *hs_access_model(struct hs_access *a)
{
    (void)a;
    fake_model.users = fake_users;
    fake_model.user_count = 2;
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

hs_rc hs_auth_password(struct hs_auth *a, const struct hs_model *model, hs_str name, hs_str peer, hs_str password,
                       struct hs_err *err)
{
    (void)a, (void)model, (void)peer;
    fake.passwords++;
    bool known = hs_str_is(name, "ana") || hs_str_is(name, "ben");
    return known && hs_str_is(password, "secret") ? HS_OK
                                                  : hs_fail(err, HS_UNAUTHENTICATED, "user name or password is wrong");
}

hs_rc hs_auth_standing(const struct hs_model *model, hs_str name, uint8_t out[32], struct hs_err *err)
{
    (void)model, (void)name, (void)err;
    memset(out, fake.password_changes, 32);
    return HS_OK;
}

hs_rc hs_auth_session_new(struct hs_auth *a, const struct hs_model *model, hs_str name, struct hs_buf *out,
                          struct hs_err *err)
{
    (void)a, (void)model;
    hs_buf_addf(out, "hss_%.*s", HS_FMT(name));
    return hs_buf_done(out, err);
}

hs_rc hs_auth_assume(const struct hs_model *model, hs_str name, struct hs_arena *arena, struct hs_principal **out,
                     struct hs_err *err)
{
    (void)model;
    if (fake.disabled || !(hs_str_is(name, "ana") || hs_str_is(name, "ben")))
        return hs_fail(err, HS_NOT_FOUND, "nobody of that name");
    *out = HS_NEW(arena, struct hs_principal);
    if (!*out)
        return hs_fail(err, HS_NOMEM, "out of memory");
    (*out)->name = hs_arena_str(arena, name);
    return (*out)->name.at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

hs_rc hs_auth_bearer(struct hs_auth *a, const struct hs_model *model, hs_str token, struct hs_arena *arena,
                     struct hs_principal **out, struct hs_err *err)
{
    (void)a;
    hs_str name = token.len > 4 ? hs_str_n(token.at + 4, token.len - 4) : (hs_str){0};
    if (!hs_str_starts(token, HS_S("hss_")) || hs_auth_assume(model, name, arena, out, err) != HS_OK)
        return hs_fail(err, HS_UNAUTHENTICATED, "not signed in");
    return HS_OK;
}

hs_rc hs_auth_session_end(struct hs_auth *a, hs_str token, struct hs_err *err)
{
    (void)a, (void)token, (void)err;
    return HS_OK;
}

/* "Sealing": purpose, '|', bytes turned over. A changed byte still shows as another purpose or another statement, which
 * is all that is needed here. */
hs_rc hs_seal(struct hs_auth *a, hs_str purpose, hs_str plain, struct hs_buf *out, struct hs_err *err)
{
    (void)a;
    hs_buf_adds(out, purpose);
    hs_buf_addc(out, '|');
    for (size_t i = 0; i < plain.len; i++)
        hs_buf_addc(out, (char)(plain.at[i] ^ 0x5a));
    return hs_buf_done(out, err);
}

hs_rc hs_unseal(struct hs_auth *a, hs_str purpose, hs_str sealed, struct hs_buf *out, struct hs_err *err)
{
    (void)a;
    if (!hs_str_starts(sealed, purpose) || sealed.len <= purpose.len || sealed.at[purpose.len] != '|')
        return hs_fail(err, HS_INVALID, "not sealed here");
    for (size_t i = purpose.len + 1; i < sealed.len; i++)
        hs_buf_addc(out, (char)(sealed.at[i] ^ 0x5a));
    return hs_buf_done(out, err);
}

/* ---- what is kept: one, the last ---- */

hs_rc hs_access_keep(struct hs_access *a, hs_str name, hs_str bytes, int64_t expires_us, uint8_t out_id[16],
                     struct hs_err *err)
{
    (void)a, (void)name;
    (void)expires_us;
    if (bytes.len > sizeof fake.kept)
        return hs_fail(err, HS_LIMIT, "too long for the fake");
    memcpy(fake.kept, bytes.at, bytes.len);
    fake.kept_len = bytes.len;
    memset(out_id, 'k', 16);
    return HS_OK;
}

hs_rc hs_access_kept(struct hs_access *a, const uint8_t id[16], struct hs_buf *out, struct hs_err *err)
{
    (void)a;
    if (!fake.kept_len || id[0] != 'k')
        return hs_fail(err, HS_NOT_FOUND, "nothing is kept");
    hs_buf_add(out, fake.kept, fake.kept_len);
    return hs_buf_done(out, err);
}

void hs_access_forget(struct hs_access *a, const uint8_t id[16])
{
    (void)a;
    if (id[0] == 'k')
        fake.kept_len = 0;
}

/* ---- the pool ---- */

hs_rc hs_access_run(struct hs_access *a, void (*fn)(void *), void *arg, struct hs_err *err)
{
    (void)a;
    if (fake.job_count == 64)
        return hs_fail(err, HS_LIMIT, "the queue is full");
    fake.jobs[fake.job_count] = fn;
    fake.job_args[fake.job_count++] = arg;
    return HS_OK;
}

hs_rc hs_access_sign_in(struct hs_access *a, hs_str peer, void (*fn)(void *), void *arg, struct hs_err *err)
{
    (void)peer;
    return hs_access_run(a, fn, arg, err);
}

static inline bool fake_run_jobs(void)
{
    bool any = fake.job_count > 0;
    for (size_t i = 0; i < fake.job_count; i++)
        fake.jobs[i](fake.job_args[i]);
    fake.job_count = 0;
    return any;
}

/* ---- access ---- */

void hs_access_request_id(struct hs_access *a, char out[33])
{
    (void)a;
    snprintf(out, 33, "%032d", ++fake.made_calls);
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

static inline void fake_parse(struct hs_call *c, hs_str sql)
{
    static const struct {
        const char *word;
        hs_rc kind;
    } kinds[] = {{"fail denied", HS_DENIED}, {"fail not_found", HS_NOT_FOUND}, {"fail invalid", HS_INVALID}};
    char text[64];
    snprintf(text, sizeof text, "%.*s", HS_FMT(sql));
    c->batches = 1;
    c->rows = 3;
    sscanf(text, "rows %d batches %d", &c->rows, &c->batches);
    c->waits = strcmp(text, "wait") == 0;
    c->late = strcmp(text, "late") == 0;
    c->slow = strcmp(text, "slow") == 0;
    sscanf(text, "parts %d", &c->parts);
    c->params = strncmp(text, "echo", 4) == 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(text, kinds[i].word) == 0)
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
    if (fake.waiting_count < 64)
        fake.waiting[fake.waiting_count++] = c;
    return c;
}

/* What waited may go on, and says so. */
static inline void fake_release(void)
{
    fake.hold = false;
    for (size_t i = 0; i < fake.waiting_count; i++)
        if (fake.waiting[i]->waits || fake.waiting[i]->slow) {
            fake.waiting[i]->waits = fake.waiting[i]->slow = false;
            if (fake.waiting[i]->notify)
                fake.waiting[i]->notify(fake.waiting[i]->arg);
        }
}

static inline void fake_echo(struct hs_call *c, const struct hs_params *p)
{
    for (size_t i = 0; i < p->count; i++) {
        size_t n = strlen(c->text);
        const struct hs_param *v = &p->at[i];
        if (v->null)
            snprintf(c->text + n, sizeof c->text - n, "NULL;");
        else if (v->type == HS_T_DOUBLE || v->type == HS_T_FLOAT)
            snprintf(c->text + n, sizeof c->text - n, "%g;", v->d);
        else if (v->text.at)
            snprintf(c->text + n, sizeof c->text - n, "%.*s;", HS_FMT(v->text));
        else
            snprintf(c->text + n, sizeof c->text - n, "%lld;", (long long)v->i);
    }
}

struct hs_call *hs_access_query(struct hs_access *a, const struct hs_asker *who, const struct hs_query *query,
                                void (*notify)(void *), void *arg)
{
    (void)a;
    struct hs_call *c = fake_call(who, notify, arg);
    if (!c)
        return NULL;
    fake_parse(c, query->sql);
    c->describe = query->describe_only || (query->if_free && !fake.begins);
    fake.begun += query->if_free && fake.begins;
    fake.last_part = query->part;
    fake.last_parts = query->parts;
    if (!query->parts_max)
        c->parts = 1;
    c->waits = (c->waits && !c->describe) || fake.hold;
    if (query->params)
        fake_echo(c, query->params);
    if (query->bound.len && !hs_str_is(query->bound, fake.pin ? fake.pin : "pin"))
        c->fails = HS_CONFLICT;
    return c;
}

static const struct hs_property fake_properties[] = {
    {.name = {"text", 4}}, {.name = {"id", 2}, .primary_key = true, .primary_key_position = 1}};
static struct hs_table fake_table = {.name = {"orders", 6}, .property_count = 2};

struct hs_call *hs_access_catalog(struct hs_access *a, const struct hs_asker *who, const struct hs_catalog_query *query,
                                  void (*notify)(void *), void *arg)
{
    (void)a;
    struct hs_call *c = fake_call(who, notify, arg);
    struct hs_catalog *k = c ? HS_NEW(c->arena, struct hs_catalog) : NULL;
    if (!k)
        return c;
    static hs_str domains[] = {{"sales", 5}};
    fake_table.properties = (struct hs_property *)(uintptr_t)fake_properties;
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
        k->table_count = 1;
    }
    c->catalog = k;
    c->describe = true;
    c->waits = fake.hold;
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
    if (c->cancelled) {
        hs_ignore(hs_fail(err, HS_CANCELLED, "cancelled"));
        return HS_CALL_ERROR;
    }
    if (c->waits || (c->slow && c->step))
        return HS_CALL_WAIT;
    if (c->fails) {
        hs_ignore(hs_fail(err, c->fails, "said so"));
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
    return (size_t)c->params;
}

hs_str hs_call_bound(const struct hs_call *c)
{
    (void)c;
    return HS_S("pin");
}

const struct hs_seen_column *hs_call_origins(const struct hs_call *c)
{
    (void)c;
    return NULL;
}

const struct hs_type *hs_call_param_types(const struct hs_call *c)
{
    (void)c;
    return NULL;
}

bool hs_call_runs(const struct hs_call *c)
{
    return !c->describe;
}

size_t hs_call_parts(const struct hs_call *c)
{
    return c->parts ? (size_t)c->parts : 1;
}

int64_t hs_call_total_rows(const struct hs_call *c)
{
    return c->parts ? 77 : -1;
}

void hs_call_set_aside(struct hs_call *c)
{
    c->notify = NULL;
}

bool hs_call_take_up(struct hs_call *c, const struct hs_asker *who, void (*notify)(void *), void *arg)
{
    (void)who;
    fake.taken_up++;
    c->notify = notify;
    c->arg = arg;
    return !fake.outdated && !c->cancelled;
}

bool hs_call_has_news(struct hs_call *c)
{
    return !c->waits && !c->slow;
}

const char *hs_call_request_id(const struct hs_call *c)
{
    (void)c;
    return "000000000000000000000000000begun";
}

const struct hs_catalog *hs_call_catalog(const struct hs_call *c)
{
    return c->catalog;
}

void hs_call_cancel(struct hs_call *c)
{
    c->cancelled = true;
    if (c->notify)
        c->notify(c->arg);
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
