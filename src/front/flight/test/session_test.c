/* The whole door in memory: a real HTTP/2 client, a fake access. */
#include "front/flight/codec.h"
#include "front/flight/runs.h"
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define ANA "Bearer hss_ana"

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_open(&rig);
    return rig_open_server(&rig) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    rig_close(&rig);
    return fake.open_calls || fake.made_batches != fake.closed_batches;
}

static int32_t ask(const char *method, const char *who, const char *command, hs_str text)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    rig_descriptor(&b, command, text);
    int32_t id = rig_unary(&rig, method, who, hs_buf_str(&b));
    hs_buf_fini(&b);
    return id;
}

static int32_t get(const char *who, hs_str ticket)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    hs_proto_add_bytes(&b, 1, ticket);
    int32_t id = rig_unary(&rig, "DoGet", who, hs_buf_str(&b));
    hs_buf_fini(&b);
    return id;
}

/* GetFlightInfo, then its ticket. */
static hs_str ticket_for(const char *sql)
{
    int32_t id = ask("GetFlightInfo", ANA, "CommandStatementQuery", hs_str_of(sql));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 0);
    return RIG_DIG(rig_message(&rig, id, 0), 3, 1, 1);
}

static void handshake_basic(const char *header)
{
    int32_t id = rig_call(&rig, "Handshake", header);
    rig_run(&rig); /* nothing said: the Go driver waits for headers before it sends anything */
    struct rig_stream *s = rig_stream(&rig, id);
    assert_int_equal(s->status, 0);
    assert_string_equal(s->token, "Bearer hss_ana");
    assert_string_equal(s->trailer_token, "Bearer hss_ana");
    assert_int_equal(strlen(s->request_id), 32);
}

static void handshake_takes_padded_and_unpadded_base64(void **state)
{
    (void)state;
    handshake_basic("Basic YW5hOnNlY3JldA==");
    handshake_basic("Basic YW5hOnNlY3JldA");
    handshake_basic("basic YW5hOnNlY3JldA");
}

static void handshake_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {"Basic YW5hOndyb25n", "Basic ####", "Basic YW5h", "Bearer nonsense", "Digest x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int32_t id = rig_call(&rig, "Handshake", bad[i]);
        rig_end(&rig, id);
        rig_run(&rig);
        assert_int_equal(rig_stream(&rig, id)->status, 16);
        assert_string_equal(rig_stream(&rig, id)->token, "");
    }
}

static void handshake_takes_a_payload(void **state)
{
    (void)state;
    struct hs_buf basic, b;
    hs_buf_init(&basic, 1000);
    hs_buf_init(&b, 1000);
    hs_proto_add_bytes(&basic, 2, HS_S("ana"));
    hs_proto_add_bytes(&basic, 3, HS_S("secret"));
    hs_proto_add_bytes(&b, 2, hs_buf_str(&basic));
    int32_t id = rig_call(&rig, "Handshake", NULL);
    rig_say(&rig, id, hs_buf_str(&b));
    rig_run(&rig);
    hs_str token = RIG_DIG(rig_message(&rig, id, 0), 2);
    assert_true(hs_str_is(token, "hss_ana"));
    assert_int_equal(rig_stream(&rig, id)->status, 0);
    hs_buf_fini(&basic);
    hs_buf_fini(&b);
}

static void nobody_gets_in_without_a_proof(void **state)
{
    (void)state;
    static const char *const methods[] = {"GetFlightInfo", "DoGet",     "DoPut",          "DoAction",  "ListActions",
                                          "ListFlights",   "GetSchema", "PollFlightInfo", "DoExchange"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        int32_t id = rig_unary(&rig, methods[i], NULL, HS_S(""));
        rig_run(&rig);
        assert_int_equal(rig_stream(&rig, id)->status, 16);
    }
    assert_int_equal(fake.open_calls, 0);
}

