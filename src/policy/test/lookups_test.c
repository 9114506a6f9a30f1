/* Lookups whose condition is unknown for some row, with the index and without, and what asking a large one costs. */
#include "policy/test/world.h"

#include "model/load.h"
#include "model/lookup.h"

static struct world w;
static struct hs_model *model;

static const char MESH[] = "kind: Mesh\nname: demo\n";
static const char ORDERS[] =
    "apiVersion: v3.1.0\nkind: DataContract\nid: sales.orders\nversion: 1.4.0\nstatus: active\n"
    "domain: sales\nschema:\n- name: orders\n  customProperties:\n"
    "  - {property: hailstorm.location, value: warehouse/orders}\n"
    "  properties:\n  - {name: region, logicalType: string}\n";
static const char LOOKUP[] = "kind: Lookup\nname: e\ncolumns: {user: string, region: string, level: long}\n"
                             "rows:\n- {user: ana, region: EU, level: 1}\n- {user: bob, region: US}\n"
                             "- {user: eve, region: UK, level: 3}\n- {region: FR, level: 9}\n";

static int end(void **state)
{
    (void)state;
    hs_model_unref(model);
    model = NULL;
    w_fini(&w);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    w_init(&w);
    return 0;
}

static const struct hs_policy *load(const char *lookup, const char *where)
{
    char policy[4000];
    snprintf(policy, sizeof policy, "kind: RowRule\nname: p\non: {table: sales.orders}\nwhere: \"%s\"\n", where);
    struct hs_model_file files[] = {
        {HS_S("mesh.yaml"), hs_str_of(MESH), HS_S("")},
        {HS_S("domains/sales/orders.odcs.yaml"), hs_str_of(ORDERS), HS_S("")},
        {HS_S("domains/sales/lookups/e.yaml"), hs_str_of(lookup), HS_S("")},
        {HS_S("domains/sales/policies/p.yaml"), hs_str_of(policy), HS_S("")},
    };
    hs_model_unref(model);
    model = NULL;
    if (hs_model_load_files(HS_S("/model"), files, 4, NULL, &model, &w.err) != HS_OK)
        fail_msg("%s", w.err.shown);
    return &model->policies[0];
}

static struct hs_rule *filled(const struct hs_principal *who, const struct hs_policy *p)
{
    struct hs_facts facts = {.now_us = 1000};
    struct hs_asker asker = {who, &facts};
    struct hs_rule *r = NULL;
    int64_t until = 0;
    if (hs_rule_fill(w.arena, p->where, asker, w.bound, p, &r, &until, &w.err) != HS_OK)
        fail_msg("%s | %s", w.err.shown, w.err.detail);
    return r;
}

static void gives_from(const char *lookup, const char *rule, const char *wanted)
{
    struct hs_attribute team = {T("team"), {.kind = HS_V_TEXT, .text = T("ana")}};
    struct hs_principal who = {.name = T("ana"), .attributes = &team, .attribute_count = 1};
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    hs_buf_add_rule(&b, filled(&who, load(lookup, rule)));
    if (!hs_str_is(hs_buf_str(&b), wanted))
        fail_msg("%s: %.*s", rule, HS_FMT(hs_buf_str(&b)));
    hs_buf_fini(&b);
}

static void gives(const char *rule, const char *wanted)
{
    gives_from(LOOKUP, rule, wanted);
}

static void test_unknown_stays_unknown(void **state)
{
    (void)state;
    /* nobody knows whether FR is ana's */
    gives("region not in e.region where user = principal.team", "region not in (null, 'EU')");
    gives("region in e.region where user = principal.team", "region in (null, 'EU')");
    /* nor whose anything is when the asker has no such attribute */
    gives("region not in e.region where user = principal.nothing", "region not in (null)");
    gives("region not in e.region where user <> principal.nothing", "region not in (null)");
    gives("region not in e.region where level > 2", "region not in (null, 'FR', 'UK')");
    gives("region not in e.region where level > principal.nothing", "region not in (null)");
    /* known after all, by another part */
    gives("region not in e.region where user = principal.team and level < 5", "region not in ('EU')");
    gives("region not in e.region where user = principal.nothing and level > 100 and user is not null",
          "region not in (null)");
    gives("region not in e.region where level > 2 and level is not null", "region not in ('FR', 'UK')");
    gives("region not in e.region where level = 9 and level is not null", "region not in ('FR')");
    gives("region not in e.region where level = 9", "region not in (null, 'FR')");
    gives("region not in e.region", "region not in ('EU', 'FR', 'UK', 'US')");
}

