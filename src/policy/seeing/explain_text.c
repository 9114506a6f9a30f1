/* An explanation for people. */
#include "mask/mask.h"
#include "policy/seeing/explained_in.h"

#include "base/clock.h"

static void add_place(struct hs_buf *b, const struct hs_policy *p)
{
    hs_buf_addf(b, "'%.*s' (%.*s:%d)", HS_FMT(p->name), HS_FMT(p->at.file), p->at.line);
}

static void add_call(struct hs_buf *b, const struct hs_policy *p)
{
    hs_buf_addf(b, "%.*s(", HS_FMT(p->with));
    for (size_t i = 0; i < p->arg_count; i++) {
        hs_buf_addf(b, "%s%.*s: ", i ? ", " : "", HS_FMT(p->args[i].name));
        hs_buf_add_value(b, &p->args[i].value);
    }
    hs_buf_addc(b, ')');
}

static void add_mask_line(struct hs_buf *b, const struct hs_explained *e, const struct hs_mask_use *m)
{
    hs_buf_addz(b, "    ");
    hs_buf_add_id_path(b, e->ask.bound, m->path_ids, m->path_len);
    if (m->json.len)
        hs_buf_addf(b, ".%.*s", HS_FMT(m->json));
    if (m->by_grant) {
        hs_buf_addz(b, ": NULL unless ");
        hs_buf_add_rule(b, m->when->args[0]);
        hs_buf_addz(b, " (no other grant opens it)\n");
        return;
    }
    hs_buf_addz(b, ": ");
    add_call(b, m->policy);
    const struct hs_mask_function *f = hs_mask_function(m->policy->with);
    hs_str key = f ? hs_mask_key_id(f, m->policy->args, m->policy->arg_count) : (hs_str){0};
    if (f && f->keyed)
        hs_buf_addf(b, " under key %.*s%s", HS_FMT(key.len ? key : e->ask.default_key), key.len ? "" : " (the oldest)");
    if (m->elements) {
        hs_buf_addz(b, " of elements unless this is false: ");
        hs_buf_add_rule(b, m->elements);
    }
    hs_buf_addz(b, " by ");
    add_place(b, m->policy);
    if (m->when) {
        hs_buf_addz(b, " unless this is false: ");
        hs_buf_add_rule(b, m->when);
    }
    hs_buf_addc(b, '\n');
}

static void add_why_hidden(struct hs_buf *b, const struct explained_hidden *h)
{
    if (!h->deny_count)
        hs_buf_addz(b, "no grant opens it");
    for (size_t i = 0; i < h->deny_count; i++) {
        hs_buf_addz(b, i ? ", " : "denied by ");
        add_place(b, h->denies[i]);
    }
    hs_buf_addc(b, '\n');
}

static bool lies_in(const struct hs_explained *e, size_t node, const struct hs_field *column)
{
    int at = (int)node;
    while (e->tree.nodes[at].parent >= 0)
        at = e->tree.nodes[at].parent;
    return at != (int)node && e->tree.nodes[at].field->id == column->id;
}

static void add_columns(struct hs_buf *b, const struct hs_explained *e)
{
    static const char *const roles[] = {
        [HS_ROLE_NONE] = " (only counted)", [HS_ROLE_DIMENSION] = " (a dimension)", [HS_ROLE_MEASURE] = " (a measure)"};
    const struct hs_decision *d = e->decision;
    for (size_t i = 0; i < d->column_count; i++) {
        const struct hs_decided_column *c = &d->columns[i];
        hs_buf_addf(b, "  column %.*s: ", HS_FMT(c->field->name));
        hs_buf_add_type(b, c->type);
        hs_buf_addf(b, "%s\n", d->minimum ? roles[c->role] : "");
        for (size_t k = 0; k < e->hidden.len; k++)
            if (lies_in(e, e->hidden.at[k].node, c->field)) {
                hs_buf_addz(b, "    without ");
                hs_buf_add_node(b, &e->tree, e->hidden.at[k].node);
                hs_buf_addz(b, ": ");
                add_why_hidden(b, &e->hidden.at[k]);
            }
        for (size_t k = 0; k < c->mask_count; k++)
            add_mask_line(b, e, c->masks[k]);
    }
}

static void add_hidden_columns(struct hs_buf *b, const struct hs_explained *e)
{
    for (size_t i = 0; i < e->hidden.len; i++) {
        const struct hs_node *n = &e->tree.nodes[e->hidden.at[i].node];
        if (n->parent >= 0)
            continue;
        hs_buf_addf(b, "  hidden %.*s: ", HS_FMT(n->field->name));
        add_why_hidden(b, &e->hidden.at[i]);
    }
}

static void add_rows(struct hs_buf *b, const struct hs_explained *e)
{
    hs_buf_addz(b, "  rows: ");
    if (e->decision->rows)
        hs_buf_add_rule(b, e->decision->rows);
    else
        hs_buf_addz(b, "all");
    hs_buf_addc(b, '\n');
    for (size_t i = 0; i < e->rows.len; i++) {
        const struct explained_rows *r = &e->rows.at[i];
        hs_buf_addf(b, "    %s by %s ", r->by->kind == HS_GRANT ? "opened" : "kept", hs_policy_kind_word(r->by->kind));
        add_place(b, r->by);
        hs_buf_addz(b, ": ");
        if (r->rule)
            hs_buf_add_rule(b, r->rule);
        else
            hs_buf_addz(b, "every row");
        hs_buf_addc(b, '\n');
    }
}

