/* information_schema: the standard's words for the same. Keys are in constraints.c. */
#include "front/pg/system/system_in.h"

#include <stdio.h>

/* ---- a type in the standard's terms ---- */

struct said { /* below 0: NULL */
    hs_str type, udt_schema, udt_name;
    hs_str domain; /* of information_schema's own; .at NULL: none */
    int64_t octets, precision, radix, scale, moments;
    bool collated; /* by "C", as `name` is */
};

static int64_t bits_of(uint32_t oid)
{
    switch (oid) {
    case 21:
        return 16;
    case 23:
        return 32;
    case 20:
        return 64;
    case 700:
        return 24;
    case 701:
        return 53;
    default:
        return -1;
    }
}

static void say_numbers(struct said *s, uint32_t oid, int32_t typmod)
{
    int64_t bits = bits_of(oid);
    bool text = oid == 25 || oid == 1042 || oid == 1043, decimal = oid == 1700;
    s->octets = text ? INT64_C(1) << 30 : -1;
    s->precision = decimal && typmod >= 4 ? (typmod - 4) >> 16 : bits;
    s->radix = decimal ? 10 : bits > 0 ? 2 : -1;
    s->scale = decimal && typmod >= 4 ? (typmod - 4) & 0xffff : bits > 0 && oid != 700 && oid != 701 ? 0 : -1;
    bool moment = oid == 1083 || oid == 1114 || oid == 1184 || oid == 1186 || oid == 1266;
    s->moments = oid == 1082 ? 0 : moment ? 6 : -1;
}

static uint32_t base_of(uint32_t domain)
{
    const struct hs_pg_relation *r;
    for (size_t i = 0; (r = hs_pg_relation_at(i)); i++)
        for (size_t j = 0; j < r->row->field_count; j++)
            if (r->declared[j] == domain)
                return r->types[j];
    return 25;
}

static struct said say(const struct hs_pg_system *s, uint32_t oid, int32_t typmod)
{
    struct said out = {.udt_schema = HS_S("pg_catalog")};
    const struct hs_pg_builtin_type *t = hs_pg_builtin_type(oid);
    bool array = false;
    const struct hs_pg_seen *seen = t ? NULL : hs_pg_seen_by_type(s, oid, &array);
    if (t && t->kind == 'd') {
        out.domain = t->name;
        oid = base_of(oid);
        t = hs_pg_builtin_type(oid);
    }
    array = array || (t && t->category == 'A');
    out.type = array ? HS_S("ARRAY") : t ? hs_pg_builtin_sql_name(t) : HS_S("USER-DEFINED");
    out.udt_name = t ? t->name : seen ? seen->name : HS_S("record");
    if (seen)
        out.udt_schema = seen->schema;
    say_numbers(&out, oid, typmod);
    out.collated = oid == 19;
    return out;
}

static void add_number(struct hs_pg_cells *c, int64_t value)
{
    if (value >= 0)
        hs_pg_cell_int(c, value);
    else
        hs_pg_cell_null(c);
}

static void add_numeric(struct hs_pg_cells *c, const struct said *t)
{
    add_number(c, t->precision);
    add_number(c, t->radix);
    add_number(c, t->scale);
    add_number(c, t->moments);
    hs_pg_cells_nulls(c, 2); /* intervals */
}

static void add_collation(struct hs_pg_cells *c, const struct hs_pg_system *s, const struct said *t)
{
    hs_pg_cells_nulls(c, 3); /* character sets */
    if (t->collated) {
        hs_pg_cell_text(c, s->mesh);
        hs_pg_cells_copy(c, "pg_catalog\tC");
    } else {
        hs_pg_cells_nulls(c, 3);
    }
}

/* udt_name of a composite's array is "_name", which is kept nowhere. */
static hs_rc add_udt(struct hs_pg_cells *c, const struct hs_pg_system *s, const struct said *t, struct hs_err *err)
{
    bool composite = hs_str_is(t->type, "ARRAY") && !hs_str_is(t->udt_schema, "pg_catalog");
    hs_str name = composite ? hs_arena_printf(s->arena, "_%.*s", HS_FMT(t->udt_name)) : t->udt_name;
    if (!name.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_pg_cell_text(c, s->mesh);
    hs_pg_cell_text(c, t->udt_schema);
    hs_pg_cell_text(c, name);
    return HS_OK;
}

static void add_identifier(struct hs_pg_cells *c, size_t number, const char *begin)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%s%zu", begin, number);
    hs_pg_cell_text(c, hs_str_n(text, len > 0 ? (size_t)len : 0));
}

