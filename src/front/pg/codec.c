#include "front/pg/codec.h"

enum pg_frame hs_pg_start_packet(hs_str in, struct pg_start_packet *out)
{
    struct hs_cursor c = hs_cursor_of(in);
    if (in.len < 4)
        return PG_FRAME_PART;
    uint32_t len = hs_cursor_u32be(&c);
    if (len < 8 || len > PG_STARTUP_MAX)
        return PG_FRAME_BAD;
    if (in.len < len)
        return PG_FRAME_PART;
    out->code = hs_cursor_u32be(&c);
    out->body = hs_str_n(in.at + 8, len - 8);
    out->bytes = len;
    return PG_FRAME_WHOLE;
}

enum pg_frame hs_pg_message_head(hs_str in, char *out_kind, size_t *out_body_len)
{
    struct hs_cursor c = hs_cursor_of(in);
    if (in.len < 5)
        return PG_FRAME_PART;
    *out_kind = (char)hs_cursor_u8(&c);
    uint32_t len = hs_cursor_u32be(&c);
    if (len < 4 || len > INT32_MAX)
        return PG_FRAME_BAD;
    *out_body_len = len - 4;
    return PG_FRAME_WHOLE;
}

hs_str hs_pg_text(struct hs_cursor *c)
{
    size_t left = hs_cursor_left(c);
    const void *end = left ? memchr(c->at, 0, left) : NULL;
    if (!end) {
        c->bad = true;
        return (hs_str){"", 0};
    }
    hs_str s = hs_cursor_bytes(c, (size_t)((const uint8_t *)end - c->at));
    hs_cursor_skip(c, 1);
    return s;
}

bool hs_pg_all_read(const struct hs_cursor *c)
{
    return !c->bad && c->at == c->end;
}

bool hs_pg_read_pairs(hs_str body, struct pg_pairs *out)
{
    struct hs_cursor c = hs_cursor_of(body);
    out->count = 0;
    for (;;) {
        hs_str name = hs_pg_text(&c);
        if (c.bad)
            return false;
        if (name.len == 0)
            return hs_pg_all_read(&c);
        hs_str value = hs_pg_text(&c);
        if (c.bad || out->count == PG_PAIRS_MAX)
            return false;
        out->at[out->count++] = (struct pg_pair){name, value};
    }
}

void hs_pg_add_i16(struct hs_buf *b, int16_t v)
{
    uint16_t u = (uint16_t)v;
    char bytes[2] = {(char)(u >> 8), (char)u};
    hs_buf_add(b, bytes, sizeof bytes);
}

static void put_i32(char *at, uint32_t u)
{
    at[0] = (char)(u >> 24), at[1] = (char)(u >> 16), at[2] = (char)(u >> 8), at[3] = (char)u;
}

void hs_pg_add_i32(struct hs_buf *b, int32_t v)
{
    char bytes[4];
    put_i32(bytes, (uint32_t)v);
    hs_buf_add(b, bytes, sizeof bytes);
}

void hs_pg_add_text(struct hs_buf *b, hs_str s)
{
    const void *zero = s.len ? memchr(s.at, 0, s.len) : NULL;
    hs_buf_add(b, s.at, zero ? (size_t)((const char *)zero - s.at) : s.len);
    hs_buf_addc(b, 0);
}

size_t hs_pg_begin(struct hs_buf *b, char kind)
{
    hs_buf_addc(b, kind);
    size_t at = b->len;
    hs_pg_add_i32(b, 0);
    return at;
}

void hs_pg_end(struct hs_buf *b, size_t begun)
{
    if (!b->failed)
        put_i32(b->at + begun, (uint32_t)(b->len - begun));
}
