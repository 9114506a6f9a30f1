/* Walks over JSON's text: parts as they were written, and texts that are no JSON. */
#include "engine/worker/pg/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void is(hs_str got, const char *want)
{
    char text[256];
    assert_true(got.len < sizeof text);
    memcpy(text, got.at, got.len);
    text[got.len] = 0;
    assert_string_equal(text, want);
}

static void members(void **state)
{
    (void)state;
    hs_str v,
        text = HS_S(" { \"a\" :  [1,  2 ] , \"b\\u0063\":\"x\\\"y\", \"a b\": 1.50, \"a\":{\"k\":null}, \"\": true} ");
    assert_true(pg_document_member(text, HS_S("a"), &v)); /* the last of two */
    is(v, "{\"k\":null}");
    assert_true(pg_document_member(text, HS_S("bc"), &v));
    is(v, "\"x\\\"y\"");
    assert_true(pg_document_member(text, HS_S("a b"), &v));
    is(v, "1.50");
    assert_true(pg_document_member(text, HS_S(""), &v));
    is(v, "true");
    assert_false(pg_document_member(text, HS_S("b"), &v));
    assert_false(pg_document_member(HS_S("[1]"), HS_S("0"), &v));
    assert_false(pg_document_member(HS_S("7"), HS_S("7"), &v));
}

static void elements(void **state)
{
    (void)state;
    hs_str v, text = HS_S("[1, \"a,]\" , {\"b\": [2]},null ]");
    assert_int_equal(pg_document_length(text), 4);
    assert_true(pg_document_element(text, 1, &v));
    is(v, "\"a,]\"");
    assert_true(pg_document_element(text, -1, &v));
    is(v, "null");
    assert_true(pg_document_step(text, HS_S("2"), &v));
    is(v, "{\"b\": [2]}");
    assert_false(pg_document_step(text, HS_S("2x"), &v));
    assert_false(pg_document_element(text, 4, &v));
    assert_false(pg_document_element(text, -5, &v));
    assert_false(pg_document_element(text, INT64_MIN, &v));
    assert_int_equal(pg_document_length(HS_S("[ ]")), 0);
    assert_int_equal(pg_document_length(HS_S("{}")), -1);
    assert_int_equal(pg_document_length(HS_S("")), -1);
}

static void strings(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to; /* to NULL: refused */
    } CASES[] = {{"\"a\\nb\\t\\\\\\/\\\"\"", "a\nb\t\\/\""},
                 {"\"\\u00e9\\u20ac\"", "\xc3\xa9\xe2\x82\xac"},
                 {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
                 {"\"\\u0000\"", NULL},
                 {"\"\\ud83d\"", NULL},
                 {"\"\\ude00\"", NULL},
                 {"\"\\ud83d\\u0041\"", NULL},
                 {"\"\\u12\"", NULL},
                 {"\"\\x\"", NULL},
                 {"\"", NULL},
                 {"a", NULL},
                 {"\"\\\"", NULL}};
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        hs_buf_clear(&b);
        bool ok = pg_document_unquote(hs_str_of(CASES[i].from), &b);
        assert_int_equal(ok, CASES[i].to != NULL);
        if (ok)
            is(hs_buf_str(&b), CASES[i].to);
    }
    bool null;
    hs_buf_clear(&b);
    assert_true(pg_document_text(HS_S("null"), &b, &null) && null);
    assert_true(pg_document_text(HS_S("[1,  2]"), &b, &null) && !null);
    is(hs_buf_str(&b), "[1,  2]");
    hs_buf_fini(&b);
}

static void damaged(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"{",     "[",     "[1",   "{\"a\"",   "{\"a\":", "{\"a\" 1}", "[1 2]",
                                        "{1:2}", "[\"a]", "[[1]", "{\"a\":}", "[,]",     "}"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct pg_walk w;
        hs_str key, value;
        if (!pg_walk_open(hs_str_of(TEXTS[i]), &w))
            continue;
        while (pg_walk_next(&w, &key, &value))
            continue;
        assert_true(w.damaged);
    }
}

static void written(void **state)
{
    (void)state;
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    assert_true(pg_document_pretty(HS_S("{\"a\": [1, {}], \"b\": []}"), &b));
    is(hs_buf_str(&b), "{\n    \"a\": [\n        1,\n        {\n        }\n    ],\n    \"b\": [\n    ]\n}");
    hs_buf_clear(&b);
    assert_true(pg_document_strip(HS_S("{\"a\": null, \"b\": {\"c\": null}, \"d\": [null]}"), true, &b));
    is(hs_buf_str(&b), "{\"b\": {}, \"d\": [null]}");
    hs_buf_clear(&b);
    pg_document_bare(HS_S("{\"1.0\": [1.50, 2.00, -0.0, 100]}"), &b);
    is(hs_buf_str(&b), "{\"1.0\": [1.5, 2, -0, 100]}");
    hs_buf_fini(&b);
}

/* A hundred thousand brackets are walked over without a stack, and not written. */
static void deep(void **state)
{
    (void)state;
    enum { N = 100000 };
    static char text[2 * N];
    struct hs_buf b;
    hs_str v;
    memset(text, '[', N);
    memset(text + N, ']', N);
    assert_true(pg_document_element(hs_str_n(text, sizeof text), 0, &v));
    assert_int_equal(v.len, sizeof text - 2);
    hs_buf_init(&b, 1 << 20);
    assert_false(pg_document_pretty(hs_str_n(text, sizeof text), &b));
    hs_buf_clear(&b);
    assert_false(pg_document_strip(hs_str_n(text, sizeof text), false, &b));
    hs_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members), cmocka_unit_test(elements), cmocka_unit_test(strings),
        cmocka_unit_test(damaged), cmocka_unit_test(written),  cmocka_unit_test(deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
