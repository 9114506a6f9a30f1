/* Every table that others wrote: the planned rows are the expected rows, or the table is refused. */
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct count {
    int tables, served, refused, wrong;
};

static hs_rc plan_rows(const struct golden *g, int64_t *out, struct hs_err *err)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_iceberg_table *t = NULL;
    struct hs_pin pin;
    struct hs_plan plan;
    hs_rc rc = hs_iceberg_open(&g->store, &t, err);
    if (rc == HS_OK)
        rc = hs_iceberg_pin(a, t, NULL, &pin, err);
    if (rc == HS_OK)
        rc = hs_iceberg_plan(a, &(struct hs_plan_request){.store = &g->store, .pin = &pin, .wanted = NULL}, &plan, err);
    if (rc == HS_OK)
        *out = plan.record_count;
    hs_arena_free(a);
    hs_iceberg_unref(t);
    return rc;
}

static void look_at(const struct golden *g, struct count *n)
{
    struct hs_err err = {0};
    char text[32];
    int64_t rows = 0;
    n->tables++;
    hs_rc rc = plan_rows(g, &rows, &err);
    snprintf(text, sizeof text, "%lld", (long long)rows);
    if (rc != HS_OK) {
        n->refused++;
        printf("refused %s: %s: %s (%s)\n", g->name, hs_kind_name(rc), err.shown, err.detail);
    } else if (strcmp(text, g->rows) == 0) {
        n->served++;
    } else {
        n->wrong++;
        printf("WRONG %s: %s rows planned, %s expected\n", g->name, text, g->rows);
    }
}

static void test_fixtures(void **state)
{
    (void)state;
    struct count n = {0};
    struct golden g;
    FILE *f = golden_list();
    if (!f) {
        printf("fixtures absent: 0 tables looked at\n");
        skip();
    }
    while (golden_next(f, &g))
        look_at(&g, &n);
    fclose(f);
    printf("served %d of %d tables, %d refused, %d wrong\n", n.served, n.tables, n.refused, n.wrong);
    assert_int_equal(n.wrong, 0);
    assert_true(n.served >= 46); /* grows with what the reader learns, never shrinks */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fixtures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
