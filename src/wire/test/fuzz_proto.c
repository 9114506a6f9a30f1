/* Any bytes as protobuf, three messages deep; what is read is written again and must read the same. */
#include "wire/proto.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void copy(struct hs_buf *out, hs_str bytes, int depth)
{
    struct hs_cursor c = hs_cursor_of(bytes);
    struct hs_proto_field f;
    while (hs_proto_next(&c, &f)) {
        uint64_t value, sum = 0;
        for (struct hs_cursor p = hs_proto_packed(&f); hs_proto_packed_next(&p, &value);)
            sum += value;
        if (f.type == HS_PROTO_BYTES && depth) {
            size_t mark = hs_proto_open(out, f.number);
            copy(out, f.bytes, depth - 1);
            hs_proto_close(out, mark);
        } else if (f.type == HS_PROTO_BYTES) {
            hs_proto_add_bytes(out, f.number, hs_proto_is_text(&f) ? f.bytes : HS_S("not text"));
        } else {
            hs_proto_add_varint(out, f.number, f.value + (sum & 0));
        }
    }
    hs_ignore(hs_proto_done(&c, NULL)); /* either is fine here */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_buf first, second;
    hs_buf_init(&first, 1 << 20);
    hs_buf_init(&second, 1 << 20);
    copy(&first, hs_str_n(data, size), 3);
    copy(&second, hs_buf_str(&first), 3);
    if (!first.failed && !hs_str_eq(hs_buf_str(&first), hs_buf_str(&second)))
        abort();
    hs_buf_fini(&first);
    hs_buf_fini(&second);
    return 0;
}
