/* An explanation for programs: doc/reference/explain.schema.json. Names here are promises: what is there stays, what
 * comes is added. */
#include "mask/mask.h"
#include "policy/seeing/explained_in.h"

#include "base/clock.h"

static void key(struct hs_buf *b, const char *name)
{
    char last = b->len ? b->at[b->len - 1] : '{';
    hs_buf_addf(b, "%s\"%s\": ", last == '{' || last == '[' ? "" : ", ", name);
}

static void next(struct hs_buf *b)
{
    if (b->len && b->at[b->len - 1] != '[' && b->at[b->len - 1] != '{')
        hs_buf_addz(b, ", ");
}

static void text(struct hs_buf *b, const char *name, hs_str value)
{
    key(b, name);
    hs_buf_add_json(b, value);
}

static void text_or_null(struct hs_buf *b, const char *name, hs_str value)
{
    key(b, name);
    if (value.len)
        hs_buf_add_json(b, value);
    else
        hs_buf_addz(b, "null");
}

static void flag(struct hs_buf *b, const char *name, bool value)
{
    key(b, name);
    hs_buf_addz(b, value ? "true" : "false");
}

static void number(struct hs_buf *b, const char *name, int64_t value)
{
    key(b, name);
    hs_buf_addf(b, "%lld", (long long)value);
}

static void inner_text(struct hs_buf *b, const char *name, const struct hs_buf *inner)
{
    b->failed |= inner->failed;
    text(b, name, hs_buf_str(inner));
}

static void rule(struct hs_buf *b, const char *name, const struct hs_rule *r)
{
    struct hs_buf inner;
    if (!r) {
        text_or_null(b, name, HS_S(""));
        return;
    }
    hs_buf_init(&inner, b->max);
    hs_buf_add_rule(&inner, r);
    inner_text(b, name, &inner);
    hs_buf_fini(&inner);
}

static void type(struct hs_buf *b, const char *name, const struct hs_type *t)
{
    struct hs_buf inner;
    hs_buf_init(&inner, b->max);
    hs_buf_add_type(&inner, t);
    inner_text(b, name, &inner);
    hs_buf_fini(&inner);
}

static void node(struct hs_buf *b, const char *name, const struct hs_tree *tree, size_t n)
{
    struct hs_buf inner;
    hs_buf_init(&inner, b->max);
    hs_buf_add_node(&inner, tree, n);
    inner_text(b, name, &inner);
    hs_buf_fini(&inner);
}

static void id_path(struct hs_buf *b, const struct hs_explained *e, const struct hs_mask_use *m)
{
    struct hs_buf inner;
    hs_buf_init(&inner, b->max);
    hs_buf_add_id_path(&inner, e->ask.bound, m->path_ids, m->path_len);
    inner_text(b, "path", &inner);
    hs_buf_fini(&inner);
}

static void time_or_null(struct hs_buf *b, const char *name, int64_t us)
{
    struct hs_buf inner;
    hs_buf_init(&inner, 64);
    if (us)
        hs_buf_add_time(&inner, us);
    text_or_null(b, name, hs_buf_str(&inner));
    hs_buf_fini(&inner);
}

/* ---- the parts ---- */

static void place(struct hs_buf *b, const struct hs_policy *p)
{
    text(b, "kind", hs_str_of(hs_policy_kind_word(p->kind)));
    text(b, "name", p->name);
    text(b, "file", p->at.file);
    number(b, "line", p->at.line);
}

static void places(struct hs_buf *b, const char *name, const struct hs_policy *const *all, size_t count)
{
    key(b, name);
    hs_buf_addc(b, '[');
    for (size_t i = 0; i < count; i++) {
        next(b);
        hs_buf_addc(b, '{');
        place(b, all[i]);
        hs_buf_addc(b, '}');
    }
    hs_buf_addc(b, ']');
}

