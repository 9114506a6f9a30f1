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

static void other_machines_want_tls(void **state)
{
    (void)state;
    rig_close_session(&rig);
    rig.far = true;
    assert_true(rig_open_session(&rig, false, true));
    rig_start(&rig, PG_VERSION_3_0, (const char *const[]){"user", "ana", NULL});
    says("E28000");
    rig_close_session(&rig);
    assert_true(rig_open_session(&rig, true, false));
    rig_sign_in(&rig);
    assert_non_null(strstr(rig_said(&rig), "ZI"));
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

/* ---- extended queries ---- */

#define SOME "select id, text from sales.orders where text <> 'rows 3 batches 2'"

static void parses_binds_describes_executes(void **state)
{
    (void)state;
    rig_parse(&rig, "", SOME, 0, NULL);
    rig_bind(&rig, "", "", 0, NULL, 0);
    rig_of(&rig, 'D', 'P', "");
    rig_execute(&rig, "", 0);
    rig_say(&rig, 'S');
    says("1 2 T(id:20,text:25) D(0,row 0) D(1,row 1) D(2,row 2) D(0,row 0) D(1,row 1) D(2,row 2) C[SELECT 6] ZI");
    assert_int_equal(fake.queries, 1); /* described and executed once */
    assert_int_equal(fake.describes, 0);
}

static void answers_in_binary(void **state)
{
    (void)state;
    rig_parse(&rig, "", "select id, text from sales.orders where text <> 'rows 1 batches 1'", 0, NULL);
    rig_bind(&rig, "", "", 0, NULL, 1);
    rig_of(&rig, 'D', 'P', "");
    rig_execute(&rig, "", 0);
    rig_say(&rig, 'S');
    says("1 2 T(id:20b,text:25b) D(\\0\\0\\0\\0\\0\\0\\0\\0,row 0) C[SELECT 1] ZI");
}

static void describes_statements(void **state)
{
    (void)state;
    rig_parse(&rig, "one", "select id, text from sales.orders where id = $1", 0, NULL);
    rig_of(&rig, 'D', 'S', "one");
    rig_say(&rig, 'S');
    says("1 t T(id:20,text:25) ZI");
    assert_int_equal(fake.describes, 1);
    rig_bind(&rig, "", "one", 1, (const char *const[]){"7"}, 0);
    rig_execute(&rig, "", 1);
    rig_say(&rig, 'S');
    says("2 D(0,7) s ZI");
    rig_bind(&rig, "", "one", 1, (const char *const[]){"8"}, 0);
    rig_execute(&rig, "", 1);
    rig_say(&rig, 'S');
    says("2 D(0,8) s ZI");
    assert_int_equal(fake.describes, 1);
    rig_parse(&rig, "one", "select 1", 0, NULL);
    rig_say(&rig, 'S');
    says("E42P05 ZI");
    rig_of(&rig, 'C', 'S', "one");
    rig_of(&rig, 'C', 'S', "never");
    rig_parse(&rig, "one", "begin", 0, NULL);
    rig_of(&rig, 'D', 'S', "one");
    rig_say(&rig, 'S');
    says("3 3 1 t n ZI");
}

static void suspends_portals(void **state)
{
    (void)state;
    answers("begin", "C[BEGIN] ZT");
    rig_parse(&rig, "", SOME, 0, NULL);
    rig_bind(&rig, "p", "", 0, NULL, 0);
    rig_execute(&rig, "p", 2);
    rig_say(&rig, 'S');
    says("1 2 D(0,row 0) D(1,row 1) s ZT");
    assert_true(fake.last_pinned);
    assert_int_equal(fake.made_batches, fake.closed_batches); /* what waits is ours, not the worker's */
    rig_execute(&rig, "p", 3);
    rig_execute(&rig, "p", 0);
    rig_execute(&rig, "p", 0);
    rig_say(&rig, 'S');
    says("D(2,row 2) D(0,row 0) D(1,row 1) s D(2,row 2) C[SELECT 1] C[SELECT 0] ZT");
    answers("commit", "C[COMMIT] ZI");
    rig_execute(&rig, "p", 0);
    rig_say(&rig, 'S');
    says("E34000 ZI");
}

static void portals_end_with_sync(void **state)
{
    (void)state;
    rig_parse(&rig, "", SOME, 0, NULL);
    rig_bind(&rig, "p", "", 0, NULL, 0);
    rig_execute(&rig, "p", 2);
    rig_say(&rig, 'S');
    rig_execute(&rig, "p", 2);
    rig_say(&rig, 'S');
    says("1 2 D(0,row 0) D(1,row 1) s ZI E34000 ZI");
    assert_int_equal(fake.open_calls, 0);
}

static void skips_until_sync(void **state)
{
    (void)state;
    rig_parse(&rig, "", "selec", 0, NULL);
    rig_bind(&rig, "", "", 0, NULL, 0);
    rig_of(&rig, 'D', 'P', "");
    rig_execute(&rig, "", 0);
    rig_query(&rig, "select 1");
    rig_say(&rig, 'H');
    rig_say(&rig, 'S');
    rig_say(&rig, 'S');
    says("E42601 ZI ZI");
}

static void pipelines(void **state)
{
    (void)state;
    struct hs_buf expected;
    hs_buf_init(&expected, 1 << 20);
    for (int i = 0; i < 200; i++) {
        rig_parse(&rig, "", "select id, text from sales.orders where text <> 'rows 1 batches 1'", 0, NULL);
        rig_bind(&rig, "", "", 0, NULL, 0);
        rig_execute(&rig, "", 0);
        hs_buf_addz(&expected, "1 2 D(0,row 0) C[SELECT 1] ");
    }
    rig_say(&rig, 'S');
    hs_buf_addz(&expected, "ZI");
    fake.async = true;
    says(expected.at);
    hs_buf_fini(&expected);
}

static void refuses_wrong_binds(void **state)
{
    (void)state;
    static const uint32_t int4 = 23;
    rig_parse(&rig, "s", "select id, text from sales.orders where id = $1", 1, &int4);
    rig_say(&rig, 'S');
    says("1 ZI");
    rig_bind(&rig, "", "s", 0, NULL, 0);
    rig_say(&rig, 'S');
    says("E08P01 ZI");
    rig_bind(&rig, "", "s", 1, (const char *const[]){"x"}, 0);
    rig_say(&rig, 'S');
    says("E22P02 ZI");
    rig_bind(&rig, "", "s", 1, (const char *const[]){"1"}, 2);
    rig_say(&rig, 'S');
    says("E22023 ZI");
    rig_bind(&rig, "", "t", 0, NULL, 0);
    rig_say(&rig, 'S');
    says("E26000 ZI");
    rig_bind(&rig, "", "s", 1, (const char *const[]){NULL}, 0);
    rig_execute(&rig, "", 1);
    rig_say(&rig, 'S');
    says("2 D(0,NULL) s ZI");
    rig_say(&rig, 'F');
    rig_run(&rig);
    assert_true(rig_done(&rig)); /* too short to be one */
}

static void statements_of_other_kinds(void **state)
{
    (void)state;
    rig_parse(&rig, "", "show application_name", 0, NULL);
    rig_bind(&rig, "", "", 0, NULL, 1);
    rig_of(&rig, 'D', 'P', "");
    rig_execute(&rig, "", 0);
    rig_parse(&rig, "", "set application_name = 'x'", 0, NULL);
    rig_bind(&rig, "", "", 0, NULL, 1);
    rig_of(&rig, 'D', 'P', "");
    rig_execute(&rig, "", 0);
    rig_parse(&rig, "", "", 0, NULL);
    rig_bind(&rig, "", "", 0, NULL, 1);
    rig_execute(&rig, "", 0);
    rig_say(&rig, 'S');
    says("1 2 T(application_name:25b) D() C[SHOW] 1 2 n C[SET] 1 2 I S<application_name=x=> ZI");
}

/* ---- transactions ---- */

static void a_failed_transaction_waits_for_its_end(void **state)
{
    (void)state;
    answers("begin; set application_name = 'x'", "C[BEGIN] C[SET] S<application_name=x=> ZT");
    answers("select id from orders where text = 'fail denied'", "E42501 ZE");
    answers("select 1", "E25P02 ZE");
    rig_parse(&rig, "", "select 1", 0, NULL);
    rig_say(&rig, 'S');
    says("E25P02 ZE");
    answers("commit", "C[ROLLBACK] S<application_name==> ZI");
    answers("commit", "N25P01 C[COMMIT] ZI");
    answers("begin; begin", "C[BEGIN] N25001 C[BEGIN] ZT");
    answers("savepoint a; set application_name = 'y'; savepoint b; release b; rollback to a; rollback to c",
            "C[SAVEPOINT] C[SET] C[SAVEPOINT] C[RELEASE] C[ROLLBACK] E3B001 S<application_name==> ZE");
    answers("rollback to a; show application_name", "C[ROLLBACK] T(application_name:25) D() C[SHOW] ZT");
    answers("rollback", "C[ROLLBACK] ZI");
    answers("savepoint a", "E25P01 ZI");
}

static void local_settings_end_with_their_transaction(void **state)
{
    (void)state;
    answers("begin; set extra_float_digits = 2; set local extra_float_digits = 3; commit; show extra_float_digits",
            "C[BEGIN] C[SET] C[SET] C[COMMIT] T(extra_float_digits:25) D(2) C[SHOW] ZI");
    answers("set local extra_float_digits = 3; show extra_float_digits",
            "C[SET] T(extra_float_digits:25) D(3) C[SHOW] ZI");
    answers("show extra_float_digits; reset all; show extra_float_digits",
            "T(extra_float_digits:25) D(2) C[SHOW] C[RESET] T(extra_float_digits:25) D(1) C[SHOW] ZI");
}

static void knows_its_parameters(void **state)
{
    (void)state;
    answers("set nothing = 1", "E42704 ZI");
    answers("set my.own = 'v'; show my.own", "C[SET] T(my.own:25) D(v) C[SHOW] ZI");
    answers("set server_version = '1'", "E55P02 ZI");
    answers("set row_security = off", "E0A000 ZI");
    answers("set statement_timeout = '2 min'; show statement_timeout",
            "C[SET] T(statement_timeout:25) D(2min) C[SHOW] ZI");
    answers("set statement_timeout = 'soon'", "E22023 ZI");
    answers("set client_encoding = latin1", "E22023 ZI");
    answers("set client_encoding = 'utf-8'; set time zone 'Europe/Paris'",
            "C[SET] C[SET] S<TimeZone=Europe/Paris=> ZI");
    answers("set hailstorm.purpose = 'fraud'; select id from orders where text <> 'rows 0 batches 0'",
            "C[SET] T(id:20,text:25) C[SELECT 0] ZI");
    assert_string_equal(fake.last_purpose, "fraud");
    answers("set session authorization eve", "E42501 ZI");
    answers("set session authorization default; reset session authorization; discard all", "C[SET] C[RESET] E25001 ZI");
    answers("discard all", "C[DISCARD ALL] S<TimeZone=UTC=> ZI");
}

/* ---- cursors ---- */

static void cursors_go_forward(void **state)
{
    (void)state;
    answers("declare c cursor for " SOME, "E25P01 ZI");
    answers("begin; declare c cursor for " SOME "; fetch 2 from c", "C[BEGIN] C[DECLARE CURSOR] T(id:20,text:25) "
                                                                    "D(0,row 0) D(1,row 1) C[FETCH 2] ZT");
    assert_int_equal(fake.made_batches, fake.closed_batches);
    answers("move 2 in c; fetch next from c", "C[MOVE 2] T(id:20,text:25) D(1,row 1) C[FETCH 1] ZT");
    answers("fetch all from c; fetch 1 from c",
            "T(id:20,text:25) D(2,row 2) C[FETCH 1] T(id:20,text:25) C[FETCH 0] ZT");
    rig_of(&rig, 'D', 'P', "c");
    rig_say(&rig, 'S');
    says("T(id:20,text:25) ZT");
    answers("savepoint s; fetch prior from c", "C[SAVEPOINT] E55000 ZE");
    answers("rollback to s; declare c cursor for select 1", "C[ROLLBACK] E42P03 ZE");
    answers("rollback; begin; fetch 1 from c", "C[ROLLBACK] C[BEGIN] E34000 ZE");
}

static void cursors_scroll(void **state)
{
    (void)state;
    answers("begin; declare c scroll cursor for select id, text from sales.orders where text <> 'rows 3 batches 1'",
            "C[BEGIN] C[DECLARE CURSOR] ZT");
    answers("fetch last from c", "T(id:20,text:25) D(2,row 2) C[FETCH 1] ZT");
    answers("fetch backward 5 from c", "T(id:20,text:25) D(1,row 1) D(0,row 0) C[FETCH 2] ZT");
    answers("fetch absolute 2 from c; fetch relative -1 from c; fetch 0 from c",
            "T(id:20,text:25) D(1,row 1) C[FETCH 1] T(id:20,text:25) D(0,row 0) C[FETCH 1] T(id:20,text:25) "
            "D(0,row 0) C[FETCH 1] ZT");
    answers("move all in c; fetch prior from c; fetch absolute 9 from c; fetch absolute -3 from c",
            "C[MOVE 2] T(id:20,text:25) D(2,row 2) C[FETCH 1] T(id:20,text:25) C[FETCH 0] T(id:20,text:25) D(0,row 0) "
            "C[FETCH 1] ZT");
    answers("close c; close c", "C[CLOSE CURSOR] E34000 ZE");
}

static void cursors_are_held(void **state)
{
    (void)state;
    answers("declare c cursor with hold for " SOME, "C[DECLARE CURSOR] ZI");
    answers("fetch 1 from c", "T(id:20,text:25) D(0,row 0) C[FETCH 1] ZI");
    answers("begin; declare d cursor with hold for " SOME "; rollback; fetch 1 from d",
            "C[BEGIN] C[DECLARE CURSOR] C[ROLLBACK] E34000 ZI");
    answers("fetch 1 from c; close all", "T(id:20,text:25) D(1,row 1) C[FETCH 1] C[CLOSE CURSOR ALL] ZI");
}

static void a_cursor_that_fails_was_never_there(void **state)
{
    (void)state;
    answers("begin; savepoint a; declare c cursor for select id from orders where text = 'fail denied'",
            "C[BEGIN] C[SAVEPOINT] E42501 ZE");
    answers("rollback to a; declare c cursor for " SOME, "C[ROLLBACK] C[DECLARE CURSOR] ZT");
}

static void prepares_in_sql(void **state)
{
    (void)state;
    answers("prepare q(bigint) as select id, text from orders where id = $1; execute q(5)",
            "C[PREPARE] T(id:20,text:25) D(0,5) D(1,5) D(2,5) C[SELECT 3] ZI");
    rig_parse(&rig, "", "execute q(6)", 0, NULL);
    rig_of(&rig, 'D', 'S', "");
    rig_bind(&rig, "", "", 0, NULL, 0);
    rig_execute(&rig, "", 1);
    rig_say(&rig, 'S');
    says("1 t T(id:20,text:25) 2 D(0,6) s ZI");
    answers("execute q(1, 2)", "E42601 ZI");
    answers("execute q('x')", "E22P02 ZI");
    answers("deallocate q; execute q(1)", "C[DEALLOCATE] E26000 ZI");
    answers("prepare a as select id from orders; prepare a as select 1", "C[PREPARE] E42P05 ZI");
    answers("deallocate all", "C[DEALLOCATE ALL] ZI");
}

static void prepares_in_sql_before_anything_is_known(void **state)
{
    (void)state;
    fake.async = true; /* the catalog comes later */
    answers("prepare q(bigint) as select id, text from orders where id = $1; execute q(5)",
            "C[PREPARE] T(id:20,text:25) D(0,5) D(1,5) D(2,5) C[SELECT 3] ZI");
    fake.async = false;
}

static void copies_out(void **state)
{
    (void)state;
    answers("copy (select id, text from orders where text <> 'rows 2 batches 1') to stdout",
            "H d<0.row 0.> d<1.row 1.> c C[COPY 2] ZI");
    answers("copy orders from stdin", "E25006 ZI");
}

/* ---- cancelling, times, ends ---- */

static void cancel(struct rig *r, const uint8_t *key, size_t len)
{
    void *session = r->session;
    struct hs_out out = r->out;
    hs_out_init(&r->out);
    assert_true(rig_open_session(r, false, false));
    struct hs_buf b;
    hs_buf_init(&b, 1000);
    hs_pg_add_i32(&b, r->pid);
    hs_buf_add(&b, key, len);
    rig_start_packet(r, PG_CANCEL, hs_buf_str(&b));
    hs_buf_fini(&b);
    rig_feed(r, hs_buf_str(&r->sent));
    hs_buf_clear(&r->sent);
    assert_true(rig_done(r));
    rig_close_session(r);
    r->session = session;
    r->session_open = true;
    r->out = out;
}

static void cancels(void **state)
{
    (void)state;
    uint8_t wrong[4];
    rig_query(&rig, "select id from orders where text = 'wait'");
    says("");
    memcpy(wrong, rig.key, 4);
    wrong[3] ^= 1;
    cancel(&rig, wrong, 4);
    cancel(&rig, rig.key, 3);
    says("");
    cancel(&rig, rig.key, 4);
    says("E57014 ZI");
    cancel(&rig, rig.key, 4); /* nothing runs: nothing happens */
    says("");
    answers("select id from orders where text <> 'rows 0 batches 0'", "T(id:20,text:25) C[SELECT 0] ZI");
}

static void statements_have_their_time(void **state)
{
    (void)state;
    answers("set statement_timeout = 500", "C[SET] ZI");
    rig_query(&rig, "select id from orders where text = 'wait'");
    says("");
    rig.now_ms += 400;
    assert_int_equal(hs_front_pg.tick(rig.session, rig.now_ms), 100);
    rig.now_ms += 100;
    hs_front_pg.tick(rig.session, rig.now_ms);
    says("E57014 ZI");
}

static void idle_transactions_have_their_time(void **state)
{
    (void)state;
    answers("set idle_in_transaction_session_timeout = '1s'; begin", "C[SET] C[BEGIN] ZT");
    rig.now_ms += 1000;
    hs_front_pg.tick(rig.session, rig.now_ms);
    says("E25P03");
    assert_true(rig_done(&rig));
}

static void strangers_have_little_time(void **state)
{
    (void)state;
    hs_front_pg.tick(rig.session, rig.now_ms);
    rig.now_ms += 30000;
    hs_front_pg.tick(rig.session, rig.now_ms);
    says("E57014");
    assert_true(rig_done(&rig));
}

static void a_message_comes_to_its_end(void **state)
{
    (void)state;
    rig_bytes(&rig,
              "Q\0\0\0\x20"
              "sel",
              8);
    says("");
    rig.now_ms += 60000;
    hs_front_pg.tick(rig.session, rig.now_ms);
    says("E08P01");
}

static void goes_when_told(void **state)
{
    (void)state;
    rig_query(&rig, "select id from orders where text = 'wait'");
    says("");
    hs_front_pg.shutdown(rig.session);
    says("");
    fake_release();
    says("T(id:20,text:25) D(0,row 0) D(1,row 1) D(2,row 2) C[SELECT 3] ZI E57P01");
    assert_true(rig_done(&rig));
}

static void who_is_gone_is_gone(void **state)
{
    (void)state;
    answers("select id from orders where text <> 'rows 0 batches 0'", "T(id:20,text:25) C[SELECT 0] ZI");
    fake.password_changes++;
    rig_close_session(&rig);
    assert_true(rig_open_session(&rig, false, false));
    rig_sign_in(&rig);
    rig_said(&rig);
    fake.removed = true;
    answers("select id from orders", "E28000");
    assert_true(rig_done(&rig));
}

static void late_errors_come_after_rows(void **state)
{
    (void)state;
    answers("select id from orders where text = 'late'", "T(id:20,text:25) D(0,row 0) D(1,row 1) D(2,row 2) E53400 ZI");
}

/* Nobody reads: rows stay with access. */
static void asks_for_no_more_than_is_wanted(void **state)
{
    (void)state;
    rig_query(&rig, "select id from orders where text <> 'rows 40000 batches 20'");
    rig_feed(&rig, hs_buf_str(&rig.sent));
    hs_buf_clear(&rig.sent);
    assert_int_equal(hs_front_pg.produce(rig.session, &rig.out, &rig.err), HS_OK);
    size_t once = hs_out_len(&rig.out);
    assert_true(once > 200000 && once < 400000);
    assert_int_equal(fake.made_batches, 1);
    rig_run(&rig);
    const char *said = rig_said(&rig), *end = strstr(said, "C[SELECT 800000] ZI");
    assert_non_null(end);
}

static void limits_what_is_prepared(void **state)
{
    (void)state;
    char name[16];
    for (int i = 0; i < 4097; i++) {
        snprintf(name, sizeof name, "s%d", i);
        rig_parse(&rig, name, "begin", 0, NULL);
    }
    rig_say(&rig, 'S');
    rig_run(&rig);
    assert_non_null(strstr(rig_said(&rig), "1 1 E53400 ZI"));
    for (int i = 0; i < 257; i++) {
        snprintf(name, sizeof name, "p%d", i);
        rig_bind(&rig, name, "s1", 0, NULL, 0);
    }
    rig_say(&rig, 'S');
    rig_run(&rig);
    assert_non_null(strstr(rig_said(&rig), "2 2 E53400 ZI"));
}

/* Signs in anew, with other settings. */
static void again(struct rig *r)
{
    rig_close_session(r);
    assert_true(rig_open_session(r, false, false));
    rig_sign_in(r);
    rig_said(r);
}

static const char *spacious(size_t bytes)
{
    static char text[1 << 20];
    size_t n = (size_t)snprintf(text, sizeof text, "select id, text from orders where text <> 'rows 1 batches 1' /*");
    memset(text + n, 'x', bytes);
    strcpy(text + n + bytes, "*/");
    return text;
}

/* What a portal holds past its statement's end is counted with the statements. */
static void counts_what_portals_hold(void **state)
{
    (void)state;
    char name[16];
    rig.settings.statement_memory = 500000;
    again(&rig);
    answers("begin", "C[BEGIN] ZT");
    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof name, "p%d", i);
        rig_parse(&rig, "", spacious(90000), 0, NULL);
        rig_bind(&rig, name, "", 0, NULL, 0);
    }
    rig_say(&rig, 'S');
    rig_run(&rig);
    assert_non_null(strstr(rig_said(&rig), "1 2 1 2 E53400 ZE"));
    answers("rollback", "C[ROLLBACK] ZI");
    rig_parse(&rig, "", spacious(90000), 0, NULL); /* all of it has been given back */
    rig_bind(&rig, "", "", 0, NULL, 0);
    rig_say(&rig, 'S');
    says("1 2 ZI");
}

