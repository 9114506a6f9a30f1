/* A contract laid over the schema of its real table. What the contract does not name stays out: a field in no contract
 * is invisible. */
#include "model/model.h"

#include <stdio.h>

struct binder {
    struct hs_arena *arena;
    const struct hs_type *root; /* the real table's */
    struct hs_err *err;
};

static hs_rc no_memory(struct binder *b)
{
    return hs_fail(b->err, HS_NOMEM, "out of memory while binding a contract");
}

#define fail_at(b, p, ...) HS_FAILED(fail_at_((b), (p), __LINE__, __VA_ARGS__))
static HS_PRINTF(4, 5) hs_rc fail_at_(struct binder *b, const struct hs_property *p, int line, const char *format, ...)
{
    char words[400];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    return hs_fail_at(b->err, HS_INVALID, __FILE__, line, "%.*s:%d:%d: %s", HS_FMT(p->at.file), p->at.line,
                      p->at.column, words);
}

/* ---- which real field a property is ---- */

/* A property says its real column's name in `name`, or in `physicalName` where the two differ. */
static hs_str real_name(const struct hs_property *p)
{
    return p->physical_name.len ? p->physical_name : p->name;
}

static const struct hs_field *member_by_id(const struct hs_type *type, int id)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].id == id)
            return &type->fields[i];
    return NULL;
}

/* The id decides. A column of the contract's name with another id is a dropped and re-added one, or a swap: it must not
 * inherit what was decided for the old one. */
static hs_rc find_by_id(struct binder *b, const struct hs_property *p, const struct hs_type *real,
                        const struct hs_field **out)
{
    const struct hs_field *field = member_by_id(real, p->field_id), *named = hs_type_field_by_name(real, real_name(p));
    const struct hs_field *elsewhere = field ? NULL : hs_type_field_by_id(b->root, p->field_id);
    if (field && (!named || named == field)) {
        *out = field;
        return HS_OK;
    }
    if (field)
        return fail_at(b, p,
                       "hailstorm.fieldId of '%.*s' is %d, which is the column '%.*s'; the column named '%.*s' has the "
                       "id %d",
                       HS_FMT(p->name), p->field_id, HS_FMT(field->name), HS_FMT(named->name), named->id);
    if (named)
        return fail_at(b, p,
                       "hailstorm.fieldId of '%.*s' is %d, but the table's column '%.*s' has the id %d: another "
                       "column of the same name does not inherit",
                       HS_FMT(p->name), p->field_id, HS_FMT(named->name), named->id);
    if (elsewhere)
        return fail_at(b, p, "hailstorm.fieldId of '%.*s' is %d, which is '%.*s' at another level of the table",
                       HS_FMT(p->name), p->field_id, HS_FMT(elsewhere->name));
    return fail_at(b, p, "the table has no column with the id %d ('%.*s')", p->field_id, HS_FMT(p->name));
}

static hs_rc find_by_name(struct binder *b, const struct hs_property *p, const struct hs_type *real,
                          const struct hs_field **out)
{
    hs_str names[256], name = real_name(p);
    size_t n = 0;
    *out = hs_type_field_by_name(real, name);
    if (*out)
        return HS_OK;
    for (; n < real->field_count && n < 256; n++)
        names[n] = real->fields[n].name;
    hs_str near = hs_str_nearest(name, names, n);
    if (near.len)
        return fail_at(b, p, "the table has no column '%.*s' (did you mean '%.*s'?)", HS_FMT(name), HS_FMT(near));
    return fail_at(b, p, "the table has no column '%.*s'", HS_FMT(name));
}

static hs_rc find_field(struct binder *b, const struct hs_property *p, const struct hs_type *real,
                        const struct hs_field **out)
{
    return p->field_id >= 0 ? find_by_id(b, p, real, out) : find_by_name(b, p, real, out);
}

/* ---- does the logical type fit ---- */

#define BIT(id) (1u << (id))
enum { BYTES = BIT(HS_T_FIXED) | BIT(HS_T_BINARY) };
struct fit {
    const char *logical;
    unsigned types;
};
/* ODCS has nine logical types for Iceberg's two dozen. A string stands for whatever has no logical type of its own;
 * bytes only where a physicalType says that bytes are meant. */
