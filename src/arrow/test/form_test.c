/* The choices of a form by name and word, and as a number. */
#include "arrow/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void names_and_words(void **state)
{
    (void)state;
    struct hs_answer_form form = {0};
    assert_int_equal(hs_form_set(&form, HS_S("compression"), HS_S("LZ4")), HS_FORM_TAKEN);
    assert_int_equal(hs_form_set(&form, HS_S("decimals"), HS_S("narrow")), HS_FORM_TAKEN);
    assert_int_equal(hs_form_set(&form, HS_S("strings"), HS_S("view")), HS_FORM_TAKEN);
    assert_int_equal(hs_form_set(&form, HS_S("dictionaries"), HS_S("auto")), HS_FORM_TAKEN);
    assert_int_equal(form.compression, HS_COMPRESSION_LZ4);
    assert_true(form.narrow_decimals && form.dictionaries && form.string_views);
    assert_int_equal(hs_form_set(&form, HS_S("strings"), HS_S("plain")), HS_FORM_TAKEN);
    assert_false(form.string_views);
    assert_int_equal(hs_form_set(&form, HS_S("compression"), HS_S("gzip")), HS_FORM_NO_SUCH_WORD);
    assert_int_equal(hs_form_set(&form, HS_S("compression"), HS_S("")), HS_FORM_NO_SUCH_WORD);
    assert_int_equal(hs_form_set(&form, HS_S("colour"), HS_S("none")), HS_FORM_NO_SUCH_NAME);
    assert_string_equal(hs_form_word(&form, HS_S("compression")), "lz4");
    assert_string_equal(hs_form_words(HS_S("decimals")), "wide, narrow");
    assert_null(hs_form_word(&form, HS_S("colour")));
}

static void plain_by_default(void **state)
{
    (void)state;
    const char *words[] = {"none", "wide", "off", "plain"};
    struct hs_answer_form form = {0};
    size_t i = 0;
    for (const char *name; (name = hs_form_name(i)); i++)
        assert_string_equal(hs_form_word(&form, hs_str_of(name)), words[i]);
    assert_int_equal(i, 4);
    assert_int_equal(hs_form_pack(&form), 0);
}

/* Every number is either a form that gives the number back, or none. */
static void packed(void **state)
{
    (void)state;
    size_t forms = 0;
    for (unsigned n = 0; n < 4096; n++) {
        struct hs_answer_form form;
        if (!hs_form_unpack(n, &form))
            continue;
        forms++;
        assert_int_equal(hs_form_pack(&form), n);
    }
    assert_int_equal(forms, 3 * 2 * 2 * 2);
    struct hs_answer_form form;
    assert_false(hs_form_unpack(0x80000000u, &form));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_words),
        cmocka_unit_test(plain_by_default),
        cmocka_unit_test(packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
