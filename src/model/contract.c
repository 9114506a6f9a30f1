/* An ODCS v3.1 data contract: product, tables, properties. */
#include "model/contract.h"

#include <stdio.h>

/* ---- customProperties: hailstorm.* and everybody else's ---- */

struct ours {
    const char *name;
    hs_key_read_fn read;
};

static const struct hs_key CUSTOM_KEYS[] = {
    HS_KEY("property", TEXT, .required = true),
    HS_KEY("value", ANY, .required = true),
    HS_KEY("id", TEXT),
    HS_KEY("description", TEXT),
};
static const struct hs_form CUSTOM = HS_FORM("a custom property", CUSTOM_KEYS);

static hs_rc fail_ours(struct hs_load *l, const struct hs_yaml *name, const struct ours *known)
{
    hs_str names[8];
    size_t n = 0;
    for (; known && known[n].name && n < 8; n++)
        names[n] = hs_str_of(known[n].name);
    struct hs_hint hint;
    return hs_load_fail(l, hs_load_at(l, name), "'%.*s' has no meaning here%s", HS_FMT(name->text),
                        hs_hint(&hint, name->text, names, n));
}

static hs_rc read_custom_item(struct hs_load *l, const struct hs_yaml *item, const struct ours *known, void *record)
{
    HS_TRY(hs_form_read(l, item, &CUSTOM, NULL));
    const struct hs_yaml *name = hs_yaml_get(item, "property");
    if (!hs_str_starts(name->text, HS_S("hailstorm.")))
        return HS_OK;
    for (const struct ours *o = known; o && o->name; o++)
        if (hs_str_is(name->text, o->name))
            return o->read(l, hs_yaml_get(item, "value"), record);
    return fail_ours(l, name, known);
}

static hs_rc read_custom(struct hs_load *l, const struct hs_yaml *node, const struct ours *known, void *record)
{
    HS_TRY(hs_read_list(l, node, "customProperties"));
    for (const struct hs_yaml *item = node->first; item; item = item->next) {
        HS_TRY(read_custom_item(l, item, known, record));
        const struct hs_yaml *name = hs_yaml_get(item, "property");
        for (const struct hs_yaml *other = node->first; other != item; other = other->next)
            if (hs_str_eq(hs_yaml_get(other, "property")->text, name->text))
                return hs_load_fail(l, hs_load_at(l, name), "the custom property '%.*s' is given twice",
                                    HS_FMT(name->text));
    }
    return HS_OK;
}

hs_rc hs_read_custom_kept(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    return read_custom(l, node, NULL, record);
}

/* ---- properties ---- */

static hs_rc read_field_id(struct hs_load *l, const struct hs_yaml *value, void *record)
{
    struct hs_property *property = record;
    int64_t id;
    if (value->kind != HS_YAML_SCALAR || hs_yaml_meaning(value) != HS_YAML_INT || !hs_str_to_i64(value->text, &id) ||
        id < 0 || id > INT32_MAX)
        return hs_load_fail(l, hs_load_at(l, value),
                            "hailstorm.fieldId must be a whole number, the column's Iceberg "
                            "field id; 'hailstorm check --bind' writes it");
    property->field_id = (int)id;
    return HS_OK;
}

static hs_rc read_property_custom(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    static const struct ours OURS[] = {{"hailstorm.fieldId", read_field_id}, {NULL, NULL}};
    return read_custom(l, node, OURS, record);
}

static hs_rc read_properties(struct hs_load *l, const struct hs_yaml *node, struct hs_property **out,
                             size_t *out_count);
static hs_rc read_members(struct hs_load *l, const struct hs_yaml *node, void *record);
static hs_rc read_items(struct hs_load *l, const struct hs_yaml *node, void *record);

static hs_rc read_examples(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    (void)record;
    return hs_read_list(l, node, "examples");
}

static const char *const LOGICAL_TYPES[] = {"string",  "date",   "timestamp", "time",    "number",
                                            "integer", "object", "array",     "boolean", NULL};

