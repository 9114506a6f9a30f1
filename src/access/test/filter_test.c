/* Row rules as filters: every form, and what has no counterpart. */
#include "access/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct hs_type types[] = {
    {.id = HS_T_LONG},        {.id = HS_T_STRING},      {.id = HS_T_DECIMAL, .precision = 9, .scale = 2},
    {.id = HS_T_DATE},        {.id = HS_T_TIMESTAMPTZ}, {.id = HS_T_DOUBLE},
    {.id = HS_T_UUID},        {.id = HS_T_BOOLEAN},     {.id = HS_T_STRUCT},
    {.id = HS_T_TIMESTAMP_NS}};
static struct hs_field member = {.id = 90, .name = {"city", 4}, .type = &types[1]};
static struct hs_field fields[10];

static void assert_filter(const char *text, const char *expected)
{
    static const char *const names[] = {"n", "s", "d", "day", "at", "f", "u", "b", "where_", "ns"};
    struct hs_arena *a = hs_arena_new(0);
    struct hs_rule *parsed, *bound;
    const struct hs_filter *filter;
    struct hs_err err;
    struct hs_buf b;
    types[8].fields = &member;
    types[8].field_count = 1;
    for (int i = 0; i < 10; i++)
        fields[i] = (struct hs_field){.id = i + 1, .name = hs_str_of(names[i]), .type = &types[i]};
    struct hs_type table = {.id = HS_T_STRUCT, .fields = fields, .field_count = 10};
    assert_int_equal(hs_rule_parse(a, hs_str_of(text), HS_S("p.yaml"), 1, 1, &parsed, &err), HS_OK);
    assert_int_equal(hs_rule_bind(a, parsed, &table, HS_S("p.yaml"), &bound, &err), HS_OK);
    assert_int_equal(hs_rule_fold(a, bound, &err), HS_OK); /* as a decision has it */
    assert_int_equal(hs_filter_of_rule(a, bound, &filter, &err), HS_OK);
    hs_buf_init(&b, 1 << 16);
    hs_buf_add_filter(&b, filter);
    hs_buf_addc(&b, '\0');
    assert_int_equal(hs_buf_done(&b, &err), HS_OK);
    assert_string_equal(b.at, expected);
    hs_buf_fini(&b);
    hs_arena_free(a);
}

static void test_forms(void **state)
{
    (void)state;
    assert_filter("n = 5", "(f1 = 5)");
    assert_filter("5 < n", "(f1 > 5)");
    assert_filter("n >= 5 and s = 'EU'", "((f1 >= 5) and (f2 = 'EU'))");
    assert_filter("not (n = 5 or s <> 'EU')", "((f1 <> 5) and (f2 = 'EU'))");
    assert_filter("s in ('a', 'b')", "(f2 in 'a', 'b')");
    assert_filter("s not in ('a', null)", "((f2 not in 'a') and unknown)");
    assert_filter("n between 1 and 3", "((f1 >= 1) and (f1 <= 3))");
    assert_filter("s starts with 'x'", "(f2 starts with 'x')");
    assert_filter("s is not null", "(f2 is not null)");
    assert_filter("d > 1.5", "(f3 > '1.5')");
    assert_filter("day = date '1970-01-03'", "(f4 = 2)");
    assert_filter("at < timestamp '1970-01-01 00:00:01+00:00'", "(f5 < 1000000)");
    assert_filter("f > 0.1", "(f6 > 0.10000000000000001)");
    assert_filter("f = 3", "(f6 = 3)");
    assert_filter("b", "(f8 = 1)");
    assert_filter("not b", "(f8 <> 1)");
    assert_filter("b = true", "(f8 = 1)");
    assert_filter("n = null", "unknown");
    assert_filter("true", "true");
    assert_filter("ns > timestamp '1970-01-01 00:00:01'", "(f10 > 1000000)");
}

static void test_any(void **state)
{
    (void)state;
    assert_filter("s ends with 'x'", "any");
    assert_filter("not s ends with 'x'", "any");
    assert_filter("where_.city = 'x'", "any");
    assert_filter("n = n", "any");
    assert_filter("'x' starts with s", "any");
    assert_filter("n = 1 or s ends with 'x'", "((f1 = 1) or any)");
}

