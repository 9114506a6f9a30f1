/* Partition transforms against the specification's own values, and single values in every form. */
#include "iceberg/transform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct hs_comparable whole(int64_t v)
{
    return (struct hs_comparable){.kind = HS_C_WHOLE, .i = v};
}

static struct hs_comparable text(const char *s)
{
    return (struct hs_comparable){.kind = HS_C_BYTES, .bytes = hs_str_of(s)};
}

static struct hs_comparable decimal(int64_t unscaled)
{
    return (struct hs_comparable){.kind = HS_C_DECIMAL, .decimal = unscaled};
}

static void assert_hash(enum hs_type_id type, struct hs_comparable v, int32_t expected)
{
    struct hs_type source = {.id = type};
    uint32_t hash;
    assert_true(hs_bucket_hash(&source, &v, &hash));
    assert_int_equal((int32_t)hash, expected);
}

/* Appendix B, "32-bit Hash Requirements". */
static void test_hashes(void **state)
{
    (void)state;
    static const char uuid[] = "\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7";
    assert_hash(HS_T_INT, whole(34), 2017239379);
    assert_hash(HS_T_LONG, whole(34), 2017239379);
    assert_hash(HS_T_DECIMAL, decimal(1420), -500754589);
    assert_hash(HS_T_DATE, whole(17486), -653330422);
    assert_hash(HS_T_TIME, whole(81068000000), -662762989);
    assert_hash(HS_T_TIMESTAMP, whole(1510871468000000), -2047944441);
    assert_hash(HS_T_TIMESTAMP, whole(1510871468000001), -1207196810);
    assert_hash(HS_T_TIMESTAMPTZ, whole(1510871468000000), -2047944441);
    assert_hash(HS_T_TIMESTAMP_NS, whole(1510871468000000000), -2047944441);
    assert_hash(HS_T_TIMESTAMPTZ_NS, whole(1510871468000001001), -1207196810);
    assert_hash(HS_T_STRING, text("iceberg"), 1210000089);
    assert_hash(HS_T_UUID, (struct hs_comparable){.kind = HS_C_BYTES, .bytes = {uuid, 16}}, 1488055340);
    assert_hash(HS_T_FIXED, (struct hs_comparable){.kind = HS_C_BYTES, .bytes = HS_S("\0\1\2\3")}, -188683207);
    assert_hash(HS_T_BINARY, (struct hs_comparable){.kind = HS_C_BYTES, .bytes = HS_S("\0\1\2\3")}, -188683207);
}

static struct hs_comparable apply(enum hs_transform transform, int parameter, struct hs_type source,
                                  struct hs_comparable v)
{
    struct hs_partition_field f = {.transform = transform, .parameter = parameter};
    struct hs_comparable out;
    assert_true(hs_transform_value(&f, &source, &v, &out));
    return out;
}

static void test_truncate(void **state)
{
    (void)state;
    struct hs_type i = {.id = HS_T_INT}, s = {.id = HS_T_STRING}, b = {.id = HS_T_BINARY};
    struct hs_type d = {.id = HS_T_DECIMAL, .precision = 9, .scale = 2};
    assert_int_equal(apply(HS_TR_TRUNCATE, 10, i, whole(1)).i, 0);
    assert_int_equal(apply(HS_TR_TRUNCATE, 10, i, whole(-1)).i, -10);
    assert_int_equal(apply(HS_TR_TRUNCATE, 10, i, whole(-10)).i, -10);
    assert_true(apply(HS_TR_TRUNCATE, 50, d, decimal(1065)).decimal == 1050);
    assert_true(apply(HS_TR_TRUNCATE, 50, d, decimal(-5)).decimal == -50);
    assert_true(hs_str_is(apply(HS_TR_TRUNCATE, 3, s, text("iceberg")).bytes, "ice"));
    assert_true(
        hs_str_is(apply(HS_TR_TRUNCATE, 3, s, text("\u00e4\u20ac\U0001f600x")).bytes, "\u00e4\u20ac\U0001f600"));
    assert_true(hs_str_is(apply(HS_TR_TRUNCATE, 3, s, text("a")).bytes, "a"));
    assert_true(hs_str_is(apply(HS_TR_TRUNCATE, 3, b, text("\x01\x02\x03\x04")).bytes, "\x01\x02\x03"));
    struct hs_partition_field f = {.transform = HS_TR_TRUNCATE, .parameter = 10};
    struct hs_comparable least = whole(INT64_MIN), out;
    struct hs_type l = {.id = HS_T_LONG};
    assert_false(hs_transform_value(&f, &l, &least, &out)); /* below what a number holds */
}

