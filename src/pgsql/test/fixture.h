/* A small world for the tests of this room: two domains, a few system relations, a person, a clock that stands. */
#ifndef HS_PGSQL_TEST_FIXTURE_H
#define HS_PGSQL_TEST_FIXTURE_H

#include "pgsql/pgsql.h"

/* Static: columns as "name:letters", types by hs_type. */
struct fixture_table {
    const char *schema, *name, *columns;
    uint32_t oid;
    bool system;
    struct hs_type row;
    struct hs_field fields[64];
    uint32_t types[64];
};

/* More of them, as --translate reads them from a file. */
static struct fixture_table *fixture_more;
static size_t fixture_more_count;

static struct hs_type fixture_types[HS_T_COUNT_], fixture_int_list, fixture_text_list, fixture_vector, fixture_struct;
static struct hs_field fixture_list_of[3], fixture_members[2];

/* i int, l bigint, d double, n decimal(12,2), t text, D date, s timestamp, z timestamptz, b boolean, y binary, u uuid,
 * v interval, I list<int>, T list<text>, o oid, N name, C "char", p regproc, V int2vector, R struct<a int, b text>, Z
 * time */
static struct fixture_table fixture_tables[] = {
    {"sales",
     "orders",
     "id:l region:t amount:n qty:i price:d day:D at:s seen:z ok:b tags:T raw:y key:u address:R nums:I Mixed:t",
     90001,
     false,
     {0},
     {{0}},
     {0}},
    {"sales", "lines", "id:l line:i sku:t amount:n", 90002, false, {0}, {{0}}, {0}},
    {"crm", "people", "id:l name:t born:D", 90003, false, {0}, {{0}}, {0}},
    {"crm", "lines", "id:l x:t", 90004, false, {0}, {{0}}, {0}},
    {"pg_catalog",
     "pg_class",
     "oid:o relname:N relnamespace:o relkind:C reltype:o relowner:o relam:o reltuples:d relhasindex:b",
     1259,
     true,
     {0},
     {{0}},
     {0}},
    {"pg_catalog", "pg_namespace", "oid:o nspname:N nspowner:o", 2615, true, {0}, {{0}}, {0}},
    {"pg_catalog",
     "pg_type",
     "oid:o typname:N typnamespace:o typlen:i typtype:C typreceive:p typelem:o typarray:o typrelid:o "
     "typbasetype:o typtypmod:i typnotnull:b",
     1247,
     true,
     {0},
     {{0}},
     {0}},
    {"pg_catalog",
     "pg_attribute",
     "attrelid:o attname:N atttypid:o attnum:i attnotnull:b attisdropped:b atttypmod:i attlen:i attidentity:C",
     1249,
     true,
     {0},
     {{0}},
     {0}},
    {"pg_catalog", "pg_index", "indexrelid:o indrelid:o indkey:V indisprimary:b", 2610, true, {0}, {{0}}, {0}},
    {"pg_catalog",
     "pg_proc",
     "oid:o proname:N pronamespace:o prokind:C proretset:b prorettype:o proargtypes:V",
     1255,
     true,
     {0},
     {{0}},
     {0}},
    {"pg_catalog", "pg_description", "objoid:o classoid:o objsubid:i description:t", 2609, true, {0}, {{0}}, {0}},
    {"pg_catalog", "pg_shdescription", "objoid:o classoid:o description:t", 2396, true, {0}, {{0}}, {0}},
    {"pg_catalog",
     "pg_constraint",
     "oid:o conname:N contype:C conrelid:o confrelid:o conkey:I confkey:I",
     2606,
     true,
     {0},
     {{0}},
     {0}},
    {"pg_catalog", "pg_roles", "oid:o rolname:N rolsuper:b", 12000, true, {0}, {{0}}, {0}},
    {"pg_catalog", "pg_settings", "name:t setting:t", 12001, true, {0}, {{0}}, {0}},
    {"pg_catalog", "pg_attrdef", "oid:o adrelid:o adnum:i adbin:t", 2604, true, {0}, {{0}}, {0}},
    {"pg_catalog",
     "pg_database",
     "oid:o datname:N datdba:o encoding:i datcollate:t datctype:t datistemplate:b "
     "datallowconn:b datconnlimit:i datacl:T datlocprovider:C daticulocale:t",
     1262,
     true,
     {0},
     {{0}},
     {0}},
    {"information_schema", "tables", "table_schema:t table_name:t table_type:t", 13000, true, {0}, {{0}}, {0}},
};
#define FIXTURE_TABLES (sizeof fixture_tables / sizeof *fixture_tables)

static const struct {
    char letter;
    enum hs_type_id id;
    uint32_t pg;
} FIXTURE_LETTERS[] = {{'i', HS_T_INT, 0},       {'l', HS_T_LONG, 0},        {'d', HS_T_DOUBLE, 0},
                       {'n', HS_T_DECIMAL, 0},   {'t', HS_T_STRING, 0},      {'D', HS_T_DATE, 0},
                       {'s', HS_T_TIMESTAMP, 0}, {'z', HS_T_TIMESTAMPTZ, 0}, {'b', HS_T_BOOLEAN, 0},
                       {'y', HS_T_BINARY, 0},    {'u', HS_T_UUID, 0},        {'v', HS_T_INTERVAL, 0},
                       {'o', HS_T_UINT32, 26},   {'N', HS_T_STRING, 19},     {'C', HS_T_STRING, 18},
                       {'p', HS_T_UINT32, 24},   {'Z', HS_T_TIME, 0}};

