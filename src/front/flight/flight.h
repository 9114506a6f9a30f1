/* Inside the Flight door: a session (one connection), its calls, and who does what. */
#ifndef HS_FRONT_FLIGHT_FLIGHT_H
#define HS_FRONT_FLIGHT_FLIGHT_H

#include "arrow/ipc.h"
#include "auth/auth.h"
#include "front/flight/codec.h"
#include "front/flight/settings.h"
#include "front/frontend.h"
#include "wire/http2.h"

#include <stdatomic.h>

enum flight_state {
#define STATE(name, text) FLIGHT_##name,
#include "front/flight/states.def"
#undef STATE
    FLIGHT_STATE_COUNT
};

struct flight_job;
struct flight_call;
struct flight_method;

/* A password that was checked on this connection a moment ago, so that a client which sends Basic with every call pays
 * for one PBKDF2 and not for each. Kept as a salted digest of the header. */
struct flight_proof {
    bool there;
    uint8_t digest[32];
    uint8_t standing[32]; /* of the person when it was checked: a new password ends it */
    int64_t until_us;
    hs_str name; /* in the session's arena of one */
    struct hs_arena *arena;
};

struct flight_door { /* what all sessions share: hs_front_env.shared */
    struct flight_runs *runs;
    struct flight_options *options; /* of sessions, as SetSessionOptions means them */
};

struct flight_session {
    const struct hs_front_env *env;
    struct flight_door *door;
    struct hs_flight_settings settings;
    struct hs_http2 *http2;
    void *waker;
    struct hs_arena *arena;
    hs_str peer;
    struct flight_call *calls;
    size_t held; /* bytes of requests kept by calls */
    uint8_t salt[32];
    struct flight_proof proof;
    int refused; /* calls of nobody we know */
};

struct flight_call {
    struct flight_session *session;
    struct flight_call *next, **link;
    struct hs_grpc_call *grpc;
    const struct flight_method *method;
    struct hs_arena *arena;
    enum flight_state state;
    char request_id[33];
    struct hs_asker who;
    struct hs_answer_form form;
    hs_str token;   /* the bearer token presented, or empty */
    hs_str message; /* the unary request */
    bool have_message, headers_sent, half_closed;
    size_t held;
    hs_str new_token;  /* to be given out with the answer */
    hs_str set_cookie; /* likewise: "arrow_flight_session_id=..." */

    struct flight_job *job;
    void (*on_job)(struct flight_call *c); /* WORKING: the job has ended */

    struct hs_call *access;
    struct flight_run *run;                  /* in the door's list while a ticket's answer is read */
    size_t row;                              /* of the handle's rows of parameters: the one whose answer is read */
    hs_str answer_schema;                    /* of the first, where there are several */
    int64_t poll_until_us;                   /* PollFlightInfo: answered by then, however far it is; 0: no poll */
    bool poll_began;                         /* READY was seen */
    int64_t answer_by_us;                    /* the time of its client, where access does not know it; 0: none */
    atomic_bool news;                        /* notify was called */
    void (*on_ready)(struct flight_call *c); /* ASKING: access says READY */
    struct hs_batch batch;                   /* STREAMING without access: one prepared batch */
    bool have_batch;

    struct flight_descriptor descriptor; /* GetFlightInfo, GetSchema, PollFlightInfo */
    struct flight_handle *handle;        /* the statement at hand */
    struct hs_ipc_reader *reader;        /* DoPut */
    struct flight_any command;           /* metadata commands */
    const struct flight_table *table;
};

/* ---- door.c ---- */
HS_MUST hs_rc hs_flight_share(const struct hs_front_env *env, void **out, struct hs_err *err);
void hs_flight_share_tick(void *shared);
void hs_flight_unshare(void *shared);

/* ---- call.c: the life of a call ---- */
void hs_flight_become(struct flight_call *c, enum flight_state state);
hs_str hs_flight_keep(struct flight_call *c, hs_str s); /* copied to the call's arena; .at NULL: no memory */
void hs_flight_headers(struct flight_call *c);
void hs_flight_send(struct flight_call *c, const struct hs_buf *message); /* copied */
void hs_flight_finish(struct flight_call *c);
/* Ends the call with what err shows, and logs it. */
void hs_flight_fail(struct flight_call *c, const struct hs_err *err);
/* Asks access to describe or run; on_ready follows when the schema (or catalog) is known. */
void hs_flight_ask(struct flight_call *c, const struct hs_query *query, void (*on_ready)(struct flight_call *c));
void hs_flight_ask_catalog(struct flight_call *c, const struct hs_catalog_query *query,
                           void (*on_ready)(struct flight_call *c));
/* As if asked now: c->access is there already. */
void hs_flight_asked(struct flight_call *c, void (*on_ready)(struct flight_call *c));
void hs_flight_notify(void *call); /* from any thread */
void hs_flight_pump(struct flight_call *c);
void hs_flight_drop_access(struct flight_call *c);
extern const struct hs_grpc_server hs_flight_grpc;

