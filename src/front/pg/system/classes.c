/* pg_class and what hangs on it: namespaces, attributes, comments, and the views that list the same. */
#include "front/pg/system/system_in.h"

/* ---- pg_namespace ---- */

static hs_rc fill_namespaces(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                             struct hs_err *err)
{
    (void)facts;
    (void)err;
    hs_pg_cells_copy(c, "11\tpg_catalog\t10\t{hailstorm=UC/hailstorm,=U/hailstorm}");
    hs_pg_cells_end(c);
    hs_pg_cells_copy(c, "13207\tinformation_schema\t10\t{hailstorm=UC/hailstorm,=U/hailstorm}");
    hs_pg_cells_end(c);
    for (size_t i = 0; i < s->schema_count; i++) {
        hs_pg_cell_int(c, s->schemas[i].oid);
        hs_pg_cell_text(c, s->schemas[i].name);
        hs_pg_cell_int(c, HS_PG_OID_OWNER);
        hs_pg_cell_texts(c, &s->schema_acl, 1);
        hs_pg_cells_end(c);
    }
    return HS_OK;
}

/* ---- pg_class ---- */

struct class_row {
    uint32_t oid, schema, type, method;
    hs_str name, acl;
    char kind;
    size_t columns;
    bool has_index, has_triggers;
};

static void add_class(struct hs_pg_cells *c, const struct class_row *r)
{
    char kind[2] = {r->kind, 0};
    hs_pg_cell_int(c, r->oid);
    hs_pg_cell_text(c, r->name);
    hs_pg_cell_int(c, r->schema);
    hs_pg_cell_int(c, r->type);
    hs_pg_cell_int(c, 0); /* reloftype */
    hs_pg_cell_int(c, HS_PG_OID_OWNER);
    hs_pg_cell_int(c, r->method);
    hs_pg_cells_copy(c, "0\t0\t0\t-1\t0\t0"); /* files, pages, reltuples: never told */
    hs_pg_cell_bool(c, r->has_index);
    hs_pg_cells_copy(c, "f\tp"); /* relisshared, relpersistence */
    hs_pg_cell_words(c, kind);
    hs_pg_cell_int(c, (int64_t)r->columns);
    hs_pg_cells_copy(c, "0\tf"); /* relchecks, relhasrules */
    hs_pg_cell_bool(c, r->has_triggers);
    hs_pg_cells_copy(c, "f\tf\tf\tt");               /* relhassubclass to relispopulated */
    hs_pg_cell_words(c, r->kind == 'r' ? "d" : "n"); /* relreplident */
    hs_pg_cells_copy(c, "f\t0\t0\t0");
    if (r->acl.at)
        hs_pg_cell_texts(c, &r->acl, 1);
    else
        hs_pg_cell_null(c);
    hs_pg_cells_nulls(c, 2);
    hs_pg_cells_end(c);
}

static bool has_index(const struct hs_pg_system *s, size_t table)
{
    for (size_t i = 0; i < s->key_count; i++)
        if (s->keys[i].table == table && s->keys[i].kind != 'f')
            return true;
    return false;
}

/* PostgreSQL keeps foreign keys by triggers, and psql asks for keys only where there are some. */
static bool has_foreign_key(const struct hs_pg_system *s, size_t table)
{
    for (size_t i = 0; i < s->key_count; i++)
        if (s->keys[i].kind == 'f' && (s->keys[i].table == table || s->keys[i].to == table))
            return true;
    return false;
}

static void add_system_classes(struct hs_pg_cells *c)
{
    const struct hs_pg_relation *r;
    for (size_t i = 0; (r = hs_pg_relation_at(i)); i++) {
        bool standard = strcmp(r->schema, "information_schema") == 0;
        add_class(c, &(struct class_row){
                         .oid = r->oid,
                         .name = hs_str_of(r->name),
                         .schema = standard ? HS_PG_OID_INFORMATION_SCHEMA : HS_PG_OID_PG_CATALOG,
                         .method = r->kind == 'r' ? HS_PG_OID_HEAP : 0,
                         .kind = r->kind,
                         .columns = r->row->field_count,
                         .acl = r->refused ? HS_S(HS_PG_OWNER "=r/" HS_PG_OWNER) : HS_S("=r/" HS_PG_OWNER),
                     });
    }
}

