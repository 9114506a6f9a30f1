/* Wiring of the one way to data: the model of the moment, the pool, the list of open calls, reload. */
#include "access/access_in.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "state/state.h"

#include <stdio.h>

static hs_rc load(struct hs_access *a, struct generation **out, struct hs_err *err)
{
    struct hs_model *m = NULL;
    HS_TRY(hs_model_load(hs_str_of(a->model_directory), hs_policy_check_mask, &m, err));
    /* Who starts has no last good model to keep: whoever such a conflict is about is refused, and the others served. */
    hs_rc rc = a->generation ? hs_policy_check_model(m, err) : HS_OK;
    if (rc == HS_OK && a->generation)
        rc = hs_generation_check(a->generation, m, err);
    if (rc != HS_OK) {
        hs_model_unref(m);
        return rc;
    }
    struct generation *g = hs_generation_new(m);
    if (!g) {
        hs_model_unref(m);
        return hs_fail(err, HS_NOMEM, "out of memory");
    }
    *out = g;
    return HS_OK;
}

static hs_rc open_parts(struct hs_access *a, const struct hs_access_settings *s, struct hs_err *err)
{
    if (snprintf(a->model_directory, sizeof a->model_directory, "%.*s", HS_FMT(s->model_directory)) >=
        (int)sizeof a->model_directory)
        return hs_fail(err, HS_INVALID, "the model directory's name is too long");
    HS_TRY(hs_auth_derive_oldest(a->auth, HS_S("mask"), a->mask_key, a->mask_key_id, err));
    HS_TRY(load(a, &a->generation, err));
    HS_TRY(hs_audit_open(s->audit_directory, a->auth, &a->audit, err));
    HS_TRY(hs_sign_ins_open(a, err));
    return hs_pool_open(s->pool_threads > 0 ? s->pool_threads : 64, s->pool_queue > 0 ? (size_t)s->pool_queue : 2048,
                        &a->pool, err);
}

hs_rc hs_access_open(const struct hs_access_settings *s, struct hs_engine *engine, struct hs_state *state,
                     struct hs_auth *auth, struct hs_access **out, struct hs_err *err)
{
    struct hs_access *a = hs_calloc(1, sizeof *a);
    if (!a)
        return hs_fail(err, HS_NOMEM, "out of memory");
    pthread_mutex_init(&a->lock, NULL);
    pthread_mutex_init(&a->rows_lock, NULL);
    a->settings = *s;
    a->engine = engine;
    a->state = state;
    a->auth = auth;
    if (a->settings.calls_max <= 0)
        a->settings.calls_max = 1024;
    if (a->settings.calls_per_principal <= 0)
        a->settings.calls_per_principal = 64;
    if (a->settings.turns_per_principal <= 0)
        a->settings.turns_per_principal = 4;
    hs_rc rc = open_parts(a, s, err);
    if (rc == HS_OK)
        *out = a;
    else
        hs_access_close(a);
    return rc;
}

void hs_access_close(struct hs_access *a)
{
    if (!a)
        return;
    hs_pool_close(a->sign_in_pool);
    hs_pool_close(a->pool); /* waits for work that runs; it may still write audit records */
    hs_engine_close(a->rows_engine);
    hs_audit_close(a->audit);
    hs_generation_unref(a->generation);
    hs_wipe(a->mask_key, sizeof a->mask_key);
    pthread_mutex_destroy(&a->lock);
    pthread_mutex_destroy(&a->rows_lock);
    hs_free(a);
}

struct generation *hs_access_generation(struct hs_access *a)
{
    struct generation *worn = NULL;
    pthread_mutex_lock(&a->lock);
    if (hs_generation_is_worn(a->generation)) {
        struct hs_model *model = hs_model_ref(a->generation->model);
        struct generation *fresh = hs_generation_new(model);
        if (fresh) {
            worn = a->generation;
            a->generation = fresh;
        } else {
            hs_model_unref(model); /* the old one still serves */
        }
    }
    struct generation *g = hs_generation_ref(a->generation);
    pthread_mutex_unlock(&a->lock);
    hs_generation_unref(worn);
    return g;
}

struct hs_model *hs_access_model(struct hs_access *a)
{
    struct generation *g = hs_access_generation(a);
    struct hs_model *m = hs_model_ref(g->model);
    hs_generation_unref(g);
    return m;
}

struct hs_auth *hs_access_auth(struct hs_access *a)
{
    return a->auth;
}

hs_rc hs_access_run(struct hs_access *a, void (*fn)(void *arg), void *arg, struct hs_err *err)
{
    return hs_pool_submit(a->pool, fn, arg, err);
}

void hs_access_request_id(struct hs_access *a, char out[33])
{
    (void)a;
    uint8_t id[16];
    if (hs_random(id, sizeof id, NULL) != HS_OK) { /* an id, not a secret: time will do */
        int64_t now[2] = {hs_wall_us(), hs_mono_us()};
        memcpy(id, now, sizeof id);
    }
    for (int i = 0; i < 16; i++)
        snprintf(out + 2 * i, 3, "%02x", id[i]);
}

