/* Which deletes apply to which data file: every rule of the specification's "Scan Planning" with handwritten entries.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "iceberg/plan_in.h"
#include "model/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Specs: 0 by an identity, 1 without fields, 2 with a void alone, 3 with a void and an identity. */
static struct hs_partition_field identity[] = {{.field_id = 1000, .source_id = 1, .transform = HS_TR_IDENTITY}};
static struct hs_partition_field nothing[] = {{.field_id = 1000, .source_id = 1, .transform = HS_TR_VOID}};
static struct hs_partition_field mixed[] = {{.field_id = 1000, .source_id = 1, .transform = HS_TR_VOID},
                                            {.field_id = 1001, .source_id = 2, .transform = HS_TR_IDENTITY}};
static struct hs_partition_spec specs[] = {{0, identity, 1}, {1, NULL, 0}, {2, nothing, 1}, {3, mixed, 2}};
static struct hs_iceberg_table table = {.specs = specs, .spec_count = 4};

static char base[256];
static struct hs_prefix_map map;
static struct hs_store store;
static struct hs_arena *arena;
static struct hs_delete_index *x;

static int ids[] = {1};

static struct hs_planned *planned(enum hs_entry_content content, const char *path, int64_t sequence, int spec,
                                  int partition)
{
    struct hs_entry *e = HS_NEW(arena, struct hs_entry);
    struct hs_planned *p = HS_NEW(arena, struct hs_planned);
    *e =
        (struct hs_entry){.content = content, .format = HS_FILE_PARQUET, .path = hs_str_of(path), .content_offset = -1};
    e->content_len = -1;
    e->equality_ids = ids;
    e->equality_id_count = content == HS_CONTENT_EQUALITY_DELETES;
    *p = (struct hs_planned){e, {.sequence_number = sequence}, spec, partition};
    return p;
}

static struct hs_planned *data(const char *path, int64_t sequence, int spec, int partition)
{
    return planned(HS_CONTENT_DATA, path, sequence, spec, partition);
}

static hs_rc try_add(const struct hs_planned *p)
{
    struct hs_err err;
    return hs_delete_index_add(x, p, &err);
}

static struct hs_entry *entry(const struct hs_planned *p)
{
    return (struct hs_entry *)(uintptr_t)p->entry;
}

static void position(const char *path, int64_t sequence, int spec, int partition)
{
    assert_int_equal(try_add(planned(HS_CONTENT_POSITION_DELETES, path, sequence, spec, partition)), HS_OK);
}

static void named(const char *path, int64_t sequence, int partition, const char *target)
{
    struct hs_planned *p = planned(HS_CONTENT_POSITION_DELETES, path, sequence, 0, partition);
    entry(p)->referenced_file = hs_str_of(target);
    assert_int_equal(try_add(p), HS_OK);
}

static void bounded(const char *path, int64_t sequence, int partition, const char *lower, const char *upper)
{
    struct hs_planned *p = planned(HS_CONTENT_POSITION_DELETES, path, sequence, 0, partition);
    struct hs_column_metrics *m = hs_arena_array(arena, 2, sizeof *m);
    m[0] = (struct hs_column_metrics){.field_id = 2147483545};
    m[1] = (struct hs_column_metrics){.field_id = 2147483546, .lower = hs_str_of(lower), .upper = hs_str_of(upper)};
    entry(p)->metrics = m;
    entry(p)->metric_count = 2;
    assert_int_equal(try_add(p), HS_OK);
}

static void vector(const char *path, int64_t sequence, int partition, const char *target)
{
    struct hs_planned *p = planned(HS_CONTENT_POSITION_DELETES, path, sequence, 0, partition);
    entry(p)->format = HS_FILE_PUFFIN;
    entry(p)->content_offset = 4;
    entry(p)->content_len = 40;
    entry(p)->referenced_file = hs_str_of(target);
    assert_int_equal(try_add(p), HS_OK);
}

static void equality(const char *path, int64_t sequence, int spec, int partition)
{
    assert_int_equal(try_add(planned(HS_CONTENT_EQUALITY_DELETES, path, sequence, spec, partition)), HS_OK);
}

static void put(struct hs_buf *to, struct hs_applying found, char mark)
{
    for (size_t i = 0; i < found.count; i++)
        hs_buf_addf(to, "%c%.*s ", mark, HS_FMT(found.files[i]->entry->path));
}

static hs_rc ask(const struct hs_planned *d, struct hs_buf *to, struct hs_err *err)
{
    struct hs_position_deletes found;
    hs_str local;
    HS_TRY(hs_store_resolve(arena, &store, d->entry->path, &local, err));
    HS_TRY(hs_delete_index_positions(x, d, local, &found, err));
    if (found.vector)
        put(to, (struct hs_applying){&found.vector, 1}, 'v');
    put(to, found.named, 'n');
    put(to, found.shared, 's');
    return HS_OK;
}

