/* Work on several threads: all of it once, and of several failures the first in order. */
#include "iceberg/parallel.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

enum { COUNT = 200 };

struct job {
    atomic_int done[COUNT];
    size_t fails_from; /* every one from here on that is even */
    atomic_int asked;
    int gone_after; /* so often is it asked before the asker is gone; -1: never */
    bool holds;     /* other threads go on with their first piece until he is: they may begin long before him */
    pthread_t asker;
};

static hs_rc work(void *ctx, size_t at, struct hs_err *err)
{
    struct job *j = ctx;
    bool held = j->holds && !pthread_equal(pthread_self(), j->asker);
    do
        if (held || at % 3 == 0) /* later ones are ready before earlier ones */
            nanosleep(&(struct timespec){0, 200000}, NULL);
    while (held && atomic_load(&j->asked) <= j->gone_after);
    if (at >= j->fails_from && at % 2 == 0)
        return hs_fail(err, HS_CORRUPT, "%zu", at);
    atomic_fetch_add(&j->done[at], 1);
    return HS_OK;
}

static hs_rc go_on(void *ctx, struct hs_err *err)
{
    struct job *j = ctx;
    int asked = atomic_fetch_add(&j->asked, 1);
    return j->gone_after >= 0 && asked >= j->gone_after ? hs_fail(err, HS_CANCELLED, "gone") : HS_OK;
}

static hs_rc run(struct job *j, size_t count, bool waits, size_t *out_done, struct hs_err *err)
{
    struct hs_parallel p = {
        .work = work, .ctx = j, .count = count, .share = 2, .waits = waits, .go_on = go_on, .go_on_ctx = j};
    return hs_parallel_run(&p, out_done, err);
}

static void all_of_it_once(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 2, 3, 5, 16, 17, COUNT};
    for (size_t i = 0; i < 2 * sizeof counts / sizeof *counts; i++) {
        struct job j = {.fails_from = COUNT, .gone_after = -1};
        struct hs_err err;
        size_t done, count = counts[i / 2];
        assert_int_equal(run(&j, count, i % 2, &done, &err), HS_OK);
        assert_int_equal(done, count);
        for (size_t k = 0; k < COUNT; k++)
            assert_int_equal(j.done[k], k < count);
    }
}

static void the_first_failure_in_order(void **state)
{
    (void)state;
    for (size_t from = 0; from < 40; from++) {
        struct job j = {.fails_from = from, .gone_after = -1};
        struct hs_err err;
        char text[20];
        size_t done, first = from + from % 2;
        assert_int_equal(run(&j, COUNT, from % 2, &done, &err), HS_CORRUPT);
        snprintf(text, sizeof text, "%zu", first);
        assert_string_equal(err.detail, text);
        assert_int_equal(done, first);
        for (size_t k = 0; k < first; k++)
            assert_int_equal(j.done[k], 1);
        assert_int_equal(run(&j, COUNT, false, &done, NULL), HS_CORRUPT);
    }
}

static void whoever_asked_may_go(void **state)
{
    (void)state;
    struct job j = {.fails_from = COUNT, .gone_after = 3, .holds = true, .asker = pthread_self()};
    struct hs_err err;
    size_t done;
    assert_int_equal(run(&j, COUNT, true, &done, &err), HS_CANCELLED);
    assert_true(done < COUNT);
    assert_int_equal(j.asked, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_once),
        cmocka_unit_test(the_first_failure_in_order),
        cmocka_unit_test(whoever_asked_may_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
