/* Buffers there and back, and what a peer may write instead. */
#include "arrow/compress.h"
#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <lz4frame.h>

static const enum hs_compression HOW[] = {HS_COMPRESSION_LZ4, HS_COMPRESSION_ZSTD};

static void fill(uint8_t *at, size_t len, bool noise)
{
    uint32_t v = 12345;
    for (size_t i = 0; i < len; i++) {
        v = v * 1103515245u + 12345;
        at[i] = noise ? (uint8_t)(v >> 16) : (uint8_t)(i / 100);
    }
}

static void there_and_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 7, 8, 100, 4096, 70000, (4 << 20) - 1, 4 << 20, (9 << 20) + 5};
    struct hs_err err;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes * 4; k++) {
        size_t len = sizes[k / 4], says;
        enum hs_compression how = HOW[k % 2];
        struct hs_compressor *c = hs_compressor_new(how);
        uint8_t *in = malloc(len + 1), *out = malloc(hs_compress_room(len) + 1), *back = malloc(len + 1);
        fill(in, len, k % 4 >= 2);
        size_t n = hs_compress(c, in, len, out);
        assert_true(n <= hs_compress_room(len));
        assert_true(k % 4 >= 2 || len < 1000 || n < len / 10);
        assert_int_equal(hs_compressed_length(how, hs_str_n(out, n), &says, &err), HS_OK);
        assert_int_equal(says, len);
        assert_int_equal(hs_decompress(how, hs_str_n(out, n), back, len, &err), HS_OK);
        assert_memory_equal(in, back, len);
        hs_compressor_free(c);
        free(in);
        free(out);
        free(back);
    }
}

/* The frame that is put together by hand is one to the library that defines it. */
static void the_frame_is_a_frame(void **state)
{
    (void)state;
    uint8_t in[5000], out[5008];
    fill(in, sizeof in, false);
    struct hs_compressor *c = hs_compressor_new(HS_COMPRESSION_LZ4);
    size_t n = hs_compress(c, in, sizeof in, out);
    hs_compressor_free(c);
    LZ4F_dctx *d;
    LZ4F_frameInfo_t info;
    assert_false(LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION)));
    size_t len = n - 8;
    assert_false(LZ4F_isError(LZ4F_getFrameInfo(d, &info, out + 8, &len)));
    assert_int_equal(info.blockMode, LZ4F_blockIndependent);
    assert_int_equal(info.blockSizeID, LZ4F_max4MB);
    LZ4F_freeDecompressionContext(d);
}

static void whatever_a_peer_writes_is_refused_or_right(void **state)
{
    (void)state;
    struct hs_err err;
    uint8_t in[600], out[608], back[600];
    fill(in, sizeof in, false);
    for (size_t k = 0; k < 2; k++) {
        struct hs_compressor *c = hs_compressor_new(HOW[k]);
        size_t n = hs_compress(c, in, sizeof in, out), says;
        hs_compressor_free(c);
        for (size_t cut = 1; cut < n; cut++)
            assert_true(hs_decompress(HOW[k], hs_str_n(out, cut), back, sizeof back, &err) == HS_CORRUPT);
        for (size_t i = 0; i < n; i++)
            for (int bit = 0; bit < 8; bit++) {
                out[i] ^= (uint8_t)(1 << bit);
                hs_ignore(hs_decompress(HOW[k], hs_str_n(out, n), back, sizeof back, &err));
                out[i] ^= (uint8_t)(1 << bit);
            }
        memset(out, 0x7F, 8);
        assert_int_equal(hs_compressed_length(HOW[k], hs_str_n(out, n), &says, &err), HS_CORRUPT);
        memset(out, 0xFF, 8);
        out[0] = 0xFE;
        assert_int_equal(hs_compressed_length(HOW[k], hs_str_n(out, n), &says, &err), HS_CORRUPT);
        const uint64_t gigabyte = 1 << 30; /* of a frame of a few bytes */
        memcpy(out, &gigabyte, 8);
        assert_int_equal(hs_compressed_length(HOW[k], hs_str_n(out, n), &says, &err), HS_CORRUPT);
    }
}

static void no_memory_is_said(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++)
        for (long n = 0; n < 4; n++) {
            hs_fault_alloc_after(n);
            struct hs_compressor *c = hs_compressor_new(HOW[k]);
            hs_fault_alloc_after(-1);
            hs_compressor_free(c);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(the_frame_is_a_frame),
        cmocka_unit_test(whatever_a_peer_writes_is_refused_or_right),
        cmocka_unit_test(no_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
