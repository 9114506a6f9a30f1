/* Every table that others wrote: the planned rows are the expected rows, or the table is refused. Equality deletes are
 * the engine's to apply: with them the plan holds at least the expected rows. Position deletes in Parquet need the
 * engine too; tests/fixtures has those. */
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct count {
    int tables, served, refused, wrong;
};

static int64_t live_rows(const struct hs_plan *plan)
{
    int64_t rows = plan->record_count;
    for (size_t i = 0; i < plan->file_count; i++)
        for (int64_t at = 0; plan->files[i].gone && at < plan->files[i].record_count; at++)
            rows -= hs_positions_has(plan->files[i].gone, at);
    return rows;
}

static hs_rc plan_rows(const struct golden *g, int64_t *out, bool *at_least, struct hs_err *err)
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
        *out = live_rows(&plan);
    if (rc == HS_OK)
        *at_least = plan.equality_count > 0;
    hs_arena_free(a);
    hs_iceberg_unref(t);
    return rc;
}

static void look_at(const struct golden *g, struct count *n)
{
    struct hs_err err = {0};
    char text[32];
    int64_t rows = 0;
    bool at_least = false;
    n->tables++;
    hs_rc rc = plan_rows(g, &rows, &at_least, &err);
    snprintf(text, sizeof text, "%lld", (long long)rows);
    if (rc != HS_OK) {
        n->refused++;
        printf("refused %s: %s: %s (%s)\n", g->name, hs_kind_name(rc), err.shown, err.detail);
    } else if (strcmp(text, g->rows) == 0 || (at_least && rows >= atoll(g->rows))) {
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
    assert_true(n.served >= 76); /* grows with what the reader learns, never shrinks */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fixtures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
