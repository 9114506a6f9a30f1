/* Deleted positions between the two processes: what goes in comes out, in a message or beside it, and no byte of a
 * block is believed. */
#include "engine/gone.h"

#include "base/alloc.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct hs_positions *positions(int64_t step, int64_t count)
{
    struct hs_positions *p = hs_positions_new();
    struct hs_err err;
    for (int64_t i = 0; i < count; i++) {
        int64_t at = i * step;
        assert_int_equal(hs_positions_add(p, &at, 1, &err), HS_OK);
    }
    return p;
}

/* Two scans of two groups each; the second group of each has deletes: files 1 and 2 of 3. */
struct fixture {
    struct hs_scan scans[2];
    struct hs_scan_group groups[4];
    struct hs_scan_file files[4][3];
    struct hs_positions *some, *none;
};

static struct fixture *fixture(int64_t step, int64_t count)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->some = positions(step, count);
    f->none = positions(1, 0);
    for (int g = 0; g < 4; g++) {
        f->groups[g] = (struct hs_scan_group){.files = f->files[g], .file_count = 3};
        f->files[g][0].gone = f->none; /* an empty set is none */
        f->files[g][1].gone = f->files[g][2].gone = g % 2 ? f->some : NULL;
    }
    f->scans[0] = (struct hs_scan){.groups = f->groups, .group_count = 2};
    f->scans[1] = (struct hs_scan){.groups = f->groups + 2, .group_count = 2};
    return f;
}

static void drop(struct fixture *f)
{
    hs_positions_unref(f->some);
    hs_positions_unref(f->none);
    free(f);
}

static void expect_slots(const struct hs_gone_slots *s, int64_t step, int64_t count)
{
    assert_true(s->count >= 4);
    assert_true(s->at[0].file_count == 0 && s->at[2].file_count == 0);
    for (int slot = 1; slot < 4; slot += 2) {
        assert_int_equal(s->at[slot].file_count, 3);
        assert_null(s->at[slot].files[0]);
        for (int i = 1; i < 3; i++) {
            const struct hs_positions *p = s->at[slot].files[i];
            assert_int_equal(hs_positions_count(p), count);
            assert_true(hs_positions_has(p, step * (count - 1)) && !hs_positions_has(p, step * count));
        }
    }
}

static void few_go_in_the_message(void **state)
{
    (void)state;
    struct fixture *f = fixture(7, 1000);
    struct hs_gone gone;
    struct hs_gone_slots slots;
    struct hs_err err;
    struct hs_arena *a = hs_arena_new(0);
    hs_gone_init(&gone);
    assert_false(hs_group_has_gone(&f->groups[0]));
    assert_true(hs_group_has_gone(&f->groups[1]));
    assert_int_equal(hs_gone_write(&gone, f->scans, 2, &err), HS_OK);
    assert_int_equal(gone.fd, -1);
    assert_int_equal(gone.bytes, 0);
    assert_int_equal(hs_gone_read(a, hs_buf_str(&gone.block), &slots, &err), HS_OK);
    expect_slots(&slots, 7, 1000);
    hs_arena_free(a);
    hs_gone_fini(&gone);
    drop(f);
}

static void many_go_beside_it_sealed(void **state)
{
    (void)state;
    struct fixture *f = fixture(20, 100000);
    struct hs_gone gone;
    struct hs_gone_slots slots;
    struct hs_err err;
    struct stat st;
    struct hs_arena *a = hs_arena_new(0);
    hs_gone_init(&gone);
    assert_int_equal(hs_gone_write(&gone, f->scans, 2, &err), HS_OK);
    assert_true(gone.fd >= 0);
    assert_int_equal(gone.block.len, 0);
    assert_int_equal(fstat(gone.fd, &st), 0);
    assert_int_equal(st.st_size, gone.bytes);
    assert_int_equal(fcntl(gone.fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    void *at = mmap(NULL, gone.bytes, PROT_READ, MAP_SHARED, gone.fd, 0);
    assert_true(at != MAP_FAILED);
    assert_int_equal(hs_gone_read(a, hs_str_n(at, gone.bytes), &slots, &err), HS_OK);
    munmap(at, gone.bytes);
    expect_slots(&slots, 20, 100000);
    hs_arena_free(a);
    hs_gone_fini(&gone);
    drop(f);
}

static void nothing_is_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture(1, 0);
    struct hs_gone gone;
    struct hs_gone_slots slots;
    struct hs_err err;
    hs_gone_init(&gone);
    assert_int_equal(hs_gone_write(&gone, f->scans, 2, &err), HS_OK);
    assert_true(gone.fd == -1 && gone.block.len == 0);
    struct hs_arena *a = hs_arena_new(0);
    assert_int_equal(hs_gone_read(a, hs_buf_str(&gone.block), &slots, &err), HS_OK);
    assert_int_equal(slots.count, 0);
    hs_arena_free(a);
    hs_gone_fini(&gone);
    drop(f);
}

/* Cut anywhere, and any byte turned over: an error or something readable, and never a byte outside. */
static void no_byte_is_believed(void **state)
{
    (void)state;
    struct fixture *f = fixture(3, 20);
    struct hs_gone gone;
    struct hs_err err;
    hs_gone_init(&gone);
    assert_int_equal(hs_gone_write(&gone, f->scans, 2, &err), HS_OK);
    size_t one_slot = gone.block.len / 2; /* both slots are alike */
    for (size_t cut = 0; cut < gone.block.len; cut++) {
        struct hs_gone_slots slots;
        struct hs_arena *a = hs_arena_new(0);
        char *copy = malloc(cut + 1);
        memcpy(copy, gone.block.at, cut);
        hs_rc rc = hs_gone_read(a, hs_str_n(copy, cut), &slots, &err);
        assert_int_equal(rc == HS_OK, cut == 0 || cut == one_slot);
        hs_arena_free(a);
        free(copy);
    }
    for (size_t i = 0; i < gone.block.len; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct hs_gone_slots slots;
            struct hs_arena *a = hs_arena_new(1 << 20); /* counts that grew need not be met */
            gone.block.at[i] ^= (char)(1 << bit);
            hs_ignore(hs_gone_read(a, hs_buf_str(&gone.block), &slots, &err)); /* must only end */
            gone.block.at[i] ^= (char)(1 << bit);
            hs_arena_free(a);
        }
    hs_gone_fini(&gone);
    drop(f);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct fixture *f = fixture(5, 100);
    for (long n = 0; n < 1000; n++) {
        struct hs_gone gone;
        struct hs_gone_slots slots;
        struct hs_err err;
        hs_gone_init(&gone);
        hs_fault_alloc_after(n);
        struct hs_arena *a = hs_arena_new(0);
        hs_rc rc = a ? hs_gone_write(&gone, f->scans, 2, &err) : HS_NOMEM;
        if (rc == HS_OK)
            rc = hs_gone_read(a, hs_buf_str(&gone.block), &slots, &err);
        hs_fault_alloc_after(-1);
        hs_arena_free(a);
        hs_gone_fini(&gone);
        if (rc == HS_OK) {
            drop(f);
            return;
        }
        assert_true(rc == HS_NOMEM || rc == HS_LIMIT);
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_go_in_the_message),     cmocka_unit_test(many_go_beside_it_sealed),
        cmocka_unit_test(nothing_is_nothing),        cmocka_unit_test(no_byte_is_believed),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
