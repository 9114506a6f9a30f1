#include "iceberg/projection.h"
#include "iceberg/damage.h"
#include "iceberg/iceberg.h"

struct matcher {
    struct hs_arena *arena;
    struct hs_err *err;
    const struct hs_type *schema; /* what is required or has a default stands there, whoever made `wanted` */
    const struct hs_type *later;  /* or there, for a column that the snapshot does not know yet */
    bool own_ids;                 /* the ids stand in the file itself */
    HS_VEC(const struct hs_field *) missing;
};

/* What nothing can be made of. Whether the values of a file can be read is asked file by file. */
static bool of_a_table(enum hs_type_id id)
{
    return id >= HS_T_BOOLEAN && id <= HS_T_GEOGRAPHY;
}

const char *hs_iceberg_unreadable(const struct hs_field *field)
{
    const char *why = of_a_table(field->type->id) ? NULL : "not a type of a table";
    for (size_t i = 0; !why && i < field->type->field_count; i++)
        why = hs_iceberg_unreadable(&field->type->fields[i]);
    return why;
}

/* ---- ids for files that have none ---- */

static const struct hs_name_mapping *mapped(const struct hs_name_mapping *m, hs_str name)
{
    for (size_t i = 0; m && i < m->field_count; i++)
        for (size_t k = 0; k < m->fields[i].name_count; k++)
            if (hs_str_eq(m->fields[i].names[k], name))
                return &m->fields[i];
    return NULL;
}

/* Spec, "Name Mapping Serialization": list members are called "element", map members "key" and "value". */
static void map_names(struct hs_type *type, const struct hs_name_mapping *m)
{
    static const char *const map_parts[] = {"key", "value"};
    for (size_t i = 0; i < type->field_count; i++) {
        struct hs_field *f = &type->fields[i];
        hs_str name = f->name;
        if (type->id == HS_T_LIST)
            name = HS_S("element");
        else if (type->id == HS_T_MAP)
            name = hs_str_of(map_parts[i & 1]);
        const struct hs_name_mapping *child = mapped(m, name);
        f->id = child ? child->field_id : -1;
        map_names(f->type, child);
    }
}

static struct hs_field *same_name(struct hs_type *file, hs_str name)
{
    for (size_t i = 0; i < file->field_count; i++)
        if (hs_str_eq(file->fields[i].name, name))
            return &file->fields[i];
    return NULL;
}

/* The specification has no rule for files without ids where no mapping is set. The reference reader takes a column's
 * place, counted from one, for its id; others go by name. Where both say the same of a column there is nothing to
 * guess; of members nobody says anything. */
static hs_rc by_position_and_name(struct hs_type *file, const struct hs_pin *pin, const struct hs_type *wanted,
                                  struct hs_err *err)
{
    for (size_t i = 0; i < file->field_count; i++)
        file->fields[i].id = -1;
    for (size_t i = 0; i < wanted->field_count; i++) {
        const struct hs_field *w = &wanted->fields[i], *real = hs_type_field_by_id(pin->schema, w->id);
        struct hs_field *named = same_name(file, real ? real->name : w->name), *placed = NULL;
        if (w->id >= 1 && (size_t)w->id <= file->field_count)
            placed = &file->fields[w->id - 1];
        if (placed != named || (placed && (hs_type_is_nested(w->type->id) || hs_type_is_nested(placed->type->id))))
            return hs_refused(err, "a data file has no field ids, and the table no name mapping", "column %.*s (id %d)",
                              HS_FMT(w->name), w->id);
        if (placed)
            placed->id = w->id;
    }
    return HS_OK;
}

/* Spec, "Column Projection": a field id that the file does not have is looked for in the partition, and only then
 * through the name mapping. */
static void leave_to_partition(struct hs_type *file, const struct hs_partition_spec *spec)
{
    for (size_t i = 0; spec && i < spec->field_count; i++)
        for (size_t k = 0; spec->fields[i].transform == HS_TR_IDENTITY && k < file->field_count; k++)
            if (file->fields[k].id == spec->fields[i].source_id)
                file->fields[k].id = -1;
}

static hs_rc give_ids(struct matcher *m, const struct hs_pin *pin, const struct hs_partition_spec *spec,
                      const struct hs_type *wanted, const struct hs_physical *file, const struct hs_type **out)
{
    struct hs_type *copy = hs_type_copy(m->arena, file->type);
    if (!copy)
        return hs_no_memory(m->err);
    if (pin->table->has_name_mapping)
        map_names(copy, &pin->table->name_mapping);
    else
        HS_TRY(by_position_and_name(copy, pin, wanted, m->err));
    leave_to_partition(copy, spec);
    *out = copy;
    return HS_OK;
}

/* ---- types ---- */

static hs_rc match(struct matcher *m, const struct hs_field *wanted, const struct hs_field *file);

