/* Manifest entries, written here value by value: metrics in every order, partition values in the forms that writers
 * use, what entries inherit, and what happens when memory runs out. */
#include "base/alloc.h"
#include "iceberg/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a small writer ---- */

struct out {
    char at[16384];
    size_t len;
};

static void put(struct out *o, const void *at, size_t len)
{
    assert_true(o->len + len <= sizeof o->at);
    memcpy(o->at + o->len, at, len);
    o->len += len;
}

static void put_long(struct out *o, int64_t v)
{
    uint64_t z = ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
    do {
        uint8_t byte = (uint8_t)(z & 127) | (z > 127 ? 128 : 0);
        put(o, &byte, 1);
        z >>= 7;
    } while (z);
}

static void put_text(struct out *o, hs_str s)
{
    put_long(o, (int64_t)s.len);
    put(o, s.at, s.len);
}

#define MAP(id, name, value)                                                                                   \
    ",{\"name\":\"" name "\",\"field-id\":" #id ",\"type\":[\"null\",{\"type\":\"array\",\"items\":{\"type\":" \
    "\"record\",\"name\":\"k" #id "\",\"fields\":[{\"name\":\"key\",\"field-id\":1" #id ",\"type\":\"int\"},"  \
    "{\"name\":\"value\",\"field-id\":2" #id ",\"type\":\"" value "\"}]}}]}"
static const char schema[] =
    "{\"type\":\"record\",\"name\":\"manifest_entry\",\"fields\":[{\"name\":\"status\",\"field-id\":0,\"type\":\"int\"}"
    ","
    "{\"name\":\"snapshot_id\",\"field-id\":1,\"type\":[\"null\",\"long\"]},"
    "{\"name\":\"sequence_number\",\"field-id\":3,\"type\":[\"null\",\"long\"]},"
    "{\"name\":\"data_file\",\"field-id\":2,\"type\":{\"type\":\"record\",\"name\":\"r2\",\"fields\":["
    "{\"name\":\"content\",\"field-id\":134,\"type\":\"int\"},"
    "{\"name\":\"file_path\",\"field-id\":100,\"type\":\"string\"},"
    "{\"name\":\"file_format\",\"field-id\":101,\"type\":\"string\"},"
    "{\"name\":\"partition\",\"field-id\":102,\"type\":{\"type\":\"record\",\"name\":\"r102\",\"fields\":["
    "{\"name\":\"d\",\"field-id\":1000,\"type\":[\"null\",{\"type\":\"fixed\",\"name\":\"f\",\"size\":5,"
    "\"logicalType\":\"decimal\",\"precision\":9,\"scale\":2}]},"
    "{\"name\":\"b\",\"field-id\":1001,\"type\":[\"null\",\"int\"]},"
    "{\"name\":\"v\",\"field-id\":1002,\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"t\",\"field-id\":1003,\"type\":[\"null\",{\"type\":\"int\",\"logicalType\":\"date\"}]}]}},"
    "{\"name\":\"record_count\",\"field-id\":103,\"type\":\"long\"},"
    "{\"name\":\"unheard_of\",\"field-id\":999,\"type\":{\"type\":\"array\",\"items\":\"string\"}}" MAP(
        108, "column_sizes", "long") MAP(109, "value_counts", "long") MAP(110, "null_value_counts", "long")
        MAP(125, "lower_bounds", "bytes")
            MAP(128, "upper_bounds",
                "bytes") ","
                         "{\"name\":\"split_offsets\",\"field-id\":132,\"type\":[\"null\",{\"type\":\"array\","
                         "\"items\":\"long\"}]},"
                         "{\"name\":\"first_row_id\",\"field-id\":142,\"type\":[\"null\",\"long\"]}]}}]}";

struct entry {
    int status;
    int64_t sequence, rows, first_row_id; /* -1: null */
    bool spoilt;                          /* lists out of order, in blocks with their length, fields twice */
};

static void put_optional(struct out *o, int64_t v)
{
    put_long(o, v >= 0);
    if (v >= 0)
        put_long(o, v);
}

static void put_counts(struct out *o, const struct entry *e)
{
    struct out pairs = {.len = 0};
    static const int keys[] = {1, 2, 7, 7};
    for (int i = 0; i < 4 - !e->spoilt; i++) {
        put_long(&pairs, keys[e->spoilt ? 3 - i : i]);
        put_long(&pairs, 100 + i);
    }
    put_long(o, 1);
    put_long(o, e->spoilt ? -4 : 3);
    if (e->spoilt)
        put_long(o, (int64_t)pairs.len);
    put(o, pairs.at, pairs.len);
    put_long(o, 0);
}

