/* `hailstorm policy diff`: two versions of a model, every person, every table. Kinds of people are decided, not people
 * (policy/seeing/features.c), and kinds with equal differences are told together. */
#include "access/look_in.h"

#include "model/assume.h"
#include "model/load.h"
#include "policy/seeing.h"

#include <stdio.h>

struct person {
    hs_str name; /* empty: whoever has `role`, which nobody in principals.yaml has */
    hs_str role;
    const struct hs_principal *before, *after;
};
struct kind { /* people whom no policy of the table at hand tells apart */
    HS_VEC(const struct person *) people;
};
struct kinds {
    HS_VEC(struct kind *) all;
};
struct told { /* a difference, and for which kinds of people it is one */
    hs_str line;
    HS_VEC(const struct kind *) kinds;
    bool printed;
};
struct group { /* differences that the same people have */
    HS_VEC(hs_str) lines;
    HS_VEC(const struct person *) people;
};

struct differ {
    struct hs_arena *arena;
    const struct hs_look *look;
    struct hs_facts facts;
    struct hs_model *before, *after;
    HS_VEC(struct person) people;
    struct hs_map *kinds; /* by features: struct kinds */
    HS_VEC(hs_str) assumed;
    HS_VEC(struct told) told; /* of the table at hand */
    size_t changed_tables;
    struct hs_buf *out;
    struct hs_err *err;
};

#define no_memory(d) hs_fail((d)->err, HS_NOMEM, "out of memory")

/* ---- the two models ---- */

/* A repository need not have principals.yaml, which is private: then the people are those of today. */
static hs_rc borrow_people(struct hs_found_files *found, struct hs_found_files *place, struct hs_err *err)
{
    for (size_t i = 0; i < found->files.len; i++)
        if (hs_str_is(found->files.at[i].path, "principals.yaml"))
            return HS_OK;
    for (size_t i = 0; i < place->files.len; i++) {
        if (!hs_str_is(place->files.at[i].path, "principals.yaml"))
            continue;
        struct hs_model_file *file = hs_vec_add(found->arena, &found->files);
        if (!file)
            return hs_fail(err, HS_NOMEM, "out of memory");
        *file = place->files.at[i];
    }
    return HS_OK;
}

static hs_rc load_in_place(const struct hs_diff_side *side, struct hs_arena *a, struct hs_model **out,
                           struct hs_err *err)
{
    struct hs_found_files found = {.arena = a}, place = {.arena = a};
    HS_TRY(hs_find_files(side->directory, &found, err));
    HS_TRY(hs_find_files(side->place, &place, err));
    HS_TRY(borrow_people(&found, &place, err));
    return hs_model_load_files(place.directory, found.files.at, found.files.len, hs_policy_check_mask, out, err);
}

static hs_rc load(const struct hs_diff_side *side, struct hs_model **out, struct hs_err *err)
{
    struct hs_arena *a = hs_arena_new(0);
    if (!a)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_rc rc = side->place.len ? load_in_place(side, a, out, err)
                               : hs_model_load(side->directory, hs_policy_check_mask, out, err);
    hs_arena_free(a);
    if (rc != HS_OK)
        hs_err_note(err, "in %.*s", HS_FMT(side->label));
    return rc;
}

/* ---- people ---- */

static hs_rc principal_in(struct differ *d, const struct hs_model *m, hs_str name, const struct hs_principal **out)
{
    const struct hs_user *u = hs_model_user(m, name);
    struct hs_principal *p;
    struct hs_err why;
    *out = NULL;
    if (!u || u->disabled)
        return HS_OK;
    HS_TRY(hs_auth_assume(m, name, d->arena, &p, d->err));
    if (hs_may_state(p, "purposes", d->look->purpose, &why) == HS_OK &&
        hs_may_state(p, "workspaces", d->look->workspace, &why) == HS_OK)
        *out = p;
    return HS_OK;
}