/* ---- every relation's columns, the system's and the caller's ---- */

struct place {
    hs_str schema, table, column;
    size_t number;
    uint32_t type;
    int32_t typmod;
    bool required, system;
};
typedef hs_rc (*each_column)(const struct hs_pg_system *s, struct hs_pg_cells *c, const struct place *p,
                             struct hs_err *err);

static hs_rc of_relation(const struct hs_pg_system *s, struct hs_pg_cells *c, const struct hs_pg_relation *r,
                         each_column add, struct hs_err *err)
{
    for (size_t j = 0; j < r->row->field_count; j++) {
        struct place p = {.schema = hs_str_of(r->schema),
                          .table = hs_str_of(r->name),
                          .column = r->row->fields[j].name,
                          .number = j + 1,
                          .type = r->declared[j],
                          .typmod = -1,
                          .system = true};
        HS_TRY(add(s, c, &p, err));
    }
    return HS_OK;
}

static hs_rc of_seen(const struct hs_pg_system *s, struct hs_pg_cells *c, const struct hs_pg_seen *t, each_column add,
                     struct hs_err *err)
{
    for (size_t j = 0; j < t->column_count; j++) {
        const struct hs_pg_column *column = &t->columns[j];
        struct place p = {.schema = t->schema,
                          .table = t->name,
                          .column = column->name,
                          .number = j + 1,
                          .type = column->type,
                          .typmod = column->typmod,
                          .required = column->required};
        HS_TRY(add(s, c, &p, err));
    }
    return HS_OK;
}

static hs_rc of_all(const struct hs_pg_system *s, struct hs_pg_cells *c, each_column add, struct hs_err *err)
{
    const struct hs_pg_relation *r;
    for (size_t i = 0; (r = hs_pg_relation_at(i)); i++)
        if (!r->refused)
            HS_TRY(of_relation(s, c, r, add, err));
    for (size_t i = 0; i < s->table_count; i++)
        HS_TRY(of_seen(s, c, &s->seen[i], add, err));
    return HS_OK;
}

/* ---- columns, attributes, element types ---- */

static hs_rc add_column(const struct hs_pg_system *s, struct hs_pg_cells *c, const struct place *p, struct hs_err *err)
{
    struct said t = say(s, p->type, p->typmod);
    hs_pg_cell_text(c, s->mesh);
    hs_pg_cell_text(c, p->schema);
    hs_pg_cell_text(c, p->table);
    hs_pg_cell_text(c, p->column);
    hs_pg_cell_int(c, (int64_t)p->number);
    hs_pg_cell_null(c);
    hs_pg_cell_yes(c, !p->required);
    hs_pg_cell_text(c, t.type);
    hs_pg_cell_null(c);
    add_number(c, t.octets);
    add_numeric(c, &t);
    add_collation(c, s, &t);
    if (t.domain.at) {
        hs_pg_cell_text(c, s->mesh);
        hs_pg_cell_words(c, "information_schema");
        hs_pg_cell_text(c, t.domain);
    } else {
        hs_pg_cells_nulls(c, 3);
    }
    HS_TRY(add_udt(c, s, &t, err));
    hs_pg_cells_nulls(c, 4);
    add_identifier(c, p->number, "");
    hs_pg_cells_copy(c, "NO\tNO\t\\N\t\\N\t\\N\t\\N\t\\N\tNO\tNEVER\t\\N\tNO");
    hs_pg_cells_end(c);
    return HS_OK;
}

static hs_rc fill_columns(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                          struct hs_err *err)
{
    (void)facts;
    return of_all(s, c, add_column, err);
}

static hs_rc add_attribute(const struct hs_pg_system *s, struct hs_pg_cells *c, const struct place *p,
                           struct hs_err *err)
{
    struct said t = say(s, p->type, p->typmod);
    hs_pg_cell_text(c, s->mesh);
    hs_pg_cell_text(c, p->schema);
    hs_pg_cell_text(c, p->table);
    hs_pg_cell_text(c, p->column);
    hs_pg_cell_int(c, (int64_t)p->number);
    hs_pg_cell_null(c);
    hs_pg_cell_yes(c, true);
    hs_pg_cell_text(c, t.type);
    hs_pg_cell_null(c);
    add_number(c, t.octets);
    add_collation(c, s, &t);
    add_numeric(c, &t);
    HS_TRY(add_udt(c, s, &t, err));
    hs_pg_cells_nulls(c, 4);
    add_identifier(c, p->number, "");
    hs_pg_cell_yes(c, false);
    hs_pg_cells_end(c);
    return HS_OK;
}

