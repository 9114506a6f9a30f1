/* What a message is made of: kinds, tags, options; positions; arrays; no memory at any allocation. */
#include "fixture.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct hs_arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = hs_arena_new(0);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    hs_arena_free(arena);
    return 0;
}

static struct hs_pgsql_statement *read_one(const char *text)
{
    struct hs_pgsql_script *script = HS_NEW(arena, struct hs_pgsql_script);
    assert_int_equal(hs_pgsql_read(arena, hs_str_of(text), script, NULL), HS_OK);
    return script->at;
}

static void kind_and_tag(const char *text, enum hs_pgsql_kind kind, const char *tag)
{
    struct hs_pgsql_statement *s = read_one(text);
    if (s->kind != kind)
        print_error("%s: %.*s\n", text, HS_FMT(s->refused.message));
    assert_int_equal(s->kind, kind);
    assert_string_equal(s->tag, tag);
}

static void kinds(void **state)
{
    (void)state;
    kind_and_tag("", HS_PGSQL_EMPTY, "");
    kind_and_tag(" ; -- nothing", HS_PGSQL_EMPTY, "");
    kind_and_tag("select 1", HS_PGSQL_SELECT, "SELECT");
    kind_and_tag("table pg_class", HS_PGSQL_SELECT, "SELECT");
    kind_and_tag("values (1)", HS_PGSQL_SELECT, "SELECT");
    kind_and_tag("set x to 1", HS_PGSQL_SET, "SET");
    kind_and_tag("set time zone 'UTC'", HS_PGSQL_SET, "SET");
    kind_and_tag("reset all", HS_PGSQL_RESET, "RESET");
    kind_and_tag("show all", HS_PGSQL_SHOW, "SHOW");
    kind_and_tag("begin", HS_PGSQL_BEGIN, "BEGIN");
    kind_and_tag("start transaction read only", HS_PGSQL_BEGIN, "START TRANSACTION");
    kind_and_tag("end", HS_PGSQL_COMMIT, "COMMIT");
    kind_and_tag("abort", HS_PGSQL_ROLLBACK, "ROLLBACK");
    kind_and_tag("savepoint a", HS_PGSQL_SAVEPOINT, "SAVEPOINT");
    kind_and_tag("release a", HS_PGSQL_RELEASE, "RELEASE");
    kind_and_tag("rollback to a", HS_PGSQL_ROLLBACK_TO, "ROLLBACK");
    kind_and_tag("close all", HS_PGSQL_CLOSE, "CLOSE CURSOR ALL");
    kind_and_tag("close c", HS_PGSQL_CLOSE, "CLOSE CURSOR");
    kind_and_tag("deallocate all", HS_PGSQL_DEALLOCATE, "DEALLOCATE ALL");
    kind_and_tag("deallocate prepare p", HS_PGSQL_DEALLOCATE, "DEALLOCATE");
    kind_and_tag("discard all", HS_PGSQL_DISCARD, "DISCARD ALL");
    kind_and_tag("discard temp", HS_PGSQL_DISCARD, "DISCARD TEMP");
    kind_and_tag("listen a", HS_PGSQL_LISTEN, "LISTEN");
    kind_and_tag("unlisten *", HS_PGSQL_UNLISTEN, "UNLISTEN");
    kind_and_tag("notify a, 'b'", HS_PGSQL_NOTIFY, "NOTIFY");
    kind_and_tag("explain select 1", HS_PGSQL_EXPLAIN, "EXPLAIN");
    kind_and_tag("set constraints all deferred", HS_PGSQL_LOCK, "SET CONSTRAINTS");
    kind_and_tag("lock a in access share mode", HS_PGSQL_LOCK, "LOCK TABLE");
}

static void refused(const char *text, const char *sqlstate, const char *words)
{
    struct hs_pgsql_statement *s = read_one(text);
    assert_int_equal(s->kind, HS_PGSQL_REFUSED);
    assert_string_equal(s->refused.sqlstate, sqlstate);
    if (!hs_str_is(s->refused.message, words))
        print_error("%.*s\n", HS_FMT(s->refused.message));
    assert_true(hs_str_is(s->refused.message, words));
}

