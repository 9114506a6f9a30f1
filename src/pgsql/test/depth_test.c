/* The bound on depth holds: whatever can be nested or chained in PostgreSQL's grammar, the tree that the parser makes
 * is no deeper than what was measured before it saw the text, and what is as deep as allowed is read with a small
 * stack. */
#include "pgsql/pgsql_in.h"

#include "base/alloc.h"

#include <pg_query.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* head (open x n) middle (close x n) tail */
static const struct form {
    const char *head, *open, *middle, *close, *tail;
} FORMS[] = {
    {"select ", "1+", "1", "", ""},
    {"select ", "(", "1", ")", ""},
    {"select ", "-", "1", "", ""},
    {"select ", "- -", "1", "", ""},
    {"select ", "+ -", "1", "", ""},
    {"select ", "not ", "true", "", ""},
    {"select ", "not (", "true", ")", ""},
    {"select ", "@", "1", "", ""},
    {"select ", "operator(pg_catalog.-) ", "1", "", ""},
    {"select a ", "operator(+) b ", "", "", ""},
    {"select 1", "::int", "", "", ""},
    {"select x", "[1]", "", "", ""},
    {"select ", "x[", "1", "]", ""},
    {"select ", "x[1:", "1", "]", ""},
    {"select a", "[1][2]::int[]", "", "", ""},
    {"select a", ".b", "", "", ""},
    {"select (a)", ".b", "", "", ""},
    {"select 1", " is null", "", "", ""},
    {"select 1", " isnull", "", "", ""},
    {"select 1", " notnull", "", "", ""},
    {"select 1", " is true is null", "", "", ""},
    {"select 1", " is not distinct from (1", "", ")", ""},
    {"select 'a'", " collate \"C\"", "", "", ""},
    {"select a", " at time zone 'x'", "", "", ""},
    {"select a", " at time zone 1.", "", "", ""},
    {"select a", " at time zone /*c*/ 1.--x\n", "", "", ""},
    {"select ", "case when true then ", "1", " end", ""},
    {"select ", "case when ", "true", " then 1 end", ""},
    {"select ", "case ", "1", " when 2 then 3 end", ""},
    {"select ", "case when a then 1 else ", "2", " end", ""},
    {"select ", "case when a and ", "b", " then c end", ""},
    {"select ", "case when a.end and ", "b", " then c end", ""},
    {"select a ", "between 1 and 2 is null ", "", "", ""},
    {"select a ", "between b and c = d ", "", "", ""},
    {"select a ", "in (b) is null ", "", "", ""},
    {"select a ", "like b is null ", "", "", ""},
    {"select a ", "not like b escape 'c' is null ", "", "", ""},
    {"select a ", "similar to b is null ", "", "", ""},
    {"select ", "f(", "1", ")", ""},
    {"select ", "f(a, ", "1", ")", ""},
    {"select ", "coalesce(1, ", "2", ")", ""},
    {"select ", "greatest(", "2", ")", ""},
    {"select ", "nullif(1, ", "2", ")", ""},
    {"select ", "row(", "2", ")", ""},
    {"select ", "(1, ", "2", ")", ""},
    {"select ", "array[", "2", "]", ""},
    {"select array", "[", "2", "]", ""},
    {"select ", "cast(", "2", " as int)", ""},
    {"select ", "(select ", "2", ")", ""},
    {"select ", "array(select ", "2", ")", ""},
    {"select ", "exists(select ", "2", ")", ""},
    {"select 1 where ", "a in (select b where ", "true", ")", ""},
    {"select 1 where ", "a = any (select b where ", "true", ")", ""},
    {"select ", "count(*) filter (where ", "true", ")", ""},
    {"select ", "f() over (order by ", "a", ")", ""},
    {"select ", "f(a) within group (order by ", "a", ")", ""},
    {"select ", "extract(year from ", "a", ")", ""},
    {"select ", "trim(both 'a' from ", "a", ")", ""},
    {"select ", "position(a in ", "a", ")", ""},
    {"select 1 from ", "(select * from ", "a", ") x", ""},
    {"select 1 from ", "(", "a join b on true", ")", ""},
    {"select 1 from a", " join b on true and true", "", "", ""},
    {"select 1 from a", " cross join b", "", "", ""},
    {"select 1 from a", " natural join b", "", "", ""},
    {"select 1 from a", " left join b using (x)", "", "", ""},
    {"select 1 from ", "a join ", "b", " on true", ""},
    {"select 1 from ", "f((select 1 from ", "a", "))", ""},
    {"select 1", " union select 1", "", "", ""},
    {"select 1,2", " union all select 3,4", "", "", ""},
    {"select 1", " except select 1 from a, b", "", "", ""},
    {"select 1", " intersect select 1 where a and b", "", "", ""},
    {"", "(", "select 1", ")", ""},
    {"", "(select 1 union ", "select 1", ")", ""},
    {"", "with a as (", "select 1", ") select 2", ""},
    {"", "select * from (with a as (", "select 1", ") select 2) b", ""},
    {"values (", "(select ", "1", ")", ")"},
    {"select 1 group by ", "grouping sets (", "a", ")", ""},
    {"select 1 group by ", "rollup (a, ", "(a, b)", ")", ""},
    {"select 1 order by ", "(", "1", ")", " limit 1"},
    {"select a from b where ", "a = 1 and (", "b", ")", ""},
    {"select a from b where ", "a or not ", "b", "", ""},
    {"select 'a\\'", "||'\\'", "", "", ""},
    {"select E'a\\''", "||E'\\''", "", "", ""},
    {"select E'a'\n'\\''", "||E'x' --c\n --d\n '\\''", "", "", ""},
    {"select $$a$$", "||$b$'$$$b$", "", "", ""},
    {"select \"a\"\"b\"", "+\"c\"", "", "", ""},
    {"select U&'a\\0041'", "||U&\"c'\"", "", "", ""},
    {"select a$$b", "+a$$c", "", "", ""},
    {"select $1", "+$1", "", "", ""},
    {"select /* ' /* ' */ */ 1", "+/*'*/1", "", "", ""},
    {"select 1", "*-1", "", "", ""},
    {"select 1", "+-+-+-1", "", "", ""},
    {"select 1", "<=>2", "", "", ""},
    {"create view v as select ", "(", "1", ")", ""},
    {"explain select ", "1+", "1", "", ""},
    {"insert into a select ", "1+", "1", "", ""},
    {"update a set b = ", "1+", "1", "", ""},
    {"delete from a where ", "not ", "true", "", ""},
    {"create table a (b int default ", "(", "1", "))", ""},
    {"create rule r as on insert to a do also (", "select 1; ", "select 2", "", ")"},
    {"merge into a using b on ", "not ", "true", "", " when matched then do nothing"},
    {"grant select on ", "a, ", "b", "", " to c"},
    {"select xmlelement(name a, ", "xmlconcat(", "b", ")", ")"},
    {"select ", "overlay(a placing ", "b", " from 1)", ""},
    {"select (a,b) overlaps (c,", "(", "d", ")", ")"},
};

