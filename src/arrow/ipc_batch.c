/* The headers of RecordBatch and DictionaryBatch messages, written by hand: tables whose places never change and three
 * vectors, so that a batch costs one small buffer and no builder. Field order as in Arrow's Message.fbs; flatbuffer
 * rules from https://flatbuffers.dev/internals/ (scalars aligned to their size relative to the start, little-endian).
 *
 *   0  u32 offset of the Message table             64 vtable of RecordBatch: 14, 32, length 8, nodes 4, buffers 16,
 *   4  vtable of Message: 12, 20,                     compression 20 or none, variadicBufferCounts 24 or none
 *      version 16, type 18, header 4, bodyLength 8  80 RecordBatch: i32 to vtable, u32 to nodes, i64 length,
 *  16  Message: i32 to vtable, u32 to header,          u32 to buffers, to compression, to counts, padding
 *      i64 bodyLength, i16 version, u8 type        112 vtable of BodyCompression: 8, 8, codec 4, method 5
 *  36  vtable of DictionaryBatch: 10, 16, id 8,    120 BodyCompression: i32 to vtable, i8 codec, i8 method (0: buffer)
 *      data 4, isDelta none                        132 u32 count of nodes, nodes
 *  48  DictionaryBatch: i32 to vtable, u32 to          padding, u32 count of buffers, buffers
 *      RecordBatch, i64 id                             padding, u32 count of variadic counts, counts
 *
 * The DictionaryBatch of a RecordBatch message is bytes that nothing leads to. */
#include "arrow/ipc.h"

#include <endian.h>

#include "base/alloc.h"

enum {
    MESSAGE_VTABLE = 4,
    MESSAGE = 16,
    DICTIONARY_VTABLE = 36,
    DICTIONARY = 48,
    BATCH_VTABLE = 64,
    BATCH = 80,
    COMPRESSION_VTABLE = 112,
    COMPRESSION = 120,
    NODES = 136,
    METADATA_V5 = 4,
    HEADER_DICTIONARY_BATCH = 2,
    HEADER_RECORD_BATCH = 3
};

static void put16(uint8_t *at, uint16_t v)
{
    v = htole16(v);
    memcpy(at, &v, sizeof v);
}

static void put32(uint8_t *at, uint32_t v)
{
    v = htole32(v);
    memcpy(at, &v, sizeof v);
}

static void put64(uint8_t *at, int64_t v)
{
    uint64_t le = htole64((uint64_t)v);
    memcpy(at, &le, sizeof le);
}

/* A table begins with the way back to its vtable. */
static void put_table(uint8_t *m, size_t table, size_t vtable, const uint16_t *slots, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put16(m + vtable + 2 * i, slots[i]);
    put32(m + table, (uint32_t)(table - vtable));
}

/* An offset is counted from where it stands. */
static void put_offset(uint8_t *m, size_t at, size_t to)
{
    put32(m + at, (uint32_t)(to - at));
}

static void put_message(uint8_t *m, size_t body_len, bool dictionary, size_t id)
{
    static const uint16_t message[] = {12, 20, 16, 18, 4, 8}, batch[] = {10, 16, 8, 4, 0};
    put_offset(m, 0, MESSAGE);
    put_table(m, MESSAGE, MESSAGE_VTABLE, message, 6);
    put_offset(m, MESSAGE + 4, dictionary ? DICTIONARY : BATCH);
    put64(m + MESSAGE + 8, (int64_t)body_len);
    put16(m + MESSAGE + 16, METADATA_V5);
    m[MESSAGE + 18] = dictionary ? HEADER_DICTIONARY_BATCH : HEADER_RECORD_BATCH;
    put_table(m, DICTIONARY, DICTIONARY_VTABLE, batch, 5);
    put_offset(m, DICTIONARY + 4, BATCH);
    put64(m + DICTIONARY + 8, (int64_t)id);
}

struct places { /* of first elements; a vector's count lies in the 4 bytes before */
    size_t buffers, counts, end;
};

static struct places find_places(const struct hs_batch_part *part, size_t counts)
{
    struct places p = {.buffers = NODES + 16 * part->node_count + 8};
    p.counts = p.buffers + 16 * part->buffer_count + 8;
    p.end = counts ? p.counts + 8 * counts : p.counts - 8;
    return p;
}

static void put_batch(uint8_t *m, const struct hs_batch_part *part, enum hs_compression how, size_t counts,
                      const struct places *p)
{
    const uint16_t batch[] = {14, 32, 8, 4, 16, how ? 20 : 0, counts ? 24 : 0};
    static const uint16_t compression[] = {8, 8, 4, 5};
    put_table(m, BATCH, BATCH_VTABLE, batch, 7);
    put_offset(m, BATCH + 4, NODES - 4);
    put64(m + BATCH + 8, part->rows);
    put_offset(m, BATCH + 16, p->buffers - 4);
    put_offset(m, BATCH + 20, COMPRESSION);
    put_table(m, COMPRESSION, COMPRESSION_VTABLE, compression, 4);
    m[COMPRESSION + 4] = how == HS_COMPRESSION_ZSTD; /* CompressionType: LZ4_FRAME, ZSTD */
    put32(m + NODES - 4, (uint32_t)part->node_count);
    for (size_t i = 0; i < part->node_count; i++) {
        put64(m + NODES + 16 * i, part->nodes[i].length);
        put64(m + NODES + 16 * i + 8, part->nodes[i].null_count);
    }
    put32(m + p->buffers - 4, (uint32_t)part->buffer_count);
    for (size_t i = 0; i < part->buffer_count; i++) {
        put64(m + p->buffers + 16 * i, part->buffers[i].offset - (int64_t)part->at);
        put64(m + p->buffers + 16 * i + 8, part->buffers[i].length);
    }
    if (!counts)
        return;
    put_offset(m, BATCH + 24, p->counts - 4);
    put32(m + p->counts - 4, (uint32_t)counts);
    for (size_t i = 0; i < counts; i++)
        put64(m + p->counts + 8 * i, 1); /* every column of views has one data buffer */
}

hs_rc hs_ipc_part_header(const struct hs_batch *batch, size_t i, struct hs_buf *out, struct hs_err *err)
{
    if (batch->node_count > INT32_MAX / 64 || batch->buffer_count > INT32_MAX / 64)
        return hs_fail(err, HS_LIMIT, "too many columns");
    bool dictionary = i < batch->dictionary_count;
    struct hs_batch_part part = hs_batch_part(batch, i);
    size_t counts = dictionary ? 0 : batch->view_count;
    struct places places = find_places(&part, counts);
    uint8_t *m = (uint8_t *)hs_buf_room(out, places.end);
    if (!m)
        return hs_buf_done(out, err);
    memset(m, 0, places.end);
    put_message(m, part.len, dictionary, i);
    put_batch(m, &part, batch->compression, counts, &places);
    out->len += places.end;
    out->at[out->len] = 0;
    return HS_OK;
}
