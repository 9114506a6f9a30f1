/* One person's attributes, the request's facts and the lookups' values written into a rule, then bound, typed and
 * folded: from here on the rule names no person, so that two people with equal attributes have equal decisions. */
#include "model/lookup.h"
#include "policy/policy_in.h"

#include <stdarg.h>
#include <stdio.h>

struct filler {
    struct hs_arena *arena;
    const struct hs_principal *who;
    const struct hs_facts *facts;
    const struct hs_policy *policy;
    size_t nodes;
    int64_t *until;
    struct hs_err *err;
};

hs_rc hs_fail_policy(struct hs_err *err, const struct hs_policy *p, const char *format, ...)
{
    char words[400];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    return hs_fail(err, HS_INVALID, "%.*s:%d:%d: %s", HS_FMT(p->at.file), p->at.line, p->at.column, words);
}

hs_rc hs_refuse(struct hs_err *err, hs_rc rc, const struct hs_policy *p)
{
    if (rc == HS_NOMEM || rc == HS_OK)
        return rc;
    if (!err)
        return HS_DENIED;
    hs_err_note(err, "policy '%.*s'", p ? (int)p->name.len : 0, p ? p->name.at : "");
    hs_err_show(err, "%s", hs_kind_text(HS_DENIED));
    err->kind = HS_DENIED;
    return HS_DENIED;
}

static hs_rc check_value(struct filler *f, const struct hs_value *v)
{
    int whole, scale;
    bool ok = true;
    if (v->kind == HS_V_TEXT)
        ok = hs_utf8_valid(v->text) && !(v->text.len && memchr(v->text.at, 0, v->text.len));
    else if (v->kind == HS_V_NUMBER)
        ok = hs_number_shape(v->text, &whole, &scale);
    return ok ? HS_OK : hs_fail_hidden(f->err, HS_DENIED, "an attribute's value is not well-formed");
}

/* name and roles are those of whoever asks, whatever the attributes say. NULL: no such attribute. */
static hs_rc attribute(const struct filler *f, hs_str name, const struct hs_value **out)
{
    *out = NULL;
    bool roles = hs_str_is(name, "roles");
    if (roles || hs_str_is(name, "name")) {
        struct hs_value *v = HS_NEW(f->arena, struct hs_value);
        size_t count = roles ? f->who->role_count : 0;
        struct hs_value *items = v ? hs_arena_array(f->arena, count + 1, sizeof *items) : NULL;
        if (!items)
            return hs_no_memory(f->err);
        for (size_t i = 0; i < count; i++)
            items[i] = (struct hs_value){.kind = HS_V_TEXT, .text = f->who->roles[i]};
        *v = roles ? (struct hs_value){.kind = HS_V_LIST, .items = items, .item_count = count}
                   : (struct hs_value){.kind = HS_V_TEXT, .text = f->who->name};
        *out = v;
        return HS_OK;
    }
    for (size_t i = 0; i < f->who->attribute_count; i++)
        if (hs_str_eq(f->who->attributes[i].name, name))
            *out = &f->who->attributes[i].value;
    return HS_OK;
}

static hs_rc literal(struct filler *f, const struct hs_rule *at, const struct hs_value *v, struct hs_rule **out)
{
    struct hs_rule *r = HS_NEW(f->arena, struct hs_rule);
    if (!r)
        return hs_no_memory(f->err);
    if (++f->nodes > HS_FILL_MAX_NODES)
        return hs_fail_hidden(f->err, HS_DENIED, "a filled-in rule has more than %d parts", HS_FILL_MAX_NODES);
    HS_TRY(check_value(f, v));
    *r = (struct hs_rule){.op = HS_RULE_LITERAL, .value = *v, .line = at->line, .column = at->column};
    *out = r;
    return HS_OK;
}

static hs_rc fill_principal(struct filler *f, const struct hs_rule *r, struct hs_rule **out)
{
    static const struct hs_value none = {.kind = HS_V_NULL};
    const struct hs_value *v;
    HS_TRY(attribute(f, r->text, &v));
    return literal(f, r, v ? v : &none, out);
}

