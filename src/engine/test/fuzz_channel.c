/* A worker's words, any bytes: packets with a length of two bytes each, through the frame reader and everything the
 * server does with a message, up to the batches a reader would get. The first byte says what the server waits for. */
#include "base/alloc.h"
#include "base/log.h"
#include "engine/engine_in.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { SLOTS = 2, SLOT_BYTES = 4096 };

struct world {
    struct hs_engine e;
    struct hs_worker w;
    struct hs_stream *s;
    struct hs_lease *l;
};

static void init_stream(struct world *x)
{
    x->s = hs_calloc(1, sizeof *x->s);
    x->s->refs = 2; /* ours and the worker's */
    x->s->engine = &x->e;
    x->s->arena = hs_arena_new(0);
    x->s->tail = &x->s->head;
    x->s->spool_fd = -1;
    x->s->out_max = SLOTS;
    x->s->worker = &x->w;
    pthread_mutex_init(&x->s->notify_lock, NULL);
    x->e.refs++;
    x->e.streams = x->s;
}

static void init_lease(struct world *x)
{
    x->l = hs_calloc(1, sizeof *x->l);
    x->l->engine = &x->e;
    x->l->worker = &x->w;
    hs_buf_init(&x->l->reply, HS_CHANNEL_MAX);
    pthread_cond_init(&x->l->changed, NULL);
    x->e.leases = x->l;
}

static bool init(struct world *x, uint8_t expect)
{
    struct hs_err err;
    x->e.refs = 100; /* never freed: it is not from the heap */
    x->e.poke = x->e.epoll = -1;
    x->e.settings.rings_bytes = 1 << 20;
    pthread_mutex_init(&x->e.lock, NULL);
    pthread_cond_init(&x->e.changed, NULL);
    x->w.engine = &x->e;
    x->w.channel = x->w.pidfd = -1;
    x->w.state = HS_W_LEASED;
    x->w.expect = (enum hs_expect)(expect % 5);
    x->w.statement = 1;
    pthread_mutex_init(&x->w.send_lock, NULL);
    hs_channel_reader_init(&x->w.in, 1 << 20);
    init_stream(x);
    init_lease(x);
    x->w.stream = x->s;
    x->w.lease = x->l;
    if (x->w.expect == HS_EXPECT_BATCHES) {
        struct hs_type *t = hs_type_new(x->s->arena, HS_T_STRUCT);
        x->s->schema = t;
    }
    return hs_memory_new(&x->e, &x->w, SLOTS, SLOT_BYTES, 0, &x->w.ring, &err) == HS_OK;
}

static void hear(struct world *x, hs_str packet)
{
    struct hs_channel_message m;
    enum hs_channel_got got = HS_GOT_NOTHING;
    struct hs_err err;
    if (hs_channel_feed(&x->w.in, packet, &m, &got, &err) == HS_OK && got == HS_GOT_MESSAGE)
        hs_worker_says(&x->w, &m);
}

/* What got through the checks is read as a front would read it. */
static void read_batches(struct world *x)
{
    struct hs_batch b;
    struct hs_err err;
    while (hs_stream_poll(x->s, &b, &err) == HS_STREAM_BATCH) {
        volatile uint8_t sum = 0;
        for (size_t i = 0; i < b.buffer_count; i++)
            for (int64_t k = 0; k < b.buffers[i].length; k++)
                sum ^= b.body[b.buffers[i].offset + k];
        hs_batch_release(&b);
    }
}

static void fini(struct world *x)
{
    hs_worker_detach(&x->w);
    hs_stream_unref(x->s);
    hs_lease_free(x->l);
    hs_channel_reader_fini(&x->w.in);
    pthread_mutex_destroy(&x->w.send_lock);
    pthread_cond_destroy(&x->e.changed);
    pthread_mutex_destroy(&x->e.lock);
    free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int quiet = -1;
    if (quiet < 0) {
        quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
        hs_log_setup(HS_LOG_ERROR, false, quiet);
    }
    if (size < 1)
        return 0;
    struct world *x = calloc(1, sizeof *x);
    bool ready = x && init(x, data[0]);
    for (size_t at = 1; ready && at + 2 <= size && x->w.state != HS_W_DYING;) {
        size_t len = data[at] | (size_t)data[at + 1] << 8;
        at += 2;
        len = len < size - at ? len : size - at;
        hear(x, hs_str_n(data + at, len));
        at += len;
        read_batches(x);
    }
    if (x)
        fini(x);
    return 0;
}
