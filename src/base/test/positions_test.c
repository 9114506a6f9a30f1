/* Sets of row positions against arrays of booleans; and bytes that somebody else wrote. */
#include "base/alloc.h"
#include "base/positions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROWS = 1 << 18 };

static bool naive[ROWS]; /* is the row in the set? */

static uint64_t walk = 88172645463325252u;

static uint64_t next(void)
{
    walk ^= walk << 13;
    walk ^= walk >> 7;
    walk ^= walk << 17;
    return walk;
}

static void add(struct hs_positions *p, int64_t at)
{
    struct hs_err err;
    assert_int_equal(hs_positions_add(p, &at, 1, &err), HS_OK);
}

/* One row in `thin` on average, in stretches: arrays, bitsets and long runs. Positions start at `base`. */
static struct hs_positions *random_set(int64_t base, unsigned thin)
{
    struct hs_positions *p = hs_positions_new();
    struct hs_err err;
    static int64_t at[ROWS];
    size_t n = 0;
    memset(naive, false, sizeof naive);
    for (size_t i = 0; i < ROWS; i++) {
        if (next() % 20000 == 0)
            for (size_t end = i + next() % 70000; i < end && i < ROWS; i++)
                naive[i] = true;
        else
            naive[i] = next() % thin == 0;
    }
    for (size_t i = 0; i < ROWS; i++)
        if (naive[i])
            at[n++] = base + (int64_t)i;
    for (size_t i = n; i > 1; i--) { /* shuffled */
        size_t k = next() % i;
        int64_t other = at[k];
        at[k] = at[i - 1];
        at[i - 1] = other;
    }
    assert_int_equal(hs_positions_add(p, at, n, &err), HS_OK);
    return p;
}

static void check_window(const struct hs_positions *p, int64_t base, size_t from, size_t count)
{
    static bool out[ROWS];
    bool all, expected = true;
    hs_positions_live(p, base + (int64_t)from, count, out, &all);
    for (size_t i = 0; i < count; i++) {
        expected &= !naive[from + i];
        if (out[i] == naive[from + i])
            fail_msg("row %zu of the window at %zu", i, from);
    }
    assert_int_equal(all, expected);
}

static void check(const struct hs_positions *p, int64_t base)
{
    int64_t count = 0, last = -1;
    for (size_t i = 0; i < ROWS; i++) {
        count += naive[i];
        last = naive[i] ? base + (int64_t)i : last;
        if (i % 7 == 0 && hs_positions_has(p, base + (int64_t)i) != naive[i])
            fail_msg("row %zu", i);
    }
    assert_int_equal(hs_positions_count(p), count);
    assert_int_equal(hs_positions_last(p), last);
    assert_true(hs_positions_bytes(p) > 0);
    for (size_t from = 0; from + 2048 <= ROWS; from += 2048)
        check_window(p, base, from, 2048);
    for (int i = 0; i < 50; i++) {
        size_t from = next() % ROWS;
        check_window(p, base, from, next() % (ROWS - from));
    }
    assert_false(hs_positions_has(p, -1));
}

static struct hs_positions *again(const struct hs_positions *p)
{
    struct hs_positions *copy = NULL;
    struct hs_err err = {0};
    struct hs_buf b;
    hs_buf_init(&b, (size_t)1 << 30);
    hs_buf_add_positions(&b, p);
    assert_int_equal(hs_buf_done(&b, &err), HS_OK);
    assert_int_equal(hs_positions_parse(hs_buf_str(&b), &copy, &err), HS_OK);
    hs_buf_fini(&b);
    return copy;
}

/* The second base lets the rows lie on both sides of a part's end. */
static void test_against_booleans(void **state)
{
    (void)state;
    static const unsigned thin[] = {2, 50, 1000, 100000};
    static const int64_t bases[] = {0, ((int64_t)5 << 32) - ROWS / 2, INT64_MAX - ROWS};
    for (size_t i = 0; i < sizeof thin / sizeof *thin; i++) {
        for (size_t k = 0; k < sizeof bases / sizeof *bases; k++) {
            struct hs_positions *p = random_set(bases[k], thin[i]);
            check(p, bases[k]);
            struct hs_positions *copy = again(p);
            hs_positions_unref(p);
            check(copy, bases[k]);
            hs_positions_unref(copy);
        }
    }
}

