/* Receiving: requests to the main thread; freed slots, segments and cancels at once. See worker_in.h. */
#include "engine/worker/objects.h"
#include "engine/worker/worker_in.h"
#include "base/alloc.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { SLOTS_MAX = 1024, INTERRUPT_AGAIN_MS = 10 };

static struct hs_channel_reader reader;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct {
    struct request request; /* kind 0: none waits */
    uint32_t statement;     /* 0: none runs */
    bool cancelled, busy[SLOTS_MAX], have_segment;
    unsigned slots;
    struct segment segment;
    int gone, given; /* descriptors that came before a RUN; 0: none (that is /dev/null) */
    duckdb_connection running;
} box;

static _Noreturn void leave(int status)
{
    _exit(status); /* no destructors: nothing here outlives the process, and they might hang */
}

static void copy_request(const struct hs_channel_message *m, struct request *out)
{
    *out = (struct request){.kind = m->kind, .statement = m->statement, .passed = m->passed};
    hs_buf_init(&out->payload, HS_CHANNEL_MAX);
    hs_buf_adds(&out->payload, m->payload);
    if (out->payload.failed)
        leave(3);
    hs_wipe(reader.body.at, reader.body.len);
}

void hs_request_fini(struct request *r)
{
    hs_wipe(r->payload.at, r->payload.len);
    hs_buf_fini(&r->payload);
    if (r->passed >= 0)
        close(r->passed);
    *r = (struct request){.passed = -1};
}

/* The server's word is trusted, so whatever is wrong on this side of the channel ends the process. */
static bool receive(bool wait, struct hs_channel_message *out)
{
    enum hs_channel_got got;
    struct hs_err err;
    if (hs_channel_receive(CHANNEL_FD, &reader, wait, out, &got, &err) != HS_OK)
        leave(3);
    if (got == HS_GOT_END)
        leave(0);
    return got == HS_GOT_MESSAGE;
}

void hs_inbox_take_alone(struct request *out)
{
    struct hs_channel_message m;
    if (!reader.body.max)
        hs_channel_reader_init(&reader, HS_CHANNEL_MAX);
    while (!receive(true, &m))
        ;
    copy_request(&m, out);
}

static void take_free(const struct hs_channel_message *m)
{
    struct hs_cursor c = hs_cursor_of(m->payload);
    uint32_t slot = hs_cursor_u32le(&c);
    if (m->statement == box.statement && slot < box.slots)
        box.busy[slot] = false;
}

static void take_segment(const struct hs_channel_message *m)
{
    struct hs_cursor c = hs_cursor_of(m->payload);
    struct segment s = {.id = hs_cursor_u32le(&c)};
    s.bytes = hs_cursor_u64le(&c);
    s.fd = s.bytes ? m->passed : -1;
    if (m->statement != box.statement || box.have_segment) {
        if (m->passed >= 0)
            close(m->passed);
        return;
    }
    box.segment = s;
    box.have_segment = true;
}

static void take_beside(int *box_fd, const struct hs_channel_message *m)
{
    if (*box_fd > 0)
        close(*box_fd);
    *box_fd = m->passed;
}

static void interrupt_if_cancelled(void)
{
    if (box.cancelled && box.running)
        duck()->interrupt(box.running);
}

static void deliver(const struct hs_channel_message *m)
{
    pthread_mutex_lock(&lock);
    switch (m->kind) {
    case HS_MSG_FREE:
        take_free(m);
        break;
    case HS_MSG_SEGMENT:
        take_segment(m);
        break;
    case HS_MSG_GONE:
        take_beside(&box.gone, m);
        break;
    case HS_MSG_GIVEN:
        take_beside(&box.given, m);
        break;
    case HS_MSG_OBJECTS:
        if (!hs_objects_begin(m->payload, m->passed))
            leave(3);
        break;
    case HS_MSG_CANCEL:
        box.cancelled |= m->statement == box.statement;
        interrupt_if_cancelled();
        break;
    default:
        if (box.request.kind)
            leave(3);
        copy_request(m, &box.request);
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* The engine forgets an interrupt that comes between two of its steps, so it is repeated until the statement has ended.
 */
static int next_timeout(void)
{
    pthread_mutex_lock(&lock);
    bool again = box.cancelled && box.statement;
    interrupt_if_cancelled();
    pthread_mutex_unlock(&lock);
    return again ? INTERRUPT_AGAIN_MS : -1;
}

static void *listen_loop(void *unused)
{
    struct hs_channel_message m;
    struct pollfd p = {.fd = CHANNEL_FD, .events = POLLIN};
    for (;;) {
        if (poll(&p, 1, next_timeout()) > 0 && receive(false, &m))
            deliver(&m);
    }
    return unused;
}

hs_rc hs_inbox_start(struct hs_err *err)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, listen_loop, NULL) != 0)
        return hs_fail_hidden(err, HS_NOMEM, "the listener does not start");
    pthread_detach(thread);
    return HS_OK;
}

