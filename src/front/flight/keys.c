/* Primary and foreign keys, as contracts state them and as far as the caller sees them: a key of which one column is
 * hidden is no key, and a foreign key is told where both of its ends are seen. */
#include "front/flight/catalogs.h"

#include <stdlib.h>

enum { NAME_MAX_BYTES = 1 << 16, NO_ACTION = 3 /* UpdateDeleteRules */ };

const struct rows_column hs_primary_key_columns[6] = {
    {"catalog_name", HS_T_STRING, false}, {"db_schema_name", HS_T_STRING, false}, {"table_name", HS_T_STRING, true},
    {"column_name", HS_T_STRING, true},   {"key_name", HS_T_STRING, false},       {"key_sequence", HS_T_INT, true},
};

const struct rows_column hs_foreign_key_columns[13] = {
    {"pk_catalog_name", HS_T_STRING, false}, {"pk_db_schema_name", HS_T_STRING, false},
    {"pk_table_name", HS_T_STRING, true},    {"pk_column_name", HS_T_STRING, true},
    {"fk_catalog_name", HS_T_STRING, false}, {"fk_db_schema_name", HS_T_STRING, false},
    {"fk_table_name", HS_T_STRING, true},    {"fk_column_name", HS_T_STRING, true},
    {"key_sequence", HS_T_INT, true},        {"fk_key_name", HS_T_STRING, false},
    {"pk_key_name", HS_T_STRING, false},     {"update_rule", HS_T_UINT8, true},
    {"delete_rule", HS_T_UINT8, true},
};

/* ---- what is asked for ---- */

/* A name as a pattern that fits nothing else. */
static hs_rc exact(struct flight_call *c, hs_str name, bool *has, hs_str *out, struct hs_err *err)
{
    if (!name.at)
        return HS_OK;
    char *text = hs_arena_alloc(c->arena, 2 * name.len + 1);
    size_t n = 0;
    if (!text)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < name.len; i++) {
        if (strchr("%_\\", name.at[i]) && name.at[i])
            text[n++] = '\\';
        text[n++] = name.at[i];
    }
    *has = true;
    *out = hs_str_n(text, n);
    return HS_OK;
}

/* Fields `first` to `first + 2` of the request: catalog, schema, table. */
struct table_asked {
    hs_str catalog, domain, table;
};

static hs_rc read_asked(hs_str value, uint32_t first, struct table_asked *out, struct hs_err *err)
{
    *out = (struct table_asked){{0}, {0}, {0}};
    HS_TRY(HS_PICK(value, err, {first, PICK_TEXT, &out->catalog}, {first + 1, PICK_TEXT, &out->domain},
                   {first + 2, PICK_TEXT, &out->table}));
    return out->table.len ? HS_OK : hs_fail(err, HS_INVALID, "this command needs the name of a table");
}

static hs_rc query_of(struct flight_call *c, const struct table_asked *asked, struct hs_catalog_query *out,
                      struct hs_err *err)
{
    out->with_schema = true; /* the visible columns */
    HS_TRY(exact(c, asked->domain, &out->has_domain_pattern, &out->domain_pattern, err));
    return exact(c, asked->table, &out->has_table_pattern, &out->table_pattern, err);
}

hs_rc hs_primary_keys_query(struct flight_call *c, hs_str value, struct hs_catalog_query *out, struct hs_err *err)
{
    struct table_asked asked;
    HS_TRY(read_asked(value, 1, &asked, err));
    return query_of(c, &asked, out, err);
}

hs_rc hs_exported_keys_query(struct flight_call *c, hs_str value, struct hs_catalog_query *out, struct hs_err *err)
{
    out->with_referencing = true;
    return hs_primary_keys_query(c, value, out, err);
}

hs_rc hs_imported_keys_query(struct flight_call *c, hs_str value, struct hs_catalog_query *out, struct hs_err *err)
{
    out->with_referenced = true;
    return hs_primary_keys_query(c, value, out, err);
}

/* The table that refers, with what it refers to; which of that is wanted is seen when rows are made. */
hs_rc hs_cross_reference_query(struct flight_call *c, hs_str value, struct hs_catalog_query *out, struct hs_err *err)
{
    struct table_asked pk, fk;
    HS_TRY(read_asked(value, 1, &pk, err));
    HS_TRY(read_asked(value, 4, &fk, err));
    out->with_referenced = true;
    return query_of(c, &fk, out, err);
}

static bool is_asked(const struct table_asked *asked, hs_str mesh, const struct hs_seen_table *t)
{
    return (!asked->catalog.at || hs_str_eq(asked->catalog, mesh)) &&
           (!asked->domain.at || hs_str_eq(asked->domain, t->domain)) && hs_str_eq(asked->table, t->name);
}

/* ---- primary keys ---- */

static int by_position(const void *pa, const void *pb)
{
    const struct hs_property *const *a = pa, *const *b = pb;
    int order = ((*a)->primary_key_position > (*b)->primary_key_position) -
                ((*a)->primary_key_position < (*b)->primary_key_position);
    return order ? order : (*a > *b) - (*a < *b); /* the same array: as written */
}

