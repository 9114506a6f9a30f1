/* `check --bind`: hailstorm.fieldId into a contract file. Text is inserted at positions that the parsed tree gives, so
 * that comments and layout stay; then the result is read again and must say the same as before plus the ids, or nothing
 * is written. */
#include "model/load.h"
#include "model/write_file.h"

#include <stdio.h>
#include <stdlib.h>

struct edit {
    size_t at;
    hs_str text;
};

struct editor {
    struct hs_arena *arena;
    const struct hs_table *table;
    hs_str bytes;
    const char *newline;
    HS_VEC(struct edit) edits;
    struct hs_err *err;
};

static hs_rc no_memory(struct editor *e)
{
    return hs_fail(e->err, HS_NOMEM, "out of memory while writing field ids");
}

static hs_rc fail_changed(struct editor *e)
{
    return hs_fail(e->err, HS_CONFLICT, "%.*s: the file has changed since it was loaded", HS_FMT(e->table->at.file));
}

static hs_rc fail_unsafe(struct editor *e)
{
    return hs_fail(e->err, HS_UNSUPPORTED,
                   "%.*s: the field ids cannot be written into this layout safely; nothing was "
                   "changed. Write the customProperties in block or flow style on their own lines",
                   HS_FMT(e->table->at.file));
}

/* ---- where an id goes ---- */

static hs_rc add_edit(struct editor *e, size_t at, hs_str text)
{
    struct edit *edit = text.at ? hs_vec_add(e->arena, &e->edits) : NULL;
    if (!edit)
        return no_memory(e);
    *edit = (struct edit){at, text};
    return HS_OK;
}

static const struct hs_yaml *last_child(const struct hs_yaml *node)
{
    const struct hs_yaml *last = node->first;
    while (last && last->next)
        last = last->next;
    return last;
}

#define ITEM "{property: hailstorm.fieldId, value: %d}"

static hs_rc into_list(struct editor *e, const struct hs_yaml *list, int id)
{
    if (list->kind != HS_YAML_LIST)
        return fail_unsafe(e);
    if (list->style == HS_YAML_BLOCK) /* in front of the first dash */
        return add_edit(e, list->start,
                        hs_arena_printf(e->arena, "- " ITEM "%s%*s", id, e->newline, list->column - 1, ""));
    if (!list->count)
        return add_edit(e, list->start + 1, hs_arena_printf(e->arena, ITEM, id));
    return add_edit(e, last_child(list)->end, hs_arena_printf(e->arena, ", " ITEM, id));
}

/* The end of the line on which a single value ends, when nothing but a comment follows it there; else 0. */
static size_t clean_line_end(const struct editor *e, const struct hs_yaml *value)
{
    hs_str b = e->bytes;
    size_t at = value->end;
    if (value->kind != HS_YAML_SCALAR || value->style == HS_YAML_BLOCK || value->start == value->end ||
        memchr(b.at + value->start, '\n', value->end - value->start))
        return 0;
    while (at < b.len && (b.at[at] == ' ' || b.at[at] == '\t'))
        at++;
    if (at < b.len && b.at[at] != '#' && b.at[at] != '\r' && b.at[at] != '\n')
        return 0;
    while (at < b.len && b.at[at] != '\n')
        at++;
    return at > 0 && b.at[at - 1] == '\r' ? at - 1 : at;
}

static hs_rc into_block(struct editor *e, const struct hs_yaml *map, int id)
{
    size_t at = 0;
    for (const struct hs_yaml *key = map->first; key; key = key->next->next) {
        size_t end = clean_line_end(e, key->next);
        at = end ? end : at; /* after the last value of its own line */
    }
    int indent = map->column - 1;
    if (at)
        return add_edit(e, at,
                        hs_arena_printf(e->arena, "%s%*scustomProperties: [" ITEM "]", e->newline, indent, "", id));
    return add_edit(e, map->start,
                    hs_arena_printf(e->arena, "customProperties: [" ITEM "]%s%*s", id, e->newline, indent, ""));
}

static hs_rc write_id(struct editor *e, const struct hs_yaml *property, int id)
{
    const struct hs_yaml *custom = hs_yaml_get(property, "customProperties");
    if (custom)
        return into_list(e, custom, id);
    if (property->kind != HS_YAML_MAP || !property->count)
        return fail_unsafe(e);
    if (property->style == HS_YAML_BLOCK)
        return into_block(e, property, id);
    return add_edit(e, last_child(property)->end, hs_arena_printf(e->arena, ", customProperties: [" ITEM "]", id));
}

/* ---- which properties need one ---- */

static bool is_id_item(const struct hs_yaml *item)
{
    const struct hs_yaml *name = hs_yaml_get(item, "property");
    return name && name->kind == HS_YAML_SCALAR && item->count == 2 && hs_str_is(name->text, "hailstorm.fieldId");
}

static bool has_id(const struct hs_yaml *property)
{
    const struct hs_yaml *custom = hs_yaml_get(property, "customProperties");
    for (const struct hs_yaml *item = custom && custom->kind == HS_YAML_LIST ? custom->first : NULL; item;
         item = item->next)
        if (is_id_item(item))
            return true;
    return false;
}