/* The values of a cursor are its own, and counted. */
static void counts_the_values_of_cursors(void **state)
{
    (void)state;
    static char value[60001];
    const char *values[] = {value};
    char sql[80];
    memset(value, 'v', 60000);
    rig.settings.portal_memory = 400000;
    again(&rig);
    answers("begin", "C[BEGIN] ZT");
    for (int i = 0; i < 8; i++) {
        snprintf(sql, sizeof sql, "declare c%d cursor for select id from orders where text <> $1", i);
        rig_parse(&rig, "", sql, 1, (const uint32_t[]){25});
        rig_bind(&rig, "", "", 1, values, 0);
        rig_execute(&rig, "", 0);
    }
    rig_say(&rig, 'S');
    rig_run(&rig);
    assert_non_null(strstr(rig_said(&rig), "E53400 ZE"));
    answers("rollback", "C[ROLLBACK] ZI");
}

/* A second connection to the same door. */
static void open_other(struct rig *other)
{
    rig_init(other);
    other->env.shared = rig.env.shared;
    other->settings = rig.settings;
    assert_true(rig_open_session(other, false, false));
    rig_sign_in(other);
    rig_said(other);
}

static void close_other(struct rig *other)
{
    rig_close_session(other);
    hs_buf_fini(&other->sent);
    hs_buf_fini(&other->got);
    hs_out_fini(&other->out);
}