static void add_u16(struct hs_buf *b, size_t value)
{
    hs_buf_addc(b, (char)(value & 0xff));
    hs_buf_addc(b, (char)(value >> 8 & 0xff));
}

static void add_u32(struct hs_buf *b, size_t value)
{
    add_u16(b, value & 0xffff);
    add_u16(b, value >> 16);
}

/* The runs of 2^16 rows: how many, and each start and length - 1. */
static void add_runs(struct hs_buf *b, const bool *rows)
{
    size_t runs = 0;
    for (size_t i = 0; i < 1 << 16; i++)
        runs += rows[i] && (i == 0 || !rows[i - 1]);
    add_u16(b, runs);
    for (size_t i = 0, end; i < 1 << 16; i = end + 1) {
        for (end = i; end < 1 << 16 && rows[end];)
            end++;
        if (end > i) {
            add_u16(b, i);
            add_u16(b, end - i - 1);
        }
    }
}

static size_t count_rows(const bool *rows)
{
    size_t count = 0;
    for (size_t i = 0; i < 1 << 16; i++)
        count += rows[i];
    return count;
}

/* Four containers of runs, which nothing here makes but others write. */
static struct hs_positions *run_set(void)
{
    struct hs_positions *p = NULL;
    struct hs_err err = {0};
    struct hs_buf b, body;
    hs_buf_init(&b, 1 << 24);
    hs_buf_init(&body, 1 << 24);
    hs_buf_add(&b, "\1\0\0\0\0\0\0\0\0\0\0\0\x3b\x30\3\0\xf", 17);
    for (size_t i = 0; i < 4; i++) {
        add_u16(&b, i);
        add_u16(&b, count_rows(naive + (i << 16)) - 1);
    }
    for (size_t i = 0; i < 4; i++) {
        add_u32(&b, 5 + 16 + 16 + body.len);
        add_runs(&body, naive + (i << 16));
    }
    hs_buf_adds(&b, hs_buf_str(&body));
    assert_int_equal(hs_positions_parse(hs_buf_str(&b), &p, &err), HS_OK);
    hs_buf_fini(&b);
    hs_buf_fini(&body);
    return p;
}

static void test_runs(void **state)
{
    (void)state;
    static const unsigned thin[] = {3, 40, 1000};
    for (size_t i = 0; i < sizeof thin / sizeof *thin; i++) {
        struct hs_positions *p = random_set(0, thin[i]), *runs = run_set(), *copy = again(runs);
        check(runs, 0);
        check(copy, 0);
        hs_positions_unref(p);
        hs_positions_unref(runs);
        hs_positions_unref(copy);
    }
}

static void test_empty(void **state)
{
    (void)state;
    bool out[10], all = false;
    struct hs_positions *p = hs_positions_new(), *copy = again(p);
    hs_positions_live(copy, 0, 10, out, &all);
    assert_true(all && out[0] && out[9]);
    assert_int_equal(hs_positions_count(copy), 0);
    assert_int_equal(hs_positions_last(copy), -1);
    hs_positions_unref(copy);
    hs_positions_unref(p);
    hs_positions_unref(NULL);
}

static void test_merge(void **state)
{
    (void)state;
    struct hs_err err;
    struct hs_positions *a = hs_positions_new(), *b = hs_positions_ref(a), *c = random_set(100, 300);
    for (size_t i = 0; i < ROWS; i += 1000)
        add(a, 100 + (int64_t)i), naive[i] = true;
    add(b, 7);
    add(b, (int64_t)9 << 32);
    assert_int_equal(hs_positions_merge(c, a, &err), HS_OK);
    assert_int_equal(hs_positions_merge(c, c, &err), HS_OK);
    assert_true(hs_positions_has(c, 7) && hs_positions_has(c, (int64_t)9 << 32));
    hs_positions_unref(a);
    hs_positions_unref(b);
    for (size_t from = 0; from + 2048 <= ROWS; from += 2048)
        check_window(c, 100, from, 2048);
    hs_positions_unref(c);
}

static void test_out_of_range(void **state)
{
    (void)state;
    struct hs_err err = {0};
    struct hs_positions *p = hs_positions_new();
    assert_int_equal(hs_positions_add(p, &(int64_t){-1}, 1, &err), HS_CORRUPT);
    assert_int_equal(hs_positions_add(p, &(int64_t){INT64_MAX}, 1, &err), HS_CORRUPT);
    add(p, INT64_MAX - 1);
    assert_int_equal(hs_positions_last(p), INT64_MAX - 1);
    hs_positions_unref(p);
}

