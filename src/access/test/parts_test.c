/* Parts of a scan: each row in one of them, in order, whatever the files are; and how many there are goes by rows and
 * types alone. */
#include "access/access_in.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { GROUPS = 3, FILES = 4 };
static const int64_t counts[GROUPS][FILES] = {{3, 0, 5, 1}, {0, 0, 0, 0}, {1, 7, 2, 0}};
static struct hs_scan_file files[GROUPS][FILES];
static struct hs_scan_group groups[GROUPS];
static char names[GROUPS * FILES][8];

static struct hs_scan scan_of_all(void)
{
    for (size_t g = 0; g < GROUPS; g++) {
        for (size_t i = 0; i < FILES; i++) {
            snprintf(names[g * FILES + i], sizeof names[0], "f%zu", g * FILES + i);
            files[g][i] = (struct hs_scan_file){.path = hs_str_of(names[g * FILES + i]), .record_count = counts[g][i]};
        }
        groups[g] = (struct hs_scan_group){.files = files[g], .file_count = FILES, .told_rows = (int64_t)g};
    }
    return (struct hs_scan){.groups = groups, .group_count = GROUPS};
}

/* "f0:0-3 f2:1-": files and their rows, as they would be read. */
static void tell(const struct hs_scan *scan, char *out, size_t size)
{
    size_t n = 0;
    out[0] = 0;
    for (size_t g = 0; g < scan->group_count; g++) {
        const struct hs_scan_group *group = &scan->groups[g];
        for (size_t i = 0; i < group->file_count; i++)
            n += (size_t)snprintf(out + n, size - n, "%.*s:%lld-%lld ", HS_FMT(group->files[i].path),
                                  (long long)group->first_row, (long long)group->end_row);
    }
}

static void parts_are_cut_at_rows(void **state)
{
    static const char *const want[] = {
        "f0:0-0 f1:0-0 f2:0-3 ", "f2:3-0 f3:0-0 f4:0-0 f5:0-0 f6:0-0 f7:0-0 f8:0-0 f9:0-2 ", "f9:2-0 f10:0-0 f11:0-0 "};
    (void)state;
    for (size_t part = 0; part < 3; part++) {
        struct hs_arena *a = hs_arena_new(0);
        struct hs_scan scan = scan_of_all();
        struct hs_err err;
        char text[512];
        assert_int_equal(hs_scan_part(a, &scan, 19, part, 3, &err), HS_OK);
        tell(&scan, text, sizeof text);
        assert_string_equal(text, want[part]);
        hs_arena_free(a);
    }
}

/* Marks each row that a part reads; a file that is read to its end takes what may lie behind. */
static void mark(const struct hs_scan *scan, int seen[GROUPS * FILES][10], int ends[GROUPS * FILES])
{
    for (size_t g = 0; g < scan->group_count; g++)
        for (size_t i = 0; i < scan->groups[g].file_count; i++) {
            const struct hs_scan_file *f = &scan->groups[g].files[i];
            int file = atoi(f->path.at + 1);
            int64_t end = scan->groups[g].end_row ? scan->groups[g].end_row : f->record_count;
            ends[file] += scan->groups[g].end_row == 0;
            for (int64_t row = scan->groups[g].first_row; row < end; row++)
                seen[file][row]++;
        }
}

static void every_row_is_in_one_part(void **state)
{
    (void)state;
    for (size_t parts = 2; parts < 40; parts++) {
        int seen[GROUPS * FILES][10] = {{0}}, ends[GROUPS * FILES] = {0};
        for (size_t part = 0; part < parts; part++) {
            struct hs_arena *a = hs_arena_new(0);
            struct hs_scan scan = scan_of_all();
            struct hs_err err;
            assert_int_equal(hs_scan_part(a, &scan, 19, part, parts, &err), HS_OK);
            mark(&scan, seen, ends);
            hs_arena_free(a);
        }
        for (size_t f = 0; f < GROUPS * FILES; f++) {
            for (int64_t row = 0; row < counts[f / FILES][f % FILES]; row++)
                assert_int_equal(seen[f][row], 1);
            assert_int_equal(ends[f], 1); /* also a file of no rows is read once, to its end */
        }
    }
}

static void how_many_goes_by_rows_and_width(void **state)
{
    struct hs_cut cut = {.may = true, .rows = 1000, .pieces = 50};
    (void)state;
    assert_int_equal(hs_parts_of(&cut, 8, 64, 1000), 8);
    assert_int_equal(hs_parts_of(&cut, 8, 4, 1000), 4);  /* at most */
    assert_int_equal(hs_parts_of(&cut, 8, 64, 8001), 1); /* not worth it */
    assert_int_equal(hs_parts_of(&cut, 8, 64, 10), 50);  /* row groups */
    assert_int_equal(hs_parts_of(&cut, 8, 0, 1000), 1);
    cut.rows = INT64_MAX;
    assert_int_equal(hs_parts_of(&cut, 8, 64, 1000), 50);
    cut.may = false;
    assert_int_equal(hs_parts_of(&cut, 8, 64, 1000), 1);
}

static void another_plan_is_another_cut(void **state)
{
    struct hs_scan scan = scan_of_all();
    struct hs_cut cut = {0}, other = {0};
    struct hs_err err;
    (void)state;
    assert_int_equal(hs_cut_of(&scan, &cut, &err), HS_OK);
    assert_int_equal(cut.rows, 19);
    assert_int_equal(hs_cut_of(&scan, &other, &err), HS_OK);
    assert_memory_equal(cut.digest, other.digest, 32);
    files[2][1].record_count = 8;
    assert_int_equal(hs_cut_of(&scan, &other, &err), HS_OK);
    assert_memory_not_equal(cut.digest, other.digest, 32);
    files[2][1] = files[2][2];
    assert_int_equal(hs_cut_of(&scan, &other, &err), HS_OK);
    assert_memory_not_equal(cut.digest, other.digest, 32);
    files[2][1].record_count = -1;
    assert_int_equal(hs_cut_of(&scan, &other, &err), HS_CORRUPT);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (long n = 0; n < 100; n++) {
        struct hs_scan scan = scan_of_all();
        struct hs_cut cut = {0};
        struct hs_err err = {0};
        hs_fault_alloc_after(n);
        struct hs_arena *a = hs_arena_new(0);
        hs_rc rc = a ? hs_cut_of(&scan, &cut, &err) : HS_NOMEM;
        if (rc == HS_OK)
            rc = hs_scan_part(a, &scan, 19, 1, 3, &err);
        hs_fault_alloc_after(-1);
        hs_arena_free(a);
        if (rc == HS_OK)
            return;
        assert_int_equal(rc, HS_NOMEM);
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_cut_at_rows),           cmocka_unit_test(every_row_is_in_one_part),
        cmocka_unit_test(how_many_goes_by_rows_and_width), cmocka_unit_test(another_plan_is_another_cut),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
