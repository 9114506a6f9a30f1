/* What all sessions of the door share. */
#include "front/flight/options.h"
#include "front/flight/runs.h"

#include "base/alloc.h"

hs_rc hs_flight_share(const struct hs_front_env *env, void **out, struct hs_err *err)
{
    struct hs_flight_settings settings = hs_flight_settings_of(env->settings);
    struct flight_door *d = hs_calloc(1, sizeof *d);
    hs_rc rc = d ? hs_flight_runs_new(&settings, &d->runs, err) : hs_fail(err, HS_NOMEM, "out of memory");
    if (rc == HS_OK)
        rc = hs_flight_options_new(&settings, &d->options, err);
    if (rc == HS_OK)
        *out = d;
    else
        hs_flight_unshare(d);
    return rc;
}

void hs_flight_share_tick(void *shared)
{
    struct flight_door *d = shared;
    hs_flight_runs_tick(d->runs);
    hs_flight_options_tick(d->options);
}

void hs_flight_unshare(void *shared)
{
    struct flight_door *d = shared;
    if (!d)
        return;
    hs_flight_runs_free(d->runs);
    hs_flight_options_free(d->options);
    hs_free(d);
}
