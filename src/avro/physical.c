/* An Avro schema as Iceberg's types (https://iceberg.apache.org/spec/#avro). A member of a struct stands where the
 * writer's record has it, so that the worker finds a column by its place alone.
 *
 * What has no counterpart is UNKNOWN, and a column of it is refused: guessing at bytes would answer with wrong values.
 */
#include "avro/avro.h"
#include "base/damage.h"

enum { MAX_DEPTH = 60, MAX_TYPES = 100 * 1000 };

struct builder {
    struct hs_arena *arena;
    struct hs_err *err;
    size_t types; /* named types may be meant again and again, so a short schema can be a large tree */
};

static hs_rc build(struct builder *b, const struct hs_avro_type *type, int depth, struct hs_type **out);

static hs_rc new_type(struct builder *b, enum hs_type_id id, size_t fields, struct hs_type **out)
{
    b->types += 1 + fields;
    if (b->types > MAX_TYPES)
        return hs_fail_hidden(b->err, HS_LIMIT, "avro schema of more than %d types", MAX_TYPES);
    struct hs_type *type = hs_type_new(b->arena, id);
    if (type && fields)
        type->fields = hs_arena_array(b->arena, fields, sizeof *type->fields);
    if (!type || (fields && !type->fields))
        return hs_no_memory(b->err);
    type->field_count = fields;
    *out = type;
    return HS_OK;
}

static enum hs_type_id int_kind(const struct hs_avro_type *type)
{
    switch ((int)type->logical) {
    case HS_AVRO_DATE:
        return HS_T_DATE;
    case HS_AVRO_TIME_MILLIS:
        return HS_T_TIME;
    default:
        return HS_T_INT;
    }
}

/* The number is the same whether it means UTC or no zone; which of both, only "adjust-to-utc" tells. */
static enum hs_type_id long_kind(const struct hs_avro_type *type)
{
    switch ((int)type->logical) {
    case HS_AVRO_TIME_MICROS:
        return HS_T_TIME;
    case HS_AVRO_TIMESTAMP_MILLIS:
    case HS_AVRO_TIMESTAMP_MICROS:
        return type->utc ? HS_T_TIMESTAMPTZ : HS_T_TIMESTAMP;
    case HS_AVRO_TIMESTAMP_NANOS:
        return type->utc ? HS_T_TIMESTAMPTZ_NS : HS_T_TIMESTAMP_NS;
    case HS_AVRO_LOCAL_TIMESTAMP_MILLIS:
    case HS_AVRO_LOCAL_TIMESTAMP_MICROS:
        return HS_T_TIMESTAMP;
    case HS_AVRO_LOCAL_TIMESTAMP_NANOS:
        return HS_T_TIMESTAMP_NS;
    default:
        return HS_T_LONG;
    }
}

static enum hs_type_id leaf_kind(const struct hs_avro_type *type)
{
    bool decimal = type->logical == HS_AVRO_DECIMAL && type->precision >= 1;
    switch ((int)type->kind) {
    case HS_AVRO_BOOLEAN:
        return HS_T_BOOLEAN;
    case HS_AVRO_INT:
        return int_kind(type);
    case HS_AVRO_LONG:
        return long_kind(type);
    case HS_AVRO_FLOAT:
        return HS_T_FLOAT;
    case HS_AVRO_DOUBLE:
        return HS_T_DOUBLE;
    case HS_AVRO_BYTES:
        return decimal ? HS_T_DECIMAL : HS_T_BINARY;
    case HS_AVRO_STRING:
    case HS_AVRO_ENUM:
        return HS_T_STRING;
    case HS_AVRO_FIXED:
        if (type->logical == HS_AVRO_UUID)
            return type->size == 16 ? HS_T_UUID : HS_T_UNKNOWN;
        return decimal ? HS_T_DECIMAL : HS_T_FIXED;
    default:
        return HS_T_UNKNOWN;
    }
}

static hs_rc build_leaf(struct builder *b, const struct hs_avro_type *type, struct hs_type **out)
{
    HS_TRY(new_type(b, leaf_kind(type), 0, out));
    struct hs_type *t = *out;
    if (t->id == HS_T_DECIMAL) {
        t->precision = type->precision;
        t->scale = type->scale < 0 ? 0 : type->scale;
        if (t->precision > 38 || t->scale > t->precision)
            *t = (struct hs_type){.id = HS_T_UNKNOWN};
    }
    if (t->id == HS_T_UNKNOWN && type->kind == HS_AVRO_NULL)
        t->length = HS_AVRO_NULLS;
    if (t->id == HS_T_TIMESTAMP && !type->has_utc && type->logical < HS_AVRO_LOCAL_TIMESTAMP_MILLIS)
        t->length =
            HS_AVRO_NO_ZONE; /* a writer that knows Avro alone: its instants may be the table's of either kind */
    if (t->id == HS_T_FIXED && type->size > INT32_MAX)
        t->id = HS_T_UNKNOWN;
    else if (t->id == HS_T_FIXED)
        t->length = (int)type->size;
    return HS_OK;
}

