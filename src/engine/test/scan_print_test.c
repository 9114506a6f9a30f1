/* The text of a scan, letter by letter, and what it refuses. What the text does is shown in tests/sql/test_scans.py. */
#include "base/alloc.h"
#include "engine/statement_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static struct hs_type t_double = {.id = HS_T_DOUBLE}, t_int = {.id = HS_T_INT}, t_long = {.id = HS_T_LONG},
                      t_text = {.id = HS_T_STRING}, t_list = {.id = HS_T_LIST};

#define OPTIONS                                                                                           \
    ", union_by_name := false, hive_partitioning := false, filename := false, file_row_number := false, " \
    "binary_as_string := false)"

static hs_rc print_apart(const struct hs_scan *scan, const char *inside, enum hs_apart apart, char *out,
                         struct hs_err *err)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    hs_rc rc = hs_scan_print(scan, &(struct hs_scan_place){hs_str_of(inside), apart, 0}, &b, err);
    if (rc == HS_OK)
        strcpy(out, b.at);
    hs_buf_fini(&b);
    return rc;
}

static hs_rc print(const struct hs_scan *scan, const char *inside, char *out, struct hs_err *err)
{
    return print_apart(scan, inside, HS_APART_NOTHING, out, err);
}

static struct hs_field raw_fields[] = {{.id = 1, .name = HS_S("a"), .type = &t_long},
                                       {.id = 2, .name = HS_S("b"), .type = &t_text}};
static struct hs_type raw = {.id = HS_T_STRUCT, .fields = raw_fields, .field_count = 2};
static struct hs_field old_fields[] = {{.id = 2, .name = HS_S("old \"b\""), .type = &t_text},
                                       {.id = 1, .name = HS_S("a"), .type = &t_int}};
static struct hs_type old = {.id = HS_T_STRUCT, .fields = old_fields, .field_count = 2};
static const struct hs_scan_file old_paths[] = {{.path = HS_S("/d/it's.parquet")}, {.path = HS_S("/d/2")}},
                                 new_paths[] = {{.path = HS_S("/d/3")}};
static const struct hs_scan_column columns[] = {{HS_S("A \"x\""), HS_S("\"f1\""), &t_long, true},
                                                {HS_S("b"), HS_S("mask(\"f2\")"), &t_text, false}};

static void prints_groups(void **state)
{
    struct hs_scan_group groups[] = {{.physical = &old, .files = old_paths, .file_count = 2},
                                     {.physical = &raw, .files = new_paths, .file_count = 1}};
    struct hs_scan scan = {.raw = &raw,
                           .groups = groups,
                           .group_count = 2,
                           .rows = HS_S("\"f1\" > 3"),
                           .columns = columns,
                           .column_count = 2};
    struct hs_err err = {0};
    char out[4096];
    (void)state;
#define RAW                                                                                                            \
    "SELECT (\"f1\") AS \"A \"\"x\"\"\", (mask(\"f2\")) AS \"b\" FROM (SELECT CAST(\"a\" AS BIGINT) AS \"f1\", \"old " \
    "\"\"b\"\"\" AS \"f2\" FROM read_parquet(['/d/it''s.parquet', '/d/2']" OPTIONS " UNION ALL SELECT \"a\" AS "       \
    "\"f1\", \"b\" AS \"f2\" FROM read_parquet(['/d/3']" OPTIONS ") AS \"raw\" WHERE (\"f1\" > 3)"
    assert_int_equal(print(&scan, "", out, &err), HS_OK);
    assert_string_equal(out, RAW " LIMIT 9223372036854775807");
    assert_int_equal(print(&scan, "(\"b\" = 'x')", out, &err), HS_OK);
    assert_string_equal(out, "SELECT * FROM (" RAW ") AS \"seen\" WHERE ((\"b\" = 'x')) LIMIT 9223372036854775807");
}

/* Below the fence and below everything else that goes by rows. */
static void prints_a_part(void **state)
{
    struct hs_scan_group groups[] = {
        {.physical = &old, .files = new_paths, .file_count = 1, .first_row = 7},
        {.physical = &old, .files = old_paths, .file_count = 2},
        {.physical = &raw, .files = new_paths, .file_count = 1, .end_row = 9},
        {.physical = &raw, .files = new_paths, .file_count = 1, .first_row = 2, .end_row = 3}};
    struct hs_scan scan = {.raw = &raw, .groups = groups, .group_count = 4, .columns = columns, .column_count = 2};
    struct hs_err err = {0};
    char out[8192];
    (void)state;
    assert_int_equal(print(&scan, "", out, &err), HS_OK);
    assert_non_null(strstr(out, "read_parquet(['/d/3']" OPTIONS " WHERE \"file_row_number\" >= 7 UNION ALL SELECT "));
    assert_non_null(strstr(out, "'/d/2']" OPTIONS " UNION ALL SELECT "));
    assert_non_null(strstr(out, "read_parquet(['/d/3']" OPTIONS " WHERE \"file_row_number\" < 9 UNION ALL SELECT "));
    assert_non_null(strstr(out, "read_parquet(['/d/3']" OPTIONS
                                " WHERE \"file_row_number\" >= 2 AND \"file_row_number\" < 3) AS \"raw\" LIMIT"));
}

