/* What needs every file: names that must be unique, references, and the index by which the model is asked. */
#include "model/index.h"
#include "model/load.h"
#include "model/path.h"

/* ---- unique names ---- */

static hs_rc index_put(struct hs_load *l, char kind, hs_str a, hs_str b, void *value)
{
    struct hs_index_key key;
    return hs_map_put(l->model->index, hs_index_key(&key, kind, a, b), value, l->err);
}

static hs_rc index_users(struct hs_load *l)
{
    struct hs_map *hashes = hs_map_new(l->scratch);
    if (!hashes)
        return hs_load_no_memory(l);
    for (size_t i = 0; i < l->users.len; i++) {
        struct hs_user *user = &l->users.at[i];
        const struct hs_user *other = hs_model_user(l->model, user->name);
        if (other)
            return hs_load_fail(l, user->at, "there are two users '%.*s', the other at %.*s:%d", HS_FMT(user->name),
                                HS_FMT(other->at.file), other->at.line);
        HS_TRY(index_put(l, 'u', user->name, HS_S(""), user));
        for (size_t t = 0; t < user->token_count; t++) {
            hs_str hash = hs_str_n(user->tokens[t].hash, sizeof user->tokens[t].hash);
            if (hs_map_get(hashes, hash))
                return hs_load_fail(l, user->at, "a token of '%.*s' is also another's", HS_FMT(user->name));
            HS_TRY(hs_map_put(hashes, hash, user, l->err));
        }
    }
    return HS_OK;
}

static hs_rc index_tables(struct hs_load *l, struct hs_product *product, struct hs_map *seen)
{
    for (size_t i = 0; i < product->table_count; i++) {
        struct hs_table *table = &product->tables[i];
        table->product = product;
        hs_str full = hs_arena_printf(l->scratch, "%.*s.%.*s", HS_FMT(product->domain), HS_FMT(table->name));
        if (!full.at)
            return hs_load_no_memory(l);
        HS_TRY(hs_claim_name(l, seen, full, table->at, "tables"));
        HS_TRY(index_put(l, 't', product->domain, table->name, table));
    }
    return HS_OK;
}

static hs_rc index_products(struct hs_load *l)
{
    struct hs_map *tables = hs_map_new(l->scratch), *domains = hs_map_new(l->scratch);
    if (!tables || !domains)
        return hs_load_no_memory(l);
    for (size_t i = 0; i < l->products.len; i++) {
        struct hs_product *product = &l->products.at[i];
        const struct hs_product *other = hs_model_product(l->model, product->id);
        if (other)
            return hs_load_fail(l, product->at, "there are two contracts with id '%.*s', the other at %.*s:%d",
                                HS_FMT(product->id), HS_FMT(other->at.file), other->at.line);
        if (!hs_model_has_domain(l->model, product->domain))
            HS_TRY(hs_claim_name(l, domains, product->domain, product->at, "domains"));
        HS_TRY(index_put(l, 'd', product->domain, HS_S(""), product));
        HS_TRY(index_put(l, 'p', product->id, HS_S(""), product));
        HS_TRY(index_tables(l, product, tables));
    }
    return HS_OK;
}

static hs_rc check_policy_names(struct hs_load *l)
{
    struct hs_map *seen = hs_map_new(l->scratch);
    if (!seen)
        return hs_load_no_memory(l);
    for (size_t i = 0; i < l->policies.len; i++) {
        struct hs_policy *policy = &l->policies.at[i];
        hs_str key = hs_arena_printf(l->scratch, "%.*s/%.*s", HS_FMT(policy->domain), HS_FMT(policy->name));
        const struct hs_policy *other = key.at ? hs_map_get(seen, key) : NULL;
        if (!key.at)
            return hs_load_no_memory(l);
        if (other)
            return hs_load_fail(l, policy->at, "there are two policies '%.*s' in this domain, the other at %.*s:%d",
                                HS_FMT(policy->name), HS_FMT(other->at.file), other->at.line);
        HS_TRY(hs_map_put(seen, key, policy, l->err));
    }
    return HS_OK;
}

/* ---- names for "did you mean" ---- */

typedef HS_VEC(hs_str) name_list;

static hs_rc add_name(struct hs_load *l, name_list *names, hs_str name)
{
    hs_str *place = hs_vec_add(l->scratch, names);
    if (!place)
        return hs_load_no_memory(l);
    *place = name;
    return HS_OK;
}

static hs_rc add_tags(struct hs_load *l, name_list *names, const struct hs_property *properties, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t t = 0; t < properties[i].tag_count; t++)
            HS_TRY(add_name(l, names, properties[i].tags[t]));
        HS_TRY(add_tags(l, names, properties[i].properties, properties[i].property_count));
    }
    return HS_OK;
}

