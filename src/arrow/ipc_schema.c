/* The Schema message, by nanoarrow's encoder: schemas are small and made once a call. */
#include "arrow/ipc.h"

#include <errno.h>
#include <nanoarrow/nanoarrow.h>
#include <nanoarrow/nanoarrow_ipc.h>

static int encode(struct ArrowIpcEncoder *encoder, const struct ArrowSchema *schema, bool encapsulated,
                  struct ArrowBuffer *message, struct ArrowError *words)
{
    int code = ArrowIpcEncoderEncodeSchema(encoder, schema, words);
    return code == NANOARROW_OK ? ArrowIpcEncoderFinalizeBuffer(encoder, encapsulated, message) : code;
}

hs_rc hs_ipc_schema(const struct ArrowSchema *schema, bool encapsulated, struct hs_buf *out, struct hs_err *err)
{
    struct ArrowIpcEncoder encoder;
    struct ArrowError words = {{0}};
    if (ArrowIpcEncoderInit(&encoder) != NANOARROW_OK)
        return hs_fail(err, HS_NOMEM, "out of memory");
    struct ArrowBuffer message;
    ArrowBufferInit(&message);
    int code = encode(&encoder, schema, encapsulated, &message, &words);
    if (code == NANOARROW_OK)
        hs_buf_add(out, message.data, (size_t)message.size_bytes);
    ArrowBufferReset(&message);
    ArrowIpcEncoderReset(&encoder);
    if (code != NANOARROW_OK)
        return hs_fail_hidden(err, code == ENOMEM ? HS_NOMEM : HS_INTERNAL, "schema message: %s", words.message);
    return hs_buf_done(out, err);
}
