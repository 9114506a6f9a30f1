/* Real sockets on loopback: an echo protocol through the pump, in plain text and TLS, and every way to end. */
#include "base/alloc.h"
#include "base/log.h"
#include "io/io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

/* The protocol: "!N" sends N MiB in large segments, "quit" ends, "later" is answered from another thread, the rest is
 * echoed. */
struct echo {
    struct hs_waker *waker;
    struct hs_buf back;
    size_t mega;
    bool quit, shut, answer;
    bool tls, wants_tls;
    pthread_t thread;
    bool has_thread;
};

static _Atomic int secured;
static pthread_mutex_t end_point_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the next two */
static uint8_t end_point[64];
static size_t end_point_len;
static _Atomic bool may_upgrade, must_upgrade;
static _Atomic int opened, closed, released, woken, ticked, begun; /* begun: threads that will wake somebody later */
static _Atomic bool held;                                          /* they wait for this */
static struct hs_waker *_Atomic kept;
static char block[1 << 20];

static void note_end_point(const struct hs_io_peer *peer)
{
    pthread_mutex_lock(&end_point_lock);
    memcpy(end_point, peer->end_point.at, end_point_len = peer->end_point.len);
    pthread_mutex_unlock(&end_point_lock);
}

static hs_rc echo_open(void *arg, const struct hs_io_peer *peer, struct hs_waker *waker, void **out, struct hs_err *err)
{
    (void)arg;
    if (!hs_str_starts(peer->address, HS_S("127.0.0.1:")))
        return hs_fail(err, HS_INVALID, "who is that");
    struct echo *e = hs_calloc(1, sizeof *e);
    if (!e)
        return hs_fail(err, HS_NOMEM, "out of memory");
    e->waker = waker;
    e->tls = peer->tls;
    may_upgrade = peer->may_upgrade;
    must_upgrade = peer->must_upgrade;
    if (peer->tls)
        note_end_point(peer);
    hs_buf_init(&e->back, 64 << 20);
    atomic_fetch_add(&opened, 1);
    *out = e;
    return HS_OK;
}

static void *wake_later(void *arg)
{
    atomic_fetch_add(&begun, 1);
    do
        nanosleep(&(struct timespec){0, 20000000}, NULL);
    while (held);
    hs_io_wake(arg);
    hs_waker_unref(arg);
    return NULL;
}

static hs_rc echo_feed(void *session, hs_str bytes, struct hs_err *err)
{
    struct echo *e = session;
    uint64_t count = 0; /* the bytes end where they end: no zero follows them */
    if (hs_str_starts(bytes, HS_S("!")) && hs_str_to_u64((hs_str){bytes.at + 1, bytes.len - 1}, &count))
        e->mega = count;
    else if (hs_str_is(bytes, "tls?"))
        hs_buf_addz(&e->back, (e->wants_tls = !e->tls) ? "S" : "N");
    else if (hs_str_is(bytes, "quit"))
        e->quit = true;
    else if (hs_str_is(bytes, "keep"))
        kept = hs_waker_ref(e->waker);
    else if (hs_str_is(bytes, "bad"))
        return hs_fail(err, HS_INVALID, "bad was said");
    else if (hs_str_is(bytes, "later"))
        e->has_thread = pthread_create(&e->thread, NULL, wake_later, hs_waker_ref(e->waker)) == 0;
    else
        hs_buf_adds(&e->back, bytes);
    return hs_buf_done(&e->back, err);
}

static void on_release(void *arg)
{
    (void)arg;
    atomic_fetch_add(&released, 1);
}