static void put_bounds(struct out *o, int key, hs_str bound)
{
    put_long(o, 1);
    put_long(o, 1);
    put_long(o, key);
    put_text(o, bound);
    put_long(o, 0);
}

static void put_entry(struct out *o, const struct entry *e)
{
    put_long(o, e->status);
    put_optional(o, -1);
    put_optional(o, e->sequence);
    put_long(o, HS_CONTENT_DATA);
    put_text(o, HS_S("data/a.parquet"));
    put_text(o, HS_S("PARQUET"));
    put_long(o, 1);
    put(o, "\xff\xff\xff\xfb\x1e", 5); /* -12.50 */
    put_long(o, 1);
    put_long(o, 3);
    put_long(o, 1);
    put_text(o, HS_S("void"));
    put_long(o, 1);
    put_long(o, 2); /* two days, where the column is now a timestamp */
    put_long(o, e->rows);
    put_long(o, 1); /* unheard_of */
    put_text(o, HS_S("x"));
    put_long(o, 0);
    put_long(o, 0); /* column_sizes: null */
    put_counts(o, e);
    put_long(o, 0); /* null_value_counts */
    put_bounds(o, 2, HS_S("low"));
    put_bounds(o, 9, HS_S(""));
    put_long(o, 1); /* split_offsets */
    put_long(o, 2);
    put_long(o, 4);
    put_long(o, 1000);
    put_long(o, 0);
    put_optional(o, e->first_row_id);
}

static hs_str container(struct out *o, const struct entry *entries, size_t count)
{
    struct out rows = {.len = 0};
    for (size_t i = 0; i < count; i++)
        put_entry(&rows, &entries[i]);
    o->len = 0;
    put(o, "Obj\x01", 4);
    put_long(o, 1);
    put_text(o, HS_S("avro.schema"));
    put_text(o, hs_str_of(schema));
    put_long(o, 0);
    put(o, "SSSSSSSSSSSSSSSS", 16);
    put_long(o, (int64_t)count);
    put_long(o, (int64_t)rows.len);
    put(o, rows.at, rows.len);
    put(o, "SSSSSSSSSSSSSSSS", 16);
    return (hs_str){o->at, o->len};
}

/* ---- a table ---- */

static struct hs_type decimal = {.id = HS_T_DECIMAL, .precision = 9, .scale = 2}, text = {.id = HS_T_STRING},
                      timestamp = {.id = HS_T_TIMESTAMP}, root = {.id = HS_T_STRUCT};
static struct hs_field columns[] = {
    {.id = 1, .type = &decimal}, {.id = 2, .type = &text}, {.id = 3, .type = &timestamp}};
static struct hs_partition_field by[] = {{.field_id = 1000, .source_id = 1, .transform = HS_TR_IDENTITY},
                                         {.field_id = 1001, .source_id = 2, .transform = HS_TR_BUCKET, .parameter = 4},
                                         {.field_id = 1002, .source_id = 2, .transform = HS_TR_VOID},
                                         {.field_id = 1003, .source_id = 3, .transform = HS_TR_IDENTITY}};
static struct hs_partition_spec spec = {.fields = by, .field_count = 4};
static struct hs_schema current = {.type = &root};
static const struct hs_iceberg_table table = {.schemas = &current, .schema_count = 1, .specs = &spec, .spec_count = 1};

static const struct hs_columns *asked; /* NULL: all */

static hs_rc parse(hs_str bytes, const struct hs_manifest **out)
{
    const struct hs_manifest_file listed = {.path = HS_S("m.avro")};
    struct hs_err err = {0};
    root.fields = columns;
    root.field_count = 3;
    hs_rc rc = hs_manifest_parse(bytes, &table, &listed, asked, out, &err);
    if (rc == HS_CORRUPT && getenv("VERBOSE"))
        print_message("%s\n", err.detail);
    return rc;
}

static void check_metrics(const struct hs_entry *e, bool spoilt)
{
    assert_int_equal(e->metric_count, 4);
    assert_int_equal(e->metrics[0].field_id, 1);
    assert_int_equal(e->metrics[0].value_count, spoilt ? 103 : 100);
    assert_int_equal(e->metrics[0].null_count, -1);
    assert_null(e->metrics[0].lower.at);
    assert_int_equal(e->metrics[1].field_id, 2);
    assert_true(hs_str_is(e->metrics[1].lower, "low"));
    assert_null(e->metrics[1].upper.at);
    assert_int_equal(e->metrics[2].field_id, 7);
    assert_int_equal(e->metrics[2].value_count, spoilt ? -1 : 102); /* stated twice: not believed */
    assert_int_equal(e->metrics[3].field_id, 9);
    assert_non_null(e->metrics[3].upper.at); /* empty, and there */
    assert_int_equal(e->metrics[3].upper.len, 0);
}

