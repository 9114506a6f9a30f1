/* Request + facts -> decision. The order is that of the answer: which table, which fields (grants), which rows (grants'
 * wheres and row rules), which masks. Whatever cannot be resolved refuses the whole table. */
#include "mask/mask.h"
#include "mask/shared/json.h"
#include "policy/policy_in.h"

#include "base/fault.h"

struct also {
    const struct hs_policy *policy;
    struct also *next;
};

struct decider {
    struct hs_arena *arena;
    const struct hs_model *model;
    const struct hs_principal *who;
    const struct hs_facts *facts;
    struct hs_tree tree;
    struct hs_coverage cover;
    struct hs_decision *d;
    const struct hs_policy **owner; /* per node: the mask laid on it */
    struct also **also;             /* per node: further ones, each on another path inside its JSON text */
    struct hs_rule **cell;          /* per node: the condition under which a grant shows it; NULL: none */
    struct hs_err *err;
};

/* ---- rows ---- */

static hs_rc decide_rows(struct decider *k)
{
    size_t count = 0;
    struct hs_policies reaching = hs_model_reaching(k->model, k->tree.table);
    struct hs_rule **parts = hs_arena_array(k->arena, reaching.count + 1, sizeof *parts);
    if (!parts)
        return hs_no_memory(k->err);
    HS_TRY(hs_grant_rows(k->arena, &k->cover, &parts[0], k->err));
    count += parts[0] != NULL;
    for (size_t i = 0; i < reaching.count; i++) {
        const struct hs_policy *p = hs_policies_at(&reaching, i);
        if (p->kind != HS_ROW_RULE || !hs_defence("row-rule") || !hs_policy_reaches(p, k->tree.table) ||
            !hs_policy_applies(p, k->who, k->facts))
            continue;
        if (!p->where)
            return hs_refuse(k->err, hs_fail_hidden(k->err, HS_DENIED, "a row rule without where"), p);
        HS_TRY(hs_rule_fill(k->arena, p->where, (struct hs_asker){k->who, k->facts}, k->tree.bound, p, &parts[count],
                            &k->cover.valid_until_us, k->err));
        bool known = false;
        for (size_t j = 0; j < count && !known; j++)
            known = hs_rule_same(parts[j], parts[count]);
        count += !known;
        k->d->reasons[k->d->reason_count++] = p;
    }
    if (count == 0)
        return HS_OK;
    k->d->rows = hs_rule_join(k->arena, HS_RULE_AND, parts, count);
    return k->d->rows ? HS_OK : hs_no_memory(k->err);
}

/* ---- masks ---- */

static hs_rc fail_conflict(struct decider *k, const struct hs_policy *a, const struct hs_policy *b)
{
    return hs_refuse(k->err,
                     hs_fail_hidden(k->err, HS_DENIED, "masks '%.*s' (%.*s:%d) and '%.*s' (%.*s:%d) meet on one field",
                                    HS_FMT(a->name), HS_FMT(a->at.file), a->at.line, HS_FMT(b->name),
                                    HS_FMT(b->at.file), b->at.line),
                     a);
}

/* A second mask on a field. */
static hs_rc lay_also(struct decider *k, const struct hs_policy *p, size_t node)
{
    size_t count = 2;
    if (hs_masks_meet(p, k->owner[node]))
        return fail_conflict(k, p, k->owner[node]);
    for (const struct also *other = k->also[node]; other; other = other->next, count++)
        if (hs_masks_meet(p, other->policy))
            return fail_conflict(k, p, other->policy);
    struct also *one = HS_NEW(k->arena, struct also);
    if (!one)
        return hs_no_memory(k->err);
    if (count > HS_JSON_RULES)
        return hs_refuse(
            k->err, hs_fail_hidden(k->err, HS_DENIED, "more than %d masks inside one JSON text", HS_JSON_RULES), p);
    *one = (struct also){p, k->also[node]};
    k->also[node] = one;
    return HS_OK;
}