/* ---- bytes of others ---- */

static hs_rc parse(const void *at, size_t len)
{
    struct hs_positions *p = NULL;
    struct hs_err err = {0};
    char *copy = malloc(len ? len : 1); /* exact, so that a sanitizer sees one byte too far */
    memcpy(copy, at, len);
    hs_rc rc = hs_positions_parse((hs_str){copy, len}, &p, &err);
    hs_positions_unref(p);
    free(copy);
    return rc;
}

#define PARSE(literal) parse(literal, sizeof(literal) - 1)
#define ONE "\1\0\0\0\0\0\0\0"
#define PLAIN(count) "\x3a\x30\0\0" count "\0\0\0"
/* One container of key 0: its cardinality - 1, then its values. */
#define ARRAY(cardinality) ONE "\0\0\0\0" PLAIN("\1") "\0\0" cardinality "\x10\0\0\0"
#define RUNS(cardinality) \
    ONE "\0\0\0\0"        \
        "\x3b\x30\0\0\1\0\0" cardinality

static void test_hostile(void **state)
{
    (void)state;
    assert_int_equal(PARSE(ARRAY("\1\0") "\5\0\6\0"), HS_OK);
    assert_int_equal(PARSE(ARRAY("\1\0") "\6\0\5\0"), HS_CORRUPT);
    assert_int_equal(PARSE(ARRAY("\1\0") "\6\0\6\0"), HS_CORRUPT);
    assert_int_equal(PARSE(ARRAY("\1\0") "\5\0\6\0\7"), HS_CORRUPT);
    assert_int_equal(PARSE(ARRAY("\0\x20") "\5\0\6\0"), HS_CORRUPT);
    assert_int_equal(PARSE(RUNS("\2\0") "\1\0\5\0\2\0"), HS_OK);
    assert_int_equal(PARSE(RUNS("\3\0") "\1\0\5\0\2\0"), HS_CORRUPT); /* holds three */
    assert_int_equal(PARSE(RUNS("\3\0") "\2\0\5\0\1\0\x09\0\1\0"), HS_OK);
    assert_int_equal(PARSE(RUNS("\3\0") "\2\0\5\0\1\0\6\0\1\0"), HS_CORRUPT);   /* overlap */
    assert_int_equal(PARSE(RUNS("\3\0") "\2\0\5\0\1\0\7\0\1\0"), HS_CORRUPT);   /* touch */
    assert_int_equal(PARSE(RUNS("\3\0") "\2\0\x09\0\1\0\5\0\1\0"), HS_CORRUPT); /* fall */
    assert_int_equal(PARSE(RUNS("\2\0") "\1\0\xff\xff\2\0"), HS_CORRUPT);       /* past the container */
    assert_int_equal(PARSE(ONE "\0\0\0\0" PLAIN("\0")), HS_OK);                 /* an empty bitmap */
    assert_int_equal(PARSE("\2\0\0\0\0\0\0\0"
                           "\1\0\0\0" PLAIN("\0") "\1\0\0\0" PLAIN("\0")),
                     HS_CORRUPT);
    assert_int_equal(PARSE(ONE "\0\0\0\x80" PLAIN("\0")), HS_CORRUPT); /* a negative position */
    assert_int_equal(PARSE("\xff\xff\xff\xff\xff\xff\xff\xff"), HS_CORRUPT);
    assert_int_equal(PARSE(ONE "\0\0\0\0\x3a\x30\0\0\1\0\1\0"), HS_CORRUPT);                  /* 65537 containers */
    assert_int_equal(PARSE(ONE "\0\0\0\0" PLAIN("\1") "\0\0\0\0\x11\0\0\0\5\0"), HS_CORRUPT); /* offset */
    assert_int_equal(PARSE(ONE "\0\0\0\0" PLAIN("\2") "\1\0\0\0\1\0\0\0\x18\0\0\0\x1a\0\0\0\5\0\6\0"), HS_CORRUPT);
}

