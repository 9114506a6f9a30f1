/* The RecordBatch message header, written by hand: two tables whose places never change and two vectors of 16-byte
 * structs, so that a batch costs one small buffer and no builder. Field order as in Arrow's Message.fbs; flatbuffer
 * rules from https://flatbuffers.dev/internals/ (scalars aligned to their size relative to the start, little-endian).
 *
 *   0  u32 offset of the Message table (16)        44 vtable of RecordBatch: 10, 24, length 8, nodes 4, buffers 16
 *   4  vtable of Message: 12, 20,                  56 RecordBatch: i32 to vtable (12), u32 to nodes, i64 length,
 *      version 16, type 18, header 4, bodyLength 8     u32 to buffers, 4 bytes of padding
 *  16  Message: i32 to vtable (12), u32 to header, 80 padding 4, u32 count of nodes, nodes
 *      i64 bodyLength, i16 version, u8 type           padding 4, u32 count of buffers, buffers
 */
#include "arrow/ipc.h"

#include <endian.h>

#include "base/alloc.h"

enum {
    MESSAGE_VTABLE = 4,
    MESSAGE = 16,
    BATCH_VTABLE = 44,
    BATCH = 56,
    NODES = 88,
    METADATA_V5 = 4,
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

static void put_vtable(uint8_t *at, const uint16_t *slots, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put16(at + 2 * i, slots[i]);
}

static void put_message(uint8_t *m, int64_t body_len)
{
    static const uint16_t vtable[] = {12, 20, 16, 18, 4, 8};
    put32(m, MESSAGE);
    put_vtable(m + MESSAGE_VTABLE, vtable, 6);
    put32(m + MESSAGE, MESSAGE - MESSAGE_VTABLE);
    put32(m + MESSAGE + 4, BATCH - (MESSAGE + 4));
    put64(m + MESSAGE + 8, body_len);
    put16(m + MESSAGE + 16, METADATA_V5);
    m[MESSAGE + 18] = HEADER_RECORD_BATCH;
}

/* A vector's count lies in the 4 bytes before its first element. */
static void put_batch(uint8_t *m, const struct hs_batch *b, size_t buffers_at)
{
    static const uint16_t vtable[] = {10, 24, 8, 4, 16};
    put_vtable(m + BATCH_VTABLE, vtable, 5);
    put32(m + BATCH, BATCH - BATCH_VTABLE);
    put32(m + BATCH + 4, (NODES - 4) - (BATCH + 4));
    put64(m + BATCH + 8, b->rows);
    put32(m + BATCH + 16, (uint32_t)(buffers_at - 4 - (BATCH + 16)));
    put32(m + NODES - 4, (uint32_t)b->node_count);
    for (size_t i = 0; i < b->node_count; i++) {
        put64(m + NODES + 16 * i, b->nodes[i].length);
        put64(m + NODES + 16 * i + 8, b->nodes[i].null_count);
    }
    put32(m + buffers_at - 4, (uint32_t)b->buffer_count);
    for (size_t i = 0; i < b->buffer_count; i++) {
        put64(m + buffers_at + 16 * i, b->buffers[i].offset);
        put64(m + buffers_at + 16 * i + 8, b->buffers[i].length);
    }
}

hs_rc hs_ipc_batch_header(const struct hs_batch *batch, struct hs_buf *out, struct hs_err *err)
{
    if (batch->node_count > INT32_MAX / 64 || batch->buffer_count > INT32_MAX / 64)
        return hs_fail(err, HS_LIMIT, "too many columns");
    size_t buffers_at = NODES + 16 * batch->node_count + 8;
    size_t size = buffers_at + 16 * batch->buffer_count;
    uint8_t *m = (uint8_t *)hs_buf_room(out, size);
    if (!m)
        return hs_buf_done(out, err);
    memset(m, 0, size);
    put_message(m, (int64_t)batch->body_len);
    put_batch(m, batch, buffers_at);
    out->len += size;
    out->at[out->len] = 0;
    return HS_OK;
}