/* Lays one mask on its fields. Fields that are not shown need none. */
static hs_rc lay_mask(struct decider *k, const struct hs_policy *p, bool *targets)
{
    bool used = false;
    hs_rc rc = hs_mask_targets(k->arena, p, &k->tree, targets, k->err);
    if (rc != HS_OK)
        return hs_refuse(k->err, rc, p);
    for (size_t i = 0; i < k->tree.count; i++) {
        if (!targets[i] || !hs_covers(&k->cover, i))
            continue;
        if (hs_tree_in_key(&k->tree, i))
            return hs_refuse(k->err, hs_fail_hidden(k->err, HS_DENIED, "a mask on a map's key"), p);
        rc = hs_mask_fits_node(p, &k->tree, i, k->err);
        if (rc != HS_OK)
            return hs_refuse(k->err, rc, p);
        used = true;
        if (k->owner[i])
            HS_TRY(lay_also(k, p, i));
        else
            k->owner[i] = p;
    }
    if (used)
        k->d->reasons[k->d->reason_count++] = p;
    return HS_OK;
}

static hs_rc check_nesting(struct decider *k)
{
    for (size_t i = 0; i < k->tree.count; i++)
        for (int up = k->tree.nodes[i].parent; k->owner[i] && up >= 0; up = k->tree.nodes[up].parent)
            if (k->owner[up])
                return fail_conflict(k, k->owner[i], k->owner[up]);
    return HS_OK;
}

static hs_rc lay_masks(struct decider *k)
{
    size_t n = k->tree.count ? k->tree.count : 1;
    bool *targets = hs_arena_array(k->arena, n, sizeof *targets);
    k->owner = hs_arena_array(k->arena, n, sizeof *k->owner);
    k->also = hs_arena_array(k->arena, n, sizeof *k->also);
    k->cell = hs_arena_array(k->arena, n, sizeof *k->cell);
    if (!targets || !k->owner || !k->also || !k->cell)
        return hs_no_memory(k->err);
    struct hs_policies reaching = hs_model_reaching(k->model, k->tree.table);
    for (size_t i = 0; i < reaching.count; i++) {
        const struct hs_policy *p = hs_policies_at(&reaching, i);
        if (p->kind == HS_MASK && hs_policy_applies(p, k->who, k->facts))
            HS_TRY(lay_mask(k, p, targets));
    }
    HS_TRY(check_nesting(k));
    for (size_t i = 0; i < k->tree.count; i++)
        if (hs_covers(&k->cover, i))
            HS_TRY(hs_cell_condition(k->arena, &k->cover, &k->tree, i, &k->cell[i], k->err));
    return HS_OK;
}

/* Stands where a mask's policy would for the edge of a grant. */
static const struct hs_policy grant_edge = {
    .kind = HS_MASK, .name = {"columns of a grant", 18}, .with = {"nullify", 7}};

static hs_rc add_use(struct decider *k, size_t node, const struct hs_policy *p, struct hs_rule *when, bool by_grant)
{
    struct hs_mask_use *use = &k->d->masks[k->d->mask_count];
    const struct hs_field *f = k->tree.nodes[node].field;
    *use = (struct hs_mask_use){
        .type = f->type, .nullable = !f->required, .policy = p, .when = when, .by_grant = by_grant};
    use->json = by_grant ? (hs_str){0} : hs_mask_json(p);
    use->path_ids = hs_tree_path(k->arena, &k->tree, node, &use->path_len);
    if (!use->path_ids)
        return hs_no_memory(k->err);
    k->d->mask_count++;
    return HS_OK;
}

static hs_rc add_mask_use(struct decider *k, size_t node, const struct hs_policy *p)
{
    struct hs_asker asker = {k->who, k->facts};
    struct hs_rule *when = NULL, *elements = NULL;
    int64_t *until = &k->cover.valid_until_us;
    if (p->when)
        HS_TRY(hs_rule_fill(k->arena, p->when, asker, k->tree.bound, p, &when, until, k->err));
    if (p->elements)
        HS_TRY(hs_rule_fill_element(k->arena, p->elements, asker, k->tree.bound, k->tree.nodes[node].field->type, p,
                                    &elements, until, k->err));
    HS_TRY(add_use(k, node, p, when, false));
    k->d->masks[k->d->mask_count - 1].elements = elements;
    return HS_OK;
}

