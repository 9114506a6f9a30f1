/* One thread of a gateway hears what its worker asks; what may have to wait for the store is done by threads that all
 * gateways share. A worker is not believed: numbers and ranges are checked against the plan and the object's size, what
 * it may have under way at one time is bounded, and a packet of another form ends its gateway. */
#include "store/gateway.h"
#include "store/store_in.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/object_wire.h"
#include "io/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWERERS = 32, QUEUE = 8192, UNDER_WAY_MAX = 512, OPENS_MAX = 4096 };
_Static_assert((int)HS_OBJECT_BLOCK == (int)HS_BLOCK, "bits of blocks");
enum { AHEAD = 8 << 20, STRIDES_MAX = 8, PAST = 32 };

struct planned { /* an object of the plan */
    hs_str name;
    struct hs_object *object; /* counted while `opens` > 0 */
    int opens;
    int64_t low, high, sum; /* what was asked for so far: from, to, how much of it */
    unsigned reads;
    int strides; /* how many were looked ahead last time: more and more while it goes on like that */
    struct read {
        int64_t from, len;
    } past[PAST];
};

struct hs_gateway {
    int refs;
    int fd;
    atomic_bool gave_up;
    pthread_mutex_t lock; /* guards what follows */
    pthread_mutex_t send_lock;
    int under_way;
    bool told; /* an error has been logged: one is enough */
    size_t count;
    struct planned *planned;
    char *names;
};

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_changed = PTHREAD_COND_INITIALIZER;
static struct {
    struct hs_pool *answerers;
    int open;
} all;

hs_rc hs_gateways_open(struct hs_err *err)
{
    return hs_pool_open(ANSWERERS, QUEUE, &all.answerers, err);
}

void hs_gateways_close(void)
{
    pthread_mutex_lock(&all_lock);
    while (all.open)
        pthread_cond_wait(&all_changed, &all_lock);
    pthread_mutex_unlock(&all_lock);
    hs_pool_close(all.answerers);
    all.answerers = NULL;
}

/* ---- lifetime ---- */

static void free_gateway(struct hs_gateway *g)
{
    for (size_t i = 0; i < g->count; i++)
        hs_object_close(g->planned[i].object);
    if (g->fd >= 0)
        close(g->fd);
    pthread_mutex_destroy(&g->lock);
    pthread_mutex_destroy(&g->send_lock);
    hs_free(g->planned);
    hs_free(g->names);
    hs_free(g);
    pthread_mutex_lock(&all_lock);
    all.open--;
    pthread_cond_broadcast(&all_changed);
    pthread_mutex_unlock(&all_lock);
}

static void unref(struct hs_gateway *g)
{
    pthread_mutex_lock(&g->lock);
    bool last = --g->refs == 0;
    pthread_mutex_unlock(&g->lock);
    if (last)
        free_gateway(g);
}

static bool copy_names(struct hs_gateway *g, const hs_str *names)
{
    size_t bytes = 0, at = 0;
    for (size_t i = 0; i < g->count; i++)
        bytes += names[i].len;
    g->names = hs_malloc(bytes + 1);
    g->planned = hs_calloc(g->count + 1, sizeof *g->planned);
    for (size_t i = 0; g->names && g->planned && i < g->count; i++) {
        memcpy(g->names + at, names[i].at, names[i].len);
        g->planned[i].name = (hs_str){g->names + at, names[i].len};
        at += names[i].len;
    }
    return g->names && g->planned;
}

static struct hs_gateway *new_gateway(const hs_str *names, size_t count)
{
    struct hs_gateway *g = hs_calloc(1, sizeof *g);
    if (!g)
        return NULL;
    pthread_mutex_lock(&all_lock);
    all.open++;
    pthread_mutex_unlock(&all_lock);
    pthread_mutex_init(&g->lock, NULL);
    pthread_mutex_init(&g->send_lock, NULL);
    g->fd = -1;
    g->count = count;
    if (copy_names(g, names))
        return g;
    g->count = 0;
    free_gateway(g);
    return NULL;
}

/* The listener hears the end of its socket and goes. */
static void stop(struct hs_gateway *g)
{
    atomic_store(&g->gave_up, true);
    shutdown(g->fd, SHUT_RDWR);
}

/* ---- answers ---- */

struct opened { /* what goes with the answer to OPEN */
    int fd;     /* -1: nothing */
    size_t bits_len;
    uint8_t bits[HS_OBJECT_BITS];
};

static void reply(struct hs_gateway *g, uint32_t id, int failed, struct opened *passed)
{
    struct hs_object_reply r = {id, failed};
    struct iovec parts[2] = {{&r, sizeof r}, {0}};
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 1};
    if (passed && passed->fd >= 0) {
        parts[1] = (struct iovec){passed->bits, passed->bits_len};
        m.msg_iovlen = 2;
        m.msg_control = control.room;
        m.msg_controllen = sizeof control.room;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &passed->fd, sizeof passed->fd);
    }
    pthread_mutex_lock(&g->send_lock);
    ssize_t n = sendmsg(g->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    pthread_mutex_unlock(&g->send_lock);
    if (n < 0) /* it has gone, or does not listen */
        stop(g);
}

