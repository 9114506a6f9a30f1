/* What can be computed from sums over groups, asked of small tables whose answer can be seen with the naked eye. */
#include "access/differences.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 64 };
static struct hs_arena *arena;
static struct hs_atom atoms[MOST];
static struct hs_row_set sets[8];
static struct hs_differences d;

static int begin(void **state)
{
    (void)state;
    arena = hs_arena_new(0);
    memset(sets, 0, sizeof sets);
    d = (struct hs_differences){.atoms = atoms, .sets = sets, .minimum = 10};
    return 0;
}

static int end(void **state)
{
    (void)state;
    hs_arena_free(arena);
    return 0;
}

/* "50 -1": rows with a value. groups: a letter a set, '.': not in it. */
static void atom(int64_t rows, int64_t values, const char *groups)
{
    struct hs_atom *a = &atoms[d.atom_count++];
    d.set_count = strlen(groups);
    a->rows = rows;
    a->groups = hs_arena_array(arena, d.set_count, sizeof *a->groups);
    a->values = hs_arena_array(arena, 1, sizeof *a->values);
    a->values[0] = values;
    for (size_t s = 0; s < d.set_count; s++) {
        a->groups[s] = groups[s] == '.' ? -1 : groups[s] - 'a';
        if (a->groups[s] >= sets[s].group_count)
            sets[s].group_count = a->groups[s] + 1;
    }
}

static hs_rc verdict(void)
{
    struct hs_err err;
    return hs_differences_check(arena, &d, &err);
}

static void alone_is_fine(void **state)
{
    (void)state;
    atom(50, 0, "a");
    atom(3, 0, "b");
    assert_int_equal(verdict(), HS_OK);
}

static void a_row_left_out(void **state)
{
    (void)state;
    atom(50, 0, "aa");
    atom(1, 0, ".a");
    assert_int_equal(verdict(), HS_DENIED);
}

static void enough_rows_left_out(void **state)
{
    (void)state;
    atom(50, 0, "aa");
    atom(10, 0, ".a");
    assert_int_equal(verdict(), HS_OK);
}

static void a_row_left_out_of_one_group(void **state)
{
    (void)state; /* all together a hundred and one are left out */
    atom(50, 0, "aa");
    atom(1, 0, ".a");
    atom(50, 0, "bb");
    atom(100, 0, ".b");
    assert_int_equal(verdict(), HS_DENIED);
}

static void coarser_groups_show_what_finer_ones_withhold(void **state)
{
    (void)state; /* by region (EU = 51, US = 60), after by region and day, where EU's second day is withheld */
    atom(50, 0, "aa");
    atom(1, 0, "ab");
    atom(30, 0, "bc");
    atom(30, 0, "bd");
    assert_int_equal(verdict(), HS_DENIED); /* with it go both days of US, and EU's first day stays: 51 less 50 */
}

static void coarser_groups_after_finer_ones(void **state)
{
    (void)state; /* only US' first day (12) is withheld beside EU's second (1): EU less its first day is that one row */
    atom(50, 0, "aa");
    atom(1, 0, "ab");
    atom(12, 0, "bc");
    atom(30, 0, "bd");
    assert_int_equal(verdict(), HS_DENIED);
}

static void other_groups_nearly_the_same(void **state)
{
    (void)state; /* by day and by region: the third day is all EU but one */
    atom(50, 0, "aa");
    atom(1, 0, "ba");
    atom(40, 0, "bb");
    atom(40, 0, "cb");
    assert_int_equal(verdict(), HS_DENIED);
}

static void tracker(void **state)
{
    (void)state; /* A, and A but not B: what is left is one row */
    atom(1, 0, ".a");
    atom(40, 0, "aa");
    atom(40, 0, "..");
    assert_int_equal(verdict(), HS_DENIED);
}

static void general_tracker(void **state)
{
    (void)
        state; /* C or T, C or not T, all: the first two less the last are C. Every two differ by forty rows or more */
    atom(1, 0, "aaa");
    atom(40, 0, "a.a");
    atom(40, 0, ".aa");
    assert_int_equal(verdict(), HS_DENIED);
}

