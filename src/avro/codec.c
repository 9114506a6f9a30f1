#include "avro/codec.h"
#include "base/alloc.h"
#include "base/damage.h"

#include <libdeflate.h>
#include <pthread.h>
#include <snappy-c.h>
#include <zstd.h>

enum { STEP = 64 * 1024, GENEROUS = 1024 * 1024 };

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

/* ---- deflate and gzip ---- */

/* fastavro, and so PyIceberg, cuts a zlib stream to [2:-1] where Avro asks for raw deflate: three bytes of the Adler-32
 * are left behind the end. They are let pass when they are just that. */
static bool is_checksum_rest(hs_str rest, hs_str plain)
{
    uint32_t sum = rest.len ? libdeflate_adler32(1, plain.at, plain.len) : 0;
    const uint8_t bytes[4] = {(uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8), (uint8_t)sum};
    return rest.len <= sizeof bytes && memcmp(rest.at, bytes, rest.len) == 0;
}

/* How much comes out nothing says, and what was too little is thrown away: so generous at once for a small piece, where
 * room that is not written to costs next to nothing, and four times as much each time, so that all that is thrown away
 * is less than half of what is done in the end. */
static size_t first_room(const struct hs_buf *out, hs_str in)
{
    size_t left = out->max - out->len, have = out->cap - out->len;
    size_t want = in.len < GENEROUS ? 8 * in.len + STEP : 3 * in.len;
    want = have > want ? have : want;
    return want < left ? want : left;
}

typedef enum libdeflate_result (*inflate_fn)(struct libdeflate_decompressor *d, const void *in, size_t in_len, void *to,
                                             size_t room, size_t *out_read, size_t *out_made);

/* One stream or member: *in goes on behind it, and out->len. */
static hs_rc inflate_one(struct libdeflate_decompressor *d, inflate_fn inflate, hs_str *in, struct hs_buf *out,
                         struct hs_err *err)
{
    size_t used = 0, made = 0, left = out->max - out->len, room = first_room(out, *in);
    for (;;) {
        char *at = room ? hs_buf_room(out, room) : NULL;
        if (!at)
            return too_large(out, err);
        enum libdeflate_result rc = inflate(d, in->at, in->len, at, room, &used, &made);
        if (rc == LIBDEFLATE_INSUFFICIENT_SPACE && room == left)
            return hs_fail_hidden(err, HS_LIMIT, "compressed data unpacks to more than %zu bytes", out->max);
        if (rc != LIBDEFLATE_SUCCESS && rc != LIBDEFLATE_INSUFFICIENT_SPACE)
            return hs_damaged(err, "deflate: damaged or cut short");
        if (rc == LIBDEFLATE_SUCCESS)
            break;
        room = room < left / 4 ? 4 * room : left;
    }
    out->len += made;
    *in = (hs_str){in->at + used, in->len - used};
    return HS_OK;
}

/* Several gzip members in a row are one file (RFC 1952 section 2.2). */
static hs_rc inflate_all(struct libdeflate_decompressor *d, bool gzip, hs_str in, struct hs_buf *out,
                         struct hs_err *err)
{
    size_t from = out->len;
    if (!gzip) {
        HS_TRY(inflate_one(d, libdeflate_deflate_decompress_ex, &in, out, err));
        bool whole = is_checksum_rest(in, (hs_str){out->at + from, out->len - from});
        return whole ? HS_OK : hs_damaged(err, "deflate: %zu bytes after the end", in.len);
    }
    do
        HS_TRY(inflate_one(d, libdeflate_gzip_decompress_ex, &in, out, err));
    while (in.len);
    return HS_OK;
}

static void use_our_memory(void)
{
    libdeflate_set_memory_allocator(hs_malloc, hs_free);
}

static hs_rc decode_deflate(hs_str in, bool gzip, struct hs_buf *out, struct hs_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (pthread_once(&once, use_our_memory) != 0)
        return hs_no_memory(err);
    if (in.len > SIZE_MAX / 16)
        return hs_fail_hidden(err, HS_LIMIT, "compressed piece of %zu bytes", in.len);
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    if (!d)
        return hs_no_memory(err);
    hs_rc rc = inflate_all(d, gzip, in, out, err);
    libdeflate_free_decompressor(d);
    return rc;
}

/* ---- the others ---- */

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
    if (libdeflate_crc32(0, at, plain) != stated)
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
        return decode_deflate(in, false, out, err);
    case HS_CODEC_GZIP:
        return decode_deflate(in, true, out, err);
    case HS_CODEC_ZSTD:
        return decode_zstd(in, out, err);
    case HS_CODEC_SNAPPY_CRC:
        return decode_snappy(in, out, err);
    }
    return hs_fail(err, HS_INTERNAL, "codec %d", (int)codec);
}