/* ---- signin.c ---- */
/* Settles who asks: at once (proceed), on the pool, or by failing the call. */
void hs_flight_sign_in(struct flight_call *c, void (*proceed)(struct flight_call *c));
void hs_flight_handshake(struct flight_call *c);
void hs_flight_handshake_message(struct flight_call *c, hs_str bytes);
void hs_flight_handshake_end(struct flight_call *c);
void hs_flight_close_session(struct flight_call *c);
void hs_flight_job_ended(struct flight_call *c);
void hs_flight_job_abandon(struct flight_job *job); /* takes NULL */
bool hs_flight_job_is_done(struct flight_job *job);

/* ---- sessions.c ---- */
/* When it is known who asks: the form of answers that the session and the headers say. */
HS_MUST hs_rc hs_flight_session_enter(struct flight_call *c, struct hs_err *err);
void hs_flight_set_options(struct flight_call *c, hs_str value);
void hs_flight_get_options(struct flight_call *c, hs_str value);
void hs_flight_end_session(struct flight_call *c, hs_str value);

/* ---- methods.c: the RPCs ---- */
enum flight_use { FLIGHT_INFO, FLIGHT_SCHEMA, FLIGHT_POLL }; /* how a description is answered */
struct flight_method {
    const char *name;
    enum flight_use use;
    bool open;                                            /* answers without sign-in (Handshake does its own) */
    void (*start)(struct flight_call *c);                 /* signed in; NULL: wait for the message */
    void (*message)(struct flight_call *c, hs_str bytes); /* NULL: unary */
    void (*ask)(struct flight_call *c);                   /* the client has said all it will */
};
const struct flight_method *hs_flight_method_find(hs_str path);

/* ---- commands.c ---- */
enum { FLIGHT_SCHEMA_MAX = 16 << 20 };
/* Flight SQL's own commands, and this one: what PollFlightInfo gives out to poll with. */
#define FLIGHT_POLL_COMMAND "PolledStatement"
/* The call's descriptor: c->handle is the statement; without one an answer has been sent. */
HS_MUST hs_rc hs_flight_understand(struct flight_call *c, struct hs_err *err);
HS_MUST hs_rc hs_flight_statement(struct flight_call *c, hs_str value, struct hs_err *err); /* CommandStatementQuery */
HS_MUST hs_rc hs_flight_unknown(hs_str name, struct hs_err *err);
struct hs_query hs_flight_query_of(const struct flight_handle *h, size_t row);
/* Asks for c->handle's description, and its rows as well where that is for the best. */
void hs_flight_begin(struct flight_call *c, void (*on_ready)(struct flight_call *c));
void hs_flight_described(struct flight_call *c); /* READY: FlightInfo and its relatives */
void hs_flight_describe(struct flight_call *c);  /* GetFlightInfo, GetSchema, PollFlightInfo */
void hs_flight_list(struct flight_call *c);      /* ListFlights */

/* ---- get.c ---- */
void hs_flight_get(struct flight_call *c);     /* DoGet */
void hs_flight_read_on(struct flight_call *c); /* an answer was read to its end: the next one, or the stream's end */

/* ---- prepare.c ---- */
void hs_flight_prepare(struct flight_call *c, hs_str body);

/* ---- poll.c ---- */
void hs_flight_poll(struct flight_call *c);      /* PollFlightInfo */
void hs_flight_poll_news(struct flight_call *c); /* POLLING: access woke us, or time passed */

/* ---- actions.c ---- */
void hs_flight_action(struct flight_call *c);
void hs_flight_list_actions(struct flight_call *c);

/* ---- put.c ---- */
void hs_flight_put_message(struct flight_call *c, hs_str bytes);
void hs_flight_put_end(struct flight_call *c);

/* ---- reply.c ---- */
HS_MUST hs_rc hs_flight_schema_bytes(const struct hs_type *type, bool encapsulated, struct hs_buf *out,
                                     struct hs_err *err);
/* Of the statement that c->access answers, with notes on its columns. */
HS_MUST hs_rc hs_flight_answer_schema(struct flight_call *c, bool encapsulated, struct hs_buf *out, struct hs_err *err);
/* FlightInfo, SchemaResult or PollInfo (complete), as the method wants it. */
void hs_flight_reply_info(struct flight_call *c, const struct flight_info *info);
void hs_flight_reply_poll(struct flight_call *c, const struct flight_poll *poll);
HS_MUST hs_rc hs_flight_send_schema(struct flight_call *c, hs_str header, struct hs_err *err);
/* Takes the batch; its body goes out as it lies. */
HS_MUST hs_rc hs_flight_send_batch(struct flight_call *c, struct hs_batch *batch, struct hs_err *err);
void hs_flight_reply_result(struct flight_call *c, hs_str body); /* DoAction's Result */

#endif
