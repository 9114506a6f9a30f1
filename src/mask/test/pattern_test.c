/* Patterns: what every engine reads alike is written out in full, everything else is refused with words. */
#include "mask/shared/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct {
    const char *pattern, *normal;
} good[] = {
    {"abc", "(?:abc)"},
    {"\\d{2,4}x?", "(?:[0-9]{2,4}x?)"},
    {"^[a-c\\d_.-]+$", "\\A(?:[a-c0-9_\\.\\-]+)\\z"},
    {"(?:a|b)(c)", "(?:(?:a|b)(?:c))"},
    {"[^\\n]", "(?:[^\\n])"},
    {"\\W\\.", "(?:[^0-9A-Z_a-z]\\.)"},
    {"\xC3\xA4{3}", "(?:\xC3\xA4{3})"},
    {"a{3,}", "(?:a{3,})"},
    {"-&", "(?:\\-\\&)"},
    {"^(\\d{3}|\\d{4})$", "\\A(?:(?:[0-9]{3}|[0-9]{4}))\\z"},
    {"a|b\\$", "(?:a|b\\$)"},
};

static const struct {
    const char *pattern, *words;
} bad[] = {
    {"", "1 to 1000"},
    {"a*", "nothing at all"},
    {"^", "missing"},
    {"a|", "missing"},
    {"(a", "')' is missing"},
    {"a)", "closes nothing"},
    {"[a", "']' is missing"},
    {"[]", "write"},
    {"[[:alpha:]]", "differ"},
    {"[a&&b]", "&&"},
    {"\\s", "differs"},
    {"\\bx", "boundaries"},
    {"\\pL", "ranges"},
    {"(a)\\1", "references"},
    {"(?=a)b", "looking"},
    {"(?i)a", "flags"},
    {"a+?", "lazy"},
    {"a**", "lazy"},
    {"(a*)*", "nothing"},
    {"*a", "nothing to repeat"},
    {"a{,3}", "counts"},
    {"a{300}", "counts"},
    {"a{5,3}", "ends before"},
    {"a{0}", "nothing times"},
    {"(?:a{100}){100}", "1000"},
    {"[z-a]", "ends before"},
    {"[a-\\d]", "one character"},
    {"a^b", "beginning"},
    {"a$b", "beginning"},
    {"\\xff", "not supported"},
    {"\xFF", "text"},
    {"a]", "backslash"},
    {"^\\d{3}|\\d{4}$", "put parentheses around the alternatives"}, /* elsewhere ^ would belong to the first alone */
    {"^a|b", "put parentheses around the alternatives"},
    {"a|b$", "put parentheses around the alternatives"},
    {"a|^b", "beginning"},
};

static void test_patterns(void **state)
{
    struct hs_buf b;
    struct hs_err err;
    (void)state;
    hs_buf_init(&b, 1 << 16);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        hs_buf_clear(&b);
        if (hs_pattern_normal(hs_str_of(good[i].pattern), &b, &err) != HS_OK)
            fail_msg("%s: %s", good[i].pattern, err.shown);
        assert_string_equal(b.at, good[i].normal);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hs_buf_clear(&b);
        if (hs_pattern_normal(hs_str_of(bad[i].pattern), &b, &err) == HS_OK)
            fail_msg("%s was taken as %s", bad[i].pattern, b.at);
        if (!strstr(err.shown, bad[i].words))
            fail_msg("%s: %s", bad[i].pattern, err.shown);
    }
    hs_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_patterns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
