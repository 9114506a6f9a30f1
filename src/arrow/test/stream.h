/* An IPC stream (encapsulated messages) handed to the reader message by message, as Flight would. For tests and
 * fuzzing. */
#ifndef HS_ARROW_TEST_STREAM_H
#define HS_ARROW_TEST_STREAM_H

#include "arrow/flat.h"
#include "arrow/ipc.h"
#include "base/cursor.h"

/* The next message of a stream; false at the end or when it is no stream. */
static inline bool stream_next(struct hs_cursor *c, hs_str *out_header, hs_str *out_body)
{
    uint32_t size = hs_cursor_u32le(c);
    if (size == 0xFFFFFFFF) /* before 0.15 there was no continuation mark */
        size = hs_cursor_u32le(c);
    if (c->bad || size == 0)
        return false;
    *out_header = hs_cursor_bytes(c, size);
    struct hs_flat f = {.bytes = *out_header};
    struct hs_flat_table message = hs_flat_root(&f);
    int64_t body = hs_flat_int(&message, 3, 8, 0);
    if (f.bad || body < 0)
        body = 0; /* the reader is to say what is wrong with it */
    if ((uint64_t)body > hs_cursor_left(c))
        body = (int64_t)hs_cursor_left(c);
    *out_body = hs_cursor_bytes(c, (uint64_t)body);
    return !c->bad;
}

static inline hs_rc stream_read(struct hs_ipc_reader *r, hs_str bytes, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(bytes);
    hs_str header, body;
    while (stream_next(&c, &header, &body))
        HS_TRY(hs_ipc_reader_message(r, header, body, err));
    return HS_OK;
}

#endif
