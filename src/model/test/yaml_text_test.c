#include "helper.h"
#include "model/yaml_text.h"

static void decodes(const char *inside, bool twice, const char *wanted)
{
    char out[512];
    size_t len = 0;
    bool good = hs_yaml_unquote(hs_str_of(inside), twice, out, &len);
    assert_int_equal(good, wanted != NULL);
    if (!wanted)
        return;
    if (!hs_str_is(hs_str_n(out, len), wanted))
        print_error("[%s] gave [%.*s], wanted [%s]\n", inside, (int)len, out, wanted);
    assert_true(hs_str_is(hs_str_n(out, len), wanted));
}

static void single_quotes(void **state)
{
    (void)state;
    decodes("", false, "");
    decodes("it''s \\n", false, "it's \\n");
    decodes("''''''", false, "'''");
    decodes(" a  \n\t b\n\n  c \n", false, " a b\nc ");
    decodes("a\r\n\r\n\r\nb", false, "a\n\nb");
    decodes(" 1st non-empty\n\n 2nd non-empty \n\t3rd non-empty ", false,
            " 1st non-empty\n2nd non-empty 3rd non-empty ");
}

static void double_quotes(void **state)
{
    (void)state;
    decodes("\\a\\b\\v\\f\\r", true, "\a\b\v\f\r");
    decodes("\\t\\n\\e\\ \\\"\\/\\\\", true, "\t\n\x1b \"/\\");
    decodes("\\x41\\u00e9\\U0001F600\\ud83d\\ude00", true, "A\xC3\xA9\xF0\x9F\x98\x80\xF0\x9F\x98\x80");
    decodes("\\N\\_\\L\\P", true, "\xC2\x85\xC2\xA0\xE2\x80\xA8\xE2\x80\xA9");
    /* the examples of YAML 1.2.2, 7.5 and 7.6 */
    decodes("folded \nto a space,\t\n \nto a line feed, or \t\\\n \\ \tnon-content", true,
            "folded to a space,\nto a line feed, or \t \tnon-content");
    decodes(" 1st non-empty\n\n 2nd non-empty \n\t3rd non-empty ", true,
            " 1st non-empty\n2nd non-empty 3rd non-empty ");
    decodes("a\\t \n b", true, "a\t b");
    decodes("a\\\n\n  b", true, "a\nb");
    decodes("a \\ \n b", true, "a   b"); /* an escaped blank is meant */
    decodes("a\r\n  \\\r\n  b", true, "a b");
}

static void wrong_escapes(void **state)
{
    (void)state;
    static const char *const WRONG[] = {"\\0",
                                        "\\x00",
                                        "\\q",
                                        "\\",
                                        "\\x4",
                                        "\\ud83d",
                                        "\\ude00",
                                        "\\ud83d\\u0041",
                                        "\\U00110000",
                                        "\\u12g4",
                                        "\\U0000d83d\\ude00"};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
        decodes(WRONG[i], true, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_quotes),
        cmocka_unit_test(double_quotes),
        cmocka_unit_test(wrong_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
