/* The guard over trees of the real engine and over trees that no engine writes. With --tool: the helper of tests/sql/.
 */
#include "engine/test/guard_samples.h"
#include "engine/test/guard_tool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static hs_rc guard(hs_str sql, hs_str json, struct hs_err *err)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_statement *s = NULL;
    struct hs_buf out;
    hs_buf_init(&out, 1 << 20);
    hs_rc rc = a ? hs_guard_statement(a, sql, json, &s, err) : hs_fail(err, HS_NOMEM, "out of memory");
    if (rc == HS_OK)
        rc = hs_statement_print(s, NULL, NULL, NULL, &out, err);
    if (rc == HS_OK)
        assert_true(out.len > 0);
    hs_buf_fini(&out);
    hs_arena_free(a);
    return rc;
}

static void lets_through(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good_samples / sizeof good_samples[0]; i++) {
        size_t len;
        struct hs_err err = {0};
        char *json = sample(good_samples[i], &len);
        if (guard(HS_S(""), hs_str_n(json, len), &err) != HS_OK)
            fail_msg("%s: %s (%s)", good_samples[i], err.shown, err.detail);
        free(json);
    }
}

static void refuses_with_words(void **state)
{
    static const struct {
        const char *sample, *sql;
        hs_rc rc;
        const char *shown;
    } cases[] = {
        {"error", "selec 1", HS_INVALID, "syntax error (position 1)"},
        {"insert", "insert into t values (1)", HS_UNSUPPORTED,
         "only queries (SELECT, VALUES, WITH, set operations) are supported"},
        {"two", "select 1; select 2", HS_UNSUPPORTED, "one statement at a time"},
        {"pivot", "from t pivot", HS_UNSUPPORTED, "PIVOT and UNPIVOT are not supported (position 8)"},
        {"show", "show tables", HS_UNSUPPORTED,
         "SHOW, DESCRIBE and SUMMARIZE are not supported; ask the catalog calls of the protocol"},
        {"file", "select * from 'x.parquet', read_text('/etc/hostname')", HS_UNSUPPORTED,
         "function read_text is not allowed (position 28)"},
        {"stats", "select stats(v) from t", HS_UNSUPPORTED, "function stats is not allowed (position 8)"},
        {"stats", "", HS_UNSUPPORTED, "function ? is not allowed"}, /* never a name the person did not write */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len;
        struct hs_err err = {0};
        char *json = sample(cases[i].sample, &len);
        assert_int_equal(guard(hs_str_of(cases[i].sql), hs_str_n(json, len), &err), cases[i].rc);
        assert_string_equal(err.shown, cases[i].shown);
        free(json);
    }
}

/* SELECT 1, then one thing changed. */
#define BEFORE                                                                                                        \
    "{\"error\":false,\"statements\":[{\"node\":{\"type\":\"SELECT_NODE\",\"modifiers\":[],\"cte_map\":{\"map\":[]}," \
    "\"select_list\":["
#define AFTER_LIST                                                                                                   \
    "],\"from_table\":{\"type\":\"EMPTY\",\"alias\":\"\",\"sample\":null,\"query_location\":0},"                     \
    "\"where_clause\":null,\"group_expressions\":[],\"group_sets\":[],\"aggregate_handling\":\"STANDARD_HANDLING\"," \
    "\"having\":null,\"sample\":null,\"qualify\":null"
#define AFTER AFTER_LIST "},\"named_param_map\":[]}]}"
#define EXPR(class, type, rest) \
    BEFORE "{\"class\":\"" class "\",\"type\":\"" type "\",\"alias\":\"\",\"query_location\":7" rest "}" AFTER
#define ONE                                                                                                         \
    "{\"class\":\"CONSTANT\",\"type\":\"VALUE_CONSTANT\",\"alias\":\"\",\"query_location\":7,\"value\":{\"type\":{" \
    "\"id\":\"INTEGER\",\"type_info\":null},\"is_null\":false,\"value\":1}}"
#define VALUE(type, value)             \
    EXPR("CONSTANT", "VALUE_CONSTANT", \
         ",\"value\":{\"type\":{\"id\":\"" type "\",\"type_info\":null},\"is_null\":false,\"value\":" value "}")

