/* Numbers of a policy's: zeros behind the last decimal, and before the first digit, change none of them. */
#include "mask/mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

static const struct {
    const char *text;
    int scale;
    long long scaled; /* -1: no value of the type */
} numbers[] = {
    {"2.5", 2, 250},
    {"2.50", 2, 250},
    {"2.5000000", 2, 250},
    {"0.5", 2, 50},
    {"0.50", 2, 50},
    {"-0.50", 2, -50},
    {"00.50", 2, 50},
    {"3", 2, 300},
    {"3.0", 2, 300},
    {"3.0", 0, 3},
    {"3.00", 0, 3},
    {"10.0", 1, 100},
    {"2.505", 2, -1},
    {"2.5050", 2, -1},
    {"0.0000000000000000000000000000000000000000", 2, 0},
    {"1.0000000000000000000000000000000000000000", 2, 100},
    {"7.2500000000000000000000000000000000000000", 2, 725},
    {"0000000000000000000000000000000000000000007", 0, 7},
};

static void test_scaled(void **state)
{
    (void)state;
    for (size_t i = 0; i < HS_COUNT(numbers); i++) {
        struct hs_value v = {.kind = HS_V_NUMBER, .text = hs_str_of(numbers[i].text)};
        struct hs_type type = {.id = HS_T_DECIMAL, .precision = 10, .scale = numbers[i].scale};
        hs_whole out = -1;
        if (!hs_mask_scaled(&v, &type, &out))
            out = -1;
        if (out != numbers[i].scaled)
            fail_msg("%s to %d places is %lld", numbers[i].text, numbers[i].scale, (long long)out);
    }
}

/* Every function that takes a number, in each type that has a form of its own: what is printed for 2.5 and for 2.50 is
 * the same text, but for such zeros in a literal; or one of them is refused with words. */
static const struct {
    const char *function, *argument, *plain, *padded;
    bool list;
} uses[] = {
    {"bucket", "width", "2.5", "2.50", false},
    {"bucket", "width", "30", "30.00", false},
    {"bucket", "boundaries", "2.5", "2.500", true},
    {"noise", "at-most", "2.5", "2.50", false},
    {"noise", "at-most", "0.5", "0.50", false},
    {"noise", "at-most", "4", "4.0", false},
    {"noise", "at-most", "4", "4.000000000000000000000000000000000000000000000000000000000000000000", false},
    {"bucket", "width", "0.5", "0.500000000000000000000000000000000000000000000000000000000000000000", false},
    {"constant", "value", "2.5", "2.50", false},
    {"constant", "value", "7", "7.0", false},
    {"round", "digits", "1", "1.0", false},
    {"show-last-n", "n", "2", "2.0", false},
};

static bool prints(struct hs_buf *out, size_t use, const char *text, const struct hs_type *type)
{
    struct hs_value one = {.kind = strchr(text, '.') ? HS_V_NUMBER : HS_V_INT, .text = hs_str_of(text)};
    one.i = one.kind == HS_V_INT ? atoll(text) : 0;
    struct hs_value list = {.kind = HS_V_LIST, .items = &one, .item_count = 1};
    struct hs_mask_arg arg = {hs_str_of(uses[use].argument), uses[use].list ? list : one};
    struct hs_policy mask = {.kind = HS_MASK, .with = hs_str_of(uses[use].function), .args = &arg, .arg_count = 1};
    struct hs_mask_call call = {.type = type, .x = HS_S("x"), .args = &arg, .arg_count = 1};
    const struct hs_mask_function *f = hs_mask_function(mask.with);
    struct hs_err err;
    hs_buf_clear(out);
    if (!f || hs_mask_fits(&mask, type, &err) != HS_OK)
        return false;
    hs_buf_add_mask_call(out, f, &call);
    return !out->failed;
}

/* '2.50' -> '2.5', '7.0' -> '7': the engine reads these literals itself. */
static hs_str without_zeros(struct hs_buf *b)
{
    size_t to = 0, point = 0;
    for (size_t i = 0; i < b->len; i++) {
        char c = b->at[i];
        if (c == '.')
            point = to;
        else if (c == '\'' && point)
            while (to > point && (b->at[to - 1] == '0' || to - 1 == point))
                to--;
        if (c != '.' && (c < '0' || c > '9'))
            point = 0;
        b->at[to++] = c;
    }
    b->len = to;
    return hs_buf_str(b);
}

static void test_trailing_zeros(void **state)
{
    static const struct hs_type types[] = {{.id = HS_T_INT},
                                           {.id = HS_T_LONG},
                                           {.id = HS_T_DOUBLE},
                                           {.id = HS_T_FLOAT},
                                           {.id = HS_T_DECIMAL, .precision = 10, .scale = 1},
                                           {.id = HS_T_DECIMAL, .precision = 38, .scale = 10}};
    struct hs_buf a, b;
    size_t compared = 0;
    (void)state;
    hs_buf_init(&a, 1 << 16);
    hs_buf_init(&b, 1 << 16);
    for (size_t i = 0; i < HS_COUNT(uses); i++)
        for (size_t k = 0; k < HS_COUNT(types); k++) {
            bool one = prints(&a, i, uses[i].plain, &types[k]), other = prints(&b, i, uses[i].padded, &types[k]);
            if (one != other && types[k].id == HS_T_DOUBLE && strcmp(uses[i].argument, "n") != 0 &&
                strcmp(uses[i].argument, "digits") != 0)
                fail_msg("%s of %s and of %s: one is refused", uses[i].function, uses[i].plain, uses[i].padded);
            if (one && other && !hs_str_eq(without_zeros(&a), without_zeros(&b)))
                fail_msg("%s of %s: %.*s, and of %s: %.*s", uses[i].function, uses[i].plain, HS_FMT(hs_buf_str(&a)),
                         uses[i].padded, HS_FMT(hs_buf_str(&b)));
            compared += one && other;
        }
    assert_true(compared > 20);
    hs_buf_fini(&a);
    hs_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scaled), cmocka_unit_test(test_trailing_zeros)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