static char *build(const struct form *f, size_t n)
{
    struct hs_buf b;
    hs_buf_init(&b, SIZE_MAX);
    hs_buf_addz(&b, f->head);
    for (size_t i = 0; i < n; i++)
        hs_buf_addz(&b, f->open);
    hs_buf_addz(&b, f->middle);
    for (size_t i = 0; i < n; i++)
        hs_buf_addz(&b, f->close);
    hs_buf_addz(&b, f->tail);
    return b.at;
}

/* How deep the parser's JSON is. */
static size_t json_depth(yyjson_val *v)
{
    size_t most = 0;
    if (yyjson_is_obj(v)) {
        yyjson_obj_iter iter = yyjson_obj_iter_with(v);
        for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
            size_t depth = json_depth(key + 1);
            most = depth > most ? depth : most;
        }
        return most + 1;
    }
    if (yyjson_is_arr(v)) {
        for (size_t i = 0; i < yyjson_arr_size(v) && i < 64; i++) {
            size_t depth = json_depth(yyjson_arr_get(v, i));
            most = depth > most ? depth : most;
        }
        return most + 1;
    }
    return 0;
}

static struct hs_pgsql_measure measure(const char *text)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_pgsql_measure m;
    assert_int_equal(hs_pgsql_measure_text(a, hs_str_of(text), &m, NULL), HS_OK);
    hs_arena_free(a);
    return m;
}

/* One step of the measure may be several levels of JSON: `(select` is SubLink, subselect, SelectStmt, targetList,
 * ResTarget, val; a frame of a few hundred bytes each. */
#define LEVELS_A_STEP 14

static void the_bound_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        for (size_t n = 10; n <= 90; n += 40) {
            char *text = build(&FORMS[i], n);
            PgQueryParseResult r = pg_query_parse(text);
            if (!r.error) {
                yyjson_doc *doc = yyjson_read(r.parse_tree, strlen(r.parse_tree), 0);
                size_t depth = json_depth(yyjson_doc_get_root(doc)), bound = measure(text).depth;
                if (depth > bound * LEVELS_A_STEP + 40)
                    print_error("%zu levels, measured %zu: %s\n", depth, bound, text);
                assert_true(depth <= bound * LEVELS_A_STEP + 40);
                yyjson_doc_free(doc);
            }
            pg_query_free_parse_result(r);
            hs_free(text);
        }
    }
}

