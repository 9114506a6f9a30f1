/* A plan as a scan: what goes together, what does not, and that nothing of a file is lost on the way. */
#include "access/access_in.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct hs_type one = {.id = HS_T_STRUCT}, two = {.id = HS_T_STRUCT};
static const int seven[] = {7}, seven_again[] = {7}, eight[] = {8};
static const struct hs_param constants[] = {{.type = HS_T_INT, .i = 1}, {.type = HS_T_INT, .i = 2}};

static struct hs_data_file data(const char *path, const struct hs_type *physical)
{
    return (struct hs_data_file){
        .path = hs_str_of(path), .format = HS_FILE_PARQUET, .physical = physical, .first_row_id = -1};
}

static struct hs_equality_delete equality(const char *path, const struct hs_type *physical, const int *ids)
{
    return (struct hs_equality_delete){
        .path = hs_str_of(path), .format = HS_FILE_PARQUET, .physical = physical, .ids = ids, .id_count = 1};
}

static void files_read_alike_go_together(void **state)
{
    (void)state;
    struct hs_data_file files[] = {data("a", &one), data("b", &two), data("c", &one), data("d", &one),
                                   data("e", &one), data("f", &one), data("g", &one)};
    struct hs_positions *gone = hs_positions_new();
    files[2].gone = gone;
    files[2].sequence_number = 5;
    files[2].partition = 3;
    files[2].first_row_id = 100;
    files[3].format = HS_FILE_AVRO;
    files[4].constant_ids = seven;
    files[5].constant_ids = seven_again;
    files[6].constant_ids = eight;
    for (int i = 4; i < 7; i++) {
        files[i].constants = &constants[i % 2];
        files[i].constant_count = 1;
    }
    struct hs_plan plan = {.files = files, .file_count = 7, .record_count = 77};
    struct hs_arena *a = hs_arena_new(0);
    struct hs_scan scan = {0};
    struct hs_err err;
    assert_int_equal(hs_scan_of_plan(a, &plan, &scan, &err), HS_OK);
    assert_int_equal(scan.group_count, 5);
    assert_int_equal(scan.row_count_estimate, 77);
    assert_int_equal(scan.equality_count, 0);
    const struct hs_scan_group *g = scan.groups;
    assert_int_equal(g[0].file_count, 2);
    assert_true(g[0].physical == &one && g[0].format == HS_SCAN_PARQUET);
    const struct hs_scan_file *c = &g[0].files[1];
    assert_true(hs_str_is(c->path, "c") && c->gone == gone);
    assert_true(c->sequence_number == 5 && c->partition == 3 && c->first_row_id == 100);
    assert_true(g[1].physical == &two && g[1].file_count == 1);
    assert_true(g[2].format == HS_SCAN_AVRO && g[2].file_count == 1);
    assert_true(g[3].file_count == 2 && g[3].constant_count == 1 && g[3].constant_ids[0] == 7);
    assert_true(g[3].files[0].constants == &constants[0] && g[3].files[1].constants == &constants[1]);
    assert_true(g[4].file_count == 1 && g[4].constant_ids[0] == 8);
    hs_positions_unref(gone);
    hs_arena_free(a);
}

static void deletes_by_the_same_columns_go_together(void **state)
{
    (void)state;
    struct hs_equality_delete deletes[] = {equality("a", &one, seven), equality("b", &one, eight),
                                           equality("c", &one, seven_again), equality("d", &two, seven)};
    deletes[2].sequence_number = 9;
    deletes[2].partition = -1;
    struct hs_plan plan = {.equality = deletes, .equality_count = 4, .keys = &one};
    struct hs_arena *a = hs_arena_new(0);
    struct hs_scan scan = {0};
    struct hs_err err;
    assert_int_equal(hs_scan_of_plan(a, &plan, &scan, &err), HS_OK);
    assert_true(scan.group_count == 0 && scan.equality_count == 3 && scan.keys == &one);
    assert_int_equal(scan.equality[0].files.file_count, 2);
    const struct hs_scan_file *c = &scan.equality[0].files.files[1];
    assert_true(hs_str_is(c->path, "c") && c->sequence_number == 9 && c->partition == -1);
    assert_true(scan.equality[1].ids == eight && scan.equality[2].files.physical == &two);
    hs_arena_free(a);
}

static void unknown_formats_are_refused(void **state)
{
    (void)state;
    struct hs_data_file files[] = {data("a", &one)};
    struct hs_equality_delete deletes[] = {equality("b", &one, seven)};
    struct hs_plan plans[] = {{.files = files, .file_count = 1}, {.equality = deletes, .equality_count = 1}};
    files[0].format = HS_FILE_ORC;
    deletes[0].format = HS_FILE_ORC;
    for (int i = 0; i < 2; i++) {
        struct hs_arena *a = hs_arena_new(0);
        struct hs_scan scan = {0};
        struct hs_err err;
        assert_int_equal(hs_scan_of_plan(a, &plans[i], &scan, &err), HS_UNSUPPORTED);
        hs_arena_free(a);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct hs_data_file files[] = {data("a", &one), data("b", &two)};
    struct hs_equality_delete deletes[] = {equality("c", &one, seven)};
    struct hs_plan plan = {.files = files, .file_count = 2, .equality = deletes, .equality_count = 1, .keys = &one};
    for (long n = 0; n < 100; n++) {
        struct hs_err err = {0};
        struct hs_scan scan = {0};
        hs_fault_alloc_after(n);
        struct hs_arena *a = hs_arena_new(0);
        hs_rc rc = a ? hs_scan_of_plan(a, &plan, &scan, &err) : HS_NOMEM;
        hs_fault_alloc_after(-1);
        hs_arena_free(a);
        if (rc == HS_OK)
            return;
        assert_int_equal(rc, HS_NOMEM);
    }
    fail();
}

/* The engine guesses what it is told, whatever files are left. */
static void the_estimate_is_told(void **state)
{
    (void)state;
    struct hs_data_file files[] = {data("a", &one), data("b", &two), data("c", &one)};
    struct hs_plan plan = {
        .files = files, .file_count = 3, .record_count = 7, .estimate_is_fixed = true, .record_estimate = 100};
    struct hs_arena *a = hs_arena_new(0);
    struct hs_scan scan = {0};
    struct hs_err err;
    assert_int_equal(hs_scan_of_plan(a, &plan, &scan, &err), HS_OK);
    assert_true(scan.estimate_is_fixed && scan.row_count_estimate == 100);
    assert_true(scan.groups[0].told_rows == 99 && scan.groups[1].told_rows == 1);
    plan.file_count = 0;
    assert_int_equal(hs_scan_of_plan(a, &plan, &scan, &err), HS_OK);
    plan = (struct hs_plan){.files = files, .file_count = 3, .record_count = 7};
    assert_int_equal(hs_scan_of_plan(a, &plan, &scan, &err), HS_OK);
    assert_true(scan.row_count_estimate == 7 && scan.groups[0].told_rows == 0);
    hs_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_estimate_is_told),
        cmocka_unit_test(files_read_alike_go_together),
        cmocka_unit_test(deletes_by_the_same_columns_go_together),
        cmocka_unit_test(unknown_formats_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
