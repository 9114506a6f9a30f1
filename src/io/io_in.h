/* What the files of this room share. io.c: opening, stopping, listeners. loop.c: a loop thread and its mailbox.
 * conn.c: one connection, the pump. tls.c: OpenSSL. waker.c: waking from other threads. address.c: "host:port". */
#ifndef HS_IO_IO_IN_H
#define HS_IO_IO_IN_H

#include "io/io.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <uv.h>

struct hs_io;
struct loop;

struct listener {
    struct hs_io *io;
    struct listener *next;
    struct hs_listen set;
    char *certificate, *key, *alpn; /* copies */
    int fd;
    uv_poll_t poll;
    uv_timer_t rest;      /* after EMFILE: accept again a little later */
    bool must_upgrade;    /* plain text may be the beginning and no more */
    pthread_mutex_t lock; /* of tls, which reload replaces */
    SSL_CTX *tls;
};

/* A socket on its way from the acceptor to its loop. */
struct arrival {
    struct arrival *next;
    struct listener *listener;
    int fd;
    struct sockaddr_storage from;
};

struct hs_waker {
    _Atomic int refs;
    struct mailbox *mailbox;
    struct conn *conn; /* touched by the loop thread alone; NULL once the connection is gone */
    bool queued;       /* under the mailbox's lock */
    struct hs_waker *next;
};

/* Where other threads leave things for a loop. Counted: wakers may outlive the loop. */
struct mailbox {
    _Atomic int refs;
    pthread_mutex_t lock;
    bool open; /* the loop still runs: async may be sent */
    uv_async_t async;
    struct arrival *arrivals;
    struct hs_waker *woken;
    bool drain;
};

struct conn {
    struct loop *loop;
    struct listener *listener;
    struct conn *next, *prev;
    int fd;
    uv_poll_t poll;
    uv_timer_t timer;
    int handles; /* libuv handles not yet closed */
    int polled;  /* events asked for now */
    char peer[64];
    struct sockaddr_storage from;
    SSL *ssl; /* NULL: plain text */
    struct hs_waker *waker;
    void *session; /* NULL until TLS is ready, or the first byte says that there is none */
    uint8_t end_point[EVP_MAX_MD_SIZE];
    size_t end_point_len;
    struct hs_out out;
    struct hs_buf rest; /* of TLS: sealed, and not yet taken by the socket */
    bool gathering;     /* records wait in the loop's buffer */
    int64_t opened_ms;
    int64_t moved_ms;                        /* a byte either way */
    int64_t wrote_ms;                        /* a byte to the peer, or the queue was empty */
    int64_t session_ms;                      /* when the session wants its tick; INT64_MAX: never */
    int64_t linger_ms;                       /* when we said our last, -1: not yet */
    int64_t armed_ms;                        /* when the timer fires */
    bool fed;                                /* the session saw a byte */
    bool input_over;                         /* the session failed: write what is left, then close */
    bool shut;                               /* the session was told to shut down */
    bool write_blocked;                      /* the socket took less than we had */
    bool read_wants_write, write_wants_read; /* TLS may want the other direction */
    bool greeting;                           /* the first byte will tell whether it begins with TLS */
    bool direct;                             /* it did */
    bool upgrading;                          /* what is queued goes out in plain text, and nothing is read */
    bool shaking;                            /* the session waits for TLS to stand */
    int64_t shaking_ms;                      /* since when */
    bool dead;
};

enum { TLS_RECORD = 16384, SEALED_RECORD = TLS_RECORD + 512, SEALED = 16 * SEALED_RECORD };

struct loop {
    struct hs_io *io;
    uv_loop_t uv;
    pthread_t thread;
    bool made, started, draining;
    struct mailbox *mailbox;
    struct conn *conns;
    uv_timer_t drain_timer;
    char *buffer; /* reads of all its connections; plain text to be encrypted */
    char *sealed; /* SEALED: records of the connection that is written to */
    size_t sealed_len;
};

