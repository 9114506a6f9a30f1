/* Peers that mean harm, peers that stand still, and memory that runs out. */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct rig rig;

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

static void frame(struct hs_buf *b, uint8_t type, uint8_t flags, uint32_t stream, const void *at, size_t len)
{
    uint8_t head[9] = {(uint8_t)(len >> 16),    (uint8_t)(len >> 8),     (uint8_t)len,           type,           flags,
                       (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream};
    hs_buf_add(b, head, 9);
    hs_buf_add(b, at, len);
}

static void begin(struct hs_buf *b)
{
    hs_buf_init(b, 1 << 28);
    hs_buf_addz(b, PREFACE);
    frame(b, NGHTTP2_SETTINGS, 0, 0, NULL, 0);
}

/* ":method: POST" and so on, without a table: literal fields, so that bytes may be put in anywhere. */
static void literal(struct hs_buf *b, const char *name, const char *value)
{
    hs_buf_addc(b, 0);
    hs_buf_addc(b, (char)strlen(name));
    hs_buf_addz(b, name);
    hs_buf_addc(b, (char)strlen(value));
    hs_buf_addz(b, value);
}

static void request(struct hs_buf *b, uint32_t stream, const char *path, uint8_t flags)
{
    struct hs_buf block;
    hs_buf_init(&block, 4096);
    literal(&block, ":method", "POST");
    literal(&block, ":scheme", "http");
    literal(&block, ":authority", "x");
    literal(&block, ":path", path);
    literal(&block, "content-type", "application/grpc");
    frame(b, NGHTTP2_HEADERS, flags, stream, block.at, block.len);
    hs_buf_fini(&block);
}

/* Feeds everything, takes the answer; the connection must be over afterwards, with a GOAWAY of this code. */
static void must_end(struct hs_buf *b, uint32_t code)
{
    rig_open(&rig, NULL, 0, 16384);
    nghttp2_session_del(rig.client); /* its preface is not wanted; a fresh one only listens */
    nghttp2_session_callbacks *c;
    nghttp2_session_callbacks_new(&c);
    nghttp2_session_callbacks_set_on_frame_recv_callback(c, client_frame);
    nghttp2_session_client_new(&rig.client, c, &rig);
    nghttp2_session_callbacks_del(c);
    for (size_t at = 0; at < b->len; at += 65536) {
        rig_feed(&rig, b->at + at, b->len - at < 65536 ? b->len - at : 65536);
        rig_server_to_client(&rig);
    }
    assert_true(hs_http2_done(rig.server));
    assert_true(rig.goaway);
    assert_int_equal(rig.goaway_code, code);
    rig_close(&rig);
    assert_int_equal(rig.open, 0);
    hs_buf_fini(b);
}

static void ping_flood(void **state)
{
    (void)state;
    struct hs_buf b;
    begin(&b);
    for (int i = 0; i < 5000; i++)
        frame(&b, NGHTTP2_PING, 0, 0, "12345678", 8);
    must_end(&b, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void settings_flood(void **state)
{
    (void)state;
    struct hs_buf b;
    begin(&b);
    for (int i = 0; i < 5000; i++)
        frame(&b, NGHTTP2_SETTINGS, 0, 0, NULL, 0);
    must_end(&b, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void rapid_reset(void **state)
{
    (void)state;
    struct hs_buf b;
    begin(&b);
    for (uint32_t i = 0; i < 500; i++) {
        request(&b, 1 + 2 * i, "/take", NGHTTP2_FLAG_END_HEADERS);
        frame(&b, NGHTTP2_RST_STREAM, 0, 1 + 2 * i, "\0\0\0\x8", 4);
    }
    must_end(&b, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_true(rig.call_count <= 402);
}

/* The same by proxy: the client breaks each stream so that we reset it. */
static void made_us_reset(void **state)
{
    (void)state;
    struct hs_buf b;
    begin(&b);
    for (uint32_t i = 0; i < 900; i++) {
        request(&b, 1 + 2 * i, "/take", NGHTTP2_FLAG_END_HEADERS);
        frame(&b, NGHTTP2_WINDOW_UPDATE, 0, 1 + 2 * i, "\x7f\xff\xff\xff", 4);
    }
    must_end(&b, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void empty_data_flood(void **state)
{
    (void)state;
    struct hs_buf b;
    begin(&b);
    request(&b, 1, "/take", NGHTTP2_FLAG_END_HEADERS);
    for (int i = 0; i < 5000; i++)
        frame(&b, NGHTTP2_DATA, 0, 1, NULL, 0);
    must_end(&b, NGHTTP2_ENHANCE_YOUR_CALM);
}

/* A byte at a time, and padding alone: frames that carry next to nothing. */
static void tiny_data_floods(void **state)
{
    (void)state;
    struct hs_buf b;
    begin(&b);
    request(&b, 1, "/take", NGHTTP2_FLAG_END_HEADERS);
    for (int i = 0; i < 5000; i++)
        frame(&b, NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1, "\0", 1);
    must_end(&b, NGHTTP2_ENHANCE_YOUR_CALM);
    begin(&b);
    request(&b, 1, "/take", NGHTTP2_FLAG_END_HEADERS);
    frame(&b, NGHTTP2_DATA, 0, 1, "\0\0\1\0\0", 5);
    for (int i = 0; i < 5000; i++)
        frame(&b, NGHTTP2_DATA, 0, 1, "x", 1);
    must_end(&b, NGHTTP2_ENHANCE_YOUR_CALM);
}

/* Each message is progress, however small, and gives back what its frame cost. */
static void small_messages_are_no_flood(void **state)
{
    (void)state;
    struct hs_buf b;
    begin(&b);
    request(&b, 1, "/take", NGHTTP2_FLAG_END_HEADERS);
    for (int i = 0; i < 20000; i++)
        frame(&b, NGHTTP2_DATA, 0, 1, "\0\0\0\0\1x", 6);
    frame(&b, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, NULL, 0);
    rig_open(&rig, NULL, 0, 16384);
    for (size_t at = 0; at < b.len; at += 1500) {
        rig_feed(&rig, b.at + at, b.len - at < 1500 ? b.len - at : 1500);
        hs_ignore(hs_http2_produce(rig.server, &rig.out, &rig.err));
        hs_out_consumed(&rig.out, hs_out_len(&rig.out));
    }
    assert_int_equal(rig.feed_rc, HS_OK);
    assert_int_equal(rig.calls[0].messages, 20000);
    rig_close(&rig);
    hs_buf_fini(&b);
}

/* A client that lets us send one byte at a time: each is a frame of ours, and no reason to be patient. */
static void window_by_the_byte(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 0, 16384);
    struct hs_buf b;
    begin(&b);
    frame(&b, NGHTTP2_SETTINGS, 0, 0, "\0\4\0\0\0\0", 6);
    request(&b, 1, "/stream/100/100000", NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM);
    rig_feed(&rig, b.at, b.len);
    hs_buf_clear(&b);
    frame(&b, NGHTTP2_WINDOW_UPDATE, 0, 1, "\0\0\0\1", 4);
    int sent = 0;
    for (; sent < 10000 && rig.feed_rc == HS_OK; sent++) {
        rig_feed(&rig, b.at, b.len);
        hs_ignore(hs_http2_produce(rig.server, &rig.out, &rig.err));
        hs_out_consumed(&rig.out, hs_out_len(&rig.out));
    }
    assert_int_equal(rig.feed_rc, HS_LIMIT);
    assert_in_range(sent, 3900, 4100);
    rig_close(&rig);
    hs_buf_fini(&b);
}

static void unknown_frame_flood(void **state)
{
    (void)state;
    struct hs_buf b;
    begin(&b);
    for (int i = 0; i < 5000; i++)
        frame(&b, 0x42, 0, 0, "x", 1);
    must_end(&b, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void continuation_flood(void **state)
{
    (void)state;
    struct hs_buf b;
    begin(&b);
    request(&b, 1, "/take", 0);
    for (int i = 0; i < 1000; i++)
        frame(&b, NGHTTP2_CONTINUATION, 0, 1, "\0\1x\1y", 5);
    must_end(&b, NGHTTP2_PROTOCOL_ERROR);
}

static void broken_rules(void **state)
{
    (void)state;
    struct hs_buf b;
    begin(&b);
    frame(&b, NGHTTP2_DATA, 0, 0, "x", 1);
    must_end(&b, NGHTTP2_PROTOCOL_ERROR);
    begin(&b);
    frame(&b, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, "\xff\xff\xff\xff\xff\xff", 6);
    must_end(&b, NGHTTP2_COMPRESSION_ERROR);
    begin(&b);
    hs_buf_add(&b, "\xff\xff\xff\x00\x00\x00\x00\x00\x01", 9); /* a frame of 16 MiB */
    must_end(&b, NGHTTP2_FRAME_SIZE_ERROR);
    begin(&b);
    frame(&b, NGHTTP2_WINDOW_UPDATE, 0, 0, "\0\0\0\0", 4);
    must_end(&b, NGHTTP2_PROTOCOL_ERROR);
    begin(&b);
    frame(&b, NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, 1, "\0\0\0\2", 4);
    must_end(&b, NGHTTP2_PROTOCOL_ERROR);
    begin(&b);
    request(&b, 2, "/take", NGHTTP2_FLAG_END_HEADERS);
    must_end(&b, NGHTTP2_PROTOCOL_ERROR);
}

/* Rules that nghttp2 leaves to us: streams that were passed over, PRIORITY of nothing and of itself. */
static void streams_and_priorities(void **state)
{
    (void)state;
    struct hs_buf b;
    begin(&b);
    request(&b, 5, "/take", NGHTTP2_FLAG_END_HEADERS);
    request(&b, 3, "/take", NGHTTP2_FLAG_END_HEADERS);
    must_end(&b, NGHTTP2_PROTOCOL_ERROR);
    begin(&b);
    request(&b, 1, "/take", NGHTTP2_FLAG_END_HEADERS);
    for (uint32_t i = 1; i < 20; i++)
        request(&b, 1 + 6 * i, "/take", NGHTTP2_FLAG_END_HEADERS);
    request(&b, 111, "/take", NGHTTP2_FLAG_END_HEADERS);
    must_end(&b, NGHTTP2_PROTOCOL_ERROR);
    begin(&b);
    request(&b, 1, "/take", NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM);
    frame(&b, NGHTTP2_DATA, 0, 1, "x", 1);
    must_end(&b, NGHTTP2_STREAM_CLOSED);
    begin(&b);
    request(&b, 1, "/take", NGHTTP2_FLAG_END_HEADERS);
    frame(&b, NGHTTP2_RST_STREAM, 0, 1, "\0\0\0\x8", 4);
    request(&b, 1, "/take", NGHTTP2_FLAG_END_HEADERS);
    must_end(&b, NGHTTP2_STREAM_CLOSED);
    begin(&b);
    frame(&b, NGHTTP2_PRIORITY, 0, 0, "\0\0\0\1\7", 5);
    must_end(&b, NGHTTP2_PROTOCOL_ERROR);
    begin(&b);
    frame(&b, NGHTTP2_PRIORITY, 0, 3, "\x80\0\0\3\7", 5);
    must_end(&b, NGHTTP2_PROTOCOL_ERROR);
    begin(&b);
    frame(&b, NGHTTP2_PRIORITY, 0, 3, "\0\0", 2);
    must_end(&b, NGHTTP2_FRAME_SIZE_ERROR);
    begin(&b);
    frame(&b, NGHTTP2_PRIORITY, 0, 3, "\0\0\0\1\7", 5); /* as it should be: the frame after it is read right */
    request(&b, 1, "/take", NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM);
    rig_open(&rig, NULL, 0, 16384);
    for (size_t at = 0; at < b.len; at++)
        rig_feed(&rig, b.at + at, 1);
    assert_int_equal(rig.call_count, 1);
    rig_close(&rig);
    hs_buf_fini(&b);
}

/* We end calls before their clients do; what these still send was on its way, a thousand calls later, too. */
static void what_was_on_its_way(void **state)
{
    (void)state;
    struct hs_buf b;
    begin(&b);
    for (uint32_t i = 0; i < 500; i++)
        request(&b, 1 + 2 * i, "/denied", NGHTTP2_FLAG_END_HEADERS);
    rig_open(&rig, NULL, 0, 16384);
    for (size_t at = 0; at < b.len; at += 1000) {
        rig_feed(&rig, b.at + at, b.len - at < 1000 ? b.len - at : 1000);
        hs_ignore(hs_http2_produce(rig.server, &rig.out, &rig.err));
        hs_out_consumed(&rig.out, hs_out_len(&rig.out));
    }
    assert_int_equal(rig.feed_rc, HS_OK);
    hs_buf_clear(&b);
    for (uint32_t i = 0; i < 500; i++)
        frame(&b, NGHTTP2_DATA, i % 2 ? NGHTTP2_FLAG_END_STREAM : 0, 1 + 2 * i, "\0\0\0\0\1x", 6);
    rig_feed(&rig, b.at, b.len);
    assert_int_equal(rig.feed_rc, HS_OK);
    rig_close(&rig);
    hs_buf_fini(&b);
}

static void not_http2_at_all(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 0, 16384);
    static const char HTTP1[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    rig_feed(&rig, HTTP1, sizeof HTTP1 - 1);
    assert_int_equal(rig.feed_rc, HS_INVALID);
    rig_server_to_client(&rig);
    assert_true(hs_http2_done(rig.server));
    rig_feed(&rig, HTTP1, sizeof HTTP1 - 1); /* more of it changes nothing */
    rig_close(&rig);
}

/* A literal with indexing, value of 4000 bytes, and its entry 62 named so many times: one byte each. */
static void add_bomb(struct hs_buf *block, int times)
{
    hs_buf_init(block, 1 << 20);
    literal(block, ":method", "POST");
    literal(block, ":scheme", "http");
    literal(block, ":authority", "x");
    literal(block, ":path", "/take");
    hs_buf_add(block, "\x40\1x\x7f\xa1\x1e", 6);
    for (int i = 0; i < 4000; i++)
        hs_buf_addc(block, 'b');
    for (int i = 0; i < times; i++)
        hs_buf_addc(block, (char)0xbe);
}

/* A header list three times too large is answered in words; one of 44 MB in 15 KB costs no more than that: the rest of
 * the block is not looked at field by field, and the stream is reset. */
static void hpack_bomb(void **state)
{
    (void)state;
    struct hs_buf b, block;
    begin(&b);
    add_bomb(&block, 24);
    frame(&b, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, block.at, block.len);
    hs_buf_fini(&block);
    add_bomb(&block, 11000);
    frame(&b, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 3, block.at, block.len);
    rig_open(&rig, NULL, 0, 16384);
    rig_feed(&rig, b.at, b.len);
    hs_fault_alloc_after(-1);
    uint8_t sent[4096];
    size_t len = 0;
    hs_ignore(hs_http2_produce(rig.server, &rig.out, &rig.err));
    for (struct iovec iov; hs_out_iov(&rig.out, &iov, 1); hs_out_consumed(&rig.out, iov.iov_len)) {
        assert_true(len + iov.iov_len < sizeof sent);
        memcpy(sent + len, iov.iov_base, iov.iov_len);
        len += iov.iov_len;
    }
    assert_non_null(memmem(sent, len, "\0\0\4\3\0\0\0\0\3\0\0\0\2", 13)); /* RST_STREAM of 3 */
    assert_null(memmem(sent, len, "\0\0\4\3\0\0\0\0\1", 9));
    assert_int_equal(rig.call_count, 0);
    assert_int_equal(rig.feed_rc, HS_OK); /* the connection lives */
    assert_int_equal(hs_http2_calls(rig.server), 0);
    rig_close(&rig);
    hs_buf_fini(&block);
    hs_buf_fini(&b);
}

static void too_many_streams(void **state)
{
    (void)state;
    struct hs_http2_settings s = {.streams_max = 10};
    rig_open(&rig, &s, 0, 16384);
    struct hs_buf b;
    begin(&b);
    for (uint32_t i = 0; i < 50; i++)
        request(&b, 1 + 2 * i, "/take", NGHTTP2_FLAG_END_HEADERS);
    rig_feed(&rig, b.at, b.len);
    assert_int_equal(hs_http2_calls(rig.server), 10);
    rig_server_to_client(&rig);
    rig_close(&rig);
    assert_int_equal(rig.open, 0);
    hs_buf_fini(&b);
}

static int64_t tick(int64_t now)
{
    rig.now = now;
    int64_t next = hs_http2_tick(rig.server, now);
    rig_run(&rig);
    return next;
}

static void times(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 0, 16384);
    assert_int_equal(hs_http2_tick(rig.server, 1000), 10000);
    assert_int_equal(hs_http2_tick(rig.server, 11000), 0); /* no preface came */
    rig_server_to_client(&rig);
    assert_true(hs_http2_done(rig.server));
    rig_close(&rig);

    rig_open(&rig, NULL, 0, 16384);
    struct hs_buf b;
    begin(&b);
    request(&b, 1, "/take", 0); /* END_HEADERS never comes */
    rig_feed(&rig, b.at, b.len);
    assert_int_equal(hs_http2_tick(rig.server, 1000), 10000);
    assert_int_equal(hs_http2_tick(rig.server, 11000), 0);
    assert_int_equal(hs_http2_tick(rig.server, 11000), -1);
    rig_server_to_client(&rig);
    assert_true(hs_http2_done(rig.server));
    hs_buf_fini(&b);
    rig_close(&rig);

    rig_open(&rig, NULL, 0, 16384);
    rig_run(&rig);
    assert_int_equal(tick(1000), 600000);
    tick(601000); /* idle: notice, then the last GOAWAY */
    assert_true(rig.goaway && !hs_http2_done(rig.server));
    tick(601200);
    assert_true(hs_http2_done(rig.server));
    rig_close(&rig);
}

static void deadlines(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 0, 16384);
    int32_t id = rig_request(&rig, "/later/1/10", NULL, "grpc-timeout", "250m");
    rig_run(&rig);
    assert_int_equal(tick(1000), 250);
    tick(1250);
    assert_int_equal(rig_answer(&rig, id)->grpc_status, HS_GRPC_DEADLINE_EXCEEDED);
    assert_int_equal(rig.calls[0].why, HS_TIMEOUT);
    rig_close(&rig);

    rig_open(&rig, NULL, 1, 16384); /* half a message is out: reset */
    id = rig_request(&rig, "/stream/1/100000", NULL, "grpc-timeout", "250m");
    rig_run(&rig);
    tick(1250);
    assert_true(rig_answer(&rig, id)->closed && rig_answer(&rig, id)->reset == NGHTTP2_CANCEL);
    assert_int_equal(rig.calls[0].why, HS_TIMEOUT);
    assert_int_equal(rig.released, 1);
    rig_close(&rig);
}

static void peers_that_stand_still(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 1, 16384);
    struct rig_body body = {NULL, 0, true};
    int32_t writer = rig_request(&rig, "/take", &body, NULL, NULL);
    int32_t reader = rig_request(&rig, "/stream/1/100000", NULL, NULL, NULL);
    int32_t patient = rig_request(&rig, "/later/1/10", NULL, NULL, NULL);
    rig_run(&rig);
    assert_int_equal(tick(1000), 300000);
    tick(301000);
    assert_true(rig_answer(&rig, writer)->closed && rig_answer(&rig, reader)->closed);
    assert_false(rig_answer(&rig, patient)->closed); /* it waits for us */
    assert_int_equal(hs_http2_tick(rig.server, 301000), -1);
    rig_close(&rig);
}

/* One byte now and then is standing still, too; a whole message is not. */
static void peers_that_trickle(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 0, 16384);
    struct hs_buf b;
    begin(&b);
    request(&b, 1, "/take", NGHTTP2_FLAG_END_HEADERS);
    frame(&b, NGHTTP2_DATA, 0, 1, "\0\0\1\0\0", 5);
    request(&b, 3, "/take", NGHTTP2_FLAG_END_HEADERS);
    hs_http2_tick(rig.server, 1000);
    rig_feed(&rig, b.at, b.len);
    for (int i = 1; i <= 35; i++) {
        rig.now = 1000 + i * 10000;
        hs_http2_tick(rig.server, rig.now);
        hs_buf_clear(&b);
        if (rig.open == 2)
            frame(&b, NGHTTP2_DATA, 0, 1, "x", 1);
        frame(&b, NGHTTP2_DATA, 0, 3, "\0\0\0\0\1x", 6);
        rig_feed(&rig, b.at, b.len);
        rig_server_to_client(&rig);
    }
    assert_int_equal(rig.calls[0].closes, 1);
    assert_int_equal(rig.calls[0].why, HS_TIMEOUT);
    assert_int_equal(rig.calls[1].closes, 0);
    rig_close(&rig);
    hs_buf_fini(&b);
}

static void strangers(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 0, 16384);
    hs_http2_close(rig.server);
    assert_int_equal(hs_http2_open(NULL, &RIG_FRONT, &rig, &rig.server, &rig.err), HS_OK);
    rig_request(&rig, "/later/1/10", NULL, NULL, NULL);
    rig_run(&rig);
    assert_int_equal(tick(1000), 60000);
    tick(61000);
    assert_true(rig.goaway && rig.goaway_code == NGHTTP2_NO_ERROR);
    assert_true(hs_http2_done(rig.server));
    rig_close(&rig);
    assert_int_equal(rig.open, 0);
}

/* The window is shut to the byte, the front has ended the call: the trailers wait for a client that says nothing. */
static void trailers_behind_a_shut_window(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 1, 16384);
    int32_t id = rig_request(&rig, "/stream/1/65514", NULL, NULL, NULL); /* 65535 with its prefixes */
    rig_run(&rig);
    assert_int_equal(rig_answer(&rig, id)->bytes, 65535);
    assert_int_equal(rig.released, 1);
    tick(1000);
    tick(301000);
    tick(601000);
    assert_int_equal(rig.calls[0].closes, 1);
    assert_int_equal(hs_http2_calls(rig.server), 0);
    rig_close(&rig);
}

static void draining(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 0, 16384);
    int32_t id = rig_request(&rig, "/later/1/10", NULL, NULL, NULL);
    rig_run(&rig);
    hs_http2_shutdown(rig.server);
    assert_int_equal(tick(1000), 200);
    assert_true(rig.goaway && rig.goaway_code == NGHTTP2_NO_ERROR);
    tick(1200);
    assert_false(hs_http2_done(rig.server)); /* the running call finishes first */
    rig.calls[0].later = false;
    hs_grpc_resume(rig.calls[0].call);
    rig_run(&rig);
    assert_true(rig_answer(&rig, id)->ended);
    assert_true(hs_http2_done(rig.server));
    rig_close(&rig);
}

/* A conversation of every kind of call, recorded once. */
static void conversation(struct rig *r, bool record)
{
    r->record = record;
    static char bytes[10000];
    struct rig_body first = {bytes, sizeof bytes, false}, second = {"\0\0\0\0\2hi", 7, false};
    memset(bytes, 0, sizeof bytes); /* two thousand empty messages */
    rig_request(r, "/echo", &second, NULL, NULL);
    rig_request(r, "/take", &first, NULL, NULL);
    rig_request(r, "/stream/3/70000", NULL, "grpc-timeout", "5S");
    rig_request(r, "/denied", NULL, NULL, NULL);
    rig_run(r);
    nghttp2_submit_ping(r->client, 0, NULL);
    int32_t id = rig_request(r, "/later/1/1", NULL, NULL, NULL);
    rig_run(r);
    nghttp2_submit_rst_stream(r->client, 0, id, NGHTTP2_CANCEL);
    nghttp2_session_terminate_session(r->client, 0);
    rig_run(r);
}

/* What was recorded, in two feeds cut anywhere, and cut off anywhere: the front sees the same, and always an end. */
static void cut_at_every_byte(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 0, 16384);
    conversation(&rig, true);
    assert_int_equal(rig.call_count, 5);
    struct hs_buf all = rig.to_server;
    hs_buf_init(&rig.to_server, 1);
    int messages = rig.calls[1].messages + rig.calls[0].messages;
    rig_close(&rig);
    for (size_t cut = 0; cut <= all.len; cut += cut < 1200 || cut + 400 > all.len ? 1 : 61) {
        rig_open(&rig, NULL, 0, 16384);
        rig_feed(&rig, all.at, cut);
        rig_server_to_client(&rig);
        rig_feed(&rig, all.at + cut, all.len - cut);
        rig_server_to_client(&rig);
        assert_int_equal(rig.call_count, 5);
        assert_int_equal(rig.calls[1].messages + rig.calls[0].messages, messages);
        rig_close(&rig);
        assert_int_equal(rig.open, 0);
        assert_int_equal(rig.released, rig.added);
        for (int i = 0; i < rig.call_count; i++)
            assert_int_equal(rig.calls[i].closes, 1);
    }
    hs_buf_fini(&all);
}

/* The client's own allocations are not counted: it is nghttp2 with plain malloc; ours go through base/alloc.h. */
static void every_allocation_fails_once(void **state)
{
    (void)state;
    rig_open(&rig, NULL, 0, 16384);
    conversation(&rig, true);
    struct hs_buf all = rig.to_server;
    hs_buf_init(&rig.to_server, 1);
    rig_close(&rig);
    long n = 0, failed = 0;
    for (bool clean = false; !clean; n++) {
        memset(&rig, 0, sizeof rig);
        rig.now = 1000;
        hs_out_init(&rig.out);
        hs_fault_alloc_after(-1);
        hs_fault_alloc_after(n);
        rig.feed_rc = hs_http2_open(NULL, &RIG_FRONT, &rig, &rig.server, &rig.err);
        for (size_t at = 0; rig.server && at < all.len; at += 500) {
            rig_feed(&rig, all.at + at, all.len - at < 500 ? all.len - at : 500);
            hs_rc rc = hs_http2_produce(rig.server, &rig.out, &rig.err);
            hs_out_consumed(&rig.out, hs_out_len(&rig.out));
            if (rc != HS_OK)
                rig.feed_rc = rc;
        }
        clean = n > 2000;
        hs_http2_close(rig.server);
        hs_out_fini(&rig.out);
        hs_fault_alloc_after(-1);
        failed += rig.feed_rc != HS_OK;
        assert_int_equal(rig.open, 0);
        assert_int_equal(rig.released, rig.added);
    }
    assert_true(failed > 20);
    hs_buf_fini(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ping_flood),
        cmocka_unit_test(settings_flood),
        cmocka_unit_test(rapid_reset),
        cmocka_unit_test(made_us_reset),
        cmocka_unit_test(empty_data_flood),
        cmocka_unit_test(tiny_data_floods),
        cmocka_unit_test(small_messages_are_no_flood),
        cmocka_unit_test(window_by_the_byte),
        cmocka_unit_test(unknown_frame_flood),
        cmocka_unit_test(streams_and_priorities),
        cmocka_unit_test(what_was_on_its_way),
        cmocka_unit_test(peers_that_trickle),
        cmocka_unit_test(strangers),
        cmocka_unit_test(continuation_flood),
        cmocka_unit_test(broken_rules),
        cmocka_unit_test(not_http2_at_all),
        cmocka_unit_test(hpack_bomb),
        cmocka_unit_test(too_many_streams),
        cmocka_unit_test(times),
        cmocka_unit_test(deadlines),
        cmocka_unit_test(peers_that_stand_still),
        cmocka_unit_test(trailers_behind_a_shut_window),
        cmocka_unit_test(draining),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
