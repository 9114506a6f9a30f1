/* Where a path may lead, and where it may not. */
#include "model/model.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char base[256];
static struct hs_arena *arena;

static const char *at(const char *name)
{
    static char path[8][512];
    static int turn;
    char *to = path[turn++ % 8];
    snprintf(to, sizeof path[0], "%s/%s", base, name);
    return to;
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(at(name), "w");
    fputs(text, f);
    fclose(f);
}

static int setup(void **state)
{
    (void)state;
    char made[] = "/tmp/hs-store-XXXXXX";
    if (!mkdtemp(made) || !realpath(made, base))
        return -1;
    mkdir(at("t"), 0700);
    mkdir(at("t/data"), 0700);
    mkdir(at("other"), 0700);
    put("t/data/a.parquet", "0123456789");
    put("other/a.parquet", "x");
    put("secret", "s");
    (void)!symlink(at("secret"), at("t/data/link"));
    (void)!symlink(at("t"), at("alias"));
    mkfifo(at("t/data/pipe"), 0600);
    arena = hs_arena_new(0);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char command[512];
    hs_arena_free(arena);
    snprintf(command, sizeof command, "rm -rf '%s'", base);
    return system(command);
}

static void leads(struct hs_store s, const char *path, const char *to)
{
    struct hs_err err;
    hs_str out = {0};
    hs_rc rc = hs_store_resolve(arena, &s, hs_str_of(path), &out, &err);
    if (rc != HS_OK)
        print_message("%s: %s\n", path, err.detail);
    assert_int_equal(rc, HS_OK);
    assert_string_equal(out.at, at(to));
}

static void fails(struct hs_store s, const char *path, size_t len, hs_rc kind)
{
    struct hs_err err;
    hs_str out;
    assert_int_equal(hs_store_resolve(arena, &s, (hs_str){path, len}, &out, &err), kind);
    assert_null(strstr(err.shown, "data")); /* no path in what a client sees */
}
#define FAILS(s, path, kind) fails(s, path, strlen(path), kind)

static struct hs_store table(void)
{
    return (struct hs_store){.root = hs_str_of(at("t"))};
}

static void test_plain_paths(void **state)
{
    (void)state;
    struct hs_store s = table();
    char url[600];
    leads(s, "data/a.parquet", "t/data/a.parquet");
    leads(s, "./data//a.parquet", "t/data/a.parquet");
    leads(s, at("t/data/a.parquet"), "t/data/a.parquet");
    snprintf(url, sizeof url, "file:%s", at("t/data/a.parquet"));
    leads(s, url, "t/data/a.parquet");
    snprintf(url, sizeof url, "file://%s", at("t/data/a.parquet"));
    leads(s, url, "t/data/a.parquet");
    s.root = hs_str_of(at("alias"));
    leads(s, "data/a.parquet", "t/data/a.parquet");
}

static void test_refused_paths(void **state)
{
    (void)state;
    struct hs_store s = table();
    FAILS(s, "../secret", HS_DENIED);
    FAILS(s, "data/../../secret", HS_DENIED);
    FAILS(s, "data/..", HS_DENIED);
    fails(s, "data/a.parquet\0x", 16, HS_DENIED);
    FAILS(s, "data/link", HS_DENIED);
    FAILS(s, at("secret"), HS_DENIED);
    FAILS(s, "/etc/passwd", HS_DENIED);
    FAILS(s, "data/none", HS_NOT_FOUND);
    FAILS(s, "", HS_INVALID);
    FAILS(s, "s3://bucket/data/a.parquet", HS_NOT_FOUND); /* nothing maps it, though /data may exist */
    s.root = hs_str_of(at("t/dat"));                      /* a root's name is no prefix of a sibling */
    FAILS(s, at("t/data/a.parquet"), HS_DENIED);
}

static void test_prefixes(void **state)
{
    (void)state;
    struct hs_prefix_map maps[] = {{HS_S("s3a://old/warehouse"), hs_str_of(at("other"))},
                                   {HS_S("s3://old/warehouse/t/"), hs_str_of(at("t"))}};
    struct hs_store s = table();
    s.prefixes = maps;
    s.prefix_count = 2;
    leads(s, "s3://old/warehouse/t/data/a.parquet", "t/data/a.parquet"); /* the longest wins */
    leads(s, "hdfs://else:8020/warehouse/t/data/a.parquet", "t/data/a.parquet");
    leads(s, "/warehouse/t/data/a.parquet", "t/data/a.parquet");
    leads(s, "s3://old/warehouse/a.parquet", "other/a.parquet");
    FAILS(s, "s3://old/warehouse2/a.parquet", HS_NOT_FOUND); /* whole segments only */
    FAILS(s, "warehouse/t/data/a.parquet", HS_NOT_FOUND);    /* relative is not absolute */
    FAILS(s, "s3://old/warehouse/t/../../secret", HS_DENIED);
    FAILS(s, "s3://old/warehouse/t/data/link", HS_DENIED);
}