/* Of composites alone, as PostgreSQL lists them. */
static hs_rc fill_attributes(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                             struct hs_err *err)
{
    (void)facts;
    for (size_t i = s->table_count; i < s->seen_count; i++)
        HS_TRY(of_seen(s, c, &s->seen[i], add_attribute, err));
    return HS_OK;
}

/* The element's type of an array's; 0: it is no array. */
static uint32_t element_of(const struct hs_pg_system *s, uint32_t oid)
{
    const struct hs_pg_builtin_type *t = hs_pg_builtin_type(oid);
    bool array = false;
    const struct hs_pg_seen *seen = t ? NULL : hs_pg_seen_by_type(s, oid, &array);
    return t && t->category == 'A' ? t->element : seen && array ? seen->type_oid : 0;
}

static hs_rc add_element(const struct hs_pg_system *s, struct hs_pg_cells *c, const struct place *p, struct hs_err *err)
{
    uint32_t element = element_of(s, p->type);
    if (!element)
        return HS_OK;
    struct said t = say(s, element, -1);
    hs_pg_cell_text(c, s->mesh);
    hs_pg_cell_text(c, p->schema);
    hs_pg_cell_text(c, p->table);
    hs_pg_cell_words(c, "TABLE");
    add_identifier(c, p->number, "");
    hs_pg_cell_text(c, t.type);
    hs_pg_cells_nulls(c, 2);
    add_collation(c, s, &t);
    hs_pg_cells_nulls(c, 7);
    HS_TRY(add_udt(c, s, &t, err));
    hs_pg_cells_nulls(c, 4);
    add_identifier(c, p->number, "a");
    hs_pg_cells_end(c);
    return HS_OK;
}

static hs_rc fill_elements(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                           struct hs_err *err)
{
    (void)facts;
    return of_all(s, c, add_element, err);
}

/* ---- schemata, tables, views ---- */

static void add_schema(const struct hs_pg_system *s, struct hs_pg_cells *c, hs_str name)
{
    hs_pg_cell_text(c, s->mesh);
    hs_pg_cell_text(c, name);
    hs_pg_cells_copy(c, HS_PG_OWNER "\t\\N\t\\N\t\\N\t\\N");
    hs_pg_cells_end(c);
}

/* PostgreSQL lists there what the caller owns; tools that fill a menu from it would show nothing. */
static hs_rc fill_schemata(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                           struct hs_err *err)
{
    (void)facts;
    (void)err;
    add_schema(s, c, HS_S("information_schema"));
    add_schema(s, c, HS_S("pg_catalog"));
    for (size_t i = 0; i < s->schema_count; i++)
        add_schema(s, c, s->schemas[i].name);
    return HS_OK;
}

static void add_table(const struct hs_pg_system *s, struct hs_pg_cells *c, hs_str schema, hs_str name, char kind)
{
    hs_pg_cell_text(c, s->mesh);
    hs_pg_cell_text(c, schema);
    hs_pg_cell_text(c, name);
    hs_pg_cell_words(c, kind == 'v' ? "VIEW" : "BASE TABLE");
    hs_pg_cells_copy(c, "\\N\t\\N\t\\N\t\\N\t\\N\tNO\tNO\t\\N");
    hs_pg_cells_end(c);
}

static hs_rc fill_tables(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                         struct hs_err *err)
{
    const struct hs_pg_relation *r;
    (void)facts;
    (void)err;
    for (size_t i = 0; (r = hs_pg_relation_at(i)); i++)
        if (!r->refused)
            add_table(s, c, hs_str_of(r->schema), hs_str_of(r->name), r->kind);
    for (size_t i = 0; i < s->table_count; i++)
        add_table(s, c, s->seen[i].schema, s->seen[i].name, 'r');
    return HS_OK;
}

static hs_rc fill_views(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                        struct hs_err *err)
{
    const struct hs_pg_relation *r;
    (void)facts;
    (void)err;
    for (size_t i = 0; (r = hs_pg_relation_at(i)); i++)
        if (!r->refused && r->kind == 'v') {
            hs_pg_cell_text(c, s->mesh);
            hs_pg_cell_words(c, r->schema);
            hs_pg_cell_words(c, r->name);
            hs_pg_cells_copy(c, "\\N\tNONE\tNO\tNO\tNO\tNO\tNO");
            hs_pg_cells_end(c);
        }
    return HS_OK;
}

/* ---- who may ---- */

