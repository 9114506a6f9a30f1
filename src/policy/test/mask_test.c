/* Masks: where they land, what they refuse to land on, and when two of them are one too many. */
#include "model/yaml.h"
#include "policy/seeing.h"
#include "policy/test/world.h"

static struct world w;

static int begin(void **state)
{
    (void)state;
    w_init(&w);
    w_grant(&w, "all", NULL, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    w_fini(&w);
    return 0;
}

static const struct hs_principal nobody = {.name = {"nobody", 6}};

static void refused(const struct hs_principal *who)
{
    struct hs_decision *d = NULL;
    assert_int_equal(w_decide(&w, who, &d), HS_DENIED);
    assert_null(d);
    assert_string_equal(w.err.shown, hs_kind_text(HS_DENIED));
}

static void checks(const char *words)
{
    hs_rc rc = hs_policy_check_table(w.arena, &w.model, &w.table, w.bound, &w.err);
    if (!words) {
        if (rc != HS_OK)
            fail_msg("%s | %s", w.err.shown, w.err.detail);
        return;
    }
    assert_int_not_equal(rc, HS_OK);
    if (!strstr(w.err.shown, words))
        fail_msg("got: %s", w.err.shown);
}

static void test_paths(void **state)
{
    (void)state;
    w_mask(&w, "a", "customer.geo", "nullify");
    w_mask(&w, "b", "items[].sku", "redact");
    w_mask(&w, "c", "notes.value.by", "hmac-token");
    w_mask(&w, "d", "id", "nullify");
    checks(NULL);
    struct hs_decision *d = w_ok(&w, &nobody);
    assert_string_equal(w_expression(&w, d, "customer"),
                        "CASE WHEN \"f5\" IS NULL THEN NULL ELSE struct_pack(\"street\" := struct_extract(\"f5\", "
                        "'street'), \"city\" := struct_extract(\"f5\", 'city'), \"geo\" := CAST(NULL AS STRUCT(\"lat\" "
                        "DOUBLE, \"lon\" DOUBLE))) END");
    assert_string_equal(w_expression(&w, d, "items"),
                        "list_transform(\"f6\", lambda v1: CASE WHEN v1 IS NULL THEN NULL ELSE struct_pack(\"sku\" := "
                        "CASE WHEN struct_extract(v1, 'sku') IS NOT NULL THEN CAST('[redacted]' AS VARCHAR) END, "
                        "\"price\" := struct_extract(v1, 'price')) END)");
    assert_string_equal(
        w_expression(&w, d, "notes"),
        "CASE WHEN \"f7\" IS NULL THEN NULL ELSE map_from_entries(list_transform(map_entries(\"f7\"), lambda v1: "
        "struct_pack(\"key\" := struct_extract(v1, 'key'), \"value\" := CASE WHEN struct_extract(v1, 'value') IS NULL "
        "THEN NULL ELSE struct_pack(\"text\" := struct_extract(struct_extract(v1, 'value'), 'text'), \"by\" := "
        "hs_mask_hmac_token('5:sales,0:,', struct_extract(struct_extract(v1, 'value'), 'by'))) END))) END");
    assert_true(hs_decision_needs_key(d));
    assert_true(w_column(d, "id")->nullable);
    assert_true(w.bound->fields[0].required);
    assert_int_equal(w_column(d, "notes")->masks[0]->path_len, 3);
}

static void test_quoted_path(void **state)
{
    (void)state;
    w.bound->fields[1].name = HS_S("odd.na\"me");
    w.table.properties[1].name = HS_S("odd.na\"me");
    w_mask(&w, "a", "\"odd.na\"\"me\"", "redact");
    checks(NULL);
    assert_true(w_ok(&w, &nobody)->columns[1].masked);
}

static void test_when(void **state)
{
    (void)state;
    struct hs_policy *m = w_mask(&w, "a", "amount", "nullify");
    m->when = w_rule(&w, "region <> 'EU'");
    assert_string_equal(w_expression(&w, w_ok(&w, &nobody), "amount"),
                        "CASE WHEN ((\"f3\" <> CAST('EU' AS VARCHAR))) IS FALSE THEN \"f4\" ELSE CAST(NULL AS "
                        "DECIMAL(10, 2)) END");
    /* `when` reads raw columns, also such as the person does not see */
    w_columns(&w, &w.policies[0], 1, (const char *const[]){"amount"});
    struct hs_decision *d = w_ok(&w, &nobody);
    assert_int_equal(d->column_count, 1);
    assert_non_null(strstr(w_expression(&w, d, "amount"), "\"f3\""));
}

static void test_tags(void **state)
{
    (void)state;
    struct hs_policy *m = w_mask(&w, "t", "", "nullify");
    m->on = (struct hs_target){.kind = HS_ON_TAG, .text = HS_S("pii")};
    w_tag(&w, HS_S("pii"), 4, 2); /* customer.geo */
    w_tag(&w, HS_S("pii"), 1, -1);
    struct hs_property *geo = &w.table.properties[4].properties[2];
    geo->properties[0].tags = geo->tags; /* a member of a tagged object is within it */
    geo->properties[0].tag_count = 1;
    checks(NULL);
    struct hs_decision *d = w_ok(&w, &nobody);
    assert_int_equal(d->mask_count, 2);
    assert_int_equal(w_column(d, "customer")->mask_count, 1);
    assert_int_equal(w_column(d, "customer")->masks[0]->path_len, 2);
    /* through list and map */
    w.table.properties[5].properties[0].properties[1].tags = geo->tags;
    w.table.properties[5].properties[0].properties[1].tag_count = 1;
    w.table.properties[6].properties[1].properties[0].tags = geo->tags;
    w.table.properties[6].properties[1].properties[0].tag_count = 1;
    d = w_ok(&w, &nobody);
    assert_int_equal(d->mask_count, 4);
    /* a table that carries the tag has it on every column */
    w.table.tags = geo->tags;
    w.table.tag_count = 1;
    assert_int_equal(w_ok(&w, &nobody)->mask_count, 11);
    /* a map's key cannot be masked alone */
    w.table.tag_count = 0;
    w.table.properties[6].properties[0].tags = geo->tags;
    w.table.properties[6].properties[0].tag_count = 1;
    refused(&nobody);
    checks("a map's keys");
}

static void test_to_and_unless(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst), fred = w_who("fred", &fraud);
    struct hs_policy *m = w_mask(&w, "a", "email", "redact");
    w_roles(&m->unless, &fraud, 1);
    assert_true(w_column(w_ok(&w, &ana), "email")->masked);
    assert_false(w_column(w_ok(&w, &fred), "email")->masked);
    m->unless = (struct hs_selector){.given = true}; /* excepts nobody */
    assert_true(w_column(w_ok(&w, &fred), "email")->masked);
    w_roles(&m->to, &analyst, 1);
    assert_true(w_column(w_ok(&w, &ana), "email")->masked);
    assert_false(w_column(w_ok(&w, &fred), "email")->masked);
    m->to = (struct hs_selector){.given = true}; /* empty: everyone, not nobody */
    assert_true(w_column(w_ok(&w, &fred), "email")->masked);
}

