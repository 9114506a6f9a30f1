/* Deletion vectors and the footers of Puffin files: written here, and by others. */
#include "iceberg/puffin.h"
#include "base/alloc.h"
#include "golden.h"

#include <lz4frame.h>
#include <setjmp.h>
#include <stdarg.h>
#include <zlib.h>

#include <cmocka.h>

#define FOOTER                                                                                                        \
    "{\"blobs\":[{\"type\":\"deletion-vector-v1\",\"fields\":[2147483645],\"snapshot-id\":-1,\"sequence-number\":-1," \
    "\"offset\":4,\"length\":8,\"properties\":{\"referenced-data-file\":\"s3://b/x\",\"cardinality\":\"3\"}},"        \
    "{\"type\":\"apache-datasketches-theta-v1\",\"fields\":[1,2],\"snapshot-id\":9,\"sequence-number\":2,"            \
    "\"offset\":4,\"length\":0,\"compression-codec\":\"zstd\",\"properties\":{\"ndv\":\"55\"}}]}"

static char folder[] = "/tmp/hs_puffin_XXXXXX", path[128];

static void big(struct hs_buf *b, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        hs_buf_addc(b, (char)(value >> shift & 0xff));
}

static void little(struct hs_buf *b, uint32_t value)
{
    for (int shift = 0; shift < 32; shift += 8)
        hs_buf_addc(b, (char)(value >> shift & 0xff));
}

static void add_vector(struct hs_buf *b, const int64_t *rows, size_t count)
{
    struct hs_positions *p = hs_positions_new();
    struct hs_err err;
    struct hs_buf body;
    hs_buf_init(&body, 1 << 20);
    assert_int_equal(hs_positions_add(p, rows, count, &err), HS_OK);
    hs_buf_add(&body, "\xd1\xd3\x39\x64", 4);
    hs_buf_add_positions(&body, p);
    big(b, (uint32_t)body.len);
    hs_buf_adds(b, hs_buf_str(&body));
    big(b, (uint32_t)crc32_z(0, (const Bytef *)body.at, body.len));
    hs_buf_fini(&body);
    hs_positions_unref(p);
}

static void add_footer(struct hs_buf *b, hs_str payload, uint32_t flags)
{
    hs_buf_addz(b, "PFA1");
    hs_buf_adds(b, payload);
    little(b, (uint32_t)payload.len);
    little(b, flags);
    hs_buf_addz(b, "PFA1");
}

static void put(const struct hs_buf *b)
{
    FILE *f = fopen(path, "wb");
    assert_int_equal(fwrite(b->at, 1, b->len, f), b->len);
    fclose(f);
}

static hs_rc vector_of(hs_str bytes, int64_t *out_count)
{
    struct hs_positions *p = NULL;
    struct hs_err err;
    char *copy = malloc(bytes.len ? bytes.len : 1);
    memcpy(copy, bytes.at, bytes.len);
    hs_rc rc = hs_vector_parse((hs_str){copy, bytes.len}, &p, &err);
    *out_count = p ? hs_positions_count(p) : -1;
    hs_positions_unref(p);
    free(copy);
    return rc;
}

