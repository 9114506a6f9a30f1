/* Which statistics files a table has (spec: "Table Statistics", "Partition Statistics"). They are informational:
 * nothing that is answered depends on them, so what they say of themselves is kept and the files are left alone. */
#include "iceberg/json.h"

static hs_rc parse_fields(struct hs_json *j, yyjson_val *value, struct hs_blob *out)
{
    yyjson_val *list, *field;
    size_t i, count;
    HS_TRY(hs_json_array(j, value, "fields", true, &list));
    HS_TRY(hs_json_new(j, yyjson_arr_size(list), sizeof *out->fields, &out->fields));
    yyjson_arr_foreach(list, i, count, field)
    {
        if (!yyjson_is_int(field) || yyjson_get_sint(field) < INT32_MIN || yyjson_get_sint(field) > INT32_MAX)
            return hs_json_bad(j, "\"fields\" holds something that is no field id");
        out->fields[out->field_count++] = yyjson_get_int(field);
    }
    return HS_OK;
}

/* Puffin's property "ndv" is text, as all properties are. */
static hs_rc parse_blob(struct hs_json *j, yyjson_val *value, struct hs_blob *out)
{
    yyjson_val *properties;
    hs_str distinct = HS_S("");
    if (!yyjson_is_obj(value))
        return hs_json_bad(j, "not an object");
    out->distinct = -1;
    HS_TRY(hs_json_text(j, value, "type", true, &out->type));
    HS_TRY(parse_fields(j, value, out));
    HS_TRY(hs_json_object(j, value, "properties", false, &properties));
    if (properties)
        HS_TRY(hs_json_text(j, properties, "ndv", false, &distinct));
    int64_t count;
    if (hs_str_to_i64(distinct, &count) && count >= 0)
        out->distinct = count;
    return HS_OK;
}

static hs_rc parse_blobs(struct hs_json *j, yyjson_val *value, struct hs_statistics *out)
{
    yyjson_val *list, *blob;
    size_t i, count;
    HS_TRY(hs_json_array(j, value, "blob-metadata", false, &list));
    HS_TRY(hs_json_new(j, list ? yyjson_arr_size(list) : 0, sizeof *out->blobs, &out->blobs));
    size_t outer = hs_json_enter(j, "blob-metadata");
    if (list)
        yyjson_arr_foreach(list, i, count, blob)
        {
            size_t mark = hs_json_enter_index(j, i);
            HS_TRY(parse_blob(j, blob, &out->blobs[out->blob_count++]));
            hs_json_leave(j, mark);
        }
    hs_json_leave(j, outer);
    return HS_OK;
}

static hs_rc parse_file(struct hs_json *j, yyjson_val *value, struct hs_statistics *out)
{
    if (!yyjson_is_obj(value))
        return hs_json_bad(j, "not an object");
    out->size_bytes = -1;
    HS_TRY(hs_json_i64(j, value, "snapshot-id", true, &out->snapshot_id));
    HS_TRY(hs_json_text(j, value, "statistics-path", true, &out->path));
    HS_TRY(hs_json_i64(j, value, "file-size-in-bytes", false, &out->size_bytes));
    return out->of_partitions ? HS_OK : parse_blobs(j, value, out);
}

static hs_rc parse_list(struct hs_json *j, yyjson_val *list, const char *name, bool of_partitions,
                        struct hs_iceberg_table *t)
{
    yyjson_val *value;
    size_t i, count, outer = hs_json_enter(j, name);
    if (list)
        yyjson_arr_foreach(list, i, count, value)
        {
            size_t mark = hs_json_enter_index(j, i);
            struct hs_statistics *file = &t->statistics[t->statistics_count++];
            file->of_partitions = of_partitions;
            HS_TRY(parse_file(j, value, file));
            hs_json_leave(j, mark);
        }
    hs_json_leave(j, outer);
    return HS_OK;
}

hs_rc hs_statistics_parse(struct hs_json *j, yyjson_val *root, struct hs_iceberg_table *t)
{
    yyjson_val *tables, *partitions;
    HS_TRY(hs_json_array(j, root, "statistics", false, &tables));
    HS_TRY(hs_json_array(j, root, "partition-statistics", false, &partitions));
    size_t most = (tables ? yyjson_arr_size(tables) : 0) + (partitions ? yyjson_arr_size(partitions) : 0);
    HS_TRY(hs_json_new(j, most, sizeof *t->statistics, &t->statistics));
    HS_TRY(parse_list(j, tables, "statistics", false, t));
    return parse_list(j, partitions, "partition-statistics", true, t);
}