static hs_rc fill_classes(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                          struct hs_err *err)
{
    (void)facts;
    (void)err;
    add_system_classes(c);
    for (size_t i = 0; i < s->seen_count; i++) {
        const struct hs_pg_seen *t = &s->seen[i];
        add_class(c, &(struct class_row){.oid = t->oid,
                                         .name = t->name,
                                         .schema = t->schema_oid,
                                         .type = t->type_oid,
                                         .method = t->composite ? 0 : HS_PG_OID_HEAP,
                                         .kind = t->composite ? 'c' : 'r',
                                         .columns = t->column_count,
                                         .has_index = !t->composite && has_index(s, i),
                                         .has_triggers = !t->composite && has_foreign_key(s, i),
                                         .acl = t->composite ? (hs_str){0} : s->table_acl});
    }
    for (size_t i = 0; i < s->key_count; i++) {
        const struct hs_pg_key *k = &s->keys[i];
        if (k->kind != 'f')
            add_class(c, &(struct class_row){.oid = k->index_oid,
                                             .name = k->name,
                                             .schema = s->seen[k->table].schema_oid,
                                             .method = HS_PG_OID_BTREE,
                                             .kind = 'i',
                                             .columns = k->count});
    }
    return HS_OK;
}

/* ---- pg_attribute ---- */

struct attribute_row {
    uint32_t relation, type;
    hs_str name;
    int64_t number;
    int32_t typmod;
    bool required;
};

static void add_attribute(struct hs_pg_cells *c, const struct attribute_row *r)
{
    static const struct hs_pg_builtin_type composite = {.length = -1, .align = 'd', .storage = 'x'};
    const struct hs_pg_builtin_type *found = hs_pg_builtin_type(r->type), *type = found ? found : &composite;
    char align[2] = {type->align, 0}, storage[2] = {type->storage, 0};
    hs_pg_cell_int(c, r->relation);
    hs_pg_cell_text(c, r->name);
    hs_pg_cell_int(c, r->type);
    hs_pg_cell_int(c, -1);
    hs_pg_cell_int(c, type->length);
    hs_pg_cell_int(c, r->number);
    hs_pg_cell_int(c, type->category == 'A' ? 1 : 0);
    hs_pg_cell_int(c, -1);
    hs_pg_cell_int(c, r->typmod);
    hs_pg_cell_bool(c, type->by_value);
    hs_pg_cell_words(c, align);
    hs_pg_cell_words(c, storage);
    hs_pg_cell_words(c, "");
    hs_pg_cell_bool(c, r->required);
    hs_pg_cells_copy(c, "f\tf\t\t\tf\tt\t0");
    hs_pg_cell_int(c, type->collation);
    hs_pg_cells_nulls(c, 4);
    hs_pg_cells_end(c);
}

static void add_system_attributes(struct hs_pg_cells *c)
{
    const struct hs_pg_relation *r;
    for (size_t i = 0; (r = hs_pg_relation_at(i)); i++)
        for (size_t j = 0; j < r->row->field_count; j++)
            add_attribute(
                c, &(struct attribute_row){r->oid, r->declared[j], r->row->fields[j].name, (int64_t)j + 1, -1, false});
}

static hs_rc fill_attributes(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                             struct hs_err *err)
{
    (void)facts;
    (void)err;
    add_system_attributes(c);
    for (size_t i = 0; i < s->seen_count; i++)
        for (size_t j = 0; j < s->seen[i].column_count; j++) {
            const struct hs_pg_column *column = &s->seen[i].columns[j];
            add_attribute(c, &(struct attribute_row){s->seen[i].oid, column->type, column->name, (int64_t)j + 1,
                                                     column->typmod, column->required && !s->seen[i].composite});
        }
    for (size_t i = 0; i < s->key_count; i++)
        for (size_t j = 0; s->keys[i].kind != 'f' && j < s->keys[i].count; j++) {
            const struct hs_pg_key *k = &s->keys[i];
            const struct hs_pg_column *column = &s->seen[k->table].columns[k->columns[j] - 1];
            add_attribute(c, &(struct attribute_row){k->index_oid, column->type, column->name, (int64_t)j + 1,
                                                     column->typmod, false});
        }
    return HS_OK;
}

/* ---- pg_description ---- */

