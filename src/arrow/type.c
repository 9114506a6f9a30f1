/* The type tree: names, printing, comparing, finding, copying; see type.h. Recursion is bounded by whoever built the
 * tree (metadata and YAML readers limit depth). */
#include "arrow/param.h"

static const char *const NAMES[] = {
    [HS_T_BOOLEAN] = "boolean",
    [HS_T_INT] = "int",
    [HS_T_LONG] = "long",
    [HS_T_FLOAT] = "float",
    [HS_T_DOUBLE] = "double",
    [HS_T_DECIMAL] = "decimal",
    [HS_T_DATE] = "date",
    [HS_T_TIME] = "time",
    [HS_T_TIMESTAMP] = "timestamp",
    [HS_T_TIMESTAMPTZ] = "timestamptz",
    [HS_T_TIMESTAMP_NS] = "timestamp_ns",
    [HS_T_TIMESTAMPTZ_NS] = "timestamptz_ns",
    [HS_T_STRING] = "string",
    [HS_T_UUID] = "uuid",
    [HS_T_FIXED] = "fixed",
    [HS_T_BINARY] = "binary",
    [HS_T_STRUCT] = "struct",
    [HS_T_LIST] = "list",
    [HS_T_MAP] = "map",
    [HS_T_UNKNOWN] = "unknown",
    [HS_T_VARIANT] = "variant",
    [HS_T_GEOMETRY] = "geometry",
    [HS_T_GEOGRAPHY] = "geography",
};

const char *hs_type_name(enum hs_type_id id)
{
    size_t i = (size_t)id;
    return i < sizeof NAMES / sizeof NAMES[0] && NAMES[i] ? NAMES[i] : "invalid";
}

/* Names that could be read as part of the type's own words are quoted, so that two types never print the same. */
static void add_name(struct hs_buf *b, hs_str name)
{
    bool plain = name.len > 0;
    for (size_t i = 0; plain && i < name.len; i++)
        plain = !strchr(" ,:<>\"()[]", name.at[i]); /* a NUL matches strchr's end: quoted, too */
    if (plain)
        hs_buf_adds(b, name);
    else
        hs_buf_add_sql_name(b, name);
}

static void add_members(struct hs_buf *b, const struct hs_type *type)
{
    hs_buf_addc(b, '<');
    for (size_t i = 0; i < type->field_count; i++) {
        const struct hs_field *f = &type->fields[i];
        if (i)
            hs_buf_addz(b, ", ");
        if (type->id == HS_T_STRUCT) {
            add_name(b, f->name);
            hs_buf_addz(b, ": ");
        }
        hs_buf_add_type(b, f->type);
    }
    hs_buf_addc(b, '>');
}

void hs_buf_add_type(struct hs_buf *b, const struct hs_type *type)
{
    if (!type) {
        hs_buf_addz(b, "invalid");
        return;
    }
    hs_buf_addz(b, hs_type_name(type->id));
    if (type->id == HS_T_DECIMAL)
        hs_buf_addf(b, "(%d, %d)", type->precision, type->scale);
    else if (type->id == HS_T_FIXED)
        hs_buf_addf(b, "[%d]", type->length);
    else if (hs_type_is_nested(type->id))
        add_members(b, type);
}

static bool same_field(const struct hs_field *a, const struct hs_field *b)
{
    return a->id == b->id && a->required == b->required && hs_str_eq(a->name, b->name) &&
           hs_type_same(a->type, b->type);
}

bool hs_type_same(const struct hs_type *a, const struct hs_type *b)
{
    if (a == b)
        return true;
    if (!a || !b || a->id != b->id || a->field_count != b->field_count)
        return false;
    if (a->id == HS_T_DECIMAL && (a->precision != b->precision || a->scale != b->scale))
        return false;
    if (a->id == HS_T_FIXED && a->length != b->length)
        return false;
    for (size_t i = 0; i < a->field_count; i++)
        if (!same_field(&a->fields[i], &b->fields[i]))
            return false;
    return true;
}

const struct hs_field *hs_type_field_by_id(const struct hs_type *root, int id)
{
    if (!root || id < 0) /* -1 says "no id": never a match */
        return NULL;
    for (size_t i = 0; i < root->field_count; i++) {
        const struct hs_field *f = &root->fields[i];
        if (f->id == id)
            return f;
        const struct hs_field *below = hs_type_field_by_id(f->type, id);
        if (below)
            return below;
    }
    return NULL;
}

const struct hs_field *hs_type_field_by_name(const struct hs_type *type, hs_str name)
{
    for (size_t i = 0; type && i < type->field_count; i++)
        if (hs_str_eq(type->fields[i].name, name))
            return &type->fields[i];
    return NULL;
}

bool hs_type_is_number(enum hs_type_id id)
{
    return id == HS_T_INT || id == HS_T_LONG || id == HS_T_FLOAT || id == HS_T_DOUBLE || id == HS_T_DECIMAL;
}

bool hs_type_is_nested(enum hs_type_id id)
{
    return id == HS_T_STRUCT || id == HS_T_LIST || id == HS_T_MAP;
}

struct hs_type *hs_type_new(struct hs_arena *a, enum hs_type_id id)
{
    struct hs_type *type = HS_NEW(a, struct hs_type);
    if (type)
        type->id = id;
    return type;
}

static bool copy_param(struct hs_arena *a, const struct hs_param **p)
{
    if (!*p)
        return true;
    struct hs_param *copy = HS_NEW(a, struct hs_param);
    if (!copy)
        return false;
    *copy = **p;
    *p = copy;
    return !copy->text.at || (copy->text = hs_arena_str(a, copy->text)).at;
}

bool hs_field_copy(struct hs_arena *a, struct hs_field *to, const struct hs_field *from)
{
    *to = *from;
    to->name = hs_arena_str(a, from->name);
    to->doc = hs_arena_str(a, from->doc);
    return to->name.at && to->doc.at && copy_param(a, &to->initial_default) && copy_param(a, &to->write_default);
}

static bool copy_field(struct hs_arena *a, struct hs_field *to, const struct hs_field *from)
{
    if (!hs_field_copy(a, to, from))
        return false;
    to->type = from->type ? hs_type_copy(a, from->type) : NULL;
    return to->type || !from->type;
}

struct hs_type *hs_type_copy(struct hs_arena *a, const struct hs_type *type)
{
    struct hs_type *copy = type ? HS_NEW(a, struct hs_type) : NULL;
    if (!copy)
        return NULL;
    *copy = *type;
    if (!type->field_count)
        return copy;
    copy->fields = hs_arena_array(a, type->field_count, sizeof *copy->fields);
    for (size_t i = 0; copy->fields && i < type->field_count; i++)
        if (!copy_field(a, &copy->fields[i], &type->fields[i]))
            return NULL;
    return copy->fields ? copy : NULL;
}