/* "v": the vector, "n": names this file, "s": of the partition. */
static void gets(const struct hs_planned *d, const char *expected)
{
    struct hs_buf text;
    struct hs_err err = {0};
    hs_buf_init(&text, 1 << 16);
    hs_rc rc = ask(d, &text, &err);
    if (rc != HS_OK)
        print_message("%s\n", err.detail);
    assert_int_equal(rc, HS_OK);
    assert_string_equal(text.at ? text.at : "", expected);
    hs_buf_fini(&text);
}

static void fails(const struct hs_planned *d, hs_rc kind)
{
    struct hs_buf text;
    struct hs_err err = {0};
    hs_buf_init(&text, 1 << 16);
    assert_int_equal(ask(d, &text, &err), kind);
    assert_null(strstr(err.shown, ".parquet"));
    hs_buf_fini(&text);
}

static void marked(const char *expected)
{
    struct hs_applying found;
    struct hs_err err;
    struct hs_buf text;
    hs_buf_init(&text, 1 << 16);
    assert_int_equal(hs_delete_index_marked(x, &found, &err), HS_OK);
    put(&text, found, ' ');
    assert_string_equal(text.at ? text.at : "", expected);
    hs_buf_fini(&text);
}

static void will_read(const struct hs_planned *d)
{
    struct hs_err err;
    assert_int_equal(hs_delete_index_equality(x, d, &err), HS_OK);
}

/* ---- position deletes ---- */

static void test_sequence(void **state)
{
    (void)state;
    position("d5", 5, 0, 0);
    position("d3", 3, 0, 0);
    position("d4", 4, 0, 0);
    hs_delete_index_ready(x);
    gets(data("a.parquet", 3, 0, 0), "sd3 sd4 sd5 "); /* its own commit's, too */
    gets(data("a.parquet", 4, 0, 0), "sd4 sd5 ");
    gets(data("a.parquet", 5, 0, 0), "sd5 ");
    gets(data("a.parquet", 6, 0, 0), "");
    gets(data("a.parquet", 0, 0, 0), "sd3 sd4 sd5 ");
}

/* A partition's number stands for spec and values: whoever makes them sees to it. */
static void test_partition(void **state)
{
    (void)state;
    position("d0", 5, 0, 0);
    position("d2", 5, 1, 2);
    hs_delete_index_ready(x);
    gets(data("a.parquet", 1, 0, 0), "sd0 ");
    gets(data("a.parquet", 1, 0, 1), "");
    gets(data("a.parquet", 1, 1, 2), "sd2 "); /* a spec without fields is one partition, not all */
    gets(data("a.parquet", 1, 0, 7), "");
}

static void test_named(void **state)
{
    (void)state;
    named("n5", 5, 0, "a.parquet");
    named("n3", 3, 0, "a.parquet");
    named("other", 5, 0, "b.parquet");
    named("s4", 4, 0, ""); /* as good as none */
    hs_delete_index_ready(x);
    gets(data("a.parquet", 3, 0, 0), "nn3 nn5 ss4 ");
    gets(data("a.parquet", 5, 0, 0), "nn5 ");
    gets(data("b.parquet", 5, 0, 0), "nother ");
    gets(data("c.parquet", 4, 0, 0), "ss4 ");
}

static void test_named_in_another_partition(void **state)
{
    (void)state;
    named("n", 5, 1, "a.parquet");
    vector("v", 5, 1, "b.parquet");
    hs_delete_index_ready(x);
    fails(data("a.parquet", 5, 0, 0), HS_CORRUPT);
    gets(data("a.parquet", 6, 0, 0), "");
    gets(data("a.parquet", 5, 0, 1), "nn ");
    fails(data("b.parquet", 5, 0, 0), HS_CORRUPT);
}

static void test_bounds(void **state)
{
    (void)state;
    bounded("exact", 5, 0, "a.parquet", "a.parquet");
    bounded("range", 5, 0, "a.parquet", "b.parquet");
    bounded("cut", 5, 0, "a.par", "a.par"); /* by a writer that forgot to raise the upper one */
    hs_delete_index_ready(x);
    gets(data("a.parquet", 5, 0, 0), "nexact scut srange ");
    gets(data("b.parquet", 5, 0, 0), "scut srange ");
}

/* ---- spellings ---- */