void hs_access_count(struct hs_access *a, struct hs_access_counts *out)
{
    pthread_mutex_lock(&a->lock);
    *out = (struct hs_access_counts){a->call_count, a->calls_total, a->denied_total};
    pthread_mutex_unlock(&a->lock);
}

hs_rc hs_access_keep(struct hs_access *a, hs_str name, hs_str bytes, int64_t expires_us, uint8_t out_id[16],
                     struct hs_err *err)
{
    HS_TRY(hs_random(out_id, 16, err));
    return hs_state_put_handle(a->state, name, hs_str_n(out_id, 16), bytes, expires_us, err);
}

void hs_access_forget(struct hs_access *a, const uint8_t id[16])
{
    struct hs_err err;
    if (hs_state_drop_handle(a->state, hs_str_n(id, 16), &err) != HS_OK) /* it expires all the same */
        hs_log_err(HS_LOG_WARN, "a long statement was not forgotten", "", &err);
}

hs_rc hs_access_kept(struct hs_access *a, const uint8_t id[16], struct hs_buf *out, struct hs_err *err)
{
    return hs_state_get_handle(a->state, hs_str_n(id, 16), out, err);
}

/* ---- reload ---- */

/* Would this call be decided otherwise under the new model? In doubt: yes. */
static bool decision_changed(struct hs_access *a, struct hs_call *c, struct generation *g)
{
    struct hs_arena *arena = hs_arena_new(0);
    struct hs_principal *who = NULL;
    bool changed = !arena || hs_auth_assume(g->model, c->name, arena, &who, NULL) != HS_OK;
    struct hs_facts facts = hs_call_facts(c);
    for (size_t i = 0; !changed && i < c->opened_count; i++) {
        const struct hs_table *old = c->opened[i].table;
        const struct hs_table *t = hs_model_table(g->model, old->product->domain, old->name);
        struct opened o = {0};
        changed =
            !t || hs_opened_table(a, arena, g, t, &(struct hs_as_of){HS_AS_OF_CURRENT, 0, 0, {0}}, &o, NULL) != HS_OK;
        if (!changed) {
            changed = hs_opened_decide(g, who, &facts, &o, NULL) != HS_OK || !o.decision->allowed ||
                      memcmp(o.decision->digest, c->opened[i].decision->digest, 32) != 0;
            hs_opened_close(&o);
        }
    }
    hs_arena_free(arena);
    return changed;
}

bool hs_access_outdated(struct hs_access *a, struct hs_call *c)
{
    struct generation *g = hs_access_generation(a);
    bool outdated = g != c->generation && !a->settings.let_statements_finish && decision_changed(a, c, g);
    hs_generation_unref(g);
    return outdated;
}

/* The open calls of the moment, each counted. */
static struct hs_call **open_calls(struct hs_access *a, size_t *out_count)
{
    pthread_mutex_lock(&a->lock);
    struct hs_call **list = hs_calloc((size_t)a->call_count + 1, sizeof *list);
    size_t n = 0;
    for (struct hs_call *c = list ? a->calls : NULL; c; c = c->next) {
        atomic_fetch_add(&c->refs, 1);
        list[n++] = c;
    }
    pthread_mutex_unlock(&a->lock);
    *out_count = n;
    return list;
}

static void end_changed(struct hs_access *a, struct generation *g)
{
    size_t count;
    struct hs_call **list = open_calls(a, &count);
    for (size_t i = 0; i < count; i++) {
        struct hs_call *c = list[i];
        pthread_mutex_lock(&c->lock);
        bool runs = c->phase == PHASE_RUNNING || c->phase == PHASE_READY;
        pthread_mutex_unlock(&c->lock);
        if (runs && c->generation != g && decision_changed(a, c, g)) {
            struct hs_err why;
            hs_ignore(hs_fail(&why, HS_CONFLICT, "the policy changed while the statement ran; ask again"));
            hs_call_fail(c, &why);
        }
        hs_call_unref(c);
    }
    hs_free(list);
}

hs_rc hs_access_reload(struct hs_access *a, bool *out_changed, struct hs_err *err)
{
    struct generation *fresh = NULL;
    HS_TRY(load(a, &fresh, err));
    pthread_mutex_lock(&a->lock);
    struct generation *old = a->generation;
    bool changed = memcmp(old->model->version, fresh->model->version, 32) != 0;
    if (changed)
        a->generation = hs_generation_ref(fresh);
    pthread_mutex_unlock(&a->lock);
    if (changed) {
        if (!a->settings.let_statements_finish)
            end_changed(a, fresh);
        hs_generation_unref(old);
    }
    hs_generation_unref(fresh);
    *out_changed = changed;
    return HS_OK;
}
