/* What explain, policy test and policy diff say of decisions. */
#include "model/yaml.h"
#include "policy/seeing.h"
#include "policy/test/world.h"

static struct world w, later;

static int begin(void **state)
{
    (void)state;
    w_init(&w);
    w_init(&later);
    return 0;
}

static int end(void **state)
{
    (void)state;
    hs_fault_alloc_after(-1);
    w_fini(&w);
    w_fini(&later);
    return 0;
}

static const struct hs_facts now = {.now_us = 1000};

static struct hs_explain_request request(const struct hs_principal *who)
{
    return (struct hs_explain_request){.model = &w.model,
                                       .who = who,
                                       .table = &w.table,
                                       .bound = w.bound,
                                       .facts = &now,
                                       .default_key = T("01234567")};
}

static const char *explain(const struct hs_principal *who, const char *dialect, bool json)
{
    struct hs_explain_request r = request(who);
    struct hs_explained *e;
    struct hs_buf b;
    r.dialect = hs_str_of(dialect);
    hs_err_clear(&w.err);
    if (hs_explain(w.arena, &r, &e, &w.err) != HS_OK)
        fail_msg("%s", w.err.detail);
    hs_buf_init(&b, 1 << 20);
    (json ? hs_buf_add_explained_json : hs_buf_add_explained)(&b, e);
    return w_keep(&w, &b);
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("not there: %s\nin: %s", part, text);
}

static struct hs_policy *deny(const char *name, const char *path)
{
    struct hs_policy *p = w_add(&w, HS_DENY, name);
    p->on.kind = path ? HS_ON_COLUMN : HS_ON_TABLE;
    p->on.path = hs_str_of(path ? path : "");
    p->to.everyone = true;
    return p;
}

static void test_hidden_says_why(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst);
    w_columns(&w, w_grant(&w, "g", &analyst, NULL), 3, (const char *const[]){"id", "email", "customer"});
    deny("no-mail", "email");
    deny("no-street", "customer.street");
    const char *text = explain(&ana, "", false);
    has(text, "  hidden email: denied by 'no-mail' (policies/no-mail.yaml:3)\n");
    has(text, "  hidden region: no grant opens it\n");
    has(text, "    without customer.street: denied by 'no-street' (policies/no-street.yaml:3)\n");
    has(explain(&ana, "", true), "{\"path\": \"customer.street\", \"why\": \"denied\", \"by\": [{\"kind\": \"Deny\", "
                                 "\"name\": \"no-street\", \"file\": \"policies/no-street.yaml\", \"line\": 3}]}");
    deny("nothing", NULL);
    has(explain(&ana, "", false), "not visible (denied by 'nothing' (policies/nothing.yaml:3))\n");
}

static void test_near_grants_say_what_they_lack(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst);
    static hs_str users[] = {{"otto", 4}}, purposes[] = {{"audit", 5}};
    struct hs_attribute level = {T("level"), {.kind = HS_V_INT, .i = 3}};
    w_grant(&w, "role", &fraud, NULL);
    struct hs_policy *p = w_grant(&w, "user", &analyst, NULL);
    p->to.users = users;
    p->to.user_count = 1;
    p = w_grant(&w, "old", &analyst, NULL);
    p->expires_us = 10;
    p = w_grant(&w, "rest", &analyst, NULL);
    p->to.purposes = purposes;
    p->to.purpose_count = 1;
    p->to.attributes = &level;
    p->to.attribute_count = 1;
    const char *text = explain(&ana, "", false);
    has(text, "not visible (no grant applies)\n");
    has(text, "not by Grant 'role' (policies/role.yaml:3): needs the role fraud, and has analyst\n");
    has(text, "'user' (policies/user.yaml:3): is for otto\n");
    has(text, "'old' (policies/old.yaml:3): expired at 1970-01-01T00:00:00.000010Z\n");
    has(text, "needs the purpose audit, and none was stated; needs the attribute level = 3, and there is none\n");
}

static void test_rows_by_part(void **state)
{
    (void)state;
    struct hs_attribute region = {T("region"), {.kind = HS_V_TEXT, .text = T("EU")}};
    struct hs_principal ana = {
        .name = T("ana"), .roles = &analyst, .role_count = 1, .attributes = &region, .attribute_count = 1};
    w_grant(&w, "g", &analyst, "id < 5");
    w_row_rule(&w, "own", "region = principal.region");
    const char *text = explain(&ana, "duckdb", false);
    has(text, "rows: id < 5 and region = 'EU'\n    opened by Grant 'g' (policies/g.yaml:3): id < 5\n"
              "    kept by RowRule 'own' (policies/own.yaml:3): region = 'EU'\n");
    has(text, "in duckdb, column email (exact): \"f2\"\n");
    has(explain(&ana, "iceberg", false), "in iceberg, column email (exact): {}\n");
}

