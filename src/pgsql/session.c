/* What a statement asks of its session: who, where, when. The facts are constants in what is printed; the catalog's
 * longer look-ups are texts here, over relations that are given with the statement. */
#include "pgsql/pgsql_in.h"

#include <ctype.h>
#include <time.h>

/* Microseconds since 1970 as a literal that a scan can be narrowed by. */
static void put_time(struct reader *r, int64_t us, struct piece *out)
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm t;
    hs_str text = {NULL, 0};
    if (us >= 0 && gmtime_r(&seconds, &t))
        text = hs_arena_printf(r->arena, "%04d-%02d-%02d %02d:%02d:%02d.%06d+00", t.tm_year + 1900, t.tm_mon + 1,
                               t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, (int)(us % 1000000));
    if (text.at)
        put(r, out, "CAST(%T AS TIMESTAMP WITH TIME ZONE)", &text);
    else
        r->failed = true;
}

static void put_address(struct reader *r, hs_str address, struct piece *out)
{
    if (address.len)
        put(r, out, "%T", &address);
    else
        put(r, out, "CAST(NULL AS VARCHAR)");
}

static void put_port(struct reader *r, int port, struct piece *out)
{
    if (port)
        put(r, out, "%d", (int64_t)port);
    else
        put(r, out, "CAST(NULL AS INTEGER)");
}

static void put_path(struct reader *r, bool all, struct piece *out)
{
    const struct hs_pgsql_context *c = r->context;
    put(r, out, "CAST([");
    put(r, out, all ? "'pg_catalog'" : "");
    for (size_t i = 0; i < c->search_path_count; i++) {
        hs_str name = c->search_path[i];
        if (all && hs_str_is(name, "pg_catalog"))
            continue;
        put(r, out, i || all ? ", %T" : "%T", &name);
    }
    put(r, out, "] AS VARCHAR[])");
}

static hs_rc catalog_query(struct reader *r, hs_str name, struct piece *out);

hs_rc session_fact(struct reader *r, char letter, const char **at, struct piece *out)
{
    const struct hs_pgsql_context *c = r->context;
    hs_str zone = c->time_zone.len ? c->time_zone : HS_S("UTC");
    switch (letter) {
    case 'Z':
        put(r, out, "%T", &zone);
        break;
    case 'V':
        put(r, out, "%T", &c->version);
        break;
    case 'D':
        put(r, out, "%T", &c->database);
        break;
    case 'U':
        put(r, out, "%T", &c->user);
        break;
    case 'W':
        put(r, out, "%T", &c->session_user);
        break;
    case 'P':
        put(r, out, "%d", (int64_t)c->backend_pid);
        break;
    case 'N':
        put_time(r, c->transaction_us, out);
        break;
    case 'T':
        put_time(r, c->statement_us, out);
        break;
    case 'B':
        put_time(r, c->started_us, out);
        break;
    case 'C':
        put_address(r, c->client_address, out);
        break;
    case 'A':
        put_address(r, c->server_address, out);
        break;
    case 'c':
        put_port(r, c->client_port, out);
        break;
    case 'a':
        put_port(r, c->server_port, out);
        break;
    case 'Q':
        put_path(r, true, out);
        break;
    case 'q':
        put_path(r, false, out);
        break;
    case 'S':
        if (c->search_path_count)
            put(r, out, "%T", &c->search_path[0]);
        else
            put(r, out, "CAST(NULL AS VARCHAR)");
        break;
    case '[': {
        const char *end = strchr(*at, ']');
        hs_str name = hs_str_n(*at, (size_t)(end - *at));
        *at = end + 1;
        return catalog_query(r, name, out);
    }
    default:
        r->failed = true;
        break;
    }
    return HS_OK;
}

static hs_rc catalog_query(struct reader *r, hs_str name, struct piece *out)
{
    hs_str copy = hs_arena_str(r->arena, name);
    return copy.at ? relation_column(r, copy.at, out) : no_memory(r);
}

/* ---- SQL's own words ---- */

