/* Which columns may be named, and what a name stands for. A name that is found in one place is printed with its table's
 * alias: the engine has rules of its own (aliases of the SELECT list in WHERE, names of outer queries) that PostgreSQL
 * has not. A name that is not found is passed on where not all columns are known, and the engine says what is wrong. */
#include "pgsql/pgsql_in.h"

#include <ctype.h>

hs_rc column_add(struct reader *r, struct columns *to, hs_str name, struct kind kind)
{
    struct column *c = hs_vec_add(r->arena, &to->list);
    if (!c)
        return no_memory(r);
    *c = (struct column){name, kind, HS_S("")};
    return HS_OK;
}

hs_rc columns_differ(struct reader *r, struct columns *columns, bool *any)
{
    struct hs_map *seen = columns->open ? NULL : hs_map_new(r->arena);
    *any = false;
    for (size_t i = 0; seen && i < columns->list.len; i++) {
        struct column *c = &columns->list.at[i];
        hs_str folded = hs_arena_str(r->arena, c->name);
        for (size_t j = 0; folded.at && j < folded.len; j++)
            ((char *)folded.at)[j] = (char)tolower((unsigned char)folded.at[j]);
        if (!folded.at)
            return no_memory(r);
        if (hs_map_get(seen, folded)) {
            c->printed = hs_arena_printf(r->arena, "%.*s %zu", HS_FMT(c->name), i + 1);
            *any = true;
        }
        if (!c->printed.at || hs_map_put(seen, folded, c, r->err) != HS_OK)
            return no_memory(r);
    }
    return HS_OK;
}

struct column *columns_find(const struct columns *columns, hs_str name)
{
    for (size_t i = 0; i < columns->list.len; i++) {
        if (hs_str_eq(columns->list.at[i].name, name))
            return &columns->list.at[i];
    }
    for (size_t i = 0; i < columns->list.len; i++) { /* as the engine finds them */
        if (hs_str_eq_nocase(columns->list.at[i].name, name))
            return &columns->list.at[i];
    }
    return NULL;
}

hs_rc scope_add(struct reader *r, struct entry **out)
{
    struct entry *e = HS_NEW(r->arena, struct entry);
    if (!e)
        return no_memory(r);
    *r->scope->end = e;
    r->scope->end = &e->next;
    *out = e;
    return HS_OK;
}

void note_system(struct reader *r, hs_str schema, hs_str name)
{
    for (size_t i = 0; i < r->systems.len; i++) {
        if (hs_str_eq(r->systems.at[i].schema, schema) && hs_str_eq(r->systems.at[i].name, name))
            return;
    }
    struct hs_pgsql_system *s = hs_vec_add(r->arena, &r->systems);
    if (s)
        *s = (struct hs_pgsql_system){schema, name};
    else
        r->failed = true;
}

hs_rc relation_column(struct reader *r, const char *relation, struct piece *out)
{
    note_system(r, HS_S("pg_catalog"), hs_str_of(relation));
    put(r, out, "\"pg_catalog\".\"%s\"", relation);
    return HS_OK;
}

static struct entry *find_entry(struct reader *r, hs_str schema, hs_str alias)
{
    for (struct scope *scope = r->scope; scope; scope = scope->outer) {
        for (struct entry *e = scope->entries; e; e = e->next) {
            look_at(r, 1);
            if (!e->hidden && hs_str_eq(e->alias, alias) && (!schema.len || hs_str_eq(e->schema, schema)))
                return e;
        }
    }
    return NULL;
}

/* How many entries of this scope have the name; *open: one may have it. */
static size_t find_column(struct scope *scope, hs_str name, struct entry **entry, struct column **column, bool *open)
{
    size_t found = 0;
    *open = false;
    for (struct entry *e = scope->entries; e; e = e->next) {
        struct column *c = e->hidden ? NULL : columns_find(&e->columns, name);
        for (size_t i = 0; c && i < e->columns.list.len; i++)
            found += &e->columns.list.at[i] != c && e->columns.list.at[i].printed.len &&
                     hs_str_eq(e->columns.list.at[i].name, name);
        *open = *open || (!e->hidden && e->columns.open);
        if (!c)
            continue;
        found++;
        *entry = e;
        *column = c;
    }
    return found;
}

