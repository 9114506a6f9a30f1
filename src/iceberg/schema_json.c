/* Schemas as JSON (spec, Appendix C "Schemas" and "Data Types"), and the name mapping beside them. */
#include "iceberg/json.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_DEPTH = 64, MAX_FIELDS = 100 * 1000 };

struct ids {
    HS_VEC(int) seen;
};

static hs_rc parse_type(struct hs_json *j, yyjson_val *value, int depth, struct ids *ids, struct hs_type **out);

static hs_rc take_id(struct hs_json *j, struct ids *ids, int id)
{
    if (ids->seen.len >= MAX_FIELDS)
        return hs_json_bad(j, "more than %d fields", MAX_FIELDS);
    int *at = hs_vec_add(j->arena, &ids->seen);
    if (!at)
        return hs_no_memory(j->err);
    *at = id;
    return HS_OK;
}

static int by_number(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Spec: "field IDs ... unique in the table schema". Everything after matches by id, so a double one is no schema. */
static hs_rc check_ids(struct hs_json *j, struct ids *ids)
{
    if (ids->seen.len)
        qsort(ids->seen.at, ids->seen.len, sizeof *ids->seen.at, by_number);
    for (size_t i = 1; i < ids->seen.len; i++)
        if (ids->seen.at[i] == ids->seen.at[i - 1])
            return hs_json_bad(j, "field id %d stands twice", ids->seen.at[i]);
    return HS_OK;
}

static const struct {
    const char *name;
    enum hs_type_id id;
} primitives[] = {
    {"boolean", HS_T_BOOLEAN},
    {"int", HS_T_INT},
    {"long", HS_T_LONG},
    {"float", HS_T_FLOAT},
    {"double", HS_T_DOUBLE},
    {"date", HS_T_DATE},
    {"time", HS_T_TIME},
    {"timestamp", HS_T_TIMESTAMP},
    {"timestamptz", HS_T_TIMESTAMPTZ},
    {"timestamp_ns", HS_T_TIMESTAMP_NS},
    {"string", HS_T_STRING},
    {"timestamptz_ns", HS_T_TIMESTAMPTZ_NS},
    {"uuid", HS_T_UUID},
    {"binary", HS_T_BINARY},
    {"unknown", HS_T_UNKNOWN},
    {"variant", HS_T_VARIANT},
    {"geometry", HS_T_GEOMETRY},
    {"geography", HS_T_GEOGRAPHY},
};

/* The text between an opening "name" + open and the closing bracket; false when it is not of that form. */
static bool bracketed(hs_str text, const char *name, char open, char close, hs_str *out)
{
    hs_str prefix = hs_str_of(name);
    if (!hs_str_starts(text, prefix) || text.len < prefix.len + 2 || text.at[prefix.len] != open ||
        text.at[text.len - 1] != close)
        return false;
    *out = (hs_str){text.at + prefix.len + 1, text.len - prefix.len - 2};
    return true;
}

static bool decimal_of(hs_str inside, struct hs_type *type)
{
    int64_t precision, scale;
    hs_str first = hs_str_cut(&inside, ',');
    if (!hs_str_to_i64(hs_str_trim(first), &precision) || !inside.at || !hs_str_to_i64(hs_str_trim(inside), &scale))
        return false;
    type->id = HS_T_DECIMAL;
    type->precision = (int)precision;
    type->scale = (int)scale;
    return precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision;
}

static bool fixed_of(hs_str inside, struct hs_type *type)
{
    int64_t length;
    if (!hs_str_to_i64(hs_str_trim(inside), &length) || length < 0 || length > (1 << 28))
        return false;
    type->id = HS_T_FIXED;
    type->length = (int)length;
    return true;
}

static bool primitive_of(hs_str text, struct hs_type *type)
{
    hs_str inside;
    for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++) {
        if (hs_str_is(text, primitives[i].name)) {
            type->id = primitives[i].id;
            return true;
        }
    }
    if (bracketed(text, "decimal", '(', ')', &inside))
        return decimal_of(inside, type);
    if (bracketed(text, "fixed", '[', ']', &inside))
        return fixed_of(inside, type);
    if (bracketed(text, "geometry", '(', ')', &inside))
        type->id = HS_T_GEOMETRY;
    else if (bracketed(text, "geography", '(', ')', &inside))
        type->id = HS_T_GEOGRAPHY;
    else
        return false;
    return true;
}