static void a_password_is_checked_once_a_connection(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        int32_t id = ask("GetFlightInfo", "Basic YW5hOnNlY3JldA==", "CommandStatementQuery", HS_S("rows 1 batches 1"));
        rig_run(&rig);
        assert_int_equal(rig_stream(&rig, id)->status, 0);
        assert_string_equal(fake.last_asker, "ana");
    }
    assert_int_equal(fake.passwords, 1);
    int32_t id = ask("GetFlightInfo", "Basic YW5hOndyb25n", "CommandStatementQuery", HS_S("x"));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 16);
    fake.disabled = true; /* removed meanwhile: the proof is worth nothing */
    id = ask("GetFlightInfo", "Basic YW5hOnNlY3JldA==", "CommandStatementQuery", HS_S("x"));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 16);
}

static void a_new_password_ends_the_proof(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        fake.password_changes = i / 2;
        int32_t id = ask("GetFlightInfo", "Basic YW5hOnNlY3JldA==", "CommandStatementQuery", HS_S("rows 1 batches 1"));
        rig_run(&rig);
        assert_int_equal(rig_stream(&rig, id)->status, 0);
        assert_int_equal(fake.passwords, 1 + i / 2);
    }
}

/* A connection may have a few password checks waiting; what is over is refused at once, and those that wait go on. */
static void few_sign_ins_wait_on_a_connection(void **state)
{
    (void)state;
    int32_t id[20];
    for (int i = 0; i < 20; i++)
        id[i] = rig_call(&rig, "Handshake", "Basic YW5hOnNlY3JldA==");
    rig_up(&rig);
    rig_down(&rig);
    assert_int_equal(fake.job_count, 8);
    for (int i = 8; i < 20; i++)
        assert_int_equal(rig_stream(&rig, id[i])->status, 8); /* RESOURCE_EXHAUSTED */
    rig_run(&rig);
    for (int i = 0; i < 8; i++)
        assert_int_equal(rig_stream(&rig, id[i])->status, 0);
    int32_t last = rig_call(&rig, "Handshake", "Basic YW5hOnNlY3JldA==");
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, last)->status, 0);
}

static void a_statement_is_described_and_read(void **state)
{
    (void)state;
    int32_t id = get(ANA, ticket_for("rows 5 batches 3"));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 0);
    assert_int_equal(rig_message_count(&rig, id), 4);
    assert_int_equal(fake.made_batches, 3);
    assert_string_equal(fake.last_purpose, "testing");
    assert_true(RIG_DIG(rig_message(&rig, id, 1), 1000).len > 0);
    assert_int_equal(strlen(rig_stream(&rig, id)->request_id), 32);
}

static void get_schema_and_poll(void **state)
{
    (void)state;
    int32_t id = ask("GetSchema", ANA, "CommandStatementQuery", HS_S("rows 1 batches 1"));
    int32_t poll = ask("PollFlightInfo", ANA, "CommandStatementQuery", HS_S("rows 1 batches 1"));
    rig_run(&rig);
    hs_str schema = RIG_DIG(rig_message(&rig, id, 0), 1);
    assert_true(schema.len > 8 && memcmp(schema.at, "\xff\xff\xff\xff", 4) == 0 && schema.len % 8 == 0);
    assert_true(RIG_DIG(rig_message(&rig, poll, 0), 1, 3, 1, 1).len > 0);
    assert_true(RIG_DIG(rig_message(&rig, poll, 0), 2).len == 0);
}

static void anothers_ticket_is_refused(void **state)
{
    (void)state;
    int32_t id = get("Bearer hss_ben", ticket_for("rows 1 batches 1"));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 7);
    assert_int_equal(rig_message_count(&rig, id), 0);
}

