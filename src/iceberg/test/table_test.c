/* The small table of data/mini, from metadata to planned files; what is refused; every allocation failing in turn. */
#include "base/alloc.h"
#include "base/clock.h"
#include "iceberg/shared_caches.h"
#include "iceberg/table.h"
#include "seeds.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static hs_rc plan_mini(struct hs_plan *out, struct hs_arena *a, struct hs_err *err)
{
    struct hs_store store = {.root = mini_root()};
    struct hs_iceberg_table *t = NULL;
    struct hs_pin pin;
    hs_rc rc = hs_iceberg_open(&store, &t, err);
    if (rc == HS_OK)
        rc = hs_iceberg_pin(a, t, NULL, &pin, err);
    if (rc == HS_OK)
        rc = hs_iceberg_plan(a, &(struct hs_plan_request){.store = &store, .pin = &pin, .wanted = NULL}, out, err);
    hs_iceberg_unref(t);
    return rc;
}

static void test_plan(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_plan plan;
    struct hs_err err;
    assert_int_equal(plan_mini(&plan, a, &err), HS_OK);
    assert_int_equal(plan.file_count, 2);
    assert_int_equal(plan.record_count, 5);
    assert_int_equal(plan.directory_count, 1);
    assert_true(hs_str_ends(plan.files[0].path, HS_S("/data/mini/data/0.parquet")));
    assert_ptr_equal(plan.files[0].physical, plan.files[1].physical);
    assert_int_equal(plan.files[0].physical->fields[5].id, 6); /* "point" in the file, "where" in the table */
    hs_arena_free(a);
}

static void test_caches(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_plan plan;
    struct hs_err err;
    hs_iceberg_cache_clear();
    int64_t hits = hs_cache_stats(hs_metadata_cache()).hits, footer_hits = hs_cache_stats(hs_footer_cache()).hits;
    assert_int_equal(plan_mini(&plan, a, &err), HS_OK);
    assert_int_equal(plan_mini(&plan, a, &err), HS_OK);
    assert_int_equal(hs_cache_stats(hs_metadata_cache()).hits - hits, 1);
    assert_int_equal(hs_cache_stats(hs_footer_cache()).hits - footer_hits, 2);
    hs_iceberg_cache_limits(10, 10, 10, 600000); /* nothing fits any more, and all still works */
    assert_int_equal(hs_cache_stats(hs_footer_cache()).entries, 0);
    assert_int_equal(plan_mini(&plan, a, &err), HS_OK);
    assert_int_equal(hs_cache_stats(hs_metadata_cache()).bytes, 0);
    hs_iceberg_cache_limits(1 << 20, 1 << 20, 1 << 20, 600000);
    hs_arena_free(a);
}

/* The caches are emptied before each round, so that every round does all the work. */
static void test_every_allocation_fails(void **state)
{
    (void)state;
    long n = 0;
    hs_rc rc = HS_NOMEM;
    for (; rc != HS_OK && n < 10000; n++) {
        struct hs_plan plan;
        struct hs_err err;
        hs_iceberg_cache_clear();
        struct hs_arena *a = hs_arena_new(0);
        hs_fault_alloc_after(n);
        rc = plan_mini(&plan, a, &err);
        hs_fault_alloc_after(-1);
        assert_true(rc == HS_OK || rc == HS_NOMEM);
        hs_arena_free(a);
    }
    assert_int_equal(rc, HS_OK);
    printf("%ld allocations failed in turn\n", n - 1);
}

static struct hs_iceberg_table *parsed(const char *text)
{
    struct hs_iceberg_table *t = NULL;
    struct hs_err err;
    hs_rc rc = hs_iceberg_parse(hs_str_of(text), HS_S("/w/t/metadata/v1.metadata.json"), &t, &err);
    if (rc != HS_OK)
        print_message("%s\n", err.detail);
    assert_int_equal(rc, HS_OK);
    return t;
}

#define SCHEMAS                                                                               \
    "\"schemas\":[{\"schema-id\":0,\"fields\":[{\"id\":1,\"name\":\"a\",\"type\":\"int\"}]}," \
    "{\"schema-id\":1,\"fields\":[{\"id\":1,\"name\":\"b\",\"type\":\"long\"}]}],\"current-schema-id\":1,"
#define REST "\"partition-specs\":[],\"default-spec-id\":0,\"last-partition-id\":999,\"sort-orders\":[],"
#define HEAD "{\"format-version\":2,\"location\":\"/l\"," SCHEMAS REST

