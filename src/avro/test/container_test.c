/* Containers in every codec, whole, cut at every byte and with every bit turned; at once and read piece by piece. */
#include "avro/avro.h"
#include "base/alloc.h"
#include "seeds.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const containers[] = {"null.avro", "deflate.avro", "snappy.avro", "zstandard.avro"};

struct pieces { /* an input that gives no more than `most` bytes at a time */
    hs_str left;
    size_t most;
};

static hs_rc read_piece(void *ctx, void *to, size_t len, size_t *out_len, struct hs_err *err)
{
    (void)err;
    struct pieces *p = ctx;
    size_t n = p->left.len < p->most ? p->left.len : p->most;
    n = n < len ? n : len;
    memcpy(to, p->left.at, n);
    p->left.at += n;
    p->left.len -= n;
    *out_len = n;
    return HS_OK;
}

struct seen {
    int count;
    int64_t sum, text;
};

static hs_rc count_rows(struct hs_avro_file *f, struct seen *seen, struct hs_err *err)
{
    const struct hs_avro_value *row;
    for (;;) {
        HS_TRY(hs_avro_next(f, &row, err));
        if (!row)
            return HS_OK;
        const struct hs_avro_value *i = hs_avro_member(row, 1), *s = hs_avro_member(row, 2);
        seen->count++;
        seen->sum += i ? i->i : 0;
        seen->text += s ? (int64_t)s->s.len : 0;
    }
}

/* most: 0, all bytes at once. */
static hs_rc read_all(hs_str bytes, size_t most, struct seen *seen)
{
    static const int both[] = {1, 2};
    struct pieces pieces = {bytes, most};
    struct hs_avro_input input = {read_piece, &pieces};
    struct hs_avro_file *f;
    struct hs_err err;
    *seen = (struct seen){0};
    hs_rc rc = most ? hs_avro_open_input(&input, &f, &err) : hs_avro_open(bytes, both, 2, &f, &err);
    if (rc != HS_OK)
        return rc;
    rc = count_rows(f, seen, &err);
    hs_avro_close(f);
    return rc;
}

static hs_str container(size_t i)
{
    char name[128];
    snprintf(name, sizeof name, "corpus/fuzz_container/%s", containers[i]);
    return seed(name);
}

static void every_codec_gives_its_rows(void **state)
{
    (void)state;
    static const size_t steps[] = {0, 1, 7, 100000};
    for (size_t i = 0; i < 4; i++) {
        hs_str bytes = container(i);
        for (size_t k = 0; k < 4; k++) {
            struct seen seen;
            assert_int_equal(read_all(bytes, steps[k], &seen), HS_OK);
            assert_int_equal(seen.count, 4);
            assert_int_equal(seen.sum, 0 + 1 + 2 + 3);
            assert_int_equal(seen.text, 0 + 2);
        }
        seed_free(bytes);
    }
}

/* One block a record: a file that ends between two blocks is whole to a reader, every other cut is an error. */
static void a_cut_is_damage_but_between_blocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        hs_str bytes = container(i);
        int whole = 0;
        for (size_t len = 0; len < bytes.len; len++) {
            hs_str cut = seed_cut(bytes, len);
            struct seen at_once, in_pieces;
            hs_rc rc = read_all(cut, 0, &at_once);
            assert_true(rc == HS_OK || rc == HS_CORRUPT);
            assert_int_equal(read_all(cut, 5, &in_pieces), rc);
            assert_memory_equal(&at_once, &in_pieces, sizeof at_once);
            whole += rc == HS_OK;
            seed_free(cut);
        }
        assert_int_equal(whole, 4); /* after the header, and after three of four blocks */
        seed_free(bytes);
    }
}

static void a_string_is_text(void **state)
{
    (void)state;
    hs_str bytes = container(0);
    struct seen seen;
    char *text = memmem(bytes.at, bytes.len, "xxhailstorm", 11); /* the one string, and the marker after its block */
    assert_non_null(text);
    text[1] = (char)0x80;
    assert_int_equal(read_all(bytes, 0, &seen), HS_CORRUPT);
    seed_free(bytes);
}

static void a_field_id_is_a_number(void **state)
{
    (void)state;
    hs_str bytes = container(0);
    struct seen seen;
    char *id = memmem(bytes.at, bytes.len, "\"field-id\": 1", 13);
    assert_non_null(id);
    memcpy(id + 12, "{", 1);
    memcpy(id + 13, "}", 1); /* its member's closing brace, which then is missing: not JSON */
    assert_int_equal(read_all(bytes, 0, &seen), HS_CORRUPT);
    memcpy(id + 11, "-1}", 3);
    assert_int_equal(read_all(bytes, 0, &seen), HS_CORRUPT);
    memcpy(id + 11, " 7}", 3);
    assert_int_equal(read_all(bytes, 0, &seen), HS_OK);
    seed_free(bytes);
}

static void flips_never_crash(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        hs_str bytes = container(i), copy = seed_cut(bytes, bytes.len);
        for (size_t at = 0; at < bytes.len * 8; at++) {
            struct seen at_once, in_pieces;
            ((char *)(uintptr_t)copy.at)[at / 8] ^= (char)(1 << at % 8);
            hs_rc rc = read_all(copy, 0, &at_once);
            assert_true(rc == HS_OK || rc == HS_CORRUPT || rc == HS_UNSUPPORTED || rc == HS_LIMIT);
            assert_int_equal(read_all(copy, 64, &in_pieces), rc);
            ((char *)(uintptr_t)copy.at)[at / 8] ^= (char)(1 << at % 8);
        }
        seed_free(copy);
        seed_free(bytes);
    }
}

