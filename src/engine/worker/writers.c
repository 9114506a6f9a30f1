/* The writers of batches: threads of the worker, made when a statement has more than one batch, waiting between
 * statements. The line keeps the order: a batch that is written waits until those before it have been sent. See load.h.
 *
 * Places are taken before a load is put (gather.c), in order, so nobody here waits for the reader, and the end of a
 * cancelled statement is as near as the batches that are being written. */
#include "engine/worker/load.h"

#include <pthread.h>

enum { STACK = 1 << 20 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t work, moved;
    struct load *first, **last; /* in order, until sent */
    struct load *next;          /* of those, the first that nobody writes */
    struct load *sent;          /* may be used again */
    unsigned on_their_way, running, wanted;
    struct hs_err err; /* kind 0: none */
} line = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER, .last = &line.first};

static void send(struct load *l)
{
    struct hs_msg_batch m = {l->place, l->rows, l->body_len, l->nodes, l->node_count, l->buffers, l->buffer_count};
    hs_buf_clear(&l->message);
    hs_put_batch(&l->message, &m);
    if (hs_buf_done(&l->message, &line.err) == HS_OK)
        hs_reply(HS_MSG_BATCH, l->statement, hs_buf_str(&l->message));
}

/* With the lock held. After an error nothing more is sent: an answer with a hole would be a wrong one. */
static void send_ready(void)
{
    while (line.first && line.first->written) {
        struct load *l = line.first;
        line.first = l->next;
        if (!line.first)
            line.last = &line.first;
        line.on_their_way--;
        if (!line.err.kind)
            send(l);
        else if (!(l->place & HS_PLACE_SEGMENT))
            hs_inbox_return_slot(l->place); /* the main thread may be waiting for one */
        l->rows = 0;
        l->next = line.sent;
        line.sent = l;
    }
    pthread_cond_broadcast(&line.moved);
}

static void write_one(struct load *l, struct bench *b)
{
    struct hs_err err;
    hs_err_clear(&err);
    hs_rc rc = hs_load_write(l, b, &err);
    pthread_mutex_lock(&line.lock);
    if (rc != HS_OK && !line.err.kind)
        line.err = err;
    l->written = true;
    send_ready();
    pthread_mutex_unlock(&line.lock);
}

static void *write_loop(void *unused)
{
    struct bench bench = {.compressor = NULL};
    for (;;) {
        pthread_mutex_lock(&line.lock);
        while (!line.next)
            pthread_cond_wait(&line.work, &line.lock);
        struct load *l = line.next;
        line.next = l->next;
        pthread_mutex_unlock(&line.lock);
        write_one(l, &bench);
    }
    return unused;
}

/* With the lock held. */
static hs_rc start_one(struct hs_err *err)
{
    pthread_t thread;
    pthread_attr_t a;
    pthread_attr_init(&a);
    pthread_attr_setstacksize(&a, STACK);
    pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
    int code = pthread_create(&thread, &a, write_loop, NULL);
    pthread_attr_destroy(&a);
    line.running += code == 0;
    return line.running ? HS_OK : hs_fail_hidden(err, HS_NOMEM, "a writer does not start");
}

void hs_writers_begin(unsigned threads)
{
    pthread_mutex_lock(&line.lock);
    line.wanted = threads;
    line.sent = NULL; /* those of the last statement went with its arena */
    hs_err_clear(&line.err);
    pthread_mutex_unlock(&line.lock);
}

/* With the lock held. */
static void append(struct load *l, bool is_taken)
{
    l->next = NULL;
    l->written = false;
    *line.last = l;
    line.last = &l->next;
    line.on_their_way++;
    if (!line.next && !is_taken)
        line.next = l;
}

hs_rc hs_writers_put(struct load *l, struct hs_err *err)
{
    hs_rc rc = HS_OK;
    pthread_mutex_lock(&line.lock);
    if (line.running < line.wanted)
        rc = start_one(err);
    if (rc == HS_OK)
        append(l, false);
    pthread_cond_signal(&line.work);
    pthread_mutex_unlock(&line.lock);
    return rc;
}

bool hs_writers_idle(void)
{
    pthread_mutex_lock(&line.lock);
    bool idle = !line.on_their_way;
    pthread_mutex_unlock(&line.lock);
    return idle;
}

hs_rc hs_writers_write_here(struct load *l, struct hs_err *err)
{
    struct bench bench = {.compressor = NULL};
    pthread_mutex_lock(&line.lock);
    append(l, true);
    pthread_mutex_unlock(&line.lock);
    write_one(l, &bench);
    hs_bench_fini(&bench);
    return hs_writers_error(err);
}

struct load *hs_writers_take(unsigned most)
{
    pthread_mutex_lock(&line.lock);
    while (!line.sent && line.on_their_way >= most)
        pthread_cond_wait(&line.moved, &line.lock);
    struct load *l = line.sent;
    if (l)
        line.sent = l->next;
    pthread_mutex_unlock(&line.lock);
    return l;
}

void hs_writers_stop(void)
{
    pthread_mutex_lock(&line.lock);
    if (!line.err.kind)
        hs_ignore(hs_fail(&line.err, HS_CANCELLED, "cancelled"));
    while (line.on_their_way)
        pthread_cond_wait(&line.moved, &line.lock);
    pthread_mutex_unlock(&line.lock);
}

hs_rc hs_writers_error(struct hs_err *err)
{
    pthread_mutex_lock(&line.lock);
    hs_rc rc = line.err.kind;
    if (rc != HS_OK)
        *err = line.err;
    pthread_mutex_unlock(&line.lock);
    return rc;
}

hs_rc hs_writers_end(struct hs_err *err)
{
    pthread_mutex_lock(&line.lock);
    while (line.on_their_way)
        pthread_cond_wait(&line.moved, &line.lock);
    hs_rc rc = line.err.kind;
    if (rc != HS_OK)
        *err = line.err;
    pthread_mutex_unlock(&line.lock);
    return rc;
}