struct every {
    struct every *next;
    uv_timer_t timer;
    void (*fn)(void *arg);
    void *arg;
    int ms;
};

struct hs_io {
    struct hs_io_settings set;
    struct loop *loops;
    struct listener *listeners;
    struct every *everies;
    bool started;
    int next_loop; /* round robin, acceptor only */
    _Atomic int connections;
    _Atomic bool draining;
    pthread_mutex_t lock; /* of the count per address */
    struct address_count **counts;
};

/* address.c */
struct hs_address {
    struct sockaddr_storage at;
    socklen_t len;
    bool loopback;
};
HS_MUST hs_rc address_parse(hs_str text, struct hs_address *out, struct hs_err *err);
void address_print(const struct sockaddr_storage *a, char *out, size_t size);
int address_port(const struct sockaddr_storage *a);
bool address_open(struct hs_io *io);
void address_close(struct hs_io *io);
/* Counts connections by address; false: there are too many. */
bool address_enter(struct hs_io *io, const struct sockaddr_storage *a);
void address_leave(struct hs_io *io, const struct sockaddr_storage *a);

/* tls.c */
HS_MUST hs_rc tls_open(const char *certificate, const char *key, const char *alpn, SSL_CTX **out, struct hs_err *err);
/* >0 bytes; 0: the peer ended; -1: wait for conn's *_wants_*; -2: broken. */
ssize_t tls_read(struct conn *c, void *at, size_t len);
ssize_t tls_write(struct conn *c, const void *at, size_t len);
/* Records written between tls_gather and tls_send go out together; while tls_has_room one more fits. Before, what is
 * left of earlier ones has to go (tls_flush). 1: all is with the kernel; -1: the socket is full; -2: broken. */
int tls_flush(struct conn *c);
void tls_gather(struct conn *c);
bool tls_has_room(const struct conn *c);
int tls_send(struct conn *c);
int tls_handshake(struct conn *c); /* 1: done, -1: wait, -2: broken */
void tls_goodbye(struct conn *c);
HS_MUST bool tls_begin(struct conn *c); /* c->ssl on its socket; false: no memory */
/* After the handshake: c->end_point, and whether the client has agreed on a protocol. */
void tls_end_point(struct conn *c);
bool tls_has_protocol(const struct conn *c);

/* loop.c */
HS_MUST hs_rc loop_open(struct hs_io *io, struct loop *l, struct hs_err *err);
HS_MUST hs_rc loop_start(struct loop *l, struct hs_err *err);
bool loop_arrive(struct loop *l, struct arrival *a); /* any thread */
void loop_drain(struct loop *l);                     /* any thread */
void loop_close(struct loop *l);                     /* drains, waits for its thread */
void loop_conn_gone(struct loop *l);
int64_t loop_now(struct loop *l);
struct mailbox *mailbox_ref(struct mailbox *m);
void mailbox_unref(struct mailbox *m);

/* listen.c */
void listener_stop(struct listener *l); /* on its loop's thread */
void listener_free(struct listener *l);
SSL *listener_ssl(struct listener *l);
void arrival_refuse(struct hs_io *io, struct arrival *a);

/* conn.c */
void conn_open(struct loop *l, const struct arrival *a); /* takes the fd */
HS_MUST hs_rc conn_start_session(struct conn *c, struct hs_err *err);
HS_MUST hs_rc conn_secured(struct conn *c, struct hs_err *err);
size_t conn_unsent(const struct conn *c); /* bytes that the socket has not taken */
bool conn_owes(const struct conn *c);     /* the peer is to read: those, or what reading wants to write first */
void conn_tick(struct conn *c);
void conn_turn(struct conn *c);
void conn_arm(struct conn *c);
void conn_woken(struct conn *c);
void conn_shutdown(struct conn *c);
void conn_close(struct conn *c);

/* pump.c */
void conn_begin(struct conn *c);
void conn_pump(struct conn *c); /* produce, write, set poll and timer, or close */

/* waker.c */
struct hs_waker *waker_new(struct mailbox *m, struct conn *c);

#endif
