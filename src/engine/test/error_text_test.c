/* Engine errors in our words: the kind, a name only where the person wrote it, never the engine's text. */
#include "engine/statement_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void kinds(void **state)
{
    static const struct {
        const char *kind, *text;
        hs_rc rc;
        const char *shown;
    } cases[] = {
        {"Conversion", "Could not convert string 'SECRET' to INT32", HS_INVALID,
         "a value cannot be converted to the type asked for"},
        {"CONVERSION", "SECRET", HS_INVALID, "a value cannot be converted to the type asked for"},
        {"Out of Range", "SECRET", HS_INVALID, "a value is out of range"},
        {"OUT_OF_MEMORY", "SECRET", HS_LIMIT, "the statement needs more memory or disk than it may use"},
        {"Out of Memory Error", "SECRET", HS_LIMIT, "the statement needs more memory or disk than it may use"},
        {"INTERRUPT", "SECRET", HS_CANCELLED, "cancelled"},
        {"IO", "/SECRET/x.parquet: No such file", HS_CORRUPT, "a data file could not be read"},
        {"IO", "SECRET", HS_CORRUPT, "a data file could not be read"},
        {"IO", "Unsupported converted type (2)", HS_CORRUPT, "a data file could not be read"},
        {"IO", "Could not read from file \"/SECRET\": Input/output error", HS_UNAVAILABLE,
         "a data file could not be read"},
        {"IO", "Cannot open file \"/SECRET\": Too many open files", HS_UNAVAILABLE, "a data file could not be read"},
        {"IO", "SECRET No space left on device", HS_LIMIT, "the statement needs more memory or disk than it may use"},
        {"INTERNAL", "SECRET", HS_INTERNAL, "internal error in the engine"},
        {"Conversion", "Could not convert string 'Parquet' to INT32", HS_INVALID,
         "a value cannot be converted to the type asked for"},
        {"Invalid Input", "Malformed JSON: 'Snappy'", HS_INVALID, "a value is not valid for what is done with it"},
        {"IO", "The width (42) of the bitpacked data is too much, the file might be corrupted.", HS_CORRUPT,
         "a data file could not be read"},
        {"IO", "Could not read enough bytes from file \"/SECRET\": attempted to read 9 bytes", HS_CORRUPT,
         "a data file could not be read"},
        {"Invalid Input", "Failed to read file \"/SECRET\": ZSTD Decompression failure", HS_CORRUPT,
         "a data file could not be read"},
        {"Invalid Input", "Malformed JSON: 'Failed to read file'", HS_INVALID,
         "a value is not valid for what is done with it"},
        {"INTERNAL", "SECRET Parquet", HS_INTERNAL, "internal error in the engine"},
        {"FATAL", "SECRET", HS_INTERNAL, "internal error in the engine"},
        {"", "SECRET", HS_INTERNAL, "internal error in the engine"},
        {NULL, NULL, HS_INTERNAL, "internal error in the engine"},
        {"Binder", "SECRET", HS_INVALID, "the statement does not fit its tables"},
        {"Permission", "SECRET", HS_DENIED, "not permitted"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hs_err err = {0};
        assert_int_equal(hs_engine_error(&err, cases[i].kind, cases[i].text), cases[i].rc);
        assert_string_equal(err.shown, cases[i].shown);
        if (cases[i].text)
            assert_non_null(strstr(err.detail, cases[i].text));
    }
    assert_int_equal(hs_engine_error(NULL, "IO", "x"), HS_CORRUPT);
}

/* By what stands in front of a quoted value; and what a native raises has words of ours alone. */
static void sqlstates(void **state)
{
    static const struct {
        const char *kind, *text, *sqlstate;
    } cases[] = {
        {"Conversion", "Could not convert string '22012' to INT32", "22P02"},
        {"Conversion", "Type INT64 with value 9 can't be cast", "22003"},
        {"Conversion", "date field value out of range: \"2024-02-30\"", "22008"},
        {"Out of Range", "Overflow in addition of INT32 (1 + 2)!", "22003"},
        {"Binder", "Referenced column \"x\" not found", "42703"},
        {"Parser", "syntax error at or near \"x\"", "42601"},
        {"Invalid Input", "hs:22012", "22012"},
        {"Invalid Input", "Invalid Input Error: hs:22012", "22012"},
        {"Conversion", "Conversion Error: Could not convert string 'x' to INT32", "22P02"},
        {"Conversion", "'a Error: Could not convert string", "22003"},
        {"Invalid Input", "hs:99999", "22023"},
        {"Conversion", "hs:22012", "22003"},
        {"INTERNAL", "hs:22012", NULL},
        {"IO", "SECRET", NULL},
    };
    struct hs_err err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hs_ignore(hs_engine_error(&err, cases[i].kind, cases[i].text));
        if (cases[i].sqlstate)
            assert_string_equal(err.sqlstate, cases[i].sqlstate);
        else
            assert_null(err.sqlstate);
    }
    hs_ignore(hs_engine_error(&err, "Invalid Input", "hs:22012"));
    assert_string_equal(err.shown, "division by zero");
    hs_ignore(hs_fail(&err, HS_INVALID, "another"));
    assert_null(err.sqlstate);
}

static void names(void **state)
{
    static const char *const unknown =
        "Referenced column \"ssn\" not found in FROM clause!\nCandidate bindings: \"salary\"";
    struct hs_err err = {0};
    (void)state;
    hs_ignore(hs_engine_error_in(&err, "Binder", unknown, HS_S("select SSN from t")));
    assert_string_equal(err.shown, "column ssn is not known here (position 8)");
    hs_ignore(hs_engine_error_in(&err, "Binder", unknown, HS_S("select ssn_x, salary from t")));
    assert_string_equal(err.shown, "the statement does not fit its tables");
    hs_ignore(hs_engine_error_in(&err, "Conversion", unknown, HS_S("select ssn from t")));
    assert_string_equal(err.shown, "a value cannot be converted to the type asked for");
    hs_ignore(hs_engine_error_in(&err, "Binder", "Referenced column \"", HS_S("select ssn from t")));
    assert_string_equal(err.shown, "the statement does not fit its tables");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kinds), cmocka_unit_test(sqlstates), cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
