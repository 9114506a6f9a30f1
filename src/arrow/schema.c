/* The type tree as an Arrow schema (C data interface). Uuid is fixed_size_binary(16) under the canonical extension
 * arrow.uuid (https://arrow.apache.org/docs/format/CanonicalExtensions.html#uuid): readers that know it show uuids, all
 * others show 16 bytes. */
#include "arrow/batch.h"

#include <errno.h>
#include <nanoarrow/nanoarrow.h>
#include <stdio.h>

#include "arrow/layout.h"
#include "base/alloc.h"

static const struct {
    enum ArrowType arrow;
    enum ArrowTimeUnit unit; /* for those with a time unit */
    const char *zone;
} ARROW[HS_T_COUNT_] = {
    [HS_T_BOOLEAN] = {.arrow = NANOARROW_TYPE_BOOL},
    [HS_T_INT] = {.arrow = NANOARROW_TYPE_INT32},
    [HS_T_LONG] = {.arrow = NANOARROW_TYPE_INT64},
    [HS_T_FLOAT] = {.arrow = NANOARROW_TYPE_FLOAT},
    [HS_T_DOUBLE] = {.arrow = NANOARROW_TYPE_DOUBLE},
    [HS_T_DECIMAL] = {.arrow = NANOARROW_TYPE_DECIMAL128},
    [HS_T_DATE] = {.arrow = NANOARROW_TYPE_DATE32},
    [HS_T_TIME] = {.arrow = NANOARROW_TYPE_TIME64, .unit = NANOARROW_TIME_UNIT_MICRO},
    [HS_T_TIMESTAMP] = {.arrow = NANOARROW_TYPE_TIMESTAMP, .unit = NANOARROW_TIME_UNIT_MICRO},
    [HS_T_TIMESTAMPTZ] = {.arrow = NANOARROW_TYPE_TIMESTAMP, .unit = NANOARROW_TIME_UNIT_MICRO, .zone = "UTC"},
    [HS_T_TIMESTAMP_NS] = {.arrow = NANOARROW_TYPE_TIMESTAMP, .unit = NANOARROW_TIME_UNIT_NANO},
    [HS_T_TIMESTAMPTZ_NS] = {.arrow = NANOARROW_TYPE_TIMESTAMP, .unit = NANOARROW_TIME_UNIT_NANO, .zone = "UTC"},
    [HS_T_STRING] = {.arrow = NANOARROW_TYPE_STRING},
    [HS_T_UUID] = {.arrow = NANOARROW_TYPE_FIXED_SIZE_BINARY},
    [HS_T_FIXED] = {.arrow = NANOARROW_TYPE_FIXED_SIZE_BINARY},
    [HS_T_BINARY] = {.arrow = NANOARROW_TYPE_BINARY},
    [HS_T_STRUCT] = {.arrow = NANOARROW_TYPE_STRUCT},
    [HS_T_LIST] = {.arrow = NANOARROW_TYPE_LIST},
    [HS_T_MAP] = {.arrow = NANOARROW_TYPE_MAP},
    [HS_T_UNKNOWN] = {.arrow = NANOARROW_TYPE_NA},
    [HS_T_GEOMETRY] = {.arrow = NANOARROW_TYPE_BINARY}, /* WKB */
    [HS_T_GEOGRAPHY] = {.arrow = NANOARROW_TYPE_BINARY},
    [HS_T_INT8] = {.arrow = NANOARROW_TYPE_INT8},
    [HS_T_INT16] = {.arrow = NANOARROW_TYPE_INT16},
    [HS_T_UINT8] = {.arrow = NANOARROW_TYPE_UINT8},
    [HS_T_UINT16] = {.arrow = NANOARROW_TYPE_UINT16},
    [HS_T_UINT32] = {.arrow = NANOARROW_TYPE_UINT32},
    [HS_T_UINT64] = {.arrow = NANOARROW_TYPE_UINT64},
    [HS_T_INTERVAL] = {.arrow = NANOARROW_TYPE_INTERVAL_MONTH_DAY_NANO},
};

static hs_rc failed(int code, const char *what, struct hs_err *err)
{
    return hs_fail_hidden(err, code == ENOMEM ? HS_NOMEM : HS_INTERNAL, "%s: nanoarrow says %d", what, code);
}

