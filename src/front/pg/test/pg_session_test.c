/* The whole door in memory: a client's messages, a fake access. */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    rig_init(&rig);
    return rig_open(&rig) ? 0 : -1;
}

static int setup_signed_in(void **state)
{
    if (setup(state))
        return -1;
    rig_sign_in(&rig);
    rig_said(&rig);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_close(&rig);
    return fake.open_calls || fake.made_batches != fake.closed_batches || fake.pins;
}

static void says(const char *expected)
{
    rig_run(&rig);
    assert_string_equal(rig_said(&rig), expected);
}

static void answers(const char *sql, const char *expected)
{
    rig_query(&rig, sql);
    says(expected);
}

/* ---- beginning ---- */

static void signs_in(void **state)
{
    (void)state;
    rig_sign_in(&rig);
    const char *said = rig_said(&rig);
    assert_non_null(strstr(said, "R10 R11 R12 R0 S<application_name==>"));
    assert_non_null(strstr(said, "S<server_version=15.0 (hailstorm 9.9)=>"));
    assert_non_null(strstr(said, "S<session_authorization=ana=>"));
    assert_non_null(strstr(said, "S<default_transaction_read_only=on=>"));
    assert_non_null(strstr(said, " K ZI"));
    assert_int_equal(rig.key_len, 4);
}

static void refuses_a_wrong_password(void **state)
{
    (void)state;
    rig_start(&rig, PG_VERSION_3_0, (const char *const[]){"user", "ana", NULL});
    rig_prove(&rig, "wrong");
    says("R10 R11 E28P01");
    assert_true(rig_done(&rig));
}

static void refuses_an_unknown_user_alike(void **state)
{
    (void)state;
    rig_start(&rig, PG_VERSION_3_0, (const char *const[]){"user", "eve", "database", "other", NULL});
    rig_prove(&rig, "secret");
    says("R10 R11 E28P01");
}

static void knows_one_database(void **state)
{
    (void)state;
    rig_start(&rig, PG_VERSION_3_0, (const char *const[]){"user", "ana", "database", "other", NULL});
    rig_prove(&rig, "secret");
    says("R10 R11 R12 E3D000");
}

static void database_of_the_users_name_is_the_mesh(void **state)
{
    (void)state;
    rig_start(&rig, PG_VERSION_3_0, (const char *const[]){"user", "ana", "database", "ana", NULL});
    rig_prove(&rig, "secret");
    rig_run(&rig);
    assert_non_null(strstr(rig_said(&rig), "ZI"));
}

static void answers_wishes_before(void **state)
{
    (void)state;
    rig_start_packet(&rig, PG_GSSENC, HS_S(""));
    rig_start_packet(&rig, PG_SSL, HS_S(""));
    rig_run(&rig);
    assert_true(hs_str_is(hs_buf_str(&rig.got), "NN"));
    hs_buf_clear(&rig.got);
    rig_sign_in(&rig);
    assert_non_null(strstr(rig_said(&rig), "ZI"));
}

static void goes_on_in_tls(void **state)
{
    (void)state;
    rig_close_session(&rig);
    assert_true(rig_open_session(&rig, false, true));
    rig_start_packet(&rig, PG_SSL, HS_S(""));
    rig_run(&rig);
    assert_true(hs_str_is(hs_buf_str(&rig.got), "S"));
    hs_buf_clear(&rig.got);
    assert_true(hs_front_pg.wants_tls(rig.session));
    struct hs_peer peer = {.address = HS_S("127.0.0.1:5"), .tls = true, .end_point = HS_S("digest")};
    assert_int_equal(hs_front_pg.secured(rig.session, &peer, &rig.err), HS_OK);
    assert_false(hs_front_pg.wants_tls(rig.session));
    rig_sign_in(&rig);
    assert_non_null(strstr(rig_said(&rig), "ZI"));
}

