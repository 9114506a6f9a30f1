/* Opening, starting and ending; see io.h. */
#include "io/io_in.h"

#include "base/alloc.h"

#include <signal.h>

static void set_default(int *value, int otherwise)
{
    if (*value <= 0)
        *value = otherwise;
}

static void fill_settings(struct hs_io_settings *s)
{
    set_default(&s->threads, 2);
    set_default(&s->connections_max, 4096);
    set_default(&s->connections_per_ip, 1024);
    set_default(&s->handshake_ms, 10000);
    set_default(&s->first_byte_ms, 10000);
    set_default(&s->write_ms, 60000);
    set_default(&s->idle_ms, 1800000);
    set_default(&s->drain_ms, 10000);
    s->read_bytes = s->read_bytes ? s->read_bytes : 65536;
    if (s->read_bytes < 16384)
        s->read_bytes = 16384; /* a TLS record must fit, or some of it would wait unseen */
    s->out_low = s->out_low ? s->out_low : 512 << 10;
    s->out_pause = s->out_pause ? s->out_pause : 8 << 20;
}

/* OpenSSL writes to the socket without MSG_NOSIGNAL: a peer that leaves would end the process. */
static void ignore_sigpipe(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
}

hs_rc hs_io_open(const struct hs_io_settings *settings, struct hs_io **out, struct hs_err *err)
{
    struct hs_io *io = hs_calloc(1, sizeof *io);
    if (!io)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (settings)
        io->set = *settings;
    fill_settings(&io->set);
    ignore_sigpipe();
    pthread_mutex_init(&io->lock, NULL);
    io->loops = hs_calloc((size_t)io->set.threads, sizeof *io->loops);
    hs_rc rc = io->loops && address_open(io) ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
    for (int i = 0; rc == HS_OK && i < io->set.threads; i++)
        rc = loop_open(io, &io->loops[i], err);
    if (rc == HS_OK)
        *out = io;
    else
        hs_io_close(io);
    return rc;
}

static void on_every(uv_timer_t *timer)
{
    struct every *e = timer->data;
    e->fn(e->arg);
}

hs_rc hs_io_every(struct hs_io *io, int ms, void (*fn)(void *arg), void *arg, struct hs_err *err)
{
    if (io->started || ms <= 0)
        return hs_fail(err, HS_INTERNAL, "timers are set before start");
    struct every *e = hs_calloc(1, sizeof *e);
    if (!e)
        return hs_fail(err, HS_NOMEM, "out of memory");
    e->fn = fn;
    e->arg = arg;
    uv_timer_init(&io->loops[0].uv, &e->timer);
    e->timer.data = e;
    uv_timer_start(&e->timer, on_every, (uint64_t)ms, (uint64_t)ms);
    e->next = io->everies;
    io->everies = e;
    return HS_OK;
}

hs_rc hs_io_start(struct hs_io *io, struct hs_err *err)
{
    io->started = true;
    for (int i = 0; i < io->set.threads; i++)
        HS_TRY(loop_start(&io->loops[i], err));
    return HS_OK;
}

void hs_io_drain(struct hs_io *io)
{
    atomic_store(&io->draining, true);
    for (int i = 0; i < io->set.threads; i++)
        loop_drain(&io->loops[i]);
}

bool hs_io_drained(struct hs_io *io)
{
    return atomic_load(&io->draining) && atomic_load(&io->connections) == 0;
}

int hs_io_connections(struct hs_io *io)
{
    return atomic_load(&io->connections);
}

/* The loops end in order; the first one holds the listeners, so nothing arrives at the later ones after it. */
void hs_io_close(struct hs_io *io)
{
    if (!io)
        return;
    for (int i = 0; io->loops && i < io->set.threads; i++) {
        if (io->loops[i].made)
            loop_drain(&io->loops[i]);
    }
    for (int i = 0; io->loops && i < io->set.threads; i++)
        loop_close(&io->loops[i]);
    for (struct listener *l = io->listeners, *next; l; l = next) {
        next = l->next;
        listener_free(l);
    }
    for (struct every *e = io->everies, *next; e; e = next) {
        next = e->next;
        hs_free(e);
    }
    address_close(io);
    pthread_mutex_destroy(&io->lock);
    hs_free(io->loops);
    hs_free(io);
}