static void a_prepared_handle_is_no_ticket(void **state)
{
    (void)state;
    struct hs_buf query, any, action;
    hs_buf_init(&query, 1000);
    hs_buf_init(&any, 1000);
    hs_buf_init(&action, 1000);
    hs_proto_add_bytes(&query, 1, HS_S("rows 1 batches 1"));
    rig_any(&any, "ActionCreatePreparedStatementRequest", hs_buf_str(&query));
    hs_proto_add_bytes(&action, 1, HS_S("CreatePreparedStatement"));
    hs_proto_add_bytes(&action, 2, hs_buf_str(&any));
    int32_t id = rig_unary(&rig, "DoAction", ANA, hs_buf_str(&action));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 0);
    hs_str handle = RIG_DIG(rig_message(&rig, id, 0), 1, 2, 1);
    assert_true(handle.len > 0);
    hs_buf_clear(&query);
    hs_buf_clear(&any);
    hs_proto_add_bytes(&query, 1, handle);
    rig_any(&any, "TicketStatementQuery", hs_buf_str(&query));
    id = get(ANA, hs_buf_str(&any));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 5);
    id = ask("GetFlightInfo", ANA, "CommandPreparedStatementQuery", handle);
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 0);
    hs_buf_fini(&query);
    hs_buf_fini(&any);
    hs_buf_fini(&action);
}

static void a_changed_policy_says_ask_again(void **state)
{
    (void)state;
    hs_str ticket = ticket_for("rows 1 batches 1");
    fake.pin = "another";
    int32_t id = get(ANA, ticket);
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 10);
}

static void errors_show_no_detail(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        int status;
    } cases[] = {{"fail denied", 7}, {"fail not_found", 5}, {"fail invalid", 3}};
    for (size_t i = 0; i < 3; i++) {
        int32_t id = ask("GetFlightInfo", ANA, "CommandStatementQuery", hs_str_of(cases[i].sql));
        rig_run(&rig);
        assert_int_equal(rig_stream(&rig, id)->status, cases[i].status);
        assert_string_equal(rig_stream(&rig, id)->words, "said so");
    }
}

static void an_error_after_a_batch_ends_the_stream(void **state)
{
    (void)state;
    int32_t id = get(ANA, ticket_for("late"));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 8);
    assert_int_equal(rig_message_count(&rig, id), 2);
    assert_string_equal(rig_stream(&rig, id)->words, "too late");
}

static void a_slow_reader_holds_few_batches(void **state)
{
    (void)state;
    hs_str ticket = ticket_for("rows 20000 batches 500");
    get(ANA, ticket);
    rig_up(&rig);
    rig.hold = true; /* the client stops reading */
    for (int i = 0; i < 100; i++)
        rig_run(&rig);
    assert_true(fake.made_batches - fake.closed_batches < 8);
    assert_true(fake.made_batches < 20);
}

static void a_reset_closes_the_call(void **state)
{
    (void)state;
    int32_t id = get(ANA, ticket_for("wait"));
    rig_run(&rig);
    assert_int_equal(fake.open_calls, 1);
    nghttp2_submit_rst_stream(rig.client, 0, id, NGHTTP2_CANCEL);
    rig_run(&rig);
    assert_int_equal(fake.open_calls, 0);
}

static void cancel_flight_info_ends_a_running_call(void **state)
{
    (void)state;
    int32_t info = ask("GetFlightInfo", ANA, "CommandStatementQuery", HS_S("wait"));
    rig_run(&rig);
    int32_t reading = get(ANA, RIG_DIG(rig_message(&rig, info, 0), 3, 1, 1));
    rig_run(&rig);
    struct hs_buf request, action;
    hs_buf_init(&request, 10000);
    hs_buf_init(&action, 10000);
    hs_proto_add_bytes(&request, 1, rig_message(&rig, info, 0));
    hs_proto_add_bytes(&action, 1, HS_S("CancelFlightInfo"));
    hs_proto_add_bytes(&action, 2, hs_buf_str(&request));
    int32_t other = rig_unary(&rig, "DoAction", "Bearer hss_ben", hs_buf_str(&action));
    rig_run(&rig);
    assert_true(hs_str_is(RIG_DIG(rig_message(&rig, other, 0), 1), "\x08\x03")); /* not his to cancel */
    int32_t cancel = rig_unary(&rig, "DoAction", ANA, hs_buf_str(&action));
    rig_run(&rig);
    assert_true(hs_str_is(RIG_DIG(rig_message(&rig, cancel, 0), 1), "\x08\x01"));
    assert_int_equal(rig_stream(&rig, reading)->status, 1);
    hs_buf_fini(&request);
    hs_buf_fini(&action);
}

