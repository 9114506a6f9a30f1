/* Quoted cells cost what they hold, not what stands behind them. */
#include "model/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_quoted_cells_are_small(void **state)
{
    (void)state;
    enum { ROWS = 1000 };
    struct hs_arena *a = hs_arena_new(0);
    char *text = malloc(ROWS * 16);
    size_t len = 0;
    assert_non_null(a);
    assert_non_null(text);
    for (int i = 0; i < ROWS; i++, len += 12)
        memcpy(text + len, "\"a\"\"b,\n\",\"\"\n", 12);
    struct hs_csv csv;
    struct hs_err err;
    struct hs_csv_cell cell;
    hs_csv_open(&csv, hs_str_n(text, len));
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(hs_csv_next(a, &csv, &cell, &err), HS_OK);
        assert_true(hs_str_is(cell.text, "a\"b,\n"));
        assert_int_equal(cell.line, 1 + 2 * i);
        assert_int_equal(hs_csv_next(a, &csv, &cell, &err), HS_OK);
        assert_true(cell.last && cell.quoted && cell.text.len == 0);
    }
    assert_false(hs_csv_more(&csv));
    assert_true(hs_arena_used(a) < ROWS * 64);
    free(text);
    hs_arena_free(a);
}

static void test_what_is_not_closed(void **state)
{
    (void)state;
    static const char *const texts[] = {"\"", "\"a", "\"a\"\"", "\"\"\""};
    struct hs_arena *a = hs_arena_new(0);
    assert_non_null(a);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct hs_csv csv;
        struct hs_err err;
        struct hs_csv_cell cell;
        hs_csv_open(&csv, hs_str_of(texts[i]));
        assert_int_equal(hs_csv_next(a, &csv, &cell, &err), HS_INVALID);
        assert_string_equal(err.shown, "this quoted value is not closed");
    }
    hs_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quoted_cells_are_small),
        cmocka_unit_test(test_what_is_not_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
