/* Protobuf by hand: a reader over a cursor and a writer into a buffer. No generated code: the messages we speak are
 * few, and a table of field numbers beside the handler is easier to check than a compiler's output.
 *
 *     struct hs_cursor c = hs_cursor_of(bytes);
 *     struct hs_proto_field f;
 *     while (hs_proto_next(&c, &f)) {
 *         if (f.number == 1 && f.type == HS_PROTO_BYTES) m->handle = f.bytes;
 *     }
 *     HS_TRY(hs_proto_done(&c, err));
 *
 * Unknown fields are passed over. Nothing is recursive here: nesting is the caller's, who opens a cursor on f.bytes. */
#ifndef HS_WIRE_PROTO_H
#define HS_WIRE_PROTO_H

#include "base/cursor.h"
#include "base/str.h"

enum hs_proto_type { HS_PROTO_VARINT = 0, HS_PROTO_FIXED64 = 1, HS_PROTO_BYTES = 2, HS_PROTO_FIXED32 = 5 };

struct hs_proto_field {
    uint32_t number;
    enum hs_proto_type type;
    uint64_t value; /* varint, fixed64, fixed32 */
    hs_str bytes;   /* HS_PROTO_BYTES: borrowed from the input */
};

/* false at the end, or when the bytes are no protobuf (then c->bad). Groups are refused. */
bool hs_proto_next(struct hs_cursor *c, struct hs_proto_field *out);
/* HS_INVALID when the cursor went bad. */
HS_MUST hs_rc hs_proto_done(const struct hs_cursor *c, struct hs_err *err);
/* A `string` field: of the right type and valid UTF-8? */
bool hs_proto_is_text(const struct hs_proto_field *f);
/* The elements of a packed repeated varint field. Also takes the unpacked form, one at a time:
 *     for (struct hs_cursor p = hs_proto_packed(&f); hs_proto_packed_next(&p, &value);) ... */
struct hs_cursor hs_proto_packed(const struct hs_proto_field *f);
bool hs_proto_packed_next(struct hs_cursor *packed, uint64_t *out);

/* Writing. Like protobuf 3 itself these leave nothing out: whether a default value is written is the caller's choice.
 */
void hs_proto_add_varint(struct hs_buf *b, uint32_t number, uint64_t value);
void hs_proto_add_int(struct hs_buf *b, uint32_t number, int64_t value); /* int32, int64: negative takes ten bytes */
void hs_proto_add_fixed64(struct hs_buf *b, uint32_t number, uint64_t value);
void hs_proto_add_bytes(struct hs_buf *b, uint32_t number, hs_str bytes);
/* Tag and length alone: for a body that follows as its own slice. */
void hs_proto_add_prefix(struct hs_buf *b, uint32_t number, uint64_t len);
/* A nested message of unknown length: add its fields between open and close. */
size_t hs_proto_open(struct hs_buf *b, uint32_t number);
void hs_proto_close(struct hs_buf *b, size_t mark);

#endif
