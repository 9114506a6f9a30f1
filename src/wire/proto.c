/* Protobuf reading and writing; see proto.h. */
#include "wire/proto.h"

bool hs_proto_next(struct hs_cursor *c, struct hs_proto_field *out)
{
    if (hs_cursor_left(c) == 0)
        return false;
    uint64_t tag = hs_cursor_varint(c);
    struct hs_proto_field f = {(uint32_t)(tag >> 3), (enum hs_proto_type)(tag & 7), 0, {"", 0}};
    if (tag > UINT32_MAX || f.number == 0)
        c->bad = true;
    switch (tag & 7) {
    case HS_PROTO_VARINT:
        f.value = hs_cursor_varint(c);
        break;
    case HS_PROTO_FIXED64:
        f.value = hs_cursor_u64le(c);
        break;
    case HS_PROTO_FIXED32:
        f.value = hs_cursor_u32le(c);
        break;
    case HS_PROTO_BYTES:
        f.bytes = hs_cursor_bytes(c, hs_cursor_varint(c));
        break;
    default: /* groups, and what never was a type */
        c->bad = true;
    }
    if (c->bad)
        return false;
    *out = f;
    return true;
}

hs_rc hs_proto_done(const struct hs_cursor *c, struct hs_err *err)
{
    return c->bad ? hs_fail(err, HS_INVALID, "a message is not valid protobuf") : HS_OK;
}

bool hs_proto_is_text(const struct hs_proto_field *f)
{
    return f->type == HS_PROTO_BYTES && hs_utf8_valid(f->bytes);
}

struct hs_cursor hs_proto_packed(const struct hs_proto_field *f)
{
    if (f->type == HS_PROTO_BYTES)
        return hs_cursor_of(f->bytes);
    /* One unpacked value: `start` points at it, and no bytes are left to read. */
    const uint8_t *value = (const uint8_t *)&f->value;
    return (struct hs_cursor){NULL, NULL, f->type == HS_PROTO_VARINT ? value : NULL, false};
}

bool hs_proto_packed_next(struct hs_cursor *packed, uint64_t *out)
{
    if (!packed->at && packed->start) {
        memcpy(out, packed->start, sizeof *out);
        packed->start = NULL;
        return true;
    }
    if (hs_cursor_left(packed) == 0)
        return false;
    uint64_t value = hs_cursor_varint(packed);
    if (packed->bad)
        return false;
    *out = value;
    return true;
}

static size_t put_varint(char out[10], uint64_t value)
{
    size_t n = 0;
    for (; value > 0x7f; value >>= 7)
        out[n++] = (char)(value | 0x80);
    out[n++] = (char)value;
    return n;
}

static void add_raw_varint(struct hs_buf *b, uint64_t value)
{
    char bytes[10];
    hs_buf_add(b, bytes, put_varint(bytes, value));
}

static void add_tag(struct hs_buf *b, uint32_t number, enum hs_proto_type type)
{
    add_raw_varint(b, (uint64_t)number << 3 | (uint64_t)type);
}

void hs_proto_add_varint(struct hs_buf *b, uint32_t number, uint64_t value)
{
    add_tag(b, number, HS_PROTO_VARINT);
    add_raw_varint(b, value);
}

void hs_proto_add_int(struct hs_buf *b, uint32_t number, int64_t value)
{
    hs_proto_add_varint(b, number, (uint64_t)value);
}

void hs_proto_add_fixed64(struct hs_buf *b, uint32_t number, uint64_t value)
{
    char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(value >> (8 * i));
    add_tag(b, number, HS_PROTO_FIXED64);
    hs_buf_add(b, bytes, sizeof bytes);
}

void hs_proto_add_prefix(struct hs_buf *b, uint32_t number, uint64_t len)
{
    add_tag(b, number, HS_PROTO_BYTES);
    add_raw_varint(b, len);
}

void hs_proto_add_bytes(struct hs_buf *b, uint32_t number, hs_str bytes)
{
    hs_proto_add_prefix(b, number, bytes.len);
    hs_buf_adds(b, bytes);
}

size_t hs_proto_open(struct hs_buf *b, uint32_t number)
{
    add_tag(b, number, HS_PROTO_BYTES);
    return b->len;
}

/* The length is put in afterwards, in its shortest form: some readers refuse padded varints. */
void hs_proto_close(struct hs_buf *b, size_t mark)
{
    if (b->failed || mark > b->len)
        return;
    char bytes[10];
    size_t len = b->len - mark;
    size_t n = put_varint(bytes, len);
    if (!hs_buf_room(b, n))
        return;
    memmove(b->at + mark + n, b->at + mark, len);
    memcpy(b->at + mark, bytes, n);
    b->len += n;
}
