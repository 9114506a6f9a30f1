/* What a check tells beside errors: rules whose decisions last a minute, and a hash over a column with few possible
 * values. Under a key nobody can compute the
 * hashes, but whoever knows how the values are spread reads them off the counts: of two tokens in a column of sexes, or
 * of the most frequent among statuses, the meaning is plain.
 *
 * Few are the values of a type (boolean, date), those that the contract admits (a list of valid values, a range, a
 * short text), or what the column's name or classification says. */
#include "mask/mask.h"
#include "model/yaml.h"
#include "policy/policy_in.h"

#include <stdio.h>
#include <stdlib.h>

enum { FEW = 100000, MAX_WORD = 40 };

/* ---- the contract's own words for a property ---- */

static const struct hs_yaml *named(const struct hs_yaml *list, hs_str name)
{
    for (const struct hs_yaml *item = list && list->kind == HS_YAML_LIST ? list->first : NULL; item;
         item = item->next) {
        const struct hs_yaml *called = item->kind == HS_YAML_MAP ? hs_yaml_get(item, "name") : NULL;
        if (called && hs_str_eq(called->text, name))
            return item;
    }
    return NULL;
}

static const struct hs_yaml *written(const struct hs_tree *tree, size_t node)
{
    const struct hs_node *n = &tree->nodes[node];
    const struct hs_product *p = tree->table->product;
    const struct hs_yaml *above = NULL;
    if (!n->property || !p || !p->written || p->written->kind != HS_YAML_MAP)
        return NULL;
    if (n->parent >= 0)
        above = written(tree, (size_t)n->parent);
    else
        above = named(hs_yaml_get(p->written, "schema"), tree->table->name);
    if (!above || above->kind != HS_YAML_MAP)
        return NULL;
    return n->step == HS_STEP_ELEMENT ? hs_yaml_get(above, "items")
                                      : named(hs_yaml_get(above, "properties"), n->property->name);
}

static bool number(const struct hs_yaml *map, const char *key, double *out)
{
    char text[64];
    const struct hs_yaml *v = map && map->kind == HS_YAML_MAP ? hs_yaml_get(map, key) : NULL;
    if (!v || v->kind != HS_YAML_SCALAR || !v->text.len || v->text.len >= sizeof text)
        return false;
    memcpy(text, v->text.at, v->text.len);
    text[v->text.len] = 0;
    char *end;
    *out = strtod(text, &end);
    return *end == 0;
}

static bool few_by_options(const struct hs_yaml *options, char *why, size_t room)
{
    double low, high, length;
    if (number(options, "minimum", &low) && number(options, "maximum", &high) && high - low < FEW) {
        snprintf(why, room, "its contract allows %.0f to %.0f", low, high);
        return true;
    }
    if (number(options, "maxLength", &length) && length <= 3) {
        snprintf(why, room, "its contract allows at most %.0f characters", length);
        return true;
    }
    return false;
}

static bool few_by_quality(const struct hs_yaml *rules, char *why, size_t room)
{
    for (const struct hs_yaml *r = rules && rules->kind == HS_YAML_LIST ? rules->first : NULL; r; r = r->next) {
        const struct hs_yaml *arguments = r->kind == HS_YAML_MAP ? hs_yaml_get(r, "arguments") : NULL;
        const struct hs_yaml *valid = r->kind == HS_YAML_MAP ? hs_yaml_get(r, "validValues") : NULL;
        if (!valid && arguments && arguments->kind == HS_YAML_MAP)
            valid = hs_yaml_get(arguments, "validValues");
        if (valid && valid->kind == HS_YAML_LIST && valid->count < FEW) {
            snprintf(why, room, "its contract lists %zu valid values", valid->count);
            return true;
        }
    }
    return false;
}

/* ---- names ---- */

static bool is_word(hs_str text, const char *word)
{
    char lower[MAX_WORD];
    size_t at = 0, len = strlen(word);
    for (size_t i = 0; i <= text.len; i++) {
        char c = i < text.len ? text.at[i] : '_';
        bool upper = c >= 'A' && c <= 'Z', letter = upper || (c >= 'a' && c <= 'z');
        bool begins = upper && at && i && text.at[i - 1] >= 'a' && text.at[i - 1] <= 'z'; /* bloodGroup */
        if (!letter || begins) {
            if (at == len && memcmp(lower, word, len) == 0)
                return true;
            at = 0;
        }
        if (letter && at < sizeof lower)
            lower[at++] = (char)(upper ? c + 32 : c);
    }
    return false;
}

