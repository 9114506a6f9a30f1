/* The nouns, loaded from a model directory (DESIGN: mesh.yaml, principals.yaml, domains/D/[name].odcs.yaml,
 * domains/D/policies/[name].yaml, domains/D/lookups/, policies/[name].yaml) and checked. A loaded model is immutable,
 * counted, and swapped whole on reload; whoever uses it holds a reference for the length of one request. Unknown key,
 * wrong type, unknown column, duplicate name: an error "file:line:column: words (did you mean X?)".  Mask-function
 * names and arguments are checked by a callback, so that this room need not know policy. */
#ifndef HS_MODEL_MODEL_H
#define HS_MODEL_MODEL_H

#include "model/rule.h"

#include <stdatomic.h>

struct hs_yaml; /* model/yaml.h */

struct hs_at { /* where in which file a thing was said, for messages */
    hs_str file;
    int line, column;
};

/* ---- people ---- */
struct hs_attribute {
    hs_str name;
    struct hs_value value; /* TEXT, INT, NUMBER, BOOL, DATE or LIST of these */
};
struct hs_token { /* an API token: only its SHA-256 is stored */
    hs_str id;
    uint8_t hash[32];
    int64_t expires_us; /* 0: never */
};
struct hs_user {
    struct hs_at at;
    hs_str name;
    hs_str *roles;
    size_t role_count;
    struct hs_attribute *attributes;
    size_t attribute_count;
    hs_str scram; /* "SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>", or empty */
    struct hs_token *tokens;
    size_t token_count;
    bool disabled;
};
/* Who asks: what `auth` makes of a proof, and what `policy` decides for. Borrowed from the model it names. */
struct hs_principal {
    hs_str name;
    const hs_str *roles;
    size_t role_count;
    const struct hs_attribute *attributes;
    size_t attribute_count;
};

/* ---- contracts (ODCS v3.1) ---- */
struct hs_property {
    struct hs_at at;
    hs_str name;
    hs_str logical_type;  /* string date timestamp time number integer object array boolean */
    hs_str physical_name; /* the real column's name where it differs and no fieldId is written */
    hs_str physical_type; /* free text; "map" makes an object with properties `key` and `value` a map */
    hs_str description, classification;
    hs_str *tags;
    size_t tag_count;
    bool required, primary_key, unique;
    int primary_key_position;
    int field_id;                   /* hailstorm.fieldId, or -1 */
    struct hs_property *properties; /* object members; array: exactly one, named "items" */
    size_t property_count;
};
struct hs_prefix_map { /* hailstorm.prefixMap: {FROM: TO} on object paths, compared without scheme and authority */
    hs_str from, to;
};
struct hs_table;
struct hs_foreign_key { /* an ODCS relationship between whole columns, told to whoever sees both ends */
    struct hs_at at;
    hs_str id; /* as the contract has it, or empty */
    hs_str *from, *to;
    size_t count;
    const struct hs_table *to_table;
};
struct hs_table { /* an ODCS schema object */
    struct hs_at at;
    const struct hs_product *product;
    hs_str name, description;
    hs_str location; /* absolute and without symbolic links, as far as it existed when the model was loaded */
    hs_str root;     /* likewise: what its files lie in. The location, or what is beside it where it is metadata */
    struct hs_prefix_map *prefixes;
    size_t prefix_count;
    hs_str *tags;
    size_t tag_count;
    struct hs_property *properties;
    size_t property_count;
    struct hs_foreign_key *foreign_keys; /* each once, in the order of the contract: properties' first */
    size_t foreign_key_count;
    /* Policies that may reach it, by their number in the model; NULL: not looked for, so all of them may. */
    const uint32_t *reaching;
    size_t reaching_count;
};
struct hs_product { /* a DataContract document */
    struct hs_at at;
    hs_str id, name, version, status, domain, description;
    hs_str *tags;
    size_t tag_count;
    struct hs_table *tables;
    size_t table_count;
    hs_str source_path;            /* the file, absolute: for hs_contract_write_ids */
    const struct hs_yaml *written; /* the document as read: quality, servers, team ... are kept there */
};

