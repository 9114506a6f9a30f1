/* A small table with every kind of delete (data/deep), one of its files damaged, opened, pinned and planned:
 * in-process, for the sanitizers, what tests/corrupt does to a running server. The input says which file, which damage,
 * and the numbers it is done with:
 *
 *   file, kind, then pairs of bytes, low first
 *   kinds: 0 flip bits   1 cut   2 cut out   3 blank   4 forge a number   5 swap two pieces   6 put in what follows
 *
 * The table lies in a directory of this process; whatever the damage was, the whole table is planned again at times and
 * must still say what it said. */
#include "iceberg/filter.h"
#include "iceberg/iceberg.h"
#include "model/model.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEEP "src/iceberg/test/data/deep/"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
    "metadata/v1.metadata.json", "metadata/list.avro",  "metadata/data.avro",    "metadata/deletes.avro",
    "metadata/global.avro",      "data/0.parquet",      "data/1.parquet",        "data/2.parquet",
    "data/vector.puffin",        "data/positions.avro", "data/equality.parquet", "data/global.parquet",
};
enum { FILES = sizeof names / sizeof names[0], FILE_MAX = 1 << 16 };

struct bytes {
    uint8_t at[FILE_MAX];
    size_t len;
};

static char folder[64];
static struct bytes whole[FILES];
static int64_t sound_rows = -1;

/* ---- the table ---- */
static void put(size_t file, const uint8_t *at, size_t len)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, names[file]);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(at, 1, len, f) != len || fclose(f) != 0)
        abort();
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at)
{
    (void)s, (void)kind, (void)at;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_folder(void)
{
    char path[256];
    snprintf(folder, sizeof folder, "/tmp/hailstorm-fuzz-plan-XXXXXX");
    if (!mkdtemp(folder))
        abort();
    atexit(remove_folder);
    for (const char *const *part = (const char *const[]){"metadata", "data", NULL}; *part; part++) {
        snprintf(path, sizeof path, "%s/%s", folder, *part);
        if (mkdir(path, 0700) != 0)
            abort();
    }
    for (size_t i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, DEEP "%s", names[i]);
        FILE *f = fopen(path, "rb");
        if (!f)
            abort(); /* run in the repository's root */
        whole[i].len = fread(whole[i].at, 1, FILE_MAX, f);
        fclose(f);
        put(i, whole[i].at, whole[i].len);
    }
}

/* ---- reading ---- */
/* Follows everything a plan points at, so that a sanitizer sees a pointer that leads nowhere. */
static void touch(const struct hs_plan *plan)
{
    struct hs_buf text;
    bool live[64], all;
    hs_buf_init(&text, 1 << 20);
    for (size_t i = 0; i < plan->file_count; i++) {
        const struct hs_data_file *f = &plan->files[i];
        hs_buf_add_type(&text, f->physical);
        hs_buf_addf(&text, "%.*s %lld", HS_FMT(f->path), (long long)f->record_count);
        if (f->gone)
            hs_positions_live(f->gone, 0, sizeof live, live, &all);
        for (size_t k = 0; k < f->constant_count; k++)
            hs_buf_addf(&text, " %d", f->constant_ids[k]);
    }
    for (size_t i = 0; i < plan->equality_count; i++)
        for (size_t k = 0; k < plan->equality[i].id_count; k++)
            hs_buf_addf(&text, "%.*s %d", HS_FMT(plan->equality[i].path), plan->equality[i].ids[k]);
    if (plan->keys)
        hs_buf_add_type(&text, plan->keys);
    hs_buf_fini(&text);
}

static hs_rc plan_with(const struct hs_store *store, const struct hs_iceberg_table *t, const struct hs_filter *filter,
                       int64_t *out_rows)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_err err = {0};
    struct hs_plan plan = {0};
    struct hs_pin pin;
    hs_rc rc = hs_iceberg_pin(a, t, NULL, &pin, &err);
    const struct hs_plan_request request = {.store = store, .pin = &pin, .filter = filter};
    if (rc == HS_OK)
        rc = hs_iceberg_plan(a, &request, &plan, &err);
    if (rc == HS_OK) {
        touch(&plan);
        *out_rows = plan.record_count;
    } else if (!*err.shown) {
        abort(); /* every refusal has words */
    }
    hs_arena_free(a);
    return rc;
}