/* ---- begun, kept, in parts ---- */

static void what_was_begun_is_read_on(void **state)
{
    (void)state;
    fake.begins = true;
    hs_str ticket = ticket_for("rows 5 batches 3");
    assert_int_equal(fake.begun, 1);
    assert_int_equal(fake.open_calls, 1);
    int32_t id = get(ANA, ticket);
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 0);
    assert_int_equal(rig_message_count(&rig, id), 4);
    assert_int_equal(fake.taken_up, 1);
    assert_string_equal(rig_stream(&rig, id)->request_id, "000000000000000000000000000begun");
    assert_int_equal(fake.open_calls, 0);
    id = get(ANA, ticket); /* once: the next one runs it */
    rig_run(&rig);
    assert_int_equal(rig_message_count(&rig, id), 4);
    assert_int_equal(fake.taken_up, 1);
}

static void what_was_begun_is_for_one_person(void **state)
{
    (void)state;
    fake.begins = true;
    hs_str ticket = ticket_for("rows 5 batches 3");
    int32_t id = get("Bearer hss_ben", ticket);
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 7);
    assert_int_equal(fake.taken_up, 0);
    fake.outdated = true; /* the model changed: decided anew */
    id = get(ANA, ticket);
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 0);
    assert_int_equal(fake.taken_up, 1);
    assert_int_equal(fake.open_calls, 0);
}

static void few_are_kept_and_not_for_long(void **state)
{
    (void)state;
    fake.begins = true;
    for (int i = 0; i < 7; i++)
        ticket_for("rows 5 batches 3");
    assert_int_equal(fake.begun, 4); /* of one person */
    assert_int_equal(fake.open_calls, 4);
    struct flight_door *door = rig.env.shared;
    hs_flight_runs_tick(door->runs);
    assert_int_equal(fake.open_calls, 4);
    hs_flight_runs_free(door->runs);
    struct hs_flight_settings short_lived = {.kept_max = 2, .kept_per_person = 2, .kept_ms = 1};
    struct hs_err err;
    assert_int_equal(hs_flight_runs_new(&short_lived, &door->runs, &err), HS_OK);
    assert_int_equal(fake.open_calls, 0);
}

static void a_scan_has_several_endpoints(void **state)
{
    (void)state;
    fake.begins = true;
    int32_t id = ask("GetFlightInfo", ANA, "CommandStatementQuery", HS_S("parts 3"));
    rig_run(&rig);
    hs_str info = rig_message(&rig, id, 0);
    struct hs_cursor c = hs_cursor_of(info);
    struct hs_proto_field f;
    hs_str tickets[8];
    size_t count = 0;
    bool ordered = false;
    while (hs_proto_next(&c, &f)) {
        if (f.number == 3)
            tickets[count++] = RIG_DIG(f.bytes, 1, 1);
        ordered = ordered || (f.number == 6 && f.value == 1);
        if (f.number == 4)
            assert_int_equal(f.value, 77);
    }
    assert_true(ordered);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        int32_t part = get(ANA, tickets[i]);
        rig_run(&rig);
        assert_int_equal(rig_stream(&rig, part)->status, 0);
        assert_int_equal(fake.last_part, i);
        assert_int_equal(fake.last_parts, 3);
    }
}

/* FlightDescriptor of a poll's answer, as PollFlightInfo takes it. */
static int32_t poll_again(hs_str descriptor)
{
    return rig_unary(&rig, "PollFlightInfo", ANA, descriptor);
}