#define ARROW_TRY(call)                             \
    do {                                            \
        int arrow_code_ = (call);                   \
        if (arrow_code_ != NANOARROW_OK)            \
            return failed(arrow_code_, #call, err); \
    } while (0)

static hs_rc set_name(struct ArrowSchema *s, hs_str name, struct hs_err *err)
{
    char *text = hs_strndup(name.at ? name.at : "", name.len);
    int code = text ? ArrowSchemaSetName(s, text) : ENOMEM;
    hs_free(text);
    return code == NANOARROW_OK ? HS_OK : failed(code, "name", err);
}

static int add_pair(struct ArrowBuffer *b, const char *key, const char *value)
{
    return ArrowMetadataBuilderAppend(b, ArrowCharView(key), ArrowCharView(value));
}

static int fill_metadata(struct ArrowBuffer *b, const struct hs_field *f, bool with_ids)
{
    char id[16];
    int code = ArrowMetadataBuilderInit(b, NULL);
    if (code == NANOARROW_OK && f->type->id == HS_T_UUID) {
        code = add_pair(b, "ARROW:extension:name", "arrow.uuid");
        if (code == NANOARROW_OK)
            code = add_pair(b, "ARROW:extension:metadata", "");
    }
    if (code == NANOARROW_OK && with_ids && f->id >= 0) {
        snprintf(id, sizeof id, "%d", f->id);
        code = add_pair(b, "PARQUET:field_id", id);
    }
    return code;
}

static hs_rc set_metadata(struct ArrowSchema *s, const struct hs_field *f, bool with_ids, struct hs_err *err)
{
    if (f->type->id != HS_T_UUID && !(with_ids && f->id >= 0))
        return HS_OK;
    struct ArrowBuffer b;
    int code = fill_metadata(&b, f, with_ids);
    if (code == NANOARROW_OK)
        code = ArrowSchemaSetMetadata(s, (const char *)b.data);
    ArrowBufferReset(&b);
    return code == NANOARROW_OK ? HS_OK : failed(code, "metadata", err);
}

static hs_rc fill_field(const struct hs_field *f, bool with_ids, struct ArrowSchema *s, struct hs_err *err);

static hs_rc fill_children(const struct hs_type *type, bool with_ids, struct ArrowSchema *s, struct hs_err *err)
{
    for (size_t i = 0; i < type->field_count; i++)
        HS_TRY(fill_field(&type->fields[i], with_ids, s->children[i], err));
    return HS_OK;
}

static hs_rc fill_map(const struct hs_type *type, bool with_ids, struct ArrowSchema *s, struct hs_err *err)
{
    struct hs_field key = type->fields[0], value = type->fields[1];
    key.name = HS_S("key");
    key.required = true;
    value.name = HS_S("value");
    ARROW_TRY(ArrowSchemaSetType(s, NANOARROW_TYPE_MAP)); /* makes entries with two empty children */
    HS_TRY(fill_field(&key, with_ids, s->children[0]->children[0], err));
    return fill_field(&value, with_ids, s->children[0]->children[1], err);
}

static hs_rc fill_list(const struct hs_type *type, bool with_ids, struct ArrowSchema *s, struct hs_err *err)
{
    struct hs_field element = type->fields[0];
    element.name = HS_S("element"); /* the Iceberg and Parquet word */
    ARROW_TRY(ArrowSchemaSetType(s, NANOARROW_TYPE_LIST));
    return fill_field(&element, with_ids, s->children[0], err);
}

static hs_rc fill_nested(const struct hs_type *type, bool with_ids, struct ArrowSchema *s, struct hs_err *err)
{
    size_t want = type->id == HS_T_LIST ? 1 : type->id == HS_T_MAP ? 2 : type->field_count;
    if (type->field_count != want)
        return hs_fail_hidden(err, HS_INTERNAL, "%s with %zu members", hs_type_name(type->id), type->field_count);
    if (type->id == HS_T_MAP)
        return fill_map(type, with_ids, s, err);
    if (type->id == HS_T_LIST)
        return fill_list(type, with_ids, s, err);
    ARROW_TRY(ArrowSchemaSetTypeStruct(s, (int64_t)type->field_count));
    return fill_children(type, with_ids, s, err);
}

/* As results hold it: the two parts of Parquet's encoding. */
static hs_rc fill_variant(struct ArrowSchema *s, struct hs_err *err)
{
    struct hs_type bytes = {.id = HS_T_BINARY};
    struct hs_field parts[] = {{.id = -1, .name = HS_S("metadata"), .type = &bytes},
                               {.id = -1, .name = HS_S("value"), .type = &bytes}};
    struct hs_type type = {.id = HS_T_STRUCT, .fields = parts, .field_count = 2};
    ARROW_TRY(ArrowSchemaSetTypeStruct(s, 2));
    return fill_children(&type, false, s, err);
}

/* Signed indices, because clients that dislike unsigned ones are many. */
static hs_rc fill_dictionary(const struct hs_type *type, struct ArrowSchema *s, struct hs_err *err)
{
    ARROW_TRY(ArrowSchemaSetType(s, type->index_bits == 8 ? NANOARROW_TYPE_INT8 : NANOARROW_TYPE_INT16));
    ARROW_TRY(ArrowSchemaAllocateDictionary(s));
    ArrowSchemaInit(s->dictionary);
    ARROW_TRY(ArrowSchemaSetType(s->dictionary, ARROW[type->id].arrow));
    return HS_OK;
}

static enum ArrowType arrow_type(const struct hs_type *type)
{
    if (type->narrow)
        return type->narrow == 32 ? NANOARROW_TYPE_DECIMAL32 : NANOARROW_TYPE_DECIMAL64;
    if (type->view)
        return type->id == HS_T_STRING ? NANOARROW_TYPE_STRING_VIEW : NANOARROW_TYPE_BINARY_VIEW;
    return ARROW[type->id].arrow;
}

static hs_rc fill_type(const struct hs_type *type, bool with_ids, struct ArrowSchema *s, struct hs_err *err)
{
    if (type->id == HS_T_VARIANT)
        return fill_variant(s, err);
    if (type->index_bits)
        return fill_dictionary(type, s, err);
    if (hs_layout_of(type).kind == HS_LAYOUT_ABSENT)
        return hs_fail(err, HS_UNSUPPORTED, "type %s has no Arrow form here yet", hs_type_name(type->id));
    enum ArrowType arrow = arrow_type(type);
    if (hs_type_is_nested(type->id))
        return fill_nested(type, with_ids, s, err);
    if (type->id == HS_T_DECIMAL)
        ARROW_TRY(ArrowSchemaSetTypeDecimal(s, arrow, type->precision, type->scale));
    else if (type->id == HS_T_UUID || type->id == HS_T_FIXED)
        ARROW_TRY(ArrowSchemaSetTypeFixedSize(s, arrow, type->id == HS_T_UUID ? 16 : type->length));
    else if (arrow == NANOARROW_TYPE_TIMESTAMP || arrow == NANOARROW_TYPE_TIME64)
        ARROW_TRY(ArrowSchemaSetTypeDateTime(s, arrow, ARROW[type->id].unit, ARROW[type->id].zone));
    else
        ARROW_TRY(ArrowSchemaSetType(s, arrow));
    return HS_OK;
}

/* s has been initialised by whoever made room for it; what fails half-way is released with the root. */
static hs_rc fill_field(const struct hs_field *f, bool with_ids, struct ArrowSchema *s, struct hs_err *err)
{
    HS_TRY(fill_type(f->type, with_ids, s, err));
    HS_TRY(set_name(s, f->name, err));
    HS_TRY(set_metadata(s, f, with_ids, err));
    s->flags = (s->flags & ~ARROW_FLAG_NULLABLE) | (f->required ? 0 : ARROW_FLAG_NULLABLE);
    return HS_OK;
}

hs_rc hs_type_to_arrow(const struct hs_type *schema, bool with_ids, struct ArrowSchema *out, struct hs_err *err)
{
    struct ArrowSchema s;
    ArrowSchemaInit(&s);
    struct hs_field root = {.id = -1, .required = true, .type = (struct hs_type *)schema};
    hs_rc rc = schema->id == HS_T_STRUCT ? fill_field(&root, with_ids, &s, err)
                                         : hs_fail_hidden(err, HS_INTERNAL, "a schema that is no struct");
    if (rc != HS_OK) {
        ArrowSchemaRelease(&s);
        return rc;
    }
    ArrowSchemaMove(&s, out);
    return HS_OK;
}
