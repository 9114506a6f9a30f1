/* A store of one's own for a test: a thread a request, bytes by a formula, so that what comes back is known without
 * keeping it. It counts what it is asked, holds its answers for as long as a test wants, and fails on demand. Each
 * question has a connection of its own, so none is held back by another. Header-only, so that each test stays one file.
 */
#ifndef HS_STORE_TEST_FAKE_S3_H
#define HS_STORE_TEST_FAKE_S3_H

#include "store/cache_in.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    int listens, port, running;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ends;
    int64_t size; /* of every object */
    int version;  /* of every object: other bytes, another ETag */
    bool held;    /* answers wait */
    int status;   /* 0: the right answer */
    int asked;    /* so far */
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
static char fake_directory[64];

static inline char fake_byte(int64_t at, int version)
{
    return (char)(at * 7 + at / 251 + version * 41);
}

static void fake_send_all(int fd, const char *at, size_t len)
{
    for (ssize_t n; len && (n = send(fd, at, len, MSG_NOSIGNAL)) > 0; at += n)
        len -= (size_t)n;
}

/* "bytes=A-B", "bytes=-N", or all of it. */
static void fake_range(const char *head, int64_t *from, int64_t *to)
{
    const char *range = strcasestr(head, "\r\nrange: bytes=");
    long long a = 0, b = fake.size - 1;
    if (range && range[15] == '-') {
        sscanf(range + 16, "%lld", &a);
        a = a < fake.size ? fake.size - a : 0;
    } else if (range) {
        sscanf(range + 15, "%lld-%lld", &a, &b);
        b = b < fake.size ? b : fake.size - 1;
    }
    *from = a;
    *to = b;
}

static void fake_answer(int fd, const char *head, int status, int version)
{
    char text[512], tag[32];
    const char *wanted = strcasestr(head, "\r\nif-match: ");
    int64_t from, to;
    snprintf(tag, sizeof tag, "\"v%d\"", version);
    fake_range(head, &from, &to);
    if (!status && wanted && strncmp(wanted + 12, tag, strlen(tag)) != 0)
        status = 412;
    if (status) {
        snprintf(text, sizeof text, "HTTP/1.1 %d No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status);
        fake_send_all(fd, text, strlen(text));
        return;
    }
    bool whole = strncmp(head, "HEAD", 4) == 0 || !strcasestr(head, "\r\nrange:");
    snprintf(text, sizeof text,
             "HTTP/1.1 %s\r\nETag: %s\r\nContent-Length: %lld\r\nContent-Range: bytes %lld-%lld/%lld\r\n"
             "Connection: close\r\n\r\n",
             whole ? "200 OK" : "206 Partial Content", tag, (long long)(to - from + 1), (long long)from, (long long)to,
             (long long)fake.size);
    fake_send_all(fd, text, strlen(text));
    char *body = strncmp(head, "HEAD", 4) == 0 ? NULL : malloc((size_t)(to - from + 1));
    for (int64_t i = from; body && i <= to; i++)
        body[i - from] = fake_byte(i, version);
    if (body)
        fake_send_all(fd, body, (size_t)(to - from + 1));
    free(body);
}

static void *fake_serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char head[8192] = "";
    size_t len = 0;
    ssize_t n;
    while (!strstr(head, "\r\n\r\n") && len < sizeof head - 1 &&
           (n = recv(fd, head + len, sizeof head - 1 - len, 0)) > 0)
        head[len += (size_t)n] = 0;
    pthread_mutex_lock(&fake.lock);
    fake.asked += len > 0;
    pthread_cond_broadcast(&fake.changed);
    while (fake.held && !fake.ends)
        pthread_cond_wait(&fake.changed, &fake.lock);
    int status = fake.status, version = fake.version;
    pthread_mutex_unlock(&fake.lock);
    if (len)
        fake_answer(fd, head, status, version);
    close(fd);
    pthread_mutex_lock(&fake.lock);
    fake.running--;
    pthread_cond_broadcast(&fake.changed);
    pthread_mutex_unlock(&fake.lock);
    return NULL;
}

static void *fake_listen(void *arg)
{
    (void)arg;
    for (int fd; (fd = accept(fake.listens, NULL, NULL)) >= 0;) {
        pthread_t thread;
        pthread_mutex_lock(&fake.lock);
        fake.running++;
        pthread_mutex_unlock(&fake.lock);
        if (pthread_create(&thread, NULL, fake_serve, (void *)(intptr_t)fd) != 0)
            abort();
        pthread_detach(thread);
    }
    return NULL;
}

