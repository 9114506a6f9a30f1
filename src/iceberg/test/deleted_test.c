/* Positions out of delete files: Parquet through a reader of the test's, Avro, vectors; whoever's spelling of a path.
 */
#include "base/alloc.h"
#include "golden.h"
#include "iceberg/deleted_in.h"
#include "iceberg/shared_caches.h"
#include "seeds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <zlib.h>

#include <cmocka.h>

static char base[256];
static struct hs_prefix_map map;
static struct hs_store store;
static struct hs_arena *arena;
static struct hs_deleted *deleted;

/* ---- a reader: its rows, in batches of two ---- */

struct row {
    const char *path; /* NULL */
    int64_t pos;      /* -2: NULL */
};
static const struct row *rows;
static size_t row_count;
static int reads;
static int seen_ids[2];

struct body { /* of at most two rows */
    uint8_t path_bits[8], pos_bits[8];
    int32_t offsets[4];
    int64_t pos[2];
    char text[512];
};

static hs_rc give(const struct row *from, size_t count,
                  hs_rc (*on_batch)(void *, const struct hs_batch *, struct hs_err *), void *arg, struct hs_err *err)
{
    struct body body = {0};
    for (size_t i = 0; i < count; i++) {
        size_t len = from[i].path ? strlen(from[i].path) : 0;
        memcpy(body.text + body.offsets[i], from[i].path ? from[i].path : "", len);
        body.offsets[i + 1] = body.offsets[i] + (int32_t)len;
        body.path_bits[0] |= (uint8_t)((from[i].path != NULL) << i);
        body.pos_bits[0] |= (uint8_t)((from[i].pos != -2) << i);
        body.pos[i] = from[i].pos;
    }
    struct hs_batch_node nodes[2] = {{(int64_t)count, 0}, {(int64_t)count, 0}};
    struct hs_batch_buffer buffers[5] = {{offsetof(struct body, path_bits), 1},
                                         {offsetof(struct body, offsets), 4 * ((int64_t)count + 1)},
                                         {offsetof(struct body, text), body.offsets[count]},
                                         {offsetof(struct body, pos_bits), 1},
                                         {offsetof(struct body, pos), 8 * (int64_t)count}};
    struct hs_batch batch = {.rows = (int64_t)count,
                             .nodes = nodes,
                             .node_count = 2,
                             .buffers = buffers,
                             .buffer_count = 5,
                             .body = (const uint8_t *)&body,
                             .body_len = sizeof body};
    return on_batch(arg, &batch, err);
}

static hs_rc read_rows(void *ctx, hs_str local, const struct hs_type *physical, const struct hs_type *wanted,
                       hs_rc (*on_batch)(void *, const struct hs_batch *, struct hs_err *), void *arg,
                       struct hs_err *err)
{
    (void)ctx;
    (void)local;
    reads++;
    assert_int_equal(wanted->field_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(hs_type_field_by_id(physical, wanted->fields[i].id));
        seen_ids[i] = wanted->fields[i].id;
    }
    for (size_t i = 0; i < row_count; i += 2)
        HS_TRY(give(&rows[i], row_count - i < 2 ? 1 : 2, on_batch, arg, err));
    return HS_OK;
}

static const struct hs_row_reader reader = {read_rows, NULL};

/* ---- entries ---- */

static struct hs_planned *planned(const char *path, int64_t records, int64_t sequence)
{
    struct hs_entry *e = HS_NEW(arena, struct hs_entry);
    struct hs_planned *p = HS_NEW(arena, struct hs_planned);
    *e = (struct hs_entry){.content = HS_CONTENT_POSITION_DELETES, .path = hs_str_of(path), .record_count = records};
    e->format = strstr(path, ".avro") ? HS_FILE_AVRO : strstr(path, ".puffin") ? HS_FILE_PUFFIN : HS_FILE_PARQUET;
    e->content_offset = e->content_len = -1;
    *p = (struct hs_planned){.entry = e, .numbers = {.sequence_number = sequence}};
    return p;
}

static hs_rc ask(const char *path, int64_t sequence, const struct hs_position_deletes *deletes,
                 struct hs_positions **out, struct hs_err *err)
{
    hs_str local;
    struct hs_planned *d = planned(path, 100, sequence);
    HS_TRY(hs_store_resolve(arena, &store, d->entry->path, &local, err));
    return hs_deleted_positions(deleted, deletes, d, local, out, err);
}

