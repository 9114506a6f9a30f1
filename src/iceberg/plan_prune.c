/* Which manifests and files a filter leaves out. The tests of a filter are turned once into values of their column's
 * type and into what they say about each partition field of each spec (spec: "Scan Planning"; "Partition Evolution":
 * every file goes by the spec it was written under). A file stays when, for every test that has to hold, its partition
 * values and its metrics both let one row pass. */
#include "iceberg/plan_prune.h"
#include "iceberg/damage.h"
#include "iceberg/transform.h"

enum { MAX_DEPTH = 200 };

struct projected { /* of one leaf, on one partition field of a spec */
    size_t field;
    struct hs_type type; /* of the transform's values */
    struct hs_leaf leaf;
};
struct on_spec {
    struct projected *at;
    size_t count;
};
struct node {
    enum hs_filter_op op;
    struct node *parts; /* AND, OR */
    size_t part_count;
    int field_id; /* the rest: tests */
    const struct hs_type *column;
    struct hs_leaf leaf;
    struct on_spec *specs; /* beside the table's */
};
struct hs_pruner {
    const struct hs_iceberg_table *table;
    struct node root;
};

static const struct node any = {.op = HS_FILTER_ANY};

/* ---- making ---- */

/* Only top-level columns: what a struct's null means for its members is not the same to every writer. */
static const struct hs_field *top_level(const struct hs_iceberg_table *t, int id)
{
    const struct hs_field *f = hs_table_newest_field(t, id);
    for (size_t i = 0; f && i < t->schema_count; i++) {
        const struct hs_type *schema = t->schemas[i].type;
        for (size_t k = 0; schema && k < schema->field_count; k++)
            if (schema->fields[k].id == id)
                return f;
    }
    return NULL;
}

static hs_rc take_values(struct hs_arena *a, const struct hs_filter *f, struct node *out, bool *exact,
                         struct hs_err *err)
{
    struct hs_comparable *values = hs_arena_array(a, f->value_count, sizeof *values);
    bool needs = f->op >= HS_FILTER_EQ && f->op <= HS_FILTER_GE;
    bool prefix = f->op == HS_FILTER_STARTS_WITH || f->op == HS_FILTER_NOT_STARTS_WITH;
    if (!values)
        return hs_no_memory(err);
    *exact = (!needs && !prefix) || f->value_count == 1;
    if (prefix && out->column->id != HS_T_STRING)
        *exact = false;
    for (size_t i = 0; i < f->value_count; i++)
        *exact = *exact && hs_comparable_of_param(out->column, &f->values[i], &values[i]);
    out->leaf = (struct hs_leaf){f->op, values, f->value_count};
    return HS_OK;
}

static hs_rc project_on(struct hs_arena *a, const struct hs_partition_spec *spec, const struct node *node,
                        struct on_spec *out, struct hs_err *err)
{
    out->at = hs_arena_array(a, spec->field_count, sizeof *out->at);
    if (!out->at)
        return hs_no_memory(err);
    for (size_t i = 0; i < spec->field_count; i++) {
        const struct hs_partition_field *f = &spec->fields[i];
        struct projected *p = &out->at[out->count];
        if (f->source_id != node->field_id)
            continue;
        *p = (struct projected){.field = i, .type = hs_transform_result(f, node->column)};
        if (p->type.id == HS_T_UNKNOWN)
            continue;
        HS_TRY(hs_transform_project(a, f, node->column, &node->leaf, &p->leaf, err));
        out->count += p->leaf.op != HS_FILTER_ANY;
    }
    return HS_OK;
}

static hs_rc make_leaf(struct hs_arena *a, const struct hs_iceberg_table *t, const struct hs_filter *f,
                       struct node *out, struct hs_err *err)
{
    const struct hs_field *field = top_level(t, f->field_id);
    bool exact = false;
    if (field) {
        *out = (struct node){.op = f->op, .field_id = f->field_id, .column = field->type};
        HS_TRY(take_values(a, f, out, &exact, err));
    }
    if (!exact) {
        *out = any;
        return HS_OK;
    }
    out->specs = hs_arena_array(a, t->spec_count, sizeof *out->specs);
    if (!out->specs)
        return hs_no_memory(err);
    for (size_t i = 0; i < t->spec_count; i++)
        HS_TRY(project_on(a, &t->specs[i], out, &out->specs[i], err));
    return HS_OK;
}

static hs_rc make_node(struct hs_arena *a, const struct hs_iceberg_table *t, const struct hs_filter *f, int depth,
                       struct node *out, struct hs_err *err)
{
    *out = (struct node){.op = f->op};
    if (f->op <= HS_FILTER_UNKNOWN)
        return HS_OK;
    if (f->op != HS_FILTER_AND && f->op != HS_FILTER_OR)
        return make_leaf(a, t, f, out, err);
    if (depth > MAX_DEPTH) {
        *out = any;
        return HS_OK;
    }
    out->parts = hs_arena_array(a, f->part_count, sizeof *out->parts);
    out->part_count = f->part_count;
    if (!out->parts)
        return hs_no_memory(err);
    for (size_t i = 0; i < f->part_count; i++)
        HS_TRY(make_node(a, t, f->parts[i], depth + 1, &out->parts[i], err));
    return HS_OK;
}

