/* Parquet schema elements to our type tree (LogicalTypes.md). What has no counterpart becomes UNKNOWN: the plan then
 * refuses the column, and only that. Kinds are named by what the engine's reader makes of them: INT96 is a timestamp,
 * milliseconds come out as microseconds. */
#include "iceberg/damage.h"
#include "iceberg/parquet.h"

enum { MAX_DEPTH = 64, MAX_CHILDREN = 100 * 1000 };

struct builder {
    struct hs_arena *arena;
    struct hs_err *err;
    const struct hs_parquet_element *elements;
    size_t count, at;
};

static hs_rc build(struct builder *b, int depth, struct hs_field *out);

static enum hs_type_id integer_kind(const struct hs_parquet_element *e)
{
    switch (e->bit_width) {
    case 8:
        return e->is_signed ? HS_T_INT8 : HS_T_UINT8;
    case 16:
        return e->is_signed ? HS_T_INT16 : HS_T_UINT16;
    case 32:
        return e->is_signed ? HS_T_INT : HS_T_UINT32;
    default:
        return HS_T_UNKNOWN;
    }
}

static enum hs_type_id int32_kind(const struct hs_parquet_element *e)
{
    switch ((int)e->logical) {
    case HS_PQ_NONE:
        return HS_T_INT;
    case HS_PQ_DATE:
        return HS_T_DATE;
    case HS_PQ_DECIMAL:
        return HS_T_DECIMAL;
    case HS_PQ_TIME:
        return e->unit == HS_PQ_MILLIS ? HS_T_TIME : HS_T_UNKNOWN;
    case HS_PQ_INTEGER:
        return integer_kind(e);
    default:
        return HS_T_UNKNOWN;
    }
}

static enum hs_type_id int64_kind(const struct hs_parquet_element *e)
{
    switch ((int)e->logical) {
    case HS_PQ_NONE:
        return HS_T_LONG;
    case HS_PQ_DECIMAL:
        return HS_T_DECIMAL;
    case HS_PQ_TIME:
        return e->unit == HS_PQ_MICROS ? HS_T_TIME : HS_T_UNKNOWN;
    case HS_PQ_TIMESTAMP:
        if (e->unit == HS_PQ_NANOS)
            return e->utc ? HS_T_TIMESTAMPTZ_NS : HS_T_TIMESTAMP_NS;
        return e->utc ? HS_T_TIMESTAMPTZ : HS_T_TIMESTAMP;
    case HS_PQ_INTEGER:
        if (e->bit_width != 64)
            return HS_T_UNKNOWN;
        return e->is_signed ? HS_T_LONG : HS_T_UINT64;
    default:
        return HS_T_UNKNOWN;
    }
}

static enum hs_type_id bytes_kind(const struct hs_parquet_element *e)
{
    switch ((int)e->logical) {
    case HS_PQ_NONE:
    case HS_PQ_BSON:
        return HS_T_BINARY;
    case HS_PQ_STRING:
    case HS_PQ_ENUM:
    case HS_PQ_JSON:
        return HS_T_STRING;
    case HS_PQ_DECIMAL:
        return HS_T_DECIMAL;
    case HS_PQ_GEOMETRY:
        return HS_T_GEOMETRY;
    case HS_PQ_GEOGRAPHY:
        return HS_T_GEOGRAPHY;
    default:
        return HS_T_UNKNOWN;
    }
}

static enum hs_type_id fixed_kind(const struct hs_parquet_element *e)
{
    switch ((int)e->logical) {
    case HS_PQ_NONE:
        return HS_T_FIXED;
    case HS_PQ_DECIMAL:
        return HS_T_DECIMAL;
    case HS_PQ_UUID:
        return e->type_length == 16 ? HS_T_UUID : HS_T_UNKNOWN;
    default:
        return HS_T_UNKNOWN;
    }
}

