/* Listeners: one acceptor, on the first loop, that hands sockets round. */
#include "io/io_in.h"

#include "base/alloc.h"
#include "base/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

enum { ACCEPTS_AT_ONCE = 64, REST_MS = 100, BACKLOG = 1024, UNSENT = 256 << 10 };

/* Undoes what the acceptor counted. */
void arrival_refuse(struct hs_io *io, struct arrival *a)
{
    close(a->fd);
    address_leave(io, &a->from);
    atomic_fetch_sub(&io->connections, 1);
    hs_free(a);
}

/* What the kernel may hold of ours before the network has taken it: what is said later, the answer to a PING, say,
 * stands behind that much and not behind megabytes. */
static void tune(int fd)
{
    int on = 1, idle = 60, interval = 15, count = 4, unsent = UNSENT;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

/* Counted before it is handed over, so that a burst cannot pass the maximum on its way. */
static void hand_over(struct listener *l, int fd, const struct sockaddr_storage *from)
{
    struct hs_io *io = l->io;
    if (atomic_fetch_add(&io->connections, 1) >= io->set.connections_max || !address_enter(io, from)) {
        atomic_fetch_sub(&io->connections, 1);
        close(fd);
        hs_log(HS_LOG_WARN, "connection_refused", "why", "too many connections", NULL);
        return;
    }
    tune(fd);
    struct arrival *a = hs_calloc(1, sizeof *a);
    if (!a) {
        atomic_fetch_sub(&io->connections, 1);
        address_leave(io, from);
        close(fd);
        return;
    }
    *a = (struct arrival){.listener = l, .fd = fd, .from = *from};
    if (!loop_arrive(&io->loops[io->next_loop++ % io->set.threads], a))
        arrival_refuse(io, a);
}

static void on_readable(uv_poll_t *poll, int status, int events);

static void rested(uv_timer_t *timer)
{
    struct listener *l = timer->data;
    uv_poll_start(&l->poll, UV_READABLE, on_readable);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    struct listener *l = poll->data;
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        struct sockaddr_storage from = {0};
        socklen_t len = sizeof from;
        int fd = accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            hand_over(l, fd, &from);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            hs_log(HS_LOG_ERROR, "accept_failed", "why", strerror(errno), NULL);
            uv_poll_stop(&l->poll); /* the socket stays readable: without a rest this would spin */
            uv_timer_start(&l->rest, rested, REST_MS, 0);
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
    }
}

static hs_rc bind_socket(struct listener *l, struct hs_address *a, struct hs_err *err)
{
    int on = 1;
    l->fd = socket(a->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd < 0)
        return hs_fail(err, HS_UNAVAILABLE, "cannot open a socket: %s", strerror(errno));
    setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->at.ss_family == AF_INET6)
        setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(l->fd, (struct sockaddr *)&a->at, a->len) != 0 || listen(l->fd, BACKLOG) != 0)
        return hs_fail(err, HS_UNAVAILABLE, "cannot listen on %.*s: %s", HS_FMT(l->set.address), strerror(errno));
    if (getsockname(l->fd, (struct sockaddr *)&a->at, &a->len) != 0)
        return hs_fail(err, HS_INTERNAL, "getsockname: %s", strerror(errno));
    return HS_OK;
}

static bool copy(char **out, const char *text)
{
    *out = text ? hs_strndup(text, strlen(text)) : NULL;
    return !text || *out;
}

static hs_rc open_listener(struct listener *l, int *out_port, struct hs_err *err)
{
    struct hs_address a;
    HS_TRY(address_parse(l->set.address, &a, err));
    l->must_upgrade = !a.loopback && !l->set.plain_anywhere;
    if (!l->set.certificate && !a.loopback && !l->set.plain_anywhere)
        return hs_fail(err, HS_INVALID,
                       "%.*s is not a loopback address: give a certificate and key, or permit plain text",
                       HS_FMT(l->set.address));
    if (!copy(&l->certificate, l->set.certificate) || !copy(&l->key, l->set.key) || !copy(&l->alpn, l->set.alpn))
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (l->certificate)
        HS_TRY(tls_open(l->certificate, l->key, l->alpn, &l->tls, err));
    HS_TRY(bind_socket(l, &a, err));
    l->set.address = (hs_str){"", 0}; /* the caller's text may go now */
    *out_port = address_port(&a.at);
    return HS_OK;
}

hs_rc hs_io_listen(struct hs_io *io, const struct hs_listen *set, int *out_port, struct hs_err *err)
{
    if (io->started)
        return hs_fail(err, HS_INTERNAL, "listen before start");
    struct listener *l = hs_calloc(1, sizeof *l);
    if (!l)
        return hs_fail(err, HS_NOMEM, "out of memory");
    l->io = io;
    l->set = *set;
    l->fd = -1;
    pthread_mutex_init(&l->lock, NULL);
    int port = 0;
    hs_rc rc = open_listener(l, &port, err);
    if (rc == HS_OK && uv_poll_init(&io->loops[0].uv, &l->poll, l->fd) != 0)
        rc = hs_fail(err, HS_INTERNAL, "the listening socket cannot be polled");
    if (rc != HS_OK) {
        listener_free(l);
        return rc;
    }
    l->poll.data = l;
    uv_timer_init(&io->loops[0].uv, &l->rest);
    l->rest.data = l;
    uv_poll_start(&l->poll, UV_READABLE, on_readable);
    l->next = io->listeners;
    io->listeners = l;
    if (out_port)
        *out_port = port;
    return HS_OK;
}

static void poll_closed(uv_handle_t *handle)
{
    struct listener *l = handle->data;
    close(l->fd);
    l->fd = -1;
}

void listener_stop(struct listener *l)
{
    if (uv_is_closing((uv_handle_t *)&l->poll))
        return;
    uv_close((uv_handle_t *)&l->rest, NULL);
    uv_close((uv_handle_t *)&l->poll, poll_closed);
}

void listener_free(struct listener *l)
{
    if (l->fd >= 0)
        close(l->fd);
    SSL_CTX_free(l->tls);
    pthread_mutex_destroy(&l->lock);
    hs_free(l->certificate);
    hs_free(l->key);
    hs_free(l->alpn);
    hs_free(l);
}

SSL *listener_ssl(struct listener *l)
{
    pthread_mutex_lock(&l->lock);
    SSL *ssl = SSL_new(l->tls);
    pthread_mutex_unlock(&l->lock);
    return ssl;
}

hs_rc hs_io_reload_tls(struct hs_io *io, struct hs_err *err)
{
    for (struct listener *l = io->listeners; l; l = l->next) {
        SSL_CTX *fresh = NULL;
        if (!l->certificate)
            continue;
        HS_TRY(tls_open(l->certificate, l->key, l->alpn, &fresh, err));
        pthread_mutex_lock(&l->lock);
        SSL_CTX *old = l->tls;
        l->tls = fresh;
        pthread_mutex_unlock(&l->lock);
        SSL_CTX_free(old); /* connections that use it hold their own count */
    }
    return HS_OK;
}
