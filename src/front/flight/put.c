/* DoPut: parameters for a prepared statement. The first message says for which; then come schema and batches; the
 * answer is a new handle that carries the values (DoPutPreparedStatementResult). Updates and ingestion are refused. */
#include "front/flight/handles.h"

#include "base/clock.h"
#include "wire/proto.h"

static hs_rc open_put(struct flight_call *c, hs_str descriptor, struct hs_err *err)
{
    struct flight_any any;
    hs_str sealed = {0}, kept = hs_flight_keep(c, descriptor);
    if (!kept.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    HS_TRY(hs_codec_descriptor(kept, &c->descriptor, err));
    HS_TRY(c->descriptor.is_path ? hs_fail(err, HS_UNSUPPORTED, "this door only reads") : HS_OK);
    HS_TRY(hs_codec_any(c->descriptor.cmd, &any, err));
    if (!hs_str_is(any.name, "CommandPreparedStatementQuery"))
        return hs_fail(err, HS_UNSUPPORTED, "this door only reads; updates and ingestion are not supported");
    HS_TRY(HS_PICK(any.value, err, {1, PICK_BYTES, &sealed}));
    HS_TRY(hs_flight_handle_open(c, FLIGHT_PREPARED, sealed, &c->handle, err));
    c->reader = hs_ipc_reader_new((size_t)c->session->settings.params_rows, (size_t)c->session->settings.params_bytes);
    return c->reader ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static hs_rc put(struct flight_call *c, hs_str bytes, struct hs_err *err)
{
    struct flight_data d;
    HS_TRY(hs_codec_data(bytes, &d, err));
    if (!c->reader && !d.descriptor.at)
        return hs_fail(err, HS_INVALID, "the first message of DoPut wants a descriptor");
    if (!c->reader)
        HS_TRY(open_put(c, d.descriptor, err));
    if (!d.header.len) /* a message of metadata alone */
        return HS_OK;
    return hs_ipc_reader_message(c->reader, d.header, d.body.at ? d.body : HS_S(""), err);
}

void hs_flight_put_message(struct flight_call *c, hs_str bytes)
{
    struct hs_err err;
    if (put(c, bytes, &err) != HS_OK)
        hs_flight_fail(c, &err);
}

/* Every row, as values: the statement is run with one after the other. */
static hs_rc bind_rows(struct flight_call *c, struct flight_handle *h, struct hs_err *err)
{
    h->row_count = hs_ipc_reader_rows(c->reader); /* params_rows at most */
    h->rows = hs_arena_array(c->arena, h->row_count + 1, sizeof *h->rows);
    if (!h->rows)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < h->row_count; i++)
        HS_TRY(hs_ipc_reader_row(c->reader, i, c->arena, &h->rows[i], err));
    return HS_OK;
}

static hs_rc bind(struct flight_call *c, hs_str *out_sealed, struct hs_err *err)
{
    if (!c->reader)
        return hs_fail(err, HS_INVALID, "DoPut without a message");
    struct flight_handle h = *c->handle;
    h.expires_us = hs_wall_us() + c->session->settings.ticket_ms * 1000;
    HS_TRY(bind_rows(c, &h, err));
    return hs_flight_handle_seal(c, FLIGHT_PREPARED, &h, out_sealed, err);
}

void hs_flight_put_end(struct flight_call *c)
{
    struct hs_err err;
    struct hs_buf b;
    hs_str sealed;
    if (bind(c, &sealed, &err) != HS_OK) {
        hs_flight_fail(c, &err);
        return;
    }
    hs_buf_init(&b, sealed.len + 64);
    size_t result = hs_proto_open(&b, 1); /* PutResult.app_metadata = DoPutPreparedStatementResult */
    hs_proto_add_bytes(&b, 1, sealed);
    hs_proto_close(&b, result);
    if (hs_buf_done(&b, &err) != HS_OK) {
        hs_flight_fail(c, &err);
    } else {
        hs_flight_send(c, &b);
        hs_flight_finish(c);
    }
    hs_buf_fini(&b);
}