/* The names of one kind in the whole model; only made for a message, or for tags once. */
static hs_rc list_names(struct hs_load *l, enum hs_target_kind kind, name_list *names)
{
    for (size_t i = 0; i < l->products.len; i++) {
        const struct hs_product *p = &l->products.at[i];
        if (kind == HS_ON_PRODUCT || kind == HS_ON_DOMAIN)
            HS_TRY(add_name(l, names, kind == HS_ON_PRODUCT ? p->id : p->domain));
        for (size_t t = 0; kind == HS_ON_TAG && t < p->tag_count; t++)
            HS_TRY(add_name(l, names, p->tags[t]));
        for (size_t j = 0; j < p->table_count; j++) {
            const struct hs_table *table = &p->tables[j];
            hs_str full = {0};
            if (kind == HS_ON_TABLE || kind == HS_ON_COLUMN)
                full = hs_arena_printf(l->scratch, "%.*s.%.*s", HS_FMT(p->domain), HS_FMT(table->name));
            if (full.at)
                HS_TRY(add_name(l, names, full));
            if (kind != HS_ON_TAG)
                continue;
            for (size_t t = 0; t < table->tag_count; t++)
                HS_TRY(add_name(l, names, table->tags[t]));
            HS_TRY(add_tags(l, names, table->properties, table->property_count));
        }
    }
    return HS_OK;
}

static hs_rc fail_unknown(struct hs_load *l, struct hs_at at, enum hs_target_kind kind, const char *noun, hs_str wanted)
{
    name_list names = {0};
    struct hs_hint hint;
    HS_TRY(list_names(l, kind, &names));
    return hs_load_fail(l, at, "there is no %s '%.*s'%s", noun, (int)(wanted.len < 120 ? wanted.len : 120), wanted.at,
                        hs_hint(&hint, wanted, names.at, names.len));
}

/* ---- columns ---- */

static hs_rc fail_path(struct hs_load *l, struct hs_at at, const struct hs_table *table, hs_str path,
                       const struct hs_path_failure *why)
{
    hs_str names[256];
    size_t n = 0;
    for (; n < why->count && n < 256; n++)
        names[n] = why->siblings[n].name;
    struct hs_hint hint;
    if (!why->siblings)
        return hs_load_fail(l, at,
                            "'%.*s' does not lead into table '%.*s': members are reached by '.name' and an array's "
                            "elements by '[]'",
                            HS_FMT(path), HS_FMT(table->name));
    return hs_load_fail(l, at, "there is no column '%.*s' in the contract of table '%.*s'%s", HS_FMT(path),
                        HS_FMT(table->name), hs_hint(&hint, why->name, names, n));
}

static hs_rc refuse_json_path(struct hs_load *l, struct hs_at at, hs_str path)
{
    if (!hs_path_is_json(path))
        return HS_OK;
    return hs_load_fail(l, at, "'%.*s' is a path into JSON: only a mask can be on one", HS_FMT(path));
}

/* Of "payload.$.customer.ssn" the column; what follows is the mask's to read. */
static hs_str column_of(hs_str path)
{
    const char *json = memmem(path.at, path.len, ".$", 2);
    return json ? hs_str_n(path.at, (size_t)(json - path.at)) : path;
}

/* ---- on ---- */

static hs_rc resolve_table(struct hs_load *l, struct hs_policy *policy, struct hs_at at, hs_str *out_rest)
{
    hs_str rest = policy->on.text, domain = hs_str_cut(&rest, '.');
    hs_str name = rest;
    if (policy->on.kind == HS_ON_COLUMN)
        name = hs_str_cut(&rest, '.');
    const struct hs_table *table = name.at ? hs_model_table(l->model, domain, name) : NULL;
    if (!table) {
        hs_str full = {policy->on.text.at, name.at ? domain.len + 1 + name.len : domain.len};
        return fail_unknown(l, at, HS_ON_TABLE, "table", full);
    }
    policy->on.table = table;
    policy->on.product = table->product;
    *out_rest = policy->on.kind == HS_ON_COLUMN ? rest : (hs_str){0};
    return HS_OK;
}

