/* Primary keys, unique columns and foreign keys, as contracts state them and as far as a caller sees them: a key of
 * which one column is hidden is no key, and a foreign key is told where both of its ends are seen. */
#include "front/pg/system/system_in.h"

#include <stdlib.h>

struct keys {
    struct hs_pg_system *s;
    const struct hs_seen_table **tables; /* as numbered in s->seen */
    HS_VEC(struct hs_pg_key) found;
};

static hs_rc no_memory(struct hs_err *err)
{
    return hs_fail(err, HS_NOMEM, "out of memory");
}

/* From 1, as attnum; 0: hidden. */
static int64_t number_of(const struct hs_pg_seen *t, hs_str column)
{
    for (size_t i = 0; i < t->column_count; i++)
        if (hs_str_eq(t->columns[i].name, column))
            return (int64_t)i + 1;
    return 0;
}

/* All of them, or NULL when one is hidden (*out_hidden). */
static int64_t *numbers_of(struct hs_arena *a, const struct hs_pg_seen *t, const hs_str *columns, size_t count,
                           bool *out_hidden)
{
    int64_t *all = hs_arena_array(a, count + 1, sizeof *all);
    *out_hidden = false;
    for (size_t i = 0; all && i < count; i++)
        if (!(all[i] = number_of(t, columns[i])))
            *out_hidden = true;
    return all;
}

static bool has_name(const struct keys *k, size_t table, hs_str name)
{
    for (size_t i = 0; i < k->found.len; i++)
        if (k->found.at[i].table == table && hs_str_eq(k->found.at[i].name, name))
            return true;
    return false;
}

/* "orders_customer_id_fkey"; a second of the name gets a number, as PostgreSQL would give it. */
static hs_str name_of(struct keys *k, size_t table, const hs_str *columns, size_t count, const char *end)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    hs_buf_adds(&b, k->s->seen[table].name);
    for (size_t i = 0; i < count; i++)
        hs_buf_addf(&b, "_%.*s", HS_FMT(columns[i]));
    hs_buf_addf(&b, "_%s", end);
    hs_str name = b.failed ? (hs_str){0} : hs_arena_str(k->s->arena, hs_buf_str(&b));
    hs_buf_fini(&b);
    for (unsigned n = 1; name.at && has_name(k, table, name); n++)
        name = hs_arena_printf(k->s->arena, "%.*s%u", HS_FMT(name), n);
    return name;
}

static struct hs_pg_key *add(struct keys *k, char kind, size_t table, hs_str path, hs_str name)
{
    struct hs_pg_key *key = name.at ? hs_vec_add(k->s->arena, &k->found) : NULL;
    const struct hs_pg_seen *t = &k->s->seen[table];
    if (key)
        *key = (struct hs_pg_key){.kind = kind,
                                  .name = name,
                                  .table = table,
                                  .oid = hs_pg_oid(k->s->oids, HS_PG_OF_CONSTRAINT, t->schema, t->name, path),
                                  .index_oid = hs_pg_oid(k->s->oids, HS_PG_OF_INDEX, t->schema, t->name, path)};
    return key;
}

/* ---- of one table ---- */

static int by_position(const void *pa, const void *pb)
{
    const struct hs_property *const *a = pa, *const *b = pb;
    int order = ((*a)->primary_key_position > (*b)->primary_key_position) -
                ((*a)->primary_key_position < (*b)->primary_key_position);
    return order ? order : (*a > *b) - (*a < *b); /* the same array: as written */
}

static hs_rc add_primary(struct keys *k, size_t table, struct hs_err *err)
{
    const struct hs_table *t = k->tables[table]->table;
    const struct hs_property **at = hs_arena_array(k->s->arena, t->property_count + 1, sizeof *at);
    hs_str *names = hs_arena_array(k->s->arena, t->property_count + 1, sizeof *names);
    size_t count = 0;
    bool hidden;
    if (!at || !names)
        return no_memory(err);
    for (size_t i = 0; i < t->property_count; i++)
        if (t->properties[i].primary_key)
            at[count++] = &t->properties[i];
    qsort(at, count, sizeof *at, by_position);
    for (size_t i = 0; i < count; i++)
        names[i] = at[i]->name;
    int64_t *numbers = numbers_of(k->s->arena, &k->s->seen[table], names, count, &hidden);
    if (numbers && (!count || hidden))
        return HS_OK;
    struct hs_pg_key *key = numbers ? add(k, 'p', table, HS_S("p"), name_of(k, table, NULL, 0, "pkey")) : NULL;
    if (!key)
        return no_memory(err);
    key->columns = numbers;
    key->count = count;
    return HS_OK;
}