static hs_rc add_person(struct differ *d, hs_str name)
{
    struct person p = {.name = name};
    HS_TRY(principal_in(d, d->before, name, &p.before));
    HS_TRY(principal_in(d, d->after, name, &p.after));
    if (!p.before && !p.after)
        return HS_OK;
    struct person *slot = hs_vec_add(d->arena, &d->people);
    if (!slot)
        return no_memory(d);
    *slot = p;
    return HS_OK;
}

static hs_rc note_roles(struct differ *d, struct hs_map *held, const struct hs_model *m)
{
    for (size_t i = 0; i < m->user_count; i++)
        for (size_t k = 0; k < m->users[i].role_count; k++)
            HS_TRY(hs_map_put(held, m->users[i].roles[k], d, d->err));
    return HS_OK;
}

/* Somebody with a role that a policy names and nobody has yet. */
static hs_rc add_bearers(struct differ *d, struct hs_map *held, const hs_str *roles, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (hs_map_get(held, roles[i]))
            continue;
        HS_TRY(hs_map_put(held, roles[i], d, d->err));
        struct hs_principal *p = HS_NEW(d->arena, struct hs_principal);
        struct person *slot = hs_vec_add(d->arena, &d->people);
        if (!p || !slot)
            return no_memory(d);
        *p = (struct hs_principal){.name = HS_S(""), .roles = &roles[i], .role_count = 1};
        *slot = (struct person){.role = roles[i], .before = p, .after = p};
    }
    return HS_OK;
}

static hs_rc add_people(struct differ *d)
{
    struct hs_map *held = hs_map_new(d->arena);
    const struct hs_model *both[] = {d->before, d->after};
    if (!held)
        return no_memory(d);
    for (size_t i = 0; i < d->after->user_count; i++)
        HS_TRY(add_person(d, d->after->users[i].name));
    for (size_t i = 0; i < d->before->user_count; i++)
        if (!hs_model_user(d->after, d->before->users[i].name))
            HS_TRY(add_person(d, d->before->users[i].name));
    for (size_t m = 0; m < 2; m++)
        HS_TRY(note_roles(d, held, both[m]));
    for (size_t m = 0; m < 2 && !d->look->purpose.len && !d->look->workspace.len; m++)
        for (size_t i = 0; i < both[m]->policy_count; i++)
            HS_TRY(add_bearers(d, held, both[m]->policies[i].to.roles, both[m]->policies[i].to.role_count));
    return HS_OK;
}

/* ---- kinds of people ---- */

static void add_had(struct hs_buf *b, const struct hs_features *f, const struct hs_principal *who)
{
    hs_buf_addz(b, who ? "+" : "-");
    if (who)
        hs_buf_add_features_had(b, f, who);
}

static hs_rc sort_people(struct differ *d, const struct hs_features *before, const struct hs_features *after,
                         struct kinds *out)
{
    struct hs_map *by_key = hs_map_new(d->arena);
    struct hs_buf key;
    hs_rc rc = by_key ? HS_OK : no_memory(d);
    hs_buf_init(&key, 1 << 24);
    for (size_t i = 0; rc == HS_OK && i < d->people.len; i++) {
        const struct person *p = &d->people.at[i];
        hs_buf_clear(&key);
        add_had(&key, before, p->before);
        hs_buf_addc(&key, '|');
        add_had(&key, after, p->after);
        rc = hs_buf_done(&key, d->err);
        struct kind *kind = rc == HS_OK ? hs_map_get(by_key, hs_buf_str(&key)) : NULL;
        if (rc == HS_OK && !kind) {
            struct kind **slot = hs_vec_add(d->arena, &out->all);
            kind = HS_NEW(d->arena, struct kind);
            rc = slot && kind ? hs_map_put(by_key, hs_buf_str(&key), kind, d->err) : no_memory(d);
            if (rc == HS_OK)
                *slot = kind;
        }
        const struct person **member = rc == HS_OK ? hs_vec_add(d->arena, &kind->people) : NULL;
        if (rc == HS_OK && !member)
            rc = no_memory(d);
        if (rc == HS_OK)
            *member = p;
    }
    hs_buf_fini(&key);
    return rc;
}