static void test_every_cut(void **state)
{
    (void)state;
    struct hs_positions *p = hs_positions_new();
    struct hs_err err;
    struct hs_buf b;
    for (int64_t i = 0; i < 10000; i += 1 + i % 2)
        add(p, i);
    for (int64_t i = 0; i < 300; i++)
        add(p, ((int64_t)3 << 32) + 200000 + 5 * i);
    hs_buf_init(&b, 1 << 20);
    hs_buf_add_positions(&b, p);
    assert_int_equal(hs_buf_done(&b, &err), HS_OK);
    for (size_t len = 0; len < b.len; len++)
        assert_int_equal(parse(b.at, len), HS_CORRUPT);
    assert_int_equal(parse(b.at, b.len), HS_OK);
    b.at[40] ^= 1; /* one bit more or less in a bitset */
    assert_int_equal(parse(b.at, b.len), HS_CORRUPT);
    hs_buf_fini(&b);
    hs_positions_unref(p);
}

static void test_nth_allocation(void **state)
{
    (void)state;
    static const char bytes[] = ARRAY("\1\0") "\5\0\6\0";
    for (long n = 0;; n++) {
        struct hs_err err;
        struct hs_positions *p = NULL, *q = NULL;
        hs_fault_alloc_after(n);
        hs_rc rc = hs_positions_parse((hs_str){bytes, sizeof bytes - 1}, &p, &err);
        if (rc == HS_OK)
            rc = hs_positions_add(p, (int64_t[]){(int64_t)1 << 32, (int64_t)2 << 32}, 2, &err);
        if (rc == HS_OK)
            rc = (q = hs_positions_new()) ? hs_positions_merge(q, p, &err) : HS_NOMEM;
        hs_fault_alloc_after(-1);
        hs_positions_unref(p);
        hs_positions_unref(q);
        if (rc == HS_OK)
            return;
        assert_int_equal(rc, HS_NOMEM);
        assert_true(n < 100);
    }
}

/* ---- what other readers hold to be right ---- */

static bool load(const char *name, char *to, size_t max, size_t *out_len)
{
    char path[1024];
    const char *root = getenv("HAILSTORM_FIXTURES");
    snprintf(path, sizeof path, "%s/apache-iceberg/core/src/test/resources/org/apache/iceberg/deletes/%s",
             root && *root ? root : "../shared/fixtures", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    *out_len = fread(to, 1, max, f);
    fclose(f);
    return true;
}

static void test_upstream(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t frame; /* length and magic in front, a checksum behind */
        hs_rc expected;
    } files[] = {{"64map32bitvals.bin", 0, HS_OK},
                 {"64mapempty.bin", 0, HS_OK},
                 {"64mapspreadvals.bin", 0, HS_OK},
                 {"64maphighvals.bin", 0, HS_CORRUPT}, /* past 2^63 */
                 {"empty-position-index.bin", 8, HS_OK},
                 {"small-alternating-values-position-index.bin", 8, HS_OK},
                 {"small-and-large-values-position-index.bin", 8, HS_OK},
                 {"all-container-types-position-index.bin", 8, HS_OK}};
    static char bytes[1 << 16];
    size_t len;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (!load(files[i].name, bytes, sizeof bytes, &len)) {
            print_message("fixtures absent\n");
            skip();
        }
        size_t behind = files[i].frame ? 4 : 0;
        assert_int_equal(parse(bytes + files[i].frame, len - files[i].frame - behind), files[i].expected);
        for (size_t cut = 0; cut + 1 < len - files[i].frame - behind; cut++)
            assert_int_equal(parse(bytes + files[i].frame, cut), HS_CORRUPT);
    }
}

static void test_upstream_values(void **state)
{
    (void)state;
    char bytes[4096];
    size_t len;
    struct hs_positions *p;
    struct hs_err err;
    if (!load("small-and-large-values-position-index.bin", bytes, sizeof bytes, &len))
        skip();
    assert_int_equal(hs_positions_parse((hs_str){bytes + 8, len - 12}, &p, &err), HS_OK);
    assert_int_equal(hs_positions_count(p), 4);
    assert_true(hs_positions_has(p, 100) && hs_positions_has(p, 101));
    assert_true(hs_positions_has(p, 2147483747) && hs_positions_has(p, 2147483748));
    hs_positions_unref(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_booleans),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_out_of_range),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_nth_allocation),
        cmocka_unit_test(test_upstream),
        cmocka_unit_test(test_upstream_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
