/* The writer's schema, from the JSON in a file's header. */
#include "avro/avro.h"
#include "base/damage.h"
#include "base/json_alc.h"

enum { MAX_DEPTH = 64, MAX_TYPES = 100 * 1000, MAX_MEMBERS = 100 * 1000 };

struct parser {
    struct hs_arena *arena;
    struct hs_err *err;
    struct hs_map *named;
    size_t types;
};

static hs_rc parse(struct parser *p, yyjson_val *value, hs_str space, int depth, struct hs_avro_type **out);

static hs_str text_of(yyjson_val *value)
{
    return yyjson_is_str(value) ? hs_str_n(yyjson_get_str(value), yyjson_get_len(value)) : (hs_str){0};
}

static bool primitive_of(hs_str name, enum hs_avro_kind *out)
{
    static const char *const names[] = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (hs_str_is(name, names[i])) {
            *out = (enum hs_avro_kind)i;
            return true;
        }
    }
    return false;
}

static hs_rc new_type(struct parser *p, struct hs_avro_type **out)
{
    if (++p->types > MAX_TYPES)
        return hs_damaged(p->err, "avro schema with more than %d types", MAX_TYPES);
    *out = HS_NEW(p->arena, struct hs_avro_type);
    return *out ? HS_OK : hs_no_memory(p->err);
}

static hs_rc new_fields(struct parser *p, struct hs_avro_type *type, size_t count)
{
    if (count > MAX_MEMBERS)
        return hs_damaged(p->err, "avro type with %zu members", count);
    type->fields = hs_arena_array(p->arena, count + 1, sizeof *type->fields);
    type->field_count = count;
    return type->fields ? HS_OK : hs_no_memory(p->err);
}

/* "a.b.C" stands by itself, "C" belongs to the namespace around it. */
static hs_rc full_name(struct parser *p, hs_str name, hs_str space, hs_str *out)
{
    bool dotted = name.len && memchr(name.at, '.', name.len);
    if (dotted || space.len == 0)
        *out = hs_arena_str(p->arena, name);
    else
        *out = hs_arena_printf(p->arena, "%.*s.%.*s", HS_FMT(space), HS_FMT(name));
    return out->at ? HS_OK : hs_no_memory(p->err);
}

static hs_rc define(struct parser *p, yyjson_val *value, hs_str *space, struct hs_avro_type *type)
{
    hs_str name = text_of(yyjson_obj_get(value, "name"));
    hs_str own = text_of(yyjson_obj_get(value, "namespace"));
    if (!name.len)
        return hs_damaged(p->err, "avro type without a name");
    if (own.at)
        *space = own;
    HS_TRY(full_name(p, name, *space, &type->name));
    if (hs_map_get(p->named, type->name))
        return hs_damaged(p->err, "avro type %.*s is defined twice", HS_FMT(type->name));
    return hs_map_put(p->named, type->name, type, p->err);
}

static int id_of(yyjson_val *value, const char *key)
{
    yyjson_val *id = yyjson_obj_get(value, key);
    bool is_id = yyjson_is_int(id) && yyjson_get_sint(id) >= 0 && yyjson_get_sint(id) <= INT32_MAX;
    return is_id ? (int)yyjson_get_sint(id) : -1;
}

/* A field's id is a number or is not there: taken for absent, a damaged one would let a default stand in for the field.
 */
static hs_rc field_id_of(struct parser *p, yyjson_val *value, const char *key, int *out)
{
    *out = id_of(value, key);
    bool damaged = *out < 0 && yyjson_obj_get(value, key);
    return damaged ? hs_damaged(p->err, "avro schema: %s is not a field id", key) : HS_OK;
}

static enum hs_avro_logical logical_of(hs_str name)
{
    static const char *const names[] = {[HS_AVRO_DECIMAL] = "decimal",
                                        [HS_AVRO_DATE] = "date",
                                        [HS_AVRO_TIME_MILLIS] = "time-millis",
                                        [HS_AVRO_TIME_MICROS] = "time-micros",
                                        [HS_AVRO_TIMESTAMP_MILLIS] = "timestamp-millis",
                                        [HS_AVRO_TIMESTAMP_MICROS] = "timestamp-micros",
                                        [HS_AVRO_TIMESTAMP_NANOS] = "timestamp-nanos",
                                        [HS_AVRO_LOCAL_TIMESTAMP_MILLIS] = "local-timestamp-millis",
                                        [HS_AVRO_LOCAL_TIMESTAMP_MICROS] = "local-timestamp-micros",
                                        [HS_AVRO_LOCAL_TIMESTAMP_NANOS] = "local-timestamp-nanos",
                                        [HS_AVRO_UUID] = "uuid",
                                        [HS_AVRO_PAIRS] = "map",
                                        [HS_AVRO_VARIANT] = "variant"};
    for (size_t i = 1; i < sizeof names / sizeof *names; i++)
        if (hs_str_is(name, names[i]))
            return (enum hs_avro_logical)i;
    return HS_AVRO_PLAIN;
}

