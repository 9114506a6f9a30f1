/* Text, buffers, cursors and times: the ordinary cases and every edge that a peer could choose. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define assert_str(s, text) assert_true(hs_str_is((s), (text)))

static void cutting(void **state)
{
    (void)state;
    hs_str s = HS_S("a=b=");
    assert_str(hs_str_cut(&s, '='), "a");
    assert_str(hs_str_cut(&s, '='), "b");
    assert_non_null(s.at);
    assert_int_equal(s.len, 0);
    assert_str(hs_str_cut(&s, '='), "");
    assert_null(s.at);
    assert_str(hs_str_trim(HS_S(" \t x y\r\n")), "x y");
    assert_true(hs_str_eq_nocase(HS_S("GrPc"), HS_S("gRpC")));
    assert_true(hs_str_starts(HS_S("abc"), HS_S("ab")) && !hs_str_starts(HS_S("a"), HS_S("ab")));
    assert_true(hs_str_ends(HS_S("abc"), HS_S("bc")) && hs_str_ends(HS_S("a"), HS_S("")));
    assert_int_equal(hs_str_cmp(HS_S("a"), HS_S("ab")), -1);
    assert_int_equal(hs_str_cmp(HS_S("\xff"), HS_S("a")), 1);
}

static void numbers(void **state)
{
    (void)state;
    int64_t i = 7;
    uint64_t u = 7;
    assert_true(hs_str_to_i64(HS_S("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_false(hs_str_to_i64(HS_S("9223372036854775808"), &i));
    assert_true(hs_str_to_u64(HS_S("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_false(hs_str_to_u64(HS_S("18446744073709551616"), &u));
    static const char *BAD[] = {"", "-", "+", " 1", "1 ", "0x1", "--1", "1.0"};
    for (size_t n = 0; n < sizeof BAD / sizeof *BAD; n++)
        assert_false(hs_str_to_i64(hs_str_of(BAD[n]), &i));
    assert_true(i == INT64_MIN);
}

static void utf8(void **state)
{
    (void)state;
    assert_true(hs_utf8_valid(HS_S("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8c\xa8")));
    static const char *BAD[] = {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82",
                                "\x80",     "\xff",         "\xf0\x80\x80\x80"};
    for (size_t n = 0; n < sizeof BAD / sizeof *BAD; n++)
        assert_false(hs_utf8_valid(hs_str_of(BAD[n])));
}

static void nearest(void **state)
{
    (void)state;
    hs_str names[] = {HS_S("customer"), HS_S("orders"), HS_S("id")};
    assert_str(hs_str_nearest(HS_S("costumer"), names, 3), "customer");
    assert_str(hs_str_nearest(HS_S("order"), names, 3), "orders");
    assert_str(hs_str_nearest(HS_S("ix"), names, 3), "");
    assert_str(hs_str_nearest(HS_S(""), names, 3), "");
}

static void buffers(void **state)
{
    (void)state;
    struct hs_buf b;
    hs_buf_init(&b, 10);
    hs_buf_addf(&b, "%d-%s", 12, "abc");
    assert_str(hs_buf_str(&b), "12-abc");
    hs_buf_drop(&b, 3);
    assert_string_equal(b.at, "abc");
    hs_buf_addz(&b, "12345678");
    assert_true(b.failed && b.len == 3);
    struct hs_err err;
    assert_int_equal(hs_buf_done(&b, &err), HS_LIMIT);
    hs_buf_clear(&b);
    hs_buf_addz(&b, "0123456789");
    assert_int_equal(hs_buf_done(&b, &err), HS_OK);
    hs_buf_addc(&b, 'x');
    assert_int_equal(hs_buf_done(&b, &err), HS_LIMIT);
    hs_buf_fini(&b);
    hs_buf_init(&b, 1000);
    hs_fault_alloc_after(0);
    hs_buf_addz(&b, "x");
    hs_fault_alloc_after(-1);
    assert_int_equal(hs_buf_done(&b, &err), HS_NOMEM);
    hs_buf_fini(&b);
    hs_buf_fini(NULL);
}

static void quoting(void **state)
{
    (void)state;
    struct hs_buf b;
    hs_buf_init(&b, 1000);
    hs_buf_add_json(&b, HS_S("a\"\\\n\x01\xff\xc3\xbc"));
    hs_buf_add_sql_text(&b, HS_S("o'neil''"));
    hs_buf_add_sql_name(&b, HS_S("a\"b"));
    hs_buf_add_hex(&b, "\x00\xab", 2);
    assert_str(hs_buf_str(&b), "\"a\\\"\\\\\\n\\u0001\xEF\xBF\xBD\xc3\xbc\"'o''neil'''''\"a\"\"b\"00ab");
    hs_buf_fini(&b);
}

static void base64(void **state)
{
    (void)state;
    static const char *TEXTS[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    struct hs_buf b;
    hs_buf_init(&b, 100);
    for (size_t n = 0; n < 7; n++) {
        hs_buf_clear(&b);
        hs_buf_add_base64(&b, "foobar", n);
        assert_str(hs_buf_str(&b), TEXTS[n]);
        hs_str text = hs_str_of(TEXTS[n]);
        hs_buf_clear(&b);
        assert_true(hs_buf_add_base64_decoded(&b, text));
        assert_true(hs_str_eq(hs_buf_str(&b), hs_str_n("foobar", n)));
        while (hs_str_ends(text, HS_S("=")))
            text.len--;
        hs_buf_clear(&b);
        assert_true(hs_buf_add_base64_decoded(&b, text));
        assert_int_equal(b.len, n);
    }
    static const char *BAD[] = {"Z", "Zg=", "Zh==", "Zm9=", "Zm9v=", "Z===", "Zm 9v", "Zm9v====", "_-__"};
    for (size_t n = 0; n < sizeof BAD / sizeof *BAD; n++) {
        hs_buf_clear(&b);
        hs_buf_addz(&b, "kept");
        assert_false(hs_buf_add_base64_decoded(&b, hs_str_of(BAD[n])));
        assert_str(hs_buf_str(&b), "kept");
    }
    hs_buf_fini(&b);
}

static void cursors(void **state)
{
    (void)state;
    struct hs_cursor c = hs_cursor_of(HS_S("\x01\x02\x03\x04\x05\x06\x07\x08\x09"));
    assert_int_equal(hs_cursor_u16le(&c), 0x0201);
    assert_int_equal(hs_cursor_u16be(&c), 0x0304);
    assert_int_equal(hs_cursor_u32be(&c), 0x05060708);
    assert_int_equal(hs_cursor_left(&c), 1);
    assert_int_equal(hs_cursor_u16le(&c), 0);
    assert_true(c.bad && hs_cursor_left(&c) == 0);
    assert_int_equal(hs_cursor_u8(&c), 0); /* bad stays bad */
    c = hs_cursor_of(HS_S("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x03"));
    assert_true(hs_cursor_varint(&c) == UINT64_MAX);
    assert_int_equal(hs_cursor_zigzag(&c), -2);
    c = hs_cursor_of(HS_S("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
    assert_int_equal(hs_cursor_varint(&c), 0);
    assert_true(c.bad);
    c = hs_cursor_of(HS_S("abc"));
    assert_str(hs_cursor_bytes(&c, UINT64_MAX), "");
    assert_true(c.bad);
    c = hs_cursor_of((hs_str){NULL, 0});
    assert_str(hs_cursor_bytes(&c, 0), "");
    assert_false(c.bad);
}

static void times(void **state)
{
    (void)state;
    int64_t us;
    assert_true(hs_time_parse(HS_S("2026-11-21T10:55:00.123456Z"), &us));
    struct hs_buf b;
    hs_buf_init(&b, 100);
    hs_buf_add_time(&b, us);
    assert_str(hs_buf_str(&b), "2026-11-21T10:55:00.123456Z");
    int64_t other;
    assert_true(hs_time_parse(HS_S("2026-11-21 12:55:00.123456789+02:00"), &other) && other == us);
    assert_true(hs_time_parse(HS_S("1969-12-31T23:59:59.999999Z"), &us) && us == -1);
    hs_buf_clear(&b);
    hs_buf_add_time(&b, -1);
    assert_str(hs_buf_str(&b), "1969-12-31T23:59:59.999999Z");
    hs_buf_fini(&b);
    static const char *BAD[] = {"",
                                "2026-13-01",
                                "2025-02-29",
                                "1900-02-29",
                                "2026-1-1",
                                "2026-01-01T",
                                "2026-01-01T24:00:00",
                                "2026-01-01T00:00",
                                "2026-01-01T00:00:00.",
                                "2026-01-01T00:00:00+2",
                                "2026-01-01x"};
    for (size_t n = 0; n < sizeof BAD / sizeof *BAD; n++)
        assert_false(hs_time_parse(hs_str_of(BAD[n]), &us));
    for (int64_t day = -800000; day < 800000; day += 37) {
        int64_t year;
        unsigned month, dom;
        hs_civil_from_days(day, &year, &month, &dom);
        assert_true(hs_days_from_civil(year, month, dom) == day);
    }
    assert_true(hs_days_from_civil(2000, 2, 29) == 11016);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cutting), cmocka_unit_test(numbers), cmocka_unit_test(utf8),
        cmocka_unit_test(nearest), cmocka_unit_test(buffers), cmocka_unit_test(quoting),
        cmocka_unit_test(base64),  cmocka_unit_test(cursors), cmocka_unit_test(times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
