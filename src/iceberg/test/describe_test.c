/* `hailstorm table PATH`: the report of small tables, and of every table that others wrote. */
#include "arrow/param.h"
#include "base/alloc.h"
#include "golden.h"
#include "iceberg/describe_in.h"
#include "seeds.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char *described(const struct hs_store *store, struct hs_buf *out)
{
    struct hs_iceberg_table *t = NULL;
    struct hs_err err = {0};
    hs_buf_clear(out);
    hs_rc rc = hs_iceberg_open(store, &t, &err);
    if (rc == HS_OK)
        rc = hs_iceberg_describe(out, store, t, &err);
    hs_iceberg_unref(t);
    if (rc != HS_OK)
        print_message("%s\n", err.detail);
    assert_int_equal(rc, HS_OK);
    return out->at;
}

static void test_mini(void **state)
{
    (void)state;
    struct hs_store store = {.root = mini_root()};
    struct hs_buf out;
    hs_buf_init(&out, 1 << 20);
    const char *text = described(&store, &out);
    static const char *const parts[] = {
        "format version ",         "schema 0",           "  1 id ",          "snapshots: ",
        "data: 2 files, 5 rows, ", "  Parquet: 2 files", "deletes: 0 files", "would be refused: nothing\n"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!strstr(text, parts[i]))
            print_message("no %s in\n%s\n", parts[i], text);
        assert_non_null(strstr(text, parts[i]));
    }
    hs_buf_fini(&out);
}

static void test_values(void **state)
{
    (void)state;
    static const struct {
        struct hs_param value;
        const char *text;
    } cases[] = {
        {{.type = HS_T_INT, .null = true}, "NULL"},
        {{.type = HS_T_LONG, .i = INT64_MIN}, "-9223372036854775808"},
        {{.type = HS_T_DATE, .i = -1}, "1969-12-31"},
        {{.type = HS_T_TIME, .i = 81068123456}, "22:31:08.123456"},
        {{.type = HS_T_TIMESTAMP, .i = -500000}, "1969-12-31T23:59:59.500000"},
        {{.type = HS_T_TIMESTAMPTZ_NS, .i = 1}, "1970-01-01T00:00:00.000000001Z"},
        {{.type = HS_T_STRING, .text = {"a\"\n", 3}}, "\"a\\\"\\n\""},
        {{.type = HS_T_BINARY, .text = {"\0\xff", 2}}, "0x00ff"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hs_buf out;
        hs_buf_init(&out, 1000);
        hs_buf_add_plain_value(&out, &cases[i].value);
        assert_string_equal(out.at, cases[i].text);
        hs_buf_fini(&out);
    }
}

/* What the report says would be refused, the plan refuses, and the other way round; deletes in Parquet aside, for
 * which nobody here reads rows. */
static void test_fixtures(void **state)
{
    (void)state;
    struct golden g;
    struct hs_buf out;
    int tables = 0, refused = 0;
    FILE *f = golden_list();
    if (!f)
        skip();
    hs_buf_init(&out, 16 << 20);
    while (golden_next(f, &g)) {
        struct hs_err err = {0};
        struct hs_iceberg_table *t = NULL;
        struct hs_pin pin;
        struct hs_plan plan;
        struct hs_arena *a = hs_arena_new(0);
        if (hs_iceberg_open(&g.store, &t, &err) == HS_OK) {
            const char *text = described(&g.store, &out);
            assert_int_equal(hs_iceberg_pin(a, t, NULL, &pin, &err), HS_OK);
            hs_rc rc = hs_iceberg_plan(a, &(struct hs_plan_request){.store = &g.store, .pin = &pin}, &plan, &err);
            bool says = strstr(text, "would be refused:\n") != NULL;
            bool deletes = strstr(text, "  by position: ") || strstr(text, "  by equality: ");
            if (!deletes && says != (rc != HS_OK))
                print_message("%s: %s\n%s\n", g.name, rc == HS_OK ? "planned" : err.detail, text);
            assert_true(deletes || says == (rc != HS_OK));
            tables++;
            refused += says;
        }
        hs_iceberg_unref(t);
        hs_arena_free(a);
    }
    fclose(f);
    hs_buf_fini(&out);
    printf("described %d tables, %d of them with something to refuse\n", tables, refused);
    assert_true(tables > 90);
}

/* Every allocation failing in turn: the report ends, and nothing is left. */
static void test_every_allocation_fails(void **state)
{
    (void)state;
    struct hs_store store = {.root = mini_root()};
    hs_rc rc = HS_NOMEM;
    for (long n = 0; rc != HS_OK && n < 10000; n++) {
        struct hs_iceberg_table *t = NULL;
        struct hs_err err;
        struct hs_buf out;
        hs_buf_init(&out, 1 << 20);
        hs_iceberg_cache_clear();
        hs_fault_alloc_after(n);
        rc = hs_iceberg_open(&store, &t, &err);
        if (rc == HS_OK)
            rc = hs_iceberg_describe(&out, &store, t, &err);
        hs_fault_alloc_after(-1);
        assert_true(rc == HS_OK || rc == HS_NOMEM);
        hs_iceberg_unref(t);
        hs_buf_fini(&out);
    }
    assert_int_equal(rc, HS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mini), cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_fixtures), cmocka_unit_test(test_every_allocation_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