/* The literal remembers for a moment which fact it was: see settle. */
static hs_rc fill_fact(struct filler *f, const struct hs_rule *r, struct hs_rule **out)
{
    struct hs_value v = hs_fact_value((enum hs_rule_fact)r->unit, f->facts);
    HS_TRY(literal(f, r, &v, out));
    (*out)->unit = r->unit;
    return HS_OK;
}

static hs_rc fill_node(struct filler *f, const struct hs_rule *r, struct hs_rule **out);

/* A comparison of a fact with constants holds until it flips; any other use of a fact, until the fact changes. */
static hs_rc settle(struct filler *f, struct hs_rule *r)
{
    bool facts = false, known = false;
    for (size_t i = 0; i < r->arg_count; i++)
        facts |= r->args[i]->op == HS_RULE_LITERAL && r->args[i]->unit;
    if (!facts)
        return HS_OK;
    HS_TRY(hs_fact_flip(f->arena, r, f->facts, f->until, &known, f->err));
    for (size_t i = 0; i < r->arg_count; i++) {
        struct hs_rule *arg = r->args[i];
        if (arg->op != HS_RULE_LITERAL || !arg->unit)
            continue;
        if (!known)
            hs_fact_until((enum hs_rule_fact)arg->unit, f->facts, f->until);
        arg->unit = 0;
    }
    return HS_OK;
}

static hs_rc spread(const struct filler *f, const struct hs_rule *arg, const struct hs_value **out)
{
    const struct hs_value *v = NULL;
    if (arg->op == HS_RULE_PRINCIPAL)
        HS_TRY(attribute(f, arg->text, &v));
    *out = v && v->kind == HS_V_LIST ? v : NULL;
    return HS_OK;
}

/* `in` alone takes a list: its values stand there one by one, as if the rule had named them. */
static hs_rc fill_in(struct filler *f, const struct hs_rule *r, struct hs_rule *copy)
{
    const struct hs_value *list = NULL;
    size_t count = 1;
    for (size_t i = 1; i < r->arg_count; i++) {
        HS_TRY(spread(f, r->args[i], &list));
        count += list ? list->item_count : 1;
    }
    if (count > HS_FILL_MAX_NODES)
        return hs_fail_hidden(f->err, HS_DENIED, "a filled-in list has more than %d values", HS_FILL_MAX_NODES);
    copy->args = hs_arena_array(f->arena, count, sizeof *copy->args);
    if (!copy->args)
        return hs_no_memory(f->err);
    copy->arg_count = 0;
    for (size_t i = 0; i < r->arg_count; i++) {
        list = NULL;
        if (i)
            HS_TRY(spread(f, r->args[i], &list));
        for (size_t k = 0; k < (list ? list->item_count : 1); k++) {
            struct hs_rule **slot = &copy->args[copy->arg_count++];
            HS_TRY(list ? literal(f, r->args[i], &list->items[k], slot) : fill_node(f, r->args[i], slot));
        }
    }
    return HS_OK;
}

/* Its condition has no row of the table in it, so it is asked here, once, and its values take its place. */
static hs_rc fill_lookup(struct filler *f, const struct hs_rule *r, struct hs_rule *copy)
{
    struct hs_rule *filled = NULL, *condition = NULL;
    struct hs_value *values = NULL;
    size_t count = 0;
    if (!r->lookup)
        return hs_fail_hidden(f->err, HS_DENIED, "a lookup that is not there");
    if (r->arg_count > 1) {
        HS_TRY(fill_node(f, r->args[1], &filled));
        HS_TRY(hs_rule_bind_lookup(f->arena, filled, r->lookup, f->policy->at.file, &condition, f->err));
        HS_TRY(hs_rule_fold(f->arena, condition, f->err));
    }
    HS_TRY(hs_lookup_values(f->arena, r->lookup, condition, r->path_names[r->path_len - 1], &values, &count, f->err));
    *copy = (struct hs_rule){.op = HS_RULE_IN, .line = r->line, .column = r->column};
    copy->args = hs_arena_array(f->arena, count + 1, sizeof *copy->args);
    if (!copy->args)
        return hs_no_memory(f->err);
    copy->arg_count = count + 1;
    HS_TRY(fill_node(f, r->args[0], &copy->args[0]));
    for (size_t i = 0; i < count; i++)
        HS_TRY(literal(f, r, &values[i], &copy->args[i + 1]));
    return HS_OK;
}