/* Asked by way of a lookup taken from another, the rows that its `where` is unknown for are as unknown as if the rule
 * had said it. */
static void test_taken_from_another(void **state)
{
    (void)state;
    static const char *const taken[][2] = {
        {"level > 2", "region not in f.region"},
        {"level > 2", "region not in f.region where user = principal.team"},
        {"level > 2", "region not in f.region where user = principal.nothing"},
        {"level > 2 and level is not null", "region not in f.region"},
        {"user = 'ana'", "region not in f.region where level > 5"},
        {"user = 'ana'", "region not in f.region where level < 5"},
        {"user = 'ana'", "region in f.region"},
        {"user is null or level is null", "region not in f.region where level > 5"},
    };
    static const char *const written[][2] = {
        {"region not in e.region where level > 2", "region not in (null, 'FR', 'UK')"},
        {"region not in e.region where level > 2 and user = principal.team", "region not in (null)"},
        {"region not in e.region where level > 2 and user = principal.nothing", "region not in (null)"},
        {"region not in e.region where level > 2 and level is not null", "region not in ('FR', 'UK')"},
        {"region not in e.region where user = 'ana' and level > 5", "region not in (null)"},
        {"region not in e.region where user = 'ana' and level < 5", "region not in ('EU')"},
        {"region in e.region where user = 'ana'", "region in (null, 'EU')"},
        {"region not in e.region where (user is null or level is null) and level > 5", "region not in (null, 'FR')"},
    };
    char both[2000];
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        gives(written[i][0], written[i][1]);
        snprintf(both, sizeof both, "%s---\nkind: Lookup\nname: f\nfrom: e\nwhere: \"%s\"\n", LOOKUP, taken[i][0]);
        gives_from(both, taken[i][1], written[i][1]);
        /* and by one more step */
        strcat(both, "---\nkind: Lookup\nname: g\nfrom: f\n");
        char again[200];
        snprintf(again, sizeof again, "%s", taken[i][1]);
        *strstr(again, "f.region") = 'g';
        gives_from(both, again, written[i][1]);
    }
}

static void test_unknown_is_warned_of(void **state)
{
    (void)state;
    char both[2000];
    snprintf(both, sizeof both, "%s---\nkind: Lookup\nname: f\nfrom: e\nwhere: \"level > 2\"\n", LOOKUP);
    load(both, "region in f.region");
    assert_int_equal(model->warning_count, 1);
    assert_non_null(strstr(model->warnings[0].at, "'where' is unknown for 1 of 4 rows"));
    snprintf(both, sizeof both, "%s---\nkind: Lookup\nname: f\nfrom: e\nwhere: \"level is null or level > 2\"\n",
             LOOKUP);
    load(both, "region in f.region");
    assert_int_equal(model->warning_count, 0);
}

static void test_a_large_one_costs_little(void **state)
{
    (void)state;
    enum { ROWS = 20000, EACH = 80 };
    struct hs_principal who = {.name = T("ana")};
    char *text = calloc(ROWS, EACH);
    size_t len = 0;
    assert_non_null(text);
    len += (size_t)sprintf(text, "kind: Lookup\nname: e\ncolumns: {region: string, level: long}\nrows:\n");
    for (int i = 0; i < ROWS; i++)
        len += (size_t)sprintf(text + len, "- {region: r%d, level: %d}\n", i % 7, i);
    const struct hs_policy *p =
        load(text, "region in e.region where level * 1.5 + 0.25 > 3 and level not in (1, 2, 3, 4, 5, 6, 7, 8, 9, -1)");
    free(text);
    size_t before = hs_arena_used(w.arena);
    assert_int_equal(filled(&who, p)->arg_count, 8);
    if (hs_arena_used(w.arena) - before > 100000)
        fail_msg("%zu bytes", hs_arena_used(w.arena) - before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_unknown_stays_unknown, begin, end),
        cmocka_unit_test_setup_teardown(test_taken_from_another, begin, end),
        cmocka_unit_test_setup_teardown(test_unknown_is_warned_of, begin, end),
        cmocka_unit_test_setup_teardown(test_a_large_one_costs_little, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