static void test_conflicts(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst), sue = w_who("sue", &support);
    struct hs_policy *a = w_mask(&w, "a", "email", "redact"), *b = w_mask(&w, "b", "email", "nullify");
    refused(&nobody);
    checks("policies/b.yaml:3:1: masks 'b' and 'a' (policies/a.yaml:3:1) both apply to column 'email'");
    w_roles(&a->to, &analyst, 1);
    refused(&ana);
    checks("both apply");
    w_roles(&b->unless, &analyst, 1); /* disjoint: analysts here, all others there */
    checks(NULL);
    assert_int_equal(w_ok(&w, &ana)->mask_count, 1);
    assert_int_equal(w_ok(&w, &sue)->mask_count, 1);
    b->unless = (struct hs_selector){0};
    w_roles(&b->to, &support, 1); /* two roles: not decided until someone has both */
    checks(NULL);
    static hs_str both_roles[] = {{"analyst", 7}, {"support", 7}};
    struct hs_principal both = {.name = HS_S("both"), .roles = both_roles, .role_count = 2};
    assert_int_equal(w_ok(&w, &ana)->mask_count, 1);
    refused(&both);
    struct hs_user user = {.name = HS_S("both"), .roles = both_roles, .role_count = 2};
    w.model.users = &user;
    w.model.user_count = 1;
    checks("both apply to column 'email' for both");
    user.disabled = true;
    checks(NULL);
}