static enum hs_type_id kind_of(const struct hs_parquet_element *e)
{
    bool plain = e->logical == HS_PQ_NONE;
    switch (e->physical) {
    case HS_PQ_BOOLEAN:
        return plain ? HS_T_BOOLEAN : HS_T_UNKNOWN;
    case HS_PQ_INT32:
        return int32_kind(e);
    case HS_PQ_INT64:
        return int64_kind(e);
    case HS_PQ_INT96:
        return plain ? HS_T_TIMESTAMP : HS_T_UNKNOWN;
    case HS_PQ_FLOAT:
        return plain ? HS_T_FLOAT : HS_T_UNKNOWN;
    case HS_PQ_DOUBLE:
        return plain ? HS_T_DOUBLE : HS_T_UNKNOWN;
    case HS_PQ_BYTE_ARRAY:
        return bytes_kind(e);
    case HS_PQ_FIXED:
        return fixed_kind(e);
    case HS_PQ_GROUP:
        break;
    }
    return HS_T_UNKNOWN;
}

static hs_rc new_type(struct builder *b, enum hs_type_id id, size_t fields, struct hs_type **out)
{
    struct hs_type *type = HS_NEW(b->arena, struct hs_type);
    if (!type)
        return hs_no_memory(b->err);
    type->id = id;
    type->fields = fields ? hs_arena_array(b->arena, fields, sizeof *type->fields) : NULL;
    type->field_count = fields;
    if (fields && !type->fields)
        return hs_no_memory(b->err);
    *out = type;
    return HS_OK;
}

static hs_rc build_leaf(struct builder *b, const struct hs_parquet_element *e, struct hs_type **out)
{
    HS_TRY(new_type(b, kind_of(e), 0, out));
    if ((*out)->id == HS_T_DECIMAL) {
        (*out)->precision = e->precision;
        (*out)->scale = e->scale;
        if (e->precision < 1 || e->precision > 38 || e->scale < 0 || e->scale > e->precision)
            (*out)->id = HS_T_UNKNOWN;
    }
    if ((*out)->id == HS_T_FIXED)
        (*out)->length = e->type_length;
    if (e->logical == HS_PQ_UNKNOWN)
        (*out)->length = HS_LEAF_NULLS;
    if ((*out)->id == HS_T_TIME && e->utc)
        (*out)->length = HS_LEAF_UTC;
    if (e->physical == HS_PQ_INT96)
        (*out)->length = HS_LEAF_INT96;
    return HS_OK;
}

static hs_rc build_struct(struct builder *b, int children, int depth, struct hs_type **out)
{
    if (children < 0 || (size_t)children > b->count - b->at)
        return hs_damaged(b->err, "parquet schema: a group of %d children", children);
    HS_TRY(new_type(b, HS_T_STRUCT, (size_t)children, out));
    for (int i = 0; i < children; i++)
        HS_TRY(build(b, depth + 1, &(*out)->fields[i]));
    return HS_OK;
}

/* LogicalTypes.md, "Lists", backward compatibility: what is the element, the repeated node or its one child? */
static bool repeated_is_element(const struct hs_parquet_element *list, const struct hs_parquet_element *repeated)
{
    if (repeated->physical != HS_PQ_GROUP || repeated->child_count != 1)
        return true;
    if (hs_str_is(repeated->name, "array"))
        return true;
    hs_str name = repeated->name;
    bool tuple = name.len == list->name.len + 6 && hs_str_starts(name, list->name) && hs_str_ends(name, HS_S("_tuple"));
    return tuple || repeated->logical == HS_PQ_LIST || repeated->logical == HS_PQ_MAP;
}

static hs_rc build_type(struct builder *b, const struct hs_parquet_element *e, int depth, struct hs_type **out);

static hs_rc build_list(struct builder *b, const struct hs_parquet_element *list, int depth, struct hs_type **out)
{
    if (list->child_count != 1 || b->at >= b->count || b->elements[b->at].repetition != HS_PQ_REPEATED)
        return hs_damaged(b->err, "parquet schema: %.*s is not a list", HS_FMT(list->name));
    const struct hs_parquet_element *repeated = &b->elements[b->at];
    HS_TRY(new_type(b, HS_T_LIST, 1, out));
    struct hs_field *element = &(*out)->fields[0];
    b->at++;
    if (!repeated_is_element(list, repeated))
        return build(b, depth + 2, element);
    *element = (struct hs_field){.id = repeated->field_id, .name = repeated->name, .required = true, .doc = {"", 0}};
    return build_type(b, repeated, depth + 1, &element->type);
}