static void test_spellings(void **state)
{
    (void)state;
    char local[512];
    snprintf(local, sizeof local, "file:%s/t/data/a.parquet", base);
    named("1", 5, 0, "s3://bucket/t/data/a.parquet");
    named("2", 5, 0, "s3a://other/t/data/a.parquet");
    named("3", 5, 0, "data/a.parquet");
    named("4", 5, 0, local);
    named("5", 5, 0, "/t/data//a.parquet");
    named("gone", 5, 0, "s3://bucket/t/gone/a.parquet");
    vector("v", 5, 0, "s3n://bucket/t/data/b.parquet");
    hs_delete_index_ready(x);
    gets(data("s3://bucket/t/data/a.parquet", 5, 0, 0), "n1 n2 n3 n4 n5 ");
    gets(data("data/a.parquet", 5, 0, 0), "n3 n1 n2 n4 n5 ");
    gets(data("a.parquet", 5, 0, 0), "");
    gets(data("data/b.parquet", 5, 0, 0), "vv ");
    gets(data("data/b.parquet", 6, 0, 0), "");
}

/* The same name under a root we know nothing of: it may be this very file. */
static void test_unmapped(void **state)
{
    (void)state;
    named("1", 5, 0, "hdfs://host/elsewhere/a.parquet");
    named("2", 5, 0, "data/../data/b.parquet");
    hs_delete_index_ready(x);
    fails(data("a.parquet", 5, 0, 0), HS_UNSUPPORTED);
    fails(data("b.parquet", 5, 0, 0), HS_UNSUPPORTED);
    gets(data("c.parquet", 5, 0, 0), "");
}

/* ---- vectors ---- */

static void test_vector(void **state)
{
    (void)state;
    vector("v5", 5, 0, "a.parquet");
    named("n9", 9, 0, "a.parquet");
    position("s9", 9, 0, 0);
    vector("b", 5, 0, "b.parquet");
    hs_delete_index_ready(x);
    gets(data("a.parquet", 5, 0, 0), "vv5 "); /* it alone */
    gets(data("a.parquet", 6, 0, 0), "nn9 ss9 ");
    gets(data("b.parquet", 1, 0, 0), "vb ");
    gets(data("c.parquet", 1, 0, 0), "ss9 ");
}

static void test_two_vectors(void **state)
{
    (void)state;
    vector("v5", 5, 0, "a.parquet");
    vector("v6", 6, 0, "./a.parquet");
    vector("v5", 5, 0, "b.parquet");
    vector("v5", 5, 0, "b.parquet");
    hs_delete_index_ready(x);
    fails(data("a.parquet", 5, 0, 0), HS_CORRUPT);
    fails(data("b.parquet", 5, 0, 0), HS_CORRUPT); /* listed twice is two */
}

static void test_bad_entries(void **state)
{
    (void)state;
    struct hs_planned *v = planned(HS_CONTENT_POSITION_DELETES, "v", 5, 0, 0);
    entry(v)->format = HS_FILE_PUFFIN;
    assert_int_equal(try_add(v), HS_CORRUPT); /* of which file? */
    entry(v)->referenced_file = HS_S("");
    assert_int_equal(try_add(v), HS_CORRUPT);
    assert_int_equal(try_add(data("a", 1, 0, 0)), HS_INTERNAL);
    assert_int_equal(try_add(planned(HS_CONTENT_POSITION_DELETES, "p", 5, 0, -1)), HS_INTERNAL);
}

/* ---- equality deletes ---- */

static void test_equality_sequence(void **state)
{
    (void)state;
    equality("e4", 4, 0, 0);
    equality("e3", 3, 0, 0);
    hs_delete_index_ready(x);
    marked("");
    will_read(data("a.parquet", 4, 0, 0));
    marked("");
    will_read(data("a.parquet", 3, 0, 0)); /* strictly younger */
    marked(" e4 ");
    will_read(data("b.parquet", 2, 0, 0));
    will_read(data("b.parquet", 9, 0, 0));
    marked(" e3  e4 ");
    gets(data("a.parquet", 2, 0, 0), "");
}

static void test_equality_partition(void **state)
{
    (void)state;
    equality("part", 5, 0, 0);
    equality("other", 5, 0, 1);
    equality("global", 5, 1, 2);
    equality("void", 5, 2, 3);
    equality("mixed", 5, 3, 4);
    hs_delete_index_ready(x);
    will_read(data("a.parquet", 4, 0, 0));
    marked(" global  void  part ");
    will_read(data("a.parquet", 4, 3, 4));
    marked(" global  void  part  mixed ");
    assert_true(hs_spec_is_global(&table, 1) && hs_spec_is_global(&table, 2));
    assert_false(hs_spec_is_global(&table, 0) || hs_spec_is_global(&table, 3) || hs_spec_is_global(&table, 9));
}

/* ---- size ---- */

enum { MANY = 100000 };

