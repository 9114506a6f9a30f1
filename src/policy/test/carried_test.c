/* What other engines are told of a decision that they cannot carry whole: nothing where it allows only aggregates, and
 * not "exact" alone where it ends or counts. */
#include "policy/dialect.h"
#include "policy/seeing.h"
#include "policy/test/world.h"

static struct world w;

static int begin(void **state)
{
    (void)state;
    w_init(&w);
    return 0;
}

static int end(void **state)
{
    (void)state;
    w_fini(&w);
    return 0;
}

static const char *explain(const struct hs_principal *who, const char *dialect, bool json)
{
    static const struct hs_facts now = {.now_us = 1000};
    struct hs_explain_request r = {.model = &w.model,
                                   .who = who,
                                   .table = &w.table,
                                   .bound = w.bound,
                                   .facts = &now,
                                   .dialect = hs_str_of(dialect)};
    struct hs_explained *e;
    struct hs_buf b;
    if (hs_explain(w.arena, &r, &e, &w.err) != HS_OK)
        fail_msg("%s", w.err.detail);
    hs_buf_init(&b, 1 << 20);
    (json ? hs_buf_add_explained_json : hs_buf_add_explained)(&b, e);
    return w_keep(&w, &b);
}

static void test_aggregates_are_said_nowhere(void **state)
{
    (void)state;
    static const char *const dialects[] = {"duckdb", "trino", "postgres", "iceberg"};
    struct hs_principal ana = w_who("ana", &analyst);
    w_grant(&w, "g", &analyst, NULL);
    static const char *const region[] = {"region"};
    struct hs_policy *p = w_add(&w, HS_AGGREGATE, "a");
    w_columns(&w, p, 1, region);
    p->minimum = 10;
    for (size_t i = 0; i < COUNT(dialects); i++) {
        const char *text = explain(&ana, dialects[i], false);
        if (!strstr(text, "(refused)") || strstr(text, "(exact)") || strstr(text, "(stand-in)"))
            fail_msg("%s", text);
    }
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("not there: %s\nin: %s", part, text);
}

static void test_what_is_not_carried_is_said(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst);
    struct hs_policy *g = w_grant(&w, "g", &analyst, NULL);
    w_columns(&w, g, 1, (const char *const[]){"id"});
    has(explain(&ana, "trino", false), "in trino, column id (exact): ");
    g->expires_us = 2000000;
    has(explain(&ana, "trino", false), "in trino, column id (exact; until 1970-01-01T00:00:02.000000Z): ");
    g->limits.rows_per_day = 5;
    has(explain(&ana, "duckdb", false), "(exact; until 1970-01-01T00:00:02.000000Z; quota not carried): ");
    has(explain(&ana, "iceberg", true),
        "\"fit\": \"exact\", \"note\": \"until 1970-01-01T00:00:02.000000Z; quota not carried\"");
    struct hs_buf b;
    enum hs_fit fit;
    hs_buf_init(&b, 1 << 16);
    assert_int_equal(hs_print_postgres_script(&b, w_ok(&w, &ana), T("raw"), T("shown"), T("ana"), &fit, &w.err), HS_OK);
    has(w_keep(&w, &b), "-- until 1970-01-01T00:00:02.000000Z; quota not carried\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_aggregates_are_said_nowhere, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_not_carried_is_said, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
