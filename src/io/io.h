/* Sockets, loops, TLS and time, joined to protocol sessions that know none of them.
 *
 * A few loop threads; a connection belongs to one for life. One acceptor hands new sockets round, so that every loop
 * gets its share and the port is ours alone (SO_REUSEPORT would let another process of the same user take part of it).
 *
 *     hs_io_open(&settings, &io, err);
 *     hs_io_listen(io, &(struct hs_listen){...}, &port, err);   any number, before start
 *     hs_io_start(io, err);
 *     ... hs_io_drain(io) on SIGTERM ...
 *     hs_io_close(io);                                          waits for the drain, then frees */
#ifndef HS_IO_IO_H
#define HS_IO_IO_H

#include "base/out.h"
#include "base/str.h"

struct hs_io;
struct hs_waker;

/* Zero means the default in []. */
struct hs_io_settings {
    int threads;            /* loops [2] */
    int connections_max;    /* open at once; more are closed at accept [4096] */
    int connections_per_ip; /* from one address [1024] */
    int handshake_ms;       /* to finish TLS [10 s] */
    int first_byte_ms;      /* from accept to the first byte for the session [10 s] */
    int write_ms;           /* a peer that takes nothing while bytes wait [60 s] */
    int idle_ms;            /* no byte either way [30 min]; sessions have shorter ones of their own */
    int drain_ms;           /* from drain to the hard end [10 s] */
    size_t read_bytes;      /* one read [64 KiB] */
    size_t out_low;         /* ask the session for more below this [512 KiB] */
    size_t out_pause;       /* stop reading from a peer while this much waits for it [8 MiB] */
};

struct hs_io_peer {
    hs_str address; /* "127.0.0.1:5555"; lives as long as the session */
    bool tls;
    bool may_upgrade;  /* it is plain text and TLS can be had: wants_tls */
    bool must_upgrade; /* and is to be had: plain text is not permitted here, but for the request */
    hs_str end_point;  /* of TLS: tls-server-end-point of our certificate (RFC 5929); empty: not defined for it */
};

/* A protocol session. All run on the connection's loop thread. */
struct hs_session_ops {
    HS_MUST hs_rc (*open)(void *arg, const struct hs_io_peer *peer, struct hs_waker *waker, void **out_session,
                          struct hs_err *err);
    HS_MUST hs_rc (*feed)(void *session, hs_str bytes, struct hs_err *err); /* takes all */
    HS_MUST hs_rc (*produce)(void *session, struct hs_out *out, struct hs_err *err);
    void (*wake)(void *session);
    /* Called with the time before each feed and wake, and when the last answer says so: ms from now, -1: never. */
    int64_t (*tick)(void *session, int64_t now_ms);
    void (*shutdown)(void *session);
    bool (*wants_close)(void *session);
    bool (*wants_input)(void *session); /* may be NULL: always */
    /* Of a listener with `upgrade`; may be NULL: never. Asked after each feed while it is plain text: when true,
     * nothing more is read in plain text, what is queued is sent, and the connection goes on in TLS; `secured` tells
     * when it does (peer->tls), and an error there ends the connection. Nobody may have written in between what is
     * taken for the client's later (CVE-2021-23214): bytes of the same feed behind the request are for the session to
     * refuse, those that lie in the socket when the request is granted end the connection here. */
    bool (*wants_tls)(void *session);
    HS_MUST hs_rc (*secured)(void *session, const struct hs_io_peer *peer, struct hs_err *err);
    void (*close)(void *session);
};

struct hs_listen {
    hs_str address;          /* "127.0.0.1:31337", "[::1]:0", "0.0.0.0:443"; port 0: any */
    const char *certificate; /* PEM file, chain included; NULL: plain text */
    const char *key;         /* PEM file */
    const char *alpn;        /* "h2": a client that offers protocols must offer this one; NULL: not looked at */
    bool plain_anywhere;     /* permits plain text off loopback */
    /* With a certificate: a connection begins in plain text and goes on in TLS when its session wants that (wants_tls),
     * or begins with TLS (its first byte is 0x16), and then has to offer `alpn`. That the session speaks of nothing
     * worth hiding before is its own care (must_upgrade): a plain beginning is not refused here. */
    bool upgrade;
    const struct hs_session_ops *ops;
    void *arg; /* for ops->open */
};

HS_MUST hs_rc hs_io_open(const struct hs_io_settings *settings, struct hs_io **out, struct hs_err *err);
HS_MUST hs_rc hs_io_listen(struct hs_io *io, const struct hs_listen *listen, int *out_port, struct hs_err *err);
/* Every ms milliseconds on a loop thread; before start. For files to watch and keys to rotate, not for work. */
HS_MUST hs_rc hs_io_every(struct hs_io *io, int ms, void (*fn)(void *arg), void *arg, struct hs_err *err);
HS_MUST hs_rc hs_io_start(struct hs_io *io, struct hs_err *err);
/* Reads certificate and key files again, for connections to come; on failure the old ones stay. Any thread. */
HS_MUST hs_rc hs_io_reload_tls(struct hs_io *io, struct hs_err *err);
/* Any thread, and may be repeated: stop accepting, shut sessions down, close what is left after drain_ms. */
void hs_io_drain(struct hs_io *io);
bool hs_io_drained(struct hs_io *io); /* drain was asked and no connection is left */
void hs_io_close(struct hs_io *io);   /* drains, waits, frees; takes NULL */
int hs_io_connections(struct hs_io *io);

/* A waker is counted and outlives its connection harmlessly. The one given to `open` is valid until `close` has
 * returned; who keeps it longer takes a ref. Any thread. */
void hs_waker_wake(struct hs_waker *w);
void hs_io_wake(void *waker); /* the same, as a function pointer wants it */
struct hs_waker *hs_waker_ref(struct hs_waker *w);
void hs_waker_unref(struct hs_waker *w);

#endif