static hs_rc plan_list(struct editor *e, const struct hs_yaml *list, const struct hs_property *properties, size_t count,
                       const struct hs_type *bound);

static hs_rc plan(struct editor *e, const struct hs_yaml *node, const struct hs_property *p,
                  const struct hs_field *bound)
{
    if (p->field_id < 0 && bound->id < 0)
        return hs_fail(e->err, HS_UNSUPPORTED, "%.*s:%d:%d: the table gives '%.*s' no field id", HS_FMT(p->at.file),
                       p->at.line, p->at.column, HS_FMT(p->name));
    if (p->field_id < 0 && !has_id(node))
        HS_TRY(write_id(e, node, bound->id));
    const struct hs_yaml *items = hs_yaml_get(node, "items"), *members = hs_yaml_get(node, "properties");
    if (items && bound->type->field_count == 1)
        return plan(e, items, p->properties, &bound->type->fields[0]);
    return members ? plan_list(e, members, p->properties, p->property_count, bound->type) : HS_OK;
}

static hs_rc plan_list(struct editor *e, const struct hs_yaml *list, const struct hs_property *properties, size_t count,
                       const struct hs_type *bound)
{
    const struct hs_yaml *item = list ? list->first : NULL;
    for (size_t i = 0; i < count; i++, item = item->next) {
        const struct hs_field *field = hs_type_field_by_name(bound, properties[i].name);
        if (!item || !field)
            return fail_changed(e);
        HS_TRY(plan(e, item, &properties[i], field));
    }
    return HS_OK;
}

/* ---- the file, before and after ---- */

static bool same_but_ids(const struct hs_yaml *old, const struct hs_yaml *now, size_t *added);

/* The contract's document as it was loaded; ids written since (for its other tables) are no change. */
static const struct hs_yaml *find_document(const struct hs_yaml_documents *documents, const struct hs_yaml *written)
{
    size_t added = 0;
    for (size_t i = 0; i < documents->roots.len; i++)
        if (same_but_ids(written, documents->roots.at[i], &added))
            return documents->roots.at[i];
    return NULL;
}

static const struct hs_yaml *find_properties(const struct editor *e, const struct hs_yaml *root)
{
    const struct hs_yaml *schema = hs_yaml_get(root, "schema");
    size_t index = (size_t)(e->table - e->table->product->tables);
    const struct hs_yaml *item = schema ? schema->first : NULL;
    while (item && index--)
        item = item->next;
    return hs_yaml_get(item, "properties");
}

static int by_place(const void *a, const void *b)
{
    size_t x = ((const struct edit *)a)->at, y = ((const struct edit *)b)->at;
    return (x > y) - (x < y);
}

static hs_rc apply(struct editor *e, struct hs_buf *out)
{
    size_t from = 0;
    qsort(e->edits.at, e->edits.len, sizeof *e->edits.at, by_place);
    for (size_t i = 0; i < e->edits.len; i++) {
        hs_buf_add(out, e->bytes.at + from, e->edits.at[i].at - from);
        hs_buf_adds(out, e->edits.at[i].text);
        from = e->edits.at[i].at;
    }
    hs_buf_add(out, e->bytes.at + from, e->bytes.len - from);
    return hs_buf_done(out, e->err);
}

/* ---- the check: the same words, plus ids ---- */

static bool same_list_but_id(const struct hs_yaml *old, const struct hs_yaml *now, size_t *added)
{
    const struct hs_yaml *a = old ? old->first : NULL, *b = now->first;
    bool skipped = false;
    while (b) {
        if (!skipped && is_id_item(b) && !(a && is_id_item(a))) {
            skipped = true;
            *added += 1;
        } else if (a && hs_yaml_same(a, b)) {
            a = a->next;
        } else {
            return false;
        }
        b = b->next;
    }
    return !a;
}

static bool same_map_but_ids(const struct hs_yaml *old, const struct hs_yaml *now, size_t *added)
{
    const struct hs_yaml *a = old->first;
    for (const struct hs_yaml *b = now->first; b; b = b->next->next) {
        bool custom = hs_str_is(b->text, "customProperties") && b->next->kind == HS_YAML_LIST;
        const struct hs_yaml *before = custom ? hs_yaml_get(old, "customProperties") : NULL;
        if (custom && !before) {
            if (b->next->count != 1 || !same_list_but_id(NULL, b->next, added))
                return false;
            continue;
        }
        if (!a || !hs_str_eq(a->text, b->text))
            return false;
        if (custom ? !same_list_but_id(before, b->next, added) : !same_but_ids(a->next, b->next, added))
            return false;
        a = a->next->next;
    }
    return !a;
}