static void a_slow_statement_is_polled(void **state)
{
    (void)state;
    fake.begins = true;
    int32_t id = ask("PollFlightInfo", ANA, "CommandStatementQuery", HS_S("slow"));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 0); /* the rig's polls wait for a moment alone */
    hs_str descriptor = RIG_DIG(rig_message(&rig, id, 0), 2);
    assert_true(descriptor.len > 0);
    assert_int_equal(RIG_DIG(rig_message(&rig, id, 0), 1, 3).len, 0); /* no endpoint yet */
    assert_int_equal(fake.open_calls, 1);
    id = poll_again(descriptor);
    rig_run(&rig);
    descriptor = RIG_DIG(rig_message(&rig, id, 0), 2);
    assert_true(descriptor.len > 0);
    assert_int_equal(fake.begun, 1);
    fake_release();
    id = poll_again(descriptor);
    rig_run(&rig);
    assert_int_equal(RIG_DIG(rig_message(&rig, id, 0), 2).len, 0); /* complete */
    id = get(ANA, RIG_DIG(rig_message(&rig, id, 0), 1, 3, 1, 1));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 0);
    assert_int_equal(fake.begun, 1);
    assert_int_equal(fake.open_calls, 0);
}

/* CancelFlightInfo{1: info}: the status of its result. */
static int64_t cancel_of(hs_str info, const char *who)
{
    struct hs_buf request, b;
    int64_t status = 0;
    struct hs_err err;
    hs_buf_init(&request, 1 << 20);
    hs_buf_init(&b, 1 << 20);
    hs_proto_add_bytes(&request, 1, info);
    hs_proto_add_bytes(&b, 1, HS_S("CancelFlightInfo"));
    hs_proto_add_bytes(&b, 2, hs_buf_str(&request));
    int32_t id = rig_unary(&rig, "DoAction", who, hs_buf_str(&b));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 0);
    assert_int_equal(HS_PICK(RIG_DIG(rig_message(&rig, id, 0), 1), &err, {1, PICK_INT, &status}), HS_OK);
    hs_buf_fini(&request);
    hs_buf_fini(&b);
    return status;
}

static void a_polled_statement_is_cancelled(void **state)
{
    (void)state;
    fake.begins = true;
    int32_t id = ask("PollFlightInfo", ANA, "CommandStatementQuery", HS_S("slow"));
    rig_run(&rig);
    hs_str info = RIG_DIG(rig_message(&rig, id, 0), 1);
    assert_int_equal(cancel_of(info, "Bearer hss_ben"), 3); /* not cancellable: hers it is */
    assert_int_equal(fake.open_calls, 1);
    assert_int_equal(cancel_of(info, ANA), 1);
    assert_int_equal(fake.open_calls, 0);
    assert_int_equal(cancel_of(info, ANA), 3);
}

static void metadata_answers(void **state)
{
    (void)state;
    static const char *const commands[] = {"CommandGetCatalogs",   "CommandGetDbSchemas",    "CommandGetTables",
                                           "CommandGetTableTypes", "CommandGetXdbcTypeInfo", "CommandGetSqlInfo"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        int32_t id = ask("GetFlightInfo", ANA, commands[i], HS_S(""));
        rig_run(&rig);
        assert_int_equal(rig_stream(&rig, id)->status, 0);
        id = get(ANA, RIG_DIG(rig_message(&rig, id, 0), 3, 1, 1));
        rig_run(&rig);
        assert_int_equal(rig_stream(&rig, id)->status, 0);
        assert_int_equal(rig_message_count(&rig, id), 2);
    }
}

static void keys_want_a_table(void **state)
{
    (void)state;
    static const char *const commands[] = {"CommandGetPrimaryKeys", "CommandGetExportedKeys", "CommandGetImportedKeys",
                                           "CommandGetCrossReference"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        int32_t id = ask("GetFlightInfo", ANA, commands[i], HS_S("mesh"));
        rig_run(&rig);
        assert_int_equal(rig_stream(&rig, id)->status, 3);
    }
}