static hs_rc add_uses(struct decider *k, size_t node)
{
    const struct hs_policy *p = k->owner[node];
    struct hs_rule *when = NULL;
    if (k->cell[node]) { /* applies unless "not allowed" is FALSE, that is: unless a grant allows the row */
        when = hs_rule_join(k->arena, HS_RULE_NOT, &k->cell[node], 1);
        if (!when)
            return hs_no_memory(k->err);
        HS_TRY(add_use(k, node, &grant_edge, when, true));
    }
    if (p)
        HS_TRY(add_mask_use(k, node, p));
    for (const struct also *one = k->also[node]; one; one = one->next)
        HS_TRY(add_mask_use(k, node, one->policy));
    return HS_OK;
}

/* ---- columns ---- */

static bool may_null(const struct decider *k, size_t node)
{
    const struct hs_policy *p = k->owner[node];
    const struct hs_mask_function *f = p ? hs_mask_function(p->with) : NULL;
    int up = k->tree.nodes[node].parent;
    const struct hs_mask_function *around = up >= 0 && k->owner[up] ? hs_mask_function(k->owner[up]->with) : NULL;
    bool key = k->tree.nodes[node].step == HS_STEP_KEY;
    return k->cell[node] || (p && (!f || f->may_null)) || (around && around->null_elements && !key);
}

static hs_rc output_type(struct decider *k, const struct hs_type *from, size_t first, const struct hs_type **out)
{
    struct hs_type *t = HS_NEW(k->arena, struct hs_type);
    size_t node = first;
    if (!t)
        return hs_no_memory(k->err);
    *t = *from;
    *out = t;
    if (from->field_count == 0)
        return HS_OK;
    t->fields = hs_arena_array(k->arena, from->field_count, sizeof *t->fields);
    if (!t->fields)
        return hs_no_memory(k->err);
    t->field_count = 0;
    for (size_t i = 0; i < from->field_count; i++, node = k->tree.nodes[node].end) {
        if (!hs_covers(&k->cover, node))
            continue;
        const struct hs_type *below;
        struct hs_field *f = &t->fields[t->field_count++];
        HS_TRY(output_type(k, from->fields[i].type, node + 1, &below));
        *f = from->fields[i];
        f->type = (struct hs_type *)below;
        f->required = f->required && !may_null(k, node);
    }
    return HS_OK;
}

static hs_rc collect_hidden(struct decider *k, size_t node, struct hs_decided_column *c)
{
    size_t end = k->tree.nodes[node].end;
    c->hidden_ids = hs_arena_array(k->arena, end - node, sizeof *c->hidden_ids);
    if (!c->hidden_ids)
        return hs_no_memory(k->err);
    for (size_t i = node + 1; i < end; i++)
        if (!hs_covers(&k->cover, i))
            c->hidden_ids[c->hidden_count++] = k->tree.nodes[i].field->id;
    return HS_OK;
}

static hs_rc decide_column(struct decider *k, size_t node)
{
    struct hs_decided_column *c = &k->d->columns[k->d->column_count++];
    size_t first = k->d->mask_count, end = k->tree.nodes[node].end;
    c->field = k->tree.nodes[node].field;
    c->nullable = !c->field->required || may_null(k, node);
    HS_TRY(collect_hidden(k, node, c));
    HS_TRY(output_type(k, c->field->type, node + 1, &c->type));
    for (size_t i = node; i < end; i++)
        if (hs_covers(&k->cover, i))
            HS_TRY(add_uses(k, i));
    c->mask_count = k->d->mask_count - first;
    c->masked = c->mask_count > 0;
    c->masks = hs_arena_array(k->arena, c->mask_count ? c->mask_count : 1, sizeof *c->masks);
    if (!c->masks)
        return hs_no_memory(k->err);
    for (size_t i = 0; i < c->mask_count; i++)
        c->masks[i] = &k->d->masks[first + i];
    return HS_OK;
}

