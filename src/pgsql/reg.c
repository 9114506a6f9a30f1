/* regclass and its kin: a name in the text of a statement becomes the OID through the context; an OID becomes a name by
 * a look-up in the caller's own catalog, so that it tells of nothing that he may not see. */
#include "pgsql/pgsql_in.h"

#include <ctype.h>

bool is_reg(uint32_t oid)
{
    switch (oid) {
    case HS_OID_regproc:
    case HS_OID_regprocedure:
    case HS_OID_regoper:
    case HS_OID_regoperator:
    case HS_OID_regclass:
    case HS_OID_regtype:
    case HS_OID_regnamespace:
    case HS_OID_regrole:
    case HS_OID_regcollation:
    case HS_OID_regconfig:
    case HS_OID_regdictionary:
        return true;
    default:
        return false;
    }
}

/* One part of `schema."Name"`, folded; *rest begins at the dot. */
static bool name_part(struct hs_arena *a, hs_str *rest, hs_str *out)
{
    char *to = hs_arena_alloc(a, rest->len + 1);
    size_t len = 0, i = 0;
    if (!to)
        return false;
    if (rest->len && rest->at[0] == '"') {
        for (i = 1; i < rest->len; i++) {
            if (rest->at[i] == '"' && (i + 1 >= rest->len || rest->at[i + 1] != '"'))
                break;
            i += rest->at[i] == '"';
            to[len++] = rest->at[i];
        }
        i++;
    } else {
        for (; i < rest->len && rest->at[i] != '.'; i++)
            to[len++] = (char)tolower((unsigned char)rest->at[i]);
    }
    i = i < rest->len ? i : rest->len;
    *rest = hs_str_n(rest->at + i, rest->len - i);
    *out = hs_str_n(to, len);
    return len > 0;
}

/* false: no name of one or two parts. */
static bool split_name(struct hs_arena *a, hs_str text, hs_str *schema, hs_str *name)
{
    hs_str rest = hs_str_trim(text);
    *schema = HS_S("");
    if (!name_part(a, &rest, name))
        return false;
    if (rest.len && rest.at[0] == '.') {
        *schema = *name;
        rest = hs_str_n(rest.at + 1, rest.len - 1);
        if (!name_part(a, &rest, name))
            return false;
    }
    return hs_str_trim(rest).len == 0;
}

static bool find_class(struct reader *r, hs_str schema, hs_str name, uint32_t *oid)
{
    struct hs_pgsql_relation relation = {0};
    if (!r->context->relation || r->context->relation(r->context->arg, schema, name, &relation) == HS_PGSQL_ABSENT)
        return false;
    *oid = relation.oid;
    return true;
}

static bool find_type(struct reader *r, hs_str text, hs_str schema, hs_str name, uint32_t *oid)
{
    if (r->context->type_oid)
        return r->context->type_oid(r->context->arg, HS_S(""), text, oid) ||
               r->context->type_oid(r->context->arg, schema, name, oid);
    const struct pg_type *type = hs_pgsql_type_by_name(name);
    *oid = type ? type->oid : 0;
    return type != NULL;
}

static const struct reg {
    uint32_t oid;
    const char *what, *sqlstate, *relation, *name;
} REGS[] = {
    {HS_OID_regclass, "relation", "42P01", "pg_class", "relname"},
    {HS_OID_regtype, "type", "42704", "pg_type", "typname"},
    {HS_OID_regproc, "function", "42883", "pg_proc", "proname"},
    {HS_OID_regprocedure, "function", "42883", "pg_proc", "proname"},
    {HS_OID_regoper, "operator", "42883", "pg_operator", "oprname"},
    {HS_OID_regoperator, "operator", "42883", "pg_operator", "oprname"},
    {HS_OID_regnamespace, "schema", "3F000", "pg_namespace", "nspname"},
    {HS_OID_regrole, "role", "42704", "pg_roles", "rolname"},
    {HS_OID_regcollation, "collation", "42704", "pg_collation", "collname"},
    {HS_OID_regconfig, "text search configuration", "42704", "pg_ts_config", "cfgname"},
    {HS_OID_regdictionary, "text search dictionary", "42704", "pg_ts_dict", "dictname"},
};