/* Two connections of one person, and what they hold together. */
static void counts_what_a_person_holds(void **state)
{
    (void)state;
    char name[16];
    struct rig other;
    rig.settings.person_memory = 600000;
    again(&rig);
    open_other(&other);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "s%d", i);
        rig_parse(&rig, name, spacious(90000), 0, NULL);
        rig_parse(&other, name, spacious(90000), 0, NULL);
    }
    rig_say(&rig, 'S');
    says("1 1 1 1 ZI");
    rig_say(&other, 'S');
    rig_run(&other);
    assert_non_null(strstr(rig_said(&other), "1 E53400 ZI"));
    rig_query(&other, "deallocate all");
    rig_run(&other);
    assert_non_null(strstr(rig_said(&other), "C[DEALLOCATE ALL] ZI"));
    answers("deallocate all", "C[DEALLOCATE ALL] ZI");
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "s%d", i);
        rig_parse(&other, name, spacious(90000), 0, NULL);
    }
    rig_say(&other, 'S');
    rig_run(&other);
    assert_string_equal(rig_said(&other), "1 1 1 1 ZI");
    close_other(&other);
}

/* Views of the catalog: one he always gets, more of them up to their bound. */
static void counts_the_views_of_a_person(void **state)
{
    (void)state;
    struct rig other;
    rig.settings.catalog_memory = 1;
    again(&rig);
    open_other(&other);
    rig_query(&rig, "select id from orders where text <> 'wait'");
    rig_run(&rig);
    assert_string_equal(rig_said(&rig), "");
    rig_query(&other, "select id from orders");
    rig_run(&other);
    assert_string_equal(rig_said(&other), "E53400 ZI");
    fake_release();
    rig_run(&rig);
    assert_non_null(strstr(rig_said(&rig), "] ZI"));
    rig_query(&other, "select id from orders");
    rig_run(&other);
    assert_non_null(strstr(rig_said(&other), "] ZI"));
    close_other(&other);
}

