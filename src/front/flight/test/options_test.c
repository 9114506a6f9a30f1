/* Session options: who has which, how many, and what is an option. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "front/flight/options.h"
#include "front/flight/settings.h"

#include <stdio.h>

static struct flight_options *all;
static struct hs_arena *arena;
static struct hs_err err;
static struct flight_session_id ids[8];

static int setup(void **state)
{
    (void)state;
    struct hs_flight_settings s = {.sessions = 4, .sessions_each = 3, .session_options = 3, .session_bytes = 64};
    s = hs_flight_settings_of(&s);
    char name[2] = "0";
    for (int i = 0; i < 8; i++, name[0]++)
        if (hs_flight_session_id("token", hs_str_of(name), &ids[i], &err) != HS_OK)
            return -1;
    arena = hs_arena_new(1 << 20);
    return hs_flight_options_new(&s, &all, &err) == HS_OK && arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    hs_flight_options_free(all);
    hs_arena_free(arena);
    return 0;
}

static hs_rc set(int id, const char *owner, const char *name, hs_str value)
{
    struct flight_option o = {hs_str_of(name), value};
    return hs_flight_options_set(all, &ids[id], hs_str_of(owner), &o, &err);
}

static size_t count(int id, const char *owner)
{
    struct flight_option *out;
    size_t n = 0;
    assert_int_equal(hs_flight_options_get(all, &ids[id], hs_str_of(owner), arena, &out, &n, &err), HS_OK);
    for (size_t i = 1; i < n; i++)
        assert_true(hs_str_cmp(out[i - 1].name, out[i].name) < 0);
    return n;
}

#define ONE HS_S("\x10\x01") /* bool_value true */
#define VIEW HS_S("\x0a\x04view")

static void a_session_is_one_persons(void **state)
{
    (void)state;
    assert_int_equal(set(0, "ana", "client.b", ONE), HS_OK);
    assert_int_equal(set(0, "ana", "client.a", ONE), HS_OK);
    assert_int_equal(set(0, "ana", "client.a", HS_S("\x10\x00")), HS_OK);
    assert_int_equal(count(0, "ana"), 2);
    assert_int_equal(count(0, "bob"), 0);
    assert_int_equal(count(1, "ana"), 0);
    assert_false(hs_flight_options_close(all, &ids[0], HS_S("bob")));
    assert_int_equal(set(0, "ana", "client.b", HS_S("")), HS_OK);
    assert_int_equal(count(0, "ana"), 1);
    assert_true(hs_flight_options_close(all, &ids[0], HS_S("ana")));
    assert_int_equal(count(0, "ana"), 0);
}

static void room_is_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(set(i, "ana", "client.a", ONE), HS_OK);
    assert_int_equal(set(3, "ana", "client.a", ONE), HS_LIMIT);
    assert_int_equal(set(3, "bob", "client.a", ONE), HS_OK);
    assert_int_equal(set(4, "eve", "client.a", ONE), HS_LIMIT);
    assert_int_equal(set(0, "ana", "client.b", ONE), HS_OK);
    assert_int_equal(set(0, "ana", "client.c", ONE), HS_OK);
    assert_int_equal(set(0, "ana", "client.d", ONE), HS_LIMIT);
    assert_int_equal(set(0, "ana", "client.a", ONE), HS_OK); /* one that is there may be set again */
    static const char long_text[65] = "\x0a\x3fxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    assert_int_equal(set(1, "ana", "client.a", hs_str_n(long_text, 65)), HS_LIMIT);
    assert_int_equal(count(1, "ana"), 1);
    hs_flight_options_tick(all);
    assert_true(hs_flight_options_has(all, &ids[3], HS_S("bob")));
}

static void the_form_follows_its_options(void **state)
{
    (void)state;
    assert_int_equal(set(0, "ana", "hailstorm.strings", VIEW), HS_OK);
    assert_true(hs_flight_options_form(all, &ids[0], HS_S("ana")).string_views);
    assert_false(hs_flight_options_form(all, &ids[0], HS_S("bob")).string_views);
    assert_int_equal(hs_flight_options_copy(all, &ids[0], &ids[1], HS_S("ana"), &err), HS_OK);
    assert_int_equal(set(0, "ana", "hailstorm.strings", HS_S("")), HS_OK);
    assert_false(hs_flight_options_form(all, &ids[0], HS_S("ana")).string_views);
    assert_true(hs_flight_options_form(all, &ids[1], HS_S("ana")).string_views);
    assert_int_equal(hs_flight_options_copy(all, &ids[5], &ids[6], HS_S("ana"), &err), HS_OK);
    assert_false(hs_flight_options_has(all, &ids[6], HS_S("ana")));
}

static void what_is_an_option(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        hs_str value;
        enum flight_option_fault fault;
    } CASES[] = {
        {"catalog", {"\x0a\x04mesh", 6}, FLIGHT_OPTION_FINE},
        {"catalog", {"\x0a\x04Mesh", 6}, FLIGHT_OPTION_VALUE},
        {"catalog", {"\x10\x01", 2}, FLIGHT_OPTION_VALUE},
        {"catalog", {"", 0}, FLIGHT_OPTION_FINE},
        {"Catalog", {"\x0a\x04mesh", 6}, FLIGHT_OPTION_NAME},
        {"", {"\x10\x01", 2}, FLIGHT_OPTION_NAME},
        {"client.", {"\x10\x01", 2}, FLIGHT_OPTION_NAME},
        {"client.x", {"\x10\x01", 2}, FLIGHT_OPTION_FINE},
        {"client.x", {"\x10\x01\x10\x01", 4}, FLIGHT_OPTION_VALUE},
        {"client.x", {"\x19\1\2\3\4\5\6\7\10", 9}, FLIGHT_OPTION_FINE},
        {"client.x", {"\x19\1\2\3", 4}, FLIGHT_OPTION_VALUE},
        {"client.x", {"\x21\1\2\3\4\5\6\7\10", 9}, FLIGHT_OPTION_FINE},
        {"client.x", {"\x2a\x00", 2}, FLIGHT_OPTION_FINE},
        {"client.x", {"\x2a\x02\x0a\x00", 4}, FLIGHT_OPTION_FINE},
        {"client.x", {"\x2a\x03\x0a\x01\xff", 5}, FLIGHT_OPTION_VALUE},
        {"client.x", {"\x32\x00", 2}, FLIGHT_OPTION_VALUE},
        {"hailstorm.strings", {"\x0a\x04VIEW", 6}, FLIGHT_OPTION_FINE},
        {"hailstorm.strings", {"\x0a\x04vieW!", 7}, FLIGHT_OPTION_VALUE},
        {"hailstorm.strings", {"\x10\x01", 2}, FLIGHT_OPTION_VALUE},
        {"hailstorm.purpose", {"\x0a\x01x", 3}, FLIGHT_OPTION_NAME},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct flight_option o = {hs_str_of(CASES[i].name), CASES[i].value};
        if (hs_flight_option_check(HS_S("mesh"), &o) != CASES[i].fault)
            fail_msg("case %zu, %s", i, CASES[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_session_is_one_persons, setup, teardown),
        cmocka_unit_test_setup_teardown(room_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(the_form_follows_its_options, setup, teardown),
        cmocka_unit_test(what_is_an_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
