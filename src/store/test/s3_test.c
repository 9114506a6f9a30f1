/* What can be known of S3 without a store: names and their fence, signatures, checksums. */
#include "model/model.h"
#include "store/store_in.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct hs_arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = hs_arena_new(0);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    hs_arena_free(arena);
    return 0;
}

/* ---- names ---- */

static void leads(struct hs_store s, const char *path, const char *to)
{
    struct hs_err err;
    hs_str out = {0};
    hs_rc rc = hs_store_resolve(arena, &s, hs_str_of(path), &out, &err);
    if (rc != HS_OK)
        print_message("%s: %s\n", path, err.detail);
    assert_int_equal(rc, HS_OK);
    assert_string_equal(out.at, to);
}

static void fails(struct hs_store s, const char *path, hs_rc kind)
{
    struct hs_err err;
    hs_str out;
    assert_int_equal(hs_store_resolve(arena, &s, hs_str_of(path), &out, &err), kind);
    assert_null(strstr(err.shown, "lake")); /* no name of a store in what a client sees */
}

static const struct hs_store TABLE = {.root = {"s3://lake/wh/t", 14}, .within = {"s3://lake/wh/t", 14}};

static void names_lead_into_the_table(void **state)
{
    (void)state;
    leads(TABLE, "s3://lake/wh/t/data/a.parquet", "s3://lake/wh/t/data/a.parquet");
    leads(TABLE, "s3a://lake/wh/t/data/a.parquet", "s3://lake/wh/t/data/a.parquet");
    leads(TABLE, "S3N://lake/wh/t/data/a.parquet", "s3://lake/wh/t/data/a.parquet");
    leads(TABLE, "data/a.parquet", "s3://lake/wh/t/data/a.parquet");
    leads(TABLE, "s3://lake/wh/t//data//a b%20.parquet", "s3://lake/wh/t//data//a b%20.parquet");
    struct hs_store slashed = {.root = HS_S("s3://lake/wh/t/")};
    leads(slashed, "metadata/v1.metadata.json", "s3://lake/wh/t/metadata/v1.metadata.json");
    leads(slashed, "s3://lake/wh/t/", "s3://lake/wh/t/");
}

static void names_do_not_lead_elsewhere(void **state)
{
    (void)state;
    fails(TABLE, "s3://lake/wh/t2/data/a.parquet", HS_DENIED);
    fails(TABLE, "s3://lake/wh/a.parquet", HS_DENIED);
    fails(TABLE, "s3://other/wh/t/data/a.parquet", HS_DENIED);
    fails(TABLE, "s3://lake/wh/t/../t2/a.parquet", HS_DENIED);
    fails(TABLE, "../t2/a.parquet", HS_DENIED);
    fails(TABLE, "/etc/passwd", HS_NOT_FOUND);
    fails(TABLE, "file:///etc/passwd", HS_NOT_FOUND);
    fails(TABLE, "gs://lake/wh/t/a.parquet", HS_NOT_FOUND);
    fails(TABLE, "s3://lake@evil/wh/t/a", HS_INVALID);
    fails(TABLE, "", HS_INVALID);
    struct hs_store disk = {.root = HS_S("/tmp")};
    fails(disk, "s3://lake/wh/t/data/a.parquet", HS_NOT_FOUND); /* whose tables are on disk asks no store */
}

static void prefix_maps_lead_into_a_store(void **state)
{
    (void)state;
    struct hs_prefix_map maps[] = {{HS_S("s3://old/sales/"), HS_S("s3://lake/wh/t/")},
                                   {HS_S("hdfs://nn/archive"), HS_S("s3://cold/archive")}};
    struct hs_store s = TABLE;
    s.prefixes = maps;
    s.prefix_count = 2;
    leads(s, "s3://old/sales/data/a.parquet", "s3://lake/wh/t/data/a.parquet");
    leads(s, "s3a://other/sales/data/a.parquet", "s3://lake/wh/t/data/a.parquet");
    leads(s, "hdfs://nn/archive/b.parquet", "s3://cold/archive/b.parquet");
    fails(s, "s3://cold/archives/b.parquet", HS_DENIED);
    s.fallback_from = HS_S("file:///old/wh/t");
    leads(s, "file:///old/wh/t/data/a.parquet", "s3://lake/wh/t/data/a.parquet");
}