/* What is too long for the loop: the same answers, by way of the pool. */
static const char *long_query(const char *what)
{
    static char text[20000];
    size_t n = (size_t)snprintf(text, sizeof text, "select id, text from orders where text <> '%s' /*", what);
    memset(text + n, 'x', 4100);
    strcpy(text + n + 4100, "*/ and id <> 7");
    return text;
}

static void long_statements_go_to_the_pool(void **state)
{
    (void)state;
    answers(long_query("rows 1 batches 1"), "T(id:20,text:25) D(0,row 0) C[SELECT 1] ZI");
    rig_parse(&rig, "", long_query("rows 1 batches 1"), 0, NULL);
    rig_bind(&rig, "", "", 0, NULL, 0);
    rig_of(&rig, 'D', 'P', "");
    rig_execute(&rig, "", 0);
    rig_say(&rig, 'S');
    says("1 2 T(id:20,text:25) D(0,row 0) C[SELECT 1] ZI");
    fake.jobs_refused = true;
    answers(long_query("rows 1 batches 1"), "E53300 ZI");
    rig_parse(&rig, "", long_query("rows 1 batches 1"), 0, NULL);
    rig_say(&rig, 'S');
    says("E53300 ZI");
}

static void long_statements_are_cancelled(void **state)
{
    (void)state;
    rig.no_jobs = true;
    rig_query(&rig, long_query("rows 1 batches 1"));
    says("");
    cancel(&rig, rig.key, 4);
    says("E57014 ZI");
    rig_parse(&rig, "", long_query("rows 1 batches 1"), 0, NULL);
    rig_say(&rig, 'S');
    says("");
    cancel(&rig, rig.key, 4);
    says("E57014 ZI");
    rig_query(&rig, long_query("rows 1 batches 1"));
    says(""); /* and the connection goes */
}

