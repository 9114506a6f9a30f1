/* Deny wins over every grant; aggregate rules give columns their use. */
#include "policy/dialect.h"
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

static struct hs_policy *deny(const char *name, const char *path)
{
    struct hs_policy *p = w_add(&w, HS_DENY, name);
    if (path) {
        p->on.kind = HS_ON_COLUMN;
        p->on.path = hs_str_of(path);
    }
    return p;
}

static const char *shown(const struct hs_decision *d, const char *column)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 12);
    hs_buf_add_type(&b, w_column(d, column)->type);
    return w_keep(&w, &b);
}

static void a_denied_table_is_not_there(void **state)
{
    (void)state;
    struct hs_facts facts = {.now_us = 1000};
    struct hs_principal ana = w_who("ana", &analyst), sue = w_who("sue", &support);
    w_grant(&w, "all", NULL, NULL);
    w_roles(&deny("no", NULL)->to, &analyst, 1);
    assert_false(hs_policy_visible(&w.model, &ana, &w.table, &facts));
    assert_false(w_ok(&w, &ana)->allowed);
    assert_true(hs_policy_visible(&w.model, &sue, &w.table, &facts));
    assert_int_equal(w_ok(&w, &sue)->column_count, 11);
}

static void whatever_it_is_on(void **state)
{
    (void)state;
    static hs_str secret = {"secret", 6};
    struct hs_principal ana = w_who("ana", &analyst);
    w_grant(&w, "all", NULL, NULL);
    struct hs_policy *p = deny("no", NULL);
    const struct hs_target targets[] = {
        {.kind = HS_ON_PRODUCT, .product = &w.product},
        {.kind = HS_ON_DOMAIN, .text = T("sales")},
        {.kind = HS_ON_TAG, .text = secret},
        {.kind = HS_ON_TABLE}, /* resolved to nothing: in doubt, everything */
    };
    w.table.tags = &secret;
    w.table.tag_count = 1;
    for (size_t i = 0; i < COUNT(targets); i++) {
        p->on = targets[i];
        assert_false(w_ok(&w, &ana)->allowed);
    }
    p->on.text = T("elsewhere");
    p->on.kind = HS_ON_DOMAIN;
    assert_true(w_ok(&w, &ana)->allowed);
}

static void a_denied_column_is_not_there(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst);
    w_grant(&w, "all", NULL, NULL);
    deny("email", "email");
    deny("street", "customer.street");
    deny("price", "items[].price");
    deny("key", "notes.key");
    deny("lat", "customer.geo.lat");
    deny("lon", "customer.geo.lon");
    w_mask(&w, "mask", "email", "nullify"); /* on what is not there: nothing */
    struct hs_decision *d = w_ok(&w, &ana);
    assert_null(w_column(d, "email"));
    assert_null(w_column(d, "notes"));                                 /* a map goes with its keys */
    assert_string_equal(shown(d, "customer"), "struct<city: string>"); /* nothing is left in geo */
    assert_string_equal(shown(d, "items"), "list<struct<sku: string>>");
    assert_int_equal(d->column_count, 9);
    deny("sku", "items[]");
    assert_null(w_column(w_ok(&w, &ana), "items"));
}

static void a_tag_is_denied_at_any_depth(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst);
    w_grant(&w, "all", NULL, NULL);
    w_tag(&w, T("pii"), 1, -1);
    w_tag(&w, T("pii"), 4, 1);
    struct hs_policy *p = deny("no-pii", NULL);
    p->on = (struct hs_target){.kind = HS_ON_TAG, .text = T("pii")};
    struct hs_decision *d = w_ok(&w, &ana);
    assert_null(w_column(d, "email"));
    assert_string_equal(shown(d, "customer"), "struct<street: string, geo: struct<lat: double, lon: double>>");
}

/* A grant of which nothing is left must not open its rows for the others' columns. */
static void rows_of_a_denied_grant_stay_closed(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst);
    w_columns(&w, w_grant(&w, "eu", NULL, "region = 'EU'"), 1, (const char *[]){"id"});
    w_columns(&w, w_grant(&w, "mail", NULL, NULL), 1, (const char *[]){"email"});
    assert_null(w_ok(&w, &ana)->rows);
    deny("email", "email");
    struct hs_decision *d = w_ok(&w, &ana);
    assert_non_null(d->rows);
    assert_int_equal(d->column_count, 1);
    deny("id", "id");
    assert_false(w_ok(&w, &ana)->allowed);
}

