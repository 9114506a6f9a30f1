/* Grant, RowRule, Mask, Deny and AggregateRule documents. References are resolved later, when every file has been read.
 */
#include "model/load.h"

#include <stdio.h>

struct draft {
    struct hs_policy policy;
    struct hs_policy_marks marks;
};

/* ---- to, unless ---- */

static hs_rc read_selector_attributes(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_selector *s = record;
    if (node->kind == HS_YAML_MAP && !node->count)
        return hs_load_fail(l, hs_load_at(l, node), "'attributes' is empty");
    return hs_read_attributes(l, node, false, &s->attributes, &s->attribute_count);
}

#define LIST(member, number) .some = true, HS_TEXTS_INTO(struct hs_selector, member, number)
static const struct hs_key SELECTOR_KEYS[] = {
    HS_KEY("roles", TEXTS, LIST(roles, role_count)),
    HS_KEY("users", TEXTS, LIST(users, user_count)),
    HS_KEY("attributes", READ, .read = read_selector_attributes),
    HS_KEY("workspaces", TEXTS, LIST(workspaces, workspace_count)),
    HS_KEY("purposes", TEXTS, LIST(purposes, purpose_count)),
};
#undef LIST
static const struct hs_form SELECTOR = HS_FORM("'to' or 'unless'", SELECTOR_KEYS);

static hs_rc read_selector(struct hs_load *l, const struct hs_yaml *node, struct hs_selector *out)
{
    if (node->kind == HS_YAML_SCALAR)
        return hs_load_fail(l, hs_load_at(l, node),
                            "write 'everyone', or {roles: [...], users: [...], attributes: {...}, "
                            "workspaces: [...], purposes: [...]}");
    HS_TRY(hs_form_read(l, node, &SELECTOR, out));
    if (!node->count)
        return hs_load_fail(l, hs_load_at(l, node), "this names nobody");
    out->given = true;
    return HS_OK;
}

static hs_rc read_to(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct draft *d = record;
    d->marks.to = hs_load_at(l, node);
    if (node->kind == HS_YAML_SCALAR && hs_str_is(node->text, "everyone")) {
        d->policy.to.everyone = d->policy.to.given = true;
        return HS_OK;
    }
    return read_selector(l, node, &d->policy.to);
}

static hs_rc read_unless(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct draft *d = record;
    if (node->kind == HS_YAML_SCALAR && hs_str_is(node->text, "everyone"))
        return hs_load_fail(l, hs_load_at(l, node), "'unless: everyone' would make this policy apply to nobody");
    return read_selector(l, node, &d->policy.unless);
}

/* ---- on ---- */

struct target_texts { /* in the order of enum hs_target_kind */
    hs_str product, table, column, tag, domain;
};
static const struct hs_key TARGET_KEYS[] = {
    HS_KEY("product", TEXT, .at = HS_INTO(struct target_texts, product)),
    HS_KEY("table", TEXT, .at = HS_INTO(struct target_texts, table)),
    HS_KEY("column", TEXT, .at = HS_INTO(struct target_texts, column)),
    HS_KEY("tag", TEXT, .at = HS_INTO(struct target_texts, tag)),
    HS_KEY("domain", TEXT, .at = HS_INTO(struct target_texts, domain)),
};
static const struct hs_form TARGET = HS_FORM("'on'", TARGET_KEYS);

/* What each kind of policy can be on; anything else would have a meaning only by guessing. */
static bool may_be_on(enum hs_policy_kind policy, enum hs_target_kind target)
{
    bool column_like = target == HS_ON_COLUMN || target == HS_ON_TAG;
    switch (policy) {
    case HS_MASK:
        return column_like;
    case HS_DENY:
        return true;
    case HS_AGGREGATE:
        return target == HS_ON_PRODUCT || target == HS_ON_TABLE;
    case HS_GRANT:
    case HS_ROW_RULE:
        break;
    }
    return !column_like;
}