static void test_conflict_parent(void **state)
{
    (void)state;
    w_mask(&w, "a", "customer", "nullify");
    struct hs_policy *b = w_mask(&w, "b", "customer.geo.lat", "redact");
    refused(&nobody);
    checks("both apply to column 'customer.geo.lat'");
    w_roles(&b->to, &fraud, 1);
    checks("both apply");
    b->on.path = HS_S("items[].sku");
    checks(NULL);
    /* a mask on what is not shown is none */
    b->on.path = HS_S("customer.geo.lat");
    b->to = (struct hs_selector){0};
    w_columns(&w, &w.policies[0], 1, (const char *const[]){"id"});
    assert_int_equal(w_ok(&w, &nobody)->mask_count, 0);
}

static void test_masks_that_do_not_fit(void **state)
{
    (void)state;
    struct hs_policy *m = w_mask(&w, "m", "customer", "redact");
    checks("column 'customer': redact does not mask values of type struct (nullify does)");
    refused(&nobody);
    m->on.path = HS_S("custmer.geo");
    checks("policies/m.yaml:3:1: unknown column 'custmer' (did you mean 'customer'?)");
    refused(&nobody);
    m->on.path = HS_S("items.sku");
    checks("'items' is a list: write 'items[].sku'");
    m->on.path = HS_S("email[]");
    checks("'email' is not a list");
    refused(&nobody);
    m->on.path = HS_S("notes.key");
    checks("a map's keys");
    m->on.path = HS_S("notes.valu");
    checks("a map has 'key' and 'value'");
    m->on.path = HS_S("customer..geo");
    checks("is not a column path");
    m->on.path = HS_S("");
    checks("is not a column path");
    refused(&nobody);
    m->on.path = HS_S("amount");
    m->with = HS_S("constant");
    w_arg(&w, m, "value", "10.505");
    checks("value does not fit");
    refused(&nobody);
    w_arg(&w, m, "value", "10.50");
    checks(NULL);
    m->on.table = NULL; /* never resolved: it may have meant this table */
    m->on.path = HS_S("nowhere");
    refused(&nobody);
}

static void test_check_mask(void **state)
{
    (void)state;
    struct hs_policy *m = w_mask(&w, "m", "email", "keepdomain");
    assert_int_equal(hs_policy_check_mask(m, &w.err), HS_INVALID);
    assert_string_equal(w.err.shown, "unknown mask function 'keepdomain' (did you mean 'keep-domain'?)");
    m->with = HS_S("show-first-n");
    assert_int_equal(hs_policy_check_mask(m, &w.err), HS_INVALID);
    assert_non_null(strstr(w.err.shown, "needs the argument 'n'"));
    w_arg(&w, m, "n", "-1");
    assert_int_equal(hs_policy_check_mask(m, &w.err), HS_INVALID);
    w_arg(&w, m, "m", "4");
    assert_int_equal(hs_policy_check_mask(m, &w.err), HS_INVALID);
    assert_non_null(strstr(w.err.shown, "unknown argument 'm'"));
    w_arg(&w, m, "n", "4");
    assert_int_equal(hs_policy_check_mask(m, &w.err), HS_OK);
    m->with = HS_S("truncate-date");
    w_arg(&w, m, "unit", "'week'");
    assert_int_equal(hs_policy_check_mask(m, &w.err), HS_INVALID);
    m->with = HS_S("constant");
    w_arg(&w, m, "value", "null");
    assert_int_equal(hs_policy_check_mask(m, &w.err), HS_INVALID);
}

