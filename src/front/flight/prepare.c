/* CreatePreparedStatement: the schema of the answer and of the parameters, and a handle that carries the statement. */
#include "front/flight/handles.h"

#include "base/clock.h"
#include "wire/proto.h"

/* As far as the engine knows types before values are bound; else null, as ADBC's GetParameterSchema asks for unknown
 * ones. */
static hs_rc param_schema(struct flight_call *c, size_t count, struct hs_buf *out, struct hs_err *err)
{
    const struct hs_type *known = hs_call_param_types(c->access);
    struct hs_type *all = hs_type_new(c->arena, HS_T_STRUCT), *null = hs_type_new(c->arena, HS_T_UNKNOWN);
    struct hs_field *fields = hs_arena_array(c->arena, count + 1, sizeof *fields);
    if (!all || !null || !fields)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct hs_field){.id = -1,
                                      .name = hs_arena_printf(c->arena, "%zu", i + 1),
                                      .type = known && i < known->field_count ? known->fields[i].type : null};
    all->fields = fields;
    all->field_count = count;
    return hs_flight_schema_bytes(all, true, out, err);
}

static hs_rc add_prepared(struct flight_call *c, struct hs_buf *inner, struct hs_err *err)
{
    struct flight_handle h = {.sql = c->handle->sql, .bound = HS_S("")};
    struct hs_buf dataset, params;
    hs_str sealed;
    size_t count = hs_call_param_count(c->access);
    h.expires_us = hs_wall_us() + c->session->settings.ticket_ms * 1000;
    HS_TRY(hs_flight_handle_seal(c, FLIGHT_PREPARED, &h, &sealed, err));
    hs_buf_init(&dataset, FLIGHT_SCHEMA_MAX);
    hs_buf_init(&params, FLIGHT_SCHEMA_MAX);
    hs_rc rc = hs_flight_schema_bytes(hs_call_schema(c->access), true, &dataset, err);
    if (rc == HS_OK && count)
        rc = param_schema(c, count, &params, err);
    hs_proto_add_bytes(inner, 1, sealed);
    hs_proto_add_bytes(inner, 2, hs_buf_str(&dataset));
    hs_proto_add_bytes(inner, 3, hs_buf_str(&params));
    hs_buf_fini(&dataset);
    hs_buf_fini(&params);
    return rc == HS_OK ? hs_buf_done(inner, err) : rc;
}

static void prepared(struct flight_call *c)
{
    struct hs_err err;
    struct hs_buf inner, any;
    hs_buf_init(&inner, FLIGHT_SCHEMA_MAX * 3);
    hs_buf_init(&any, FLIGHT_SCHEMA_MAX * 3);
    hs_rc rc = add_prepared(c, &inner, &err);
    if (rc == HS_OK) {
        hs_codec_add_any(&any, "ActionCreatePreparedStatementResult", hs_buf_str(&inner));
        rc = hs_buf_done(&any, &err);
    }
    if (rc == HS_OK)
        hs_flight_reply_result(c, hs_buf_str(&any));
    else
        hs_flight_fail(c, &err);
    hs_buf_fini(&inner);
    hs_buf_fini(&any);
}

void hs_flight_prepare(struct flight_call *c, hs_str value)
{
    struct hs_err err;
    hs_rc rc = hs_flight_statement(c, value, &err); /* the same fields */
    if (rc != HS_OK) {
        hs_flight_fail(c, &err);
        return;
    }
    struct hs_query q = hs_flight_query_of(c->handle, 0);
    q.describe_only = true;
    hs_flight_ask(c, &q, prepared);
}