static void prints_no_rows(void **state)
{
    struct hs_scan scan = {.raw = &raw, .columns = columns, .column_count = 2};
    struct hs_err err = {0};
    char out[4096];
    (void)state;
    assert_int_equal(print(&scan, "", out, &err), HS_OK);
    assert_string_equal(
        out, "SELECT (\"f1\") AS \"A \"\"x\"\"\", (mask(\"f2\")) AS \"b\" FROM (SELECT CAST(NULL AS BIGINT) AS "
             "\"f1\", CAST(NULL AS VARCHAR) AS \"f2\" WHERE false) AS \"raw\" LIMIT 9223372036854775807");
}

/* Above the fence: a column stands alone, nested ones whenever anything is done with values at all. */
static void takes_values_apart(void **state)
{
    static const struct hs_scan_column mixed[] = {{HS_S("a"), HS_S("\"f1\""), &t_long, true},
                                                  {HS_S("l \"x\""), HS_S("\"f2\""), &t_list, true}};
    struct hs_scan scan = {.raw = &raw, .columns = mixed, .column_count = 2};
    struct hs_err err = {0};
    char inside[4096], out[4096], want[8192];
    (void)state;
    assert_int_equal(print(&scan, "", inside, &err), HS_OK);
    assert_int_equal(print_apart(&scan, "", HS_APART_NESTED, out, &err), HS_OK);
    snprintf(want, sizeof want,
             "SELECT \"a\", list_value(\"l \"\"x\"\"\", \"l \"\"x\"\"\")[1] AS \"l \"\"x\"\"\" FROM (%s) AS "
             "\"fenced\"",
             inside);
    assert_string_equal(out, want);
    assert_int_equal(print_apart(&scan, "", HS_APART_ALL, out, &err), HS_OK);
    snprintf(want, sizeof want,
             "SELECT greatest(\"a\", \"a\") AS \"a\", list_value(\"l \"\"x\"\"\", \"l \"\"x\"\"\")[1] AS \"l "
             "\"\"x\"\"\" FROM (%s) AS \"fenced\"",
             inside);
    assert_string_equal(out, want);
    scan.columns = columns; /* none nested */
    assert_int_equal(print(&scan, "", inside, &err), HS_OK);
    assert_int_equal(print_apart(&scan, "", HS_APART_NESTED, out, &err), HS_OK);
    assert_string_equal(out, inside);
}

/* greatest would answer 0.0 where a file holds -0.0. */
static void keeps_the_sign_of_zero(void **state)
{
    static const struct hs_scan_column real[] = {{HS_S("d"), HS_S("\"f1\""), &t_double, true}};
    struct hs_scan scan = {.raw = &raw, .columns = real, .column_count = 1};
    struct hs_err err = {0};
    char out[4096];
    (void)state;
    assert_int_equal(print_apart(&scan, "", HS_APART_ALL, out, &err), HS_OK);
    assert_non_null(strstr(out, "SELECT list_value(\"d\", \"d\")[1] AS \"d\" FROM ("));
}

/* Columns that the engine would not tell apart, and one that hides a row's place, have names by their places. */
static void names_by_place(void **state)
{
    struct hs_field twins[] = {{.id = 1, .name = HS_S("b"), .type = &t_long},
                               {.id = 2, .name = HS_S("B"), .type = &t_text}};
    struct hs_field hiding[] = {{.id = 1, .name = HS_S("FILE_row_number"), .type = &t_long},
                                {.id = 2, .name = HS_S("b"), .type = &t_text}};
    struct hs_type types[] = {{.id = HS_T_STRUCT, .fields = twins, .field_count = 2},
                              {.id = HS_T_STRUCT, .fields = hiding, .field_count = 2}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct hs_scan_group group = {.physical = &types[i], .files = new_paths, .file_count = 1};
        struct hs_scan scan = {.raw = &raw, .groups = &group, .group_count = 1, .columns = columns, .column_count = 2};
        struct hs_err err = {0};
        char out[4096];
        assert_int_equal(print(&scan, "", out, &err), HS_OK);
        assert_non_null(strstr(out, "(SELECT \"c1\" AS \"f1\", \"c2\" AS \"f2\" FROM read_parquet(['/d/3']" OPTIONS
                                    " AS \"file\"(\"c1\", \"c2\"))"));
    }
}