/* The engine will only say that a file could not be read; what it was stands here. */
static int explain(struct hs_gateway *g, const struct hs_err *err)
{
    pthread_mutex_lock(&g->lock);
    bool first = !g->told && !atomic_load(&g->gave_up);
    g->told = true;
    pthread_mutex_unlock(&g->lock);
    if (first)
        hs_log_err(HS_LOG_WARN, "object_not_read", "", err);
    return err->kind == HS_NOT_FOUND ? ENOENT : err->kind == HS_CANCELLED ? EINTR : EIO;
}

static hs_rc take_open(struct hs_gateway *g, struct planned *p, struct opened *out, struct hs_err *err)
{
    struct hs_object *o;
    HS_TRY(hs_object_open(p->name, &o, err));
    hs_rc rc = hs_object_descriptor(o, &out->fd, err);
    if (rc == HS_OK)
        out->bits_len = hs_object_good_bits(o, out->bits, sizeof out->bits);
    pthread_mutex_lock(&g->lock);
    if (rc == HS_OK && p->opens >= OPENS_MAX)
        rc = hs_fail_hidden(err, HS_LIMIT, "a worker opens one object %d times", OPENS_MAX);
    if (rc == HS_OK && p->object && p->object != o) /* another version since it was first opened */
        rc = hs_fail_hidden(err, HS_CONFLICT, "%.*s was replaced while it was read", HS_FMT(p->name));
    bool first = rc == HS_OK && p->opens++ == 0;
    if (first)
        p->object = o;
    pthread_mutex_unlock(&g->lock);
    if (!first)
        hs_object_close(o);
    return rc;
}

static void take_close(struct hs_gateway *g, struct planned *p)
{
    struct hs_object *o = NULL;
    pthread_mutex_lock(&g->lock);
    if (p->opens && --p->opens == 0) {
        o = p->object;
        p->object = NULL;
    }
    pthread_mutex_unlock(&g->lock);
    hs_object_close(o);
}

/* ---- looking ahead ---- */

struct ahead {
    int64_t from, len, stride, size;
    int64_t first; /* where the first column of the first row group was read */
    int strides;
};

/* The last read of about this length before this one: the same column of the row group before. 0: none. */
static int64_t stride_of(const struct planned *p, int64_t from, int64_t len)
{
    for (unsigned i = 1; i <= PAST; i++) {
        const struct read *r = &p->past[(p->reads - i) % PAST];
        if (i <= p->reads && from > r->from && len <= r->len + r->len / 4 && r->len <= len + len / 4)
            return from - r->from;
    }
    return 0;
}

/* Is most of the file read, then what follows is next. Is it read in steps, some columns of one row group after the
 * other, then the same of the next ones. */
static struct ahead guess(struct planned *p, int64_t from, int64_t len)
{
    struct ahead next = {.from = from + len};
    int64_t stride = stride_of(p, from, len);
    p->low = !p->reads || from < p->low ? from : p->low;
    p->high = from + len > p->high ? from + len : p->high;
    p->sum += len;
    if (p->reads && p->sum > (p->high - p->low) / 2) {
        next.len = AHEAD;
    } else if (stride) {
        p->strides = p->strides ? 2 * p->strides : 1;
        p->strides = p->strides < STRIDES_MAX ? p->strides : STRIDES_MAX;
        next = (struct ahead){.from = from + stride, .len = len, .stride = stride, .strides = p->strides};
    }
    next.first = p->low;
    next.size = hs_object_facts(p->object)->size;
    p->past[p->reads % PAST] = (struct read){from, len};
    p->reads++;
    return next;
}

/* The last row group is mostly a shorter one, its columns elsewhere: what would be read of it is guessed wrong. */
static bool in_full_group(const struct ahead *next, int64_t at)
{
    int64_t group = (at - next->first + next->stride / 16) / next->stride;
    return (group + 1) <= (next->size + next->stride / 8) / next->stride;
}

/* Steps are not quite equal, and a block that a guess missed would be a request of its own. */
static void look_ahead(struct hs_object *o, const struct ahead *next)
{
    if (next->len && !next->strides)
        hs_object_expect(o, next->from, next->len);
    for (int i = 0; i < next->strides; i++) {
        int64_t at = next->from + i * next->stride;
        if (in_full_group(next, at))
            hs_object_expect(o, at < HS_BLOCK / 2 ? 0 : at - HS_BLOCK / 2, next->len + HS_BLOCK);
    }
}

static hs_rc take_read(struct hs_gateway *g, struct planned *p, const struct hs_object_ask *q, struct hs_err *err)
{
    pthread_mutex_lock(&g->lock);
    struct hs_object *o = p->object ? hs_object_ref(p->object) : NULL;
    bool fits = o && q->offset <= (uint64_t)hs_object_facts(o)->size &&
                q->length <= (uint64_t)hs_object_facts(o)->size - q->offset;
    struct ahead next = {0};
    if (fits)
        next = guess(p, (int64_t)q->offset, (int64_t)q->length);
    pthread_mutex_unlock(&g->lock);
    hs_rc rc = HS_OK;
    if (!fits)
        rc =
            hs_fail_hidden(err, HS_INVALID, "a worker asks for bytes that are not there, or of what it has not opened");
    if (rc == HS_OK) {
        look_ahead(o, &next);
        rc = hs_object_ensure(o, (int64_t)q->offset, (int64_t)q->length, &g->gave_up, err);
    }
    hs_object_close(o);
    return rc;
}