/* Most tables have the policies of many others. */
static hs_rc kinds_for(struct differ *d, const struct hs_features *before, const struct hs_features *after,
                       struct kinds **out)
{
    struct hs_buf key;
    hs_buf_init(&key, 1 << 24);
    hs_buf_add_features(&key, before);
    hs_buf_addc(&key, '|');
    hs_buf_add_features(&key, after);
    hs_rc rc = hs_buf_done(&key, d->err);
    *out = rc == HS_OK ? hs_map_get(d->kinds, hs_buf_str(&key)) : NULL;
    if (rc == HS_OK && !*out) {
        *out = HS_NEW(d->arena, struct kinds);
        rc = *out ? sort_people(d, before, after, *out) : no_memory(d);
        if (rc == HS_OK)
            rc = hs_map_put(d->kinds, hs_buf_str(&key), *out, d->err);
    }
    hs_buf_fini(&key);
    return rc;
}

/* ---- one table ---- */

static hs_rc note_assumed(struct differ *d, const struct hs_table *t, hs_str why)
{
    hs_str *slot = hs_vec_add(d->arena, &d->assumed);
    if (!slot)
        return no_memory(d);
    *slot = hs_arena_printf(d->arena, "%.*s.%.*s: types as the contract says, for the table could not be opened: %.*s",
                            HS_FMT(t->product->domain), HS_FMT(t->name), HS_FMT(why));
    return slot->at ? HS_OK : no_memory(d);
}

static hs_rc type_of(struct differ *d, struct hs_arena *a, const struct hs_table *t, struct hs_type **out, hs_str *why)
{
    struct hs_err failed;
    hs_err_clear(&failed);
    if (!t)
        return HS_OK;
    hs_rc rc = hs_look_at_type(a, t, out, why, &failed);
    if (rc == HS_OK || rc == HS_NOMEM)
        return rc == HS_OK ? HS_OK : no_memory(d);
    *why = hs_arena_str(a, hs_str_of(failed.detail)); /* say, a contract from before a column was dropped */
    return why->at ? hs_table_assume(a, t, out, d->err) : no_memory(d);
}

/* Both by the real table, or both by their contracts: else types would differ for no reason of the policies'. */
static hs_rc both_types(struct differ *d, struct hs_arena *a, struct hs_seen_as *before, struct hs_seen_as *after)
{
    struct hs_type *x = NULL, *y = NULL;
    hs_str why_x = {0}, why_y = {0};
    HS_TRY(type_of(d, a, before->table, &x, &why_x));
    HS_TRY(type_of(d, a, after->table, &y, &why_y));
    if (why_y.len && x && !why_x.len)
        HS_TRY(hs_table_assume(a, before->table, &x, d->err));
    if (why_x.len && y && !why_y.len)
        HS_TRY(hs_table_assume(a, after->table, &y, d->err));
    before->bound = x;
    after->bound = y;
    if (why_x.len || why_y.len)
        return note_assumed(d, after->table ? after->table : before->table, why_y.len ? why_y : why_x);
    return HS_OK;
}

static hs_rc tell(struct differ *d, hs_str line, const struct kind *kind)
{
    struct told *told = NULL;
    for (size_t i = 0; i < d->told.len && !told; i++)
        if (hs_str_eq(d->told.at[i].line, line))
            told = &d->told.at[i];
    if (!told) {
        told = hs_vec_add(d->arena, &d->told);
        if (!told)
            return no_memory(d);
        *told = (struct told){.line = hs_arena_str(d->arena, line)};
        if (!told->line.at)
            return no_memory(d);
    }
    const struct kind **slot = hs_vec_add(d->arena, &told->kinds);
    if (!slot)
        return no_memory(d);
    *slot = kind;
    return HS_OK;
}