static hs_rc cannot_convert(struct matcher *m, const struct hs_field *wanted, const struct hs_type *file)
{
    struct hs_buf text;
    hs_buf_init(&text, 1024);
    hs_buf_add_type(&text, wanted->type);
    hs_buf_addz(&text, " from ");
    hs_buf_add_type(&text, file);
    hs_rc rc = hs_refused(m->err, "a data file stores a column in a type that cannot be read as the table's type",
                          "column %.*s (id %d): %.*s", HS_FMT(wanted->name), wanted->id, HS_FMT(hs_buf_str(&text)));
    hs_buf_fini(&text);
    return rc;
}

/* Small integers are no Iceberg types, but migrated Hive files hold them, and they fit. */
static bool fits(enum hs_type_id wanted, enum hs_type_id file)
{
    bool small = file == HS_T_INT8 || file == HS_T_INT16 || file == HS_T_UINT8 || file == HS_T_UINT16;
    if (wanted == HS_T_INT)
        return small;
    return wanted == HS_T_LONG && (small || file == HS_T_INT || file == HS_T_UINT32);
}

static bool is_time(enum hs_type_id id)
{
    return id == HS_T_TIMESTAMP || id == HS_T_TIMESTAMP_NS;
}

static bool is_place(enum hs_type_id id)
{
    return id == HS_T_GEOMETRY || id == HS_T_GEOGRAPHY;
}

/* Spec, "Schema Evolution": int -> long, float -> double, decimal(P, S) -> decimal(P', S) with P' > P, date ->
 * timestamp without zone, unknown -> any. Beside these, forms of the same values that older writers left: bytes without
 * their annotation, and INT96, which has no zone and means UTC. */
static bool converts(const struct hs_type *wanted, const struct hs_type *file)
{
    if (file->id == HS_T_UNKNOWN)
        return file->length == HS_LEAF_NULLS;
    if (wanted->id == HS_T_DECIMAL)
        return file->id == HS_T_DECIMAL && file->scale == wanted->scale && file->precision <= wanted->precision;
    if (wanted->id == HS_T_FIXED)
        return file->id == HS_T_FIXED && file->length == wanted->length;
    if (wanted->id == HS_T_UUID && file->id == HS_T_FIXED)
        return file->length == 16;
    if (wanted->id == HS_T_TIMESTAMPTZ && file->id == HS_T_TIMESTAMP)
        return file->length == HS_LEAF_INT96;
    if (wanted->id == HS_T_UNKNOWN || wanted->id == HS_T_TIMESTAMPTZ_NS)
        return false; /* the first has no values; of the second the engine would drop the last three digits */
    if (wanted->id == HS_T_VARIANT)
        return file->id == HS_T_STRUCT;
    if (fits(wanted->id, file->id) || (is_time(wanted->id) && file->id == HS_T_DATE))
        return true;
    if (wanted->id == HS_T_DOUBLE && file->id == HS_T_FLOAT)
        return true;
    if (file->id == HS_T_BINARY && (wanted->id == HS_T_STRING || is_place(wanted->id)))
        return true;
    if (file->id == HS_T_FIXED && wanted->id == HS_T_BINARY)
        return true;
    return wanted->id == file->id;
}

static hs_rc add_missing(struct matcher *m, const struct hs_field *wanted, const struct hs_type *file)
{
    for (size_t i = 0; m->own_ids && i < file->field_count; i++)
        if (file->fields[i].id < 0)
            return hs_refused(m->err, "a data file states field ids for some of its columns only",
                              "column %.*s (id %d) is missing, %.*s has no id", HS_FMT(wanted->name), wanted->id,
                              HS_FMT(file->fields[i].name));
    const struct hs_field *real = hs_type_field_by_id(m->schema, wanted->id);
    if (!real)
        real = hs_type_field_by_id(m->later, wanted->id);
    if (!real && (wanted->id == HS_ROW_ID || wanted->id == HS_LAST_UPDATED))
        return HS_OK; /* of every table of version 3; what it stands for is the scan's business */
    if (!real) {
        hs_ignore(hs_fail_hidden(m->err, HS_CORRUPT, "column %.*s (id %d) is in no schema of the table",
                                 HS_FMT(wanted->name), wanted->id));
        hs_ignore(hs_err_show(m->err, "table metadata is damaged, or a column of the contract is gone from it"));
        return HS_CORRUPT;
    }
    if (real->initial_default && !wanted->initial_default) /* the engine prints what `wanted` says */
        return hs_refused(m->err, "a column has a default value that the contract's schema does not know yet",
                          "column %.*s (id %d)", HS_FMT(wanted->name), wanted->id);
    const struct hs_field **slot = hs_vec_add(m->arena, &m->missing);
    if (!slot)
        return hs_no_memory(m->err);
    *slot = real;
    return HS_OK;
}

