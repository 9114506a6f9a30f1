/* Decisions: who sees what. */
#include "policy/test/world.h"

static struct world w;

static int begin(void **state)
{
    (void)state;
    w_init(&w);
    return 0;
}

static int end(void **state)
{
    (void)state;
    w_fini(&w);
    return 0;
}

static void refused(const struct hs_principal *who)
{
    struct hs_decision *d = NULL;
    assert_int_equal(w_decide(&w, who, &d), HS_DENIED);
    assert_null(d);
    assert_string_equal(w.err.shown, hs_kind_text(HS_DENIED));
}

static const struct hs_principal nobody = {.name = {"nobody", 6}};

static void test_deny_by_default(void **state)
{
    (void)state;
    struct hs_facts facts = {0};
    assert_false(w_ok(&w, &nobody)->allowed);
    assert_false(hs_policy_visible(&w.model, &nobody, &w.table, &facts));
    w_row_rule(&w, "rows", "true");
    w_mask(&w, "mask", "email", "nullify");
    assert_false(w_ok(&w, &nobody)->allowed);
    w_grant(&w, "grant", &analyst, NULL);
    assert_false(w_ok(&w, &nobody)->allowed);
    assert_int_equal(w_ok(&w, &nobody)->column_count, 0);
    struct hs_principal ana = w_who("ana", &analyst);
    assert_true(hs_policy_visible(&w.model, &ana, &w.table, &facts));
    assert_int_equal(w_ok(&w, &ana)->column_count, 11);
}

/* Each of these grants says something less than "read this table to you". */
static void test_grants_that_do_not_grant(void **state)
{
    (void)state;
    static struct hs_product other = {.id = {"x.y", 3}, .domain = {"x", 1}};
    static struct hs_table other_table = {.product = &other, .name = {"orders", 6}};
    struct hs_principal ana = w_who("ana", &analyst);
    w_grant(&w, "no-action", NULL, NULL)->action_count = 0;
    w_add(&w, HS_GRANT, "no-to");
    w_grant(&w, "expired", NULL, NULL)->expires_us = 1000;
    w_grant(&w, "other-role", &support, NULL);
    w_grant(&w, "except", NULL, NULL)->unless = (struct hs_selector){.roles = &analyst, .role_count = 1, .given = true};
    w_grant(&w, "foreign", NULL, NULL)->domain = HS_S("x");
    struct hs_policy *p = w_grant(&w, "other-table", NULL, NULL);
    p->on.table = &other_table;
    w_grant(&w, "unresolved", NULL, NULL)->on.table = NULL;
    p = w_grant(&w, "other-product", NULL, NULL);
    p->on.kind = HS_ON_PRODUCT;
    p->on.product = &other;
    p = w_grant(&w, "column-tag", NULL, NULL);
    p->on = (struct hs_target){.kind = HS_ON_TAG, .text = HS_S("pii")};
    w_tag(&w, HS_S("pii"), 1, -1);
    p = w_grant(&w, "purpose", NULL, NULL);
    p->to = (struct hs_selector){.purposes = &fraud, .purpose_count = 1, .given = true};
    static const char *const typo[] = {"emial", "items.price", "notes.key"};
    w_columns(&w, w_grant(&w, "typo", NULL, NULL), 3, typo);
    p = w_grant(&w, "both", NULL, NULL);
    p->on.kind = HS_ON_COLUMN;
    p->on.path = HS_S("email");
    w_columns(&w, p, 1, (const char *const[]){"id"});
    assert_false(w_ok(&w, &ana)->allowed);
}

static void test_reach(void **state)
{
    (void)state;
    struct hs_policy *p = w_grant(&w, "domain", NULL, NULL);
    p->on = (struct hs_target){.kind = HS_ON_DOMAIN, .text = HS_S("sales")};
    assert_true(w_ok(&w, &nobody)->allowed);
    p->on = (struct hs_target){.kind = HS_ON_PRODUCT, .product = &w.product};
    assert_true(w_ok(&w, &nobody)->allowed);
    p->on = (struct hs_target){.kind = HS_ON_COLUMN, .table = &w.table, .path = HS_S("customer.geo.lat")};
    struct hs_decision *d = w_ok(&w, &nobody);
    assert_int_equal(d->column_count, 1);
    assert_int_equal(d->columns[0].type->field_count, 1);
    assert_int_equal(d->columns[0].type->fields[0].type->field_count, 1);
    static hs_str tags[] = {{"gold", 4}};
    w.table.tags = tags;
    w.table.tag_count = 1;
    p->on = (struct hs_target){.kind = HS_ON_TAG, .text = HS_S("gold")};
    assert_int_equal(w_ok(&w, &nobody)->column_count, 11);
}

