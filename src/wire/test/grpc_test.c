/* Calls: what a well-meaning client sees, in every order and size. */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct rig rig;

static void echo(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 0, 16384);
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    rig_message(&b, 3);
    rig_message(&b, 0);
    rig_message(&b, 5000);
    struct rig_body body = {b.at, b.len, false};
    int32_t id = rig_request(&rig, "/echo", &body, NULL, NULL);
    rig_run(&rig);
    struct rig_answer *a = rig_answer(&rig, id);
    assert_int_equal(a->status, 200);
    assert_int_equal(a->bytes, b.len);
    assert_true(a->ended && a->closed && a->reset == 0);
    assert_int_equal(rig.calls[0].messages, 3);
    assert_int_equal(rig.calls[0].half_closes, 1);
    assert_int_equal(rig.calls[0].closes, 1);
    assert_int_equal(rig.calls[0].why, HS_OK);
    assert_int_equal(hs_http2_calls(rig.server), 0);
    assert_int_equal(rig.feed_rc, HS_OK);
    hs_buf_fini(&b);
    rig_close(&rig);
}

static void denied_is_trailers_only(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 0, 16384);
    struct rig_body body = {NULL, 0, true};
    int32_t id = rig_request(&rig, "/denied", &body, NULL, NULL);
    rig_run(&rig);
    struct rig_answer *a = rig_answer(&rig, id);
    assert_int_equal(a->grpc_status, 7);
    assert_string_equal(a->grpc_message, "n%C3%B6 50%25%0A");
    assert_string_equal(a->extra, "x-extra=va?lue;x-raw-bin=Af8;");
    assert_true(a->ended && a->closed && a->reset == NGHTTP2_NO_ERROR);
    assert_int_equal(rig.calls[0].why, HS_OK);
    rig_close(&rig);
}

static void large_frames_and_no_copies(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 32 << 20, 16777215);
    int32_t id = rig_request(&rig, "/stream/5/2000000", NULL, NULL, NULL);
    rig_run(&rig);
    struct rig_answer *a = rig_answer(&rig, id);
    assert_int_equal(a->bytes, 5 * (5 + 16 + 2000000));
    assert_int_equal(a->largest_frame, 1 << 20); /* frame_max: a PING's answer waits for one */
    assert_int_equal(a->sum % 256, (5u * (13 + '0' * 10 + 45 + 'a' * 5 + 10) + 5 * (0x1e + 0x84 + 0x90)) % 256);
    assert_int_equal(rig.released, 5);
    assert_true(a->ended && rig.calls[0].why == HS_OK);
    rig_close(&rig);
}

static void small_windows(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 100, 16384);
    int32_t id = rig_request(&rig, "/stream/3/10000", NULL, NULL, NULL);
    rig_run(&rig);
    struct rig_answer *a = rig_answer(&rig, id);
    assert_int_equal(a->bytes, 3 * (5 + 16 + 10000));
    assert_true(a->largest_frame <= 100 && a->ended);
    assert_int_equal(rig.released, 3);
    rig_close(&rig);
}

/* A client that gives no window: one batch is asked for, no more, and the next call on another connection is not held.
 */
static void a_closed_window_stops_the_front(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 1, 16384); /* 1: the client never gives window back */
    int32_t id = rig_request(&rig, "/stream/100/300000", NULL, NULL, NULL);
    rig_run(&rig);
    assert_int_equal(rig_answer(&rig, id)->bytes, 65535);
    assert_true(rig.added <= 2);
    assert_true(hs_grpc_pending(rig.calls[0].call) < 700000);
    int32_t other = rig_request(&rig, "/denied", NULL, NULL, NULL);
    rig_run(&rig);
    assert_int_equal(rig_answer(&rig, other)->grpc_status, 7);
    rig_close(&rig);
    assert_int_equal(rig.released, rig.added);
    assert_int_equal(rig.calls[0].why, HS_CANCELLED);
}

/* A socket that takes nothing: what is produced stays near the high mark. */
static void a_full_socket_stops_production(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 1 << 30, 16777215);
    rig_request(&rig, "/stream/100/1000000", NULL, NULL, NULL);
    rig.hold = false;
    rig_client_to_server(&rig);
    rig.hold = true;
    rig_run(&rig);
    assert_true(hs_out_len(&rig.out) >= 512 << 10);
    assert_true(hs_out_len(&rig.out) <= (512 << 10) + (1 << 20) + 1024);
    assert_true(rig.added <= 4);
    nghttp2_submit_ping(rig.client, 0, NULL);
    rig_run(&rig);
    size_t queued = hs_out_len(&rig.out);
    rig.hold = false;
    rig_run(&rig);
    assert_int_equal(rig.pongs, 1);
    assert_true(rig.pong_after <= queued + (1 << 20)); /* ahead of what was only planned */
    assert_int_equal(rig.released, 100);
    rig_close(&rig);
}