static hs_rc check_once(struct matcher *m, const struct hs_type *file, const struct hs_field *chosen)
{
    for (size_t i = 0; i < file->field_count; i++)
        if (&file->fields[i] != chosen && file->fields[i].id == chosen->id)
            return hs_damaged(m->err, "a data file has field id %d twice", chosen->id);
    return HS_OK;
}

static const struct hs_field *member_by_id(const struct hs_type *type, int id)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].id == id)
            return &type->fields[i];
    return NULL;
}

static hs_rc match_struct(struct matcher *m, const struct hs_type *wanted, const struct hs_type *file)
{
    for (size_t i = 0; i < wanted->field_count; i++) {
        const struct hs_field *w = &wanted->fields[i];
        const struct hs_field *f = member_by_id(file, w->id);
        if (!f) {
            HS_TRY(add_missing(m, w, file));
            continue;
        }
        HS_TRY(check_once(m, file, f));
        HS_TRY(match(m, w, f));
    }
    return HS_OK;
}

/* Element, key and value have one place; an id that is there must be the right one. */
static hs_rc match_parts(struct matcher *m, const struct hs_field *wanted, const struct hs_field *file)
{
    for (size_t i = 0; i < wanted->type->field_count; i++) {
        const struct hs_field *w = &wanted->type->fields[i], *f = &file->type->fields[i];
        if (f->id >= 0 && f->id != w->id)
            return cannot_convert(m, wanted, file->type);
        HS_TRY(match(m, w, f));
    }
    return HS_OK;
}

/* Parquet, VariantEncoding.md: metadata and value, as they are. A file that says it is a variant is one that the engine
 * would take apart, and one with a typed_value (VariantShredding.md) has its values in two places. */
static hs_rc match_variant(struct matcher *m, const struct hs_field *wanted, const struct hs_type *file)
{
    bool whole = file->field_count == 2;
    for (size_t i = 0; i < file->field_count; i++) {
        hs_str name = file->fields[i].name;
        whole = whole && file->fields[i].type->id == HS_T_BINARY;
        whole = whole && (hs_str_is(name, "metadata") || hs_str_is(name, "value"));
    }
    if (!whole || hs_str_eq(file->fields[0].name, file->fields[1].name))
        return hs_refused(m->err, "a data file holds variants in shredded form, which is not supported",
                          "column %.*s (id %d)", HS_FMT(wanted->name), wanted->id);
    return HS_OK;
}

static hs_rc match(struct matcher *m, const struct hs_field *wanted, const struct hs_field *file)
{
    if (wanted->type->id == HS_T_TIMESTAMPTZ_NS && file->type->id == HS_T_TIMESTAMPTZ_NS)
        return hs_refused(m->err, "nanosecond timestamps with a time zone cannot be read from data files",
                          "column %.*s (id %d)", HS_FMT(wanted->name), wanted->id);
    if (wanted->type->id == HS_T_VARIANT && file->type->id == HS_T_VARIANT)
        return hs_refused(m->err, "a data file holds variants under Parquet's own type, which is not supported",
                          "column %.*s (id %d)", HS_FMT(wanted->name), wanted->id);
    if (!converts(wanted->type, file->type))
        return cannot_convert(m, wanted, file->type);
    if (file->type->id == HS_T_UNKNOWN)
        return HS_OK;
    if (wanted->type->id == HS_T_VARIANT)
        return match_variant(m, wanted, file->type);
    if (wanted->type->id == HS_T_STRUCT)
        return match_struct(m, wanted->type, file->type);
    if (hs_type_is_nested(wanted->type->id))
        return match_parts(m, wanted, file);
    return HS_OK;
}

bool hs_missing_is_known(const struct hs_field *missing)
{
    if (!missing->initial_default)
        return !missing->required;
    bool known = true;
    for (size_t i = 0; missing->type->id == HS_T_STRUCT && i < missing->type->field_count; i++)
        known = known && hs_missing_is_known(&missing->type->fields[i]);
    return known;
}

hs_rc hs_projection_make(struct hs_arena *a, const struct hs_pin *pin, const struct hs_partition_spec *spec,
                         const struct hs_type *wanted, const struct hs_physical *file, struct hs_projection *out,
                         struct hs_err *err)
{
    const struct hs_schema *now = hs_table_schema(pin->table, pin->table->current_schema_id);
    struct matcher m = {
        .arena = a, .err = err, .schema = pin->schema, .later = now ? now->type : NULL, .own_ids = file->has_ids};
    out->physical = file->type;
    if (!file->has_ids)
        HS_TRY(give_ids(&m, pin, spec, wanted, file, &out->physical));
    HS_TRY(match_struct(&m, wanted, out->physical));
    out->missing = m.missing.at;
    out->missing_count = m.missing.len;
    return HS_OK;
}