static void test_entry(void **state)
{
    (void)state;
    const struct entry entries[] = {{1, -1, 5, -1, false}, {1, -1, 5, -1, true}};
    static struct out o;
    const struct hs_manifest *m;
    assert_int_equal(parse(container(&o, entries, 2), &m), HS_OK);
    assert_int_equal(m->entry_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct hs_entry *e = &m->entries[i];
        check_metrics(e, entries[i].spoilt);
        assert_true(hs_str_is(e->path, "data/a.parquet"));
        assert_int_equal(e->format, HS_FILE_PARQUET);
        assert_int_equal(e->partition_count, 4);
        assert_int_equal(e->partition[0].type, HS_T_DECIMAL);
        assert_true(hs_str_is(e->partition[0].text, "-12.50"));
        assert_int_equal(e->partition[1].i, 3);
        assert_true(e->partition[2].null); /* void, whatever stands there */
        assert_int_equal(e->partition[3].i, 2 * 86400000000);
        assert_int_equal(e->split_count, 2);
        assert_int_equal(e->split_offsets[1], 1000);
    }
    hs_manifest_unref(m);
}

/* Of the columns that are asked for the same as of all; of the others nothing. */
static void test_columns(void **state)
{
    (void)state;
    static const struct hs_columns some[] = {
        {.count = 0}, {.count = 1, .ids = {7}}, {.count = 3, .ids = {9, 2, 5}}, {.count = 4, .ids = {1, 2, 7, 9}}};
    const struct entry entries[] = {{1, -1, 5, -1, false}, {1, -1, 5, -1, true}};
    static struct out o;
    const struct hs_manifest *m, *whole;
    hs_str bytes = container(&o, entries, 2);
    assert_int_equal(parse(bytes, &whole), HS_OK);
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        asked = &some[i];
        assert_int_equal(parse(bytes, &m), HS_OK);
        assert_true(hs_columns_cover(&m->columns, asked) && !m->columns.all);
        for (size_t k = 0; k < 2; k++) {
            const struct hs_entry *e = &m->entries[k];
            size_t met = 0;
            for (size_t c = 0; c < whole->entries[k].metric_count; c++) {
                const struct hs_column_metrics *want = &whole->entries[k].metrics[c], *got = &e->metrics[met];
                struct hs_columns one = {.count = 1, .ids = {want->field_id}};
                if (!hs_columns_cover(asked, &one))
                    continue;
                assert_int_equal(got->field_id, want->field_id);
                assert_int_equal(got->value_count, want->value_count);
                assert_true(hs_str_eq(got->lower, want->lower) && !got->lower.at == !want->lower.at);
                assert_true(hs_str_eq(got->upper, want->upper) && !got->upper.at == !want->upper.at);
                met++;
            }
            assert_int_equal(e->metric_count, met);
        }
        hs_manifest_unref(m);
    }
    asked = NULL;
    hs_manifest_unref(whole);
}

/* A cached manifest that lacks a column is no answer. */
static void test_cached_columns(void **state)
{
    (void)state;
    const struct entry entries[] = {{1, -1, 5, -1, false}};
    static const struct hs_columns first = {.count = 1, .ids = {7}}, other = {.count = 1, .ids = {9}}, none;
    static struct out o;
    char folder[] = "/tmp/hs_manifest_XXXXXX", path[64];
    struct hs_store store = {.root = hs_str_of(mkdtemp(folder))};
    const struct hs_manifest_file listed = {.path = HS_S("m.avro")};
    const struct hs_manifest *m;
    struct hs_err err;
    hs_str bytes = container(&o, entries, 1);
    snprintf(path, sizeof path, "%s/m.avro", folder);
    FILE *f = fopen(path, "wb");
    assert_int_equal(fwrite(bytes.at, 1, bytes.len, f), bytes.len);
    fclose(f);
    const struct hs_columns *const asks[] = {&none, &first, &first, &other, &first, NULL};
    static const size_t kept[] = {0, 1, 1, 4, 4, 4}; /* the second other one brings all */
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        bool hit = i == 2 || i > 3;
        assert_int_equal(hs_manifest_cached(&store, &table, &listed, asks[i], &m, &err), HS_OK);
        assert_int_equal(m != NULL, hit);
        hs_manifest_unref(m);
        assert_int_equal(hs_manifest_open(&store, &table, &listed, asks[i], &m, &err), HS_OK);
        assert_int_equal(m->entries[0].metric_count, kept[i]);
        hs_manifest_unref(m);
    }
    hs_iceberg_cache_clear();
    unlink(path);
    rmdir(folder);
}