static const struct fit FITS[] = {
    {"boolean", BIT(HS_T_BOOLEAN)},
    {"integer", BIT(HS_T_INT) | BIT(HS_T_LONG)},
    {"number", BIT(HS_T_INT) | BIT(HS_T_LONG) | BIT(HS_T_FLOAT) | BIT(HS_T_DOUBLE) | BIT(HS_T_DECIMAL)},
    {"date", BIT(HS_T_DATE)},
    {"time", BIT(HS_T_TIME)},
    {"timestamp", BIT(HS_T_TIMESTAMP) | BIT(HS_T_TIMESTAMPTZ) | BIT(HS_T_TIMESTAMP_NS) | BIT(HS_T_TIMESTAMPTZ_NS)},
    {"string", BIT(HS_T_STRING) | BIT(HS_T_UUID) | BIT(HS_T_VARIANT) | BIT(HS_T_GEOMETRY) | BIT(HS_T_GEOGRAPHY)},
    {"object", BIT(HS_T_STRUCT) | BIT(HS_T_MAP) | BIT(HS_T_VARIANT)},
    {"array", BIT(HS_T_LIST)},
};

static bool fits(const struct hs_property *p, enum hs_type_id real)
{
    if (real == HS_T_UNKNOWN) /* holds nothing but NULL */
        return true;
    if (!p->logical_type.len) /* not said: any single value */
        return !hs_type_is_nested(real);
    for (size_t i = 0; i < sizeof FITS / sizeof FITS[0]; i++)
        if (hs_str_is(p->logical_type, FITS[i].logical))
            return (FITS[i].types & BIT(real)) ||
                   ((BYTES & BIT(real)) && hs_str_is(p->logical_type, "string") && p->physical_type.len);
    return false;
}

static hs_rc fail_fit(struct binder *b, const struct hs_property *p, const struct hs_type *real)
{
    struct hs_buf text;
    hs_buf_init(&text, 200);
    hs_buf_add_type(&text, real);
    const char *type = text.failed ? hs_type_name(real->id) : text.at;
    hs_rc rc;
    if (!p->logical_type.len)
        rc = fail_at(b, p, "'%.*s' needs a logicalType: the table's column is %s", HS_FMT(p->name), type);
    else
        rc = fail_at(b, p, "'%.*s' is logicalType %.*s, but the table's column is %s%s", HS_FMT(p->name),
                     HS_FMT(p->logical_type), type,
                     (BYTES & BIT(real->id)) && !p->physical_type.len ? ": give a physicalType, too" : "");
    hs_buf_fini(&text);
    return rc;
}

/* ---- types ---- */

static hs_rc bind_type(struct binder *b, const struct hs_property *p, const struct hs_type *real, struct hs_type **out);

static hs_rc bind_field(struct binder *b, const struct hs_property *p, hs_str name, const struct hs_field *real,
                        struct hs_field *out)
{
    struct hs_field seen = *real;
    seen.name = name;
    seen.doc = p->description;
    if (!hs_field_copy(b->arena, out, &seen))
        return no_memory(b);
    return bind_type(b, p, real->type, &out->type);
}

/* Two properties of one column would give it two faces, and a mask on one would leave the other bare. */
static hs_rc check_once(struct binder *b, const struct hs_property *properties, const struct hs_type *bound, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (bound->fields[j].id == bound->fields[i].id)
            return fail_at(b, &properties[i], "'%.*s' and '%.*s' (line %d) are the same column of the table, id %d",
                           HS_FMT(properties[i].name), HS_FMT(properties[j].name), properties[j].at.line,
                           bound->fields[i].id);
    return HS_OK;
}

static hs_rc bind_struct(struct binder *b, const struct hs_property *properties, size_t count,
                         const struct hs_type *real, struct hs_type **out)
{
    struct hs_type *type = hs_type_new(b->arena, HS_T_STRUCT);
    struct hs_field *fields = hs_arena_array(b->arena, count, sizeof *fields);
    if (!type || !fields)
        return no_memory(b);
    type->fields = fields;
    for (size_t i = 0; i < count; i++) {
        const struct hs_field *field;
        HS_TRY(find_field(b, &properties[i], real, &field));
        HS_TRY(bind_field(b, &properties[i], properties[i].name, field, &fields[i]));
        if (field->id >= 0)
            HS_TRY(check_once(b, properties, type, i));
        type->field_count = i + 1;
    }
    *out = type;
    return HS_OK;
}