static const char history[] =
    HEAD "\"current-snapshot-id\":3,\"snapshots\":["
         "{\"snapshot-id\":1,\"timestamp-ms\":100,\"schema-id\":0,\"manifest-list\":\"a\"},"
         "{\"snapshot-id\":2,\"timestamp-ms\":200,\"parent-snapshot-id\":1,\"schema-id\":1,\"manifest-list\":\"b\"},"
         "{\"snapshot-id\":3,\"timestamp-ms\":150,\"parent-snapshot-id\":1,\"manifest-list\":\"c\"}],"
         "\"snapshot-log\":[{\"timestamp-ms\":100,\"snapshot-id\":1},{\"timestamp-ms\":200,\"snapshot-id\":2},"
         "{\"timestamp-ms\":300,\"snapshot-id\":1},{\"timestamp-ms\":400,\"snapshot-id\":3}],"
         "\"refs\":{\"t\":{\"snapshot-id\":1,\"type\":\"tag\"},\"b\":{\"snapshot-id\":1,\"type\":\"branch\"}}}";

static hs_rc pin_at(const struct hs_iceberg_table *t, struct hs_as_of as_of, int64_t *out_id, int *out_schema)
{
    struct hs_pin pin;
    struct hs_err err;
    hs_rc rc = hs_iceberg_pin(NULL, t, &as_of, &pin, &err);
    if (rc == HS_OK) {
        *out_id = pin.snapshot_id;
        *out_schema = pin.schema_id;
    }
    return rc;
}

static void assert_pin(const struct hs_iceberg_table *t, struct hs_as_of as_of, int64_t id, int schema)
{
    int64_t got_id = 0;
    int got_schema = 0;
    assert_int_equal(pin_at(t, as_of, &got_id, &got_schema), HS_OK);
    assert_int_equal(got_id, id);
    assert_int_equal(got_schema, schema);
}

static void test_time_travel(void **state)
{
    (void)state;
    struct hs_iceberg_table *t = parsed(history);
    int64_t id;
    int schema;
    assert_pin(t, (struct hs_as_of){0}, 3, 1);
    assert_pin(t, (struct hs_as_of){.kind = HS_AS_OF_SNAPSHOT, .snapshot_id = 1}, 1, 0);
    assert_pin(t, (struct hs_as_of){.kind = HS_AS_OF_SNAPSHOT, .snapshot_id = 3}, 3, 1); /* none written: current */
    assert_pin(t, (struct hs_as_of){.kind = HS_AS_OF_TIME, .time_us = 250000}, 2, 1);
    assert_pin(t, (struct hs_as_of){.kind = HS_AS_OF_TIME, .time_us = 399999}, 1, 0); /* after a rollback */
    assert_pin(t, (struct hs_as_of){.kind = HS_AS_OF_REF, .ref = HS_S("t")}, 1, 0);
    assert_pin(t, (struct hs_as_of){.kind = HS_AS_OF_REF, .ref = HS_S("b")}, 1, 1);
    assert_pin(t, (struct hs_as_of){.kind = HS_AS_OF_REF, .ref = HS_S("main")}, 3, 1);
    assert_int_equal(pin_at(t, (struct hs_as_of){.kind = HS_AS_OF_TIME, .time_us = 99999}, &id, &schema), HS_NOT_FOUND);
    assert_int_equal(pin_at(t, (struct hs_as_of){.kind = HS_AS_OF_SNAPSHOT, .snapshot_id = 9}, &id, &schema),
                     HS_NOT_FOUND);
    assert_int_equal(pin_at(t, (struct hs_as_of){.kind = HS_AS_OF_SNAPSHOT, .snapshot_id = -1}, &id, &schema),
                     HS_NOT_FOUND);
    assert_int_equal(pin_at(t, (struct hs_as_of){.kind = HS_AS_OF_REF, .ref = HS_S("x")}, &id, &schema), HS_NOT_FOUND);
    hs_iceberg_unref(t);
}

static void test_no_snapshot(void **state)
{
    (void)state;
    struct hs_iceberg_table *t = parsed(HEAD "\"current-snapshot-id\":-1}");
    struct hs_pin pin;
    struct hs_err err;
    assert_int_equal(hs_iceberg_pin(NULL, t, NULL, &pin, &err), HS_OK);
    assert_true(pin.empty);
    hs_iceberg_unref(t);
}

static void assert_bad(const char *text, hs_rc kind, const char *place)
{
    struct hs_iceberg_table *t;
    struct hs_err err;
    assert_int_equal(hs_iceberg_parse(hs_str_of(text), HS_S("/f.json"), &t, &err), kind);
    if (!strstr(err.detail, place))
        print_message("%s\n", err.detail);
    assert_non_null(strstr(err.detail, place));
    assert_non_null(strstr(err.detail, "/f.json"));
    assert_null(strstr(err.shown, "/f.json"));
}

