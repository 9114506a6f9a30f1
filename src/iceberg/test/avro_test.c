/* Containers in every codec, whole, cut at every byte, and with each length and marker spoilt. */
#include "iceberg/manifest.h"
#include "seeds.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const containers[] = {"entries-null.avro", "entries-deflate.avro", "entries-snappy.avro",
                                         "entries-zstandard.avro"};

struct seen {
    int count;
    int64_t rows;
    int64_t sequence[8];
};

static hs_rc see_all(const struct hs_manifest *m, const struct hs_manifest_file *listed, struct seen *seen,
                     struct hs_err *err)
{
    for (size_t i = 0; i < m->entry_count; i++) {
        struct hs_numbers numbers;
        if (m->entries[i].status == HS_ENTRY_DELETED)
            continue;
        HS_TRY(hs_entry_numbers(&m->entries[i], listed, &numbers, err));
        if (seen->count < 8)
            seen->sequence[seen->count] = numbers.sequence_number;
        seen->count++;
        seen->rows += m->entries[i].record_count;
    }
    return HS_OK;
}

static hs_rc read_all(hs_str bytes, struct seen *seen)
{
    const struct hs_manifest_file listed = {.sequence_number = 9, .added_snapshot_id = 5};
    const struct hs_iceberg_table table = {0};
    const struct hs_manifest *m;
    struct hs_err err;
    *seen = (struct seen){0};
    HS_TRY(hs_manifest_parse(bytes, &table, &listed, NULL, &m, &err));
    hs_rc rc = see_all(m, &listed, seen, &err);
    hs_manifest_unref(m);
    return rc;
}

static hs_str container(size_t i)
{
    char name[128];
    snprintf(name, sizeof name, "corpus/fuzz_avro/%s", containers[i]);
    return seed(name);
}

static void test_every_codec(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        hs_str bytes = container(i);
        struct seen seen;
        assert_int_equal(read_all(bytes, &seen), HS_OK);
        assert_int_equal(seen.count, 4);
        assert_int_equal(seen.rows, 0 + 1 + 2 + 3);
        assert_int_equal(seen.sequence[0], 9); /* null: the manifest's own */
        assert_int_equal(seen.sequence[3], 3);
        seed_free(bytes);
    }
}

/* One block a record: a file that ends between two blocks is whole to a reader, every other cut is an error. */
static void test_cut_at_every_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        hs_str bytes = container(i);
        int whole = 0;
        for (size_t len = 0; len < bytes.len; len++) {
            hs_str cut = seed_cut(bytes, len);
            struct seen seen;
            hs_rc rc = read_all(cut, &seen);
            assert_true(rc == HS_OK || rc == HS_CORRUPT);
            whole += rc == HS_OK;
            seed_free(cut);
        }
        assert_int_equal(whole, 4); /* after the header, and after three of four blocks */
        seed_free(bytes);
    }
}

/* A changed bit is found, unless it is in a plain value (codec null has no checksum) or in the header's free text. */
static void test_flips_never_crash(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        hs_str bytes = container(i), copy = seed_cut(bytes, bytes.len);
        for (size_t at = 0; at < bytes.len * 8; at++) {
            struct seen seen;
            ((char *)(uintptr_t)copy.at)[at / 8] ^= (char)(1 << at % 8);
            hs_rc rc = read_all(copy, &seen);
            assert_true(rc == HS_OK || rc == HS_CORRUPT || rc == HS_UNSUPPORTED || rc == HS_LIMIT);
            ((char *)(uintptr_t)copy.at)[at / 8] ^= (char)(1 << at % 8);
        }
        seed_free(copy);
        seed_free(bytes);
    }
}

static void test_sync_marker(void **state)
{
    (void)state;
    hs_str bytes = container(0);
    struct seen seen;
    ((char *)(uintptr_t)bytes.at)[bytes.len - 1] ^= 1;
    assert_int_equal(read_all(bytes, &seen), HS_CORRUPT);
    seed_free(bytes);
}

