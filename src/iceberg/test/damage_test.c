/* Damage that no single file shows: names that no file can have, columns that no schema has, deleted rows past a file's
 * end. Each is the table's fault, said as such, never the fault of whoever asks. */
#include "iceberg/iceberg.h"
#include "model/model.h"
#include "seeds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <zlib.h>

#include <cmocka.h>

static char folder[64];
static struct hs_arena *arena;

static int setup(void **state)
{
    (void)state;
    char command[256];
    snprintf(folder, sizeof folder, "/tmp/hs-damage-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(command, sizeof command, "cp -r " SEEDS "data/deep/. '%s/'", folder);
    arena = hs_arena_new(0);
    return arena ? system(command) : -1;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    hs_arena_free(arena);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void write_file(const char *name, const char *at, size_t len)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(at, 1, len, f), len);
    fclose(f);
}

/* `extra`: a column that is wanted beside the schema's own; NULL: none. */
static hs_rc plan(const struct hs_field *extra, struct hs_plan *out, struct hs_err *err)
{
    struct hs_prefix_map map = {HS_S("s3://bucket/deep"), hs_str_of(folder)};
    struct hs_store store = {.root = hs_str_of(folder), .prefixes = &map, .prefix_count = 1};
    struct hs_iceberg_table *t = NULL;
    struct hs_pin pin;
    hs_iceberg_cache_clear();
    hs_rc rc = hs_iceberg_open(&store, &t, err);
    if (rc == HS_OK)
        rc = hs_iceberg_pin(arena, t, NULL, &pin, err);
    if (rc == HS_OK) {
        struct hs_field fields[2] = {pin.schema->fields[0], extra ? *extra : pin.schema->fields[0]};
        struct hs_type wanted = {.id = HS_T_STRUCT, .fields = fields, .field_count = extra ? 2 : 1};
        rc = hs_iceberg_plan(arena, &(struct hs_plan_request){.store = &store, .pin = &pin, .wanted = &wanted}, out,
                             err);
    }
    hs_iceberg_unref(t);
    return rc;
}

static void assert_damaged(const struct hs_field *extra, const char *shown, const char *detail)
{
    struct hs_plan out;
    struct hs_err err = {0};
    assert_int_equal(plan(extra, &out, &err), HS_CORRUPT);
    assert_string_equal(err.shown, shown);
    if (!strstr(err.detail, detail))
        print_message("%s\n", err.detail);
    assert_non_null(strstr(err.detail, detail));
}

static void write_metadata(const char *snapshot)
{
    char text[2048];
    int len = snprintf(text, sizeof text,
                       "{\"format-version\":1,\"location\":\"s3://bucket/deep\",\"last-column-id\":1,\"schema\":"
                       "{\"type\":\"struct\",\"fields\":[{\"id\":1,\"name\":\"id\",\"required\":false,"
                       "\"type\":\"long\"}]},\"partition-spec\":[],\"current-snapshot-id\":7,"
                       "\"snapshots\":[{\"snapshot-id\":7,\"timestamp-ms\":1,%s}]}",
                       snapshot);
    write_file("metadata/v2.metadata.json", text, (size_t)len);
}

/* ---- names ---- */

static void test_names_no_file_has(void **state)
{
    (void)state;
    static const char said[] = "table metadata is damaged";
    write_metadata("\"manifests\":[\"\"]");
    assert_damaged(NULL, said, "empty path");
    write_metadata("\"manifests\":[\"s3://bucket/deep/metadata\"]");
    assert_damaged(NULL, said, "not a regular file");
    write_metadata("\"manifest-list\":\"s3://bucket/deep/metadata\"");
    assert_damaged(NULL, said, "not a regular file");
    write_metadata("\"manifest-list\":\"s3://bucket/deep/metadata/none.avro\"");
    assert_damaged(NULL, "a file of the table is missing", "none.avro");
}

/* ---- columns ---- */

static void test_a_column_that_is_gone(void **state)
{
    (void)state;
    static struct hs_type number = {.id = HS_T_LONG};
    const struct hs_field gone = {.id = 99, .name = HS_S("salary"), .type = &number};
    struct hs_plan out;
    struct hs_err err = {0};
    assert_int_equal(plan(NULL, &out, &err), HS_OK);
    assert_damaged(&gone, "table metadata is damaged, or a column of the contract is gone from it", "salary");
}

/* ---- deleted rows ---- */

static void test_deleted_rows_past_the_end(void **state)
{
    (void)state;
    hs_str whole = seed("data/deep/data/vector.puffin");
    char *magic = memmem(whole.at, whole.len, "\xd1\xd3\x39\x64", 4);
    assert_non_null(magic);
    size_t len = (size_t)(uint8_t)magic[-1] | (size_t)(uint8_t)magic[-2] << 8;
    for (int last = 3; last < 5; last++) { /* of four rows; the vector's checksum is right */
        struct hs_plan out;
        struct hs_err err = {0};
        magic[len - 2] = (char)last;
        uint32_t sum = __builtin_bswap32((uint32_t)crc32_z(0, (const Bytef *)magic, len));
        memcpy(magic + len, &sum, sizeof sum);
        write_file("data/vector.puffin", whole.at, whole.len);
        if (last < 4)
            assert_int_equal(plan(NULL, &out, &err), HS_OK);
        else
            assert_damaged(NULL, "table metadata is damaged", "position 4 is deleted, of 4 rows");
    }
    seed_free(whole);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_names_no_file_has),
        TEST(test_a_column_that_is_gone),
        TEST(test_deleted_rows_past_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
