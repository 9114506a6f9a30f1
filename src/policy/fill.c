/* One person's attributes written into a rule, then bound and typed: from here on the rule names no person, so that two
 * people with equal attributes have equal decisions. */
#include "policy/policy_in.h"

#include <stdarg.h>
#include <stdio.h>

struct filler {
    struct hs_arena *arena;
    const struct hs_principal *who;
    size_t nodes;
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

static const struct hs_value *attribute(const struct filler *f, hs_str name)
{
    for (size_t i = 0; i < f->who->attribute_count; i++)
        if (hs_str_eq(f->who->attributes[i].name, name))
            return &f->who->attributes[i].value;
    return NULL;
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

/* principal.name is who asks, whatever the attributes say; a missing attribute is NULL. */
static hs_rc fill_principal(struct filler *f, const struct hs_rule *r, struct hs_rule **out)
{
    struct hs_value name = {.kind = HS_V_TEXT, .text = f->who->name}, none = {.kind = HS_V_NULL};
    const struct hs_value *v = hs_str_is(r->text, "name") ? &name : attribute(f, r->text);
    return literal(f, r, v ? v : &none, out);
}

static hs_rc fill_node(struct filler *f, const struct hs_rule *r, struct hs_rule **out);

static size_t spread(const struct filler *f, const struct hs_rule *arg, const struct hs_value **out)
{
    const struct hs_value *v = NULL;
    if (arg->op == HS_RULE_PRINCIPAL && !hs_str_is(arg->text, "name"))
        v = attribute(f, arg->text);
    *out = v && v->kind == HS_V_LIST ? v : NULL;
    return *out ? v->item_count : 1;
}

/* `in` alone takes a list: its values stand there one by one, as if the rule had named them. */
static hs_rc fill_in(struct filler *f, const struct hs_rule *r, struct hs_rule *copy)
{
    const struct hs_value *list = NULL;
    size_t count = 1;
    for (size_t i = 1; i < r->arg_count; i++)
        count += spread(f, r->args[i], &list);
    if (count > HS_FILL_MAX_NODES)
        return hs_fail_hidden(f->err, HS_DENIED, "a filled-in list has more than %d values", HS_FILL_MAX_NODES);
    copy->args = hs_arena_array(f->arena, count, sizeof *copy->args);
    if (!copy->args)
        return hs_no_memory(f->err);
    copy->arg_count = 0;
    for (size_t i = 0; i < r->arg_count; i++) {
        size_t items = i ? spread(f, r->args[i], &list) : 1;
        for (size_t k = 0; k < items; k++) {
            struct hs_rule **slot = &copy->args[copy->arg_count++];
            HS_TRY(i && list ? literal(f, r->args[i], &list->items[k], slot) : fill_node(f, r->args[i], slot));
        }
    }
    return HS_OK;
}

static hs_rc fill_node(struct filler *f, const struct hs_rule *r, struct hs_rule **out)
{
    if (r->op == HS_RULE_PRINCIPAL)
        return fill_principal(f, r, out);
    struct hs_rule *copy = HS_NEW(f->arena, struct hs_rule);
    if (!copy)
        return hs_no_memory(f->err);
    *copy = *r;
    *out = copy;
    f->nodes++;
    if (r->op == HS_RULE_IN)
        return fill_in(f, r, copy);
    if (!r->arg_count)
        return HS_OK;
    copy->args = hs_arena_array(f->arena, r->arg_count, sizeof *copy->args);
    if (!copy->args)
        return hs_no_memory(f->err);
    for (size_t i = 0; i < r->arg_count; i++)
        HS_TRY(fill_node(f, r->args[i], &copy->args[i]));
    return HS_OK;
}

hs_rc hs_rule_fill(struct hs_arena *a, const struct hs_rule *rule, const struct hs_principal *who,
                   const struct hs_type *bound, const struct hs_policy *p, struct hs_rule **out, struct hs_err *err)
{
    struct filler f = {.arena = a, .who = who, .err = err};
    struct hs_rule *filled;
    hs_rc rc = fill_node(&f, rule, &filled);
    if (rc == HS_OK)
        rc = hs_rule_bind(a, filled, bound, p->at.file, out, err);
    return hs_refuse(err, rc, p);
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