/* What is computed from constants still leaves files out; what is computed from columns leaves none out. */
static void test_computed(void **state)
{
    (void)state;
    assert_filter("day >= date '1970-02-01' - days(30)", "(f4 >= 1)");
    assert_filter("n > 2 * 3 and 1 + 1 = 2", "(f1 > 6)");
    assert_filter("n = 1 and 'a' in ('b', 'c')", "false");
    assert_filter("n = 1 or 3 > 2", "true");
    assert_filter("n = 1 and 'abc' contains 'b'", "(f1 = 1)");
    assert_filter("n = 1 or null > 2", "((f1 = 1) or unknown)");
    assert_filter("n + 1 > 5", "any");
    assert_filter("5 < n + 1", "any");
    assert_filter("n between n - 1 and 5", "any");
    assert_filter("n in (n * 2, 5)", "any");
    assert_filter("d * 2 > f", "any");
    assert_filter("day + days(3) > date '1970-01-11'", "(f4 > 7)");
    assert_filter("date '1970-01-11' > day - days(3)", "(f4 < 13)");
    assert_filter("at - minutes(1) <= timestamp '1970-01-01 00:01:00Z'", "(f5 <= 120000000)");
    assert_filter("at + days(1) = timestamp '1970-01-02 00:00:00Z'", "(f5 = 0)");
    assert_filter("day + days(3) > null", "any");
    assert_filter("day + months(1) > date '1970-02-01'", "any");
    assert_filter("day + days(1) + days(1) > date '1970-02-01'", "any");
    assert_filter("day - day > 3", "any");
    assert_filter("day + days(3) > day", "any");
    assert_filter("n + 1 is null", "any");
    assert_filter("not (-n > 3)", "any");
    assert_filter("s contains 'x'", "any");
    assert_filter("s not contains 'x' and n = 1", "(any and (f1 = 1))");
}

static void test_uuid(void **state)
{
    (void)state;
    struct hs_type uuid = {.id = HS_T_UUID};
    struct hs_field field = {.id = 7, .name = HS_S("u"), .type = &uuid};
    struct hs_type table = {.id = HS_T_STRUCT, .fields = &field, .field_count = 1};
    struct hs_arena *a = hs_arena_new(0);
    struct hs_rule *parsed, *bound;
    const struct hs_filter *filter;
    struct hs_err err;
    hs_str text = HS_S("u = 'F79C3E09-677c-4bbd-a479-3f349cb785e7'");
    assert_int_equal(hs_rule_parse(a, text, HS_S("p.yaml"), 1, 1, &parsed, &err), HS_OK);
    assert_int_equal(hs_rule_bind(a, parsed, &table, HS_S("p.yaml"), &bound, &err), HS_OK);
    assert_int_equal(hs_filter_of_rule(a, bound, &filter, &err), HS_OK);
    assert_int_equal(filter->value_count, 1);
    assert_int_equal(filter->values[0].type, HS_T_UUID);
    assert_memory_equal(filter->values[0].text.at, "\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7",
                        16);
    hs_arena_free(a);
}

static void assert_asked(const struct hs_condition *c, const char *expected)
{
    struct hs_field where_n = {.id = 7, .name = HS_S("n"), .type = &types[0]}, s = {.id = 3, .type = &types[1]};
    struct hs_decided_column columns[] = {{.field = &where_n}, {.field = &s}};
    struct hs_decision d = {.columns = columns, .column_count = 2};
    struct hs_arena *a = hs_arena_new(0);
    const struct hs_filter *filter;
    struct hs_err err;
    struct hs_buf b;
    assert_int_equal(hs_filter_of_condition(a, c, &d, &filter, &err), HS_OK);
    hs_buf_init(&b, 1 << 16);
    hs_buf_add_filter(&b, filter);
    hs_buf_addc(&b, '\0');
    assert_string_equal(b.at, expected);
    hs_buf_fini(&b);
    hs_arena_free(a);
}

/* By the field ids of the decision's columns; a column that is not there says nothing. */
static void test_asked(void **state)
{
    struct hs_param five = {.type = HS_T_LONG, .i = 5}, x = {.type = HS_T_STRING, .text = HS_S("x")},
                    none = {.null = true};
    struct hs_condition n = {.op = HS_ASK_GE, .column = 0, .values = &five, .value_count = 1};
    struct hs_condition s = {.op = HS_ASK_STARTS_WITH, .column = 1, .values = &x, .value_count = 1};
    struct hs_condition other = {.op = HS_ASK_EQ, .column = 2, .values = &five, .value_count = 1}, open = {0};
    struct hs_condition nil = {.op = HS_ASK_EQ, .column = 0, .values = &none, .value_count = 1};
    struct hs_condition parts[] = {n, s, open}, both = {.op = HS_ASK_AND, .parts = parts, .part_count = 3};
    struct hs_condition neither = {.op = HS_ASK_NOT, .parts = &both, .part_count = 1};
    (void)state;
    assert_asked(&n, "(f7 >= 5)");
    assert_asked(&both, "((f7 >= 5) and (f3 starts with 'x') and any)");
    assert_asked(&neither, "((f7 < 5) or (f3 not starts with 'x') or any)");
    assert_asked(&other, "any");
    assert_asked(&nil, "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_any),
                                       cmocka_unit_test(test_computed), cmocka_unit_test(test_uuid),
                                       cmocka_unit_test(test_asked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
