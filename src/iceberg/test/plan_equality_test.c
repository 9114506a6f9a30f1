/* What equality deletes compare, over data/keys: two data files and, by manifest list, one delete file of each kind. */
#include "iceberg/table.h"
#include "model/model.h"
#include "seeds.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OLD "{\"id\":3,\"name\":\"old\",\"required\":true,\"type\":\"int\"}"
#define ID(type) "{\"id\":1,\"name\":\"id\",\"required\":true,\"type\":\"" type "\"}"
#define REST                                                                                                         \
    "{\"id\":2,\"name\":\"region\",\"type\":\"string\"},{\"id\":4,\"name\":\"place\",\"type\":{\"type\":\"struct\"," \
    "\"fields\":[{\"id\":9,\"name\":\"x\",\"type\":\"long\"}]}},"                                                    \
    "{\"id\":5,\"name\":\"tags\",\"type\":{\"type\":\"list\",\"element-id\":6,\"element\":\"long\"}}"

static char folder[64], real[4096];
static struct hs_arena *kept;

static void write_metadata(const char *list, const char *old_fields, const char *now)
{
    char path[128];
    snprintf(path, sizeof path, "%s/v1.metadata.json", folder);
    FILE *f = fopen(path, "w");
    fprintf(f,
            "{\"format-version\":2,\"location\":\"s3://bucket/"
            "keys\",\"current-schema-id\":1,\"last-partition-id\":1000,\"sort-orders\":[],\"default-spec-id\":0,"
            "\"schemas\":[{\"schema-id\":0,\"fields\":[%s]},{\"schema-id\":1,\"fields\":[%s]}],"
            "\"partition-specs\":[{\"spec-id\":0,\"fields\":["
            "{\"name\":\"p\",\"transform\":\"identity\",\"source-id\":2,\"field-id\":1000}]},{\"spec-id\":1,\"fields\":"
            "[]}],"
            "\"current-snapshot-id\":7,\"snapshots\":[{\"snapshot-id\":7,\"schema-id\":1,\"timestamp-ms\":1,"
            "\"sequence-number\":2,\"manifest-list\":\"s3://bucket/keys/metadata/list-%s.avro\"}]}",
            old_fields, now, list);
    fclose(f);
}

/* Asks for the column `id` alone. */
static hs_rc plan(const char *list, const char *old_fields, const char *now, struct hs_plan *out, struct hs_err *err)
{
    struct hs_prefix_map map = {HS_S("s3://bucket/keys"), hs_str_of(real)};
    struct hs_store store = {.root = hs_str_of(folder), .prefixes = &map, .prefix_count = 1};
    struct hs_iceberg_table *t = NULL;
    struct hs_pin pin;
    write_metadata(list, old_fields, now);
    hs_iceberg_cache_clear();
    hs_arena_free(kept);
    kept = hs_arena_new(0);
    hs_rc rc = hs_iceberg_open(&store, &t, err);
    if (rc == HS_OK)
        rc = hs_iceberg_pin(kept, t, NULL, &pin, err);
    if (rc == HS_OK) {
        struct hs_type wanted = *pin.schema;
        wanted.field_count = 1;
        rc =
            hs_iceberg_plan(kept, &(struct hs_plan_request){.store = &store, .pin = &pin, .wanted = &wanted}, out, err);
    }
    hs_iceberg_unref(t);
    return rc;
}

static struct hs_plan served(const char *list, const char *old_fields, const char *now)
{
    struct hs_plan out = {0};
    struct hs_err err = {0};
    hs_rc rc = plan(list, old_fields, now, &out, &err);
    if (rc != HS_OK)
        print_message("%s: %s\n", list, err.detail);
    assert_int_equal(rc, HS_OK);
    assert_int_equal(out.file_count, 2);
    return out;
}

static void fails(const char *list, const char *old_fields, const char *now, hs_rc kind, const char *shown)
{
    struct hs_plan out;
    struct hs_err err = {0};
    assert_int_equal(plan(list, old_fields, now, &out, &err), kind);
    assert_string_equal(err.shown, shown);
    assert_non_null(strstr(err.detail, list));
}

static const char now[] = ID("long") "," REST, before[] = ID("int") "," OLD "," REST;
static const char damaged[] = "table metadata is damaged";