static void test_selectors(void **state)
{
    (void)state;
    static struct hs_value list_items[] = {{.kind = HS_V_TEXT, .text = {"EU", 2}},
                                           {.kind = HS_V_TEXT, .text = {"US", 2}}};
    static struct hs_attribute has[] = {{{"regions", 7}, {.kind = HS_V_LIST, .items = list_items, .item_count = 2}},
                                        {{"level", 5}, {.kind = HS_V_INT, .i = 3}}};
    static struct hs_attribute us[] = {{{"regions", 7}, {.kind = HS_V_TEXT, .text = {"US", 2}}}},
                               level[] = {{{"level", 5}, {.kind = HS_V_NUMBER, .text = {"3.0", 3}}}},
                               wrong[] = {{{"level", 5}, {.kind = HS_V_TEXT, .text = {"3", 1}}}};
    static hs_str ana_name = {"ana", 3}, space = {"w1", 2};
    struct hs_principal ana = {
        .name = ana_name, .roles = &analyst, .role_count = 1, .attributes = has, .attribute_count = 2};
    struct hs_facts none = {0}, facts = {.purpose = fraud, .workspace = space};
    struct hs_selector s = {.attributes = us, .attribute_count = 1};
    assert_true(hs_selector_matches(&s, &ana, &none));
    s.attributes = level;
    assert_true(hs_selector_matches(&s, &ana, &none));
    s.attributes = wrong;
    assert_false(hs_selector_matches(&s, &ana, &none));
    s = (struct hs_selector){.roles = &analyst, .role_count = 1, .users = &space, .user_count = 1};
    assert_false(hs_selector_matches(&s, &ana, &none));
    s.users = &ana_name;
    assert_true(hs_selector_matches(&s, &ana, &none));
    s.purposes = &fraud;
    s.purpose_count = 1;
    assert_false(hs_selector_matches(&s, &ana, &none));
    assert_true(hs_selector_matches(&s, &ana, &facts));
    s.workspaces = &space;
    s.workspace_count = 1;
    assert_true(hs_selector_matches(&s, &ana, &facts));
    assert_false(hs_selector_matches(&(struct hs_selector){.given = true}, &ana, &facts));
}

static void test_rows(void **state)
{
    (void)state;
    static struct hs_attribute has[] = {{{"region", 6}, {.kind = HS_V_TEXT, .text = {"E'U", 3}}}};
    struct hs_principal ana = w_who("ana", &analyst);
    ana.attributes = has;
    ana.attribute_count = 1;
    w_grant(&w, "one", &analyst, "region = 'EU'");
    w_grant(&w, "two", &analyst, "amount < 5");
    w_grant(&w, "two-again", &analyst, "amount < 5");
    w_row_rule(&w, "own", "region = principal.region and principal.name = 'ana'");
    struct hs_policy *except = w_row_rule(&w, "not-for-us", "id = 7");
    w_roles(&except->unless, &analyst, 1);
    struct hs_policy *only = w_row_rule(&w, "for-others", "id = 8");
    w_roles(&only->to, &support, 1);
    struct hs_decision *d = w_ok(&w, &ana);
    assert_string_equal(w_rows(&w, d),
                        "(((\"f3\" = CAST('EU' AS VARCHAR)) OR (\"f4\" < CAST('5' AS DECIMAL(10, 2)))) AND "
                        "(\"f3\" = CAST('E''U' AS VARCHAR)))"); /* her name is hers: nothing is left to ask */
    assert_int_equal(d->reason_count, 4);
    assert_false(d->columns[0].masked); /* both grants open every column: rows alone say it */
    w_grant(&w, "all", &analyst, NULL);
    d = w_ok(&w, &ana);
    assert_null(strstr(w_rows(&w, d), "'EU'"));
}

/* A missing attribute is NULL, and NULL compares as unknown: nothing is shown. */
static void test_missing_attribute(void **state)
{
    (void)state;
    w_grant(&w, "one", NULL, "region = principal.region or region in (principal.regions)");
    assert_string_equal(w_rows(&w, w_ok(&w, &nobody)), "((\"f3\" = CAST(NULL AS VARCHAR)) OR (\"f3\" IN (CAST(NULL AS "
                                                       "VARCHAR))))");
}