static void what_is_not_done_says_so(void **state)
{
    (void)state;
    static const char *const commands[] = {"CommandStatementUpdate", "CommandStatementIngest",
                                           "CommandStatementSubstraitPlan", "CommandNobodyKnows"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        int32_t id = ask("GetFlightInfo", ANA, commands[i], HS_S("x"));
        rig_run(&rig);
        assert_int_equal(rig_stream(&rig, id)->status, 12);
    }
    int32_t id = rig_unary(&rig, "Nonsense", ANA, HS_S(""));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 12);
    id = rig_unary(&rig, "DoExchange", ANA, HS_S(""));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 12);
}

static void malformed_requests_are_refused(void **state)
{
    (void)state;
    static const char *const methods[] = {"GetFlightInfo", "GetSchema", "DoGet", "DoAction", "DoPut"};
    static const hs_str bad[] = {
        {"", 0}, {"\xff\xff\xff\xff", 4}, {"\x08\x02\x12\x7f", 4}, {"\x08\x07", 2}, {"\x0a\x00", 2}};
    for (size_t m = 0; m < 5; m++)
        for (size_t i = 0; i < 5; i++) {
            int32_t id = rig_unary(&rig, methods[m], ANA, bad[i]);
            rig_run(&rig);
            assert_true(rig_stream(&rig, id)->status == 3 || rig_stream(&rig, id)->status == 12);
        }
    int32_t id = rig_call(&rig, "GetFlightInfo", ANA);
    rig_end(&rig, id);
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 3);
}

/* Past handle_bytes it is kept by access, and the ticket stays short. */
static void a_long_statement_is_kept(void **state)
{
    (void)state;
    static char sql[70000];
    memset(sql, 'x', sizeof sql);
    int32_t id = ask("GetFlightInfo", ANA, "CommandStatementQuery", hs_str_n(sql, sizeof sql));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 0);
    assert_true(fake.kept_len > sizeof sql);
    int32_t read = get(ANA, RIG_DIG(rig_message(&rig, id, 0), 3, 1, 1));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, read)->status, 0);
    assert_int_equal(fake.kept_len, 0); /* it has served */
}

static void action(const char *type, const char *message, hs_str value, const char *who)
{
    struct hs_buf any, b;
    hs_buf_init(&any, 1 << 20);
    hs_buf_init(&b, 1 << 20);
    hs_codec_add_any(&any, message, value);
    hs_proto_add_bytes(&b, 1, hs_str_of(type));
    hs_proto_add_bytes(&b, 2, hs_buf_str(&any));
    int32_t id = rig_unary(&rig, "DoAction", who, hs_buf_str(&b));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 0);
    hs_buf_fini(&any);
    hs_buf_fini(&b);
}

/* Closing a long prepared statement forgets it, for whom it was made alone. */
static void a_long_prepared_statement_is_closed(void **state)
{
    (void)state;
    static char sql[70000];
    struct hs_buf request, any, b;
    hs_buf_init(&request, 1 << 20);
    hs_buf_init(&any, 1 << 20);
    hs_buf_init(&b, 1 << 20);
    memset(sql, 'x', sizeof sql);
    hs_proto_add_bytes(&request, 1, hs_str_n(sql, sizeof sql));
    hs_codec_add_any(&any, "ActionCreatePreparedStatementRequest", hs_buf_str(&request));
    hs_proto_add_bytes(&b, 1, HS_S("CreatePreparedStatement"));
    hs_proto_add_bytes(&b, 2, hs_buf_str(&any));
    int32_t id = rig_unary(&rig, "DoAction", ANA, hs_buf_str(&b));
    rig_run(&rig);
    assert_true(fake.kept_len > sizeof sql);
    hs_str handle = RIG_DIG(rig_message(&rig, id, 0), 1, 2, 1);
    hs_buf_clear(&request);
    hs_proto_add_bytes(&request, 1, handle);
    action("ClosePreparedStatement", "ActionClosePreparedStatementRequest", hs_buf_str(&request), "Bearer hss_ben");
    assert_true(fake.kept_len > sizeof sql);
    action("ClosePreparedStatement", "ActionClosePreparedStatementRequest", hs_buf_str(&request), ANA);
    assert_int_equal(fake.kept_len, 0);
    hs_buf_fini(&request);
    hs_buf_fini(&any);
    hs_buf_fini(&b);
}