static hs_rc build_map(struct builder *b, const struct hs_parquet_element *map, int depth, struct hs_type **out)
{
    const struct hs_parquet_element *pair = b->at < b->count ? &b->elements[b->at] : NULL;
    if (map->child_count != 1 || !pair || pair->repetition != HS_PQ_REPEATED || pair->physical != HS_PQ_GROUP ||
        pair->child_count != 2)
        return hs_damaged(b->err, "parquet schema: %.*s is not a map", HS_FMT(map->name));
    b->at++;
    HS_TRY(new_type(b, HS_T_MAP, 2, out));
    HS_TRY(build(b, depth + 2, &(*out)->fields[0]));
    return build(b, depth + 2, &(*out)->fields[1]);
}

static hs_rc build_type(struct builder *b, const struct hs_parquet_element *e, int depth, struct hs_type **out)
{
    if (depth > MAX_DEPTH)
        return hs_damaged(b->err, "parquet schema nests deeper than %d", MAX_DEPTH);
    if (e->physical != HS_PQ_GROUP)
        return build_leaf(b, e, out);
    switch ((int)e->logical) {
    case HS_PQ_LIST:
        return build_list(b, e, depth, out);
    case HS_PQ_MAP:
        return build_map(b, e, depth, out);
    case HS_PQ_NONE:
        return build_struct(b, e->child_count, depth, out);
    default: /* VARIANT and what is still to come: members read past, the whole is one value */
        HS_TRY(build_struct(b, e->child_count, depth, out));
        (*out)->id = e->logical == HS_PQ_VARIANT ? HS_T_VARIANT : HS_T_UNKNOWN;
        (*out)->field_count = 0;
        return HS_OK;
    }
}

static hs_rc build(struct builder *b, int depth, struct hs_field *out)
{
    if (b->at >= b->count)
        return hs_damaged(b->err, "parquet schema: elements are missing");
    const struct hs_parquet_element *e = &b->elements[b->at++];
    if ((e->physical > HS_PQ_FIXED && e->physical != HS_PQ_GROUP) || e->repetition > HS_PQ_REPEATED ||
        (e->physical != HS_PQ_GROUP && e->child_count != 0))
        return hs_damaged(b->err, "parquet schema: element %zu", b->at - 1);
    *out = (struct hs_field){.id = e->field_id, .required = e->repetition == HS_PQ_REQUIRED, .doc = {"", 0}};
    out->name = hs_arena_str(b->arena, e->name);
    if (!out->name.at)
        return hs_no_memory(b->err);
    HS_TRY(build_type(b, e, depth, &out->type));
    if (e->repetition != HS_PQ_REPEATED)
        return HS_OK;
    /* a repeated node outside LIST and MAP: a required list of required elements */
    struct hs_type *list;
    HS_TRY(new_type(b, HS_T_LIST, 1, &list));
    list->fields[0] =
        (struct hs_field){.id = -1, .name = HS_S("element"), .required = true, .doc = HS_S(""), .type = out->type};
    out->type = list;
    out->required = true;
    return HS_OK;
}

hs_rc hs_parquet_schema(struct hs_arena *a, const struct hs_parquet_footer *footer, struct hs_physical *out,
                        struct hs_err *err)
{
    struct builder b = {a, err, footer->elements, footer->element_count, 1};
    *out = (struct hs_physical){0};
    if (footer->element_count == 0 || footer->elements[0].physical != HS_PQ_GROUP)
        return hs_damaged(err, "parquet schema without a root");
    HS_TRY(build_struct(&b, footer->elements[0].child_count, 0, &out->type));
    if (b.at != b.count)
        return hs_damaged(err, "parquet schema: %zu elements too many", b.count - b.at);
    for (size_t i = 0; i < out->type->field_count; i++)
        out->has_ids = out->has_ids || out->type->fields[i].id >= 0;
    return HS_OK;
}
