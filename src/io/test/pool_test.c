/* The pool: everything submitted runs once, a full queue says so, closing finishes what was queued. */
#include "io/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

static _Atomic int ran;
static _Atomic bool gate;

static void work(void *arg)
{
    (void)arg;
    atomic_fetch_add(&ran, 1);
}

static void wait_for_gate(void *arg)
{
    (void)arg;
    while (!gate)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static void runs_all(void **state)
{
    (void)state;
    struct hs_pool *p;
    ran = 0;
    assert_int_equal(hs_pool_open(4, 100, &p, NULL), HS_OK);
    int accepted = 0;
    for (int i = 0; i < 10000; i++)
        accepted += hs_pool_submit(p, work, NULL, NULL) == HS_OK;
    hs_pool_close(p);
    assert_int_equal(ran, accepted);
    assert_true(accepted >= 100);
}

static void says_full(void **state)
{
    (void)state;
    struct hs_pool *p;
    struct hs_err err;
    ran = 0;
    gate = false;
    assert_int_equal(hs_pool_open(1, 3, &p, &err), HS_OK);
    assert_int_equal(hs_pool_submit(p, wait_for_gate, NULL, &err), HS_OK);
    while (hs_pool_queued(p))
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(hs_pool_submit(p, work, NULL, &err), HS_OK);
    assert_int_equal(hs_pool_submit(p, work, NULL, &err), HS_LIMIT);
    assert_int_equal(hs_pool_queued(p), 3);
    gate = true;
    hs_pool_close(p);
    assert_int_equal(ran, 3);
    assert_int_equal(hs_pool_open(0, 3, &p, &err), HS_INVALID);
    hs_pool_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(runs_all), cmocka_unit_test(says_full)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
