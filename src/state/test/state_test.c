/* Handles and ended sessions survive a reopening, expire, and refuse words that look like SQL. */
#include "state/state.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void handles_and_sessions(void **state)
{
    (void)state;
    char path[] = "/tmp/hs_state_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct hs_state *s;
    struct hs_err err;
    struct hs_buf out;
    bool ended;
    int64_t later = hs_wall_us() + 60000000;
    hs_buf_init(&out, 1 << 20);
    assert_int_equal(hs_state_open(hs_str_of(path), &s, &err), HS_OK);
    assert_int_equal(hs_state_put_handle(s, HS_S("a'b\0c"), HS_S("bytes\0more"), later, &err), HS_OK);
    assert_int_equal(hs_state_put_handle(s, HS_S("old"), HS_S("x"), 1, &err), HS_OK);
    assert_int_equal(hs_state_end_session(s, HS_S("s1"), later, &err), HS_OK);
    hs_state_close(s);

    assert_int_equal(hs_state_open(hs_str_of(path), &s, &err), HS_OK);
    assert_int_equal(hs_state_get_handle(s, HS_S("a'b\0c"), &out, &err), HS_OK);
    assert_true(hs_str_eq(hs_buf_str(&out), HS_S("bytes\0more")));
    assert_int_equal(hs_state_get_handle(s, HS_S("old"), &out, &err), HS_NOT_FOUND);
    assert_int_equal(hs_state_get_handle(s, HS_S("never"), &out, &err), HS_NOT_FOUND);
    assert_int_equal(hs_state_session_ended(s, HS_S("s1"), &ended, &err), HS_OK);
    assert_true(ended);
    assert_int_equal(hs_state_session_ended(s, HS_S("s2"), &ended, &err), HS_OK);
    assert_false(ended);
    assert_int_equal(hs_state_drop_handle(s, HS_S("a'b\0c"), &err), HS_OK);
    assert_int_equal(hs_state_get_handle(s, HS_S("a'b\0c"), &out, &err), HS_NOT_FOUND);
    hs_state_close(s);
    hs_buf_fini(&out);
    char other[64];
    unlink(path);
    snprintf(other, sizeof other, "%s-wal", path);
    unlink(other);
    snprintf(other, sizeof other, "%s-shm", path);
    unlink(other);
}

static void not_a_database(void **state)
{
    (void)state;
    struct hs_state *s = NULL;
    struct hs_err err;
    assert_int_equal(hs_state_open(HS_S("/proc/version"), &s, &err), HS_UNAVAILABLE);
    assert_null(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(handles_and_sessions), cmocka_unit_test(not_a_database)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