static void test_authorities(void **state)
{
    (void)state;
    struct hs_prefix_map maps[] = {{HS_S("s3://one/"), hs_str_of(at("t/data"))},
                                   {HS_S("s3://two/"), hs_str_of(at("other"))}};
    struct hs_store s = table();
    s.prefixes = maps;
    s.prefix_count = 2;
    leads(s, "s3://one/a.parquet", "t/data/a.parquet");
    leads(s, "s3a://two/a.parquet", "other/a.parquet");
    FAILS(s, "s3://three/a.parquet", HS_INVALID); /* either could be meant */
    maps[0].to = HS_S("relative");
    FAILS(s, "s3://one/a.parquet", HS_INVALID);
}

static void test_fallback(void **state)
{
    (void)state;
    struct hs_store s = table();
    s.fallback_from = HS_S("s3://old/t");
    leads(s, "s3a://old/t/data/a.parquet", "t/data/a.parquet");
    FAILS(s, "s3a://old/tt/data/a.parquet", HS_NOT_FOUND);
    s.fallback_from = HS_S("./t");
    leads(s, "t/data/a.parquet", "t/data/a.parquet");
}

static void maps(struct hs_store s, const char *path, bool expected)
{
    struct hs_err err;
    bool mapped = !expected;
    assert_int_equal(hs_store_maps(arena, &s, hs_str_of(path), &mapped, &err), HS_OK);
    assert_int_equal(mapped, expected);
}

static void test_maps(void **state)
{
    (void)state;
    struct hs_prefix_map map = {HS_S("s3://bucket/a"), hs_str_of(at("t"))};
    struct hs_store s = {.root = hs_str_of(at("t")), .prefixes = &map, .prefix_count = 1};
    bool mapped;
    struct hs_err err;
    s.fallback_from = HS_S("hdfs://h/old/t");
    maps(s, "s3a://other/a/gone", true);
    maps(s, "/old/t/gone", true);
    maps(s, "data/gone", true);
    maps(s, "s3://bucket/b/gone", false);
    maps(s, "/elsewhere/gone", false);
    assert_int_equal(hs_store_maps(arena, &s, HS_S("a/../b"), &mapped, &err), HS_DENIED);
}

static void test_reading(void **state)
{
    (void)state;
    hs_str file = hs_str_of(at("t/data/a.parquet")), out;
    struct hs_err err;
    int64_t size;
    assert_int_equal(hs_store_read(arena, file, 10, &out, &err), HS_OK);
    assert_true(hs_str_is(out, "0123456789"));
    assert_int_equal(hs_store_read(arena, file, 9, &out, &err), HS_LIMIT);
    assert_int_equal(hs_store_read_range(arena, file, 2, 3, &out, &err), HS_OK);
    assert_true(hs_str_is(out, "234"));
    assert_int_equal(hs_store_read_range(arena, file, -4, 4, &out, &err), HS_OK);
    assert_true(hs_str_is(out, "6789"));
    assert_int_equal(hs_store_read_range(arena, file, 8, 3, &out, &err), HS_CORRUPT);
    assert_int_equal(hs_store_read_range(arena, file, -11, 1, &out, &err), HS_CORRUPT);
    assert_int_equal(hs_store_read_range(arena, file, 1, SIZE_MAX, &out, &err), HS_CORRUPT);
    assert_int_equal(hs_store_size(file, &size, &err), HS_OK);
    assert_int_equal(size, 10);
    assert_int_equal(hs_store_read(arena, hs_str_of(at("t/data/pipe")), 10, &out, &err), HS_INVALID);
    assert_int_equal(hs_store_read(arena, hs_str_of(at("t/data")), 10, &out, &err), HS_INVALID);
    assert_int_equal(hs_store_read(arena, hs_str_of(at("none")), 10, &out, &err), HS_NOT_FOUND);
    assert_int_equal(hs_object_read(arena, file, 10, &out, &err), HS_OK);
    assert_true(hs_str_is(out, "0123456789"));
    assert_int_equal(hs_object_read(arena, hs_str_of(at("t/data/pipe")), 10, &out, &err), HS_INVALID);
    assert_int_equal(hs_object_read(arena, hs_str_of(at("none")), 10, &out, &err), HS_NOT_FOUND);
}

static hs_rc find(const char *name, struct hs_found *out)
{
    struct hs_store s = table();
    struct hs_err err;
    return hs_store_find(arena, &s, hs_str_of(name), out, &err);
}

