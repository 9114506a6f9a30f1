/* PollFlightInfo: a statement is begun, and the client is told when its first rows lie ready, within the time that one
 * poll may take. In between it lies aside under an id that travels in a sealed descriptor, so that any connection of
 * the same person may poll on; where it had to make way, the next poll begins it anew.
 *
 * What is said of progress goes by time alone: how far a scan is would tell how many rows it passes that are not seen.
 */
#include "front/flight/handles.h"
#include "front/flight/runs.h"

#include "base/clock.h"
#include "wire/proto.h"

enum { HALF_WAY_US = 10000000 };

static hs_rc wire_descriptor(struct flight_call *c, hs_str sealed, hs_str *out, struct hs_err *err)
{
    struct hs_buf value, any, descriptor;
    hs_buf_init(&value, 1 << 20);
    hs_buf_init(&any, 1 << 20);
    hs_buf_init(&descriptor, 1 << 20);
    hs_proto_add_bytes(&value, 1, sealed);
    hs_codec_add_any(&any, FLIGHT_POLL_COMMAND, hs_buf_str(&value));
    hs_proto_add_varint(&descriptor, 1, 2); /* CMD */
    hs_proto_add_bytes(&descriptor, 2, hs_buf_str(&any));
    bool failed = value.failed || any.failed || descriptor.failed;
    *out = failed ? (hs_str){0} : hs_flight_keep(c, hs_buf_str(&descriptor));
    hs_buf_fini(&value);
    hs_buf_fini(&any);
    hs_buf_fini(&descriptor);
    return out->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

/* Half after ten seconds, and never whole: of all that could be said the one thing that everybody knows. */
static double progress(const struct flight_call *c)
{
    int64_t us = hs_wall_us() - c->handle->begun_us;
    return c->poll_began && us > 0 ? (double)us / (double)(us + HALF_WAY_US) : 0;
}

static hs_rc seal_poll(struct flight_call *c, struct flight_poll *poll, struct flight_info *info, struct hs_err *err)
{
    struct flight_handle h = *c->handle;
    h.expires_us = poll->expires_us = hs_wall_us() + c->session->settings.ticket_ms * 1000;
    HS_TRY(hs_flight_handle_seal(c, FLIGHT_POLLED, &h, &info->metadata, err)); /* for CancelFlightInfo */
    return wire_descriptor(c, info->metadata, &poll->descriptor, err);
}

/* Kept before the client knows the descriptor. */
static void reply_so_far(struct flight_call *c)
{
    struct hs_err err;
    struct hs_buf schema;
    struct flight_info info = {.raw_descriptor = c->descriptor.raw, .total_records = -1};
    struct flight_poll poll = {.info = &info, .progress = progress(c)};
    hs_buf_init(&schema, FLIGHT_SCHEMA_MAX);
    hs_rc rc = seal_poll(c, &poll, &info, &err);
    if (rc == HS_OK && c->poll_began)
        rc = hs_flight_answer_schema(c, true, &schema, &err);
    info.schema = hs_buf_str(&schema);
    c->poll_until_us = 0;
    if (rc == HS_OK) {
        hs_flight_runs_keep(c, c->handle->id, c->session->settings.poll_keep_ms, c->poll_began);
        hs_flight_reply_poll(c, &poll);
    } else {
        hs_flight_fail(c, &err);
    }
    hs_buf_fini(&schema);
}

void hs_flight_poll_news(struct flight_call *c)
{
    bool ready = c->poll_began && (!hs_call_runs(c->access) || hs_call_has_news(c->access));
    if (ready) {
        c->poll_until_us = 0;
        hs_flight_described(c);
    } else if (hs_mono_us() >= c->poll_until_us) {
        reply_so_far(c);
    }
}

static void began(struct flight_call *c)
{
    c->poll_began = true;
    hs_flight_become(c, FLIGHT_POLLING);
    hs_flight_poll_news(c);
}

static hs_rc poll(struct flight_call *c, struct hs_err *err)
{
    HS_TRY(hs_flight_understand(c, err));
    if (!c->handle)
        return HS_OK;
    c->poll_until_us = hs_mono_us() + c->session->settings.poll_ms * 1000;
    bool seen = false, again = c->handle->id.len && hs_flight_runs_take(c, c->handle->id, &seen);
    if (!c->handle->id.len) {
        HS_TRY(hs_flight_handle_name(c, &c->handle->id, err));
        c->handle->begun_us = hs_wall_us();
    }
    if (!again) {
        hs_flight_begin(c, began);
    } else if (!seen) {
        hs_flight_asked(c, began);
    } else {
        hs_flight_become(c, FLIGHT_ASKING);
        began(c);
    }
    return HS_OK;
}

void hs_flight_poll(struct flight_call *c)
{
    struct hs_err err;
    if (poll(c, &err) != HS_OK)
        hs_flight_fail(c, &err);
}
