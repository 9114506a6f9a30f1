/* Joins a front to a listener: hs_listen.ops = &hs_door_ops, .arg = a struct door that outlives it. */
#ifndef HS_APP_DOOR_H
#define HS_APP_DOOR_H

#include "front/frontend.h"
#include "io/io.h"

struct door {
    const struct hs_frontend *front;
    struct hs_front_env env;
};

extern const struct hs_session_ops hs_door_ops;

/* Before the first session and after the last: what all sessions of the door have in common. */
HS_MUST hs_rc hs_door_share(struct door *d, struct hs_io *io, struct hs_err *err);
void hs_door_unshare(struct door *d);

#endif