static hs_rc parse_field(struct hs_json *j, yyjson_val *value, int depth, struct ids *ids, struct hs_field *out)
{
    if (!yyjson_is_obj(value))
        return hs_json_bad(j, "a field is not an object");
    out->doc = HS_S("");
    HS_TRY(hs_json_int(j, value, "id", true, &out->id));
    HS_TRY(hs_json_text(j, value, "name", true, &out->name));
    HS_TRY(hs_json_text(j, value, "doc", false, &out->doc));
    HS_TRY(hs_json_bool(j, value, "required", false, &out->required));
    HS_TRY(take_id(j, ids, out->id));
    size_t mark = hs_json_enter(j, "type");
    HS_TRY(parse_type(j, yyjson_obj_get(value, "type"), depth + 1, ids, &out->type));
    hs_json_leave(j, mark);
    HS_TRY(hs_default_parse(j, value, "initial-default", out->type, &out->initial_default));
    return hs_default_parse(j, value, "write-default", out->type, &out->write_default);
}

static hs_rc check_names(struct hs_json *j, const struct hs_type *type)
{
    struct hs_map *names = hs_map_new(j->arena);
    if (!names)
        return hs_no_memory(j->err);
    for (size_t i = 0; i < type->field_count; i++) {
        if (hs_map_get(names, type->fields[i].name))
            return hs_json_bad(j, "field name %.*s stands twice", HS_FMT(type->fields[i].name));
        HS_TRY(hs_map_put(names, type->fields[i].name, &type->fields[i], j->err));
    }
    return HS_OK;
}

static hs_rc parse_struct(struct hs_json *j, yyjson_val *value, int depth, struct ids *ids, struct hs_type *type)
{
    yyjson_val *fields, *field;
    size_t i, count;
    HS_TRY(hs_json_array(j, value, "fields", true, &fields));
    type->id = HS_T_STRUCT;
    HS_TRY(hs_json_new(j, yyjson_arr_size(fields), sizeof *type->fields, &type->fields));
    type->field_count = yyjson_arr_size(fields);
    size_t mark = hs_json_enter(j, "fields");
    yyjson_arr_foreach(fields, i, count, field)
    {
        size_t inner = hs_json_enter_index(j, i);
        HS_TRY(parse_field(j, field, depth, ids, &type->fields[i]));
        hs_json_leave(j, inner);
    }
    hs_json_leave(j, mark);
    return check_names(j, type);
}

/* An element, key or value: `name` is also the stem of its members "NAME-id" and "NAME-required". */
static hs_rc parse_part(struct hs_json *j, yyjson_val *value, const char *name, int depth, struct ids *ids,
                        struct hs_field *out)
{
    char key[32];
    snprintf(key, sizeof key, "%s-id", name);
    HS_TRY(hs_json_int(j, value, key, true, &out->id));
    snprintf(key, sizeof key, "%s-required", name);
    HS_TRY(hs_json_bool(j, value, key, false, &out->required));
    out->name = hs_str_of(name);
    out->doc = HS_S("");
    HS_TRY(take_id(j, ids, out->id));
    size_t mark = hs_json_enter(j, name);
    HS_TRY(parse_type(j, yyjson_obj_get(value, name), depth + 1, ids, &out->type));
    hs_json_leave(j, mark);
    return HS_OK;
}

static hs_rc parse_nested(struct hs_json *j, yyjson_val *value, int depth, struct ids *ids, struct hs_type *type)
{
    hs_str kind = HS_S("");
    HS_TRY(hs_json_text(j, value, "type", true, &kind));
    if (hs_str_is(kind, "struct"))
        return parse_struct(j, value, depth, ids, type);
    bool list = hs_str_is(kind, "list");
    if (!list && !hs_str_is(kind, "map"))
        return hs_json_bad(j, "unknown type %.*s", HS_FMT(kind));
    type->id = list ? HS_T_LIST : HS_T_MAP;
    HS_TRY(hs_json_new(j, 2, sizeof *type->fields, &type->fields));
    type->field_count = list ? 1 : 2;
    if (list)
        return parse_part(j, value, "element", depth, ids, &type->fields[0]);
    HS_TRY(parse_part(j, value, "key", depth, ids, &type->fields[0]));
    type->fields[0].required = true;
    return parse_part(j, value, "value", depth, ids, &type->fields[1]);
}

