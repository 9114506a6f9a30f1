/* Grants: which fields a person may see, and each of them on which rows.
 *
 * Two grants may name different columns and different rows. Visible rows are those that some grant allows; on such a
 * row a grant still opens only its own columns. So every field carries the set of grants that cover it, and where that
 * set is not all of them (or, inside a column, not its parent's), the cell is NULL unless one of its own grants allows
 * the row: see README.md. Grants with equal `where` are one bit, so that equal decisions look equal. */
#include "policy/policy_in.h"

struct cover {
    struct hs_arena *arena;
    const struct hs_tree *tree;
    struct hs_coverage *c;
    bool *mine;         /* nodes of the grant at hand */
    const bool *denied; /* nodes that a Deny takes, with what is below them */
    struct hs_err *err;
};

static void mark(struct cover *k, size_t node)
{
    for (size_t i = node; i < k->tree->nodes[node].end; i++)
        k->mine[i] = true;
    for (int i = k->tree->nodes[node].parent; i >= 0; i = k->tree->nodes[i].parent)
        k->mine[i] = true;
}

/* A map is seen with its keys. */
static void mark_keys(struct cover *k)
{
    for (size_t i = 0; i < k->tree->count; i++)
        if (k->tree->nodes[i].step == HS_STEP_KEY && k->mine[k->tree->nodes[i].parent])
            for (size_t j = i; j < k->tree->nodes[i].end; j++)
                k->mine[j] = true;
}

/* A path that names nothing opens nothing; `check` is where it is an error. Only lack of memory stops. */
static hs_rc mark_path(struct cover *k, hs_str path)
{
    size_t node;
    hs_rc rc = hs_tree_find(k->arena, k->tree, path, &node, NULL);
    if (rc == HS_NOMEM)
        return hs_no_memory(k->err);
    if (rc == HS_OK && !hs_tree_in_key(k->tree, node))
        mark(k, node);
    return HS_OK;
}

/* What is denied goes, and so does what is empty without it: an object or list with nothing left in it, and a map that
 * lost its keys or its values. A grant of which nothing is left then opens no row either. */
static void take_denied(struct cover *k)
{
    for (size_t i = k->tree->count; i-- > 0;) {
        const struct hs_node *n = &k->tree->nodes[i];
        size_t children = 0, left = 0;
        bool map = false;
        for (size_t c = i + 1; c < n->end; c = k->tree->nodes[c].end) {
            children++;
            left += k->mine[c];
            map |= k->tree->nodes[c].step == HS_STEP_KEY;
        }
        if (k->denied[i] || (children && (map ? left < children : !left)))
            memset(k->mine + i, 0, (n->end - i) * sizeof *k->mine);
    }
}

static hs_rc mark_grant(struct cover *k, const struct hs_policy *p, bool *out_any)
{
    size_t n = k->tree->count;
    memset(k->mine, 0, n * sizeof *k->mine);
    if (p->on.kind == HS_ON_COLUMN) {
        if (p->column_count == 0) /* both is an error of the model; it opens nothing */
            HS_TRY(mark_path(k, p->on.path));
    } else if (p->column_count) {
        for (size_t i = 0; i < p->column_count; i++)
            HS_TRY(mark_path(k, p->columns[i]));
    } else {
        memset(k->mine, 1, n * sizeof *k->mine);
    }
    mark_keys(k);
    take_denied(k);
    *out_any = n > 0 && memchr(k->mine, 1, n * sizeof *k->mine) != NULL;
    return HS_OK;
}

hs_rc hs_grant_opens(struct hs_arena *a, const struct hs_policy *p, const struct hs_tree *tree, bool *out,
                     struct hs_err *err)
{
    bool any, *denied = hs_arena_array(a, tree->count + 1, sizeof *denied);
    struct cover k = {.arena = a, .tree = tree, .mine = out, .denied = denied, .err = err};
    return denied ? mark_grant(&k, p, &any) : hs_no_memory(err);
}

static hs_rc where_bit(struct cover *k, struct hs_rule *where, size_t *out)
{
    struct hs_coverage *c = k->c;
    for (size_t i = 0; i < c->where_count; i++)
        if (hs_rule_same(c->wheres[i], where)) {
            *out = i;
            return HS_OK;
        }
    if (c->where_count == HS_MAX_WHERES)
        return hs_fail_hidden(k->err, HS_LIMIT, "more than %d different grants on one table for one person",
                              HS_MAX_WHERES);
    c->wheres[c->where_count] = where;
    *out = c->where_count++;
    return HS_OK;
}

static hs_rc add_cover(struct cover *k, const struct hs_policy *p, struct hs_asker asker)
{
    size_t bit = 0;
    if (p->where) {
        struct hs_rule *where;
        HS_TRY(hs_rule_fill(k->arena, p->where, asker, k->tree->bound, p, &where, &k->c->valid_until_us, k->err));
        HS_TRY(where_bit(k, where, &bit));
    } else {
        k->c->any_open = true;
    }
    for (size_t i = 0; i < k->tree->count; i++) {
        if (!k->mine[i])
            continue;
        if (p->where)
            k->c->some[i].at[bit / 64] |= UINT64_C(1) << bit % 64;
        else
            k->c->open[i] = true;
    }
    return HS_OK;
}