static void test_check_rules(void **state)
{
    (void)state;
    struct hs_policy *r = w_row_rule(&w, "r", "regio = 'EU'");
    checks("unknown column 'regio' (did you mean 'region'?)");
    r->where = w_rule(&w, "amount = 'x'");
    checks("policies/r.yaml:1:10: a number cannot be compared with text");
    r->where = NULL;
    checks("needs 'where'");
    struct hs_decision *d = NULL;
    assert_int_equal(w_decide(&w, &nobody, &d), HS_DENIED);
    r->where = w_rule(&w, "true");
    r->on.kind = HS_ON_COLUMN;
    checks("not on a column");
    w.model.policy_count--;
    struct hs_policy *g = &w.policies[0];
    w_columns(&w, g, 1, (const char *const[]){"emial"});
    checks("did you mean 'email'?");
    w_columns(&w, g, 1, (const char *const[]){"notes.key"});
    checks("a map's keys");
    w_columns(&w, g, 1, (const char *const[]){"email"});
    g->domain = HS_S("support");
    checks("a grant in domain 'support' cannot be on a table of domain 'sales'");
}

/* One domain's folder says nothing about another's tables: not by name, which is an error, nor by tag, which means its
 * own. What has no domain is the mesh owner's. */
static void test_check_domains(void **state)
{
    (void)state;
    struct hs_policy *r = w_row_rule(&w, "r", "false");
    r->domain = HS_S("support");
    checks("policies/r.yaml:3:1: a row rule in domain 'support' cannot be on a table of domain 'sales'");
    r->domain = HS_S("");
    assert_int_equal(hs_policy_check_table(w.arena, &w.model, &w.table, w.bound, &w.err), HS_OK);
    w.model.policy_count--;
    struct hs_policy *m = w_mask(&w, "m", "email", "nullify");
    m->domain = HS_S("support");
    checks(
        "a mask in domain 'support' cannot be on a table of domain 'sales': it belongs into domains/sales/policies/");
    w_tag(&w, HS_S("pii"), 1, -1);
    m->on = (struct hs_target){.kind = HS_ON_TAG, .text = HS_S("pii")};
    assert_int_equal(hs_policy_check_table(w.arena, &w.model, &w.table, w.bound, &w.err), HS_OK);
    assert_int_equal(w_ok(&w, &nobody)->mask_count, 0);
    m->domain = HS_S("sales");
    assert_int_equal(w_ok(&w, &nobody)->mask_count, 1);
    m->domain = HS_S("");
    assert_int_equal(w_ok(&w, &nobody)->mask_count, 1);
}

static const char *explain(const struct hs_principal *who)
{
    struct hs_explained *e;
    struct hs_buf b;
    struct hs_explain_request r = {.model = &w.model,
                                   .who = who,
                                   .table = &w.table,
                                   .bound = w.bound,
                                   .facts = &(struct hs_facts){.now_us = 1},
                                   .default_key = HS_S("01234567")};
    assert_int_equal(hs_explain(w.arena, &r, &e, &w.err), HS_OK);
    hs_buf_init(&b, 1 << 16);
    hs_buf_add_explained(&b, e);
    return w_keep(&w, &b);
}

static void test_explain(void **state)
{
    (void)state;
    struct hs_buf b;
    struct hs_policy *m = w_mask(&w, "m", "items[].sku", "show-first-n");
    w_arg(&w, m, "n", "4");
    m->when = w_rule(&w, "region <> principal.name");
    w_columns(&w, &w.policies[0], 1, (const char *const[]){"items[].sku"});
    const char *text = explain(&nobody);
    assert_non_null(strstr(text, "sales.orders: allowed\n  rows: all\n"));
    assert_non_null(
        strstr(text, "  column items: list<struct<sku: string>>\n    without items[].price: no grant opens it\n"));
    assert_non_null(strstr(text, "    items[].sku: show-first-n(n: 4) by 'm' (policies/m.yaml:3) unless this is false: "
                                 "region <> 'nobody'\n"));
    w.model.policy_count = 0;
    assert_non_null(strstr(explain(&nobody), "sales.orders: not visible (no grant applies)\n  digest "));
    hs_buf_init(&b, 1 << 16);
    hs_buf_add_mask_docs(&b);
    assert_non_null(strstr(w_keep(&w, &b), "| string | `4` | `1234` | `****` |"));
}