static const char *const MAY_BE_ON[] = {
    [HS_GRANT] = "a Grant is on a product, table or domain; 'columns' narrows it",
    [HS_ROW_RULE] = "a RowRule is on a product, table or domain",
    [HS_MASK] = "a Mask is on a column or a tag",
    [HS_DENY] = "",
    [HS_AGGREGATE] = "an AggregateRule is on a product or a table",
};

static hs_rc read_on(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct draft *d = record;
    struct target_texts texts = {0};
    HS_TRY(hs_form_read(l, node, &TARGET, &texts));
    if (node->count != 1)
        return hs_load_fail(l, hs_load_at(l, node), "'on' must name one of: product, table, column, tag, domain");
    const hs_str *all = &texts.product;
    for (int kind = HS_ON_PRODUCT; kind <= HS_ON_DOMAIN; kind++)
        if (all[kind - 1].len) {
            d->policy.on.kind = (enum hs_target_kind)kind;
            d->policy.on.text = all[kind - 1];
        }
    d->marks.on = hs_load_at(l, node->first->next);
    if (!may_be_on(d->policy.kind, d->policy.on.kind))
        return hs_load_fail(l, hs_load_at(l, node->first), "%s", MAY_BE_ON[d->policy.kind]);
    return HS_OK;
}

/* ---- the rest of a policy ---- */

static hs_rc read_paths(struct hs_load *l, const struct hs_yaml *node, const char *what, struct draft *d)
{
    HS_TRY(hs_read_texts(l, node, what, true, &d->policy.columns, &d->policy.column_count));
    d->marks.columns = hs_arena_array(l->scratch, node->count, sizeof *d->marks.columns);
    if (!d->marks.columns)
        return hs_load_no_memory(l);
    size_t i = 0;
    for (const struct hs_yaml *item = node->first; item; item = item->next)
        d->marks.columns[i++] = hs_load_at(l, item);
    return HS_OK;
}

static hs_rc read_columns(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    return read_paths(l, node, "columns", record);
}

static hs_rc read_dimensions(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    return read_paths(l, node, "dimensions", record);
}

static hs_rc read_minimum(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct draft *d = record;
    int64_t n;
    if (node->kind != HS_YAML_SCALAR || !hs_str_to_i64(node->text, &n) || n < 2 || n > 1000000)
        return hs_load_fail(l, hs_load_at(l, node), "'minimum' is the fewest rows that a group may have: 2 or more");
    d->policy.minimum = (int)n;
    return HS_OK;
}

static hs_rc read_actions(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct draft *d = record;
    HS_TRY(hs_read_texts(l, node, "actions", true, &d->policy.actions, &d->policy.action_count));
    for (const struct hs_yaml *item = node->first; item; item = item->next)
        if (!hs_str_is(item->text, "read"))
            return hs_load_not_yet(l, hs_load_at(l, item), "'read' is the only action yet");
    return HS_OK;
}

/* A map is the list of its keys and values in turn. Keys that are not numbers are text. */
static hs_rc read_pairs(struct hs_load *l, const struct hs_yaml *node, struct hs_value *out)
{
    HS_TRY(hs_read_map(l, node, "an argument"));
    out->kind = HS_V_LIST;
    out->items = hs_arena_array(l->arena, 2 * node->count + 1, sizeof *out->items);
    if (!out->items)
        return hs_load_no_memory(l);
    for (const struct hs_yaml *item = node->first; item; item = item->next)
        HS_TRY(hs_read_value(l, item, false, &out->items[out->item_count++]));
    return HS_OK;
}

static hs_rc read_args(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct draft *d = record;
    HS_TRY(hs_read_map(l, node, "args"));
    d->policy.args = hs_arena_array(l->arena, node->count, sizeof *d->policy.args);
    if (!d->policy.args)
        return hs_load_no_memory(l);
    for (const struct hs_yaml *key = node->first; key; key = key->next->next) {
        struct hs_mask_arg *arg = &d->policy.args[d->policy.arg_count++];
        arg->name = key->text;
        HS_TRY(key->next->kind == HS_YAML_MAP ? read_pairs(l, key->next, &arg->value)
                                              : hs_read_value(l, key->next, true, &arg->value));
    }
    return HS_OK;
}

