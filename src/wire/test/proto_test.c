/* Protobuf: against bytes from the encoding's specification, and against everything that is not protobuf. */
#include "wire/proto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static struct hs_buf b;

static void is(const char *bytes, size_t len)
{
    assert_int_equal(hs_buf_done(&b, NULL), HS_OK);
    assert_int_equal(b.len, len);
    assert_memory_equal(b.at, bytes, len);
    hs_buf_clear(&b);
}
#define IS(text) is(text, sizeof(text) - 1)

static void writing(void **state)
{
    (void)state;
    hs_buf_init(&b, 1000);
    hs_proto_add_varint(&b, 1, 150);
    IS("\x08\x96\x01");
    hs_proto_add_bytes(&b, 2, HS_S("testing"));
    IS("\x12\x07testing");
    hs_proto_add_int(&b, 1, -2);
    IS("\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    hs_proto_add_fixed64(&b, 3, 0x0102030405060708);
    IS("\x19\x08\x07\x06\x05\x04\x03\x02\x01");
    hs_proto_add_prefix(&b, 1000, 300);
    IS("\xc2\x3e\xac\x02");
    size_t outer = hs_proto_open(&b, 3);
    size_t inner = hs_proto_open(&b, 1);
    hs_proto_add_varint(&b, 1, 150);
    hs_proto_close(&b, inner);
    hs_proto_close(&b, outer);
    IS("\x1a\x05\x0a\x03\x08\x96\x01");
    size_t mark = hs_proto_open(&b, 1);
    for (int i = 0; i < 200; i++)
        hs_buf_addc(&b, 'x');
    hs_proto_close(&b, mark);
    assert_memory_equal(b.at, "\x0a\xc8\x01xx", 5);
    assert_int_equal(b.len, 203);
    hs_buf_clear(&b);
    hs_proto_close(&b, hs_proto_open(&b, 5));
    IS("\x2a\x00");
    hs_buf_fini(&b);
}

static void writing_past_the_maximum(void **state)
{
    (void)state;
    for (size_t max = 0; max < 40; max++) {
        hs_buf_init(&b, max);
        size_t mark = hs_proto_open(&b, 1);
        hs_proto_add_bytes(&b, 1, HS_S("0123456789"));
        hs_proto_close(&b, mark);
        assert_int_equal(hs_buf_done(&b, NULL) == HS_OK, max >= 14);
        hs_buf_fini(&b);
    }
}

static void reading(void **state)
{
    (void)state;
    struct hs_cursor c = hs_cursor_of(HS_S("\x08\x96\x01\x12\x02hi\x19\x01\0\0\0\0\0\0\0\x25\x02\0\0\0\xc2\x3e\x00"));
    struct hs_proto_field f;
    assert_true(hs_proto_next(&c, &f) && f.number == 1 && f.type == HS_PROTO_VARINT && f.value == 150);
    assert_true(hs_proto_next(&c, &f) && f.number == 2 && hs_str_is(f.bytes, "hi") && hs_proto_is_text(&f));
    assert_true(hs_proto_next(&c, &f) && f.number == 3 && f.type == HS_PROTO_FIXED64 && f.value == 1);
    assert_true(hs_proto_next(&c, &f) && f.number == 4 && f.type == HS_PROTO_FIXED32 && f.value == 2);
    assert_true(hs_proto_next(&c, &f) && f.number == 1000 && f.bytes.len == 0);
    assert_false(hs_proto_next(&c, &f));
    assert_int_equal(hs_proto_done(&c, NULL), HS_OK);
}

static void not_protobuf(void **state)
{
    (void)state;
    static const hs_str BAD[] = {
        {"\x08", 1},                                          /* no value */
        {"\x12\x05hi", 4},                                    /* too short */
        {"\x00\x01", 2},                                      /* field 0 */
        {"\x0b\x0c", 2},                                      /* a group */
        {"\x0e\x01", 2},                                      /* type 6 */
        {"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11}, /* length of 2^64-1 */
        {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12},
        {"\xf8\xff\xff\xff\xff\x01\x00", 7}, /* field number past 2^29 */
        {"\x1d\x01\x02", 3},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct hs_cursor c = hs_cursor_of(BAD[i]);
        struct hs_proto_field f = {.number = 77};
        assert_false(hs_proto_next(&c, &f));
        assert_int_equal(f.number, 77);
        assert_int_equal(hs_proto_done(&c, NULL), HS_INVALID);
        assert_false(hs_proto_next(&c, &f));
    }
}

static void packed(void **state)
{
    (void)state;
    struct hs_cursor c = hs_cursor_of(HS_S("\x0a\x04\x01\x96\x01\x02\x08\x07\x0a\x02\x01\x80\x12\x00"));
    struct hs_proto_field f;
    uint64_t values[8] = {0}, value;
    size_t n = 0;
    for (int i = 0; i < 2; i++) {
        assert_true(hs_proto_next(&c, &f));
        for (struct hs_cursor p = hs_proto_packed(&f); n < 8 && hs_proto_packed_next(&p, &value);)
            values[n++] = value;
    }
    assert_int_equal(n, 4);
    assert_true(values[0] == 1 && values[1] == 150 && values[2] == 2 && values[3] == 7);
    assert_true(hs_proto_next(&c, &f));
    struct hs_cursor cut = hs_proto_packed(&f);
    assert_true(hs_proto_packed_next(&cut, &value));
    assert_false(hs_proto_packed_next(&cut, &value));
    assert_true(cut.bad);
    assert_true(hs_proto_next(&c, &f));
    cut = hs_proto_packed(&f);
    assert_false(hs_proto_packed_next(&cut, &value));
    assert_false(cut.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing), cmocka_unit_test(writing_past_the_maximum),
        cmocka_unit_test(reading), cmocka_unit_test(not_protobuf),
        cmocka_unit_test(packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