static hs_rc echo_produce(void *session, struct hs_out *out, struct hs_err *err)
{
    struct echo *e = session;
    bool good = hs_out_copy(out, e->back.at, e->back.len);
    hs_buf_clear(&e->back);
    for (; e->mega && hs_out_len(out) < 1 << 20; e->mega--)
        good &= hs_out_add(out, (struct hs_slice){block, sizeof block, on_release, NULL});
    return good ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static void echo_wake(void *session)
{
    struct echo *e = session;
    atomic_fetch_add(&woken, 1);
    hs_buf_addz(&e->back, "woken");
}

static int64_t echo_tick(void *session, int64_t now)
{
    (void)session, (void)now;
    atomic_fetch_add(&ticked, 1);
    return -1;
}

static void echo_shutdown(void *session)
{
    struct echo *e = session;
    e->shut = true;
    hs_buf_addz(&e->back, "bye");
}

static bool echo_wants_close(void *session)
{
    struct echo *e = session;
    return e->quit || e->shut;
}

static bool echo_wants_tls(void *session)
{
    struct echo *e = session;
    return e->wants_tls;
}

static hs_rc echo_secured(void *session, const struct hs_io_peer *peer, struct hs_err *err)
{
    struct echo *e = session;
    e->wants_tls = false;
    e->tls = peer->tls;
    note_end_point(peer);
    atomic_fetch_add(&secured, 1);
    return peer->tls && !peer->may_upgrade ? HS_OK : hs_fail(err, HS_INTERNAL, "not in TLS");
}

static void echo_close(void *session)
{
    struct echo *e = session;
    if (e->has_thread)
        pthread_join(e->thread, NULL);
    hs_buf_fini(&e->back);
    hs_free(e);
    atomic_fetch_add(&closed, 1);
}

static const struct hs_session_ops ECHO = {
    .open = echo_open,
    .feed = echo_feed,
    .produce = echo_produce,
    .wake = echo_wake,
    .tick = echo_tick,
    .shutdown = echo_shutdown,
    .wants_close = echo_wants_close,
    .wants_tls = echo_wants_tls,
    .secured = echo_secured,
    .close = echo_close,
};

static struct hs_io *io;
static int port;

static void start(struct hs_io_settings settings, struct hs_listen listen)
{
    struct hs_err err;
    opened = closed = released = woken = secured = begun = 0;
    held = false;
    listen.address = HS_S("127.0.0.1:0");
    listen.ops = &ECHO;
    assert_int_equal(hs_io_open(&settings, &io, &err), HS_OK);
    if (hs_io_listen(io, &listen, &port, &err) != HS_OK)
        fail_msg("%s", err.detail);
    assert_true(port > 0);
    assert_int_equal(hs_io_start(io, &err), HS_OK);
}

static int dial(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(0x7f000001)};
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    struct timeval limit = {10, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void expect(int fd, const char *text)
{
    char got[64] = "";
    for (size_t at = 0; at < strlen(text);) {
        ssize_t n = recv(fd, got + at, strlen(text) - at, 0);
        assert_true(n > 0);
        at += (size_t)n;
    }
    assert_string_equal(got, text);
}

static void expect_end(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, 0);
    assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
    close(fd);
}

static size_t count_bytes(int fd, size_t want)
{
    static char into[1 << 16];
    size_t got = 0;
    while (got < want) {
        ssize_t n = recv(fd, into, sizeof into, 0);
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return got;
}

static bool eventually(_Atomic int *value, int want)
{
    for (int i = 0; i < 1000 && *value != want; i++)
        nanosleep(&(struct timespec){0, 5000000}, NULL);
    return *value == want;
}

static void plain(void **state)
{
    (void)state;
    start((struct hs_io_settings){0}, (struct hs_listen){0});
    int fds[50];
    for (int i = 0; i < 50; i++) {
        fds[i] = dial();
        say(fds[i], "hello");
    }
    for (int i = 0; i < 50; i++)
        expect(fds[i], "hello");
    assert_int_equal(hs_io_connections(io), 50);
    for (int i = 0; i < 25; i++) {
        say(fds[i], "quit");
        expect_end(fds[i]);
    }
    assert_true(eventually(&closed, 25));
    hs_io_close(io);
    for (int i = 25; i < 50; i++) {
        expect(fds[i], "bye");
        expect_end(fds[i]);
    }
    assert_int_equal(opened, 50);
    assert_int_equal(closed, 50);
}

static void large_answers(void **state)
{
    (void)state;
    start((struct hs_io_settings){0}, (struct hs_listen){0});
    int fd = dial();
    say(fd, "99999999"); /* what the read buffer holds behind the next message is no part of it */
    expect(fd, "99999999");
    say(fd, "!300");
    assert_int_equal(count_bytes(fd, (size_t)300 << 20), (size_t)300 << 20);
    assert_true(eventually(&released, 300));
    say(fd, "hi");
    expect(fd, "hi");
    say(fd, "!300");
    assert_true(count_bytes(fd, 1 << 20) >= 1 << 20);
    close(fd); /* in the middle of it */
    assert_true(eventually(&closed, 1));
    hs_io_close(io);
    assert_true(released >= 301);
}

static void a_peer_that_takes_nothing(void **state)
{
    (void)state;
    start((struct hs_io_settings){.write_ms = 300}, (struct hs_listen){0});
    int slow = dial(), other = dial();
    say(slow, "!100");
    for (int i = 0; i < 20; i++) {
        say(other, "hello");
        expect(other, "hello");
    }
    assert_true(eventually(&closed, 1));
    assert_true(released < 100);
    say(other, "hello"); /* idle is no crime */
    expect(other, "hello");
    close(slow);
    close(other);
    hs_io_close(io);
}

static void silence(void **state)
{
    (void)state;
    start((struct hs_io_settings){.first_byte_ms = 100, .idle_ms = 300}, (struct hs_listen){0});
    int mute = dial(), idle = dial();
    say(idle, "hello");
    expect(idle, "hello");
    expect_end(mute);
    assert_true(eventually(&closed, 1));
    expect_end(idle);
    hs_io_close(io);
}

static void waking(void **state)
{
    (void)state;
    start((struct hs_io_settings){0}, (struct hs_listen){0});
    int fd = dial();
    say(fd, "later");
    expect(fd, "woken");
    assert_int_equal(woken, 1);
    say(fd, "keep");
    while (!kept)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    close(fd);
    assert_true(eventually(&closed, 1));
    hs_waker_wake(kept); /* its connection is gone */
    hs_io_close(io);
    hs_waker_wake(kept); /* and now its loop */
    hs_waker_unref(kept);
    kept = NULL;
    hs_waker_unref(NULL);
    assert_int_equal(woken, 1);
}

static void failing_sessions(void **state)
{
    (void)state;
    start((struct hs_io_settings){0}, (struct hs_listen){0});
    int fd = dial();
    say(fd, "bad");
    expect_end(fd);
    assert_true(eventually(&closed, 1));
    hs_io_close(io);
}

static void too_many(void **state)
{
    (void)state;
    start((struct hs_io_settings){.connections_max = 3}, (struct hs_listen){0});
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = dial();
        say(fds[i], "hello");
        expect(fds[i], "hello");
    }
    expect_end(dial());
    close(fds[0]);
    assert_true(eventually(&closed, 1));
    nanosleep(&(struct timespec){0, 50000000}, NULL);
    fds[0] = dial();
    say(fds[0], "hello");
    expect(fds[0], "hello");
    hs_io_close(io);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    start((struct hs_io_settings){.connections_per_ip = 1}, (struct hs_listen){0});
    fds[0] = dial();
    say(fds[0], "hello");
    expect(fds[0], "hello");
    expect_end(dial());
    close(fds[0]);
    hs_io_close(io);
}

static void drain_has_an_end(void **state)
{
    (void)state;
    start((struct hs_io_settings){.drain_ms = 200}, (struct hs_listen){0});
    int fd = dial();
    say(fd, "!100"); /* more than the socket holds, and nobody reads */
    assert_true(eventually(&opened, 1));
    nanosleep(&(struct timespec){0, 50000000}, NULL);
    assert_false(hs_io_drained(io));
    hs_io_drain(io);
    hs_io_drain(io);
    for (int i = 0; i < 400 && !hs_io_drained(io); i++)
        nanosleep(&(struct timespec){0, 5000000}, NULL);
    assert_true(hs_io_drained(io));
    int refused = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(0x7f000001)};
    assert_int_equal(connect(refused, (struct sockaddr *)&a, sizeof a), -1);
    close(refused);
    hs_io_close(io);
    close(fd);
    assert_int_equal(closed, 1);
}