static hs_rc tell_all(struct differ *d, hs_str lines, const struct kind *kind)
{
    while (lines.len)
        HS_TRY(tell(d, hs_str_cut(&lines, '\n'), kind));
    return HS_OK;
}

static hs_rc compare_kind(struct differ *d, struct hs_seen_as before, struct hs_seen_as after, const struct kind *kind)
{
    struct hs_arena *scratch = hs_arena_new(0);
    struct hs_buf lines;
    if (!scratch)
        return no_memory(d);
    hs_buf_init(&lines, 1 << 24);
    before.who = kind->people.at[0]->before;
    after.who = kind->people.at[0]->after;
    hs_rc rc = hs_policy_compare(scratch, &before, &after, &d->facts, &lines, d->err);
    if (rc == HS_OK && lines.len)
        rc = tell_all(d, hs_buf_str(&lines), kind);
    hs_buf_fini(&lines);
    hs_arena_free(scratch);
    return rc;
}

static hs_rc print_table(struct differ *d, const struct hs_table *t);

static hs_rc compare_table(struct differ *d, struct hs_arena *a, struct hs_seen_as before, struct hs_seen_as after)
{
    struct hs_features x, y;
    struct kinds *kinds;
    HS_TRY(both_types(d, a, &before, &after));
    HS_TRY(hs_features_of(a, d->before, before.table, &x, d->err));
    HS_TRY(hs_features_of(a, d->after, after.table, &y, d->err));
    HS_TRY(kinds_for(d, &x, &y, &kinds));
    d->told.len = 0;
    for (size_t i = 0; i < kinds->all.len; i++)
        HS_TRY(compare_kind(d, before, after, kinds->all.at[i]));
    if (d->told.len)
        HS_TRY(print_table(d, after.table ? after.table : before.table));
    return hs_buf_done(d->out, d->err);
}

static hs_rc compare_one(struct differ *d, const struct hs_table *before, const struct hs_table *after)
{
    struct hs_arena *a = hs_arena_new(0);
    if (!a)
        return no_memory(d);
    hs_rc rc = compare_table(d, a, (struct hs_seen_as){.model = d->before, .table = before},
                             (struct hs_seen_as){.model = d->after, .table = after});
    hs_arena_free(a);
    return rc;
}

/* ---- telling ---- */

static bool has_role(const struct person *p, hs_str role)
{
    const struct hs_principal *who = p->after ? p->after : p->before;
    for (size_t i = 0; i < who->role_count; i++)
        if (hs_str_eq(who->roles[i], role))
            return true;
    return false;
}

/* The roles that all of them have. */
static void add_common_roles(struct hs_buf *b, const struct group *t)
{
    const struct hs_principal *first = t->people.at[0]->after ? t->people.at[0]->after : t->people.at[0]->before;
    size_t n = 0;
    for (size_t i = 0; i < first->role_count; i++) {
        bool all = true;
        for (size_t k = 1; k < t->people.len && all; k++)
            all = has_role(t->people.at[k], first->roles[i]);
        if (all)
            hs_buf_addf(b, "%s%.*s", n++ ? ", " : " with role ", HS_FMT(first->roles[i]));
    }
}

static size_t count_named(const struct group *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->people.len; i++)
        n += t->people.at[i]->name.len > 0;
    return n;
}

static void add_who(struct hs_buf *b, const struct group *t)
{
    enum { NAMES = 5 };
    size_t named = count_named(t), shown = 0, others = t->people.len - named;
    if (named)
        hs_buf_addf(b, "%zu %s", named, named == 1 ? "person" : "people");
    else
        hs_buf_addz(b, "nobody yet");
    add_common_roles(b, t);
    hs_buf_addz(b, named ? " (" : "");
    for (size_t i = 0; i < t->people.len && shown < NAMES; i++)
        if (t->people.at[i]->name.len)
            hs_buf_addf(b, "%s%.*s", shown++ ? ", " : "", HS_FMT(t->people.at[i]->name));
    hs_buf_addz(b, named > NAMES ? ", ...)" : named ? ")" : "");
    if (named && others)
        hs_buf_addf(b, " and %zu roles that nobody has", others);
}