static void arguments(struct hs_buf *b, const struct hs_policy *p)
{
    struct hs_buf value;
    key(b, "args");
    hs_buf_addc(b, '{');
    for (size_t i = 0; i < p->arg_count; i++) {
        next(b);
        hs_buf_init(&value, b->max);
        hs_buf_add_value(&value, &p->args[i].value);
        hs_buf_add_json(b, p->args[i].name);
        hs_buf_addz(b, ": ");
        hs_buf_add_json(b, hs_buf_str(&value));
        b->failed |= value.failed;
        hs_buf_fini(&value);
    }
    hs_buf_addc(b, '}');
}

static void mask(struct hs_buf *b, const struct hs_explained *e, const struct hs_mask_use *m)
{
    const struct hs_mask_function *f = hs_mask_function(m->policy->with);
    hs_str id = f && f->keyed ? hs_mask_key_id(f, m->policy->args, m->policy->arg_count) : (hs_str){0};
    hs_buf_addc(b, '{');
    id_path(b, e, m);
    text_or_null(b, "json", m->json);
    flag(b, "by_grant", m->by_grant);
    text(b, "with", m->policy->with);
    arguments(b, m->policy);
    text_or_null(b, "key", f && f->keyed && !id.len ? e->ask.default_key : id);
    rule(b, "unless_false", m->when);
    rule(b, "elements_unless_false", m->elements);
    if (!m->by_grant)
        place(b, m->policy);
    hs_buf_addc(b, '}');
}

static void columns(struct hs_buf *b, const struct hs_explained *e)
{
    static const char *const roles[] = {
        [HS_ROLE_NONE] = "none", [HS_ROLE_DIMENSION] = "dimension", [HS_ROLE_MEASURE] = "measure"};
    const struct hs_decision *d = e->decision;
    key(b, "columns");
    hs_buf_addc(b, '[');
    for (size_t i = 0; d && i < d->column_count; i++) {
        const struct hs_decided_column *c = &d->columns[i];
        next(b);
        hs_buf_addc(b, '{');
        text(b, "name", c->field->name);
        number(b, "field_id", c->field->id);
        type(b, "type", c->type);
        flag(b, "nullable", c->nullable);
        text_or_null(b, "role", d->minimum ? hs_str_of(roles[c->role]) : HS_S(""));
        key(b, "masks");
        hs_buf_addc(b, '[');
        for (size_t k = 0; k < c->mask_count; k++) {
            next(b);
            mask(b, e, c->masks[k]);
        }
        hs_buf_addz(b, "]}");
    }
    hs_buf_addc(b, ']');
}

static void hidden(struct hs_buf *b, const struct hs_explained *e)
{
    key(b, "hidden");
    hs_buf_addc(b, '[');
    for (size_t i = 0; i < e->hidden.len; i++) {
        const struct explained_hidden *h = &e->hidden.at[i];
        next(b);
        hs_buf_addc(b, '{');
        node(b, "path", &e->tree, h->node);
        text(b, "why", h->deny_count ? HS_S("denied") : HS_S("not granted"));
        places(b, "by", h->denies, h->deny_count);
        hs_buf_addc(b, '}');
    }
    hs_buf_addc(b, ']');
}

static void rows(struct hs_buf *b, const struct hs_explained *e)
{
    key(b, "rows");
    hs_buf_addc(b, '{');
    rule(b, "predicate", e->decision ? e->decision->rows : NULL);
    key(b, "parts");
    hs_buf_addc(b, '[');
    for (size_t i = 0; i < e->rows.len; i++) {
        next(b);
        hs_buf_addc(b, '{');
        rule(b, "predicate", e->rows.at[i].rule);
        place(b, e->rows.at[i].by);
        hs_buf_addc(b, '}');
    }
    hs_buf_addz(b, "]}");
}

static void near(struct hs_buf *b, const struct hs_explained *e)
{
    key(b, "near");
    hs_buf_addc(b, '[');
    for (size_t i = 0; i < e->near.len; i++) {
        next(b);
        hs_buf_addc(b, '{');
        place(b, e->near.at[i].grant);
        text(b, "why", e->near.at[i].why);
        hs_buf_addc(b, '}');
    }
    hs_buf_addc(b, ']');
}