struct primary_key {
    const struct hs_property **at;
    size_t count;
};

/* The columns of the key in its order; none when a part of it is hidden. */
static hs_rc primary_key_of(struct flight_call *c, const struct hs_seen_table *t, struct primary_key *out,
                            struct hs_err *err)
{
    const struct hs_table *table = t->table;
    *out = (struct primary_key){hs_arena_array(c->arena, table->property_count + 1, sizeof *out->at), 0};
    if (!out->at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < table->property_count; i++) {
        const struct hs_property *p = &table->properties[i];
        if (p->primary_key && !hs_type_field_by_name(t->type, p->name)) {
            out->count = 0;
            return HS_OK;
        }
        if (p->primary_key)
            out->at[out->count++] = p;
    }
    qsort(out->at, out->count, sizeof *out->at, by_position);
    return HS_OK;
}

static hs_rc primary_key_name(struct flight_call *c, const struct hs_seen_table *t, hs_str *out, struct hs_err *err)
{
    *out = hs_arena_printf(c->arena, "%.*s_pkey", HS_FMT(t->name));
    return out->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static hs_rc add_primary_key(struct flight_call *c, hs_str mesh, const struct hs_seen_table *t, struct rows *out,
                             struct hs_err *err)
{
    struct primary_key key;
    hs_str name;
    HS_TRY(primary_key_of(c, t, &key, err));
    HS_TRY(primary_key_name(c, t, &name, err));
    for (size_t i = 0; i < key.count; i++) {
        hs_rows_text(out, 0, mesh);
        hs_rows_text(out, 1, t->domain);
        hs_rows_text(out, 2, t->name);
        hs_rows_text(out, 3, key.at[i]->name);
        hs_rows_text(out, 4, name);
        hs_rows_int(out, 5, (int64_t)i + 1);
        hs_rows_end(out);
    }
    return HS_OK;
}

hs_rc hs_primary_keys_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                           struct hs_err *err)
{
    struct table_asked asked;
    HS_TRY(read_asked(value, 1, &asked, err));
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct hs_seen_table *t = &catalog->tables[i];
        if (t->type && t->table && is_asked(&asked, catalog->mesh, t))
            HS_TRY(add_primary_key(c, catalog->mesh, t, out, err));
    }
    return HS_OK;
}

/* ---- foreign keys ---- */

struct pair { /* one row: a column that refers and the one referred to */
    const struct hs_seen_table *pk, *fk;
    hs_str pk_column, fk_column, pk_name, fk_name;
    size_t sequence; /* from 1 */
};
typedef HS_VEC(struct pair) pair_list;

struct finding {
    struct flight_call *c;
    const struct hs_catalog *catalog;
    pair_list pairs;
};

static const struct hs_seen_table *seen(const struct hs_catalog *catalog, const struct hs_table *table)
{
    for (size_t i = 0; i < catalog->table_count; i++)
        if (catalog->tables[i].table == table)
            return &catalog->tables[i];
    return NULL;
}

static bool are_visible(const struct hs_seen_table *t, const hs_str *columns, size_t count)
{
    if (!t || !t->type)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!hs_type_field_by_name(t->type, columns[i]))
            return false;
    return true;
}

static void add_list(struct hs_buf *b, const hs_str *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hs_buf_addz(b, i ? ", " : "");
        hs_buf_adds(b, columns[i]);
    }
}