static void test_numbers(void **state)
{
    (void)state;
    const struct entry entries[] = {{HS_ENTRY_ADDED, -1, 5, -1, false},
                                    {HS_ENTRY_DELETED, 3, 7, -1, false},
                                    {HS_ENTRY_EXISTING, 4, 11, 70, false},
                                    {HS_ENTRY_EXISTING, 4, 13, -1, false},
                                    {HS_ENTRY_EXISTING, -1, 1, -1, false}};
    const struct hs_manifest_file listed = {.sequence_number = 9, .added_snapshot_id = 77, .first_row_id = 1000};
    const struct hs_manifest_file plain = {.sequence_number = 9, .added_snapshot_id = 77, .first_row_id = -1};
    const struct hs_manifest_file old = {.added_snapshot_id = 77, .first_row_id = -1};
    static const int64_t first_rows[] = {1000, -1, 70, 1005}, sequences[] = {9, 3, 4, 4};
    static struct out o;
    const struct hs_manifest *m;
    struct hs_numbers n;
    struct hs_err err;
    assert_int_equal(parse(container(&o, entries, 5), &m), HS_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(hs_entry_numbers(&m->entries[i], &listed, &n, &err), HS_OK);
        assert_int_equal(n.first_row_id, first_rows[i]);
        assert_int_equal(n.sequence_number, sequences[i]);
        assert_int_equal(n.snapshot_id, 77);
        assert_int_equal(hs_entry_numbers(&m->entries[i], &plain, &n, &err), HS_OK);
        assert_int_equal(n.first_row_id, -1); /* the manifest has none: neither have its files */
    }
    assert_int_equal(hs_entry_numbers(&m->entries[4], &listed, &n, &err), HS_CORRUPT); /* existing, without a number */
    assert_int_equal(hs_entry_numbers(&m->entries[4], &old, &n, &err), HS_OK);         /* version 1 */
    assert_int_equal(n.sequence_number, 0);
    hs_manifest_unref(m);
}

/* Cut anywhere, or with any byte changed: a clear answer. */
static void test_damage(void **state)
{
    (void)state;
    const struct entry entries[] = {{1, -1, 5, -1, true}};
    static struct out o, copy;
    const struct hs_manifest *m;
    hs_str whole = container(&o, entries, 1);
    for (size_t len = 0; len < whole.len; len++) {
        char *exact = hs_malloc(len ? len : 1);
        memcpy(exact, whole.at, len);
        hs_rc rc = parse((hs_str){exact, len}, &m);
        assert_true(rc == HS_CORRUPT || rc == HS_OK);
        if (rc == HS_OK)
            hs_manifest_unref(m);
        hs_free(exact);
    }
    for (size_t i = 0; i < whole.len * 8; i++) {
        copy = o;
        copy.at[i / 8] ^= (char)(1 << i % 8);
        hs_rc rc = parse((hs_str){copy.at, copy.len}, &m);
        assert_true(rc == HS_OK || rc == HS_CORRUPT || rc == HS_LIMIT || rc == HS_UNSUPPORTED);
        if (rc == HS_OK)
            hs_manifest_unref(m);
    }
}

/* A tuple, or a member of it, that goes by another id is none; the values would be read as NULL. */
static void test_partition_of_another_spec(void **state)
{
    static const struct {
        const char *id;
        hs_rc rc;
    } cases[] = {{"\"field-id\":102,", HS_CORRUPT},  {"\"field-id\":1000,", HS_CORRUPT},
                 {"\"field-id\":1001,", HS_CORRUPT}, {"\"field-id\":1002,", HS_OK}, /* void: nothing is read from it */
                 {"\"field-id\":1003,", HS_CORRUPT}, {"\"field-id\":999,", HS_OK}};
    const struct entry entries[] = {{1, -1, 5, -1, false}};
    static struct out o;
    const struct hs_manifest *m;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hs_str whole = container(&o, entries, 1);
        char *at = memmem(o.at, whole.len, cases[i].id, strlen(cases[i].id));
        assert_non_null(at);
        at[11] = '7';
        if (parse(whole, &m) != cases[i].rc)
            fail_msg("%s", cases[i].id);
        if (cases[i].rc == HS_OK)
            hs_manifest_unref(m);
    }
}