static void waiting_is_woken(void **state)
{
    (void)state;
    fake.hold = true;
    int32_t id = ask("GetFlightInfo", ANA, "CommandStatementQuery", HS_S("rows 1 batches 1"));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, -1);
    assert_int_equal(fake.open_calls, 1);
    fake_release();
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 0);
    id = get(ANA, ticket_for("wait"));
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, -1);
    fake_release();
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 0);
    assert_int_equal(rig_message_count(&rig, id), 2);
}

/* The connection goes while a password is on the pool: the work ends later, and touches nothing of it. */
static void a_connection_goes_during_sign_in(void **state)
{
    (void)state;
    rig_call(&rig, "Handshake", "Basic YW5hOnNlY3JldA==");
    rig_up(&rig);
    assert_int_equal(fake.job_count, 1);
    hs_front_flight.close(rig.session);
    rig.session_open = false;
    fake_run_jobs();
    assert_false(rig.woken);
}

static void a_shutdown_lets_what_runs_finish(void **state)
{
    (void)state;
    int32_t id = get(ANA, ticket_for("wait"));
    rig_run(&rig);
    hs_front_flight.shutdown(rig.session);
    rig_run(&rig);
    assert_false(hs_front_flight.done(rig.session));
    fake_release();
    rig_run(&rig);
    assert_int_equal(rig_stream(&rig, id)->status, 0);
}

/* ---- one whole conversation, for the sweeps ---- */

static void converse(struct rig *r)
{
    struct hs_buf b;
    rig_call(r, "Handshake", "Basic YW5hOnNlY3JldA==");
    hs_buf_init(&b, 1 << 16);
    rig_descriptor(&b, "CommandStatementQuery", HS_S("rows 5 batches 2"));
    rig_unary(r, "GetFlightInfo", "Basic YW5hOnNlY3JldA==", hs_buf_str(&b));
    hs_buf_clear(&b);
    rig_descriptor(&b, "CommandGetTables", HS_S(""));
    rig_unary(r, "GetFlightInfo", ANA, hs_buf_str(&b));
    hs_buf_clear(&b);
    hs_str get_tables = HS_S("\x0a\x3d\x0a\x3btype.googleapis.com/arrow.flight.protocol.sql.CommandGetTables");
    rig_unary(r, "DoGet", ANA, get_tables);
    hs_str plain = HS_S("\x0a\x10rows 2 batches 2\x12\x03pin\x1a\x03"
                        "ana\x20\xff\xff\xff\xff\xff\xff\xff\x7f");
    struct hs_buf sealed, any;
    hs_buf_init(&sealed, 1 << 16);
    hs_buf_init(&any, 1 << 16);
    struct hs_err err;
    hs_buf_clear(&b);
    assert_int_equal(hs_seal(NULL, HS_S("flight-ticket"), plain, &sealed, &err), HS_OK);
    hs_proto_add_bytes(&b, 1, hs_buf_str(&sealed));
    rig_any(&any, "TicketStatementQuery", hs_buf_str(&b));
    hs_buf_clear(&b);
    hs_proto_add_bytes(&b, 1, hs_buf_str(&any));
    rig_unary(r, "DoGet", ANA, hs_buf_str(&b));
    rig_unary(r, "ListFlights", ANA, HS_S(""));
    rig_unary(r, "ListActions", ANA, HS_S(""));
    hs_buf_fini(&b);
    hs_buf_fini(&sealed);
    hs_buf_fini(&any);
    rig_run(r);
}