/* What hs_store_resolve and hs_object_stamp say one after the other, links and all. */
static void test_finding(void **state)
{
    (void)state;
    struct hs_found found, again;
    struct hs_stamp stamp;
    struct hs_err err;
    put("t/data/found", "12345");
    assert_int_equal(find("data/found", &found), HS_OK);
    assert_true(found.known && hs_str_is(found.name, at("t/data/found")));
    assert_int_equal(found.stamp.size, 5);
    assert_int_equal(hs_object_stamp(found.name, &stamp, &err), HS_OK);
    assert_true(hs_stamp_same(&stamp, &found.stamp));
    assert_int_equal(symlink("found", at("t/data/found_link")), 0);
    assert_int_equal(find("data/found_link", &again), HS_OK);
    assert_true(hs_str_eq(again.name, found.name) && hs_stamp_same(&again.stamp, &found.stamp));
    assert_int_equal(unlink(at("t/data/found_link")), 0);
    assert_int_equal(symlink(at("secret"), at("t/data/found_link")), 0);
    assert_int_equal(find("data/found_link", &again), HS_DENIED);
    assert_int_equal(unlink(at("t/data/found_link")), 0);
    assert_int_equal(unlink(at("t/data/found")), 0);
    put("t/data/found", "54321+");
    assert_int_equal(find("data/found", &again), HS_OK);
    assert_false(hs_stamp_same(&again.stamp, &found.stamp)); /* another file */
    assert_int_equal(unlink(at("t/data/found")), 0);
    assert_int_equal(find("data/found", &again), HS_NOT_FOUND);
    assert_int_equal(find("data", &again), HS_INVALID);
    assert_true(hs_str_is(again.name, at("t/data")));
    assert_int_equal(find("data/pipe", &again), HS_INVALID);
    assert_int_equal(find("../secret", &again), HS_DENIED);
}

/* The same with a folder that is kept open, whatever the order: in it, beside it, links, nothing. */
static void test_near(void **state)
{
    (void)state;
    static const char *const names[] = {"near/a",   "near/b",      "near/out",  "near/in", "near/none",
                                        "near/b/x", "near/deep/c", "near/deep", "near/a",  "near/pipe",
                                        "near",     "../secret",   "none/a"};
    enum { NAMES = sizeof names / sizeof *names };
    mkdir(at("t/near"), 0700);
    mkdir(at("t/near/deep"), 0700);
    put("t/near/a", "a");
    put("t/near/b", "bb");
    put("t/near/deep/c", "ccc");
    assert_int_equal(symlink(at("secret"), at("t/near/out")), 0);
    assert_int_equal(symlink("b", at("t/near/in")), 0);
    assert_int_equal(mkfifo(at("t/near/pipe"), 0600), 0);
    struct hs_near near;
    struct hs_store s = table(), kept = s;
    kept.near = &near;
    hs_near_init(&near);
    uint32_t seed = 1;
    for (int i = 0; i < 500; i++) {
        struct hs_found plain, found;
        struct hs_err err;
        seed = seed * 1664525u + 1013904223u;
        hs_str name = hs_str_of(names[i < 2 * NAMES ? (size_t)i / 2 : (seed >> 16) % NAMES]);
        hs_rc rc = hs_store_find(arena, &s, name, &plain, &err);
        assert_int_equal(hs_store_find(arena, &kept, name, &found, &err), rc);
        assert_true(rc != HS_OK || (hs_str_eq(plain.name, found.name) && hs_stamp_same(&plain.stamp, &found.stamp)));
    }
    struct hs_found found;
    struct hs_err err;
    hs_str text;
    assert_int_equal(hs_store_find(arena, &kept, HS_S("near/a"), &found, &err), HS_OK);
    assert_int_equal(hs_store_find(arena, &kept, HS_S("near/b"), &found, &err), HS_OK);
    assert_int_equal(rename(at("t/near"), at("t/far")), 0); /* a link comes to stand where the folder was */
    assert_int_equal(symlink("far", at("t/near")), 0);
    assert_int_equal(hs_object_read(arena, found.name, 10, &text, &err), HS_DENIED);
    hs_near_close(&near);
    hs_near_close(&near);
    assert_int_equal(unlink(at("t/near")), 0);
}

/* Every way to an object, while `name` is what stands there. */
static void objects_are_refused(const char *name)
{
    struct hs_err err;
    struct hs_stamp stamp;
    hs_str out, file = hs_str_of(at(name));
    assert_int_equal(hs_object_read(arena, file, 100, &out, &err), HS_DENIED);
    assert_int_equal(hs_object_read_range(arena, file, 0, 1, &out, &err), HS_DENIED);
    assert_int_equal(hs_object_stamp(file, &stamp, &err), HS_DENIED);
    assert_null(strstr(err.shown, "swap"));
    assert_int_equal(hs_store_read(arena, file, 100, &out, &err), HS_OK); /* our own files may lie behind links */
}

