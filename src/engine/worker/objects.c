/* See objects.h. Several threads of the engine ask at once over one socket: whoever waits and finds nobody listening
 * listens for all. */
#include "engine/worker/objects.h"
#include "base/alloc.h"
#include "base/cursor.h"
#include "base/object_wire.h"
#include "engine/channel.h"
#include "engine/objects.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DESCRIPTORS = 4096 }; /* RLIMIT_NOFILE of a worker */

struct bits { /* of blocks that need not be asked for */
    size_t len;
    uint8_t at[];
};
struct waiting { /* on the stack of a thread that asks */
    struct waiting *next;
    uint32_t id;
    bool done;
    int failed, passed;
    struct bits *bits;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct {
    int socket; /* 0: no objects in this statement */
    char prefix[80];
    uint32_t count, last_id;
    bool listening, broken;
    struct waiting *waiting;
} own;
static _Atomic uint32_t object_of[DESCRIPTORS]; /* number + 1; 0: a file like others */
static struct bits *bits_of[DESCRIPTORS];       /* of those; NULL: none */

/* ---- asking ---- */

struct heard {
    struct hs_object_reply reply;
    uint8_t bits[HS_OBJECT_BITS];
    size_t bits_len;
    int passed;
};

/* Without memory for them everything is asked for. */
static struct bits *copy_bits(const struct heard *h)
{
    struct bits *b = h->bits_len ? hs_malloc(sizeof *b + h->bits_len) : NULL;
    if (b) {
        b->len = h->bits_len;
        memcpy(b->at, h->bits, h->bits_len);
    }
    return b;
}

static void finish(const struct heard *h)
{
    struct waiting *w = own.waiting;
    int passed = h->passed;
    while (w && w->id != h->reply.id)
        w = w->next;
    if (!w || w->done) {
        if (passed >= 0)
            close(passed);
        return;
    }
    w->failed = h->reply.failed;
    w->passed = passed;
    w->bits = copy_bits(h);
    w->done = true;
}

static void finish_all(void)
{
    own.broken = true;
    for (struct waiting *w = own.waiting; w; w = w->next)
        if (!w->done) {
            w->failed = EIO;
            w->done = true;
        }
}

static bool hear(int fd, struct heard *out)
{
    struct iovec parts[2] = {{&out->reply, sizeof out->reply}, {out->bits, sizeof out->bits}};
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr m = {
        .msg_iov = parts, .msg_iovlen = 2, .msg_control = control.room, .msg_controllen = sizeof control.room};
    ssize_t n;
    do
        n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    out->passed = -1;
    struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
        memcpy(&out->passed, CMSG_DATA(c), sizeof out->passed);
    out->bits_len = n > (ssize_t)sizeof out->reply ? (size_t)n - sizeof out->reply : 0;
    return n >= (ssize_t)sizeof out->reply;
}

/* With the lock held; lets it go while it listens. */
static void listen_once(void)
{
    static struct heard heard; /* there is one listener at a time */
    int fd = own.socket;
    own.listening = true;
    pthread_mutex_unlock(&lock);
    bool good = hear(fd, &heard);
    pthread_mutex_lock(&lock);
    own.listening = false;
    if (good)
        finish(&heard);
    else
        finish_all();
    pthread_cond_broadcast(&changed);
}

static void forget(struct waiting *w)
{
    for (struct waiting **at = &own.waiting; *at; at = &(*at)->next)
        if (*at == w) {
            *at = w->next;
            return;
        }
}

static bool say(const struct hs_object_ask *q)
{
    struct iovec part = {(void *)(uintptr_t)q, sizeof *q};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t n;
    do
        n = sendmsg(own.socket, &m, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *q;
}

/* 0, or -1 with errno as a call of libc has it. OPEN: *out_fd, and its bits in *out_bits. */
static int ask(enum hs_object_ask_kind kind, uint32_t object, uint64_t offset, uint64_t length, int *out_fd,
               struct bits **out_bits)
{
    struct waiting w = {.passed = -1};
    pthread_mutex_lock(&lock);
    w.id = ++own.last_id;
    w.next = own.waiting;
    own.waiting = &w;
    struct hs_object_ask q = {kind, w.id, object, 0, offset, length};
    if (own.broken || !say(&q)) {
        w.failed = EIO;
        w.done = true;
    }
    while (!w.done)
        if (own.listening)
            pthread_cond_wait(&changed, &lock);
        else
            listen_once();
    forget(&w);
    pthread_mutex_unlock(&lock);
    if (out_fd)
        *out_fd = w.passed;
    else if (w.passed >= 0)
        close(w.passed);
    if (out_bits)
        *out_bits = w.bits;
    else
        hs_free(w.bits);
    if (w.failed || (out_fd && w.passed < 0)) {
        errno = w.failed ? w.failed : EIO;
        return -1;
    }
    return 0;
}

/* ---- names ---- */

static bool is_below_root(const char *path)
{
    return strncmp(path, HS_OBJECTS_ROOT, sizeof HS_OBJECTS_ROOT - 1) == 0;
}

/* "<prefix>/<number><ending>" */
static bool number_of(const char *path, uint32_t *out)
{
    size_t len = strlen(own.prefix);
    char *end;
    if (!own.socket || strncmp(path, own.prefix, len) != 0 || path[len] != '/' || path[len + 1] < '0' ||
        path[len + 1] > '9')
        return false;
    unsigned long n = strtoul(path + len + 1, &end, 10);
    if (n >= own.count || (*end && *end != '.'))
        return false;
    *out = (uint32_t)n;
    return true;
}

static uint32_t object_at(int fd)
{
    return fd >= 0 && fd < DESCRIPTORS ? atomic_load_explicit(&object_of[fd], memory_order_acquire) : 0;
}

/* ---- what the engine calls ---- */

static int open_object(const char *path, int flags)
{
    uint32_t object;
    int fd;
    if ((flags & O_ACCMODE) != O_RDONLY) {
        errno = EACCES;
        return -1;
    }
    if (!number_of(path, &object)) {
        errno = ENOENT;
        return -1;
    }
    struct bits *bits;
    if (ask(HS_OBJECT_OPEN, object, 0, 0, &fd, &bits) != 0) {
        hs_free(bits);
        return -1;
    }
    if (fd >= DESCRIPTORS) {
        close(fd);
        hs_free(bits);
        errno = EMFILE;
        return -1;
    }
    bits_of[fd] = bits;
    atomic_store_explicit(&object_of[fd], object + 1, memory_order_release);
    return fd;
}

static int our_open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    return is_below_root(path) ? open_object(path, flags) : open(path, flags, mode);
}

static bool was_there(int fd, uint64_t offset, uint64_t len)
{
    const struct bits *b = bits_of[fd];
    uint64_t block = offset / HS_OBJECT_BLOCK, end = (offset + len - 1) / HS_OBJECT_BLOCK;
    if (!b || end / 8 >= b->len)
        return false;
    while (block <= end && b->at[block / 8] >> block % 8 & 1)
        block++;
    return block > end;
}

/* How much of what is wanted there is; <0: errno. */
static ssize_t have_there(int fd, uint32_t object, size_t len, off_t offset)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -1;
    if (offset < 0 || offset >= st.st_size || len == 0)
        return 0;
    if ((uint64_t)len > (uint64_t)(st.st_size - offset))
        len = (size_t)(st.st_size - offset);
    if (was_there(fd, (uint64_t)offset, len))
        return (ssize_t)len;
    return ask(HS_OBJECT_READ, object - 1, (uint64_t)offset, len, NULL, NULL) == 0 ? (ssize_t)len : -1;
}