static void refuses_what_no_engine_writes(void **state)
{
    static const char *const trees[] = {
        "",
        "{}",
        "[]",
        "null",
        "1",
        "{\"error\":false}",
        "{\"error\":false,\"statements\":[]}",
        "{\"error\":false,\"statements\":[null]}",
        "{\"error\":false,\"statements\":[{}]}",
        "{\"error\":false,\"statements\":[{\"node\":null,\"named_param_map\":[]}]}",
        "{\"error\":true}",
        BEFORE AFTER,
        BEFORE "null" AFTER,
        BEFORE "1" AFTER,
        BEFORE "{}" AFTER,
        BEFORE ONE AFTER_LIST ",\"extra\":1},\"named_param_map\":[]}]}",
        BEFORE ONE AFTER_LIST ",\"having\":null},\"named_param_map\":[]}]}", /* a field twice */
        EXPR("CONSTANT", "VALUE_CONSTANT", ""),
        EXPR("CONSTANT", "VALUE_PARAMETER", ",\"value\":null"),
        EXPR("NOTHING", "VALUE_CONSTANT", ""),
        EXPR("BOUND_REF", "BOUND_REF", ""),
        EXPR("DEFAULT", "VALUE_DEFAULT", ""),
        VALUE("VARCHAR", "1"),
        VALUE("VARCHAR", "null"),
        VALUE("VARCHAR", "\"a\\u0000b\""),
        VALUE("INTEGER", "\"1\""),
        VALUE("INTEGER", "1.5"),
        VALUE("DOUBLE", "\"x\""),
        VALUE("DOUBLE", "NaN"),
        VALUE("DATE", "1"),
        VALUE("BLOB", "\"x\""),
        VALUE("LIST", "{\"children\":[1]}"),
        VALUE("DECIMAL", "1"),
        VALUE("NOTHING", "1"),
        VALUE("HUGEINT", "{\"upper\":1}"),
        VALUE("HUGEINT", "{\"upper\":1,\"lower\":2,\"more\":3}"),
        EXPR("COLUMN_REF", "COLUMN_REF", ",\"column_names\":[]"),
        EXPR("COLUMN_REF", "COLUMN_REF", ",\"column_names\":[\"\"]"),
        EXPR("COLUMN_REF", "COLUMN_REF", ",\"column_names\":\"a\""),
        EXPR("COLUMN_REF", "COLUMN_REF", ",\"column_names\":[1]"),
        EXPR("PARAMETER", "VALUE_PARAMETER", ",\"identifier\":\"name\""),
        EXPR("PARAMETER", "VALUE_PARAMETER", ",\"identifier\":\"0\""),
        EXPR("PARAMETER", "VALUE_PARAMETER", ",\"identifier\":\"1) ; drop\""),
        EXPR("CONJUNCTION", "CONJUNCTION_AND", ",\"children\":[" ONE "]"),
        EXPR("OPERATOR", "OPERATOR_NOT", ",\"children\":[]"),
        EXPR("OPERATOR", "OPERATOR_NOT", ",\"children\":[" ONE "," ONE "]"),
        EXPR("OPERATOR", "STRUCT_EXTRACT", ",\"children\":[" ONE "," ONE "]"),
        EXPR("OPERATOR", "OPERATOR_UNPACK", ",\"children\":[" ONE "]"),
        EXPR("COMPARISON", "COMPARE_EQUAL", ",\"left\":" ONE ",\"right\":null"),
        EXPR("COMPARISON", "COMPARE_BETWEEN", ",\"left\":" ONE ",\"right\":" ONE),
        EXPR("COLLATE", "COLLATE", ",\"child\":" ONE ",\"collation\":\"de\""),
        EXPR("POSITIONAL_REFERENCE", "POSITIONAL_REFERENCE", ",\"index\":0"),
        EXPR("CAST", "OPERATOR_CAST",
             ",\"child\":" ONE ",\"cast_type\":{\"id\":\"VARCHAR\",\"type_info\":{\"type\":\"STRING_TYPE_INFO\","
             "\"alias\":\"JSON\"}},\"try_cast\":false"),
        EXPR("CAST", "OPERATOR_CAST",
             ",\"child\":" ONE ",\"cast_type\":{\"id\":\"LIST\",\"type_info\":null},\"try_cast\":false"),
        EXPR("CAST", "OPERATOR_CAST",
             ",\"child\":" ONE ",\"cast_type\":{\"id\":\"INTEGER; drop\",\"type_info\":null},\"try_cast\":false"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        struct hs_err err = {0};
        hs_rc rc = guard(HS_S("select 1"), hs_str_of(trees[i]), &err);
        if (rc == HS_OK || !err.shown[0])
            fail_msg("let through: %s", trees[i]);
        assert_true(rc == HS_UNSUPPORTED || rc == HS_INVALID);
    }
    struct hs_err err = {0};
    assert_int_equal(guard(HS_S("select 1"), HS_S(BEFORE ONE AFTER), &err), HS_OK);
}

/* Every word of every sample that names a kind, changed: nothing falls over, and a kind that is not known never passes.
 */
static void mutated_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good_samples / sizeof good_samples[0]; i++) {
        size_t len;
        char *json = sample(good_samples[i], &len);
        for (char *at = json; (at = strstr(at, "\"class\":\"")); at++) {
            char old = at[9];
            struct hs_err err = {0};
            at[9] = '!';
            assert_int_not_equal(guard(HS_S(""), hs_str_n(json, len), &err), HS_OK);
            at[9] = old;
        }
        for (char *at = json; (at = strstr(at, "\"type\":\"")); at++) {
            char old = at[8];
            struct hs_err err = {0};
            at[8] = '!';
            hs_rc rc = guard(HS_S(""), hs_str_n(json, len), &err);
            if (rc == HS_OK && strncmp(at, "\"type\":\"!RDER_MODIFIER", 22) != 0)
                fail_msg("%.60s", at);
            assert_true(rc != HS_OK || strncmp(at, "\"type\":\"!RDER_MODIFIER", 22) == 0); /* SKIP: its place says it */
            at[8] = old;
        }
        free(json);
    }
}