static struct merged *find_merged(struct reader *r, struct scope *scope, hs_str name)
{
    for (struct merged *m = scope->merged; m; m = m->next) {
        look_at(r, 1);
        if (hs_str_eq(m->column.name, name))
            return m;
    }
    return NULL;
}

static bool is_system_column(hs_str name)
{
    static const char *const NAMES[] = {"tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (hs_str_is(name, NAMES[i]))
            return true;
    }
    return false;
}

static hs_rc system_column(struct reader *r, const struct entry *e, hs_str name, int location, struct piece *out)
{
    if (!hs_str_is(name, "tableoid") || !e || !e->relation) {
        if (hs_str_is(name, "xmin") && e && hs_str_is(e->schema, "pg_catalog")) {
            put(r, out, "CAST(1 AS UINTEGER)");
            out->kind = KIND_OF(HS_OID_xid);
            return HS_OK;
        }
        return refuse(r, location, "0A000", "system column \"%.*s\" is not supported", HS_FMT(name));
    }
    put(r, out, "CAST(%d AS UINTEGER)", (int64_t)e->relation);
    out->kind = KIND_OF(HS_OID_oid);
    return HS_OK;
}

static void put_column(struct reader *r, struct piece *out, const struct entry *e, const struct column *c, int location)
{
    hs_str name = c->printed.len ? c->printed : c->name;
    put(r, out, "%L%N.%N", location, &e->alias, &name);
    out->kind = c->kind;
    out->form = PIECE_COLUMN;
}

/* A table as a whole. Where an outer join found no partner the row is NULL to PostgreSQL, and a row of NULLs here. */
static hs_rc put_row(struct reader *r, const struct entry *e, int location, struct piece *out)
{
    bool outer = false;
    for (const struct scope *s = r->scope; s; s = s->outer) {
        look_at(r, 1);
        outer = outer || s->outer_join;
    }
    if (outer)
        return refuse(r, location, "0A000", "a row as a whole (\"%.*s\") is not supported beside an outer join",
                      HS_FMT(e->alias));
    put(r, out, "%L%N", location, &e->alias);
    out->kind = KIND_OF(HS_OID_record);
    out->row = e;
    return HS_OK;
}

/* A name by itself: a column of the nearest query that has it, else a table as a whole. */
static hs_rc one_name(struct reader *r, hs_str name, int location, struct piece *out)
{
    struct entry *e = NULL;
    struct column *c = NULL;
    bool open = false;
    if (r->scope->outputs) {
        put(r, out, "%L%N", location, &name);
        look_at(r, r->scope->outputs->list.len);
        c = columns_find(r->scope->outputs, name);
        out->kind = c ? c->kind : NOT_KNOWN;
        return HS_OK;
    }
    for (struct scope *s = r->scope; s && !open; s = s->outer) {
        struct merged *m = find_merged(r, s, name);
        if (m) {
            put(r, out, "%L%N", location, &name);
            out->kind = m->column.kind;
            out->form = PIECE_COLUMN;
            return HS_OK;
        }
        look_at(r, 1);
        for (const struct entry *each = s->entries; each; each = each->next)
            look_at(r, each->columns.list.len + 1);
        if (r->failed)
            return overrun(r);
        size_t count = find_column(s, name, &e, &c, &open);
        if (count > 1)
            return refuse(r, location, "42702", "column reference \"%.*s\" is ambiguous", HS_FMT(name));
        if (count == 1 && !open) {
            put_column(r, out, e, c, location);
            return HS_OK;
        }
        if (!open && is_system_column(name) && s->entries && !s->entries->next)
            return system_column(r, s->entries, name, location, out);
    }
    e = open ? NULL : find_entry(r, HS_S(""), name);
    if (e && e->scalar && e->columns.list.len == 1) {
        put_column(r, out, e, &e->columns.list.at[0], location);
        return HS_OK;
    }
    if (!e && !open)
        return refuse(r, location, "42703", "column \"%.*s\" does not exist", HS_FMT(name));
    if (e)
        return put_row(r, e, location, out);
    put(r, out, "%L%N", location, &name);
    out->kind = c ? c->kind : NOT_KNOWN;
    return HS_OK;
}

