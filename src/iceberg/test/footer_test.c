/* Parquet footers: the tree we make of one, and one cut at every byte. */
#include "iceberg/parquet.h"
#include "seeds.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static hs_rc read_tree(struct hs_arena *a, hs_str bytes, struct hs_parquet_footer *footer, struct hs_physical *out)
{
    struct hs_err err;
    hs_rc rc = hs_parquet_thrift(a, bytes, footer, &err);
    return rc == HS_OK ? hs_parquet_schema(a, footer, out, &err) : rc;
}

static void assert_tree(const char *name, const char *expected, bool has_ids)
{
    struct hs_arena *a = hs_arena_new(0);
    hs_str bytes = seed(name);
    struct hs_parquet_footer footer;
    struct hs_physical physical;
    struct hs_buf text;
    assert_int_equal(read_tree(a, bytes, &footer, &physical), HS_OK);
    hs_buf_init(&text, 4096);
    hs_buf_add_type(&text, physical.type);
    assert_string_equal(text.at, expected);
    assert_int_equal(physical.has_ids, has_ids);
    assert_int_equal(footer.row_count, 1);
    assert_int_equal(footer.row_group_count, 1);
    hs_buf_fini(&text);
    seed_free(bytes);
    hs_arena_free(a);
}

static void test_trees(void **state)
{
    (void)state;
    assert_tree("corpus/fuzz_footer/all.thrift",
                "struct<id: int, region: string, amount: decimal(9, 2), at: timestamptz, tags: list<string>, "
                "point: struct<x: double, y: double>, pairs: map<string, int>>",
                true);
    char plain[256]; /* a small integer keeps its width, so that the engine knows to widen it */
    snprintf(plain, sizeof plain, "struct<a: %s, b: time, c: timestamp, d: fixed[16], e: list<list<long>>>",
             hs_type_name(HS_T_UINT16));
    assert_tree("corpus/fuzz_footer/plain.thrift", plain, false);
}

static void test_names_are_text(void **state)
{
    (void)state;
    static const char bad[] = {0, (char)0xff, (char)0xc0};
    for (size_t i = 0; i < sizeof bad; i++) {
        struct hs_arena *a = hs_arena_new(0);
        hs_str bytes = seed("corpus/fuzz_footer/all.thrift");
        struct hs_parquet_footer footer;
        struct hs_physical physical;
        char *name = memmem(bytes.at, bytes.len, "region", 6);
        assert_non_null(name);
        name[1] = bad[i];
        assert_int_equal(read_tree(a, bytes, &footer, &physical), HS_CORRUPT);
        seed_free(bytes);
        hs_arena_free(a);
    }
}

static void test_cut_at_every_byte(void **state)
{
    (void)state;
    hs_str bytes = seed("corpus/fuzz_footer/all.thrift");
    for (size_t len = 0; len < bytes.len; len++) {
        struct hs_arena *a = hs_arena_new(0);
        hs_str cut = seed_cut(bytes, len);
        struct hs_parquet_footer footer;
        struct hs_physical physical;
        assert_int_equal(read_tree(a, cut, &footer, &physical), HS_CORRUPT);
        seed_free(cut);
        hs_arena_free(a);
    }
    seed_free(bytes);
}

/* Elements as a writer of old lists would put them (LogicalTypes.md, "Lists"). */
static void assert_elements(const struct hs_parquet_element *elements, size_t count, const char *expected)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_parquet_footer footer = {.elements = (struct hs_parquet_element *)(uintptr_t)elements,
                                       .element_count = count};
    struct hs_physical physical;
    struct hs_err err;
    struct hs_buf text;
    hs_rc rc = hs_parquet_schema(a, &footer, &physical, &err);
    assert_int_equal(rc, expected ? HS_OK : HS_CORRUPT);
    hs_buf_init(&text, 4096);
    if (expected) {
        hs_buf_add_type(&text, physical.type);
        assert_string_equal(text.at, expected);
    }
    hs_buf_fini(&text);
    hs_arena_free(a);
}

#define GROUP(n, children, ...)                                                                        \
    {                                                                                                  \
        .physical = HS_PQ_GROUP, .field_id = -1, .name = HS_S(n), .child_count = children, __VA_ARGS__ \
    }
#define INT32(n, ...)                                                         \
    {                                                                         \
        .physical = HS_PQ_INT32, .field_id = -1, .name = HS_S(n), __VA_ARGS__ \
    }

static void test_old_lists(void **state)
{
    (void)state;
    const struct hs_parquet_element bare[] = {GROUP("root", 1), GROUP("l", 1, .logical = HS_PQ_LIST),
                                              INT32("element", .repetition = HS_PQ_REPEATED)};
    assert_elements(bare, 3, "struct<l: list<int>>");
    const struct hs_parquet_element array[] = {GROUP("root", 1), GROUP("l", 1, .logical = HS_PQ_LIST),
                                               GROUP("array", 1, .repetition = HS_PQ_REPEATED), INT32("x")};
    assert_elements(array, 4, "struct<l: list<struct<x: int>>>");
    const struct hs_parquet_element tuple[] = {GROUP("root", 1), GROUP("l", 1, .logical = HS_PQ_LIST),
                                               GROUP("l_tuple", 1, .repetition = HS_PQ_REPEATED), INT32("x")};
    assert_elements(tuple, 4, "struct<l: list<struct<x: int>>>");
    const struct hs_parquet_element three[] = {GROUP("root", 1), GROUP("l", 1, .logical = HS_PQ_LIST),
                                               GROUP("bag", 1, .repetition = HS_PQ_REPEATED), INT32("x")};
    assert_elements(three, 4, "struct<l: list<int>>");
    const struct hs_parquet_element repeated[] = {GROUP("root", 1), INT32("x", .repetition = HS_PQ_REPEATED)};
    assert_elements(repeated, 2, "struct<x: list<int>>");
}

static void test_bad_trees(void **state)
{
    (void)state;
    const struct hs_parquet_element short_by_one[] = {GROUP("root", 2), INT32("x")};
    assert_elements(short_by_one, 2, NULL);
    const struct hs_parquet_element too_many[] = {GROUP("root", 1), INT32("x"), INT32("y")};
    assert_elements(too_many, 3, NULL);
    const struct hs_parquet_element no_list[] = {GROUP("root", 1), GROUP("l", 1, .logical = HS_PQ_LIST), INT32("x")};
    assert_elements(no_list, 3, NULL);
    const struct hs_parquet_element odd_map[] = {GROUP("root", 1), GROUP("m", 1, .logical = HS_PQ_MAP),
                                                 GROUP("kv", 1, .repetition = HS_PQ_REPEATED), INT32("k")};
    assert_elements(odd_map, 4, NULL);
    static struct hs_parquet_element deep[100];
    for (int i = 0; i < 100; i++)
        deep[i] = (struct hs_parquet_element)GROUP("g", 1);
    assert_elements(deep, 100, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_trees), cmocka_unit_test(test_names_are_text),
                                       cmocka_unit_test(test_cut_at_every_byte), cmocka_unit_test(test_old_lists),
                                       cmocka_unit_test(test_bad_trees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