/* What is set of it while threads of the store may look. */
#define FAKE_SET(field, value)                 \
    do {                                       \
        pthread_mutex_lock(&fake.lock);        \
        fake.field = (value);                  \
        pthread_cond_broadcast(&fake.changed); \
        pthread_mutex_unlock(&fake.lock);      \
    } while (0)

static inline int fake_asked(void)
{
    pthread_mutex_lock(&fake.lock);
    int asked = fake.asked;
    pthread_mutex_unlock(&fake.lock);
    return asked;
}

static inline void fake_wait_asked(int count)
{
    pthread_mutex_lock(&fake.lock);
    while (fake.asked < count)
        pthread_cond_wait(&fake.changed, &fake.lock);
    pthread_mutex_unlock(&fake.lock);
}

/* ---- the store before it ---- */

static inline void fake_store_open(int64_t cache_bytes)
{
    char endpoint[64];
    struct hs_err err;
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", fake.port);
    struct hs_store_settings s = {.s3_endpoint = endpoint,
                                  .s3_region = "us-east-1",
                                  .s3_path_style = true,
                                  .credential_file = "",
                                  .credential_command = "",
                                  .ca_file = "",
                                  .cache_directory = fake_directory,
                                  .answer_ms = 60000,
                                  .retries = 0,
                                  .patience_ms = 60000,
                                  .cache_bytes = cache_bytes};
    assert_int_equal(hs_store_open(&s, &err), HS_OK);
    assert_int_equal(hs_store_ready(&err), HS_OK);
}

static inline void fake_store_clear(void)
{
    char command[128];
    hs_store_close();
    snprintf(command, sizeof command, "rm -rf '%s'", fake_directory);
    assert_int_equal(system(command), 0);
}

static int fake_begin(void **state)
{
    (void)state;
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof where;
    unsetenv("AWS_ACCESS_KEY_ID");
    snprintf(fake_directory, sizeof fake_directory, "/tmp/hs-fake-XXXXXX");
    fake.listens = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!mkdtemp(fake_directory) || bind(fake.listens, (struct sockaddr *)&where, len) != 0 ||
        listen(fake.listens, 128) != 0 || getsockname(fake.listens, (struct sockaddr *)&where, &len) != 0)
        return -1;
    fake.port = ntohs(where.sin_port);
    return pthread_create(&fake.thread, NULL, fake_listen, NULL);
}

static int fake_end(void **state)
{
    (void)state;
    FAKE_SET(ends, true);
    shutdown(fake.listens, SHUT_RDWR);
    pthread_join(fake.thread, NULL);
    pthread_mutex_lock(&fake.lock);
    while (fake.running)
        pthread_cond_wait(&fake.changed, &fake.lock);
    pthread_mutex_unlock(&fake.lock);
    close(fake.listens);
    return 0;
}

/* Every test begins with an empty cache of its own. */
static int fake_test_begin(void **state)
{
    (void)state;
    FAKE_SET(held, false);
    FAKE_SET(status, 0);
    FAKE_SET(version, 1);
    FAKE_SET(size, 20 * HS_BLOCK + 1000);
    FAKE_SET(asked, 0);
    fake_store_open(1 << 30);
    return 0;
}

static int fake_test_end(void **state)
{
    (void)state;
    FAKE_SET(held, false);
    fake_store_clear();
    return 0;
}

/* ---- reading ---- */

static inline bool fake_is(const char *at, int64_t from, size_t len, int version)
{
    for (size_t i = 0; i < len; i++)
        if (at[i] != fake_byte(from + (int64_t)i, version))
            return false;
    return true;
}

/* HS_OK: and these were the right bytes. */
static inline hs_rc fake_read(struct hs_object *o, int64_t from, size_t len, struct hs_err *err)
{
    char *room = malloc(len);
    hs_rc rc = hs_object_ensure(o, from, (int64_t)len, NULL, err);
    if (rc == HS_OK)
        rc = hs_object_copy(o, from, len, room, err);
    if (rc == HS_OK && !fake_is(room, from, len, o->facts.etag[2] - '0'))
        fail_msg("other bytes from %lld on", (long long)from);
    free(room);
    return rc;
}

static inline struct hs_object *fake_open(const char *uri)
{
    struct hs_object *o = NULL;
    struct hs_err err;
    assert_int_equal(hs_object_open(hs_str_of(uri), &o, &err), HS_OK);
    return o;
}

static inline void fake_read_all(const char *uri)
{
    struct hs_err err;
    struct hs_object *o = fake_open(uri);
    assert_int_equal(fake_read(o, 0, (size_t)o->facts.size, &err), HS_OK);
    hs_object_close(o);
}

#endif
