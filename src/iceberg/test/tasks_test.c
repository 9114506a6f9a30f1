/* Every row group in exactly one task, in order, and tasks of about equal bytes: random plans. */
#include "iceberg/tasks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX_FILES = 12, MAX_GROUPS = 9 };

static int64_t splits[MAX_FILES][MAX_GROUPS];

static void random_file(struct hs_data_file *f, size_t i)
{
    *f = (struct hs_data_file){.row_group_count = rand() % (MAX_GROUPS + 1), .size_bytes = 1 + rand() % 100000};
    if (f->row_group_count == 0 || rand() % 2)
        return;
    for (int64_t g = 0; g < f->row_group_count; g++) {
        splits[i][g] = 4 + g * 100;
        f->size_bytes = splits[i][g] + 1 + rand() % 100;
    }
    f->split_offsets = splits[i];
    f->split_count = (size_t)f->row_group_count;
}

static void check(const struct hs_plan *plan, const struct hs_task *tasks, size_t count, size_t most)
{
    size_t file = 0;
    int64_t group = 0, total = 0, largest = 0, share;
    for (size_t i = 0; i < count; i++) {
        int64_t bytes = 0;
        assert_true(tasks[i].part_count > 0);
        for (size_t k = 0; k < tasks[i].part_count; k++) {
            const struct hs_task_part *p = &tasks[i].parts[k];
            const struct hs_data_file *f = &plan->files[file];
            assert_int_equal(p->file, file);
            assert_int_equal(p->first_group, group);
            assert_int_equal(p->group_count == 0, f->row_group_count == 0);
            group += p->group_count;
            bytes += p->bytes;
            largest = p->group_count && p->bytes / p->group_count > largest ? p->bytes / p->group_count : largest;
            if (group == f->row_group_count) {
                file++;
                group = 0;
            }
        }
        assert_int_equal(bytes, tasks[i].bytes);
        total += bytes;
    }
    assert_int_equal(file, plan->file_count);
    assert_int_equal(total, plan->size_bytes);
    assert_true(count <= most);
    share = total / (int64_t)most;
    for (size_t i = 0; i < count; i++) /* its share, and at most one group more */
        assert_true(tasks[i].bytes <= share + 100001);
}

static void test_random(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 3000; round++) {
        struct hs_arena *a = hs_arena_new(0);
        struct hs_data_file files[MAX_FILES];
        struct hs_plan plan = {.files = files, .file_count = (size_t)(rand() % (MAX_FILES + 1))};
        struct hs_task *tasks;
        size_t count, most = 1 + (size_t)(rand() % 10);
        struct hs_err err;
        for (size_t i = 0; i < plan.file_count; i++) {
            random_file(&files[i], i);
            plan.size_bytes += files[i].size_bytes;
        }
        assert_int_equal(hs_plan_tasks(a, &plan, most, 0, &tasks, &count, &err), HS_OK);
        check(&plan, tasks, count, most);
        hs_arena_free(a);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_data_file files[] = {{.size_bytes = 1000, .row_group_count = 10},
                                   {.size_bytes = 1000, .row_group_count = 10}};
    struct hs_plan plan = {.files = files, .file_count = 2, .size_bytes = 2000};
    struct hs_task *tasks;
    struct hs_err err;
    size_t count;
    assert_int_equal(hs_plan_tasks(a, &plan, 4, 0, &tasks, &count, &err), HS_OK);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(tasks[i].bytes, 500);
    assert_int_equal(hs_plan_tasks(a, &plan, 4, 1000, &tasks, &count, &err), HS_OK);
    assert_int_equal(count, 2); /* not smaller than asked for */
    assert_int_equal(hs_plan_tasks(a, &plan, 4, 5000, &tasks, &count, &err), HS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(tasks[0].part_count, 2);
    plan.file_count = 0;
    assert_int_equal(hs_plan_tasks(a, &plan, 4, 0, &tasks, &count, &err), HS_OK);
    assert_int_equal(count, 0);
    hs_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random), cmocka_unit_test(test_sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