static void test_keys(void **state)
{
    uint8_t first[32];
    hs_str id;
    (void)state;
    struct hs_policy *m = w_mask(&w, "m", "email", "hmac-token");
    struct hs_decision *d = w_ok(&w, &nobody);
    memcpy(first, d->digest, sizeof first);
    assert_true(hs_decision_needs_key(d) && hs_decision_mask_key(d, 0, &id));
    assert_int_equal(id.len, 0);
    w_arg(&w, m, "key", "'0a1b2c3d'");
    checks(NULL);
    d = w_ok(&w, &nobody);
    assert_true(!hs_decision_needs_key(d) && hs_decision_mask_key(d, 0, &id) && hs_str_is(id, "0a1b2c3d"));
    assert_memory_not_equal(first, d->digest, sizeof first); /* another key is another answer */
    assert_string_equal(w_expression(&w, d, "email"), "hs_mask_hmac_token('5:sales,8:0a1b2c3d,', \"f2\")");
    assert_non_null(strstr(explain(&nobody), "under key 0a1b2c3d by 'm'"));
    m->arg_count = 0;
    assert_non_null(strstr(explain(&nobody), "under key 01234567 (the oldest) by 'm'"));
    w_arg(&w, m, "key", "'0A1B2C3D'");
    checks("8 hexadecimal digits");
}

/* Paths inside JSON text: one call for all of them; what meets is a conflict. */
static void test_json(void **state)
{
    (void)state;
    struct hs_policy *a = w_mask(&w, "a", "email.$.ssn", "nullify");
    struct hs_policy *b = w_mask(&w, "b", "email.$.cards[*].number", "show-last-n");
    w_arg(&w, b, "n", "4");
    b->when = w_rule(&w, "region = 'EU'");
    checks(NULL);
    struct hs_decision *d = w_ok(&w, &nobody);
    assert_string_equal(
        w_expression(&w, d, "email"),
        "hs_mask_json('5:$.ssn,7:nullify,0:,17:$.cards[*].number,11:show-last-n,4:1:4,,', \"f2\", CAST(1 AS "
        "BIGINT) | (CASE WHEN ((\"f3\" = CAST('EU' AS VARCHAR))) IS FALSE THEN CAST(0 AS BIGINT) ELSE "
        "CAST(2 AS BIGINT) END))");
    b->on.path = HS_S("email.$.ssn.part");
    checks("both apply to column 'email'");
    struct hs_decision *none;
    assert_int_equal(w_decide(&w, &nobody, &none), HS_DENIED);
    b->on.path = HS_S("email");
    checks("both apply to column 'email'");
    w.model.policy_count--;
    a->on.path = HS_S("email.$");
    checks("whole document");
    a->on.path = HS_S("email.$.a..b");
    checks("is written");
    a->on.path = HS_S("amount.$.a");
    checks("for a text column");
    a->on.path = HS_S("email.$.a");
    a->with = HS_S("round");
    checks("no form for values inside JSON");
    a->with = HS_S("nullify");
    checks(NULL);
    w.policies[0].column_count = 0;
    w_columns(&w, &w.policies[0], 1, (const char *const[]){"email.$.a"});
    checks("not supported"); /* a grant opens a column or none of it */
}

static const char *warned(void)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    assert_int_equal(hs_policy_warnings(w.arena, &w.model, &w.table, w.bound, &b, &w.err), HS_OK);
    return b.len ? w_keep(&w, &b) : "";
}

static void test_few_values(void **state)
{
    static const char contract[] = "schema:\n- name: orders\n  properties:\n  - name: email\n    logicalTypeOptions: "
                                   "{maxLength: 2}\n  - name: region\n    quality:\n    - validValues: [EU, US]\n";
    struct hs_yaml_documents docs = {0};
    (void)state;
    struct hs_policy *m = w_mask(&w, "m", "email", "hmac-token");
    assert_string_equal(warned(), "");
    assert_int_equal(hs_yaml_parse(w.arena, w.arena, T("c.yaml"), hs_str_of(contract), &docs, &w.err), HS_OK);
    w.product.written = docs.roots.at[0];
    assert_non_null(strstr(warned(), "warning: policies/m.yaml:3:1: hmac-token hides little in column 'email'"));
    m->on.path = T("region");
    assert_non_null(strstr(warned(), "2 valid values"));
    m->with = T("redact");
    assert_string_equal(warned(), "");
    m->with = T("ff1");
    m->on.path = T("customer.city");
    assert_string_equal(warned(), "");
    w.table.properties[4].properties[1].name = T("homeCountry");
    w.bound->fields[4].type->fields[1].name = T("homeCountry");
    m->on.path = T("customer.homeCountry");
    assert_non_null(strstr(warned(), "('country')"));
}