static void test_bad_metadata(void **state)
{
    (void)state;
    assert_bad("{", HS_CORRUPT, "byte 1");
    assert_bad("[]", HS_CORRUPT, "$: not a JSON object");
    assert_bad("{}", HS_CORRUPT, "\"format-version\" is missing");
    assert_bad("{\"format-version\":4,\"location\":\"/\"}", HS_UNSUPPORTED, "format-version 4");
    assert_bad("{\"format-version\":2,\"location\":1}", HS_CORRUPT, "\"location\" is not text");
    assert_bad("{\"format-version\":2,\"location\":\"\",\"schemas\":[{\"schema-id\":0,\"fields\":[{\"id\":1,\"name\":"
               "\"a\",\"type\":\"thing\"}]}],\"current-schema-id\":0}",
               HS_CORRUPT, "schemas[0].fields[0].type: unknown type thing");
    assert_bad("{\"format-version\":2,\"location\":\"\",\"schemas\":[{\"schema-id\":0,\"fields\":[{\"id\":1,\"name\":"
               "\"a\",\"type\":\"int\"},{\"id\":1,\"name\":\"b\",\"type\":\"int\"}]}],\"current-schema-id\":0}",
               HS_CORRUPT, "field id 1 stands twice");
    assert_bad(HEAD "\"current-snapshot-id\":5}", HS_CORRUPT, "names no snapshot");
    assert_bad(HEAD "\"snapshots\":[{\"snapshot-id\":1.5}]}", HS_CORRUPT, "snapshots[0]: \"snapshot-id\"");
    assert_bad(HEAD "\"snapshots\":[{\"snapshot-id\":1,\"timestamp-ms\":1}]}", HS_CORRUPT, "neither");
    assert_bad(HEAD "\"properties\":{\"schema.name-mapping.default\":\"{\"}}", HS_CORRUPT, "schema.name-mapping");
}

static void test_deep_types(void **state)
{
    (void)state;
    char text[16384];
    size_t n = (size_t)snprintf(text, sizeof text,
                                "{\"format-version\":1,\"location\":\"\",\"schema\":{\"fields\":["
                                "{\"id\":1000,\"name\":\"a\",\"type\":");
    for (int i = 0; i < 100; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "{\"type\":\"list\",\"element-id\":%d,\"element\":", i);
    assert_bad(text, HS_CORRUPT, "byte");
    n += (size_t)snprintf(text + n, sizeof text - n, "\"int\"");
    for (int i = 0; i < 100; i++)
        text[n++] = '}';
    snprintf(text + n, sizeof text - n, "}]}}");
    assert_bad(text, HS_CORRUPT, "nest deeper");
}

static void test_packed(void **state)
{
    (void)state;
    static const char *const names[] = {"corpus/fuzz_metadata/v2.json", "corpus/fuzz_metadata/v2.json.gz",
                                        "corpus/fuzz_metadata/v2.json.zst", "corpus/fuzz_metadata/v1.json"};
    for (size_t i = 0; i < 4; i++) {
        hs_str bytes = seed(names[i]);
        struct hs_iceberg_table *t = NULL;
        struct hs_err err;
        assert_int_equal(hs_iceberg_parse(bytes, HS_S("/f.json"), &t, &err), HS_OK);
        assert_int_equal(hs_iceberg_format_version(t), i == 3 ? 1 : 2);
        hs_iceberg_unref(t);
        for (size_t len = 0; len < bytes.len; len++) {
            hs_str cut = seed_cut(bytes, len);
            assert_int_not_equal(hs_iceberg_parse(cut, HS_S("/f.json"), &t, &err), HS_OK);
            seed_free(cut);
        }
        seed_free(bytes);
    }
}

static void test_describe(void **state)
{
    (void)state;
    struct hs_iceberg_table *t = parsed(history);
    struct hs_buf text;
    struct hs_err err;
    hs_buf_init(&text, 65536);
    assert_int_equal(hs_iceberg_describe(&text, NULL, t, &err), HS_OK);
    assert_non_null(strstr(text.at, "schema 1 (current)\n  1 b long\n"));
    assert_non_null(strstr(text.at, "tag t = 1"));
    hs_buf_fini(&text);
    hs_iceberg_unref(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_caches),
        cmocka_unit_test(test_time_travel),
        cmocka_unit_test(test_no_snapshot),
        cmocka_unit_test(test_bad_metadata),
        cmocka_unit_test(test_deep_types),
        cmocka_unit_test(test_packed),
        cmocka_unit_test(test_describe),
        cmocka_unit_test(test_every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
