/* The wire and the Flight front alone: a server whose statements answer with one batch that is ready in memory, over
 * and over. What stands behind the front is the fake of its tests. For bench/transport.py; never shipped.
 *
 * Usage: bench_transport [CERTIFICATE KEY]; prints its port. "rows R batches N" is a statement. */
#include "access/access.h"

#define hs_call_poll fake_call_poll
#include "front/flight/test/fake.h"
#undef hs_call_poll

#include "app/door.h"

#include <signal.h>
#include <unistd.h>

static struct hs_batch ready;

static void keep(struct hs_batch *batch)
{
    (void)batch;
}

/* The fake's own batch is built row by row: once, outside of what is timed. */
static bool make_ready(const struct hs_call *c)
{
    if (ready.rows == c->rows)
        return true;
    struct hs_call wide = *c;
    memset(wide.text, 'x', 48);
    wide.text[48] = 0;
    return fake_batch(&wide, &ready);
}

enum hs_call_state hs_call_poll(struct hs_call *c, struct hs_batch *out, struct hs_err *err)
{
    if (c->step == 0 || c->describe || c->batches <= 0 || c->fails || c->cancelled || c->waits || !make_ready(c))
        return fake_call_poll(c, out, err);
    c->batches--;
    *out = ready;
    out->release = keep;
    return HS_CALL_BATCH;
}

static hs_rc serve(const char *certificate, const char *key, struct hs_io **io, struct door *door, struct hs_err *err)
{
    int port = 0;
    struct hs_io_settings settings = {.threads = 1, .connections_per_ip = 4000};
    HS_TRY(hs_io_open(&settings, io, err));
    HS_TRY(hs_door_share(door, *io, err));
    struct hs_listen l = {.address = HS_S("127.0.0.1:0"),
                          .certificate = certificate,
                          .key = key,
                          .alpn = door->front->alpn,
                          .ops = &hs_door_ops,
                          .arg = door};
    HS_TRY(hs_io_listen(*io, &l, &port, err));
    HS_TRY(hs_io_start(*io, err));
    printf("%d\n", port);
    fflush(stdout);
    return HS_OK;
}

int main(int argc, char **argv)
{
    struct hs_err err;
    struct hs_io *io = NULL;
    struct door door = {&hs_front_flight,
                        {.access = (struct hs_access *)&fake, .wake = hs_io_wake, .server_version = "0"}};
    if (serve(argc > 2 ? argv[1] : NULL, argc > 2 ? argv[2] : NULL, &io, &door, &err) != HS_OK) {
        fprintf(stderr, "bench_transport: %s\n", err.shown);
        return 1;
    }
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int sig;
    sigwait(&set, &sig);
    _exit(0);
}
