/* How many statements a person may have running, for how long, with how many rows: what the model, its grants and the
 * server's settings say together. Looked at twice: before anything is known of a statement, and when its tables are. */
#include "access/access_in.h"

#include "base/clock.h"
#include "base/fault.h"

static int64_t least(int64_t a, int64_t b)
{
    return a == 0 ? b : b == 0 || a < b ? a : b;
}

static int running_of(struct hs_access *a, hs_str name)
{
    int n = 0;
    for (struct hs_call *c = a->calls; c; c = c->next)
        n += hs_str_eq(c->name, name) && c->phase != PHASE_DONE;
    return n;
}

int hs_calls_of(struct hs_access *a, hs_str name)
{
    pthread_mutex_lock(&a->lock);
    int n = running_of(a, name);
    pthread_mutex_unlock(&a->lock);
    return n;
}

/* Before anything is known of the statement: the most that any grant of the model could let a person run. What his own
 * grants say is looked at when the statement's tables are known. */
static int64_t most_of_all(const struct hs_call *c)
{
    const struct hs_model *m = c->generation->model;
    int64_t most = c->access->settings.calls_per_principal;
    if (m->default_limits.concurrent > most)
        most = m->default_limits.concurrent;
    for (size_t i = 0; i < m->policy_count; i++)
        if (m->policies[i].limits.concurrent > most)
            most = m->policies[i].limits.concurrent;
    return most;
}

hs_rc hs_call_admit(struct hs_call *c, int64_t most, struct hs_err *err)
{
    struct hs_access *a = c->access;
    int mine = hs_calls_of(a, c->name);
    pthread_mutex_lock(&a->lock);
    int all = a->call_count;
    pthread_mutex_unlock(&a->lock);
    if (!most && mine > a->settings.calls_per_principal)
        most = most_of_all(c);
    if (most && mine > most) { /* what nobody reads yet does not stand in his way */
        hs_asides_drop(a, c->name);
        mine = hs_calls_of(a, c->name);
    }
    if (most && mine > most)
        return hs_fail(err, HS_LIMIT, "you have %lld statements running, your limit; try again when one has ended",
                       (long long)most);
    if (all > a->settings.calls_max)
        return hs_fail(err, HS_LIMIT, "the server is busy; try again soon");
    return HS_OK;
}

/* How many statements this person may have running when this is one of them. */
int64_t hs_call_most_running(const struct hs_call *c)
{
    int64_t most = c->generation->model->default_limits.concurrent;
    for (size_t i = 0; i < c->opened_count; i++)
        most = least(most, c->opened[i].decision->limits.concurrent);
    return most ? most : c->access->settings.calls_per_principal;
}

static hs_rc check_limits(struct hs_call *c, struct hs_err *err)
{
    return hs_call_admit(c, hs_call_most_running(c), err);
}

/* A part is a statement: no more parts than may run side by side. */
static void limit_parts(struct hs_call *c)
{
    int64_t most = hs_call_most_running(c), share = hs_engine_share(c->access->engine);
    most = most < share ? most : share;
    if ((int64_t)c->parts_max > most)
        c->parts_max = (size_t)most;
}

static void apply_limits(struct hs_call *c)
{
    int64_t time_ms = c->generation->model->default_limits.time_ms, until = 0;
    c->rows_max = c->generation->model->default_limits.rows;
    for (size_t i = 0; i < c->opened_count; i++) {
        const struct hs_decision *d = c->opened[i].decision;
        time_ms = least(time_ms, d->limits.time_ms);
        c->rows_max = least(c->rows_max, d->limits.rows);
        until = least(until, d->valid_until_us);
    }
    int64_t now = hs_mono_us();
    if (!time_ms)
        time_ms = c->access->settings.statement_ms;
    if (time_ms)
        c->deadline_mono_us = least(c->deadline_mono_us, now + time_ms * 1000);
    c->decided_until_us = until;
    if (until && hs_defence("decision-end")) /* a decision that ends takes its statement with it */
        c->deadline_mono_us = least(c->deadline_mono_us, now + (until - hs_wall_us() > 0 ? until - hs_wall_us() : 1));
}

hs_rc hs_call_limits(struct hs_call *c, struct hs_err *err)
{
    HS_TRY(check_limits(c, err));
    apply_limits(c);
    limit_parts(c);
    return HS_OK;
}