static hs_rc fail_no_members(struct binder *b, const struct hs_property *p, const struct hs_type *real)
{
    struct hs_buf names;
    hs_buf_init(&names, 240);
    for (size_t i = 0; i < real->field_count && !names.failed; i++)
        hs_buf_addf(&names, "%s%.*s", i ? ", " : "", HS_FMT(real->fields[i].name));
    hs_rc rc =
        fail_at(b, p, "'%.*s' lists no 'properties', and a member in no contract is invisible; the table has: %s%s",
                HS_FMT(p->name), names.at ? names.at : "", names.failed ? " ..." : "");
    hs_buf_fini(&names);
    return rc;
}

/* Elements, keys and values have no name to look for; a written id must be theirs. */
static hs_rc bind_part(struct binder *b, const struct hs_property *p, const struct hs_field *real, struct hs_field *out)
{
    if (p->field_id >= 0 && p->field_id != real->id)
        return fail_at(b, p, "hailstorm.fieldId of '%.*s' is %d, but the table's %.*s has the id %d", HS_FMT(p->name),
                       p->field_id, HS_FMT(real->name), real->id);
    return bind_field(b, p, real->name, real, out);
}

static const struct hs_property *member(const struct hs_property *p, const char *name)
{
    for (size_t i = 0; i < p->property_count; i++)
        if (hs_str_is(p->properties[i].name, name))
            return &p->properties[i];
    return NULL;
}

static hs_rc bind_map(struct binder *b, const struct hs_property *p, const struct hs_type *real, struct hs_type *out)
{
    const struct hs_property *key = member(p, "key"), *value = member(p, "value");
    if (!key || !value || p->property_count != 2)
        return fail_at(b, p, "'%.*s' is a map in the table: its 'properties' must be 'key' and 'value'",
                       HS_FMT(p->name));
    HS_TRY(bind_part(b, key, &real->fields[0], &out->fields[0]));
    return bind_part(b, value, &real->fields[1], &out->fields[1]);
}

static hs_rc bind_nested(struct binder *b, const struct hs_property *p, const struct hs_type *real,
                         struct hs_type **out)
{
    if (real->id == HS_T_STRUCT && !p->property_count)
        return fail_no_members(b, p, real);
    if (real->id == HS_T_STRUCT && hs_str_is(p->physical_type, "map"))
        return fail_at(b, p, "'%.*s' has physicalType map, but the table's column is a struct", HS_FMT(p->name));
    if (real->id == HS_T_STRUCT)
        return bind_struct(b, p->properties, p->property_count, real, out);
    size_t parts = real->id == HS_T_MAP ? 2 : 1;
    struct hs_type *type = hs_type_new(b->arena, real->id);
    struct hs_field *fields = hs_arena_array(b->arena, parts, sizeof *fields);
    if (!type || !fields)
        return no_memory(b);
    if (real->field_count != parts)
        return hs_fail(b->err, HS_INTERNAL, "a list or map type without its parts");
    type->fields = fields;
    type->field_count = parts;
    HS_TRY(parts == 2 ? bind_map(b, p, real, type) : bind_part(b, p->properties, &real->fields[0], &fields[0]));
    *out = type;
    return HS_OK;
}

static hs_rc bind_type(struct binder *b, const struct hs_property *p, const struct hs_type *real, struct hs_type **out)
{
    if (!fits(p, real->id))
        return fail_fit(b, p, real);
    if (hs_type_is_nested(real->id))
        return bind_nested(b, p, real, out);
    *out = hs_type_copy(b->arena, real);
    return *out ? HS_OK : no_memory(b);
}

hs_rc hs_table_bind(struct hs_arena *a, const struct hs_table *table, const struct hs_type *real, struct hs_type **out,
                    struct hs_err *err)
{
    struct binder b = {a, real, err};
    if (!real || real->id != HS_T_STRUCT)
        return hs_fail(err, HS_INTERNAL, "a table's schema is not a struct");
    return bind_struct(&b, table->properties, table->property_count, real, out);
}
