/* What the printer makes of trees of the real engine, letter by letter, and what it copies inside. */
#include "base/alloc.h"
#include "engine/statement_in.h"
#include "engine/test/guard_samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct hs_statement *statement(struct hs_arena *a, const char *name)
{
    size_t len;
    char *json = sample(name, &len);
    struct hs_statement *s = NULL;
    struct hs_err err = {0};
    if (hs_guard_statement(a, HS_S(""), hs_str_n(json, len), &s, &err) != HS_OK)
        fail_msg("%s: %s (%s)", name, err.shown, err.detail);
    free(json);
    return s;
}

static void check_print(const char *name, const char *want)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_buf out;
    struct hs_err err = {0};
    hs_buf_init(&out, 1 << 20);
    assert_int_equal(hs_statement_print(statement(a, name), NULL, NULL, NULL, &out, &err), HS_OK);
    assert_string_equal(out.at, want);
    hs_buf_fini(&out);
    hs_arena_free(a);
}

static void prints(void **state)
{
    (void)state;
    check_print(
        "select",
        "SELECT \"a\".\"id\", \"orders\".\"v\" AS \"w\", (-1.5), 'it''s', NULL, 1e400 FROM (\"hs_scan_0\" AS "
        "\"a\" CROSS JOIN \"hs_scan_1\" AS \"orders\") WHERE (((\"a\".\"id\" >= $1) AND (\"v\" <> 'x')) OR (NOT "
        "(\"w\" IS NULL))) ORDER BY 1 DESC NULLS LAST LIMIT 3 OFFSET $2");
    check_print("star_name",
                "SELECT \"z.* from read_text('x') z --\".* FROM \"hs_scan_0\" AS \"z.* from read_text('x') z --\"");
    check_print("distinct",
                "SELECT DISTINCT ON (\"a\", \"b\") \"a\" FROM \"hs_scan_0\" AS \"t\" ORDER BY COLUMNS(*) LIMIT (10) %");
    check_print(
        "with",
        "WITH RECURSIVE \"hs_cte_0\"(\"n\") AS ((SELECT 1) UNION ALL (SELECT (\"n\" + 1) FROM \"hs_cte_0\" AS \"r\" "
        "WHERE (\"n\" < 5))), \"hs_cte_1\" AS MATERIALIZED (SELECT * FROM \"hs_cte_0\" AS \"r\") (SELECT * FROM "
        "(\"hs_cte_1\" AS \"m\" CROSS JOIN \"hs_scan_0\" AS \"t\")) UNION ALL BY NAME (VALUES (1), (2))");
}

/* What reports are made of reads columns as they come; a lambda, COLUMNS or a window function off the list does not. */
static void tells_what_comes_apart(void **state)
{
    static const struct {
        const char *name;
        enum hs_apart apart;
    } cases[] = {{"star_name", HS_APART_NOTHING}, {"select", HS_APART_NESTED}, {"tpch_06", HS_APART_NESTED},
                 {"tpch_13", HS_APART_NESTED},    {"nested", HS_APART_ALL},    {"distinct", HS_APART_ALL}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hs_arena *a = hs_arena_new(0);
        if (hs_statement_apart(statement(a, cases[i].name)) != cases[i].apart)
            fail_msg("%s", cases[i].name);
        hs_arena_free(a);
    }
}

static void tells_references(void **state)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_statement *s = statement(a, "select");
    (void)state;
    assert_int_equal(s->ref_count, 2);
    assert_int_equal(s->param_count, 2);
    assert_true(hs_str_is(s->refs[0].schema, "sales") && hs_str_is(s->refs[0].name, "orders"));
    assert_int_equal(s->refs[0].at_kind, HS_AT_NONE);
    s = statement(a, "with");
    assert_int_equal(s->ref_count, 1);
    assert_true(s->refs[0].at_kind == HS_AT_VERSION && hs_str_is(s->refs[0].at, "3"));
    s = statement(a, "distinct");
    assert_true(s->refs[0].at_kind == HS_AT_TIMESTAMP && hs_str_is(s->refs[0].at, "2020-01-01"));
    hs_arena_free(a);
}

/* TPC-H 6 over a lineitem whose l_discount is masked. */
static struct hs_type date_type = {.id = HS_T_DATE}, price_type = {.id = HS_T_DECIMAL, .precision = 15, .scale = 2};
static const struct hs_scan_column lineitem[] = {
    {HS_S("l_shipdate"), HS_S("\"f1\""), &date_type, true},
    {HS_S("l_quantity"), HS_S("\"f2\""), &price_type, true},
    {HS_S("l_discount"), HS_S("CASE WHEN \"f3\" IS NULL THEN NULL ELSE 0 END"), &price_type, false},
    {HS_S("l_extendedprice"), HS_S("\"f4\""), &price_type, true},
};

static void copies_inside(void **state)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_scan scan = {.columns = lineitem, .column_count = 4};
    struct hs_buf out, inside;
    struct hs_err err = {0};
    (void)state;
    hs_buf_init(&out, 1 << 20);
    hs_buf_init(&inside, 1 << 20);
    assert_int_equal(hs_statement_print(statement(a, "tpch_06"), &scan, NULL, &inside, &out, &err), HS_OK);
    assert_string_equal(inside.at,
                        "(\"l_shipdate\" >= CAST('1994-01-01' AS DATE)) AND (\"l_shipdate\" < CAST('1995-01-01' AS "
                        "DATE)) AND (\"l_quantity\" < CAST('24' AS DECIMAL(15, 2)))");
    assert_non_null(strstr(out.at, "\"l_shipdate\" >=")); /* it stays outside as well */
    hs_buf_fini(&out);
    hs_buf_fini(&inside);
    hs_arena_free(a);
}

static void every_allocation_may_fail(void **state)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_scan scan = {.columns = lineitem, .column_count = 4};
    const struct hs_statement *s = statement(a, "tpch_06");
    (void)state;
    for (long n = 0; n < 10000; n++) {
        struct hs_buf out, inside;
        struct hs_err err = {0};
        hs_buf_init(&out, 1 << 20);
        hs_buf_init(&inside, 1 << 20);
        hs_fault_alloc_after(n);
        hs_rc rc = hs_statement_print(s, &scan, NULL, &inside, &out, &err);
        bool all = hs_fault_alloc_after(-1) <= n;
        hs_buf_fini(&out);
        hs_buf_fini(&inside);
        assert_true(rc == HS_OK || rc == HS_NOMEM || rc == HS_LIMIT);
        if (all)
            break;
    }
    hs_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints),
        cmocka_unit_test(tells_what_comes_apart),
        cmocka_unit_test(tells_references),
        cmocka_unit_test(copies_inside),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