/* As the contract calls it, else "customer_id -> sales.customers(id)": no two keys of a table have the same. */
static hs_rc foreign_key_name(struct finding *f, const struct hs_foreign_key *key, hs_str *out, struct hs_err *err)
{
    struct hs_buf b;
    hs_buf_init(&b, NAME_MAX_BYTES);
    if (key->id.len) {
        hs_buf_adds(&b, key->id);
    } else {
        add_list(&b, key->from, key->count);
        hs_buf_addf(&b, " -> %.*s.%.*s(", HS_FMT(key->to_table->product->domain), HS_FMT(key->to_table->name));
        add_list(&b, key->to, key->count);
        hs_buf_addc(&b, ')');
    }
    *out = b.failed ? (hs_str){0} : hs_flight_keep(f->c, hs_buf_str(&b));
    hs_buf_fini(&b);
    return out->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

/* The primary key's name where that is what is referred to; a foreign key may lead to other columns as well. */
static hs_rc referred_name(struct finding *f, const struct hs_foreign_key *key, const struct hs_seen_table *pk,
                           hs_str *out, struct hs_err *err)
{
    struct primary_key primary;
    HS_TRY(primary_key_of(f->c, pk, &primary, err));
    size_t same = 0;
    for (size_t i = 0; i < primary.count; i++)
        for (size_t k = 0; k < key->count; k++)
            same += hs_str_eq(primary.at[i]->name, key->to[k]);
    *out = (hs_str){0};
    return same == primary.count && same == key->count ? primary_key_name(f->c, pk, out, err) : HS_OK;
}

static hs_rc add_pairs(struct finding *f, const struct hs_seen_table *fk, const struct hs_foreign_key *key,
                       struct hs_err *err)
{
    struct pair p = {.pk = seen(f->catalog, key->to_table), .fk = fk};
    if (!are_visible(fk, key->from, key->count) || !are_visible(p.pk, key->to, key->count))
        return HS_OK;
    HS_TRY(foreign_key_name(f, key, &p.fk_name, err));
    HS_TRY(referred_name(f, key, p.pk, &p.pk_name, err));
    for (size_t i = 0; i < key->count; i++) {
        struct pair *place = hs_vec_add(f->c->arena, &f->pairs);
        if (!place)
            return hs_fail(err, HS_NOMEM, "out of memory");
        p.fk_column = key->from[i];
        p.pk_column = key->to[i];
        p.sequence = i + 1;
        *place = p;
    }
    return HS_OK;
}

/* pk or fk NULL: any. */
static hs_rc find_pairs(struct finding *f, const struct table_asked *pk, const struct table_asked *fk,
                        struct hs_err *err)
{
    for (size_t i = 0; i < f->catalog->table_count; i++) {
        const struct hs_seen_table *t = &f->catalog->tables[i];
        if (!t->table || (fk && !is_asked(fk, f->catalog->mesh, t)))
            continue;
        for (size_t k = 0; k < t->table->foreign_key_count; k++) {
            const struct hs_foreign_key *key = &t->table->foreign_keys[k];
            const struct hs_seen_table *to = seen(f->catalog, key->to_table);
            if (to && (!pk || is_asked(pk, f->catalog->mesh, to)))
                HS_TRY(add_pairs(f, t, key, err));
        }
    }
    return HS_OK;
}

static int order_of(const struct hs_seen_table *a, hs_str a_name, const struct hs_seen_table *b, hs_str b_name)
{
    int order = hs_str_cmp(a->domain, b->domain);
    order = order ? order : hs_str_cmp(a->name, b->name);
    return order ? order : hs_str_cmp(a_name, b_name);
}

static int by_referring(const void *pa, const void *pb)
{
    const struct pair *a = pa, *b = pb;
    int order = order_of(a->fk, a->fk_name, b->fk, b->fk_name);
    return order ? order : (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

static int by_referred(const void *pa, const void *pb)
{
    const struct pair *a = pa, *b = pb;
    int order = order_of(a->pk, a->pk_name, b->pk, b->pk_name);
    order = order ? order : (a->sequence > b->sequence) - (a->sequence < b->sequence);
    return order ? order : by_referring(pa, pb);
}

static void add_pair(struct rows *out, hs_str mesh, const struct pair *p)
{
    hs_rows_text(out, 0, mesh);
    hs_rows_text(out, 1, p->pk->domain);
    hs_rows_text(out, 2, p->pk->name);
    hs_rows_text(out, 3, p->pk_column);
    hs_rows_text(out, 4, mesh);
    hs_rows_text(out, 5, p->fk->domain);
    hs_rows_text(out, 6, p->fk->name);
    hs_rows_text(out, 7, p->fk_column);
    hs_rows_int(out, 8, (int64_t)p->sequence);
    hs_rows_text(out, 9, p->fk_name);
    hs_rows_text(out, 10, p->pk_name);
    hs_rows_int(out, 11, NO_ACTION);
    hs_rows_int(out, 12, NO_ACTION);
    hs_rows_end(out);
}

static void add_sorted(struct finding *f, int (*order)(const void *, const void *), struct rows *out)
{
    if (f->pairs.len)
        qsort(f->pairs.at, f->pairs.len, sizeof *f->pairs.at, order);
    for (size_t i = 0; i < f->pairs.len; i++)
        add_pair(out, f->catalog->mesh, &f->pairs.at[i]);
}

hs_rc hs_exported_keys_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                            struct hs_err *err)
{
    struct finding f = {.c = c, .catalog = catalog};
    struct table_asked pk;
    HS_TRY(read_asked(value, 1, &pk, err));
    HS_TRY(find_pairs(&f, &pk, NULL, err));
    add_sorted(&f, by_referring, out);
    return HS_OK;
}

hs_rc hs_imported_keys_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                            struct hs_err *err)
{
    struct finding f = {.c = c, .catalog = catalog};
    struct table_asked fk;
    HS_TRY(read_asked(value, 1, &fk, err));
    HS_TRY(find_pairs(&f, NULL, &fk, err));
    add_sorted(&f, by_referred, out);
    return HS_OK;
}

hs_rc hs_cross_reference_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                              struct hs_err *err)
{
    struct finding f = {.c = c, .catalog = catalog};
    struct table_asked pk, fk;
    HS_TRY(read_asked(value, 1, &pk, err));
    HS_TRY(read_asked(value, 4, &fk, err));
    HS_TRY(find_pairs(&f, &pk, &fk, err));
    add_sorted(&f, by_referred, out);
    return HS_OK;
}
