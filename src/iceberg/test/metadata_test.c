/* Forms of metadata: default values of every type, statistics, keys, what each version may leave out, the documents of
 * the format's own libraries, and a table with 100,000 snapshots. */
#include "arrow/param.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "golden.h"
#include "iceberg/table.h"
#include "seeds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>

#include <cmocka.h>

#define HEAD                                                                                  \
    "{\"format-version\":3,\"location\":\"/l\",\"last-partition-id\":999,\"sort-orders\":[]," \
    "\"partition-specs\":[{\"spec-id\":0,\"fields\":[]}],\"default-spec-id\":0,\"current-schema-id\":0,"

static hs_rc parse(const char *text, struct hs_iceberg_table **out, struct hs_err *err)
{
    return hs_iceberg_parse(hs_str_of(text), HS_S("/t/metadata/v1.metadata.json"), out, err);
}

static hs_rc parse_default(const char *type, const char *value, struct hs_iceberg_table **out, struct hs_err *err)
{
    char text[2048];
    snprintf(text, sizeof text,
             HEAD "\"schemas\":[{\"schema-id\":0,\"fields\":[{\"id\":1,\"name\":\"a\",\"type\":%s,"
                  "\"initial-default\":%s,\"write-default\":null}]}]}",
             type, value);
    return parse(text, out, err);
}

/* ---- default values ---- */
struct value {
    const char *type, *json;
    int64_t i;
    double d;
    const char *text;
    size_t len;
};

static const struct value values[] = {
    {"\"boolean\"", "true", 1, 0, NULL, 0},
    {"\"int\"", "-2147483648", INT32_MIN, 0, NULL, 0},
    {"\"long\"", "-9223372036854775808", INT64_MIN, 0, NULL, 0},
    {"\"float\"", "1.5", 0, 1.5, NULL, 0},
    {"\"double\"", "3", 0, 3, NULL, 0},
    {"\"decimal(9, 2)\"", "\"-14.20\"", 0, 0, "-14.20", 6},
    {"\"date\"", "\"1969-12-31\"", -1, 0, NULL, 0},
    {"\"date\"", "\"-0001-01-01\"", -719893, 0, NULL, 0},
    {"\"time\"", "\"22:31:08.123456\"", 81068123456, 0, NULL, 0},
    {"\"time\"", "\"10:15\"", 36900000000, 0, NULL, 0},
    {"\"timestamp\"", "\"1969-12-31T23:59:59.5\"", -500000, 0, NULL, 0},
    {"\"timestamptz\"", "\"1970-01-01T00:00:01+00:00\"", 1000000, 0, NULL, 0},
    {"\"timestamp_ns\"", "\"1970-01-01T00:00:00.123456789\"", 123456789, 0, NULL, 0},
    {"\"timestamptz_ns\"", "\"1970-01-01T00:00:00.000000001+00:00\"", 1, 0, NULL, 0},
    {"\"string\"", "\"it's \\u0000\"", 0, 0, "it's \0", 6},
    {"\"uuid\"", "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\"", 0, 0,
     "\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7", 16},
    {"\"fixed[3]\"", "\"0001ff\"", 0, 0, "\0\1\xff", 3},
    {"\"binary\"", "\"\"", 0, 0, "", 0},
    {"\"binary\"", "\"AbcD\"", 0, 0, "\xab\xcd", 2},
};

static void test_defaults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct hs_iceberg_table *t = NULL;
        struct hs_err err = {0};
        hs_rc rc = parse_default(values[i].type, values[i].json, &t, &err);
        if (rc != HS_OK)
            print_message("%s %s: %s\n", values[i].type, values[i].json, err.detail);
        assert_int_equal(rc, HS_OK);
        const struct hs_field *f = &t->schemas[0].type->fields[0];
        assert_non_null(f->initial_default);
        assert_null(f->write_default);
        assert_int_equal(f->initial_default->type, f->type->id);
        assert_true(f->initial_default->i == values[i].i);
        assert_true(f->initial_default->d >= values[i].d && f->initial_default->d <= values[i].d);
        assert_true(hs_str_eq(f->initial_default->text, hs_str_n(values[i].text, values[i].len)));
        struct hs_arena *a = hs_arena_new(0);
        struct hs_type *copy = hs_type_copy(a, t->schemas[0].type);
        hs_iceberg_unref(t); /* a copy keeps nothing of the table's */
        assert_true(copy->fields[0].initial_default->i == values[i].i);
        assert_true(hs_str_eq(copy->fields[0].initial_default->text, hs_str_n(values[i].text, values[i].len)));
        hs_arena_free(a);
    }
}