static void a_conversation_cut_at_every_byte(void **state)
{
    (void)state;
    struct rig whole;
    rig_open(&whole);
    assert_true(rig_open_server(&whole));
    converse(&whole);
    hs_str all = hs_buf_str(&whole.sent);
    assert_true(all.len > 500);
    for (size_t cut = 0; cut <= all.len; cut++) { /* ended after, and delivered in two pieces */
        struct rig r;
        rig_open(&r);
        assert_true(rig_open_server(&r));
        rig_feed(&r, hs_str_n(all.at, cut));
        rig_down(&r);
        rig_wake_up(&r);
        if (cut % 2)
            rig_feed(&r, hs_str_n(all.at + cut, all.len - cut));
        rig_down(&r);
        rig_wake_up(&r);
        rig_down(&r);
        rig_close(&r);
        assert_int_equal(fake.open_calls, 0);
        assert_int_equal(fake.made_batches, fake.closed_batches);
    }
    rig_close(&whole);
}

static void sweep(void (*talk)(struct rig *r), bool begins)
{
    struct rig whole;
    rig_open(&whole);
    fake.begins = begins;
    assert_true(rig_open_server(&whole));
    talk(&whole);
    hs_str all = hs_buf_str(&whole.sent);
    long allocations = 0;
    for (long n = 0; n == 0 || n < allocations; n++) {
        struct rig r;
        rig_open(&r);
        fake.begins = begins;
        hs_fault_alloc_after(-1);
        hs_fault_alloc_after(n == 0 ? -1 : n);
        if (rig_open_server(&r)) {
            rig_feed(&r, all);
            for (int i = 0; i < 4; i++) {
                rig_down(&r);
                rig_wake_up(&r);
            }
        }
        long asked = hs_fault_alloc_after(-1);
        if (n == 0)
            allocations = asked;
        rig_close(&r);
        assert_int_equal(fake.open_calls, 0);
        assert_int_equal(fake.made_batches, fake.closed_batches);
    }
    assert_true(allocations > 100);
    rig_close(&whole);
}

/* What is begun and kept, parts, and a poll that is answered without rows. */
static void begin(struct rig *r)
{
    static const char *const asked[][2] = {{"GetFlightInfo", "rows 5 batches 2"},
                                           {"GetFlightInfo", "parts 3"},
                                           {"PollFlightInfo", "slow"},
                                           {"PollFlightInfo", "rows 1 batches 1"}};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct hs_buf b;
        hs_buf_init(&b, 1 << 16);
        rig_descriptor(&b, "CommandStatementQuery", hs_str_of(asked[i][1]));
        rig_unary(r, asked[i][0], ANA, hs_buf_str(&b));
        hs_buf_fini(&b);
    }
    rig_run(r);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep(converse, false);
    sweep(begin, true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(handshake_takes_padded_and_unpadded_base64),
        TEST(handshake_refuses),
        TEST(handshake_takes_a_payload),
        TEST(nobody_gets_in_without_a_proof),
        TEST(a_password_is_checked_once_a_connection),
        TEST(a_statement_is_described_and_read),
        TEST(get_schema_and_poll),
        TEST(anothers_ticket_is_refused),
        TEST(a_prepared_handle_is_no_ticket),
        TEST(a_changed_policy_says_ask_again),
        TEST(errors_show_no_detail),
        TEST(an_error_after_a_batch_ends_the_stream),
        TEST(a_slow_reader_holds_few_batches),
        TEST(a_reset_closes_the_call),
        TEST(cancel_flight_info_ends_a_running_call),
        TEST(metadata_answers),
        TEST(keys_want_a_table),
        TEST(what_is_not_done_says_so),
        TEST(malformed_requests_are_refused),
        TEST(a_long_statement_is_kept),
        TEST(a_long_prepared_statement_is_closed),
        TEST(a_new_password_ends_the_proof),
        TEST(few_sign_ins_wait_on_a_connection),
        TEST(waiting_is_woken),
        TEST(a_connection_goes_during_sign_in),
        TEST(a_shutdown_lets_what_runs_finish),
        TEST(what_was_begun_is_read_on),
        TEST(what_was_begun_is_for_one_person),
        TEST(few_are_kept_and_not_for_long),
        TEST(a_scan_has_several_endpoints),
        TEST(a_slow_statement_is_polled),
        TEST(a_polled_statement_is_cancelled),
        cmocka_unit_test(a_conversation_cut_at_every_byte),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
