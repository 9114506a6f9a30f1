/* To whom and to what a policy applies. Grants and restrictions lean in opposite directions: what is not said clearly
 * never widens a grant and never narrows a restriction. */
#include "mask/shared/json.h"
#include "policy/policy_in.h"

#include "base/fault.h"

static bool has(const hs_str *all, size_t count, hs_str one)
{
    for (size_t i = 0; i < count; i++)
        if (hs_str_eq(all[i], one))
            return true;
    return false;
}

bool hs_tags_have(const hs_str *tags, size_t count, hs_str tag)
{
    return has(tags, count, tag);
}

/* A list attribute matches when one of its values does. */
static bool value_matches(const struct hs_value *wanted, const struct hs_value *is, int depth)
{
    if (wanted->kind == HS_V_LIST && depth < 2) {
        for (size_t i = 0; i < wanted->item_count; i++)
            if (value_matches(&wanted->items[i], is, depth + 1))
                return true;
        return false;
    }
    if (is->kind == HS_V_LIST && depth < 2) {
        for (size_t i = 0; i < is->item_count; i++)
            if (value_matches(wanted, &is->items[i], depth + 1))
                return true;
        return false;
    }
    return hs_value_same(wanted, is);
}

static bool attribute_holds(const struct hs_attribute *wanted, const struct hs_principal *who)
{
    for (size_t i = 0; i < who->attribute_count; i++)
        if (hs_str_eq(who->attributes[i].name, wanted->name))
            return value_matches(&wanted->value, &who->attributes[i].value, 0);
    return false;
}

static bool any_role(const struct hs_selector *s, const struct hs_principal *who)
{
    for (size_t i = 0; i < who->role_count; i++)
        if (has(s->roles, s->role_count, who->roles[i]))
            return true;
    return false;
}

static bool is_empty(const struct hs_selector *s)
{
    return !s->everyone &&
           s->role_count + s->user_count + s->workspace_count + s->purpose_count + s->attribute_count == 0;
}

bool hs_selector_matches(const struct hs_selector *s, const struct hs_principal *who, const struct hs_facts *facts)
{
    if (is_empty(s))
        return false;
    if (s->role_count && !any_role(s, who))
        return false;
    if (s->user_count && !(who->name.len && has(s->users, s->user_count, who->name)))
        return false;
    if (s->workspace_count && !(facts->workspace.len && has(s->workspaces, s->workspace_count, facts->workspace)))
        return false;
    if (s->purpose_count && !(facts->purpose.len && has(s->purposes, s->purpose_count, facts->purpose)))
        return false;
    for (size_t i = 0; i < s->attribute_count; i++)
        if (!attribute_holds(&s->attributes[i], who))
            return false;
    return true;
}

bool hs_policy_applies(const struct hs_policy *p, const struct hs_principal *who, const struct hs_facts *facts)
{
    bool grant = p->kind == HS_GRANT;
    if (grant && p->expires_us && facts->now_us >= p->expires_us)
        return false;
    /* A restriction without `to`, or with an empty one, is for everyone. */
    if (!(is_empty(&p->to) && !grant) && !hs_selector_matches(&p->to, who, facts))
        return false;
    return !hs_selector_matches(&p->unless, who, facts);
}

static bool property_has_tag(const struct hs_property *p, hs_str tag, int depth)
{
    if (has(p->tags, p->tag_count, tag))
        return true;
    for (size_t i = 0; i < p->property_count && depth < HS_TREE_MAX_DEPTH; i++)
        if (property_has_tag(&p->properties[i], tag, depth + 1))
            return true;
    return false;
}

static bool table_has_tag(const struct hs_table *t, hs_str tag)
{
    return has(t->tags, t->tag_count, tag) || (t->product && has(t->product->tags, t->product->tag_count, tag));
}

/* A grant by tag is one on tables that carry it; a tag on a column opens nothing. A restriction by tag reaches every
 * table that carries it anywhere. */
static bool tag_reaches(const struct hs_policy *p, const struct hs_table *t)
{
    if (table_has_tag(t, p->on.text))
        return true;
    for (size_t i = 0; i < t->property_count && p->kind != HS_GRANT; i++)
        if (property_has_tag(&t->properties[i], p->on.text, 0))
            return true;
    return false;
}

static bool same_product(const struct hs_product *a, const struct hs_product *b)
{
    return a == b || (a && b && hs_str_eq(a->id, b->id));
}

bool hs_policy_is_foreign(const struct hs_policy *p, const struct hs_table *t)
{
    return p->domain.len && t->product && t->product->domain.len && !hs_str_eq(p->domain, t->product->domain);
}

bool hs_policy_reaches(const struct hs_policy *p, const struct hs_table *t)
{
    /* A target that was not resolved: a grant reaches nothing by it, a restriction everything. */
    bool unresolved = p->kind != HS_GRANT;
    switch (p->on.kind) {
    case HS_ON_PRODUCT:
        return p->on.product ? same_product(p->on.product, t->product) : unresolved;
    case HS_ON_TABLE:
    case HS_ON_COLUMN:
        if (!p->on.table)
            return unresolved;
        return p->on.table == t ||
               (same_product(p->on.table->product, t->product) && hs_str_eq(p->on.table->name, t->name));
    case HS_ON_TAG:
        return !hs_policy_is_foreign(p, t) && tag_reaches(p, t); /* a domain's tag means its own tables */
    case HS_ON_DOMAIN:
        return t->product ? hs_str_eq(p->on.text, t->product->domain) : unresolved;
    }
    return unresolved;
}