static struct hs_type *fixture_type(char letter, uint32_t *pg)
{
    *pg = 0;
    if (letter == 'I')
        return &fixture_int_list;
    if (letter == 'T')
        return &fixture_text_list;
    if (letter == 'R')
        return &fixture_struct;
    if (letter == 'V') {
        *pg = 22;
        return &fixture_vector;
    }
    for (size_t i = 0; i < sizeof FIXTURE_LETTERS / sizeof *FIXTURE_LETTERS; i++) {
        if (FIXTURE_LETTERS[i].letter == letter) {
            *pg = FIXTURE_LETTERS[i].pg;
            return &fixture_types[FIXTURE_LETTERS[i].id];
        }
    }
    return &fixture_types[HS_T_STRING];
}

static struct fixture_table *fixture_at(size_t i)
{
    return i < fixture_more_count ? &fixture_more[i] : &fixture_tables[i - fixture_more_count];
}

static void fixture_make(void)
{
    for (int i = 1; i < HS_T_COUNT_; i++)
        fixture_types[i].id = (enum hs_type_id)i;
    fixture_types[HS_T_DECIMAL].precision = 12;
    fixture_types[HS_T_DECIMAL].scale = 2;
    fixture_list_of[0] = (struct hs_field){.name = HS_S("element"), .type = &fixture_types[HS_T_INT]};
    fixture_list_of[1] = (struct hs_field){.name = HS_S("element"), .type = &fixture_types[HS_T_STRING]};
    fixture_list_of[2] = (struct hs_field){.name = HS_S("element"), .type = &fixture_types[HS_T_INT16]};
    fixture_int_list = (struct hs_type){.id = HS_T_LIST, .fields = &fixture_list_of[0], .field_count = 1};
    fixture_text_list = (struct hs_type){.id = HS_T_LIST, .fields = &fixture_list_of[1], .field_count = 1};
    fixture_vector = (struct hs_type){.id = HS_T_LIST, .fields = &fixture_list_of[2], .field_count = 1};
    fixture_members[0] = (struct hs_field){.name = HS_S("a"), .type = &fixture_types[HS_T_INT]};
    fixture_members[1] = (struct hs_field){.name = HS_S("b"), .type = &fixture_types[HS_T_STRING]};
    fixture_struct = (struct hs_type){.id = HS_T_STRUCT, .fields = fixture_members, .field_count = 2};
    for (size_t i = 0; i < FIXTURE_TABLES + fixture_more_count; i++) {
        struct fixture_table *t = fixture_at(i);
        hs_str rest = hs_str_of(t->columns);
        size_t count = 0;
        while (rest.at && count < 64) {
            hs_str column = hs_str_cut(&rest, ' '), name = hs_str_cut(&column, ':');
            t->fields[count] = (struct hs_field){.name = name};
            t->fields[count].type = fixture_type(column.at[0], &t->types[count]);
            count++;
        }
        t->row = (struct hs_type){.id = HS_T_STRUCT, .fields = t->fields, .field_count = count};
    }
}

static enum hs_pgsql_found fixture_relation(void *arg, hs_str schema, hs_str name, struct hs_pgsql_relation *out)
{
    const struct fixture_table *found = NULL;
    size_t count = 0;
    (void)arg;
    for (size_t i = 0; i < FIXTURE_TABLES + fixture_more_count; i++) {
        const struct fixture_table *t = fixture_at(i);
        if (found && t->system && strcmp(found->name, t->name) == 0 && strcmp(found->schema, t->schema) == 0)
            continue; /* of the file, and of the small world */
        bool in_path = !t->system || strcmp(t->schema, "pg_catalog") == 0;
        if (!hs_str_is(name, t->name) || !(schema.len ? hs_str_is(schema, t->schema) : in_path))
            continue;
        found = t;
        count++;
    }
    if (!found)
        return HS_PGSQL_ABSENT;
    *out = (struct hs_pgsql_relation){
        hs_str_of(found->schema), hs_str_of(found->name), found->oid, &found->row, found->types, found->system};
    return count > 1 ? HS_PGSQL_SEVERAL : HS_PGSQL_FOUND;
}

static bool fixture_setting(void *arg, hs_str name, hs_str *out)
{
    (void)arg;
    if (!hs_str_is(name, "server_version"))
        return false;
    *out = HS_S("15.0 (hailstorm)");
    return true;
}

static bool fixture_schema(void *arg, hs_str name, uint32_t *out)
{
    (void)arg;
    *out = 11;
    return hs_str_is(name, "pg_catalog") || hs_str_is(name, "crm") || hs_str_is(name, "sales");
}

static bool fixture_proc(void *arg, hs_str name, uint32_t *out)
{
    (void)arg;
    *out = 2400;
    return hs_str_is(name, "array_recv");
}

static const hs_str fixture_path[] = {{"crm", 3}, {"sales", 5}};

static struct hs_pgsql_context fixture_context(void)
{
    if (!fixture_tables[0].row.fields)
        fixture_make();
    return (struct hs_pgsql_context){
        .relation = fixture_relation,
        .setting = fixture_setting,
        .schema_oid = fixture_schema,
        .proc_oid = fixture_proc,
        .user = HS_S("ana"),
        .session_user = HS_S("ana"),
        .database = HS_S("shop"),
        .search_path = fixture_path,
        .search_path_count = 2,
        .version = HS_S("PostgreSQL 15.0 (hailstorm)"),
        .backend_pid = 77,
        .transaction_us = INT64_C(1700000000000000),
        .statement_us = INT64_C(1700000000000000),
        .started_us = INT64_C(1600000000000000),
        .time_zone = HS_S("UTC"),
    };
}

#endif