/* Resolved first, swapped then: the file itself, and a folder on the way to it. */
static void test_swapped_for_a_link(void **state)
{
    (void)state;
    struct hs_store s = table();
    mkdir(at("t/swap"), 0700);
    put("t/swap/a.parquet", "mine");
    leads(s, "swap/a.parquet", "t/swap/a.parquet");
    assert_int_equal(unlink(at("t/swap/a.parquet")), 0);
    assert_int_equal(symlink(at("secret"), at("t/swap/a.parquet")), 0);
    objects_are_refused("t/swap/a.parquet");
    assert_int_equal(unlink(at("t/swap/a.parquet")), 0);
    assert_int_equal(rmdir(at("t/swap")), 0);
    assert_int_equal(symlink("../other", at("t/swap")), 0);
    objects_are_refused("t/swap/a.parquet");
    assert_int_equal(unlink(at("t/swap")), 0);
}

/* The table's own directory, or a prefix's, is looked at when the model is loaded; a link that it becomes later leads
 * nowhere. */
static void test_within(void **state)
{
    (void)state;
    mkdir(at("mine"), 0700);
    put("mine/a.parquet", "mine");
    struct hs_prefix_map map = {HS_S("s3://b/"), hs_arena_str(arena, hs_str_of(at("mine")))};
    struct hs_store s = {.root = map.to, .within = map.to};
    struct hs_store prefixed = {
        .root = hs_str_of(at("t")), .within = hs_str_of(at("t")), .prefixes = &map, .prefix_count = 1};
    leads(s, "a.parquet", "mine/a.parquet");
    leads(prefixed, "s3://b/a.parquet", "mine/a.parquet");
    FAILS(s, at("other/a.parquet"), HS_DENIED);
    assert_int_equal(rename(at("mine"), at("was-mine")), 0);
    assert_int_equal(symlink("other", at("mine")), 0);
    FAILS(s, "a.parquet", HS_DENIED);
    FAILS(s, at("mine/a.parquet"), HS_DENIED);
    FAILS(prefixed, "s3://b/a.parquet", HS_DENIED);
    s.within.len = 0;
    leads(s, "a.parquet", "other/a.parquet");
    struct hs_store wider = {.root = hs_str_of(at("t")), .within = hs_str_of(at("t/data"))}; /* metadata said more */
    put("t/b.parquet", "b");
    FAILS(wider, "b.parquet", HS_DENIED);
    leads(wider, "data/a.parquet", "t/data/a.parquet");
    assert_int_equal(unlink(at("mine")), 0);
}

/* A prefix that leads into a store opens no directory of this machine, whatever its key looks like. */
static void test_store_target_is_no_directory(void **state)
{
    (void)state;
    hs_str key = hs_arena_printf(arena, "s3://mine%s", at("other"));
    struct hs_prefix_map map = {HS_S("hdfs://gone/x"), key};
    struct hs_store s = {.root = hs_str_of(at("t")), .prefixes = &map, .prefix_count = 1};
    FAILS(s, at("other/a.parquet"), HS_DENIED);
    s.within = s.root;
    FAILS(s, at("other/a.parquet"), HS_DENIED);
}

static void test_listing(void **state)
{
    (void)state;
    hs_str *names;
    size_t count;
    struct hs_err err;
    assert_int_equal(hs_store_list(arena, hs_str_of(at("t/data")), &names, &count, &err), HS_OK);
    assert_int_equal(count, 3);
    assert_true(hs_str_is(names[0], "a.parquet"));
    assert_int_equal(hs_store_list(arena, hs_str_of(at("none")), &names, &count, &err), HS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_paths), cmocka_unit_test(test_refused_paths),
        cmocka_unit_test(test_prefixes),    cmocka_unit_test(test_authorities),
        cmocka_unit_test(test_fallback),    cmocka_unit_test(test_reading),
        cmocka_unit_test(test_listing),     cmocka_unit_test(test_swapped_for_a_link),
        cmocka_unit_test(test_within),      cmocka_unit_test(test_store_target_is_no_directory),
        cmocka_unit_test(test_maps),        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_near),
    };
    pid_t without = fork(); /* once more, as on a kernel without openat2: faults are read once in a process */
    if (without == 0)
        setenv("HS_FAULTS", "openat2-missing", 1);
    int failed = cmocka_run_group_tests(tests, setup, teardown), status = 0;
    if (without == 0)
        _exit(failed != 0);
    waitpid(without, &status, 0);
    return failed || status;
}