static double seconds(int64_t from)
{
    return (double)(hs_mono_us() - from) / 1e6;
}

/* Each of many data files has a delete file of its own and all share many others. */
static void test_many(void **state)
{
    (void)state;
    struct hs_err err;
    struct hs_position_deletes found;
    size_t count = 0;
    int64_t began = hs_mono_us();
    for (int i = 0; i < MANY; i++) {
        char *own = hs_arena_alloc(arena, 64);
        snprintf(own, 64, "s3://bucket/t/data/%05d.parquet", i);
        named("n", i, 0, own);
        position("s", i, 0, 0);
        equality("e", i, 0, i % 1000);
    }
    hs_delete_index_ready(x);
    for (int i = 0; i < MANY; i++) {
        char path[64];
        snprintf(path, sizeof path, "s3://bucket/t/data/%05d.parquet", i);
        struct hs_planned *d = data(path, i, 0, 0);
        assert_int_equal(hs_delete_index_positions(x, d, d->entry->path, &found, &err), HS_OK);
        count += found.named.count;
        if (found.shared.count != (size_t)(MANY - i))
            fail_msg("%zu", found.shared.count);
        will_read(d);
    }
    assert_int_equal(count, MANY);
    print_message("%d data files, %d delete files: %.2f s\n", MANY, 3 * MANY, seconds(began));
    assert_true(seconds(began) < 20);
}

static hs_rc small_plan(struct hs_arena *a, const struct hs_planned *deletes, const struct hs_planned *d,
                        struct hs_err *err)
{
    struct hs_delete_index *index;
    struct hs_position_deletes found;
    struct hs_applying all;
    HS_TRY(hs_delete_index_new(a, &table, &store, &index, err));
    for (size_t i = 0; i < 3; i++)
        HS_TRY(hs_delete_index_add(index, &deletes[i], err));
    hs_delete_index_ready(index);
    HS_TRY(hs_delete_index_positions(index, d, HS_S("/x/a.parquet"), &found, err));
    HS_TRY(hs_delete_index_equality(index, d, err));
    return hs_delete_index_marked(index, &all, err);
}

static void test_nth_allocation(void **state)
{
    (void)state;
    struct hs_planned deletes[3] = {*planned(HS_CONTENT_POSITION_DELETES, "p", 5, 0, 0),
                                    *planned(HS_CONTENT_POSITION_DELETES, "n", 5, 0, 0),
                                    *planned(HS_CONTENT_EQUALITY_DELETES, "e", 5, 0, 0)};
    entry(&deletes[1])->referenced_file = HS_S("data/a.parquet");
    struct hs_planned *d = data("s3://bucket/t/data/a.parquet", 1, 0, 0);
    for (long n = 0;; n++) {
        struct hs_arena *a = hs_arena_new(0);
        struct hs_err err;
        hs_fault_alloc_after(n);
        hs_rc rc = small_plan(a, deletes, d, &err);
        hs_fault_alloc_after(-1);
        hs_arena_free(a);
        if (rc == HS_OK)
            return;
        assert_int_equal(rc, HS_NOMEM);
        assert_true(n < 200);
    }
}

static int setup(void **state)
{
    (void)state;
    char made[] = "/tmp/hs-deletes-XXXXXX", path[512];
    static const char *const files[] = {"a", "b", "c", "data/a", "data/b"};
    if (!mkdtemp(made) || !realpath(made, base))
        return -1;
    snprintf(path, sizeof path, "%s/t", base);
    mkdir(path, 0700);
    map = (struct hs_prefix_map){HS_S("s3://bucket/t"), hs_str_of(strdup(path))};
    store = (struct hs_store){.root = map.to, .prefixes = &map, .prefix_count = 1};
    snprintf(path, sizeof path, "%s/t/data", base);
    mkdir(path, 0700);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/t/%s.parquet", base, files[i]);
        fclose(fopen(path, "w"));
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char command[512];
    snprintf(command, sizeof command, "rm -rf '%s'", base);
    free((char *)(uintptr_t)map.to.at);
    return system(command);
}

static int begin(void **state)
{
    (void)state;
    struct hs_err err;
    arena = hs_arena_new(0);
    return hs_delete_index_new(arena, &table, &store, &x, &err) == HS_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    hs_arena_free(arena);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sequence),
        TEST(test_partition),
        TEST(test_named),
        TEST(test_named_in_another_partition),
        TEST(test_bounds),
        TEST(test_spellings),
        TEST(test_unmapped),
        TEST(test_vector),
        TEST(test_two_vectors),
        TEST(test_bad_entries),
        TEST(test_equality_sequence),
        TEST(test_equality_partition),
        TEST(test_many),
        TEST(test_nth_allocation),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
