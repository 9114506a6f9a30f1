/* The output queue: order, cutting, and that every release runs exactly once whatever happens. */
#include "base/alloc.h"
#include "base/out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/uio.h>
#include <cmocka.h>

static void count(void *arg)
{
    ++*(int *)arg;
}

static void drain(struct hs_out *o, struct hs_buf *into, size_t step)
{
    struct iovec iov[3];
    int n = hs_out_iov(o, iov, 3);
    for (int i = 0; i < n && step; i++) {
        size_t part = iov[i].iov_len < step ? iov[i].iov_len : step;
        hs_buf_add(into, iov[i].iov_base, part);
        hs_out_consumed(o, part);
        step -= part;
        n = hs_out_iov(o, iov, 3);
        i = -1;
    }
}

static void order_is_kept(void **state)
{
    (void)state;
    for (size_t step = 1; step < 30; step++) {
        struct hs_out o;
        hs_out_init(&o);
        int released = 0;
        for (int i = 0; i < 50; i++) {
            assert_true(hs_out_copy(&o, "head", 4) && hs_out_copy(&o, "er:", 3));
            assert_true(hs_out_add(&o, (struct hs_slice){"body", 4, count, &released}));
        }
        assert_int_equal(hs_out_len(&o), 550);
        struct hs_buf text;
        hs_buf_init(&text, 1000);
        while (hs_out_len(&o))
            drain(&o, &text, step);
        for (int i = 0; i < 50; i++)
            assert_memory_equal(text.at + 11 * i, "header:body", 11);
        assert_int_equal(released, 50);
        assert_null(o.chunk);
        hs_buf_fini(&text);
        hs_out_fini(&o);
    }
}

static void cut_segments_are_released_by_the_last(void **state)
{
    (void)state;
    struct hs_out stream, socket;
    hs_out_init(&stream);
    hs_out_init(&socket);
    int released = 0;
    assert_true(hs_out_copy(&stream, "ab", 2));
    assert_true(hs_out_add(&stream, (struct hs_slice){"0123456789", 10, count, &released}));
    assert_true(hs_out_move(&socket, &stream, 5));
    assert_int_equal(hs_out_len(&socket), 5);
    assert_int_equal(hs_out_len(&stream), 7);
    hs_out_fini(&stream); /* the stream dies, its first part still waits at the socket */
    assert_int_equal(released, 0);
    struct hs_buf text;
    hs_buf_init(&text, 100);
    drain(&socket, &text, 100);
    assert_string_equal(text.at, "ab012");
    assert_int_equal(released, 1);
    assert_false(hs_out_move(&socket, &stream, 1));
    hs_buf_fini(&text);
    hs_out_fini(&socket);
}

static bool everything(int *released, int *added)
{
    struct hs_out a, b;
    hs_out_init(&a);
    hs_out_init(&b);
    bool good = true;
    for (int i = 0; i < 20; i++) {
        good &= hs_out_copy(&a, "frame", 5);
        ++*added;
        good &= hs_out_add(&a, (struct hs_slice){"0123456789", 10, count, released});
        good &= hs_out_move(&b, &a, hs_out_len(&a) / 2);
    }
    hs_out_fini(&a);
    hs_out_fini(&b);
    return good;
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    bool done = false;
    for (long n = 0; !done && n < 1000; n++) {
        int released = 0, added = 0;
        hs_fault_alloc_after(n);
        done = everything(&released, &added);
        assert_int_equal(released, added);
    }
    hs_fault_alloc_after(-1);
    assert_true(done);
}

static void empty_slices(void **state)
{
    (void)state;
    struct hs_out o;
    hs_out_init(&o);
    int released = 0;
    assert_true(hs_out_add(&o, (struct hs_slice){NULL, 0, count, &released}));
    assert_int_equal(released, 1);
    assert_int_equal(o.count, 0);
    assert_true(hs_out_move(&o, &o, 0));
    hs_out_fini(&o);
    hs_out_fini(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_kept),
        cmocka_unit_test(cut_segments_are_released_by_the_last),
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(empty_slices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