static void add_limits(struct hs_buf *b, const struct hs_limits *l)
{
    const struct {
        const char *name;
        int64_t value;
    } all[] = {{"concurrent", l->concurrent},     {"memory_bytes", l->memory_bytes},
               {"time_ms", l->time_ms},           {"rows", l->rows},
               {"rows_per_day", l->rows_per_day}, {"bytes_per_day", l->bytes_per_day}};
    for (size_t i = 0; i < HS_COUNT(all); i++)
        if (all[i].value)
            hs_buf_addf(b, "  limit %s: %lld\n", all[i].name, (long long)all[i].value);
}

static void add_reasons(struct hs_buf *b, const struct hs_decision *d)
{
    for (size_t i = 0; i < d->reason_count; i++) {
        hs_buf_addf(b, "  by %s ", hs_policy_kind_word(d->reasons[i]->kind));
        add_place(b, d->reasons[i]);
        hs_buf_addc(b, '\n');
    }
}

static void add_said(struct hs_buf *b, const struct hs_explained *e)
{
    static const char *const fits[] = {
        [EXPLAINED_EXACT] = "exact", [EXPLAINED_STAND_IN] = "stand-in", [EXPLAINED_REFUSED] = "refused"};
    for (size_t i = 0; i < e->said.len; i++) {
        const struct explained_said *s = &e->said.at[i];
        hs_buf_addf(b, "  in %.*s, ", HS_FMT(e->ask.dialect));
        hs_buf_addf(b, s->column.len ? "column %.*s" : "rows%.*s", HS_FMT(s->column));
        hs_buf_addf(b, " (%s%s%.*s): ", fits[s->fit], s->note.len ? "; " : "", HS_FMT(s->note));
        hs_buf_adds(b, s->text.len ? s->text : HS_S("all"));
        hs_buf_addc(b, '\n');
    }
}

static void add_near(struct hs_buf *b, const struct hs_explained *e)
{
    for (size_t i = 0; i < e->near.len; i++) {
        hs_buf_addz(b, "  not by Grant ");
        add_place(b, e->near.at[i].grant);
        hs_buf_addf(b, ": %.*s\n", HS_FMT(e->near.at[i].why));
    }
}

static void add_allowed(struct hs_buf *b, const struct hs_explained *e)
{
    const struct hs_decision *d = e->decision;
    hs_buf_addz(b, "allowed\n");
    if (d->minimum)
        hs_buf_addf(b, "  only aggregates, over groups of at least %d rows\n", d->minimum);
    add_rows(b, e);
    add_columns(b, e);
    add_hidden_columns(b, e);
    add_limits(b, &d->limits);
    if (d->valid_until_us) {
        hs_buf_addz(b, "  until ");
        hs_buf_add_time(b, d->valid_until_us);
        hs_buf_addz(b, " (a grant expires or a fact of the request changes)\n");
    }
    add_reasons(b, d);
    add_said(b, e);
}

static void add_not_visible(struct hs_buf *b, const struct hs_explained *e)
{
    const struct hs_policy *deny = hs_policy_denies(e->ask.model, e->ask.who, e->ask.table, e->ask.facts);
    hs_buf_addz(b, "not visible (");
    if (deny) {
        hs_buf_addz(b, "denied by ");
        add_place(b, deny);
    } else {
        hs_buf_addz(b, "no grant applies");
    }
    hs_buf_addz(b, ")\n");
    for (size_t i = 0; i < e->hidden.len && !deny; i++)
        if (e->hidden.at[i].deny_count) {
            hs_buf_addz(b, "  hidden ");
            hs_buf_add_node(b, &e->tree, e->hidden.at[i].node);
            hs_buf_addz(b, ": ");
            add_why_hidden(b, &e->hidden.at[i]);
        }
}

void hs_buf_add_explained(struct hs_buf *b, const struct hs_explained *e)
{
    hs_str domain = e->ask.table->product ? e->ask.table->product->domain : HS_S("");
    hs_buf_addf(b, "%.*s%s%.*s: ", HS_FMT(domain), domain.len ? "." : "", HS_FMT(e->ask.table->name));
    if (!e->decision)
        hs_buf_addf(b, "refused, for everything in it (%.*s)\n", HS_FMT(e->refused));
    else if (e->decision->allowed)
        add_allowed(b, e);
    else
        add_not_visible(b, e);
    add_near(b, e);
    if (e->ask.assumed.len)
        hs_buf_addf(b, "  types as the contract says, for the table could not be opened: %.*s\n",
                    HS_FMT(e->ask.assumed));
    if (e->decision) {
        hs_buf_addz(b, "  digest ");
        hs_buf_add_hex(b, e->decision->digest, sizeof e->decision->digest);
        hs_buf_addc(b, '\n');
    }
}
