/* What the matcher finds, that nothing makes it slow, and that it does without memory what it promises.
 * tests/policy/test_patterns.py compares it with two other engines over patterns made at random. */
#include "base/alloc.h"
#include "mask/shared/pattern.h"
#include "mask/shared/pattern_match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct {
    const char *pattern, *text, *wanted; /* a match becomes <> */
} cases[] = {
    {"abc", "xabcabcx", "x<><>x"},
    {"a|ab", "abab", "<>b<>b"}, /* the first that is tried, not the longest */
    {"ab|a", "abab", "<><>"},
    {"a+", "baaab", "b<>b"},
    {"a{2}", "aaaaa", "<><>a"},
    {"a{2,3}", "aaaaa", "<><>"},
    {"a{2,}", "aaaaab a", "<>b a"},
    {"(ab?){2,3}c", "aababc ababc aaaac", "<> <> a<>"},
    {"a[^b]*c", "axxc abc ac", "<> abc <>"},
    {"x[^\\n]*y", "x1y2y\nx3", "<>\nx3"},
    {"^[A-Z]{2}", "ATAT", "<>AT"},
    {"^a", "ba", "ba"},
    {"x$", "xx", "x<>"},
    {"^(\\d{3}|\\d{4})$", "1234", "<>"},
    {"^(\\d{3}|\\d{4})$", "12345", "12345"},
    {".", "a\n\xC3\xA4", "<>\n<>"},
    {"[\xC3\xA4-\xC3\xBC]+", "a\xC3\xB6\xC3\xA4u", "a<>u"},
    {"\\d+", "\xD9\xA1 12", "\xD9\xA1 <>"},
    {"[^a]", "a\xF0\x9F\x98\x80", "a<>"},
    {"\\.\\-\\\\", "x.-\\", "x<>"},
    {"(a|b(c|d){2})e?", "bcd bcde ae bce", "<> <> <> bce"},
    {"((((((((((((((((a)))))))))))))))){3}", "aaaa", "<>a"},
    {"x", "", ""},
};

static struct hs_pattern *pattern_of(const char *text)
{
    struct hs_buf normal;
    struct hs_err err;
    hs_buf_init(&normal, 1 << 16);
    if (hs_pattern_normal(hs_str_of(text), &normal, &err) != HS_OK)
        fail_msg("%s: %s", text, err.shown);
    struct hs_pattern *p = hs_pattern_new(hs_buf_str(&normal));
    hs_buf_fini(&normal);
    return p;
}

static void finds(const struct hs_pattern *p, const char *what, hs_str text, const char *wanted)
{
    struct hs_pattern_work *w = hs_pattern_work_new(p);
    struct hs_buf out;
    hs_buf_init(&out, 1 << 24);
    assert_non_null(w);
    hs_pattern_replace(p, w, text, HS_S("<>"), &out);
    if (out.failed || !hs_str_is(hs_buf_str(&out), wanted))
        fail_msg("%s: %.*s, not %s", what, (int)(out.len < 200 ? out.len : 200), out.at, wanted);
    hs_buf_fini(&out);
    hs_pattern_work_free(w);
}

static void test_finds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hs_pattern *p = pattern_of(cases[i].pattern);
        assert_non_null(p);
        finds(p, cases[i].pattern, hs_str_of(cases[i].text), cases[i].wanted);
        hs_pattern_free(p);
    }
}

/* Each of these keeps an engine that tries and goes back busy for longer than anybody lives. */
static void test_stays_fast(void **state)
{
    static const char *const slow[] = {"(a|aa)+b", "(a+)+b", "((a?b?c?d?a)+)+x", "(a{1,16}){1,16}b", "([a-c]|[a-d])+x"};
    enum { LENGTH = 4000 };
    char *text = malloc(LENGTH + 1);
    (void)state;
    assert_non_null(text);
    memset(text, 'a', LENGTH);
    text[LENGTH] = 0;
    for (size_t i = 0; i < sizeof slow / sizeof slow[0]; i++) {
        struct hs_pattern *p = pattern_of(slow[i]);
        assert_non_null(p);
        finds(p, slow[i], hs_str_n(text, LENGTH), text);
        hs_pattern_free(p);
    }
    free(text);
}

static void test_refuses_what_is_not_normal(void **state)
{
    static const char *const bad[] = {"",
                                      "a",
                                      "(?:a",
                                      "(?:)",
                                      "(?:a|)",
                                      "(?:a)x",
                                      "(?:*)",
                                      "(?:a{)",
                                      "(?:a{2)",
                                      "(?:a{9999})",
                                      "(?:[a)",
                                      "(?:a{3,2})",
                                      "(?:a\\",
                                      "(?:(a))",
                                      "\\A\\A(?:a)",
                                      "(?:a))",
                                      "(?:a**)",
                                      "(?:(?:a)",
                                      "(?:a{255}{255})",
                                      "(?:(?:(?:a{255}){255}){255})"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (hs_pattern_new(hs_str_of(bad[i])))
            fail_msg("taken: %s", bad[i]);
}

static void test_memory(void **state)
{
    long n = 0;
    (void)state;
    for (; n < 100; n++) {
        hs_fault_alloc_after(n);
        struct hs_pattern *p = hs_pattern_new(HS_S("\\A(?:a|[b-c]{2,3})\\z"));
        struct hs_pattern_work *w = p ? hs_pattern_work_new(p) : NULL;
        hs_fault_alloc_after(-1);
        bool done = w != NULL;
        hs_pattern_work_free(w);
        hs_pattern_free(p);
        if (done)
            break;
    }
    assert_true(n > 5 && n < 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds),
        cmocka_unit_test(test_stays_fast),
        cmocka_unit_test(test_refuses_what_is_not_normal),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