/* ---- policies ---- */
struct hs_selector { /* `to` / `unless`: matches when every non-empty list matches; an empty selector matches nobody */
    hs_str *roles, *users, *workspaces, *purposes;
    size_t role_count, user_count, workspace_count, purpose_count;
    struct hs_attribute *attributes; /* name = value must all hold */
    size_t attribute_count;
    bool everyone; /* `to: everyone` */
    bool given;
};
enum hs_target_kind {
    HS_ON_PRODUCT = 1,
    HS_ON_TABLE,
    HS_ON_COLUMN /* any depth, '.' and '[]' */,
    HS_ON_TAG,
    HS_ON_DOMAIN
};
struct hs_target { /* `on` */
    enum hs_target_kind kind;
    hs_str text;                      /* as written: "sales.orders", "sales.orders.customer.street", "pii.email" */
    const struct hs_product *product; /* resolved at load where it names one thing; NULL for tags */
    const struct hs_table *table;
    hs_str path; /* COLUMN: what follows the table: "customer.street", "items[].price" */
};
struct hs_limits { /* 0: not set */
    int64_t concurrent, memory_bytes, time_ms, rows;
    int64_t rows_per_day, bytes_per_day; /* of one person and product, from midnight to midnight in UTC */
};
enum hs_policy_kind { HS_GRANT = 1, HS_ROW_RULE, HS_MASK, HS_DENY, HS_AGGREGATE };
struct hs_mask_arg {
    hs_str name;
    struct hs_value value;
};
struct hs_policy {
    struct hs_at at;
    enum hs_policy_kind kind;
    hs_str name, domain;           /* domain: empty where the mesh owner says it, in policies/ beside domains/ */
    struct hs_selector to, unless; /* RowRule/Mask without `to`: everyone */
    struct hs_target on;
    hs_str *actions; /* GRANT: "read" */
    size_t action_count;
    hs_str *columns; /* GRANT: only these top-level columns or nested paths; none given: all of the contract.
                        AGGREGATE: the dimensions */
    size_t column_count;
    hs_str *measures; /* AGGREGATE: what may be summed up; none given: whatever is granted */
    size_t measure_count;
    int minimum;              /* AGGREGATE: the fewest rows a group may have */
    struct hs_rule *where;    /* GRANT, ROW_RULE */
    struct hs_rule *when;     /* MASK */
    struct hs_rule *elements; /* MASK: which elements of the list or map; NULL: none named */
    hs_str with;              /* MASK: function name */
    struct hs_mask_arg *args;
    size_t arg_count;
    int64_t expires_us;      /* GRANT: 0 never */
    struct hs_limits limits; /* GRANT */
};

struct hs_model {
    struct hs_arena *arena;
    atomic_int refs;
    hs_str directory, mesh_name;
    struct hs_user *users;
    size_t user_count;
    struct hs_product *products;
    size_t product_count;
    struct hs_policy *policies;
    size_t policy_count;
    struct hs_limits default_limits;
    uint8_t version[32]; /* SHA-256 over every file's path and bytes, in order: "policy version" */
    hs_str version_text; /* first 16 hex digits of it */
    hs_str *warnings;    /* things to tell whoever checks, none of which stop the load */
    size_t warning_count;
    struct hs_map *index; /* names to users, products, tables */
};

/* The policies to look at for one table, in the model's order: a few of its thousands. Whether each of them reaches
 * the table is still asked of each. */
struct hs_policies {
    const struct hs_policy *all;
    const uint32_t *at; /* NULL: each of `all` */
    size_t count;
};
static inline struct hs_policies hs_model_reaching(const struct hs_model *m, const struct hs_table *t)
{
    return t->reaching ? (struct hs_policies){m->policies, t->reaching, t->reaching_count}
                       : (struct hs_policies){m->policies, NULL, m->policy_count};
}
static inline const struct hs_policy *hs_policies_at(const struct hs_policies *p, size_t i)
{
    return &p->all[p->at ? p->at[i] : i];
}

/* Checks a mask's function name and arguments; err->shown gets the words, the loader adds the position. */
typedef hs_rc (*hs_mask_check_fn)(const struct hs_policy *mask, struct hs_err *err);

/* Strict: the first error stops the load (err->shown = "file:line:column: ..."; more errors, if any, in detail). */
HS_MUST hs_rc hs_model_load(hs_str directory, hs_mask_check_fn check, struct hs_model **out, struct hs_err *err);
struct hs_model *hs_model_ref(struct hs_model *m);
void hs_model_unref(struct hs_model *m); /* takes NULL */

const struct hs_user *hs_model_user(const struct hs_model *m, hs_str name);
const struct hs_product *hs_model_product(const struct hs_model *m, hs_str id);
const struct hs_table *hs_model_table(const struct hs_model *m, hs_str domain, hs_str name); /* unique in its domain */
/* "customer.street", "items[].price", "attributes.value": the property at the end of the path, or NULL. */
const struct hs_property *hs_table_property(const struct hs_table *table, hs_str path);

/* A contract table laid over the schema of its real Iceberg table: a STRUCT type whose names and members are the
 * contract's and whose ids and types are the table's. By id where hailstorm.fieldId is written, else by name.
 * Errors: contract column absent in the table (with suggestion), id that belongs to another name's column (names
 * both), logicalType that does not fit the real type, object without properties. */
HS_MUST hs_rc hs_table_bind(struct hs_arena *a, const struct hs_table *table, const struct hs_type *real,
                            struct hs_type **out, struct hs_err *err);

/* `check --bind`: rewrites the contract file so that every property carries hailstorm.fieldId, keeping comments and
 * layout of everything else; atomic (temporary file + rename). *out_changed: properties written. */
HS_MUST hs_rc hs_contract_write_ids(const struct hs_table *table, const struct hs_type *bound, size_t *out_changed,
                                    struct hs_err *err);

/* principals.yaml edits for `hailstorm user add|token|remove`; atomic, 0600, keeps the other users. */
HS_MUST hs_rc hs_principals_put_user(hs_str directory, hs_str name, const hs_str *roles, size_t role_count,
                                     const struct hs_attribute *attributes, size_t attribute_count, hs_str scram,
                                     struct hs_err *err);
HS_MUST hs_rc hs_principals_add_token(hs_str directory, hs_str name, hs_str token_id, const uint8_t hash[32],
                                      int64_t expires_us, struct hs_err *err);
HS_MUST hs_rc hs_principals_remove_user(hs_str directory, hs_str name, struct hs_err *err);

#endif