static void addresses(void **state)
{
    (void)state;
    struct hs_err err;
    assert_int_equal(hs_io_open(NULL, &io, &err), HS_OK);
    static const char *BAD[] = {"",          "127.0.0.1", "127.0.0.1:70000", "127.0.0.1:x",
                                "nowhere:1", ":1",        "0.0.0.0:0",       "[::]:0"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct hs_listen l = {.address = hs_str_of(BAD[i]), .ops = &ECHO};
        assert_int_equal(hs_io_listen(io, &l, &port, &err), HS_INVALID);
    }
    struct hs_listen anywhere = {.address = HS_S("0.0.0.0:0"), .ops = &ECHO, .plain_anywhere = true};
    assert_int_equal(hs_io_listen(io, &anywhere, &port, &err), HS_OK);
    char text[32];
    snprintf(text, sizeof text, "127.0.0.1:%d", port);
    struct hs_listen taken = {.address = hs_str_of(text), .ops = &ECHO};
    assert_int_equal(hs_io_listen(io, &taken, &port, &err), HS_UNAVAILABLE);
    struct hs_listen tls = {
        .address = HS_S("127.0.0.1:0"), .ops = &ECHO, .certificate = "absent.pem", .key = "absent.pem"};
    assert_int_equal(hs_io_listen(io, &tls, &port, &err), HS_INVALID);
    hs_io_close(io); /* never started */
}