static hs_rc value_of_time(struct reader *r, const char *format, struct piece *out, uint32_t oid)
{
    struct piece now = {0};
    hs_str zone = r->context->time_zone.len ? r->context->time_zone : HS_S("UTC");
    put_time(r, r->context->transaction_us, &now);
    if (oid == HS_OID_timestamptz)
        put(r, out, format, &now);
    else
        put(r, out, format, &zone, &now);
    out->kind = KIND_OF(oid);
    return HS_OK;
}

hs_rc now_as(struct reader *r, uint32_t oid, struct piece *out)
{
    static const char *const AS_DATE = "CAST(timezone(%T, %P) AS DATE)", *const AS_TIME =
                                                                             "CAST(timezone(%T, %P) AS TIME)";
    return value_of_time(r,
                         oid == HS_OID_date          ? AS_DATE
                         : oid == HS_OID_time        ? AS_TIME
                         : oid == HS_OID_timestamptz ? "%P"
                                                     : "timezone(%T, %P)",
                         out, oid);
}

/* CURRENT_TIME: the engine's time of a zone cannot be handed on, so it is the text of one, which a client is sent as
 * what it is. */
static hs_rc current_time(struct reader *r, int32_t digits, struct piece *out)
{
    struct piece now = {0}, again;
    hs_str zone = r->context->time_zone.len ? r->context->time_zone : HS_S("UTC");
    HS_TRY(now_as(r, HS_OID_timestamptz, &now));
    round_seconds(r, (struct kind){HS_OID_timestamptz, digits, NULL}, &now);
    again = piece_copy(r, &now);
    put(r, out, "substr(hs_pg_text(%P, timezone(%T, %P)), 12)", &now, &zone, &again);
    out->kind = (struct kind){HS_OID_timetz, digits, NULL};
    return HS_OK;
}

hs_rc print_value_function(struct reader *r, yyjson_val *body, struct piece *out)
{
    static const struct {
        const char *op;
        uint32_t oid;
    } MOMENTS[] = {{"SVFOP_CURRENT_DATE", HS_OID_date},
                   {"SVFOP_CURRENT_TIMESTAMP", HS_OID_timestamptz},
                   {"SVFOP_LOCALTIMESTAMP", HS_OID_timestamp},
                   {"SVFOP_LOCALTIME", HS_OID_time}};
    hs_str op = node_text(body, "op");
    const struct hs_pgsql_context *c = r->context;
    int32_t digits = -1;
    if (hs_str_ends(op, HS_S("_N"))) {
        digits = (int32_t)node_number(body, "typmod");
        op.len -= 2;
    }
    out->kind = KIND_OF(HS_OID_name);
    for (size_t i = 0; i < sizeof MOMENTS / sizeof *MOMENTS; i++) {
        if (!hs_str_is(op, MOMENTS[i].op))
            continue;
        HS_TRY(now_as(r, MOMENTS[i].oid, out));
        out->kind.typmod = digits > 6 ? 6 : digits;
        round_seconds(r, out->kind, out);
        return HS_OK;
    }
    if (hs_str_is(op, "SVFOP_CURRENT_TIME"))
        return current_time(r, digits > 6 ? 6 : digits, out);
    if (hs_str_is(op, "SVFOP_SESSION_USER"))
        put(r, out, "%T", &c->session_user);
    else if (hs_str_is(op, "SVFOP_CURRENT_CATALOG"))
        put(r, out, "%T", &c->database);
    else if (!hs_str_is(op, "SVFOP_CURRENT_SCHEMA"))
        put(r, out, "%T", &c->user);
    else
        return session_fact(r, 'S', NULL, out);
    return HS_OK;
}

/* ---- settings ---- */

static hs_str lower(struct reader *r, hs_str text)
{
    hs_str copy = hs_arena_str(r->arena, text);
    for (size_t i = 0; copy.at && i < copy.len; i++)
        ((char *)copy.at)[i] = (char)tolower((unsigned char)copy.at[i]);
    return copy;
}