static bool same_kinds(const struct told *a, const struct told *b)
{
    return a->kinds.len == b->kinds.len && memcmp(a->kinds.at, b->kinds.at, a->kinds.len * sizeof *a->kinds.at) == 0;
}

/* This difference, and all that the same people have. */
static hs_rc gather(struct differ *d, size_t first, struct group *out)
{
    const struct told *t = &d->told.at[first];
    *out = (struct group){0};
    for (size_t i = first; i < d->told.len; i++) {
        if (d->told.at[i].printed || !same_kinds(t, &d->told.at[i]))
            continue;
        hs_str *line = hs_vec_add(d->arena, &out->lines);
        if (!line)
            return no_memory(d);
        *line = d->told.at[i].line;
        d->told.at[i].printed = true;
    }
    for (size_t i = 0; i < t->kinds.len; i++)
        for (size_t k = 0; k < t->kinds.at[i]->people.len; k++) {
            const struct person **slot = hs_vec_add(d->arena, &out->people);
            if (!slot)
                return no_memory(d);
            *slot = t->kinds.at[i]->people.at[k];
        }
    return HS_OK;
}

static void print_group(struct hs_buf *b, const struct group *g)
{
    hs_buf_addz(b, "  ");
    add_who(b, g);
    hs_buf_addz(b, ":\n");
    for (size_t i = 0; i < g->lines.len; i++)
        hs_buf_addf(b, "    %.*s\n", HS_FMT(g->lines.at[i]));
}

/* The names of people, or the roles that nobody has. */
static void add_names(struct hs_buf *b, const struct group *g, bool people)
{
    size_t n = 0;
    for (size_t i = 0; i < g->people.len; i++) {
        const struct person *p = g->people.at[i];
        if ((p->name.len > 0) != people)
            continue;
        hs_buf_addz(b, n++ ? ", " : "");
        hs_buf_add_json(b, people ? p->name : p->role);
    }
}

static void print_json_group(struct hs_buf *b, const struct group *g)
{
    hs_buf_addz(b, "{\"people\": [");
    add_names(b, g, true);
    hs_buf_addz(b, "], \"roles_of_nobody\": [");
    add_names(b, g, false);
    hs_buf_addz(b, "], \"changes\": [");
    for (size_t i = 0; i < g->lines.len; i++) {
        hs_buf_addz(b, i ? ", " : "");
        hs_buf_add_json(b, g->lines.at[i]);
    }
    hs_buf_addz(b, "]}");
}

static void open_table(struct differ *d, const struct hs_table *t)
{
    if (!d->look->json) {
        hs_buf_addf(d->out, "%.*s.%.*s\n", HS_FMT(t->product->domain), HS_FMT(t->name));
        return;
    }
    hs_buf_addz(d->out, d->changed_tables ? ",\n{\"domain\": " : "\n{\"domain\": ");
    hs_buf_add_json(d->out, t->product->domain);
    hs_buf_addz(d->out, ", \"table\": ");
    hs_buf_add_json(d->out, t->name);
    hs_buf_addz(d->out, ", \"groups\": [");
}

static hs_rc print_table(struct differ *d, const struct hs_table *t)
{
    size_t n = 0;
    open_table(d, t);
    for (size_t i = 0; i < d->told.len; i++) {
        struct group g;
        if (d->told.at[i].printed)
            continue;
        HS_TRY(gather(d, i, &g));
        hs_buf_addz(d->out, d->look->json && n++ ? ", " : "");
        if (d->look->json)
            print_json_group(d->out, &g);
        else
            print_group(d->out, &g);
    }
    hs_buf_addz(d->out, d->look->json ? "]}" : "");
    d->changed_tables++;
    return HS_OK;
}

/* ---- the whole ---- */

