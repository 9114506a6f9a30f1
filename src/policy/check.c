/* What can be said about policies before anyone asks: `hailstorm check` and every reload. */
#include "mask/mask.h"
#include "policy/policy_in.h"

struct checker {
    struct hs_arena *arena;
    const struct hs_model *model;
    struct hs_tree tree;
    struct hs_err *err;
};

hs_rc hs_policy_check_mask(const struct hs_policy *mask, struct hs_err *err)
{
    return hs_mask_fits(mask, NULL, err);
}

/* Puts the policy's place before words that were born without one. */
static hs_rc at_policy(struct checker *k, const struct hs_policy *p, hs_rc rc)
{
    if (rc == HS_OK || rc == HS_NOMEM || !k->err)
        return rc;
    struct hs_err inner = *k->err;
    hs_rc placed = hs_fail_policy(k->err, p, "%s", inner.shown);
    k->err->kind = rc == HS_UNSUPPORTED ? rc : placed;
    return k->err->kind;
}

static hs_rc check_rule(struct checker *k, const struct hs_policy *p, const struct hs_rule *rule)
{
    struct hs_rule *bound;
    if (!rule)
        return HS_OK;
    HS_TRY(hs_rule_bind(k->arena, rule, k->tree.bound, p->at.file, &bound, k->err));
    return hs_rule_check_possible(k->arena, bound, p->at.file, k->err);
}

static hs_rc check_path(struct checker *k, const struct hs_policy *p, hs_str path)
{
    size_t node;
    HS_TRY(at_policy(k, p, hs_tree_find(k->arena, &k->tree, path, &node, k->err)));
    if (hs_tree_in_key(&k->tree, node))
        return hs_fail_policy(k->err, p, "a map's keys are granted and masked with the whole map, not alone");
    return HS_OK;
}

/* Does the policy's target name this table's own product, so that its columns must be there? A grant or mask on
 * something wider may name columns that only other tables have. */
static bool is_narrow(const struct hs_policy *p)
{
    return p->on.kind == HS_ON_TABLE || p->on.kind == HS_ON_COLUMN;
}

/* The loader refuses these with the place of their target; a model that came another way is refused here. */
static hs_rc check_domain(struct checker *k, const struct hs_policy *p)
{
    static const char *const NOUNS[] = {[HS_GRANT] = "grant",
                                        [HS_ROW_RULE] = "row rule",
                                        [HS_MASK] = "mask",
                                        [HS_DENY] = "deny",
                                        [HS_AGGREGATE] = "aggregate rule"};
    if (!hs_policy_is_foreign(p, k->tree.table))
        return HS_OK;
    hs_str domain = k->tree.table->product->domain;
    return hs_fail_policy(k->err, p,
                          "a %s in domain '%.*s' cannot be on a table of domain '%.*s': it belongs into "
                          "domains/%.*s/policies/, or into the mesh's own policies/",
                          NOUNS[p->kind], HS_FMT(p->domain), HS_FMT(domain), HS_FMT(domain));
}

static hs_rc check_grant(struct checker *k, const struct hs_policy *p)
{
    if (p->on.kind == HS_ON_COLUMN) {
        if (p->column_count)
            return hs_fail_policy(k->err, p, "a grant on a column cannot list columns, too");
        HS_TRY(check_path(k, p, p->on.path));
    }
    for (size_t i = 0; i < p->column_count && is_narrow(p); i++)
        HS_TRY(check_path(k, p, p->columns[i]));
    return check_rule(k, p, p->where);
}

static hs_rc check_row_rule(struct checker *k, const struct hs_policy *p)
{
    if (!p->where)
        return hs_fail_policy(k->err, p, "a row rule needs 'where'");
    if (p->on.kind == HS_ON_COLUMN)
        return hs_fail_policy(k->err, p, "a row rule is on a table, not on a column");
    return check_rule(k, p, p->where);
}

static hs_rc check_deny(struct checker *k, const struct hs_policy *p)
{
    return p->on.kind == HS_ON_COLUMN ? check_path(k, p, p->on.path) : HS_OK;
}