static void gets(const char *path, const struct hs_position_deletes *deletes, const char *expected)
{
    struct hs_positions *p = NULL;
    struct hs_err err = {0};
    char text[256] = "";
    hs_rc rc = ask(path, 1, deletes, &p, &err);
    if (rc != HS_OK)
        print_message("%s\n", err.detail);
    assert_int_equal(rc, HS_OK);
    for (int i = 0; p && i < 100; i++)
        if (hs_positions_has(p, i))
            snprintf(text + strlen(text), sizeof text - strlen(text), "%d ", i);
    assert_string_equal(text, expected);
    if (*expected == 0)
        assert_null(p);
    hs_positions_unref(p);
}

static struct hs_position_deletes one(const char *file, int64_t records)
{
    const struct hs_planned **slot = hs_arena_alloc(arena, sizeof *slot);
    *slot = planned(file, records, 5);
    return (struct hs_position_deletes){.named = {slot, 1}};
}

static void fails(struct hs_position_deletes deletes, hs_rc kind)
{
    struct hs_positions *p;
    struct hs_err err = {0};
    hs_iceberg_cache_clear();
    assert_int_equal(ask("data/a", 1, &deletes, &p, &err), kind);
    assert_null(strstr(err.shown, "data/"));
    assert_non_null(strstr(err.detail, "data/"));
}

#define ROWS(...)                                       \
    do {                                                \
        static const struct row list[] = {__VA_ARGS__}; \
        rows = list;                                    \
        row_count = sizeof list / sizeof *list;         \
        hs_iceberg_cache_clear();                       \
    } while (0)
#define A "s3://bucket/t/data/a"
#define B "s3://bucket/t/data/b"

/* ---- Parquet ---- */

static void test_parquet(void **state)
{
    (void)state;
    static const char *const files[] = {"data/ids.parquet", "data/named.parquet", "data/renamed.parquet"};
    for (size_t i = 0; i < 3; i++) {
        ROWS({A, 3}, {A, 1}, {B, 2}, {A, 3});
        struct hs_position_deletes d = one(files[i], 4);
        gets("data/a", &d, "1 3 ");
        gets(B, &d, "2 ");
        gets("data/c", &d, "");
        assert_int_equal(seen_ids[0], 2147483546);
        assert_int_equal(seen_ids[1], 2147483545);
    }
}

static void test_read_once(void **state)
{
    (void)state;
    ROWS({A, 3}, {A, 1}, {B, 2}, {A, 3});
    struct hs_position_deletes d = one("data/ids.parquet", 4);
    reads = 0;
    for (int i = 0; i < 5; i++)
        gets("data/a", &d, "1 3 ");
    assert_int_equal(reads, 1);
    assert_int_equal(hs_cache_stats(hs_deleted_cache()).entries, 1);
    hs_iceberg_cache_clear();
    gets("data/a", &d, "1 3 ");
    assert_int_equal(reads, 2);
}

/* The file is cached as it is written: another table's maps are another table's. */
static void test_two_stores(void **state)
{
    (void)state;
    struct hs_store before = store;
    ROWS({"hdfs://h/x/data/a", 3}, {A, 1}, {"hdfs://h/x/data/a", 4}, {B, 3});
    struct hs_position_deletes d = one("data/ids.parquet", 4);
    struct hs_prefix_map both[2] = {map, {HS_S("hdfs://h/x"), map.to}};
    struct hs_positions *p;
    struct hs_err err;
    assert_int_equal(ask("data/a", 1, &d, &p, &err), HS_UNSUPPORTED); /* who knows what hdfs://h/x is */
    store.prefixes = both;
    store.prefix_count = 2;
    gets("data/a", &d, "1 3 4 ");
    both[1].to = hs_str_of("/nowhere");
    gets("data/a", &d, "1 ");
    store = before;
}

static void test_spellings(void **state)
{
    (void)state;
    char local[512];
    snprintf(local, sizeof local, "%s/t/data/a", base);
    const struct row list[] = {{A, 1}, {"s3a://other/t/data/a", 2}, {local, 3}, {"s3://bucket/t/gone/a", 4}};
    rows = list;
    row_count = 4;
    hs_iceberg_cache_clear();
    struct hs_position_deletes d = one("data/ids.parquet", 4);
    gets("data/a", &d, "1 2 3 ");
    gets(A, &d, "1 2 3 ");
}