static hs_rc read_with(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct draft *d = record;
    d->marks.with = hs_load_at(l, node);
    if (node->kind == HS_YAML_MAP)
        return hs_load_fail(l, d->marks.with, "'with' is the function's name alone; its arguments stand in 'args'");
    return hs_read_text(l, node, "with", &d->policy.with);
}

/* ---- rules: the text as it lies in the file ---- */

static bool same_but_space(hs_str a, hs_str b)
{
    size_t i = 0, j = 0;
    for (;;) {
        while (i < a.len && strchr(" \t\r\n", a.at[i]))
            i++;
        while (j < b.len && strchr(" \t\r\n", b.at[j]))
            j++;
        if (i == a.len || j == b.len)
            return i == a.len && j == b.len;
        if (a.at[i++] != b.at[j++])
            return false;
    }
}

static bool quote_spans_lines(hs_str text)
{
    char open = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '\n' && open)
            return true;
        if (open ? c == open : c == '\'' || c == '"')
            open = open ? 0 : c;
    }
    return false;
}

/* The slice of the file stands for the text where the two differ only in layout, for then every position that the rule
 * parser counts is the file's own, in block scalars too. Where YAML escapes are in the way the text itself is used, and
 * positions after the first escape are near. */
static hs_rc read_rule(struct hs_load *l, const struct hs_yaml *node, bool element, void *out)
{
    hs_str text, file = l->file->path;
    HS_TRY(hs_read_text(l, node, "a rule", &text));
    uint32_t quote = node->style == HS_YAML_QUOTED;
    hs_str raw = hs_str_n(l->file->bytes.at + node->start + quote, node->end - node->start - 2 * quote);
    if (same_but_space(raw, text) && !quote_spans_lines(raw)) {
        text = hs_arena_str(l->arena, raw); /* the tree may point into its text, and the file's bytes go */
        if (!text.at)
            return hs_load_no_memory(l);
    }
    int column = node->column + (int)quote;
    return element ? hs_rule_parse_element(l->arena, text, file, node->line, column, out, l->err)
                   : hs_rule_parse(l->arena, text, file, node->line, column, out, l->err);
}

hs_rc hs_read_rule(struct hs_load *l, const struct hs_yaml *node, void *out)
{
    return read_rule(l, node, false, out);
}

static hs_rc read_element_rule(struct hs_load *l, const struct hs_yaml *node, void *out)
{
    return read_rule(l, node, true, out);
}

/* ---- the documents ---- */

#define INTO(member) .at = HS_INTO(struct draft, policy.member)
#define EVERY_POLICY                                                                            \
    HS_KEY("kind", TEXT, .required = true), HS_KEY("name", TEXT, .required = true, INTO(name)), \
        HS_KEY("description", TEXT), HS_KEY("on", READ, .required = true, .read = read_on)

