/* Equality deletes of a plan (specification, "Equality Delete Files"): which columns they compare, and that both sides
 * can be read as those columns. A delete file goes on comparing a column that was dropped since; data files written
 * before or after the column's life have NULL there, or its default, by the ordinary rules. */
#include "iceberg/plan_in.h"

struct known_deletes { /* what was found out about delete files with one schema and one set of ids */
    struct hs_footer_schema *schema;
    const int *ids;
    size_t id_count;
    const struct hs_type *physical;
};
struct equality {
    struct hs_planner *p;
    HS_VEC(struct hs_field) keys;
    HS_VEC(struct known_deletes) known;
    HS_VEC(struct hs_equality_delete) files;
};

/* ---- columns ---- */

static const struct hs_field *top_level(const struct hs_type *type, int id)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].id == id)
            return &type->fields[i];
    return NULL;
}

/* The member that is the field, or the struct that holds it, however deep; never a list or a map. */
static const struct hs_field *way_to(const struct hs_type *from, int id)
{
    for (size_t i = 0; from && i < from->field_count; i++) {
        const struct hs_field *f = &from->fields[i];
        if (f->id == id || (f->type->id == HS_T_STRUCT && way_to(f->type, id)))
            return f;
    }
    return NULL;
}

/* Where hs_table_newest_field finds it. */
static const struct hs_type *newest_schema(const struct hs_iceberg_table *t, int id)
{
    const struct hs_schema *now = hs_table_schema(t, t->current_schema_id);
    const struct hs_type *found = now && hs_type_field_by_id(now->type, id) ? now->type : NULL;
    for (size_t i = t->schema_count; i > 0 && !found; i--)
        if (t->schemas[i - 1].type && hs_type_field_by_id(t->schemas[i - 1].type, id))
            found = t->schemas[i - 1].type;
    return found;
}

/* Dropped: a file that was written later rightly lacks it, required or not. */
static bool is_dropped(const struct hs_planner *p, int id)
{
    const struct hs_schema *now = hs_table_schema(p->pin->table, p->pin->table->current_schema_id);
    return !hs_type_field_by_id(p->pin->schema, id) && !(now && hs_type_field_by_id(now->type, id));
}

/* A member's default says nothing of rows where its struct is NULL, which the files' readers do not tell apart. */
static hs_rc find_key(const struct hs_planner *p, int id, const struct hs_field **out, struct hs_err *err)
{
    const struct hs_type *schema = newest_schema(p->pin->table, id);
    if (!schema)
        return hs_damaged(err, "equality deletes compare column %d, which no schema has", id);
    const struct hs_field *f = hs_type_field_by_id(schema, id);
    if (!way_to(schema, id) || (!top_level(schema, id) && f->initial_default))
        return hs_refused(err, "the table has equality deletes by a part of a column that cannot be compared",
                          "%.*s (id %d)", HS_FMT(f->name), id);
    if (hs_type_is_nested(f->type->id) || f->type->id >= HS_T_UNKNOWN)
        return hs_refused(err, "the table has equality deletes by a column of a type that cannot be compared",
                          "column %.*s (id %d) is a %s", HS_FMT(f->name), id, hs_type_name(f->type->id));
    *out = f;
    return HS_OK;
}

static hs_rc add_key(struct equality *q, int id, struct hs_err *err)
{
    const struct hs_field *f;
    struct hs_type so_far = {.id = HS_T_STRUCT, .fields = q->keys.at, .field_count = q->keys.len};
    if (top_level(&so_far, id))
        return HS_OK;
    HS_TRY(find_key(q->p, id, &f, err));
    struct hs_field *key = hs_vec_add(q->p->arena, &q->keys);
    if (!key || !hs_field_copy(q->p->arena, key, f) || !(key->type = hs_type_copy(q->p->arena, f->type)))
        return hs_no_memory(err);
    key->required = f->required && !is_dropped(q->p, id) && top_level(newest_schema(q->p->pin->table, id), id);
    return HS_OK;
}

/* ---- columns of the files ---- */

static struct hs_field *append(struct hs_arena *a, struct hs_type *into, const struct hs_field *f)
{
    struct hs_field *fields = hs_arena_array(a, into->field_count + 1, sizeof *fields);
    if (!fields)
        return NULL;
    if (into->field_count)
        memcpy(fields, into->fields, into->field_count * sizeof *fields);
    fields[into->field_count] = *f;
    into->fields = fields;
    return &fields[into->field_count++];
}

