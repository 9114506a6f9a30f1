/* What deflate and gzip give, and how much of it: exactly the bytes, the bound, and what stands behind the end. */
#include "avro/codec.h"
#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <zlib.h>

enum { MOST = 4 << 20 };

/* Bytes that pack to a half of them, or to nearly nothing. */
static void fill(char *at, size_t len, bool easy)
{
    uint32_t seed = 7;
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        at[i] = easy ? 'x' : (char)('a' + (seed >> 28));
    }
}

static hs_str packed(const char *at, size_t len, int window_bits)
{
    static char to[MOST];
    z_stream z = {.next_in = (Bytef *)(uintptr_t)at, .avail_in = (uInt)len, .next_out = (Bytef *)to, .avail_out = MOST};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t made = MOST - z.avail_out;
    deflateEnd(&z);
    return (hs_str){to, made};
}

static hs_rc unpacked(enum hs_codec codec, hs_str in, size_t max, struct hs_buf *out)
{
    struct hs_err err;
    hs_buf_init(out, max);
    return hs_codec_decode(codec, in, out, &err);
}

static void expect(enum hs_codec codec, hs_str in, size_t max, hs_rc kind, hs_str plain)
{
    struct hs_buf out;
    assert_int_equal(unpacked(codec, in, max, &out), kind);
    if (kind == HS_OK)
        assert_true(hs_str_eq(hs_buf_str(&out), plain));
    hs_buf_fini(&out);
}

static void every_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 100, 65535, 65536, 65537, 700000, 3000000};
    static const struct {
        enum hs_codec codec;
        int window_bits;
    } forms[] = {{HS_CODEC_DEFLATE, -15}, {HS_CODEC_GZIP, 31}};
    static char plain[MOST];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int k = 0; k < 4; k++) {
            enum hs_codec codec = forms[k / 2].codec;
            fill(plain, sizes[i], k % 2);
            hs_str in = packed(plain, sizes[i], forms[k / 2].window_bits), want = {plain, sizes[i]};
            expect(codec, in, MOST, HS_OK, want);
            expect(codec, in, sizes[i] ? sizes[i] : 1, HS_OK, want); /* the bound itself */
            if (sizes[i] > 1)
                expect(codec, in, sizes[i] - 1, HS_LIMIT, want);
            expect(codec, (hs_str){in.at, in.len - 1}, MOST, HS_CORRUPT, want);
            expect(codec, (hs_str){in.at, in.len / 2}, MOST, HS_CORRUPT, want);
        }
    }
}

/* What a writer leaves of a zlib stream's checksum is let pass, other bytes are not. */
static void behind_the_end(void **state)
{
    (void)state;
    static char plain[1000];
    fill(plain, sizeof plain, false);
    hs_str in = packed(plain, sizeof plain, 15), want = {plain, sizeof plain};
    for (size_t rest = 0; rest <= 4; rest++)
        expect(HS_CODEC_DEFLATE, (hs_str){in.at + 2, in.len - 6 + rest}, MOST, HS_OK, want);
    ((char *)(uintptr_t)in.at)[in.len - 3] ^= 1;
    expect(HS_CODEC_DEFLATE, (hs_str){in.at + 2, in.len - 3}, MOST, HS_CORRUPT, want);
    ((char *)(uintptr_t)in.at)[in.len - 3] ^= 1;
    expect(HS_CODEC_DEFLATE, (hs_str){in.at + 2, in.len - 1}, MOST, HS_CORRUPT, want); /* five bytes */
}

static void members_follow_each_other(void **state)
{
    (void)state;
    static char plain[2000], two[8000];
    fill(plain, 1000, false);
    memcpy(plain + 1000, plain, 1000);
    hs_str one = packed(plain, 1000, 31), both = {two, 2 * one.len};
    memcpy(two, one.at, one.len);
    memcpy(two + one.len, one.at, one.len);
    expect(HS_CODEC_GZIP, both, MOST, HS_OK, (hs_str){plain, 2000});
    expect(HS_CODEC_GZIP, both, 1999, HS_LIMIT, both);
    two[one.len] = 0;
    expect(HS_CODEC_GZIP, both, MOST, HS_CORRUPT, both);
    two[one.len] = 0x1f;
    two[both.len - 8] ^= 1; /* the checksum of the second one */
    expect(HS_CODEC_GZIP, both, MOST, HS_CORRUPT, both);
}

static void no_memory(void **state)
{
    (void)state;
    static char plain[300000];
    fill(plain, sizeof plain, true);
    hs_str in = packed(plain, sizeof plain, -15);
    struct hs_buf out;
    hs_rc rc = HS_NOMEM;
    for (long n = 0; rc == HS_NOMEM && n < 100; n++) {
        hs_fault_alloc_after(n);
        rc = unpacked(HS_CODEC_DEFLATE, in, MOST, &out);
        hs_fault_alloc_after(-1);
        hs_buf_fini(&out);
    }
    assert_int_equal(rc, HS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size),
        cmocka_unit_test(behind_the_end),
        cmocka_unit_test(members_follow_each_other),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