static void test_vector(void **state)
{
    (void)state;
    struct hs_buf b;
    int64_t count;
    hs_buf_init(&b, 1 << 20);
    add_vector(&b, (int64_t[]){5, 0, 70000, (int64_t)3 << 32}, 4);
    assert_int_equal(vector_of(hs_buf_str(&b), &count), HS_OK);
    assert_int_equal(count, 4);
    for (size_t len = 0; len < b.len; len++)
        assert_int_equal(vector_of((hs_str){b.at, len}, &count), HS_CORRUPT);
    for (size_t bit = 0; bit < 8 * b.len; bit++) {
        b.at[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(vector_of(hs_buf_str(&b), &count), HS_CORRUPT);
        b.at[bit / 8] ^= (char)(1 << bit % 8);
    }
    hs_buf_addc(&b, 0);
    assert_int_equal(vector_of(hs_buf_str(&b), &count), HS_CORRUPT);
    hs_buf_fini(&b);
}

static hs_rc vector_at(int64_t offset, int64_t len, int64_t *out_last)
{
    struct hs_positions *p = NULL;
    struct hs_err err;
    hs_rc rc = hs_vector_read(hs_str_of(path), offset, len, &p, &err);
    *out_last = p ? hs_positions_last(p) : -1;
    hs_positions_unref(p);
    return rc;
}

/* Within a file, and as a bare blob. */
static void test_where(void **state)
{
    (void)state;
    struct hs_buf b;
    int64_t last;
    hs_buf_init(&b, 1 << 20);
    hs_buf_addz(&b, "PFA1");
    add_vector(&b, (int64_t[]){7}, 1);
    int64_t second = (int64_t)b.len;
    add_vector(&b, (int64_t[]){9, 11}, 2);
    int64_t len = (int64_t)b.len - second;
    put(&b);
    assert_int_equal(vector_at(4, second - 4, &last), HS_OK);
    assert_int_equal(last, 7);
    assert_int_equal(vector_at(second, len, &last), HS_OK);
    assert_int_equal(last, 11);
    assert_int_equal(vector_at(4, -1, &last), HS_OK);
    assert_int_equal(last, 7);
    assert_int_equal(vector_at(4, second - 3, &last), HS_CORRUPT);
    assert_int_equal(vector_at(second, len + 1, &last), HS_CORRUPT);
    assert_int_equal(vector_at(second + 1, len - 1, &last), HS_CORRUPT);
    assert_int_equal(vector_at(second, INT64_MAX, &last), HS_CORRUPT);
    assert_int_equal(vector_at(INT64_MAX, 40, &last), HS_CORRUPT);
    assert_int_equal(vector_at(INT64_MAX, -1, &last), HS_CORRUPT);
    assert_int_equal(vector_at(0, -1, &last), HS_CORRUPT); /* the file's magic is no length */
    assert_int_equal(vector_at(-1, -1, &last), HS_CORRUPT);
    hs_buf_clear(&b);
    add_vector(&b, (int64_t[]){3}, 1);
    put(&b);
    assert_int_equal(vector_at(-1, -1, &last), HS_OK);
    assert_int_equal(last, 3);
    hs_buf_fini(&b);
}

static hs_rc blobs_of(hs_str bytes, size_t *out_count)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_puffin_blob *blobs;
    struct hs_err err;
    hs_rc rc = hs_puffin_parse(a, bytes, (int64_t)bytes.len, HS_S("x"), &blobs, out_count, &err);
    hs_arena_free(a);
    return rc;
}

static void check_list(const struct hs_buf *b)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_puffin_blob *blobs;
    struct hs_err err = {0};
    size_t count;
    put(b);
    hs_rc rc = hs_puffin_list(a, hs_str_of(path), &blobs, &count, &err);
    if (rc != HS_OK)
        print_message("%s\n", err.detail);
    assert_int_equal(rc, HS_OK);
    assert_int_equal(count, 2);
    assert_true(hs_str_is(blobs[0].referenced_file, "s3://b/x"));
    assert_int_equal(blobs[0].cardinality, 3);
    assert_int_equal(blobs[0].ndv, -1);
    assert_int_equal(blobs[1].ndv, 55);
    assert_int_equal(blobs[1].field_count, 2);
    assert_int_equal(blobs[1].fields[1], 2);
    assert_true(hs_str_is(blobs[1].codec, "zstd") && hs_str_is(blobs[0].codec, ""));
    assert_null(blobs[1].referenced_file.at);
    hs_arena_free(a);
}