static void purposes_narrow_it(void **state)
{
    (void)state;
    static hs_str billing = {"billing", 7};
    struct hs_principal ana = w_who("ana", &analyst);
    struct hs_facts facts = {.now_us = 1000};
    w_grant(&w, "all", NULL, NULL);
    struct hs_policy *p = deny("but-for-billing", NULL);
    p->unless = (struct hs_selector){.purposes = &billing, .purpose_count = 1, .given = true};
    assert_false(hs_policy_visible(&w.model, &ana, &w.table, &facts));
    facts.purpose = T("marketing");
    assert_false(hs_policy_visible(&w.model, &ana, &w.table, &facts));
    facts.purpose = billing;
    assert_true(hs_policy_visible(&w.model, &ana, &w.table, &facts));
}

static void a_path_to_nothing_refuses(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst);
    struct hs_decision *d = NULL;
    w_grant(&w, "all", NULL, NULL);
    deny("slip", "emial");
    assert_int_equal(w_decide(&w, &ana, &d), HS_DENIED);
    assert_int_equal(hs_policy_check_table(w.arena, &w.model, &w.table, w.bound, &w.err), HS_INVALID);
    assert_non_null(strstr(w.err.shown, "did you mean 'email'?"));
}

/* ---- aggregate rules ---- */

static struct hs_policy *aggregate(const char *name, const char *dimension, const char *measure, int minimum)
{
    struct hs_policy *p = w_add(&w, HS_AGGREGATE, name);
    w_columns(&w, p, 1, &dimension);
    p->minimum = minimum;
    if (measure) {
        p->measures = HS_NEW(w.arena, hs_str);
        p->measures[0] = hs_str_of(measure);
        p->measure_count = 1;
    }
    return p;
}

static void columns_have_a_use(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst);
    w_grant(&w, "all", NULL, NULL);
    assert_int_equal(w_ok(&w, &ana)->minimum, 0);
    uint8_t before[32];
    memcpy(before, w_ok(&w, &ana)->digest, 32);
    aggregate("one", "region", NULL, 10);
    struct hs_decision *d = w_ok(&w, &ana);
    assert_int_equal(d->minimum, 10);
    assert_int_equal(w_column(d, "region")->role, HS_ROLE_DIMENSION);
    assert_int_equal(w_column(d, "amount")->role, HS_ROLE_MEASURE);
    assert_int_equal(w_column(d, "email")->role, HS_ROLE_NONE);
    assert_int_equal(w_column(d, "customer")->role, HS_ROLE_NONE);
    assert_memory_not_equal(before, d->digest, 32);
    aggregate("two", "region", "score", 20); /* both hold */
    d = w_ok(&w, &ana);
    assert_int_equal(d->minimum, 20);
    assert_int_equal(w_column(d, "region")->role, HS_ROLE_DIMENSION);
    assert_int_equal(w_column(d, "amount")->role, HS_ROLE_NONE);
    assert_int_equal(w_column(d, "score")->role, HS_ROLE_MEASURE);
}

static void other_engines_get_nothing(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst);
    struct hs_buf b;
    enum hs_fit fit;
    hs_buf_init(&b, 1 << 16);
    w_grant(&w, "all", NULL, NULL);
    assert_int_equal(hs_print_dialect_rows(&b, &hs_postgres, w_ok(&w, &ana), &fit, &w.err), HS_OK);
    aggregate("one", "region", NULL, 10);
    struct hs_decision *d = w_ok(&w, &ana);
    assert_int_equal(hs_print_dialect_rows(&b, &hs_postgres, d, &fit, &w.err), HS_UNSUPPORTED);
    assert_int_equal(hs_print_dialect_column(&b, &hs_trino, d, 0, &fit, &w.err), HS_UNSUPPORTED);
    assert_int_equal(hs_print_postgres_script(&b, d, T("t"), T("v"), T("r"), &fit, &w.err), HS_UNSUPPORTED);
    assert_int_equal(hs_print_read_restrictions(&b, d, &fit, &w.err), HS_UNSUPPORTED);
    hs_buf_fini(&b);
}

