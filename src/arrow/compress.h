/* Buffers as messages with a BodyCompression hold them (Arrow's Message.fbs, "BUFFER" method): the plain length as 8
 * bytes, then an LZ4 or ZSTD frame, or -1 and the plain bytes where a frame would not be shorter. An empty buffer stays
 * empty. */
#ifndef HS_ARROW_COMPRESS_H
#define HS_ARROW_COMPRESS_H

#include "arrow/form.h"

#define HS_COMPRESSED_PREFIX 8
#define HS_COMPRESSED_PLAIN_MAX ((int64_t)INT32_MAX) /* of one buffer: what 32-bit offsets reach */

/* The room that a buffer of so many plain bytes may take at most. */
static inline uint64_t hs_compress_room(uint64_t plain)
{
    return plain ? plain + HS_COMPRESSED_PREFIX : 0;
}

struct hs_compressor;                                             /* of one thread */
struct hs_compressor *hs_compressor_new(enum hs_compression how); /* NULL: no memory; of NONE: none is needed */
void hs_compressor_free(struct hs_compressor *c);                 /* takes NULL */
/* Writes to `out`, which has room for hs_compress_room(len); returns how many bytes it took. */
size_t hs_compress(struct hs_compressor *c, const uint8_t *at, size_t len, uint8_t *out);

/* What a peer wrote, in memory that nobody changes. *out_len is what it says of itself: not yet true, but no more than
 * such a frame could hold, so that a few bytes do not ask for a gigabyte. */
HS_MUST hs_rc hs_compressed_length(enum hs_compression how, hs_str buffer, size_t *out_len, struct hs_err *err);
/* Exactly `len` bytes, or HS_CORRUPT. */
HS_MUST hs_rc hs_decompress(enum hs_compression how, hs_str buffer, uint8_t *out, size_t len, struct hs_err *err);

#endif