static void test_times(void **state)
{
    (void)state;
    struct hs_type date = {.id = HS_T_DATE}, ts = {.id = HS_T_TIMESTAMP}, ns = {.id = HS_T_TIMESTAMP_NS};
    assert_int_equal(apply(HS_TR_YEAR, 0, date, whole(17486)).i, 47); /* 2017-11-16 */
    assert_int_equal(apply(HS_TR_MONTH, 0, date, whole(17486)).i, 47 * 12 + 10);
    assert_int_equal(apply(HS_TR_DAY, 0, date, whole(17486)).i, 17486);
    assert_int_equal(apply(HS_TR_YEAR, 0, ts, whole(1510871468000000)).i, 47);
    assert_int_equal(apply(HS_TR_MONTH, 0, ts, whole(1510871468000000)).i, 47 * 12 + 10);
    assert_int_equal(apply(HS_TR_DAY, 0, ts, whole(1510871468000000)).i, 17486);
    assert_int_equal(apply(HS_TR_HOUR, 0, ts, whole(1510871468000000)).i, 419686);
    assert_int_equal(apply(HS_TR_HOUR, 0, ns, whole(1510871468000001001)).i, 419686);
    assert_int_equal(apply(HS_TR_YEAR, 0, ts, whole(-1)).i, -1); /* the last microsecond of 1969 */
    assert_int_equal(apply(HS_TR_MONTH, 0, ts, whole(-1)).i, -1);
    assert_int_equal(apply(HS_TR_DAY, 0, ts, whole(-1)).i, -1);
    assert_int_equal(apply(HS_TR_HOUR, 0, ts, whole(-1)).i, -1);
    assert_int_equal(apply(HS_TR_MONTH, 0, date, whole(11016)).i, 30 * 12 + 1); /* 2000-02-29 */
    assert_int_equal(apply(HS_TR_MONTH, 0, date, whole(11017)).i, 30 * 12 + 2);
    assert_int_equal(apply(HS_TR_YEAR, 0, date, whole(-719162)).i, 1 - 1970); /* 0001-01-01 */
}

static void test_result_types(void **state)
{
    (void)state;
    struct hs_type text_type = {.id = HS_T_STRING}, d = {.id = HS_T_DATE}, f = {.id = HS_T_FLOAT};
    struct hs_partition_field bucket = {.transform = HS_TR_BUCKET, .parameter = 4}, day = {.transform = HS_TR_DAY};
    struct hs_partition_field nothing = {.transform = HS_TR_VOID}, same = {.transform = HS_TR_IDENTITY};
    assert_int_equal(hs_transform_result(&bucket, &text_type).id, HS_T_INT);
    assert_int_equal(hs_transform_result(&bucket, &f).id, HS_T_UNKNOWN);
    assert_int_equal(hs_transform_result(&day, &d).id, HS_T_DATE);
    assert_int_equal(hs_transform_result(&day, &text_type).id, HS_T_UNKNOWN);
    assert_int_equal(hs_transform_result(&nothing, &d).id, HS_T_UNKNOWN);
    assert_int_equal(hs_transform_result(&same, &f).id, HS_T_FLOAT);
    assert_int_equal(hs_transform_result(&same, NULL).id, HS_T_UNKNOWN);
}

static void assert_decimal(const char *written, int scale, bool ok, int64_t unscaled)
{
    __int128 out = 0;
    assert_int_equal(hs_decimal_of_text(hs_str_of(written), scale, &out), ok);
    if (ok)
        assert_true(out == unscaled);
}

static void test_decimals(void **state)
{
    (void)state;
    assert_decimal("12.50", 2, true, 1250);
    assert_decimal("-12.5", 2, true, -1250);
    assert_decimal("12.500", 2, true, 1250);
    assert_decimal("12.505", 2, false, 0);
    assert_decimal("7", 2, true, 700);
    assert_decimal(".5", 1, true, 5);
    assert_decimal("5.", 1, true, 50);
    assert_decimal("", 1, false, 0);
    assert_decimal("-", 1, false, 0);
    assert_decimal(".", 1, false, 0);
    assert_decimal("1e3", 1, false, 0);
    assert_decimal("99999999999999999999999999999999999999999", 0, false, 0);
    __int128 v;
    assert_true(hs_decimal_of_bytes(HS_S("\xff"), &v) && v == -1);
    assert_true(hs_decimal_of_bytes(HS_S("\x00\xff"), &v) && v == 255);
    assert_true(hs_decimal_of_bytes(HS_S("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07"), &v) && v == 7);
    assert_false(hs_decimal_of_bytes(HS_S("\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), &v));
    assert_false(hs_decimal_of_bytes(HS_S(""), &v));
    struct hs_arena *a = hs_arena_new(0);
    assert_true(hs_str_is(hs_decimal_text(a, -1250, 2), "-12.50"));
    assert_true(hs_str_is(hs_decimal_text(a, 5, 3), "0.005"));
    assert_true(hs_str_is(hs_decimal_text(a, 0, 0), "0"));
    hs_arena_free(a);
}

/* A column that was widened has bounds of two widths. */
static void test_bounds(void **state)
{
    (void)state;
    struct hs_type l = {.id = HS_T_LONG}, i = {.id = HS_T_INT}, d = {.id = HS_T_DOUBLE}, f = {.id = HS_T_FLOAT};
    struct hs_type ts = {.id = HS_T_TIMESTAMP};
    struct hs_comparable v;
    assert_true(hs_comparable_of_bound(&l, HS_S("\xfe\xff\xff\xff"), &v) && v.i == -2);
    assert_true(hs_comparable_of_bound(&l, HS_S("\2\0\0\0\0\0\0\0"), &v) && v.i == 2);
    assert_false(hs_comparable_of_bound(&i, HS_S("\2\0\0\0\0\0\0\0"), &v));
    assert_false(hs_comparable_of_bound(&l, HS_S("\2\0"), &v));
    assert_true(hs_comparable_of_bound(&d, HS_S("\0\0\x80\x3f"), &v) && v.f == 1.0);
    assert_false(hs_comparable_of_bound(&f, HS_S("\0\0\xc0\x7f"), &v));                   /* NaN */
    assert_true(hs_comparable_of_bound(&ts, HS_S("\1\0\0\0"), &v) && v.i == 86400000000); /* was a date */
    assert_false(hs_comparable_of_bound(&ts, (hs_str){0}, &v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hashes),   cmocka_unit_test(test_truncate),
                                       cmocka_unit_test(test_times),    cmocka_unit_test(test_result_types),
                                       cmocka_unit_test(test_decimals), cmocka_unit_test(test_bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
