/* See compress.h. The LZ4 frame is put together here, out of blocks: the library's own way to a frame wants room for
 * the worst case and keeps memory for each, where a block simply says that it does not fit.
 *
 * Frame: magic, flags 0x60 (version 1, independent blocks, no checksums), block size 0x70 (4 MiB), the header's check
 * byte, blocks of u32 length and data (top bit: stored as it is), a length of zero. LZ4_Frame_format.md. */
#include "arrow/compress.h"

#include <endian.h>
#include <lz4.h>
#include <lz4frame.h>
#include <zstd.h>

#include "base/alloc.h"

enum { LZ4_BLOCK = 4 << 20, ZSTD_LEVEL = 1 };
static const uint8_t LZ4_HEADER[] = {0x04, 0x22, 0x4D, 0x18, 0x60, 0x70, 0x73};

struct hs_compressor {
    enum hs_compression how;
    void *lz4;
    ZSTD_CCtx *zstd;
};

struct hs_compressor *hs_compressor_new(enum hs_compression how)
{
    struct hs_compressor *c = hs_calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->how = how;
    if (how == HS_COMPRESSION_LZ4)
        c->lz4 = hs_malloc((size_t)LZ4_sizeofState());
    else if (how == HS_COMPRESSION_ZSTD)
        c->zstd = ZSTD_createCCtx();
    if (how != HS_COMPRESSION_NONE && !c->lz4 && !c->zstd) {
        hs_free(c);
        return NULL;
    }
    return c;
}

void hs_compressor_free(struct hs_compressor *c)
{
    if (!c)
        return;
    hs_free(c->lz4);
    ZSTD_freeCCtx(c->zstd);
    hs_free(c);
}

/* ---- LZ4 ---- */
static void put_u32(uint8_t *at, uint32_t v)
{
    v = htole32(v);
    memcpy(at, &v, sizeof v);
}

/* 0: it would take more than `room`. */
static size_t lz4_frame(struct hs_compressor *c, const uint8_t *at, size_t len, uint8_t *out, size_t room)
{
    size_t used = sizeof LZ4_HEADER;
    if (room < used + 8)
        return 0;
    memcpy(out, LZ4_HEADER, used);
    while (len) {
        size_t plain = len < LZ4_BLOCK ? len : LZ4_BLOCK;
        if (room < used + 8)
            return 0;
        size_t most = room - used - 8; /* its own length, and the end's */
        if (most > INT32_MAX)
            most = INT32_MAX;
        int n = LZ4_compress_fast_extState(c->lz4, (const char *)at, (char *)out + used + 4, (int)plain, (int)most, 1);
        if (n <= 0)
            return 0;
        put_u32(out + used, (uint32_t)n);
        used += 4 + (size_t)n;
        at += plain;
        len -= plain;
    }
    put_u32(out + used, 0);
    return used + 4;
}

/* ---- either ---- */
static size_t frame(struct hs_compressor *c, const uint8_t *at, size_t len, uint8_t *out, size_t room)
{
    if (c->how == HS_COMPRESSION_LZ4)
        return lz4_frame(c, at, len, out, room);
    size_t n = ZSTD_compressCCtx(c->zstd, out, room, at, len, ZSTD_LEVEL);
    return ZSTD_isError(n) ? 0 : n;
}

size_t hs_compress(struct hs_compressor *c, const uint8_t *at, size_t len, uint8_t *out)
{
    if (!len)
        return 0;
    size_t n = frame(c, at, len, out + HS_COMPRESSED_PREFIX, len - 1);
    int64_t says = htole64(n ? (uint64_t)len : UINT64_MAX);
    memcpy(out, &says, sizeof says);
    if (n)
        return HS_COMPRESSED_PREFIX + n;
    memcpy(out + HS_COMPRESSED_PREFIX, at, len);
    return HS_COMPRESSED_PREFIX + len;
}

/* ---- reading ---- */
static hs_rc corrupt(struct hs_err *err, const char *what)
{
    return hs_fail_hidden(err, HS_CORRUPT, "compressed buffer: %s", what);
}

static int64_t prefix(hs_str buffer)
{
    uint64_t le;
    memcpy(&le, buffer.at, sizeof le);
    return (int64_t)le64toh(le);
}

/* LZ4 makes at most 255 bytes of one; a ZSTD frame says how many it holds. */
static bool could_hold(enum hs_compression how, hs_str frame, uint64_t plain)
{
    if (how == HS_COMPRESSION_LZ4)
        return plain / 255 <= frame.len;
    return ZSTD_getFrameContentSize(frame.at, frame.len) == plain;
}

hs_rc hs_compressed_length(enum hs_compression how, hs_str buffer, size_t *out_len, struct hs_err *err)
{
    if (!buffer.len) {
        *out_len = 0;
        return HS_OK;
    }
    if (buffer.len < HS_COMPRESSED_PREFIX)
        return corrupt(err, "shorter than its length");
    int64_t says = prefix(buffer), plain = says == -1 ? (int64_t)buffer.len - HS_COMPRESSED_PREFIX : says;
    if (plain < 0 || plain > HS_COMPRESSED_PLAIN_MAX)
        return corrupt(err, "a length that cannot be");
    hs_str frame = {buffer.at + HS_COMPRESSED_PREFIX, buffer.len - HS_COMPRESSED_PREFIX};
    if (says != -1 && !could_hold(how, frame, (uint64_t)plain))
        return corrupt(err, "a length that its frame cannot hold");
    *out_len = (size_t)plain;
    return HS_OK;
}

static hs_rc lz4_plain(hs_str in, uint8_t *out, size_t len, struct hs_err *err)
{
    LZ4F_dctx *d = NULL;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION)))
        return hs_fail(err, HS_NOMEM, "out of memory");
    size_t done = 0, hint = 1;
    while (hint && in.len) {
        size_t took = in.len, gave = len - done;
        hint = LZ4F_decompress(d, out + done, &gave, in.at, &took, NULL);
        if (LZ4F_isError(hint) || (!took && !gave))
            break;
        done += gave;
        in.at += took;
        in.len -= took;
    }
    LZ4F_freeDecompressionContext(d);
    return hint == 0 && done == len && !in.len ? HS_OK : corrupt(err, "an LZ4 frame that does not hold it");
}

hs_rc hs_decompress(enum hs_compression how, hs_str buffer, uint8_t *out, size_t len, struct hs_err *err)
{
    size_t says;
    HS_TRY(hs_compressed_length(how, buffer, &says, err));
    if (says != len)
        return corrupt(err, "another length");
    if (!len)
        return HS_OK;
    hs_str in = {buffer.at + HS_COMPRESSED_PREFIX, buffer.len - HS_COMPRESSED_PREFIX};
    if (prefix(buffer) == -1) {
        memcpy(out, in.at, len);
        return HS_OK;
    }
    if (how == HS_COMPRESSION_LZ4)
        return lz4_plain(in, out, len, err);
    size_t n = ZSTD_decompress(out, len, in.at, in.len);
    return !ZSTD_isError(n) && n == len ? HS_OK : corrupt(err, "a ZSTD frame that does not hold it");
}
