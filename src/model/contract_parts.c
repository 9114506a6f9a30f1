/* The parts of ODCS v3.1 (https://bitol-io.github.io/open-data-contract-standard/) that hailstorm does not use yet:
 * their shape is checked, so that a typing error is found today, and they stay in the tree that the product keeps. */
#include "model/contract.h"

static const struct hs_key DEFINITION_KEYS[] = {
    HS_KEY("url", TEXT, .required = true),
    HS_KEY("type", TEXT, .required = true),
    HS_KEY("id", TEXT),
    HS_KEY("description", TEXT),
};
const struct hs_form HS_FORM_DEFINITION = HS_FORM("an authoritative definition", DEFINITION_KEYS);

/* What nearly every ODCS object may carry. */
#define COMMON                                                                         \
    HS_KEY("id", TEXT), HS_KEY("customProperties", READ, .read = hs_read_custom_kept), \
        HS_KEY("authoritativeDefinitions", OBJECTS, .inside = &HS_FORM_DEFINITION)

static const struct hs_key DESCRIPTION_KEYS[] = {
    HS_KEY("purpose", TEXT, .at = HS_INTO(struct hs_product, description)),
    HS_KEY("usage", TEXT),
    HS_KEY("limitations", TEXT),
    COMMON,
};
static const struct hs_form DESCRIPTION = HS_FORM("a description", DESCRIPTION_KEYS);

hs_rc hs_read_product_description(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_product *product = record;
    if (node->kind == HS_YAML_SCALAR)
        return hs_read_text(l, node, "description", &product->description);
    return hs_form_read(l, node, &DESCRIPTION, product);
}

static const struct hs_key MEMBER_KEYS[] = {
    HS_KEY("username", TEXT, .required = true),
    HS_KEY("name", TEXT),
    HS_KEY("description", TEXT),
    HS_KEY("role", TEXT),
    HS_KEY("dateIn", READ, .read = hs_read_time_kept),
    HS_KEY("dateOut", READ, .read = hs_read_time_kept),
    HS_KEY("replacedByUsername", TEXT),
    HS_KEY("tags", TEXTS),
    COMMON,
};
static const struct hs_form MEMBER = HS_FORM("a team member", MEMBER_KEYS);

static const struct hs_key TEAM_KEYS[] = {
    HS_KEY("name", TEXT),
    HS_KEY("description", TEXT),
    HS_KEY("members", OBJECTS, .inside = &MEMBER),
    HS_KEY("tags", TEXTS),
    COMMON,
};
static const struct hs_form TEAM = HS_FORM("a team", TEAM_KEYS);

hs_rc hs_read_time_kept(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    (void)record;
    return hs_read_time(l, node, NULL);
}

/* An object since v3.1, the list of members before. */
hs_rc hs_read_team(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    (void)record;
    if (node->kind == HS_YAML_MAP)
        return hs_form_read(l, node, &TEAM, NULL);
    HS_TRY(hs_read_list(l, node, "team"));
    for (const struct hs_yaml *item = node->first; item; item = item->next)
        HS_TRY(hs_form_read(l, item, &MEMBER, NULL));
    return HS_OK;
}

static const struct hs_key SERVER_KEYS[] = {
    HS_KEY("server", TEXT, .required = true),
    HS_KEY("type", TEXT, .required = true),
    HS_KEY("description", TEXT),
    HS_KEY("environment", TEXT),
    COMMON,
};
/* Open: each of some thirty server types has keys of its own, and none of them reaches us. */
const struct hs_form HS_FORM_SERVER = HS_OPEN_FORM("a server", SERVER_KEYS);

static const struct hs_key SUPPORT_KEYS[] = {
    HS_KEY("channel", TEXT, .required = true),
    HS_KEY("url", TEXT),
    HS_KEY("description", TEXT),
    HS_KEY("tool", TEXT),
    HS_KEY("scope", TEXT),
    HS_KEY("invitationUrl", TEXT),
    HS_KEY("notes", TEXT),
    COMMON,
};
const struct hs_form HS_FORM_SUPPORT = HS_FORM("a support channel", SUPPORT_KEYS);