/* A flood of small messages: some of them, then the neighbours. */
static void others_have_their_turn(void **state)
{
    (void)state;
    for (int i = 0; i < 10000; i++)
        rig_say(&rig, i % 2 ? 'S' : 'H');
    rig_feed(&rig, hs_buf_str(&rig.sent));
    hs_buf_clear(&rig.sent);
    rig_produce(&rig);
    size_t once = rig.got.len;
    assert_true(once > 0 && once <= 64 * 6);
    assert_true(rig.woken);
    rig_run(&rig);
    assert_int_equal(rig.got.len, 5000 * 6);
}

static void the_catalog_is_shared_and_asked_anew(void **state)
{
    (void)state;
    answers("select id from orders where text <> 'rows 0 batches 0'", "T(id:20,text:25) C[SELECT 0] ZI");
    answers("select id from orders where text <> 'rows 0 batches 0'", "T(id:20,text:25) C[SELECT 0] ZI");
    rig_close_session(&rig);
    assert_true(rig_open_session(&rig, false, false));
    rig_sign_in(&rig);
    rig_said(&rig);
    answers("select id from orders where text <> 'rows 0 batches 0'", "T(id:20,text:25) C[SELECT 0] ZI");
    assert_int_equal(fake.catalogs, 1);
    answers("set hailstorm.purpose = 'fraud'; select id from orders where text <> 'rows 0 batches 0'",
            "C[SET] T(id:20,text:25) C[SELECT 0] ZI");
    assert_int_equal(fake.catalogs, 2);
    fake_model.version[0] ^= 1; /* a new model */
    answers("select id from orders where text <> 'rows 0 batches 0'", "T(id:20,text:25) C[SELECT 0] ZI");
    assert_int_equal(fake.catalogs, 3);
    fake_model.version[0] ^= 1;
}