static void test_odd_rows(void **state)
{
    (void)state;
    struct hs_position_deletes d = one("data/ids.parquet", 4);
    ROWS({NULL, -2}, {A, 1}, {NULL, -2}, {A, 99});
    gets("data/a", &d, "1 99 ");
    ROWS({A, 1}, {A, -1}, {A, 1}, {A, 1});
    fails(d, HS_CORRUPT);
    ROWS({A, 1}, {NULL, 1}, {A, 1}, {A, 1});
    fails(d, HS_CORRUPT);
    ROWS({A, 1}, {A, -2}, {A, 1}, {A, 1});
    fails(d, HS_CORRUPT);
    ROWS({A, 1}, {A, INT64_MAX}, {A, 1}, {A, 1});
    fails(d, HS_CORRUPT);
    ROWS({A, 1}, {A, INT64_MAX - 1}, {A, 2}, {A, 3}); /* past the file's end */
    gets("data/a", &d, "1 2 3 ");
}

static void test_counts(void **state)
{
    (void)state;
    ROWS({A, 1}, {A, 2}, {A, 3});
    fails(one("data/ids.parquet", 4), HS_CORRUPT); /* the reader gave three of four */
    ROWS({A, 1}, {A, 2}, {A, 3}, {A, 4});
    struct hs_position_deletes d = one("data/ids.parquet", 3); /* the manifest says three: the file knows better */
    gets("data/a", &d, "1 2 3 4 ");
    d = one("data/empty.parquet", 0);
    gets("data/a", &d, "");
    fails(one("data/without.parquet", 4), HS_CORRUPT);
    fails(one("data/number.parquet", 4), HS_CORRUPT);
    fails(one("data/missing.parquet", 4), HS_CORRUPT);
}

static void test_refused(void **state)
{
    (void)state;
    struct hs_position_deletes d = one("data/ids.parquet", 4);
    struct hs_err err = {0};
    struct hs_positions *p;
    hs_iceberg_cache_clear();
    ((struct hs_entry *)(uintptr_t)d.named.files[0]->entry)->format = HS_FILE_ORC;
    fails(d, HS_UNSUPPORTED);
    ((struct hs_entry *)(uintptr_t)d.named.files[0]->entry)->format = HS_FILE_OTHER;
    fails(d, HS_UNSUPPORTED);
    struct hs_deleted *without;
    assert_int_equal(hs_deleted_new(arena, &store, NULL, &without, &err), HS_OK);
    struct hs_deleted *before = deleted;
    deleted = without;
    d = one("data/ids.parquet", 4);
    assert_int_equal(ask("data/a", 1, &d, &p, &err), HS_UNSUPPORTED);
    d = one("data/ids.avro", 3);
    gets("data/a", &d, "1 5 ");
    deleted = before;
}

/* ---- what the manifest says ---- */

static struct hs_column_metrics stated[2] = {{.field_id = 2147483545}, {.field_id = 2147483546}};

/* Bounds by text and by number; NULL and -1: not stated. */
static struct hs_position_deletes within(const char *from, const char *to, int64_t least, int64_t greatest)
{
    static int64_t numbers[2];
    struct hs_position_deletes d = one("data/ids.parquet", 4);
    struct hs_entry *e = (struct hs_entry *)(uintptr_t)d.named.files[0]->entry;
    numbers[0] = least, numbers[1] = greatest;
    stated[0].lower = least < 0 ? (hs_str){0} : (hs_str){(const char *)&numbers[0], 8};
    stated[0].upper = greatest < 0 ? (hs_str){0} : (hs_str){(const char *)&numbers[1], 8};
    stated[1].lower = from ? hs_str_of(from) : (hs_str){0};
    stated[1].upper = to ? hs_str_of(to) : (hs_str){0};
    e->metrics = stated;
    e->metric_count = 2;
    return d;
}

static void test_bounds(void **state)
{
    (void)state;
    static const struct bounds {
        const char *from, *to;
        int64_t least, greatest;
        bool agree;
    } cases[] = {
        {NULL, NULL, -1, -1, true},
        {A, B, 1, 7, true},
        {A, A, 1, 7, false},                                  /* b is beyond */
        {B, B, 1, 7, false},                                  /* a is below */
        {"s3://bucket/t/d", "s3://bucket/t/e", -1, -1, true}, /* cut short, the upper one raised */
        {"s3://bucket/t/data/a0", NULL, -1, -1, false},
        {"/t/data/a", "/t/data/b", 1, 7, true}, /* without scheme and authority */
        {"/t/data/b", "/t/data/b", 1, 7, false},
        {"hdfs://h:8020/t/data/a", "hdfs://h:8020/t/data/b", 1, 7, true}, /* under another name of the place */
        {"s3://buc", "s3://bud", 1, 7, true},                             /* cut before the path begins */
        {A, B, 2, 7, false},
        {A, B, -1, 6, false},
        {A, B, 0, 100, true},
    };
    ROWS({A, 3}, {A, 1}, {B, 2}, {A, 7});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hs_position_deletes d = within(cases[i].from, cases[i].to, cases[i].least, cases[i].greatest);
        hs_iceberg_cache_clear();
        if (cases[i].agree)
            gets("data/a", &d, "1 3 7 ");
        else
            fails(d, HS_CORRUPT);
    }
}

