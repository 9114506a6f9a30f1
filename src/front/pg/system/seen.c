/* What one caller sees of the model, in PostgreSQL's terms: schemas, tables, their columns, and a composite type for
 * every struct that lies in one, so that drivers which ask for a column's type find it, member by member. */
#include "front/pg/system/system_in.h"

enum { DEPTH_MAX = 64, COMMENT_MAX = 1 << 16 };

struct seeing {
    struct hs_pg_system *s;
    HS_VEC(struct hs_pg_seen) seen;
    const struct hs_seen_table *table; /* whose rows these are */
    size_t number;                     /* its place in seen */
};

static hs_rc no_memory(struct hs_err *err)
{
    return hs_fail(err, HS_NOMEM, "out of memory");
}

/* ---- comments ---- */

/* "Where it is sent to (classification: pii; masked)" */
static hs_rc comment_of(struct hs_arena *a, hs_str description, hs_str classification, bool masked, hs_str *out,
                        struct hs_err *err)
{
    struct hs_buf b;
    bool marks = classification.len || masked;
    *out = (hs_str){0};
    if (!description.len && !marks)
        return HS_OK;
    hs_buf_init(&b, COMMENT_MAX);
    hs_buf_adds(&b, description);
    if (marks)
        hs_buf_addz(&b, description.len ? " (" : "");
    if (classification.len)
        hs_buf_addf(&b, "classification: %.*s", HS_FMT(classification));
    if (masked)
        hs_buf_addz(&b, classification.len ? "; masked" : "masked");
    if (marks && description.len)
        hs_buf_addc(&b, ')');
    *out = b.failed ? (hs_str){0} : hs_arena_str(a, hs_buf_str(&b));
    hs_buf_fini(&b);
    return out->at ? HS_OK : no_memory(err);
}

/* ---- columns ---- */

static hs_rc see_struct(struct seeing *w, size_t parent, size_t number, hs_str path, const struct hs_type *type,
                        size_t *out, struct hs_err *err);

/* The struct that a column's values are made of: itself, or a list's element; NULL: of none. */
static const struct hs_type *struct_of(const struct hs_type *type)
{
    if (type->id == HS_T_LIST)
        type = type->fields[0].type;
    return type->id == HS_T_STRUCT ? type : NULL;
}

/* path: the property's, with "[]" as the contract has it; named: of composites. */
static hs_rc see_column(struct seeing *w, size_t in, size_t i, hs_str path, hs_str named, const struct hs_field *f,
                        bool masked, struct hs_err *err)
{
    struct hs_arena *a = w->s->arena;
    const struct hs_table *table = path.len ? w->table->table : NULL;
    const struct hs_property *p = table ? hs_table_property(table, path) : NULL;
    struct hs_pg_column *c = &w->seen.at[in].columns[i];
    struct hs_pg_type type;
    hs_pg_type_of(f->type, &type);
    *c = (struct hs_pg_column){
        .name = f->name, .type = type.oid, .typmod = type.typmod, .required = f->required, .is = f->type};
    HS_TRY(comment_of(a, p && p->description.len ? p->description : f->doc, p ? p->classification : (hs_str){0}, masked,
                      &c->comment, err));
    if (struct_of(f->type)) {
        size_t composite = 0;
        HS_TRY(see_struct(w, in, i, named, struct_of(f->type), &composite, err));
        const struct hs_pg_seen *is = &w->seen.at[composite];
        w->seen.at[in].columns[i].type = f->type->id == HS_T_LIST ? is->array_oid : is->type_oid;
    }
    w->seen.at[in].types[i] = w->seen.at[in].columns[i].type;
    return HS_OK;
}

static hs_rc room_for_columns(struct seeing *w, size_t in, const struct hs_type *row, struct hs_err *err)
{
    struct hs_pg_seen *seen = &w->seen.at[in];
    seen->row = row;
    seen->column_count = row->field_count;
    seen->columns = hs_arena_array(w->s->arena, row->field_count + 1, sizeof *seen->columns);
    seen->types = hs_arena_array(w->s->arena, row->field_count + 1, sizeof *seen->types);
    return seen->columns && seen->types ? HS_OK : no_memory(err);
}

static void number_it(struct seeing *w, struct hs_pg_seen *seen, hs_str table, hs_str path)
{
    const struct hs_pg_oids *o = w->s->oids;
    seen->schema_oid = hs_pg_oid(o, HS_PG_OF_SCHEMA, seen->schema, (hs_str){0}, (hs_str){0});
    seen->oid = hs_pg_oid(o, HS_PG_OF_RELATION, seen->schema, table, path);
    seen->type_oid = hs_pg_oid(o, HS_PG_OF_TYPE, seen->schema, table, path);
    seen->array_oid = hs_pg_oid(o, HS_PG_OF_ARRAY, seen->schema, table, path);
}

/* ---- what is nested ---- */

static hs_rc see_members(struct seeing *w, size_t in, hs_str named, struct hs_err *err)
{
    const struct hs_type *row = w->seen.at[in].row;
    for (size_t i = 0; i < row->field_count; i++) {
        const struct hs_field *f = &row->fields[i];
        hs_str name = hs_arena_printf(w->s->arena, "%.*s.%.*s", HS_FMT(named), HS_FMT(f->name));
        if (!name.at)
            return no_memory(err);
        HS_TRY(see_column(w, in, i, (hs_str){0}, name, f, false, err));
    }
    return HS_OK;
}

