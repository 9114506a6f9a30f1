/* What every door is made of: one struct of functions. A front turns bytes into calls of `access` and batches into
 * bytes. It does no socket work and has no clock: tests feed it bytes and hand in a fake `access`. */
#ifndef HS_FRONT_FRONTEND_H
#define HS_FRONT_FRONTEND_H

#include "access/access.h"
#include "base/out.h" /* struct hs_out: queue of output segments with release functions */

struct hs_front_env { /* what a door is handed; outlives its sessions */
    struct hs_access *access;
    void (*wake)(void *waker); /* thread-safe: makes the loop call `wake` of the session soon */
    const char *server_version;
    const void *settings; /* the door's own settings struct */
    void *shared;         /* hs_frontend.share made it: what all sessions of the door have in common */
};

struct hs_peer {
    hs_str address; /* "127.0.0.1:5555" */
    bool tls;
    bool may_upgrade;  /* it is plain text and TLS can be had: wants_tls */
    bool must_upgrade; /* and is to be had: plain text is not permitted here, but for the request */
    hs_str end_point;  /* of TLS: tls-server-end-point of our certificate (RFC 5929); empty: not defined for it */
};

struct hs_frontend {
    const char *name; /* "flight" */
    const char *text;
    const char *alpn; /* "h2", or NULL */
    /* Connections begin in plain text and ask for TLS inside the protocol, or begin with TLS and `alpn` (io.h). */
    bool upgrade;
    /* Before the first session and after the last; env->shared holds what was made. NULL: the door shares nothing. */
    HS_MUST hs_rc (*share)(const struct hs_front_env *env, void **out_shared, struct hs_err *err);
    void (*share_tick)(void *shared); /* several times a second, on any one thread */
    void (*unshare)(void *shared);    /* takes NULL */
    /* waker: to be given to env->wake from any thread; valid until close has returned. */
    HS_MUST hs_rc (*open)(const struct hs_front_env *env, const struct hs_peer *peer, void *waker, void **out_session,
                          struct hs_err *err);
    /* Bytes from the peer. An error ends the connection after what is queued was sent. */
    HS_MUST hs_rc (*feed)(void *session, hs_str bytes, struct hs_err *err);
    /* Puts what should be sent into out; asked whenever the socket has room, and after feed and wake. */
    HS_MUST hs_rc (*produce)(void *session, struct hs_out *out, struct hs_err *err);
    void (*wake)(void *session);
    /* Time passed; returns when (ms from now) it wants to be called again, -1: never. */
    int64_t (*tick)(void *session, int64_t now_ms);
    void (*shutdown)(void *session);    /* no new calls; finish what runs */
    bool (*done)(void *session);        /* nothing left to say: the connection may close */
    bool (*wants_input)(void *session); /* false: read nothing for now. NULL: always */
    /* Only of a door with `upgrade`, else NULL. True: send what is queued, then go on in TLS; nothing is fed before
     * `secured` has said that it stands. Plain bytes behind the request, in the same feed, are to be refused (io.h). */
    bool (*wants_tls)(void *session);
    HS_MUST hs_rc (*secured)(void *session, const struct hs_peer *peer, struct hs_err *err);
    void (*close)(void *session); /* frees everything; cancels running calls */
};

extern const struct hs_frontend hs_front_flight;
extern const struct hs_frontend hs_front_pg;

#endif
