/* ODCS relationships as foreign keys (v3.1, "References"): of a property, whose `from` is the property itself, or of a
 * table, with `from` and `to`, one column or several each. An end is `table.column`, `schema/ID/properties/ID`, or
 * either behind `FILE#`; tables of the same contract come first, then those of the same domain, then `domain.table`.
 *
 * A slip in what is at hand (a column, a number of columns) stops the load. A table or file that is not in this mesh
 * may well be somewhere, so that is a warning, and the relationship is told to nobody; so is one whose ends lie inside
 * of a column, for which no client has a word. */
#include "model/load.h"
#include "model/path.h"

enum { KEY_COLUMNS_MAX = 64, REFERENCE_MAX = 2048 };

struct relating {
    struct hs_load *l;
    const struct hs_product *product;
    struct hs_table *table;
    HS_VEC(struct hs_foreign_key) keys; /* of the table */
};

struct end {
    const struct hs_table *table; /* NULL: not in this mesh */
    const struct hs_property *property;
    bool whole; /* a column, not something inside of one */
};

static struct hs_at at_of(const struct relating *k, const struct hs_yaml *node)
{
    return (struct hs_at){k->product->at.file, node->line, node->column};
}

static int short_of(hs_str text)
{
    return (int)(text.len < 120 ? text.len : 120);
}

/* ---- by ids: schema/ID/properties/ID[/properties/ID] ---- */

static const struct hs_yaml *by_id(const struct hs_yaml *list, hs_str id, size_t *out_index)
{
    *out_index = 0;
    for (const struct hs_yaml *item = list ? list->first : NULL; item; item = item->next, (*out_index)++) {
        const struct hs_yaml *its = item->kind == HS_YAML_MAP ? hs_yaml_get(item, "id") : NULL;
        if (its && its->kind == HS_YAML_SCALAR && hs_str_eq(its->text, id))
            return item;
    }
    return NULL;
}

/* The trees of YAML and of properties have the same order. */
static void walk_ids(const struct hs_yaml *node, const struct hs_table *table, hs_str rest, struct end *out)
{
    const struct hs_property *all = table->properties;
    size_t count = table->property_count, i;
    for (bool top = true; rest.at && rest.len; top = false) {
        hs_str word = hs_str_cut(&rest, '/'), id = hs_str_cut(&rest, '/');
        node = hs_str_is(word, "properties") ? by_id(hs_yaml_get(node, "properties"), id, &i) : NULL;
        if (!node || i >= count) {
            out->property = NULL;
            return;
        }
        out->property = &all[i];
        out->whole = top;
        all = out->property->properties;
        count = out->property->property_count;
    }
}

static void find_ids(const struct hs_product *p, hs_str item, struct end *out)
{
    size_t i;
    hs_str rest = item;
    hs_str_cut(&rest, '/'); /* "schema" */
    hs_str id = hs_str_cut(&rest, '/');
    const struct hs_yaml *node = by_id(hs_yaml_get(p->written, "schema"), id, &i);
    if (!node || i >= p->table_count)
        return;
    out->table = &p->tables[i];
    walk_ids(node, out->table, rest, out);
}

/* ---- by names: table.column[.member] ---- */

static const struct hs_table *own_table(const struct hs_product *p, hs_str name)
{
    for (size_t i = 0; i < p->table_count; i++)
        if (hs_str_eq(p->tables[i].name, name))
            return &p->tables[i];
    return NULL;
}

/* here_only: the reference names its file. */
static void find_names(struct relating *k, const struct hs_product *p, hs_str item, bool here_only, struct end *out)
{
    hs_str rest = item, first = hs_str_cut(&rest, '.');
    out->table = own_table(p, first);
    if (!out->table && !here_only)
        out->table = hs_model_table(k->l->model, p->domain, first);
    if (!out->table && !here_only) {
        hs_str name = rest.at ? hs_str_cut(&rest, '.') : (hs_str){0};
        out->table = name.at ? hs_model_table(k->l->model, first, name) : NULL;
    }
    if (!out->table || !rest.at)
        return;
    out->property = hs_path_walk(out->table, rest, NULL);
    out->whole = !memchr(rest.at, '.', rest.len) && !memchr(rest.at, '[', rest.len);
}

/* ---- by file ---- */

/* "../support/tickets.odcs.yaml" beside the contract's own file, as a path of the model's. */
static bool join_path(hs_str beside, hs_str path, struct hs_buf *out)
{
    size_t folder = beside.len;
    while (folder && beside.at[folder - 1] != '/')
        folder--;
    hs_buf_adds(out, hs_str_n(beside.at, folder));
    while (path.at) {
        hs_str step = hs_str_cut(&path, '/');
        if (hs_str_is(step, ".") || !step.len)
            continue;
        if (!hs_str_is(step, "..")) {
            hs_buf_adds(out, step);
            if (path.at)
                hs_buf_addc(out, '/');
            continue;
        }
        if (!out->len)
            return false;
        do
            out->len--;
        while (out->len && out->at[out->len - 1] != '/');
    }
    return !out->failed;
}