/* One file has the column inside, the other in its partition, and nobody asked for it. */
static void test_partition_column(void **state)
{
    (void)state;
    struct hs_plan p = served("region", before, now);
    assert_int_equal(p.equality_count, 1);
    assert_int_equal(p.equality[0].partition, -1);
    assert_int_equal(p.equality[0].sequence_number, 2);
    assert_int_equal(p.equality[0].id_count, 1);
    assert_int_equal(p.equality[0].ids[0], 2);
    assert_int_equal(p.keys->field_count, 1);
    assert_int_equal(p.keys->fields[0].type->id, HS_T_STRING);
    assert_int_equal(p.files[0].constant_count, 1);
    assert_int_equal(p.files[0].constant_ids[0], 2);
    assert_true(hs_str_is(p.files[0].constants[0].text, "EU"));
    assert_int_equal(p.files[1].constant_count, 0);
    assert_int_equal(p.files[0].sequence_number, 1);
}

/* A column of an older schema, required then; the file that came later lacks it. */
static void test_dropped(void **state)
{
    (void)state;
    struct hs_plan p = served("old", before, now);
    assert_int_equal(p.equality_count, 1);
    assert_int_equal(p.keys->fields[0].id, 3);
    assert_false(p.keys->fields[0].required);
    assert_int_equal(p.equality[0].partition, p.files[1].partition);
    assert_int_not_equal(p.equality[0].partition, p.files[0].partition);
    /* Were it there still, the file that lacks it would be damaged. */
    fails("old", before, ID("long") "," OLD "," REST, HS_CORRUPT, damaged);
    fails("old", now, now, HS_CORRUPT, damaged); /* in no schema at all */
}

/* Each column once, by its newest type. */
static void test_several(void **state)
{
    (void)state;
    struct hs_plan p = served("two", before, now);
    assert_int_equal(p.equality_count, 1);
    assert_int_equal(p.equality[0].id_count, 2);
    assert_int_equal(p.keys->field_count, 2);
    assert_int_equal(hs_type_field_by_id(p.keys, 1)->type->id, HS_T_LONG);
    assert_int_equal(hs_type_field_by_id(p.equality[0].physical, 1)->type->id, HS_T_INT);
    assert_int_equal(p.equality[0].record_count, 2); /* its own: the manifest says one */
}

/* A member of a struct, which is there, was dropped from it, or went with the whole of it. */
static void test_member(void **state)
{
    (void)state;
    static const char dropped[] = ID("long") ",{\"id\":4,\"name\":\"place\",\"type\":{\"type\":\"struct\",\"fields\":["
                                             "{\"id\":8,\"name\":\"y\",\"type\":\"long\"}]}}";
    static const char *const nows[] = {now, dropped, ID("long")};
    for (size_t i = 0; i < 3; i++) {
        struct hs_plan p = served("member", before, nows[i]);
        assert_int_equal(p.equality_count, 1);
        assert_int_equal(p.keys->field_count, 1);
        assert_int_equal(p.keys->fields[0].id, 9);
        assert_int_equal(p.keys->fields[0].type->id, HS_T_LONG);
        assert_int_equal(p.files[0].constant_count, 0);
    }
}

static void test_nothing_to_delete(void **state)
{
    (void)state;
    struct hs_plan p = served("empty", before, now);
    assert_int_equal(p.equality_count, 0);
    assert_null(p.keys);
}

static void test_refused(void **state)
{
    (void)state;
    fails("lacking", before, now, HS_CORRUPT, damaged);
    fails("nothing", before, now, HS_CORRUPT, damaged);
    fails("short", before, now, HS_CORRUPT,
          damaged); /* fewer rows than the manifest says: deleted rows would be back */
    fails("nowhere", before, now, HS_CORRUPT, damaged);
    fails("nested", before, now, HS_CORRUPT, damaged); /* lacks the member */
    fails("element", before, now, HS_UNSUPPORTED,
          "the table has equality deletes by a part of a column that cannot be compared");
    fails("list", before, now, HS_UNSUPPORTED,
          "the table has equality deletes by a column of a type that cannot be compared");
    fails("two", before, ID("string") "," REST, HS_UNSUPPORTED,
          "a data file stores a column in a type that cannot be read as the table's type");
}

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/hs-keys-XXXXXX");
    return mkdtemp(folder) && realpath(SEEDS "data/keys", real) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char path[128];
    hs_arena_free(kept);
    snprintf(path, sizeof path, "%s/v1.metadata.json", folder);
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partition_column),  cmocka_unit_test(test_dropped),
        cmocka_unit_test(test_several),           cmocka_unit_test(test_member),
        cmocka_unit_test(test_nothing_to_delete), cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
