/* Messages to values and back, by the bytes that the specification's own tools write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "front/flight/codec.h"
#include "wire/proto.h"

#define URL "type.googleapis.com/arrow.flight.protocol.sql.CommandGetTables"

static void an_any_is_taken_apart(void **state)
{
    struct hs_err err;
    struct hs_buf b;
    struct flight_any any;
    (void)state;
    hs_buf_init(&b, 1000);
    hs_codec_add_any(&b, "CommandGetTables", HS_S("\x28\x01"));
    assert_int_equal(b.at[0], 0x0a);
    assert_memory_equal(b.at + 2, URL, sizeof URL - 1);
    assert_int_equal(hs_codec_any(hs_buf_str(&b), &any, &err), HS_OK);
    assert_true(hs_str_is(any.name, "CommandGetTables"));
    assert_true(hs_str_is(any.value, "\x28\x01"));
    hs_buf_fini(&b);
}

static void what_is_no_flight_sql_is_refused(void **state)
{
    static const hs_str bad[] = {
        {"", 0}, {"\x0a\x03xyz", 5}, {"\x0a\x04/abc", 6}, {"\x0a\xff\xff\xff\xff\x0f", 6}, {"\x0b", 1}};
    struct hs_err err;
    struct flight_any any;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(hs_codec_any(bad[i], &any, &err), HS_INVALID);
}

static void descriptors(void **state)
{
    struct hs_err err;
    struct flight_descriptor d;
    (void)state;
    assert_int_equal(hs_codec_descriptor(HS_S("\x08\x02\x12\x03"
                                              "abc"),
                                         &d, &err),
                     HS_OK);
    assert_true(!d.is_path && hs_str_is(d.cmd, "abc"));
    assert_int_equal(hs_codec_descriptor(HS_S("\x08\x01\x1a\x01"
                                              "a\x1a\x01"
                                              "b"),
                                         &d, &err),
                     HS_OK);
    assert_true(d.is_path && d.path_count == 2 && hs_str_is(d.path[1], "b"));
    assert_int_equal(hs_codec_descriptor(HS_S("\x08\x01\x1a\x00\x1a\x00\x1a\x00\x1a\x00"), &d, &err), HS_NOT_FOUND);
    assert_int_equal(hs_codec_descriptor(HS_S("\x12\x03"
                                              "abc"),
                                         &d, &err),
                     HS_INVALID);
    assert_int_equal(hs_codec_descriptor(HS_S("\x08\x03"), &d, &err), HS_INVALID);
}

/* data_body is field 1000 and last: tag bytes 0xC2 0x3E, then the length, then the bytes that are sent from where they
 * lie. */
static void flight_data_ends_where_the_body_begins(void **state)
{
    struct hs_buf b;
    struct hs_err err;
    struct flight_data d;
    (void)state;
    hs_buf_init(&b, 1000);
    hs_codec_add_data(&b, HS_S("hh"), true, 300);
    assert_int_equal(b.len, 8);
    assert_memory_equal(b.at, "\x12\x02hh\xc2\x3e\xac\x02", 8);
    hs_buf_clear(&b);
    hs_codec_add_data(&b, HS_S("hh"), true, 3);
    hs_buf_addz(&b, "abc");
    assert_int_equal(hs_codec_data(hs_buf_str(&b), &d, &err), HS_OK);
    assert_true(hs_str_is(d.body, "abc") && hs_str_is(d.header, "hh") && !d.descriptor.at);
    hs_buf_fini(&b);
}

static void a_flight_info_has_endpoints_without_location(void **state)
{
    struct hs_buf b;
    (void)state;
    hs_buf_init(&b, 1000);
    hs_str tickets[] = {HS_S("T"), HS_S("U")};
    struct flight_info info = {.schema = HS_S("S"),
                               .raw_descriptor = HS_S("\x08\x02"),
                               .tickets = tickets,
                               .ticket_count = 1,
                               .total_records = -1};
    hs_codec_add_info(&b, &info);
    static const char want[] =
        "\x0a\x01S\x12\x02\x08\x02\x1a\x05\x0a\x03\x0a\x01T"
        "\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    assert_int_equal(b.len, sizeof want - 1);
    assert_memory_equal(b.at, want, sizeof want - 1);
    hs_buf_clear(&b);
    info = (struct flight_info){
        .tickets = tickets, .ticket_count = 2, .total_records = 7, .ordered = true, .metadata = HS_S("M")};
    hs_codec_add_info(&b, &info);
    static const char two[] = "\x1a\x05\x0a\x03\x0a\x01T\x1a\x05\x0a\x03\x0a\x01U\x20\x07"
                              "\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x30\x01\x3a\x01M";
    assert_int_equal(b.len, sizeof two - 1);
    assert_memory_equal(b.at, two, sizeof two - 1);
    hs_buf_fini(&b);
}

static void a_poll_says_how_far_it_is(void **state)
{
    struct hs_buf b;
    struct flight_info info = {.total_records = 0};
    struct flight_poll poll = {.info = &info, .descriptor = HS_S("\x08\x02"), .progress = 0.5};
    (void)state;
    hs_buf_init(&b, 1000);
    hs_codec_add_poll(&b, &poll);
    static const char want[] = "\x0a\x0d\x20\x00\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x12\x02\x08\x02"
                               "\x19\x00\x00\x00\x00\x00\x00\xe0\x3f";
    assert_int_equal(b.len, sizeof want - 1);
    assert_memory_equal(b.at, want, sizeof want - 1);
    hs_buf_clear(&b);
    poll = (struct flight_poll){.info = &info, .progress = -1};
    hs_codec_add_poll(&b, &poll);
    assert_int_equal(b.len, 15);
    hs_buf_fini(&b);
}

static void times_are_seconds_and_nanoseconds(void **state)
{
    struct hs_buf b;
    (void)state;
    hs_buf_init(&b, 100);
    hs_codec_add_time(&b, 3, 1500001);
    assert_memory_equal(b.at, "\x1a\x08\x08\x01\x10\xe8\xd1\xb5\xee\x01", 10);
    hs_buf_fini(&b);
}

static void fields_of_the_wrong_form_are_refused(void **state)
{
    struct hs_err err;
    hs_str text = {0};
    int64_t number = 5;
    (void)state;
    assert_int_equal(HS_PICK(HS_S("\x0a\x01\xff"), &err, {1, PICK_TEXT, &text}), HS_INVALID); /* no UTF-8 */
    assert_int_equal(HS_PICK(HS_S("\x0a\x01\xff"), &err, {1, PICK_BYTES, &text}), HS_OK);
    assert_int_equal(HS_PICK(HS_S("\x0a\x01x"), &err, {1, PICK_INT, &number}), HS_INVALID);
    assert_int_equal(HS_PICK(HS_S("\x10\x07"), &err, {1, PICK_INT, &number}), HS_OK);
    assert_int_equal(number, 5); /* absent: as it was */
    text = (hs_str){0};
    assert_int_equal(HS_PICK(HS_S("\x0a\x00"), &err, {1, PICK_TEXT, &text}), HS_OK);
    assert_true(text.at && text.len == 0); /* present and empty is not absent */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_any_is_taken_apart),
        cmocka_unit_test(what_is_no_flight_sql_is_refused),
        cmocka_unit_test(descriptors),
        cmocka_unit_test(flight_data_ends_where_the_body_begins),
        cmocka_unit_test(a_flight_info_has_endpoints_without_location),
        cmocka_unit_test(a_poll_says_how_far_it_is),
        cmocka_unit_test(times_are_seconds_and_nanoseconds),
        cmocka_unit_test(fields_of_the_wrong_form_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