static hs_rc add_unique(struct keys *k, size_t table, struct hs_err *err)
{
    const struct hs_table *t = k->tables[table]->table;
    for (size_t i = 0; i < t->property_count; i++) {
        const struct hs_property *p = &t->properties[i];
        bool hidden;
        if (!p->unique || p->primary_key)
            continue;
        int64_t *numbers = numbers_of(k->s->arena, &k->s->seen[table], &p->name, 1, &hidden);
        if (numbers && hidden)
            continue;
        hs_str path = hs_pg_unique_path(k->s->arena, p->name);
        struct hs_pg_key *key =
            numbers && path.at ? add(k, 'u', table, path, name_of(k, table, &p->name, 1, "key")) : NULL;
        if (!key)
            return no_memory(err);
        key->columns = numbers;
        key->count = 1;
    }
    return HS_OK;
}

/* ---- between tables ---- */

static bool find_table(const struct keys *k, const struct hs_table *table, size_t *out)
{
    for (size_t i = 0; i < k->s->table_count; i++)
        if (k->tables[i]->table == table) {
            *out = i;
            return true;
        }
    return false;
}

/* The primary or unique key of those columns, in any order, as PostgreSQL finds the index a foreign key leads to. */
static const struct hs_pg_key *key_led_to(const struct keys *k, size_t to, const int64_t *columns, size_t count)
{
    for (size_t i = 0; i < k->found.len; i++) {
        const struct hs_pg_key *key = &k->found.at[i];
        size_t same = 0;
        if (key->table != to || key->kind == 'f' || key->count != count)
            continue;
        for (size_t a = 0; a < count; a++)
            for (size_t b = 0; b < count; b++)
                same += key->columns[a] == columns[b];
        if (same == count)
            return key;
    }
    return NULL;
}

static hs_rc add_foreign(struct keys *k, size_t table, size_t number, struct hs_err *err)
{
    const struct hs_foreign_key *f = &k->tables[table]->table->foreign_keys[number];
    struct hs_arena *a = k->s->arena;
    size_t to = 0;
    bool hidden, hidden_there;
    if (!find_table(k, f->to_table, &to))
        return HS_OK;
    int64_t *from = numbers_of(a, &k->s->seen[table], f->from, f->count, &hidden);
    int64_t *there = numbers_of(a, &k->s->seen[to], f->to, f->count, &hidden_there);
    if (!from || !there)
        return no_memory(err);
    if (hidden || hidden_there)
        return HS_OK;
    const struct hs_pg_key *leads_to = key_led_to(k, to, there, f->count);
    uint32_t index = leads_to ? leads_to->index_oid : 0;
    hs_str to_key = leads_to ? leads_to->name : (hs_str){0};
    hs_str name =
        f->id.len && !has_name(k, table, f->id) ? hs_arena_str(a, f->id) : name_of(k, table, f->from, f->count, "fkey");
    hs_str path = hs_pg_foreign_path(a, f);
    struct hs_pg_key *key = path.at ? add(k, 'f', table, path, name) : NULL;
    if (!key)
        return no_memory(err);
    key->index_oid = index;
    key->columns = from;
    key->count = f->count;
    key->to = to;
    key->to_columns = there;
    key->to_key = to_key;
    return HS_OK;
}

static hs_rc add_all(struct keys *k, struct hs_err *err)
{
    for (size_t i = 0; i < k->s->table_count; i++)
        if (k->tables[i]->table) {
            HS_TRY(add_primary(k, i, err));
            HS_TRY(add_unique(k, i, err));
        }
    for (size_t i = 0; i < k->s->table_count; i++)
        for (size_t j = 0; k->tables[i]->table && j < k->tables[i]->table->foreign_key_count; j++)
            HS_TRY(add_foreign(k, i, j, err));
    return HS_OK;
}

hs_rc hs_pg_see_keys(struct hs_pg_system *s, const struct hs_catalog *catalog, struct hs_err *err)
{
    struct keys k = {.s = s, .tables = hs_arena_array(s->arena, s->table_count + 1, sizeof *k.tables)};
    if (!k.tables)
        return no_memory(err);
    for (size_t i = 0, n = 0; i < catalog->table_count && n < s->table_count; i++)
        if (catalog->tables[i].type)
            k.tables[n++] = &catalog->tables[i];
    HS_TRY(add_all(&k, err));
    s->keys = k.found.at;
    s->key_count = k.found.len;
    return HS_OK;
}
