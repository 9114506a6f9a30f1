/* Why a decision is as it is. Nothing here decides: the decision is asked for, and what it came from is looked up
 * beside it, so that an explanation can be incomplete but not another decision. */
#include "policy/seeing/explained_in.h"

const char *hs_policy_kind_word(enum hs_policy_kind kind)
{
    static const char *const words[] = {[HS_GRANT] = "Grant",
                                        [HS_ROW_RULE] = "RowRule",
                                        [HS_MASK] = "Mask",
                                        [HS_DENY] = "Deny",
                                        [HS_AGGREGATE] = "AggregateRule"};
    return words[kind];
}

void hs_buf_add_id_path(struct hs_buf *b, const struct hs_type *in, const int *ids, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const struct hs_field *f = NULL;
        for (size_t k = 0; k < in->field_count; k++)
            if (in->fields[k].id == ids[i])
                f = &in->fields[k];
        if (!f)
            return;
        if (in->id == HS_T_LIST)
            hs_buf_addz(b, "[]");
        else if (in->id == HS_T_MAP)
            hs_buf_addz(b, f == &in->fields[0] ? ".key" : ".value");
        else
            hs_buf_addf(b, "%s%.*s", i ? "." : "", HS_FMT(f->name));
        in = f->type;
    }
}

/* ---- rows ---- */

static hs_rc add_rows(struct hs_arena *a, struct hs_explained *e, struct hs_err *err)
{
    struct hs_asker asker = {e->ask.who, e->ask.facts};
    const struct hs_decision *d = e->decision;
    for (size_t i = 0; i < d->reason_count; i++) {
        const struct hs_policy *p = d->reasons[i];
        struct hs_rule *rule = NULL;
        int64_t until = 0;
        if (p->kind != HS_GRANT && p->kind != HS_ROW_RULE)
            continue;
        struct explained_rows *r = hs_vec_add(a, &e->rows);
        if (!r)
            return hs_no_memory(err);
        if (p->where)
            HS_TRY(hs_rule_fill(a, p->where, asker, e->ask.bound, p, &rule, &until, err));
        *r = (struct explained_rows){p, rule};
    }
    return HS_OK;
}

/* ---- what is hidden ---- */

static bool is_shown(const struct hs_decision *d, int id)
{
    for (size_t i = 0; i < d->column_count; i++)
        if (d->columns[i].field->id == id)
            return true;
    return false;
}

static bool is_cut(const struct hs_decision *d, int id)
{
    for (size_t i = 0; i < d->column_count; i++)
        for (size_t k = 0; k < d->columns[i].hidden_count; k++)
            if (d->columns[i].hidden_ids[k] == id)
                return true;
    return false;
}

static hs_rc find_denies(struct hs_arena *a, struct hs_explained *e, struct explained_hidden *h, struct hs_err *err)
{
    struct hs_policies reaching = hs_model_reaching(e->ask.model, e->tree.table);
    bool *laid = hs_arena_array(a, e->tree.count + 1, sizeof *laid);
    h->denies = hs_arena_array(a, reaching.count + 1, sizeof *h->denies);
    if (!laid || !h->denies)
        return hs_no_memory(err);
    for (size_t i = 0; i < reaching.count; i++) {
        const struct hs_policy *p = hs_policies_at(&reaching, i);
        if (!hs_deny_matches(p, e->ask.who, e->tree.table, e->ask.facts))
            continue;
        bool over = hs_mask_targets(a, p, &e->tree, laid, err) != HS_OK; /* refused elsewhere, if it is */
        for (size_t n = 0; n <= h->node && !over; n++)
            over = laid[n] && h->node < e->tree.nodes[n].end;
        if (over)
            h->denies[h->deny_count++] = p;
    }
    return HS_OK;
}

static hs_rc add_hidden(struct hs_arena *a, struct hs_explained *e, struct hs_err *err)
{
    for (size_t i = 0; i < e->tree.count;) {
        const struct hs_node *n = &e->tree.nodes[i];
        bool hidden =
            n->parent < 0 ? !e->decision || !is_shown(e->decision, n->field->id) : is_cut(e->decision, n->field->id);
        if (hidden) {
            struct explained_hidden *h = hs_vec_add(a, &e->hidden);
            if (!h)
                return hs_no_memory(err);
            h->node = i;
            HS_TRY(find_denies(a, e, h, err));
        }
        i = hidden ? n->end : i + 1; /* what is inside is hidden with it */
    }
    return HS_OK;
}

/* ---- the whole ---- */

static hs_rc decide(struct hs_arena *a, struct hs_explained *e, struct hs_err *err)
{
    struct hs_err why;
    hs_err_clear(&why);
    const struct hs_explain_request *r = &e->ask;
    hs_rc rc = hs_policy_decide(a, r->model, r->who, r->table, r->bound, r->facts, &e->decision, &why);
    if (rc == HS_OK)
        return HS_OK;
    e->decision = NULL;
    e->refused = rc == HS_NOMEM ? (hs_str){0} : hs_arena_str(a, hs_str_of(why.detail));
    return e->refused.at ? HS_OK : hs_no_memory(err);
}

hs_rc hs_explain(struct hs_arena *a, const struct hs_explain_request *r, struct hs_explained **out, struct hs_err *err)
{
    struct hs_explained *e = HS_NEW(a, struct hs_explained);
    if (!e)
        return hs_no_memory(err);
    e->ask = *r;
    e->tree = (struct hs_tree){.table = r->table, .bound = r->bound};
    HS_TRY(decide(a, e, err));
    HS_TRY(hs_tree_build(a, r->table, r->bound, &e->tree, err));
    if (e->decision)
        HS_TRY(add_rows(a, e, err));
    if (e->decision)
        HS_TRY(add_hidden(a, e, err));
    HS_TRY(hs_explain_near(a, e, err));
    HS_TRY(hs_explain_said(a, e, err));
    *out = e;
    return HS_OK;
}