static bool few_by_name(const struct hs_property *p, char *why, size_t room)
{
    static const char *const words[] = {"gender",   "sex",      "country",  "status",    "flag",       "category",
                                        "age",      "birth",    "birthday", "birthdate", "zip",        "postcode",
                                        "plz",      "blood",    "religion", "ethnicity", "marital",    "nationality",
                                        "language", "currency", "grade",    "diagnosis", "salutation", "race"};
    for (size_t i = 0; i < HS_COUNT(words); i++)
        if (is_word(p->name, words[i]) || is_word(p->classification, words[i])) {
            snprintf(why, room, "a column of this kind ('%s') mostly has few", words[i]);
            return true;
        }
    return false;
}

static bool has_few(const struct hs_tree *tree, size_t node, char *why, size_t room)
{
    const struct hs_node *n = &tree->nodes[node];
    const struct hs_yaml *y = written(tree, node);
    enum hs_type_id id = n->field->type->id;
    if (id == HS_T_BOOLEAN || id == HS_T_DATE) {
        snprintf(why, room, "its type is %s", hs_type_name(id));
        return true;
    }
    if (y && y->kind == HS_YAML_MAP &&
        (few_by_options(hs_yaml_get(y, "logicalTypeOptions"), why, room) ||
         few_by_quality(hs_yaml_get(y, "quality"), why, room)))
        return true;
    return n->property && few_by_name(n->property, why, room);
}

static void warn(struct hs_buf *out, const struct hs_policy *p, const struct hs_tree *tree, size_t node)
{
    char why[120];
    if (!has_few(tree, node, why, sizeof why))
        return;
    hs_buf_addf(out, "warning: %.*s:%d:%d: %.*s hides little in column '", HS_FMT(p->at.file), p->at.line, p->at.column,
                HS_FMT(p->with));
    hs_buf_add_node(out, tree, node);
    hs_buf_addf(out,
                "': it seems to have few possible values (%s), and how often each occurs shows what they are; "
                "redact or generalise does not\n",
                why);
}

/* ---- decisions of a minute ---- */

static bool has_op(const struct hs_rule *r, enum hs_rule_op op, int unit)
{
    if (r->op == op && (!unit || r->unit == unit))
        return true;
    for (size_t i = 0; i < r->arg_count; i++)
        if (has_op(r->args[i], op, unit))
            return true;
    return false;
}

/* A test of a column, or of a lookup's, with the minute in it: its constant is another one each minute. */
static bool turns_each_minute(const struct hs_rule *r)
{
    bool joins = r->op == HS_RULE_AND || r->op == HS_RULE_OR || r->op == HS_RULE_NOT || r->op == HS_RULE_ANY ||
                 r->op == HS_RULE_ALL || r->op == HS_RULE_LOOKUP;
    if (!joins)
        return has_op(r, HS_RULE_REQUEST, HS_FACT_NOW) && has_op(r, HS_RULE_FIELD, 0);
    for (size_t i = 0; i < r->arg_count; i++)
        if (turns_each_minute(r->args[i]))
            return true;
    return false;
}

static void warn_of_minutes(struct hs_buf *out, const struct hs_policy *p)
{
    if ((p->where && turns_each_minute(p->where)) || (p->when && turns_each_minute(p->when)) ||
        (p->elements && turns_each_minute(p->elements)))
        hs_buf_addf(
            out,
            "warning: %.*s:%d:%d: 'request.now' beside a column makes another decision each minute, and ends the "
            "statements that run under the last one; request.today does so once a day\n",
            HS_FMT(p->at.file), p->at.line, p->at.column);
}

hs_rc hs_policy_warnings(struct hs_arena *a, const struct hs_model *model, const struct hs_table *table,
                         const struct hs_type *bound, struct hs_buf *out, struct hs_err *err)
{
    struct hs_tree tree;
    HS_TRY(hs_tree_build(a, table, bound, &tree, err));
    bool *targets = hs_arena_array(a, tree.count ? tree.count : 1, sizeof *targets);
    if (!targets)
        return hs_no_memory(err);
    struct hs_policies reaching = hs_model_reaching(model, table);
    for (size_t i = 0; i < reaching.count; i++) {
        const struct hs_policy *p = hs_policies_at(&reaching, i);
        const struct hs_mask_function *f = p->kind == HS_MASK ? hs_mask_function(p->with) : NULL;
        if (hs_policy_reaches(p, table))
            warn_of_minutes(out, p);
        if (!f || !f->hashes || !hs_policy_reaches(p, table))
            continue;
        HS_TRY(hs_mask_targets(a, p, &tree, targets, err));
        for (size_t k = 0; k < tree.count; k++)
            if (targets[k])
                warn(out, p, &tree, k);
    }
    return HS_OK;
}