static hs_rc fill_args(struct filler *f, const struct hs_rule *r, struct hs_rule *copy)
{
    copy->args = hs_arena_array(f->arena, r->arg_count, sizeof *copy->args);
    if (!copy->args)
        return hs_no_memory(f->err);
    for (size_t i = 0; i < r->arg_count; i++)
        HS_TRY(fill_node(f, r->args[i], &copy->args[i]));
    return HS_OK;
}

static hs_rc fill_node(struct filler *f, const struct hs_rule *r, struct hs_rule **out)
{
    if (r->op == HS_RULE_PRINCIPAL)
        return fill_principal(f, r, out);
    if (r->op == HS_RULE_REQUEST)
        return fill_fact(f, r, out);
    struct hs_rule *copy = HS_NEW(f->arena, struct hs_rule);
    if (!copy)
        return hs_no_memory(f->err);
    *copy = *r;
    *out = copy;
    f->nodes++;
    if (r->op == HS_RULE_IN)
        HS_TRY(fill_in(f, r, copy));
    else if (r->op == HS_RULE_LOOKUP)
        HS_TRY(fill_lookup(f, r, copy));
    else if (r->arg_count)
        HS_TRY(fill_args(f, r, copy));
    return settle(f, copy);
}

static hs_rc fill_rule(struct hs_arena *a, const struct hs_rule *rule, struct hs_asker asker,
                       const struct hs_type *bound, const struct hs_type *list, const struct hs_policy *p,
                       struct hs_rule **out, int64_t *until, struct hs_err *err)
{
    struct filler f = {.arena = a, .who = asker.who, .facts = asker.facts, .policy = p, .until = until, .err = err};
    struct hs_rule *filled;
    hs_rc rc = fill_node(&f, rule, &filled);
    if (rc == HS_OK)
        rc = list ? hs_rule_bind_element(a, filled, bound, list, p->at.file, out, err)
                  : hs_rule_bind(a, filled, bound, p->at.file, out, err);
    if (rc == HS_OK)
        rc = hs_rule_fold(a, *out, err);
    return hs_refuse(err, rc, p);
}

hs_rc hs_rule_fill(struct hs_arena *a, const struct hs_rule *rule, struct hs_asker asker, const struct hs_type *bound,
                   const struct hs_policy *p, struct hs_rule **out, int64_t *until, struct hs_err *err)
{
    return fill_rule(a, rule, asker, bound, NULL, p, out, until, err);
}

hs_rc hs_rule_fill_element(struct hs_arena *a, const struct hs_rule *rule, struct hs_asker asker,
                           const struct hs_type *bound, const struct hs_type *list, const struct hs_policy *p,
                           struct hs_rule **out, int64_t *until, struct hs_err *err)
{
    return fill_rule(a, rule, asker, bound, list, p, out, until, err);
}

struct hs_rule *hs_rule_join(struct hs_arena *a, enum hs_rule_op op, struct hs_rule **args, size_t count)
{
    if (count == 1 && op != HS_RULE_NOT)
        return args[0];
    struct hs_rule *r = HS_NEW(a, struct hs_rule);
    if (!r)
        return NULL;
    r->op = op;
    r->args = hs_arena_array(a, count ? count : 1, sizeof *r->args);
    if (!r->args)
        return NULL;
    if (count)
        memcpy(r->args, args, count * sizeof *args);
    r->arg_count = count;
    return r;
}
