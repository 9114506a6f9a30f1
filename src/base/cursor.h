/* Reading bytes that a peer or a file wrote. A cursor goes bad once and stays bad: a parser is straight lines with
 * one check at the end. Reads past the end give zeros. */
#ifndef HS_BASE_CURSOR_H
#define HS_BASE_CURSOR_H

#include "base/str.h"

struct hs_cursor {
    const uint8_t *at, *end, *start;
    bool bad;
};

static inline struct hs_cursor hs_cursor_of(hs_str bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.at;
    return (struct hs_cursor){at, at ? at + bytes.len : at, at, false};
}
static inline size_t hs_cursor_left(const struct hs_cursor *c)
{
    return c->bad ? 0 : (size_t)(c->end - c->at);
}
static inline size_t hs_cursor_pos(const struct hs_cursor *c)
{
    return (size_t)(c->at - c->start);
}
uint8_t hs_cursor_u8(struct hs_cursor *c);
uint16_t hs_cursor_u16le(struct hs_cursor *c);
uint32_t hs_cursor_u32le(struct hs_cursor *c);
uint64_t hs_cursor_u64le(struct hs_cursor *c);
uint16_t hs_cursor_u16be(struct hs_cursor *c);
uint32_t hs_cursor_u32be(struct hs_cursor *c);
uint64_t hs_cursor_u64be(struct hs_cursor *c);
uint64_t hs_cursor_varint(struct hs_cursor *c); /* unsigned LEB128, at most 10 bytes */
int64_t hs_cursor_zigzag(struct hs_cursor *c);
hs_str hs_cursor_bytes(struct hs_cursor *c, uint64_t len); /* borrowed; empty and bad when too long */
void hs_cursor_skip(struct hs_cursor *c, uint64_t len);

#endif
