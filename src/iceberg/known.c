#include "iceberg/known.h"

enum { SHORTEST_CUT = 16 }; /* no writer cuts bounds shorter */

static bool is_float(const struct hs_type *t)
{
    return t->id == HS_T_FLOAT || t->id == HS_T_DOUBLE;
}

struct hs_known hs_known_nothing(const struct hs_type *column)
{
    return (struct hs_known){.may_null = true, .may_value = true, .may_nan = is_float(column)};
}

static void take_bounds(const struct hs_type *column, hs_str lower, hs_str upper, struct hs_known *k)
{
    bool text = column->id == HS_T_STRING || column->id == HS_T_BINARY || column->id == HS_T_FIXED;
    k->has_lower = hs_comparable_of_bound(column, lower, &k->lower);
    k->has_upper = hs_comparable_of_bound(column, upper, &k->upper);
    k->soft_upper = text && upper.len >= SHORTEST_CUT;
    k->loose_order = column->id == HS_T_UUID;
    if (k->has_lower && k->has_upper && !k->loose_order && hs_compare(&k->lower, &k->upper) > 0)
        k->has_lower = k->has_upper = false; /* nobody's bounds */
}

/* Counts are believed when they are about every row: a column that a file lacks has none, or other ones. */
struct hs_known hs_known_of_metrics(const struct hs_type *column, const struct hs_entry *file, int field_id)
{
    struct hs_known k = hs_known_nothing(column);
    size_t low = 0, high = file->metric_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (file->metrics[middle].field_id < field_id)
            low = middle + 1;
        else
            high = middle;
    }
    if (hs_type_is_nested(column->id) || low == file->metric_count || file->metrics[low].field_id != field_id)
        return k;
    const struct hs_column_metrics *m = &file->metrics[low];
    bool whole = m->value_count == file->record_count && m->null_count >= 0;
    k.may_null = !whole || m->null_count > 0;
    k.may_nan = is_float(column) && m->nan_count != 0;
    if (whole && m->null_count >= m->value_count)
        k.may_nan = k.may_value = false;
    if (whole && is_float(column) && m->nan_count >= m->value_count - m->null_count)
        k.may_value = false;
    take_bounds(column, m->lower, m->upper, &k);
    return k;
}

struct hs_known hs_known_of_summary(const struct hs_type *column, const struct hs_field_summary *summary)
{
    struct hs_known k = hs_known_nothing(column);
    k.may_null = summary->contains_null;
    k.may_nan = is_float(column) && (!summary->has_contains_nan || summary->contains_nan);
    take_bounds(column, summary->lower, summary->upper, &k);
    return k;
}

struct hs_known hs_known_of_value(const struct hs_type *column, const struct hs_param *value)
{
    struct hs_known k = {.may_null = value->null};
    if (value->null)
        return k;
    if (!hs_comparable_of_param(column, value, &k.lower))
        return hs_known_nothing(column);
    k.may_nan = hs_comparable_is_nan(&k.lower);
    k.may_value = k.has_lower = k.has_upper = !k.may_nan;
    k.upper = k.lower;
    return k;
}

/* ---- tests ---- */

/* The first reader-writers of this format ordered uuids as two signed numbers. */
static int compare_signed_halves(hs_str a, hs_str b)
{
    for (size_t i = 0; i < 16; i += 8) {
        uint8_t x = (uint8_t)a.at[i] ^ 0x80, y = (uint8_t)b.at[i] ^ 0x80;
        int rest = memcmp(a.at + i + 1, b.at + i + 1, 7);
        if (x != y || rest)
            return x != y ? (x > y) - (x < y) : rest;
    }
    return 0;
}

static bool outside_signed(const struct hs_known *k, const struct hs_comparable *v)
{
    return (k->has_lower && compare_signed_halves(v->bytes, k->lower.bytes) < 0) ||
           (k->has_upper && compare_signed_halves(v->bytes, k->upper.bytes) > 0);
}

/* Is every value less than v, or equal to it (`or_equal`)? */
static bool all_below(const struct hs_known *k, const struct hs_comparable *v, bool or_equal)
{
    if (!k->has_upper || (k->soft_upper && hs_str_starts(v->bytes, k->upper.bytes)))
        return false;
    return hs_compare(&k->upper, v) < (or_equal ? 1 : 0);
}

