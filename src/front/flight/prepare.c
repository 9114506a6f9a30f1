/* CreatePreparedStatement: the schema of the answer and of the parameters, and a handle that carries the statement. */
#include "front/flight/handles.h"

#include "base/clock.h"
#include "wire/proto.h"

#include <nanoarrow/nanoarrow.h>

/* A driver fills in what a program gives it by the type that is declared here, and some cut off what does not fit; so
 * numbers are declared as wide as they come. Bound values say their own types. */
static enum hs_type_id wide(enum hs_type_id id)
{
    switch ((int)id) {
    case HS_T_INT8:
    case HS_T_INT16:
    case HS_T_INT:
    case HS_T_UINT8:
    case HS_T_UINT16:
    case HS_T_UINT32:
        return HS_T_LONG;
    case HS_T_FLOAT:
        return HS_T_DOUBLE;
    default:
        return id;
    }
}

/* As far as the engine knows types before values are bound; else null, as ADBC's GetParameterSchema asks for unknown
 * ones. */
static const struct hs_type *declared(struct flight_call *c, size_t i)
{
    const struct hs_type *known = hs_call_param_types(c->access);
    const struct hs_type *type = known && i < known->field_count ? known->fields[i].type : NULL;
    enum hs_type_id id = type ? wide(type->id) : HS_T_UNKNOWN;
    return type && type->id == id ? type : hs_type_new(c->arena, id);
}

/* The JDBC driver writes milliseconds into times of whatever unit: so that is the unit. */
static hs_rc in_milliseconds(struct ArrowSchema *schema, struct hs_err *err)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        const char *format = schema->children[i]->format, *other = NULL;
        if (!strncmp(format, "ts", 2))
            other = format[3] == ':' && format[4] ? "tsm:UTC" : "tsm:";
        else if (!strncmp(format, "tt", 2))
            other = "ttm";
        if (other && ArrowSchemaSetFormat(schema->children[i], other) != NANOARROW_OK)
            return hs_fail(err, HS_NOMEM, "out of memory");
    }
    return HS_OK;
}

static hs_rc param_schema(struct flight_call *c, size_t count, struct hs_buf *out, struct hs_err *err)
{
    struct hs_field *fields = hs_arena_array(c->arena, count + 1, sizeof *fields);
    struct hs_type all = {.id = HS_T_STRUCT, .fields = fields, .field_count = count};
    struct ArrowSchema schema;
    if (!fields)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        fields[i] = (struct hs_field){.id = -1, .name = hs_arena_printf(c->arena, "%zu", i + 1)};
        fields[i].type = (struct hs_type *)(uintptr_t)declared(c, i);
        if (!fields[i].type || !fields[i].name.at)
            return hs_fail(err, HS_NOMEM, "out of memory");
    }
    HS_TRY(hs_type_to_arrow(&all, false, &schema, err));
    hs_rc rc = in_milliseconds(&schema, err);
    if (rc == HS_OK)
        rc = hs_ipc_schema(&schema, true, out, err);
    ArrowSchemaRelease(&schema);
    return rc;
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
    hs_rc rc = hs_flight_answer_schema(c, true, &dataset, err);
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