/* One column that an aggregate rule names; a rule on a product may name columns that only another table has. */
static hs_rc check_role(struct checker *k, const struct hs_policy *p, hs_str path, bool dimension)
{
    size_t node;
    struct hs_err ignored;
    bool wide = !is_narrow(p) && k->tree.table->product && k->tree.table->product->table_count > 1;
    if (wide && hs_tree_find(k->arena, &k->tree, path, &node, &ignored) != HS_OK)
        return HS_OK;
    HS_TRY(at_policy(k, p, hs_tree_find(k->arena, &k->tree, path, &node, k->err)));
    const struct hs_type *type = k->tree.nodes[node].field->type;
    if (k->tree.nodes[node].parent >= 0)
        return hs_fail_policy(k->err, p, "'%.*s' is inside a column: dimensions and measures are whole columns",
                              HS_FMT(path));
    if (dimension && !hs_may_be_dimension(type))
        return hs_fail_policy(k->err, p,
                              "'%.*s' cannot be a dimension: its type is %s, and a dimension is a text, a boolean, a "
                              "whole number, a date or a timestamp",
                              HS_FMT(path), hs_type_name(type->id));
    if (!dimension && !hs_may_be_measure(type))
        return hs_fail_policy(k->err, p,
                              "'%.*s' cannot be a measure: its type is %s, and a measure is a number, of at most 25 "
                              "digits where it is a decimal",
                              HS_FMT(path), hs_type_name(type->id));
    return HS_OK;
}

static hs_rc check_aggregate(struct checker *k, const struct hs_policy *p)
{
    for (size_t i = 0; i < p->column_count; i++)
        HS_TRY(check_role(k, p, p->columns[i], true));
    for (size_t i = 0; i < p->measure_count; i++) {
        HS_TRY(check_role(k, p, p->measures[i], false));
        for (size_t d = 0; d < p->column_count; d++)
            if (hs_str_eq(p->columns[d], p->measures[i]))
                return hs_fail_policy(k->err, p, "'%.*s' is a dimension and a measure: it can be one of them",
                                      HS_FMT(p->measures[i]));
    }
    return HS_OK;
}

static hs_rc check_elements(struct checker *k, const struct hs_policy *p, const struct hs_type *list)
{
    struct hs_rule *bound;
    if (!p->elements)
        return HS_OK;
    HS_TRY(hs_rule_bind_element(k->arena, p->elements, k->tree.bound, list, p->at.file, &bound, k->err));
    return hs_rule_check_possible(k->arena, bound, p->at.file, k->err);
}

static hs_rc check_mask(struct checker *k, const struct hs_policy *p, const bool *targets)
{
    bool used = false;
    for (size_t i = 0; i < k->tree.count; i++) {
        if (!targets[i])
            continue;
        used = true;
        if (hs_tree_in_key(&k->tree, i))
            return hs_fail_policy(k->err, p, "a map's keys are granted and masked with the whole map, not alone");
        if (hs_mask_fits_node(p, &k->tree, i, k->err) != HS_OK) {
            struct hs_buf name;
            hs_buf_init(&name, 400);
            hs_buf_add_node(&name, &k->tree, i);
            struct hs_err inner = k->err ? *k->err : (struct hs_err){0};
            hs_rc rc = hs_fail_policy(k->err, p, "column '%.*s': %s", HS_FMT(hs_buf_str(&name)), inner.shown);
            hs_buf_fini(&name);
            return rc;
        }
        HS_TRY(check_elements(k, p, k->tree.nodes[i].field->type));
    }
    return used ? check_rule(k, p, p->when) : HS_OK;
}

/* ---- conflicts: is there a person to whom both masks apply? ---- */

struct pair {
    const struct hs_policy *a, *b;
};

static bool both_apply(const struct pair *m, const struct hs_principal *who, const struct hs_facts *facts)
{
    return hs_policy_applies(m->a, who, facts) && hs_policy_applies(m->b, who, facts);
}

/* Tries everyone who just about matches `s`: one role, one name, one workspace, one purpose of each list. Two roles of
 * two lists are not put together: whether anyone has both is not known here, and deciding refuses it then. */
static bool witness_of(const struct hs_selector *s, const struct pair *m)
{
    size_t combinations = 0;
    for (size_t r = 0; r < (s->role_count ? s->role_count : 1); r++)
        for (size_t u = 0; u < (s->user_count ? s->user_count : 1); u++)
            for (size_t w = 0; w < (s->workspace_count ? s->workspace_count : 1); w++)
                for (size_t p = 0; p < (s->purpose_count ? s->purpose_count : 1); p++) {
                    struct hs_principal who = {.name = s->user_count ? s->users[u] : HS_S(""),
                                               .roles = s->role_count ? &s->roles[r] : NULL,
                                               .role_count = s->role_count ? 1 : 0,
                                               .attributes = s->attributes,
                                               .attribute_count = s->attribute_count};
                    struct hs_facts facts = {.purpose = s->purpose_count ? s->purposes[p] : HS_S(""),
                                             .workspace = s->workspace_count ? s->workspaces[w] : HS_S("")};
                    if (++combinations > 4096)
                        return false;
                    if (both_apply(m, &who, &facts))
                        return true;
                }
    return false;
}

