/* Grants on a table that open nothing of it for this person, and what about each of them does not match: the answer to
 * "but there is a grant". */
#include "policy/seeing/explained_in.h"

#include "base/clock.h"

static void comma(struct hs_buf *b)
{
    if (b->len)
        hs_buf_addz(b, "; ");
}

static void add_names(struct hs_buf *b, const hs_str *names, size_t count)
{
    enum { SHOWN = 8 };
    for (size_t i = 0; i < count && i < SHOWN; i++)
        hs_buf_addf(b, "%s%.*s", i ? ", " : "", HS_FMT(names[i]));
    if (count > SHOWN)
        hs_buf_addf(b, " and %zu more", count - SHOWN);
}

static bool matches_alone(struct hs_selector s, const struct hs_explain_request *ask)
{
    return hs_selector_matches(&s, ask->who, ask->facts);
}

static const struct hs_value *attribute(const struct hs_principal *who, hs_str name)
{
    for (size_t i = 0; i < who->attribute_count; i++)
        if (hs_str_eq(who->attributes[i].name, name))
            return &who->attributes[i].value;
    return NULL;
}

static void add_roles(struct hs_buf *b, const struct hs_selector *s, const struct hs_explain_request *ask)
{
    if (!s->role_count || matches_alone((struct hs_selector){.roles = s->roles, .role_count = s->role_count}, ask))
        return;
    comma(b);
    hs_buf_addz(b, s->role_count > 1 ? "needs one of the roles " : "needs the role ");
    add_names(b, s->roles, s->role_count);
    hs_buf_addz(b, ask->who->role_count ? ", and has " : ", and has none");
    add_names(b, ask->who->roles, ask->who->role_count);
}

static void add_users(struct hs_buf *b, const struct hs_selector *s, const struct hs_explain_request *ask)
{
    if (!s->user_count || matches_alone((struct hs_selector){.users = s->users, .user_count = s->user_count}, ask))
        return;
    comma(b);
    hs_buf_addz(b, "is for ");
    add_names(b, s->users, s->user_count);
}

static void add_stated(struct hs_buf *b, const char *what, const hs_str *wanted, size_t count, hs_str stated)
{
    for (size_t i = 0; i < count; i++)
        if (hs_str_eq(wanted[i], stated) && stated.len)
            return;
    if (!count)
        return;
    comma(b);
    hs_buf_addf(b, "needs the %s ", what);
    add_names(b, wanted, count);
    if (stated.len)
        hs_buf_addf(b, ", and %.*s was stated", HS_FMT(stated));
    else
        hs_buf_addz(b, ", and none was stated");
}

static void add_attributes(struct hs_buf *b, const struct hs_selector *s, const struct hs_explain_request *ask)
{
    for (size_t i = 0; i < s->attribute_count; i++) {
        if (matches_alone((struct hs_selector){.attributes = &s->attributes[i], .attribute_count = 1}, ask))
            continue;
        const struct hs_value *has = attribute(ask->who, s->attributes[i].name);
        comma(b);
        hs_buf_addf(b, "needs the attribute %.*s = ", HS_FMT(s->attributes[i].name));
        hs_buf_add_value(b, &s->attributes[i].value);
        hs_buf_addz(b, has ? ", and it is " : ", and there is none");
        if (has)
            hs_buf_add_value(b, has);
    }
}

static void add_why(struct hs_buf *b, const struct hs_policy *p, const struct hs_explain_request *ask)
{
    if (hs_policy_is_foreign(p, ask->table))
        hs_buf_addf(b, "stands in the folder of another domain, %.*s", HS_FMT(p->domain));
    if (p->expires_us && ask->facts->now_us >= p->expires_us) {
        comma(b);
        hs_buf_addz(b, "expired at ");
        hs_buf_add_time(b, p->expires_us);
    }
    add_roles(b, &p->to, ask);
    add_users(b, &p->to, ask);
    add_stated(b, "workspace", p->to.workspaces, p->to.workspace_count, ask->facts->workspace);
    add_stated(b, "purpose", p->to.purposes, p->to.purpose_count, ask->facts->purpose);
    add_attributes(b, &p->to, ask);
    if (hs_selector_matches(&p->unless, ask->who, ask->facts)) {
        comma(b);
        hs_buf_addz(b, "its 'unless' matches");
    }
    if (!b->len)
        hs_buf_addz(b, "matches, and nothing of what it opens is left");
}

static bool opens(const struct hs_explained *e, const struct hs_policy *p)
{
    for (size_t i = 0; e->decision && i < e->decision->reason_count; i++)
        if (e->decision->reasons[i] == p)
            return true;
    return false;
}

hs_rc hs_explain_near(struct hs_arena *a, struct hs_explained *e, struct hs_err *err)
{
    struct hs_policies reaching = hs_model_reaching(e->ask.model, e->ask.table);
    for (size_t i = 0; i < reaching.count; i++) {
        const struct hs_policy *p = hs_policies_at(&reaching, i);
        if (p->kind != HS_GRANT || !hs_policy_reaches(p, e->ask.table) || opens(e, p))
            continue;
        if (!e->decision && hs_grant_matches(p, e->ask.who, e->ask.table, e->ask.facts))
            continue; /* refused: which grants would open something is not known */
        struct explained_near *near = hs_vec_add(a, &e->near);
        struct hs_buf b;
        hs_buf_init(&b, 1 << 20);
        add_why(&b, p, &e->ask);
        if (near)
            *near = (struct explained_near){p, b.failed ? (hs_str){0} : hs_arena_str(a, hs_buf_str(&b))};
        hs_buf_fini(&b);
        if (!near || !near->why.at)
            return hs_no_memory(err);
    }
    return HS_OK;
}