static const struct reg *reg_of(uint32_t oid)
{
    for (size_t i = 0; i < sizeof REGS / sizeof *REGS; i++) {
        if (REGS[i].oid == oid)
            return &REGS[i];
    }
    return &REGS[0];
}

static bool find(struct reader *r, uint32_t type, hs_str text, uint32_t *oid)
{
    hs_str schema, name;
    if (!split_name(r->arena, text, &schema, &name))
        return type == HS_OID_regtype && r->context->type_oid &&
               r->context->type_oid(r->context->arg, HS_S(""), text, oid);
    switch (type) {
    case HS_OID_regclass:
        return find_class(r, schema, name, oid);
    case HS_OID_regtype:
        return find_type(r, text, schema, name, oid);
    case HS_OID_regproc:
    case HS_OID_regprocedure:
        return r->context->proc_oid && r->context->proc_oid(r->context->arg, name, oid);
    case HS_OID_regnamespace:
        return r->context->schema_oid && r->context->schema_oid(r->context->arg, name, oid);
    case HS_OID_regrole:
        return r->context->role_oid && r->context->role_oid(r->context->arg, name, oid);
    default:
        return false;
    }
}

static hs_rc reg_literal(struct reader *r, hs_str text, struct kind to, int location, struct piece *out)
{
    const struct reg *reg = reg_of(to.oid);
    int64_t number = 0;
    uint32_t oid = 0;
    if (hs_str_to_i64(text, &number) && number >= 0 && number <= UINT32_MAX)
        oid = (uint32_t)number;
    else if (!hs_str_is(text, "-") && !find(r, to.oid, text, &oid))
        return refuse(r, location, reg->sqlstate, "%s \"%.*s\" does not exist", reg->what, HS_FMT(text));
    put(r, out, "CAST(%L%d AS UINTEGER)", location, (int64_t)oid);
    return HS_OK;
}

/* to_regclass('x'): NULL where there is none. */
hs_rc reg_optional(struct reader *r, hs_str text, uint32_t type, struct piece *out)
{
    uint32_t oid;
    if (find(r, type, text, &oid))
        put(r, out, "CAST(%d AS UINTEGER)", (int64_t)oid);
    else
        put(r, out, "CAST(NULL AS UINTEGER)");
    return HS_OK;
}

/* A type by its own name or by SQL's, or a composite by its full name. */
static hs_rc type_by_text(struct reader *r, struct piece *text, struct piece *relation, struct piece *out)
{
    struct piece definitions = {0}, again = piece_copy(r, text), third = piece_copy(r, text);
    HS_TRY(relation_column(r, "hs_definition", &definitions));
    put(r, out,
        "coalesce((SELECT min(hs_c.\"oid\") FROM %P AS hs_c WHERE hs_c.\"typname\" = %P OR "
        "hs_pg_format_type(CAST(hs_c.\"oid\" AS BIGINT), NULL) = %P), (SELECT min(hs_d.\"objoid\") FROM %P AS hs_d "
        "WHERE hs_d.\"classoid\" = 1247 AND replace(hs_d.\"definition\", '\"', '') = %P))",
        relation, text, &again, &definitions, &third);
    return HS_OK;
}