static void values_count_for_themselves(void **state)
{
    (void)state; /* fifteen rows differ, of which one has a bonus */
    atom(50, 40, "aa");
    atom(15, 1, ".a");
    d.measure_count = 1;
    assert_int_equal(verdict(), HS_OK);
    sets[0].measures = sets[1].measures = 1;
    assert_int_equal(verdict(), HS_DENIED);
    atoms[1].values[0] = 0;
    assert_int_equal(verdict(), HS_OK);
    atoms[1].values[0] = 14; /* one has none */
    assert_int_equal(verdict(), HS_OK);
    sets[0].counted = sets[1].counted = 1;
    assert_int_equal(verdict(), HS_DENIED);
}

static void withheld_groups_are_not_known(void **state)
{
    (void)state; /* the new statement shows nothing */
    atom(5, 0, "aa");
    atom(50, 0, ".a");
    assert_int_equal(verdict(), HS_OK);
}

/* Against the definition: all unions of groups of two statements, at random. */
static bool few_by_force(void)
{
    for (unsigned x = 0; x < 1u << sets[0].group_count; x++)
        for (unsigned y = 0; y < 1u << sets[1].group_count; y++) {
            int64_t apart = 0;
            for (size_t i = 0; i < d.atom_count; i++) {
                int32_t g = atoms[i].groups[0], h = atoms[i].groups[1];
                bool in = g >= 0 && x >> g & 1, other = h >= 0 && y >> h & 1;
                apart += in != other ? atoms[i].rows : 0;
            }
            bool one = (x & (x - 1)) == 0 || (y & (y - 1)) == 0;
            if (one && apart > 0 && apart < d.minimum)
                return true;
        }
    return false;
}

static void by_force(void **state)
{
    (void)state;
    uint32_t seed = 7;
    int denied = 0;
    for (int round = 0; round < 3000; round++) {
        memset(sets, 0, sizeof sets);
        d.atom_count = 0;
        for (int i = 0; i < 8; i++) {
            char groups[3] = "..";
            for (int s = 0; s < 2; s++) {
                seed = seed * 1664525 + 1013904223;
                groups[s] = ".abcd"[seed >> 24 & 3];
            }
            seed = seed * 1664525 + 1013904223;
            atom(seed >> 28 < 3 ? (int64_t)(seed >> 20 & 7) + 1 : (int64_t)(seed >> 20 & 63) + 10, 0, groups);
        }
        bool got = verdict() == HS_DENIED; /* first, for it takes out what is withheld */
        denied += got;
        if (few_by_force() && !got)
            fail_msg("round %d: passed", round);
    }
    assert_in_range(denied, 100, 2900);
}

/* As much as may come: many atoms, all statements that are kept. It must end, in memory of its own. */
static void as_much_as_may_come(void **state)
{
    (void)state;
    enum { ATOMS = 50000, SETS = 65 };
    static struct hs_atom many[ATOMS];
    static struct hs_row_set all[SETS];
    struct hs_differences big = {many, ATOMS, all, SETS, 1, 10};
    struct hs_err err;
    for (size_t i = 0; i < ATOMS; i++) {
        many[i] = (struct hs_atom){hs_arena_array(arena, SETS, sizeof(int32_t)), 20, hs_arena_array(arena, 1, 8)};
        many[i].values[0] = 20;
        for (size_t s = 0; s < SETS; s++)
            many[i].groups[s] = (int32_t)(i / (s + 1) % 4000);
    }
    for (size_t s = 0; s < SETS; s++)
        all[s] = (struct hs_row_set){4000, 1, 1};
    assert_int_equal(hs_differences_check(arena, &big, &err), HS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(alone_is_fine),
        TEST(a_row_left_out),
        TEST(enough_rows_left_out),
        TEST(a_row_left_out_of_one_group),
        TEST(coarser_groups_show_what_finer_ones_withhold),
        TEST(coarser_groups_after_finer_ones),
        TEST(other_groups_nearly_the_same),
        TEST(tracker),
        TEST(general_tracker),
        TEST(values_count_for_themselves),
        TEST(withheld_groups_are_not_known),
        TEST(by_force),
        TEST(as_much_as_may_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