static void test_masks_and_dialects(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst);
    struct hs_explained *e;
    w_grant(&w, "g", &analyst, NULL);
    struct hs_policy *m = w_mask(&w, "m", "items[].sku", "show-first-n");
    w_arg(&w, m, "n", "4");
    m->when = w_rule(&w, "region <> principal.name");
    has(explain(&ana, "iceberg", false), "in iceberg, column items (stand-in): {");
    has(explain(&ana, "", true), "{\"path\": \"items[].sku\", \"json\": null, \"by_grant\": false, \"with\": "
                                 "\"show-first-n\", \"args\": {\"n\": \"4\"}, \"key\": null, \"unless_false\": "
                                 "\"region <> 'ana'\", \"elements_unless_false\": null, \"kind\": \"Mask\"");
    struct hs_explain_request r = request(&ana);
    r.dialect = T("oracle");
    assert_int_equal(hs_explain(w.arena, &r, &e, &w.err), HS_INVALID);
    assert_non_null(strstr(w.err.shown, "there is no dialect 'oracle'"));
}

static void test_conflicts_are_told(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst);
    w_grant(&w, "g", &analyst, NULL);
    w_mask(&w, "one", "email", "nullify");
    w_mask(&w, "two", "email", "redact");
    has(explain(&ana, "", false), "sales.orders: refused, for everything in it (masks 'two' (policies/two.yaml:3)");
    has(explain(&ana, "", true), "\"visible\": false, \"refused\": \"masks 'two'");
}

/* ---- differences ---- */

static const char *compare(const struct hs_principal *before, const struct hs_principal *after)
{
    struct hs_seen_as x = {&w.model, &w.table, w.bound, before}, y = {&later.model, &later.table, later.bound, after};
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    if (hs_policy_compare(w.arena, &x, &y, &now, &b, &w.err) != HS_OK)
        fail_msg("%s", w.err.detail);
    return w_keep(&w, &b);
}

static void test_equal_is_silent(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst), nobody = w_who("bob", NULL);
    w_grant(&w, "g", &analyst, "id < 5");
    w_grant(&later, "other", &analyst, "id < 5");
    assert_string_equal(compare(&ana, &ana), "");
    assert_string_equal(compare(&nobody, &nobody), "");
    assert_string_equal(compare(NULL, &nobody), "");
    has(compare(NULL, &ana), "the table: not visible -> visible\nrows: none -> id < 5 (wider)\nid: hidden -> shown\n");
    has(compare(&ana, NULL), "the table: visible -> not visible\nrows: id < 5 -> none (narrower)\nid: shown -> hidden");
}

static void test_columns_and_masks(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst);
    w_columns(&w, w_grant(&w, "g", &analyst, NULL), 3, (const char *const[]){"id", "email", "customer.city"});
    w_mask(&w, "m", "email", "keep-domain");
    struct hs_policy *g = w_grant(&later, "g", &analyst, NULL);
    w_columns(&later, g, 3, (const char *const[]){"email", "customer", "items"});
    w_mask(&later, "n", "customer.street", "redact");
    g->limits.rows = 7;
    assert_string_equal(compare(&ana, &ana), "id: shown -> hidden\nemail: keep-domain -> shown\n"
                                             "customer.street: hidden -> redact\ncustomer.geo: hidden -> shown\n"
                                             "items: hidden -> shown\nlimit rows: none -> 7\n");
}