static void count(void *arg)
{
    atomic_fetch_add((_Atomic int *)arg, 1);
}

static void timers(void **state)
{
    (void)state;
    struct hs_err err;
    static _Atomic int fired;
    assert_int_equal(hs_io_open(NULL, &io, &err), HS_OK);
    assert_int_equal(hs_io_every(io, 5, count, &fired, &err), HS_OK);
    assert_int_equal(hs_io_start(io, &err), HS_OK);
    for (int i = 0; i < 1000 && fired < 3; i++)
        nanosleep(&(struct timespec){0, 5000000}, NULL);
    hs_io_close(io);
    assert_true(fired >= 3);
}

static hs_rc open_all(void)
{
    struct hs_err err;
    static _Atomic int fired;
    struct hs_listen l = {.address = HS_S("127.0.0.1:0"), .ops = &ECHO};
    HS_TRY(hs_io_open(NULL, &io, &err));
    hs_rc rc = hs_io_listen(io, &l, &port, &err);
    if (rc == HS_OK)
        rc = hs_io_every(io, 1000, count, &fired, &err);
    if (rc == HS_OK)
        rc = hs_io_start(io, &err);
    hs_io_close(io);
    return rc;
}

/* What this thread allocates; the loops' own allocations have their counters, which tests cannot reach. */
static void every_allocation_fails_once(void **state)
{
    (void)state;
    hs_rc rc = HS_NOMEM;
    for (long n = 0; rc != HS_OK && n < 100; n++) {
        hs_fault_alloc_after(n);
        rc = open_all();
        hs_fault_alloc_after(-1);
        assert_true(rc == HS_OK || rc == HS_NOMEM);
    }
    assert_int_equal(rc, HS_OK);
}

static char certificate[64], key[64];

static void make_certificate(void)
{
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, pair);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1,
                               0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_sign(x, pair, EVP_sha256());
    snprintf(certificate, sizeof certificate, "/tmp/hs_io_test_%d.crt", (int)getpid());
    snprintf(key, sizeof key, "/tmp/hs_io_test_%d.key", (int)getpid());
    FILE *f = fopen(certificate, "w");
    PEM_write_X509(f, x);
    fclose(f);
    f = fopen(key, "w");
    PEM_write_PrivateKey(f, pair, NULL, NULL, 0, NULL, NULL);
    fclose(f);
    X509_free(x);
    EVP_PKEY_free(pair);
}

