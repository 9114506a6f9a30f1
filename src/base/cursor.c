/* Bounded reads; see cursor.h. */
#include "base/cursor.h"

static const uint8_t *take(struct hs_cursor *c, uint64_t len)
{
    if (c->bad || len > (uint64_t)(c->end - c->at)) {
        c->bad = true;
        return NULL;
    }
    const uint8_t *at = c->at;
    c->at += len;
    return at;
}

static uint64_t little(struct hs_cursor *c, unsigned size)
{
    const uint8_t *p = take(c, size);
    uint64_t value = 0;
    for (unsigned i = 0; p && i < size; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}

static uint64_t big(struct hs_cursor *c, unsigned size)
{
    const uint8_t *p = take(c, size);
    uint64_t value = 0;
    for (unsigned i = 0; p && i < size; i++)
        value = value << 8 | p[i];
    return value;
}

uint8_t hs_cursor_u8(struct hs_cursor *c)
{
    const uint8_t *p = take(c, 1);
    return p ? *p : 0;
}

uint16_t hs_cursor_u16le(struct hs_cursor *c)
{
    return (uint16_t)little(c, 2);
}

uint32_t hs_cursor_u32le(struct hs_cursor *c)
{
    return (uint32_t)little(c, 4);
}

uint64_t hs_cursor_u64le(struct hs_cursor *c)
{
    return little(c, 8);
}

uint16_t hs_cursor_u16be(struct hs_cursor *c)
{
    return (uint16_t)big(c, 2);
}

uint32_t hs_cursor_u32be(struct hs_cursor *c)
{
    return (uint32_t)big(c, 4);
}

uint64_t hs_cursor_u64be(struct hs_cursor *c)
{
    return big(c, 8);
}

uint64_t hs_cursor_varint(struct hs_cursor *c)
{
    uint64_t value = 0;
    if (!c->bad && c->at < c->end && *c->at < 128) /* as most are */
        return *c->at++;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte = hs_cursor_u8(c);
        if (c->bad || (shift == 63 && byte > 1))
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    c->bad = true;
    return 0;
}

int64_t hs_cursor_zigzag(struct hs_cursor *c)
{
    uint64_t value = hs_cursor_varint(c);
    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

hs_str hs_cursor_bytes(struct hs_cursor *c, uint64_t len)
{
    const uint8_t *p = take(c, len);
    return p ? hs_str_n(p, (size_t)len) : (hs_str){"", 0};
}

void hs_cursor_skip(struct hs_cursor *c, uint64_t len)
{
    take(c, len);
}
