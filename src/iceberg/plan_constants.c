/* Columns that a data file lacks and whose value its partition states (spec, "Column Projection", rule 1): an identity
 * field, whatever its value, NULL included. What neither partition nor default says is NULL, where that may stand. */
#include "iceberg/plan_in.h"

static const struct hs_partition_field *identity_of(const struct hs_partition_spec *spec, int id, size_t *out_at)
{
    for (size_t i = 0; spec && i < spec->field_count; i++) {
        if (spec->fields[i].transform == HS_TR_IDENTITY && spec->fields[i].source_id == id) {
            *out_at = i;
            return &spec->fields[i];
        }
    }
    return NULL;
}

static const struct hs_field *top_level(const struct hs_type *type, int id)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].id == id)
            return &type->fields[i];
    return NULL;
}

hs_rc hs_constants_find(struct hs_planner *p, const struct hs_projection *projection, int spec_id,
                        struct hs_constants *out, struct hs_err *err)
{
    const struct hs_partition_spec *spec = hs_table_spec(p->pin->table, spec_id);
    size_t most = projection->missing_count;
    *out = (struct hs_constants){.ids = hs_arena_array(p->arena, most + 1, sizeof *out->ids),
                                 .columns = hs_arena_array(p->scratch, most + 1, sizeof *out->columns),
                                 .places = hs_arena_array(p->scratch, most + 1, sizeof *out->places)};
    if (!out->ids || !out->columns || !out->places)
        return hs_no_memory(err);
    for (size_t i = 0; i < most; i++) {
        const struct hs_field *f = projection->missing[i], *column = top_level(p->wanted, f->id);
        size_t place;
        if (identity_of(spec, f->id, &place) && column) {
            out->places[out->count] = place;
            out->columns[out->count] = column;
            out->ids[out->count++] = f->id;
        } else if (identity_of(spec, f->id, &place)) {
            return hs_refused(err, "a data file has a member of a column only as its partition value, not supported",
                              "member %.*s (id %d)", HS_FMT(f->name), f->id);
        } else if (!hs_missing_is_known(f)) {
            return hs_damaged(err, "required column %.*s (id %d) is missing", HS_FMT(f->name), f->id);
        }
    }
    return HS_OK;
}

/* A partition is read by the newest type of its column; a snapshot may know it by an older one, which then holds what
 * was written. What is left to widen is the engine's. */
static void narrow(struct hs_param *v, const struct hs_type *type)
{
    const int64_t day_us = INT64_C(86400000000);
    if (type->id == HS_T_INT && v->type == HS_T_LONG && v->i >= INT32_MIN && v->i <= INT32_MAX)
        v->type = HS_T_INT;
    if (type->id == HS_T_FLOAT && v->type == HS_T_DOUBLE && (v->d != v->d || (double)(float)v->d == v->d))
        v->type = HS_T_FLOAT;
    if (type->id == HS_T_DECIMAL && v->type == HS_T_DECIMAL && type->scale == v->scale)
        v->precision = type->precision;
    if (type->id == HS_T_DATE && v->type == HS_T_TIMESTAMP && v->i % day_us == 0) {
        v->type = HS_T_DATE;
        v->i /= day_us;
    }
}

hs_rc hs_constants_read(struct hs_planner *p, const struct hs_constants *of, const struct hs_planned *file,
                        const struct hs_param **out, struct hs_err *err)
{
    struct hs_param *values = hs_arena_array(p->arena, of->count + 1, sizeof *values);
    if (!values)
        return hs_no_memory(err);
    for (size_t i = 0; i < of->count; i++) {
        const struct hs_field *column = of->columns[i];
        if (of->places[i] >= file->entry->partition_count)
            return hs_damaged(err, "no partition value for column %d", column->id);
        struct hs_param *v = &values[i];
        *v = file->entry->partition[of->places[i]];
        if (v->null && column->required)
            return hs_damaged(err, "the partition value of required column %d is NULL", column->id);
        if (!v->null && v->type == HS_T_UNKNOWN)
            return hs_refused(err, "a data file has a column only as its partition value, in a form that is not known",
                              "column %.*s (id %d)", HS_FMT(column->name), column->id);
        narrow(v, column->type);
        if (v->text.at && !(v->text = hs_arena_str(p->arena, v->text)).at) /* the manifest is let go */
            return hs_no_memory(err);
    }
    *out = values;
    return HS_OK;
}