/* What stands beside a type that is written out in place; a type that is only named brings its own. */
static void annotate(yyjson_val *value, struct hs_avro_type *type)
{
    type->logical = logical_of(text_of(yyjson_obj_get(value, "logicalType")));
    type->precision = id_of(value, "precision");
    type->scale = id_of(value, "scale");
    type->utc = yyjson_is_true(yyjson_obj_get(value, "adjust-to-utc"));
    type->has_utc = yyjson_is_bool(yyjson_obj_get(value, "adjust-to-utc"));
}

static hs_rc parse_member(struct parser *p, yyjson_val *value, hs_str space, int depth, struct hs_avro_field *out)
{
    HS_TRY(field_id_of(p, value, "field-id", &out->id));
    out->name = hs_arena_str(p->arena, text_of(yyjson_obj_get(value, "name")));
    if (!out->name.at)
        return hs_no_memory(p->err);
    return parse(p, yyjson_obj_get(value, "type"), space, depth + 1, &out->type);
}

static hs_rc parse_record(struct parser *p, yyjson_val *value, hs_str space, int depth, struct hs_avro_type *type)
{
    yyjson_val *fields = yyjson_obj_get(value, "fields"), *field;
    size_t i, count;
    type->kind = HS_AVRO_RECORD;
    HS_TRY(define(p, value, &space, type));
    if (!yyjson_is_arr(fields))
        return hs_damaged(p->err, "avro record %.*s without fields", HS_FMT(type->name));
    HS_TRY(new_fields(p, type, yyjson_arr_size(fields)));
    yyjson_arr_foreach(fields, i, count, field) HS_TRY(parse_member(p, field, space, depth, &type->fields[i]));
    return HS_OK;
}

static hs_rc parse_fixed(struct parser *p, yyjson_val *value, hs_str space, struct hs_avro_type *type)
{
    yyjson_val *size = yyjson_obj_get(value, "size");
    type->kind = HS_AVRO_FIXED;
    HS_TRY(define(p, value, &space, type));
    if (!yyjson_is_uint(size))
        return hs_damaged(p->err, "avro fixed %.*s without a size", HS_FMT(type->name));
    type->size = yyjson_get_uint(size);
    return HS_OK;
}

static hs_rc parse_symbols(struct parser *p, yyjson_val *symbols, struct hs_avro_type *type)
{
    type->symbol_count = yyjson_arr_size(symbols);
    type->symbols = hs_arena_array(p->arena, type->symbol_count + 1, sizeof *type->symbols);
    if (!type->symbols)
        return hs_no_memory(p->err);
    yyjson_val *symbol;
    size_t i, count;
    yyjson_arr_foreach(symbols, i, count, symbol)
    {
        if (!yyjson_is_str(symbol))
            return hs_damaged(p->err, "avro enum %.*s: a symbol that is no text", HS_FMT(type->name));
        type->symbols[i] = hs_arena_str(p->arena, text_of(symbol));
        if (!type->symbols[i].at)
            return hs_no_memory(p->err);
    }
    return HS_OK;
}

static hs_rc parse_enum(struct parser *p, yyjson_val *value, hs_str space, struct hs_avro_type *type)
{
    type->kind = HS_AVRO_ENUM;
    HS_TRY(define(p, value, &space, type));
    return parse_symbols(p, yyjson_obj_get(value, "symbols"), type);
}

static hs_rc parse_items(struct parser *p, yyjson_val *value, enum hs_avro_kind kind, hs_str space, int depth,
                         struct hs_avro_type *type)
{
    bool is_map = kind == HS_AVRO_MAP;
    type->kind = kind;
    type->key_id = -1;
    if (is_map)
        HS_TRY(field_id_of(p, value, "key-id", &type->key_id));
    HS_TRY(new_fields(p, type, 1));
    HS_TRY(field_id_of(p, value, is_map ? "value-id" : "element-id", &type->fields[0].id));
    return parse(p, yyjson_obj_get(value, is_map ? "values" : "items"), space, depth + 1, &type->fields[0].type);
}