/* Spec: an optional field is a union of null and its type, and there are no other unions. *out: NULL for those. */
static const struct hs_avro_type *without_null(const struct hs_avro_type *type, bool *out_optional)
{
    *out_optional = type->kind == HS_AVRO_UNION;
    if (type->kind != HS_AVRO_UNION)
        return type;
    if (type->field_count != 2)
        return NULL;
    const struct hs_avro_type *a = type->fields[0].type, *b = type->fields[1].type;
    if ((a->kind == HS_AVRO_NULL) == (b->kind == HS_AVRO_NULL))
        return NULL;
    return a->kind == HS_AVRO_NULL ? b : a;
}

static hs_rc build_field(struct builder *b, hs_str name, int id, const struct hs_avro_type *type, int depth,
                         struct hs_field *out)
{
    bool optional;
    const struct hs_avro_type *real = without_null(type, &optional);
    if (!name.len || memchr(name.at, 0, name.len))
        return hs_damaged(b->err, "avro field without a name");
    *out = (struct hs_field){.id = id, .required = !optional && type->kind != HS_AVRO_NULL, .doc = HS_S("")};
    out->name = hs_arena_str(b->arena, name);
    if (!out->name.at)
        return hs_no_memory(b->err);
    return real ? build(b, real, depth + 1, &out->type) : new_type(b, HS_T_UNKNOWN, 0, &out->type);
}

/* The engine tells the members of a struct apart without regard to case. */
static bool names_differ(const struct hs_avro_type *record)
{
    for (size_t i = 0; i < record->field_count; i++)
        for (size_t k = 0; k < i; k++)
            if (hs_str_eq_nocase(record->fields[k].name, record->fields[i].name))
                return false;
    return true;
}

static hs_rc build_members(struct builder *b, const struct hs_avro_type *record, int depth, struct hs_type **out)
{
    HS_TRY(new_type(b, HS_T_STRUCT, record->field_count, out));
    for (size_t i = 0; i < record->field_count; i++) {
        const struct hs_avro_field *f = &record->fields[i];
        HS_TRY(build_field(b, f->name, f->id, f->type, depth, &(*out)->fields[i]));
    }
    return HS_OK;
}

static hs_rc build_struct(struct builder *b, const struct hs_avro_type *record, int depth, struct hs_type **out)
{
    enum { MOST_NESTED = 2000 };
    if (record->logical == HS_AVRO_VARIANT || record->field_count == 0 || record->field_count > MOST_NESTED ||
        !names_differ(record))
        return new_type(b, HS_T_UNKNOWN, 0, out);
    return build_members(b, record, depth, out);
}

static hs_rc build_list(struct builder *b, const struct hs_avro_type *array, int depth, struct hs_type **out)
{
    HS_TRY(new_type(b, HS_T_LIST, 1, out));
    return build_field(b, HS_S("element"), array->fields[0].id, array->fields[0].type, depth, &(*out)->fields[0]);
}

/* Spec: a map whose keys are no text is an array of records of a key and a value. */
static hs_rc build_pairs(struct builder *b, const struct hs_avro_type *array, int depth, struct hs_type **out)
{
    const struct hs_avro_type *pair = array->fields[0].type;
    if (pair->kind != HS_AVRO_RECORD || pair->field_count != 2)
        return new_type(b, HS_T_UNKNOWN, 0, out);
    HS_TRY(new_type(b, HS_T_MAP, 2, out));
    const struct hs_avro_field *key = &pair->fields[0], *value = &pair->fields[1];
    HS_TRY(build_field(b, HS_S("key"), key->id, key->type, depth, &(*out)->fields[0]));
    return build_field(b, HS_S("value"), value->id, value->type, depth, &(*out)->fields[1]);
}

static hs_rc build_map(struct builder *b, const struct hs_avro_type *map, int depth, struct hs_type **out)
{
    static const struct hs_avro_type text = {.kind = HS_AVRO_STRING};
    HS_TRY(new_type(b, HS_T_MAP, 2, out));
    HS_TRY(build_field(b, HS_S("key"), map->key_id, &text, depth, &(*out)->fields[0]));
    return build_field(b, HS_S("value"), map->fields[0].id, map->fields[0].type, depth, &(*out)->fields[1]);
}

static hs_rc build(struct builder *b, const struct hs_avro_type *type, int depth, struct hs_type **out)
{
    if (depth > MAX_DEPTH) /* deeper than the engine goes, or a type that holds itself */
        return new_type(b, HS_T_UNKNOWN, 0, out);
    switch ((int)type->kind) {
    case HS_AVRO_RECORD:
        return build_struct(b, type, depth, out);
    case HS_AVRO_ARRAY:
        return type->logical == HS_AVRO_PAIRS ? build_pairs(b, type, depth, out) : build_list(b, type, depth, out);
    case HS_AVRO_MAP:
        return build_map(b, type, depth, out);
    default:
        return build_leaf(b, type, out);
    }
}

hs_rc hs_avro_physical(struct hs_arena *a, const struct hs_avro_type *record, struct hs_type **out, struct hs_err *err)
{
    struct builder b = {.arena = a, .err = err};
    if (record->kind != HS_AVRO_RECORD)
        return hs_damaged(err, "avro file does not hold records");
    return build_members(&b, record, 0, out);
}
