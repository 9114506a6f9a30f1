/* What is refused and what is not: variations of the metadata of data/mini over its unchanged manifests and files. */
#include "iceberg/table.h"
#include "model/model.h"
#include "seeds.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID "{\"id\":1,\"name\":\"id\",\"required\":true,\"type\":\"long\"}"
#define FIELD(id, name, type) "{\"id\":" #id ",\"name\":\"" name "\",\"type\":\"" type "\"}"

struct variation {
    const char *fields;    /* of the schema */
    const char *list;      /* manifest list; NULL: list.avro */
    const char *source_id; /* of the identity partition; NULL: 2 */
    const char *later;     /* fields of the current schema, when the snapshot was written under an older one */
};

static char folder[64];

static void write_metadata(const struct variation *v)
{
    char path[128];
    snprintf(path, sizeof path, "%s/v1.metadata.json", folder);
    FILE *f = fopen(path, "w");
    fprintf(f,
            "{\"format-version\":2,\"location\":\"s3://bucket/mini\",\"current-schema-id\":1,"
            "\"last-partition-id\":1000,\"sort-orders\":[],\"default-spec-id\":0,"
            "\"schemas\":[{\"schema-id\":0,\"fields\":[%s]},{\"schema-id\":1,\"fields\":[%s]}],"
            "\"partition-specs\":[{\"spec-id\":0,\"fields\":["
            "{\"name\":\"p\",\"transform\":\"identity\",\"source-id\":%s,\"field-id\":1000}]}],"
            "\"current-snapshot-id\":7,\"snapshots\":[{\"snapshot-id\":7,\"schema-id\":0,\"timestamp-ms\":1,"
            "\"sequence-number\":1,\"manifest-list\":\"s3://bucket/mini/metadata/%s.avro\"}]}",
            v->fields, v->later ? v->later : v->fields, v->source_id ? v->source_id : "2", v->list ? v->list : "list");
    fclose(f);
}

/* Columns to plan: all of the current schema, or the first `count`. The snapshot is pinned by id: by its own schema. */
static hs_rc plan(const struct variation *v, size_t count, struct hs_plan *out, struct hs_err *err)
{
    static struct hs_arena *kept; /* the plan of the last call stays readable */
    struct hs_prefix_map map = {HS_S("s3://bucket/mini"), mini_root()};
    struct hs_store store = {.root = hs_str_of(folder), .prefixes = &map, .prefix_count = 1};
    struct hs_iceberg_table *t = NULL;
    struct hs_pin now, pin;
    write_metadata(v);
    hs_iceberg_cache_clear();
    hs_arena_free(kept);
    kept = hs_arena_new(0);
    hs_rc rc = hs_iceberg_open(&store, &t, err);
    if (rc == HS_OK)
        rc = hs_iceberg_pin(kept, t, NULL, &now, err);
    if (rc == HS_OK)
        rc = hs_iceberg_pin(kept, t, &(struct hs_as_of){HS_AS_OF_SNAPSHOT, 7, 0, {0}}, &pin, err);
    if (rc == HS_OK) {
        struct hs_type wanted = *now.schema;
        if (count)
            wanted.field_count = count;
        rc =
            hs_iceberg_plan(kept, &(struct hs_plan_request){.store = &store, .pin = &pin, .wanted = &wanted}, out, err);
    }
    hs_iceberg_unref(t);
    return rc;
}

static void assert_served(struct variation v)
{
    struct hs_plan out;
    struct hs_err err = {0};
    hs_rc rc = plan(&v, 0, &out, &err);
    if (rc != HS_OK)
        print_message("%s: %s\n", v.fields, err.detail);
    assert_int_equal(rc, HS_OK);
    assert_int_equal(out.record_count, 5);
}

/* `shown`: what the client reads, whole; it names no column. */
static void assert_refused(struct variation v, hs_rc kind, const char *shown)
{
    struct hs_plan out;
    struct hs_err err = {0};
    assert_int_equal(plan(&v, 0, &out, &err), kind);
    assert_string_equal(err.shown, shown);
    assert_non_null(strstr(err.detail, "v1.metadata.json"));
}

