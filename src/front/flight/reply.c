/* Answers: schemas, FlightInfo and its relatives, and batches whose bodies leave as they lie. */
#include "front/flight/flight.h"
#include "front/flight/types.h"

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

static struct hs_flight_origin *origins_of(struct flight_call *c, const struct hs_seen_column *seen, size_t count)
{
    struct hs_model *model = hs_access_model(c->session->env->access);
    struct hs_flight_origin *all = hs_arena_array(c->arena, count + 1, sizeof *all);
    hs_str mesh = hs_flight_keep(c, model->mesh_name);
    hs_model_unref(model);
    for (size_t i = 0; all && i < count; i++) {
        const struct hs_table *t = seen[i].table;
        if (t) /* the call holds its model. No remarks: the JDBC driver takes them for the column's label */
            all[i] = (struct hs_flight_origin){mesh, t->product->domain, t->name, (hs_str){0}};
    }
    return mesh.at ? all : NULL;
}

static hs_rc add_notes(struct flight_call *c, struct ArrowSchema *schema, struct hs_err *err)
{
    const struct hs_type *type = hs_call_schema(c->access);
    const struct hs_seen_column *seen = hs_call_origins(c->access);
    struct hs_flight_origin *origins = seen ? origins_of(c, seen, type->field_count) : NULL;
    if (seen && !origins)
        return hs_fail(err, HS_NOMEM, "out of memory");
    return hs_flight_describe_columns(schema, type, origins, err);
}

hs_rc hs_flight_answer_schema(struct flight_call *c, bool encapsulated, struct hs_buf *out, struct hs_err *err)
{
    struct ArrowSchema schema;
    HS_TRY(hs_type_to_arrow(hs_call_schema(c->access), false, &schema, err));
    hs_rc rc = add_notes(c, &schema, err);
    if (rc == HS_OK)
        rc = hs_ipc_schema(&schema, encapsulated, out, err);
    ArrowSchemaRelease(&schema);
    return rc;
}

static void reply(struct flight_call *c, struct hs_buf *b)
{
    struct hs_err err;
    if (hs_buf_done(b, &err) != HS_OK) {
        hs_flight_fail(c, &err);
    } else {
        hs_flight_send(c, b);
        hs_flight_finish(c);
    }
    hs_buf_fini(b);
}

void hs_flight_reply_poll(struct flight_call *c, const struct flight_poll *poll)
{
    struct hs_buf b;
    hs_buf_init(&b, INFO_MAX);
    hs_codec_add_poll(&b, poll);
    reply(c, &b);
}

void hs_flight_reply_info(struct flight_call *c, const struct flight_info *info)
{
    struct hs_buf b;
    hs_buf_init(&b, INFO_MAX);
    switch (c->method->use) {
    case FLIGHT_SCHEMA: /* SchemaResult */
        hs_proto_add_bytes(&b, 1, info->schema);
        break;
    case FLIGHT_POLL: /* complete: without a descriptor to ask again with */
        hs_codec_add_poll(&b, &(struct flight_poll){.info = info, .progress = 1, .expires_us = info->expires_us});
        break;
    case FLIGHT_INFO:
        hs_codec_add_info(&b, info);
        break;
    }
    reply(c, &b);
}

void hs_flight_reply_result(struct flight_call *c, hs_str body)
{
    struct hs_buf b;
    hs_buf_init(&b, INFO_MAX);
    hs_proto_add_bytes(&b, 1, body);
    reply(c, &b);
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

/* A batch on its way out, one message a part: slices point into it, and the last one gone gives it back. */
struct frame {
    struct hs_batch batch;
    int slices;
    size_t parts;
    struct hs_buf heads[]; /* one a part */
};

static void frame_free(struct frame *f)
{
    hs_batch_release(&f->batch);
    for (size_t i = 0; i < f->parts; i++)
        hs_buf_fini(&f->heads[i]);
    hs_free(f);
}

static void frame_release(void *arg)
{
    struct frame *f = arg;
    if (--f->slices == 0)
        frame_free(f);
}

static hs_rc fill_head(struct frame *f, size_t i, struct hs_err *err)
{
    struct hs_buf header;
    size_t len = hs_batch_part(&f->batch, i).len;
    hs_buf_init(&header, INFO_MAX);
    hs_rc rc = len > MESSAGE_MAX - INFO_MAX
                   ? hs_fail(err, HS_LIMIT, "a batch of %zu bytes is too long for this protocol", len)
                   : hs_ipc_part_header(&f->batch, i, &header, err);
    if (rc == HS_OK) {
        hs_codec_add_data(&f->heads[i], hs_buf_str(&header), true, len);
        rc = hs_buf_done(&f->heads[i], err);
    }
    hs_buf_fini(&header);
    f->slices += len ? 2 : 1;
    return rc;
}

static void send_part(struct flight_call *c, struct frame *f, size_t i)
{
    struct hs_batch_part part = hs_batch_part(&f->batch, i);
    struct hs_slice slices[2] = {{f->heads[i].at, f->heads[i].len, frame_release, f},
                                 {f->batch.body + part.at, part.len, frame_release, f}};
    hs_grpc_send_message(c->grpc, slices, part.len ? 2 : 1);
}

hs_rc hs_flight_send_batch(struct flight_call *c, struct hs_batch *batch, struct hs_err *err)
{
    size_t parts = hs_batch_part_count(batch);
    struct frame *f = hs_calloc(1, sizeof *f + parts * sizeof *f->heads);
    if (!f) {
        hs_batch_release(batch);
        return hs_fail(err, HS_NOMEM, "out of memory");
    }
    f->batch = *batch;
    f->parts = parts;
    for (size_t i = 0; i < parts; i++)
        hs_buf_init(&f->heads[i], INFO_MAX);
    hs_rc rc = HS_OK;
    for (size_t i = 0; i < parts && rc == HS_OK; i++)
        rc = fill_head(f, i, err);
    if (rc != HS_OK) {
        frame_free(f);
        return rc;
    }
    hs_flight_headers(c);
    for (size_t i = 0; i < parts; i++)
        send_part(c, f, i);
    return HS_OK;
}