static bool same_but_ids(const struct hs_yaml *old, const struct hs_yaml *now, size_t *added)
{
    if (old->kind != now->kind)
        return false;
    if (old->kind == HS_YAML_MAP)
        return same_map_but_ids(old, now, added);
    if (old->kind == HS_YAML_SCALAR)
        return hs_yaml_same(old, now);
    const struct hs_yaml *a = old->first, *b = now->first;
    for (; a && b; a = a->next, b = b->next)
        if (!same_but_ids(a, b, added))
            return false;
    return !a && !b;
}

static bool ids_agree(const struct hs_property *properties, size_t count, const struct hs_type *bound)
{
    for (size_t i = 0; i < count; i++) {
        const struct hs_property *p = &properties[i];
        const struct hs_field *f = hs_str_is(p->name, "items") && bound->id == HS_T_LIST
                                       ? &bound->fields[0]
                                       : hs_type_field_by_name(bound, p->name);
        if (!f || p->field_id != f->id || !ids_agree(p->properties, p->property_count, f->type))
            return false;
    }
    return true;
}

/* Reads the new text as the loader would: it must load, and its ids must be the table's. */
static hs_rc reads_back(struct editor *e, hs_str bytes, const struct hs_yaml *root, const struct hs_type *bound)
{
    struct hs_err why = {0};
    struct hs_model model = {.directory = HS_S("/")};
    struct hs_model_file file = {e->table->at.file, bytes, HS_S("")};
    struct hs_load l = {.arena = e->arena,
                        .scratch = e->arena,
                        .model = &model,
                        .err = &why,
                        .file = &file,
                        .domain = e->table->product->domain};
    hs_rc rc = hs_read_contract(&l, root);
    if (rc == HS_NOMEM)
        return no_memory(e);
    if (rc != HS_OK)
        return fail_unsafe(e);
    const struct hs_table *table = &l.products.at[0].tables[e->table - e->table->product->tables];
    return ids_agree(table->properties, table->property_count, bound) ? HS_OK : fail_unsafe(e);
}

static hs_rc check_result(struct editor *e, const struct hs_yaml_documents *old, const struct hs_yaml *old_root,
                          hs_str bytes, const struct hs_type *bound)
{
    struct hs_yaml_documents now;
    struct hs_err why = {0};
    hs_rc rc = hs_yaml_parse(e->arena, e->arena, e->table->at.file, bytes, &now, &why);
    if (rc == HS_NOMEM)
        return no_memory(e);
    if (rc != HS_OK || now.roots.len != old->roots.len)
        return fail_unsafe(e);
    const struct hs_yaml *root = NULL;
    size_t added = 0;
    for (size_t i = 0; i < now.roots.len; i++) {
        if (old->roots.at[i] == old_root)
            root = now.roots.at[i];
        if (old->roots.at[i] == old_root ? !same_but_ids(old_root, root, &added)
                                         : !hs_yaml_same(old->roots.at[i], now.roots.at[i]))
            return fail_unsafe(e);
    }
    if (!root || added != e->edits.len)
        return fail_unsafe(e);
    return reads_back(e, bytes, root, bound);
}

/* ---- the whole ---- */

static hs_rc rewrite(struct editor *e, const char *path, const struct hs_type *bound, size_t *out_changed)
{
    struct hs_yaml_documents documents;
    unsigned mode = 0;
    HS_TRY(hs_read_file(e->arena, path, e->table->at.file, HS_YAML_MAX_BYTES, &e->bytes, &mode, e->err));
    HS_TRY(hs_yaml_parse(e->arena, e->arena, e->table->at.file, e->bytes, &documents, e->err));
    const struct hs_yaml *root = find_document(&documents, e->table->product->written);
    if (!root)
        return fail_changed(e);
    e->newline = memmem(e->bytes.at, e->bytes.len, "\r\n", 2) ? "\r\n" : "\n";
    HS_TRY(plan_list(e, find_properties(e, root), e->table->properties, e->table->property_count, bound));
    struct hs_buf text;
    hs_buf_init(&text, (size_t)HS_YAML_MAX_BYTES);
    hs_rc rc = HS_OK;
    if (e->edits.len)
        rc = apply(e, &text);
    if (rc == HS_OK && e->edits.len)
        rc = check_result(e, &documents, root, hs_buf_str(&text), bound);
    if (rc == HS_OK && e->edits.len)
        rc = hs_write_file(path, e->table->at.file, hs_buf_str(&text), mode, e->err);
    hs_buf_fini(&text);
    if (rc == HS_OK)
        *out_changed = e->edits.len;
    return rc;
}

hs_rc hs_contract_write_ids(const struct hs_table *table, const struct hs_type *bound, size_t *out_changed,
                            struct hs_err *err)
{
    const struct hs_product *product = table->product;
    if (!product || !product->written || !product->source_path.len)
        return hs_fail(err, HS_INTERNAL, "this contract was not read from a file");
    struct editor e = {.arena = hs_arena_new(HS_MODEL_MAX_MEMORY), .table = table, .err = err};
    hs_str path = e.arena ? hs_arena_str(e.arena, product->source_path) : (hs_str){0};
    hs_rc rc = path.at ? rewrite(&e, path.at, bound, out_changed) : no_memory(&e);
    hs_arena_free(e.arena);
    return rc;
}