#define INTO(member) .at = HS_INTO(struct hs_property, member)
static const struct hs_key PROPERTY_KEYS[] = {
    HS_KEY("name", NAME, INTO(name)),
    HS_KEY("logicalType", TEXT, INTO(logical_type), .words = LOGICAL_TYPES),
    HS_KEY("physicalType", TEXT, INTO(physical_type)),
    HS_KEY("physicalName", TEXT, INTO(physical_name)),
    HS_KEY("description", TEXT, INTO(description)),
    HS_KEY("classification", TEXT, INTO(classification)),
    HS_KEY("tags", TEXTS, HS_TEXTS_INTO(struct hs_property, tags, tag_count)),
    HS_KEY("required", BOOL, INTO(required)),
    HS_KEY("unique", BOOL, INTO(unique)),
    HS_KEY("primaryKey", BOOL, INTO(primary_key)),
    HS_KEY("primaryKeyPosition", INT, INTO(primary_key_position)),
    HS_KEY("properties", READ, .read = read_members),
    HS_KEY("items", READ, .read = read_items),
    HS_KEY("customProperties", READ, .read = read_property_custom),
    HS_KEY("id", TEXT),
    HS_KEY("businessName", TEXT),
    HS_KEY("logicalTypeOptions", OBJECT, .inside = &HS_FORM_OPTIONS),
    HS_KEY("partitioned", BOOL),
    HS_KEY("partitionKeyPosition", INT),
    HS_KEY("criticalDataElement", BOOL),
    HS_KEY("encryptedName", TEXT),
    HS_KEY("transformSourceObjects", TEXTS),
    HS_KEY("transformLogic", TEXT),
    HS_KEY("transformDescription", TEXT),
    HS_KEY("examples", READ, .read = read_examples),
    HS_KEY("relationships", OBJECTS, .inside = &HS_FORM_RELATIONSHIP),
    HS_KEY("quality", OBJECTS, .inside = &HS_FORM_QUALITY),
    HS_KEY("authoritativeDefinitions", OBJECTS, .inside = &HS_FORM_DEFINITION),
};
#undef INTO
static const struct hs_form PROPERTY = HS_FORM("a property", PROPERTY_KEYS);

/* `name` is required of a member and means nothing on an array's `items`, so the form leaves it open. */
static hs_rc read_property(struct hs_load *l, const struct hs_yaml *node, struct hs_property *property)
{
    property->at = hs_load_at(l, node);
    property->field_id = -1;
    HS_TRY(hs_form_read(l, node, &PROPERTY, property));
    bool array = hs_str_is(property->logical_type, "array"), object = hs_str_is(property->logical_type, "object");
    bool items = hs_yaml_get(node, "items") != NULL, members = hs_yaml_get(node, "properties") != NULL;
    if (array && !items)
        return hs_load_fail(l, property->at, "an array needs 'items'");
    if (items && !array)
        return hs_load_fail(l, property->at, "'items' belongs to logicalType: array");
    if (members && !object)
        return hs_load_fail(l, property->at, "'properties' belongs to logicalType: object");
    return HS_OK;
}

static hs_rc read_items(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_property *array = record;
    array->properties = HS_NEW(l->arena, struct hs_property);
    if (!array->properties)
        return hs_load_no_memory(l);
    array->property_count = 1;
    HS_TRY(read_property(l, node, array->properties));
    array->properties->name = HS_S("items");
    return HS_OK;
}

hs_rc hs_claim_name(struct hs_load *l, struct hs_map *seen, hs_str name, struct hs_at at, const char *noun)
{
    char folded[HS_MODEL_MAX_NAME + 1];
    size_t len = name.len < sizeof folded ? name.len : sizeof folded;
    for (size_t i = 0; i < len; i++)
        folded[i] = name.at[i] >= 'A' && name.at[i] <= 'Z' ? (char)(name.at[i] + 32) : name.at[i];
    hs_str key = {folded, len};
    const struct hs_claim *before = hs_map_get(seen, key);
    if (before && hs_str_eq(before->name, name))
        return hs_load_fail(l, at, "there are two %s '%.*s', the other at %.*s:%d", noun, HS_FMT(name),
                            HS_FMT(before->at.file), before->at.line);
    if (before)
        return hs_load_fail(l, at, "the %s '%.*s' and '%.*s' (%.*s:%d) differ only in case, which SQL does not see",
                            noun, HS_FMT(name), HS_FMT(before->name), HS_FMT(before->at.file), before->at.line);
    struct hs_claim *claim = HS_NEW(l->scratch, struct hs_claim);
    if (!claim)
        return hs_load_no_memory(l);
    *claim = (struct hs_claim){name, at};
    return hs_map_put(seen, key, claim, l->err);
}