/* Adds the field to `into`, a copy of ours, with the structs on the way to it and nothing else of them. */
static hs_rc graft(struct hs_arena *a, struct hs_type *into, const struct hs_type *from, int id, bool optional,
                   struct hs_err *err)
{
    const struct hs_field *way = way_to(from, id);
    if (!way)
        return hs_fail(err, HS_INTERNAL, "no way to column %d", id);
    const struct hs_field *there = top_level(into, way->id);
    if (!there) {
        struct hs_field bare = *way;
        bare.required = way->required && !optional;
        if (way->id != id)
            bare.type = hs_type_new(a, HS_T_STRUCT);
        there = bare.type ? append(a, into, &bare) : NULL;
    }
    if (!there)
        return hs_no_memory(err);
    if (way->id == id)
        return HS_OK;
    if (there->type->id != HS_T_STRUCT)
        return hs_damaged(err, "column %d was a struct and is none", way->id);
    return graft(a, there->type, way->type, id, optional, err);
}

/* *type with those of these columns that it lacks; of the dropped ones alone, or of all. */
static hs_rc add_columns(const struct equality *q, const int *ids, size_t count, bool dropped_only,
                         const struct hs_type **type, struct hs_err *err)
{
    struct hs_type *wider = hs_type_copy(q->p->scratch, *type);
    if (!wider)
        return hs_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        bool dropped = is_dropped(q->p, ids[i]);
        if (dropped || !dropped_only)
            HS_TRY(graft(q->p->scratch, wider, newest_schema(q->p->pin->table, ids[i]), ids[i], dropped, err));
    }
    *type = wider;
    return HS_OK;
}

/* Data files must be readable as the keys too, and have what their partition alone states of them. A dropped column is
 * for this plan one of the snapshot's. */
static hs_rc want_keys(struct equality *q, struct hs_err *err)
{
    struct hs_planner *p = q->p;
    struct hs_pin *pin = HS_NEW(p->scratch, struct hs_pin);
    int *ids = hs_arena_array(p->scratch, q->keys.len, sizeof *ids);
    if (!pin || !ids)
        return hs_no_memory(err);
    for (size_t i = 0; i < q->keys.len; i++)
        ids[i] = q->keys.at[i].id;
    *pin = *p->pin;
    HS_TRY(add_columns(q, ids, q->keys.len, false, &p->wanted, err));
    HS_TRY(add_columns(q, ids, q->keys.len, true, &pin->schema, err));
    p->pin = pin;
    return HS_OK;
}

/* ---- files ---- */

static bool has_id(const int *ids, size_t count, int id)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static void unref_schema(void *schema)
{
    hs_footer_schema_unref(schema);
}

static const struct known_deletes *find_known(const struct equality *q, const struct hs_footer_schema *schema,
                                              const struct hs_entry *e)
{
    for (size_t i = q->known.len; i > 0; i--) {
        const struct known_deletes *k = &q->known.at[i - 1];
        bool same = k->schema == schema;
        for (size_t n = 0; same && n < e->equality_id_count; n++)
            same = has_id(k->ids, k->id_count, e->equality_ids[n]);
        for (size_t n = 0; same && n < k->id_count; n++)
            same = has_id(e->equality_ids, e->equality_id_count, k->ids[n]);
        if (same)
            return k;
    }
    return NULL;
}

/* Each id once, in the request's memory. */
static hs_rc copy_ids(struct equality *q, const struct hs_entry *e, struct known_deletes *out, struct hs_err *err)
{
    int *ids = hs_arena_array(q->p->arena, e->equality_id_count, sizeof *ids);
    if (!ids)
        return hs_no_memory(err);
    for (size_t i = 0; i < e->equality_id_count; i++)
        if (!has_id(ids, out->id_count, e->equality_ids[i]))
            ids[out->id_count++] = e->equality_ids[i];
    out->ids = ids;
    return HS_OK;
}

/* The delete file as its key columns; it must have every one. */
static hs_rc project(struct equality *q, struct known_deletes *k, struct hs_err *err)
{
    struct hs_planner *p = q->p;
    struct hs_projection projection;
    const struct hs_type none = {.id = HS_T_STRUCT}, *own = &none;
    HS_TRY(add_columns(q, k->ids, k->id_count, false, &own, err));
    HS_TRY(hs_projection_make(p->arena, p->pin, NULL, own, hs_footer_physical(k->schema), &projection, err));
    if (projection.missing_count)
        return hs_damaged(err, "an equality delete file lacks column %d, which it compares", projection.missing[0]->id);
    k->physical = projection.physical;
    return HS_OK;
}