/* ---- hearing ---- */

struct job {
    struct hs_gateway *gateway; /* counted */
    struct hs_object_ask ask;
};

static void answer(void *arg)
{
    struct job *j = arg;
    struct hs_gateway *g = j->gateway;
    struct planned *p = &g->planned[j->ask.object];
    struct hs_err err;
    struct opened passed;
    passed.fd = -1;
    hs_err_clear(&err);
    hs_rc rc = j->ask.kind == HS_OBJECT_OPEN ? take_open(g, p, &passed, &err) : take_read(g, p, &j->ask, &err);
    reply(g, j->ask.id, rc == HS_OK ? 0 : explain(g, &err), rc == HS_OK ? &passed : NULL);
    if (passed.fd >= 0)
        close(passed.fd);
    pthread_mutex_lock(&g->lock);
    g->under_way--;
    pthread_mutex_unlock(&g->lock);
    hs_free(j);
    unref(g);
}

/* What needs no waiting is answered by the listener itself: two turns of threads less. */
static bool is_quick(struct hs_gateway *g, const struct hs_object_ask *q)
{
    struct planned *p = &g->planned[q->object];
    if (q->kind == HS_OBJECT_OPEN)
        return hs_object_is_known(p->name);
    pthread_mutex_lock(&g->lock);
    bool quick = p->object && q->offset <= INT64_MAX && q->length <= INT64_MAX &&
                 hs_object_has(p->object, (int64_t)q->offset, (int64_t)q->length);
    pthread_mutex_unlock(&g->lock);
    return quick;
}

static void begin_answer(struct hs_gateway *g, const struct hs_object_ask *q)
{
    struct job *j = hs_malloc(sizeof *j);
    pthread_mutex_lock(&g->lock);
    bool room = j && g->under_way < UNDER_WAY_MAX;
    if (room) {
        g->under_way++;
        g->refs++;
    }
    pthread_mutex_unlock(&g->lock);
    if (room) {
        *j = (struct job){g, *q};
        if (is_quick(g, q))
            return answer(j);
        if (hs_pool_submit(all.answerers, answer, j, NULL) == HS_OK)
            return;
        pthread_mutex_lock(&g->lock);
        g->under_way--;
        g->refs--; /* never the last: the listener has one */
        pthread_mutex_unlock(&g->lock);
    }
    hs_free(j);
    reply(g, q->id, EAGAIN, NULL);
}

static bool hear_one(struct hs_gateway *g)
{
    struct hs_object_ask q;
    ssize_t n = recv(g->fd, &q, sizeof q, MSG_TRUNC);
    if (n < 0 && errno == EINTR)
        return true;
    if (n != (ssize_t)sizeof q || q.zero || q.object >= g->count || q.kind < HS_OBJECT_OPEN || q.kind > HS_OBJECT_CLOSE)
        return false;
    if (q.kind == HS_OBJECT_CLOSE)
        take_close(g, &g->planned[q.object]);
    else
        begin_answer(g, &q);
    return true;
}

static void *listen_to(void *arg)
{
    struct hs_gateway *g = arg;
    while (!atomic_load(&g->gave_up) && hear_one(g))
        ;
    stop(g);
    unref(g); /* the listener's */
    return NULL;
}

static hs_rc start(struct hs_gateway *g, int *out_fd, struct hs_err *err)
{
    int pair[2];
    pthread_t thread;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return hs_fail_hidden(err, HS_UNAVAILABLE, "socketpair: %s", strerror(errno));
    g->fd = pair[0];
    g->refs = 2; /* the opener's and the listener's */
    if (pthread_create(&thread, NULL, listen_to, g) != 0) {
        close(pair[1]);
        return hs_fail_hidden(err, HS_NOMEM, "no thread for a gateway");
    }
    pthread_detach(thread);
    *out_fd = pair[1];
    return HS_OK;
}

hs_rc hs_gateway_open(const hs_str *names, size_t count, struct hs_gateway **out, int *out_fd, struct hs_err *err)
{
    HS_TRY(hs_store_ready(err));
    for (size_t i = 0; i < count; i++)
        if (!hs_store_is_remote(names[i]))
            return hs_fail_hidden(err, HS_INTERNAL, "not an object's name: %.*s", HS_FMT(names[i]));
    struct hs_gateway *g = new_gateway(names, count);
    if (!g)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_rc rc = start(g, out_fd, err);
    if (rc != HS_OK) {
        free_gateway(g);
        return rc;
    }
    *out = g;
    return HS_OK;
}

void hs_gateway_close(struct hs_gateway *g)
{
    if (!g)
        return;
    stop(g);
    unref(g);
}