/* Each file says of this column, and of no other, what its partition holds. */
static void assert_constant(struct variation v, int id)
{
    struct hs_plan out;
    struct hs_err err = {0};
    assert_int_equal(plan(&v, 0, &out, &err), HS_OK);
    for (size_t i = 0; i < out.file_count; i++) {
        assert_int_equal(out.files[i].constant_count, 1);
        assert_int_equal(out.files[i].constant_ids[0], id);
        assert_int_equal(out.files[i].constants[0].type, HS_T_STRING);
        assert_true(out.files[i].constants[0].text.len > 0);
    }
    assert_ptr_equal(out.files[0].constant_ids, out.files[1].constant_ids);
}

static void test_types(void **state)
{
    (void)state;
    static const char convert[] = "a data file stores a column in a type that cannot be read as the table's type";
    assert_served((struct variation){.fields = ID});
    assert_served((struct variation){.fields = FIELD(1, "id", "int")});
    assert_served((struct variation){.fields = FIELD(3, "amount", "decimal(38, 2)")});
    assert_refused((struct variation){.fields = FIELD(3, "amount", "decimal(8, 2)")}, HS_UNSUPPORTED, convert);
    assert_refused((struct variation){.fields = FIELD(3, "amount", "decimal(38, 3)")}, HS_UNSUPPORTED, convert);
    assert_refused((struct variation){.fields = FIELD(1, "id", "string")}, HS_UNSUPPORTED, convert);
    assert_refused((struct variation){.fields = FIELD(1, "id", "double")}, HS_UNSUPPORTED, convert);
    assert_refused((struct variation){.fields = FIELD(4, "at", "timestamp")}, HS_UNSUPPORTED, convert);
    assert_refused((struct variation){.fields = FIELD(2, "region", "binary")}, HS_UNSUPPORTED, convert);
    assert_refused((struct variation){.fields = FIELD(6, "point", "string")}, HS_UNSUPPORTED, convert);
}

static void test_nested(void **state)
{
    (void)state;
    assert_served((struct variation){.fields = "{\"id\":6,\"name\":\"p\",\"type\":{\"type\":\"struct\",\"fields\":["
                                               "{\"id\":10,\"name\":\"other\",\"type\":\"double\"},"
                                               "{\"id\":50,\"name\":\"x\",\"type\":\"string\"}]}}"});
    assert_refused((struct variation){.fields = "{\"id\":6,\"name\":\"p\",\"type\":{\"type\":\"struct\",\"fields\":["
                                                "{\"id\":50,\"name\":\"x\",\"required\":true,\"type\":\"string\"}]}}"},
                   HS_CORRUPT, "table metadata is damaged");
    assert_refused((struct variation){.fields =
                                          "{\"id\":5,\"name\":\"t\",\"type\":{\"type\":\"list\",\"element-id\":99,"
                                          "\"element\":\"string\"}}"},
                   HS_UNSUPPORTED, "a data file stores a column in a type that cannot be read as the table's type");
}

static void test_missing(void **state)
{
    (void)state;
    assert_served((struct variation){.fields = ID "," FIELD(13, "later", "string")});
    assert_refused(
        (struct variation){.fields = ID ",{\"id\":13,\"name\":\"later\",\"required\":true,\"type\":\"string\"}"},
        HS_CORRUPT, "table metadata is damaged");
    assert_served(
        (struct variation){.fields = ID ",{\"id\":13,\"name\":\"later\",\"type\":\"int\",\"initial-default\":0}"});
    assert_served((struct variation){.fields = ID ",{\"id\":13,\"name\":\"later\",\"required\":true,\"type\":\"int\","
                                                  "\"initial-default\":0}"});
    assert_constant((struct variation){.fields = ID "," FIELD(13, "later", "string"), .source_id = "13"}, 13);
}

/* Time travel: a column that came after the snapshot is missing in its files, as in any older file. */
static void test_added_later(void **state)
{
    (void)state;
    assert_served((struct variation){.fields = ID, .later = ID "," FIELD(13, "later", "string")});
    assert_served((struct variation){.fields = FIELD(1, "id", "int"), .later = FIELD(1, "renamed", "long")});
    assert_served((struct variation){
        .fields = "{\"id\":6,\"name\":\"p\",\"type\":{\"type\":\"struct\",\"fields\":["
                  "{\"id\":10,\"name\":\"x\",\"type\":\"double\"}]}}",
        .later = "{\"id\":6,\"name\":\"p\",\"type\":{\"type\":\"struct\",\"fields\":["
                 "{\"id\":10,\"name\":\"x\",\"type\":\"double\"},{\"id\":50,\"name\":\"y\",\"type\":\"int\"}]}}"});
    assert_served((struct variation){
        .fields = ID, .later = ID ",{\"id\":13,\"name\":\"later\",\"type\":\"int\",\"initial-default\":0}"});
    assert_constant((struct variation){.fields = ID, .later = ID "," FIELD(13, "later", "string"), .source_id = "13"},
                    13);
}