static hs_rc look_at_schema(struct equality *q, struct hs_footer_schema *schema, const struct hs_entry *e,
                            const struct known_deletes **out, struct hs_err *err)
{
    struct known_deletes found = {.schema = schema};
    *out = find_known(q, schema, e);
    if (*out)
        return HS_OK;
    HS_TRY(copy_ids(q, e, &found, err));
    HS_TRY(project(q, &found, err));
    if (!hs_arena_defer(q->p->arena, unref_schema, hs_footer_schema_ref(schema)))
        return hs_no_memory(err);
    struct known_deletes *known = hs_vec_add(q->p->scratch, &q->known);
    if (!known)
        return hs_no_memory(err);
    *known = found;
    *out = known;
    return HS_OK;
}

static hs_rc add_footer(struct equality *q, const struct hs_planned *deletes, hs_str local,
                        const struct hs_footer *footer, struct hs_err *err)
{
    const struct hs_entry *e = deletes->entry;
    const struct known_deletes *known;
    if (footer->row_count >= 0 && footer->row_count < e->record_count)
        return hs_damaged(err, "%lld rows, the manifest says %lld", (long long)footer->row_count,
                          (long long)e->record_count);
    if (footer->row_count == 0) /* its own count: some manifest's is too low, and only deletes depend on it */
        return HS_OK;
    HS_TRY(look_at_schema(q, footer->schema, e, &known, err));
    struct hs_equality_delete *out = hs_vec_add(q->p->arena, &q->files);
    if (!out)
        return hs_no_memory(err);
    *out = (struct hs_equality_delete){.path = local,
                                       .format = e->format,
                                       .physical = known->physical,
                                       .record_count = footer->row_count >= 0 ? footer->row_count : e->record_count,
                                       .size_bytes = footer->size_bytes,
                                       .sequence_number = deletes->numbers.sequence_number,
                                       .ids = known->ids,
                                       .id_count = known->id_count};
    out->partition = hs_spec_is_global(q->p->pin->table, deletes->spec_id) ? -1 : deletes->partition;
    return HS_OK;
}

static hs_rc open_file(struct equality *q, const struct hs_planned *deletes, struct hs_err *err)
{
    hs_str local;
    struct hs_footer *footer;
    HS_TRY(hs_plan_place(q->p, deletes->entry->path, &local, err));
    HS_TRY(hs_plan_footer(deletes->entry->format, local, &footer, err));
    bool guarded = deletes->entry->format == HS_FILE_PARQUET && footer->row_count > 0;
    hs_rc rc = guarded ? hs_footer_check_pages(footer, local, err) : HS_OK;
    if (rc == HS_OK)
        rc = add_footer(q, deletes, local, footer, err);
    hs_footer_unref(footer);
    return rc;
}

static hs_rc with_note(hs_rc rc, const struct hs_planned *deletes, struct hs_err *err)
{
    if (rc != HS_OK)
        hs_ignore(hs_err_note(err, "delete file %.*s", HS_FMT(deletes->entry->path)));
    return rc;
}

static hs_rc add_keys(struct equality *q, const struct hs_planned *deletes, struct hs_err *err)
{
    if (deletes->entry->equality_id_count == 0)
        return hs_damaged(err, "equality deletes that compare no column");
    for (size_t i = 0; i < deletes->entry->equality_id_count; i++)
        HS_TRY(add_key(q, deletes->entry->equality_ids[i], err));
    return HS_OK;
}

hs_rc hs_plan_equality(struct hs_planner *p, const struct hs_applying *deletes, struct hs_plan *out, struct hs_err *err)
{
    struct equality q = {.p = p};
    if (deletes->count == 0)
        return HS_OK;
    for (size_t i = 0; i < deletes->count; i++)
        HS_TRY(with_note(add_keys(&q, deletes->files[i], err), deletes->files[i], err));
    HS_TRY(want_keys(&q, err));
    for (size_t i = 0; i < deletes->count; i++)
        HS_TRY(with_note(open_file(&q, deletes->files[i], err), deletes->files[i], err));
    struct hs_type *keys = HS_NEW(p->arena, struct hs_type);
    if (!keys)
        return hs_no_memory(err);
    *keys = (struct hs_type){.id = HS_T_STRUCT, .fields = q.keys.at, .field_count = q.keys.len};
    out->keys = q.files.len ? keys : NULL;
    out->equality = q.files.at;
    out->equality_count = q.files.len;
    return HS_OK;
}