static void *read_deep(void *arg)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_pgsql_context context = {0};
    struct hs_pgsql_script script;
    struct hs_pgsql_translation t;
    assert_int_equal(hs_pgsql_read(a, hs_str_of(arg), &script, NULL), HS_OK);
    if (script.at[0].runs)
        assert_int_equal(hs_pgsql_translate(a, &script, 0, &context, &t, NULL), HS_OK);
    hs_arena_free(a);
    return NULL;
}

/* Everything, as deep as it is let through, and deeper, on a stack of a quarter of what a thread has. */
static void a_small_stack_will_do(void **state)
{
    (void)state;
    pthread_attr_t attr;
    assert_int_equal(pthread_attr_init(&attr), 0);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    assert_int_equal(pthread_attr_setstacksize(&attr, (size_t)64 << 20), 0); /* frames are many times larger there */
#else
    assert_int_equal(pthread_attr_setstacksize(&attr, (size_t)2 << 20), 0);
#endif
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        size_t n = 3000;
        char *text = build(&FORMS[i], n);
        while (measure(text).depth > HS_PGSQL_DEPTH && n > 1) {
            hs_free(text);
            n = n * 9 / 10;
            text = build(&FORMS[i], n);
        }
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, &attr, read_deep, text), 0);
        pthread_join(thread, NULL);
        hs_free(text);
    }
    pthread_attr_destroy(&attr);
}

static void refused(const char *text, const char *sqlstate)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_pgsql_script script;
    assert_int_equal(hs_pgsql_read(a, hs_str_of(text), &script, NULL), HS_OK);
    assert_int_equal(script.at[0].kind, HS_PGSQL_REFUSED);
    assert_string_equal(script.at[0].refused.sqlstate, sqlstate);
    hs_arena_free(a);
}

static void too_deep_is_refused(void **state)
{
    (void)state;
    size_t deep[] = {0, 1, 5, 26, 48, 66};
    for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) {
        char *text = build(&FORMS[deep[i]], 20000);
        refused(text, "54001");
        hs_free(text);
    }
}

/* What is long and not deep is not refused for it. */
static void breadth_is_not_depth(void **state)
{
    (void)state;
    static const struct form WIDE[] = {{"select a+1", ", a+1", "", "", ""},
                                       {"select 1 where a = 1", " and a = 1 or b > 2", "", "", ""},
                                       {"select 1 where a in (1", ", -1", "", "", ")"},
                                       {"select case when a then 1", " when b = 1 then 2+3", "", "", " end"},
                                       {"select 1", "; select 1+2", "", "", ""},
                                       {"values (1)", ", (1+2, -3)", "", "", ""}};
    for (size_t i = 0; i < sizeof WIDE / sizeof *WIDE; i++) {
        char *text = build(&WIDE[i], 5000);
        assert_true(measure(text).depth < 20);
        hs_free(text);
    }
}

/* Comments and operators without a blank between them are read again and again by the scanner. */
static void comments_in_a_row_are_bounded(void **state)
{
    (void)state;
    static const struct form DEAR[] = {
        {"select 1 ", "/**/", "", "", ""},       {"select 1 ", "/*", "", "*/", ""},
        {"select 1 ", "/*", "", "", ""},         {"select 1 ", "/*+*/", "", "", ""},
        {"/*", "/*+-", "", "*/", "*/ select 1"}, {"select 1", "+/**/1,1", "", "/**/", ""}};
    static const struct form CHEAP[] = {
        {"select 1 ", "/**/ ", "", "", ""},        {"select 1 /*", "*=", "", "", "*/"},
        {"select 1 ", "/* a */\n", "", "", ""},    {"select 1", ", 2/*a*/+-1", "", "", ""},
        {"select 1 ", "--/*/**/*/\n", "", "", ""}, {"select '", "/**/", "", "", "'"}};
    for (size_t i = 0; i < sizeof DEAR / sizeof *DEAR; i++) {
        char *text = build(&DEAR[i], 50000);
        refused(text, "54000");
        hs_free(text);
    }
    for (size_t i = 0; i < sizeof CHEAP / sizeof *CHEAP; i++) {
        char *text = build(&CHEAP[i], 50000);
        assert_true(measure(text).again < HS_PGSQL_AGAIN / 4);
        hs_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bound_is_sound),
        cmocka_unit_test(a_small_stack_will_do),
        cmocka_unit_test(too_deep_is_refused),
        cmocka_unit_test(breadth_is_not_depth),
        cmocka_unit_test(comments_in_a_row_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
