/* The partition tuple of an entry, typed (spec: "Manifests", field 102; Appendix A for Avro's forms). What the metadata
 * promises and what writers write differ now and then, so a value of another form is kept as it is, typed unknown: it
 * can be told from others, and nothing is concluded from it. */
#include "iceberg/manifest_in.h"
#include "iceberg/transform.h"
#include "iceberg/value.h"

hs_rc hs_partition_shape_make(struct hs_arena *a, const struct hs_iceberg_table *table, int spec_id,
                              struct hs_partition_shape *out, struct hs_err *err)
{
    const struct hs_partition_spec *spec = hs_table_spec(table, spec_id);
    *out = (struct hs_partition_shape){0};
    if (!spec)
        return HS_OK; /* whoever looks at a live entry says so */
    struct hs_type *types = hs_arena_array(a, spec->field_count, sizeof *types);
    if (!types)
        return hs_no_memory(err);
    for (size_t i = 0; i < spec->field_count; i++) {
        const struct hs_field *source = hs_table_newest_field(table, spec->fields[i].source_id);
        types[i] = hs_transform_result(&spec->fields[i], source ? source->type : NULL);
    }
    *out = (struct hs_partition_shape){spec->fields, types, spec->field_count};
    return HS_OK;
}

void hs_buf_add_shape(struct hs_buf *b, const struct hs_partition_shape *shape)
{
    for (size_t i = 0; i < shape->count; i++) {
        hs_buf_addf(b, "%d:%d:", shape->fields[i].field_id, (int)shape->fields[i].transform);
        hs_buf_add_type(b, &shape->types[i]);
        hs_buf_addc(b, ',');
    }
}

/* ---- values ---- */

static bool whole(const struct hs_avro_value *v, int64_t least, int64_t most, struct hs_param *out)
{
    out->i = v->i;
    return (v->kind == HS_AVRO_INT || v->kind == HS_AVRO_LONG) && v->i >= least && v->i <= most;
}

/* A date that became a timestamp (spec: "Schema Evolution", type promotion) still stands there as days. */
static bool instant(const struct hs_avro_value *v, int64_t units_a_day, struct hs_param *out)
{
    if (v->kind == HS_AVRO_INT)
        return !__builtin_mul_overflow(v->i, units_a_day, &out->i);
    return whole(v, INT64_MIN, INT64_MAX, out);
}

static bool plain_bytes(const struct hs_avro_value *v)
{
    return v->kind == HS_AVRO_BYTES || v->kind == HS_AVRO_FIXED || v->kind == HS_AVRO_STRING;
}

static bool typed(struct hs_arena *a, const struct hs_avro_value *v, const struct hs_type *type, struct hs_param *out)
{
    __int128 unscaled;
    uint8_t uuid[16];
    switch ((int)type->id) { /* what is not named here is of no partition */
    case HS_T_BOOLEAN:
        out->i = v->i;
        return v->kind == HS_AVRO_BOOLEAN;
    case HS_T_INT:
    case HS_T_DATE:
        return whole(v, INT32_MIN, INT32_MAX, out);
    case HS_T_LONG:
    case HS_T_TIME:
        return whole(v, INT64_MIN, INT64_MAX, out);
    case HS_T_TIMESTAMP:
    case HS_T_TIMESTAMPTZ:
        return instant(v, 86400 * 1000000LL, out);
    case HS_T_TIMESTAMP_NS:
    case HS_T_TIMESTAMPTZ_NS:
        return instant(v, 86400 * 1000000000LL, out);
    case HS_T_FLOAT:
        out->d = v->f;
        return v->kind == HS_AVRO_FLOAT;
    case HS_T_DOUBLE:
        out->d = v->f;
        return v->kind == HS_AVRO_FLOAT || v->kind == HS_AVRO_DOUBLE;
    case HS_T_DECIMAL:
        out->precision = type->precision;
        out->scale = type->scale;
        if (!plain_bytes(v) || v->kind == HS_AVRO_STRING || !hs_decimal_of_bytes(v->s, &unscaled))
            return false;
        out->text = hs_decimal_text(a, unscaled, type->scale);
        return true;
    case HS_T_STRING:
        out->text = hs_arena_str(a, v->s);
        return v->kind == HS_AVRO_STRING || v->kind == HS_AVRO_BYTES;
    case HS_T_UUID: /* Avro's own uuid is 36 characters of text */
        if (v->kind == HS_AVRO_STRING && !hs_uuid_of_text(v->s, uuid))
            return false;
        out->text = hs_arena_str(a, v->kind == HS_AVRO_STRING ? hs_str_n(uuid, sizeof uuid) : v->s);
        return plain_bytes(v) && (v->kind == HS_AVRO_STRING || v->s.len == sizeof uuid);
    case HS_T_FIXED:
        out->text = hs_arena_str(a, v->s);
        return (v->kind == HS_AVRO_FIXED || v->kind == HS_AVRO_BYTES) && v->s.len == (size_t)type->length;
    case HS_T_BINARY:
        out->text = hs_arena_str(a, v->s);
        return v->kind == HS_AVRO_FIXED || v->kind == HS_AVRO_BYTES;
    default:
        return false;
    }
}

/* As it stands: .i, .d and .text by the form it has, nested ones as nothing. */
static void raw(struct hs_arena *a, const struct hs_avro_value *v, struct hs_param *out)
{
    *out = (struct hs_param){.type = HS_T_UNKNOWN, .i = v->i, .d = v->f};
    out->text = hs_arena_str(a, plain_bytes(v) ? v->s : HS_S(""));
}

static hs_rc read_value(struct hs_arena *a, const struct hs_avro_value *v, const struct hs_type *type,
                        struct hs_param *out, struct hs_err *err)
{
    *out = (struct hs_param){.type = type->id, .null = !v, .precision = type->precision, .scale = type->scale};
    if (!v)
        return HS_OK;
    out->text = HS_S("");
    if (!typed(a, v, type, out))
        raw(a, v, out);
    return out->text.at ? HS_OK : hs_no_memory(err);
}

hs_rc hs_partition_read(struct hs_arena *a, const struct hs_partition_shape *shape, const struct hs_avro_value *record,
                        struct hs_param **out, struct hs_err *err)
{
    struct hs_param *values = hs_arena_array(a, shape->count, sizeof *values);
    if (!values)
        return hs_no_memory(err);
    for (size_t i = 0; i < shape->count; i++) {
        const struct hs_partition_field *f = &shape->fields[i];
        const struct hs_avro_value *v = f->transform == HS_TR_VOID ? NULL : hs_avro_member(record, f->field_id);
        HS_TRY(read_value(a, v, &shape->types[i], &values[i], err));
    }
    *out = values;
    return HS_OK;
}
