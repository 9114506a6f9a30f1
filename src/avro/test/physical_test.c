/* Every kind of the specification's Appendix A as a type, and what has no counterpart. */
#include "avro/avro.h"
#include "base/alloc.h"
#include "seeds.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static hs_rc physical(struct hs_arena *a, hs_str json, struct hs_type **out, struct hs_err *err)
{
    struct hs_avro_type *schema;
    HS_TRY(hs_avro_schema_parse(a, json, &schema, err));
    return hs_avro_physical(a, schema, out, err);
}

/* "type" as the type of the only field, in words. */
static void expect(const char *type, const char *want)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_type *out;
    struct hs_err err;
    struct hs_buf text;
    hs_str json = hs_arena_printf(
        a, "{\"type\":\"record\",\"name\":\"t\",\"fields\":[{\"name\":\"f\",\"field-id\":1,\"type\":%s}]}", type);
    assert_int_equal(physical(a, json, &out, &err), HS_OK);
    hs_buf_init(&text, 10000);
    hs_buf_add_type(&text, out->fields[0].type);
    if (out->fields[0].required)
        hs_buf_addz(&text, "!");
    assert_string_equal(text.at, want);
    hs_buf_fini(&text);
    hs_arena_free(a);
}

static void every_type_is_found(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_type *type;
    struct hs_err err;
    hs_str json = seed("corpus/fuzz_physical/every.json");
    assert_int_equal(physical(a, json, &type, &err), HS_OK);
    static const enum hs_type_id want[] = {
        HS_T_BOOLEAN,     HS_T_INT,          HS_T_LONG,        HS_T_FLOAT,   HS_T_DOUBLE, HS_T_DECIMAL,
        HS_T_DECIMAL,     HS_T_DECIMAL,      HS_T_DECIMAL,     HS_T_DATE,    HS_T_TIME,   HS_T_TIMESTAMP,
        HS_T_TIMESTAMPTZ, HS_T_TIMESTAMP_NS, HS_T_TIMESTAMPTZ, HS_T_STRING,  HS_T_UUID,   HS_T_FIXED,
        HS_T_BINARY,      HS_T_STRUCT,       HS_T_LIST,        HS_T_MAP,     HS_T_MAP,    HS_T_LIST,
        HS_T_STRING,      HS_T_DECIMAL,      HS_T_UNKNOWN,     HS_T_UNKNOWN, HS_T_INT,    HS_T_INT};
    assert_int_equal(type->field_count, sizeof want / sizeof *want);
    for (size_t i = 0; i < type->field_count; i++) {
        assert_int_equal(type->fields[i].type->id, want[i]);
        assert_int_equal(type->fields[i].required, hs_str_is(type->fields[i].name, "required"));
    }
    seed_free(json);
    hs_arena_free(a);
}

static void ids_are_those_of_the_file(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_type *type;
    struct hs_err err;
    hs_str json = seed("corpus/fuzz_physical/every.json");
    assert_int_equal(physical(a, json, &type, &err), HS_OK);
    for (int id = 1; id <= 41; id += id == 28 ? 2 : 1) { /* the record in int_map has none */
        const struct hs_field *f = hs_type_field_by_id(type, id);
        assert_non_null(f);
        assert_int_equal(f->id, id);
    }
    assert_true(hs_str_is(hs_type_field_by_id(type, 24)->name, "element"));
    assert_true(hs_str_is(hs_type_field_by_id(type, 26)->name, "key"));
    assert_true(hs_str_is(hs_type_field_by_id(type, 31)->name, "value"));
    assert_true(hs_str_is(hs_type_field_by_id(type, 41)->name, "renamed_x2E_name"));
    seed_free(json);
    hs_arena_free(a);
}

static void logical_types_that_do_not_fit_are_not_there(void **state)
{
    (void)state;
    expect("\"int\"", "int!");
    expect("[\"null\",\"int\"]", "int");
    expect("[\"int\",\"null\"]", "int");
    expect("{\"type\":\"long\",\"logicalType\":\"date\"}", "long!");
    expect("{\"type\":\"int\",\"logicalType\":\"time-millis\"}", "time!");
    expect("{\"type\":\"string\",\"logicalType\":\"uuid\"}", "string!");
    expect("{\"type\":\"bytes\",\"logicalType\":\"decimal\"}", "binary!");
    expect("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":5}", "decimal(5, 0)!");
    expect("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":39}", "unknown!");
    expect("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":5,\"scale\":6}", "unknown!");
    expect("{\"type\":\"fixed\",\"name\":\"u\",\"size\":15,\"logicalType\":\"uuid\"}", "unknown!");
    expect("{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}", "timestamp!");
    expect("{\"type\":\"long\",\"logicalType\":\"local-timestamp-nanos\"}", "timestamp_ns!");
    expect("{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\",\"adjust-to-utc\":true}", "timestamptz_ns!");
}