static hs_rc compare_all(struct differ *d)
{
    const struct hs_model *m = d->after;
    for (size_t i = 0; i < m->product_count; i++)
        for (size_t k = 0; k < m->products[i].table_count; k++) {
            const struct hs_table *t = &m->products[i].tables[k];
            HS_TRY(compare_one(d, hs_model_table(d->before, t->product->domain, t->name), t));
        }
    m = d->before;
    for (size_t i = 0; i < m->product_count; i++)
        for (size_t k = 0; k < m->products[i].table_count; k++) {
            const struct hs_table *t = &m->products[i].tables[k];
            if (!hs_model_table(d->after, t->product->domain, t->name))
                HS_TRY(compare_one(d, t, NULL));
        }
    return HS_OK;
}

static bool names_purposes(const struct hs_model *m)
{
    bool any = false;
    for (size_t i = 0; i < m->policy_count; i++) {
        const struct hs_policy *p = &m->policies[i];
        any |= p->to.purpose_count + p->to.workspace_count + p->unless.purpose_count + p->unless.workspace_count > 0;
    }
    return any;
}

static void add_note(struct differ *d, hs_str note, size_t *count)
{
    if (d->look->json) {
        hs_buf_addz(d->out, (*count)++ ? ", " : "");
        hs_buf_add_json(d->out, note);
    } else {
        hs_buf_addf(d->out, "# %.*s\n", HS_FMT(note));
    }
}

static void add_notes(struct differ *d)
{
    enum { TOLD = 5 };
    size_t count = 0, more = d->assumed.len > TOLD ? d->assumed.len - TOLD : 0;
    bool stated = d->look->purpose.len || d->look->workspace.len;
    for (size_t i = 0; i < d->assumed.len - more; i++)
        add_note(d, d->assumed.at[i], &count);
    if (more) {
        char text[80];
        int n = snprintf(text, sizeof text, "and so for %zu more tables that could not be opened", more);
        add_note(d, hs_str_n(text, (size_t)n), &count);
    }
    if (!stated && (names_purposes(d->before) || names_purposes(d->after)))
        add_note(d,
                 HS_S("policies name purposes or workspaces, and none was stated: compare again with --purpose or "
                      "--workspace"),
                 &count);
}

static hs_rc differences(struct differ *d, const struct hs_diff_side *before, const struct hs_diff_side *after)
{
    d->kinds = hs_map_new(d->arena);
    if (!d->kinds)
        return no_memory(d);
    HS_TRY(hs_look_facts(d->arena, d->look, &d->facts, d->err));
    HS_TRY(add_people(d));
    if (d->look->json) {
        hs_buf_addz(d->out, "{\"diff\": 1, \"before\": ");
        hs_buf_add_json(d->out, before->label);
        hs_buf_addz(d->out, ", \"after\": ");
        hs_buf_add_json(d->out, after->label);
        hs_buf_addz(d->out, ", \"tables\": [");
    }
    HS_TRY(compare_all(d));
    hs_buf_addz(d->out, d->look->json ? "], \"notes\": [" : "");
    add_notes(d);
    if (d->look->json)
        hs_buf_addz(d->out, "]}\n");
    else
        hs_buf_addf(d->out, "%zu tables changed for someone, %.*s -> %.*s\n", d->changed_tables, HS_FMT(before->label),
                    HS_FMT(after->label));
    return hs_buf_done(d->out, d->err);
}

hs_rc hs_access_policy_diff(const struct hs_diff_side *before, const struct hs_diff_side *after,
                            const struct hs_look *look, struct hs_buf *out, bool *out_changed, struct hs_err *err)
{
    struct differ d = {.look = look, .out = out, .err = err, .arena = hs_arena_new(0)};
    hs_rc rc = d.arena ? load(before, &d.before, err) : no_memory(&d);
    if (rc == HS_OK)
        rc = load(after, &d.after, err);
    if (rc == HS_OK)
        rc = differences(&d, before, after);
    *out_changed = d.changed_tables > 0;
    hs_model_unref(d.before);
    hs_model_unref(d.after);
    hs_arena_free(d.arena);
    return rc;
}