static const struct hs_key PRICE_KEYS[] = {
    HS_KEY("id", TEXT),
    HS_KEY("priceAmount", SCALAR),
    HS_KEY("priceCurrency", TEXT),
    HS_KEY("priceUnit", TEXT),
};
const struct hs_form HS_FORM_PRICE = HS_FORM("a price", PRICE_KEYS);

static const struct hs_key ROLE_KEYS[] = {
    HS_KEY("role", TEXT, .required = true),
    HS_KEY("description", TEXT),
    HS_KEY("access", TEXT),
    HS_KEY("firstLevelApprovers", ANY), /* text in the standard, a list in the wild */
    HS_KEY("secondLevelApprovers", ANY),
    COMMON,
};
const struct hs_form HS_FORM_ROLE = HS_FORM("a role", ROLE_KEYS);

static const struct hs_key SLA_KEYS[] = {
    HS_KEY("property", TEXT, .required = true),
    HS_KEY("value", SCALAR, .required = true),
    HS_KEY("valueExt", SCALAR),
    HS_KEY("unit", TEXT),
    HS_KEY("element", TEXT),
    HS_KEY("driver", TEXT),
    HS_KEY("description", TEXT),
    HS_KEY("scheduler", TEXT),
    HS_KEY("schedule", TEXT),
    COMMON,
};
const struct hs_form HS_FORM_SLA = HS_FORM("an SLA property", SLA_KEYS);

static const char *const QUALITY_TYPES[] = {"library", "sql", "text", "custom", NULL};
static const struct hs_key QUALITY_KEYS[] = {
    HS_KEY("name", TEXT),
    HS_KEY("description", TEXT),
    HS_KEY("type", TEXT, .words = QUALITY_TYPES),
    HS_KEY("metric", TEXT),
    HS_KEY("rule", TEXT), /* the name of `metric` before v3.1 */
    HS_KEY("arguments", ANY),
    HS_KEY("mustBe", ANY),
    HS_KEY("mustNotBe", ANY),
    HS_KEY("mustBeGreaterThan", SCALAR),
    HS_KEY("mustBeGreaterOrEqualTo", SCALAR),
    HS_KEY("mustBeLessThan", SCALAR),
    HS_KEY("mustBeLessOrEqualTo", SCALAR),
    HS_KEY("mustBeBetween", ANY),
    HS_KEY("mustNotBeBetween", ANY),
    HS_KEY("validValues", ANY),
    HS_KEY("unit", TEXT),
    HS_KEY("query", TEXT),
    HS_KEY("engine", TEXT),
    HS_KEY("implementation", ANY),
    HS_KEY("dimension", TEXT),
    HS_KEY("severity", TEXT),
    HS_KEY("businessImpact", TEXT),
    HS_KEY("method", TEXT),
    HS_KEY("scheduler", TEXT),
    HS_KEY("schedule", TEXT),
    HS_KEY("tags", TEXTS),
    COMMON,
};
const struct hs_form HS_FORM_QUALITY = HS_FORM("a quality rule", QUALITY_KEYS);

static const struct hs_key RELATIONSHIP_KEYS[] = {
    HS_KEY("type", TEXT), HS_KEY("from", ANY), HS_KEY("to", ANY), HS_KEY("description", TEXT), COMMON,
};
const struct hs_form HS_FORM_RELATIONSHIP = HS_FORM("a relationship", RELATIONSHIP_KEYS);

static const struct hs_key OPTION_KEYS[] = {
    HS_KEY("minLength", SCALAR),
    HS_KEY("maxLength", SCALAR),
    HS_KEY("pattern", TEXT),
    HS_KEY("format", TEXT),
    HS_KEY("minimum", SCALAR),
    HS_KEY("maximum", SCALAR),
    HS_KEY("exclusiveMinimum", SCALAR),
    HS_KEY("multipleOf", SCALAR),
    HS_KEY("exclusiveMaximum", SCALAR),
    HS_KEY("timezone", SCALAR),
    HS_KEY("minItems", SCALAR),
    HS_KEY("defaultTimezone", TEXT),
    HS_KEY("maxItems", SCALAR),
    HS_KEY("uniqueItems", BOOL),
    HS_KEY("required", TEXTS),
    HS_KEY("minProperties", SCALAR),
    HS_KEY("maxProperties", SCALAR),
};
const struct hs_form HS_FORM_OPTIONS = HS_FORM("logicalTypeOptions", OPTION_KEYS);
