#include "avro/codec.h"
#include "base/alloc.h"
#include "base/damage.h"

#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

enum { STEP = 64 * 1024 };

enum hs_codec hs_codec_sniff(hs_str bytes)
{
    if (bytes.len >= 2 && memcmp(bytes.at, "\x1f\x8b", 2) == 0)
        return HS_CODEC_GZIP;
    if (bytes.len >= 4 && memcmp(bytes.at, "\x28\xb5\x2f\xfd", 4) == 0)
        return HS_CODEC_ZSTD;
    return HS_CODEC_NONE;
}

static size_t next_room(const struct hs_buf *out)
{
    size_t left = out->max - out->len;
    size_t want = out->len > STEP ? out->len : STEP;
    return want < left ? want : left;
}

static hs_rc too_large(const struct hs_buf *out, struct hs_err *err)
{
    if (out->len < out->max)
        return hs_no_memory(err);
    return hs_fail_hidden(err, HS_LIMIT, "compressed data unpacks to more than %zu bytes", out->max);
}

static voidpf zlib_alloc(voidpf opaque, uInt items, uInt size)
{
    (void)opaque;
    return hs_calloc(items, size);
}

static void zlib_free(voidpf opaque, voidpf p)
{
    (void)opaque;
    hs_free(p);
}

/* fastavro, and so PyIceberg, cuts a zlib stream to [2:-1] where Avro asks for raw deflate: three bytes of the Adler-32
 * are left behind the end. They are let pass when they are just that. */
static bool is_checksum_rest(hs_str rest, const struct hs_buf *out, size_t from)
{
    uLong sum = adler32_z(1, (const Bytef *)out->at + from, out->len - from);
    const uint8_t bytes[4] = {(uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8), (uint8_t)sum};
    return rest.len <= sizeof bytes && memcmp(rest.at, bytes, rest.len) == 0;
}

/* One member or stream; several gzip members in a row are one file (RFC 1952 section 2.2). */
static hs_rc inflate_all(z_stream *z, bool members, struct hs_buf *out, struct hs_err *err)
{
    size_t from = out->len;
    for (;;) {
        size_t room = next_room(out);
        char *at = room ? hs_buf_room(out, room) : NULL;
        if (!at)
            return too_large(out, err);
        z->next_out = (Bytef *)at;
        z->avail_out = (uInt)(room < (1u << 30) ? room : 1u << 30);
        uInt before = z->avail_out;
        int rc = inflate(z, Z_NO_FLUSH);
        out->len += before - z->avail_out;
        if (rc == Z_STREAM_END && z->avail_in && members && inflateReset(z) == Z_OK)
            continue;
        if (rc == Z_STREAM_END && !members && is_checksum_rest(hs_str_n(z->next_in, z->avail_in), out, from))
            return HS_OK;
        if (rc == Z_STREAM_END)
            return z->avail_in == 0 ? HS_OK : hs_damaged(err, "deflate: %u bytes after the end", z->avail_in);
        if (rc == Z_MEM_ERROR)
            return hs_no_memory(err);
        if (rc != Z_OK && !(rc == Z_BUF_ERROR && z->avail_out == 0))
            return hs_damaged(err, "deflate: %s", z->msg ? z->msg : "cut short");
        if (z->avail_in == 0 && z->avail_out > 0)
            return hs_damaged(err, "deflate: cut short");
    }
}

static hs_rc decode_zlib(hs_str in, int window_bits, struct hs_buf *out, struct hs_err *err)
{
    z_stream z = {.zalloc = zlib_alloc, .zfree = zlib_free, .next_in = (Bytef *)(uintptr_t)in.at};
    if (in.len > UINT32_MAX / 2)
        return hs_fail_hidden(err, HS_LIMIT, "compressed piece of %zu bytes", in.len);
    z.avail_in = (uInt)in.len;
    if (inflateInit2(&z, window_bits) != Z_OK)
        return hs_no_memory(err);
    hs_rc rc = inflate_all(&z, window_bits > 15, out, err);
    inflateEnd(&z);
    return rc;
}

static hs_rc zstd_all(ZSTD_DStream *z, ZSTD_inBuffer *in, struct hs_buf *out, struct hs_err *err)
{
    size_t rc = 1;
    while (in->pos < in->size || rc != 0) {
        size_t room = next_room(out);
        char *at = room ? hs_buf_room(out, room) : NULL;
        if (!at)
            return too_large(out, err);
        ZSTD_outBuffer to = {at, room, 0};
        size_t pos = in->pos;
        rc = ZSTD_decompressStream(z, &to, in);
        out->len += to.pos;
        if (ZSTD_isError(rc))
            return hs_damaged(err, "zstd: %s", ZSTD_getErrorName(rc));
        if (in->pos == pos && to.pos == 0 && rc != 0)
            return hs_damaged(err, "zstd: cut short");
    }
    return HS_OK;
}

static hs_rc decode_zstd(hs_str in, struct hs_buf *out, struct hs_err *err)
{
    ZSTD_DStream *z = ZSTD_createDStream();
    if (!z)
        return hs_no_memory(err);
    ZSTD_inBuffer from = {in.at, in.len, 0};
    hs_rc rc = in.len ? zstd_all(z, &from, out, err) : hs_damaged(err, "zstd: empty");
    ZSTD_freeDStream(z);
    return rc;
}

/* Avro 1.12 "snappy": a raw snappy block, then the CRC-32 of the plain bytes, big-endian. */
static hs_rc decode_snappy(hs_str in, struct hs_buf *out, struct hs_err *err)
{
    size_t plain = 0;
    if (in.len < 4 || snappy_uncompressed_length(in.at, in.len - 4, &plain) != SNAPPY_OK)
        return hs_damaged(err, "snappy: no length");
    if (plain > out->max - out->len)
        return hs_fail_hidden(err, HS_LIMIT, "snappy block of %zu bytes", plain);
    char *at = hs_buf_room(out, plain);
    if (!at)
        return hs_no_memory(err);
    if (snappy_uncompress(in.at, in.len - 4, at, &plain) != SNAPPY_OK)
        return hs_damaged(err, "snappy: bad block");
    const uint8_t *tail = (const uint8_t *)in.at + in.len - 4;
    uint32_t stated = (uint32_t)tail[0] << 24 | (uint32_t)tail[1] << 16 | (uint32_t)tail[2] << 8 | tail[3];
    if (crc32_z(0, (const Bytef *)at, plain) != stated)
        return hs_damaged(err, "snappy: checksum differs");
    out->len += plain;
    return HS_OK;
}

hs_rc hs_codec_decode(enum hs_codec codec, hs_str in, struct hs_buf *out, struct hs_err *err)
{
    switch (codec) {
    case HS_CODEC_NONE:
        if (in.len > out->max - out->len)
            return hs_fail_hidden(err, HS_LIMIT, "%zu bytes where %zu are allowed", in.len, out->max);
        hs_buf_adds(out, in);
        return hs_buf_done(out, err);
    case HS_CODEC_DEFLATE:
        return decode_zlib(in, -15, out, err);
    case HS_CODEC_GZIP:
        return decode_zlib(in, 15 + 16, out, err);
    case HS_CODEC_ZSTD:
        return decode_zstd(in, out, err);
    case HS_CODEC_SNAPPY_CRC:
        return decode_snappy(in, out, err);
    }
    return hs_fail(err, HS_INTERNAL, "codec %d", (int)codec);
}