static void nothing_may_lie_behind_a_wish_for_tls(void **state)
{
    (void)state;
    rig_close_session(&rig);
    assert_true(rig_open_session(&rig, false, true));
    rig_start_packet(&rig, PG_SSL, HS_S(""));
    rig_bytes(&rig, "x", 1);
    rig_run(&rig);
    assert_true(rig_done(&rig));
    assert_false(hs_front_pg.wants_tls(rig.session));
}

static void negotiates_newer_versions(void **state)
{
    (void)state;
    rig_start(&rig, 196610 + 5, (const char *const[]){"user", "ana", "_pq_.thing", "1", NULL});
    rig_prove(&rig, "secret");
    rig_run(&rig);
    assert_non_null(strstr(rig_said(&rig), "v R10"));
    assert_int_equal(rig.key_len, 32);
}

static void refuses_other_protocols(void **state)
{
    (void)state;
    rig_start(&rig, 0x20000, (const char *const[]){"user", "ana", NULL});
    says("E0A000");
}

static void tokens_want_tls(void **state)
{
    (void)state;
    rig_start(&rig, PG_VERSION_3_0, (const char *const[]){"user", "token", NULL});
    says("E28000");
    rig_close_session(&rig);
    assert_true(rig_open_session(&rig, true, false));
    rig_start(&rig, PG_VERSION_3_0, (const char *const[]){"user", "token", NULL});
    rig_text_message(&rig, 'p', "hst_ana");
    rig_run(&rig);
    const char *said = rig_said(&rig);
    assert_non_null(strstr(said, "R3 R0"));
    assert_non_null(strstr(said, "S<session_authorization=ana=>"));
}

/* ---- simple queries ---- */

static void selects(void **state)
{
    (void)state;
    answers("select id, text from sales.orders where text <> 'rows 2 batches 2'",
            "T(id:20,text:25) D(0,row 0) D(1,row 1) D(0,row 0) D(1,row 1) C[SELECT 4] ZI");
    assert_string_equal(fake.last_asker, "ana");
}

static void several_statements(void **state)
{
    (void)state;
    answers("select id, text from orders where text <> 'rows 1 batches 1'; set extra_float_digits = 3; ;",
            "T(id:20,text:25) D(0,row 0) C[SELECT 1] C[SET] ZI");
    answers("", "I ZI");
    answers("set extra_float_digits = 2; selec 1", "E42601 ZI");
    answers("show extra_float_digits", "T(extra_float_digits:25) D(3) C[SHOW] ZI");
    answers("select id from orders where text <> 'fail denied'; select 1", "E42501 ZI");
}

static void an_error_takes_back_what_the_text_set(void **state)
{
    (void)state;
    answers("set extra_float_digits = 2; select id from orders where text = 'fail denied'", "C[SET] E42501 ZI");
    answers("show extra_float_digits", "T(extra_float_digits:25) D(1) C[SHOW] ZI");
}

static void says_no_more_than_it_may(void **state)
{
    (void)state;
    rig_query(&rig, "select id from orders where text = 'hidden'");
    rig_run(&rig);
    assert_null(memmem(rig.got.at, rig.got.len, "secret", 6));
    says("EXX000 ZI");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(signs_in, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_a_wrong_password, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_an_unknown_user_alike, setup, teardown),
        cmocka_unit_test_setup_teardown(knows_one_database, setup, teardown),
        cmocka_unit_test_setup_teardown(database_of_the_users_name_is_the_mesh, setup, teardown),
        cmocka_unit_test_setup_teardown(answers_wishes_before, setup, teardown),
        cmocka_unit_test_setup_teardown(goes_on_in_tls, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_may_lie_behind_a_wish_for_tls, setup, teardown),
        cmocka_unit_test_setup_teardown(negotiates_newer_versions, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_other_protocols, setup, teardown),
        cmocka_unit_test_setup_teardown(tokens_want_tls, setup, teardown),
        cmocka_unit_test_setup_teardown(selects, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(several_statements, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(an_error_takes_back_what_the_text_set, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(says_no_more_than_it_may, setup_signed_in, teardown),
    };
    return cmocka_run_group_tests_name("pg session", tests, NULL, NULL);
}