static hs_rc read_properties(struct hs_load *l, const struct hs_yaml *node, struct hs_property **out, size_t *out_count)
{
    HS_TRY(hs_read_list(l, node, "properties"));
    struct hs_property *properties = hs_arena_array(l->arena, node->count, sizeof *properties);
    struct hs_map *seen = hs_map_new(l->scratch);
    if (!properties || !seen)
        return hs_load_no_memory(l);
    if (!node->count)
        return hs_load_fail(l, hs_load_at(l, node),
                            "'properties' is an empty list: a field in no contract is invisible");
    size_t n = 0;
    for (const struct hs_yaml *item = node->first; item; item = item->next, n++) {
        HS_TRY(read_property(l, item, &properties[n]));
        if (!properties[n].name.len)
            return hs_load_fail(l, properties[n].at, "a property needs 'name'");
        HS_TRY(hs_claim_name(l, seen, properties[n].name, properties[n].at, "properties"));
    }
    *out = properties;
    *out_count = n;
    return HS_OK;
}

static hs_rc read_members(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_property *object = record;
    return read_properties(l, node, &object->properties, &object->property_count);
}

/* ---- tables ---- */

static hs_rc read_table_custom(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    static const struct ours OURS[] = {
        {"hailstorm.location", hs_read_location},
        {"hailstorm.prefixMap", hs_read_prefix_map},
        {NULL, NULL},
    };
    return read_custom(l, node, OURS, record);
}

static hs_rc read_table_properties(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_table *table = record;
    return read_properties(l, node, &table->properties, &table->property_count);
}

static const char *const OBJECT_ONLY[] = {"object", NULL};

#define INTO(member) .at = HS_INTO(struct hs_table, member)
static const struct hs_key TABLE_KEYS[] = {
    HS_KEY("name", NAME, .required = true, INTO(name)),
    HS_KEY("description", TEXT, INTO(description)),
    HS_KEY("tags", TEXTS, HS_TEXTS_INTO(struct hs_table, tags, tag_count)),
    HS_KEY("customProperties", READ, .required = true, .read = read_table_custom),
    HS_KEY("properties", READ, .required = true, .read = read_table_properties),
    HS_KEY("id", TEXT),
    HS_KEY("logicalType", TEXT, .words = OBJECT_ONLY),
    HS_KEY("physicalName", TEXT),
    HS_KEY("physicalType", TEXT),
    HS_KEY("businessName", TEXT),
    HS_KEY("dataGranularityDescription", TEXT),
    HS_KEY("relationships", OBJECTS, .inside = &HS_FORM_RELATIONSHIP),
    HS_KEY("quality", OBJECTS, .inside = &HS_FORM_QUALITY),
    HS_KEY("authoritativeDefinitions", OBJECTS, .inside = &HS_FORM_DEFINITION),
};
#undef INTO
static const struct hs_form TABLE = HS_FORM("a table (an entry of schema)", TABLE_KEYS);

/* One id names one column of a table, at any depth. */
static hs_rc check_ids(struct hs_load *l, struct hs_map *seen, const struct hs_property *properties, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct hs_property *p = &properties[i], *other;
        char id[16];
        hs_str key = {id, (size_t)snprintf(id, sizeof id, "%d", p->field_id)};
        if (p->field_id >= 0 && (other = hs_map_get(seen, key)))
            return hs_load_fail(l, p->at, "hailstorm.fieldId %d is written at '%.*s' and at '%.*s' (line %d)",
                                p->field_id, HS_FMT(p->name), HS_FMT(other->name), other->at.line);
        if (p->field_id >= 0)
            HS_TRY(hs_map_put(seen, key, (void *)(uintptr_t)p, l->err));
        HS_TRY(check_ids(l, seen, p->properties, p->property_count));
    }
    return HS_OK;
}

