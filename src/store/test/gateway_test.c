/* A worker is not believed: what it may ask of its gateway, and what ends it. No store answers here: its port is
 * closed. */
#include "base/object_wire.h"
#include "store/gateway.h"
#include "store/store_in.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/hs-gateway-XXXXXX";

static int setup(void **state)
{
    (void)state;
    struct hs_err err;
    struct hs_store_settings s = {.s3_endpoint = "http://127.0.0.1:1",
                                  .s3_region = "us-east-1",
                                  .s3_path_style = true,
                                  .credential_file = "",
                                  .credential_command = "",
                                  .ca_file = "",
                                  .answer_ms = 500,
                                  .retries = 0,
                                  .patience_ms = 500,
                                  .cache_bytes = 1 << 20};
    s.cache_directory = mkdtemp(directory);
    return s.cache_directory && hs_store_open(&s, &err) == HS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    hs_store_close();
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

static const hs_str NAMES[] = {{"s3://lake/a.parquet", 19}, {"s3://lake/b.parquet", 19}};

static int open_gateway(struct hs_gateway **out)
{
    struct hs_err err;
    int fd = -1;
    struct timeval patience = {20, 0};
    assert_int_equal(hs_gateway_open(NAMES, 2, out, &fd, &err), HS_OK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static void say(int fd, struct hs_object_ask q)
{
    assert_int_equal(send(fd, &q, sizeof q, MSG_NOSIGNAL), sizeof q);
}

static int answer_to(int fd, uint32_t id)
{
    struct hs_object_reply r;
    assert_int_equal(recv(fd, &r, sizeof r, 0), sizeof r);
    assert_int_equal(r.id, id);
    return r.failed;
}

static void ends(int fd)
{
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static void only_remote_names_are_planned(void **state)
{
    (void)state;
    struct hs_err err;
    struct hs_gateway *g;
    int fd;
    hs_str name = HS_S("/etc/passwd");
    assert_int_equal(hs_gateway_open(&name, 1, &g, &fd, &err), HS_INTERNAL);
}

static void a_dead_store_is_an_answer(void **state)
{
    (void)state;
    struct hs_gateway *g;
    int fd = open_gateway(&g);
    say(fd, (struct hs_object_ask){HS_OBJECT_OPEN, 7, 1, 0, 0, 0});
    assert_int_equal(answer_to(fd, 7), EIO);
    say(fd, (struct hs_object_ask){HS_OBJECT_READ, 8, 1, 0, 0, 10}); /* it is not open */
    assert_int_equal(answer_to(fd, 8), EIO);
    say(fd, (struct hs_object_ask){HS_OBJECT_READ, 9, 0, 0, UINT64_MAX, UINT64_MAX});
    assert_int_equal(answer_to(fd, 9), EIO);
    say(fd, (struct hs_object_ask){HS_OBJECT_CLOSE, 0, 1, 0, 0, 0}); /* more often than it was opened */
    say(fd, (struct hs_object_ask){HS_OBJECT_READ, 10, 0, 0, 0, 0});
    assert_int_equal(answer_to(fd, 10), EIO);
    hs_gateway_close(g);
    ends(fd);
    close(fd);
}

static void what_is_no_question_ends_it(void **state)
{
    (void)state;
    static const struct hs_object_ask BAD[] = {
        {0, 1, 0, 0, 0, 0},
        {HS_OBJECT_CLOSE + 1, 1, 0, 0, 0, 0},
        {HS_OBJECT_OPEN, 1, 2, 0, 0, 0}, /* not of the plan */
        {HS_OBJECT_OPEN, 1, UINT32_MAX, 0, 0, 0},
        {HS_OBJECT_OPEN, 1, 0, 1, 0, 0},
    };
    struct hs_gateway *g;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        int fd = open_gateway(&g);
        say(fd, BAD[i]);
        ends(fd);
        hs_gateway_close(g);
        close(fd);
    }
    static const char LONG[100];
    for (size_t len = 0; len <= sizeof LONG; len += 33) {
        int fd = open_gateway(&g);
        assert_int_equal(send(fd, LONG, len, MSG_NOSIGNAL), len);
        ends(fd);
        hs_gateway_close(g);
        close(fd);
    }
}

static void many_questions_and_no_reader(void **state)
{
    (void)state;
    struct hs_gateway *g;
    int fd = open_gateway(&g);
    for (uint32_t i = 0; i < 5000; i++) {
        struct hs_object_ask q = {HS_OBJECT_OPEN, i, i % 2, 0, 0, 0};
        if (send(fd, &q, sizeof q, MSG_NOSIGNAL) < 0)
            break; /* it does not listen to who does not listen */
    }
    close(fd); /* a worker that dies */
    hs_gateway_close(g);
}

static void it_may_be_closed_at_any_time(void **state)
{
    (void)state;
    struct hs_gateway *g;
    for (int i = 0; i < 50; i++) {
        int fd = open_gateway(&g);
        say(fd, (struct hs_object_ask){HS_OBJECT_OPEN, 1, 0, 0, 0, 0});
        if (i % 2)
            close(fd);
        hs_gateway_close(g);
        if (i % 2 == 0)
            close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_remote_names_are_planned), cmocka_unit_test(a_dead_store_is_an_answer),
        cmocka_unit_test(what_is_no_question_ends_it),   cmocka_unit_test(many_questions_and_no_reader),
        cmocka_unit_test(it_may_be_closed_at_any_time),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