static void what_has_no_counterpart_is_unknown(void **state)
{
    (void)state;
    expect("[\"int\",\"string\"]", "unknown");
    expect("[\"int\"]", "unknown");
    expect("[\"null\",\"null\"]", "unknown");
    expect("[\"null\",\"int\",\"string\"]", "unknown");
    expect("\"null\"", "unknown");
    expect("{\"type\":\"record\",\"name\":\"e\",\"fields\":[]}", "unknown!");
    expect(
        "{\"type\":\"record\",\"name\":\"v\",\"logicalType\":\"variant\",\"fields\":[{\"name\":\"metadata\",\"type\":"
        "\"bytes\"},{\"name\":\"value\",\"type\":\"bytes\"}]}",
        "unknown!");
    expect("{\"type\":\"record\",\"name\":\"c\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"A\",\"type\":"
           "\"int\"}]}",
           "unknown!");
    expect("{\"type\":\"array\",\"logicalType\":\"map\",\"items\":\"int\"}", "unknown!");
}

static hs_rc outcome(const char *json)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_type *type;
    struct hs_err err;
    hs_rc rc = physical(a, hs_str_of(json), &type, &err);
    hs_arena_free(a);
    return rc;
}

static void what_cannot_be_is_damage(void **state)
{
    (void)state;
    assert_int_equal(outcome("{\"type\":\"array\",\"items\":\"int\"}"), HS_CORRUPT);
    assert_int_equal(outcome("{\"type\":\"record\",\"name\":\"t\",\"fields\":[{\"name\":\"\",\"type\":\"int\"}]}"),
                     HS_CORRUPT);
    assert_int_equal(
        outcome("{\"type\":\"record\",\"name\":\"t\",\"fields\":[{\"name\":\"a\\u0000b\",\"type\":\"int\"}]}"),
        HS_CORRUPT);
    assert_int_equal(
        outcome("{\"type\":\"record\",\"name\":\"t\",\"fields\":[{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":"
                "\"e\",\"symbols\":[1]}}]}"),
        HS_CORRUPT);
}

/* r0 holds r1 twice, r1 holds r2 twice: a short text that means two to the fortieth types. */
static void a_tree_is_bounded(void **state)
{
    (void)state;
    struct hs_buf json;
    hs_buf_init(&json, 1 << 20);
    for (int i = 0; i < 40; i++)
        hs_buf_addf(&json, "{\"type\":\"record\",\"name\":\"r%d\",\"fields\":[{\"name\":\"a\",\"type\":", i);
    hs_buf_addz(&json, "\"int\"}]}");
    for (int i = 39; i > 0; i--)
        hs_buf_addf(&json, "},{\"name\":\"b\",\"type\":\"r%d\"}]}", i);
    assert_int_equal(outcome(json.at), HS_LIMIT);
    hs_buf_fini(&json);
    hs_str loop = seed("corpus/fuzz_physical/loop.json");
    struct hs_arena *a = hs_arena_new(0);
    struct hs_type *type;
    struct hs_err err;
    assert_int_equal(physical(a, loop, &type, &err), HS_OK); /* as deep as we go, and unknown there */
    hs_arena_free(a);
    seed_free(loop);
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    hs_str json = seed("corpus/fuzz_physical/every.json");
    hs_rc rc = HS_NOMEM;
    for (long n = 0; rc != HS_OK; n++) {
        hs_fault_alloc_after(n);
        struct hs_arena *a = hs_arena_new(0);
        struct hs_type *type;
        struct hs_err err;
        rc = a ? physical(a, json, &type, &err) : HS_NOMEM;
        hs_fault_alloc_after(-1);
        hs_arena_free(a);
        assert_true(rc == HS_OK || rc == HS_NOMEM);
    }
    seed_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_found),
        cmocka_unit_test(ids_are_those_of_the_file),
        cmocka_unit_test(logical_types_that_do_not_fit_are_not_there),
        cmocka_unit_test(what_has_no_counterpart_is_unknown),
        cmocka_unit_test(what_cannot_be_is_damage),
        cmocka_unit_test(a_tree_is_bounded),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