static void test_bad_defaults(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"\"boolean\"", "1"},
        {"\"int\"", "2147483648"},
        {"\"int\"", "1.0"},
        {"\"long\"", "9223372036854775808"},
        {"\"float\"", "1e39"},
        {"\"double\"", "\"1\""},
        {"\"decimal(9, 2)\"", "14.20"},
        {"\"decimal(9, 2)\"", "\"14.2\""},
        {"\"decimal(3, 2)\"", "\"14.20\""},
        {"\"decimal(9, 2)\"", "\"1.-20\""},
        {"\"date\"", "\"2023-02-29\""},
        {"\"date\"", "\"2023-02-28 \""},
        {"\"time\"", "\"24:00:00\""},
        {"\"time\"", "\"10:00:00.1234567\""},
        {"\"timestamp\"", "\"2023-01-01T00:00:00+00:00\""},
        {"\"timestamptz\"", "\"2023-01-01T00:00:00\""},
        {"\"timestamptz\"", "\"2023-01-01T00:00:00+01:00\""},
        {"\"timestamp_ns\"", "\"9999-01-01T00:00:00\""},
        {"\"uuid\"", "\"f79c3e09-677c-4bbd-a479-3f349cb785e\""},
        {"\"uuid\"", "\"f79c3e09a677c-4bbd-a479-3f349cb785e7\""},
        {"\"fixed[3]\"", "\"0001\""},
        {"\"binary\"", "\"0\""},
        {"\"binary\"", "\"0g\""},
        {"\"unknown\"", "1"},
        {"\"variant\"", "{}"},
        {"{\"type\":\"struct\",\"fields\":[]}", "{\"1\":1}"},
        {"{\"type\":\"list\",\"element-id\":2,\"element\":\"int\"}", "{}"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct hs_iceberg_table *t = NULL;
        struct hs_err err = {0};
        hs_rc rc = parse_default(bad[i][0], bad[i][1], &t, &err);
        if (rc != HS_CORRUPT)
            print_message("%s %s\n", bad[i][0], bad[i][1]);
        assert_int_equal(rc, HS_CORRUPT);
        assert_non_null(strstr(err.detail, "v1.metadata.json: schemas[0].fields[0]: \"initial-default\""));
    }
}

/* ---- what stands beside schemas and snapshots ---- */
#define SCHEMA "\"schemas\":[{\"schema-id\":0,\"fields\":[{\"id\":1,\"name\":\"a\",\"type\":\"int\"}]}],"

static void test_statistics(void **state)
{
    (void)state;
    struct hs_iceberg_table *t = NULL;
    struct hs_err err;
    assert_int_equal(parse(HEAD SCHEMA "\"statistics\":[{\"snapshot-id\":7,\"statistics-path\":\"s.puffin\","
                                       "\"file-size-in-bytes\":9,\"file-footer-size-in-bytes\":3,\"blob-metadata\":["
                                       "{\"type\":\"apache-datasketches-theta-v1\",\"snapshot-id\":7,"
                                       "\"sequence-number\":1,\"fields\":[1],\"properties\":{\"ndv\":\"12\"}}]}],"
                                       "\"partition-statistics\":[{\"snapshot-id\":7,\"statistics-path\":\"p.parquet\","
                                       "\"file-size-in-bytes\":5}],\"next-row-id\":40,"
                                       "\"encryption-keys\":[{\"key-id\":\"k\",\"encrypted-key-metadata\":\"\"}]}",
                           &t, &err),
                     HS_OK);
    assert_int_equal(t->statistics_count, 2);
    assert_int_equal(t->statistics[0].blobs[0].distinct, 12);
    assert_int_equal(t->statistics[0].blobs[0].fields[0], 1);
    assert_true(t->statistics[1].of_partitions);
    assert_int_equal(t->next_row_id, 40);
    assert_int_equal(t->key_count, 1);
    hs_iceberg_unref(t);
    assert_int_equal(parse(HEAD SCHEMA "\"statistics\":[{\"snapshot-id\":7}]}", &t, &err), HS_CORRUPT);
    assert_non_null(strstr(err.detail, "statistics[0]: \"statistics-path\""));
}

/* A snapshot under a key is refused when it is read, and no other. */
static void test_keys(void **state)
{
    (void)state;
    struct hs_iceberg_table *t = NULL;
    struct hs_err err;
    struct hs_pin pin;
    struct hs_plan plan;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_store store = {.root = HS_S("/nowhere")};
    assert_int_equal(parse(HEAD SCHEMA "\"current-snapshot-id\":1,\"snapshots\":[{\"snapshot-id\":1,\"timestamp-ms\":1,"
                                       "\"manifest-list\":\"m\",\"key-id\":\"k\",\"first-row-id\":30}]}",
                           &t, &err),
                     HS_OK);
    assert_int_equal(t->snapshots[0].first_row_id, 30);
    assert_int_equal(hs_iceberg_pin(a, t, NULL, &pin, &err), HS_OK);
    assert_int_equal(hs_iceberg_plan(a, &(struct hs_plan_request){.store = &store, .pin = &pin}, &plan, &err),
                     HS_UNSUPPORTED);
    assert_string_equal(err.shown, "the table is encrypted, which is not supported");
    hs_iceberg_unref(t);
    hs_arena_free(a);
}