bool hs_grant_matches(const struct hs_policy *p, const struct hs_principal *who, const struct hs_table *table,
                      const struct hs_facts *facts)
{
    return p->kind == HS_GRANT && has(p->actions, p->action_count, HS_S("read")) && hs_policy_reaches(p, table) &&
           !hs_policy_is_foreign(p, table) && hs_policy_applies(p, who, facts);
}

bool hs_deny_matches(const struct hs_policy *p, const struct hs_principal *who, const struct hs_table *table,
                     const struct hs_facts *facts)
{
    return p->kind == HS_DENY && hs_defence("deny") && hs_policy_reaches(p, table) && hs_policy_applies(p, who, facts);
}

/* Is what is denied the table, and not only something in it? */
static bool denies_all(const struct hs_policy *p, const struct hs_table *table)
{
    return p->on.kind != HS_ON_COLUMN && (p->on.kind != HS_ON_TAG || table_has_tag(table, p->on.text));
}

const struct hs_policy *hs_policy_denies(const struct hs_model *model, const struct hs_principal *who,
                                         const struct hs_table *table, const struct hs_facts *facts)
{
    struct hs_policies reaching = hs_model_reaching(model, table);
    for (size_t i = 0; i < reaching.count; i++) {
        const struct hs_policy *p = hs_policies_at(&reaching, i);
        if (hs_deny_matches(p, who, table, facts) && denies_all(p, table))
            return p;
    }
    return NULL;
}

bool hs_policy_visible(const struct hs_model *model, const struct hs_principal *who, const struct hs_table *table,
                       const struct hs_facts *facts)
{
    struct hs_policies reaching = hs_model_reaching(model, table);
    bool granted = !hs_defence("catalog-visibility");
    for (size_t i = 0; i < reaching.count && !granted; i++)
        granted = hs_grant_matches(hs_policies_at(&reaching, i), who, table, facts);
    return granted && !hs_policy_denies(model, who, table, facts);
}

/* ---- which fields a mask or a deny is laid on ---- */

static void drop_inner(const struct hs_tree *tree, bool *out)
{
    for (size_t i = 0; i < tree->count; i++)
        for (size_t k = i + 1; out[i] && k < tree->nodes[i].end; k++)
            out[k] = false;
}

hs_rc hs_mask_targets(struct hs_arena *a, const struct hs_policy *p, const struct hs_tree *tree, bool *out,
                      struct hs_err *err)
{
    size_t node;
    memset(out, 0, tree->count * sizeof *out);
    if (!hs_policy_reaches(p, tree->table))
        return HS_OK;
    if (p->on.kind == HS_ON_COLUMN) {
        hs_str column, json;
        hs_json_split(p->on.path, &column, &json);
        HS_TRY(hs_tree_find(a, tree, column, &node, err));
        out[node] = true;
        return HS_OK;
    }
    /* A mask on something wider than a column (also by a tag that the table or product carries) is on every column. */
    bool all = p->on.kind != HS_ON_TAG || table_has_tag(tree->table, p->on.text);
    for (size_t i = 0; i < tree->count; i++) {
        const struct hs_property *q = tree->nodes[i].property;
        out[i] = (all && tree->nodes[i].parent < 0) ||
                 (p->on.kind == HS_ON_TAG && q && has(q->tags, q->tag_count, p->on.text));
    }
    drop_inner(tree, out);
    return HS_OK;
}

/* ---- and inside JSON text ---- */

hs_str hs_mask_json(const struct hs_policy *p)
{
    hs_str column, json = {0};
    if (p->on.kind == HS_ON_COLUMN)
        hs_json_split(p->on.path, &column, &json);
    return json;
}

hs_rc hs_mask_fits_node(const struct hs_policy *p, const struct hs_tree *tree, size_t node, struct hs_err *err)
{
    const struct hs_type *type = tree->nodes[node].field->type;
    hs_str json = hs_mask_json(p);
    struct hs_json_path path;
    if (json.len) {
        const struct hs_mask_function *f = hs_mask_function(p->with);
        HS_TRY(hs_json_path_read(json, &path, err));
        if (type->id != HS_T_STRING)
            return hs_fail(err, HS_INVALID, "a path into a JSON document is for a text column, not for %s",
                           hs_type_name(type->id));
        if (f && !hs_mask_fits_json(f))
            return hs_fail(err, HS_INVALID, "%s has no form for values inside JSON text (nullify has)", f->name);
    }
    return hs_mask_fits(p, type, err);
}

/* Two masks on one field: on different values inside its JSON text they go together. */
bool hs_masks_meet(const struct hs_policy *a, const struct hs_policy *b)
{
    struct hs_json_path x, y;
    struct hs_err err;
    return hs_json_path_read(hs_mask_json(a), &x, &err) != HS_OK ||
           hs_json_path_read(hs_mask_json(b), &y, &err) != HS_OK || hs_json_paths_meet(&x, &y);
}