static hs_rc read_table(struct hs_load *l, const struct hs_yaml *node, struct hs_table *table)
{
    table->at = hs_load_at(l, node);
    HS_TRY(hs_form_read(l, node, &TABLE, table));
    if (!table->location.len)
        return hs_load_fail(l, table->at,
                            "a table needs the custom property hailstorm.location: where its Iceberg table is");
    struct hs_map *seen = hs_map_new(l->scratch);
    return seen ? check_ids(l, seen, table->properties, table->property_count) : hs_load_no_memory(l);
}

static hs_rc read_schema(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_product *product = record;
    HS_TRY(hs_read_list(l, node, "schema"));
    product->tables = hs_arena_array(l->arena, node->count, sizeof *product->tables);
    if (!product->tables)
        return hs_load_no_memory(l);
    for (const struct hs_yaml *item = node->first; item; item = item->next)
        HS_TRY(read_table(l, item, &product->tables[product->table_count++]));
    return HS_OK;
}

/* ---- the contract ---- */

static const char *const VERSIONS[] = {"v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", NULL};
static const char *const STATUSES[] = {"proposed", "draft", "active", "deprecated", "retired", NULL};

#define INTO(member) .at = HS_INTO(struct hs_product, member)
static const struct hs_key CONTRACT_KEYS[] = {
    HS_KEY("apiVersion", TEXT, .required = true, .words = VERSIONS),
    HS_KEY("kind", TEXT, .required = true),
    HS_KEY("id", TEXT, .required = true, INTO(id)),
    HS_KEY("version", TEXT, .required = true, INTO(version)),
    HS_KEY("status", TEXT, .required = true, INTO(status), .words = STATUSES),
    HS_KEY("name", TEXT, INTO(name)),
    HS_KEY("domain", NAME, INTO(domain)),
    HS_KEY("description", READ, .read = hs_read_product_description),
    HS_KEY("tags", TEXTS, HS_TEXTS_INTO(struct hs_product, tags, tag_count)),
    HS_KEY("schema", READ, .read = read_schema),
    HS_KEY("tenant", TEXT),
    HS_KEY("dataProduct", TEXT),
    HS_KEY("contractCreatedTs", READ, .read = hs_read_time_kept),
    HS_KEY("servers", OBJECTS, .inside = &HS_FORM_SERVER),
    HS_KEY("support", OBJECTS, .inside = &HS_FORM_SUPPORT),
    HS_KEY("price", OBJECT, .inside = &HS_FORM_PRICE),
    HS_KEY("team", READ, .read = hs_read_team),
    HS_KEY("roles", OBJECTS, .inside = &HS_FORM_ROLE),
    HS_KEY("slaDefaultElement", TEXT),
    HS_KEY("slaProperties", OBJECTS, .inside = &HS_FORM_SLA),
    HS_KEY("authoritativeDefinitions", OBJECTS, .inside = &HS_FORM_DEFINITION),
    HS_KEY("customProperties", READ, .read = hs_read_custom_kept),
};
#undef INTO
static const struct hs_form CONTRACT = HS_FORM("a data contract", CONTRACT_KEYS);

hs_rc hs_read_contract(struct hs_load *l, const struct hs_yaml *root)
{
    struct hs_product *product = hs_vec_add(l->arena, &l->products);
    if (!product)
        return hs_load_no_memory(l);
    product->at = hs_load_at(l, root);
    product->source_path = l->file->disk_path;
    product->written = root;
    HS_TRY(hs_form_read(l, root, &CONTRACT, product));
    if (product->id.len > HS_MODEL_MAX_NAME)
        return hs_load_fail(l, product->at, "'id' is longer than %d bytes", HS_MODEL_MAX_NAME);
    if (product->domain.len && !hs_str_eq(product->domain, l->domain))
        return hs_load_fail(l, hs_load_at(l, hs_yaml_get(root, "domain")),
                            "'domain' is '%.*s', but the file lies in the folder of '%.*s'", HS_FMT(product->domain),
                            HS_FMT(l->domain));
    product->domain = l->domain;
    return HS_OK;
}