/* ---- documents of the format's own libraries ---- */
static const struct {
    const char *name, *place; /* of the fault; NULL: none */
} documents[] = {
    {"apache-iceberg/core/src/test/resources/TableMetadataPartitionStatisticsFiles.json", NULL},
    {"apache-iceberg/core/src/test/resources/TableMetadataStatisticsFiles.json", NULL},
    {"apache-iceberg/core/src/test/resources/TableMetadataUnsupportedVersion.json", "format-version 42"},
    {"apache-iceberg/core/src/test/resources/TableMetadataV1MissingSchemaType.json", NULL}, /* ours to tolerate */
    {"apache-iceberg/core/src/test/resources/TableMetadataV1Valid.json", NULL},
    {"apache-iceberg/core/src/test/resources/TableMetadataV2CurrentSchemaNotFound.json", "\"current-schema-id\" 2"},
    {"apache-iceberg/core/src/test/resources/TableMetadataV2MissingLastPartitionId.json", "\"last-partition-id\""},
    {"apache-iceberg/core/src/test/resources/TableMetadataV2MissingPartitionSpecs.json", "\"partition-specs\""},
    {"apache-iceberg/core/src/test/resources/TableMetadataV2MissingSchemas.json", "\"schemas\""},
    {"apache-iceberg/core/src/test/resources/TableMetadataV2MissingSortOrder.json", "\"sort-orders\""},
    {"apache-iceberg/core/src/test/resources/TableMetadataV2Valid.json", NULL},
    {"apache-iceberg/core/src/test/resources/TableMetadataV2ValidMinimal.json", NULL},
    {"apache-iceberg/core/src/test/resources/TableMetadataV3ValidMinimal.json", NULL},
    {"iceberg-rust/crates/iceberg/testdata/example_empty_table_metadata_v2.json", NULL},
    {"iceberg-rust/crates/iceberg/testdata/example_table_metadata_v2.json", NULL},
    {"iceberg-rust/crates/iceberg/testdata/example_table_metadata_v2_deep_history.json", NULL},
    {"iceberg-rust/crates/iceberg/testdata/example_table_metadata_v2_partition_evolution.json", NULL},
    {"iceberg-rust/crates/iceberg/testdata/table_metadata/TableMetadataV1Compat.json", NULL},
    {"iceberg-rust/crates/iceberg/testdata/table_metadata/TableMetadataV1NoValidSchema.json", "schema"},
    {"iceberg-rust/crates/iceberg/testdata/table_metadata/TableMetadataV1PartitionSpecsWithoutDefaultId.json", NULL},
    {"iceberg-rust/crates/iceberg/testdata/table_metadata/TableMetadataV1SchemasWithoutCurrentId.json", NULL},
    {"iceberg-rust/crates/iceberg/testdata/table_metadata/TableMetadataV2MissingLastPartitionId.json",
     "\"last-partition-id\""},
    {"iceberg-rust/crates/iceberg/testdata/table_metadata/TableMetadataV3ValidEncryption.json", NULL},
    {"iceberg-rust/crates/iceberg/testdata/table_metadata/TableMetadataV3ValidMinimal.json", NULL},
    {"iceberg-rust/crates/iceberg/testdata/view_metadata/ViewMetadataV1Valid.json", "$"},
};

static void test_documents(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        char path[4400];
        hs_str bytes;
        struct hs_iceberg_table *t = NULL;
        struct hs_err err = {0};
        snprintf(path, sizeof path, "%s/%s", golden_root(), documents[i].name);
        if (access(path, R_OK) != 0) {
            hs_arena_free(a);
            skip();
        }
        assert_int_equal(hs_object_read(a, hs_str_of(path), 1 << 20, &bytes, &err), HS_OK);
        hs_rc rc = hs_iceberg_parse(bytes, hs_str_of(path), &t, &err);
        if ((rc == HS_OK) != !documents[i].place)
            print_message("%s: %s\n", path, rc == HS_OK ? "taken" : err.detail);
        assert_int_equal(rc == HS_OK, !documents[i].place);
        if (rc == HS_OK)
            hs_iceberg_unref(t);
        else
            assert_non_null(strstr(err.detail, documents[i].place));
    }
    hs_arena_free(a);
}

