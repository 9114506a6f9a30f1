/* Look-ups by name and by OID: what regclass, regtype, regproc and their kin stand for. */
#include "front/pg/system/system_in.h"

/* ---- tables ---- */

static void tell_seen(const struct hs_pg_seen *t, struct hs_pg_table *out)
{
    *out = (struct hs_pg_table){t->schema, t->name, t->oid, t->row, t->types, false};
}

static bool tell_system(const struct hs_pg_relation *r, struct hs_pg_table *out)
{
    if (r)
        *out = (struct hs_pg_table){hs_str_of(r->schema), hs_str_of(r->name), r->oid, r->row, r->types, true};
    return r != NULL;
}

static bool in_schema(const struct hs_pg_system *s, hs_str schema, hs_str name, struct hs_pg_table *out)
{
    if (hs_str_is(schema, "pg_catalog") || hs_str_is(schema, "information_schema"))
        return tell_system(hs_pg_relation_find(schema, name), out);
    const struct hs_pg_seen *t = hs_pg_seen_find(s, schema, name);
    if (t)
        tell_seen(t, out);
    return t != NULL;
}

int hs_pg_system_table(const struct hs_pg_system *s, hs_str schema, hs_str name, const hs_str *path, size_t path_count,
                       struct hs_pg_table *out)
{
    struct hs_pg_table other;
    int found = 0;
    if (schema.len)
        return in_schema(s, schema, name, out);
    if (tell_system(hs_pg_relation_find(HS_S("pg_catalog"), name), out))
        return 1;
    for (size_t i = 0; i < path_count && found < 2; i++)
        if (!hs_str_is(path[i], "pg_catalog") && in_schema(s, path[i], name, found ? &other : out))
            found += !found || other.oid != out->oid;
    return found;
}

bool hs_pg_system_table_by_oid(const struct hs_pg_system *s, uint32_t oid, struct hs_pg_table *out)
{
    const struct hs_pg_seen *t = hs_pg_seen_by_oid(s, oid);
    if (t)
        tell_seen(t, out);
    return t || tell_system(hs_pg_relation_by_oid(oid), out);
}

bool hs_pg_system_schema_oid(const struct hs_pg_system *s, hs_str name, uint32_t *out)
{
    if (hs_str_is(name, "pg_catalog"))
        *out = HS_PG_OID_PG_CATALOG;
    else if (hs_str_is(name, "information_schema"))
        *out = HS_PG_OID_INFORMATION_SCHEMA;
    else
        for (size_t i = 0; i < s->schema_count; i++)
            if (hs_str_eq(s->schemas[i].name, name)) {
                *out = s->schemas[i].oid;
                return true;
            }
    return hs_str_is(name, "pg_catalog") || hs_str_is(name, "information_schema");
}

bool hs_pg_system_role_oid(const struct hs_pg_system *s, hs_str name, uint32_t *out)
{
    if (hs_str_eq(name, s->user))
        *out = s->user_oid;
    else if (hs_str_is(name, HS_PG_OWNER))
        *out = HS_PG_OID_OWNER;
    else
        return false;
    return true;
}

/* ---- types ---- */

static const struct {
    const char *said, *name;
} OTHER_NAMES[] = {
    {"int", "int4"},     {"decimal", "numeric"},      {"dec", "numeric"},
    {"float", "float8"}, {"char varying", "varchar"}, {"char", "bpchar"},
};

static const struct hs_pg_builtin_type *builtin_named(hs_str name, bool sql_names)
{
    for (size_t i = 0; sql_names && i < sizeof OTHER_NAMES / sizeof OTHER_NAMES[0]; i++)
        if (hs_str_is(name, OTHER_NAMES[i].said))
            name = hs_str_of(OTHER_NAMES[i].name);
    const struct hs_pg_builtin_type *t;
    for (size_t i = 0; (t = hs_pg_builtin_type_at(i)); i++)
        if (!t->information_schema &&
            (hs_str_eq(t->name, name) || (sql_names && hs_str_eq(hs_pg_builtin_sql_name(t), name))))
            return t;
    return NULL;
}

static bool composite_named(const struct hs_pg_system *s, hs_str schema, hs_str name, bool array, uint32_t *out)
{
    for (size_t i = 0; s && i < s->seen_count; i++) {
        const struct hs_pg_seen *t = &s->seen[i];
        if ((!schema.len || hs_str_eq(t->schema, schema)) && hs_str_eq(t->name, name)) {
            *out = array ? t->array_oid : t->type_oid;
            return true;
        }
    }
    return false;
}

static bool information_schema_type(hs_str name, bool array, uint32_t *out)
{
    const struct hs_pg_builtin_type *t;
    for (size_t i = 0; (t = hs_pg_builtin_type_at(i)); i++)
        if (t->information_schema && hs_str_eq(t->name, name)) {
            *out = array ? t->array_oid : t->oid;
            return true;
        }
    return false;
}

bool hs_pg_system_type_oid(const struct hs_pg_system *s, hs_str schema, hs_str name, uint32_t *out)
{
    bool array = hs_str_ends(name, HS_S("[]"));
    const struct hs_pg_builtin_type *t = NULL;
    if (array)
        name.len -= 2;
    if (hs_str_is(schema, "information_schema"))
        return information_schema_type(name, array, out);
    if (!schema.len || hs_str_is(schema, "pg_catalog"))
        t = builtin_named(name, !schema.len);
    if (t)
        *out = array ? t->array_oid : t->oid;
    return t ? *out != 0 : composite_named(s, schema, name, array, out);
}

