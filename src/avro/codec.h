/* Decompression with a bound on what comes out: metadata files and Avro blocks. Input that ends early, or goes on
 * after its end, is an error. */
#ifndef HS_AVRO_CODEC_H
#define HS_AVRO_CODEC_H

#include "base/str.h"

enum hs_codec {
    HS_CODEC_NONE,
    HS_CODEC_DEFLATE /* raw, RFC 1951 */,
    HS_CODEC_GZIP,
    HS_CODEC_ZSTD,
    HS_CODEC_SNAPPY_CRC
};

/* By magic: gzip (RFC 1952), zstd (RFC 8878), else none. */
enum hs_codec hs_codec_sniff(hs_str bytes);
/* Appends to *out, whose maximum is the bound. */
HS_MUST hs_rc hs_codec_decode(enum hs_codec codec, hs_str in, struct hs_buf *out, struct hs_err *err);

#endif
