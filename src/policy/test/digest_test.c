/* Digests: equal answers, equal digests, and nothing else; decisions under failing allocations; and that no restriction
 * ever shows more. */
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

static struct hs_attribute eu[] = {{{"region", 6}, {.kind = HS_V_TEXT, .text = {"EU", 2}}}},
                           us[] = {{{"region", 6}, {.kind = HS_V_TEXT, .text = {"US", 2}}}};

static struct hs_principal person(const char *name, const hs_str *role, struct hs_attribute *attribute)
{
    struct hs_principal p = w_who(name, role);
    p.attributes = attribute;
    p.attribute_count = attribute ? 1 : 0;
    return p;
}

static bool same(const struct hs_decision *a, const struct hs_decision *b)
{
    return memcmp(a->digest, b->digest, sizeof a->digest) == 0;
}

static void test_people(void **state)
{
    (void)state;
    struct hs_principal ana = person("ana", &analyst, eu), bob = person("bob", &support, eu),
                        cleo = person("cleo", &analyst, us);
    w_grant(&w, "for-analysts", &analyst, NULL);
    w_grant(&w, "for-support", &support, NULL);
    struct hs_policy *rule = w_row_rule(&w, "own", "region = principal.region");
    assert_true(same(w_ok(&w, &ana), w_ok(&w, &bob)));
    assert_false(same(w_ok(&w, &ana), w_ok(&w, &cleo)));
    rule->where = w_rule(&w, "region = principal.name");
    assert_false(same(w_ok(&w, &ana), w_ok(&w, &bob)));
    rule->where = w_rule(&w, "amount < 5");
    assert_true(same(w_ok(&w, &ana), w_ok(&w, &cleo)));
}

/* Whatever changes the answer changes the digest. */
static void test_changes(void **state)
{
    (void)state;
    struct hs_principal ana = person("ana", &analyst, eu);
    struct hs_policy *g = w_grant(&w, "g", NULL, NULL);
    struct hs_decision *d[16];
    size_t n = 0;
    d[n++] = w_ok(&w, &ana);
    struct hs_policy *m = w_mask(&w, "m", "email", "show-first-n");
    w_arg(&w, m, "n", "4");
    d[n++] = w_ok(&w, &ana);
    w_arg(&w, m, "n", "5");
    d[n++] = w_ok(&w, &ana);
    m->with = HS_S("show-last-n");
    d[n++] = w_ok(&w, &ana);
    m->on.path = HS_S("region");
    d[n++] = w_ok(&w, &ana);
    m->when = w_rule(&w, "amount < 5");
    d[n++] = w_ok(&w, &ana);
    m->when = w_rule(&w, "amount < 5.5");
    d[n++] = w_ok(&w, &ana);
    g->where = w_rule(&w, "id = 1");
    d[n++] = w_ok(&w, &ana);
    g->limits.rows = 5;
    d[n++] = w_ok(&w, &ana);
    w_columns(&w, g, 2, (const char *const[]){"id", "region"});
    d[n++] = w_ok(&w, &ana);
    w.bound->fields[0].name = w.table.properties[0].name = HS_S("number");
    w_columns(&w, g, 2, (const char *const[]){"number", "region"});
    g->where = w_rule(&w, "number = 1");
    d[n++] = w_ok(&w, &ana);
    w.table.name = HS_S("other");
    d[n++] = w_ok(&w, &ana);
    w.model.policy_count = 0;
    d[n++] = w_ok(&w, &ana);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (same(d[i], d[k]))
                fail_msg("decisions %zu and %zu share a digest", k, i);
}

/* What does not change the answer does not change the digest. */
static void test_stays(void **state)
{
    (void)state;
    struct hs_principal ana = person("ana", &analyst, eu);
    w_grant(&w, "g", NULL, "region = 'EU'");
    struct hs_decision *before = w_ok(&w, &ana);
    w_grant(&w, "elsewhere", &support, NULL);
    w_grant(&w, "same", &analyst, "region = principal.region");
    w.policies[0].name = HS_S("renamed");
    w.policies[0].at.line = 77;
    assert_true(same(before, w_ok(&w, &ana)));
    w.policies[0].expires_us = 5000; /* how long the same holds */
    assert_true(same(before, w_ok(&w, &ana)));
    assert_int_equal(w_ok(&w, &ana)->valid_until_us, 5000);
}