/* A text that is computed: looked up in what the caller sees. */
static hs_rc reg_text(struct reader *r, struct piece *value, struct kind to, struct piece *out)
{
    const struct reg *reg = reg_of(to.oid);
    struct piece text = {0}, relation = {0}, again;
    put(r, &text, "replace(CAST(%P AS VARCHAR), '\"', '')", value);
    again = piece_copy(r, &text);
    HS_TRY(relation_column(r, reg->relation, &relation));
    if (to.oid == HS_OID_regtype)
        return type_by_text(r, &text, &relation, out);
    if (to.oid != HS_OID_regclass) {
        put(r, out, "(SELECT min(hs_c.\"oid\") FROM %P AS hs_c WHERE hs_c.\"%s\" = %P)", &relation, reg->name, &text);
        return HS_OK;
    }
    struct piece schemas = {0};
    HS_TRY(relation_column(r, "pg_namespace", &schemas));
    put(r, out,
        "(SELECT min(hs_c.\"oid\") FROM %P AS hs_c JOIN %P AS hs_n ON hs_n.\"oid\" = hs_c.\"relnamespace\" "
        "WHERE hs_c.\"relname\" = %P OR concat(hs_n.\"nspname\", '.', hs_c.\"relname\") = %P)",
        &relation, &schemas, &text, &again);
    return HS_OK;
}

hs_rc reg_cast(struct reader *r, struct piece *value, struct kind to, int location, struct piece *out)
{
    char klass = hs_pgsql_klass(value->kind.oid);
    if (value->form == PIECE_LITERAL)
        return reg_literal(r, value->literal, to, location, out);
    if (value->form == PIECE_PARAM && value->kind.oid == HS_OID_unknown) {
        param_is(r, value, HS_OID_text);
        return reg_text(r, value, to, out);
    }
    if (klass == 't')
        return reg_text(r, value, to, out);
    put(r, out, "CAST(%P AS UINTEGER)", value);
    return HS_OK;
}

static hs_rc type_text(struct reader *r, struct piece *value, struct piece *out)
{
    struct piece relation = {0}, id = piece_copy(r, value), test = piece_copy(r, value), digits = piece_copy(r, value);
    HS_TRY(relation_column(r, "hs_definition", &relation));
    put(r, out,
        "coalesce(CASE WHEN %P < 100000 THEN nullif(hs_pg_format_type(CAST(%P AS BIGINT), NULL), '\?\?\?') ELSE "
        "(SELECT min(hs_d.\"definition\") FROM %P AS hs_d WHERE hs_d.\"classoid\" = 1247 AND hs_d.\"objoid\" = %P) "
        "END, "
        "CAST(%P AS VARCHAR))",
        &test, value, &relation, &id, &digits);
    out->kind = KIND_OF(HS_OID_text);
    return HS_OK;
}

/* An OID that names nothing is its digits, 0 is a dash. */
hs_rc reg_name(struct reader *r, struct piece *value, struct piece *out)
{
    const struct reg *reg = reg_of(value->kind.oid);
    if (reg->oid == HS_OID_regtype)
        return type_text(r, value, out);
    struct piece relation = {0}, schemas = {0}, id = *value, zero = piece_copy(r, value), digits = piece_copy(r, value);
    HS_TRY(relation_column(r, reg->relation, &relation));
    put(r, out, "CASE WHEN %P = 0 THEN '-' ELSE coalesce((SELECT ", &zero);
    if (reg->oid == HS_OID_regclass) {
        /* A path of one schema: its relations need no schema. Of several, one name may be in two. */
        hs_str own = r->context->search_path_count == 1 ? r->context->search_path[0] : HS_S("pg_catalog");
        HS_TRY(relation_column(r, "pg_namespace", &schemas));
        put(r, out,
            "CASE WHEN hs_n.\"nspname\" IN ('pg_catalog', %T) THEN hs_pg_quote_ident(hs_c.\"relname\") ELSE "
            "concat(hs_pg_quote_ident(hs_n.\"nspname\"), '.', hs_pg_quote_ident(hs_c.\"relname\")) END FROM %P AS hs_c "
            "JOIN %P AS hs_n ON hs_n.\"oid\" = hs_c.\"relnamespace\"",
            &own, &relation, &schemas);
    } else {
        put(r, out, "hs_c.\"%s\" FROM %P AS hs_c", reg->name, &relation);
    }
    put(r, out, " WHERE hs_c.\"oid\" = %P), CAST(%P AS VARCHAR)) END", &id, &digits);
    out->kind = KIND_OF(HS_OID_text);
    return HS_OK;
}