bool hs_pg_system_proc_oid(hs_str name, uint32_t *out)
{
    const struct hs_pg_builtin_proc *p;
    if (hs_str_starts(name, HS_S("pg_catalog.")))
        name = hs_str_n(name.at + 11, name.len - 11);
    for (size_t i = 0; (p = hs_pg_builtin_proc_at(i)); i++)
        if (hs_str_eq(p->name, name)) {
            *out = p->oid;
            return true;
        }
    return false;
}

/* ---- and back ---- */

static bool is_plain(hs_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool digit = c >= '0' && c <= '9';
        if (!((c >= 'a' && c <= 'z') || c == '_' || (i && digit)))
            return false;
    }
    return name.len > 0;
}

void hs_pg_add_name(struct hs_buf *b, hs_str name)
{
    if (is_plain(name))
        hs_buf_adds(b, name);
    else
        hs_buf_add_sql_name(b, name);
}

static bool add_relation(const struct hs_pg_system *s, uint32_t oid, struct hs_buf *b)
{
    struct hs_pg_table t;
    bool found = s ? hs_pg_system_table_by_oid(s, oid, &t) : tell_system(hs_pg_relation_by_oid(oid), &t);
    if (found && !hs_str_is(t.schema, "pg_catalog")) {
        hs_pg_add_name(b, t.schema);
        hs_buf_addc(b, '.');
    }
    if (found)
        hs_pg_add_name(b, t.name);
    for (size_t i = 0; s && !found && i < s->key_count; i++)
        if (s->keys[i].kind != 'f' && s->keys[i].index_oid == oid) {
            hs_pg_add_name(b, s->seen[s->keys[i].table].schema);
            hs_buf_addc(b, '.');
            hs_pg_add_name(b, s->keys[i].name);
            return true;
        }
    return found;
}

static bool add_type(const struct hs_pg_system *s, uint32_t oid, struct hs_buf *b)
{
    const struct hs_pg_builtin_type *t = hs_pg_builtin_type(oid), *element;
    bool array = false;
    if (t && t->category == 'A' && t->element && (element = hs_pg_builtin_type(t->element)) &&
        element->array_oid == oid) {
        t = element;
        array = true;
    }
    if (t) {
        hs_buf_addz(b, t->information_schema ? "information_schema." : "");
        hs_buf_adds(b, hs_pg_builtin_sql_name(t));
    } else {
        const struct hs_pg_seen *seen = s ? hs_pg_seen_by_type(s, oid, &array) : NULL;
        if (!seen)
            return false;
        hs_pg_add_name(b, seen->schema);
        hs_buf_addc(b, '.');
        hs_pg_add_name(b, seen->name);
    }
    hs_buf_addz(b, array ? "[]" : "");
    return true;
}

static bool add_schema(const struct hs_pg_system *s, uint32_t oid, struct hs_buf *b)
{
    if (oid == HS_PG_OID_PG_CATALOG || oid == HS_PG_OID_INFORMATION_SCHEMA) {
        hs_buf_addz(b, oid == HS_PG_OID_PG_CATALOG ? "pg_catalog" : "information_schema");
        return true;
    }
    for (size_t i = 0; s && i < s->schema_count; i++)
        if (s->schemas[i].oid == oid) {
            hs_pg_add_name(b, s->schemas[i].name);
            return true;
        }
    return false;
}

static bool add_role(const struct hs_pg_system *s, uint32_t oid, struct hs_buf *b)
{
    if (s && oid == s->user_oid)
        hs_pg_add_name(b, s->user);
    else if (oid == HS_PG_OID_OWNER)
        hs_buf_addz(b, HS_PG_OWNER);
    else
        return false;
    return true;
}

/* With its schema where the name alone would mean several. */
static bool add_proc(uint32_t oid, struct hs_buf *b)
{
    const struct hs_pg_builtin_proc *p = hs_pg_builtin_proc(oid);
    hs_buf_addz(b, p && p->several ? "pg_catalog." : "");
    if (p)
        hs_buf_adds(b, p->name);
    return p != NULL;
}

static bool add_any(const struct hs_pg_system *s, uint32_t type, uint32_t oid, struct hs_buf *b)
{
    switch (type) {
    case 24:
    case 2202:
        return add_proc(oid, b);
    case 2205:
        return add_relation(s, oid, b);
    case 2206:
        return add_type(s, oid, b);
    case 4089:
        return add_schema(s, oid, b);
    case 4096:
        return add_role(s, oid, b);
    default:
        return false;
    }
}

hs_rc hs_pg_system_reg_text(const struct hs_pg_system *s, uint32_t type, uint32_t oid, struct hs_arena *a, hs_str *out,
                            struct hs_err *err)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    if (!oid)
        hs_buf_addc(&b, '-');
    else if (!add_any(s, type, oid, &b))
        hs_buf_addf(&b, "%u", (unsigned)oid);
    hs_str text = b.failed ? (hs_str){0} : hs_arena_str(a, hs_buf_str(&b));
    hs_buf_fini(&b);
    if (!text.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    *out = text;
    return HS_OK;
}

/* ---- composites ---- */

uint32_t hs_pg_system_composite(const struct hs_pg_system *s, hs_str domain, hs_str table, const size_t *path,
                                size_t depth, bool array)
{
    const struct hs_pg_seen *t = hs_pg_seen_find(s, domain, table), *found = depth ? NULL : t;
    for (size_t i = s->table_count; t && !found && i < s->seen_count; i++) {
        const struct hs_pg_seen *c = &s->seen[i];
        if (&s->seen[c->table] == t && c->depth == depth && memcmp(c->path, path, depth * sizeof *path) == 0)
            found = c;
    }
    return !found ? 0 : array ? found->array_oid : found->type_oid;
}