static void test_list(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    hs_str bytes = seed("corpus/fuzz_avro/list.avro");
    struct hs_manifest_file *files;
    size_t count;
    struct hs_err err;
    assert_int_equal(hs_manifest_list_read(a, bytes, &files, &count, &err), HS_OK);
    assert_int_equal(count, 2);
    assert_true(hs_str_is(files[0].path, "m0.avro"));
    assert_int_equal(files[1].content, HS_MANIFEST_DELETES);
    hs_arena_free(a);
    seed_free(bytes);
}

/* A header of our own around one block of bytes, for what no writer would write. */
static size_t made(char *to, const char *schema, const char *block, size_t len, char count)
{
    size_t n = 0, schema_len = strlen(schema);
    memcpy(to,
           "Obj\x01\x02\x16"
           "avro.schema",
           17);
    n = 17;
    to[n++] = (char)((schema_len * 2) | 0x80);
    to[n++] = (char)((schema_len * 2) >> 7);
    memcpy(to + n, schema, schema_len);
    n += schema_len;
    to[n++] = 0;
    memset(to + n, 'S', 16);
    n += 16;
    to[n++] = (char)(count * 2);
    to[n++] = (char)(len * 2);
    memcpy(to + n, block, len);
    n += len;
    memset(to + n, 'S', 16);
    return n + 16;
}

static const char arrays[] = "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\",\"field-id\":1,"
                             "\"type\":{\"type\":\"array\",\"items\":\"long\"}},{\"name\":\"b\",\"field-id\":2,"
                             "\"type\":{\"type\":\"array\",\"items\":\"null\"}}]}";

static hs_rc first_row(const char *block, size_t len, const int *wanted, size_t count, int64_t *out_items)
{
    char bytes[1024];
    struct hs_avro_file *f;
    const struct hs_avro_value *row;
    struct hs_err err;
    size_t size = made(bytes, arrays, block, len, 1);
    assert_int_equal(hs_avro_open((hs_str){bytes, size}, wanted, count, &f, &err), HS_OK);
    hs_rc rc = hs_avro_next(f, &row, &err);
    if (rc == HS_OK) {
        const struct hs_avro_value *list = hs_avro_member(row, 1);
        *out_items = list ? (int64_t)list->count : -1;
        rc = hs_avro_next(f, &row, &err);
    }
    hs_avro_close(f);
    return rc;
}

static void test_array_blocks(void **state)
{
    (void)state;
    static const int both[] = {1, 2}, second[] = {2};
    int64_t items = 0;
    /* -2 items in 2 bytes, then 1 item plain, then the end; the second array is empty */
    assert_int_equal(first_row("\x03\x04\x02\x04\x02\x06\x00\x00", 8, both, 2, &items), HS_OK);
    assert_int_equal(items, 3);
    assert_int_equal(first_row("\x03\x04\x02\x04\x02\x06\x00\x00", 8, second, 1, &items), HS_OK);
    assert_int_equal(items, -1); /* skipped */
    /* the negative form with a wrong length, read and skipped */
    assert_int_equal(first_row("\x03\x02\x02\x04\x00\x00", 6, both, 2, &items), HS_CORRUPT);
    assert_int_equal(first_row("\x03\x02\x02\x04\x00\x00", 6, second, 1, &items), HS_CORRUPT);
    /* two billion nulls in five bytes */
    assert_int_equal(first_row("\x00\xfe\xff\xff\xff\x0f\x00", 7, both, 2, &items), HS_CORRUPT);
    assert_int_equal(first_row("\x00\xfe\xff\xff\xff\x0f\x00", 7, NULL, 0, &items), HS_CORRUPT);
    /* a byte left over */
    assert_int_equal(first_row("\x00\x00\x00", 3, both, 2, &items), HS_CORRUPT);
}

static void test_deep_schema(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_avro_type *type;
    struct hs_err err;
    char text[8192];
    size_t n = 0;
    for (int i = 0; i < 200; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "{\"type\":\"array\",\"items\":");
    n += (size_t)snprintf(text + n, sizeof text - n, "\"int\"");
    memset(text + n, '}', 200);
    assert_int_equal(hs_avro_schema_parse(a, (hs_str){text, n + 200}, &type, &err), HS_CORRUPT);
    hs_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_codec),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_flips_never_crash),
        cmocka_unit_test(test_sync_marker),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_array_blocks),
        cmocka_unit_test(test_deep_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
