/* Bound values as constants inside the fence: which, letter by letter, and which never. */
#include "engine/inside_in.h"
#include "engine/test/guard_samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>

static void check(struct hs_type type, struct hs_param value, const char *want)
{
    struct hs_buf out;
    hs_buf_init(&out, 1 << 16);
    bool taken = hs_print_bound(&out, &value, &type);
    hs_buf_addc(&out, 0);
    if (taken != (want != NULL) || (want && strcmp(out.at, want) != 0))
        fail_msg("%s instead of %s", taken ? out.at : "nothing", want ? want : "nothing");
    hs_buf_fini(&out);
}

#define VALUE(...)    \
    (struct hs_param) \
    {                 \
        __VA_ARGS__   \
    }
#define TYPE(...)    \
    (struct hs_type) \
    {                \
        __VA_ARGS__  \
    }

static void writes_what_is_exact(void **state)
{
    static const uint8_t uuid[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                     0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    struct hs_type amount = {.id = HS_T_DECIMAL, .precision = 5, .scale = 2};
    (void)state;
    check(TYPE(.id = HS_T_INT), VALUE(.type = HS_T_LONG, .i = -2147483648), "CAST('-2147483648' AS INTEGER)");
    check(TYPE(.id = HS_T_LONG), VALUE(.type = HS_T_INT16, .i = 33), "CAST('33' AS BIGINT)");
    check(amount, VALUE(.type = HS_T_DECIMAL, .text = HS_S("-123.4")), "CAST('-123.4' AS DECIMAL(5, 2))");
    check(amount, VALUE(.type = HS_T_DECIMAL, .text = HS_S("000999.99")), "CAST('000999.99' AS DECIMAL(5, 2))");
    check(TYPE(.id = HS_T_DOUBLE), VALUE(.type = HS_T_DOUBLE, .d = 0.1), "CAST('0.10000000000000001' AS DOUBLE)");
    check(TYPE(.id = HS_T_STRING), VALUE(.type = HS_T_STRING, .text = HS_S("it's")), "'it''s'");
    check(TYPE(.id = HS_T_STRING), VALUE(.type = HS_T_STRING, .text = HS_S("")), "''");
    check(TYPE(.id = HS_T_BOOLEAN), VALUE(.type = HS_T_BOOLEAN, .i = 1), "true");
    check(TYPE(.id = HS_T_DATE), VALUE(.type = HS_T_DATE, .i = -1), "CAST('1969-12-31' AS DATE)");
    check(TYPE(.id = HS_T_TIMESTAMP), VALUE(.type = HS_T_TIMESTAMP, .i = -1),
          "CAST('1969-12-31 23:59:59.999999' AS TIMESTAMP)");
    check(TYPE(.id = HS_T_TIMESTAMPTZ), VALUE(.type = HS_T_TIMESTAMPTZ, .i = 86400000001),
          "CAST('1970-01-02 00:00:00.000001+00' AS TIMESTAMP WITH TIME ZONE)");
    check(TYPE(.id = HS_T_UUID), VALUE(.type = HS_T_UUID, .text = hs_str_n((const char *)uuid, 16)),
          "CAST('00112233445566778899aabbccddeeff' AS UUID)");
}

/* What a cast could refuse, or what could end the text that it stands in. */
static void leaves_the_rest_outside(void **state)
{
    struct hs_type amount = {.id = HS_T_DECIMAL, .precision = 5, .scale = 2};
    static char long_text[4098];
    memset(long_text, 'a', sizeof long_text);
    (void)state;
    check(TYPE(.id = HS_T_LONG), VALUE(.type = HS_T_LONG, .null = true), NULL);
    check(TYPE(.id = HS_T_INT), VALUE(.type = HS_T_LONG, .i = 2147483648), NULL);
    check(amount, VALUE(.type = HS_T_DECIMAL, .text = HS_S("1000.00")), NULL);
    check(amount, VALUE(.type = HS_T_DECIMAL, .text = HS_S("1.234")), NULL);
    check(amount, VALUE(.type = HS_T_DECIMAL, .text = HS_S("1' OR 1=1")), NULL);
    check(amount, VALUE(.type = HS_T_DECIMAL, .text = HS_S("1.2.3")), NULL);
    check(amount, VALUE(.type = HS_T_DECIMAL, .text = HS_S("-")), NULL);
    check(amount, VALUE(.type = HS_T_DECIMAL, .text = HS_S(".")), NULL);
    check(amount, VALUE(.type = HS_T_DECIMAL, .text = HS_S("")), NULL);
    check(TYPE(.id = HS_T_DOUBLE), VALUE(.type = HS_T_DOUBLE, .d = NAN), NULL);
    check(TYPE(.id = HS_T_DOUBLE), VALUE(.type = HS_T_DOUBLE, .d = INFINITY), NULL);
    check(TYPE(.id = HS_T_STRING), VALUE(.type = HS_T_STRING, .text = hs_str_n("a\0b", 3)), NULL);
    check(TYPE(.id = HS_T_STRING), VALUE(.type = HS_T_STRING, .text = HS_S("\xff")), NULL);
    check(TYPE(.id = HS_T_STRING), VALUE(.type = HS_T_STRING, .text = hs_str_n(long_text, 4097)), NULL);
    check(TYPE(.id = HS_T_DATE), VALUE(.type = HS_T_DATE, .i = INT32_MAX), NULL);
    check(TYPE(.id = HS_T_DATE), VALUE(.type = HS_T_DATE, .i = INT64_MIN), NULL);
    check(TYPE(.id = HS_T_TIMESTAMP), VALUE(.type = HS_T_TIMESTAMP, .i = INT64_MAX), NULL);
    check(TYPE(.id = HS_T_TIMESTAMPTZ), VALUE(.type = HS_T_TIMESTAMPTZ, .i = INT64_MIN), NULL);
    check(TYPE(.id = HS_T_UUID), VALUE(.type = HS_T_UUID, .text = HS_S("short")), NULL);
    check(TYPE(.id = HS_T_TIME), VALUE(.type = HS_T_TIME, .i = 1), NULL);
}

/* Of "asked", which has `word = $2 ... id NOT IN (3, $1)`. */
static void copies_them_with_their_predicates(void **state)
{
    static struct hs_type types[] = {{.id = HS_T_LONG}, {.id = HS_T_STRING}};
    static const struct hs_scan_column columns[] = {{HS_S("id"), HS_S("\"f1\""), &types[0], true},
                                                    {HS_S("word"), HS_S("\"f2\""), &types[1], true}};
    struct hs_param values[] = {{.type = HS_T_INT, .i = 9}, {.type = HS_T_STRING, .text = HS_S("p'")}};
    struct hs_params params = {values, 2};
    (void)state;
    for (int bound = 0; bound < 2; bound++) {
        struct hs_arena *a = hs_arena_new(0);
        size_t len;
        char *json = sample("asked", &len);
        struct hs_statement *s = NULL;
        struct hs_err err = {0};
        assert_int_equal(hs_guard_statement(a, HS_S(""), hs_str_n(json, len), &s, &err), HS_OK);
        struct hs_scan scans[2] = {{.columns = columns, .column_count = 2}, {.columns = columns, .column_count = 2}};
        struct hs_buf out, inside[2];
        hs_buf_init(&out, 1 << 20);
        hs_buf_init(&inside[0], 1 << 20);
        hs_buf_init(&inside[1], 1 << 20);
        assert_int_equal(s->ref_count, 2);
        assert_int_equal(hs_statement_print(s, scans, bound ? &params : NULL, inside, &out, &err), HS_OK);
        assert_int_equal(strstr(inside[0].at, "(\"word\" = 'p''')") != NULL, bound);
        assert_int_equal(strstr(inside[0].at, "CAST('9' AS BIGINT)") != NULL, bound);
        assert_non_null(strstr(out.at, "\"word\" = $2")); /* it stays outside, and a parameter */
        assert_null(strstr(inside[0].at, "$"));
        hs_buf_fini(&out);
        hs_buf_fini(&inside[0]);
        hs_buf_fini(&inside[1]);
        free(json);
        hs_arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_is_exact),
        cmocka_unit_test(leaves_the_rest_outside),
        cmocka_unit_test(copies_them_with_their_predicates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