/* ---- malformed ---- */

static void malformed_frames_end_it(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *said;
    } CASES[] = {
        {"Q\0\0\0\3", 5, "E08P01"},           {"Q\xff\xff\xff\xff", 5, "E08P01"},
        {"Q\x7f\xff\xff\xff", 5, "E54000"},   {"y\0\0\0\4", 5, "E08P01"},
        {"Q\0\0\0\5x", 6, "E08P01"},          {"Q\0\0\0\7x\0\0", 8, "E08P01"},
        {"P\0\0\0\x08\0\0\0\1", 9, "E08P01"}, {"B\0\0\0\x0e\0\0\0\3\0\0\0\0\0\0", 15, "E08P01"},
        {"D\0\0\0\6X\0", 7, "E08P01"},        {"E\0\0\0\x09\0\0\0\0", 9, NULL},
        {"C\0\0\0\6X\0", 7, "E08P01"},        {"p\0\0\0\5x", 6, "E08P01"},
        {"H\0\0\x30\0", 5, "E54000"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        rig_bytes(&rig, CASES[i].bytes, CASES[i].len);
        rig_run(&rig);
        const char *said = rig_said(&rig);
        if (CASES[i].said && strcmp(said, CASES[i].said) != 0)
            fail_msg("case %zu: %s", i, said);
        teardown(state);
        assert_int_equal(setup_signed_in(state), 0);
    }
}

static void malformed_beginnings_end_it(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *said;
    } CASES[] = {
        {"\0\0\0\7\0\3\0\0", 8, "E08P01"},          {"\0\0\x40\0\0\3\0\0", 8, "E08P01"},
        {"\0\0\0\x09\0\3\0\0x", 9, "E08P01"},       {"\0\0\0\x09\0\3\0\0\0", 9, "E28000"},
        {"\0\0\0\x0c\0\3\0\0a\0b\0", 12, "E08P01"}, {"\0\0\0\x08\0\1\0\0", 8, "E0A000"},
        {"GET / HTTP/1.1\r\n", 16, "E08P01"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        rig_bytes(&rig, CASES[i].bytes, CASES[i].len);
        rig_run(&rig);
        const char *said = rig_said(&rig);
        if (strcmp(said, CASES[i].said) != 0)
            fail_msg("case %zu: %s", i, said);
        assert_true(rig_done(&rig));
        teardown(state);
        assert_int_equal(setup(state), 0);
    }
}