static void test_rows(void **state)
{
    static const char *const cases[][3] = {
        {"id < 5", NULL, "rows: id < 5 -> all (wider)\n"},
        {NULL, "id < 5", "rows: all -> id < 5 (narrower)\n"},
        {"id < 5", "id < 5 and region = 'EU'", "(narrower)\n"},
        {"id < 5 and region = 'EU'", "region = 'EU'", "(wider)\n"},
        {"id < 5", "id < 5 or region = 'EU'", "(wider)\n"},
        {"id < 5 and (id > 1 or region = 'EU')", "id < 5 and region = 'EU'", "(narrower)\n"},
        {"region in ('EU', 'US')", "region in ('US', 'EU', 'CH')", "(wider)\n"},
        {"region in ('EU', 'US')", "region = 'US'", "(narrower)\n"},
        {"id < 5 and id > 1", "id > 1 and id < 5", "(the same rows)\n"},
        {"region in ('EU', 'US')", "region in ('US', 'EU')", "(the same rows)\n"},
        {"id < 5", "id < 6", "(wider, narrower or both: not provable)\n"},
        {"region in ('EU', 'US')", "region in ('EU', 'CH')", "not provable"},
        {"not (id < 5)", "not (id < 5 or id > 9)", "not provable"},
        {"id < 5 and email = 'a'", "id < 6 and region = 'EU'", "not provable"},
    };
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst);
    struct hs_policy *a = w_grant(&w, "g", &analyst, NULL), *b = w_grant(&later, "g", &analyst, NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        a->where = cases[i][0] ? w_rule(&w, cases[i][0]) : NULL;
        b->where = cases[i][1] ? w_rule(&w, cases[i][1]) : NULL;
        has(compare(&ana, &ana), cases[i][2]);
    }
}

/* Who cannot be told apart is decided the same; who can, has other features. */
static const char *had(const struct hs_principal *who)
{
    struct hs_features f;
    struct hs_buf b;
    assert_int_equal(hs_features_of(w.arena, &w.model, &w.table, &f, &w.err), HS_OK);
    hs_buf_init(&b, 1 << 16);
    hs_buf_add_features_had(&b, &f, who);
    return w_keep(&w, &b);
}

static void test_features(void **state)
{
    (void)state;
    struct hs_attribute eu = {T("region"), {.kind = HS_V_TEXT, .text = T("EU")}},
                        us = {T("region"), {.kind = HS_V_TEXT, .text = T("US")}},
                        hat = {T("hat"), {.kind = HS_V_TEXT, .text = T("red")}};
    struct hs_principal ana = w_who("ana", &analyst), ben = w_who("ben", &analyst), sue = w_who("sue", &support);
    w_grant(&w, "g", &analyst, NULL);
    assert_string_equal(had(&ana), had(&ben));
    assert_string_not_equal(had(&ana), had(&sue));
    ana.attributes = &hat;
    ana.attribute_count = 1;
    assert_string_equal(had(&ana), had(&ben));
    w_row_rule(&w, "r", "region = principal.region");
    assert_string_equal(had(&ana), had(&ben));
    ana.attributes = &eu;
    assert_string_not_equal(had(&ana), had(&ben));
    ben.attributes = &us;
    ben.attribute_count = 1;
    assert_string_not_equal(had(&ana), had(&ben));
    ben.attributes = &eu;
    assert_string_equal(had(&ana), had(&ben));
    static hs_str users[] = {{"ben", 3}};
    struct hs_policy *m = w_mask(&w, "m", "email", "nullify");
    m->unless.users = users;
    m->unless.user_count = 1;
    assert_string_not_equal(had(&ana), had(&ben));
    m->unless.user_count = 0;
    m->when = w_rule(&w, "any(items, sku = principal.name)");
    assert_string_not_equal(had(&ana), had(&ben));
    m->when = NULL;
    assert_string_equal(had(&ana), had(&ben));
    m->with = T("noise"); /* differs from person to person */
    assert_string_not_equal(had(&ana), had(&ben));
}

/* ---- rows from YAML ---- */

static hs_rc relation(const char *yaml, const char **out)
{
    struct hs_yaml_documents documents;
    struct hs_buf b;
    if (hs_yaml_parse(w.arena, w.arena, T("t.yaml"), hs_str_of(yaml), &documents, &w.err) != HS_OK)
        fail_msg("%s", w.err.shown);
    const struct hs_yaml *row = documents.roots.at[0];
    hs_buf_init(&b, 1 << 20);
    hs_rc rc = hs_case_relation(&b, T("t.yaml"), &row, 1, w.bound, &w.err);
    *out = rc == HS_OK ? w_keep(&w, &b) : w.err.shown;
    if (rc != HS_OK)
        hs_buf_fini(&b);
    return rc;
}