static hs_rc qualified(struct reader *r, hs_str schema, hs_str table, hs_str name, int location, struct piece *out)
{
    struct entry *e = find_entry(r, schema, table);
    look_at(r, e ? e->columns.list.len : 0);
    if (r->failed)
        return overrun(r);
    if (!e) {
        struct entry *holder = NULL;
        struct column *c = NULL;
        bool open;
        if (!schema.len && r->scope && find_column(r->scope, table, &holder, &c, &open) == 1) {
            put(r, out, "struct_extract(%L%N.%N, %T)", location, &holder->alias, &c->name, &name);
            return HS_OK;
        }
        return refuse(r, location, "42P01", "missing FROM-clause entry for table \"%.*s\"", HS_FMT(table));
    }
    struct column *c = columns_find(&e->columns, name);
    if (c) {
        put_column(r, out, e, c, location);
        return HS_OK;
    }
    if (is_system_column(name))
        return system_column(r, e, name, location, out);
    if (!e->columns.open)
        return refuse(r, location, "42703", "column %.*s.%.*s does not exist", HS_FMT(table), HS_FMT(name));
    put(r, out, "%L%N.%N", location, &table, &name);
    out->form = PIECE_COLUMN;
    return HS_OK;
}

static hs_rc whole_row(struct reader *r, hs_str schema, hs_str table, int location, struct piece *out)
{
    struct entry *e = find_entry(r, schema, table);
    if (!e)
        return refuse(r, location, "42P01", "missing FROM-clause entry for table \"%.*s\"", HS_FMT(table));
    return put_row(r, e, location, out);
}

hs_rc print_column(struct reader *r, yyjson_val *body, struct piece *out)
{
    yyjson_val *fields = yyjson_obj_get(body, "fields");
    size_t count = yyjson_arr_size(fields);
    int location = node_location(body);
    hs_str name[4];
    if (count == 0 || count > 4)
        return refuse(r, location, "42601", "improper qualified name (too many dotted names)");
    EACH(i, item, fields)
    {
        if (node_only(item, "A_Star"))
            count--; /* f(t.*): the row */
        else
            name[i] = node_string(item);
    }
    if (count == 0)
        return refuse(r, location, "0A000", "a star is not supported here");
    if (count < yyjson_arr_size(fields))
        return whole_row(r, count > 1 ? name[count - 2] : HS_S(""), name[count - 1], location, out);
    if (count == 1)
        return one_name(r, name[0], location, out);
    if (count == 2)
        return qualified(r, HS_S(""), name[0], name[1], location, out);
    if (count == 4 && r->context->database.len && !hs_str_eq(name[0], r->context->database))
        return refuse(r, location, "0A000", "cross-database references are not implemented");
    return qualified(r, name[count - 3], name[count - 2], name[count - 1], location, out);
}

hs_rc star_columns(struct reader *r, hs_str schema, hs_str qualifier, int location, struct columns *out)
{
    if (qualifier.len) {
        struct entry *e = find_entry(r, schema, qualifier);
        if (!e)
            return refuse(r, location, "42P01", "missing FROM-clause entry for table \"%.*s\"", HS_FMT(qualifier));
        out->open = e->columns.open;
        for (size_t i = 0; i < e->columns.list.len; i++) {
            HS_TRY(column_add(r, out, e->columns.list.at[i].name, e->columns.list.at[i].kind));
            out->list.at[out->list.len - 1].printed = e->columns.list.at[i].printed;
        }
        return HS_OK;
    }
    if (!r->scope->entries)
        return refuse(r, location, "42601", "SELECT * with no tables specified is not valid");
    for (struct entry *e = r->scope->entries; e; e = e->next)
        out->open = out->open || (!e->hidden && e->columns.open);
    for (size_t i = 0; i < r->scope->shown.len; i++) {
        HS_TRY(column_add(r, out, r->scope->shown.at[i].column.name, r->scope->shown.at[i].column.kind));
        out->list.at[out->list.len - 1].printed = r->scope->shown.at[i].column.printed;
    }
    return HS_OK;
}

void scope_open(struct reader *r, struct scope *s, struct scope *outer)
{
    *s = (struct scope){.outer = outer};
    s->end = &s->entries;
    r->scope = s;
}
