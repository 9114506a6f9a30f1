/* Policies of the whole model, before any table is opened: what a reload refuses, so that the last good model stays,
 * and what `check` warns of. Columns have no types yet, so this is about who and where; types are looked at beside the
 * real table (check.c). */
#include "policy/policy_in.h"

/* ---- a contract as a type: its shape, with numbers for ids ---- */
static hs_rc shape_of(struct hs_arena *a, const struct hs_property *p, int *id, struct hs_type **out,
                      struct hs_err *err);

static hs_rc fill_fields(struct hs_arena *a, const struct hs_property *p, size_t count, int *id, struct hs_type *t,
                         struct hs_err *err)
{
    t->fields = hs_arena_array(a, count + 1, sizeof *t->fields);
    if (!t->fields)
        return hs_no_memory(err);
    t->field_count = count;
    for (size_t i = 0; i < count; i++) {
        struct hs_type *below;
        int own = ++*id;
        HS_TRY(shape_of(a, &p[i], id, &below, err));
        t->fields[i] = (struct hs_field){.id = own, .name = p[i].name, .type = below};
    }
    return HS_OK;
}

static hs_rc shape_of(struct hs_arena *a, const struct hs_property *p, int *id, struct hs_type **out,
                      struct hs_err *err)
{
    bool array = hs_str_is(p->logical_type, "array");
    bool map = hs_str_is(p->physical_type, "map") && p->property_count == 2;
    enum hs_type_id kind = !p->property_count ? HS_T_STRING : array ? HS_T_LIST : map ? HS_T_MAP : HS_T_STRUCT;
    *out = hs_type_new(a, kind);
    if (!*out)
        return hs_no_memory(err);
    return p->property_count ? fill_fields(a, p->properties, p->property_count, id, *out, err) : HS_OK;
}

hs_rc hs_contract_tree(struct hs_arena *a, const struct hs_table *table, struct hs_tree *out, struct hs_err *err)
{
    struct hs_type *t = hs_type_new(a, HS_T_STRUCT);
    int id = 0;
    if (!t)
        return hs_no_memory(err);
    HS_TRY(fill_fields(a, table->properties, table->property_count, &id, t, err));
    return hs_tree_build(a, table, t, out, err);
}

hs_rc hs_policy_check_model(const struct hs_model *model, struct hs_err *err)
{
    struct hs_arena *a = hs_arena_new(0);
    hs_rc rc = a ? HS_OK : hs_no_memory(err);
    for (size_t i = 0; i < model->product_count && rc == HS_OK; i++)
        for (size_t t = 0; t < model->products[i].table_count && rc == HS_OK; t++) {
            struct hs_tree tree;
            rc = hs_contract_tree(a, &model->products[i].tables[t], &tree, err);
            if (rc == HS_OK)
                rc = hs_policy_check_conflicts(a, model, &tree, err);
        }
    hs_arena_free(a);
    return rc;
}

/* ---- warnings ---- */
struct warning {
    struct hs_arena *arena;
    const struct hs_model *model;
    struct hs_buf *out;
    struct hs_err *err;
};

static void begin(struct warning *k, struct hs_at at)
{
    hs_buf_addf(k->out, "warning: %.*s:%d:%d: ", HS_FMT(at.file), at.line, at.column);
}

static bool is_granted(const struct hs_model *m, const struct hs_table *t)
{
    struct hs_policies reaching = hs_model_reaching(m, t);
    for (size_t i = 0; i < reaching.count; i++) {
        const struct hs_policy *p = hs_policies_at(&reaching, i);
        if (p->kind == HS_GRANT && hs_policy_reaches(p, t) && !hs_policy_is_foreign(p, t))
            return true;
    }
    return false;
}

static void warn_ungranted(struct warning *k, const struct hs_product *p)
{
    for (size_t t = 0; t < p->table_count; t++)
        if (is_granted(k->model, &p->tables[t]))
            return;
    begin(k, p->at);
    hs_buf_addf(k->out, "product '%.*s' has no grant: nobody sees it\n", HS_FMT(p->id));
}

static hs_rc warn_unexposed(struct warning *k, const struct hs_policy *mask)
{
    struct hs_tree tree;
    const struct hs_table *t = mask->on.table;
    if (!is_granted(k->model, t)) /* said of the product */
        return HS_OK;
    HS_TRY(hs_contract_tree(k->arena, t, &tree, k->err));
    bool *targets = hs_arena_array(k->arena, tree.count + 1, sizeof *targets);
    bool *open = hs_arena_array(k->arena, tree.count + 1, sizeof *open);
    if (!targets || !open)
        return hs_no_memory(k->err);
    if (hs_mask_targets(k->arena, mask, &tree, targets, k->err) != HS_OK) /* an error elsewhere */
        return HS_OK;
    struct hs_policies reaching = hs_model_reaching(k->model, t);
    for (size_t i = 0; i < reaching.count; i++) {
        const struct hs_policy *p = hs_policies_at(&reaching, i);
        if (p->kind != HS_GRANT || !hs_policy_reaches(p, t) || hs_policy_is_foreign(p, t))
            continue;
        HS_TRY(hs_grant_opens(k->arena, p, &tree, open, k->err));
        for (size_t n = 0; n < tree.count; n++)
            if (open[n] && targets[n])
                return HS_OK;
    }
    begin(k, mask->at);
    hs_buf_addf(k->out, "mask '%.*s' is on column '%.*s', which no grant opens\n", HS_FMT(mask->name),
                HS_FMT(mask->on.path));
    return HS_OK;
}

hs_rc hs_policy_model_warnings(const struct hs_model *model, int64_t now_us, struct hs_buf *out, struct hs_err *err)
{
    struct warning k = {hs_arena_new(0), model, out, err};
    hs_rc rc = k.arena ? HS_OK : hs_no_memory(err);
    for (size_t i = 0; i < model->product_count && rc == HS_OK; i++)
        warn_ungranted(&k, &model->products[i]);
    for (size_t i = 0; i < model->policy_count && rc == HS_OK; i++) {
        const struct hs_policy *p = &model->policies[i];
        if (p->kind == HS_MASK && p->on.kind == HS_ON_COLUMN && p->on.table)
            rc = warn_unexposed(&k, p);
        if (p->kind == HS_GRANT && p->expires_us && p->expires_us <= now_us) {
            begin(&k, p->at);
            hs_buf_addf(out, "grant '%.*s' has expired\n", HS_FMT(p->name));
        }
    }
    hs_arena_free(k.arena);
    return rc == HS_OK ? hs_buf_done(out, err) : rc;
}