static void test_allocation(void **state)
{
    (void)state;
    struct hs_principal ana = person("ana", &analyst, eu);
    struct hs_facts facts = {.now_us = 1};
    w_columns(&w, w_grant(&w, "g", NULL, "region = principal.region"), 2,
              (const char *const[]){"email", "customer.geo"});
    w_columns(&w, w_grant(&w, "h", NULL, "id in (1, 2)"), 2, (const char *const[]){"id", "items[].sku"});
    w_row_rule(&w, "r", "amount < 5 and score > 0.5");
    w_mask(&w, "m", "items[].sku", "redact")->when = w_rule(&w, "id = 1");
    w_mask(&w, "n", "customer.geo.lat", "nullify");
    assert_int_equal(hs_policy_check_table(w.arena, &w.model, &w.table, w.bound, &w.err), HS_OK);
    long n = 0;
    bool done = false;
    for (; n < 2000 && !done; n++) {
        struct hs_buf b;
        struct hs_decision *d = NULL;
        hs_buf_init(&b, 1 << 16);
        hs_fault_alloc_after(n);
        struct hs_arena *a = hs_arena_new(0);
        hs_rc rc = a ? hs_policy_check_table(a, &w.model, &w.table, w.bound, &w.err) : HS_NOMEM;
        if (rc == HS_OK)
            rc = hs_policy_decide(a, &w.model, &ana, &w.table, w.bound, &facts, &d, &w.err);
        for (size_t i = 0; rc == HS_OK && i < d->column_count; i++)
            rc = hs_print_duckdb_column(&b, d, i, &w.err);
        if (rc == HS_OK)
            rc = hs_print_duckdb_rows(&b, d, &w.err);
        hs_fault_alloc_after(-1);
        done = rc == HS_OK;
        if (!done && rc != HS_NOMEM && rc != HS_LIMIT)
            fail_msg("allocation %ld: %s: %s | %s", n, hs_kind_name(rc), w.err.shown, w.err.detail);
        hs_buf_fini(&b);
        hs_arena_free(a);
    }
    assert_true(done && n > 5);
}

/* ---- no restriction shows more ---- */

static size_t visible_leaves(const struct hs_type *t)
{
    size_t n = 0;
    if (t->field_count == 0)
        return 1;
    for (size_t i = 0; i < t->field_count; i++)
        n += visible_leaves(t->fields[i].type);
    return n;
}

/* Every column of `less` is in `more`, no wider, and masked at least where it is there. */
static void no_wider(const struct hs_decision *less, const struct hs_decision *more)
{
    if (!less->allowed)
        return;
    assert_true(more->allowed);
    for (size_t i = 0; i < less->column_count; i++) {
        const struct hs_decided_column *c = &less->columns[i], *b = NULL;
        for (size_t k = 0; k < more->column_count; k++)
            if (more->columns[k].field->id == c->field->id)
                b = &more->columns[k];
        assert_non_null(b);
        assert_true(visible_leaves(c->type) <= visible_leaves(b->type));
        assert_true(c->mask_count >= b->mask_count);
    }
}

static bool rows_have(const struct hs_decision *d, const struct hs_rule *part)
{
    if (!part || (d->rows && hs_rule_same(d->rows, part)))
        return true;
    for (size_t i = 0; d->rows && d->rows->op == HS_RULE_AND && i < d->rows->arg_count; i++)
        if (hs_rule_same(d->rows->args[i], part))
            return true;
    return false;
}