static hs_rc decide_columns(struct decider *k)
{
    size_t columns = 0, uses = 0;
    for (size_t i = 0; i < k->tree.count; i++) {
        columns += k->tree.nodes[i].parent < 0 && hs_covers(&k->cover, i);
        uses += (k->owner[i] != NULL) + (k->cell[i] != NULL);
        for (const struct also *one = k->also[i]; one; one = one->next)
            uses++;
    }
    k->d->columns = hs_arena_array(k->arena, columns ? columns : 1, sizeof *k->d->columns);
    k->d->masks = hs_arena_array(k->arena, uses ? uses : 1, sizeof *k->d->masks);
    if (!k->d->columns || !k->d->masks)
        return hs_no_memory(k->err);
    for (size_t i = 0; i < k->tree.count; i = k->tree.nodes[i].end)
        if (hs_covers(&k->cover, i))
            HS_TRY(decide_column(k, i));
    return HS_OK;
}

/* ---- the whole ---- */

/* Two attributes of one name: which of them a rule meant is anyone's guess. */
static hs_rc check_principal(const struct hs_principal *who, struct hs_err *err)
{
    for (size_t i = 0; i < who->attribute_count; i++)
        for (size_t j = 0; j < i; j++)
            if (hs_str_eq(who->attributes[i].name, who->attributes[j].name))
                return hs_fail_hidden(err, HS_DENIED, "a principal has an attribute twice");
    return HS_OK;
}

static void take_defaults(struct hs_limits *own, const struct hs_limits *defaults)
{
    own->concurrent = own->concurrent ? own->concurrent : defaults->concurrent;
    own->memory_bytes = own->memory_bytes ? own->memory_bytes : defaults->memory_bytes;
    own->time_ms = own->time_ms ? own->time_ms : defaults->time_ms;
    own->rows = own->rows ? own->rows : defaults->rows;
    own->rows_per_day = own->rows_per_day ? own->rows_per_day : defaults->rows_per_day;
    own->bytes_per_day = own->bytes_per_day ? own->bytes_per_day : defaults->bytes_per_day;
}

static hs_rc decide_content(struct decider *k)
{
    HS_TRY(hs_tree_build(k->arena, k->tree.table, k->tree.bound, &k->tree, k->err));
    HS_TRY(hs_grants_cover(k->arena, k->model, k->who, &k->tree, k->facts, k->d->reasons, &k->d->reason_count,
                           &k->cover, k->err));
    if (k->cover.grant_count == 0)
        return HS_OK;
    HS_TRY(decide_rows(k));
    HS_TRY(lay_masks(k));
    HS_TRY(decide_columns(k));
    HS_TRY(hs_decide_aggregate(k->arena, k->model, &k->tree, (struct hs_asker){k->who, k->facts}, k->d, k->err));
    HS_TRY(hs_decide_viewer(k->arena, k->who, k->d, k->err));
    k->d->limits = k->cover.limits;
    take_defaults(&k->d->limits, &k->model->default_limits);
    k->d->valid_until_us = k->cover.valid_until_us;
    k->d->allowed = k->d->column_count > 0;
    return HS_OK;
}

hs_rc hs_policy_decide(struct hs_arena *a, const struct hs_model *model, const struct hs_principal *who,
                       const struct hs_table *table, const struct hs_type *bound, const struct hs_facts *facts,
                       struct hs_decision **out, struct hs_err *err)
{
    struct hs_decision *d = HS_NEW(a, struct hs_decision);
    if (!d)
        return hs_no_memory(err);
    d->table = table;
    d->bound = bound;
    d->reasons = hs_arena_array(a, hs_model_reaching(model, table).count + 1, sizeof *d->reasons);
    if (!d->reasons)
        return hs_no_memory(err);
    HS_TRY(check_principal(who, err));
    /* Without a grant nothing else is looked at: also an error would tell that the table is there. */
    if (hs_policy_visible(model, who, table, facts)) {
        struct decider k = {.arena = a, .model = model, .who = who, .facts = facts, .d = d, .err = err};
        k.tree = (struct hs_tree){.table = table, .bound = bound};
        HS_TRY(decide_content(&k));
    }
    HS_TRY(hs_decision_digest(d, err));
    *out = d;
    return HS_OK;
}