static void what_writes_is_refused(void **state)
{
    (void)state;
    refused("insert into a values (1)", "25006", "cannot execute INSERT in a read-only transaction");
    refused("update a set b = 1", "25006", "cannot execute UPDATE in a read-only transaction");
    refused("create table a (b int)", "25006", "cannot execute CREATE TABLE in a read-only transaction");
    refused("drop table a", "25006", "cannot execute DROP in a read-only transaction");
    refused("vacuum", "25006", "cannot execute VACUUM in a read-only transaction");
    refused("copy a from stdin", "25006", "cannot execute COPY FROM in a read-only transaction");
    refused("copy a to '/tmp/x'", "42501", "COPY to a file or a program is not permitted");
    refused("copy a to program 'x'", "42501", "COPY to a file or a program is not permitted");
    refused("do 'begin end'", "25006", "cannot execute DO in a read-only transaction");
    refused("prepare p as insert into a values (1)", "25006", "cannot execute INSERT in a read-only transaction");
    refused("explain analyze delete from a", "25006", "cannot execute DELETE in a read-only transaction");
    refused("prepare transaction 'a'", "0A000", "prepared transactions are not supported");
    refused("selec 1", "42601", "syntax error at or near \"selec\"");
    refused("select 'a", "42601", "unterminated quoted string at or near \"'a\"");
}

static void settings(void **state)
{
    (void)state;
    struct hs_pgsql_statement *s = read_one("SET LOCAL Search_Path = a, \"B\", 'c'");
    assert_true(s->set.local && hs_str_is(s->set.name, "search_path") && s->set.value_count == 3);
    assert_true(hs_str_is(s->set.values[1], "B"));
    s = read_one("set extra_float_digits = -15");
    assert_true(s->set.value_count == 1 && hs_str_is(s->set.values[0], "-15"));
    s = read_one("set x to default");
    assert_true(s->set.to_default);
    s = read_one("set time zone local");
    assert_true(s->set.to_default && hs_str_is(s->set.name, "timezone"));
    s = read_one("set time zone interval '-08:00' hour to minute");
    assert_true(hs_str_is(s->set.values[0], "-08:00"));
    s = read_one("set session characteristics as transaction isolation level repeatable read, read write, deferrable");
    assert_int_equal(s->kind, HS_PGSQL_SET_TRANSACTION);
    assert_true(s->transaction.session && hs_str_is(s->transaction.isolation, "repeatable read"));
    assert_true(s->transaction.has_read_only && !s->transaction.read_only && s->transaction.deferrable);
    s = read_one("begin isolation level serializable, read only, not deferrable");
    assert_true(s->transaction.read_only && s->transaction.has_deferrable && !s->transaction.deferrable);
    s = read_one("commit and chain");
    assert_true(s->transaction.chain);
}

static void cursors(void **state)
{
    (void)state;
    struct hs_pgsql_statement *s = read_one("declare c binary insensitive no scroll cursor with hold for select $2");
    assert_int_equal(s->kind, HS_PGSQL_DECLARE);
    assert_true(s->runs && s->cursor.binary && s->cursor.insensitive && s->cursor.no_scroll && s->cursor.hold);
    assert_int_equal(s->param_count, 2);
    static const struct {
        const char *text;
        int direction;
        int64_t count;
    } FETCHES[] = {{"fetch c", HS_PGSQL_FORWARD, 1},
                   {"fetch all c", HS_PGSQL_FORWARD, INT64_MAX},
                   {"fetch forward 5 from c", HS_PGSQL_FORWARD, 5},
                   {"fetch 0 c", HS_PGSQL_FORWARD, 0},
                   {"fetch -3 c", HS_PGSQL_FORWARD, -3},
                   {"fetch prior from c", HS_PGSQL_BACKWARD, 1},
                   {"fetch backward all in c", HS_PGSQL_BACKWARD, INT64_MAX},
                   {"fetch first c", HS_PGSQL_ABSOLUTE, 1},
                   {"fetch last c", HS_PGSQL_ABSOLUTE, -1},
                   {"fetch absolute -2 c", HS_PGSQL_ABSOLUTE, -2},
                   {"fetch relative 2 c", HS_PGSQL_RELATIVE, 2},
                   {"move 7 c", HS_PGSQL_FORWARD, 7}};
    for (size_t i = 0; i < sizeof FETCHES / sizeof *FETCHES; i++) {
        s = read_one(FETCHES[i].text);
        if (s->fetch.count != FETCHES[i].count)
            print_error("%s\n", FETCHES[i].text);
        assert_int_equal(s->fetch.direction, FETCHES[i].direction);
        assert_int_equal(s->fetch.count, FETCHES[i].count);
        assert_true(hs_str_is(s->fetch.name, "c"));
    }
}

