/* SQLSTATEs and positions of what access and the engine say, and the codec's edges. */
#include "front/pg/codec.h"
#include "front/pg/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void sqlstates(void **state)
{
    (void)state;
    static const struct {
        hs_rc kind;
        const char *shown, *sqlstate;
    } CASES[] = {
        {HS_NOT_FOUND, "there is no table \"x\" (position 15)", "42P01"},
        {HS_INVALID, "syntax error (position 3)", "42601"},
        {HS_INVALID, "column nope is not known here", "42703"},
        {HS_INVALID, "column a could be one of several; name its table", "42702"},
        {HS_INVALID, "function f is not known", "42883"},
        {HS_INVALID, "division by zero", "22012"},
        {HS_INVALID, "whatever else", "42000"},
        {HS_DENIED, "not permitted", "42501"},
        {HS_CONFLICT, "snapshot too old", "72000"},
        {HS_CONFLICT, "policy changed, ask again", "40001"},
        {HS_TIMEOUT, "took too long", "57014"},
        {HS_CANCELLED, "cancelled", "57014"},
        {HS_LIMIT, "you have 3 statements running, your limit; try again when one has ended", "53300"},
        {HS_CORRUPT, "stored data is damaged", "XX001"},
        {HS_INTERNAL, "internal error", "XX000"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct hs_err err;
        hs_ignore(hs_fail(&err, CASES[i].kind, "%s", CASES[i].shown));
        assert_string_equal(hs_pg_sqlstate(&err), CASES[i].sqlstate);
        hs_err_state(&err, "22P04");
        assert_string_equal(hs_pg_sqlstate(&err), "22P04");
    }
    for (int kind = 1; kind < HS_KIND_COUNT; kind++) {
        struct hs_err err;
        hs_ignore(hs_fail(&err, (hs_rc)kind, "some words"));
        assert_int_equal(strlen(hs_pg_sqlstate(&err)), 5);
    }
}

static void positions(void **state)
{
    (void)state;
    static const struct {
        const char *shown, *text;
        int64_t position;
    } CASES[] = {
        {"syntax error (position 12)", "syntax error", 11},
        {"syntax error", "syntax error", -1},
        {"x (position 0)", "x (position 0)", -1},
        {"x (position -3)", "x (position -3)", -1},
        {"x (position a)", "x (position a)", -1},
        {"(position 3)", "(position 3)", -1},
        {" (position 3)", "", 2},
        {")", ")", -1},
        {"", "", -1},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct pg_words w = hs_pg_words(hs_str_of(CASES[i].shown));
        assert_true(hs_str_is(w.text, CASES[i].text));
        assert_int_equal(w.position, CASES[i].position);
    }
}

static void fields(void **state)
{
    (void)state;
    struct hs_buf b;
    hs_buf_init(&b, 1000);
    hs_pg_add_notice(&b,
                     &(struct pg_notice){"ERROR", "42601", .message = HS_S("a\0b"), .hint = HS_S("h"), .position = 7});
    static const char WANT[] = "E\0\0\0\x23SERROR\0VERROR\0C42601\0Ma\0Hh\0P7\0";
    assert_int_equal(b.len, sizeof WANT);
    assert_memory_equal(b.at, WANT, sizeof WANT);
    hs_buf_clear(&b);
    hs_pg_add_notice(&b, &(struct pg_notice){.severity = "WARNING", .sqlstate = "01000"});
    assert_int_equal(b.at[0], 'N');
    hs_buf_fini(&b);
}

static void frames(void **state)
{
    (void)state;
    struct pg_start_packet p;
    char kind;
    size_t len;
    assert_int_equal(hs_pg_start_packet(HS_S("\0\0\0"), &p), PG_FRAME_PART);
    assert_int_equal(hs_pg_start_packet(HS_S("\0\0\0\x09\0\3\0\0"), &p), PG_FRAME_PART);
    assert_int_equal(hs_pg_start_packet(HS_S("\0\0\0\x09\0\3\0\0\0"), &p), PG_FRAME_WHOLE);
    assert_int_equal(p.code, PG_VERSION_3_0);
    assert_int_equal(p.body.len, 1);
    assert_int_equal(hs_pg_start_packet(HS_S("\0\0\x27\x11"), &p), PG_FRAME_BAD);
    assert_int_equal(hs_pg_message_head(HS_S("Q\0\0\0"), &kind, &len), PG_FRAME_PART);
    assert_int_equal(hs_pg_message_head(HS_S("Q\0\0\0\4"), &kind, &len), PG_FRAME_WHOLE);
    assert_int_equal(len, 0);
    assert_int_equal(hs_pg_message_head(HS_S("Q\x80\0\0\0"), &kind, &len), PG_FRAME_BAD);
    struct pg_pairs pairs;
    assert_true(hs_pg_read_pairs(HS_S("a\0b\0\0"), &pairs));
    assert_int_equal(pairs.count, 1);
    assert_false(hs_pg_read_pairs(HS_S("a\0b\0\0x"), &pairs));
    assert_false(hs_pg_read_pairs(HS_S("a\0b"), &pairs));
    assert_false(hs_pg_read_pairs(HS_S(""), &pairs));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sqlstates),
        cmocka_unit_test(positions),
        cmocka_unit_test(fields),
        cmocka_unit_test(frames),
    };
    return cmocka_run_group_tests_name("pg errors and codec", tests, NULL, NULL);
}