static ssize_t our_pread(int fd, void *to, size_t len, off_t offset)
{
    uint32_t object = object_at(fd);
    if (!object)
        return pread(fd, to, len, offset);
    ssize_t there = have_there(fd, object, len, offset);
    return there > 0 ? pread(fd, to, (size_t)there, offset) : there;
}

static ssize_t our_read(int fd, void *to, size_t len)
{
    uint32_t object = object_at(fd);
    if (!object)
        return read(fd, to, len);
    ssize_t there = have_there(fd, object, len, lseek(fd, 0, SEEK_CUR));
    return there > 0 ? read(fd, to, (size_t)there) : there;
}

static int our_close(int fd)
{
    uint32_t object = object_at(fd);
    if (object) {
        struct hs_object_ask q = {HS_OBJECT_CLOSE, 0, object - 1, 0, 0, 0};
        atomic_store_explicit(&object_of[fd], 0, memory_order_release);
        hs_free(bits_of[fd]);
        bits_of[fd] = NULL;
        pthread_mutex_lock(&lock);
        if (own.socket && !own.broken)
            (void)say(&q); /* that the socket has gone is told to whoever reads */
        pthread_mutex_unlock(&lock);
    }
    return close(fd);
}

static int our_access(const char *path, int mode)
{
    uint32_t object;
    if (!is_below_root(path))
        return access(path, mode);
    errno = mode & (W_OK | X_OK) ? EACCES : ENOENT;
    return !(mode & (W_OK | X_OK)) && number_of(path, &object) ? 0 : -1;
}