static void test_attribute_lists(void **state)
{
    (void)state;
    static struct hs_value items[] = {{.kind = HS_V_TEXT, .text = {"EU", 2}}, {.kind = HS_V_TEXT, .text = {"US", 2}}};
    struct hs_attribute has = {HS_S("regions"), {.kind = HS_V_LIST, .items = items, .item_count = 2}};
    struct hs_principal ana = {.name = HS_S("ana"), .attributes = &has, .attribute_count = 1};
    struct hs_policy *p = w_grant(&w, "one", NULL, "region in ('X', principal.regions)");
    assert_string_equal(w_rows(&w, w_ok(&w, &ana)),
                        "(\"f3\" IN (CAST('X' AS VARCHAR), CAST('EU' AS VARCHAR), CAST('US' AS VARCHAR)))");
    has.value.item_count = 0;
    p->where = w_rule(&w, "region not in (principal.regions)");
    assert_string_equal(w_rows(&w, w_ok(&w, &ana)), "(NOT (CASE WHEN \"f3\" IS NOT NULL THEN FALSE END))");
    p->where = w_rule(&w, "region = principal.regions");
    refused(&ana);
    has.value.item_count = 2;
    items[1].kind = HS_V_INT;
    p->where = w_rule(&w, "region in (principal.regions)");
    refused(&ana);
    items[1].kind = HS_V_TEXT;
}

static void test_attribute_of_wrong_type(void **state)
{
    (void)state;
    struct hs_attribute has[] = {{HS_S("limit"), {.kind = HS_V_TEXT, .text = HS_S("s3cret")}},
                                 {HS_S("limit2"), {.kind = HS_V_NUMBER, .text = HS_S("1e9")}}};
    struct hs_principal ana = {.name = HS_S("ana"), .attributes = has, .attribute_count = 2};
    w_grant(&w, "one", NULL, NULL);
    struct hs_policy *p = w_row_rule(&w, "rule", "amount < principal.limit");
    refused(&ana);
    assert_null(strstr(w.err.detail, "s3cret"));
    p->where = w_rule(&w, "amount < principal.limit2");
    refused(&ana);
    has[0].value = (struct hs_value){.kind = HS_V_TEXT, .text = hs_str_n("a\0b", 3)};
    p->where = w_rule(&w, "region = principal.limit");
    refused(&ana);
    has[1].name = HS_S("limit");
    has[0].value = has[1].value = (struct hs_value){.kind = HS_V_INT, .i = 5};
    refused(&ana); /* two attributes of one name */
}

static void test_expiry_and_limits(void **state)
{
    (void)state;
    w.model.default_limits = (struct hs_limits){.rows = 100, .time_ms = 50};
    struct hs_policy *a = w_grant(&w, "a", NULL, NULL), *b = w_grant(&w, "b", NULL, NULL);
    assert_int_equal(w_ok(&w, &nobody)->valid_until_us, 0);
    a->expires_us = 5000;
    b->expires_us = 4000;
    a->limits.rows = 10;
    b->limits.rows = 1000;
    struct hs_decision *d = w_ok(&w, &nobody);
    assert_int_equal(d->valid_until_us, 4000);
    assert_int_equal(d->limits.rows, 10);
    assert_int_equal(d->limits.time_ms, 50);
    b->expires_us = 999;
    assert_int_equal(w_ok(&w, &nobody)->valid_until_us, 5000);
}

static void test_columns(void **state)
{
    (void)state;
    w_columns(&w, w_grant(&w, "a", NULL, NULL), 3, (const char *const[]){"id", "customer.geo.lat", "items[].sku"});
    w_columns(&w, w_grant(&w, "b", NULL, NULL), 2, (const char *const[]){"customer.street", "notes.value.text"});
    struct hs_decision *d = w_ok(&w, &nobody);
    assert_int_equal(d->column_count, 4);
    assert_string_equal(w_expression(&w, d, "id"), "\"f1\"");
    assert_string_equal(w_expression(&w, d, "customer"),
                        "CASE WHEN \"f5\" IS NULL THEN NULL ELSE struct_pack(\"street\" := struct_extract(\"f5\", "
                        "'street'), \"geo\" := "
                        "CASE WHEN struct_extract(\"f5\", 'geo') IS NULL THEN NULL ELSE struct_pack(\"lat\" := "
                        "struct_extract(struct_extract(\"f5\", 'geo'), 'lat')) END) END");
    assert_string_equal(w_expression(&w, d, "items"),
                        "list_transform(\"f6\", lambda v1: CASE WHEN v1 IS NULL THEN NULL ELSE struct_pack(\"sku\" := "
                        "struct_extract(v1, 'sku')) END)");
    const struct hs_decided_column *notes = w_column(d, "notes");
    assert_int_equal(notes->type->field_count, 2);
    assert_int_equal(notes->type->fields[1].type->field_count, 1);
    assert_int_equal(notes->hidden_count, 1);
    assert_int_equal(notes->hidden_ids[0], 73);
    assert_false(notes->masked);
}