static void add_comment(struct hs_pg_cells *c, uint32_t oid, size_t column, hs_str text)
{
    if (!text.at)
        return;
    hs_pg_cell_int(c, oid);
    hs_pg_cell_int(c, HS_PG_OID_CLASS);
    hs_pg_cell_int(c, (int64_t)column);
    hs_pg_cell_text(c, text);
    hs_pg_cells_end(c);
}

static hs_rc fill_descriptions(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                               struct hs_err *err)
{
    (void)facts;
    (void)err;
    for (size_t i = 0; i < s->seen_count; i++) {
        add_comment(c, s->seen[i].oid, 0, s->seen[i].comment);
        for (size_t j = 0; j < s->seen[i].column_count; j++)
            add_comment(c, s->seen[i].oid, j + 1, s->seen[i].columns[j].comment);
    }
    return HS_OK;
}

/* ---- views that list the same ---- */

static hs_rc fill_tables(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                         struct hs_err *err)
{
    const struct hs_pg_relation *r;
    (void)facts;
    (void)err;
    for (size_t i = 0; (r = hs_pg_relation_at(i)); i++) {
        if (r->kind != 'r')
            continue;
        hs_pg_cell_words(c, r->schema);
        hs_pg_cell_words(c, r->name);
        hs_pg_cells_copy(c, HS_PG_OWNER "\t\\N\tf\tf\tf\tf");
        hs_pg_cells_end(c);
    }
    for (size_t i = 0; i < s->table_count; i++) {
        hs_pg_cell_text(c, s->seen[i].schema);
        hs_pg_cell_text(c, s->seen[i].name);
        hs_pg_cells_copy(c, HS_PG_OWNER "\t\\N");
        hs_pg_cell_bool(c, has_index(s, i));
        hs_pg_cell_bool(c, false);
        hs_pg_cell_bool(c, has_foreign_key(s, i));
        hs_pg_cell_bool(c, false);
        hs_pg_cells_end(c);
    }
    return HS_OK;
}

static hs_rc fill_views(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                        struct hs_err *err)
{
    const struct hs_pg_relation *r;
    (void)s;
    (void)facts;
    (void)err;
    for (size_t i = 0; (r = hs_pg_relation_at(i)); i++) {
        if (r->kind != 'v')
            continue;
        hs_pg_cell_words(c, r->schema);
        hs_pg_cell_words(c, r->name);
        hs_pg_cells_copy(c, HS_PG_OWNER "\t\\N");
        hs_pg_cells_end(c);
    }
    return HS_OK;
}

/* Statistics that say nothing: what has been read or how many rows there are is nobody's to know. Every number is 0. */
static hs_rc fill_statistics(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                             struct hs_err *err)
{
    (void)facts;
    (void)err;
    for (size_t i = 0; i < s->table_count; i++) {
        hs_pg_cell_int(c, s->seen[i].oid);
        hs_pg_cell_text(c, s->seen[i].schema);
        hs_pg_cell_text(c, s->seen[i].name);
        for (size_t j = 3; j < c->relation->row->field_count; j++)
            if (c->relation->row->fields[j].type->id == HS_T_LONG)
                hs_pg_cell_int(c, 0);
            else
                hs_pg_cell_null(c);
        hs_pg_cells_end(c);
    }
    return HS_OK;
}

const struct hs_pg_making hs_pg_makes_classes[] = {
    {"pg_catalog", "pg_namespace", fill_namespaces, false},
    {"pg_catalog", "pg_class", fill_classes, false},
    {"pg_catalog", "pg_attribute", fill_attributes, false},
    {"pg_catalog", "pg_description", fill_descriptions, false},
    {"pg_catalog", "pg_tables", fill_tables, false},
    {"pg_catalog", "pg_views", fill_views, false},
    {"pg_catalog", "pg_stat_all_tables", fill_statistics, false},
    {"pg_catalog", "pg_stat_user_tables", fill_statistics, false},
    {"pg_catalog", "pg_stat_xact_all_tables", fill_statistics, false},
    {"pg_catalog", "pg_stat_xact_user_tables", fill_statistics, false},
    {"pg_catalog", "pg_statio_all_tables", fill_statistics, false},
    {"pg_catalog", "pg_statio_user_tables", fill_statistics, false},
    {0},
};