#define PARQUET(path) "read_parquet(['" path "']" OPTIONS
#define PLACE "list_extract(CAST(["
#define BY_FILE "] AS BIGINT[]), CAST(\"file_index\" AS BIGINT) + 1)"

/* Only groups with deleted rows ask for a row's place, under their own number. */
static void prints_deleted_positions(void **state)
{
    struct hs_positions *gone = hs_positions_new(), *empty = hs_positions_new();
    struct hs_err err = {0};
    char out[4096];
    (void)state;
    assert_int_equal(hs_positions_add(gone, &(int64_t){3}, 1, &err), HS_OK);
    struct hs_scan_file first[] = {{.path = HS_S("/d/1"), .gone = empty}},
                        second[] = {{.path = HS_S("/d/2"), .gone = gone}};
    struct hs_scan_group groups[] = {{.physical = &raw, .files = first, .file_count = 0},
                                     {.physical = &raw, .files = first, .file_count = 1},
                                     {.physical = &raw, .files = second, .file_count = 1}};
    struct hs_scan scan = {.raw = &raw, .groups = groups, .group_count = 3, .columns = columns, .column_count = 1};
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    assert_int_equal(hs_scan_print(&scan, &(struct hs_scan_place){.slot = 10}, &b, &err), HS_OK);
    snprintf(out, sizeof out, "%s", b.at);
    assert_string_equal(out, "SELECT (\"f1\") AS \"A \"\"x\"\"\" FROM (SELECT \"a\" AS \"f1\", \"b\" AS \"f2\" "
                             "FROM " PARQUET("/d/1") " UNION ALL SELECT \"a\" AS \"f1\", \"b\" AS \"f2\" FROM " PARQUET(
                                 "/d/2") " WHERE hs_live(12, \"file_index\", \"file_row_number\")) AS \"raw\" LIMIT "
                                         "9223372036854775807");
    hs_buf_fini(&b);
    hs_positions_unref(gone);
    hs_positions_unref(empty);
}

/* A value for all files is a literal, one for each a list; the delete files' own come the same way. */
static void prints_values_of_files(void **state)
{
    struct hs_err err = {0};
    char out[8192];
    (void)state;
    struct hs_type only_b = {.id = HS_T_STRUCT, .fields = raw_fields + 1, .field_count = 1};
    struct hs_type key = {.id = HS_T_STRUCT, .fields = raw_fields, .field_count = 1};
    struct hs_param sevens[] = {{.type = HS_T_INT, .i = 7}}, eight[] = {{.type = HS_T_LONG, .i = 8}};
    struct hs_scan_file files[] = {{.path = HS_S("/d/1"), .constants = sevens, .sequence_number = 4},
                                   {.path = HS_S("/d/2"), .constants = eight, .sequence_number = 4, .partition = 1}},
                        deletes[] = {{.path = HS_S("/d/9"), .sequence_number = 5, .partition = -1}};
    int ids[] = {1};
    struct hs_scan_group group = {
        .physical = &only_b, .files = files, .file_count = 2, .constant_ids = ids, .constant_count = 1};
    struct hs_scan_equality equality = {{.physical = &key, .files = deletes, .file_count = 1}, ids, 1};
    struct hs_scan scan = {.raw = &key,
                           .groups = &group,
                           .group_count = 1,
                           .columns = columns,
                           .column_count = 1,
                           .keys = &key,
                           .equality = &equality,
                           .equality_count = 1};
    assert_int_equal(print(&scan, "", out, &err), HS_OK);
#define SEVEN_OR_EIGHT PLACE "CAST(CAST('7' AS INTEGER) AS BIGINT), CAST('8' AS BIGINT)" BY_FILE
    assert_string_equal(out, "SELECT (\"f1\") AS \"A \"\"x\"\"\" FROM (SELECT \"f1\" FROM (SELECT " SEVEN_OR_EIGHT
                             " AS \"f1\", " SEVEN_OR_EIGHT " AS \"k1\", CAST('4' AS BIGINT) AS \"s\", " PLACE
                             "CAST('0' AS BIGINT), CAST('1' AS BIGINT)" BY_FILE
                             " AS \"p\" FROM read_parquet(['/d/1', '/d/2']" OPTIONS
                             ") AS \"all\" ANTI JOIN (SELECT \"k1\", max(\"s\") AS \"s\" FROM (SELECT \"a\" AS \"k1\", "
                             "CAST('5' AS BIGINT) AS "
                             "\"s\", CAST('-1' AS BIGINT) AS \"p\" FROM " PARQUET(
                                 "/d/9") ") AS \"deletes\" GROUP BY ALL) AS \"d0\" ON \"all\".\"k1\" IS NOT DISTINCT "
                                         "FROM \"d0\".\"k1\" AND \"all\".\"s\" < "
                                         "\"d0\".\"s\") AS \"raw\" LIMIT 9223372036854775807");
    files[1].constants = sevens;
    scan.equality_count = 0;
    assert_int_equal(print(&scan, "", out, &err), HS_OK);
    assert_non_null(strstr(out, "(SELECT CAST(CAST('7' AS INTEGER) AS BIGINT) AS \"f1\" FROM read_parquet"));
}

