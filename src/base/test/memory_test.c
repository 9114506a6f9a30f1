/* Arenas, maps, digests, log lines; and that every allocation in them may fail. */
#include "base/alloc.h"
#include "base/arena.h"
#include "base/fault.h"
#include "base/hash.h"
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static char order[8];

static void note(void *arg)
{
    strcat(order, arg);
}

static void arena(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    for (size_t size = 0; size < 100000; size = size * 2 + 1) {
        unsigned char *p = hs_arena_alloc(a, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, size);
    }
    assert_non_null(hs_arena_str(a, (hs_str){NULL, 0}).at);
    assert_true(hs_str_is(hs_arena_printf(a, "%d", 42), "42"));
    assert_null(hs_arena_array(a, SIZE_MAX / 2, 4));
    order[0] = 0;
    assert_true(hs_arena_defer(a, note, "1") && hs_arena_defer(a, note, "2"));
    hs_arena_free(a);
    assert_string_equal(order, "21");
    hs_arena_free(NULL);
}

static void arena_maximum(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(1000);
    assert_non_null(hs_arena_alloc(a, 900));
    assert_null(hs_arena_alloc(a, 200));
    assert_non_null(hs_arena_alloc(a, 50));
    for (int i = 0; i < 100; i++)
        (void)hs_arena_alloc(a, 1);
    assert_true(hs_arena_used(a) <= 1000);
    order[0] = 0;
    assert_false(hs_arena_defer(a, note, "x")); /* full: called at once */
    assert_string_equal(order, "x");
    hs_arena_free(a);
}

static hs_rc fill(struct hs_arena *a, struct hs_map **out)
{
    struct hs_map *m = hs_map_new(a);
    if (!m)
        return HS_NOMEM;
    HS_VEC(int) numbers = {0};
    for (int i = 0; i < 1000; i++) {
        int *n = hs_vec_add(a, &numbers);
        hs_str key = hs_arena_printf(a, "key %d", i);
        if (!n || !key.at)
            return HS_NOMEM;
        *n = i;
        HS_TRY(hs_map_put(m, key, (void *)(uintptr_t)(i + 1), NULL));
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers.at[i], i);
    *out = m;
    return HS_OK;
}

static void maps(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_map *m = NULL;
    assert_int_equal(fill(a, &m), HS_OK);
    assert_int_equal(hs_map_len(m), 1000);
    assert_int_equal((uintptr_t)hs_map_get(m, HS_S("key 999")), 1000);
    assert_null(hs_map_get(m, HS_S("key 1000")));
    assert_null(hs_map_get(hs_map_new(a), HS_S("x")));
    assert_int_equal(hs_map_put(m, HS_S("key 0"), "new", NULL), HS_OK);
    assert_int_equal(hs_map_len(m), 1000);
    assert_string_equal(hs_map_get(m, HS_S("key 0")), "new");
    assert_int_equal(hs_map_put(m, HS_S(""), "empty", NULL), HS_OK);
    assert_string_equal(hs_map_get(m, HS_S("")), "empty");
    hs_arena_free(a);
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    hs_fault_alloc_after(-1);
    bool done = false;
    for (long n = 0; !done; n++) {
        assert_true(n < 200);
        hs_fault_alloc_after(n);
        struct hs_arena *a = hs_arena_new(0);
        struct hs_map *m = NULL;
        done = a && fill(a, &m) == HS_OK;
        hs_arena_free(a);
    }
    hs_fault_alloc_after(-1);
}

static void digests(void **state)
{
    (void)state;
    uint8_t a[32], b[32];
    struct hs_buf hex;
    hs_buf_init(&hex, 100);
    assert_int_equal(hs_sha256_once(HS_S("abc"), a, NULL), HS_OK);
    hs_buf_add_hex(&hex, a, 32);
    assert_string_equal(hex.at, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct hs_sha256 *h = hs_sha256_new();
    hs_sha256_add(h, "a", 1);
    hs_sha256_add(h, "bc", 2);
    assert_int_equal(hs_sha256_end(h, b, NULL), HS_OK);
    assert_true(hs_same_bytes(a, b, 32));
    h = hs_sha256_new();
    hs_sha256_field(h, HS_S("ab"));
    hs_sha256_field(h, HS_S("c"));
    assert_int_equal(hs_sha256_end(h, a, NULL), HS_OK);
    h = hs_sha256_new();
    hs_sha256_field(h, HS_S("a"));
    hs_sha256_field(h, HS_S("bc"));
    assert_int_equal(hs_sha256_end(h, b, NULL), HS_OK);
    assert_false(hs_same_bytes(a, b, 32));
    hs_buf_clear(&hex);
    assert_int_equal(hs_hmac_sha256(HS_S("Jefe"), HS_S("what do ya want for nothing?"), a, NULL), HS_OK);
    hs_buf_add_hex(&hex, a, 32);
    assert_string_equal(hex.at, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    hs_buf_fini(&hex);
    assert_int_equal(hs_random(a, 32, NULL), HS_OK);
    assert_int_equal(hs_random(b, 32, NULL), HS_OK);
    assert_false(hs_same_bytes(a, b, 32));
    hs_sha256_free(NULL);
}

static void log_lines(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    hs_log_setup(HS_LOG_INFO, false, ends[1]);
    hs_log(HS_LOG_DEBUG, "unseen", NULL);
    hs_log(HS_LOG_WARN, "denied", "who", "ann", "why", "a\nb=c", NULL);
    struct hs_err err;
    hs_ignore(hs_fail_hidden(&err, HS_INTERNAL, "secret %d", 1));
    hs_log_setup(HS_LOG_INFO, true, ends[1]);
    hs_log_err(HS_LOG_ERROR, "failed", "r1", &err);
    hs_log_setup(HS_LOG_INFO, false, STDERR_FILENO);
    char text[4096] = "";
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    assert_non_null(strstr(text, " warn  denied who=ann why=\"a\\nb=c\"\n{\"time\":\""));
    assert_non_null(
        strstr(text, "\"request\":\"r1\",\"kind\":\"INTERNAL\",\"shown\":\"internal error\",\"detail\":\"secret 1\""));
    assert_null(strstr(text, "unseen"));
    close(ends[0]);
    close(ends[1]);
}

static void faults(void **state)
{
    (void)state;
#ifdef HS_FAULTS
    assert_true(hs_fault("one") && hs_fault("two") && !hs_fault("three"));
    assert_string_equal(hs_fault_value("two"), "2");
    assert_false(hs_defence("fence"));
    assert_true(hs_defence("guard"));
#endif
}

int main(void)
{
    setenv("HS_FAULTS", "one,two=2,no-fence", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena),   cmocka_unit_test(arena_maximum),
        cmocka_unit_test(maps),    cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(digests), cmocka_unit_test(log_lines),
        cmocka_unit_test(faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