static void copies(void **state)
{
    (void)state;
    struct hs_pgsql_statement *s =
        read_one("copy (select 1) to stdout (format csv, header, delimiter ';', null 'x', quote '|', "
                 "escape '!', force_quote (a, b), encoding 'UTF8')");
    assert_int_equal(s->kind, HS_PGSQL_COPY);
    assert_true(s->runs && s->copy.format == HS_PGSQL_COPY_CSV && s->copy.header && s->copy.delimiter == ';');
    assert_true(s->copy.has_null && hs_str_is(s->copy.null, "x") && s->copy.quote == '|' && s->copy.escape == '!');
    assert_int_equal(s->copy.force_quote_count, 2);
    s = read_one("copy t to stdout with csv header force quote *");
    assert_true(s->copy.format == HS_PGSQL_COPY_CSV && s->copy.header && s->copy.force_quote_all);
    s = read_one("copy t to stdout binary");
    assert_int_equal(s->copy.format, HS_PGSQL_COPY_BINARY);
    s = read_one("copy t to stdout (header off, null '')");
    assert_true(!s->copy.header && s->copy.has_null && s->copy.null.len == 0);
    refused("copy t to stdout (format binary, header)", "42601", "cannot specify HEADER in BINARY mode");
    refused("copy t to stdout (format xml)", "22023", "COPY format \"xml\" not recognized");
    refused("copy t to stdout (delimiter 'ab')", "0A000", "COPY delimiter must be a single one-byte character");
    refused("copy t to stdout (nosuch)", "42601", "option \"nosuch\" not recognized");
}

static void prepared(void **state)
{
    (void)state;
    struct hs_pgsql_statement *s = read_one("prepare p(int, text[], timestamptz) as select $1");
    assert_true(s->runs && s->prepare.count == 3);
    assert_int_equal(s->prepare.types[0], 23);
    assert_int_equal(s->prepare.types[1], 1009);
    s = read_one("execute p(1, -2.5, 'x', null, true, '3'::int)");
    assert_int_equal(s->execute.count, 6);
    assert_true(hs_str_is(s->execute.values[1].text, "-2.5"));
    assert_int_equal(s->execute.values[3].form, HS_PGSQL_NULL);
    assert_int_equal(s->execute.values[4].form, HS_PGSQL_BOOLEAN);
    s = read_one("explain (analyze, verbose off, format json) select 1");
    assert_true(s->explain.analyze && !s->explain.verbose && s->explain.format == HS_PGSQL_EXPLAIN_JSON);
}

static void several(void **state)
{
    (void)state;
    struct hs_pgsql_script script;
    hs_str text = HS_S(" begin ; select 'é', x ;; insert into a values (1); commit");
    assert_int_equal(hs_pgsql_read(arena, text, &script, NULL), HS_OK);
    assert_int_equal(script.count, 4);
    assert_int_equal(script.at[2].kind, HS_PGSQL_REFUSED);
    assert_true(hs_str_is(script.at[1].source, "select 'é', x"));
    assert_true(hs_str_eq(hs_str_n(text.at + script.at[1].source_at, script.at[1].source.len), script.at[1].source));
    struct hs_pgsql_context context = fixture_context();
    struct hs_pgsql_translation t;
    assert_int_equal(hs_pgsql_translate(arena, &script, 1, &context, &t, NULL), HS_OK);
    assert_string_equal(t.refused.sqlstate, "42703");
    assert_int_equal(t.refused.position, 22); /* characters, of the whole message */
}

