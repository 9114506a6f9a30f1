/* What a test of a column says about its transformed values (spec: "Scan Planning", inclusive projection). All
 * transforms but bucket keep order, some rows that differ become equal, and null stays null and nothing else becomes
 * null: so a test that says nothing more still says that the value is there. */
#include "iceberg/damage.h"
#include "iceberg/transform.h"

static bool is_time(const struct hs_partition_field *f)
{
    return f->transform == HS_TR_YEAR || f->transform == HS_TR_MONTH || f->transform == HS_TR_DAY ||
           f->transform == HS_TR_HOUR;
}

/* Early writers rounded times before 1970 up, not down: such values may stand one higher in their files. */
static bool may_stand_higher(const struct hs_partition_field *f, const struct hs_comparable *t)
{
    return is_time(f) && t->i < 0;
}

/* The nearest value on the other side, where there is one: x < 10 is x <= 9 among whole numbers. */
static bool step(struct hs_comparable *v, int by)
{
    if (v->kind == HS_C_WHOLE)
        return !__builtin_add_overflow(v->i, (int64_t)by, &v->i);
    if (v->kind == HS_C_DECIMAL)
        return !__builtin_add_overflow(v->decimal, (__int128)by, &v->decimal);
    return true;
}

static hs_rc say(struct hs_arena *a, enum hs_filter_op op, const struct hs_comparable *values, size_t count,
                 struct hs_leaf *out, struct hs_err *err)
{
    struct hs_comparable *kept = hs_arena_array(a, count, sizeof *kept);
    if (!kept)
        return hs_no_memory(err);
    if (count)
        memcpy(kept, values, count * sizeof *kept);
    *out = (struct hs_leaf){op, kept, count};
    return HS_OK;
}

static hs_rc project_in(struct hs_arena *a, const struct hs_partition_field *f, const struct hs_type *source,
                        const struct hs_leaf *leaf, struct hs_leaf *out, struct hs_err *err)
{
    struct hs_comparable *values = hs_arena_array(a, 2 * leaf->count, sizeof *values);
    size_t count = 0;
    if (!values)
        return hs_no_memory(err);
    for (size_t i = 0; i < leaf->count; i++) {
        struct hs_comparable *t = &values[count++];
        if (!hs_transform_value(f, source, &leaf->values[i], t))
            return say(a, HS_FILTER_NOT_NULL, NULL, 0, out, err);
        if (may_stand_higher(f, t)) {
            values[count] = *t;
            values[count++].i++;
        }
    }
    *out = (struct hs_leaf){HS_FILTER_IN, values, count};
    return HS_OK;
}

static hs_rc project_order(struct hs_arena *a, const struct hs_partition_field *f, const struct hs_type *source,
                           const struct hs_leaf *leaf, struct hs_leaf *out, struct hs_err *err)
{
    bool upwards = leaf->op == HS_FILTER_GT || leaf->op == HS_FILTER_GE;
    bool strict = leaf->op == HS_FILTER_LT || leaf->op == HS_FILTER_GT;
    struct hs_comparable v = leaf->values[0], t;
    if (f->transform == HS_TR_BUCKET || (strict && !step(&v, upwards ? 1 : -1)) ||
        !hs_transform_value(f, source, &v, &t))
        return say(a, HS_FILTER_NOT_NULL, NULL, 0, out, err);
    if (!upwards && may_stand_higher(f, &t))
        t.i++;
    return say(a, upwards ? HS_FILTER_GE : HS_FILTER_LE, &t, 1, out, err);
}

static hs_rc project_prefix(struct hs_arena *a, const struct hs_partition_field *f, const struct hs_type *source,
                            const struct hs_leaf *leaf, struct hs_leaf *out, struct hs_err *err)
{
    const struct hs_comparable *prefix = &leaf->values[0];
    struct hs_comparable cut;
    if (f->transform != HS_TR_TRUNCATE || source->id != HS_T_STRING || !hs_transform_value(f, source, prefix, &cut))
        return say(a, HS_FILTER_NOT_NULL, NULL, 0, out, err);
    if (cut.bytes.len == prefix->bytes.len)
        return say(a, leaf->op, prefix, 1, out, err);
    bool starts = leaf->op == HS_FILTER_STARTS_WITH;
    return say(a, starts ? HS_FILTER_EQ : HS_FILTER_NOT_NULL, &cut, starts, out, err);
}

hs_rc hs_transform_project(struct hs_arena *a, const struct hs_partition_field *f, const struct hs_type *source,
                           const struct hs_leaf *leaf, struct hs_leaf *out, struct hs_err *err)
{
    enum hs_filter_op op = leaf->op;
    if (f->transform == HS_TR_IDENTITY) {
        *out = *leaf;
        return HS_OK;
    }
    *out = (struct hs_leaf){.op = HS_FILTER_ANY};
    if (hs_transform_result(f, source).id == HS_T_UNKNOWN || op < HS_FILTER_EQ)
        return HS_OK;
    if (op == HS_FILTER_EQ || op == HS_FILTER_IN)
        return project_in(a, f, source, leaf, out, err);
    if (op == HS_FILTER_LT || op == HS_FILTER_LE || op == HS_FILTER_GT || op == HS_FILTER_GE)
        return project_order(a, f, source, leaf, out, err);
    if (op == HS_FILTER_STARTS_WITH || op == HS_FILTER_NOT_STARTS_WITH)
        return project_prefix(a, f, source, leaf, out, err);
    return say(a, op == HS_FILTER_IS_NULL ? op : HS_FILTER_NOT_NULL, NULL, 0, out, err);
}