static void refuses(void **state)
{
    static const struct hs_param list_default = {.type = HS_T_LIST};
    struct hs_field late[] = {{.id = 9, .name = HS_S("c"), .type = &t_int, .initial_default = &list_default}};
    static struct hs_type t_none = {.id = HS_T_COUNT_};
    struct hs_field strange[] = {{.id = 9, .name = HS_S("c"), .type = &t_none}};
    struct hs_field unlike[] = {{.id = 1, .name = HS_S("a"), .type = &t_text}};
    struct hs_type s_late = {.id = HS_T_STRUCT, .fields = late, .field_count = 1};
    struct hs_type s_strange = {.id = HS_T_STRUCT, .fields = strange, .field_count = 1};
    struct hs_type s_unlike = {.id = HS_T_STRUCT, .fields = unlike, .field_count = 1};
    static const struct hs_scan_column alike[] = {{HS_S("b"), HS_S("\"f1\""), &t_long, true},
                                                  {HS_S("B"), HS_S("\"f2\""), &t_text, true}};
    const struct hs_scan_file pattern[] = {{.path = HS_S("/d/*.parquet")}};
    struct hs_scan_group groups[] = {{.physical = &old, .files = old_paths, .file_count = 1},
                                     {.physical = &s_unlike, .files = old_paths, .file_count = 1},
                                     {.physical = &old, .files = pattern, .file_count = 1}};
    struct hs_scan scans[] = {
        {.raw = &raw},
        {.raw = &s_late, .groups = groups, .group_count = 1, .columns = columns, .column_count = 2},
        {.raw = &s_strange, .groups = groups, .group_count = 1, .columns = columns, .column_count = 2},
        {.raw = &raw, .groups = groups, .group_count = 1, .columns = alike, .column_count = 2},
        {.raw = &raw, .groups = groups + 1, .group_count = 1, .columns = columns, .column_count = 2},
        {.raw = &raw, .groups = groups + 2, .group_count = 1, .columns = columns, .column_count = 2},
    };
    char out[4096];
    (void)state;
    for (size_t i = 0; i < sizeof scans / sizeof scans[0]; i++) {
        struct hs_err err = {0};
        assert_int_equal(print(&scans[i], "", out, &err), i ? HS_UNSUPPORTED : HS_DENIED);
        assert_null(strstr(err.shown, "/d/"));
    }
}

static void every_allocation_may_fail(void **state)
{
    struct hs_scan_group groups[] = {{.physical = &old, .files = old_paths, .file_count = 2}};
    struct hs_scan scan = {.raw = &raw, .groups = groups, .group_count = 1, .columns = columns, .column_count = 2};
    (void)state;
    for (long n = 0; n < 1000; n++) {
        struct hs_err err = {0};
        char out[4096];
        hs_fault_alloc_after(n);
        hs_rc rc = print(&scan, "", out, &err);
        hs_fault_alloc_after(-1);
        if (rc == HS_OK)
            return;
        assert_true(rc == HS_NOMEM || rc == HS_LIMIT);
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_groups),
        cmocka_unit_test(prints_a_part),
        cmocka_unit_test(prints_no_rows),
        cmocka_unit_test(takes_values_apart),
        cmocka_unit_test(keeps_the_sign_of_zero),
        cmocka_unit_test(names_by_place),
        cmocka_unit_test(prints_deleted_positions),
        cmocka_unit_test(prints_values_of_files),
        cmocka_unit_test(refuses),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