static void test_given_rows(void **state)
{
    static const char *const good[][2] = {
        {"{id: 1, email: \"a'b\"}",
         "(CAST('1' AS BIGINT), CAST('1' AS BIGINT), CAST('a''b' AS VARCHAR), CAST(NULL AS "},
        {"{amount: -12.5, born: 2026-01-31, score: 1.5, active: true}", "CAST('-12.5' AS DECIMAL(10, 2))"},
        {"{amount: 0.05}", "CAST('0.05' AS DECIMAL(10, 2))"},
        {"{seen: 2026-01-31T10:00:00+01:00}", "CAST('2026-01-31 09:00:00+00:00' AS TIMESTAMPTZ)"},
        {"{customer: {street: x, geo: {lat: 1}}}", "struct_pack(\"street\" := CAST('x' AS VARCHAR)"},
        {"{items: [{sku: a}, null]}", "CAST([struct_pack(\"sku\" := CAST('a' AS VARCHAR), \"price\" := CAST(NULL AS "},
        {"{notes: {k: {text: t}}}", "CAST(map([CAST('k' AS VARCHAR)], [struct_pack("},
    };
    static const char *const bad[][2] = {
        {"{id: x}", "t.yaml:1:6: this is no value of a column of type long"},
        {"{id: 99999999999999999999}", "of type long"},
        {"{email: 7}", "of type string: write it in quotes"},
        {"{emial: x}", "t.yaml:1:2: there is no column 'emial' here (did you mean 'email'?)"},
        {"{amount: 123456789.00}", "decimal(10, 2)"},
        {"{amount: 0.005}", "decimal(10, 2)"},
        {"{amount: 1e5}", "decimal(10, 2)"},
        {"{born: 2026-02-30}", "of type date"},
        {"{active: 1}", "of type boolean"},
        {"{score: .nan}", "of type double"},
        {"{items: {sku: a}}", "of type list<"},
        {"{customer: [1]}", "of type struct<"},
        {"{items: [{sku: a, prize: 1}]}", "there is no column 'prize' here (did you mean 'price'?)"},
    };
    const char *text;
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        if (relation(good[i][0], &text) != HS_OK)
            fail_msg("%s: %s", good[i][0], text);
        has(text, good[i][1]);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(relation(bad[i][0], &text), HS_INVALID);
        has(text, bad[i][1]);
    }
}

/* Every allocation fails once: an error or the whole answer. */
static void test_no_memory(void **state)
{
    (void)state;
    struct hs_principal ana = w_who("ana", &analyst);
    w_columns(&w, w_grant(&w, "g", &analyst, "id < 5"), 2, (const char *const[]){"id", "customer"});
    w_mask(&w, "m", "customer.street", "redact");
    deny("d", "customer.city");
    w_grant(&w, "f", &fraud, NULL);
    w_grant(&later, "g", &analyst, NULL);
    struct hs_explain_request r = request(&ana);
    r.dialect = T("trino");
    struct hs_seen_as x = {&w.model, &w.table, w.bound, &ana}, y = {&later.model, &later.table, later.bound, &ana};
    hs_rc rc = HS_NOMEM;
    long n = 0;
    for (; rc != HS_OK && n < 100000; n++) {
        struct hs_arena *a = hs_arena_new(0);
        struct hs_explained *e;
        struct hs_buf b;
        hs_buf_init(&b, 1 << 20);
        hs_fault_alloc_after(n);
        rc = hs_explain(a, &r, &e, &w.err);
        if (rc == HS_OK) {
            hs_buf_add_explained_json(&b, e);
            rc = hs_buf_done(&b, &w.err);
        }
        if (rc == HS_OK)
            rc = hs_policy_compare(a, &x, &y, &now, &b, &w.err);
        hs_fault_alloc_after(-1);
        assert_true(rc == HS_OK || rc == HS_NOMEM);
        hs_buf_fini(&b);
        hs_arena_free(a);
    }
    assert_int_equal(rc, HS_OK);
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hidden_says_why, begin, end),
        cmocka_unit_test_setup_teardown(test_near_grants_say_what_they_lack, begin, end),
        cmocka_unit_test_setup_teardown(test_rows_by_part, begin, end),
        cmocka_unit_test_setup_teardown(test_masks_and_dialects, begin, end),
        cmocka_unit_test_setup_teardown(test_conflicts_are_told, begin, end),
        cmocka_unit_test_setup_teardown(test_equal_is_silent, begin, end),
        cmocka_unit_test_setup_teardown(test_columns_and_masks, begin, end),
        cmocka_unit_test_setup_teardown(test_rows, begin, end),
        cmocka_unit_test_setup_teardown(test_features, begin, end),
        cmocka_unit_test_setup_teardown(test_given_rows, begin, end),
        cmocka_unit_test_setup_teardown(test_no_memory, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