static void many_blocks_pass_through_a_window(void **state)
{
    (void)state;
    hs_str bytes = seed("data/many-rows.avro");
    struct seen at_once, in_pieces;
    assert_int_equal(read_all(bytes, 0, &at_once), HS_OK);
    assert_int_equal(at_once.count, 20000);
    assert_int_equal(at_once.sum, INT64_C(20000) * 19999 / 2);
    assert_int_equal(read_all(bytes, 1000, &in_pieces), HS_OK);
    assert_memory_equal(&at_once, &in_pieces, sizeof at_once);
    seed_free(bytes);
}

static void a_header_of_any_length_is_found(void **state)
{
    (void)state;
    static const char schema[] = "{\"type\":\"record\",\"name\":\"r\",\"fields\":[],\"doc\":\"";
    enum { DOC = 300000 };
    char *bytes = malloc(DOC + 1000), *at = bytes;
    size_t len = sizeof schema - 1 + DOC + 2;
    at += sprintf(at, "Obj\x01\x02\x16"
                      "avro.schema");
    uint64_t zigzag = 2 * len;
    for (; zigzag > 127; zigzag >>= 7)
        *at++ = (char)(zigzag | 0x80);
    *at++ = (char)zigzag;
    at += sprintf(at, "%s", schema);
    memset(at, 'd', DOC);
    at += DOC;
    at += sprintf(at, "\"}");
    *at++ = 0;
    memset(at, 'S', 16);
    at += 16;
    struct seen seen;
    assert_int_equal(read_all(hs_str_n(bytes, (size_t)(at - bytes)), 4096, &seen), HS_OK);
    assert_int_equal(read_all(hs_str_n(bytes, (size_t)(at - bytes) - 17), 4096, &seen), HS_CORRUPT);
    free(bytes);
}

static hs_rc fails(void *ctx, void *to, size_t len, size_t *out_len, struct hs_err *err)
{
    (void)ctx;
    (void)to;
    (void)len;
    (void)out_len;
    return hs_fail(err, HS_UNAVAILABLE, "no");
}

static void a_failing_input_is_passed_on(void **state)
{
    (void)state;
    struct hs_avro_input input = {fails, NULL};
    struct hs_avro_file *f;
    struct hs_err err;
    assert_int_equal(hs_avro_open_input(&input, &f, &err), HS_UNAVAILABLE);
}

static void members_not_projected_are_skipped(void **state)
{
    (void)state;
    static const bool wanted[] = {false, true};
    hs_str bytes = container(1);
    struct pieces pieces = {bytes, 9};
    struct hs_avro_input input = {read_piece, &pieces};
    struct hs_avro_file *f;
    struct seen seen = {0};
    struct hs_err err;
    assert_int_equal(hs_avro_open_input(&input, &f, &err), HS_OK);
    assert_int_equal(hs_avro_schema(f)->field_count, 2);
    hs_avro_project(f, wanted);
    assert_int_equal(count_rows(f, &seen, &err), HS_OK);
    assert_int_equal(seen.sum, 0);
    assert_int_equal(seen.text, 2);
    hs_avro_close(f);
    seed_free(bytes);
}

/* Every allocation fails once: no leak, no crash, and never an answer that is shorter. */
static void without_memory_it_says_so(void **state)
{
    (void)state;
    hs_str bytes = seed("corpus/fuzz_container/zstandard.avro");
    for (long n = 0;; n++) {
        struct seen seen;
        hs_fault_alloc_after(n);
        hs_rc rc = read_all(bytes, 64, &seen);
        hs_fault_alloc_after(-1);
        if (rc == HS_OK) {
            assert_int_equal(seen.count, 4);
            break;
        }
        assert_int_equal(rc, HS_NOMEM);
    }
    seed_free(bytes);
}

/* The first block says that it has 34 GB. Where all bytes are at hand it is plain that this is no block; read piece by
 * piece nobody knows what would come. */
static void test_a_forged_length(void **state)
{
    (void)state;
    struct seen seen;
    hs_str whole = container(0);
    hs_str sync = hs_str_n(whole.at + whole.len - 16, 16);
    char *block = memmem(whole.at, whole.len, sync.at, 16);
    assert_non_null(block);
    memcpy(block + 16, "\x02\xfc\xff\xff\xff\xff\x01", 7);
    assert_int_equal(read_all(whole, 0, &seen), HS_CORRUPT);
    assert_int_equal(read_all(whole, 100, &seen), HS_LIMIT);
    seed_free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_forged_length),
        cmocka_unit_test(every_codec_gives_its_rows),
        cmocka_unit_test(a_cut_is_damage_but_between_blocks),
        cmocka_unit_test(a_string_is_text),
        cmocka_unit_test(a_field_id_is_a_number),
        cmocka_unit_test(flips_never_crash),
        cmocka_unit_test(many_blocks_pass_through_a_window),
        cmocka_unit_test(a_header_of_any_length_is_found),
        cmocka_unit_test(a_failing_input_is_passed_on),
        cmocka_unit_test(members_not_projected_are_skipped),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
