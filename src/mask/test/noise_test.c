/* What two answers with noise tell together: nothing that one of them does not. */
#include "mask/mask.h"
#include "mask/shared/hmac.h"
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

enum { COUNT = 64 };

struct place {
    const char *at_most;
    int field_id;
    const char *product, *table, *viewer;
};

static hs_str no_key(const void *keys, hs_str domain, hs_str id)
{
    (void)keys, (void)domain, (void)id;
    return (hs_str){0};
}

/* The setup as the printer writes it, out of hs_mask_noise_double('...', x). */
static hs_str setup_of(struct hs_buf *out, const struct place *p, const struct hs_type *type)
{
    struct hs_value most = {.kind = HS_V_NUMBER, .text = hs_str_of(p->at_most)};
    struct hs_mask_arg arg = {HS_S("at-most"), most};
    struct hs_mask_call call = {.type = type,
                                .x = HS_S("x"),
                                .args = &arg,
                                .arg_count = 1,
                                .domain = HS_S("d"),
                                .product = hs_str_of(p->product),
                                .table = hs_str_of(p->table),
                                .field_id = p->field_id,
                                .viewer = hs_str_of(p->viewer)};
    hs_buf_clear(out);
    hs_buf_add_mask_call(out, hs_mask_function(HS_S("noise")), &call);
    hs_str text = hs_buf_str(out);
    hs_str_cut(&text, '\'');
    return hs_str_cut(&text, '\'');
}

static void noisy(const struct place *p, const struct hs_type *type, struct hs_native_value *values, size_t count)
{
    const struct hs_native *n = hs_mask_function(HS_S("noise"))->native;
    struct hs_native_head head;
    struct hs_buf setup, text;
    hs_buf_init(&setup, 4096);
    hs_buf_init(&text, 4096);
    assert_true(hs_native_head(hs_mask_function(HS_S("noise")), setup_of(&setup, p, type), &head));
    struct hs_native_setup own = {head.fields, HS_S("key"), head.viewer, no_key, NULL};
    void *state = n->open(&own);
    assert_non_null(state);
    bool whole = type->id == HS_T_LONG;
    for (size_t i = 0; i < count; i++)
        assert_true(n->mask(state, NULL, whole ? HS_NATIVE_LONG : HS_NATIVE_DOUBLE, &values[i], &text));
    n->close(state);
    hs_buf_fini(&setup);
    hs_buf_fini(&text);
}

static const struct place here = {"1.0", 1, "p", "t", "ana"};
static const struct hs_type real = {.id = HS_T_DOUBLE}, narrow = {.id = HS_T_FLOAT}, whole = {.id = HS_T_LONG};

/* How often the noise of one place is as much of its at-most as another's: never but by chance. */
static void test_places(void **state)
{
    static const struct place others[] = {{"2.0", 1, "p", "t", "ana"}, {"1.0", 2, "p", "t", "ana"},
                                          {"1.0", 1, "q", "t", "ana"}, {"1.0", 1, "p", "u", "ana"},
                                          {"1.0", 1, "p", "t", "bea"}, {"1.0", 1, "pt", "", "ana"}};
    (void)state;
    for (size_t k = 0; k < HS_COUNT(others); k++) {
        struct hs_native_value a[COUNT] = {0}, b[COUNT] = {0};
        int same = 0;
        for (int i = 0; i < COUNT; i++)
            a[i].real = b[i].real = i;
        noisy(&here, &real, a, COUNT);
        noisy(&others[k], &real, b, COUNT);
        for (int i = 0; i < COUNT; i++)
            same += fabs((a[i].real - i) - (b[i].real - i) / atof(others[k].at_most)) < 1e-5;
        if (same > 2)
            fail_msg("place %zu has the same noise %d times", k, same);
    }
}

/* Every answer is a whole number of steps, whatever the value's last bits were. */
static void test_low_bits(void **state)
{
    static const char *const most[] = {"1.0", "0.7", "3", "1000.5", "0.000001"};
    (void)state;
    for (size_t k = 0; k < HS_COUNT(most); k++) {
        struct hs_native_value v[COUNT] = {0};
        struct place p = here;
        double step = exp2(ceil(log2(atof(most[k]))) - 20), far = 0;
        p.at_most = most[k];
        for (int i = 0; i < COUNT; i++)
            v[i].real = (i - 20) * 0.1 * step + i * atof(most[k]) / 3;
        noisy(&p, &real, v, COUNT);
        for (int i = 0; i < COUNT; i++) {
            double off = fabs(v[i].real - ((i - 20) * 0.1 * step + i * atof(most[k]) / 3));
            assert_true(fmod(v[i].real, step) == 0);
            assert_true(off <= atof(most[k]) + step);
            far = fmax(far, off);
        }
        assert_true(far > 0.8 * atof(most[k])); /* and the noise is used to its ends */
    }
}

/* What the noise cannot hide is not shown. */
static void test_large(void **state)
{
    struct hs_native_value v[] = {{.real = 1e300}, {.real = -1e17}, {.real = INFINITY}, {.real = NAN}, {.real = 4e9}};
    struct hs_native_value f[] = {{.real = 3e38}, {.real = 16777216}, {.real = 1e6}};
    (void)state;
    noisy(&here, &real, v, HS_COUNT(v));
    assert_true(v[0].null && v[1].null && v[2].null && v[3].null);
    assert_true(!v[4].null && v[4].real != 4e9 && fabs(v[4].real - 4e9) <= 1);
    noisy(&here, &narrow, f, HS_COUNT(f));
    assert_true(f[0].null && f[1].null && !f[2].null);
}

/* hmac-token over a text of one's own is no way to another function's secrets. */
static void test_keys(void **state)
{
    const char text[] = "ana|\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    struct hs_native_value v = {.whole = 5};
    struct place p = here;
    uint8_t token[32], own[32], other[32];
    unsigned __int128 bits;
    struct hs_err err;
    (void)state;
    p.at_most = "1000000000";
    assert_int_equal(hs_hmac_sha256(HS_S("key"), hs_str_n(text, sizeof text), token, &err), HS_OK);
    memcpy(&bits, token, sizeof bits);
    noisy(&p, &whole, &v, 1);
    assert_true(v.whole != 5 + (int64_t)(bits % 2000000001) - 1000000000);
    assert_true(hs_hmac_function_key(HS_S("key"), "noise", own) && hs_hmac_function_key(HS_S("key"), "ff1", other));
    assert_memory_not_equal(own, other, 32);
    assert_int_equal(hs_hmac_sha256(HS_S("key"), HS_S("\xFFnoise"), token, &err), HS_OK);
    assert_memory_equal(own, token, 32); /* and no text is FF and something */
    assert_false(hs_utf8_valid(HS_S("\xFFnoise")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_places), cmocka_unit_test(test_low_bits),
                                       cmocka_unit_test(test_large), cmocka_unit_test(test_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
