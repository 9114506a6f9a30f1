/* Private to engine/: the server's side of the pool. One lock guards everything here; nothing blocks while holding it.
 *
 *   engine.c   open, close, counts          reactor.c  one thread: what workers say, timers, notifications
 *   pool.c     workers: start, give, end    lease.c    a caller's way in: wait, parse, run
 *   stream.c   batches on their way out     spool.c    one thread: batches of slow readers to disk
 *   scratch.c  directories on disk
 */
#ifndef HS_ENGINE_ENGINE_IN_H
#define HS_ENGINE_ENGINE_IN_H

#include "engine/engine.h"
#include "engine/message.h"
#include "engine/ring.h"

#include <pthread.h>
#include <sys/types.h>

enum {
    CANCEL_MS = 500,  /* between asking a worker to stop and ending it */
    SEND_MS = 5000,   /* a worker that reads nothing for so long is ended */
    START_MS = 30000, /* a worker that is not ready by then is ended */
    PARSE_MS = 20000,
    IDLE_MS = 60000,   /* an owned worker without work */
    SEGMENTS_MAX = 64, /* of one statement at one time */
    SLOTS_MAX = 64,
    SERVED_MAX = 256,
    READ_MOST = 8, /* texts whose trees a worker has given, kept */
    READ_BYTES = 16384,
};

/* ---- memory that batches lie in: a ring or a segment, of one statement ---- */
struct hs_memory {
    int refs; /* the running statement, and every batch in it */
    struct hs_engine *engine;
    struct hs_ring *ring;
    struct hs_worker *worker; /* NULL: its statement has ended, freed slots go to nobody */
    uint32_t segment;         /* 0: the ring */
    bool busy[SLOTS_MAX];
    uint64_t used[SLOTS_MAX]; /* bytes of a busy slot's batch, in whole pages */
    int64_t charged;          /* of engine->ring_bytes */
};

/* ---- workers ---- */
enum hs_worker_state {
    HS_W_STARTING, /* until its first READY */
    HS_W_WARM,     /* ready, nobody's */
    HS_W_LEASED,   /* somebody's, in use */
    HS_W_CLEANING, /* its statement has ended, the next instance is being opened */
    HS_W_IDLE,     /* somebody's, waiting */
    HS_W_DYING,    /* told to end; only waited for */
};
enum hs_expect { HS_EXPECT_NOTHING, HS_EXPECT_WALLS, HS_EXPECT_PARSED, HS_EXPECT_SCHEMA, HS_EXPECT_BATCHES };

/* A text that this worker has read before, and its answer: the same engine, asked the same, is not asked again. It is
 * the worker's word as it was then, and nobody else's is believed in its place. */
struct hs_read {
    char *text; /* the text, and behind it the tree; NULL: none */
    size_t text_len, tree_len;
    uint64_t at; /* when it was last wanted, in questions */
};

struct hs_worker {
    struct hs_worker *next;
    struct hs_engine *engine;
    enum hs_worker_state state;
    enum hs_expect expect;
    pid_t pid;
    int pidfd, channel;
    int users; /* threads that are using `channel` without the lock */
    unsigned number;
    char directory[512]; /* of its spill files */
    struct hs_channel_reader in;
    char *identity; /* owner and directories; NULL: nobody's */
    size_t identity_len;
    pthread_mutex_t send_lock;
    struct hs_lease *lease;
    struct hs_stream *stream; /* of the running statement; NULL also when its reader has left */
    uint32_t statement;
    void *objects; /* the gate of its statement's objects, open; NULL: none */
    struct hs_memory *ring;
    struct hs_memory *segments[SEGMENTS_MAX];
    uint32_t last_segment;
    int64_t since_us;  /* start, or when it became idle */
    int64_t cancel_us; /* asked to stop at, 0: not */
    bool broken;       /* does not read what it is sent: to be ended */
    struct hs_read read[READ_MOST];
    uint64_t reads;
};

/* ---- callers ---- */
struct hs_waiter { /* in the queue, on its caller's stack */
    struct hs_waiter *next;
    hs_str identity, fair_key;
    struct hs_worker *worker; /* given */
    hs_rc failed;
    const atomic_bool *gave_up; /* NULL: never */
    int64_t since_us;
    int turn; /* scratch of hs_pool_serve */
    int64_t last_served;
    bool tried;
};

struct hs_lease {
    struct hs_engine *engine;
    struct hs_worker *worker; /* NULL: it is gone */
    char *fair_key;
    size_t fair_len;
    char request_id[64];
    char *sql; /* what the person wrote, for the words of errors */
    size_t sql_len;
    int64_t memory_bytes, deadline_us; /* 0: none */
    int64_t since_us;                  /* when it got its worker */
    const atomic_bool *gave_up;        /* NULL: never */
    pthread_cond_t changed;
    bool answered;
    unsigned answer; /* message kind */
    struct hs_buf reply;
    struct hs_err err;
    struct hs_lease *next; /* of engine->leases: who runs, for fairness */
};

struct hs_entry { /* a batch on its way: in memory, or in the stream's spool */
    struct hs_entry *next;
    struct hs_msg_batch batch;
    struct hs_memory *memory; /* NULL: spooled */
    unsigned slot;
    int64_t spool_at;
    int64_t arrived_us;
    bool moving; /* the spooler is copying it */
};