static void positions(void **state)
{
    (void)state;
    struct hs_pgsql_script script;
    struct hs_pgsql_context context = fixture_context();
    struct hs_pgsql_translation t;
    hs_str text = HS_S("select 'äöü', region || 'x' from orders where qty / 2 > 1");
    assert_int_equal(hs_pgsql_read(arena, text, &script, NULL), HS_OK);
    assert_int_equal(hs_pgsql_translate(arena, &script, 0, &context, &t, NULL), HS_OK);
    const char *division = strstr(t.sql.at, "hs_pg_div");
    assert_non_null(division);
    assert_int_equal(hs_pgsql_position(&script, &t, (size_t)(division - t.sql.at)), 51);
    assert_int_equal(hs_pgsql_position(&script, &t, 0), 0);
}

static void arrays(void **state)
{
    (void)state;
    hs_str out;
    assert_int_equal(hs_pgsql_array_text(arena, HS_S("{1, NULL,\"a \\\"b\" , \"null\",x y ,\\{}"), &out, NULL), HS_OK);
    assert_string_equal(out.at, "[\"1\", NULL, \"a \\\"b\", \"null\", \"x y\", \"{\"]");
    assert_int_equal(hs_pgsql_array_text(arena, HS_S(" { } "), &out, NULL), HS_OK);
    assert_string_equal(out.at, "[]");
    assert_int_equal(hs_pgsql_array_text(arena, HS_S("{1,}"), &out, NULL), HS_INVALID);
    assert_int_equal(hs_pgsql_array_text(arena, HS_S("{1"), &out, NULL), HS_INVALID);
    assert_int_equal(hs_pgsql_array_text(arena, HS_S("1}"), &out, NULL), HS_INVALID);
    assert_int_equal(hs_pgsql_array_text(arena, HS_S("{\"a}"), &out, NULL), HS_INVALID);
    assert_int_equal(hs_pgsql_array_text(arena, HS_S("{{1}}"), &out, NULL), HS_UNSUPPORTED);
}

static void bad_texts(void **state)
{
    (void)state;
    struct hs_pgsql_script script;
    assert_int_equal(hs_pgsql_read(arena, hs_str_n("select \xff", 8), &script, NULL), HS_OK);
    assert_string_equal(script.at[0].refused.sqlstate, "22021");
    assert_int_equal(hs_pgsql_read(arena, hs_str_n("select 1\0", 9), &script, NULL), HS_OK);
    assert_string_equal(script.at[0].refused.sqlstate, "22021");
    char *large = hs_calloc(1, HS_PGSQL_TEXT_MAX + 2);
    memset(large, ' ', HS_PGSQL_TEXT_MAX + 1);
    assert_int_equal(hs_pgsql_read(arena, hs_str_n(large, HS_PGSQL_TEXT_MAX + 1), &script, NULL), HS_OK);
    assert_string_equal(script.at[0].refused.sqlstate, "54000");
    hs_free(large);
}

/* first, then `more` for each number, then last: as long as a message may be. */
static void too_complex(const char *first, const char *more, int count, const char *last)
{
    struct hs_buf b;
    struct hs_pgsql_script script;
    struct hs_pgsql_context context = fixture_context();
    struct hs_pgsql_translation t;
    struct hs_arena *a = hs_arena_new((size_t)256 << 20);
    hs_buf_init(&b, HS_PGSQL_TEXT_MAX);
    for (const char *at = first; *at; at++) {
        if (*at == '@') /* a list of its own */
            for (int i = 1; i < 10000; i++)
                hs_buf_addf(&b, ", 1 as a%d", i);
        else
            hs_buf_addc(&b, (uint8_t)*at);
    }
    for (int i = 0; i < count; i++) {
        for (const char *at = more; *at; at++) {
            if (*at == '#')
                hs_buf_addf(&b, "%d", i);
            else
                hs_buf_addc(&b, (uint8_t)*at);
        }
    }
    hs_buf_addz(&b, last);
    assert_false(b.failed);
    assert_int_equal(hs_pgsql_read(a, hs_buf_str(&b), &script, NULL), HS_OK);
    hs_buf_fini(&b);
    assert_true(script.at[0].runs);
    assert_int_equal(hs_pgsql_translate(a, &script, 0, &context, &t, NULL), HS_OK);
    if (strcmp(t.refused.sqlstate, "54001") != 0)
        print_error("%s%s\n", first, more);
    assert_string_equal(t.refused.sqlstate, "54001");
    hs_arena_free(a);
}

