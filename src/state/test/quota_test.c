/* Quotas: exact at the limit, all or none, anew at midnight, and still there after a reopening. */
#include "state/quota.h"

#include "base/alloc.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const int64_t DAY = INT64_C(86400) * 1000000;
static char path[64];
static struct hs_quotas *q;

static void reopen(void)
{
    struct hs_err err;
    hs_quotas_close(q);
    assert_int_equal(hs_quotas_open(hs_str_of(path), &q, &err), HS_OK);
}

static int begin(void **state)
{
    (void)state;
    strcpy(path, "/tmp/hs_quota_XXXXXX");
    close(mkstemp(path));
    q = NULL;
    reopen();
    return 0;
}

static int end(void **state)
{
    (void)state;
    hs_quotas_close(q);
    unlink(path);
    return 0;
}

static struct hs_quota quota(const char *person, const char *product, int64_t rows, int64_t bytes)
{
    struct hs_quota l = {.product = hs_str_of(product), .rows_per_day = rows, .bytes_per_day = bytes};
    struct hs_err err;
    assert_int_equal(hs_quota_key(hs_str_of(person), l.product, l.key, &err), HS_OK);
    return l;
}

static hs_rc charge(const struct hs_quota *l, size_t n, int64_t rows, int64_t bytes, int64_t now, struct hs_err *err)
{
    hs_err_clear(err);
    return hs_quotas_charge(q, l, n, rows, bytes, now, err);
}

static void exact_and_kept(void **state)
{
    (void)state;
    struct hs_err err;
    struct hs_quota ana = quota("ana", "sales.orders", 100, 0), eva = quota("eva", "sales.orders", 100, 0);
    assert_int_equal(charge(&ana, 1, 60, 5, DAY, &err), HS_OK);
    assert_int_equal(charge(&ana, 1, 41, 5, DAY, &err), HS_LIMIT);
    assert_string_equal(err.shown, "your 100 rows a day of sales.orders are used up; the next day begins at 00:00 UTC");
    reopen();
    assert_int_equal(charge(&ana, 1, 41, 5, DAY, &err), HS_LIMIT);
    assert_int_equal(charge(&ana, 1, 0, 0, DAY, &err), HS_OK); /* not used up */
    assert_int_equal(charge(&ana, 1, 40, 5, DAY, &err), HS_OK);
    assert_int_equal(charge(&ana, 1, 0, 0, DAY, &err), HS_LIMIT);
    assert_int_equal(charge(&eva, 1, 100, 0, DAY, &err), HS_OK); /* each for himself */
    assert_int_equal(charge(&ana, 1, 100, 0, 2 * DAY, &err), HS_OK);
    assert_int_equal(charge(&ana, 1, 1, 0, DAY + 5, &err), HS_LIMIT); /* a clock set back gives nothing back */
    hs_quotas_sync(q);
}

static void all_or_none(void **state)
{
    (void)state;
    struct hs_err err;
    struct hs_quota both[] = {quota("ana", "a", 0, 1000), quota("ana", "b", 10, 0)};
    assert_int_equal(charge(both, 2, 11, 1000, DAY, &err), HS_LIMIT);
    assert_int_equal(charge(both, 2, 10, 1000, DAY, &err), HS_OK);
    assert_int_equal(charge(both, 1, 0, 1, DAY, &err), HS_LIMIT);
    assert_non_null(strstr(err.shown, "1000 bytes a day of a"));
}

static void *take_singly(void *arg)
{
    struct hs_quota *l = arg;
    int64_t got = 0;
    struct hs_err err;
    for (int i = 0; i < 3000; i++)
        got += hs_quotas_charge(q, l, 1, 1, 0, DAY, &err) == HS_OK;
    return (void *)(intptr_t)got;
}

static void together_never_more(void **state)
{
    (void)state;
    struct hs_quota l = quota("ana", "a", 5000, 0);
    pthread_t t[4];
    intptr_t all = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, take_singly, &l), 0);
    for (int i = 0; i < 4; i++) {
        void *got;
        pthread_join(t[i], &got);
        all += (intptr_t)got;
    }
    assert_int_equal(all, 5000);
}

static void many_pairs(void **state)
{
    (void)state;
    struct hs_err err;
    char name[32];
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "p%d", i);
        struct hs_quota l = quota(name, "a", 2, 0);
        assert_int_equal(charge(&l, 1, 1 + i % 2, 0, DAY, &err), HS_OK);
    }
    reopen();
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "p%d", i);
        struct hs_quota l = quota(name, "a", 2, 0);
        assert_int_equal(charge(&l, 1, 1, 0, DAY, &err), i % 2 ? HS_LIMIT : HS_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(exact_and_kept, begin, end),
        cmocka_unit_test_setup_teardown(all_or_none, begin, end),
        cmocka_unit_test_setup_teardown(together_never_more, begin, end),
        cmocka_unit_test_setup_teardown(many_pairs, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