static hs_rc parse_type(struct hs_json *j, yyjson_val *value, int depth, struct ids *ids, struct hs_type **out)
{
    if (depth > MAX_DEPTH)
        return hs_json_bad(j, "types nest deeper than %d", MAX_DEPTH);
    struct hs_type *type;
    HS_TRY(hs_json_new(j, 1, sizeof *type, &type));
    if (yyjson_is_str(value)) {
        hs_str text = hs_str_n(yyjson_get_str(value), yyjson_get_len(value));
        if (!primitive_of(text, type))
            return hs_json_bad(j, "unknown type %.*s", (int)(text.len < 80 ? text.len : 80), text.at);
    } else if (yyjson_is_obj(value)) {
        HS_TRY(parse_nested(j, value, depth, ids, type));
    } else {
        return hs_json_bad(j, "no type");
    }
    *out = type;
    return HS_OK;
}

hs_rc hs_schema_parse(struct hs_json *j, yyjson_val *schema, struct hs_type **out)
{
    struct ids ids = {0};
    struct hs_type *type;
    if (!yyjson_is_obj(schema))
        return hs_json_bad(j, "a schema is not an object");
    HS_TRY(hs_json_new(j, 1, sizeof *type, &type));
    HS_TRY(parse_struct(j, schema, 0, &ids, type)); /* some writers leave out "type": "struct" at the top */
    HS_TRY(check_ids(j, &ids));
    *out = type;
    return HS_OK;
}

static hs_rc parse_mapped(struct hs_json *j, yyjson_val *list, int depth, struct hs_name_mapping *out);

static hs_rc parse_mapped_field(struct hs_json *j, yyjson_val *value, int depth, struct hs_name_mapping *out)
{
    yyjson_val *names, *fields, *name;
    size_t i, count;
    out->field_id = -1;
    if (!yyjson_is_obj(value))
        return hs_json_bad(j, "a mapped field is not an object");
    HS_TRY(hs_json_int(j, value, "field-id", false, &out->field_id));
    HS_TRY(hs_json_array(j, value, "names", true, &names));
    HS_TRY(hs_json_new(j, yyjson_arr_size(names), sizeof *out->names, &out->names));
    yyjson_arr_foreach(names, i, count, name)
    {
        if (!yyjson_is_str(name))
            return hs_json_bad(j, "a name is not text");
        out->names[i] = hs_arena_str(j->arena, hs_str_n(yyjson_get_str(name), yyjson_get_len(name)));
        if (!out->names[i].at)
            return hs_no_memory(j->err);
    }
    out->name_count = yyjson_arr_size(names);
    HS_TRY(hs_json_array(j, value, "fields", false, &fields));
    return fields ? parse_mapped(j, fields, depth + 1, out) : HS_OK;
}

static hs_rc parse_mapped(struct hs_json *j, yyjson_val *list, int depth, struct hs_name_mapping *out)
{
    yyjson_val *value;
    size_t i, count;
    if (depth > MAX_DEPTH)
        return hs_json_bad(j, "name mapping nests deeper than %d", MAX_DEPTH);
    HS_TRY(hs_json_new(j, yyjson_arr_size(list), sizeof *out->fields, &out->fields));
    out->field_count = yyjson_arr_size(list);
    yyjson_arr_foreach(list, i, count, value)
    {
        size_t mark = hs_json_enter_index(j, i);
        HS_TRY(parse_mapped_field(j, value, depth, &out->fields[i]));
        hs_json_leave(j, mark);
    }
    return HS_OK;
}

hs_rc hs_name_mapping_parse(struct hs_json *j, hs_str text, struct hs_name_mapping *out)
{
    size_t mark = hs_json_enter(j, "schema.name-mapping.default");
    yyjson_read_err why;
    char *copy = (char *)(uintptr_t)text.at; /* not changed: no in-situ flag */
    yyjson_doc *doc = yyjson_read_opts(copy, text.len, YYJSON_READ_NOFLAG, &hs_json_alc, &why);
    if (!doc && why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return hs_no_memory(j->err);
    hs_rc rc;
    if (!doc || !yyjson_is_arr(yyjson_doc_get_root(doc)))
        rc = hs_json_bad(j, "not a JSON list");
    else
        rc = parse_mapped(j, yyjson_doc_get_root(doc), 0, out);
    out->field_id = -1;
    yyjson_doc_free(doc);
    hs_json_leave(j, mark);
    return rc;
}