static const struct hs_key GRANT_KEYS[] = {
    EVERY_POLICY,
    HS_KEY("to", READ, .required = true, .read = read_to),
    HS_KEY("actions", READ, .read = read_actions),
    HS_KEY("columns", READ, .read = read_columns),
    HS_KEY("where", READ, INTO(where), .read = hs_read_rule),
    HS_KEY("expires", READ, INTO(expires_us), .read = hs_read_time),
    HS_KEY("limits", READ, INTO(limits), .read = hs_read_limits),
};
static const struct hs_key ROW_RULE_KEYS[] = {
    EVERY_POLICY,
    HS_KEY("to", READ, .read = read_to),
    HS_KEY("unless", READ, .read = read_unless),
    HS_KEY("where", READ, .required = true, INTO(where), .read = hs_read_rule),
};
static const struct hs_key MASK_KEYS[] = {
    EVERY_POLICY,
    HS_KEY("to", READ, .read = read_to),
    HS_KEY("unless", READ, .read = read_unless),
    HS_KEY("when", READ, INTO(when), .read = hs_read_rule),
    HS_KEY("elements", READ, INTO(elements), .read = read_element_rule),
    HS_KEY("with", READ, .required = true, .read = read_with),
    HS_KEY("args", READ, .read = read_args),
};
static const struct hs_key DENY_KEYS[] = {
    EVERY_POLICY,
    HS_KEY("to", READ, .read = read_to),
    HS_KEY("unless", READ, .read = read_unless),
};
static const struct hs_key AGGREGATE_KEYS[] = {
    EVERY_POLICY,
    HS_KEY("to", READ, .read = read_to),
    HS_KEY("unless", READ, .read = read_unless),
    HS_KEY("dimensions", READ, .required = true, .read = read_dimensions),
    HS_KEY("measures", TEXTS, .some = true, HS_TEXTS_INTO(struct draft, policy.measures, policy.measure_count)),
    HS_KEY("minimum", READ, .read = read_minimum),
};
static const struct hs_form GRANT = HS_FORM("a Grant", GRANT_KEYS);
static const struct hs_form ROW_RULE = HS_FORM("a RowRule", ROW_RULE_KEYS);
static const struct hs_form MASK = HS_FORM("a Mask", MASK_KEYS);
static const struct hs_form DENY = HS_FORM("a Deny", DENY_KEYS);
static const struct hs_form AGGREGATE = HS_FORM("an AggregateRule", AGGREGATE_KEYS);
enum { USUAL_MINIMUM = 10 };

static hs_rc default_actions(struct hs_load *l, struct hs_policy *policy)
{
    static const char READ_WORD[] = "read";
    if (policy->kind != HS_GRANT || policy->action_count)
        return HS_OK;
    policy->actions = HS_NEW(l->arena, hs_str);
    if (!policy->actions)
        return hs_load_no_memory(l);
    policy->actions[0] = hs_str_of(READ_WORD);
    policy->action_count = 1;
    return HS_OK;
}

/* The function's name and arguments are policy's knowledge; this adds where the file says them. */
static hs_rc check_mask(struct hs_load *l, const struct draft *d)
{
    struct hs_err inner = {0};
    if (d->policy.kind != HS_MASK || !l->check)
        return HS_OK;
    hs_rc rc = l->check(&d->policy, &inner);
    return rc == HS_OK ? HS_OK : hs_load_fail_(l, rc, d->marks.with, __FILE__, __LINE__, "%s", inner.shown);
}

static hs_rc read_policy(struct hs_load *l, const struct hs_yaml *root, enum hs_policy_kind kind,
                         const struct hs_form *form)
{
    struct draft d = {.policy = {.kind = kind, .domain = l->domain, .at = hs_load_at(l, root)}};
    d.policy.minimum = kind == HS_AGGREGATE ? USUAL_MINIMUM : 0;
    d.marks.with = d.marks.to = d.policy.at;
    HS_TRY(hs_form_read(l, root, form, &d));
    HS_TRY(default_actions(l, &d.policy));
    HS_TRY(check_mask(l, &d));
    if (!d.policy.to.given)
        d.policy.to.everyone = true;
    struct hs_policy *policy = hs_vec_add(l->arena, &l->policies);
    struct hs_policy_marks *marks = hs_vec_add(l->scratch, &l->marks);
    if (!policy || !marks)
        return hs_load_no_memory(l);
    *policy = d.policy;
    *marks = d.marks;
    return HS_OK;
}

hs_rc hs_read_grant(struct hs_load *l, const struct hs_yaml *root)
{
    return read_policy(l, root, HS_GRANT, &GRANT);
}

hs_rc hs_read_row_rule(struct hs_load *l, const struct hs_yaml *root)
{
    return read_policy(l, root, HS_ROW_RULE, &ROW_RULE);
}

hs_rc hs_read_mask(struct hs_load *l, const struct hs_yaml *root)
{
    return read_policy(l, root, HS_MASK, &MASK);
}

hs_rc hs_read_deny(struct hs_load *l, const struct hs_yaml *root)
{
    return read_policy(l, root, HS_DENY, &DENY);
}

hs_rc hs_read_aggregate_rule(struct hs_load *l, const struct hs_yaml *root)
{
    return read_policy(l, root, HS_AGGREGATE, &AGGREGATE);
}