static void names_of_buckets_are_looked_at(void **state)
{
    (void)state;
    struct hs_s3_uri u;
    assert_true(hs_s3_split(HS_S("s3://my.bucket-1/a/b"), &u));
    assert_true(hs_str_is(u.bucket, "my.bucket-1") && hs_str_is(u.key, "a/b"));
    static const char *const BAD[] = {"s3://",       "s3:///a",   "s3://a:1/b", "s3://a@b/c",
                                      "s3://a?b/c",  "s3://a#/c", "s3://-a/b",  "s3://.a/b",
                                      "s3://a%2e/b", "/a/b",      "s3:/a/b",    "http://a/b"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(hs_s3_split(hs_str_of(BAD[i]), &u));
}

static void keys_are_encoded_for_a_url(void **state)
{
    (void)state;
    struct hs_buf b;
    hs_buf_init(&b, 1000);
    hs_add_uri_encoded(&b, HS_S("a b/c%20+\xc3\xa9=?#~-._"), true);
    assert_string_equal(b.at, "a%20b/c%2520%2B%C3%A9%3D%3F%23~-._");
    hs_buf_clear(&b);
    hs_add_uri_encoded(&b, HS_S("a/b"), false);
    assert_string_equal(b.at, "a%2Fb");
    hs_buf_fini(&b);
}

/* ---- signatures: the examples of "Signature Calculations for the Authorization Header" in the S3 API reference ----
 */

static const struct hs_keys KEYS = {.id = "AKIAIOSFODNN7EXAMPLE", .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
enum { MAY_24_2013 = 1369353600 };

static void signs(const struct hs_signed *what, const struct hs_keys *keys, const char *part)
{
    struct hs_buf b;
    struct hs_err err;
    hs_buf_init(&b, 16384);
    assert_int_equal(hs_sigv4_headers(&b, what, keys, HS_S("us-east-1"), MAY_24_2013 * INT64_C(1000000), &err), HS_OK);
    if (!strstr(b.at, part))
        print_message("%s\n", b.at);
    assert_non_null(strstr(b.at, part));
    assert_null(strstr(b.at, keys->secret));
    hs_buf_fini(&b);
}

static void signatures_are_those_of_the_reference(void **state)
{
    (void)state;
    struct hs_signed get = {.method = HS_S("GET"),
                            .host = HS_S("examplebucket.s3.amazonaws.com"),
                            .path = HS_S("/test.txt"),
                            .range = HS_S("bytes=0-9")};
    signs(&get, &KEYS, "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41\n");
    signs(&get, &KEYS, "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,");
    struct hs_signed list = {.method = HS_S("GET"),
                             .host = HS_S("examplebucket.s3.amazonaws.com"),
                             .path = HS_S("/"),
                             .query = HS_S("max-keys=2&prefix=J")};
    signs(&list, &KEYS, "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7\n");
}

static void a_token_is_signed_and_nobody_is_not(void **state)
{
    (void)state;
    struct hs_signed get = {.method = HS_S("GET"), .host = HS_S("h"), .path = HS_S("/"), .if_match = HS_S("\"e\"")};
    struct hs_keys with = KEYS, nobody = {.id = "", .secret = "unused"};
    strcpy(with.token, "the-token");
    signs(&get, &with, "SignedHeaders=host;if-match;x-amz-content-sha256;x-amz-date;x-amz-security-token,");
    signs(&get, &with, "x-amz-security-token: the-token\n");
    struct hs_buf b;
    struct hs_err err;
    hs_buf_init(&b, 16384);
    assert_int_equal(hs_sigv4_headers(&b, &get, &nobody, HS_S("r"), 0, &err), HS_OK);
    assert_string_equal(b.at, "Host: h\nIf-Match: \"e\"\n");
    hs_buf_fini(&b);
}

/* ---- checksums ---- */

static void checksums_are_crc32c(void **state)
{
    (void)state;
    char zeros[32] = {0};
    assert_int_equal(hs_crc32c("123456789", 9), 0xe3069283u);
    assert_int_equal(hs_crc32c(zeros, 32), 0x8a9136aau); /* RFC 3720 B.4 */
    assert_int_equal(hs_crc32c("", 0), 0);
}

/* ---- before a store is set up ---- */

static void without_a_store_remote_names_are_refused(void **state)
{
    (void)state;
    struct hs_err err;
    struct hs_stamp stamp;
    hs_str text, *names;
    size_t count;
    hs_str uri = HS_S("s3://lake/wh/t/a.parquet");
    assert_int_equal(hs_object_stamp(uri, &stamp, &err), HS_UNSUPPORTED);
    assert_int_equal(hs_object_read(arena, uri, 100, &text, &err), HS_UNSUPPORTED);
    assert_int_equal(hs_object_read_range(arena, uri, 0, 1, &text, &err), HS_UNSUPPORTED);
    assert_int_equal(hs_store_list(arena, HS_S("s3://lake/wh"), &names, &count, &err), HS_UNSUPPORTED);
}

/* A plan asks by name alone, before anything remote was read and before there is a cache. */
static void before_a_cache_is_open_nothing_is_known(void **state)
{
    (void)state;
    struct hs_err err;
    struct hs_found found;
    assert_false(hs_object_is_known(HS_S("s3://lake/wh/t/a.parquet")));
    assert_int_equal(hs_store_find(arena, &TABLE, HS_S("s3://lake/wh/t/a.parquet"), &found, &err), HS_OK);
    assert_false(found.known);
    assert_true(hs_str_is(found.name, "s3://lake/wh/t/a.parquet"));
}

static void settings_are_looked_at(void **state)
{
    (void)state;
    static const char *const BAD[] = {"ftp://h",    "h:80",        "http://", "http://h/path",
                                      "http://u@h", "https://h?x", "http:h"};
    struct hs_err err;
    struct hs_s3_settings s = {.endpoint = "", .region = "us-east-1"};
    assert_int_equal(hs_s3_open(&s, &err), HS_OK);
    hs_s3_close();
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        s.endpoint = BAD[i];
        assert_int_equal(hs_s3_open(&s, &err), HS_INVALID);
        hs_s3_close();
    }
    s = (struct hs_s3_settings){.endpoint = "", .region = "us east/1"};
    assert_int_equal(hs_s3_open(&s, &err), HS_INVALID);
    hs_s3_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_lead_into_the_table),
        cmocka_unit_test(names_do_not_lead_elsewhere),
        cmocka_unit_test(prefix_maps_lead_into_a_store),
        cmocka_unit_test(names_of_buckets_are_looked_at),
        cmocka_unit_test(keys_are_encoded_for_a_url),
        cmocka_unit_test(signatures_are_those_of_the_reference),
        cmocka_unit_test(a_token_is_signed_and_nobody_is_not),
        cmocka_unit_test(checksums_are_crc32c),
        cmocka_unit_test(without_a_store_remote_names_are_refused),
        cmocka_unit_test(before_a_cache_is_open_nothing_is_known),
        cmocka_unit_test(settings_are_looked_at),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
