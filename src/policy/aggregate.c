/* Aggregate-only people: what each column may be used for, and how many rows a group must have. Several rules narrow
 * each other: a column is a dimension or a measure where every one of them says so, and the greatest minimum holds.
 * What statements such a person may send is the engine's guard's business (engine/aggregate.c), and which of them
 * together tell too much is access' (access/differences.c). */
#include "policy/policy_in.h"

bool hs_may_be_dimension(const struct hs_type *t)
{
    switch ((int)t->id) {
    case HS_T_BOOLEAN:
    case HS_T_INT:
    case HS_T_LONG:
    case HS_T_DATE:
    case HS_T_TIMESTAMP:
    case HS_T_TIMESTAMPTZ:
    case HS_T_STRING:
        return true;
    default: /* no two spellings of one value, no comparison that could fail or round */
        return false;
    }
}

/* A sum of as many rows as a table may have must fit the engine's widest decimal, for an error would tell of a value.
 */
bool hs_may_be_measure(const struct hs_type *t)
{
    enum { SUMMED_DIGITS = 25 };
    switch ((int)t->id) {
    case HS_T_INT:
    case HS_T_LONG:
    case HS_T_FLOAT:
    case HS_T_DOUBLE:
        return true;
    case HS_T_DECIMAL:
        return t->precision <= SUMMED_DIGITS;
    default:
        return false;
    }
}

static hs_rc names(struct hs_arena *a, const struct hs_tree *tree, const hs_str *paths, size_t count,
                   const struct hs_field *field, bool *out, struct hs_err *err)
{
    *out = false;
    for (size_t i = 0; i < count && !*out; i++) {
        size_t node;
        hs_rc rc = hs_tree_find(a, tree, paths[i], &node, NULL);
        if (rc == HS_NOMEM)
            return hs_no_memory(err);
        *out = rc == HS_OK && tree->nodes[node].parent < 0 && tree->nodes[node].field == field;
    }
    return HS_OK;
}

static hs_rc role_by(struct hs_arena *a, const struct hs_tree *tree, const struct hs_policy *p,
                     const struct hs_decided_column *c, enum hs_column_role *out, struct hs_err *err)
{
    bool dimension, measure;
    HS_TRY(names(a, tree, p->columns, p->column_count, c->field, &dimension, err));
    HS_TRY(names(a, tree, p->measures, p->measure_count, c->field, &measure, err));
    *out = HS_ROLE_NONE;
    if (dimension && hs_may_be_dimension(c->type))
        *out = HS_ROLE_DIMENSION;
    else if (!dimension && (measure || !p->measure_count) && hs_may_be_measure(c->type))
        *out = HS_ROLE_MEASURE;
    return HS_OK;
}

hs_rc hs_decide_aggregate(struct hs_arena *a, const struct hs_model *model, const struct hs_tree *tree,
                          struct hs_asker asker, struct hs_decision *d, struct hs_err *err)
{
    struct hs_policies reaching = hs_model_reaching(model, tree->table);
    for (size_t i = 0; i < reaching.count; i++) {
        const struct hs_policy *p = hs_policies_at(&reaching, i);
        if (p->kind != HS_AGGREGATE || !hs_policy_reaches(p, tree->table) ||
            !hs_policy_applies(p, asker.who, asker.facts))
            continue;
        for (size_t c = 0; c < d->column_count; c++) {
            enum hs_column_role role;
            HS_TRY(role_by(a, tree, p, &d->columns[c], &role, err));
            d->columns[c].role = !d->minimum || d->columns[c].role == role ? role : HS_ROLE_NONE;
        }
        int minimum = p->minimum > 2 ? p->minimum : 2;
        d->minimum = minimum > d->minimum ? minimum : d->minimum;
        d->reasons[d->reason_count++] = p;
    }
    return HS_OK;
}