static void start_parameters_count(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"user",
                                       "ana",
                                       "options",
                                       "-c extra_float_digits=3 --search-path=sales",
                                       "client_encoding",
                                       "'utf-8'",
                                       "replication",
                                       "false",
                                       "DateStyle",
                                       "ISO, DMY",
                                       NULL};
    rig_start(&rig, PG_VERSION_3_0, GOOD);
    rig_prove(&rig, "secret");
    rig_run(&rig);
    assert_non_null(strstr(rig_said(&rig), "S<DateStyle=ISO, DMY=>"));
    answers("set extra_float_digits = 0; reset extra_float_digits; show extra_float_digits",
            "C[SET] C[RESET] T(extra_float_digits:25) D(3) C[SHOW] ZI");
    answers("show search_path", "T(search_path:25) D(sales) C[SHOW] ZI");
    static const struct {
        const char *name, *value, *said;
    } BAD[] = {{"replication", "database", "E0A000"},   {"options", "-x", "E42601"},
               {"options", "-c nothing=1", "E42704"},   {"nothing", "1", "E42704"},
               {"client_encoding", "latin1", "E22023"}, {"server_version", "9", "E55P02"}};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        rig_close_session(&rig);
        assert_true(rig_open_session(&rig, false, false));
        rig_start(&rig, PG_VERSION_3_0, (const char *const[]){"user", "ana", BAD[i].name, BAD[i].value, NULL});
        says(BAD[i].said);
        assert_true(rig_done(&rig));
    }
}

/* Every message in every state that waits for one: it is answered, dropped, or ends the connection; never worse. */
static void every_message_in_every_state(void **state)
{
    static const char KINDS[] = "pQPBDECSHFdcfXRZ\0\xff";
    static const char *const BODIES[] = {"", "\0", "x\0", "S\0", "Ps\0", "\0\0\0\0\0\0", "s\0s\0\0\0\0\0\0\0"};
    static const size_t LENGTHS[] = {0, 1, 2, 2, 3, 6, 10};
    static const char *const LEADS[] = {"", "begin", "begin; selec", "begin; declare s cursor for " SOME};
    for (size_t lead = 0; lead < 4; lead++)
        for (size_t k = 0; k < sizeof KINDS - 1; k++)
            for (size_t b = 0; b < 7; b++)
                for (int proving = 0; proving < 2 - (lead > 0); proving++) {
                    teardown(state);
                    setup(state);
                    rig_start(&rig, PG_VERSION_3_0, (const char *const[]){"user", "ana", NULL});
                    if (!proving)
                        rig_prove(&rig, "secret");
                    if (LEADS[lead][0])
                        rig_query(&rig, LEADS[lead]);
                    size_t at = hs_pg_begin(&rig.sent, KINDS[k]);
                    hs_buf_add(&rig.sent, BODIES[b], LENGTHS[b]);
                    hs_pg_end(&rig.sent, at);
                    rig_say(&rig, 'S');
                    rig_run(&rig);
                    const char *said = rig_said(&rig);
                    bool ended = rig_done(&rig), ready = strlen(said) > 2 && said[strlen(said) - 2] == 'Z';
                    if (!ended && !ready)
                        fail_msg("message %d body %zu lead %zu: %s", KINDS[k], b, lead, said);
                    assert_null(strstr(said, "EXX000"));
                }
}

/* ---- cut anywhere, and without memory ---- */

static void transcript(void)
{
    rig_start(&rig, PG_VERSION_3_2, (const char *const[]){"user", "ana", "database", "mesh", NULL});
    rig_prove(&rig, "secret");
    rig_query(&rig, "begin; select id, text from orders where text <> 'rows 2 batches 2'; show DateStyle");
    rig_parse(&rig, "s", "select id, text from sales.orders where id = $1", 0, NULL);
    rig_of(&rig, 'D', 'S', "s");
    rig_bind(&rig, "p", "s", 1, (const char *const[]){"7"}, 1);
    rig_execute(&rig, "p", 2);
    rig_execute(&rig, "p", 0);
    rig_say(&rig, 'S');
    rig_query(&rig, "declare c scroll cursor with hold for " SOME "; fetch 2 from c; fetch prior from c; commit");
    rig_query(&rig, "copy (select id, text from orders where text <> 'rows 2 batches 1') to stdout (format binary)");
    rig_parse(&rig, "", "select relname from pg_catalog.pg_class", 0, NULL);
    rig_bind(&rig, "", "", 0, NULL, 0);
    rig_of(&rig, 'D', 'P', "");
    rig_say(&rig, 'S');
    rig_query(&rig,
              "prepare q(bigint) as select id from orders where id = $1; execute q(3); fetch all from c; discard all");
    rig_query(&rig, long_query("rows 1 batches 1"));
    rig_parse(&rig, "", long_query("rows 2 batches 1"), 0, NULL);
    rig_of(&rig, 'D', 'S', "");
    rig_say(&rig, 'S');
    rig_parse(&rig, "", "select id from orders where text = 'fail invalid'", 0, NULL);
    rig_bind(&rig, "", "", 0, NULL, 0);
    rig_execute(&rig, "", 0);
    rig_say(&rig, 'S');
}

static char *whole_answer(void **state, size_t step, bool async)
{
    setup(state);
    fake.async = async;
    transcript();
    rig_run_by(&rig, step);
    char *said = strdup(rig_said(&rig));
    assert_int_equal(teardown(state), 0);
    return said;
}

