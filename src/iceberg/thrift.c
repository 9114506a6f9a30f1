/* Thrift's compact protocol, only as far as Parquet needs it
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). */
#include "iceberg/thrift.h"

enum { MAX_DEPTH = 32 };

bool hs_thrift_next(struct hs_cursor *c, struct hs_thrift_field *f)
{
    uint8_t head = hs_cursor_u8(c);
    f->wire = head & 0x0f;
    if (c->bad || f->wire == HS_W_STOP)
        return false;
    int delta = head >> 4;
    int64_t id = delta ? f->id + delta : hs_cursor_zigzag(c);
    if (id < INT16_MIN || id > INT16_MAX)
        c->bad = true;
    f->id = (int)id;
    return !c->bad;
}

uint64_t hs_thrift_list(struct hs_cursor *c, uint8_t *out_wire)
{
    uint8_t head = hs_cursor_u8(c);
    *out_wire = head & 0x0f;
    uint64_t count = head >> 4;
    if (count == 15)
        count = hs_cursor_varint(c);
    if (count > hs_cursor_left(c)) /* every element of every type takes a byte here */
        c->bad = true;
    return c->bad ? 0 : count;
}

static void skip(struct hs_cursor *c, uint8_t wire, int depth);

static void skip_struct(struct hs_cursor *c, int depth)
{
    struct hs_thrift_field f = {0};
    while (hs_thrift_next(c, &f))
        skip(c, f.wire, depth + 1);
}

static void skip_map(struct hs_cursor *c, int depth)
{
    uint64_t count = hs_cursor_varint(c);
    uint8_t kinds = count ? hs_cursor_u8(c) : 0;
    if (count > hs_cursor_left(c))
        c->bad = true;
    for (uint64_t i = 0; i < count && !c->bad; i++) {
        skip(c, kinds >> 4, depth + 1);
        skip(c, kinds & 0x0f, depth + 1);
    }
}

static void skip_list(struct hs_cursor *c, int depth)
{
    uint8_t wire;
    uint64_t count = hs_thrift_list(c, &wire);
    for (uint64_t i = 0; i < count && !c->bad; i++) {
        if (wire == HS_W_TRUE || wire == HS_W_FALSE)
            hs_cursor_skip(c, 1); /* a bool in a list is a byte, in a struct it is in the header */
        else
            skip(c, wire, depth + 1);
    }
}

static void skip(struct hs_cursor *c, uint8_t wire, int depth)
{
    if (depth > MAX_DEPTH) {
        c->bad = true;
        return;
    }
    switch (wire) {
    case HS_W_TRUE:
    case HS_W_FALSE:
        return;
    case HS_W_BYTE:
        hs_cursor_skip(c, 1);
        return;
    case HS_W_I16:
    case HS_W_I32:
    case HS_W_I64:
        (void)hs_cursor_varint(c);
        return;
    case HS_W_DOUBLE:
        hs_cursor_skip(c, 8);
        return;
    case HS_W_BINARY:
        hs_cursor_skip(c, hs_cursor_varint(c));
        return;
    case HS_W_UUID:
        hs_cursor_skip(c, 16);
        return;
    case HS_W_LIST:
    case HS_W_SET:
        skip_list(c, depth);
        return;
    case HS_W_MAP:
        skip_map(c, depth);
        return;
    case HS_W_STRUCT:
        skip_struct(c, depth);
        return;
    default:
        c->bad = true;
    }
}

void hs_thrift_skip(struct hs_cursor *c, uint8_t wire)
{
    skip(c, wire, 0);
}

int64_t hs_thrift_i64(struct hs_cursor *c, uint8_t wire)
{
    if (wire == HS_W_BYTE)
        return (int8_t)hs_cursor_u8(c);
    if (wire != HS_W_I16 && wire != HS_W_I32 && wire != HS_W_I64)
        c->bad = true;
    return c->bad ? 0 : hs_cursor_zigzag(c);
}

int hs_thrift_i32(struct hs_cursor *c, uint8_t wire)
{
    int64_t wide = hs_thrift_i64(c, wire);
    if (wide < INT32_MIN || wide > INT32_MAX)
        c->bad = true;
    return c->bad ? 0 : (int)wide;
}

bool hs_thrift_bool(struct hs_cursor *c, uint8_t wire)
{
    if (wire != HS_W_TRUE && wire != HS_W_FALSE)
        c->bad = true;
    return wire == HS_W_TRUE;
}