/* The strictest that any of the grants states. */
static void narrow(int64_t *limit, int64_t stated)
{
    if (stated > 0 && (*limit == 0 || stated < *limit))
        *limit = stated;
}

static void take_limits(struct hs_coverage *c, const struct hs_policy *p)
{
    narrow(&c->limits.concurrent, p->limits.concurrent);
    narrow(&c->limits.memory_bytes, p->limits.memory_bytes);
    narrow(&c->limits.time_ms, p->limits.time_ms);
    narrow(&c->limits.rows, p->limits.rows);
    narrow(&c->limits.rows_per_day, p->limits.rows_per_day);
    narrow(&c->limits.bytes_per_day, p->limits.bytes_per_day);
    narrow(&c->valid_until_us, p->expires_us);
    c->grant_count++;
}

static hs_rc find_denied(struct cover *k, const struct hs_model *model, struct hs_asker asker, bool *denied,
                         const struct hs_policy **reasons, size_t *reason_count)
{
    struct hs_policies reaching = hs_model_reaching(model, k->tree->table);
    for (size_t i = 0; i < reaching.count; i++) {
        const struct hs_policy *p = hs_policies_at(&reaching, i);
        if (!hs_deny_matches(p, asker.who, k->tree->table, asker.facts))
            continue;
        hs_rc rc = hs_mask_targets(k->arena, p, k->tree, k->mine, k->err);
        if (rc != HS_OK)
            return hs_refuse(k->err, rc, p);
        for (size_t n = 0; n < k->tree->count; n++)
            if (k->mine[n])
                memset(denied + n, 1, (k->tree->nodes[n].end - n) * sizeof *denied);
        reasons[(*reason_count)++] = p;
    }
    k->denied = denied;
    return HS_OK;
}

hs_rc hs_grants_cover(struct hs_arena *a, const struct hs_model *model, const struct hs_principal *who,
                      const struct hs_tree *tree, const struct hs_facts *facts, const struct hs_policy **reasons,
                      size_t *reason_count, struct hs_coverage *out, struct hs_err *err)
{
    size_t n = tree->count ? tree->count : 1;
    *out = (struct hs_coverage){.wheres = hs_arena_array(a, HS_MAX_WHERES, sizeof *out->wheres),
                                .open = hs_arena_array(a, n, sizeof *out->open),
                                .some = hs_arena_array(a, n, sizeof *out->some)};
    struct cover k = {.arena = a, .tree = tree, .c = out, .mine = hs_arena_array(a, n, sizeof *k.mine), .err = err};
    struct hs_policies reaching = hs_model_reaching(model, tree->table);
    bool *denied = hs_arena_array(a, n, sizeof *denied);
    if (!out->wheres || !out->open || !out->some || !k.mine || !denied)
        return hs_no_memory(err);
    HS_TRY(find_denied(&k, model, (struct hs_asker){who, facts}, denied, reasons, reason_count));
    for (size_t i = 0; i < reaching.count; i++) {
        const struct hs_policy *p = hs_policies_at(&reaching, i);
        bool any = false;
        if (!hs_grant_matches(p, who, tree->table, facts))
            continue;
        HS_TRY(mark_grant(&k, p, &any));
        if (!any)
            continue;
        HS_TRY(add_cover(&k, p, (struct hs_asker){who, facts}));
        take_limits(out, p);
        reasons[(*reason_count)++] = p;
    }
    return HS_OK;
}

static hs_rc any_of(struct hs_arena *a, const struct hs_coverage *c, const struct hs_bits *bits, struct hs_rule **out,
                    struct hs_err *err)
{
    struct hs_rule *args[HS_MAX_WHERES];
    size_t count = 0;
    for (size_t i = 0; i < c->where_count; i++)
        if (!bits || bits->at[i / 64] >> i % 64 & 1)
            args[count++] = c->wheres[i];
    *out = hs_rule_join(a, HS_RULE_OR, args, count);
    return *out ? HS_OK : hs_no_memory(err);
}

hs_rc hs_grant_rows(struct hs_arena *a, const struct hs_coverage *c, struct hs_rule **out, struct hs_err *err)
{
    *out = NULL;
    return c->any_open ? HS_OK : any_of(a, c, NULL, out, err);
}

/* Does the row predicate already say that one of these grants allows the row? */
static bool all_wheres(const struct hs_coverage *c, const struct hs_bits *bits)
{
    for (size_t i = 0; i < c->where_count; i++)
        if (!(bits->at[i / 64] >> i % 64 & 1))
            return false;
    return !c->any_open;
}

hs_rc hs_cell_condition(struct hs_arena *a, const struct hs_coverage *c, const struct hs_tree *tree, size_t node,
                        struct hs_rule **out, struct hs_err *err)
{
    int parent = tree->nodes[node].parent;
    *out = NULL;
    if (c->open[node])
        return HS_OK;
    if (parent < 0 ? all_wheres(c, &c->some[node])
                   : !c->open[parent] && memcmp(&c->some[parent], &c->some[node], sizeof *c->some) == 0)
        return HS_OK;
    return any_of(a, c, &c->some[node], out, err);
}