static void find_item(struct relating *k, const struct hs_product *p, hs_str item, bool here_only, struct end *out)
{
    if (item.len && item.at[0] == '/')
        item = hs_str_n(item.at + 1, item.len - 1);
    if (hs_str_starts(item, HS_S("schema/")))
        find_ids(p, item, out);
    else
        find_names(k, p, item, here_only, out);
}

static void find_in_file(struct relating *k, hs_str file, hs_str item, struct end *out)
{
    struct hs_buf path;
    hs_buf_init(&path, REFERENCE_MAX * 2);
    if (join_path(k->product->at.file, file, &path))
        for (size_t i = 0; !out->table && i < k->l->model->product_count; i++) {
            const struct hs_product *p = &k->l->model->products[i];
            if (hs_str_eq(p->at.file, hs_buf_str(&path)))
                find_item(k, p, item, true, out);
        }
    hs_buf_fini(&path);
}

static hs_rc fail_column(struct relating *k, const struct hs_yaml *node, const struct hs_table *table)
{
    return hs_load_fail(k->l, at_of(k, node), "'%.*s' names no column of the table '%.*s.%.*s'", short_of(node->text),
                        node->text.at, HS_FMT(table->product->domain), HS_FMT(table->name));
}

static hs_rc find_end(struct relating *k, const struct hs_yaml *node, struct end *out)
{
    *out = (struct end){NULL, NULL, false};
    if (node->kind != HS_YAML_SCALAR || !node->text.len || node->text.len > REFERENCE_MAX)
        return hs_load_fail(k->l, at_of(k, node), "an end of a relationship is a text like 'table.column'");
    hs_str item = node->text, file = hs_str_cut(&item, '#');
    if (!item.at)
        find_item(k, k->product, node->text, false, out);
    else if (!memmem(file.at, file.len, "://", 3)) /* else: somewhere else altogether */
        find_in_file(k, file, item, out);
    else
        return HS_OK;
    if (!out->table)
        return hs_load_warn(k->l, at_of(k, node), "this relationship leads to '%.*s', which is not in this mesh",
                            short_of(node->text), node->text.at);
    return out->property ? HS_OK : fail_column(k, node, out->table);
}

/* ---- one relationship ---- */

static hs_rc add_ends(struct relating *k, const struct hs_yaml *node, hs_str *columns, const struct hs_table **table,
                      bool *out_told)
{
    const struct hs_yaml *one = node->kind == HS_YAML_LIST ? node->first : node;
    for (size_t i = 0; one; one = node->kind == HS_YAML_LIST ? one->next : NULL, i++) {
        struct end e;
        HS_TRY(find_end(k, one, &e));
        if (i && e.table && *table && e.table != *table)
            return hs_load_fail(k->l, at_of(k, one), "the columns of one key are columns of one table");
        *out_told = *out_told && e.table && e.whole;
        *table = e.table;
        columns[i] = e.property ? e.property->name : (hs_str){0};
    }
    return HS_OK;
}

static bool same_key(const struct hs_foreign_key *a, const struct hs_foreign_key *b)
{
    if (a->to_table != b->to_table || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!hs_str_eq(a->from[i], b->from[i]) || !hs_str_eq(a->to[i], b->to[i]))
            return false;
    return true;
}

/* The same key in two places is one. */
static hs_rc keep_key(struct relating *k, const struct hs_foreign_key *key)
{
    for (size_t i = 0; i < k->keys.len; i++)
        if (same_key(&k->keys.at[i], key))
            return HS_OK;
    struct hs_foreign_key *place = hs_vec_add(k->l->arena, &k->keys);
    if (!place)
        return hs_load_no_memory(k->l);
    *place = *key;
    return HS_OK;
}

static size_t ends_of(const struct hs_yaml *node)
{
    return node->kind == HS_YAML_LIST ? node->count : 1;
}

static hs_rc check_shape(struct relating *k, const struct hs_yaml *node, const struct hs_yaml *from,
                         const struct hs_yaml *to)
{
    if (!to)
        return hs_load_fail(k->l, at_of(k, node), "a relationship needs 'to'");
    if (!from)
        return hs_load_fail(k->l, at_of(k, node), "a relationship of a table needs 'from'");
    if ((from->kind == HS_YAML_LIST) != (to->kind == HS_YAML_LIST) || ends_of(from) != ends_of(to))
        return hs_load_fail(k->l, at_of(k, node), "'from' and 'to' must be one column each, or as many columns each");
    if (!ends_of(from) || ends_of(from) > KEY_COLUMNS_MAX)
        return hs_load_fail(k->l, at_of(k, node), "a key has one to %d columns", KEY_COLUMNS_MAX);
    return HS_OK;
}