static hs_rc resolve_column(struct hs_load *l, struct hs_policy *policy, struct hs_at at)
{
    struct hs_path_failure why;
    hs_str path = {0};
    HS_TRY(resolve_table(l, policy, at, &path));
    if (!path.at || !path.len)
        return hs_load_fail(l, at, "'column' must name domain, table and column: '%.*s' ends at the table",
                            HS_FMT(policy->on.text));
    if (policy->kind != HS_MASK)
        HS_TRY(refuse_json_path(l, at, path));
    hs_str column = column_of(path);
    if (!hs_path_walk(policy->on.table, column, &why))
        return fail_path(l, at, policy->on.table, column, &why);
    policy->on.path = path;
    return HS_OK;
}

static bool has_tag(const hs_str *tags, size_t count, hs_str tag)
{
    for (size_t i = 0; i < count; i++)
        if (hs_str_eq(tags[i], tag))
            return true;
    return false;
}

static bool property_carries(const struct hs_property *p, hs_str tag)
{
    bool found = has_tag(p->tags, p->tag_count, tag);
    for (size_t i = 0; !found && i < p->property_count; i++)
        found = property_carries(&p->properties[i], tag);
    return found;
}

/* The first table of the product that carries the tag, or of which something does. */
static const struct hs_table *tagged_table(const struct hs_product *product, hs_str tag)
{
    for (size_t i = 0; i < product->table_count; i++) {
        const struct hs_table *t = &product->tables[i];
        bool found = has_tag(product->tags, product->tag_count, tag) || has_tag(t->tags, t->tag_count, tag);
        for (size_t p = 0; !found && p < t->property_count; p++)
            found = property_carries(&t->properties[p], tag);
        if (found)
            return t;
    }
    return NULL;
}

/* Which domains have a mask of their own on which tag; the mesh's stand under "". */
static hs_rc collect_tag_masks(struct hs_load *l)
{
    l->tag_masks = hs_map_new(l->scratch);
    if (!l->tag_masks)
        return hs_load_no_memory(l);
    for (size_t i = 0; i < l->policies.len; i++) {
        struct hs_policy *p = &l->policies.at[i];
        struct hs_index_key key;
        if (p->on.kind == HS_ON_TAG)
            HS_TRY(hs_map_put(l->tag_masks, hs_index_key(&key, 'm', p->domain, p->on.text), p, l->err));
    }
    return HS_OK;
}

static bool is_masked(const struct hs_load *l, hs_str domain, hs_str tag)
{
    struct hs_index_key key;
    return hs_map_get(l->tag_masks, hs_index_key(&key, 'm', domain, tag)) ||
           hs_map_get(l->tag_masks, hs_index_key(&key, 'm', HS_S(""), tag));
}

static hs_rc warn_unmasked(struct hs_load *l, const struct hs_policy *policy, struct hs_at at,
                           const struct hs_table *other)
{
    return hs_load_warn(
        l, at,
        "this mask holds in the domain '%.*s' only; '%.*s.%.*s' carries the tag '%.*s' too, and no mask "
        "there does: write one there, or put this one into the mesh's policies/",
        HS_FMT(policy->domain), HS_FMT(other->product->domain), HS_FMT(other->name), HS_FMT(policy->on.text));
}

/* A domain's mask is on that domain's columns. Whoever carries the same tag elsewhere without a mask may believe that
 * this one holds there, and is told that it does not. */
static hs_rc resolve_tag(struct hs_load *l, struct hs_policy *policy, struct hs_at at, const name_list *tags)
{
    struct hs_hint hint;
    hs_str tag = policy->on.text;
    bool own = false;
    for (size_t i = 0; i < l->products.len; i++) {
        const struct hs_product *p = &l->products.at[i];
        const struct hs_table *carrier = tagged_table(p, tag);
        bool mine = !policy->domain.len || hs_str_eq(policy->domain, p->domain);
        own = own || (mine && carrier);
        if (carrier && !mine && !is_masked(l, p->domain, tag))
            return warn_unmasked(l, policy, at, carrier);
    }
    if (own)
        return HS_OK;
    return hs_load_warn(l, at, "nothing carries the tag '%.*s'%s", HS_FMT(tag),
                        hs_hint(&hint, tag, tags->at, tags->len));
}

/* Producers are not each other's masters: what stands in a domain's folder is about its own tables. */
static hs_rc refuse_foreign(struct hs_load *l, const struct hs_policy *policy, struct hs_at at)
{
    static const char *const NOUNS[] = {[HS_GRANT] = "Grant",
                                        [HS_ROW_RULE] = "RowRule",
                                        [HS_MASK] = "Mask",
                                        [HS_DENY] = "Deny",
                                        [HS_AGGREGATE] = "AggregateRule"};
    hs_str domain = policy->on.kind == HS_ON_DOMAIN ? policy->on.text
                    : policy->on.product            ? policy->on.product->domain
                                                    : policy->domain;
    if (!policy->domain.len || hs_str_eq(policy->domain, domain))
        return HS_OK;
    return hs_load_fail(l, at,
                        "a %s of domain '%.*s' cannot be on what domain '%.*s' publishes: it belongs into "
                        "domains/%.*s/policies/, or into the mesh's own policies/",
                        NOUNS[policy->kind], HS_FMT(policy->domain), HS_FMT(domain), HS_FMT(domain));
}