/* `named`: "customer.address", of the names from the column down. parent: in which it lies, as its column `number`. */
static hs_rc see_struct(struct seeing *w, size_t parent, size_t number, hs_str named, const struct hs_type *type,
                        size_t *out, struct hs_err *err)
{
    size_t depth = w->seen.at[parent].depth + 1, at = w->seen.len;
    if (depth > DEPTH_MAX)
        return hs_fail(err, HS_LIMIT, "a column's type is nested too deep");
    struct hs_pg_seen *seen = hs_vec_add(w->s->arena, &w->seen);
    if (!seen)
        return no_memory(err);
    const struct hs_pg_seen *table = &w->seen.at[w->number];
    *seen = (struct hs_pg_seen){.schema = table->schema, .composite = true, .table = w->number, .depth = depth};
    seen->name = hs_arena_printf(w->s->arena, "%.*s.%.*s", HS_FMT(table->name), HS_FMT(named));
    seen->path = hs_arena_array(w->s->arena, depth, sizeof *seen->path);
    if (!seen->name.at || !seen->path)
        return no_memory(err);
    memcpy(seen->path, w->seen.at[parent].path, (depth - 1) * sizeof *seen->path);
    seen->path[depth - 1] = number;
    number_it(w, seen, table->name, named);
    HS_TRY(room_for_columns(w, at, type, err));
    *out = at;
    return see_members(w, at, named, err);
}

/* ---- tables ---- */

static hs_rc see_table(struct seeing *w, const struct hs_seen_table *t, struct hs_err *err)
{
    struct hs_arena *a = w->s->arena;
    struct hs_pg_seen *seen = &w->seen.at[w->number];
    const struct hs_type *row = hs_type_copy(a, t->type);
    *seen = (struct hs_pg_seen){.schema = hs_arena_str(a, t->domain), .name = hs_arena_str(a, t->name)};
    seen->table = w->number;
    seen->path = hs_arena_array(a, 1, sizeof *seen->path);
    if (!row || !seen->schema.at || !seen->name.at || !seen->path)
        return no_memory(err);
    HS_TRY(comment_of(a, t->description, (hs_str){0}, false, &seen->comment, err));
    number_it(w, seen, seen->name, (hs_str){0});
    HS_TRY(room_for_columns(w, w->number, row, err));
    w->table = t;
    for (size_t i = 0; i < row->field_count; i++)
        HS_TRY(see_column(w, w->number, i, row->fields[i].name, row->fields[i].name, &row->fields[i],
                          t->masked && t->masked[i], err));
    return HS_OK;
}

static hs_rc see_schemas(struct hs_pg_system *s, const struct hs_catalog *catalog, struct hs_err *err)
{
    s->schemas = hs_arena_array(s->arena, catalog->domain_count + 1, sizeof *s->schemas);
    for (size_t i = 0; s->schemas && i < catalog->domain_count; i++) {
        hs_str name = hs_arena_str(s->arena, catalog->domains[i]);
        if (!name.at)
            return no_memory(err);
        s->schemas[s->schema_count++] =
            (struct hs_pg_schema){name, hs_pg_oid(s->oids, HS_PG_OF_SCHEMA, name, (hs_str){0}, (hs_str){0})};
    }
    return s->schemas ? HS_OK : no_memory(err);
}

/* A table whose columns could not be told is left out, as if it were not there. */
hs_rc hs_pg_see(struct hs_pg_system *s, const struct hs_catalog *catalog, struct hs_err *err)
{
    struct seeing w = {.s = s};
    HS_TRY(see_schemas(s, catalog, err));
    for (size_t i = 0; i < catalog->table_count; i++)
        if (catalog->tables[i].type && !hs_vec_add(s->arena, &w.seen))
            return no_memory(err);
    s->table_count = w.seen.len;
    for (size_t i = 0, n = 0; i < catalog->table_count; i++)
        if (catalog->tables[i].type) {
            w.number = n++;
            HS_TRY(see_table(&w, &catalog->tables[i], err));
        }
    s->seen = w.seen.at;
    s->seen_count = w.seen.len;
    return HS_OK;
}

/* ---- finding ---- */

const struct hs_pg_seen *hs_pg_seen_find(const struct hs_pg_system *s, hs_str schema, hs_str name)
{
    size_t from = 0, to = s->table_count;
    while (from < to) {
        size_t mid = (from + to) / 2;
        int order = hs_str_cmp(s->seen[mid].schema, schema);
        order = order ? order : hs_str_cmp(s->seen[mid].name, name);
        if (!order)
            return &s->seen[mid];
        if (order < 0)
            from = mid + 1;
        else
            to = mid;
    }
    return NULL;
}

const struct hs_pg_seen *hs_pg_seen_by_oid(const struct hs_pg_system *s, uint32_t oid)
{
    for (size_t i = 0; i < s->seen_count; i++)
        if (s->seen[i].oid == oid)
            return &s->seen[i];
    return NULL;
}

const struct hs_pg_seen *hs_pg_seen_by_type(const struct hs_pg_system *s, uint32_t type, bool *out_array)
{
    for (size_t i = 0; i < s->seen_count; i++)
        if (s->seen[i].type_oid == type || s->seen[i].array_oid == type) {
            *out_array = s->seen[i].array_oid == type;
            return &s->seen[i];
        }
    return NULL;
}