void hs_inbox_take(struct request *out)
{
    pthread_mutex_lock(&lock);
    while (!box.request.kind)
        pthread_cond_wait(&changed, &lock);
    *out = box.request;
    box.request = (struct request){.passed = -1};
    pthread_mutex_unlock(&lock);
}

hs_rc hs_inbox_begin(uint32_t statement, unsigned slots, struct hs_err *err)
{
    if (slots > SLOTS_MAX)
        return hs_fail_hidden(err, HS_INVALID, "%u slots", slots);
    pthread_mutex_lock(&lock);
    box.statement = statement;
    box.cancelled = box.have_segment = false;
    box.slots = slots;
    memset(box.busy, 0, sizeof box.busy);
    pthread_mutex_unlock(&lock);
    return HS_OK;
}

void hs_inbox_end(void)
{
    pthread_mutex_lock(&lock);
    if (box.have_segment && box.segment.fd >= 0)
        close(box.segment.fd);
    box.statement = 0;
    box.running = NULL;
    box.have_segment = false;
    pthread_mutex_unlock(&lock);
}

void hs_inbox_interruptible(duckdb_connection connection)
{
    pthread_mutex_lock(&lock);
    box.running = connection;
    interrupt_if_cancelled();
    pthread_mutex_unlock(&lock);
}

static int give_out(int *box_fd)
{
    pthread_mutex_lock(&lock);
    int fd = *box_fd > 0 ? *box_fd : -1;
    *box_fd = 0;
    pthread_mutex_unlock(&lock);
    return fd;
}

int hs_inbox_gone(void)
{
    return give_out(&box.gone);
}

int hs_inbox_given(void)
{
    return give_out(&box.given);
}

bool hs_inbox_cancelled(void)
{
    pthread_mutex_lock(&lock);
    bool cancelled = box.cancelled;
    pthread_mutex_unlock(&lock);
    return cancelled;
}

static bool find_slot(unsigned *out)
{
    for (unsigned i = 0; i < box.slots; i++)
        if (!box.busy[i]) {
            box.busy[i] = true;
            *out = i;
            return true;
        }
    return false;
}

hs_rc hs_inbox_slot(unsigned *out_slot, struct hs_err *err)
{
    pthread_mutex_lock(&lock);
    bool found = false;
    while (!box.cancelled && !(found = find_slot(out_slot)))
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return found ? HS_OK : hs_fail(err, HS_CANCELLED, "cancelled");
}

void hs_inbox_return_slot(unsigned slot)
{
    pthread_mutex_lock(&lock);
    if (slot < box.slots)
        box.busy[slot] = false;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

hs_rc hs_inbox_segment(struct segment *out, struct hs_err *err)
{
    pthread_mutex_lock(&lock);
    while (!box.cancelled && !box.have_segment)
        pthread_cond_wait(&changed, &lock);
    bool found = box.have_segment;
    if (found)
        *out = box.segment;
    box.have_segment = false;
    pthread_mutex_unlock(&lock);
    return found ? HS_OK : hs_fail(err, HS_CANCELLED, "cancelled");
}

void hs_reply(enum hs_channel_kind kind, uint32_t statement, hs_str payload)
{
    static pthread_mutex_t sending = PTHREAD_MUTEX_INITIALIZER; /* a message may be several packets */
    struct hs_err err;
    pthread_mutex_lock(&sending);
    if (hs_channel_send(CHANNEL_FD, kind, statement, payload, -1, 60000, &err) != HS_OK)
        leave(4);
    pthread_mutex_unlock(&sending);
}

/* What the engine said goes as it is, under the engine's own kind ("Binder"); what we say, under "hs:kind". */
void hs_reply_error(uint32_t statement, const struct hs_err *err)
{
    struct hs_buf b;
    char ours[64];
    hs_buf_init(&b, HS_CHANNEL_MAX);
    hs_str text = hs_str_of(err->detail), kind = hs_engine_kind(text);
    if (!kind.len) {
        snprintf(ours, sizeof ours, "hs:%s", hs_kind_name(err->kind));
        kind = hs_str_of(ours);
    }
    hs_put_error(&b, kind, text, hs_str_of(err->shown));
    hs_reply(HS_MSG_ERROR, statement, hs_buf_str(&b));
    hs_buf_fini(&b);
}