static hs_rc resolve_on(struct hs_load *l, struct hs_policy *policy, struct hs_at at, const name_list *tags)
{
    hs_str unused;
    switch (policy->on.kind) {
    case HS_ON_PRODUCT:
        policy->on.product = hs_model_product(l->model, policy->on.text);
        return policy->on.product ? HS_OK : fail_unknown(l, at, HS_ON_PRODUCT, "product", policy->on.text);
    case HS_ON_TABLE:
        return resolve_table(l, policy, at, &unused);
    case HS_ON_COLUMN:
        return resolve_column(l, policy, at);
    case HS_ON_TAG:
        return resolve_tag(l, policy, at, tags);
    case HS_ON_DOMAIN:
        if (!hs_model_has_domain(l->model, policy->on.text))
            return fail_unknown(l, at, HS_ON_DOMAIN, "domain", policy->on.text);
        return HS_OK;
    }
    return hs_fail(l->err, HS_INTERNAL, "a policy without a target");
}

/* The tables a policy is on, as far as the contracts tell; none for a tag. */
static hs_rc tables_of(struct hs_load *l, const struct hs_policy *policy, const struct hs_table ***out,
                       size_t *out_count)
{
    HS_VEC(const struct hs_table *) found = {0};
    for (size_t i = 0; policy->on.kind != HS_ON_TAG && i < l->products.len; i++) {
        const struct hs_product *product = &l->products.at[i];
        if (policy->on.kind == HS_ON_DOMAIN ? !hs_str_eq(product->domain, policy->on.text)
                                            : policy->on.product != product)
            continue;
        for (size_t t = 0; t < product->table_count; t++) {
            if (policy->on.table && policy->on.table != &product->tables[t])
                continue;
            const struct hs_table **place = hs_vec_add(l->scratch, &found);
            if (!place)
                return hs_load_no_memory(l);
            *place = &product->tables[t];
        }
    }
    *out = found.at;
    *out_count = found.len;
    return HS_OK;
}

/* A column of a grant must exist in one of its tables; where it is missing it grants nothing. */
static hs_rc resolve_columns(struct hs_load *l, const struct hs_policy *policy, const struct hs_policy_marks *marks,
                             const struct hs_table **tables, size_t count)
{
    for (size_t i = 0; i < policy->column_count; i++) {
        struct hs_path_failure why = {0}, other;
        bool found = false;
        HS_TRY(refuse_json_path(l, marks->columns[i], policy->columns[i]));
        for (size_t t = 0; !found && t < count; t++)
            found = hs_path_walk(tables[t], policy->columns[i], t ? &other : &why) != NULL;
        if (!found && count)
            return fail_path(l, marks->columns[i], tables[0], policy->columns[i], &why);
        if (!found)
            return hs_load_fail(l, marks->columns[i], "there is no table here that could have columns");
    }
    return HS_OK;
}

/* Columns in a rule against the contract, so that a slip shows before the real table is at hand; types wait for it. A
 * name in quotes waits, too: only the rule language knows how to take them off. */
static hs_rc check_rule(struct hs_load *l, const struct hs_policy *policy, const struct hs_rule *rule,
                        const struct hs_table *table)
{
    struct hs_path_failure why;
    if (!rule)
        return HS_OK;
    struct hs_at at = {policy->at.file, rule->line, rule->column};
    if (rule->op == HS_RULE_FIELD && !memchr(rule->text.at, '"', rule->text.len) &&
        !hs_path_walk(table, rule->text, &why))
        return fail_path(l, at, table, rule->text, &why);
    /* conditions of lists and lookups are about other names */
    bool own = rule->op == HS_RULE_ANY || rule->op == HS_RULE_ALL || rule->op == HS_RULE_LOOKUP;
    for (size_t i = 0; i < (own ? 1 : rule->arg_count); i++)
        HS_TRY(check_rule(l, policy, rule->args[i], table));
    return HS_OK;
}

/* ---- people: they may come from elsewhere (OIDC), so a name or role that principals.yaml does not know is no error
 * ---- */