static hs_rc parse_union(struct parser *p, yyjson_val *value, hs_str space, int depth, struct hs_avro_type *type)
{
    yyjson_val *branch;
    size_t i, count;
    type->kind = HS_AVRO_UNION;
    HS_TRY(new_fields(p, type, yyjson_arr_size(value)));
    yyjson_arr_foreach(value, i, count, branch)
    {
        type->fields[i].id = -1;
        HS_TRY(parse(p, branch, space, depth + 1, &type->fields[i].type));
        if (type->fields[i].type->kind == HS_AVRO_UNION)
            return hs_damaged(p->err, "avro union inside a union");
    }
    return HS_OK;
}

static hs_rc parse_name(struct parser *p, hs_str name, hs_str space, struct hs_avro_type **out)
{
    enum hs_avro_kind kind;
    hs_str full;
    if (primitive_of(name, &kind)) {
        HS_TRY(new_type(p, out));
        (*out)->kind = kind;
        return HS_OK;
    }
    HS_TRY(full_name(p, name, space, &full));
    *out = hs_map_get(p->named, full);
    if (!*out)
        *out = hs_map_get(p->named, name);
    return *out ? HS_OK : hs_damaged(p->err, "avro type %.*s is not defined", (int)(name.len & 255), name.at);
}

static hs_rc parse_complex(struct parser *p, yyjson_val *value, hs_str space, int depth, struct hs_avro_type *type)
{
    hs_str kind = text_of(yyjson_obj_get(value, "type"));
    if (hs_str_is(kind, "record"))
        return parse_record(p, value, space, depth, type);
    if (hs_str_is(kind, "fixed"))
        return parse_fixed(p, value, space, type);
    if (hs_str_is(kind, "enum"))
        return parse_enum(p, value, space, type);
    if (hs_str_is(kind, "array"))
        return parse_items(p, value, HS_AVRO_ARRAY, space, depth, type);
    if (hs_str_is(kind, "map"))
        return parse_items(p, value, HS_AVRO_MAP, space, depth, type);
    return hs_damaged(p->err, "avro type without a kind");
}

static hs_rc parse(struct parser *p, yyjson_val *value, hs_str space, int depth, struct hs_avro_type **out)
{
    static const char *const complex[] = {"record", "fixed", "enum", "array", "map"};
    enum hs_avro_kind primitive;
    if (depth > MAX_DEPTH)
        return hs_damaged(p->err, "avro schema nests deeper than %d", MAX_DEPTH);
    if (yyjson_is_str(value))
        return parse_name(p, text_of(value), space, out);
    if (yyjson_is_arr(value)) {
        HS_TRY(new_type(p, out));
        return parse_union(p, value, space, depth, *out);
    }
    yyjson_val *type = yyjson_obj_get(value, "type");
    hs_str kind = text_of(type);
    for (size_t i = 0; i < sizeof complex / sizeof *complex; i++) {
        if (hs_str_is(kind, complex[i])) {
            HS_TRY(new_type(p, out));
            annotate(value, *out);
            return parse_complex(p, value, space, depth, *out);
        }
    }
    if (!type)
        return hs_damaged(p->err, "avro type is neither a name, a list nor an object");
    HS_TRY(parse(p, type, space, depth + 1, out)); /* {"type": "long", "logicalType": ...} */
    if (primitive_of(kind, &primitive))
        annotate(value, *out);
    return HS_OK;
}

hs_rc hs_avro_schema_parse(struct hs_arena *a, hs_str json, struct hs_avro_type **out, struct hs_err *err)
{
    struct parser p = {.arena = a, .err = err, .named = hs_map_new(a)};
    yyjson_read_err why;
    if (!p.named)
        return hs_no_memory(err);
    char *text = (char *)(uintptr_t)json.at; /* not changed: no in-situ flag */
    yyjson_doc *doc = yyjson_read_opts(text, json.len, YYJSON_READ_NOFLAG, &hs_json_alc, &why);
    if (!doc && why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return hs_no_memory(err);
    hs_rc rc = doc ? parse(&p, yyjson_doc_get_root(doc), HS_S(""), 0, out)
                   : hs_damaged(err, "avro schema: byte %zu: %s", why.pos, why.msg);
    yyjson_doc_free(doc);
    return rc;
}