hs_rc hs_pruner_new(struct hs_arena *a, const struct hs_iceberg_table *table, const struct hs_filter *filter,
                    struct hs_pruner **out, struct hs_err *err)
{
    struct hs_pruner *p = HS_NEW(a, struct hs_pruner);
    *out = NULL;
    if (!filter)
        return HS_OK;
    if (!p)
        return hs_no_memory(err);
    p->table = table;
    HS_TRY(make_node(a, table, filter, 0, &p->root, err));
    *out = p;
    return HS_OK;
}

/* ---- asking ---- */

struct subject { /* a file (with or without its metrics), or a manifest */
    const struct hs_partition_spec *spec;
    size_t spec_at;
    const struct hs_entry *file;
    bool metrics;
    const struct hs_field_summary *summaries;
};

static bool reaches(const struct hs_known *k, int64_t limit, int width)
{
    return k->lower.i <= limit && k->upper.i > limit - width;
}

/* Writers truncate whole numbers in the column's own width: what lies less than one step above the least number falls
 * below it, and comes out again at the other end. Nobody knows whether a value there is such a one. A width that is a
 * power of two has none. A column that is a long now may have been an int. */
static bool may_be_wrapped(const struct hs_partition_field *f, const struct hs_known *k)
{
    return f->transform == HS_TR_TRUNCATE && k->has_lower && k->has_upper && k->upper.kind == HS_C_WHOLE &&
           (f->parameter & (f->parameter - 1)) != 0 &&
           (reaches(k, INT32_MAX, f->parameter) || reaches(k, INT64_MAX, f->parameter));
}

static struct hs_known partition_known(const struct projected *p, const struct subject *s)
{
    struct hs_known known = s->file ? hs_known_of_value(&p->type, &s->file->partition[p->field])
                                    : hs_known_of_summary(&p->type, &s->summaries[p->field]);
    if (may_be_wrapped(&s->spec->fields[p->field], &known))
        known.has_lower = known.has_upper = false;
    return known;
}

static bool leaf_may(const struct node *n, const struct subject *s)
{
    const struct on_spec *on = &n->specs[s->spec_at];
    for (size_t i = 0; i < on->count; i++) {
        const struct projected *p = &on->at[i];
        struct hs_known known = partition_known(p, s);
        if (!hs_leaf_may(&p->leaf, &known))
            return false;
    }
    if (!s->metrics)
        return true;
    struct hs_known known = hs_known_of_metrics(n->column, s->file, n->field_id);
    return hs_leaf_may(&n->leaf, &known);
}

static bool may(const struct node *n, const struct subject *s)
{
    if (n->op <= HS_FILTER_UNKNOWN)
        return n->op == HS_FILTER_ANY || n->op == HS_FILTER_TRUE;
    if (n->op != HS_FILTER_AND && n->op != HS_FILTER_OR)
        return leaf_may(n, s);
    bool all = n->op == HS_FILTER_AND;
    for (size_t i = 0; i < n->part_count; i++)
        if (may(&n->parts[i], s) != all)
            return !all;
    return all;
}

static bool find_spec(const struct hs_pruner *p, int id, struct subject *s)
{
    s->spec = hs_table_spec(p->table, id);
    if (s->spec)
        s->spec_at = (size_t)(s->spec - p->table->specs);
    return s->spec != NULL;
}

bool hs_pruner_manifest(const struct hs_pruner *p, const struct hs_manifest_file *listed)
{
    struct subject s = {.summaries = listed->summaries};
    if (!p || listed->content != HS_MANIFEST_DATA || !find_spec(p, listed->spec_id, &s) ||
        listed->summary_count != s.spec->field_count)
        return true;
    return may(&p->root, &s);
}

static bool may_file(const struct hs_pruner *p, int spec_id, const struct hs_entry *entry, bool metrics)
{
    struct subject s = {.file = entry, .metrics = metrics};
    if (!p || !find_spec(p, spec_id, &s) || entry->partition_count != s.spec->field_count)
        return true;
    return may(&p->root, &s);
}

bool hs_pruner_entry(const struct hs_pruner *p, int spec_id, const struct hs_entry *entry)
{
    return entry->content == HS_CONTENT_POSITION_DELETES ||
           may_file(p, spec_id, entry, entry->content == HS_CONTENT_DATA);
}

bool hs_pruner_partition(const struct hs_pruner *p, int spec_id, const struct hs_entry *entry)
{
    return may_file(p, spec_id, entry, false);
}

static void columns_of(const struct node *n, struct hs_columns *out)
{
    if (n->op > HS_FILTER_UNKNOWN && n->op != HS_FILTER_AND && n->op != HS_FILTER_OR)
        hs_columns_add(out, n->field_id);
    for (size_t i = 0; i < n->part_count; i++)
        columns_of(&n->parts[i], out);
}

void hs_pruner_columns(const struct hs_pruner *p, struct hs_columns *out)
{
    if (p)
        columns_of(&p->root, out);
}