static void test_rows_of_another_file(void **state)
{
    (void)state;
    struct hs_position_deletes d = one("data/ids.parquet", 4);
    struct hs_entry *e = (struct hs_entry *)(uintptr_t)d.named.files[0]->entry;
    e->referenced_file = HS_S("s3://bucket/t/data/a");
    ROWS({A, 3}, {"s3a://bucket/t/data/a", 1}, {A, 2}, {A, 7});
    gets("data/a", &d, "1 2 3 7 ");
    ROWS({A, 3}, {A, 1}, {B, 2}, {A, 7});
    fails(d, HS_CORRUPT);
}

/* ---- pages ---- */

static void write_checked(const char *bytes, size_t len)
{
    char path[512];
    snprintf(path, sizeof path, "%s/t/data/checked.parquet", base);
    FILE *f = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
}

/* The reader here gives its own rows whatever lies in the pages: what is told is told by us. */
static void test_pages(void **state)
{
    (void)state;
    struct hs_position_deletes d = one("data/checked.parquet", 4);
    hs_str whole = seed("data/deletes/checked.parquet");
    char *bytes = (char *)(uintptr_t)whole.at;
    uint32_t footer;
    memcpy(&footer, bytes + whole.len - 8, 4);
    size_t pages = whole.len - 8 - footer, told = 0;
    ROWS({A, 3}, {A, 1}, {B, 2}, {A, 3});
    gets("data/a", &d, "1 3 ");
    for (size_t at = 4; at < pages; at++) {
        struct hs_positions *p = NULL;
        struct hs_err err;
        bytes[at] ^= 0x10;
        write_checked(bytes, whole.len);
        bytes[at] ^= 0x10;
        hs_iceberg_cache_clear();
        hs_rc rc = ask("data/a", 1, &d, &p, &err);
        assert_true(rc == HS_OK || rc == HS_CORRUPT);
        told += rc == HS_CORRUPT;
        hs_positions_unref(p);
    }
    assert_true(told * 2 > pages - 4); /* the rest is what headers say beside lengths and sums: bounds, mostly */
    write_checked(bytes, whole.len);
    hs_iceberg_cache_clear();
    gets("data/a", &d, "1 3 ");
    seed_free(whole);
}

/* ---- Avro ---- */

static void test_avro(void **state)
{
    (void)state;
    static const char *const files[] = {"data/ids.avro", "data/named.avro"};
    for (size_t i = 0; i < 2; i++) {
        struct hs_position_deletes d = one(files[i], 3);
        gets("data/a", &d, "1 5 ");
        gets("data/b", &d, "2 ");
    }
    struct hs_position_deletes nulls = one("data/nulls.avro", 3);
    gets("data/a", &nulls, "1 ");
    fails(one("data/half.avro", 2), HS_CORRUPT);
    fails(one("data/negative.avro", 2), HS_CORRUPT);
    fails(one("data/without.avro", 3), HS_CORRUPT);
    fails(one("data/number.avro", 1), HS_CORRUPT);
    fails(one("data/ids.avro", 2), HS_CORRUPT);
}

/* ---- vectors ---- */

static void write_vector(const char *name, const int64_t *at, size_t count)
{
    struct hs_positions *p = hs_positions_new();
    struct hs_buf body;
    struct hs_err err;
    char path[512];
    hs_buf_init(&body, 1 << 20);
    assert_int_equal(hs_positions_add(p, at, count, &err), HS_OK);
    hs_buf_add(&body, "\xd1\xd3\x39\x64", 4);
    hs_buf_add_positions(&body, p);
    uint32_t len = __builtin_bswap32((uint32_t)body.len);
    uint32_t sum = __builtin_bswap32((uint32_t)crc32_z(0, (const Bytef *)body.at, body.len));
    snprintf(path, sizeof path, "%s/t/data/%s", base, name);
    FILE *f = fopen(path, "wb");
    fwrite(&len, 4, 1, f);
    fwrite(body.at, 1, body.len, f);
    fwrite(&sum, 4, 1, f);
    fclose(f);
    hs_positions_unref(p);
    hs_buf_fini(&body);
}