/* Returns NULL when the handshake fails. */
static SSL *dial_tls(SSL_CTX *ctx, const unsigned char *protocols, unsigned len, int version)
{
    SSL *ssl = SSL_new(ctx);
    SSL_set_max_proto_version(ssl, version);
    SSL_set_alpn_protos(ssl, protocols, len);
    int fd = dial();
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) == 1)
        return ssl;
    SSL_free(ssl);
    close(fd);
    return NULL;
}

static void hang_up(SSL *ssl)
{
    int fd = SSL_get_fd(ssl);
    SSL_free(ssl);
    close(fd);
}

static void tls_echo(SSL *ssl, size_t megabytes)
{
    char text[32], got[32] = "";
    assert_int_equal(SSL_write(ssl, "hello", 5), 5);
    assert_int_equal(SSL_read(ssl, got, sizeof got), 5);
    assert_string_equal(got, "hello");
    snprintf(text, sizeof text, "!%zu", megabytes);
    assert_true(SSL_write(ssl, text, (int)strlen(text)) > 0);
    static char into[1 << 16];
    for (size_t left = megabytes << 20; left;) {
        int n = SSL_read(ssl, into, sizeof into);
        assert_true(n > 0);
        left -= (size_t)n;
    }
}

static void tls(void **state)
{
    (void)state;
    make_certificate();
    start((struct hs_io_settings){.handshake_ms = 300},
          (struct hs_listen){.certificate = certificate, .key = key, .alpn = "h2"});
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    int mute = dial();
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        SSL *ssl = dial_tls(ctx, (const unsigned char *)"\x8http/1.1\x2h2", 12, version);
        assert_non_null(ssl);
        const unsigned char *chosen;
        unsigned len;
        SSL_get0_alpn_selected(ssl, &chosen, &len);
        assert_true(len == 2 && memcmp(chosen, "h2", 2) == 0);
        tls_echo(ssl, 40);
        hang_up(ssl);
    }
    SSL *none = dial_tls(ctx, NULL, 0, TLS1_3_VERSION); /* offers nothing: accepted */
    assert_non_null(none);
    struct hs_err err;
    assert_int_equal(hs_io_reload_tls(io, &err), HS_OK);
    tls_echo(none, 1);
    assert_null(dial_tls(ctx, (const unsigned char *)"\x8http/1.1", 9, TLS1_2_VERSION));
    SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
    SSL_CTX_set_security_level(ctx, 0);
    assert_null(dial_tls(ctx, NULL, 0, TLS1_1_VERSION));
    int plain_text = dial();
    say(plain_text, "GET / HTTP/1.1\r\n\r\n");
    char alert[64];
    while (recv(plain_text, alert, sizeof alert, 0) > 0)
        ;
    close(plain_text);
    expect_end(mute); /* the handshake had its time */
    unlink(key);
    assert_int_equal(hs_io_reload_tls(io, &err), HS_INVALID);
    tls_echo(none, 1);
    hang_up(none);
    hs_io_close(io);
    unlink(certificate);
    SSL_CTX_free(ctx);
    assert_int_equal(opened, closed);
}

/* ---- TLS upon request ---- */

static const unsigned char OURS[] = "\x2h2", OTHERS[] = "\x8http/1.1";

static SSL *shake(SSL_CTX *ctx, int fd, const unsigned char *protocols)
{
    SSL *ssl = SSL_new(ctx);
    if (protocols)
        SSL_set_alpn_protos(ssl, protocols, (unsigned)strlen((const char *)protocols));
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) == 1)
        return ssl;
    SSL_free(ssl);
    close(fd);
    return NULL;
}