/* Every allocation failing in turn, over a document with a default of every type and all that stands beside. */
static void test_every_allocation_fails(void **state)
{
    (void)state;
    hs_str bytes = seed("corpus/fuzz_metadata/v3.json");
    hs_rc rc = HS_NOMEM;
    for (long n = 0; rc != HS_OK && n < 10000; n++) {
        struct hs_iceberg_table *t = NULL;
        struct hs_err err;
        hs_fault_alloc_after(n);
        rc = hs_iceberg_parse(bytes, HS_S("/f.json"), &t, &err);
        struct hs_arena *a = rc == HS_OK ? hs_arena_new(0) : NULL;
        if (a && !hs_type_copy(a, t->schemas[0].type))
            rc = HS_NOMEM;
        hs_fault_alloc_after(-1);
        assert_true(rc == HS_OK || rc == HS_NOMEM);
        hs_arena_free(a);
        hs_iceberg_unref(t);
    }
    assert_int_equal(rc, HS_OK);
    seed_free(bytes);
}

/* ---- many snapshots ---- */
enum { MANY = 100 * 1000 };

static void add_many(struct hs_buf *b)
{
    hs_buf_addz(b, HEAD SCHEMA "\"current-snapshot-id\":7000000000099999,\"refs\":{\"early\":{\"snapshot-id\":"
                               "7000000000000005,\"type\":\"tag\"}},\"snapshots\":[");
    for (int i = 0; i < MANY; i++)
        hs_buf_addf(b,
                    "%s{\"sequence-number\":%d,\"snapshot-id\":70000000000%05d,\"parent-snapshot-id\":%s%05d,"
                    "\"timestamp-ms\":%d,\"summary\":{\"operation\":\"append\",\"added-data-files\":\"1\","
                    "\"added-records\":\"4\",\"added-files-size\":\"917\",\"changed-partition-count\":\"1\","
                    "\"total-records\":\"%d\",\"total-files-size\":\"917\",\"total-data-files\":\"%d\","
                    "\"total-delete-files\":\"0\",\"total-position-deletes\":\"0\",\"total-equality-deletes\":\"0\"},"
                    "\"manifest-list\":\"s3://bucket/warehouse/events/metadata/snap-70000000000%05d-1-"
                    "0f2c1f0e-7a55-4c5e-9f57-1f1f6bd2c0aa.avro\",\"schema-id\":0}",
                    i ? "," : "", i + 1, i, i ? "70000000000" : "1", i ? i - 1 : 0, 1000 + i, 4 * i, i, i);
    hs_buf_addz(b, "]}");
}

static long peak_kib(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return use.ru_maxrss;
}

static void test_many_snapshots(void **state)
{
    (void)state;
    struct hs_buf text;
    struct hs_iceberg_table *t = NULL;
    struct hs_err err;
    struct hs_pin pin;
    hs_buf_init(&text, (size_t)256 << 20);
    add_many(&text);
    assert_false(text.failed);
    long before = peak_kib();
    int64_t start = hs_mono_us();
    assert_int_equal(hs_iceberg_parse(hs_buf_str(&text), HS_S("/m.json"), &t, &err), HS_OK);
    int64_t parsed = hs_mono_us();
    for (int i = 0; i < MANY; i++)
        assert_non_null(hs_table_snapshot(t, INT64_C(7000000000000000) + i));
    assert_int_equal(hs_iceberg_pin(NULL, t, &(struct hs_as_of){.kind = HS_AS_OF_TIME, .time_us = 1000000}, &pin, &err),
                     HS_OK); /* no log: back through every parent */
    assert_int_equal(pin.snapshot_id, INT64_C(7000000000000000));
    assert_int_equal(
        hs_iceberg_pin(NULL, t, &(struct hs_as_of){.kind = HS_AS_OF_REF, .ref = HS_S("early")}, &pin, &err), HS_OK);
    assert_int_equal(pin.snapshot_id, INT64_C(7000000000000005));
    size_t kept = hs_arena_used(t->arena);
    printf("%zu MiB of metadata: parsed in %lld ms, %zu MiB kept, peak %ld MiB more, found in %lld ms\n",
           text.len >> 20, (long long)(parsed - start) / 1000, kept >> 20, (peak_kib() - before) >> 10,
           (long long)(hs_mono_us() - parsed) / 1000);
    assert_true(kept < (size_t)40 << 20);
    assert_true(hs_mono_us() - parsed < 5000000);
    hs_iceberg_unref(t);
    hs_buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),       cmocka_unit_test(test_bad_defaults),
        cmocka_unit_test(test_statistics),     cmocka_unit_test(test_keys),
        cmocka_unit_test(test_documents),      cmocka_unit_test(test_every_allocation_fails),
        cmocka_unit_test(test_many_snapshots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