/* Is there a file of this name, and of which kind: more is not asked by name. */
static int our_stat(const char *path, struct stat *out)
{
    uint32_t object;
    if (!is_below_root(path))
        return stat(path, out);
    if (!number_of(path, &object)) {
        errno = ENOENT;
        return -1;
    }
    memset(out, 0, sizeof *out);
    out->st_mode = S_IFREG | 0400;
    out->st_nlink = 1;
    return 0;
}

/* The names of glibc before 2.33; the version of the structure has been 1 ever since amd64 is. */
static int our_xstat(int version, const char *path, struct stat *out)
{
    (void)version;
    return our_stat(path, out);
}

static int our_lxstat(int version, const char *path, struct stat *out)
{
    (void)version;
    return is_below_root(path) ? our_stat(path, out) : lstat(path, out);
}

hs_rc hs_objects_hook(void *library, struct hs_err *err)
{
    enum { OPEN = 1, PREAD = 2, READ = 4, CLOSE = 8, ACCESS = 16, STAT = 32 };
#define HOOK(name, function, part)              \
    {                                           \
        name, (void *)(uintptr_t)function, part \
    }
    static const struct hs_hook HOOKS[] = {
        HOOK("open", our_open, OPEN),         HOOK("open64", our_open, OPEN),   HOOK("pread", our_pread, PREAD),
        HOOK("pread64", our_pread, PREAD),    HOOK("read", our_read, READ),     HOOK("close", our_close, CLOSE),
        HOOK("access", our_access, ACCESS),   HOOK("__xstat", our_xstat, STAT), HOOK("__xstat64", our_xstat, STAT),
        HOOK("stat", our_stat, STAT),         HOOK("stat64", our_stat, STAT),   HOOK("__lxstat", our_lxstat, STAT),
        HOOK("__lxstat64", our_lxstat, STAT),
    };
#undef HOOK
    return hs_hook_calls(library, HOOKS, sizeof HOOKS / sizeof *HOOKS, err);
}

/* ---- a statement's ---- */

bool hs_objects_begin(hs_str payload, int fd)
{
    struct hs_cursor c = hs_cursor_of(payload);
    hs_str prefix = hs_get_str(&c);
    uint32_t count = hs_cursor_u32le(&c);
    if (c.bad || fd <= 0 || prefix.len >= sizeof own.prefix || own.socket)
        return false;
    pthread_mutex_lock(&lock);
    memcpy(own.prefix, prefix.at, prefix.len);
    own.prefix[prefix.len] = 0;
    own.count = count;
    own.socket = fd;
    own.broken = false;
    pthread_mutex_unlock(&lock);
    return true;
}

void hs_objects_end(void)
{
    pthread_mutex_lock(&lock);
    if (own.socket)
        close(own.socket);
    own.socket = 0;
    own.count = 0;
    pthread_mutex_unlock(&lock);
}

bool hs_objects_any(void)
{
    return own.socket > 0;
}