static long busy_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Each request for new keys is answered, and the answers are not read: what waits for the peer waits without a turn. */
static void requests_for_keys_by_who_reads_nothing(void **state)
{
    (void)state;
    make_certificate();
    start((struct hs_io_settings){.write_ms = 3000},
          (struct hs_listen){.certificate = certificate, .key = key, .alpn = "h2"});
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = dial_tls(ctx, NULL, 0, TLS1_3_VERSION);
    assert_non_null(ssl);
    int fd = SSL_get_fd(ssl);
    tls_echo(ssl, 1);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    size_t asked = 0;
    for (int quiet = 0; quiet < 20 && !closed; asked++) {
        if (SSL_get_key_update_type(ssl) == SSL_KEY_UPDATE_NONE)
            SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
        int rc = SSL_do_handshake(ssl);
        quiet = rc == 1 ? 0 : quiet + 1;
        if (rc != 1)
            nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    long before = busy_ms();
    nanosleep(&(struct timespec){0, 500000000}, NULL);
    long busy = busy_ms() - before;
    print_message("%zu requests, then %ld ms busy\n", asked, busy);
    assert_true(busy < 60);
    assert_true(eventually(&closed, 1)); /* it takes no bytes */
    hang_up(ssl);
    SSL_CTX_free(ctx);
    hs_io_close(io);
}

static void start_upgradable(struct hs_io_settings settings)
{
    make_certificate();
    start(settings, (struct hs_listen){.certificate = certificate, .key = key, .alpn = "h2", .upgrade = true});
}

static void stop_upgradable(void)
{
    hs_io_close(io);
    unlink(certificate);
    unlink(key);
    assert_int_equal(opened, closed);
}

/* The certificate that the client saw, under SHA-256: that of its signature. */
static void expect_end_point(SSL *ssl)
{
    uint8_t hash[64];
    unsigned len;
    X509 *seen = SSL_get1_peer_certificate(ssl);
    assert_int_equal(X509_digest(seen, EVP_sha256(), hash, &len), 1);
    X509_free(seen);
    pthread_mutex_lock(&end_point_lock);
    bool same = end_point_len == len && memcmp(end_point, hash, len) == 0;
    pthread_mutex_unlock(&end_point_lock);
    assert_true(same);
}

static void upgrade(void **state)
{
    (void)state;
    start_upgradable((struct hs_io_settings){0});
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    const unsigned char *offers[] = {NULL, OURS};
    for (int i = 0; i < 2; i++) {
        int fd = dial();
        say(fd, "before");
        expect(fd, "before");
        assert_true(may_upgrade);
        assert_false(must_upgrade); /* we are on loopback */
        say(fd, "tls?");
        expect(fd, "S");
        SSL *ssl = shake(ctx, fd, offers[i]);
        assert_non_null(ssl);
        tls_echo(ssl, 10);
        assert_int_equal(secured, i + 1);
        expect_end_point(ssl);
        char no;
        assert_int_equal(SSL_write(ssl, "tls?", 4), 4); /* once is enough */
        assert_int_equal(SSL_read(ssl, &no, 1), 1);
        assert_int_equal(no, 'N');
        hang_up(ssl);
    }
    int fd = dial();
    say(fd, "tls?");
    expect(fd, "S");
    assert_null(shake(ctx, fd, OTHERS));
    SSL_CTX_free(ctx);
    stop_upgradable();
}

/* While the handshake goes on the session is woken, and says nothing before it stands. */
static void woken_in_the_middle_of_a_handshake(void **state)
{
    (void)state;
    start_upgradable((struct hs_io_settings){0});
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    int fd = dial();
    held = true;
    say(fd, "later");
    assert_true(eventually(&begun, 1)); /* so that what follows is another piece */
    say(fd, "tls?");
    expect(fd, "S");
    held = false;
    assert_true(eventually(&woken, 1));
    SSL *ssl = shake(ctx, fd, NULL);
    assert_non_null(ssl);
    char got[8] = "";
    assert_int_equal(SSL_read(ssl, got, 5), 5);
    assert_string_equal(got, "woken");
    hang_up(ssl);
    SSL_CTX_free(ctx);
    stop_upgradable();
}

static void plain_text_behind_the_request(void **state)
{
    (void)state;
    start_upgradable((struct hs_io_settings){.read_bytes = 4});
    int fd = dial();
    say(fd, "tls?drop");
    char byte;
    while (recv(fd, &byte, 1, 0) > 0)
        ;
    close(fd);
    assert_true(eventually(&closed, 1));
    assert_int_equal(secured, 0);
    fd = dial(); /* behind the grant, it is no handshake */
    say(fd, "tls?");
    expect(fd, "S");
    say(fd, "drop table students");
    while (recv(fd, &byte, 1, 0) > 0)
        ;
    close(fd);
    assert_true(eventually(&closed, 2));
    assert_int_equal(secured, 0);
    stop_upgradable();
}

static void handshakes_have_their_time(void **state)
{
    (void)state;
    start_upgradable((struct hs_io_settings){.handshake_ms = 200});
    int mute = dial(), asked = dial(), half = dial(), plain_text = dial();
    say(plain_text, "hello");
    expect(plain_text, "hello");
    say(asked, "tls?");
    expect(asked, "S");
    say(half, "\x16\x03\x01");
    expect_end(mute);
    expect_end(asked);
    expect_end(half);
    assert_true(eventually(&closed, 1)); /* of the three only one had a session */
    say(plain_text, "hello");
    expect(plain_text, "hello");
    close(plain_text);
    stop_upgradable();
}

static void tls_from_the_first_byte(void **state)
{
    (void)state;
    start_upgradable((struct hs_io_settings){0});
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    struct hs_err err;
    SSL *ssl = shake(ctx, dial(), OURS);
    assert_non_null(ssl);
    tls_echo(ssl, 1);
    assert_int_equal(secured, 0); /* its session has never seen anything else */
    expect_end_point(ssl);
    char text[64];
    SSL *unnamed = shake(ctx, dial(), NULL);
    if (unnamed) { /* the client may take its handshake for done before we look at it */
        assert_true(SSL_read(unnamed, text, sizeof text) <= 0);
        hang_up(unnamed);
    }
    assert_null(shake(ctx, dial(), OTHERS));
    make_certificate(); /* another one */
    assert_int_equal(hs_io_reload_tls(io, &err), HS_OK);
    tls_echo(ssl, 1);
    SSL *later = shake(ctx, dial(), OURS);
    assert_non_null(later);
    tls_echo(later, 1);
    expect_end_point(later);
    int fd = dial();
    say(fd, "tls?");
    expect(fd, "S");
    SSL *upgraded = shake(ctx, fd, OURS);
    assert_non_null(upgraded);
    tls_echo(upgraded, 1);
    expect_end_point(upgraded);
    hang_up(ssl);
    hang_up(later);
    hang_up(upgraded);
    SSL_CTX_free(ctx);
    stop_upgradable();
}

static void drain_in_a_handshake(void **state)
{
    (void)state;
    start_upgradable((struct hs_io_settings){0});
    int mute = dial(), asked = dial();
    say(asked, "tls?");
    expect(asked, "S");
    hs_io_drain(io);
    expect_end(mute);
    expect_end(asked);
    stop_upgradable();
}

/* Without a certificate there is nothing to upgrade to, and no first byte is waited for. */
static void no_certificate(void **state)
{
    (void)state;
    start((struct hs_io_settings){0}, (struct hs_listen){.alpn = "h2", .upgrade = true});
    int fd = dial();
    assert_true(eventually(&opened, 1));
    assert_false(may_upgrade);
    say(fd, "hello");
    expect(fd, "hello");
    close(fd);
    hs_io_close(io);
}

int main(void)
{
    hs_log_setup(HS_LOG_ERROR, false, STDERR_FILENO);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(large_answers),
        cmocka_unit_test(a_peer_that_takes_nothing),
        cmocka_unit_test(silence),
        cmocka_unit_test(waking),
        cmocka_unit_test(failing_sessions),
        cmocka_unit_test(too_many),
        cmocka_unit_test(drain_has_an_end),
        cmocka_unit_test(addresses),
        cmocka_unit_test(timers),
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(tls),
        cmocka_unit_test(requests_for_keys_by_who_reads_nothing),
        cmocka_unit_test(upgrade),
        cmocka_unit_test(woken_in_the_middle_of_a_handshake),
        cmocka_unit_test(plain_text_behind_the_request),
        cmocka_unit_test(handshakes_have_their_time),
        cmocka_unit_test(tls_from_the_first_byte),
        cmocka_unit_test(drain_in_a_handshake),
        cmocka_unit_test(no_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