static void cut_anywhere_the_answer_is_the_same(void **state)
{
    teardown(state);
    char *whole = whole_answer(state, 0, false);
    assert_non_null(strstr(whole, "D(0,3)"));
    for (size_t step = 1; step < 40; step += step < 8 ? 1 : 7)
        for (int async = 0; async < 2; async++) {
            char *cut = whole_answer(state, step, async);
            assert_string_equal(cut, whole);
            free(cut);
        }
    free(whole);
    assert_int_equal(setup(state), 0);
}

/* In two pieces; what came first is handled before the rest is there. */
static char *answer_in_two(void **state, hs_str first, hs_str rest)
{
    setup(state);
    rig_bytes(&rig, first.at, first.len);
    rig_run(&rig);
    rig_bytes(&rig, rest.at, rest.len);
    rig_run(&rig);
    char *said = strdup(rig_said(&rig));
    assert_int_equal(teardown(state), 0);
    return said;
}

/* Of the padding of long texts not every byte is worth it. */
static bool is_padding(hs_str all, size_t at)
{
    static const char PADDING[] = "xxxxxxxxxxxxxxxx";
    return at >= 16 && at + 16 <= all.len && memcmp(all.at + at - 16, PADDING, 16) == 0 &&
           memcmp(all.at + at, PADDING, 16) == 0 && at % 64;
}

static void cut_in_two_the_answer_is_the_same(void **state)
{
    teardown(state);
    char *whole = whole_answer(state, 0, false);
    setup(state);
    transcript();
    char *bytes = malloc(rig.sent.len);
    hs_str all = {memcpy(bytes, rig.sent.at, rig.sent.len), rig.sent.len};
    teardown(state);
    for (size_t at = 0; at <= all.len; at++) {
        if (is_padding(all, at))
            continue;
        char *cut = answer_in_two(state, hs_str_n(all.at, at), hs_str_n(all.at + at, all.len - at));
        assert_string_equal(cut, whole);
        free(cut);
    }
    free(bytes);
    free(whole);
    assert_int_equal(setup(state), 0);
}

static void ends_anywhere(void **state)
{
    teardown(state);
    setup(state);
    transcript();
    size_t all = rig.sent.len;
    teardown(state);
    for (size_t cut = 0; cut < all; cut += 1 + all / 500) {
        setup(state);
        fake.async = cut % 3 == 0;
        transcript();
        rig.sent.len = cut;
        rig_run(&rig);
        rig_said(&rig);
        assert_int_equal(teardown(state), 0);
    }
    assert_int_equal(setup(state), 0);
}

static void survives_without_memory(void **state)
{
    teardown(state);
    for (long n = 0;; n++) {
        memset(&fake, 0, sizeof fake);
        rig_init(&rig);
        transcript();
        hs_fault_alloc_after(n);
        if (rig_open(&rig))
            rig_run(&rig);
        long asked = hs_fault_alloc_after(-1);
        rig_said(&rig);
        rig_close(&rig);
        assert_int_equal(fake.open_calls, 0);
        assert_int_equal(fake.made_batches, fake.closed_batches);
        assert_int_equal(fake.pins, 0);
        if (asked <= n)
            break;
        n += n / 50; /* the first ones one by one, then fewer */
    }
    assert_int_equal(setup(state), 0);
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
        cmocka_unit_test_setup_teardown(other_machines_want_tls, setup, teardown),
        cmocka_unit_test_setup_teardown(negotiates_newer_versions, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_other_protocols, setup, teardown),
        cmocka_unit_test_setup_teardown(tokens_want_tls, setup, teardown),
        cmocka_unit_test_setup_teardown(selects, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(several_statements, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(an_error_takes_back_what_the_text_set, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(says_no_more_than_it_may, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(parses_binds_describes_executes, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(answers_in_binary, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(describes_statements, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(suspends_portals, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(portals_end_with_sync, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(skips_until_sync, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(pipelines, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(refuses_wrong_binds, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(statements_of_other_kinds, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(a_failed_transaction_waits_for_its_end, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(local_settings_end_with_their_transaction, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(knows_its_parameters, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(cursors_go_forward, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(cursors_scroll, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(cursors_are_held, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(a_cursor_that_fails_was_never_there, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(prepares_in_sql, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(prepares_in_sql_before_anything_is_known, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(copies_out, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(cancels, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(statements_have_their_time, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(idle_transactions_have_their_time, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(a_message_comes_to_its_end, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(goes_when_told, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(who_is_gone_is_gone, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(late_errors_come_after_rows, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(asks_for_no_more_than_is_wanted, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(limits_what_is_prepared, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(counts_what_portals_hold, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(counts_the_values_of_cursors, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(counts_what_a_person_holds, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(counts_the_views_of_a_person, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(others_have_their_turn, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(the_catalog_is_shared_and_asked_anew, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(long_statements_go_to_the_pool, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(long_statements_are_cancelled, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(malformed_frames_end_it, setup_signed_in, teardown),
        cmocka_unit_test_setup_teardown(strangers_have_little_time, setup, teardown),
        cmocka_unit_test_setup_teardown(malformed_beginnings_end_it, setup, teardown),
        cmocka_unit_test_setup_teardown(start_parameters_count, setup, teardown),
        cmocka_unit_test_setup_teardown(every_message_in_every_state, setup, teardown),
        cmocka_unit_test_setup_teardown(cut_in_two_the_answer_is_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(cut_anywhere_the_answer_is_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(ends_anywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(survives_without_memory, setup, teardown),
    };
    return cmocka_run_group_tests_name("pg session", tests, NULL, NULL);
}