static void streams_take_turns(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 64 << 20, 16384);
    int32_t big = rig_request(&rig, "/stream/20/1000000", NULL, NULL, NULL);
    int32_t small = rig_request(&rig, "/stream/1/100000", NULL, NULL, NULL);
    rig_client_to_server(&rig);
    while (!rig_answer(&rig, small)->closed) {
        struct iovec iov;
        assert_int_equal(hs_http2_produce(rig.server, &rig.out, &rig.err), HS_OK);
        assert_int_equal(hs_out_iov(&rig.out, &iov, 1), 1);
        nghttp2_session_mem_recv(rig.client, iov.iov_base, iov.iov_len);
        hs_out_consumed(&rig.out, iov.iov_len);
        rig_client_to_server(&rig);
    }
    assert_true(rig_answer(&rig, big)->bytes < 3000000);
    rig_run(&rig);
    assert_int_equal(rig_answer(&rig, big)->bytes, 20 * 1000021);
    rig_close(&rig);
}

static void nothing_yet(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 0, 16384);
    int32_t id = rig_request(&rig, "/later/2/100", NULL, NULL, NULL);
    rig_run(&rig);
    assert_int_equal(rig_answer(&rig, id)->status, 200);
    assert_int_equal(rig.calls[0].writables, 1);
    rig_run(&rig);
    assert_int_equal(rig.calls[0].writables, 1); /* not asked again */
    rig.calls[0].later = false;
    hs_grpc_resume(rig.calls[0].call);
    rig_run(&rig);
    assert_true(rig_answer(&rig, id)->ended);
    assert_int_equal(rig_answer(&rig, id)->bytes, 2 * 121);
    rig_close(&rig);
}

static void cancel_in_mid_stream(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 1, 16384);
    int32_t id = rig_request(&rig, "/stream/9/500000", NULL, NULL, NULL);
    rig_run(&rig);
    nghttp2_submit_rst_stream(rig.client, 0, id, NGHTTP2_CANCEL);
    rig_run(&rig);
    assert_int_equal(rig.calls[0].closes, 1);
    assert_int_equal(rig.calls[0].why, HS_CANCELLED);
    assert_int_equal(rig.released, rig.added);
    assert_int_equal(rig.feed_rc, HS_OK);
    rig_close(&rig);
}

/* The stream dies while part of its body waits at the socket: the body must live until that part is written. */
static void cancel_with_bytes_at_the_socket(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 2 << 20, 1 << 20);
    int32_t id = rig_request(&rig, "/stream/1/4000000", NULL, NULL, NULL);
    rig_client_to_server(&rig);
    rig.hold = true;
    rig_server_to_client(&rig);
    nghttp2_submit_rst_stream(rig.client, 0, id, NGHTTP2_CANCEL);
    rig_client_to_server(&rig);
    assert_int_equal(rig.calls[0].closes, 1);
    assert_int_equal(rig.released, 0);
    rig.hold = false;
    rig_run(&rig);
    assert_int_equal(rig.released, 1);
    rig_close(&rig);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *path, *bytes;
        size_t len;
        int status;
        hs_rc why;
    } CASES[] = {
        {"/take", "\1\0\0\0\1x", 6, HS_GRPC_UNIMPLEMENTED, HS_UNSUPPORTED},
        {"/take", "\2\0\0\0\1x", 6, HS_GRPC_INTERNAL, HS_INVALID},
        {"/take", "\0\1\0\0\1x", 6, HS_GRPC_RESOURCE_EXHAUSTED, HS_LIMIT},
        {"/take", "\0\0\0\0\2x", 6, HS_GRPC_INTERNAL, HS_INVALID},
        {"/take", "\0\0\0", 3, HS_GRPC_INTERNAL, HS_INVALID},
        {"/small", "\0\0\0\0\x65x", 6, HS_GRPC_RESOURCE_EXHAUSTED, HS_LIMIT},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        rig_open(&rig, NULL, 0, 16384);
        struct rig_body body = {CASES[i].bytes, CASES[i].len, false};
        int32_t id = rig_request(&rig, CASES[i].path, &body, NULL, NULL);
        rig_run(&rig);
        assert_int_equal(rig_answer(&rig, id)->grpc_status, CASES[i].status);
        assert_int_equal(rig.calls[0].why, CASES[i].why);
        assert_int_equal(rig.calls[0].closes, 1);
        assert_int_equal(rig.calls[0].messages, 0);
        rig_close(&rig);
    }
}

static void limits_of_requests(void **state)
{
    (void)state;
    struct hs_http2_settings s = {.message_max = 1000, .request_max = 5000};
    rig_open(&rig, &s, 0, 16384);
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    rig_message(&b, 1001);
    struct rig_body body = {b.at, b.len, false};
    int32_t id = rig_request(&rig, "/take", &body, NULL, NULL);
    rig_run(&rig);
    assert_int_equal(rig_answer(&rig, id)->grpc_status, HS_GRPC_RESOURCE_EXHAUSTED);
    assert_int_equal(rig.calls[0].why, HS_LIMIT);
    hs_buf_clear(&b);
    for (int i = 0; i < 10; i++)
        rig_message(&b, 900);
    body = (struct rig_body){b.at, b.len, false};
    id = rig_request(&rig, "/paused", &body, NULL, NULL);
    rig_run(&rig);
    assert_int_equal(rig_answer(&rig, id)->grpc_status, HS_GRPC_RESOURCE_EXHAUSTED);
    char long_value[40000];
    memset(long_value, 'h', sizeof long_value - 1);
    long_value[sizeof long_value - 1] = 0;
    id = rig_request(&rig, "/take", NULL, "x-long", long_value);
    rig_run(&rig);
    assert_int_equal(rig_answer(&rig, id)->grpc_status, HS_GRPC_RESOURCE_EXHAUSTED);
    hs_buf_fini(&b);
    rig_close(&rig);
}

