/* What policies can tell people apart by. Of ten thousand people the policies of one table see a few kinds; each kind
 * is decided once. Whatever a policy reads of a person is a feature; too many features only cost time, one too few
 * would hide a difference, so everything that is not understood counts as the name. */
#include "mask/mask.h"
#include "policy/policy_in.h"
#include "policy/seeing.h"

struct gatherer {
    struct hs_arena *arena;
    struct hs_features *f;
    struct hs_err *err;
};

static bool has(const hs_str *all, size_t count, hs_str one)
{
    for (size_t i = 0; i < count; i++)
        if (hs_str_eq(all[i], one))
            return true;
    return false;
}

#define add_one(k, list, one)                                      \
    do {                                                           \
        if (!has((k)->f->list.at, (k)->f->list.len, (one))) {      \
            hs_str *slot_ = hs_vec_add((k)->arena, &(k)->f->list); \
            if (!slot_)                                            \
                return hs_no_memory((k)->err);                     \
            *slot_ = (one);                                        \
        }                                                          \
    } while (0)

static hs_rc add_selector(struct gatherer *k, const struct hs_selector *s)
{
    for (size_t i = 0; i < s->role_count; i++)
        add_one(k, roles, s->roles[i]);
    for (size_t i = 0; i < s->user_count; i++)
        add_one(k, users, s->users[i]);
    for (size_t i = 0; i < s->attribute_count; i++)
        add_one(k, attributes, s->attributes[i].name);
    return HS_OK;
}

static hs_rc add_rule(struct gatherer *k, const struct hs_rule *r)
{
    if (!r)
        return HS_OK;
    if (r->op == HS_RULE_PRINCIPAL && hs_str_is(r->text, "roles"))
        k->f->all_roles = true;
    else if (r->op == HS_RULE_PRINCIPAL && hs_str_is(r->text, "name"))
        k->f->name = true;
    else if (r->op == HS_RULE_PRINCIPAL)
        add_one(k, attributes, r->text);
    for (size_t i = 0; i < r->arg_count; i++)
        HS_TRY(add_rule(k, r->args[i]));
    return HS_OK;
}

hs_rc hs_features_of(struct hs_arena *a, const struct hs_model *model, const struct hs_table *table,
                     struct hs_features *out, struct hs_err *err)
{
    struct gatherer k = {a, out, err};
    *out = (struct hs_features){0};
    if (!table)
        return HS_OK;
    struct hs_policies reaching = hs_model_reaching(model, table);
    for (size_t i = 0; i < reaching.count; i++) {
        const struct hs_policy *p = hs_policies_at(&reaching, i);
        const struct hs_mask_function *f = p->kind == HS_MASK ? hs_mask_function(p->with) : NULL;
        out->name |= p->kind == HS_MASK && (!f || f->per_person);
        HS_TRY(add_selector(&k, &p->to));
        HS_TRY(add_selector(&k, &p->unless));
        HS_TRY(add_rule(&k, p->where));
        HS_TRY(add_rule(&k, p->when));
        HS_TRY(add_rule(&k, p->elements));
    }
    return HS_OK;
}

static void add_text(struct hs_buf *b, hs_str s)
{
    hs_buf_addf(b, "%zu:", s.len);
    hs_buf_adds(b, s);
}

static void add_texts(struct hs_buf *b, const hs_str *all, size_t count)
{
    hs_buf_addf(b, "%zu[", count);
    for (size_t i = 0; i < count; i++)
        add_text(b, all[i]);
}

void hs_buf_add_features(struct hs_buf *b, const struct hs_features *f)
{
    add_texts(b, f->roles.at, f->roles.len);
    add_texts(b, f->users.at, f->users.len);
    add_texts(b, f->attributes.at, f->attributes.len);
    hs_buf_addf(b, "%d%d", f->all_roles, f->name);
}

static void add_attribute(struct hs_buf *b, const struct hs_principal *who, hs_str name)
{
    struct hs_buf value;
    hs_buf_init(&value, 1 << 24);
    for (size_t i = 0; i < who->attribute_count; i++)
        if (hs_str_eq(who->attributes[i].name, name)) {
            hs_buf_addf(&value, "%d ", who->attributes[i].value.kind);
            hs_buf_add_value(&value, &who->attributes[i].value);
        }
    add_text(b, hs_buf_str(&value));
    b->failed |= value.failed;
    hs_buf_fini(&value);
}

void hs_buf_add_features_had(struct hs_buf *b, const struct hs_features *f, const struct hs_principal *who)
{
    if (f->all_roles)
        add_texts(b, who->roles, who->role_count);
    for (size_t i = 0; i < f->roles.len; i++)
        hs_buf_addc(b, has(who->roles, who->role_count, f->roles.at[i]) ? '1' : '0');
    if (f->name || has(f->users.at, f->users.len, who->name))
        add_text(b, who->name);
    hs_buf_addc(b, ';');
    for (size_t i = 0; i < f->attributes.len; i++)
        add_attribute(b, who, f->attributes.at[i]);
}