/* Masks meet through nesting and tags; the words name both files. */
static void conflicts_name_both_files(void **state)
{
    (void)state;
    w_grant(&w, "all", NULL, NULL);
    w_tag(&w, T("pii"), 4, -1);
    w_mask(&w, "street", "customer.street", "redact");
    struct hs_policy *p = w_mask(&w, "by-tag", "customer", "nullify");
    p->on = (struct hs_target){.kind = HS_ON_TAG, .text = T("pii")};
    assert_int_equal(hs_policy_check_table(w.arena, &w.model, &w.table, w.bound, &w.err), HS_INVALID);
    assert_string_equal(
        w.err.shown, "policies/by-tag.yaml:3:1: masks 'by-tag' and 'street' (policies/street.yaml:3:1) both apply to "
                     "column 'customer.street'");
    assert_int_equal(hs_policy_check_model(&w.model, &w.err), HS_INVALID);
    p->when = w_rule(&w, "region = 'EU'"); /* conditions that exclude each other still meet where region is NULL */
    w.policies[1].when = w_rule(&w, "region = 'US'");
    assert_int_equal(hs_policy_check_table(w.arena, &w.model, &w.table, w.bound, &w.err), HS_INVALID);
    w_tag(&w, T("pii"), 4, 1); /* now on the city, beside the street */
    w.table.properties[4].tag_count = 0;
    assert_int_equal(hs_policy_check_table(w.arena, &w.model, &w.table, w.bound, &w.err), HS_OK);
}

static void slips_in_aggregate_rules(void **state)
{
    (void)state;
    static const struct {
        const char *dimension, *measure, *words;
    } cases[] = {
        {"regoin", NULL, "did you mean 'region'?"}, {"customer.city", NULL, "whole columns"},
        {"amount", NULL, "cannot be a dimension"},  {"region", "email", "cannot be a measure"},
        {"id", "id", "a dimension and a measure"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        w.model.policy_count = 0;
        aggregate("a", cases[i].dimension, cases[i].measure, 10);
        assert_int_equal(hs_policy_check_table(w.arena, &w.model, &w.table, w.bound, &w.err), HS_INVALID);
        if (!strstr(w.err.shown, cases[i].words))
            fail_msg("%s", w.err.shown);
    }
}

/* Whichever allocation fails: an error, or the decision that there always is. */
static void without_memory(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst);
    struct hs_facts facts = {.now_us = 1000};
    struct hs_policy *g = w_grant(&w, "all", &analyst, "region in ('EU', 'US')");
    g->limits = (struct hs_limits){.rows_per_day = 100, .bytes_per_day = 1 << 20};
    g->expires_us = 5000;
    deny("no-mail", "email");
    deny("no-street", "customer.street");
    aggregate("counts", "region", "amount", 10);
    struct hs_policy *m = w_mask(&w, "some", "items", "drop-elements");
    m->elements = w_element_rule(&w, "price > row.amount or sku = principal.name");
    assert_int_equal(hs_policy_check_table(w.arena, &w.model, &w.table, w.bound, &w.err), HS_OK);
    struct hs_decision *always = w_ok(&w, &ana), *d = NULL;
    assert_true(always->allowed && always->minimum == 10 && always->valid_until_us == 5000);
    hs_rc rc = HS_NOMEM;
    long n = 0;
    for (; rc != HS_OK && n < 2000; n++) {
        struct hs_buf b;
        hs_buf_init(&b, 1 << 16);
        hs_fault_alloc_after(n);
        struct hs_arena *a = hs_arena_new(0);
        rc = a ? hs_policy_check_table(a, &w.model, &w.table, w.bound, &w.err) : HS_NOMEM;
        if (rc == HS_OK)
            rc = hs_policy_warnings(a, &w.model, &w.table, w.bound, &b, &w.err);
        if (rc == HS_OK)
            rc = hs_policy_decide(a, &w.model, &ana, &w.table, w.bound, &facts, &d, &w.err);
        hs_fault_alloc_after(-1);
        if (rc == HS_OK)
            assert_memory_equal(d->digest, always->digest, 32);
        else if (rc != HS_NOMEM && rc != HS_LIMIT)
            fail_msg("allocation %ld: %s | %s", n, w.err.shown, w.err.detail);
        hs_buf_fini(&b);
        hs_arena_free(a);
    }
    assert_true(rc == HS_OK && n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(a_denied_table_is_not_there),        TEST(whatever_it_is_on),
        TEST(a_denied_column_is_not_there),       TEST(a_tag_is_denied_at_any_depth),
        TEST(rows_of_a_denied_grant_stay_closed), TEST(purposes_narrow_it),
        TEST(a_path_to_nothing_refuses),          TEST(columns_have_a_use),
        TEST(other_engines_get_nothing),          TEST(conflicts_name_both_files),
        TEST(slips_in_aggregate_rules),           TEST(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