static void pausing(void **state)
{
    (void)state;
    struct hs_http2_settings s = {.stream_window = 65536};
    rig_open(&rig, &s, 0, 16384);
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    for (int i = 0; i < 100; i++)
        rig_message(&b, 4000);
    struct rig_body body = {b.at, b.len, false};
    int32_t id = rig_request(&rig, "/one", &body, NULL, NULL);
    rig_run(&rig);
    for (int i = 1; i <= 100; i++) {
        assert_int_equal(rig.calls[0].messages, i);
        assert_int_equal(rig.calls[0].half_closes, 0);
        assert_true(100 * 4005 - body.len <= (size_t)i * 4005 + 2 * 65536); /* the window closes behind it */
        hs_grpc_pause(rig.calls[0].call, false);
        rig_run(&rig);
    }
    assert_int_equal(rig.calls[0].half_closes, 1);
    assert_false(rig_answer(&rig, id)->closed);
    hs_grpc_finish(rig.calls[0].call, HS_GRPC_OK, HS_S(""), NULL, 0);
    rig_run(&rig);
    assert_true(rig_answer(&rig, id)->ended);
    hs_buf_fini(&b);
    rig_close(&rig);
}

static void headers_and_timeouts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } CASES[] = {{"100m", 100}, {"2S", 2000}, {"1H", 3600000}, {"1n", 1}, {"1500u", 2}, {"99999999H", 359999996400000}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        rig_open(&rig, NULL, 0, 16384);
        rig_request(&rig, "/take", &(struct rig_body){NULL, 0, true}, "grpc-timeout", CASES[i].text);
        rig_run(&rig);
        assert_true(hs_grpc_timeout_ms(rig.calls[0].call) == CASES[i].ms);
        assert_true(hs_str_is(hs_grpc_header(rig.calls[0].call, "te"), "trailers"));
        assert_true(hs_str_is(hs_grpc_authority(rig.calls[0].call), "localhost"));
        assert_null(hs_grpc_header(rig.calls[0].call, "absent").at);
        hs_str name, value;
        assert_true(hs_grpc_header_at(rig.calls[0].call, 6, &name, &value) && hs_str_is(name, "grpc-timeout"));
        assert_false(hs_grpc_header_at(rig.calls[0].call, 7, &name, &value));
        rig_close(&rig);
    }
    static const char *BAD[] = {"", "m", "1", "123456789m", "-1S", "1x", "1.5S"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        rig_open(&rig, NULL, 0, 16384);
        int32_t id = rig_request(&rig, "/take", NULL, "grpc-timeout", BAD[i]);
        rig_run(&rig);
        assert_int_equal(rig_answer(&rig, id)->grpc_status, HS_GRPC_INVALID_ARGUMENT);
        rig_close(&rig);
    }
}

static void not_grpc(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 0, 16384);
    nghttp2_nv get[] = {NV(":method", "GET"), NV(":scheme", "http"), NV(":authority", "x"), NV(":path", "/")};
    nghttp2_nv json[] = {NV(":method", "POST"), NV(":scheme", "http"), NV(":authority", "x"), NV(":path", "/"),
                         NV("content-type", "application/grpcx")};
    int32_t a = nghttp2_submit_request(rig.client, NULL, get, 4, NULL, NULL);
    int32_t b = nghttp2_submit_request(rig.client, NULL, json, 5, NULL, NULL);
    rig_run(&rig);
    assert_int_equal(rig_answer(&rig, a)->status, 405);
    assert_int_equal(rig_answer(&rig, b)->status, 415);
    assert_int_equal(rig_answer(&rig, a)->bytes,
                     strlen("only gRPC is spoken here")); /* a person with a browser reads it */
    assert_true(rig_answer(&rig, a)->ended);
    assert_int_equal(rig.call_count, 0);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echo),
        cmocka_unit_test(denied_is_trailers_only),
        cmocka_unit_test(large_frames_and_no_copies),
        cmocka_unit_test(small_windows),
        cmocka_unit_test(a_closed_window_stops_the_front),
        cmocka_unit_test(a_full_socket_stops_production),
        cmocka_unit_test(streams_take_turns),
        cmocka_unit_test(nothing_yet),
        cmocka_unit_test(cancel_in_mid_stream),
        cmocka_unit_test(cancel_with_bytes_at_the_socket),
        cmocka_unit_test(refusals),
        cmocka_unit_test(limits_of_requests),
        cmocka_unit_test(pausing),
        cmocka_unit_test(headers_and_timeouts),
        cmocka_unit_test(not_grpc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