static void test_footer(void **state)
{
    (void)state;
    struct hs_buf b;
    char packed[4096];
    size_t count;
    LZ4F_preferences_t sized = {.frameInfo.contentSize = sizeof FOOTER - 1};
    hs_buf_init(&b, 1 << 20);
    hs_buf_addz(&b, "PFA1--------");
    add_footer(&b, HS_S(FOOTER), 0);
    check_list(&b);
    for (size_t len = 0; len < b.len; len++)
        assert_int_equal(blobs_of((hs_str){b.at, len}, &count), HS_CORRUPT);
    hs_buf_clear(&b);
    hs_buf_addz(&b, "PFA1--------");
    size_t len = LZ4F_compressFrame(packed, sizeof packed, FOOTER, sizeof FOOTER - 1, &sized);
    add_footer(&b, hs_str_n(packed, len), 1);
    check_list(&b);
    hs_buf_clear(&b);
    len = LZ4F_compressFrame(packed, sizeof packed, FOOTER, sizeof FOOTER - 1, NULL); /* no content size */
    add_footer(&b, hs_str_n(packed, len), 1);
    assert_int_equal(blobs_of(hs_buf_str(&b), &count), HS_CORRUPT);
    hs_buf_clear(&b);
    add_footer(&b, HS_S(FOOTER), 0); /* the file's own magic is missing */
    assert_int_equal(blobs_of(hs_buf_str(&b), &count), HS_CORRUPT);
    hs_buf_clear(&b);
    hs_buf_addz(&b, "PFA1");
    add_footer(&b, HS_S("{\"blobs\":[]}"), 2);
    assert_int_equal(blobs_of(hs_buf_str(&b), &count), HS_UNSUPPORTED);
    hs_buf_clear(&b);
    add_footer(&b,
               HS_S("{\"blobs\":[{\"type\":\"x\",\"fields\":[],\"snapshot-id\":1,\"sequence-number\":1,"
                    "\"offset\":4,\"length\":9223372036854775807}]}"),
               0);
    assert_int_equal(blobs_of(hs_buf_str(&b), &count), HS_CORRUPT);
    hs_buf_fini(&b);
}

static void test_nth_allocation(void **state)
{
    (void)state;
    struct hs_buf b;
    size_t count;
    hs_buf_init(&b, 1 << 20);
    hs_buf_addz(&b, "PFA1--------");
    add_footer(&b, HS_S(FOOTER), 0);
    for (long n = 0;; n++) {
        struct hs_arena *a = hs_arena_new(0);
        struct hs_puffin_blob *blobs;
        struct hs_err err;
        hs_fault_alloc_after(n);
        hs_rc rc = hs_puffin_parse(a, hs_buf_str(&b), (int64_t)b.len, HS_S("x"), &blobs, &count, &err);
        hs_fault_alloc_after(-1);
        hs_arena_free(a);
        if (rc == HS_OK)
            break;
        assert_int_equal(rc, HS_NOMEM);
        assert_true(n < 100);
    }
    hs_buf_fini(&b);
}

/* Files of others: every one lists its blobs, and vectors read as the manifest's numbers say. */
static void test_upstream(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        size_t blobs;
        int64_t offset, len, rows;
    } files[] = {
        {"apache-iceberg/core/src/test/resources/org/apache/iceberg/puffin/v1/empty-puffin-uncompressed.bin", 0, 0, 0,
         0},
        {"apache-iceberg/core/src/test/resources/org/apache/iceberg/puffin/v1/sample-metric-data-uncompressed.bin", 2,
         0, 0, 0},
        {"apache-iceberg/core/src/test/resources/org/apache/iceberg/puffin/v1/sample-metric-data-compressed-zstd.bin",
         2, 0, 0, 0},
        {"iceberg-cxx/tests/tables/deletion_vectors/data/"
         "dv-20260504_111446_00010_8gkte-9a41c74f-3cae-4b67-a4e3-ec4437d1c988.puffin",
         1, 4, 46, 3},
        {"impala/testdata/data/iceberg_test/iceberg_v3/iceberg_v3_deletion_vectors/data/"
         "00000-9-08e88179-85b6-4635-8b34-94b49abc87d9-00001-deletes.puffin",
         2, 4, 42, 1},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char full[8192];
        snprintf(full, sizeof full, "%s/%s", golden_root(), files[i].path);
        if (access(full, R_OK) != 0) {
            print_message("fixtures absent\n");
            skip();
        }
        struct hs_arena *a = hs_arena_new(0);
        struct hs_puffin_blob *blobs;
        struct hs_positions *p;
        struct hs_err err = {0};
        size_t count;
        assert_int_equal(hs_puffin_list(a, hs_str_of(full), &blobs, &count, &err), HS_OK);
        assert_int_equal(count, files[i].blobs);
        if (files[i].rows) {
            assert_int_equal(hs_vector_read(hs_str_of(full), files[i].offset, files[i].len, &p, &err), HS_OK);
            assert_int_equal(hs_positions_count(p), files[i].rows);
            assert_int_equal(blobs[0].cardinality, files[i].rows);
            hs_positions_unref(p);
        }
        hs_arena_free(a);
    }
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/x.puffin", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector),         cmocka_unit_test(test_where),    cmocka_unit_test(test_footer),
        cmocka_unit_test(test_nth_allocation), cmocka_unit_test(test_upstream),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