static hs_rc gone(void *ctx, struct hs_err *err)
{
    int *left = ctx;
    return --*left < 0 ? hs_fail(err, HS_CANCELLED, "gone") : HS_OK;
}

/* Whoever asked may be gone while manifests are read, and while footers are; asked often enough, it is a plan. */
static void test_cancelled(void **state)
{
    (void)state;
    struct hs_prefix_map map = {HS_S("s3://bucket/mini"), mini_root()};
    struct hs_store store = {.root = hs_str_of(folder), .prefixes = &map, .prefix_count = 1};
    hs_rc rc = HS_CANCELLED;
    int most = 0;
    write_metadata(&(struct variation){.fields = ID});
    for (; rc == HS_CANCELLED && most < 20; most++) {
        struct hs_arena *a = hs_arena_new(0);
        struct hs_iceberg_table *t;
        struct hs_pin pin;
        struct hs_plan out;
        struct hs_err err = {0};
        int left = most;
        hs_iceberg_cache_clear();
        assert_int_equal(hs_iceberg_open(&store, &t, &err), HS_OK);
        assert_int_equal(hs_iceberg_pin(a, t, NULL, &pin, &err), HS_OK);
        struct hs_plan_request request = {.store = &store, .pin = &pin, .go_on = gone, .go_on_ctx = &left};
        rc = hs_iceberg_plan(a, &request, &out, &err);
        hs_iceberg_unref(t);
        hs_arena_free(a);
    }
    assert_int_equal(rc, HS_OK);
    assert_in_range(most, 3, 19);
}

/* data/mini's column 4 is a timestamptz in microseconds, 6 a struct of doubles. */
static void test_unreadable(void **state)
{
    (void)state;
    struct variation v = {.fields = ID "," FIELD(4, "v", "timestamptz_ns")};
    struct hs_plan out;
    struct hs_err err;
    assert_refused(v, HS_UNSUPPORTED, "a data file stores a column in a type that cannot be read as the table's type");
    assert_int_equal(plan(&v, 1, &out, &err), HS_OK); /* not wanted: not in the way */
    assert_int_equal(out.record_count, 5);
    v.fields = ID "," FIELD(6, "v", "variant");
    assert_refused(v, HS_UNSUPPORTED, "a data file holds variants in shredded form, which is not supported");
    assert_int_equal(plan(&v, 1, &out, &err), HS_OK);
    static const char *const newer[] = {"timestamp_ns", "timestamptz_ns", "unknown", "variant", "geometry"};
    for (size_t i = 0; i < sizeof newer / sizeof *newer; i++) { /* in no file: NULL */
        char fields[200];
        snprintf(fields, sizeof fields, ID ",{\"id\":13,\"name\":\"n\",\"type\":\"%s\"}", newer[i]);
        assert_served((struct variation){.fields = fields});
    }
}

static void test_deletes(void **state)
{
    (void)state;
    assert_refused((struct variation){.fields = ID, .list = "list-position"}, HS_CORRUPT,
                   "a file of the table is missing"); /* it applies, and is not there */
    assert_served((struct variation){
        .fields = ID, .list = "list-equality"}); /* of the data's own number: applies to older data only */
    assert_refused((struct variation){.fields = ID, .list = "list-late-equality"}, HS_CORRUPT,
                   "table metadata is damaged");                          /* by no column */
    assert_served((struct variation){.fields = ID, .list = "list-gone"}); /* its one entry is deleted */
    assert_refused((struct variation){.fields = ID, .list = "list-nowhere"}, HS_CORRUPT,
                   "a file of the table is missing");
}

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/hs-plan-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    struct hs_plan out;
    struct hs_err err;
    char command[128];
    hs_ignore(plan(&(struct variation){.fields = ID}, 0, &out, &err));
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cancelled),  cmocka_unit_test(test_types),
                                       cmocka_unit_test(test_nested),     cmocka_unit_test(test_missing),
                                       cmocka_unit_test(test_unreadable), cmocka_unit_test(test_deletes),
                                       cmocka_unit_test(test_added_later)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