static hs_rc read_table(int64_t *out_rows)
{
    struct hs_prefix_map map = {HS_S("s3://bucket/deep"), hs_str_of(folder)};
    struct hs_store store = {.root = hs_str_of(folder), .prefixes = &map, .prefix_count = 1};
    struct hs_iceberg_table *t = NULL;
    struct hs_err err = {0};
    int64_t filtered = 0;
    hs_iceberg_cache_clear();
    hs_rc rc = hs_iceberg_open(&store, &t, &err);
    if (rc != HS_OK)
        return rc;
    rc = plan_with(&store, t, NULL, out_rows);
    struct hs_arena *a = hs_arena_new(0);
    const struct hs_param six = {.type = HS_T_LONG, .i = 6};
    hs_rc with_filter = plan_with(&store, t, hs_filter_test(a, HS_FILTER_GE, 1, &six, 1), &filtered);
    if (rc == HS_OK && with_filter == HS_OK && filtered > *out_rows)
        abort(); /* a filter only leaves out */
    hs_arena_free(a);
    hs_iceberg_unref(t);
    return rc;
}

/* ---- damage ---- */
struct numbers {
    const uint8_t *at;
    size_t len;
};

static size_t next(struct numbers *n)
{
    size_t value = n->len > 0 ? n->at[0] : 0;
    if (n->len > 1)
        value |= (size_t)n->at[1] << 8;
    size_t used = n->len < 2 ? n->len : 2;
    n->at += used;
    n->len -= used;
    return value;
}

static size_t place(struct numbers *n, const struct bytes *b)
{
    return b->len ? next(n) % b->len : 0;
}

static void cut_out(struct bytes *b, size_t at, size_t len)
{
    len = len < b->len - at ? len : b->len - at;
    memmove(b->at + at, b->at + at + len, b->len - at - len);
    b->len -= len;
}

static void put_in(struct bytes *b, size_t at, const uint8_t *bytes, size_t len)
{
    len = len < FILE_MAX - b->len ? len : FILE_MAX - b->len;
    memmove(b->at + at + len, b->at + at, b->len - at);
    memcpy(b->at + at, bytes, len);
    b->len += len;
}

static void forge(struct bytes *b, size_t at, size_t how)
{
    static const uint64_t extremes[] = {0,          1,          0x7f,       0x80,      0xff,       0x7fff,    0xffff,
                                        0x7fffffff, 0x80000000, 0xffffffff, INT64_MAX, 1ull << 63, UINT64_MAX};
    uint64_t value = extremes[how % (sizeof extremes / sizeof extremes[0])];
    size_t width = (size_t)1 << (how >> 4) % 4;
    bool big = how >> 8 & 1;
    for (size_t i = 0; i < width && at + i < b->len; i++)
        b->at[at + i] = (uint8_t)(value >> 8 * (big ? width - 1 - i : i));
}

static void swap(struct bytes *b, size_t one, size_t other, size_t len)
{
    for (size_t i = 0; i < len && one + i < b->len && other + i < b->len; i++) {
        uint8_t kept = b->at[one + i];
        b->at[one + i] = b->at[other + i];
        b->at[other + i] = kept;
    }
}

static void damage(struct bytes *b, uint8_t kind, struct numbers n)
{
    size_t at = place(&n, b);
    if (!b->len)
        return;
    switch (kind % 7) {
    case 0:
        for (; n.len; at = place(&n, b))
            b->at[at] ^= (uint8_t)next(&n);
        break;
    case 1:
        b->len = at;
        break;
    case 2:
        cut_out(b, at, next(&n));
        break;
    case 3:
        for (size_t i = 0, len = next(&n) % 64; i < len && at + i < b->len; i++)
            b->at[at + i] = 0;
        break;
    case 4:
        for (; n.len; at = place(&n, b))
            forge(b, at, next(&n));
        break;
    case 5: {
        size_t other = place(&n, b);
        swap(b, at, other, next(&n) % 512);
        break;
    }
    default:
        put_in(b, at, n.at, n.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bytes changed;
    static unsigned runs;
    int64_t rows = 0;
    if (!*folder) {
        make_folder();
        hs_rc rc = read_table(&sound_rows);
        if (rc != HS_OK && rc != HS_UNSUPPORTED)
            abort(); /* the table itself is sound */
    }
    if (size < 2)
        return 0;
    size_t file = data[0] % FILES;
    changed = whole[file];
    damage(&changed, data[1], (struct numbers){data + 2, size - 2});
    put(file, changed.at, changed.len);
    hs_ignore(read_table(&rows));
    put(file, whole[file].at, whole[file].len);
    rows = -1;
    if (runs++ % 64 == 0 && read_table(&rows) == HS_OK && rows != sound_rows)
        abort();
    return 0;
}
