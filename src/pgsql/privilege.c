/* has_*_privilege and pg_has_role: who sees a thing may read it, and nothing else. What a statement names in letters is
 * looked up in what the caller sees, so that what is hidden and what does not exist have one answer. */
#include "pgsql/pgsql_in.h"

static const struct function {
    const char *name;
    enum { TABLE, COLUMN, SCHEMA, DATABASE, ROLE, OTHER } of;
    const char *words; /* that there are */
} FUNCTIONS[] = {
    {"has_table_privilege", TABLE, "select,insert,update,delete,truncate,references,trigger"},
    {"has_any_column_privilege", TABLE, "select,insert,update,references"},
    {"has_column_privilege", COLUMN, "select,insert,update,references"},
    {"has_schema_privilege", SCHEMA, "create,usage"},
    {"has_database_privilege", DATABASE, "create,connect,temporary,temp"},
    {"has_function_privilege", OTHER, "execute"},
    {"has_language_privilege", OTHER, "usage"},
    {"has_type_privilege", OTHER, "usage"},
    {"has_sequence_privilege", OTHER, "usage,select,update"},
    {"has_tablespace_privilege", OTHER, "create"},
    {"has_foreign_data_wrapper_privilege", OTHER, "usage"},
    {"has_server_privilege", OTHER, "usage"},
    {"has_parameter_privilege", OTHER, "set,alter system"},
    {"pg_has_role", ROLE, "usage,member"},
};

static const struct function *function_of(hs_str name)
{
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++) {
        if (hs_str_is(name, FUNCTIONS[i].name))
            return &FUNCTIONS[i];
    }
    return NULL;
}

static bool among(hs_str words, hs_str word)
{
    while (words.at) {
        if (hs_str_eq_nocase(hs_str_trim(hs_str_cut(&words, ',')), word))
            return true;
    }
    return false;
}

/* *reads: one of them is of those that reading needs. */
static hs_rc read_words(struct reader *r, const struct function *f, const struct call *call, hs_str words, bool *reads)
{
    static const char *const OPTIONS[] = {" with grant option", " with admin option"};
    *reads = false;
    while (words.at) {
        hs_str one = hs_str_trim(hs_str_cut(&words, ',')), bare = one;
        for (size_t i = 0; i < 2; i++) {
            size_t len = hs_str_of(OPTIONS[i]).len;
            if (one.len > len && hs_str_eq_nocase(hs_str_n(one.at + one.len - len, len), hs_str_of(OPTIONS[i])))
                bare = hs_str_n(one.at, one.len - len);
        }
        if (!among(hs_str_of(f->words), bare))
            return refuse(r, call->location, "22023", "unrecognized privilege type: \"%.*s\"", HS_FMT(one));
        *reads = *reads || (bare.len == one.len && among(HS_S("select,usage,connect,execute,member"), one));
    }
    return HS_OK;
}

static hs_rc find_column(struct reader *r, const struct call *call, const struct piece *table, hs_str column)
{
    struct hs_pgsql_relation relation = {0};
    hs_str text = table->literal, schema = HS_S(""), first = hs_str_cut(&text, '.');
    hs_str name = text.at ? text : first;
    schema = text.at ? first : schema;
    if (!r->context->relation || r->context->relation(r->context->arg, schema, name, &relation) != HS_PGSQL_FOUND ||
        !relation.row)
        return HS_OK; /* quoted, or in several schemas: the table itself was found */
    for (size_t i = 0; i < relation.row->field_count; i++) {
        if (hs_str_eq(relation.row->fields[i].name, column))
            return HS_OK;
    }
    return refuse(r, call->location, "42703", "column \"%.*s\" of relation \"%.*s\" does not exist", HS_FMT(column),
                  HS_FMT(name));
}

/* What is named in letters has to be there. */
static hs_rc check_object(struct reader *r, const struct function *f, const struct call *call)
{
    const struct hs_pgsql_context *c = r->context;
    size_t at = call->count - (f->of == COLUMN ? 3 : 2);
    const struct piece *object = &call->args[at];
    struct piece copy = *object, ignored = {0};
    uint32_t oid;
    if (at == 1 && call->args[0].form == PIECE_LITERAL && c->role_oid && f->of != ROLE &&
        !hs_str_is(call->args[0].literal, "public") && !c->role_oid(c->arg, call->args[0].literal, &oid))
        return refuse(r, call->location, "42704", "role \"%.*s\" does not exist", HS_FMT(call->args[0].literal));
    if (object->form != PIECE_LITERAL)
        return HS_OK;
    if (f->of == TABLE || f->of == COLUMN)
        HS_TRY(reg_cast(r, &copy, KIND_OF(HS_OID_regclass), call->location, &ignored));
    if (f->of == COLUMN && call->args[at + 1].form == PIECE_LITERAL)
        return find_column(r, call, object, call->args[at + 1].literal);
    if (f->of == SCHEMA && c->schema_oid && !c->schema_oid(c->arg, object->literal, &oid))
        return refuse(r, call->location, "3F000", "schema \"%.*s\" does not exist", HS_FMT(object->literal));
    if (f->of == DATABASE && c->database.len && !hs_str_eq(object->literal, c->database))
        return refuse(r, call->location, "3D000", "database \"%.*s\" does not exist", HS_FMT(object->literal));
    return HS_OK;
}

/* A schema by a number that is written: NULL where there is none. */
static hs_rc schema_by_number(struct reader *r, const struct piece *object, bool reads, bool *done, struct piece *out)
{
    struct piece relation = {0}, id = piece_copy(r, object);
    *done =
        object->form == PIECE_PLAIN && hs_pgsql_klass(object->kind.oid) == 'i' && object->first && !object->first->next;
    if (!*done)
        return HS_OK;
    HS_TRY(relation_column(r, "pg_namespace", &relation));
    put(r, out, "(SELECT CASE WHEN count(*) > 0 THEN %s END FROM %P AS hs_c WHERE hs_c.\"oid\" = %P)",
        reads ? "true" : "false", &relation, &id);
    return HS_OK;
}

hs_rc call_by_privilege(struct reader *r, struct call *call, bool *found, struct piece *out)
{
    const struct function *f = function_of(call->name);
    bool done = false, reads;
    *found = f && call->count >= (f->of == COLUMN ? 3 : 2) && call->count <= 4;
    if (!*found)
        return HS_OK;
    struct piece *words = &call->args[call->count - 1];
    HS_TRY(check_object(r, f, call));
    out->kind = KIND_OF(HS_OID_bool);
    if (words->form != PIECE_LITERAL) {
        put(r, out, "regexp_matches(lower(CAST(%P AS VARCHAR)), '(^|,) *(select|usage|connect|execute|member) *(,|$)')",
            words);
        return HS_OK;
    }
    HS_TRY(read_words(r, f, call, words->literal, &reads));
    if (f->of == SCHEMA)
        HS_TRY(schema_by_number(r, &call->args[call->count - 2], reads, &done, out));
    if (!done)
        put(r, out, reads ? "true" : "false");
    return HS_OK;
}
