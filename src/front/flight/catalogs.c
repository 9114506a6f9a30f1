/* Columns as FlightSql.proto states them; rows come ordered as it asks. */
#include "front/flight/catalogs.h"

#include "front/flight/types.h"
#include "wire/proto.h"

enum { SCHEMA_MAX = 4 << 20 };

/* ---- filters ---- */

/* `catalog`: absent does not narrow, empty means "without a catalog": there are none. Not a pattern. */
static bool catalog_fits(hs_str wanted, hs_str mesh)
{
    return !wanted.at || hs_str_eq(wanted, mesh);
}

static void set_pattern(hs_str value, bool *has, hs_str *out)
{
    *has = value.at != NULL;
    *out = value;
}

/* ---- GetCatalogs ---- */

static const struct rows_column catalog_columns[] = {{"catalog_name", HS_T_STRING, true}};

static hs_rc any_query(struct flight_call *c, hs_str value, struct hs_catalog_query *out, struct hs_err *err)
{
    (void)c;
    (void)value;
    (void)err;
    *out = (struct hs_catalog_query){.with_schema = false};
    return HS_OK;
}

static hs_rc catalogs_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                           struct hs_err *err)
{
    (void)c;
    (void)value;
    (void)err;
    hs_rows_text(out, 0, catalog->mesh);
    hs_rows_end(out);
    return HS_OK;
}

/* ---- GetDbSchemas ---- */

static const struct rows_column schema_columns[] = {{"catalog_name", HS_T_STRING, false},
                                                    {"db_schema_name", HS_T_STRING, true}};

static hs_rc schemas_query(struct flight_call *c, hs_str value, struct hs_catalog_query *out, struct hs_err *err)
{
    hs_str pattern = {0};
    (void)c;
    HS_TRY(HS_PICK(value, err, {2, PICK_TEXT, &pattern}));
    set_pattern(pattern, &out->has_domain_pattern, &out->domain_pattern);
    return HS_OK;
}

static hs_rc schemas_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                          struct hs_err *err)
{
    hs_str wanted = {0};
    (void)c;
    HS_TRY(HS_PICK(value, err, {1, PICK_TEXT, &wanted}));
    for (size_t i = 0; i < catalog->domain_count && catalog_fits(wanted, catalog->mesh); i++) {
        hs_rows_text(out, 0, catalog->mesh);
        hs_rows_text(out, 1, catalog->domains[i]);
        hs_rows_end(out);
    }
    return HS_OK;
}

/* ---- GetTables ---- */

static const struct rows_column table_columns[] = {
    {"catalog_name", HS_T_STRING, false}, {"db_schema_name", HS_T_STRING, false}, {"table_name", HS_T_STRING, true},
    {"table_type", HS_T_STRING, true},    {"table_schema", HS_T_BINARY, true}, /* with include_schema */
};

static bool include_schema(hs_str value)
{
    int64_t yes = 0;
    struct hs_err err;
    return HS_PICK(value, &err, {5, PICK_INT, &yes}) == HS_OK && yes;
}

static size_t tables_wanted(hs_str value)
{
    return include_schema(value) ? 5 : 4;
}

static hs_rc tables_query(struct flight_call *c, hs_str value, struct hs_catalog_query *out, struct hs_err *err)
{
    hs_str domain = {0}, table = {0};
    (void)c;
    HS_TRY(HS_PICK(value, err, {2, PICK_TEXT, &domain}, {3, PICK_TEXT, &table}));
    out->with_schema = include_schema(value);
    set_pattern(domain, &out->has_domain_pattern, &out->domain_pattern);
    set_pattern(table, &out->has_table_pattern, &out->table_pattern);
    return HS_OK;
}

/* table_types: none given, or TABLE among them. */
static bool wants_tables(hs_str value)
{
    struct hs_cursor c = hs_cursor_of(value);
    struct hs_proto_field f;
    bool given = false, found = false;
    while (hs_proto_next(&c, &f))
        if (f.number == 4 && f.type == HS_PROTO_BYTES) {
            given = true;
            found = found || hs_str_is(f.bytes, "TABLE");
        }
    return !given || found;
}

/* What the contract says of a column; else what the table says of itself. */
static hs_str remarks_of(const struct hs_seen_table *t, const struct hs_field *f)
{
    const struct hs_property *p = t->table ? hs_table_property(t->table, f->name) : NULL;
    return p && p->description.len ? p->description : f->doc;
}

static struct hs_flight_origin *origins_of(struct flight_call *c, hs_str mesh, const struct hs_seen_table *t)
{
    struct hs_flight_origin *all = hs_arena_array(c->arena, t->type->field_count + 1, sizeof *all);
    for (size_t i = 0; all && i < t->type->field_count; i++)
        all[i] = (struct hs_flight_origin){mesh, t->domain, t->name, remarks_of(t, &t->type->fields[i])};
    return all;
}

