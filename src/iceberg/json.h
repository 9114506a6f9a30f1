/* Reading members of a metadata document, with the JSON path of wherever we are for messages. */
#ifndef HS_ICEBERG_JSON_H
#define HS_ICEBERG_JSON_H

#include "base/json_alc.h"
#include "iceberg/damage.h"
#include "iceberg/table.h"

struct hs_json {
    struct hs_arena *arena;
    struct hs_err *err;
    hs_str file;
    char path[256];
    size_t path_len;
};

/* Both give the mark to return to with hs_json_leave. */
size_t hs_json_enter(struct hs_json *j, const char *key);
size_t hs_json_enter_index(struct hs_json *j, size_t index);
void hs_json_leave(struct hs_json *j, size_t mark);
HS_MUST hs_rc hs_json_bad(struct hs_json *j, const char *format, ...) HS_PRINTF(2, 3);

/* A member that is absent or null leaves *out as it is; `need` makes that an error. */
HS_MUST hs_rc hs_json_i64(struct hs_json *j, yyjson_val *object, const char *key, bool need, int64_t *out);
HS_MUST hs_rc hs_json_int(struct hs_json *j, yyjson_val *object, const char *key, bool need, int *out);
HS_MUST hs_rc hs_json_bool(struct hs_json *j, yyjson_val *object, const char *key, bool need, bool *out);
HS_MUST hs_rc hs_json_text(struct hs_json *j, yyjson_val *object, const char *key, bool need, hs_str *out);
/* *out: the array or object, or NULL. */
HS_MUST hs_rc hs_json_array(struct hs_json *j, yyjson_val *object, const char *key, bool need, yyjson_val **out);
HS_MUST hs_rc hs_json_object(struct hs_json *j, yyjson_val *object, const char *key, bool need, yyjson_val **out);
/* `count` zeroed elements; one where count is 0, so that NULL always means no memory. */
HS_MUST hs_rc hs_json_new(struct hs_json *j, size_t count, size_t size, void *out_pointer);

HS_MUST hs_rc hs_schema_parse(struct hs_json *j, yyjson_val *schema, struct hs_type **out);
/* A field's "initial-default" or "write-default"; *out stays as it is where there is none. */
HS_MUST hs_rc hs_default_parse(struct hs_json *j, yyjson_val *field, const char *key, const struct hs_type *type,
                               const struct hs_param **out);
/* "statistics" and "partition-statistics". */
HS_MUST hs_rc hs_statistics_parse(struct hs_json *j, yyjson_val *root, struct hs_iceberg_table *t);
HS_MUST hs_rc hs_name_mapping_parse(struct hs_json *j, hs_str text, struct hs_name_mapping *out);

#endif