static void test_vector(void **state)
{
    (void)state;
    write_vector("v.puffin", (int64_t[]){2, 40, 1000}, 3);
    struct hs_position_deletes d = one("data/ids.parquet", 4);
    d.vector = planned("data/v.puffin", 3, 5);
    gets("data/a", &d, "2 40 ");
    d.vector = planned("data/v.puffin", 4, 5); /* the manifest says four */
    fails(d, HS_CORRUPT);
    d.vector = planned("data/a", 4, 5);
    ((struct hs_entry *)(uintptr_t)d.vector->entry)->format = HS_FILE_PUFFIN;
    fails(d, HS_CORRUPT);
}

/* ---- what a partition shares ---- */

static void test_shared(void **state)
{
    (void)state;
    const struct hs_planned *files[] = {planned("data/ids.parquet", 4, 3), planned("data/ids.avro", 3, 5)};
    struct hs_position_deletes young = {.shared = {files + 1, 1}}, both = {.shared = {files, 2}};
    ROWS({A, 3}, {A, 7}, {B, 8}, {"s3a://x/t/data/a", 9});
    gets("data/a", &young, "1 5 ");
    gets("data/a", &both, "1 3 5 7 9 ");
    gets("data/b", &both, "2 8 ");
    gets("data/c", &both, "");
    struct hs_positions *p;
    struct hs_err err;
    struct hs_position_deletes d = young; /* the older file is read by now, and must not touch younger data */
    assert_int_equal(ask("data/a", 4, &d, &p, &err), HS_OK);
    assert_true(hs_positions_has(p, 1) && hs_positions_has(p, 5) && hs_positions_count(p) == 2);
    hs_positions_unref(p);
    both.named = one("data/named.avro", 3).named;
    gets("data/b", &both, "2 8 ");
}

static void test_nth_allocation(void **state)
{
    (void)state;
    static const struct row list[] = {{A, 3}, {B, 7}, {"s3a://x/t/data/a", 9}, {A, 1}};
    rows = list;
    row_count = 4;
    for (long n = 0;; n++) {
        struct hs_arena *kept = arena;
        struct hs_err err;
        struct hs_positions *p = NULL;
        arena = hs_arena_new(0);
        struct hs_position_deletes d = one("data/ids.avro", 3);
        const struct hs_planned *shared[] = {planned("data/ids.parquet", 4, 5)};
        struct hs_planned *a = planned("data/a", 100, 1);
        d.shared = (struct hs_applying){shared, 1};
        char local[512];
        snprintf(local, sizeof local, "%s/t/data/a", base);
        hs_iceberg_cache_clear();
        hs_fault_alloc_after(n);
        struct hs_deleted *fresh = NULL;
        hs_rc rc = hs_deleted_new(arena, &store, &reader, &fresh, &err);
        if (rc == HS_OK)
            rc = hs_deleted_positions(fresh, &d, a, hs_str_of(local), &p, &err);
        hs_fault_alloc_after(-1);
        if (rc == HS_OK)
            assert_int_equal(hs_positions_count(p), 4);
        hs_positions_unref(p);
        hs_arena_free(arena);
        arena = kept;
        if (rc == HS_OK)
            return;
        assert_int_equal(rc, HS_NOMEM);
        assert_true(n < 1000);
    }
}

/* ---- around ---- */

static int setup(void **state)
{
    (void)state;
    char made[] = "/tmp/hs-deleted-XXXXXX", text[1024];
    static const char *const files[] = {"a", "b", "c"};
    if (!mkdtemp(made) || !realpath(made, base))
        return -1;
    snprintf(text, sizeof text, "mkdir -p '%s/t/data' && cp src/iceberg/test/data/deletes/* '%s/t/data/'", base, base);
    if (system(text) != 0)
        return -1;
    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "%s/t/data/%s", base, files[i]);
        fclose(fopen(text, "w"));
    }
    snprintf(text, sizeof text, "%s/t", base);
    map = (struct hs_prefix_map){HS_S("s3://bucket/t"), hs_str_of(strdup(text))};
    store = (struct hs_store){.root = map.to, .prefixes = &map, .prefix_count = 1};
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
    return hs_deleted_new(arena, &store, &reader, &deleted, &err) == HS_OK ? 0 : -1;
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
        TEST(test_parquet),
        TEST(test_read_once),
        TEST(test_two_stores),
        TEST(test_spellings),
        TEST(test_odd_rows),
        TEST(test_counts),
        TEST(test_refused),
        TEST(test_avro),
        TEST(test_vector),
        TEST(test_shared),
        TEST(test_nth_allocation),
        TEST(test_bounds),
        TEST(test_rows_of_another_file),
        TEST(test_pages),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