static bool all_above(const struct hs_known *k, const struct hs_comparable *v, bool or_equal)
{
    return k->has_lower && hs_compare(&k->lower, v) > (or_equal ? -1 : 0);
}

static bool may_equal(const struct hs_known *k, const struct hs_comparable *v)
{
    if (hs_comparable_is_nan(v))
        return k->may_nan;
    bool outside = all_below(k, v, false) || all_above(k, v, false);
    return k->may_value && !(outside && (!k->loose_order || outside_signed(k, v)));
}

static bool may_differ(const struct hs_known *k, const struct hs_comparable *v)
{
    if (hs_comparable_is_nan(v))
        return k->may_value;
    bool one = k->has_lower && k->has_upper && !k->soft_upper && hs_compare(&k->lower, v) == 0 &&
               hs_compare(&k->upper, v) == 0;
    return k->may_nan || (k->may_value && !one);
}

/* NaN is greater than every number, and equal to itself. */
static bool may_be_in_order(enum hs_filter_op op, const struct hs_known *k, const struct hs_comparable *v)
{
    bool nan = hs_comparable_is_nan(v), loose = k->loose_order;
    if (op == HS_FILTER_LT)
        return k->may_value && (nan || loose || !all_above(k, v, true));
    if (op == HS_FILTER_LE)
        return (k->may_value && (nan || loose || !all_above(k, v, false))) || (nan && k->may_nan);
    if (op == HS_FILTER_GT)
        return !nan && (k->may_nan || (k->may_value && (loose || !all_below(k, v, true))));
    return k->may_nan || (!nan && k->may_value && (loose || !all_below(k, v, false)));
}

static bool may_start_with(const struct hs_known *k, const struct hs_comparable *prefix)
{
    bool beyond = all_above(k, prefix, false) && !hs_str_starts(k->lower.bytes, prefix->bytes);
    return k->may_value && !beyond && !all_below(k, prefix, false);
}

static bool may_not_start_with(const struct hs_known *k, const struct hs_comparable *prefix)
{
    bool all = k->has_lower && k->has_upper && hs_str_starts(k->lower.bytes, prefix->bytes) &&
               hs_str_starts(k->upper.bytes, prefix->bytes);
    return k->may_value && !all;
}

static bool may_be_in(const struct hs_leaf *leaf, const struct hs_known *k)
{
    for (size_t i = 0; i < leaf->count; i++)
        if (may_equal(k, &leaf->values[i]))
            return true;
    return false;
}

static bool may_be_out(const struct hs_leaf *leaf, const struct hs_known *k)
{
    for (size_t i = 0; i < leaf->count; i++)
        if (!may_differ(k, &leaf->values[i]))
            return false;
    return true;
}

bool hs_leaf_may(const struct hs_leaf *leaf, const struct hs_known *k)
{
    switch (leaf->op) {
    case HS_FILTER_ANY:
    case HS_FILTER_TRUE:
    case HS_FILTER_AND:
    case HS_FILTER_OR: /* not leaves */
        return true;
    case HS_FILTER_FALSE:
    case HS_FILTER_UNKNOWN:
        return false;
    case HS_FILTER_EQ:
    case HS_FILTER_IN:
        return may_be_in(leaf, k);
    case HS_FILTER_NE:
    case HS_FILTER_NOT_IN:
        return may_be_out(leaf, k);
    case HS_FILTER_LT:
    case HS_FILTER_LE:
    case HS_FILTER_GT:
    case HS_FILTER_GE:
        return may_be_in_order(leaf->op, k, &leaf->values[0]);
    case HS_FILTER_IS_NULL:
        return k->may_null;
    case HS_FILTER_NOT_NULL:
        return k->may_value || k->may_nan;
    case HS_FILTER_IS_NAN:
        return k->may_nan;
    case HS_FILTER_NOT_NAN:
        return k->may_value;
    case HS_FILTER_STARTS_WITH:
        return may_start_with(k, &leaf->values[0]);
    case HS_FILTER_NOT_STARTS_WITH:
        return may_not_start_with(k, &leaf->values[0]);
    }
    return true;
}
