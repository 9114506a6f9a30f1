/* PolicyTest documents, and a table's type from its contract alone. */
#include "model/test/helper.h"

#include "model/assume.h"
#include "model/cases.h"

#define HEAD "kind: PolicyTest\nname: t\ngiven: {table: sales.orders, rows: [{id: 1}, {id: 2}]}\n"

static struct hs_arena *arena;
static struct hs_err err;

static int begin(void **state)
{
    (void)state;
    arena = hs_arena_new(0);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    hs_arena_free(arena);
    return 0;
}

static void test_whole(void **state)
{
    (void)state;
    struct hs_case_file f;
    const char *text = HEAD "cases:\n- {as: ana, then: {visible: 2, columns: [id]}}\n"
                            "- {as: {name: x, roles: [r], attributes: {region: EU}}, purpose: audit, at: 2027-01-01, "
                            "then: {rows: [{id: 2}], cell: {row: 1, column: email, is: null}}}\n"
                            "- {as: ben, then: {refused: true}}\n---\n" HEAD "cases: [{as: a, then: {minimum: 5}}]\n";
    if (hs_cases_read(arena, HS_S("a.test.yaml"), hs_str_of(text), &f, &err) != HS_OK)
        fail_msg("%s", err.shown);
    assert_int_equal(f.tests.len, 2);
    const struct hs_case *c = f.tests.at[0].cases.at;
    assert_int_equal(f.tests.at[0].rows->count, 2);
    assert_true(hs_str_is(c[0].as, "ana") && c[0].visible == 2 && c[0].minimum == -1 && c[0].column_count == 1);
    assert_true(c[1].who.role_count == 1 && c[1].who.attribute_count == 1 && c[1].rows->count == 1 && c[1].now_us > 0);
    assert_true(c[1].cells.len == 1 && c[1].cells.at[0].row == 1 && c[1].cells.at[0].is);
    assert_true(c[2].refused && c[2].at.line == 7);
    assert_int_equal(f.tests.at[1].cases.at[0].minimum, 5);
}

static void test_mistakes(void **state)
{
    static const char *const bad[][2] = {
        {"kind: PolicyTst\nname: x\n", "a.test.yaml:1:7: 'kind' is 'PolicyTst', and must be one of: PolicyTest"},
        {HEAD, "a PolicyTest needs 'cases'"},
        {HEAD "cases: []\n", "'cases' is empty"},
        {HEAD "cases: [{as: ana, then: {}}]\n", "a.test.yaml:4:25: 'then' expects nothing"},
        {HEAD "cases: [{as: ana, then: {refused: true, visible: 1}}]\n", "has no answer that could be expected"},
        {HEAD "cases: [{as: ana, thn: {visible: 1}}]\n", "unknown key 'thn' in a case (did you mean 'then'?)"},
        {HEAD "cases: [{then: {visible: 1}}]\n", "a case needs 'as'"},
        {HEAD "cases: [{as: ana, then: {visible: -1}}]\n", "must be a whole number"},
        {HEAD "cases: [{as: ana, then: {cell: {row: 1, column: x}}}]\n", "a cell needs 'is'"},
        {HEAD "cases: [{as: ana, then: {rows: [1]}}]\n", "'a row' must be a mapping"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct hs_case_file f;
        assert_int_equal(hs_cases_read(arena, HS_S("a.test.yaml"), hs_str_of(bad[i][0]), &f, &err), HS_INVALID);
        if (!strstr(err.shown, bad[i][1]))
            fail_msg("%s\nnot in: %s", bad[i][1], err.shown);
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_true(hs_is_case_file(HS_S("domains/sales/policies/orders.test.yaml")));
    assert_false(hs_is_case_file(HS_S(".test.yaml")));
    assert_false(hs_is_case_file(HS_S("domains/sales/policies/test.yaml")));
}

static void test_assumed_types(void **state)
{
    struct hs_model *m = NULL;
    struct hs_type *t;
    struct hs_buf b;
    (void)state;
    if (load_with(NULL, NULL, &m, &err) != HS_OK)
        fail_msg("%s", err.shown);
    assert_int_equal(hs_table_assume(arena, hs_model_table(m, HS_S("sales"), HS_S("orders")), &t, &err), HS_OK);
    hs_buf_init(&b, 4096);
    hs_buf_add_type(&b, t);
    assert_string_equal(b.at, "struct<id: long, email: string, region: string, amount: decimal(18, 4), customer: "
                              "struct<street: string>, lines: list<struct<price: decimal(18, 4)>>, extra: map<string, "
                              "string>>");
    hs_buf_fini(&b);
    for (size_t i = 0; i < t->field_count; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(t->fields[i].id, t->fields[k].id);
    hs_model_unref(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole, begin, end),
        cmocka_unit_test_setup_teardown(test_mistakes, begin, end),
        cmocka_unit_test_setup_teardown(test_names, begin, end),
        cmocka_unit_test_setup_teardown(test_assumed_types, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
