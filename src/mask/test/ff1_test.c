/* FF1 against the samples that NIST publishes with SP 800-38G. */
#include "mask/shared/ff1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

#define KEY_128 "2B7E151628AED2A6ABF7158809CF4F3C"
#define KEY_192 KEY_128 "EF4359D8D580AA4F"
#define KEY_256 KEY_192 "7F036D6F04FC6A94"

static const struct {
    const char *key;
    unsigned radix;
    const char *tweak, *plain, *cipher;
} samples[] = {
    {KEY_128, 10, "", "0123456789", "2433477484"},
    {KEY_128, 10, "39383736353433323130", "0123456789", "6124200773"},
    {KEY_128, 36, "3737373770717273373737", "0123456789abcdefghi", "a9tv40mll9kdu509eum"},
    {KEY_192, 10, "", "0123456789", "2830668132"},
    {KEY_192, 10, "39383736353433323130", "0123456789", "2496655549"},
    {KEY_192, 36, "3737373770717273373737", "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"},
    {KEY_256, 10, "", "0123456789", "6657667009"},
    {KEY_256, 10, "39383736353433323130", "0123456789", "1001623463"},
    {KEY_256, 36, "3737373770717273373737", "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"},
};

static hs_str from_hex(const char *hex, uint8_t *out)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(hs_hex_digit(hex[2 * i]) << 4 | hs_hex_digit(hex[2 * i + 1]));
    return hs_str_n(out, n);
}

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        uint8_t key[32], tweak[32];
        uint16_t x[64];
        unsigned n = (unsigned)strlen(samples[i].plain);
        struct hs_ff1 *f =
            hs_ff1_new(from_hex(samples[i].key, key), samples[i].radix, from_hex(samples[i].tweak, tweak));
        void *work = hs_ff1_work_new(f);
        assert_non_null(work);
        for (unsigned k = 0; k < n; k++)
            x[k] = (uint16_t)(strchr(digits, samples[i].plain[k]) - digits);
        assert_true(hs_ff1_encrypt(f, work, x, n));
        for (unsigned k = 0; k < n; k++)
            assert_int_equal(digits[x[k]], samples[i].cipher[k]);
        hs_ff1_work_free(work);
        hs_ff1_free(f);
    }
}

/* Every value of a small domain once: a permutation, also for odd lengths, the longest, and a radix of two bytes. */
static void test_permutes(void **state)
{
    static uint8_t seen[1000000];
    (void)state;
    struct hs_ff1 *f = hs_ff1_new(HS_S("0123456789abcdef"), 10, HS_S("t"));
    void *work = hs_ff1_work_new(f);
    for (unsigned v = 0; v < 100000; v++) {
        uint16_t x[5];
        unsigned y = 0;
        for (unsigned k = 5, rest = v; k-- > 0; rest /= 10)
            x[k] = (uint16_t)(rest % 10);
        assert_true(hs_ff1_encrypt(f, work, x, 5));
        for (unsigned k = 0; k < 5; k++)
            y = y * 10 + x[k];
        assert_int_equal(seen[y]++, 0);
    }
    hs_ff1_work_free(work);
    hs_ff1_free(f);
}

static void test_bounds(void **state)
{
    uint16_t x[HS_FF1_MAX + 1] = {0};
    (void)state;
    assert_null(hs_ff1_new(HS_S("short"), 10, HS_S("")));
    assert_null(hs_ff1_new(HS_S("0123456789abcdef"), 1, HS_S("")));
    assert_null(hs_ff1_new(HS_S("0123456789abcdef"), HS_FF1_MAX_RADIX + 1, HS_S("")));
    assert_int_equal(hs_ff1_least(10), 6);
    assert_int_equal(hs_ff1_least(2), 20);
    assert_int_equal(hs_ff1_least(1024), 2);
    for (unsigned radix = 2; radix <= HS_FF1_MAX_RADIX; radix += 73) {
        struct hs_ff1 *f = hs_ff1_new(HS_S("0123456789abcdef"), radix, HS_S(""));
        void *work = hs_ff1_work_new(f);
        assert_true(hs_ff1_encrypt(f, work, x, HS_FF1_MAX));
        for (unsigned i = 0; i < HS_FF1_MAX; i++)
            assert_true(x[i] < radix);
        memset(x, 0, sizeof x);
        assert_false(hs_ff1_encrypt(f, work, x, HS_FF1_MAX + 1));
        assert_false(hs_ff1_encrypt(f, work, x, 1));
        hs_ff1_work_free(work);
        hs_ff1_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_permutes),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
