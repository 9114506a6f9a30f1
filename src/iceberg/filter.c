#include "iceberg/filter.h"

static const struct hs_filter constants[] = {
    {.op = HS_FILTER_ANY}, {.op = HS_FILTER_TRUE}, {.op = HS_FILTER_FALSE}, {.op = HS_FILTER_UNKNOWN}};

const struct hs_filter *hs_filter_constant(enum hs_filter_op op)
{
    return op <= HS_FILTER_UNKNOWN ? &constants[op] : &constants[HS_FILTER_ANY];
}

static bool copy_value(struct hs_arena *a, const struct hs_param *from, struct hs_param *to)
{
    *to = *from;
    if (from->text.at)
        to->text = hs_arena_str(a, from->text);
    return !from->text.at || to->text.at;
}

static const struct hs_filter *join(struct hs_arena *a, enum hs_filter_op op, const struct hs_filter *const *parts,
                                    size_t count)
{
    struct hs_filter *f = HS_NEW(a, struct hs_filter);
    const struct hs_filter **kept = hs_arena_array(a, count, sizeof *kept);
    if (!f || !kept)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!(kept[i] = parts[i]))
            return NULL;
    *f = (struct hs_filter){.op = op, .parts = kept, .part_count = count};
    return f;
}

const struct hs_filter *hs_filter_and(struct hs_arena *a, const struct hs_filter *const *parts, size_t count)
{
    return join(a, HS_FILTER_AND, parts, count);
}

const struct hs_filter *hs_filter_or(struct hs_arena *a, const struct hs_filter *const *parts, size_t count)
{
    return join(a, HS_FILTER_OR, parts, count);
}

/* Every comparison with NULL is UNKNOWN; x IN (1, NULL) is x IN (1) OR that, x NOT IN (1, NULL) the same with AND. */
static const struct hs_filter *beside_null(struct hs_arena *a, const struct hs_filter *others)
{
    const struct hs_filter *both[] = {others, &constants[HS_FILTER_UNKNOWN]};
    if (others->value_count == 0)
        return both[1];
    return others->op == HS_FILTER_IN ? hs_filter_or(a, both, 2) : hs_filter_and(a, both, 2);
}

const struct hs_filter *hs_filter_test(struct hs_arena *a, enum hs_filter_op op, int field_id,
                                       const struct hs_param *values, size_t count)
{
    struct hs_filter *f = HS_NEW(a, struct hs_filter);
    struct hs_param *kept = hs_arena_array(a, count, sizeof *kept);
    size_t left = 0;
    if (!f || !kept)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (values[i].null)
            continue;
        if (!copy_value(a, &values[i], &kept[left++]))
            return NULL;
    }
    *f = (struct hs_filter){.op = op, .field_id = field_id, .values = kept, .value_count = left};
    return left < count ? beside_null(a, f) : f;
}

static const enum hs_filter_op opposite[] = {
    [HS_FILTER_ANY] = HS_FILTER_ANY,
    [HS_FILTER_TRUE] = HS_FILTER_FALSE,
    [HS_FILTER_FALSE] = HS_FILTER_TRUE,
    [HS_FILTER_UNKNOWN] = HS_FILTER_UNKNOWN,
    [HS_FILTER_AND] = HS_FILTER_OR,
    [HS_FILTER_OR] = HS_FILTER_AND,
    [HS_FILTER_EQ] = HS_FILTER_NE,
    [HS_FILTER_NE] = HS_FILTER_EQ,
    [HS_FILTER_LT] = HS_FILTER_GE,
    [HS_FILTER_LE] = HS_FILTER_GT,
    [HS_FILTER_GT] = HS_FILTER_LE,
    [HS_FILTER_GE] = HS_FILTER_LT,
    [HS_FILTER_IN] = HS_FILTER_NOT_IN,
    [HS_FILTER_NOT_IN] = HS_FILTER_IN,
    [HS_FILTER_IS_NULL] = HS_FILTER_NOT_NULL,
    [HS_FILTER_NOT_NULL] = HS_FILTER_IS_NULL,
    [HS_FILTER_IS_NAN] = HS_FILTER_NOT_NAN,
    [HS_FILTER_NOT_NAN] = HS_FILTER_IS_NAN,
    [HS_FILTER_STARTS_WITH] = HS_FILTER_NOT_STARTS_WITH,
    [HS_FILTER_NOT_STARTS_WITH] = HS_FILTER_STARTS_WITH,
};

const struct hs_filter *hs_filter_not(struct hs_arena *a, const struct hs_filter *f)
{
    if (!f)
        return NULL;
    if (f->op <= HS_FILTER_UNKNOWN)
        return &constants[opposite[f->op]];
    struct hs_filter *out = HS_NEW(a, struct hs_filter);
    const struct hs_filter **parts = hs_arena_array(a, f->part_count, sizeof *parts);
    if (!out || !parts)
        return NULL;
    for (size_t i = 0; i < f->part_count; i++)
        if (!(parts[i] = hs_filter_not(a, f->parts[i])))
            return NULL;
    *out = *f;
    out->op = opposite[f->op];
    out->parts = parts;
    return out;
}

/* ---- words ---- */

static void add_param(struct hs_buf *b, const struct hs_param *p)
{
    if (p->type == HS_T_FLOAT || p->type == HS_T_DOUBLE)
        hs_buf_addf(b, "%.17g", p->d);
    else if (p->text.at)
        hs_buf_add_sql_text(b, p->text);
    else
        hs_buf_addf(b, "%lld", (long long)p->i);
}

void hs_buf_add_filter(struct hs_buf *b, const struct hs_filter *f)
{
    static const char *const words[] = {"any",          "true",    "false",       "unknown",       " and ",
                                        " or ",         " = ",     " <> ",        " < ",           " <= ",
                                        " > ",          " >= ",    " in ",        " not in ",      " is null",
                                        " is not null", " is nan", " is not nan", " starts with ", " not starts with "};
    if (f->op <= HS_FILTER_UNKNOWN) {
        hs_buf_addz(b, words[f->op]);
        return;
    }
    hs_buf_addc(b, '(');
    for (size_t i = 0; i < f->part_count; i++) {
        hs_buf_addz(b, i ? words[f->op] : "");
        hs_buf_add_filter(b, f->parts[i]);
    }
    if (f->op != HS_FILTER_AND && f->op != HS_FILTER_OR)
        hs_buf_addf(b, "f%d%s", f->field_id, words[f->op]);
    for (size_t i = 0; i < f->value_count; i++) {
        hs_buf_addz(b, i ? ", " : "");
        add_param(b, &f->values[i]);
    }
    hs_buf_addc(b, ')');
}