static void add_grant(const struct hs_pg_system *s, struct hs_pg_cells *c, const struct place *p, bool of_column)
{
    hs_pg_cell_words(c, HS_PG_OWNER);
    hs_pg_cell_text(c, p->system ? HS_S("PUBLIC") : s->user);
    hs_pg_cell_text(c, s->mesh);
    hs_pg_cell_text(c, p->schema);
    hs_pg_cell_text(c, p->table);
    if (of_column)
        hs_pg_cell_text(c, p->column);
    hs_pg_cells_copy(c, of_column ? "SELECT\tNO" : "SELECT\tNO\tYES");
    hs_pg_cells_end(c);
}

static hs_rc fill_table_grants(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                               struct hs_err *err)
{
    (void)facts;
    (void)err;
    for (size_t i = 0; i < s->table_count; i++) {
        struct place p = {.schema = s->seen[i].schema, .table = s->seen[i].name};
        add_grant(s, c, &p, false);
    }
    return HS_OK;
}

/* As above, and what everybody may read. */
static hs_rc fill_table_privileges(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                                   struct hs_err *err)
{
    const struct hs_pg_relation *r;
    for (size_t i = 0; (r = hs_pg_relation_at(i)); i++) {
        struct place p = {.schema = hs_str_of(r->schema), .table = hs_str_of(r->name), .system = true};
        if (!r->refused)
            add_grant(s, c, &p, false);
    }
    return fill_table_grants(s, facts, c, err);
}

static hs_rc add_column_grant(const struct hs_pg_system *s, struct hs_pg_cells *c, const struct place *p,
                              struct hs_err *err)
{
    (void)err;
    add_grant(s, c, p, true);
    return HS_OK;
}

static hs_rc fill_column_grants(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                                struct hs_err *err)
{
    (void)facts;
    for (size_t i = 0; i < s->table_count; i++)
        HS_TRY(of_seen(s, c, &s->seen[i], add_column_grant, err));
    return HS_OK;
}

static hs_rc fill_column_privileges(const struct hs_pg_system *s, const struct hs_pg_facts *facts,
                                    struct hs_pg_cells *c, struct hs_err *err)
{
    (void)facts;
    return of_all(s, c, add_column_grant, err);
}

static hs_rc fill_enabled_roles(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                                struct hs_err *err)
{
    (void)facts;
    (void)err;
    hs_pg_cell_text(c, s->user);
    hs_pg_cells_end(c);
    return HS_OK;
}

/* ---- one row ---- */

static hs_rc fill_catalog_name(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                               struct hs_err *err)
{
    (void)facts;
    (void)err;
    hs_pg_cell_text(c, s->mesh);
    hs_pg_cells_end(c);
    return HS_OK;
}

static hs_rc fill_character_sets(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                                 struct hs_err *err)
{
    (void)facts;
    (void)err;
    hs_pg_cells_copy(c, "\\N\t\\N\tUTF8\tUCS\tUTF8");
    hs_pg_cell_text(c, s->mesh);
    hs_pg_cells_copy(c, "pg_catalog\tdefault");
    hs_pg_cells_end(c);
    return HS_OK;
}

static hs_rc fill_collations(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                             struct hs_err *err)
{
    static const char *const NAMES[] = {"default", "C", "POSIX"};
    (void)facts;
    (void)err;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        hs_pg_cell_text(c, s->mesh);
        hs_pg_cell_words(c, "pg_catalog");
        hs_pg_cell_words(c, NAMES[i]);
        hs_pg_cell_words(c, "NO PAD");
        hs_pg_cells_end(c);
    }
    return HS_OK;
}

const struct hs_pg_making hs_pg_makes_standard[] = {
    {"information_schema", "columns", fill_columns, false},
    {"information_schema", "attributes", fill_attributes, false},
    {"information_schema", "element_types", fill_elements, false},
    {"information_schema", "schemata", fill_schemata, false},
    {"information_schema", "tables", fill_tables, false},
    {"information_schema", "views", fill_views, false},
    {"information_schema", "role_table_grants", fill_table_grants, false},
    {"information_schema", "table_privileges", fill_table_privileges, false},
    {"information_schema", "role_column_grants", fill_column_grants, false},
    {"information_schema", "column_privileges", fill_column_privileges, false},
    {"information_schema", "enabled_roles", fill_enabled_roles, false},
    {"information_schema", "information_schema_catalog_name", fill_catalog_name, false},
    {"information_schema", "character_sets", fill_character_sets, false},
    {"information_schema", "collations", fill_collations, false},
    {0},
};