/* The people we know, as they are. */
static bool known_witness(const struct checker *k, const struct pair *m, hs_str *out_name)
{
    for (size_t i = 0; i < k->model->user_count; i++) {
        const struct hs_user *u = &k->model->users[i];
        struct hs_principal who = {u->name, u->roles, u->role_count, u->attributes, u->attribute_count};
        struct hs_facts facts = {0};
        if (!u->disabled && both_apply(m, &who, &facts) && hs_policy_visible(k->model, &who, k->tree.table, &facts)) {
            *out_name = u->name;
            return true;
        }
    }
    return false;
}

static hs_rc fail_pair(struct checker *k, const struct pair *m, size_t node, hs_str who)
{
    struct hs_buf name;
    hs_buf_init(&name, 400);
    hs_buf_add_node(&name, &k->tree, node);
    hs_rc rc = hs_fail_policy(k->err, m->b, "masks '%.*s' and '%.*s' (%.*s:%d:%d) both apply to column '%.*s'%s%.*s",
                              HS_FMT(m->b->name), HS_FMT(m->a->name), HS_FMT(m->a->at.file), m->a->at.line,
                              m->a->at.column, HS_FMT(hs_buf_str(&name)), who.len ? " for " : "", HS_FMT(who));
    hs_buf_fini(&name);
    return rc;
}

/* The field where two masks meet: the same one, or one inside the other's. */
static bool meet(const struct hs_tree *tree, const bool *a, const bool *b, size_t *out)
{
    for (size_t i = 0; i < tree->count; i++)
        for (int up = (int)i; up >= 0 && (a[i] || b[i]); up = tree->nodes[up].parent)
            if ((a[i] && b[up]) || (b[i] && a[up])) {
                *out = i;
                return true;
            }
    return false;
}

static hs_rc check_pair(struct checker *k, const struct pair *m, const bool *a, const bool *b)
{
    size_t node;
    hs_str who = {"", 0};
    if (!meet(&k->tree, a, b, &node) || (a[node] && b[node] && !hs_masks_meet(m->a, m->b)))
        return HS_OK;
    if (witness_of(&m->a->to, m) || witness_of(&m->b->to, m) || known_witness(k, m, &who))
        return fail_pair(k, m, node, who);
    return HS_OK;
}

/* fits: also whether each fits its columns and its condition means something. */
static hs_rc check_masks(struct checker *k, bool fits)
{
    struct hs_policies reaching = hs_model_reaching(k->model, k->tree.table);
    struct hs_str_pair {
        const struct hs_policy *p;
        bool *targets;
    } *seen = hs_arena_array(k->arena, reaching.count + 1, sizeof *seen);
    size_t count = 0, n = k->tree.count ? k->tree.count : 1;
    if (!seen)
        return hs_no_memory(k->err);
    for (size_t i = 0; i < reaching.count; i++) {
        const struct hs_policy *p = hs_policies_at(&reaching, i);
        if (p->kind != HS_MASK || !hs_policy_reaches(p, k->tree.table))
            continue;
        bool *targets = hs_arena_array(k->arena, n, sizeof *targets);
        if (!targets)
            return hs_no_memory(k->err);
        HS_TRY(at_policy(k, p, hs_mask_targets(k->arena, p, &k->tree, targets, k->err)));
        if (fits)
            HS_TRY(check_mask(k, p, targets));
        for (size_t j = 0; j < count; j++)
            HS_TRY(check_pair(k, &(struct pair){seen[j].p, p}, seen[j].targets, targets));
        seen[count].p = p;
        seen[count++].targets = targets;
    }
    return HS_OK;
}

hs_rc hs_policy_check_conflicts(struct hs_arena *a, const struct hs_model *model, const struct hs_tree *tree,
                                struct hs_err *err)
{
    struct checker k = {.arena = a, .model = model, .tree = *tree, .err = err};
    return check_masks(&k, false);
}

hs_rc hs_policy_check_table(struct hs_arena *a, const struct hs_model *model, const struct hs_table *table,
                            const struct hs_type *bound, struct hs_err *err)
{
    struct checker k = {.arena = a, .model = model, .err = err};
    HS_TRY(hs_tree_build(a, table, bound, &k.tree, err));
    struct hs_policies reaching = hs_model_reaching(model, table);
    for (size_t i = 0; i < reaching.count; i++) {
        const struct hs_policy *p = hs_policies_at(&reaching, i);
        if (!hs_policy_reaches(p, table))
            continue;
        HS_TRY(check_domain(&k, p));
        if (p->kind == HS_GRANT)
            HS_TRY(check_grant(&k, p));
        else if (p->kind == HS_ROW_RULE)
            HS_TRY(check_row_rule(&k, p));
        else if (p->kind == HS_DENY)
            HS_TRY(check_deny(&k, p));
        else if (p->kind == HS_AGGREGATE)
            HS_TRY(check_aggregate(&k, p));
    }
    return check_masks(&k, true);
}