static void test_restrictions_restrict(void **state)
{
    (void)state;
    static const char *const rules[] = {"id = 1", "region = principal.region", "active or amount < 5"};
    static const char *const paths[] = {"email", "customer.geo", "items[].sku", "notes.value.text"};
    struct hs_principal ana = person("ana", &analyst, eu);
    w_columns(&w, w_grant(&w, "g", NULL, "region = 'EU'"), 3, (const char *const[]){"email", "customer", "id"});
    w_columns(&w, w_grant(&w, "h", &analyst, NULL), 3, (const char *const[]){"items", "id", "notes"});
    struct hs_decision *before = w_ok(&w, &ana);
    for (size_t i = 0; i < COUNT(rules); i++) {
        w_row_rule(&w, "r", rules[i]);
        struct hs_decision *d = w_ok(&w, &ana);
        no_wider(d, before);
        assert_true(rows_have(d, before->rows && before->rows->op != HS_RULE_AND ? before->rows : NULL));
        for (size_t k = 0; before->rows && before->rows->op == HS_RULE_AND && k < before->rows->arg_count; k++)
            assert_true(rows_have(d, before->rows->args[k]));
        before = d;
    }
    for (size_t i = 0; i < COUNT(paths); i++) {
        w_mask(&w, "m", paths[i], "nullify");
        struct hs_decision *d = w_ok(&w, &ana);
        no_wider(d, before);
        assert_true(hs_rule_same(d->rows, before->rows));
        before = d;
    }
    /* A grant less: the other one's rows are then all there are, so its columns need no condition of their own. */
    w.policies[1].to.role_count = 0;
    struct hs_decision *d = w_ok(&w, &ana);
    assert_int_equal(d->column_count, 3);
    assert_int_equal(d->rows->arg_count, 3); /* the grant's where is the second rule's, filled in: said once */
    assert_string_equal(w_rows(&w, d), "((\"f3\" = CAST('EU' AS VARCHAR)) AND (\"f1\" = CAST('1' AS BIGINT)) AND "
                                       "(\"f11\" OR (\"f4\" < CAST('5' AS DECIMAL(10, 2)))))");
}

static void test_odd_tables(void **state)
{
    (void)state;
    struct hs_principal ana = person("ana", &analyst, eu);
    struct hs_decision *d = NULL;
    w_grant(&w, "g", NULL, NULL);
    w.bound->fields[3].id = 50; /* used twice: which field would a mask mean? */
    assert_int_equal(w_decide(&w, &ana, &d), HS_UNSUPPORTED);
    w.bound->fields[3].id = -1;
    assert_int_equal(w_decide(&w, &ana, &d), HS_UNSUPPORTED);
    w.bound->fields[3].id = 4;
    w.table.property_count = 10; /* a bound column that no contract names */
    assert_int_equal(w_decide(&w, &ana, &d), HS_INTERNAL);
    assert_null(strstr(w.err.shown, "active"));
    w.table.property_count = 11;
    struct hs_type *deep = w_type(&w, HS_T_STRING);
    for (int i = 0; i < 70; i++)
        deep = w_nest(&w, HS_T_LIST, 1, (struct hs_field[]){W_FIELD(1000 + i, "element", deep)});
    w.bound->fields[3].type = deep;
    assert_int_equal(w_decide(&w, &ana, &d), HS_LIMIT);
    assert_null(d);
}

static void test_many_grants(void **state)
{
    (void)state;
    struct hs_principal ana = person("ana", &analyst, eu);
    struct hs_policy *many = hs_arena_array(w.arena, 300, sizeof *many);
    assert_non_null(many);
    w_grant(&w, "g", NULL, NULL);
    for (int i = 0; i < 300; i++) {
        char text[32];
        snprintf(text, sizeof text, "id = %d", i);
        many[i] = w.policies[0];
        many[i].where = w_rule(&w, text);
    }
    w.model.policies = many;
    w.model.policy_count = 256;
    assert_true(w_ok(&w, &ana)->allowed);
    w.model.policy_count = 257;
    struct hs_decision *d = NULL;
    assert_int_equal(w_decide(&w, &ana, &d), HS_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_people, begin, end),
        cmocka_unit_test_setup_teardown(test_changes, begin, end),
        cmocka_unit_test_setup_teardown(test_stays, begin, end),
        cmocka_unit_test_setup_teardown(test_allocation, begin, end),
        cmocka_unit_test_setup_teardown(test_restrictions_restrict, begin, end),
        cmocka_unit_test_setup_teardown(test_odd_tables, begin, end),
        cmocka_unit_test_setup_teardown(test_many_grants, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
