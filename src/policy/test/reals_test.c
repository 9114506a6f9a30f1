/* bucket and round over doubles in other engines: that the ends they are printed with are the last that do not
 * overflow; and as JSON lines for tests/dialects, which tries them on doubles of every size: policy_reals_test --forms
 * each width and number of digits, over double and float, in each dialect */
#include "mask/shared/real.h"
#include "policy/test/world.h"

#include <math.h>

static const char *const widths[] = {"0.1",
                                     "0.3",
                                     "0.5",
                                     "1",
                                     "2.5",
                                     "7",
                                     "1000",
                                     "123456789.125",
                                     "98765432109876543210987654321098765432",
                                     "0.00000000000000000000000000000000000012345",
                                     "1.0000000000000002220446049250313080847"};
static const int digits[] = {-18, -17, -3, -1, 0, 1, 2, 5, 15, 18};

static void put_form(struct world *w, const struct hs_mask_call *call)
{
    static const struct hs_dialect *const all[] = {&hs_trino, &hs_postgres};
    struct hs_buf b, text;
    hs_buf_init(&b, 1 << 16);
    hs_buf_addf(&b, "{\"type\": \"%s\", \"function\": \"%s\"", hs_type_name(call->type->id), call->function->name);
    for (size_t i = 0; i <= COUNT(all); i++) {
        hs_mask_print print = call->function->print_duckdb;
        hs_buf_init(&text, 1 << 16);
        if (i < COUNT(all))
            assert_int_equal(hs_mask_print_in(call, all[i], &print, &w->err), HS_OK);
        print(&text, call);
        hs_buf_addf(&b, ", \"%s\": ", i < COUNT(all) ? all[i]->name : "duckdb");
        hs_buf_add_json(&b, hs_str_of(w_keep(w, &text)));
    }
    printf("%s}\n", b.at);
    hs_buf_fini(&b);
}

static void put_forms(struct world *w, const char *name, const char *arg, const struct hs_value *value)
{
    static const enum hs_type_id types[] = {HS_T_DOUBLE, HS_T_FLOAT};
    for (size_t i = 0; i < COUNT(types); i++) {
        struct hs_mask_arg one = {hs_str_of(arg), *value};
        struct hs_policy p = {.with = hs_str_of(name), .args = &one, .arg_count = 1};
        const struct hs_mask_call call = {.function = hs_mask_function(hs_str_of(name)),
                                          .type = w_type(w, types[i]),
                                          .x = HS_S("\"f1\""),
                                          .args = &one,
                                          .arg_count = 1};
        if (hs_mask_fits(&p, call.type, &w->err) != HS_OK)
            fail_msg("%s", w->err.shown);
        put_form(w, &call);
    }
}

static int dump_forms(void)
{
    struct world w;
    w_init(&w);
    for (size_t i = 0; i < COUNT(widths); i++)
        put_forms(&w, "bucket", "width", &(struct hs_value){.kind = HS_V_NUMBER, .text = hs_str_of(widths[i])});
    for (size_t i = 0; i < COUNT(digits); i++)
        put_forms(&w, "round", "digits", &(struct hs_value){.kind = HS_V_INT, .i = digits[i]});
    w_fini(&w);
    return 0;
}

/* ---- ends ---- */

static bool is_below(double x, double by)
{
    return x <= by;
}

static bool is_from(double x, double by)
{
    return x >= by;
}

static bool always(double x, double by)
{
    return x > 0 || by > 0;
}

static bool never(double x, double by)
{
    return !always(x, by);
}

static void test_ends(void **state)
{
    static const double ends[] = {5e-324, 1e-310, 2.5, 1e300, 1.7976931348623157e308};
    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        assert_true(hs_greatest_real(is_below, ends[i]) == ends[i]);
        assert_true(hs_least_real(is_from, ends[i]) == ends[i]);
    }
    assert_true(hs_greatest_real(always, 0) == 1.7976931348623157e308);
    assert_true(hs_greatest_real(never, 0) == 0);
    assert_true(isinf(hs_least_real(never, 0)));
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--forms") == 0)
        return dump_forms();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