struct hs_stream {
    int refs;
    struct hs_engine *engine;
    struct hs_stream *next;   /* of engine->streams */
    struct hs_worker *worker; /* NULL: nothing runs any more */
    struct hs_lease *lease;   /* owned; freed when the worker is let go or the stream closed */
    struct hs_arena *arena;
    struct hs_type *schema, *param_types;
    struct hs_answer_form form;
    struct hs_entry *head, **tail;
    bool done, failed, closed, spooling, wake;
    struct hs_err err;
    unsigned out, out_max; /* batches in the caller's hands that lie in the ring, and how many it may have */
    int64_t deadline_us;
    int spool_fd;
    int64_t spool_end, spool_used;
    pthread_mutex_t notify_lock; /* held while fn runs; never together with the engine's */
    void (*fn)(void *);
    void *arg;
};

struct hs_engine {
    int refs; /* the opener, and batches that outlive it */
    struct hs_engine_settings settings;
    char *program, *library, *scratch;
    char own[512]; /* this process's directory in scratch */
    int own_lock;
    unsigned walls;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a waiter was served or failed, ring memory came back */
    pthread_cond_t spool_work;
    pthread_t reactor, spooler;
    bool running_reactor, running_spooler, closing;
    int epoll, poke;
    struct hs_worker *workers;
    struct hs_waiter *queue;
    struct hs_lease *leases;
    struct hs_stream *streams;
    struct hs_engine_counts counts;
    unsigned next_worker;
    uint32_t next_statement;
    int failed_starts;
    int64_t start_again_us;
    struct {
        uint64_t key;
        int64_t at;
    } served[SERVED_MAX]; /* when a principal was last given a worker; the oldest is forgotten first */
    int64_t serves;
    bool resting;      /* the reactor sleeps longer than a tick */
    int64_t active_us; /* when there was something to do last */
    bool ring_short;   /* somebody waits for ring memory: spool what may be spooled */
    struct hs_err start_err;
};

/* engine.c */
void hs_engine_unref_locked(struct hs_engine *e); /* unlocks */
void hs_engine_poke(struct hs_engine *e);         /* wakes the reactor */

/* scratch.c */
HS_MUST hs_rc hs_scratch_open(struct hs_engine *e, struct hs_err *err); /* also removes what crashed servers left */
void hs_scratch_close(struct hs_engine *e);
HS_MUST hs_rc hs_scratch_worker(struct hs_engine *e, struct hs_worker *w, struct hs_err *err);
void hs_scratch_unname(const struct hs_worker *w); /* takes the names of its spill files away */
void hs_scratch_remove(const char *path);
HS_MUST hs_rc hs_scratch_file(struct hs_engine *e, int *out_fd, struct hs_err *err); /* without a name */

/* pool.c; all with the lock held */
void hs_pool_tend(struct hs_engine *e, int64_t now_us); /* reap, start, expire, give workers to waiters */
void hs_pool_kill(struct hs_worker *w);
void hs_pool_serve(struct hs_engine *e); /* gives workers to waiters, as far as there are */
void hs_pool_idle(struct hs_worker *w);  /* a leased worker that is whole again */
struct hs_worker *hs_pool_spawn(struct hs_engine *e, struct hs_err *err);
bool hs_worker_send(struct hs_worker *w, enum hs_channel_kind kind, hs_str payload, int passed); /* never waits */

/* memory (stream.c) */
HS_MUST hs_rc hs_memory_new(struct hs_engine *e, struct hs_worker *w, unsigned slots, uint64_t slot_bytes,
                            uint32_t segment, struct hs_memory **out, struct hs_err *err);
void hs_memory_unref(struct hs_memory *m);
void hs_memory_detach(struct hs_memory *m); /* its statement has ended */
void hs_memory_free_slot(struct hs_memory *m, unsigned slot);

/* stream.c; with the lock held */
void hs_stream_fail(struct hs_stream *s, const struct hs_err *err);
void hs_stream_wake(struct hs_stream *s); /* its reader is told by the reactor, soon */
void hs_stream_unref(struct hs_stream *s);
void hs_stream_take(struct hs_stream *s, struct hs_msg_batch *batch, struct hs_memory *m, unsigned slot);
void hs_entry_free(struct hs_entry *entry);
/* What the worker said of a batch, with what the stream knows of its form. */
struct hs_batch hs_batch_of_message(const struct hs_msg_batch *m, const uint8_t *body, const struct hs_stream *s);

/* reactor.c */
void *hs_reactor_run(void *engine);
bool hs_on_reactor(const struct hs_engine *e); /* the calling thread is it */
/* The worker stops serving its statement: stream and lease learn why; with the lock held. */
void hs_worker_ended(struct hs_worker *w, const struct hs_err *why);
void hs_worker_cancel(struct hs_worker *w, int64_t now_us);
void hs_worker_close_objects(struct hs_worker *w); /* what it waits for from a store comes no more */
void hs_worker_says(struct hs_worker *w, const struct hs_channel_message *m); /* one message, checked and done */
/* Lets ring, segments, stream and lease go from the worker. */
void hs_worker_detach(struct hs_worker *w);

/* spool.c */
void *hs_spooler_run(void *engine);
void hs_spool_look(struct hs_engine *e, int64_t now_us); /* which streams' readers are slow; with the lock held */
HS_MUST hs_rc hs_spool_read(struct hs_stream *s, struct hs_entry *entry, struct hs_batch *out, struct hs_err *err);

/* lease.c */
void hs_lease_answer(struct hs_lease *l, unsigned kind, hs_str payload); /* with the lock held */
void hs_lease_lost(struct hs_lease *l, const struct hs_err *err);
void hs_lease_free(struct hs_lease *l);
/* An ERROR message, for people; names that stand in the person's own statement may be repeated. */
HS_MUST hs_rc hs_engine_said(struct hs_err *err, const struct hs_msg_error *m, hs_str sql);

#endif