/* Grant one: id and email where region is EU. Grant two: id and amount where amount < 5. A row of the second alone
 * shows no email, a row of the first alone no amount. */
static void test_columns_and_rows_of_two_grants(void **state)
{
    (void)state;
    w_columns(&w, w_grant(&w, "a", NULL, "region = 'EU'"), 3, (const char *const[]){"id", "email", "customer.street"});
    w_columns(&w, w_grant(&w, "b", NULL, "amount < 5"), 3, (const char *const[]){"id", "amount", "customer.city"});
    struct hs_decision *d = w_ok(&w, &nobody);
    assert_string_equal(w_expression(&w, d, "id"), "\"f1\"");
    assert_string_equal(w_expression(&w, d, "email"),
                        "CASE WHEN ((NOT (\"f3\" = CAST('EU' AS VARCHAR)))) IS FALSE THEN \"f2\" ELSE CAST(NULL AS "
                        "VARCHAR) END");
    assert_true(w_column(d, "email")->masked);
    assert_true(w_column(d, "email")->masks[0]->by_grant);
    assert_non_null(strstr(w_expression(&w, d, "amount"), "(NOT (\"f4\" < "));
    /* the object is there on rows of either; its members only on their own */
    const char *customer = w_expression(&w, d, "customer");
    assert_non_null(strstr(customer, "\"street\" := CASE WHEN ((NOT (\"f3\" = CAST('EU' AS VARCHAR)))) IS FALSE"));
    assert_non_null(strstr(customer, "\"city\" := CASE WHEN ((NOT (\"f4\" <"));
    assert_ptr_equal(strstr(customer, "CASE WHEN \"f5\" IS NULL"), customer);
    /* a third grant that opens all of email and every row: no conditions there, but still on amount */
    w_columns(&w, w_grant(&w, "c", NULL, NULL), 1, (const char *const[]){"email"});
    d = w_ok(&w, &nobody);
    assert_null(d->rows);
    assert_string_equal(w_expression(&w, d, "email"), "\"f2\"");
    assert_true(w_column(d, "id")->masked);   /* id: rows of a or b */
    assert_true(w_column(d, "id")->nullable); /* although required in the table */
    assert_true(w_column(d, "amount")->masked);
}

static void test_grant_edge_and_mask(void **state)
{
    (void)state;
    w_columns(&w, w_grant(&w, "a", NULL, "region = 'EU'"), 1, (const char *const[]){"email"});
    w_grant(&w, "b", NULL, "id = 1")->column_count = 0;
    w_columns(&w, &w.policies[1], 1, (const char *const[]){"id"});
    w_mask(&w, "m", "email", "keep-domain");
    struct hs_decision *d = w_ok(&w, &nobody);
    const char *text = w_expression(&w, d, "email");
    assert_ptr_equal(
        strstr(text, "CASE WHEN ((NOT (\"f3\" = CAST('EU' AS VARCHAR)))) IS FALSE THEN CASE WHEN contains("), text);
    assert_int_equal(w_column(d, "email")->mask_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_deny_by_default, begin, end),
        cmocka_unit_test_setup_teardown(test_grants_that_do_not_grant, begin, end),
        cmocka_unit_test_setup_teardown(test_reach, begin, end),
        cmocka_unit_test_setup_teardown(test_selectors, begin, end),
        cmocka_unit_test_setup_teardown(test_rows, begin, end),
        cmocka_unit_test_setup_teardown(test_missing_attribute, begin, end),
        cmocka_unit_test_setup_teardown(test_attribute_lists, begin, end),
        cmocka_unit_test_setup_teardown(test_attribute_of_wrong_type, begin, end),
        cmocka_unit_test_setup_teardown(test_expiry_and_limits, begin, end),
        cmocka_unit_test_setup_teardown(test_columns, begin, end),
        cmocka_unit_test_setup_teardown(test_columns_and_rows_of_two_grants, begin, end),
        cmocka_unit_test_setup_teardown(test_grant_edge_and_mask, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