static bool is_foreign_key(const struct hs_yaml *node)
{
    const struct hs_yaml *type = hs_yaml_get(node, "type");
    return !type || hs_str_is(type->text, "foreignKey");
}

static hs_rc new_key(struct relating *k, const struct hs_yaml *node, size_t count, struct hs_foreign_key *out)
{
    const struct hs_yaml *id = hs_yaml_get(node, "id");
    *out = (struct hs_foreign_key){.at = at_of(k, node), .count = count};
    out->from = hs_arena_array(k->l->arena, count, sizeof *out->from);
    out->to = hs_arena_array(k->l->arena, count, sizeof *out->to);
    out->id = id ? hs_arena_str(k->l->arena, id->text) : (hs_str){0};
    return out->from && out->to ? HS_OK : hs_load_no_memory(k->l);
}

static hs_rc relate_table(struct relating *k, const struct hs_yaml *node)
{
    const struct hs_yaml *from = hs_yaml_get(node, "from"), *to = hs_yaml_get(node, "to");
    const struct hs_table *own = k->table;
    struct hs_foreign_key key;
    bool told = true;
    HS_TRY(check_shape(k, node, from, to));
    if (!is_foreign_key(node))
        return HS_OK;
    HS_TRY(new_key(k, node, ends_of(from), &key));
    HS_TRY(add_ends(k, from, key.from, &own, &told));
    if (own != k->table)
        return hs_load_fail(k->l, at_of(k, from), "'from' must name columns of this table, '%.*s'",
                            HS_FMT(k->table->name));
    HS_TRY(add_ends(k, to, key.to, &key.to_table, &told));
    return told ? keep_key(k, &key) : HS_OK;
}

static hs_rc relate_column(struct relating *k, const struct hs_yaml *node, const struct hs_property *from, bool top)
{
    const struct hs_yaml *to = hs_yaml_get(node, "to");
    struct hs_foreign_key key;
    bool told = top;
    if (hs_yaml_get(node, "from"))
        return hs_load_fail(k->l, at_of(k, node), "a property's relationship begins at the property: no 'from' here");
    HS_TRY(check_shape(k, node, to, to));
    if (!is_foreign_key(node))
        return HS_OK;
    if (to->kind == HS_YAML_LIST)
        return hs_load_fail(k->l, at_of(k, to), "one property leads to one column; a key of several is the table's");
    HS_TRY(new_key(k, node, 1, &key));
    key.from[0] = from->name;
    HS_TRY(add_ends(k, to, key.to, &key.to_table, &told));
    return told ? keep_key(k, &key) : HS_OK;
}

/* ---- all of them ---- */

static hs_rc relate_columns(struct relating *k, const struct hs_yaml *list, const struct hs_property *all, bool top)
{
    size_t i = 0;
    for (const struct hs_yaml *node = list ? list->first : NULL; node; node = node->next, i++) {
        const struct hs_yaml *own = hs_yaml_get(node, "relationships"), *items = hs_yaml_get(node, "items");
        for (const struct hs_yaml *r = own ? own->first : NULL; r; r = r->next)
            HS_TRY(relate_column(k, r, &all[i], top));
        HS_TRY(relate_columns(k, hs_yaml_get(node, "properties"), all[i].properties, false));
        if (items)
            HS_TRY(relate_columns(k, hs_yaml_get(items, "properties"), all[i].properties->properties, false));
    }
    return HS_OK;
}

static hs_rc relate(struct hs_load *l, const struct hs_product *p, const struct hs_yaml *node, struct hs_table *table)
{
    struct relating k = {.l = l, .product = p, .table = table};
    const struct hs_yaml *own = hs_yaml_get(node, "relationships");
    HS_TRY(relate_columns(&k, hs_yaml_get(node, "properties"), table->properties, true));
    for (const struct hs_yaml *r = own ? own->first : NULL; r; r = r->next)
        HS_TRY(relate_table(&k, r));
    table->foreign_keys = k.keys.at;
    table->foreign_key_count = k.keys.len;
    return HS_OK;
}

hs_rc hs_load_relations(struct hs_load *l)
{
    for (size_t i = 0; i < l->products.len; i++) {
        struct hs_product *p = &l->products.at[i];
        const struct hs_yaml *schema = hs_yaml_get(p->written, "schema"), *node = schema ? schema->first : NULL;
        for (size_t t = 0; node && t < p->table_count; t++, node = node->next)
            HS_TRY(relate(l, p, node, &p->tables[t]));
    }
    return HS_OK;
}