static hs_rc collect_roles(struct hs_load *l)
{
    l->roles = hs_map_new(l->scratch);
    if (!l->roles)
        return hs_load_no_memory(l);
    for (size_t i = 0; i < l->users.len; i++)
        for (size_t r = 0; r < l->users.at[i].role_count; r++)
            HS_TRY(hs_map_put(l->roles, l->users.at[i].roles[r], &l->users.at[i], l->err));
    return HS_OK;
}

static hs_rc list_people(struct hs_load *l, bool roles, name_list *names)
{
    for (size_t i = 0; i < l->users.len; i++) {
        if (!roles)
            HS_TRY(add_name(l, names, l->users.at[i].name));
        for (size_t r = 0; roles && r < l->users.at[i].role_count; r++)
            if (hs_map_get(l->roles, l->users.at[i].roles[r]) == &l->users.at[i]) /* each once */
                HS_TRY(add_name(l, names, l->users.at[i].roles[r]));
    }
    return HS_OK;
}

static hs_rc warn_unknown(struct hs_load *l, const struct hs_policy *policy, hs_str name, bool role, struct hs_at at)
{
    name_list names = {0};
    struct hs_hint hint;
    HS_TRY(list_people(l, role, &names));
    const char *like = hs_hint(&hint, name, names.at, names.len);
    return role ? hs_load_warn(l, at, "policy '%.*s' names the role '%.*s', which nobody in principals.yaml has%s",
                               HS_FMT(policy->name), HS_FMT(name), like)
                : hs_load_warn(l, at, "policy '%.*s' names the user '%.*s', whom principals.yaml does not know%s",
                               HS_FMT(policy->name), HS_FMT(name), like);
}

static hs_rc check_people(struct hs_load *l, const struct hs_policy *policy, const struct hs_selector *s,
                          struct hs_at at)
{
    for (size_t i = 0; l->users.len && i < s->user_count; i++)
        if (!hs_model_user(l->model, s->users[i]))
            HS_TRY(warn_unknown(l, policy, s->users[i], false, at));
    for (size_t i = 0; l->users.len && i < s->role_count; i++)
        if (!hs_map_get(l->roles, s->roles[i]))
            HS_TRY(warn_unknown(l, policy, s->roles[i], true, at));
    return HS_OK;
}

static hs_rc resolve_policy(struct hs_load *l, struct hs_policy *policy, const struct hs_policy_marks *marks,
                            const name_list *tags)
{
    const struct hs_table **tables = NULL;
    size_t count = 0;
    HS_TRY(resolve_on(l, policy, marks->on, tags));
    HS_TRY(refuse_foreign(l, policy, marks->on));
    HS_TRY(tables_of(l, policy, &tables, &count));
    HS_TRY(resolve_columns(l, policy, marks, tables, count));
    HS_TRY(hs_load_lookup_map(l, policy, marks->with));
    if (policy->where)
        HS_TRY(hs_load_lookup_rule(l, policy->domain, policy->at.file, policy->where));
    if (policy->when)
        HS_TRY(hs_load_lookup_rule(l, policy->domain, policy->at.file, policy->when));
    if (policy->elements)
        HS_TRY(hs_load_lookup_rule(l, policy->domain, policy->at.file, policy->elements));
    if (count == 1) {
        HS_TRY(check_rule(l, policy, policy->where, tables[0]));
        HS_TRY(check_rule(l, policy, policy->when, tables[0]));
    }
    HS_TRY(check_people(l, policy, &policy->to, marks->to));
    return check_people(l, policy, &policy->unless, policy->at);
}

hs_rc hs_load_resolve(struct hs_load *l)
{
    struct hs_model *m = l->model;
    name_list tags = {0};
    m->users = l->users.at;
    m->user_count = l->users.len;
    m->products = l->products.at;
    m->product_count = l->products.len;
    m->policies = l->policies.at;
    m->policy_count = l->policies.len;
    m->index = hs_map_new(l->arena);
    if (!m->index)
        return hs_load_no_memory(l);
    HS_TRY(index_users(l));
    HS_TRY(index_products(l));
    HS_TRY(hs_check_reaches(l));
    HS_TRY(hs_load_relations(l));
    HS_TRY(check_policy_names(l));
    HS_TRY(hs_load_lookups(l));
    HS_TRY(list_names(l, HS_ON_TAG, &tags));
    HS_TRY(collect_tag_masks(l));
    HS_TRY(collect_roles(l));
    for (size_t i = 0; i < l->policies.len; i++)
        HS_TRY(resolve_policy(l, &l->policies.at[i], &l->marks.at[i], &tags));
    HS_TRY(hs_load_reaching(l));
    m->warnings = l->warnings.at; /* resolving may have added some */
    m->warning_count = l->warnings.len;
    return HS_OK;
}
