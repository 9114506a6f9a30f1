/* A worker process: the engine as a guest. Started by the server with the channel as descriptor 3 and nothing else.
 *
 *   load the library, open an instance   (still outside the walls, but nobody's yet)
 *   READY
 *   LEASE: walls, listener                (from here on one owner's, and closed in)
 *   PARSE..., RUN, another instance where it must be, READY  (again and again)
 */
#include "engine/engine.h"
#include "engine/sandbox.h"
#include "engine/worker/worker_in.h"

#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static struct {
    struct instance instance;
    struct hs_arena *arena;
    struct hs_msg_lease lease;
} me;

static hs_rc enter_walls(uint32_t statement, hs_str payload, struct hs_err *err)
{
    unsigned walls = 0;
    me.arena = hs_arena_new(0);
    if (!me.arena)
        return hs_fail(err, HS_NOMEM, "out of memory");
    HS_TRY(hs_get_lease(me.arena, payload, &me.lease, err));
    HS_TRY(hs_sandbox_enter(&me.lease, &walls, err));
    HS_TRY(hs_inbox_start(err));
    uint32_t word = walls;
    hs_reply(HS_MSG_WALLS, statement, hs_str_n(&word, sizeof word));
    return HS_OK;
}

static void serve(struct request *q)
{
    struct hs_err err;
    hs_rc rc = HS_OK;
    if (q->kind == HS_MSG_PARSE) {
        rc = hs_instance_parse(&me.instance, q->statement, hs_buf_str(&q->payload), &err);
        if (rc != HS_OK)
            hs_reply_error(q->statement, &err);
    } else if (q->kind == HS_MSG_RUN) {
        hs_ignore(
            hs_run(&me.instance, &me.lease, q->statement, hs_buf_str(&q->payload), q->passed, &err)); /* replied */
        hs_request_fini(q);
        if (!me.instance.database && hs_instance_another(&me.instance, &err) != HS_OK)
            _exit(5);
        hs_reply(HS_MSG_READY, 0, hs_str_n("", 0));
    } else {
        _exit(6);
    }
}

static int fail(const struct hs_err *err)
{
    hs_reply_error(0, err);
    return 2;
}

int hs_worker_main(int argc, char **argv)
{
    struct hs_err err;
    struct request q;
    const char *library = getenv("HS_WORKER_LIBRARY");
    (void)argc;
    (void)argv;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!library)
        return 2;
    /* An instance asks cgroups for memory and cores, which the walls forbid and which ends the process; these two
     * answer before it asks. What counts is set per statement. */
    setenv("SLURM_MEM_PER_NODE", "64G", 1);
    setenv("SLURM_CPUS_ON_NODE", "1", 1);
    if (hs_duck_load(library, &err) != HS_OK || hs_instance_open(&me.instance, &err) != HS_OK)
        return fail(&err);
    hs_reply(HS_MSG_READY, 0, hs_str_n("", 0));
    hs_inbox_take_alone(&q);
    if (q.kind != HS_MSG_LEASE || enter_walls(q.statement, hs_buf_str(&q.payload), &err) != HS_OK)
        return fail(&err);
    hs_request_fini(&q);
    for (;;) {
        hs_inbox_take(&q);
        serve(&q);
        hs_request_fini(&q);
    }
}