/* Names times names: what would be looked at is bounded, not the time alone. */
static void too_many_names(void **state)
{
    (void)state;
    too_complex("select 1 as a0@ from orders order by a0", ", a#", 10000, "");
    too_complex("with t as (select 1) select 1 from t", ", t a#", 20000, "");
    too_complex("select 1 from now() x", ", now() a#", 20000, "");
    too_complex("with a as (select 1)", ", a# as (table a)", 10000, " select 1");
    too_complex("select 1 from (select 1 as a0@) a natural join (select 1 as a0@) b", "", 0, "");
    too_complex("select a0@ from (select 1 as a0@) a natural join (select 2 as b0) b group by a0", ", a0", 10000, "");
}

/* ---- no memory ---- */

static hs_rc once(hs_str text)
{
    struct hs_err err = {0};
    struct hs_arena *a = hs_arena_new(0);
    struct hs_pgsql_script script;
    struct hs_pgsql_context context = fixture_context();
    struct hs_pgsql_translation t = {0};
    hs_rc rc = a ? hs_pgsql_read(a, text, &script, &err) : HS_NOMEM;
    for (size_t i = 0; rc == HS_OK && i < script.count; i++) {
        if (script.at[i].runs)
            rc = hs_pgsql_translate(a, &script, i, &context, &t, &err);
        if (rc == HS_OK && (t.refused.sqlstate[0] || script.at[i].kind == HS_PGSQL_REFUSED))
            rc = HS_UNSUPPORTED;
    }
    hs_arena_free(a);
    return rc;
}

static void without_memory(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "with a(id) as (select id from orders where region like 'a_%' and $1 = any(nums)) select id, row_number() over "
        "(order by id) "
        "from a left join people using (id), generate_series(1, 3) g where id::text = 'orders'::regclass::text or born "
        "< "
        "now()",
        "copy orders(id) to stdout (format csv, force_quote (id)); declare c cursor for values (1, '{a,b}'::text[]); "
        "set a = 'b', 'c'; begin read only; execute p(1); prepare q(int) as select $1 / 2"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        hs_fault_alloc_after(-1);
        hs_rc whole = once(hs_str_of(TEXTS[i]));
        long count = hs_fault_alloc_after(-1);
        assert_int_equal(whole, HS_OK);
        for (long n = 0; n < count; n++) {
            hs_fault_alloc_after(n);
            hs_rc rc = once(hs_str_of(TEXTS[i]));
            hs_fault_alloc_after(-1);
            if (rc != HS_NOMEM)
                print_error("allocation %ld of %ld of text %zu: %d, whole %d\n", n, count, i, rc, whole);
            assert_true(rc == HS_NOMEM);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kinds, setup, teardown),
        cmocka_unit_test_setup_teardown(what_writes_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(settings, setup, teardown),
        cmocka_unit_test_setup_teardown(cursors, setup, teardown),
        cmocka_unit_test_setup_teardown(copies, setup, teardown),
        cmocka_unit_test_setup_teardown(prepared, setup, teardown),
        cmocka_unit_test_setup_teardown(several, setup, teardown),
        cmocka_unit_test_setup_teardown(positions, setup, teardown),
        cmocka_unit_test_setup_teardown(arrays, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_names, setup, teardown),
        cmocka_unit_test_setup_teardown(without_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
