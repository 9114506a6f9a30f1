/* What clients bind, read back: Arrow's own golden streams (when the fixtures are there), damaged ones, and the limits.
 * The values are written to a file that tests/arrow/test_golden.py holds against pyarrow's reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "stream.h"

enum { ROWS = 100000, BYTES = 64 << 20 };

static hs_str load(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return (hs_str){0};
    fseek(f, 0, SEEK_END);
    size_t n = (size_t)ftell(f);
    char *at = malloc(n ? n : 1);
    rewind(f);
    n = fread(at, 1, n, f);
    fclose(f);
    return hs_str_n(at, n);
}

static void print_value(FILE *out, const struct hs_param *p)
{
    fprintf(out, "\t%d:", (int)p->type);
    if (p->null)
        fprintf(out, "NULL");
    else if (p->type == HS_T_FLOAT || p->type == HS_T_DOUBLE)
        fprintf(out, "%.17g", p->d);
    else if (p->type == HS_T_DECIMAL)
        fprintf(out, "%.*s", HS_FMT(p->text));
    else if (p->text.at)
        for (size_t i = 0; i < p->text.len; i++)
            fprintf(out, "%02x", (unsigned char)p->text.at[i]);
    else
        fprintf(out, "%lld", (long long)p->i);
}

static void print_rows(FILE *out, const char *name, const struct hs_ipc_reader *r)
{
    struct hs_err err;
    for (size_t row = 0; row < hs_ipc_reader_rows(r); row++) {
        struct hs_arena *a = hs_arena_new(0);
        struct hs_params p;
        hs_rc rc = hs_ipc_reader_row(r, row, a, &p, &err);
        fprintf(out, "%s\t%zu", name, row);
        for (size_t i = 0; rc == HS_OK && i < p.count; i++)
            print_value(out, &p.at[i]);
        fprintf(out, rc == HS_OK ? "\n" : "\terror:%s\n", err.shown);
        hs_arena_free(a);
    }
}

/* Cut and with bytes changed: anything but a crash is right. */
static void damage(hs_str whole)
{
    struct hs_err err;
    for (unsigned i = 0; i < 60; i++) {
        hs_str part = hs_str_n(whole.at, i < 30 ? whole.len * i / 30 : whole.len);
        char *copy = malloc(part.len + 1);
        memcpy(copy, part.at, part.len);
        if (i >= 30)
            copy[(part.len * 7919u * i) % part.len] ^= (char)(1u << i % 8);
        struct hs_ipc_reader *r = hs_ipc_reader_new(ROWS, BYTES);
        hs_ignore(stream_read(r, hs_str_n(copy, part.len), &err));
        for (size_t row = 0; row < hs_ipc_reader_rows(r) && row < 50; row++) {
            struct hs_arena *a = hs_arena_new(0);
            struct hs_params p;
            hs_ignore(hs_ipc_reader_row(r, row, a, &p, &err));
            hs_arena_free(a);
        }
        hs_ipc_reader_free(r);
        free(copy);
    }
}

static void read_one(FILE *out, const char *path, const char *name)
{
    struct hs_err err;
    hs_str whole = load(path);
    struct hs_ipc_reader *r = hs_ipc_reader_new(ROWS, BYTES);
    if (stream_read(r, whole, &err) != HS_OK)
        fprintf(out, "%s\trefused\t%s\n", name, err.shown);
    else
        print_rows(out, name, r);
    hs_ipc_reader_free(r);
    damage(whole);
    free((void *)(uintptr_t)whole.at);
}

static void golden_streams(void **state)
{
    static const char *const versions[] = {"cpp-21.0.0", "1.0.0-littleendian", "1.0.0-bigendian",  "0.14.1",
                                           "0.17.1",     "4.0.0-shareddict",   "2.0.0-compression"};
    const char *fixtures = getenv("HAILSTORM_FIXTURES"), *build = getenv("HS_BUILD_DIR");
    char path[1024], folder[600];
    (void)state;
    snprintf(path, sizeof path, "%s/arrow_golden.txt", build ? build : "/tmp");
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    for (size_t v = 0; v < sizeof versions / sizeof versions[0]; v++) {
        snprintf(folder, sizeof folder, "%s/arrow-testing/data/arrow-ipc-stream/integration/%s",
                 fixtures ? fixtures : "../shared/fixtures", versions[v]);
        DIR *dir = opendir(folder);
        for (struct dirent *e; dir && (e = readdir(dir));) {
            char name[400];
            if (!hs_str_ends(hs_str_of(e->d_name), HS_S(".stream")))
                continue;
            snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
            snprintf(name, sizeof name, "%s/%s", versions[v], e->d_name);
            read_one(out, path, name);
        }
        if (dir)
            closedir(dir);
    }
    fclose(out);
}

/* ---- limits and allocations, over the saved corpus ---- */

static hs_str corpus(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "src/arrow/test/corpus/fuzz_ipc_reader/%s", name);
    return load(path);
}

static void limits_have_words(void **state)
{
    struct hs_err err;
    hs_str whole = corpus("flat.arrows");
    (void)state;
    assert_true(whole.len > 0);
    struct hs_ipc_reader *r = hs_ipc_reader_new(2, BYTES);
    assert_int_equal(stream_read(r, whole, &err), HS_LIMIT);
    assert_non_null(strstr(err.shown, "rows"));
    hs_ipc_reader_free(r);
    r = hs_ipc_reader_new(ROWS, 1000);
    assert_int_equal(stream_read(r, whole, &err), HS_LIMIT);
    assert_non_null(strstr(err.shown, "bytes"));
    hs_ipc_reader_free(r);
    free((void *)(uintptr_t)whole.at);
}

static void refused(const char *name, const char *words)
{
    struct hs_err err;
    hs_str whole = corpus(name);
    struct hs_ipc_reader *r = hs_ipc_reader_new(ROWS, BYTES);
    assert_int_equal(stream_read(r, whole, &err), HS_UNSUPPORTED);
    assert_non_null(strstr(err.shown, words));
    hs_ipc_reader_free(r);
    free((void *)(uintptr_t)whole.at);
}

static void what_is_not_read_says_so(void **state)
{
    (void)state;
    refused("nested.arrows", "struct");
    refused("compressed.arrows", "compressed");
    refused("half.arrows", "half float");
}

static void every_allocation_may_fail(void **state)
{
    struct hs_err err;
    hs_str whole = corpus("dictionary.arrows");
    (void)state;
    assert_true(whole.len > 0);
    hs_rc rc = HS_NOMEM;
    for (long n = 0; n < 1000 && rc != HS_OK; n++) {
        hs_fault_alloc_after(n);
        struct hs_ipc_reader *r = hs_ipc_reader_new(ROWS, BYTES);
        struct hs_arena *a = hs_arena_new(0);
        struct hs_params p;
        rc = r && a ? stream_read(r, whole, &err) : HS_NOMEM;
        if (rc == HS_OK)
            rc = hs_ipc_reader_row(r, 0, a, &p, &err);
        assert_true(rc == HS_OK || rc == HS_NOMEM);
        hs_fault_alloc_after(-1);
        hs_arena_free(a);
        hs_ipc_reader_free(r);
    }
    assert_int_equal(rc, HS_OK);
    free((void *)(uintptr_t)whole.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_streams),
        cmocka_unit_test(limits_have_words),
        cmocka_unit_test(what_is_not_read_says_so),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