static hs_rc add_schema(struct flight_call *c, struct rows *out, hs_str mesh, const struct hs_seen_table *t,
                        struct hs_err *err)
{
    struct ArrowSchema schema;
    struct hs_buf b;
    const struct hs_flight_origin *origins = origins_of(c, mesh, t);
    if (!origins)
        return hs_fail(err, HS_NOMEM, "out of memory");
    HS_TRY(hs_type_to_arrow(t->type, true, &schema, err));
    hs_buf_init(&b, SCHEMA_MAX);
    hs_rc rc = hs_flight_describe_columns(&schema, t->type, origins, err);
    if (rc == HS_OK)
        rc = hs_ipc_schema(&schema, true, &b, err);
    if (rc == HS_OK)
        hs_rows_text(out, 4, hs_buf_str(&b));
    hs_buf_fini(&b);
    ArrowSchemaRelease(&schema);
    return rc;
}

static hs_rc tables_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                         struct hs_err *err)
{
    hs_str wanted = {0};
    bool with_schema = include_schema(value);
    (void)c;
    HS_TRY(HS_PICK(value, err, {1, PICK_TEXT, &wanted}));
    if (!catalog_fits(wanted, catalog->mesh) || !wants_tables(value))
        return HS_OK;
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct hs_seen_table *t = &catalog->tables[i];
        if (with_schema && !t->type) /* cannot be opened at the moment: not to be listed as if it could */
            continue;
        hs_rows_text(out, 0, catalog->mesh);
        hs_rows_text(out, 1, t->domain);
        hs_rows_text(out, 2, t->name);
        hs_rows_words(out, 3, "TABLE");
        if (with_schema)
            HS_TRY(add_schema(c, out, catalog->mesh, t, err));
        hs_rows_end(out);
    }
    return HS_OK;
}

/* ---- GetTableTypes ---- */

static const struct rows_column table_type_columns[] = {{"table_type", HS_T_STRING, true}};

static hs_rc table_types_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                              struct hs_err *err)
{
    (void)c;
    (void)value;
    (void)catalog;
    (void)err;
    hs_rows_words(out, 0, "TABLE");
    hs_rows_end(out);
    return HS_OK;
}

/* ---- the table of tables ---- */

#define COLUMNS(name) (name), sizeof(name) / sizeof(name)[0]

static const struct flight_table TABLES[] = {
    {"CommandGetCatalogs", COLUMNS(catalog_columns), NULL, NULL, any_query, catalogs_fill},
    {"CommandGetDbSchemas", COLUMNS(schema_columns), NULL, NULL, schemas_query, schemas_fill},
    {"CommandGetTables", COLUMNS(table_columns), tables_wanted, NULL, tables_query, tables_fill},
    {"CommandGetTableTypes", COLUMNS(table_type_columns), NULL, NULL, NULL, table_types_fill},
    {"CommandGetPrimaryKeys", COLUMNS(hs_primary_key_columns), NULL, NULL, hs_primary_keys_query, hs_primary_keys_fill},
    {"CommandGetExportedKeys", COLUMNS(hs_foreign_key_columns), NULL, NULL, hs_exported_keys_query,
     hs_exported_keys_fill},
    {"CommandGetImportedKeys", COLUMNS(hs_foreign_key_columns), NULL, NULL, hs_imported_keys_query,
     hs_imported_keys_fill},
    {"CommandGetCrossReference", COLUMNS(hs_foreign_key_columns), NULL, NULL, hs_cross_reference_query,
     hs_cross_reference_fill},
    {"CommandGetXdbcTypeInfo", COLUMNS(hs_xdbc_columns), NULL, NULL, NULL, hs_xdbc_fill},
    {"CommandGetSqlInfo", NULL, 0, NULL, hs_sqlinfo_schema, NULL, hs_sqlinfo_fill},
};

const struct flight_table *hs_flight_table_find(hs_str command)
{
    for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++)
        if (hs_str_is(command, TABLES[i].command))
            return &TABLES[i];
    return NULL;
}

hs_rc hs_flight_table_schema(const struct flight_table *t, hs_str value, struct ArrowSchema *out, struct hs_err *err)
{
    if (t->schema)
        return t->schema(out, err);
    return hs_rows_schema(t->columns, t->wanted ? t->wanted(value) : t->column_count, out, err);
}

hs_rc hs_flight_table_rows(const struct flight_table *t, struct flight_call *c, hs_str value,
                           const struct hs_catalog *catalog, struct hs_batch *out, struct hs_err *err)
{
    struct ArrowSchema schema;
    struct rows rows;
    HS_TRY(hs_flight_table_schema(t, value, &schema, err));
    HS_TRY(hs_rows_open(&schema, &rows, err));
    hs_rc rc = t->fill(c, value, catalog, &rows, err);
    if (rc == HS_OK)
        rc = hs_rows_done(&rows, out, err);
    hs_rows_close(&rows);
    return rc;
}
