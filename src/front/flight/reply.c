/* Answers: schemas, FlightInfo and its relatives, and batches whose bodies leave as they lie. */
#include "front/flight/flight.h"

#include <nanoarrow/nanoarrow.h>

#include "base/alloc.h"
#include "wire/proto.h"

enum { INFO_MAX = 64 << 20, MESSAGE_MAX = INT32_MAX - 4096 }; /* protobuf's and gRPC's own ceiling is 2 GiB */

hs_rc hs_flight_schema_bytes(const struct hs_type *type, bool encapsulated, struct hs_buf *out, struct hs_err *err)
{
    struct ArrowSchema schema;
    HS_TRY(hs_type_to_arrow(type, false, &schema, err));
    hs_rc rc = hs_ipc_schema(&schema, encapsulated, out, err);
    ArrowSchemaRelease(&schema);
    return rc;
}

void hs_flight_reply_schema(struct flight_call *c, hs_str schema, hs_str ticket, int64_t expires_us)
{
    struct flight_info info = {schema, c->descriptor.raw, ticket, expires_us};
    struct hs_err err;
    struct hs_buf b;
    hs_buf_init(&b, INFO_MAX);
    switch (c->method->use) {
    case FLIGHT_SCHEMA: /* SchemaResult */
        hs_proto_add_bytes(&b, 1, schema);
        break;
    case FLIGHT_POLL: { /* PollInfo: complete at once, so without a descriptor to ask again with */
        static const double whole = 1.0;
        uint64_t bits;
        memcpy(&bits, &whole, sizeof bits);
        size_t mark = hs_proto_open(&b, 1);
        hs_codec_add_info(&b, &info);
        hs_proto_close(&b, mark);
        hs_proto_add_fixed64(&b, 3, bits);
        break;
    }
    case FLIGHT_INFO:
        hs_codec_add_info(&b, &info);
        break;
    }
    if (hs_buf_done(&b, &err) != HS_OK) {
        hs_flight_fail(c, &err);
    } else {
        hs_flight_send(c, &b);
        hs_flight_finish(c);
    }
    hs_buf_fini(&b);
}

void hs_flight_reply_result(struct flight_call *c, hs_str body)
{
    struct hs_err err;
    struct hs_buf b;
    hs_buf_init(&b, INFO_MAX);
    hs_proto_add_bytes(&b, 1, body);
    if (hs_buf_done(&b, &err) != HS_OK) {
        hs_flight_fail(c, &err);
    } else {
        hs_flight_send(c, &b);
        hs_flight_finish(c);
    }
    hs_buf_fini(&b);
}

hs_rc hs_flight_send_schema(struct flight_call *c, hs_str header, struct hs_err *err)
{
    struct hs_buf b;
    hs_buf_init(&b, INFO_MAX);
    hs_codec_add_data(&b, header, false, 0);
    hs_rc rc = hs_buf_done(&b, err);
    if (rc == HS_OK)
        hs_flight_send(c, &b);
    hs_buf_fini(&b);
    return rc;
}

/* A batch on its way out: two slices point into it, and the last one gone gives it back. */
struct frame {
    struct hs_batch batch;
    struct hs_buf head;
    int slices;
};

static void frame_release(void *arg)
{
    struct frame *f = arg;
    if (--f->slices)
        return;
    hs_batch_release(&f->batch);
    hs_buf_fini(&f->head);
    hs_free(f);
}

static hs_rc fill_head(struct frame *f, struct hs_err *err)
{
    struct hs_buf header;
    hs_buf_init(&header, INFO_MAX);
    hs_buf_init(&f->head, INFO_MAX);
    hs_rc rc = f->batch.body_len > MESSAGE_MAX - INFO_MAX
                   ? hs_fail(err, HS_LIMIT, "a batch of %zu bytes is too long for this protocol", f->batch.body_len)
                   : hs_ipc_batch_header(&f->batch, &header, err);
    if (rc == HS_OK) {
        hs_codec_add_data(&f->head, hs_buf_str(&header), true, f->batch.body_len);
        rc = hs_buf_done(&f->head, err);
    }
    hs_buf_fini(&header);
    return rc;
}

hs_rc hs_flight_send_batch(struct flight_call *c, struct hs_batch *batch, struct hs_err *err)
{
    struct frame *f = hs_calloc(1, sizeof *f);
    if (!f) {
        hs_batch_release(batch);
        return hs_fail(err, HS_NOMEM, "out of memory");
    }
    f->batch = *batch;
    f->slices = 1;
    hs_rc rc = fill_head(f, err);
    if (rc != HS_OK) {
        frame_release(f);
        return rc;
    }
    struct hs_slice slices[2] = {{f->head.at, f->head.len, frame_release, f},
                                 {f->batch.body, f->batch.body_len, frame_release, f}};
    f->slices = f->batch.body_len ? 2 : 1;
    hs_flight_headers(c);
    hs_grpc_send_message(c->grpc, slices, (size_t)f->slices);
    return HS_OK;
}