/* What is left of a list is cut to what the grant shows; NULL among the elements shows in the type. */
static void test_elements(void **state)
{
    (void)state;
    w.bound->fields[5].type->fields[0].required = true;
    struct hs_policy *m = w_mask(&w, "m", "items", "drop-elements");
    static struct hs_value skus = {.kind = HS_V_TEXT, .text = {"k1", 2}};
    static struct hs_mask_arg args[] = {{{"values", 6}, {.kind = HS_V_LIST, .items = &skus, .item_count = 1}},
                                        {{"member", 6}, {.kind = HS_V_TEXT, .text = {"price", 5}}}};
    m->args = args;
    m->arg_count = 2;
    checks("no decimal");
    args[1].value.text = HS_S("sku");
    checks(NULL);
    w_columns(&w, &w.policies[0], 1, (const char *const[]){"items[].price"});
    struct hs_decision *d = w_ok(&w, &nobody);
    assert_string_equal(w_expression(&w, d, "items"),
                        "list_transform(list_filter(\"f6\", lambda e1: coalesce(NOT (struct_extract(e1, 'sku') IN "
                        "(CAST('k1' AS VARCHAR))), FALSE)), lambda v1: CASE WHEN v1 IS NULL THEN NULL ELSE "
                        "struct_pack(\"price\" := struct_extract(v1, 'price')) END)");
    assert_true(d->columns[0].type->fields[0].required);
    m->with = HS_S("nullify-elements");
    assert_false(w_ok(&w, &nobody)->columns[0].type->fields[0].required);
}

/* Noise is another for everyone, so answers with it may not be shared; others may. */
static void test_viewer(void **state)
{
    struct hs_principal ana = w_who("ana", NULL), bea = w_who("bea", NULL);
    (void)state;
    struct hs_policy *m = w_mask(&w, "m", "id", "redact");
    assert_memory_equal(w_ok(&w, &ana)->digest, w_ok(&w, &bea)->digest, 32);
    m->with = HS_S("noise");
    w_arg(&w, m, "at-most", "5");
    checks(NULL);
    struct hs_decision *a = w_ok(&w, &ana), *b = w_ok(&w, &bea);
    assert_memory_not_equal(a->digest, b->digest, 32);
    assert_string_not_equal(w_expression(&w, a, "id"), w_expression(&w, b, "id"));
    assert_null(strstr(w_expression(&w, a, "id"), "ana"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_paths, begin, end),
        cmocka_unit_test_setup_teardown(test_quoted_path, begin, end),
        cmocka_unit_test_setup_teardown(test_when, begin, end),
        cmocka_unit_test_setup_teardown(test_tags, begin, end),
        cmocka_unit_test_setup_teardown(test_to_and_unless, begin, end),
        cmocka_unit_test_setup_teardown(test_conflicts, begin, end),
        cmocka_unit_test_setup_teardown(test_conflict_parent, begin, end),
        cmocka_unit_test_setup_teardown(test_masks_that_do_not_fit, begin, end),
        cmocka_unit_test_setup_teardown(test_check_mask, begin, end),
        cmocka_unit_test_setup_teardown(test_check_domains, begin, end),
        cmocka_unit_test_setup_teardown(test_check_rules, begin, end),
        cmocka_unit_test_setup_teardown(test_explain, begin, end),
        cmocka_unit_test_setup_teardown(test_keys, begin, end),
        cmocka_unit_test_setup_teardown(test_viewer, begin, end),
        cmocka_unit_test_setup_teardown(test_elements, begin, end),
        cmocka_unit_test_setup_teardown(test_few_values, begin, end),
        cmocka_unit_test_setup_teardown(test_json, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