static void test_every_allocation_fails(void **state)
{
    (void)state;
    const struct entry entries[] = {{1, -1, 5, -1, true}, {1, -1, 5, -1, false}};
    static struct out o;
    hs_str whole = container(&o, entries, 2);
    const struct hs_manifest *m = NULL;
    hs_rc rc = HS_NOMEM;
    for (long n = 0; rc != HS_OK && n < 1000; n++) {
        hs_fault_alloc_after(n);
        rc = parse(whole, &m);
        hs_fault_alloc_after(-1);
        assert_true(rc == HS_OK || rc == HS_NOMEM);
    }
    assert_int_equal(rc, HS_OK);
    hs_manifest_unref(m);
}

/* ---- fixed bytes with a length before them ---- */

static const char fixed_schema[] =
    "{\"type\":\"record\",\"name\":\"manifest_entry\",\"fields\":[{\"name\":\"status\",\"field-id\":0,\"type\":\"int\"}"
    ","
    "{\"name\":\"snapshot_id\",\"field-id\":1,\"type\":[\"null\",\"long\"]},"
    "{\"name\":\"data_file\",\"field-id\":2,\"type\":{\"type\":\"record\",\"name\":\"r2\",\"fields\":["
    "{\"name\":\"file_path\",\"field-id\":100,\"type\":\"string\"},"
    "{\"name\":\"file_format\",\"field-id\":101,\"type\":\"string\"},"
    "{\"name\":\"partition\",\"field-id\":102,\"type\":{\"type\":\"record\",\"name\":\"r102\",\"fields\":["
    "{\"name\":\"d\",\"field-id\":1000,\"type\":[\"null\",{\"type\":\"fixed\",\"name\":\"fixed_3\",\"size\":3}]}]}},"
    "{\"name\":\"record_count\",\"field-id\":103,\"type\":\"long\"},"
    "{\"name\":\"file_size_in_bytes\",\"field-id\":104,\"type\":\"long\"}]}}]}";

static hs_str fixed_container(struct out *o, hs_str value, bool length, size_t count)
{
    struct out rows = {.len = 0};
    for (size_t i = 0; i < count; i++) {
        put_long(&rows, 1);
        put_long(&rows, 0);
        put_text(&rows, HS_S("data/a.parquet"));
        put_text(&rows, HS_S("PARQUET"));
        put_long(&rows, 1);
        if (length)
            put_text(&rows, value);
        else
            put(&rows, value.at, value.len);
        put_long(&rows, 5);
        put_long(&rows, 100);
    }
    o->len = 0;
    put(o, "Obj\x01", 4);
    put_long(o, 1);
    put_text(o, HS_S("avro.schema"));
    put_text(o, hs_str_of(fixed_schema));
    put_long(o, 0);
    put(o, "SSSSSSSSSSSSSSSS", 16);
    put_long(o, (int64_t)count);
    put_long(o, (int64_t)rows.len);
    put(o, rows.at, rows.len);
    put(o, "SSSSSSSSSSSSSSSS", 16);
    return (hs_str){o->at, o->len};
}

static void test_fixed_with_a_length(void **state)
{
    (void)state;
    static struct out o;
    static struct hs_type three = {.id = HS_T_FIXED, .length = 3};
    static const hs_str values[] = {HS_S("abc"), {"\0\0\0", 3}, {"\6\6\6", 3}, {"\2\4\1", 3}};
    const struct hs_manifest *m;
    columns[0].type = &three;
    spec.field_count = 1;
    for (size_t i = 0; i < 16; i++) {
        hs_str value = values[i / 4];
        assert_int_equal(parse(fixed_container(&o, value, i & 1, i & 2 ? 3 : 1), &m), HS_OK);
        assert_int_equal(m->entry_count, i & 2 ? 3 : 1);
        for (size_t k = 0; k < m->entry_count; k++) {
            assert_int_equal(m->entries[k].record_count, 5);
            assert_int_equal(m->entries[k].partition[0].type, HS_T_FIXED);
            assert_true(hs_str_eq(m->entries[k].partition[0].text, value));
        }
        hs_manifest_unref(m);
    }
    assert_int_equal(parse(fixed_container(&o, HS_S("abcd"), false, 1), &m), HS_CORRUPT);
    columns[0].type = &decimal;
    spec.field_count = 4;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_entry),
                                       cmocka_unit_test(test_fixed_with_a_length),
                                       cmocka_unit_test(test_columns),
                                       cmocka_unit_test(test_cached_columns),
                                       cmocka_unit_test(test_numbers),
                                       cmocka_unit_test(test_damage),
                                       cmocka_unit_test(test_partition_of_another_spec),
                                       cmocka_unit_test(test_every_allocation_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