static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good_samples / sizeof good_samples[0]; i++) {
        size_t len;
        char *json = sample(good_samples[i], &len);
        for (size_t cut = 0; cut < len; cut++) {
            struct hs_err err = {0};
            char *copy = malloc(cut + 1);
            memcpy(copy, json, cut);
            assert_int_not_equal(guard(HS_S(""), hs_str_n(copy, cut), &err), HS_OK);
            free(copy);
        }
        free(json);
    }
}

static void every_allocation_may_fail(void **state)
{
    static const char *const names[] = {"select", "with", "nested", "stars", "groups"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t len;
        char *json = sample(names[i], &len);
        for (long n = 0; n < 100000; n++) {
            struct hs_err err = {0};
            hs_fault_alloc_after(n);
            hs_rc rc = guard(HS_S(""), hs_str_n(json, len), &err);
            hs_fault_alloc_after(-1);
            if (rc == HS_OK)
                break;
            assert_true(rc == HS_NOMEM || rc == HS_LIMIT);
        }
        free(json);
    }
}

static void nested_too_deeply(void **state)
{
    struct hs_buf b;
    struct hs_err err = {0};
    (void)state;
    hs_buf_init(&b, 64 << 20);
    hs_buf_addz(&b, BEFORE);
    for (int i = 0; i < 20000; i++)
        hs_buf_addz(
            &b, "{\"class\":\"OPERATOR\",\"type\":\"OPERATOR_NOT\",\"alias\":\"\",\"query_location\":7,\"children\":[");
    hs_buf_addz(&b, ONE);
    for (int i = 0; i < 20000; i++)
        hs_buf_addz(&b, "]}");
    hs_buf_addz(&b, AFTER);
    assert_int_equal(guard(HS_S(""), hs_buf_str(&b), &err), HS_LIMIT);
    hs_buf_fini(&b);
}

static void lists_are_sorted(void **state)
{
    static const char *const functions[] = {
#define ALLOW(name) name,
#define HONEST(name) name,
#include "engine/guard_functions.def"
#undef ALLOW
#undef HONEST
    };
    (void)state;
    for (size_t i = 1; i < sizeof functions / sizeof functions[0]; i++)
        if (strcmp(functions[i - 1], functions[i]) >= 0)
            fail_msg("%s and %s stand in the wrong order", functions[i - 1], functions[i]);
}

/* Only hs_scan_N with N below the count, and hs_cte_N. */
#define FROM(name, schema)                                                                                            \
    "{\"error\":false,\"statements\":[{\"node\":{\"type\":\"SELECT_NODE\",\"modifiers\":[],\"cte_map\":{\"map\":[]}," \
    "\"select_list\":[" ONE "],\"from_table\":{\"type\":\"BASE_TABLE\",\"alias\":\"\",\"sample\":null,"               \
    "\"query_location\":0,\"schema_name\":\"" schema "\",\"table_name\":\"" name "\",\"column_name_alias\":[],"       \
    "\"catalog_name\":\"\",\"at_clause\":null},\"where_clause\":null,\"group_expressions\":[],\"group_sets\":[],"     \
    "\"aggregate_handling\":\"STANDARD_HANDLING\",\"having\":null,\"sample\":null,\"qualify\":null},"                 \
    "\"named_param_map\":[]}]}"

static void printed_names_only_ours(void **state)
{
    static const struct {
        const char *json;
        bool ok;
    } cases[] = {{FROM("hs_scan_0", ""), true},    {FROM("hs_scan_2", ""), true},      {FROM("hs_cte_7", ""), true},
                 {FROM("hs_scan_3", ""), false},   {FROM("hs_scan_", ""), false},      {FROM("hs_scan_00", ""), false},
                 {FROM("hs_scan_-1", ""), false},  {FROM("hs_scan_0x", ""), false},    {FROM("people", ""), false},
                 {FROM("x.parquet", ""), false},   {FROM("hs_scan_0", "main"), false}, {FROM("HS_SCAN_0", ""), false},
                 {FROM("duckdb_views", ""), false}};
    struct hs_err err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hs_arena *a = hs_arena_new(0);
        hs_rc rc = hs_guard_printed(a, HS_S(""), hs_str_of(cases[i].json), 3, &err);
        assert_int_equal(rc == HS_OK, cases[i].ok);
        hs_arena_free(a);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_through),
        cmocka_unit_test(refuses_with_words),
        cmocka_unit_test(refuses_what_no_engine_writes),
        cmocka_unit_test(mutated_kinds),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(nested_too_deeply),
        cmocka_unit_test(lists_are_sorted),
        cmocka_unit_test(printed_names_only_ours),
    };
    if (argc > 1 && strcmp(argv[1], "--tool") == 0)
        return tool_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