static hs_rc current_setting(struct reader *r, struct call *call, struct piece *out)
{
    out->kind = KIND_OF(HS_OID_text);
    if (call->args[0].form != PIECE_LITERAL) {
        struct piece settings = {0};
        HS_TRY(relation_column(r, "pg_settings", &settings));
        put(r, out, "(SELECT min(hs_s.\"setting\") FROM %P AS hs_s WHERE hs_s.\"name\" = lower(%P))", &settings,
            &call->args[0]);
        return HS_OK;
    }
    hs_str name = lower(r, call->args[0].literal), value = {NULL, 0};
    if (!name.at)
        return no_memory(r);
    if (r->context->setting && r->context->setting(r->context->arg, name, &value))
        put(r, out, "%L%T", call->location, &value);
    else if (call->count == 2)
        put(r, out, "CAST(NULL AS VARCHAR)");
    else
        return refuse(r, call->location, "42704", "unrecognized configuration parameter \"%.*s\"", HS_FMT(name));
    return HS_OK;
}

static hs_rc set_config(struct reader *r, struct call *call, struct piece *out)
{
    struct piece *local = &call->args[2];
    bool is_true = local->first && hs_str_is(hs_str_n(local->first->at, local->first->len), "true");
    bool is_false = local->first && hs_str_is(hs_str_n(local->first->at, local->first->len), "false");
    bool is_param = call->args[1].form == PIECE_PARAM;
    if (call->args[0].form != PIECE_LITERAL || (call->args[1].form != PIECE_LITERAL && !is_param) ||
        !(is_true || is_false) || r->scope->outer)
        return refuse(r, call->location, "0A000", "set_config is supported with constants, in the outermost SELECT");
    struct hs_pgsql_set_config *set = hs_vec_add(r->arena, &r->set_configs);
    hs_str name = lower(r, call->args[0].literal);
    if (!set || !name.at)
        return no_memory(r);
    *set = (struct hs_pgsql_set_config){.name = name, .value = call->args[1].literal, .local = is_true};
    if (is_param) {
        set->param = call->args[1].param;
        param_is(r, &call->args[1], HS_OID_text);
        put(r, out, "%P", &call->args[1]);
    } else {
        put(r, out, "%T", &set->value);
    }
    out->kind = KIND_OF(HS_OID_text);
    return HS_OK;
}

/* pg_typeof: what we know, before the engine is asked. */
static hs_rc type_of(struct reader *r, struct call *call, struct piece *out)
{
    uint32_t oid = call->args[0].kind.oid;
    if (!oid)
        return refuse(r, call->location, "0A000", "pg_typeof is not supported for this expression");
    put(r, out, "CAST(%d AS UINTEGER)", (int64_t)oid);
    out->kind = KIND_OF(HS_OID_regtype);
    return HS_OK;
}

static hs_rc to_reg(struct reader *r, struct call *call, uint32_t oid, struct piece *out)
{
    struct piece *text = &call->args[0];
    if (text->form == PIECE_LITERAL) {
        HS_TRY(reg_optional(r, text->literal, oid, out));
    } else {
        text->kind = KIND_OF(HS_OID_text);
        HS_TRY(reg_cast(r, text, KIND_OF(oid), call->location, out));
    }
    out->kind = KIND_OF(oid);
    return HS_OK;
}

hs_rc call_by_session(struct reader *r, struct call *call, bool *found, struct piece *out)
{
    static const struct {
        const char *name;
        uint32_t oid;
    } TO_REG[] = {{"to_regclass", HS_OID_regclass},
                  {"to_regtype", HS_OID_regtype},
                  {"to_regproc", HS_OID_regproc},
                  {"to_regnamespace", HS_OID_regnamespace},
                  {"to_regrole", HS_OID_regrole}};
    *found = true;
    if (hs_str_is(call->name, "current_setting") && (call->count == 1 || call->count == 2))
        return current_setting(r, call, out);
    if (hs_str_is(call->name, "set_config") && call->count == 3)
        return set_config(r, call, out);
    HS_TRY(call_by_privilege(r, call, found, out));
    if (*found)
        return HS_OK;
    *found = true;
    if (hs_str_is(call->name, "pg_typeof") && call->count == 1)
        return type_of(r, call, out);
    for (size_t i = 0; i < sizeof TO_REG / sizeof *TO_REG && call->count == 1; i++) {
        if (hs_str_is(call->name, TO_REG[i].name))
            return to_reg(r, call, TO_REG[i].oid, out);
    }
    *found = false;
    return HS_OK;
}