static void limits(struct hs_buf *b, const struct hs_decision *d)
{
    struct hs_limits l = d ? d->limits : (struct hs_limits){0};
    const struct {
        const char *name;
        int64_t value;
    } all[] = {{"concurrent", l.concurrent},     {"memory_bytes", l.memory_bytes},
               {"time_ms", l.time_ms},           {"rows", l.rows},
               {"rows_per_day", l.rows_per_day}, {"bytes_per_day", l.bytes_per_day}};
    key(b, "limits");
    hs_buf_addc(b, '{');
    for (size_t i = 0; i < HS_COUNT(all); i++)
        if (all[i].value)
            number(b, all[i].name, all[i].value);
    hs_buf_addc(b, '}');
}

static void said(struct hs_buf *b, const struct hs_explained *e)
{
    static const char *const fits[] = {
        [EXPLAINED_EXACT] = "exact", [EXPLAINED_STAND_IN] = "stand-in", [EXPLAINED_REFUSED] = "refused"};
    text_or_null(b, "dialect", e->ask.dialect);
    key(b, "said");
    hs_buf_addc(b, '[');
    for (size_t i = 0; i < e->said.len; i++) {
        const struct explained_said *s = &e->said.at[i];
        next(b);
        hs_buf_addc(b, '{');
        text_or_null(b, "column", s->column);
        text(b, "fit", hs_str_of(fits[s->fit]));
        text_or_null(b, "note", s->note);
        text(b, "text", s->text);
        hs_buf_addc(b, '}');
    }
    hs_buf_addc(b, ']');
}

static void roles(struct hs_buf *b, const struct hs_principal *who)
{
    key(b, "roles");
    hs_buf_addc(b, '[');
    for (size_t i = 0; i < who->role_count; i++) {
        next(b);
        hs_buf_add_json(b, who->roles[i]);
    }
    hs_buf_addc(b, ']');
}

static void question(struct hs_buf *b, const struct hs_explain_request *ask)
{
    const struct hs_product *p = ask->table->product;
    key(b, "table");
    hs_buf_addc(b, '{');
    text(b, "domain", p ? p->domain : HS_S(""));
    text(b, "name", ask->table->name);
    text(b, "product", p ? p->id : HS_S(""));
    text(b, "file", ask->table->at.file);
    number(b, "line", ask->table->at.line);
    hs_buf_addc(b, '}');
    text(b, "as", ask->who->name);
    roles(b, ask->who);
    time_or_null(b, "at", ask->facts->now_us);
    text_or_null(b, "purpose", ask->facts->purpose);
    text_or_null(b, "workspace", ask->facts->workspace);
    text(b, "model_version", ask->model->version_text);
    text(b, "types", ask->assumed.len ? HS_S("contract") : HS_S("table"));
    text_or_null(b, "types_why", ask->assumed);
}

void hs_buf_add_explained_json(struct hs_buf *b, const struct hs_explained *e)
{
    const struct hs_decision *d = e->decision;
    struct hs_buf digest;
    hs_buf_addc(b, '{');
    question(b, &e->ask);
    flag(b, "visible", d && d->allowed);
    text_or_null(b, "refused", e->refused);
    rows(b, e);
    columns(b, e);
    hidden(b, e);
    places(b, "reasons", d ? d->reasons : NULL, d ? d->reason_count : 0);
    const struct hs_policy *deny = hs_policy_denies(e->ask.model, e->ask.who, e->ask.table, e->ask.facts);
    places(b, "denied", &deny, deny != NULL);
    near(b, e);
    limits(b, d);
    number(b, "minimum", d ? d->minimum : 0);
    time_or_null(b, "valid_until", d ? d->valid_until_us : 0);
    hs_buf_init(&digest, 128);
    if (d)
        hs_buf_add_hex(&digest, d->digest, sizeof d->digest);
    text_or_null(b, "digest", hs_buf_str(&digest));
    hs_buf_fini(&digest);
    said(b, e);
    hs_buf_addc(b, '}');
}
